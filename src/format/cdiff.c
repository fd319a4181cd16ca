/*
 * Updates of ClamAV virus databases, as sigtool writes them:
 *
 *     "ClamAV-Diff:" version ":" size of the script ":" | script, compressed with gzip
 * |
 *     ":" digital signature
 *
 * The signature's colon is the last one of the file. What is compressed may hold
 * colons.
 */
#include "format/record_private.h"

static const char magic[] = "ClamAV-Diff:";

enum {
	MAGIC_SIZE = sizeof(magic) - 1,
	NUMBER_MOST = 20,
	SIGNATURE_MOST = 350, /* bytes from the end that freshclam looks at */
};

struct cdiff {
	uint64_t size; /* where the field with the script's size starts */
	uint64_t script, script_end;
};

static enum probe_answer
cdiff_probe(const struct view *view)
{
	return view_has(view, 0, magic, MAGIC_SIZE) ? PROBE_SURE : PROBE_NO;
}

/* The number at `at` up to a colon; *end is behind that. */
static int
read_field(const struct view *view, uint64_t at, uint64_t *end)
{
	uint64_t value, colon;
	if (view_find(view, at, ":", 1, &colon) == -1 || colon == at ||
	    colon - at > NUMBER_MOST ||
	    record_number(view, at, (size_t)(colon - at), 10, &value) == -1)
		return -1;
	*end = colon + 1;
	return 0;
}

static int
cdiff_read(const struct view *view, struct cdiff *cdiff, struct err *err)
{
	if (cdiff_probe(view) != PROBE_SURE ||
	    read_field(view, MAGIC_SIZE, &cdiff->size) == -1 ||
	    read_field(view, cdiff->size, &cdiff->script) == -1)
		return err_set(err, ERR_INPUT, "header of the update is malformed");
	for (uint64_t at = view->size; at > cdiff->script; at--) {
		if (view->size - at > SIGNATURE_MOST)
			break;
		if (view_has(view, at - 1, ":", 1)) {
			cdiff->script_end = at - 1;
			return 0;
		}
	}
	return err_set(err, ERR_INPUT,
		       "the update has no digital signature at its end");
}

static int
cdiff_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct cdiff cdiff = {0};
	const struct member member = {.path = "script.gz", .type = MEMBER_FILE};
	if (cdiff_read(view, &cdiff, err) == -1)
		return -1;
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	return sink->slice(sink->context, cdiff.script, cdiff.script_end - cdiff.script,
			   err);
}

static int
cdiff_map(const struct view *view, struct map *map, struct err *err)
{
	struct cdiff cdiff = {0};
	if (cdiff_read(view, &cdiff, err) == -1)
		return -1;
	map_add(map, 0, MAGIC_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"cdiff header magic", NULL);
	map_add(map, MAGIC_SIZE, cdiff.size - MAGIC_SIZE, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "cdiff header version", NULL);
	map_add(map, cdiff.size, cdiff.script - cdiff.size, EXTENT_DERIVED,
		EXTENT_NO_MEMBER, "cdiff header size", NULL);
	map_add(map, cdiff.script, cdiff.script_end - cdiff.script, EXTENT_CONTENT, 0,
		"content", NULL);
	map_add(map, cdiff.script_end, view->size - cdiff.script_end, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "cdiff digital signature", NULL);
	return 0;
}

const struct format format_cdiff = {
    .name = "cdiff",
    .title = "ClamAV database update",
    .probe = cdiff_probe,
    .members = cdiff_members,
    .map = cdiff_map,
};
