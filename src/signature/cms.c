/*
 * Signed data (RFC 5652; RFC 2315 for Authenticode) and the checks of its one
 * signer. The structure is read here, strictly, and not by a library: libraries
 * take BER, several signers, or bytes left over, and each is a way to show one thing
 * and have another one signed. Certificates and mathematics are OpenSSL's.
 */
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "signature/signature_private.h"

enum {
	CERTIFICATES_MOST = 128,
	CRLS_MOST = 32,
	ATTRIBUTES_MOST = 64,
};

#define OID_SIGNED_DATA            "1.2.840.113549.1.7.2"
#define OID_CONTENT_TYPE           "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST         "1.2.840.113549.1.9.4"
#define OID_SIGNING_CERTIFICATE    "1.2.840.113549.1.9.16.2.12" /* RFC 2634, 5.4 */
#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47" /* RFC 5035, 3 */
#define OID_DATA                   "1.2.840.113549.1.7.1"
#define OID_RSASSA_PSS             "1.2.840.113549.1.1.10"

/* ---- digests --------------------------------------------------------- */

/* RFC 3370, 2; RFC 5754, 2. */
static const struct digest_algorithm digests[] = {
    {"1.2.840.113549.2.5", "md5", true},
    {"1.3.14.3.2.26", "sha1", true},
    {"2.16.840.1.101.3.4.2.4", "sha224", false},
    {"2.16.840.1.101.3.4.2.1", "sha256", false},
    {"2.16.840.1.101.3.4.2.2", "sha384", false},
    {"2.16.840.1.101.3.4.2.3", "sha512", false},
};

const struct digest_algorithm *
digest_by_oid(const char *oid)
{
	for (size_t i = 0; i < ARRAY_COUNT(digests); i++) {
		if (strcmp(digests[i].oid, oid) == 0)
			return &digests[i];
	}
	return NULL;
}

void
digest_of(const struct digest_algorithm *algorithm, const struct view *parts,
	  size_t count, struct digest *digest)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const EVP_MD *md = EVP_get_digestbyname(algorithm->name);
	digest->size = 0;
	/* An empty digest is equal to nothing (digest_is). */
	if (context == NULL || md == NULL || EVP_DigestInit_ex(context, md, NULL) != 1)
		goto out;
	for (size_t i = 0; i < count; i++) {
		if (EVP_DigestUpdate(context, parts[i].data, parts[i].size) != 1)
			goto out;
	}
	if (EVP_DigestFinal_ex(context, digest->bytes, &digest->size) != 1)
		digest->size = 0;
out:
	EVP_MD_CTX_free(context);
	ERR_clear_error();
}

bool
digest_is(const struct digest *digest, const struct view *bytes)
{
	return digest->size != 0 && bytes->size == digest->size &&
	       view_has(bytes, 0, digest->bytes, digest->size);
}

/* ---- structure ------------------------------------------------------- */

bool
cms_is_indefinite(const struct view *value)
{
	return view_has(value, 0, "\x30\x80", 2);
}

static int
attributes_parse(const struct der *set, struct cms_attributes *attributes,
		 struct err *err)
{
	struct view rest = set->value;
	attributes->whole = set->whole;
	while (rest.size != 0) {
		struct der sequence, values, value;
		if (attributes->count == ATTRIBUTES_MOST)
			return err_set(err, ERR_INPUT, "more than %d attributes",
				       ATTRIBUTES_MOST);
		attributes->items =
		    base_realloc(attributes->items, attributes->count + 1,
				 sizeof(*attributes->items));
		struct cms_attribute *attribute = &attributes->items[attributes->count];
		memset(attribute, 0, sizeof(*attribute));
		if (der_take(&rest, DER_SEQUENCE, &sequence) == -1)
			return err_set(err, ERR_INPUT, "a malformed attribute");
		struct view inside = sequence.value;
		if (der_take_oid(&inside, attribute->oid) == -1 ||
		    der_take(&inside, DER_SET, &values) == -1 || inside.size != 0)
			return err_set(err, ERR_INPUT, "a malformed attribute");
		attribute->size = sequence.whole.size;
		attribute->values = values.value;
		inside = values.value;
		for (; inside.size != 0; attribute->count++) {
			/* Not ours to read, and not a reason to doubt the rest: who
			 * wants the value says what that means (timestamp.c). */
			if (cms_is_indefinite(&inside)) {
				attribute->count++;
				break;
			}
			if (der_next(&inside, &value) == -1)
				return err_set(err, ERR_INPUT,
					       "a malformed value in attribute %s",
					       attribute->oid);
		}
		attributes->count++;
	}
	return 0;
}

