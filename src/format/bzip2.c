/* bzip2 streams: bits without framing, so that only decompressing finds the end. */
#include "format/format_private.h"

#include <archive.h>

static const struct filter bzip2 = {
    .name = "bzip2",
    .code = ARCHIVE_FILTER_BZIP2,
    .enable = archive_read_support_filter_bzip2,
};

/* "BZh", the block size, and the first block's or the stream end's magic number. */
static enum probe_answer
bzip2_probe(const struct view *view)
{
	uint8_t level = 0;
	view_u8(view, 3, &level);
	return view_has(view, 0, "BZh", 3) && level >= '1' && level <= '9' &&
		       (view_has(view, 4, "\x31\x41\x59\x26\x53\x59", 6) ||
			view_has(view, 4, "\x17\x72\x45\x38\x50\x90", 6))
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
bzip2_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return filter_members(&bzip2, view, sink, err);
}

static int
bzip2_map(const struct view *view, struct map *map, struct err *err)
{
	return filter_map(&bzip2, view, map, err);
}

const struct format format_bzip2 = {
    .name = "bzip2",
    .title = "bzip2 compressed stream",
    .compressor = true,
    .probe = bzip2_probe,
    .members = bzip2_members,
    .map = bzip2_map,
};
