/* The XML of a xar's table of contents (XML 1.0): the elements that hold places. */
#include "signature/xar_private.h"

enum {
	DEPTH_MOST = 256,
	PIECES_MOST = 1 << 20,
};

struct element {
	struct view name, style;
};

struct reader {
	struct view rest; /* behind the last tag */
	struct element stack[DEPTH_MOST];
	size_t depth;
	struct xar_toc *toc;
	struct xar_piece piece; /* the one that is open */
};

static bool
is(const struct view *name, const char *text)
{
	size_t size = strlen(text);
	return name->size == size && view_has(name, 0, text, size);
}

/* The name of the element that many levels up; of the open one for 0. */
static bool
inside(const struct reader *reader, size_t up, const char *name)
{
	return reader->depth > up &&
	       is(&reader->stack[reader->depth - 1 - up].name, name);
}

/* ---- what elements mean -------------------------------------------------- */

static int
read_number(const struct view *text, uint64_t *number)
{
	*number = 0;
	if (text->size == 0 || text->size > 18)
		return -1;
	for (uint64_t i = 0; i < text->size; i++) {
		uint8_t digit = text->data[i];
		if (digit < '0' || digit > '9')
			return -1;
		*number = *number * 10 + (digit - '0');
	}
	return 0;
}

/* One of the numbers of a place; -1 when it is malformed or there twice. */
static int
set_number(struct xar_place *place, const struct view *name, const struct view *text)
{
	uint64_t *number = NULL;
	bool *has = NULL;
	if (is(name, "offset")) {
		number = &place->offset;
		has = &place->has_offset;
	} else if (is(name, "length")) {
		number = &place->length;
		has = &place->has_length;
	} else if (is(name, "size")) {
		number = &place->size;
		has = &place->has_size;
	}
	if (number == NULL)
		return 0;
	if (*has)
		return -1;
	*has = true;
	return read_number(text, number);
}

/* The text of an element that has no elements in it. */
static int
take_leaf(struct reader *reader, const struct view *text)
{
	const struct element *element = &reader->stack[reader->depth - 1];
	struct xar_toc *toc = reader->toc;
	struct xar_signature *signature =
	    toc->signature_count != 0 ? &toc->signatures[toc->signature_count - 1]
				      : NULL;
	if (inside(reader, 1, "data") || inside(reader, 1, "ea")) {
		if (!is(&element->name, "archived-checksum"))
			return set_number(&reader->piece.place, &element->name, text);
		if (reader->piece.checksum.size != 0)
			return -1;
		reader->piece.style = element->style;
		reader->piece.checksum = *text;
	} else if (inside(reader, 1, "checksum") && inside(reader, 2, "toc")) {
		return set_number(&toc->checksum, &element->name, text);
	} else if ((inside(reader, 1, "signature") ||
		    inside(reader, 1, "x-signature")) &&
		   inside(reader, 2, "toc")) {
		return set_number(&signature->place, &element->name, text);
	} else if (is(&element->name, "X509Certificate") && signature != NULL) {
		if (signature->certificate_count == XAR_CERTIFICATES_MOST)
			return -1;
		signature->certificates[signature->certificate_count++] = *text;
	}
	return 0;
}

static int
begin(struct reader *reader)
{
	const struct element *element = &reader->stack[reader->depth - 1];
	struct xar_toc *toc = reader->toc;
	bool cms = is(&element->name, "x-signature");
	if (is(&element->name, "data") || is(&element->name, "ea"))
		reader->piece = (struct xar_piece){.place = {.offset = 0}};
	if (!inside(reader, 1, "toc"))
		return 0;
	if (is(&element->name, "checksum")) {
		if (toc->has_checksum)
			return -1;
		toc->has_checksum = true;
		toc->style = element->style;
	}
	if (cms || is(&element->name, "signature")) {
		if (toc->signature_count == XAR_SIGNATURES_MOST)
			return -1;
		toc->signatures[toc->signature_count++] =
		    (struct xar_signature){.cms = cms, .style = element->style};
	}
	return 0;
}

