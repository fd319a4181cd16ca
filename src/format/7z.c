/*
 * 7z archives ("7zFormat.txt").
 *
 *	start header (32 bytes) | packed streams [| packed header] | header
 *
 * The start header names the place of the header, which is the archive's end. Most
 * often that header is itself packed, and what stands there only names its place among
 * the packed streams.
 */
#include "format/record_private.h"

#include <archive.h>
#include <zlib.h>

enum {
	START_SIZE = 32,
	START_FIELDS = 12, /* from here on the first CRC is over */
};

/* Where the header is, as the start header says. */
static int
sevenzip_header(const struct view *view, uint64_t *offset, uint64_t *size,
		struct err *err)
{
	uint64_t end;
	if (view_u64le(view, 12, offset) == -1 || view_u64le(view, 20, size) == -1 ||
	    sum_u64(*offset, START_SIZE, offset) == -1 ||
	    sum_u64(*offset, *size, &end) == -1)
		return err_set(err, ERR_INPUT, "7z start header is malformed");
	return 0;
}

static int
sevenzip_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	uint64_t offset, size;
	if (sevenzip_header(view, &offset, &size, err) == -1)
		return -1;
	return archive_note_trailing("7z", view, offset + size, sink, err);
}

static const struct container sevenzip = {
    .name = "7z",
    .enable = archive_read_support_format_7zip,
    .notes = sevenzip_notes,
};

static enum probe_answer
sevenzip_probe(const struct view *view)
{
	return view_has(view, 0, "7z\xbc\xaf\x27\x1c", 6) ? PROBE_SURE : PROBE_NO;
}

static int
sevenzip_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	return archive_members(&sevenzip, view, sink, err);
}

/* ---- the map ----------------------------------------------------------- */

/* "NUMBER": the leading ones of the first byte count the bytes that follow, its other
 * bits are the highest of the number. */
static int
read_number(const struct view *view, uint64_t *at, uint64_t *number)
{
	uint8_t first, byte;
	if (view_u8(view, (*at)++, &first) == -1)
		return -1;
	uint64_t value = 0;
	unsigned bytes = 0;
	for (uint8_t mask = 0x80; mask != 0 && (first & mask) != 0; mask >>= 1) {
		if (view_u8(view, (*at)++, &byte) == -1)
			return -1;
		value |= (uint64_t)byte << (8 * bytes++);
	}
	if (bytes < 7)
		value |= (uint64_t)(first & ((0x80U >> bytes) - 1)) << (8 * bytes);
	*number = value;
	return 0;
}

/* Where a packed header is: one stream at its place behind the start header. */
static bool
packed_header(const struct view *header, uint64_t *offset, uint64_t *size)
{
	uint64_t at = 2, streams = 0;
	/* kEncodedHeader, kPackInfo; later kSize ("Property IDs") */
	return view_has(header, 0, "\x17\x06", 2) &&
	       read_number(header, &at, offset) == 0 &&
	       read_number(header, &at, &streams) == 0 && streams == 1 &&
	       view_has(header, at++, "\x09", 1) &&
	       read_number(header, &at, size) == 0 &&
	       sum_u64(*offset, START_SIZE, offset) == 0;
}

/* The CRC that is stored at `field`, over a part: derived only when it fits. */
static void
map_crc(const struct view *view, struct map *map, uint64_t field,
	const struct view *part, const char *name)
{
	uint32_t stored = 0;
	uLong sum = crc32_z(0, part->data, (z_size_t)part->size);
	bool fits = view_u32le(view, field, &stored) == 0 && stored == sum;
	map_add(map, field, 4, fits ? EXTENT_DERIVED : EXTENT_METADATA,
		EXTENT_NO_MEMBER, name, NULL);
}

static int
sevenzip_map(const struct view *view, struct map *map, struct err *err)
{
	static const struct record_field fields[] = {
	    {0, 6, EXTENT_METADATA, "7z start header magic"},
	    {6, 2, EXTENT_METADATA, "7z start header version"},
	    {12, 8, EXTENT_METADATA, "7z start header offset"},
	    {20, 8, EXTENT_METADATA, "7z start header size"},
	};
	uint64_t offset, size, packed, packed_size;
	struct view start, header;
	record_map_fields(map, 0, EXTENT_NO_MEMBER, fields, ARRAY_COUNT(fields));
	if (view_sub(view, START_FIELDS, START_SIZE - START_FIELDS, &start) == -1)
		return err_set(err, ERR_INPUT, "7z start header is cut off");
	map_crc(view, map, 8, &start, "7z start header CRC");
	if (sevenzip_header(view, &offset, &size, err) == -1)
		return -1;
	if (view_sub(view, offset, size, &header) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "7z header of %ju bytes at offset %ju is not in the file",
		    (uintmax_t)size, (uintmax_t)offset);
	map_crc(view, map, 28, &header, "7z header CRC");
	map_add(map, offset, size, EXTENT_METADATA, EXTENT_NO_MEMBER, "7z header",
		NULL);
	if (packed_header(&header, &packed, &packed_size) && packed < offset &&
	    packed_size <= offset - packed)
		map_add(map, packed, packed_size, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"7z packed header", NULL);
	map_add(map, START_SIZE, offset - START_SIZE, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"7z packed streams", NULL);
	map_add(map, offset + size, view->size - offset - size, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, "trailing bytes", NULL);
	return 0;
}

const struct format format_7z = {
    .name = "7z",
    .title = "7z archive",
    .probe = sevenzip_probe,
    .members = sevenzip_members,
    .map = sevenzip_map,
};
