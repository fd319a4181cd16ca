/*
 * Which members of two containers need no extents, because both sides have the very
 * same ones. Without that the maps of a million members take gigabytes, to say nothing.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define FILTERED_FROM ((size_t)20000) /* pairs: fewer are mapped whole */
#define KEPT_AT_ONCE  ((size_t)65536) /* members in one map */

/* A sum over what each member adds to its container's map. */
static struct sha256 *
sums_of(const struct format *format, const struct side *side, size_t members)
{
	struct sha256 *sums = base_alloc(members, sizeof(*sums));
	const struct map_filter filter = {.members = members, .sums = sums};
	map_free(format_map_filtered(format, &side->view, &filter, NULL));
	return sums;
}

/* The ordinals of a pair that both sides have; false where that is none of them. */
static bool
pair_ordinals(const struct comparison *comparison, const struct pairing *pairing,
	      size_t index, uint32_t ordinals[2])
{
	const struct pair *pair = &pairing->pairs[index];
	if (pair->shipped == NODE_NONE || pair->rebuilt == NODE_NONE)
		return false;
	ordinals[0] = tree_node(comparison->shipped, pair->shipped)->ordinal;
	ordinals[1] = tree_node(comparison->rebuilt, pair->rebuilt)->ordinal;
	return ordinals[0] < pairing->count && ordinals[1] < pairing->count;
}

void
leaving_make(const struct comparison *comparison, const struct format *format,
	     const struct side *shipped, const struct side *rebuilt,
	     const struct pairing *pairing, struct leaving *leaving)
{
	size_t count = pairing->count;
	uint32_t ordinals[2];
	*leaving = (struct leaving){.comparison = comparison, .pairing = pairing};
	if (count < FILTERED_FROM || format->map == NULL)
		return;
	struct sha256 *ours = sums_of(format, shipped, count);
	struct sha256 *theirs = sums_of(format, rebuilt, count);
	leaving->same = base_alloc(count, sizeof(bool));
	for (size_t side = 0; side < 2; side++)
		leaving->left_out[side] = base_alloc(count, sizeof(bool));
	for (size_t i = 0; i < count; i++)
		leaving->same[i] =
		    !pair_ordinals(comparison, pairing, i, ordinals) ||
		    sha256_equal(&ours[ordinals[0]], &theirs[ordinals[1]]);
	free(ours);
	free(theirs);
}

bool
leaving_next(struct leaving *leaving, struct map_filter filters[2])
{
	size_t members = leaving->pairing->count, kept = 0;
	uint32_t ordinals[2];
	if (leaving->same == NULL || (leaving->begun && leaving->next == members))
		return false;
	for (size_t side = 0; side < 2; side++) {
		memset(leaving->left_out[side], true, members);
		filters[side] = (struct map_filter){.members = members,
						    .left_out = leaving->left_out[side],
						    .members_only = leaving->begun};
	}
	for (; leaving->next < members && kept < KEPT_AT_ONCE; leaving->next++) {
		if (leaving->same[leaving->next] ||
		    !pair_ordinals(leaving->comparison, leaving->pairing, leaving->next,
				   ordinals))
			continue;
		leaving->left_out[0][ordinals[0]] = false;
		leaving->left_out[1][ordinals[1]] = false;
		kept++;
	}
	bool any = kept > 0 || !leaving->begun;
	leaving->begun = true;
	return any;
}

void
leaving_free(struct leaving *leaving)
{
	free(leaving->same);
	free(leaving->left_out[0]);
	free(leaving->left_out[1]);
}
