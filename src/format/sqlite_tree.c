/* The trees of an SQLite database ("Database File Format", 1.6 "B-tree Pages"): pages,
 * cells, and what of them overflows. The schema's tree names all others. */
#include "format/sqlite_private.h"

enum {
	INDEX_INTERIOR = 2,
	TABLE_INTERIOR = 5,
	INDEX_LEAF = 10,
	TABLE_LEAF = 13,
	CELLS_MOST = 300000, /* named in one file */
	ROOTS_MOST = 100000,
	NAME_MOST = 120,
	COLUMNS = 4, /* of the schema: type, name, tbl_name, rootpage */
};

/* One page of a tree. */
struct page {
	uint32_t number, owner;
	uint64_t offset, header; /* in the file */
	uint8_t type;
	uint16_t cells;
	uint64_t pointers; /* the cells' offsets */
};

struct cell {
	uint64_t offset, end;    /* in the file */
	uint64_t payload, local; /* where it starts, how much of it is here */
	uint64_t rowid;
	uint32_t left, overflow; /* pages; 0: none */
};

/* 1.6 "variable-length integer": big-endian groups of seven bits, the ninth byte has
 * eight. */
static int
read_varint(const struct view *view, uint64_t *at, uint64_t *value)
{
	uint8_t byte = 0;
	*value = 0;
	for (int i = 0; i < 9; i++) {
		if (view_u8(view, (*at)++, &byte) == -1)
			return -1;
		if (i == 8) {
			*value = *value << 8 | byte;
			return 0;
		}
		*value = *value << 7 | (byte & 0x7f);
		if (byte < 0x80)
			return 0;
	}
	return -1;
}

/* How much of a payload its page keeps (1.6 "Cell Payload Overflow Pages"). */
static uint64_t
local_size(const struct sqlite *sqlite, uint8_t type, uint64_t payload)
{
	uint64_t usable = sqlite->usable;
	uint64_t most =
	    type == TABLE_LEAF ? usable - 35 : (usable - 12) * 64 / 255 - 23;
	uint64_t least = (usable - 12) * 32 / 255 - 23;
	if (payload <= most)
		return payload;
	uint64_t local = least + (payload - least) % (usable - 4);
	return local <= most ? local : least;
}

static bool
page_read(const struct sqlite *sqlite, uint32_t number, uint32_t owner,
	  struct page *page)
{
	*page = (struct page){.number = number,
			      .owner = owner,
			      .offset = sqlite_page_offset(sqlite, number),
			      .header = sqlite_page_header(sqlite, number)};
	view_u8(sqlite->view, page->header, &page->type);
	view_u16be(sqlite->view, page->header + 3, &page->cells);
	bool interior = page->type == INDEX_INTERIOR || page->type == TABLE_INTERIOR;
	page->pointers = page->header + (interior ? 12 : 8);
	return interior || page->type == INDEX_LEAF || page->type == TABLE_LEAF;
}

/* Cell `index` of a page; false when it is not all inside the page. */
static bool
cell_read(const struct sqlite *sqlite, const struct page *page, uint16_t index,
	  struct cell *cell)
{
	uint16_t start = 0;
	uint64_t size = 0, page_end = page->offset + sqlite->usable;
	*cell = (struct cell){0};
	if (view_u16be(sqlite->view, page->pointers + 2 * (uint64_t)index, &start) ==
	    -1)
		return false;
	uint64_t at = cell->offset = page->offset + start;
	if (page->type == INDEX_INTERIOR || page->type == TABLE_INTERIOR) {
		view_u32be(sqlite->view, at, &cell->left);
		at += 4;
	}
	if (page->type != TABLE_INTERIOR && read_varint(sqlite->view, &at, &size) == -1)
		return false;
	if ((page->type == TABLE_INTERIOR || page->type == TABLE_LEAF) &&
	    read_varint(sqlite->view, &at, &cell->rowid) == -1)
		return false;
	cell->payload = at;
	cell->local = local_size(sqlite, page->type, size);
	cell->end = at + cell->local;
	if (cell->local < size) {
		view_u32be(sqlite->view, cell->end, &cell->overflow);
		cell->end += 4;
	}
	return cell->end <= page_end;
}

/* Visit that page later: once, however often it is named. */
static void
stack_push(struct sqlite *sqlite, uint32_t page, uint32_t owner)
{
	if (!sqlite_claim(sqlite, page, PAGE_INTERIOR, owner))
		return;
	if (sqlite->stack_count == sqlite->stack_room) {
		sqlite->stack_room = sqlite->stack_room ? sqlite->stack_room * 2 : 64;
		sqlite->stack = base_realloc(sqlite->stack, sqlite->stack_room,
					     sizeof(*sqlite->stack));
	}
	sqlite->stack[sqlite->stack_count++] = page;
}

/* ---- names --------------------------------------------------------------- */

static void
map_cell(struct sqlite *sqlite, const struct page *page, const struct cell *cell,
	 uint16_t index)
{
	char name[24];
	if (sqlite->map == NULL || sqlite->cells++ >= CELLS_MOST)
		return;
	snprintf(name, sizeof(name), "page %u", page->number);
	struct buf detail = {0};
	buf_printf(&detail, "%s cell %u", sqlite->owners.items[page->owner], index);
	if (page->type == TABLE_LEAF)
		buf_printf(&detail, " rowid %jd", (intmax_t)cell->rowid);
	map_add_part(sqlite->map, page->offset, cell->offset, cell->end - cell->offset,
		     EXTENT_CONTENT, EXTENT_NO_MEMBER, name, detail.data);
	buf_free(&detail);
}

