/* format: ELF files, against readelf and nm. */
#include "format_sink.h"

static void
make_source(void)
{
	static const char source[] = "int table[50] = {1};\n"
				     "static int twice(int x)\n"
				     "{ return 2 * x + table[x]; }\n"
				     "int helper(int x) { return twice(x) + 1; }\n"
				     "int main(int argc, char **argv)\n"
				     "{ return helper(argc); }\n";
	test_write("x.c", source, strlen(source));
}

/* Each way to make an ELF file, with what `class` says in readelf's words. */
static const struct {
	const char *command, *class, *order, *needs;
} kinds[] = {
    {"gcc -O0 -Wl,--build-id -o x.elf x.c", "ELF64", "little", "gcc"},
    {"gcc -O0 -shared -fPIC -o x.elf x.c", "ELF64", "little", "gcc"},
    {"gcc -O0 -c -o x.elf x.c", "ELF64", "little", "gcc"},
    {"gcc -O0 -m32 -ffunction-sections -c -o x.elf x.c", "ELF32", "little", "gcc"},
    {"objcopy -I binary -O elf32-big x.c x.elf", "ELF32", "big", "objcopy"},
    {"objcopy -I binary -O elf64-big x.c x.elf", "ELF64", "big", "objcopy"},
    {"clang --target=mips-linux-gnu -c -o x.elf x.c", "ELF32", "big", "clang"},
    {"clang --target=powerpc64-linux-gnu -c -o x.elf x.c", "ELF64", "big", "clang"},
};

/* Every section that readelf lists has its name at its offset in our map. */
static unsigned
check_sections(const struct map *map)
{
	test_shell("readelf -SW x.elf | sed -n 's/^ *\\[ *[1-9][0-9]*\\] //p' | "
		   "awk '$2 != \"NOBITS\" { print $1, $4, $5 }' >sections");
	struct buf listing = test_file("sections");
	unsigned count = 0;
	for (char *line = listing.data; *line != '\0';) {
		char name[128];
		uintmax_t offset, size;
		int read = 0;
		ck_assert_int_eq(
		    sscanf(line, "%127s %jx %jx\n%n", name, &offset, &size, &read), 3);
		line += read;
		if (size == 0)
			continue;
		const struct extent *first = map_find(map, offset);
		const struct extent *last = map_find(map, offset + size - 1);
		ck_assert_str_eq(first->name, name);
		ck_assert_uint_eq(first->offset, offset);
		ck_assert_uint_eq(first->base, offset);
		ck_assert_str_eq(last->name, name);
		ck_assert_uint_eq(last->offset + last->length, offset + size);
		count++;
	}
	buf_free(&listing);
	return count;
}

START_TEST(map_agrees_with_readelf)
{
	if (!test_have(kinds[_i].needs))
		TEST_SKIP("needs clang");
	make_source();
	test_shell("%s", kinds[_i].command);
	test_shell("readelf -h x.elf | grep -q '%s' && readelf -h x.elf | grep -q '%s "
		   "endian'",
		   kinds[_i].class, kinds[_i].order);
	ck_assert_str_eq(probe_name("x.elf"), "elf");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_elf, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	ck_assert_uint_ge(check_sections(map), 4);
	ck_assert_int_eq(map_extent(map, "ELF header")->tag, EXTENT_METADATA);
	map_extent(map, "section headers");
	if (map_has(map, ".note.gnu.build-id"))
		ck_assert_int_eq(map_extent(map, ".note.gnu.build-id")->tag,
				 EXTENT_DERIVED);
	map_free(map);
	buf_free(&file);
}
END_TEST

/* The file offset of a symbol by nm and readelf, and what our map says there. */
static void
check_symbol(const struct map *map, const char *symbol, const char *section)
{
	test_shell("nm -S x.elf | awk '$4 == \"%s\" { print $1, $2 }' >symbol; "
		   "readelf -SW x.elf | sed -n 's/^ *\\[ *[1-9][0-9]*\\] //p' | "
		   "awk '$1 == \"%s\" { print $3, $4 }' >section",
		   symbol, section);
	struct buf symbol_text = test_file("symbol"),
		   section_text = test_file("section");
	uintmax_t value, size, address, offset;
	ck_assert_int_eq(sscanf(symbol_text.data, "%jx %jx", &value, &size), 2);
	ck_assert_int_eq(sscanf(section_text.data, "%jx %jx", &address, &offset), 2);
	const struct extent *extent = map_find(map, value - address + offset + 1);
	ck_assert_str_eq(extent->name, section);
	ck_assert_ptr_nonnull(extent->detail);
	ck_assert_str_eq(extent->detail, symbol);
	ck_assert_uint_eq(extent->length, size);
	char *expected =
	    base_format("%s+0x%jx (%s+0x1)", section, value - address + 1, symbol);
	struct buf place = {0};
	map_place(map, value - address + offset + 1, &place);
	ck_assert_str_eq(place.data, expected);
	free(expected);
	buf_free(&place);
	buf_free(&symbol_text);
	buf_free(&section_text);
}

