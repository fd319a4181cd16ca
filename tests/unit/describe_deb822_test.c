/* describe: stanzas, their clear-signature framing, .dsc and .buildinfo. */
#include "test.h"

#include "describe/describe.h"

static char *
example(const char *name)
{
	const char *source = getenv("SOURCE");
	return base_format("%s/testdata/describe/%s", source ? source : ".", name);
}

static int
parse(const char *bytes, size_t size, struct deb822 **parsed, struct err *err)
{
	struct view view = view_of(bytes, size);
	return deb822_parse("t", &view, parsed, err);
}

START_TEST(values_and_lines)
{
	static const char text[] = "# first\n"
				   "A: one  \n"
				   "b-2:\t two\n"
				   "  three\n"
				   "# between\n"
				   " .\n"
				   "\tfour \t\n"
				   "\n\n"
				   "C:\n"
				   " x";
	struct err err = {0};
	struct deb822 *parsed = NULL;
	ck_assert_ok(parse(text, strlen(text), &parsed, &err), err);
	ck_assert_uint_eq(parsed->count, 2);
	ck_assert_uint_eq(parsed->comment, 1);
	ck_assert(!parsed->clearsigned);
	const struct stanza *first = &parsed->stanzas[0];
	ck_assert_uint_eq(first->line, 2);
	ck_assert_uint_eq(first->count, 2);
	ck_assert_str_eq(stanza_find(first, "a")->value, "one");
	const struct field *field = stanza_find(first, "B-2");
	ck_assert_str_eq(field->value, "two\n three\n\nfour");
	ck_assert_uint_eq(field->line, 3);
	ck_assert_uint_eq(field->lines[1], 4);
	ck_assert_uint_eq(field->lines[2], 6);
	ck_assert_uint_eq(field->lines[3], 7);
	ck_assert_ptr_null(stanza_find(first, "C"));
	field = stanza_find(&parsed->stanzas[1], "C");
	ck_assert_str_eq(field->value, "\nx");
	ck_assert_uint_eq(field->line, 10);
	ck_assert_uint_eq(field->lines[1], 11);
	struct sha256 digest;
	sha256_of(text, strlen(text), &digest);
	ck_assert(sha256_equal(&digest, &parsed->sha256));
	deb822_free(parsed);
}
END_TEST

#define BEGIN     "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
#define SIGNATURE "-----BEGIN PGP SIGNATURE-----\n\nabcd\n-----END PGP SIGNATURE-----\n"
#define BAD(text, message)                                                             \
	{                                                                              \
		text, sizeof(text) - 1, message                                        \
	}

START_TEST(bad_stanzas)
{
	static const struct {
		const char *text;
		size_t size;
		const char *message;
	} cases[] = {
	    BAD("", "t:1: end of file: no stanza in it"),
	    BAD("\n\n", "t:2: end of file: no stanza in it"),
	    BAD("A: 1\r\n", "t:1: line: ends with a carriage return"),
	    BAD("A: 1\0\n", "t:1: line: byte 0x00 "),
	    BAD("A: 1\nB: \x1b[2J\n", "t:2: line: byte 0x1b "),
	    BAD("A: \xff\n", "t:1: line: byte 0xff "),
	    BAD("A: \xe2\x80\xae\n", "t:1: line: byte 0xe2 "), /* U+202E */
	    BAD("A: 1\na: 2\n",
		"t:2: 'a': the stanza has this field already, on line 1"),
	    BAD("A: 1\n \nB: 2\n", "t:2: line: has blanks alone"),
	    BAD("A: 1\n\n more\n", "t:3: ' more': continues a field"),
	    BAD(" more\n", "t:1: ' more': continues a field"),
	    BAD("A 1\n", "t:1: 'A 1': neither 'Field: value'"),
	    BAD("A : 1\n", "t:1: 'A : 1': neither 'Field: value'"),
	    BAD("-A: 1\n", "t:1: '-A: 1': neither 'Field: value'"),
	    BAD(": 1\n", "t:1: ': 1': neither 'Field: value'"),
	    BAD("A: 1\n\n" BEGIN "B: 2\n" SIGNATURE,
		"t:3: text before the signed message"),
	    BAD(BEGIN "B: 2\n" SIGNATURE "C: 3\n", "t:9: text after the signature"),
	    BAD(BEGIN "B: 2\n" SIGNATURE "\n" BEGIN "C: 3\n" SIGNATURE,
		"t:10: text after the signature"),
	    BAD(BEGIN "B: 2\n-C: 3\n" SIGNATURE, "t:5: '-C: 3': not escaped"),
	    BAD(BEGIN "B: 2\n", "t:4: end of file: the signed message has no end"),
	    BAD(BEGIN "B: 2\n-----BEGIN PGP SIGNATURE-----\nab\n",
		"t:6: end of file: the signed message has no end"),
	    BAD(BEGIN "B: 2\n-----BEGIN PGP SIGNATURE-----\n" BEGIN,
		"t:6: '-----BEGIN PGP SIGNED MESSAGE-----': inside the signature"),
	    BAD("-----BEGIN PGP SIGNED MESSAGE-----\nSource: evil\n\nB: 2\n" SIGNATURE,
		"t:2: 'Source: evil': only Hash headers"),
	    BAD(BEGIN "\n" SIGNATURE, "t:8: end of file: no stanza in it"),
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct err err = {0};
		struct deb822 *parsed = NULL;
		ck_assert_msg(parse(cases[i].text, cases[i].size, &parsed, &err) == -1,
			      "case %zu was taken", i);
		ck_assert_msg(strncmp(err.message, cases[i].message,
				      strlen(cases[i].message)) == 0,
			      "case %zu: %s", i, err.message);
		ck_assert_int_eq(err.kind, ERR_USAGE);
	}
}
END_TEST

