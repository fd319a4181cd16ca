/* What the user trusts, read from files before the parsers are confined. */
#include <ctype.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "signature/signature_private.h"

enum {
	CERTIFICATE_FILE_LIMIT = 4 << 20,
	KEYRING_FILE_LIMIT = 64 << 20,
	REVOCATION_FILE_LIMIT = 64 << 20,
	KEY_FILE_LIMIT = 1 << 20,
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
	for (size_t i = 0; i < trust->key_count; i++) {
		free(trust->keys[i].label);
		buf_free(&trust->keys[i].bytes);
	}
	free(trust->keys);
	for (size_t i = 0; i < trust->intermediate_count; i++)
		X509_free(trust->intermediates[i]);
	free(trust->intermediates);
	for (size_t i = 0; i < trust->crl_count; i++)
		X509_CRL_free(trust->crls[i]);
	free(trust->crls);
	for (size_t i = 0; i < trust->response_count; i++)
		OCSP_RESPONSE_free(trust->responses[i]);
	free(trust->responses);
	for (size_t i = 0; i < trust->tuf_root_count; i++) {
		free(trust->tuf_roots[i].label);
		buf_free(&trust->tuf_roots[i].bytes);
	}
	free(trust->tuf_roots);
	for (size_t i = 0; i < trust->sigstore_count; i++)
		sigstore_root_free(trust->sigstore[i]);
	free(trust->sigstore);
	strings_free(&trust->identities);
	strings_free(&trust->identity_issuers);
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

/* ---- files of certificates -------------------------------------------- */

/* Where the certificates of a file go: each is given away. */
struct certificate_sink {
	struct trust *trust;
	bool intermediates; /* or anchors: */
	bool timestamps;
	const char *label;
	bool store;  /* the machine's own, which has much of it twice: */
	size_t from; /* of the anchors from this one on, each once */
};

static bool
is_anchor_from(const struct trust *trust, size_t from, const struct sha256 *fingerprint)
{
	for (size_t i = from; i < trust->anchor_count; i++) {
		if (memcmp(&trust->anchors[i].fingerprint, fingerprint,
			   sizeof(*fingerprint)) == 0)
			return true;
	}
	return false;
}

static void
take_certificate(const struct certificate_sink *sink, X509 *certificate)
{
	struct trust *trust = sink->trust;
	struct sha256 fingerprint;
	if (sink->intermediates) {
		trust->intermediates = base_realloc(trust->intermediates,
						    trust->intermediate_count + 1,
						    sizeof(*trust->intermediates));
		trust->intermediates[trust->intermediate_count++] = certificate;
		return;
	}
	certificate_fingerprint(certificate, &fingerprint);
	if (sink->store && is_anchor_from(trust, sink->from, &fingerprint)) {
		X509_free(certificate);
		return;
	}
	add_anchor(trust, &fingerprint, certificate, sink->timestamps, sink->label);
}

/* The trusted root of a sigstore instance: 1, or -1 when it is bad. */
static int
take_sigstore(const struct certificate_sink *sink, const struct buf *bytes)
{
	struct trust *trust = sink->trust;
	struct sigstore_root *root = NULL;
	if (sink->intermediates || sink->timestamps ||
	    sigstore_root_read(bytes, sink->label, &root) == -1)
		return -1;
	trust->sigstore = base_realloc(trust->sigstore, trust->sigstore_count + 1,
				       sizeof(struct sigstore_root *));
	trust->sigstore[trust->sigstore_count++] = root;
	return 1;
}

/* The root of a TUF repository, kept as it is: 1, or -1 when it is of no use. Takes the
 * bytes. */
static int
take_tuf(const struct certificate_sink *sink, struct buf *bytes)
{
	struct trust *trust = sink->trust;
	if (sink->intermediates || sink->timestamps)
		return -1;
	trust->tuf_roots = base_realloc(trust->tuf_roots, trust->tuf_root_count + 1,
					sizeof(*trust->tuf_roots));
	trust->tuf_roots[trust->tuf_root_count++] =
	    (struct trust_key){text_shown(sink->label), *bytes};
	*bytes = (struct buf){0};
	return 1;
}

/* Every certificate of a PEM text; how many there were, or -1 when one is bad. */
static int
take_pem(const struct certificate_sink *sink, const struct buf *bytes)
{
	BIO *bio = BIO_new_mem_buf(bytes->data, (int)bytes->size);
	int added = 0;
	for (;;) {
		X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
		if (certificate == NULL)
			break;
		take_certificate(sink, certificate);
		added++;
	}
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(bio);
	return ended ? added : -1;
}

/* A certificate in DER that is all of the file; NULL when it is not one. */
static X509 *
whole_der(const struct buf *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes->size);
	ERR_clear_error();
	if (certificate != NULL &&
	    at == (const unsigned char *)bytes->data + bytes->size)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static int
take_file(const struct certificate_sink *sink, const char *path, struct err *err)
{
	struct buf bytes = {0};
	int answer = -1;
	char *shown = text_shown(path);
	if (file_read(path, CERTIFICATE_FILE_LIMIT, &bytes, err) == -1)
		goto out;
	X509 *certificate = whole_der(&bytes);
	int added = certificate != NULL	     ? 1
		    : sigstore_root_is(&bytes) ? take_sigstore(sink, &bytes)
		    : tuf_root_is(&bytes)      ? take_tuf(sink, &bytes)
					       : take_pem(sink, &bytes);
	if (certificate != NULL)
		take_certificate(sink, certificate);
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

static int
order_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A name by which OpenSSL finds a certificate in a folder: openssl-rehash(1). */
static bool
is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       name[9] != '\0' && name[9 + strspn(name + 9, "0123456789")] == '\0';
}

/* Every file of a folder, by name; hidden ones are left out. Of the machine's store only
 * what OpenSSL itself would find there: the same certificates and revocation lists
 * may lie beside it under other names. */
static int
take_folder(struct certificate_sink *sink, const char *path, struct err *err)
{
	struct strings names = {0};
	struct dirent *found;
	const char *label = sink->label;
	DIR *folder = opendir(path);
	int answer = 0;
	if (folder == NULL)
		return err_errno(err, "cannot read the folder '%s'", path);
	while ((found = readdir(folder)) != NULL) {
		if (sink->store ? is_hash_name(found->d_name) : found->d_name[0] != '.')
			strings_add(&names, found->d_name);
	}
	closedir(folder);
	if (names.count > 0)
		qsort(names.items, names.count, sizeof(*names.items), order_names);
	else if (!sink->store)
		answer = err_set(err, ERR_USAGE, "the folder '%s' holds no file", path);
	for (size_t i = 0; i < names.count && answer == 0; i++) {
		char *file = path_join(path, names.items[i]);
		sink->label = label != NULL ? label : names.items[i];
		answer = take_file(sink, file, err);
		free(file);
	}
	strings_free(&names);
	return answer;
}

static int
take_path(struct certificate_sink *sink, const char *path, struct err *err)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return take_folder(sink, path, err);
	if (sink->label == NULL)
		sink->label = path;
	return take_file(sink, path, err);
}

