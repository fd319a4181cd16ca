/*
 * The block map of a Windows package (AppxBlockMap.xml): the digest of each 64 KiB of
 * each of its files, by which Windows holds to the package what it unpacks. It is
 * signed; so whether it agrees with the files is known when these are looked at once
 * more.
 *
 *	<BlockMap HashMethod="http://www.w3.org/2001/04/xmlenc#sha256">
 *	 <File Name="Assets\logo.png" Size="1647"><Block Hash="BASE64"/>…</File>
 */
#include <ctype.h>

#include "signature/authenticode_private.h"

enum {
	BLOCK = 65536,
	LOOKS_MOST = 20000000, /* comparisons of names: a hostile map is no reason to */
	TOLD_MOST = 20,        /* go on for hours, nor for pages of notes */
};

/* One File element. */
struct mapped {
	char *name; /* as a zip has it: slashes, not escaped */
	uint64_t size;
	struct view blocks; /* what follows the element's tag */
};

struct blocks {
	const struct view *package;
	const struct digest_algorithm *algorithm;
	struct mapped *files;
	size_t count, room;
	size_t cursor; /* where the next member's element is likely to be */
	size_t looks;
	struct cms_entry *entry;
	/* the member being read */
	const struct mapped *file;
	struct buf block;
	struct view rest; /* its blocks that are not yet used */
	uint64_t size;
	char *path;
	bool differs;
	size_t checked, unlisted;
};

/* ---- the XML, as far as it goes here --------------------------------------- */

/* Take the next tag off `rest`: its inside, without the angles. */
static bool
next_tag(struct view *rest, struct view *tag)
{
	uint64_t start, end;
	if (view_find(rest, 0, "<", 1, &start) == -1 ||
	    view_find(rest, start, ">", 1, &end) == -1)
		return false;
	view_sub(rest, start + 1, end - start - 1, tag);
	*rest = view_from(rest, end + 1);
	return true;
}

static bool
tag_is(const struct view *tag, const char *name)
{
	size_t size = strlen(name);
	uint8_t after = 0;
	return view_has(tag, 0, name, size) &&
	       (view_u8(tag, size, &after) == -1 || after == ' ' || after == '/' ||
		after == '\n' || after == '\r' || after == '\t');
}

/* The value of ` NAME="…"`. */
static bool
tag_attribute(const struct view *tag, const char *name, struct view *value)
{
	char *start = base_format(" %s=\"", name);
	uint64_t at, end;
	bool found = view_find(tag, 0, start, strlen(start), &at) == 0 &&
		     view_find(tag, at + strlen(start), "\"", 1, &end) == 0;
	if (found)
		view_sub(tag, at + strlen(start), end - at - strlen(start), value);
	free(start);
	return found;
}

static uint64_t
number_of(const struct view *text)
{
	uint64_t value = 0;
	for (uint64_t i = 0; i < text->size && i < 18; i++) {
		if (text->data[i] < '0' || text->data[i] > '9')
			return UINT64_MAX;
		value = 10 * value + (uint64_t)(text->data[i] - '0');
	}
	return text->size == 0 || text->size > 18 ? UINT64_MAX : value;
}

/* The name as a zip has it: backslashes are slashes, entities characters. */
static char *
name_of(const struct view *text)
{
	static const struct {
		const char *entity;
		char is;
	} entities[] = {{"&amp;", '&'},
			{"&lt;", '<'},
			{"&gt;", '>'},
			{"&quot;", '"'},
			{"&apos;", '\''}};
	char *name = base_alloc((size_t)text->size + 1, 1), *out = name;
	for (uint64_t at = 0; at < text->size; at++) {
		char is = text->data[at] == '\\' ? '/' : (char)text->data[at];
		for (size_t i = 0; i < ARRAY_COUNT(entities); i++) {
			size_t size = strlen(entities[i].entity);
			if (view_has(text, at, entities[i].entity, size)) {
				is = entities[i].is;
				at += size - 1;
				break;
			}
		}
		*out++ = is;
	}
	*out = '\0';
	return name;
}

