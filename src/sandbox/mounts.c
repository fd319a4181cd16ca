/*
 * The file system that a build sees.
 *
 *   /               the pinned root under an overlay, read-only in the end
 *   /proc           of the new pid namespace, kernel knobs covered
 *   /dev            null zero full random urandom tty, pts, shm: nothing else
 *   /tmp /var/tmp /dev/shm BUILD-PATH
 *                   parts of one tmpfs, whose size is the disk limit
 *   /sys            empty
 *
 * Whatever must come from the host (device nodes, proc) is taken as a detached
 * mount first; then the root is entered and the host's tree dropped; only then are
 * names looked up, so that no link inside the pinned root can lead to the host.
 */
#include "sandbox/build_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOT_DESCRIPTOR 200

#define QUIET (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

static const char *const devices[] = {"null",   "zero",    "full",
				      "random", "urandom", "tty"};

/* Parts of the scratch tmpfs and where the build sees them. */
enum part { PART_BUILD, PART_TMP, PART_VAR_TMP, PART_SHM, PART_COUNT };

static const struct {
	const char *name, *path; /* NULL: the plan's build path */
	mode_t mode;
} parts[PART_COUNT] = {
    [PART_BUILD] = {"build", NULL, 0755},
    [PART_TMP] = {"tmp", "/tmp", 01777},
    [PART_VAR_TMP] = {"var-tmp", "/var/tmp", 01777},
    [PART_SHM] = {"shm", "/dev/shm", 01777},
};

/* Mounts in the making, not yet anywhere. */
struct detached {
	int proc;
	int devices[ARRAY_COUNT(devices)];
	int parts[PART_COUNT];
	dev_t host_device;
	ino_t host_inode;
};

static int
attributes_set(int mount, uint64_t attributes, bool recursive, const char *what,
	       struct err *err)
{
	struct mount_attr attr = {.attr_set = attributes};
	unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0);
	if (mount_setattr(mount, "", flags, &attr, sizeof(attr)) == -1)
		return err_errno(err,
				 "cannot restrict the mount of %s "
				 "(this needs Linux 5.12)",
				 what);
	return 0;
}

