/*
 * Mozilla's update archives (modules/libmar/src/mar_private.h and mar_read.c; numbers
 * are big-endian):
 *
 *	"MAR1", offset of the index
 *	size of the file (8), count of signatures, for each: algorithm, size, bytes
 *	count of additional sections, for each: size with this head, kind, bytes
 *	contents of the members
 *	index: size of the entries, for each: offset, size, mode, name with its NUL
 *
 * Archives from before there were signatures have their first content at offset 8.
 */
#include "format/record_private.h"

#include <stdlib.h>

enum {
	MAGIC_SIZE = 4,
	OLD_HEAD = 8,
	COUNT_AT = 16,
	BLOCK_AT = 20, /* of the first signature */
	PART_HEAD = 8, /* of a signature, of a section */
	ENTRY_HEAD = 12,
	NAME_MOST = 4096,
	SIGNATURES_MOST = 8, /* libmar: MAX_SIGNATURES */
	SIGNATURE_MOST = 2048,
	SECTIONS_MOST = 16,
	ALGORITHMS = 2, /* libmar knows these, from 1 on */
	SECTION_PRODUCT = 1,
};

struct part {
	uint64_t offset; /* of its head */
	uint32_t kind;   /* algorithm; or what section it is */
	uint32_t size;   /* of a signature without its head; of a section with it */
};

struct entry {
	uint64_t at; /* in the index */
	uint32_t offset, size, mode;
	const char *name;
};

struct mar {
	uint32_t index, index_size;
	struct entry *entries;
	size_t count;
	bool modern; /* with a size and signatures */
	uint64_t file_size;
	struct part signatures[SIGNATURES_MOST], sections[SECTIONS_MOST];
	uint32_t signature_count, section_count;
	uint64_t signed_from; /* behind the signatures */
	uint64_t head;        /* behind the sections */
};

static void
mar_clear(struct mar *mar)
{
	free(mar->entries);
	mar->entries = NULL;
}

/* ---- reading -------------------------------------------------------------- */

static int
read_entry(const struct view *view, uint64_t end, uint64_t *at, struct entry *entry)
{
	entry->at = *at;
	if (view_u32be(view, *at, &entry->offset) == -1 ||
	    view_u32be(view, *at + 4, &entry->size) == -1 ||
	    view_u32be(view, *at + 8, &entry->mode) == -1 ||
	    view_string(view, *at + ENTRY_HEAD, NAME_MOST, &entry->name) == -1)
		return -1;
	*at += ENTRY_HEAD + strlen(entry->name) + 1;
	return *at <= end && entry->name[0] != '\0' ? 0 : -1;
}

static int
read_index(struct mar *mar, const struct view *view, struct err *err)
{
	uint64_t at = (uint64_t)mar->index + 4, end = at + mar->index_size;
	size_t room = 0;
	while (at < end) {
		if (mar->count == room) {
			room = room != 0 ? 2 * room : 64;
			mar->entries =
			    base_realloc(mar->entries, room, sizeof(*mar->entries));
		}
		uint64_t before = at;
		if (read_entry(view, end, &at, &mar->entries[mar->count]) == -1)
			return err_set(err, ERR_INPUT,
				       "malformed entry of the index at offset %ju",
				       (uintmax_t)before);
		mar->count++;
	}
	return 0;
}

/* Where the first content is; the index when there is none. */
static uint64_t
first_content(const struct mar *mar)
{
	uint64_t first = mar->index;
	for (size_t i = 0; i < mar->count; i++) {
		if (mar->entries[i].offset < first)
			first = mar->entries[i].offset;
	}
	return first;
}

static int
read_signatures(struct mar *mar, const struct view *view)
{
	uint64_t at = BLOCK_AT;
	if (view_u64be(view, OLD_HEAD, &mar->file_size) == -1 ||
	    view_u32be(view, COUNT_AT, &mar->signature_count) == -1 ||
	    mar->signature_count > SIGNATURES_MOST)
		return -1;
	for (uint32_t i = 0; i < mar->signature_count; i++) {
		struct part *part = &mar->signatures[i];
		part->offset = at;
		if (view_u32be(view, at, &part->kind) == -1 ||
		    view_u32be(view, at + 4, &part->size) == -1 ||
		    part->size > SIGNATURE_MOST)
			return -1;
		at += PART_HEAD + part->size;
	}
	mar->signed_from = at;
	return at <= mar->index ? 0 : -1;
}

