/*
 * A hostile build step: `probe NAME` tries one thing that a build must not be able
 * to do. Exit status 0: refused; 1: it worked; 2: no such try.
 *
 * Compiled by the tests into a small root, on its own: nothing of verify is in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static long
try_mount(void)
{
	return mount("none", "/tmp", "tmpfs", 0, NULL);
}

static long
try_remount(void)
{
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL);
}

static long
try_umount(void)
{
	return umount2("/proc/sys", MNT_DETACH);
}

static long
try_fsopen(void)
{
	return syscall(SYS_fsopen, "tmpfs", 0);
}

static long
try_unshare(void)
{
	return unshare(CLONE_NEWUSER);
}

static long
try_clone(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_clone3(void)
{
	struct {
		unsigned long long flags, rest[10];
	} args = {CLONE_NEWUSER, {0}};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	return pid;
}

static long
try_setns(void)
{
	int fd = open("/proc/1/ns/net", O_RDONLY);
	return fd == -1 ? -1 : setns(fd, 0);
}

static long
try_chroot(void)
{
	return chroot("/tmp");
}

/* The oldest way out of a changed root. */
static long
try_dotdot(void)
{
	struct stat root, above;
	for (int i = 0; i < 64; i++) {
		if (chdir("..") == -1)
			return -1;
	}
	if (stat("/", &root) == -1 || stat(".", &above) == -1)
		return -1;
	return root.st_ino == above.st_ino && root.st_dev == above.st_dev ? -1 : 0;
}

static long
try_init_root(void)
{
	return open("/proc/1/root/etc", O_RDONLY | O_DIRECTORY);
}

static long
try_init_descriptors(void)
{
	return open("/proc/1/fd", O_RDONLY | O_DIRECTORY) == -1
		   ? -1
		   : open("/proc/1/fd/4", O_RDWR);
}

static long
try_init_memory(void)
{
	return open("/proc/1/mem", O_RDWR);
}

static long
try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

/* Reached when it works: init ends, and we with it. */
static long
try_kill(void)
{
	kill(1, SIGKILL);
	kill(1, SIGSTOP);
	usleep(50000);
	return -1;
}

static long
try_keyctl(void)
{
	return syscall(SYS_keyctl, 0, -3, 1);
}

static long
try_io_uring(void)
{
	char params[256] = {0};
	return syscall(SYS_io_uring_setup, 4, params);
}

static long
try_bpf(void)
{
	char attr[128] = {0};
	return syscall(SYS_bpf, 0, attr, sizeof(attr)) == -1 && errno == EPERM ? -1 : 0;
}

static long
try_userfaultfd(void)
{
	return syscall(SYS_userfaultfd, 1);
}

static long
try_perf(void)
{
	char attr[128] = {0};
	return syscall(SYS_perf_event_open, attr, 0, -1, -1, 0) == -1 && errno == EPERM
		   ? -1
		   : 0;
}

static long
try_tiocsti(void)
{
	int pty = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	char byte = 'x';
	if (pty == -1)
		return -1;
	/* The kernel drops the upper half of the request. */
	if (syscall(SYS_ioctl, pty, 0x100000000UL | TIOCSTI, &byte) != -1 ||
	    errno != EPERM)
		return 0;
	return ioctl(pty, TIOCSTI, &byte) == -1 && errno == EPERM ? -1 : 0;
}

static long
try_mknod(void)
{
	return mknod("disk", S_IFBLK | 0600, makedev(254, 0));
}

static long
try_family(int family, int type, int protocol)
{
	return socket(family, type, protocol);
}

static long
try_vsock(void)
{
	return try_family(40, SOCK_STREAM, 0);
}

static long
try_packet(void)
{
	return try_family(17, SOCK_RAW, 0);
}

static long
try_alg(void)
{
	return try_family(38, SOCK_SEQPACKET, 0);
}

static long
try_netlink(void)
{
	return try_family(16, SOCK_RAW, 9); /* audit */
}

static long
try_raw(void)
{
	return try_family(AF_INET, SOCK_RAW, 1);
}

