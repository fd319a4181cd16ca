/*
 * Lists of certificates and digests that UEFI firmware trusts or refuses (db, dbx, KEK,
 * PK), and signed updates of the variables that hold them. Sections are those of the
 * UEFI Specification 2.10: 32.4.1, "Signature Database", and 8.2.2, "Using the
 * EFI_VARIABLE_AUTHENTICATION_2 descriptor". All numbers are little-endian.
 *
 *     EFI_SIGNATURE_LIST: type (16), size, header size, signature size (4 each),
 * header, signatures: owner (16), data
 *
 *     update: EFI_TIME (16) | WIN_CERTIFICATE_UEFI_GUID (24) | PKCS #7 message | data
 */
#include "format/format_private.h"

enum {
	GUID_SIZE = 16,
	LIST_HEADER = 28,
	LISTS_MOST = 4096,
	TIME_SIZE = 16,
	/* WIN_CERTIFICATE and CertType (32.2.4) */
	CERTIFICATE_HEADER = 24,
	MESSAGE_OFFSET = TIME_SIZE + CERTIFICATE_HEADER,
};

/* ---- lists ------------------------------------------------------------- */

static const struct layout_field signature_fields[] = {
    {0, "SignatureOwner"}, {GUID_SIZE, "SignatureData"}, {0, NULL}};

/* One of a kind whose data is of that size. */
#define SIZED(bytes)                                                                   \
	{                                                                              \
		GUID_SIZE + (bytes), true, 0, signature_fields                         \
	}
#define ANY                                                                            \
	{                                                                              \
		0, false, 0, signature_fields                                          \
	}

static const struct list_kind {
	uint8_t guid[GUID_SIZE];
	const char *name;
	struct layout layout; /* of its signatures; without a record they may differ */
} list_kinds[] = {
    {"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28",
     "EFI_CERT_SHA256", SIZED(32)},
    {"\xe8\x66\x57\x3c\x9c\x26\x34\x4e\xaa\x14\xed\x77\x6e\x85\xb3\xb6",
     "EFI_CERT_RSA2048", SIZED(256)},
    {"\x90\x61\xb3\xe2\x9b\x87\x3d\x4a\xad\x8d\xf2\xe7\xbb\xa3\x27\x84",
     "EFI_CERT_RSA2048_SHA256", SIZED(256)},
    {"\x12\xa5\x6c\x82\x10\xcf\xc9\x4a\xb1\x87\xbe\x01\x49\x66\x31\xbd",
     "EFI_CERT_SHA1", SIZED(20)},
    {"\x4f\x44\xf8\x67\x43\x87\xf1\x48\xa3\x28\x1e\xaa\xb8\x73\x60\x80",
     "EFI_CERT_RSA2048_SHA1", SIZED(256)},
    {"\xa1\x59\xc0\xa5\xe4\x94\xa7\x4a\x87\xb5\xab\x15\x5c\x2b\xf0\x72",
     "EFI_CERT_X509", ANY},
    {"\x33\x52\x6e\x0b\x5c\xa6\xc9\x44\x94\x07\xd9\xab\x83\xbf\xc8\xbd",
     "EFI_CERT_SHA224", SIZED(28)},
    {"\x07\x53\x3e\xff\xd0\x9f\xc9\x48\x85\xf1\x8a\xd5\x6c\x70\x1e\x01",
     "EFI_CERT_SHA384", SIZED(48)},
    {"\xae\x0f\x3e\x09\xc4\xa6\x50\x4f\x9f\x1b\xd4\x1e\x2b\x89\xc1\x9a",
     "EFI_CERT_SHA512", SIZED(64)},
    /* the digest of a certificate's signed part, and when it was revoked */
    {"\x92\xa4\xd2\x3b\xc0\x96\x79\x40\xb4\x20\xfc\xf9\x8e\xf1\x03\xed",
     "EFI_CERT_X509_SHA256", SIZED(32 + TIME_SIZE)},
    {"\x6e\x87\x76\x70\xc2\x80\xe6\x4e\xaa\xd2\x28\xb3\x49\xa6\x86\x5b",
     "EFI_CERT_X509_SHA384", SIZED(48 + TIME_SIZE)},
    {"\x63\xbf\x6d\x44\x02\x25\xda\x4c\xbc\xfa\x24\x65\xd2\xb0\xfe\x9d",
     "EFI_CERT_X509_SHA512", SIZED(64 + TIME_SIZE)},
};

/* One list: where it and its signatures are. */
struct list {
	const struct list_kind *kind; /* NULL: of another type */
	uint64_t offset, first, end;
	uint32_t entry; /* size of a signature */
};

