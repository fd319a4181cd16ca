/* Algorithms and keys of Android's signatures. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "signature/apk_private.h"

enum { NODES_MOST = 64 };

#define SHA256 "2.16.840.1.101.3.4.2.1"
#define SHA512 "2.16.840.1.101.3.4.2.3"

static const struct apk_signing signings[] = {
    {0x0101, "RSA-PSS", SHA256, EVP_PKEY_RSA, true, APK_SHA256},
    {0x0102, "RSA-PSS", SHA512, EVP_PKEY_RSA, true, APK_SHA512},
    {0x0103, "RSA", SHA256, EVP_PKEY_RSA, false, APK_SHA256},
    {0x0104, "RSA", SHA512, EVP_PKEY_RSA, false, APK_SHA512},
    {0x0201, "ECDSA", SHA256, EVP_PKEY_EC, false, APK_SHA256},
    {0x0202, "ECDSA", SHA512, EVP_PKEY_EC, false, APK_SHA512},
    {0x0301, "DSA", SHA256, EVP_PKEY_DSA, false, APK_SHA256},
    {0x0421, "RSA", SHA256, EVP_PKEY_RSA, false, APK_VERITY},
    {0x0423, "ECDSA", SHA256, EVP_PKEY_EC, false, APK_VERITY},
    {0x0425, "DSA", SHA256, EVP_PKEY_DSA, false, APK_VERITY},
};

int
apk_take_u32(struct view *rest, uint32_t *value)
{
	if (view_u32le(rest, 0, value) == -1)
		return -1;
	*rest = view_from(rest, 4);
	return 0;
}

int
apk_take_item(struct view *rest, struct view *item)
{
	uint32_t size;
	if (view_u32le(rest, 0, &size) == -1 || view_sub(rest, 4, size, item) == -1)
		return -1;
	*rest = view_from(rest, (uint64_t)size + 4);
	return 0;
}

const struct apk_signing *
apk_signing_by_id(uint32_t id)
{
	for (size_t i = 0; i < ARRAY_COUNT(signings); i++) {
		if (signings[i].id == id)
			return &signings[i];
	}
	return NULL;
}

X509 *
apk_certificate(const struct view *bytes)
{
	const unsigned char *at = bytes->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes->size);
	if (certificate != NULL && at != bytes->data + bytes->size) {
		X509_free(certificate);
		certificate = NULL;
	}
	ERR_clear_error();
	return certificate;
}

bool
apk_key_is(X509 *certificate, const struct view *bytes)
{
	const unsigned char *at = bytes->data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)bytes->size);
	EVP_PKEY *own = X509_get0_pubkey(certificate);
	bool is = key != NULL && own != NULL && at == bytes->data + bytes->size &&
		  EVP_PKEY_eq(key, own) == 1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return is;
}

bool
apk_signing_holds(const struct apk_signing *signing, X509 *certificate,
		  const struct view *message, const struct view *signature)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	const char *digest = digest_by_oid(signing->oid)->name;
	bool holds = key != NULL && EVP_PKEY_get_base_id(key) == signing->type &&
		     EVP_DigestVerifyInit_ex(context, &options, digest, NULL, NULL, key,
					     NULL) == 1;
	if (holds && signing->pss)
		holds =
		    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) ==
			1;
	holds =
	    holds && EVP_DigestVerify(context, signature->data, (size_t)signature->size,
				      message->data, (size_t)message->size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return holds;
}

int
apk_lineage(const struct view *value, X509 *leaf)
{
	struct view rest = *value, node, data, signature, bytes;
	uint32_t version, flags, handed, algorithm = 0;
	X509 *before = NULL;
	int count = 0;
	bool holds = apk_take_u32(&rest, &version) == 0 && version == 1;
	while (holds && rest.size > 0 && count < NODES_MOST) {
		holds = apk_take_item(&rest, &node) == 0 &&
			apk_take_item(&node, &data) == 0 &&
			apk_take_u32(&node, &flags) == 0 &&
			apk_take_u32(&node, &handed) == 0 &&
			apk_take_item(&node, &signature) == 0;
		struct view signed_data = data;
		if (holds && before != NULL) {
			const struct apk_signing *signing =
			    apk_signing_by_id(algorithm);
			holds = signing != NULL &&
				apk_signing_holds(signing, before, &signed_data,
						  &signature);
		}
		algorithm = handed;
		X509 *next = holds && apk_take_item(&data, &bytes) == 0
				 ? apk_certificate(&bytes)
				 : NULL;
		holds = holds && next != NULL;
		X509_free(before);
		before = next;
		count++;
	}
	holds =
	    holds && rest.size == 0 && before != NULL && certificate_same(before, leaf);
	X509_free(before);
	return holds ? count : -1;
}
