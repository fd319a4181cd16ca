/* Small steps that every process of the sandbox room takes. */
#include "sandbox/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int
compare_descriptors(const void *a, const void *b)
{
	int left = *(const int *)a, right = *(const int *)b;
	return (left > right) - (left < right);
}

int
descriptors_close(int *keep, size_t count, struct err *err)
{
	unsigned first = 3;
	if (count > 0)
		qsort(keep, count, sizeof(*keep), compare_descriptors);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < (int)first)
			continue;
		unsigned kept = (unsigned)keep[i];
		if (kept > first && close_range(first, kept - 1, 0) == -1)
			return err_errno(err, "cannot close descriptors");
		first = kept + 1;
	}
	if (close_range(first, ~0U, 0) == -1)
		return err_errno(err, "cannot close descriptors");
	return 0;
}

int
parent_watch(pid_t parent, struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return err_errno(err, "cannot tie a process to its parent's life");
	if (getppid() != parent)
		return err_set(err, ERR_SYSTEM, "the parent process is gone");
	return 0;
}

int
proc_write(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd == -1)
		return err_errno(err, "cannot open '%s'", path);
	size_t length = strlen(text);
	ssize_t put = write(fd, text, length);
	int result = 0;
	if (put != (ssize_t)length)
		result = err_errno(err, "cannot write '%s'", path);
	close(fd);
	return result;
}

int
capabilities_keep(uint64_t keep, struct err *err)
{
	struct __user_cap_header_struct header = {.version =
						      _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	if (syscall(SYS_capget, &header, data) == -1)
		return err_errno(err, "cannot read the capabilities");
	for (size_t i = 0; i < 2; i++) {
		uint32_t mask = (uint32_t)(keep >> (32 * i));
		data[i].effective &= mask;
		data[i].permitted &= mask;
		data[i].inheritable = 0;
	}
	header.pid = 0;
	if (syscall(SYS_capset, &header, data) == -1)
		return err_errno(err, "cannot drop the capabilities");
	return 0;
}

const char *
signal_meaning(int number)
{
	switch (number) {
	case SIGSEGV:
		return "segmentation fault";
	case SIGBUS:
		return "bus error: a file shrank while it was read, or the disk failed";
	case SIGABRT:
		return "aborted";
	case SIGFPE:
		return "arithmetic error";
	case SIGILL:
		return "illegal instruction";
	case SIGSYS:
		return "it tried a forbidden call";
	case SIGXCPU:
		return "processor time limit";
	case SIGXFSZ:
		return "file size limit";
	case SIGKILL:
		return "killed";
	case SIGTERM:
		return "terminated";
	case SIGTRAP:
		return "trap";
	default:
		return "signal";
	}
}

int
child_reap(pid_t child)
{
	int status = 0;
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}
