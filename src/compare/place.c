/* Where a difference is: section, symbol and instruction, or line and column. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define LINE_SHOWN 200 /* bytes of a line that are quoted */

/* ---- text ------------------------------------------------------------ */

/* The line at an offset, without its end, as shown text; NULL past the end. */
static char *
line_text(const struct scene_side *side, uint64_t offset)
{
	struct view part;
	if (offset >= side->view.size)
		return NULL;
	size_t line = lines_find(side->lines, offset);
	uint64_t start = side->lines->starts[line];
	uint64_t length = side->lines->starts[line + 1] - start;
	if (view_sub(&side->view, start, length, &part) == -1)
		return NULL;
	if (part.size > 0 && part.data[part.size - 1] == '\n')
		part.size--;
	if (part.size > LINE_SHOWN)
		part.size = LINE_SHOWN;
	return text_shown_n(part.data, (size_t)part.size);
}

/* The column of an offset in its line, from 1, in characters of UTF-8. */
static uint64_t
column_of(const struct scene_side *side, uint64_t offset)
{
	uint64_t start = side->lines->starts[lines_find(side->lines, offset)];
	uint64_t column = 1;
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