START_TEST(clearsigned_is_unwrapped)
{
	static const char text[] =
	    "\n" BEGIN "A: 1\n- -B: 2\n" SIGNATURE "\n"; /* "-B" is no field's name */
	static const char good[] = BEGIN "A: 1\n- B: 2\n \x2d C\n" SIGNATURE "\n";
	struct err err = {0};
	struct deb822 *parsed = NULL;
	ck_assert_int_eq(parse(text, strlen(text), &parsed, &err), -1);
	ck_assert_ok(parse(good, strlen(good), &parsed, &err), err);
	ck_assert(parsed->clearsigned);
	ck_assert_str_eq(parsed->stanzas[0].fields[1].name, "B");
	ck_assert_str_eq(parsed->stanzas[0].fields[1].value, "2\n- C");
	deb822_free(parsed);
}
END_TEST

START_TEST(limits_hold)
{
	struct buf text = {0};
	struct err err = {0};
	struct deb822 *parsed = NULL;
	for (unsigned i = 0; i < 129; i++)
		buf_printf(&text, "F%u: x\n", i);
	ck_assert_int_eq(parse(text.data, text.size, &parsed, &err), -1);
	ck_assert_str_eq(err.message,
			 "t:129: 'F128': more than 128 fields in one stanza");
	buf_zeros(&text, (16 << 20) + 1 - text.size);
	ck_assert_int_eq(parse(text.data, text.size, &parsed, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "larger than 16 MiB"));
	buf_free(&text);
	ck_assert_int_eq(deb822_read("/nonexistent/file", &parsed, &err), -1);
	ck_assert_int_eq(err.kind, ERR_USAGE);
}
END_TEST

/* A .dsc of the archive, as its uploader signed it; values as in its text. */
START_TEST(dsc_of_the_archive)
{
	struct err err = {0};
	struct dsc *dsc = NULL;
	char *path = example("hello_2.10-3.dsc"), hex[SHA256_HEX];
	ck_assert_ok(dsc_read(path, &dsc, &err), err);
	ck_assert_str_eq(dsc->source, "hello");
	ck_assert_str_eq(dsc->version, "2.10-3");
	ck_assert_str_eq(dsc->build_depends,
			 "debhelper-compat (= 13), help2man, texinfo");
	ck_assert(dsc->clearsigned);
	ck_assert_uint_eq(dsc->file_count, 3);
	ck_assert_str_eq(dsc->files[0].name, "hello_2.10.orig.tar.gz");
	ck_assert_uint_eq(dsc->files[0].size, 725946);
	sha256_hex(&dsc->files[0].sha256, hex);
	ck_assert_str_eq(
	    hex, "31e066137a962676e89f69d1b65382de95a7ef7d914b8cb956f41ea72e0f516b");
	dsc_free(dsc);
	free(path);
}
END_TEST

