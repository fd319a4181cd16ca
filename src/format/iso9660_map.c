/*
 * Where everything in an ISO 9660 image stands (ECMA-119, here "ECMA"): volume
 * descriptors, path tables, the records of all directories, the entries of Rock Ridge
 * (SUSP and RRIP 1.12) in them, and the files' contents.
 *
 * Members are those that libarchive lists; they are met by their paths. The second tree
 * of an image with Joliet has records for the same contents, which are named once.
 */
#include "format/iso9660_private.h"

#include <archive.h>
#include <stdlib.h>

enum {
	DIRECTORIES_MOST = 1 << 16,
	DEPTH_MOST = 64, /* Rock Ridge relaxes the eight of ECMA 6.8.2.1 */
	RECORD_LEAST = 34,
	RECORD_FOLDER = 2, /* ECMA 9.1.6 */
};

/* ECMA 8.4 and 8.5. */
static const struct record_field descriptor_fields[] = {
    {0, 1, EXTENT_METADATA, "type"},
    {1, 6, EXTENT_METADATA, "identifier"},
    {7, 1, EXTENT_METADATA, "flags"},
    {8, 32, EXTENT_METADATA, "system identifier"},
    {40, 32, EXTENT_METADATA, "volume identifier"},
    {80, 8, EXTENT_DERIVED, "volume size"},
    {88, 32, EXTENT_METADATA, "escape sequences"},
    {120, 4, EXTENT_METADATA, "set size"},
    {124, 4, EXTENT_METADATA, "sequence number"},
    {128, 4, EXTENT_METADATA, "block size"},
    {132, 8, EXTENT_DERIVED, "path table size"},
    {140, 16, EXTENT_METADATA, "path table places"},
    {156, 34, EXTENT_METADATA, "root directory record"},
    {190, 128, EXTENT_METADATA, "volume set identifier"},
    {318, 128, EXTENT_METADATA, "publisher identifier"},
    {446, 128, EXTENT_METADATA, "preparer identifier"},
    {574, 128, EXTENT_METADATA, "application identifier"},
    {702, 37, EXTENT_METADATA, "copyright file"},
    {739, 37, EXTENT_METADATA, "abstract file"},
    {776, 37, EXTENT_METADATA, "bibliographic file"},
    {813, 17, EXTENT_METADATA, "creation time"},
    {830, 17, EXTENT_METADATA, "modification time"},
    {847, 17, EXTENT_METADATA, "expiration time"},
    {864, 17, EXTENT_METADATA, "effective time"},
    {881, 1, EXTENT_METADATA, "structure version"},
    {883, 512, EXTENT_METADATA, "application use"},
};

/* ECMA 9.1. */
static const struct record_field record_fields[] = {
    {0, 1, EXTENT_METADATA, "iso record length"},
    {1, 1, EXTENT_METADATA, "iso record attribute length"},
    {2, 8, EXTENT_METADATA, "iso record place"},
    {10, 8, EXTENT_METADATA, "iso record size"},
    {18, 7, EXTENT_METADATA, "iso record mtime"},
    {25, 1, EXTENT_METADATA, "iso record flags"},
    {26, 2, EXTENT_METADATA, "iso record interleave"},
    {28, 4, EXTENT_METADATA, "iso record volume"},
    {32, 1, EXTENT_METADATA, "iso record name length"},
};

/* RRIP 4.1.1. */
static const struct record_field posix_fields[] = {
    {4, 8, EXTENT_METADATA, "iso record mode"},
    {12, 8, EXTENT_METADATA, "iso record links"},
    {20, 8, EXTENT_METADATA, "iso record uid"},
    {28, 8, EXTENT_METADATA, "iso record gid"},
    {36, 8, EXTENT_METADATA, "iso record inode"},
};

/* A member of the list, by its path. */
struct listed {
	char *path;
	uint32_t ordinal;
};

struct iso_walk {
	const struct view *view;
	struct map *map;
	struct listed *listed;
	size_t listed_count, listed_room;
	uint8_t *visited; /* directories, a bit for each sector */
	unsigned directories;
	uint64_t block; /* of the volume that is being walked */
	bool wide;      /* its names are UCS-2, as Joliet has them */
	bool rest;      /* the second time: only contents of what is not listed */
};

/* ---- the members ----------------------------------------------------- */

static int
listed_begin(void *context, const struct member *member, struct err *err)
{
	struct iso_walk *walk = context;
	if (walk->listed_count == walk->listed_room) {
		walk->listed_room = walk->listed_room ? 2 * walk->listed_room : 64;
		walk->listed = base_realloc(walk->listed, walk->listed_room,
					    sizeof(*walk->listed));
	}
	size_t at = walk->listed_count++;
	walk->listed[at] = (struct listed){base_strdup(member->path), (uint32_t)at};
	return 0;
}