/* Is there nothing but signatures of known kinds where they are? */
static bool
is_plain(const struct mar *mar)
{
	for (uint32_t i = 0; i < mar->signature_count; i++) {
		uint32_t kind = mar->signatures[i].kind;
		if (kind == 0 || kind > ALGORITHMS || mar->signatures[i].size == 0)
			return false;
	}
	return true;
}

static int
read_sections(struct mar *mar, const struct view *view)
{
	uint64_t at = mar->signed_from + 4;
	if (view_u32be(view, mar->signed_from, &mar->section_count) == -1 ||
	    mar->section_count > SECTIONS_MOST)
		return -1;
	for (uint32_t i = 0; i < mar->section_count; i++) {
		struct part *part = &mar->sections[i];
		part->offset = at;
		if (view_u32be(view, at, &part->size) == -1 ||
		    view_u32be(view, at + 4, &part->kind) == -1 ||
		    part->size < PART_HEAD)
			return -1;
		at += part->size;
	}
	mar->head = at;
	return at <= mar->index ? 0 : -1;
}

/* Clear in every case. */
static int
mar_read(struct mar *mar, const struct view *view, struct err *err)
{
	uint64_t end;
	*mar = (struct mar){0};
	if (!view_has(view, 0, "MAR1", MAGIC_SIZE) ||
	    view_u32be(view, MAGIC_SIZE, &mar->index) == -1 || mar->index < OLD_HEAD ||
	    view_u32be(view, mar->index, &mar->index_size) == -1 ||
	    sum_u64((uint64_t)mar->index + 4, mar->index_size, &end) == -1 ||
	    end > view->size)
		return err_set(err, ERR_INPUT, "no index of an update archive");
	if (read_index(mar, view, err) == -1)
		return -1;
	mar->head = OLD_HEAD;
	mar->modern = first_content(mar) > OLD_HEAD;
	if (mar->modern &&
	    (read_signatures(mar, view) == -1 || read_sections(mar, view) == -1))
		return err_set(err, ERR_INPUT,
			       "malformed signatures or sections before the contents");
	return 0;
}

static enum probe_answer
mar_probe(const struct view *view)
{
	uint32_t index;
	return view_has(view, 0, "MAR1", MAGIC_SIZE) &&
		       view_u32be(view, MAGIC_SIZE, &index) == 0 && index >= OLD_HEAD
		   ? PROBE_SURE
		   : PROBE_NO;
}

/* ---- members -------------------------------------------------------------- */

static int
send_member(const struct entry *entry, const struct view *view,
	    const struct member_sink *sink, struct err *err)
{
	const struct member member = {.path = entry->name,
				      .type = MEMBER_FILE,
				      .has_mode = true,
				      .mode = entry->mode & 07777};
	struct view content;
	if (view_sub(view, entry->offset, entry->size, &content) == -1) {
		char *shown = text_shown(entry->name);
		err_set(err, ERR_INPUT, "content of '%s' is not inside the file",
			shown);
		free(shown);
		return -1;
	}
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	return entry->size == 0
		   ? 0
		   : sink->slice(sink->context, entry->offset, entry->size, err);
}

static int
by_offset(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	if (one->offset != other->offset)
		return one->offset < other->offset ? -1 : 1;
	return (one->size > other->size) - (one->size < other->size);
}

/* Contents that share bytes, or lie in the head; bytes that nothing holds. Sorts. */
static int
note_places(struct mar *mar, const struct member_sink *sink, struct err *err)
{
	uint64_t at = mar->head, shared = 0, unheld = 0, first = 0;
	if (mar->count > 1)
		qsort(mar->entries, mar->count, sizeof(*mar->entries), by_offset);
	for (size_t i = 0; i < mar->count; i++) {
		const struct entry *entry = &mar->entries[i];
		uint64_t end = (uint64_t)entry->offset + entry->size;
		if (entry->size == 0)
			continue;
		if (entry->offset < at || end > mar->index)
			shared++;
		if (entry->offset > at && unheld == 0)
			first = at;
		if (entry->offset > at)
			unheld += entry->offset - at;
		if (end > at)
			at = end;
	}
	if (at < mar->index) {
		first = unheld == 0 ? at : first;
		unheld += mar->index - at;
	}
	if (shared > 0 &&
	    format_note(sink, NOTE_SUSPECT, mar->index, err,
			"%ju members lie where others or the archive's own parts do",
			(uintmax_t)shared) == -1)
		return -1;
	if (unheld > 0)
		return format_note(sink, NOTE_SUSPECT, first, err,
				   "%ju bytes that no member holds", (uintmax_t)unheld);
	return 0;
}

