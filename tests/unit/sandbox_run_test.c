/* sandbox: builds, honest and hostile, as root and as an ordinary user. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

#define NOBODY 65534

/* Two small roots with a shell, a few programs and the probe: one of root's, one of
 * the ordinary user's. */
static char root_of[2][96], probe_source[4096];

/* ---- the ground ------------------------------------------------------ */

static const char make_root[] =
    "mkdir -p r/bin r/etc r/usr r/tmp r/host; ln -s bin r/sbin; ln -s ../bin r/usr/bin;"
    "for p in sh ls cat id mkdir rm sleep dd ln touch chmod env setsid mkfifo stat tr;"
    "do f=$(readlink -f \"$(command -v $p)\"); cp \"$f\" r/bin/$p;"
    " for l in $(ldd \"$f\" | grep -o '/[^ ]*'); do"
    "  mkdir -p r$(dirname $l); cp -nL $l r$l; done; done;"
    "cc -O1 -static -o r/bin/probe '%s/tests/sandbox/probe.c';"
    "cp r/bin/probe r/bin/gain; chmod 6755 r/bin/gain;"
    "echo root:x:0:0:root:/root:/bin/sh >r/etc/passwd;"
    "echo builder:x:7:7::/:/bin/false >>r/etc/passwd;"
    "cp -a r n; chmod 755 . r n; chown -R %d:%d n; chmod 6755 n/bin/gain";

static void
ground_make(void)
{
	const char *source = getenv("SOURCE");
	if (source == NULL)
		source = realpath(".", probe_source);
	int owner = geteuid() == 0 ? NOBODY : (int)geteuid();
	int group = geteuid() == 0 ? NOBODY : (int)getegid();
	test_shell(make_root, source, owner, group);
	snprintf(root_of[0], sizeof(root_of[0]), "%s/r", test_folder());
	snprintf(root_of[1], sizeof(root_of[1]), "%s/n", test_folder());
}

/* Loop tests run twice: 0 as we are, 1 as an ordinary user. */
static void
become(int who)
{
	if (who == 0 || geteuid() != 0)
		return;
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	/* As for any program that such a user starts. */
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
}

static const char *const plain_environment[] = {"PATH=/bin", "A=b c", NULL};

static struct sandbox_plan
plan_for(int who, const char *script)
{
	/* The user's root is right for both, root's own only for root. */
	return (struct sandbox_plan){
	    .root = root_of[geteuid() == 0 ? 0 : 1],
	    .build_path = "/build/here",
	    .script = script,
	    .environment = plain_environment,
	    .hostname = "verify",
	    .user = "builder",
	    .umask = 022,
	    .cpus = 1,
	    .limits = {.wall_seconds = 20,
		       .memory = 128 << 20,
		       .processes = 64,
		       .disk = 32 << 20,
		       .log = 1 << 20},
	    .log = (int)memfd_create("log", MFD_CLOEXEC),
	};
}

static struct buf
log_of(const struct sandbox_plan *plan)
{
	struct buf log = {0};
	struct err err = {0};
	ck_assert_int_eq(lseek(plan->log, 0, SEEK_SET), 0);
	ck_assert_ok(file_read_fd(plan->log, 1 << 26, &log, &err), err);
	return log;
}

/* Run it and expect that end; the log. */
static struct buf
run_expect(const struct sandbox_plan *plan, enum sandbox_end end, int status)
{
	struct err err = {0};
	struct sandbox_result result;
	ck_assert_ok(sandbox_run(plan, &result, &err), err);
	struct buf log = log_of(plan);
	ck_assert_msg(result.end == end &&
			  (end > SANDBOX_SIGNALLED || result.status == status),
		      "end %d status %d, log: %s", result.end, result.status, log.data);
	sandbox_result_close(&result);
	return log;
}

