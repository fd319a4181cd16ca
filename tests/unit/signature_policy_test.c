/* The signature policy of a release, and what is taken for trust. */
#include "signature_build.h"

/* An entry as signature_check writes it, as far as a policy looks at it. */
struct made {
	const char *path, *index, *status, *anchor, *sha256, *country, *issuer_country,
	    *subject;
};

#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64  "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PATH "a.deb//data.tar.xz//./usr/x.efi"

static json_t *
make_entries(const struct made *rows, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count && rows[i].path != NULL; i++) {
		json_t *entry = json_pack(
		    "{s:s, s:s, s:s, s:{s:s*, s:s*, s:s*, s:s*}}", "path", rows[i].path,
		    "index", rows[i].index ? rows[i].index : "0", "status",
		    rows[i].status, "signer", "country", rows[i].country,
		    "issuer_country", rows[i].issuer_country, "subject",
		    rows[i].subject, "sha256", B64);
		ck_assert_ptr_nonnull(entry);
		if (rows[i].anchor != NULL)
			json_object_set_new(entry, "chain",
					    json_pack("[{s:s}, {s:s, s:s}]", "sha256",
						      B64, "sha256", rows[i].sha256,
						      "anchor", rows[i].anchor));
		json_array_append_new(array, entry);
	}
	return array;
}

/* A release that reads: product a.deb, one output, trusts "one" and "two". */
static struct release *
make_release(const char *signers, const char *pins)
{
	struct err err = {0};
	struct release *release = NULL;
	struct buf text = {0};
	buf_printf(&text,
		   "Format: verify-release 1\nName: x\nVersion: 1\n"
		   "Toolchain: x.toolchain\nToolchain-SHA256: " A64 "\n%s%s%s\n"
		   "Product: a.deb\nSHA256: " A64 "\n\n"
		   "Source: x.tar\nSHA256: " A64 "\n\nBuild:\n true\n\n"
		   "Output: usr/x.efi\nBuilt: x.efi\n\n"
		   "Trust: one\nSHA256: " A64 "\n%s\n"
		   "Trust: two\nSHA256: " B64 "\n",
		   signers ? "Signers: " : "", signers ? signers : "",
		   signers ? "\n" : "", pins);
	test_write("x.release", text.data, text.size);
	char *path = base_format("%s/x.release", test_folder());
	ck_assert_ok(release_read(path, &release, &err), err);
	free(path);
	buf_free(&text);
	return release;
}

#define GOOD(label, hex)                                                               \
	{                                                                              \
		PATH, "0", "valid", label, hex, "CH", "US", "CN=Signer,C=CH"           \
	}

/* One of any status, at any path. */
#define ENTRY(path_, index_, status_, label, hex)                                      \
	{                                                                              \
		path_, index_, status_, label, hex, NULL, NULL, NULL                   \
	}

START_TEST(rules)
{
	static const struct {
		const char *signers, *pins;
		struct made entries[3];
		bool met;
	} rows[] = {
	    /* 0: who */
	    {"any-of one two", "", {GOOD("one", A64)}, true},
	    {"any-of one two", "", {GOOD("two", B64)}, true},
	    {"all-of one two", "", {GOOD("one", A64)}, false},
	    {"all-of one two", "", {GOOD("one", A64), GOOD("two", B64)}, true},
	    {"any-of one two", "", {{0}}, false},
	    {"any-of one two", "", {ENTRY(PATH, "0", "unsigned", NULL, NULL)}, false},
	    {"any-of one two", "", {ENTRY(PATH, "0", "expired", "one", A64)}, false},
	    {"any-of one two", "", {ENTRY(PATH, "0", "untrusted", NULL, NULL)}, false},
	    {"any-of one two",
	     "",
	     {ENTRY(PATH, "0", "not-checked", NULL, NULL)},
	     false},
	    /* 9: the label alone is not the certificate */
	    {"any-of one two", "", {GOOD("one", "cc")}, false},
	    {"any-of one two",
	     "",
	     {GOOD("one", A64), ENTRY(PATH, "1", "invalid", NULL, NULL)},
	     false},
	    {"any-of one two",
	     "",
	     {GOOD("one", A64), ENTRY(PATH, "1", "weak", NULL, NULL)},
	     true},
	    /* 12: another file of that name vouches for nothing */
	    {"any-of one two",
	     "",
	     {ENTRY(PATH, "0", "unsigned", NULL, NULL),
	      ENTRY("a.deb//evil.tar//usr/x.efi", "0", "valid", "one", A64)},
	     false},
	    {"any-of one two",
	     "",
	     {ENTRY("a.deb//usr/y.efi", "0", "valid", "one", A64)},
	     false},
	    {"any-of one two",
	     "",
	     {ENTRY("a.deb//data.tar.xz//./evil/usr/x.efi", "0", "valid", "one", A64)},
	     false},
	    /* 15: pins */
	    {"any-of one two", "Country: CH\n", {GOOD("one", A64)}, true},
	    {"any-of one two", "Country: US\n", {GOOD("one", A64)}, false},
	    {"any-of one two", "Country: US\n", {GOOD("two", B64)}, true},
	    {"any-of one two", "Issuer-Country: US\n", {GOOD("one", A64)}, true},
	    {"any-of one two", "Issuer-Country: CH\n", {GOOD("one", A64)}, false},
	    {"any-of one two", "Subject: CN=Signer,C=CH\n", {GOOD("one", A64)}, true},
	    {"any-of one two", "Subject: CN=Signer\n", {GOOD("one", A64)}, false},
	    {"any-of one two", "Signer: sha256:" B64 "\n", {GOOD("one", A64)}, true},
	    {"any-of one two", "Signer: sha256:" A64 "\n", {GOOD("one", A64)}, false},
	    {"any-of one two",
	     "Country: CH\n",
	     {{PATH, "0", "valid", "one", A64, "CH+US", "US", "x"}},
	     false},
	    {"any-of one two",
	     "Country: CH\n",
	     {{PATH, "0", "valid", "one", A64, NULL, "CH", "x"}},
	     false},
	};
	struct release *release = make_release(rows[_i].signers, rows[_i].pins);
	json_t *entries = make_entries(rows[_i].entries, 3);
	json_t *policy = signature_policy(release, entries);
	ck_assert_ptr_nonnull(policy);
	bool met = json_is_true(json_object_get(policy, "met"));
	ck_assert_int_eq(met, rows[_i].met);
	/* The whole is met just when each rule is. */
	const json_t *list = json_object_get(policy, "rules");
	ck_assert_uint_ge(json_array_size(list), 1);
	bool all = true;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *rule = json_array_get(list, i);
		all = all && json_is_true(json_object_get(rule, "met"));
		ck_assert_ptr_nonnull(json_object_get(rule, "expected"));
		ck_assert_ptr_nonnull(json_object_get(rule, "found"));
		ck_assert_str_eq(json_string_value(json_object_get(rule, "path")),
				 "usr/x.efi");
	}
	ck_assert_int_eq(all, met);
	json_decref(policy);
	json_decref(entries);
	release_free(release);
}
END_TEST

