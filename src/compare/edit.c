/*
 * Edit scripts over lists of tokens, and longest increasing subsequences.
 *
 * E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986): the greedy
 * variant, keeping the furthest points of every round for the way back, with
 * a bound on rounds and on steps so that a hostile pair costs no more than a
 * harmless one.
 */
#include "compare/compare_private.h"

#include <stdlib.h>

/* Tokens that all snakes of one call may pass together. */
#define STEPS_MOST ((size_t)1 << 26)

void
matches_add(struct matches *matches, size_t a, size_t b, size_t length)
{
	if (matches->count == matches->room) {
		matches->room = matches->room ? 2 * matches->room : 16;
		matches->items = base_realloc(matches->items, matches->room,
					      sizeof(*matches->items));
	}
	matches->items[matches->count++] = (struct match){a, b, length};
}

void
matches_free(struct matches *matches)
{
	free(matches->items);
	*matches = (struct matches){0};
}

struct editor {
	const uint32_t *a, *b;
	size_t a_count, b_count;
	int64_t **rounds; /* rounds[d][k + d]: furthest x on diagonal k with d edits */
	size_t steps;
};

/* The furthest x that round d - 1 leads to on diagonal k. */
static int64_t
edit_step(const struct editor *editor, int64_t d, int64_t k, bool *down)
{
	if (d == 0) {
		*down = false;
		return 0;
	}
	const int64_t *before = editor->rounds[d - 1];
	/* diagonals of round d - 1 are -(d-1) … d-1, by twos */
	int64_t left = k - 1 >= -(d - 1) ? before[k - 1 + d - 1] + 1 : -1;
	int64_t above = k + 1 <= d - 1 ? before[k + 1 + d - 1] : -1;
	*down = above >= left;
	return *down ? above : left;
}

/* One round; true when the end was reached. */
static bool
edit_round(struct editor *editor, int64_t d)
{
	int64_t n = (int64_t)editor->a_count, m = (int64_t)editor->b_count;
	for (int64_t k = -d; k <= d; k += 2) {
		bool down;
		int64_t x = edit_step(editor, d, k, &down), y = x - k;
		if (x < 0 || x > n || y < 0 || y > m) {
			/* outside of the grid: of no use to the next round either */
			editor->rounds[d][k + d] = -2;
			continue;
		}
		while (x < n && y < m && editor->a[x] == editor->b[y]) {
			x++;
			y++;
			editor->steps++;
		}
		editor->rounds[d][k + d] = x;
		if (x == n && y == m)
			return true;
	}
	return false;
}

/* Walk back from the end through the rounds; the matches come out last first. */
static void
edit_back(const struct editor *editor, int64_t d, struct matches *matches)
{
	int64_t x = (int64_t)editor->a_count, y = (int64_t)editor->b_count;
	for (; d >= 0; d--) {
		bool down;
		int64_t k = x - y, start = edit_step(editor, d, k, &down);
		if (x > start)
			matches_add(matches, (size_t)start, (size_t)(start - k),
				    (size_t)(x - start));
		x = down || d == 0 ? start : start - 1;
		y = start - k - (down ? 1 : 0);
	}
	for (size_t i = 0; i < matches->count / 2; i++) {
		struct match swap = matches->items[i];
		matches->items[i] = matches->items[matches->count - 1 - i];
		matches->items[matches->count - 1 - i] = swap;
	}
}

bool
edit_matches(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
	     size_t most, struct matches *matches)
{
	struct editor editor = {.a = a, .b = b, .a_count = a_count, .b_count = b_count};
	bool found = false;
	size_t d = 0;
	*matches = (struct matches){0};
	editor.rounds = base_alloc(most + 1, sizeof(*editor.rounds));
	for (; d <= most && editor.steps < STEPS_MOST; d++) {
		editor.rounds[d] = base_alloc(2 * d + 1, sizeof(**editor.rounds));
		if (edit_round(&editor, (int64_t)d)) {
			edit_back(&editor, (int64_t)d, matches);
			found = true;
			break;
		}
	}
	for (size_t i = 0; i <= most; i++)
		free(editor.rounds[i]);
	free(editor.rounds);
	return found;
}

size_t
edit_increasing(const uint64_t *values, size_t count, bool *keep)
{
	if (count == 0)
		return 0;
	/* tails[n]: where the smallest end of a run of n + 1 stands */
	size_t *tails = base_alloc(count, sizeof(*tails));
	size_t *before = base_alloc(count, sizeof(*before));
	size_t length = 0;
	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = length;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (values[tails[middle]] < values[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? tails[low - 1] : SIZE_MAX;
		tails[low] = i;
		if (low == length)
			length++;
		keep[i] = false;
	}
	for (size_t i = tails[length - 1]; i != SIZE_MAX; i = before[i])
		keep[i] = true;
	free(tails);
	free(before);
	return length;
}
