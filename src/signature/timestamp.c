/*
 * When was it signed? RFC 3161 tokens, and the countersignatures that Authenticode
 * used before them. A time counts only when everything about its token holds up to an
 * anchor that the user trusts for timestamps.
 */
#include "signature/signature_private.h"

#define OID_TOKEN_MICROSOFT  "1.3.6.1.4.1.311.3.3.1"
#define OID_TOKEN            "1.2.840.113549.1.9.16.2.14" /* RFC 3161, appendix A */
#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"       /* RFC 2985, 5.3.6 */
#define OID_TST_INFO         "1.2.840.113549.1.9.16.1.4"  /* RFC 3161, 2.4.2 */
#define OID_SIGNING_TIME     "1.2.840.113549.1.9.5"       /* RFC 2985, 5.3.3 */

#define STAMPS_MOST 16

/* One timestamp being checked. */
struct stamp {
	const struct cms *parent; /* of the signature that it is about */
	const struct cms_signer *signer; /* whose signature it is about */
	const struct trust *trust;
	enum chain_purpose purpose; /* of its authority's certificate */
	struct judgement judgement;
	struct strings *notes; /* of all timestamps */
	json_t *json;
	bool has_time;
	int64_t time;
};

static void
set_digest(struct stamp *stamp, const char *oid)
{
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	json_object_set_new(stamp->json, "digest_algorithm",
			    json_string(algorithm != NULL ? algorithm->name : oid));
}

static void
set_time(struct stamp *stamp, int64_t time)
{
	char text[TIME_TEXT];
	time_text(time, text);
	json_object_set_new(stamp->json, "time", json_string(text));
	stamp->time = time;
	stamp->has_time = true;
	if (time > stamp->trust->now)
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "its time %s lies in the future", text);
}

/* Judge the authority's chain at the time that it states: its certificate must
 * have been good then; what expired since proves as much as it did. */
static void
check_chain(struct stamp *stamp, X509 *signer, const struct cms *token)
{
	const struct cms *parent = stamp->parent;
	size_t count = token->certificate_count + parent->certificate_count;
	X509 **pool = base_alloc(count + 1, sizeof(*pool));
	for (size_t i = 0; i < token->certificate_count; i++)
		pool[i] = token->certificates[i];
	for (size_t i = 0; i < parent->certificate_count; i++)
		pool[token->certificate_count + i] = parent->certificates[i];
	struct chains chains;
	chains_find(signer, pool, count, stamp->trust, stamp->purpose, &chains);
	chains.crls = token->crls;
	chains.crl_count = token->crl_count;
	int64_t time = stamp->has_time ? stamp->time : stamp->trust->now;
	const struct chain *chain =
	    chains_judge(&chains, time, NULL, &stamp->judgement);
	json_object_set_new(stamp->json, "signer", certificate_json(signer));
	json_object_set_new(stamp->json, "chain", chain_json(&chains, chain));
	chains_clear(&chains);
	free(pool);
}

/* MessageImprint: the digest of the signature value (RFC 3161, appendix A). */
static int
check_imprint(struct stamp *stamp, struct view *rest)
{
	struct der imprint, hashed;
	char oid[OID_TEXT];
	struct view parameters;
	if (der_take(rest, DER_SEQUENCE, &imprint) == -1)
		return -1;
	struct view inside = imprint.value;
	if (der_take_algorithm(&inside, oid, &parameters) == -1 ||
	    der_take(&inside, DER_OCTET_STRING, &hashed) == -1 || inside.size != 0)
		return -1;
	set_digest(stamp, oid);
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	if (algorithm == NULL) {
		judgement_add(&stamp->judgement, SIGNATURE_NOT_CHECKED,
			      "its digest algorithm %s is not known here", oid);
		return 0;
	}
	if (algorithm->weak)
		judgement_add(&stamp->judgement, SIGNATURE_WEAK,
			      "its digest algorithm %s is broken", algorithm->name);
	struct digest digest;
	digest_of(algorithm, &stamp->signer->signature, 1, &digest);
	if (!digest_is(&digest, &hashed.value))
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it is about another signature");
	return 0;
}