/* Parameters that carry nothing: absent, NULL, or an elliptic curve's name (RFC 3370;
 * RFC 5480, 2.1.1). Anything else would be bytes that nobody signed. */
static bool
is_plain(const struct view *parameters)
{
	struct view rest = *parameters;
	struct der element;
	return rest.size == 0 || view_has(&rest, 0, "\x05\x00", 2) ||
	       der_take(&rest, DER_OID, &element) == 0;
}

/* SignerIdentifier (RFC 5652, 5.3). */
static int
signer_identifier(struct view *rest, struct cms_signer *signer)
{
	struct der element;
	if (der_take(rest, DER_CONTEXT + 0, &element) == 0) {
		signer->key_identifier = element.value;
		return element.value.size != 0 ? 0 : -1;
	}
	if (der_take(rest, DER_SEQUENCE, &element) == -1)
		return -1;
	struct view inside = element.value;
	struct der issuer, serial;
	if (der_take(&inside, DER_SEQUENCE, &issuer) == -1 ||
	    der_take(&inside, DER_INTEGER, &serial) == -1 || inside.size != 0)
		return -1;
	const unsigned char *at = issuer.whole.data;
	signer->issuer = d2i_X509_NAME(NULL, &at, (long)issuer.whole.size);
	at = serial.whole.data;
	signer->serial = d2i_ASN1_INTEGER(NULL, &at, (long)serial.whole.size);
	return signer->issuer != NULL && signer->serial != NULL ? 0 : -1;
}

int
cms_signer_parse(struct view *rest, struct cms_signer *signer, struct err *err)
{
	struct der sequence, element;
	struct view parameters;
	memset(signer, 0, sizeof(*signer));
	if (der_take(rest, DER_SEQUENCE, &sequence) == -1)
		return err_set(err, ERR_INPUT, "malformed signer information");
	struct view inside = sequence.value;
	if (der_take(&inside, DER_INTEGER, &element) == -1 ||
	    (!view_has(&element.value, 0, "\1", 1) &&
	     !view_has(&element.value, 0, "\3", 1)) ||
	    element.value.size != 1)
		return err_set(err, ERR_INPUT, "a signer of unknown version");
	if (signer_identifier(&inside, signer) == -1)
		return err_set(err, ERR_INPUT, "a malformed signer identifier");
	if (der_take_algorithm(&inside, signer->digest, &parameters) == -1 ||
	    !is_plain(&parameters))
		return err_set(err, ERR_INPUT, "a malformed digest algorithm");
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED + 0, &element) == 0 &&
	    attributes_parse(&element, &signer->signed_attributes, err) == -1)
		return err_at(err, "in the signed attributes");
	if (der_take_algorithm(&inside, signer->algorithm, &signer->parameters) == -1 ||
	    (strcmp(signer->algorithm, OID_RSASSA_PSS) != 0 &&
	     !is_plain(&signer->parameters)))
		return err_set(err, ERR_INPUT, "a malformed signature algorithm");
	if (der_take(&inside, DER_OCTET_STRING, &element) == -1)
		return err_set(err, ERR_INPUT, "a malformed signature value");
	signer->signature = element.value;
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED + 1, &element) == 0 &&
	    attributes_parse(&element, &signer->unsigned_attributes, err) == -1)
		return err_at(err, "in the unsigned attributes");
	if (inside.size != 0)
		return err_set(err, ERR_INPUT,
			       "%ju bytes that nobody signed after the signer",
			       (uintmax_t)inside.size);
	return 0;
}

void
cms_signer_clear(struct cms_signer *signer)
{
	X509_NAME_free(signer->issuer);
	ASN1_INTEGER_free(signer->serial);
	free(signer->signed_attributes.items);
	free(signer->unsigned_attributes.items);
	memset(signer, 0, sizeof(*signer));
}

