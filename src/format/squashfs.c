/* squashfs images: the super block, tables, inodes, blocks and attributes. */
#include "format/squashfs_private.h"

#include <sqfs/compressor.h>

enum {
	META_SIZE = 8192,      /* of a metadata block, decompressed */
	META_PLAIN = 0x8000,   /* it is not compressed */
	BLOCK_PLAIN = 1 << 24, /* nor is a data block */
	BLOCK_SIZE_BITS = BLOCK_PLAIN - 1,
	SLOTS = 32, /* metadata blocks kept */
	PAGES = 4,  /* data blocks kept: neighbours share fragments */
	OUT_OF_LINE = 0x100,
	XATTRS_MOST = 4096, /* of one inode */
	XATTR_BYTES_MOST = 1 << 20,
	COMPRESSORS = 6,
};

/* Decompressing more than this over the image's size times this: somebody wants to
 * keep us busy. */
#define WORK_FREE   ((uint64_t)4 << 30)
#define WORK_FACTOR 1000

struct slot {
	uint64_t block; /* 0: empty, for there the super block is */
	uint64_t next;
	uint32_t size;
	uint8_t bytes[META_SIZE];
};

struct page {
	uint64_t block;
	uint64_t size;
	uint8_t *bytes;
};

struct squash_cache {
	sqfs_compressor_t *compressor;
	struct slot slots[SLOTS];
	struct page pages[PAGES];
	unsigned turn;
	uint64_t work; /* bytes that came out of the compressor */
};

/* ---- the super block ------------------------------------------------- */

bool
squash_is(const struct view *view)
{
	uint32_t block_size = 0;
	return view->size >= SQUASH_SUPER && view_has(view, 0, "hsqs", 4) &&
	       view_has(view, 28, "\4\0\0\0", 4) &&
	       view_u32le(view, 12, &block_size) == 0 && block_size >= 4096 &&
	       block_size <= SQUASH_BLOCK_MOST && (block_size & (block_size - 1)) == 0;
}

static void
read_super(struct squash *squash, const struct view *view)
{
	static const uint16_t at[SQUASH_TABLES] = {64, 72, 80, 88, 48, 56};
	view_u32le(view, 4, &squash->inodes);
	view_u32le(view, 8, &squash->mtime);
	view_u32le(view, 12, &squash->block_size);
	view_u32le(view, 16, &squash->fragments);
	view_u16le(view, 20, &squash->compressor);
	view_u16le(view, 24, &squash->flags);
	view_u16le(view, 26, &squash->ids);
	view_u64le(view, 32, &squash->root);
	view_u64le(view, 40, &squash->used);
	for (size_t i = 0; i < SQUASH_TABLES; i++)
		view_u64le(view, at[i], &squash->table[i]);
}

/* A list of `count` offsets of metadata blocks stands at `list`: the table begins with
 * the first of these blocks and ends with the list. */
static int
table_of_list(struct squash *squash, enum squash_table table, uint64_t list,
	      uint64_t count, struct err *err)
{
	uint64_t first = list, end;
	if (sum_u64(list, 8 * count, &end) == -1 || end > squash->used ||
	    (count > 0 && view_u64le(squash->view, list, &first) == -1) || first > list)
		return err_set(err, ERR_INPUT,
			       "the list of table blocks at offset %ju is malformed",
			       (uintmax_t)list);
	squash->start[table] = first;
	squash->end[table] = end;
	return 0;
}

static uint64_t
blocks_of(uint64_t count, uint64_t in_each)
{
	return count / in_each + (count % in_each > 0);
}

