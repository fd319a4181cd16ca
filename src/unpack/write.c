/*
 * Writing a tree out. Nothing of an archive decides where a byte goes but plain names
 * below the one folder that was given: every part is opened from the folder above it,
 * never through a link, every file is new, no link, device or setuid bit is made.
 */
#include "unpack/unpack_private.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define STEP (UINT64_C(1) << 20)

struct writer {
	struct tree *tree;
	struct strings *notes;
};

static int write_members(struct writer *writer, node_id container, int dirfd,
			 struct err *err);

/* A line for a member that is not written, with its full path; the part that
 * undecides the tree is a note on the node, too. */
static void
leave_out(struct writer *writer, node_id id, bool undecided, const char *why)
{
	char *path = tree_path(writer->tree, id);
	strings_addf(writer->notes, "'%s' was not written: %s", path, why);
	if (undecided)
		tree_note(writer->tree, id, NOTE_UNDECIDED, 0, "not written: %s", why);
	free(path);
}

/* Is it the fault of the member's name, not of the machine, that it cannot be made? */
static bool
is_name_trouble(int error)
{
	return error == EEXIST || error == ENOTDIR || error == EISDIR ||
	       error == ENAMETOOLONG || error == EINVAL || error == EILSEQ ||
	       error == ELOOP;
}

/* Leave a member out because of errno, or fail. */
static int
cannot_make(struct writer *writer, node_id id, struct err *err)
{
	if (errno == EEXIST || errno == ENOTDIR)
		leave_out(writer, id, true, "another member has this name");
	else if (is_name_trouble(errno))
		leave_out(writer, id, true, "its name cannot be a file's name here");
	else
		return err_errno(err, "cannot write");
	return 0;
}

/* Open the folder `name` below fd, making it when it is not there. */
static int
enter_folder(int fd, const char *name)
{
	if (mkdirat(fd, name, 0777) == -1 && errno != EEXIST)
		return -1;
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Open the folder that `path` is in, making what is missing; *last is the part
 * behind it. -1 with errno. */
static int
enter_parents(int dirfd, const char *path, const char **last)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *part = path;
	for (;;) {
		size_t length = strcspn(part, "/");
		if (fd == -1 || part[length] == '\0')
			break;
		char *name = base_strndup(part, length);
		int next = enter_folder(fd, name);
		int error = errno;
		free(name);
		close(fd);
		errno = error;
		fd = next;
		part += length + 1;
	}
	*last = part;
	return fd;
}

static int
write_bytes(const struct tree *tree, node_id id, int fd, struct err *err)
{
	struct mapping mapping;
	struct view part;
	int result = 0;
	if (tree_map(tree, id, &mapping, err) == -1)
		return -1;
	for (uint64_t at = 0; result == 0 && at < mapping.view.size; at += part.size) {
		uint64_t left = mapping.view.size - at;
		view_sub(&mapping.view, at, left < STEP ? left : STEP, &part);
		result = file_write_fd(fd, part.data, (size_t)part.size, err);
		if (result == 0)
			result = interrupt_check(err);
		mapping_release(&mapping, at);
	}
	mapping_close(&mapping);
	return result;
}

