/* base: errors, buffers, views, shown text, hashes, paths, files. */
#include "test.h"

/* FIPS 180-4's example: SHA-256("abc"). */
static const char abc_digest[] =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

START_TEST(sha256_known_answer)
{
	struct sha256 digest;
	char hex[SHA256_HEX];
	sha256_of("abc", 3, &digest);
	sha256_hex(&digest, hex);
	ck_assert_str_eq(hex, abc_digest);
	struct hasher *hasher = hasher_new();
	hasher_update(hasher, "a", 1);
	hasher_update(hasher, "bc", 2);
	struct sha256 again;
	hasher_final(hasher, &again);
	hasher_free(hasher);
	ck_assert(sha256_equal(&digest, &again));
	ck_assert_int_eq(sha256_parse(abc_digest, &again), 0);
	ck_assert(sha256_equal(&digest, &again));
	ck_assert_int_eq(sha256_parse("ba78", &again), -1);
}
END_TEST

/* Both lanes say what OpenSSL says, however the bytes come and wherever they stand. */
START_TEST(two_lanes_are_two_digests)
{
	static uint8_t bytes[4096];
	uint32_t seed = 12345 + (uint32_t)_i;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
	struct hash_two *two = hash_two_new();
	for (size_t size = 0; size < 300; size++) {
		struct sha256 is, expected;
		size_t sizes[2] = {size, (size * 37 + (size_t)_i) % 2000};
		size_t at[2] = {0, 0};
		while (at[0] < sizes[0] || at[1] < sizes[1]) {
			struct view parts[2];
			for (size_t i = 0; i < 2; i++) {
				size_t count = (seed = seed * 1103515245 + 12345) >> 16;
				count %= 200;
				if (count > sizes[i] - at[i])
					count = sizes[i] - at[i];
				parts[i] = view_of(bytes + i + at[i], count);
				at[i] += count;
			}
			hash_two_update(two, &parts[0], &parts[1]);
		}
		for (size_t i = 0; i < 2; i++) {
			hash_two_final(two, i, &is);
			sha256_of(bytes + i, sizes[i], &expected);
			ck_assert_msg(sha256_equal(&is, &expected), "%zu bytes",
				      sizes[i]);
		}
	}
	hash_two_free(two);
}
END_TEST

static int
count_progress(void *context, uint64_t count, struct err *err)
{
	uint64_t *left = context;
	if (*left < count)
		return err_set(err, ERR_INTERRUPTED, "enough");
	*left -= count;
	return 0;
}

