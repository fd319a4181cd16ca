/*
 * The signature of an RPM package onto the rebuilt one: the shipped signature header in
 * place of the rebuilt one's. All else is the rebuilt package's: lead, header, payload.
 *
 * The signature header holds sizes and digests too, and room for more. So it is moved
 * only when nothing stands in it but signatures, what the rebuilt one's says in the same
 * words, and zeros; otherwise it could carry what nobody built.
 */
#include "format/rpm_private.h"

enum {
	TAG_REGION = 62, /* rpmtag.h: HEADER_SIGNATURES */
	TAG_DSA = 267,
	TAG_RSA = 268,
	TAG_OPENPGP = 278,
	TAG_PGP = 1002,
	TAG_GPG = 1005,
	TYPE_BIN = 7,
	TYPE_STRINGS = 8,
};

struct moving {
	const struct view *shipped, *rebuilt;
	struct rpm from, to;
	size_t signatures;
	struct err *err;
};

static int
refuse(const struct moving *moving, const char *why)
{
	return err_set(moving->err, ERR_UNSUPPORTED,
		       "the rpm signature header is not plainly a signature: %s", why);
}

static int
refuse_tag(const struct moving *moving, uint32_t tag, const char *why)
{
	return err_set(moving->err, ERR_UNSUPPORTED,
		       "the rpm signature header is not plainly a signature: tag %u %s",
		       tag, why);
}

/* The base64 texts of tag 278; what they say is for others to judge. */
static bool
is_base64(const struct view *bytes)
{
	for (uint64_t i = 0; i < bytes->size; i++) {
		uint8_t byte = bytes->data[i];
		if (!(byte >= 'A' && byte <= 'Z') && !(byte >= 'a' && byte <= 'z') &&
		    !(byte >= '0' && byte <= '9') && byte != '+' && byte != '/' &&
		    byte != '=' && byte != '\n' && byte != '\0')
			return false;
	}
	return bytes->size > 0;
}

static int
check_signature(struct moving *moving, const struct rpm_entry *entry,
		const struct view *bytes)
{
	bool is;
	switch (entry->tag) {
	case TAG_DSA:
	case TAG_RSA:
	case TAG_PGP:
	case TAG_GPG:
		is = entry->type == TYPE_BIN && format_is_openpgp(bytes);
		break;
	case TAG_OPENPGP:
		is = entry->type == TYPE_STRINGS && is_base64(bytes);
		break;
	default: /* signatures of single files are installed with them */
		return refuse_tag(moving, entry->tag, "is no signature of the package");
	}
	moving->signatures++;
	return is ? 0 : refuse_tag(moving, entry->tag, "holds something else");
}

/* Does the rebuilt signature header say the very same? */
static bool
is_said_too(const struct moving *moving, const struct rpm_entry *entry,
	    const struct view *bytes)
{
	const struct rpm_header *header = &moving->to.signature;
	for (uint32_t i = 0; i < header->count; i++) {
		struct rpm_entry other;
		struct view value;
		uint64_t length;
		rpm_entry_at(moving->rebuilt, header, i, &other);
		if (other.tag == entry->tag && other.type == entry->type &&
		    other.count == entry->count &&
		    rpm_entry_length(moving->rebuilt, header, &other, &length) == 0 &&
		    view_sub(moving->rebuilt, header->store + other.offset, length,
			     &value) == 0 &&
		    view_equal(&value, bytes))
			return true;
	}
	return false;
}

/* The region's trailer says that all entries belong to it (rpm's lib/header.c). */
static int
check_region(struct moving *moving, uint32_t index, const struct rpm_entry *entry,
	     const struct view *bytes)
{
	uint32_t tag = 0, type = 0, offset = 0, count = 0;
	view_u32be(bytes, 0, &tag);
	view_u32be(bytes, 4, &type);
	view_u32be(bytes, 8, &offset);
	view_u32be(bytes, 12, &count);
	bool whole = index == 0 && bytes->size == RPM_ENTRY_SIZE && tag == TAG_REGION &&
		     type == TYPE_BIN && count == RPM_ENTRY_SIZE &&
		     offset ==
			 (uint32_t)0 - moving->from.signature.count * RPM_ENTRY_SIZE;
	return whole ? 0 : refuse_tag(moving, entry->tag, "is no region of all entries");
}

