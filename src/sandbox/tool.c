/* Helper programs of ours (apt-get, mmdebstrap): run, heard, and ended with us. */
#include "sandbox/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_LIMIT ((size_t)64 << 20)
#define LINES_KEPT   20
#define LINE_LIMIT   4096
#define SHOWN_LIMIT  900 /* of struct err's message */

/* Lines as they come, the last ones kept. */
struct lines {
	struct buf partial;
	char *kept[LINES_KEPT];
	size_t count;
	bool said; /* each goes to our standard error with -v */
};

struct tool {
	pid_t pid;
	int out, err, exec; /* read ends; exec carries errno when exec failed */
	struct lines from_out, from_err;
};

static void
lines_end(struct lines *lines)
{
	if (lines->partial.size == 0)
		return;
	char *shown = text_shown_n(lines->partial.data, lines->partial.size);
	if (lines->said)
		say_verbose("%s", shown);
	char **slot = &lines->kept[lines->count++ % LINES_KEPT];
	free(*slot);
	*slot = shown;
	buf_clear(&lines->partial);
}

static void
lines_add(struct lines *lines, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n' || lines->partial.size >= LINE_LIMIT)
			lines_end(lines);
		if (bytes[i] != '\n' && bytes[i] != '\r')
			buf_append(&lines->partial, &bytes[i], 1);
	}
}

static void
lines_free(struct lines *lines)
{
	for (size_t i = 0; i < LINES_KEPT; i++)
		free(lines->kept[i]);
	buf_free(&lines->partial);
}

/* The last lines that fit, oldest first. */
static void
lines_tail(struct lines *lines, struct buf *text)
{
	lines_end(lines);
	size_t have = lines->count < LINES_KEPT ? lines->count : LINES_KEPT, taken = 0;
	for (size_t length = 0; taken < have; taken++) {
		const char *line = lines->kept[(lines->count - taken - 1) % LINES_KEPT];
		length += strlen(line) + 3;
		if (length > SHOWN_LIMIT && taken > 0)
			break;
	}
	for (; taken > 0; taken--) {
		if (text->size > 0)
			buf_puts(text, " | ");
		buf_puts(text, lines->kept[(lines->count - taken) % LINES_KEPT]);
	}
}

/* ---- the child ------------------------------------------------------- */

/* PATH and HOME as we have them, messages in one language. */
static char **
default_environment(void)
{
	char **list = base_alloc(4, sizeof(*list));
	const char *path = getenv("PATH"), *home = getenv("HOME");
	size_t count = 0;
	list[count++] =
	    base_format("PATH=%s", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	list[count++] = base_strdup("LC_ALL=C.UTF-8");
	if (home != NULL)
		list[count++] = base_format("HOME=%s", home);
	return list;
}

static _Noreturn void
tool_exec(const char *const *argv, const char *const *environment, pid_t parent,
	  const int write_ends[3])
{
	struct err err = {0};
	int keep[] = {write_ends[2]};
	int null = open("/dev/null", O_RDONLY);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(write_ends[0], STDOUT_FILENO) != -1 &&
	    dup2(write_ends[1], STDERR_FILENO) != -1 &&
	    descriptors_close(keep, 1, &err) == 0 && parent_watch(parent, &err) == 0) {
		char **own = environment ? NULL : default_environment();
		execvpe(argv[0], (char *const *)argv,
			environment ? (char *const *)environment : own);
	}
	int number = errno;
	ssize_t ignored = write(write_ends[2], &number, sizeof(number));
	(void)ignored;
	_exit(127);
}

/* ---- the parent ------------------------------------------------------ */

static int
pipes_open(int read_ends[3], int write_ends[3], struct err *err)
{
	for (size_t i = 0; i < 3; i++) {
		int ends[2];
		if (pipe2(ends, O_CLOEXEC) == -1) {
			err_errno(err, "cannot make a pipe");
			while (i-- > 0) {
				close(read_ends[i]);
				close(write_ends[i]);
			}
			return -1;
		}
		read_ends[i] = ends[0];
		write_ends[i] = ends[1];
	}
	return 0;
}

