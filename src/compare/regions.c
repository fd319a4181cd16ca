/* The map of a file, coarse enough to draw: neighbours of one name are one region, and
 * the small ones between the large ones are told by their number. */
#include "compare/compare_private.h"

#include <stdlib.h>

enum {
	REGIONS_MOST = 64, /* of one side */
	LARGE_MOST = 31,   /* with as many runs of small ones and one more: below 64 */
};

struct region {
	uint64_t offset, length;
	const struct extent *extent; /* gives name and tag */
	size_t parts;                /* how many small ones it stands for; 1: itself */
};

/* Extents of one name that follow each other. The caller frees them. */
static struct region *
regions_of(const struct map *map, size_t *count)
{
	struct region *regions = base_alloc(map->count + 1, sizeof(*regions));
	size_t used = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		struct region *last = used > 0 ? &regions[used - 1] : NULL;
		if (last != NULL && last->extent->tag == extent->tag &&
		    last->extent->member == extent->member &&
		    strcmp(last->extent->name, extent->name) == 0)
			last->length += extent->length;
		else
			regions[used++] =
			    (struct region){extent->offset, extent->length, extent, 1};
	}
	*count = used;
	return regions;
}

static int
order_lengths(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;
	return (*left < *right) - (*left > *right);
}

/* The length that the LARGE_MOST longest regions exceed. */
static uint64_t
large_from(const struct region *regions, size_t count)
{
	uint64_t *lengths = base_alloc(count, sizeof(*lengths));
	for (size_t i = 0; i < count; i++)
		lengths[i] = regions[i].length;
	qsort(lengths, count, sizeof(*lengths), order_lengths);
	uint64_t limit = lengths[LARGE_MOST];
	free(lengths);
	return limit;
}

/* Join the small ones that follow each other. */
static void
regions_join(struct region *regions, size_t *count)
{
	uint64_t limit = large_from(regions, *count);
	size_t used = 0;
	bool open = false;
	for (size_t i = 0; i < *count; i++) {
		bool small = regions[i].length <= limit;
		if (small && open) {
			regions[used - 1].length += regions[i].length;
			regions[used - 1].parts++;
		} else {
			regions[used++] = regions[i];
		}
		open = small;
	}
	*count = used;
}

static json_t *
regions_json(const struct map *map, size_t *told)
{
	size_t count;
	struct region *regions = regions_of(map, &count);
	json_t *list = json_array();
	if (count > REGIONS_MOST)
		regions_join(regions, &count);
	for (size_t i = 0; i < count; i++) {
		const struct region *region = &regions[i];
		json_t *object = json_object();
		char *name = region->parts > 1
				 ? base_format("%zu small parts", region->parts)
				 : base_strdup(region->extent->name);
		json_object_set_new(object, "offset",
				    json_integer((json_int_t)region->offset));
		json_object_set_new(object, "length",
				    json_integer((json_int_t)region->length));
		json_object_set_new(object, "name", json_string(name));
		json_object_set_new(
		    object, "tag",
		    json_string(region->parts > 1
				    ? "mixed"
				    : extent_tag_name(region->extent->tag)));
		json_array_append_new(list, object);
		free(name);
	}
	*told += count;
	free(regions);
	return list;
}

void
entry_regions(struct comparison *comparison, json_t *entry, const struct map *shipped,
	      const struct map *rebuilt)
{
	if (shipped == NULL || rebuilt == NULL ||
	    comparison->regions >= REGIONS_IN_DOCUMENT)
		return;
	json_t *object = json_object();
	json_object_set_new(object, "shipped",
			    regions_json(shipped, &comparison->regions));
	json_object_set_new(object, "rebuilt",
			    regions_json(rebuilt, &comparison->regions));
	json_object_set_new(entry, "regions", object);
}
