/*
 * Members that meet because their contents are alike.
 *
 * A file is known by a sketch: of the hashes of every eight bytes in a row, the
 * smallest few. Of two sketches taken together the smallest few are a fair sample of
 * everything in both files, so the share of the sample that both have is the share
 * that the files have in common, wherever in them it stands. Of a container the sketch
 * is that of all files in it.
 *
 * Every step is bounded: bytes read and pairs looked at over the whole comparison,
 * files of one container, bytes of one file. What was left out is counted.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define SIMILAR_LEAST 60 /* percent */
#define SIMILAR_MOST  99 /* equal bytes have met before */
#define SKETCH_HASHES 256
#define SKETCH_ROOM   (4 * SKETCH_HASHES)
/* Bytes of one member that are sketched, and of all on one side. */
#define SKETCH_FILE  ((uint64_t)64 << 20)
#define SKETCH_BYTES ((uint64_t)1 << 30)
#define SKETCH_STEP  ((uint64_t)1 << 20)
/* Members of one format on each side of a container that are all held against each
 * other; when there are more, those of one base name go first. */
#define GROUP_MOST 1024
#define NAMES_MOST 32
/* Pairs of sketches that are compared. */
#define LOOKS_MOST ((uint64_t)1 << 21)

struct sketch {
	uint64_t size; /* of the content */
	size_t count;
	uint64_t *hashes; /* in rising order, each once */
};

/* The smallest hashes so far, and some that may be. */
struct sketcher {
	uint64_t hashes[SKETCH_ROOM];
	size_t count;
	uint64_t limit; /* larger ones are not among the smallest */
	uint64_t size, left;
};

struct candidate {
	unsigned percent;
	bool named; /* of one base name */
	const struct child *shipped, *rebuilt;
};

struct candidates {
	struct candidate *items;
	size_t count, room;
};

/* ---- sketches -------------------------------------------------------- */

static int
order_hashes(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;
	return (*left > *right) - (*left < *right);
}

static void
sketcher_tidy(struct sketcher *sketcher)
{
	size_t kept = 0;
	qsort(sketcher->hashes, sketcher->count, sizeof(*sketcher->hashes),
	      order_hashes);
	for (size_t i = 0; i < sketcher->count && kept < SKETCH_HASHES; i++) {
		if (kept == 0 || sketcher->hashes[kept - 1] != sketcher->hashes[i])
			sketcher->hashes[kept++] = sketcher->hashes[i];
	}
	sketcher->count = kept;
	if (kept == SKETCH_HASHES)
		sketcher->limit = sketcher->hashes[kept - 1];
}

static uint64_t
mix(uint64_t value)
{
	value *= UINT64_C(0x9e3779b97f4a7c15);
	value ^= value >> 29;
	value *= UINT64_C(0xd6e8feb86659fd93);
	return value ^ value >> 32;
}

/* Every eight bytes in a row; `window` holds those before. Fewer than eight are not
 * enough to be like anything. */
static void
sketcher_feed(struct sketcher *sketcher, const struct view *part, uint64_t before,
	      uint64_t *window)
{
	for (uint64_t i = 0; i < part->size; i++) {
		*window = *window << 8 | part->data[i];
		uint64_t hash = mix(*window);
		if (before + i < 7 || hash >= sketcher->limit)
			continue;
		sketcher->hashes[sketcher->count++] = hash;
		if (sketcher->count == SKETCH_ROOM)
			sketcher_tidy(sketcher);
	}
}

static int
sketch_file(const struct tree *tree, node_id id, struct sketcher *sketcher,
	    struct err *err)
{
	struct mapping mapping;
	struct view part;
	struct err trouble = {0};
	uint64_t window = 0;
	if (tree_map(tree, id, &mapping, &trouble) == -1) {
		/* its own comparison says why it cannot be read */
		if (trouble.kind != ERR_SYSTEM)
			return 0;
		*err = trouble;
		return -1;
	}
	uint64_t size = mapping.view.size;
	if (size > sketcher->left)
		size = sketcher->left;
	sketcher->size += mapping.view.size;
	sketcher->left -= size;
	int result = 0;
	for (uint64_t at = 0; result == 0 && at < size; at += part.size) {
		view_sub(&mapping.view, at,
			 size - at < SKETCH_STEP ? size - at : SKETCH_STEP, &part);
		sketcher_feed(sketcher, &part, at, &window);
		mapping_release(&mapping, at);
		result = interrupt_check(err);
	}
	mapping_close(&mapping);
	return result;
}

