/* format: Mach-O files made by clang and lld, against llvm-readobj and others. */
#include "format_sink.h"

#include <stdio.h>

/* Each way to make one. The last is big-endian, which clang no longer makes. */
static const struct {
	const char *needs, *command;
} kinds[] = {
    {"clang", "clang -target x86_64-apple-macos11 -O0 -c x.c -o x.o"},
    {"clang", "clang -target arm64-apple-macos11 -g -O0 -c x.c -o x.o"},
    {"clang", "clang -target i386-apple-macos10.6 -O0 -c x.c -o x.o"},
    {"clang", "clang -target armv7-apple-ios -O0 -c x.c -o x.o"},
    {"ld64.lld-14", "clang -target arm64-apple-macos11 -O0 -c x.c -o y.o && "
		    "ld64.lld-14 -arch arm64 -platform_version macos 11 11 -dylib "
		    "y.o -o x.o"},
    {"yaml2obj-14", "yaml2obj-14 x.yaml -o x.o"},
};

enum {
	KIND_SIGNED = 4, /* lld signs what it links for arm64 */
	KIND_BIG = 5,
};

static void
make_sources(void)
{
	static const char source[] = "int table[50] = {1};\n"
				     "static int twice(int x)\n"
				     "{ return 2 * x + table[x]; }\n"
				     "int helper(int x) { return twice(x) + 1; }\n"
				     "int main(int argc, char **argv)\n"
				     "{ return helper(argc); }\n";
	static const char big[] =
	    "--- !mach-o\nIsLittleEndian: false\nFileHeader:\n"
	    "  magic: 0xFEEDFACE\n  cputype: 18\n  cpusubtype: 0\n  filetype: 1\n"
	    "  ncmds: 1\n  sizeofcmds: 124\n  flags: 0\nLoadCommands:\n"
	    "  - cmd: LC_SEGMENT\n    cmdsize: 124\n    segname: ''\n    vmaddr: 0\n"
	    "    vmsize: 8\n    fileoff: 152\n    filesize: 8\n    maxprot: 7\n"
	    "    initprot: 7\n    nsects: 1\n    flags: 0\n    Sections:\n"
	    "      - sectname: __text\n        segname: __TEXT\n        addr: 0\n"
	    "        size: 8\n        offset: 152\n        align: 2\n"
	    "        reloff: 0\n        nreloc: 0\n        flags: 0x80000400\n"
	    "        reserved1: 0\n        reserved2: 0\n        reserved3: 0\n"
	    "        content: '386000004E800020'\n...\n";
	test_write("x.c", source, strlen(source));
	test_write("x.yaml", big, strlen(big));
}

/* Make x.o; false, with a reason, when its program is not there. */
static bool
make(int kind)
{
	make_sources();
	if (!test_have("clang") || !test_have("llvm-readobj") ||
	    !test_have(kinds[kind].needs)) {
		char *reason = base_format("needs clang, llvm-readobj and %s",
					   kinds[kind].needs);
		test_skip("Mach-O files", reason);
		free(reason);
		return false;
	}
	test_shell("%s", kinds[kind].command);
	return true;
}

START_TEST(sections_agree_with_readobj)
{
	if (!make(_i))
		return;
	ck_assert_str_eq(probe_name("x.o"), "macho");
	test_shell("llvm-readobj --sections x.o | awk '/^ *Name:/ { n = $2 } "
		   "/^ *Segment:/ { s = $2 } /^ *Size:/ { z = $2 } /^ *Offset:/ "
		   "{ if ($2 > 0) print s \",\" n, $2, z }' >sections");
	struct buf file = test_file("x.o"), listing = test_file("sections");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_macho, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	unsigned count = 0;
	for (char *line = listing.data; *line != '\0';) {
		char name[64];
		uintmax_t offset, size;
		int read = 0;
		ck_assert_int_eq(
		    sscanf(line, "%63s %ju %jx\n%n", name, &offset, &size, &read), 3);
		line += read;
		if (size == 0)
			continue;
		const struct extent *first = map_find(map, offset);
		const struct extent *last = map_find(map, offset + size - 1);
		ck_assert_str_eq(first->name, name);
		ck_assert_uint_eq(first->offset, offset);
		ck_assert_str_eq(last->name, name);
		ck_assert_uint_eq(last->offset + last->length, offset + size);
		count++;
	}
	ck_assert_uint_ge(count, _i == KIND_BIG ? 1 : 2);
	ck_assert_int_eq(map_extent(map, "Mach-O header")->tag, EXTENT_METADATA);
	map_free(map);
	buf_free(&listing);
	buf_free(&file);
}
END_TEST

