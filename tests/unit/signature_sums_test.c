/* Lists of digests: their names, their lines, and lists cut at every byte. */
#include "signature/signature_private.h"
#include "test.h"

static const struct {
	const char *path;
	bool is;
} name_cases[] = {
    {"SHA256SUMS", true},
    {"./x/SHA512SUMS", true},
    {"SHA256SUMS.asc", true},
    {"SHA256SUMS.txt.gpg", true},
    {"sha256sums.txt", true},
    {"CHECKSUMS", true},
    {"CHECKSUM.SHA256", true},
    {"Fedora-Server-42-1.1-x86_64-CHECKSUM", true},
    {"SHA256", true},
    {"SHA256.sig", true},
    {"MD5SUMS", true},
    {"md5sum.txt", true},
    {"tool_1.2_SHA256SUMS", true},
    {"x.iso.sha256", true},
    {"x.iso.sha512.asc", true},
    {"B2SUMS", true},
    {"md5sums", false},
    {"hello.md5sums", false},
    {"sha256.c", false},
    {"mysha256", false},
    {"readme.asc", false},
    {"", false},
};

START_TEST(names)
{
	ck_assert_msg(sums_named(name_cases[_i].path) == name_cases[_i].is, "%s",
		      name_cases[_i].path);
}
END_TEST

#define ABC_MD5    "900150983cd24fb0d6963f7d28e17f72"         /* RFC 1321, A.5 */
#define ABC_SHA1   "a9993e364706816aba3e25717850c26c9cd0d89d" /* RFC 3174, 7.3 */
#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

/* What a line means: the algorithm of OpenSSL's name and the file; NULL: unread. */
static const struct {
	const char *line, *algorithm, *name;
} line_cases[] = {
    {ABC_SHA256 "  abc", "SHA256", "abc"},
    {ABC_SHA256 " *abc", "SHA256", "abc"},
    {ABC_SHA256 " abc", "SHA256", "abc"},
    {ABC_SHA256 "   abc", "SHA256", " abc"},
    {ABC_SHA256 "  a b  c", "SHA256", "a b  c"},
    {"\\" ABC_SHA256 "  a\\nb\\\\c\\rd", "SHA256", "a\nb\\c\rd"},
    {ABC_SHA256 "  a\\nb", "SHA256", "a\\nb"},
    {ABC_MD5 "  abc", "MD5", "abc"},
    {ABC_SHA1 "  abc\r", "SHA1", "abc"},
    {"SHA256 (abc) = " ABC_SHA256, "SHA256", "abc"},
    {"SHA256(abc)= " ABC_SHA256, "SHA256", "abc"},
    {"SHA2-256(abc)= " ABC_SHA256, "SHA256", "abc"},
    {"SHA256 (a (1).b) = " ABC_SHA256, "SHA256", "a (1).b"},
    {"\\SHA256 (a\\nb) = " ABC_SHA256, "SHA256", "a\nb"},
    {"MD5 (abc) = " ABC_MD5, "MD5", "abc"},
    {"SHA512/256 (abc) = " ABC_SHA256, "SHA512-256", "abc"},
    {ABC_SHA256, "SHA256", "some.iso"},
    {"\\" ABC_SHA256 "  a\\tb", NULL, NULL},
    {ABC_SHA256 "  ", NULL, NULL},
    {ABC_SHA256 "0  abc", NULL, NULL},
    {"SHA256 (abc) = " ABC_MD5, NULL, NULL},
    {"SHA256 (abc) = ", NULL, NULL},
    {"SHA256 () = " ABC_SHA256, NULL, NULL},
    {"SHA256 (abc = " ABC_SHA256, NULL, NULL},
    {"SHA256 abc) = " ABC_SHA256, NULL, NULL},
    {"NOSUCH (abc) = " ABC_SHA256, NULL, NULL},
    {"what is this", NULL, NULL},
    {"xyz  abc", NULL, NULL},
};

