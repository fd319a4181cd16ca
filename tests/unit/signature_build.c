#include "signature_build.h"

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

/* ---- certificates ---------------------------------------------------- */

static EVP_PKEY *
make_dsa(void)
{
	EVP_PKEY *parameters = NULL, *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	ck_assert_int_eq(EVP_PKEY_paramgen_init(context), 1);
	EVP_PKEY_CTX_set_dsa_paramgen_bits(context, 1024);
	EVP_PKEY_CTX_set_dsa_paramgen_q_bits(context, 160);
	ck_assert_int_eq(EVP_PKEY_generate(context, &parameters), 1);
	EVP_PKEY_CTX_free(context);
	context = EVP_PKEY_CTX_new(parameters, NULL);
	ck_assert_int_eq(EVP_PKEY_keygen_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	EVP_PKEY_free(parameters);
	return key;
}

static EVP_PKEY *
make_rsa(unsigned bits, unsigned exponent)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *e = BN_new();
	BN_set_word(e, exponent);
	ck_assert_int_eq(EVP_PKEY_keygen_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e), 1);
	ck_assert_int_eq(EVP_PKEY_generate(context, &key), 1);
	BN_free(e);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
make_ec(const char *curve, bool explicit_parameters)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	ck_assert_int_eq(EVP_PKEY_keygen_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_group_name(context, curve), 1);
	EVP_PKEY_CTX_set_ec_param_enc(context,
				      explicit_parameters ? 0 : OPENSSL_EC_NAMED_CURVE);
	ck_assert_int_eq(EVP_PKEY_generate(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
make_key(const char *kind)
{
	unsigned bits = 0;
	if (kind == NULL || strcmp(kind, "p256") == 0)
		return make_ec("P-256", false);
	if (strcmp(kind, "explicit") == 0)
		return make_ec("P-256", true);
	if (strcmp(kind, "p192") == 0)
		return make_ec("P-192", false);
	if (strcmp(kind, "dsa1024") == 0)
		return make_dsa();
	if (strcmp(kind, "rsa3") == 0)
		return make_rsa(2048, 3);
	ck_assert_int_eq(sscanf(kind, "rsa%u", &bits), 1);
	return make_rsa(bits, 65537);
}

/* "/C=CH/CN=x"; a value may hold any byte but '/'. */
static void
set_name(X509_NAME *name, const char *subject)
{
	while (*subject == '/') {
		char type[16];
		const char *equals = strchr(subject, '=');
		snprintf(type, sizeof(type), "%.*s", (int)(equals - subject - 1),
			 subject + 1);
		size_t length = strcspn(equals + 1, "/");
		ck_assert_int_eq(
		    X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
					       (const unsigned char *)equals + 1,
					       (int)length, -1, 0),
		    1);
		subject = equals + 1 + length;
	}
}

static void
add_extension(X509 *certificate, X509V3_CTX *context, const char *line)
{
	char name[64];
	const char *equals = strchr(line, '=');
	snprintf(name, sizeof(name), "%.*s", (int)(equals - line), line);
	X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, context, name, equals + 1);
	ck_assert_msg(extension != NULL, "extension '%s'", line);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

struct id
id_make(const struct id_recipe *recipe)
{
	static long serial = 1000;
	struct id id = {X509_new(), NULL};
	if (recipe->same_key != NULL) {
		id.key = (EVP_PKEY *)recipe->same_key;
		EVP_PKEY_up_ref(id.key);
	} else {
		id.key = make_key(recipe->key);
	}
	const struct id *issuer = recipe->issuer != NULL ? recipe->issuer : &id;
	X509 *certificate = id.certificate;
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	set_name(X509_get_subject_name(certificate), recipe->subject);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
	ASN1_TIME_set_string_X509(X509_getm_notBefore(certificate),
				  recipe->from ? recipe->from : "20200101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate),
				  recipe->until ? recipe->until : "20400101000000Z");
	X509_set_pubkey(certificate, id.key);
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer->certificate, certificate, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	if (!recipe->no_key_ids) {
		add_extension(certificate, &context, "subjectKeyIdentifier=hash");
		if (recipe->issuer != NULL)
			add_extension(certificate, &context,
				      "authorityKeyIdentifier=keyid");
	}
	for (size_t i = 0; i < ARRAY_COUNT(recipe->extensions); i++) {
		if (recipe->extensions[i] != NULL)
			add_extension(certificate, &context, recipe->extensions[i]);
	}
	const char *digest = recipe->digest != NULL ? recipe->digest : "sha256";
	ck_assert_int_gt(
	    X509_sign(certificate, issuer->key, EVP_get_digestbyname(digest)), 0);
	/* As a reader sees it: parsed from its bytes. */
	unsigned char *bytes = NULL;
	int size = i2d_X509(certificate, &bytes);
	const unsigned char *at = bytes;
	X509_free(certificate);
	id.certificate = d2i_X509(NULL, &at, size);
	ck_assert_ptr_nonnull(id.certificate);
	OPENSSL_free(bytes);
	return id;
}

X509_CRL *
crl_make(const struct id *issuer, const struct id *gone, const char *when)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *time = ASN1_TIME_new();
	ASN1_TIME_set_string_X509(time, when);
	X509_CRL_set_version(crl, 1);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate));
	X509_CRL_set1_lastUpdate(crl, time);
	X509_REVOKED_set_revocationDate(entry, time);
	X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(gone->certificate));
	X509_CRL_add0_revoked(crl, entry);
	ck_assert_int_gt(X509_CRL_sign(crl, issuer->key, EVP_sha256()), 0);
	ASN1_TIME_free(time);
	return crl;
}

