/*
 * Zstandard streams (RFC 8878): frames, each a header, blocks that say their size,
 * and perhaps a checksum; between them frames that decoders skip.
 */
#include "format/format_private.h"

#include <archive.h>

#define ZSTD_MAGIC 0xfd2fb528U

/* The size of a frame's header behind its magic number (section 3.1.1.1). */
static int
zstd_header(const struct view *view, uint64_t at, uint64_t *size, bool *checksum,
	    struct err *err)
{
	static const unsigned dictionary_sizes[] = {0, 1, 2, 4};
	static const unsigned content_sizes[] = {0, 2, 4, 8};
	uint8_t descriptor;
	if (view_u8(view, at, &descriptor) == -1)
		return err_set(err, ERR_INPUT,
			       "zstd frame header at offset %ju is cut off",
			       (uintmax_t)at);
	bool single = (descriptor & 0x20) != 0;
	unsigned content = content_sizes[descriptor >> 6];
	if (content == 0 && single)
		content = 1;
	if ((descriptor & 3) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "zstd frame at offset %ju needs a dictionary",
			       (uintmax_t)at);
	*size = 1U + !single + dictionary_sizes[descriptor & 3] + content;
	*checksum = (descriptor & 4) != 0;
	return 0;
}

/* From a frame's magic number to its end. */
static int
zstd_frame(const struct view *view, uint64_t *offset, struct map *map, struct err *err)
{
	uint64_t at = *offset + 4, size = 0;
	bool checksum = false;
	if (zstd_header(view, at, &size, &checksum, err) == -1)
		return -1;
	if (map != NULL)
		map_add(map, *offset, 4 + size, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"zstd frame header", NULL);
	at += size;
	for (bool last = false; !last;) {
		uint16_t low;
		uint8_t high;
		if (view_u16le(view, at, &low) == -1 ||
		    view_u8(view, at + 2, &high) == -1)
			return err_set(err, ERR_INPUT,
				       "zstd block at offset %ju is cut off",
				       (uintmax_t)at);
		/* Section 3.1.1.2: last, type, size; a repeated byte is stored once. */
		uint32_t header = (uint32_t)high << 16 | low;
		last = (header & 1) != 0;
		at += 3 + ((header >> 1 & 3) == 1 ? 1 : header >> 3);
	}
	if (map != NULL && checksum)
		map_add(map, at, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER,
			"zstd content checksum", NULL);
	at += checksum ? 4 : 0;
	if (at > view->size)
		return err_set(err, ERR_INPUT, "zstd frame at offset %ju is cut off",
			       (uintmax_t)*offset);
	*offset = at;
	return 0;
}

static int
zstd_walk(const struct view *view, struct map *map, uint64_t *end, struct err *err)
{
	uint64_t at = 0;
	for (;;) {
		uint32_t magic;
		int skipped = filter_skippable("zstd", view, &at, map, err);
		if (skipped == -1)
			return -1;
		if (skipped == 1)
			continue;
		if (view_u32le(view, at, &magic) == -1 || magic != ZSTD_MAGIC)
			break;
		if (zstd_frame(view, &at, map, err) == -1)
			return -1;
	}
	*end = at;
	return 0;
}

static const struct filter zstd = {
    .name = "zstd",
    .code = ARCHIVE_FILTER_ZSTD,
    .enable = archive_read_support_filter_zstd,
    .walk = zstd_walk,
};

static enum probe_answer
zstd_probe(const struct view *view)
{
	uint32_t magic;
	return view_u32le(view, 0, &magic) == 0 && magic == ZSTD_MAGIC ? PROBE_SURE
								       : PROBE_NO;
}

static int
zstd_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return filter_members(&zstd, view, sink, err);
}

static int
zstd_map(const struct view *view, struct map *map, struct err *err)
{
	return filter_map(&zstd, view, map, err);
}

const struct format format_zstd = {
    .name = "zstd",
    .title = "Zstandard compressed stream",
    .compressor = true,
    .probe = zstd_probe,
    .members = zstd_members,
    .map = zstd_map,
};
