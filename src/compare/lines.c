/* Text: ranges by lines, for files that people read and change by lines. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MOST  ((uint64_t)1 << 26) /* larger texts are compared as bytes */
#define LINES_MOST ((size_t)1 << 21)
#define EDITS_MOST 2000

static bool
is_odd(uint32_t unit)
{
	/* tab, newline, form feed, carriage return and escape do occur */
	return unit < 0x20 && unit != '\t' && unit != '\n' && unit != '\f' &&
	       unit != '\r' && unit != 0x1b;
}

bool
lines_are(const struct view *view)
{
	const struct encoding *encoding = encoding_of(view);
	size_t lines = 0;
	if (view->size == 0 || view->size > TEXT_MOST)
		return false;
	if (encoding->width > 1) {
		for (uint64_t i = 0; i < view->size; i += encoding->width) {
			uint32_t unit = encoding_unit(encoding, view, i);
			lines += unit == '\n';
			if (is_odd(unit))
				return false;
		}
		return lines <= LINES_MOST;
	}
	for (uint64_t i = 0; i < view->size; i++) {
		lines += view->data[i] == '\n';
		if (is_odd(view->data[i]))
			return false;
	}
	return lines <= LINES_MOST;
}

/* Is the unit at `offset` the end of a line? Bytes are read without a detour. */
static bool
ends_line(const struct encoding *encoding, const struct view *view, uint64_t offset)
{
	return encoding->width == 1 ? view->data[offset] == '\n'
				    : encoding_unit(encoding, view, offset) == '\n';
}

void
lines_split(const struct view *view, struct lines *lines)
{
	const struct encoding *encoding = encoding_of(view);
	uint64_t width = encoding->width;
	size_t count = 0;
	for (uint64_t i = 0; i < view->size; i += width)
		count += ends_line(encoding, view, i) || i + width >= view->size;
	lines->encoding = encoding;
	lines->starts = base_alloc(count + 1, sizeof(*lines->starts));
	lines->count = count;
	for (uint64_t i = 0, at = 1; i + width < view->size; i += width) {
		if (ends_line(encoding, view, i))
			lines->starts[at++] = i + width;
	}
	lines->starts[count] = view->size;
}

void
lines_free(struct lines *lines)
{
	free(lines->starts);
	*lines = (struct lines){0};
}

