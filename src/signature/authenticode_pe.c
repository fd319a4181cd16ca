/*
 * Authenticode in PE images (Windows Authenticode Portable Executable Signature
 * Format, 2008; PE Format, "The Attribute Certificate Table"):
 *
 *	headers ... CheckSum ... directory 4 ... sections ... padding | table |
 *	                                                              `-> entry, entry
 *	entry: dwLength  wRevision  wCertificateType  PKCS#7  zeros to dwLength
 *
 * Digested is all but CheckSum, directory 4 and the table. So what stands in the
 * table and is neither signed nor required is where bytes are smuggled: none is
 * passed over in silence.
 */
#include <endian.h>

#include "signature/authenticode_private.h"

#define OID_PE_IMAGE "1.3.6.1.4.1.311.2.1.15"
/* "Individual code signing", a purpose of keys: what pesign writes there, and with it
 * what some of Debian's images have. */
#define OID_INDIVIDUAL "1.3.6.1.4.1.311.2.1.21"

enum {
	CERTIFICATE_HEADER = 8, /* dwLength, wRevision, wCertificateType */
	REVISION_2 = 0x0200,    /* WIN_CERT_REVISION_2_0 */
	TYPE_SIGNED_DATA = 2,   /* WIN_CERT_TYPE_PKCS_SIGNED_DATA */
};

/* ---- the image ------------------------------------------------------- */

/* One WIN_CERTIFICATE. */
struct entry {
	uint64_t offset, length;
	struct view der;        /* the bytes after its header */
	struct judgement found; /* against this entry alone */
};

struct image {
	const struct view *file;
	uint64_t checksum;  /* offset of CheckSum */
	uint64_t directory; /* offset of directory 4's entry */
	bool has_directory;
	uint64_t sections; /* offset of the section table */
	uint16_t section_count;
	uint64_t table, table_size; /* the certificate table; size 0: unsigned */
	struct judgement found;     /* against the table as a whole */
	struct entry *entries;
	size_t entry_count;
};

/* Offsets of what is not digested (PE Format, "Optional Header"). */
static int
image_headers(struct image *image)
{
	const struct view *file = image->file;
	uint32_t pe, directories, offset, size;
	uint16_t magic, optional_size;
	if (!view_has(file, 0, "MZ", 2) || view_u32le(file, 0x3c, &pe) == -1 ||
	    !view_has(file, pe, "PE\0\0", 4))
		return -1;
	uint64_t optional = (uint64_t)pe + 24;
	if (view_u16le(file, (uint64_t)pe + 6, &image->section_count) == -1 ||
	    view_u16le(file, (uint64_t)pe + 20, &optional_size) == -1 ||
	    view_u16le(file, optional, &magic) == -1)
		return -1;
	if (magic != 0x10b && magic != 0x20b) /* PE32, PE32+ */
		return -1;
	uint64_t tail = magic == 0x10b ? 92 : 108; /* NumberOfRvaAndSizes */
	image->checksum = optional + 64;
	image->sections = optional + optional_size;
	image->directory = optional + tail + 4 + 4 * 8;
	if (view_u32le(file, optional + tail, &directories) == -1)
		return -1;
	if (directories <= 4)
		return 0;
	if (image->directory + 8 > image->sections ||
	    view_u32le(file, image->directory, &offset) == -1 ||
	    view_u32le(file, image->directory + 4, &size) == -1)
		return -1;
	image->has_directory = true;
	image->table = offset;
	image->table_size = size;
	return 0;
}

/* The certificate table may hold no byte of a section: it would not be digested. */
static int
check_sections(struct image *image)
{
	for (uint16_t i = 0; i < image->section_count; i++) {
		uint64_t row = image->sections + (uint64_t)i * 40;
		uint32_t size, offset;
		if (view_u32le(image->file, row + 16, &size) == -1 ||
		    view_u32le(image->file, row + 20, &offset) == -1)
			return -1;
		if (size == 0 || offset == 0)
			continue;
		if (offset < image->table + image->table_size &&
		    (uint64_t)offset + size > image->table)
			judgement_add(&image->found, SIGNATURE_INVALID,
				      "the certificate table overlaps section %u",
				      i + 1U);
	}
	if (image->table < image->sections + (uint64_t)image->section_count * 40)
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the certificate table overlaps the headers");
	return 0;
}

static void
check_place(struct image *image)
{
	uint64_t end = image->table + image->table_size; /* both below 2^32 */
	if (end > image->file->size)
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the certificate table ends %ju bytes past the file",
			      (uintmax_t)(end - image->file->size));
	else if (end < image->file->size)
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "%ju bytes follow the certificate table",
			      (uintmax_t)(image->file->size - end));
	if (image->table % 8 != 0)
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the certificate table stands at %ju, no multiple of 8",
			      (uintmax_t)image->table);
	if (check_sections(image) == -1)
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the section table lies past the end of the file");
}

