/* The system call filter for our own readers: what is not listed is refused. */
#include "sandbox/filter_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Memory, threads, time, and work on descriptors that are open already. */
static const char *const always[] = {
    "brk",
    "clock_getres",
    "clock_gettime",
    "clock_nanosleep",
    "close",
    "close_range",
    "copy_file_range",
    "dup",
    "dup2",
    "dup3",
    "exit",
    "exit_group",
    "fadvise64",
    "fallocate",
    "fdatasync",
    "flock",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "futex_wait",
    "futex_wake",
    "getcpu",
    "getdents64",
    "getegid",
    "geteuid",
    "getgid",
    "getpid",
    "getppid",
    "getrandom",
    "getrlimit",
    "getrusage",
    "gettid",
    "gettimeofday",
    "getuid",
    "lseek",
    "madvise",
    "membarrier",
    "memfd_create",
    "mincore",
    "mlock",
    "mlock2",
    "mmap",
    "mprotect",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    "nanosleep",
    "pipe2",
    "poll",
    "ppoll",
    "pread64",
    "preadv",
    "preadv2",
    "pselect6",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readv",
    "restart_syscall",
    "rseq",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_getaffinity",
    "sched_yield",
    "select",
    "sendfile",
    "set_robust_list",
    "set_tid_address",
    "sigaltstack",
    "sysinfo",
    "time",
    "times",
    "umask",
    "uname",
    "write",
    "writev",
    NULL,
};

/* Looking, for a reader that was given paths. */
static const char *const looking[] = {
    "access", "faccessat", "faccessat2", "fgetxattr", "flistxattr",
    "getcwd", "lstat",     "newfstatat", "readlink",  "readlinkat",
    "stat",   "statfs",    "statx",      NULL,
};

/* Filling a folder. Changes of modes, owners and times go by descriptor only, as
 * Landlock does not watch over them by name. */
static const char *const filling[] = {
    "creat",   "fchmod",  "futimesat", "link",   "linkat",   "mkdir",
    "mkdirat", "open",    "openat",    "rename", "renameat", "renameat2",
    "rmdir",   "symlink", "symlinkat", "unlink", "unlinkat", NULL,
};

/* No reader has an honest use for these: the attempt ends it, which is a finding. */
static const char *const deadly[] = {
    "accept",
    "accept4",
    "acct",
    "add_key",
    "adjtimex",
    "bind",
    "bpf",
    "chroot",
    "clock_adjtime",
    "clock_settime",
    "connect",
    "create_module",
    "delete_module",
    "execve",
    "execveat",
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
    "listen",
    "mknod",
    "mknodat",
    "mount",
    "mount_setattr",
    "move_mount",
    "move_pages",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pidfd_getfd",
    "pidfd_open",
    "pidfd_send_signal",
    "pivot_root",
    "process_madvise",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "quotactl",
    "reboot",
    "request_key",
    "rt_sigqueueinfo",
    "rt_tgsigqueueinfo",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setdomainname",
    "setgid",
    "setgroups",
    "sethostname",
    "setns",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "settimeofday",
    "setuid",
    "socket",
    "socketpair",
    "swapoff",
    "swapon",
    "syslog",
    "umount2",
    "unshare",
    "userfaultfd",
    "vhangup",
    NULL,
};

struct rule {
	uint32_t action;
	const char *name;
	unsigned count;
	struct scmp_arg_cmp conditions[2];
};

static int
add_rules(scmp_filter_ctx filter, const struct rule *rules, size_t count,
	  struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (filter_add(filter, rules[i].action, rules[i].name,
			       rules[i].conditions, rules[i].count, err) == -1)
			return -1;
	}
	return 0;
}

#define IS(argument, value)                                                            \
	{                                                                              \
		argument, SCMP_CMP_EQ, (scmp_datum_t)(value), 0                        \
	}
#define MASKED(argument, mask, value)                                                  \
	{                                                                              \
		argument, SCMP_CMP_MASKED_EQ, (scmp_datum_t)(mask),                    \
		    (scmp_datum_t)(value)                                              \
	}

/* Threads yes, processes and namespaces no. The flags are clone's first argument on
 * every architecture but s390. clone3 takes them through memory, where a filter
 * cannot look: ENOSYS makes the C library fall back to clone. */
