/* The files that the sandbox itself writes into the root it shows. Called inside,
 * after the host is gone: a link in the root leads into the root. */
#include "sandbox/build_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Put `bytes` at `path`, replacing whatever stands there. */
static int
inside_write(const char *path, const void *bytes, size_t count, mode_t mode,
	     struct err *err)
{
	if (unlink(path) == -1 && errno != ENOENT)
		return err_errno(err, "cannot replace '%s' inside", path);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd == -1)
		return err_errno(err, "cannot write '%s' inside", path);
	int result = file_write_fd(fd, bytes, count, err);
	if (result == 0 && fchmod(fd, mode) == -1)
		result = err_errno(err, "cannot write '%s' inside", path);
	close(fd);
	return result;
}

/* The lines of a passwd(5) or group(5) file but those of our user's name or number. */
static void
lines_of_others(const struct buf *text, const char *user, struct buf *out)
{
	const char *line = text->data ? text->data : "";
	char number[16];
	snprintf(number, sizeof(number), "%d", BUILD_UID);
	while (*line != '\0') {
		size_t length = strcspn(line, "\n"), name = strcspn(line, ":\n");
		const char *third = line + name;
		third += *third == ':';
		third += strcspn(third, ":\n");
		third += *third == ':';
		size_t digits = strcspn(third, ":\n");
		bool ours =
		    (name == strlen(user) && memcmp(line, user, name) == 0) ||
		    (digits == strlen(number) && memcmp(third, number, digits) == 0);
		if (!ours && length > 0) {
			buf_append(out, line, length);
			buf_puts(out, "\n");
		}
		line += length + (line[length] == '\n');
	}
}

static int
accounts_write(const char *path, const char *user, const char *rest, struct err *err)
{
	struct buf old = {0}, new = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int result = 0;
	if (fd == -1 && errno != ENOENT)
		result = err_errno(err, "cannot read '%s' of the pinned root", path);
	if (fd != -1) {
		result = file_read_fd(fd, 1 << 20, &old, err);
		close(fd);
	}
	lines_of_others(&old, user, &new);
	buf_printf(&new, "%s:x:%d:%s\n", user, BUILD_UID, rest);
	if (result == 0)
		result = inside_write(path, new.data, new.size, 0644, err);
	buf_free(&old);
	buf_free(&new);
	return result;
}

int
etc_write(const struct build *build, struct err *err)
{
	const struct sandbox_plan *plan = build->plan;
	char *hosts = base_format(
	    "127.0.0.1\tlocalhost\n127.0.1.1\t%s\n::1\tlocalhost\n", plan->hostname);
	char *hostname = base_format("%s\n", plan->hostname);
	char *user =
	    base_format("%d:%s:%s:/bin/sh", BUILD_UID, plan->user, plan->build_path);
	int result = -1;
	if (folder_make("/etc", err) == 0 &&
	    inside_write("/etc/hosts", hosts, strlen(hosts), 0644, err) == 0 &&
	    inside_write("/etc/hostname", hostname, strlen(hostname), 0644, err) == 0 &&
	    inside_write("/etc/resolv.conf", "", 0, 0644, err) == 0 &&
	    accounts_write("/etc/passwd", plan->user, user, err) == 0 &&
	    accounts_write("/etc/group", plan->user, "", err) == 0)
		result = inside_write(BUILD_SCRIPT, plan->script, strlen(plan->script),
				      0444, err);
	free(hosts);
	free(hostname);
	free(user);
	return result;
}
