/*
 * LZ4 streams ("LZ4 Frame Format Description" 1.6.x): frames of blocks that say
 * their size; the legacy format of Linux kernels; frames that decoders skip.
 */
#include "format/format_private.h"

#include <archive.h>

#define LZ4_MAGIC        0x184d2204U
#define LZ4_LEGACY_MAGIC 0x184c2102U
/* What 8 MiB, a legacy block, can take at most when it does not compress. */
#define LZ4_LEGACY_BLOCK_MOST ((8U << 20) + (8U << 20) / 255 + 16)

static int
lz4_cut(uint64_t at, struct err *err)
{
	return err_set(err, ERR_INPUT, "lz4 frame at offset %ju is cut off",
		       (uintmax_t)at);
}

static int
lz4_frame(const struct view *view, uint64_t *offset, struct map *map, struct err *err)
{
	uint8_t flags;
	uint32_t size;
	if (view_u8(view, *offset + 4, &flags) == -1)
		return lz4_cut(*offset, err);
	if ((flags & 1) != 0)
		return err_set(err, ERR_UNSUPPORTED,
			       "lz4 frame at offset %ju needs a dictionary",
			       (uintmax_t)*offset);
	/* Magic, FLG, BD, content size, header checksum. */
	uint64_t at = *offset + 6 + ((flags & 8) != 0 ? 8 : 0) + 1;
	if (map != NULL)
		map_add(map, *offset, at - *offset, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"lz4 frame header", NULL);
	do {
		if (view_u32le(view, at, &size) == -1)
			return lz4_cut(*offset, err);
		at += 4;
		/* The highest bit says "not compressed"; a block checksum may follow.
		 */
		if (size != 0)
			at += (size & 0x7fffffff) + ((flags & 0x10) != 0 ? 4U : 0U);
	} while (size != 0);
	if ((flags & 4) != 0) {
		if (map != NULL)
			map_add(map, at, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER,
				"lz4 content checksum", NULL);
		at += 4;
	}
	if (at > view->size)
		return lz4_cut(*offset, err);
	*offset = at;
	return 0;
}

/* A legacy frame has no end mark: it ends where the file does, or where what would
 * be a block's size is too large for one. */
static int
lz4_legacy(const struct view *view, uint64_t *offset, struct map *map, struct err *err)
{
	uint64_t at = *offset + 4;
	uint32_t size;
	if (map != NULL)
		map_add(map, *offset, 4, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"lz4 frame header", NULL);
	while (view_u32le(view, at, &size) == 0 && size > 0 &&
	       size <= LZ4_LEGACY_BLOCK_MOST) {
		if (size > view->size - at - 4)
			return lz4_cut(*offset, err);
		at += 4 + (uint64_t)size;
	}
	*offset = at;
	return 0;
}

static int
lz4_walk(const struct view *view, struct map *map, uint64_t *end, struct err *err)
{
	uint64_t at = 0;
	for (;;) {
		uint32_t magic = 0;
		int answer = filter_skippable("lz4", view, &at, map, err);
		if (answer == -1)
			return -1;
		if (answer == 1)
			continue;
		view_u32le(view, at, &magic);
		if (magic == LZ4_MAGIC)
			answer = lz4_frame(view, &at, map, err);
		else if (magic == LZ4_LEGACY_MAGIC)
			answer = lz4_legacy(view, &at, map, err);
		else
			break;
		if (answer == -1)
			return -1;
	}
	*end = at;
	return 0;
}

static const struct filter lz4 = {
    .name = "lz4",
    .code = ARCHIVE_FILTER_LZ4,
    .enable = archive_read_support_filter_lz4,
    .walk = lz4_walk,
};

static enum probe_answer
lz4_probe(const struct view *view)
{
	uint32_t magic;
	return view_u32le(view, 0, &magic) == 0 &&
		       (magic == LZ4_MAGIC || magic == LZ4_LEGACY_MAGIC)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
lz4_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return filter_members(&lz4, view, sink, err);
}

static int
lz4_map(const struct view *view, struct map *map, struct err *err)
{
	return filter_map(&lz4, view, map, err);
}

const struct format format_lz4 = {
    .name = "lz4",
    .title = "LZ4 compressed stream",
    .compressor = true,
    .probe = lz4_probe,
    .members = lz4_members,
    .map = lz4_map,
};
