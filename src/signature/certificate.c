/* X.509 certificates (RFC 5280) as findings, and how strong they are. */
#include <ctype.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "signature/signature_private.h"

void
certificate_fingerprint(X509 *certificate, struct sha256 *fingerprint)
{
	memset(fingerprint, 0, sizeof(*fingerprint));
	X509_digest(certificate, EVP_sha256(), fingerprint->bytes, NULL);
}

bool
certificate_same(X509 *a, X509 *b)
{
	struct sha256 first, second;
	certificate_fingerprint(a, &first);
	certificate_fingerprint(b, &second);
	return sha256_equal(&first, &second);
}

int
certificate_time(const ASN1_TIME *time, int64_t *seconds)
{
	struct tm tm;
	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1)
		return -1;
	*seconds = (int64_t)timegm(&tm);
	return 0;
}

/* ---- names ----------------------------------------------------------- */

char *
certificate_name(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	/* UTF-8 as it is: what is unsafe in it text_shown_n escapes. */
	unsigned long flags = XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB;
	X509_NAME_print_ex(bio, name, 0, flags);
	long size = BIO_get_mem_data(bio, &text);
	char *shown = text_shown_n(text, size > 0 ? (size_t)size : 0);
	BIO_free(bio);
	ERR_clear_error();
	return shown;
}

/* All C attributes joined with '+', NULL when there is none: shown text. */
static char *
name_country(const X509_NAME *name)
{
	struct buf text = {0};
	int at = -1;
	while ((at = X509_NAME_get_index_by_NID(name, NID_countryName, at)) >= 0) {
		unsigned char *utf8 = NULL;
		const ASN1_STRING *value =
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
		int size = ASN1_STRING_to_UTF8(&utf8, value);
		if (text.size != 0)
			buf_puts(&text, "+");
		text_show(&text, utf8, size > 0 ? (size_t)size : 0);
		OPENSSL_free(utf8);
	}
	ERR_clear_error();
	return text.size != 0 ? buf_take(&text) : NULL;
}

static void
set_string(json_t *object, const char *key, char *shown)
{
	if (shown != NULL)
		json_object_set_new(object, key, json_string(shown));
	free(shown);
}

/* ---- keys ------------------------------------------------------------ */

char *
certificate_key_text(EVP_PKEY *key)
{
	char group[64] = "";
	if (key == NULL)
		return base_strdup("unknown");
	int bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return base_format("RSA %d", bits);
	case EVP_PKEY_RSA_PSS:
		return base_format("RSA-PSS %d", bits);
	case EVP_PKEY_DSA:
		return base_format("DSA %d", bits);
	case EVP_PKEY_ED25519:
		return base_strdup("Ed25519");
	case EVP_PKEY_EC:
		if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME,
						   group, sizeof(group), NULL) != 1)
			return base_format("EC %d bits", bits);
		const char *nist = EC_curve_nid2nist(OBJ_sn2nid(group));
		return base_format("EC %s", nist != NULL ? nist : group);
	default:
		return base_format("%s %d", OBJ_nid2sn(EVP_PKEY_get_base_id(key)),
				   bits);
	}
}

static void
judge_rsa(EVP_PKEY *key, const char *name, struct judgement *judgement)
{
	BIGNUM *exponent = NULL;
	int bits = EVP_PKEY_get_bits(key);
	if (bits < 2048) /* NIST SP 800-131A, table 2 */
		judgement_add(judgement, SIGNATURE_WEAK,
			      "the RSA key of '%s' has only %d bits", name, bits);
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
	    BN_num_bits(exponent) < 17) /* FIPS 186-5, A.1.1: over 2^16 */
		judgement_add(judgement, SIGNATURE_WEAK,
			      "the RSA key of '%s' has a tiny exponent", name);
	BN_free(exponent);
}

static void
judge_ec(EVP_PKEY *key, const char *name, struct judgement *judgement)
{
	int explicit_parameters = 0;
	int bits = EVP_PKEY_get_bits(key);
	/* RFC 5480, 2.1.1: a named curve, or anybody can choose one on which a
	 * trusted public key has a known secret (CVE-2020-0601). */
	EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
			       &explicit_parameters);
	if (explicit_parameters != 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the key of '%s' spells out its own curve", name);
	if (bits < 224)
		judgement_add(judgement, SIGNATURE_WEAK,
			      "the curve of '%s' has only %d bits", name, bits);
}

