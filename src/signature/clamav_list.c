/*
 * The list of a ClamAV database's members, NAME.info (libclamav/readdb.c, cli_loadinfo;
 * sigtool's writeinfo):
 *
 *	ClamAV-VDB:… the fields of the header, X for MD5 and signature
 *	NAME:SIZE:SHA-256 for each member
 *	DSIG:signature over all lines before
 *
 * The archive is read as it comes, member by member: a database holds more than fits
 * into memory. Only what libclamav reads is read: plain files with short names, no
 * links, no extensions.
 */
#include "signature/signature_private.h"

enum {
	BLOCK = 512, /* of a tar archive (POSIX.1-1988, 10.1.1) */
	NAME_SIZE = 100,
	SIZE_AT = 124,
	SIZE_DIGITS = 12,
	TYPE_AT = 156,
	MEMBERS_MOST = 4096, /* each line of the list looks for its member */
	LIST_MOST = 16 << 20,
};

struct listed {
	char name[NAME_SIZE + 1];
	uint64_t size;
	struct sha256 digest;
	bool vouched; /* a line of the list is about it */
};

struct clamav_list {
	struct listed *members;
	size_t count, room;
	bool found; /* the first *.info */
	struct buf text;
	/* where the reading is */
	struct hasher *hasher;
	uint8_t block[BLOCK];
	size_t have;            /* bytes of the block */
	uint64_t left, padding; /* of the member */
	bool taking;            /* the member is the list */
	bool ended;
};

/* ---- the archive ---------------------------------------------------------- */

static int
octal(const uint8_t *digits, size_t count, uint64_t *value)
{
	size_t i = 0;
	*value = 0;
	while (i < count && digits[i] == ' ')
		i++;
	for (; i < count && digits[i] >= '0' && digits[i] <= '7'; i++)
		*value = *value << 3 | (uint64_t)(digits[i] - '0');
	for (; i < count; i++) {
		if (digits[i] != ' ' && digits[i] != '\0')
			return -1;
	}
	return 0;
}

static bool
is_list_name(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && strcmp(dot, ".info") == 0;
}

static int
begin_member(struct clamav_list *list, struct err *err)
{
	uint8_t type = list->block[TYPE_AT];
	if (list->block[0] == '\0') {
		list->ended = true;
		return 0;
	}
	if (list->count == MEMBERS_MOST)
		return err_set(err, ERR_LIMIT, "more than %d members", MEMBERS_MOST);
	if (list->count == list->room) {
		list->room = list->room != 0 ? 2 * list->room : 64;
		list->members =
		    base_realloc(list->members, list->room, sizeof(*list->members));
	}
	struct listed *member = &list->members[list->count];
	memset(member, 0, sizeof(*member));
	memcpy(member->name, list->block, NAME_SIZE);
	if ((type != '0' && type != '\0') || strchr(member->name, '/') != NULL ||
	    octal(list->block + SIZE_AT, SIZE_DIGITS, &member->size) == -1)
		return err_set(err, ERR_INPUT,
			       "member %zu is no plain file as ClamAV reads them",
			       list->count);
	list->left = member->size;
	list->padding = (BLOCK - member->size % BLOCK) % BLOCK;
	list->taking = !list->found && is_list_name(member->name);
	list->found = list->found || list->taking;
	if (list->taking && list->left > LIST_MOST)
		return err_set(err, ERR_LIMIT, "the list of members is too long");
	list->count++;
	return 0;
}

static void
end_member(struct clamav_list *list)
{
	hasher_final(list->hasher, &list->members[list->count - 1].digest);
}

/* Take what belongs to a member's content or padding; how many bytes. */
static size_t
take_content(struct clamav_list *list, const uint8_t *bytes, size_t count)
{
	if (list->left > 0) {
		size_t taken = list->left < count ? (size_t)list->left : count;
		hasher_update(list->hasher, bytes, taken);
		if (list->taking)
			buf_append(&list->text, bytes, taken);
		list->left -= taken;
		return taken;
	}
	size_t taken = list->padding < count ? (size_t)list->padding : count;
	list->padding -= taken;
	return taken;
}

