/*
 * A child that reads hostile bytes with nothing in its hands: forked, stripped,
 * run, and heard through one pipe.
 *
 *   parent                      child
 *     pipe, fork  ─────────────▶ descriptors, limits, namespaces, Landlock, filter
 *     ◀──────────── layers ─────  (the one frame that comes before hostile bytes)
 *                                 confined_main
 *     ◀── output, end or error ─  _exit
 *
 * A frame is one byte of kind, eight bytes of length (little-endian), the bytes.
 * The parent believes nothing of it: kinds, lengths and the order are checked.
 */
#include "sandbox/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEFAULT_MEMORY  (UINT64_C(16) << 30)
#define MEMORY_MOST     (UINT64_C(16) << 30) /* of its own, however much is mapped */
#define DEFAULT_SECONDS 3600
#define OUTPUT_LIMIT    (UINT64_C(512) << 20)
#define FRAME_HEADER    9
#define EXIT_NO_MEMORY  3 /* base_alloc's */

enum frame_kind {
	FRAME_LAYERS = 'L',
	FRAME_OUTPUT = 'O',
	FRAME_DONE = 'D',
	FRAME_ERROR = 'E'
};

enum layer_bit {
	LAYER_LANDLOCK = 1,
	LAYER_NETWORK = 2,
	LAYER_CAPABILITIES = 4,
	LAYER_FILTER = 8,
};

/* ---- the child ------------------------------------------------------- */

static int
frame_send(int fd, enum frame_kind kind, const void *bytes, size_t count)
{
	struct err err;
	uint8_t header[FRAME_HEADER] = {(uint8_t)kind};
	for (size_t i = 0; i < 8; i++)
		header[1 + i] = (uint8_t)((uint64_t)count >> (8 * i));
	if (file_write_fd(fd, header, sizeof(header), &err) == -1)
		return -1;
	return file_write_fd(fd, bytes, count, &err);
}

static _Noreturn void
child_fail(int fd, const struct err *err)
{
	char bytes[sizeof(err->message) + 1];
	size_t length = strnlen(err->message, sizeof(err->message));
	bytes[0] = (char)err->kind;
	memcpy(bytes + 1, err->message, length);
	_exit(frame_send(fd, FRAME_ERROR, bytes, length + 1) == 0 ? 0 : 1);
}

static int
child_descriptors(const struct confinement *confinement, int pipe, struct err *err)
{
	size_t count = confinement->keep_count + 1;
	int *keep = base_alloc(count, sizeof(*keep));
	for (size_t i = 0; i < confinement->keep_count; i++)
		keep[i] = confinement->keep[i];
	keep[count - 1] = pipe;
	int result = descriptors_close(keep, count, err);
	free(keep);
	for (size_t i = 0; i < confinement->keep_count; i++) {
		if (confinement->keep[i] == STDIN_FILENO)
			return result;
	}
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null == -1 || dup2(null, STDIN_FILENO) == -1)
		return err_errno(err, "cannot take '/dev/null' as standard input");
	if (null != STDIN_FILENO)
		close(null);
	return result;
}

static int
limit_set(int resource, uint64_t value, const char *name, struct err *err)
{
	struct rlimit limit;
	if (getrlimit(resource, &limit) == -1)
		return err_errno(err, "cannot read the limit of %s", name);
	if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < value)
		value = limit.rlim_max;
	limit.rlim_cur = limit.rlim_max = (rlim_t)value;
	if (setrlimit(resource, &limit) == -1)
		return err_errno(err, "cannot limit %s", name);
	return 0;
}

/* Memory that is not a file's. */
static uint64_t
memory_own(uint64_t memory)
{
	return memory < MEMORY_MOST ? memory : MEMORY_MOST;
}

static int
child_limits(uint64_t memory, struct err *err)
{
	if (limit_set(RLIMIT_CORE, CORE_NEVER, "core files", err) == -1 ||
	    limit_set(RLIMIT_NOFILE, 4096, "descriptors", err) == -1)
		return -1;
	if (SANDBOX_SANITISED)
		return 0;
	if (limit_set(RLIMIT_DATA, memory_own(memory), "memory", err) == -1)
		return -1;
	return limit_set(RLIMIT_AS, memory, "address space", err);
}