static int
table_of_xattrs(struct squash *squash, struct err *err)
{
	uint64_t header = squash->table[SQUASH_XATTRS];
	if (header == SQUASH_NONE)
		return 0;
	if (view_u64le(squash->view, header, &squash->values) == -1 ||
	    view_u32le(squash->view, header + 8, &squash->xattrs) == -1 ||
	    squash->values > header)
		return err_set(
		    err, ERR_INPUT,
		    "the extended attribute table at offset %ju is malformed",
		    (uintmax_t)header);
	if (table_of_list(squash, SQUASH_XATTRS, header + 16,
			  blocks_of(squash->xattrs, 512), err) == -1)
		return -1;
	squash->start[SQUASH_XATTRS] = squash->values;
	return 0;
}

/* Inodes and folders end where the next table begins. */
static uint64_t
next_table(const struct squash *squash, enum squash_table table)
{
	uint64_t end = squash->used;
	for (size_t i = 0; i < SQUASH_TABLES; i++) {
		if (squash->start[i] != SQUASH_NONE && squash->start[i] < end &&
		    squash->start[i] > squash->start[table])
			end = squash->start[i];
	}
	return end;
}

static int
read_tables(struct squash *squash, struct err *err)
{
	for (size_t i = 0; i < SQUASH_TABLES; i++)
		squash->start[i] = squash->end[i] = SQUASH_NONE;
	if (squash->fragments > 0 &&
	    table_of_list(squash, SQUASH_FRAGMENTS, squash->table[SQUASH_FRAGMENTS],
			  blocks_of(squash->fragments, 512), err) == -1)
		return -1;
	if (squash->table[SQUASH_EXPORTS] != SQUASH_NONE &&
	    table_of_list(squash, SQUASH_EXPORTS, squash->table[SQUASH_EXPORTS],
			  blocks_of(squash->inodes, 1024), err) == -1)
		return -1;
	if (table_of_list(squash, SQUASH_IDS, squash->table[SQUASH_IDS],
			  blocks_of(squash->ids, 2048), err) == -1 ||
	    table_of_xattrs(squash, err) == -1)
		return -1;
	for (size_t i = SQUASH_INODES; i <= SQUASH_FOLDERS; i++) {
		if (squash->table[i] >= squash->used || squash->table[i] < SQUASH_SUPER)
			return err_set(err, ERR_INPUT,
				       "a table at offset %ju is outside of the image",
				       (uintmax_t)squash->table[i]);
		squash->start[i] = squash->table[i];
	}
	for (size_t i = SQUASH_INODES; i <= SQUASH_FOLDERS; i++)
		squash->end[i] = next_table(squash, (enum squash_table)i);
	return 0;
}

static int
open_compressor(struct squash *squash, struct err *err)
{
	sqfs_compressor_config_t config;
	static const char *const names[COMPRESSORS + 1] = {"",   "gzip", "lzma", "lzo",
							   "xz", "lz4",  "zstd"};
	if (squash->compressor == 0 || squash->compressor > COMPRESSORS)
		return err_set(err, ERR_UNSUPPORTED, "no known compressor is number %u",
			       squash->compressor);
	if (sqfs_compressor_config_init(&config, (SQFS_COMPRESSOR)squash->compressor,
					squash->block_size,
					SQFS_COMP_FLAG_UNCOMPRESS) != 0 ||
	    sqfs_compressor_create(&config, &squash->cache->compressor) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "compressor %s: libsquashfs was built without it",
			       names[squash->compressor]);
	return 0;
}

int
squash_open(struct squash *squash, const struct view *view, struct err *err)
{
	*squash = (struct squash){.view = view};
	if (!squash_is(view))
		return err_set(err, ERR_INPUT, "no squashfs 4.0 super block");
	read_super(squash, view);
	if (squash->used > view->size || squash->used < SQUASH_SUPER)
		return err_set(err, ERR_INPUT,
			       "the super block says %ju bytes, %ju are there",
			       (uintmax_t)squash->used, (uintmax_t)view->size);
	if (read_tables(squash, err) == -1)
		return -1;
	squash->cache = base_alloc(1, sizeof(*squash->cache));
	return open_compressor(squash, err);
}