/* Processes of the whole machine whose command line holds `marker`. */
static int
alive(const char *marker)
{
	glob_t found;
	int count = 0;
	ck_assert_int_eq(glob("/proc/[0-9]*/cmdline", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char text[4096];
		int fd = open(found.gl_pathv[i], O_RDONLY);
		ssize_t got = fd == -1 ? 0 : read(fd, text, sizeof(text));
		if (got > 0 &&
		    memmem(text, (size_t)got, marker, strlen(marker)) != NULL)
			count++;
		if (fd != -1)
			close(fd);
	}
	globfree(&found);
	return count;
}

/* ---- honest builds --------------------------------------------------- */

START_TEST(a_build_sees_what_it_should)
{
	become(_i);
	struct sandbox_plan plan = plan_for(
	    _i, "id -u; id -un; id -g; cat /proc/sys/kernel/hostname; umask\n"
		"cat src/input; stat -c '%a %U' src/input .; stat -c %a /tmp\n"
		"cat /etc/hosts /etc/passwd; env\n"
		"echo result >out; test ! -e /etc/shadow; test ! -s /etc/resolv.conf\n"
		"test -z \"$(ls -A /sys)\"; ls /dev; ls /proc/self/fd | tr '\\n' ' '\n"
		"echo in >/dev/shm/x; echo in >/tmp/x; echo in >/var/tmp/x\n"
		"echo sure >/dev/null; cat <&0\n");
	test_write("input", "given\n", 6);
	char *path = path_join(test_folder(), "input");
	struct sandbox_input input = {"src/input", open(path, O_RDONLY)};
	plan.inputs = &input;
	plan.input_count = 1;
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_str_eq(log.data,
			 "1000\nbuilder\n1000\nverify\n0022\ngiven\n"
			 "644 builder\n755 builder\n"
			 "1777\n"
			 "127.0.0.1\tlocalhost\n127.0.1.1\tverify\n::1\tlocalhost\n"
			 "root:x:0:0:root:/root:/bin/sh\n"
			 "builder:x:1000:1000:builder:/build/here:/bin/sh\n"
			 "A=b c\nPATH=/bin\nPWD=/build/here\n"
			 "fd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\n"
			 "stdout\ntty\nurandom\nzero\n0 1 2 3 ");
	buf_free(&log);
	close(input.fd);
	free(path);
	struct stat st;
	char *steps = path_join(plan.root, "verify-steps");
	ck_assert_int_eq(stat(steps, &st), -1);
	free(steps);
}
END_TEST

START_TEST(the_layers_are_told)
{
	become(_i);
	static const char *const always[] = {
	    "cgroup namespace",      "ipc namespace",     "mount namespace",
	    "nested user namespace", "network namespace", "no new privileges",
	    "pid namespace",         "process limit",     "seccomp",
	    "uts namespace"};
	struct err err = {0};
	struct sandbox_result result;
	struct sandbox_plan plan = plan_for(_i, "sleep 0.3");
	ck_assert_ok(sandbox_run(&plan, &result, &err), err);
	for (size_t i = 0; i < ARRAY_COUNT(always); i++)
		ck_assert_msg(strings_have(&result.layers, always[i]), "%s", always[i]);
	ck_assert_int_eq(strings_have(&result.layers, "user namespace"),
			 geteuid() != 0);
	ck_assert_int_ne(strings_have(&result.layers, "overlay root"),
			 strings_have(&result.layers, "copied root"));
	ck_assert_int_ne(strings_have(&result.layers, "memory cgroup"),
			 strings_have(&result.layers, "memory sampled"));
	for (size_t i = 1; i < result.layers.count; i++)
		ck_assert_int_lt(
		    strcmp(result.layers.items[i - 1], result.layers.items[i]), 0);
	ck_assert(result.seconds >= 0.3 && result.seconds < 5);
	ck_assert_uint_gt(result.peak_memory, 0);
	sandbox_result_close(&result);
}
END_TEST

START_TEST(ends_are_told_apart)
{
	static const struct {
		const char *script;
		enum sandbox_end end;
		int status;
	} cases[] = {
	    {"exit 0", SANDBOX_EXITED, 0},
	    {"exit 42", SANDBOX_EXITED, 42},
	    {"false || true; no-such-program", SANDBOX_EXITED, 127},
	    {"ls /nothing; exit 0", SANDBOX_EXITED, 2}, /* sh -e */
	    {"kill -TERM $$", SANDBOX_SIGNALLED, SIGTERM},
	    {"kill -KILL $$", SANDBOX_SIGNALLED, SIGKILL},
	};
	become(1);
	for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
		struct sandbox_plan plan = plan_for(1, cases[i].script);
		struct buf log = run_expect(&plan, cases[i].end, cases[i].status);
		buf_free(&log);
		close(plan.log);
	}
}
END_TEST