static int
listed_data(void *context, const void *bytes, size_t count, struct err *err)
{
	return 0;
}

static int
listed_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	    struct err *err)
{
	return 0;
}

static int
order_listed(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->path,
		      ((const struct listed *)b)->path);
}

static uint32_t
member_of(const struct iso_walk *walk, const char *path)
{
	const struct listed key = {(char *)(uintptr_t)path, 0}, *found = NULL;
	if (walk->listed_count > 0)
		found = bsearch(&key, walk->listed, walk->listed_count,
				sizeof(*walk->listed), order_listed);
	return found != NULL ? found->ordinal : EXTENT_NO_MEMBER;
}

/* ---- directory records ----------------------------------------------- */

/* One record of a directory. */
struct iso_record {
	uint64_t at;
	uint8_t length, flags, name_length;
	uint32_t place, size;
	char *path; /* with the directory's; NULL for "." and ".." */
};

/* The name as libarchive shows it: without a version, and without a dot before it. */
static void
plain_name(const struct iso_walk *walk, const struct view *name, struct buf *out)
{
	for (uint64_t i = 0; i < name->size; i += walk->wide ? 2 : 1) {
		uint16_t unit = 0;
		uint8_t byte = 0;
		if (walk->wide)
			view_u16be(name, i, &unit);
		else if (view_u8(name, i, &byte) == 0)
			unit = byte;
		if (unit == ';' && !walk->wide)
			break;
		if (unit < 0x80) {
			buf_append(out, &(char){(char)unit}, 1);
		} else if (unit < 0x800) {
			const char utf8[] = {(char)(0xc0 | unit >> 6),
					     (char)(0x80 | (unit & 0x3f))};
			buf_append(out, utf8, sizeof(utf8));
		} else {
			const char utf8[] = {(char)(0xe0 | unit >> 12),
					     (char)(0x80 | (unit >> 6 & 0x3f)),
					     (char)(0x80 | (unit & 0x3f))};
			buf_append(out, utf8, sizeof(utf8));
		}
	}
	if (walk->wide && out->size > 2 && strcmp(out->data + out->size - 2, ";1") == 0)
		out->size -= 2;
	if (!walk->wide && out->size > 1 && out->data[out->size - 1] == '.')
		out->size--;
	buf_append(out, "", 0);
}

/* Where the system use area of a record begins, after the padded name (ECMA 9.1.12). */
static uint64_t
system_use(const struct iso_record *record)
{
	return record->at + 33 + record->name_length + (record->name_length % 2 == 0);
}

/* The next entry of a system use area: 1, or 0 at its end (SUSP 4.1). */
static int
use_next(const struct view *view, uint64_t *at, uint64_t end, uint64_t *entry,
	 uint8_t *length)
{
	if (*at + 4 > end || view_u8(view, *at + 2, length) == -1 || *length < 4 ||
	    *length > end - *at)
		return 0;
	*entry = *at;
	*at += *length;
	return 1;
}

/* The name of Rock Ridge (RRIP 4.1.4), which comes in parts; false without one. */
static bool
rock_ridge_name(const struct iso_walk *walk, const struct iso_record *record,
		struct buf *out)
{
	uint64_t at = system_use(record), end = record->at + record->length, entry;
	uint8_t length;
	bool any = false;
	while (use_next(walk->view, &at, end, &entry, &length) == 1) {
		struct view part;
		if (!view_has(walk->view, entry, "NM", 2) || length < 5 ||
		    view_sub(walk->view, entry + 5, length - 5U, &part) == -1)
			continue;
		buf_append(out, part.data, (size_t)part.size);
		any = true;
	}
	return any;
}

/* The times of Rock Ridge (RRIP 4.1.6): one bit and one stamp for each. */
static void
map_times(struct iso_walk *walk, uint64_t entry, uint8_t length, uint32_t member)
{
	static const char *const names[] = {
	    "iso record creation time", "iso record mtime",
	    "iso record access time",   "iso record attribute time",
	    "iso record backup time",   "iso record expiration time",
	    "iso record effective time"};
	uint8_t flags = 0;
	view_u8(walk->view, entry + 4, &flags);
	uint64_t at = entry + 5, size = flags & 0x80 ? 17 : 7;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if ((flags & 1U << i) == 0 || at + size > entry + length)
			continue;
		map_add(walk->map, at, size, EXTENT_METADATA, member, names[i], NULL);
		at += size;
	}
}

