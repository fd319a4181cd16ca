/*
 * squashfs: what its reader (squashfs.c), its walk (squashfs_walk.c) and its row
 * (squashfs_row.c) share. Version 4.0, as Linux's fs/squashfs/squashfs_fs.h and
 * Documentation/filesystems/squashfs.rst lay it out; all numbers are little-endian.
 *
 *	super block (96) [ compressor options ] data blocks and fragments
 *	inode table  directory table  fragment table  export table  id table
 *	xattr table  padding to 4 KiB
 *
 * Tables are metadata blocks: two bytes of size, then at most 8 KiB, compressed or not.
 * Everything is read here; libsquashfs only decompresses single blocks in memory.
 */
#ifndef VERIFY_FORMAT_SQUASHFS_PRIVATE_H
#define VERIFY_FORMAT_SQUASHFS_PRIVATE_H

#include "format/record_private.h"

#define SQUASH_SUPER      96
#define SQUASH_NONE       UINT64_MAX /* a table that is not there */
#define SQUASH_NO_INDEX   UINT32_MAX /* no fragment, no extended attributes */
#define SQUASH_BLOCK_MOST (1U << 20)

/* The tables, in the order in which they are written. */
enum squash_table {
	SQUASH_INODES,
	SQUASH_FOLDERS,
	SQUASH_FRAGMENTS,
	SQUASH_EXPORTS,
	SQUASH_IDS,
	SQUASH_XATTRS,
	SQUASH_TABLES
};

struct squash_cache;
struct sqfs_compressor_t;

struct squash {
	const struct view *view; /* what bytes_used says is all that is in it */
	uint32_t inodes, mtime, block_size, fragments, xattrs;
	uint16_t compressor, flags, ids;
	uint64_t root, used;
	uint64_t table[SQUASH_TABLES]; /* as the super block says, or SQUASH_NONE */
	uint64_t start[SQUASH_TABLES], end[SQUASH_TABLES]; /* all bytes of each */
	uint64_t values; /* where the extended attributes stand */
	struct squash_cache *cache;
};

/* A place in the decompressed bytes of a table. */
struct squash_place {
	uint64_t block; /* offset of the metadata block */
	uint64_t end;   /* of the table */
	uint32_t at;    /* in the decompressed block */
};

struct squash_inode {
	enum member_type type;
	uint32_t mode, uid, gid, mtime, number, links, device, xattr;
	uint64_t size;   /* of a file, a target, a listing */
	uint64_t blocks; /* where a file's data blocks begin */
	uint32_t fragment, fragment_offset;
	struct squash_place place; /* of a listing, a list of block sizes, a target */
};

/* Where a stored block is, and how long it is when it is not compressed. */
struct squash_block {
	uint64_t offset, stored, size;
	bool packed;
};

/* Is there a super block that a kernel would take? */
bool squash_is(const struct view *view);
/* Read the super block and where the tables are; squash_close in every case. `view`
 * must outlive it. ERR_UNSUPPORTED for a compressor that libsquashfs does not have;
 * what was read of the tables stands then. */
int squash_open(struct squash *squash, const struct view *view, struct err *err);
void squash_close(struct squash *squash);

/* The place that a reference (block << 16 | offset) names in a table. */
int squash_seek(const struct squash *squash, enum squash_table table,
		uint64_t reference, struct squash_place *place, struct err *err);
/* Read `count` bytes there and go on behind them. */
int squash_read(const struct squash *squash, struct squash_place *place, void *bytes,
		size_t count, struct err *err);

int squash_inode(const struct squash *squash, uint64_t reference,
		 struct squash_inode *inode, struct err *err);
/* How many data blocks a file has, without its fragment. */
uint64_t squash_block_count(const struct squash *squash,
			    const struct squash_inode *inode);
/* The next block of a list of sizes at `place`; `at` is where it is stored. A block of
 * zeros that is not stored has stored 0. */
int squash_next_block(const struct squash *squash, struct squash_place *place,
		      uint64_t at, uint64_t size, struct squash_block *block,
		      struct err *err);
/* A fragment's block; its size is not known before it is unpacked. */
int squash_fragment(const struct squash *squash, uint32_t index,
		    struct squash_block *block, struct err *err);
/* The bytes of a block that is packed: valid until the next call. */
int squash_unpack(const struct squash *squash, const struct squash_block *block,
		  struct view *bytes, struct err *err);
/* Extended attributes as sorted "name=hex" lines. */
int squash_attributes(const struct squash *squash, uint32_t index, struct buf *out,
		      struct err *err);

/* ---- the walk: every name in the image, folders before what is in them --- */

struct squash_visitor {
	void *context;
	/* `target` is the first path of an inode that has another name already. */
	int (*visit)(void *context, const char *path, const struct squash_inode *inode,
		     const char *target, struct err *err);
};

/* Visit the root as "." and all below it; *inodes counts the inodes. The order is that
 * of the listings. Loops, folders in two places and too many names are errors. */
int squash_walk(const struct squash *squash, const struct squash_visitor *visitor,
		uint64_t *inodes, struct err *err);

#endif