static X509 *
read_certificate(const struct view *whole)
{
	const unsigned char *at = whole->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)whole->size);
	if (certificate != NULL && at != whole->data + whole->size) {
		X509_free(certificate);
		certificate = NULL;
	}
	ERR_clear_error();
	return certificate;
}

/* CertificateSet (RFC 5652, 10.2.3). Choices other than a certificate, such as the
 * attribute certificates of Microsoft's timestamps, carry no signer: skipped. */
static int
certificates_parse(const struct der *set, struct cms *cms, struct err *err)
{
	struct view rest = set->value;
	cms->certificates = base_alloc(CERTIFICATES_MOST, sizeof(X509 *));
	while (rest.size != 0) {
		struct der element;
		if (der_next(&rest, &element) == -1)
			return err_set(err, ERR_INPUT, "a malformed certificate set");
		if (element.tag != DER_SEQUENCE) {
			cms->other_certificates++;
			continue;
		}
		if (cms->certificate_count == CERTIFICATES_MOST)
			return err_set(err, ERR_INPUT, "more than %d certificates",
				       CERTIFICATES_MOST);
		X509 *certificate = read_certificate(&element.whole);
		if (certificate == NULL)
			return err_set(err, ERR_INPUT,
				       "certificate %zu is %ju bytes that are no "
				       "certificate",
				       cms->certificate_count + 1,
				       (uintmax_t)element.whole.size);
		cms->certificates[cms->certificate_count++] = certificate;
	}
	return 0;
}

/* RevocationInfoChoices (RFC 5652, 10.2.1); other formats are skipped. */
static int
crls_parse(const struct der *set, struct cms *cms, struct err *err)
{
	struct view rest = set->value;
	cms->crls = base_alloc(CRLS_MOST, sizeof(X509_CRL *));
	while (rest.size != 0) {
		struct der element;
		if (der_next(&rest, &element) == -1)
			return err_set(err, ERR_INPUT,
				       "a malformed set of revocation "
				       "lists");
		if (element.tag != DER_SEQUENCE)
			continue;
		if (cms->crl_count == CRLS_MOST)
			return err_set(err, ERR_INPUT, "more than %d revocation lists",
				       CRLS_MOST);
		const unsigned char *at = element.whole.data;
		X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)element.whole.size);
		ERR_clear_error();
		if (crl == NULL)
			return err_set(err, ERR_INPUT,
				       "a revocation list that cannot be read");
		cms->crls[cms->crl_count++] = crl;
	}
	return 0;
}

/* EncapsulatedContentInfo: the content is inside, or with `detached` may be absent. */
static int
content_parse(struct view *rest, struct cms *cms, bool detached, struct err *err)
{
	struct der sequence, wrapped;
	if (der_take(rest, DER_SEQUENCE, &sequence) == -1)
		return err_set(err, ERR_INPUT, "a malformed content");
	struct view inside = sequence.value;
	if (der_take_oid(&inside, cms->content_type) == -1)
		return err_set(err, ERR_INPUT, "a malformed content type");
	if (detached && inside.size == 0)
		return 0;
	if (der_take(&inside, DER_CONTEXT_CONSTRUCTED + 0, &wrapped) == -1)
		return err_set(err, ERR_INPUT, "no content in the signature");
	struct view content = wrapped.value;
	if (inside.size != 0 || der_next(&content, &cms->content) == -1 ||
	    content.size != 0)
		return err_set(err, ERR_INPUT, "a malformed content");
	return 0;
}

/* digestAlgorithms; the first one is kept. */
static int
digests_parse(struct view *rest, struct cms *cms, bool several, struct err *err)
{
	struct der set;
	struct view parameters;
	char oid[OID_TEXT];
	if (der_take(rest, DER_SET, &set) == -1)
		return err_set(err, ERR_INPUT, "malformed digest algorithms");
	struct view inside = set.value;
	if (der_take_algorithm(&inside, cms->digest, &parameters) == -1 ||
	    !is_plain(&parameters))
		return err_set(err, ERR_INPUT, "malformed digest algorithms");
	if (inside.size != 0 && !several)
		return err_set(err, ERR_INPUT, "more than one digest algorithm");
	while (inside.size != 0) {
		if (der_take_algorithm(&inside, oid, &parameters) == -1 ||
		    !is_plain(&parameters))
			return err_set(err, ERR_INPUT, "malformed digest algorithms");
	}
	return 0;
}

