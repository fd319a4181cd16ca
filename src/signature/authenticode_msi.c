/*
 * Authenticode in Windows installers (compound files, [MS-CFB]): a PKCS #7 in the
 * stream
 * "\5DigitalSignature" of the root.
 *
 * Digested are the contents of all other streams in the order of their stored names,
 * each storage's followed by its class. Nothing of this says where one stream ends and
 * the next begins, nor what they are called: that is in a digest of the directory,
 * which stands in "\5MsiDigitalSignatureEx" and is digested before all else. Installers
 * without it are signed the older way.
 */
#include "signature/authenticode_private.h"

#define OID_SIP_INFO "1.3.6.1.4.1.311.2.1.30"

enum {
	RECORD_SIZE = 128, /* [MS-CFB] 2.6.1 */
	RECORD_NAME_SIZE = 64,
	RECORD_CLASS = 80,
	RECORD_STATE = 96,
	RECORD_TIMES = 100,
	RECORD_LENGTH = 120,
	CLASS_SIZE = 16,
	ROOT = 0,
};

/* A stream or storage; the root is item 0. */
struct item {
	char *path;         /* decoded, of no use but to find its storage */
	struct view name;   /* as stored, with the NUL that ends it */
	struct view record; /* of the directory */
	bool folder;
	size_t parent;
	size_t first, count; /* its slices */
};

struct installer {
	struct item *items; /* as the row sends them */
	size_t count, room;
	struct view *slices;
	size_t slice_count, slice_room;
	struct item **sorted; /* by parent and name */
	size_t *starts;       /* of each item's children among them */
	struct item *signature, *extra;
	struct map *map;
	struct authenticode *checking;
};

/* Views in the order in which they are digested. */
struct parts {
	struct view *items;
	size_t count, room;
};

static void
parts_add(struct parts *parts, struct view part)
{
	if (parts->count == parts->room) {
		parts->room = parts->room ? 2 * parts->room : 256;
		parts->items =
		    base_realloc(parts->items, parts->room, sizeof(*parts->items));
	}
	parts->items[parts->count++] = part;
}

/* ---- the members ------------------------------------------------------- */

static struct item *
new_item(struct installer *installer, const char *path, const struct view *record)
{
	uint16_t size = 0;
	if (installer->count == installer->room) {
		installer->room = installer->room ? 2 * installer->room : 64;
		installer->items = base_realloc(installer->items, installer->room,
						sizeof(*installer->items));
	}
	struct item *item = &installer->items[installer->count++];
	*item = (struct item){.path = base_strdup(path),
			      .record = *record,
			      .first = installer->slice_count};
	view_u16le(record, RECORD_NAME_SIZE, &size);
	if (size > RECORD_NAME_SIZE || view_sub(record, 0, size, &item->name) == -1)
		item->name = (struct view){NULL, 0};
	return item;
}

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct installer *installer = context;
	(void)err;
	struct item *item = new_item(installer, member->path, &member->record);
	item->folder = member->type == MEMBER_FOLDER;
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct installer *installer = context;
	struct view slice;
	if (view_sub(installer->checking->file, offset, length, &slice) == -1)
		return err_set(err, ERR_INPUT, "a stream past the end of the file");
	if (installer->slice_count == installer->slice_room) {
		installer->slice_room =
		    installer->slice_room ? 2 * installer->slice_room : 64;
		installer->slices =
		    base_realloc(installer->slices, installer->slice_room,
				 sizeof(*installer->slices));
	}
	installer->slices[installer->slice_count++] = slice;
	installer->items[installer->count - 1].count++;
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	(void)context;
	(void)bytes;
	(void)count;
	return err_set(err, ERR_INPUT, "a stream that is not stored as it is");
}

/* What no stream holds is signed by nobody. The rest of a stream's last sector is where
 * writers leave what was in their memory: a note; anything else is put there. */
static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	struct installer *installer = context;
	const struct extent *extent = map_find(installer->map, offset);
	(void)err;
	if (kind == NOTE_UNDECIDED)
		judgement_add(&installer->checking->found, SIGNATURE_NOT_CHECKED, "%s",
			      text);
	else if (kind == NOTE_REMARK ||
		 (extent != NULL && strcmp(extent->name, "slack") == 0))
		strings_addf(&installer->checking->notes, "nobody signed: %s", text);
	else
		judgement_add(&installer->checking->found, SIGNATURE_INVALID,
			      "nobody signed: %s", text);
	return 0;
}

