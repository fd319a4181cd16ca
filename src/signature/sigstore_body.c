/*
 * What an entry of the log says it is about: kinds "hashedrekord", "dsse" and "intoto"
 * in the versions 0.0.1 and 0.0.2. It counts only when it is about this very signature
 * by this very signer over this very message: a log proves that an entry is in it, and
 * nothing of what lies beside it.
 */
#include <openssl/err.h>
#include <openssl/pem.h>

#include "signature/sigstore_private.h"

static bool
bytes_are(const struct buf *bytes, const struct view *wanted)
{
	struct view view = view_of_buf(bytes);
	return view_equal(&view, wanted);
}

/* Is the member the base64 of these bytes? */
static bool
member_is(const json_t *object, const char *name, const struct view *wanted)
{
	struct buf bytes = {0};
	bool is =
	    sigstore_bytes(object, name, &bytes) == 0 && bytes_are(&bytes, wanted);
	buf_free(&bytes);
	return is;
}

/* ---- the signer -------------------------------------------------------------- */

static bool
is_signers_certificate(const struct sigstore *bundle, X509 *certificate)
{
	return bundle->leaf != NULL && certificate != NULL &&
	       certificate_same(certificate, bundle->leaf);
}

/* A certificate or key in PEM, in base64 once more (rekor's types of version 0.0.1). */
static bool
pem_is_signer(const struct sigstore *bundle, const json_t *object, const char *name)
{
	struct buf pem = {0};
	bool is = false;
	if (sigstore_bytes(object, name, &pem) == 0 && pem.size > 0) {
		BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.size);
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		struct trust_key file = {NULL, pem};
		struct raw_key key = {0};
		if (bundle->leaf != NULL) {
			is = is_signers_certificate(bundle, certificate);
		} else if (certificate == NULL && raw_key_of_file(&file, &key) == 0) {
			struct view spki = view_of_buf(&key.spki);
			is = bytes_are(&bundle->key.spki, &spki);
		}
		raw_key_clear(&key);
		X509_free(certificate);
		BIO_free(bio);
		ERR_clear_error();
	}
	buf_free(&pem);
	return is;
}

/* A Verifier of version 0.0.2: DER in base64. */
static bool
verifier_is_signer(const struct sigstore *bundle, const json_t *verifier)
{
	const json_t *holder = json_object_get(verifier, "x509Certificate");
	if (bundle->leaf == NULL) {
		struct view spki = view_of_buf(&bundle->key.spki);
		return member_is(json_object_get(verifier, "publicKey"), "rawBytes",
				 &spki);
	}
	X509 *certificate = sigstore_certificate(holder);
	bool is = is_signers_certificate(bundle, certificate);
	X509_free(certificate);
	return is;
}

/* ---- the message --------------------------------------------------------------- */

static bool
digest_is_messages(const struct sigstore *bundle, const char *algorithm,
		   const struct view *digest)
{
	const struct sigstore_message *message = bundle->message;
	const struct {
		const char *old, *name;
		const uint8_t *bytes;
		size_t size;
	} rows[] = {
	    {"sha256", "SHA2_256", message->sha256, 32},
	    {"sha384", "SHA2_384", message->sha384, 48},
	    {"sha512", "SHA2_512", message->sha512, 64},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct view wanted = view_of(rows[i].bytes, rows[i].size);
		if (strcmp(algorithm, rows[i].old) == 0 ||
		    strcmp(algorithm, rows[i].name) == 0)
			return view_equal(digest, &wanted);
	}
	return false;
}

/* {"algorithm": "sha256", "value": hex} */
static bool
hex_is(const struct sigstore *bundle, const json_t *hash, const struct view *payload)
{
	const char *name = json_string_value(json_object_get(hash, "algorithm"));
	const char *hex = json_string_value(json_object_get(hash, "value"));
	uint8_t bytes[64];
	struct sha256 digest;
	size_t size = hex != NULL ? strlen(hex) / 2 : 0;
	if (name == NULL || hex == NULL || size > sizeof(bytes) ||
	    hex_decode(hex, false, bytes, size) == -1)
		return false;
	struct view view = view_of(bytes, size);
	if (payload == NULL)
		return digest_is_messages(bundle, name, &view);
	sha256_of(payload->data, (size_t)payload->size, &digest);
	return strcmp(name, "sha256") == 0 && size == SHA256_SIZE &&
	       memcmp(digest.bytes, bytes, SHA256_SIZE) == 0;
}

