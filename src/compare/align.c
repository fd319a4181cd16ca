/*
 * Aligning two byte strings of any length, so that what was inserted or deleted
 * costs one range and not the rest of the file.
 *
 * Equal ends are cut off first. Between them, anchors are looked for: windows whose
 * rolling hash ends in some zero bits (so both sides pick the same windows wherever
 * they stand), which occur once on each side, whose bytes are equal, and which
 * are in the same order (longest increasing subsequence). Each is grown as far
 * as the bytes are equal, and what lies between two of them is aligned in the
 * same way with more windows, down to parts small enough for an edit script. What
 * has nothing in common is one range, or is compared byte against byte when both parts
 * are equally long.
 */
#include "compare/compare_private.h"

#include <stdlib.h>

#define WINDOW        32
#define SAMPLES_MOST  ((size_t)1 << 18) /* kept on one side, at any time */
#define SPARSE_FROM   4096 /* longer parts: sorting every window costs too much */
#define SPARSE_MASK   15
#define DEPTH_MOST    10
#define PASSES_MOST   4    /* anchors are looked for in this many times the input */
#define SCRIPT_LENGTH 1024 /* both parts at most this long: edit script */
#define SCRIPT_EDITS  64
#define MULTIPLIER    UINT64_C(0x9e3779b97f4a7c15) /* odd, 2^64 / golden ratio */

struct part {
	uint64_t offset, length;
};

struct sample {
	uint64_t hash, offset;
};

struct samples {
	struct sample *items;
	size_t count;
	uint64_t mask; /* kept: those whose mixed hash has none of these bits */
};

static uint64_t
hash_mixed(uint64_t hash)
{
	hash ^= hash >> 32;
	hash *= UINT64_C(0xd6e8feb86659fd93);
	return hash ^ hash >> 32;
}

static void
samples_thin(struct samples *samples, uint64_t mask)
{
	size_t kept = 0;
	for (size_t i = 0; i < samples->count; i++) {
		if ((samples->items[i].hash & mask) == 0)
			samples->items[kept++] = samples->items[i];
	}
	samples->count = kept;
	samples->mask = mask;
}

static void
samples_take(struct samples *samples, uint64_t hash, uint64_t offset)
{
	/* A run of one window (zeros) would fill the list with what is not unique. */
	if (samples->count > 0 && samples->items[samples->count - 1].hash == hash) {
		samples->items[samples->count - 1].offset = UINT64_MAX;
		return;
	}
	while (samples->count == SAMPLES_MOST && samples->mask != UINT64_MAX)
		samples_thin(samples, samples->mask << 1 | 1);
	if (samples->count < SAMPLES_MOST && (hash & samples->mask) == 0)
		samples->items[samples->count++] = (struct sample){hash, offset};
}

/* One part of a side. */
struct piece {
	const struct side *side;
	uint64_t offset;
	struct view view;
};

/* The windows of one part whose hash says so; offsets count from the part. */
static void
samples_gather(const struct piece *piece, uint64_t mask, struct samples *samples)
{
	const struct view *part = &piece->view;
	uint64_t out = 1, hash = 0; /* `out` is MULTIPLIER to the power of WINDOW */
	size_t room = part->size < SAMPLES_MOST ? (size_t)part->size : SAMPLES_MOST;
	samples->items = base_alloc(room ? room : 1, sizeof(*samples->items));
	samples->count = 0;
	samples->mask = mask;
	for (unsigned i = 0; i < WINDOW; i++)
		out *= MULTIPLIER;
	for (uint64_t i = 0; i < part->size; i++) {
		hash = hash * MULTIPLIER + part->data[i] + 1;
		if (i >= WINDOW)
			hash -= out * (part->data[i - WINDOW] + UINT64_C(1));
		if (i + 1 < WINDOW)
			continue;
		uint64_t mixed = hash_mixed(hash);
		if ((mixed & samples->mask) == 0)
			samples_take(samples, mixed, i + 1 - WINDOW);
		if (i % SIDE_FORGET == 0)
			side_forget(piece->side, i, piece->offset + i);
	}
}

