/* Members of two containers: which belong together, and what is said of them. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- pairing --------------------------------------------------------- */

struct child {
	node_id id;
	const char *path;
	uint32_t ordinal;
	bool paired;
};

struct children {
	struct child *items;
	size_t count;
};

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

static int
compare_heads(const char *a, const char *b)
{
	size_t a_length, b_length;
	a = path_head(a, &a_length);
	b = path_head(b, &b_length);
	int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int
order_exact(const void *a, const void *b)
{
	const struct child *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	if (order != 0)
		return order;
	return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static int
order_heads(const void *a, const void *b)
{
	const struct child *left = a, *right = b;
	int order = compare_heads(left->path, right->path);
	if (order != 0)
		return order;
	return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

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
		children->items[children->count++] =
		    (struct child){id, node->member.path, node->ordinal, false};
	}
}

/* Drop what is paired already. */
static void
children_left(struct children *children)
{
	size_t kept = 0;
	for (size_t i = 0; i < children->count; i++) {
		if (!children->items[i].paired)
			children->items[kept++] = children->items[i];
	}
	children->count = kept;
}

/* Meet two lists in the order of `compare`; partners[ordinal of shipped] gets the
 * rebuilt node. Equal paths meet in stored order. */
static void
children_meet(struct children *shipped, struct children *rebuilt, node_id *partners,
	      int (*compare)(const void *, const void *),
	      int (*paths)(const char *, const char *))
{
	if (shipped->count > 0)
		qsort(shipped->items, shipped->count, sizeof(*shipped->items), compare);
	if (rebuilt->count > 0)
		qsort(rebuilt->items, rebuilt->count, sizeof(*rebuilt->items), compare);
	for (size_t i = 0, j = 0; i < shipped->count && j < rebuilt->count;) {
		struct child *left = &shipped->items[i], *right = &rebuilt->items[j];
		int order = paths(left->path, right->path);
		if (order == 0) {
			left->paired = right->paired = true;
			partners[left->ordinal] = right->id;
		}
		i += order <= 0;
		j += order >= 0;
	}
	children_left(shipped);
	children_left(rebuilt);
}

static int
order_ordinal(const void *a, const void *b)
{
	const struct child *left = a, *right = b;
	return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

void
pairing_make(const struct comparison *comparison, struct pair containers,
	     struct pairing *pairing)
{
	struct children shipped, rebuilt;
	children_of(comparison->shipped, containers.shipped, &shipped);
	children_of(comparison->rebuilt, containers.rebuilt, &rebuilt);
	size_t count = shipped.count;
	node_id *ids = base_alloc(count + 1, sizeof(*ids));
	node_id *partners = base_alloc(count + 1, sizeof(*partners));
	for (size_t i = 0; i < count; i++) {
		shipped.items[i].ordinal = (uint32_t)i; /* dense, as `partners` is */
		ids[i] = shipped.items[i].id;
		partners[i] = NODE_NONE;
	}
	children_meet(&shipped, &rebuilt, partners, order_exact, strcmp);
	children_meet(&shipped, &rebuilt, partners, order_heads, compare_heads);
	if (rebuilt.count > 0)
		qsort(rebuilt.items, rebuilt.count, sizeof(*rebuilt.items),
		      order_ordinal);
	pairing->count = count + rebuilt.count;
	pairing->pairs = base_alloc(pairing->count + 1, sizeof(*pairing->pairs));
	for (size_t i = 0; i < count; i++)
		pairing->pairs[i] = (struct pair){ids[i], partners[i]};
	for (size_t i = 0; i < rebuilt.count; i++)
		pairing->pairs[count + i] =
		    (struct pair){NODE_NONE, rebuilt.items[i].id};
	free(shipped.items);
	free(rebuilt.items);
	free(ids);
	free(partners);
}

void
pairing_free(struct pairing *pairing)
{
	free(pairing->pairs);
	*pairing = (struct pairing){0};
}

/* ---- order ----------------------------------------------------------- */

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
		if (pair->shipped == NODE_NONE || pair->rebuilt == NODE_NONE)
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
