/*
 * Extensions of Chromium, as its components/crx_file reads them:
 *
 *	"Cr24", version
 *	version 3: size of the header, header (crx3.proto, CrxFileHeader)
 *	version 2: sizes of key and signature, key, signature
 *	zip archive up to the end of the file
 *
 * All before the archive is there because the extension was signed.
 */
#include "format/format_private.h"

enum {
	MAGIC_SIZE = 4,
	HEAD_3 = 12,
	HEAD_2 = 16,
	/* crx3.proto, CrxFileHeader */
	FIELD_RSA = 2,
	FIELD_ECDSA = 3,
	FIELD_VERIFIED = 4,
	FIELD_SIGNED = 10000,
	/* AsymmetricKeyProof */
	FIELD_KEY = 1,
	FIELD_SIGNATURE = 2,
	/* what a header that is plainly a signature has at most */
	PROOFS_MOST = 16,
	KEY_MOST = 2048,
	SIGNATURE_MOST = 1024,
	ID_SIZE = 16,
};

struct crx {
	uint32_t version;
	uint64_t head; /* bytes before header, or key */
	uint64_t key;  /* of version 2: its size */
	struct view header, archive;
	bool plain; /* nothing is in the header but what a signature is made of */
};

/* Is it one DER SEQUENCE and nothing else? */
static bool
is_sequence(const struct view *key)
{
	uint16_t length;
	uint8_t byte;
	if (!view_has(key, 0, "\x30", 1) || view_u8(key, 1, &byte) == -1 ||
	    key->size > KEY_MOST)
		return false;
	if (byte < 0x80)
		return key->size == (uint64_t)byte + 2;
	if (byte == 0x81)
		return view_u8(key, 2, &byte) == 0 && key->size == (uint64_t)byte + 3;
	return byte == 0x82 && view_u16be(key, 2, &length) == 0 &&
	       key->size == (uint64_t)length + 4;
}

/* A proof: one key, one signature, in this order. */
static bool
is_plain_proof(struct view proof)
{
	struct protobuf_field key, signature;
	return protobuf_next(&proof, &key) == 0 && key.number == FIELD_KEY &&
	       key.type == PROTOBUF_BYTES && is_sequence(&key.bytes) &&
	       protobuf_next(&proof, &signature) == 0 &&
	       signature.number == FIELD_SIGNATURE &&
	       signature.type == PROTOBUF_BYTES &&
	       signature.bytes.size <= SIGNATURE_MOST && proof.size == 0;
}

static bool
is_plain_header(struct view header)
{
	struct protobuf_field field;
	size_t proofs = 0, ids = 0;
	while (header.size > 0) {
		if (protobuf_next(&header, &field) == -1 ||
		    field.type != PROTOBUF_BYTES)
			return false;
		if (field.number == FIELD_RSA || field.number == FIELD_ECDSA) {
			if (++proofs > PROOFS_MOST || !is_plain_proof(field.bytes))
				return false;
		} else if (field.number == FIELD_SIGNED) {
			/* crx3.proto, SignedData: field 1, the id */
			ids++;
			if (field.bytes.size != 2 + ID_SIZE ||
			    !view_has(&field.bytes, 0, "\x0a\x10", 2))
				return false;
		} else {
			return false;
		}
	}
	return proofs > 0 && ids == 1;
}

static int
read_version_2(struct crx *crx, const struct view *view)
{
	uint32_t key, signature;
	struct view part;
	crx->head = HEAD_2;
	if (view_u32le(view, 8, &key) == -1 || view_u32le(view, 12, &signature) == -1 ||
	    view_sub(view, HEAD_2, (uint64_t)key + signature, &crx->header) == -1 ||
	    view_sub(&crx->header, 0, key, &part) == -1)
		return -1;
	crx->key = key;
	crx->plain = is_sequence(&part) && signature > 0 && signature <= SIGNATURE_MOST;
	return 0;
}

static int
crx_read(struct crx *crx, const struct view *view, struct err *err)
{
	uint32_t size;
	*crx = (struct crx){0};
	if (!view_has(view, 0, "Cr24", MAGIC_SIZE) ||
	    view_u32le(view, MAGIC_SIZE, &crx->version) == -1)
		return err_set(err, ERR_INPUT, "no header of an extension");
	if (crx->version == 3) {
		crx->head = HEAD_3;
		if (view_u32le(view, 8, &size) == -1 ||
		    view_sub(view, HEAD_3, size, &crx->header) == -1)
			return err_set(err, ERR_INPUT, "the header is cut off");
		crx->plain = is_plain_header(crx->header);
	} else if (crx->version == 2) {
		if (read_version_2(crx, view) == -1)
			return err_set(err, ERR_INPUT, "the header is cut off");
	} else {
		return err_set(err, ERR_UNSUPPORTED,
			       "version %u of extensions is not known here",
			       crx->version);
	}
	crx->archive = view_from(view, crx->head + crx->header.size);
	return 0;
}

