/* sandbox: the confined child, and helper programs. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/rand.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

#include "sandbox/sandbox.h"

/* Under a sanitizer the memory limit is off, and the runtime itself is checked. */
#ifdef __SANITIZE_ADDRESS__
#define SANITISED 1
#else
#define SANITISED 0
#endif

static const struct confinement nothing = {.seconds = 30};

static int
says_hello(void *context, struct buf *out, struct err *err)
{
	buf_puts(out, context);
	return 0;
}

START_TEST(output_and_layers_arrive)
{
	char hello[] = "hello";
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	buf_puts(&out, "before ");
	ck_assert_ok(
	    sandbox_confine(&nothing, says_hello, hello, &out, &layers, &err), err);
	ck_assert_str_eq(out.data, "before hello");
	ck_assert(strings_have(&layers, "seccomp"));
	ck_assert(strings_have(&layers, "no capabilities"));
	/* This test's own probe of the kernel, not the room's. */
	bool landlock = syscall(444, NULL, 0, 1) >= 1;
	ck_assert_int_eq(strings_have(&layers, "landlock"), landlock);
	for (size_t i = 1; i < layers.count; i++)
		ck_assert_int_lt(strcmp(layers.items[i - 1], layers.items[i]), 0);
	buf_free(&out);
	strings_free(&layers);
}
END_TEST

static int
fails(void *context, struct buf *out, struct err *err)
{
	buf_puts(out, "lost");
	return err_set(err, ERR_UNSUPPORTED, "%s", (const char *)context);
}

START_TEST(errors_arrive_safe_to_show)
{
	char red[] = "no \033[31mred";
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	ck_assert_int_eq(
	    sandbox_confine(&nothing, fails, red, &out, &layers, &err),
	    -1);
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	ck_assert_str_eq(err.message, "no \\x1b[31mred");
	ck_assert_uint_eq(out.size, 0);
	strings_free(&layers);
}
END_TEST

/* ---- what the child cannot do: each returns 0 only when it was refused ---- */

static int
opens_passwd(void *context, struct buf *out, struct err *err)
{
	struct stat st;
	if (open("/etc/passwd", O_RDONLY) != -1 || errno != EACCES)
		return err_set(err, ERR_INPUT, "opened");
	if (stat("/etc/passwd", &st) != -1 || open("/", O_PATH) != -1)
		return err_set(err, ERR_INPUT, "looked");
	if (open("/tmp/verify-escape", O_WRONLY | O_CREAT, 0600) != -1)
		return err_set(err, ERR_INPUT, "created");
	return 0;
}

/* One call by its number, for the many ways to the same end. */
struct attempt {
	const char *name;
	long number;
	long arguments[5];
};

/* Every one fails, and not because its arguments are wrong. */
static int
all_refused(const struct attempt *attempts, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct attempt *one = &attempts[i];
		errno = 0;
		if (syscall(one->number, one->arguments[0], one->arguments[1],
			    one->arguments[2], one->arguments[3],
			    one->arguments[4]) != -1)
			return err_set(err, ERR_INPUT, "%s went through", one->name);
		if (errno != EACCES && errno != EPERM && errno != ENOSYS)
			return err_set(err, ERR_INPUT, "%s: %s", one->name,
				       strerror(errno));
	}
	return 0;
}

