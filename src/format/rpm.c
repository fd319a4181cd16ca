/*
 * RPM packages, version 3 of the file format (rpm's docs/manual/format.md):
 *
 *	lead               96 bytes, obsolete but there
 *	signature header   padded with zeros to a multiple of 8
 *	main header
 *	payload            a compressed cpio, up to the end of the file
 *
 *	header: 8e ad e8 01, 4 reserved bytes, count of entries, size of the store;
 *	        entries of 16 bytes (tag, type, offset, count); the store
 *
 * The payload is one member: its compressor's row and cpio's go on from there.
 */
#include "format/rpm_private.h"

#define LEAD_MAGIC   "\xed\xab\xee\xdb"
#define ENTRIES_MOST 65535
#define STORE_MOST   (256U << 20)

struct tag_name {
	uint32_t tag;
	enum extent_tag kind;
	const char *name;
};

/* rpm's rpmtag.h, the tags of a signature header. */
static const struct tag_name signature_tags[] = {
    {62, EXTENT_METADATA, "region"},
    {267, EXTENT_SIGNATURE, "DSA signature"},
    {268, EXTENT_SIGNATURE, "RSA signature"},
    {269, EXTENT_DERIVED, "SHA-1 of the header"},
    {270, EXTENT_DERIVED, "long size"},
    {271, EXTENT_DERIVED, "long archive size"},
    {273, EXTENT_DERIVED, "SHA-256 of the header"},
    {274, EXTENT_SIGNATURE, "file signatures"},
    {275, EXTENT_SIGNATURE, "file signature length"},
    {276, EXTENT_SIGNATURE, "verity signatures"},
    {277, EXTENT_SIGNATURE, "verity signature algorithm"},
    {278, EXTENT_SIGNATURE, "OpenPGP signature"},
    {279, EXTENT_DERIVED, "SHA3-256 of the header"},
    {999, EXTENT_PADDING, "reserved"},
    {1000, EXTENT_DERIVED, "size"},
    {1002, EXTENT_SIGNATURE, "PGP signature"},
    {1004, EXTENT_DERIVED, "MD5"},
    {1005, EXTENT_SIGNATURE, "GPG signature"},
    {1007, EXTENT_DERIVED, "payload size"},
    {1008, EXTENT_PADDING, "reserved space"},
};