static int
end(struct reader *reader)
{
	struct xar_toc *toc = reader->toc;
	if ((!inside(reader, 0, "data") && !inside(reader, 0, "ea")) ||
	    !reader->piece.place.has_offset)
		return 0;
	if (toc->count == PIECES_MOST)
		return -1;
	if (toc->count == toc->room) {
		toc->room = toc->room ? toc->room * 2 : 64;
		toc->pieces =
		    base_realloc(toc->pieces, toc->room, sizeof(*toc->pieces));
	}
	toc->pieces[toc->count++] = reader->piece;
	reader->piece.place.has_offset = false;
	return 0;
}

/* ---- tags ------------------------------------------------------------------ */

/* Split what stands between "<" and ">": a name, and of its attributes the style. */
static int
read_tag(const struct view *tag, struct element *element)
{
	static const char style[] = " style=\"";
	uint64_t at = 0, quote = 0;
	*element = (struct element){.name = *tag};
	while (at < tag->size && strchr(" \t\r\n", tag->data[at]) == NULL)
		at++;
	view_sub(tag, 0, at, &element->name);
	if (view_find(tag, at, style, sizeof(style) - 1, &at) == -1)
		return 0;
	at += sizeof(style) - 1;
	return view_find(tag, at, "\"", 1, &quote) == -1
		   ? -1
		   : view_sub(tag, at, quote - at, &element->style);
}

static int
open_tag(struct reader *reader, const struct view *tag)
{
	if (reader->depth == DEPTH_MOST ||
	    read_tag(tag, &reader->stack[reader->depth]) == -1)
		return -1;
	reader->depth++;
	return begin(reader);
}

/* `text` stands between the last tag and this one. */
static int
close_tag(struct reader *reader, const struct view *name, bool leaf,
	  const struct view *text)
{
	if (reader->depth == 0 ||
	    !view_equal(&reader->stack[reader->depth - 1].name, name) ||
	    (leaf && take_leaf(reader, text) == -1) || end(reader) == -1)
		return -1;
	reader->depth--;
	return 0;
}

/* Take a tag. Comments, CDATA, document types and the like are in no table, and two
 * readers could see two tables in one that has them. */
static int
take_tag(struct reader *reader, bool *leaf)
{
	uint64_t start, stop;
	struct view text, tag, name;
	if (view_find(&reader->rest, 0, "<", 1, &start) == -1 ||
	    view_find(&reader->rest, start, ">", 1, &stop) == -1)
		return -1;
	view_sub(&reader->rest, 0, start, &text);
	view_sub(&reader->rest, start + 1, stop - start - 1, &tag);
	reader->rest = view_from(&reader->rest, stop + 1);
	if (tag.size == 0 || tag.data[0] == '!' || tag.data[0] == '?' ||
	    view_find(&tag, 0, "<", 1, &start) == 0)
		return -1;
	if (tag.data[0] == '/') {
		name = view_from(&tag, 1);
		bool was_leaf = *leaf;
		*leaf = false;
		return close_tag(reader, &name, was_leaf, &text);
	}
	bool empty = tag.data[tag.size - 1] == '/';
	if (empty)
		tag.size--;
	*leaf = !empty;
	if (open_tag(reader, &tag) == -1)
		return -1;
	name = reader->stack[reader->depth - 1].name;
	return empty ? close_tag(reader, &name, false, &text) : 0;
}

int
xar_toc_read(const struct view *text, struct xar_toc *toc, struct err *err)
{
	struct reader *reader = base_alloc(1, sizeof(*reader));
	uint64_t start = 0;
	bool leaf = false;
	int answer = 0;
	*toc = (struct xar_toc){.count = 0};
	reader->toc = toc;
	reader->rest = *text;
	if (view_has(text, 0, "<?xml ", 6) && view_find(text, 0, "?>", 2, &start) == 0)
		reader->rest = view_from(text, start + 2);
	do
		answer = take_tag(reader, &leaf);
	while (answer == 0 && reader->depth > 0);
	for (uint64_t i = 0; answer == 0 && i < reader->rest.size; i++) {
		if (strchr(" \t\r\n", reader->rest.data[i]) == NULL)
			answer = -1;
	}
	if (answer == -1)
		err_set(err, ERR_INPUT,
			"the table of contents is malformed before its byte %ju",
			(uintmax_t)(text->size - reader->rest.size));
	free(reader);
	return answer;
}

void
xar_toc_clear(struct xar_toc *toc)
{
	free(toc->pieces);
	*toc = (struct xar_toc){.count = 0};
}
