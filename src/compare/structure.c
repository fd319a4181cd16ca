/*
 * A container's own bytes: everything that is not a member's content, compared
 * extent by extent through the maps of both sides. Extents meet by member, name
 * and occurrence, so that each is compared wherever it stands, and none goes
 * uncompared.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define NO_PAIR         SIZE_MAX
#define FIELD_MOST      256 /* longer ones are not one field */
#define RANGES_IN_PIECE 1000

/* One extent with what it meets its counterpart by. */
struct piece {
	size_t pair; /* index in the pairing, or NO_PAIR */
	const char *name;
	uint64_t occurrence;
	const struct extent *extent;
};

struct pieces {
	struct piece *items;
	size_t count;
};

struct structure {
	struct comparison *comparison;
	const struct format *format;
	const struct side *shipped, *rebuilt;
	const struct pairing *pairing;
	struct pendings *pendings;
	struct differences *list;
};

static int
order_pieces(const void *a, const void *b)
{
	const struct piece *left = a, *right = b;
	if (left->pair != right->pair)
		return left->pair < right->pair ? -1 : 1;
	int order = strcmp(left->name, right->name);
	if (order != 0)
		return order;
	return (left->extent > right->extent) - (left->extent < right->extent);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The bytes that a compressed stream's one content was decoded from. */
static bool
is_stream_data(const struct structure *structure, const struct extent *extent)
{
	return structure->format->compressor && structure->pairing->count == 1 &&
	       extent->tag == EXTENT_CONTENT && extent->member == EXTENT_NO_MEMBER &&
	       (strcmp(extent->name, "compressed data") == 0 ||
		ends_with(extent->name, " stream"));
}

static int
order_keys(const struct piece *left, const struct piece *right)
{
	if (left->pair != right->pair)
		return left->pair < right->pair ? -1 : 1;
	int order = strcmp(left->name, right->name);
	if (order != 0)
		return order;
	return (left->occurrence > right->occurrence) -
	       (left->occurrence < right->occurrence);
}

static void
pieces_of(const struct structure *structure, const struct map *map,
	  const size_t *pair_of, size_t members, struct pieces *pieces)
{
	pieces->count = 0;
	pieces->items = base_alloc(map->count + 1, sizeof(*pieces->items));
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		size_t pair = NO_PAIR;
		if (extent->name == map_left_out)
			continue;
		if (extent->member < members)
			pair = pair_of[extent->member];
		else if (is_stream_data(structure, extent))
			pair = 0;
		pieces->items[pieces->count++] = (struct piece){pair, extent->name, 0, extent};
	}
	if (pieces->count > 0)
		qsort(pieces->items, pieces->count, sizeof(*pieces->items),
		      order_pieces);
	for (size_t i = 1; i < pieces->count; i++) {
		struct piece *one = &pieces->items[i];
		if (one->pair == one[-1].pair && strcmp(one->name, one[-1].name) == 0)
			one->occurrence = one[-1].occurrence + 1;
	}
}

/* The index in the pairing of each member of one side, by ordinal. */
static size_t *
pairs_by_ordinal(const struct structure *structure, bool shipped, size_t *members)
{
	const struct comparison *comparison = structure->comparison;
	const struct tree *tree = shipped ? comparison->shipped : comparison->rebuilt;
	const struct pairing *pairing = structure->pairing;
	size_t *pair_of = base_alloc(pairing->count + 1, sizeof(*pair_of));
	*members = pairing->count;
	for (size_t i = 0; i < pairing->count; i++)
		pair_of[i] = NO_PAIR;
	for (size_t i = 0; i < pairing->count; i++) {
		const struct pair *pair = &pairing->pairs[i];
		node_id id = shipped ? pair->shipped : pair->rebuilt;
		if (id != NODE_NONE && tree_node(tree, id)->ordinal < pairing->count)
			pair_of[tree_node(tree, id)->ordinal] = i;
	}
	return pair_of;
}

static const struct pair *
pair_at(const struct structure *structure, size_t index)
{
	return index == NO_PAIR ? NULL : &structure->pairing->pairs[index];
}

