/*
 * zip: its row. Programs differ in which of a zip's two directories they believe, so
 * every difference between them, every byte that neither of them has, and every name
 * that can be read in two ways is a note.
 */
#include "format/zip_private.h"

#include <sys/stat.h>
#include <zlib.h>

#define LINK_MOST 65536
#define STEP      65536
#define CONTENT_MOST (64 << 20) /* that is taken into memory */

static enum probe_answer
zip_probe(const struct view *view)
{
	struct zip zip;
	struct err unused;
	uint64_t end;
	uint16_t comment = 0;
	if (view_has(view, 0, "PK\3\4", 4) || view_has(view, 0, "PK\5\6", 4) ||
	    view_has(view, 0, "PK\7\10PK\3\4", 8))
		return PROBE_SURE;
	/* behind other bytes, a whole zip up to the last byte */
	if (zip_find_end(view, &end) == -1 ||
	    view_u16le(view, end + 20, &comment) == -1 ||
	    end + ZIP_END_SIZE + comment != view->size)
		return PROBE_NO;
	uint32_t size, offset;
	if (view_u32le(view, end + 12, &size) == -1 ||
	    view_u32le(view, end + 16, &offset) == -1 || size < ZIP_CENTRAL_SIZE)
		return PROBE_NO;
	bool behind = size <= end && view_has(view, end - size, "PK\1\2", 4);
	bool zip64 = size == UINT32_MAX || offset == UINT32_MAX;
	if (zip64 && zip_open(&zip, view, &unused) == 0) {
		behind = zip.count > 0;
		zip_close(&zip);
	}
	return behind || view_has(view, offset, "PK\1\2", 4) ? PROBE_SURE : PROBE_NO;
}

/* ---- notes ----------------------------------------------------------- */

static char *
shown_name(const struct zip *zip, const struct zip_facts *facts)
{
	struct view name = {NULL, 0};
	view_sub(zip->view, facts->name, facts->name_size, &name);
	return text_shown_n(name.data, (size_t)name.size);
}

static bool
names_equal(const struct zip *zip, const struct zip_entry *entry)
{
	struct view a, b;
	return view_sub(zip->view, entry->fact.name, entry->fact.name_size, &a) == 0 &&
	       view_sub(zip->view, entry->near.name, entry->near.name_size, &b) == 0 &&
	       view_equal(&a, &b);
}

/* Does the extra field with a Unicode path (4.6.9) give another name? */
static bool
has_other_path(const struct zip *zip, const struct zip_facts *facts)
{
	struct view field, name;
	if (!zip_extra(zip->view, facts, 0x7075, &field))
		return false;
	struct view path = view_from(&field, 5);
	return view_sub(zip->view, facts->name, facts->name_size, &name) == -1 ||
	       !view_equal(&path, &name);
}

/* Facts that stand in the descriptor may be zero in the local header (4.4.4). */
static bool
fact_differs(const struct zip_entry *entry, uint64_t fact, uint64_t near)
{
	bool later = (entry->near.flags & ZIP_DESCRIPTOR) != 0;
	return fact != near && !(later && near == 0);
}

