/* format: .pyc files made by Python, and headers of older ones. */
#include "format_sink.h"

#include <stdio.h>

/* x.pyc with a time or a hash, and in `expected` what Python says of its source. */
static bool
make(const char *mode)
{
	static const char program[] =
	    "import importlib.util, os, py_compile, sys\n"
	    "mode = getattr(py_compile.PycInvalidationMode, sys.argv[1])\n"
	    "py_compile.compile('x.py', 'x.pyc', invalidation_mode=mode)\n"
	    "source = open('x.py', 'rb').read()\n"
	    "print(int(os.stat('x.py').st_mtime), len(source),\n"
	    "      importlib.util.source_hash(source).hex(),\n"
	    "      file=open('expected', 'w'))\n";
	if (!test_have("python3")) {
		fprintf(stderr, "skipped: no python3 here\n");
		return false;
	}
	test_write("make.py", program, strlen(program));
	test_shell("echo 'def work(x): return x + 1' >x.py && touch -d @1234567890 "
		   "x.py && python3 make.py %s",
		   mode);
	return true;
}

START_TEST(times_and_sizes_have_names)
{
	if (!make("TIMESTAMP"))
		return;
	ck_assert_str_eq(probe_name("x.pyc"), "python-pyc");
	struct buf file = test_file("x.pyc"), text = test_file("expected");
	uintmax_t mtime, size;
	uint32_t value;
	ck_assert_int_eq(sscanf(text.data, "%ju %ju", &mtime, &size), 2);
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_pyc, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	view_u32le(&view, map_extent(map, "pyc source mtime")->offset, &value);
	ck_assert_uint_eq(value, mtime);
	view_u32le(&view, map_extent(map, "pyc source size")->offset, &value);
	ck_assert_uint_eq(value, size);
	ck_assert_uint_eq(map_extent(map, "pyc flags")->offset, 4);
	ck_assert_uint_eq(map_extent(map, "marshalled code")->offset, 16);
	ck_assert(!map_has(map, "pyc source hash"));
	map_free(map);
	buf_free(&text);
	buf_free(&file);
}
END_TEST

START_TEST(hashes_have_a_name)
{
	if (!make(_i == 0 ? "CHECKED_HASH" : "UNCHECKED_HASH"))
		return;
	struct buf file = test_file("x.pyc"), text = test_file("expected");
	char expected[17], hex[17];
	uint64_t hash;
	ck_assert_int_eq(sscanf(text.data, "%*u %*u %16s", expected), 1);
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pyc, &view, NULL);
	const struct extent *extent = map_extent(map, "pyc source hash");
	ck_assert_uint_eq(extent->length, 8);
	view_u64be(&view, extent->offset, &hash);
	snprintf(hex, sizeof(hex), "%016jx", (uintmax_t)hash);
	ck_assert_str_eq(hex, expected);
	ck_assert(!map_has(map, "pyc source mtime"));
	map_free(map);
	buf_free(&text);
	buf_free(&file);
}
END_TEST

/* Headers by the magic numbers that Python's import system lists. */
static const struct {
	const char *bytes;
	size_t size;
	enum probe_answer answer;
	uint64_t code;
} headers[] = {
    {"\x03\xf3\r\n\1\2\3\4c", 9, PROBE_SURE, 8},                     /* 2.7: 62211 */
    {"\x33\r\r\n\1\2\3\4\5\6\7\10\xe3", 13, PROBE_SURE, 12},         /* 3.6: 3379 */
    {"\x42\r\r\n\0\0\0\0\1\2\3\4\5\6\7\10\xe3", 17, PROBE_SURE, 16}, /* 3.7: 3394 */
    {"\x42\r\r\n\0\0\0\0\1\2\3\4\5\6\7\10\xe3", 16, PROBE_NO, 0},    /* no code */
    {"\x42\r\r\n\4\0\0\0\1\2\3\4\5\6\7\10\xe3", 17, PROBE_NO, 0},    /* flag 4 */
    {"\x42\r\r\n\0\0\0\0\1\2\3\4\5\6\7\10x", 17, PROBE_NO, 0}, /* no code object */
    {"ab\r\ncccccccccccccccccc", 20, PROBE_NO, 0},             /* a text */
};

START_TEST(headers_by_version)
{
	struct view view = view_of(headers[_i].bytes, headers[_i].size);
	ck_assert_int_eq(format_pyc.probe(&view), headers[_i].answer);
	if (headers[_i].answer == PROBE_NO)
		return;
	struct map *map = format_map(&format_pyc, &view, NULL);
	ck_assert_uint_eq(map_extent(map, "marshalled code")->offset, headers[_i].code);
	map_free(map);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make("TIMESTAMP"))
		return;
	struct buf file = test_file("x.pyc");
	format_survives_damage(&format_pyc, &file, 1, 32);
	buf_free(&file);
}
END_TEST

Suite *format_pyc_suite(void);

Suite *
format_pyc_suite(void)
{
	Suite *suite = suite_create("format_pyc");
	TCase *tcase = tcase_create("pyc");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, times_and_sizes_have_names);
	tcase_add_loop_test(tcase, hashes_have_a_name, 0, 2);
	tcase_add_loop_test(tcase, headers_by_version, 0, (int)ARRAY_COUNT(headers));
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