START_TEST(builds_that_cannot_begin)
{
	struct err err = {0};
	struct sandbox_result result;
	struct sandbox_plan plan = plan_for(0, "true");
	plan.cpus = 4096;
	ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
	ck_assert_int_eq(err.kind, ERR_SYSTEM);
	ck_assert_ptr_nonnull(strstr(err.message, "4096 processors"));
	plan = plan_for(0, "true");
	plan.root = "/nonexistent";
	ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	test_shell("mkdir empty");
	char *empty = path_join(test_folder(), "empty");
	plan.root = empty;
	ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "/bin/sh"));
	test_shell("test -z \"$(ls -A empty)\"");
	free(empty);
	static const char *const wrong[] = {"build", "/", "/a/../b", "/proc/x", "/dev"};
	for (size_t i = 0; i < ARRAY_COUNT(wrong); i++) {
		plan = plan_for(0, "true");
		plan.build_path = wrong[i];
		ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
		ck_assert_int_eq(err.kind, ERR_USAGE);
		ck_assert_int_eq(result.build_folder, -1);
	}
	plan = plan_for(0, "true");
	struct sandbox_input input = {"../escape", open("/dev/null", O_RDONLY)};
	plan.inputs = &input;
	plan.input_count = 1;
	ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "input '../escape'"));
}
END_TEST

/* A root of links that point out of it: nothing of the host is written or shown. */
START_TEST(links_in_the_root_stay_inside)
{
	test_shell("cp -a %s evil; rm -rf evil/tmp evil/etc; mkdir target;"
		   "ln -s $PWD/target evil/etc; ln -s $PWD/target evil/tmp;"
		   "ln -s / evil/out; chmod 755 .",
		   root_of[0]);
	struct err err = {0};
	struct sandbox_result result;
	struct sandbox_plan plan = plan_for(0, "ls /out/");
	char *evil = path_join(test_folder(), "evil");
	plan.root = evil;
	if (sandbox_run(&plan, &result, &err) == 0)
		sandbox_result_close(&result);
	test_shell("test -z \"$(ls -A target)\"");
	free(evil);
}
END_TEST

START_TEST(foreign_roots_are_copied)
{
	if (geteuid() != 0)
		TEST_SKIP("needs root"); /* needs two users */
	become(1);
	struct sandbox_plan plan = plan_for(1, "id -u; echo x >/tmp/x");
	plan.root = root_of[0];
	struct err err = {0};
	struct sandbox_result result;
	ck_assert_ok(sandbox_run(&plan, &result, &err), err);
	ck_assert_int_eq(result.end, SANDBOX_EXITED);
	ck_assert_int_eq(result.status, 0);
	ck_assert(strings_have(&result.layers, "copied root"));
	struct buf log = log_of(&plan);
	ck_assert_str_eq(log.data, "1000\n");
	buf_free(&log);
	sandbox_result_close(&result);
}
END_TEST

struct told {
	int calls;
	bool named;
};

static void
told(void *context, double seconds, const char *last_line)
{
	struct told *told = context;
	told->calls++;
	told->named = strcmp(last_line, "line \\x1b[1m") == 0;
}

