/*
 * What the files of the JAR scheme share: manifests, members and their digests, and
 * signers of zip archives with a manifest (JAR File Specification, "Signed JAR File"):
 *
 *	META-INF/MANIFEST.MF   digests of members, a section each
 *	META-INF/NAME.SF       digests of the manifest and of its sections
 *	META-INF/NAME.RSA      signed data over NAME.SF (.DSA and .EC likewise)
 */
#ifndef VERIFY_SIGNATURE_JAR_PRIVATE_H
#define VERIFY_SIGNATURE_JAR_PRIVATE_H

#include "signature/signature_private.h"

/* ---- manifests and signature files: jar_manifest.c --------------------- */

/* An attribute, its folded lines made whole. */
struct jar_attribute {
	char *name; /* [A-Za-z0-9_-]+ */
	struct buf value;
};

/* A section with the empty line that ends it. */
struct jar_section {
	struct view bytes;
	struct view bare; /* without the empty line: old signers digested that */
	struct jar_attribute *attributes;
	size_t count;
	const char *name; /* of its "Name"; NULL: the main section */
};

struct jar_manifest {
	struct jar_section *sections; /* the first one is the main section */
	size_t count, room;
	size_t *order;         /* of the others, by name */
	struct strings faults; /* shown text: readers differ on such a file */
	struct strings odd;    /* remarks */
};

/* Read a manifest or a signature file; the views point into `text`, which must stay. A
 * malformed one has faults. Free in every case. */
void jar_manifest_read(const struct view *text, struct jar_manifest *manifest);
void jar_manifest_free(struct jar_manifest *manifest);
/* The section of that name, NULL when there is none. */
const struct jar_section *jar_manifest_find(const struct jar_manifest *manifest,
					    const char *name);
/* The value of an attribute, whose name counts in any case; NULL when there is none. */
const char *jar_section_value(const struct jar_section *section, const char *name);

/* ---- digests in attributes: jar_digest.c -------------------------------- */

/* What the digests of one thing come to. */
struct jar_digests {
	unsigned known, unknown; /* attributes that are digests */
	bool differs;            /* one of them is another one */
	bool strong;             /* one of them is by an algorithm that is not broken */
	const struct digest_algorithm
	    *algorithm; /* of the last one, a strong one if any */
};

/* The algorithm of an attribute "ALGORITHM<tail>"; NULL when it is no digest, or of an
 * algorithm that is not known here: *digest tells which. */
const struct digest_algorithm *jar_digest_named(const char *attribute, const char *tail,
						bool *digest);
/* Add one digest, base64 text, and the one that was computed. */
void jar_digests_add(struct jar_digests *digests,
		     const struct digest_algorithm *algorithm, const char *value,
		     const struct digest *computed);
/* Compare each "ALGORITHM<tail>" of the section with the digest of the bytes, or of
 * `bare` when that has bytes: what it may have been before an empty line followed. */
void jar_digests_check(const struct jar_section *section, const char *tail,
		       const struct view *bytes, const struct view *bare,
		       struct jar_digests *digests);

/* ---- members: jar_members.c ---------------------------------------------- */

enum jar_role {
	JAR_CONTENT,
	JAR_FOLDER,   /* without content */
	JAR_MANIFEST, /* META-INF/MANIFEST.MF */
	JAR_FILE,     /* META-INF/NAME.SF */
	JAR_BLOCK,    /* META-INF/NAME.RSA, .DSA, .EC */
	JAR_UNSIGNED, /* META-INF/SIG-NAME: by its name signed by nobody */
};

/* The entry that names the certificate of an Android package's source stamp. */
#define JAR_STAMP "stamp-cert-sha256"

struct jar_member {
	char *path; /* as stored */
	enum jar_role role;
	struct buf bytes;           /* of a manifest, file, block or JAR_STAMP */
	struct jar_digests digests; /* of its section in the manifest */
};

struct jar {
	struct view file;
	const struct format *format;
	struct jar_member *members; /* in the order of the directory */
	size_t count, room;
	size_t *order;   /* by path */
	size_t gathered; /* bytes of the files of the signature */
	const struct jar_member *manifest;
	struct jar_manifest read; /* the manifest */
	struct judgement found;   /* against every signature of the archive */
	struct strings tricks;    /* why programs may read other members than these */
	bool
	    sealed; /* another signature is over the archive, byte by byte: it was so */
};

/* Gather the members of a zip archive of that format, read its manifest, and compute
 * the digests that it gives. Close in every case. */
void jar_open(struct jar *jar, const struct view *file, const struct format *format);
void jar_close(struct jar *jar);
/* The member of that path, NULL when there is none. */
const struct jar_member *jar_find(const struct jar *jar, const char *path);

/* ---- signature files: jar_file.c ------------------------------------------ */

/* What one signature file comes to. */
struct jar_coverage {
	bool *covered;              /* of each member */
	size_t members;             /* that are covered */
	size_t weak;                /* those whose digests are all broken ones */
	bool manifest;              /* all of the manifest is signed */
	struct jar_digests digests; /* of the whole manifest */
	struct judgement found;
	struct strings notes;
	char *versions; /* X-Android-APK-Signed; NULL: none */
};

/* Compare what the signature file says with the manifest and the members. `whole`: the
 * digest of the manifest is enough, no sections are wanted (Mozilla). Free in every
 * case. */
void jar_file_check(const struct jar *jar, const struct jar_member *file, bool whole,
		    struct jar_coverage *coverage);
void jar_coverage_free(struct jar_coverage *coverage);

/* ---- entries: jar.c ------------------------------------------------------------ */

/* What differs between those who sign in this way. */
struct jar_kind {
	const char *scheme;
	enum chain_purpose purpose;
	bool whole; /* as of jar_file_check */
	/* A member outside of META-INF that a signer does not cover makes it invalid.
	 */
	bool everything;
	size_t signers_most;
};

/* An entry for each signer; how many. `extra` (may be NULL) judges a signer by what
 * its signature file says of other signatures. */
size_t jar_check_signers(const struct jar *jar, const struct jar_kind *kind,
			 const char *path, const struct trust *trust,
			 void (*extra)(void *context, const char *versions,
				       struct judgement *found),
			 void *context, json_t *signatures,
			 enum signature_status *status);

#endif