/* Context: a descriptor of a folder that was kept open, with "kept" in it. */
static int
reaches_names(void *context, struct buf *out, struct err *err)
{
	long folder = *(int *)context;
	static char kept[] = "kept", other[] = "other";
	static uint64_t how[3]; /* openat2: read only */
	struct stat st;
	const long from = (long)kept, to = (long)other, status = (long)&st;
	const struct attempt attempts[] = {
	    {"openat", SYS_openat, {folder, from, O_RDONLY}},
	    {"openat to write", SYS_openat, {folder, from, O_WRONLY}},
	    {"openat of a path", SYS_openat, {folder, from, O_PATH}},
	    {"openat2", SYS_openat2, {folder, from, (long)how, sizeof(how)}},
	    {"newfstatat", SYS_newfstatat, {folder, from, status}},
	    {"faccessat", SYS_faccessat, {folder, from, R_OK}},
	    {"readlinkat", SYS_readlinkat, {folder, from, status, sizeof(st)}},
	    {"mkdirat", SYS_mkdirat, {folder, to, 0700}},
	    {"unlinkat", SYS_unlinkat, {folder, from}},
	    {"renameat2", SYS_renameat2, {folder, from, folder, to}},
	    {"linkat", SYS_linkat, {folder, from, folder, to}},
	    {"symlinkat", SYS_symlinkat, {from, folder, to}},
	    {"fchmodat", SYS_fchmodat, {folder, from, 0777}},
	    {"fchownat", SYS_fchownat, {folder, from, 1, 1}},
	    {"utimensat", SYS_utimensat, {folder, from}},
	    {"truncate", SYS_truncate, {from}},
	    {"fchdir", SYS_fchdir, {folder}},
	    {"fchmod", SYS_fchmod, {folder, 0777}},
	    {"fsetxattr", SYS_fsetxattr, {folder, from, from, 1}},
	    {"inotify_init1", SYS_inotify_init1, {0}},
	    {"name_to_handle_at", SYS_name_to_handle_at, {folder, from, status}},
	};
	return all_refused(attempts, ARRAY_COUNT(attempts), err);
}

/* A process by each call that makes one, and more rights or room for this one. */
static int
makes_processes(void *context, struct buf *out, struct err *err)
{
	static struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
	static uint64_t clone3[8];
	clone3[4] = SIGCHLD; /* exit_signal */
	const struct attempt attempts[] = {
	    {"clone", SYS_clone, {SIGCHLD}},
	    {"clone without memory", SYS_clone, {CLONE_VM | SIGCHLD}},
	    {"clone3", SYS_clone3, {(long)clone3, sizeof(clone3)}},
	    {"setpriority", SYS_setpriority, {0, 0, -20}},
	    {"setrlimit", SYS_setrlimit, {RLIMIT_AS, (long)&most}},
	    {"prlimit64", SYS_prlimit64, {0, RLIMIT_AS, (long)&most, 0}},
	    {"dumpable", SYS_prctl, {PR_SET_DUMPABLE, 1}},
	    {"personality", SYS_personality, {0}},
	    {"setsid", SYS_setsid, {0}},
	    {"capset", SYS_capset, {(long)clone3, (long)clone3}},
	};
	return all_refused(attempts, ARRAY_COUNT(attempts), err);
}

static int
forks(void *context, struct buf *out, struct err *err)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid != -1)
		return err_set(err, ERR_INPUT, "forked");
	if (vfork() != -1)
		_exit(1);
	return 0;
}

static int
sees_descriptors(void *context, struct buf *out, struct err *err)
{
	int given = *(int *)context;
	for (int fd = 3; fd < 256; fd++) {
		if (fd != given && fcntl(fd, F_GETFD) != -1)
			buf_printf(out, "%d ", fd);
	}
	char byte;
	if (pread(given, &byte, 1, 0) != 1 || byte != 'k')
		return err_set(err, ERR_INPUT, "cannot read the kept descriptor");
	if (read(0, &byte, 1) != 0)
		return err_set(err, ERR_INPUT, "standard input is not empty");
	return 0;
}

START_TEST(names_are_refused_below_a_kept_folder)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	test_write("kept", "k", 1);
	int folder = open(test_folder(), O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(folder, -1);
	struct confinement confinement = {
	    .keep = &folder, .keep_count = 1, .seconds = 30};
	ck_assert_ok(sandbox_confine(&confinement, reaches_names, &folder, &out,
				     &layers, &err),
		     err);
	test_shell("test \"$(ls)\" = kept && test \"$(cat kept)\" = k");
	close(folder);
	strings_free(&layers);
}
END_TEST

START_TEST(file_system_and_processes_are_refused)
{
	static confined_main *tries[] = {opens_passwd, forks, makes_processes};
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	ck_assert_ok(sandbox_confine(&nothing, tries[_i], NULL, &out, &layers, &err),
		     err);
	strings_free(&layers);
}
END_TEST

