/* What the processes of one build share: verify itself, setup, init, the build. */
#ifndef VERIFY_SANDBOX_BUILD_PRIVATE_H
#define VERIFY_SANDBOX_BUILD_PRIVATE_H

#include "sandbox/sandbox_private.h"

/* The one user that exists for the build, whoever runs verify. */
#define BUILD_UID 1000

/* Where the steps stand inside: constant, so that messages that name it are too. */
#define BUILD_SCRIPT "/verify-steps"

/* Layers that set-up put on, as bits of a report. */
enum build_layer {
	BUILT_USER_NAMESPACE = 1 << 0,
	BUILT_NESTED_USER_NAMESPACE = 1 << 1,
	BUILT_MOUNT_NAMESPACE = 1 << 2,
	BUILT_PID_NAMESPACE = 1 << 3,
	BUILT_NETWORK_NAMESPACE = 1 << 4,
	BUILT_IPC_NAMESPACE = 1 << 5,
	BUILT_UTS_NAMESPACE = 1 << 6,
	BUILT_CGROUP_NAMESPACE = 1 << 7,
	BUILT_OVERLAY = 1 << 8,
	BUILT_COPY = 1 << 9,
	BUILT_FILTER = 1 << 10,
	BUILT_NO_PRIVILEGES = 1 << 11,
	BUILT_MEMORY_GROUP = 1 << 12,
	BUILT_MEMORY_SAMPLED = 1 << 13,
	BUILT_PROCESS_GROUP = 1 << 14,
	BUILT_PROCESS_LIMIT = 1 << 15,
};

/* Control groups of ours (root only): folders, NULL where the machine has none. */
struct control_group {
	char *memory, *pids;
	bool unified; /* version 2: both are the same folder */
};

/* Everything that set-up, init and the build child work from. */
struct build {
	const struct sandbox_plan *plan;
	bool as_root; /* real root: other users' files, devices, no user map */
	uint32_t
	    host_uid; /* outside number of BUILD_UID, as init's namespace sees it */
	int status;   /* socket to verify: struct report */
	int lifeline; /* read end of a pipe that ends with verify */
	int log;      /* write end: the build's standard output and error */
	struct control_group group;
	bool memory_grouped; /* a control group counts memory */
	int root;            /* the pinned root */
	int scratch;         /* the size-limited tmpfs that everything is written to */
	int build_folder;    /* the build path in it */
	uint32_t layers;
};

enum report_kind {
	REPORT_FAILED = 1, /* set-up: err */
	REPORT_FOLDER,     /* carries the build folder's descriptor */
	REPORT_STARTED,    /* the shell runs; layers */
	REPORT_ENDED,      /* end, status, peak: everything inside is dead */
};

/* One packet from init. Only our own code before and beside the build holds the
 * socket; the build never does. */
struct report {
	enum report_kind kind;
	enum sandbox_end end;
	int status;
	uint32_t layers;
	uint64_t peak;
	struct err err;
};

/* Send one, with a descriptor unless it is -1; -1 when verify is gone. */
int report_send(int socket, const struct report *report, int fd);
/* Receive one: 1, 0 when the other side is gone, -1 on failure. *fd is -1 or a
 * descriptor that came along. */
int report_receive(int socket, struct report *report, int *fd, struct err *err);

/* Life of the setup process: namespaces, then init in them, then wait for it. */
_Noreturn void build_setup(struct build *build, pid_t parent);

/* All mounts; afterwards `/` is the pinned root and nothing of the host is left. */
int mounts_make(struct build *build, struct err *err);
/* Files that the sandbox writes into the root: hosts, passwd, the steps. */
int etc_write(const struct build *build, struct err *err);

/* The system call filter of builds: what builds need, without the ways to the
 * kernel's less trodden parts. */
int filter_build(struct err *err);

/* In the forked child: become the build user without any power and run the steps.
 * Writes a struct err to `complaint` when it cannot. */
_Noreturn void build_exec(const struct build *build, int complaint, int sync_from,
			  int sync_to);
/* In init: give the child its user map when it asks. */
int build_map_user(const struct build *build, pid_t child, int sync_from, int sync_to,
		   struct err *err);

/* Memory (private and shared, with what the tmpfs holds) and tasks of all
 * processes in this pid namespace but init, from our own /proc. */
struct usage {
	uint64_t memory, tasks;
};
int usage_sample(int scratch, struct usage *usage, struct err *err);

/* ---- control groups (root only) --------------------------------------- */

/* Make groups with these limits; both NULL when the machine offers none. */
void group_make(const struct limits *limits, struct control_group *group);
/* Move the calling process in. */
int group_enter(const struct control_group *group, struct err *err);
/* Was memory denied, or a process? And the peak. */
bool group_memory_hit(const struct control_group *group);
bool group_pids_hit(const struct control_group *group);
uint64_t group_peak(const struct control_group *group);
/* Remove them; they must be empty. */
void group_remove(struct control_group *group);

/* ---- copying hostile trees ------------------------------------------- */

struct copy_options {
	bool owners;  /* keep uid and gid; else everything becomes ours */
	bool special; /* keep setuid and setgid */
	bool unlock;  /* make what its owner cannot read readable, in `from` itself */
};

/* Copy all below the folder `from` into the empty folder `to`, following nothing;
 * what is left out or changed is told in `notes` (may be NULL). */
int tree_copy(int from, int to, const struct copy_options *options,
	      struct strings *notes, struct err *err);

#endif
