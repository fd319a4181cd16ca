/* Fields whose meaning the format gives: identities, times, owners, hosts. */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	LINKS_MOST = 5000, /* files looked up in one document */
	NAME_MOST = 255,
};

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* ---- identities ------------------------------------------------------ */

/* Digests over a file that only its linker can make again. */
static const struct {
	const char *extent, *detail; /* in the map; NULL: any */
	const char *name, *evidence;
} identities[] = {
    {NULL, "GNU NT_GNU_BUILD_ID", "build-id",
     "a digest that the linker makes over the file"},
    {NULL, "Go build id", "build-id", "a digest that the linker makes over the file"},
    {".note.gnu.build-id", NULL, "build-id",
     "a digest that the linker makes over the file"},
    {NULL, "CRC of the debug file", "debug link",
     "the CRC-32 of the file with the debug data, which is not at hand"},
    {".gnu_debuglink", NULL, "debug link",
     "the CRC-32 of the file with the debug data, which is not at hand"},
    {"LC_UUID", NULL, "LC_UUID", "a digest that the linker makes over the file"},
};

static bool
matches(const struct extent *extent, size_t row)
{
	const char *name = identities[row].extent, *detail = identities[row].detail;
	return extent != NULL && (name == NULL || strcmp(name, extent->name) == 0) &&
	       (detail == NULL ||
		(extent->detail != NULL && strcmp(detail, extent->detail) == 0));
}

bool
cause_identity(struct scene *scene, struct difference *one)
{
	const struct extent *shipped = scene_extent(scene, 0, one);
	const struct extent *rebuilt = scene_extent(scene, 1, one);
	for (size_t i = 0; i < ARRAY_COUNT(identities); i++) {
		if (matches(shipped, i) && matches(rebuilt, i))
			return cause_say(one, CAUSE_FOLLOWS, identities[i].name, "%s",
					 identities[i].evidence);
	}
	return false;
}

/* Is the CRC-32 behind the name in .gnu_debuglink that of the file of that name (GDB
 * manual, "Separate Debug Files")? */
static bool
link_is_right(const struct scene *scene, size_t which, const struct extent *extent,
	      node_id *node)
{
	const struct scene_side *side = &scene->sides[which];
	struct mapping mapping;
	struct err ignored = {0};
	const char *name;
	uint32_t little = 0, big = 0;
	if (side->tree == NULL || scene->comparison->lookups++ >= LINKS_MOST ||
	    view_string(&side->view, extent->base, NAME_MOST, &name) == -1 ||
	    !path_is_plain(name) ||
	    view_u32le(&side->view, extent->offset, &little) == -1 ||
	    view_u32be(&side->view, extent->offset, &big) == -1)
		return false;
	*node = cause_find_file(side->tree, side->node, name);
	if (*node == NODE_NONE || !node_is_whole(side->tree, *node) ||
	    tree_map(side->tree, *node, &mapping, &ignored) == -1)
		return false;
	uint32_t crc =
	    (uint32_t)crc32_z(0, mapping.view.data, (size_t)mapping.view.size);
	mapping_close(&mapping);
	return crc == little || crc == big;
}

bool
cause_debug_link(struct scene *scene, struct difference *one)
{
	const struct extent *shipped = scene_extent(scene, 0, one);
	const struct extent *rebuilt = scene_extent(scene, 1, one);
	node_id node = NODE_NONE, other = NODE_NONE;
	if (shipped == NULL || rebuilt == NULL || shipped->detail == NULL ||
	    rebuilt->detail == NULL ||
	    strcmp(shipped->detail, "CRC of the debug file") != 0 ||
	    strcmp(rebuilt->detail, shipped->detail) != 0 ||
	    !link_is_right(scene, 0, shipped, &node) ||
	    !link_is_right(scene, 1, rebuilt, &other) ||
	    !cause_say(one, CAUSE_DERIVED, "debug link",
		       "the CRC-32 of the file with the debug data"))
		return false;
	one->cause.proved = one->cause.listed = true;
	one->cause.source = node;
	one->cause.follows_from = tree_path(scene->sides[0].tree, node);
	one->cause.proof = base_strdup(
	    "recomputed over that file on each side: both values are right");
	return true;
}

/* ---- fields by name -------------------------------------------------- */