START_TEST(other_descriptors_are_gone)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	test_write("kept", "k", 1);
	char *path = path_join(test_folder(), "kept");
	int low = open("/etc/passwd", O_RDONLY), kept = open(path, O_RDONLY);
	int high = fcntl(low, F_DUPFD, 200);
	ck_assert_int_eq(high, 200);
	struct confinement confinement = {
	    .keep = &kept, .keep_count = 1, .seconds = 30};
	ck_assert_ok(
	    sandbox_confine(&confinement, sees_descriptors, &kept, &out, &layers, &err),
	    err);
	/* Only the result pipe is open besides. */
	ck_assert_ptr_nonnull(strchr(out.data, ' '));
	ck_assert_ptr_eq(strchr(out.data, ' '), strrchr(out.data, ' '));
	ck_assert_int_ge(fcntl(high, F_GETFD), 0);
	buf_free(&out);
	strings_free(&layers);
	free(path);
}
END_TEST

static int
makes_socket(void *context, struct buf *out, struct err *err)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1 ? 0 : 0;
}

static int
runs_shell(void *context, struct buf *out, struct err *err)
{
	execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
	return 0;
}

static int
traces(void *context, struct buf *out, struct err *err)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return 0;
}

static int
kills_parent(void *context, struct buf *out, struct err *err)
{
	kill(getppid(), 0);
	return 0;
}

static int
makes_namespace(void *context, struct buf *out, struct err *err)
{
	unshare(CLONE_NEWUSER);
	return 0;
}

static int
asks_for(void *context, struct buf *out, struct err *err)
{
	syscall(*(long *)context, 0, 0, 0, 0, 0, 0);
	return 0;
}

/* The 32-bit entry of the same kernel has other numbers: 11 is execve there. */
static int
uses_other_architecture(void *context, struct buf *out, struct err *err)
{
#ifdef __x86_64__
	long result;
	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
	(void)result;
#else
	raise(SIGSYS);
#endif
	return 0;
}

START_TEST(forbidden_calls_kill)
{
	static confined_main *tries[] = {
	    makes_socket, runs_shell,      traces,
	    kills_parent, makes_namespace, uses_other_architecture};
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	ck_assert_int_eq(
	    sandbox_confine(&nothing, tries[_i], NULL, &out, &layers, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "signal 31"));
	ck_assert_ptr_nonnull(strstr(err.message, "forbidden call"));
	ck_assert(strings_have(&layers, "seccomp"));
	strings_free(&layers);
}
END_TEST

START_TEST(forbidden_numbers_kill)
{
	static long numbers[] = {
	    SYS_io_uring_setup, SYS_bpf,
	    SYS_keyctl,         SYS_mount,
	    SYS_setns,          SYS_execveat,
	    SYS_bind,           SYS_connect,
	    SYS_userfaultfd,    SYS_perf_event_open,
	    SYS_execve,         SYS_socket,
	    SYS_socketpair,     SYS_listen,
	    SYS_accept4,        SYS_sendto,
	    SYS_sendmsg,        SYS_sendmmsg,
	    SYS_ptrace,         SYS_process_vm_readv,
	    SYS_pidfd_open,     SYS_process_vm_writev,
	    SYS_pidfd_getfd,    SYS_pidfd_send_signal,
	    SYS_tkill,          SYS_open_by_handle_at,
	    SYS_chroot,         SYS_pivot_root,
	    SYS_umount2,        SYS_mknodat,
	    SYS_finit_module,   SYS_kexec_file_load,
	    SYS_setuid,         SYS_unshare,
#ifdef __x86_64__
	    0x40000000 + 39, /* x32's getpid */
#endif
	};
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		struct err err = {0};
		struct buf out = {0};
		struct strings layers = {0};
		ck_assert_int_eq(sandbox_confine(&nothing, asks_for, &numbers[i], &out,
						 &layers, &err),
				 -1);
		ck_assert_msg(strstr(err.message, "signal 31") != NULL, "call %ld: %s",
			      numbers[i], err.message);
		strings_free(&layers);
	}
}
END_TEST

/* ---- what it can ----------------------------------------------------- */

static void *
adds_in_thread(void *sum)
{
	*(int *)sum += 1;
	free(malloc(1 << 20));
	return NULL;
}

