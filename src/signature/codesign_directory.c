/* Code directories: the digests of pages, of blobs and of files that belong to the
 * code. */
#include "signature/codesign_private.h"

enum {
	/* struct __CodeDirectory, by version: what is in front of the digests */
	FIXED_SIZE = 44,
	VERSION_SCATTER = 0x20100,
	VERSION_TEAM = 0x20200,
	VERSION_LIMIT_64 = 0x20300,
	VERSION_RUNTIME = 0x20500,
	NAME_MOST = 1024,
	PAGE_SHIFT_MOST = 30,
	SPECIAL_MOST = 64, /* there are 11 today */
};

/* ---- reading ------------------------------------------------------------- */

/* CS_HASHTYPE_…: its digest, and how many bytes of it are kept. */
static const struct hash_type {
	uint8_t type, size;
	const char *oid;
} hash_types[] = {
    {1, 20, "1.3.14.3.2.26"},
    {2, 32, "2.16.840.1.101.3.4.2.1"},
    {3, 20, "2.16.840.1.101.3.4.2.1"}, /* SHA-256, cut */
    {4, 48, "2.16.840.1.101.3.4.2.2"},
};

static int
read_hash_type(struct code_directory *directory, struct judgement *found)
{
	uint8_t type = 0;
	view_u8(&directory->blob->whole, 37, &type);
	for (size_t i = 0; i < ARRAY_COUNT(hash_types); i++) {
		if (hash_types[i].type != type)
			continue;
		directory->algorithm = digest_by_oid(hash_types[i].oid);
		if (directory->hash_size == hash_types[i].size)
			return 0;
	}
	judgement_add(found, SIGNATURE_NOT_CHECKED,
		      "a code directory with digests of type %u and %u bytes, which is "
		      "not known here",
		      type, directory->hash_size);
	return -1;
}

/* Do all digests lie in the blob, the special ones below hash_offset? */
static bool
hashes_fit(const struct code_directory *directory)
{
	uint64_t below = (uint64_t)directory->special_count * directory->hash_size;
	uint64_t above = (uint64_t)directory->page_count * directory->hash_size;
	return directory->hash_offset >= FIXED_SIZE + below &&
	       directory->hash_offset + above <= directory->blob->whole.size;
}

/* A string at the offset that stands at `at`; NULL when it is malformed. */
static const char *
name_at(const struct view *blob, uint64_t at)
{
	uint32_t offset = 0;
	const char *name = NULL;
	if (view_u32be(blob, at, &offset) == -1 || offset < FIXED_SIZE ||
	    view_string(blob, offset, NAME_MOST, &name) == -1)
		return NULL;
	return name;
}

/* What later versions added. */
static bool
read_later_fields(struct code_directory *directory)
{
	const struct view *blob = &directory->blob->whole;
	uint32_t value = 0;
	uint64_t limit = 0;
	if (directory->version >= VERSION_SCATTER &&
	    (view_u32be(blob, 44, &value) == -1 || value != 0))
		return false; /* pages that do not follow one another */
	if (directory->version >= VERSION_TEAM) {
		view_u32be(blob, 48, &value);
		directory->team = value != 0 ? name_at(blob, 48) : NULL;
	}
	if (directory->version >= VERSION_LIMIT_64 &&
	    view_u64be(blob, 56, &limit) == 0 && limit != 0)
		directory->limit = limit;
	if (directory->version >= VERSION_RUNTIME)
		view_u32be(blob, 88, &directory->runtime);
	return true;
}

static void
read_fixed_fields(struct code_directory *directory)
{
	const struct view *blob = &directory->blob->whole;
	uint32_t limit = 0;
	view_u32be(blob, 8, &directory->version);
	view_u32be(blob, 12, &directory->flags);
	view_u32be(blob, 16, &directory->hash_offset);
	view_u32be(blob, 24, &directory->special_count);
	view_u32be(blob, 28, &directory->page_count);
	view_u32be(blob, 32, &limit);
	view_u8(blob, 36, &directory->hash_size);
	view_u8(blob, 39, &directory->page_shift);
	directory->limit = limit;
	directory->identifier = name_at(blob, 20);
}

