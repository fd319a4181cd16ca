/* Differences as they go into an entry, and as JSON. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

enum {
	EXCERPT_BYTES = 32,
	CONTEXT_ROW = 16,    /* bytes of a line of hexadecimal */
	CONTEXT_WITHIN = 64, /* bytes of the range itself */
};

static const char *const kinds[] = {
    [DIFFERENCE_BYTES] = "bytes",
    [DIFFERENCE_METADATA] = "metadata",
    [DIFFERENCE_ORDER] = "order",
    [DIFFERENCE_STRUCTURE] = "structure",
};

void
difference_clear(struct difference *difference)
{
	free(difference->place);
	free(difference->field);
	free(difference->shipped);
	free(difference->rebuilt);
	free(difference->shipped_text);
	free(difference->rebuilt_text);
	free(difference->cause.evidence);
	free(difference->cause.proof);
	free(difference->cause.follows_from);
	free(difference->instructions[0].text);
	free(difference->instructions[1].text);
	json_decref(difference->code);
	*difference = (struct difference){0};
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
span_grow(uint64_t *offset, uint64_t *length, uint64_t other, uint64_t other_length)
{
	uint64_t end = *offset + *length, other_end = other + other_length;
	if (other_end > end)
		end = other_end;
	if (other < *offset)
		*offset = other;
	*length = end - *offset;
}

/* Let `one` stand for `other` as well. */
static void
difference_absorb(struct difference *one, const struct difference *other)
{
	one->aggregated += 1 + other->aggregated;
	if (!other->placed)
		return;
	if (!one->placed) {
		one->placed = true;
		one->range = other->range;
		return;
	}
	span_grow(&one->range.shipped, &one->range.shipped_length, other->range.shipped,
		  other->range.shipped_length);
	span_grow(&one->range.rebuilt, &one->range.rebuilt_length, other->range.rebuilt,
		  other->range.rebuilt_length);
	one->range.differing += other->range.differing;
}

void
differences_add(struct differences *list, struct difference *difference)
{
	if (list->count >= RANGES_MOST) {
		/* the last ones are looked at first: one of each kind is soon there */
		for (size_t i = list->count; i > 0; i--) {
			struct difference *one = &list->items[i - 1];
			if (one->kind == difference->kind &&
			    same_text(one->field, difference->field)) {
				difference_absorb(one, difference);
				difference_clear(difference);
				return;
			}
		}
	}
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 16;
		list->items =
		    base_realloc(list->items, list->room, sizeof(*list->items));
	}
	list->items[list->count++] = *difference;
	*difference = (struct difference){0};
}

void
differences_free(struct differences *list)
{
	for (size_t i = 0; i < list->count; i++)
		difference_clear(&list->items[i]);
	free(list->items);
	*list = (struct differences){0};
}

static void
set_text(json_t *object, const char *key, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, key, json_string(text));
}

static void
set_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Up to EXCERPT_BYTES of a range in hexadecimal. */
static void
set_excerpt(json_t *object, const char *key, const struct view *view, uint64_t offset,
	    uint64_t length)
{
	struct view part;
	char hex[2 * EXCERPT_BYTES + 1];
	if (view == NULL || view_sub(view, offset, length, &part) == -1)
		return;
	size_t count = part.size < EXCERPT_BYTES ? (size_t)part.size : EXCERPT_BYTES;
	hex_encode(part.data, count, hex);
	json_object_set_new(object, key, json_string(hex));
}

/* The bytes around a range of one side: from the row of 16 before it to 16 behind
 * what is shown of it. */
static json_t *
context_json(const struct view *view, uint64_t offset, uint64_t length)
{
	char hex[2 * (2 * CONTEXT_ROW + CONTEXT_WITHIN) + 1];
	uint64_t start = offset / CONTEXT_ROW * CONTEXT_ROW;
	if (start == offset && start >= CONTEXT_ROW)
		start -= CONTEXT_ROW;
	uint64_t end =
	    offset + (length < CONTEXT_WITHIN ? length : CONTEXT_WITHIN) + CONTEXT_ROW;
	struct view part = view_from(view, start);
	if (part.size > end - start)
		part.size = end - start;
	json_t *object = json_object();
	hex_encode(part.data, (size_t)part.size, hex);
	set_number(object, "offset", start);
	set_text(object, "hex", hex);
	return object;
}

static void
set_context(json_t *object, const struct range *range, const struct view *shipped,
	    const struct view *rebuilt)
{
	json_t *context = json_object();
	json_object_set_new(
	    context, "shipped",
	    context_json(shipped, range->shipped, range->shipped_length));
	json_object_set_new(
	    context, "rebuilt",
	    context_json(rebuilt, range->rebuilt, range->rebuilt_length));
	json_object_set_new(object, "context", context);
}

static json_t *
cause_json(const struct cause *cause)
{
	json_t *object = json_object();
	set_text(object, "name", cause->name);
	set_text(object, "sure", cause->proved ? "proved" : "likely");
	set_text(object, "evidence", cause->evidence ? cause->evidence : "");
	if (cause->proved)
		set_text(object, "proof", cause->proof);
	set_text(object, "follows_from", cause->follows_from);
	return object;
}

json_t *
difference_json(const struct difference *difference, const struct view *shipped,
		const struct view *rebuilt, bool context)
{
	const struct range *range = &difference->range;
	json_t *object = json_object();
	set_text(object, "kind", kinds[difference->kind]);
	if (difference->placed) {
		set_number(object, "shipped_offset", range->shipped);
		set_number(object, "shipped_length", range->shipped_length);
		set_number(object, "rebuilt_offset", range->rebuilt);
		set_number(object, "rebuilt_length", range->rebuilt_length);
	}
	if (difference->aggregated > 0) {
		char *place = base_format("%s and %llu more",
					  difference->place ? difference->place : "",
					  (unsigned long long)difference->aggregated);
		set_text(object, "place", place);
		free(place);
	} else {
		set_text(object, "place", difference->place);
	}
	set_text(object, "field", difference->field);
	if (difference->shipped != NULL || difference->rebuilt != NULL) {
		set_text(object, "shipped", difference->shipped);
		set_text(object, "rebuilt", difference->rebuilt);
	} else if (difference->placed) {
		set_excerpt(object, "shipped", shipped, range->shipped,
			    range->shipped_length);
		set_excerpt(object, "rebuilt", rebuilt, range->rebuilt,
			    range->rebuilt_length);
	}
	set_text(object, "shipped_text", difference->shipped_text);
	set_text(object, "rebuilt_text", difference->rebuilt_text);
	if (context && difference->placed && shipped != NULL && rebuilt != NULL)
		set_context(object, range, shipped, rebuilt);
	if (difference->code != NULL)
		json_object_set(object, "code", difference->code);
	if (difference->cause.name != NULL)
		json_object_set_new(object, "cause", cause_json(&difference->cause));
	return object;
}
