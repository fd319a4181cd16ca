/*
 * Authenticode on PE images (Windows Authenticode Portable Executable Signature
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
#include "signature/signature_private.h"

#define OID_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"
#define OID_PE_IMAGE      "1.3.6.1.4.1.311.2.1.15"
#define OID_OPUS_INFO     "1.3.6.1.4.1.311.2.1.12"
#define OID_NESTED        "1.3.6.1.4.1.311.2.4.1"

enum {
	ENTRIES_MOST = 32,
	SIGNATURES_MOST = 64,
	NESTING_MOST = 4,
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
	struct view rest = entry->der;
	struct der whole;
	if (type != TYPE_SIGNED_DATA || revision != REVISION_2) {
		judgement_add(
		    &entry->found, SIGNATURE_NOT_CHECKED,
		    "certificate revision 0x%04x and type 0x%04x are not known "
		    "here",
		    revision, type);
		return;
	}
	if (der_take(&rest, DER_SEQUENCE, &whole) == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the certificate table entry holds no DER");
		return;
	}
	entry->der = whole.whole;
	/* CVE-2013-3900: what follows the signature is signed by nobody. */
	if (!view_is_zero(&rest))
		judgement_add(
		    &entry->found, SIGNATURE_INVALID,
		    "%ju bytes that nobody signed follow the signature inside "
		    "its certificate table entry",
		    (uintmax_t)rest.size);
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
		if (image->entry_count == ENTRIES_MOST) {
			judgement_add(&image->found, SIGNATURE_NOT_CHECKED,
				      "more than %d entries in the certificate table",
				      ENTRIES_MOST);
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
image_digest(const struct image *image, const struct digest_algorithm *algorithm,
	     struct digest *digest)
{
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

/* PE Format, "CheckSum": the 16-bit words added up with carry, and the length. */
static uint32_t
image_checksum(const struct image *image)
{
	uint64_t sum = 0;
	const struct view *file = image->file;
	for (uint64_t at = 0; at < file->size; at += 2) {
		uint16_t word = 0;
		uint8_t last = 0;
		if (at == image->checksum || at == image->checksum + 2)
			continue;
		if (view_u16le(file, at, &word) == -1 && view_u8(file, at, &last) == 0)
			word = last;
		sum += word;
	}
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + file->size);
}

/* ---- one signature --------------------------------------------------- */

/* What is common to all signatures of one file. */
struct checking {
	struct image *image;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
	uint32_t checksum; /* as it should be */
};

/* One signature on its way to an entry. */
struct one {
	struct checking *checking;
	const char *index;
	const char *where;
	struct cms_entry entry;
};

static void
note_checksum(struct one *one)
{
	const struct image *image = one->checking->image;
	uint32_t stored;
	if (view_u32le(image->file, image->checksum, &stored) == -1 ||
	    stored == one->checking->checksum)
		return;
	if (stored == 0)
		strings_add(&one->entry.notes,
			    "the PE CheckSum is not set; it is not signed");
	else
		strings_addf(
		    &one->entry.notes,
		    "the PE CheckSum is 0x%08x where the bytes add up to 0x%08x; "
		    "it is not signed",
		    stored, one->checking->checksum);
}

/* SpcIndirectDataContent (Authenticode, "SpcIndirectDataContent"): which digest of
 * which kind of file was signed. */
static int
indirect_data(const struct cms *cms, char oid[OID_TEXT], struct view *digest)
{
	struct view rest = cms->content.value, inside, unused;
	struct der data, info, value;
	char type[OID_TEXT];
	if (cms->content.tag != DER_SEQUENCE ||
	    der_take(&rest, DER_SEQUENCE, &data) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &info) == -1 || rest.size != 0)
		return -1;
	inside = data.value;
	if (der_take_oid(&inside, type) == -1 || strcmp(type, OID_PE_IMAGE) != 0)
		return -1;
	inside = info.value;
	if (der_take_algorithm(&inside, oid, &unused) == -1 ||
	    der_take(&inside, DER_OCTET_STRING, &value) == -1 || inside.size != 0)
		return -1;
	*digest = value.value;
	return 0;
}

