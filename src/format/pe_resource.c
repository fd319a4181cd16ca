/*
 * The resources of a PE image (PE/COFF, "The .rsrc Section"): a tree of three levels,
 * type, name and language, whose leaves name the data.
 *
 *     directory: header (16) | entries (8 each), which name directories or leaves
 */
#include "format/pe_private.h"

enum {
	HEADER_SIZE = 16,
	ENTRY_SIZE = 8,
	LEAF_SIZE = 16,
	LEVELS = 3,
	ENTRIES_MOST = 20000, /* of the whole tree: it may be one that names itself */
	NAME_MOST = 64,       /* units of a name shown */
};

/* Of an entry's first word: it is a place of a name. Of its second: of a directory. */
#define IS_NAME      UINT32_C(0x80000000)
#define IS_DIRECTORY UINT32_C(0x80000000)

struct resources {
	const struct pe_image *image;
	uint64_t start;   /* offset of the root, which entries count from */
	struct view view; /* from there to the section's end */
	const struct symbol_owner *owner;
	unsigned entries;
};

static const struct layout_field directory_fields[] = {{0, "Characteristics"},
						       {4, "TimeDateStamp"},
						       {8, "MajorVersion"},
						       {10, "MinorVersion"},
						       {12, "NumberOfNamedEntries"},
						       {14, "NumberOfIdEntries"},
						       {16, "entries"},
						       {0, NULL}};
static const struct layout_field leaf_fields[] = {
    {0, "OffsetToData"}, {4, "Size"}, {8, "CodePage"}, {12, "Reserved"}, {0, NULL}};
static const struct layout directory_layout = {.fields = directory_fields},
			   leaf_layout = {.fields = leaf_fields};

/* The predefined types (winuser.h, RT_*). */
static const char *
type_name(uint32_t id)
{
	static const char *const names[] = {
	    [1] = "CURSOR",      [2] = "BITMAP",        [3] = "ICON",
	    [4] = "MENU",        [5] = "DIALOG",        [6] = "STRING",
	    [7] = "FONTDIR",     [8] = "FONT",          [9] = "ACCELERATOR",
	    [10] = "RCDATA",     [11] = "MESSAGETABLE", [12] = "GROUP_CURSOR",
	    [14] = "GROUP_ICON", [16] = "VERSION",      [17] = "DLGINCLUDE",
	    [19] = "PLUGPLAY",   [20] = "VXD",          [21] = "ANICURSOR",
	    [22] = "ANIICON",    [23] = "HTML",         [24] = "MANIFEST",
	};
	return id < ARRAY_COUNT(names) ? names[id] : NULL;
}

static void
put(const struct resources *resources, uint64_t offset, uint64_t length,
    enum extent_tag tag, const char *detail, const struct layout *layout)
{
	map_add_layout(resources->image->map, resources->owner->offset,
		       resources->start + offset, length, tag, resources->owner->name,
		       detail, layout);
}

/* Append what an entry is called: a number, a predefined type, or a name in UTF-16. */
static void
entry_name(const struct resources *resources, uint32_t name, unsigned level,
	   struct buf *path)
{
	uint64_t at = name & ~IS_NAME;
	uint16_t count = 0, unit;
	buf_puts(path, " ");
	if ((name & IS_NAME) == 0) {
		const char *type = level == 0 ? type_name(name) : NULL;
		if (type != NULL)
			buf_puts(path, type);
		else
			buf_printf(path, level == 2 ? "0x%04x" : "%u", name);
		return;
	}
	view_u16le(&resources->view, at, &count);
	for (unsigned i = 0; i < count && i < NAME_MOST; i++) {
		if (view_u16le(&resources->view, at + 2 + 2 * (uint64_t)i, &unit) == -1)
			break;
		buf_printf(path, "%c", unit >= 0x20 && unit < 0x7f ? (char)unit : '?');
	}
	put(resources, at, 2 + 2 * (uint64_t)count, EXTENT_METADATA, "resource name",
	    NULL);
}

static void
map_leaf(struct resources *resources, uint32_t at, const char *path)
{
	uint32_t address = 0, size = 0;
	uint64_t offset;
	if (view_u32le(&resources->view, at, &address) == -1 ||
	    view_u32le(&resources->view, (uint64_t)at + 4, &size) == -1)
		return;
	char *entry = base_format("%s data entry", path);
	put(resources, at, LEAF_SIZE, EXTENT_METADATA, entry, &leaf_layout);
	free(entry);
	pe_name(resources->image, address, size, EXTENT_CONTENT, path, NULL, &offset);
}

/* The directory at `at`, which is called `path`, and all below it: at most LEVELS deep,
 * and each entry counts. */
static void
map_directory(struct resources *resources, uint32_t at, unsigned level,
	      const char *path)
{
	uint16_t named = 0, numbered = 0;
	if (view_u16le(&resources->view, (uint64_t)at + 12, &named) == -1 ||
	    view_u16le(&resources->view, (uint64_t)at + 14, &numbered) == -1)
		return;
	uint32_t count = (uint32_t)named + numbered;
	for (uint32_t i = 0; i < count && resources->entries < ENTRIES_MOST; i++) {
		uint64_t entry = (uint64_t)at + HEADER_SIZE + (uint64_t)i * ENTRY_SIZE;
		uint32_t name = 0, target = 0;
		struct buf below = {0};
		if (view_u32le(&resources->view, entry, &name) == -1 ||
		    view_u32le(&resources->view, entry + 4, &target) == -1)
			break;
		resources->entries++;
		buf_puts(&below, path);
		entry_name(resources, name, level, &below);
		if ((target & IS_DIRECTORY) == 0)
			map_leaf(resources, target, below.data);
		else if (level + 1 < LEVELS)
			map_directory(resources, target & ~IS_DIRECTORY, level + 1,
				      below.data);
		buf_free(&below);
	}
	char *directory = base_format("%s directory", path);
	put(resources, at, HEADER_SIZE + (uint64_t)count * ENTRY_SIZE, EXTENT_METADATA,
	    directory, &directory_layout);
	free(directory);
}

void
pe_map_resources(const struct pe_image *image, uint32_t address, uint32_t size)
{
	struct resources resources = {.image = image};
	(void)size;
	if (pe_offset(image, address, &resources.start, &resources.owner) == -1 ||
	    resources.start > image->view->size)
		return;
	uint64_t end = resources.owner->end < image->view->size ? resources.owner->end
								: image->view->size;
	if (view_sub(image->view, resources.start, end - resources.start,
		     &resources.view) == 0)
		map_directory(&resources, 0, 0, "resource");
}