/* What the parent catches or ignores ends the child as for any program, except
 * for the interrupts: base notes those. */
static void
child_signals(void)
{
	static const int numbers[] = {SIGSEGV, SIGBUS,  SIGILL,  SIGFPE,  SIGABRT,
				      SIGSYS,  SIGTRAP, SIGPIPE, SIGXCPU, SIGALRM};
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++)
		signal(numbers[i], SIG_DFL);
}

/* A network namespace of its own, by way of a user namespace for ordinary users.
 * A kernel that refuses costs this layer only: the filter refuses sockets anyway. */
static bool
child_network(struct err *err)
{
	if (unshare(CLONE_NEWNET) == 0)
		return true;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return false;
	char map[64];
	snprintf(map, sizeof(map), "%u %u 1\n", uid, uid);
	if (proc_write("/proc/self/setgroups", "deny", err) == -1 ||
	    proc_write("/proc/self/uid_map", map, err) == -1)
		return true;
	snprintf(map, sizeof(map), "%u %u 1\n", gid, gid);
	(void)proc_write("/proc/self/gid_map", map, err);
	return true;
}

static enum confined_paths
paths_of(const struct confinement *confinement)
{
	if (confinement->write_paths != NULL && confinement->write_paths[0] != NULL)
		return PATHS_WRITE;
	if (confinement->read_paths != NULL && confinement->read_paths[0] != NULL)
		return PATHS_READ;
	return PATHS_NONE;
}

/* Everything off, in an order in which no step needs what an earlier one took. */
static int
child_strip(const struct confinement *confinement, pid_t parent, int pipe,
	    uint8_t *layers, struct err *err)
{
	enum confined_paths paths = paths_of(confinement);
	uint64_t memory = confinement->memory ? confinement->memory : DEFAULT_MEMORY;
	child_signals();
	if (child_descriptors(confinement, pipe, err) == -1 ||
	    child_limits(memory, err) == -1)
		return -1;
	if (child_network(err))
		*layers |= LAYER_NETWORK;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_errno(err, "cannot forbid new privileges");
	bool landlock;
	if (landlock_confine(confinement->read_paths, confinement->write_paths,
			     &landlock, err) == -1)
		return -1;
	if (landlock)
		*layers |= LAYER_LANDLOCK;
	if (landlock && paths == PATHS_NONE)
		paths = PATHS_NOISE;
	/* Root may work on files of other users, where Landlock lets it. */
	uint64_t kept = 0;
	if (landlock && (paths == PATHS_READ || paths == PATHS_WRITE))
		kept = UINT64_C(1) << CAP_DAC_OVERRIDE | UINT64_C(1)
							     << CAP_DAC_READ_SEARCH;
	if (capabilities_keep(kept, err) == -1)
		return -1;
	*layers |= LAYER_CAPABILITIES;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		return err_errno(err, "cannot forbid being looked at");
	/* Last, as a change of credentials clears it. */
	if (parent_watch(parent, err) == -1 || filter_confine(paths, err) == -1)
		return -1;
	*layers |= LAYER_FILTER;
	return 0;
}

static _Noreturn void
child_run(const struct confinement *confinement, pid_t parent, int pipe,
	  confined_main *body, void *context)
{
	struct err err = {0};
	struct buf out = {0};
	uint8_t layers = 0;
	if (child_strip(confinement, parent, pipe, &layers, &err) == -1)
		child_fail(pipe, &err);
	if (frame_send(pipe, FRAME_LAYERS, &layers, 1) == -1)
		_exit(1);
	if (body(context, &out, &err) == -1)
		child_fail(pipe, &err);
	if (frame_send(pipe, FRAME_OUTPUT, out.data ? out.data : "", out.size) == -1 ||
	    frame_send(pipe, FRAME_DONE, "", 0) == -1)
		_exit(1);
	_exit(0);
}

/* ---- the parent ------------------------------------------------------ */

struct listener {
	int fd;
	pid_t child;
	double until;
	uint64_t seconds;
};

/* What a frame says, gathered. */
struct hearing {
	bool layers_known, done, failed;
	uint8_t layers;
	struct err err; /* when failed */
};

