/*
 * Java modules, .jmod (JDK, jdk.internal.jmod.JmodFile): four bytes, then a zip archive
 * whose offsets count from behind them.
 *
 *	"JM" 1 0  zip archive
 */
#include "format/zip_private.h"

enum { JMOD_HEADER = 4 };

/* The sink of the jmod, for a zip that begins behind its header. */
struct behind {
	const struct member_sink *sink;
};

static int
behind_begin(void *context, const struct member *member, struct err *err)
{
	const struct behind *behind = context;
	return behind->sink->begin(behind->sink->context, member, err);
}

static int
behind_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	const struct behind *behind = context;
	return behind->sink->slice(behind->sink->context, offset + JMOD_HEADER, length,
				   err);
}

static int
behind_data(void *context, const void *bytes, size_t count, struct err *err)
{
	const struct behind *behind = context;
	return behind->sink->data(behind->sink->context, bytes, count, err);
}

static int
behind_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	    struct err *err)
{
	const struct behind *behind = context;
	return behind->sink->note(behind->sink->context, kind, offset + JMOD_HEADER,
				  text, err);
}

static int
jmod_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct view archive = view_from(view, JMOD_HEADER);
	struct behind behind = {sink};
	const struct member_sink moved = {&behind, behind_begin, behind_slice,
					  behind_data, behind_note};
	return format_zip.members(&archive, &moved, err);
}

static int
jmod_map(const struct view *view, struct map *map, struct err *err)
{
	struct view archive = view_from(view, JMOD_HEADER);
	struct map *inner = map_new();
	int result = format_zip.map(&archive, inner, err);
	map_finish(inner, archive.size);
	map_add(map, 0, JMOD_HEADER, EXTENT_METADATA, EXTENT_NO_MEMBER, "jmod header",
		NULL);
	for (size_t i = 0; i < inner->count; i++) {
		const struct extent *one = &inner->extents[i];
		map_add_part(map, one->base + JMOD_HEADER, one->offset + JMOD_HEADER,
			     one->length, one->tag, one->member, one->name,
			     one->detail);
	}
	map_free(inner);
	return result;
}

static enum probe_answer
jmod_probe(const struct view *view)
{
	return view_has(view, 0, "JM\1\0PK\3\4", 8) ? PROBE_SURE : PROBE_NO;
}

const struct format format_jmod = {
    .name = "jmod",
    .title = "Java module",
    .refines = "zip",
    .probe = jmod_probe,
    .members = jmod_members,
    .map = jmod_map,
};
