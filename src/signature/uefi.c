/*
 * Signed updates of UEFI variables: db, dbx, KEK, PK (UEFI Specification 2.10, 8.2.2).
 * What is signed is not in the file as it stands:
 *
 *     name (UTF-16LE, without its NUL) | vendor GUID | attributes (4) | EFI_TIME | data
 *
 * Name, vendor and attributes are the caller's of SetVariable(). So those that are in
 * use are tried, and the one for which the signature holds is told.
 */
#include "signature/signature_private.h"

#define OID_DATA "1.2.840.113549.1.7.1"

enum {
	GUID_SIZE = 16,
	TIME_SIZE = 16,
	/* Firmware takes tens of kilobytes; each known variable costs a digest. */
	DATA_MOST = 1 << 20,
	LISTS_SHOWN = 32,
	/* "Variable attributes", 8.2: NON_VOLATILE, BOOTSERVICE_ACCESS, RUNTIME_ACCESS,
	 * TIME_BASED_AUTHENTICATED_WRITE_ACCESS; APPEND_WRITE */
	ATTRIBUTES = 0x27,
	ATTRIBUTES_BOOT = 0x23,
	APPEND_WRITE = 0x40,
};

/* 3.3, "Globally defined variables"; 32.6.1; and those of shim's own database. */
#define GLOBAL "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
#define IMAGES "\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"
#define SHIM   "\x50\xab\x5d\x60\x46\xe0\x00\x43\xab\xb6\x3d\xd8\x10\xdd\x8b\x23"

static const struct variable {
	const char *name, *vendor;
} variables[] = {
    {"PK", GLOBAL},
    {"KEK", GLOBAL},
    {"db", IMAGES},
    {"dbx", IMAGES},
    {"dbt", IMAGES},
    {"dbr", IMAGES},
    {"OsRecoveryOrder", GLOBAL},
    {"MokList", SHIM},
    {"MokListX", SHIM},
};

static const char variable_names[] =
    "PK, KEK, db, dbx, dbt, dbr, OsRecoveryOrder, MokList, MokListX";

static const uint32_t attribute_sets[] = {ATTRIBUTES, ATTRIBUTES | APPEND_WRITE,
					  ATTRIBUTES_BOOT,
					  ATTRIBUTES_BOOT | APPEND_WRITE};

/* The parts of the file. */
struct update {
	struct view time, message, data;
};

/* One check of one file. */
struct uefi {
	const struct view *file;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	struct update update;
};

/* What the signature was found to be for. */
struct meaning {
	const struct variable *variable; /* NULL: for none that is known */
	uint32_t attributes;
};

/* ---- what is signed ------------------------------------------------------ */

static void
put_content(struct buf *content, const struct update *update,
	    const struct meaning *meaning)
{
	const char *name = meaning->variable->name;
	buf_clear(content);
	for (size_t i = 0; name[i] != '\0'; i++) {
		buf_append(content, &name[i], 1);
		buf_zeros(content, 1);
	}
	buf_append(content, meaning->variable->vendor, GUID_SIZE);
	buf_append(content, (uint8_t[]){(uint8_t)meaning->attributes, 0, 0, 0}, 4);
	buf_append(content, update->time.data, (size_t)update->time.size);
	buf_append(content, update->data.data, (size_t)update->data.size);
}

static struct cms_expected
expect(const struct buf *content)
{
	return (struct cms_expected){
	    .content_type = OID_DATA, .content = view_of_buf(content), .bare = true};
}

/* Does the signer's signature hold over that content? */
static bool
holds(const struct cms_signer *signer, X509 *const *pool, size_t count,
      const struct buf *content)
{
	struct judgement found = {0};
	const struct cms_expected expected = expect(content);
	bool is = cms_signer_check(signer, pool, count, &expected, &found) != NULL &&
		  found.status != SIGNATURE_INVALID &&
		  found.status != SIGNATURE_NOT_CHECKED;
	judgement_free(&found);
	return is;
}

/* Try all that is known; the content that holds is left in `content`. */
static struct meaning
find_meaning(const struct cms_entry *entry, const struct cms *cms,
	     const struct cms_signer *signer, const struct update *update,
	     struct buf *content)
{
	struct meaning meaning = {0};
	X509 **pool;
	size_t count = cms_entry_pool(entry, cms, &pool);
	size_t tries = ARRAY_COUNT(variables) * ARRAY_COUNT(attribute_sets);
	bool found = false;
	for (size_t i = 0; i < tries && !found; i++) {
		meaning.variable = &variables[i % ARRAY_COUNT(variables)];
		meaning.attributes = attribute_sets[i / ARRAY_COUNT(variables)];
		put_content(content, update, &meaning);
		found = holds(signer, pool, count, content);
	}
	if (!found) {
		meaning.variable = NULL;
		buf_clear(content);
	}
	free(pool);
	return meaning;
}