static int
note_rest(const struct mar *mar, const struct view *view,
	  const struct member_sink *sink, struct err *err)
{
	if (mar->modern && mar->file_size != view->size &&
	    format_note(sink, NOTE_SUSPECT, OLD_HEAD, err,
			"the archive says that it has %ju bytes",
			(uintmax_t)mar->file_size) == -1)
		return -1;
	if (mar->count == 0 && format_note(sink, NOTE_UNDECIDED, mar->index, err,
					   "no members found") == -1)
		return -1;
	return record_trailing(view, (uint64_t)mar->index + 4 + mar->index_size, sink,
			       err);
}

static int
mar_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct mar mar;
	int answer = mar_read(&mar, view, err);
	for (size_t i = 0; i < mar.count && answer == 0; i++)
		answer = send_member(&mar.entries[i], view, sink, err);
	if (answer == 0)
		answer = note_places(&mar, sink, err);
	if (answer == 0)
		answer = note_rest(&mar, view, sink, err);
	mar_clear(&mar);
	return answer;
}

/* ---- map ------------------------------------------------------------------ */

static void
map_head(const struct mar *mar, struct map *map)
{
	enum extent_tag tag = is_plain(mar) ? EXTENT_SIGNATURE : EXTENT_METADATA;
	map_add(map, OLD_HEAD, 8, EXTENT_DERIVED, EXTENT_NO_MEMBER, "mar file size",
		NULL);
	map_add(map, COUNT_AT, 4, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"mar signature count", NULL);
	for (uint32_t i = 0; i < mar->signature_count; i++) {
		const struct part *part = &mar->signatures[i];
		map_add(map, part->offset, PART_HEAD, tag, EXTENT_NO_MEMBER,
			"mar signature head", NULL);
		map_add(map, part->offset + PART_HEAD, part->size, tag,
			EXTENT_NO_MEMBER, "mar signature", NULL);
	}
	map_add(map, mar->signed_from, 4, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"mar section count", NULL);
	for (uint32_t i = 0; i < mar->section_count; i++) {
		const struct part *part = &mar->sections[i];
		map_add(map, part->offset, part->size, EXTENT_METADATA,
			EXTENT_NO_MEMBER,
			part->kind == SECTION_PRODUCT ? "mar product information"
						      : "mar section",
			NULL);
	}
}

static void
map_entry(const struct entry *entry, uint32_t ordinal, struct map *map)
{
	static const struct record_field fields[] = {
	    {0, 4, EXTENT_DERIVED, "mar index offset"},
	    {4, 4, EXTENT_DERIVED, "mar index size"},
	    {8, 4, EXTENT_METADATA, "mar index mode"},
	};
	record_map_fields(map, entry->at, ordinal, fields, ARRAY_COUNT(fields));
	map_add(map, entry->at + ENTRY_HEAD, strlen(entry->name) + 1, EXTENT_METADATA,
		ordinal, "mar index name", NULL);
	map_add(map, entry->offset, entry->size, EXTENT_CONTENT, ordinal, "content",
		entry->name);
}

static int
mar_map(const struct view *view, struct map *map, struct err *err)
{
	struct mar mar;
	int answer = mar_read(&mar, view, err);
	if (answer == 0) {
		map_add(map, 0, MAGIC_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"mar magic", NULL);
		map_add(map, MAGIC_SIZE, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER,
			"mar offset of the index", NULL);
		if (mar.modern)
			map_head(&mar, map);
		map_add(map, mar.index, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER,
			"mar size of the index", NULL);
		for (size_t i = 0; i < mar.count; i++)
			map_entry(&mar.entries[i], (uint32_t)i, map);
	}
	mar_clear(&mar);
	return answer;
}

