/* Signatures of ClamAV's own server, which are genuine, and files that are cut. */
#include "signature/signature_private.h"
#include "test.h"

/* From ClamAV's own test files (unit_tests/input/freshclam_testfiles of its source):
 * the header of test-1.cvd, the list in it, and the end of test-2.cdiff. */
static const struct {
	enum clamav_known known;
	enum clamav_form form;
	const char *digest, *letters;
} genuine[] = {
    {CLAMAV_DATABASES, CLAMAV_MD5, "a4ab60ae1c1c4e8f787459102dcfd90b",
     "ttQeKzTSL5iF5/IWsA8weveL64WDVkhgfbm/"
     "ABaW3xAWalVKcAp65Q/cWmhkhKFfHSLIXNfCzTLbhfTeISKpfWAheL7NZk+"
     "t6nQ8NEFBBst6CQcoFTwwyVLwwTSN38VYLW/vZFYphnkBcCotyo++"
     "NYU5VQ9JUA6dFQXxaU00b6c"},
    {CLAMAV_LISTS, CLAMAV_PSS,
     "679a67c9b7b694b964fcee5b791070000514af6ab3e78bf488e4a80b62096550",
     "TFd9RBeu6wZwfMrWGsGH9WOSs1j+3s+"
     "PD2fVTLwR8Qgv2QVF25EXnIfH4cKmKRDoqDCLE0P6Kk3KRROkvaSGv01aiGMNRzY3bHkGQlSUs2p6kX"
     "UoV4B+TLn1gZYR4x6XH7GuFPolfxgHuzK974zxoxXe7GhzHPVgxtUI6uODlzJNw2HfCXG/"
     "MqPnNmMSC1yquZjmzA3ak0+jrdqfmg8c27xSrvd7/6K6ItyYEa9q3HPL/"
     "9g7ANKQ0B+0TegXySdmIkZ+"
     "PYgf6u3uEx09db3RXLkesU8K3bvdVZSEyyRh0ir+GibrGM2Fef1GugtNAI8gUQAA9OtJmhuNUsbeWN"
     "dDV"},
    {CLAMAV_UPDATES, CLAMAV_PSS,
     "eb8db63477d7e933290cf9465750bbdf3a9bf160e84e941e02ad7ae80d1023f5",
     "3GYo0NXQzFJfEudDQDAxL2xGzIw/86MgHbcBGxmc3/BQZFUg0sl5JIBRuIExBN6rtbigqEb/"
     "dUpdGWEeb+/bL/AhlOeeRhjOluJZUkKLhB45OFGdUmQCyv54NoTm4Ju2qoKxm/LIym7jpQOF/"
     "6rXIvg6QjKDQxwI4kSObM+Wf2FCA2znvaI+Y+iZl+gKC4i/"
     "yiEjU5z5zqfZSmBGXxvrNj06F82SeCvtQQnC0wK7mLzBMFhEI+"
     "kkbJvNdyzMI33yBbZuWU0+Ia8fUsWgeGloGCvLljWWguVr8vVW7XVDitd4Wp9wTHA4t2CyDZdKq5w9"
     "qp/JP6g6NTNV/WmtXaotb"},
};

/* What a claim comes to, and the fingerprint of the key that made it. */
static enum signature_status
status_of(struct clamav_claim claim, const struct trust *trust, char sha256[SHA256_HEX])
{
	struct cms_entry entry = {.json = json_object(), .trust = trust};
	clamav_claim_check(&claim, &entry);
	enum signature_status status = entry.found.status;
	const json_t *key = json_object_get(entry.json, "key");
	const char *hex = json_string_value(json_object_get(key, "sha256"));
	if (sha256 != NULL)
		snprintf(sha256, SHA256_HEX, "%s", hex != NULL ? hex : "");
	json_decref(entry.json);
	strings_free(&entry.notes);
	judgement_free(&entry.found);
	return status;
}

