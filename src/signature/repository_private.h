/*
 * A Debian archive as repository.c finds it and repository_chain.c follows it:
 *
 *	key -> InRelease -> Packages, Sources -> package, source
 */
#ifndef VERIFY_REPOSITORY_PRIVATE_H
#define VERIFY_REPOSITORY_PRIVATE_H

#include "signature/signature_private.h"

enum repository_part {
	REPOSITORY_OTHER,
	REPOSITORY_INLINE,    /* InRelease: clear-signed */
	REPOSITORY_RELEASE,   /* Release */
	REPOSITORY_SIGNATURE, /* Release.gpg */
	REPOSITORY_LIST,      /* Packages or Sources, however compressed or called */
};

struct repository_file {
	char *name; /* below the folder that was given: not shown text yet */
	enum repository_part part;
	struct mapping mapping;
};

struct repository {
	struct repository_file *files; /* sorted by name */
	size_t count;
};

/* The last part of a name, also where apt wrote '_' for '/'. */
const char *repository_stem(const char *name);
/* How long the suffix of a compressor is at its end; 0 when there is none. */
size_t repository_suffix(const char *name);
/* Is it the name of a list of packages or sources? */
bool repository_is_list(const char *name);

/* ---- repository_release.c: what a Release file says ---------------------- */

/* The digests of some bytes, as lists write them. */
struct repository_digests {
	uint64_t size;
	char hex[LISTING_DIGESTS][2 * HASH_MOST + 1];
};
void repository_digests_of(const struct view *bytes, struct repository_digests *digests);

/* How bytes stand to what a list says of them: every digest that it has must be
 * theirs, and one that is not broken must be among them. */
enum repository_fit { FIT_NONE, FIT_DIFFERS, FIT_WEAK, FIT_STRONG };
enum repository_fit repository_fit_of(const struct listed_file *listed,
				const struct repository_digests *digests);

/* A Release file, inline or not. */
struct repository_release {
	const struct repository_file *file;
	const struct repository_file *signature; /* Release.gpg; NULL: inline, or none */
	struct err trouble;                   /* of a malformed one */
	struct deb822 *parsed;                /* NULL: malformed */
	struct listing listing;
};

/* All of an archive, each with what it lists; Release is left out where InRelease lies
 * beside it. Malformed ones are among them. */
struct repository_release *repository_releases(const struct repository *repository, size_t *count);
void repository_releases_free(struct repository_release *releases, size_t count);
/* The one-line value of a field, or NULL. */
const char *repository_release_field(const struct repository_release *release,
				  const char *name);
/* A date of a Release file (RFC 5322, 3.3, in UTC); -1 when it is none. */
int repository_date(const char *text, int64_t *seconds);
/* The row for a list that lies where the Release file says, whatever its bytes are, or
 * that has the bytes of one, wherever it lies; *fit says which. `decoded` is of its
 * decompressed content. NULL and FIT_NONE: it lists no such list. */
const struct listed_file *repository_release_row(const struct repository_release *release,
					      const struct repository_file *list,
					      const struct repository_digests *stored,
					      const struct repository_digests *decoded,
					      enum repository_fit *fit);
/* Has a list of packages or sources that digest, which its name is? */
bool repository_release_has(const struct repository_release *release, const char *hex);

/* ---- repository_list.c: what a list says of a file ------------------------ */

/* What was found of a file in a list; clear with repository_claim_clear. */
struct repository_claim {
	enum repository_fit fit; /* FIT_NONE: nothing */
	bool malformed;       /* the stanza; then FIT_DIFFERS */
	char *name;           /* as listed; the three are shown text */
	char *package;        /* "hello 2.10-3 amd64" */
	char *digests;        /* "MD5, SHA256": those it lists */
};
/* Look for a file by its digests, and when there is none by its name without folders. */
void repository_claim_find(const struct view *list, const struct repository_digests *digests,
			const char *name, struct repository_claim *claim);
void repository_claim_clear(struct repository_claim *claim);
/* The names of the digests that a row has, "MD5, SHA256"; the caller frees. */
char *repository_digest_names(const struct listed_file *listed);

#endif