/* The DER and, up to dwLength, zeros. */
static void
check_stuffing(struct entry *entry, uint16_t revision, uint16_t type)
{
	if (type != TYPE_SIGNED_DATA || revision != REVISION_2) {
		judgement_add(
		    &entry->found, SIGNATURE_NOT_CHECKED,
		    "certificate revision 0x%04x and type 0x%04x are not known "
		    "here",
		    revision, type);
		return;
	}
	struct view room = entry->der;
	authenticode_take(&room, "its certificate table entry", &entry->der,
			  &entry->found);
}

/* The entry at `offset` of the table; *next is where the one after it starts. */
static int
read_entry(struct image *image, const struct view *table, uint64_t offset,
	   uint64_t *next)
{
	uint32_t length;
	uint16_t revision, type;
	struct entry entry = {.offset = image->table + offset};
	if (view_u32le(table, offset, &length) == -1 ||
	    view_u16le(table, offset + 4, &revision) == -1 ||
	    view_u16le(table, offset + 6, &type) == -1 || length < CERTIFICATE_HEADER ||
	    view_sub(table, offset + CERTIFICATE_HEADER, length - CERTIFICATE_HEADER,
		     &entry.der) == -1)
		return -1;
	entry.length = length;
	uint64_t padded = ((uint64_t)length + 7) / 8 * 8;
	struct view padding = view_from(table, offset + length);
	if (padding.size > padded - length)
		padding.size = padded - length;
	if (!view_is_zero(&padding))
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the padding of the certificate table entry is not zero");
	check_stuffing(&entry, revision, type);
	image->entries = base_realloc(image->entries, image->entry_count + 1,
				      sizeof(*image->entries));
	image->entries[image->entry_count++] = entry;
	*next = offset + padded;
	return 0;
}

static void
read_entries(struct image *image)
{
	struct view table;
	uint64_t at = 0;
	if (view_sub(image->file, image->table, image->table_size, &table) == -1)
		table = view_from(image->file, image->table);
	while (at < table.size) {
		if (image->entry_count == AUTHENTICODE_ENTRIES_MOST) {
			judgement_add(&image->found, SIGNATURE_NOT_CHECKED,
				      "more than %d entries in the certificate table",
				      AUTHENTICODE_ENTRIES_MOST);
			return;
		}
		if (read_entry(image, &table, at, &at) == -1) {
			judgement_add(
			    &image->found, SIGNATURE_INVALID,
			    "%ju bytes of the certificate table are in no entry",
			    (uintmax_t)(table.size - at));
			return;
		}
	}
}

/* The map must name the same bytes as not digested: two readings of one header are
 * a way to show one file and sign another. */
static bool
map_agrees(const struct image *image)
{
	const struct format *format = format_by_name("pe");
	if (format == NULL || format->map == NULL)
		return true;
	struct map *map = format_map(format, image->file, NULL);
	bool agrees = true;
	for (size_t i = 0; i < map->count && agrees; i++) {
		const struct extent *extent = &map->extents[i];
		uint64_t end = extent->offset + extent->length;
		bool checksum =
		    extent->offset >= image->checksum && end <= image->checksum + 4;
		bool signature = (extent->offset >= image->directory &&
				  end <= image->directory + 8) ||
				 (extent->offset >= image->table &&
				  end <= image->table + image->table_size);
		if (strcmp(extent->name, "CheckSum") == 0)
			agrees = checksum;
		else if (extent->tag == EXTENT_SIGNATURE)
			agrees = signature;
	}
	map_free(map);
	return agrees;
}

/* Everything but CheckSum, directory 4 and the table. */
static void
image_digest(const struct authenticode *checking,
	     const struct digest_algorithm *algorithm, struct digest *digest)
{
	const struct image *image = checking->subject;
	const struct view *file = image->file;
	struct view parts[4] = {{0}};
	memset(digest, 0, sizeof(*digest));
	uint64_t after_checksum = image->checksum + 4;
	uint64_t after_directory = image->directory + 8;
	if (image->table < after_directory || image->table > file->size ||
	    view_sub(file, 0, image->checksum, &parts[0]) == -1 ||
	    view_sub(file, after_checksum, image->directory - after_checksum,
		     &parts[1]) == -1 ||
	    view_sub(file, after_directory, image->table - after_directory,
		     &parts[2]) == -1)
		return; /* of size 0: equal to nothing */
	parts[3] = view_from(file, image->table + image->table_size);
	digest_of(algorithm, parts, ARRAY_COUNT(parts), digest);
}

