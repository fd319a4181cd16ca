/*
 * SQLite databases ("Database File Format" of the SQLite documentation). Pages of one
 * size; the first begins with the file's header and holds the schema's tree. Each page
 * is an extent called by its number, with the table or index it belongs to; cells are
 * parts of it.
 */
#include "format/sqlite_private.h"

static const char magic[] = "SQLite format 3";

enum {
	HEADER_SIZE = 100, /* 1.3 "The Database Header" */
	PAGES_MOST = 1 << 18,
	USABLE_LEAST = 480,
	LOCK_BYTE = 1 << 30, /* 1.4 "The Lock-Byte Page" */
	POINTER_SIZE = 5,    /* 1.8 "Pointer Map or Ptrmap Pages" */
};

static enum probe_answer
sqlite_probe(const struct view *view)
{
	return view->size >= HEADER_SIZE && view_has(view, 0, magic, sizeof(magic))
		   ? PROBE_SURE
		   : PROBE_NO;
}

uint64_t
sqlite_page_offset(const struct sqlite *sqlite, uint32_t page)
{
	return (uint64_t)(page - 1) * sqlite->page_size;
}

uint64_t
sqlite_page_header(const struct sqlite *sqlite, uint32_t page)
{
	return sqlite_page_offset(sqlite, page) + (page == 1 ? HEADER_SIZE : 0);
}

bool
sqlite_claim(struct sqlite *sqlite, uint32_t page, enum sqlite_kind kind,
	     uint32_t owner)
{
	if (page == 0 || page > sqlite->page_count ||
	    sqlite->pages[page].kind != PAGE_UNKNOWN)
		return false;
	sqlite->pages[page] = (struct sqlite_page){owner, (uint8_t)kind};
	return true;
}

static int
sqlite_open(const struct view *view, struct map *map, struct sqlite *sqlite,
	    struct err *err)
{
	uint16_t size = 0;
	uint8_t reserved = 0;
	view_u16be(view, 16, &size);
	view_u8(view, 20, &reserved);
	*sqlite = (struct sqlite){.view = view, .map = map};
	sqlite->page_size = size == 1 ? 65536 : size;
	if (sqlite_probe(view) != PROBE_SURE || sqlite->page_size < 512 ||
	    (sqlite->page_size & (sqlite->page_size - 1)) != 0 ||
	    sqlite->page_size - reserved < USABLE_LEAST)
		return err_set(err, ERR_INPUT, "SQLite header is malformed");
	sqlite->usable = sqlite->page_size - reserved;
	if (view->size / sqlite->page_size > PAGES_MOST)
		return err_set(err, ERR_LIMIT, "more than %d pages", PAGES_MOST);
	sqlite->page_count = (uint32_t)(view->size / sqlite->page_size);
	sqlite->pages =
	    base_alloc((size_t)sqlite->page_count + 1, sizeof(*sqlite->pages));
	strings_add(&sqlite->owners, "schema");
	return 0;
}

static void
sqlite_close(struct sqlite *sqlite)
{
	strings_free(&sqlite->owners);
	free(sqlite->pages);
	free(sqlite->roots);
	free(sqlite->stack);
}

/* ---- pages outside of trees --------------------------------------------- */

static void
claim_lock_and_pointers(struct sqlite *sqlite)
{
	uint32_t largest_root = 0, step = sqlite->usable / POINTER_SIZE + 1;
	uint32_t lock = LOCK_BYTE / sqlite->page_size + 1;
	sqlite_claim(sqlite, lock, PAGE_LOCK, 0);
	view_u32be(sqlite->view, 52, &largest_root);
	if (largest_root == 0) /* no vacuum by itself */
		return;
	for (uint32_t page = 2; page <= sqlite->page_count; page += step)
		sqlite_claim(sqlite, page == lock ? page + 1 : page, PAGE_POINTER_MAP,
			     0);
}

/* 1.5 "The Freelist": trunks, each naming the next one and its leaves. */
static void
claim_free_pages(struct sqlite *sqlite)
{
	uint32_t trunk = 0, leaf = 0, count = 0;
	view_u32be(sqlite->view, 32, &trunk);
	while (sqlite_claim(sqlite, trunk, PAGE_FREE_TRUNK, 0)) {
		uint64_t at = sqlite_page_offset(sqlite, trunk);
		view_u32be(sqlite->view, at + 4, &count);
		for (uint32_t i = 0; i < count && i < sqlite->usable / 4 - 2; i++) {
			if (view_u32be(sqlite->view, at + 8 + 4 * (uint64_t)i, &leaf) ==
			    0)
				sqlite_claim(sqlite, leaf, PAGE_FREE, 0);
		}
		view_u32be(sqlite->view, at, &trunk);
	}
}

