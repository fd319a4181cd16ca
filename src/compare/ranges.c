/* Lists of differing ranges, and the plain scan of equally long parts. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

/* Bytes compared at once. */
#define BLOCK ((uint64_t)1 << 16)

static uint64_t
range_shipped_end(const struct range *range)
{
	return range->shipped + range->shipped_length;
}

static uint64_t
range_rebuilt_end(const struct range *range)
{
	return range->rebuilt + range->rebuilt_length;
}

/* Grow `first` so that it holds `second` and the equal bytes between them. */
static void
range_join(struct range *first, const struct range *second)
{
	first->shipped_length = range_shipped_end(second) - first->shipped;
	first->rebuilt_length = range_rebuilt_end(second) - first->rebuilt;
	first->differing += second->differing;
}

void
ranges_add(struct ranges *ranges, const struct range *range)
{
	size_t most = ranges->most ? ranges->most : RANGES_MOST;
	if (ranges->count > ranges->barrier) {
		struct range *last = &ranges->items[ranges->count - 1];
		if (range->shipped - range_shipped_end(last) < RANGES_GAP &&
		    range->rebuilt - range_rebuilt_end(last) < RANGES_GAP) {
			range_join(last, range);
			return;
		}
	}
	if (ranges->count >= 2 * most)
		ranges_limit(ranges, most);
	if (ranges->count == ranges->room) {
		ranges->room = ranges->room ? 2 * ranges->room : 16;
		ranges->items =
		    base_realloc(ranges->items, ranges->room, sizeof(*ranges->items));
	}
	ranges->items[ranges->count++] = *range;
}

void
ranges_part(struct ranges *ranges)
{
	ranges->barrier = ranges->count;
}

static int
order_u64(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return (left > right) - (left < right);
}

static uint64_t
range_gap(const struct ranges *ranges, size_t i)
{
	return ranges->items[i].shipped - range_shipped_end(&ranges->items[i - 1]);
}

void
ranges_limit(struct ranges *ranges, size_t most)
{
	if (ranges->count <= most || most == 0)
		return;
	size_t gap_count = ranges->count - 1, join = ranges->count - most;
	uint64_t *gaps = base_alloc(gap_count, sizeof(*gaps));
	for (size_t i = 0; i < gap_count; i++)
		gaps[i] = range_gap(ranges, i + 1);
	qsort(gaps, gap_count, sizeof(*gaps), order_u64);
	uint64_t widest = gaps[join - 1];
	size_t ties = 0; /* how many gaps exactly as wide as the widest are closed */
	for (size_t i = join; i > 0 && gaps[i - 1] == widest; i--)
		ties++;
	free(gaps);
	size_t kept = 1;
	for (size_t i = 1; i < ranges->count; i++) {
		uint64_t gap = ranges->items[i].shipped -
			       range_shipped_end(&ranges->items[kept - 1]);
		if (gap < widest || (gap == widest && ties > 0)) {
			ties -= gap == widest;
			range_join(&ranges->items[kept - 1], &ranges->items[i]);
		} else {
			ranges->items[kept++] = ranges->items[i];
		}
	}
	ranges->count = kept;
	ranges->barrier = kept;
	ranges->merged = true;
}

uint64_t
ranges_differing(const struct ranges *ranges)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < ranges->count; i++)
		sum += ranges->items[i].differing;
	return sum;
}

void
ranges_free(struct ranges *ranges)
{
	free(ranges->items);
	*ranges = (struct ranges){0};
}

/* Both parts of `length` bytes, or false when one is not all inside. */
static bool
parts_of(const struct side *shipped, uint64_t shipped_offset,
	 const struct side *rebuilt, uint64_t rebuilt_offset, uint64_t length,
	 struct view *a, struct view *b)
{
	return view_sub(&shipped->view, shipped_offset, length, a) == 0 &&
	       view_sub(&rebuilt->view, rebuilt_offset, length, b) == 0;
}

void
side_forget(const struct side *side, uint64_t at, uint64_t upto)
{
	if (side->mapping != NULL && at % SIDE_FORGET == 0 && at > 0)
		mapping_release(side->mapping, upto);
}

/* The runs of differing bytes in two views of the same size. */
static void
scan_block(const struct view *a, const struct view *b, uint64_t shipped_offset,
	   uint64_t rebuilt_offset, struct ranges *ranges)
{
	uint64_t i = 0;
	while (i < a->size) {
		if (a->data[i] == b->data[i]) {
			i++;
			continue;
		}
		uint64_t start = i;
		while (i < a->size && a->data[i] != b->data[i])
			i++;
		struct range range = {shipped_offset + start, i - start,
				      rebuilt_offset + start, i - start, i - start};
		ranges_add(ranges, &range);
	}
}

void
ranges_scan(const struct side *shipped, uint64_t shipped_offset,
	    const struct side *rebuilt, uint64_t rebuilt_offset, uint64_t length,
	    struct ranges *ranges)
{
	for (uint64_t at = 0; at < length; at += BLOCK) {
		uint64_t size = length - at < BLOCK ? length - at : BLOCK;
		struct view a, b;
		if (!parts_of(shipped, shipped_offset + at, rebuilt,
			      rebuilt_offset + at, size, &a, &b))
			return;
		if (!view_equal(&a, &b))
			scan_block(&a, &b, shipped_offset + at, rebuilt_offset + at,
				   ranges);
		side_forget(shipped, at, shipped_offset + at);
		side_forget(rebuilt, at, rebuilt_offset + at);
	}
}

uint64_t
range_prefix(const struct side *shipped, uint64_t shipped_offset,
	     const struct side *rebuilt, uint64_t rebuilt_offset, uint64_t length)
{
	uint64_t at = 0;
	while (at < length) {
		uint64_t size = length - at < BLOCK ? length - at : BLOCK;
		struct view a, b;
		if (!parts_of(shipped, shipped_offset + at, rebuilt,
			      rebuilt_offset + at, size, &a, &b))
			return at;
		if (!view_equal(&a, &b)) {
			uint64_t i = 0;
			while (i < size && a.data[i] == b.data[i])
				i++;
			return at + i;
		}
		side_forget(shipped, at, shipped_offset + at);
		side_forget(rebuilt, at, rebuilt_offset + at);
		at += size;
	}
	return length;
}

uint64_t
range_suffix(const struct side *shipped, uint64_t shipped_end,
	     const struct side *rebuilt, uint64_t rebuilt_end, uint64_t length)
{
	uint64_t at = 0;
	while (at < length) {
		uint64_t size = length - at < BLOCK ? length - at : BLOCK;
		struct view a, b;
		if (!parts_of(shipped, shipped_end - at - size, rebuilt,
			      rebuilt_end - at - size, size, &a, &b))
			return at;
		if (!view_equal(&a, &b)) {
			uint64_t i = 0;
			while (i < size && a.data[size - 1 - i] == b.data[size - 1 - i])
				i++;
			return at + i;
		}
		side_forget(shipped, at, shipped->view.size);
		side_forget(rebuilt, at, rebuilt->view.size);
		at += size;
	}
	return length;
}