static int
works(void *context, struct buf *out, struct err *err)
{
	int sum = 0;
	pthread_t threads[4];
	for (size_t i = 0; i < ARRAY_COUNT(threads); i++) {
		if (pthread_create(&threads[i], NULL, adds_in_thread, &sum) != 0 ||
		    pthread_join(threads[i], NULL) != 0)
			return err_set(err, ERR_SYSTEM, "no threads");
	}
	char *big = malloc((size_t)256 << 20);
	uint8_t noise[16];
	if (sum != 4 || big == NULL || getrandom(noise, sizeof(noise), 0) != 16)
		return err_set(err, ERR_SYSTEM, "no memory or noise");
	memset(big, 1, 1 << 20);
	free(big);
	struct sha256 digest;
	sha256_of("abc", 3, &digest);
	if (digest.bytes[0] != 0xba || RAND_bytes(noise, sizeof(noise)) != 1)
		return err_set(err, ERR_SYSTEM, "no OpenSSL");
	rnp_ffi_t ffi;
	if (rnp_ffi_create(&ffi, "GPG", "GPG") != RNP_SUCCESS)
		return err_set(err, ERR_SYSTEM, "no librnp");
	rnp_ffi_destroy(ffi);
	int memory = (int)syscall(SYS_memfd_create, "x", 0);
	if (memory == -1 || ftruncate(memory, 4096) == -1 ||
	    fstat(memory, &(struct stat){0}))
		return err_set(err, ERR_SYSTEM, "no memory file");
	buf_puts(out, "fine");
	return 0;
}

START_TEST(libraries_work_inside)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	ck_assert_ok(sandbox_confine(&nothing, works, NULL, &out, &layers, &err), err);
	ck_assert_str_eq(out.data, "fine");
	buf_free(&out);
	strings_free(&layers);
}
END_TEST

/* Context: the test folder. Reads below in/, fills out/, nothing else. */
static int
fills(void *context, struct buf *out, struct err *err)
{
	struct strings *paths = context;
	int in = open(paths->items[0], O_RDONLY);
	int made = open(paths->items[1], O_WRONLY | O_CREAT | O_EXCL, 0600);
	char byte;
	if (in == -1 || read(in, &byte, 1) != 1 || made == -1 ||
	    write(made, &byte, 1) != 1 || fchmod(made, 0755) == -1)
		return err_errno(err, "cannot fill");
	if (open(paths->items[0], O_WRONLY) != -1)
		return err_set(err, ERR_INPUT, "wrote into what is only read");
	if (open(paths->items[2], O_WRONLY | O_CREAT, 0600) != -1)
		return err_set(err, ERR_INPUT, "wrote outside");
	if (open("/etc/passwd", O_RDONLY) != -1)
		return err_set(err, ERR_INPUT, "read outside");
	if (chmod(paths->items[0], 0777) != -1 || chown(paths->items[1], 1, 1) != -1)
		return err_set(err, ERR_INPUT, "changed a mode by name");
	if (unlink(paths->items[0]) != -1 ||
	    rename(paths->items[0], paths->items[1]) != -1)
		return err_set(err, ERR_INPUT, "removed an input");
	return 0;
}

START_TEST(paths_are_kept_to)
{
	if (syscall(444, NULL, 0, 1) < 1)
		return; /* only Landlock can tell paths apart */
	struct err err = {0};
	struct buf bytes = {0};
	struct strings layers = {0}, paths = {0};
	test_shell("mkdir -p in out; echo x >in/file");
	strings_addf(&paths, "%s/in/file", test_folder());
	strings_addf(&paths, "%s/out/file", test_folder());
	strings_addf(&paths, "%s/outside", test_folder());
	char *in = path_join(test_folder(), "in"),
	     *out = path_join(test_folder(), "out");
	const char *const reads[] = {in, NULL}, *const writes[] = {out, NULL};
	struct confinement confinement = {
	    .read_paths = reads, .write_paths = writes, .seconds = 30};
	ck_assert_ok(
	    sandbox_confine(&confinement, fills, &paths, &bytes, &layers, &err), err);
	ck_assert(strings_have(&layers, "landlock"));
	test_shell("test -x out/file; test -s in/file; ! test -e outside");
	strings_free(&layers);
	strings_free(&paths);
	free(in);
	free(out);
}
END_TEST

/* ---- ends ------------------------------------------------------------ */

