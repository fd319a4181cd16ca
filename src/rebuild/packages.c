/* Packages brought into the cache: each by its hash, from a folder or by apt. */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { POOL_DEPTH = 16, NAMED_MOST = 8 };

/* What is still to be brought. */
struct order {
	const struct toolchain *toolchain;
	const char *cache;
	bool *there; /* one for each package */
	size_t missing;
};

/* Is the package in the cache, whole? One that is damaged is removed. */
static bool
package_there(const char *cache, const struct toolchain_package *package)
{
	char *path = package_path(cache, package);
	struct sha256 digest;
	uint64_t size;
	struct err ignored = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	bool there = false;
	if (fd != -1) {
		there = sha256_of_fd(fd, &digest, &size, &ignored) == 0 &&
			sha256_equal(&digest, &package->sha256) &&
			size == package->size;
		close(fd);
		if (!there)
			unlink(path);
	}
	free(path);
	return there;
}

static void
order_check(struct order *order)
{
	order->missing = 0;
	for (size_t i = 0; i < order->toolchain->package_count; i++) {
		if (!order->there[i])
			order->there[i] =
			    package_there(order->cache, &order->toolchain->packages[i]);
		order->missing += !order->there[i];
	}
}

/* Copy a file into the cache, hash the copy, and keep it if it is the package. */
static int
package_import(const struct order *order, size_t at, int fd, bool *kept,
	       struct err *err)
{
	const struct toolchain_package *package = &order->toolchain->packages[at];
	char *path = package_path(order->cache, package);
	char *draft = base_format("%s.tmp-%ld", path, (long)getpid());
	int result = -1;
	uint64_t copied, size;
	struct sha256 digest;
	int to = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to == -1) {
		err_errno(err, "cannot write '%s'", draft);
		goto out;
	}
	if (lseek(fd, 0, SEEK_SET) == -1) {
		err_errno(err, "cannot read");
		goto out;
	}
	if (file_copy_fd(fd, to, &copied, err) == -1 || lseek(to, 0, SEEK_SET) == -1 ||
	    sha256_of_fd(to, &digest, &size, err) == -1)
		goto out;
	*kept = sha256_equal(&digest, &package->sha256) && size == package->size;
	if (*kept && rename(draft, path) == -1) {
		err_errno(err, "cannot write '%s'", path);
		goto out;
	}
	result = 0;
out:
	if (to != -1) {
		close(to);
		unlink(draft); /* gone already when it was kept */
	}
	free(draft);
	free(path);
	return result;
}

/* Try a file of the pool for every package that is missing and has its size. */
static int
pool_file(struct order *order, int fd, uint64_t size, struct err *err)
{
	for (size_t i = 0; i < order->toolchain->package_count; i++) {
		bool kept = false;
		if (order->there[i] || order->toolchain->packages[i].size != size)
			continue;
		if (package_import(order, i, fd, &kept, err) == -1)
			return -1;
		if (kept) {
			order->there[i] = true;
			order->missing--;
		}
	}
	return 0;
}

