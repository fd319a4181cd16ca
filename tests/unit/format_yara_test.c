/* format: rules that yarac compiled. */
#include "format_sink.h"

static void
make_rules(void)
{
	static const char rules[] = "rule first : tag { meta: author = \"nobody\" "
				    "strings: $a = \"needle\" $r = /ab+c/ "
				    "condition: any of them }\n";
	test_write("x.yar", rules, strlen(rules));
	test_shell("yarac x.yar x.yac && printf 'a needle' >t && "
		   "yara -C x.yac t | grep -q first");
}

/* The buffers that the file's own table names, read here by od. */
START_TEST(buffers_are_named)
{
	static const struct {
		unsigned index;
		const char *name;
	} rows[] = {{0, "namespaces"}, {1, "rules"},	{3, "strings"},
		    {5, "string pool"}, {6, "code"}, {11, "summary"}};
	if (!test_have("yarac"))
		TEST_SKIP("needs yarac");
	make_rules();
	ck_assert_str_eq(probe_name("x.yac"), "yara");
	ck_assert_str_eq(probe_name("x.yar"), "text");
	struct buf file = test_file("x.yac");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_yara, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uintmax_t offset, size;
		test_shell("od -An -v -tu8 -j%u -N8 x.yac >o; od -An -v -tu4 -j%u -N4 "
			   "x.yac >>o",
			   6 + 12 * rows[i].index, 14 + 12 * rows[i].index);
		struct buf text = test_file("o");
		ck_assert_int_eq(sscanf(text.data, "%ju %ju", &offset, &size), 2);
		ck_assert_uint_eq(map_extent(map, rows[i].name)->offset, offset);
		ck_assert_uint_eq(map_extent(map, rows[i].name)->length, size);
		buf_free(&text);
	}
	/* Pointers are relocated: the rest is whole records. */
	ck_assert_uint_eq(map_extent(map, "relocations")->length % 8, 0);
	uint64_t at;
	struct buf place = {0};
	ck_assert_int_eq(view_find(&view, 0, "nobody", 6, &at), 0);
	map_place(map, at, &place);
	ck_assert_ptr_nonnull(strstr(place.data, "string pool"));
	ck_assert_ptr_nonnull(strstr(place.data, "(\"nobody\")"));
	buf_clear(&place);
	map_place(map, 4, &place);
	ck_assert_str_eq(place.data, "YARA header+0x4 (version)");
	map_free(map);
	buf_free(&place);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_rules_are_survived)
{
	if (!test_have("yarac"))
		TEST_SKIP("needs yarac");
	make_rules();
	struct buf file = test_file("x.yac");
	format_survives_damage(&format_yara, &file, 41, 160);
	/* A buffer that ends past the file. */
	file.data[17] = 0x7f;
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_yara, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(trouble.message, "buffer 0"));
	map_free(map);
	buf_free(&file);
}
END_TEST

Suite *format_yara_suite(void);

Suite *
format_yara_suite(void)
{
	Suite *suite = suite_create("format_yara");
	TCase *tcase = tcase_create("yara");
	tcase_add_test(tcase, buffers_are_named);
	tcase_add_test(tcase, damaged_rules_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
