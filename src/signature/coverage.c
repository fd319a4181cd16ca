/*
 * The byte map of a signed file: which bytes a signature is over, which are the
 * signature, which are neither. Kept in the entry from the first range on, so that a
 * scheme needs nothing but the entry to add to it.
 */
#include "signature/signature_private.h"

/* More ranges than this are told as sums alone. */
#define RANGES_MOST 1000

static const char *const kind_names[] = {
    [COVERAGE_SIGNED] = "signed",
    [COVERAGE_SIGNATURE] = "signature",
    [COVERAGE_STRUCTURAL] = "structural",
    [COVERAGE_UNEXPLAINED] = "unexplained",
};

/* A map sorts ranges, cuts overlaps, and fills gaps with content: what nobody claims
 * is unexplained. */
static const enum extent_tag kind_tags[] = {
    [COVERAGE_SIGNED] = EXTENT_METADATA,
    [COVERAGE_SIGNATURE] = EXTENT_SIGNATURE,
    [COVERAGE_STRUCTURAL] = EXTENT_PADDING,
    [COVERAGE_UNEXPLAINED] = EXTENT_CONTENT,
};

static json_t *
range_json(uint64_t offset, uint64_t length, enum coverage_kind kind, const char *what)
{
	json_t *range = json_object();
	json_object_set_new(range, "offset", json_integer((json_int_t)offset));
	json_object_set_new(range, "length", json_integer((json_int_t)length));
	json_object_set_new(range, "kind", json_string(kind_names[kind]));
	json_object_set_new(range, "what", json_string(what));
	return range;
}

/* The array or object of that name, made when it is not there. */
static json_t *
part_of(json_t *object, const char *name, json_t *(*make)(void))
{
	if (json_object_get(object, name) == NULL)
		json_object_set_new(object, name, make());
	return json_object_get(object, name);
}

void
coverage_add(json_t *entry, uint64_t offset, uint64_t length, enum coverage_kind kind,
	     const char *what)
{
	json_t *coverage = part_of(entry, "coverage", json_object);
	if (length > 0 && offset <= INT64_MAX && length <= INT64_MAX)
		json_array_append_new(part_of(coverage, "ranges", json_array),
				      range_json(offset, length, kind, what));
}

void
coverage_add_zeros(json_t *entry, const struct view *file, uint64_t offset,
		   uint64_t length, const char *what)
{
	struct view zeros;
	if (view_sub(file, offset, length, &zeros) == 0 && view_is_zero(&zeros))
		coverage_add(entry, offset, length, COVERAGE_STRUCTURAL, what);
}

static enum coverage_kind
kind_named(const char *name)
{
	for (size_t i = 0; name != NULL && i < ARRAY_COUNT(kind_names); i++) {
		if (strcmp(kind_names[i], name) == 0)
			return (enum coverage_kind)i;
	}
	return COVERAGE_UNEXPLAINED;
}

static enum coverage_kind
kind_of(const struct extent *extent)
{
	for (size_t i = 0; i < ARRAY_COUNT(kind_tags); i++) {
		if (kind_tags[i] == extent->tag)
			return (enum coverage_kind)i;
	}
	return COVERAGE_UNEXPLAINED;
}

static struct map *
map_ranges(const json_t *ranges, uint64_t size)
{
	struct map *map = map_new();
	const json_t *range;
	size_t index;
	json_array_foreach(ranges, index, range)
	{
		const char *kind = json_string_value(json_object_get(range, "kind"));
		const char *what = json_string_value(json_object_get(range, "what"));
		json_int_t offset =
		    json_integer_value(json_object_get(range, "offset"));
		json_int_t length =
		    json_integer_value(json_object_get(range, "length"));
		map_add(map, (uint64_t)offset, (uint64_t)length,
			kind_tags[kind_named(kind)], EXTENT_NO_MEMBER,
			what != NULL ? what : "", NULL);
	}
	map_finish(map, size);
	return map;
}

/* Make the last range longer when this one goes on in its words. */
static bool
goes_on(json_t *ranges, const struct extent *extent)
{
	json_t *last = json_array_get(ranges, json_array_size(ranges) - 1);
	const char *kind = json_string_value(json_object_get(last, "kind"));
	const char *what = json_string_value(json_object_get(last, "what"));
	if (last == NULL || kind_named(kind) != kind_of(extent) || what == NULL ||
	    strcmp(what, extent->name) != 0)
		return false;
	json_int_t length = json_integer_value(json_object_get(last, "length"));
	json_object_set_new(last, "length",
			    json_integer(length + (json_int_t)extent->length));
	return true;
}

void
coverage_conclude(json_t *entry, uint64_t size)
{
	json_t *coverage = json_object_get(entry, "coverage");
	json_t *added = json_object_get(coverage, "ranges"), *ranges;
	uint64_t sums[ARRAY_COUNT(kind_names)] = {0};
	if (added == NULL)
		return;
	struct map *map = map_ranges(added, size);
	ranges = json_array();
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		sums[kind_of(extent)] += extent->length;
		if (!goes_on(ranges, extent))
			json_array_append_new(
			    ranges, range_json(extent->offset, extent->length,
					       kind_of(extent), extent->name));
	}
	map_free(map);
	for (size_t i = 0; i < ARRAY_COUNT(kind_names); i++)
		json_object_set_new(coverage, kind_names[i],
				    json_integer((json_int_t)sums[i]));
	if (json_array_size(ranges) <= RANGES_MOST)
		json_object_set(coverage, "ranges", ranges);
	else
		json_object_del(coverage, "ranges");
	json_decref(ranges);
}
