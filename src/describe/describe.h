/*
 * describe: the descriptions that people write and sign, parsed once.
 *
 * One strict parser of deb822 stanzas reads release and toolchain descriptions,
 * .dsc, .changes and .buildinfo. Errors are ERR_USAGE with "file:line: ", a
 * subject and what to do. verify-release(5) and verify-toolchain(5) define
 * every field. What is read is immutable afterwards.
 */
#ifndef VERIFY_DESCRIBE_H
#define VERIFY_DESCRIBE_H

#include "base/base.h"

/* ---- deb822 stanzas -------------------------------------------------- */

struct field {
	const char *name;
	const char *value; /* first line without leading blanks, then "\nLINE" for each
			    * continuation line with its one leading blank removed; " ."
			    * stands for an empty line */
	unsigned line;     /* of the field's name */
	const unsigned *lines; /* where each line of the value stands: comments may
				* stand between them */
};

struct stanza {
	struct field *fields;
	size_t count;
	unsigned line;
};

struct deb822 {
	struct stanza *stanzas;
	size_t count;
	char *path;           /* as given, for messages */
	struct sha256 sha256; /* of the file's bytes: the description's identity */
	bool clearsigned;     /* an OpenPGP armour was around the stanzas (RFC 9580, 7);
			       * only the text inside was read, and it was NOT checked */
	unsigned comment;     /* line of the first '#' comment, 0 when there is none:
			       * only our own descriptions may have them */
	char *text;           /* owns the strings */
	unsigned *lines;      /* owns what the fields' lines point at */
};

/* Read and parse; duplicate fields in a stanza, control characters, NUL bytes,
 * lines that are neither, and files over 16 MiB are errors. */
int deb822_read(const char *path, struct deb822 **parsed, struct err *err);
/* The same from memory, `path` for messages only. */
int deb822_parse(const char *path, const struct view *bytes, struct deb822 **parsed,
		 struct err *err);
void deb822_free(struct deb822 *parsed);
/* The field of that name (case-insensitive, RFC 822), or NULL. */
const struct field *stanza_find(const struct stanza *stanza, const char *name);

/* ---- release descriptions: verify-release(5) ------------------------- */

/* When chains are judged. */
enum verify_at { AT_SIGNING_TIME, AT_NOW, AT_TIME };

struct judged_at {
	enum verify_at at;
	int64_t time; /* for AT_TIME */
};
/* Parse "signing-time", "now" or an RFC 3339 UTC time; -1 otherwise. */
int judged_at_parse(const char *text, struct judged_at *at);

struct release_file {
	char *path; /* resolved against the description's folder */
	char *name; /* as written */
	struct sha256 sha256;
	unsigned line;
};

struct release_source {
	struct release_file file;
	char *unpack;    /* "Unpack: DIR": unpacked there below the build path; NULL:
			    copied */
	char *signature; /* path of a detached signature; NULL when none; equal to
			  * file.path for a clearsigned file */
	char *keyring;   /* path of an OpenPGP keyring or certificate; NULL */
	char *signer;    /* "pgp:FULLFINGERPRINT" in upper case; NULL */
};

struct release_output {
	char *shipped; /* member path in the product; "." is the product itself */
	char *built;   /* member path below the rebuilt folder */
	unsigned line;
	char
	    *product; /* "Product:" inside an Output stanza names which, when several */
};

struct release_unbuilt {
	char *path;
	struct sha256 sha256;
	char *reason;
	char *product;
	unsigned line;
};

/* "Except:" stanza: a bounded, declared difference. */
struct release_exception {
	char *path;    /* member path in the product */
	char *extent;  /* the map's extent name it may touch (exactly) */
	uint64_t most; /* bytes that may differ */
	char *reason;
	unsigned line;
};

/* ---- signature policies: verify-policy(5) ----------------------------- */

/* "Trust:" stanza: whose word counts. One of certificate, fingerprint, key and keyring
 * is the anchor. */
