/* What the unit tests share. */
#include "test.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static pid_t folder_owner;

static void
folder_clean(void)
{
	struct err err = {0};
	if (folder[0] != '\0' && getpid() == folder_owner)
		folder_remove(AT_FDCWD, folder, &err);
}

const char *
test_folder(void)
{
	if (folder[0] == '\0' || getpid() != folder_owner) {
		snprintf(folder, sizeof(folder), "/tmp/verify-test-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(folder));
		folder_owner = getpid();
		atexit(folder_clean);
	}
	return folder;
}

void
test_shell(const char *format, ...)
{
	struct buf command = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&command, format, args);
	va_end(args);
	const char *home = test_folder();
	char *log = base_format("%s/.shell-log", home);
	fflush(NULL);
	pid_t child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0) {
		int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd == -1 || chdir(home) == -1)
			_exit(126);
		dup2(fd, 1);
		dup2(fd, 2);
		execl("/bin/sh", "sh", "-ec", command.data, (char *)NULL);
		_exit(127);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (status != 0) {
		struct buf said = {0};
		struct err err = {0};
		file_read(log, 1 << 20, &said, &err);
		ck_abort_msg("'%s' ended with %d: %s", command.data, status,
			     said.data ? said.data : "");
	}
	free(log);
	buf_free(&command);
}

struct buf
test_file(const char *name)
{
	struct buf bytes = {0};
	struct err err = {0};
	char *path = path_join(test_folder(), name);
	ck_assert_ok(file_read(path, (size_t)1 << 30, &bytes, &err), err);
	free(path);
	return bytes;
}

void
test_write(const char *name, const void *bytes, size_t count)
{
	struct err err = {0};
	char *path = path_join(test_folder(), name);
	ck_assert_ok(file_replace(path, bytes, count, &err), err);
	free(path);
}

bool
test_have(const char *program)
{
	const char *path = getenv("PATH");
	while (path != NULL && *path != '\0') {
		size_t length = strcspn(path, ":");
		char *name = base_format("%.*s/%s", (int)length, path, program);
		bool found = access(name, X_OK) == 0;
		free(name);
		if (found)
			return true;
		path += length + (path[length] == ':');
	}
	return false;
}

bool
test_offers(const char *program, const char *option, const char *word)
{
	char *command =
	    base_format("%s %s 2>&1 | grep -q -e '%s'", program, option, word);
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	free(command);
	int status = 0;
	return child != -1 && waitpid(child, &status, 0) == child && status == 0;
}

void
test_skip(const char *test, const char *reason)
{
	const char *list = getenv("VERIFY_SKIPS");
	size_t length = strlen(test); /* Check's macro adds "_fn" to a test's name */
	if (length > 3 && strcmp(test + length - 3, "_fn") == 0)
		length -= 3;
	char *line = base_format("%.*s: %s\n", (int)length, test, reason);
	struct buf told = {0};
	struct err err = {0};
	if (list != NULL)
		file_read(list, 1 << 20, &told, &err);
	FILE *file = list != NULL && (told.size == 0 || strstr(told.data, line) == NULL)
			 ? fopen(list, "a")
			 : NULL;
	if (file != NULL) {
		fputs(line, file);
		fclose(file);
	}
	buf_free(&told);
	free(line);
}
