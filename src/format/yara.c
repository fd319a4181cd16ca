/*
 * Rules that yarac compiled. YARA 4 saves its arena (libyara/arena.c of YARA):
 *
 *     "YARA", version (1), number of buffers (1) | for each: offset (8), size (4) |
 *     buffers | relocations: buffer (4), offset (4), for each pointer in the buffers
 *
 * All numbers are little-endian. A text with rules is a text.
 */
#include "format/format_private.h"

enum {
	HEADER_SIZE = 6,
	BUFFER_SIZE = 12,
	BUFFERS_MOST = 16,  /* as many as libyara makes room for */
	NAMED_BUFFERS = 12, /* of YARA 4.1 to 4.5 */
	POOL = 5,
};

static const char *const buffer_names[NAMED_BUFFERS] = {"namespaces",
							"rules",
							"metas",
							"strings",
							"external variables",
							"string pool",
							"code",
							"regular expression code",
							"Aho-Corasick transitions",
							"Aho-Corasick matches",
							"Aho-Corasick match pool",
							"summary"};

static enum probe_answer
yara_probe(const struct view *view)
{
	uint8_t count = 0;
	uint64_t first = 0;
	if (!view_has(view, 0, "YARA", 4) || view_u8(view, 5, &count) == -1 ||
	    count == 0 || count > BUFFERS_MOST ||
	    view_u64le(view, HEADER_SIZE, &first) == -1)
		return PROBE_NO;
	/* The first buffer follows the table. */
	return first == HEADER_SIZE + (uint64_t)count * BUFFER_SIZE ? PROBE_SURE
								    : PROBE_NO;
}

/* Name one buffer, all inside the file; *end is where it ends. */
static int
map_buffer(const struct view *view, struct map *map, unsigned index, unsigned count,
	   uint64_t *end, struct err *err)
{
	static const struct layout strings = {.strings = 1};
	uint64_t offset = 0, entry = HEADER_SIZE + (uint64_t)index * BUFFER_SIZE;
	uint32_t size = 0;
	struct view part;
	char name[40];
	view_u64le(view, entry, &offset);
	view_u32le(view, entry + 8, &size);
	if (view_sub(view, offset, size, &part) == -1)
		return err_set(err, ERR_INPUT,
			       "buffer %u at offset %ju is not inside the file", index,
			       (uintmax_t)offset);
	if (count == NAMED_BUFFERS)
		snprintf(name, sizeof(name), "%s", buffer_names[index]);
	else
		snprintf(name, sizeof(name), "buffer %u", index);
	map_add_layout(map, offset, offset, size, EXTENT_CONTENT, name, NULL,
		       count == NAMED_BUFFERS && index == POOL ? &strings : NULL);
	if (offset + size > *end)
		*end = offset + size;
	return 0;
}

static int
yara_map(const struct view *view, struct map *map, struct err *err)
{
	static const struct layout_field header[] = {
	    {0, "magic"}, {4, "version"}, {5, "number of buffers"}, {0, NULL}};
	static const struct layout_field buffer[] = {
	    {0, "offset"}, {8, "size"}, {0, NULL}};
	static const struct layout_field reference[] = {
	    {0, "buffer"}, {4, "offset"}, {0, NULL}};
	static const struct layout header_layout = {.fields = header};
	static const struct layout buffer_layout = {
	    .record = BUFFER_SIZE, .numbered = true, .fields = buffer};
	static const struct layout reference_layout = {
	    .record = 8, .numbered = true, .fields = reference};
	uint8_t count = 0;
	if (yara_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT,
			       "header of the compiled rules is "
			       "malformed");
	view_u8(view, 5, &count);
	uint64_t end = HEADER_SIZE + (uint64_t)count * BUFFER_SIZE;
	map_add_layout(map, 0, 0, HEADER_SIZE, EXTENT_METADATA, "YARA header", NULL,
		       &header_layout);
	map_add_layout(map, HEADER_SIZE, HEADER_SIZE, end - HEADER_SIZE,
		       EXTENT_METADATA, "buffer table", "buffer", &buffer_layout);
	for (unsigned i = 0; i < count; i++) {
		if (map_buffer(view, map, i, count, &end, err) == -1)
			return -1;
	}
	map_add_layout(map, end, end, view->size - end, EXTENT_METADATA, "relocations",
		       "relocation", &reference_layout);
	return 0;
}

const struct format format_yara = {
    .name = "yara",
    .title = "YARA rules, compiled",
    .probe = yara_probe,
    .map = yara_map,
};