static bool
seconds_text(int64_t seconds, char text[TIME_TEXT])
{
	static const int64_t first = 631152000; /* 1990-01-01 */
	if (seconds < first || seconds > cause_latest())
		return false;
	time_text(seconds, text);
	return true;
}

/* The 32-bit number of a side as a time, or as what it is. */
static void
number_text(const struct view *view, uint64_t offset, bool big, char text[TIME_TEXT])
{
	uint32_t value = 0;
	if (big)
		view_u32be(view, offset, &value);
	else
		view_u32le(view, offset, &value);
	if (!seconds_text(value, text))
		snprintf(text, TIME_TEXT, "0x%08x", value);
}

enum shape { SHAPE_NONE, SHAPE_U32LE, SHAPE_U32BE };

/* What the maps of formats call them, whole or by their end. */
static const struct field_cause {
	const char *extent;
	const char *name, *evidence;
	enum shape shape; /* a time that the evidence shows */
} fields[] = {
    {"COFF header TimeDateStamp", "PE time stamp", "the time of linking", SHAPE_U32LE},
    {"gzip MTIME", "container times", "the time of the compressed file", SHAPE_U32LE},
    {"rpm header build time", "build time", "the time of packaging", SHAPE_U32BE},
    {"rpm header build host", "build host", "the name of the machine", SHAPE_NONE},
    {"rpm header cookie", "build host", "name of the machine and time", SHAPE_NONE},
    {" mtime", "container times", "the time of a member", SHAPE_NONE},
    {" creation time", "container times", "when the container was made", SHAPE_NONE},
    {" modification time", "container times", "when the container was changed",
     SHAPE_NONE},
    {" access time", "container times", "when a member was read", SHAPE_NONE},
    {" attribute time", "container times", "when a member's record was changed",
     SHAPE_NONE},
    {" inode", "inode numbers", "where a member lay on the builder's disk", SHAPE_NONE},
    {" file system", "inode numbers", "the builder's file system", SHAPE_NONE},
    {" file system major", "inode numbers", "the builder's file system", SHAPE_NONE},
    {" file system minor", "inode numbers", "the builder's file system", SHAPE_NONE},
};

static bool
say_field(const struct scene *scene, struct difference *one,
	  const struct field_cause *row)
{
	char shipped[TIME_TEXT], rebuilt[TIME_TEXT];
	bool big = row->shape == SHAPE_U32BE;
	const struct extent *a = scene_extent(scene, 0, one);
	const struct extent *b = scene_extent(scene, 1, one);
	if (row->shape == SHAPE_NONE || a == NULL || b == NULL)
		return cause_say(one, CAUSE_TYPED, row->name, "%s", row->evidence);
	number_text(&scene->sides[0].view, a->offset, big, shipped);
	number_text(&scene->sides[1].view, b->offset, big, rebuilt);
	return cause_say(one, CAUSE_TYPED, row->name, "%s: %s, rebuilt %s",
			 row->evidence, shipped, rebuilt);
}

/* Entries of 28 bytes, TimeDateStamp behind Characteristics (PE/COFF "Debug
 * Directory"); GUID and age behind "RSDS". */
static bool
pe_debug(const struct scene *scene, struct difference *one)
{
	for (size_t side = 0; side < 2; side++) {
		const struct extent *extent = scene_extent(scene, side, one);
		if (extent == NULL)
			return false;
		uint64_t into = difference_offset(one, side) - extent->offset;
		uint64_t end = into + difference_length(one, side);
		if (strcmp(extent->name, "CodeView record") == 0) {
			if (into < 4 || end > 24)
				return false;
		} else if (strcmp(extent->name, "debug directory") != 0 ||
			   into / 28 != (end - 1) / 28 || into % 28 < 4 ||
			   (end - 1) % 28 >= 8) {
			return false;
		}
	}
	if (scene_named(scene, one, "CodeView record"))
		return cause_say(one, CAUSE_TYPED, "CodeView identity",
				 "GUID and age that tie the image to its debug file");
	return scene_named(scene, one, "debug directory") &&
	       cause_say(one, CAUSE_TYPED, "PE time stamp",
			 "a time of the debug directory");
}

