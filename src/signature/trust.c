/* What the user trusts, read from files before the parsers are confined. */
#include <ctype.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "signature/signature_private.h"

enum {
	CERTIFICATE_FILE_LIMIT = 4 << 20,
	KEYRING_FILE_LIMIT = 64 << 20,
};

struct trust *
trust_new(void)
{
	/* No configuration file: what the machine's openssl.cnf allows or loads must
	 * not change a verdict. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_DIGESTS,
			    NULL);
	struct trust *trust = base_alloc(1, sizeof(*trust));
	trust->at.at = AT_SIGNING_TIME;
	trust->now = (int64_t)time(NULL);
	return trust;
}

void
trust_free(struct trust *trust)
{
	if (trust == NULL)
		return;
	for (size_t i = 0; i < trust->anchor_count; i++) {
		X509_free(trust->anchors[i].certificate);
		free(trust->anchors[i].label);
	}
	free(trust->anchors);
	for (size_t i = 0; i < trust->keyring_count; i++) {
		free(trust->keyrings[i].path);
		buf_free(&trust->keyrings[i].bytes);
	}
	free(trust->keyrings);
	strings_free(&trust->openpgp_pins);
	free(trust);
}

/* Takes the certificate, which may be NULL. */
static void
add_anchor(struct trust *trust, const struct sha256 *fingerprint, X509 *certificate,
	   bool timestamps, const char *label)
{
	trust->anchors = base_realloc(trust->anchors, trust->anchor_count + 1,
				      sizeof(*trust->anchors));
	struct trust_anchor *anchor = &trust->anchors[trust->anchor_count++];
	anchor->fingerprint = *fingerprint;
	anchor->certificate = certificate;
	anchor->timestamps = timestamps;
	anchor->label = text_shown(label);
}

/* Takes the certificate. */
static void
add_certificate(struct trust *trust, X509 *certificate, bool timestamps,
		const char *label)
{
	struct sha256 fingerprint;
	X509_digest(certificate, EVP_sha256(), fingerprint.bytes, NULL);
	add_anchor(trust, &fingerprint, certificate, timestamps, label);
}

/* Every certificate of a PEM text; how many there were, or -1 when one is bad. */
static int
add_pem(struct trust *trust, const struct buf *bytes, bool timestamps,
	const char *label)
{
	BIO *bio = BIO_new_mem_buf(bytes->data, (int)bytes->size);
	int added = 0;
	for (;;) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (certificate == NULL)
			break;
		add_certificate(trust, certificate, timestamps, label);
		added++;
	}
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(bio);
	return ended ? added : -1;
}

static int
add_file(struct trust *trust, const char *path, bool timestamps, const char *label,
	 struct err *err)
{
	struct buf bytes = {0};
	int answer = -1;
	char *shown = text_shown(path);
	if (file_read(path, CERTIFICATE_FILE_LIMIT, &bytes, err) == -1)
		goto out;
	const unsigned char *at = (const unsigned char *)bytes.data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes.size);
	if (certificate != NULL &&
	    at == (const unsigned char *)bytes.data + bytes.size) {
		add_certificate(trust, certificate, timestamps, label);
		answer = 0;
		goto out;
	}
	X509_free(certificate);
	ERR_clear_error();
	int added = add_pem(trust, &bytes, timestamps, label);
	if (added > 0)
		answer = 0;
	else if (added == 0)
		err_set(err, ERR_USAGE,
			"'%s' holds no certificate (give a PEM or DER certificate, or "
			"sha256:FINGERPRINT)",
			shown);
	else
		err_set(err, ERR_USAGE, "'%s' holds a certificate that cannot be read",
			shown);
out:
	free(shown);
	buf_free(&bytes);
	return answer;
}