/* ---- the tree ----------------------------------------------------------- */

static int
order_names(const struct item *a, const struct item *b)
{
	size_t size =
	    (size_t)(a->name.size < b->name.size ? a->name.size : b->name.size);
	int order = size == 0 ? 0 : memcmp(a->name.data, b->name.data, size);
	if (order == 0)
		order = (a->name.size > b->name.size) - (a->name.size < b->name.size);
	return order;
}

static int
order_items(const void *a, const void *b)
{
	const struct item *const *left = a, *const *right = b;
	if ((*left)->parent != (*right)->parent)
		return (*left)->parent < (*right)->parent ? -1 : 1;
	return order_names(*left, *right);
}

static int
order_paths(const void *a, const void *b)
{
	const struct item *const *left = a, *const *right = b;
	return strcmp((*left)->path, (*right)->path);
}

/* Is there a slash in the stored name, so that the path cannot be taken apart? */
static bool
has_slash(const struct view *name)
{
	for (uint64_t at = 0; at < name->size; at += 2) {
		if (view_has(name, at, "/", 2))
			return true;
	}
	return false;
}

/* The storage of an item, among `count` storages sorted by path; NULL: none. */
static const struct item *
find_parent(struct item *const *folders, size_t count, const struct item *item)
{
	const char *slash = strrchr(item->path, '/');
	struct item key = {.path = base_strndup(
			       item->path, slash ? (size_t)(slash - item->path) : 0)},
		    *wanted = &key, *const * found;
	found = bsearch(&wanted, folders, count, sizeof(struct item *), order_paths);
	free(key.path);
	return found != NULL ? *found : NULL;
}

/* Give each item its parent. False when the paths make no tree. */
static bool
find_parents(struct installer *installer)
{
	struct item **folders = base_alloc(installer->count, sizeof(struct item *));
	size_t count = 0;
	bool tree = true;
	for (size_t i = 0; i < installer->count; i++) {
		if (installer->items[i].folder)
			folders[count++] = &installer->items[i];
	}
	qsort(folders, count, sizeof(struct item *), order_paths);
	for (size_t i = 1; i < count; i++)
		tree = tree && strcmp(folders[i - 1]->path, folders[i]->path) != 0;
	for (size_t i = 1; i < installer->count && tree; i++) {
		struct item *item = &installer->items[i];
		const struct item *parent = find_parent(folders, count, item);
		tree = parent != NULL && !has_slash(&item->name);
		if (tree)
			item->parent = (size_t)(parent - installer->items);
	}
	free(folders);
	return tree;
}

/* Sort all but the root; where the children of each item start. */
static void
sort_items(struct installer *installer)
{
	size_t count = installer->count;
	installer->sorted = base_alloc(count, sizeof(struct item *));
	installer->starts = base_alloc(count, sizeof(*installer->starts));
	for (size_t i = 1; i < count; i++)
		installer->sorted[i - 1] = &installer->items[i];
	qsort(installer->sorted, count - 1, sizeof(struct item *), order_items);
	for (size_t i = 0; i < count; i++)
		installer->starts[i] = SIZE_MAX;
	for (size_t i = count - 1; i-- > 0;)
		installer->starts[installer->sorted[i]->parent] = i;
}

static bool
is_called(const struct item *item, const char *name)
{
	size_t size = strlen(name) + 1;
	if (item->parent != ROOT || item->folder || item->name.size != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		const char unit[2] = {name[i], 0};
		if (!view_has(&item->name, 2 * i, unit, 2))
			return false;
	}
	return true;
}

static void
find_signature(struct installer *installer)
{
	for (size_t i = 1; i < installer->count; i++) {
		struct item *item = &installer->items[i];
		if (is_called(item, "\5DigitalSignature"))
			installer->signature = item;
		else if (is_called(item, "\5MsiDigitalSignatureEx"))
			installer->extra = item;
	}
}

/* ---- what is digested ---------------------------------------------------- */

static void
put_field(struct parts *parts, const struct item *item, uint64_t offset, uint64_t size)
{
	struct view field;
	if (view_sub(&item->record, offset, size, &field) == 0)
		parts_add(parts, field);
}

