/*
 * signature: OpenPGP. tests/openpgp-examples makes the files with gpg; what each must
 * come to is what gpgv says of it, and our policy where gpgv has none (weak keys).
 */
#include "test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "signature/signature_private.h"

/* date -u +%s -d ... */
#define JUNE_2020 1590969600 /* 2020-06-01, when all examples are signed */
#define YEAR_2023 1672531200 /* 2023-01-01, the tests' "now" */

static char folder[] = "/tmp/verify-openpgp-XXXXXX";
static bool have_gpg;

static void
examples_make(void)
{
	const char *source = getenv("SOURCE");
	have_gpg = test_have("gpg") && test_have("gpgv");
	if (!have_gpg)
		return;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	char *command = base_format(
	    "cd %s && sh %s/tests/openpgp-examples >log 2>&1 || { cat log >&2; "
	    "exit 1; }",
	    folder, source ? source : "/nonexistent");
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	free(command);
}

static void
examples_remove(void)
{
	struct err err = {0};
	if (have_gpg)
		folder_remove(AT_FDCWD, folder, &err);
}

static struct buf
example(const char *name)
{
	struct buf bytes = {0};
	struct err err = {0};
	char *path = path_join(folder, name);
	ck_assert_ok(file_read(path, 1 << 20, &bytes, &err), err);
	free(path);
	return bytes;
}

static struct trust *
trust_with(const struct buf *keyring, const char *pin, const char *at)
{
	struct err err = {0};
	struct trust *trust = trust_new();
	struct judged_at judged;
	test_write("ring", keyring->data, keyring->size);
	char *path = path_join(test_folder(), "ring");
	ck_assert_ok(trust_add_keyring(trust, path, &err), err);
	if (pin != NULL) {
		char *signer = base_format("pgp:%s", pin);
		ck_assert_ok(trust_pin_openpgp(trust, signer, &err), err);
		free(signer);
	}
	trust_set_now(trust, YEAR_2023);
	ck_assert_int_eq(judged_at_parse(at, &judged), 0);
	trust_judge_at(trust, judged);
	free(path);
	return trust;
}

/* Check a detached or clear-signed example; the entries, for the caller to free. */
static json_t *
check_bytes(const char *file, const struct buf *signature, const struct buf *keyring,
	    const char *pin, const char *at, enum signature_status *status)
{
	struct trust *trust = trust_with(keyring, pin, at);
	struct err err = {0};
	struct view view = view_of_buf(signature);
	json_t *entries = json_array();
	*status = SIGNATURE_VALID;
	if (file == NULL) {
		ck_assert_ok(
		    openpgp_check_cleartext(&view, "x", trust, entries, status, &err),
		    err);
	} else {
		char *path = path_join(folder, file);
		struct buf bytes = {0};
		ck_assert_ok(file_read(path, 1 << 24, &bytes, &err), err);
		struct view whole = view_of_buf(&bytes);
		ck_assert_ok(openpgp_check_detached(&whole, "x", &view, trust, entries,
						    status, &err),
			     err);
		buf_free(&bytes);
		free(path);
	}
	trust_free(trust);
	return entries;
}

static void
assert_entry(const json_t *entries, size_t index, const char *status,
	     const char *reason)
{
	const json_t *entry = json_array_get(entries, index);
	const char *found = json_string_value(json_object_get(entry, "status"));
	const char *why = json_string_value(json_object_get(entry, "reason"));
	ck_assert_ptr_nonnull(found);
	ck_assert_msg(strcmp(found, status) == 0, "%s instead of %s: %s", found, status,
		      why ? why : "");
	if (reason == NULL)
		ck_assert_ptr_null(why);
	else
		ck_assert_msg(why != NULL && strstr(why, reason) != NULL,
			      "'%s' without '%s'", why ? why : "", reason);
}

struct example_case {
	const char *file, *signature, *keyring, *at, *status, *reason;
};

