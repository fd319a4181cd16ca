/*
 * The bytes around a difference side by side, eight in a row, those that differ
 * marked. Where one side has more bytes than the other, gaps keep what is equal in
 * line.
 */
#include "report/html_private.h"

enum {
	BYTES_MOST = 256, /* of one side's context */
	ROW = 8,
	COLUMNS_MOST = 2 * BYTES_MOST,
	GAP = -1,
};

/* One side's context and the part of it that is within the difference. */
struct strip {
	uint8_t bytes[BYTES_MOST];
	uint64_t offset;
	int count, lead, changed; /* bytes; before the range; of the range */
	uint64_t length;          /* the whole range */
};

/* Indices into both strips, or GAP. */
struct pair_column {
	int sides[2];
	bool differs;
};

struct weave {
	struct strip strips[2]; /* shipped, rebuilt */
	struct pair_column columns[COLUMNS_MOST];
	int count;
};

static const char *const side_names[] = {"shipped", "rebuilt"};

static uint64_t
side_number(const json_t *difference, const char *side, const char *what)
{
	char key[32];
	snprintf(key, sizeof(key), "%s_%s", side, what);
	return finding_number(difference, key);
}

/* False when a side has no context, or one that is no hexadecimal. */
static bool
strip_read(const json_t *difference, const char *side, struct strip *strip)
{
	const json_t *context = json_object_get(difference, "context");
	const json_t *object = json_object_get(context, side);
	const char *hex = finding_string(object, "hex");
	uint64_t offset = side_number(difference, side, "offset");
	if (hex == NULL)
		return false;
	size_t length = strlen(hex);
	if (length % 2 != 0 || length / 2 > BYTES_MOST ||
	    hex_decode(hex, false, strip->bytes, length / 2) == -1)
		return false;
	strip->count = (int)(length / 2);
	strip->offset = finding_number(object, "offset");
	strip->length = side_number(difference, side, "length");
	if (offset < strip->offset || offset - strip->offset > length / 2)
		return false; /* bytes of another place */
	strip->lead = (int)(offset - strip->offset);
	uint64_t left = (uint64_t)(strip->count - strip->lead);
	strip->changed = (int)(strip->length < left ? strip->length : left);
	return true;
}

static void
weave_add(struct weave *weave, int shipped, int rebuilt, bool within)
{
	struct pair_column *column = &weave->columns[weave->count];
	if (weave->count == COLUMNS_MOST)
		return;
	*column = (struct pair_column){{shipped, rebuilt}, within};
	if (within && shipped != GAP && rebuilt != GAP)
		column->differs =
		    weave->strips[0].bytes[shipped] != weave->strips[1].bytes[rebuilt];
	weave->count++;
}

/* Bring both sides in line: before the range, in it, and after it. */
static void
weave_fill(struct weave *weave)
{
	const struct strip *a = &weave->strips[0], *b = &weave->strips[1];
	int lead = a->lead < b->lead ? a->lead : b->lead;
	int changed = a->changed > b->changed ? a->changed : b->changed;
	int a_tail = a->lead + a->changed, b_tail = b->lead + b->changed;
	int a_rest = a->count - a_tail, b_rest = b->count - b_tail;
	for (int i = 0; i < lead; i++)
		weave_add(weave, a->lead - lead + i, b->lead - lead + i, false);
	for (int i = 0; i < changed; i++)
		weave_add(weave, i < a->changed ? a->lead + i : GAP,
			  i < b->changed ? b->lead + i : GAP, true);
	for (int i = 0; i < a_rest || i < b_rest; i++)
		weave_add(weave, i < a_rest ? a_tail + i : GAP,
			  i < b_rest ? b_tail + i : GAP, false);
}

