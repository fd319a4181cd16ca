/*
 * signature: who signed which bytes, through which chain, when, and whether
 * that is good enough.
 *
 * A scheme is one file and one row of the table in signature.c. Rows locate
 * signatures in raw bytes through the format's map, never through an archive
 * library. All cryptography is OpenSSL's, OpenPGP is librnp's behind openpgp.c,
 * with our policy on top. Nothing is fetched. Emits the "signatures" array and
 * the "policy" object of verify-findings(5).
 */
#ifndef VERIFY_SIGNATURE_H
#define VERIFY_SIGNATURE_H

#include "base/base.h"
#include "compare/compare.h"
#include "describe/describe.h"
#include "format/format.h"
#include "unpack/unpack.h"

/* From best to worst: the worst of a file is its status. */
enum signature_status {
	SIGNATURE_VALID,
	SIGNATURE_NOT_CHECKED,
	SIGNATURE_UNSIGNED,
	SIGNATURE_WEAK,
	SIGNATURE_EXPIRED,
	SIGNATURE_UNTRUSTED,
	SIGNATURE_REVOKED,
	SIGNATURE_INVALID,
};

/* "valid", "not-checked", …; and back, -1 when it is none of them. */
const char *signature_status_name(enum signature_status status);
int signature_status_parse(const char *name, enum signature_status *status);

/* What the user trusts; everything is read before confinement. */
struct trust;
/* Nothing is trusted, judged at the signing time, now is now; free with trust_free. */
struct trust *trust_new(void);
void trust_free(struct trust *trust);
/* An anchor: a PEM or DER file (one or more certificates), a folder of such files, the
 * trusted root of a sigstore instance or of a TUF repository (JSON), or
 * "sha256:HEX" (with or without colons) naming a certificate that a signature will bring
 * along. For timestamps only when `timestamps`. `label` names it in the report (may be
 * NULL; the certificates of a folder are named by their files then). */
int trust_add(struct trust *trust, const char *file_or_fingerprint, bool timestamps,
	      const char *label, struct err *err);
/* The certificates of the machine's own store as anchors: OpenSSL's default file and
 * folder, or those that SSL_CERT_FILE and SSL_CERT_DIR name. Appends the files and folders
 * that were read to `places`, which is the caller's. ERR_USAGE when there is no
 * certificate in them. */
int trust_add_system(struct trust *trust, bool timestamps, struct strings *places,
		     struct err *err);
/* Certificates that may stand between a signer and an anchor, and are no anchors: a
 * PEM or DER file. */
int trust_add_intermediate(struct trust *trust, const char *path, struct err *err);
/* A revocation list (RFC 5280, 5), PEM or DER, or an OCSP response (RFC 6960, 4.2), DER.
 * Whether its own signature holds is found out when it is used. */
int trust_add_crl(struct trust *trust, const char *path, struct err *err);
int trust_add_ocsp(struct trust *trust, const char *path, struct err *err);
/* A bare public key that may sign, in the form that its scheme writes. Nothing says who
 * holds it but `label`, or when that is NULL the file's name, by which reports call it.
 * Which scheme it is for is found out when it is used. */
int trust_add_key(struct trust *trust, const char *path, const char *label,
		  struct err *err);
/* An OpenPGP keyring or certificate, armoured or binary. */
int trust_add_keyring(struct trust *trust, const char *path, struct err *err);
/* Whose sigstore certificates count: a mail address or URI exactly as it stands in them;
 * and who must have vouched for it (the URL of an OpenID Connect issuer). Without any,
 * no such certificate is trusted: an authority of that kind certifies everybody. */
void trust_add_identity(struct trust *trust, const char *identity);
void trust_add_identity_issuer(struct trust *trust, const char *issuer);
/* Pin: only this signer counts ("pgp:FULLFINGERPRINT"). */
int trust_pin_openpgp(struct trust *trust, const char *signer, struct err *err);
void trust_judge_at(struct trust *trust, struct judged_at at);
/* "Now" for judging: the current time, read once so that one run has one now.
 * Settable for tests. */
void trust_set_now(struct trust *trust, int64_t now);
/* All that a policy trusts: its Trust stanzas and Verify-At. `path` names its file. */
int trust_add_policy(struct trust *trust, const struct policy *policy, const char *path,
		     struct err *err);
/* All of a release's policy. */
int trust_of_release(const struct release *release, struct trust **trust,
		     struct err *err);

