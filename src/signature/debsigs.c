/*
 * Signatures inside Debian packages: ar members whose names begin with "_gpg".
 * debsigs(1) signs debian-binary, the control and the data archive, one after the
 * other; dpkg-sig(1) signs a list of their MD5 and SHA-1. dpkg itself checks neither:
 * Debian's own chain goes through the archive's Release file.
 */
#include "signature/signature_private.h"

#define MEMBERS_MOST 64

struct part {
	char *name;
	struct view content;
	bool whole; /* in one piece */
};

struct parts {
	const struct view *file;
	struct part items[MEMBERS_MOST];
	size_t count;
	bool many;
};

/* ---- the members ------------------------------------------------------- */

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct parts *parts = context;
	(void)err;
	if (parts->count == MEMBERS_MOST) {
		parts->many = true;
		return 0;
	}
	struct part *part = &parts->items[parts->count++];
	*part = (struct part){base_strdup(member->path), {NULL, 0}, true};
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct parts *parts = context;
	if (parts->many || parts->count == 0)
		return 0;
	struct part *part = &parts->items[parts->count - 1];
	if (part->content.data != NULL)
		part->whole = false;
	if (view_sub(parts->file, offset, length, &part->content) == -1)
		return err_set(err, ERR_INPUT, "a member past the end of the file");
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct parts *parts = context;
	(void)bytes;
	(void)count;
	(void)err;
	if (parts->count > 0)
		parts->items[parts->count - 1].whole = false;
	return 0;
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

static void
parts_free(struct parts *parts)
{
	for (size_t i = 0; i < parts->count; i++)
		free(parts->items[i].name);
}

static bool
is_signature(const struct part *part)
{
	return strncmp(part->name, "_gpg", 4) == 0;
}

static bool
starts_with(const char *name, const char *stem)
{
	return strncmp(name, stem, strlen(stem)) == 0;
}

/* ---- what is signed ---------------------------------------------------- */

static const char *const stems[] = {"debian-binary", "control.tar", "data.tar"};

static bool
is_signed(const struct part *part)
{
	for (size_t i = 0; i < ARRAY_COUNT(stems); i++) {
		if (starts_with(part->name, stems[i]))
			return true;
	}
	return false;
}

/* The three parts that debsigs signs; false when there are not just these. */
static bool
signed_parts(const struct parts *parts, struct view signed_views[3])
{
	size_t found = 0;
	for (size_t i = 0; i < parts->count; i++) {
		if (is_signature(&parts->items[i]))
			continue;
		if (found == 3 || !starts_with(parts->items[i].name, stems[found]) ||
		    !parts->items[i].whole)
			return false;
		signed_views[found++] = parts->items[i].content;
	}
	return found == 3 && !parts->many;
}

/* One line of dpkg-sig's list, "MD5 SHA-1 size name": does a part of the package
 * bear it out? */
static bool
line_holds(const struct parts *parts, const struct view *line)
{
	char *text = base_strndup((const char *)line->data, (size_t)line->size);
	char md5[33], sha1[41], name[256];
	unsigned long long size;
	bool holds = false;
	if (sscanf(text, " %32[0-9a-f] %40[0-9a-f] %llu %255s", md5, sha1, &size,
		   name) == 4) {
		for (size_t i = 0; i < parts->count && !holds; i++) {
			const struct part *part = &parts->items[i];
			uint8_t digest[64];
			char hex[129];
			if (strcmp(part->name, name) != 0 || !part->whole ||
			    part->content.size != size ||
			    raw_digest("SHA1", &part->content, digest) != 20)
				continue;
			hex_encode(digest, 20, hex);
			if (strcmp(hex, sha1) != 0 ||
			    raw_digest("MD5", &part->content, digest) != 16)
				continue;
			hex_encode(digest, 16, hex);
			holds = strcmp(hex, md5) == 0;
		}
	}
	free(text);
	return holds;
}

/* How many parts dpkg-sig's list names, all of them borne out; 0 when one is not. */
static size_t
list_holds(const struct parts *parts, const struct view *text)
{
	struct view rest = *text, line;
	bool inside = false;
	size_t count = 0;
	while (raw_line(&rest, &line) == 0) {
		if (view_has(&line, 0, "Files:", 6))
			inside = true;
		else if (line.size == 0 ||
			 (line.data[0] != ' ' && line.data[0] != '\t'))
			inside = false;
		else if (inside && !line_holds(parts, &line))
			return 0;
		else if (inside)
			count++;
	}
	return count;
}

/* ---- entries ------------------------------------------------------------ */

