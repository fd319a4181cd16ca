/*
 * One piece of TUF metadata: {"signed": …, "signatures": [{"keyid", "sig"}]}. What is
 * signed is the canonical form of "signed". A keyid finds a key and proves nothing:
 * what counts towards a threshold are different keys (specification, 4.2 and 5.3.4).
 */
#include "signature/tuf_private.h"

#define SIGNATURES_MOST 256

/* ---- reading --------------------------------------------------------------- */

int
tuf_metadata_read(const struct view *bytes, const char *type, const char *what,
		  struct tuf_metadata *metadata, struct judgement *found)
{
	memset(metadata, 0, sizeof(*metadata));
	metadata->json = json_loadb((const char *)bytes->data, (size_t)bytes->size,
				    JSON_REJECT_DUPLICATES, NULL);
	metadata->content = json_object_get(metadata->json, "signed");
	const json_t *version = json_object_get(metadata->content, "version");
	const char *has =
	    json_string_value(json_object_get(metadata->content, "_type"));
	const char *expires =
	    json_string_value(json_object_get(metadata->content, "expires"));
	metadata->version = json_integer_value(version);
	if (has != NULL && strcmp(has, type) == 0 && json_is_integer(version) &&
	    metadata->version > 0 && expires != NULL &&
	    time_parse(expires, &metadata->expires) == 0 &&
	    canonical_json(metadata->content, &metadata->canonical) == 0)
		return 0;
	judgement_add(found, SIGNATURE_INVALID,
		      "%s is malformed: no metadata of type '%s'", what, type);
	return -1;
}

void
tuf_metadata_clear(struct tuf_metadata *metadata)
{
	json_decref(metadata->json);
	buf_free(&metadata->canonical);
	*metadata = (struct tuf_metadata){0};
}

void
tuf_metadata_judge_time(const struct tuf_metadata *metadata, int64_t time,
			const char *what, struct judgement *found)
{
	char text[TIME_TEXT];
	time_text(metadata->expires, text);
	if (time >= metadata->expires)
		judgement_add(found, SIGNATURE_EXPIRED, "%s expired at %s", what, text);
}

/* ---- keys -------------------------------------------------------------------- */

/* The SubjectPublicKeyInfo of an Ed25519 key before its 32 bytes (RFC 8410, 4). */
static const uint8_t ed25519_head[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
				       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

static int
key_take(const json_t *json, struct raw_key *key)
{
	const char *type = json_string_value(json_object_get(json, "keytype"));
	const char *value = json_string_value(
	    json_object_get(json_object_get(json, "keyval"), "public"));
	uint8_t spki[sizeof(ed25519_head) + 32];
	if (type == NULL || value == NULL)
		return -1;
	if (strcmp(type, "ed25519") == 0) {
		memcpy(spki, ed25519_head, sizeof(ed25519_head));
		if (strlen(value) != 64 ||
		    hex_decode(value, false, spki + sizeof(ed25519_head), 32) == -1)
			return -1;
		struct view view = view_of(spki, sizeof(spki));
		return raw_key_of_spki(&view, key);
	}
	struct trust_key file = {0};
	buf_puts(&file.bytes, value);
	int answer = raw_key_of_file(&file, key);
	buf_free(&file.bytes);
	return answer;
}

/* Is there a signature under that keyid that holds? *tried: there is one. */
static bool
signed_under(const struct tuf_metadata *metadata, const char *keyid,
	     const struct raw_key *key, bool *tried)
{
	const json_t *signature;
	size_t index;
	struct view message = view_of_buf(&metadata->canonical);
	json_array_foreach(json_object_get(metadata->json, "signatures"), index,
			   signature)
	{
		const char *id = json_string_value(json_object_get(signature, "keyid"));
		const char *hex = json_string_value(json_object_get(signature, "sig"));
		size_t size = hex != NULL ? strlen(hex) / 2 : 0;
		struct buf value = {0};
		if (index >= SIGNATURES_MOST)
			break;
		if (id == NULL || strcmp(id, keyid) != 0 || size == 0)
			continue;
		*tried = true;
		buf_zeros(&value, size);
		struct view view = view_of_buf(&value);
		bool holds = hex_decode(hex, false, value.data, size) == 0 &&
			     raw_verify_any(key->key, &message, &view);
		buf_free(&value);
		if (holds)
			return true;
	}
	return false;
}

static bool
is_counted(const struct strings *counted, const struct raw_key *key)
{
	struct sha256 digest;
	char hex[SHA256_HEX];
	sha256_of(key->spki.data, key->spki.size, &digest);
	sha256_hex(&digest, hex);
	return strings_have(counted, hex);
}

static void
count_key(struct strings *counted, const struct raw_key *key)
{
	struct sha256 digest;
	char hex[SHA256_HEX];
	sha256_of(key->spki.data, key->spki.size, &digest);
	sha256_hex(&digest, hex);
	strings_add(counted, hex);
}

void
tuf_metadata_judge(const struct tuf_metadata *metadata, const json_t *holder,
		   const json_t *role, const char *what, struct judgement *found)
{
	const json_t *keyids = json_object_get(role, "keyids"), *item;
	json_int_t threshold = json_integer_value(json_object_get(role, "threshold"));
	struct strings counted = {0};
	bool tried = false;
	size_t index;
	json_array_foreach(keyids, index, item)
	{
		const char *keyid = json_string_value(item);
		struct raw_key key = {0};
		if (keyid == NULL || index >= SIGNATURES_MOST ||
		    key_take(json_object_get(json_object_get(holder, "keys"), keyid),
			     &key) == -1)
			continue;
		if (!is_counted(&counted, &key) &&
		    signed_under(metadata, keyid, &key, &tried)) {
			count_key(&counted, &key);
			certificate_judge_key(key.key, what, found);
		}
		raw_key_clear(&key);
	}
	size_t good = counted.count;
	strings_free(&counted);
	if (threshold > 0 && (size_t)threshold <= good)
		return;
	if (json_array_size(json_object_get(metadata->json, "signatures")) == 0)
		judgement_add(found, SIGNATURE_UNSIGNED, "nobody signed %s", what);
	else
		judgement_add(found, tried ? SIGNATURE_INVALID : SIGNATURE_UNTRUSTED,
			      "%s has %zu good signatures of its role's keys, of which "
			      "%jd are needed",
			      what, good, (intmax_t)threshold);
}

/* ---- what is named by length and hashes ------------------------------------- */

bool
tuf_bytes_fit(const struct view *bytes, const json_t *meta, bool needed)
{
	static const struct {
		const char *name, *algorithm;
	} rows[] = {{"sha256", "SHA256"}, {"sha512", "SHA512"}, {"sha384", "SHA384"}};
	const json_t *length = json_object_get(meta, "length");
	const json_t *hashes = json_object_get(meta, "hashes");
	size_t known = 0;
	if ((needed || length != NULL) &&
	    (!json_is_integer(length) || json_integer_value(length) < 0 ||
	     (uint64_t)json_integer_value(length) != bytes->size))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		const char *hex =
		    json_string_value(json_object_get(hashes, rows[i].name));
		uint8_t stated[64], digest[64];
		if (hex == NULL)
			continue;
		int size = raw_digest(rows[i].algorithm, bytes, digest);
		if (size == -1 || strlen(hex) != 2 * (size_t)size ||
		    hex_decode(hex, false, stated, (size_t)size) == -1 ||
		    memcmp(stated, digest, (size_t)size) != 0)
			return false;
		known++;
	}
	return known > 0 || (hashes == NULL && !needed);
}
