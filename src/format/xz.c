/*
 * xz streams ("The .xz File Format" 1.1.0). A stream ends with a footer that says
 * how long the index before it is, and the index how long the blocks are: a footer
 * whose chain leads back to the stream's header ends it.
 *
 *     stream header (12) | blocks | index | footer (12) | padding (4n zeros) | ...
 */
#include "format/format_private.h"

#include <archive.h>
#include <zlib.h>

enum {
	XZ_HEADER = 12,
	XZ_FOOTER = 12,
};

static const char xz_magic[6] = {'\xfd', '7', 'z', 'X', 'Z', '\0'};

/* A CRC32 field over `length` bytes at `at` (section 6: little endian). */
static bool
xz_crc(const struct view *view, uint64_t at, uint64_t length, uint64_t field)
{
	struct view part;
	uint32_t stored;
	return view_sub(view, at, length, &part) == 0 && part.size <= UINT32_MAX &&
	       view_u32le(view, field, &stored) == 0 &&
	       crc32(0, part.data, (uInt)part.size) == stored;
}

static bool
xz_is_header(const struct view *view, uint64_t at)
{
	return view_has(view, at, xz_magic, sizeof(xz_magic)) &&
	       xz_crc(view, at + 6, 2, at + 8);
}

/* A multibyte integer (section 1.2): nine bytes at most. */
static int
xz_number(const struct view *view, uint64_t *at, uint64_t *number)
{
	uint64_t value = 0;
	uint8_t byte;
	for (unsigned i = 0; i < 9; i++) {
		if (view_u8(view, (*at)++, &byte) == -1)
			return -1;
		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if ((byte & 0x80) == 0) {
			*number = value;
			return 0;
		}
	}
	return -1;
}

/* The bytes that the blocks of an index take (section 4), or -1. */
static int
xz_blocks(const struct view *index, uint64_t *blocks)
{
	uint64_t at = 1, count, total = 0;
	if (xz_number(index, &at, &count) == -1)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t unpadded, uncompressed, padded;
		if (xz_number(index, &at, &unpadded) == -1 ||
		    xz_number(index, &at, &uncompressed) == -1 ||
		    sum_u64(unpadded, 3, &padded) == -1 ||
		    sum_u64(total, padded / 4 * 4, &total) == -1)
			return -1;
	}
	*blocks = total;
	return 0;
}

/* Does a footer at `at` close the stream that starts at `start`? */
static bool
xz_closes(const struct view *view, uint64_t start, uint64_t at, uint64_t *index)
{
	uint32_t stored;
	uint64_t size, blocks;
	struct view part;
	/* Section 2.1.2: CRC32, backward size, stream flags, magic. */
	if (!xz_crc(view, at + 4, 6, at) || view_u32le(view, at + 4, &stored) == -1)
		return false;
	size = ((uint64_t)stored + 1) * 4;
	if (at - start < XZ_HEADER + size)
		return false;
	*index = at - size;
	if (view_sub(view, *index, size, &part) == -1 || !view_has(&part, 0, "", 1) ||
	    !xz_crc(view, *index, size - 4, at - 4) || xz_blocks(&part, &blocks) == -1)
		return false;
	return *index - start - XZ_HEADER == blocks;
}

/* The end of the stream that starts at `start`: behind the first footer that
 * closes it. Footers stand at multiples of four from it. */
static int
xz_stream(const struct view *view, uint64_t start, uint64_t *index, uint64_t *end)
{
	uint64_t from = start + XZ_HEADER, magic;
	while (view_find(view, from, "YZ", 2, &magic) == 0) {
		from = magic + 1;
		if ((magic + 2 - start) % 4 != 0 ||
		    magic + 2 - start < XZ_HEADER + XZ_FOOTER)
			continue;
		if (xz_closes(view, start, magic + 2 - XZ_FOOTER, index)) {
			*end = magic + 2;
			return 0;
		}
	}
	return -1;
}

static void
xz_add(struct map *map, uint64_t from, uint64_t to, enum extent_tag tag,
       const char *name)
{
	if (map != NULL)
		map_add(map, from, to - from, tag, EXTENT_NO_MEMBER, name, NULL);
}

static int
xz_walk(const struct view *view, struct map *map, uint64_t *end, struct err *err)
{
	uint64_t at = 0, index = 0, stop = 0;
	do {
		if (!xz_is_header(view, at) || xz_stream(view, at, &index, &stop) == -1)
			return err_set(err, ERR_INPUT,
				       "the xz stream at offset %ju has no end",
				       (uintmax_t)at);
		xz_add(map, at, at + XZ_HEADER, EXTENT_METADATA, "xz stream header");
		xz_add(map, index, stop - XZ_FOOTER, EXTENT_DERIVED, "xz index");
		xz_add(map, stop - XZ_FOOTER, stop, EXTENT_DERIVED, "xz stream footer");
		at = stop;
		/* Section 2.2: padding of a multiple of four zeros. */
		while (view_has(view, at, "\0\0\0\0", 4))
			at += 4;
		xz_add(map, stop, at, EXTENT_PADDING, "xz stream padding");
	} while (xz_is_header(view, at));
	*end = at;
	return 0;
}

static const struct filter xz = {
    .name = "xz",
    .code = ARCHIVE_FILTER_XZ,
    .enable = archive_read_support_filter_xz,
    .walk = xz_walk,
};

static enum probe_answer
xz_probe(const struct view *view)
{
	return view_has(view, 0, xz_magic, sizeof(xz_magic)) ? PROBE_SURE : PROBE_NO;
}

static int
xz_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return filter_members(&xz, view, sink, err);
}

static int
xz_map(const struct view *view, struct map *map, struct err *err)
{
	return filter_map(&xz, view, map, err);
}

const struct format format_xz = {
    .name = "xz",
    .title = "xz compressed stream",
    .compressor = true,
    .probe = xz_probe,
    .members = xz_members,
    .map = xz_map,
};
