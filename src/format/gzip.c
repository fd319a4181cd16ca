/*
 * gzip files (RFC 1952) through zlib: libarchive reads them too, but does not check
 * their CRC32 and ISIZE.
 *
 *     header (10) | extra | file name | comment | CRC16 | deflate | CRC32 | ISIZE
 */
#include "format/format_private.h"

#include <zlib.h>

enum {
	GZIP_HEADER = 10,
	GZIP_CRC16 = 2, /* section 2.3.1, FLG */
	GZIP_EXTRA = 4,
	GZIP_NAME = 8,
	GZIP_COMMENT = 16,
	OUTPUT_SIZE = 64 << 10,
	MAP_DECODED_MOST = 1 << 30,
};

/* One pass over the members of a gzip file. */
struct gzip {
	const struct view *view;
	const struct member_sink *sink; /* NULL: nobody wants the bytes */
	struct map *map;                /* NULL: nobody wants the places */
	uint64_t decoded;
};

static void
gzip_add(const struct gzip *gzip, uint64_t offset, uint64_t length, enum extent_tag tag,
	 const char *name)
{
	if (gzip->map != NULL)
		map_add(gzip->map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

static int
gzip_damaged(const struct gzip *gzip, uint64_t offset, const char *why, struct err *err)
{
	return err_set(
	    err, ERR_INPUT,
	    "damaged gzip stream after %ju decompressed bytes: %s at offset %ju",
	    (uintmax_t)gzip->decoded, why, (uintmax_t)offset);
}

/* Is there a member at `offset`? ID1, ID2, deflate, no reserved flag. */
static bool
gzip_is_member(const struct view *view, uint64_t offset)
{
	uint8_t flags;
	return view_has(view, offset, "\x1f\x8b\x08", 3) &&
	       view_u8(view, offset + 3, &flags) == 0 && (flags & 0xe0) == 0;
}

/* A NUL-ended field of the header. */
static int
gzip_string(const struct gzip *gzip, uint64_t *at, const char *name, struct err *err)
{
	uint64_t end;
	if (view_find(gzip->view, *at, "", 1, &end) == -1)
		return gzip_damaged(gzip, *at, "a header that is cut off", err);
	gzip_add(gzip, *at, end + 1 - *at, EXTENT_METADATA, name);
	*at = end + 1;
	return 0;
}

/* Walk the header of the member at *offset, to its deflate data. */
static int
gzip_header(const struct gzip *gzip, uint64_t *offset, struct err *err)
{
	uint64_t start = *offset, at = start + GZIP_HEADER;
	uint8_t flags = 0;
	uint16_t extra, sum;
	struct view whole;
	view_u8(gzip->view, start + 3, &flags);
	gzip_add(gzip, start + 4, 4, EXTENT_METADATA, "gzip MTIME");
	if ((flags & GZIP_EXTRA) != 0) {
		if (view_u16le(gzip->view, at, &extra) == -1)
			return gzip_damaged(gzip, at, "a header that is cut off", err);
		gzip_add(gzip, at, 2U + extra, EXTENT_METADATA, "gzip extra field");
		at += 2U + extra;
	}
	if ((flags & GZIP_NAME) != 0 &&
	    gzip_string(gzip, &at, "gzip file name", err) == -1)
		return -1;
	if ((flags & GZIP_COMMENT) != 0 &&
	    gzip_string(gzip, &at, "gzip comment", err) == -1)
		return -1;
	if ((flags & GZIP_CRC16) != 0) {
		if (view_u16le(gzip->view, at, &sum) == -1 ||
		    view_sub(gzip->view, start, at - start, &whole) == -1 ||
		    (crc32_z(0, whole.data, (size_t)whole.size) & 0xffff) != sum)
			return gzip_damaged(gzip, at, "a wrong header CRC16", err);
		gzip_add(gzip, at, 2, EXTENT_DERIVED, "gzip header CRC16");
		at += 2;
	}
	if (at > gzip->view->size)
		return gzip_damaged(gzip, start, "a header that is cut off", err);
	gzip_add(gzip, start, at - start, EXTENT_METADATA, "gzip header");
	*offset = at;
	return 0;
}

/* Send what came out. */
static int
gzip_output(struct gzip *gzip, const uint8_t *bytes, size_t count, struct err *err)
{
	gzip->decoded += count;
	if (gzip->sink != NULL)
		return count > 0
			   ? gzip->sink->data(gzip->sink->context, bytes, count, err)
			   : 0;
	if (gzip->decoded > MAP_DECODED_MOST)
		return err_set(err, ERR_LIMIT, "more than %d decompressed bytes",
			       MAP_DECODED_MOST);
	return 0;
}

/* Inflate from *offset to the end of the deflate data; its CRC32 and length. */
static int
gzip_inflate(struct gzip *gzip, uint64_t *offset, uint32_t *crc, uint32_t *length,
	     struct err *err)
{
	uint8_t *output = base_alloc(OUTPUT_SIZE, 1);
	z_stream stream = {0};
	uint64_t at = *offset;
	int answer = -1, said = Z_OK;
	*crc = 0;
	*length = 0;
	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
		free(output);
		return err_set(err, ERR_SYSTEM, "zlib cannot be started");
	}
	while (said != Z_STREAM_END) {
		struct view rest = view_from(gzip->view, at);
		uInt given = rest.size < (1U << 30) ? (uInt)rest.size : 1U << 30;
		stream.next_in = (z_const Bytef *)(uintptr_t)rest.data;
		stream.avail_in = given;
		stream.next_out = output;
		stream.avail_out = OUTPUT_SIZE;
		said = inflate(&stream, Z_NO_FLUSH);
		at += given - stream.avail_in;
		size_t count = OUTPUT_SIZE - stream.avail_out;
		*crc = (uint32_t)crc32_z(*crc, output, count);
		*length += (uint32_t)count;
		if (gzip_output(gzip, output, count, err) == -1)
			goto out;
		if (said != Z_OK && said != Z_STREAM_END) {
			gzip_damaged(
			    gzip, at,
			    given == 0 ? "it is cut off" : "wrong deflate data", err);
			goto out;
		}
	}
	*offset = at;
	answer = 0;
out:
	inflateEnd(&stream);
	free(output);
	return answer;
}

/* One member from *offset to its end. */
static int
gzip_member(struct gzip *gzip, uint64_t *offset, struct err *err)
{
	uint64_t at = *offset;
	uint32_t crc, length, stored_crc, stored_length;
	if (gzip_header(gzip, &at, err) == -1)
		return -1;
	uint64_t start = at;
	if (gzip_inflate(gzip, &at, &crc, &length, err) == -1)
		return -1;
	gzip_add(gzip, start, at - start, EXTENT_CONTENT, "compressed data");
	gzip_add(gzip, at, 4, EXTENT_DERIVED, "gzip CRC32");
	gzip_add(gzip, at + 4, 4, EXTENT_DERIVED, "gzip ISIZE");
	if (view_u32le(gzip->view, at, &stored_crc) == -1 ||
	    view_u32le(gzip->view, at + 4, &stored_length) == -1)
		return gzip_damaged(gzip, at, "a trailer that is cut off", err);
	if (stored_crc != crc)
		return gzip_damaged(gzip, at, "a wrong CRC32", err);
	if (stored_length != length)
		return gzip_damaged(gzip, at + 4, "a wrong ISIZE", err);
	*offset = at + 8;
	return 0;
}

/* All members (section 2.2: they simply follow one another). */
static int
gzip_run(struct gzip *gzip, uint64_t *end, struct err *err)
{
	uint64_t at = 0;
	if (!gzip_is_member(gzip->view, 0))
		return err_set(err, ERR_INPUT, "not a gzip stream");
	while (gzip_is_member(gzip->view, at)) {
		if (gzip_member(gzip, &at, err) == -1)
			return -1;
	}
	*end = at;
	return 0;
}

static enum probe_answer
gzip_probe(const struct view *view)
{
	return gzip_is_member(view, 0) ? PROBE_SURE : PROBE_NO;
}

static int
gzip_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct gzip gzip = {.view = view, .sink = sink};
	uint64_t end;
	if (filter_begin(sink, err) == -1 || gzip_run(&gzip, &end, err) == -1)
		return -1;
	return filter_notes("gzip", view, end, gzip.decoded, sink, err);
}

static int
gzip_map(const struct view *view, struct map *map, struct err *err)
{
	struct gzip gzip = {.view = view, .map = map};
	uint64_t end = 0;
	if (gzip_run(&gzip, &end, err) == -1) {
		map_add(map, 0, view->size, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			"compressed data", NULL);
		return -1;
	}
	map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"trailing bytes", NULL);
	return 0;
}

const struct format format_gzip = {
    .name = "gzip",
    .title = "gzip compressed stream",
    .compressor = true,
    .probe = gzip_probe,
    .members = gzip_members,
    .map = gzip_map,
};
