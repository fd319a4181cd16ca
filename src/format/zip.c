/* zip: both of its directories, read and kept side by side. */
#include "format/zip_private.h"

#define LOCAL_MAGIC   "PK\3\4"
#define CENTRAL_MAGIC "PK\1\2"
#define END_MAGIC     "PK\5\6"
#define END64_MAGIC   "PK\6\6"
#define LOCATOR_MAGIC "PK\6\7"
#define COMMENT_MOST  65535
#define LOCATOR_SIZE  20
#define END64_SIZE    56
#define ENTRIES_MOST  4000000

int
zip_find_end(const struct view *view, uint64_t *offset)
{
	uint16_t comment;
	uint64_t loose = UINT64_MAX;
	if (view->size < ZIP_END_SIZE)
		return -1;
	uint64_t at = view->size - ZIP_END_SIZE;
	uint64_t lowest = at > COMMENT_MOST ? at - COMMENT_MOST : 0;
	for (;; at--) {
		if (view->data[at] == END_MAGIC[0] &&
		    view_has(view, at, END_MAGIC, 4)) {
			view_u16le(view, at + 20, &comment);
			if (at + ZIP_END_SIZE + comment == view->size) {
				*offset = at;
				return 0;
			}
			if (loose == UINT64_MAX)
				loose = at;
		}
		if (at == lowest)
			break;
	}
	if (loose == UINT64_MAX)
		return -1;
	*offset = loose;
	return 0;
}

bool
zip_extra(const struct view *view, const struct zip_facts *facts, uint16_t id,
	  struct view *field)
{
	uint64_t at = facts->extra, end = at + facts->extra_size;
	uint16_t found, size;
	while (at + 4 <= end && view_u16le(view, at, &found) == 0 &&
	       view_u16le(view, at + 2, &size) == 0) {
		if (at + 4 + size > end)
			return false;
		if (found == id)
			return view_sub(view, at + 4, size, field) == 0;
		at += 4 + (uint64_t)size;
	}
	return false;
}

/* Sizes and offset that stand in the zip64 extra field, each only when its own
 * field is all ones (4.5.3). */
static int
read_zip64(const struct view *view, struct zip_facts *facts, uint64_t *offset)
{
	struct view field;
	uint64_t *const values[] = {&facts->size, &facts->packed, offset};
	uint64_t at = 0;
	bool have = zip_extra(view, facts, 1, &field);
	for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
		if (values[i] == NULL || *values[i] != UINT32_MAX)
			continue;
		if (!have || view_u64le(&field, at, values[i]) == -1)
			return -1;
		at += 8;
	}
	return 0;
}

/* The fields that both headers have, from `at` on. */
static int
read_common(const struct view *view, uint64_t at, struct zip_facts *facts)
{
	uint32_t packed, size;
	if (view_u16le(view, at, &facts->flags) == -1 ||
	    view_u16le(view, at + 2, &facts->method) == -1 ||
	    view_u16le(view, at + 4, &facts->time) == -1 ||
	    view_u16le(view, at + 6, &facts->date) == -1 ||
	    view_u32le(view, at + 8, &facts->crc) == -1 ||
	    view_u32le(view, at + 12, &packed) == -1 ||
	    view_u32le(view, at + 16, &size) == -1 ||
	    view_u16le(view, at + 20, &facts->name_size) == -1 ||
	    view_u16le(view, at + 22, &facts->extra_size) == -1)
		return -1;
	facts->packed = packed;
	facts->size = size;
	return 0;
}

/* 4.3.7 */
static int
read_local(const struct view *view, uint64_t at, struct zip_facts *facts)
{
	if (!view_has(view, at, LOCAL_MAGIC, 4) ||
	    read_common(view, at + 6, facts) == -1)
		return -1;
	facts->name = at + ZIP_LOCAL_SIZE;
	facts->extra = facts->name + facts->name_size;
	facts->end = facts->extra + facts->extra_size;
	if (facts->end > view->size)
		return -1;
	/* a descriptor behind the content has the sizes then */
	if ((facts->flags & ZIP_DESCRIPTOR) != 0 && facts->size == UINT32_MAX &&
	    facts->packed == UINT32_MAX && read_zip64(view, facts, NULL) == -1)
		return 0;
	return read_zip64(view, facts, NULL);
}