static int
crashes(void *context, struct buf *out, struct err *err)
{
	raise(*(int *)context);
	return 0;
}

START_TEST(crashes_are_named)
{
	static const struct {
		int number;
		const char *said;
	} cases[] = {
	    {SIGSEGV, "signal 11 (segmentation fault)"},
	    {SIGBUS, "signal 7 (bus error"},
	    {SIGABRT, "signal 6 (aborted)"},
	    {SIGFPE, "signal 8 (arithmetic error)"},
	};
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	int number = cases[_i].number;
	ck_assert_int_eq(
	    sandbox_confine(&nothing, crashes, &number, &out, &layers, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_msg(strstr(err.message, cases[_i].said) != NULL, "%s", err.message);
	strings_free(&layers);
}
END_TEST

/* A file that shrinks while it is mapped. */
static int
reads_shrunk_map(void *context, struct buf *out, struct err *err)
{
	struct mapping mapping;
	int fd = *(int *)context;
	if (mapping_open(fd, 0, 65536, &mapping, err) == -1 || ftruncate(fd, 0) == -1)
		return -1;
	uint8_t byte = 0;
	(void)view_u8(&mapping.view, 40000, &byte);
	buf_append(out, &byte, 1);
	return 0;
}

START_TEST(shrinking_file_is_a_finding)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	int fd;
	ck_assert_ok(file_scratch(&fd, &err), err);
	ck_assert_int_eq(ftruncate(fd, 65536), 0);
	struct confinement confinement = {.keep = &fd, .keep_count = 1, .seconds = 30};
	ck_assert_int_eq(
	    sandbox_confine(&confinement, reads_shrunk_map, &fd, &out, &layers, &err),
	    -1);
	ck_assert_ptr_nonnull(strstr(err.message, "signal 7"));
	strings_free(&layers);
}
END_TEST

static _Noreturn int
eats_memory(void *context, struct buf *out, struct err *err)
{
	for (;;)
		memset(base_alloc(1 << 20, 1), 1, 1 << 20);
}

START_TEST(memory_bomb_is_a_limit)
{
	if (SANITISED)
		return;
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	struct confinement confinement = {.memory = 256 << 20, .seconds = 30};
	ck_assert_int_eq(
	    sandbox_confine(&confinement, eats_memory, NULL, &out, &layers, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "out of memory"));
	strings_free(&layers);
}
END_TEST

static int
asks_for_much(void *context, struct buf *out, struct err *err)
{
	const uint64_t *size = context;
	(void)err;
	free(base_alloc((size_t)*size, 1)); /* not touched: none of it is used */
	buf_puts(out, "had it");
	return 0;
}

/* Room to map large files is no room for memory of its own. */
START_TEST(mapping_room_is_not_memory)
{
	if (SANITISED)
		return;
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	struct confinement confinement = {.memory = UINT64_C(64) << 30, .seconds = 30};
	uint64_t much = UINT64_C(17) << 30, little = UINT64_C(1) << 30;
	ck_assert_ok(sandbox_confine(&confinement, asks_for_much, &little, &out,
				     &layers, &err),
		     err);
	ck_assert_int_eq(sandbox_confine(&confinement, asks_for_much, &much, &out,
					 &layers, &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "out of memory"));
	buf_free(&out);
	strings_free(&layers);
}
END_TEST

static _Noreturn int
loops(void *context, struct buf *out, struct err *err)
{
	for (volatile unsigned spin = 0;; spin++)
		continue;
}

START_TEST(endless_loop_is_a_limit)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	struct confinement confinement = {.seconds = 1};
	double start = time_elapsed();
	ck_assert_int_eq(
	    sandbox_confine(&confinement, loops, NULL, &out, &layers, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "over 1 seconds"));
	ck_assert(time_elapsed() - start >= 1.0 && time_elapsed() - start < 4.0);
	strings_free(&layers);
}
END_TEST

/* A child taken over by its input writes what it likes into the pipe. */
static int
forges(void *context, struct buf *out, struct err *err)
{
	const struct buf *bytes = context;
	for (int fd = 3; fd < 64; fd++) {
		if (fcntl(fd, F_GETFD) != -1 &&
		    file_write_fd(fd, bytes->data, bytes->size, err))
			return -1;
	}
	_exit(0);
}