START_TEST(lines)
{
	struct sums sums;
	struct view text = view_of(line_cases[_i].line, strlen(line_cases[_i].line));
	sums_parse(&text, "some.iso.sha256", &sums);
	if (line_cases[_i].name == NULL) {
		ck_assert_uint_eq(sums.count, 0);
		ck_assert_uint_eq(sums.unread, 1);
	} else {
		ck_assert_uint_eq(sums.count, 1);
		ck_assert_uint_eq(sums.unread, 0);
		ck_assert_str_eq(sums.lines[0].name, line_cases[_i].name);
		ck_assert_str_eq(sums.lines[0].algorithm->name,
				 line_cases[_i].algorithm);
	}
	sums_free(&sums);
}
END_TEST

/* Neither digests nor anything to complain of. */
START_TEST(idle_lines)
{
	static const char list[] = "# a comment\n\n  \nSIZE (abc) = 3\n";
	struct view text = view_of(list, sizeof(list) - 1);
	struct sums sums;
	sums_parse(&text, "CHECKSUMS", &sums);
	ck_assert_uint_eq(sums.count, 0);
	ck_assert_uint_eq(sums.unread, 0);
	sums_free(&sums);
}
END_TEST

static enum signature_status
check(const struct view *file, const struct view *list, const struct trust *trust)
{
	struct err err = {0};
	enum signature_status status = SIGNATURE_VALID;
	struct signature_part named = {"file", *file}, listing = {"SHA256.sig", *list};
	json_t *entries = json_array();
	ck_assert_ok(signature_check_list(&named, "file", &listing, NULL, 0, trust,
					  entries, &err),
		     err);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert_int_eq(
	    signature_status_parse(json_string_value(json_object_get(
				       json_array_get(entries, 0), "status")),
				   &status),
	    0);
	json_decref(entries);
	return status;
}

/* signify's list with its signature: no byte of it can be changed or be missing. */
START_TEST(cut_and_changed)
{
	struct err err = {0};
	if (!test_have("signify-openbsd"))
		TEST_SKIP("signify is not installed");
	test_shell("seq 1 100 >file && sha256sum --tag file >list && "
		   "signify-openbsd -G -n -p key.pub -s key.sec && "
		   "signify-openbsd -S -e -s key.sec -m list -x signed");
	struct buf file = test_file("file"), list = test_file("signed");
	struct view bytes = view_of_buf(&file), whole = view_of_buf(&list);
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "key.pub");
	ck_assert_ok(trust_add_key(trust, path, NULL, &err), err);
	ck_assert_int_eq(check(&bytes, &whole, trust), SIGNATURE_VALID);
	size_t comment = (size_t)(strchr(list.data, '\n') - list.data);
	for (size_t size = 0; size < list.size; size++) {
		struct view part = view_of(list.data, size);
		ck_assert_int_ne(check(&bytes, &part, trust), SIGNATURE_VALID);
	}
	for (size_t at = 0; at < list.size; at++) {
		if (at >= strlen("untrusted comment: ") && at < comment)
			continue; /* nobody signed that */
		list.data[at] ^= 1;
		ck_assert_msg(check(&bytes, &whole, trust) != SIGNATURE_VALID,
			      "byte %zu", at);
		list.data[at] ^= 1;
	}
	trust_free(trust);
	free(path);
	buf_free(&file);
	buf_free(&list);
}
END_TEST

Suite *signature_sums_suite(void);

Suite *
signature_sums_suite(void)
{
	Suite *suite = suite_create("signature_sums");
	TCase *tcase = tcase_create("lists of digests");
	tcase_add_loop_test(tcase, names, 0, (int)ARRAY_COUNT(name_cases));
	tcase_add_loop_test(tcase, lines, 0, (int)ARRAY_COUNT(line_cases));
	tcase_add_test(tcase, idle_lines);
	tcase_add_test(tcase, cut_and_changed);
	suite_add_tcase(suite, tcase);
	return suite;
}