/* 4.3.12 */
static int
read_central(const struct view *view, uint64_t at, struct zip_entry *entry)
{
	struct zip_facts *facts = &entry->fact;
	uint32_t local;
	*entry = (struct zip_entry){.central = at};
	if (!view_has(view, at, CENTRAL_MAGIC, 4) ||
	    view_u16le(view, at + 4, &entry->version_made) == -1 ||
	    read_common(view, at + 8, facts) == -1 ||
	    view_u16le(view, at + 32, &facts->comment_size) == -1 ||
	    view_u32le(view, at + 38, &entry->attributes) == -1 ||
	    view_u32le(view, at + 42, &local) == -1)
		return -1;
	facts->name = at + ZIP_CENTRAL_SIZE;
	facts->extra = facts->name + facts->name_size;
	facts->end = facts->extra + facts->extra_size + facts->comment_size;
	if (facts->end > view->size)
		return -1;
	entry->local = local;
	return read_zip64(view, facts, &entry->local);
}

/* How long is the descriptor behind the content (4.3.9)? With or without a magic, with
 * sizes of 4 or 8 bytes: the form whose three values are those of the directory. */
static uint64_t
descriptor_size(const struct view *view, uint64_t at, const struct zip_facts *facts)
{
	for (unsigned form = 0; form < 4; form++) {
		bool magic = form < 2, wide = form % 2 == 1;
		uint64_t from = at + (magic ? 4 : 0), packed = 0, size = 0;
		uint32_t crc, narrow_packed = 0, narrow_size = 0;
		if ((magic && !view_has(view, at, "PK\7\10", 4)) ||
		    view_u32le(view, from, &crc) == -1 || crc != facts->crc)
			continue;
		if (wide) {
			if (view_u64le(view, from + 4, &packed) == -1 ||
			    view_u64le(view, from + 12, &size) == -1)
				continue;
		} else {
			if (view_u32le(view, from + 4, &narrow_packed) == -1 ||
			    view_u32le(view, from + 8, &narrow_size) == -1)
				continue;
			packed = narrow_packed;
			size = narrow_size;
		}
		if (packed == facts->packed && size == facts->size)
			return (magic ? 4U : 0U) + (wide ? 20U : 12U);
	}
	return 0;
}

/* The local side of an entry. */
static void
read_near(const struct zip *zip, struct zip_entry *entry)
{
	const struct view *view = zip->view;
	if (sum_u64(entry->local, zip->prefix, &entry->local) == -1 ||
	    entry->local >= view->size ||
	    read_local(view, entry->local, &entry->near) == -1) {
		entry->end = entry->local;
		return;
	}
	entry->content = entry->near.end;
	if (entry->fact.packed > view->size - entry->content) {
		entry->end = entry->near.end;
		return;
	}
	entry->local_readable = true;
	entry->end = entry->content + entry->fact.packed;
	if ((entry->near.flags & ZIP_DESCRIPTOR) != 0)
		entry->descriptor_size =
		    descriptor_size(view, entry->end, &entry->fact);
	entry->end += entry->descriptor_size;
}

/* The zip64 records before the end record (4.3.14, 4.3.15); what they say counts
 * only where the end record's own field is all ones. */
static int
read_end64(struct zip *zip, uint64_t *directory, struct err *err)
{
	const struct view *view = zip->view;
	uint64_t end64, record_size, value;
	uint16_t count;
	uint32_t size, offset;
	if (zip->end < LOCATOR_SIZE ||
	    !view_has(view, zip->end - LOCATOR_SIZE, LOCATOR_MAGIC, 4))
		return 0;
	zip->locator = zip->end - LOCATOR_SIZE;
	if (view_u64le(view, zip->locator + 8, &end64) == -1)
		return 0;
	/* behind a prefix the record is where it must be: right before the locator */
	if (!view_has(view, end64, END64_MAGIC, 4) && zip->locator >= END64_SIZE)
		end64 = zip->locator - END64_SIZE;
	if (!view_has(view, end64, END64_MAGIC, 4) ||
	    view_u64le(view, end64 + 4, &record_size) == -1 ||
	    record_size < END64_SIZE - 12 || record_size > zip->locator ||
	    end64 + 12 + record_size > zip->locator)
		return err_set(err, ERR_INPUT,
			       "the zip64 locator at offset %ju leads to no end record",
			       (uintmax_t)zip->locator);
	zip->end64 = end64;
	zip->end64_size = 12 + record_size;
	view_u16le(view, zip->end + 10, &count);
	view_u32le(view, zip->end + 12, &size);
	view_u32le(view, zip->end + 16, &offset);
	if (count == UINT16_MAX && view_u64le(view, end64 + 32, &value) == 0)
		zip->stated = value;
	if (size == UINT32_MAX && view_u64le(view, end64 + 40, &value) == 0)
		zip->directory_size = value;
	if (offset == UINT32_MAX && view_u64le(view, end64 + 48, &value) == 0)
		*directory = value;
	return 0;
}

