/* format: updates of ClamAV databases. Only ClamAV's own server signs one, so this is
 * what its sigtool writes, put together by hand; gzip makes and reads the script. */
#include "format_sink.h"

static void
make_update(void)
{
	test_shell(
	    "printf 'OPEN daily.ndb\nADD Evil:0:*:616263\nCLOSE\n' >script; "
	    "(printf 'ClamAV-Diff:26800:%%u:' $(stat -c %%s script); gzip -9n <script; "
	    "printf ':c2lnbmF0dXJl/+') >x.cdiff");
}

START_TEST(parts_are_found)
{
	make_update();
	ck_assert_str_eq(probe_name("x.cdiff"), "cdiff");
	struct buf file = test_file("x.cdiff"), script = test_file("script");
	struct view view = view_of_buf(&file);
	struct err err = {0};
	struct record record = {0};
	ck_assert_ok(record_members(&record, &format_cdiff, &view, &err), err);
	ck_assert_uint_eq(record.count, 1);
	test_write("script.gz", record.members[0].content.data,
		   record.members[0].content.size);
	test_shell("gzip -dc <script.gz | cmp - script");
	struct map *map = format_map(&format_cdiff, &view, &err);
	map_check(map, file.size);
	ck_assert_int_eq(err.kind, ERR_NONE);
	ck_assert_uint_eq(map_extent(map, "cdiff digital signature")->length, 15);
	ck_assert_uint_eq(map_extent(map, "cdiff header version")->length, 6);
	ck_assert_int_eq(map_extent(map, "cdiff header size")->tag, EXTENT_DERIVED);
	ck_assert_uint_eq(map_extent(map, "content")->member, 0);
	map_free(map);
	record_free(&record);
	buf_free(&script);
	buf_free(&file);
}
END_TEST

static const struct {
	const char *shipped, *rebuilt;
	enum graft_answer answer;
	bool equal;
} grafts[] = {
    {":c2lnbmF0dXJl/+", "", GRAFT_DONE, true},
    {":c2lnbmF0dXJl/+", ":X", GRAFT_DONE, true},
    {":c2lnbmF0dXJl/+", ":", GRAFT_DONE, true},
    {":c2lnbmF0dXJl/+", ":b3RoZXI", GRAFT_DONE, true},
    {":c2lnbmF0dXJl/+", "more", GRAFT_DONE, false},
    {":", "", GRAFT_NONE, false},
    {":X", "", GRAFT_NONE, false},
    {":not-letters", "", GRAFT_FAILED, false},
};

START_TEST(signature_is_moved)
{
	struct err err = {0};
	struct graft graft;
	test_shell("printf 'ClamAV-Diff:1:9:' >body; echo license | gzip -n >>body; "
		   "(cat body; printf '%s') >s; (cat body; printf '%s') >r",
		   grafts[_i].shipped, grafts[_i].rebuilt);
	struct buf shipped = test_file("s"), rebuilt = test_file("r");
	struct view left = view_of_buf(&shipped), right = view_of_buf(&rebuilt);
	ck_assert_int_eq(format_cdiff.graft(&left, &right, &graft, &err),
			 grafts[_i].answer);
	if (grafts[_i].answer == GRAFT_DONE) {
		struct view made = view_of_buf(&graft.bytes);
		ck_assert_int_eq(view_equal(&made, &left), grafts[_i].equal);
	}
	graft_free(&graft);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(what_is_malformed_is_an_error)
{
	static const char *const wrong[] = {
	    "ClamAV-Diff:",
	    "ClamAV-Diff:1:",
	    "ClamAV-Diff:1:2:",
	    "ClamAV-Diff:1:2:data",
	    "ClamAV-Diff:x:2:data:sig",
	    "ClamAV-Diff::2:data:sig",
	    "ClamAV-Diff:1:123456789012345678901:data:sig"};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		struct view view = view_of(wrong[i], strlen(wrong[i]));
		struct record record = {0};
		struct err err = {0};
		ck_assert_int_eq(record_members(&record, &format_cdiff, &view, &err),
				 -1);
		ck_assert_int_eq(err.kind, ERR_INPUT);
		record_free(&record);
	}
	make_update();
	struct buf file = test_file("x.cdiff");
	format_survives_damage(&format_cdiff, &file, 1, file.size);
	buf_free(&file);
}
END_TEST

Suite *format_cdiff_suite(void);

Suite *
format_cdiff_suite(void)
{
	Suite *suite = suite_create("format_cdiff");
	TCase *tcase = tcase_create("cdiff");
	tcase_add_test(tcase, parts_are_found);
	tcase_add_loop_test(tcase, signature_is_moved, 0, ARRAY_COUNT(grafts));
	tcase_add_test(tcase, what_is_malformed_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
