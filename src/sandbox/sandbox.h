/*
 * sandbox: where builds run, and where our own parsers run.
 *
 * Both fail closed: every step of the set-up is fatal, and the caller gets the
 * list of layers that were on. A build sees the pinned root and nothing of the
 * host; a parser child (sandbox_confine_*) sees the descriptors it was given.
 */
#ifndef VERIFY_SANDBOX_H
#define VERIFY_SANDBOX_H

#include "base/base.h"
#include "describe/describe.h"

/* ---- builds ---------------------------------------------------------- */

/* A file placed in the build path before the first step. */
struct sandbox_input {
	const char *name; /* plain path below the build path */
	int fd;		  /* regular file, read from its start */
};

/* A host file of Root: host, shown at its own path, read-only. */
struct sandbox_plan {
	const char *root;	/* host folder of the pinned root: never written to */
	const char *build_path; /* absolute, inside: fresh, owned by the build user */
	const struct sandbox_input *inputs;
	size_t input_count;
	const char *script;	    /* for /bin/sh -e inside, in the build path */
	const char *const *environment; /* KEY=value, NULL at the end: all there is */
	const char *hostname, *user;
	uint32_t umask;
	unsigned cpus;
	struct limits limits;
	int log; /* everything the build prints, at most limits.log bytes; may not be -1 */
	/* Called about once a second in the parent; NULL for none. */
	void (*progress)(void *context, double seconds, const char *last_line);
	void *context;
};

enum sandbox_end {
	SANDBOX_EXITED,	  /* `status` is the exit status */
	SANDBOX_SIGNALLED, /* `status` is the signal */
	SANDBOX_WALL_LIMIT,
	SANDBOX_MEMORY_LIMIT,
	SANDBOX_DISK_LIMIT,
	SANDBOX_PROCESS_LIMIT,
	SANDBOX_LOG_LIMIT,
};

struct sandbox_result {
	enum sandbox_end end;
	int status;
	double seconds;
	uint64_t peak_memory; /* bytes, 0 when nobody counted */
	struct strings layers; /* "user namespace", "no network", "seccomp", … sorted */
	int build_folder; /* the build path as the build left it, all of its processes
			   * dead: a folder descriptor outside of any path of the host.
			   * Hostile content: walk it with sandbox_collect only. -1 if
			   * the build never began */
};

/*
 * Run one build. 0: it began, and *result says how it ended (the caller calls
 * sandbox_result_close). -1: it never began (ERR_SYSTEM: the machine refuses
 * namespaces, with what to do about it) or was interrupted (ERR_INTERRUPTED).
 * In every case no process of the build is left, also when the caller dies.
 */
int sandbox_run(const struct sandbox_plan *plan, struct sandbox_result *result,
		struct err *err);
void sandbox_result_close(struct sandbox_result *result);

/* Copy every regular file, folder and symbolic link below result->build_folder to
 * the fresh folder `to` (modes kept, setuid and setgid dropped and noted, links
 * never followed, devices and sockets left out and noted). */
int sandbox_collect(const struct sandbox_result *result, const char *to,
		    struct strings *notes, struct err *err);

/* ---- our own parsers ------------------------------------------------- */

/* What the confined child may still touch. Everything else is gone: network,
 * exec, ptrace, other descriptors, the file system. */
struct confinement {
	const int *keep; /* descriptors it may use, besides 0, 1 and 2 */
	size_t keep_count;
	const char *const *read_paths; /* files or folders it may open; NULL at the end */
	const char *const *write_paths; /* folders it may fill; NULL at the end */
	uint64_t memory; /* address space, bytes; 0: 16 GiB. Files may be mapped into all
			  * of it; other memory is at most 16 GiB */
	uint64_t seconds; /* wall time; 0: one hour */
};

/* Runs in the child. What it appends to `out` reaches the parent; err too. */
typedef int confined_main(void *context, struct buf *out, struct err *err);

/*
 * Fork, confine, run, and gather. 0: it returned 0 and `out` holds its bytes.
 * -1: it returned -1 (its err), was killed by a signal (ERR_INPUT: "the reader was
 * stopped by signal 11"), by seccomp (signal 31), or by a limit (ERR_LIMIT); what it
 * wrote before is in `out` only if it returned. `layers` (sorted strings) always says
 * what was on; where the kernel lacks Landlock it is simply not listed. A child
 * that was given read_paths or write_paths but cannot have Landlock runs with the
 * rest only, and "landlock" is missing from the layers.
 *
 * Inside: threads yes, processes no. Modes and times are set by descriptor (fchmod,
 * futimens), never by name; owners and extended attributes not at all. librnp works
 * only with Landlock, as its random generator must open /dev/urandom.
 */
int sandbox_confine(const struct confinement *confinement, confined_main *child,
		    void *context, struct buf *out, struct strings *layers,
		    struct err *err);

/* A child of sandbox_confine that was started and not heard yet, for a caller that has
 * work of its own meanwhile. */
struct confined;
/* Fork and confine as sandbox_confine does; the child sees memory as it is now. */
int sandbox_confine_start(const struct confinement *confinement, confined_main *child,
			  void *context, struct confined **confined, struct err *err);
/* Gather what it says, as sandbox_confine does; ends and frees it in every case. */
int sandbox_confine_finish(struct confined *confined, struct buf *out,
			   struct strings *layers, struct err *err);
/* End it unheard, and free it; NULL is fine. */
void sandbox_confine_stop(struct confined *confined);

/* Run a helper program of ours (apt-get, mmdebstrap, …; never shipped or built
 * code): argv[0] from PATH, the environment as given (NULL: PATH, HOME and locale only), standard
 * output appended to `out` when not NULL and else to our standard error when -v, standard
 * error kept and its last lines put into err on failure. Dies with us. */
int sandbox_run_tool(const char *const *argv, const char *const *environment,
		     struct buf *out, struct err *err);

#endif
