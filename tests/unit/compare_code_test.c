/* Places in code: the instructions that differ, against objdump's; the bytes around a
 * difference, and the regions of a file, against the file itself. */
#include "compare_case.h"

/* A program that tells its year, built twice as `shipped` and `rebuilt`. */
static void
make_years(const char *compiler, const char *flags, const char *link)
{
	static const char source[] =
	    "int seen;\n"
	    "#ifdef DEEP\n"
	    "int deep(int *a, int b) { for (int i = 0; i < b; i++) a[i] = a[i] * 31 + "
	    "a[b - i] / 7 + (i % 5) * a[i + 1] - (a[i] ^ b) + seen; return a[b]; }\n"
	    "#endif\n"
	    "__attribute__((noinline)) int year(void) { return seen + YEAR; }\n"
	    "__attribute__((noinline)) int other(int a) { return a * 17 + seen; }\n"
	    "int start(int a) { return year() + other(a); }\n";
	test_write("y.c", source, strlen(source));
	test_shell("%s -O1 -ffreestanding -fno-pic %s -DYEAR=2022 -c -o s.o y.c && "
		   "%s -O1 -ffreestanding -fno-pic %s -DYEAR=2026 -c -o r.o y.c && "
		   "%s -o shipped s.o && %s -o rebuilt r.o",
		   compiler, flags, compiler, flags, link, link);
}

/* Text without blanks, in lower case: objdump and Capstone differ in blanks only. */
static char *
squeezed(const char *text)
{
	struct buf out = {0};
	for (; *text != '\0'; text++) {
		char c = *text >= 'A' && *text <= 'Z' ? (char)(*text + 32) : *text;
		if (c != ' ' && c != '\t' && c != '\n')
			buf_append(&out, &c, 1);
	}
	buf_append(&out, "", 0);
	return buf_take(&out);
}

/* The instruction of objdump's with these words, or those words themselves. */
static void
check_instruction(const json_t *instruction, const char *file)
{
	char *text = squeezed(object_text(instruction, "text"));
	struct buf listing = test_file(file);
	char *all = squeezed(listing.data);
	char *bytes_and_text =
	    base_format("%s%s", object_text(instruction, "bytes"), text);
	ck_assert_msg(strstr(all, bytes_and_text) != NULL, "%s not in objdump's %s",
		      bytes_and_text, all);
	free(bytes_and_text);
	free(all);
	free(text);
	buf_free(&listing);
}

static const json_t *
differing(const json_t *difference, const char *side, size_t *count)
{
	size_t i;
	const json_t *each, *found = NULL;
	*count = 0;
	json_array_foreach(json_object_get(json_object_get(difference, "code"), side),
			   i, each)
	{
		if (!json_is_true(json_object_get(each, "differs")))
			continue;
		found = each;
		++*count;
	}
	return found;
}

static const struct {
	const char *compiler, *flags, *link, *objdump, *after;
	const char *architecture, *alignment, *place;
} programs[] = {
    /* with symbols, stripped with unwind tables, stripped without */
    {"gcc", "", "ld -e start", "objdump -M intel", NULL, "x86-64", "known",
     ".text+0x7 (year+0x7): "},
    {"gcc", "-fasynchronous-unwind-tables", "ld -e start --eh-frame-hdr",
     "objdump -M intel", "strip", "x86-64", "known", ".text+0x7: "},
    {"gcc", "-fno-asynchronous-unwind-tables", "ld -e start", "objdump -M intel",
     "strip", "x86-64", "likely", ".text+0x"},
    {"gcc", "-fno-asynchronous-unwind-tables -DDEEP", "ld -e start", "objdump -M intel",
     "strip", "x86-64", "likely", ".text+0x"},
    {"gcc -m32", "-fcf-protection=none", "ld -m elf_i386 -e start", "objdump -M intel",
     NULL, "x86", "known", "(year+0x"},
    {"aarch64-linux-gnu-gcc", "", "aarch64-linux-gnu-ld -e start",
     "aarch64-linux-gnu-objdump", "aarch64-linux-gnu-strip", "AArch64", "known",
     ".text+0x"},
    {"x86_64-w64-mingw32-gcc", "",
     "x86_64-w64-mingw32-ld -e start --no-insert-timestamp", "objdump -M intel", NULL,
     "x86-64", "known", "(year+0x"},
    {"x86_64-w64-mingw32-gcc", "",
     "x86_64-w64-mingw32-ld -e start --no-insert-timestamp", "objdump -M intel",
     "x86_64-w64-mingw32-strip", "x86-64", "known", ".text+0x"},
};

