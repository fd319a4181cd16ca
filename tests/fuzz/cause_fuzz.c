/* Places and causes of what differs between two arbitrary files: bounded, and sound in
 * what they claim: a proof has a word for it, a guess has none. */
#include <stdlib.h>

#include "compare/compare_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct difference *one)
{
	const struct cause *cause = &one->cause;
	if (one->place == NULL || (cause->name != NULL && cause->evidence == NULL) ||
	    cause->proved != (cause->proof != NULL))
		abort();
	json_t *object = difference_json(one, NULL, NULL, false);
	if (object == NULL)
		abort();
	json_decref(object);
}

static void
tell(struct scene *scene, const struct ranges *ranges)
{
	struct differences list = {0};
	for (size_t i = 0; i < ranges->count; i++) {
		struct difference one = {.kind = DIFFERENCE_BYTES,
					 .placed = true,
					 .range = ranges->items[i]};
		place_difference(scene, i, &one);
		differences_add(&list, &one);
	}
	causes_find(scene, &list);
	for (size_t i = 0; i < list.count; i++)
		check(&list.items[i]);
	differences_free(&list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct comparison comparison;
	struct scene scene = {.comparison = &comparison};
	struct ranges ranges = {0};
	struct side sides[2];
	struct lines lines[2] = {{0}, {0}};
	if (size < 2)
		return 0;
	size_t cut = 1 + data[0] * (size - 1) / 256;
	comparison_init(&comparison, NULL, NULL, NULL);
	comparison.instructions = 2000;
	sides[0] = (struct side){view_of(data + 1, cut - 1), NULL};
	sides[1] = (struct side){view_of(data + cut, size - cut), NULL};
	bool text = lines_are(&sides[0].view) && lines_are(&sides[1].view);
	for (size_t i = 0; i < 2; i++) {
		struct format_match match;
		format_probe(&sides[i].view, &match);
		scene.sides[i].view = sides[i].view;
		scene.sides[i].map = format_map(match.format, &sides[i].view, NULL);
		format_code(match.format, &sides[i].view, &scene.sides[i].code);
		strings_free(&match.others);
		if (!text)
			continue;
		lines_split(&sides[i].view, &lines[i]);
		scene.sides[i].lines = &lines[i];
	}
	align_all(&sides[0], &sides[1], &ranges);
	tell(&scene, &ranges);
	for (size_t i = 0; i < 2; i++) {
		map_free((struct map *)scene.sides[i].map);
		lines_free(&lines[i]);
	}
	ranges_free(&ranges);
	scene_close(&scene);
	comparison_free(&comparison);
	return 0;
}
