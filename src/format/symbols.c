/* Symbols of programs as details of their sections' extents. */
#include "format/format_private.h"

enum {
	SYMBOLS_MOST = 500000,
	NAME_MOST = 1023,
	NAMES_MOST = 48 << 20, /* bytes of all names together */
};

const char *
symbol_name(const struct view *table, uint64_t offset, uint16_t *length)
{
	struct view rest = view_from(table, offset);
	size_t most = rest.size < NAME_MOST ? (size_t)rest.size : NAME_MOST;
	const char *name = (const char *)rest.data;
	if (most == 0 || *name == '\0')
		return NULL;
	*length = (uint16_t)strnlen(name, most);
	return name;
}

bool
symbols_add(struct symbols *symbols, const struct symbol *symbol)
{
	if (symbols->count == SYMBOLS_MOST ||
	    symbols->bytes + symbol->length > (size_t)NAMES_MOST)
		return false;
	if (symbols->count == symbols->room) {
		symbols->room = symbols->room ? symbols->room * 2 : 256;
		symbols->items = base_realloc(symbols->items, symbols->room,
					      sizeof(*symbols->items));
	}
	symbols->items[symbols->count] = *symbol;
	symbols->bytes += symbols->items[symbols->count++].length;
	return true;
}

/* By section and place; at one place first the global one, then the one without the
 * underscore that linkers and start-up code prefer, then the largest, then by name,
 * so that the order does not depend on the table's. */
static int
symbol_compare(const void *left, const void *right)
{
	const struct symbol *a = left, *b = right;
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->global != b->global)
		return a->global ? -1 : 1;
	bool reserved = a->length > 0 && a->name[0] == '_';
	if (reserved != (b->length > 0 && b->name[0] == '_'))
		return reserved ? 1 : -1;
	if (a->end != b->end)
		return a->end > b->end ? -1 : 1;
	size_t least = a->length < b->length ? a->length : b->length;
	int order = memcmp(a->name, b->name, least);
	return order != 0 ? order : (int)a->length - (int)b->length;
}

/* Where symbol `index` ends: as it says, else where the next one starts. */
static uint64_t
symbol_end(const struct symbols *symbols, size_t index,
	   const struct symbol_owner *owner)
{
	const struct symbol *symbol = &symbols->items[index];
	uint64_t end = symbol->end;
	if (end == 0) {
		size_t next = index + 1;
		while (next < symbols->count &&
		       symbols->items[next].owner == symbol->owner &&
		       symbols->items[next].start == symbol->start)
			next++;
		bool same = next < symbols->count &&
			    symbols->items[next].owner == symbol->owner;
		end = same ? symbols->items[next].start : owner->end;
	}
	return end < owner->end ? end : owner->end;
}

void
symbols_put(struct symbols *symbols, struct map *map, const struct symbol_owner *owners)
{
	if (symbols->count == 0)
		return;
	qsort(symbols->items, symbols->count, sizeof(*symbols->items), symbol_compare);
	const struct symbol *last = NULL;
	for (size_t i = 0; i < symbols->count; i++) {
		const struct symbol *symbol = &symbols->items[i];
		const struct symbol_owner *owner = &owners[symbol->owner];
		if (last != NULL && last->owner == symbol->owner &&
		    last->start == symbol->start)
			continue;
		uint64_t end = symbol_end(symbols, i, owner);
		if (symbol->start < owner->offset || symbol->start >= end)
			continue;
		char name[NAME_MOST + 1];
		memcpy(name, symbol->name, symbol->length);
		name[symbol->length] = '\0';
		map_add_part(map, owner->offset, symbol->start, end - symbol->start,
			     owner->tag, EXTENT_NO_MEMBER, owner->name, name);
		last = symbol;
	}
}

void
symbols_free(struct symbols *symbols)
{
	free(symbols->items);
	*symbols = (struct symbols){0};
}