START_TEST(country_says_what_was_found)
{
	const struct made good = GOOD("one", A64);
	struct release *release = make_release("any-of one two", "Country: US\n");
	json_t *entries = make_entries(&good, 1);
	json_t *policy = signature_policy(release, entries);
	char *text = json_dumps(policy, JSON_SORT_KEYS);
	ck_assert_ptr_nonnull(
	    strstr(text, "{\"expected\": \"US\", \"found\": \"CH\", \"met\": false, "
			 "\"path\": \"usr/x.efi\", "
			 "\"rule\": \"Country: US (trust one)\"}"));
	free(text);
	json_decref(policy);
	json_decref(entries);
	release_free(release);
}
END_TEST

/* "Signed with a Swiss digital signature", from the bytes to the rule. */
START_TEST(swiss_signer)
{
	static const struct {
		const char *subject, *pins;
		bool met;
	} rows[] = {
	    {"/C=CH/O=Muster AG/CN=Signer", "Country: CH\nIssuer-Country: CH\n", true},
	    {"/C=US/O=Sample Inc/CN=Signer", "Country: CH\nIssuer-Country: CH\n",
	     false},
	    {"/C=CH/O=Muster AG/CN=Signer", "Country: US\n", false},
	    {"/C=CH/C=US/CN=Signer", "Country: CH\n", false},
	    {"/O=Muster AG/CN=CH", "Country: CH\n", false},
	};
	struct id_recipe authority = {.subject = "/C=CH/CN=Authority",
				      .extensions = {EXTENSIONS_CA}};
	struct id root = id_make(&authority);
	struct id_recipe recipe = {.subject = rows[_i].subject,
				   .issuer = &root,
				   .extensions = {EXTENSIONS_LEAF}};
	struct id leaf = id_make(&recipe);
	struct buf image = image_make();
	struct signing signing = {.signer = &leaf};
	struct buf der = sign_image(&signing, &image);
	struct buf bytes = image_attach_one(&image, &der);
	struct view view = view_of_buf(&bytes);
	id_write(&root, "root");
	char *text = base_format("Format: verify-release 1\nName: x\nVersion: 1\n"
				 "Toolchain: x.toolchain\nToolchain-SHA256: " A64
				 "\nSigners: any-of swiss\n\n"
				 "Product: x.efi\nSHA256: " A64
				 "\n\nSource: x.tar\nSHA256: " A64 "\n\n"
				 "Build:\n true\n\nOutput: .\nBuilt: x.efi\n\n"
				 "Trust: swiss\nCertificate: root.pem\n%s",
				 rows[_i].pins);
	test_write("x.release", text, strlen(text));
	char *path = base_format("%s/x.release", test_folder());
	struct release *release = NULL;
	struct trust *trust = NULL;
	struct err err = {0};
	enum signature_status status;
	json_t *entries = json_array();
	ck_assert_ok(release_read(path, &release, &err), err);
	ck_assert_ok(trust_of_release(release, &trust, &err), err);
	trust_set_now(trust, BUILD_NOW);
	ck_assert_ok(signature_check(&view, "x.efi", trust, entries, &status, &err),
		     err);
	ck_assert_int_eq(status, SIGNATURE_VALID);
	json_t *policy = signature_policy(release, entries);
	ck_assert_int_eq(json_is_true(json_object_get(policy, "met")), rows[_i].met);
	json_decref(policy);
	json_decref(entries);
	trust_free(trust);
	release_free(release);
	buf_free(&bytes);
	buf_free(&der);
	buf_free(&image);
	free(path);
	free(text);
}
END_TEST