/* Have both sides that member, with equal content? */
static bool
contents_equal(const struct structure *structure, const struct pair *pair)
{
	const struct comparison *comparison = structure->comparison;
	if (pair->shipped == NODE_NONE || pair->rebuilt == NODE_NONE)
		return false;
	const struct node *one = tree_node(comparison->shipped, pair->shipped);
	const struct node *other = tree_node(comparison->rebuilt, pair->rebuilt);
	return one->size == other->size && sha256_equal(&one->sha256, &other->sha256);
}

static char *
member_path(const struct structure *structure, const struct pair *pair)
{
	const struct comparison *comparison = structure->comparison;
	if (pair->shipped != NODE_NONE)
		return text_shown(
		    tree_node(comparison->shipped, pair->shipped)->member.path);
	return text_shown(tree_node(comparison->rebuilt, pair->rebuilt)->member.path);
}

/* Names that maps give to what the member records call otherwise. */
static bool
is_field(const char *name, const char *field)
{
	size_t length = strlen(name), tail = strlen(field);
	if (length <= tail || strcmp(name + length - tail, field) != 0)
		return false;
	return name[length - tail - 1] == ' ';
}

/* Give a waiting metadata difference of this member and field its place. */
static bool
settle_pending(const struct structure *structure, const struct piece *piece,
	       const struct range *range)
{
	const struct pendings *pendings = structure->pendings;
	size_t low = 0, high = pendings->count;
	if (piece->pair == NO_PAIR || piece->extent->tag != EXTENT_METADATA)
		return false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (pendings->items[middle].pair < piece->pair)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < pendings->count && pendings->items[low].pair == piece->pair;
	     low++) {
		struct difference *one =
		    &structure->list->items[pendings->items[low].index];
		if (one->placed || one->aggregated > 0 ||
		    !is_field(piece->name, one->field))
			continue;
		char *path = member_path(structure, pair_at(structure, piece->pair));
		one->placed = true;
		one->range = *range;
		free(one->place);
		one->place = base_format("%s of %s", piece->name, path);
		free(path);
		return true;
	}
	return false;
}

static void
name_compressor(const struct structure *structure, const struct pair *pair,
		struct difference *difference)
{
	char hex[SHA256_HEX];
	const struct node *node =
	    tree_node(structure->comparison->shipped, pair->shipped);
	sha256_hex(&node->sha256, hex);
	cause_equal(&difference->cause, "compressor",
		    "decompressed both sides and compared",
		    "both sides decompress to the same %ju bytes, SHA-256 %s",
		    (uintmax_t)node->size, hex);
}

/* Were both contents read to their ends? What was read of a broken one proves nothing
 * of the bytes that it was read from. */
static bool
contents_whole(const struct structure *structure, const struct pair *pair)
{
	const struct comparison *comparison = structure->comparison;
	return node_is_whole(comparison->shipped, pair->shipped) &&
	       node_is_whole(comparison->rebuilt, pair->rebuilt);
}

static void
tell(const struct structure *structure, const struct piece *piece,
     const struct range *range, uint64_t into)
{
	const struct pair *pair = pair_at(structure, piece->pair);
	struct difference one = {
	    .kind = DIFFERENCE_STRUCTURE, .placed = true, .range = *range};
	char *path = pair ? member_path(structure, pair) : NULL;
	struct buf place = {0};
	buf_puts(&place, piece->name);
	if (into > 0)
		buf_printf(&place, "+0x%jx", (uintmax_t)into);
	if (path != NULL && *path != '\0')
		buf_printf(&place, " of %s", path);
	one.place = buf_take(&place);
	one.field = base_strdup(piece->name);
	if (pair != NULL && piece->extent->tag == EXTENT_CONTENT &&
	    contents_equal(structure, pair) && contents_whole(structure, pair))
		name_compressor(structure, pair, &one);
	differences_add(structure->list, &one);
	free(path);
}

/* A header field is shown whole, and so is another compressor's work, of which
 * single bytes say nothing. */
static bool
is_one_thing(const struct piece *left, const struct piece *right)
{
	const struct extent *a = left->extent, *b = right->extent;
	if (a->tag == EXTENT_CONTENT)
		return left->pair != NO_PAIR;
	return (a->tag == EXTENT_METADATA || a->tag == EXTENT_DERIVED) &&
	       a->length <= FIELD_MOST && b->length <= FIELD_MOST;
}