struct policy_trust {
	char *name;        /* label used in Signers: */
	char *certificate; /* path to a PEM or DER certificate; NULL */
	bool has_fingerprint;
	struct sha256
	    fingerprint; /* "SHA256:" of a certificate found in the signature */
	char *key;       /* path to a bare public key; NULL */
	char *keyring;   /* path to OpenPGP certificates; NULL */
	char *openpgp;   /* then "pgp:" and the signer's fingerprint, upper case */
	bool timestamps; /* "Purpose: timestamps": an anchor for RFC 3161 tokens only */
	char *country;   /* two letters, upper case; NULL */
	char *issuer_country; /* the same for the CA that issued the signer */
	char *subject;        /* exact RFC 4514 name of the signer; NULL */
	bool has_signer;
	struct sha256 signer; /* "Signer: sha256:…" pins the signer's certificate */
	bool has_spki;
	struct sha256 spki; /* "SPKI-SHA256:" pins the signer's public key */
	unsigned line;
};

enum signers_rule { SIGNERS_ANY, SIGNERS_ALL, SIGNERS_SOME };

/* What signatures are held to. {0} demands nothing. */
struct policy {
	struct policy_trust *trust;
	size_t trust_count;
	bool has_signers;
	enum signers_rule signers_rule;
	uint64_t signers_least;         /* SIGNERS_SOME: how many of them */
	struct strings signers;         /* trust labels */
	char *country, *issuer_country; /* of every signer; NULL: any */
	struct strings schemes;         /* allowed ones; empty: any */
	struct strings digests;         /* allowed ones; empty: any that is not weak */
	uint64_t rsa_bits;              /* the least; 0: what is not weak */
	bool timestamp;                 /* every signature must have one that holds */
	bool members;       /* members are judged even where the file is signed */
	struct strings unsigned_paths; /* patterns of paths that may be unsigned */
	struct judged_at at; /* AT_SIGNING_TIME unless Verify-At says otherwise */
};

/* Read a policy in a file of its own, ERR_USAGE with "file:line: " for whatever
 * verify-policy(5) does not allow. *identity is the SHA-256 of its bytes. Free with
 * policy_free. */
int policy_read(const char *path, struct policy **policy, struct sha256 *identity,
		struct err *err);
void policy_free(struct policy *policy);

/* ---- release descriptions: verify-release(5) -------------------------- */

struct release {
	char *path;
	struct sha256 identity;
	char *name, *version;
	struct release_file *products;
	size_t product_count;
	struct release_source *sources;
	size_t source_count;
	char *toolchain; /* path; NULL when only --rebuilt can be used */
	bool has_toolchain_sha256;
	struct sha256 toolchain_sha256;
	char **steps; /* of Build:, in order */
	size_t step_count;
	struct release_output *outputs;
	size_t output_count;
	struct release_unbuilt *unbuilt;
	size_t unbuilt_count;
	struct release_exception *exceptions;
	size_t exception_count;
	struct policy policy;
};

/* Read, check and resolve all of a release description; free it with release_free.
 * ERR_USAGE with "file:line: " for whatever verify-release(5) does not allow. */
int release_read(const char *path, struct release **release, struct err *err);
void release_free(struct release *release);

/* ---- toolchain descriptions: verify-toolchain(5) --------------------- */

enum root_kind { ROOT_DEBIAN, ROOT_TAR, ROOT_FOLDER, ROOT_HOST };
/* "debian", "tar", "directory", "host" */
const char *root_kind_name(enum root_kind kind);

struct toolchain_package {
	struct sha256 sha256;
	uint64_t size;
	char *name, *version, *architecture;
	unsigned line;
};

/* One pinned host file (Root: host): "<sha256> <mode> <path>" or "-> target". */
struct toolchain_file {
	char *path;   /* absolute */
	char *target; /* of a symbolic link, else NULL */
	uint32_t mode;
	struct sha256 sha256;
};

struct limits {
	uint64_t wall_seconds; /* default 3600 */
	uint64_t memory;       /* bytes; default 8 GiB */
	uint64_t processes;    /* default 4096 */
	uint64_t disk;         /* bytes; default 20 GiB */
	uint64_t log;          /* bytes; default 64 MiB */
};