int
code_directory_read(const struct code_blob *blob, struct code_directory *directory,
		    struct judgement *found)
{
	*directory = (struct code_directory){.blob = blob};
	if (blob->whole.size < FIXED_SIZE) {
		judgement_add(found, SIGNATURE_INVALID, "a code directory is cut off");
		return -1;
	}
	read_fixed_fields(directory);
	if (read_hash_type(directory, found) == -1)
		return -1;
	/* compatibilityLimit 0x2F000: from there on old readers must not read on. */
	if (directory->version < 0x20000 || directory->version > 0x2f000 ||
	    !read_later_fields(directory)) {
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "a code directory of version 0x%x whose form is not "
			      "known here",
			      directory->version);
		return -1;
	}
	if (!hashes_fit(directory) || directory->identifier == NULL ||
	    directory->page_shift > PAGE_SHIFT_MOST ||
	    directory->special_count > SPECIAL_MOST) {
		judgement_add(found, SIGNATURE_INVALID, "a malformed code directory");
		return -1;
	}
	digest_of(directory->algorithm, &blob->whole, 1, &directory->digest);
	return 0;
}

/* ---- pages ---------------------------------------------------------------- */

/* Is digest number `index` (special ones count down from -1) that of the bytes? */
static bool
digest_holds(const struct code_directory *directory, int64_t index,
	     const struct view *bytes)
{
	struct digest digest;
	int64_t at = (int64_t)directory->hash_offset + index * directory->hash_size;
	digest_of(directory->algorithm, bytes, 1, &digest);
	return digest.size >= directory->hash_size &&
	       view_has(&directory->blob->whole, (uint64_t)at, digest.bytes,
			directory->hash_size);
}

/* How many pages the code has; all of it is one when they have no size. */
static uint64_t
page_count(const struct code_directory *directory)
{
	uint64_t size = UINT64_C(1) << directory->page_shift;
	if (directory->page_shift == 0)
		return directory->limit != 0;
	return directory->limit / size + (directory->limit % size != 0);
}

static void
compare_pages(const struct code_directory *directory, const struct view *code,
	      struct judgement *found)
{
	uint64_t size = directory->page_shift != 0
			    ? UINT64_C(1) << directory->page_shift
			    : code->size;
	uint64_t wrong = 0, first = 0;
	for (uint32_t i = 0; i < directory->page_count; i++) {
		struct view rest = view_from(code, i * size), page = rest;
		if (rest.size > size)
			view_sub(&rest, 0, size, &page);
		if (!digest_holds(directory, i, &page) && wrong++ == 0)
			first = i * size;
	}
	if (wrong != 0)
		judgement_add(found, SIGNATURE_INVALID,
			      "%ju of %u pages are not those of the code directory "
			      "(%s), the first at offset %ju",
			      (uintmax_t)wrong, directory->page_count,
			      directory->algorithm->name, (uintmax_t)first);
}

void
code_directory_pages(const struct code_directory *directory,
		     const struct code_object *object, struct judgement *found)
{
	struct view code;
	if (directory->limit < object->offset)
		judgement_add(found, SIGNATURE_INVALID,
			      "the code directory (%s) ends at offset %ju: %ju bytes "
			      "of code before the signature are in no page",
			      directory->algorithm->name, (uintmax_t)directory->limit,
			      (uintmax_t)(object->offset - directory->limit));
	if (directory->limit > object->offset ||
	    view_sub(object->file, 0, directory->limit, &code) == -1 ||
	    directory->page_count != page_count(directory)) {
		judgement_add(found, SIGNATURE_INVALID,
			      "the code directory (%s) has %u pages for %ju bytes, and "
			      "the code has %ju",
			      directory->algorithm->name, directory->page_count,
			      (uintmax_t)directory->limit, (uintmax_t)object->offset);
		return;
	}
	compare_pages(directory, &code, found);
}

/* ---- special slots ---------------------------------------------------------- */

static const char *
slot_name(uint32_t slot)
{
	static const char *const names[] = {
	    [SLOT_INFO] = "Info.plist",
	    [SLOT_REQUIREMENTS] = "requirements",
	    [SLOT_RESOURCES] = "the list of resources (CodeResources)",
	    [SLOT_APPLICATION] = "the application's own file",
	    [SLOT_ENTITLEMENTS] = "entitlements",
	    [SLOT_REPRESENTATION] = "the trailer of the disk image",
	    [SLOT_ENTITLEMENTS_DER] = "entitlements in DER",
	    [8] = "launch constraints",
	    [9] = "launch constraints of the parent",
	    [10] = "launch constraints of the responsible process",
	    [11] = "library constraints",
	};
	return slot < ARRAY_COUNT(names) && names[slot] != NULL ? names[slot]
								: "another blob";
}

