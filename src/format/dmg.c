/*
 * Disk images of macOS (UDIF): runs of compressed blocks, a property list that says
 * where each belongs, perhaps a code signature, and a trailer. Nobody has published the
 * format; the fields are those that every reader agrees on. All numbers are big-endian.
 *
 *     data fork | property list | code signature | trailer "koly" (512)
 *
 * What file system is inside, and which files, is not read here.
 */
#include "format/format_private.h"

enum {
	TRAILER_SIZE = 512,
	DATA_OFFSET = 24, /* in the trailer: offset and length, 8 bytes each */
	LIST_OFFSET = 216,
	SIGNATURE_OFFSET = 296,
};

static const char trailer_name[] = "trailer";

/* A part that the trailer names. */
struct part {
	uint64_t offset, length, end;
};

static enum probe_answer
dmg_probe(const struct view *view)
{
	/* magic, version 4, its own size */
	static const uint8_t fixed[] = {'k', 'o', 'l', 'y', 0, 0, 0, 4, 0, 0, 2, 0};
	return view->size >= TRAILER_SIZE &&
		       view_has(view, view->size - TRAILER_SIZE, fixed, sizeof(fixed))
		   ? PROBE_SURE
		   : PROBE_NO;
}

static struct part
dmg_part(const struct view *view, uint64_t field)
{
	struct part part = {.offset = 0};
	uint64_t at = view->size - TRAILER_SIZE + field;
	view_u64be(view, at, &part.offset);
	view_u64be(view, at + 8, &part.length);
	if (sum_u64(part.offset, part.length, &part.end) == -1)
		part.end = UINT64_MAX;
	return part;
}

static void
map_trailer(const struct view *view, struct map *map)
{
	static const struct layout_field fields[] = {{0, "magic"},
						     {4, "version"},
						     {8, "size"},
						     {12, "flags"},
						     {16, "running offset"},
						     {24, "data fork offset"},
						     {32, "data fork length"},
						     {40, "resource fork offset"},
						     {48, "resource fork length"},
						     {56, "segment"},
						     {64, "segment id"},
						     {80, "data checksum"},
						     {216, "property list offset"},
						     {224, "property list length"},
						     {232, "reserved"},
						     {296, "code signature offset"},
						     {304, "code signature length"},
						     {312, "reserved"},
						     {352, "checksum"},
						     {488, "image variant"},
						     {492, "sectors"},
						     {500, "reserved"},
						     {0, NULL}};
	static const struct layout layout = {.fields = fields};
	uint64_t at = view->size - TRAILER_SIZE;
	map_add_layout(map, at, at, TRAILER_SIZE, EXTENT_METADATA, trailer_name, NULL,
		       &layout);
}

static int
dmg_map(const struct view *view, struct map *map, struct err *err)
{
	if (dmg_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "no trailer of a disk image");
	uint64_t end = view->size - TRAILER_SIZE;
	struct part data = dmg_part(view, DATA_OFFSET);
	struct part list = dmg_part(view, LIST_OFFSET);
	struct part signature = dmg_part(view, SIGNATURE_OFFSET);
	bool sound = signature.length > 0 && signature.end == end &&
		     signature.offset >= data.end && signature.offset >= list.end;
	map_trailer(view, map);
	map_add(map, signature.offset, signature.length,
		sound ? EXTENT_SIGNATURE : EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"code signature", NULL);
	map_add(map, list.offset, list.length, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"property list", NULL);
	map_add(map, data.offset, data.length, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"data fork", NULL);
	if (data.end > end || list.end > end || signature.end > end)
		return err_set(err, ERR_INPUT,
			       "the trailer names bytes that are not in front of it");
	if ((signature.length > 0 && !sound) ||
	    (signature.length == 0 && signature.offset != 0))
		return err_set(err, ERR_INPUT,
			       "the code signature does not end where the trailer "
			       "begins");
	return 0;
}

/* ---- signatures ----------------------------------------------------------- */

/* Does the trailer name no signature, or one that ends where the trailer begins? */
static int
signature_read(const struct view *view, struct part *signature, struct err *err)
{
	struct map *map = map_new();
	int answer = dmg_map(view, map, err);
	map_free(map);
	if (answer == 0)
		*signature = dmg_part(view, SIGNATURE_OFFSET);
	return answer;
}

/* The rebuilt image, a signature of its own cut away, with the shipped signature
 * between its list and its trailer, which names the place. */
static enum graft_answer
dmg_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct part theirs, ours;
	struct view bytes, trailer = view_from(rebuilt, rebuilt->size - TRAILER_SIZE);
	if (signature_read(shipped, &theirs, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (theirs.length == 0)
		return GRAFT_NONE;
	if (signature_read(rebuilt, &ours, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	uint64_t end = ours.length != 0 ? ours.offset : rebuilt->size - TRAILER_SIZE;
	view_sub(shipped, theirs.offset, theirs.length, &bytes);
	buf_append(&graft->bytes, rebuilt->data, (size_t)end);
	buf_append(&graft->bytes, bytes.data, (size_t)bytes.size);
	size_t at = graft->bytes.size + SIGNATURE_OFFSET;
	buf_append(&graft->bytes, trailer.data, TRAILER_SIZE);
	view_sub(shipped, shipped->size - TRAILER_SIZE + SIGNATURE_OFFSET, 16, &bytes);
	memcpy(graft->bytes.data + at, bytes.data, 16);
	if (ours.length != 0)
		strings_addf(&graft->steps,
			     "code signature: %ju bytes cut from the rebuilt file",
			     (uintmax_t)ours.length);
	strings_addf(&graft->steps, "code signature: %ju bytes from the shipped file",
		     (uintmax_t)theirs.length);
	strings_add(&graft->steps, "trailer: offset and length of the code signature");
	return GRAFT_DONE;
}

/* Images of bzip2 runs begin as a file of bzip2 does. */
const struct format format_dmg = {
    .name = "dmg",
    .title = "macOS disk image",
    .refines = "bzip2",
    .sealed = true,
    .probe = dmg_probe,
    .map = dmg_map,
    .graft = dmg_graft,
};
