/* A sink that records what a format's row sends, and rough handling for rows. */
#include "format_sink.h"

static char *
copy(const char *string)
{
	return string != NULL ? base_strdup(string) : NULL;
}

static int
record_begin(void *context, const struct member *member, struct err *err)
{
	struct record *record = context;
	record->members =
	    base_realloc(record->members, record->count + 1, sizeof(*record->members));
	ck_assert_ptr_nonnull(member->path);
	record->members[record->count++] =
	    (struct recorded){.path = base_strdup(member->path),
			      .target = copy(member->target),
			      .attributes = copy(member->attributes),
			      .uname = copy(member->uname),
			      .gname = copy(member->gname),
			      .member = *member};
	return 0;
}

static int
record_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct record *record = context;
	ck_assert_uint_gt(record->count, 0);
	record->seen += count;
	if (record->seen > (record->budget ? record->budget : 64 << 20))
		return err_set(err, ERR_LIMIT, "the test's budget");
	buf_append(&record->members[record->count - 1].content, bytes, count);
	return 0;
}

static int
record_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct record *record = context;
	struct view part;
	/* A slice lies inside the container, always. */
	ck_assert_int_eq(view_sub(&record->view, offset, length, &part), 0);
	return record_data(context, part.data, (size_t)part.size, err);
}

static int
record_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	    struct err *err)
{
	struct record *record = context;
	strings_addf(&record->notes, "%s %ju: %s", note_kind_name(kind),
		     (uintmax_t)offset, text);
	return 0;
}

int
record_notes(struct record *record, const struct format *format,
	     const struct view *view, struct err *err)
{
	const struct member_sink sink = {.context = record, .note = record_note};
	return format->notes(view, &sink, err);
}

int
record_members(struct record *record, const struct format *format,
	       const struct view *view, struct err *err)
{
	struct member_sink sink = {record, record_begin, record_slice, record_data,
				   record_note};
	record->view = *view;
	return format->members(view, &sink, err);
}

void
record_free(struct record *record)
{
	for (size_t i = 0; i < record->count; i++) {
		struct recorded *member = &record->members[i];
		free(member->path);
		free(member->target);
		free(member->attributes);
		free(member->uname);
		free(member->gname);
		buf_free(&member->content);
	}
	free(record->members);
	strings_free(&record->notes);
	*record = (struct record){0};
}

const struct recorded *
record_find(const struct record *record, const char *path)
{
	for (size_t i = 0; i < record->count; i++) {
		if (strcmp(record->members[i].path, path) == 0)
			return &record->members[i];
	}
	return NULL;
}

bool
record_noted(const struct record *record, const char *kind, const char *part)
{
	for (size_t i = 0; i < record->notes.count; i++) {
		const char *note = record->notes.items[i];
		if (strncmp(note, kind, strlen(kind)) == 0 &&
		    strstr(note, part) != NULL)
			return true;
	}
	return false;
}

const char *
probe_name(const char *file)
{
	struct buf bytes = test_file(file);
	struct view view = view_of_buf(&bytes);
	struct format_match match;
	format_probe(&view, &match);
	strings_free(&match.others);
	buf_free(&bytes);
	return match.format != NULL ? match.format->name : "unknown";
}

bool
map_has(const struct map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->extents[i].name, name) == 0)
			return true;
	}
	return false;
}

const struct extent *
map_extent(const struct map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->extents[i].name, name) == 0)
			return &map->extents[i];
	}
	ck_abort_msg("the map has no extent '%s'", name);
	return NULL;
}

void
map_check(const struct map *map, uint64_t size)
{
	uint64_t at = 0;
	for (size_t i = 0; i < map->count; i++) {
		ck_assert_uint_eq(map->extents[i].offset, at);
		ck_assert_uint_gt(map->extents[i].length, 0);
		at += map->extents[i].length;
	}
	ck_assert_uint_eq(at, size);
}

void
format_survives(const struct format *format, const void *bytes, size_t size)
{
	void *exact = base_alloc(size, 1);
	if (size > 0)
		memcpy(exact, bytes, size);
	struct view view = view_of(exact, size);
	struct err err = {0};
	format->probe(&view);
	struct map *map = format_map(format, &view, &err);
	map_check(map, size);
	map_free(map);
	if (format->members != NULL) {
		struct record record = {.budget = 4 << 20};
		err = (struct err){0};
		if (record_members(&record, format, &view, &err) == -1)
			ck_assert_int_ne(err.kind, ERR_NONE);
		record_free(&record);
	}
	if (format->notes != NULL) {
		struct record record = {0};
		ck_assert_int_eq(record_notes(&record, format, &view, &err), 0);
		record_free(&record);
	}
	struct code code;
	format_code(format, &view, &code);
	for (size_t i = 0; i < code.range_count; i++)
		ck_assert(code.ranges[i].offset < code.ranges[i].end &&
			  code.ranges[i].end <= size);
	code_free(&code);
	if (format->graft != NULL) {
		struct graft graft = {0};
		err = (struct err){0};
		if (format->graft(&view, &view, &graft, &err) == GRAFT_FAILED)
			ck_assert_int_ne(err.kind, ERR_NONE);
		graft_free(&graft);
	}
	free(exact);
}

void
format_survives_damage(const struct format *format, const struct buf *file, size_t step,
		       size_t headers)
{
	static const uint8_t extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
	for (size_t size = 0; size < file->size; size += step)
		format_survives(format, file->data, size);
	uint8_t *copied = base_alloc(file->size, 1);
	memcpy(copied, file->data, file->size);
	for (size_t i = 0; i < file->size; i += i < headers ? 1 : step) {
		uint8_t before = copied[i];
		for (size_t k = 0; k < ARRAY_COUNT(extremes); k++) {
			copied[i] = extremes[k];
			format_survives(format, copied, file->size);
		}
		copied[i] = before;
	}
	free(copied);
}
