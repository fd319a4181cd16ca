/*
 * What the kinds of Authenticode files share: one file that is being checked, and the
 * row of each kind in the table of authenticode.c. A kind knows where the signatures of
 * its files stand and what they digest; whatever is inside a signature is the same
 * everywhere.
 */
#ifndef VERIFY_AUTHENTICODE_PRIVATE_H
#define VERIFY_AUTHENTICODE_PRIVATE_H

#include "signature/signature_private.h"

#define AUTHENTICODE_ENTRIES_MOST 32

/* One file on its way through a kind's check. */
struct authenticode {
	const struct authenticode_kind *kind;
	const struct view *file;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;           /* of the signatures so far, nested ones too */
	void *subject;          /* what the kind knows of the file */
	struct judgement found; /* against the file as a whole */
	struct strings notes;   /* for each of its signatures; shown text */
	const char *covers;     /* of each entry; NULL: no container */
	/* The signatures that are not nested in others, to tell copies. */
	struct view tops[AUTHENTICODE_ENTRIES_MOST];
	size_t top_count;
};

struct authenticode_kind {
	const char *format;     /* "pe": what entries call it */
	const char *title;      /* "PE image" */
	const char *noun;       /* "image": what messages call it */
	const char *type;       /* what the signed digest must be of: an OID */
	const char *other_type; /* that signers write instead, or NULL */
	bool usual;             /* are such files signed as a rule? */
	const uint8_t *sip;     /* SpcSipInfo's 16 bytes that name the kind, or NULL */
	const uint8_t *other_sip; /* a second one, or NULL */
	bool (*knows)(const struct view *file, const struct format *format);
	/* Find the signatures and give each to authenticode_signature; where there is
	 * none, authenticode_only. */
	void (*check)(struct authenticode *file);
	/* The digest of what the file's signatures sign; of size 0 when it has none. */
	void (*digest)(const struct authenticode *file,
		       const struct digest_algorithm *algorithm, struct digest *digest);
	/* Or, where it is a list of digests: judge it. NULL: it is one digest. */
	void (*digests)(const struct authenticode *file,
			const struct digest_algorithm *algorithm,
			const struct view *has, struct cms_entry *entry);
	/* Add to an entry which bytes its signature is over (coverage_add). NULL: that
	 * is no range of bytes. */
	void (*coverage)(const struct authenticode *file, json_t *entry);
	/* Or, where the file is all signature: judge and show what was signed, which is
	 * of the kind's type. NULL: it is a digest. */
	void (*content)(struct cms_entry *entry, const struct cms *cms);
};

/* The entry of one PKCS #7, then those of the signatures nested in it. `found` is
 * against it alone, or NULL; index and where are shown text. */
void authenticode_signature(struct authenticode *file, const struct view *der,
			    const char *index, const char *where,
			    const struct judgement *found);

/* An entry for a signature or a file that could not be looked at: why. `where` may be
 * NULL. */
void authenticode_only(struct authenticode *file, const char *index, const char *where,
		       enum signature_status status, const char *reason);

/* Take the DER of a signature off the bytes that are set aside for it; what follows may
 * only be zeros. `holder` names those bytes: "its certificate table entry". */
void authenticode_take(const struct view *room, const char *holder, struct view *der,
		       struct judgement *found);

extern const struct authenticode_kind authenticode_pe, authenticode_msi,
    authenticode_cat, authenticode_cab, authenticode_script, authenticode_jscript,
    authenticode_vbscript, authenticode_wsf, authenticode_appx;

/* ---- block maps: appx_blocks.c ------------------------------------------ */

/* Hold the members of a Windows package to its block map, AppxBlockMap.xml. */
void appx_blocks_check(const struct view *package, const struct view *xml,
		       struct cms_entry *entry);

#endif