static int
add_threads(scmp_filter_ctx filter, struct err *err)
{
	const struct rule rules[] = {
	    {SCMP_ACT_ALLOW,
	     "clone",
	     1,
	     {MASKED(0, CLONE_THREAD | CLONE_NAMESPACES, CLONE_THREAD)}},
	    {SCMP_ACT_ERRNO(EPERM),
	     "clone",
	     1,
	     {MASKED(0, CLONE_THREAD | CLONE_NAMESPACES, 0)}},
	    {SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, {{0}}},
	    {SCMP_ACT_ERRNO(EPERM), "fork", 0, {{0}}},
	    {SCMP_ACT_ERRNO(EPERM), "vfork", 0, {{0}}},
	};
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

/* Stands in a compiled filter for the number of the process that will have it: larger
 * than the kernel's PID_MAX_LIMIT, so that it is nobody's. */
#define SELF 0x5e1f5e1f

/* A process may signal itself (abort, raise); one that aims at another ends. */
static int
add_signals(scmp_filter_ctx filter, struct err *err)
{
	const scmp_datum_t self = SELF;
	const struct rule rules[] = {
	    {SCMP_ACT_ALLOW, "kill", 1, {IS(0, self)}},
	    {SCMP_ACT_ALLOW, "tgkill", 1, {IS(0, self)}},
	    {SCMP_ACT_KILL_PROCESS, "kill", 1, {{0, SCMP_CMP_NE, self, 0}}},
	    {SCMP_ACT_KILL_PROCESS, "tgkill", 1, {{0, SCMP_CMP_NE, self, 0}}},
	    {SCMP_ACT_KILL_PROCESS, "tkill", 0, {{0}}},
	};
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

/* Calls of which only some uses are harmless. */
static int
add_partly(scmp_filter_ctx filter, struct err *err)
{
	static const struct rule rules[] = {
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_GETFD)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_SETFD)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_GETFL)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_SETFL)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_DUPFD)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_DUPFD_CLOEXEC)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_GET_SEALS)}},
	    {SCMP_ACT_ALLOW, "fcntl", 1, {IS(1, F_ADD_SEALS)}},
	    {SCMP_ACT_ALLOW, "ioctl", 1, {IS(1, TCGETS)}},
	    {SCMP_ACT_ALLOW, "ioctl", 1, {IS(1, TIOCGWINSZ)}},
	    {SCMP_ACT_ALLOW, "ioctl", 1, {IS(1, FIONREAD)}},
	    {SCMP_ACT_ALLOW, "prctl", 1, {IS(0, PR_SET_NAME)}},
	    {SCMP_ACT_ALLOW, "prctl", 1, {IS(0, PR_GET_NAME)}},
	    {SCMP_ACT_ERRNO(EINVAL), "prctl", 1, {IS(0, 0x53564d41)}}, /* PR_SET_VMA */
	    /* Reading a limit of its own, never setting one. */
	    {SCMP_ACT_ALLOW, "prlimit64", 2, {IS(0, 0), IS(2, 0)}},
	};
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

/* Opening to read only: what may be opened at all is Landlock's to say, which has
 * no say over O_PATH. */