static void
run_cases(const struct example_case *cases, size_t count)
{
	for (size_t i = 0; have_gpg && i < count; i++) {
		const struct example_case *c = &cases[i];
		struct buf signature = example(c->signature),
			   keyring = example(c->keyring);
		enum signature_status status;
		json_t *entries =
		    check_bytes(c->file, &signature, &keyring, NULL, c->at, &status);
		ck_assert_uint_eq(json_array_size(entries), 1);
		assert_entry(entries, 0, c->status, c->reason);
		ck_assert_str_eq(signature_status_name(status), c->status);
		json_decref(entries);
		buf_free(&signature);
		buf_free(&keyring);
	}
}

START_TEST(detached_examples)
{
	static const struct example_case cases[] = {
	    {"file", "file.good.sig", "good.gpg", "now", "valid", NULL},
	    {"file", "file.good.asc", "good.asc", "signing-time", "valid", NULL},
	    {"file", "file.text.asc", "good.gpg", "now", "valid", NULL},
	    {"file", "file.rsa.sig", "rsa.gpg", "now", "valid", NULL},
	    {"file", "file.rsa.sig", "both.gpg", "now", "valid", NULL},
	    {"file", "file.sub.sig", "sub.gpg", "now", "valid", NULL},
	    {"other", "file.good.sig", "good.gpg", "now", "invalid", "does not fit"},
	    {"other", "file.text.asc", "good.gpg", "now", "invalid", "does not fit"},
	    {"other", "file.sub.sig", "sub.gpg", "now", "invalid", "does not fit"},
	    {"file", "file.good.sig", "rsa.gpg", "now", "untrusted", "no key "},
	    {"file", "file.inline.sig", "good.gpg", "now", "invalid",
	     "a packet of type 4"},
	    {"file", "file.sub.sig", "sub-usage.gpg", "now", "invalid",
	     "may not be used for signing"},
	    {"file", "good.gpg", "good.gpg", "now", "invalid", "a packet of type 6"},
	    {"file", "good.asc", "good.gpg", "now", "invalid", "line 1: neither"},
	    {"file", "file", "good.gpg", "now", "invalid", "line 1: neither"},
	};
	run_cases(cases, ARRAY_COUNT(cases));
}
END_TEST

START_TEST(times_and_revocations)
{
	static const struct example_case cases[] = {
	    {"file", "file.expired.sig", "expired.gpg", "now", "expired",
	     "the primary key expired at 2021-01-01T"},
	    {"file", "file.expired.sig", "expired.gpg", "signing-time", "valid", NULL},
	    {"file", "file.expired.sig", "expired.gpg", "2021-06-01T00:00:00Z",
	     "expired", "the primary key expired"},
	    {"file", "file.expired.sig", "expired.gpg", "2020-07-01T00:00:00Z", "valid",
	     NULL},
	    {"file", "file.good.sig", "good.gpg", "2020-05-31T00:00:00Z", "invalid",
	     "after the time it is judged at"},
	    {"file", "file.shortlived.sig", "good.gpg", "now", "expired",
	     "the signature expired at 2020-07-01T"},
	    {"file", "file.shortlived.sig", "good.gpg", "signing-time", "valid", NULL},
	    {"other", "file.shortlived.sig", "good.gpg", "now", "invalid",
	     "does not fit"},
	    {"file", "file.revoked.sig", "revoked.gpg", "now", "revoked",
	     "the primary key was revoked at 2020-01-01T"},
	    {"file", "file.revoked.sig", "revoked.gpg", "signing-time", "revoked",
	     "was revoked"},
	    {"file", "file.retired.sig", "retired.gpg", "now", "revoked",
	     "was revoked"},
	    {"file", "file.retired.sig", "retired.gpg", "signing-time", "valid", NULL},
	    {"other", "file.retired.sig", "retired.gpg", "signing-time", "invalid",
	     "does not fit"},
	};
	run_cases(cases, ARRAY_COUNT(cases));
}
END_TEST

START_TEST(weak_keys_and_digests)
{
	static const struct example_case cases[] = {
	    {"file", "file.small.sig", "small.gpg", "now", "weak", "RSA of less than"},
	    {"file", "file.dsa.sig", "dsa.gpg", "now", "weak", "DSA of less than"},
	    {"file", "file.sha1.sig", "rsa.gpg", "now", "weak", "the digest is SHA1"},
	    {"other", "file.sha1.sig", "rsa.gpg", "now", "invalid", "does not fit"},
	    {"other", "file.small.sig", "small.gpg", "now", "invalid", "does not fit"},
	};
	run_cases(cases, ARRAY_COUNT(cases));
}
END_TEST

