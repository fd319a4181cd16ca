/*
 * PNG images (ISO/IEC 15948, "PNG specification", 5).
 *
 *     signature (8) | chunks: length (4), type (4), data, CRC (4) | IEND
 *
 * Bytes after the chunk IEND are no part of the image: viewers do not see them.
 */
#include "format/format_private.h"

#include <zlib.h>

static const char signature[] = "\x89PNG\r\n\x1a\n";

enum {
	SIGNATURE_SIZE = 8,
	FRAME_SIZE = 12, /* length, type, CRC */
	TYPE_SIZE = 4,
	CHUNKS_MOST = 200000,
	KEYWORD_MOST = 79, /* 11.3.4.2 */
};

struct chunk {
	uint64_t offset, data, end;
	uint32_t length;
	char type[TYPE_SIZE + 1];
};

static enum probe_answer
png_probe(const struct view *view)
{
	return view_has(view, 0, signature, SIGNATURE_SIZE) ? PROBE_SURE : PROBE_NO;
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The chunk at `offset`; false when it is cut off or no chunk. */
static bool
png_chunk(const struct view *view, uint64_t offset, struct chunk *chunk)
{
	struct view type;
	*chunk = (struct chunk){.offset = offset, .data = offset + 8};
	if (view_u32be(view, offset, &chunk->length) == -1 ||
	    view_sub(view, offset + 4, TYPE_SIZE, &type) == -1 ||
	    view->size - chunk->data < (uint64_t)chunk->length + 4)
		return false;
	chunk->end = chunk->data + chunk->length + 4;
	memcpy(chunk->type, type.data, TYPE_SIZE);
	for (size_t i = 0; i < TYPE_SIZE; i++) {
		if (!is_letter(chunk->type[i]))
			return false;
	}
	return true;
}

/* Is it one of these types? */
static bool
is_one_of(const struct chunk *chunk, const char *const *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(chunk->type, types[i]) == 0)
			return true;
	}
	return false;
}

/* The fields of chunks that hold times and sizes (11.2.2, 11.3.6.1). */
static const struct layout *
chunk_layout(const struct chunk *chunk)
{
	static const struct layout_field header[] = {
	    {0, "width"},        {4, "height"},  {8, "bit depth"},  {9, "colour type"},
	    {10, "compression"}, {11, "filter"}, {12, "interlace"}, {0, NULL}};
	static const struct layout_field time[] = {
	    {0, "year"},   {2, "month"},  {3, "day"}, {4, "hour"},
	    {5, "minute"}, {6, "second"}, {0, NULL}};
	static const struct layout header_layout = {.fields = header},
				   time_layout = {.fields = time};
	if (strcmp(chunk->type, "IHDR") == 0)
		return &header_layout;
	return strcmp(chunk->type, "tIME") == 0 ? &time_layout : NULL;
}

static void
map_data(const struct view *view, const struct chunk *chunk, struct map *map,
	 const char *name)
{
	static const char *const keyed[] = {"tEXt", "zTXt", "iTXt"};
	static const char *const metadata[] = {"tEXt", "zTXt", "iTXt", "tIME", "eXIf"};
	bool about = is_one_of(chunk, metadata, ARRAY_COUNT(metadata));
	const char *keyword = NULL;
	if (is_one_of(chunk, keyed, ARRAY_COUNT(keyed)) &&
	    view_string(view, chunk->data, KEYWORD_MOST, &keyword) == -1)
		keyword = NULL;
	const struct layout *layout = chunk_layout(chunk);
	if (layout != NULL)
		map_add_layout(map, chunk->offset, chunk->data, chunk->length,
			       EXTENT_METADATA, name, NULL, layout);
	else
		map_add_part(map, chunk->offset, chunk->data, chunk->length,
			     about ? EXTENT_METADATA : EXTENT_CONTENT, EXTENT_NO_MEMBER,
			     name, keyword);
}

static void
map_chunk(const struct view *view, const struct chunk *chunk, struct map *map)
{
	char name[16];
	snprintf(name, sizeof(name), "%s chunk", chunk->type);
	map_add_part(map, chunk->offset, chunk->offset, 8, EXTENT_METADATA,
		     EXTENT_NO_MEMBER, name, "length and type");
	map_data(view, chunk, map, name);
	map_add(map, chunk->end - 4, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER, "chunk CRC",
		chunk->type);
}

/* Walk the chunks, naming them in `map` unless it is NULL: 0 and where IEND ends, or
 * -1 and where it goes wrong. */
static int
png_walk(const struct view *view, struct map *map, uint64_t *end, struct err *err)
{
	struct chunk chunk;
	*end = SIGNATURE_SIZE;
	for (int i = 0; i < CHUNKS_MOST; i++) {
		if (!png_chunk(view, *end, &chunk))
			return err_set(err, ERR_INPUT,
				       "chunk at offset %ju is cut off, and there was "
				       "no IEND",
				       (uintmax_t)*end);
		if (map != NULL)
			map_chunk(view, &chunk, map);
		*end = chunk.end;
		if (strcmp(chunk.type, "IEND") == 0)
			return 0;
	}
	return err_set(err, ERR_LIMIT, "more than %d chunks, from offset %ju on",
		       CHUNKS_MOST, (uintmax_t)*end);
}

static int
png_map(const struct view *view, struct map *map, struct err *err)
{
	uint64_t end;
	map_add(map, 0, SIGNATURE_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"PNG signature", NULL);
	if (png_walk(view, map, &end, err) == -1)
		return -1;
	map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"after IEND", NULL);
	return 0;
}

/* Is the CRC that of type and data (5.3)? */
static bool
crc_fits(const struct view *view, const struct chunk *chunk)
{
	struct view covered;
	uint32_t stored = 0;
	view_u32be(view, chunk->end - 4, &stored);
	if (view_sub(view, chunk->offset + 4, TYPE_SIZE + (uint64_t)chunk->length,
		     &covered) == -1)
		return false;
	return crc32_z(0, covered.data, (size_t)covered.size) == stored;
}

static int
png_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct err malformed;
	struct chunk chunk;
	uint64_t end, at = SIGNATURE_SIZE;
	if (png_walk(view, NULL, &end, &malformed) == -1)
		return format_note(sink, NOTE_SUSPECT, end, err, "%s",
				   malformed.message);
	for (; at < end && png_chunk(view, at, &chunk); at = chunk.end) {
		if (!crc_fits(view, &chunk) &&
		    format_note(sink, NOTE_SUSPECT, at, err,
				"the CRC of the %s chunk is not that of its bytes",
				chunk.type) == -1)
			return -1;
	}
	if (end < view->size)
		return format_note(sink, NOTE_SUSPECT, end, err,
				   "%ju bytes after the image's end",
				   (uintmax_t)(view->size - end));
	return 0;
}

const struct format format_png = {
    .name = "png",
    .title = "PNG image",
    .probe = png_probe,
    .map = png_map,
    .notes = png_notes,
};
