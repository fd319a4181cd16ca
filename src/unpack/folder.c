/*
 * A tree over a folder: its files are nodes below the root, named by their path,
 * in sorted order, each folder before what is in it. No link is followed. Owners and
 * times are those of whoever unpacked the folder, and are left out.
 */
#include "unpack/unpack_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NESTING_MOST   200 /* folders in folders; each keeps a descriptor open */
#define ATTRIBUTE_MOST 65536

static int walk_folder(struct tree *tree, int fd, const char *prefix, unsigned nesting,
		       struct err *err);

/* ---- members --------------------------------------------------------- */

/* Extended attributes as sorted lines "name=hex"; NULL when there are none. False
 * when they cannot be read, on a file system that has them. */
static bool
read_attributes(int fd, char **attributes)
{
	struct strings lines = {0};
	struct buf text = {0};
	char *names = base_alloc(1, ATTRIBUTE_MOST);
	char *value = base_alloc(1, ATTRIBUTE_MOST);
	ssize_t size = flistxattr(fd, names, ATTRIBUTE_MOST);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		ssize_t length = fgetxattr(fd, names + at, value, ATTRIBUTE_MOST);
		struct buf line = {0};
		text_show(&line, names + at, strlen(names + at));
		buf_puts(&line, "=");
		if (length == -1 && errno != ENODATA)
			size = -1;
		for (ssize_t i = 0; i < length; i++)
			buf_printf(&line, "%02x", (unsigned char)value[i]);
		strings_add(&lines, line.data);
		buf_free(&line);
	}
	bool known = size != -1 || errno == ENOTSUP;
	strings_sort(&lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_printf(&text, "%s\n", lines.items[i]);
	strings_free(&lines);
	free(names);
	free(value);
	*attributes = text.size > 0 ? buf_take(&text) : NULL;
	return known;
}

/* The file behind fd becomes the content of a node. */
static int
take_file(struct tree *tree, node_id id, int fd, const struct stat *st, struct err *err)
{
	struct entry *entry = tree_entry(tree, id);
	struct mapping mapping;
	struct seen *seen = tree_alloc(tree, sizeof(*seen));
	*seen = (struct seen){st->st_dev, st->st_ino, st->st_size, st->st_ctim};
	entry->store = STORE_FOLDER;
	entry->file = id;
	entry->seen = seen;
	entry->node.size = (uint64_t)st->st_size;
	if (mapping_open(fd, 0, entry->node.size, &mapping, err) == -1)
		return -1;
	int result = tree_hash(tree, &mapping, &entry->node.sha256, err);
	if (result == 0)
		tree_probe(tree, id, &mapping.view);
	mapping_close(&mapping);
	return result;
}

/* Open one entry to read it: the one that fstatat saw, never through a link. */
static int
open_entry(int dirfd, const char *name, struct stat *st)
{
	struct stat now;
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = openat(dirfd, name, flags | (S_ISDIR(st->st_mode) ? O_DIRECTORY : 0));
	if (fd == -1)
		return -1;
	if (fstat(fd, &now) == -1 || now.st_ino != st->st_ino ||
	    now.st_dev != st->st_dev ||
	    (now.st_mode & S_IFMT) != (st->st_mode & S_IFMT)) {
		close(fd);
		errno = ESTALE;
		return -1;
	}
	*st = now;
	return fd;
}

/* Add a file or folder, which have content to open. */
static int
add_opened(struct tree *tree, int dirfd, const char *name, struct stat *st,
	   struct member *member, unsigned nesting, struct err *err)
{
	int result = 0;
	int fd = open_entry(dirfd, name, st);
	int failed = errno;
	char *attributes = NULL;
	bool known = fd == -1 || read_attributes(fd, &attributes);
	member->attributes = attributes;
	member->mode = st->st_mode & 07777;
	node_id id = tree_add(tree, NODE_ROOT, member);
	free(attributes);
	if (fd == -1) {
		tree_note(tree, id, NOTE_UNDECIDED, 0, "cannot be read: %s",
			  strerror(failed));
		return 0;
	}
	if (!known)
		tree_note(tree, id, NOTE_UNDECIDED, 0,
			  "its extended attributes cannot be read");
	if (member->type == MEMBER_FILE)
		result = take_file(tree, id, fd, st, err);
	else if (nesting >= NESTING_MOST)
		tree_note(tree, id, NOTE_UNDECIDED, 0,
			  "not entered: more than %d folders in folders", NESTING_MOST);
	else
		result = walk_folder(tree, fd, tree_node(tree, id)->member.path,
				     nesting + 1, err);
	close(fd);
	return result;
}

