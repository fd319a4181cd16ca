/*
 * The signatures of RPM packages (rpm's docs/manual/format_v4.md and format_v6.md):
 *
 *	lead (96) | signature header, padded to 8 | main header | payload
 *
 * OpenPGP signatures stand in the signature header, which nobody signs. Those of today
 * are over the main header, which holds a digest of the payload; older ones are over
 * header and payload. So a package is signed as a whole when a signature over
 * the header holds, the header is all one immutable region, and its payload digest is
 * that of the payload; or when a signature over both holds.
 */
#include "signature/signature_private.h"

enum {
	LEAD_SIZE = 96,
	INTRO_SIZE = 16, /* magic, reserved, counts */
	ENTRY_SIZE = 16,
	ENTRIES_MOST = 65535,
	STORE_MOST = 256 << 20,
	SIGNATURES_MOST = 64,
	/* rpmtag.h */
	TAG_REGION_SIGNATURES = 62,
	TAG_REGION_IMMUTABLE = 63,
	TAG_DSA = 267,
	TAG_RSA = 268,
	TAG_SHA1 = 269,
	TAG_SHA256 = 273,
	TAG_OPENPGP = 278,
	TAG_SHA3_256 = 279,
	TAG_PGP = 1002,
	TAG_MD5 = 1004,
	TAG_GPG = 1005,
	TAG_PAYLOAD_DIGEST = 5092,
	TAG_PAYLOAD_DIGEST_ALGORITHM = 5093,
	TAG_PAYLOAD_SHA512 = 5121,
	TAG_PAYLOAD_SHA3_256 = 5123,
	/* rpmtd.h */
	TYPE_INT32 = 4,
	TYPE_STRING = 6,
	TYPE_BIN = 7,
	TYPE_STRINGS = 8,
};

static const uint8_t magic[] = {0x8e, 0xad, 0xe8, 0x01, 0, 0, 0, 0};

struct header {
	struct view whole; /* with its magic */
	struct view store;
	uint32_t count;
};

struct entry {
	uint32_t tag, type, offset, count;
};

struct package {
	struct header signatures, main;
	struct view payload;
	struct judgement found; /* against every signature of it */
	bool region;            /* the main header is one signed region */
	bool payload_digest;    /* and its payload digest holds */
	struct strings notes;
};

/* ---- headers ----------------------------------------------------------- */

static int
header_read(const struct view *file, uint64_t offset, struct header *header)
{
	uint32_t store;
	if (!view_has(file, offset, magic, sizeof(magic)) ||
	    view_u32be(file, offset + 8, &header->count) == -1 ||
	    view_u32be(file, offset + 12, &store) == -1 || header->count == 0 ||
	    header->count > ENTRIES_MOST || store > STORE_MOST)
		return -1;
	uint64_t index = (uint64_t)header->count * ENTRY_SIZE;
	if (view_sub(file, offset, INTRO_SIZE + index + store, &header->whole) == -1)
		return -1;
	return view_sub(&header->whole, INTRO_SIZE + index, store, &header->store);
}

static void
entry_at(const struct header *header, uint32_t index, struct entry *entry)
{
	uint64_t at = INTRO_SIZE + (uint64_t)index * ENTRY_SIZE;
	memset(entry, 0, sizeof(*entry));
	view_u32be(&header->whole, at, &entry->tag);
	view_u32be(&header->whole, at + 4, &entry->type);
	view_u32be(&header->whole, at + 8, &entry->offset);
	view_u32be(&header->whole, at + 12, &entry->count);
}

/* The one entry of that tag: 1; none: 0; several: -1, as readers would differ. */
static int
entry_find(const struct header *header, uint32_t tag, struct entry *entry)
{
	int found = 0;
	for (uint32_t i = 0; i < header->count; i++) {
		struct entry one;
		entry_at(header, i, &one);
		if (one.tag != tag)
			continue;
		if (found != 0)
			return -1;
		*entry = one;
		found = 1;
	}
	return found;
}

/* The string with that number of an entry; -1 when it is not all inside. */
static int
entry_string(const struct header *header, const struct entry *entry, uint32_t number,
	     struct view *string)
{
	uint64_t at = entry->offset, end;
	if (entry->type != TYPE_STRING && entry->type != TYPE_STRINGS)
		return -1;
	for (uint32_t i = 0; number < entry->count; i++) {
		if (view_find(&header->store, at, "", 1, &end) == -1 ||
		    view_sub(&header->store, at, end - at, string) == -1)
			return -1;
		if (i == number)
			return 0;
		at = end + 1;
	}
	return -1;
}

