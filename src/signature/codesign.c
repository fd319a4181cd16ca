/* The superblob of a code signature, its directories and its CMS, as one entry. */
#include "signature/codesign_private.h"

#define OID_DATA "1.2.840.113549.1.7.1"

enum {
	HEADER_SIZE = 12, /* CS_SuperBlob: magic, length, count */
	INDEX_SIZE = 8,   /* CS_BlobIndex: type, offset */
	BLOB_HEADER = 8,
};

#define MAGIC_SUPERBLOB UINT32_C(0xfade0cc0)
#define MAGIC_DIRECTORY UINT32_C(0xfade0c02)
#define MAGIC_WRAPPER   UINT32_C(0xfade0b01) /* CSMAGIC_BLOBWRAPPER: the CMS */

/* ---- the superblob --------------------------------------------------------- */

const struct code_blob *
code_blob_find(const struct code_superblob *superblob, uint32_t slot)
{
	for (size_t i = 0; i < superblob->count; i++) {
		if (superblob->blobs[i].slot == slot)
			return &superblob->blobs[i];
	}
	return NULL;
}

/* Blob number `index` must begin at or after `end`, with zeros between: two readers
 * cannot find two blobs in the same bytes, and none is hidden. */
static int
read_blob(const struct view *area, uint32_t index, uint64_t *end,
	  struct code_superblob *superblob)
{
	struct code_blob *blob = &superblob->blobs[superblob->count];
	uint64_t at = HEADER_SIZE + (uint64_t)index * INDEX_SIZE;
	uint32_t offset = 0, size = 0;
	struct view between;
	view_u32be(area, at, &blob->slot);
	view_u32be(area, at + 4, &offset);
	if (view_u32be(area, offset, &blob->magic) == -1 ||
	    view_u32be(area, (uint64_t)offset + 4, &size) == -1 || size < BLOB_HEADER ||
	    view_sub(area, offset, size, &blob->whole) == -1 || offset < *end ||
	    view_sub(area, *end, offset - *end, &between) == -1 ||
	    !view_is_zero(&between) || code_blob_find(superblob, blob->slot) != NULL)
		return -1;
	*end = (uint64_t)offset + size;
	superblob->count++;
	return 0;
}

static int
read_superblob(const struct view *area, struct code_superblob *superblob,
	       struct err *err)
{
	uint32_t magic = 0, length = 0, count = 0;
	struct view whole;
	view_u32be(area, 0, &magic);
	view_u32be(area, 4, &length);
	view_u32be(area, 8, &count);
	*superblob = (struct code_superblob){.count = 0};
	if (magic != MAGIC_SUPERBLOB || view_sub(area, 0, length, &whole) == -1 ||
	    count > CODE_BLOBS_MOST || length < HEADER_SIZE + count * INDEX_SIZE)
		return err_set(err, ERR_INPUT, "it is no superblob");
	uint64_t end = HEADER_SIZE + (uint64_t)count * INDEX_SIZE;
	for (uint32_t i = 0; i < count; i++) {
		if (read_blob(&whole, i, &end, superblob) == -1)
			return err_set(err, ERR_INPUT,
				       "blob %u is not all inside, overlaps another "
				       "one, follows hidden bytes, or is there twice",
				       i);
	}
	if (end != length)
		return err_set(err, ERR_INPUT, "its last blob is not its end");
	superblob->end = end;
	return 0;
}

/* ---- directories ----------------------------------------------------------- */

struct directories {
	struct code_directory items[CODE_DIRECTORIES_MOST];
	size_t count;
};

/* Those of one file say the same of it: a reader takes the one it knows best. */
static void
check_agreement(const struct directories *directories, struct judgement *found)
{
	const struct code_directory *first = &directories->items[0];
	for (size_t i = 1; i < directories->count; i++) {
		const struct code_directory *other = &directories->items[i];
		bool same_team =
		    (first->team == NULL) == (other->team == NULL) &&
		    (first->team == NULL || strcmp(first->team, other->team) == 0);
		if (strcmp(first->identifier, other->identifier) != 0 || !same_team ||
		    first->flags != other->flags || first->limit != other->limit)
			judgement_add(
			    found, SIGNATURE_INVALID,
			    "two code directories differ in identifier, team, "
			    "flags or length");
		if (first->algorithm == other->algorithm)
			judgement_add(found, SIGNATURE_INVALID,
				      "two code directories of one digest algorithm");
	}
}

