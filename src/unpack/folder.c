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
#define BLOCK_SIZE     ((uint64_t)1 << 16)

/* An entry of a folder, and what the folder says that it is (a DT_ of readdir). */
struct name {
	char *text;
	unsigned char type;
};

struct names {
	struct name *items;
	size_t count, room;
};

static int walk_folder(struct tree *tree, int fd, const char *prefix, unsigned nesting,
		       struct err *err);

/* ---- members --------------------------------------------------------- */

/* One attribute as "name=hex". False when it cannot be read. */
static bool
add_attribute(int fd, const char *name, char *value, struct strings *lines)
{
	ssize_t length = fgetxattr(fd, name, value, ATTRIBUTE_MOST);
	if (length == -1 && errno != ENODATA)
		return false;
	struct buf line = {0};
	text_show(&line, name, strlen(name));
	buf_puts(&line, "=");
	for (ssize_t i = 0; i < length; i++)
		buf_printf(&line, "%02x", (unsigned char)value[i]);
	strings_add(lines, line.data);
	buf_free(&line);
	return true;
}

/* Extended attributes as sorted lines "name=hex"; NULL when there are none. False
 * when they cannot be read, on a file system that has them. */
static bool
read_attributes(int fd, char **attributes)
{
	struct strings lines = {0};
	struct buf text = {0};
	*attributes = NULL;
	ssize_t size = flistxattr(fd, NULL, 0);
	if (size == 0 || (size == -1 && errno == ENOTSUP))
		return true; /* as for nearly every file */
	char *names = base_alloc(1, ATTRIBUTE_MOST);
	char *value = base_alloc(1, ATTRIBUTE_MOST);
	size = flistxattr(fd, names, ATTRIBUTE_MOST);
	bool known = size != -1;
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		known &= add_attribute(fd, names + at, value, &lines);
	strings_sort(&lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_printf(&text, "%s\n", lines.items[i]);
	strings_free(&lines);
	free(names);
	free(value);
	if (text.size > 0)
		*attributes = buf_take(&text);
	return known;
}

/* A small file is read: mapping it would cost several times as much. */
static int
take_small(struct tree *tree, node_id id, int fd, size_t size, struct err *err)
{
	size_t got = 0;
	if (tree->block == NULL)
		tree->block = base_alloc(1, BLOCK_SIZE);
	while (got < size) {
		ssize_t more = pread(fd, tree->block + got, size - got, (off_t)got);
		if (more == -1 && errno == EINTR)
			continue;
		if (more == -1) {
			tree_note(tree, id, NOTE_UNDECIDED, got, "cannot be read: %s",
				  strerror(errno));
			return 0;
		}
		if (more == 0)
			return err_set(err, ERR_SYSTEM,
				       "it changed while it was being looked at");
		got += (size_t)more;
	}
	struct view content = view_of(tree->block, size);
	hasher_update(tree->hasher, tree->block, size);
	hasher_final(tree->hasher, &tree_entry(tree, id)->node.sha256);
	tree_probe(tree, id, &content);
	return 0;
}

static int
take_mapped(struct tree *tree, node_id id, int fd, uint64_t size, struct err *err)
{
	struct mapping mapping;
	if (mapping_open(fd, 0, size, &mapping, err) == -1)
		return -1;
	int result =
	    tree_hash(tree, &mapping, &tree_entry(tree, id)->node.sha256, err);
	if (result == 0)
		tree_probe(tree, id, &mapping.view);
	mapping_close(&mapping);
	return result;
}

/* The file behind fd becomes the content of a node. */
static int
take_file(struct tree *tree, node_id id, int fd, const struct stat *st, struct err *err)
{
	struct entry *entry = tree_entry(tree, id);
	struct seen *seen = tree_alloc(tree, sizeof(*seen));
	uint64_t size = (uint64_t)st->st_size;
	*seen = (struct seen){st->st_dev, st->st_ino, st->st_size, st->st_ctim};
	entry->store = STORE_FOLDER;
	entry->file = id;
	entry->seen = seen;
	entry->node.size = size;
	return size <= BLOCK_SIZE ? take_small(tree, id, fd, (size_t)size, err)
				  : take_mapped(tree, id, fd, size, err);
}

/* Open one entry to read it, never through a link, and see what it is: a file or
 * folder of the type that was expected. */
static int
open_entry(int dirfd, const char *name, mode_t expected, struct stat *st)
{
	int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = openat(dirfd, name, flags | (S_ISDIR(expected) ? O_DIRECTORY : 0));
	if (fd == -1)
		return -1;
	if (fstat(fd, st) == -1 || (st->st_mode & S_IFMT) != expected) {
		close(fd);
		errno = ESTALE;
		return -1;
	}
	return fd;
}

/* Add a file or folder, which is open behind fd; closes it. */
static int
add_opened(struct tree *tree, int fd, const struct stat *st, const char *path,
	   unsigned nesting, struct err *err)
{
	int result = 0;
	char *attributes;
	bool known = read_attributes(fd, &attributes);
	struct member member = {.path = path,
				.type = member_type_of_mode(st->st_mode),
				.has_mode = true,
				.mode = st->st_mode & 07777,
				.attributes = attributes};
	node_id id = tree_add(tree, NODE_ROOT, &member);
	free(attributes);
	if (!known)
		tree_note(tree, id, NOTE_UNDECIDED, 0,
			  "its extended attributes cannot be read");
	if (member.type == MEMBER_FILE)
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

/* Add what has no content, or cannot be opened. */
static int
add_unopened(struct tree *tree, int dirfd, const char *name, const struct stat *st,
	     const char *path, const char *trouble)
{
	char target[4097];
	ssize_t length = 0;
	struct member member = {.path = path,
				.type = member_type_of_mode(st->st_mode),
				.has_mode = !S_ISLNK(st->st_mode),
				.mode = st->st_mode & 07777};
	if (member.type == MEMBER_SYMLINK) {
		length = readlinkat(dirfd, name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		member.target = target;
	}
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
		member.device_major = (uint32_t)(st->st_rdev >> 8 & 0xfff);
		member.device_minor = (uint32_t)(st->st_rdev & 0xff);
	}
	node_id id = tree_add(tree, NODE_ROOT, &member);
	if (trouble != NULL)
		tree_note(tree, id, NOTE_UNDECIDED, 0, "cannot be read: %s", trouble);
	if (length == -1)
		tree_note(tree, id, NOTE_UNDECIDED, 0, "the link cannot be read");
	return 0;
}

/* What the folder says that an entry is only decides what is tried first: a file is
 * opened at once, and believed to be one when fstat says so. */
static int
add_entry(struct tree *tree, int dirfd, const struct name *name, const char *path,
	  unsigned nesting, struct err *err)
{
	struct stat st;
	if (name->type == DT_REG || name->type == DT_DIR) {
		int fd = open_entry(dirfd, name->text, DTTOIF(name->type), &st);
		if (fd != -1)
			return add_opened(tree, fd, &st, path, nesting, err);
	}
	if (fstatat(dirfd, name->text, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return err_errno(err, "cannot examine an entry of the folder");
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return add_unopened(tree, dirfd, name->text, &st, path, NULL);
	struct stat seen = st;
	int fd = open_entry(dirfd, name->text, seen.st_mode & S_IFMT, &st);
	if (fd == -1)
		return add_unopened(tree, dirfd, name->text, &seen, path,
				    strerror(errno));
	return add_opened(tree, fd, &st, path, nesting, err);
}

/* ---- the walk -------------------------------------------------------- */

static int
order_names(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

static void
names_free(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i].text);
	free(names->items);
	*names = (struct names){0};
}

static void
names_add(struct names *names, const struct dirent *entry)
{
	if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
		return;
	if (names->count == names->room) {
		names->room = names->room ? 2 * names->room : 64;
		names->items =
		    base_realloc(names->items, names->room, sizeof(*names->items));
	}
	names->items[names->count++] =
	    (struct name){base_strdup(entry->d_name), entry->d_type};
}

static int
list_names(int fd, struct names *names, struct err *err)
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
		names_add(names, entry);
		errno = 0;
	}
	int failed = errno;
	closedir(dir);
	errno = failed;
	if (failed != 0)
		return err_errno(err, "cannot read a folder");
	if (names->count > 0)
		qsort(names->items, names->count, sizeof(*names->items), order_names);
	return 0;
}

static int
walk_folder(struct tree *tree, int fd, const char *prefix, unsigned nesting,
	    struct err *err)
{
	struct names names = {0};
	struct buf path = {0};
	int result = list_names(fd, &names, err);
	for (size_t i = 0; result == 0 && i < names.count; i++) {
		const char *name = names.items[i].text;
		if (tree->count > tree->budget.members) {
			tree_note(tree, NODE_ROOT, NOTE_UNDECIDED, 0,
				  "the budget of %ju members is used up: raise it with "
				  "--members",
				  (uintmax_t)tree->budget.members);
			break;
		}
		buf_clear(&path);
		buf_puts(&path, prefix);
		buf_puts(&path, *prefix ? "/" : "");
		buf_puts(&path, name);
		result = add_entry(tree, fd, &names.items[i], path.data, nesting, err);
		if (result == -1) {
			char *shown = text_shown(path.data);
			err_at(err, "'%s'", shown);
			free(shown);
		}
		if (result == 0)
			result = interrupt_check(err);
	}
	names_free(&names);
	buf_free(&path);
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
