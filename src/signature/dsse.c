/*
 * DSSE envelopes ("Dead Simple Signing Envelope", protocol.md and envelope.md of
 * secure-systems-lab): a payload, its type, and signatures over both. What is signed is
 *
 *	DSSEv1 SP length(type) SP type SP length(payload) SP payload
 *
 * so that a payload cannot be taken for one of another type. A signature's keyid is not
 * signed: it says where to look and proves nothing; every key given is tried.
 */
#include "signature/signature_private.h"

bool
dsse_is(const json_t *object)
{
	return json_is_string(json_object_get(object, "payloadType")) &&
	       json_is_array(json_object_get(object, "signatures"));
}

/* Either alphabet (envelope.md): a '+' or '/' tells the standard one. */
static int
either_base64(const json_t *value, struct buf *bytes)
{
	const char *text = json_string_value(value);
	if (text == NULL)
		return -1;
	struct view view = view_of(text, strlen(text));
	struct buf other = {0};
	if (raw_base64(&view, false, bytes) == 0)
		return 0;
	int answer = raw_base64(&view, true, &other);
	buf_free(bytes);
	*bytes = other;
	return answer;
}

void
dsse_message(const char *type, const struct view *payload, struct buf *message)
{
	buf_printf(message, "DSSEv1 %zu %s %ju ", strlen(type), type,
		   (uintmax_t)payload->size);
	if (payload->size > 0)
		buf_append(message, payload->data, (size_t)payload->size);
}

static int
take_signatures(const json_t *array, struct dsse *envelope)
{
	const json_t *item;
	size_t index;
	if (json_array_size(array) > DSSE_SIGNATURES_MOST)
		return -1;
	json_array_foreach(array, index, item)
	{
		struct dsse_signature *signature = &envelope->signatures[index];
		const json_t *keyid = json_object_get(item, "keyid");
		envelope->count = index + 1;
		signature->keyid =
		    json_is_string(keyid) ? json_string_value(keyid) : "";
		if (either_base64(json_object_get(item, "sig"), &signature->value) ==
		    -1)
			return -1;
	}
	return 0;
}

int
dsse_parse(const json_t *object, struct dsse *envelope)
{
	memset(envelope, 0, sizeof(*envelope));
	envelope->type = json_string_value(json_object_get(object, "payloadType"));
	if (envelope->type == NULL ||
	    either_base64(json_object_get(object, "payload"), &envelope->payload) ==
		-1 ||
	    take_signatures(json_object_get(object, "signatures"), envelope) == -1) {
		dsse_free(envelope);
		return -1;
	}
	struct view payload = view_of_buf(&envelope->payload);
	dsse_message(envelope->type, &payload, &envelope->message);
	return 0;
}

void
dsse_free(struct dsse *envelope)
{
	for (size_t i = 0; i < envelope->count; i++)
		buf_free(&envelope->signatures[i].value);
	buf_free(&envelope->payload);
	buf_free(&envelope->message);
	*envelope = (struct dsse){0};
}

/* ---- keys ---------------------------------------------------------------- */

/* Does a keyid name this key: the SHA-256 of its SubjectPublicKeyInfo, in hexadecimal,
 * as most tools write it, or nothing at all? */
static bool
keyid_names(const char *keyid, const struct raw_key *key)
{
	struct sha256 digest;
	char hex[SHA256_HEX];
	sha256_of(key->spki.data, key->spki.size, &digest);
	sha256_hex(&digest, hex);
	return *keyid == '\0' || strcmp(keyid, hex) == 0;
}

/* Try one key on every signature. */
static bool
key_signed(const struct dsse *envelope, const struct raw_key *key,
	   struct dsse_answer *answer)
{
	struct view message = view_of_buf(&envelope->message);
	for (size_t i = 0; i < envelope->count; i++) {
		struct view value = view_of_buf(&envelope->signatures[i].value);
		answer->named =
		    answer->named || keyid_names(envelope->signatures[i].keyid, key);
		if (raw_verify_any(key->key, &message, &value))
			return true;
	}
	return false;
}

void
dsse_check(const struct dsse *envelope, const struct trust *trust,
	   struct dsse_answer *answer, struct judgement *found)
{
	memset(answer, 0, sizeof(*answer));
	for (size_t i = 0; i < trust->key_count; i++) {
		struct raw_key key = {0};
		if (raw_key_of_file(&trust->keys[i], &key) == -1)
			continue;
		if (key_signed(envelope, &key, answer)) {
			answer->signer = key;
			raw_key_judge_strength(&key, found);
			return;
		}
		raw_key_clear(&key);
	}
	if (envelope->count == 0)
		judgement_add(found, SIGNATURE_UNSIGNED, "nobody signed the envelope");
	else if (answer->named)
		judgement_add(found, SIGNATURE_INVALID,
			      "no signature fits: the payload, its type, the signature "
			      "or the key is another one");
	else
		judgement_add(found, SIGNATURE_UNTRUSTED,
			      "no key that was given made a signature of the envelope");
}

void
dsse_answer_clear(struct dsse_answer *answer)
{
	raw_key_clear(&answer->signer);
}