/* The same of a main header: those that packages of today carry. */
static const struct tag_name header_tags[] = {
    {63, EXTENT_METADATA, "region"},
    {100, EXTENT_METADATA, "i18n table"},
    {1000, EXTENT_METADATA, "name"},
    {1001, EXTENT_METADATA, "version"},
    {1002, EXTENT_METADATA, "release"},
    {1003, EXTENT_METADATA, "epoch"},
    {1004, EXTENT_METADATA, "summary"},
    {1005, EXTENT_METADATA, "description"},
    {1006, EXTENT_METADATA, "build time"},
    {1007, EXTENT_METADATA, "build host"},
    {1009, EXTENT_DERIVED, "installed size"},
    {1010, EXTENT_METADATA, "distribution"},
    {1011, EXTENT_METADATA, "vendor"},
    {1014, EXTENT_METADATA, "license"},
    {1015, EXTENT_METADATA, "packager"},
    {1016, EXTENT_METADATA, "group"},
    {1020, EXTENT_METADATA, "URL"},
    {1021, EXTENT_METADATA, "OS"},
    {1022, EXTENT_METADATA, "architecture"},
    {1023, EXTENT_CONTENT, "pre-install script"},
    {1024, EXTENT_CONTENT, "post-install script"},
    {1025, EXTENT_CONTENT, "pre-uninstall script"},
    {1026, EXTENT_CONTENT, "post-uninstall script"},
    {1028, EXTENT_METADATA, "file sizes"},
    {1029, EXTENT_METADATA, "file states"},
    {1030, EXTENT_METADATA, "file modes"},
    {1033, EXTENT_METADATA, "file device numbers"},
    {1034, EXTENT_METADATA, "file mtimes"},
    {1035, EXTENT_DERIVED, "file digests"},
    {1036, EXTENT_METADATA, "file link targets"},
    {1037, EXTENT_METADATA, "file flags"},
    {1039, EXTENT_METADATA, "file users"},
    {1040, EXTENT_METADATA, "file groups"},
    {1044, EXTENT_METADATA, "source package"},
    {1045, EXTENT_METADATA, "file verify flags"},
    {1046, EXTENT_DERIVED, "archive size"},
    {1047, EXTENT_METADATA, "provides"},
    {1048, EXTENT_METADATA, "require flags"},
    {1049, EXTENT_METADATA, "requires"},
    {1050, EXTENT_METADATA, "require versions"},
    {1053, EXTENT_METADATA, "conflict flags"},
    {1054, EXTENT_METADATA, "conflicts"},
    {1055, EXTENT_METADATA, "conflict versions"},
    {1064, EXTENT_METADATA, "rpm version"},
    {1065, EXTENT_CONTENT, "trigger scripts"},
    {1079, EXTENT_CONTENT, "verify script"},
    {1080, EXTENT_METADATA, "changelog times"},
    {1081, EXTENT_METADATA, "changelog names"},
    {1082, EXTENT_METADATA, "changelog texts"},
    {1085, EXTENT_METADATA, "pre-install interpreter"},
    {1086, EXTENT_METADATA, "post-install interpreter"},
    {1087, EXTENT_METADATA, "pre-uninstall interpreter"},
    {1088, EXTENT_METADATA, "post-uninstall interpreter"},
    {1090, EXTENT_METADATA, "obsoletes"},
    {1094, EXTENT_METADATA, "cookie"},
    {1095, EXTENT_METADATA, "file devices"},
    {1096, EXTENT_METADATA, "file inodes"},
    {1097, EXTENT_METADATA, "file languages"},
    {1098, EXTENT_METADATA, "prefixes"},
    {1112, EXTENT_METADATA, "provide flags"},
    {1113, EXTENT_METADATA, "provide versions"},
    {1114, EXTENT_METADATA, "obsolete flags"},
    {1115, EXTENT_METADATA, "obsolete versions"},
    {1116, EXTENT_METADATA, "folder indexes"},
    {1117, EXTENT_METADATA, "base names"},
    {1118, EXTENT_METADATA, "folder names"},
    {1122, EXTENT_METADATA, "compile flags"},
    {1124, EXTENT_METADATA, "payload format"},
    {1125, EXTENT_METADATA, "payload compressor"},
    {1126, EXTENT_METADATA, "payload flags"},
    {1131, EXTENT_METADATA, "rhn platform"},
    {1132, EXTENT_METADATA, "platform"},
    {1140, EXTENT_METADATA, "file colours"},
    {1141, EXTENT_METADATA, "file classes"},
    {1142, EXTENT_METADATA, "class dictionary"},
    {1143, EXTENT_METADATA, "file dependency indexes"},
    {1144, EXTENT_METADATA, "file dependency counts"},
    {1145, EXTENT_METADATA, "dependency dictionary"},
    {1146, EXTENT_DERIVED, "source package id"},
    {1151, EXTENT_CONTENT, "pre-transaction script"},
    {1152, EXTENT_CONTENT, "post-transaction script"},
    {5010, EXTENT_METADATA, "file capabilities"},
    {5011, EXTENT_METADATA, "file digest algorithm"},
    {5012, EXTENT_METADATA, "bug URL"},
    {5034, EXTENT_METADATA, "VCS"},
    {5062, EXTENT_METADATA, "encoding"},
    {5090, EXTENT_SIGNATURE, "file signatures"},
    {5092, EXTENT_DERIVED, "payload digest"},
    {5093, EXTENT_METADATA, "payload digest algorithm"},
    {5097, EXTENT_DERIVED, "uncompressed payload digest"},
};

