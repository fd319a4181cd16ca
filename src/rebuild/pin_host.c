/*
 * Root: host: programs of this machine, with every file they are loaded with, the
 * links on the way, and /bin/sh. The programs are the user's own choice and trusted:
 * ldd(1) may run their loader.
 */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MOST = 40, FOLDER_DEPTH = 32, FILES_MOST = 200000 };

static int add_path(struct toolchain *toolchain, const char *path, unsigned depth,
		    struct err *err);

static bool
have_path(const struct toolchain *toolchain, const char *path)
{
	for (size_t i = toolchain->file_count; i-- > 0;) {
		if (strcmp(toolchain->files[i].path, path) == 0)
			return true;
	}
	return false;
}

static struct toolchain_file *
new_file(struct toolchain *toolchain, const char *path)
{
	toolchain->files = base_realloc(toolchain->files, toolchain->file_count + 1,
					sizeof(*toolchain->files));
	struct toolchain_file *file = &toolchain->files[toolchain->file_count++];
	*file = (struct toolchain_file){.path = base_strdup(path)};
	return file;
}

/* What `ldd` says the program is loaded with: the words that are absolute paths. */
static int
add_libraries(struct toolchain *toolchain, const char *path, unsigned depth,
	      struct err *err)
{
	const char *const argv[] = {"ldd", "--", path, NULL};
	struct buf out = {0};
	struct err is_static = {0};
	int result = 0;
	if (sandbox_run_tool(argv, NULL, &out, &is_static) == -1) {
		buf_free(&out);
		if (is_static.kind != ERR_INTERRUPTED)
			return 0; /* not dynamic: nothing to add */
		*err = is_static;
		return -1;
	}
	for (char *at = out.size ? out.data : NULL; at != NULL && result == 0;) {
		char *end = strchr(at, '\n');
		if (end != NULL)
			*end = '\0';
		char *slash = strchr(at, '/'), *open = strstr(at, " (0x");
		if (strstr(at, "not found") != NULL) {
			result = err_set(err, ERR_INPUT, "'%s' needs a library: %s",
					 path, at + strspn(at, " \t"));
		} else if (slash != NULL && open != NULL && open > slash) {
			*open = '\0';
			result = add_path(toolchain, slash, depth, err);
		}
		at = end ? end + 1 : NULL;
	}
	buf_free(&out);
	return result;
}

static int
program_find(const char *name, char **path, struct err *err)
{
	const char *all = getenv("PATH");
	if (strchr(name, '/') != NULL) {
		*path = *name == '/' ? base_strdup(name) : realpath(name, NULL);
		if (*path != NULL && access(*path, F_OK) == 0)
			return 0;
		free(*path);
	}
	for (const char *at = all ? all : "/usr/bin:/bin"; strchr(name, '/') == NULL;) {
		size_t length = strcspn(at, ":");
		char *full = base_format("%.*s/%s", (int)length, at, name);
		if (*full == '/' && access(full, X_OK) == 0) {
			*path = full;
			return 0;
		}
		free(full);
		if (at[length] == '\0')
			break;
		at += length + 1;
	}
	char *shown = text_shown(name);
	err_set(err, ERR_INPUT, "there is no program '%s' on this machine", shown);
	free(shown);
	return -1;
}

/* The interpreter of a script: "#!/bin/sh", "#!/usr/bin/env python3". */
static int
add_interpreter(struct toolchain *toolchain, const char *line, unsigned depth,
		struct err *err)
{
	char words[2][256] = {{0}};
	const char *at = line + 2;
	for (size_t i = 0; i < 2; i++) {
		at += strspn(at, " \t");
		size_t length = strcspn(at, " \t\r\n");
		snprintf(words[i], sizeof(words[i]), "%.*s", (int)length, at);
		at += length;
	}
	if (words[0][0] == '/' && add_path(toolchain, words[0], depth, err) == -1)
		return -1;
	if (strcmp(path_base(words[0]), "env") == 0 && words[1][0] != '\0' &&
	    words[1][0] != '-') {
		char *path;
		if (program_find(words[1], &path, err) == -1)
			return -1;
		int result = add_path(toolchain, path, depth, err);
		free(path);
		return result;
	}
	return 0;
}

static int
add_file(struct toolchain *toolchain, const char *path, mode_t mode, unsigned depth,
	 struct err *err)
{
	char start[512] = {0};
	uint64_t size;
	int fd, result;
	if (toolchain->file_count >= FILES_MOST)
		return err_set(err, ERR_LIMIT, "more than %d host files", FILES_MOST);
	struct toolchain_file *file = new_file(toolchain, path);
	file->mode = mode & 07777;
	if (file_open(path, &fd, err) == -1)
		return -1;
	ssize_t got = pread(fd, start, sizeof(start) - 1, 0);
	result = sha256_of_fd(fd, &file->sha256, &size, err);
	close(fd);
	if (result == -1 || got < 4 || (mode & 0111) == 0)
		return result;
	if (memcmp(start, "\177ELF", 4) == 0)
		return add_libraries(toolchain, path, depth, err);
	if (memcmp(start, "#!", 2) == 0)
		return add_interpreter(toolchain, start, depth, err);
	return 0;
}

