/* Shell archives by makeself; its own options say and unpack what is in them. */
#include "format_sink.h"

#define MAKE                                                                           \
	"mkdir d; seq 3000 >d/a; echo b >d/b; makeself --quiet %s d x.run Thing ls; "

static const char *const whole[] = {"--gzip", "--xz", "--bzip2", "--nocomp"};

START_TEST(gives_script_and_archive)
{
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "./x.run --dumpconf | sed -n 's/^filesizes=\"\\(.*\\)\"/\\1/p' "
			">size; tail -c $(cat size) x.run >want",
		   whole[_i]);
	struct buf bytes = test_file("x.run"), want = test_file("want");
	struct view view = view_of_buf(&bytes);
	ck_assert_str_eq(probe_name("x.run"), "makeself");
	ck_assert_ok(record_members(&record, &format_makeself, &view, &err), err);
	ck_assert_uint_eq(record.count, 2);
	ck_assert_uint_eq(record.notes.count, 0);
	const struct recorded *archive = record_find(&record, "archive");
	ck_assert_uint_eq(archive->content.size, want.size);
	ck_assert_mem_eq(archive->content.data, want.data, want.size);
	ck_assert_uint_eq(record_find(&record, "script")->content.size + want.size,
			  bytes.size);
	/* the script alone is a text, and not entered again */
	test_shell("head -c -$(cat size) x.run >script");
	ck_assert_str_eq(probe_name("script"), "text");
	struct map *map = format_map(&format_makeself, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert_uint_eq(map->count, 2);
	map_free(map);
	record_free(&record);
	buf_free(&want);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"echo more >>x.run", "suspect", "5 trailing bytes"},
    {"truncate -s -1 x.run", "fails", "is cut off"},
    {"sed -i 's/^skip=.*/skip=\"99999\"/' x.run", "fails", "fewer than the 99999"},
    {"sed -i 's/^skip=.*/skip=\"x\"/' x.run", "fails", "how many lines"},
    {"sed -i 's/^filesizes=.*/filesizes=\"x\"/' x.run", "fails", "are malformed"},
};

START_TEST(trap)
{
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "%s", "--gzip", traps[_i].trick);
	struct buf bytes = test_file("x.run");
	struct view view = view_of_buf(&bytes);
	int result = record_members(&record, &format_makeself, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_ptr_nonnull(strstr(err.message, traps[_i].words));
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	test_shell(MAKE, "--gzip");
	struct buf bytes = test_file("x.run");
	format_survives_damage(&format_makeself, &bytes, 211, 0);
	buf_free(&bytes);
}
END_TEST

Suite *format_makeself_suite(void);

Suite *
format_makeself_suite(void)
{
	Suite *suite = suite_create("format_makeself");
	TCase *tests = tcase_create("makeself");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, gives_script_and_archive, 0, ARRAY_COUNT(whole));
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