START_TEST(many_are_hashed_each)
{
	enum { COUNT = 9 };
	static const size_t sizes[COUNT] = {0, 3000000, 1, 64, 0, 1048576, 1048577, 7, 0};
	struct buf bytes = {0};
	struct hash_job jobs[COUNT];
	struct sha256 digests[COUNT], expected;
	uint64_t left = 5097225; /* their sum */
	struct err err = {0};
	for (size_t i = 0; i < 100000; i++)
		buf_printf(&bytes, "%060zu\n", i);
	for (size_t i = 0; i < COUNT; i++)
		jobs[i] = (struct hash_job){
		    {(const uint8_t *)bytes.data + 100 * i, sizes[i]}, &digests[i]};
	ck_assert_ok(sha256_of_many(jobs, COUNT, count_progress, &left, &err), err);
	ck_assert_uint_eq(left, 0);
	for (size_t i = 0; i < COUNT; i++) {
		sha256_of(bytes.data + 100 * i, sizes[i], &expected);
		ck_assert_msg(sha256_equal(&digests[i], &expected), "job %zu", i);
	}
	ck_assert_int_eq(sha256_of_many(jobs, COUNT, count_progress, &left, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERRUPTED);
	buf_free(&bytes);
}
END_TEST

START_TEST(hex_takes_colons_only_when_told)
{
	uint8_t bytes[3];
	ck_assert_int_eq(hex_decode("48:E9:9b", true, bytes, 3), 0);
	ck_assert_int_eq(bytes[1], 0xe9);
	ck_assert_int_eq(hex_decode("48:E9:9b", false, bytes, 3), -1);
	ck_assert_int_eq(hex_decode("48e99", true, bytes, 3), -1);
	ck_assert_int_eq(hex_decode("48e99b00", true, bytes, 3), -1);
	ck_assert_int_eq(hex_decode("48e99g", true, bytes, 3), -1);
}
END_TEST

START_TEST(view_never_reads_outside)
{
	static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct view view = view_of(bytes, sizeof(bytes)), part;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	ck_assert_int_eq(view_u16le(&view, 7, &u16), 0);
	ck_assert_uint_eq(u16, 0x0908);
	ck_assert_int_eq(view_u16le(&view, 8, &u16), -1);
	ck_assert_int_eq(view_u32be(&view, 1, &u32), 0);
	ck_assert_uint_eq(u32, 0x02030405);
	ck_assert_int_eq(view_u64le(&view, 1, &u64), 0);
	ck_assert_uint_eq(u64, 0x0908070605040302ULL);
	ck_assert_int_eq(view_u64be(&view, 2, &u64), -1);
	ck_assert_int_eq(view_u8(&view, UINT64_MAX, &u8), -1);
	ck_assert_int_eq(view_sub(&view, 9, 0, &part), 0);
	ck_assert_int_eq(view_sub(&view, 1, UINT64_MAX, &part), -1);
	ck_assert_int_eq(view_sub(&view, 10, 0, &part), -1);
	ck_assert_uint_eq(view_from(&view, 4).size, 5);
	ck_assert_uint_eq(view_from(&view, 400).size, 0);
	ck_assert(view_has(&view, 6, "\7\10\11", 3));
	ck_assert(!view_has(&view, 7, "\10\11\12", 3));
}
END_TEST

static const struct {
	const char *bytes;
	size_t count;
	const char *shown;
} shown_cases[] = {
    {"plain", 5, "plain"},
    {"a\\b", 3, "a\\\\b"},
    {"a\nb\tc", 5, "a\\nb\\tc"},
    {"\033[31mred", 8, "\\x1b[31mred"},
    {"caf\xc3\xa9", 5, "caf\xc3\xa9"},
    {"caf\xe9", 4, "caf\\xe9"},
    {"\xc0\xaf", 2, "\\xc0\\xaf"},		  /* overlong */
    {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},	  /* surrogate */
    {"\xe2\x80\xae", 3, "\\xe2\\x80\\xae"},	  /* right-to-left override */
    {"\xc2\x9b", 2, "\\xc2\\x9b"},		  /* C1 control */
    {"a\0b", 3, "a\\x00b"},
    {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* past U+10FFFF */
};

START_TEST(shown_text_is_safe_and_reversible)
{
	char *shown = text_shown_n(shown_cases[_i].bytes, shown_cases[_i].count);
	ck_assert_str_eq(shown, shown_cases[_i].shown);
	struct buf back = {0};
	ck_assert_int_eq(text_unshow(shown, &back), 0);
	ck_assert_uint_eq(back.size, shown_cases[_i].count);
	ck_assert_int_eq(memcmp(back.data, shown_cases[_i].bytes, back.size), 0);
	buf_free(&back);
	free(shown);
}
END_TEST

START_TEST(plain_paths)
{
	ck_assert(path_is_plain("usr/bin/x"));
	ck_assert(path_is_plain("..x"));
	ck_assert(!path_is_plain(""));
	ck_assert(!path_is_plain("/etc"));
	ck_assert(!path_is_plain("a/../b"));
	ck_assert(!path_is_plain("a//b"));
	ck_assert(!path_is_plain("a/."));
	ck_assert(!path_is_plain("a/"));
	ck_assert(!path_is_plain("a\nb"));
}
END_TEST

START_TEST(times_round_trip)
{
	char text[TIME_TEXT];
	int64_t seconds;
	time_text(1778666773, text);
	ck_assert_str_eq(text, "2026-05-13T10:06:13Z");
	ck_assert_int_eq(time_parse(text, &seconds), 0);
	ck_assert_int_eq(seconds, 1778666773);
	ck_assert_int_eq(time_parse("2026-02-31T00:00:00Z", &seconds), -1);
	ck_assert_int_eq(time_parse("2026-02-01", &seconds), -1);
}
END_TEST

START_TEST(files_are_replaced_whole_and_folders_removed)
{
	struct err err = {0};
	test_write("a", "one", 3);
	test_write("a", "twotwo", 6);
	struct buf bytes = test_file("a");
	ck_assert_str_eq(bytes.data, "twotwo");
	buf_free(&bytes);
	char *path = path_join(test_folder(), "a");
	ck_assert_int_eq(file_read(path, 5, &bytes, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	free(path);
	buf_free(&bytes);
	test_shell("mkdir -p d/e/f; ln -s / d/e/root; echo x >d/e/f/x; chmod 0 d/e/f");
	path = path_join(test_folder(), "d");
	ck_assert_ok(folder_remove(-100, path, &err), err);
	test_shell("test ! -e d && test -e /etc");
	free(path);
	int fd;
	ck_assert_int_eq(file_open("/nonexistent\033", &fd, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_null(strchr(err.message, '\033'));
	ck_assert_int_eq(file_open("/dev/null", &fd, &err), -1);
	ck_assert_int_eq(file_open("/", &fd, &err), -1);
}
END_TEST

/* Jansson's own writer says the same of everything that JSON can hold. */
START_TEST(json_is_written_as_jansson_does)
{
	static const char *const texts[] = {
	    "{}", "[]", "[[],{},[[]]]", "null", "true", "-9223372036854775808",
	    "9223372036854775807", "[0,-1,10,1.5,1e300,false,null]",
	    "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\\\" \\\\ / \x7f\"",
	    "{\"b\":1,\"a\":{\"d\":[1,{\"z\":2,\"y\":\"\xc3\xa9\xf0\x9f\x98\x80\"}]},"
	    "\"ab\":3,\"\":4,\"\\\"\":5}",
	    "{\"30\":0,\"29\":0,\"28\":0,\"27\":0,\"26\":0,\"25\":0,\"24\":0,"
	    "\"23\":0,\"22\":0,\"21\":0,\"20\":0,\"19\":0,\"18\":0,\"17\":0,"
	    "\"16\":0,\"15\":0,\"14\":0,\"13\":0,\"12\":0,\"11\":0,\"10\":0,"
	    "\"9\":0,\"8\":0,\"7\":0,\"6\":0,\"5\":0,\"4\":0,\"3\":0}",
	};
	const char *text = texts[_i];
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	ck_assert_msg(value != NULL, "%s", text);
	for (unsigned indent = 0; indent <= 3; indent++) {
		struct buf out = {0};
		char *other = json_dumps(value, JSON_ENCODE_ANY | JSON_SORT_KEYS |
						    (indent ? JSON_INDENT(indent)
							    : JSON_COMPACT));
		buf_json(&out, value, indent);
		ck_assert_str_eq(out.data, other);
		buf_free(&out);
		free(other);
	}
	json_decref(value);
}
END_TEST

START_TEST(errors_gather_places)
{
	struct err err = {0};
	ck_assert_int_eq(err_set(&err, ERR_INPUT, "size is %d", 7), -1);
	err_at(&err, "in '%s'", "x.deb");
	ck_assert_str_eq(err.message, "in 'x.deb': size is 7");
	ck_assert_int_eq(err.kind, ERR_INPUT);
}
END_TEST

Suite *base_suite(void);

Suite *
base_suite(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");
	tcase_add_test(tcase, sha256_known_answer);
	tcase_add_loop_test(tcase, two_lanes_are_two_digests, 0, 8);
	tcase_add_test(tcase, many_are_hashed_each);
	tcase_add_test(tcase, hex_takes_colons_only_when_told);
	tcase_add_test(tcase, view_never_reads_outside);
	tcase_add_loop_test(tcase, shown_text_is_safe_and_reversible, 0,
			    (int)ARRAY_COUNT(shown_cases));
	tcase_add_test(tcase, plain_paths);
	tcase_add_test(tcase, times_round_trip);
	tcase_add_test(tcase, files_are_replaced_whole_and_folders_removed);
	tcase_add_loop_test(tcase, json_is_written_as_jansson_does, 0, 11);
	tcase_add_test(tcase, errors_gather_places);
	suite_add_tcase(suite, tcase);
	return suite;
}
