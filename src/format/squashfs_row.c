/* squashfs images: members and map. */
#include "format/squashfs_private.h"

enum {
	PADDED_TO = 4096, /* mksquashfs pads to this */
	GAPS_TOLD = 16,   /* unused bytes told one by one */
	ZEROS = 64 << 10,
};

/* ---- members --------------------------------------------------------- */

struct sender {
	const struct squash *squash;
	const struct member_sink *sink;
};

/* Blocks that are not stored are zeros. */
static int
send_zeros(const struct member_sink *sink, uint64_t count, struct err *err)
{
	static const char zeros[ZEROS];
	while (count > 0) {
		size_t piece = count < ZEROS ? (size_t)count : ZEROS;
		if (sink->data(sink->context, zeros, piece, err) == -1)
			return -1;
		count -= piece;
	}
	return 0;
}

static int
send_block(const struct sender *sender, const struct squash_block *block,
	   struct err *err)
{
	const struct member_sink *sink = sender->sink;
	struct view bytes;
	if (block->stored == 0)
		return send_zeros(sink, block->size, err);
	if (!block->packed)
		return sink->slice(sink->context, block->offset, block->size, err);
	if (squash_unpack(sender->squash, block, &bytes, err) == -1)
		return -1;
	if (bytes.size != block->size)
		return err_set(err, ERR_INPUT,
			       "the data block at offset %ju holds %ju bytes, not %ju",
			       (uintmax_t)block->offset, (uintmax_t)bytes.size,
			       (uintmax_t)block->size);
	return sink->data(sink->context, bytes.data, (size_t)bytes.size, err);
}

/* What is left of a file behind its whole blocks. */
static int
send_fragment(const struct sender *sender, const struct squash_inode *inode,
	      struct err *err)
{
	const struct member_sink *sink = sender->sink;
	uint64_t size = inode->size % sender->squash->block_size;
	struct squash_block block;
	struct view bytes, part;
	if (squash_fragment(sender->squash, inode->fragment, &block, err) == -1)
		return -1;
	if (block.packed) {
		if (squash_unpack(sender->squash, &block, &bytes, err) == -1)
			return -1;
	} else if (view_sub(sender->squash->view, block.offset, block.stored, &bytes) ==
		   -1) {
		return err_set(err, ERR_INPUT, "a fragment is outside of the image");
	}
	if (view_sub(&bytes, inode->fragment_offset, size, &part) == -1)
		return err_set(err, ERR_INPUT,
			       "the fragment at offset %ju is too short for its file",
			       (uintmax_t)block.offset);
	if (block.packed)
		return sink->data(sink->context, part.data, (size_t)part.size, err);
	return sink->slice(sink->context, block.offset + inode->fragment_offset, size,
			   err);
}

static int
send_content(const struct sender *sender, const struct squash_inode *inode,
	     struct err *err)
{
	const struct squash *squash = sender->squash;
	struct squash_place place = inode->place;
	struct squash_block block;
	uint64_t at = inode->blocks, left = inode->size;
	uint64_t count = squash_block_count(squash, inode);
	for (; count > 0; count--) {
		uint64_t size = left < squash->block_size ? left : squash->block_size;
		if (squash_next_block(squash, &place, at, size, &block, err) == -1 ||
		    send_block(sender, &block, err) == -1)
			return -1;
		at += block.stored;
		left -= size;
	}
	return left > 0 ? send_fragment(sender, inode, err) : 0;
}

static int
read_target(const struct squash *squash, const struct squash_inode *inode,
	    struct buf *target, struct err *err)
{
	struct squash_place place = inode->place;
	buf_zeros(target, (size_t)inode->size);
	return squash_read(squash, &place, target->data, target->size, err);
}

static void
fill_member(const struct squash_inode *inode, const char *path, struct member *member)
{
	*member = (struct member){
	    .path = path,
	    .type = inode->type,
	    .has_mode = true,
	    .has_owner = true,
	    .has_mtime = true,
	    .mode = inode->mode,
	    .uid = inode->uid,
	    .gid = inode->gid,
	    .mtime = inode->mtime,
	    /* Linux's new_decode_dev() */
	    .device_major = inode->device >> 8 & 0xfff,
	    .device_minor = (inode->device & 0xff) | (inode->device >> 12 & 0xfff00),
	};
}

