/* format: Mozilla's update archives, put together as libmar's mar_create.c does it. The
 * figures are counted by hand in the layout. */
#include "format_sink.h"

/* Members "a" (5 bytes) and "b/c" (3), a signature of `signature` bytes, one section.
 * be SIZE NUMBER prints a number. */
#define MAKE                                                                           \
	"be() { printf \"\\\\$(printf %%o $(($1 >> 24)))\\\\$(printf %%o $(($1 >> 16 " \
	"& 255)))"                                                                     \
	"\\\\$(printf %%o $(($1 >> 8 & 255)))\\\\$(printf %%o $(($1 & 255)))\"; }; "   \
	"make() { s=$1; c=$((20 + (s > 0 ? 8 + s : 0) + 4 + 16)); "                    \
	"printf MAR1; be $((c + 8)); be 0; be $((c + 8 + 4 + 14 + 16)); "              \
	"be $((s > 0)); if [ $s -gt 0 ]; then be 2; be $s; head -c $s /dev/zero; fi; " \
	"be 1; be 16; be 1; printf 'ch\\0001.0\\0\\0'; printf firstxyz; be 30; "       \
	"be $c; be 5; be 420; printf 'a\\0'; "                                         \
	"be ${2:-$((c + 5))}; be 3; be 493; printf 'b/c\\0'; }; "

START_TEST(parts_are_found)
{
	test_shell(MAKE "make 100 >x.mar");
	struct buf file = test_file("x.mar");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_str_eq(probe_name("x.mar"), "mar");
	ck_assert_ok(record_members(&record, &format_mar, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	ck_assert_uint_eq(record.count, 2);
	const struct recorded *member = record_find(&record, "b/c");
	ck_assert_uint_eq(member->content.size, 3);
	ck_assert_mem_eq(member->content.data, "xyz", 3);
	ck_assert_uint_eq(member->member.mode, 0755);
	struct map *map = format_map(&format_mar, &view, NULL);
	map_check(map, file.size);
	const struct extent *extent = map_extent(map, "mar signature");
	ck_assert_uint_eq(extent->offset, 28);
	ck_assert_uint_eq(extent->length, 100);
	ck_assert_int_eq(extent->tag, EXTENT_SIGNATURE);
	extent = map_extent(map, "mar product information");
	ck_assert_uint_eq(extent->offset, 132);
	ck_assert_uint_eq(extent->length, 16);
	extent = map_extent(map, "mar index name");
	ck_assert_uint_eq(extent->offset, 160 + 12);
	map_free(map);
	record_free(&record);
	buf_free(&file);
}
END_TEST

/* What is done to the archive, and what must be said. */
static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"make 100 >x; printf more >>x", "suspect", "4 bytes after the end"},
    {"make 100 >x; printf more >>x", "suspect", "says that it has 190 bytes"},
    {"make 100 28 >x", "suspect", "1 members lie where others"},
    {"make 100 149 >x", "suspect", "1 members lie where others"},
    {"make 100 149 >x", "suspect", "3 bytes that no member holds"},
    {"make 100 187 >x", "suspect", "1 members lie where others"},
    {"make 100 188 >x", "fails", "not inside the file"},
    {"make 2049 >x", "fails", "malformed signatures"},
    {"make 100 >x; printf '\\11' | dd of=x bs=1 seek=19 conv=notrunc", "fails",
     "malformed signatures"},
    {"make 100 >x; printf '\\21' | dd of=x bs=1 seek=131 conv=notrunc", "fails",
     "malformed signatures"},
    {"make 100 >x; truncate -s -1 x", "fails", "no index"},
    {"make 100 >x; printf '\\37' | dd of=x bs=1 seek=159 conv=notrunc; printf x >>x",
     "fails", "malformed entry of the index at offset 190"},
    {"(printf MAR1; be 8; be 0) >x", "undecided", "no members found"},
};

START_TEST(trap)
{
	test_shell(MAKE "%s", traps[_i].trick);
	struct buf bytes = test_file("x");
	struct view view = view_of_buf(&bytes);
	struct record record = {0};
	struct err err = {0};
	int result = record_members(&record, &format_mar, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.message, traps[_i].words) != NULL, "%s",
			      err.message);
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	struct map *map = format_map(&format_mar, &view, NULL);
	map_check(map, bytes.size);
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *shipped, *rebuilt;
	enum graft_answer answer;
	bool equal;
} grafts[] = {
    {"make 100", "make 0", GRAFT_DONE, true},
    {"make 100", "make 256", GRAFT_DONE, true},
    {"make 100", "make 0 | sed s/first/First/", GRAFT_DONE, false},
    {"make 0", "make 100", GRAFT_NONE, false},
    {"make 100",
     "printf "
     "'MAR1\\0\\0\\0\\11x\\0\\0\\0\\16\\0\\0\\0\\10\\0\\0\\0\\1\\0\\0\\1\\244a\\0'",
     GRAFT_FAILED, false},
    {"make 100", "make 0 9", GRAFT_FAILED, false},
};

START_TEST(signatures_are_moved)
{
	struct graft graft = {0};
	struct err err = {0};
	test_shell(MAKE "%s >s; %s >r", grafts[_i].shipped, grafts[_i].rebuilt);
	struct buf shipped = test_file("s"), rebuilt = test_file("r");
	struct view left = view_of_buf(&shipped), right = view_of_buf(&rebuilt);
	ck_assert_int_eq(format_mar.graft(&left, &right, &graft, &err),
			 grafts[_i].answer);
	if (grafts[_i].answer == GRAFT_DONE) {
		struct view made = view_of_buf(&graft.bytes);
		ck_assert_int_eq(view_equal(&made, &left), grafts[_i].equal);
	} else {
		ck_assert_int_eq(err.message[0] != '\0',
				 grafts[_i].answer == GRAFT_FAILED);
	}
	graft_free(&graft);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(damage)
{
	test_shell(MAKE "make 20 >x");
	struct buf bytes = test_file("x");
	format_survives_damage(&format_mar, &bytes, 1, bytes.size);
	buf_free(&bytes);
}
END_TEST

Suite *format_mar_suite(void);

Suite *
format_mar_suite(void)
{
	Suite *suite = suite_create("format_mar");
	TCase *tests = tcase_create("mar");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, parts_are_found);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_loop_test(tests, signatures_are_moved, 0, ARRAY_COUNT(grafts));
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