/* ---- graft ---------------------------------------------------------------- */

static void
append_u32(struct buf *out, uint64_t value)
{
	const uint8_t bytes[] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16),
				 (uint8_t)(value >> 8), (uint8_t)value};
	buf_append(out, bytes, sizeof(bytes));
}

/* The rebuilt index, its contents moved by `delta`. */
static int
append_index(const struct view *rebuilt, const struct mar *ours, int64_t delta,
	     struct buf *out, struct err *err)
{
	append_u32(out, ours->index_size);
	for (size_t i = 0; i < ours->count; i++) {
		const struct entry *entry = &ours->entries[i];
		int64_t moved = (int64_t)entry->offset + delta;
		struct view rest;
		if (entry->offset < ours->signed_from || moved < 0 ||
		    moved > UINT32_MAX ||
		    view_sub(rebuilt, entry->at + 4,
			     ENTRY_HEAD - 4 + strlen(entry->name) + 1, &rest) == -1)
			return err_set(err, ERR_INPUT,
				       "a member of the rebuilt archive cannot be "
				       "moved");
		append_u32(out, (uint64_t)moved);
		buf_append(out, rest.data, (size_t)rest.size);
	}
	return 0;
}

static int
graft_archive(const struct view *shipped, const struct mar *theirs,
	      const struct view *rebuilt, const struct mar *ours, struct buf *out,
	      struct err *err)
{
	struct view signatures, middle, tail;
	int64_t delta = (int64_t)theirs->signed_from - (int64_t)ours->signed_from;
	int64_t index = (int64_t)ours->index + delta;
	uint64_t size = rebuilt->size + (uint64_t)delta;
	uint64_t end = (uint64_t)ours->index + 4 + ours->index_size;
	if (view_sub(shipped, COUNT_AT, theirs->signed_from - COUNT_AT, &signatures) ==
		-1 ||
	    view_sub(rebuilt, ours->signed_from, ours->index - ours->signed_from,
		     &middle) == -1 ||
	    index < 0 || index > UINT32_MAX)
		return err_set(err, ERR_INPUT, "the archive would be too long");
	tail = view_from(rebuilt, end);
	buf_puts(out, "MAR1");
	append_u32(out, (uint64_t)index);
	append_u32(out, size >> 32);
	append_u32(out, size & UINT32_MAX);
	buf_append(out, signatures.data, (size_t)signatures.size);
	buf_append(out, middle.data, (size_t)middle.size);
	if (append_index(rebuilt, ours, delta, out, err) == -1)
		return -1;
	buf_append(out, tail.data, (size_t)tail.size);
	return 0;
}

static enum graft_answer
mar_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct mar theirs, ours = {0};
	enum graft_answer answer = GRAFT_FAILED;
	*graft = (struct graft){0};
	if (mar_read(&theirs, shipped, err) == -1) {
		err_at(err, "in the shipped file");
		goto out;
	}
	if (theirs.signature_count == 0) {
		answer = GRAFT_NONE;
		goto out;
	}
	if (!is_plain(&theirs)) {
		err_set(err, ERR_INPUT,
			"the signatures of the shipped file are of unknown kinds");
		goto out;
	}
	if (mar_read(&ours, rebuilt, err) == -1) {
		err_at(err, "in the rebuilt file");
		goto out;
	}
	if (!ours.modern) {
		err_set(err, ERR_INPUT,
			"the rebuilt archive is of the old kind, which has no place "
			"for signatures");
		goto out;
	}
	if (graft_archive(shipped, &theirs, rebuilt, &ours, &graft->bytes, err) == -1) {
		graft_free(graft);
		goto out;
	}
	strings_addf(&graft->steps, "%u signatures: %ju bytes from the shipped file",
		     theirs.signature_count,
		     (uintmax_t)(theirs.signed_from - BLOCK_AT));
	strings_add(&graft->steps, "size of the file, offsets of index and contents");
	answer = GRAFT_DONE;
out:
	mar_clear(&theirs);
	mar_clear(&ours);
	return answer;
}

const struct format format_mar = {
    .name = "mar",
    .title = "Mozilla update archive",
    .probe = mar_probe,
    .members = mar_members,
    .map = mar_map,
    .graft = mar_graft,
};
