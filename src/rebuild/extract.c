/*
 * Tar archives unpacked as roots. Everything here runs in the confined child;
 * names are checked before they are used, and the way to each is walked folder by
 * folder without following a link.
 */
#include "rebuild/rebuild_private.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Budgets: far above any root, far below a disk. */
#define MEMBERS_MOST 4000000ULL
#define BYTES_MOST   (256ULL << 30)

/* A folder's mode and time, given when all is in it. */
struct folder {
	char *path;
	size_t number; /* in the order of the archive */
	mode_t mode;
	struct timespec time;
};

struct extraction {
	int fd;         /* the archive */
	const char *to; /* where */
	int root;
	struct folder *folders;
	size_t count, room;
	uint64_t members, bytes;
};

static int
member_error(const char *path, struct err *err)
{
	int number = errno;
	char *shown = text_shown(path);
	errno = number;
	err_errno(err, "cannot make '%s'", shown);
	free(shown);
	return -1;
}

static int
member_refuse(const char *path, const char *why, struct err *err)
{
	char *shown = text_shown(path);
	err_set(err, ERR_INPUT, "member '%s' %s", shown, why);
	free(shown);
	return -1;
}

static void
folder_note(struct extraction *extraction, const char *path, mode_t mode,
	    struct timespec time)
{
	if (extraction->count == extraction->room) {
		extraction->room = extraction->room ? 2 * extraction->room : 1024;
		extraction->folders =
		    base_realloc(extraction->folders, extraction->room,
				 sizeof(*extraction->folders));
	}
	extraction->folders[extraction->count] =
	    (struct folder){base_strdup(path), extraction->count, mode, time};
	extraction->count++;
}

/* One step down, never through a link; made where the archive did not name it. */
static int
step_open(struct extraction *extraction, int above, const char *path, size_t end,
	  const char *name)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(above, name, flags);
	if (fd != -1 || errno != ENOENT || mkdirat(above, name, 0755) == -1)
		return fd;
	char *made = base_strndup(path, end);
	folder_note(extraction, made, 0755, (struct timespec){0});
	free(made);
	return openat(above, name, flags);
}

/* The folder that holds `path`, which is plain: a descriptor. */
static int
parent_open(struct extraction *extraction, const char *path, struct err *err)
{
	int fd = openat(extraction->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t at = 0; fd != -1;) {
		size_t length = strcspn(path + at, "/");
		if (path[at + length] == '\0')
			return fd;
		char *name = base_strndup(path + at, length);
		int below = step_open(extraction, fd, path, at + length, name);
		int number = errno;
		free(name);
		close(fd);
		fd = below;
		errno = number;
		at += length + 1;
	}
	if (errno == ELOOP || errno == ENOTDIR)
		return member_refuse(path, "goes through something that is no folder",
				     err);
	return member_error(path, err);
}

/* A folder of the root, for reading it: never through a link. */
static int
folder_open(struct extraction *extraction, const char *path)
{
	struct err ignored = {0};
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	if (strcmp(path, ".") == 0)
		return openat(extraction->root, ".", flags);
	int parent = parent_open(extraction, path, &ignored);
	if (parent == -1)
		return -1;
	int fd = openat(parent, path_base(path), flags);
	close(parent);
	return fd;
}

/* The path of a member below the root: without "./" before and "/" behind; NULL
 * when it leaves the folder. "" is the root itself. */
static char *
member_path(const char *raw)
{
	while (raw[0] == '.' && raw[1] == '/') {
		raw++;
		raw += strspn(raw, "/");
	}
	size_t length = strlen(raw);
	while (length > 0 && raw[length - 1] == '/')
		length--;
	char *path = base_strndup(raw, length);
	if (strcmp(path, ".") == 0)
		*path = '\0';
	if (*path != '\0' && !path_is_plain(path)) {
		free(path);
		return NULL;
	}
	return path;
}

static int
content_write(struct extraction *extraction, struct archive *archive, int fd,
	      struct err *err)
{
	const void *block;
	size_t size;
	int64_t offset;
	int status;
	while ((status = archive_read_data_block(archive, &block, &size, &offset)) ==
	       ARCHIVE_OK) {
		extraction->bytes += size;
		if (extraction->bytes > BYTES_MOST)
			return err_set(err, ERR_LIMIT,
				       "unpacks to more than %llu bytes", BYTES_MOST);
		/* A sparse file's holes are skipped. */
		if (lseek(fd, offset, SEEK_SET) == -1)
			return err_errno(err, "cannot write");
		if (file_write_fd(fd, block, size, err) == -1)
			return -1;
	}
	if (status != ARCHIVE_EOF)
		return err_set(err, ERR_INPUT, "its content is damaged");
	return 0;
}