void
squash_close(struct squash *squash)
{
	if (squash->cache == NULL)
		return;
	sqfs_destroy(squash->cache->compressor);
	for (size_t i = 0; i < PAGES; i++)
		free(squash->cache->pages[i].bytes);
	free(squash->cache);
	squash->cache = NULL;
}

/* ---- blocks ---------------------------------------------------------- */

/* Decompress into `out` of that room; -1 when it is not what the compressor wrote. */
static int
unpack(const struct squash *squash, const struct view *packed, uint8_t *out,
       uint32_t room, uint32_t *size, struct err *err)
{
	struct squash_cache *cache = squash->cache;
	sqfs_s32 count = 0;
	if (cache->work > WORK_FREE && cache->work / WORK_FACTOR > squash->view->size)
		return err_set(err, ERR_LIMIT,
			       "the same blocks would have to be decompressed over and "
			       "over");
	if (packed->size > 0)
		count = cache->compressor->do_block(cache->compressor, packed->data,
						    (uint32_t)packed->size, out, room);
	if (count <= 0 || (uint32_t)count > room)
		return err_set(err, ERR_INPUT, "a compressed block is damaged");
	cache->work += (uint64_t)count;
	*size = (uint32_t)count;
	return 0;
}

/* The metadata block at an offset. */
static int
meta_block(const struct squash *squash, uint64_t block, uint64_t end,
	   const struct slot **out, struct err *err)
{
	struct slot *slot = &squash->cache->slots[(block ^ block >> 13) % SLOTS];
	struct view part;
	uint16_t header;
	if (slot->block == block && block != 0 && slot->next <= end) {
		*out = slot;
		return 0;
	}
	slot->block = 0;
	if (end > squash->used || block >= end ||
	    view_u16le(squash->view, block, &header) == -1 ||
	    view_sub(squash->view, block + 2, header & ~META_PLAIN, &part) == -1 ||
	    block + 2 + part.size > end || part.size > META_SIZE)
		return err_set(err, ERR_INPUT,
			       "a metadata block at offset %ju is cut off",
			       (uintmax_t)block);
	if ((header & META_PLAIN) != 0) {
		if (part.size > 0)
			memcpy(slot->bytes, part.data, part.size);
		slot->size = (uint32_t)part.size;
	} else if (unpack(squash, &part, slot->bytes, META_SIZE, &slot->size, err) ==
		   -1) {
		return err_at(err, "metadata at offset %ju", (uintmax_t)block);
	}
	slot->block = block;
	slot->next = block + 2 + part.size;
	*out = slot;
	return 0;
}

int
squash_seek(const struct squash *squash, enum squash_table table, uint64_t reference,
	    struct squash_place *place, struct err *err)
{
	uint64_t start = table == SQUASH_XATTRS ? squash->values : squash->start[table];
	if (sum_u64(start, reference >> 16, &place->block) == -1 ||
	    place->block >= squash->end[table])
		return err_set(err, ERR_INPUT,
			       "a reference to %#jx leads out of its table",
			       (uintmax_t)reference);
	place->end = squash->end[table];
	place->at = reference & 0xffff;
	return 0;
}

int
squash_read(const struct squash *squash, struct squash_place *place, void *bytes,
	    size_t count, struct err *err)
{
	uint8_t *out = bytes;
	const struct slot *slot = NULL;
	while (count > 0) {
		if (meta_block(squash, place->block, place->end, &slot, err) == -1)
			return -1;
		if (place->at >= slot->size) {
			/* a reference may point at the end of a full block */
			if (place->at > slot->size || slot->size < META_SIZE)
				return err_set(err, ERR_INPUT,
					       "a table ends early in the metadata "
					       "block at offset %ju",
					       (uintmax_t)place->block);
			place->block = slot->next;
			place->at = 0;
			continue;
		}
		size_t piece = slot->size - place->at;
		if (piece > count)
			piece = count;
		memcpy(out, slot->bytes + place->at, piece);
		place->at += (uint32_t)piece;
		out += piece;
		count -= piece;
	}
	return 0;
}