START_TEST(symbols_agree_with_nm)
{
	make_source();
	test_shell("%s", kinds[_i].command);
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	check_symbol(map, "twice", ".text");
	check_symbol(map, "helper", ".text");
	check_symbol(map, "table", ".data");
	map_free(map);
	if (_i == 2) {
		buf_free(&file);
		return;
	}
	/* Stripped: the exported ones are known still. */
	test_shell("cp x.elf full.elf; strip x.elf");
	struct buf stripped = test_file("x.elf");
	view = view_of_buf(&stripped);
	map = format_map(&format_elf, &view, NULL);
	test_shell("mv full.elf x.elf");
	if (_i == 1)
		check_symbol(map, "helper", ".text");
	map_check(map, stripped.size);
	map_free(map);
	buf_free(&stripped);
	buf_free(&file);
}
END_TEST

START_TEST(files_without_sections_are_named_by_segments)
{
	make_source();
	test_shell("gcc -o x.elf x.c");
	struct buf file = test_file("x.elf");
	/* e_shoff, e_shnum, e_shstrndx of the 64-bit header. */
	memset(file.data + 40, 0, 8);
	memset(file.data + 60, 0, 4);
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_elf, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	bool load = false, interpreter = false;
	for (size_t i = 0; i < map->count; i++) {
		load |= strstr(map->extents[i].name, "(LOAD)") != NULL;
		interpreter |= strstr(map->extents[i].name, "(INTERP)") != NULL;
	}
	ck_assert(load && interpreter);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(bytes_behind_the_sections_are_named)
{
	make_source();
	test_shell("gcc -c -o x.elf x.c && echo '~Module signature appended~' >>x.elf");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	const struct extent *last = &map->extents[map->count - 1];
	ck_assert_str_eq(last->name, "after the last section");
	ck_assert_uint_eq(last->length, 28);
	ck_assert_int_eq(last->tag, EXTENT_CONTENT);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(many_symbols_take_no_time)
{
	test_shell(
	    "awk 'BEGIN { print \".text\"; for (i = 0; i < 60000; i++) "
	    "printf \"f%%d: nop; .type f%%d, @function; .size f%%d, 1\\n\", i, i, i "
	    "}' >x.s && gcc -c -o x.elf x.s");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	double start = time_elapsed();
	struct map *map = format_map(&format_elf, &view, NULL);
	ck_assert_double_lt(time_elapsed() - start, 2.0);
	ck_assert_uint_gt(map->count, 60000);
	map_check(map, file.size);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(broken_tables_are_errors)
{
	make_source();
	test_shell("gcc -o x.elf x.c");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct err trouble;
	file.data[46] = 0x7f; /* e_shoff far outside */
	struct map *map = format_map(&format_elf, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(trouble.message, "section headers"));
	map_check(map, file.size);
	map_free(map);
	file.data[38] = 0x7f; /* e_phoff too */
	map = format_map(&format_elf, &view, &trouble);
	ck_assert_ptr_nonnull(strstr(trouble.message, "program headers"));
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	make_source();
	test_shell("%s", kinds[_i].command);
	struct buf file = test_file("x.elf");
	format_survives_damage(&format_elf, &file, 61, 256);
	buf_free(&file);
}
END_TEST

Suite *format_elf_suite(void);

Suite *
format_elf_suite(void)
{
	Suite *suite = suite_create("format_elf");
	TCase *tcase = tcase_create("elf");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, map_agrees_with_readelf, 0, (int)ARRAY_COUNT(kinds));
	tcase_add_loop_test(tcase, symbols_agree_with_nm, 0, 3);
	tcase_add_test(tcase, files_without_sections_are_named_by_segments);
	tcase_add_test(tcase, bytes_behind_the_sections_are_named);
	tcase_add_test(tcase, many_symbols_take_no_time);
	tcase_add_test(tcase, broken_tables_are_errors);
	tcase_add_loop_test(tcase, damaged_files_are_survived, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
