/*
 * The files of a Debian archive that lead from its key to a package: Release files,
 * their signatures, and lists (Packages, Sources), found by name in a mirror, in apt's
 * folder of lists, or anywhere beside each other. Opened before confinement; nothing of
 * them is read here.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signature/repository_private.h"

enum {
	FILES_MOST = 4096,
	DEPTH_MOST = 32,
	ENTRIES_MOST = 1 << 22, /* of folders */
};

struct walk {
	struct repository *repository;
	size_t top; /* of the path: what stands before names */
	size_t entries;
};

struct repository *
repository_new(void)
{
	return base_alloc(1, sizeof(struct repository));
}

void
repository_free(struct repository *repository)
{
	if (repository == NULL)
		return;
	for (size_t i = 0; i < repository->count; i++) {
		free(repository->files[i].name);
		mapping_close(&repository->files[i].mapping);
	}
	free(repository->files);
	free(repository);
}

const char *
repository_stem(const char *name)
{
	const char *base = path_base(name), *line = strrchr(base, '_');
	return line != NULL ? line + 1 : base;
}

size_t
repository_suffix(const char *name)
{
	static const char *const suffixes[] = {".xz", ".gz", ".bz2", ".lz4", ".zst",
					       ".lzma"};
	size_t length = strlen(name);
	for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++) {
		size_t suffix = strlen(suffixes[i]);
		if (length > suffix && strcmp(name + length - suffix, suffixes[i]) == 0)
			return suffix;
	}
	return 0;
}

bool
repository_is_list(const char *name)
{
	const char *stem = repository_stem(name);
	size_t length = strlen(stem) - repository_suffix(stem);
	return (length == 8 && strncmp(stem, "Packages", length) == 0) ||
	       (length == 7 && strncmp(stem, "Sources", length) == 0);
}

/* Which part of an archive has such a name? A list by its digest ("by-hash/SHA256/…")
 * may be a list of anything: whether it is one of packages, its Release file says. */
static enum repository_part
part_of(const char *name)
{
	const char *stem = repository_stem(name);
	if (strcmp(stem, "InRelease") == 0)
		return REPOSITORY_INLINE;
	if (strcmp(stem, "Release") == 0)
		return REPOSITORY_RELEASE;
	if (strcmp(stem, "Release.gpg") == 0)
		return REPOSITORY_SIGNATURE;
	if (repository_is_list(name) || strstr(name, "by-hash/") != NULL)
		return REPOSITORY_LIST;
	return REPOSITORY_OTHER;
}

static int
add_file(struct walk *walk, const char *path, struct err *err)
{
	struct repository *repository = walk->repository;
	const char *name = path + walk->top;
	enum repository_part part = part_of(name);
	struct mapping mapping;
	struct stat st;
	int fd;
	if (part == REPOSITORY_OTHER)
		return 0;
	if (repository->count == FILES_MOST)
		return err_set(err, ERR_LIMIT, "more than %d lists in the archive",
			       FILES_MOST);
	if (file_open(path, &fd, err) == -1)
		return -1;
	int answer = fstat(fd, &st) == -1 ? err_errno(err, "cannot read a list") : 0;
	if (answer == 0)
		answer = mapping_open(fd, 0, (uint64_t)st.st_size, &mapping, err);
	close(fd);
	if (answer == -1)
		return -1;
	repository->files = base_realloc(repository->files, repository->count + 1,
				      sizeof(*repository->files));
	repository->files[repository->count++] =
	    (struct repository_file){base_strdup(name), part, mapping};
	return 0;
}

static int add_any(struct walk *walk, const char *path, unsigned depth, struct err *err);

static int
add_folder(struct walk *walk, const char *path, unsigned depth, struct err *err)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int answer = 0;
	if (folder == NULL) {
		char *shown = text_shown(path);
		err_errno(err, "cannot read the folder '%s'", shown);
		free(shown);
		return -1;
	}
	while (answer == 0 && (entry = readdir(folder)) != NULL) {
		const char *name = entry->d_name;
		/* "partial" is what apt has not yet checked */
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strcmp(name, "partial") == 0)
			continue;
		char *below = path_join(path, name);
		if (walk->entries++ == ENTRIES_MOST)
			answer = err_set(err, ERR_LIMIT, "the archive is too large");
		else
			answer = add_any(walk, below, depth + 1, err);
		free(below);
	}
	closedir(folder);
	return answer;
}

/* Links to files are followed, links to folders are not: they name what is there under
 * another name too ("stable"), or lead away. */
static int
add_any(struct walk *walk, const char *path, unsigned depth, struct err *err)
{
	struct stat st;
	if (lstat(path, &st) == -1)
		return err_errno(err, "cannot look at a file of the archive");
	if (S_ISDIR(st.st_mode) && depth <= DEPTH_MOST)
		return add_folder(walk, path, depth, err);
	if (S_ISLNK(st.st_mode) && (stat(path, &st) == -1 || !S_ISREG(st.st_mode)))
		return 0;
	return S_ISREG(st.st_mode) ? add_file(walk, path, err) : 0;
}

static int
compare_files(const void *left, const void *right)
{
	const struct repository_file *a = left, *b = right;
	return strcmp(a->name, b->name);
}

int
repository_add(struct repository *repository, const char *given, struct err *err)
{
	struct stat st;
	struct walk walk = {.repository = repository};
	size_t before = repository->count, length = strlen(given);
	int answer;
	while (length > 1 && given[length - 1] == '/')
		length--;
	char *path = base_strndup(given, length), *shown = text_shown(path);
	if (stat(path, &st) == -1) {
		answer = err_set(err, ERR_INPUT, "cannot open '%s': %s", shown,
				 strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		walk.top = strlen(path) + 1;
		answer = add_folder(&walk, path, 0, err);
	} else {
		walk.top = (size_t)(path_base(path) - path);
		answer = add_file(&walk, path, err);
	}
	if (answer == 0 && repository->count == before)
		answer = err_set(err, ERR_INPUT,
				 "'%s' holds no file of a Debian archive: no InRelease, "
				 "Release, Packages or Sources",
				 shown);
	/* the order of a folder's entries is not the same everywhere */
	if (repository->count > 1)
		qsort(repository->files, repository->count, sizeof(*repository->files),
		      compare_files);
	free(path);
	free(shown);
	return answer;
}
