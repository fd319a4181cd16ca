/* xar archives (macOS .pkg): a header, a compressed table of contents in XML, and a
 * heap of the members' bytes. */
#include "format/format_private.h"

#include <archive.h>

/* Header size, then the table's compressed length: where the heap starts. */
static int
xar_heap(const struct view *view, uint16_t *header, uint64_t *heap)
{
	uint64_t table;
	if (view_u16be(view, 4, header) == -1 || view_u64be(view, 8, &table) == -1 ||
	    *header < 28 || sum_u64(*header, table, heap) == -1 || *heap > view->size)
		return -1;
	return 0;
}

static int
xar_notes(const struct view *view, uint64_t consumed, const struct member_sink *sink,
	  struct err *err)
{
	/* The library stops behind the last member's bytes: signatures and what the
	 * table does not name may follow. */
	return archive_note_trailing(
	    "xar", view, consumed < view->size ? consumed : view->size, sink, err);
}

static const struct container xar = {
    .name = "xar",
    .enable = archive_read_support_format_xar,
    .owners = true,
    .notes = xar_notes,
};

static enum probe_answer
xar_probe(const struct view *view)
{
	uint16_t header;
	uint64_t heap;
	return view_has(view, 0, "xar!", 4) && xar_heap(view, &header, &heap) == 0
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
xar_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return archive_members(&xar, view, sink, err);
}

static int
xar_map(const struct view *view, struct map *map, struct err *err)
{
	uint16_t header;
	uint64_t heap;
	if (xar_heap(view, &header, &heap) == -1)
		return err_set(err, ERR_INPUT, "xar header is malformed");
	map_add(map, 0, header, EXTENT_METADATA, EXTENT_NO_MEMBER, "xar header", NULL);
	map_add(map, header, heap - header, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"xar table of contents", NULL);
	map_add(map, heap, view->size - heap, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"xar heap", NULL);
	return 0;
}

const struct format format_xar = {
    .name = "xar",
    .title = "xar archive",
    .probe = xar_probe,
    .members = xar_members,
    .map = xar_map,
};
