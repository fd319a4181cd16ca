/*
 * setup and init: the two processes of our own around a build.
 *
 *   verify ── setup ── init (pid 1 inside) ── sh -e /verify-steps ── …
 *
 * setup enters the namespaces and waits; init makes the mounts, starts the build,
 * counts, reaps, and ends everything inside before it reports. Both die with their
 * parent (PDEATHSIG), init also at the end of the lifeline pipe that verify holds;
 * with init the kernel ends every process of the namespace.
 */
#include "sandbox/build_private.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE_INTERVAL 200 /* milliseconds */
#define SAMPLE_HURRY    20  /* once an eighth of the memory is in use */

static _Noreturn void
give_up(const struct build *build, const struct err *err)
{
	struct report report = {.kind = REPORT_FAILED, .err = *err};
	(void)report_send(build->status, &report, -1);
	_exit(1);
}

/* ---- setup ----------------------------------------------------------- */

static int
user_namespace_refused(struct err *err)
{
	err_errno(err, "the kernel refuses user namespaces");
	return err_set(
	    err, ERR_SYSTEM,
	    "the kernel refuses user namespaces to ordinary users: allow them (sysctl "
	    "kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile "
	    "for "
	    "verify with 'userns,'; kernel.unprivileged_userns_clone=1; "
	    "user.max_user_namespaces above 0), or run verify as root");
}

/* Inside, our caller is number 0: the owner of the mounts, and of nothing else. */
static int
user_namespace_enter(struct err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];
	if (unshare(CLONE_NEWUSER) == -1)
		return user_namespace_refused(err);
	snprintf(map, sizeof(map), "0 %u 1\n", uid);
	if (proc_write("/proc/self/setgroups", "deny", err) == -1 ||
	    proc_write("/proc/self/uid_map", map, err) == -1)
		return user_namespace_refused(err);
	snprintf(map, sizeof(map), "0 %u 1\n", gid);
	if (proc_write("/proc/self/gid_map", map, err) == -1)
		return user_namespace_refused(err);
	return 0;
}

static int
namespaces_enter(struct build *build, struct err *err)
{
	static const struct {
		int flag;
		uint32_t layer;
		const char *name;
	} spaces[] = {
	    {CLONE_NEWNS, BUILT_MOUNT_NAMESPACE, "mount"},
	    {CLONE_NEWPID, BUILT_PID_NAMESPACE, "pid"},
	    {CLONE_NEWNET, BUILT_NETWORK_NAMESPACE, "network"},
	    {CLONE_NEWIPC, BUILT_IPC_NAMESPACE, "ipc"},
	    {CLONE_NEWUTS, BUILT_UTS_NAMESPACE, "uts"},
	    {CLONE_NEWCGROUP, BUILT_CGROUP_NAMESPACE, "cgroup"},
	};
	if (!build->as_root) {
		if (user_namespace_enter(err) == -1)
			return -1;
		build->layers |= BUILT_USER_NAMESPACE;
	} else if (setgroups(0, NULL) == -1) {
		return err_errno(err, "cannot drop the supplementary groups");
	}
	for (size_t i = 0; i < ARRAY_COUNT(spaces); i++) {
		if (unshare(spaces[i].flag) == -1)
			return err_errno(
			    err,
			    "the kernel refuses a %s namespace (a container "
			    "around verify may forbid it)",
			    spaces[i].name);
		build->layers |= spaces[i].layer;
	}
	return 0;
}

/* ---- init ------------------------------------------------------------ */

static int
loopback_up(struct err *err)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || ioctl(fd, SIOCSIFFLAGS, &request) == -1)
		return err_errno(err, "cannot start the sandbox's own loopback");
	close(fd);
	return 0;
}

static int
names_set(const struct sandbox_plan *plan, struct err *err)
{
	static const char domain[] = "(none)";
	if (sethostname(plan->hostname, strlen(plan->hostname)) == -1 ||
	    setdomainname(domain, sizeof(domain) - 1) == -1)
		return err_errno(err, "cannot set the host name '%s'", plan->hostname);
	return 0;
}

/* As many processors as the plan says, of those that we may use; which ones differs
 * from build to build, so that two at once do not sit on the same. */
