/* format: maps cover every byte once, whatever was added. */
#include "format_sink.h"

static void
place_check(const struct map *map, uint64_t offset, const char *expected)
{
	struct buf out = {0};
	map_place(map, offset, &out);
	ck_assert_str_eq(out.data, expected);
	buf_free(&out);
}

START_TEST(map_fills_gaps_and_cuts_overlaps)
{
	struct map *map = map_new();
	map_add(map, 10, 10, EXTENT_SIGNATURE, 3, "first", NULL);
	map_add(map, 5, 20, EXTENT_METADATA, EXTENT_NO_MEMBER, "second", "early");
	map_add(map, 90, 1000, EXTENT_CONTENT, EXTENT_NO_MEMBER, "past", NULL);
	map_add(map, 200, 5, EXTENT_CONTENT, EXTENT_NO_MEMBER, "outside", NULL);
	map_add(map, 30, 0, EXTENT_CONTENT, EXTENT_NO_MEMBER, "empty", NULL);
	map_finish(map, 100);
	map_check(map, 100);
	ck_assert_uint_eq(map->count, 6);
	static const char *const names[] = {"gap",    "second", "first",
					    "second", "gap",    "past"};
	for (size_t i = 0; i < map->count; i++)
		ck_assert_str_eq(map->extents[i].name, names[i]);
	ck_assert_uint_eq(map->extents[2].member, 3);
	ck_assert_int_eq(map->extents[2].tag, EXTENT_SIGNATURE);
	ck_assert_int_eq(map->extents[0].tag, EXTENT_CONTENT);
	place_check(map, 0, "gap");
	place_check(map, 4, "gap+0x4");
	place_check(map, 6, "second+0x1 (early+0x1)");
	place_check(map, 10, "first");
	/* The far piece still counts from where the named thing starts. */
	place_check(map, 20, "second+0xf");
	place_check(map, 99, "past+0x9");
	place_check(map, 100, "offset 0x64 past the end");
	ck_assert_ptr_null(map_find(map, 100));
	map_free(map);
}
END_TEST

START_TEST(map_parts_keep_their_base)
{
	struct map *map = map_new();
	map_add_part(map, 0x100, 0x140, 0x20, EXTENT_CONTENT, EXTENT_NO_MEMBER, ".text",
		     "main");
	map_add(map, 0x100, 0x100, EXTENT_CONTENT, EXTENT_NO_MEMBER, ".text", NULL);
	map_add(map, 0, 0x100, EXTENT_METADATA, EXTENT_NO_MEMBER, "evil\x1b[2J\nname",
		NULL);
	map_finish(map, 0x200);
	map_check(map, 0x200);
	place_check(map, 0x141, ".text+0x41 (main+0x1)");
	place_check(map, 0x160, ".text+0x60");
	place_check(map, 0, "evil\\x1b[2J\\nname");
	map_free(map);
}
END_TEST

START_TEST(map_names_records_fields_and_strings)
{
	static const struct layout_field fields[] = {{0, "key"}, {4, "value"}, {0, NULL}};
	static const struct layout records = {
	    .record = 8, .numbered = true, .fields = fields};
	static const struct layout header = {.fields = fields};
	static const struct layout strings = {.strings = 3};
	static const char bytes[] = "HHHHhhhhKKKKvvvvKKKKvvvv\0one\0ab\0\x01three\0end";
	struct map *map = map_new();
	map->view = view_of(bytes, sizeof(bytes) - 1);
	/* A claim inside of a record leaves the others their numbers. */
	map_add(map, 12, 2, EXTENT_DERIVED, EXTENT_NO_MEMBER, "sum", NULL);
	map_add_layout(map, 0, 0, 8, EXTENT_METADATA, "header", NULL, &header);
	map_add_layout(map, 8, 8, 16, EXTENT_CONTENT, "table", "entry", &records);
	map_add_layout(map, 24, 24, 100, EXTENT_CONTENT, "strings", NULL, &strings);
	map_finish(map, map->view.size);
	map_check(map, map->view.size);
	place_check(map, 1, "header+0x1 (key)");
	place_check(map, 7, "header+0x7 (value)");
	place_check(map, 8, "table (entry 0 key)");
	place_check(map, 15, "table+0x7 (entry 0 value)");
	place_check(map, 21, "table+0xd (entry 1 value)");
	place_check(map, 13, "sum+0x1");
	place_check(map, 26, "strings+0x2 (\"one\")");
	place_check(map, 28, "strings+0x4 (\"one\")");
	/* Too short, not text, without an end: not quoted. */
	place_check(map, 24, "strings");
	place_check(map, 29, "strings+0x5");
	place_check(map, 34, "strings+0xa");
	place_check(map, 40, "strings+0x10");
	map_free(map);
}
END_TEST

START_TEST(map_stays_whole_for_many_nested_claims)
{
	enum { COUNT = 20000 };
	struct map *map = map_new();
	/* Each claim lies inside the one added after it. */
	for (uint64_t i = 0; i < COUNT; i++)
		map_add(map, COUNT - i, 2 * i + 1, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			"n", NULL);
	map_finish(map, 2 * COUNT + 1);
	map_check(map, 2 * COUNT + 1);
	/* ... and wrapping lengths are cut. */
	map_add(map, 7, UINT64_MAX, EXTENT_CONTENT, EXTENT_NO_MEMBER, "x", NULL);
	map_add(map, UINT64_MAX, UINT64_MAX, EXTENT_CONTENT, EXTENT_NO_MEMBER, "y",
		NULL);
	map_finish(map, 2 * COUNT + 1);
	map_check(map, 2 * COUNT + 1);
	map_free(map);
}
END_TEST

START_TEST(map_of_unknown_bytes_is_data)
{
	struct err trouble;
	struct view view = view_of("bytes", 5);
	struct map *map = format_map(NULL, &view, &trouble);
	ck_assert_uint_eq(map->count, 1);
	ck_assert_str_eq(map->extents[0].name, "data");
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_free(map);
	view.size = 0;
	map = format_map(NULL, &view, NULL);
	ck_assert_uint_eq(map->count, 0);
	map_free(map);
}
END_TEST

START_TEST(table_names_are_unique_and_found)
{
	for (size_t i = 0; format_table[i] != NULL; i++) {
		const struct format *row = format_table[i];
		ck_assert_ptr_eq(format_by_name(row->name), row);
		ck_assert_ptr_nonnull(row->title);
		ck_assert(row->probe != NULL);
		if (row->refines != NULL)
			ck_assert_ptr_nonnull(format_by_name(row->refines));
		ck_assert(!row->compressor || row->members != NULL);
	}
	ck_assert_ptr_null(format_by_name("nothing"));
}
END_TEST

Suite *format_map_suite(void);

Suite *
format_map_suite(void)
{
	Suite *suite = suite_create("format_map");
	TCase *tcase = tcase_create("map");
	tcase_add_test(tcase, map_fills_gaps_and_cuts_overlaps);
	tcase_add_test(tcase, map_parts_keep_their_base);
	tcase_add_test(tcase, map_names_records_fields_and_strings);
	tcase_add_test(tcase, map_stays_whole_for_many_nested_claims);
	tcase_add_test(tcase, map_of_unknown_bytes_is_data);
	tcase_add_test(tcase, table_names_are_unique_and_found);
	suite_add_tcase(suite, tcase);
	return suite;
}
