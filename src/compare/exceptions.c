/*
 * Declared exceptions: a description may allow that at most N bytes of one named
 * extent of one file differ. What such bytes make follow (a checksum recomputed
 * right on both sides) is allowed with them, nothing else is.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

void
comparison_init(struct comparison *comparison, struct tree *shipped,
		struct tree *rebuilt, json_t *files)
{
	*comparison = (struct comparison){.shipped = shipped,
					  .rebuilt = rebuilt,
					  .files = files,
					  .instructions = INSTRUCTIONS_IN_DOCUMENT};
}

void
comparison_free(struct comparison *comparison)
{
	packing_free(&comparison->packing);
	free(comparison->excepted);
	free(comparison->lones.items);
	free(comparison->alone.items);
}

int
comparison_except(struct comparison *comparison, const struct release *release,
		  struct err *err)
{
	size_t count = release != NULL ? release->exception_count : 0;
	comparison->release = release;
	comparison->excepted = base_alloc(count + 1, sizeof(*comparison->excepted));
	for (size_t i = 0; i < count; i++) {
		comparison->excepted[i] = NODE_NONE;
		if (tree_find(comparison->shipped, release->exceptions[i].path,
			      &comparison->excepted[i], err) == -1)
			return -1;
	}
	return 0;
}

/* Do only extents of that name hold [offset, +length)? */
static bool
inside_extent(const struct map *map, uint64_t offset, uint64_t length, const char *name)
{
	uint64_t end = offset + length;
	while (offset < end) {
		const struct extent *extent = map_find(map, offset);
		if (extent == NULL || strcmp(extent->name, name) != 0)
			return false;
		offset = extent->offset + extent->length;
	}
	return true;
}

/* What one exception was used for. */
struct use {
	uint64_t bytes;
	bool used;
};

struct judge {
	const struct comparison *comparison;
	node_id node;
	const struct map *shipped_map, *rebuilt_map;
	struct use *uses;
	struct strings recomputed;
};

/* The exception that names where this difference is; true when there is one. */
static bool
judge_declared(struct judge *judge, const struct difference *difference)
{
	const struct release *release = judge->comparison->release;
	const struct range *range = &difference->range;
	for (size_t i = 0; i < release->exception_count; i++) {
		const char *extent = release->exceptions[i].extent;
		if (judge->comparison->excepted[i] != judge->node ||
		    !inside_extent(judge->shipped_map, range->shipped,
				   range->shipped_length, extent) ||
		    !inside_extent(judge->rebuilt_map, range->rebuilt,
				   range->rebuilt_length, extent))
			continue;
		judge->uses[i].used = true;
		judge->uses[i].bytes += range->differing;
		return true;
	}
	return false;
}

/* Is `id` the node, or something in it? */
static bool
is_inside(const struct tree *tree, node_id id, node_id node)
{
	while (id != NODE_NONE && id != node)
		id = tree_node(tree, id)->parent;
	return id != NODE_NONE;
}

/*
 * What a recomputed value follows from must be declared: something else of this
 * file, a member of this container, or the file that a line names. That the member
 * stays within its bounds is judged with itself: it makes the release differ when not.
 */
static bool
judge_source(struct judge *judge, const struct cause *cause)
{
	const struct comparison *comparison = judge->comparison;
	node_id node = cause->listed ? cause->source : judge->node;
	if (node == NODE_NONE)
		return false;
	for (size_t i = 0; i < comparison->release->exception_count; i++) {
		node_id excepted = comparison->excepted[i];
		if (excepted == NODE_NONE ||
		    !is_inside(comparison->shipped, excepted, node))
			continue;
		if (excepted != judge->node)
			judge->uses[i].used = true;
		return true;
	}
	return false;
}

static bool
judge_difference(struct judge *judge, const struct difference *difference)
{
	if (!difference->placed || difference->aggregated > 0 ||
	    difference->kind == DIFFERENCE_ORDER)
		return false;
	if (judge_declared(judge, difference))
		return true;
	/* causes_find recomputed it on both sides */
	const struct cause *cause = &difference->cause;
	if (cause->name == NULL || !cause->proved || cause->kind != CAUSE_DERIVED ||
	    !judge_source(judge, cause))
		return false;
	if (!strings_have(&judge->recomputed, cause->name))
		strings_add(&judge->recomputed, cause->name);
	return true;
}

static json_t *
use_json(const struct release_exception *exception, const struct use *use,
	 const struct strings *recomputed)
{
	json_t *object = json_object(), *list = json_array();
	char *rule = base_format("Except: %s, at most %ju bytes of %s", exception->path,
				 (uintmax_t)exception->most, exception->extent);
	json_object_set_new(object, "rule", text_json(rule));
	json_object_set_new(object, "extent", text_json(exception->extent));
	json_object_set_new(object, "bytes", json_integer((json_int_t)use->bytes));
	json_object_set_new(object, "reason",
			    text_json(exception->reason ? exception->reason : ""));
	for (size_t i = 0; i < recomputed->count; i++)
		json_array_append_new(list, text_json(recomputed->items[i]));
	json_object_set_new(object, "recomputed", list);
	free(rule);
	return object;
}

/* All differences are declared: do the bytes stay within their bounds? */
static bool
judge_bounds(const struct judge *judge, json_t *entry)
{
	const struct release *release = judge->comparison->release;
	bool any = false, within = true;
	json_t *list = json_array();
	for (size_t i = 0; i < release->exception_count; i++) {
		const struct use *use = &judge->uses[i];
		if (!use->used)
			continue;
		any = true;
		within &= use->bytes <= release->exceptions[i].most;
		json_array_append_new(
		    list, use_json(&release->exceptions[i], use, &judge->recomputed));
		if (use->bytes > release->exceptions[i].most)
			entry_reason(
			    entry, "%ju bytes differ where the description allows %ju",
			    (uintmax_t)use->bytes,
			    (uintmax_t)release->exceptions[i].most);
	}
	if (any && within) {
		json_object_set(entry, "exceptions", list);
		entry_reason(entry, "every difference is a declared exception");
	}
	json_decref(list);
	return any && within;
}

bool
exceptions_allow(const struct comparison *comparison, node_id shipped_node,
		 const struct differences *list, const struct map *shipped_map,
		 const struct map *rebuilt_map, json_t *entry)
{
	const struct release *release = comparison->release;
	if (release == NULL || release->exception_count == 0 || list->count == 0 ||
	    shipped_map == NULL || rebuilt_map == NULL)
		return false;
	struct judge judge = {comparison,  shipped_node, shipped_map,
			      rebuilt_map, NULL,         {0}};
	judge.uses = base_alloc(release->exception_count, sizeof(*judge.uses));
	bool allowed = true;
	for (size_t i = 0; i < list->count && allowed; i++)
		allowed = judge_difference(&judge, &list->items[i]);
	if (allowed)
		allowed = judge_bounds(&judge, entry);
	free(judge.uses);
	strings_free(&judge.recomputed);
	return allowed;
}
