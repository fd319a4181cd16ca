/* ClamAV databases, made of tar, gzip and openssl as sigtool makes them. */
#include "format_sink.h"

#define SIGNED                                                                         \
	"wqWkBSHbQKXDgk0XaJpLz7HjGEGmOXEbwDBsMvPn7wLwhfjmlPmM2RJeKXbZVCQYhPLUF5JVDmDr" \
	"r/"                                                                           \
	"I4l1tAOfIh2mC9OKLAQxsPQVqSLwwdcaG7PXmSjAbl+"                                  \
	"R8hOPKHAHGlZMTrLDwvgVaYrGZKuSQHkZl"                                           \
	"pQzdjZ"

/* content.tar.gz and content.tar, then NAME of either with that signature */
#define MAKE                                                                           \
	"mkdir -p d; seq 99 >d/a.hdb; echo license >d/COPYING; tar -C d --mtime=@1 "   \
	"--sort=name -cf content.tar a.hdb COPYING; gzip -nk9f content.tar; "          \
	"make() { printf '%%-512s' \"ClamAV-VDB:16 Sep 2021 08-32 -0400:62:99:90:"     \
	"$(openssl md5 -r <$2 | cut -d' ' -f1):$3:sigmgr:1631795562\" >$1; cat $2 "    \
	">>$1; "                                                                       \
	"}; "

static int
start(const char *name, struct buf *bytes, struct view *view)
{
	*bytes = test_file(name);
	*view = view_of_buf(bytes);
	return 0;
}

static const struct {
	const char *content, *path;
} kinds[] = {{"content.tar.gz", "database.tar.gz"}, {"content.tar", "database.tar"}};

START_TEST(lists_content)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "make x.cvd %s " SIGNED, kinds[_i].content);
	start("x.cvd", &bytes, &view);
	struct buf content = test_file(kinds[_i].content);
	ck_assert_str_eq(probe_name("x.cvd"), "cvd");
	ck_assert_ok(record_members(&record, &format_cvd, &view, &err), err);
	ck_assert_uint_eq(record.count, 1);
	ck_assert_uint_eq(record.notes.count, 0);
	const struct recorded *member = record_find(&record, kinds[_i].path);
	ck_assert_ptr_nonnull(member);
	ck_assert_uint_eq(member->content.size, content.size);
	ck_assert_mem_eq(member->content.data, content.data, content.size);
	record_free(&record);
	buf_free(&content);
	buf_free(&bytes);
}
END_TEST

START_TEST(names_header_fields)
{
	struct buf bytes;
	struct view view;
	test_shell(MAKE "make x.cvd content.tar.gz " SIGNED);
	start("x.cvd", &bytes, &view);
	struct map *map = format_map(&format_cvd, &view, NULL);
	map_check(map, bytes.size);
	const struct extent *extent = map_extent(map, "cvd header build time");
	ck_assert_uint_eq(extent->offset, 11);
	ck_assert_uint_eq(extent->length, strlen("16 Sep 2021 08-32 -0400"));
	extent = map_extent(map, "cvd header MD5");
	ck_assert_uint_eq(extent->length, 32);
	ck_assert_int_eq(extent->tag, EXTENT_DERIVED);
	extent = map_extent(map, "cvd header digital signature");
	ck_assert_uint_eq(extent->length, strlen(SIGNED));
	ck_assert_int_eq(extent->tag, EXTENT_SIGNATURE);
	extent = map_extent(map, "cvd header build time in seconds");
	ck_assert(view_has(&view, extent->offset, "1631795562 ", 11));
	extent = map_extent(map, "cvd header padding");
	ck_assert_uint_eq(extent->offset + extent->length, 512);
	ck_assert_int_eq(extent->tag, EXTENT_PADDING);
	ck_assert_uint_eq(map_extent(map, "content")->offset, 512);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* What is done to x.cvd, and what must be said. Nothing is a signature
 * then. */
static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"printf x >>x.cvd", "suspect", "MD5 in the header"},
    {"make y content.tar.gz not-letters; mv y x.cvd", "suspect", "form of one"},
    {"make y content.tar.gz $(printf %0172d 1); mv y x.cvd", "suspect", "form of one"},
    {"truncate -s 512 x.cvd", "undecided", "no members"},
    {"printf '\\1' | dd of=x.cvd bs=1 seek=511 conv=notrunc", "fails", "offset 511"},
    {"make y content.tar.gz a:b:c; mv y x.cvd", "fails", "more than 9 fields"},
    {"sed -i '1s/:/;/6' x.cvd; sed -i '1s/:/;/6' x.cvd", "fails", "only 7 fields"},
};

START_TEST(trap)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "make x.cvd content.tar.gz " SIGNED "; %s", traps[_i].trick);
	start("x.cvd", &bytes, &view);
	int result = record_members(&record, &format_cvd, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.message, traps[_i].words) != NULL, "%s",
			      err.message);
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	struct map *map = format_map(&format_cvd, &view, NULL);
	map_check(map, bytes.size);
	for (size_t i = 0; i < map->count; i++)
		ck_assert_int_ne(map->extents[i].tag, EXTENT_SIGNATURE);
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
    {"make s content.tar.gz " SIGNED, "make r content.tar.gz X", GRAFT_DONE, true},
    {"make s content.tar " SIGNED, "make r content.tar ''", GRAFT_DONE, true},
    /* nobody signed the version */
    {"make s content.tar.gz " SIGNED,
     "make r content.tar.gz X; sed -i '1s/:62:/:63:/' r", GRAFT_DONE, false},
    {"make s content.tar.gz X", "make r content.tar.gz X", GRAFT_NONE, false},
    {"make s content.tar.gz " SIGNED, "gzip -n1kf content.tar; make r content.tar.gz X",
     GRAFT_FAILED, false},
    {"make s content.tar.gz not-letters", "make r content.tar.gz X", GRAFT_FAILED,
     false},
};

START_TEST(moves_signature)
{
	struct buf shipped, rebuilt;
	struct view left, right;
	struct graft graft = {0};
	struct err err = {0};
	test_shell(MAKE "%s; %s", grafts[_i].shipped, grafts[_i].rebuilt);
	start("s", &shipped, &left);
	start("r", &rebuilt, &right);
	ck_assert_int_eq(format_cvd.graft(&left, &right, &graft, &err),
			 grafts[_i].answer);
	if (grafts[_i].answer == GRAFT_DONE) {
		struct view grafted = view_of_buf(&graft.bytes);
		ck_assert_uint_eq(graft.steps.count, 1);
		ck_assert_int_eq(view_equal(&grafted, &left), grafts[_i].equal);
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
	test_shell(MAKE "make x.cvd content.tar.gz " SIGNED);
	struct buf bytes = test_file("x.cvd");
	format_survives_damage(&format_cvd, &bytes, 1, 512);
	buf_free(&bytes);
}
END_TEST

Suite *format_cvd_suite(void);

Suite *
format_cvd_suite(void)
{
	Suite *suite = suite_create("format_cvd");
	TCase *tests = tcase_create("cvd");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, lists_content, 0, ARRAY_COUNT(kinds));
	tcase_add_test(tests, names_header_fields);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_loop_test(tests, moves_signature, 0, ARRAY_COUNT(grafts));
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