static int
signers_parse(struct view *rest, struct cms *cms, bool several, struct err *err)
{
	struct der set;
	if (der_take(rest, DER_SET, &set) == -1)
		return err_set(err, ERR_INPUT, "malformed signers");
	struct view inside = set.value;
	if (inside.size == 0)
		return err_set(err, ERR_INPUT, "no signer");
	if (cms_signer_parse(&inside, &cms->signer, err) == -1)
		return -1;
	if (inside.size != 0 && !several)
		return err_set(err, ERR_INPUT, "more than one signer");
	while (inside.size != 0) {
		if (cms->other_count + 1 == CMS_SIGNERS_MOST)
			return err_set(err, ERR_INPUT, "more than %d signers",
				       CMS_SIGNERS_MOST);
		cms->others = base_realloc(cms->others, cms->other_count + 1,
					   sizeof(*cms->others));
		int answer =
		    cms_signer_parse(&inside, &cms->others[cms->other_count++], err);
		if (answer == -1)
			return -1;
	}
	return 0;
}

/* SignedData (RFC 5652, 5.1). */
static int
signed_data_parse(const struct der *sequence, struct cms *cms, bool loose,
		  struct err *err)
{
	struct view rest = sequence->value;
	struct der element;
	uint8_t version;
	/* RFC 2315, 9.1: 1; RFC 5652, 5.1: 1, 3, 4, 5. */
	if (der_take(&rest, DER_INTEGER, &element) == -1 || element.value.size != 1 ||
	    view_u8(&element.value, 0, &version) == -1 || version < 1 || version > 5)
		return err_set(err, ERR_INPUT, "signed data of unknown version");
	if (digests_parse(&rest, cms, loose, err) == -1 ||
	    content_parse(&rest, cms, loose, err) == -1)
		return -1;
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 0, &element) == 0 &&
	    certificates_parse(&element, cms, err) == -1)
		return -1;
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 1, &element) == 0 &&
	    crls_parse(&element, cms, err) == -1)
		return -1;
	if (signers_parse(&rest, cms, loose, err) == -1)
		return -1;
	if (rest.size != 0)
		return err_set(err, ERR_INPUT,
			       "%ju bytes that nobody signed after the signers",
			       (uintmax_t)rest.size);
	return 0;
}

static int
content_info_parse(const struct view *bytes, struct cms *cms, bool loose,
		   struct err *err)
{
	struct view rest = *bytes;
	struct der info, wrapped, data;
	char oid[OID_TEXT];
	if (der_take(&rest, DER_SEQUENCE, &info) == -1 || rest.size != 0)
		return err_set(err, ERR_INPUT, "no DER sequence");
	struct view inside = info.value;
	if (der_take_oid(&inside, oid) == -1 || strcmp(oid, OID_SIGNED_DATA) != 0 ||
	    der_take(&inside, DER_CONTEXT_CONSTRUCTED + 0, &wrapped) == -1 ||
	    inside.size != 0)
		return err_set(err, ERR_INPUT, "no signed data");
	inside = wrapped.value;
	if (der_take(&inside, DER_SEQUENCE, &data) == -1 || inside.size != 0)
		return err_set(err, ERR_INPUT, "malformed signed data");
	return signed_data_parse(&data, cms, loose, err);
}

static int
parse(const struct view *bytes, bool loose, struct cms **cms, struct err *err)
{
	struct cms *parsed = base_alloc(1, sizeof(*parsed));
	if (content_info_parse(bytes, parsed, loose, err) == -1) {
		cms_free(parsed);
		return -1;
	}
	*cms = parsed;
	return 0;
}

int
cms_parse(const struct view *bytes, struct cms **cms, struct err *err)
{
	return parse(bytes, false, cms, err);
}

int
cms_parse_loose(const struct view *bytes, struct cms **cms, struct err *err)
{
	return parse(bytes, true, cms, err);
}

