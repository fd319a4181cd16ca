/*
 * Copying a tree that somebody hostile made, when nobody works on it any more.
 *
 * Every name is opened relative to its folder's descriptor, below it only, through
 * no link and into no other file system; what is not a file, a folder or a link is
 * left out; holes stay holes; and the counts are bounded.
 */
#include "sandbox/build_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES_LIMIT 4000000
#define DEPTH_LIMIT   256 /* two descriptors each */
#define NOTES_LIMIT   1000
#define BYTES_LIMIT   (UINT64_C(1) << 40)
#define LINK_LIMIT    4096

struct copying {
	const struct copy_options *options;
	struct strings *notes;
	uint64_t entries, bytes, notes_left_out;
	unsigned depth;
	struct buf path; /* shown in notes and errors */
};

static int folder_copy(struct copying *copying, int from, int to, struct err *err);

static void
note(struct copying *copying, const char *what)
{
	if (copying->notes == NULL)
		return;
	if (copying->notes->count >= NOTES_LIMIT) {
		copying->notes_left_out++;
		return;
	}
	char *shown = text_shown_n(copying->path.data, copying->path.size);
	strings_addf(copying->notes, "%s: %s", shown, what);
	free(shown);
}

static int
fail(struct copying *copying, struct err *err, const char *what)
{
	int number = errno;
	char *shown = text_shown_n(copying->path.data ? copying->path.data : "",
				   copying->path.size);
	errno = number;
	err_errno(err, "cannot %s '%s'", what, shown);
	free(shown);
	return -1;
}

/* Open below `folder`, never through a link. */
static int
open_below(int folder, const char *name, uint64_t flags)
{
	struct open_how how = {
	    .flags = flags | O_CLOEXEC | O_NOFOLLOW,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
		       RESOLVE_NO_XDEV,
	};
	return (int)syscall(SYS_openat2, folder, name, &how, sizeof(how));
}

/* Open for reading; `unlock`: also what its owner (we, if not root) made unreadable:
 * the name is pinned by an O_PATH descriptor first, so that the mode of nothing else is
 * touched. */
static int
open_reading(int folder, const char *name, const struct stat *st, uint64_t flags,
	     bool unlock)
{
	int fd = open_below(folder, name, O_RDONLY | O_NONBLOCK | flags);
	if (fd != -1 || errno != EACCES || !unlock)
		return fd;
	int pinned = open_below(folder, name, O_PATH);
	if (pinned == -1)
		return -1;
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pinned);
	if (chmod(path, (st->st_mode & 07777) | 0500) == 0)
		fd = open_below(folder, name, O_RDONLY | O_NONBLOCK | flags);
	close(pinned);
	return fd;
}

static mode_t
mode_kept(struct copying *copying, const struct stat *st)
{
	if (copying->options->special)
		return st->st_mode & 07777;
	if (st->st_mode & (S_ISUID | S_ISGID)) {
		note(copying, "its setuid or setgid bit was dropped");
		return st->st_mode & 01777;
	}
	return st->st_mode & 01777;
}

/* Owner, mode and times, in the order in which none undoes another. */
static int
attributes_copy(struct copying *copying, int to, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	if (copying->options->owners && fchown(to, st->st_uid, st->st_gid) == -1)
		return fail(copying, err, "set the owner of");
	if (fchmod(to, mode_kept(copying, st)) == -1 || futimens(to, times) == -1)
		return fail(copying, err, "set mode and time of");
	return 0;
}

static int
block_copy(struct copying *copying, int from, int to, off_t at, off_t end,
	   struct err *err)
{
	char block[65536];
	while (at < end) {
		size_t count = end - at < (off_t)sizeof(block) ? (size_t)(end - at)
							       : sizeof(block);
		ssize_t got = pread(from, block, count, at);
		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0)
			return fail(copying, err, "read");
		copying->bytes += (uint64_t)got;
		if (copying->bytes > BYTES_LIMIT)
			return err_set(err, ERR_LIMIT, "over 1 TiB of files");
		for (ssize_t put = 0, done = 0; done < got; done += put) {
			put = pwrite(to, block + done, (size_t)(got - done), at + done);
			if (put == -1 && errno == EINTR)
				put = 0;
			if (put == -1)
				return fail(copying, err, "write");
		}
		at += got;
		if (interrupt_check(err) == -1)
			return -1;
	}
	return 0;
}

/* Data where there is data: a sparse file of any size costs what it holds. */
static int
content_copy(struct copying *copying, int from, int to, off_t size, struct err *err)
{
	for (off_t at = 0; at < size;) {
		off_t data = lseek(from, at, SEEK_DATA);
		if (data == -1 && errno == ENXIO)
			break;
		off_t end = data == -1 ? size : lseek(from, data, SEEK_HOLE);
		if (data == -1)
			data = at;
		if (end == -1 || end > size)
			end = size;
		if (block_copy(copying, from, to, data, end, err) == -1)
			return -1;
		at = end > at ? end : size;
	}
	if (ftruncate(to, size) == -1)
		return fail(copying, err, "set the size of");
	return 0;
}