struct checking {
	const struct parts *parts;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

/* The members that a signature can be over, the signatures, and what ar says of each,
 * which nobody signs. */
static void
cover(const struct parts *parts, json_t *entry)
{
	struct map *map = format_map(format_by_name("deb"), parts->file, NULL);
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		const struct part *part =
		    extent->member < parts->count ? &parts->items[extent->member] : NULL;
		if (extent->tag != EXTENT_CONTENT)
			coverage_add(entry, extent->offset, extent->length,
				     COVERAGE_STRUCTURAL, "ar headers");
		else if (part != NULL && is_signature(part))
			coverage_add(entry, extent->offset, extent->length,
				     COVERAGE_SIGNATURE, part->name);
		else if (part != NULL && is_signed(part))
			coverage_add(entry, extent->offset, extent->length,
				     COVERAGE_SIGNED, part->name);
	}
	map_free(map);
}

/* Give the entries of one member their scheme and place, and what else is against them.
 */
static void
settle(struct checking *checking, const struct part *part, size_t before,
       enum signature_status against, const char *reason)
{
	char *name = text_shown(part->name);
	struct judgement found = {0};
	judgement_add(&found, against, "%s", reason);
	for (size_t i = before; i < json_array_size(checking->signatures); i++) {
		json_t *entry = json_array_get(checking->signatures, i);
		char *index = base_format("%zu", checking->count++);
		char *where = base_format("ar member %s", name);
		json_object_set_new(entry, "scheme", json_string("debsigs"));
		json_object_set_new(entry, "format", json_string("deb"));
		json_object_set_new(entry, "index", json_string(index));
		json_object_set_new(entry, "where", json_string(where));
		json_object_set_new(entry, "covers", json_string("all"));
		cover(checking->parts, entry);
		judgement_settle(&found, entry, checking->status);
		free(index);
		free(where);
	}
	judgement_free(&found);
	free(name);
}

static int
check_list(struct checking *checking, const struct part *part, struct err *err)
{
	enum signature_status status;
	struct buf text = {0}, packets = {0};
	struct err malformed = {0};
	size_t before = json_array_size(checking->signatures), count, named = 0;
	if (openpgp_check_cleartext(&part->content, checking->path, checking->trust,
				    checking->signatures, &status, err) == -1)
		return -1;
	if (openpgp_frame_cleartext(&part->content, &text, &packets, &count,
				    &malformed) == 0) {
		struct view list = view_of_buf(&text);
		named = list_holds(checking->parts, &list);
	}
	buf_free(&text);
	buf_free(&packets);
	if (named >= 3)
		settle(checking, part, before, SIGNATURE_WEAK,
		       "the list that is signed names MD5 and SHA-1 alone");
	else
		settle(checking, part, before, SIGNATURE_INVALID,
		       "the list that is signed is not that of this package's parts");
	return 0;
}

static int
check_part(struct checking *checking, const struct part *part, struct err *err)
{
	enum signature_status status;
	struct view views[3];
	size_t before = json_array_size(checking->signatures);
	if (openpgp_is_cleartext(&part->content))
		return check_list(checking, part, err);
	bool fine = signed_parts(checking->parts, views) && part->whole;
	if (openpgp_check_parts(views, fine ? 3 : 0, checking->path, &part->content,
				checking->trust, checking->signatures, &status,
				err) == -1)
		return -1;
	settle(checking, part, before, fine ? SIGNATURE_VALID : SIGNATURE_INVALID,
	       "the package holds other parts than the three that are signed");
	return 0;
}

/* ---- the row ------------------------------------------------------------ */

static bool
debsigs_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format != NULL && strcmp(format->name, "deb") == 0;
}

static int
debsigs_check(const struct view *file, const char *path, const struct trust *trust,
	      json_t *signatures, enum signature_status *status, struct err *err)
{
	struct parts parts = {.file = file};
	const struct member_sink sink = {&parts, on_begin, on_slice, on_data, on_note};
	struct checking checking = {&parts, path, trust, signatures, status, 0};
	struct judgement found = {0};
	struct err trouble = {0};
	int answer = 0;
	*status = SIGNATURE_VALID;
	if (format_by_name("deb")->members(file, &sink, &trouble) == -1)
		judgement_add(&found, SIGNATURE_NOT_CHECKED, "%s", trouble.message);
	for (size_t i = 0; i < parts.count && answer == 0; i++) {
		if (is_signature(&parts.items[i]))
			answer = check_part(&checking, &parts.items[i], err);
	}
	if (answer == 0 && (checking.count == 0 || found.status != SIGNATURE_VALID)) {
		enum signature_status one;
		if (found.status == SIGNATURE_VALID)
			judgement_add(&found, SIGNATURE_UNSIGNED,
				      "no signature in the package; Debian signs its "
				      "archive's Release file");
		json_t *entry =
		    judgement_entry(&found, signatures, path, "debsigs", "0", &one);
		json_object_set_new(entry, "format", json_string("deb"));
		signature_worsen(status, one);
	}
	judgement_free(&found);
	parts_free(&parts);
	return answer;
}

/* Most packages have none. */
const struct scheme scheme_debsigs = {"debsigs", false, debsigs_knows, debsigs_check};
