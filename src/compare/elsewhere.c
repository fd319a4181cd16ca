/*
 * What stands alone on either side, anywhere: asked for only when members of two
 * containers might meet by being alike, for one whose very bytes are in another
 * container was moved there, and is not to meet a stranger.
 *
 * All containers that differ are entered for this, as they are for comparing them, and
 * so are those that one side lacks.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

struct content {
	uint64_t size;
	struct sha256 sha256;
	bool shipped;
};

static int
order_contents(const void *a, const void *b)
{
	const struct content *left = a, *right = b;
	if (left->shipped != right->shipped)
		return left->shipped ? -1 : 1;
	if (left->size != right->size)
		return left->size < right->size ? -1 : 1;
	return memcmp(&left->sha256, &right->sha256, sizeof(left->sha256));
}

static struct content
content_of(const struct node *node, bool shipped)
{
	return (struct content){node->size, node->sha256, shipped};
}

static void
contents_add(struct contents *contents, struct content content)
{
	if (contents->count == contents->room) {
		contents->room = contents->room ? 2 * contents->room : 64;
		contents->items = base_realloc(contents->items, contents->room,
					       sizeof(*contents->items));
	}
	contents->items[contents->count++] = content;
}

/* A member that one side lacks, and all in it. */
static int
gather_lone(struct comparison *comparison, node_id id, bool shipped, struct err *err)
{
	struct tree *tree = shipped ? comparison->shipped : comparison->rebuilt;
	if (interrupt_check(err) == -1 || tree_expand(tree, id, err) == -1)
		return -1;
	if (node_has_content(tree, id))
		contents_add(&comparison->alone,
			     content_of(tree_node(tree, id), shipped));
	for (node_id child = tree_node(tree, id)->first_child; child != NODE_NONE;
	     child = tree_node(tree, child)->next_sibling) {
		if (gather_lone(comparison, child, shipped, err) == -1)
			return -1;
	}
	return 0;
}

static int gather(struct comparison *comparison, struct pair pair, struct err *err);

static int
gather_members(struct comparison *comparison, const struct pairing *pairing,
	       struct err *err)
{
	int result = 0;
	for (size_t i = 0; i < pairing->count && result == 0; i++) {
		struct pair pair = pairing->pairs[i];
		if (pair.shipped == NODE_NONE)
			result = gather_lone(comparison, pair.rebuilt, false, err);
		else if (pair.rebuilt == NODE_NONE)
			result = gather_lone(comparison, pair.shipped, true, err);
		else
			result = gather(comparison, pair, err);
	}
	return result;
}

static int
gather(struct comparison *comparison, struct pair pair, struct err *err)
{
	struct pairing pairing;
	struct pair content = pair;
	if (interrupt_check(err) == -1)
		return -1;
	if (pair_is_identical(comparison, pair) ||
	    !node_is_whole(comparison->shipped, pair.shipped) ||
	    !node_is_whole(comparison->rebuilt, pair.rebuilt))
		return 0;
	if (streams_differ(comparison, pair)) {
		bool together = false;
		if (streams_enter(comparison, pair, &content, &together, err) == -1)
			return -1;
		return together ? gather(comparison, content, err) : 0;
	}
	if (!pair_is_entered(comparison, pair))
		return 0;
	if (containers_enter(comparison, pair, err) == -1)
		return -1;
	int result = pairing_make(comparison, pair, false, &pairing, err);
	if (result == 0)
		result = gather_members(comparison, &pairing, err);
	pairing_free(&pairing);
	return result;
}

int
elsewhere_gather(struct comparison *comparison, struct err *err)
{
	struct contents *alone = &comparison->alone;
	if (alone->gathered)
		return 0;
	alone->gathered = true;
	if (gather(comparison, comparison->top, err) == -1)
		return -1;
	if (alone->count > 0)
		qsort(alone->items, alone->count, sizeof(*alone->items),
		      order_contents);
	return 0;
}

bool
elsewhere_has(const struct comparison *comparison, const struct node *node,
	      bool shipped)
{
	const struct contents *alone = &comparison->alone;
	struct content wanted = content_of(node, !shipped);
	return alone->count > 0 &&
	       bsearch(&wanted, alone->items, alone->count, sizeof(*alone->items),
		       order_contents) != NULL;
}
