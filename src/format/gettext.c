/*
 * GNU gettext's compiled catalogues (.mo), in either byte order. The layout is that of
 * the GNU gettext manual, "The Format of GNU MO Files".
 *
 *     header | table of originals | table of translations | hash table | strings
 *
 * The translation of the empty string is the catalogue's own header: lines such as
 * "PO-Revision-Date: …", each an extent here, for they hold times and programs.
 */
#include "format/format_private.h"

enum {
	HEADER_SIZE = 28,
	ENTRY_SIZE = 8, /* length, offset */
	STRINGS_MOST = 200000,
	LINES_MOST = 200,
	NAME_MOST = 60,
};

struct catalogue {
	const struct view *view;
	bool big;
	uint32_t count, originals, translations, hash_size, hash;
};

static uint32_t
mo_u32(const struct catalogue *mo, uint64_t offset)
{
	uint32_t value = 0;
	if (mo->big)
		view_u32be(mo->view, offset, &value);
	else
		view_u32le(mo->view, offset, &value);
	return value;
}

/* The magic 0x950412de, and a major revision that there is: 0 or 1. */
static bool
mo_open(const struct view *view, struct catalogue *mo)
{
	uint32_t magic = 0;
	view_u32be(view, 0, &magic);
	*mo = (struct catalogue){.view = view, .big = magic == 0x950412de};
	if ((!mo->big && magic != 0xde120495) || view->size < HEADER_SIZE ||
	    mo_u32(mo, 4) >> 16 > 1)
		return false;
	mo->count = mo_u32(mo, 8);
	mo->originals = mo_u32(mo, 12);
	mo->translations = mo_u32(mo, 16);
	mo->hash_size = mo_u32(mo, 20);
	mo->hash = mo_u32(mo, 24);
	return true;
}

static enum probe_answer
mo_probe(const struct view *view)
{
	struct catalogue mo;
	return mo_open(view, &mo) ? PROBE_SURE : PROBE_NO;
}

static void
add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *name)
{
	map_add(map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

/* The lines of the catalogue's header, by what stands before their colon. */
static void
map_lines(const struct catalogue *mo, struct map *map, uint64_t offset, uint64_t length)
{
	uint64_t at = offset, end = offset + length;
	for (int i = 0; i < LINES_MOST && at < end; i++) {
		char name[NAME_MOST + 1];
		size_t named = 0;
		uint64_t next = at;
		uint8_t byte = 0;
		bool colon = false;
		while (next < end && view_u8(mo->view, next++, &byte) == 0 &&
		       byte != '\n') {
			colon = colon || byte == ':' || byte == '\0';
			if (!colon && named < NAME_MOST)
				name[named++] = (char)byte;
		}
		name[named] = '\0';
		map_add_part(map, offset, at, next - at, EXTENT_METADATA,
			     EXTENT_NO_MEMBER, "catalogue header",
			     named > 0 ? name : NULL);
		at = next;
	}
}

/* The strings of one table, all inside the file, with the NUL behind each. */
static int
map_strings(const struct catalogue *mo, struct map *map, uint64_t table,
	    const char *name, struct err *err)
{
	for (uint32_t i = 0; i < mo->count; i++) {
		uint64_t at = table + (uint64_t)i * ENTRY_SIZE;
		uint64_t length = mo_u32(mo, at), offset = mo_u32(mo, at + 4);
		struct view string;
		if (view_sub(mo->view, offset, length + 1, &string) == -1)
			return err_set(err, ERR_INPUT,
				       "string %u at offset %ju is not inside the file",
				       i, (uintmax_t)offset);
		if (table == mo->translations && i == 0 &&
		    mo_u32(mo, mo->originals) == 0)
			map_lines(mo, map, offset, length);
		char number[32];
		snprintf(number, sizeof(number), "string %u", i);
		map_add(map, offset, length + 1, EXTENT_CONTENT, EXTENT_NO_MEMBER, name,
			number);
	}
	return 0;
}

static int
mo_map(const struct view *view, struct map *map, struct err *err)
{
	struct catalogue mo;
	if (!mo_open(view, &mo))
		return err_set(err, ERR_INPUT, "catalogue's header is malformed");
	add(map, 4, 4, EXTENT_METADATA, "revision");
	add(map, 0, HEADER_SIZE, EXTENT_METADATA, "MO header");
	if (mo.count > STRINGS_MOST)
		return err_set(err, ERR_LIMIT, "%u strings are more than %d", mo.count,
			       STRINGS_MOST);
	const struct {
		uint64_t offset, size;
		const char *name;
		enum extent_tag tag;
	} tables[] = {
	    {mo.originals, (uint64_t)mo.count * ENTRY_SIZE, "table of originals",
	     EXTENT_METADATA},
	    {mo.translations, (uint64_t)mo.count * ENTRY_SIZE, "table of translations",
	     EXTENT_METADATA},
	    {mo.hash, (uint64_t)mo.hash_size * 4, "hash table", EXTENT_DERIVED},
	};
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		struct view part;
		if (tables[i].size > 0 &&
		    view_sub(view, tables[i].offset, tables[i].size, &part) == -1)
			return err_set(err, ERR_INPUT,
				       "%s at offset %ju is not inside the file",
				       tables[i].name, (uintmax_t)tables[i].offset);
	}
	for (size_t i = 0; i < ARRAY_COUNT(tables) - 1; i++)
		add(map, tables[i].offset, tables[i].size, tables[i].tag,
		    tables[i].name);
	if (map_strings(&mo, map, mo.originals, "originals", err) == -1 ||
	    map_strings(&mo, map, mo.translations, "translations", err) == -1)
		return -1;
	add(map, mo.hash, tables[2].size, EXTENT_METADATA, "hash table");
	return 0;
}

const struct format format_gettext = {
    .name = "gettext-mo",
    .title = "GNU gettext catalogue",
    .probe = mo_probe,
    .map = mo_map,
};
