/*
 * The signatures of Android's update payloads (update_engine's payload_verifier.cc and
 * payload_metadata.cc): one message over head and manifest behind the manifest, one
 * over head, manifest and data at the data's end. A message holds a signature for each
 * key, and names none: those that the user gave are tried. Neither message is over the
 * other.
 */
#include "signature/signature_private.h"

enum {
	VERSION_AT = 4,
	VERSION = 2,
	MANIFEST_SIZE_AT = 12,
	SIGNATURES_SIZE_AT = 20,
	HEAD_SIZE = 24,
	SIGNATURES_MOST = 16,
	/* DeltaArchiveManifest, PartitionUpdate, InstallOperation */
	MANIFEST_SIGNATURES_OFFSET = 4,
	MANIFEST_SIGNATURES_SIZE = 5,
	MANIFEST_PARTITIONS = 13,
	PARTITION_OPERATIONS = 8,
	OPERATION_OFFSET = 2,
	OPERATION_LENGTH = 3,
	/* Signatures, Signature */
	MESSAGE_SIGNATURE = 1,
	SIGNATURE_DATA = 2,
	SIGNATURE_SIZE = 3,
};

#define OID_SHA256 "2.16.840.1.101.3.4.2.1"

struct payload {
	struct view file, manifest, metadata_message, data;
	struct view payload_message; /* empty: there is none */
	uint64_t signatures_offset, signatures_size;
	bool has_offset, has_size;
	uint64_t head; /* bytes of head and manifest */
	struct judgement found;
};

/* ---- the file ------------------------------------------------------------- */

/* Data that lies where the signatures do, or behind them, is signed by nobody. */
static void
check_operation(struct payload *payload, struct view rest)
{
	struct protobuf_field field;
	uint64_t offset = 0, length = 0, end;
	while (rest.size > 0 && protobuf_next(&rest, &field) == 0) {
		if (field.number == OPERATION_OFFSET)
			offset = field.value;
		else if (field.number == OPERATION_LENGTH)
			length = field.value;
	}
	if (length > 0 &&
	    (sum_u64(offset, length, &end) == -1 || end > payload->signatures_offset))
		judgement_add(&payload->found, SIGNATURE_INVALID,
			      "an operation takes its data from where the payload's "
			      "signatures are, or from behind");
}

static void
check_operations(struct payload *payload)
{
	struct view rest = payload->manifest, partition;
	struct protobuf_field field;
	while (rest.size > 0 && protobuf_next(&rest, &field) == 0) {
		if (field.number != MANIFEST_PARTITIONS)
			continue;
		partition = field.bytes;
		while (partition.size > 0 && protobuf_next(&partition, &field) == 0) {
			if (field.number == PARTITION_OPERATIONS)
				check_operation(payload, field.bytes);
		}
	}
}

/* Where the payload's own signatures are; -1 when the manifest is malformed, or says it
 * twice. */
static int
read_manifest(struct payload *payload)
{
	struct view rest = payload->manifest;
	struct protobuf_field field;
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1)
			return -1;
		if (field.number == MANIFEST_SIGNATURES_OFFSET) {
			if (payload->has_offset || field.type != PROTOBUF_VARINT)
				return -1;
			payload->has_offset = true;
			payload->signatures_offset = field.value;
		} else if (field.number == MANIFEST_SIGNATURES_SIZE) {
			if (payload->has_size || field.type != PROTOBUF_VARINT)
				return -1;
			payload->has_size = true;
			payload->signatures_size = field.value;
		}
	}
	return payload->has_offset == payload->has_size ? 0 : -1;
}