/* The offset of a row's first byte on one side; an empty cell when it has none. */
static void
write_offset(struct html *page, const struct weave *weave, int from, int end, int side)
{
	html_raw(page, side == 0 ? "<th scope=\"row\" class=\"s\">"
				 : "<th scope=\"row\" class=\"r\">");
	for (int i = from; i < end; i++) {
		int at = weave->columns[i].sides[side];
		if (at == GAP)
			continue;
		buf_printf(page->out, "%06jx",
			   (uintmax_t)(weave->strips[side].offset + (uint64_t)at));
		break;
	}
	html_raw(page, "</th>");
}

/* One byte in hexadecimal or as a character; dashes where the side has none. */
static void
write_byte(struct html *page, const struct weave *weave, int column, int side,
	   bool text)
{
	int at = weave->columns[column].sides[side];
	uint8_t byte = at == GAP ? 0 : weave->strips[side].bytes[at];
	if (at == GAP)
		html_raw(page, text ? " " : "--");
	else if (!text)
		buf_printf(page->out, "%02x", byte);
	else if (byte > 0x20 && byte < 0x7f)
		html_text(page, (const char[]){(char)byte, '\0'});
	else
		html_raw(page, byte == 0x20 ? " " : "·");
}

/* One cell: a run of bytes that differ is one mark. */
static void
write_cell(struct html *page, const struct weave *weave, int from, int end, int side,
	   bool text)
{
	html_raw(page, text ? "<td class=\"text\">" : "<td>");
	for (int i = from; i < end; i++) {
		bool differs = weave->columns[i].differs;
		bool before = i > from && weave->columns[i - 1].differs;
		if (before && !differs)
			html_raw(page, "</mark>");
		if (i > from && !text)
			html_raw(page, " ");
		if (differs && !before)
			html_raw(page, "<mark>");
		write_byte(page, weave, i, side, text);
	}
	if (weave->columns[end - 1].differs)
		html_raw(page, "</mark>");
	html_raw(page, "</td>");
}

static void
write_caption(struct html *page, const struct weave *weave)
{
	uint64_t lengths[2] = {weave->strips[0].length, weave->strips[1].length};
	int shown[2] = {weave->strips[0].changed, weave->strips[1].changed};
	html_raw(page, "<caption>Shipped on the left, rebuilt on the right; bytes that "
		       "differ are underlined");
	for (int i = 0; i < 2; i++) {
		if (lengths[i] > (uint64_t)shown[i])
			html_format(page, "span", "; %s: the first %d of %ju bytes",
				    side_names[i], shown[i], (uintmax_t)lengths[i]);
	}
	html_raw(page, "</caption>\n");
}

bool
html_hex(struct html *page, const json_t *difference, bool open)
{
	struct weave weave = {.count = 0};
	for (int i = 0; i < 2; i++) {
		if (!strip_read(difference, side_names[i], &weave.strips[i]))
			return false;
	}
	weave_fill(&weave);
	if (weave.count == 0)
		return false;
	buf_printf(page->out,
		   "<details class=\"bytes\"%s><summary>Bytes around it</summary>\n"
		   "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		   "aria-label=\"Bytes\"><table class=\"pair hex\">\n",
		   open ? " open" : "");
	write_caption(page, &weave);
	html_raw(page,
		 "<thead><tr><th scope=\"col\">Shipped at</th><th scope=\"col\">Bytes"
		 "</th><th scope=\"col\">Text</th><th scope=\"col\">Rebuilt at</th>"
		 "<th scope=\"col\">Bytes</th><th scope=\"col\">Text</th></tr></thead>"
		 "\n<tbody>\n");
	for (int from = 0; from < weave.count; from += ROW) {
		int end = from + ROW < weave.count ? from + ROW : weave.count;
		html_raw(page, "<tr>");
		for (int side = 0; side < 2; side++) {
			write_offset(page, &weave, from, end, side);
			write_cell(page, &weave, from, end, side, false);
			write_cell(page, &weave, from, end, side, true);
		}
		html_raw(page, "</tr>\n");
	}
	html_raw(page, "</tbody></table></div></details>\n");
	return true;
}