static int
make_file(struct extraction *extraction, struct archive *archive,
	  struct archive_entry *entry, int parent, const char *path, struct err *err)
{
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT},
	    {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)}};
	int fd = openat(parent, path_base(path),
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return errno == EEXIST ? member_refuse(path, "is there twice", err)
				       : member_error(path, err);
	int result = content_write(extraction, archive, fd, err);
	if (result == -1) {
		char *shown = text_shown(path);
		err_at(err, "member '%s'", shown);
		free(shown);
	} else if ((archive_entry_size_is_set(entry) &&
		    ftruncate(fd, archive_entry_size(entry)) == -1) ||
		   fchmod(fd, archive_entry_mode(entry) & 07777) == -1 ||
		   futimens(fd, times) == -1) {
		result = member_error(path, err);
	}
	close(fd);
	return result;
}

static int
make_hardlink(struct extraction *extraction, int parent, const char *path,
	      const char *raw_target, struct err *err)
{
	char *target = member_path(raw_target);
	struct stat st;
	int result = -1;
	if (target == NULL || *target == '\0') {
		free(target);
		return member_refuse(path, "is a hard link out of the folder", err);
	}
	int from = parent_open(extraction, target, err);
	if (from == -1) {
		free(target);
		return -1;
	}
	if (fstatat(from, path_base(target), &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    !S_ISREG(st.st_mode))
		member_refuse(path, "is a hard link to no file of this archive", err);
	else if (linkat(from, path_base(target), parent, path_base(path), 0) == -1)
		member_error(path, err);
	else
		result = 0;
	close(from);
	free(target);
	return result;
}

static int
make_folder(struct extraction *extraction, struct archive_entry *entry, int parent,
	    const char *path, struct err *err)
{
	struct timespec time = {archive_entry_mtime(entry),
				archive_entry_mtime_nsec(entry)};
	struct stat st;
	if (parent != -1 && mkdirat(parent, path_base(path), 0700) == -1) {
		if (errno != EEXIST)
			return member_error(path, err);
		if (fstatat(parent, path_base(path), &st, AT_SYMLINK_NOFOLLOW) == -1 ||
		    !S_ISDIR(st.st_mode))
			return member_refuse(path, "is there twice", err);
	}
	folder_note(extraction, parent == -1 ? "." : path,
		    archive_entry_mode(entry) & 07777, time);
	return 0;
}

static int
make_symlink(struct archive_entry *entry, int parent, const char *path, struct err *err)
{
	const char *target = archive_entry_symlink(entry);
	struct timespec times[2] = {
	    {.tv_nsec = UTIME_OMIT},
	    {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)}};
	if (target == NULL)
		target = archive_entry_symlink_utf8(entry);
	if (target == NULL || *target == '\0')
		return member_refuse(path, "is a link without target", err);
	/* The target is not followed here and means something only in the root. */
	if (symlinkat(target, parent, path_base(path)) == -1)
		return errno == EEXIST ? member_refuse(path, "is there twice", err)
				       : member_error(path, err);
	(void)utimensat(parent, path_base(path), times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int
make_member(struct extraction *extraction, struct archive *archive,
	    struct archive_entry *entry, int parent, const char *path, struct err *err)
{
	const char *hardlink = archive_entry_hardlink(entry);
	if (hardlink == NULL)
		hardlink = archive_entry_hardlink_utf8(entry);
	if (hardlink != NULL)
		return make_hardlink(extraction, parent, path, hardlink, err);
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
		return make_file(extraction, archive, entry, parent, path, err);
	case AE_IFDIR:
		return make_folder(extraction, entry, parent, path, err);
	case AE_IFLNK:
		return make_symlink(entry, parent, path, err);
	default:
		return 0; /* devices, pipes, sockets: the sandbox has its own */
	}
}

static int
member_extract(struct extraction *extraction, struct archive *archive,
	       struct archive_entry *entry, struct err *err)
{
	const char *raw = archive_entry_pathname(entry);
	if (raw == NULL)
		raw = archive_entry_pathname_utf8(entry);
	if (raw == NULL)
		return err_set(err, ERR_INPUT, "member %llu has no readable path",
			       (unsigned long long)extraction->members);
	char *path = member_path(raw);
	if (path == NULL)
		return member_refuse(raw, "has a path that leaves the folder", err);
	int result = -1;
	if (*path == '\0') {
		result = archive_entry_filetype(entry) == AE_IFDIR
			     ? make_folder(extraction, entry, -1, path, err)
			     : member_refuse(raw, "is no folder", err);
	} else {
		int parent = parent_open(extraction, path, err);
		if (parent != -1) {
			result =
			    make_member(extraction, archive, entry, parent, path, err);
			close(parent);
		}
	}
	free(path);
	return result;
}

/* Innermost first; of a folder that was named twice, the later note first. */
static int
folder_order(const void *a, const void *b)
{
	const struct folder *left = a, *right = b;
	int order = strcmp(right->path, left->path);
	if (strcmp(left->path, ".") == 0 || strcmp(right->path, ".") == 0)
		order =
		    (strcmp(left->path, ".") == 0) - (strcmp(right->path, ".") == 0);
	if (order != 0)
		return order;
	return (right->number > left->number) - (right->number < left->number);
}

/* Modes and times of folders: nothing changes in them any more. */
static int
folders_finish(struct extraction *extraction, struct err *err)
{
	const char *last = "";
	qsort(extraction->folders, extraction->count, sizeof(*extraction->folders),
	      folder_order);
	for (size_t i = 0; i < extraction->count; i++) {
		const struct folder *folder = &extraction->folders[i];
		if (strcmp(folder->path, last) == 0)
			continue; /* its later note counted */
		last = folder->path;
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, folder->time};
		int fd = folder_open(extraction, folder->path);
		if (fd == -1)
			return member_error(folder->path, err);
		if (fchmod(fd, folder->mode) == -1 || futimens(fd, times) == -1) {
			close(fd);
			return member_error(folder->path, err);
		}
		close(fd);
	}
	return 0;
}