START_TEST(progress_shows_the_last_line)
{
	struct told seen = {0};
	struct sandbox_plan plan =
	    plan_for(1, "echo first; printf 'line \\033[1m\\n'; sleep 2.5");
	plan.progress = told;
	plan.context = &seen;
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_int_ge(seen.calls, 1);
	ck_assert_int_le(seen.calls, 3);
	ck_assert(seen.named);
	ck_assert_str_eq(log.data, "first\nline \033[1m\n");
	buf_free(&log);
}
END_TEST

/* ---- hostile builds -------------------------------------------------- */

static const char *const tries[] = {"mount",
				    "remount",
				    "umount",
				    "fsopen",
				    "unshare",
				    "clone",
				    "clone3",
				    "setns",
				    "chroot",
				    "dotdot",
				    "init-root",
				    "init-memory",
				    "init-descriptors",
				    "ptrace",
				    "kill",
				    "keyctl",
				    "io-uring",
				    "bpf",
				    "userfaultfd",
				    "perf",
				    "tiocsti",
				    "mknod",
				    "vsock",
				    "packet",
				    "alg",
				    "netlink",
				    "raw",
				    "hostname",
				    "proc-sys",
				    "write-root",
				    "write-shell",
				    "setuid",
				    "core-limit",
				    "new-call",
				    "process-memory",
				    "other-processes"};

/* One sandbox for all of them, each in a process of its own; the log names what worked.
 */
static void
all_refused(int who)
{
	struct buf script = {0};
	for (size_t i = 0; i < ARRAY_COUNT(tries); i++)
		buf_printf(&script, "probe %s || echo FAILED %s\n", tries[i], tries[i]);
	/* A setuid file of root's gains nothing. */
	buf_puts(&script, "gain gain || echo FAILED gain\n");
	struct sandbox_plan plan = plan_for(who, script.data);
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_msg(strstr(log.data, "FAILED") == NULL, "%s", log.data);
	ck_assert_ptr_null(strstr(log.data, "WORKED"));
	size_t lines = 0;
	for (const char *at = log.data; *at != '\0'; at++)
		lines += *at == '\n';
	ck_assert_uint_eq(lines, ARRAY_COUNT(tries) + 1);
	buf_free(&log);
	buf_free(&script);
}

START_TEST(hostile_calls_are_refused)
{
	become(_i);
	all_refused(_i);
}
END_TEST

/* The probe is no straw man: outside, as root, much of it works. */
START_TEST(the_probe_works_outside)
{
	static const char *const outside[] = {
	    "chroot", "clone", "raw", "other-processes", "hostname", "write-root"};
	if (geteuid() != 0)
		TEST_SKIP("needs root");
	for (size_t i = 0; i < ARRAY_COUNT(outside); i++)
		test_shell("if unshare -u -- %s/bin/probe %s; then exit 1; fi",
			   root_of[0], outside[i]);
	test_shell("rm /owned");
}
END_TEST

START_TEST(the_host_network_is_out_of_reach)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	socklen_t size = sizeof(address);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(tcp, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(tcp, 1), 0);
	ck_assert_int_eq(getsockname(tcp, (struct sockaddr *)&address, &size), 0);
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int length = snprintf(name.sun_path + 1, 64, "verify-test-%d", (int)getpid());
	int local = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(local, (struct sockaddr *)&name,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  (size_t)length)),
			 0);
	ck_assert_int_eq(listen(local, 1), 0);
	char *port = base_format("PORT=%d", ntohs(address.sin_port));
	char *abstract = base_format("ABSTRACT=verify-test-%d", (int)getpid());
	/* Reachable from here: the probe says that it worked. */
	test_shell("export %s %s; if %s/bin/probe tcp || %s/bin/probe abstract;"
		   "then exit 1; fi",
		   port, abstract, root_of[0], root_of[0]);
	become(_i);
	const char *const environment[] = {"PATH=/bin", port, abstract, NULL};
	struct sandbox_plan plan = plan_for(_i, "probe tcp; probe abstract");
	plan.environment = environment;
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_ptr_nonnull(strstr(log.data, "tcp: refused"));
	ck_assert_ptr_nonnull(strstr(log.data, "abstract: refused"));
	buf_free(&log);
	free(port);
	free(abstract);
}
END_TEST

