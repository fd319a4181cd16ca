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

/* Is what stands behind the last colon a number in ClamAV's letters? */
static bool
is_plain(const struct view *view, const struct cdiff *cdiff)
{
	uint64_t at = cdiff->script_end + 1;
	uint8_t byte;
	for (uint64_t i = at; view_u8(view, i, &byte) == 0; i++) {
		if (!(byte >= 'a' && byte <= 'z') && !(byte >= 'A' && byte <= 'Z') &&
		    !(byte >= '0' && byte <= '9') && byte != '+' && byte != '/')
			return false;
	}
	return at < view->size && !(view->size - at == 1 && view_has(view, at, "X", 1));
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
	map_add(map, cdiff.script_end, view->size - cdiff.script_end,
		is_plain(view, &cdiff) ? EXTENT_SIGNATURE : EXTENT_METADATA,
		EXTENT_NO_MEMBER, "cdiff digital signature", NULL);
	return 0;
}

/* The rebuilt update ends with its script, or with a signature of its own. */
static enum graft_answer
cdiff_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	    struct err *err)
{
	struct cdiff theirs = {0}, ours = {0};
	struct err trouble = {0};
	*graft = (struct graft){0};
	if (cdiff_read(shipped, &theirs, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	uint64_t letters = shipped->size - theirs.script_end - 1;
	if (letters == 0 ||
	    (letters == 1 && view_has(shipped, shipped->size - 1, "X", 1)))
		return GRAFT_NONE;
	if (!is_plain(shipped, &theirs)) {
		err_set(err, ERR_INPUT,
			"the digital signature of the shipped file has not the form "
			"of one");
		return GRAFT_FAILED;
	}
	/* what is compressed may end like a signature: the shipped script's length
	 * tells */
	if (rebuilt->size == theirs.script_end ||
	    cdiff_read(rebuilt, &ours, &trouble) == -1)
		ours.script_end = rebuilt->size;
	struct view signature = view_from(shipped, theirs.script_end);
	buf_append(&graft->bytes, rebuilt->data, (size_t)ours.script_end);
	buf_append(&graft->bytes, signature.data, (size_t)signature.size);
	strings_addf(&graft->steps,
		     "digital signature at the end: %ju bytes from the shipped file",
		     (uintmax_t)signature.size);
	return GRAFT_DONE;
}

const struct format format_cdiff = {
    .name = "cdiff",
    .title = "ClamAV database update",
    .probe = cdiff_probe,
    .members = cdiff_members,
    .map = cdiff_map,
    .graft = cdiff_graft,
};