/* A subkey counts only with its binding and its signature back (RFC 9580, 5.2.3.34). */
START_TEST(subkeys_need_their_binding)
{
	static const uint8_t back_signature[] = {0xc0, 0x74, 0x20}; /* 5.2.3.7 */
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf signature = example("file.sub.sig"), keyring = example("sub.gpg");
	struct view view = view_of_buf(&keyring);
	enum signature_status status;
	uint64_t at = 0, last = 0;
	while (view_find(&view, at, back_signature, 3, &at) == 0)
		last = at++;
	ck_assert_uint_ne(last, 0);
	/* The back signature stands in the part that is not signed: hide it there. */
	keyring.data[last + 2] = 100;
	json_t *entries =
	    check_bytes("file", &signature, &keyring, NULL, "now", &status);
	assert_entry(entries, 0, "invalid", "not validly bound");
	json_decref(entries);
	keyring.data[last + 2] = 0x20;
	keyring.data[keyring.size - 9] ^= 1; /* in the binding signature's number */
	entries = check_bytes("file", &signature, &keyring, NULL, "now", &status);
	ck_assert_int_ne(status, SIGNATURE_VALID);
	json_decref(entries);
	buf_free(&signature);
	buf_free(&keyring);
}
END_TEST

/* The subkey's own life counts beside its primary key's. */
START_TEST(subkeys_expire_and_are_revoked)
{
	static const struct example_case cases[] = {
	    {"file", "file.subexpired.sig", "subexpired.gpg", "now", "expired",
	     "the subkey expired at 2021-01-01T"},
	    {"file", "file.subexpired.sig", "subexpired.gpg", "signing-time", "valid",
	     NULL},
	    {"other", "file.subexpired.sig", "subexpired.gpg", "signing-time",
	     "invalid", "does not fit"},
	    {"file", "file.subrevoked.sig", "subrevoked.gpg", "now", "revoked",
	     "the subkey was revoked at 2022-01-01T"},
	    {"file", "file.subrevoked.sig", "subrevoked.gpg", "signing-time", "revoked",
	     "the subkey was revoked"},
	};
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	run_cases(cases, ARRAY_COUNT(cases));
}
END_TEST

static void
replace(struct buf *bytes, const uint8_t *from, const uint8_t *to, size_t size)
{
	struct view view = view_of_buf(bytes);
	uint64_t at = 0;
	size_t count = 0;
	for (; view_find(&view, at, from, size, &at) == 0; count++)
		memcpy(bytes->data + at, to, size);
	ck_assert_uint_gt(count, 0);
}

static void
fingerprint(const char *name, uint8_t bytes[20])
{
	struct buf text = example(name);
	text.data[strcspn(text.data, "\n")] = '\0';
	ck_assert_int_eq(hex_decode(text.data, false, bytes, 20), 0);
	buf_free(&text);
}

/* A key id is what nobody signs, and many keys may have it: it names a candidate and
 * proves nothing. Here the signature's issuer is that of another key of the keyring. */
START_TEST(key_ids_prove_nothing)
{
	uint8_t good[20], rsa[20];
	enum signature_status status;
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	fingerprint("good.fpr", good);
	fingerprint("rsa.fpr", rsa);
	struct buf signature = example("file.good.sig"), both = example("both.gpg");
	struct buf other = example("rsa.gpg");
	replace(&signature, good + 12, rsa + 12, 8); /* RFC 9580, 5.5.4.2: the id */
	json_t *entries =
	    check_bytes("file", &signature, &other, NULL, "now", &status);
	ck_assert_int_ne(status, SIGNATURE_VALID);
	json_decref(entries);
	entries = check_bytes("file", &signature, &both, NULL, "now", &status);
	const json_t *key = json_object_get(json_array_get(entries, 0), "openpgp");
	const char *by = json_string_value(json_object_get(key, "primary_fingerprint"));
	uint8_t named[20] = {0};
	if (status == SIGNATURE_VALID) {
		ck_assert_ptr_nonnull(by);
		ck_assert_int_eq(hex_decode(by, false, named, 20), 0);
		ck_assert_mem_eq(named, good, 20);
	}
	json_decref(entries);
	buf_free(&signature);
	buf_free(&both);
	buf_free(&other);
}
END_TEST