/* A file, or all files in a container. */
static int
sketch_node(struct tree *tree, node_id id, struct sketcher *sketcher, struct err *err)
{
	if (node_is_container(tree_node(tree, id))) {
		if (tree_expand(tree, id, err) == -1)
			return -1;
		node_id child = tree_node(tree, id)->first_child;
		for (node_id each = child; each != NODE_NONE;
		     each = tree_node(tree, each)->next_sibling) {
			if (sketch_node(tree, each, sketcher, err) == -1)
				return -1;
		}
		if (child != NODE_NONE)
			return 0;
	}
	if (tree_node(tree, id)->member.type != MEMBER_FILE)
		return 0;
	return sketch_file(tree, id, sketcher, err);
}

/* Sketches of all members of a list; once `sketched` says that enough bytes were
 * read for it, the others' hashes stay NULL. */
static int
sketches_make(struct tree *tree, const struct children *children, uint64_t *sketched,
	      struct sketch **made, struct err *err)
{
	struct sketch *sketches = base_alloc(children->count + 1, sizeof(*sketches));
	struct sketcher *sketcher = base_alloc(1, sizeof(*sketcher));
	int result = 0;
	for (size_t i = 0; i < children->count && *sketched < SKETCH_BYTES; i++) {
		struct sketch *sketch = &sketches[i];
		*sketcher = (struct sketcher){.limit = UINT64_MAX, .left = SKETCH_FILE};
		result = sketch_node(tree, children->items[i].id, sketcher, err);
		if (result == -1)
			break;
		sketcher_tidy(sketcher);
		*sketched += SKETCH_FILE - sketcher->left;
		sketch->size = sketcher->size;
		sketch->count = sketcher->count;
		sketch->hashes = base_alloc(sketch->count + 1, sizeof(*sketch->hashes));
		memcpy(sketch->hashes, sketcher->hashes,
		       sketch->count * sizeof(*sketch->hashes));
	}
	free(sketcher);
	*made = sketches;
	return result;
}

static void
sketches_free(struct sketch *sketches, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(sketches[i].hashes);
	free(sketches);
}

/* How much of two files is the same at most, by their sizes. */
static uint64_t
percent_of_sizes(uint64_t a, uint64_t b)
{
	uint64_t shorter = a < b ? a : b, longer = a < b ? b : a;
	return longer == 0 || longer > UINT64_MAX / 400
		   ? 0
		   : 200 * shorter / (shorter + longer);
}

