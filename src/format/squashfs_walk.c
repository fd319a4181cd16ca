/* The walk over a squashfs image's folders, without recursion. */
#include "format/squashfs_private.h"

enum {
	DEPTH_MOST = 4096,    /* folders in folders */
	PATH_MOST = 16 << 10, /* bytes of a path */
	RUN_MOST = 256,       /* entries behind one header of a listing */
	NAMES_MOST = 4 << 20,
};

/* What a folder was told of an inode already: its first path, for hard links. */
struct known {
	uint64_t reference;
	char *path; /* NULL: it has one name only */
};

/* A folder being read. */
struct frame {
	struct squash_place place;
	uint64_t left;  /* bytes of listing */
	uint32_t run;   /* entries that the last header is for */
	uint32_t block; /* of their inodes */
	uint32_t path;  /* length of the folder's own path */
};

struct walk {
	const struct squash *squash;
	const struct squash_visitor *visitor;
	struct frame *frames;
	size_t depth;
	struct buf path;
	struct known *known; /* a hash table; room is a power of two, or 0 */
	size_t count, room;
	uint64_t names;
};

/* ---- inodes that were seen ------------------------------------------- */

static struct known *
known_slot(struct known *table, size_t room, uint64_t reference)
{
	size_t at = (size_t)((reference * UINT64_C(0x9e3779b97f4a7c15)) >> 20);
	/* a reference to the first inode is 0: stored one higher */
	for (at &= room - 1; table[at].reference != 0; at = (at + 1) & (room - 1)) {
		if (table[at].reference == reference + 1)
			break;
	}
	return &table[at];
}

static void
known_grow(struct walk *walk)
{
	size_t room = walk->room ? 2 * walk->room : 64;
	struct known *table = base_alloc(room, sizeof(*table));
	for (size_t i = 0; i < walk->room; i++) {
		if (walk->known[i].reference != 0)
			*known_slot(table, room, walk->known[i].reference - 1) =
			    walk->known[i];
	}
	free(walk->known);
	walk->known = table;
	walk->room = room;
}

/* *target is the first path of an inode that was seen. Folders and inodes that say
 * they have one name may not be seen again. */
static int
know(struct walk *walk, uint64_t reference, const struct squash_inode *inode,
     const char **target, struct err *err)
{
	if (2 * (walk->count + 1) > walk->room)
		known_grow(walk);
	struct known *slot = known_slot(walk->known, walk->room, reference);
	*target = NULL;
	if (slot->reference == 0) {
		slot->reference = reference + 1;
		if (inode->type != MEMBER_FOLDER && inode->links > 1)
			slot->path = base_strdup(walk->path.data);
		walk->count++;
		return 0;
	}
	if (slot->path == NULL)
		return err_set(err, ERR_INPUT,
			       "inode %ju has two names, but says that it has one",
			       (uintmax_t)inode->number);
	*target = slot->path;
	return 0;
}

/* ---- listings -------------------------------------------------------- */

static int
push(struct walk *walk, const struct squash_inode *inode, struct err *err)
{
	if (walk->depth == DEPTH_MOST)
		return err_set(err, ERR_LIMIT, "more than %d folders in folders",
			       DEPTH_MOST);
	if ((walk->depth & (walk->depth + 1)) == 0)
		walk->frames = base_realloc(walk->frames, 2 * (walk->depth + 1),
					    sizeof(*walk->frames));
	walk->frames[walk->depth++] = (struct frame){
	    .place = inode->place,
	    .left = inode->size,
	    .path = (uint32_t)walk->path.size,
	};
	return 0;
}

static int
listing_read(struct walk *walk, struct frame *frame, void *bytes, size_t count,
	     struct err *err)
{
	if (count > frame->left)
		return err_set(err, ERR_INPUT, "a folder's listing is cut off");
	frame->left -= count;
	return squash_read(walk->squash, &frame->place, bytes, count, err);
}

static int
read_header(struct walk *walk, struct frame *frame, struct err *err)
{
	uint8_t raw[12] = {0};
	struct view view = view_of(raw, sizeof(raw));
	if (listing_read(walk, frame, raw, sizeof(raw), err) == -1)
		return -1;
	view_u32le(&view, 0, &frame->run);
	view_u32le(&view, 4, &frame->block);
	if (frame->run >= RUN_MOST)
		return err_set(err, ERR_INPUT, "a listing's header for %ju entries",
			       (uintmax_t)frame->run + 1);
	frame->run++;
	return 0;
}

/* Put the next name behind the folder's path. */
static int
read_name(struct walk *walk, struct frame *frame, size_t size, struct err *err)
{
	char name[65536 + 1];
	if (listing_read(walk, frame, name, size, err) == -1)
		return -1;
	name[size] = '\0';
	if (memchr(name, '\0', size) != NULL || memchr(name, '/', size) != NULL ||
	    strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(err, ERR_INPUT,
			       "a name in a folder's listing is none that a file can "
			       "have");
	walk->path.size = frame->path;
	walk->path.data[frame->path] = '\0';
	if (frame->path > 0)
		buf_puts(&walk->path, "/");
	buf_append(&walk->path, name, size);
	if (walk->path.size > PATH_MOST)
		return err_set(err, ERR_LIMIT, "a path of more than %d bytes",
			       PATH_MOST);
	return 0;
}

static int
visit(struct walk *walk, uint64_t reference, struct err *err)
{
	struct squash_inode inode;
	const char *target;
	if (squash_inode(walk->squash, reference, &inode, err) == -1 ||
	    know(walk, reference, &inode, &target, err) == -1)
		return -1;
	if (++walk->names > NAMES_MOST)
		return err_set(err, ERR_LIMIT, "more than %d names", NAMES_MOST);
	if (walk->visitor->visit(walk->visitor->context,
				 walk->path.size > 0 ? walk->path.data : ".", &inode,
				 target, err) == -1)
		return -1;
	return inode.type == MEMBER_FOLDER ? push(walk, &inode, err) : 0;
}

static int
next_entry(struct walk *walk, struct frame *frame, struct err *err)
{
	uint8_t raw[8] = {0};
	struct view view = view_of(raw, sizeof(raw));
	uint16_t offset = 0, size = 0;
	if (frame->run == 0)
		return read_header(walk, frame, err);
	if (listing_read(walk, frame, raw, sizeof(raw), err) == -1)
		return -1;
	view_u16le(&view, 0, &offset);
	view_u16le(&view, 6, &size);
	frame->run--;
	uint64_t reference = (uint64_t)frame->block << 16 | offset;
	if (read_name(walk, frame, size + 1U, err) == -1)
		return -1;
	return visit(walk, reference, err);
}

static void
walk_free(struct walk *walk)
{
	for (size_t i = 0; i < walk->room; i++)
		free(walk->known[i].path);
	free(walk->known);
	free(walk->frames);
	buf_free(&walk->path);
}

int
squash_walk(const struct squash *squash, const struct squash_visitor *visitor,
	    uint64_t *inodes, struct err *err)
{
	struct walk walk = {.squash = squash, .visitor = visitor};
	buf_puts(&walk.path, "");
	int result = visit(&walk, squash->root, err);
	while (result == 0 && walk.depth > 0) {
		struct frame *frame = &walk.frames[walk.depth - 1];
		if (frame->left == 0 && frame->run == 0)
			walk.depth--;
		else
			result = next_entry(&walk, frame, err);
	}
	*inodes = walk.count;
	if (result == -1 && walk.path.size > 0) {
		char *shown = text_shown(walk.path.data);
		err_at(err, "at '%s'", shown);
		free(shown);
	}
	walk_free(&walk);
	return result;
}
