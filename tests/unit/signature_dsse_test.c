/* DSSE envelopes: what is signed, and envelopes cut or changed at every byte. */
#include "signature/signature_private.h"
#include "test.h"

/* The example of the specification (protocol.md, "Test Vectors"). */
START_TEST(message)
{
	static const char want[] =
	    "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
	struct view payload = view_of("hello world", 11);
	struct buf got = {0};
	dsse_message("http://example.com/HelloWorld", &payload, &got);
	ck_assert_str_eq(got.data, want);
	buf_free(&got);
}
END_TEST

static enum signature_status
check(const struct view *file, const struct view *signature, const struct trust *trust)
{
	struct err err = {0};
	enum signature_status status = SIGNATURE_VALID;
	json_t *entries = json_array();
	ck_assert_ok(signature_check_detached(file, "file", signature, trust, entries,
					      &status, &err),
		     err);
	ck_assert_uint_ge(json_array_size(entries), 1);
	json_decref(entries);
	return status;
}

/* Made with openssl and printf alone. */
static const char recipe[] =
    "seq 1 100 >file && openssl genpkey -algorithm ed25519 -out secret && "
    "openssl pkey -in secret -pubout -out key && "
    "printf '{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"name\":"
    "\"file\",\"digest\":{\"sha256\":\"%%s\"}}],\"predicateType\":\"x\"}' "
    "$(sha256sum <file | cut -d' ' -f1) >payload && "
    "{ printf 'DSSEv1 28 application/vnd.in-toto+json %%d ' $(wc -c <payload) && "
    "cat payload; } >pae && "
    "openssl pkeyutl -sign -rawin -inkey secret -in pae -out value && "
    "printf '{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"%%s\","
    "\"signatures\":[{\"sig\":\"%%s\"}]}' $(base64 -w0 payload) $(base64 -w0 value) "
    ">envelope";

START_TEST(cut_and_changed)
{
	struct err err = {0};
	test_shell(recipe);
	struct buf file = test_file("file"), envelope = test_file("envelope");
	struct view bytes = view_of_buf(&file), whole = view_of_buf(&envelope);
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "key");
	ck_assert_ok(trust_add_key(trust, path, NULL, &err), err);
	ck_assert_int_eq(check(&bytes, &whole, trust), SIGNATURE_VALID);
	for (size_t size = 0; size < envelope.size; size++) {
		struct view part = view_of(envelope.data, size);
		ck_assert_int_ne(check(&bytes, &part, trust), SIGNATURE_VALID);
	}
	for (size_t at = 0; at < envelope.size; at++) {
		envelope.data[at] ^= 1;
		ck_assert_msg(check(&bytes, &whole, trust) != SIGNATURE_VALID,
			      "byte %zu", at);
		envelope.data[at] ^= 1;
	}
	trust_free(trust);
	free(path);
	buf_free(&file);
	buf_free(&envelope);
}
END_TEST

Suite *signature_dsse_suite(void);

Suite *
signature_dsse_suite(void)
{
	Suite *suite = suite_create("signature_dsse");
	TCase *tcase = tcase_create("envelopes");
	tcase_add_test(tcase, message);
	tcase_add_test(tcase, cut_and_changed);
	suite_add_tcase(suite, tcase);
	return suite;
}