void
certificate_judge_key(EVP_PKEY *key, const char *name, struct judgement *judgement)
{
	if (key == NULL) {
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the key of '%s' cannot be read", name);
		return;
	}
	int bits = EVP_PKEY_get_bits(key);
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		judge_rsa(key, name, judgement);
		break;
	case EVP_PKEY_DSA:
		if (bits < 2048)
			judgement_add(judgement, SIGNATURE_WEAK,
				      "the DSA key of '%s' has only %d bits", name,
				      bits);
		break;
	case EVP_PKEY_EC:
		judge_ec(key, name, judgement);
		break;
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		break;
	default:
		judgement_add(judgement, SIGNATURE_NOT_CHECKED,
			      "the kind of key of '%s' is not known here", name);
	}
}

void
certificate_judge_strength(X509 *certificate, bool anchor, struct judgement *judgement)
{
	char *name = certificate_name(X509_get_subject_name(certificate));
	certificate_judge_key(X509_get0_pubkey(certificate), name, judgement);
	int digest = NID_undef;
	if (!anchor &&
	    X509_get_signature_info(certificate, &digest, NULL, NULL, NULL) == 1) {
		switch (digest) {
		case NID_md2:
		case NID_md4:
		case NID_md5:
		case NID_mdc2:
		case NID_ripemd160:
		case NID_sha1:
			judgement_add(judgement, SIGNATURE_WEAK,
				      "'%s' is certified with the broken digest %s",
				      name, OBJ_nid2ln(digest));
		}
	}
	ERR_clear_error();
	free(name);
}

/* ---- findings -------------------------------------------------------- */

static void
set_time(json_t *object, const char *key, const ASN1_TIME *time)
{
	int64_t seconds;
	char text[TIME_TEXT] = "unreadable";
	if (certificate_time(time, &seconds) == 0)
		time_text(seconds, text);
	json_object_set_new(object, key, json_string(text));
}

static const char *
purpose_name(int nid)
{
	switch (nid) {
	case NID_code_sign:
		return "code signing";
	case NID_time_stamp:
		return "time stamping";
	case NID_server_auth:
		return "TLS server";
	case NID_client_auth:
		return "TLS client";
	case NID_email_protect:
		return "e-mail protection";
	case NID_OCSP_sign:
		return "OCSP signing";
	case NID_anyExtendedKeyUsage:
		return "any";
	default:
		return NULL;
	}
}

static json_t *
purposes_json(X509 *certificate)
{
	json_t *array = json_array();
	EXTENDED_KEY_USAGE *usage =
	    X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		const ASN1_OBJECT *object = sk_ASN1_OBJECT_value(usage, i);
		const char *name = purpose_name(OBJ_obj2nid(object));
		char oid[OID_TEXT];
		OBJ_obj2txt(oid, sizeof(oid), object, 1);
		json_array_append_new(array, json_string(name != NULL ? name : oid));
	}
	sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
	return array;
}

static json_t *
key_sha256_json(X509 *certificate)
{
	unsigned char *bytes = NULL;
	int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes);
	if (size <= 0)
		return json_string("unreadable");
	struct sha256 digest;
	sha256_of(bytes, (size_t)size, &digest);
	OPENSSL_free(bytes);
	return sha256_json(&digest);
}

static char *
serial_text(X509 *certificate)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *digits = number != NULL ? BN_bn2hex(number) : NULL;
	char *text = base_strdup(digits != NULL ? digits : "unreadable");
	for (char *at = text; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	OPENSSL_free(digits);
	BN_free(number);
	return text;
}

json_t *
certificate_json(X509 *certificate)
{
	json_t *object = json_object();
	const X509_NAME *subject = X509_get_subject_name(certificate);
	const X509_NAME *issuer = X509_get_issuer_name(certificate);
	set_string(object, "subject", certificate_name(subject));
	set_string(object, "issuer", certificate_name(issuer));
	set_string(object, "country", name_country(subject));
	set_string(object, "issuer_country", name_country(issuer));
	set_string(object, "serial", serial_text(certificate));
	struct sha256 fingerprint;
	certificate_fingerprint(certificate, &fingerprint);
	json_object_set_new(object, "sha256", sha256_json(&fingerprint));
	json_object_set_new(object, "spki_sha256", key_sha256_json(certificate));
	set_string(object, "key", certificate_key_text(X509_get0_pubkey(certificate)));
	int nid = X509_get_signature_nid(certificate);
	json_object_set_new(
	    object, "signature_algorithm",
	    json_string(nid == NID_undef ? "unknown" : OBJ_nid2ln(nid)));
	set_time(object, "not_before", X509_get0_notBefore(certificate));
	set_time(object, "not_after", X509_get0_notAfter(certificate));
	json_object_set_new(object, "purposes", purposes_json(certificate));
	ERR_clear_error();
	return object;
}
