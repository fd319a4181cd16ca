/*
 * What the schemes share: the user's trust as read before confinement, and the
 * row that each scheme puts into the table of signature.c.
 */
#ifndef VERIFY_SIGNATURE_PRIVATE_H
#define VERIFY_SIGNATURE_PRIVATE_H

#include <openssl/x509.h>

#include "signature/signature.h"

/* ---- trust: trust.c -------------------------------------------------- */

/* A certificate that the user trusts: its bytes, or only its fingerprint, to be
 * found in a signature. */
struct trust_anchor {
	struct sha256 fingerprint; /* of the certificate's DER */
	X509 *certificate;         /* NULL: named by fingerprint alone */
	bool timestamps;           /* for timestamps only, else for signers only */
	char *label;               /* shown text, never NULL */
};

/* An OpenPGP keyring or certificate, as bytes: armoured or binary. */
struct trust_keyring {
	char *path; /* as given, for messages: not shown text yet */
	struct buf bytes;
};

struct trust {
	struct trust_anchor *anchors;
	size_t anchor_count;
	struct trust_keyring *keyrings;
	size_t keyring_count;
	/* Pinned OpenPGP signers: full fingerprints, upper-case hexadecimal without
	 * "pgp:". Empty: any key of the keyrings may sign. */
	struct strings openpgp_pins;
	struct judged_at at; /* AT_SIGNING_TIME unless set */
	int64_t now;         /* the one "now" of this run */
};

/* ---- entries of the findings: signature.c ---------------------------- */

/* Append an entry with "path" (shown text), "scheme", "index", "status" and, when
 * not NULL, "reason" (shown text). Borrowed; the caller adds the rest. */
json_t *signature_entry(json_t *signatures, const char *path, const char *scheme,
			const char *index, enum signature_status status,
			const char *reason);

/* *status becomes the worse of the two. */
void signature_worsen(enum signature_status *status, enum signature_status other);

/* ---- a scheme's row -------------------------------------------------- */

struct scheme {
	const char *name; /* "authenticode": what findings call it */
	/* Is this a file that the scheme signs? `format` may be NULL. Pure. */
	bool (*knows)(const struct view *file, const struct format *format);
	/* As signature_check: at least one entry, *status the worst of them. */
	int (*check)(const struct view *file, const char *path,
		     const struct trust *trust, json_t *signatures,
		     enum signature_status *status, struct err *err);
};

/* ---- OpenPGP: openpgp.c ---------------------------------------------- */

/* Does the file begin with the armour of a clearsigned text (RFC 9580, 7)? */
bool openpgp_is_cleartext(const struct view *file);

/* Check every signature of a clearsigned text; as signature_check. */
int openpgp_check_cleartext(const struct view *file, const char *path,
			    const struct trust *trust, json_t *signatures,
			    enum signature_status *status, struct err *err);

/* Check every signature in `signature` (armoured or binary) over the file behind
 * `file`, read from its start; as signature_check_detached. */
int openpgp_check_detached(int file, const char *path, const struct view *signature,
			   const struct trust *trust, json_t *signatures,
			   enum signature_status *status, struct err *err);

#endif