/* A new file with the node's content; its permission bits, less what is special. */
static int
write_file(struct writer *writer, node_id id, int dirfd, const char *name,
	   struct err *err)
{
	const struct node *node = tree_node(writer->tree, id);
	int fd = openat(dirfd, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return cannot_make(writer, id, err);
	mode_t mask = umask(0);
	umask(mask);
	mode_t mode = node->member.has_mode ? node->member.mode & 0777 : 0666;
	int result = write_bytes(writer->tree, id, fd, err);
	if (result == 0 && fchmod(fd, (mode | 0600) & ~mask) == -1)
		result = err_errno(err, "cannot set a mode");
	close(fd);
	return result;
}

/* Into "NAME.d" what the container holds; what has no name is called "content". */
static int
write_container(struct writer *writer, node_id id, int dirfd, const char *name,
		struct err *err)
{
	char *folder = base_format("%s.d", name);
	int fd = mkdirat(dirfd, folder, 0777) == -1
		     ? -1
		     : openat(dirfd, folder,
			      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result = fd == -1 ? cannot_make(writer, id, err)
			      : write_members(writer, id, fd, err);
	if (fd != -1)
		close(fd);
	free(folder);
	return result;
}

static bool
has_children(const struct tree *tree, node_id id)
{
	return tree_node(tree, id)->first_child != NODE_NONE;
}

/* A file under its last name in its folder, and then what is in it. */
static int
write_entered(struct writer *writer, node_id id, int dirfd, const char *name,
	      struct err *err)
{
	if (tree_expand(writer->tree, id, err) == -1 ||
	    write_file(writer, id, dirfd, name, err) == -1)
		return -1;
	return has_children(writer->tree, id)
		   ? write_container(writer, id, dirfd, name, err)
		   : 0;
}

static int
write_named(struct writer *writer, node_id id, int dirfd, struct err *err)
{
	const struct entry *entry = tree_entry(writer->tree, id);
	enum member_type type = entry->node.member.type;
	const char *last;
	if (type == MEMBER_FOLDER && *entry->plain == '\0')
		return 0; /* the folder itself */
	if (entry->node.member.path[0] == '/' || !path_is_plain(entry->plain)) {
		leave_out(
		    writer, id, true,
		    "its name leads out of the folder, or has control characters");
		return 0;
	}
	int fd = enter_parents(dirfd, entry->plain, &last), made;
	if (fd == -1)
		return cannot_make(writer, id, err);
	int result = 0;
	switch (type) {
	case MEMBER_FILE:
		result = write_entered(writer, id, fd, last, err);
		break;
	case MEMBER_HARDLINK:
		if (!entry->node.undecided)
			result = write_file(writer, id, fd, last, err);
		break;
	case MEMBER_FOLDER:
		made = enter_folder(fd, last);
		if (made == -1)
			result = cannot_make(writer, id, err);
		else
			close(made);
		break;
	default:
		break;
	}
	close(fd);
	return result;
}

/* The kinds of members that are shown, but never made. */
static bool
leave_out_kind(struct writer *writer, node_id id)
{
	const struct member *member = &tree_node(writer->tree, id)->member;
	char *why;
	switch (member->type) {
	case MEMBER_FILE:
	case MEMBER_FOLDER:
	case MEMBER_HARDLINK:
		return false;
	case MEMBER_SYMLINK: {
		char *target = text_shown(member->target ? member->target : "");
		why = base_format("a symbolic link to '%s'", target);
		free(target);
		break;
	}
	default:
		why = base_format("a %s", member_type_name(member->type));
	}
	leave_out(writer, id, false, why);
	free(why);
	return true;
}

/* The content of a compressed stream: what it holds, or itself. */
static int
write_anonymous(struct writer *writer, node_id id, int dirfd, struct err *err)
{
	if (tree_expand(writer->tree, id, err) == -1)
		return -1;
	return has_children(writer->tree, id)
		   ? write_members(writer, id, dirfd, err)
		   : write_file(writer, id, dirfd, "content", err);
}

static int
write_members(struct writer *writer, node_id container, int dirfd, struct err *err)
{
	const struct tree *tree = writer->tree;
	node_id id = tree_node(tree, container)->first_child;
	for (; id != NODE_NONE; id = tree_node(tree, id)->next_sibling) {
		int result = 0;
		if (tree_is_anonymous(tree, id))
			result = write_anonymous(writer, id, dirfd, err);
		else if (!leave_out_kind(writer, id))
			result = write_named(writer, id, dirfd, err);
		if (result == -1)
			return -1;
	}
	return 0;
}

int
unpack_write(struct tree *tree, int dirfd, struct strings *notes, struct err *err)
{
	struct writer writer = {tree, notes};
	if (tree_expand(tree, NODE_ROOT, err) == -1)
		return -1;
	if (has_children(tree, NODE_ROOT) ||
	    tree_node(tree, NODE_ROOT)->member.type == MEMBER_FOLDER)
		return write_members(&writer, NODE_ROOT, dirfd, err);
	const char *name = path_base(tree->name);
	return write_file(&writer, NODE_ROOT, dirfd,
			  path_is_plain(name) ? name : "content", err);
}
