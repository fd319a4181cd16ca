/* The system call filter of builds. Compilers and test suites need most calls, so
 * this one lists what is refused; all of it with an error rather than death, as
 * configure scripts ask for things to see whether they are there. */
#include "sandbox/build_private.h"
#include "sandbox/filter_private.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Past the numbers of every call that any library knows. */
#define NUMBERS_END 1024

/* Names and mounts, other processes' memory, keys, the kernel itself, and interfaces
 * whose history is one of holes. */
static const char *const refused[] = {
    "acct",
    "add_key",
    "adjtimex",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "create_module",
    "delete_module",
    "fanotify_init",
    "finit_module",
    "fsconfig",
    "fsmount",
    "fsopen",
    "fspick",
    "init_module",
    "io_uring_enter",
    "io_uring_register",
    "io_uring_setup",
    "ioperm",
    "iopl",
    "kcmp",
    "kexec_file_load",
    "kexec_load",
    "keyctl",
    "lookup_dcookie",
    "modify_ldt",
    "mount",
    "mount_setattr",
    "move_mount",
    "nfsservctl",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "quotactl_fd",
    "reboot",
    "request_key",
    "setdomainname",
    "sethostname",
    "setns",
    "settimeofday",
    "swapoff",
    "swapon",
    "syslog",
    "umount",
    "umount2",
    "unshare",
    "userfaultfd",
    "uselib",
    "vhangup",
    "vm86",
    "vm86old",
    NULL,
};

/* Each flag of clone that makes a namespace; clone3 hides its flags in memory and
 * so does not exist here, which the C library is prepared for. */
static int
refuse_namespaces(scmp_filter_ctx filter, struct err *err)
{
	for (uint64_t flag = 1; flag <= CLONE_NAMESPACES; flag <<= 1) {
		/* 0x80 is part of the exit signal in clone, and means a time namespace
		 * in clone3 only. */
		if ((CLONE_NAMESPACES & flag) == 0 || flag == 0x80)
			continue;
		const struct scmp_arg_cmp has = {0, SCMP_CMP_MASKED_EQ, flag, flag};
		if (filter_add(filter, SCMP_ACT_ERRNO(EPERM), "clone", &has, 1, err) ==
		    -1)
			return -1;
	}
	return filter_add(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", NULL, 0, err);
}

/* Local sockets, the internet families and routing questions; of every other value,
 * also of those whose upper half the kernel would drop, nothing. */
static int
refuse_sockets(scmp_filter_ctx filter, struct err *err)
{
	static const char *const names[] = {"socket", "socketpair"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		for (scmp_datum_t family = 0; family <= AF_NETLINK + 1; family++) {
			enum scmp_compare how =
			    family > AF_NETLINK ? SCMP_CMP_GE : SCMP_CMP_EQ;
			if (family == AF_UNIX || family == AF_INET ||
			    family == AF_INET6 || family == AF_NETLINK)
				continue;
			const struct scmp_arg_cmp is = {0, how, family, 0};
			if (filter_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), names[i],
				       &is, 1, err) == -1)
				return -1;
		}
	}
	const struct scmp_arg_cmp netlink[] = {
	    {0, SCMP_CMP_EQ, AF_NETLINK, 0}, {2, SCMP_CMP_NE, 0, 0}, /* NETLINK_ROUTE */
	};
	return filter_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), "socket", netlink, 2,
			  err);
}

/* Typing into a terminal, and pasting a console's selection; the kernel looks at
 * the lower half of the request only. */
static int
refuse_terminals(scmp_filter_ctx filter, struct err *err)
{
	static const scmp_datum_t requests[] = {TIOCSTI, TIOCLINUX};
	for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
		const struct scmp_arg_cmp is = {1, SCMP_CMP_MASKED_EQ, 0xffffffff,
						requests[i]};
		if (filter_add(filter, SCMP_ACT_ERRNO(EPERM), "ioctl", &is, 1, err) ==
		    -1)
			return -1;
	}
	return 0;
}

