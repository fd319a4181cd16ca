/*
 * One build, seen from verify: start the sandbox, pump the log, keep the limits, and
 * end everything before anything of the result is read.
 */
#include "sandbox/build_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Numbers that no system hands out; each build has one of these for itself, so that
 * two builds at once are strangers. */
#define HOST_UID_FIRST 0x70000000u
#define HOST_UID_MASK  0x00ffffffu

#define LAST_LINE     200
#define POLL_INTERVAL 200 /* milliseconds */
#define END_PATIENCE  5.0 /* seconds until setup is killed */

struct run {
	const struct sandbox_plan *plan;
	struct build build;
	struct sandbox_result *result;
	pid_t setup;
	int status, log; /* our ends */
	int lifeline;    /* write end; -1 once it was cut */
	double began, cut, told;
	bool ended, started;
	enum sandbox_end why; /* the limit that we ended it for, or SANDBOX_EXITED */
	uint64_t logged;
	struct buf line;
	char last_line[LAST_LINE];
};

/* ---- starting -------------------------------------------------------- */

static int
plan_check(const struct sandbox_plan *plan, struct err *err)
{
	if (plan->build_path[0] != '/' || !path_is_plain(plan->build_path + 1))
		return err_set(err, ERR_USAGE,
			       "the build path must be an absolute path without '.', "
			       "'..' or empty parts, and not '/'");
	static const char *const taken[] = {"/proc", "/dev", "/sys", "/etc"};
	for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
		size_t length = strlen(taken[i]);
		if (strncmp(plan->build_path, taken[i], length) == 0 &&
		    (plan->build_path[length] == '\0' ||
		     plan->build_path[length] == '/'))
			return err_set(err, ERR_USAGE,
				       "the build path may not be in '%s'", taken[i]);
	}
	if (plan->user[strcspn(plan->user, ":\n")] != '\0' || plan->user[0] == '\0' ||
	    plan->hostname[strcspn(plan->hostname, " \t\n")] != '\0')
		return err_set(err, ERR_USAGE,
			       "a user or host name may not hold ':' or blanks");
	if (plan->limits.memory == 0 || plan->limits.disk == 0 ||
	    plan->limits.processes == 0 || plan->limits.wall_seconds == 0)
		return err_set(err, ERR_USAGE, "a limit of the build is 0");
	return 0;
}

static _Noreturn void
setup_main(struct run *run, pid_t parent)
{
	const struct sandbox_plan *plan = run->plan;
	struct build *build = &run->build;
	struct err err = {0};
	size_t count = plan->input_count + 4;
	int *keep = base_alloc(count, sizeof(*keep));
	for (size_t i = 0; i < plan->input_count; i++)
		keep[i] = plan->inputs[i].fd;
	keep[count - 1] = build->root;
	keep[count - 2] = build->status;
	keep[count - 3] = build->lifeline;
	keep[count - 4] = build->log;
	if (descriptors_close(keep, count, &err) == -1) {
		struct report report = {.kind = REPORT_FAILED, .err = err};
		(void)report_send(build->status, &report, -1);
		_exit(1);
	}
	free(keep);
	build_setup(build, parent);
}

static int
run_start(struct run *run, struct err *err)
{
	struct build *build = &run->build;
	int life[2] = {-1, -1}, status[2] = {-1, -1}, log[2] = {-1, -1};
	build->plan = run->plan;
	build->as_root = geteuid() == 0;
	build->scratch = build->build_folder = -1;
	if (file_open_folder(run->plan->root, &build->root, err) == -1)
		return err_at(err, "the pinned root");
	if (pipe2(life, O_CLOEXEC) == -1 || pipe2(log, O_CLOEXEC) == -1 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) == -1) {
		err_errno(err, "cannot make the pipes of a sandbox");
	} else {
		group_make(&run->plan->limits, &build->group);
		build->memory_grouped = build->group.memory != NULL;
		build->layers |=
		    build->memory_grouped ? BUILT_MEMORY_GROUP : BUILT_MEMORY_SAMPLED;
		if (build->group.pids != NULL)
			build->layers |= BUILT_PROCESS_GROUP;
		build->lifeline = life[0];
		build->status = status[1];
		build->log = log[1];
		pid_t self = getpid();
		fflush(NULL);
		/* The caller is number 0 of its own namespace when it is not root. */
		build->host_uid =
		    build->as_root
			? HOST_UID_FIRST + ((uint32_t)self * 64 +
					    (uint32_t)(time_elapsed() * 1000) % 64) %
					       HOST_UID_MASK
			: 0;
		run->setup = fork();
		if (run->setup == 0)
			setup_main(run, self);
		if (run->setup == -1)
			err_errno(err, "cannot fork a sandbox");
	}
	close(build->root);
	close(life[0]);
	close(status[1]);
	close(log[1]);
	run->lifeline = life[1];
	run->status = status[0];
	run->log = log[0];
	return run->setup > 0 ? 0 : -1;
}

