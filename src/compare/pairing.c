/*
 * Which members of two containers belong together: those of one path first, then of
 * what is left those with the same bytes, those that are another compression of one
 * thing, and those that are alike.
 *
 * A member that meets another one by anything but its path is never the same file:
 * its entry says so, whatever its content is.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

struct pair
pair_of(node_id shipped, node_id rebuilt)
{
	return (struct pair){.shipped = shipped, .rebuilt = rebuilt};
}

const char *
meeting_name(enum meeting met)
{
	static const char *const names[] = {
	    [MET_BY_PATH] = NULL,
	    [MET_BY_CONTENT] = "content",
	    [MET_BY_INNER] = "inner",
	    [MET_BY_SIMILARITY] = "similarity",
	};
	return names[met];
}

/* A path without the "./" or "/" in front and the "/" behind that writers of one
 * and the same tree put there or not. */
static const char *
path_head(const char *path, size_t *length)
{
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path += path[0] == '/' ? 1 : 2;
	*length = strlen(path);
	while (*length > 0 && path[*length - 1] == '/')
		--*length;
	return path;
}

/* ---- what is compared when members meet ------------------------------ */

static int
order_lengths(const char *a, size_t a_length, const char *b, size_t b_length)
{
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

int
child_order_paths(const struct child *a, const struct child *b)
{
	return strcmp(a->path, b->path);
}

static int
order_heads(const struct child *a, const struct child *b)
{
	size_t a_length, b_length;
	const char *left = path_head(a->path, &a_length);
	const char *right = path_head(b->path, &b_length);
	return order_lengths(left, a_length, right, b_length);
}

static int
order_contents(const struct child *a, const struct child *b)
{
	if (a->node->size != b->node->size)
		return a->node->size < b->node->size ? -1 : 1;
	return memcmp(&a->node->sha256, &b->node->sha256, sizeof(a->node->sha256));
}

static int
order_contents_and_names(const struct child *a, const struct child *b)
{
	int order = order_contents(a, b);
	return order != 0 ? order : strcmp(path_base(a->path), path_base(b->path));
}

/* ---- meeting --------------------------------------------------------- */

static int
order_children(const void *a, const void *b, void *context)
{
	const struct child *left = a, *right = b;
	const child_order *keys = context;
	int order = (*keys)(left, right);
	if (order != 0)
		return order;
	return (left->place > right->place) - (left->place < right->place);
}

void
children_sort(struct children *children, child_order keys)
{
	if (children->count > 0)
		qsort_r(children->items, children->count, sizeof(*children->items),
			order_children, &keys);
}

bool
matching_is_free(const struct matching *matching, const struct child *shipped,
		 const struct child *rebuilt)
{
	return matching->pairs[shipped->place].rebuilt == NODE_NONE &&
	       !matching->taken[rebuilt->place];
}

void
matching_drop(const struct matching *matching, struct children *shipped,
	      struct children *rebuilt)
{
	size_t kept = 0;
	for (size_t i = 0; i < shipped->count; i++) {
		if (matching->pairs[shipped->items[i].place].rebuilt == NODE_NONE)
			shipped->items[kept++] = shipped->items[i];
	}
	shipped->count = kept;
	kept = 0;
	for (size_t i = 0; i < rebuilt->count; i++) {
		if (!matching->taken[rebuilt->items[i].place])
			rebuilt->items[kept++] = rebuilt->items[i];
	}
	rebuilt->count = kept;
}

void
matching_join(struct matching *matching, const struct child *shipped,
	      const struct child *rebuilt, enum meeting met, unsigned similarity)
{
	matching->pairs[shipped->place] = (struct pair){.shipped = shipped->id,
							.rebuilt = rebuilt->id,
							.met = met,
							.similarity = similarity};
	matching->taken[rebuilt->place] = true;
}

void
matching_meet(struct matching *matching, child_order keys, enum meeting met)
{
	struct children *shipped = &matching->shipped, *rebuilt = &matching->rebuilt;
	children_sort(shipped, keys);
	children_sort(rebuilt, keys);
	for (size_t i = 0, j = 0; i < shipped->count && j < rebuilt->count;) {
		const struct child *left = &shipped->items[i];
		const struct child *right = &rebuilt->items[j];
		int order = keys(left, right);
		if (order == 0)
			matching_join(matching, left, right, met, 0);
		i += order <= 0;
		j += order >= 0;
	}
	matching_drop(matching, shipped, rebuilt);
}

/* ---- the pairing ----------------------------------------------------- */

static void
children_of(const struct tree *tree, node_id container, struct children *children)
{
	size_t count = 0;
	for (node_id id = tree_node(tree, container)->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling)
		count++;
	children->items = base_alloc(count + 1, sizeof(*children->items));
	children->count = 0;
	for (node_id id = tree_node(tree, container)->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling) {
		const struct node *node = tree_node(tree, id);
		children->items[children->count] = (struct child){
		    .id = id, .path = node->member.path, .place = children->count};
		children->count++;
	}
}

/* Leave those that may meet another by what is in them. */
static void
children_with_content(const struct tree *tree, struct children *children)
{
	size_t kept = 0;
	for (size_t i = 0; i < children->count; i++) {
		struct child child = children->items[i];
		child.node = tree_node(tree, child.id);
		child.format = child.node->format;
		if (node_has_content(tree, child.id))
			children->items[kept++] = child;
	}
	children->count = kept;
}

/* What no path brought together. */
static int
match_lone(struct matching *matching, bool similar, struct err *err)
{
	const struct comparison *comparison = matching->comparison;
	if (matching->shipped.count == 0 || matching->rebuilt.count == 0)
		return 0;
	children_with_content(comparison->shipped, &matching->shipped);
	children_with_content(comparison->rebuilt, &matching->rebuilt);
	matching_meet(matching, order_contents_and_names, MET_BY_CONTENT);
	matching_meet(matching, order_contents, MET_BY_CONTENT);
	streams_meet(matching);
	return similar ? similar_meet(matching, err) : 0;
}

int
pairing_make(struct comparison *comparison, struct pair containers, bool similar,
	     struct pairing *pairing, struct err *err)
{
	struct matching matching = {.comparison = comparison};
	struct children *shipped = &matching.shipped, *rebuilt = &matching.rebuilt;
	children_of(comparison->shipped, containers.shipped, shipped);
	children_of(comparison->rebuilt, containers.rebuilt, rebuilt);
	size_t count = shipped->count, others = rebuilt->count;
	node_id *ids = base_alloc(others + 1, sizeof(*ids));
	matching.pairs = base_alloc(count + others + 1, sizeof(*matching.pairs));
	matching.taken = base_alloc(others + 1, sizeof(*matching.taken));
	for (size_t i = 0; i < count; i++)
		matching.pairs[i] = pair_of(shipped->items[i].id, NODE_NONE);
	for (size_t i = 0; i < others; i++)
		ids[i] = rebuilt->items[i].id;
	matching_meet(&matching, child_order_paths, MET_BY_PATH);
	matching_meet(&matching, order_heads, MET_BY_PATH);
	int result = match_lone(&matching, similar, err);
	for (size_t i = 0; i < others; i++) {
		if (!matching.taken[i])
			matching.pairs[count++] = pair_of(NODE_NONE, ids[i]);
	}
	*pairing = (struct pairing){.pairs = matching.pairs, .count = count};
	memcpy(pairing->unlooked, matching.unlooked, sizeof(pairing->unlooked));
	free(shipped->items);
	free(rebuilt->items);
	free(matching.taken);
	free(ids);
	return result;
}

void
pairing_free(struct pairing *pairing)
{
	free(pairing->pairs);
	*pairing = (struct pairing){0};
}
