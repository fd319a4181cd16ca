/*
 * Authenticode, attack by attack: what each shape must be called. Images, certificates
 * and signed data come from signature_build.c, and from sbsign and osslsigncode.
 */
#include "signature_build.h"

/* What most tests start from; each test is a process of its own. */
static struct id root, middle, leaf, tsa_root, tsa;
static struct buf image;
static struct trust *trust;

static struct id
make(const char *subject, const struct id *issuer, const char *extension1,
     const char *extension2)
{
	struct id_recipe recipe = {.subject = subject,
				   .issuer = issuer,
				   .extensions = {extension1, extension2}};
	return id_make(&recipe);
}

static struct id
make_leaf(const char *from, const char *until)
{
	struct id_recipe recipe = {.subject = "/C=CH/O=Muster AG/CN=Signer",
				   .issuer = &middle,
				   .from = from,
				   .until = until,
				   .extensions = {EXTENSIONS_LEAF}};
	return id_make(&recipe);
}

static struct id
make_tsa(const char *from, const char *until, const char *usage)
{
	struct id_recipe recipe = {
	    .subject = "/C=CH/CN=Timestamps",
	    .issuer = &tsa_root,
	    .from = from,
	    .until = until,
	    .extensions = {"keyUsage=critical,digitalSignature", usage}};
	return id_make(&recipe);
}

static void
set_up(void)
{
	root = make("/C=CH/O=Test/CN=Root", NULL, EXTENSIONS_CA);
	middle = make("/C=CH/O=Test/CN=Authority", &root,
		      "basicConstraints=critical,CA:TRUE,pathlen:0",
		      "keyUsage=critical,keyCertSign,cRLSign");
	leaf = make_leaf(NULL, NULL);
	tsa_root = make("/C=CH/CN=Timestamp Root", NULL, EXTENSIONS_CA);
	tsa = make_tsa(NULL, NULL, "extendedKeyUsage=critical,timeStamping");
	image = image_make();
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id(trust, &root, false);
	trust_id(trust, &tsa_root, true);
}

/* Sign with `signing` as it stands, attach, and check. */
static enum signature_status
check_signing(struct signing *signing, json_t **entries)
{
	struct buf der = sign_image(signing, &image);
	struct buf signed_image = image_attach_one(&image, &der);
	enum signature_status status = check_image(&signed_image, trust, entries);
	buf_free(&der);
	buf_free(&signed_image);
	return status;
}

static struct buf
good_signature(void)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	return sign_image(&signing, &image);
}

/* A good signature by `signer` with one token at that time. */
static struct buf
stamped_signature(const struct id *signer, const struct id *authority, const char *time)
{
	struct signing signing = {.signer = signer, .others = {&middle}};
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	struct token token = {
	    .authority = authority, .time = time, .about = &signing.signature};
	put_token(&signing.unsigned_attributes, &token);
	return signing_finish(&signing);
}

static enum signature_status
check_der(const struct buf *der, json_t **entries)
{
	struct buf signed_image = image_attach_one(&image, der);
	enum signature_status status = check_image(&signed_image, trust, entries);
	buf_free(&signed_image);
	return status;
}

#define assert_status(call, expected)                                                  \
	do {                                                                           \
		enum signature_status is = (call);                                     \
		ck_assert_msg(is == (expected), "%s is %s, not %s", #call,             \
			      signature_status_name(is),                               \
			      signature_status_name(expected));                        \
	} while (0)

/* ---- good ones ------------------------------------------------------- */

START_TEST(good_signature_is_valid)
{
	json_t *entries;
	struct buf der = good_signature();
	assert_status(check_der(&der, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "index", "\"0\""));
	ck_assert(entry_says(entries, 0, "scheme", "authenticode"));
	ck_assert(entry_says(entries, 0, "signer", "CN=Signer,O=Muster AG,C=CH"));
	ck_assert(entry_says(entries, 0, "signer", "\"country\": \"CH\""));
	ck_assert(entry_says(entries, 0, "signer", "EC P-256"));
	ck_assert(entry_says(entries, 0, "chain", "\"anchor\": \"the anchor\""));
	ck_assert(entry_says(entries, 0, "revocation", "not checked: no data"));
	ck_assert(entry_says(entries, 0, "judged_at", "\"by\": \"now\""));
	ck_assert(entry_says(entries, 0, "notes", "no trusted timestamp"));
	json_decref(entries);
}
END_TEST

/* Made by other programs: the positive oracle. */
START_TEST(signatures_of_real_tools_are_valid)
{
	static const char *const keys[] = {"p256", "rsa2048"};
	struct id_recipe recipe = {.subject = "/C=CH/CN=Real",
				   .issuer = &middle,
				   .key = keys[_i],
				   .extensions = {EXTENSIONS_LEAF}};
	struct id real = id_make(&recipe);
	json_t *entries;
	if (!test_offers("osslsigncode", "--help", "-TSA-certs"))
		TEST_SKIP("needs an osslsigncode (2.6) that issues timestamps");
	id_write(&real, "real");
	id_write(&middle, "middle");
	id_write(&tsa, "tsa");
	test_write("plain.efi", image.data, image.size);
	test_shell("osslsigncode sign -certs real.pem -key real.key -ac middle.pem "
		   "-h sha256 -n 'Program <b>' -i https://example.test/x -ph "
		   "-TSA-certs tsa.pem -TSA-key tsa.key -TSA-time 1778666773 "
		   "-in plain.efi -out o.efi");
	struct buf signed_image = test_file("o.efi");
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "program_name", "Program <b>"));
	ck_assert(entry_says(entries, 0, "url", "https://example.test/x"));
	ck_assert(entry_says(entries, 0, "judged_at", "timestamp 0"));
	ck_assert(entry_says(entries, 0, "judged_at", "2026-05-13T10:06:13Z"));
	ck_assert(entry_says(entries, 0, "timestamps", "rfc3161"));
	ck_assert(entry_says(entries, 0, "status_at_signing", "valid"));
	buf_free(&signed_image);
	json_decref(entries);
	if (_i == 1) {
		test_shell("sbsign --key real.key --cert real.pem --addcert middle.pem "
			   "--output s.efi plain.efi && sbsign --key real.key --cert "
			   "real.pem --addcert middle.pem --output t.efi s.efi");
		signed_image = test_file("t.efi");
		assert_status(check_image(&signed_image, trust, &entries),
			      SIGNATURE_VALID);
		ck_assert_uint_eq(json_array_size(entries), 2);
		ck_assert(entry_says(entries, 1, "index", "\"1\""));
		json_decref(entries);
		buf_free(&signed_image);
	}
}
END_TEST