/* ---- the map ------------------------------------------------------------- */

/* By the end of the identifiers of XML Signature and Encryption. */
static const struct digest_algorithm *
algorithm_of(const struct view *tag)
{
	static const struct {
		const char *end, *oid;
	} methods[] = {{"#sha256", "2.16.840.1.101.3.4.2.1"},
		       {"#sha384", "2.16.840.1.101.3.4.2.2"},
		       {"#sha512", "2.16.840.1.101.3.4.2.3"}};
	struct view uri;
	if (!tag_attribute(tag, "HashMethod", &uri) || uri.size < 7)
		return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(methods); i++) {
		if (view_has(&uri, uri.size - 7, methods[i].end, 7))
			return digest_by_oid(methods[i].oid);
	}
	return NULL;
}

static void
add_file(struct blocks *blocks, const struct view *tag, const struct view *rest)
{
	struct view name, size = {NULL, 0};
	if (!tag_attribute(tag, "Name", &name))
		return;
	tag_attribute(tag, "Size", &size);
	if (blocks->count == blocks->room) {
		blocks->room = blocks->room > 0 ? 2 * blocks->room : 64;
		blocks->files =
		    base_realloc(blocks->files, blocks->room, sizeof(*blocks->files));
	}
	blocks->files[blocks->count++] =
	    (struct mapped){name_of(&name), number_of(&size), *rest};
}

static void
read_map(struct blocks *blocks, const struct view *xml)
{
	struct view rest = *xml, tag;
	while (next_tag(&rest, &tag)) {
		if (tag_is(&tag, "BlockMap"))
			blocks->algorithm = algorithm_of(&tag);
		else if (tag_is(&tag, "File"))
			add_file(blocks, &tag, &rest);
	}
}

/* ---- the members ----------------------------------------------------------- */

/* The zip's name without percent signs (RFC 3986, 2.1). */
static char *
plain_path(const char *path)
{
	char *plain = base_strdup(path), *out = plain;
	for (const char *at = path; *at != '\0'; at++) {
		char digits[3] = {0};
		if (at[0] == '%' && isxdigit((unsigned char)at[1]) &&
		    isxdigit((unsigned char)at[2])) {
			memcpy(digits, at + 1, 2);
			*out++ = (char)strtol(digits, NULL, 16);
			at += 2;
		} else {
			*out++ = *at;
		}
	}
	*out = '\0';
	return plain;
}

static const struct mapped *
find_file(struct blocks *blocks, const char *path)
{
	for (size_t i = 0; i < blocks->count && blocks->looks < LOOKS_MOST; i++) {
		size_t at = (blocks->cursor + i) % blocks->count;
		blocks->looks++;
		if (strcmp(blocks->files[at].name, path) == 0) {
			blocks->cursor = at + 1;
			return &blocks->files[at];
		}
	}
	return NULL;
}

/* Hold what was gathered against the next Block. */
static void
check_one(struct blocks *blocks)
{
	struct view tag, hash, has;
	struct buf bytes = {0};
	struct view part = view_of_buf(&blocks->block);
	struct digest digest;
	bool fine = next_tag(&blocks->rest, &tag) && tag_is(&tag, "Block") &&
		    tag_attribute(&tag, "Hash", &hash) &&
		    raw_base64(&hash, false, &bytes) == 0;
	digest_of(blocks->algorithm, &part, 1, &digest);
	has = view_of_buf(&bytes);
	if (!fine || !digest_is(&digest, &has))
		blocks->differs = true;
	buf_free(&bytes);
	buf_clear(&blocks->block);
}

