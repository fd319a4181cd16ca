/* Two files whose bytes differ: the graft, the ranges, and what is told of them. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* Past RANGES_MOST differences in all findings, this many in each further file. */
#define LATER_MOST 1000

/* All that is looked at while one pair of leaves is compared. */
struct leaf {
	struct comparison *comparison;
	struct pair pair;
	const struct format *format;  /* of the shipped side */
	struct mapping mappings[2];   /* of the two files */
	struct side shipped, rebuilt; /* rebuilt: the grafted bytes when there are */
	struct map *shipped_map, *rebuilt_map;
	struct lines lines[2];
	bool text;
	struct graft graft;
};

static void
leaf_close(struct leaf *leaf)
{
	map_free(leaf->shipped_map);
	map_free(leaf->rebuilt_map);
	lines_free(&leaf->lines[0]);
	lines_free(&leaf->lines[1]);
	graft_free(&leaf->graft);
	mapping_close(&leaf->mappings[0]);
	mapping_close(&leaf->mappings[1]);
}

static int
leaf_open(struct leaf *leaf, struct err *err)
{
	struct comparison *comparison = leaf->comparison;
	if (tree_map(comparison->shipped, leaf->pair.shipped, &leaf->mappings[0],
		     err) == -1)
		return err_at(err, "shipped");
	if (tree_map(comparison->rebuilt, leaf->pair.rebuilt, &leaf->mappings[1],
		     err) == -1)
		return err_at(err, "rebuilt");
	leaf->shipped = (struct side){leaf->mappings[0].view, &leaf->mappings[0]};
	leaf->rebuilt = (struct side){leaf->mappings[1].view, &leaf->mappings[1]};
	return 0;
}

static bool
is_text_format(const struct format *format)
{
	return format == NULL || strcmp(format->name, "text") == 0;
}

static void
leaf_ranges(struct leaf *leaf, struct ranges *ranges)
{
	struct comparison *comparison = leaf->comparison;
	const struct node *shipped = tree_node(comparison->shipped, leaf->pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, leaf->pair.rebuilt);
	leaf->shipped_map = format_map(shipped->format, &leaf->shipped.view, NULL);
	leaf->rebuilt_map = format_map(rebuilt->format, &leaf->rebuilt.view, NULL);
	leaf->text = is_text_format(shipped->format) &&
		     is_text_format(rebuilt->format) &&
		     lines_are(&leaf->shipped.view) && lines_are(&leaf->rebuilt.view);
	if (leaf->text) {
		lines_split(&leaf->shipped.view, &leaf->lines[0]);
		lines_split(&leaf->rebuilt.view, &leaf->lines[1]);
		if (lines_ranges(&leaf->shipped, &leaf->lines[0], &leaf->rebuilt,
				 &leaf->lines[1], ranges))
			return;
	}
	if (shipped->format != NULL && shipped->format == rebuilt->format &&
	    shipped->format->map != NULL && shipped->format->members == NULL)
		align_maps(&leaf->shipped, leaf->shipped_map, &leaf->rebuilt,
			   leaf->rebuilt_map, ranges);
	else
		align_all(&leaf->shipped, &leaf->rebuilt, ranges);
}

static void
leaf_differences(struct scene *scene, const struct ranges *ranges,
		 struct differences *list)
{
	for (size_t i = 0; i < ranges->count; i++) {
		struct difference one = {.kind = DIFFERENCE_BYTES,
					 .placed = true,
					 .range = ranges->items[i]};
		place_difference(scene, i, &one);
		differences_add(list, &one);
	}
}

static struct scene_side
side_of_leaf(const struct leaf *leaf, bool shipped)
{
	const struct comparison *comparison = leaf->comparison;
	struct scene_side side = {
	    .view = shipped ? leaf->shipped.view : leaf->rebuilt.view,
	    .map = shipped ? leaf->shipped_map : leaf->rebuilt_map,
	    .tree = shipped ? comparison->shipped : comparison->rebuilt,
	    .node = shipped ? leaf->pair.shipped : leaf->pair.rebuilt};
	if (leaf->text)
		side.lines = &leaf->lines[shipped ? 0 : 1];
	format_code(tree_node(side.tree, side.node)->format, &side.view, &side.code);
	return side;
}

/* List what differs, and judge it by the declared exceptions. */
static enum file_status
leaf_tell(struct leaf *leaf, json_t *entry)
{
	struct comparison *comparison = leaf->comparison;
	struct ranges ranges = {0};
	struct differences list = {0};
	struct scene scene = {.comparison = comparison};
	enum file_status status = STATUS_DIFFERENT;
	if (comparison->told >= RANGES_MOST)
		ranges.most = LATER_MOST;
	notes_of_leaf(
	    entry, leaf->format, &leaf->shipped.view,
	    tree_node(comparison->rebuilt, leaf->pair.rebuilt)->format,
	    &leaf->rebuilt.view);
	leaf_ranges(leaf, &ranges);
	ranges_limit(&ranges, ranges.most ? ranges.most : RANGES_MOST);
	scene.sides[0] = side_of_leaf(leaf, true);
	scene.sides[1] = side_of_leaf(leaf, false);
	leaf_differences(&scene, &ranges, &list);
	if (ranges.merged)
		entry_note(entry, NOTE_REMARK, 0,
			   "so much differs that near ranges are listed as one: each "
			   "still holds every byte that differs");
	causes_find(&scene, &list);
	if (list.count == 0) {
		entry_reason(entry, "the digests differ, but no byte does: the file "
				    "changed while it was read");
		status = STATUS_UNDECIDED;
	} else if (leaf->pair.met == MET_BY_PATH &&
		   exceptions_allow(comparison, leaf->pair.shipped, &list,
				    leaf->shipped_map, leaf->rebuilt_map, entry)) {
		status = STATUS_EXPLAINED;
	}
	entry_differences(comparison, entry, &list, &leaf->shipped.view,
			  &leaf->rebuilt.view);
	entry_regions(comparison, entry, leaf->shipped_map, leaf->rebuilt_map);
	scene_close(&scene);
	differences_free(&list);
	ranges_free(&ranges);
	return status;
}

int
leaf_compare(struct comparison *comparison, struct pair pair, json_t *entry,
	     enum file_status *status, struct err *err)
{
	struct leaf leaf = {.comparison = comparison,
			    .pair = pair,
			    .format =
				tree_node(comparison->shipped, pair.shipped)->format};
	if (leaf_open(&leaf, err) == -1) {
		leaf_close(&leaf);
		return -1;
	}
	*status = STATUS_SIGNATURE_ONLY;
	if (!graft_pair(comparison, pair, &leaf.shipped, &leaf.rebuilt, &leaf.graft,
			entry))
		*status = leaf_tell(&leaf, entry);
	leaf_close(&leaf);
	return 0;
}
