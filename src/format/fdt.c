/*
 * Flattened device trees and the FIT images of U-Boot that are made of them: the
 * Devicetree Specification 0.4, chapter 5, version 17; doc/usage/fit of U-Boot. Numbers
 * are big-endian.
 *
 *	header (40)  memory reservations  structure  strings  [ FIT: external data ]
 *
 * A tree is a leaf whose bytes are named by their property; a FIT image also holds the
 * data of each node below /images.
 */
#include "format/format_private.h"

enum {
	FDT_HEADER = 40,
	FDT_VERSION = 17,
	FDT_BEGIN = 1, /* 5.4.1: tokens */
	FDT_END_NODE = 2,
	FDT_PROPERTY = 3,
	FDT_NOP = 4,
	FDT_END = 9,
	NAME_MOST = 255,
	DEPTH_MOST = 64,
	PATH_MOST = 1024,
	LOOK_MOST = 4096,     /* tokens that a probe looks at */
	NAMES_MOST = 8 << 20, /* bytes of names in a map */
};

#define IMAGES "/images/"

struct fdt {
	uint32_t size, structure, strings, reserved, version, compatible;
	uint32_t strings_size, structure_size;
};

/* What a walk over the structure comes by. */
struct fdt_walk {
	const struct view *view;
	const struct fdt *fdt;
	uint64_t at, end;
	struct buf path; /* of the node, "" for the root */
	size_t lengths[DEPTH_MOST];
	size_t depth; /* of open nodes */
	/* the last token */
	uint32_t token;
	uint64_t start;   /* where it stands */
	const char *name; /* of a property */
	uint64_t value;
	uint32_t size;
};

static bool
fdt_is(const struct view *view)
{
	return view->size >= FDT_HEADER && view_has(view, 0, "\xd0\x0d\xfe\xed", 4);
}

static int
fdt_read(const struct view *view, struct fdt *fdt, struct err *err)
{
	*fdt = (struct fdt){0};
	uint32_t *const fields[] = {
	    &fdt->size,     &fdt->structure,    &fdt->strings,
	    &fdt->reserved, &fdt->version,      &fdt->compatible,
	    NULL,           &fdt->strings_size, &fdt->structure_size};
	if (!fdt_is(view))
		return err_set(err, ERR_INPUT, "no device tree header of %d bytes",
			       FDT_HEADER);
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		if (fields[i] != NULL)
			view_u32be(view, 4 + 4 * i, fields[i]);
	}
	if (fdt->version < FDT_VERSION || fdt->compatible > FDT_VERSION)
		return err_set(err, ERR_UNSUPPORTED, "device tree version %ju",
			       (uintmax_t)fdt->version);
	uint64_t structure_end = (uint64_t)fdt->structure + fdt->structure_size;
	uint64_t strings_end = (uint64_t)fdt->strings + fdt->strings_size;
	if (fdt->size > view->size || structure_end > fdt->size ||
	    strings_end > fdt->size || fdt->structure % 4 != 0)
		return err_set(err, ERR_INPUT,
			       "the device tree's header leads out of its %ju bytes",
			       (uintmax_t)view->size);
	return 0;
}

/* ---- the walk -------------------------------------------------------- */

static void
walk_start(struct fdt_walk *walk, const struct view *view, const struct fdt *fdt)
{
	*walk = (struct fdt_walk){
	    .view = view,
	    .fdt = fdt,
	    .at = fdt->structure,
	    .end = (uint64_t)fdt->structure + fdt->structure_size,
	};
	buf_puts(&walk->path, "");
}

static int
walk_malformed(const struct fdt_walk *walk, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "the device tree's structure is malformed at offset %ju",
		       (uintmax_t)walk->start);
}

static int
enter_node(struct fdt_walk *walk, struct err *err)
{
	const char *name;
	if (view_string(walk->view, walk->at, NAME_MOST, &name) == -1 ||
	    walk->depth == DEPTH_MOST || walk->path.size > PATH_MOST)
		return walk_malformed(walk, err);
	walk->at += (strlen(name) + 4) & ~(uint64_t)3;
	walk->lengths[walk->depth++] = walk->path.size;
	if (walk->depth > 1) {
		buf_puts(&walk->path, "/");
		buf_puts(&walk->path, name);
	}
	return walk->at <= walk->end ? 1 : walk_malformed(walk, err);
}

