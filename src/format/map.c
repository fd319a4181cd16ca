/* The map of a file: extents collected in any order, then made to cover it. */
#include "format/format_private.h"

struct map *
map_new(void)
{
	return base_alloc(1, sizeof(struct map));
}

void
map_free(struct map *map)
{
	if (map == NULL)
		return;
	buf_free(&map->gathered);
	free(map->extents);
	strings_free(&map->names);
	free(map);
}

/* FNV-1a, enough to tell the fields of a header apart. */
static size_t
name_slot(const char *name)
{
	uint32_t hash = 2166136261U;
	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * 16777619U;
	return hash >> 16 & (ARRAY_COUNT(((struct map *)NULL)->recent) - 1);
}

/* The shown text of a name, owned by the map. An archive names the same fields for
 * every member: those are shared. */
static const char *
map_name(struct map *map, const char *name)
{
	char *shown = text_shown(name);
	const char **recent = &map->recent[name_slot(shown)];
	if (*recent == NULL || strcmp(*recent, shown) != 0) {
		strings_add(&map->names, shown);
		*recent = map->names.items[map->names.count - 1];
	}
	free(shown);
	return *recent;
}

/* ---- filters --------------------------------------------------------- */

#define GATHERED_MOST ((uint64_t)4096) /* longer extents are hashed by themselves */

const char map_left_out[] = "members that are the same";

/* Add what was gathered of a member to its sum. */
static void
sum_settle(struct map *map)
{
	struct buf *gathered = &map->gathered;
	if (gathered->size == 0)
		return;
	struct sha256 *sum = &map->filter->sums[map->gathering];
	buf_append(gathered, sum->bytes, SHA256_SIZE);
	sha256_of(gathered->data, gathered->size, sum);
	buf_clear(gathered);
}

static void
sum_extent(struct map *map, const struct extent *extent, const char *name,
	   const char *detail)
{
	struct buf *gathered = &map->gathered;
	struct view bytes = view_from(&map->view, extent->offset);
	struct sha256 long_one;
	if (bytes.size > extent->length)
		bytes.size = extent->length;
	if (extent->member != map->gathering || gathered->size >= GATHERED_MOST)
		sum_settle(map);
	map->gathering = extent->member;
	buf_append(gathered, name, strlen(name) + 1);
	buf_append(gathered, detail != NULL ? "+" : "-", 1);
	if (detail != NULL)
		buf_append(gathered, detail, strlen(detail) + 1);
	buf_append(gathered, &extent->length, sizeof(extent->length));
	buf_append(gathered, &extent->tag, sizeof(extent->tag));
	if (bytes.size > GATHERED_MOST) {
		sha256_of(bytes.data, bytes.size, &long_one);
		bytes = view_of(long_one.bytes, SHA256_SIZE);
	}
	buf_append(gathered, bytes.data, (size_t)bytes.size);
}

static void map_push(struct map *map, const struct extent *extent);

/* What is left out is one extent as long as it goes on. */
static void
leave_out(struct map *map, const struct extent *extent)
{
	struct extent *last = map->count > 0 ? &map->extents[map->count - 1] : NULL;
	if (last != NULL && last->name == map_left_out &&
	    last->offset + last->length == extent->offset) {
		last->length += extent->length;
		return;
	}
	struct extent one = {
	    .offset = extent->offset,
	    .length = extent->length,
	    .tag = EXTENT_CONTENT,
	    .member = EXTENT_NO_MEMBER,
	    .base = extent->offset,
	    .name = map_left_out,
	    .origin = extent->offset,
	};
	map_push(map, &one);
}

/* Does the filter take it? */
static bool
filter_takes(struct map *map, const struct extent *extent, const char *name,
	     const char *detail)
{
	const struct map_filter *filter = map->filter;
	if (filter == NULL)
		return false;
	if (extent->member >= filter->members) {
		if (filter->members_only)
			leave_out(map, extent);
		return filter->members_only;
	}
	if (filter->sums != NULL)
		sum_extent(map, extent, name, detail);
	else if (filter->left_out[extent->member])
		leave_out(map, extent);
	else
		return false;
	return true;
}

/* ---- extents --------------------------------------------------------- */

static void
map_push(struct map *map, const struct extent *extent)
{
	if (map->count == map->room) {
		map->room = map->room ? map->room * 2 : 16;
		map->extents = base_realloc(map->extents, map->room, sizeof(*extent));
	}
	map->extents[map->count++] = *extent;
}

