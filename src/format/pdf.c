/*
 * PDF documents (ISO 32000-1, 7.5 "File Structure"). Objects are looked for from start
 * to end, as they lie, whatever the cross-reference tables say of them:
 *
 *     %PDF-1.7 | 12 0 obj << … >> stream … endstream endobj | … | xref | trailer |
 *     startxref | %%EOF | the same again for each update
 *
 * Streams are members, decompressed where FlateDecode is their one filter: documents
 * whose streams say the same were made by another compressor, no more.
 */
#include "format/format_private.h"

#include <zlib.h>

enum {
	OBJECTS_MOST = 500000,
	NUMBER_MOST = 10,          /* digits */
	DICTIONARY_MOST = 1 << 16, /* bytes looked at for keys */
	DECODED_STEP = 1 << 16,
	VALUE_MOST = 512,
	MARKERS_MOST = 64, /* between two objects */
};

struct object {
	uint64_t start, end; /* from its number to behind "endobj" and blanks */
	uint64_t number;
	struct view dictionary;  /* before the stream, or all of it */
	uint64_t data, data_end; /* of its stream; both 0: none */
};

/* Of two at one place the longer one: "startxref" stands before its "xref". */
static const char *const markers[] = {"startxref", "xref", "trailer", "%%EOF"};

static enum probe_answer
pdf_probe(const struct view *view)
{
	return view_has(view, 0, "%PDF-", 5) ? PROBE_SURE : PROBE_NO;
}

/* 7.2.2 "Character Set": white space. */
static bool
is_blank(uint8_t byte)
{
	return byte == 0 || byte == '\t' || byte == '\n' || byte == '\f' ||
	       byte == '\r' || byte == ' ';
}

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static uint8_t
byte_at(const struct view *view, uint64_t offset)
{
	uint8_t byte = 0;
	view_u8(view, offset, &byte);
	return byte;
}

/* Step back from `end` over blanks and then over digits: where the number starts. */
static bool
number_before(const struct view *view, uint64_t end, uint64_t *start)
{
	uint64_t at = end, digits;
	while (at > 0 && is_blank(byte_at(view, at - 1)) && end - at < NUMBER_MOST)
		at--;
	digits = at;
	while (at > 0 && is_digit(byte_at(view, at - 1)) && digits - at < NUMBER_MOST)
		at--;
	*start = at;
	return at < digits && digits < end;
}

/* The next "N G obj" at or after `from`: where N starts. */
static bool
find_object(const struct view *view, uint64_t from, struct object *object)
{
	uint64_t at = from, generation, number;
	for (; view_find(view, at, "obj", 3, &at) == 0; at += 3) {
		if (!number_before(view, at, &generation) ||
		    !number_before(view, generation, &number) || number < from)
			continue;
		*object = (struct object){.start = number};
		for (uint64_t i = number; is_digit(byte_at(view, i)); i++)
			object->number =
			    object->number * 10 + (uint64_t)(byte_at(view, i) - '0');
		object->end = at + 3;
		return true;
	}
	return false;
}

/* The first "stream" or "endobj" at or after `from`. */
static bool
find_end_or_stream(const struct view *view, uint64_t from, uint64_t *at, bool *stream)
{
	for (*at = from; *at < view->size; ++*at) {
		uint8_t byte = view->data[*at];
		if (byte != 's' && byte != 'e')
			continue;
		*stream = view_has(view, *at, "stream", 6);
		if (*stream || view_has(view, *at, "endobj", 6))
			return true;
	}
	return false;
}

/* Where the value of a key starts in a dictionary, blanks stepped over. */
static bool
find_key(const struct view *dictionary, const char *key, uint64_t *value)
{
	uint64_t at = 0;
	size_t length = strlen(key);
	for (; view_find(dictionary, at, key, length, &at) == 0; at += length) {
		uint8_t next = byte_at(dictionary, at + length);
		if (next != '/' && next != '(' && next != '[' && next != '<' &&
		    !is_blank(next))
			continue;
		*value = at + length;
		while (*value < dictionary->size &&
		       is_blank(byte_at(dictionary, *value)))
			++*value;
		return true;
	}
	return false;
}