/* The directory's word on an item: of the root only class and state. */
static void
put_record(struct parts *parts, const struct item *item, bool root)
{
	struct view name = item->name;
	if (!root && name.size >= 2) {
		name.size -= 2;
		parts_add(parts, name);
	}
	if (item->folder)
		put_field(parts, item, RECORD_CLASS, CLASS_SIZE);
	else
		put_field(parts, item, RECORD_LENGTH, 4);
	put_field(parts, item, RECORD_STATE, 4);
	if (!root)
		put_field(parts, item, RECORD_TIMES, 16);
}

/* A storage with all it holds: contents, or the directory's word. The row sends no
 * storages nested deeper than 32. */
static void
put_storage(const struct installer *installer, size_t index, bool records,
	    struct parts *parts)
{
	const struct item *storage = &installer->items[index];
	if (records)
		put_record(parts, storage, index == ROOT);
	for (size_t i = installer->starts[index];
	     i < installer->count - 1 && installer->sorted[i]->parent == index; i++) {
		const struct item *item = installer->sorted[i];
		if (item == installer->signature || item == installer->extra)
			continue;
		if (item->folder)
			put_storage(installer, (size_t)(item - installer->items),
				    records, parts);
		else if (records)
			put_record(parts, item, false);
		for (size_t k = 0; !records && k < item->count; k++)
			parts_add(parts, installer->slices[item->first + k]);
	}
	if (!records)
		put_field(parts, storage, RECORD_CLASS, CLASS_SIZE);
}

static struct buf
content_of(const struct installer *installer, const struct item *item)
{
	struct buf content = {0};
	for (size_t i = 0; i < item->count; i++) {
		const struct view *slice = &installer->slices[item->first + i];
		buf_append(&content, slice->data, (size_t)slice->size);
	}
	return content;
}

/* The digest of the directory as it is, when its signed one is there. */
static void
directory_digest(const struct installer *installer,
		 const struct digest_algorithm *algorithm, struct digest *digest)
{
	struct parts parts = {0};
	put_storage(installer, ROOT, true, &parts);
	digest_of(algorithm, parts.items, parts.count, digest);
	free(parts.items);
}

/* The directory's digest is computed, never taken from the file: the digest of all is
 * then another one when the stored one is wrong, or the directory. */
static void
msi_digest(const struct authenticode *checking,
	   const struct digest_algorithm *algorithm, struct digest *digest)
{
	const struct installer *installer = checking->subject;
	struct digest directory;
	struct parts parts = {0};
	if (installer->extra != NULL) {
		directory_digest(installer, algorithm, &directory);
		parts_add(&parts, view_of(directory.bytes, directory.size));
	}
	put_storage(installer, ROOT, false, &parts);
	digest_of(algorithm, parts.items, parts.count, digest);
	free(parts.items);
}

/* ---- the check ------------------------------------------------------------ */

/* The stored digest of the directory is not signed itself; the computed one is. */
static void
check_extra(struct installer *installer)
{
	static const char *const oids[] = {
	    "1.3.14.3.2.26", "2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2",
	    "2.16.840.1.101.3.4.2.3", "1.2.840.113549.2.5"};
	struct authenticode *checking = installer->checking;
	if (installer->extra == NULL) {
		strings_add(&checking->notes,
			    "names, sizes and times of the streams are not signed, and "
			    "so not where one ends and the next begins: there is no "
			    "MsiDigitalSignatureEx");
		return;
	}
	struct buf content = content_of(installer, installer->extra);
	struct view stored = view_of_buf(&content);
	bool fits = false;
	for (size_t i = 0; i < ARRAY_COUNT(oids) && !fits; i++) {
		const struct digest_algorithm *algorithm = digest_by_oid(oids[i]);
		struct digest digest;
		if (algorithm == NULL)
			continue;
		directory_digest(installer, algorithm, &digest);
		fits = digest_is(&digest, &stored);
	}
	if (!fits)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "names, sizes or times of the streams are not those that "
			      "MsiDigitalSignatureEx has the digest of");
	buf_free(&content);
}

static void
check_stream(struct installer *installer)
{
	struct authenticode *checking = installer->checking;
	struct buf content = content_of(installer, installer->signature);
	struct view room = view_of_buf(&content), der;
	struct judgement found = {0};
	check_extra(installer);
	authenticode_take(&room, "the stream of the signature", &der, &found);
	checking->covers = "all";
	checking->tops[checking->top_count++] = der;
	char *where = base_format("stream DigitalSignature, %zu bytes", content.size);
	authenticode_signature(checking, &der, "0", where, &found);
	free(where);
	judgement_free(&found);
	buf_free(&content);
}

