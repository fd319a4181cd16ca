/* format: Chromium's extensions. Headers are put together byte by byte as crx3.proto
 * says; zip makes the archive. tests/cli/crx.sh has Chromium's own. */
#include "format_sink.h"

/* One proof (a key that is a SEQUENCE of three bytes, a signature), and an id. */
#define PROOF  "\\22\\22\\12\\5\\60\\3key\\22\\11signature"
#define SIGNED "\\202\\361\\4\\22\\12\\20abcdefghijklmnop"
#define ZIP    "echo x >x; rm -f a.zip; zip -qX a.zip x; "
#define GOOD   "Cr24\\3\\0\\0\\0\\52\\0\\0\\0" PROOF SIGNED

START_TEST(parts_are_found)
{
	test_shell(ZIP "(printf '" GOOD "'; cat a.zip) >x.crx");
	struct buf file = test_file("x.crx"), archive = test_file("a.zip");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_str_eq(probe_name("x.crx"), "crx");
	ck_assert_ok(record_members(&record, &format_crx, &view, &err), err);
	ck_assert_uint_eq(record.count, 1);
	ck_assert_uint_eq(record.notes.count, 0);
	const struct recorded *member = record_find(&record, "extension.zip");
	ck_assert_uint_eq(member->content.size, archive.size);
	ck_assert_mem_eq(member->content.data, archive.data, archive.size);
	struct map *map = format_map(&format_crx, &view, NULL);
	map_check(map, file.size);
	ck_assert_uint_eq(map_extent(map, "crx header RSA proof")->offset, 14);
	ck_assert_uint_eq(map_extent(map, "crx header RSA proof")->length, 18);
	ck_assert_int_eq(map_extent(map, "crx header signed data")->tag,
			 EXTENT_SIGNATURE);
	ck_assert_uint_eq(map_extent(map, "extension")->offset, 54);
	map_free(map);
	record_free(&record);
	buf_free(&archive);
	buf_free(&file);
}
END_TEST

/* Headers that are not plainly signatures: they are never moved. */
static const struct {
	const char *header;
	bool fails; /* cannot be read at all */
} odd[] = {
    {"Cr24\\3\\0\\0\\0\\24\\0\\0\\0" PROOF, false},            /* no id */
    {"Cr24\\3\\0\\0\\0\\26\\0\\0\\0" SIGNED, false},           /* no proof */
    {"Cr24\\3\\0\\0\\0\\53\\0\\0\\0" PROOF SIGNED "x", false}, /* a byte more */
    {"Cr24\\3\\0\\0\\0\\56\\0\\0\\0" PROOF SIGNED "\\152\\2hi", false},
    {"Cr24\\3\\0\\0\\0\\52\\0\\0\\0\\22\\22\\12\\5\\60\\4key\\22\\11signature" SIGNED,
     false},
    {"Cr24\\3\\0\\0\\0\\52\\0\\0\\0" PROOF "\\202\\361\\4\\22\\12\\17abcdefghijklmnop",
     false},
    {"Cr24\\2\\0\\0\\0\\5\\0\\0\\0\\11\\0\\0\\0\\60\\4keysignature", false},
    {"Cr24\\2\\0\\0\\0\\377\\377\\377\\377\\11\\0\\0\\0\\60\\3keysignature", true},
    {"Cr24\\3\\0\\0\\0\\377\\377\\377\\377" PROOF, true},
    {"Cr24\\4\\0\\0\\0\\52\\0\\0\\0" PROOF SIGNED, true},
};

START_TEST(odd_headers_stay)
{
	test_shell(ZIP "(printf '%s'; cat a.zip) >x.crx", odd[_i].header);
	struct buf file = test_file("x.crx"), archive = test_file("a.zip");
	struct view view = view_of_buf(&file), rebuilt = view_of_buf(&archive);
	struct record record = {0};
	struct graft graft;
	struct err err = {0};
	ck_assert_int_eq(record_members(&record, &format_crx, &view, &err),
			 odd[_i].fails ? -1 : 0);
	if (!odd[_i].fails)
		ck_assert(record_noted(&record, "remark", "more than keys"));
	ck_assert_int_eq(format_crx.graft(&view, &rebuilt, &graft, &err), GRAFT_FAILED);
	struct map *map = format_map(&format_crx, &view, NULL);
	map_check(map, file.size);
	for (size_t i = 0; i < map->count; i++)
		ck_assert_int_ne(map->extents[i].tag, EXTENT_SIGNATURE);
	map_free(map);
	record_free(&record);
	buf_free(&archive);
	buf_free(&file);
}
END_TEST

START_TEST(damage)
{
	static const char *const headers[] = {
	    GOOD, "Cr24\\2\\0\\0\\0\\5\\0\\0\\0\\11\\0\\0\\0\\60\\3keysignature"};
	test_shell(ZIP "(printf '%s'; cat a.zip) >x.crx", headers[_i]);
	struct buf bytes = test_file("x.crx");
	format_survives_damage(&format_crx, &bytes, 1, 64);
	buf_free(&bytes);
}
END_TEST

Suite *format_crx_suite(void);

Suite *
format_crx_suite(void)
{
	Suite *suite = suite_create("format_crx");
	TCase *tests = tcase_create("crx");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, parts_are_found);
	tcase_add_loop_test(tests, odd_headers_stay, 0, ARRAY_COUNT(odd));
	tcase_add_loop_test(tests, damage, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