void
id_write(const struct id *id, const char *prefix)
{
	char *path = base_format("%s/%s.pem", test_folder(), prefix);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	PEM_write_X509(file, id->certificate);
	fclose(file);
	free(path);
	path = base_format("%s/%s.key", test_folder(), prefix);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	PEM_write_PrivateKey(file, id->key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	free(path);
}

void
trust_id(struct trust *trust, const struct id *id, bool timestamps)
{
	struct err err = {0};
	id_write(id, "anchor");
	char *path = base_format("%s/anchor.pem", test_folder());
	ck_assert_ok(trust_add(trust, path, timestamps, "the anchor", &err), err);
	free(path);
}

void
trust_id_fingerprint(struct trust *trust, const struct id *id, bool timestamps)
{
	struct err err = {0};
	unsigned char bytes[32];
	char hex[SHA256_HEX];
	X509_digest(id->certificate, EVP_sha256(), bytes, NULL);
	hex_encode(bytes, sizeof(bytes), hex);
	char *text = base_format("sha256:%s", hex);
	ck_assert_ok(trust_add(trust, text, timestamps, NULL, &err), err);
	free(text);
}

/* ---- DER ------------------------------------------------------------- */

static void
put_header(struct buf *out, unsigned tag, size_t count)
{
	unsigned char header[4] = {(unsigned char)tag, (unsigned char)count};
	size_t size = 2;
	ck_assert_uint_lt(count, 65536);
	if (count >= 256) {
		header[1] = 0x82;
		header[2] = (unsigned char)(count >> 8);
		header[3] = (unsigned char)count;
		size = 4;
	} else if (count >= 128) {
		header[1] = 0x81;
		header[2] = (unsigned char)count;
		size = 3;
	}
	buf_append(out, header, size);
}

void
put_der(struct buf *out, unsigned tag, const void *bytes, size_t count)
{
	put_header(out, tag, count);
	buf_append(out, bytes, count);
}

void
put_around(struct buf *out, size_t start, unsigned tag)
{
	struct buf inside = {0};
	buf_append(&inside, out->data + start, out->size - start);
	out->size = start;
	put_der(out, tag, inside.data, inside.size);
	buf_free(&inside);
}

void
put_oid(struct buf *out, const char *oid)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	unsigned char *bytes = NULL;
	int size = i2d_ASN1_OBJECT(object, &bytes);
	ck_assert_int_gt(size, 0);
	buf_append(out, bytes, (size_t)size);
	OPENSSL_free(bytes);
	ASN1_OBJECT_free(object);
}

