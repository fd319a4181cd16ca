/*
 * Members that one side lacks, each with an entry of its own, however deep in a
 * container that the other side lacks too; and where the other side has the same
 * bytes in another place. In a release, the same for what no output accounts for.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* Containers of that many bytes are entered to find something in what was built. */
#define BUILT_MOST ((uint64_t)1 << 30)

void
lones_add(struct lones *lones, node_id id, bool shipped, json_t *entry)
{
	if (lones->count == lones->room) {
		lones->room = lones->room ? 2 * lones->room : 16;
		lones->items =
		    base_realloc(lones->items, lones->room, sizeof(*lones->items));
	}
	lones->items[lones->count++] = (struct lone){id, shipped, entry};
}

static size_t
count_below(const struct tree *tree, node_id id)
{
	size_t count = 0;
	for (node_id child = tree_node(tree, id)->first_child; child != NODE_NONE;
	     child = tree_node(tree, child)->next_sibling)
		count += 1 + count_below(tree, child);
	return count;
}

/* One entry and those of what is in it; `inside` another lone member. */
static int
tell(struct comparison *comparison, bool shipped, node_id id, bool inside,
     struct err *err)
{
	struct tree *tree = shipped ? comparison->shipped : comparison->rebuilt;
	const char *side = shipped ? "shipped" : "rebuilt";
	if (interrupt_check(err) == -1 || tree_expand(tree, id, err) == -1)
		return -1;
	json_t *entry = entry_new(comparison, shipped ? pair_of(id, NODE_NONE)
						      : pair_of(NODE_NONE, id));
	entry_status(entry, shipped ? STATUS_EXTRA : STATUS_MISSING);
	entry_reason(entry,
		     inside ? "in a container that is only on the %s side"
			    : "only on the %s side",
		     side);
	entry_notes(entry, tree_node(tree, id), NULL);
	lones_add(&comparison->lones, id, shipped, entry);
	node_id child = tree_node(tree, id)->first_child;
	if (child != NODE_NONE)
		json_object_set_new(entry, "container", json_true());
	for (; child != NODE_NONE; child = tree_node(tree, child)->next_sibling) {
		if (tell(comparison, shipped, child, true, err) == -1)
			return -1;
	}
	size_t below = count_below(tree, id);
	if (below > 0)
		entry_reason(entry, "with %zu member%s in it", below,
			     below == 1 ? "" : "s");
	return 0;
}

int
lone_tell(struct comparison *comparison, struct pair pair, struct err *err)
{
	bool shipped = pair.shipped != NODE_NONE;
	return tell(comparison, shipped, shipped ? pair.shipped : pair.rebuilt, false,
		    err);
}

/* ---- the same bytes elsewhere ---------------------------------------- */

/* A lone file, to be found by its content. */
struct found {
	const struct node *node;
	const struct lone *lone;
};

/* Those of one side, sorted by content, then by name. */
struct finds {
	struct found *items;
	size_t count;
};

static int
order_contents(const struct found *a, const struct found *b)
{
	if (a->node->size != b->node->size)
		return a->node->size < b->node->size ? -1 : 1;
	return memcmp(&a->node->sha256, &b->node->sha256, sizeof(a->node->sha256));
}

static int
order_names(const struct found *a, const struct found *b)
{
	return strcmp(path_base(a->node->member.path), path_base(b->node->member.path));
}

static int
order_finds(const void *a, const void *b)
{
	const struct found *left = a, *right = b;
	int order = order_contents(left, right);
	if (order == 0)
		order = order_names(left, right);
	if (order == 0)
		order = (left->lone > right->lone) - (left->lone < right->lone);
	return order;
}

static void
finds_make(const struct comparison *comparison, bool shipped, struct finds *finds)
{
	const struct tree *tree = shipped ? comparison->shipped : comparison->rebuilt;
	const struct lones *lones = &comparison->lones;
	finds->items = base_alloc(lones->count + 1, sizeof(*finds->items));
	finds->count = 0;
	for (size_t i = 0; i < lones->count; i++) {
		const struct lone *lone = &lones->items[i];
		if (lone->shipped == shipped && node_has_content(tree, lone->id))
			finds->items[finds->count++] =
			    (struct found){tree_node(tree, lone->id), lone};
	}
	if (finds->count > 0)
		qsort(finds->items, finds->count, sizeof(*finds->items), order_finds);
}

/* Say in the entry of `one` which of the `count` files `others` has its bytes: the
 * one of its name, or the first. */
static void
tell_found(struct comparison *comparison, const struct found *one,
	   const struct found *others, size_t count)
{
	const struct found *other = others;
	bool shipped = one->lone->shipped;
	if (one->lone->entry == NULL)
		return;
	for (size_t low = 0, high = count; low < high;) {
		size_t middle = low + (high - low) / 2;
		int order = order_names(&others[middle], one);
		if (order == 0)
			other = &others[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	entry_found(one->lone->entry, shipped,
		    shipped ? comparison->rebuilt : comparison->shipped,
		    other->lone->id, count - 1);
}

static size_t
group_length(const struct finds *finds, size_t from)
{
	size_t length = 1;
	while (from + length < finds->count &&
	       order_contents(&finds->items[from], &finds->items[from + length]) == 0)
		length++;
	return length;
}

void
lones_settle(struct comparison *comparison)
{
	struct finds shipped, rebuilt;
	finds_make(comparison, true, &shipped);
	finds_make(comparison, false, &rebuilt);
	for (size_t i = 0, j = 0; i < shipped.count && j < rebuilt.count;) {
		const struct found *left = &shipped.items[i];
		const struct found *right = &rebuilt.items[j];
		int order = order_contents(left, right);
		size_t lefts = order <= 0 ? group_length(&shipped, i) : 0;
		size_t rights = order >= 0 ? group_length(&rebuilt, j) : 0;
		for (size_t k = 0; order == 0 && k < lefts; k++)
			tell_found(comparison, &left[k], right, rights);
		for (size_t k = 0; order == 0 && k < rights; k++)
			tell_found(comparison, &right[k], left, lefts);
		i += lefts;
		j += rights;
	}
	free(shipped.items);
	free(rebuilt.items);
}

int
lones_find_built(struct comparison *comparison, struct lones *lones, struct err *err)
{
	struct tree *tree = comparison->rebuilt;
	uint64_t entered = 0;
	bool any = false;
	for (size_t i = 0; i < lones->count && !any; i++)
		any = node_has_content(comparison->shipped, lones->items[i].id);
	if (!any || tree == NULL)
		return 0;
	/* what is entered adds nodes at the end */
	for (node_id id = NODE_ROOT; id < tree_count(tree); id++) {
		const struct node *node = tree_node(tree, id);
		if (interrupt_check(err) == -1)
			return -1;
		lones_add(lones, id, false, NULL);
		if (!node_is_container(node) || entered + node->size > BUILT_MOST)
			continue;
		entered += node->expanded ? 0 : node->size;
		if (tree_expand(tree, id, err) == -1)
			return -1;
	}
	free(comparison->lones.items);
	comparison->lones = *lones;
	*lones = (struct lones){0};
	lones_settle(comparison);
	return 0;
}