static int
note_differences(const struct zip *zip, const struct zip_entry *entry,
		 const struct member_sink *sink, struct err *err)
{
	const struct zip_facts *fact = &entry->fact, *near = &entry->near;
	bool later = (near->flags & ZIP_DESCRIPTOR) != 0;
	const struct {
		bool differs;
		const char *what;
	} checks[] = {
	    {!names_equal(zip, entry), "name"},
	    {fact_differs(entry, fact->crc, near->crc), "CRC-32"},
	    {fact_differs(entry, fact->size, near->size), "size"},
	    {fact_differs(entry, fact->packed, near->packed), "compressed size"},
	    {fact->method != near->method, "compression method"},
	    {fact->flags != near->flags, "flags"},
	    {fact->time != near->time || fact->date != near->date, "time"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(checks); i++) {
		if (!checks[i].differs)
			continue;
		char *central = shown_name(zip, fact), *local = shown_name(zip, near);
		int result =
		    format_note(sink, NOTE_SUSPECT, entry->local, err,
				"the local header of '%s' has another %s%s%s%s "
				"than the directory",
				central, checks[i].what, i == 0 ? ", '" : "",
				i == 0 ? local : "", i == 0 ? "'," : "");
		free(central);
		free(local);
		if (result == -1)
			return -1;
	}
	if (later && entry->descriptor_size == 0)
		return format_note(
		    sink, NOTE_SUSPECT, entry->end, err,
		    "no data descriptor with the directory's values behind "
		    "the content");
	return 0;
}

static int
note_entry(const struct zip *zip, const struct zip_entry *entry, bool hidden,
	   const struct member_sink *sink, struct err *err)
{
	const struct zip_facts *fact = &entry->fact;
	char *shown = shown_name(zip, fact);
	int result = 0;
	if (hidden)
		result = format_note(sink, NOTE_SUSPECT, entry->central, err,
				     "the name '%s' goes on behind a NUL", shown);
	if (result == 0 &&
	    (has_other_path(zip, fact) ||
	     (entry->local_readable && has_other_path(zip, &entry->near))))
		result = format_note(sink, NOTE_SUSPECT, entry->central, err,
				     "an extra field gives '%s' another name", shown);
	if (result == 0 && fact->method == ZIP_STORED && fact->packed != fact->size &&
	    (fact->flags & ZIP_ENCRYPTED) == 0)
		result = format_note(sink, NOTE_SUSPECT, entry->central, err,
				     "'%s' is stored, but has two sizes", shown);
	free(shown);
	if (result == -1)
		return -1;
	if (!entry->local_readable)
		return format_note(sink, NOTE_UNDECIDED, entry->central, err,
				   "its local header or content is not in the file");
	return note_differences(zip, entry, sink, err);
}

static int
compare_entries(const void *left, const void *right)
{
	const struct zip_entry *a = *(const struct zip_entry *const *)left;
	const struct zip_entry *b = *(const struct zip_entry *const *)right;
	if (a->local != b->local)
		return a->local < b->local ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

/* The readable entries in the order of their local headers; the caller frees. */
static const struct zip_entry **
by_offset(const struct zip *zip, size_t *count)
{
	const struct zip_entry **sorted = base_alloc(zip->count + 1, sizeof(*sorted));
	*count = 0;
	for (size_t i = 0; i < zip->count; i++) {
		if (zip->entries[i].local_readable)
			sorted[(*count)++] = &zip->entries[i];
	}
	if (*count > 0)
		qsort(sorted, *count, sizeof(*sorted), compare_entries);
	return sorted;
}

static int
note_gap(const struct zip *zip, uint64_t from, uint64_t to, const char *where,
	 const struct member_sink *sink, struct err *err)
{
	(void)zip;
	if (from >= to)
		return 0;
	return format_note(sink, NOTE_SUSPECT, from, err,
			   "%ju bytes %s that no member has", (uintmax_t)(to - from),
			   where);
}

/* Bytes before, between and behind the records. */
static int
note_gaps(const struct zip *zip, const struct member_sink *sink, struct err *err)
{
	size_t count;
	const struct zip_entry **sorted = by_offset(zip, &count);
	uint64_t at = 0, block = 0, stop = zip->directory;
	int result = 0;
	if (zip_apk_block(zip, &block))
		stop = block;
	for (size_t i = 0; result == 0 && i < count; i++) {
		uint64_t local = sorted[i]->local;
		result =
		    note_gap(zip, at, local,
			     i == 0 ? "before the first record" : "between the records",
			     sink, err);
		if (result == 0 && local < at)
			result = format_note(sink, NOTE_SUSPECT, local, err,
					     "members overlap");
		if (sorted[i]->end > at)
			at = sorted[i]->end;
	}
	free(sorted);
	if (result == 0 && at > stop)
		return format_note(sink, NOTE_SUSPECT, stop, err,
				   "a member overlaps the directory");
	if (result == 0)
		result =
		    note_gap(zip, at, stop,
			     count == 0 ? "before the directory"
					: "between the last member and the directory",
			     sink, err);
	if (result == 0 && block > 0)
		result = format_note(sink, NOTE_REMARK, block, err,
				     "an APK signing block of %ju bytes",
				     (uintmax_t)(zip->directory - block));
	return result;
}

static int
note_end(const struct zip *zip, const struct member_sink *sink, struct err *err)
{
	const struct view *view = zip->view;
	uint64_t directory_stop = zip->end64_size > 0 ? zip->end64
				  : zip->locator > 0  ? zip->locator
						      : zip->end;
	uint64_t end = zip->end + zip->end_size, other;
	if (zip->count != zip->stated &&
	    format_note(sink, NOTE_SUSPECT, zip->end, err,
			"the end record counts %ju members, the directory has %zu",
			(uintmax_t)zip->stated, zip->count) == -1)
		return -1;
	if (note_gap(zip, zip->directory_end, directory_stop, "behind the directory",
		     sink, err) == -1)
		return -1;
	if (zip->end64_size > 0 &&
	    note_gap(zip, zip->end64 + zip->end64_size, zip->locator,
		     "between the zip64 records", sink, err) == -1)
		return -1;
	if (zip->locator > 0 && zip->stated < UINT16_MAX &&
	    zip->directory < UINT32_MAX &&
	    format_note(sink, NOTE_REMARK, zip->locator, err,
			"zip64 records that nothing needs") == -1)
		return -1;
	if (view_find(view, zip->end + 4, "PK\5\6", 4, &other) == 0 &&
	    format_note(sink, NOTE_SUSPECT, other, err,
			"a second end record, which other programs may take for the "
			"first") == -1)
		return -1;
	if (zip->comment_size > 0 &&
	    format_note(sink, NOTE_REMARK, zip->end + ZIP_END_SIZE, err,
			"a comment of %ju bytes", (uintmax_t)zip->comment_size) == -1)
		return -1;
	return record_trailing(view, end, sink, err);
}

/* ---- content --------------------------------------------------------- */

/* What inflating came to. */
struct inflated {
	uint64_t size, packed;
	uint32_t crc;
	bool complete;
};

/* Inflate raw deflate data (RFC 1951) into the sink, or into `text` when not NULL. */
static int
inflate_content(const struct view *packed, const struct member_sink *sink,
		struct buf *text, struct inflated *inflated, struct err *err)
{
	uint8_t *out = base_alloc(1, STEP);
	z_stream stream = {0};
	struct view part;
	uint64_t at = 0;
	int status = Z_OK, result = 0;
	*inflated = (struct inflated){.crc = (uint32_t)crc32(0, NULL, 0)};
	if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
		free(out);
		return err_set(err, ERR_SYSTEM, "zlib does not start");
	}
	while (result == 0 && status == Z_OK) {
		if (stream.avail_in == 0) {
			uint64_t left = packed->size - at;
			view_sub(packed, at, left < STEP ? left : STEP, &part);
			stream.next_in = (Bytef *)(uintptr_t)part.data;
			stream.avail_in = (uInt)part.size;
			at += part.size;
		}
		stream.next_out = out;
		stream.avail_out = STEP;
		status = inflate(&stream, Z_NO_FLUSH);
		size_t count = STEP - stream.avail_out;
		inflated->crc = (uint32_t)crc32(inflated->crc, out, (uInt)count);
		inflated->size += count;
		if (text != NULL && inflated->size <= LINK_MOST)
			buf_append(text, out, count);
		else if (text == NULL && count > 0)
			result = sink->data(sink->context, out, count, err);
	}
	inflated->packed = at - stream.avail_in;
	inflated->complete = status == Z_STREAM_END;
	inflateEnd(&stream);
	free(out);
	return result;
}

static uint32_t
crc_of(const struct view *view)
{
	uint32_t crc = (uint32_t)crc32(0, NULL, 0);
	struct view part;
	for (uint64_t at = 0; at < view->size; at += part.size) {
		uint64_t left = view->size - at;
		view_sub(view, at, left < 1U << 30 ? left : 1U << 30, &part);
		crc = (uint32_t)crc32(crc, part.data, (uInt)part.size);
	}
	return crc;
}

/* Is what came out what the directory promised? */
static int
check_content(const struct zip_entry *entry, const struct inflated *inflated,
	      const struct member_sink *sink, struct err *err)
{
	const struct zip_facts *fact = &entry->fact;
	if (!inflated->complete)
		return format_note(sink, NOTE_UNDECIDED, entry->content, err,
				   "its compressed content is damaged after %ju bytes",
				   (uintmax_t)inflated->size);
	if (inflated->size != fact->size || inflated->packed != fact->packed)
		return format_note(sink, NOTE_SUSPECT, entry->content, err,
				   "content of %ju bytes from %ju where the directory "
				   "says %ju from %ju",
				   (uintmax_t)inflated->size,
				   (uintmax_t)inflated->packed, (uintmax_t)fact->size,
				   (uintmax_t)fact->packed);
	if (inflated->crc != fact->crc)
		return format_note(sink, NOTE_SUSPECT, entry->content, err,
				   "content whose CRC-32 is not that of the directory");
	return 0;
}

static int
send_content(const struct zip *zip, const struct zip_entry *entry,
	     const struct member_sink *sink, struct err *err)
{
	const struct zip_facts *fact = &entry->fact;
	struct view packed;
	struct inflated inflated = {.complete = true};
	if (view_sub(zip->view, entry->content, fact->packed, &packed) == -1)
		return 0; /* noted: not readable */
	if ((fact->flags & ZIP_ENCRYPTED) != 0)
		return format_note(sink, NOTE_UNDECIDED, entry->content, err,
				   "encrypted: not looked into");
	switch (fact->method) {
	case ZIP_STORED:
		if (packed.size > 0 &&
		    sink->slice(sink->context, entry->content, packed.size, err) == -1)
			return -1;
		inflated.size = inflated.packed = packed.size;
		inflated.crc = crc_of(&packed);
		if (fact->size != fact->packed)
			return 0; /* noted already */
		break;
	case ZIP_DEFLATED:
		if (inflate_content(&packed, sink, NULL, &inflated, err) == -1)
			return -1;
		break;
	default:
		return format_note(sink, NOTE_UNDECIDED, entry->content, err,
				   "compression method %u: not looked into",
				   fact->method);
	}
	return check_content(entry, &inflated, sink, err);
}

/* ---- the content of one entry ------------------------------------------- */

struct content {
	const struct view *view;
	struct buf *bytes;
};

static int
content_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct content *content = context;
	if (count > CONTENT_MOST - content->bytes->size)
		return err_set(err, ERR_LIMIT, "an entry of more than %d bytes",
			       CONTENT_MOST);
	buf_append(content->bytes, bytes, count);
	return 0;
}

