/* The metadata of a TUF repository, opened before confinement and read after. */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "signature/tuf_private.h"

enum {
	FILES_MOST = 4096,
	FILE_MOST = 64 << 20,
};

struct tuf_repository *
tuf_repository_new(void)
{
	return base_alloc(1, sizeof(struct tuf_repository));
}

void
tuf_repository_free(struct tuf_repository *repository)
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

static int
add_file(struct tuf_repository *repository, const char *path, const char *name,
	 struct err *err)
{
	struct mapping mapping;
	struct stat st;
	int fd, answer = 0;
	if (file_open(path, &fd, err) == -1)
		return -1;
	if (fstat(fd, &st) == -1)
		answer = err_errno(err, "cannot read metadata");
	else if (st.st_size > FILE_MOST || repository->count == FILES_MOST)
		answer = err_set(err, ERR_LIMIT, "more metadata than is looked at");
	else
		answer = mapping_open(fd, 0, (uint64_t)st.st_size, &mapping, err);
	close(fd);
	if (answer == -1)
		return -1;
	repository->files = base_realloc(repository->files, repository->count + 1,
					 sizeof(*repository->files));
	repository->files[repository->count++] =
	    (struct tuf_file){base_strdup(name), mapping};
	return 0;
}

/* Every *.json of the folder; delegated roles' names may hold a '/', which stands in
 * file names as it is escaped in URLs. */
int
tuf_repository_add(struct tuf_repository *repository, const char *path, struct err *err)
{
	struct dirent *found;
	size_t before = repository->count;
	DIR *folder = opendir(path);
	char *shown = text_shown(path);
	int answer = 0;
	if (folder == NULL)
		answer = err_errno(err, "cannot read the folder '%s'", shown);
	while (folder != NULL && answer == 0 && (found = readdir(folder)) != NULL) {
		size_t length = strlen(found->d_name);
		if (length < 6 || strcmp(found->d_name + length - 5, ".json") != 0)
			continue;
		char *file = path_join(path, found->d_name);
		answer = add_file(repository, file, found->d_name, err);
		free(file);
	}
	if (folder != NULL)
		closedir(folder);
	if (answer == 0 && repository->count == before)
		answer =
		    err_set(err, ERR_INPUT, "no metadata in the folder '%s'", shown);
	free(shown);
	return answer;
}

int
tuf_file_find(const struct tuf_repository *repository, const char *name,
	      struct view *bytes)
{
	for (size_t i = 0; i < repository->count; i++) {
		if (strcmp(repository->files[i].name, name) != 0)
			continue;
		*bytes = repository->files[i].mapping.view;
		return 0;
	}
	return -1;
}