static const struct tag_name *
find_tag(const struct tag_name *names, size_t count, uint32_t tag)
{
	for (size_t i = 0; i < count; i++) {
		if (names[i].tag == tag)
			return &names[i];
	}
	return NULL;
}

bool
rpm_signature_tag(uint32_t tag, enum extent_tag *kind)
{
	const struct tag_name *name =
	    find_tag(signature_tags, ARRAY_COUNT(signature_tags), tag);
	if (name != NULL)
		*kind = name->kind;
	return name != NULL;
}

static int
read_header(const struct view *view, uint64_t offset, const char *what,
	    struct rpm_header *header, struct err *err)
{
	*header = (struct rpm_header){.offset = offset};
	if (!view_has(view, offset, RPM_HEADER_MAGIC, 4) ||
	    view_u32be(view, offset + 8, &header->count) == -1 ||
	    view_u32be(view, offset + 12, &header->store_size) == -1)
		return err_set(err, ERR_INPUT, "no rpm %s at offset %ju", what,
			       (uintmax_t)offset);
	if (header->count > ENTRIES_MOST || header->store_size > STORE_MOST)
		return err_set(err, ERR_INPUT,
			       "the rpm %s at offset %ju has impossible sizes", what,
			       (uintmax_t)offset);
	header->index = offset + 16;
	header->store = header->index + (uint64_t)header->count * RPM_ENTRY_SIZE;
	header->end = header->store + header->store_size;
	if (header->end > view->size)
		return err_set(err, ERR_INPUT,
			       "the rpm %s at offset %ju goes past the end of the file",
			       what, (uintmax_t)offset);
	return 0;
}

void
rpm_entry_at(const struct view *view, const struct rpm_header *header, uint32_t index,
	   struct rpm_entry *entry)
{
	uint64_t at = header->index + (uint64_t)index * RPM_ENTRY_SIZE;
	*entry = (struct rpm_entry){0};
	view_u32be(view, at, &entry->tag);
	view_u32be(view, at + 4, &entry->type);
	view_u32be(view, at + 8, &entry->offset);
	view_u32be(view, at + 12, &entry->count);
}

/* Bytes of `count` strings with their NULs. */
static int
strings_length(const struct view *store, uint32_t count, uint64_t *length)
{
	uint64_t at = 0, end;
	for (uint32_t i = 0; i < count; i++) {
		if (view_find(store, at, "", 1, &end) == -1)
			return -1;
		at = end + 1;
	}
	*length = at;
	return 0;
}

int
rpm_entry_length(const struct view *view, const struct rpm_header *header,
	     const struct rpm_entry *entry, uint64_t *length)
{
	static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 0, 1};
	struct view store, part;
	if (entry->offset > header->store_size ||
	    view_sub(view, header->store, header->store_size, &store) == -1)
		return -1;
	part = view_from(&store, entry->offset);
	switch (entry->type) {
	case 6: /* one string */
		return entry->count == 1 ? strings_length(&part, 1, length) : -1;
	case 8: /* strings */
	case 9: /* strings, one for each language */
		return strings_length(&part, entry->count, length);
	default:
		if (entry->type >= ARRAY_COUNT(sizes))
			return -1;
		*length = (uint64_t)entry->count * sizes[entry->type];
		return *length <= part.size ? 0 : -1;
	}
}

int
rpm_read(const struct view *view, struct rpm *rpm, struct err *err)
{
	if (read_header(view, RPM_LEAD_SIZE, "signature header", &rpm->signature, err) ==
	    -1)
		return -1;
	rpm->signature_end = (rpm->signature.end + 7) / 8 * 8;
	return read_header(view, rpm->signature_end, "main header", &rpm->main, err);
}

static enum probe_answer
rpm_probe(const struct view *view)
{
	return view_has(view, 0, LEAD_MAGIC, 4) && view->size >= RPM_LEAD_SIZE ? PROBE_SURE
									   : PROBE_NO;
}