static int
content_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct content *content = context;
	struct view part;
	return view_sub(content->view, offset, length, &part) == 0
		   ? content_data(content, part.data, (size_t)part.size, err)
		   : 0;
}

static int
content_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	     struct err *err)
{
	(void)context;
	(void)kind;
	return err_set(err, ERR_INPUT, "%s, at offset %ju", text, (uintmax_t)offset);
}

int
zip_content(const struct zip *zip, const struct zip_entry *entry, struct buf *bytes,
	    struct err *err)
{
	struct content content = {zip->view, bytes};
	const struct member_sink sink = {&content, NULL, content_slice, content_data,
					 content_note};
	if (!entry->local_readable)
		return err_set(err, ERR_INPUT, "an entry whose content is not there");
	if (entry->fact.method == ZIP_STORED && entry->fact.size != entry->fact.packed)
		return err_set(err, ERR_INPUT, "a stored entry with two sizes");
	return send_content(zip, entry, &sink, err);
}

/* The target of a symbolic link is its content. */
static int
read_target(const struct zip *zip, const struct zip_entry *entry, struct buf *target,
	    struct err *err)
{
	struct view packed;
	struct inflated inflated;
	struct buf raw = {0};
	if (!entry->local_readable || (entry->fact.flags & ZIP_ENCRYPTED) != 0 ||
	    view_sub(zip->view, entry->content, entry->fact.packed, &packed) == -1)
		return 0;
	if (entry->fact.method == ZIP_STORED && packed.size <= LINK_MOST)
		buf_append(&raw, packed.data, (size_t)packed.size);
	else if (entry->fact.method == ZIP_DEFLATED &&
		 inflate_content(&packed, NULL, &raw, &inflated, err) == -1)
		return -1;
	record_text(target, raw.data, raw.size);
	buf_free(&raw);
	return 0;
}