START_TEST(own_keys_are_known_and_no_anchors)
{
	struct trust *trust = trust_new();
	struct err err = {0};
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX], anchor[SHA256_HEX + 8];
	size_t size = strlen(genuine[_i].digest) / 2;
	ck_assert_int_eq(hex_decode(genuine[_i].digest, false, digest, size), 0);
	struct clamav_claim claim = {
	    .letters = view_of(genuine[_i].letters, strlen(genuine[_i].letters)),
	    .form = genuine[_i].form,
	    .known = genuine[_i].known,
	    .digest = view_of(digest, size)};
	ck_assert_int_eq(status_of(claim, trust, hex), SIGNATURE_UNTRUSTED);
	snprintf(anchor, sizeof(anchor), "sha256:%s", hex);
	ck_assert_ok(trust_add(trust, anchor, true, NULL, &err), err);
	ck_assert_int_eq(status_of(claim, trust, NULL), SIGNATURE_UNTRUSTED);
	ck_assert_ok(trust_add(trust, anchor, false, NULL, &err), err);
	ck_assert_int_eq(status_of(claim, trust, NULL), genuine[_i].form == CLAMAV_MD5
							    ? SIGNATURE_WEAK
							    : SIGNATURE_VALID);
	for (size_t i = 0; i < size; i++) {
		digest[i] ^= 1;
		ck_assert_int_eq(status_of(claim, trust, NULL), SIGNATURE_INVALID);
		digest[i] ^= 1;
	}
	trust_free(trust);
}
END_TEST

START_TEST(every_letter_counts)
{
	struct trust *trust = trust_new();
	uint8_t digest[SHA256_SIZE];
	size_t size = strlen(genuine[_i].digest) / 2;
	size_t length = strlen(genuine[_i].letters);
	char *letters = base_strdup(genuine[_i].letters);
	ck_assert_int_eq(hex_decode(genuine[_i].digest, false, digest, size), 0);
	struct clamav_claim claim = {.form = genuine[_i].form,
				     .known = genuine[_i].known,
				     .digest = view_of(digest, size)};
	for (size_t i = 0; i < length; i++) {
		char letter = letters[i];
		letters[i] = letter == 'b' ? 'c' : 'b';
		claim.letters = view_of(letters, length);
		ck_assert_int_eq(status_of(claim, trust, NULL), SIGNATURE_INVALID);
		letters[i] = letter;
		claim.letters = view_of(letters, i);
		ck_assert_int_eq(status_of(claim, trust, NULL), SIGNATURE_INVALID);
	}
	free(letters);
	trust_free(trust);
}
END_TEST

/* A database with a list, and an update: nobody signed them well. */
START_TEST(cut_files_are_never_valid)
{
	test_shell(
	    "mkdir d && echo license >d/COPYING && seq 99 >d/x.ndb && "
	    "printf 'ClamAV-VDB:now:7:2:81:X:X:me:1\\nx.ndb:288:%%064d\\nDSIG:"
	    "abc\\n' 0 >d/x.info && tar --format=ustar -C d -cf t COPYING x.info "
	    "x.ndb && gzip -n9 t && printf '%%-512s' ClamAV-VDB:now:7:2:81:$(md5sum "
	    "<t.gz | cut -c1-32):abc:me:1 >x.cvd && cat t.gz >>x.cvd && (printf "
	    "'ClamAV-Diff:8:9:' && gzip -n <d/COPYING && printf ':abc') >x.cdiff");
	static const char *const names[] = {"x.cvd", "x.cdiff"};
	struct trust *trust = trust_new();
	struct buf bytes = test_file(names[_i]);
	for (size_t size = 0; size <= bytes.size; size++) {
		struct view view = view_of(bytes.data, size);
		json_t *entries = json_array();
		enum signature_status status;
		struct err err = {0};
		ck_assert_ok(
		    scheme_clamav.check(&view, "x", trust, entries, &status, &err),
		    err);
		ck_assert_uint_gt(json_array_size(entries), 0);
		ck_assert_int_ne(status, SIGNATURE_VALID);
		json_decref(entries);
	}
	buf_free(&bytes);
	trust_free(trust);
}
END_TEST

Suite *signature_clamav_suite(void);

Suite *
signature_clamav_suite(void)
{
	Suite *suite = suite_create("signature_clamav");
	TCase *tests = tcase_create("clamav");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, own_keys_are_known_and_no_anchors, 0,
			    ARRAY_COUNT(genuine));
	tcase_add_loop_test(tests, every_letter_counts, 0, ARRAY_COUNT(genuine));
	tcase_add_loop_test(tests, cut_files_are_never_valid, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