/* A signature of version 6 (RFC 9580, 5.2.3), which librnp 0.16 cannot read: whatever it
 * says, it was not checked, and a good one beside it does not change that. */
START_TEST(version_6_is_not_checked)
{
	uint8_t packet[2 + 1 + 3 + 4 + 4 + 2 + 1 + 32 + 64] = {
	    0xc2, sizeof(packet) - 2, /* a signature packet */
	    6,	  0x00,		      27, 10, /* binary, Ed25519, SHA-512 */
	};
	packet[16] = 32; /* the salt's size, behind empty subpacket areas and two octets */
	struct buf signature = {0};
	enum signature_status status;
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf keyring = example("good.gpg"), good = example("file.good.sig");
	buf_append(&signature, packet, sizeof(packet));
	json_t *entries =
	    check_bytes("file", &signature, &keyring, NULL, "now", &status);
	ck_assert_uint_eq(json_array_size(entries), 1);
	assert_entry(entries, 0, "not-checked", "signature of version 6");
	json_decref(entries);
	for (int first = 0; first < 2; first++) {
		buf_clear(&signature);
		if (first)
			buf_append(&signature, good.data, good.size);
		buf_append(&signature, packet, sizeof(packet));
		if (!first)
			buf_append(&signature, good.data, good.size);
		entries =
		    check_bytes("file", &signature, &keyring, NULL, "now", &status);
		ck_assert_uint_eq(json_array_size(entries), 2);
		ck_assert_int_eq(status, SIGNATURE_NOT_CHECKED);
		json_decref(entries);
	}
	buf_free(&signature);
	buf_free(&keyring);
	buf_free(&good);
}
END_TEST

START_TEST(pins_are_full_primary_fingerprints)
{
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf signature = example("file.sub.sig"), keyring = example("sub.gpg");
	struct buf pin = example("sub.fpr"), other = example("rsa.fpr");
	enum signature_status status;
	pin.data[strcspn(pin.data, "\n")] = '\0';
	other.data[strcspn(other.data, "\n")] = '\0';
	json_t *entries =
	    check_bytes("file", &signature, &keyring, pin.data, "now", &status);
	assert_entry(entries, 0, "valid", NULL);
	const json_t *signer = json_object_get(json_array_get(entries, 0), "openpgp");
	ck_assert(json_is_true(json_object_get(signer, "pinned")));
	ck_assert_str_eq(
	    json_string_value(json_object_get(signer, "primary_fingerprint")),
	    pin.data);
	ck_assert_str_ne(json_string_value(json_object_get(signer, "fingerprint")),
			 pin.data);
	ck_assert_str_eq(
	    json_string_value(json_array_get(json_object_get(signer, "user_ids"), 0)),
	    "sub <sub@example.org>");
	json_decref(entries);
	entries = check_bytes("file", &signature, &keyring, other.data, "now", &status);
	assert_entry(entries, 0, "untrusted", "is not the one that is pinned");
	json_decref(entries);
	buf_free(&signature);
	buf_free(&keyring);
	buf_free(&pin);
	buf_free(&other);
}
END_TEST

START_TEST(cleartext_examples)
{
	static const struct example_case cases[] = {
	    {NULL, "file.clear.asc", "good.gpg", "now", "valid", NULL},
	    {NULL, "file.clear.asc", "rsa.gpg", "now", "untrusted", "no key"},
	    {NULL, "file", "good.gpg", "now", "invalid", "text before the signed"},
	};
	run_cases(cases, ARRAY_COUNT(cases));
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf text = example("file.two.asc"), keyring = example("good.gpg");
	enum signature_status status;
	json_t *entries = check_bytes(NULL, &text, &keyring, NULL, "now", &status);
	ck_assert_uint_eq(json_array_size(entries), 2);
	assert_entry(entries, 0, "valid", NULL);
	assert_entry(entries, 1, "untrusted", "no key");
	ck_assert_int_eq(status, SIGNATURE_UNTRUSTED);
	json_decref(entries);
	buf_free(&text);
	buf_free(&keyring);
}
END_TEST

