/* Roots made: from packages by mmdebstrap, from an archive, from host files. */
#include "rebuild/rebuild_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PACKAGES_LIMIT = 64 * 1024 * 1024 };

/* ---- Root: debian ---------------------------------------------------- */

/* The pinned packages under the names apt knows, as links into the cache. */
static int
packages_link(const struct toolchain *toolchain, const char *cache, const char *to,
	      struct err *err)
{
	if (mkdir(to, 0755) == -1)
		return err_errno(err, "cannot make folder '%s'", to);
	for (size_t i = 0; i < toolchain->package_count; i++) {
		const struct toolchain_package *package = &toolchain->packages[i];
		char *from = package_path(cache, package);
		char *file = package_file(package);
		char *path = path_join(to, file);
		int result = link(from, path);
		if (result == -1)
			err_errno(err, "cannot link package '%s'", file);
		free(from);
		free(file);
		free(path);
		if (result == -1)
			return -1;
	}
	return 0;
}

/* The index that apt reads. */
static int
packages_index(const char *folder, struct err *err)
{
	const char *const argv[] = {"env", NULL, "dpkg-scanpackages", "--multiversion",
				    ".",   NULL};
	const char *command[ARRAY_COUNT(argv)];
	char *chdir_option = base_format("--chdir=%s", folder);
	char *path = path_join(folder, "Packages");
	struct buf index = {0};
	for (size_t i = 0; i < ARRAY_COUNT(argv); i++)
		command[i] = i == 1 ? chdir_option : argv[i];
	int result = sandbox_run_tool(command, NULL, &index, err);
	if (result == -1)
		err_at(err,
		       "cannot index the packages (dpkg-scanpackages is in dpkg-dev)");
	else
		result =
		    file_replace(path, index.data ? index.data : "", index.size, err);
	buf_free(&index);
	free(path);
	free(chdir_option);
	return result;
}

static bool
program_there(const char *name)
{
	const char *const argv[] = {"sh", "-c", "command -v \"$1\"", "sh", name, NULL};
	struct buf out = {0};
	struct err no = {0};
	bool there = sandbox_run_tool(argv, NULL, &out, &no) == 0;
	buf_free(&out);
	return there;
}

/* Does the user have subordinate ids, and the programs that give them out? */
static int
unprivileged_check(struct err *err)
{
	static const char *const argv[] = {
	    "unshare", "--user", "--map-root-user", "--map-auto", "--", "true", NULL};
	struct err no = {0};
	if (!program_there("newuidmap"))
		return err_set(err, ERR_SYSTEM,
			       "an ordinary user needs newuidmap to assemble a root: "
			       "install uidmap, or run as root");
	if (sandbox_run_tool(argv, NULL, NULL, &no) == -1)
		return err_set(
		    err, ERR_SYSTEM,
		    "an ordinary user needs a range of subordinate ids to "
		    "assemble a root: as root run 'usermod --add-subuids "
		    "100000-165535 --add-subgids 100000-165535 USER', or run "
		    "as root (%s)",
		    no.message);
	return 0;
}

/* The command line. Within namespaces of its own: no network, and everything in it
 * ends with its first process. */
static void
assemble_arguments(const struct toolchain *toolchain, const char *debs, const char *tar,
		   struct strings *argv)
{
	static const char *const common[] = {"--net",  "--mount",      "--pid",
					     "--fork", "--kill-child", NULL};
	static const char *const user[] = {"--user", "--map-root-user", "--map-auto",
					   NULL};
	bool root = geteuid() == 0;
	strings_add(argv, "unshare");
	for (size_t i = 0; !root && user[i] != NULL; i++)
		strings_add(argv, user[i]);
	for (size_t i = 0; common[i] != NULL; i++)
		strings_add(argv, common[i]);
	strings_add(argv, "--mount-proc");
	strings_add(argv, "--");
	strings_add(argv, "sh"); /* the umask of whoever runs us is not ours */
	strings_add(argv, "-c");
	strings_add(argv, "umask 022; exec \"$@\"");
	strings_add(argv, "sh");
	strings_add(argv, "mmdebstrap");
	strings_addf(argv, "--mode=%s", root ? "root" : "unshare");
	strings_add(argv, "--variant=custom");
	strings_add(argv, "--format=tar");
	strings_addf(argv, "--architectures=%s", toolchain->architecture);
	struct buf names = {0};
	for (size_t i = 0; i < toolchain->package_count; i++)
		buf_printf(&names, "%s%s", i > 0 ? "," : "",
			   toolchain->packages[i].name);
	strings_addf(argv, "--include=%s", names.data ? names.data : "");
	buf_free(&names);
	strings_add(argv, toolchain->suite);
	strings_add(argv, tar);
	strings_addf(argv, "deb [trusted=yes] copy:%s ./", debs);
}