/* Entry `index` of a table behind a list of blocks that each hold `in_each`. */
static int
read_entry(const struct squash *squash, enum squash_table table, uint64_t list,
	   uint64_t index, uint64_t in_each, void *bytes, size_t size, struct err *err)
{
	struct squash_place place = {.end = squash->end[table]};
	if (view_u64le(squash->view, list + 8 * (index / in_each), &place.block) ==
		-1 ||
	    place.block < SQUASH_SUPER || place.block >= place.end)
		return err_set(err, ERR_INPUT,
			       "a table block of the list at offset %ju is not there",
			       (uintmax_t)list);
	place.at = (uint32_t)(index % in_each * size);
	return squash_read(squash, &place, bytes, size, err);
}

int
squash_unpack(const struct squash *squash, const struct squash_block *block,
	      struct view *bytes, struct err *err)
{
	struct squash_cache *cache = squash->cache;
	struct view packed;
	uint32_t size;
	for (size_t i = 0; i < PAGES; i++) {
		if (cache->pages[i].block == block->offset && block->offset != 0) {
			*bytes = view_of(cache->pages[i].bytes, cache->pages[i].size);
			return 0;
		}
	}
	struct page *page = &cache->pages[cache->turn++ % PAGES];
	page->block = 0;
	if (page->bytes == NULL)
		page->bytes = base_alloc(squash->block_size, 1);
	if (view_sub(squash->view, block->offset, block->stored, &packed) == -1)
		return err_set(err, ERR_INPUT, "the block at offset %ju is cut off",
			       (uintmax_t)block->offset);
	if (unpack(squash, &packed, page->bytes, squash->block_size, &size, err) == -1)
		return err_at(err, "data at offset %ju", (uintmax_t)block->offset);
	page->block = block->offset;
	page->size = size;
	*bytes = view_of(page->bytes, size);
	return 0;
}

/* A stored size: how many bytes, and whether they are compressed. */
static int
read_size(const struct squash *squash, uint32_t raw, uint64_t at,
	  struct squash_block *block, struct err *err)
{
	uint64_t end;
	block->offset = at;
	block->stored = raw & BLOCK_SIZE_BITS;
	block->packed = (raw & BLOCK_PLAIN) == 0 && block->stored > 0;
	if (raw >> 25 != 0 || block->stored > squash->block_size ||
	    sum_u64(at, block->stored, &end) == -1 || end > squash->used)
		return err_set(err, ERR_INPUT,
			       "a data block at offset %ju is outside of the image",
			       (uintmax_t)at);
	return 0;
}

uint64_t
squash_block_count(const struct squash *squash, const struct squash_inode *inode)
{
	uint64_t whole = inode->size / squash->block_size;
	if (inode->fragment == SQUASH_NO_INDEX && inode->size % squash->block_size > 0)
		whole++;
	return whole;
}

int
squash_next_block(const struct squash *squash, struct squash_place *place, uint64_t at,
		  uint64_t size, struct squash_block *block, struct err *err)
{
	uint8_t raw[4] = {0};
	uint32_t stored = 0;
	if (squash_read(squash, place, raw, sizeof(raw), err) == -1)
		return -1;
	struct view view = view_of(raw, sizeof(raw));
	view_u32le(&view, 0, &stored);
	block->size = size;
	if (read_size(squash, stored, at, block, err) == -1)
		return -1;
	if (!block->packed && block->stored != 0 && block->stored != size)
		return err_set(
		    err, ERR_INPUT, "a data block at offset %ju has %ju bytes, not %ju",
		    (uintmax_t)at, (uintmax_t)block->stored, (uintmax_t)size);
	return 0;
}