/* A symbol is where llvm-nm and the section's address and offset put it. */
START_TEST(symbols_agree_with_nm)
{
	if (!make(_i))
		return;
	test_shell("llvm-nm x.o | awk '$3 == \"_helper\" { print $1 }' >value; "
		   "llvm-readobj --sections x.o | awk '/^ *Name: __text/ { t = 1 } "
		   "t && /^ *Address:/ { a = $2 } t && /^ *Offset:/ { print a, $2; "
		   "exit }' >text");
	struct buf value_text = test_file("value"), place = test_file("text");
	uintmax_t value, address, offset;
	ck_assert_int_eq(sscanf(value_text.data, "%jx", &value), 1);
	ck_assert_int_eq(sscanf(place.data, "%jx %ju", &address, &offset), 2);
	struct buf file = test_file("x.o");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_macho, &view, NULL);
	const struct extent *extent = map_find(map, value - address + offset + 1);
	ck_assert_uint_eq(extent->offset, value - address + offset);
	ck_assert_str_eq(extent->name, "__TEXT,__text");
	ck_assert_ptr_nonnull(extent->detail);
	ck_assert_str_eq(extent->detail, "_helper");
	map_free(map);
	buf_free(&file);
	buf_free(&place);
	buf_free(&value_text);
}
END_TEST

/* The tag of the signature's bytes in the file, and whether the map failed. */
static enum extent_tag
signature_tag(const struct buf *file, bool *failed)
{
	struct view view = view_of_buf(file);
	struct err trouble;
	struct map *map = format_map(&format_macho, &view, &trouble);
	map_check(map, file->size);
	enum extent_tag tag = map_extent(map, "code signature")->tag;
	ck_assert_int_eq(map_extent(map, "LC_CODE_SIGNATURE")->tag,
			 tag == EXTENT_SIGNATURE ? tag : EXTENT_METADATA);
	*failed = trouble.kind != ERR_NONE;
	map_free(map);
	return tag;
}

START_TEST(signature_is_last_and_sound)
{
	if (!make(KIND_SIGNED))
		return;
	test_shell("llvm-objdump --macho --private-headers x.o | awk "
		   "'/LC_CODE_SIGNATURE/ { s = 1 } s && /dataoff/ { o = $2 } s && "
		   "/datasize/ { print o, $2 } /cmd LC_UUID/ { u = 1 } ' >signature");
	struct buf file = test_file("x.o"), text = test_file("signature");
	uintmax_t offset, size;
	bool failed;
	ck_assert_int_eq(sscanf(text.data, "%ju %ju", &offset, &size), 2);
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_macho, &view, NULL);
	const struct extent *extent = map_extent(map, "code signature");
	ck_assert_uint_eq(extent->offset, offset);
	ck_assert_uint_eq(extent->length, size);
	ck_assert_uint_eq(map_extent(map, "LC_UUID")->length, 24);
	map_extent(map, "LC_BUILD_VERSION");
	map_extent(map, "string table");
	map_free(map);
	ck_assert_int_eq(signature_tag(&file, &failed), EXTENT_SIGNATURE);
	ck_assert(!failed);
	/* Not a superblob; a blob longer than it; a hidden byte behind it. */
	static const size_t places[] = {0, 8, 16};
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		char *byte = &file.data[offset + places[i]], before = *byte;
		*byte = 0x7f;
		ck_assert_int_eq(signature_tag(&file, &failed), EXTENT_CONTENT);
		ck_assert(failed);
		*byte = before;
	}
	/* Bytes behind it. */
	buf_append(&file, "x", 1);
	ck_assert_int_eq(signature_tag(&file, &failed), EXTENT_CONTENT);
	ck_assert(failed);
	buf_free(&text);
	buf_free(&file);
}
END_TEST

START_TEST(broken_commands_are_errors)
{
	if (!make(KIND_BIG))
		return;
	static const struct {
		size_t offset;
		const char *message;
	} changes[] = {
	    {20, "cut off"},            /* sizeofcmds */
	    {28 + 4, "load command 0"}, /* cmdsize */
	    {28 + 48, "has no room"},   /* nsects */
	    {16, "load command 1"},     /* ncmds */
	};
	struct buf file = test_file("x.o");
	struct view view = view_of_buf(&file);
	for (size_t i = 0; i < ARRAY_COUNT(changes); i++) {
		struct err trouble;
		file.data[changes[i].offset] ^= 0x70;
		struct map *map = format_map(&format_macho, &view, &trouble);
		ck_assert_int_eq(trouble.kind, ERR_INPUT);
		ck_assert_ptr_nonnull(strstr(trouble.message, changes[i].message));
		map_check(map, file.size);
		map_free(map);
		file.data[changes[i].offset] ^= 0x70;
	}
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make(_i))
		return;
	struct buf file = test_file("x.o");
	size_t step = file.size > 8000 ? 997 : 7;
	format_survives_damage(&format_macho, &file, step, 700);
	buf_free(&file);
}
END_TEST

Suite *format_macho_suite(void);

Suite *
format_macho_suite(void)
{
	Suite *suite = suite_create("format_macho");
	TCase *tcase = tcase_create("macho");
	int count = (int)ARRAY_COUNT(kinds);
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, sections_agree_with_readobj, 0, count);
	tcase_add_loop_test(tcase, symbols_agree_with_nm, 0, KIND_BIG);
	tcase_add_test(tcase, signature_is_last_and_sound);
	tcase_add_test(tcase, broken_commands_are_errors);
	tcase_add_loop_test(tcase, damaged_files_are_survived, 0, count);
	suite_add_tcase(suite, tcase);
	return suite;
}
