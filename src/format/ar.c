/*
 * ar archives, ar(5): static libraries and the outer shell of .deb.
 *
 *	"!<arch>\n"
 *	header (60 bytes): name 16, mtime 12, uid 6, gid 6, mode 8, size 10, "`\n"
 *	content, and "\n" when its size is odd
 *	…
 *
 * GNU: "/" and "/SYM64/" are symbol tables, "//" the table of long names, "/17" a name
 * at offset 17 of it, ended by "/\n". BSD: "#1/20" says that the first 20 bytes of the
 * content are the name; "__.SYMDEF…" are symbol tables.
 */
#include "format/record_private.h"

#define AR_MAGIC  "!<arch>\n"
#define AR_THIN   "!<thin>\n"
#define AR_HEADER 60

void
ar_walk_start(struct ar_walk *walk, const struct view *view)
{
	*walk = (struct ar_walk){.view = view, .next = strlen(AR_MAGIC)};
}

void
ar_walk_end(struct ar_walk *walk)
{
	buf_free(&walk->entry.name);
}

/* The 16 bytes of the name without the blanks at their end. */
static size_t
name_field(const struct ar_walk *walk, const uint8_t **bytes)
{
	struct view field = {NULL, 0};
	view_sub(walk->view, walk->entry.header, 16, &field);
	size_t length = (size_t)field.size;
	while (length > 0 && field.data[length - 1] == ' ')
		length--;
	*bytes = field.data;
	return length;
}

/* A GNU long name: at `offset` of the table, up to "/\n" (or "\n"). */
static int
gnu_long_name(struct ar_walk *walk, uint64_t offset, struct err *err)
{
	uint64_t end;
	struct view name;
	if (!walk->seen_names || offset >= walk->names.size ||
	    view_find(&walk->names, offset, "\n", 1, &end) == -1)
		return err_set(err, ERR_INPUT,
			       "the ar header at offset %ju refers to a long name that "
			       "is not there",
			       (uintmax_t)walk->entry.header);
	if (end > offset && view_has(&walk->names, end - 1, "/", 1))
		end--;
	view_sub(&walk->names, offset, end - offset, &name);
	walk->entry.hidden_name =
	    record_text(&walk->entry.name, name.data, (size_t)name.size);
	walk->entry.naming = AR_GNU_LONG;
	return 0;
}

/* A BSD long name: the first `length` bytes of the content. */
static int
bsd_long_name(struct ar_walk *walk, uint64_t length, struct err *err)
{
	struct ar_entry *entry = &walk->entry;
	struct view name;
	if (length == 0 || length > entry->size || length > 65536 ||
	    view_sub(walk->view, entry->content, length, &name) == -1)
		return err_set(err, ERR_INPUT,
			       "the name of the ar member at offset %ju does not fit",
			       (uintmax_t)entry->header);
	entry->hidden_name = record_text(&entry->name, name.data, (size_t)length);
	entry->name_length = length;
	entry->content += length;
	entry->size -= length;
	entry->naming = AR_BSD_LONG;
	if (strncmp(entry->name.data, "__.SYMDEF", 9) == 0)
		entry->kind = AR_SYMBOLS;
	return 0;
}

/* Find out what the name field says. */
static int
read_name(struct ar_walk *walk, struct err *err)
{
	struct ar_entry *entry = &walk->entry;
	const uint8_t *bytes;
	size_t length = name_field(walk, &bytes);
	struct view field = {bytes, length};
	uint64_t number;
	entry->kind = AR_MEMBER;
	entry->naming = AR_SHORT;
	entry->name_length = 0;
	entry->hidden_name = record_text(&entry->name, bytes, length);
	const char *name = entry->name.data;
	if (strcmp(name, "/") == 0 || strcmp(name, "/SYM64/") == 0 ||
	    strncmp(name, "__.SYMDEF", 9) == 0) {
		entry->kind = AR_SYMBOLS;
		return 0;
	}
	if (strcmp(name, "//") == 0) {
		if (walk->seen_names)
			return err_set(err, ERR_INPUT,
				       "a second table of long names at offset %ju",
				       (uintmax_t)entry->header);
		entry->kind = AR_NAMES;
		return 0;
	}
	if (length > 1 && name[0] == '/' &&
	    record_number(&field, 1, length - 1, 10, &number) == 0)
		return gnu_long_name(walk, number, err);
	if (length > 3 && strncmp(name, "#1/", 3) == 0 &&
	    record_number(&field, 3, length - 3, 10, &number) == 0)
		return bsd_long_name(walk, number, err);
	if (length > 1 && name[length - 1] == '/' && !entry->hidden_name)
		entry->name.data[--entry->name.size] = '\0';
	return 0;
}

static int
read_numbers(struct ar_walk *walk, struct err *err)
{
	struct ar_entry *entry = &walk->entry;
	const struct view *view = walk->view;
	uint64_t at = entry->header;
	if (record_number(view, at + 16, 12, 10, &entry->mtime) == -1 ||
	    record_number(view, at + 28, 6, 10, &entry->uid) == -1 ||
	    record_number(view, at + 34, 6, 10, &entry->gid) == -1 ||
	    record_number(view, at + 40, 8, 8, &entry->mode) == -1 ||
	    record_number(view, at + 48, 10, 10, &entry->size) == -1)
		return err_set(err, ERR_INPUT,
			       "a field of the ar header at offset %ju is not a number",
			       (uintmax_t)at);
	return 0;
}