/* Every way to put text beside the signed text, or to change it. */
START_TEST(cleartext_attacks)
{
	static const struct {
		const char *from, *to, *reason;
	} edits[] = {
	    {"-----BEGIN PGP SIGNED", "evil\n-----BEGIN PGP SIGNED", "text before"},
	    {"-----END PGP SIGNATURE-----\n", "-----END PGP SIGNATURE-----\nevil\n",
	     "text after the signature"},
	    {"-----END PGP SIGNATURE-----\n",
	     "-----END PGP SIGNATURE-----\n-----BEGIN PGP SIGNATURE-----\n",
	     "a second signature armour"},
	    {"Hash: ", "Source: evil\nHash: ", "a header other than Hash"},
	    {"\n- - a dash", "\n-a dash", "not escaped"},
	    {"the first", "the  first", "does not fit"},
	    {"the second line\n", "", "does not fit"},
	    {"the first line\n", "the first line\n\n", "does not fit"},
	    {"-----END PGP SIGNATURE-----\n", "", "the armour has no end"},
	    {"-----BEGIN PGP SIGNATURE-----\n", "", "not escaped"},
	    {"\n\n", "\n", "other than Hash"},
	};
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf text = example("file.clear.asc"), keyring = example("good.gpg");
	for (size_t i = 0; i < ARRAY_COUNT(edits); i++) {
		struct buf edited = {0};
		enum signature_status status;
		char *at = strstr(text.data, edits[i].from);
		if (strcmp(edits[i].from, "the second line\n") == 0)
			at = strstr(text.data, "the second");
		ck_assert_msg(at != NULL, "edit %zu", i);
		size_t skip =
		    strcmp(edits[i].to, "") == 0 && strstr(at, "the sec") == at
			? strcspn(at, "\n") + 1
			: strlen(edits[i].from);
		buf_append(&edited, text.data, (size_t)(at - text.data));
		buf_puts(&edited, edits[i].to);
		buf_puts(&edited, at + skip);
		json_t *entries =
		    check_bytes(NULL, &edited, &keyring, NULL, "now", &status);
		assert_entry(entries, 0, "invalid", edits[i].reason);
		json_decref(entries);
		buf_free(&edited);
	}
	buf_free(&text);
	buf_free(&keyring);
}
END_TEST

/* A signature cut off at any byte, or with any byte changed, is never valid. Only
 * what is not signed may change: the hint of who signed, in armour its headers. */
START_TEST(damaged_signatures)
{
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf signature = example("file.good.sig"), keyring = example("good.gpg");
	struct buf copy = {0};
	enum signature_status status;
	unsigned valid = 0;
	for (size_t size = 0; size < signature.size; size++) {
		buf_clear(&copy);
		buf_append(&copy, signature.data, size);
		json_decref(check_bytes("file", &copy, &keyring, NULL, "now", &status));
		ck_assert_int_ne(status, SIGNATURE_VALID);
	}
	for (size_t i = 0; i < signature.size; i++) {
		buf_clear(&copy);
		buf_append(&copy, signature.data, signature.size);
		copy.data[i] ^= 0x41;
		json_decref(check_bytes("file", &copy, &keyring, NULL, "now", &status));
		valid += status == SIGNATURE_VALID;
	}
	/* RFC 9580, 5.2.3: the unhashed part is a length of two bytes, which cannot
	 * change, and ten bytes of issuer key id, whose change is not always seen. */
	ck_assert_uint_le(valid, 10);
	buf_free(&copy);
	buf_free(&signature);
	buf_free(&keyring);
}
END_TEST

/* Two signatures in one detached file are two entries; a keyring that is none says so.
 */