static int
add_entry(struct tree *tree, int dirfd, const char *name, const char *path,
	  unsigned nesting, struct err *err)
{
	struct stat st;
	char target[4097];
	ssize_t length = 0;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_errno(err, "cannot examine an entry of the folder");
	struct member member = {.path = path,
				.type = member_type_of_mode(st.st_mode),
				.has_mode = !S_ISLNK(st.st_mode),
				.mode = st.st_mode & 07777};
	if (member.type == MEMBER_FILE || member.type == MEMBER_FOLDER)
		return add_opened(tree, dirfd, name, &st, &member, nesting, err);
	if (member.type == MEMBER_SYMLINK) {
		length = readlinkat(dirfd, name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		member.target = target;
	}
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode)) {
		member.device_major = (uint32_t)(st.st_rdev >> 8 & 0xfff);
		member.device_minor = (uint32_t)(st.st_rdev & 0xff);
	}
	node_id id = tree_add(tree, NODE_ROOT, &member);
	if (length == -1)
		tree_note(tree, id, NOTE_UNDECIDED, 0, "the link cannot be read");
	return 0;
}

/* ---- the walk -------------------------------------------------------- */

static int
list_names(int fd, struct strings *names, struct err *err)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own == -1 ? NULL : fdopendir(own);
	struct dirent *entry;
	if (dir == NULL) {
		err_errno(err, "cannot read a folder");
		if (own != -1)
			close(own);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			strings_add(names, entry->d_name);
		errno = 0;
	}
	int failed = errno;
	closedir(dir);
	errno = failed;
	if (failed != 0)
		return err_errno(err, "cannot read a folder");
	strings_sort(names);
	return 0;
}

static int
walk_folder(struct tree *tree, int fd, const char *prefix, unsigned nesting,
	    struct err *err)
{
	struct strings names = {0};
	int result = list_names(fd, &names, err);
	for (size_t i = 0; result == 0 && i < names.count; i++) {
		if (tree->count > tree->budget.members) {
			tree_note(tree, NODE_ROOT, NOTE_UNDECIDED, 0,
				  "the budget of %ju members is used up: raise it with "
				  "--members",
				  (uintmax_t)tree->budget.members);
			break;
		}
		char *path = *prefix ? base_format("%s/%s", prefix, names.items[i])
				     : base_strdup(names.items[i]);
		result = add_entry(tree, fd, names.items[i], path, nesting, err);
		if (result == -1) {
			char *shown = text_shown(path);
			err_at(err, "'%s'", shown);
			free(shown);
		}
		free(path);
		if (result == 0)
			result = interrupt_check(err);
	}
	strings_free(&names);
	return result;
}

int
folder_walk(struct tree *tree, struct err *err)
{
	tree_entry(tree, NODE_ROOT)->node.expanded = true;
	return walk_folder(tree, tree->input, "", 0, err);
}

int
folder_open(const struct tree *tree, node_id id, int *fd, struct err *err)
{
	const struct entry *entry = tree_entry(tree, id);
	const char *path = entry->node.member.path;
	int at = tree->input, opened = -1;
	struct stat st;
	for (const char *part = path; *part != '\0';) {
		size_t length = strcspn(part, "/");
		char *name = base_strndup(part, length);
		bool last = part[length] == '\0';
		opened = openat(at, name,
				O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
				    (last ? 0 : O_DIRECTORY));
		free(name);
		if (at != tree->input)
			close(at);
		if (opened == -1)
			break;
		at = opened;
		part += length + !last;
	}
	if (opened != -1 && fstat(opened, &st) == 0 &&
	    st.st_dev == entry->seen->device && st.st_ino == entry->seen->inode &&
	    st.st_size == entry->seen->size &&
	    st.st_ctim.tv_sec == entry->seen->changed.tv_sec &&
	    st.st_ctim.tv_nsec == entry->seen->changed.tv_nsec) {
		*fd = opened;
		return 0;
	}
	if (opened != -1)
		close(opened);
	char *shown = text_shown(path);
	err_set(err, ERR_SYSTEM, "'%s' changed while it was being looked at", shown);
	free(shown);
	return -1;
}
