/*
 * Bare public keys and what they sign: schemes without certificates share this. A key
 * says nothing of who holds it; it counts because the user named its file.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "signature/signature_private.h"

#define LINE_MOST 8192

/* ---- text ------------------------------------------------------------- */

int
raw_line(struct view *rest, struct view *line)
{
	uint64_t end, skip = 1;
	if (rest->size == 0)
		return -1;
	if (view_find(rest, 0, "\n", 1, &end) == -1) {
		end = rest->size;
		skip = 0;
	}
	if (end > LINE_MOST)
		return -1;
	view_sub(rest, 0, end, line);
	*rest = view_from(rest, end + skip);
	if (line->size > 0 && line->data[line->size - 1] == '\r')
		line->size--;
	return 0;
}

bool
raw_after(const struct view *line, const char *prefix, struct view *after)
{
	size_t length = strlen(prefix);
	if (!view_has(line, 0, prefix, length))
		return false;
	*after = view_from(line, length);
	return true;
}

/* The value of a digit of RFC 4648, 4, or with `url` of 5; -1. */
static int
digit_value(uint8_t digit, bool url)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *at = digit != '\0' ? strchr(letters, digit) : NULL;
	if (at != NULL)
		return (int)(at - letters);
	if (digit == (url ? '-' : '+'))
		return 62;
	return digit == (url ? '_' : '/') ? 63 : -1;
}

int
raw_base64(const struct view *text, bool url, struct buf *bytes)
{
	uint64_t size = text->size;
	uint32_t bits = 0;
	unsigned count = 0;
	while (size > 0 && text->size - size < 2 && text->data[size - 1] == '=')
		size--;
	/* RFC 4648, 3.2 and 3.5: padding as long as it must be, its bits zero */
	if (size % 4 == 1 || (text->size % 4 != 0 && !(url && text->size == size)))
		return -1;
	for (uint64_t i = 0; i < size; i++) {
		int value = digit_value(text->data[i], url);
		if (value == -1)
			return -1;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 8) {
			uint8_t byte = (uint8_t)(bits >> (count - 8));
			buf_append(bytes, &byte, 1);
			count -= 8;
			bits &= (1U << count) - 1;
		}
	}
	return bits == 0 ? 0 : -1;
}

/* ---- keys ------------------------------------------------------------- */

bool
raw_verify(EVP_PKEY *key, const char *digest, const struct view *message,
	   const struct view *signature)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds = key != NULL &&
		     EVP_DigestVerifyInit_ex(context, NULL, digest, NULL, NULL, key,
					     NULL) == 1 &&
		     EVP_DigestVerify(context, signature->data, signature->size,
				      message->data, message->size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return holds;
}

bool
raw_verify_digest(EVP_PKEY *key, const char *algorithm, const struct digest *digest,
		  const struct view *signature)
{
	EVP_MD *md = EVP_MD_fetch(NULL, algorithm, NULL);
	EVP_PKEY_CTX *context =
	    key != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	bool holds = md != NULL && context != NULL &&
		     EVP_PKEY_verify_init(context) == 1 &&
		     (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA ||
		      EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1) &&
		     EVP_PKEY_CTX_set_signature_md(context, md) == 1 &&
		     EVP_PKEY_verify(context, signature->data, (size_t)signature->size,
				     digest->bytes, digest->size) == 1;
	EVP_PKEY_CTX_free(context);
	EVP_MD_free(md);
	ERR_clear_error();
	return holds;
}

bool
raw_verify_ed25519(const struct view *key, const struct view *message,
		   const struct view *signature)
{
	EVP_PKEY *made = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->data,
						     (size_t)key->size);
	bool holds = raw_verify(made, NULL, message, signature);
	EVP_PKEY_free(made);
	ERR_clear_error();
	return holds;
}

int
raw_digest(const char *algorithm, const struct view *bytes, uint8_t out[64])
{
	size_t size = 0;
	EVP_MD *digest = EVP_MD_fetch(NULL, algorithm, NULL);
	int result = digest != NULL && EVP_MD_get_size(digest) <= 64 &&
			     EVP_Q_digest(NULL, algorithm, NULL, bytes->data,
					  bytes->size, out, &size) == 1
			 ? (int)size
			 : -1;
	EVP_MD_free(digest);
	ERR_clear_error();
	return result;
}

/* RSASSA-PSS (RFC 8017, 8.1) with any length of salt. */
static bool
verify_pss(EVP_PKEY *key, const char *digest, const struct view *message,
	   const struct view *signature)
{
	EVP_PKEY_CTX *parameters = NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds =
	    EVP_DigestVerifyInit_ex(context, &parameters, digest, NULL, NULL, key,
				    NULL) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_DigestVerify(context, signature->data, signature->size, message->data,
			     message->size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return holds;
}

bool
raw_verify_any(EVP_PKEY *key, const struct view *message, const struct view *signature)
{
	static const char *const digests[] = {"SHA256", "SHA384", "SHA512"};
	bool holds = false;
	int kind = EVP_PKEY_get_base_id(key);
	if (kind == EVP_PKEY_ED25519)
		return raw_verify(key, NULL, message, signature);
	if (kind != EVP_PKEY_EC && kind != EVP_PKEY_RSA)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(digests) && !holds; i++) {
		holds = raw_verify(key, digests[i], message, signature) ||
			(kind == EVP_PKEY_RSA &&
			 verify_pss(key, digests[i], message, signature));
	}
	return holds;
}

json_t *
raw_key_json(const char *label, const char *algorithm, const char *id,
	     const struct view *key)
{
	struct sha256 digest;
	json_t *object = json_object();
	if (label != NULL)
		json_object_set_new(object, "label", json_string(label));
	json_object_set_new(object, "algorithm", json_string(algorithm));
	if (id != NULL)
		json_object_set_new(object, "id", json_string(id));
	if (key != NULL) {
		sha256_of(key->data, (size_t)key->size, &digest);
		json_object_set_new(object, "sha256", sha256_json(&digest));
	}
	return object;
}
