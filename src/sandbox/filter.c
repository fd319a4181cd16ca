/* What both system call filters need from libseccomp. */
#include "sandbox/filter_private.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

int
filter_add(scmp_filter_ctx filter, uint32_t action, const char *name,
	   const struct scmp_arg_cmp *conditions, unsigned count, struct err *err)
{
	int number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR)
		return 0;
	int result = seccomp_rule_add_array(filter, action, number, count, conditions);
	/* Calls that this architecture lacks, and a rule that only repeats the default.
	 */
	if (result == 0 || result == -EDOM || result == -EACCES)
		return 0;
	errno = -result;
	return err_errno(err, "cannot make a filter rule for %s", name);
}

int
filter_add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names,
		 struct err *err)
{
	for (; *names != NULL; names++) {
		if (filter_add(filter, action, *names, NULL, 0, err) == -1)
			return -1;
	}
	return 0;
}

int
filter_new(uint32_t otherwise, scmp_filter_ctx *filter, struct err *err)
{
	scmp_filter_ctx made = seccomp_init(otherwise);
	if (made == NULL)
		return err_set(err, ERR_SYSTEM, "cannot make a system call filter");
	if (seccomp_attr_set(made, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) !=
	    0) {
		seccomp_release(made);
		return err_set(
		    err, ERR_SYSTEM,
		    "the system call filter cannot refuse other architectures");
	}
	/* A binary tree costs a few comparisons for each call instead of hundreds;
	 * libseccomp before 2.5 has none, which is slower and as safe. */
	(void)seccomp_attr_set(made, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	*filter = made;
	return 0;
}

int
filter_load(scmp_filter_ctx filter, struct err *err)
{
	int result = seccomp_load(filter);
	seccomp_release(filter);
	if (result == 0)
		return 0;
	errno = -result;
	return err_errno(err, "the kernel refuses the system call filter "
			      "(it needs CONFIG_SECCOMP_FILTER)");
}

int
filter_compile(scmp_filter_ctx filter, struct sock_fprog *program, struct err *err)
{
	struct buf code = {0};
	int fd = memfd_create("filter", MFD_CLOEXEC);
	int result = fd == -1 ? -errno : seccomp_export_bpf(filter, fd);
	seccomp_release(filter);
	if (result < 0)
		errno = -result;
	if (result < 0 || lseek(fd, 0, SEEK_SET) == -1) {
		result = err_errno(err, "cannot compile a system call filter");
	} else {
		size_t most = BPF_MAXINSNS * sizeof(struct sock_filter);
		result = file_read_fd(fd, most, &code, err);
	}
	if (fd != -1)
		close(fd);
	if (result == 0)
		*program = (struct sock_fprog){
		    .len = (unsigned short)(code.size / sizeof(struct sock_filter)),
		    .filter = (struct sock_filter *)(void *)buf_take(&code)};
	return result;
}

int
filter_install(const struct sock_fprog *program, struct err *err)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program) == 0)
		return 0;
	return err_errno(err, "the kernel refuses the system call filter "
			      "(it needs CONFIG_SECCOMP_FILTER)");
}
