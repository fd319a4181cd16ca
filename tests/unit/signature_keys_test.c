/* Bare keys: their encodings, and signatures cut or changed at every byte. */
#include "signature/signature_private.h"
#include "test.h"

/* RFC 4648, 10, and what is not base64. */
static const struct {
	const char *text;
	bool url;
	const char *bytes; /* NULL: refused */
} base64_cases[] = {
    {"", false, ""},
    {"Zg==", false, "f"},
    {"Zm8=", false, "fo"},
    {"Zm9v", false, "foo"},
    {"Zm9vYg==", false, "foob"},
    {"Zm9vYmE=", false, "fooba"},
    {"Zm9vYmFy", false, "foobar"},
    {"Zg", true, "f"},
    {"Zg==", true, "f"},
    {"-_-_", true, "\xfb\xff\xbf"},
    {"+/+/", false, "\xfb\xff\xbf"},
    {"-_-_", false, NULL},
    {"+/+/", true, NULL},
    {"Zg", false, NULL},
    {"Zg=", false, NULL},
    {"Zg===", false, NULL},
    {"Zh==", false, NULL}, /* bits that are not zero, 3.5 */
    {"Zm9v\n", false, NULL},
    {"Zm 9", false, NULL},
    {"=", false, NULL},
    {"A", true, NULL},
};

START_TEST(base64)
{
	struct buf bytes = {0};
	struct view text =
	    view_of(base64_cases[_i].text, strlen(base64_cases[_i].text));
	int answer = raw_base64(&text, base64_cases[_i].url, &bytes);
	if (base64_cases[_i].bytes == NULL) {
		ck_assert_int_eq(answer, -1);
	} else {
		ck_assert_int_eq(answer, 0);
		ck_assert_uint_eq(bytes.size, strlen(base64_cases[_i].bytes));
		ck_assert(bytes.size == 0 ||
			  memcmp(bytes.data, base64_cases[_i].bytes, bytes.size) == 0);
	}
	buf_free(&bytes);
}
END_TEST

/* A tool's signature, and the key that makes it valid. */
static const struct {
	const char *program, *recipe;
} tools[] = {
    {"minisign", "minisign -G -W -p key -s secret && minisign -S -s secret -m file -x sig"},
    {"signify-openbsd",
     "signify-openbsd -G -n -p key.pub -s key.sec && cp key.pub key && "
     "signify-openbsd -S -s key.sec -m file -x sig"},
    {"ssh-keygen",
     "ssh-keygen -q -t ed25519 -N '' -f secret && cp secret.pub key && "
     "ssh-keygen -q -Y sign -f secret -n file file && mv file.sig sig"},
};

static enum signature_status
check(const struct trust *trust, const struct view *file, const struct buf *signature,
      size_t size)
{
	struct err err = {0};
	struct view part = view_of(signature->data, size);
	enum signature_status status = SIGNATURE_VALID;
	json_t *entries = json_array();
	ck_assert_ok(signature_check_detached(file, "file", &part, trust, entries,
					      &status, &err),
		     err);
	ck_assert_uint_ge(json_array_size(entries), 1);
	json_decref(entries);
	return status;
}

/* Is it a bit of a comment, which nobody signed, or of a line's end? */
static bool
is_free(const struct buf *signature, size_t at)
{
	const char *end = strchr(signature->data, '\n');
	static const char comment[] = "untrusted comment: ";
	return strncmp(signature->data, comment, sizeof(comment) - 1) == 0 &&
	       at >= sizeof(comment) - 1 && at < (size_t)(end - signature->data);
}

START_TEST(cut_and_changed)
{
	struct err err = {0};
	if (!test_have(tools[_i].program))
		TEST_SKIP("a signature tool is not installed");
	test_shell("seq 1 100 >file && %s", tools[_i].recipe);
	struct buf file = test_file("file"), signature = test_file("sig");
	struct view bytes = view_of_buf(&file);
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "key");
	ck_assert_ok(trust_add_key(trust, path, NULL, &err), err);
	ck_assert_int_eq(check(trust, &bytes, &signature, signature.size),
			 SIGNATURE_VALID);
	/* the last line end is all that may be missing */
	for (size_t size = 0; size + 1 < signature.size; size++)
		ck_assert_int_ne(check(trust, &bytes, &signature, size),
				 SIGNATURE_VALID);
	for (size_t at = 0; at + 1 < signature.size; at++) {
		signature.data[at] ^= 1;
		if (!is_free(&signature, at))
			ck_assert_msg(check(trust, &bytes, &signature,
					    signature.size) != SIGNATURE_VALID,
				      "%s: byte %zu", tools[_i].program, at);
		signature.data[at] ^= 1;
	}
	for (size_t at = 0; at < file.size; at += 17) {
		file.data[at] ^= 1;
		ck_assert_int_eq(check(trust, &bytes, &signature, signature.size),
				 SIGNATURE_INVALID);
		file.data[at] ^= 1;
	}
	trust_free(trust);
	free(path);
	buf_free(&file);
	buf_free(&signature);
}
END_TEST

Suite *signature_keys_suite(void);

Suite *
signature_keys_suite(void)
{
	Suite *suite = suite_create("signature_keys");
	TCase *tcase = tcase_create("keys");
	tcase_add_loop_test(tcase, base64, 0, (int)ARRAY_COUNT(base64_cases));
	tcase_add_loop_test(tcase, cut_and_changed, 0, (int)ARRAY_COUNT(tools));
	suite_add_tcase(suite, tcase);
	return suite;
}
