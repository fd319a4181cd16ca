/*
 * The command line as people use it: every tests/cli/NAME.sh is one test, run by
 * /bin/sh in a fresh folder with $VERIFY (the binary), $SOURCE (the project's
 * folder) and $BUILD set. Exit status 77 is a skip: its last output line is the
 * reason, and goes to the file that the closing summary shows.
 */
#include "test.h"

#include <glob.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static glob_t scripts;

/* The reason for a skip is the last line that the script printed. */
static void
note_skip(const char *script, const char *log)
{
	const char *line = log;
	for (const char *at = log; *at != '\0'; at++) {
		if (at[0] == '\n' && at[1] != '\0')
			line = at + 1;
	}
	char *reason = base_strndup(line, strcspn(line, "\n"));
	test_skip(path_base(script), reason);
	free(reason);
}

START_TEST(script_passes)
{
	const char *script = scripts.gl_pathv[_i];
	const char *home = test_folder();
	char *log = base_format("%s.log", home);
	char *command =
	    base_format("cd '%s' && exec timeout -k 10 900 /bin/sh '%s' >'%s' "
			"2>&1 </dev/null",
			home, script, log);
	pid_t child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	struct buf said = {0};
	struct err err = {0};
	file_read(log, 1 << 24, &said, &err);
	unlink(log);
	free(log);
	free(command);
	const char *text = said.data ? said.data : "";
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		note_skip(script, text);
	} else if (status != 0) {
		size_t length = strlen(text);
		const char *tail = length > 6000 ? text + length - 6000 : text;
		ck_abort_msg("%s ended with %d:\n%s", path_base(script), status, tail);
	}
	buf_free(&said);
}
END_TEST

Suite *cli_suite(void);

Suite *
cli_suite(void)
{
	Suite *suite = suite_create("cli");
	TCase *tcase = tcase_create("scripts");
	const char *only = getenv("VERIFY_CLI");
	char *pattern =
	    base_format("%s/tests/cli/%s.sh", getenv("SOURCE") ? getenv("SOURCE") : ".",
			only ? only : "*");
	tcase_set_timeout(tcase, 950);
	if (glob(pattern, 0, NULL, &scripts) == 0)
		tcase_add_loop_test(tcase, script_passes, 0, (int)scripts.gl_pathc);
	free(pattern);
	suite_add_tcase(suite, tcase);
	return suite;
}
