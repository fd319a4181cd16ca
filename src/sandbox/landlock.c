/*
 * Landlock: a process gives up the file system but for what it names.
 *
 * The system calls are made by number and the structure is our own, as the C
 * library has no functions for them and older kernel headers lack the newer fields:
 * Documentation/userspace-api/landlock.rst of the kernel defines both.
 */
#include "sandbox/sandbox_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights newer than the oldest headers we build with. */
#define RIGHT_TRUNCATE  (UINT64_C(1) << 14) /* ABI 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* ABI 5 */
#define RIGHTS_NET      UINT64_C(3)         /* ABI 4: bind and connect over TCP */
#define SCOPES          UINT64_C(3)         /* ABI 6: abstract sockets, signals */

/* struct landlock_ruleset_attr as of ABI 6. */
struct ruleset {
	uint64_t fs, net, scoped;
};

/* The rights on files that this ABI knows: all of them are taken away. */
static uint64_t
rights_known(long abi)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
	if (abi >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rights |= RIGHT_TRUNCATE;
	if (abi >= 5)
		rights |= RIGHT_IOCTL_DEV;
	return rights;
}

static const uint64_t rights_read =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

/* No devices, sockets or pipes: a reader makes files, folders and links. */
static const uint64_t rights_write =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |
    LANDLOCK_ACCESS_FS_REFER | RIGHT_TRUNCATE;

/* What of them applies to something that is no folder. */
static const uint64_t rights_of_file =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE;

static int
rule_add(int ruleset, const char *path, uint64_t rights, struct err *err)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	if (fd == -1 || fstat(fd, &st) == -1) {
		char *shown = text_shown(path);
		err_errno(err, "cannot open '%s' for a confined reader", shown);
		free(shown);
		if (fd != -1)
			close(fd);
		return -1;
	}
	struct landlock_path_beneath_attr rule = {
	    .allowed_access = S_ISDIR(st.st_mode) ? rights : rights & rights_of_file,
	    .parent_fd = fd,
	};
	long result = syscall(SYS_landlock_add_rule, ruleset,
			      LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	if (result == -1) {
		char *shown = text_shown(path);
		err_errno(err, "landlock refuses a rule for '%s'", shown);
		free(shown);
	}
	close(fd);
	return (int)result;
}

static int
rules_add(int ruleset, const char *const *paths, uint64_t rights, struct err *err)
{
	for (size_t i = 0; paths != NULL && paths[i] != NULL; i++) {
		if (rule_add(ruleset, paths[i], rights, err) == -1)
			return -1;
	}
	return 0;
}

/* The version of the interface; below 1 when there is none. */
static long
interface_version(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0,
		       LANDLOCK_CREATE_RULESET_VERSION);
}

bool
landlock_known(void)
{
	return interface_version() >= 1;
}

int
landlock_confine(const char *const *read_paths, const char *const *write_paths,
		 bool *on, struct err *err)
{
	long abi = interface_version();
	*on = false;
	if (abi < 1)
		return 0;
	uint64_t known = rights_known(abi);
	struct ruleset wanted = {.fs = known,
				 .net = abi >= 4 ? RIGHTS_NET : 0,
				 .scoped = abi >= 6 ? SCOPES : 0};
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &wanted, size, 0);
	if (ruleset == -1)
		return err_errno(err, "landlock refuses a rule set");
	int result =
	    rule_add(ruleset, "/dev/urandom", LANDLOCK_ACCESS_FS_READ_FILE, err);
	if (result == 0)
		result = rules_add(ruleset, read_paths, rights_read & known, err);
	if (result == 0)
		result = rules_add(ruleset, write_paths, rights_write & known, err);
	if (result == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == -1)
		result = err_errno(err, "landlock refuses to confine");
	close(ruleset);
	*on = result == 0;
	return result;
}