static int
file_copy(struct copying *copying, int from_folder, int to_folder, const char *name,
	  const struct stat *seen, struct err *err)
{
	struct stat st;
	int from = open_reading(from_folder, name, seen, 0, copying->options->unlock);
	if (from == -1)
		return fail(copying, err, "read");
	if (fstat(from, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(from);
		return err_set(err, ERR_INPUT, "a file changed its kind");
	}
	st.st_mode = seen->st_mode;
	int to = openat(to_folder, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int result = -1;
	if (to == -1)
		fail(copying, err, "make");
	else if (content_copy(copying, from, to, st.st_size, err) == 0)
		result = attributes_copy(copying, to, &st, err);
	if (to != -1)
		close(to);
	close(from);
	return result;
}

static int
link_copy(struct copying *copying, int from_folder, int to_folder, const char *name,
	  const struct stat *st, struct err *err)
{
	char target[LINK_LIMIT + 1];
	ssize_t length = readlinkat(from_folder, name, target, sizeof(target));
	if (length < 1 || length > LINK_LIMIT)
		return fail(copying, err, "read the link");
	target[length] = '\0';
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	if (symlinkat(target, to_folder, name) == -1)
		return fail(copying, err, "make the link");
	if ((copying->options->owners &&
	     fchownat(to_folder, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) ==
		 -1) ||
	    utimensat(to_folder, name, times, AT_SYMLINK_NOFOLLOW) == -1)
		return fail(copying, err, "set owner and time of the link");
	return 0;
}

static int
subfolder_copy(struct copying *copying, int from_folder, int to_folder,
	       const char *name, const struct stat *st, struct err *err)
{
	if (copying->depth >= DEPTH_LIMIT)
		return err_set(err, ERR_LIMIT, "folders are nested over %d deep",
			       DEPTH_LIMIT);
	int from =
	    open_reading(from_folder, name, st, O_DIRECTORY, copying->options->unlock);
	if (from == -1)
		return fail(copying, err, "read");
	int to = -1, result = -1;
	if (mkdirat(to_folder, name, 0700) == 0)
		to = openat(to_folder, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to == -1) {
		fail(copying, err, "make");
		close(from);
	} else {
		copying->depth++;
		result = folder_copy(copying, from, to, err); /* takes `from` over */
		copying->depth--;
		if (result == 0)
			result = attributes_copy(copying, to, st, err);
		close(to);
	}
	return result;
}

static int
entry_copy(struct copying *copying, int from, int to, const char *name, struct err *err)
{
	struct stat st;
	if (++copying->entries > ENTRIES_LIMIT)
		return err_set(err, ERR_LIMIT, "over %d files", ENTRIES_LIMIT);
	if (interrupt_check(err) == -1)
		return -1;
	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return fail(copying, err, "look at");
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return file_copy(copying, from, to, name, &st, err);
	case S_IFDIR:
		return subfolder_copy(copying, from, to, name, &st, err);
	case S_IFLNK:
		return link_copy(copying, from, to, name, &st, err);
	default:
		note(copying, "a device, socket or pipe was left out");
		return 0;
	}
}

/* Copy the entries of the folder behind `from`, which it takes over. */
static int
folder_copy(struct copying *copying, int from, int to, struct err *err)
{
	DIR *dir = fdopendir(from);
	if (dir == NULL) {
		close(from);
		return fail(copying, err, "read");
	}
	int result = 0;
	struct dirent *entry;
	size_t above = copying->path.size;
	while (result == 0 && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		buf_printf(&copying->path, "%s%s", above ? "/" : "", name);
		result = entry_copy(copying, from, to, name, err);
		copying->path.size = above;
		copying->path.data[above] = '\0';
	}
	closedir(dir);
	return result;
}

int
tree_copy(int from, int to, const struct copy_options *options, struct strings *notes,
	  struct err *err)
{
	struct copying copying = {.options = options, .notes = notes};
	int own = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own == -1)
		return err_errno(err, "cannot read the folder to copy");
	int result = folder_copy(&copying, own, to, err);
	if (copying.notes_left_out > 0)
		strings_addf(notes, "and %llu more notes",
			     (unsigned long long)copying.notes_left_out);
	buf_free(&copying.path);
	return result;
}

int
sandbox_collect(const struct sandbox_result *result, const char *to,
		struct strings *notes, struct err *err)
{
	static const struct copy_options options = {.unlock = true};
	if (result->build_folder == -1)
		return err_set(err, ERR_SYSTEM, "there is no build to collect from");
	if (mkdir(to, 0777) == -1 && errno != EEXIST)
		return err_errno(err, "cannot make folder '%s'", to);
	int fd;
	if (file_open_folder(to, &fd, err) == -1)
		return -1;
	int outcome = tree_copy(result->build_folder, fd, &options, notes, err);
	close(fd);
	if (outcome == -1)
		err_at(err, "collecting what was built");
	return outcome;
}
