/*
 * Chromium's extensions (components/crx_file/crx_verifier.cc and crx3.proto). Version 3
 * has a proof for each key, over
 *
 *	"CRX3 SignedData\0" | size of the signed data | signed data | archive
 *
 * whose signed data is the extension's id: the start of the SHA-256 of the developer's
 * key. All proofs must hold, and one must be by that key. Version 2 has one signature
 * with SHA-1 over the archive.
 */
#include "signature/signature_private.h"

enum {
	HEAD_3 = 12,
	HEAD_2 = 16,
	PROOFS_MOST = 32,
	ID_SIZE = 16,
	FIELD_RSA = 2,
	FIELD_ECDSA = 3,
	FIELD_VERIFIED = 4,
	FIELD_SIGNED = 10000,
	FIELD_KEY = 1,
	FIELD_SIGNATURE = 2,
	FIELD_ID = 1,
};

#define OID_SHA1   "1.3.14.3.2.26"
#define OID_SHA256 "2.16.840.1.101.3.4.2.1"

static const uint8_t context[] = "CRX3 SignedData"; /* with its NUL */

struct proof {
	uint32_t kind; /* field of the header */
	struct view key, signature;
};

struct crx {
	struct view file, header, archive;
	struct view signed_data, id;
	struct proof proofs[PROOFS_MOST];
	size_t count;
	uint64_t unknown;  /* bytes of fields that are not known here */
	bool verified;     /* it has data for the browser's own checks */
	bool by_developer; /* one of the keys has the id */
	struct judgement found;
	struct digest digest; /* of what every proof is over */
};

/* What the entries of one file share. */
struct checking {
	const struct crx *crx;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
};

/* ---- the header ----------------------------------------------------------- */

/* A key's id as Chromium writes it, with a letter from a to p for each half byte. */
static void
id_text(const uint8_t id[ID_SIZE], char text[2 * ID_SIZE + 1])
{
	for (size_t i = 0; i < ID_SIZE; i++) {
		text[2 * i] = (char)('a' + (id[i] >> 4));
		text[2 * i + 1] = (char)('a' + (id[i] & 15));
	}
	text[2 * ID_SIZE] = '\0';
}

static bool
key_has_id(const struct view *key, const struct view *id)
{
	struct sha256 digest;
	sha256_of(key->data, (size_t)key->size, &digest);
	return id->size == ID_SIZE && view_has(id, 0, digest.bytes, ID_SIZE);
}

/* One value of a field that may stand once; -1 when it stood already. */
static int
take_once(struct view *slot, const struct protobuf_field *field)
{
	if (slot->data != NULL || field->type != PROTOBUF_BYTES)
		return -1;
	*slot = field->bytes;
	return 0;
}

static int
read_proof(struct crx *crx, const struct protobuf_field *field)
{
	struct view rest = field->bytes;
	struct protobuf_field part;
	if (crx->count == PROOFS_MOST || field->type != PROTOBUF_BYTES)
		return -1;
	struct proof *proof = &crx->proofs[crx->count];
	*proof = (struct proof){.kind = field->number};
	while (rest.size > 0) {
		if (protobuf_next(&rest, &part) == -1)
			return -1;
		struct view *slot = part.number == FIELD_KEY         ? &proof->key
				    : part.number == FIELD_SIGNATURE ? &proof->signature
								     : NULL;
		if (slot == NULL || take_once(slot, &part) == -1)
			return -1;
	}
	crx->count++;
	return proof->key.data != NULL && proof->signature.data != NULL ? 0 : -1;
}

static int
read_signed_data(struct crx *crx)
{
	struct view rest = crx->signed_data;
	struct protobuf_field field;
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1 ||
		    (field.number == FIELD_ID && take_once(&crx->id, &field) == -1))
			return -1;
	}
	return crx->id.size == ID_SIZE ? 0 : -1;
}

/* A field that stands twice is read one way here and another way there: refused. */
static int
read_fields(struct crx *crx)
{
	struct view rest = crx->header;
	struct protobuf_field field;
	while (rest.size > 0) {
		uint64_t before = rest.size;
		int answer = protobuf_next(&rest, &field);
		if (answer == 0 &&
		    (field.number == FIELD_RSA || field.number == FIELD_ECDSA))
			answer = read_proof(crx, &field);
		else if (answer == 0 && field.number == FIELD_SIGNED)
			answer = take_once(&crx->signed_data, &field);
		else if (answer == 0 && field.number == FIELD_VERIFIED)
			crx->verified = true;
		else
			crx->unknown += before - rest.size;
		if (answer == -1)
			return -1;
	}
	return crx->signed_data.data != NULL ? read_signed_data(crx) : -1;
}