START_TEST(forged_answers_are_refused)
{
	static const struct {
		const char *bytes;
		size_t count;
	} cases[] = {
	    {"", 0},                                        /* nothing */
	    {"D", 1},                                       /* cut */
	    {"D\1\0\0\0\0\0\0\0x", 10},                     /* done with content */
	    {"L\1\0\0\0\0\0\0\0\377D\0\0\0\0\0\0\0\0", 19}, /* more layers */
	    {"O\5\0\0\0\0\0\0\0abc", 12},                   /* less than said */
	    {"O\377\377\377\377\377\377\377\377abc", 12},   /* a size of 2^64-1 */
	    {"E\1\0\0\0\0\0\0\0\0", 10},                    /* the error "none" */
	    {"E\2\0\0\0\0\0\0\0\177x", 11},                 /* an error of no kind */
	    {"E\0\0\0\0\0\0\0\0", 9},                       /* an error without kind */
	    {"E\0\0\1\0\0\0\0\0\2", 10},                    /* an overlong error */
	    {"Z\0\0\0\0\0\0\0\0", 9},                       /* no such kind */
	    {"D\0\0\0\0\0\0\0\0O\1\0\0\0\0\0\0\0x", 19},    /* more after the end */
	};
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct err err = {0};
		struct buf out = {0}, bytes = {0};
		struct strings layers = {0};
		buf_append(&bytes, cases[i].bytes, cases[i].count);
		ck_assert_int_eq(
		    sandbox_confine(&nothing, forges, &bytes, &out, &layers, &err), -1);
		ck_assert_msg(err.kind == ERR_INPUT || err.kind == ERR_LIMIT,
			      "case %zu", i);
		ck_assert_uint_eq(out.size, 0);
		buf_free(&bytes);
		buf_free(&out);
		strings_free(&layers);
	}
}
END_TEST