static int
payload_read(struct payload *payload)
{
	uint64_t manifest, end;
	uint32_t signatures;
	const struct view *file = &payload->file;
	if (view_u64be(file, MANIFEST_SIZE_AT, &manifest) == -1 ||
	    view_u32be(file, SIGNATURES_SIZE_AT, &signatures) == -1 ||
	    view_sub(file, HEAD_SIZE, manifest, &payload->manifest) == -1 ||
	    view_sub(file, HEAD_SIZE + manifest, signatures,
		     &payload->metadata_message) == -1 ||
	    read_manifest(payload) == -1)
		return -1;
	payload->head = HEAD_SIZE + manifest;
	payload->data = view_from(file, payload->head + signatures);
	if (!payload->has_offset)
		return 0;
	if (view_sub(&payload->data, payload->signatures_offset,
		     payload->signatures_size, &payload->payload_message) == -1)
		return -1;
	end = payload->signatures_offset + payload->signatures_size;
	if (end != payload->data.size)
		judgement_add(&payload->found, SIGNATURE_INVALID,
			      "%ju bytes behind the payload's signatures, which nobody "
			      "signed",
			      (uintmax_t)(payload->data.size - end));
	check_operations(payload);
	return 0;
}

/* ---- entries -------------------------------------------------------------- */

/* One of the two messages, and what it is over. */
struct message {
	const char *name;
	struct view bytes;
	struct view parts[2];
	size_t part_count;
	bool whole; /* it is over the data, too */
	struct digest digest;
};

struct checking {
	struct payload *payload;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

static struct cms_entry
begin(struct checking *checking, const char *where)
{
	struct cms_entry entry = {.trust = checking->trust};
	char index[24];
	snprintf(index, sizeof(index), "%zu", checking->count++);
	entry.json =
	    signature_entry(checking->signatures, checking->path, "android-payload",
			    index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("android-payload"));
	if (where != NULL)
		json_object_set_new(entry.json, "where", json_string(where));
	return entry;
}

static void
add_only(struct checking *checking, enum signature_status status, const char *why)
{
	struct cms_entry entry = begin(checking, NULL);
	judgement_add(&entry.found, status, "%s", why);
	cms_entry_conclude(&entry, checking->status);
}

static void
cover_part(const struct payload *payload, json_t *entry, const struct view *part,
	   enum coverage_kind kind, const char *what)
{
	if (part->size > 0)
		coverage_add(entry, (uint64_t)(part->data - payload->file.data),
			     part->size, kind, what);
}

static void
cover(const struct payload *payload, const struct message *message, json_t *entry)
{
	cover_part(payload, entry, &payload->metadata_message, COVERAGE_SIGNATURE,
		   "metadata signatures");
	cover_part(payload, entry, &payload->payload_message, COVERAGE_SIGNATURE,
		   "payload signatures");
	cover_part(payload, entry, &message->parts[0], COVERAGE_SIGNED,
		   "head and manifest");
	if (message->whole)
		cover_part(payload, entry, &message->parts[1], COVERAGE_SIGNED, "data");
	else
		cover_part(payload, entry, &payload->data, COVERAGE_STRUCTURAL,
			   "data, by the manifest's digests");
	json_object_set_new(entry, "covers",
			    json_string(message->whole ? "all" : "part"));
}

/* The signature without the zeros that fill it up to the size of the longest one. */
static int
read_signature(struct view rest, struct view *signature)
{
	struct protobuf_field field;
	uint32_t size = UINT32_MAX;
	*signature = (struct view){NULL, 0};
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1)
			return -1;
		if (field.number == SIGNATURE_DATA && field.type == PROTOBUF_BYTES) {
			if (signature->data != NULL)
				return -1;
			*signature = field.bytes;
		} else if (field.number == SIGNATURE_SIZE &&
			   field.type == PROTOBUF_FIXED32) {
			view_u32le(&field.bytes, 0, &size);
		}
	}
	if (size < signature->size) {
		struct view padding = view_from(signature, size);
		signature->size = size;
		if (!view_is_zero(&padding))
			return -1;
	}
	return signature->size > 0 ? 0 : -1;
}

/* Could this key have made a signature of that size? */
static bool
key_suits(const struct raw_key *key, const struct view *signature)
{
	uint64_t size = (uint64_t)EVP_PKEY_get_size(key->key);
	switch (EVP_PKEY_get_base_id(key->key)) {
	case EVP_PKEY_RSA:
		return signature->size == size;
	case EVP_PKEY_EC: /* DER: at most so long */
		return signature->size <= size;
	default:
		return false;
	}
}