/* ---- trust ----------------------------------------------------------- */

START_TEST(bad_trust_is_an_error)
{
	static const char *const bad[] = {
	    "sha256:",      "sha256:abc", "sha256:" A64 "a", "sha256:zz",
	    "no-such-file", "garbage",    "half.pem"};
	struct trust *trust = trust_new();
	struct err err = {0};
	char *path = strncmp(bad[_i], "sha256:", 7) == 0
			 ? base_strdup(bad[_i])
			 : base_format("%s/%s", test_folder(), bad[_i]);
	test_write("garbage", "garbage", 7);
	static const char half[] = "-----BEGIN CERTIFICATE-----\nMIIB\n"
				   "-----END CERTIFICATE-----\n";
	test_write("half.pem", half, strlen(half));
	ck_assert_int_eq(trust_add(trust, path, false, NULL, &err), -1);
	ck_assert_int_ne(err.kind, ERR_NONE);
	free(path);
	trust_free(trust);
}
END_TEST

START_TEST(anchors_are_taken_in_every_form)
{
	struct id_recipe recipe = {.subject = "/CN=x", .extensions = {EXTENSIONS_CA}};
	struct id first = id_make(&recipe), second = id_make(&recipe);
	struct trust *trust = trust_new();
	struct err err = {0};
	id_write(&first, "first");
	id_write(&second, "second");
	test_shell("cat first.pem second.pem >both.pem; openssl x509 -in first.pem "
		   "-outform DER -out first.der; cat first.der first.der >twice.der");
	const char *const good[] = {"both.pem", "first.der", "first.pem"};
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		char *path = base_format("%s/%s", test_folder(), good[i]);
		ck_assert_ok(trust_add(trust, path, i == 1, NULL, &err), err);
		free(path);
	}
	char *path = base_format("%s/twice.der", test_folder());
	ck_assert_int_eq(trust_add(trust, path, false, NULL, &err), -1);
	free(path);
	char colons[8 + 32 * 3] = "sha256:";
	for (size_t i = 0; i < 32; i++)
		snprintf(colons + 7 + 3 * i, 4, "AB%s", i < 31 ? ":" : "");
	ck_assert_ok(trust_add(trust, colons, false, NULL, &err), err);
	trust_free(trust);
}
END_TEST

START_TEST(openpgp_pins_are_full_fingerprints)
{
	static const struct {
		const char *signer;
		int answer;
	} rows[] = {
	    {"pgp:0123456789abcdef0123456789ABCDEF01234567", 0},
	    {"pgp:0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567", 0},
	    {"pgp:" A64, 0},
	    {"pgp:89ABCDEF01234567", -1}, /* a key id */
	    {"pgp:0123456789abcdef0123456789ABCDEF0123456", -1},
	    {"0123456789abcdef0123456789ABCDEF01234567", -1},
	    {"pgp:g123456789abcdef0123456789ABCDEF01234567", -1},
	    {"", -1},
	};
	struct trust *trust = trust_new();
	struct err err = {0};
	ck_assert_int_eq(trust_pin_openpgp(trust, rows[_i].signer, &err),
			 rows[_i].answer);
	trust_free(trust);
}
END_TEST

START_TEST(statuses_have_names)
{
	enum signature_status back;
	for (int i = SIGNATURE_VALID; i <= SIGNATURE_INVALID; i++) {
		const char *name = signature_status_name((enum signature_status)i);
		ck_assert_int_eq(signature_status_parse(name, &back), 0);
		ck_assert_int_eq((int)back, i);
	}
	ck_assert_int_eq(signature_status_parse("fine", &back), -1);
}
END_TEST

Suite *signature_policy_suite(void);

Suite *
signature_policy_suite(void)
{
	Suite *suite = suite_create("signature_policy");
	TCase *policy = tcase_create("policy"), *trust = tcase_create("trust");
	tcase_add_loop_test(policy, rules, 0, 26);
	tcase_add_loop_test(policy, swiss_signer, 0, 5);
	tcase_add_test(policy, country_says_what_was_found);
	tcase_add_test(policy, statuses_have_names);
	tcase_add_loop_test(trust, bad_trust_is_an_error, 0, 7);
	tcase_add_test(trust, anchors_are_taken_in_every_form);
	tcase_add_loop_test(trust, openpgp_pins_are_full_fingerprints, 0, 8);
	suite_add_tcase(suite, policy);
	suite_add_tcase(suite, trust);
	return suite;
}