int
squash_fragment(const struct squash *squash, uint32_t index, struct squash_block *block,
		struct err *err)
{
	uint8_t raw[16] = {0};
	struct view view = view_of(raw, sizeof(raw));
	uint64_t at = 0;
	uint32_t stored = 0;
	if (index >= squash->fragments)
		return err_set(err, ERR_INPUT, "there is no fragment %ju",
			       (uintmax_t)index);
	if (read_entry(squash, SQUASH_FRAGMENTS, squash->table[SQUASH_FRAGMENTS], index,
		       512, raw, sizeof(raw), err) == -1)
		return -1;
	view_u64le(&view, 0, &at);
	view_u32le(&view, 8, &stored);
	if (read_size(squash, stored, at, block, err) == -1)
		return -1;
	block->size = block->packed ? 0 : block->stored;
	return 0;
}

/* ---- inodes ---------------------------------------------------------- */

/* Where the fields stand behind the 16 bytes that all inodes have; 0: it has none. */
static const struct inode_layout {
	uint8_t size; /* of the fixed part, the 16 bytes with it */
	uint8_t links, xattr, device, target;
} layouts[] = {
    [1] = {32, 20, 0, 0, 0},   [2] = {32, 0, 0, 0, 0},     [3] = {24, 16, 0, 0, 20},
    [4] = {24, 16, 0, 20, 0},  [5] = {24, 16, 0, 20, 0},   [6] = {20, 16, 0, 0, 0},
    [7] = {20, 16, 0, 0, 0},   [8] = {40, 16, 36, 0, 0},   [9] = {56, 40, 52, 0, 0},
    [10] = {24, 16, 0, 0, 20}, [11] = {28, 16, 24, 20, 0}, [12] = {28, 16, 24, 20, 0},
    [13] = {24, 16, 20, 0, 0}, [14] = {24, 16, 20, 0, 0},
};

static enum member_type
type_of(uint16_t type)
{
	static const enum member_type types[] = {
	    MEMBER_FOLDER,           MEMBER_FILE, MEMBER_SYMLINK, MEMBER_BLOCK_DEVICE,
	    MEMBER_CHARACTER_DEVICE, MEMBER_FIFO, MEMBER_SOCKET};
	return types[(type - 1) % 7];
}

static int
read_id(const struct squash *squash, uint16_t index, uint32_t *id, struct err *err)
{
	uint8_t raw[4] = {0};
	struct view view = view_of(raw, sizeof(raw));
	if (index >= squash->ids)
		return err_set(err, ERR_INPUT, "there is no owner %u", index);
	if (read_entry(squash, SQUASH_IDS, squash->table[SQUASH_IDS], index, 2048, raw,
		       sizeof(raw), err) == -1)
		return -1;
	return view_u32le(&view, 0, id);
}

/* A file's or a folder's own fields; two layouts of each. */
static int
read_content(const struct squash *squash, const struct view *raw, uint16_t type,
	     struct squash_inode *inode, struct err *err)
{
	uint16_t small = 0, offset = 0;
	uint32_t low = 0, size = 0, block = 0;
	switch (type) {
	case 1:
		view_u32le(raw, 16, &block);
		view_u16le(raw, 24, &small);
		view_u16le(raw, 26, &offset);
		size = small;
		break;
	case 8:
		view_u32le(raw, 20, &size);
		view_u32le(raw, 24, &block);
		view_u16le(raw, 34, &offset);
		break;
	case 2:
		view_u32le(raw, 16, &low);
		view_u32le(raw, 20, &inode->fragment);
		view_u32le(raw, 24, &inode->fragment_offset);
		view_u32le(raw, 28, &size);
		inode->blocks = low;
		inode->size = size;
		inode->links = 1;
		return 0;
	default:
		view_u64le(raw, 16, &inode->blocks);
		view_u64le(raw, 24, &inode->size);
		view_u32le(raw, 44, &inode->fragment);
		view_u32le(raw, 48, &inode->fragment_offset);
		return 0;
	}
	/* three bytes are for "." and "..", which are not stored */
	inode->size = size > 3 ? size - 3U : 0;
	if (inode->size == 0)
		return 0;
	return squash_seek(squash, SQUASH_FOLDERS, (uint64_t)block << 16 | offset,
			   &inode->place, err);
}