struct range {
	uint64_t start, end;
};

static int
compare_ranges(const void *left, const void *right)
{
	const struct range *a = left, *b = right;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

/* Do entries share bytes, or are there bytes in the store that belong to none but
 * alignment? Both let a program read something else than rpm does. */
static int
check_store(const struct view *view, const struct rpm_header *header, const char *what,
	    const struct member_sink *sink, struct err *err)
{
	struct range *ranges = base_alloc(header->count + 1, sizeof(*ranges));
	int result = 0;
	uint64_t at = 0;
	for (uint32_t i = 0; result == 0 && i < header->count; i++) {
		struct rpm_entry entry;
		uint64_t length = 0;
		rpm_entry_at(view, header, i, &entry);
		if (rpm_entry_length(view, header, &entry, &length) == -1)
			result = err_set(err, ERR_INPUT,
					 "tag %u of the rpm %s has data outside of it",
					 entry.tag, what);
		ranges[i] = (struct range){entry.offset, entry.offset + length};
	}
	if (result == 0)
		qsort(ranges, header->count, sizeof(*ranges), compare_ranges);
	for (uint32_t i = 0; result == 0 && i < header->count; i++) {
		if (ranges[i].start < at || ranges[i].start > at + 7)
			result = format_note(sink, NOTE_SUSPECT,
					     header->store + ranges[i].start, err,
					     "tags of the rpm %s that share bytes, or "
					     "bytes between them "
					     "that no tag has",
					     what);
		if (ranges[i].end > at)
			at = ranges[i].end;
	}
	if (result == 0 && at + 7 < header->store_size)
		result =
		    format_note(sink, NOTE_SUSPECT, header->store + at, err,
				"bytes at the end of the rpm %s that no tag has", what);
	free(ranges);
	return result;
}

/* What the signature header says of the size of all that follows it; false when it
 * does not say. */
static bool
stated_size(const struct view *view, const struct rpm_header *header, uint64_t *size)
{
	for (uint32_t i = 0; i < header->count; i++) {
		struct rpm_entry entry;
		uint32_t narrow;
		rpm_entry_at(view, header, i, &entry);
		uint64_t at = header->store + entry.offset;
		if (entry.tag == 270 && entry.type == 5 && entry.count == 1)
			return view_u64be(view, at, size) == 0;
		if (entry.tag == 1000 && entry.type == 4 && entry.count == 1 &&
		    view_u32be(view, at, &narrow) == 0) {
			*size = narrow;
			return true;
		}
	}
	return false;
}

/* A cut payload, or bytes behind it. */
static int
check_size(const struct view *view, const struct rpm *rpm,
	   const struct member_sink *sink, struct err *err)
{
	uint64_t stated, found = view->size - rpm->signature_end;
	if (!stated_size(view, &rpm->signature, &stated) || stated == found)
		return 0;
	if (found < stated)
		return err_set(err, ERR_INPUT,
			       "a cut rpm: %ju bytes of header and payload where %ju "
			       "belong",
			       (uintmax_t)found, (uintmax_t)stated);
	return format_note(sink, NOTE_SUSPECT, rpm->signature_end + stated, err,
			   "%ju bytes more than the rpm's size says",
			   (uintmax_t)(found - stated));
}

static int
rpm_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	const struct member member = {.path = "payload", .type = MEMBER_FILE};
	struct rpm rpm;
	struct view padding;
	if (rpm_read(view, &rpm, err) == -1 ||
	    check_store(view, &rpm.signature, "signature header", sink, err) == -1 ||
	    check_store(view, &rpm.main, "main header", sink, err) == -1)
		return -1;
	if (view_sub(view, rpm.signature.end, rpm.signature_end - rpm.signature.end,
		     &padding) == -1)
		return err_set(err, ERR_INPUT, "a cut rpm signature header");
	if (!view_is_zero(&padding) &&
	    format_note(sink, NOTE_SUSPECT, rpm.signature.end, err,
			"the padding of the rpm signature header is not zero") == -1)
		return -1;
	if (sink->begin(sink->context, &member, err) == -1)
		return -1;
	if (rpm.main.end == view->size)
		return err_set(err, ERR_INPUT, "an rpm without a payload");
	if (sink->slice(sink->context, rpm.main.end, view->size - rpm.main.end, err) ==
	    -1)
		return -1;
	return check_size(view, &rpm, sink, err);
}