START_TEST(nothing_leaks_in)
{
	setenv("VERIFY_SECRET", "leaked", 1);
	int low = open("/etc/passwd", O_RDONLY), high = fcntl(low, F_DUPFD, 900);
	ck_assert_int_eq(high, 900);
	become(_i);
	struct sandbox_plan plan =
	    plan_for(_i, "env; ls /proc/self/fd; ls /proc | tr '\\n' ' '; cat "
			 "/proc/self/environ /proc/1/environ 2>&1 | tr '\\0' '\\n'");
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_ptr_null(strstr(log.data, "leaked"));
	ck_assert_ptr_null(strstr(log.data, "900"));
	ck_assert_ptr_nonnull(strstr(log.data, "\n0\n1\n2\n3\n"));
	buf_free(&log);
}
END_TEST

START_TEST(limits_are_kept)
{
	static const struct {
		const char *script;
		enum sandbox_end end;
	} cases[] = {
	    {"b() { b | b & }; b; sleep 15", SANDBOX_PROCESS_LIMIT},
	    {"probe hog", SANDBOX_MEMORY_LIMIT},
	    {"dd if=/dev/zero of=/tmp/x bs=1M", SANDBOX_DISK_LIMIT},
	    {"i=0; while : >f$i; do i=$((i+1)); done; exit 1", SANDBOX_DISK_LIMIT},
	    {"cat /dev/zero", SANDBOX_LOG_LIMIT},
	    {"sleep 15", SANDBOX_WALL_LIMIT},
	    {"trap '' TERM INT HUP; while :; do :; done", SANDBOX_WALL_LIMIT},
	};
	become(_i & 1);
	struct sandbox_plan plan = plan_for(_i & 1, cases[_i / 2].script);
	if (cases[_i / 2].end == SANDBOX_WALL_LIMIT)
		plan.limits.wall_seconds = 1;
	if (strstr(plan.script, "f$i") != NULL)
		plan.limits.disk = 1 << 20;
	double start = time_elapsed();
	struct buf log = run_expect(&plan, cases[_i / 2].end, 0);
	ck_assert(time_elapsed() - start < 12);
	ck_assert_uint_le(log.size, plan.limits.log);
	if (cases[_i / 2].end == SANDBOX_LOG_LIMIT)
		ck_assert_uint_eq(log.size, plan.limits.log);
	buf_free(&log);
}
END_TEST

START_TEST(nothing_outlives_a_build)
{
	become(_i);
	char *marker = base_format("8%d7%d", (int)getpid(), _i);
	char *script = base_format("sleep %s & setsid sh -c 'trap \"\" HUP TERM; "
				   "setsid sleep %s & sleep %s' & sleep 0.2; exit 0",
				   marker, marker, marker);
	struct sandbox_plan plan = plan_for(_i, script);
	struct buf log = run_expect(&plan, SANDBOX_EXITED, 0);
	ck_assert_int_eq(alive(marker), 0);
	buf_free(&log);
	free(script);
	free(marker);
}
END_TEST

/* Also not when verify itself is killed in the middle. */
START_TEST(nothing_outlives_a_killed_verify)
{
	become(_i);
	char *marker = base_format("9%d8%d", (int)getpid(), _i);
	char *script = base_format("setsid sleep %s & exec sleep %s", marker, marker);
	struct sandbox_plan plan = plan_for(_i, script);
	pid_t parent = fork();
	ck_assert_int_ne(parent, -1);
	if (parent == 0) {
		struct err err;
		struct sandbox_result result;
		_exit(sandbox_run(&plan, &result, &err) == 0 ? 0 : 1);
	}
	int tries_left = 3000;
	while (alive(marker) < 2 && tries_left-- > 0)
		usleep(20000);
	ck_assert_int_ge(alive(marker), 2);
	ck_assert_int_eq(kill(parent, SIGKILL), 0);
	ck_assert_int_eq(waitpid(parent, NULL, 0), parent);
	tries_left = 3000;
	while (alive(marker) > 0 && tries_left-- > 0)
		usleep(20000);
	ck_assert_int_eq(alive(marker), 0);
	free(script);
	free(marker);
}
END_TEST