/* The digest of what the proofs are over. */
static void
digest_signed(struct crx *crx)
{
	uint8_t size[4];
	for (size_t i = 0; i < sizeof(size); i++)
		size[i] = (uint8_t)(crx->signed_data.size >> (8 * i));
	const struct view parts[] = {view_of(context, sizeof(context)),
				     view_of(size, sizeof(size)), crx->signed_data,
				     crx->archive};
	digest_of(digest_by_oid(OID_SHA256), parts, ARRAY_COUNT(parts), &crx->digest);
}

static int
read_header(struct crx *crx)
{
	uint32_t size;
	if (view_u32le(&crx->file, 8, &size) == -1 ||
	    view_sub(&crx->file, HEAD_3, size, &crx->header) == -1 ||
	    read_fields(crx) == -1)
		return -1;
	crx->archive = view_from(&crx->file, HEAD_3 + (uint64_t)size);
	digest_signed(crx);
	for (size_t i = 0; i < crx->count; i++)
		crx->by_developer =
		    crx->by_developer || key_has_id(&crx->proofs[i].key, &crx->id);
	if (!crx->by_developer)
		judgement_add(&crx->found, SIGNATURE_INVALID,
			      "none of the keys is the one that the extension's id is "
			      "made of");
	return 0;
}

/* ---- entries -------------------------------------------------------------- */

static struct cms_entry
begin(const struct checking *checking, size_t number, const char *where)
{
	struct cms_entry entry = {.trust = checking->trust};
	char index[24];
	snprintf(index, sizeof(index), "%zu", number);
	entry.json = signature_entry(checking->signatures, checking->path, "crx", index,
				     SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("crx"));
	if (where != NULL)
		json_object_set_new(entry.json, "where", json_string(where));
	return entry;
}

static void
cover(const struct crx *crx, json_t *entry, const struct view *part,
      enum coverage_kind kind, const char *what)
{
	coverage_add(entry, (uint64_t)(part->data - crx->file.data), part->size, kind,
		     what);
}

/* The key that a proof brings along: whose it is, and that it fits. */
static void
check_key(struct cms_entry *entry, const struct proof *proof, const char *algorithm,
	  const struct digest *digest)
{
	struct raw_key key = {0};
	struct sha256 fingerprint;
	char id[2 * ID_SIZE + 1];
	bool ecdsa = proof->kind == FIELD_ECDSA;
	if (raw_key_of_spki(&proof->key, &key) == -1 ||
	    EVP_PKEY_get_base_id(key.key) != (ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA)) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "its key cannot be read, or is of another kind");
		raw_key_clear(&key);
		return;
	}
	if (!raw_verify_digest(key.key, algorithm, digest, &proof->signature))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the signature does not fit: the extension or the "
			      "signature is another one");
	raw_key_trust(&key, entry->trust);
	raw_key_judge(&key, &entry->found);
	raw_key_judge_strength(&key, &entry->found);
	sha256_of(proof->key.data, (size_t)proof->key.size, &fingerprint);
	id_text(fingerprint.bytes, id);
	json_object_set_new(entry->json, "key", raw_key_tell(&key, id));
	raw_key_clear(&key);
}

static void
cover_proofs(const struct crx *crx, json_t *entry)
{
	for (size_t i = 0; i < crx->count; i++) {
		cover(crx, entry, &crx->proofs[i].key, COVERAGE_SIGNATURE, "key");
		cover(crx, entry, &crx->proofs[i].signature, COVERAGE_SIGNATURE,
		      "signature");
	}
	cover(crx, entry, &crx->signed_data, COVERAGE_SIGNED, "signed data");
	cover(crx, entry, &crx->archive, COVERAGE_SIGNED, "archive");
	coverage_add(entry, 0, HEAD_3, COVERAGE_STRUCTURAL, "magic, version, size");
	if (crx->unknown == 0 && !crx->verified)
		cover(crx, entry, &crx->header, COVERAGE_STRUCTURAL,
		      "tags and sizes of fields");
}