bool
cause_field(struct scene *scene, struct difference *one)
{
	const struct extent *extent = scene_extent(scene, 0, one);
	if (one->kind == DIFFERENCE_ORDER)
		return cause_say(one, CAUSE_TYPED, "order",
				 "the same members stand in another order");
	if (one->kind == DIFFERENCE_METADATA && strcmp(one->field, "mtime") == 0)
		return cause_say(one, CAUSE_TYPED, "container times",
				 "the time of a member");
	const char *name = extent != NULL ? extent->name : one->field;
	if (name == NULL || one->kind == DIFFERENCE_METADATA ||
	    (extent != NULL && !scene_named(scene, one, name)))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		bool whole = fields[i].extent[0] != ' ';
		if (whole ? strcmp(name, fields[i].extent) == 0
			  : ends_with(name, fields[i].extent))
			return say_field(scene, one, &fields[i]);
	}
	return pe_debug(scene, one);
}

/* ---- owners and modes ------------------------------------------------ */

/* Modes that only a umask of 022 against one of 002 or 0 makes differ: never a bit of
 * the owner's, never setuid and its like. */
static bool
umask_modes(const struct difference *one)
{
	unsigned long shipped = strtoul(one->shipped, NULL, 8);
	unsigned long rebuilt = strtoul(one->rebuilt, NULL, 8);
	unsigned long apart = shipped ^ rebuilt;
	bool subset = (shipped & rebuilt) == shipped || (shipped & rebuilt) == rebuilt;
	return apart != 0 && (apart & ~022UL) == 0 && subset;
}

bool
cause_owner(struct scene *scene, struct difference *one)
{
	static const char *const owners[] = {"uid", "gid", "user", "group"};
	(void)scene;
	if (one->kind != DIFFERENCE_METADATA || one->field == NULL ||
	    one->shipped == NULL || one->rebuilt == NULL)
		return false;
	if (strcmp(one->field, "mode") == 0 && umask_modes(one))
		return cause_say(one, CAUSE_TYPED, "umask",
				 "%s and %s differ only in who else may write",
				 one->shipped, one->rebuilt);
	for (size_t i = 0; i < ARRAY_COUNT(owners); i++) {
		if (strcmp(one->field, owners[i]) == 0)
			return cause_say(one, CAUSE_TYPED, "owner",
					 "who owned the files when they were packed");
	}
	return false;
}

/* ---- extra fields of a zip ------------------------------------------- */

/* The block at *at of an extra field; moves *at behind it (APPNOTE 4.5.1). */
static bool
extra_block(const struct view *extra, uint64_t *at, uint16_t *id, struct view *data)
{
	uint16_t size;
	if (view_u16le(extra, *at, id) == -1 ||
	    view_u16le(extra, *at + 2, &size) == -1 ||
	    view_sub(extra, *at + 4, size, data) == -1)
		return false;
	*at += 4 + (uint64_t)size;
	return true;
}

/* Blocks that hold times and nothing else: NTFS and Info-ZIP's (APPNOTE 4.6.1). */
static bool
is_time_block(uint16_t id)
{
	return id == 0x000a || id == 0x5455;
}

static bool
only_times_differ(const struct view *shipped, const struct view *rebuilt)
{
	uint64_t a = 0, b = 0;
	while (a < shipped->size && b < rebuilt->size) {
		uint16_t one, other;
		struct view left, right;
		if (!extra_block(shipped, &a, &one, &left) ||
		    !extra_block(rebuilt, &b, &other, &right) || one != other ||
		    left.size != right.size ||
		    (!is_time_block(one) && !view_equal(&left, &right)))
			return false;
	}
	return a == shipped->size && b == rebuilt->size;
}

bool
cause_extra_times(struct scene *scene, struct difference *one)
{
	struct view shipped, rebuilt;
	const struct extent *a = scene_extent(scene, 0, one);
	const struct extent *b = scene_extent(scene, 1, one);
	return a != NULL && b != NULL && ends_with(a->name, " header extra") &&
	       scene_named(scene, one, a->name) &&
	       view_sub(&scene->sides[0].view, a->offset, a->length, &shipped) == 0 &&
	       view_sub(&scene->sides[1].view, b->offset, b->length, &rebuilt) == 0 &&
	       only_times_differ(&shipped, &rebuilt) &&
	       cause_say(one, CAUSE_TYPED, "container times",
			 "the times in a member's extra field");
}