void
put_algorithm(struct buf *out, const char *oid)
{
	size_t start = out->size;
	put_oid(out, oid);
	put_der(out, 0x05, "", 0);
	put_around(out, start, 0x30);
}

void
put_attribute(struct buf *out, const char *oid, const struct buf *values)
{
	size_t start = out->size;
	put_oid(out, oid);
	put_der(out, 0x31, values->data, values->size);
	put_around(out, start, 0x30);
}

static const char *
digest_oid(const char *name)
{
	static char oid[64];
	OBJ_obj2txt(oid, sizeof(oid),
		    OBJ_nid2obj(EVP_MD_get_type(EVP_get_digestbyname(name))), 1);
	return oid;
}

/* ---- signed data ------------------------------------------------------ */

static void
hash(const char *digest, const void *bytes, size_t count, struct buf *out)
{
	unsigned char value[EVP_MAX_MD_SIZE];
	unsigned size;
	EVP_Digest(bytes, count, value, &size, EVP_get_digestbyname(digest), NULL);
	buf_append(out, value, size);
}

/* The octets inside an element's header. */
static struct view
inside(const struct buf *element)
{
	size_t header = 2;
	unsigned char second = (unsigned char)element->data[1];
	if (second >= 0x80)
		header += second & 0x7f;
	struct view all = view_of_buf(element);
	return view_from(&all, header);
}

static void
put_message_digest(struct signing *signing, const char *digest, struct buf *attributes)
{
	struct buf value = {0}, octets = {0};
	struct view content = inside(&signing->content);
	hash(digest, content.data, content.size, &octets);
	if (signing->wrong_digest)
		octets.data[0] ^= 1;
	put_der(&value, 0x04, octets.data, octets.size);
	put_attribute(attributes, "1.2.840.113549.1.9.4", &value);
	buf_free(&value);
	buf_free(&octets);
}

static const char *
content_type(const struct signing *signing)
{
	return signing->content_type ? signing->content_type : "1.3.6.1.4.1.311.2.1.4";
}