static int
read_property(struct fdt_walk *walk, struct err *err)
{
	uint32_t name;
	struct view strings;
	if (view_u32be(walk->view, walk->at, &walk->size) == -1 ||
	    view_u32be(walk->view, walk->at + 4, &name) == -1 || walk->depth == 0 ||
	    view_sub(walk->view, walk->fdt->strings, walk->fdt->strings_size,
		     &strings) == -1 ||
	    view_string(&strings, name, NAME_MOST, &walk->name) == -1)
		return walk_malformed(walk, err);
	walk->value = walk->at + 8;
	walk->at = walk->value + (((uint64_t)walk->size + 3) & ~(uint64_t)3);
	return walk->at <= walk->end ? 1 : walk_malformed(walk, err);
}

static int
leave_node(struct fdt_walk *walk, struct err *err)
{
	if (walk->depth == 0)
		return walk_malformed(walk, err);
	walk->path.size = walk->lengths[--walk->depth];
	walk->path.data[walk->path.size] = '\0';
	return 1;
}

/* 1: `token` is the next one; 0: the end; -1: malformed. */
static int
walk_next(struct fdt_walk *walk, struct err *err)
{
	walk->start = walk->at;
	if (walk->at + 4 > walk->end ||
	    view_u32be(walk->view, walk->at, &walk->token) == -1)
		return walk_malformed(walk, err);
	walk->at += 4;
	switch (walk->token) {
	case FDT_BEGIN:
		return enter_node(walk, err);
	case FDT_END_NODE:
		return leave_node(walk, err);
	case FDT_PROPERTY:
		return read_property(walk, err);
	case FDT_NOP:
		return 1;
	case FDT_END:
		return walk->depth == 0 ? 0 : walk_malformed(walk, err);
	default:
		return walk_malformed(walk, err);
	}
}

static void
walk_end(struct fdt_walk *walk)
{
	buf_free(&walk->path);
}

/* Is the open node an image, a child of /images? */
static bool
in_image(const struct fdt_walk *walk)
{
	return walk->depth == 3 &&
	       strncmp(walk->path.data, IMAGES, strlen(IMAGES)) == 0;
}

/* ---- the images of a FIT --------------------------------------------- */

/* Where an image's data is: in its property, or behind the tree. */
struct image {
	char *path;
	uint64_t node; /* offset of it */
	bool inside, outside, sized, relative, there;
	uint64_t offset, size;
};

struct images {
	struct image *items;
	size_t count, room;
};

static void
images_add(struct images *images, const struct fdt_walk *walk)
{
	if (images->count == images->room) {
		images->room = images->room ? 2 * images->room : 8;
		images->items =
		    base_realloc(images->items, images->room, sizeof(*images->items));
	}
	images->items[images->count++] = (struct image){
	    .path = base_strdup(walk->path.data + 1), .node = walk->start};
}

static void
images_free(struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		free(images->items[i].path);
	free(images->items);
}

/* What a property says of the image's data. */
static void
image_property(const struct fdt_walk *walk, struct image *image)
{
	uint32_t number = 0;
	if (strcmp(walk->name, "data") == 0) {
		image->inside = true;
		image->offset = walk->value;
		image->size = walk->size;
	}
	if (image->inside || walk->size != 4 ||
	    view_u32be(walk->view, walk->value, &number) == -1)
		return;
	if (strcmp(walk->name, "data-size") == 0) {
		image->sized = true;
		image->size = number;
	} else if (strcmp(walk->name, "data-position") == 0 ||
		   strcmp(walk->name, "data-offset") == 0) {
		image->outside = true;
		image->relative = strcmp(walk->name, "data-offset") == 0;
		image->offset = number;
	}
}