/* Of an image, and of nothing else. */
static void
set_content_type(struct buf *content, char last)
{
	static const char oid[] = "\x2b\x06\x01\x04\x01\x82\x37\x02\x01\x0f";
	char *at = memmem(content->data, content->size, oid, sizeof(oid) - 1);
	ck_assert_ptr_nonnull(at);
	at[sizeof(oid) - 2] = last;
}

START_TEST(pesign_calls_images_by_another_name)
{
	static const enum signature_status expected[] = {
	    SIGNATURE_VALID, SIGNATURE_INVALID, SIGNATURE_INVALID};
	static const char names[] = {21, 22, 25};
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	json_t *entries;
	signing_content(&signing, &image, "sha256");
	set_content_type(&signing.content, names[_i]);
	signing_make(&signing);
	struct buf der = signing_finish(&signing);
	assert_status(check_der(&der, &entries), expected[_i]);
	if (_i == 0)
		ck_assert(entry_says(entries, 0, "notes", "as pesign does"));
	json_decref(entries);
}
END_TEST

START_TEST(nested_signature_of_osslsigncode_is_an_entry)
{
	json_t *entries;
	id_write(&leaf, "leaf");
	id_write(&middle, "middle");
	test_write("plain.efi", image.data, image.size);
	test_shell("osslsigncode sign -certs leaf.pem -key leaf.key -ac middle.pem "
		   "-h sha1 -in plain.efi -out one.efi && osslsigncode sign -nest "
		   "-certs leaf.pem -key leaf.key -ac middle.pem -h sha256 -in one.efi "
		   "-out two.efi");
	struct buf signed_image = test_file("two.efi");
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_WEAK);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 0, "status", "weak"));
	ck_assert(entry_says(entries, 1, "index", "0.nested.0"));
	ck_assert(entry_says(entries, 1, "status", "valid"));
	json_decref(entries);
	buf_free(&signed_image);
}
END_TEST

START_TEST(unsigned_image_is_unsigned)
{
	json_t *entries;
	assert_status(check_image(&image, trust, &entries), SIGNATURE_UNSIGNED);
	ck_assert_uint_eq(json_array_size(entries), 1);
	json_decref(entries);
}
END_TEST

START_TEST(other_formats_are_not_checked)
{
	struct buf text = {0};
	buf_puts(&text, "just a text\n");
	assert_status(check_image(&text, trust, NULL), SIGNATURE_NOT_CHECKED);
	buf_clear(&text);
	assert_status(check_image(&text, trust, NULL), SIGNATURE_NOT_CHECKED);
}
END_TEST

/* ---- 1 to 5: bytes that nobody signed --------------------------------- */

START_TEST(attack_1_bytes_stuffed_into_the_entry)
{
	json_t *entries;
	struct buf der = good_signature();
	buf_zeros(&der, 24);
	assert_status(check_der(&der, NULL), SIGNATURE_VALID);
	der.data[der.size - 9] = 1;
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "nobody signed"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_1_bytes_stuffed_after_the_signers)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	json_t *entries;
	put_der(&signing.tail, 0x04, "payload", 7);
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "nobody signed"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_1_padding_of_the_entry_is_not_zero)
{
	struct buf der = good_signature();
	while (der.size % 8 != 5)
		buf_zeros(&der, 1);
	struct buf signed_image = image_attach_one(&image, &der);
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_VALID);
	signed_image.data[signed_image.size - 1] = 'x';
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

static void
add_u32(struct buf *buf, size_t offset, uint32_t more)
{
	uint32_t value;
	struct view view = view_of_buf(buf);
	ck_assert_int_eq(view_u32le(&view, offset, &value), 0);
	value += more;
	for (unsigned i = 0; i < 4; i++)
		buf->data[offset + i] = (char)(value >> (8 * i));
}

START_TEST(attack_2_bytes_of_the_directory_outside_any_entry)
{
	json_t *entries;
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	buf_append(&signed_image, "12345678", 8);
	add_u32(&signed_image, IMAGE_DIRECTORY + 4, 8);
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "in no entry"));
	json_decref(entries);
	/* Zeros are no entry either. */
	memset(signed_image.data + signed_image.size - 8, 0, 8);
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(attack_3_bytes_after_the_table)
{
	json_t *entries;
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	buf_append(&signed_image, "x", 1);
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "follow the certificate table"));
	json_decref(entries);
}
END_TEST

/* The digest leaves the table out, so a section in it would not be signed. */
START_TEST(attack_3_table_overlaps_a_section)
{
	json_t *entries;
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	add_u32(&signed_image, 0x98 + 240 + 16, 0x200); /* SizeOfRawData */
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "overlaps section 1"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_3_table_past_the_end)
{
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	add_u32(&signed_image, IMAGE_DIRECTORY + 4, 8);
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_INVALID);
	add_u32(&signed_image, IMAGE_DIRECTORY, 0x7fffffff);
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_INVALID);
}
END_TEST