static enum probe_answer
crx_probe(const struct view *view)
{
	return view->size >= HEAD_3 && view_has(view, 0, "Cr24", MAGIC_SIZE)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
crx_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct crx crx;
	const struct member member = {.path = "extension.zip", .type = MEMBER_FILE};
	if (crx_read(&crx, view, err) == -1)
		return -1;
	uint64_t start = crx.head + crx.header.size;
	if (crx.archive.size == 0)
		return format_note(sink, NOTE_UNDECIDED, start, err,
				   "no members found");
	if (sink->begin(sink->context, &member, err) == -1 ||
	    sink->slice(sink->context, start, crx.archive.size, err) == -1)
		return -1;
	if (!crx.plain)
		return format_note(sink, NOTE_REMARK, crx.head, err,
				   "the header holds more than keys and signatures");
	return 0;
}

/* The parts of a header of version 3 that are known, in the order they stand. */
static void
map_header(const struct view *view, const struct crx *crx, struct map *map)
{
	struct view rest = crx->header;
	struct protobuf_field field;
	enum extent_tag tag = crx->plain ? EXTENT_SIGNATURE : EXTENT_METADATA;
	while (rest.size > 0 && protobuf_next(&rest, &field) == 0) {
		const char *name = "crx header unknown field";
		if (field.type != PROTOBUF_BYTES)
			continue;
		if (field.number == FIELD_RSA)
			name = "crx header RSA proof";
		else if (field.number == FIELD_ECDSA)
			name = "crx header ECDSA proof";
		else if (field.number == FIELD_VERIFIED)
			name = "crx header verified contents";
		else if (field.number == FIELD_SIGNED)
			name = "crx header signed data";
		map_add(map, (uint64_t)(field.bytes.data - view->data),
			field.bytes.size, tag, EXTENT_NO_MEMBER, name, NULL);
	}
	map_add(map, 8, 4, tag, EXTENT_NO_MEMBER, "crx header size", NULL);
	map_add(map, HEAD_3, crx->header.size, tag, EXTENT_NO_MEMBER, "crx header",
		NULL);
}

static int
crx_map(const struct view *view, struct map *map, struct err *err)
{
	struct crx crx;
	if (crx_read(&crx, view, err) == -1)
		return -1;
	enum extent_tag tag = crx.plain ? EXTENT_SIGNATURE : EXTENT_METADATA;
	map_add(map, 0, 8, tag, EXTENT_NO_MEMBER, "crx magic and version", NULL);
	if (crx.version == 3) {
		map_header(view, &crx, map);
	} else {
		map_add(map, 8, 8, tag, EXTENT_NO_MEMBER, "crx header sizes", NULL);
		map_add(map, HEAD_2, crx.key, tag, EXTENT_NO_MEMBER, "crx public key",
			NULL);
		map_add(map, HEAD_2 + crx.key, crx.header.size - crx.key, tag,
			EXTENT_NO_MEMBER, "crx signature", NULL);
	}
	map_add(map, crx.head + crx.header.size, crx.archive.size, EXTENT_CONTENT, 0,
		"extension", NULL);
	return 0;
}

/* The rebuilt file is an extension, or a zip archive that nobody signed. */
static enum graft_answer
crx_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct crx theirs, ours;
	*graft = (struct graft){0};
	if (crx_read(&theirs, shipped, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (!theirs.plain) {
		err_set(err, ERR_INPUT,
			"the header of the shipped file holds more than keys and "
			"signatures");
		return GRAFT_FAILED;
	}
	if (crx_probe(rebuilt) != PROBE_SURE) {
		ours = (struct crx){.archive = *rebuilt};
	} else if (crx_read(&ours, rebuilt, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	uint64_t head = theirs.head + theirs.header.size;
	buf_append(&graft->bytes, shipped->data, (size_t)head);
	buf_append(&graft->bytes, ours.archive.data, (size_t)ours.archive.size);
	strings_addf(&graft->steps,
		     "header with keys and signatures: %ju bytes from the shipped file",
		     (uintmax_t)head);
	return GRAFT_DONE;
}

const struct format format_crx = {
    .name = "crx",
    .title = "Chromium extension",
    .refines = "zip",
    .probe = crx_probe,
    .members = crx_members,
    .map = crx_map,
    .graft = crx_graft,
};
