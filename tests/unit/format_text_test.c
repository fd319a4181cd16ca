/* format: texts by encoding, as iconv makes them. */
#include "format_sink.h"

static const struct {
	const char *encoding, *mark, *note;
} kinds[] = {
    {"UTF-8", "", NULL},
    {"UTF-8", "\\357\\273\\277", "encoding: UTF-8, with a byte order mark"},
    {"UTF-16LE", "\\377\\376",
     "encoding: UTF-16, little-endian, with a byte order mark"},
    {"UTF-16BE", "\\376\\377", "encoding: UTF-16, big-endian, with a byte order mark"},
    {"UTF-32LE", "\\377\\376\\0\\0",
     "encoding: UTF-32, little-endian, with a byte order mark"},
    {"UTF-32BE", "\\0\\0\\376\\377",
     "encoding: UTF-32, big-endian, with a byte order mark"},
    {"LATIN1", "", "encoding: not UTF-8; Latin-1 or another of eight bits"},
};

static void
make_text(int kind)
{
	test_shell("(printf '%s'; (seq 1 50; printf 'gr\\303\\266\\303\\237e\\n') | "
		   "iconv -f UTF-8 -t %s) >x.txt",
		   kinds[kind].mark, kinds[kind].encoding);
}

START_TEST(encodings_are_known)
{
	make_text(_i);
	ck_assert_str_eq(probe_name("x.txt"), "text");
	struct buf file = test_file("x.txt");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_int_eq(record_notes(&record, &format_text, &view, &err), 0);
	if (kinds[_i].note == NULL) {
		ck_assert_uint_eq(record.notes.count, 0);
	} else {
		ck_assert_uint_eq(record.notes.count, 1);
		ck_assert(record_noted(&record, "remark", kinds[_i].note));
	}
	record_free(&record);
	/* Cut within a unit it is no text of that encoding any more. */
	const struct encoding *encoding = encoding_of(&view);
	ck_assert_uint_eq(view.size % encoding->width, 0);
	if (encoding->width > 1) {
		view.size--;
		ck_assert_uint_eq(encoding_of(&view)->width, 1);
		ck_assert_int_eq(format_text.probe(&view), PROBE_NO);
	}
	buf_free(&file);
}
END_TEST

START_TEST(programs_are_no_texts)
{
	test_shell("cp /bin/true x");
	struct buf file = test_file("x");
	struct view view = view_of_buf(&file);
	ck_assert_int_eq(format_text.probe(&view), PROBE_NO);
	/* Nor does a mark before it make it one. */
	memcpy(file.data, "\xff\xfe", 2);
	ck_assert_int_eq(format_text.probe(&view), PROBE_NO);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_texts_are_survived)
{
	make_text(_i);
	struct buf file = test_file("x.txt");
	format_survives_damage(&format_text, &file, 1, file.size);
	buf_free(&file);
}
END_TEST

Suite *format_text_suite(void);

Suite *
format_text_suite(void)
{
	Suite *suite = suite_create("format_text");
	TCase *tcase = tcase_create("text");
	tcase_add_loop_test(tcase, encodings_are_known, 0, (int)ARRAY_COUNT(kinds));
	tcase_add_test(tcase, programs_are_no_texts);
	tcase_add_loop_test(tcase, damaged_texts_are_survived, 0,
			    (int)ARRAY_COUNT(kinds));
	suite_add_tcase(suite, tcase);
	return suite;
}
