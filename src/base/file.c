/* Paths, files and folders. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool
path_is_plain(const char *path)
{
	if (*path == '\0' || *path == '/')
		return false;
	for (const char *part = path;; part++) {
		size_t length = strcspn(part, "/");
		if (length == 0 || (length == 1 && part[0] == '.') ||
		    (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		for (size_t i = 0; i < length; i++) {
			if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
				return false;
		}
		part += length;
		if (*part == '\0')
			return true;
	}
}

const char *
path_base(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

char *
path_join(const char *dir, const char *name)
{
	if (*name == '/' || strcmp(dir, ".") == 0)
		return base_strdup(name);
	size_t length = strlen(dir);
	const char *slash = length > 0 && dir[length - 1] == '/' ? "" : "/";
	return base_format("%s%s%s", dir, slash, name);
}

char *
path_dir(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		return base_strdup(".");
	if (slash == path)
		return base_strdup("/");
	return base_strndup(path, (size_t)(slash - path));
}

/* open() an input with the message that its failure deserves. */
static int
open_input(const char *path, int flags, int *fd, struct err *err)
{
	int opened = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	if (opened == -1) {
		char *shown = text_shown(path);
		err_errno(err, "cannot open '%s'", shown);
		free(shown);
		err->kind = ERR_INPUT;
		return -1;
	}
	*fd = opened;
	return 0;
}

int
file_open(const char *path, int *fd, struct err *err)
{
	int opened;
	struct stat st;
	if (open_input(path, 0, &opened, err) == -1)
		return -1;
	if (fstat(opened, &st) == -1 || !S_ISREG(st.st_mode)) {
		char *shown = text_shown(path);
		err_set(err, ERR_INPUT, "'%s' is %s, not a file", shown,
			S_ISDIR(st.st_mode) ? "a folder" : "a device, socket or pipe");
		free(shown);
		close(opened);
		return -1;
	}
	*fd = opened;
	return 0;
}

int
file_open_folder(const char *path, int *fd, struct err *err)
{
	return open_input(path, O_DIRECTORY, fd, err);
}

int
file_read_fd(int fd, size_t limit, struct buf *out, struct err *err)
{
	char block[16384];
	size_t total = 0;
	for (;;) {
		ssize_t got = read(fd, block, sizeof(block));
		if (got == -1 && errno == EINTR) {
			if (interrupt_check(err) == -1)
				return -1;
			continue;
		}
		if (got == -1)
			return err_errno(err, "cannot read");
		if (got == 0)
			break;
		total += (size_t)got;
		if (total > limit)
			return err_set(err, ERR_LIMIT, "larger than %zu bytes", limit);
		buf_append(out, block, (size_t)got);
	}
	buf_append(out, "", 0);
	return 0;
}

int
file_read(const char *path, size_t limit, struct buf *out, struct err *err)
{
	int fd;
	if (file_open(path, &fd, err) == -1)
		return -1;
	int result = file_read_fd(fd, limit, out, err);
	close(fd);
	if (result == -1) {
		char *shown = text_shown(path);
		err_at(err, "'%s'", shown);
		free(shown);
	}
	return result;
}

int
file_write_fd(int fd, const void *bytes, size_t count, struct err *err)
{
	const char *at = bytes;
	while (count > 0) {
		ssize_t put = write(fd, at, count);
		if (put == -1 && errno == EINTR) {
			if (interrupt_check(err) == -1)
				return -1;
			continue;
		}
		if (put == -1)
			return err_errno(err, "cannot write");
		at += put;
		count -= (size_t)put;
	}
	return 0;
}

int
file_draft_open(const char *path, struct file_draft *draft, struct err *err)
{
	draft->name = base_format("%s.XXXXXX", path);
	draft->fd = mkostemp(draft->name, O_CLOEXEC);
	if (draft->fd == -1) {
		err_errno(err, "cannot write '%s'", path);
		free(draft->name);
		return -1;
	}
	draft->path = base_strdup(path);
	return 0;
}

