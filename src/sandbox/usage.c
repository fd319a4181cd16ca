/* What a build uses, counted where no control group does it: by init, from the
 * /proc of its own namespace, in which there is nobody else. */
#include "sandbox/build_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* The number after `name` in the text of /proc/PID/status; 0 when it is not there.
 * The kernel escapes newlines in the one line that the build can choose. */
static uint64_t
status_number(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void
process_add(const char *pid, struct usage *usage)
{
	char path[64], text[4096];
	snprintf(path, sizeof(path), "/proc/%s/status", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return; /* gone meanwhile */
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return;
	text[got] = '\0';
	usage->tasks += status_number(text, "\nThreads:");
	/* Shared memory is in the tmpfs or backed by it; file pages are the cache's. */
	usage->memory += status_number(text, "\nRssAnon:") * 1024;
}

int
usage_sample(int scratch, struct usage *usage, struct err *err)
{
	struct statvfs fs;
	*usage = (struct usage){0};
	if (fstatvfs(scratch, &fs) == 0)
		usage->memory = (fs.f_blocks - fs.f_bfree) * fs.f_frsize;
	DIR *dir = opendir("/proc");
	if (dir == NULL)
		return err_errno(err, "cannot list the processes inside");
	struct dirent *entry;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    strcmp(entry->d_name, "1") != 0)
			process_add(entry->d_name, usage);
	}
	closedir(dir);
	return 0;
}