static void
map_system_use(struct iso_walk *walk, const struct iso_record *record, uint32_t member)
{
	uint64_t at = system_use(record), end = record->at + record->length, entry;
	uint64_t begin = at;
	uint8_t length;
	while (use_next(walk->view, &at, end, &entry, &length) == 1) {
		struct view name;
		struct buf text = {0};
		if (view_has(walk->view, entry, "PX", 2)) {
			size_t count = ARRAY_COUNT(posix_fields);
			if (length < 44)
				count--;
			if (length >= 36)
				record_map_fields(walk->map, entry, member,
						  posix_fields, count);
		} else if (view_has(walk->view, entry, "TF", 2)) {
			map_times(walk, entry, length, member);
		}
		buf_puts(&text, "iso record entry ");
		if (view_sub(walk->view, entry, 2, &name) == 0)
			buf_append(&text, name.data, 2);
		map_add(walk->map, entry, length, EXTENT_METADATA, member, text.data,
			NULL);
		buf_free(&text);
	}
	if (begin < end)
		map_add(walk->map, begin, end - begin, EXTENT_METADATA, member,
			"iso record system use", NULL);
}

static void
map_record(struct iso_walk *walk, const struct iso_record *record)
{
	uint32_t member =
	    record->path != NULL ? member_of(walk, record->path) : EXTENT_NO_MEMBER;
	if (!walk->rest) {
		record_map_fields(walk->map, record->at, member, record_fields,
				  ARRAY_COUNT(record_fields));
		map_add(walk->map, record->at + 33,
			system_use(record) - record->at - 33, EXTENT_METADATA, member,
			"iso record name", NULL);
		map_system_use(walk, record, member);
	}
	if (record->path == NULL || (record->flags & RECORD_FOLDER) != 0 ||
	    record->size == 0 || walk->rest != (member == EXTENT_NO_MEMBER))
		return;
	uint64_t at = record->place * walk->block;
	uint64_t over = record->size % ISO_SECTOR;
	map_add(walk->map, at, record->size, EXTENT_CONTENT, member, "content", NULL);
	if (over > 0)
		map_add(walk->map, at + record->size, ISO_SECTOR - over, EXTENT_PADDING,
			member, "iso padding", NULL);
}

/* ---- the trees ------------------------------------------------------- */

/* Was that sector a directory already? Marks it. */
static bool
visit(struct iso_walk *walk, uint64_t sector)
{
	if (sector >= walk->view->size / ISO_SECTOR ||
	    walk->directories == DIRECTORIES_MOST ||
	    (walk->visited[sector / 8] >> sector % 8 & 1) != 0)
		return true;
	walk->visited[sector / 8] |= (uint8_t)(1U << sector % 8);
	walk->directories++;
	return false;
}

static bool
read_record(const struct iso_walk *walk, uint64_t at, const char *folder,
	    struct iso_record *record)
{
	const struct view *view = walk->view;
	struct view name;
	*record = (struct iso_record){.at = at};
	if (view_u8(view, at, &record->length) == -1 || record->length < RECORD_LEAST ||
	    view_u32le(view, at + 2, &record->place) == -1 ||
	    view_u32le(view, at + 10, &record->size) == -1 ||
	    view_u8(view, at + 25, &record->flags) == -1 ||
	    view_u8(view, at + 32, &record->name_length) == -1 ||
	    33U + record->name_length > record->length ||
	    view_sub(view, at + 33, record->name_length, &name) == -1)
		return false;
	/* 0 and 1 are the directory itself and the one above it (ECMA 9.1.11) */
	if (name.size == 0 || (name.size == 1 && name.data[0] <= 1))
		return true;
	struct buf own = {0}, path = {0};
	if (walk->wide || !rock_ridge_name(walk, record, &own))
		plain_name(walk, &name, &own);
	buf_printf(&path, "%s%s%s", folder, *folder ? "/" : "",
		   own.data != NULL ? own.data : "");
	buf_free(&own);
	record->path = buf_take(&path);
	return true;
}

static void
walk_folder(struct iso_walk *walk, uint64_t place, uint64_t size, const char *path,
	    unsigned depth)
{
	uint64_t at = place * walk->block, end = at + size;
	if (depth == DEPTH_MOST || visit(walk, at / ISO_SECTOR))
		return;
	if (end > walk->view->size)
		end = walk->view->size;
	for (uint64_t from = at; from < end;) {
		struct iso_record record;
		uint8_t length = 0;
		view_u8(walk->view, from, &length);
		if (length == 0) { /* records do not cross sectors (ECMA 6.8.1.1) */
			from = (from / ISO_SECTOR + 1) * ISO_SECTOR;
			continue;
		}
		if (!read_record(walk, from, path, &record))
			break;
		map_record(walk, &record);
		if (record.path != NULL && (record.flags & RECORD_FOLDER) != 0)
			walk_folder(walk, record.place, record.size, record.path,
				    depth + 1);
		free(record.path);
		from += record.length;
	}
	map_add(walk->map, at, end > at ? end - at : 0, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "iso directory", NULL);
}

