/* From a copy of init to the build: a user without any power runs the steps. */
#include "sandbox/build_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_SOFT 1024
#define DESCRIPTORS_HARD 4096
#define STACK_SIZE       (UINT64_C(8) << 20)
#define SPARE_TASKS      16

static int
limit_lower(int resource, uint64_t soft, uint64_t hard, const char *name,
	    struct err *err)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) == -1)
		return err_errno(err, "cannot read the limit of %s", name);
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < hard)
		hard = limit.rlim_max;
	limit.rlim_max = (rlim_t)hard;
	limit.rlim_cur = (rlim_t)(soft < hard ? soft : hard);
	if (setrlimit(resource, &limit) == -1)
		return err_errno(err, "cannot limit %s", name);
	return 0;
}

/* The same for every build, whatever the caller's shell has. */
static int
limits_set(const struct build *build, struct err *err)
{
	const struct limits *limits = &build->plan->limits;
	uint64_t tasks = limits->processes + SPARE_TASKS;
	if (limit_lower(RLIMIT_CORE, CORE_NEVER, CORE_NEVER, "core files", err) == -1 ||
	    limit_lower(RLIMIT_FSIZE, limits->disk, limits->disk, "file sizes", err) ==
		-1 ||
	    limit_lower(RLIMIT_NOFILE, DESCRIPTORS_SOFT, DESCRIPTORS_HARD,
			"descriptors", err) == -1 ||
	    limit_lower(RLIMIT_STACK, STACK_SIZE, RLIM_INFINITY, "the stack", err) ==
		-1 ||
	    limit_lower(RLIMIT_NPROC, tasks, tasks, "processes", err) == -1)
		return -1;
	if (build->memory_grouped || SANDBOX_SANITISED)
		return 0;
	/* The samples catch what grows slowly, this what jumps between two of them.
	 * Only memory that can be written counts: reserved addresses are harmless. */
	uint64_t data =
	    limits->memory > UINT64_MAX / 2 ? UINT64_MAX : 2 * limits->memory;
	return limit_lower(RLIMIT_DATA, data, data, "memory", err);
}

/* Ask init for the map of a namespace in which one user exists. */
static int
user_enter(int sync_from, int sync_to, struct err *err)
{
	char byte = 'u';
	if (unshare(CLONE_NEWUSER) == -1)
		return err_errno(err, "cannot make a user namespace for the build "
				      "(see user.max_user_namespaces)");
	if (write(sync_to, &byte, 1) != 1 || read(sync_from, &byte, 1) != 1)
		return err_set(err, ERR_SYSTEM, "the sandbox gave no user map");
	if (setresgid(BUILD_UID, BUILD_UID, BUILD_UID) == -1 ||
	    setresuid(BUILD_UID, BUILD_UID, BUILD_UID) == -1)
		return err_errno(err, "cannot become the build user");
	return 0;
}

/* No capability now, none by running anything, and no way back. */
static int
powers_drop(struct err *err)
{
	for (unsigned long number = 0; number < 64; number++) {
		if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == -1 && errno != EINVAL)
			return err_errno(err, "cannot drop capability %lu", number);
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == -1)
		return err_errno(err, "cannot clear the ambient capabilities");
	if (prctl(PR_SET_SECUREBITS,
		  SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
		      SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
		      SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED,
		  0, 0, 0) == -1)
		return err_errno(err, "cannot lock the capabilities");
	if (capabilities_keep(0, err) == -1)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_errno(err, "cannot forbid new privileges");
	/* Asked again, rather than believed. */
	struct __user_cap_header_struct header = {.version =
						      _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	if (syscall(SYS_capget, &header, data) == -1 || data[0].effective != 0 ||
	    data[1].effective != 0 || data[0].permitted != 0 || data[1].permitted != 0)
		return err_set(err, ERR_SYSTEM, "capabilities are left");
	if (getuid() != BUILD_UID || geteuid() != BUILD_UID || getgid() != BUILD_UID ||
	    setuid(0) != -1)
		return err_set(err, ERR_SYSTEM,
			       "the build user is not the one expected");
	return 0;
}

static void
signals_default(void)
{
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
descriptors_set(const struct build *build, struct err *err)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1 ||
	    dup2(build->log, STDOUT_FILENO) == -1 ||
	    dup2(build->log, STDERR_FILENO) == -1 ||
	    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == -1)
		return err_errno(err, "cannot set up the build's descriptors");
	return 0;
}

_Noreturn void
build_exec(const struct build *build, int complaint, int sync_from, int sync_to)
{
	const struct sandbox_plan *plan = build->plan;
	struct err err = {0};
	signals_default();
	personality(PER_LINUX);
	setsid();
	umask((mode_t)plan->umask);
	if (user_enter(sync_from, sync_to, &err) == 0 && limits_set(build, &err) == 0 &&
	    powers_drop(&err) == 0 && descriptors_set(build, &err) == 0) {
		if (chdir(plan->build_path) == -1)
			err_errno(&err, "cannot enter '%s' inside", plan->build_path);
		else if (filter_build(&err) == 0) {
			execle("/bin/sh", "sh", "-e", BUILD_SCRIPT, (char *)NULL,
			       plan->environment);
			err_errno(&err, "cannot run '/bin/sh' of the pinned root (does "
					"it hold a shell and its libraries?)");
		}
	}
	ssize_t ignored = write(complaint, &err, sizeof(err));
	(void)ignored;
	_exit(127);
}

int
build_map_user(const struct build *build, pid_t child, int sync_from, int sync_to,
	       struct err *err)
{
	char byte, path[64], map[64];
	if (read(sync_from, &byte, 1) != 1)
		return 0; /* it has told why through its complaint */
	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)child);
	if (proc_write(path, "deny", err) == -1)
		return -1;
	snprintf(map, sizeof(map), "%d %u 1\n", BUILD_UID, build->host_uid);
	snprintf(path, sizeof(path), "/proc/%d/gid_map", (int)child);
	if (proc_write(path, map, err) == -1)
		return err_at(err, "the build's user map");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", (int)child);
	if (proc_write(path, map, err) == -1)
		return err_at(err, "the build's user map");
	if (write(sync_to, &byte, 1) != 1)
		return err_errno(err, "cannot go on with the build");
	return 0;
}