void
signing_make(struct signing *signing)
{
	const char *digest = signing->digest ? signing->digest : "sha256";
	struct buf attributes = {0}, value = {0}, set = {0};
	const char *type =
	    signing->attribute_type ? signing->attribute_type : content_type(signing);
	if (*type != '\0') {
		put_oid(&value, type);
		put_attribute(&attributes, "1.2.840.113549.1.9.3", &value);
	}
	put_message_digest(signing, digest, &attributes);
	if (signing->two_digests)
		put_message_digest(signing, digest, &attributes);
	buf_append(&attributes, signing->more_attributes.data,
		   signing->more_attributes.size);
	put_der(&set, 0x31, attributes.data, attributes.size);
	if (signing->no_attributes) {
		struct view content = inside(&signing->content);
		buf_clear(&set);
		buf_append(&set, content.data, content.size);
		buf_clear(&attributes);
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char bytes[1024];
	size_t size = sizeof(bytes);
	ck_assert_int_eq(EVP_DigestSignInit(context, NULL, EVP_get_digestbyname(digest),
					    NULL, signing->signer->key),
			 1);
	ck_assert_int_eq(EVP_DigestSign(context, bytes, &size,
					(const unsigned char *)set.data, set.size),
			 1);
	EVP_MD_CTX_free(context);
	buf_clear(&signing->signature);
	if (signing->bad_value) /* r = s = 0 */
		buf_append(&signing->signature, "\x30\x06\x02\x01\x00\x02\x01\x00", 8);
	else
		buf_append(&signing->signature, bytes, size);
	signing->signed_attributes = attributes;
	buf_free(&value);
	buf_free(&set);
}

static void
put_i2d(struct buf *out, unsigned char *bytes, int size)
{
	ck_assert_int_gt(size, 0);
	buf_append(out, bytes, (size_t)size);
	OPENSSL_free(bytes);
}

static void
put_certificate(struct buf *out, X509 *certificate)
{
	unsigned char *bytes = NULL;
	int size = i2d_X509(certificate, &bytes);
	put_i2d(out, bytes, size);
}

static void
put_signer(struct signing *signing, struct buf *out)
{
	const char *digest = signing->digest ? signing->digest : "sha256";
	size_t start = out->size, name;
	unsigned char *bytes = NULL;
	put_der(out, 0x02, "\1", 1);
	name = out->size;
	int size =
	    i2d_X509_NAME(X509_get_issuer_name(signing->signer->certificate), &bytes);
	put_i2d(out, bytes, size);
	bytes = NULL;
	size = i2d_ASN1_INTEGER(X509_get_serialNumber(signing->signer->certificate),
				&bytes);
	put_i2d(out, bytes, size);
	put_around(out, name, 0x30);
	put_algorithm(out, digest_oid(digest));
	if (signing->signed_attributes.size != 0)
		put_der(out, 0xa0, signing->signed_attributes.data,
			signing->signed_attributes.size);
	switch (EVP_PKEY_get_base_id(signing->signer->key)) {
	case EVP_PKEY_EC:
		put_algorithm(out, "1.2.840.10045.2.1");
		break;
	case EVP_PKEY_DSA:
		put_algorithm(out, "1.2.840.10040.4.1");
		break;
	default:
		put_algorithm(out, "1.2.840.113549.1.1.1");
	}
	put_der(out, 0x04, signing->signature.data, signing->signature.size);
	if (signing->unsigned_attributes.size != 0)
		put_der(out, 0xa1, signing->unsigned_attributes.data,
			signing->unsigned_attributes.size);
	put_around(out, start, 0x30);
}

static void
put_crl(struct buf *out, X509_CRL *crl)
{
	unsigned char *bytes = NULL;
	size_t start = out->size;
	int size = i2d_X509_CRL(crl, &bytes);
	put_i2d(out, bytes, size);
	put_around(out, start, 0xa1);
}

struct buf
signing_finish(struct signing *signing)
{
	const char *digest = signing->digest ? signing->digest : "sha256";
	struct buf out = {0};
	size_t part;
	put_der(&out, 0x02, "\1", 1);
	part = out.size;
	put_algorithm(&out, signing->set_digest ? digest_oid(signing->set_digest)
						: digest_oid(digest));
	put_around(&out, part, 0x31);
	part = out.size;
	put_oid(&out, content_type(signing));
	put_der(&out, 0xa0, signing->content.data, signing->content.size);
	put_around(&out, part, 0x30);
	part = out.size;
	put_certificate(&out, signing->signer->certificate);
	for (size_t i = 0; i < ARRAY_COUNT(signing->others); i++) {
		if (signing->others[i] != NULL)
			put_certificate(&out, signing->others[i]->certificate);
	}
	put_around(&out, part, 0xa0);
	if (signing->crl != NULL)
		put_crl(&out, signing->crl);
	part = out.size;
	put_signer(signing, &out);
	if (signing->two_signers)
		put_signer(signing, &out);
	put_around(&out, part, 0x31);
	buf_append(&out, signing->tail.data, signing->tail.size);
	put_around(&out, 0, 0x30);
	put_around(&out, 0, 0xa0);
	struct buf info = {0};
	put_oid(&info, "1.2.840.113549.1.7.2");
	buf_append(&info, out.data, out.size);
	put_around(&info, 0, 0x30);
	buf_free(&out);
	return info;
}

/* All of the image but CheckSum and directory 4 (it has no table yet). */
static void
hash_image(const struct buf *image, const char *digest, struct buf *out)
{
	struct buf bytes = {0};
	buf_append(&bytes, image->data, IMAGE_CHECKSUM);
	buf_append(&bytes, image->data + IMAGE_CHECKSUM + 4,
		   IMAGE_DIRECTORY - IMAGE_CHECKSUM - 4);
	buf_append(&bytes, image->data + IMAGE_DIRECTORY + 8,
		   image->size - IMAGE_DIRECTORY - 8);
	hash(digest, bytes.data, bytes.size, out);
	buf_free(&bytes);
}

void
signing_content(struct signing *signing, const struct buf *image, const char *digest)
{
	struct buf *out = &signing->content, octets = {0};
	buf_clear(out);
	put_oid(out, "1.3.6.1.4.1.311.2.1.15");
	/* SpcPeImageData: flags {}, file "<<<Obsolete>>>" left empty. */
	static const unsigned char data[] = {0x30, 0x09, 0x03, 0x01, 0x00, 0xa0,
					     0x04, 0xa2, 0x02, 0x80, 0x00};
	buf_append(out, data, sizeof(data));
	put_around(out, 0, 0x30);
	size_t info = out->size;
	put_algorithm(out, digest_oid(digest));
	hash_image(image, digest, &octets);
	put_der(out, 0x04, octets.data, octets.size);
	put_around(out, info, 0x30);
	put_around(out, 0, 0x30);
	buf_free(&octets);
}

struct buf
sign_image(struct signing *signing, const struct buf *image)
{
	signing_content(signing, image, signing->digest ? signing->digest : "sha256");
	signing_make(signing);
	return signing_finish(signing);
}

/* ---- timestamps ------------------------------------------------------ */

static void
put_signing_certificate(struct buf *out, const struct id *id)
{
	struct buf value = {0}, digest = {0};
	unsigned char *bytes = NULL;
	int size = i2d_X509(id->certificate, &bytes);
	hash("sha256", bytes, (size_t)size, &digest);
	OPENSSL_free(bytes);
	put_der(&value, 0x04, digest.data, digest.size);
	for (int i = 0; i < 3; i++) /* ESSCertIDv2, certs, SigningCertificateV2 */
		put_around(&value, 0, 0x30);
	put_attribute(out, "1.2.840.113549.1.9.16.2.47", &value);
	buf_free(&value);
	buf_free(&digest);
}

void
put_token(struct buf *attributes, const struct token *token)
{
	const char *digest = token->imprint_digest ? token->imprint_digest : "sha256";
	struct signing signing = {.signer = token->authority,
				  .content_type = "1.2.840.113549.1.9.16.1.4"};
	struct buf *info = &signing.content, octets = {0};
	for (size_t i = 0; i < ARRAY_COUNT(token->others); i++)
		signing.others[i] = token->others[i];
	put_der(info, 0x02, "\1", 1);
	put_oid(info, "1.3.6.1.4.1.4146.2.3");
	size_t imprint = info->size;
	put_algorithm(info, digest_oid(digest));
	hash(digest, token->about->data, token->about->size, &octets);
	put_der(info, 0x04, octets.data, octets.size);
	put_around(info, imprint, 0x30);
	put_der(info, 0x02, "\x2a", 1);
	put_der(info, 0x18, token->time, strlen(token->time));
	put_around(info, 0, 0x30);
	put_around(info, 0, 0x04);
	put_signing_certificate(&signing.more_attributes, token->authority);
	signing_make(&signing);
	struct buf der = signing_finish(&signing);
	put_attribute(attributes, "1.3.6.1.4.1.311.3.3.1", &der);
	buf_free(&der);
	buf_free(&octets);
}

void
put_countersignature(struct buf *attributes, const struct token *token)
{
	struct signing signing = {.signer = token->authority,
				  .attribute_type = "1.2.840.113549.1.7.1"};
	struct buf time = {0}, der = {0};
	put_der(&signing.content, 0x04, token->about->data, token->about->size);
	put_der(&time, 0x17, token->time + 2, strlen(token->time) - 2);
	put_attribute(&signing.more_attributes, "1.2.840.113549.1.9.5", &time);
	signing_make(&signing);
	put_signer(&signing, &der);
	put_attribute(attributes, "1.2.840.113549.1.9.6", &der);
	buf_free(&time);
	buf_free(&der);
}

void
put_nested(struct buf *attributes, const struct buf *der)
{
	put_attribute(attributes, "1.3.6.1.4.1.311.2.4.1", der);
}

/* ---- images ---------------------------------------------------------- */

static void
set_u32(struct buf *image, size_t offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		image->data[offset + i] = (char)(value >> (8 * i));
}

static void
set_u16(struct buf *image, size_t offset, uint16_t value)
{
	image->data[offset] = (char)value;
	image->data[offset + 1] = (char)(value >> 8);
}

struct buf
image_make(void)
{
	struct buf image = {0};
	const size_t pe = 0x80, optional = pe + 24, section = optional + 240;
	buf_zeros(&image, 1024);
	memcpy(image.data, "MZ", 2);
	set_u32(&image, 0x3c, (uint32_t)pe);
	memcpy(image.data + pe, "PE\0\0", 4);
	set_u16(&image, pe + 4, 0x8664);        /* Machine */
	set_u16(&image, pe + 6, 1);             /* NumberOfSections */
	set_u16(&image, pe + 20, 240);          /* SizeOfOptionalHeader */
	set_u16(&image, pe + 22, 0x0022);       /* Characteristics */
	set_u16(&image, optional, 0x20b);       /* PE32+ */
	set_u32(&image, optional + 16, 0x1000); /* AddressOfEntryPoint */
	set_u32(&image, optional + 32, 0x1000); /* SectionAlignment */
	set_u32(&image, optional + 36, 0x200);  /* FileAlignment */
	set_u32(&image, optional + 56, 0x2000); /* SizeOfImage */
	set_u32(&image, optional + 60, 0x200);  /* SizeOfHeaders */
	set_u16(&image, optional + 68, 10);     /* Subsystem: EFI application */
	set_u32(&image, optional + 108, 16);    /* NumberOfRvaAndSizes */
	memcpy(image.data + section, ".text\0\0\0", 8);
	set_u32(&image, section + 8, 0x200);
	set_u32(&image, section + 12, 0x1000);
	set_u32(&image, section + 16, 0x200);
	set_u32(&image, section + 20, 0x200);
	set_u32(&image, section + 36, 0x60000020);
	memset(image.data + 0x200, 0xc3, 0x200);
	return image;
}

struct buf
image_attach(const struct buf *image, const struct buf *const *signatures, size_t count)
{
	struct buf out = {0};
	buf_append(&out, image->data, image->size);
	for (size_t i = 0; i < count; i++) {
		size_t start = out.size, length = 8 + signatures[i]->size;
		buf_zeros(&out, 8);
		buf_append(&out, signatures[i]->data, signatures[i]->size);
		buf_zeros(&out, (8 - length % 8) % 8);
		set_u32(&out, start, (uint32_t)length);
		set_u16(&out, start + 4, 0x0200);
		set_u16(&out, start + 6, 2);
	}
	set_u32(&out, IMAGE_DIRECTORY, (uint32_t)image->size);
	set_u32(&out, IMAGE_DIRECTORY + 4, (uint32_t)(out.size - image->size));
	return out;
}

struct buf
image_attach_one(const struct buf *image, const struct buf *signature)
{
	return image_attach(image, &signature, 1);
}

/* ---- checking --------------------------------------------------------- */

enum signature_status
check_image(const struct buf *image, const struct trust *trust, json_t **entries)
{
	struct err err = {0};
	enum signature_status status;
	json_t *array = json_array();
	struct view view = view_of_buf(image);
	ck_assert_ok(signature_check(&view, "image", trust, array, &status, &err), err);
	/* The file's status is the worst of its entries. */
	enum signature_status worst = SIGNATURE_VALID, one;
	ck_assert_uint_gt(json_array_size(array), 0);
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *name = json_string_value(
		    json_object_get(json_array_get(array, i), "status"));
		ck_assert_int_eq(signature_status_parse(name, &one), 0);
		worst = one > worst ? one : worst;
		ck_assert_int_eq(one == SIGNATURE_VALID,
				 json_object_get(json_array_get(array, i), "reason") ==
				     NULL);
	}
	ck_assert_int_eq(worst, status);
	if (entries != NULL)
		*entries = array;
	else
		json_decref(array);
	return status;
}

bool
entry_says(const json_t *entries, size_t i, const char *key, const char *text)
{
	const json_t *value = json_object_get(json_array_get(entries, i), key);
	char *all = json_dumps(value, JSON_ENCODE_ANY);
	bool says = all != NULL && strstr(all, text) != NULL;
	if (!says)
		fprintf(stderr, "entry %zu: %s is %s, without '%s'\n", i, key,
			all ? all : "absent", text);
	free(all);
	return says;
}