static int
assemble_tar(const struct toolchain *toolchain, const char *debs, const char *tar,
	     const char *temporary, struct err *err)
{
	struct strings argv = {0}, environment = {0};
	const char *path = getenv("PATH");
	if (!program_there("mmdebstrap"))
		return err_set(err, ERR_SYSTEM,
			       "mmdebstrap assembles Debian roots: install mmdebstrap");
	if (geteuid() != 0 && unprivileged_check(err) == -1)
		return -1;
	assemble_arguments(toolchain, debs, tar, &argv);
	strings_addf(&environment, "PATH=%s%s", path ? path : "/usr/bin:/bin",
		     ":/usr/sbin:/sbin");
	strings_addf(&environment, "SOURCE_DATE_EPOCH=%lld",
		     (long long)toolchain->source_date_epoch);
	strings_addf(&environment, "TMPDIR=%s", temporary);
	strings_addf(&environment, "HOME=%s", temporary);
	strings_add(&environment, "LC_ALL=C.UTF-8");
	say("assembling the root from %zu packages (about a minute)",
	    toolchain->package_count);
	int result =
	    sandbox_run_tool((const char *const *)argv.items,
			     (const char *const *)environment.items, NULL, err);
	if (result == -1)
		err_at(err, "mmdebstrap could not assemble the root");
	strings_free(&argv);
	strings_free(&environment);
	return result;
}

/*
 * What mmdebstrap takes over from the host, and what says where and how the root
 * was assembled: gone, so that the root depends on its packages alone.
 */
static int
host_traces_remove(const char *root, struct err *err)
{
	static const char *const traces[] = {
	    "etc/resolv.conf",          "etc/hostname",
	    "etc/apt/sources.list",     "etc/machine-id",
	    "var/lib/dbus/machine-id",  "var/cache/ldconfig/aux-cache",
	    "var/log/alternatives.log", "var/log/bootstrap.log",
	    "var/log/dpkg.log",         "var/log/apt/history.log",
	    "var/log/apt/term.log",     "var/log/apt/eipp.log.xz"};
	int fd, result = 0;
	if (file_open_folder(root, &fd, err) == -1)
		return -1;
	for (size_t i = 0; i < ARRAY_COUNT(traces) && result == 0; i++)
		result = folder_remove(fd, traces[i], err);
	close(fd);
	return result;
}

static int
extract_file(const char *tar, const char *to, struct err *err)
{
	int fd;
	if (mkdir(to, 0700) == -1)
		return err_errno(err, "cannot make folder '%s'", to);
	if (file_open(tar, &fd, err) == -1)
		return -1;
	int result = extract_tar(fd, to, err);
	close(fd);
	return result;
}

static int
assemble_debian(const struct toolchain *toolchain, const char *cache, const char *work,
		const char *root, struct err *err)
{
	char *debs = path_join(work, "debs"), *tar = path_join(work, "root.tar");
	char *temporary = path_join(work, "tmp");
	int result = -1;
	if (mkdir(temporary, 0755) == -1)
		err_errno(err, "cannot make folder '%s'", temporary);
	else if (packages_link(toolchain, cache, debs, err) == 0 &&
		 packages_index(debs, err) == 0 &&
		 assemble_tar(toolchain, debs, tar, temporary, err) == 0 &&
		 extract_file(tar, root, err) == 0)
		result = host_traces_remove(root, err);
	free(debs);
	free(tar);
	free(temporary);
	return result;
}

/* ---- Root: tar ------------------------------------------------------- */