static int
add_opening(scmp_filter_ctx filter, struct err *err)
{
	static const uint64_t changing =
	    O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | O_PATH;
	const struct rule rules[] = {
	    {SCMP_ACT_ALLOW, "open", 1, {MASKED(1, changing, O_RDONLY)}},
	    {SCMP_ACT_ALLOW, "openat", 1, {MASKED(2, changing, O_RDONLY)}},
	};
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

/* Without paths names cannot be looked at, as far as a filter can see: the C library's
 * fstat is newfstatat with an empty name, and the flag that says so is not the name. */
static int
add_no_paths(scmp_filter_ctx filter, bool opening, struct err *err)
{
	static const char *const looked[] = {
	    "access", "chdir",  "creat",   "faccessat", "faccessat2",
	    "getcwd", "lstat",  "openat2", "readlink",  "readlinkat",
	    "stat",   "statfs", NULL,
	};
	static const char *const opened[] = {"open", "openat", NULL};
	static const struct rule rules[] = {
	    {SCMP_ACT_ALLOW,
	     "newfstatat",
	     1,
	     {MASKED(3, AT_EMPTY_PATH, AT_EMPTY_PATH)}},
	    {SCMP_ACT_ERRNO(EACCES), "newfstatat", 1, {MASKED(3, AT_EMPTY_PATH, 0)}},
	    {SCMP_ACT_ALLOW, "statx", 1, {MASKED(2, AT_EMPTY_PATH, AT_EMPTY_PATH)}},
	    {SCMP_ACT_ERRNO(EACCES), "statx", 1, {MASKED(2, AT_EMPTY_PATH, 0)}},
	};
	if (filter_add_names(filter, SCMP_ACT_ERRNO(EACCES), looked, err) == -1)
		return -1;
	if (opening
		? add_opening(filter, err) == -1
		: filter_add_names(filter, SCMP_ACT_ERRNO(EACCES), opened, err) == -1)
		return -1;
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

static int
add_reading(scmp_filter_ctx filter, struct err *err)
{
	if (filter_add_names(filter, SCMP_ACT_ALLOW, looking, err) == -1)
		return -1;
	return add_opening(filter, err);
}

static int
add_filling(scmp_filter_ctx filter, struct err *err)
{
	/* futimens(fd): no name beside the descriptor. */
	static const struct rule rules[] = {
	    {SCMP_ACT_ALLOW, "utimensat", 1, {IS(1, 0)}},
	};
	if (filter_add_names(filter, SCMP_ACT_ALLOW, looking, err) == -1 ||
	    filter_add_names(filter, SCMP_ACT_ALLOW, filling, err) == -1)
		return -1;
	return add_rules(filter, rules, ARRAY_COUNT(rules), err);
}

static int
add_paths(scmp_filter_ctx filter, enum confined_paths paths, struct err *err)
{
	switch (paths) {
	case PATHS_WRITE:
		return add_filling(filter, err);
	case PATHS_READ:
		return add_reading(filter, err);
	case PATHS_NOISE:
		return add_no_paths(filter, true, err);
	case PATHS_NONE:
	default:
		return add_no_paths(filter, false, err);
	}
}

static int
make_filter(enum confined_paths paths, scmp_filter_ctx *made, struct err *err)
{
	scmp_filter_ctx filter;
	if (filter_new(SCMP_ACT_ERRNO(EPERM), &filter, err) == -1)
		return -1;
	/* openat2 hides its flags in memory: without it, openat is asked. */
	static const char *const absent[] = {"openat2", "futex_waitv", NULL};
	if (filter_add_names(filter, SCMP_ACT_ALLOW, always, err) == -1 ||
	    filter_add_names(filter, SCMP_ACT_KILL_PROCESS, deadly, err) == -1 ||
	    add_threads(filter, err) == -1 || add_signals(filter, err) == -1 ||
	    add_partly(filter, err) == -1 || add_paths(filter, paths, err) == -1 ||
	    ((paths == PATHS_READ || paths == PATHS_WRITE) &&
	     filter_add_names(filter, SCMP_ACT_ERRNO(ENOSYS), absent, err) == -1)) {
		seccomp_release(filter);
		return -1;
	}
	*made = filter;
	return 0;
}

/* Compiled in the parent, for all of its children: empty until then. */
static struct sock_fprog prepared[PATHS_WRITE + 1];

int
filter_confine_prepare(enum confined_paths paths, struct err *err)
{
	scmp_filter_ctx filter;
	if (prepared[paths].len != 0)
		return 0;
	if (make_filter(paths, &filter, err) == -1)
		return -1;
	return filter_compile(filter, &prepared[paths], err);
}

/* Put this process's number in its place. */
static int
set_self(struct sock_fprog *program, struct err *err)
{
	const pid_t self = getpid();
	bool found = false;
	for (size_t i = 0; i < program->len; i++) {
		struct sock_filter *rule = &program->filter[i];
		if (rule->code != (BPF_JMP | BPF_JEQ | BPF_K) || rule->k != SELF)
			continue;
		rule->k = (uint32_t)self;
		found = true;
	}
	return found ? 0
		     : err_set(err, ERR_SYSTEM,
			       "the system call filter has no place for the process");
}

int
filter_confine(enum confined_paths paths, struct err *err)
{
	if (filter_confine_prepare(paths, err) == -1 ||
	    set_self(&prepared[paths], err) == -1)
		return -1;
	return filter_install(&prepared[paths], err);
}
