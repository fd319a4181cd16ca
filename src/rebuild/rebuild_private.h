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

/* ---- cache.c --------------------------------------------------------- */

/* The cache's own folder, made when it is not there, for nobody but the user;
 * the caller frees. */
int cache_folder(char **path, struct err *err);

/* A place for one root. `lock` is -1 unless it is held. */
struct slot {
	char key[SHA256_HEX];
	char *roots;    /* the folder of all roots */
	char *path;     /* of the root */
	char *manifest; /* of its manifest */
	char *work;     /* where it is assembled; made by slot_begin */
	int lock;
};

/* The slot of a root that is kept in the cache (not of Root: directory). */
int slot_open(const struct toolchain *toolchain, struct slot *slot, struct err *err);
/* Wait for the lock, then remove what killed assemblies of this root left. */
int slot_lock(struct slot *slot, struct err *err);
/* Make the work folder afresh. */
int slot_begin(struct slot *slot, struct err *err);
/* Give the assembled folder its name, its manifest first. */
int slot_finish(struct slot *slot, const char *assembled, const struct buf *manifest,
		struct err *err);
/* Is the root there? */
bool slot_filled(const struct slot *slot);
/* Remove a root that was found changed. */
int slot_empty(struct slot *slot, struct err *err);
/* Remove the work folder, give the lock back, free. */
void slot_close(struct slot *slot);

/* Remove a folder in which an assembly may have left files of other users. */
int work_remove(const char *folder, const char *name, struct err *err);

/* The file of a package in the cache; the caller frees. */
char *package_path(const char *cache, const struct toolchain_package *package);
/* NAME_VERSION_ARCHITECTURE.deb as apt writes it; the caller frees. */
char *package_file(const struct toolchain_package *package);

/* ---- apt.c ----------------------------------------------------------- */

/* apt in folders of its own: the machine's sources of one suite, its keys and
 * proxies, and nothing installed. */
struct apt {
	char *folder;         /* temporary, removed by apt_close */
	char *architecture;   /* the machine's own */
	struct strings names; /* KEY=value for its programs */
};

/* Set up and update. `sources`: source packages are wanted too. */
int apt_open(const char *suite, bool sources, struct apt *apt, struct err *err);
/* Run apt-get or apt-cache; `out` as in sandbox_run_tool. */
int apt_run(const struct apt *apt, const struct strings *arguments, struct buf *out,
	    struct err *err);
void apt_close(struct apt *apt);
/* Make the solver take the versions of NAME=VERSION, where it would take the newest. */
int apt_prefer(const struct apt *apt, const struct strings *packages, struct err *err);
/* The value of a field of a stanza that apt printed, or "". */
const char *apt_field(const struct stanza *stanza, const char *name);
/* Look up exact versions: fills size and hash of each package that the archive has
 * (has[i] says so). */
int apt_look_up(const struct apt *apt, struct toolchain_package *packages, size_t count,
		bool *has, struct err *err);
/* The lines of one sources file that concern the suite, both forms (sources.list(5)),
 * appended as deb822 stanzas or lines. Returns how many sources were taken. */
size_t apt_sources_filter(const struct buf *file, bool stanzas, const char *suite,
			  bool sources, struct buf *out);

/* ---- packages.c ------------------------------------------------------ */

/* Bring every package of a description into the cache: from `pool`, or by apt. */
int packages_bring(const struct toolchain *toolchain, const char *cache,
		   const char *pool, struct err *err);

/* ---- extract.c ------------------------------------------------------- */

/*
 * Unpack a tar archive (compressed or not) below the empty folder `to`, in the
 * confined child. Modes and times are kept, owners are not; devices are left out;
 * a path that leaves the folder or goes through a link is an error.
 */
int extract_tar(int fd, const char *to, struct err *err);

/* ---- assemble.c ------------------------------------------------------ */

/* Make the root of a description in `slot->work`; its folder, owned by the caller. */
int assemble_root(const struct toolchain *toolchain, const char *cache,
		  const struct slot *slot, char **folder, struct err *err);

/* ---- pin_host.c ------------------------------------------------------ */

/* Fill in the files that the programs need, for Root: host. */
int pin_host(const struct strings *programs, struct toolchain *toolchain,
	     struct err *err);

/* ---- script.c -------------------------------------------------------- */

/*
 * The steps as one script for /bin/sh -e. Before each step that can be told apart it
 * prints a line "MARK N" (the step's number, from 1), MARK being a random word of this
 * run, so that the log tells which step failed.
 */
struct script {
	char *text;
	char mark[40];
};

int script_make(const struct release *release, struct script *script, struct err *err);
void script_free(struct script *script);

/* The environment of the build, KEY=value: all there is. */
void environment_make(const struct toolchain *toolchain, struct strings *environment);

/* ---- log.c ----------------------------------------------------------- */

/* What a build printed. */
struct log {
	struct sha256 sha256; /* of the text in the compressed file */
	uint64_t size;
	size_t step;         /* the last step that was begun; 0: none */
	struct strings tail; /* the last lines, shown text */
};

/* Compress what the build wrote to `fd` into the file `path` (gzip, RFC 1952), each
 * mark replaced by a line that names the step. */
int log_keep(int fd, const char *path, const struct release *release, const char *mark,
	     struct log *log, struct err *err);
void log_free(struct log *log);

#endif