static int
tool_start(const char *const *argv, const char *const *environment, struct tool *tool,
	   struct err *err)
{
	int read_ends[3], write_ends[3];
	if (pipes_open(read_ends, write_ends, err) == -1)
		return -1;
	fflush(NULL);
	pid_t parent = getpid();
	tool->pid = fork();
	if (tool->pid == 0)
		tool_exec(argv, environment, parent, write_ends);
	if (tool->pid == -1)
		err_errno(err, "cannot fork '%s'", argv[0]);
	else
		setpgid(tool->pid, tool->pid); /* whichever of the two comes first */
	for (size_t i = 0; i < 3; i++) {
		close(write_ends[i]);
		if (tool->pid == -1)
			close(read_ends[i]);
	}
	tool->out = read_ends[0];
	tool->err = read_ends[1];
	tool->exec = read_ends[2];
	return tool->pid == -1 ? -1 : 0;
}

/* One read of a ready descriptor: its count, 0 at the end. */
static ssize_t
take(int fd, char *block, size_t size)
{
	ssize_t got;
	do
		got = read(fd, block, size);
	while (got == -1 && errno == EINTR);
	return got;
}

/* Read both pipes until they end; a helper that outlives the program and holds
 * them does not hold us. */
static int
tool_listen(struct tool *tool, struct buf *out, struct err *err)
{
	struct pollfd ready[2] = {{tool->out, POLLIN, 0}, {tool->err, POLLIN, 0}};
	char block[16384];
	size_t kept = 0;
	bool ended = false;
	while (ready[0].fd != -1 || ready[1].fd != -1) {
		if (interrupt_check(err) == -1)
			return -1;
		int polled = poll(ready, 2, ended ? 0 : 200);
		if (polled == 0 && ended)
			break;
		siginfo_t info = {0};
		if (polled == 0)
			ended = waitid(P_PID, (id_t)tool->pid, &info,
				       WEXITED | WNOHANG | WNOWAIT) == 0 &&
				info.si_pid == tool->pid;
		for (size_t i = 0; polled > 0 && i < 2; i++) {
			if (ready[i].fd == -1 || ready[i].revents == 0)
				continue;
			ssize_t got = take(ready[i].fd, block, sizeof(block));
			if (got <= 0) {
				ready[i].fd = -1;
			} else if (i == 0 && out != NULL) {
				kept += (size_t)got;
				if (kept > OUTPUT_LIMIT)
					return err_set(err, ERR_LIMIT,
						       "it printed over 64 MiB");
				buf_append(out, block, (size_t)got);
			} else {
				lines_add(i == 0 ? &tool->from_out : &tool->from_err,
					  block, (size_t)got);
			}
		}
	}
	return 0;
}

static int
tool_judge(struct tool *tool, const char *name, int status, struct err *err)
{
	int number = 0;
	if (take(tool->exec, (char *)&number, sizeof(number)) == sizeof(number)) {
		errno = number;
		err_errno(err, "cannot run '%s'", name);
		if (number == ENOENT)
			err_set(err, ERR_SYSTEM,
				"cannot run '%s': it is not installed, or not on PATH",
				name);
		return -1;
	}
	if (status == 0)
		return 0;
	struct buf tail = {0};
	lines_tail(&tool->from_err, &tail);
	if (tail.size == 0)
		lines_tail(&tool->from_out, &tail);
	const char *said = tail.size > 0 ? tail.data : "it said nothing";
	if (WIFSIGNALED(status))
		err_set(err, ERR_SYSTEM, "'%s' was stopped by signal %d (%s): %s", name,
			WTERMSIG(status), signal_meaning(WTERMSIG(status)), said);
	else
		err_set(err, ERR_SYSTEM, "'%s' ended with status %d: %s", name,
			WEXITSTATUS(status), said);
	buf_free(&tail);
	return -1;
}

int
sandbox_run_tool(const char *const *argv, const char *const *environment,
		 struct buf *out, struct err *err)
{
	struct tool tool = {.from_out.said = true, .from_err.said = true};
	if (tool_start(argv, environment, &tool, err) == -1)
		return -1;
	int result = tool_listen(&tool, out, err);
	if (result == -1)
		err_at(err, "'%s'", argv[0]);
	/* While the program is not reaped, its process group's number is taken: what it
	 * left in the group is killed without hitting a stranger. */
	siginfo_t info = {0};
	if (result == 0) {
		while (waitid(P_PID, (id_t)tool.pid, &info, WEXITED | WNOWAIT) == -1 &&
		       errno == EINTR && (result = interrupt_check(err)) == 0)
			continue;
	}
	kill(-tool.pid, SIGKILL);
	int status = child_reap(tool.pid);
	if (result == 0)
		result = tool_judge(&tool, argv[0], status, err);
	lines_free(&tool.from_out);
	lines_free(&tool.from_err);
	close(tool.out);
	close(tool.err);
	close(tool.exec);
	return result;
}