START_TEST(interrupting_ends_everything)
{
	become(_i);
	interrupt_catch();
	char *marker = base_format("7%d6%d", (int)getpid(), _i);
	char *script = base_format("trap '' TERM; sleep %s; sleep %s", marker, marker);
	struct sandbox_plan plan = plan_for(_i, script);
	pid_t self = getpid(), other = fork();
	if (other == 0) {
		for (int i = 0; i < 3000 && alive(marker) == 0; i++)
			usleep(20000);
		kill(self, SIGTERM);
		_exit(0);
	}
	struct err err = {0};
	struct sandbox_result result;
	ck_assert_int_eq(sandbox_run(&plan, &result, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INTERRUPTED);
	waitpid(other, NULL, 0);
	ck_assert_int_eq(alive(marker), 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	free(script);
	free(marker);
}
END_TEST

/* ---- collecting ------------------------------------------------------ */

static void
collect_into(int who, const char *script, const char *name, struct strings *notes)
{
	struct err err = {0};
	struct sandbox_result result;
	struct sandbox_plan plan = plan_for(who, script);
	ck_assert_ok(sandbox_run(&plan, &result, &err), err);
	struct buf log = log_of(&plan);
	ck_assert_msg(result.end == SANDBOX_EXITED && result.status == 0, "%s",
		      log.data);
	char *to = path_join(test_folder(), name);
	ck_assert_ok(sandbox_collect(&result, to, notes, &err), err);
	free(to);
	buf_free(&log);
	sandbox_result_close(&result);
}

START_TEST(collecting_keeps_what_is_there)
{
	become(_i);
	struct strings notes = {0};
	collect_into(_i,
		     "mkdir -p a/b; echo one >a/b/one; chmod 640 a/b/one\n"
		     "touch -d '2020-01-02 03:04:05Z' a/b/one; ln a/b/one a/again\n"
		     "echo x >a/run; chmod 755 a/run; chmod 700 a\n"
		     "ln -s ../../../etc/shadow a/link; ln -s /etc a/folder\n"
		     "dd if=/dev/zero of=sparse bs=1 count=1 seek=30000000\n"
		     "touch -d '2021-01-01Z' a/b\n",
		     "got", &notes);
	ck_assert_uint_eq(notes.count, 0);
	test_shell("cd got; test \"$(cat a/b/one a/again)\" = \"one\none\"\n"
		   "test \"$(stat -c '%%a %%Y' a/b/one)\" = '640 1577934245'\n"
		   "test \"$(stat -c '%%a' a/run)\" = 755\n"
		   "test \"$(stat -c '%%Y' a/b)\" = 1609459200\n"
		   "test \"$(stat -c '%%a %%u' a)\" = \"700 $(id -u)\"\n"
		   "test \"$(readlink a/link)\" = ../../../etc/shadow\n"
		   "test \"$(readlink a/folder)\" = /etc\n"
		   "test $(stat -c %%s sparse) = 30000001\n"
		   "test $(du -k sparse | cut -f1) -lt 1000; rm sparse");
	strings_free(&notes);
}
END_TEST

START_TEST(collecting_survives_hostility)
{
	become(_i);
	struct strings notes = {0};
	collect_into(_i,
		     "echo s >set; chmod 6755 set; mkfifo pipe; echo no >secret\n"
		     "chmod 0 secret; mkdir -p locked/in; echo deep >locked/in/file\n"
		     "chmod 0 locked/in; chmod 0 locked\n"
		     "n=$(printf 'x\\ny\\033'); echo 1 >\"$n\"\n"
		     "mkfifo \"$(printf 'p\\033')\"\n"
		     "ln -s pipe to-pipe; ln -s . loop; ln -s /proc/self/fd/0 zero\n",
		     "hostile", &notes);
	strings_sort(&notes);
	ck_assert_uint_eq(notes.count, 3);
	ck_assert_str_eq(notes.items[0],
			 "p\\x1b: a device, socket or pipe was left out");
	ck_assert_str_eq(notes.items[1], "pipe: a device, socket or pipe was left out");
	ck_assert_str_eq(notes.items[2], "set: its setuid or setgid bit was dropped");
	test_shell("cd hostile; test ! -u set; test ! -g set; test ! -e pipe\n"
		   "test \"$(stat -c %%a secret)\" = 0\n"
		   "test \"$(stat -c %%a locked)\" = 0; chmod 700 locked\n"
		   "test \"$(stat -c %%a locked/in)\" = 0; chmod 700 locked/in secret\n"
		   "test \"$(cat locked/in/file secret)\" = \"deep\nno\"\n"
		   "test -L loop; test -L zero");
	strings_free(&notes);
}
END_TEST

START_TEST(collecting_is_bounded)
{
	struct err err = {0};
	struct sandbox_result result;
	struct sandbox_plan plan = plan_for(
	    0, "i=0; while [ $i -lt 300 ]; do mkdir d; cd d; i=$((i+1)); done");
	ck_assert_ok(sandbox_run(&plan, &result, &err), err);
	ck_assert_int_eq(result.status, 0);
	char *to = path_join(test_folder(), "deep");
	struct strings notes = {0};
	ck_assert_int_eq(sandbox_collect(&result, to, &notes, &err), -1);
	ck_assert_int_eq(err.kind, ERR_LIMIT);
	sandbox_result_close(&result);
	ck_assert_int_eq(sandbox_collect(&result, to, &notes, &err), -1);
	free(to);
}
END_TEST

Suite *sandbox_run_suite(void);

Suite *
sandbox_run_suite(void)
{
	Suite *suite = suite_create("sandbox_run");
	TCase *tcase = tcase_create("run");
	tcase_set_timeout(tcase, 60);
	tcase_add_unchecked_fixture(tcase, ground_make, NULL);
	tcase_add_loop_test(tcase, a_build_sees_what_it_should, 0, 2);
	tcase_add_loop_test(tcase, the_layers_are_told, 0, 2);
	tcase_add_test(tcase, ends_are_told_apart);
	tcase_add_test(tcase, builds_that_cannot_begin);
	tcase_add_test(tcase, links_in_the_root_stay_inside);
	tcase_add_test(tcase, foreign_roots_are_copied);
	tcase_add_test(tcase, progress_shows_the_last_line);
	tcase_add_loop_test(tcase, hostile_calls_are_refused, 0, 2);
	tcase_add_test(tcase, the_probe_works_outside);
	tcase_add_loop_test(tcase, the_host_network_is_out_of_reach, 0, 2);
	tcase_add_loop_test(tcase, nothing_leaks_in, 0, 2);
	tcase_add_loop_test(tcase, limits_are_kept, 0, 14);
	tcase_add_loop_test(tcase, nothing_outlives_a_build, 0, 2);
	tcase_add_loop_test(tcase, nothing_outlives_a_killed_verify, 0, 2);
	tcase_add_loop_test(tcase, interrupting_ends_everything, 0, 2);
	tcase_add_loop_test(tcase, collecting_keeps_what_is_there, 0, 2);
	tcase_add_loop_test(tcase, collecting_survives_hostility, 0, 2);
	tcase_add_test(tcase, collecting_is_bounded);
	suite_add_tcase(suite, tcase);
	return suite;
}
