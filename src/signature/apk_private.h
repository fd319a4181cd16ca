/*
 * What the files of the Android schemes share: how a package lies, its digests, and the
 * algorithms that sign them ("APK Signature Scheme v2", source.android.com).
 */
#ifndef VERIFY_SIGNATURE_APK_PRIVATE_H
#define VERIFY_SIGNATURE_APK_PRIVATE_H

#include "signature/signature_private.h"

/* ---- numbers and items --------------------------------------------------- */

/* Take a number of four bytes off `rest`; what such a length stands before. -1 when it
 * is not all inside. */
int apk_take_u32(struct view *rest, uint32_t *value);
int apk_take_item(struct view *rest, struct view *item);

/* ---- algorithms: apk_signing.c -------------------------------------------- */

/* Digests of a package, by Android's numbers. */
enum apk_digest { APK_SHA256 = 1, APK_SHA512 = 2, APK_VERITY = 3, APK_DIGESTS };

struct apk_signing {
	uint32_t id;
	const char *name;
	const char *oid; /* of the digest that is signed */
	int type;        /* EVP_PKEY_… */
	bool pss;
	enum apk_digest digest; /* of the package */
};

/* The algorithm of that number; NULL when it is not known here. */
const struct apk_signing *apk_signing_by_id(uint32_t id);
/* Does the certificate's key bear out a signature over these bytes? */
bool apk_signing_holds(const struct apk_signing *signing, X509 *certificate,
		       const struct view *message, const struct view *signature);
/* The certificate in these bytes and nothing else, or NULL; the caller frees. */
X509 *apk_certificate(const struct view *bytes);
/* The same key, however the certificate writes its numbers. */
bool apk_key_is(X509 *certificate, const struct view *bytes);

/* Keys that handed over to one another: each signed the next certificate, and the last
 * one must be the signer's. How many; -1 when it does not hold. */
int apk_lineage(const struct view *value, X509 *leaf);

/* ---- layout and digests: apk_digest.c ------------------------------------- */

/* Where the parts of a package lie. */
struct apk_layout {
	struct view file;
	struct view pairs; /* of the signing block; empty: there is none */
	uint64_t block, directory, end;
	struct digest known[APK_DIGESTS]; /* computed once: size 0 until then */
};

/* Find the parts; -1 when it is not a zip, or has no block, that Android reads. */
int apk_layout_find(struct apk_layout *layout, const struct view *file);
/* Take a pair of the signing block off `rest`. */
int apk_take_pair(struct view *rest, uint32_t *id, struct view *value);
/* A digest of the package without its block; its size is 0 where it has none. */
const struct digest *apk_digest_of(struct apk_layout *layout, enum apk_digest which);

/* The hash tree of fs-verity over the parts, one after the other, in blocks of 4096
 * bytes with SHA-256: the levels from the top down, and its root. */
void apk_verity(const struct view *parts, size_t count, const struct view *salt,
		struct buf *tree, struct digest *root);

/* ---- source stamps: apk_stamp.c ------------------------------------------- */

/* What a stamp is about. */
struct apk_stamped {
	struct apk_layout *layout;
	struct view schemes[4]; /* 1: the manifest; 2 and 3: the values of v2 and v3 */
	struct view manifest;
	struct view named; /* the content of stamp-cert-sha256 */
};

/* Check the value of a source stamp, and say what it comes to: shown text. */
void apk_stamp_check(struct view value, struct apk_stamped *package,
		     struct strings *facts, struct strings *notes);

#endif