/* Read and check them all, the one that is signed itself first. */
static void
check_directories(const struct code_object *object,
		  const struct code_superblob *superblob,
		  struct directories *directories, struct judgement *found,
		  struct strings *notes)
{
	if (code_blob_find(superblob, SLOT_DIRECTORY) == NULL) {
		judgement_add(found, SIGNATURE_INVALID, "there is no code directory");
		return;
	}
	for (uint32_t i = 0; i < CODE_DIRECTORIES_MOST; i++) {
		uint32_t slot = i == 0 ? SLOT_DIRECTORY : SLOT_ALTERNATES + i - 1;
		const struct code_blob *blob = code_blob_find(superblob, slot);
		struct code_directory *directory =
		    &directories->items[directories->count];
		if (blob != NULL && i > 1 &&
		    code_blob_find(superblob, slot - 1) == NULL)
			judgement_add(found, SIGNATURE_INVALID,
				      "the code directories are not numbered in order");
		if (blob == NULL || code_directory_read(blob, directory, found) == -1)
			continue;
		directories->count++;
		code_directory_pages(directory, object, found);
		code_directory_slots(directory, object, superblob, found, notes);
	}
	if (directories->count > 0)
		check_agreement(directories, found);
}

/* The one that a reader prefers: of the longest digest that is not broken. */
static const struct code_directory *
best_directory(const struct directories *directories)
{
	const struct code_directory *best = &directories->items[0];
	for (size_t i = 1; i < directories->count; i++) {
		const struct code_directory *other = &directories->items[i];
		if ((best->algorithm->weak && !other->algorithm->weak) ||
		    (best->algorithm->weak == other->algorithm->weak &&
		     other->hash_size > best->hash_size))
			best = other;
	}
	return best;
}

/* ---- the CMS ----------------------------------------------------------------- */

static void
check_signer(struct cms_entry *entry, const struct cms *cms,
	     const struct directories *directories)
{
	const struct view *content = &directories->items[0].blob->whole;
	const struct cms_expected expected = {.content_type = OID_DATA,
					      .content = *content};
	cms_check_frame(cms, &expected, &entry->found);
	code_attributes_check(&cms->signer, directories->items, directories->count,
			      &entry->found);
	cms_entry_signer(entry, cms, &cms->signer, &expected);
}

/* Apple's own program writes BER with indefinite lengths. */
static void
check_cms(struct cms_entry *entry, const struct view *ber,
	  const struct directories *directories)
{
	struct cms *cms = NULL;
	struct err err = {0};
	struct buf der = {0};
	struct view bytes;
	if (der_from_ber(ber, &der) == -1)
		err_set(&err, ERR_INPUT, "it is not one BER value");
	bytes = view_of_buf(&der);
	if (err.kind != ERR_NONE || cms_parse_loose(&bytes, &cms, &err) == -1)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "malformed signature: %s", err.message);
	else
		check_signer(entry, cms, directories);
	cms_free(cms);
	buf_free(&der);
}

static void
check_signature(struct cms_entry *entry, const struct code_superblob *superblob,
		const struct directories *directories)
{
	const struct code_blob *blob = code_blob_find(superblob, SLOT_SIGNATURE);
	bool adhoc = (directories->items[0].flags & CODE_FLAG_ADHOC) != 0;
	if (blob != NULL && blob->whole.size > BLOB_HEADER) {
		struct view ber = view_from(&blob->whole, BLOB_HEADER);
		if (adhoc || blob->magic != MAGIC_WRAPPER)
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "there is a signature, and the code directory "
				      "says that there is none");
		check_cms(entry, &ber, directories);
	} else if (adhoc) {
		judgement_add(&entry->found, SIGNATURE_UNSIGNED,
			      "signed ad hoc: the code is what its code directory "
			      "says, and nobody's key says so");
	} else {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the code directory says that it is signed, and the "
			      "signature is not there");
	}
}

