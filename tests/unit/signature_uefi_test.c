/* Updates of UEFI variables: files cut or changed at every byte. */
#include "signature/signature_private.h"
#include "test.h"

static enum signature_status
check(const void *bytes, size_t size, const struct trust *trust)
{
	struct view view = view_of(bytes, size);
	enum signature_status status;
	struct err err = {0};
	json_t *entries = json_array();
	ck_assert_ok(scheme_uefi.check(&view, "x", trust, entries, &status, &err), err);
	ck_assert_uint_eq(json_array_size(entries), 1);
	json_decref(entries);
	return status;
}

START_TEST(every_byte_counts)
{
	struct err err = {0};
	if (!test_have("sign-efi-sig-list"))
		TEST_SKIP("needs efitools");
	test_shell(
	    "new='openssl req -newkey rsa:2048 -nodes'; $new -x509 -addext "
	    "keyUsage=critical,keyCertSign -subj /CN=root -keyout r -out root && "
	    "$new -subj /CN=x -keyout k -out q && echo "
	    "keyUsage=critical,digitalSignature >e && openssl x509 -req -in q -CA "
	    "root -CAkey r -CAcreateserial -extfile e -out c && "
	    "cert-to-efi-sig-list c x.esl && sign-efi-sig-list -k k -c c db x.esl "
	    "x");
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "root");
	ck_assert_ok(trust_add(trust, path, false, NULL, &err), err);
	struct buf file = test_file("x");
	ck_assert_int_eq(check(file.data, file.size, trust), SIGNATURE_VALID);
	for (size_t i = 0; i < file.size; i += 1 + i / 256) {
		file.data[i] ^= 1;
		ck_assert_msg(check(file.data, file.size, trust) != SIGNATURE_VALID,
			      "byte %zu of %zu was changed", i, file.size);
		file.data[i] ^= 1;
	}
	for (size_t size = 0; size < file.size; size += 1 + size / 128) {
		char *exact = base_alloc(size + 1, 1);
		memcpy(exact, file.data, size);
		ck_assert_int_ne(check(exact, size, trust), SIGNATURE_VALID);
		free(exact);
	}
	buf_free(&file);
	free(path);
	trust_free(trust);
}
END_TEST

Suite *signature_uefi_suite(void);

Suite *
signature_uefi_suite(void)
{
	Suite *suite = suite_create("signature_uefi");
	TCase *tests = tcase_create("uefi");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_byte_counts);
	suite_add_tcase(suite, tests);
	return suite;
}