/* Are these two extents just the contents of a pair whose bytes were hashed and are
 * equal? They need no second reading. */
static bool
is_known_equal(const struct structure *structure, const struct pair *pair,
	       const struct extent *a, const struct extent *b)
{
	const struct comparison *comparison = structure->comparison;
	return pair != NULL && contents_equal(structure, pair) &&
	       tree_is_slice(comparison->shipped, pair->shipped, a->offset,
			     a->length) &&
	       tree_is_slice(comparison->rebuilt, pair->rebuilt, b->offset, b->length);
}

/* The same extent on both sides. */
static void
compare_pieces(const struct structure *structure, const struct piece *left,
	       const struct piece *right)
{
	const struct extent *a = left->extent, *b = right->extent;
	const struct pair *pair = pair_at(structure, left->pair);
	/* What differs in a content is told in the member's own entry. */
	if (pair != NULL && a->tag == EXTENT_CONTENT && b->tag == EXTENT_CONTENT &&
	    !contents_equal(structure, pair))
		return;
	if (is_known_equal(structure, pair, a, b))
		return;
	if (a->length == b->length &&
	    range_prefix(structure->shipped, a->offset, structure->rebuilt, b->offset,
			 a->length) == a->length)
		return;
	struct ranges ranges = {.most = RANGES_IN_PIECE};
	align_parts(structure->shipped, a->offset, a->length, structure->rebuilt,
		    b->offset, b->length, &ranges);
	ranges_limit(&ranges, ranges.most);
	struct range whole = {a->offset, a->length, b->offset, b->length,
			      ranges_differing(&ranges)};
	if (settle_pending(structure, left, &whole)) {
		ranges.count = 0;
	} else if (ranges.count > 0 && is_one_thing(left, right)) {
		ranges.items[0] = whole;
		ranges.count = 1;
	}
	for (size_t i = 0; i < ranges.count; i++)
		tell(structure, left, &ranges.items[i],
		     ranges.items[i].shipped - a->offset);
	ranges_free(&ranges);
}

/* An extent that one side lacks, of something that both have. */
static void
lone_piece(const struct structure *structure, const struct piece *piece, bool shipped)
{
	const struct pair *pair = pair_at(structure, piece->pair);
	const struct extent *extent = piece->extent;
	uint64_t end =
	    shipped ? structure->rebuilt->view.size : structure->shipped->view.size;
	if (pair != NULL && (pair->shipped == NODE_NONE || pair->rebuilt == NODE_NONE))
		return; /* told in the entry of the missing or extra member */
	if (pair != NULL && extent->tag == EXTENT_CONTENT &&
	    !contents_equal(structure, pair))
		return;
	struct range range = {extent->offset, extent->length, end, 0, extent->length};
	if (!shipped)
		range = (struct range){end, 0, extent->offset, extent->length,
				       extent->length};
	if (!settle_pending(structure, piece, &range))
		tell(structure, piece, &range, 0);
}

void
structure_compare(struct comparison *comparison, const struct format *format,
		  const struct side *shipped, const struct map *shipped_map,
		  const struct side *rebuilt, const struct map *rebuilt_map,
		  const struct pairing *pairing, struct pendings *pendings,
		  struct differences *list)
{
	struct structure structure = {comparison, format,   shipped, rebuilt,
				      pairing,    pendings, list};
	struct pieces left, right;
	size_t members, i = 0, j = 0;
	size_t *pair_of = pairs_by_ordinal(&structure, true, &members);
	pieces_of(&structure, shipped_map, pair_of, members, &left);
	free(pair_of);
	pair_of = pairs_by_ordinal(&structure, false, &members);
	pieces_of(&structure, rebuilt_map, pair_of, members, &right);
	free(pair_of);
	while (i < left.count || j < right.count) {
		int order = i == left.count ? 1
			    : j == right.count
				? -1
				: order_keys(&left.items[i], &right.items[j]);
		if (order == 0)
			compare_pieces(&structure, &left.items[i], &right.items[j]);
		else if (order < 0)
			lone_piece(&structure, &left.items[i], true);
		else
			lone_piece(&structure, &right.items[j], false);
		i += order <= 0;
		j += order >= 0;
	}
	free(left.items);
	free(right.items);
}
