/*
 * deb822 stanzas (Debian Policy 5.1), strictly: what two readers could take in
 * two ways is an error. The clear-signature framing of RFC 9580, section 7, is
 * taken off, not checked; text outside of what is signed is an error, so that a
 * reader of the file and a checker of the signature see the same stanzas.
 */
#include "describe/describe_private.h"

#include <strings.h>

#define FILE_MOST   ((size_t)16 << 20)
#define FIELDS_MOST 128 /* in one stanza: keeps the search for duplicates cheap */

/* RFC 9580, 6.2.1 and 7.1 */
static const char signed_begin[] = "-----BEGIN PGP SIGNED MESSAGE-----";
static const char signature_begin[] = "-----BEGIN PGP SIGNATURE-----";
static const char signature_end[] = "-----END PGP SIGNATURE-----";

enum framing { BEFORE, PLAIN, ARMOUR_HEADERS, SIGNED_TEXT, SIGNATURE, AFTER };

struct parser {
	struct deb822 *out;
	struct err *err;
	char *at, *end;
	unsigned line;
	enum framing framing;
	bool in_stanza;      /* the last line belonged to a stanza */
	struct field *field; /* the one that continuation lines belong to */
	char *value_end;     /* where its value's NUL stands */
	size_t stanza_room, field_room, line_count, line_room;
	struct buf shown;
};

int
describe_fail(struct err *err, const char *path, unsigned line, const char *format, ...)
{
	struct buf message = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	char *shown = text_shown(path);
	err_set(err, ERR_USAGE, "%s:%u: %s", shown, line, message.data);
	free(shown);
	buf_free(&message);
	return -1;
}

#define FAIL(p, ...) describe_fail((p)->err, (p)->out->path, (p)->line, __VA_ARGS__)

/*
 * Is the line valid UTF-8 without characters that change what a reader sees?
 * text_show escapes exactly what is not.
 */
static int
line_check(struct parser *p, const char *line, size_t length)
{
	if (length > 0 && line[length - 1] == '\r')
		return FAIL(p, "line: ends with a carriage return; convert the file to "
			       "lines that end with a newline alone");
	buf_clear(&p->shown);
	text_show(&p->shown, line, length);
	for (const char *at = p->shown.data; *at != '\0'; at++) {
		if (*at != '\\')
			continue;
		at++;
		if (*at == 'x')
			return FAIL(p,
				    "line: byte 0x%.2s is not UTF-8, or belongs to a "
				    "control or invisible character; remove it",
				    at + 1);
	}
	return 0;
}

/* ---- stanzas ---------------------------------------------------------- */

static struct stanza *
stanza_last(struct parser *p)
{
	return &p->out->stanzas[p->out->count - 1];
}

static void
stanza_begin(struct parser *p)
{
	struct deb822 *out = p->out;
	if (out->count == p->stanza_room) {
		p->stanza_room = p->stanza_room ? 2 * p->stanza_room : 8;
		out->stanzas =
		    base_realloc(out->stanzas, p->stanza_room, sizeof(*out->stanzas));
	}
	out->stanzas[out->count++] = (struct stanza){.line = p->line};
	p->field_room = 0;
	p->in_stanza = true;
}

/* Note on which line of the file a line of a value stands. The array may move, so
 * fields get their part of it at the end; until then `lines` counts from NULL. */
static void
value_line(struct parser *p)
{
	if (p->line_count == p->line_room) {
		p->line_room = p->line_room ? 2 * p->line_room : 64;
		p->out->lines =
		    base_realloc(p->out->lines, p->line_room, sizeof(*p->out->lines));
	}
	p->out->lines[p->line_count++] = p->line;
}

/* Policy 5.1: printable ASCII but space and colon; neither '#' nor '-' first. */
static size_t
name_length(const char *line, size_t length)
{
	size_t count = 0;
	while (count < length && line[count] > ' ' && line[count] < 0x7f &&
	       line[count] != ':')
		count++;
	if (count == 0 || line[0] == '#' || line[0] == '-')
		return 0;
	return count;
}