/* What is digested, and what the table is made of. */
static void
image_coverage(const struct authenticode *checking, json_t *entry)
{
	const struct image *image = checking->subject;
	const struct view *file = image->file;
	uint64_t end = image->table + image->table_size;
	coverage_add(entry, image->checksum, 4, COVERAGE_STRUCTURAL, "CheckSum");
	coverage_add(entry, image->directory, 8, COVERAGE_STRUCTURAL,
		     "place of the certificate table");
	for (size_t i = 0; i < image->entry_count; i++) {
		const struct entry *one = &image->entries[i];
		uint64_t der = one->offset + CERTIFICATE_HEADER;
		uint64_t padded = (one->length + 7) / 8 * 8;
		uint64_t rest = padded - CERTIFICATE_HEADER - one->der.size;
		coverage_add(entry, one->offset, CERTIFICATE_HEADER,
			     COVERAGE_STRUCTURAL, "certificate header");
		coverage_add(entry, der, one->der.size, COVERAGE_SIGNATURE,
			     "certificate");
		if (rest > file->size - der - one->der.size)
			rest = file->size - der - one->der.size;
		coverage_add_zeros(entry, file, der + one->der.size, rest, "padding");
	}
	coverage_add(entry, 0, image->table, COVERAGE_SIGNED, "headers and sections");
	if (end < file->size)
		coverage_add(entry, end, file->size - end, COVERAGE_SIGNED,
			     "behind the certificate table");
}

/* PE Format, "CheckSum": the 16-bit words added up with carry, and the length. Words of
 * 32 bits come to the same, as 0x10000 is 1 modulo 0xffff. */
static uint32_t
image_checksum(const struct image *image)
{
	uint64_t sum = 0;
	const struct view *file = image->file;
	uint64_t whole = file->size / 4 * 4;
	for (uint64_t at = 0; at < whole; at += 4) {
		uint32_t word;
		memcpy(&word, file->data + at, sizeof(word));
		sum += le32toh(word);
	}
	for (uint64_t at = whole; at < file->size; at++)
		sum += (uint64_t)file->data[at] << (at % 4 * 8);
	for (uint64_t at = image->checksum; at < image->checksum + 4; at++) {
		uint8_t byte = 0;
		view_u8(file, at, &byte);
		sum -= (uint64_t)byte << (at % 4 * 8);
	}
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + file->size);
}

/* ---- entries --------------------------------------------------------- */

static void
note_checksum(struct authenticode *checking, const struct image *image)
{
	uint32_t stored, sum = image_checksum(image);
	if (view_u32le(image->file, image->checksum, &stored) == -1 || stored == sum)
		return;
	if (stored == 0)
		strings_add(&checking->notes,
			    "the PE CheckSum is not set; it is not signed");
	else
		strings_addf(
		    &checking->notes,
		    "the PE CheckSum is 0x%08x where the bytes add up to 0x%08x; "
		    "it is not signed",
		    stored, sum);
}

static void
check_entry(struct authenticode *checking, const struct entry *entry, size_t i)
{
	char *index = base_format("%zu", i);
	char *where =
	    base_format("certificate table entry %zu at offset %ju, %ju bytes", i,
			(uintmax_t)entry->offset, (uintmax_t)entry->length);
	if (entry->found.status == SIGNATURE_NOT_CHECKED) /* not a kind we know */
		authenticode_only(checking, index, where, SIGNATURE_NOT_CHECKED,
				  entry->found.reasons.items[0]);
	else
		authenticode_signature(checking, &entry->der, index, where,
				       &entry->found);
	free(index);
	free(where);
}

static void
check_entries(struct authenticode *checking, struct image *image)
{
	check_place(image);
	read_entries(image);
	if (!map_agrees(image))
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the PE headers can be read in two ways");
	if (image->entry_count == 0) {
		char *reason = judgement_reason(&image->found);
		authenticode_only(checking, "0", NULL, SIGNATURE_INVALID,
				  reason != NULL ? reason
						 : "an empty certificate table");
		free(reason);
	}
	note_checksum(checking, image);
	judgement_merge(&checking->found, &image->found);
	for (size_t i = 0; i < image->entry_count; i++)
		checking->tops[checking->top_count++] = image->entries[i].der;
	for (size_t i = 0; i < image->entry_count; i++)
		check_entry(checking, &image->entries[i], i);
}

static void
pe_check(struct authenticode *checking)
{
	struct image image = {.file = checking->file};
	checking->subject = &image;
	if (image_headers(&image) == -1)
		authenticode_only(
		    checking, "0", NULL, SIGNATURE_NOT_CHECKED,
		    "the PE headers are malformed: no place of a signature");
	else if (image.table_size == 0)
		authenticode_only(checking, "0", NULL, SIGNATURE_UNSIGNED,
				  "there is no certificate table");
	else
		check_entries(checking, &image);
	for (size_t i = 0; i < image.entry_count; i++)
		judgement_free(&image.entries[i].found);
	free(image.entries);
	judgement_free(&image.found);
}

static bool
pe_knows(const struct view *file, const struct format *format)
{
	if (format != NULL)
		return format_is(format, "pe");
	uint32_t pe;
	return view_has(file, 0, "MZ", 2) && view_u32le(file, 0x3c, &pe) == 0 &&
	       view_has(file, pe, "PE\0\0", 4);
}

const struct authenticode_kind authenticode_pe = {.format = "pe",
						  .title = "PE image",
						  .noun = "image",
						  .type = OID_PE_IMAGE,
						  .other_type = OID_INDIVIDUAL,
						  .usual = true,
						  .knows = pe_knows,
						  .check = pe_check,
						  .digest = image_digest,
						  .coverage = image_coverage};