int
cms_parse_signed_data(const struct view *bytes, struct cms **cms, struct err *err)
{
	struct cms *parsed = base_alloc(1, sizeof(*parsed));
	struct view rest = *bytes;
	struct der data;
	int answer = -1;
	if (der_take(&rest, DER_SEQUENCE, &data) == -1 || rest.size != 0)
		err_set(err, ERR_INPUT, "malformed signed data");
	else
		answer = signed_data_parse(&data, parsed, true, err);
	if (answer == 0)
		*cms = parsed;
	else
		cms_free(parsed);
	return answer;
}

const struct cms_signer *
cms_signer_at(const struct cms *cms, size_t index)
{
	if (index == 0)
		return &cms->signer;
	return index <= cms->other_count ? &cms->others[index - 1] : NULL;
}

void
cms_free(struct cms *cms)
{
	if (cms == NULL)
		return;
	for (size_t i = 0; i < cms->certificate_count; i++)
		X509_free(cms->certificates[i]);
	free(cms->certificates);
	for (size_t i = 0; i < cms->crl_count; i++)
		X509_CRL_free(cms->crls[i]);
	free(cms->crls);
	cms_signer_clear(&cms->signer);
	for (size_t i = 0; i < cms->other_count; i++)
		cms_signer_clear(&cms->others[i]);
	free(cms->others);
	free(cms);
}

const struct cms_attribute *
cms_attribute_find(const struct cms_attributes *attributes, const char *oid)
{
	const struct cms_attribute *found = NULL;
	for (size_t i = 0; i < attributes->count; i++) {
		if (strcmp(attributes->items[i].oid, oid) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &attributes->items[i];
	}
	return found != NULL && found->count == 1 ? found : NULL;
}

void
cms_check_frame(const struct cms *cms, const struct cms_expected *expected,
		struct judgement *judgement)
{
	if (cms->other_count != 0)
		judgement_add(judgement, SIGNATURE_INVALID, "more than one signer");
	if (strcmp(cms->content_type, expected->content_type) != 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "what was signed is of type %s, not %s",
			      cms->content_type, expected->content_type);
	if (strcmp(cms->digest, cms->signer.digest) != 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signature says digest algorithm %s, and its signer "
			      "%s",
			      cms->digest, cms->signer.digest);
	if (cms->content.whole.size != 0 &&
	    !view_equal(&cms->content.value, &expected->content))
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signature holds another content");
}

/* ---- signed attributes ----------------------------------------------- */

/* RFC 5652, 5.3: an attribute type appears once, and these two have one value. */
static void
check_uniqueness(const struct cms_attributes *attributes, struct judgement *judgement)
{
	for (size_t i = 0; i < attributes->count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcmp(attributes->items[i].oid,
				   attributes->items[k].oid) == 0)
				judgement_add(judgement, SIGNATURE_INVALID,
					      "the signed attribute %s is there twice",
					      attributes->items[i].oid);
		}
	}
}

static void
check_content_type(const struct cms_signer *signer, const char *expected,
		   struct judgement *judgement)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer->signed_attributes, OID_CONTENT_TYPE);
	char oid[OID_TEXT];
	if (attribute == NULL) {
		/* RFC 2985, 5.3.6: a countersignature has no content type. */
		if (expected != NULL)
			judgement_add(judgement, SIGNATURE_INVALID,
				      "no content type among the signed attributes");
		return;
	}
	struct view value = attribute->values;
	if (der_take_oid(&value, oid) == -1)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "a malformed content type among the signed attributes");
	else if (strcmp(oid, expected != NULL ? expected : OID_DATA) != 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "content type %s was signed, not %s", oid,
			      expected != NULL ? expected : OID_DATA);
}

static void
check_message_digest(const struct cms_signer *signer,
		     const struct digest_algorithm *algorithm,
		     const struct view *content, struct judgement *judgement)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer->signed_attributes, OID_MESSAGE_DIGEST);
	struct der value;
	struct digest digest;
	struct view rest = {0};
	if (attribute != NULL)
		rest = attribute->values;
	if (attribute == NULL || der_take(&rest, DER_OCTET_STRING, &value) == -1) {
		judgement_add(
		    judgement, SIGNATURE_INVALID,
		    "not just one message digest among the signed attributes");
		return;
	}
	digest_of(algorithm, content, 1, &digest);
	if (!digest_is(&digest, &value.value))
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signed message digest is not that of the content");
}