/*
 * Check every signature of one file (a PE image, a clearsigned text, …) and
 * append entries to `signatures`. `path` is shown text. *status is the worst. A file of a
 * signable format without signature gives one entry "unsigned"; a file whose format no scheme knows
 * gives one "not-checked" entry.
 */
int signature_check(const struct view *file, const char *path, const struct trust *trust,
		    json_t *signatures, enum signature_status *status, struct err *err);

/* The signatures in `signature`, a file of their own, over `file`: as signature_check.
 * Which scheme's they are is told by their bytes; OpenPGP when no other's. */
int signature_check_detached(const struct view *file, const char *path,
			     const struct view *signature, const struct trust *trust,
			     json_t *signatures, enum signature_status *status,
			     struct err *err);

/* A file that was read, with the last part of its name. */
struct signature_part {
	const char *name;
	struct view bytes;
};

/* Does a list of digests (SHA256SUMS) name `file`, and who signed the list? The
 * signatures are those given over the list, and the one that the list itself may hold.
 * `path` is shown text. */
int signature_check_list(const struct signature_part *file, const char *path,
			 const struct signature_part *list,
			 const struct signature_part *over, size_t count,
			 const struct trust *trust, json_t *signatures,
			 struct err *err);

/* Files that lie beside one that lists them (.dsc, .changes, .buildinfo). */
struct signature_beside {
	/* Map the file of that name, a plain one: 1; 0: it is not there; -1: err. */
	int (*open)(void *context, const char *name, struct mapping *mapping,
		    struct err *err);
	void *context;
};
/* The names that a clear-signed description lists; nothing when it is none. */
void signature_listed_names(const struct view *file, struct strings *names);
/* Hold what it lists against the files beside it, and tell that to the entries of its
 * signatures, those of `signatures` from `from` on. *status becomes the worse. */
int signature_check_listed(const struct view *file,
			   const struct signature_beside *beside, json_t *signatures,
			   size_t from, enum signature_status *status, struct err *err);

/* The files of Debian archives that lead from a key to packages: Release files and their
 * signatures, lists of packages and sources. Opened before confinement, read after. */
struct repository;
/* An empty one; free it with repository_free. */
struct repository *repository_new(void);
/* Give back what repository_add opened; NULL is fine. */
void repository_free(struct repository *repository);
/* Add what lies in a folder (a mirror, apt's folder of lists, or any) or one file.
 * ERR_INPUT when there is none of it. */
int repository_add(struct repository *repository, const char *path, struct err *err);
/* Follow the archive from its key over Release file and list to the file: an entry for
 * each signature of each Release file on the way, or one that says how far it came. What
 * `signatures` said of the file or its members lacking a signature is taken back or told
 * as covered, when there is a way. */
int signature_check_repository(const struct repository *repository, const struct view *file,
			    const char *path, const struct trust *trust,
			    json_t *signatures, enum signature_status *status,
			    struct err *err);

/* The metadata of a TUF repository. Opened before confinement, read after. */
struct tuf_repository;
/* An empty one; free it with tuf_repository_free. */
struct tuf_repository *tuf_repository_new(void);
/* Give back what tuf_repository_add opened; NULL is fine. */
void tuf_repository_free(struct tuf_repository *repository);
/* Add the *.json of a folder. ERR_INPUT when there is none. */
int tuf_repository_add(struct tuf_repository *repository, const char *path,
		       struct err *err);
/* Follow the repository from the root that is trusted to the file, which must be called
 * like one of its targets: one entry. `path` is shown text. */
void signature_check_tuf(const struct tuf_repository *repository,
			 const struct signature_part *file, const char *path,
			 const struct trust *trust, json_t *signatures);

/*
 * Check `node` and every member below it that a scheme knows, and every file that a
 * detached signature lies beside (x and x.minisig). Unsigned members are listed when
 * files of their format are signed as a rule, and when not `only_signed`; an unsigned
 * `node` itself also when nothing else is listed.
 */
int signature_check_tree(struct tree *tree, node_id node, bool only_signed,
			 const struct trust *trust, json_t *signatures, struct err *err);

/*
 * Judge the signatures by a policy: each rule with what was expected, what was found,
 * and whether it holds. Pure functions. Of a release, the signatures of its outputs;
 * NULL when it demands nothing.
 */
json_t *signature_policy(const struct release *release, const json_t *signatures);
/* Of files, named as their entries' paths begin: each file's own signatures, and those of
 * its members where it has none or the policy says so. */
json_t *signature_policy_of_files(const struct policy *policy, const struct strings *files,
				  const json_t *signatures);

#endif