/* Every byte but CheckSum: none may change without the file becoming worse. */
START_TEST(attack_4_an_image_byte_changed)
{
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	for (size_t i = 0; i<image.size; i += i> 0x210 ? 37 : 1) {
		if (i >= IMAGE_CHECKSUM && i < IMAGE_CHECKSUM + 4)
			continue;
		signed_image.data[i] ^= 0x20;
		enum signature_status status = check_image(&signed_image, trust, NULL);
		ck_assert_msg(status != SIGNATURE_VALID, "byte %zu", i);
		if (i >= 0x200)
			ck_assert_int_eq(status, SIGNATURE_INVALID);
		signed_image.data[i] ^= 0x20;
	}
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_VALID);
}
END_TEST

/* What stands between the image and its table is signed with it. */
START_TEST(attack_4_a_pad_byte_changed)
{
	json_t *entries;
	buf_append(&image, "abcde\0\0\0", 8);
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	assert_status(check_image(&signed_image, trust, NULL), SIGNATURE_VALID);
	signed_image.data[image.size - 1] = 1;
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "not the one that was signed"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_5_wrong_checksum_is_a_note)
{
	json_t *entries;
	struct buf der = good_signature();
	struct buf signed_image = image_attach_one(&image, &der);
	add_u32(&signed_image, IMAGE_CHECKSUM, 0x12345678);
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "notes", "CheckSum is 0x12345678"));
	json_decref(entries);
}
END_TEST

/* ---- 6: several ------------------------------------------------------ */

START_TEST(attack_6_one_of_two_is_bad)
{
	json_t *entries;
	struct signing bad = {
	    .signer = &leaf, .others = {&middle}, .wrong_digest = true};
	struct buf first = good_signature(), second = sign_image(&bad, &image);
	const struct buf *both[] = {&first, &second};
	struct buf signed_image = image_attach(&image, both, 2);
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_INVALID);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 0, "status", "\"valid\""));
	ck_assert(entry_says(entries, 1, "status", "invalid"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_6_duplicated)
{
	json_t *entries;
	struct buf first = good_signature();
	const struct buf *both[] = {&first, &first};
	struct buf signed_image = image_attach(&image, both, 2);
	assert_status(check_image(&signed_image, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 1, "notes", "the same signature as entry 0"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_6_nested_sha1_good_sha256_bad)
{
	json_t *entries;
	struct signing outer = {.signer = &leaf, .others = {&middle}, .digest = "sha1"};
	struct signing inner = {
	    .signer = &leaf, .others = {&middle}, .wrong_digest = true};
	struct buf nested = sign_image(&inner, &image);
	signing_content(&outer, &image, "sha1");
	signing_make(&outer);
	put_nested(&outer.unsigned_attributes, &nested);
	struct buf der = signing_finish(&outer);
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 0, "status", "weak"));
	ck_assert(entry_says(entries, 1, "status", "invalid"));
	json_decref(entries);
}
END_TEST

START_TEST(nesting_is_bounded)
{
	struct buf der = good_signature();
	json_t *entries;
	for (int i = 0; i < 8; i++) {
		struct signing outer = {.signer = &leaf, .others = {&middle}};
		signing_content(&outer, &image, "sha256");
		signing_make(&outer);
		put_nested(&outer.unsigned_attributes, &der);
		der = signing_finish(&outer);
	}
	assert_status(check_der(&der, &entries), SIGNATURE_NOT_CHECKED);
	ck_assert_uint_le(json_array_size(entries), 7);
	json_decref(entries);
}
END_TEST

/* ---- 7: attributes and contents --------------------------------------- */

START_TEST(attack_7_payload_in_an_unsigned_attribute)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	struct buf value = {0};
	json_t *entries;
	put_der(&value, 0x04, "payload", 7);
	put_attribute(&signing.unsigned_attributes, "1.3.6.1.4.1.42921.1.2.1", &value);
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "1.3.6.1.4.1.42921.1.2.1"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_7_unrelated_certificate_is_noted)
{
	struct id other = make("/CN=payload", NULL, NULL, NULL);
	struct signing signing = {.signer = &leaf, .others = {&middle, &other}};
	json_t *entries;
	assert_status(check_signing(&signing, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "notes", "CN=payload"));
	json_decref(entries);
}
END_TEST

/* Each is well signed and must be refused for its shape. */
START_TEST(attack_7_shapes)
{
	struct buf other = {0};
	put_der(&other, 0x04, "data", 4);
	const struct {
		struct signing signing;
		const char *reason;
	} rows[] = {
	    {{.two_digests = true}, "there twice"},
	    {{.attribute_type = ""}, "no content type"},
	    {{.attribute_type = "1.2.840.113549.1.7.1"}, "was signed, not"},
	    {{.content_type = "1.2.840.113549.1.7.1"}, "no digest of a PE image"},
	    {{.no_attributes = true}, "no signed attributes"},
	    {{.two_signers = true}, "more than one signer"},
	    {{.wrong_digest = true}, "message digest"},
	    {{.set_digest = "sha512"}, "digest algorithms disagree"},
	    {{.bad_value = true}, "not made by the signer's key"},
	};
	struct signing signing = rows[_i].signing;
	json_t *entries;
	signing.signer = &leaf;
	signing.others[0] = &middle;
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", rows[_i].reason));
	json_decref(entries);
}
END_TEST

START_TEST(attack_7_image_digest_by_another_algorithm)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	json_t *entries;
	signing_content(&signing, &image, "sha512");
	signing_make(&signing);
	struct buf der = signing_finish(&signing);
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "digest algorithms disagree"));
	json_decref(entries);
}
END_TEST

/* ---- 8 and 11: certificates ------------------------------------------ */

static enum signature_status
check_leaf_with(const char *extension1, const char *extension2, json_t **entries)
{
	struct id other = make("/C=CH/CN=Other", &middle, extension1, extension2);
	struct signing signing = {.signer = &other, .others = {&middle}};
	return check_signing(&signing, entries);
}

