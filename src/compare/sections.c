/*
 * Aligning two files section by section: extents of one name are compared with each
 * other wherever they stand, so that a change that moves everything behind it
 * stays one change.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* Neighbouring extents of one named thing (a section that symbols cut up). */
struct section {
	const char *name;
	uint64_t base, offset, end;
	unsigned occurrence; /* of this name in the file */
	size_t index;
	uint64_t partner; /* index on the other side, or UINT64_MAX */
};

struct sections {
	struct section *items;
	size_t count;
};

static int
order_by_name(const void *a, const void *b)
{
	const struct section *left = a, *right = b;
	int order = strcmp(left->name, right->name);
	if (order != 0)
		return order;
	return (left->index > right->index) - (left->index < right->index);
}

/* The same name again: 2nd, 3rd … occurrence; the list is sorted by name. */
static void
sections_count_names(struct sections *sections)
{
	for (size_t i = 1; i < sections->count; i++) {
		struct section *one = &sections->items[i];
		if (strcmp(one->name, one[-1].name) == 0)
			one->occurrence = one[-1].occurrence + 1;
	}
}

static void
sections_of(const struct map *map, struct sections *sections)
{
	sections->items =
	    base_alloc(map->count ? map->count : 1, sizeof(*sections->items));
	sections->count = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		struct section *last =
		    sections->count ? &sections->items[sections->count - 1] : NULL;
		if (last != NULL && last->base == extent->base &&
		    strcmp(last->name, extent->name) == 0) {
			last->end = extent->offset + extent->length;
			continue;
		}
		sections->items[sections->count] =
		    (struct section){extent->name,
				     extent->base,
				     extent->offset,
				     extent->offset + extent->length,
				     0,
				     sections->count,
				     UINT64_MAX};
		sections->count++;
	}
	qsort(sections->items, sections->count, sizeof(*sections->items),
	      order_by_name);
	sections_count_names(sections);
}

static int
order_by_index(const void *a, const void *b)
{
	const struct section *left = a, *right = b;
	return (left->index > right->index) - (left->index < right->index);
}

/* Both lists sorted by name: find partners, then put them back in file order. */
static void
sections_pair(struct sections *shipped, struct sections *rebuilt)
{
	for (size_t i = 0, j = 0; i < shipped->count && j < rebuilt->count;) {
		struct section *left = &shipped->items[i], *right = &rebuilt->items[j];
		int order = strcmp(left->name, right->name);
		if (order == 0)
			order = (left->occurrence > right->occurrence) -
				(left->occurrence < right->occurrence);
		if (order == 0) {
			left->partner = right->index;
			right->partner = left->index;
		}
		i += order <= 0;
		j += order >= 0;
	}
	qsort(shipped->items, shipped->count, sizeof(*shipped->items), order_by_index);
	qsort(rebuilt->items, rebuilt->count, sizeof(*rebuilt->items), order_by_index);
}

/* Of the paired sections, drop the fewest whose order differs. */
static void
sections_in_order(struct sections *shipped)
{
	uint64_t *values = base_alloc(shipped->count + 1, sizeof(*values));
	size_t *owners = base_alloc(shipped->count + 1, sizeof(*owners));
	bool *keep = base_alloc(shipped->count + 1, sizeof(*keep));
	size_t count = 0;
	for (size_t i = 0; i < shipped->count; i++) {
		if (shipped->items[i].partner != UINT64_MAX) {
			owners[count] = i;
			values[count++] = shipped->items[i].partner;
		}
	}
	edit_increasing(values, count, keep);
	for (size_t i = 0; i < count; i++) {
		if (!keep[i])
			shipped->items[owners[i]].partner = UINT64_MAX;
	}
	free(values);
	free(owners);
	free(keep);
}

void
align_maps(const struct side *shipped, const struct map *shipped_map,
	   const struct side *rebuilt, const struct map *rebuilt_map,
	   struct ranges *ranges)
{
	struct sections left, right;
	sections_of(shipped_map, &left);
	sections_of(rebuilt_map, &right);
	sections_pair(&left, &right);
	sections_in_order(&left);
	uint64_t s_at = 0, r_at = 0;
	for (size_t i = 0; i < left.count; i++) {
		const struct section *one = &left.items[i];
		if (one->partner == UINT64_MAX)
			continue;
		const struct section *other = &right.items[one->partner];
		align_parts(shipped, s_at, one->offset - s_at, rebuilt, r_at,
			    other->offset - r_at, ranges);
		ranges_part(ranges);
		align_parts(shipped, one->offset, one->end - one->offset, rebuilt,
			    other->offset, other->end - other->offset, ranges);
		ranges_part(ranges);
		s_at = one->end;
		r_at = other->end;
	}
	align_parts(shipped, s_at, shipped->view.size - s_at, rebuilt, r_at,
		    rebuilt->view.size - r_at, ranges);
	free(left.items);
	free(right.items);
}