static bool
have_first_word(const char *command)
{
	char *word = base_strndup(command, strcspn(command, " "));
	bool have = test_have(word);
	free(word);
	return have;
}

START_TEST(one_operand)
{
	struct compare_case one;
	if (!have_first_word(programs[_i].compiler))
		TEST_SKIP("no such compiler");
	make_years(programs[_i].compiler, programs[_i].flags, programs[_i].link);
	if (programs[_i].after != NULL)
		test_shell("%s shipped; %s rebuilt", programs[_i].after,
			   programs[_i].after);
	for (size_t side = 0; side < 2; side++)
		test_shell(
		    "%s -d --insn-width=16 %s | cut -f2- | sed -e 's/ *[#<;].*//' "
		    "-e 's, //.*,,' >%s.dis",
		    programs[_i].objdump, side ? "rebuilt" : "shipped",
		    side ? "rebuilt" : "shipped");
	case_compare(&one, "shipped", "rebuilt");
	json_t *entry = case_entry(&one, "shipped");
	json_t *difference = entry_difference(entry, programs[_i].place);
	const json_t *code = json_object_get(difference, "code");
	ck_assert_str_eq(object_text(code, "architecture"), programs[_i].architecture);
	ck_assert_str_eq(object_text(code, "alignment"), programs[_i].alignment);
	bool likely = strcmp(programs[_i].alignment, "likely") == 0;
	ck_assert_int_eq(strstr(object_text(difference, "place"), ": likely ") != NULL,
			 likely);
	static const char *const sides[] = {"shipped", "rebuilt"};
	char *place = squeezed(object_text(difference, "place"));
	for (size_t i = 0; i < 2; i++) {
		size_t count;
		const json_t *instruction = differing(difference, sides[i], &count);
		ck_assert_uint_eq(count, 1);
		char *text = squeezed(object_text(instruction, "text"));
		ck_assert_ptr_nonnull(strstr(text, i ? "0x7ea" : "0x7e6"));
		ck_assert_ptr_nonnull(strstr(place, text));
		free(text);
		char *listing = base_format("%s.dis", sides[i]);
		if (strcmp(programs[_i].architecture, "AArch64") != 0)
			check_instruction(instruction, listing);
		free(listing);
	}
	free(place);
	case_close(&one);
}
END_TEST

/* Everything around the change is an instruction of objdump's as well, and they follow
 * each other. */
START_TEST(instructions_around)
{
	struct compare_case one;
	make_years("gcc", "", "ld -e start");
	test_shell("objdump -M intel -d --insn-width=16 shipped | cut -f2- | "
		   "sed 's/ *[#<].*//' >shipped.dis");
	case_compare(&one, "shipped", "rebuilt");
	json_t *difference = entry_difference(case_entry(&one, "shipped"), "(year+");
	const json_t *code = json_object_get(difference, "code"), *each;
	long long at = -1;
	size_t i;
	ck_assert_uint_ge(json_array_size(json_object_get(code, "shipped")), 3);
	json_array_foreach(json_object_get(code, "shipped"), i, each)
	{
		/* a branch's target has a name behind it there, which the sed cut */
		if (strncmp(object_text(each, "text"), "call", 4) != 0)
			check_instruction(each, "shipped.dis");
		long long offset = object_number(each, "offset");
		ck_assert(at == -1 || at == offset);
		at = offset + (long long)strlen(object_text(each, "bytes")) / 2;
	}
	case_close(&one);
}
END_TEST

