/*
 * What the files of this room share: manifests as lists of lines, the cache's
 * places and locks, apt in private folders, extraction of archives, the making
 * of roots, and the script of a build.
 *
 * The cache ($XDG_CACHE_HOME/verify, else $HOME/.cache/verify; mode 0700):
 *
 *	packages/<sha256>	one file for each package, named by its hash
 *	roots/<key>/		a root, never changed once it has this name
 *	roots/<key>.manifest	its manifest when it was assembled
 *	roots/<key>.lock	held while a root is assembled
 *	roots/.tmp-<key>-<pid>	an assembly under way, or what a killed one left
 *
 * <key> is a hash over all that determines the root, so that two descriptions
 * which differ in other fields share one.
 */
#ifndef VERIFY_REBUILD_PRIVATE_H
#define VERIFY_REBUILD_PRIVATE_H

#include "rebuild/rebuild.h"

/* ---- manifest.c ------------------------------------------------------ */

/* Paths whose lines differ between two manifests, as "PATH: what changed", at most
 * `most` of them. Returns how many differ in all. */
size_t manifest_differences(const struct buf *before, const struct buf *now,
			    size_t most, struct strings *differences);

#endif
