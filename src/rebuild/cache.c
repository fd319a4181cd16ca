/* The cache: its folders, the lock of a root, and what killed runs left in it. */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Part of every key: another way of assembling gives other roots. */
#define ASSEMBLY_VERSION "verify-root 1"

int
cache_folder(char **path, struct err *err)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	char *folder;
	/* The XDG base directory specification: relative ones are ignored. */
	if (base != NULL && *base == '/')
		folder = base_format("%s/verify", base);
	else if (home != NULL && *home == '/')
		folder = base_format("%s/.cache/verify", home);
	else
		return err_set(
		    err, ERR_SYSTEM,
		    "no place for the cache: set HOME or XDG_CACHE_HOME to a "
		    "folder's full path");
	char *packages = base_format("%s/packages", folder);
	char *roots = base_format("%s/roots", folder);
	int result = -1;
	/* Roots hold setuid programs: nobody else may reach them. */
	if (folder_make(folder, err) == 0 && folder_make(packages, err) == 0 &&
	    folder_make(roots, err) == 0) {
		result = chmod(folder, 0700);
		if (result == -1)
			err_errno(err, "cannot keep others out of '%s'", folder);
	}
	free(packages);
	free(roots);
	if (result == -1) {
		free(folder);
		return -1;
	}
	*path = folder;
	return 0;
}

char *
package_path(const char *cache, const struct toolchain_package *package)
{
	char hex[SHA256_HEX];
	sha256_hex(&package->sha256, hex);
	return base_format("%s/packages/%s", cache, hex);
}

char *
package_file(const struct toolchain_package *package)
{
	struct buf name = {0};
	buf_printf(&name, "%s_", package->name);
	for (const char *at = package->version; *at != '\0'; at++) {
		if (*at == ':') /* an epoch's colon, as apt writes it */
			buf_puts(&name, "%3a");
		else
			buf_append(&name, at, 1);
	}
	buf_printf(&name, "_%s.deb", package->architecture);
	return buf_take(&name);
}

/* ---- the key of a root ----------------------------------------------- */

static int
string_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
key_packages(const struct toolchain *toolchain, struct buf *text)
{
	char **lines = base_alloc(toolchain->package_count + 1, sizeof(*lines));
	for (size_t i = 0; i < toolchain->package_count; i++) {
		const struct toolchain_package *package = &toolchain->packages[i];
		char hex[SHA256_HEX];
		sha256_hex(&package->sha256, hex);
		lines[i] = base_format("%s %s %s %s\n", hex, package->name,
				       package->version, package->architecture);
	}
	qsort(lines, toolchain->package_count, sizeof(*lines), string_order);
	buf_printf(text, "epoch %lld\n", (long long)toolchain->source_date_epoch);
	for (size_t i = 0; i < toolchain->package_count; i++) {
		buf_puts(text, lines[i]);
		free(lines[i]);
	}
	free(lines);
}

static void
key_files(const struct toolchain *toolchain, struct buf *text)
{
	for (size_t i = 0; i < toolchain->file_count; i++) {
		const struct toolchain_file *file = &toolchain->files[i];
		char hex[SHA256_HEX];
		sha256_hex(&file->sha256, hex);
		/* NUL ends what could hold any other byte. */
		buf_printf(text, "%s %o %s", file->target ? "-" : hex,
			   (unsigned)file->mode, file->path);
		buf_zeros(text, 1);
		buf_puts(text, file->target ? file->target : "");
		buf_zeros(text, 1);
	}
}

/* A hash over all that determines what the root is. */
static void
root_key(const struct toolchain *toolchain, char key[SHA256_HEX])
{
	struct buf text = {0};
	struct sha256 digest;
	buf_printf(&text, ASSEMBLY_VERSION "\n%s\n%s\n",
		   root_kind_name(toolchain->kind), toolchain->architecture);
	if (toolchain->kind == ROOT_DEBIAN) {
		key_packages(toolchain, &text);
	} else if (toolchain->kind == ROOT_TAR) {
		char hex[SHA256_HEX];
		sha256_hex(&toolchain->root_file_sha256, hex);
		buf_puts(&text, hex);
	} else {
		key_files(toolchain, &text);
	}
	sha256_of(text.data, text.size, &digest);
	sha256_hex(&digest, key);
	buf_free(&text);
}