/* ---- while it runs --------------------------------------------------- */

/* Let init see that we want an end: it kills everything inside and goes. */
static void
run_cut(struct run *run, enum sandbox_end why)
{
	if (run->lifeline == -1)
		return;
	run->why = why;
	close(run->lifeline);
	run->lifeline = -1;
	run->cut = time_elapsed();
}

static void
last_line_note(struct run *run, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != '\n' && bytes[i] != '\r') {
			if (run->line.size < LAST_LINE / 4)
				buf_append(&run->line, &bytes[i], 1);
		} else if (run->line.size > 0) {
			char *shown = text_shown_n(run->line.data, run->line.size);
			snprintf(run->last_line, sizeof(run->last_line), "%s", shown);
			free(shown);
			buf_clear(&run->line);
		}
	}
}

/* One read of the log; closes it at its end. */
static int
log_pump(struct run *run, struct err *err)
{
	char block[65536];
	ssize_t got = read(run->log, block, sizeof(block));
	if (got == -1 && errno == EINTR)
		return 0;
	if (got <= 0) {
		close(run->log);
		run->log = -1;
		return 0;
	}
	uint64_t room = run->plan->limits.log - run->logged;
	size_t count = (uint64_t)got < room ? (size_t)got : (size_t)room;
	if (file_write_fd(run->plan->log, block, count, err) == -1)
		return err_at(err, "the build's log");
	run->logged += count;
	last_line_note(run, block, count);
	if (count < (size_t)got)
		run_cut(run, SANDBOX_LOG_LIMIT);
	return 0;
}

static void
layers_name(uint32_t bits, struct strings *layers)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
	    {BUILT_USER_NAMESPACE, "user namespace"},
	    {BUILT_NESTED_USER_NAMESPACE, "nested user namespace"},
	    {BUILT_MOUNT_NAMESPACE, "mount namespace"},
	    {BUILT_PID_NAMESPACE, "pid namespace"},
	    {BUILT_NETWORK_NAMESPACE, "network namespace"},
	    {BUILT_IPC_NAMESPACE, "ipc namespace"},
	    {BUILT_UTS_NAMESPACE, "uts namespace"},
	    {BUILT_CGROUP_NAMESPACE, "cgroup namespace"},
	    {BUILT_OVERLAY, "overlay root"},
	    {BUILT_COPY, "copied root"},
	    {BUILT_FILTER, "seccomp"},
	    {BUILT_NO_PRIVILEGES, "no new privileges"},
	    {BUILT_MEMORY_GROUP, "memory cgroup"},
	    {BUILT_MEMORY_SAMPLED, "memory sampled"},
	    {BUILT_PROCESS_GROUP, "pids cgroup"},
	    {BUILT_PROCESS_LIMIT, "process limit"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (bits & names[i].bit)
			strings_add(layers, names[i].name);
	}
	strings_sort(layers);
}

/* One report of init; closes the socket at its end. */
static int
report_take(struct run *run, struct err *err)
{
	struct report report;
	int fd = -1;
	int got = report_receive(run->status, &report, &fd, err);
	if (got == 0) {
		close(run->status);
		run->status = -1;
		return 0;
	}
	if (got == 1 && report.kind == REPORT_FOLDER &&
	    run->result->build_folder == -1) {
		run->result->build_folder = fd;
		return 0;
	}
	if (fd != -1)
		close(fd);
	if (got == -1)
		return -1;
	switch (report.kind) {
	case REPORT_FAILED:
		*err = report.err;
		return -1;
	case REPORT_STARTED:
		run->started = true;
		layers_name(report.layers, &run->result->layers);
		return 0;
	case REPORT_ENDED:
		run->ended = true;
		run->result->end = report.end;
		run->result->status = report.status;
		run->result->peak_memory = report.peak;
		return 0;
	case REPORT_FOLDER:
	default:
		return err_set(err, ERR_SYSTEM,
			       "the sandbox's reports are in disorder");
	}
}