static void
check_attributes(const struct cms_signer *signer, const struct digest_algorithm *digest,
		 const struct cms_expected *expected, struct judgement *judgement)
{
	check_uniqueness(&signer->signed_attributes, judgement);
	check_content_type(signer, expected->content_type, judgement);
	check_message_digest(signer, digest, &expected->content, judgement);
}

/* A content that is itself a set of attributes, signed without attributes: the same
 * signature would hold for another content with these attributes (RFC 5652, 5.4). */
static void
check_confusion(const struct view *content, struct judgement *judgement)
{
	struct view rest = *content;
	struct der set;
	struct cms_attributes attributes = {0};
	struct err ignored = {0};
	if (der_take(&rest, DER_SET, &set) == 0 && rest.size == 0 &&
	    attributes_parse(&set, &attributes, &ignored) == 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "what was signed may be attributes of another content");
	free(attributes.items);
}

/* ---- the signature value --------------------------------------------- */

/* Signature algorithms: RFC 3279, 2.2; RFC 4055; RFC 5754, 3; RFC 5758; RFC 8419. */
static const struct {
	const char *oid;
	int key;            /* EVP_PKEY type */
	const char *digest; /* that the algorithm fixes, or NULL */
} signature_algorithms[] = {
    {"1.2.840.113549.1.1.1", EVP_PKEY_RSA, NULL},
    {"1.2.840.113549.1.1.4", EVP_PKEY_RSA, "md5"},
    {"1.2.840.113549.1.1.5", EVP_PKEY_RSA, "sha1"},
    {"1.2.840.113549.1.1.14", EVP_PKEY_RSA, "sha224"},
    {"1.2.840.113549.1.1.11", EVP_PKEY_RSA, "sha256"},
    {"1.2.840.113549.1.1.12", EVP_PKEY_RSA, "sha384"},
    {"1.2.840.113549.1.1.13", EVP_PKEY_RSA, "sha512"},
    {OID_RSASSA_PSS, EVP_PKEY_RSA, NULL},
    {"1.2.840.10045.2.1", EVP_PKEY_EC, NULL},
    {"1.2.840.10045.4.1", EVP_PKEY_EC, "sha1"},
    {"1.2.840.10045.4.3.1", EVP_PKEY_EC, "sha224"},
    {"1.2.840.10045.4.3.2", EVP_PKEY_EC, "sha256"},
    {"1.2.840.10045.4.3.3", EVP_PKEY_EC, "sha384"},
    {"1.2.840.10045.4.3.4", EVP_PKEY_EC, "sha512"},
    {"1.2.840.10040.4.1", EVP_PKEY_DSA, NULL},
    {"1.2.840.10040.4.3", EVP_PKEY_DSA, "sha1"},
    {"2.16.840.1.101.3.4.3.1", EVP_PKEY_DSA, "sha224"},
    {"2.16.840.1.101.3.4.3.2", EVP_PKEY_DSA, "sha256"},
    {"1.3.101.112", EVP_PKEY_ED25519, "sha512"},
};

/* RFC 4055, 3.1: digest and mask digest are the signer's digest. */
static int
set_pss(EVP_PKEY_CTX *context, const struct view *parameters, const char *digest)
{
	const unsigned char *at = parameters->data;
	RSA_PSS_PARAMS *pss = d2i_RSA_PSS_PARAMS(NULL, &at, (long)parameters->size);
	const EVP_MD *md = EVP_get_digestbyname(digest);
	int answer = -1;
	if (pss == NULL || md == NULL || pss->hashAlgorithm == NULL ||
	    pss->maskGenAlgorithm == NULL)
		goto out;
	const ASN1_OBJECT *hash, *mask;
	const void *mask_value;
	int mask_type;
	X509_ALGOR_get0(&hash, NULL, NULL, pss->hashAlgorithm);
	X509_ALGOR_get0(&mask, &mask_type, &mask_value, pss->maskGenAlgorithm);
	if (OBJ_obj2nid(hash) != EVP_MD_get_type(md) || OBJ_obj2nid(mask) != NID_mgf1 ||
	    mask_type != V_ASN1_SEQUENCE)
		goto out;
	const ASN1_STRING *inner = mask_value;
	at = ASN1_STRING_get0_data(inner);
	X509_ALGOR *inner_hash = d2i_X509_ALGOR(NULL, &at, ASN1_STRING_length(inner));
	bool same = false;
	if (inner_hash != NULL) {
		X509_ALGOR_get0(&hash, NULL, NULL, inner_hash);
		same = OBJ_obj2nid(hash) == EVP_MD_get_type(md);
		X509_ALGOR_free(inner_hash);
	}
	long salt = pss->saltLength == NULL ? 20 : ASN1_INTEGER_get(pss->saltLength);
	if (same && salt >= 0 && salt <= 512 && pss->trailerField == NULL &&
	    EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)salt) == 1)
		answer = 0;
