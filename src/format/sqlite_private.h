/* What the files of the SQLite row share: sqlite.c (the file), sqlite_tree.c (which
 * table, index or list each page belongs to). */
#ifndef VERIFY_FORMAT_SQLITE_PRIVATE_H
#define VERIFY_FORMAT_SQLITE_PRIVATE_H

#include "format/format_private.h"

enum sqlite_kind {
	PAGE_UNKNOWN, /* nothing names it */
	PAGE_LEAF,
	PAGE_INTERIOR,
	PAGE_OVERFLOW,
	PAGE_FREE_TRUNK,
	PAGE_FREE,
	PAGE_POINTER_MAP,
	PAGE_LOCK,
};

struct sqlite_page {
	uint32_t owner; /* index in `owners` */
	uint8_t kind;
};

/* A table or an index, and the page where its tree begins. */
struct sqlite_root {
	uint32_t page, owner;
};

/* A database while it is looked at. Pages are numbered from 1. */
struct sqlite {
	const struct view *view;
	struct map *map; /* NULL: only the pages are looked at */
	uint32_t page_size, usable, page_count;
	struct sqlite_page *pages; /* page_count + 1 of them */
	struct strings owners;     /* "table t"; the first is "schema" */
	struct sqlite_root *roots;
	size_t root_count, root_room;
	uint32_t *stack; /* pages of the tree that is walked, to be visited */
	size_t stack_count, stack_room;
	size_t cells; /* named so far */
};

/* Offset of a page's first byte; of its b-tree header, behind the file's header. */
uint64_t sqlite_page_offset(const struct sqlite *sqlite, uint32_t page);
uint64_t sqlite_page_header(const struct sqlite *sqlite, uint32_t page);
/* Say what a page is, unless it was said. False when it is none or was said: who
 * follows a chain or a tree stops there. */
bool sqlite_claim(struct sqlite *sqlite, uint32_t page, enum sqlite_kind kind,
		  uint32_t owner);
/* Walk the schema's tree and those of all that it names; name their cells. */
void sqlite_walk(struct sqlite *sqlite);

#endif