START_TEST(attack_8_tls_certificate)
{
	json_t *entries;
	assert_status(
	    check_leaf_with("extendedKeyUsage=serverAuth,clientAuth", NULL, &entries),
	    SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "wrong EKU"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_8_key_usage)
{
	assert_status(check_leaf_with("extendedKeyUsage=codeSigning",
				      "keyUsage=critical,keyEncipherment", NULL),
		      SIGNATURE_INVALID);
}
END_TEST

/* A chain without any purpose, as machine owners make: allowed by Authenticode. */
START_TEST(chain_without_purposes_is_for_code)
{
	assert_status(check_leaf_with(NULL, NULL, NULL), SIGNATURE_VALID);
}
END_TEST

START_TEST(attack_8_authority_for_tls_only)
{
	struct id tls =
	    make("/C=CH/CN=TLS Authority", &root, "basicConstraints=critical,CA:TRUE",
		 "extendedKeyUsage=serverAuth");
	struct id other = make("/CN=x", &tls, EXTENSIONS_LEAF);
	struct signing signing = {.signer = &other, .others = {&tls}};
	assert_status(check_signing(&signing, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(attack_11_path_length)
{
	struct id deep = make("/C=CH/CN=Deep", &middle, EXTENSIONS_CA);
	struct id other = make("/CN=x", &deep, EXTENSIONS_LEAF);
	struct signing signing = {.signer = &other, .others = {&deep, &middle}};
	json_t *entries;
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "path length"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_11_no_authority)
{
	static const char *const constraints[] = {"basicConstraints=critical,CA:FALSE",
						  NULL};
	static const char *const usages[] = {"keyUsage=keyCertSign,digitalSignature",
					     "keyUsage=digitalSignature"};
	struct id false_ca = make("/C=CH/CN=Leaf", &root, constraints[_i], usages[_i]);
	struct id other = make("/CN=x", &false_ca, EXTENSIONS_LEAF);
	struct signing signing = {.signer = &other, .others = {&false_ca}};
	json_t *entries;
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "no authority"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_11_name_constraints)
{
	struct id bound = make("/C=CH/CN=Bound", &root, EXTENSIONS_CA);
	struct id_recipe recipe = {
	    .subject = "/C=CH/CN=Bound",
	    .issuer = &root,
	    .extensions = {EXTENSIONS_CA,
			   "nameConstraints=critical,permitted;email:example.test"}};
	bound = id_make(&recipe);
	static const char *const mails[] = {"subjectAltName=email:a@example.test",
					    "subjectAltName=email:a@evil.test"};
	struct id other =
	    make("/CN=x", &bound, "extendedKeyUsage=codeSigning", mails[_i]);
	struct signing signing = {.signer = &other, .others = {&bound}};
	assert_status(check_signing(&signing, NULL),
		      _i == 0 ? SIGNATURE_VALID : SIGNATURE_INVALID);
}
END_TEST

START_TEST(attack_11_unknown_critical_extension)
{
	json_t *entries;
	assert_status(check_leaf_with("extendedKeyUsage=codeSigning",
				      "1.2.3.4=critical,DER:0500", &entries),
		      SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "critical extension"));
	json_decref(entries);
}
END_TEST

/* The right name, another key. */
START_TEST(attack_11_issuer_by_name_only)
{
	struct id impostor = make("/C=CH/O=Test/CN=Authority", NULL, EXTENSIONS_CA);
	struct id_recipe recipe = {.subject = "/CN=x",
				   .issuer = &impostor,
				   .no_key_ids = true,
				   .extensions = {EXTENSIONS_LEAF}};
	struct id other = id_make(&recipe);
	struct signing signing = {.signer = &other, .others = {&middle}};
	json_t *entries;
	assert_status(check_signing(&signing, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "whose key did not sign it"));
	json_decref(entries);
}
END_TEST

/* A forged authority beside the real one: every candidate is tried. */
START_TEST(every_candidate_is_tried)
{
	struct id impostor = make("/C=CH/O=Test/CN=Authority", NULL, EXTENSIONS_CA);
	struct id_recipe recipe = {.subject = "/CN=x",
				   .issuer = &middle,
				   .no_key_ids = true,
				   .extensions = {EXTENSIONS_LEAF}};
	struct id other = id_make(&recipe);
	struct signing signing = {.signer = &other, .others = {&impostor, &middle}};
	assert_status(check_signing(&signing, NULL), SIGNATURE_VALID);
}
END_TEST

/* ---- 9 and 10: time --------------------------------------------------- */

START_TEST(timestamp_keeps_an_expired_certificate_good)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct buf der = stamped_signature(&old, &tsa, "20240601000000Z");
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "status_at_signing", "valid"));
	ck_assert(entry_says(entries, 0, "status_now", "expired"));
	ck_assert(entry_says(entries, 0, "judged_at", "2024-06-01T00:00:00Z"));
	json_decref(entries);
	trust_judge_at(trust, (struct judged_at){AT_NOW, 0});
	assert_status(check_der(&der, NULL), SIGNATURE_EXPIRED);
	trust_judge_at(trust, (struct judged_at){AT_TIME, 1717200000});
	assert_status(check_der(&der, NULL), SIGNATURE_VALID);
}
END_TEST

/* An expired signer's signature with one countersignature of the summer before. */
static struct buf
countersigned(const struct id *authority)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct signing signing = {.signer = &old, .others = {&middle, authority}};
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	struct token token = {.authority = authority,
			      .time = "20240601000000Z",
			      .about = &signing.signature};
	put_countersignature(&signing.unsigned_attributes, &token);
	return signing_finish(&signing);
}

START_TEST(legacy_countersignature_counts)
{
	struct buf der = countersigned(&tsa);
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "timestamps", "legacy"));
	ck_assert(entry_says(entries, 0, "judged_at", "2024-06-01T00:00:00Z"));
	json_decref(entries);
}
END_TEST

