/* What the files of the sandbox room share. */
#ifndef VERIFY_SANDBOX_PRIVATE_H
#define VERIFY_SANDBOX_PRIVATE_H

#include "sandbox/sandbox.h"

/* AddressSanitizer reserves terabytes of address space and sees to its own end. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITISED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITISED 1
#endif
#endif
#ifndef SANDBOX_SANITISED
#define SANDBOX_SANITISED 0
#endif

/* The core file limit that makes none: core(5) runs a host's `|program` in
 * core_pattern at a limit of 0, and not at 1, where no file has room either. */
#define CORE_NEVER 1

/* Which way the confined child may use the file system. PATHS_NOISE: Landlock is on
 * and lets it open /dev/urandom alone, which librnp's random generator insists on. */
enum confined_paths { PATHS_NONE, PATHS_NOISE, PATHS_READ, PATHS_WRITE };

/* Put Landlock on this process: nothing but reading below `read_paths` and filling
 * `write_paths` (NULL-ended lists or NULL). *on tells whether the kernel has it;
 * -1 when it has and refused. */
int landlock_confine(const char *const *read_paths, const char *const *write_paths,
		     bool *on, struct err *err);

/* Does the kernel have Landlock? */
bool landlock_known(void);

/* Compile the filter for our own readers, once for all children that come. */
int filter_confine_prepare(enum confined_paths paths, struct err *err);

/* Put the system call filter for our own readers on this process, which is a child. */
int filter_confine(enum confined_paths paths, struct err *err);

/* Close every descriptor from 3 on but those of `keep` (sorted by this call). */
int descriptors_close(int *keep, size_t count, struct err *err);

/* SIGKILL for this process when its parent ends; -1 when `parent` is gone already. */
int parent_watch(pid_t parent, struct err *err);

/* Write one short text into one file of /proc. */
int proc_write(const char *path, const char *text, struct err *err);

/* Clear all capability sets of this thread but the bits of `keep`. */
int capabilities_keep(uint64_t keep, struct err *err);

/* "segmentation fault" for 11. */
const char *signal_meaning(int number);

/* Wait for `child` to end; its status. */
int child_reap(pid_t child);

#endif
