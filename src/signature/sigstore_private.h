/*
 * Sigstore bundles: what the files of that scheme share. A bundle is a signature with
 * what proves who made it and when: a certificate of a few minutes for an identity, a
 * transparency log's entry of the signature, timestamps. Trust comes from the trusted
 * root of an instance, which the user gives.
 */
#ifndef VERIFY_SIGSTORE_PRIVATE_H
#define VERIFY_SIGSTORE_PRIVATE_H

#include "signature/signature_private.h"

/* ---- the trusted root: sigstore_root.c --------------------------------- */

/* When a key was in use, both ends included. */
struct sigstore_window {
	int64_t start, end;
};

/* A log: of signatures, or of certificates. */
struct sigstore_log {
	struct sha256 id;
	struct raw_key key;
	struct sigstore_window window;
	char *name; /* shown text */
};

/* An authority: its certificates from the one that signs to the root. */
struct sigstore_authority {
	X509 *certificates[CHAIN_LENGTH_MOST];
	size_t count; /* at least one */
	struct sigstore_window window;
	char *name; /* shown text */
};

struct sigstore_root {
	char *label; /* shown text */
	struct sigstore_log *logs, *ct_logs;
	size_t log_count, ct_log_count;
	struct sigstore_authority *certifiers, *stampers;
	size_t certifier_count, stamper_count;
};

/* Base64 of a member of that name, appended. */
int sigstore_bytes(const json_t *object, const char *name, struct buf *bytes);
/* A number that is not negative, written as one or as its digits (the JSON form of
 * protobuf does so with 64 bits). */
int sigstore_number(const json_t *object, const char *name, int64_t *number);
/* The certificate in "rawBytes"; NULL when there is none. The caller frees. */
X509 *sigstore_certificate(const json_t *object);
bool sigstore_in_window(const struct sigstore_window *window, int64_t time);

/* ---- what is signed: sigstore.c ---------------------------------------- */

/* What a bundle's signature is over: a file by its digests, or an envelope. */
struct sigstore_message {
	struct view bytes; /* empty when only the digests are known */
	uint8_t sha256[HASH_MOST], sha384[HASH_MOST], sha512[HASH_MOST];
};

/* One bundle being checked. */
struct sigstore {
	const json_t *material; /* verificationMaterial */
	const struct trust *trust;
	const struct sigstore_message *message;
	const struct dsse *envelope; /* NULL: the signature is over a file */
	struct view signature;
	int version;    /* 1 to 3: of bundle 0.1 to 0.3 */
	X509 *leaf;	    /* NULL when a bare key signed */
	struct raw_key key; /* the signer's */
	json_t *entry;	    /* what is told of it */
	struct judgement *found;
	size_t logged; /* entries of logs that hold, whose log is known */
	struct {
		int64_t time;
		const char *by; /* what proves it */
	} times[16];
	size_t time_count;
};

/* Remember a time that is proved. */
void sigstore_add_time(struct sigstore *bundle, int64_t time, const char *by);

/* ---- the log: sigstore_log.c, sigstore_body.c -------------------------- */

/* Check every entry: that the log promised or proves it, and what it is about. */
void sigstore_check_log(struct sigstore *bundle);
/* Is the entry's body about this signature, by this signer, over this message? What is
 * against it is judged. */
void sigstore_check_body(struct sigstore *bundle, const json_t *body);

/* ---- the signer's certificate: sigstore_sct.c -------------------------- */

/* Did a certificate log that is known promise (RFC 6962, 3.2) to have `leaf`, which
 * `issuer` issued? Judges, and tells which. */
void sigstore_check_sct(struct sigstore *bundle, const struct sigstore_root *root,
			X509 *leaf, X509 *issuer);

#endif
