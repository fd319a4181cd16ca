/*
 * Signed certificate timestamps in a certificate (RFC 6962, 3.2 and 3.3): a log's
 * promise to publish it, so that nobody gets one for another's identity unseen.
 */
#include <openssl/ct.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "signature/sigstore_private.h"

/* n bytes of a number, most significant first. */
static void
append_number(struct buf *out, uint64_t number, unsigned bytes)
{
	for (unsigned i = bytes; i > 0; i--) {
		uint8_t byte = (uint8_t)(number >> (8 * (i - 1)));
		buf_append(out, &byte, 1);
	}
}

/* The certificate as it was before the promises were put in: TBSCertificate without
 * that extension (3.2, PreCert). */
static int
append_precertificate(X509 *leaf, X509 *issuer, struct buf *out)
{
	struct sha256 hash;
	unsigned char *der = NULL;
	X509 *copy = X509_dup(leaf);
	int at = X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1);
	X509_EXTENSION_free(X509_delete_ext(copy, at));
	int size = i2d_re_X509_tbs(copy, &der);
	unsigned char *spki = NULL;
	int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(issuer), &spki);
	int answer = size > 0 && size < 1 << 24 && spki_size > 0 ? 0 : -1;
	if (answer == 0) {
		sha256_of(spki, (size_t)spki_size, &hash);
		buf_append(out, hash.bytes, SHA256_SIZE);
		append_number(out, (uint64_t)size, 3);
		buf_append(out, der, (size_t)size);
	}
	OPENSSL_free(spki);
	OPENSSL_free(der);
	X509_free(copy);
	return answer;
}

/* The digitally-signed struct (3.2). */
static int
signed_data(const SCT *sct, X509 *leaf, X509 *issuer, struct buf *out)
{
	unsigned char *extensions = NULL;
	size_t size = SCT_get0_extensions(sct, &extensions);
	append_number(out, 0, 1); /* v1 */
	append_number(out, 0, 1); /* certificate_timestamp */
	append_number(out, SCT_get_timestamp(sct), 8);
	append_number(out, 1, 2); /* precert_entry */
	if (append_precertificate(leaf, issuer, out) == -1)
		return -1;
	append_number(out, size, 2);
	if (size > 0)
		buf_append(out, extensions, size);
	return 0;
}

static const struct sigstore_log *
log_of(const struct sigstore_root *root, const SCT *sct)
{
	unsigned char *id = NULL;
	size_t size = SCT_get0_log_id(sct, &id);
	for (size_t i = 0; i < root->ct_log_count && size == SHA256_SIZE; i++) {
		if (memcmp(root->ct_logs[i].id.bytes, id, size) == 0)
			return &root->ct_logs[i];
	}
	return NULL;
}

/* Does the log's promise hold? */
static bool
sct_holds(const SCT *sct, const struct sigstore_log *log, X509 *leaf, X509 *issuer)
{
	struct buf data = {0};
	unsigned char *bytes = NULL;
	size_t size = SCT_get0_signature(sct, &bytes);
	int64_t time = (int64_t)(SCT_get_timestamp(sct) / 1000);
	bool holds = SCT_get_version(sct) == SCT_VERSION_V1 &&
		     sigstore_in_window(&log->window, time) &&
		     signed_data(sct, leaf, issuer, &data) == 0;
	struct view message = view_of_buf(&data), signature = view_of(bytes, size);
	/* SHA-256 alone (RFC 6962, 2.1.4) */
	holds = holds && raw_verify(log->key.key, "SHA256", &message, &signature);
	buf_free(&data);
	return holds;
}

void
sigstore_check_sct(struct sigstore *bundle, const struct sigstore_root *root,
		   X509 *leaf, X509 *issuer)
{
	STACK_OF(SCT) *all = X509_get_ext_d2i(leaf, NID_ct_precert_scts, NULL, NULL);
	size_t known = 0, good = 0;
	for (int i = 0; i < sk_SCT_num(all); i++) {
		const SCT *sct = sk_SCT_value(all, i);
		const struct sigstore_log *log = log_of(root, sct);
		if (log == NULL)
			continue;
		known++;
		if (!sct_holds(sct, log, leaf, issuer))
			continue;
		good++;
		signature_fact(bundle->entry, "certificate log", log->name);
	}
	if (sk_SCT_num(all) <= 0)
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "the certificate holds no promise of a certificate log");
	else if (known == 0)
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "the certificate's promise is of no certificate log that "
			      "the trusted root names");
	else if (good < known)
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "the certificate log's promise does not fit the "
			      "certificate");
	ERR_clear_error();
	SCT_LIST_free(all);
}
