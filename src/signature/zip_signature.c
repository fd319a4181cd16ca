/*
 * Packages that are signed by an entry of their own (zip): where it lies, and the rest
 * as if it were not there. The format's map knows both: what has no tag there is no
 * signature here.
 */
#include "signature/signature_private.h"

enum {
	END_SIZE = 22, /* of the end record, without a comment (APPNOTE, 4.3.16) */
	END_FIELDS = 8,
	END64_SIZE = 56, /* 4.3.14 */
	END64_FIELDS = 24,
	LOCATOR_SIZE = 20, /* 4.3.15 */
	LOCATOR_FIELD = 8,
};

void
zip_signature_open(struct zip_signature *signature, const struct view *file,
		   const char *format, const char *title)
{
	struct map *map = format_map(format_by_name(format), file, NULL);
	*signature = (struct zip_signature){.file = *file, .map = map};
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		struct view part;
		if (strncmp(extent->name, title, strlen(title)) != 0 ||
		    view_sub(file, extent->offset, extent->length, &part) == -1)
			continue;
		if (extent->tag != EXTENT_SIGNATURE) {
			signature->fault = extent->name;
		} else if (strcmp(extent->name, title) == 0) {
			signature->content = part;
			signature->directory = extent->offset + extent->length;
		} else if (signature->content.size == 0) {
			signature->entry = extent->offset;
		} else if (extent->offset == signature->directory) {
			signature->directory += extent->length; /* a descriptor */
		} else {
			signature->header = extent->offset;
			signature->end = extent->offset + extent->length;
			signature->sound = true;
		}
	}
}

void
zip_signature_close(struct zip_signature *signature)
{
	map_free(signature->map);
}

/* Make a number of the records smaller, unless it is all ones: then another record has
 * it. */
static void
reduce(struct buf *records, size_t at, size_t size, uint64_t by)
{
	uint64_t value = 0, ones = UINT64_MAX >> (64 - 8 * size);
	for (size_t i = 0; i < size; i++)
		value |= (uint64_t)(uint8_t)records->data[at + i] << (8 * i);
	if (value == ones)
		return;
	for (size_t i = 0; i < size; i++)
		records->data[at + i] = (char)((value - by) >> (8 * i) & 0xff);
}

/* The counts, the size and the offset of the directory, as an end record has them. */
static void
reduce_fields(const struct zip_signature *signature, struct buf *records, size_t at,
	      size_t small, size_t large)
{
	reduce(records, at, small, 1);
	reduce(records, at + small, small, 1);
	reduce(records, at + 2 * small, large, signature->end - signature->header);
	reduce(records, at + 2 * small + large, large,
	       signature->directory - signature->entry);
}

void
zip_signature_without(const struct zip_signature *signature, struct view parts[3],
		      struct buf *records)
{
	struct view rest = view_from(&signature->file, signature->end);
	size_t end = 0;
	buf_append(records, rest.data, (size_t)rest.size);
	if (view_has(&rest, 0, "PK\6\6", 4) &&
	    rest.size >= END64_SIZE + LOCATOR_SIZE + END_SIZE) {
		reduce_fields(signature, records, END64_FIELDS, 8, 8);
		reduce(records, END64_SIZE + LOCATOR_FIELD, 8,
		       signature->directory - signature->entry + signature->end -
			   signature->header);
		end = END64_SIZE + LOCATOR_SIZE;
	}
	if (records->size >= end + END_SIZE)
		reduce_fields(signature, records, end + END_FIELDS, 2, 4);
	view_sub(&signature->file, 0, signature->entry, &parts[0]);
	view_sub(&signature->file, signature->directory,
		 signature->header - signature->directory, &parts[1]);
	parts[2] = view_of_buf(records);
}

void
zip_signature_cover(const struct zip_signature *signature, json_t *entry)
{
	uint64_t content = (uint64_t)(signature->content.data - signature->file.data);
	struct view rest = view_from(&signature->file, signature->end);
	bool zip64 = view_has(&rest, 0, "PK\6\6", 4);
	uint64_t size = signature->end - signature->header;
	coverage_add(entry, content, signature->content.size, COVERAGE_SIGNATURE,
		     "signature");
	coverage_add(entry, signature->entry, signature->directory - signature->entry,
		     COVERAGE_STRUCTURAL, "header of the signature's entry");
	coverage_add(entry, signature->header, size, COVERAGE_STRUCTURAL,
		     "the signature's entry in the directory");
	coverage_add(entry, signature->end + (zip64 ? END64_FIELDS : END_FIELDS),
		     zip64 ? 32 : 12, COVERAGE_STRUCTURAL,
		     "place of the zip's directory");
	if (zip64)
		coverage_add(entry, signature->end + END64_SIZE + LOCATOR_FIELD, 8,
			     COVERAGE_STRUCTURAL, "place of the zip's directory");
	coverage_add(entry, 0, signature->entry, COVERAGE_SIGNED, "zip entries");
	coverage_add(entry, signature->directory,
		     signature->file.size - signature->directory, COVERAGE_SIGNED,
		     "zip directory");
}