static int
entry_bytes(const struct header *header, const struct entry *entry, struct view *bytes)
{
	if (entry->type != TYPE_BIN)
		return -1;
	return view_sub(&header->store, entry->offset, entry->count, bytes);
}

/*
 * Is all of the header one region (rpm's lib/header.c, "regions")? The region's entry
 * stands first and points at its trailer at the end of the store, whose offset says
 * how many entries belong to it. What stands behind it is signed by nobody.
 */
static bool
header_is_region(const struct header *header, uint32_t tag)
{
	struct entry entry;
	uint32_t trailer_tag, type, offset, count;
	entry_at(header, 0, &entry);
	if (entry.tag != tag || entry.type != TYPE_BIN || entry.count != ENTRY_SIZE ||
	    (uint64_t)entry.offset + ENTRY_SIZE != header->store.size ||
	    view_u32be(&header->store, entry.offset, &trailer_tag) == -1 ||
	    view_u32be(&header->store, (uint64_t)entry.offset + 4, &type) == -1 ||
	    view_u32be(&header->store, (uint64_t)entry.offset + 8, &offset) == -1 ||
	    view_u32be(&header->store, (uint64_t)entry.offset + 12, &count) == -1)
		return false;
	return trailer_tag == tag && type == TYPE_BIN && count == ENTRY_SIZE &&
	       offset == (uint32_t)0 - header->count * ENTRY_SIZE;
}

/* ---- digests ----------------------------------------------------------- */

static bool
hex_is(const struct view *hex, const uint8_t *bytes, size_t size)
{
	char text[129];
	if (hex->size != 2 * size || 2 * size + 1 > sizeof(text))
		return false;
	hex_encode(bytes, size, text);
	return view_has(hex, 0, text, 2 * size);
}

/* Does a digest in hexadecimal hold over these bytes? 1, 0, or -1: it is not there. */
static int
digest_holds(const struct header *header, uint32_t tag, const char *algorithm,
	     const struct view *bytes)
{
	struct entry entry;
	struct view hex;
	uint8_t digest[64];
	int found = entry_find(header, tag, &entry);
	if (found == 0)
		return -1;
	int size = raw_digest(algorithm, bytes, digest);
	return found == 1 && size > 0 && entry_string(header, &entry, 0, &hex) == 0 &&
	       hex_is(&hex, digest, (size_t)size);
}

static void
check_digest(struct package *package, const struct header *header, uint32_t tag,
	     const char *algorithm, const struct view *bytes, const char *of,
	     bool *holds)
{
	int answer = digest_holds(header, tag, algorithm, bytes);
	if (answer == -1)
		return;
	if (answer == 1)
		*holds = true;
	else
		judgement_add(&package->found, SIGNATURE_INVALID,
			      "the %s of the %s is another one", algorithm, of);
}

/* The digest of the payload that the main header holds: RFC 9580, 9.5, numbers. */
static void
check_payload(struct package *package)
{
	static const struct {
		uint32_t number;
		const char *name;
	} algorithms[] = {{8, "SHA256"},
			  {9, "SHA384"},
			  {10, "SHA512"},
			  {12, "SHA3-256"},
			  {14, "SHA3-512"}};
	struct entry entry;
	uint32_t number = 8;
	const char *name = NULL;
	if (entry_find(&package->main, TAG_PAYLOAD_DIGEST_ALGORITHM, &entry) == 1 &&
	    entry.type == TYPE_INT32)
		view_u32be(&package->main.store, entry.offset, &number);
	for (size_t i = 0; i < ARRAY_COUNT(algorithms); i++) {
		if (algorithms[i].number == number)
			name = algorithms[i].name;
	}
	bool *holds = &package->payload_digest;
	if (name != NULL)
		check_digest(package, &package->main, TAG_PAYLOAD_DIGEST, name,
			     &package->payload, "payload", holds);
	check_digest(package, &package->main, TAG_PAYLOAD_SHA512, "SHA512",
		     &package->payload, "payload", holds);
	check_digest(package, &package->main, TAG_PAYLOAD_SHA3_256, "SHA3-256",
		     &package->payload, "payload", holds);
}

/* The signature header's digests: nobody signed them, but one that is false shows
 * a package that was changed. */