/* ---- what it says --------------------------------------------------------- */

static void
tell_meaning(json_t *json, const struct meaning *meaning)
{
	const uint8_t *guid = (const uint8_t *)meaning->variable->vendor;
	char *vendor = base_format("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
				   "%02x%02x%02x%02x%02x%02x",
				   guid[3], guid[2], guid[1], guid[0], guid[5], guid[4],
				   guid[7], guid[6], guid[8], guid[9], guid[10],
				   guid[11], guid[12], guid[13], guid[14], guid[15]);
	char *attributes = base_format("0x%x", meaning->attributes);
	signature_fact(json, "variable", meaning->variable->name);
	signature_fact(json, "vendor", vendor);
	signature_fact(json, "attributes", attributes);
	signature_fact(json, "update",
		       (meaning->attributes & APPEND_WRITE) != 0
			   ? "added to what the variable holds"
			   : "replaces what the variable holds");
	free(attributes);
	free(vendor);
}

/* EFI_TIME (8.3): what firmware compares so that no older update replaces a newer one.
 * The signer wrote it: it proves no time. */
static void
tell_time(struct cms_entry *entry, const struct view *time)
{
	uint16_t year = 0;
	uint8_t field[5] = {0}; /* month, day, hour, minute, second */
	struct view unused = view_from(time, 7);
	view_u16le(time, 0, &year);
	for (size_t i = 0; i < sizeof(field); i++)
		view_u8(time, 2 + i, &field[i]);
	char *text = base_format("%04u-%02u-%02uT%02u:%02u:%02uZ", year, field[0],
				 field[1], field[2], field[3], field[4]);
	signature_fact(entry->json, "EFI_TIME", text);
	if (!view_is_zero(&unused))
		strings_add(&entry->notes,
			    "EFI_TIME has bytes that must be zero and are not: "
			    "firmware refuses the update");
	free(text);
}

/* The lists in the data, as the format's map knows them. */
static void
tell_lists(struct cms_entry *entry, const struct view *file,
	   const struct update *update)
{
	struct err trouble;
	struct map *map = format_map(format_by_name("efi-variable"), file, &trouble);
	size_t lists = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		if (extent->tag != EXTENT_METADATA || extent->detail == NULL)
			continue;
		if (lists++ < LISTS_SHOWN)
			signature_fact(entry->json, extent->name, extent->detail);
	}
	map_free(map);
	if (lists > LISTS_SHOWN)
		strings_addf(&entry->notes, "%zu more signature lists are not told",
			     lists - LISTS_SHOWN);
	if (trouble.kind != ERR_NONE)
		strings_addf(&entry->notes, "the data is signed, but malformed: %s",
			     trouble.message);
	else if (update->data.size == 0)
		strings_add(&entry->notes, "there is no data: the variable is deleted");
	else if (lists == 0)
		strings_add(&entry->notes, "the data is no signature list");
}

static void
tell_coverage(json_t *json, const struct update *update)
{
	uint64_t message = TIME_SIZE + 24; /* behind WIN_CERTIFICATE_UEFI_GUID */
	coverage_add(json, 0, TIME_SIZE, COVERAGE_SIGNED, "EFI_TIME");
	coverage_add(json, TIME_SIZE, message - TIME_SIZE, COVERAGE_STRUCTURAL,
		     "WIN_CERTIFICATE_UEFI_GUID");
	coverage_add(json, message, update->message.size, COVERAGE_SIGNATURE,
		     "PKCS #7 message");
	coverage_add(json, message + update->message.size, update->data.size,
		     COVERAGE_SIGNED, "data");
}

/* ---- the entry ------------------------------------------------------------- */

/* The specification leaves ContentInfo (RFC 5652, 3) out; some programs write it. */
static int
message_parse(const struct view *message, struct cms **cms, struct err *err)
{
	struct view rest = *message;
	struct der sequence;
	if (der_take(&rest, DER_SEQUENCE, &sequence) == 0 &&
	    der_comes(&sequence.value, DER_INTEGER))
		return cms_parse_signed_data(message, cms, err);
	return cms_parse_loose(message, cms, err);
}