static int
field_begin(struct parser *p, char *line, size_t length)
{
	size_t name = name_length(line, length);
	if (name == 0 || name == length || line[name] != ':')
		return FAIL(p,
			    "'%.40s': neither 'Field: value' nor the continuation of "
			    "one; a continuation line starts with a blank",
			    line);
	line[name] = '\0';
	if (!p->in_stanza)
		stanza_begin(p);
	struct stanza *stanza = stanza_last(p);
	const struct field *other = stanza_find(stanza, line);
	if (other != NULL)
		return FAIL(
		    p,
		    "'%s': the stanza has this field already, on line %u; remove "
		    "one of them",
		    line, other->line);
	if (stanza->count == FIELDS_MOST)
		return FAIL(p, "'%s': more than %d fields in one stanza", line,
			    FIELDS_MOST);
	if (stanza->count == p->field_room) {
		p->field_room = p->field_room ? 2 * p->field_room : 8;
		stanza->fields = base_realloc(stanza->fields, p->field_room,
					      sizeof(*stanza->fields));
	}
	char *value = line + name + 1;
	value += strspn(value, " \t");
	p->field = &stanza->fields[stanza->count++];
	*p->field = (struct field){.name = line, .value = value, .line = p->line};
	p->value_end = line + length < value ? value : line + length;
	value_line(p);
	return 0;
}

/* Move a continuation line up against the value that it belongs to. */
static int
field_continue(struct parser *p, char *line, size_t length)
{
	if (!p->in_stanza)
		return FAIL(p,
			    "'%.40s': continues a field, but a stanza starts here; "
			    "remove the blank before it or the empty line above",
			    line);
	line++;
	length--;
	if (length == 1 && *line == '.')
		length = 0;
	*p->value_end++ = '\n';
	memmove(p->value_end, line, length);
	p->value_end += length;
	*p->value_end = '\0';
	value_line(p);
	return 0;
}

/* One line of the stanzas; line[length] is its NUL. */
static int
stanza_line(struct parser *p, char *line, size_t length)
{
	if (length == 0) {
		p->in_stanza = false;
		return 0;
	}
	if (*line == '#') {
		if (p->out->comment == 0)
			p->out->comment = p->line;
		return 0;
	}
	while (length > 0 && (line[length - 1] == ' ' || line[length - 1] == '\t'))
		line[--length] = '\0';
	if (length == 0)
		return FAIL(p,
			    "line: has blanks alone; make it empty to end the stanza, "
			    "or write ' .' for an empty line of a value");
	if (*line == ' ' || *line == '\t')
		return field_continue(p, line, length);
	return field_begin(p, line, length);
}

/* ---- framing ---------------------------------------------------------- */

/* RFC 9580, 7.2: a line of the text that starts with '-' is escaped with "- ". */
static int
signed_line(struct parser *p, char *line, size_t length)
{
	if (*line != '-')
		return stanza_line(p, line, length);
	if (strcmp(line, signature_begin) == 0) {
		p->framing = SIGNATURE;
		return 0;
	}
	if (line[1] != ' ')
		return FAIL(p,
			    "'%.40s': not escaped in the signed text; the file is "
			    "damaged, get it again",
			    line);
	return stanza_line(p, line + 2, length - 2);
}

static int
plain_line(struct parser *p, char *line, size_t length)
{
	if (strcmp(line, signed_begin) == 0)
		return FAIL(p, "text before the signed message: it is not signed; "
			       "remove it");
	return stanza_line(p, line, length);
}

static int
parse_line(struct parser *p, char *line, size_t length)
{
	switch (p->framing) {
	case BEFORE:
		if (length == 0)
			return 0;
		if (strcmp(line, signed_begin) == 0) {
			p->out->clearsigned = true;
			p->framing = ARMOUR_HEADERS;
			return 0;
		}
		p->framing = PLAIN;
		return plain_line(p, line, length);
	case PLAIN:
		return plain_line(p, line, length);
	case ARMOUR_HEADERS: /* RFC 9580, 7.1: Hash is the only one allowed */
		if (length == 0)
			p->framing = SIGNED_TEXT;
		else if (strncmp(line, "Hash: ", 6) != 0)
			return FAIL(p,
				    "'%.40s': only Hash headers can stand here; it is "
				    "not signed, remove it",
				    line);
		return 0;
	case SIGNED_TEXT:
		return signed_line(p, line, length);
	case SIGNATURE:
		if (strcmp(line, signature_end) == 0)
			p->framing = AFTER;
		else if (*line == '-')
			return FAIL(p,
				    "'%.40s': inside the signature; the file is "
				    "damaged, get it again",
				    line);
		return 0;
	case AFTER:
		break;
	}
	if (length > 0)
		return FAIL(p, "text after the signature: it is not signed; remove it");
	return 0;
}