/* ---- members --------------------------------------------------------- */

/* The time in UTC of the extra field 0x5455, else the DOS time (4.4.6), which has no
 * zone: it is taken as UTC, so that it reads the same everywhere. */
static int64_t
time_of(const struct zip *zip, const struct zip_facts *facts)
{
	struct view field;
	uint8_t present = 0;
	uint32_t seconds;
	if (zip_extra(zip->view, facts, 0x5455, &field) &&
	    view_u8(&field, 0, &present) == 0 && (present & 1) != 0 &&
	    view_u32le(&field, 1, &seconds) == 0)
		return (int32_t)seconds;
	return record_dos_time(facts->date, facts->time);
}

static void
fill_member(const struct zip *zip, const struct zip_entry *entry,
	    const struct buf *path, struct member *member)
{
	uint32_t mode = entry->attributes >> 16;
	bool unix_made = entry->version_made >> 8 == 3; /* 4.4.2.2 */
	*member = (struct member){
	    .path = path->data,
	    .type = MEMBER_FILE,
	    .has_mtime = true,
	    .mtime = time_of(zip, &entry->fact),
	};
	if (path->size > 0 && path->data[path->size - 1] == '/')
		member->type = MEMBER_FOLDER;
	if (unix_made && mode != 0) {
		member->has_mode = true;
		member->mode = mode & 07777;
		if (S_ISLNK(mode))
			member->type = MEMBER_SYMLINK;
	}
}

