/* What only shows when a container was read to its end: members of one name, and
 * the files that hard links share. */
#include "unpack/unpack_private.h"

#define CHAIN_MOST 64

struct order {
	struct tree *tree;
	node_id *ids; /* sorted by plain name, then as stored */
	size_t count;
};

static int
compare_ids(const void *left, const void *right, void *context)
{
	const struct tree *tree = context;
	node_id a = *(const node_id *)left, b = *(const node_id *)right;
	int by_name = strcmp(tree_entry(tree, a)->plain, tree_entry(tree, b)->plain);
	if (by_name != 0)
		return by_name;
	return a < b ? -1 : a > b;
}

static void
order_make(struct order *order, struct tree *tree, node_id container)
{
	size_t count = 0;
	node_id id = tree_node(tree, container)->first_child;
	*order = (struct order){.tree = tree};
	for (; id != NODE_NONE; id = tree_node(tree, id)->next_sibling)
		count++;
	order->ids = base_alloc(count + 1, sizeof(*order->ids));
	id = tree_node(tree, container)->first_child;
	for (; id != NODE_NONE; id = tree_node(tree, id)->next_sibling)
		order->ids[order->count++] = id;
	qsort_r(order->ids, count, sizeof(*order->ids), compare_ids, tree);
}

static void
note_duplicates(const struct order *order, node_id container)
{
	struct tree *tree = order->tree;
	for (size_t i = 1; i < order->count; i++) {
		const struct entry *a = tree_entry(tree, order->ids[i - 1]);
		const struct entry *b = tree_entry(tree, order->ids[i]);
		if (strcmp(a->plain, b->plain) != 0)
			continue;
		bool folders = a->node.member.type == MEMBER_FOLDER &&
			       b->node.member.type == MEMBER_FOLDER;
		char *shown = text_shown(b->plain);
		tree_note(tree, container, folders ? NOTE_REMARK : NOTE_SUSPECT, 0,
			  "two members, %u and %u, have the name '%s'",
			  a->node.ordinal + 1, b->node.ordinal + 1, shown);
		free(shown);
	}
}

/* The member that `name` means for the link `link`: the last one before it, as
 * extraction goes; else the first one after it (cpio keeps content last). */
static node_id
find_target(const struct order *order, const char *name, node_id link)
{
	size_t low = 0, high = order->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct entry *entry = tree_entry(order->tree, order->ids[middle]);
		if (strcmp(entry->plain, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	node_id best = NODE_NONE;
	for (; low < order->count; low++) {
		node_id id = order->ids[low];
		if (strcmp(tree_entry(order->tree, id)->plain, name) != 0)
			break;
		if (id < link || (best == NODE_NONE && id > link))
			best = id;
	}
	return best;
}

/* Follow a hard link to the member that has the content. */
static node_id
follow(const struct order *order, node_id link)
{
	struct tree *tree = order->tree;
	node_id id = link;
	for (unsigned i = 0; i < CHAIN_MOST; i++) {
		const struct member *member = &tree_node(tree, id)->member;
		if (member->type != MEMBER_HARDLINK)
			return id;
		if (member->target == NULL)
			return NODE_NONE;
		id = find_target(order, tree_plain(tree, member->target), id);
		if (id == NODE_NONE)
			return NODE_NONE;
	}
	return NODE_NONE;
}

static void
resolve(const struct order *order, node_id link)
{
	struct tree *tree = order->tree;
	struct entry *entry = tree_entry(tree, link);
	node_id target = follow(order, link);
	if (target == NODE_NONE ||
	    tree_node(tree, target)->member.type == MEMBER_FOLDER) {
		tree_note(tree, link, NOTE_UNDECIDED, 0,
			  "a hard link to what is not a file in the same archive");
		return;
	}
	const struct entry *content = tree_entry(tree, target);
	entry->store = content->store;
	entry->file = content->file;
	entry->offset = content->offset;
	entry->node.size = content->node.size;
	entry->node.sha256 = content->node.sha256;
}

void
links_settle(struct tree *tree, node_id container)
{
	struct order order;
	order_make(&order, tree, container);
	note_duplicates(&order, container);
	for (size_t i = 0; i < order.count; i++) {
		if (tree_node(tree, order.ids[i])->member.type == MEMBER_HARDLINK)
			resolve(&order, order.ids[i]);
	}
	free(order.ids);
}
