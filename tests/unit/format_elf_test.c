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
				 EXTENT_METADATA);
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

/* What our map says at an offset. */
static void
check_place(const struct map *map, uint64_t offset, const char *expected)
{
	struct buf place = {0};
	map_place(map, offset, &place);
	ck_assert_str_eq(place.data, expected);
	buf_free(&place);
}

/* The offset of a section of x.elf by readelf. */
static uintmax_t
section_offset(const char *section)
{
	uintmax_t offset;
	test_shell("readelf -SW x.elf | sed -n 's/^ *\\[ *[1-9][0-9]*\\] //p' | "
		   "awk '$1 == \"%s\" { print $4 }' >section",
		   section);
	struct buf text = test_file("section");
	ck_assert_int_eq(sscanf(text.data, "%jx", &offset), 1);
	buf_free(&text);
	return offset;
}

/* Every entry of .dynamic has the tag that readelf -d gives it; every relocation
 * and symbol its number there. */
START_TEST(tables_agree_with_readelf)
{
	make_source();
	test_shell("%s", kinds[_i].command);
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	test_shell("readelf -dW x.elf | sed -n 's/^ *0x[0-9a-f]* (\\([A-Z_0-9]*\\)).*/"
		   "DT_\\1/p' >tags");
	struct buf tags = test_file("tags");
	uint64_t at = section_offset(".dynamic"), start = at;
	for (char *line = tags.data, *end; (end = strchr(line, '\n')) != NULL;
	     line = end + 1, at += 16) {
		char *place = base_format(".dynamic+0x%jx (%.*s d_un)",
					  (uintmax_t)(at + 8 - start),
					  (int)(end - line), line);
		check_place(map, at + 8, place);
		free(place);
	}
	ck_assert_uint_gt(at, start + 10 * 16);
	at = section_offset(".rela.dyn");
	check_place(map, at, ".rela.dyn (relocation 0 r_offset)");
	check_place(map, at + 2 * 24 + 17, ".rela.dyn+0x41 (relocation 2 r_addend)");
	at = section_offset(".symtab");
	check_place(map, at + 3 * 24 + 4, ".symtab+0x4c (symbol 3 st_info)");
	map_free(map);
	buf_free(&tags);
	buf_free(&file);
}
END_TEST

START_TEST(header_fields_have_their_names)
{
	make_source();
	test_shell("%s", kinds[_i].command);
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uintmax_t headers, index, count;
	test_shell("readelf -hW x.elf | sed -n 's/.*Start of section headers: *"
		   "\\([0-9]*\\) .*/\\1/p' >value; readelf -SW x.elf | "
		   "sed -n 's/^ *\\[ *\\([1-9][0-9]*\\)\\] .text.*/\\1/p' >>value; "
		   "readelf -lW x.elf | grep -c ' LOAD ' >>value || true");
	struct buf value = test_file("value");
	ck_assert_int_eq(sscanf(value.data, "%ju %ju %ju", &headers, &index, &count),
			 3);
	bool wide = strcmp(kinds[_i].class, "ELF64") == 0;
	check_place(map, wide ? 40 : 32,
		    wide ? "ELF header+0x28 (e_shoff)" : "ELF header+0x20 (e_shoff)");
	/* sh_offset is the fifth of ten fields, the first two of which have 4 bytes. */
	uintmax_t entry = wide ? 64 : 40, field = wide ? 24 : 16;
	char *place = base_format("section headers+0x%jx (.text sh_offset)",
				  index * entry + field);
	check_place(map, headers + index * entry + field, place);
	free(place);
	for (size_t i = 0; i < map->count; i++)
		count -= strcmp(map->extents[i].name, "program headers") == 0 &&
			 strstr(map->extents[i].detail, " LOAD") != NULL;
	ck_assert_uint_eq(count, 0);
	map_free(map);
	buf_free(&value);
	buf_free(&file);
}
END_TEST

START_TEST(notes_agree_with_readelf)
{
	make_source();
	test_shell("gcc -Wl,--build-id -fcf-protection -o x.elf x.c && readelf -nW x.elf | "
		   "sed -n 's/.*Build ID: //p' >id");
	struct buf file = test_file("x.elf"), id = test_file("id");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uint64_t at = section_offset(".note.gnu.build-id");
	char hex[41];
	hex_encode(file.data + at + 16, 20, hex);
	ck_assert_int_eq(strncmp(hex, id.data, 40), 0);
	check_place(map, at, ".note.gnu.build-id (GNU NT_GNU_BUILD_ID header)");
	check_place(map, at + 17, ".note.gnu.build-id+0x11 (GNU NT_GNU_BUILD_ID+0x1)");
	ck_assert_int_eq(map_find(map, at)->tag, EXTENT_METADATA);
	ck_assert_int_eq(map_find(map, at + 16)->tag, EXTENT_DERIVED);
	ck_assert_uint_eq(map_find(map, at + 16)->length, 20);
	at = section_offset(".note.ABI-tag");
	check_place(map, at + 16, ".note.ABI-tag+0x10 (GNU NT_GNU_ABI_TAG)");
	ck_assert_int_eq(map_find(map, at + 16)->tag, EXTENT_CONTENT);
	at = section_offset(".note.gnu.property");
	check_place(map, at + 16, ".note.gnu.property+0x10 (GNU NT_GNU_PROPERTY_TYPE_0)");
	map_free(map);
	/* Without section headers the segment that holds them names them. */
	memset(file.data + 40, 0, 8);
	memset(file.data + 60, 0, 4);
	map = format_map(&format_elf, &view, NULL);
	at = section_offset(".note.gnu.build-id");
	struct buf place = {0};
	map_place(map, at + 16, &place);
	ck_assert_ptr_nonnull(strstr(place.data, "(NOTE)"));
	ck_assert_ptr_nonnull(strstr(place.data, "(GNU NT_GNU_BUILD_ID)"));
	map_free(map);
	buf_free(&place);
	buf_free(&id);
	buf_free(&file);
}
END_TEST