/* A stripped program shows where its main is, as nm said before. */
START_TEST(main_of_a_stripped_program)
{
	static const char *const flags[] = {"", "-no-pie -fno-pic"};
	static const char source[] =
	    "#include <stdio.h>\n"
	    "int twice(int a) { return 2 * a; }\n"
	    "int main(int c, char **v) { return printf(\"%d\", twice(c)); }\n";
	test_write("m.c", source, strlen(source));
	test_shell(
	    "gcc -O1 %s -o m m.c && nm m | awk '$3 == \"main\" {print \"0x\" $1}' "
	    ">main && readelf -lW m | awk '$1 == \"LOAD\" && / R E / {print $2, "
	    "$3}' >segment && strip m",
	    flags[_i]);
	struct buf main_text = test_file("main"), segment = test_file("segment");
	struct buf file = test_file("m");
	char *rest;
	uint64_t offset = strtoull(segment.data, &rest, 16);
	offset += strtoull(main_text.data, NULL, 16) - strtoull(rest, NULL, 16);
	struct view view = view_of_buf(&file);
	struct map *map = format_map(format_by_name("elf"), &view, NULL);
	struct buf place = {0};
	map_place(map, offset, &place);
	ck_assert_msg(strstr(place.data, "(main)") != NULL, "%s at %ju", place.data,
		      (uintmax_t)offset);
	map_free(map);
	buf_free(&place);
	buf_free(&file);
	buf_free(&segment);
	buf_free(&main_text);
}
END_TEST

/* What is no code has none. */
START_TEST(data_is_not_decoded)
{
	struct compare_case one;
	case_make_program();
	test_shell("sed 's/%%d/%%i/' x.c >z.c && gcc -O1 -o z z.c");
	case_compare(&one, "x", "z");
	json_t *difference = entry_difference(case_entry(&one, "x"), ".rodata+0x");
	ck_assert_ptr_null(json_object_get(difference, "code"));
	ck_assert_ptr_nonnull(json_object_get(difference, "context"));
	case_close(&one);
}
END_TEST

static void
check_context(const json_t *difference, const char *side, const char *file)
{
	char *offset_key = base_format("%s_offset", side);
	const json_t *context =
	    json_object_get(json_object_get(difference, "context"), side);
	long long offset = object_number(context, "offset");
	long long place = object_number(difference, offset_key);
	const char *hex = object_text(context, "hex");
	ck_assert_int_ge(offset, 0);
	ck_assert_int_le(offset, place);
	ck_assert_int_ge(offset, place - 16);
	ck_assert_int_eq(offset % 16, 0);
	ck_assert_uint_le(strlen(hex), (size_t)2 * (16 + 64 + 16));
	test_shell(
	    "tail -c +%lld %s | head -c %zu | od -An -v -tx1 | tr -d ' \\n' >hex",
	    offset + 1, file, strlen(hex) / 2);
	struct buf expected = test_file("hex");
	ck_assert_str_eq(hex, expected.data);
	buf_free(&expected);
	free(offset_key);
}

START_TEST(bytes_around)
{
	struct compare_case one;
	/* the first byte, one within, 200 bytes, and the last one */
	test_shell(
	    "head -c 4000 /dev/zero | tr '\\0' '\\001' >b && (printf '\\002'; "
	    "head -c 999 b; printf '\\002'; head -c 999 b; head -c 200 /dev/zero; "
	    "head -c 1799 b; printf '\\002') >a");
	case_compare(&one, "a", "b");
	const json_t *list = json_object_get(case_entry(&one, "a"), "differences");
	size_t i;
	const json_t *each;
	ck_assert_uint_eq(json_array_size(list), 4);
	json_array_foreach(list, i, each)
	{
		check_context(each, "shipped", "a");
		check_context(each, "rebuilt", "b");
	}
	case_close(&one);
}
END_TEST

