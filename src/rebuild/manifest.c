/*
 * Manifests of folders: verify-toolchain(5), "ROOT MANIFEST".
 *
 * One thread walks the folder and notes every path with its type and mode; then all
 * processors hash the contents of the files; then the lines are written in order.
 */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BLOCK = 256 * 1024, THREADS_MOST = 64 };

struct entry {
	char *path; /* below the root; "." is the root itself */
	char *target;
	mode_t mode;
	struct sha256 sha256;
};

struct walk {
	int root;
	struct entry *entries;
	size_t count, room;
	atomic_size_t next; /* the next entry that a hashing thread takes */
};

struct worker {
	pthread_t thread;
	struct walk *walk;
	struct err err;
	bool failed;
};

static struct entry *
entry_add(struct walk *walk, const char *path, mode_t mode)
{
	if (walk->count == walk->room) {
		walk->room = walk->room ? 2 * walk->room : 4096;
		walk->entries =
		    base_realloc(walk->entries, walk->room, sizeof(*walk->entries));
	}
	struct entry *entry = &walk->entries[walk->count++];
	*entry = (struct entry){.path = base_strdup(path), .mode = mode};
	return entry;
}

/* "cannot read 'PATH'", the input's fault and not the machine's. */
static int
path_unreadable(const char *path, struct err *err)
{
	int number = errno;
	char *shown = text_shown(path);
	errno = number;
	err_errno(err, "cannot read '%s'", shown);
	err->kind = ERR_INPUT;
	free(shown);
	return -1;
}

static int
link_read(int dir, const char *name, const char *path, char **target, struct err *err)
{
	char bytes[4096]; /* PATH_MAX: no longer target exists */
	ssize_t length = readlinkat(dir, name, bytes, sizeof(bytes));
	if (length == -1)
		return path_unreadable(path, err);
	*target = base_strndup(bytes, (size_t)length);
	return 0;
}

static int walk_folder(struct walk *walk, int fd, const char *path, struct err *err);

static int
walk_entry(struct walk *walk, int dir, const char *name, const char *path,
	   struct err *err)
{
	struct stat st;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return path_unreadable(path, err);
	struct entry *entry = entry_add(walk, path, st.st_mode);
	if (S_ISLNK(st.st_mode))
		return link_read(dir, name, path, &entry->target, err);
	if (!S_ISDIR(st.st_mode))
		return 0;
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return path_unreadable(path, err);
	return walk_folder(walk, fd, path, err);
}

/* All below the folder behind fd; takes fd over. */
static int
walk_folder(struct walk *walk, int fd, const char *path, struct err *err)
{
	DIR *dir = fdopendir(fd);
	if (dir == NULL) {
		path_unreadable(path, err);
		close(fd);
		return -1;
	}
	int result = interrupt_check(err);
	while (result == 0) {
		errno = 0;
		struct dirent *found = readdir(dir);
		if (found == NULL) {
			result = errno == 0 ? 0 : path_unreadable(path, err);
			break;
		}
		if (strcmp(found->d_name, ".") == 0 || strcmp(found->d_name, "..") == 0)
			continue;
		char *below = path_join(path, found->d_name);
		result = walk_entry(walk, dirfd(dir), found->d_name, below, err);
		free(below);
	}
	closedir(dir);
	return result;
}

static int
entry_hash(const struct walk *walk, struct entry *entry, struct hasher *hasher,
	   char *block, struct err *err)
{
	int fd = openat(walk->root, entry->path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		path_unreadable(entry->path, err);
		if (fd != -1)
			close(fd);
		return -1;
	}
	for (;;) {
		ssize_t got = read(fd, block, READ_BLOCK);
		if (got == 0)
			break;
		if (got > 0) {
			hasher_update(hasher, block, (size_t)got);
			continue;
		}
		if (errno == EINTR && !interrupt_seen())
			continue;
		path_unreadable(entry->path, err);
		close(fd);
		return -1;
	}
	hasher_final(hasher, &entry->sha256);
	close(fd);
	return 0;
}

static void *
worker_main(void *argument)
{
	struct worker *worker = argument;
	struct walk *walk = worker->walk;
	struct hasher *hasher = hasher_new();
	char *block = base_alloc(READ_BLOCK, 1);
	while (!worker->failed) {
		size_t at = atomic_fetch_add(&walk->next, 1);
		if (at >= walk->count)
			break;
		struct entry *entry = &walk->entries[at];
		if (!S_ISREG(entry->mode))
			continue;
		worker->failed =
		    interrupt_check(&worker->err) == -1 ||
		    entry_hash(walk, entry, hasher, block, &worker->err) == -1;
	}
	if (worker->failed) /* the others stop too */
		atomic_store(&walk->next, walk->count);
	free(block);
	hasher_free(hasher);
	return NULL;
}

/* Hash every file's content on all processors. */
static int
walk_hash(struct walk *walk, struct err *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t wanted = processors < 1 ? 1 : (size_t)processors;
	if (wanted > THREADS_MOST)
		wanted = THREADS_MOST;
	struct worker *workers = base_alloc(wanted, sizeof(*workers));
	size_t started = 0;
	for (size_t i = 1; i < wanted; i++) {
		struct worker *worker = &workers[started + 1];
		worker->walk = walk;
		if (pthread_create(&worker->thread, NULL, worker_main, worker) == 0)
			started++;
	}
	workers[0].walk = walk;
	worker_main(&workers[0]); /* this thread works as well */
	for (size_t i = 1; i <= started; i++)
		pthread_join(workers[i].thread, NULL);
	int result = 0;
	for (size_t i = 0; i <= started && result == 0; i++) {
		if (workers[i].failed) {
			*err = workers[i].err;
			result = -1;
		}
	}
	free(workers);
	return result;
}