/* External data counts from the end of the tree, filled up to four bytes. */
static void
image_settle(const struct fdt *fdt, const struct view *view, struct image *image)
{
	struct view part;
	if (!image->inside && !(image->outside && image->sized))
		return;
	if (!image->inside && image->relative)
		image->offset += ((uint64_t)fdt->size + 3) & ~(uint64_t)3;
	image->there = view_sub(view, image->offset, image->size, &part) == 0;
}

/* Find all images; those before a malformed place stand. */
static int
images_find(const struct fdt *fdt, const struct view *view, struct images *images,
	    struct err *err)
{
	struct fdt_walk walk;
	int answer;
	*images = (struct images){0};
	walk_start(&walk, view, fdt);
	while ((answer = walk_next(&walk, err)) == 1) {
		if (walk.token == FDT_BEGIN && in_image(&walk))
			images_add(images, &walk);
		else if (walk.token == FDT_PROPERTY && in_image(&walk))
			image_property(&walk, &images->items[images->count - 1]);
	}
	for (size_t i = 0; i < images->count; i++)
		image_settle(fdt, view, &images->items[i]);
	walk_end(&walk);
	return answer;
}

static int
send_image(const struct image *image, const struct member_sink *sink, struct err *err)
{
	const struct member member = {.path = image->path, .type = MEMBER_FILE};
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	if (!image->inside && !image->outside)
		return format_note(sink, NOTE_REMARK, image->node, err,
				   "an image without data");
	if (!image->there)
		return format_note(sink, NOTE_UNDECIDED, image->node, err,
				   "the image's data is not in the file");
	return sink->slice(sink->context, image->offset, image->size, err);
}

/* ---- the map --------------------------------------------------------- */

static const struct {
	uint16_t offset;
	const char *name;
} header_fields[] = {
    {0, "fdt header magic"},
    {4, "fdt header size"},
    {8, "fdt header structure offset"},
    {12, "fdt header strings offset"},
    {16, "fdt header reservations offset"},
    {20, "fdt header version"},
    {24, "fdt header compatible version"},
    {28, "fdt header boot processor"},
    {32, "fdt header strings size"},
    {36, "fdt header structure size"},
};

/* The image whose data a property is, or EXTENT_NO_MEMBER. Values come in order:
 * `next` only goes on. */
static uint32_t
image_of(const struct images *images, uint64_t offset, size_t *next)
{
	while (*next < images->count &&
	       (!images->items[*next].inside || images->items[*next].offset < offset))
		++*next;
	return *next < images->count && images->items[*next].offset == offset
		   ? (uint32_t)*next
		   : EXTENT_NO_MEMBER;
}

static void
map_token(const struct fdt_walk *walk, const struct images *images, struct map *map,
	  size_t *next, size_t *named)
{
	if (walk->token == FDT_BEGIN) {
		char *name = base_format("%s/ node", walk->path.data);
		map_add(map, walk->start, walk->at - walk->start, EXTENT_METADATA,
			EXTENT_NO_MEMBER, name, NULL);
		*named += strlen(name);
		free(name);
	} else if (walk->token == FDT_PROPERTY) {
		char *name = base_format("%s/%s", walk->path.data, walk->name);
		char *header = base_format("%s header", name);
		map_add(map, walk->value, walk->size, EXTENT_CONTENT,
			image_of(images, walk->value, next), name, NULL);
		map_add(map, walk->start, walk->value - walk->start, EXTENT_METADATA,
			EXTENT_NO_MEMBER, header, NULL);
		*named += strlen(name) + strlen(header);
		free(name);
		free(header);
	}
}

static void
map_around(const struct fdt *fdt, const struct view *view, struct map *map)
{
	uint64_t first = fdt->structure < fdt->strings ? fdt->structure : fdt->strings;
	map_add(map, fdt->structure, fdt->structure_size, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "fdt structure", NULL);
	map_add(map, fdt->strings, fdt->strings_size, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"fdt strings", NULL);
	if (fdt->reserved >= FDT_HEADER && fdt->reserved < first)
		map_add(map, fdt->reserved, first - fdt->reserved, EXTENT_METADATA,
			EXTENT_NO_MEMBER, "fdt memory reservations", NULL);
	map_add(map, fdt->size, view->size - fdt->size, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, "trailing bytes", NULL);
}