static int
send_inode(void *context, const char *path, const struct squash_inode *inode,
	   const char *target, struct err *err)
{
	const struct sender *sender = context;
	struct buf link = {0}, attributes = {0};
	struct member member;
	fill_member(inode, path, &member);
	int result = squash_attributes(sender->squash, inode->xattr, &attributes, err);
	if (result == 0 && inode->type == MEMBER_SYMLINK)
		result = read_target(sender->squash, inode, &link, err);
	if (attributes.size > 0)
		member.attributes = attributes.data;
	if (inode->type == MEMBER_SYMLINK)
		member.target = link.data;
	if (target != NULL) {
		member.type = MEMBER_HARDLINK;
		member.target = target;
	}
	if (result == 0)
		result = sender->sink->begin(sender->sink->context, &member, err);
	if (result == 0 && member.type == MEMBER_FILE)
		result = send_content(sender, inode, err);
	buf_free(&link);
	buf_free(&attributes);
	return result;
}

/* ---- the map --------------------------------------------------------- */

static const struct record_field super_fields[] = {
    {0, 4, EXTENT_METADATA, "squashfs magic"},
    {4, 4, EXTENT_METADATA, "squashfs inode count"},
    {8, 4, EXTENT_METADATA, "squashfs creation time"},
    {12, 4, EXTENT_METADATA, "squashfs block size"},
    {16, 4, EXTENT_METADATA, "squashfs fragment count"},
    {20, 2, EXTENT_METADATA, "squashfs compressor"},
    {22, 2, EXTENT_METADATA, "squashfs block size (log2)"},
    {24, 2, EXTENT_METADATA, "squashfs flags"},
    {26, 2, EXTENT_METADATA, "squashfs owner count"},
    {28, 4, EXTENT_METADATA, "squashfs version"},
    {32, 8, EXTENT_METADATA, "squashfs root inode"},
    {40, 8, EXTENT_DERIVED, "squashfs bytes used"},
    {48, 8, EXTENT_DERIVED, "squashfs owner table offset"},
    {56, 8, EXTENT_DERIVED, "squashfs attribute table offset"},
    {64, 8, EXTENT_DERIVED, "squashfs inode table offset"},
    {72, 8, EXTENT_DERIVED, "squashfs folder table offset"},
    {80, 8, EXTENT_DERIVED, "squashfs fragment table offset"},
    {88, 8, EXTENT_DERIVED, "squashfs export table offset"},
};

struct mapper {
	const struct squash *squash;
	struct map *map;
	uint32_t member;
};

static int
map_inode(void *context, const char *path, const struct squash_inode *inode,
	  const char *target, struct err *err)
{
	struct mapper *mapper = context;
	const struct squash *squash = mapper->squash;
	struct squash_place place = inode->place;
	struct squash_block block;
	uint32_t member = mapper->member++;
	uint64_t at = inode->blocks, left = inode->size;
	if (inode->type != MEMBER_FILE || target != NULL)
		return 0;
	for (uint64_t count = squash_block_count(squash, inode); count > 0; count--) {
		uint64_t size = left < squash->block_size ? left : squash->block_size;
		if (squash_next_block(squash, &place, at, size, &block, err) == -1)
			return -1;
		at += block.stored;
		left -= size;
	}
	map_add(mapper->map, inode->blocks, at - inode->blocks, EXTENT_CONTENT, member,
		"content", NULL);
	return 0;
}

static void
map_tables(const struct squash *squash, struct map *map)
{
	static const char *const names[SQUASH_TABLES] = {
	    "squashfs inode table",    "squashfs folder table",
	    "squashfs fragment table", "squashfs export table",
	    "squashfs owner table",    "squashfs attribute table"};
	for (size_t i = 0; i < SQUASH_TABLES; i++) {
		if (squash->start[i] != SQUASH_NONE && squash->end[i] != SQUASH_NONE)
			map_add(map, squash->start[i],
				squash->end[i] - squash->start[i], EXTENT_METADATA,
				EXTENT_NO_MEMBER, names[i], NULL);
	}
}

/* A metadata block behind the super block, when a flag says so. */
static void
map_options(const struct squash *squash, struct map *map)
{
	uint16_t header = 0;
	if ((squash->flags & 0x400) != 0 &&
	    view_u16le(squash->view, SQUASH_SUPER, &header) == 0)
		map_add(map, SQUASH_SUPER, 2U + (header & 0x7fffU), EXTENT_METADATA,
			EXTENT_NO_MEMBER, "squashfs compressor options", NULL);
}

