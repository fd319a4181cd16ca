/* Zip archives of Android's updates, signed by openssl: cut and changed at every byte.
 */
#include "signature/signature_private.h"
#include "test.h"

/* A zip, and the message over it in the comment behind two bytes of text. */
#define MAKE                                                                           \
	"openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "    \
	"/CN=x -days 30 2>/dev/null; seq 20 >a; zip -qX a.zip a; head -c -2 a.zip "    \
	">s; "                                                                         \
	"openssl smime -sign -binary -noattr -in s -signer c.pem -inkey k.pem "        \
	"-outform DER -out m; two() { printf \"\\\\$(printf %%o $(($1 & 255)))"        \
	"\\\\$(printf %%o $(($1 >> 8)))\"; }; n=$(($(wc -c <m) + 6)); "                \
	"(cat s; two $((n + 2)); printf 'x\\0'; cat m; two $n; printf '\\377\\377'; "  \
	"two $((n + 2))) >x.zip"

static enum signature_status
status_of(const struct view *view, const struct trust *trust)
{
	json_t *entries = json_array();
	enum signature_status status = SIGNATURE_VALID;
	struct err err = {0};
	ck_assert_ok(scheme_ota.check(view, "x", trust, entries, &status, &err), err);
	ck_assert_uint_gt(json_array_size(entries), 0);
	json_decref(entries);
	return status;
}

START_TEST(every_byte_counts)
{
	test_shell(MAKE);
	char *path = base_format("%s/c.pem", test_folder());
	struct trust *trust = trust_new();
	struct err err = {0};
	ck_assert_ok(trust_add(trust, path, false, NULL, &err), err);
	struct buf bytes = test_file("x.zip"), content = test_file("s");
	struct view view = view_of_buf(&bytes);
	ck_assert_int_eq(status_of(&view, trust), SIGNATURE_VALID);
	/* before the RSA signature a message has bytes that nobody signs, and so has
	 * the comment before the message */
	size_t message = content.size + 4, value = bytes.size - 6 - 256;
	for (size_t i = 0; i < bytes.size; i++) {
		struct view cut = view_of(bytes.data, i);
		ck_assert_int_ne(status_of(&cut, trust), SIGNATURE_VALID);
		if (i >= message && i < value)
			continue;
		bytes.data[i] ^= 1;
		enum signature_status status = status_of(&view, trust);
		bytes.data[i] ^= 1;
		ck_assert_msg((status == SIGNATURE_VALID) ==
				  (i >= message - 2 && i < message),
			      "byte %zu: %s", i, signature_status_name(status));
	}
	buf_free(&content);
	buf_free(&bytes);
	trust_free(trust);
	free(path);
}
END_TEST

Suite *signature_ota_suite(void);

Suite *
signature_ota_suite(void)
{
	Suite *suite = suite_create("signature_ota");
	TCase *tests = tcase_create("ota");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_byte_counts);
	suite_add_tcase(suite, tests);
	return suite;
}
