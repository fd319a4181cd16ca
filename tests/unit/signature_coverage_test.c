/* The byte map of a signed file: overlaps, gaps, sums and bounds. */
#include "signature/signature_private.h"
#include "test.h"

static uint64_t
number(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

/* The ranges as "kind offset length what; ...". */
static char *
ranges_text(const json_t *entry)
{
	struct buf text = {0};
	const json_t *ranges =
	    json_object_get(json_object_get(entry, "coverage"), "ranges");
	const json_t *range;
	size_t index;
	json_array_foreach(ranges, index, range)
	{
		buf_printf(&text, "%s%s %ju %ju %s", index > 0 ? "; " : "",
			   json_string_value(json_object_get(range, "kind")),
			   (uintmax_t)number(range, "offset"),
			   (uintmax_t)number(range, "length"),
			   json_string_value(json_object_get(range, "what")));
	}
	return text.data != NULL ? text.data : base_strdup("");
}

static void
check_ranges(json_t *entry, const char *expected)
{
	char *text = ranges_text(entry);
	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(first_keeps_its_bytes)
{
	json_t *entry = json_object();
	coverage_add(entry, 40, 4, COVERAGE_STRUCTURAL, "sum");
	coverage_add(entry, 90, 10, COVERAGE_SIGNATURE, "signature");
	coverage_add(entry, 0, 80, COVERAGE_SIGNED, "image");
	coverage_conclude(entry, 100);
	check_ranges(entry, "signed 0 40 image; structural 40 4 sum; "
			    "signed 44 36 image; unexplained 80 10 gap; "
			    "signature 90 10 signature");
	const json_t *coverage = json_object_get(entry, "coverage");
	ck_assert_uint_eq(number(coverage, "signed"), 76);
	ck_assert_uint_eq(number(coverage, "structural"), 4);
	ck_assert_uint_eq(number(coverage, "signature"), 10);
	ck_assert_uint_eq(number(coverage, "unexplained"), 10);
	coverage_conclude(entry, 100); /* twice is once */
	ck_assert_uint_eq(number(coverage, "signed"), 76);
	json_decref(entry);
}
END_TEST

START_TEST(neighbours_are_one)
{
	json_t *entry = json_object();
	coverage_add(entry, 10, 10, COVERAGE_SIGNED, "member");
	coverage_add(entry, 0, 10, COVERAGE_SIGNED, "member");
	coverage_add(entry, 20, 5, COVERAGE_SIGNED, "other");
	coverage_conclude(entry, 25);
	check_ranges(entry, "signed 0 20 member; signed 20 5 other");
	json_decref(entry);
}
END_TEST

/* What a hostile file says of its own lengths ends with the file. */
START_TEST(ends_with_the_file)
{
	json_t *entry = json_object();
	coverage_add(entry, 5, UINT64_MAX, COVERAGE_SIGNED, "never added");
	coverage_add(entry, INT64_MAX, INT64_MAX, COVERAGE_SIGNED, "outside");
	coverage_add(entry, 8, INT64_MAX, COVERAGE_SIGNED, "tail");
	coverage_add(entry, 3, 0, COVERAGE_SIGNATURE, "empty");
	coverage_conclude(entry, 10);
	check_ranges(entry, "unexplained 0 8 gap; signed 8 2 tail");
	json_decref(entry);
}
END_TEST

START_TEST(only_zeros_are_padding)
{
	static const uint8_t bytes[] = {1, 0, 0, 0, 2};
	struct view file = view_of(bytes, sizeof(bytes));
	json_t *entry = json_object();
	coverage_add_zeros(entry, &file, 1, 3, "padding");
	coverage_add_zeros(entry, &file, 3, 2, "not zero");
	coverage_add_zeros(entry, &file, 4, 9, "not there");
	coverage_conclude(entry, file.size);
	check_ranges(entry, "unexplained 0 1 gap; structural 1 3 padding; "
			    "unexplained 4 1 gap");
	json_decref(entry);
}
END_TEST

START_TEST(many_are_sums_alone)
{
	json_t *entry = json_object(), *none = json_object();
	for (uint64_t i = 0; i < 2000; i++)
		coverage_add(entry, i * 2, 1, COVERAGE_SIGNED, "odd");
	coverage_conclude(entry, 4000);
	const json_t *coverage = json_object_get(entry, "coverage");
	ck_assert_ptr_null(json_object_get(coverage, "ranges"));
	ck_assert_uint_eq(number(coverage, "signed"), 2000);
	ck_assert_uint_eq(number(coverage, "unexplained"), 2000);
	coverage_conclude(none, 4000);
	ck_assert_ptr_null(json_object_get(none, "coverage"));
	json_decref(entry);
	json_decref(none);
}
END_TEST

Suite *signature_coverage_suite(void);

Suite *
signature_coverage_suite(void)
{
	Suite *suite = suite_create("signature_coverage");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, first_keeps_its_bytes);
	tcase_add_test(tcase, neighbours_are_one);
	tcase_add_test(tcase, ends_with_the_file);
	tcase_add_test(tcase, only_zeros_are_padding);
	tcase_add_test(tcase, many_are_sums_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