/* The member has ended: is there as much of it as the map says? */
static void
finish_member(struct blocks *blocks)
{
	struct view tag;
	if (blocks->file != NULL) {
		if (blocks->block.size > 0)
			check_one(blocks);
		if (next_tag(&blocks->rest, &tag) && tag_is(&tag, "Block"))
			blocks->differs = true;
		char *shown = text_shown(blocks->path);
		if (blocks->differs || blocks->size != blocks->file->size)
			judgement_add(&blocks->entry->found, SIGNATURE_INVALID,
				      "the block map, which is signed, says other of "
				      "'%s'",
				      shown);
		blocks->checked++;
		free(shown);
	}
	blocks->file = NULL;
	blocks->size = 0;
	blocks->differs = false;
	free(blocks->path);
	blocks->path = NULL;
}

/* What the map cannot list, and what signing adds. */
static bool
is_listed_nowhere(const char *path)
{
	static const char *const names[] = {"[Content_Types].xml", "AppxBlockMap.xml",
					    "AppxSignature.p7x",
					    "AppxMetadata/CodeIntegrity.cat"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strcmp(path, names[i]) == 0)
			return true;
	}
	return false;
}

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct blocks *blocks = context;
	(void)err;
	finish_member(blocks);
	if (member->type == MEMBER_FOLDER)
		return 0;
	blocks->path = plain_path(member->path);
	blocks->file = find_file(blocks, blocks->path);
	if (blocks->file != NULL)
		blocks->rest = blocks->file->blocks;
	else if (!is_listed_nowhere(blocks->path) && blocks->unlisted++ < TOLD_MOST) {
		char *shown = text_shown(blocks->path);
		strings_addf(&blocks->entry->notes, "the block map does not list '%s'",
			     shown);
		free(shown);
	}
	return 0;
}

static int
on_data(void *context, const void *data, size_t count, struct err *err)
{
	struct blocks *blocks = context;
	const char *bytes = data;
	(void)err;
	blocks->size += blocks->file != NULL ? count : 0;
	while (blocks->file != NULL && count > 0) {
		size_t room = BLOCK - blocks->block.size;
		size_t part = count < room ? count : room;
		buf_append(&blocks->block, bytes, part);
		bytes += part;
		count -= part;
		if (blocks->block.size == BLOCK)
			check_one(blocks);
	}
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct blocks *blocks = context;
	struct view part;
	if (view_sub(blocks->package, offset, length, &part) == -1)
		return 0;
	return on_data(context, part.data, (size_t)part.size, err);
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	(void)context;
	(void)kind;
	(void)offset;
	(void)text;
	(void)err;
	return 0;
}

/* ---- the check -------------------------------------------------------------- */

static void
conclude(struct blocks *blocks)
{
	struct cms_entry *entry = blocks->entry;
	if (blocks->looks >= LOOKS_MOST)
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "the block map has too many names in no order");
	else if (blocks->checked < blocks->count)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the block map lists %zu files, of which the package "
			      "has %zu",
			      blocks->count, blocks->checked);
	if (blocks->unlisted > TOLD_MOST)
		strings_addf(&entry->notes, "the block map does not list %zu more",
			     blocks->unlisted - TOLD_MOST);
	char *text = base_format("%zu files held to their digests", blocks->checked);
	signature_fact(entry->json, "block map", text);
	free(text);
}

void
appx_blocks_check(const struct view *package, const struct view *xml,
		  struct cms_entry *entry)
{
	struct blocks blocks = {.package = package, .entry = entry};
	const struct member_sink sink = {&blocks, on_begin, on_slice, on_data, on_note};
	struct err trouble = {0};
	read_map(&blocks, xml);
	if (blocks.algorithm == NULL) {
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "the block map's digest method is not known here");
	} else {
		if (format_by_name("msix")->members(package, &sink, &trouble) == -1)
			judgement_add(&entry->found, SIGNATURE_NOT_CHECKED, "%s",
				      trouble.message);
		finish_member(&blocks);
		conclude(&blocks);
	}
	for (size_t i = 0; i < blocks.count; i++)
		free(blocks.files[i].name);
	free(blocks.files);
	free(blocks.path);
	buf_free(&blocks.block);
}