/* The value of /Length when it is a number and no reference to one. */
static bool
direct_length(const struct view *dictionary, uint64_t *length)
{
	uint64_t at;
	*length = 0;
	if (!find_key(dictionary, "/Length", &at) || !is_digit(byte_at(dictionary, at)))
		return false;
	for (int i = 0; is_digit(byte_at(dictionary, at)) && i < NUMBER_MOST; i++)
		*length = *length * 10 + (uint64_t)(byte_at(dictionary, at++) - '0');
	while (is_blank(byte_at(dictionary, at)) && at < dictionary->size)
		at++;
	return !is_digit(byte_at(dictionary, at));
}

/* Is "endstream" at `at`, or behind one end of line there? */
static bool
ends_stream(const struct view *view, uint64_t at)
{
	if (byte_at(view, at) == '\r')
		at++;
	if (byte_at(view, at) == '\n')
		at++;
	return view_has(view, at, "endstream", 9);
}

/* The stream whose keyword is at `at`: as long as /Length says when "endstream" follows
 * there, otherwise up to the next "endstream". False when there is none. */
static bool
read_stream(const struct view *view, uint64_t at, struct object *object)
{
	uint64_t length, end;
	at += 6;
	if (byte_at(view, at) == '\r')
		at++;
	if (byte_at(view, at) == '\n')
		at++;
	object->data = at;
	if (direct_length(&object->dictionary, &length) && length < view->size - at &&
	    ends_stream(view, at + length)) {
		object->data_end = at + length;
		return true;
	}
	if (view_find(view, at, "endstream", 9, &end) == -1)
		return false;
	object->data_end = end;
	return true;
}

/* The next object at or after `from`: 1; 0 when there is none, -1 when one is cut
 * off. */
static int
next_object(const struct view *view, uint64_t from, struct object *object,
	    struct err *err)
{
	uint64_t at = 0;
	bool stream = false;
	if (!find_object(view, from, object))
		return 0;
	uint64_t body = object->end;
	bool whole = find_end_or_stream(view, body, &at, &stream);
	if (whole) {
		view_sub(view, body,
			 at - body < DICTIONARY_MOST ? at - body : DICTIONARY_MOST,
			 &object->dictionary);
		if (stream)
			whole =
			    read_stream(view, at, object) &&
			    view_find(view, object->data_end, "endobj", 6, &at) == 0;
	}
	if (!whole)
		return err_set(err, ERR_INPUT, "object %ju at offset %ju has no end",
			       (uintmax_t)object->number, (uintmax_t)object->start);
	object->end = at + 6;
	while (object->end < view->size && is_blank(byte_at(view, object->end)))
		object->end++;
	return 1;
}

/* Is the value of a key that name, alone or as the one element of an array? */
static bool
has_name(const struct view *dictionary, const char *key, const char *name)
{
	uint64_t at;
	size_t length = strlen(name);
	if (!find_key(dictionary, key, &at))
		return false;
	bool array = byte_at(dictionary, at) == '[';
	while (at < dictionary->size &&
	       (byte_at(dictionary, at) == '[' || is_blank(byte_at(dictionary, at))))
		at++;
	if (!view_has(dictionary, at, name, length))
		return false;
	at += length;
	while (array && at < dictionary->size && is_blank(byte_at(dictionary, at)))
		at++;
	uint8_t next = byte_at(dictionary, at);
	return array ? next == ']' : next == '/' || next == '>' || is_blank(next);
}

/* ---- members ------------------------------------------------------------- */

/* "object stream 12", "stream 7". */
static char *
stream_name(const struct object *object)
{
	const struct view *dictionary = &object->dictionary;
	const char *what = has_name(dictionary, "/Type", "/ObjStm") ? "object stream"
			   : has_name(dictionary, "/Type", "/XRef")
			       ? "cross-reference stream"
			   : has_name(dictionary, "/Type", "/Metadata") ? "metadata"
									: "stream";
	return base_format("%s %ju", what, (uintmax_t)object->number);
}