static int
send_entry(const struct zip *zip, const struct zip_entry *entry,
	   const struct member_sink *sink, struct err *err)
{
	struct view name = {NULL, 0};
	struct buf path = {0}, target = {0};
	struct member member;
	view_sub(zip->view, entry->fact.name, entry->fact.name_size, &name);
	bool hidden = record_text(&path, name.data, (size_t)name.size);
	fill_member(zip, entry, &path, &member);
	int result = 0;
	if (member.type == MEMBER_SYMLINK) {
		buf_puts(&target, "");
		result = read_target(zip, entry, &target, err);
		member.target = target.data;
	}
	if (result == 0)
		result = sink->begin(sink->context, &member, err);
	if (result == 0)
		result = note_entry(zip, entry, hidden, sink, err);
	if (result == 0 && entry->local_readable && member.type == MEMBER_FILE)
		result = send_content(zip, entry, sink, err);
	if (result == 0 && entry->fact.size > 0 && member.type == MEMBER_FOLDER)
		result = format_note(sink, NOTE_SUSPECT, entry->content, err,
				     "a folder with content");
	buf_free(&path);
	buf_free(&target);
	return result;
}

static int
zip_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct zip zip;
	int result = zip_open(&zip, view, err);
	for (size_t i = 0; i < zip.count; i++) {
		struct err later = {0};
		/* what could be read before a failure stands */
		if (send_entry(&zip, &zip.entries[i], sink,
			       result == 0 ? err : &later) == -1) {
			if (result == 0 || later.kind == ERR_SYSTEM ||
			    later.kind == ERR_INTERRUPTED)
				*err = result == 0 ? *err : later;
			result = -1;
			break;
		}
	}
	if (result == 0)
		result = note_gaps(&zip, sink, err);
	if (result == 0)
		result = note_end(&zip, sink, err);
	zip_close(&zip);
	return result;
}

/* ---- the map --------------------------------------------------------- */

static const struct record_field local_fields[] = {
    {0, 4, EXTENT_METADATA, "zip local header magic"},
    {4, 2, EXTENT_METADATA, "zip local header version"},
    {6, 2, EXTENT_METADATA, "zip local header flags"},
    {8, 2, EXTENT_METADATA, "zip local header method"},
    {10, 4, EXTENT_METADATA, "zip local header mtime"},
    {14, 4, EXTENT_DERIVED, "zip local header CRC-32"},
    {18, 4, EXTENT_DERIVED, "zip local header compressed size"},
    {22, 4, EXTENT_DERIVED, "zip local header size"},
    {26, 2, EXTENT_METADATA, "zip local header name size"},
    {28, 2, EXTENT_METADATA, "zip local header extra size"},
};

static const struct record_field central_fields[] = {
    {0, 4, EXTENT_METADATA, "zip central header magic"},
    {4, 2, EXTENT_METADATA, "zip central header version made by"},
    {6, 2, EXTENT_METADATA, "zip central header version"},
    {8, 2, EXTENT_METADATA, "zip central header flags"},
    {10, 2, EXTENT_METADATA, "zip central header method"},
    {12, 4, EXTENT_METADATA, "zip central header mtime"},
    {16, 4, EXTENT_DERIVED, "zip central header CRC-32"},
    {20, 4, EXTENT_DERIVED, "zip central header compressed size"},
    {24, 4, EXTENT_DERIVED, "zip central header size"},
    {28, 2, EXTENT_METADATA, "zip central header name size"},
    {30, 2, EXTENT_METADATA, "zip central header extra size"},
    {32, 2, EXTENT_METADATA, "zip central header comment size"},
    {34, 2, EXTENT_METADATA, "zip central header disk"},
    {36, 2, EXTENT_METADATA, "zip central header internal attributes"},
    {38, 4, EXTENT_METADATA, "zip central header mode"},
    {42, 4, EXTENT_DERIVED, "zip central header offset"},
};