void
map_add_part(struct map *map, uint64_t base, uint64_t offset, uint64_t length,
	     enum extent_tag tag, uint32_t member, const char *name, const char *detail)
{
	if (length == 0)
		return;
	if (length > UINT64_MAX - offset)
		length = UINT64_MAX - offset;
	struct extent extent = {
	    .offset = offset,
	    .length = length,
	    .tag = tag,
	    .member = member,
	    .base = base,
	    .origin = offset,
	};
	if (filter_takes(map, &extent, name, detail))
		return;
	extent.name = map_name(map, name);
	extent.detail = detail != NULL ? map_name(map, detail) : NULL;
	map_push(map, &extent);
}

void
map_add_layout(struct map *map, uint64_t base, uint64_t offset, uint64_t length,
	       enum extent_tag tag, const char *name, const char *detail,
	       const struct layout *layout)
{
	size_t count = map->count;
	map_add_part(map, base, offset, length, tag, EXTENT_NO_MEMBER, name, detail);
	if (map->count > count)
		map->extents[count].layout = layout;
}

void
map_add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
	uint32_t member, const char *name, const char *detail)
{
	map_add_part(map, offset, offset, length, tag, member, name, detail);
}

/* One extent as it was added: its turn decides who keeps bytes that two claim. */
struct claim {
	struct extent extent;
	uint64_t end;
	size_t turn;
};

static int
claim_compare(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;
	if (a->extent.offset != b->extent.offset)
		return a->extent.offset < b->extent.offset ? -1 : 1;
	return a->turn < b->turn ? -1 : a->turn > b->turn;
}

/* A binary heap of the claims that have begun, the earliest added on top. */
struct heap {
	const struct claim **items;
	size_t count;
};

static void
heap_push(struct heap *heap, const struct claim *claim)
{
	size_t at = heap->count++;
	while (at > 0 && heap->items[(at - 1) / 2]->turn > claim->turn) {
		heap->items[at] = heap->items[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	heap->items[at] = claim;
}

static void
heap_pop(struct heap *heap)
{
	const struct claim *last = heap->items[--heap->count];
	size_t at = 0;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= heap->count)
			break;
		if (child + 1 < heap->count &&
		    heap->items[child + 1]->turn < heap->items[child]->turn)
			child++;
		if (last->turn <= heap->items[child]->turn)
			break;
		heap->items[at] = heap->items[child];
		at = child;
	}
	heap->items[at] = last;
}

/* Give [from, to) to a claim, or to nobody; what continues the same claim's last
 * piece makes that one longer. */
static void
map_give(struct map *map, const struct claim *claim, const struct claim *before,
	 uint64_t from, uint64_t to)
{
	if (claim != NULL && claim == before) {
		map->extents[map->count - 1].length =
		    to - map->extents[map->count - 1].offset;
		return;
	}
	struct extent piece = {.tag = EXTENT_CONTENT,
			       .member = EXTENT_NO_MEMBER,
			       .base = from,
			       .name = "gap"};
	if (map->filter != NULL && map->filter->members_only)
		piece.name = map_left_out;
	if (claim != NULL)
		piece = claim->extent;
	/* A symbol starts at the first piece only; a layout still counts
	 * from where it was added. */
	if (piece.detail != NULL && piece.layout == NULL && from != piece.offset)
		piece.detail = NULL;
	piece.offset = from;
	piece.length = to - from;
	map_push(map, &piece);
}

/* Do the extents cover the file already, one after the other? Rows of archives add them
 * so, and have too many to sort for nothing. */
static bool
map_is_whole(const struct map *map, uint64_t size)
{
	uint64_t at = 0;
	for (size_t i = 0; i < map->count; i++) {
		if (map->extents[i].offset != at || map->extents[i].length > size - at)
			return false;
		at += map->extents[i].length;
	}
	return at == size;
}

void
map_finish(struct map *map, uint64_t size)
{
	sum_settle(map);
	if (map_is_whole(map, size))
		return;
	struct claim *claims = base_alloc(map->count, sizeof(*claims));
	size_t count = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		if (extent->offset >= size)
			continue;
		uint64_t end = extent->offset + extent->length;
		claims[count++] = (struct claim){*extent, end < size ? end : size, i};
	}
	qsort(claims, count, sizeof(*claims), claim_compare);

	/* Walk the file from claim to claim: who begins or ends somewhere may change
	 * who owns what follows. Each claim is pushed and popped once. */
	struct heap heap = {base_alloc(count, sizeof(*heap.items)), 0};
	const struct claim *before = NULL;
	size_t next = 0;
	uint64_t at = 0;
	map->count = 0;
	while (at < size) {
		while (next < count && claims[next].extent.offset <= at)
			heap_push(&heap, &claims[next++]);
		while (heap.count > 0 && heap.items[0]->end <= at)
			heap_pop(&heap);
		const struct claim *owner = heap.count > 0 ? heap.items[0] : NULL;
		uint64_t to = next < count ? claims[next].extent.offset : size;
		if (owner != NULL && owner->end < to)
			to = owner->end;
		map_give(map, owner, before, at, to);
		before = owner;
		at = to;
	}
	free(heap.items);
	free(claims);
}