/* Giving files away to system users, whose numbers mean nothing in here, is refused
 * as it is to any ordinary user. The kernel would say EINVAL, by which fakeroot (that
 * asks the kernel first, and knows EPERM only) is stopped. */
static int
refuse_owners(scmp_filter_ctx filter, struct err *err)
{
	static const struct {
		const char *name;
		unsigned owner;
	} calls[] = {{"chown", 1}, {"lchown", 1}, {"fchown", 1}, {"fchownat", 2}};
	/* Up to 999, below BUILD_UID, as blocks of a power of two; and nobody. */
	static const struct {
		uint32_t first, count;
	} blocks[] = {{0, 512},  {512, 256}, {768, 128}, {896, 64},
		      {960, 32}, {992, 8},   {65534, 1}};
	for (size_t i = 0; i < ARRAY_COUNT(calls) * ARRAY_COUNT(blocks) * 2; i++) {
		size_t call = i / 2 / ARRAY_COUNT(blocks);
		size_t block = i / 2 % ARRAY_COUNT(blocks);
		const struct scmp_arg_cmp is = {
		    calls[call].owner + (unsigned)i % 2, SCMP_CMP_MASKED_EQ,
		    (uint32_t) ~(blocks[block].count - 1), blocks[block].first};
		if (filter_add(filter, SCMP_ACT_ERRNO(EPERM), calls[call].name, &is, 1,
			       err) == -1)
			return -1;
	}
	return 0;
}

/* The limit of core files stays at the one value that keeps the host's handler of
 * crashes out. Programs that lower it for safety are told that they did. */
static int
keep_core_limit(scmp_filter_ctx filter, struct err *err)
{
	const struct scmp_arg_cmp set[] = {
	    {0, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE},
	};
	const struct scmp_arg_cmp change[] = {
	    {1, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE},
	    {2, SCMP_CMP_NE, 0, 0},
	    {3, SCMP_CMP_EQ, 0, 0},
	};
	const struct scmp_arg_cmp swap[] = {
	    {1, SCMP_CMP_MASKED_EQ, 0xffffffff, RLIMIT_CORE},
	    {2, SCMP_CMP_NE, 0, 0},
	    {3, SCMP_CMP_NE, 0, 0},
	};
	if (filter_add(filter, SCMP_ACT_ERRNO(0), "setrlimit", set, 1, err) == -1 ||
	    filter_add(filter, SCMP_ACT_ERRNO(0), "prlimit64", change, 3, err) == -1)
		return -1;
	return filter_add(filter, SCMP_ACT_ERRNO(EPERM), "prlimit64", swap, 3, err);
}

/* A second filter below the first: calls newer than this list of the library's are
 * absent, so that a kernel's next invention is not open to builds, and that builds
 * see the same kernel for longer. */
static int
refuse_unknown(struct err *err)
{
	scmp_filter_ctx filter;
	if (filter_new(SCMP_ACT_ERRNO(ENOSYS), &filter, err) == -1)
		return -1;
	for (int number = 0; number < NUMBERS_END; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
		int result =
		    name ? filter_add(filter, SCMP_ACT_ALLOW, name, NULL, 0, err) : 0;
		free(name);
		if (result == -1) {
			seccomp_release(filter);
			return -1;
		}
	}
	return filter_load(filter, err);
}

int
filter_build(struct err *err)
{
	scmp_filter_ctx filter;
	if (refuse_unknown(err) == -1 || filter_new(SCMP_ACT_ALLOW, &filter, err) == -1)
		return -1;
	if (filter_add_names(filter, SCMP_ACT_ERRNO(EPERM), refused, err) == -1 ||
	    refuse_namespaces(filter, err) == -1 || refuse_sockets(filter, err) == -1 ||
	    refuse_terminals(filter, err) == -1 || refuse_owners(filter, err) == -1 ||
	    keep_core_limit(filter, err) == -1) {
		seccomp_release(filter);
		return -1;
	}
	return filter_load(filter, err);
}