struct toolchain {
	char *path;
	struct sha256 identity;
	char *name, *architecture;
	enum root_kind kind;
	char *suite;       /* debian */
	char *mirror_note; /* "Origin:" free text for people; NULL */
	char *root_path;   /* tar, directory: resolved path */
	bool has_root_file_sha256;
	struct sha256 root_file_sha256; /* tar: of the file */
	bool has_root_sha256;
	struct sha256 root_sha256; /* of the manifest, verify-toolchain(5) */
	struct toolchain_package *packages;
	size_t package_count;
	struct toolchain_file *files;
	size_t file_count;
	int64_t source_date_epoch;  /* for assembling; default 0 */
	char *build_path;           /* default /build */
	char *hostname;             /* default "verify" */
	char *user;                 /* default "builder" */
	uint32_t umask;             /* default 022 */
	char *locale;               /* default C.UTF-8 */
	char *timezone;             /* default UTC */
	unsigned cpus;              /* default 1 */
	struct strings environment; /* KEY=value */
	struct limits limits;
};

/* A toolchain with the defaults of verify-toolchain(5), for filling in. */
struct toolchain *toolchain_new(void);
int toolchain_read(const char *path, struct toolchain **toolchain, struct err *err);
void toolchain_free(struct toolchain *toolchain);
/* The description as text that toolchain_read takes again, appended to `out`. */
void toolchain_write(const struct toolchain *toolchain, struct buf *out);
/* "8G", "64M", "512" (powers of 1024); "1h", "90s", "2d": -1 for anything else, for
 * zero, and for what does not fit. */
int describe_parse_size(const char *text, uint64_t *bytes);
int describe_parse_duration(const char *text, uint64_t *seconds);

/* ---- Debian's lists of files with digests ---------------------------- */

enum listing_digest {
	LISTING_MD5,
	LISTING_SHA1,
	LISTING_SHA256,
	LISTING_SHA512,
	LISTING_DIGESTS, /* how many there are */
};

/* All that the lists of one stanza say of one name. */
struct listed_file {
	char *name; /* plain (path_is_plain); it may have folders */
	uint64_t size;
	char *digests[LISTING_DIGESTS]; /* lower-case hexadecimal, NULL: not listed */
};

struct listing {
	struct listed_file *files; /* sorted by name, each name once */
	size_t count;
};

/* Read the lists of a stanza: of a Release file, of Packages or Sources, of a .dsc, a
 * .changes or a .buildinfo. ERR_USAGE with "path:line: " when a line is malformed or two
 * lines say different things of one name. Free the listing in every case. */
int listing_read(const char *path, const struct stanza *stanza, struct listing *listing,
		 struct err *err);
void listing_free(struct listing *listing);
/* "MD5", "SHA1", "SHA256", "SHA512". */
const char *listing_digest_name(enum listing_digest digest);

/* ---- Debian's own: .dsc(5), deb-buildinfo(5) ------------------------- */

struct dsc_file {
	char *name;
	uint64_t size;
	struct sha256 sha256;
};

struct dsc {
	char *source, *version;
	char *build_depends;    /* Build-Depends, -Arch and -Indep joined with ", " */
	struct dsc_file *files; /* Checksums-Sha256 */
	size_t file_count;
	bool clearsigned;
};

/* Read a .dsc, clear-signed or not; the signature is NOT checked here. */
int dsc_read(const char *path, struct dsc **dsc, struct err *err);
void dsc_free(struct dsc *dsc);

struct buildinfo {
	char *source, *version, *architecture, *build_path;
	struct dsc_file *files; /* Checksums-Sha256: what was built */
	size_t file_count;
	char **installed; /* "name (= version)" of Installed-Build-Depends */
	size_t installed_count;
	struct strings environment; /* KEY=value of Environment */
	bool clearsigned;
};

/* The same for a .buildinfo. */
int buildinfo_read(const char *path, struct buildinfo **buildinfo, struct err *err);
void buildinfo_free(struct buildinfo *buildinfo);

#endif