/* {"algorithm": "SHA2_256", "digest": base64} */
static bool
digest_is_of(const struct sigstore *bundle, const json_t *hash,
	     const struct view *payload)
{
	const char *name = json_string_value(json_object_get(hash, "algorithm"));
	struct buf bytes = {0};
	struct sha256 digest;
	bool is = name != NULL && sigstore_bytes(hash, "digest", &bytes) == 0;
	struct view view = view_of_buf(&bytes);
	if (is && payload == NULL) {
		is = digest_is_messages(bundle, name, &view);
	} else if (is) {
		sha256_of(payload->data, (size_t)payload->size, &digest);
		struct view wanted = view_of(digest.bytes, SHA256_SIZE);
		is = strcmp(name, "SHA2_256") == 0 && view_equal(&view, &wanted);
	}
	buf_free(&bytes);
	return is;
}

/* ---- the kinds ------------------------------------------------------------------ */

static bool
hashedrekord_1(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *signature = json_object_get(spec, "signature");
	return hex_is(bundle, json_object_get(json_object_get(spec, "data"), "hash"),
		      NULL) &&
	       member_is(signature, "content", &bundle->signature) &&
	       pem_is_signer(bundle, json_object_get(signature, "publicKey"),
			     "content");
}

static bool
hashedrekord_2(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *inner = json_object_get(spec, "hashedRekordV002");
	const json_t *signature = json_object_get(inner, "signature");
	return digest_is_of(bundle, json_object_get(inner, "data"), NULL) &&
	       member_is(signature, "content", &bundle->signature) &&
	       verifier_is_signer(bundle, json_object_get(signature, "verifier"));
}

/* The one signature of an entry about an envelope, which has just one too. */
static const json_t *
only_signature(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *signatures = json_object_get(spec, "signatures");
	return bundle->envelope != NULL && json_array_size(signatures) == 1
		   ? json_array_get(signatures, 0)
		   : NULL;
}

static bool
dsse_1(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *signature = only_signature(bundle, spec);
	if (signature == NULL)
		return false;
	struct view payload = view_of_buf(&bundle->envelope->payload);
	return hex_is(bundle, json_object_get(spec, "payloadHash"), &payload) &&
	       member_is(signature, "signature", &bundle->signature) &&
	       pem_is_signer(bundle, signature, "verifier");
}

static bool
dsse_2(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *inner = json_object_get(spec, "dsseV002");
	const json_t *signature = only_signature(bundle, inner);
	if (signature == NULL)
		return false;
	struct view payload = view_of_buf(&bundle->envelope->payload);
	return digest_is_of(bundle, json_object_get(inner, "payloadHash"), &payload) &&
	       member_is(signature, "content", &bundle->signature) &&
	       verifier_is_signer(bundle, json_object_get(signature, "verifier"));
}

/* The signature is in base64 twice here. */
static bool
intoto_2(const struct sigstore *bundle, const json_t *spec)
{
	const json_t *content = json_object_get(spec, "content");
	const json_t *envelope = json_object_get(content, "envelope");
	const json_t *signature = only_signature(bundle, envelope);
	const char *type = json_string_value(json_object_get(envelope, "payloadType"));
	struct buf once = {0}, twice = {0};
	if (signature == NULL || type == NULL)
		return false;
	struct view payload = view_of_buf(&bundle->envelope->payload);
	bool is = strcmp(type, bundle->envelope->type) == 0 &&
		  hex_is(bundle, json_object_get(content, "payloadHash"), &payload) &&
		  sigstore_bytes(signature, "sig", &once) == 0;
	struct view text = view_of_buf(&once);
	is = is && raw_base64(&text, false, &twice) == 0 &&
	     bytes_are(&twice, &bundle->signature) &&
	     pem_is_signer(bundle, signature, "publicKey");
	buf_free(&once);
	buf_free(&twice);
	return is;
}

void
sigstore_check_body(struct sigstore *bundle, const json_t *body)
{
	static const struct {
		const char *kind, *version;
		bool (*is)(const struct sigstore *bundle, const json_t *spec);
	} rows[] = {
	    {"hashedrekord", "0.0.1", hashedrekord_1},
	    {"hashedrekord", "0.0.2", hashedrekord_2},
	    {"dsse", "0.0.1", dsse_1},
	    {"dsse", "0.0.2", dsse_2},
	    {"intoto", "0.0.2", intoto_2},
	};
	const char *kind = json_string_value(json_object_get(body, "kind"));
	const char *version = json_string_value(json_object_get(body, "apiVersion"));
	for (size_t i = 0; i < ARRAY_COUNT(rows) && kind != NULL && version != NULL;
	     i++) {
		if (strcmp(kind, rows[i].kind) != 0 ||
		    strcmp(version, rows[i].version) != 0)
			continue;
		if (!rows[i].is(bundle, json_object_get(body, "spec")))
			judgement_add(bundle->found, SIGNATURE_INVALID,
				      "the log's entry is about another file, "
				      "signature or signer");
		return;
	}
	judgement_add(bundle->found, SIGNATURE_NOT_CHECKED,
		      "the log's entry is of a kind that is not known here");
}