static const struct list_kind *
list_kind_at(const struct view *view, uint64_t offset)
{
	for (size_t i = 0; i < ARRAY_COUNT(list_kinds); i++) {
		if (view_has(view, offset, list_kinds[i].guid, GUID_SIZE))
			return &list_kinds[i];
	}
	return NULL;
}

static int
list_read(const struct view *view, uint64_t offset, struct list *list, struct err *err)
{
	uint32_t size = 0, header = 0;
	struct view whole;
	*list = (struct list){.kind = list_kind_at(view, offset), .offset = offset};
	if (view_u32le(view, offset + 16, &size) == -1 ||
	    view_u32le(view, offset + 20, &header) == -1 ||
	    view_u32le(view, offset + 24, &list->entry) == -1 ||
	    view_sub(view, offset, size, &whole) == -1)
		return err_set(err, ERR_INPUT,
			       "signature list at offset %ju is cut off",
			       (uintmax_t)offset);
	list->first = offset + LIST_HEADER + header;
	list->end = offset + size;
	if (size < LIST_HEADER || header > size - LIST_HEADER ||
	    list->entry <= GUID_SIZE || (list->end - list->first) % list->entry != 0 ||
	    (list->kind != NULL && list->kind->layout.record != 0 &&
	     list->kind->layout.record != list->entry))
		return err_set(err, ERR_INPUT,
			       "signature list at offset %ju has signatures of "
			       "another size than its own or its type's",
			       (uintmax_t)offset);
	return 0;
}

/* Add one list: its header says what it holds. */
static void
list_map(const struct list *list, uint32_t index, struct map *map)
{
	static const struct layout_field fields[] = {
	    {0, "SignatureType"},        {16, "SignatureListSize"},
	    {20, "SignatureHeaderSize"}, {24, "SignatureSize"},
	    {28, "SignatureHeader"},     {0, NULL}};
	static const struct layout header = {.fields = fields}, any = ANY;
	uint64_t count = (list->end - list->first) / list->entry;
	const struct layout *layout = count == 1 ? &any : NULL;
	char *name = base_format("signature list %u", index);
	char *detail =
	    base_format("%s, %ju signature%s",
			list->kind != NULL ? list->kind->name : "another type",
			(uintmax_t)count, count == 1 ? "" : "s");
	map_add_layout(map, list->offset, list->offset, list->first - list->offset,
		       EXTENT_METADATA, name, detail, &header);
	if (list->kind != NULL && list->kind->layout.record != 0)
		layout = &list->kind->layout;
	if (layout != NULL)
		map_add_layout(map, list->offset, list->first, list->end - list->first,
			       EXTENT_CONTENT, name, "signature", layout);
	else
		map_add_part(map, list->offset, list->first, list->end - list->first,
			     EXTENT_CONTENT, EXTENT_NO_MEMBER, name, "signatures");
	free(name);
	free(detail);
}

/* Follow the lists from `at` to the end, into `map` unless it is NULL. */
static int
lists_walk(const struct view *view, uint64_t at, struct map *map, struct err *err)
{
	for (uint32_t i = 0; at < view->size; i++) {
		struct list list;
		if (i == LISTS_MOST)
			return err_set(err, ERR_LIMIT, "more than %d signature lists",
				       LISTS_MOST);
		if (list_read(view, at, &list, err) == -1)
			return -1;
		if (map != NULL)
			list_map(&list, i, map);
		at = list.end;
	}
	return 0;
}

static enum probe_answer
list_probe(const struct view *view)
{
	return view->size >= LIST_HEADER && list_kind_at(view, 0) != NULL ? PROBE_SURE
									  : PROBE_NO;
}

static int
efi_list_map(const struct view *view, struct map *map, struct err *err)
{
	return lists_walk(view, 0, map, err);
}

/* Lists that end amid the data: firmware would take none of them, or those before. */
static int
lists_notes(const struct view *view, uint64_t at, const struct member_sink *sink,
	    struct err *err)
{
	struct err trouble = {0};
	if (lists_walk(view, at, NULL, &trouble) == 0)
		return 0;
	return format_note(sink,
			   trouble.kind == ERR_LIMIT ? NOTE_UNDECIDED : NOTE_SUSPECT,
			   at, err, "%s", trouble.message);
}

static int
efi_list_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return lists_notes(view, 0, sink, err);
}

const struct format format_efi_list = {
    .name = "efi-signature-list",
    .title = "EFI signature lists",
    .probe = list_probe,
    .map = efi_list_map,
    .notes = efi_list_notes,
};

/* ---- signed updates of variables ---------------------------------------- */