static size_t
take_header(struct clamav_list *list, const uint8_t *bytes, size_t count)
{
	size_t taken = BLOCK - list->have < count ? BLOCK - list->have : count;
	memcpy(list->block + list->have, bytes, taken);
	list->have += taken;
	return taken;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct clamav_list *list = context;
	const uint8_t *at = bytes;
	while (count > 0 && !list->ended) {
		bool inside = list->left > 0 || list->padding > 0;
		size_t taken = inside ? take_content(list, at, count)
				      : take_header(list, at, count);
		at += taken;
		count -= taken;
		if (list->have == BLOCK) {
			list->have = 0;
			if (begin_member(list, err) == -1)
				return -1;
			inside = true;
		}
		if (inside && list->left == 0 && list->padding == 0 && !list->ended)
			end_member(list);
	}
	return 0;
}

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	(void)context;
	(void)member;
	(void)err;
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	(void)context;
	(void)offset;
	(void)length;
	return err_set(err, ERR_INPUT, "the content is not compressed as it should be");
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	(void)context;
	if (kind == NOTE_REMARK)
		return 0;
	return err_set(err, ERR_INPUT, "at offset %ju of the content: %s",
		       (uintmax_t)offset, text);
}

struct clamav_list *
clamav_list_read(const struct view *content, bool packed, struct err *err)
{
	struct clamav_list *list = base_alloc(1, sizeof(*list));
	const struct member_sink sink = {list, on_begin, on_slice, on_data, on_note};
	list->hasher = hasher_new();
	int answer = packed ? format_by_name("gzip")->members(content, &sink, err)
			    : on_data(list, content->data, (size_t)content->size, err);
	if (answer == 0 && (list->left > 0 || list->padding > 0 || list->have > 0))
		answer = err_set(err, ERR_INPUT, "the archive is cut off");
	if (answer == 0)
		return list;
	clamav_list_free(list);
	return NULL;
}

void
clamav_list_free(struct clamav_list *list)
{
	if (list == NULL)
		return;
	hasher_free(list->hasher);
	buf_free(&list->text);
	free(list->members);
	free(list);
}

/* ---- its lines ------------------------------------------------------------ */

/* The lines that are signed, and the signature; false when there is none. */
static bool
split(const struct clamav_list *list, struct view *lines, struct view *letters)
{
	struct view text = view_of_buf(&list->text), rest = text, line;
	while (raw_line(&rest, &line) == 0) {
		if (raw_after(&line, "DSIG:", letters)) {
			uint64_t size = (uint64_t)(line.data - text.data);
			return view_sub(&text, 0, size, lines) == 0;
		}
	}
	return false;
}

bool
clamav_list_is_signed(const struct clamav_list *list)
{
	struct view lines, letters;
	return split(list, &lines, &letters);
}

/* Take a field off `rest`, up to a colon or the end. */
static void
take_field(struct view *rest, struct view *field)
{
	uint64_t colon;
	if (view_find(rest, 0, ":", 1, &colon) == -1)
		colon = rest->size;
	view_sub(rest, 0, colon, field);
	*rest = view_from(rest, colon + 1);
}

/* Do the fields that libclamav compares say the same (libclamav/cvd.c, cli_cvdload)? */
static bool
headers_agree(const struct view *a, const struct view *b)
{
	/* version, count of signatures, level, seconds */
	static const bool compared[] = {false, false, true,  true, true,
					false, false, false, true};
	struct view left = *a, right = *b, one, other;
	for (size_t i = 0; i < ARRAY_COUNT(compared); i++) {
		take_field(&left, &one);
		take_field(&right, &other);
		while (one.size > 0 && one.data[one.size - 1] == ' ')
			one.size--; /* the header is filled up with blanks */
		if (compared[i] && !view_equal(&one, &other))
			return false;
	}
	return true;
}

/* The member that a line is about; NULL when there is none of that name. */
static struct listed *
member_named(const struct clamav_list *list, const struct view *name, size_t *count)
{
	struct listed *found = NULL;
	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		struct listed *member = &list->members[i];
		if (strlen(member->name) == name->size &&
		    view_has(name, 0, member->name, (size_t)name->size)) {
			found = member;
			++*count;
		}
	}
	return found;
}