static int
check_entry(struct moving *moving, uint32_t index, const struct rpm_entry *entry,
	    const struct view *bytes)
{
	enum extent_tag kind;
	if (entry->tag == TAG_REGION)
		return check_region(moving, index, entry, bytes);
	if (!rpm_signature_tag(entry->tag, &kind))
		return refuse_tag(moving, entry->tag, "is not known");
	if (kind == EXTENT_SIGNATURE)
		return check_signature(moving, entry, bytes);
	if (kind == EXTENT_PADDING)
		return view_is_zero(bytes)
			   ? 0
			   : refuse_tag(moving, entry->tag, "is not all zeros");
	return is_said_too(moving, entry, bytes)
		   ? 0
		   : refuse_tag(moving, entry->tag, "says what the rebuilt one does not");
}

/* All of the store belongs to entries, in their order, but zeros that align them. */
static int
check_order(struct moving *moving, uint64_t *at, const struct rpm_entry *entry,
	    uint64_t length)
{
	const struct rpm_header *header = &moving->from.signature;
	struct view gap;
	if (entry->offset < *at || entry->offset > *at + 7 ||
	    view_sub(moving->shipped, header->store + *at, entry->offset - *at, &gap) ==
		-1 ||
	    !view_is_zero(&gap))
		return refuse(moving, "its entries overlap, or bytes belong to none");
	*at = entry->offset + length;
	return 0;
}

static int
entry_read(struct moving *moving, uint32_t index, struct rpm_entry *entry,
	   struct view *bytes)
{
	const struct rpm_header *header = &moving->from.signature;
	uint64_t length;
	rpm_entry_at(moving->shipped, header, index, entry);
	if (rpm_entry_length(moving->shipped, header, entry, &length) == -1 ||
	    view_sub(moving->shipped, header->store + entry->offset, length, bytes) == -1)
		return refuse(moving, "an entry has data outside of it");
	return 0;
}

/* The region's entry stands first, and its data, the trailer, last. */
static int
check_entries(struct moving *moving)
{
	const struct rpm_header *header = &moving->from.signature;
	struct rpm_entry region = {0}, entry;
	struct view bytes;
	uint64_t at = 0;
	if (header->count == 0)
		return refuse(moving, "it is empty");
	for (uint32_t i = 0; i < header->count; i++) {
		if (entry_read(moving, i, &entry, &bytes) == -1 ||
		    check_entry(moving, i, &entry, &bytes) == -1)
			return -1;
		if (entry.tag == TAG_REGION)
			region = entry;
		else if (check_order(moving, &at, &entry, bytes.size) == -1)
			return -1;
	}
	if (region.tag != TAG_REGION ||
	    check_order(moving, &at, &region, RPM_ENTRY_SIZE) == -1 ||
	    at != header->store_size)
		return refuse(moving, "it is not one region");
	return 0;
}

static int
check_frame(struct moving *moving)
{
	const struct rpm *from = &moving->from;
	struct view reserved, padding;
	if (view_sub(moving->shipped, from->signature.offset + 4, 4, &reserved) == -1 ||
	    view_sub(moving->shipped, from->signature.end,
		     from->signature_end - from->signature.end, &padding) == -1 ||
	    !view_is_zero(&reserved) || !view_is_zero(&padding))
		return refuse(moving, "its padding is not zero");
	return 0;
}

/* Has the shipped package any signature? */
static bool
is_signed(const struct view *shipped, const struct rpm *rpm)
{
	for (uint32_t i = 0; i < rpm->signature.count; i++) {
		struct rpm_entry entry;
		enum extent_tag kind;
		rpm_entry_at(shipped, &rpm->signature, i, &entry);
		if (rpm_signature_tag(entry.tag, &kind) && kind == EXTENT_SIGNATURE)
			return true;
	}
	return false;
}

enum graft_answer
rpm_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct moving moving = {.shipped = shipped, .rebuilt = rebuilt, .err = err};
	if (rpm_read(shipped, &moving.from, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (!is_signed(shipped, &moving.from))
		return GRAFT_NONE;
	if (rpm_read(rebuilt, &moving.to, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	if (check_frame(&moving) == -1 || check_entries(&moving) == -1)
		return GRAFT_FAILED;
	uint64_t size = moving.from.signature_end - RPM_LEAD_SIZE;
	struct view rest = view_from(rebuilt, moving.to.signature_end);
	buf_append(&graft->bytes, rebuilt->data, RPM_LEAD_SIZE);
	buf_append(&graft->bytes, shipped->data + RPM_LEAD_SIZE, (size_t)size);
	buf_append(&graft->bytes, rest.data, (size_t)rest.size);
	strings_addf(&graft->steps,
		     "rpm signature header: %ju bytes from the shipped file, with %zu "
		     "signatures, in place of %ju",
		     (uintmax_t)size, moving.signatures,
		     (uintmax_t)(moving.to.signature_end - RPM_LEAD_SIZE));
	return GRAFT_DONE;
}
