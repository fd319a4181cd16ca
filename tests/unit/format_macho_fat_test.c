/* format: Mach-O universal files made by llvm-lipo. */
#include "format_sink.h"

#include <stdio.h>

static const struct {
	const char *name, *target;
} kinds[] = {
    {"x86_64", "x86_64-apple-macos11"},
    {"arm64", "arm64-apple-macos11"},
    {"i386", "i386-apple-macos10.6"},
    {"armv7", "armv7-apple-ios"},
};

/* Objects NAME.o and x.fat of them all; false where the tools are not there. */
static bool
make(void)
{
	if (!test_have("clang") || !test_have("llvm-lipo-14")) {
		fprintf(stderr, "skipped: no clang or llvm-lipo-14 here\n");
		return false;
	}
	test_shell("echo 'int work(int x) { return x; }' >x.c; rm -f *.o");
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		test_shell("clang -target %s -c x.c -o %s.o", kinds[i].target,
			   kinds[i].name);
	test_shell("llvm-lipo-14 -create *.o -output x.fat");
	return true;
}

START_TEST(slices_are_members)
{
	if (!make())
		return;
	ck_assert_str_eq(probe_name("x.fat"), "macho-fat");
	struct buf file = test_file("x.fat");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_members(&record, &format_macho_fat, &view, &err), err);
	ck_assert_uint_eq(record.count, ARRAY_COUNT(kinds));
	ck_assert_uint_eq(record.notes.count, 0);
	struct map *map = format_map(&format_macho_fat, &view, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, file.size);
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		char *name = base_format("%s.o", kinds[i].name);
		struct buf object = test_file(name);
		const struct recorded *member = record_find(&record, kinds[i].name);
		ck_assert_ptr_nonnull(member);
		struct view a = view_of_buf(&object), b = view_of_buf(&member->content);
		ck_assert(view_equal(&a, &b));
		const struct extent *extent = map_extent(map, kinds[i].name);
		ck_assert_uint_eq(extent->length, object.size);
		ck_assert_str_eq(record.members[extent->member].path, kinds[i].name);
		buf_free(&object);
		free(name);
	}
	ck_assert(!map_has(map, "gap"));
	map_free(map);
	record_free(&record);
	buf_free(&file);
}
END_TEST

/* Is a note with that text sent for the file? */
static bool
is_noted(const struct buf *file, const char *kind, const char *text)
{
	struct view view = view_of_buf(file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_members(&record, &format_macho_fat, &view, &err), err);
	bool noted = record_noted(&record, kind, text);
	record_free(&record);
	return noted;
}

START_TEST(tricks_are_noted)
{
	if (!make())
		return;
	struct buf file = test_file("x.fat");
	/* A fifth entry behind the table, not counted. */
	file.data[8 + 4 * 20 + 3] = 12;
	ck_assert(is_noted(&file, "suspect", "in no slice"));
	file.data[8 + 4 * 20 + 3] = 0;
	/* The second entry is for the first one's processor. */
	char before[8];
	memcpy(before, &file.data[8 + 20], 8);
	memcpy(&file.data[8 + 20], &file.data[8], 8);
	ck_assert(is_noted(&file, "suspect", "same processor"));
	memcpy(&file.data[8 + 20], before, 8);
	/* The second one's place is the first one's. */
	memcpy(&file.data[8 + 20 + 8], &file.data[8 + 8], 4);
	ck_assert(is_noted(&file, "suspect", "overlaps"));
	buf_append(&file, "x", 1);
	ck_assert(is_noted(&file, "suspect", "in no slice"));
	/* None is counted. */
	file.data[7] = 0;
	ck_assert(is_noted(&file, "undecided", "no members"));
	/* More than are there. */
	file.data[6] = 1;
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_int_eq(record_members(&record, &format_macho_fat, &view, &err), -1);
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(classes_are_no_universal_files)
{
	if (test_have("javac")) {
		test_shell("echo 'class A { int x; }' >A.java && javac A.java");
		ck_assert_str_ne(probe_name("A.class"), "macho-fat");
	}
	/* A table large enough to be a Java version, that names a Mach-O file. */
	if (!make())
		return;
	struct buf file = test_file("x.fat");
	struct view view = view_of_buf(&file);
	file.data[7] = 52;
	ck_assert_int_eq(format_macho_fat.probe(&view), PROBE_SURE);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make())
		return;
	struct buf file = test_file("x.fat");
	format_survives_damage(&format_macho_fat, &file, 997, 100);
	for (size_t i = 0; i < 120; i++)
		format_survives(&format_macho_fat, file.data, i);
	buf_free(&file);
}
END_TEST

Suite *format_macho_fat_suite(void);

Suite *
format_macho_fat_suite(void)
{
	Suite *suite = suite_create("format_macho_fat");
	TCase *tcase = tcase_create("macho_fat");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, slices_are_members);
	tcase_add_test(tcase, tricks_are_noted);
	tcase_add_test(tcase, classes_are_no_universal_files);
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
