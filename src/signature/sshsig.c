/*
 * SSHSIG, the signatures of ssh-keygen -Y (PROTOCOL.sshsig of OpenSSH): an armoured
 * blob that holds the public key, a namespace, and a signature over the namespace and
 * the hash of the file. The key counts when the user gave it, as a public key file or
 * as a line of an allowed-signers file (ssh-keygen(1), ALLOWED SIGNERS).
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "signature/signature_private.h"

enum { BLOB_MOST = 64 << 10, WORDS_MOST = 64, RSA_BITS_LEAST = 2048 };

static const char armour_begin[] = "-----BEGIN SSH SIGNATURE-----";
static const char armour_end[] = "-----END SSH SIGNATURE-----";
static const char magic[] = "SSHSIG";

/* The blob's fields (PROTOCOL.sshsig, "Blob format"). */
struct sshsig {
	struct buf bytes;
	struct view key, space, reserved, hash, signature;
};

/* A public key as it stands in a blob (RFC 4253, 6.6; RFC 5656, 3.1). */
struct ssh_key {
	struct view type;
	struct view application; /* of a key on a token */
	EVP_PKEY *key;
};

/* A line that names the key. */
struct ssh_signer {
	const char *label;   /* the file: borrowed */
	struct view name;    /* its first word, or empty */
	struct view options; /* words before the key's type */
};

/* ---- the wire's strings (RFC 4251, 5) --------------------------------- */

static int
take_string(struct view *rest, struct view *string)
{
	uint32_t size;
	if (view_u32be(rest, 0, &size) == -1 || view_sub(rest, 4, size, string) == -1)
		return -1;
	*rest = view_from(rest, 4 + (uint64_t)size);
	return 0;
}

static bool
string_is(const struct view *string, const char *text)
{
	return string->size == strlen(text) && view_has(string, 0, text, strlen(text));
}

static BIGNUM *
take_number(struct view *rest)
{
	struct view bytes;
	if (take_string(rest, &bytes) == -1 || bytes.size > 2048 ||
	    (bytes.size > 0 && bytes.data[0] >= 0x80)) /* negative */
		return NULL;
	return BN_bin2bn(bytes.data, (int)bytes.size, NULL);
}

/* ---- keys ------------------------------------------------------------- */

static EVP_PKEY *
key_of_params(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(context);
	return key;
}

static EVP_PKEY *
rsa_key(struct view *rest)
{
	EVP_PKEY *key = NULL;
	BIGNUM *exponent = take_number(rest), *modulus = take_number(rest);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	if (exponent != NULL && modulus != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		key = key_of_params("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(exponent);
	BN_free(modulus);
	return key;
}

static EVP_PKEY *
ec_key(struct view *rest)
{
	static const char *const curves[][2] = {
	    {"nistp256", "P-256"}, {"nistp384", "P-384"}, {"nistp521", "P-521"}};
	struct view curve, point;
	EVP_PKEY *key = NULL;
	if (take_string(rest, &curve) == -1 || take_string(rest, &point) == -1)
		return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(curves); i++) {
		if (!string_is(&curve, curves[i][0]))
			continue;
		OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
		if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
						    curves[i][1], 0) == 1 &&
		    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
						     point.data,
						     (size_t)point.size) == 1)
			key = key_of_params("EC", build);
		OSSL_PARAM_BLD_free(build);
	}
	return key;
}

static EVP_PKEY *
ed25519_key(struct view *rest)
{
	struct view bytes;
	if (take_string(rest, &bytes) == -1)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes.data,
					   (size_t)bytes.size);
}

static const struct {
	const char *name;
	EVP_PKEY *(*make)(struct view *rest);
	bool token; /* the application's name follows */
} key_types[] = {
    {"ssh-ed25519", ed25519_key, false},
    {"ssh-rsa", rsa_key, false},
    {"ecdsa-sha2-nistp256", ec_key, false},
    {"ecdsa-sha2-nistp384", ec_key, false},
    {"ecdsa-sha2-nistp521", ec_key, false},
    {"sk-ssh-ed25519@openssh.com", ed25519_key, true},
    {"sk-ecdsa-sha2-nistp256@openssh.com", ec_key, true},
};