static const struct record_field end_fields[] = {
    {0, 4, EXTENT_METADATA, "zip end record magic"},
    {4, 4, EXTENT_METADATA, "zip end record disks"},
    {8, 4, EXTENT_DERIVED, "zip end record counts"},
    {12, 4, EXTENT_DERIVED, "zip end record directory size"},
    {16, 4, EXTENT_DERIVED, "zip end record directory offset"},
    {20, 2, EXTENT_METADATA, "zip end record comment size"},
};

static void
map_entry(const struct zip_entry *entry, uint32_t member, struct map *map)
{
	const struct zip_facts *fact = &entry->fact, *near = &entry->near;
	record_map_fields(map, entry->central, member, central_fields,
			  ARRAY_COUNT(central_fields));
	map_add(map, fact->name, fact->name_size, EXTENT_METADATA, member,
		"zip central header name", NULL);
	map_add(map, fact->extra, fact->extra_size, EXTENT_METADATA, member,
		"zip central header extra", NULL);
	map_add(map, fact->extra + fact->extra_size, fact->comment_size,
		EXTENT_METADATA, member, "zip central header comment", NULL);
	if (!entry->local_readable)
		return;
	record_map_fields(map, entry->local, member, local_fields,
			  ARRAY_COUNT(local_fields));
	map_add(map, near->name, near->name_size, EXTENT_METADATA, member,
		"zip local header name", NULL);
	map_add(map, near->extra, near->extra_size, EXTENT_METADATA, member,
		"zip local header extra", NULL);
	map_add(map, entry->content, fact->packed, EXTENT_CONTENT, member, "content",
		NULL);
	map_add(map, entry->content + fact->packed, entry->descriptor_size,
		EXTENT_DERIVED, member, "zip data descriptor", NULL);
}

/* Names for what no record has; added last, so that records keep their bytes. */
static void
map_gaps(const struct zip *zip, struct map *map)
{
	size_t count;
	const struct zip_entry **sorted = by_offset(zip, &count);
	uint64_t first = count > 0 ? sorted[0]->local : zip->directory, block;
	free(sorted);
	if (zip_apk_block(zip, &block))
		map_add(map, block, zip->directory - block, EXTENT_SIGNATURE,
			EXTENT_NO_MEMBER, "APK signing block", NULL);
	map_add(map, 0, first, EXTENT_CONTENT, EXTENT_NO_MEMBER, "zip bytes before",
		NULL);
	map_add(map, 0, zip->end, EXTENT_CONTENT, EXTENT_NO_MEMBER, "zip bytes between",
		NULL);
}

static int
zip_map(const struct view *view, struct map *map, struct err *err)
{
	struct zip zip;
	int result = zip_open(&zip, view, err);
	for (size_t i = 0; i < zip.count; i++)
		map_entry(&zip.entries[i], (uint32_t)i, map);
	if (result == 0) {
		uint64_t end = zip.end + zip.end_size;
		record_map_fields(map, zip.end, EXTENT_NO_MEMBER, end_fields,
				  ARRAY_COUNT(end_fields));
		map_add(map, zip.end + ZIP_END_SIZE, zip.comment_size, EXTENT_METADATA,
			EXTENT_NO_MEMBER, "zip comment", NULL);
		map_add(map, zip.end64, zip.end64_size, EXTENT_DERIVED,
			EXTENT_NO_MEMBER, "zip64 end record", NULL);
		if (zip.locator > 0)
			map_add(map, zip.locator, zip.end - zip.locator, EXTENT_DERIVED,
				EXTENT_NO_MEMBER, "zip64 locator", NULL);
		map_gaps(&zip, map);
		map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			"trailing bytes", NULL);
	}
	zip_close(&zip);
	return result;
}

const struct format format_zip = {
    .name = "zip",
    .title = "zip archive",
    .probe = zip_probe,
    .members = zip_members,
    .map = zip_map,
};