static void
check_header_digests(struct package *package, const struct view *file)
{
	struct entry entry;
	struct view bytes, both;
	uint8_t digest[64];
	bool unused = false;
	const struct header *from = &package->signatures;
	check_digest(package, from, TAG_SHA1, "SHA1", &package->main.whole, "header",
		     &unused);
	check_digest(package, from, TAG_SHA256, "SHA256", &package->main.whole,
		     "header", &unused);
	check_digest(package, from, TAG_SHA3_256, "SHA3-256", &package->main.whole,
		     "header", &unused);
	both = view_from(file,
			 file->size - package->payload.size - package->main.whole.size);
	if (entry_find(from, TAG_MD5, &entry) == 1 &&
	    (entry_bytes(from, &entry, &bytes) == -1 || bytes.size != 16 ||
	     raw_digest("MD5", &both, digest) != 16 ||
	     !view_has(&bytes, 0, digest, 16)))
		judgement_add(&package->found, SIGNATURE_INVALID,
			      "the MD5 of header and payload is another one");
}

/* ---- the package ------------------------------------------------------- */

static int
package_read(const struct view *file, struct package *package)
{
	if (header_read(file, LEAD_SIZE, &package->signatures) == -1)
		return -1;
	uint64_t end = LEAD_SIZE + package->signatures.whole.size;
	uint64_t main = (end + 7) / 8 * 8;
	struct view padding;
	if (view_sub(file, end, main - end, &padding) == -1 ||
	    header_read(file, main, &package->main) == -1)
		return -1;
	package->payload = view_from(file, main + package->main.whole.size);
	if (!view_is_zero(&padding))
		judgement_add(&package->found, SIGNATURE_INVALID,
			      "the padding behind the signature header is not zero");
	if (!header_is_region(&package->signatures, TAG_REGION_SIGNATURES))
		strings_add(&package->notes,
			    "the signature header has entries outside of its region");
	package->region = header_is_region(&package->main, TAG_REGION_IMMUTABLE);
	check_header_digests(package, file);
	check_payload(package);
	return 0;
}

/* ---- signatures -------------------------------------------------------- */