static int
order_samples(const void *a, const void *b)
{
	const struct sample *left = a, *right = b;
	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Sort by hash and drop every hash that stands there more than once. */
static void
samples_unique(struct samples *samples)
{
	size_t kept = 0, count = samples->count;
	struct sample *items = samples->items;
	qsort(items, count, sizeof(*items), order_samples);
	for (size_t i = 0, next; i < count; i = next) {
		for (next = i + 1; next < count && items[next].hash == items[i].hash;)
			next++;
		if (next == i + 1 && items[i].offset != UINT64_MAX)
			items[kept++] = items[i];
	}
	samples->count = kept;
}

static int
order_matches(const void *a, const void *b)
{
	const struct match *left = a, *right = b;
	return (left->a > right->a) - (left->a < right->a);
}

/* Windows that both sides have once, with equal bytes, by shipped offset. */
static void
samples_meet(const struct samples *a, const struct samples *b,
	     const struct piece *shipped, const struct piece *rebuilt,
	     struct matches *anchors)
{
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct sample *left = &a->items[i], *right = &b->items[j];
		if (left->hash < right->hash) {
			i++;
			continue;
		}
		if (left->hash > right->hash) {
			j++;
			continue;
		}
		struct view one, other;
		if (view_sub(&shipped->view, left->offset, WINDOW, &one) == 0 &&
		    view_sub(&rebuilt->view, right->offset, WINDOW, &other) == 0 &&
		    view_equal(&one, &other))
			matches_add(anchors, left->offset, right->offset, WINDOW);
		i++;
		j++;
	}
	if (anchors->count > 0)
		qsort(anchors->items, anchors->count, sizeof(*anchors->items),
		      order_matches);
}

/* Keep the longest list of anchors that is in order on both sides. */
static void
anchors_in_order(struct matches *anchors)
{
	size_t kept = 0;
	if (anchors->count == 0)
		return;
	uint64_t *values = base_alloc(anchors->count, sizeof(*values));
	bool *keep = base_alloc(anchors->count, sizeof(*keep));
	for (size_t i = 0; i < anchors->count; i++)
		values[i] = anchors->items[i].b;
	edit_increasing(values, anchors->count, keep);
	for (size_t i = 0; i < anchors->count; i++) {
		if (keep[i])
			anchors->items[kept++] = anchors->items[i];
	}
	anchors->count = kept;
	free(values);
	free(keep);
}

static void
anchors_find(const struct piece *shipped, const struct piece *rebuilt,
	     struct matches *anchors)
{
	struct samples a, b;
	uint64_t longest = shipped->view.size > rebuilt->view.size ? shipped->view.size
								   : rebuilt->view.size;
	uint64_t mask = longest > SPARSE_FROM ? SPARSE_MASK : 0;
	while (longest / (mask + 1) > SAMPLES_MOST / 2)
		mask = mask << 1 | 1;
	samples_gather(shipped, mask, &a);
	samples_gather(rebuilt, a.mask, &b);
	if (a.mask != b.mask)
		samples_thin(&a, b.mask);
	samples_unique(&a);
	samples_unique(&b);
	samples_meet(&a, &b, shipped, rebuilt, anchors);
	free(a.items);
	free(b.items);
	anchors_in_order(anchors);
}

struct aligner {
	const struct side *shipped, *rebuilt;
	struct ranges *ranges;
	uint64_t effort; /* bytes that may still be searched for anchors */
};

static void align_step(struct aligner *aligner, struct part s, struct part r,
		       unsigned depth);

/* Nothing in common that could be found: byte against byte, or one range. */
static void
align_block(struct aligner *aligner, struct part s, struct part r)
{
	if (s.length == r.length) {
		ranges_scan(aligner->shipped, s.offset, aligner->rebuilt, r.offset,
			    s.length, aligner->ranges);
		return;
	}
	struct range range = {s.offset, s.length, r.offset, r.length,
			      s.length > r.length ? s.length : r.length};
	ranges_add(aligner->ranges, &range);
}

/* Go on between the matches (which are relative to the parts), in order. */
static void
align_between(struct aligner *aligner, struct part s, struct part r,
	      const struct match *match, struct part *s_rest, struct part *r_rest,
	      unsigned depth)
{
	uint64_t s_at = s.offset + match->a, r_at = r.offset + match->b;
	if (s_at < s_rest->offset || r_at < r_rest->offset)
		return; /* inside of a match that was grown over it */
	uint64_t s_gap = s_at - s_rest->offset, r_gap = r_at - r_rest->offset;
	uint64_t back = range_suffix(aligner->shipped, s_at, aligner->rebuilt, r_at,
				     s_gap < r_gap ? s_gap : r_gap);
	align_step(aligner, (struct part){s_rest->offset, s_gap - back},
		   (struct part){r_rest->offset, r_gap - back}, depth);
	uint64_t s_left = s_rest->length - s_gap, r_left = r_rest->length - r_gap;
	uint64_t forth = range_prefix(aligner->shipped, s_at, aligner->rebuilt, r_at,
				      s_left < r_left ? s_left : r_left);
	*s_rest = (struct part){s_at + forth, s_left - forth};
	*r_rest = (struct part){r_at + forth, r_left - forth};
}

static void
align_matches(struct aligner *aligner, struct part s, struct part r,
	      const struct matches *matches, unsigned depth)
{
	struct part s_rest = s, r_rest = r;
	for (size_t i = 0; i < matches->count; i++)
		align_between(aligner, s, r, &matches->items[i], &s_rest, &r_rest,
			      depth);
	align_step(aligner, s_rest, r_rest, depth);
}