static struct archive *
archive_for_tar(void)
{
	struct archive *archive = archive_read_new();
	/* No filter that would run a program. */
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_lzma(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_filter_lz4(archive);
	archive_read_support_format_tar(archive);
	archive_read_set_options(archive, "hdrcharset=BINARY");
	return archive;
}

static int
archive_extract(struct extraction *extraction, struct err *err)
{
	struct archive *archive = archive_for_tar();
	struct archive_entry *entry;
	int result = -1, status;
	if (archive_read_open_fd(archive, extraction->fd, 1 << 20) != ARCHIVE_OK) {
		err_set(err, ERR_INPUT,
			"no tar archive, or compressed in a way that "
			"this build does not know");
		goto out;
	}
	while ((status = archive_read_next_header(archive, &entry)) == ARCHIVE_OK ||
	       status == ARCHIVE_WARN) {
		if (++extraction->members > MEMBERS_MOST) {
			err_set(err, ERR_LIMIT, "more than %llu members", MEMBERS_MOST);
			goto out;
		}
		if (member_extract(extraction, archive, entry, err) == -1)
			goto out;
	}
	if (status != ARCHIVE_EOF)
		err_set(err, ERR_INPUT, "the archive is damaged after %llu members",
			(unsigned long long)extraction->members);
	else if (extraction->members == 0)
		err_set(err, ERR_INPUT, "the archive has no members");
	else
		result = folders_finish(extraction, err);
out:
	archive_read_free(archive);
	return result;
}

static int
extract_child(void *context, struct buf *out, struct err *err)
{
	struct extraction *extraction = context;
	(void)out;
	umask(0);
	if (file_open_folder(extraction->to, &extraction->root, err) == -1)
		return -1;
	int result = archive_extract(extraction, err);
	close(extraction->root);
	return result;
}

int
extract_tar(int fd, const char *to, struct err *err)
{
	struct extraction extraction = {.fd = fd, .to = to, .root = -1};
	const char *const write_paths[] = {to, NULL};
	const int keep[] = {fd};
	const struct confinement confinement = {
	    .keep = keep, .keep_count = 1, .write_paths = write_paths};
	struct buf out = {0};
	struct strings layers = {0};
	if (lseek(fd, 0, SEEK_SET) == -1)
		return err_errno(err, "cannot read");
	int result = sandbox_confine(&confinement, extract_child, &extraction, &out,
				     &layers, err);
	buf_free(&out);
	strings_free(&layers);
	return result;
}