/* -1 when it is malformed or of a kind that is not known here. */
static int
ssh_key_parse(const struct view *blob, struct ssh_key *key)
{
	struct view rest = *blob;
	memset(key, 0, sizeof(*key));
	if (take_string(&rest, &key->type) == -1)
		return -1;
	for (size_t i = 0; i < ARRAY_COUNT(key_types); i++) {
		if (!string_is(&key->type, key_types[i].name))
			continue;
		key->key = key_types[i].make(&rest);
		if (key_types[i].token && take_string(&rest, &key->application) == -1)
			break;
		ERR_clear_error();
		return key->key != NULL && rest.size == 0 ? 0 : -1;
	}
	ERR_clear_error();
	return -1;
}

/* ---- the blob --------------------------------------------------------- */

static int
sshsig_dearmour(const struct view *armour, struct buf *bytes)
{
	struct view rest = *armour, line;
	struct buf text = {0};
	int result = -1;
	if (raw_line(&rest, &line) == -1 || !string_is(&line, armour_begin))
		return -1;
	while (raw_line(&rest, &line) == 0 && text.size < 2 * BLOB_MOST) {
		if (string_is(&line, armour_end)) {
			struct view whole = view_of_buf(&text);
			result = rest.size == 0 ? raw_base64(&whole, false, bytes) : -1;
			break;
		}
		buf_append(&text, line.data, (size_t)line.size);
	}
	buf_free(&text);
	return result;
}

static int
sshsig_parse(const struct view *armour, struct sshsig *parts)
{
	uint32_t version;
	memset(parts, 0, sizeof(*parts));
	if (sshsig_dearmour(armour, &parts->bytes) == -1)
		return -1;
	struct view whole = view_of_buf(&parts->bytes);
	struct view rest = view_from(&whole, sizeof(magic) - 1 + 4);
	if (!view_has(&whole, 0, magic, sizeof(magic) - 1) ||
	    view_u32be(&whole, sizeof(magic) - 1, &version) == -1 || version != 1 ||
	    take_string(&rest, &parts->key) == -1 ||
	    take_string(&rest, &parts->space) == -1 ||
	    take_string(&rest, &parts->reserved) == -1 ||
	    take_string(&rest, &parts->hash) == -1 ||
	    take_string(&rest, &parts->signature) == -1 || rest.size != 0)
		return -1;
	return 0;
}

static void
append_string(struct buf *out, const void *bytes, uint64_t size)
{
	uint8_t length[4] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16),
			     (uint8_t)(size >> 8), (uint8_t)size};
	buf_append(out, length, sizeof(length));
	buf_append(out, bytes, (size_t)size);
}

/* What is signed (PROTOCOL.sshsig, "Signed Data"); -1 for a hash not known here. */
static int
signed_data(const struct sshsig *parts, const struct view *file, struct buf *out)
{
	uint8_t hash[64];
	int size = -1;
	if (string_is(&parts->hash, "sha512"))
		size = raw_digest("SHA512", file, hash);
	else if (string_is(&parts->hash, "sha256"))
		size = raw_digest("SHA256", file, hash);
	if (size == -1)
		return -1;
	buf_append(out, magic, sizeof(magic) - 1);
	append_string(out, parts->space.data, parts->space.size);
	append_string(out, parts->reserved.data, parts->reserved.size);
	append_string(out, parts->hash.data, parts->hash.size);
	append_string(out, hash, (uint64_t)size);
	return 0;
}

/* ---- signatures ------------------------------------------------------- */

/* r and s as OpenSSL wants them (RFC 5656, 3.1.2). */
static bool
verify_ecdsa(EVP_PKEY *key, const char *digest, const struct view *message,
	     const struct view *blob)
{
	struct view rest = *blob, der;
	unsigned char *bytes = NULL;
	BIGNUM *r = take_number(&rest), *s = take_number(&rest);
	ECDSA_SIG *pair = ECDSA_SIG_new();
	bool holds = false;
	if (r == NULL || s == NULL || rest.size != 0) {
		BN_free(r);
		BN_free(s);
	} else {
		ECDSA_SIG_set0(pair, r, s);
		int size = i2d_ECDSA_SIG(pair, &bytes);
		der = view_of(bytes, size > 0 ? (size_t)size : 0);
		holds = size > 0 && raw_verify(key, digest, message, &der);
	}
	OPENSSL_free(bytes);
	ECDSA_SIG_free(pair);
	ERR_clear_error();
	return holds;
}

/* What a token signs: the hashes of application and message, around its flags and
 * counter (PROTOCOL.u2f, "SSH U2F Signatures"). */
