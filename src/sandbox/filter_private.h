/* How the two system call filters are written down. */
#ifndef VERIFY_SANDBOX_FILTER_PRIVATE_H
#define VERIFY_SANDBOX_FILTER_PRIVATE_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "sandbox/sandbox_private.h"

/* Calls by name, as headers and libseccomp of one age do not know those of another:
 * a name unknown to both falls under the filter's default. */
struct filter_names {
	uint32_t action;
	const char *const *names;
};

/* Add `action` for each name of a NULL-ended list. */
int filter_add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names,
		     struct err *err);

/* Add one rule with conditions. */
int filter_add(scmp_filter_ctx filter, uint32_t action, const char *name,
	       const struct scmp_arg_cmp *conditions, unsigned count, struct err *err);

/* A filter with that default, in which other architectures' calls kill. */
int filter_new(uint32_t otherwise, scmp_filter_ctx *filter, struct err *err);

/* Load it on this process, for good, and release it. */
int filter_load(scmp_filter_ctx filter, struct err *err);

/* Compile it once for many processes, and release it; the rules are the caller's. */
int filter_compile(scmp_filter_ctx filter, struct sock_fprog *program, struct err *err);

/* Load a compiled one on this process, for good: it must have no new privileges. */
int filter_install(const struct sock_fprog *program, struct err *err);

/* All flags of clone(2) and unshare(2) that make a namespace. */
#define CLONE_NAMESPACES UINT64_C(0x7e020080)

#endif