static void
map_path_tables(struct iso_walk *walk, uint64_t descriptor)
{
	static const char *const names[] = {"iso path table, little-endian",
					    "iso path table, big-endian"};
	uint32_t size = 0, place = 0;
	view_u32le(walk->view, descriptor + 132, &size);
	for (size_t i = 0; i < 4; i++) { /* each with an optional second one */
		uint64_t at = descriptor + 140 + 4 * i;
		if ((i < 2 ? view_u32le : view_u32be)(walk->view, at, &place) == 0 &&
		    place != 0)
			map_add(walk->map, place * walk->block, size, EXTENT_METADATA,
				EXTENT_NO_MEMBER, names[i / 2], NULL);
	}
}

static void
map_descriptor(struct map *map, uint64_t at, unsigned index, uint8_t type)
{
	char name[96];
	snprintf(name, sizeof(name), "volume descriptor %u (type %u)", index, type);
	for (size_t i = 0; i < ARRAY_COUNT(descriptor_fields) &&
			   (type == ISO_PRIMARY || type == ISO_SUPPLEMENTARY);
	     i++) {
		const struct record_field *field = &descriptor_fields[i];
		char part[128];
		snprintf(part, sizeof(part), "%s %s", name, field->name);
		map_add(map, at + field->offset, field->length, field->tag,
			EXTENT_NO_MEMBER, part, NULL);
	}
	map_add(map, at, ISO_SECTOR, EXTENT_METADATA, EXTENT_NO_MEMBER, name, NULL);
}

/* One volume descriptor, and the tree that it leads to. */
static void
map_volume(struct iso_walk *walk, uint64_t at, uint8_t type)
{
	struct iso_record root;
	uint16_t block = ISO_SECTOR;
	view_u16le(walk->view, at + 128, &block);
	walk->block = block;
	walk->wide =
	    type == ISO_SUPPLEMENTARY && view_has(walk->view, at + 88, "%/", 2);
	map_path_tables(walk, at);
	if (read_record(walk, at + 156, "", &root)) {
		walk_folder(walk, root.place, root.size, "", 0);
		free(root.path);
	}
}

/* All descriptors and what they lead to. Contents that are members come first: both
 * trees of an image may lead to them, and only one has their names. */
static void
map_volumes(struct iso_walk *walk)
{
	size_t bits = walk->view->size / ISO_SECTOR / 8 + 1;
	uint8_t type;
	for (int rest = 0; rest < 2; rest++) {
		walk->rest = rest == 1;
		walk->directories = 0;
		walk->visited = base_alloc(bits, 1);
		for (unsigned i = 0;
		     i < ISO_DESCRIPTORS_MOST && iso_descriptor(walk->view, i, &type);
		     i++) {
			uint64_t at = ISO_SYSTEM_AREA + (uint64_t)i * ISO_SECTOR;
			if (!walk->rest)
				map_descriptor(walk->map, at, i, type);
			if (type == ISO_PRIMARY || type == ISO_SUPPLEMENTARY)
				map_volume(walk, at, type);
			if (type == ISO_END)
				break;
		}
		free(walk->visited);
	}
}

int
iso_map(const struct view *view, struct map *map, struct err *err)
{
	struct iso_walk walk = {.view = view, .map = map};
	const struct member_sink sink = {.context = &walk,
					 .begin = listed_begin,
					 .data = listed_data,
					 .note = listed_note};
	struct err ignored = {0};
	uint64_t size;
	(void)iso_members(view, &sink, &ignored); /* what it lists before it fails */
	if (walk.listed_count > 0)
		qsort(walk.listed, walk.listed_count, sizeof(*walk.listed),
		      order_listed);
	map_volumes(&walk);
	map_add(map, 0, ISO_SYSTEM_AREA, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"system area", NULL);
	for (size_t i = 0; i < walk.listed_count; i++)
		free(walk.listed[i].path);
	free(walk.listed);
	if (iso_volume_size(view, &size) == -1)
		return err_set(err, ERR_INPUT, "no primary volume descriptor");
	map_add(map, 0, size, EXTENT_CONTENT, EXTENT_NO_MEMBER, "volume", NULL);
	map_add(map, size, UINT64_MAX - size, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"trailing bytes", NULL);
	return 0;
}