static int
fdt_map(const struct view *view, struct map *map, struct err *err)
{
	struct fdt fdt;
	struct fdt_walk walk;
	struct images images;
	size_t next = 0, named = 0;
	int answer = 1;
	for (size_t i = 0; i < ARRAY_COUNT(header_fields); i++)
		map_add(map, header_fields[i].offset, 4, EXTENT_METADATA,
			EXTENT_NO_MEMBER, header_fields[i].name, NULL);
	if (fdt_read(view, &fdt, err) == -1)
		return -1;
	images_find(&fdt, view, &images, err);
	for (size_t i = 0; i < images.count; i++) {
		if (images.items[i].there && !images.items[i].inside)
			map_add(map, images.items[i].offset, images.items[i].size,
				EXTENT_CONTENT, (uint32_t)i, "content", NULL);
	}
	walk_start(&walk, view, &fdt);
	while (named < NAMES_MOST && (answer = walk_next(&walk, err)) == 1)
		map_token(&walk, &images, map, &next, &named);
	walk_end(&walk);
	map_around(&fdt, view, map);
	images_free(&images);
	return answer == -1 ? -1 : 0;
}

/* ---- members --------------------------------------------------------- */

/* Bytes behind the tree that are no image's data: three may fill up. */
static int
note_behind(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct map *map = format_map(&format_fit, view, NULL);
	int result = 0;
	for (size_t i = 0; i < map->count && result == 0; i++) {
		const struct extent *extent = &map->extents[i];
		struct view part;
		if (strcmp(extent->name, "trailing bytes") != 0)
			continue;
		view_sub(view, extent->offset, extent->length, &part);
		bool zero = view_is_zero(&part);
		if (!zero || part.size >= 4)
			result = format_note(sink, zero ? NOTE_REMARK : NOTE_SUSPECT,
					     extent->offset, err,
					     "%ju %sbytes behind the tree that are no "
					     "image's data",
					     (uintmax_t)part.size, zero ? "zero " : "");
	}
	map_free(map);
	return result;
}

static int
fit_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct fdt fdt;
	struct images images;
	struct err malformed = {0};
	if (fdt_read(view, &fdt, err) == -1)
		return -1;
	bool whole = images_find(&fdt, view, &images, &malformed) == 0;
	int result = 0;
	for (size_t i = 0; i < images.count && result == 0; i++)
		result = send_image(&images.items[i], sink, err);
	if (result == 0 && !whole) {
		*err = malformed;
		result = -1;
	}
	if (result == 0 && images.count == 0)
		result = format_note(sink, NOTE_UNDECIDED, 0, err, "no members found");
	if (result == 0)
		result = note_behind(view, sink, err);
	images_free(&images);
	return result;
}

/* ---- the rows -------------------------------------------------------- */

static enum probe_answer
fdt_probe(const struct view *view)
{
	return fdt_is(view) ? PROBE_SURE : PROBE_NO;
}

/* A tree with an image among its first nodes; or one that is cut or malformed, which may
 * have had some: as a mere tree nobody would hear that they were not looked into. */
static enum probe_answer
fit_probe(const struct view *view)
{
	struct fdt fdt;
	struct fdt_walk walk;
	struct err err;
	bool found = false;
	int more = 1;
	if (fdt_read(view, &fdt, &err) == -1)
		return fdt_probe(view);
	walk_start(&walk, view, &fdt);
	for (int i = 0; i < LOOK_MOST && !found; i++) {
		more = walk_next(&walk, &err);
		if (more != 1)
			break;
		found = walk.token == FDT_BEGIN && in_image(&walk);
	}
	walk_end(&walk);
	return found || more == -1 ? PROBE_SURE : PROBE_NO;
}

const struct format format_fdt = {
    .name = "fdt",
    .title = "flattened device tree",
    .probe = fdt_probe,
    .map = fdt_map,
};

const struct format format_fit = {
    .name = "fit",
    .title = "U-Boot FIT image",
    .refines = "fdt",
    .probe = fit_probe,
    .members = fit_members,
    .map = fdt_map,
};