static bool
slot_is_empty(const struct code_directory *directory, uint32_t slot)
{
	struct view digest;
	uint64_t back = (uint64_t)slot * directory->hash_size;
	return slot > directory->special_count ||
	       view_sub(&directory->blob->whole, directory->hash_offset - back,
			directory->hash_size, &digest) == -1 ||
	       view_is_zero(&digest);
}

/* A slot without a blob: its file is elsewhere, or a part of this one. */
static void
check_outside(const struct code_directory *directory, const struct code_object *object,
	      uint32_t slot, struct judgement *found, struct strings *notes)
{
	const struct view *part = NULL;
	if (slot == SLOT_INFO && object->info.size != 0)
		part = &object->info;
	if (slot == SLOT_REPRESENTATION && object->representation.size != 0)
		part = &object->representation;
	if (part != NULL && digest_holds(directory, -(int64_t)slot, part))
		return;
	/* A program in a bundle may bring an Info.plist of its own and be signed with
	 * the bundle's. */
	if (slot == SLOT_INFO || slot == SLOT_RESOURCES || slot == SLOT_APPLICATION) {
		char *note = base_format("%s is signed by its digest, and is not in "
					 "this file: it was not looked at",
					 slot_name(slot));
		if (!strings_have(notes, note))
			strings_add(notes, note);
		free(note);
		return;
	}
	judgement_add(found, SIGNATURE_INVALID,
		      part != NULL ? "%s: not what the code directory (%s) names"
				   : "%s: named by the code directory (%s), and not "
				     "there",
		      slot_name(slot), directory->algorithm->name);
}

char *
code_directory_outside(const struct code_directory *directory,
		       const struct code_object *object, uint32_t slot)
{
	char hex[2 * 64 + 1];
	struct view digest;
	uint64_t back = (uint64_t)slot * directory->hash_size;
	if (slot_is_empty(directory, slot) ||
	    view_sub(&directory->blob->whole, directory->hash_offset - back,
		     directory->hash_size, &digest) == -1 ||
	    (slot == SLOT_INFO && object->info.size != 0 &&
	     digest_holds(directory, -(int64_t)slot, &object->info)))
		return NULL;
	hex_encode(digest.data, (size_t)digest.size, hex);
	return base_format("%s %s", directory->algorithm->name, hex);
}

static void
check_blob(const struct code_directory *directory, const struct code_blob *blob,
	   struct judgement *found)
{
	if (slot_is_empty(directory, blob->slot))
		judgement_add(found, SIGNATURE_INVALID,
			      "%s: %ju bytes that the code directory (%s) does not "
			      "name: nobody signed them",
			      slot_name(blob->slot), (uintmax_t)blob->whole.size,
			      directory->algorithm->name);
	else if (!digest_holds(directory, -(int64_t)blob->slot, &blob->whole))
		judgement_add(found, SIGNATURE_INVALID,
			      "%s: not what the code directory (%s) names",
			      slot_name(blob->slot), directory->algorithm->name);
}

void
code_directory_slots(const struct code_directory *directory,
		     const struct code_object *object,
		     const struct code_superblob *superblob, struct judgement *found,
		     struct strings *notes)
{
	for (size_t i = 0; i < superblob->count; i++) {
		const struct code_blob *blob = &superblob->blobs[i];
		if (blob->slot != SLOT_DIRECTORY && blob->slot < SLOT_ALTERNATES)
			check_blob(directory, blob, found);
	}
	if (object->representation.size != 0 &&
	    slot_is_empty(directory, SLOT_REPRESENTATION))
		judgement_add(found, SIGNATURE_INVALID,
			      "%s: the code directory (%s) does not name it",
			      slot_name(SLOT_REPRESENTATION),
			      directory->algorithm->name);
	for (uint32_t slot = 1; slot <= directory->special_count; slot++) {
		if (!slot_is_empty(directory, slot) &&
		    code_blob_find(superblob, slot) == NULL)
			check_outside(directory, object, slot, found, notes);
	}
}
