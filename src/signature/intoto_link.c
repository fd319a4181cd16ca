/*
 * in-toto's link metadata (specification 1.0, 4.4): what one step of a build took in
 * and gave out, {"signed": {"_type": "link", "products": …}, "signatures": […]}. What
 * is signed is the canonical form of "signed". It is about the step's products;
 * materials are what it started from.
 */
#include "signature/attestation_private.h"

bool
link_is(const json_t *object)
{
	const char *type = json_string_value(
	    json_object_get(json_object_get(object, "signed"), "_type"));
	return type != NULL && strcmp(type, "link") == 0 &&
	       json_is_array(json_object_get(object, "signatures"));
}

/* As an envelope, whose keys are tried like those of any other. The keyids are of keys
 * in the form of in-toto's own files, which tells nothing of those that were given. */
static int
envelope_take(const json_t *object, struct dsse *envelope)
{
	const json_t *signatures = json_object_get(object, "signatures"), *item;
	size_t index;
	memset(envelope, 0, sizeof(*envelope));
	if (canonical_json(json_object_get(object, "signed"), &envelope->message) ==
		-1 ||
	    json_array_size(signatures) > DSSE_SIGNATURES_MOST)
		return -1;
	json_array_foreach(signatures, index, item)
	{
		const char *hex = json_string_value(json_object_get(item, "sig"));
		struct dsse_signature *signature = &envelope->signatures[index];
		size_t size = hex != NULL ? strlen(hex) / 2 : 0;
		signature->keyid = "";
		envelope->count = index + 1;
		buf_zeros(&signature->value, size);
		if (size == 0 ||
		    hex_decode(hex, false, signature->value.data, size) == -1)
			return -1;
	}
	return 0;
}

static int
check_products(const struct attestations *checking, const json_t *content,
	       struct sums_answer *answer, struct err *err)
{
	struct sums products = {0};
	const char *name;
	json_t *digests;
	json_object_foreach(json_object_get(content, "products"), name, digests)
	    statement_add_subject(&products, name, digests);
	int result =
	    statement_find_files(&products, checking->files, checking->folder, err);
	if (result == 0)
		result = sums_hold(&products, checking->files, answer, err);
	sums_free(&products);
	return result;
}

static void
tell(json_t *entry, const json_t *content, const struct dsse_answer *signer)
{
	const char *name = json_string_value(json_object_get(content, "name"));
	if (signer->signer.key != NULL)
		json_object_set_new(entry, "key", raw_key_tell(&signer->signer, NULL));
	if (name != NULL) {
		char *shown = text_shown(name);
		signature_fact(entry, "step", shown);
		free(shown);
	}
}

int
attestation_check_link(struct attestations *checking, const json_t *object,
		       struct err *err)
{
	const json_t *content = json_object_get(object, "signed");
	struct judgement found = {0};
	struct sums_answer answer = {0};
	struct dsse_answer signer = {0};
	struct dsse envelope;
	int result = 0;
	if (envelope_take(object, &envelope) == -1) {
		judgement_add(&found, SIGNATURE_INVALID, "malformed link metadata");
	} else {
		dsse_check(&envelope, checking->trust, &signer, &found);
		result = check_products(checking, content, &answer, err);
		judgement_merge(&found, &answer.found);
	}
	if (attestation_is_of_others(checking, &answer)) {
		checking->others++;
	} else {
		json_t *entry = attestation_entry(checking, "in-toto", &found);
		tell(entry, content, &signer);
		if (answer.files != NULL && result == 0)
			sums_answer_tell(&answer, entry);
	}
	checking->count++;
	dsse_answer_clear(&signer);
	dsse_free(&envelope);
	sums_answer_free(&answer);
	judgement_free(&found);
	return result;
}
