/* format: WebAssembly modules, against llvm-readobj. */
#include "format_sink.h"

static bool
have_tools(void)
{
	return test_have("clang") && test_have("llvm-readobj");
}

static void
make_module(void)
{
	static const char source[] = "extern int out(int);\n"
				     "int table[2] = {1, 2};\n"
				     "int f(int x) { return table[x] + 1; }\n"
				     "int g(int x) { return out(f(x)); }\n";
	test_write("x.c", source, strlen(source));
	test_shell("clang --target=wasm32 -g -c -o x.wasm x.c");
}

/* "offset type name" of each section begins an extent of that name. */
START_TEST(sections_agree_with_llvm)
{
	if (!have_tools())
		TEST_SKIP("needs clang and llvm-readobj");
	make_module();
	test_shell("llvm-readobj --sections x.wasm | awk "
		   "'/^    Type:/ { t = $2 == \"DATACOUNT\" ? \"data count\" : tolower($2) } "
		   "/^    Size:/ { s = $2 } /^    Offset:/ { o = $2 } "
		   "/^    Name:/ { n = $2 } "
		   "/^  }/ { print o, s \":\" t \":\" n; n = \"\" }' >list");
	ck_assert_str_eq(probe_name("x.wasm"), "wasm");
	struct buf file = test_file("x.wasm"), list = test_file("list");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_wasm, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	unsigned count = 0;
	for (char *line = list.data, *end; (end = strchr(line, '\n')) != NULL;
	     line = end + 1, count++) {
		char type[32] = "", name[64] = "";
		uintmax_t offset, size;
		*end = '\0';
		ck_assert_int_ge(sscanf(line, "%ju %ju:%31[^:]:%63s", &offset, &size,
					type, name),
				 3);
		char *expected = name[0] != '\0'
				     ? base_format("custom section %s", name)
				     : base_format("%s section", type);
		const struct extent *extent = map_find(map, offset);
		ck_assert_str_eq(extent->name, expected);
		ck_assert_uint_eq(extent->base, offset);
		ck_assert_str_eq(extent->detail, "type and size");
		free(expected);
	}
	ck_assert_uint_ge(count, 8);
	unsigned bodies = 0;
	for (size_t i = 0; i < map->count; i++)
		bodies += map->extents[i].detail != NULL &&
			  strncmp(map->extents[i].detail, "body ", 5) == 0;
	ck_assert_uint_eq(bodies, 2);
	map_free(map);
	buf_free(&list);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_modules_are_survived)
{
	if (!have_tools())
		TEST_SKIP("needs clang and llvm-readobj");
	make_module();
	struct buf file = test_file("x.wasm");
	format_survives_damage(&format_wasm, &file, 1, file.size);
	/* A size of more than 32 bits. */
	memset(file.data + 9, 0xff, 6);
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_wasm, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_INPUT);
	map_free(map);
	buf_free(&file);
}
END_TEST

Suite *format_wasm_suite(void);

Suite *
format_wasm_suite(void)
{
	Suite *suite = suite_create("format_wasm");
	TCase *tcase = tcase_create("wasm");
	tcase_add_test(tcase, sections_agree_with_llvm);
	tcase_add_test(tcase, damaged_modules_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