static int
parse_all(struct parser *p)
{
	while (p->at < p->end) {
		char *line = p->at;
		size_t left = (size_t)(p->end - line);
		char *newline = memchr(line, '\n', left);
		size_t length = newline ? (size_t)(newline - line) : left;
		p->at = newline ? newline + 1 : p->end;
		p->line++;
		if (line_check(p, line, length) == -1)
			return -1;
		line[length] = '\0';
		if (parse_line(p, line, length) == -1)
			return -1;
	}
	if (p->framing != BEFORE && p->framing != PLAIN && p->framing != AFTER)
		return FAIL(p,
			    "end of file: the signed message has no end; the file is "
			    "cut off, get it again");
	if (p->out->count == 0) {
		p->line = p->line ? p->line : 1;
		return FAIL(p, "end of file: no stanza in it; expected 'Field: value' "
			       "lines");
	}
	return 0;
}

/* Every value has at least one line, so the lines of all fields follow each other. */
static void
lines_hand_out(struct deb822 *out)
{
	const unsigned *next = out->lines;
	for (size_t i = 0; i < out->count; i++) {
		for (size_t k = 0; k < out->stanzas[i].count; k++) {
			struct field *field = &out->stanzas[i].fields[k];
			field->lines = next++;
			for (const char *at = field->value; *at != '\0'; at++)
				next += *at == '\n';
		}
	}
}

int
deb822_parse(const char *path, const struct view *bytes, struct deb822 **parsed,
	     struct err *err)
{
	struct deb822 *out = base_alloc(1, sizeof(*out));
	struct parser p = {.out = out, .err = err};
	int result = -1;
	out->path = base_strdup(path);
	if (bytes->size > FILE_MOST) {
		describe_fail(err, path, 1,
			      "file: larger than 16 MiB; is it a "
			      "description?");
		goto out;
	}
	size_t size = (size_t)bytes->size;
	sha256_of(bytes->data, size, &out->sha256);
	out->text = base_alloc(size + 1, 1);
	if (size > 0)
		memcpy(out->text, bytes->data, size);
	p.at = out->text;
	p.end = out->text + size;
	result = parse_all(&p);
out:
	buf_free(&p.shown);
	if (result == -1) {
		deb822_free(out);
		return -1;
	}
	lines_hand_out(out);
	*parsed = out;
	return 0;
}

int
deb822_read(const char *path, struct deb822 **parsed, struct err *err)
{
	struct buf bytes = {0};
	int result = -1;
	if (file_read(path, FILE_MOST, &bytes, err) == -1) {
		if (err->kind == ERR_INPUT || err->kind == ERR_LIMIT)
			err->kind = ERR_USAGE;
	} else {
		struct view view = view_of_buf(&bytes);
		result = deb822_parse(path, &view, parsed, err);
	}
	buf_free(&bytes);
	return result;
}

void
deb822_free(struct deb822 *parsed)
{
	if (parsed == NULL)
		return;
	for (size_t i = 0; i < parsed->count; i++)
		free(parsed->stanzas[i].fields);
	free(parsed->stanzas);
	free(parsed->lines);
	free(parsed->text);
	free(parsed->path);
	free(parsed);
}

const struct field *
stanza_find(const struct stanza *stanza, const char *name)
{
	for (size_t i = 0; i < stanza->count; i++) {
		if (strcasecmp(stanza->fields[i].name, name) == 0)
			return &stanza->fields[i];
	}
	return NULL;
}