/* Microsoft's of 2010 are by such certificates, and osslsigncode takes them as well. */
START_TEST(legacy_countersigner_is_older_than_the_rule_of_tokens)
{
	static const char *const usages[] = {
	    "extendedKeyUsage=timeStamping",
	    "extendedKeyUsage=critical,timeStamping,codeSigning",
	};
	struct id loose = make_tsa(NULL, NULL, usages[_i]);
	struct buf der = countersigned(&loose);
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "notes", "older than that rule"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_9_countersigner_is_not_for_timestamps)
{
	struct id bad = make_tsa(NULL, NULL, "extendedKeyUsage=codeSigning");
	struct buf der = countersigned(&bad);
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "timestamp 0: wrong EKU"));
	json_decref(entries);
}
END_TEST

/* A timestamp whose authority is not trusted proves nothing, and accuses nobody. */
START_TEST(untrusted_timestamp_does_not_count)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct buf der = stamped_signature(&old, &tsa, "20240601000000Z");
	struct buf fresh = stamped_signature(&leaf, &tsa, "20240601000000Z");
	json_t *entries;
	trust_free(trust);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id(trust, &root, false);
	trust_id(trust, &tsa_root, false); /* a signers' anchor is none for time */
	assert_status(check_der(&der, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "timestamps", "untrusted"));
	ck_assert(entry_says(entries, 0, "notes", "no trusted timestamp"));
	json_decref(entries);
	assert_status(check_der(&fresh, NULL), SIGNATURE_VALID);
}
END_TEST

START_TEST(attack_9_authority_is_not_for_timestamps)
{
	static const char *const usages[] = {
	    "extendedKeyUsage=timeStamping", /* not critical */
	    "extendedKeyUsage=critical,timeStamping,codeSigning",
	    "extendedKeyUsage=critical,codeSigning",
	};
	struct id bad = make_tsa(NULL, NULL, usages[_i]);
	struct buf der = stamped_signature(&leaf, &bad, "20260513100613Z");
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "timestamp 0: wrong EKU"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_9_token_over_another_signature)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	struct buf other = {0};
	buf_puts(&other, "another signature's value");
	struct token token = {
	    .authority = &tsa, .time = "20260513100613Z", .about = &other};
	put_token(&signing.unsigned_attributes, &token);
	struct buf der = signing_finish(&signing);
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "about another signature"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_9_token_from_the_future)
{
	struct buf der = stamped_signature(&leaf, &tsa, "20270101000000Z");
	assert_status(check_der(&der, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(attack_9_authority_expired_at_its_own_time)
{
	struct id old_tsa = make_tsa("20200101000000Z", "20210101000000Z",
				     "extendedKeyUsage=critical,timeStamping");
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct buf der = stamped_signature(&old, &old_tsa, "20240601000000Z");
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "timestamps", "\"status\": \"expired\""));
	json_decref(entries);
}
END_TEST

START_TEST(attack_9_garbage_for_a_token)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	struct buf value = {0};
	put_der(&value, 0x30, "garbage", 7);
	put_attribute(&signing.unsigned_attributes, "1.3.6.1.4.1.311.3.3.1", &value);
	assert_status(check_signing(&signing, NULL), SIGNATURE_INVALID);
}
END_TEST

START_TEST(token_with_indefinite_lengths_is_not_checked)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	struct buf value = {0};
	json_t *entries;
	buf_append(&value, "\x30\x80\x05\x00\x00\x00", 6);
	put_attribute(&signing.unsigned_attributes, "1.3.6.1.4.1.311.3.3.1", &value);
	assert_status(check_signing(&signing, &entries), SIGNATURE_NOT_CHECKED);
	ck_assert(entry_says(entries, 0, "reason", "indefinite"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_10_expired_without_timestamp)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct signing signing = {.signer = &old, .others = {&middle}};
	json_t *entries;
	assert_status(check_signing(&signing, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "reason", "expired on 2025-01-01T00:00:00Z"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_10_signed_after_expiry)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct buf der = stamped_signature(&old, &tsa, "20250601000000Z");
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "reason", "before 2025-06-01T00:00:00Z"));
	json_decref(entries);
}
END_TEST

START_TEST(attack_10_signed_before_it_was_valid)
{
	struct buf der = stamped_signature(&leaf, &tsa, "20260513100613Z");
	struct id late = make_leaf("20260601000000Z", "20300101000000Z");
	json_t *entries;
	assert_status(check_der(&der, NULL), SIGNATURE_VALID);
	der = stamped_signature(&late, &tsa, "20260513100613Z");
	assert_status(check_der(&der, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "valid only from 2026-06-01"));
	json_decref(entries);
}
END_TEST

static enum signature_status
check_revoked(const char *revoked, bool stamped, json_t **entries)
{
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	signing.crl = crl_make(&middle, &leaf, revoked);
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	struct token token = {
	    .authority = &tsa, .time = "20260513100613Z", .about = &signing.signature};
	if (stamped)
		put_token(&signing.unsigned_attributes, &token);
	struct buf der = signing_finish(&signing);
	return check_der(&der, entries);
}

START_TEST(attack_10_revoked)
{
	json_t *entries;
	assert_status(check_revoked("20260101000000Z", true, &entries),
		      SIGNATURE_REVOKED);
	ck_assert(entry_says(entries, 0, "reason", "revoked on 2026-01-01"));
	json_decref(entries);
	assert_status(check_revoked("20260601000000Z", true, &entries),
		      SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "revocation", "after signing"));
	json_decref(entries);
	/* Nobody proves that it was before. */
	assert_status(check_revoked("20260601000000Z", false, NULL), SIGNATURE_REVOKED);
}
END_TEST

/* A list that the issuer did not sign says nothing. */
START_TEST(forged_revocation_list_is_ignored)
{
	struct id impostor = make("/C=CH/O=Test/CN=Authority", NULL, EXTENSIONS_CA);
	struct signing signing = {.signer = &leaf, .others = {&middle}};
	json_t *entries;
	signing.crl = crl_make(&impostor, &leaf, "20260101000000Z");
	assert_status(check_signing(&signing, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "revocation", "no data"));
	json_decref(entries);
}
END_TEST