/* What time and counters say, about once in POLL_INTERVAL. */
static int
run_check(struct run *run, struct err *err)
{
	const struct limits *limits = &run->plan->limits;
	double now = time_elapsed();
	if (interrupt_check(err) == -1)
		return -1;
	if (now - run->began > (double)limits->wall_seconds)
		run_cut(run, SANDBOX_WALL_LIMIT);
	if (group_memory_hit(&run->build.group))
		run_cut(run, SANDBOX_MEMORY_LIMIT);
	if (group_pids_hit(&run->build.group))
		run_cut(run, SANDBOX_PROCESS_LIMIT);
	if (run->lifeline == -1 && now - run->cut > END_PATIENCE) {
		kill(run->setup, SIGKILL);
		run->cut = now;
	}
	if (run->plan->progress != NULL && run->started && now - run->told >= 1) {
		run->told = now;
		run->plan->progress(run->plan->context, now - run->began,
				    run->last_line);
	}
	return 0;
}

/* Until init and everything inside are gone: both ends of ours have ended. */
static int
run_listen(struct run *run, struct err *err)
{
	while (run->status != -1 || run->log != -1) {
		struct pollfd ready[2] = {{run->status, POLLIN, 0},
					  {run->log, POLLIN, 0}};
		int polled = poll(ready, 2, POLL_INTERVAL);
		if (polled == -1 && errno != EINTR)
			return err_errno(err, "cannot wait for the sandbox");
		if (run_check(run, err) == -1)
			return -1;
		if (polled > 0 && ready[0].revents != 0 && report_take(run, err) == -1)
			return -1;
		if (polled > 0 && ready[1].revents != 0 && log_pump(run, err) == -1)
			return -1;
	}
	return 0;
}

/* ---- the end --------------------------------------------------------- */

/* Everything inside is dead when setup is reaped, as it ends after init, and init
 * after all others; if setup itself must be killed, init dies of that. */
static void
run_end(struct run *run)
{
	struct report report;
	struct err ignored;
	int fd = -1;
	run_cut(run, run->why);
	double until = time_elapsed() + END_PATIENCE;
	while (run->status != -1) {
		struct pollfd ready = {run->status, POLLIN, 0};
		if (poll(&ready, 1, POLL_INTERVAL) > 0 &&
		    report_receive(run->status, &report, &fd, &ignored) != 1) {
			close(run->status);
			run->status = -1;
		} else if (fd != -1) {
			close(fd);
			fd = -1;
		}
		if (time_elapsed() > until)
			kill(run->setup, SIGKILL);
	}
	if (run->log != -1)
		close(run->log);
	(void)child_reap(run->setup);
}

static int
run_judge(struct run *run, struct err *err)
{
	struct sandbox_result *result = run->result;
	uint64_t peak = group_peak(&run->build.group);
	result->seconds = time_elapsed() - run->began;
	if (peak > 0)
		result->peak_memory = peak;
	if (run->why != SANDBOX_EXITED)
		result->end = run->why;
	else if (group_memory_hit(&run->build.group))
		result->end = SANDBOX_MEMORY_LIMIT;
	else if (group_pids_hit(&run->build.group))
		result->end = SANDBOX_PROCESS_LIMIT;
	else if (!run->ended)
		return err_set(err, ERR_SYSTEM,
			       "the sandbox was ended from outside, without a report");
	if (!run->started)
		return err_set(err, ERR_SYSTEM,
			       "the build did not begin before a limit was reached");
	return 0;
}

int
sandbox_run(const struct sandbox_plan *plan, struct sandbox_result *result,
	    struct err *err)
{
	*result = (struct sandbox_result){.build_folder = -1};
	struct run run = {
	    .plan = plan, .result = result, .status = -1, .log = -1, .lifeline = -1};
	if (plan_check(plan, err) == -1)
		return -1;
	run.began = run.told = time_elapsed();
	int outcome = run_start(&run, err);
	if (outcome == 0) {
		outcome = run_listen(&run, err);
		run_end(&run);
		if (outcome == 0)
			outcome = run_judge(&run, err);
	}
	group_remove(&run.build.group);
	buf_free(&run.line);
	if (outcome == -1) {
		sandbox_result_close(result);
		err_at(err, "the sandbox");
	}
	return outcome;
}

void
sandbox_result_close(struct sandbox_result *result)
{
	if (result->build_folder != -1)
		close(result->build_folder);
	result->build_folder = -1;
	strings_free(&result->layers);
}