/* TSTInfo (RFC 3161, 2.4.2). */
static int
check_info(struct stamp *stamp, const struct view *content)
{
	struct view rest = *content;
	struct der info, element;
	char oid[OID_TEXT];
	int64_t time;
	if (der_take(&rest, DER_SEQUENCE, &info) == -1 || rest.size != 0)
		return -1;
	rest = info.value;
	if (der_take(&rest, DER_INTEGER, &element) == -1 || element.value.size != 1 ||
	    !view_has(&element.value, 0, "\1", 1) || der_take_oid(&rest, oid) == -1 ||
	    check_imprint(stamp, &rest) == -1 ||
	    der_take(&rest, DER_INTEGER, &element) == -1 ||
	    der_take(&rest, DER_GENERALIZED_TIME, &element) == -1 ||
	    der_time(&element, &time) == -1)
		return -1;
	set_time(stamp, time);
	/* accuracy, ordering, nonce, tsa; then [1] extensions, of which we know none:
	 * a critical one must not be passed over (RFC 5280, 4.2). */
	while (rest.size != 0) {
		if (der_next(&rest, &element) == -1)
			return -1;
		if (element.tag == DER_CONTEXT_CONSTRUCTED + 1)
			judgement_add(&stamp->judgement, SIGNATURE_NOT_CHECKED,
				      "it has extensions that are not known here");
	}
	return 0;
}

static void
check_token(struct stamp *stamp, const struct der *value)
{
	struct cms *token = NULL;
	struct err err = {0};
	json_object_set_new(stamp->json, "kind", json_string("rfc3161"));
	if (cms_parse(&value->whole, &token, &err) == -1) {
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it cannot be read: %s", err.message);
		return;
	}
	if (strcmp(token->content_type, OID_TST_INFO) != 0 ||
	    token->content.tag != DER_OCTET_STRING ||
	    check_info(stamp, &token->content.value) == -1)
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it holds no well-formed time");
	struct cms_expected expected = {.content_type = OID_TST_INFO,
					.content = token->content.value,
					.signing_certificate = true};
	/* a token may leave its certificates out (RFC 3161, 2.4.1, certReq) */
	const struct cms *holder =
	    token->certificate_count > 0 ? token : stamp->parent;
	X509 *signer =
	    cms_signer_check(&token->signer, holder->certificates,
			     holder->certificate_count, &expected, &stamp->judgement);
	if (token->signer.unsigned_attributes.count != 0)
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it has unsigned attributes of %ju bytes",
			      (uintmax_t)token->signer.unsigned_attributes.whole.size);
	if (signer != NULL)
		check_chain(stamp, signer, token);
	cms_free(token);
}

/* What a token would be refused for. */
static void
note_old_usage(struct stamp *stamp, X509 *certificate)
{
	if (chain_is_timestamps_alone(certificate))
		return;
	char *name = certificate_name(X509_get_subject_name(certificate));
	strings_addf(stamp->notes,
		     "the countersigner '%s' is not for time stamping alone, marked "
		     "critical: its countersignature is older than that rule",
		     name);
	free(name);
}

static void
check_countersignature(struct stamp *stamp, const struct der *value)
{
	struct cms_signer signer;
	struct err err = {0};
	struct view rest = value->whole;
	const struct cms *parent = stamp->parent;
	json_object_set_new(stamp->json, "kind", json_string("legacy"));
	if (cms_signer_parse(&rest, &signer, &err) == -1) {
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it cannot be read: %s", err.message);
		cms_signer_clear(&signer);
		return;
	}
	set_digest(stamp, signer.digest);
	struct cms_expected expected = {.content = stamp->signer->signature};
	X509 *certificate =
	    cms_signer_check(&signer, parent->certificates, parent->certificate_count,
			     &expected, &stamp->judgement);
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer.signed_attributes, OID_SIGNING_TIME);
	struct der element;
	int64_t time;
	if (attribute != NULL)
		rest = attribute->values;
	if (attribute == NULL || der_next(&rest, &element) == -1 ||
	    der_time(&element, &time) == -1)
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it holds no well-formed time");
	else
		set_time(stamp, time);
	if (signer.unsigned_attributes.count != 0)
		judgement_add(&stamp->judgement, SIGNATURE_INVALID,
			      "it has unsigned attributes of %ju bytes",
			      (uintmax_t)signer.unsigned_attributes.whole.size);
	if (certificate != NULL) {
		note_old_usage(stamp, certificate);
		check_chain(stamp, certificate, parent);
	}
	cms_signer_clear(&signer);
}