static void
check_digest(struct one *one, const struct cms *cms)
{
	char oid[OID_TEXT];
	struct view has;
	if (strcmp(cms->content_type, OID_INDIRECT_DATA) != 0 ||
	    indirect_data(cms, oid, &has) == -1) {
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "what was signed is no digest of a PE image");
		return;
	}
	/* Authenticode, "digestAlgorithms": all three name the same one. */
	if (strcmp(oid, cms->signer.digest) != 0 || strcmp(oid, cms->digest) != 0)
		judgement_add(
		    &one->entry.found, SIGNATURE_INVALID,
		    "digest algorithms disagree: image %s, signer %s, signature "
		    "%s",
		    oid, cms->signer.digest, cms->digest);
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	struct digest digest;
	if (algorithm != NULL)
		image_digest(one->checking->image, algorithm, &digest);
	else
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "the image's digest algorithm %s is not known here", oid);
	cms_entry_digest(&one->entry, algorithm, &has, algorithm ? &digest : NULL);
	if (algorithm == NULL)
		return;
	if (!digest_is(&digest, &has))
		judgement_add(
		    &one->entry.found, SIGNATURE_INVALID,
		    "the image is not the one that was signed: its %s differs",
		    algorithm->name);
}

/* Anything but timestamps and nested signatures among the unsigned attributes is a
 * place to carry bytes that nobody signed. */
static void
check_unsigned_attributes(struct one *one, const struct cms *cms)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	for (size_t i = 0; i < attributes->count; i++) {
		const struct cms_attribute *attribute = &attributes->items[i];
		if (timestamps_are(attribute) ||
		    strcmp(attribute->oid, OID_NESTED) == 0)
			continue;
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "the unsigned attribute %s carries %ju bytes that nobody "
			      "signed",
			      attribute->oid, (uintmax_t)attribute->size);
	}
}

/* SpcString: [0] UTF-16BE or [1] ASCII, as shown text; NULL otherwise. */
static json_t *
spc_string(struct view *rest)
{
	struct der element;
	if (der_next(rest, &element) == -1)
		return NULL;
	if (element.tag == DER_CONTEXT + 1)
		return text_json_n(element.value.data, element.value.size);
	if (element.tag != DER_CONTEXT + 0)
		return NULL;
	ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_BMPSTRING);
	unsigned char *utf8 = NULL;
	json_t *json = NULL;
	if (element.value.size < 1 << 16 &&
	    ASN1_STRING_set(string, element.value.data, (int)element.value.size) == 1) {
		int size = ASN1_STRING_to_UTF8(&utf8, string);
		if (size >= 0)
			json = text_json_n(utf8, (size_t)size);
	}
	OPENSSL_free(utf8);
	ASN1_STRING_free(string);
	return json;
}

/* SpcSpOpusInfo: what the signer calls the program. */
static void
show_program(struct one *one, const struct cms *cms)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&cms->signer.signed_attributes, OID_OPUS_INFO);
	struct der sequence, element;
	if (attribute == NULL)
		return;
	struct view rest = attribute->values;
	if (der_take(&rest, DER_SEQUENCE, &sequence) == -1)
		return;
	rest = sequence.value;
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 0, &element) == 0) {
		json_t *name = spc_string(&element.value);
		if (name != NULL)
			json_object_set_new(one->entry.json, "program_name", name);
	}
	/* SpcLink: [0] is a URL. */
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 1, &element) == 0) {
		struct der url;
		if (der_take(&element.value, DER_CONTEXT + 0, &url) == 0)
			json_object_set_new(
			    one->entry.json, "url",
			    text_json_n(url.value.data, url.value.size));
	}
}

static void
check_cms(struct one *one, const struct cms *cms)
{
	check_digest(one, cms);
	check_unsigned_attributes(one, cms);
	show_program(one, cms);
	struct cms_expected expected = {.content_type = OID_INDIRECT_DATA,
					.content = cms->content.value};
	cms_entry_signer(&one->entry, cms, &cms->signer, &expected);
}

/* ---- entries --------------------------------------------------------- */

static void
note_duplicate(struct one *one, const struct view *der)
{
	struct checking *checking = one->checking;
	for (size_t i = 0; i < checking->image->entry_count; i++) {
		const struct entry *entry = &checking->image->entries[i];
		if (entry->der.data == der->data)
			return;
		if (view_equal(&entry->der, der)) {
			strings_addf(&one->entry.notes, "the same signature as entry %zu", i);
			return;
		}
	}
}

static void check_signature(struct checking *checking, const struct view *der,
			    const char *index, const char *where,
			    const struct judgement *found, unsigned depth);

static void
check_nested(struct one *one, const struct cms *cms, unsigned depth)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	size_t ordinal = 0;
	for (size_t i = 0; i < attributes->count; i++) {
		struct view rest = attributes->items[i].values;
		struct der value;
		if (strcmp(attributes->items[i].oid, OID_NESTED) != 0)
			continue;
		while (rest.size != 0) {
			if (der_next(&rest, &value) == -1) {
				value.whole = rest;
				rest.size = 0;
			}
			char *index =
			    base_format("%s.nested.%zu", one->index, ordinal++);
			char *where = base_format("nested in %s", one->where);
			check_signature(one->checking, &value.whole, index, where, NULL,
					depth + 1);
			free(index);
			free(where);
		}
	}
}