static const struct record_field lead_fields[] = {
    {0, 4, EXTENT_METADATA, "rpm lead magic"},
    {4, 2, EXTENT_METADATA, "rpm lead version"},
    {6, 2, EXTENT_METADATA, "rpm lead type"},
    {8, 2, EXTENT_METADATA, "rpm lead architecture"},
    {10, 66, EXTENT_METADATA, "rpm lead name"},
    {76, 2, EXTENT_METADATA, "rpm lead OS"},
    {78, 2, EXTENT_METADATA, "rpm lead signature type"},
    {80, 16, EXTENT_PADDING, "rpm lead reserved"},
};

static void
map_header(const struct view *view, struct map *map, const struct rpm_header *header,
	   const char *what, const struct tag_name *names, size_t name_count)
{
	char name[96];
	snprintf(name, sizeof(name), "%s intro", what);
	map_add(map, header->offset, 16, EXTENT_METADATA, EXTENT_NO_MEMBER, name, NULL);
	for (uint32_t i = 0; i < header->count; i++) {
		struct rpm_entry entry;
		uint64_t length = 0;
		rpm_entry_at(view, header, i, &entry);
		const struct tag_name *tag = find_tag(names, name_count, entry.tag);
		if (tag != NULL)
			snprintf(name, sizeof(name), "%s %s", what, tag->name);
		else
			snprintf(name, sizeof(name), "%s tag %u", what, entry.tag);
		if (rpm_entry_length(view, header, &entry, &length) == 0)
			map_add(map, header->store + entry.offset, length,
				tag ? tag->kind : EXTENT_METADATA, EXTENT_NO_MEMBER,
				name, NULL);
		char index[128];
		snprintf(index, sizeof(index), "%s, index", name);
		map_add(map, header->index + (uint64_t)i * RPM_ENTRY_SIZE, RPM_ENTRY_SIZE,
			EXTENT_METADATA, EXTENT_NO_MEMBER, index, NULL);
	}
	/* what no tag has: alignment, or what check_store noted */
	snprintf(name, sizeof(name), "%s alignment", what);
	map_add(map, header->store, header->store_size, EXTENT_METADATA,
		EXTENT_NO_MEMBER, name, NULL);
}

static int
rpm_map(const struct view *view, struct map *map, struct err *err)
{
	struct rpm rpm;
	record_map_fields(map, 0, EXTENT_NO_MEMBER, lead_fields,
			  ARRAY_COUNT(lead_fields));
	if (rpm_read(view, &rpm, err) == -1)
		return -1;
	map_header(view, map, &rpm.signature, "rpm signature", signature_tags,
		   ARRAY_COUNT(signature_tags));
	map_add(map, rpm.signature.end, rpm.signature_end - rpm.signature.end,
		EXTENT_PADDING, EXTENT_NO_MEMBER, "rpm signature padding", NULL);
	map_header(view, map, &rpm.main, "rpm header", header_tags,
		   ARRAY_COUNT(header_tags));
	map_add(map, rpm.main.end, view->size - rpm.main.end, EXTENT_CONTENT, 0,
		"content", NULL);
	return 0;
}

const struct format format_rpm = {
    .name = "rpm",
    .title = "RPM package",
    .probe = rpm_probe,
    .members = rpm_members,
    .map = rpm_map,
    .graft = rpm_graft,
};