out:
	RSA_PSS_PARAMS_free(pss);
	return answer;
}

enum value_answer { VALUE_GOOD, VALUE_BAD, VALUE_UNKNOWN };

/* RFC 5652, 5.4: the attributes are signed as a SET OF, not as [0]; without any, the
 * content is. */
static bool
value_verify(const struct cms_signer *signer, EVP_PKEY *key,
	     const struct digest_algorithm *digest, const struct view *content)
{
	const struct view *whole = &signer->signed_attributes.whole;
	bool good = false;
	struct buf bytes = {0};
	struct view message = *content;
	EVP_PKEY_CTX *key_context = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (whole->size != 0) {
		buf_append(&bytes, whole->data, whole->size);
		bytes.data[0] = DER_SET;
		message = view_of_buf(&bytes);
	}
	const EVP_MD *md = NULL;
	if (!EVP_PKEY_is_a(key, "ED25519"))
		md = EVP_get_digestbyname(digest->name);
	if (EVP_DigestVerifyInit(context, &key_context, md, NULL, key) != 1)
		goto out;
	if (strcmp(signer->algorithm, OID_RSASSA_PSS) == 0 &&
	    set_pss(key_context, &signer->parameters, digest->name) == -1)
		goto out;
	good = EVP_DigestVerify(context, signer->signature.data, signer->signature.size,
				message.data, message.size) == 1;
out:
	EVP_MD_CTX_free(context);
	buf_free(&bytes);
	ERR_clear_error();
	return good;
}

static enum value_answer
value_check(const struct cms_signer *signer, X509 *certificate,
	    const struct digest_algorithm *digest, const struct view *content)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	if (key == NULL)
		return VALUE_UNKNOWN;
	for (size_t i = 0; i < ARRAY_COUNT(signature_algorithms); i++) {
		if (strcmp(signature_algorithms[i].oid, signer->algorithm) != 0)
			continue;
		const char *fixed = signature_algorithms[i].digest;
		if (EVP_PKEY_get_base_id(key) != signature_algorithms[i].key ||
		    (fixed != NULL && strcmp(fixed, digest->name) != 0))
			return VALUE_BAD;
		return value_verify(signer, key, digest, content) ? VALUE_GOOD
								  : VALUE_BAD;
	}
	return VALUE_UNKNOWN;
}