/* The end record (4.3.16), and where the directory must then be. */
static int
read_end(struct zip *zip, struct err *err)
{
	const struct view *view = zip->view;
	uint16_t disk, first_disk, here, count, comment;
	uint32_t size, offset;
	if (zip_find_end(view, &zip->end) == -1 ||
	    view_u16le(view, zip->end + 4, &disk) == -1 ||
	    view_u16le(view, zip->end + 6, &first_disk) == -1 ||
	    view_u16le(view, zip->end + 8, &here) == -1 ||
	    view_u16le(view, zip->end + 10, &count) == -1 ||
	    view_u32le(view, zip->end + 12, &size) == -1 ||
	    view_u32le(view, zip->end + 16, &offset) == -1 ||
	    view_u16le(view, zip->end + 20, &comment) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "a zip archive without an end record: cut, or not a zip");
	if (disk != first_disk || here != count || (disk != 0 && disk != UINT16_MAX))
		return err_set(err, ERR_UNSUPPORTED,
			       "part of a zip archive in several files");
	uint64_t left = view->size - zip->end - ZIP_END_SIZE;
	zip->comment_size = comment < left ? comment : left;
	zip->end_size = ZIP_END_SIZE + zip->comment_size;
	zip->stated = count;
	zip->directory_size = size;
	uint64_t directory = offset;
	if (read_end64(zip, &directory, err) == -1)
		return -1;
	uint64_t records = zip->end64_size > 0 ? zip->end64 : zip->end;
	if (zip->directory_size > records || directory > records - zip->directory_size)
		return err_set(
		    err, ERR_INPUT,
		    "the zip directory of %ju bytes at offset %ju does not fit "
		    "before the end record at %ju",
		    (uintmax_t)zip->directory_size, (uintmax_t)directory,
		    (uintmax_t)records);
	/* Bytes before the first record shift everything. Where a directory stands at
	 * the stated offset, that is what counts; else right before the end record. */
	zip->directory = directory;
	if (zip->directory_size > 0 && !view_has(view, directory, CENTRAL_MAGIC, 4))
		zip->directory = records - zip->directory_size;
	zip->prefix = zip->directory - directory;
	return 0;
}

int
zip_open(struct zip *zip, const struct view *view, struct err *err)
{
	*zip = (struct zip){.view = view};
	if (read_end(zip, err) == -1)
		return -1;
	uint64_t at = zip->directory, end = zip->directory + zip->directory_size;
	while (at < end) {
		struct zip_entry entry;
		/* a digital signature (4.3.13) may close the directory */
		if (view_has(view, at, "PK\5\5", 4))
			break;
		if (read_central(view, at, &entry) == -1 || entry.fact.end > end)
			return err_set(err, ERR_INPUT,
				       "no zip directory entry at offset %ju",
				       (uintmax_t)at);
		if (zip->count >= ENTRIES_MOST)
			return err_set(err, ERR_LIMIT,
				       "a zip directory of more than %d members is not "
				       "read",
				       ENTRIES_MOST);
		read_near(zip, &entry);
		if (zip->count == zip->room) {
			zip->room = zip->room ? 2 * zip->room : 32;
			zip->entries = base_realloc(zip->entries, zip->room,
						    sizeof(*zip->entries));
		}
		zip->entries[zip->count++] = entry;
		at = entry.fact.end;
	}
	zip->directory_end = at;
	return 0;
}

void
zip_close(struct zip *zip)
{
	free(zip->entries);
	zip->entries = NULL;
}

bool
zip_apk_block(const struct zip *zip, uint64_t *offset)
{
	/* size, pairs, size, magic: "APK Signature Scheme v2", APK Signing Block */
	uint64_t last, first;
	if (zip->directory < 32 ||
	    !view_has(zip->view, zip->directory - 16, "APK Sig Block 42", 16) ||
	    view_u64le(zip->view, zip->directory - 24, &last) == -1 || last < 24 ||
	    last > zip->directory - 8)
		return false;
	*offset = zip->directory - last - 8;
	return view_u64le(zip->view, *offset, &first) == 0 && first == last;
}