/* The root's record of the directory; empty when it is not in the file. */
static struct view
root_record(const struct view *file)
{
	uint16_t shift = 0;
	uint32_t sector = 0;
	struct view record = {NULL, 0};
	if (view_u16le(file, 30, &shift) == 0 && shift < 32 &&
	    view_u32le(file, 48, &sector) == 0)
		view_sub(file, ((uint64_t)sector + 1) << shift, RECORD_SIZE, &record);
	return record;
}

/* Nothing but zeros may stand behind the last sector in use. What is cut off that one
 * may be all unused, and is missed by no stream. */
static void
check_end(const struct installer *installer)
{
	struct authenticode *checking = installer->checking;
	const struct map *map = installer->map;
	const struct extent *last =
	    map->count > 0 ? &map->extents[map->count - 1] : NULL;
	uint16_t shift = 0;
	if (view_u16le(checking->file, 30, &shift) == -1 || shift > 20 ||
	    checking->file->size % ((uint64_t)1 << shift) != 0)
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the file does not end with a whole sector");
	if (last != NULL && last->tag == EXTENT_CONTENT &&
	    strcmp(last->name, "free sector") == 0)
		judgement_add(
		    &checking->found, SIGNATURE_INVALID,
		    "bytes that nobody signed stand behind the last sector in "
		    "use, at %ju",
		    (uintmax_t)last->offset);
}

static void
read_installer(struct installer *installer)
{
	const struct member_sink sink = {installer, on_begin, on_slice, on_data,
					 on_note};
	struct authenticode *checking = installer->checking;
	const struct format *format = format_by_name("compound");
	struct view record = root_record(checking->file);
	struct err trouble = {0};
	new_item(installer, "", &record)->folder = true;
	installer->map = format_map(format, checking->file, NULL);
	if (format->members(checking->file, &sink, &trouble) == -1)
		judgement_add(&checking->found, SIGNATURE_INVALID, "%s",
			      trouble.message);
	else if (!find_parents(installer))
		judgement_add(&checking->found, SIGNATURE_INVALID,
			      "the paths of the streams make no tree");
	check_end(installer);
	sort_items(installer);
	find_signature(installer);
	map_free(installer->map);
}

static void
msi_check(struct authenticode *checking)
{
	struct installer installer = {.checking = checking};
	checking->subject = &installer;
	read_installer(&installer);
	char *reason = judgement_reason(&checking->found);
	if (installer.signature != NULL)
		check_stream(&installer);
	else if (checking->found.status == SIGNATURE_VALID)
		authenticode_only(checking, "0", NULL, SIGNATURE_UNSIGNED,
				  "there is no stream DigitalSignature");
	else
		authenticode_only(checking, "0", NULL, SIGNATURE_NOT_CHECKED, reason);
	free(reason);
	for (size_t i = 0; i < installer.count; i++)
		free(installer.items[i].path);
	free(installer.items);
	free(installer.slices);
	free(installer.sorted);
	free(installer.starts);
}

/* Installers, patches and transforms are told by the class of the root:
 * {000C1082, 4 or 6-0000-0000-C000-000000000046}. */
static bool
msi_knows(const struct view *file, const struct format *format)
{
	struct view record;
	if (!format_is(format, "compound"))
		return false;
	record = root_record(file);
	return view_has(&record, RECORD_CLASS + 1,
			"\x10\x0c\0\0\0\0\0\xc0\0\0\0\0\0\0\x46", CLASS_SIZE - 1);
}

/* SpcSipInfo of installers: {000C10F1-0000-0000-C000-000000000046}. */
static const uint8_t msi_sip[CLASS_SIZE] = {0xf1, 0x10, 0x0c, 0, 0, 0, 0, 0,
					    0xc0, 0,    0,    0, 0, 0, 0, 0x46};

const struct authenticode_kind authenticode_msi = {.format = "msi",
						   .title = "Windows installer",
						   .noun = "installer",
						   .type = OID_SIP_INFO,
						   .usual = true,
						   .sip = msi_sip,
						   .knows = msi_knows,
						   .check = msi_check,
						   .digest = msi_digest};