/* Look through a folder and those below it; takes fd over. */
static int
pool_folder(struct order *order, int fd, unsigned depth, struct err *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int result = 0;
	if (dir == NULL) {
		err_errno(err, "cannot read the pool");
		close(fd);
		return -1;
	}
	while (result == 0 && order->missing > 0 && (entry = readdir(dir)) != NULL) {
		struct stat st;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		int below = openat(dirfd(dir), entry->d_name,
				   O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (below == -1 || fstat(below, &st) == -1) {
			if (below != -1)
				close(below);
			continue; /* what cannot be opened is not in the pool */
		}
		if (S_ISDIR(st.st_mode) && depth < POOL_DEPTH) {
			result = pool_folder(order, below, depth + 1, err);
			continue;
		}
		if (S_ISREG(st.st_mode))
			result = pool_file(order, below, (uint64_t)st.st_size, err);
		close(below);
		if (result == 0)
			result = interrupt_check(err);
	}
	closedir(dir);
	return result;
}

static int
pool_bring(struct order *order, const char *pool, struct err *err)
{
	int fd;
	if (file_open_folder(pool, &fd, err) == -1)
		return -1;
	return pool_folder(order, fd, 0, err);
}

/* "NAME VERSION" of those that `lost` tells, the first few, and how many more. */
static void
name_lost(const struct toolchain *toolchain, const bool *lost, struct buf *names)
{
	size_t count = 0;
	for (size_t i = 0; i < toolchain->package_count; i++) {
		const struct toolchain_package *package = &toolchain->packages[i];
		if (lost[i] && count++ < NAMED_MOST)
			buf_printf(names, "%s%s %s", count > 1 ? ", " : "",
				   package->name, package->version);
	}
	if (count > NAMED_MOST)
		buf_printf(names, " and %zu more", count - NAMED_MOST);
}

static int
say_lost(const struct order *order, const bool *lost, const char *what,
	 const char *ways_out, struct err *err)
{
	struct buf names = {0};
	name_lost(order->toolchain, lost, &names);
	err_set(err, ERR_INPUT, "%s: %s; %s", what, names.data ? names.data : "",
		ways_out);
	buf_free(&names);
	return -1;
}

/* Does the archive still have every missing package, with these very bytes? */
static int
archive_check(const struct order *order, const struct apt *apt, struct err *err)
{
	const struct toolchain *toolchain = order->toolchain;
	size_t count = toolchain->package_count, asked = 0;
	struct toolchain_package *found = base_alloc(count, sizeof(*found));
	size_t *which = base_alloc(count, sizeof(*which));
	bool *has = base_alloc(count, sizeof(*has));
	bool *gone = base_alloc(count, sizeof(*gone));
	bool *other = base_alloc(count, sizeof(*other));
	bool any_gone = false, any_other = false;
	for (size_t i = 0; i < count; i++) {
		if (order->there[i])
			continue;
		found[asked] = toolchain->packages[i];
		which[asked++] = i;
	}
	int result = apt_look_up(apt, found, asked, has, err);
	for (size_t i = 0; i < asked && result == 0; i++) {
		const struct toolchain_package *pinned = &toolchain->packages[which[i]];
		if (!has[i])
			gone[which[i]] = any_gone = true;
		else if (!sha256_equal(&found[i].sha256, &pinned->sha256))
			other[which[i]] = any_other = true;
	}
	if (any_gone)
		result = say_lost(
		    order, gone, "no longer in the archive",
		    "give a folder that has them with --pool, or add a snapshot "
		    "archive "
		    "of that time to apt's sources, or pin the toolchain again",
		    err);
	else if (any_other)
		result = say_lost(
		    order, other, "the archive has other bytes under the same version",
		    "find out why before you trust either; --pool takes a "
		    "folder that has the pinned ones",
		    err);
	free(found);
	free(which);
	free(has);
	free(gone);
	free(other);
	return result;
}

static int
apt_download(const struct order *order, const struct apt *apt, const char *to,
	     struct err *err)
{
	struct strings arguments = {0};
	strings_add(&arguments, "env"); /* apt-get download writes where it stands */
	strings_addf(&arguments, "--chdir=%s", to);
	strings_add(&arguments, "apt-get");
	strings_add(&arguments, "-q");
	strings_add(&arguments, "download");
	for (size_t i = 0; i < order->toolchain->package_count; i++) {
		const struct toolchain_package *package =
		    &order->toolchain->packages[i];
		if (!order->there[i])
			strings_addf(&arguments, "%s=%s", package->name,
				     package->version);
	}
	progress_show("downloading %zu packages", order->missing);
	int result = apt_run(apt, &arguments, NULL, err);
	progress_clear();
	strings_free(&arguments);
	return result;
}

static int
archive_bring(struct order *order, struct err *err)
{
	struct apt apt;
	if (apt_open(order->toolchain->suite, false, &apt, err) == -1)
		return -1;
	char *downloads = base_format("%s/downloads", apt.folder);
	int result = -1;
	if (folder_make(downloads, err) == 0 && archive_check(order, &apt, err) == 0 &&
	    apt_download(order, &apt, downloads, err) == 0)
		result = pool_bring(order, downloads, err);
	free(downloads);
	apt_close(&apt);
	return result;
}

int
packages_bring(const struct toolchain *toolchain, const char *cache, const char *pool,
	       struct err *err)
{
	struct order order = {
	    .toolchain = toolchain,
	    .cache = cache,
	    .there = base_alloc(toolchain->package_count + 1, sizeof(bool)),
	};
	order_check(&order);
	int result = 0;
	if (order.missing > 0)
		result =
		    pool ? pool_bring(&order, pool, err) : archive_bring(&order, err);
	if (result == 0 && order.missing > 0) {
		bool *lost = base_alloc(toolchain->package_count, sizeof(*lost));
		for (size_t i = 0; i < toolchain->package_count; i++)
			lost[i] = !order.there[i];
		result =
		    pool ? say_lost(&order, lost, "not in the pool, by SHA-256",
				    "add them to it, or leave --pool out to let apt "
				    "download them",
				    err)
			 : say_lost(&order, lost,
				    "apt brought other bytes than those pinned",
				    "find out why before you trust either", err);
		free(lost);
	}
	free(order.there);
	return result;
}