static uint32_t *
tokens_of(const struct view *part)
{
	uint32_t *tokens = base_alloc(part->size ? part->size : 1, sizeof(*tokens));
	for (uint64_t i = 0; i < part->size; i++)
		tokens[i] = part->data[i];
	return tokens;
}

/* Small parts: a shortest edit script, of which runs too short to part two ranges
 * are left out. Its gaps are final: depth DEPTH_MOST. */
static bool
align_script(struct aligner *aligner, struct part s, struct part r,
	     const struct piece *shipped, const struct piece *rebuilt)
{
	struct matches matches, long_ones = {0};
	uint32_t *a = tokens_of(&shipped->view), *b = tokens_of(&rebuilt->view);
	bool found = edit_matches(a, shipped->view.size, b, rebuilt->view.size,
				  SCRIPT_EDITS, &matches);
	if (found) {
		for (size_t i = 0; i < matches.count; i++) {
			const struct match *match = &matches.items[i];
			if (match->length >= RANGES_GAP)
				matches_add(&long_ones, match->a, match->b,
					    match->length);
		}
		align_matches(aligner, s, r, &long_ones, DEPTH_MOST);
	}
	matches_free(&matches);
	matches_free(&long_ones);
	free(a);
	free(b);
	return found;
}

static bool
align_anchors(struct aligner *aligner, struct part s, struct part r,
	      const struct piece *shipped, const struct piece *rebuilt, unsigned depth)
{
	struct matches anchors = {0};
	uint64_t cost = shipped->view.size + rebuilt->view.size;
	if (cost > aligner->effort)
		return false;
	aligner->effort -= cost;
	anchors_find(shipped, rebuilt, &anchors);
	bool found = anchors.count > 0;
	if (found)
		align_matches(aligner, s, r, &anchors, depth + 1);
	matches_free(&anchors);
	return found;
}

/* Is comparing byte against byte good enough for two equally long parts? */
static bool
align_plain(const struct piece *shipped, const struct piece *rebuilt)
{
	uint64_t differing = 0;
	for (uint64_t i = 0; i < shipped->view.size; i++) {
		differing += shipped->view.data[i] != rebuilt->view.data[i];
		if (i % SIDE_FORGET == 0) {
			side_forget(shipped->side, i, shipped->offset + i);
			side_forget(rebuilt->side, i, rebuilt->offset + i);
		}
	}
	return differing <= shipped->view.size / 2;
}

static void
align_step(struct aligner *aligner, struct part s, struct part r, unsigned depth)
{
	uint64_t shorter = s.length < r.length ? s.length : r.length;
	uint64_t same = range_prefix(aligner->shipped, s.offset, aligner->rebuilt,
				     r.offset, shorter);
	s = (struct part){s.offset + same, s.length - same};
	r = (struct part){r.offset + same, r.length - same};
	same = range_suffix(aligner->shipped, s.offset + s.length, aligner->rebuilt,
			    r.offset + r.length, shorter - same);
	s.length -= same;
	r.length -= same;
	if (s.length == 0 && r.length == 0)
		return;
	struct piece shipped = {.side = aligner->shipped, .offset = s.offset};
	struct piece rebuilt = {.side = aligner->rebuilt, .offset = r.offset};
	if (s.length == 0 || r.length == 0 || depth >= DEPTH_MOST ||
	    view_sub(&aligner->shipped->view, s.offset, s.length, &shipped.view) ==
		-1 ||
	    view_sub(&aligner->rebuilt->view, r.offset, r.length, &rebuilt.view) ==
		-1) {
		align_block(aligner, s, r);
		return;
	}
	if (s.length == r.length && align_plain(&shipped, &rebuilt)) {
		align_block(aligner, s, r);
		return;
	}
	if (s.length <= SCRIPT_LENGTH && r.length <= SCRIPT_LENGTH &&
	    align_script(aligner, s, r, &shipped, &rebuilt))
		return;
	if (!align_anchors(aligner, s, r, &shipped, &rebuilt, depth))
		align_block(aligner, s, r);
}

void
align_parts(const struct side *shipped, uint64_t shipped_offset,
	    uint64_t shipped_length, const struct side *rebuilt,
	    uint64_t rebuilt_offset, uint64_t rebuilt_length, struct ranges *ranges)
{
	struct aligner aligner = {shipped, rebuilt, ranges,
				  PASSES_MOST * (shipped_length + rebuilt_length)};
	align_step(&aligner, (struct part){shipped_offset, shipped_length},
		   (struct part){rebuilt_offset, rebuilt_length}, 0);
}

void
align_all(const struct side *shipped, const struct side *rebuilt, struct ranges *ranges)
{
	align_parts(shipped, 0, shipped->view.size, rebuilt, 0, rebuilt->view.size,
		    ranges);
}