START_TEST(only_the_first_have_context)
{
	struct compare_case one;
	test_shell("seq 1000 1999 | tr '\\n' '\\0' >b; sed 's/5/X/g' b >a");
	case_compare(&one, "a", "b");
	const json_t *list = json_object_get(case_entry(&one, "a"), "differences");
	ck_assert_uint_gt(json_array_size(list), 200);
	for (size_t i = 0; i < json_array_size(list); i++)
		ck_assert_int_eq(json_object_get(json_array_get(list, i), "context") !=
				     NULL,
				 i < 40);
	case_close(&one);
}
END_TEST

/* Regions cover the file in order, and there are never more than 64. */
static size_t
check_regions(const json_t *entry, const char *side, long long size)
{
	size_t i, mixed = 0;
	const json_t *each,
	    *list = json_object_get(json_object_get(entry, "regions"), side);
	long long at = 0;
	json_array_foreach(list, i, each)
	{
		ck_assert_int_eq(object_number(each, "offset"), at);
		ck_assert_int_gt(object_number(each, "length"), 0);
		ck_assert_str_ne(object_text(each, "name"), "");
		at += object_number(each, "length");
		mixed += strcmp(object_text(each, "tag"), "mixed") == 0;
	}
	ck_assert_int_eq(at, size);
	ck_assert_uint_gt(json_array_size(list), 0);
	ck_assert_uint_le(json_array_size(list), 64);
	return mixed;
}

START_TEST(regions_cover_the_file)
{
	struct compare_case one;
	struct buf size;
	make_years("gcc", "", "ld -e start");
	case_compare(&one, "shipped", "rebuilt");
	size = test_file("shipped");
	json_t *entry = case_entry(&one, "shipped");
	ck_assert_uint_eq(check_regions(entry, "shipped", (long long)size.size), 0);
	check_regions(entry, "rebuilt", (long long)size.size);
	buf_free(&size);
	case_close(&one);
	/* a file of 500 sections */
	test_shell("for i in $(seq 500); do echo \".section .s$i,\\\"a\\\"; .quad V\"; "
		   "done >m.s && as --defsym V=1 -o a.o m.s && as --defsym V=2 -o b.o "
		   "m.s");
	case_compare(&one, "a.o", "b.o");
	size = test_file("a.o");
	entry = case_entry(&one, "a.o");
	ck_assert_uint_gt(check_regions(entry, "shipped", (long long)size.size), 0);
	buf_free(&size);
	case_close(&one);
}
END_TEST

START_TEST(columns_of_text)
{
	struct compare_case one;
	static const char a[] = "one\ntwo \xc3\xa4 three\nlast\n";
	static const char b[] = "one\ntwo \xc3\xa4 Three\nlast\nmore\n";
	test_write("a", a, sizeof(a) - 1);
	test_write("b", b, sizeof(b) - 1);
	case_compare(&one, "a", "b");
	json_t *entry = case_entry(&one, "a");
	ck_assert_str_eq(object_text(entry_difference(entry, "line 2"), "place"),
			 "line 2, column 7");
	ck_assert_str_eq(object_text(entry_difference(entry, "line 4"), "place"),
			 "line 4 of the rebuilt file");
	case_close(&one);
}
END_TEST

Suite *compare_code_suite(void);

Suite *
compare_code_suite(void)
{
	Suite *suite = suite_create("compare_code");
	TCase *tcase = tcase_create("code");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, one_operand, 0, (int)ARRAY_COUNT(programs));
	tcase_add_test(tcase, instructions_around);
	tcase_add_loop_test(tcase, main_of_a_stripped_program, 0, 2);
	tcase_add_test(tcase, data_is_not_decoded);
	tcase_add_test(tcase, bytes_around);
	tcase_add_test(tcase, only_the_first_have_context);
	tcase_add_test(tcase, regions_cover_the_file);
	tcase_add_test(tcase, columns_of_text);
	suite_add_tcase(suite, tcase);
	return suite;
}