static void
check_signer(const struct uefi *uefi, const struct cms *cms)
{
	const struct cms_signer *signer = &cms->signer;
	const struct digest_algorithm *algorithm = digest_by_oid(signer->digest);
	struct cms_entry entry = {.trust = uefi->trust, .purpose = CHAIN_ANY};
	struct buf content = {0};
	struct digest digest;
	entry.json = signature_entry(uefi->signatures, uefi->path, "uefi-variable", "0",
				     SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("efi-variable"));
	struct meaning meaning =
	    find_meaning(&entry, cms, signer, &uefi->update, &content);
	if (meaning.variable == NULL)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature holds over this data for none of the "
			      "variables %s",
			      variable_names);
	else
		tell_meaning(entry.json, &meaning);
	tell_time(&entry, &uefi->update.time);
	tell_lists(&entry, uefi->file, &uefi->update);
	tell_coverage(entry.json, &uefi->update);
	if (algorithm != NULL && meaning.variable != NULL) {
		struct view view = view_of_buf(&content);
		digest_of(algorithm, &view, 1, &digest);
		cms_entry_digest(&entry, algorithm, NULL, &digest);
	}
	if (signer->unsigned_attributes.count > 0)
		strings_addf(
		    &entry.notes,
		    "%ju bytes of unsigned attributes: nobody vouches for them",
		    (uintmax_t)signer->unsigned_attributes.whole.size);
	const struct cms_expected expected = expect(&content);
	if (meaning.variable != NULL)
		cms_check_frame(cms, &expected, &entry.found);
	cms_entry_signer(&entry, cms, signer, &expected);
	cms_entry_conclude(&entry, uefi->status);
	buf_free(&content);
}

static void
check_message(const struct uefi *uefi)
{
	struct cms *cms = NULL;
	struct err err = {0};
	struct judgement found = {0};
	if (uefi->update.data.size > DATA_MOST)
		judgement_add(
		    &found, SIGNATURE_NOT_CHECKED,
		    "more than %d bytes of data: firmware takes no such update",
		    DATA_MOST);
	else if (message_parse(&uefi->update.message, &cms, &err) == -1)
		judgement_add(&found, SIGNATURE_INVALID, "malformed signature: %s",
			      err.message);
	if (cms != NULL)
		check_signer(uefi, cms);
	else
		judgement_entry(&found, uefi->signatures, uefi->path, "uefi-variable",
				"0", uefi->status);
	judgement_free(&found);
	cms_free(cms);
}

/* ---- the row ----------------------------------------------------------------- */

static bool
uefi_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "efi-signature-list");
}

/* The parts, as the format's map knows them. */
static bool
find_parts(const struct view *file, struct update *update)
{
	struct map *map = format_map(format_by_name("efi-variable"), file, NULL);
	bool found = false;
	for (size_t i = 0; i < map->count && !found; i++) {
		const struct extent *extent = &map->extents[i];
		found = extent->tag == EXTENT_SIGNATURE && extent->detail != NULL &&
			strcmp(extent->detail, "PKCS #7 message") == 0 &&
			view_sub(file, 0, TIME_SIZE, &update->time) == 0 &&
			view_sub(file, extent->offset, extent->length,
				 &update->message) == 0;
		if (found)
			update->data = view_from(file, extent->offset + extent->length);
	}
	map_free(map);
	return found;
}

static int
uefi_check(const struct view *file, const char *path, const struct trust *trust,
	   json_t *signatures, enum signature_status *status, struct err *err)
{
	struct uefi uefi = {.file = file,
			    .path = path,
			    .trust = trust,
			    .signatures = signatures,
			    .status = status};
	struct judgement found = {0};
	(void)err;
	*status = SIGNATURE_VALID;
	if (format_by_name("efi-variable")->probe(file) != PROBE_SURE)
		judgement_add(&found, SIGNATURE_UNSIGNED,
			      "signature lists without the signature of an update");
	else if (!find_parts(file, &uefi.update))
		judgement_add(&found, SIGNATURE_INVALID,
			      "the signature in front of the data is malformed");
	if (found.status == SIGNATURE_VALID)
		check_message(&uefi);
	else
		judgement_entry(&found, signatures, path, "uefi-variable", "0", status);
	judgement_free(&found);
	return 0;
}

/* Lists are signed when they are to be changed by others than the machine's owner. */
const struct scheme scheme_uefi = {"uefi-variable", false, uefi_knows, uefi_check};