/* An extended symbolic link has the number of its attributes behind its target. */
static int
read_link_xattr(const struct squash *squash, struct squash_inode *inode,
		struct err *err)
{
	uint8_t raw[64] = {0};
	struct squash_place place = inode->place;
	struct view view = view_of(raw, 4);
	for (uint64_t left = inode->size; left > 0;) {
		size_t piece = left < sizeof(raw) ? (size_t)left : sizeof(raw);
		if (squash_read(squash, &place, raw, piece, err) == -1)
			return -1;
		left -= piece;
	}
	if (squash_read(squash, &place, raw, 4, err) == -1)
		return -1;
	return view_u32le(&view, 0, &inode->xattr);
}

static int
read_fields(const struct squash *squash, const struct view *raw, uint16_t type,
	    struct squash_inode *inode, struct err *err)
{
	const struct inode_layout *layout = &layouts[type];
	uint32_t target = 0;
	if (layout->links != 0)
		view_u32le(raw, layout->links, &inode->links);
	if (layout->xattr != 0)
		view_u32le(raw, layout->xattr, &inode->xattr);
	if (layout->device != 0)
		view_u32le(raw, layout->device, &inode->device);
	if (layout->target != 0) {
		view_u32le(raw, layout->target, &target);
		inode->size = target;
		if (target > 65535)
			return err_set(err, ERR_INPUT,
				       "a symbolic link's target of %ju bytes",
				       (uintmax_t)target);
	}
	if (inode->type == MEMBER_FILE || inode->type == MEMBER_FOLDER)
		return read_content(squash, raw, type, inode, err);
	return type == 10 ? read_link_xattr(squash, inode, err) : 0;
}

int
squash_inode(const struct squash *squash, uint64_t reference,
	     struct squash_inode *inode, struct err *err)
{
	uint8_t bytes[56] = {0};
	struct view raw = view_of(bytes, sizeof(bytes));
	struct squash_place place;
	uint16_t type = 0, mode = 0, uid = 0, gid = 0;
	if (squash_seek(squash, SQUASH_INODES, reference, &place, err) == -1 ||
	    squash_read(squash, &place, bytes, 16, err) == -1)
		return -1;
	view_u16le(&raw, 0, &type);
	if (type == 0 || type >= ARRAY_COUNT(layouts))
		return err_set(err, ERR_INPUT, "an inode of type %u", type);
	if (squash_read(squash, &place, bytes + 16, layouts[type].size - 16U, err) ==
	    -1)
		return -1;
	*inode = (struct squash_inode){.type = type_of(type),
				       .xattr = SQUASH_NO_INDEX,
				       .fragment = SQUASH_NO_INDEX,
				       .place = place};
	view_u16le(&raw, 2, &mode);
	view_u16le(&raw, 4, &uid);
	view_u16le(&raw, 6, &gid);
	view_u32le(&raw, 8, &inode->mtime);
	view_u32le(&raw, 12, &inode->number);
	inode->mode = mode & 07777;
	if (read_id(squash, uid, &inode->uid, err) == -1 ||
	    read_id(squash, gid, &inode->gid, err) == -1)
		return -1;
	return read_fields(squash, &raw, type, inode, err);
}

/* ---- extended attributes --------------------------------------------- */

static int
read_u16(const struct squash *squash, struct squash_place *place, uint16_t *value,
	 struct err *err)
{
	uint8_t raw[2] = {0};
	struct view view = view_of(raw, sizeof(raw));
	if (squash_read(squash, place, raw, sizeof(raw), err) == -1)
		return -1;
	return view_u16le(&view, 0, value);
}