/* ---- the entry ----------------------------------------------------------------- */

/* Blobs that no directory can name, and what programs leave behind the last one:
 * systems read neither, and anything may stand there. */
static void
note_unsigned(struct cms_entry *entry, const struct code_superblob *superblob,
	      const struct view *area)
{
	struct view rest = view_from(area, superblob->end);
	for (size_t i = 0; i < superblob->count; i++) {
		const struct code_blob *blob = &superblob->blobs[i];
		if (blob->slot >= SLOT_ALTERNATES_END && blob->slot != SLOT_SIGNATURE)
			strings_addf(&entry->notes,
				     "a blob of type 0x%x, %ju bytes: nobody signed it",
				     blob->slot, (uintmax_t)blob->whole.size);
	}
	if (!view_is_zero(&rest))
		strings_addf(&entry->notes,
			     "%ju bytes behind the signature's last blob are not "
			     "zeros: nobody signed them",
			     (uintmax_t)rest.size);
}

/* A code directory signs the code; the CMS, or nobody, signs the directory. */
static void
tell_coverage(json_t *json, const struct code_object *object,
	      const struct code_superblob *superblob,
	      const struct directories *directories)
{
	uint64_t limit = object->offset;
	for (size_t i = 0; i < directories->count; i++) {
		if (directories->items[i].limit < limit)
			limit = directories->items[i].limit;
	}
	coverage_add(json, 0, limit, COVERAGE_SIGNED, "pages");
	coverage_add(json, object->offset, superblob->end, COVERAGE_SIGNATURE,
		     "code signature");
	coverage_add_zeros(json, object->file, object->offset + superblob->end,
			   object->size - superblob->end, "padding of the signature");
}

/* The trailer of a disk image: its one field that says how long the signature is
 * follows from that. */
static void
tell_trailer(json_t *json, const struct code_object *object)
{
	uint64_t size = object->representation.size;
	if (size != 0)
		coverage_add(json, object->file->size - size, size, COVERAGE_SIGNED,
			     "trailer");
}

static void
check_superblob(struct cms_entry *entry, const struct code_object *object,
		const struct code_superblob *superblob, const struct view *area)
{
	struct directories directories = {.count = 0};
	note_unsigned(entry, superblob, area);
	check_directories(object, superblob, &directories, &entry->found,
			  &entry->notes);
	if (directories.count == 0)
		return;
	const struct code_directory *best = best_directory(&directories);
	cms_entry_digest(entry, best->algorithm, NULL, &best->digest);
	code_facts_directory(entry->json, best, object);
	code_facts_blobs(entry->json, superblob);
	tell_coverage(entry->json, object, superblob, &directories);
	tell_trailer(entry->json, object);
	check_signature(entry, superblob, &directories);
}

void
codesign_check(struct code_object *object)
{
	struct cms_entry entry = {.trust = object->trust, .purpose = CHAIN_APPLE_CODE};
	struct code_superblob superblob;
	struct view area;
	struct err err = {0};
	char *where = base_format("at offset %ju, %ju bytes", (uintmax_t)object->offset,
				  (uintmax_t)object->size);
	entry.json = signature_entry(object->signatures, object->path, "apple-code",
				     "0", SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string(object->format));
	json_object_set_new(entry.json, "where", json_string(where));
	judgement_merge(&entry.found, &object->found);
	if (view_sub(object->file, object->offset, object->size, &area) == -1)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature is not all inside the file");
	else if (read_superblob(&area, &superblob, &err) == -1)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "malformed signature: %s", err.message);
	else
		check_superblob(&entry, object, &superblob, &area);
	cms_entry_conclude(&entry, object->status);
	free(where);
}
