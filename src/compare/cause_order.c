/* The same lines of a text in another order. */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>

struct sorted_line {
	const uint8_t *data;
	size_t size;
};

struct sorted {
	struct sorted_line *items;
	size_t count;
};

static int
order_lines(const void *a, const void *b)
{
	const struct sorted_line *left = a, *right = b;
	size_t shorter = left->size < right->size ? left->size : right->size;
	int order = shorter > 0 ? memcmp(left->data, right->data, shorter) : 0;
	return order != 0 ? order
			  : (left->size > right->size) - (left->size < right->size);
}

static void
sort_lines(const struct scene_side *side, struct sorted *sorted)
{
	sorted->count = side->lines->count;
	sorted->items = base_alloc(sorted->count + 1, sizeof(*sorted->items));
	for (size_t i = 0; i < sorted->count; i++) {
		uint64_t start = side->lines->starts[i];
		sorted->items[i] =
		    (struct sorted_line){side->view.data + start,
					 (size_t)(side->lines->starts[i + 1] - start)};
	}
	if (sorted->count > 1)
		qsort(sorted->items, sorted->count, sizeof(*sorted->items),
		      order_lines);
}

static bool
same_lines(const struct scene *scene)
{
	struct sorted a, b;
	sort_lines(&scene->sides[0], &a);
	sort_lines(&scene->sides[1], &b);
	bool same = a.count == b.count;
	for (size_t i = 0; i < a.count && same; i++)
		same = order_lines(&a.items[i], &b.items[i]) == 0;
	free(a.items);
	free(b.items);
	return same;
}

void
survey_order(struct scene *scene, struct differences *list)
{
	if (scene->sides[0].lines == NULL || scene->sides[1].lines == NULL ||
	    scene->sides[0].view.size != scene->sides[1].view.size ||
	    !same_lines(scene))
		return;
	for (size_t i = 0; i < list->count; i++) {
		struct cause *cause = &list->items[i].cause;
		if (cause->name != NULL)
			continue;
		cause_equal(cause, "order",
			    "sorted the lines of both sides and compared",
			    "the same %zu lines stand in another order",
			    scene->sides[0].lines->count);
	}
}