/* The test listens on this port of the host's loopback. */
static long
try_tcp(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	const char *port = getenv("PORT");
	to.sin_port = htons((unsigned short)strtol(port ? port : "0", NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to,
		       sizeof(to));
}

/* And on this name. */
static long
try_abstract(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const char *name = getenv("ABSTRACT");
	size_t length = strlen(name ? name : "");
	memcpy(to.sun_path + 1, name ? name : "", length);
	return connect(
	    socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length));
}

static long
try_hostname(void)
{
	return sethostname("owned", 5);
}

static long
try_proc_sys(void)
{
	return open("/proc/sys/kernel/hostname", O_WRONLY);
}

static long
try_write_root(void)
{
	return open("/owned", O_WRONLY | O_CREAT, 0600);
}

static long
try_write_shell(void)
{
	return chmod("/bin/sh", 0777);
}

static long
try_setuid(void)
{
	return setuid(0);
}

static long
try_core_limit(void)
{
	struct rlimit none = {0, 0}, is;
	setrlimit(RLIMIT_CORE, &none);
	syscall(SYS_prlimit64, 0, RLIMIT_CORE, &none, NULL);
	syscall(SYS_prlimit64, 0, 0x100000000UL | RLIMIT_CORE, &none, &is);
	return getrlimit(RLIMIT_CORE, &is) == 0 && is.rlim_cur == 1 ? -1 : 0;
}

/* Above every number of today. */
static long
try_new_call(void)
{
	return syscall(460) == -1 && errno == ENOSYS ? -1 : 0;
}

static long
try_process_memory(void)
{
	return syscall(SYS_process_vm_readv, getpid(), NULL, 0UL, NULL, 0UL, 0UL);
}

static long
try_other_processes(void)
{
	int seen = 0;
	for (int pid = 3; pid < 40000; pid++) {
		if (pid != getpid() && pid != getppid() &&
		    (kill(pid, 0) == 0 || errno == EPERM))
			seen++;
	}
	return seen > 0 ? 0 : -1;
}

/* Set by the kernel when a setuid file of root's is run. */
static long
try_gain(void)
{
	return geteuid() == 1000 && getuid() == 1000 && getegid() == 1000 ? -1 : 0;
}

/* Memory without end, and touched. */
static long
try_hog(void)
{
	char *block;
	while ((block = malloc(1 << 20)) != NULL) {
		memset(block, 1, 1 << 20);
		usleep(1000);
	}
	return -1;
}

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
    {"mount", try_mount},
    {"remount", try_remount},
    {"umount", try_umount},
    {"fsopen", try_fsopen},
    {"unshare", try_unshare},
    {"clone", try_clone},
    {"clone3", try_clone3},
    {"setns", try_setns},
    {"chroot", try_chroot},
    {"dotdot", try_dotdot},
    {"init-root", try_init_root},
    {"init-descriptors", try_init_descriptors},
    {"init-memory", try_init_memory},
    {"ptrace", try_ptrace},
    {"kill", try_kill},
    {"keyctl", try_keyctl},
    {"io-uring", try_io_uring},
    {"bpf", try_bpf},
    {"userfaultfd", try_userfaultfd},
    {"perf", try_perf},
    {"tiocsti", try_tiocsti},
    {"mknod", try_mknod},
    {"vsock", try_vsock},
    {"packet", try_packet},
    {"alg", try_alg},
    {"netlink", try_netlink},
    {"raw", try_raw},
    {"tcp", try_tcp},
    {"abstract", try_abstract},
    {"hostname", try_hostname},
    {"proc-sys", try_proc_sys},
    {"write-root", try_write_root},
    {"write-shell", try_write_shell},
    {"setuid", try_setuid},
    {"core-limit", try_core_limit},
    {"new-call", try_new_call},
    {"process-memory", try_process_memory},
    {"other-processes", try_other_processes},
    {"gain", try_gain},
    {"hog", try_hog},
};

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "list") == 0) {
		for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
			puts(tries[i].name);
		return 0;
	}
	for (size_t i = 0; argc == 2 && i < sizeof(tries) / sizeof(tries[0]); i++) {
		if (strcmp(argv[1], tries[i].name) != 0)
			continue;
		errno = 0;
		long result = tries[i].call();
		printf("%s: %s (%s)\n", tries[i].name,
		       result == -1 ? "refused" : "WORKED", strerror(errno));
		return result == -1 ? 0 : 1;
	}
	return 2;
}
