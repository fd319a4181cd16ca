/* xar archives (macOS .pkg): a header, a compressed table of contents in XML, and a
 * heap of the members' bytes. */
#include "format/format_private.h"

#include <archive.h>
#include <zlib.h>

enum {
	HEADER_SIZE = 28,
	TOC_MOST = 64 << 20,
	CHECKSUM_MD5 = 2, /* 0: none, 1: SHA-1 */
};

/* Header size, then the table's compressed length: where the heap starts. */
static int
xar_heap(const struct view *view, uint16_t *header, uint64_t *heap)
{
	uint64_t table;
	if (view_u16be(view, 4, header) == -1 || view_u64be(view, 8, &table) == -1 ||
	    *header < HEADER_SIZE || sum_u64(*header, table, heap) == -1 ||
	    *heap > view->size)
		return -1;
	return 0;
}

/* Where one element of the table of contents says that its bytes are. */
struct place {
	uint64_t offset, length, size;
	bool has_offset, has_length;
};

static uint64_t
xar_number(const struct view *toc, uint64_t at)
{
	uint64_t number = 0;
	uint8_t digit;
	while (view_u8(toc, at++, &digit) == 0 && digit >= '0' && digit <= '9' &&
	       number < UINT64_MAX / 100)
		number = number * 10 + (digit - '0');
	return number;
}

/* Is the tag whose name starts at `at` one of those that hold a place? */
static bool
xar_holds_place(const struct view *toc, uint64_t at)
{
	static const char *const names[] = {"data", "checksum", "signature",
					    "x-signature", "ea"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		uint8_t next = 0;
		size_t length = strlen(names[i]);
		view_u8(toc, at + length, &next);
		if (view_has(toc, at, names[i], length) && (next == '>' || next == ' '))
			return true;
	}
	return false;
}

/*
 * How much of the heap the table of contents names. Of the XML only the elements
 * that hold a place matter: each has an <offset> and a <length> as stored or, where
 * nothing is compressed, a <size>.
 */
static uint64_t
xar_heap_used(const struct view *toc)
{
	struct place place = {0};
	uint64_t used = 0, at = 0, end;
	while (view_find(toc, at, "<", 1, &at) == 0) {
		at++;
		if (view_has(toc, at, "offset>", 7)) {
			place.offset = xar_number(toc, at + 7);
			place.has_offset = true;
		} else if (view_has(toc, at, "length>", 7)) {
			place.length = xar_number(toc, at + 7);
			place.has_length = true;
		} else if (view_has(toc, at, "size>", 5)) {
			place.size = xar_number(toc, at + 5);
		} else if (xar_holds_place(toc, at)) {
			place = (struct place){0};
		} else if (view_has(toc, at, "/", 1) && xar_holds_place(toc, at + 1)) {
			uint64_t length = place.has_length ? place.length : place.size;
			if (sum_u64(place.offset, length, &end) == -1)
				end = UINT64_MAX;
			if (place.has_offset && end > used)
				used = end;
			place = (struct place){0};
		}
	}
	return used;
}

/* Inflate the table of contents (header: compressed length, then the full one). */
static int
xar_toc(const struct view *view, struct buf *toc, struct err *err)
{
	uint16_t header;
	uint64_t heap, size;
	struct view packed;
	if (xar_heap(view, &header, &heap) == -1 || view_u64be(view, 16, &size) == -1 ||
	    view_sub(view, header, heap - header, &packed) == -1)
		return err_set(err, ERR_INPUT, "xar header is malformed");
	if (size > TOC_MOST)
		return err_set(err, ERR_LIMIT,
			       "xar table of contents is larger than %d bytes",
			       TOC_MOST);
	buf_zeros(toc, (size_t)size);
	uLongf got = (uLongf)size;
	if (uncompress((Bytef *)toc->data, &got, packed.data, (uLong)packed.size) !=
		Z_OK ||
	    got != size)
		return err_set(err, ERR_INPUT, "xar table of contents is damaged");
	return 0;
}

/* Signatures stand in the heap too; what the table does not name follows it. */
static int
xar_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct buf toc = {0};
	uint16_t header;
	uint64_t end = 0;
	int answer = xar_toc(view, &toc, err);
	if (answer == 0)
		answer = xar_heap(view, &header, &end);
	struct view text = view_of_buf(&toc);
	if (answer == 0 && sum_u64(end, xar_heap_used(&text), &end) == -1)
		end = UINT64_MAX;
	if (answer == 0)
		answer = archive_note_trailing("xar", view, end, sink, err);
	buf_free(&toc);
	return answer;
}

/* libarchive knows MD5 and SHA-1 as checksums of the table, and refuses others. Nothing
 * is taken for true because a checksum says so: it is shown that there is none. */
static size_t
xar_head(const struct view *view, uint8_t head[CONTAINER_HEAD])
{
	uint32_t algorithm = 0;
	struct view part;
	if (view_u32be(view, HEADER_SIZE - 4, &algorithm) == -1 ||
	    algorithm <= CHECKSUM_MD5 || view_sub(view, 0, HEADER_SIZE, &part) == -1)
		return 0;
	memcpy(head, part.data, HEADER_SIZE - 4);
	memset(head + HEADER_SIZE - 4, 0, 4);
	return HEADER_SIZE;
}

static const struct container xar = {
    .head = xar_head,
    .name = "xar",
    .enable = archive_read_support_format_xar,
    .owners = true,
    .notes = xar_notes,
};

/* By magic, header size and version: one that is cut off in its table is one all the
 * same, and cannot be looked into. */
static enum probe_answer
xar_probe(const struct view *view)
{
	uint16_t header = 0, version = 0;
	return view_has(view, 0, "xar!", 4) && view_u16be(view, 4, &header) == 0 &&
		       view_u16be(view, 6, &version) == 0 && header >= HEADER_SIZE &&
		       version == 1
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