/* Send what zlib makes of the bytes: its last answer, and how much of them it took. */
static int
inflate_to(const struct view *packed, const struct member_sink *sink, uint64_t *taken,
	   int *result, struct err *err)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed->data,
			   .avail_in = (uInt)packed->size};
	uint8_t *bytes = base_alloc(DECODED_STEP, 1);
	int answer = 0;
	*result = inflateInit(&stream);
	while (*result == Z_OK && answer == 0) {
		stream.next_out = bytes;
		stream.avail_out = DECODED_STEP;
		*result = inflate(&stream, Z_NO_FLUSH);
		size_t count = DECODED_STEP - stream.avail_out;
		if (count > 0)
			answer = sink->data(sink->context, bytes, count, err);
	}
	*taken = packed->size - stream.avail_in;
	inflateEnd(&stream);
	free(bytes);
	return answer;
}

static int
send_decoded(const struct view *view, const struct object *object,
	     const struct member_sink *sink, struct err *err)
{
	struct view packed, rest;
	uint64_t taken = 0;
	int result = Z_OK;
	if (view_sub(view, object->data, object->data_end - object->data, &packed) ==
		-1 ||
	    packed.size > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the stream of object %ju is too long",
			       (uintmax_t)object->number);
	if (inflate_to(&packed, sink, &taken, &result, err) == -1)
		return -1;
	if (result != Z_STREAM_END)
		return format_note(sink, NOTE_UNDECIDED, object->data, err,
				   "the stream of object %ju does not decompress to "
				   "its end",
				   (uintmax_t)object->number);
	rest = view_from(&packed, taken);
	for (uint64_t i = 0; i < rest.size; i++) {
		if (!is_blank(rest.data[i]))
			return format_note(
			    sink, NOTE_SUSPECT, object->data + taken, err,
			    "%ju bytes in the stream of object %ju that "
			    "its filter does not read",
			    (uintmax_t)rest.size, (uintmax_t)object->number);
	}
	return 0;
}

static int
send_stream(const struct view *view, const struct object *object, bool encrypted,
	    const struct member_sink *sink, struct err *err)
{
	char *name = stream_name(object);
	const struct member member = {.path = name, .type = MEMBER_FILE};
	int answer = sink->begin(sink->context, &member, err);
	free(name);
	if (answer == -1)
		return -1;
	if (!encrypted && has_name(&object->dictionary, "/Filter", "/FlateDecode"))
		return send_decoded(view, object, sink, err);
	return sink->slice(sink->context, object->data, object->data_end - object->data,
			   err);
}

/* Where the last "%%EOF" ends, its end of line included; how many there are. */
static unsigned
find_ends(const struct view *view, uint64_t *end)
{
	unsigned count = 0;
	for (uint64_t at = 0; view_find(view, at, "%%EOF", 5, &at) == 0; count++) {
		at += 5;
		if (byte_at(view, at) == '\r')
			at++;
		if (byte_at(view, at) == '\n')
			at++;
		*end = at;
	}
	return count;
}

/* What stands behind the end, and whether there is one. */
static int
note_end(const struct view *view, const struct member_sink *sink, struct err *err)
{
	uint64_t end = view->size;
	unsigned ends = find_ends(view, &end);
	if (ends == 0 && format_note(sink, NOTE_SUSPECT, view->size, err,
				     "no %%%%EOF: the document is cut off") == -1)
		return -1;
	/* A linearized document has two of its own (annex F). */
	struct view head = *view;
	uint64_t at;
	if (head.size > 1024)
		view_sub(view, 0, 1024, &head);
	unsigned own = view_find(&head, 0, "/Linearized", 11, &at) == 0 ? 2 : 1;
	if (ends > own && format_note(sink, NOTE_REMARK, 0, err,
				      "%u incremental updates: what they replace is "
				      "still there",
				      ends - own) == -1)
		return -1;
	struct view rest = view_from(view, end);
	if (rest.size > 0)
		return format_note(sink, NOTE_SUSPECT, end, err,
				   "%ju bytes after the document's end",
				   (uintmax_t)rest.size);
	return 0;
}

static int
pdf_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct object object;
	uint64_t at = 0, where;
	bool encrypted = view_find(view, 0, "/Encrypt ", 9, &where) == 0;
	int found = 1;
	if (pdf_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "no PDF header");
	for (int i = 0; i < OBJECTS_MOST; i++, at = object.end) {
		found = next_object(view, at, &object, err);
		if (found != 1)
			break;
		if (object.data != 0 &&
		    send_stream(view, &object, encrypted, sink, err) == -1)
			return -1;
	}
	if (found == -1)
		return -1;
	if (found == 1)
		return err_set(err, ERR_LIMIT, "more than %d objects", OBJECTS_MOST);
	if (encrypted && format_note(sink, NOTE_REMARK, where, err,
				     "encrypted: streams are as they are stored") == -1)
		return -1;
	return note_end(view, sink, err);
}

