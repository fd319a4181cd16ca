/*
 * Control groups: one of ours for each build, where root may make one.
 *
 * Version 2 when it offers memory, else version 1 (Documentation/admin-guide of the
 * kernel: cgroup-v2.rst; cgroup-v1/memory.rst, cgroup-v1/pids.rst). Whatever is
 * missing is missing: init then counts by sampling.
 */
#include "sandbox/build_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOP    "/sys/fs/cgroup"
#define PREFIX "verify-"

static bool
knob_write(const char *group, const char *knob, const char *text)
{
	struct err err;
	char *path = path_join(group, knob);
	int result = proc_write(path, text, &err);
	free(path);
	return result == 0;
}

static bool
knob_number(const char *group, const char *knob, uint64_t number)
{
	char text[32];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return knob_write(group, knob, text);
}

/* The number after `key` and a blank in a knob; the knob's only number without key. */
static uint64_t
knob_read(const char *group, const char *knob, const char *key)
{
	char text[4096];
	char *path = path_join(group, knob);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd == -1)
		return 0;
	ssize_t got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	if (key == NULL)
		return strtoull(text, NULL, 10);
	for (const char *line = text; *line != '\0'; line += *line == '\n') {
		size_t length = strlen(key);
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return strtoull(line + length, NULL, 10);
		line += strcspn(line, "\n");
	}
	return 0;
}

/* Our own group for that controller out of /proc/self/cgroup, as a folder. */
static char *
own_group(const char *controller)
{
	struct buf text = {0};
	struct err err;
	int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	char *found = NULL;
	if (fd == -1 || file_read_fd(fd, 1 << 16, &text, &err) == -1)
		goto out;
	/* "4:memory:/path", or "0::/path" for version 2 */
	for (const char *line = text.data; found == NULL && *line != '\0';) {
		const char *list = line + strcspn(line, ":\n");
		list += *list == ':';
		size_t length = strcspn(list, ":\n");
		const char *path = list + length + (list[length] == ':');
		size_t end = strcspn(path, "\n");
		if (length == strlen(controller) &&
		    memcmp(list, controller, length) == 0)
			found = base_format(TOP "%s%s%.*s", length ? "/" : "",
					    controller, (int)end, path);
		line = path + end + (path[end] == '\n');
	}
out:
	if (fd != -1)
		close(fd);
	buf_free(&text);
	return found;
}

/* Groups of runs that were killed before they could remove theirs. */
static void
groups_sweep(const char *own)
{
	DIR *dir = opendir(own);
	struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		long pid = strtol(entry->d_name + strlen(PREFIX), NULL, 10);
		if (pid > 0 && kill((pid_t)pid, 0) == -1 && errno == ESRCH)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir != NULL)
		closedir(dir);
}

/* A new group below ours; NULL when that is refused. */
static char *
group_below(const char *controller)
{
	static unsigned count;
	char *own = own_group(controller);
	if (own == NULL)
		return NULL;
	groups_sweep(own);
	char *made = base_format("%s/" PREFIX "%d-%u", own, (int)getpid(), count++);
	free(own);
	if (mkdir(made, 0755) == -1) {
		free(made);
		return NULL;
	}
	return made;
}

static void
group_drop(char **group)
{
	if (*group != NULL)
		(void)rmdir(*group);
	free(*group);
	*group = NULL;
}

/* Version 2. A group with processes of its own may not hand controllers on, so this
 * works where verify was started in a group made for it, and else not. */
static bool
unified_make(const struct limits *limits, struct control_group *group)
{
	char *made = group_below("");
	if (made == NULL)
		return false;
	if (!knob_number(made, "memory.max", limits->memory)) {
		group_drop(&made);
		return false;
	}
	(void)knob_write(made, "memory.oom.group", "1");
	(void)knob_number(made, "memory.swap.max", 0);
	group->memory = made;
	group->unified = true;
	if (knob_number(made, "pids.max", limits->processes + 2))
		group->pids = base_strdup(made);
	return true;
}

void
group_make(const struct limits *limits, struct control_group *group)
{
	*group = (struct control_group){0};
	if (geteuid() != 0 || unified_make(limits, group))
		return;
	group->memory = group_below("memory");
	if (group->memory != NULL) {
		if (!knob_number(group->memory, "memory.limit_in_bytes",
				 limits->memory))
			group_drop(&group->memory);
		else
			(void)knob_number(group->memory, "memory.memsw.limit_in_bytes",
					  limits->memory);
	}
	group->pids = group_below("pids");
	/* Two more, for setup and init. */
	if (group->pids != NULL &&
	    !knob_number(group->pids, "pids.max", limits->processes + 2))
		group_drop(&group->pids);
}

int
group_enter(const struct control_group *group, struct err *err)
{
	const char *const folders[] = {group->memory, group->pids};
	for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
		if (folders[i] != NULL && !knob_write(folders[i], "cgroup.procs", "0"))
			return err_errno(err, "cannot enter the control group '%s'",
					 folders[i]);
	}
	return 0;
}

bool
group_memory_hit(const struct control_group *group)
{
	if (group->memory == NULL)
		return false;
	return knob_read(group->memory,
			 group->unified ? "memory.events" : "memory.oom_control",
			 "oom_kill") > 0;
}

bool
group_pids_hit(const struct control_group *group)
{
	return group->pids != NULL && knob_read(group->pids, "pids.events", "max") > 0;
}

uint64_t
group_peak(const struct control_group *group)
{
	if (group->memory == NULL)
		return 0;
	return knob_read(group->memory,
			 group->unified ? "memory.peak" : "memory.max_usage_in_bytes",
			 NULL);
}

/* A group stays busy for a moment after its last process was reaped. */
void
group_remove(struct control_group *group)
{
	char **folders[] = {&group->memory, &group->pids};
	for (size_t i = 0; i < ARRAY_COUNT(folders); i++) {
		if (*folders[i] == NULL)
			continue;
		for (int tries = 0; tries < 100; tries++) {
			if (rmdir(*folders[i]) == 0 || errno != EBUSY)
				break;
			usleep(5000);
		}
		free(*folders[i]);
		*folders[i] = NULL;
	}
}