int
trust_add(struct trust *trust, const char *file_or_fingerprint, bool timestamps,
	  const char *label, struct err *err)
{
	static const char prefix[] = "sha256:";
	const char *name = label != NULL ? label : file_or_fingerprint;
	if (strncmp(file_or_fingerprint, prefix, sizeof(prefix) - 1) != 0)
		return add_file(trust, file_or_fingerprint, timestamps, name, err);
	struct sha256 fingerprint;
	if (hex_decode(file_or_fingerprint + sizeof(prefix) - 1, true,
		       fingerprint.bytes, sizeof(fingerprint.bytes)) == -1) {
		char *shown = text_shown(file_or_fingerprint);
		err_set(
		    err, ERR_USAGE,
		    "'%s' is no SHA-256 fingerprint (64 hexadecimal digits, with or "
		    "without colons)",
		    shown);
		free(shown);
		return -1;
	}
	char hex[SHA256_HEX];
	sha256_hex(&fingerprint, hex);
	char *plain = base_format("%s%s", prefix, hex);
	add_anchor(trust, &fingerprint, NULL, timestamps,
		   label != NULL ? label : plain);
	free(plain);
	return 0;
}

int
trust_add_keyring(struct trust *trust, const char *path, struct err *err)
{
	struct buf bytes = {0};
	if (file_read(path, KEYRING_FILE_LIMIT, &bytes, err) == -1) {
		buf_free(&bytes);
		return -1;
	}
	trust->keyrings = base_realloc(trust->keyrings, trust->keyring_count + 1,
				       sizeof(*trust->keyrings));
	struct trust_keyring *keyring = &trust->keyrings[trust->keyring_count++];
	keyring->path = base_strdup(path);
	keyring->bytes = bytes;
	return 0;
}

int
trust_pin_openpgp(struct trust *trust, const char *signer, struct err *err)
{
	static const char prefix[] = "pgp:";
	struct buf digits = {0};
	bool fine = strncmp(signer, prefix, sizeof(prefix) - 1) == 0;
	const char *at = fine ? signer + sizeof(prefix) - 1 : "";
	for (; *at != '\0'; at++) {
		char digit = (char)toupper((unsigned char)*at);
		if (*at == ' ')
			continue;
		fine = fine && isxdigit((unsigned char)*at);
		buf_append(&digits, &digit, 1);
	}
	/* A key id or a short id can be made to collide: 40 digits are a version 4
	 * fingerprint, 64 a version 6 one (RFC 9580, 5.5.4). */
	fine = fine && (digits.size == 40 || digits.size == 64);
	if (fine) {
		strings_add(&trust->openpgp_pins, digits.data);
	} else {
		char *shown = text_shown(signer);
		err_set(err, ERR_USAGE,
			"'%s' is no full OpenPGP fingerprint (pgp: and 40 or 64 "
			"hexadecimal digits)",
			shown);
		free(shown);
	}
	buf_free(&digits);
	return fine ? 0 : -1;
}

void
trust_judge_at(struct trust *trust, struct judged_at at)
{
	trust->at = at;
}

void
trust_set_now(struct trust *trust, int64_t now)
{
	trust->now = now;
}

static int
add_stanza(struct trust *trust, const struct release_trust *stanza, struct err *err)
{
	if (stanza->certificate != NULL &&
	    trust_add(trust, stanza->certificate, stanza->timestamps, stanza->name,
		      err) == -1)
		return -1;
	if (stanza->has_fingerprint)
		add_anchor(trust, &stanza->fingerprint, NULL, stanza->timestamps,
			   stanza->name);
	return 0;
}

int
trust_of_release(const struct release *release, struct trust **trust, struct err *err)
{
	struct trust *made = trust_new();
	for (size_t i = 0; i < release->trust_count; i++) {
		const struct release_trust *stanza = &release->trust[i];
		if (add_stanza(made, stanza, err) == -1) {
			char *path = text_shown(release->path);
			err_at(err, "%s:%u: in trust '%s'", path, stanza->line,
			       stanza->name);
			free(path);
			trust_free(made);
			return -1;
		}
	}
	trust_judge_at(made, release->at);
	*trust = made;
	return 0;
}