START_TEST(notes_of_other_owners_are_named)
{
	test_shell("printf '.section .note.x,\"a\",@note\\n.long 3, 5, 4\\n.asciz \"Go\"\\n"
		   ".balign 4\\n.ascii \"abcde\"\\n.balign 4\\n"
		   ".long 5, 4, 7\\n.asciz \"Evil\"\\n.balign 4\\n.long 9\\n' >x.s && "
		   "gcc -c -o x.elf x.s");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uint64_t at = section_offset(".note.x");
	check_place(map, at + 17, ".note.x+0x11 (Go build id+0x1)");
	check_place(map, at + 24, ".note.x+0x18 (Evil type 0x7 header)");
	check_place(map, at + 44, ".note.x+0x2c (Evil type 0x7)");
	map_free(map);
	buf_free(&file);
}
END_TEST

/* The parts of .gnu_debuglink, and that the CRC is the one that zlib makes. */
START_TEST(debug_links_have_parts)
{
	make_source();
	test_shell("gcc -g -o full x.c && objcopy --only-keep-debug full my.debug && "
		   "objcopy -g --add-gnu-debuglink=my.debug full x.elf && "
		   "gzip -c my.debug | tail -c 8 | head -c 4 >crc");
	struct buf file = test_file("x.elf"), crc = test_file("crc");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uint64_t at = section_offset(".gnu_debuglink");
	ck_assert_int_eq(memcmp(file.data + at, "my.debug\0\0\0\0", 12), 0);
	check_place(map, at, ".gnu_debuglink (name of the debug file)");
	check_place(map, at + 10, ".gnu_debuglink+0xa (padding+0x1)");
	check_place(map, at + 12, ".gnu_debuglink+0xc (CRC of the debug file)");
	ck_assert_int_eq(map_find(map, at)->tag, EXTENT_CONTENT);
	ck_assert_int_eq(map_find(map, at + 10)->tag, EXTENT_PADDING);
	ck_assert_int_eq(map_find(map, at + 12)->tag, EXTENT_DERIVED);
	ck_assert_uint_eq(map_find(map, at + 12)->length, crc.size);
	ck_assert_int_eq(memcmp(file.data + at + 12, crc.data, crc.size), 0);
	map_free(map);
	/* Padding that is not empty says something. */
	file.data[at + 10] = 'x';
	map = format_map(&format_elf, &view, NULL);
	ck_assert_int_eq(map_find(map, at + 10)->tag, EXTENT_CONTENT);
	map_free(map);
	buf_free(&crc);
	buf_free(&file);
}
END_TEST

START_TEST(strings_are_quoted)
{
	test_shell("printf '#include <stdio.h>\\nint main(void)"
		   "{ puts(\"built in /build/hello\"); return 0; }\\n' >x.c && "
		   "gcc -g -o x.elf x.c");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uint64_t at, start = section_offset(".rodata");
	ck_assert_int_eq(view_find(&view, 0, "/build/hello", 12, &at), 0);
	char *place = base_format(".rodata+0x%jx (\"built in /build/hello\")",
				  (uintmax_t)(at - start));
	check_place(map, at, place);
	free(place);
	start = section_offset(".debug_str");
	ck_assert_int_eq(view_find(&view, start, "GNU C17", 7, &at), 0);
	struct buf text = {0};
	map_place(map, at + 2, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "(\"GNU C17 "));
	map_free(map);
	buf_free(&text);
	buf_free(&file);
}
END_TEST

START_TEST(compressed_sections_have_headers)
{
	make_source();
	test_shell("gcc -g -gz=zlib -o x.elf x.c && "
		   "readelf -tW x.elf | grep -A3 debug_info | grep -q ZLIB");
	struct buf file = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_elf, &view, NULL);
	uint64_t at = section_offset(".debug_info");
	check_place(map, at + 8, ".debug_info+0x8 (compression header ch_size)");
	check_place(map, at + 24, ".debug_info+0x18 (zlib data)");
	/* What readelf takes for compressed is (RFC 1950, 2.2: CMF, FLG). */
	ck_assert_int_eq(file.data[at + 24] & 0x0f, 8);
	map_free(map);
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
	/* Every byte of the smallest one: notes, a debug link, compressed data. */
	if (_i == 2) {
		buf_free(&file);
		test_shell("gcc -c -g -gz=zlib -o x.elf x.c && echo x >d && "
			   "objcopy --add-gnu-debuglink=d x.elf");
		file = test_file("x.elf");
		format_survives_damage(&format_elf, &file, 1, 64);
	}
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
	tcase_add_loop_test(tcase, tables_agree_with_readelf, 0, 2);
	tcase_add_loop_test(tcase, header_fields_have_their_names, 0, 3);
	tcase_add_test(tcase, notes_agree_with_readelf);
	tcase_add_test(tcase, notes_of_other_owners_are_named);
	tcase_add_test(tcase, debug_links_have_parts);
	tcase_add_test(tcase, strings_are_quoted);
	tcase_add_test(tcase, compressed_sections_have_headers);
	tcase_add_test(tcase, files_without_sections_are_named_by_segments);
	tcase_add_test(tcase, bytes_behind_the_sections_are_named);
	tcase_add_test(tcase, many_symbols_take_no_time);
	tcase_add_test(tcase, broken_tables_are_errors);
	tcase_add_loop_test(tcase, damaged_files_are_survived, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