/* ---- the map ------------------------------------------------------------ */

static const struct layout_field header_fields[] = {{0, "magic"},
						    {16, "page size"},
						    {18, "write version"},
						    {19, "read version"},
						    {20, "reserved bytes"},
						    {21, "payload fractions"},
						    {24, "file change counter"},
						    {28, "database size"},
						    {32, "first freelist trunk"},
						    {36, "number of freelist pages"},
						    {40, "schema cookie"},
						    {44, "schema format"},
						    {48, "default cache size"},
						    {52, "largest root page"},
						    {56, "text encoding"},
						    {60, "user version"},
						    {64, "incremental vacuum"},
						    {68, "application id"},
						    {72, "reserved for expansion"},
						    {92, "version valid for"},
						    {96, "SQLite version number"},
						    {0, NULL}};
static const struct layout header_layout = {.fields = header_fields};

static void
map_page(const struct sqlite *sqlite, uint32_t number)
{
	static const struct layout whole = {0};
	static const char *const kinds[] = {
	    [PAGE_UNKNOWN] = "that nothing names", [PAGE_LEAF] = "leaf",
	    [PAGE_INTERIOR] = "interior",          [PAGE_OVERFLOW] = "overflow",
	    [PAGE_FREE_TRUNK] = "freelist trunk",  [PAGE_FREE] = "free",
	    [PAGE_POINTER_MAP] = "pointer map",    [PAGE_LOCK] = "lock byte",
	};
	const struct sqlite_page *page = &sqlite->pages[number];
	bool owned = page->kind == PAGE_LEAF || page->kind == PAGE_INTERIOR ||
		     page->kind == PAGE_OVERFLOW;
	char name[24];
	snprintf(name, sizeof(name), "page %u", number);
	char *detail = owned ? base_format("%s %s", sqlite->owners.items[page->owner],
					   kinds[page->kind])
			     : base_strdup(kinds[page->kind]);
	uint64_t offset = sqlite_page_offset(sqlite, number);
	map_add_layout(sqlite->map, offset, offset, sqlite->page_size,
		       page->kind == PAGE_FREE || page->kind == PAGE_POINTER_MAP
			   ? EXTENT_METADATA
			   : EXTENT_CONTENT,
		       name, detail, &whole);
	free(detail);
}

static int
sqlite_map(const struct view *view, struct map *map, struct err *err)
{
	struct sqlite sqlite;
	map_add_layout(map, 0, 0, HEADER_SIZE, EXTENT_METADATA, "SQLite header", NULL,
		       &header_layout);
	if (sqlite_open(view, map, &sqlite, err) == -1)
		return -1;
	claim_lock_and_pointers(&sqlite);
	claim_free_pages(&sqlite);
	sqlite_walk(&sqlite);
	for (uint32_t page = 1; page <= sqlite.page_count; page++)
		map_page(&sqlite, page);
	uint64_t end = (uint64_t)sqlite.page_count * sqlite.page_size;
	map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"after the last page", NULL);
	sqlite_close(&sqlite);
	return 0;
}

static int
sqlite_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct sqlite sqlite;
	struct err malformed;
	uint32_t unnamed = 0, first = 0;
	if (sqlite_open(view, NULL, &sqlite, &malformed) == -1)
		return format_note(sink, NOTE_SUSPECT, 0, err, "%s", malformed.message);
	claim_lock_and_pointers(&sqlite);
	claim_free_pages(&sqlite);
	sqlite_walk(&sqlite);
	for (uint32_t page = sqlite.page_count; page > 0; page--) {
		if (sqlite.pages[page].kind == PAGE_UNKNOWN) {
			unnamed++;
			first = page;
		}
	}
	uint64_t end = (uint64_t)sqlite.page_count * sqlite.page_size;
	int answer = 0;
	if (unnamed > 0)
		answer = format_note(
		    sink, NOTE_SUSPECT, sqlite_page_offset(&sqlite, first), err,
		    "%u pages that no table, index or list names, the first of them %u",
		    unnamed, first);
	if (answer == 0 && end < view->size)
		answer = format_note(sink, NOTE_SUSPECT, end, err,
				     "%ju bytes after the last whole page",
				     (uintmax_t)(view->size - end));
	sqlite_close(&sqlite);
	return answer;
}

const struct format format_sqlite = {
    .name = "sqlite",
    .title = "SQLite database",
    .probe = sqlite_probe,
    .map = sqlite_map,
    .notes = sqlite_notes,
};