static int
map_data(const struct squash *squash, struct map *map, struct err *err)
{
	struct mapper mapper = {squash, map, 0};
	const struct squash_visitor visitor = {&mapper, map_inode};
	struct squash_block block;
	uint64_t inodes;
	for (uint32_t i = 0; i < squash->fragments; i++) {
		if (squash_fragment(squash, i, &block, err) == -1)
			return -1;
		map_add(map, block.offset, block.stored, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "squashfs fragments", NULL);
	}
	return squash_walk(squash, &visitor, &inodes, err);
}

static void
map_tail(const struct squash *squash, struct map *map)
{
	struct view rest = view_from(squash->view, squash->used);
	bool padding = view_is_zero(&rest);
	map_add(map, squash->used, rest.size, padding ? EXTENT_PADDING : EXTENT_CONTENT,
		EXTENT_NO_MEMBER, padding ? "squashfs padding" : "trailing bytes",
		NULL);
}

static int
map_opened(const struct squash *squash, struct map *map, struct err *err)
{
	record_map_fields(map, 0, EXTENT_NO_MEMBER, super_fields,
			  ARRAY_COUNT(super_fields));
	map_options(squash, map);
	map_tables(squash, map);
	map_tail(squash, map);
	return squash->cache != NULL ? map_data(squash, map, err) : 0;
}

static int
squashfs_map(const struct view *view, struct map *map, struct err *err)
{
	struct squash squash;
	struct err failure = {0};
	bool whole = squash_open(&squash, view, &failure) == 0;
	int result = 0;
	if (whole) {
		result = map_opened(&squash, map, err);
	} else {
		record_map_fields(map, 0, EXTENT_NO_MEMBER, super_fields,
				  ARRAY_COUNT(super_fields));
		*err = failure;
		result = -1;
	}
	squash_close(&squash);
	return result;
}

/* ---- what no member holds -------------------------------------------- */

/* Bytes that nothing in the image refers to. */
static int
note_unused(const struct squash *squash, const struct member_sink *sink,
	    struct err *err)
{
	struct map *map = map_new();
	size_t told = 0, more = 0;
	int result = map_opened(squash, map, err);
	map_finish(map, squash->view->size);
	for (size_t i = 0; i < map->count && result == 0; i++) {
		const struct extent *extent = &map->extents[i];
		struct view part;
		if (strcmp(extent->name, "gap") != 0)
			continue;
		view_sub(squash->view, extent->offset, extent->length, &part);
		if (told++ < GAPS_TOLD)
			result = format_note(
			    sink, view_is_zero(&part) ? NOTE_REMARK : NOTE_SUSPECT,
			    extent->offset, err,
			    "%ju bytes that nothing in the image refers to",
			    (uintmax_t)extent->length);
		else
			more++;
	}
	if (more > 0 && result == 0)
		result = format_note(sink, NOTE_SUSPECT, 0, err,
				     "%zu further places with bytes that nothing "
				     "refers to",
				     more);
	map_free(map);
	return result;
}

/* Zeros up to a page are what every maker of these images adds. */
static int
note_end(const struct squash *squash, const struct member_sink *sink, struct err *err)
{
	struct view rest = view_from(squash->view, squash->used);
	if (rest.size < PADDED_TO && view_is_zero(&rest))
		return 0;
	return record_trailing(squash->view, squash->used, sink, err);
}

static int
note_all(const struct squash *squash, uint64_t inodes, const struct member_sink *sink,
	 struct err *err)
{
	if (inodes != squash->inodes &&
	    format_note(sink, NOTE_SUSPECT, 4, err,
			"the super block counts %ju inodes, the folders name %ju",
			(uintmax_t)squash->inodes, (uintmax_t)inodes) == -1)
		return -1;
	if (note_unused(squash, sink, err) == -1)
		return -1;
	return note_end(squash, sink, err);
}

static int
squashfs_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	struct squash squash;
	uint64_t inodes = 0;
	int result = squash_open(&squash, view, err);
	if (result == 0) {
		struct sender sender = {&squash, sink};
		const struct squash_visitor visitor = {&sender, send_inode};
		result = squash_walk(&squash, &visitor, &inodes, err);
	}
	if (result == 0)
		result = note_all(&squash, inodes, sink, err);
	squash_close(&squash);
	return result;
}

static enum probe_answer
squashfs_probe(const struct view *view)
{
	return squash_is(view) ? PROBE_SURE : PROBE_NO;
}

const struct format format_squashfs = {
    .name = "squashfs",
    .title = "squashfs image",
    .probe = squashfs_probe,
    .members = squashfs_members,
    .map = squashfs_map,
};