START_TEST(dsc_joins_what_is_folded)
{
	static const char text[] =
	    "Format: 1.0\nSource: x\nVersion: 1\nBuild-Depends: a (>= 1),\n  b,\n"
	    "Build-Depends-Indep:\n c\nBuild-Depends-Arch: d\nChecksums-Sha256:\n "
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 "
	    "x.tar\n";
	struct err err = {0};
	struct dsc *dsc = NULL;
	char *path = path_join(test_folder(), "x.dsc");
	test_write("x.dsc", text, strlen(text));
	ck_assert_ok(dsc_read(path, &dsc, &err), err);
	ck_assert_str_eq(dsc->build_depends, "a (>= 1), b, d, c");
	ck_assert(!dsc->clearsigned);
	dsc_free(dsc);
	char *bad = base_strdup(text), *name = strstr(bad, "x.tar");
	memcpy(name, "../xx", 5);
	test_write("x.dsc", bad, strlen(bad));
	ck_assert_int_eq(dsc_read(path, &dsc, &err), -1);
	ck_assert_ptr_nonnull(
	    strstr(err.message, "x.dsc:10: '../xx': not the plain name of a file"));
	free(bad);
	free(path);
}
END_TEST

/* Made by dpkg-genbuildinfo 1.21.23, which escapes '"' and leaves '\' as it is. */
START_TEST(buildinfo_of_dpkg)
{
	struct err err = {0};
	struct buildinfo *info = NULL;
	char *path = example("greet_1.0-1_amd64.buildinfo");
	ck_assert_ok(buildinfo_read(path, &info, &err), err);
	ck_assert_str_eq(info->source, "greet");
	ck_assert_str_eq(info->version, "1.0-1");
	ck_assert_str_eq(info->architecture, "all");
	ck_assert_str_eq(info->build_path, "/build/greet-1.0");
	ck_assert(!info->clearsigned);
	ck_assert_uint_eq(info->file_count, 1);
	ck_assert_str_eq(info->files[0].name, "greet_1.0-1_all.deb");
	ck_assert_str_eq(info->installed[0], "base-files (= 12.4+deb12u11)");
	ck_assert_str_eq(info->installed[info->installed_count - 1],
			 "zlib1g (= 1:1.2.13.dfsg-1)");
	ck_assert(strings_have(&info->environment, "CFLAGS=-DNAME=\"a\\b\""));
	ck_assert(strings_have(&info->environment, "DEB_BUILD_OPTIONS=parallel=2"));
	ck_assert_uint_eq(info->environment.count, 4);
	buildinfo_free(info);
	free(path);
}
END_TEST

/* Cut off at every byte: read or refused. A clear-signed file that lost its end
 * is always refused. */
START_TEST(truncated_files)
{
	static const char *const names[] = {"hello_2.10-3.dsc",
					    "greet_1.0-1_amd64.buildinfo"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct buf text = {0};
		struct err err = {0};
		char *path = example(names[i]);
		ck_assert_ok(file_read(path, 1 << 20, &text, &err), err);
		for (size_t size = 0; size < text.size - 1; size++) {
			struct deb822 *parsed = NULL;
			char *copy = base_alloc(size + 1, 1);
			memcpy(copy, text.data, size);
			int result = parse(copy, size, &parsed, &err);
			deb822_free(parsed);
			free(copy);
			if (i == 0)
				ck_assert_msg(result == -1, "taken at %zu", size);
		}
		buf_free(&text);
		free(path);
	}
}
END_TEST

Suite *describe_deb822_suite(void);

Suite *
describe_deb822_suite(void)
{
	Suite *suite = suite_create("describe_deb822");
	TCase *tests = tcase_create("stanzas");
	tcase_add_test(tests, values_and_lines);
	tcase_add_test(tests, bad_stanzas);
	tcase_add_test(tests, clearsigned_is_unwrapped);
	tcase_add_test(tests, limits_hold);
	tcase_add_test(tests, dsc_of_the_archive);
	tcase_add_test(tests, dsc_joins_what_is_folded);
	tcase_add_test(tests, buildinfo_of_dpkg);
	tcase_add_test(tests, truncated_files);
	suite_add_tcase(suite, tests);
	return suite;
}