static int
read_u32(const struct squash *squash, struct squash_place *place, uint32_t *value,
	 struct err *err)
{
	uint8_t raw[4] = {0};
	struct view view = view_of(raw, sizeof(raw));
	if (squash_read(squash, place, raw, sizeof(raw), err) == -1)
		return -1;
	return view_u32le(&view, 0, value);
}

/* A value, which may stand elsewhere, as hexadecimal. */
static int
read_value(const struct squash *squash, struct squash_place *place, bool elsewhere,
	   struct buf *hex, struct err *err)
{
	uint8_t raw[8] = {0};
	struct view view = view_of(raw, sizeof(raw));
	struct squash_place there = *place;
	uint32_t size;
	if (read_u32(squash, place, &size, err) == -1)
		return -1;
	if (elsewhere) {
		uint64_t reference = 0;
		if (squash_read(squash, place, raw, sizeof(raw), err) == -1)
			return -1;
		view_u64le(&view, 0, &reference);
		if (squash_seek(squash, SQUASH_XATTRS, reference, &there, err) == -1 ||
		    read_u32(squash, &there, &size, err) == -1)
			return -1;
	} else {
		there = *place;
	}
	if (size > XATTR_BYTES_MOST || hex->size > 2 * XATTR_BYTES_MOST)
		return err_set(err, ERR_LIMIT, "an extended attribute of %ju bytes",
			       (uintmax_t)size);
	char digits[3];
	for (uint32_t i = 0; i < size; i++) {
		if (squash_read(squash, &there, raw, 1, err) == -1)
			return -1;
		hex_encode(raw, 1, digits);
		buf_puts(hex, digits);
	}
	if (!elsewhere)
		*place = there;
	return 0;
}

static int
read_xattr(const struct squash *squash, struct squash_place *place,
	   struct strings *lines, struct err *err)
{
	static const char *const spaces[] = {"user", "trusted", "security"};
	uint16_t type, size;
	char name[256];
	struct buf hex = {0};
	if (read_u16(squash, place, &type, err) == -1 ||
	    read_u16(squash, place, &size, err) == -1)
		return -1;
	if ((type & 0xff) >= ARRAY_COUNT(spaces) || size >= sizeof(name))
		return err_set(err, ERR_INPUT,
			       "an extended attribute of type %#x with a name of %u "
			       "bytes",
			       type, size);
	if (squash_read(squash, place, name, size, err) == -1)
		return -1;
	name[size] = '\0';
	buf_puts(&hex, "");
	int result = read_value(squash, place, (type & OUT_OF_LINE) != 0, &hex, err);
	if (result == 0)
		strings_addf(lines, "%s.%s=%s\n", spaces[type & 0xff], name, hex.data);
	buf_free(&hex);
	return result;
}

int
squash_attributes(const struct squash *squash, uint32_t index, struct buf *out,
		  struct err *err)
{
	uint8_t raw[16] = {0};
	struct view view = view_of(raw, sizeof(raw));
	struct squash_place place;
	struct strings lines = {0};
	uint64_t reference = 0;
	uint32_t count = 0;
	if (index == SQUASH_NO_INDEX)
		return 0;
	if (index >= squash->xattrs)
		return err_set(err, ERR_INPUT, "there are no extended attributes %ju",
			       (uintmax_t)index);
	if (read_entry(squash, SQUASH_XATTRS, squash->table[SQUASH_XATTRS] + 16, index,
		       512, raw, sizeof(raw), err) == -1)
		return -1;
	view_u64le(&view, 0, &reference);
	view_u32le(&view, 8, &count);
	if (count > XATTRS_MOST)
		return err_set(err, ERR_LIMIT, "%ju extended attributes on one file",
			       (uintmax_t)count);
	int result = squash_seek(squash, SQUASH_XATTRS, reference, &place, err);
	for (uint32_t i = 0; i < count && result == 0; i++)
		result = read_xattr(squash, &place, &lines, err);
	strings_sort(&lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_puts(out, lines.items[i]);
	strings_free(&lines);
	return result;
}