static void
conclude(struct stamp *stamp, struct timestamps *timestamps)
{
	size_t place = json_array_size(timestamps->json);
	enum signature_status status = stamp->judgement.status;
	json_object_set_new(stamp->json, "status",
			    json_string(signature_status_name(status)));
	char *reason = judgement_reason(&stamp->judgement);
	if (reason != NULL)
		json_object_set_new(stamp->json, "reason", json_string(reason));
	/* A token that is false, or that could not be read, is in the signature for a
	 * reason nobody knows: the signature is no better. */
	if (status == SIGNATURE_INVALID || status == SIGNATURE_NOT_CHECKED)
		judgement_add(&timestamps->judgement, status, "timestamp %zu: %s",
			      place, reason);
	if (status == SIGNATURE_VALID && stamp->has_time &&
	    (!timestamps->proved || stamp->time < timestamps->time)) {
		timestamps->proved = true;
		timestamps->time = stamp->time;
		timestamps->which = place;
	}
	json_array_append_new(timestamps->json, stamp->json);
	free(reason);
	judgement_free(&stamp->judgement);
}

static void
check_attribute(const struct cms_attribute *attribute, const struct cms *cms,
		const struct cms_signer *signer, const struct trust *trust,
		struct timestamps *timestamps)
{
	bool legacy = strcmp(attribute->oid, OID_COUNTERSIGNATURE) == 0;
	struct view rest = attribute->values;
	struct der value;
	if (rest.size == 0)
		judgement_add(&timestamps->judgement, SIGNATURE_INVALID,
			      "a timestamp attribute without a value");
	while (rest.size != 0) {
		struct stamp stamp = {.parent = cms,
				      .signer = signer,
				      .trust = trust,
				      .purpose = legacy ? CHAIN_COUNTERSIGNATURES
							: CHAIN_TIMESTAMPS,
				      .notes = &timestamps->notes};
		if (json_array_size(timestamps->json) == STAMPS_MOST) {
			judgement_add(&timestamps->judgement, SIGNATURE_NOT_CHECKED,
				      "more than %d timestamps", STAMPS_MOST);
			return;
		}
		stamp.json = json_object();
		if (der_next(&rest, &value) == -1) {
			rest.size = 0; /* cms_is_indefinite */
			judgement_add(&stamp.judgement, SIGNATURE_NOT_CHECKED,
				      "it is written with indefinite lengths");
		} else if (legacy)
			check_countersignature(&stamp, &value);
		else
			check_token(&stamp, &value);
		conclude(&stamp, timestamps);
	}
}

bool
timestamps_are(const struct cms_attribute *attribute)
{
	return strcmp(attribute->oid, OID_TOKEN_MICROSOFT) == 0 ||
	       strcmp(attribute->oid, OID_TOKEN) == 0 ||
	       strcmp(attribute->oid, OID_COUNTERSIGNATURE) == 0;
}

void
timestamps_check(const struct cms *cms, const struct cms_signer *signer,
		 bool tokens_only, const struct trust *trust,
		 struct timestamps *timestamps)
{
	const struct cms_attributes *attributes = &signer->unsigned_attributes;
	memset(timestamps, 0, sizeof(*timestamps));
	timestamps->json = json_array();
	for (size_t i = 0; i < attributes->count; i++) {
		const struct cms_attribute *attribute = &attributes->items[i];
		if (timestamps_are(attribute) &&
		    !(tokens_only && strcmp(attribute->oid, OID_COUNTERSIGNATURE) == 0))
			check_attribute(attribute, cms, signer, trust, timestamps);
	}
}