/* One PKCS#7: its entry, then those of the signatures nested in it. */
static void
check_signature(struct checking *checking, const struct view *der, const char *index,
		const char *where, const struct judgement *found, unsigned depth)
{
	struct one one = {checking, index, where, {.trust = checking->trust}};
	struct cms *cms = NULL;
	struct err err = {0};
	if (checking->count++ >= SIGNATURES_MOST || depth > NESTING_MOST) {
		signature_entry(checking->signatures, checking->path, "authenticode",
				index, SIGNATURE_NOT_CHECKED,
				"too many signatures, or nested too deep");
		signature_worsen(checking->status, SIGNATURE_NOT_CHECKED);
		return;
	}
	one.entry.json = signature_entry(checking->signatures, checking->path, "authenticode",
				   index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(one.entry.json, "format", json_string("pe"));
	json_object_set_new(one.entry.json, "where", json_string(where));
	judgement_merge(&one.entry.found, &checking->image->found);
	if (found != NULL)
		judgement_merge(&one.entry.found, found);
	if (cms_parse(der, &cms, &err) == -1) {
		judgement_add(&one.entry.found, SIGNATURE_INVALID, "malformed signature: %s",
			      err.message);
	} else {
		check_cms(&one, cms);
		note_duplicate(&one, der);
	}
	note_checksum(&one);
	cms_entry_conclude(&one.entry, checking->status);
	if (cms != NULL)
		check_nested(&one, cms, depth);
	cms_free(cms);
}

static void
check_entry(struct checking *checking, size_t i)
{
	const struct entry *entry = &checking->image->entries[i];
	char *index = base_format("%zu", i);
	char *where =
	    base_format("certificate table entry %zu at offset %ju, %ju bytes", i,
			(uintmax_t)entry->offset, (uintmax_t)entry->length);
	if (entry->found.status == SIGNATURE_NOT_CHECKED) { /* not a kind we know */
		json_t *json = signature_entry(
		    checking->signatures, checking->path, "authenticode", index,
		    SIGNATURE_NOT_CHECKED, entry->found.reasons.items[0]);
		json_object_set_new(json, "format", json_string("pe"));
		json_object_set_new(json, "where", json_string(where));
		signature_worsen(checking->status, SIGNATURE_NOT_CHECKED);
	} else {
		check_signature(checking, &entry->der, index, where, &entry->found, 0);
	}
	free(index);
	free(where);
}

/* An image without a signature that could be looked at: one entry that says why. */
static void
add_only(struct checking *checking, enum signature_status status, const char *reason)
{
	json_t *json = signature_entry(checking->signatures, checking->path,
				       "authenticode", "0", status, reason);
	json_object_set_new(json, "format", json_string("pe"));
	signature_worsen(checking->status, status);
}

static void
check_image(struct checking *checking)
{
	struct image *image = checking->image;
	if (image_headers(image) == -1) {
		add_only(checking, SIGNATURE_NOT_CHECKED,
			 "the PE headers are malformed: no place of a signature");
		return;
	}
	if (image->table_size == 0) {
		add_only(checking, SIGNATURE_UNSIGNED, "there is no certificate table");
		return;
	}
	check_place(image);
	read_entries(image);
	if (!map_agrees(image))
		judgement_add(&image->found, SIGNATURE_INVALID,
			      "the PE headers can be read in two ways");
	if (image->entry_count == 0) {
		char *reason = judgement_reason(&image->found);
		add_only(checking, SIGNATURE_INVALID,
			 reason != NULL ? reason : "an empty certificate table");
		free(reason);
	}
	checking->checksum = image_checksum(image);
	for (size_t i = 0; i < image->entry_count; i++)
		check_entry(checking, i);
}

static bool
authenticode_knows(const struct view *file, const struct format *format)
{
	if (format != NULL)
		return format_is(format, "pe");
	uint32_t pe;
	return view_has(file, 0, "MZ", 2) && view_u32le(file, 0x3c, &pe) == 0 &&
	       view_has(file, pe, "PE\0\0", 4);
}

static int
authenticode_check(const struct view *file, const char *path, const struct trust *trust,
		   json_t *signatures, enum signature_status *status, struct err *err)
{
	struct image image = {.file = file};
	struct checking checking = {&image, path, trust, signatures, status, 0, 0};
	*status = SIGNATURE_VALID;
	check_image(&checking);
	for (size_t i = 0; i < image.entry_count; i++)
		judgement_free(&image.entries[i].found);
	free(image.entries);
	judgement_free(&image.found);
	return 0;
}

const struct scheme scheme_authenticode = {"authenticode", true, authenticode_knows,
					   authenticode_check};