/* ---- the map ------------------------------------------------------------- */

/* Where a value ends: a string or an array at its bracket, else at the line. */
static uint64_t
value_end(const struct view *view, uint64_t at, uint64_t end)
{
	uint8_t open = byte_at(view, at);
	uint8_t close = open == '('   ? ')'
			: open == '[' ? ']'
			: open == '<' ? '>'
				      : '\n';
	uint64_t most = end - at < VALUE_MOST ? end : at + VALUE_MOST;
	for (uint64_t i = at; i < most; i++) {
		if (byte_at(view, i) == close)
			return i + 1;
	}
	return most;
}

/* Values that are made anew for each document: times, programs, identity. */
static void
map_values(const struct view *view, struct map *map, uint64_t start, uint64_t end,
	   const char *name)
{
	static const char *const keys[] = {"/CreationDate", "/ModDate", "/Producer",
					   "/Creator", "/ID"};
	struct view part;
	uint64_t at;
	if (view_sub(view, start, end - start, &part) == -1)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (!find_key(&part, keys[i], &at) || at >= part.size)
			continue;
		map_add_part(map, start, start + at,
			     value_end(view, start + at, end) - start - at,
			     EXTENT_METADATA, EXTENT_NO_MEMBER, name, keys[i] + 1);
	}
}

/* The next marker at or after `from`. */
static const char *
next_marker(const struct view *part, uint64_t from, uint64_t *at)
{
	const char *first = NULL;
	*at = part->size;
	for (size_t i = 0; i < ARRAY_COUNT(markers); i++) {
		uint64_t found;
		if (view_find(part, from, markers[i], strlen(markers[i]), &found) ==
			0 &&
		    found < *at) {
			first = markers[i];
			*at = found;
		}
	}
	return first;
}

/* What lies between objects: cross-references, trailers, comments. */
static void
map_between(const struct view *view, struct map *map, uint64_t start, uint64_t end)
{
	struct view part;
	uint64_t at, next;
	if (view_sub(view, start, end - start, &part) == -1)
		return;
	const char *name = next_marker(&part, 0, &at);
	map_add(map, start, at, EXTENT_METADATA, EXTENT_NO_MEMBER, "between objects",
		NULL);
	for (int i = 0; name != NULL && i < MARKERS_MOST; i++, at = next) {
		const char *after = next_marker(&part, at + strlen(name), &next);
		map_values(view, map, start + at, start + next, name);
		map_add(map, start + at, next - at, EXTENT_METADATA, EXTENT_NO_MEMBER,
			name, NULL);
		name = after;
	}
}

static void
map_object(const struct view *view, struct map *map, const struct object *object,
	   uint32_t *member)
{
	char name[40];
	snprintf(name, sizeof(name), "object %ju", (uintmax_t)object->number);
	if (object->data != 0)
		map_add(map, object->data, object->data_end - object->data,
			EXTENT_CONTENT, (*member)++, "content", NULL);
	uint64_t end = object->data != 0 ? object->data : object->end;
	map_values(view, map, object->start, end, name);
	map_add(map, object->start, object->end - object->start, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, name, NULL);
}

static int
pdf_map(const struct view *view, struct map *map, struct err *err)
{
	struct object object;
	uint64_t at = 0;
	uint32_t member = 0;
	int found = 1;
	if (pdf_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "no PDF header");
	for (int i = 0; i < OBJECTS_MOST; i++) {
		found = next_object(view, at, &object, err);
		if (found != 1)
			break;
		map_object(view, map, &object, &member);
		if (at == 0)
			map_add(map, 0, object.start, EXTENT_METADATA, EXTENT_NO_MEMBER,
				"PDF header", NULL);
		else
			map_between(view, map, at, object.start);
		at = object.end;
	}
	map_between(view, map, at, view->size);
	if (found == -1)
		return -1;
	return 0;
}

const struct format format_pdf = {
    .name = "pdf",
    .title = "PDF document",
    .probe = pdf_probe,
    .members = pdf_members,
    .map = pdf_map,
};