static bool
is_named(const struct cms_signer *signer, X509 *certificate)
{
	if (signer->issuer != NULL)
		return X509_NAME_cmp(signer->issuer,
				     X509_get_issuer_name(certificate)) == 0 &&
		       ASN1_INTEGER_cmp(signer->serial,
					X509_get0_serialNumber(certificate)) == 0;
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(certificate);
	if (id == NULL)
		return false;
	struct view have =
	    view_of(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
	return view_equal(&have, &signer->key_identifier);
}

/* Where the signature must bring its signer's certificate along, it is none without;
 * where the user may have it, nobody who is known here signed. */
static void
judge_stranger(const struct cms_signer *signer, bool required,
	       struct judgement *judgement)
{
	char *name = NULL;
	if (required) {
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signer's certificate is not in the signature");
		return;
	}
	if (signer->issuer != NULL)
		name = certificate_name(signer->issuer);
	judgement_add(judgement, SIGNATURE_UNTRUSTED,
		      "the signer's certificate is not in the signature, and was not "
		      "given: it is one %s%s%s",
		      name != NULL ? "that '" : "with a key identifier",
		      name != NULL ? name : "", name != NULL ? "' issued" : "");
	free(name);
}

/* The named certificate whose key made the signature, else any named one. */
static X509 *
check_value(const struct cms_signer *signer, X509 *const *certificates, size_t count,
	    const struct digest_algorithm *digest, const struct cms_expected *expected,
	    struct judgement *judgement)
{
	X509 *named = NULL;
	enum value_answer answer = VALUE_BAD;
	for (size_t i = 0; i < count; i++) {
		if (!is_named(signer, certificates[i]))
			continue;
		named = certificates[i];
		answer = value_check(signer, named, digest, &expected->content);
		if (answer == VALUE_GOOD)
			return named;
	}
	if (named == NULL)
		judge_stranger(signer, !expected->bare, judgement);
	else if (answer == VALUE_UNKNOWN)
		judgement_add(judgement, SIGNATURE_NOT_CHECKED,
			      "the signature algorithm %s or its key is not known here",
			      signer->algorithm);
	else
		judgement_add(
		    judgement, SIGNATURE_INVALID,
		    "the signature was not made by the signer's key over these "
		    "attributes");
	return named;
}

/* ---- which certificate (RFC 2634, 5.4; RFC 5035, 4) ------------------- */

/* ESSCertID or ESSCertIDv2: does its hash name the certificate? */
static bool
names_certificate(const struct der *id, bool v2, X509 *certificate)
{
	struct view rest = id->value, parameters;
	struct der hash;
	char oid[OID_TEXT] = "1.3.14.3.2.26";
	if (v2) {
		snprintf(oid, sizeof(oid), "2.16.840.1.101.3.4.2.1");
		if (der_comes(&rest, DER_SEQUENCE) &&
		    der_take_algorithm(&rest, oid, &parameters) == -1)
			return false;
	}
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	if (algorithm == NULL || der_take(&rest, DER_OCTET_STRING, &hash) == -1)
		return false;
	unsigned char *bytes = NULL;
	int size = i2d_X509(certificate, &bytes);
	if (size <= 0)
		return false;
	struct view whole = view_of(bytes, (size_t)size);
	struct digest digest;
	digest_of(algorithm, &whole, 1, &digest);
	OPENSSL_free(bytes);
	return digest_is(&digest, &hash.value);
}

static void
check_signing_certificate(const struct cms_signer *signer, X509 *certificate,
			  bool required, struct judgement *judgement)
{
	bool found = false;
	static const char *const oids[] = {OID_SIGNING_CERTIFICATE,
					   OID_SIGNING_CERTIFICATE_V2};
	for (unsigned v2 = 0; v2 < 2; v2++) {
		const struct cms_attribute *attribute =
		    cms_attribute_find(&signer->signed_attributes, oids[v2]);
		if (attribute == NULL)
			continue;
		found = true;
		struct view rest = attribute->values;
		struct der value, ids, first;
		if (der_take(&rest, DER_SEQUENCE, &value) == 0 &&
		    der_take(&value.value, DER_SEQUENCE, &ids) == 0 &&
		    der_take(&ids.value, DER_SEQUENCE, &first) == 0 &&
		    names_certificate(&first, v2 == 1, certificate))
			continue;
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signed attributes name another certificate");
	}
	if (!found && required)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "no signing certificate among the signed attributes");
}

X509 *
cms_signer_check(const struct cms_signer *signer, X509 *const *certificates,
		 size_t count, const struct cms_expected *expected,
		 struct judgement *judgement)
{
	const struct digest_algorithm *digest = digest_by_oid(signer->digest);
	if (digest == NULL) {
		judgement_add(judgement, SIGNATURE_NOT_CHECKED,
			      "the digest algorithm %s is not known here",
			      signer->digest);
		return NULL;
	}
	if (digest->weak)
		judgement_add(judgement, SIGNATURE_WEAK,
			      "the signer's digest algorithm %s is broken",
			      digest->name);
	bool bare = signer->signed_attributes.whole.size == 0;
	if (bare && !expected->bare) {
		judgement_add(judgement, SIGNATURE_INVALID, "no signed attributes");
		return NULL;
	}
	if (bare)
		check_confusion(&expected->content, judgement);
	else
		check_attributes(signer, digest, expected, judgement);
	X509 *certificate =
	    check_value(signer, certificates, count, digest, expected, judgement);
	if (certificate != NULL)
		check_signing_certificate(signer, certificate,
					  expected->signing_certificate, judgement);
	return certificate;
}