int
ar_walk_next(struct ar_walk *walk, struct err *err)
{
	struct ar_entry *entry = &walk->entry;
	const struct view *view = walk->view;
	if (walk->next >= view->size)
		return 0;
	entry->header = walk->next;
	if (view->size - entry->header < AR_HEADER)
		return err_set(
		    err, ERR_INPUT,
		    "%ju bytes at offset %ju: a cut ar header, or bytes after "
		    "the last member",
		    (uintmax_t)(view->size - entry->header), (uintmax_t)entry->header);
	if (!view_has(view, entry->header + 58, "`\n", 2))
		return err_set(err, ERR_INPUT, "no ar header at offset %ju",
			       (uintmax_t)entry->header);
	if (read_numbers(walk, err) == -1)
		return -1;
	entry->content = entry->header + AR_HEADER;
	if (entry->size > view->size - entry->content)
		return err_set(
		    err, ERR_INPUT,
		    "the ar member at offset %ju goes %ju bytes past the end "
		    "of the file",
		    (uintmax_t)entry->header,
		    (uintmax_t)(entry->size - (view->size - entry->content)));
	uint64_t end = entry->content + entry->size;
	entry->padded = end % 2 != 0 && end < view->size;
	walk->next = end + entry->padded;
	if (read_name(walk, err) == -1)
		return -1;
	if (entry->kind == AR_NAMES) {
		view_sub(view, entry->content, entry->size, &walk->names);
		walk->seen_names = true;
	}
	return 1;
}

int
ar_send(const struct ar_entry *entry, const struct member_sink *sink, struct err *err)
{
	struct member member = {
	    .path = entry->name.data,
	    .type = MEMBER_FILE,
	    .has_mode = true,
	    .has_owner = true,
	    .has_mtime = true,
	    .mode = (uint32_t)(entry->mode & 07777),
	    .uid = entry->uid,
	    .gid = entry->gid,
	    .mtime = (int64_t)entry->mtime,
	};
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	if (entry->hidden_name &&
	    format_note(sink, NOTE_SUSPECT, entry->header, err,
			"a member name with bytes behind a NUL") == -1)
		return -1;
	return sink->slice(sink->context, entry->content, entry->size, err);
}

static enum probe_answer
ar_probe(const struct view *view)
{
	return view_has(view, 0, AR_MAGIC, 8) || view_has(view, 0, AR_THIN, 8)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
ar_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	if (view_has(view, 0, AR_THIN, 8))
		return err_set(err, ERR_UNSUPPORTED,
			       "a thin ar archive: its members are other files");
	struct ar_walk walk;
	int more;
	ar_walk_start(&walk, view);
	while ((more = ar_walk_next(&walk, err)) == 1) {
		if (walk.entry.kind == AR_MEMBER &&
		    ar_send(&walk.entry, sink, err) == -1)
			break;
	}
	ar_walk_end(&walk);
	return more == 0 ? 0 : -1;
}

static const struct record_field ar_fields[] = {
    {0, 16, EXTENT_METADATA, "ar header name"},
    {16, 12, EXTENT_METADATA, "ar header mtime"},
    {28, 6, EXTENT_METADATA, "ar header uid"},
    {34, 6, EXTENT_METADATA, "ar header gid"},
    {40, 8, EXTENT_METADATA, "ar header mode"},
    {48, 10, EXTENT_METADATA, "ar header size"},
    {58, 2, EXTENT_METADATA, "ar header end"},
};

int
ar_map(const struct view *view, struct map *map, struct err *err)
{
	struct ar_walk walk;
	uint32_t ordinal = 0;
	int more;
	map_add(map, 0, 8, EXTENT_METADATA, EXTENT_NO_MEMBER, "ar magic", NULL);
	if (view_has(view, 0, AR_THIN, 8))
		return 0;
	ar_walk_start(&walk, view);
	while ((more = ar_walk_next(&walk, err)) == 1) {
		const struct ar_entry *entry = &walk.entry;
		bool member = entry->kind == AR_MEMBER;
		uint32_t owner = member ? ordinal++ : EXTENT_NO_MEMBER;
		record_map_fields(map, entry->header, owner, ar_fields,
				  ARRAY_COUNT(ar_fields));
		map_add(map, entry->header + AR_HEADER, entry->name_length,
			EXTENT_METADATA, owner, "ar long name", NULL);
		map_add(map, entry->content, entry->size,
			member                      ? EXTENT_CONTENT
			: entry->kind == AR_SYMBOLS ? EXTENT_DERIVED
						    : EXTENT_METADATA,
			owner,
			member                      ? "content"
			: entry->kind == AR_SYMBOLS ? "ar symbol table"
						    : "ar long names",
			NULL);
		map_add(map, entry->content + entry->size, entry->padded,
			EXTENT_PADDING, owner, "ar padding", NULL);
	}
	ar_walk_end(&walk);
	return more;
}

const struct format format_ar = {
    .name = "ar",
    .title = "ar archive",
    .probe = ar_probe,
    .members = ar_members,
    .map = ar_map,
};