size_t
lines_find(const struct lines *lines, uint64_t offset)
{
	size_t low = 0, high = lines->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (lines->starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Equal lines get equal numbers: an open hash table of first occurrences. */
struct numbering {
	const struct view *views[2];
	const struct lines *lines[2];
	uint64_t *slots; /* 0: free; else 1 + line number, counted over both sides */
	size_t slot_mask, effort;
};

static void
numbering_line(const struct numbering *numbering, uint64_t line, struct view *part)
{
	size_t first = numbering->lines[0]->count;
	bool second = line >= first;
	const struct lines *lines = numbering->lines[second];
	size_t i = (size_t)(second ? line - first : line);
	*part = (struct view){NULL, 0};
	view_sub(numbering->views[second], lines->starts[i],
		 lines->starts[i + 1] - lines->starts[i], part);
}

static uint64_t
line_hash(const struct view *line)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
	for (uint64_t i = 0; i < line->size; i++)
		hash = (hash ^ line->data[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 29;
}

/* The number of a line: that of the first line with the same bytes. */
static uint32_t
numbering_number(struct numbering *numbering, uint64_t line)
{
	struct view part, other;
	numbering_line(numbering, line, &part);
	size_t slot = (size_t)line_hash(&part) & numbering->slot_mask;
	for (;; slot = (slot + 1) & numbering->slot_mask) {
		numbering->effort++;
		if (numbering->slots[slot] == 0) {
			numbering->slots[slot] = line + 1;
			return (uint32_t)line;
		}
		numbering_line(numbering, numbering->slots[slot] - 1, &other);
		if (view_equal(&part, &other))
			return (uint32_t)(numbering->slots[slot] - 1);
	}
}

/* Numbers for all lines of both sides; false when somebody chose lines that collide. */
static bool
numbering_fill(struct numbering *numbering, uint32_t *tokens, size_t total)
{
	size_t slots = 16;
	while (slots < 2 * total)
		slots *= 2;
	numbering->slots = base_alloc(slots, sizeof(*numbering->slots));
	numbering->slot_mask = slots - 1;
	bool fine = true;
	for (size_t i = 0; i < total && fine; i++) {
		tokens[i] = numbering_number(numbering, i);
		fine = numbering->effort <= 64 * total + 4096;
	}
	free(numbering->slots);
	return fine;
}

/* One range for two parts, without the ends that are equal; none when all is. */
static void
line_range(const struct side *shipped, uint64_t s, uint64_t s_end,
	   const struct side *rebuilt, uint64_t r, uint64_t r_end,
	   struct ranges *ranges)
{
	uint64_t shorter = s_end - s < r_end - r ? s_end - s : r_end - r;
	uint64_t same = range_prefix(shipped, s, rebuilt, r, shorter);
	uint64_t tail = range_suffix(shipped, s_end, rebuilt, r_end, shorter - same);
	struct range range = {s + same, s_end - s - same - tail, r + same,
			      r_end - r - same - tail, 0};
	range.differing = range.shipped_length > range.rebuilt_length
			      ? range.shipped_length
			      : range.rebuilt_length;
	if (range.differing == 0)
		return;
	ranges_part(ranges);
	ranges_add(ranges, &range);
}

/* What is between two kept runs: line by line when both sides have as many lines. */
static void
hunk_ranges(const struct side *shipped, const uint64_t *a, size_t a_count,
	    const struct side *rebuilt, const uint64_t *b, size_t b_count,
	    struct ranges *ranges)
{
	if (a_count != b_count) {
		line_range(shipped, a[0], a[a_count], rebuilt, b[0], b[b_count],
			   ranges);
		return;
	}
	for (size_t i = 0; i < a_count; i++)
		line_range(shipped, a[i], a[i + 1], rebuilt, b[i], b[i + 1], ranges);
}

static void
matches_ranges(const struct side *shipped, const struct lines *a,
	       const struct side *rebuilt, const struct lines *b, size_t lead,
	       size_t trail, const struct matches *matches, struct ranges *ranges)
{
	size_t a_at = lead, b_at = lead;
	for (size_t i = 0; i < matches->count; i++) {
		const struct match *match = &matches->items[i];
		hunk_ranges(shipped, a->starts + a_at, lead + match->a - a_at, rebuilt,
			    b->starts + b_at, lead + match->b - b_at, ranges);
		a_at = lead + match->a + match->length;
		b_at = lead + match->b + match->length;
	}
	hunk_ranges(shipped, a->starts + a_at, a->count - trail - a_at, rebuilt,
		    b->starts + b_at, b->count - trail - b_at, ranges);
}

bool
lines_ranges(const struct side *shipped, const struct lines *shipped_lines,
	     const struct side *rebuilt, const struct lines *rebuilt_lines,
	     struct ranges *ranges)
{
	size_t n = shipped_lines->count, m = rebuilt_lines->count;
	size_t shorter = n < m ? n : m, lead = 0, trail = 0;
	uint32_t *tokens = base_alloc(n + m + 1, sizeof(*tokens));
	struct numbering numbering = {.views = {&shipped->view, &rebuilt->view},
				      .lines = {shipped_lines, rebuilt_lines}};
	bool fine = numbering_fill(&numbering, tokens, n + m);
	if (fine) {
		const uint32_t *a = tokens, *b = tokens + n;
		struct matches matches;
		while (lead < shorter && a[lead] == b[lead])
			lead++;
		while (trail < shorter - lead && a[n - 1 - trail] == b[m - 1 - trail])
			trail++;
		fine = edit_matches(a + lead, n - lead - trail, b + lead,
				    m - lead - trail, EDITS_MOST, &matches);
		if (fine)
			matches_ranges(shipped, shipped_lines, rebuilt, rebuilt_lines,
				       lead, trail, &matches, ranges);
		matches_free(&matches);
	}
	free(tokens);
	return fine;
}