static unsigned
sketches_percent(const struct sketch *a, const struct sketch *b)
{
	uint64_t percent = percent_of_sizes(a->size, b->size), taken = 0, both = 0;
	bool sampled = a->count == SKETCH_HASHES || b->count == SKETCH_HASHES;
	if (percent < SIMILAR_LEAST)
		return 0;
	for (size_t i = 0, j = 0; i < a->count || j < b->count; taken++) {
		if (sampled && taken == SKETCH_HASHES)
			break;
		int order = i == a->count ? 1
			    : j == b->count
				? -1
				: order_hashes(&a->hashes[i], &b->hashes[j]);
		both += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	if (taken == 0)
		return 0;
	if (200 * both / (taken + both) < percent)
		percent = 200 * both / (taken + both);
	return percent > SIMILAR_MOST ? SIMILAR_MOST : (unsigned)percent;
}

/* ---- candidates ------------------------------------------------------ */

/* The best first; then those of one name, then as they are stored. */
static int
order_candidates(const void *a, const void *b)
{
	const struct candidate *left = a, *right = b;
	if (left->percent != right->percent)
		return left->percent > right->percent ? -1 : 1;
	if (left->named != right->named)
		return left->named ? -1 : 1;
	if (left->shipped->place != right->shipped->place)
		return left->shipped->place < right->shipped->place ? -1 : 1;
	return (left->rebuilt->place > right->rebuilt->place) -
	       (left->rebuilt->place < right->rebuilt->place);
}

static void
candidates_add(struct candidates *list, struct candidate candidate)
{
	if (list->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		list->items =
		    base_realloc(list->items, list->room, sizeof(*list->items));
	}
	list->items[list->count++] = candidate;
}

/* Members of one format, on both sides. */
struct group {
	struct matching *matching;
	struct children shipped, rebuilt; /* parts of longer lists */
	struct sketch *shipped_sketches, *rebuilt_sketches;
};

/* Hold one shipped member against all of the other side. */
static void
candidates_of(struct group *group, size_t index, struct candidates *list)
{
	struct child *left = &group->shipped.items[index];
	const struct sketch *sketch = &group->shipped_sketches[index];
	left->looked = true;
	for (size_t j = 0; j < group->rebuilt.count; j++) {
		struct child *right = &group->rebuilt.items[j];
		const struct sketch *other = &group->rebuilt_sketches[j];
		if (other->hashes == NULL)
			continue;
		right->looked = true;
		unsigned percent = sketches_percent(sketch, other);
		if (percent < SIMILAR_LEAST)
			continue;
		bool named = strcmp(path_base(left->path), path_base(right->path)) == 0;
		candidates_add(list, (struct candidate){percent, named, left, right});
	}
}

static void
candidates_meet(struct matching *matching, struct candidates *list)
{
	if (list->count > 0)
		qsort(list->items, list->count, sizeof(*list->items), order_candidates);
	for (size_t i = 0; i < list->count; i++) {
		const struct candidate *one = &list->items[i];
		if (matching_is_free(matching, one->shipped, one->rebuilt))
			matching_join(matching, one->shipped, one->rebuilt,
				      MET_BY_SIMILARITY, one->percent);
	}
}

/* ---- meeting --------------------------------------------------------- */

static int
order_formats(const struct child *a, const struct child *b)
{
	return strcmp(a->format != NULL ? a->format->name : "",
		      b->format != NULL ? b->format->name : "");
}

static int
order_names(const struct child *a, const struct child *b)
{
	int order = order_formats(a, b);
	return order != 0 ? order : strcmp(path_base(a->path), path_base(b->path));
}

/* All of a group with one another, as far as the bounds go. */
static int
group_meet(struct group *group, struct err *err)
{
	struct comparison *comparison = group->matching->comparison;
	struct candidates list = {0};
	int result =
	    sketches_make(comparison->shipped, &group->shipped,
			  &comparison->sketched[0], &group->shipped_sketches, err);
	if (result == 0)
		result = sketches_make(comparison->rebuilt, &group->rebuilt,
				       &comparison->sketched[1],
				       &group->rebuilt_sketches, err);
	for (size_t i = 0; i < group->shipped.count && result == 0; i++) {
		comparison->looks += group->rebuilt.count;
		if (comparison->looks > LOOKS_MOST)
			break;
		if (group->shipped_sketches[i].hashes != NULL)
			candidates_of(group, i, &list);
		result = interrupt_check(err);
	}
	if (result == 0)
		candidates_meet(group->matching, &list);
	sketches_free(group->shipped_sketches, group->shipped.count);
	sketches_free(group->rebuilt_sketches, group->rebuilt.count);
	group->shipped_sketches = group->rebuilt_sketches = NULL;
	free(list.items);
	return result;
}

/* How many of a sorted list, from its start on, have the keys of `child`. */
static size_t
run_length(const struct children *list, child_order keys, const struct child *child)
{
	size_t length = 0;
	while (length < list->count && keys(&list->items[length], child) == 0)
		length++;
	return length;
}

static struct children
children_part(const struct children *list, size_t from, size_t count)
{
	return (struct children){list->items + from, count};
}

typedef int (*group_step)(struct group *group, struct err *err);

/* Do `step` for every part of two sorted lists that has equal keys. */
static int
groups_walk(struct matching *matching, const struct children *shipped,
	    const struct children *rebuilt, child_order keys, group_step step,
	    struct err *err)
{
	for (size_t i = 0, j = 0; i < shipped->count && j < rebuilt->count;) {
		const struct child *left = &shipped->items[i];
		const struct child *right = &rebuilt->items[j];
		int order = keys(left, right);
		if (order != 0) {
			i += order < 0;
			j += order > 0;
			continue;
		}
		struct children lefts = children_part(shipped, i, shipped->count - i);
		struct children rights = children_part(rebuilt, j, rebuilt->count - j);
		lefts.count = run_length(&lefts, keys, left);
		rights.count = run_length(&rights, keys, right);
		i += lefts.count;
		j += rights.count;
		struct group group = {
		    .matching = matching, .shipped = lefts, .rebuilt = rights};
		if (step(&group, err) == -1)
			return -1;
	}
	return 0;
}

static void
group_cut(struct group *group, size_t most)
{
	if (group->shipped.count > most)
		group->shipped.count = most;
	if (group->rebuilt.count > most)
		group->rebuilt.count = most;
}

/* Members of one base name. */
static int
names_meet(struct group *group, struct err *err)
{
	group_cut(group, NAMES_MOST);
	return group_meet(group, err);
}

static void
looks_forget(struct children *children)
{
	for (size_t i = 0; i < children->count; i++)
		children->items[i].looked = false;
}

static size_t
looks_missing(const struct children *children)
{
	size_t count = 0;
	for (size_t i = 0; i < children->count; i++)
		count += !children->items[i].looked;
	return count;
}

/* Members of one format: when they are many, first those of one name. */
static int
formats_meet(struct group *group, struct err *err)
{
	struct matching *matching = group->matching;
	struct children *shipped = &group->shipped, *rebuilt = &group->rebuilt;
	if (shipped->count > GROUP_MOST || rebuilt->count > GROUP_MOST) {
		if (groups_walk(matching, shipped, rebuilt, order_names, names_meet,
				err) == -1)
			return -1;
		matching_drop(matching, shipped, rebuilt);
	}
	looks_forget(shipped);
	looks_forget(rebuilt);
	children_sort(shipped, order_formats);
	children_sort(rebuilt, order_formats);
	struct group cut = *group;
	group_cut(&cut, GROUP_MOST);
	if (group_meet(&cut, err) == -1)
		return -1;
	if (shipped->count > 0 && rebuilt->count > 0) {
		matching->unlooked[0] += looks_missing(shipped);
		matching->unlooked[1] += looks_missing(rebuilt);
	}
	return 0;
}

/* Leave those whose very bytes the other side has nowhere. */
static void
children_not_moved(const struct comparison *comparison, bool shipped,
		   struct children *children)
{
	const struct tree *tree = shipped ? comparison->shipped : comparison->rebuilt;
	size_t kept = 0;
	for (size_t i = 0; i < children->count; i++) {
		const struct node *node = tree_node(tree, children->items[i].id);
		if (!elsewhere_has(comparison, node, shipped))
			children->items[kept++] = children->items[i];
	}
	children->count = kept;
}

/* Is there a format that members of both lists have? Both are sorted by it. */
static bool
formats_meet_somewhere(const struct children *shipped, const struct children *rebuilt)
{
	size_t i = 0, j = 0;
	while (i < shipped->count && j < rebuilt->count) {
		int order = order_formats(&shipped->items[i], &rebuilt->items[j]);
		if (order == 0)
			return true;
		i += order < 0;
		j += order > 0;
	}
	return false;
}

int
similar_meet(struct matching *matching, struct err *err)
{
	struct comparison *comparison = matching->comparison;
	struct children *shipped = &matching->shipped, *rebuilt = &matching->rebuilt;
	children_sort(shipped, order_names);
	children_sort(rebuilt, order_names);
	if (!formats_meet_somewhere(shipped, rebuilt))
		return 0;
	if (elsewhere_gather(comparison, err) == -1)
		return -1;
	children_not_moved(comparison, true, shipped);
	children_not_moved(comparison, false, rebuilt);
	return groups_walk(matching, shipped, rebuilt, order_formats, formats_meet,
			   err);
}