START_TEST(several_signatures_and_bad_keyrings)
{
	if (!have_gpg)
		TEST_SKIP("needs gpg and gpgv");
	struct buf one = example("file.good.sig"), two = example("file.rsa.sig");
	struct buf keyring = example("both.gpg"), rubbish = example("file");
	enum signature_status status;
	buf_append(&one, two.data, two.size);
	json_t *entries = check_bytes("file", &one, &keyring, NULL, "now", &status);
	ck_assert_uint_eq(json_array_size(entries), 2);
	assert_entry(entries, 0, "valid", NULL);
	assert_entry(entries, 1, "valid", NULL);
	json_decref(entries);
	entries = check_bytes("other", &one, &keyring, NULL, "now", &status);
	assert_entry(entries, 1, "invalid", "does not fit");
	json_decref(entries);
	buf_append(&one, "\xcb\x01x", 3); /* literal data, RFC 9580, 5.9 */
	entries = check_bytes("file", &one, &keyring, NULL, "now", &status);
	ck_assert_uint_eq(json_array_size(entries), 1);
	assert_entry(entries, 0, "invalid", "a packet of type 11");
	json_decref(entries);
	struct trust *trust = trust_new();
	struct err err = {0};
	test_write("ring", rubbish.data, rubbish.size);
	char *path = path_join(test_folder(), "ring");
	if (trust_add_keyring(trust, path, &err) == 0) {
		struct view view = view_of_buf(&two), whole = {0};
		entries = json_array();
		ck_assert_ok(openpgp_check_detached(&whole, "x", &view, trust, entries,
						    &status, &err),
			     err);
		ck_assert_int_ne(status, SIGNATURE_VALID);
		json_decref(entries);
	}
	trust_free(trust);
	free(path);
	buf_free(&one);
	buf_free(&two);
	buf_free(&keyring);
	buf_free(&rubbish);
}
END_TEST

/* RFC 9580, 4.2.1: lengths of one, two and five bytes; partial ones are refused. */
START_TEST(packet_lengths)
{
	static const struct {
		const char *bytes;
		size_t size;
		int result;
		size_t count;
	} cases[] = {
	    {"\xc2\x01x", 3, 0, 1},
	    {"\xc2\x01x\xc2\x00", 5, 0, 2},
	    {"\xc2\xff\x00\x00\x00\x01x", 7, 0, 1},
	    {"\x88\x01x\x89\x00\x01x\x8a\x00\x00\x00\x01x", 13, 0, 3},
	    {"\xc2\xe1xx", 4, -1, 0},
	    {"\xc2\x02x", 3, -1, 0},
	    {"\xc2\xff\xff\xff\xff\xffx", 7, -1, 0},
	    {"\xc2\xc0\x00x", 4, -1, 0},
	    {"\x8bx", 2, -1, 0},
	    {"\xc2", 1, -1, 0},
	    {"\xc2\x01x\n", 4, -1, 0},
	    {"\xca\x03PGP\xc2\x00", 7, -1, 0},
	    {"", 0, -1, 0},
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct view view = view_of(cases[i].bytes, cases[i].size);
		struct buf packets = {0};
		struct err err = {0};
		size_t count = 0;
		ck_assert_msg(openpgp_frame_detached(&view, &packets, &count, &err) ==
				  cases[i].result,
			      "case %zu: %s", i, err.message);
		if (cases[i].result == 0)
			ck_assert_uint_eq(count, cases[i].count);
		buf_free(&packets);
	}
}
END_TEST

Suite *openpgp_suite(void);

Suite *
openpgp_suite(void)
{
	Suite *suite = suite_create("openpgp");
	TCase *tests = tcase_create("openpgp");
	tcase_set_timeout(tests, 60);
	tcase_add_unchecked_fixture(tests, examples_make, examples_remove);
	tcase_add_test(tests, detached_examples);
	tcase_add_test(tests, times_and_revocations);
	tcase_add_test(tests, weak_keys_and_digests);
	tcase_add_test(tests, subkeys_need_their_binding);
	tcase_add_test(tests, subkeys_expire_and_are_revoked);
	tcase_add_test(tests, key_ids_prove_nothing);
	tcase_add_test(tests, version_6_is_not_checked);
	tcase_add_test(tests, pins_are_full_primary_fingerprints);
	tcase_add_test(tests, cleartext_examples);
	tcase_add_test(tests, cleartext_attacks);
	tcase_add_test(tests, damaged_signatures);
	tcase_add_test(tests, several_signatures_and_bad_keyrings);
	tcase_add_test(tests, packet_lengths);
	suite_add_tcase(suite, tests);
	return suite;
}