/* A new file system of that type, not attached anywhere. */
static int
mount_new(const char *type, const char *const (*options)[2], uint64_t attributes,
	  struct err *err)
{
	int context = fsopen(type, FSOPEN_CLOEXEC), made = -1;
	if (context == -1)
		return err_errno(err, "cannot make a %s file system", type);
	bool fine = true;
	for (; fine && options != NULL && (*options)[0] != NULL; options++) {
		enum fsconfig_command how =
		    (*options)[1] ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;
		fine = fsconfig(context, how, (*options)[0], (*options)[1], 0) == 0;
	}
	if (fine && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		made = fsmount(context, FSMOUNT_CLOEXEC, (unsigned)attributes);
	if (made == -1)
		err_errno(err, "cannot mount a %s file system", type);
	close(context);
	return made;
}

static int
attach(int mount, const char *path, struct err *err)
{
	if (move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == -1)
		return err_errno(err, "cannot mount '%s' inside", path);
	return 0;
}

/* A detached copy of a mount that is seen at `name` below `folder`. */
static int
detach_copy(int folder, const char *name, uint64_t attributes, struct err *err)
{
	int copy = open_tree(folder, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (copy == -1)
		return err_errno(err, "cannot take '%s' along", name);
	if (attributes_set(copy, attributes, false, name, err) == -1) {
		close(copy);
		return -1;
	}
	return copy;
}

/* ---- while the host is still in sight -------------------------------- */

/* The pinned root once more, as our own mounts have it: an overlay takes nothing from
 * another mount namespace. It must be the same folder. */
static int
root_reopen(struct build *build, struct err *err)
{
	struct stat before, now;
	int opened = open(build->plan->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Always the same number, as the list of mounts inside will show it. */
	int fd = fcntl(opened, F_DUPFD_CLOEXEC, ROOT_DESCRIPTOR);
	if (opened != -1)
		close(opened);
	if (fd == -1 || fstat(fd, &now) == -1 || fstat(build->root, &before) == -1)
		return err_errno(err, "cannot open the pinned root");
	if (now.st_dev != before.st_dev || now.st_ino != before.st_ino)
		return err_set(err, ERR_INPUT,
			       "the pinned root was replaced meanwhile");
	close(build->root);
	build->root = fd;
	return 0;
}

/* The tmpfs for all that is written: `size` bytes and a bounded number of files. It
 * stands on the pinned root's own folder, which is open already and the one place
 * of which we know that it exists. */
static int
scratch_make(struct build *build, struct err *err)
{
	const struct limits *limits = &build->plan->limits;
	char size[32], inodes[32];
	uint64_t files = limits->disk / 4096 + 65536;
	snprintf(size, sizeof(size), "%llu", (unsigned long long)limits->disk);
	snprintf(inodes, sizeof(inodes), "%llu",
		 (unsigned long long)(files < 8000000 ? files : 8000000));
	const char *const options[][2] = {
	    {"size", size}, {"nr_inodes", inodes}, {"mode", "0755"}, {NULL, NULL}};
	int mount = mount_new("tmpfs", options, QUIET, err);
	if (mount == -1)
		return -1;
	int result = attach(mount, build->plan->root, err);
	build->scratch = mount;
	if (result == 0 && fchdir(mount) == -1)
		result = err_errno(err, "cannot enter the scratch file system");
	return result;
}

static int
scratch_fill(struct build *build, struct err *err)
{
	static const char *const own[] = {"upper", "work", "root"};
	for (size_t i = 0; i < ARRAY_COUNT(own); i++) {
		if (mkdir(own[i], 0755) == -1)
			return err_errno(err, "cannot make a scratch folder");
	}
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (mkdir(parts[i].name, 0700) == -1 ||
		    chmod(parts[i].name, parts[i].mode) == -1)
			return err_errno(err, "cannot make a scratch folder");
	}
	if (chown(parts[PART_BUILD].name, build->host_uid, build->host_uid) == -1)
		return err_errno(err, "cannot give the build folder to its user");
	build->build_folder =
	    open(parts[PART_BUILD].name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (build->build_folder == -1)
		return err_errno(err, "cannot open the build folder");
	return 0;
}

/* The pinned root below an overlay; the scratch file system is the current folder. */
static int
overlay_make(struct build *build, struct err *err)
{
	char lower[64];
	snprintf(lower, sizeof(lower), "/proc/self/fd/%d", build->root);
	const char *const options[][2] = {
	    {"lowerdir", lower},
	    {"upperdir", "upper"},
	    {"workdir", "work"},
	    {"index", "off"},
	    {"metacopy", "off"},
	    /* An ordinary user may not write the attributes that root uses. */
	    {build->as_root ? NULL : "userxattr", NULL},
	    {NULL, NULL},
	};
	int mount = mount_new("overlay", options, QUIET, err);
	if (mount != -1)
		build->layers |= BUILT_OVERLAY;
	return mount;
}

/* In a namespace with one user and one group, an overlay over another's files can be
 * read but its folders cannot be changed: a copy is ours throughout. */
static bool
is_foreign(const struct build *build)
{
	static const char *const names[] = {".", "etc"};
	struct stat st;
	for (size_t i = 0; !build->as_root && i < ARRAY_COUNT(names); i++) {
		if (fstatat(build->root, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (st.st_uid != geteuid() || st.st_gid != getegid()))
			return true;
	}
	return false;
}

/* Where the kernel refuses an overlay (on an overlay, or over `/`): a copy. */
static int
copy_make(struct build *build, struct err *err)
{
	const struct copy_options options = {.owners = build->as_root};
	int to = open("upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (to == -1)
		return err_errno(err, "cannot open a scratch folder");
	int result = tree_copy(build->root, to, &options, NULL, err);
	close(to);
	if (result == -1)
		return err_at(err, "copying the root");
	build->layers |= BUILT_COPY;
	return detach_copy(AT_FDCWD, "upper", QUIET, err);
}

static int
root_make(struct build *build, struct err *err)
{
	struct err overlay_err = {.message = "an overlay over another user's files"};
	int mount = is_foreign(build) ? -1 : overlay_make(build, &overlay_err);
	if (mount == -1)
		mount = copy_make(build, err);
	if (mount == -1)
		return err_at(err, "%s, and no copy either", overlay_err.message);
	int result = attach(mount, "root", err);
	close(mount);
	return result;
}

/* Everything of the host and of the scratch that the inside will show. */
static int
detached_take(struct build *build, struct detached *taken, struct err *err)
{
	struct stat st;
	if (stat("/", &st) == -1)
		return err_errno(err, "cannot look at '/'");
	taken->host_device = st.st_dev;
	taken->host_inode = st.st_ino;
	taken->proc = mount_new("proc", NULL, QUIET | MOUNT_ATTR_NOEXEC, err);
	if (taken->proc == -1)
		return err_at(err, "a private /proc (a container may forbid it)");
	for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
		char path[32];
		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		taken->devices[i] = detach_copy(
		    AT_FDCWD, path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, err);
		if (taken->devices[i] == -1)
			return -1;
	}
	for (size_t i = 0; i < PART_COUNT; i++) {
		taken->parts[i] =
		    detach_copy(build->scratch, parts[i].name, QUIET, err);
		if (taken->parts[i] == -1)
			return -1;
	}
	return 0;
}

/* ---- inside ---------------------------------------------------------- */

/* The host's tree is put on top of the new root and dropped from there. */
static int
root_enter(struct err *err)
{
	if (chdir("root") == -1 || syscall(SYS_pivot_root, ".", ".") == -1)
		return err_errno(err, "cannot make the pinned root the root");
	if (umount2(".", MNT_DETACH) == -1)
		return err_errno(err, "cannot drop the host's file system");
	if (chdir("/") == -1)
		return err_errno(err, "cannot enter the pinned root");
	return 0;
}

static int
mount_point(const char *path, struct err *err)
{
	struct stat st;
	if (folder_make(path, err) == -1)
		return -1;
	if (lstat(path, &st) == -1 || !S_ISDIR(st.st_mode))
		return err_set(err, ERR_INPUT,
			       "'%s' of the pinned root is not a folder, as it must be",
			       path);
	return 0;
}

static int
attach_new(const char *type, const char *const (*options)[2], uint64_t attributes,
	   const char *path, struct err *err)
{
	if (mount_point(path, err) == -1)
		return -1;
	int mount = mount_new(type, options, attributes, err);
	if (mount == -1)
		return -1;
	int result = attach(mount, path, err);
	close(mount);
	return result;
}

static int
dev_fill(const struct detached *taken, struct err *err)
{
	static const char *const links[][2] = {
	    {"/proc/self/fd", "/dev/fd"},       {"/proc/self/fd/0", "/dev/stdin"},
	    {"/proc/self/fd/1", "/dev/stdout"}, {"/proc/self/fd/2", "/dev/stderr"},
	    {"pts/ptmx", "/dev/ptmx"},
	};
	static const char *const pts[][2] = {{"newinstance", NULL},
					     {"ptmxmode", "0666"},
					     {"mode", "0620"},
					     {NULL, NULL}};
	for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
		char path[32];
		snprintf(path, sizeof(path), "/dev/%s", devices[i]);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
		if (fd == -1)
			return err_errno(err, "cannot make '%s' inside", path);
		close(fd);
		if (attach(taken->devices[i], path, err) == -1)
			return -1;
	}
	for (size_t i = 0; i < ARRAY_COUNT(links); i++) {
		if (symlink(links[i][0], links[i][1]) == -1)
			return err_errno(err, "cannot make '%s' inside", links[i][1]);
	}
	return attach_new("devpts", pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
			  "/dev/pts", err);
}

/* Knobs and memories of the kernel that no build needs: covered, where they are. */
static int
proc_cover(struct err *err)
{
	static const char *const hidden[] = {
	    "/proc/kcore",         "/proc/keys",        "/proc/key-users",
	    "/proc/kmsg",          "/proc/sched_debug", "/proc/sysrq-trigger",
	    "/proc/latency_stats", "/proc/timer_list",  "/proc/kallsyms",
	    "/proc/modules",       "/proc/kpagecount",  "/proc/kpageflags",
	    "/proc/kpagecgroup"};
	static const char *const still[] = {"/proc/sys",   "/proc/irq",  "/proc/bus",
					    "/proc/fs",    "/proc/scsi", "/proc/acpi",
					    "/proc/asound"};
	for (size_t i = 0; i < ARRAY_COUNT(hidden); i++) {
		if (access(hidden[i], F_OK) == -1)
			continue;
		int cover = detach_copy(AT_FDCWD, "/dev/null",
					MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, err);
		if (cover == -1 || attach(cover, hidden[i], err) == -1)
			return -1;
		close(cover);
	}
	for (size_t i = 0; i < ARRAY_COUNT(still); i++) {
		if (access(still[i], F_OK) == -1)
			continue;
		int same =
		    detach_copy(AT_FDCWD, still[i],
				QUIET | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY, err);
		if (same == -1 || attach(same, still[i], err) == -1)
			return -1;
		close(same);
	}
	return 0;
}

static int
inside_fill(struct build *build, const struct detached *taken, struct err *err)
{
	static const char *const small[][2] = {
	    {"size", "64k"}, {"nr_inodes", "64"}, {"mode", "0755"}, {NULL, NULL}};
	if (mount_point("/proc", err) == -1 ||
	    attach(taken->proc, "/proc", err) == -1 ||
	    attach_new("tmpfs", small, QUIET | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY,
		       "/sys", err) == -1 ||
	    attach_new("tmpfs", small, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, "/dev",
		       err) == -1 ||
	    dev_fill(taken, err) == -1 || proc_cover(err) == -1)
		return -1;
	/* The build path last: it may lie below another part, such as /tmp. */
	for (size_t i = PART_COUNT; i-- > 0;) {
		const char *path =
		    parts[i].path ? parts[i].path : build->plan->build_path;
		if (mount_point(path, err) == -1 ||
		    attach(taken->parts[i], path, err) == -1)
			return -1;
	}
	return 0;
}

/* Nothing more is written beside the parts: for an ordinary user the root's files
 * belong to the build's own number, and would be writable else. */
static int
inside_seal(struct err *err)
{
	static const char *const paths[] = {"/", "/dev"};
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		int mount = open(paths[i], O_PATH | O_CLOEXEC);
		if (mount == -1 || attributes_set(mount, MOUNT_ATTR_RDONLY, false,
						  paths[i], err) == -1)
			return -1;
		close(mount);
	}
	return 0;
}

static bool
path_below(const char *path, size_t length, const char *top)
{
	size_t size = strlen(top);
	return length >= size && memcmp(path, top, size) == 0 &&
	       (length == size || path[size] == '/');
}

/* proc_pid_mountinfo(5): the fifth field of each line is where a mount stands. */
static int
mountinfo_check(const struct build *build, struct err *err)
{
	const char *const known[] = {"/proc", "/dev",     "/sys",
				     "/tmp",  "/var/tmp", build->plan->build_path};
	struct buf text = {0};
	int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || file_read_fd(fd, 1 << 20, &text, err) == -1)
		return err_set(err, ERR_SYSTEM, "cannot list the mounts inside");
	close(fd);
	int result = 0;
	for (const char *line = text.data; result == 0 && *line != '\0';) {
		const char *at = line;
		for (int field = 0; field < 4; field++)
			at += strcspn(at, " \n") + (at[strcspn(at, " \n")] == ' ');
		size_t length = strcspn(at, " \n");
		bool ours = length == 1 && *at == '/';
		for (size_t i = 0; !ours && i < ARRAY_COUNT(known); i++)
			ours = path_below(at, length, known[i]);
		if (!ours)
			result =
			    err_set(err, ERR_SYSTEM,
				    "a mount of the host is left inside, at '%.*s'",
				    (int)length, at);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	buf_free(&text);
	return result;
}

/* The proof that nothing of the host can be reached any more. */
static int
inside_check(const struct build *build, const struct detached *taken, struct err *err)
{
	struct stat root, above, here;
	if (stat("/", &root) == -1 || stat("/..", &above) == -1 ||
	    stat(".", &here) == -1)
		return err_errno(err, "cannot look at the root inside");
	if ((root.st_dev == taken->host_device && root.st_ino == taken->host_inode) ||
	    root.st_dev != above.st_dev || root.st_ino != above.st_ino ||
	    here.st_dev != root.st_dev || here.st_ino != root.st_ino)
		return err_set(err, ERR_SYSTEM, "the host's root is still in sight");
	return mountinfo_check(build, err);
}

static void
detached_close(struct detached *taken)
{
	close(taken->proc);
	for (size_t i = 0; i < ARRAY_COUNT(devices); i++)
		close(taken->devices[i]);
	for (size_t i = 0; i < PART_COUNT; i++)
		close(taken->parts[i]);
}

int
mounts_make(struct build *build, struct err *err)
{
	struct detached taken = {0};
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		return err_errno(err, "cannot make the mounts private");
	if (root_reopen(build, err) == -1 || scratch_make(build, err) == -1 ||
	    scratch_fill(build, err) == -1 || root_make(build, err) == -1 ||
	    detached_take(build, &taken, err) == -1 || root_enter(err) == -1 ||
	    inside_fill(build, &taken, err) == -1 || etc_write(build, err) == -1 ||
	    inside_seal(err) == -1 || inside_check(build, &taken, err) == -1)
		return -1;
	detached_close(&taken);
	close(build->root);
	build->root = -1;
	build->layers |= BUILT_MOUNT_NAMESPACE;
	return 0;
}