static void
tell_header(const struct crx *crx, struct cms_entry *entry)
{
	char id[2 * ID_SIZE + 1];
	id_text(crx->id.data, id);
	signature_fact(entry->json, "extension id", id);
	json_object_set_new(entry->json, "covers", json_string("all"));
	cover_proofs(crx, entry->json);
	if (crx->verified)
		strings_add(&entry->notes, "the header has data for the browser's "
					   "checks of single files, which were not "
					   "looked at");
	if (crx->unknown > 0)
		strings_addf(
		    &entry->notes,
		    "%ju bytes of unknown fields in the header: nobody vouches "
		    "for them",
		    (uintmax_t)crx->unknown);
}

static void
check_proof(const struct checking *checking, size_t number)
{
	const struct crx *crx = checking->crx;
	const struct proof *proof = &crx->proofs[number];
	char *where = base_format("%s proof, at offset %ju",
				  proof->kind == FIELD_ECDSA ? "ECDSA" : "RSA",
				  (uintmax_t)(proof->key.data - crx->file.data));
	struct cms_entry entry = begin(checking, number, where);
	judgement_merge(&entry.found, &crx->found);
	tell_header(crx, &entry);
	cms_entry_digest(&entry, digest_by_oid(OID_SHA256), NULL, &crx->digest);
	check_key(&entry, proof, "SHA256", &crx->digest);
	signature_fact(entry.json, "role",
		       key_has_id(&proof->key, &crx->id) ? "developer" : "other");
	cms_entry_conclude(&entry, checking->status);
	free(where);
}

/* Version 2: one key, one signature, SHA-1. */
static int
check_version_2(struct checking *checking, struct crx *crx)
{
	uint32_t key, signature;
	struct proof *proof = &crx->proofs[0];
	proof->kind = FIELD_RSA;
	if (view_u32le(&crx->file, 8, &key) == -1 ||
	    view_u32le(&crx->file, 12, &signature) == -1 ||
	    view_sub(&crx->file, HEAD_2, key, &proof->key) == -1 ||
	    view_sub(&crx->file, HEAD_2 + (uint64_t)key, signature,
		     &proof->signature) == -1)
		return -1;
	crx->archive = view_from(&crx->file, HEAD_2 + (uint64_t)key + signature);
	struct cms_entry entry = begin(checking, 0, "version 2, behind the key");
	json_object_set_new(entry.json, "covers", json_string("all"));
	coverage_add(entry.json, 0, HEAD_2, COVERAGE_STRUCTURAL,
		     "magic, version, sizes");
	cover(crx, entry.json, &proof->key, COVERAGE_SIGNATURE, "key");
	cover(crx, entry.json, &proof->signature, COVERAGE_SIGNATURE, "signature");
	cover(crx, entry.json, &crx->archive, COVERAGE_SIGNED, "archive");
	digest_of(digest_by_oid(OID_SHA1), &crx->archive, 1, &crx->digest);
	cms_entry_digest(&entry, digest_by_oid(OID_SHA1), NULL, &crx->digest);
	check_key(&entry, proof, "SHA1", &crx->digest);
	cms_entry_conclude(&entry, checking->status);
	return 0;
}

static void
add_only(const struct checking *checking, enum signature_status status, const char *why)
{
	struct cms_entry entry = begin(checking, 0, NULL);
	judgement_add(&entry.found, status, "%s", why);
	cms_entry_conclude(&entry, checking->status);
}

static bool
crx_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "crx");
}

static int
crx_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct crx crx = {.file = *file};
	struct checking checking = {&crx, path, trust, signatures, status};
	uint32_t version = 0;
	(void)err;
	*status = SIGNATURE_VALID;
	view_u32le(file, 4, &version);
	if (version == 2) {
		if (check_version_2(&checking, &crx) == -1)
			add_only(&checking, SIGNATURE_INVALID, "the header is cut off");
	} else if (version != 3) {
		add_only(&checking, SIGNATURE_NOT_CHECKED,
			 "a version of extensions that is not known here");
	} else if (read_header(&crx) == -1) {
		add_only(&checking, SIGNATURE_INVALID,
			 "the header is malformed, or says something twice");
	} else if (crx.count == 0) {
		add_only(&checking, SIGNATURE_UNSIGNED, "no proof in the header");
	} else {
		for (size_t i = 0; i < crx.count; i++)
			check_proof(&checking, i);
	}
	judgement_free(&crx.found);
	return 0;
}

const struct scheme scheme_crx = {"crx", true, crx_knows, crx_check};