static int
processors_set(unsigned wanted, struct err *err)
{
	cpu_set_t allowed, chosen;
	CPU_ZERO(&chosen);
	if (sched_getaffinity(0, sizeof(allowed), &allowed) == -1)
		return err_errno(err, "cannot ask for the processors");
	unsigned have = (unsigned)CPU_COUNT(&allowed);
	if (wanted < 1 || wanted > have)
		return err_set(err, ERR_SYSTEM,
			       "the toolchain description wants %u processors and this "
			       "process may use %u: builds that ask for their number "
			       "would differ",
			       wanted, have);
	unsigned skip = have > wanted ? (unsigned)getppid() % have : 0;
	for (unsigned round = 0, taken = 0; taken < wanted; round++) {
		unsigned number = round % CPU_SETSIZE;
		if (!CPU_ISSET(number, &allowed) || CPU_ISSET(number, &chosen))
			continue;
		if (skip > 0) {
			skip--;
			continue;
		}
		CPU_SET(number, &chosen);
		taken++;
	}
	if (sched_setaffinity(0, sizeof(chosen), &chosen) == -1)
		return err_errno(err, "cannot choose %u processors", wanted);
	return 0;
}

/* Make the folders above `name` in the build folder, given to the build user. */
static int
input_folders(const struct build *build, const char *name, struct err *err)
{
	char *path = base_strdup(name);
	int result = 0;
	for (char *at = strchr(path, '/'); result == 0 && at;
	     at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdirat(build->build_folder, path, 0755) == 0) {
			if (fchownat(build->build_folder, path, build->host_uid,
				     build->host_uid, AT_SYMLINK_NOFOLLOW) == -1 ||
			    fchmodat(build->build_folder, path, 0755, 0) == -1)
				result = err_errno(err, "cannot give '%s' away", path);
		} else if (errno != EEXIST) {
			result = err_errno(err, "cannot make folder '%s'", path);
		}
		*at = '/';
	}
	free(path);
	return result;
}

static int
input_copy(const struct build *build, const struct sandbox_input *input,
	   struct err *err)
{
	if (!path_is_plain(input->name))
		return err_set(err, ERR_USAGE, "not a plain name below the build path");
	if (input_folders(build, input->name, err) == -1)
		return -1;
	int to = openat(build->build_folder, input->name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (to == -1)
		return err_errno(err, "cannot make it inside");
	char block[65536];
	off_t at = 0;
	ssize_t got;
	int result = 0;
	while (result == 0 && (got = pread(input->fd, block, sizeof(block), at)) != 0) {
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			result = err_errno(err, "cannot read it");
		else
			result = file_write_fd(to, block, (size_t)got, err);
		at += got;
	}
	if (result == 0 && (fchmod(to, 0644) == -1 ||
			    fchown(to, build->host_uid, build->host_uid) == -1))
		result = err_errno(err, "cannot give it to the build user");
	close(to);
	return result;
}

static int
inputs_copy(const struct build *build, struct err *err)
{
	for (size_t i = 0; i < build->plan->input_count; i++) {
		const struct sandbox_input *input = &build->plan->inputs[i];
		if (input_copy(build, input, err) == -1) {
			char *shown = text_shown(input->name);
			err_at(err, "input '%s'", shown);
			free(shown);
			return -1;
		}
	}
	return 0;
}

/* Fork the build, map its user, and wait until the shell runs. */
static int
build_start(struct build *build, pid_t *started, struct err *err)
{
	int complaint[2], to_child[2], to_init[2];
	if (pipe2(complaint, O_CLOEXEC) == -1 || pipe2(to_child, O_CLOEXEC) == -1 ||
	    pipe2(to_init, O_CLOEXEC) == -1)
		return err_errno(err, "cannot make a pipe");
	pid_t child = fork();
	if (child == -1)
		return err_errno(err, "cannot fork the build");
	if (child == 0) {
		close(to_child[1]);
		close(to_init[0]);
		build_exec(build, complaint[1], to_child[0], to_init[1]);
	}
	close(complaint[1]);
	close(to_child[0]);
	close(to_init[1]);
	int result = build_map_user(build, child, to_init[0], to_child[1], err);
	close(to_init[0]);
	close(to_child[1]);
	struct err said;
	if (result == 0 && read(complaint[0], &said, sizeof(said)) != 0) {
		*err = said;
		result = -1;
	}
	close(complaint[0]);
	build->layers |= BUILT_NESTED_USER_NAMESPACE | BUILT_FILTER |
			 BUILT_NO_PRIVILEGES | BUILT_PROCESS_LIMIT;
	*started = child;
	return result;
}

/* Reap what has ended; true when the build itself is among it. */
static bool
reap(pid_t build, int *status)
{
	bool ended = false;
	pid_t pid;
	int how;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid == build) {
			*status = how;
			ended = true;
		}
	}
	return ended;
}

/* Nothing inside lives on: a killed process cannot fork any more. */
static void
everything_end(void)
{
	do
		kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) != -1 || errno != ECHILD);
}