/* Read exactly `count` bytes: 1, 0 at the end of the pipe, -1 on failure. */
static int
listen_take(const struct listener *from, void *bytes, size_t count, struct err *err)
{
	uint8_t *at = bytes;
	while (count > 0) {
		if (interrupt_check(err) == -1)
			return -1;
		double left = from->until - time_elapsed();
		if (left <= 0)
			return err_set(err, ERR_LIMIT,
				       "the reader took over %llu seconds",
				       (unsigned long long)from->seconds);
		struct pollfd ready = {.fd = from->fd, .events = POLLIN};
		/* Short, as a signal may come just before poll. */
		int polled =
		    poll(&ready, 1, left < 0.25 ? (int)(left * 1000) + 1 : 250);
		if (polled == -1 && errno != EINTR)
			return err_errno(err, "cannot wait for the reader");
		if (polled < 1)
			continue;
		ssize_t got = read(from->fd, at, count);
		if (got == -1 && errno != EINTR)
			return err_errno(err, "cannot hear the reader");
		if (got == 0)
			return 0;
		if (got > 0) {
			at += got;
			count -= (size_t)got;
		}
	}
	return 1;
}

static int
bad_frame(struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "the reader's answer is malformed: it was taken "
		       "over by its input or has a defect");
}

static int
listen_output(const struct listener *from, uint64_t length, struct buf *out,
	      struct err *err)
{
	char block[65536];
	if (length > OUTPUT_LIMIT)
		return err_set(err, ERR_LIMIT,
			       "the reader's answer is larger than %llu MiB",
			       (unsigned long long)(OUTPUT_LIMIT >> 20));
	while (length > 0) {
		size_t count = length < sizeof(block) ? (size_t)length : sizeof(block);
		int got = listen_take(from, block, count, err);
		if (got != 1)
			return got;
		buf_append(out, block, count);
		length -= count;
	}
	return 1;
}

/* Is it text that text_show could have made? */
static bool
is_shown(const char *message)
{
	struct buf plain = {0}, again = {0};
	bool same = text_unshow(message, &plain) == 0;
	if (same) {
		text_show(&again, plain.data ? plain.data : "", plain.size);
		same = strcmp(again.data ? again.data : "", message) == 0;
	}
	buf_free(&plain);
	buf_free(&again);
	return same;
}

/* An error out of the child, made safe to show. */
static int
listen_error(const struct listener *from, uint64_t length, struct hearing *heard,
	     struct err *err)
{
	char bytes[sizeof(heard->err.message) + 1];
	if (length < 1 || length > sizeof(bytes))
		return bad_frame(err);
	int got = listen_take(from, bytes, (size_t)length, err);
	if (got != 1)
		return got;
	enum err_kind kind = (enum err_kind)bytes[0];
	if (kind <= ERR_NONE || kind > ERR_INTERRUPTED)
		return bad_frame(err);
	char *message = base_strndup(bytes + 1, (size_t)length - 1);
	if (!is_shown(message)) {
		char *shown = text_shown(message);
		free(message);
		message = shown;
	}
	err_set(&heard->err, kind, "%s", message);
	heard->failed = true;
	free(message);
	return 1;
}

/* One frame: 1 heard, 0 the pipe ended, -1 failed. */
static int
listen_frame(const struct listener *from, struct hearing *heard, struct buf *out,
	     struct err *err)
{
	uint8_t header[FRAME_HEADER];
	int got = listen_take(from, header, sizeof(header), err);
	if (got != 1)
		return got;
	struct view view = view_of(header, sizeof(header));
	uint64_t length = 0;
	(void)view_u64le(&view, 1, &length);
	if (heard->done || heard->failed)
		return bad_frame(err);
	if (!heard->layers_known && header[0] != FRAME_LAYERS &&
	    header[0] != FRAME_ERROR)
		return bad_frame(err);
	switch (header[0]) {
	case FRAME_LAYERS:
		if (heard->layers_known || length != 1)
			return bad_frame(err);
		heard->layers_known = true;
		return listen_take(from, &heard->layers, 1, err);
	case FRAME_OUTPUT:
		return listen_output(from, length, out, err);
	case FRAME_ERROR:
		return listen_error(from, length, heard, err);
	case FRAME_DONE:
		heard->done = length == 0;
		return heard->done ? 1 : bad_frame(err);
	default:
		return bad_frame(err);
	}
}