/* The signatures of one file on their way to entries. */
struct checking {
	const struct view *file;
	const struct package *package;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

static const struct {
	uint32_t tag;
	const char *name;
	bool payload; /* over header and payload */
} kinds[] = {
    {TAG_OPENPGP, "OpenPGP", false}, {TAG_RSA, "RSA header", false},
    {TAG_DSA, "DSA header", false},  {TAG_PGP, "PGP", true},
    {TAG_GPG, "GPG", true},
};

/* The bytes that one signature is over, directly or through the payload's digest; of the
 * signature header the format's map says what is what. */
static void
cover_entry(const struct checking *checking, json_t *entry, bool payload)
{
	const struct package *package = checking->package;
	const struct view *file = checking->file;
	const struct view *main = &package->main.whole;
	struct map *map = format_map(format_by_name("rpm"), file, NULL);
	uint64_t content = file->size - package->payload.size;
	uint64_t start = content - main->size;
	coverage_add(entry, start, main->size, COVERAGE_SIGNED, "header");
	if (payload || package->payload_digest)
		coverage_add(entry, content, package->payload.size, COVERAGE_SIGNED,
			     "payload");
	coverage_add(entry, 0, LEAD_SIZE, COVERAGE_STRUCTURAL, "lead");
	for (size_t i = 0; i < map->count && map->extents[i].offset < start; i++) {
		const struct extent *extent = &map->extents[i];
		if (extent->tag == EXTENT_PADDING)
			coverage_add_zeros(entry, file, extent->offset, extent->length,
					   "reserved space");
		else if (extent->tag == EXTENT_SIGNATURE)
			coverage_add(entry, extent->offset, extent->length,
				     COVERAGE_SIGNATURE, "signature");
		else if (extent->tag == EXTENT_METADATA || extent->tag == EXTENT_DERIVED)
			coverage_add(entry, extent->offset, extent->length,
				     COVERAGE_STRUCTURAL, "signature header");
	}
	map_free(map);
}

/* What this package adds to the word of one signature over it. */
static void
judge_entry(const struct checking *checking, json_t *entry, bool payload)
{
	const struct package *package = checking->package;
	struct judgement found = {0};
	judgement_merge(&found, &package->found);
	if (!package->region)
		judgement_add(&found, SIGNATURE_INVALID,
			      "the main header has entries outside of the region that "
			      "is signed");
	if (!payload && !package->payload_digest)
		judgement_add(&found, SIGNATURE_INVALID,
			      "the signature is over the header alone, which holds no "
			      "digest of the payload");
	judgement_settle(&found, entry, checking->status);
	json_object_set_new(entry, "covers", json_string("all"));
	judgement_free(&found);
}

static int
check_packets(struct checking *checking, const struct view *packets, size_t kind,
	      struct err *err)
{
	const struct package *package = checking->package;
	const struct view parts[] = {package->main.whole, package->payload};
	enum signature_status status;
	size_t before = json_array_size(checking->signatures);
	if (openpgp_check_parts(parts, kinds[kind].payload ? 2 : 1, checking->path,
				packets, checking->trust, checking->signatures, &status,
				err) == -1)
		return -1;
	for (size_t i = before; i < json_array_size(checking->signatures); i++) {
		json_t *entry = json_array_get(checking->signatures, i);
		char *index = base_format("%zu", checking->count++);
		char *where = base_format("signature header, tag %u (%s), over %s",
					  kinds[kind].tag, kinds[kind].name,
					  kinds[kind].payload ? "header and payload"
							      : "the header");
		json_object_set_new(entry, "scheme", json_string("rpm"));
		json_object_set_new(entry, "format", json_string("rpm"));
		json_object_set_new(entry, "index", json_string(index));
		json_object_set_new(entry, "where", json_string(where));
		judge_entry(checking, entry, kinds[kind].payload);
		cover_entry(checking, entry, kinds[kind].payload);
		for (size_t k = 0; k < package->notes.count; k++)
			signature_note(entry, "%s", package->notes.items[k]);
		free(index);
		free(where);
	}
	return 0;
}

/* One base64 text of tag 278; rpm breaks its lines. */
static int
check_text(struct checking *checking, const struct view *text, size_t kind,
	   struct err *err)
{
	struct buf digits = {0}, packets = {0};
	for (uint64_t i = 0; i < text->size; i++) {
		if (text->data[i] != '\n')
			buf_append(&digits, text->data + i, 1);
	}
	struct view plain = view_of_buf(&digits);
	if (raw_base64(&plain, false, &packets) == -1)
		buf_clear(&packets); /* no packets: told as malformed */
	struct view bytes = view_of_buf(&packets);
	int answer = check_packets(checking, &bytes, kind, err);
	buf_free(&digits);
	buf_free(&packets);
	return answer;
}

static int
check_kind(struct checking *checking, size_t kind, struct err *err)
{
	const struct header *header = &checking->package->signatures;
	struct entry entry;
	struct view bytes = {NULL, 0};
	int found = entry_find(header, kinds[kind].tag, &entry);
	if (found == 0)
		return 0;
	if (found == -1) /* which one counts? none: told as malformed */
		return check_packets(checking, &bytes, kind, err);
	if (entry.type == TYPE_BIN) {
		if (entry_bytes(header, &entry, &bytes) == -1)
			bytes = (struct view){NULL, 0};
		return check_packets(checking, &bytes, kind, err);
	}
	for (uint32_t i = 0; i < entry.count && i < SIGNATURES_MOST; i++) {
		if (entry_string(header, &entry, i, &bytes) == -1)
			bytes = (struct view){NULL, 0};
		if (check_text(checking, &bytes, kind, err) == -1)
			return -1;
	}
	return 0;
}

/* A package whose signatures cannot be looked at: one entry says why. */
static void
add_only(const struct checking *checking, const struct judgement *found)
{
	enum signature_status status;
	json_t *entry = judgement_entry(found, checking->signatures, checking->path,
					"rpm", "0", &status);
	json_object_set_new(entry, "format", json_string("rpm"));
	signature_worsen(checking->status, status);
}

static bool
rpm_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format != NULL && strcmp(format->name, "rpm") == 0;
}

static int
rpm_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct package package = {0};
	struct checking checking = {file,       &package, path, trust,
				    signatures, status,   0};
	int answer = 0;
	*status = SIGNATURE_VALID;
	if (package_read(file, &package) == -1) {
		judgement_add(&package.found, SIGNATURE_NOT_CHECKED,
			      "the headers are malformed: no place of a signature");
		add_only(&checking, &package.found);
	} else {
		for (size_t i = 0; i < ARRAY_COUNT(kinds) && answer == 0; i++)
			answer = check_kind(&checking, i, err);
		if (answer == 0 && checking.count == 0) {
			judgement_add(&package.found, SIGNATURE_UNSIGNED,
				      "there is no signature in the signature header");
			add_only(&checking, &package.found);
		}
	}
	judgement_free(&package.found);
	strings_free(&package.notes);
	return answer;
}

const struct scheme scheme_rpm = {"rpm", true, rpm_knows, rpm_check};