/* ---- slots ----------------------------------------------------------- */

int
slot_open(const struct toolchain *toolchain, struct slot *slot, struct err *err)
{
	char *cache;
	*slot = (struct slot){.lock = -1};
	if (cache_folder(&cache, err) == -1)
		return -1;
	root_key(toolchain, slot->key);
	slot->roots = base_format("%s/roots", cache);
	slot->path = base_format("%s/%s", slot->roots, slot->key);
	slot->manifest = base_format("%s.manifest", slot->path);
	free(cache);
	return 0;
}

/* Remove a file tree in which other users' files may be: those that an ordinary
 * user's assembly made under its subordinate ids. */
int
work_remove(const char *folder, const char *name, struct err *err)
{
	int fd;
	struct err first = {0};
	if (file_open_folder(folder, &fd, err) == -1)
		return -1;
	int result = folder_remove(fd, name, &first);
	close(fd);
	if (result == 0)
		return 0;
	char *path = path_join(folder, name);
	const char *const argv[] = {"unshare",    "--user", "--map-root-user",
				    "--map-auto", "rm",     "-rf",
				    "--",         path,     NULL};
	result = geteuid() == 0 ? -1 : sandbox_run_tool(argv, NULL, NULL, err);
	if (result == -1)
		*err = first;
	free(path);
	return result;
}

/* Remove the work folders of this root: with its lock held nobody uses them. */
static int
slot_sweep(const struct slot *slot, struct err *err)
{
	char *prefix = base_format(".tmp-%s-", slot->key);
	struct strings names = {0};
	DIR *dir = opendir(slot->roots);
	struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			strings_add(&names, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	int result = 0;
	for (size_t i = 0; i < names.count && result == 0; i++)
		result = work_remove(slot->roots, names.items[i], err);
	strings_free(&names);
	free(prefix);
	return result;
}

int
slot_lock(struct slot *slot, struct err *err)
{
	char *path = base_format("%s.lock", slot->path);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (fd == -1)
		return err_errno(err, "cannot lock '%s'", slot->path);
	if (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		say("waiting for another run that assembles this root");
		while (flock(fd, LOCK_EX) == -1) {
			if (errno == EINTR && interrupt_check(err) == 0)
				continue;
			if (errno != EINTR)
				err_errno(err, "cannot lock '%s'", slot->path);
			close(fd);
			return -1;
		}
	}
	slot->lock = fd;
	return slot_sweep(slot, err);
}

int
slot_begin(struct slot *slot, struct err *err)
{
	slot->work =
	    base_format("%s/.tmp-%s-%ld", slot->roots, slot->key, (long)getpid());
	if (mkdir(slot->work, 0700) == -1)
		return err_errno(err, "cannot make folder '%s'", slot->work);
	return 0;
}

int
slot_finish(struct slot *slot, const char *assembled, const struct buf *manifest,
	    struct err *err)
{
	if (file_replace(slot->manifest, manifest->data, manifest->size, err) == -1)
		return -1;
	if (rename(assembled, slot->path) == -1)
		return err_errno(err, "cannot put the root at '%s'", slot->path);
	return 0;
}

bool
slot_filled(const struct slot *slot)
{
	struct stat st;
	return lstat(slot->path, &st) == 0 && S_ISDIR(st.st_mode);
}

int
slot_empty(struct slot *slot, struct err *err)
{
	/* Away from its name first, so that no half of it is ever found there. */
	char *name = base_format(".tmp-%s-old", slot->key);
	char *away = path_join(slot->roots, name);
	int result = rename(slot->path, away);
	if (result == -1)
		err_errno(err, "cannot move '%s' away", slot->path);
	else
		result = work_remove(slot->roots, name, err);
	free(away);
	free(name);
	return result;
}

void
slot_close(struct slot *slot)
{
	struct err ignored = {0};
	if (slot->work != NULL)
		(void)work_remove(slot->roots, path_base(slot->work), &ignored);
	if (slot->lock != -1)
		close(slot->lock);
	free(slot->roots);
	free(slot->path);
	free(slot->manifest);
	free(slot->work);
	*slot = (struct slot){.lock = -1};
}