int
file_draft_end(struct file_draft *draft, bool failed, struct err *err)
{
	int result = failed ? -1 : 0;
	mode_t mask = umask(0);
	umask(mask);
	if (!failed &&
	    (fchmod(draft->fd, 0666 & ~mask) == -1 || fsync(draft->fd) == -1 ||
	     rename(draft->name, draft->path) == -1))
		result = err_errno(err, "cannot write '%s'", draft->path);
	close(draft->fd);
	if (result == -1)
		unlink(draft->name);
	free(draft->name);
	free(draft->path);
	return result;
}

int
file_replace(const char *path, const void *bytes, size_t count, struct err *err)
{
	struct file_draft draft;
	if (file_draft_open(path, &draft, err) == -1)
		return -1;
	int result = file_write_fd(draft.fd, bytes, count, err);
	if (result == -1)
		err_at(err, "'%s'", path);
	return file_draft_end(&draft, result == -1, err);
}

int
file_scratch(int *fd, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	if (dir == NULL || *dir != '/')
		dir = "/var/tmp";
	int opened = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (opened == -1) { /* a file system without O_TMPFILE */
		char *name = base_format("%s/verify-XXXXXX", dir);
		opened = mkostemp(name, O_CLOEXEC);
		if (opened != -1)
			unlink(name);
		free(name);
	}
	if (opened == -1)
		return err_errno(err,
				 "cannot make a scratch file in '%s' (set TMPDIR to a "
				 "folder with room)",
				 dir);
	*fd = opened;
	return 0;
}

int
file_copy_fd(int from, int to, uint64_t *copied, struct err *err)
{
	char block[65536];
	uint64_t total = 0;
	for (;;) {
		ssize_t got = read(from, block, sizeof(block));
		if (got == -1 && errno == EINTR) {
			if (interrupt_check(err) == -1)
				return -1;
			continue;
		}
		if (got == -1)
			return err_errno(err, "cannot read");
		if (got == 0)
			break;
		if (file_write_fd(to, block, (size_t)got, err) == -1)
			return -1;
		total += (uint64_t)got;
	}
	*copied = total;
	return 0;
}

int
folder_make(const char *path, struct err *err)
{
	char *copy = base_strdup(path);
	int result = 0;
	for (char *at = copy + 1; result == 0; at++) {
		if (*at != '/' && *at != '\0')
			continue;
		char kept = *at;
		*at = '\0';
		if (mkdir(copy, 0777) == -1 && errno != EEXIST)
			result = err_errno(err, "cannot make folder '%s'", copy);
		*at = kept;
		if (kept == '\0')
			break;
	}
	free(copy);
	return result;
}

int
folder_make_temporary(char **path, struct err *err)
{
	const char *dir = getenv("TMPDIR");
	if (dir == NULL || *dir != '/')
		dir = "/tmp";
	char *name = base_format("%s/verify-XXXXXX", dir);
	if (mkdtemp(name) == NULL) {
		err_errno(err, "cannot make a folder in '%s'", dir);
		free(name);
		return -1;
	}
	*path = name;
	return 0;
}

/* Remove all that is in the folder behind fd; takes fd over. */
static int
folder_empty(int fd, struct err *err)
{
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		err_errno(err, "cannot read a folder");
		close(fd);
		return -1;
	}
	int result = 0;
	struct dirent *entry;
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			result = folder_remove(dirfd(dir), entry->d_name, err);
	}
	closedir(dir);
	return result;
}

int
folder_remove(int dirfd, const char *name, struct err *err)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_errno(err, "cannot remove '%s'", name);
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(dirfd, name, flags);
	if (fd == -1 && errno == EACCES && fchmodat(dirfd, name, 0700, 0) == 0)
		fd = openat(dirfd, name, flags);
	if (fd == -1)
		return err_errno(err, "cannot remove '%s'", name);
	struct stat st;
	if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
		(void)fchmod(fd, 0700);
	if (folder_empty(fd, err) == -1)
		return -1;
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == -1 && errno != ENOENT)
		return err_errno(err, "cannot remove folder '%s'", name);
	return 0;
}