int
trust_add_intermediate(struct trust *trust, const char *path, struct err *err)
{
	struct certificate_sink sink = {.trust = trust, .intermediates = true};
	return take_path(&sink, path, err);
}

int
trust_add(struct trust *trust, const char *file_or_fingerprint, bool timestamps,
	  const char *label, struct err *err)
{
	static const char prefix[] = "sha256:";
	struct certificate_sink sink = {
	    .trust = trust, .timestamps = timestamps, .label = label};
	if (strncmp(file_or_fingerprint, prefix, sizeof(prefix) - 1) != 0)
		return take_path(&sink, file_or_fingerprint, err);
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

/* ---- the machine's own store ------------------------------------------ */

/* Its place of that kind, when there is one. */
static void
add_default_place(struct strings *places, const char *path)
{
	if (access(path, F_OK) == 0)
		strings_add(places, path);
}

/*
 * Where OpenSSL looks, SSL_CERT_FILE and SSL_CERT_DIR heeded. One of them alone takes the
 * place of both defaults, unlike in OpenSSL: who names one file does not mean to trust
 * a folder too. What they name must be there.
 */
static void
store_places(struct strings *places)
{
	const char *file = getenv(X509_get_default_cert_file_env());
	const char *folders = getenv(X509_get_default_cert_dir_env());
	bool file_named = file != NULL && *file != '\0';
	bool folders_named = folders != NULL && *folders != '\0';
	if (!file_named && !folders_named) {
		add_default_place(places, X509_get_default_cert_file());
		add_default_place(places, X509_get_default_cert_dir());
	}
	if (file_named)
		strings_add(places, file);
	while (folders_named && *folders != '\0') {
		size_t size = strcspn(folders, ":");
		char *folder = base_format("%.*s", (int)size, folders);
		if (size > 0)
			strings_add(places, folder);
		free(folder);
		folders += size + (folders[size] == ':');
	}
}

int
trust_add_system(struct trust *trust, bool timestamps, struct strings *places,
		 struct err *err)
{
	/* A blank in it: no Trust stanza of a policy can have that name, and be met by
	 * whatever the machine trusts. */
	struct certificate_sink sink = {.trust = trust,
					.timestamps = timestamps,
					.label = "the system's store",
					.store = true,
					.from = trust->anchor_count};
	store_places(places);
	for (size_t i = 0; i < places->count; i++) {
		if (take_path(&sink, places->items[i], err) == -1)
			return -1;
	}
	if (trust->anchor_count > sink.from)
		return 0;
	return err_set(err, ERR_USAGE,
		       "this system has no store of certificates: none is in '%s' or "
		       "'%s' (%s and %s name others)",
		       X509_get_default_cert_file(), X509_get_default_cert_dir(),
		       X509_get_default_cert_file_env(),
		       X509_get_default_cert_dir_env());
}

/* ---- revocation data and bare keys ------------------------------------ */

int
trust_add_crl(struct trust *trust, const char *path, struct err *err)
{
	struct buf bytes = {0};
	if (file_read(path, REVOCATION_FILE_LIMIT, &bytes, err) == -1) {
		buf_free(&bytes);
		return -1;
	}
	BIO *bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
	X509_CRL *crl = d2i_X509_CRL_bio(bio, NULL);
	BIO_free(bio);
	if (crl == NULL) {
		bio = BIO_new_mem_buf(bytes.data, (int)bytes.size);
		crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
		BIO_free(bio);
	}
	ERR_clear_error();
	buf_free(&bytes);
	if (crl == NULL)
		return err_set(err, ERR_USAGE,
			       "'%s' is no revocation list: give a PEM or DER one",
			       path);
	trust->crls =
	    base_realloc(trust->crls, trust->crl_count + 1, sizeof(*trust->crls));
	trust->crls[trust->crl_count++] = crl;
	return 0;
}

int
trust_add_ocsp(struct trust *trust, const char *path, struct err *err)
{
	struct buf bytes = {0};
	if (file_read(path, REVOCATION_FILE_LIMIT, &bytes, err) == -1) {
		buf_free(&bytes);
		return -1;
	}
	const unsigned char *at = (const unsigned char *)bytes.data;
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)bytes.size);
	ERR_clear_error();
	buf_free(&bytes);
	if (response == NULL)
		return err_set(err, ERR_USAGE,
			       "'%s' is no OCSP response: give it in DER, as 'openssl "
			       "ocsp -respout' writes it",
			       path);
	trust->responses = base_realloc(trust->responses, trust->response_count + 1,
					sizeof(*trust->responses));
	trust->responses[trust->response_count++] = response;
	return 0;
}