static void
layers_name(uint8_t bits, struct strings *layers)
{
	if (bits & LAYER_CAPABILITIES)
		strings_add(layers, "no capabilities");
	if (bits & LAYER_LANDLOCK)
		strings_add(layers, "landlock");
	if (bits & LAYER_NETWORK)
		strings_add(layers, "network namespace");
	if (bits & LAYER_FILTER) {
		strings_add(layers, "no new privileges");
		strings_add(layers, "seccomp");
	}
	strings_sort(layers);
}

/* Why a child that did not finish its answer ended. */
static int
explain_end(int status, uint64_t memory, struct err *err)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return err_set(
		    err, ERR_LIMIT,
		    "the reader was stopped by signal 9 (killed), most likely "
		    "because the machine ran out of memory");
	if (WIFSIGNALED(status))
		return err_set(err, ERR_INPUT,
			       "the reader was stopped by signal %d (%s)",
			       WTERMSIG(status), signal_meaning(WTERMSIG(status)));
	char size[32];
	text_size(memory_own(memory), size);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_MEMORY)
		return err_set(err, ERR_LIMIT,
			       "the reader ran out of memory (it may use %s)", size);
	return err_set(err, ERR_INPUT, "the reader ended with status %d and no answer",
		       WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

/* ---- a run ------------------------------------------------------------ */

struct confined {
	struct listener from;
	uint64_t memory;
};

int
sandbox_confine_start(const struct confinement *confinement, confined_main *child,
		      void *context, struct confined **confined, struct err *err)
{
	int ends[2];
	enum confined_paths paths = paths_of(confinement);
	if (paths == PATHS_NONE && landlock_known())
		paths = PATHS_NOISE;
	if (filter_confine_prepare(paths, err) == -1)
		return -1;
	if (pipe2(ends, O_CLOEXEC) == -1)
		return err_errno(err, "cannot make a pipe for a confined reader");
	fflush(NULL); /* or the child would write the parent's output again */
	pid_t parent = getpid();
	pid_t pid = fork();
	if (pid == -1) {
		err_errno(err, "cannot fork a confined reader");
		close(ends[0]);
		close(ends[1]);
		return -1;
	}
	if (pid == 0)
		child_run(confinement, parent, ends[1], child, context);
	close(ends[1]);
	uint64_t seconds =
	    confinement->seconds ? confinement->seconds : DEFAULT_SECONDS;
	struct confined *run = base_alloc(1, sizeof(*run));
	run->memory = confinement->memory ? confinement->memory : DEFAULT_MEMORY;
	run->from = (struct listener){.fd = ends[0],
				      .child = pid,
				      .until = time_elapsed() + (double)seconds,
				      .seconds = seconds};
	*confined = run;
	return 0;
}

/* Hear the child out; kills it when it may not go on, and reaps it always. */
int
sandbox_confine_finish(struct confined *confined, struct buf *out,
		       struct strings *layers, struct err *err)
{
	struct hearing heard = {0};
	size_t before = out->size;
	int got;
	do
		got = listen_frame(&confined->from, &heard, out, err);
	while (got == 1);
	if (got == -1)
		kill(confined->from.child, SIGKILL);
	int status = child_reap(confined->from.child);
	layers_name(heard.layers, layers);
	int result = got;
	if (got == 0 && (status != 0 || !(heard.done || heard.failed)))
		result = explain_end(status, confined->memory, err);
	else if (got == 0 && heard.failed)
		result = err_set(err, heard.err.kind, "%s", heard.err.message);
	if (result == -1 && out->data != NULL) {
		out->size = before;
		out->data[before] = '\0';
	}
	close(confined->from.fd);
	free(confined);
	return result;
}

void
sandbox_confine_stop(struct confined *confined)
{
	if (confined == NULL)
		return;
	kill(confined->from.child, SIGKILL);
	(void)child_reap(confined->from.child);
	close(confined->from.fd);
	free(confined);
}

int
sandbox_confine(const struct confinement *confinement, confined_main *child,
		void *context, struct buf *out, struct strings *layers, struct err *err)
{
	struct confined *confined;
	if (sandbox_confine_start(confinement, child, context, &confined, err) == -1)
		return -1;
	return sandbox_confine_finish(confined, out, layers, err);
}