static int
entry_order(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	/* By bytes, whatever the locale; the root's own line is the first. */
	bool left_root = strcmp(left->path, ".") == 0;
	bool right_root = strcmp(right->path, ".") == 0;
	if (left_root || right_root)
		return right_root - left_root;
	return strcmp(left->path, right->path);
}

static char
entry_type(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return 'f';
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	case S_IFCHR:
		return 'c';
	default:
		return 'b';
	}
}

/* A target as shown text without blanks, so that a line has one reading only. */
static void
target_append(struct buf *line, const char *target)
{
	char *shown = text_shown(target);
	for (const char *at = shown; *at != '\0'; at++) {
		if (*at == ' ')
			buf_puts(line, "\\x20");
		else
			buf_append(line, at, 1);
	}
	free(shown);
}

static void
entry_line(const struct entry *entry, struct buf *line)
{
	char hex[SHA256_HEX];
	buf_printf(line, "%c %04o ", entry_type(entry->mode),
		   (unsigned)(entry->mode & 07777));
	if (S_ISREG(entry->mode)) {
		sha256_hex(&entry->sha256, hex);
		buf_puts(line, hex);
	} else if (S_ISLNK(entry->mode)) {
		target_append(line, entry->target);
	} else {
		buf_puts(line, "-");
	}
	buf_puts(line, " ");
	text_show(line, entry->path, strlen(entry->path));
	buf_puts(line, "\n");
}

static void
walk_free(struct walk *walk)
{
	for (size_t i = 0; i < walk->count; i++) {
		free(walk->entries[i].path);
		free(walk->entries[i].target);
	}
	free(walk->entries);
	if (walk->root != -1)
		close(walk->root);
}

int
manifest_of_folder(const char *path, struct sha256 *digest, struct buf *text,
		   struct err *err)
{
	struct walk walk = {.root = -1};
	struct buf lines = {0};
	struct stat st;
	int result = -1, fd = -1;
	if (file_open_folder(path, &walk.root, err) == -1)
		return -1;
	fd = openat(walk.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		path_unreadable(path, err);
		if (fd != -1)
			close(fd);
		goto out;
	}
	entry_add(&walk, ".", st.st_mode);
	if (walk_folder(&walk, fd, ".", err) == -1 || walk_hash(&walk, err) == -1) {
		char *shown = text_shown(path);
		err_at(err, "in folder '%s'", shown);
		free(shown);
		goto out;
	}
	qsort(walk.entries, walk.count, sizeof(*walk.entries), entry_order);
	for (size_t i = 0; i < walk.count; i++)
		entry_line(&walk.entries[i], &lines);
	sha256_of(lines.data, lines.size, digest);
	if (text != NULL)
		buf_append(text, lines.data, lines.size);
	result = 0;
out:
	walk_free(&walk);
	buf_free(&lines);
	return result;
}

/* ---- what changed between two manifests ------------------------------ */

struct line {
	const char *text, *path;
	size_t length, path_length;
};

/* The line that starts at *at; false at the end. */
static bool
line_next(const struct buf *manifest, size_t *at, struct line *line)
{
	if (*at >= manifest->size)
		return false;
	line->text = manifest->data + *at;
	const char *end = memchr(line->text, '\n', manifest->size - *at);
	line->length = end ? (size_t)(end - line->text) : manifest->size - *at;
	*at += line->length + 1;
	size_t blanks = 0, start = 0;
	while (start < line->length && blanks < 3)
		blanks += line->text[start++] == ' ';
	line->path = line->text + start;
	line->path_length = line->length - start;
	return true;
}

static int
line_order(const struct line *a, const struct line *b)
{
	/* Both manifests were sorted by their raw paths. Comparing shown ones can
	 * only misjudge which of two odd names comes first; a pair of "is missing"
	 * and "is new" is then reported for one name, and nothing is hidden. */
	bool a_root = a->path_length == 1 && a->path[0] == '.';
	bool b_root = b->path_length == 1 && b->path[0] == '.';
	if (a_root || b_root)
		return b_root - a_root;
	size_t shorter =
	    a->path_length < b->path_length ? a->path_length : b->path_length;
	int order = memcmp(a->path, b->path, shorter);
	if (order != 0)
		return order;
	return (a->path_length > b->path_length) - (a->path_length < b->path_length);
}

static const char *
line_change(const struct line *a, const struct line *b)
{
	if (a->text[0] != b->text[0])
		return "is of another type";
	if (a->length < 6 || b->length < 6 || memcmp(a->text, b->text, 6) != 0)
		return "has another mode";
	return a->text[0] == 'l' ? "points elsewhere" : "has other content";
}

size_t
manifest_differences(const struct buf *before, const struct buf *now, size_t most,
		     struct strings *differences)
{
	size_t a_at = 0, b_at = 0, count = 0;
	struct line a = {0}, b = {0};
	bool have_a = line_next(before, &a_at, &a), have_b = line_next(now, &b_at, &b);
	while (have_a || have_b) {
		int order = !have_a ? 1 : !have_b ? -1 : line_order(&a, &b);
		const struct line *named = order > 0 ? &b : &a;
		const char *what = NULL;
		if (order < 0)
			what = "is missing";
		else if (order > 0)
			what = "is new";
		else if (a.length != b.length || memcmp(a.text, b.text, a.length) != 0)
			what = line_change(&a, &b);
		if (what != NULL && count++ < most)
			strings_addf(differences, "%.*s: %s", (int)named->path_length,
				     named->path, what);
		if (order <= 0)
			have_a = line_next(before, &a_at, &a);
		if (order >= 0)
			have_b = line_next(now, &b_at, &b);
	}
	return count;
}