int
trust_add_key(struct trust *trust, const char *path, const char *label,
	      struct err *err)
{
	struct buf bytes = {0};
	if (file_read(path, KEY_FILE_LIMIT, &bytes, err) == -1) {
		buf_free(&bytes);
		return -1;
	}
	trust->keys =
	    base_realloc(trust->keys, trust->key_count + 1, sizeof(*trust->keys));
	struct trust_key *key = &trust->keys[trust->key_count++];
	key->label = text_shown(label != NULL ? label : path_base(path));
	key->bytes = bytes;
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

void
trust_add_identity(struct trust *trust, const char *identity)
{
	char *shown = text_shown(identity);
	strings_add(&trust->identities, shown);
	free(shown);
}

void
trust_add_identity_issuer(struct trust *trust, const char *issuer)
{
	char *shown = text_shown(issuer);
	strings_add(&trust->identity_issuers, shown);
	free(shown);
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
add_stanza(struct trust *trust, const struct policy_trust *stanza, struct err *err)
{
	if (stanza->key != NULL &&
	    trust_add_key(trust, stanza->key, stanza->name, err) == -1)
		return -1;
	if (stanza->keyring != NULL && trust_add_keyring(trust, stanza->keyring, err) == -1)
		return -1;
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
trust_add_policy(struct trust *trust, const struct policy *policy, const char *path,
		 struct err *err)
{
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *stanza = &policy->trust[i];
		if (add_stanza(trust, stanza, err) == -1) {
			char *shown = text_shown(path);
			err_at(err, "%s:%u: in trust '%s'", shown, stanza->line,
			       stanza->name);
			free(shown);
			return -1;
		}
	}
	trust_judge_at(trust, policy->at);
	return 0;
}

int
trust_of_release(const struct release *release, struct trust **trust, struct err *err)
{
	struct trust *made = trust_new();
	if (trust_add_policy(made, &release->policy, release->path, err) == -1) {
		trust_free(made);
		return -1;
	}
	*trust = made;
	return 0;
}
