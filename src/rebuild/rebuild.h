/*
 * rebuild: toolchain roots and their cache, and source to rebuilt files.
 *
 * A root is assembled once from exactly the pinned inputs, into the cache under
 * $XDG_CACHE_HOME/verify (roots/<key>/), by rename; it is never changed
 * afterwards and its manifest hash is checked again before every build.
 * Two runs at once are safe (a lock per key), and so is one that was killed.
 */
#ifndef VERIFY_REBUILD_H
#define VERIFY_REBUILD_H

#include "base/base.h"
#include "describe/describe.h"
#include "sandbox/sandbox.h"
#include "unpack/unpack.h"

/* ---- manifests of roots ---------------------------------------------- */

/*
 * SHA-256 over the canonical manifest of a folder, verify-toolchain(5), "ROOT
 * MANIFEST": one line for each path in byte order, with type, mode, and target or
 * content hash. Uses all processors. `text` receives the manifest itself unless NULL.
 */
int manifest_of_folder(const char *path, struct sha256 *digest, struct buf *text,
		       struct err *err);

/* ---- toolchains ------------------------------------------------------ */

/* Options of `verify toolchain pin`; exactly one kind of source. */
struct pin_request {
	const char *suite;         /* --debian SUITE */
	struct strings build_deps; /* --build-dep SOURCE[=VERSION], or a .dsc file */
	struct strings packages;   /* --package NAME[=VERSION] */
	const char *tar;           /* --tar FILE */
	const char *folder;        /* --directory DIR */
	struct strings host;       /* --host PROGRAM…: host files pinned one by one */
	const char *name;          /* --name */
};

/* Resolve to a description, ready for toolchain_write. No change to the host:
 * apt works in private folders with the machine's own sources and keys. */
int toolchain_pin(const struct pin_request *request, struct toolchain **toolchain,
		  struct err *err);

/* Bring what is pinned and assemble the root in the cache; nothing to do when it is
 * there. `pool`: a folder searched for packages by content hash, and then nothing is
 * downloaded; NULL: apt. *root_sha256 is the manifest's hash: ERR_INPUT when
 * the description has another one. */
int toolchain_fetch(const struct toolchain *toolchain, const char *pool,
		    struct sha256 *root_sha256, struct err *err);

/* A root that was found in the cache and re-hashed. */
struct root {
	char *path; /* host folder */
	struct sha256 sha256;
	bool weak; /* Root: host or directory: not assembled from pinned packages */
};

/* The root for a build, its manifest hashed again now. ERR_INPUT when it is not in the
 * cache (run `verify toolchain fetch`) or was changed. */
int toolchain_root(const struct toolchain *toolchain, struct root *root,
		   struct err *err);
void root_free(struct root *root);

/* ---- builds ---------------------------------------------------------- */

struct rebuild_options {
	const char *output; /* folder to make and fill with what the build left */
	const char *log; /* where the compressed log goes: NULL: output + ".log.gz" */
};

/*
 * Check the sources' hashes, take the toolchain's root, run the steps in the
 * sandbox, and collect. The "build" object of verify-findings(5) is always set,
 * its "result" one of built, failed, not-run. -1 only for
 * ERR_INTERRUPTED; a build that fails is a result.
 * What varies from run to run goes into `run` (seconds, log hash, peak memory).
 */
int rebuild_run(const struct release *release, const struct toolchain *toolchain,
		const struct rebuild_options *options, json_t **build, json_t *run,
		struct err *err);

#endif