static void
check_line(const struct clamav_list *list, const struct view *line,
	   struct judgement *found)
{
	struct view rest = *line, name, size, digest;
	char hex[SHA256_HEX], digits[24];
	size_t count;
	take_field(&rest, &name);
	take_field(&rest, &size);
	take_field(&rest, &digest);
	char *shown = text_shown_n(name.data, (size_t)name.size);
	struct listed *member = member_named(list, &name, &count);
	if (count != 1) {
		judgement_add(found, SIGNATURE_INVALID,
			      "the list names '%s', of which there are %zu", shown,
			      count);
	} else {
		int length =
		    snprintf(digits, sizeof(digits), "%ju", (uintmax_t)member->size);
		sha256_hex(&member->digest, hex);
		member->vouched = true;
		if (rest.size != 0 || digest.size != SHA256_HEX - 1 ||
		    !view_has(&digest, 0, hex, SHA256_HEX - 1) ||
		    size.size != (uint64_t)length ||
		    !view_has(&size, 0, digits, (size_t)length))
			judgement_add(found, SIGNATURE_INVALID,
				      "member '%s' is another one than the list says",
				      shown);
	}
	free(shown);
}

/* Every line but the first one; bounded by the number of members. */
static void
check_lines(const struct clamav_list *list, struct view lines,
	    const struct view *header, struct judgement *found)
{
	struct view line;
	size_t count = 0;
	if (raw_line(&lines, &line) == -1 || !headers_agree(header, &line))
		judgement_add(found, SIGNATURE_INVALID,
			      "the header says another version, count, level or time "
			      "than the signed list");
	while (raw_line(&lines, &line) == 0) {
		if (count++ == list->count) {
			judgement_add(found, SIGNATURE_INVALID,
				      "the list has more lines than there are "
				      "members");
			return;
		}
		check_line(list, &line, found);
	}
	if (lines.size != 0)
		judgement_add(found, SIGNATURE_INVALID, "malformed list of members");
}

/* Which members nobody vouches for; the list itself is signed as it stands. */
static void
tell_uncovered(const struct clamav_list *list, struct cms_entry *entry)
{
	json_t *uncovered = json_array(), *coverage = json_object();
	bool own = false;
	for (size_t i = 0; i < list->count; i++) {
		const struct listed *member = &list->members[i];
		if (!own && is_list_name(member->name)) {
			own = true;
			continue;
		}
		if (member->vouched)
			continue;
		char *shown = text_shown(member->name);
		json_array_append_new(uncovered, json_string(shown));
		free(shown);
	}
	json_object_set_new(
	    entry->json, "covers",
	    json_string(json_array_size(uncovered) == 0 ? "all" : "part"));
	json_object_set_new(coverage, "uncovered", uncovered);
	json_object_set_new(entry->json, "coverage", coverage);
}

void
clamav_list_check(const struct clamav_list *list, const struct view *header,
		  struct cms_entry *entry)
{
	struct view lines, letters, rest;
	struct sha256 digest;
	split(list, &lines, &letters);
	sha256_of(lines.data, (size_t)lines.size, &digest);
	const struct clamav_claim claim = {.letters = letters,
					   .form = CLAMAV_PSS,
					   .known = CLAMAV_LISTS,
					   .digest =
					       view_of(digest.bytes, SHA256_SIZE)};
	struct digest value = {.size = SHA256_SIZE};
	memcpy(value.bytes, digest.bytes, SHA256_SIZE);
	cms_entry_digest(entry, digest_by_oid("2.16.840.1.101.3.4.2.1"), NULL, &value);
	clamav_claim_check(&claim, entry);
	rest = view_of_buf(&list->text);
	rest = view_from(&rest, (uint64_t)(letters.data - rest.data) + letters.size);
	if (rest.size > 1) /* libclamav stops at the signature: nothing reads them */
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "%ju bytes behind the signature of the list",
			      (uintmax_t)rest.size);
	check_lines(list, lines, header, &entry->found);
	tell_uncovered(list, entry);
}