static void
check_key(struct cms_entry *entry, const struct message *message,
	  const struct view *signature)
{
	const struct trust *trust = entry->trust;
	struct raw_key key = {0};
	bool holds = false;
	size_t tried = 0;
	for (size_t i = 0; i < trust->key_count && !holds; i++) {
		raw_key_clear(&key);
		if (raw_key_of_file(&trust->keys[i], &key) == -1 ||
		    !key_suits(&key, signature))
			continue;
		tried++;
		holds =
		    raw_verify_digest(key.key, "SHA256", &message->digest, signature);
	}
	if (holds) {
		raw_key_judge_strength(&key, &entry->found);
		json_object_set_new(entry->json, "key", raw_key_tell(&key, NULL));
	} else if (tried == 0) {
		judgement_add(&entry->found, SIGNATURE_UNTRUSTED,
			      "no key that makes signatures of %ju bytes was given",
			      (uintmax_t)signature->size);
	} else {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the signature does not fit: the payload, the signature "
			      "or the key that made it is another one");
	}
	raw_key_clear(&key);
}

static void
check_signature(struct checking *checking, const struct message *message,
		const struct view *bytes)
{
	const struct digest_algorithm *sha256 = digest_by_oid(OID_SHA256);
	char *where =
	    base_format("%s signature, at offset %ju", message->name,
			(uintmax_t)(bytes->data - checking->payload->file.data));
	struct cms_entry entry = begin(checking, where);
	struct view signature;
	judgement_merge(&entry.found, &checking->payload->found);
	cover(checking->payload, message, entry.json);
	cms_entry_digest(&entry, sha256, NULL, &message->digest);
	if (read_signature(*bytes, &signature) == -1)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature is malformed");
	else
		check_key(&entry, message, &signature);
	if (!message->whole)
		strings_add(&entry.notes,
			    "over head and manifest alone: the data "
			    "counts by the digests of the manifest, which "
			    "listing it compares");
	cms_entry_conclude(&entry, checking->status);
	free(where);
}

static void
check_message(struct checking *checking, struct message *message)
{
	struct view rest = message->bytes;
	struct protobuf_field field;
	size_t count = 0;
	digest_of(digest_by_oid(OID_SHA256), message->parts, message->part_count,
		  &message->digest);
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1 || count == SIGNATURES_MOST ||
		    field.number != MESSAGE_SIGNATURE || field.type != PROTOBUF_BYTES) {
			char *why = base_format("the %s signatures are malformed",
						message->name);
			add_only(checking, SIGNATURE_INVALID, why);
			free(why);
			return;
		}
		check_signature(checking, message, &field.bytes);
		count++;
	}
	if (count == 0) {
		char *why = base_format("there is no %s signature", message->name);
		add_only(checking, SIGNATURE_UNSIGNED, why);
		free(why);
	}
}

static void
check_messages(struct checking *checking)
{
	struct payload *payload = checking->payload;
	struct message metadata = {
	    .name = "metadata", .bytes = payload->metadata_message, .part_count = 1};
	view_sub(&payload->file, 0, payload->head, &metadata.parts[0]);
	struct message whole = metadata;
	whole.name = "payload";
	whole.bytes = payload->payload_message;
	whole.part_count = 2;
	whole.whole = true;
	view_sub(&payload->data, 0,
		 payload->has_offset ? payload->signatures_offset : payload->data.size,
		 &whole.parts[1]);
	check_message(checking, &metadata);
	check_message(checking, &whole);
}

static bool
payload_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "android-payload");
}

static int
payload_check(const struct view *file, const char *path, const struct trust *trust,
	      json_t *signatures, enum signature_status *status, struct err *err)
{
	struct payload payload = {.file = *file};
	struct checking checking = {&payload, path, trust, signatures, status, 0};
	uint64_t version;
	(void)err;
	*status = SIGNATURE_VALID;
	if (view_u64be(file, VERSION_AT, &version) == 0 && version != VERSION)
		add_only(&checking, SIGNATURE_NOT_CHECKED,
			 "a version of update payloads that is not known here");
	else if (payload_read(&payload) == -1)
		add_only(&checking, SIGNATURE_INVALID,
			 "the head or the manifest is malformed, or says something "
			 "twice");
	else
		check_messages(&checking);
	judgement_free(&payload.found);
	return 0;
}

const struct scheme scheme_payload = {"android-payload", true, payload_knows,
				      payload_check};