static bool
disk_is_full(int scratch)
{
	struct statvfs fs;
	if (fstatvfs(scratch, &fs) == -1)
		return false;
	return fs.f_bfree < fs.f_blocks / 100 + 1 || fs.f_ffree < fs.f_files / 1000 + 1;
}

/* Until the build ends, a limit is reached, or verify is gone. */
static void
build_watch(const struct build *build, pid_t child, int signals, struct report *report)
{
	const struct limits *limits = &build->plan->limits;
	struct pollfd ready[2] = {{signals, POLLIN, 0}, {build->lifeline, POLLIN, 0}};
	struct signalfd_siginfo info;
	struct err err;
	int status = 0;
	double sampled = time_elapsed();
	int interval = SAMPLE_INTERVAL;
	for (;;) {
		int polled = poll(ready, 2, interval);
		if (polled > 0 && ready[1].revents != 0)
			_exit(0); /* verify is gone, or wants an end */
		if (polled > 0 && ready[0].revents != 0 &&
		    read(signals, &info, sizeof(info)) == -1 && errno != EAGAIN)
			_exit(1);
		if (reap(child, &status))
			break;
		struct usage usage;
		if (time_elapsed() - sampled < interval / 1000.0 ||
		    usage_sample(build->scratch, &usage, &err) == -1)
			continue;
		sampled = time_elapsed();
		bool hurry =
		    !build->memory_grouped && usage.memory > limits->memory / 8;
		interval = hurry ? SAMPLE_HURRY : SAMPLE_INTERVAL;
		if (usage.memory > report->peak)
			report->peak = usage.memory;
		if (!build->memory_grouped && usage.memory > limits->memory) {
			report->end = SANDBOX_MEMORY_LIMIT;
			return;
		}
		if (usage.tasks >= limits->processes) {
			report->end = SANDBOX_PROCESS_LIMIT;
			return;
		}
	}
	report->end = WIFSIGNALED(status) ? SANDBOX_SIGNALLED : SANDBOX_EXITED;
	report->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	if (status != 0 && disk_is_full(build->scratch))
		report->end = SANDBOX_DISK_LIMIT;
}

static int
init_prepare(struct build *build, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return err_errno(err, "cannot tie a process to its parent's life");
	umask(022);
	if (names_set(build->plan, err) == -1 || loopback_up(err) == -1 ||
	    processors_set(build->plan->cpus, err) == -1 ||
	    mounts_make(build, err) == -1)
		return -1;
	return inputs_copy(build, err);
}

static _Noreturn void
init_run(struct build *build)
{
	struct err err = {0};
	struct report report = {.kind = REPORT_FOLDER};
	sigset_t child_ends;
	pid_t child = -1;
	prctl(PR_SET_NAME, "verify-init");
	sigemptyset(&child_ends);
	sigaddset(&child_ends, SIGCHLD);
	sigprocmask(SIG_SETMASK, &child_ends, NULL);
	int signals = signalfd(-1, &child_ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals == -1) {
		err_errno(&err, "cannot wait for signals");
		give_up(build, &err);
	}
	if (init_prepare(build, &err) == -1)
		give_up(build, &err);
	if (report_send(build->status, &report, build->build_folder) == -1)
		_exit(1);
	if (build_start(build, &child, &err) == -1)
		give_up(build, &err);
	close(build->log);
	/* Not to be looked at by the build, whose number outside is ours for an
	 * ordinary user. Not earlier, as the child would inherit it and refuse its user
	 * map. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
	    capabilities_keep(UINT64_C(1) << CAP_KILL, &err) == -1)
		give_up(build, &err);
	report.kind = REPORT_STARTED;
	report.layers = build->layers;
	if (report_send(build->status, &report, -1) == -1)
		_exit(1);
	report.kind = REPORT_ENDED;
	build_watch(build, child, signals, &report);
	everything_end();
	(void)report_send(build->status, &report, -1);
	_exit(0);
}

_Noreturn void
build_setup(struct build *build, pid_t parent)
{
	struct err err = {0};
	int status = 0;
	setsid(); /* the terminal's signals are for verify */
	if (group_enter(&build->group, &err) == -1 ||
	    namespaces_enter(build, &err) == -1 || parent_watch(parent, &err) == -1)
		give_up(build, &err);
	pid_t init = fork();
	if (init == 0)
		init_run(build);
	if (init == -1) {
		err_errno(&err, "cannot fork the sandbox's first process");
		give_up(build, &err);
	}
	close(build->status);
	close(build->log);
	while (waitpid(init, &status, 0) == -1 && errno == EINTR)
		continue;
	_exit(0);
}