static enum probe_answer
variable_probe(const struct view *view)
{
	/* wRevision, WIN_CERT_TYPE_EFI_GUID, EFI_CERT_TYPE_PKCS7_GUID */
	static const uint8_t fixed[] = {0x00, 0x02, 0xf1, 0x0e, 0x9d, 0xd2, 0xaf,
					0x4a, 0xdf, 0x68, 0xee, 0x49, 0x8a, 0xa9,
					0x34, 0x7d, 0x37, 0x56, 0x65, 0xa7};
	return view_has(view, TIME_SIZE + 4, fixed, sizeof(fixed)) ? PROBE_SURE
								   : PROBE_NO;
}

/* The message in front of the data, which is what follows it. */
static int
variable_read(const struct view *view, struct view *message, uint64_t *data,
	      struct err *err)
{
	uint32_t size = 0; /* dwLength, from its own first byte */
	view_u32le(view, TIME_SIZE, &size);
	if (size < CERTIFICATE_HEADER ||
	    view_sub(view, MESSAGE_OFFSET, size - CERTIFICATE_HEADER, message) == -1)
		return err_set(err, ERR_INPUT,
			       "certificate of %ju bytes at offset %d is cut off",
			       (uintmax_t)size, TIME_SIZE);
	if (!format_der_is_whole(message))
		return err_set(err, ERR_INPUT,
			       "certificate at offset %d is not one PKCS #7 message",
			       TIME_SIZE);
	*data = TIME_SIZE + (uint64_t)size;
	return 0;
}

static int
variable_map(const struct view *view, struct map *map, struct err *err)
{
	static const struct layout_field time_fields[] = {
	    {0, "Year"},      {2, "Month"},     {3, "Day"},   {4, "Hour"},
	    {5, "Minute"},    {6, "Second"},    {7, "Pad1"},  {8, "Nanosecond"},
	    {12, "TimeZone"}, {14, "Daylight"}, {15, "Pad2"}, {0, NULL}};
	static const struct layout_field fields[] = {{0, "dwLength"},
						     {4, "wRevision"},
						     {6, "wCertificateType"},
						     {8, "CertType"},
						     {0, NULL}};
	static const struct layout time = {.fields = time_fields},
				   header = {.fields = fields};
	struct view message;
	uint64_t data;
	if (variable_read(view, &message, &data, err) == -1)
		return -1;
	map_add_layout(map, 0, 0, TIME_SIZE, EXTENT_SIGNATURE, "EFI_TIME", NULL, &time);
	map_add_layout(map, TIME_SIZE, TIME_SIZE, CERTIFICATE_HEADER, EXTENT_SIGNATURE,
		       "WIN_CERTIFICATE_UEFI_GUID", NULL, &header);
	map_add_part(map, TIME_SIZE, MESSAGE_OFFSET, message.size, EXTENT_SIGNATURE,
		     EXTENT_NO_MEMBER, "WIN_CERTIFICATE_UEFI_GUID", "PKCS #7 message");
	if (list_kind_at(view, data) != NULL)
		return lists_walk(view, data, map, err);
	map_add(map, data, view->size - data, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"variable data", NULL);
	return 0;
}

static int
variable_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct view message;
	struct err trouble = {0};
	uint64_t data;
	if (variable_read(view, &message, &data, &trouble) == -1)
		return format_note(sink, NOTE_SUSPECT, 0, err, "%s", trouble.message);
	return list_kind_at(view, data) != NULL ? lists_notes(view, data, sink, err)
						: 0;
}

/* The rebuilt data, a signature of its own cut away, behind the shipped signature. */
static enum graft_answer
variable_graft(const struct view *shipped, const struct view *rebuilt,
	       struct graft *graft, struct err *err)
{
	struct view message, data = *rebuilt;
	uint64_t end, own;
	if (variable_probe(shipped) != PROBE_SURE)
		return GRAFT_NONE;
	if (variable_read(shipped, &message, &end, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (variable_probe(rebuilt) == PROBE_SURE) {
		if (variable_read(rebuilt, &message, &own, err) == -1) {
			err_at(err, "in the rebuilt file");
			return GRAFT_FAILED;
		}
		data = view_from(rebuilt, own);
		strings_addf(&graft->steps,
			     "time and signature: %ju bytes cut from the rebuilt file",
			     (uintmax_t)own);
	}
	buf_append(&graft->bytes, shipped->data, (size_t)end);
	buf_append(&graft->bytes, data.data, (size_t)data.size);
	strings_addf(&graft->steps,
		     "time and signature: %ju bytes from the shipped file",
		     (uintmax_t)end);
	return GRAFT_DONE;
}

const struct format format_efi_variable = {
    .name = "efi-variable",
    .title = "signed update of an EFI variable",
    .refines = "efi-signature-list",
    .probe = variable_probe,
    .map = variable_map,
    .notes = variable_notes,
    .graft = variable_graft,
};