static int
add_folder(struct toolchain *toolchain, const char *path, unsigned depth,
	   struct err *err)
{
	struct strings names = {0};
	struct dirent *entry;
	DIR *dir = opendir(path);
	int result = 0;
	if (dir == NULL)
		return err_errno(err, "cannot read folder '%s'", path);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strings_add(&names, entry->d_name);
	}
	closedir(dir);
	strings_sort(&names);
	for (size_t i = 0; i < names.count && result == 0; i++) {
		char *below = path_join(path, names.items[i]);
		result = interrupt_check(err);
		if (result == 0)
			result = add_path(toolchain, below, depth, err);
		free(below);
	}
	strings_free(&names);
	return result;
}

/* Follow one link at path[0..end): *path becomes the path it leads to. */
static int
step_link(struct toolchain *toolchain, char **path, size_t end, struct err *err)
{
	char target[4096] = {0};
	char *link = base_strndup(*path, end);
	ssize_t length = readlink(link, target, sizeof(target) - 1);
	if (length <= 0) {
		err_errno(err, "cannot read link '%s'", link);
		free(link);
		return -1;
	}
	if (!have_path(toolchain, link)) {
		struct toolchain_file *file = new_file(toolchain, link);
		file->mode = 0777;
		file->target = base_strdup(target);
	}
	char *folder = path_dir(link);
	char *start = path_join(folder, target);
	char *whole = base_format("%s%s", start, *path + end);
	free(folder);
	free(start);
	free(link);
	free(*path);
	*path = whole;
	return 0;
}

/* "/usr/lib/../bin" as "/usr/bin": no part is a link when this is asked. */
static void
step_up(char *path, size_t start, size_t end)
{
	size_t above = start > 1 ? start - 1 : 0;
	while (above > 0 && path[above - 1] != '/')
		above--;
	memmove(path + (above > 0 ? above : 1), path + end + (path[end] == '/'),
		strlen(path + end + (path[end] == '/')) + 1);
}

/* The real path of `path`, noting the links that were followed. */
static int
path_resolve(struct toolchain *toolchain, char **path, struct stat *st, struct err *err)
{
	unsigned links = 0;
	for (size_t start = 1;;) {
		size_t length = strcspn(*path + start, "/"), end = start + length;
		if (length == 0 || (length == 1 && (*path)[start] == '.')) {
			if ((*path)[end] == '\0')
				break;
			memmove(*path + start, *path + end + 1,
				strlen(*path + end + 1) + 1);
			continue;
		}
		if (length == 2 && strncmp(*path + start, "..", 2) == 0) {
			step_up(*path, start, end);
			start = 1;
			continue;
		}
		char *upto = base_strndup(*path, end);
		int found = lstat(upto, st);
		free(upto);
		if (found == -1)
			return err_errno(err, "host file '%s'", *path);
		if (S_ISLNK(st->st_mode)) {
			if (++links > LINKS_MOST)
				return err_set(err, ERR_INPUT,
					       "'%s' leads in a circle of links",
					       *path);
			if (step_link(toolchain, path, end, err) == -1)
				return -1;
			start = 1;
			continue;
		}
		if ((*path)[end] == '\0')
			return 0;
		start = end + 1;
	}
	return lstat(*path, st) == 0 ? 0 : err_errno(err, "host file '%s'", *path);
}

static int
add_path(struct toolchain *toolchain, const char *path, unsigned depth, struct err *err)
{
	struct stat st;
	char *real = base_strdup(path);
	int result = path_resolve(toolchain, &real, &st, err);
	if (depth > FOLDER_DEPTH)
		result = err_set(err, ERR_LIMIT, "'%s' is too deep", path);
	else if (result == 0 && !have_path(toolchain, real) && S_ISREG(st.st_mode))
		result = add_file(toolchain, real, st.st_mode, depth + 1, err);
	else if (result == 0 && S_ISDIR(st.st_mode))
		result = add_folder(toolchain, real, depth + 1, err);
	free(real);
	return result;
}

static int
file_order(const void *a, const void *b)
{
	const struct toolchain_file *left = a, *right = b;
	return strcmp(left->path, right->path);
}

int
pin_host(const struct strings *programs, struct toolchain *toolchain, struct err *err)
{
	if (add_path(toolchain, "/bin/sh", 0, err) == -1)
		return -1;
	for (size_t i = 0; i < programs->count; i++) {
		char *path;
		if (program_find(programs->items[i], &path, err) == -1)
			return -1;
		int result = add_path(toolchain, path, 0, err);
		free(path);
		if (result == -1)
			return -1;
	}
	qsort(toolchain->files, toolchain->file_count, sizeof(*toolchain->files),
	      file_order);
	return 0;
}