START_TEST(lifetime_signing_ends_with_the_certificate)
{
	struct id_recipe recipe = {
	    .subject = "/CN=x",
	    .issuer = &middle,
	    .from = "20240101000000Z",
	    .until = "20250101000000Z",
	    .extensions = {"extendedKeyUsage=codeSigning,1.3.6.1.4.1.311.10.3.13"}};
	struct id old = id_make(&recipe);
	struct buf der = stamped_signature(&old, &tsa, "20240601000000Z");
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "notes", "lifetime"));
	json_decref(entries);
}
END_TEST

/* ---- 12: mathematics --------------------------------------------------- */

static enum signature_status
check_key(const char *key, const char *digest, const char *certified, json_t **entries)
{
	struct id_recipe authority = {.subject = "/C=CH/CN=Rivest",
				      .issuer = &root,
				      .key = "rsa2048",
				      .extensions = {EXTENSIONS_CA}};
	bool md5 = certified != NULL && strcmp(certified, "md5") == 0;
	struct id rivest = md5 ? id_make(&authority) : middle; /* no ECDSA with MD5 */
	struct id_recipe recipe = {.subject = "/C=CH/CN=Key",
				   .issuer = &rivest,
				   .key = key,
				   .digest = certified,
				   .extensions = {EXTENSIONS_LEAF}};
	struct id other = id_make(&recipe);
	struct signing signing = {
	    .signer = &other, .others = {&rivest}, .digest = digest};
	return check_signing(&signing, entries);
}

START_TEST(attack_12_explicit_curve)
{
	json_t *entries;
	assert_status(check_key("explicit", NULL, NULL, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "its own curve"));
	json_decref(entries);
}
END_TEST

/* Floor of the cube root of a `bits`-bit number. */
static BIGNUM *
cube_root(const BIGNUM *number)
{
	BN_CTX *context = BN_CTX_new();
	BIGNUM *root_ = BN_new(), *cube = BN_new();
	BN_zero(root_);
	for (int bit = BN_num_bits(number) / 3 + 1; bit >= 0; bit--) {
		BN_set_bit(root_, bit);
		BN_sqr(cube, root_, context);
		BN_mul(cube, cube, root_, context);
		if (BN_cmp(cube, number) > 0)
			BN_clear_bit(root_, bit);
	}
	BN_free(cube);
	BN_CTX_free(context);
	return root_;
}

/* A public exponent of 3 and a padding that ends early: the cube root of a number that
 * begins right "signs" without the key (Bleichenbacher, 2006). */
