/*
 * Public keys that stand in files as SubjectPublicKeyInfo (RFC 5280, 4.1) or inside a
 * certificate. A key counts because the user gave its file, or named the fingerprint of
 * one that a signature brings along; where it comes from otherwise, is no trust.
 */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "signature/signature_private.h"

/* Takes the key, which may be NULL. */
static int
take_key(EVP_PKEY *made, struct raw_key *key)
{
	unsigned char *der = NULL;
	int size = made != NULL ? i2d_PUBKEY(made, &der) : -1;
	ERR_clear_error();
	if (size <= 0) {
		EVP_PKEY_free(made);
		return -1;
	}
	*key = (struct raw_key){.key = made};
	buf_append(&key->spki, der, (size_t)size);
	OPENSSL_free(der);
	return 0;
}

int
raw_key_of_spki(const struct view *spki, struct raw_key *key)
{
	const unsigned char *at = spki->data;
	if (spki->size == 0 || spki->size > INT32_MAX)
		return -1;
	EVP_PKEY *made = d2i_PUBKEY(NULL, &at, (long)spki->size);
	if (made != NULL && at != spki->data + spki->size) {
		EVP_PKEY_free(made);
		made = NULL;
	}
	return take_key(made, key);
}

/* A public key that is encrypted is none; nobody is asked. */
static int
no_password(char *to, int size, int writing, void *context)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static EVP_PKEY *
key_of_certificate(X509 *certificate)
{
	EVP_PKEY *key = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
	X509_free(certificate);
	return key;
}

int
raw_key_of_file(const struct trust_key *file, struct raw_key *key)
{
	const struct view bytes = view_of_buf(&file->bytes);
	const unsigned char *at = bytes.data;
	if (bytes.size == 0 || bytes.size > INT32_MAX)
		return -1;
	BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
	EVP_PKEY *made = PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
	if (made == NULL && BIO_reset(bio) == 1)
		made =
		    key_of_certificate(PEM_read_bio_X509(bio, NULL, no_password, NULL));
	BIO_free(bio);
	if (made == NULL)
		made = d2i_PUBKEY(NULL, &at, (long)bytes.size);
	at = bytes.data;
	if (made == NULL)
		made = key_of_certificate(d2i_X509(NULL, &at, (long)bytes.size));
	if (take_key(made, key) == -1)
		return -1;
	key->label = file->label;
	return 0;
}

int
raw_key_of_rsa(const char *modulus, const char *exponent, struct raw_key *key)
{
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *made = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	if (BN_dec2bn(&n, modulus) > 0 && BN_dec2bn(&e, exponent) > 0 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		parameters = OSSL_PARAM_BLD_to_param(builder);
	if (parameters != NULL && EVP_PKEY_fromdata_init(context) == 1)
		EVP_PKEY_fromdata(context, &made, EVP_PKEY_PUBLIC_KEY, parameters);
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(context);
	BN_free(n);
	BN_free(e);
	return take_key(made, key);
}

static bool
same_spki(const struct raw_key *a, const struct raw_key *b)
{
	struct view left = view_of_buf(&a->spki), right = view_of_buf(&b->spki);
	return view_equal(&left, &right);
}

void
raw_key_trust(struct raw_key *key, const struct trust *trust)
{
	struct sha256 fingerprint;
	sha256_of(key->spki.data, key->spki.size, &fingerprint);
	for (size_t i = 0; i < trust->key_count && key->label == NULL; i++) {
		struct raw_key given = {0};
		if (raw_key_of_file(&trust->keys[i], &given) == 0 &&
		    same_spki(key, &given))
			key->label = given.label;
		raw_key_clear(&given);
	}
	for (size_t i = 0; i < trust->anchor_count && key->label == NULL; i++) {
		const struct trust_anchor *anchor = &trust->anchors[i];
		if (!anchor->timestamps && anchor->certificate == NULL &&
		    sha256_equal(&anchor->fingerprint, &fingerprint))
			key->label = anchor->label;
	}
}

void
raw_key_judge(const struct raw_key *key, struct judgement *judgement)
{
	struct sha256 fingerprint;
	char hex[SHA256_HEX];
	sha256_of(key->spki.data, key->spki.size, &fingerprint);
	sha256_hex(&fingerprint, hex);
	if (key->label == NULL)
		judgement_add(judgement, SIGNATURE_UNTRUSTED,
			      "the key that signed, sha256:%s, is none of those that "
			      "were given",
			      hex);
}

void
raw_key_judge_strength(const struct raw_key *key, struct judgement *judgement)
{
	certificate_judge_key(key->key, key->label != NULL ? key->label : "the signer",
			      judgement);
}

json_t *
raw_key_tell(const struct raw_key *key, const char *id)
{
	struct view spki = view_of_buf(&key->spki);
	char *algorithm = certificate_key_text(key->key);
	json_t *json = raw_key_json(key->label, algorithm, id, &spki);
	free(algorithm);
	return json;
}

void
raw_key_clear(struct raw_key *key)
{
	EVP_PKEY_free(key->key);
	buf_free(&key->spki);
	*key = (struct raw_key){0};
}