const struct extent *
map_find(const struct map *map, uint64_t offset)
{
	size_t low = 0, high = map->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct extent *extent = &map->extents[middle];
		if (offset < extent->offset)
			high = middle;
		else if (offset - extent->offset >= extent->length)
			low = middle + 1;
		else
			return extent;
	}
	return NULL;
}

/* "NAME", or "NAME+0x1a" past its start. */
static void
place_put(struct buf *out, const char *name, uint64_t distance)
{
	buf_puts(out, name);
	if (distance > 0)
		buf_printf(out, "+0x%jx", (uintmax_t)distance);
}

enum {
	STRING_SEARCHED = 4096, /* bytes looked at before and behind a place */
	STRING_SHOWN = 80,
};

static bool
is_string_byte(uint8_t byte)
{
	return byte == '\t' || byte == '\n' || (byte >= 0x20 && byte != 0x7f);
}

/* The string of an extent that holds `offset`, when it is text that ends there. */
static bool
find_string(const struct map *map, const struct extent *extent, uint64_t offset,
	    struct view *string)
{
	uint64_t from = offset, end = offset;
	uint64_t last = extent->offset + extent->length;
	uint8_t byte = 0;
	while (from > extent->offset && offset - from < STRING_SEARCHED &&
	       view_u8(&map->view, from - 1, &byte) == 0 && is_string_byte(byte))
		from--;
	if (from > extent->offset && byte != 0)
		return false;
	while (end < last && end - offset < STRING_SEARCHED &&
	       view_u8(&map->view, end, &byte) == 0 && is_string_byte(byte))
		end++;
	/* A NUL that differs belongs to the string it ends. */
	return end - from >= extent->layout->strings && byte == 0 &&
	       view_sub(&map->view, from, end - from, string) == 0;
}

/* Quote the string that holds `offset`, or only say what the strings are. */
static void
place_string(const struct map *map, const struct extent *extent, uint64_t offset,
	     struct buf *out)
{
	struct view string;
	bool quoted = find_string(map, extent, offset, &string);
	if (extent->detail == NULL && !quoted)
		return;
	buf_printf(out, " (%s", extent->detail != NULL ? extent->detail : "");
	if (quoted) {
		bool cut = string.size > STRING_SHOWN;
		buf_puts(out, extent->detail != NULL ? " \"" : "\"");
		text_show(out, string.data, cut ? STRING_SHOWN : (size_t)string.size);
		buf_puts(out, cut ? "\"…" : "\"");
	}
	buf_puts(out, ")");
}

/* Say which record, and which of its fields, holds `offset`. */
static void
place_record(const struct extent *extent, uint64_t offset, struct buf *out)
{
	const struct layout *layout = extent->layout;
	const struct layout_field *field = layout->fields, *holder = NULL;
	uint64_t distance = offset - extent->origin;
	uint64_t inside = layout->record ? distance % layout->record : distance;
	for (; field != NULL && field->name != NULL && field->offset <= inside; field++)
		holder = field;
	if (extent->detail == NULL && holder == NULL)
		return;
	buf_puts(out, " (");
	if (extent->detail != NULL)
		buf_puts(out, extent->detail);
	if (layout->numbered && layout->record != 0)
		buf_printf(out, " %ju", (uintmax_t)(distance / layout->record));
	if (holder != NULL)
		buf_printf(out, "%s%s", extent->detail != NULL ? " " : "",
			   holder->name);
	buf_puts(out, ")");
}

void
map_place(const struct map *map, uint64_t offset, struct buf *out)
{
	const struct extent *extent = map_find(map, offset);
	if (extent == NULL) {
		buf_printf(out, "offset 0x%jx past the end", (uintmax_t)offset);
		return;
	}
	/* A row that puts the base behind the part means no distance. */
	uint64_t base = extent->base <= offset ? extent->base : extent->offset;
	place_put(out, extent->name, offset - base);
	if (extent->layout != NULL && extent->layout->strings > 0) {
		place_string(map, extent, offset, out);
	} else if (extent->layout != NULL) {
		place_record(extent, offset, out);
	} else if (extent->detail != NULL) {
		buf_puts(out, " (");
		place_put(out, extent->detail, offset - extent->offset);
		buf_puts(out, ")");
	}
}