static void
map_head(struct sqlite *sqlite, const struct page *page)
{
	static const struct layout_field fields[] = {{0, "type"},
						     {1, "first freeblock"},
						     {3, "number of cells"},
						     {5, "start of cells"},
						     {7, "fragmented bytes"},
						     {8, "right child"},
						     {0, NULL}};
	static const struct layout head = {.fields = fields};
	static const struct layout pointers = {.record = 2, .numbered = true};
	char name[24];
	if (sqlite->map == NULL || sqlite->cells++ >= CELLS_MOST)
		return;
	uint64_t count = page->cells;
	if (page->pointers + 2 * count > page->offset + sqlite->page_size)
		count = (page->offset + sqlite->page_size - page->pointers) / 2;
	snprintf(name, sizeof(name), "page %u", page->number);
	map_add_layout(sqlite->map, page->offset, page->header,
		       page->pointers - page->header, EXTENT_METADATA, name,
		       "page header", &head);
	map_add_layout(sqlite->map, page->offset, page->pointers, 2 * count,
		       EXTENT_METADATA, name, "cell pointer", &pointers);
}

/* ---- the schema ---------------------------------------------------------- */

/* Bytes of a value (2.1 "Record Format"). */
static uint64_t
serial_size(uint64_t type)
{
	static const uint8_t sizes[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
	return type < ARRAY_COUNT(sizes) ? sizes[type] : (type - 12) / 2;
}

/* The first columns of a record, as far as they are on the cell's page. */
static bool
read_columns(const struct sqlite *sqlite, const struct cell *cell,
	     struct view columns[COLUMNS])
{
	struct view record;
	uint64_t at = 0, header = 0, type = 0;
	if (view_sub(sqlite->view, cell->payload, cell->local, &record) == -1 ||
	    read_varint(&record, &at, &header) == -1)
		return false;
	uint64_t value = header;
	for (size_t i = 0; i < COLUMNS; i++) {
		if (read_varint(&record, &at, &type) == -1 ||
		    view_sub(&record, value, serial_size(type), &columns[i]) == -1)
			return false;
		value += columns[i].size;
	}
	return true;
}

/* Keep in mind the tree that a row of the schema names. */
static void
schema_row(struct sqlite *sqlite, const struct cell *cell)
{
	struct view columns[COLUMNS];
	uint64_t page = 0;
	if (sqlite->root_count == ROOTS_MOST || !read_columns(sqlite, cell, columns) ||
	    columns[3].size > 4)
		return;
	for (uint64_t i = 0; i < columns[3].size; i++)
		page = page << 8 | columns[3].data[i];
	if (page == 0) /* views and triggers have no tree */
		return;
	if (sqlite->root_count == sqlite->root_room) {
		sqlite->root_room = sqlite->root_room ? sqlite->root_room * 2 : 16;
		sqlite->roots = base_realloc(sqlite->roots, sqlite->root_room,
					     sizeof(*sqlite->roots));
	}
	int name = columns[1].size < NAME_MOST ? (int)columns[1].size : NAME_MOST;
	sqlite->roots[sqlite->root_count++] =
	    (struct sqlite_root){(uint32_t)page, (uint32_t)sqlite->owners.count};
	strings_addf(&sqlite->owners, "%s %.*s",
		     view_has(&columns[0], 0, "index", 5) ? "index" : "table", name,
		     (const char *)columns[1].data);
}

/* ---- the walk ------------------------------------------------------------ */

/* The pages that hold the rest of a payload: each names the next one. */
static void
follow_overflow(struct sqlite *sqlite, uint32_t page, uint32_t owner)
{
	while (sqlite_claim(sqlite, page, PAGE_OVERFLOW, owner))
		view_u32be(sqlite->view, sqlite_page_offset(sqlite, page), &page);
}

static void
visit_page(struct sqlite *sqlite, const struct page *page)
{
	uint32_t right = 0;
	bool interior = page->type == INDEX_INTERIOR || page->type == TABLE_INTERIOR;
	map_head(sqlite, page);
	for (unsigned i = 0; i < page->cells && i <= sqlite->usable / 2; i++) {
		struct cell cell;
		if (!cell_read(sqlite, page, (uint16_t)i, &cell))
			continue;
		map_cell(sqlite, page, &cell, (uint16_t)i);
		follow_overflow(sqlite, cell.overflow, page->owner);
		if (interior)
			stack_push(sqlite, cell.left, page->owner);
		if (page->owner == 0 && page->type == TABLE_LEAF)
			schema_row(sqlite, &cell);
	}
	if (interior && view_u32be(sqlite->view, page->header + 8, &right) == 0)
		stack_push(sqlite, right, page->owner);
}

static void
walk_tree(struct sqlite *sqlite, uint32_t root, uint32_t owner)
{
	stack_push(sqlite, root, owner);
	while (sqlite->stack_count > 0) {
		uint32_t number = sqlite->stack[--sqlite->stack_count];
		struct page page;
		if (!page_read(sqlite, number, owner, &page)) {
			sqlite->pages[number].kind = PAGE_UNKNOWN;
			continue;
		}
		if (page.type == INDEX_LEAF || page.type == TABLE_LEAF)
			sqlite->pages[number].kind = PAGE_LEAF;
		visit_page(sqlite, &page);
	}
}

void
sqlite_walk(struct sqlite *sqlite)
{
	walk_tree(sqlite, 1, 0);
	for (size_t i = 0; i < sqlite->root_count; i++)
		walk_tree(sqlite, sqlite->roots[i].page, sqlite->roots[i].owner);
}
