/*
 * Microsoft cabinets ([MS-CAB]). A signed one has a reserve of 20 bytes in its
 * header which names the place of a PKCS #7 behind the cabinet.
 */
#include "format/format_private.h"

#include <archive.h>

enum {
	CAB_SIZE = 8,   /* cbCabinet */
	CAB_FILES = 16, /* coffFiles */
	CAB_FLAGS = 30,
	CAB_HEADER = 36,
	CAB_RESERVE = 40, /* abReserve, behind its three sizes */
	CAB_PREVIOUS = 1,
	CAB_NEXT = 2,
	CAB_RESERVED = 4,
	CAB_SIGNED_RESERVE = 20,
};

/* Where the signature stands, when the header names one that is inside the file. */
static bool
cab_signature(const struct view *view, uint32_t *offset, uint32_t *size)
{
	uint16_t flags = 0, reserve = 0;
	struct view part;
	view_u16le(view, CAB_FLAGS, &flags);
	view_u16le(view, CAB_HEADER, &reserve);
	return (flags & CAB_RESERVED) != 0 && reserve == CAB_SIGNED_RESERVE &&
	       view_u32le(view, CAB_RESERVE + 4, offset) == 0 &&
	       view_u32le(view, CAB_RESERVE + 8, size) == 0 && *size > 0 &&
	       view_sub(view, *offset, *size, &part) == 0;
}

static int
cab_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	uint32_t end = 0, offset, size;
	uint16_t flags = 0;
	view_u32le(view, CAB_SIZE, &end);
	view_u16le(view, CAB_FLAGS, &flags);
	if ((flags & (CAB_PREVIOUS | CAB_NEXT)) != 0 &&
	    format_note(sink, NOTE_UNDECIDED, CAB_FLAGS, err,
			"the cabinet is one of a set: files may continue in others") ==
		-1)
		return -1;
	if (cab_signature(view, &offset, &size) && offset == end) {
		if (format_note(sink, NOTE_REMARK, offset, err,
				"a signature of %u bytes stands behind the cabinet",
				size) == -1)
			return -1;
		return archive_note_trailing("cab", view, (uint64_t)end + size, sink,
					     err);
	}
	return archive_note_trailing("cab", view, end, sink, err);
}

static const struct container cab = {
    .name = "cab",
    .enable = archive_read_support_format_cab,
    .notes = cab_notes,
};

/* The signature and the first reserved field, and version 1.3. */
static enum probe_answer
cab_probe(const struct view *view)
{
	return view_has(view, 0, "MSCF\0\0\0\0", 8) && view_has(view, 24, "\3\1", 2)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
cab_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return archive_members(&cab, view, sink, err);
}

static int
cab_map(const struct view *view, struct map *map, struct err *err)
{
	uint32_t end, files, offset, size;
	if (view_u32le(view, CAB_SIZE, &end) == -1 ||
	    view_u32le(view, CAB_FILES, &files) == -1 || view->size < CAB_HEADER)
		return err_set(err, ERR_INPUT, "cab header is cut off");
	map_add(map, 0, CAB_HEADER, EXTENT_METADATA, EXTENT_NO_MEMBER, "cab header",
		NULL);
	if (cab_signature(view, &offset, &size)) {
		map_add(map, CAB_HEADER, 4 + CAB_SIGNED_RESERVE, EXTENT_SIGNATURE,
			EXTENT_NO_MEMBER, "cab signature reserve", NULL);
		map_add(map, offset, size,
			offset >= end ? EXTENT_SIGNATURE : EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "cab signature", NULL);
	}
	if (files > CAB_HEADER)
		map_add(map, CAB_HEADER, files - CAB_HEADER, EXTENT_METADATA,
			EXTENT_NO_MEMBER, "cab folder entries", NULL);
	map_add(map, files, end > files ? end - files : 0, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, "cab files and data", NULL);
	map_add(map, end, UINT64_MAX - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"trailing bytes", NULL);
	return 0;
}

const struct format format_cab = {
    .name = "cab",
    .title = "Microsoft cabinet",
    .probe = cab_probe,
    .members = cab_members,
    .map = cab_map,
};