static int
token_message(const struct ssh_key *key, const struct view *message, struct view *rest,
	      struct buf *out)
{
	struct sha256 digest;
	struct view tail;
	if (rest->size != 5 || view_sub(rest, 0, 5, &tail) == -1)
		return -1;
	sha256_of(key->application.data, (size_t)key->application.size, &digest);
	buf_append(out, digest.bytes, sizeof(digest.bytes));
	buf_append(out, tail.data, 5);
	sha256_of(message->data, (size_t)message->size, &digest);
	buf_append(out, digest.bytes, sizeof(digest.bytes));
	*rest = view_from(rest, 5);
	return 0;
}

/* The algorithm of a signature must be one of its key's (RFC 8332, 3; RFC 5656, 6). */
static const struct {
	const char *algorithm, *key_type, *digest;
	bool ec;
} algorithms[] = {
    {"ssh-ed25519", "ssh-ed25519", NULL, false},
    {"rsa-sha2-256", "ssh-rsa", "SHA256", false},
    {"rsa-sha2-512", "ssh-rsa", "SHA512", false},
    {"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "SHA256", true},
    {"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "SHA384", true},
    {"ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "SHA512", true},
    {"sk-ssh-ed25519@openssh.com", "sk-ssh-ed25519@openssh.com", NULL, false},
    {"sk-ecdsa-sha2-nistp256@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
     "SHA256", true},
};

static bool
signature_holds(const struct ssh_key *key, const struct view *message,
		const struct view *signature)
{
	struct view rest = *signature, name, blob, bytes = *message;
	struct buf token = {0};
	bool holds = false;
	if (take_string(&rest, &name) == -1 || take_string(&rest, &blob) == -1)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(algorithms); i++) {
		if (!string_is(&name, algorithms[i].algorithm) ||
		    !string_is(&key->type, algorithms[i].key_type))
			continue;
		if (key->application.data != NULL) {
			if (token_message(key, message, &rest, &token) == -1)
				break;
			bytes = view_of_buf(&token);
		}
		if (rest.size == 0)
			holds = algorithms[i].ec
				    ? verify_ecdsa(key->key, algorithms[i].digest,
						   &bytes, &blob)
				    : raw_verify(key->key, algorithms[i].digest, &bytes,
						 &blob);
	}
	buf_free(&token);
	return holds;
}

/* ---- who may sign ----------------------------------------------------- */

/* The next word of a line; quoted parts hold blanks (sshd(8), AUTHORIZED_KEYS). */
static bool
next_word(struct view *rest, struct view *word)
{
	uint64_t at = 0, from;
	bool quoted = false;
	while (at < rest->size && (rest->data[at] == ' ' || rest->data[at] == '\t'))
		at++;
	from = at;
	for (; at < rest->size; at++) {
		uint8_t byte = rest->data[at];
		if (byte == '"')
			quoted = !quoted;
		else if (!quoted && (byte == ' ' || byte == '\t'))
			break;
	}
	view_sub(rest, from, at - from, word);
	*rest = view_from(rest, at);
	return word->size > 0;
}

/* Does the line name that key, and what does it say before it? */
static bool
line_names(const struct view *line, const struct sshsig *parts,
	   const struct ssh_key *key, struct ssh_signer *signer)
{
	struct view rest = *line, word, before = {NULL, 0};
	if (view_has(line, 0, "#", 1))
		return false;
	for (size_t i = 0; i < WORDS_MOST && next_word(&rest, &word); i++) {
		struct buf blob = {0};
		struct view encoded;
		if (word.size != key->type.size || !view_equal(&word, &key->type)) {
			if (i == 0)
				signer->name = word;
			else
				before = word;
			continue;
		}
		if (i == 0)
			signer->name = (struct view){NULL, 0};
		signer->options = before;
		bool same = next_word(&rest, &encoded) &&
			    raw_base64(&encoded, false, &blob) == 0;
		struct view bytes = view_of_buf(&blob);
		same = same && view_equal(&bytes, &parts->key);
		buf_free(&blob);
		return same;
	}
	return false;
}

static bool
find_signer(const struct trust *trust, const struct sshsig *parts,
	    const struct ssh_key *key, struct ssh_signer *signer)
{
	for (size_t i = 0; i < trust->key_count; i++) {
		struct view rest = view_of_buf(&trust->keys[i].bytes), line;
		while (raw_line(&rest, &line) == 0) {
			memset(signer, 0, sizeof(*signer));
			signer->label = trust->keys[i].label;
			if (line_names(&line, parts, key, signer))
				return true;
		}
	}
	return false;
}

/* Are the options of the line all known here, and do they allow this namespace? */
static void
judge_options(const struct ssh_signer *signer, const struct sshsig *parts,
	      struct judgement *found)
{
	static const char spaces[] = "namespaces=\"";
	struct view list = signer->options, item;
	uint64_t end;
	if (list.size == 0)
		return;
	if (!raw_after(&list, spaces, &list) ||
	    view_find(&list, 0, "\"", 1, &end) == -1 || end + 1 != list.size) {
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "the key's line has options that are not known here: "
			      "only namespaces= is");
		return;
	}
	view_sub(&list, 0, end, &list);
	while (list.size > 0) {
		uint64_t comma;
		if (view_find(&list, 0, ",", 1, &comma) == -1)
			comma = list.size;
		view_sub(&list, 0, comma, &item);
		list = view_from(&list, comma + 1);
		if (view_equal(&item, &parts->space))
			return;
	}
	judgement_add(found, SIGNATURE_UNTRUSTED,
		      "the key is not allowed to sign in this namespace");
}

static void
judge_key(const struct ssh_key *key, struct judgement *found)
{
	if (string_is(&key->type, "ssh-rsa") &&
	    EVP_PKEY_get_bits(key->key) < RSA_BITS_LEAST)
		judgement_add(found, SIGNATURE_WEAK, "RSA with %d bits",
			      EVP_PKEY_get_bits(key->key));
}

static void
judge(const struct sshsig *parts, const struct ssh_key *key, const struct view *file,
      const struct trust *trust, struct ssh_signer *signer, struct judgement *found)
{
	struct buf message = {0};
	if (signed_data(parts, file, &message) == -1) {
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "a hash that is not known here");
	} else {
		struct view bytes = view_of_buf(&message);
		if (!signature_holds(key, &bytes, &parts->signature))
			judgement_add(found, SIGNATURE_INVALID,
				      "the signature does not fit: the file or the "
				      "signature is another one");
	}
	if (!find_signer(trust, parts, key, signer))
		judgement_add(found, SIGNATURE_UNTRUSTED,
			      "the key that signed is none of those that were given");
	else
		judge_options(signer, parts, found);
	judge_key(key, found);
	buf_free(&message);
}

