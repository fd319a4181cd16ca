/*
 * Why bytes differ, where a program can show it. A cause is "proved" only when the
 * value follows on both sides from bytes that are listed elsewhere; a cause
 * never improves a status.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

#define TAR_BLOCK        512
#define TAR_CHECKSUM     148 /* POSIX.1-2017, pax, "ustar Interchange Format" */
#define TAR_CHECKSUM_END 156

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The sum of all bytes of a tar header, its own field taken as blanks, against the
 * octal number in that field. */
static bool
tar_checksum_fits(const struct view *file, const struct extent *extent)
{
	struct view header;
	uint64_t sum = 0, stored = 0;
	if (extent->offset < TAR_CHECKSUM || extent->length != 8 ||
	    view_sub(file, extent->offset - TAR_CHECKSUM, TAR_BLOCK, &header) == -1)
		return false;
	for (uint64_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= TAR_CHECKSUM && i < TAR_CHECKSUM_END ? ' ' : header.data[i];
	for (uint64_t i = TAR_CHECKSUM; i < TAR_CHECKSUM_END; i++) {
		uint8_t byte = header.data[i];
		if (byte >= '0' && byte <= '7')
			stored = stored * 8 + (uint64_t)(byte - '0');
		else if (byte != ' ' && byte != '\0')
			return false;
	}
	return sum == stored;
}

/* The 16-bit words of the image but for CheckSum, added with the carry brought
 * round, plus the size: what CheckSumMappedFile of imagehlp computes. */
static bool
pe_checksum_fits(const struct view *file, const struct extent *extent)
{
	uint32_t stored;
	uint64_t sum = 0;
	if (extent->length != 4 || view_u32le(file, extent->offset, &stored) == -1)
		return false;
	for (uint64_t i = 0; i < file->size; i++) {
		if (i >= extent->offset && i < extent->offset + 4)
			continue;
		sum += (uint64_t)file->data[i] << (i % 2 ? 8 : 0);
	}
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return stored == (uint32_t)(sum + file->size);
}

bool
cause_recomputes(const struct view *file, const struct extent *extent)
{
	if (strcmp(extent->name, "CheckSum") == 0)
		return pe_checksum_fits(file, extent);
	if (strcmp(extent->name, "tar header checksum") == 0)
		return tar_checksum_fits(file, extent);
	return false;
}

/* The extent that holds all of [offset, +length), or NULL. */
static const struct extent *
extent_holding(const struct map *map, uint64_t offset, uint64_t length)
{
	const struct extent *extent = map_find(map, offset);
	if (extent == NULL || offset + length > extent->offset + extent->length)
		return NULL;
	return extent;
}

static void
cause_set(struct difference *difference, const char *name, bool proved,
	  const char *evidence)
{
	if (difference->cause.name != NULL)
		return;
	difference->cause.name = name;
	difference->cause.proved = proved;
	difference->cause.evidence = base_strdup(evidence);
}

/* A checksum that is right on both sides follows from what differs elsewhere. */
static bool
cause_checksum(struct difference *difference, const struct view *shipped,
	       const struct map *shipped_map, const struct view *rebuilt,
	       const struct map *rebuilt_map)
{
	const struct range *range = &difference->range;
	if (!difference->placed)
		return false;
	const struct extent *one =
	    extent_holding(shipped_map, range->shipped, range->shipped_length);
	const struct extent *other =
	    extent_holding(rebuilt_map, range->rebuilt, range->rebuilt_length);
	if (one == NULL || other == NULL || strcmp(one->name, other->name) != 0 ||
	    one->tag != EXTENT_DERIVED || other->tag != EXTENT_DERIVED ||
	    !cause_recomputes(shipped, one) || !cause_recomputes(rebuilt, other))
		return false;
	cause_set(difference,
		  strcmp(one->name, "CheckSum") == 0 ? "PE CheckSum" : one->name, true,
		  "recomputed over the bytes of each side, both values are right");
	return true;
}

void
causes_of_leaf(struct differences *list, const struct view *shipped,
	       const struct map *shipped_map, const struct view *rebuilt,
	       const struct map *rebuilt_map)
{
	size_t ids = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct difference *one = &list->items[i];
		const struct extent *extent = extent_holding(
		    shipped_map, one->range.shipped, one->range.shipped_length);
		if (cause_checksum(one, shipped, shipped_map, rebuilt, rebuilt_map))
			continue;
		if (extent == NULL || strcmp(extent->name, ".note.gnu.build-id") != 0)
			continue;
		one->cause.name = "build-id";
		ids++;
	}
	for (size_t i = 0; i < list->count && ids > 0; i++) {
		struct difference *one = &list->items[i];
		if (one->cause.name == NULL || strcmp(one->cause.name, "build-id") != 0)
			continue;
		one->cause.evidence = base_strdup(
		    ids < list->count ? "a digest that the linker makes over the file: "
					"it follows from "
					"the other differences of this file"
				      : "a digest that the linker makes over the file: "
					"something that "
					"was removed from it afterwards differed");
	}
}

/* Do only times differ, and what follows from them? */
static bool
only_times(const struct differences *list, size_t *times, bool *rest_follows)
{
	*times = 0;
	*rest_follows = true;
	for (size_t i = 0; i < list->count; i++) {
		const struct difference *one = &list->items[i];
		if (one->kind == DIFFERENCE_METADATA) {
			if (strcmp(one->field, "mtime") != 0)
				return false;
			++*times;
			*rest_follows &= one->placed;
		} else if (one->kind == DIFFERENCE_STRUCTURE && one->field != NULL &&
			   ends_with(one->field, "mtime")) {
			++*times;
		} else if (one->cause.name == NULL || !one->cause.proved) {
			*rest_follows = false;
		}
	}
	return *times > 0;
}

void
causes_of_container(struct differences *list, bool contents_equal,
		    const struct view *shipped, const struct map *shipped_map,
		    const struct view *rebuilt, const struct map *rebuilt_map)
{
	size_t times;
	bool follows;
	for (size_t i = 0; i < list->count; i++) {
		struct difference *one = &list->items[i];
		if (one->kind == DIFFERENCE_STRUCTURE && shipped_map != NULL)
			cause_checksum(one, shipped, shipped_map, rebuilt, rebuilt_map);
	}
	if (!only_times(list, &times, &follows))
		return;
	bool proved = follows && contents_equal;
	for (size_t i = 0; i < list->count; i++) {
		struct difference *one = &list->items[i];
		if (one->kind == DIFFERENCE_ORDER)
			continue;
		if (one->field != NULL && ends_with(one->field, "mtime"))
			cause_set(one, "container times", proved,
				  proved
				      ? "every other byte of the container is equal or "
					"a checksum that follows"
				      : "no other field of a member differs");
	}
}