START_TEST(attack_12_rsa_cube_root)
{
	struct id_recipe recipe = {.subject = "/CN=x",
				   .issuer = &middle,
				   .key = "rsa3",
				   .extensions = {EXTENSIONS_LEAF}};
	struct id other = id_make(&recipe);
	struct signing signing = {.signer = &other, .others = {&middle}};
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	static const unsigned char prefix[] = {
	    0x00, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0x00, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
	unsigned char block[256], forged[256];
	struct buf set = {0};
	unsigned size;
	memset(block, 0xff, sizeof(block));
	memcpy(block, prefix, sizeof(prefix));
	put_der(&set, 0x31, signing.signed_attributes.data,
		signing.signed_attributes.size);
	EVP_Digest(set.data, set.size, block + sizeof(prefix), &size, EVP_sha256(),
		   NULL);
	BIGNUM *number = BN_bin2bn(block, sizeof(block), NULL);
	BIGNUM *value = cube_root(number);
	ck_assert_int_eq(BN_bn2binpad(value, forged, sizeof(forged)), sizeof(forged));
	buf_clear(&signing.signature);
	buf_append(&signing.signature, forged, sizeof(forged));
	struct buf der = signing_finish(&signing);
	assert_status(check_der(&der, NULL), SIGNATURE_INVALID);
	BN_free(number);
	BN_free(value);
}
END_TEST

/* The same signature with one length written long, or indefinite. */
START_TEST(attack_12_ber_for_der)
{
	struct buf der = good_signature(), ber = {0};
	ck_assert_int_eq((unsigned char)der.data[1], 0x82);
	buf_append(&ber, "\x30\x83\x00", 3);
	buf_append(&ber, der.data + 2, der.size - 2);
	assert_status(check_der(&ber, NULL), SIGNATURE_INVALID);
	buf_clear(&ber);
	buf_append(&ber, "\x30\x80", 2);
	buf_append(&ber, der.data + 4, der.size - 4);
	buf_append(&ber, "\0\0", 2);
	assert_status(check_der(&ber, NULL), SIGNATURE_INVALID);
}
END_TEST

/* ---- 13: strength ------------------------------------------------------ */

START_TEST(attack_13_weak)
{
	static const struct {
		const char *key, *digest, *certified, *reason;
	} rows[] = {
	    {"p256", "md5", NULL, "md5 is broken"},
	    {"p256", "sha1", NULL, "sha1 is broken"},
	    {"rsa1024", NULL, NULL, "only 1024 bits"},
	    {"rsa3", NULL, NULL, "tiny exponent"},
	    {"dsa1024", NULL, NULL, "only 1024 bits"},
	    {"p192", NULL, NULL, "only 192 bits"},
	    {"p256", NULL, "sha1", "the broken digest sha1"},
	    {"p256", NULL, "md5", "the broken digest md5"},
	};
	json_t *entries;
	assert_status(
	    check_key(rows[_i].key, rows[_i].digest, rows[_i].certified, &entries),
	    SIGNATURE_WEAK);
	ck_assert(entry_says(entries, 0, "reason", rows[_i].reason));
	json_decref(entries);
}
END_TEST

START_TEST(attack_13_weak_timestamp_does_not_count)
{
	struct id old = make_leaf("20240101000000Z", "20250101000000Z");
	struct signing signing = {.signer = &old, .others = {&middle}};
	signing_content(&signing, &image, "sha256");
	signing_make(&signing);
	struct token token = {.authority = &tsa,
			      .time = "20240601000000Z",
			      .imprint_digest = "sha1",
			      .about = &signing.signature};
	put_token(&signing.unsigned_attributes, &token);
	struct buf der = signing_finish(&signing);
	json_t *entries;
	assert_status(check_der(&der, &entries), SIGNATURE_EXPIRED);
	ck_assert(entry_says(entries, 0, "timestamps", "weak"));
	json_decref(entries);
}
END_TEST

/* ---- 22 and 23 -------------------------------------------------------- */

START_TEST(attack_22_escapes_in_names)
{
	struct id_recipe recipe = {.subject =
				       "/C=CH/CN=\x1b[32mOK\nverdict: fine\xe2\x80\xae",
				   .issuer = &middle,
				   .extensions = {"extendedKeyUsage=serverAuth"}};
	struct id other = id_make(&recipe);
	struct signing signing = {.signer = &other, .others = {&middle}};
	json_t *entries;
	check_signing(&signing, &entries);
	char *all = json_dumps(entries, 0);
	ck_assert(strstr(all, "verdict: fine") != NULL);
	ck_assert(strstr(all, "u001b") == NULL && strstr(all, "\x1b") == NULL);
	ck_assert(strstr(all, "\\n") == NULL || strstr(all, "OK\\n") == NULL);
	ck_assert(strstr(all, "\xe2\x80\xae") == NULL);
	free(all);
	json_decref(entries);
}
END_TEST

START_TEST(attack_23_embedded_root_is_no_anchor)
{
	json_t *entries;
	struct signing signing = {.signer = &leaf, .others = {&middle, &root}};
	assert_status(check_signing(&signing, NULL), SIGNATURE_VALID);
	trust_free(trust);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id(trust, &tsa_root, false);
	assert_status(check_signing(&signing, &entries), SIGNATURE_UNTRUSTED);
	ck_assert(entry_says(entries, 0, "reason", "CN=Root"));
	json_decref(entries);
	/* Its fingerprint makes it one; so does that of the one in the middle. */
	trust_id_fingerprint(trust, _i == 0 ? &root : &middle, false);
	assert_status(check_signing(&signing, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "chain", "\"anchor\": \"sha256:"));
	json_decref(entries);
}
END_TEST

START_TEST(fingerprint_of_the_signer_pins_it)
{
	struct signing signing = {.signer = &leaf};
	json_t *entries;
	trust_free(trust);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id_fingerprint(trust, &leaf, false);
	assert_status(check_signing(&signing, &entries), SIGNATURE_VALID);
	ck_assert(entry_says(entries, 0, "notes", "the trusted one"));
	json_decref(entries);
}
END_TEST

/* The name of the root, another key: by fingerprint it is not the anchor. */
START_TEST(attack_23_namesake_of_the_root)
{
	struct id evil = make("/C=CH/O=Test/CN=Root", NULL, EXTENSIONS_CA);
	struct id other = make("/CN=x", &evil, EXTENSIONS_LEAF);
	struct signing signing = {.signer = &other, .others = {&evil}};
	trust_free(trust);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id_fingerprint(trust, &root, false);
	assert_status(check_signing(&signing, NULL), SIGNATURE_UNTRUSTED);
}
END_TEST

/* ---- hostile bytes ---------------------------------------------------- */

START_TEST(truncated_anywhere)
{
	struct buf der = stamped_signature(&leaf, &tsa, "20260513100613Z");
	struct buf whole = image_attach_one(&image, &der);
	for (size_t size = 0; size < whole.size; size += size < 1100 ? 7 : 3) {
		struct buf part = {0};
		buf_append(&part, whole.data, size);
		assert_status(check_image(&part, trust, NULL) == SIGNATURE_VALID,
			      false);
		/* The DER alone cut short, in a sound table. */
		if (size < der.size) {
			part.size = size;
			memcpy(part.data, der.data, size);
			assert_status(check_der(&part, NULL) == SIGNATURE_VALID, false);
		}
		buf_free(&part);
	}
}
END_TEST

/* No byte of the signature may change and leave it valid. */
START_TEST(flipped_anywhere_in_the_signature)
{
	static const unsigned char flips[] = {0x01, 0x80, 0xff};
	struct buf der = good_signature();
	for (size_t i = 0; i < der.size; i++) {
		unsigned char flip = flips[(i + (size_t)_i) % sizeof(flips)];
		der.data[i] = (char)(der.data[i] ^ flip);
		ck_assert_msg(check_der(&der, NULL) != SIGNATURE_VALID,
			      "byte %zu ^ 0x%02x", i, flip);
		der.data[i] = (char)(der.data[i] ^ flip);
	}
}
END_TEST

/* ---- other people's samples -------------------------------------------- */

START_TEST(samples_of_other_projects)
{
	static const struct {
		const char *name;
		size_t entries;
		enum signature_status status;
	} rows[] = {
	    {"uthenticode/32/pegoat-authenticode.exe", 1, SIGNATURE_UNTRUSTED},
	    {"uthenticode/32/pegoat-authenticode_duplicated.exe", 2,
	     SIGNATURE_UNTRUSTED},
	    {"uthenticode/32/pegoat-authenticode-nested.exe", 2, SIGNATURE_UNTRUSTED},
	    {"uthenticode/64/pegoat-authenticode-nested.exe", 2, SIGNATURE_UNTRUSTED},
	    {"uthenticode/32/pegoat.exe", 1, SIGNATURE_UNSIGNED},
	    {"authenticode-rs/tiny64.signed.efi", 1, SIGNATURE_UNTRUSTED},
	    {"authenticode-rs/tiny64.efi", 1, SIGNATURE_UNSIGNED},
	    {"relic/ClassLibrary1.dll", 1, SIGNATURE_UNSIGNED},
	};
	const char *corpus = getenv("VERIFY_CORPUS");
	struct buf bytes = {0};
	struct err err = {0};
	json_t *entries;
	if (corpus == NULL)
		TEST_SKIP("no folder of samples named by VERIFY_CORPUS");
	char *path = path_join(corpus, rows[_i].name);
	ck_assert_ok(file_read(path, 1 << 24, &bytes, &err), err);
	assert_status(check_image(&bytes, trust, &entries), rows[_i].status);
	ck_assert_uint_eq(json_array_size(entries), rows[_i].entries);
	json_decref(entries);
	free(path);
}
END_TEST

Suite *signature_authenticode_suite(void);

Suite *
signature_authenticode_suite(void)
{
	Suite *suite = suite_create("signature_authenticode");
	TCase *good = tcase_create("good"), *attacks = tcase_create("attacks"),
	      *hostile = tcase_create("hostile");
	TCase *const all[] = {good, attacks, hostile};
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		tcase_set_timeout(all[i], 60);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(good, good_signature_is_valid);
	tcase_add_loop_test(good, signatures_of_real_tools_are_valid, 0, 2);
	tcase_add_loop_test(good, pesign_calls_images_by_another_name, 0, 3);
	tcase_add_test(good, nested_signature_of_osslsigncode_is_an_entry);
	tcase_add_test(good, unsigned_image_is_unsigned);
	tcase_add_test(good, other_formats_are_not_checked);
	tcase_add_test(good, chain_without_purposes_is_for_code);
	tcase_add_test(good, every_candidate_is_tried);
	tcase_add_test(good, timestamp_keeps_an_expired_certificate_good);
	tcase_add_test(good, legacy_countersignature_counts);
	tcase_add_loop_test(good, legacy_countersigner_is_older_than_the_rule_of_tokens,
			    0, 2);
	tcase_add_test(good, untrusted_timestamp_does_not_count);
	tcase_add_test(good, lifetime_signing_ends_with_the_certificate);
	tcase_add_test(good, fingerprint_of_the_signer_pins_it);
	tcase_add_loop_test(good, samples_of_other_projects, 0, 8);
	tcase_add_test(attacks, attack_1_bytes_stuffed_into_the_entry);
	tcase_add_test(attacks, attack_1_bytes_stuffed_after_the_signers);
	tcase_add_test(attacks, attack_1_padding_of_the_entry_is_not_zero);
	tcase_add_test(attacks, attack_2_bytes_of_the_directory_outside_any_entry);
	tcase_add_test(attacks, attack_3_bytes_after_the_table);
	tcase_add_test(attacks, attack_3_table_overlaps_a_section);
	tcase_add_test(attacks, attack_3_table_past_the_end);
	tcase_add_test(attacks, attack_4_an_image_byte_changed);
	tcase_add_test(attacks, attack_4_a_pad_byte_changed);
	tcase_add_test(attacks, attack_5_wrong_checksum_is_a_note);
	tcase_add_test(attacks, attack_6_one_of_two_is_bad);
	tcase_add_test(attacks, attack_6_duplicated);
	tcase_add_test(attacks, attack_6_nested_sha1_good_sha256_bad);
	tcase_add_test(attacks, nesting_is_bounded);
	tcase_add_test(attacks, attack_7_payload_in_an_unsigned_attribute);
	tcase_add_test(attacks, attack_7_unrelated_certificate_is_noted);
	tcase_add_loop_test(attacks, attack_7_shapes, 0, 9);
	tcase_add_test(attacks, attack_7_image_digest_by_another_algorithm);
	tcase_add_test(attacks, attack_8_tls_certificate);
	tcase_add_test(attacks, attack_8_key_usage);
	tcase_add_test(attacks, attack_8_authority_for_tls_only);
	tcase_add_loop_test(attacks, attack_9_authority_is_not_for_timestamps, 0, 3);
	tcase_add_test(attacks, attack_9_countersigner_is_not_for_timestamps);
	tcase_add_test(attacks, attack_9_token_over_another_signature);
	tcase_add_test(attacks, attack_9_token_from_the_future);
	tcase_add_test(attacks, attack_9_authority_expired_at_its_own_time);
	tcase_add_test(attacks, attack_9_garbage_for_a_token);
	tcase_add_test(attacks, token_with_indefinite_lengths_is_not_checked);
	tcase_add_test(attacks, attack_10_expired_without_timestamp);
	tcase_add_test(attacks, attack_10_signed_after_expiry);
	tcase_add_test(attacks, attack_10_signed_before_it_was_valid);
	tcase_add_test(attacks, attack_10_revoked);
	tcase_add_test(attacks, forged_revocation_list_is_ignored);
	tcase_add_test(attacks, attack_11_path_length);
	tcase_add_loop_test(attacks, attack_11_no_authority, 0, 2);
	tcase_add_loop_test(attacks, attack_11_name_constraints, 0, 2);
	tcase_add_test(attacks, attack_11_unknown_critical_extension);
	tcase_add_test(attacks, attack_11_issuer_by_name_only);
	tcase_add_test(attacks, attack_12_explicit_curve);
	tcase_add_test(attacks, attack_12_rsa_cube_root);
	tcase_add_test(attacks, attack_12_ber_for_der);
	tcase_add_loop_test(attacks, attack_13_weak, 0, 8);
	tcase_add_test(attacks, attack_13_weak_timestamp_does_not_count);
	tcase_add_test(attacks, attack_22_escapes_in_names);
	tcase_add_loop_test(attacks, attack_23_embedded_root_is_no_anchor, 0, 2);
	tcase_add_test(attacks, attack_23_namesake_of_the_root);
	tcase_add_test(hostile, truncated_anywhere);
	tcase_add_loop_test(hostile, flipped_anywhere_in_the_signature, 0, 3);
	return suite;
}