static int
assemble_archive(const struct toolchain *toolchain, const char *root, struct err *err)
{
	struct sha256 digest;
	uint64_t size;
	int fd;
	if (file_open(toolchain->root_path, &fd, err) == -1)
		return -1;
	int result = sha256_of_fd(fd, &digest, &size, err);
	if (result == 0 && !sha256_equal(&digest, &toolchain->root_file_sha256)) {
		char is[SHA256_HEX], declared[SHA256_HEX];
		sha256_hex(&digest, is);
		sha256_hex(&toolchain->root_file_sha256, declared);
		result =
		    err_set(err, ERR_INPUT,
			    "'%s' has SHA-256 %s, but Root-File-SHA256 is %s: bring "
			    "the pinned file, or pin this one",
			    toolchain->root_path, is, declared);
	}
	if (result == 0 && mkdir(root, 0700) == -1)
		result = err_errno(err, "cannot make folder '%s'", root);
	if (result == 0 && extract_tar(fd, root, err) == -1)
		result = err_at(err, "'%s'", toolchain->root_path);
	close(fd);
	return result;
}

/* ---- Root: host ------------------------------------------------------ */

/* One pinned file, copied while it is hashed: what is hashed is what is kept. */
static int
host_file(const struct toolchain_file *file, const char *to, struct err *err)
{
	int from, fd;
	uint64_t size;
	struct sha256 digest;
	if (file_open(file->path, &from, err) == -1)
		return -1;
	fd = open(to, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1) {
		close(from);
		return err_errno(err, "cannot write '%s'", to);
	}
	int result = file_copy_fd(from, fd, &size, err);
	if (result == 0 && lseek(fd, 0, SEEK_SET) == -1)
		result = err_errno(err, "cannot read '%s'", to);
	if (result == 0)
		result = sha256_of_fd(fd, &digest, &size, err);
	if (result == 0 && !sha256_equal(&digest, &file->sha256))
		result =
		    err_set(err, ERR_INPUT,
			    "host file '%s' has changed since it was pinned: pin the "
			    "toolchain again",
			    file->path);
	if (result == 0 && fchmod(fd, file->mode & 07777) == -1)
		result = err_errno(err, "cannot write '%s'", to);
	close(fd);
	close(from);
	return result;
}

enum host_pass { PASS_FOLDERS, PASS_FILES, PASS_LINKS };

static int
host_entry(const struct toolchain_file *file, const char *root, enum host_pass pass,
	   struct err *err)
{
	if (file->path[0] != '/' || !path_is_plain(file->path + 1))
		return err_set(err, ERR_USAGE, "'%s' is no plain absolute path",
			       file->path);
	char *to = path_join(root, file->path + 1), *dir = path_dir(to);
	int result = 0;
	if (pass == PASS_FOLDERS)
		result = folder_make(dir, err);
	else if (pass == PASS_FILES && file->target == NULL)
		result = host_file(file, to, err);
	else if (pass == PASS_LINKS && file->target != NULL &&
		 symlink(file->target, to) == -1)
		result = err_errno(err, "cannot make link '%s'", to);
	free(to);
	free(dir);
	return result;
}

/* All folders, then all files, then all links: no path can lead through a link of
 * the description to somewhere else. */
static int
assemble_host(const struct toolchain *toolchain, const char *root, struct err *err)
{
	mode_t mask = umask(022);
	int result = mkdir(root, 0755);
	if (result == -1)
		err_errno(err, "cannot make folder '%s'", root);
	for (enum host_pass pass = PASS_FOLDERS; pass <= PASS_LINKS && result == 0;
	     pass++) {
		for (size_t i = 0; i < toolchain->file_count && result == 0; i++)
			result = host_entry(&toolchain->files[i], root, pass, err);
	}
	umask(mask);
	return result;
}

int
assemble_root(const struct toolchain *toolchain, const char *cache,
	      const struct slot *slot, char **folder, struct err *err)
{
	char *root = path_join(slot->work, "root");
	int result = -1;
	switch (toolchain->kind) {
	case ROOT_DEBIAN:
		result = assemble_debian(toolchain, cache, slot->work, root, err);
		break;
	case ROOT_TAR:
		result = assemble_archive(toolchain, root, err);
		break;
	case ROOT_HOST:
		result = assemble_host(toolchain, root, err);
		break;
	case ROOT_FOLDER:
		result = err_set(err, ERR_UNSUPPORTED,
				 "a root that is a folder is used where it is");
		break;
	}
	if (result == -1) {
		free(root);
		return -1;
	}
	*folder = root;
	return 0;
}
