/* format: compiled catalogues made by msgfmt, in both byte orders. */
#include "format_sink.h"

#include <stdio.h>

static const char *const orders[] = {"little", "big"};

static bool
make(const char *order)
{
	static const char source[] = "msgid \"\"\n"
				     "msgstr \"Project-Id-Version: x\\n\"\n"
				     "\"PO-Revision-Date: 2024-02-29 12:00+0000\\n\"\n"
				     "\"Content-Type: text/plain; charset=UTF-8\\n\"\n"
				     "msgid \"house\"\nmsgstr \"casa\"\n"
				     "msgid \"tree\"\nmsgid_plural \"trees\"\n"
				     "msgstr[0] \"pianta\"\nmsgstr[1] \"piante\"\n";
	if (!test_have("msgfmt")) {
		fprintf(stderr, "skipped: no msgfmt here\n");
		return false;
	}
	test_write("x.po", source, strlen(source));
	test_shell("msgfmt --endianness=%s -o x.mo x.po && msgunfmt x.mo >back.po",
		   order);
	return true;
}

/* The place of the first byte of `text` in the file. */
static uint64_t
offset_of(const struct buf *file, const char *text)
{
	const char *at = memmem(file->data, file->size, text, strlen(text));
	ck_assert_ptr_nonnull(at);
	return (uint64_t)(at - file->data);
}

START_TEST(strings_and_dates_have_names)
{
	if (!make(orders[_i]))
		return;
	ck_assert_str_eq(probe_name("x.mo"), "gettext-mo");
	struct buf file = test_file("x.mo");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_gettext, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	const struct extent *date = map_find(map, offset_of(&file, "2024-02-29"));
	ck_assert_str_eq(date->name, "catalogue header");
	ck_assert_str_eq(date->detail, "PO-Revision-Date");
	ck_assert_int_eq(date->tag, EXTENT_METADATA);
	ck_assert_uint_eq(date->offset, offset_of(&file, "PO-Revision-Date"));
	const struct extent *string = map_find(map, offset_of(&file, "piante"));
	ck_assert_str_eq(string->name, "translations");
	ck_assert_str_eq(string->detail, "string 2");
	ck_assert_uint_eq(string->length, sizeof("pianta\0piante"));
	ck_assert_str_eq(map_find(map, offset_of(&file, "house"))->name, "originals");
	ck_assert_uint_eq(map_extent(map, "revision")->offset, 4);
	ck_assert_uint_eq(map_extent(map, "table of originals")->length, 24);
	map_extent(map, "hash table");
	ck_assert(!map_has(map, "gap"));
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(tables_outside_are_errors)
{
	static const size_t places[] = {8, 12, 16, 20, 24};
	if (!make("big"))
		return;
	struct buf file = test_file("x.mo");
	struct view view = view_of_buf(&file);
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		struct err trouble;
		file.data[places[i]] ^= 0x40;
		struct map *map = format_map(&format_gettext, &view, &trouble);
		ck_assert_int_ne(trouble.kind, ERR_NONE);
		map_check(map, file.size);
		map_free(map);
		file.data[places[i]] ^= 0x40;
	}
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make(orders[_i]))
		return;
	struct buf file = test_file("x.mo");
	format_survives_damage(&format_gettext, &file, 1, 100);
	buf_free(&file);
}
END_TEST

Suite *format_gettext_suite(void);

Suite *
format_gettext_suite(void)
{
	Suite *suite = suite_create("format_gettext");
	TCase *tcase = tcase_create("gettext");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, strings_and_dates_have_names, 0, 2);
	tcase_add_test(tcase, tables_outside_are_errors);
	tcase_add_loop_test(tcase, damaged_files_are_survived, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
