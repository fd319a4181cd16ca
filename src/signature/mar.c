/*
 * The signatures of Mozilla's update archives (modules/libmar/verify/mar_verify.c):
 * over all of the file but the bytes of the signatures themselves; their number,
 * algorithms and sizes are signed. They name no key: those that the user gave are
 * tried.
 */
#include "signature/signature_private.h"

enum {
	SIZE_AT = 8,
	COUNT_AT = 16,
	BLOCK_AT = 20,
	HEAD = 8,
	SIGNATURES_MOST = 8,
	SIGNATURE_MOST = 2048,
};

/* libmar's algorithm ids. */
static const struct {
	const char *digest, *oid, *name;
} algorithms[] = {
    [1] = {"SHA1", "1.3.14.3.2.26", "RSA-PKCS1-SHA1"},
    [2] = {"SHA384", "2.16.840.1.101.3.4.2.2", "RSA-PKCS1-SHA384"},
};

struct mar {
	struct view file;
	struct view signatures[SIGNATURES_MOST];
	uint32_t algorithms[SIGNATURES_MOST];
	uint32_t count;
	/* what is signed: pieces between the signatures */
	struct view parts[SIGNATURES_MOST + 1];
	uint64_t signed_from; /* behind the last signature */
	struct view product;  /* channel and version, NUL after each */
	struct digest digests[ARRAY_COUNT(algorithms)]; /* of size 0: not computed */
	struct judgement found;
};

/* ---- the archive ---------------------------------------------------------- */

/* The members must lie in what is signed. */
static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct mar *mar = context;
	(void)length;
	(void)err;
	if (mar->count > 0 && offset < mar->signed_from)
		judgement_add(&mar->found, SIGNATURE_INVALID,
			      "a member lies where the signatures do, which nobody "
			      "signed");
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
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	(void)context;
	(void)bytes;
	(void)count;
	(void)err;
	return 0;
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	struct mar *mar = context;
	(void)err;
	if (kind == NOTE_SUSPECT)
		judgement_add(&mar->found, SIGNATURE_INVALID, "at offset %ju: %s",
			      (uintmax_t)offset, text);
	return 0;
}

/* Cut the file at its signatures; false when the format's row would not read it so. */
static bool
read_signatures(struct mar *mar)
{
	uint64_t at = BLOCK_AT, from = 0;
	if (view_u32be(&mar->file, COUNT_AT, &mar->count) == -1 ||
	    mar->count > SIGNATURES_MOST)
		return false;
	for (uint32_t i = 0; i < mar->count; i++) {
		uint32_t size;
		if (view_u32be(&mar->file, at, &mar->algorithms[i]) == -1 ||
		    view_u32be(&mar->file, at + 4, &size) == -1 ||
		    size > SIGNATURE_MOST ||
		    view_sub(&mar->file, at + HEAD, size, &mar->signatures[i]) == -1 ||
		    view_sub(&mar->file, from, at + HEAD - from, &mar->parts[i]) == -1)
			return false;
		at += HEAD + size;
		from = at;
	}
	mar->parts[mar->count] = view_from(&mar->file, from);
	mar->signed_from = at;
	return true;
}

/* Whether it has signatures, and where its product information is, says the map. */
static bool
mar_read(struct mar *mar, struct err *trouble)
{
	const struct format *format = format_by_name("mar");
	const struct member_sink sink = {mar, on_begin, on_slice, on_data, on_note};
	struct map *map = format_map(format, &mar->file, trouble);
	bool modern = false;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		modern = modern || strcmp(extent->name, "mar signature count") == 0;
		if (mar->product.data == NULL && extent->length > HEAD &&
		    strcmp(extent->name, "mar product information") == 0)
			view_sub(&mar->file, extent->offset + HEAD,
				 extent->length - HEAD, &mar->product);
	}
	map_free(map);
	if (trouble->kind != ERR_NONE || (modern && !read_signatures(mar)))
		return false;
	return format->members(&mar->file, &sink, trouble) == 0;
}

/* ---- entries -------------------------------------------------------------- */

struct checking {
	struct mar *mar;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
};

static struct cms_entry
begin(const struct checking *checking, size_t number, const char *where)
{
	struct cms_entry entry = {.trust = checking->trust};
	char index[24];
	snprintf(index, sizeof(index), "%zu", number);
	entry.json = signature_entry(checking->signatures, checking->path, "mar", index,
				     SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("mar"));
	if (where != NULL)
		json_object_set_new(entry.json, "where", json_string(where));
	return entry;
}

