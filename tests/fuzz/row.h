/* What the fuzz targets of container rows share: a row on arbitrary bytes must keep its
 * word, whatever it answers. */
#ifndef VERIFY_FUZZ_ROW_H
#define VERIFY_FUZZ_ROW_H

#include "format/format_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_row {
	const struct view *view;
	bool open;
	bool packed; /* names are stored compressed: they may be longer than the file */
	uint64_t decoded;
};

static int
fuzz_begin(void *context, const struct member *member, struct err *err)
{
	struct fuzz_row *row = context;
	(void)err;
	row->open = true;
	if (member->path == NULL ||
	    (!row->packed && strlen(member->path) > row->view->size + 1))
		abort();
	return 0;
}

static int
fuzz_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct fuzz_row *row = context;
	struct view part;
	(void)err;
	if (!row->open || view_sub(row->view, offset, length, &part) == -1)
		abort();
	return 0;
}

static int
fuzz_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct fuzz_row *row = context;
	(void)bytes;
	row->decoded += count;
	if (!row->open)
		abort();
	return row->decoded > 1 << 24 ? err_set(err, ERR_LIMIT, "enough") : 0;
}

static int
fuzz_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	  struct err *err)
{
	struct buf raw = {0};
	(void)context;
	(void)kind;
	(void)offset;
	(void)err;
	if (text_unshow(text, &raw) == -1)
		abort(); /* notes are shown text */
	buf_free(&raw);
	return 0;
}

/* List what is in it: a failure says why. */
static inline void
fuzz_members(const struct format *format, const struct view *view, bool packed)
{
	struct fuzz_row row = {.view = view, .packed = packed};
	const struct member_sink sink = {&row, fuzz_begin, fuzz_slice, fuzz_data,
					 fuzz_note};
	struct err err = {0};
	if (format->members(view, &sink, &err) == -1 &&
	    (err.kind == ERR_NONE || err.message[0] == '\0'))
		abort();
}

/* What a leaf's row says of it: shown text, and it cannot fail. */
static inline void
fuzz_notes(const struct format *format, const struct view *view)
{
	const struct member_sink sink = {.note = fuzz_note};
	struct err err = {0};
	if (format->notes(view, &sink, &err) == -1)
		abort();
}

/* Probe and map; the map covers the file in order. */
static inline void
fuzz_map(const struct format *format, const struct view *view)
{
	uint64_t at = 0;
	struct buf place = {0}, raw = {0};
	format->probe(view);
	struct map *map = format_map(format, view, NULL);
	for (size_t i = 0; i < map->count; i++) {
		if (map->extents[i].offset != at || map->extents[i].length == 0)
			abort();
		at += map->extents[i].length;
	}
	if (at != view->size)
		abort();
	/* Places are shown text. */
	for (at = 0; at < view->size; at += 1 + at / 8) {
		buf_clear(&place);
		map_place(map, at, &place);
		buf_clear(&raw);
		if (text_unshow(place.data, &raw) == -1)
			abort();
	}
	buf_free(&place);
	buf_free(&raw);
	map_free(map);
	struct code code;
	format_code(format, view, &code);
	for (size_t i = 0; i < code.range_count; i++) {
		if (code.ranges[i].offset >= code.ranges[i].end ||
		    code.ranges[i].end > view->size)
			abort();
	}
	code_free(&code);
}

/* A graft onto the file itself gives the same bytes back, or says why not. */
static inline void
fuzz_graft_self(const struct format *format, const struct view *view)
{
	struct graft graft = {0};
	struct err err = {0};
	enum graft_answer answer = format->graft(view, view, &graft, &err);
	struct view bytes = view_of_buf(&graft.bytes);
	if ((answer == GRAFT_DONE && !view_equal(view, &bytes)) ||
	    (answer == GRAFT_FAILED && err.kind == ERR_NONE))
		abort();
	graft_free(&graft);
}

static inline void
fuzz_row(const struct format *format, const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_members(format, &view, false);
	fuzz_map(format, &view);
}

#endif