/* ---- the row ---------------------------------------------------------- */

static void
tell(json_t *entry, const struct sshsig *parts, const struct ssh_key *key,
     const struct ssh_signer *signer)
{
	char *type = text_shown_n(key->type.data, (size_t)key->type.size);
	char *space = text_shown_n(parts->space.data, (size_t)parts->space.size);
	json_object_set_new(entry, "key",
			    raw_key_json(signer->label, type, NULL, &parts->key));
	signature_fact(entry, "namespace", space);
	if (signer->name.size > 0) {
		char *name =
		    text_shown_n(signer->name.data, (size_t)signer->name.size);
		signature_fact(entry, "principals", name);
		free(name);
	}
	free(type);
	free(space);
}

static bool
sshsig_knows(const struct view *signature)
{
	return view_has(signature, 0, armour_begin, sizeof(armour_begin) - 1);
}

static int
sshsig_check(const struct view *file, const char *path, const struct view *signature,
	     const struct trust *trust, json_t *signatures,
	     enum signature_status *status, struct err *err)
{
	struct judgement found = {0};
	struct sshsig parts;
	struct ssh_key key = {{NULL, 0}, {NULL, 0}, NULL};
	struct ssh_signer signer = {NULL, {NULL, 0}, {NULL, 0}};
	(void)err;
	bool parsed = sshsig_parse(signature, &parts) == 0;
	bool keyed = parsed && ssh_key_parse(&parts.key, &key) == 0;
	if (keyed)
		judge(&parts, &key, file, trust, &signer, &found);
	else if (parsed)
		judgement_add(&found, SIGNATURE_NOT_CHECKED,
			      "a public key of a kind that is not known here");
	else
		judgement_add(&found, SIGNATURE_INVALID,
			      "malformed: not an armoured SSH signature");
	json_t *entry =
	    judgement_entry(&found, signatures, path, "sshsig", "0", status);
	if (keyed)
		tell(entry, &parts, &key, &signer);
	EVP_PKEY_free(key.key);
	buf_free(&parts.bytes);
	judgement_free(&found);
	return 0;
}

static const char *const suffixes[] = {".sig", NULL};

const struct detached_scheme detached_sshsig = {"sshsig", suffixes, sshsig_knows,
						sshsig_check};
