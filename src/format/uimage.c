/*
 * U-Boot's legacy images (include/image.h of U-Boot, "legacy_img_hdr"). Numbers are
 * big-endian.
 *
 *	header (64)  content
 *	the content of a multi-file image: sizes, a zero, then files, each filled up to
 *	four bytes
 */
#include "format/record_private.h"

#include <zlib.h>

enum {
	UIMAGE_HEADER = 64,
	UIMAGE_CRC = 4, /* offsets in the header */
	UIMAGE_SIZE = 12,
	UIMAGE_DATA_CRC = 24,
	UIMAGE_TYPE = 30,
	TYPE_MULTI = 4,
	FILES_MOST = 1024,
};

static const struct record_field fields[] = {
    {0, 4, EXTENT_METADATA, "uimage header magic"},
    {8, 4, EXTENT_METADATA, "uimage header mtime"},
    {12, 4, EXTENT_METADATA, "uimage header size"},
    {16, 4, EXTENT_METADATA, "uimage header load address"},
    {20, 4, EXTENT_METADATA, "uimage header entry point"},
    {28, 1, EXTENT_METADATA, "uimage header operating system"},
    {29, 1, EXTENT_METADATA, "uimage header architecture"},
    {30, 1, EXTENT_METADATA, "uimage header type"},
    {31, 1, EXTENT_METADATA, "uimage header compression"},
    {32, 32, EXTENT_METADATA, "uimage header name"},
};

struct uimage {
	struct view content;
	bool multi, header_fits, content_fits;
	uint32_t mtime;
};

static uint32_t
crc_of(const struct view *view)
{
	return (uint32_t)crc32_z(0, view->data, (size_t)view->size);
}

/* The header's own CRC-32 is over it with that field zero. */
static bool
header_fits(const struct view *view)
{
	uint8_t header[UIMAGE_HEADER] = {0};
	struct view part, whole = view_of(header, sizeof(header));
	uint32_t crc = 0;
	if (view_sub(view, 0, UIMAGE_HEADER, &part) == -1)
		return false;
	memcpy(header, part.data, sizeof(header));
	view_u32be(view, UIMAGE_CRC, &crc);
	memset(header + UIMAGE_CRC, 0, 4);
	return crc_of(&whole) == crc;
}

static int
uimage_read(const struct view *view, struct uimage *image, struct err *err)
{
	uint32_t size = 0, crc = 0;
	uint8_t type = 0;
	*image = (struct uimage){0};
	view_u32be(view, UIMAGE_SIZE, &size);
	view_u32be(view, UIMAGE_DATA_CRC, &crc);
	view_u32be(view, 8, &image->mtime);
	view_u8(view, UIMAGE_TYPE, &type);
	if (view_sub(view, UIMAGE_HEADER, size, &image->content) == -1)
		return err_set(err, ERR_INPUT,
			       "the header says %ju bytes of content, fewer are there",
			       (uintmax_t)size);
	image->multi = type == TYPE_MULTI;
	image->header_fits = header_fits(view);
	image->content_fits = crc_of(&image->content) == crc;
	return 0;
}

static int
send_file(const struct uimage *image, const char *path, uint64_t offset, uint64_t size,
	  const struct member_sink *sink, struct err *err)
{
	const struct member member = {.path = path,
				      .type = MEMBER_FILE,
				      .has_mtime = true,
				      .mtime = image->mtime};
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	return sink->slice(sink->context, UIMAGE_HEADER + offset, size, err);
}

/* The table of sizes ends with a zero; the files follow it. */
static int
send_files(const struct uimage *image, const struct member_sink *sink, struct err *err)
{
	uint32_t size = 1;
	uint64_t count = 0, at;
	struct view part;
	for (; count <= FILES_MOST; count++) {
		if (view_u32be(&image->content, 4 * count, &size) == -1 || size == 0)
			break;
	}
	if (size != 0)
		return err_set(err, ERR_INPUT,
			       "the table of a multi-file image has no end");
	at = 4 * (count + 1);
	for (uint64_t i = 0; i < count; i++) {
		char name[32];
		view_u32be(&image->content, 4 * i, &size);
		if (view_sub(&image->content, at, size, &part) == -1)
			return err_set(err, ERR_INPUT, "file %ju is cut off",
				       (uintmax_t)i);
		snprintf(name, sizeof(name), "image-%ju", (uintmax_t)i);
		if (send_file(image, name, at, size, sink, err) == -1)
			return -1;
		at += ((uint64_t)size + 3) & ~(uint64_t)3;
	}
	struct view rest = view_from(&image->content, at);
	return record_trailing(&rest, 0, sink, err);
}

static int
uimage_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct uimage image;
	if (uimage_read(view, &image, err) == -1)
		return -1;
	if (!image.header_fits &&
	    format_note(sink, NOTE_SUSPECT, UIMAGE_CRC, err,
			"the CRC-32 of the header is not its own") == -1)
		return -1;
	if (!image.content_fits &&
	    format_note(sink, NOTE_SUSPECT, UIMAGE_DATA_CRC, err,
			"the CRC-32 in the header is not that of the content") == -1)
		return -1;
	int result = image.multi
			 ? send_files(&image, sink, err)
			 : send_file(&image, "image", 0, image.content.size, sink, err);
	if (result == -1)
		return -1;
	return record_trailing(view, UIMAGE_HEADER + image.content.size, sink, err);
}

static int
uimage_map(const struct view *view, struct map *map, struct err *err)
{
	struct uimage image;
	int result = uimage_read(view, &image, err);
	record_map_fields(map, 0, EXTENT_NO_MEMBER, fields, ARRAY_COUNT(fields));
	map_add(map, UIMAGE_CRC, 4,
		image.header_fits ? EXTENT_DERIVED : EXTENT_METADATA, EXTENT_NO_MEMBER,
		"uimage header CRC-32", NULL);
	map_add(map, UIMAGE_DATA_CRC, 4,
		image.content_fits ? EXTENT_DERIVED : EXTENT_METADATA, EXTENT_NO_MEMBER,
		"uimage header content CRC-32", NULL);
	map_add(map, UIMAGE_HEADER, image.content.size, EXTENT_CONTENT,
		image.multi ? EXTENT_NO_MEMBER : 0, "content", NULL);
	if (view->size > UIMAGE_HEADER)
		map_add(map, UIMAGE_HEADER, view->size - UIMAGE_HEADER, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "trailing bytes", NULL);
	return result;
}

static enum probe_answer
uimage_probe(const struct view *view)
{
	return view->size >= UIMAGE_HEADER && view_has(view, 0, "\x27\x05\x19\x56", 4)
		   ? PROBE_SURE
		   : PROBE_NO;
}

const struct format format_uimage = {
    .name = "uimage",
    .title = "U-Boot legacy image",
    .probe = uimage_probe,
    .members = uimage_members,
    .map = uimage_map,
};
