/* Where a difference is: section, symbol and instruction, or line and column. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define LINE_SHOWN 200 /* bytes of a line that are quoted */

/* ---- text ------------------------------------------------------------ */

/* Append a character as UTF-8 (RFC 3629, section 3); "?" for what is none. */
static void
put_character(struct buf *out, uint32_t character)
{
	if (character < 0x80)
		buf_printf(out, "%c", (char)character);
	else if (character < 0x800)
		buf_printf(out, "%c%c", (char)(0xc0 | character >> 6),
			   (char)(0x80 | (character & 0x3f)));
	else if (character >= 0xd800 && character < 0xe000)
		buf_puts(out, "?");
	else if (character < 0x10000)
		buf_printf(out, "%c%c%c", (char)(0xe0 | character >> 12),
			   (char)(0x80 | (character >> 6 & 0x3f)),
			   (char)(0x80 | (character & 0x3f)));
	else if (character < 0x110000)
		buf_printf(out, "%c%c%c%c", (char)(0xf0 | character >> 18),
			   (char)(0x80 | (character >> 12 & 0x3f)),
			   (char)(0x80 | (character >> 6 & 0x3f)),
			   (char)(0x80 | (character & 0x3f)));
	else
		buf_puts(out, "?");
}

/* The characters of a text of wider units as UTF-8. */
static void
put_wide(struct buf *out, const struct encoding *encoding, const struct view *part)
{
	uint32_t high = 0; /* surrogate that waits for its other half */
	for (uint64_t at = 0; at < part->size; at += encoding->width) {
		uint32_t unit = encoding_unit(encoding, part, at);
		if (encoding->width == 2 && high != 0 && unit >> 10 == 0x37)
			unit = 0x10000 + (high << 10) + (unit & 0x3ff);
		high = encoding->width == 2 && unit >> 10 == 0x36 ? unit & 0x3ff : 0;
		if (high == 0 && unit >> 10 != 0x36)
			put_character(out, unit);
	}
}

/* The line at an offset, without its end, as shown text; NULL past the end. */
static char *
line_text(const struct scene_side *side, uint64_t offset)
{
	const struct encoding *encoding = side->lines->encoding;
	struct view part;
	if (offset >= side->view.size)
		return NULL;
	size_t line = lines_find(side->lines, offset);
	uint64_t start = side->lines->starts[line];
	uint64_t length = side->lines->starts[line + 1] - start;
	if (view_sub(&side->view, start, length, &part) == -1)
		return NULL;
	if (part.size >= encoding->width &&
	    encoding_unit(encoding, &part, part.size - encoding->width) == '\n')
		part.size -= encoding->width;
	if (part.size > LINE_SHOWN)
		part.size = LINE_SHOWN;
	if (encoding->width == 1)
		return text_shown_n(part.data, (size_t)part.size);
	struct buf text = {0};
	put_wide(&text, encoding, &part);
	char *shown = text_shown_n(text.data, text.size);
	buf_free(&text);
	return shown;
}

/* The column of an offset in its line, from 1, in characters of UTF-8 or in units of
 * what is wider. */
static uint64_t
column_of(const struct scene_side *side, uint64_t offset)
{
	uint64_t start = side->lines->starts[lines_find(side->lines, offset)];
	uint64_t column = 1;
	if (side->lines->encoding->width > 1)
		return (offset - start) / side->lines->encoding->width + 1;
	for (uint64_t at = start; at < offset && at < side->view.size; at++)
		column += (side->view.data[at] & 0xc0) != 0x80;
	return column;
}

/* "line 12, column 5": of the shipped side, or of the rebuilt side when it is only
 * there. A line that one side lacks has no column. */
static void
place_line(const struct scene *scene, struct difference *difference)
{
	const struct range *range = &difference->range;
	bool there = range->shipped_length > 0;
	bool both = there && range->rebuilt_length > 0;
	const struct scene_side *side = &scene->sides[there ? 0 : 1];
	uint64_t offset = there ? range->shipped : range->rebuilt;
	uint64_t length = there ? range->shipped_length : range->rebuilt_length;
	size_t first = lines_find(side->lines, offset) + 1;
	size_t last = lines_find(side->lines, offset + length - 1) + 1;
	uint64_t column = column_of(side, offset);
	struct buf place = {0};
	if (first == last)
		buf_printf(&place, "line %zu", first);
	else
		buf_printf(&place, "lines %zu to %zu", first, last);
	if (first == last && (both || column > 1))
		buf_printf(&place, ", column %ju", (uintmax_t)column);
	if (!there)
		buf_puts(&place, " of the rebuilt file");
	difference->place = buf_take(&place);
	difference->shipped_text = line_text(&scene->sides[0], range->shipped);
	difference->rebuilt_text = line_text(&scene->sides[1], range->rebuilt);
}

/* ---- code ------------------------------------------------------------ */

/* ": mov edx, 0x7e6 | mov edx, 0x7ea" */
static void
place_instructions(const struct difference *difference, struct buf *place)
{
	const struct instructions *shipped = &difference->instructions[0];
	const struct instructions *rebuilt = &difference->instructions[1];
	buf_printf(place, ": %s%s | %s",
		   shipped->sure && rebuilt->sure ? "" : "likely ", shipped->text,
		   rebuilt->text);
}

/* Decode both sides; false unless code is on both. */
static bool
decode_both(struct scene *scene, struct difference *difference)
{
	const struct range *range = &difference->range;
	uint64_t *budget = &scene->comparison->instructions;
	const char *names[2] = {NULL, NULL};
	json_t *shipped =
	    code_around(&scene->sides[0], range->shipped, range->shipped_length, budget,
			&difference->instructions[0], &names[0]);
	json_t *rebuilt =
	    code_around(&scene->sides[1], range->rebuilt, range->rebuilt_length, budget,
			&difference->instructions[1], &names[1]);
	if (shipped == NULL || rebuilt == NULL || strcmp(names[0], names[1]) != 0) {
		json_decref(shipped);
		json_decref(rebuilt);
		return false;
	}
	bool sure =
	    difference->instructions[0].sure && difference->instructions[1].sure;
	difference->code = json_object();
	json_object_set_new(difference->code, "architecture", json_string(names[0]));
	json_object_set_new(difference->code, "alignment",
			    json_string(sure ? "known" : "likely"));
	json_object_set_new(difference->code, "shipped", shipped);
	json_object_set_new(difference->code, "rebuilt", rebuilt);
	return true;
}

static void
place_bytes(struct scene *scene, size_t index, struct difference *difference)
{
	const struct range *range = &difference->range;
	struct comparison *comparison = scene->comparison;
	struct buf place = {0};
	if (range->shipped_length > 0) {
		map_place(scene->sides[0].map, range->shipped, &place);
	} else {
		map_place(scene->sides[1].map, range->rebuilt, &place);
		buf_puts(&place, " of the rebuilt file");
	}
	if (index < CONTEXTS_IN_ENTRY && comparison->codes < CONTEXTS_IN_DOCUMENT &&
	    decode_both(scene, difference)) {
		comparison->codes++;
		place_instructions(difference, &place);
	}
	difference->place = buf_take(&place);
}

void
place_difference(struct scene *scene, size_t index, struct difference *difference)
{
	if (scene->sides[0].lines != NULL && scene->sides[1].lines != NULL)
		place_line(scene, difference);
	else
		place_bytes(scene, index, difference);
}
