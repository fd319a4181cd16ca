/*
 * Compound files: what their reader and row (compound.c) and the graft of installers
 * (compound_graft.c) share. Section numbers are those of [MS-CFB].
 */
#ifndef VERIFY_FORMAT_COMPOUND_PRIVATE_H
#define VERIFY_FORMAT_COMPOUND_PRIVATE_H

#include "format/format_private.h"

enum {
	HEADER_SIZE = 512, /* 2.2 */
	HEADER_DIFAT = 76,
	HEADER_FATS = 109, /* entries of the DIFAT in the header */
	ENTRY_SIZE = 128,  /* 2.6.1 */
	ENTRY_STORAGE = 1,
	ENTRY_STREAM = 2,
	ENTRY_ROOT = 5,
};

#define SECTOR_LAST 0xfffffffaU /* 2.1: the largest number of a sector */
#define CHAIN_END   0xfffffffeU
#define SECTOR_FREE 0xffffffffU
#define NO_ENTRY    0xffffffffU

/* What a sector belongs to; streams follow, counted from their entry. */
enum owner {
	OWNER_FREE,
	OWNER_FAT,
	OWNER_DIFAT,
	OWNER_DIRECTORY,
	OWNER_MINIFAT,
	OWNER_MINISTREAM,
	OWNER_STREAM
};

/* Sector numbers: of a chain, or the table that links them. */
struct numbers {
	uint32_t *items;
	size_t count, room;
};

struct entry {
	char *name; /* decoded, as UTF-8 */
	uint8_t type;
	uint32_t parent; /* index of its storage; NO_ENTRY: nobody names it */
	uint32_t start, child, left, right;
	uint64_t size;
	bool mini; /* its content is in pieces of the root's stream */
	uint32_t ordinal;
	const char *trouble; /* why its content cannot be had, or NULL */
};

struct compound {
	const struct view *view;
	unsigned shift;        /* of a sector */
	size_t sectors;        /* in the file, the last one may be cut */
	uint32_t *owners;      /* of each sector */
	uint32_t *mini_owners; /* of each piece of the root's stream */
	size_t mini_count;
	struct numbers fat, minifat; /* links */
	struct numbers directory, ministream, minifat_chain;
	struct entry *entries;
	size_t count;
	uint64_t bad; /* where the first fault was seen */
};

/* A run of bytes that belong together: content, or what is left behind its end. */
struct run {
	uint64_t offset, length;
	bool slack;
};

/* Where in a sound stream the runs stand. */
struct cursor {
	const struct entry *entry;
	uint32_t sector;
	uint64_t into, left;
};

/* Read all of it; what was read before a failure stands. `linked` is false when
 * entries are linked in another way than as a tree. compound_free in every case. */
int compound_read(struct compound *file, const struct view *view, bool *linked,
		  struct err *err);
void compound_free(struct compound *file);
/* Where a sector starts, and its size. */
uint64_t compound_sector(const struct compound *file, uint32_t sector);
uint64_t compound_sector_size(const struct compound *file);
/* Where entry `index` is in the file. */
uint64_t compound_entry(const struct compound *file, size_t index);
/* Is it a storage or a stream, and not the root or unused? */
bool compound_is_member(const struct compound *file, size_t index);
/* Append "STORAGE/NAME" as raw bytes; false where storages lie too deep in others. */
bool compound_path(const struct compound *file, size_t index, struct buf *path);
/* Is this one of the two streams of an installer's signature, with content of the form
 * that it has? The one is DER of just the size of the stream; the other a digest. */
bool compound_is_signature(const struct compound *file, const struct entry *entry);
/* Start at a stream without trouble; take its next run, false at the end. */
struct cursor compound_cursor(const struct entry *entry);
bool compound_next(const struct compound *file, struct cursor *cursor, struct run *run);

/* The row's map and graft. */
int compound_map(const struct view *view, struct map *map, struct err *err);
enum graft_answer compound_graft(const struct view *shipped, const struct view *rebuilt,
				 struct graft *graft, struct err *err);

#endif