START_TEST(flood_is_bounded)
{
	struct err err = {0};
	struct buf out = {0}, bytes = {0};
	struct strings layers = {0};
	/* 600 MiB announced: over the bound, whether or not they come. */
	buf_append(&bytes, "O\0\0\200\045\0\0\0\0", 9);
	ck_assert_int_eq(sandbox_confine(&nothing, forges, &bytes, &out, &layers, &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	buf_free(&bytes);
	strings_free(&layers);
}
END_TEST

static _Noreturn int
sleeps(void *context, struct buf *out, struct err *err)
{
	for (;;)
		usleep(100000);
}

START_TEST(interrupt_ends_the_child)
{
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	interrupt_catch();
	pid_t self = getpid(), alarm_child = fork();
	if (alarm_child == 0) {
		usleep(300000);
		kill(self, SIGTERM);
		_exit(0);
	}
	ck_assert_int_eq(sandbox_confine(&nothing, sleeps, NULL, &out, &layers, &err),
			 -1);
	ck_assert_int_eq(err.kind, ERR_INTERRUPTED);
	waitpid(alarm_child, NULL, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	strings_free(&layers);
}
END_TEST

/* The caller works while the child does; without an answer, none is left behind. */
START_TEST(children_are_heard_or_stopped)
{
	char hello[] = "hello";
	struct err err = {0};
	struct buf out = {0};
	struct strings layers = {0};
	struct confined *one = NULL, *other = NULL;
	ck_assert_ok(sandbox_confine_start(&nothing, says_hello, hello, &one, &err),
		     err);
	hello[0] = 'j'; /* it has memory of its own */
	ck_assert_ok(sandbox_confine_start(&nothing, sleeps, NULL, &other, &err), err);
	ck_assert_ok(sandbox_confine_finish(one, &out, &layers, &err), err);
	ck_assert_str_eq(out.data, "hello");
	sandbox_confine_stop(other);
	sandbox_confine_stop(NULL);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	buf_free(&out);
	strings_free(&layers);
}
END_TEST

/* ---- helper programs ------------------------------------------------- */

START_TEST(tools_are_heard)
{
	struct err err = {0};
	struct buf out = {0};
	const char *const echo[] = {"sh", "-c", "echo \"$A\"; env | wc -l; cat", NULL};
	const char *const environment[] = {"A=one two", "PATH=/usr/bin:/bin", NULL};
	ck_assert_ok(sandbox_run_tool(echo, environment, &out, &err), err);
	ck_assert_int_eq(strncmp(out.data, "one two\n", 8), 0);
	buf_clear(&out);
	setenv("SECRET", "x", 1);
	const char *const env[] = {"env", NULL};
	ck_assert_ok(sandbox_run_tool(env, NULL, &out, &err), err);
	ck_assert_ptr_null(strstr(out.data, "SECRET"));
	ck_assert_ptr_nonnull(strstr(out.data, "PATH="));
	buf_free(&out);
}
END_TEST

START_TEST(tool_failures_say_why)
{
	struct err err = {0};
	const char *const fail[] = {
	    "sh", "-c",
	    "for i in 1 2 3; do echo line$i >&2; done; printf '\\033x' >&2; exit 9",
	    NULL};
	ck_assert_int_eq(sandbox_run_tool(fail, NULL, NULL, &err), -1);
	ck_assert_str_eq(err.message,
			 "'sh' ended with status 9: line1 | line2 | line3 | \\x1bx");
	const char *const missing[] = {"verify-no-such-tool", NULL};
	ck_assert_int_eq(sandbox_run_tool(missing, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "not installed"));
	const char *const killed[] = {"sh", "-c", "kill -SEGV $$", NULL};
	ck_assert_int_eq(sandbox_run_tool(killed, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "signal 11"));
	struct buf out = {0};
	const char *const flood[] = {"cat", "/dev/zero", NULL};
	ck_assert_int_eq(sandbox_run_tool(flood, NULL, &out, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	buf_free(&out);
}
END_TEST

START_TEST(tool_does_not_outlive)
{
	struct err err = {0};
	struct buf out = {0};
	const char *const left[] = {"sh", "-c", "sleep 77 & echo $!", NULL};
	double start = time_elapsed();
	ck_assert_ok(sandbox_run_tool(left, NULL, &out, &err), err);
	ck_assert(time_elapsed() - start < 5);
	pid_t pid = (pid_t)strtol(out.data, NULL, 10);
	for (int i = 0; i < 50 && kill(pid, 0) == 0; i++)
		usleep(20000);
	char *state = base_format("/proc/%d/stat", pid);
	struct buf bytes = {0};
	if (file_read(state, 4096, &bytes, &err) == 0) /* dead, if not yet reaped */
		ck_assert_ptr_nonnull(strstr(bytes.data, ") Z"));
	free(state);
	buf_free(&bytes);
	buf_free(&out);
}
END_TEST

Suite *sandbox_confine_suite(void);

Suite *
sandbox_confine_suite(void)
{
	Suite *suite = suite_create("sandbox_confine");
	TCase *tcase = tcase_create("confine");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, output_and_layers_arrive);
	tcase_add_test(tcase, errors_arrive_safe_to_show);
	tcase_add_loop_test(tcase, file_system_and_processes_are_refused, 0, 3);
	tcase_add_test(tcase, names_are_refused_below_a_kept_folder);
	tcase_add_test(tcase, other_descriptors_are_gone);
	tcase_add_loop_test(tcase, forbidden_calls_kill, 0, 6);
	tcase_add_test(tcase, forbidden_numbers_kill);
	tcase_add_test(tcase, libraries_work_inside);
	tcase_add_test(tcase, paths_are_kept_to);
	tcase_add_loop_test(tcase, crashes_are_named, 0, 4);
	tcase_add_test(tcase, shrinking_file_is_a_finding);
	tcase_add_test(tcase, memory_bomb_is_a_limit);
	tcase_add_test(tcase, mapping_room_is_not_memory);
	tcase_add_test(tcase, endless_loop_is_a_limit);
	tcase_add_test(tcase, forged_answers_are_refused);
	tcase_add_test(tcase, flood_is_bounded);
	tcase_add_test(tcase, interrupt_ends_the_child);
	tcase_add_test(tcase, children_are_heard_or_stopped);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("tool");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, tools_are_heard);
	tcase_add_test(tcase, tool_failures_say_why);
	tcase_add_test(tcase, tool_does_not_outlive);
	suite_add_tcase(suite, tcase);
	return suite;
}
