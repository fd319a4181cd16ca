/* format: classes made by javac, against javap. */
#include "format_sink.h"

#include <stdio.h>

static bool
make(void)
{
	static const char source[] =
	    "class A implements Runnable {\n"
	    "long size = 5000000000L; double x = 2.5;\n"
	    "static String text = \"a text\";\n"
	    "int workhorse(int a) { return a * 70000; }\n"
	    "public void run() { System.out.println(text); } }\n";
	if (!test_have("javac") || !test_have("javap")) {
		fprintf(stderr, "skipped: no javac or javap here\n");
		return false;
	}
	test_write("A.java", source, strlen(source));
	test_shell("javac A.java && javap -v -p A.class >listing");
	return true;
}

/* The constant that javap numbers so is the one at the text's place. */
static void
check_constant(const struct buf *file, const struct map *map, const char *text)
{
	unsigned number;
	test_shell("sed -n 's/^ *#\\([0-9]*\\) = Utf8  *%s$/\\1/p' listing >number",
		   text);
	struct buf listed = test_file("number");
	ck_assert_int_eq(sscanf(listed.data, "%u", &number), 1);
	const char *at = memmem(file->data, file->size, text, strlen(text));
	const struct extent *extent = map_find(map, (uint64_t)(at - file->data));
	char *detail = base_format("constant %u", number);
	ck_assert_str_eq(extent->name, "constant pool");
	ck_assert_str_eq(extent->detail, detail);
	ck_assert_uint_eq(extent->length, strlen(text) + 3);
	free(detail);
	buf_free(&listed);
}

static unsigned
count_details(const struct map *map, const char *name, const char *detail)
{
	unsigned count = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		count += strcmp(extent->name, name) == 0 && extent->detail != NULL &&
			 strcmp(extent->detail, detail) == 0;
	}
	return count;
}

START_TEST(constants_agree_with_javap)
{
	if (!make())
		return;
	ck_assert_str_eq(probe_name("A.class"), "java-class");
	struct buf file = test_file("A.class");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_java, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	check_constant(&file, map, "workhorse");
	check_constant(&file, map, "a text");
	check_constant(&file, map, "SourceFile");
	static const char *const methods[] = {"workhorse", "run", "<init>", "<clinit>"};
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++)
		ck_assert_uint_eq(count_details(map, "methods", methods[i]), 1);
	ck_assert_uint_eq(count_details(map, "fields", "size"), 1);
	ck_assert_uint_eq(count_details(map, "class attribute", "SourceFile"), 1);
	ck_assert(!map_has(map, "gap") && !map_has(map, "after the class"));
	map_free(map);
	/* A byte behind it has a name. */
	buf_append(&file, "x", 1);
	view = view_of_buf(&file);
	map = format_map(&format_java, &view, NULL);
	ck_assert_uint_eq(map_extent(map, "after the class")->length, 1);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(broken_classes_are_errors)
{
	if (!make())
		return;
	struct buf file = test_file("A.class");
	for (size_t size = 10; size < file.size; size++) {
		struct view view = view_of(file.data, size);
		struct err trouble;
		map_free(format_map(&format_java, &view, &trouble));
		ck_assert_int_eq(trouble.kind, ERR_INPUT);
	}
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make())
		return;
	struct buf file = test_file("A.class");
	format_survives_damage(&format_java, &file, 1, 64);
	buf_free(&file);
}
END_TEST

Suite *format_java_suite(void);

Suite *
format_java_suite(void)
{
	Suite *suite = suite_create("format_java");
	TCase *tcase = tcase_create("java");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, constants_agree_with_javap);
	tcase_add_test(tcase, broken_classes_are_errors);
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
