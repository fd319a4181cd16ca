/* Members, lines or entries that are the same on both sides, in another order. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- order ----------------------------------------------------------- */

/* A renamed member stands where its name belongs. */
static bool
keeps_place(const struct pair *pair)
{
	return pair->met == MET_BY_PATH || pair->met == MET_BY_INNER;
}

void
order_compare(const struct comparison *comparison, const struct pairing *pairing,
	      struct differences *list)
{
	uint64_t *values = base_alloc(pairing->count + 1, sizeof(*values));
	size_t *owners = base_alloc(pairing->count + 1, sizeof(*owners));
	bool *keep = base_alloc(pairing->count + 1, sizeof(*keep));
	size_t count = 0, first = 0;
	for (size_t i = 0; i < pairing->count; i++) {
		const struct pair *pair = &pairing->pairs[i];
		if (pair->shipped == NODE_NONE || pair->rebuilt == NODE_NONE ||
		    !keeps_place(pair))
			continue;
		owners[count] = i;
		values[count++] =
		    tree_node(comparison->rebuilt, pair->rebuilt)->ordinal;
	}
	size_t in_order = edit_increasing(values, count, keep);
	if (in_order < count) {
		while (keep[first])
			first++;
		const struct pair *pair = &pairing->pairs[owners[first]];
		const struct node *one = tree_node(comparison->shipped, pair->shipped);
		const struct node *other =
		    tree_node(comparison->rebuilt, pair->rebuilt);
		char *path = text_shown(one->member.path);
		struct difference order = {.kind = DIFFERENCE_ORDER};
		order.place =
		    base_format("order of members: %zu of %zu out of place, the "
				"first is %s",
				count - in_order, count, path);
		order.field = base_strdup("order");
		order.shipped = base_format("member %ju", (uintmax_t)one->ordinal + 1);
		order.rebuilt =
		    base_format("member %ju", (uintmax_t)other->ordinal + 1);
		differences_add(list, &order);
		free(path);
	}
	free(values);
	free(owners);
	free(keep);
}