/* Channel and version, which the signature is over. */
static void
tell_product(const struct mar *mar, json_t *entry)
{
	const char *channel, *version;
	if (view_string(&mar->product, 0, 64, &channel) == -1 ||
	    view_string(&mar->product, strlen(channel) + 1, 32, &version) == -1)
		return;
	char *shown = text_shown(channel);
	signature_fact(entry, "channel", shown);
	free(shown);
	shown = text_shown(version);
	signature_fact(entry, "product version", shown);
	free(shown);
}

static void
cover(const struct mar *mar, json_t *entry)
{
	for (uint32_t i = 0; i <= mar->count; i++)
		coverage_add(entry, (uint64_t)(mar->parts[i].data - mar->file.data),
			     mar->parts[i].size, COVERAGE_SIGNED,
			     i == mar->count ? "sections, contents, index" : "head");
	for (uint32_t i = 0; i < mar->count; i++)
		coverage_add(entry,
			     (uint64_t)(mar->signatures[i].data - mar->file.data),
			     mar->signatures[i].size, COVERAGE_SIGNATURE, "signature");
	json_object_set_new(entry, "covers", json_string("all"));
}

/* Try the user's RSA keys of that size; *tried says how many there were. */
static bool
find_key(const struct checking *checking, size_t number, uint32_t id,
	 struct raw_key *key, size_t *tried)
{
	const struct mar *mar = checking->mar;
	const struct view *signature = &mar->signatures[number];
	*tried = 0;
	for (size_t i = 0; i < checking->trust->key_count; i++) {
		if (raw_key_of_file(&checking->trust->keys[i], key) == -1)
			continue;
		if (EVP_PKEY_get_base_id(key->key) == EVP_PKEY_RSA &&
		    (uint64_t)EVP_PKEY_get_size(key->key) == signature->size) {
			++*tried;
			if (raw_verify_digest(key->key, algorithms[id].digest,
					      &mar->digests[id], signature))
				return true;
		}
		raw_key_clear(key);
	}
	return false;
}

static void
check_key(const struct checking *checking, size_t number, uint32_t id,
	  struct cms_entry *entry)
{
	struct raw_key key = {0};
	size_t tried;
	if (find_key(checking, number, id, &key, &tried)) {
		raw_key_judge_strength(&key, &entry->found);
		json_object_set_new(entry->json, "key", raw_key_tell(&key, NULL));
	} else if (tried == 0) {
		judgement_add(&entry->found, SIGNATURE_UNTRUSTED,
			      "no RSA key of its size, %ju bytes, was given",
			      (uintmax_t)checking->mar->signatures[number].size);
	} else {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the signature does not fit: the archive, the signature "
			      "or the key that made it is another one");
	}
	raw_key_clear(&key);
}

static void
check_signature(const struct checking *checking, size_t number)
{
	const struct mar *mar = checking->mar;
	uint32_t id = mar->algorithms[number];
	char *where =
	    base_format("behind the head, at offset %ju",
			(uintmax_t)(mar->signatures[number].data - mar->file.data));
	struct cms_entry entry = begin(checking, number, where);
	judgement_merge(&entry.found, &mar->found);
	tell_product(mar, entry.json);
	cover(mar, entry.json);
	if (id >= ARRAY_COUNT(algorithms) || algorithms[id].digest == NULL) {
		judgement_add(&entry.found, SIGNATURE_NOT_CHECKED,
			      "algorithm %u is not known here", id);
	} else {
		const struct digest_algorithm *known =
		    digest_by_oid(algorithms[id].oid);
		signature_fact(entry.json, "algorithm", algorithms[id].name);
		struct digest *digest = &checking->mar->digests[id];
		if (digest->size == 0)
			digest_of(known, mar->parts, mar->count + 1, digest);
		cms_entry_digest(&entry, known, NULL, digest);
		check_key(checking, number, id, &entry);
	}
	cms_entry_conclude(&entry, checking->status);
	free(where);
}

static bool
mar_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "mar");
}

static int
mar_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct mar mar = {.file = *file};
	const struct checking checking = {&mar, path, trust, signatures, status};
	struct err trouble = {0};
	(void)err;
	*status = SIGNATURE_VALID;
	bool fine = mar_read(&mar, &trouble);
	if (!fine || mar.count == 0) {
		struct cms_entry entry = begin(&checking, 0, NULL);
		if (fine)
			judgement_add(&entry.found, SIGNATURE_UNSIGNED,
				      "no signature in the archive");
		else
			judgement_add(&entry.found, SIGNATURE_INVALID, "malformed: %s",
				      trouble.message);
		cms_entry_conclude(&entry, status);
	}
	for (size_t i = 0; fine && i < mar.count; i++)
		check_signature(&checking, i);
	judgement_free(&mar.found);
	return 0;
}

const struct scheme scheme_mar = {"mar", true, mar_knows, mar_check};
