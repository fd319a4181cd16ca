/*
 * Sigstore bundles (protobuf-specs, sigstore_bundle.proto, in their JSON form; versions
 * 0.1 to 0.3). The certificate is good for minutes, so all depends on when it was used:
 * that is proved by the log's promise or by timestamps, never by the signer.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "signature/sigstore_private.h"

#define OID_ISSUER          "1.3.6.1.4.1.57264.1.8" /* Fulcio, oid-info: issuer (V2) */
#define OID_ISSUER_OLD      "1.3.6.1.4.1.57264.1.1"
#define OID_TIMESTAMP_TOKEN "1.2.840.113549.1.9.16.2.14" /* RFC 3161, appendix A */

#define STAMPS_MOST 8

/* ---- the signature ---------------------------------------------------------- */

/* Does it hold over a message of which the digests are known? */
static bool
digest_signed(EVP_PKEY *key, const struct view *signature, const EVP_MD *algorithm,
	      const uint8_t *digest, size_t size)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	bool holds = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
		     EVP_PKEY_CTX_set_signature_md(context, algorithm) == 1 &&
		     EVP_PKEY_verify(context, signature->data, signature->size, digest,
				     size) == 1;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return holds;
}

static void
check_signature(struct sigstore *bundle)
{
	const struct sigstore_message *message = bundle->message;
	EVP_PKEY *key = bundle->key.key;
	bool holds = false;
	if (message->bytes.size > 0) {
		holds = raw_verify_any(key, &message->bytes, &bundle->signature);
	} else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ||
		   EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		const struct view *value = &bundle->signature;
		holds = digest_signed(key, value, EVP_sha256(), message->sha256, 32) ||
			digest_signed(key, value, EVP_sha384(), message->sha384, 48) ||
			digest_signed(key, value, EVP_sha512(), message->sha512, 64);
	} else {
		judgement_add(bundle->found, SIGNATURE_NOT_CHECKED,
			      "a key of a kind that signs no digests");
		return;
	}
	if (!holds)
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "the signature does not fit: the file, the signature or "
			      "the key is another one");
}

/* ---- when ---------------------------------------------------------------------- */

void
sigstore_add_time(struct sigstore *bundle, int64_t time, const char *by)
{
	if (bundle->time_count == ARRAY_COUNT(bundle->times))
		return;
	bundle->times[bundle->time_count].time = time;
	bundle->times[bundle->time_count++].by = by;
}

/* Trust in one authority alone, and the user's time. */
static void
trust_authority(const struct trust *user, const struct sigstore_authority *authority,
		bool timestamps, struct trust *trust, struct trust_anchor *anchor)
{
	X509 *top = authority->certificates[authority->count - 1];
	for (size_t i = 0; i < authority->count; i++) {
		if (X509_NAME_cmp(X509_get_subject_name(authority->certificates[i]),
				  X509_get_issuer_name(authority->certificates[i])) ==
		    0)
			top = authority->certificates[i];
	}
	*trust = *user;
	*anchor = (struct trust_anchor){
	    .certificate = top, .timestamps = timestamps, .label = authority->name};
	certificate_fingerprint(top, &anchor->fingerprint);
	trust->anchors = anchor;
	trust->anchor_count = 1;
}

/* Check the token by one authority's word; true when it proves a time. */
static bool
stamp_holds(struct sigstore *bundle, const struct sigstore_authority *authority,
	    const struct view *token, struct timestamps *stamps)
{
	struct trust trust = *bundle->trust;
	struct trust_anchor anchor;
	struct cms parent = {0};
	struct cms_signer signer = {0};
	struct cms_attribute attribute = {.values = *token, .count = 1};
	snprintf(attribute.oid, sizeof(attribute.oid), "%s", OID_TIMESTAMP_TOKEN);
	signer.signature = bundle->signature;
	signer.unsigned_attributes.items = &attribute;
	signer.unsigned_attributes.count = 1;
	if (authority != NULL) {
		trust_authority(bundle->trust, authority, true, &trust, &anchor);
		parent.certificates = (X509 **)(uintptr_t)authority->certificates;
		parent.certificate_count = authority->count;
	}
	timestamps_check(&parent, &signer, true, &trust, stamps);
	return stamps->proved && (authority == NULL ||
				  sigstore_in_window(&authority->window, stamps->time));
}

static void
stamps_clear(struct timestamps *stamps)
{
	json_decref(stamps->json);
	judgement_free(&stamps->judgement);
	strings_free(&stamps->notes);
}

/* The token in a TimeStampResp (RFC 3161, 2.4.2). */
static int
token_take(const struct buf *response, struct view *token)
{
	struct view rest = view_of_buf(response);
	struct der outer, status, inner;
	if (der_take(&rest, DER_SEQUENCE, &outer) == -1 || rest.size != 0)
		return -1;
	rest = outer.value;
	if (der_take(&rest, DER_SEQUENCE, &status) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &inner) == -1 || rest.size != 0)
		return -1;
	*token = inner.whole;
	return 0;
}

/* Every authority is asked; the first that knows the token tells of it. */
static void
check_stamp(struct sigstore *bundle, const struct view *token, json_t *told)
{
	const struct trust *trust = bundle->trust;
	struct timestamps stamps;
	bool holds = false;
	for (size_t i = 0; i < trust->sigstore_count && !holds; i++) {
		const struct sigstore_root *root = trust->sigstore[i];
		for (size_t j = 0; j < root->stamper_count && !holds; j++) {
			holds = stamp_holds(bundle, &root->stampers[j], token, &stamps);
			if (holds) {
				sigstore_add_time(bundle, stamps.time, "timestamp");
				json_array_extend(told, stamps.json);
			}
			stamps_clear(&stamps);
		}
	}
	if (holds)
		return;
	holds = stamp_holds(bundle, NULL, token, &stamps);
	if (holds)
		sigstore_add_time(bundle, stamps.time, "timestamp");
	json_array_extend(told, stamps.json);
	stamps_clear(&stamps);
	if (!holds)
		signature_note(bundle->entry,
			       "a timestamp proves nothing: its authority is not "
			       "trusted, was not in use at its time, or it is about "
			       "another signature");
}

static void
check_stamps(struct sigstore *bundle)
{
	const json_t *all = json_object_get(
	    json_object_get(bundle->material, "timestampVerificationData"),
	    "rfc3161Timestamps");
	const json_t *item;
	json_t *told = json_array();
	size_t index;
	json_array_foreach(all, index, item)
	{
		struct buf response = {0};
		struct view token;
		if (index == STAMPS_MOST)
			judgement_add(bundle->found, SIGNATURE_NOT_CHECKED,
				      "more timestamps than are looked at");
		else if (index < STAMPS_MOST &&
			 (sigstore_bytes(item, "signedTimestamp", &response) == -1 ||
			  token_take(&response, &token) == -1))
			judgement_add(bundle->found, SIGNATURE_INVALID,
				      "a timestamp that cannot be read");
		else if (index < STAMPS_MOST)
			check_stamp(bundle, &token, told);
		buf_free(&response);
	}
	if (json_array_size(told) > 0)
		json_object_set(bundle->entry, "timestamps", told);
	json_decref(told);
}

/* ---- who ------------------------------------------------------------------------- */

/* The text of an extension of Fulcio's: a UTF8String in DER, or bare in the old form.
 */
static char *
extension_text(X509 *leaf, const char *oid)
{
	ASN1_OBJECT *wanted = OBJ_txt2obj(oid, 1);
	int at = X509_get_ext_by_OBJ(leaf, wanted, -1);
	char *text = NULL;
	ASN1_OBJECT_free(wanted);
	if (at < 0)
		return NULL;
	const ASN1_OCTET_STRING *value =
	    X509_EXTENSION_get_data(X509_get_ext(leaf, at));
	struct view bytes =
	    view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
	struct view rest = bytes;
	struct der inner;
	if (strcmp(oid, OID_ISSUER_OLD) == 0)
		text = text_shown_n(bytes.data, (size_t)bytes.size);
	else if (der_next(&rest, &inner) == 0 && inner.tag == 0x0c && rest.size == 0)
		text = text_shown_n(inner.value.data, (size_t)inner.value.size);
	return text;
}

/* The names of the subject: mail addresses and URIs. */
static void
identities_take(X509 *leaf, struct strings *identities)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int type;
		const ASN1_STRING *value =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);
		if (type != GEN_EMAIL && type != GEN_URI)
			continue;
		char *shown = text_shown_n(ASN1_STRING_get0_data(value),
					   (size_t)ASN1_STRING_length(value));
		strings_add(identities, shown);
		free(shown);
	}
	GENERAL_NAMES_free(names);
	ERR_clear_error();
}

/* An authority of this kind certifies everybody: who it is must be said. */
static void
judge_identity(struct sigstore *bundle, const struct strings *identities,
	       const char *issuer)
{
	const struct trust *trust = bundle->trust;
	bool named = false;
	for (size_t i = 0; i < trust->identities.count; i++)
		named = named || strings_have(identities, trust->identities.items[i]);
	if (trust->identities.count == 0)
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "anybody can have a certificate of this authority, and "
			      "nobody said whose counts (--identity)");
	else if (!named)
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "the certificate is for another identity than was "
			      "asked for");
	if (trust->identity_issuers.count > 0 &&
	    (issuer == NULL || !strings_have(&trust->identity_issuers, issuer)))
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "the identity was vouched for by another issuer than "
			      "was asked for");
}

static void
check_identity(struct sigstore *bundle)
{
	struct strings identities = {0};
	char *issuer = extension_text(bundle->leaf, OID_ISSUER);
	if (issuer == NULL)
		issuer = extension_text(bundle->leaf, OID_ISSUER_OLD);
	identities_take(bundle->leaf, &identities);
	for (size_t i = 0; i < identities.count; i++)
		signature_fact(bundle->entry, "identity", identities.items[i]);
	if (issuer != NULL)
		signature_fact(bundle->entry, "identity issuer", issuer);
	judge_identity(bundle, &identities, issuer);
	strings_free(&identities);
	free(issuer);
}

/* ---- the certificate --------------------------------------------------------------
 */

/* Each time that is proved must lie within the certificate's: the first decides. */
static int64_t
judging_time(struct sigstore *bundle)
{
	int64_t from = INT64_MAX, until = INT64_MIN;
	char text[TIME_TEXT];
	const struct trust *trust = bundle->trust;
	json_t *json = json_object();
	int64_t time = trust->now;
	const char *by = "now";
	certificate_time(X509_get0_notBefore(bundle->leaf), &from);
	certificate_time(X509_get0_notAfter(bundle->leaf), &until);
	for (size_t i = 0; i < bundle->time_count; i++) {
		int64_t each = bundle->times[i].time;
		time_text(each, text);
		if (each < from || each > until)
			judgement_add(bundle->found, SIGNATURE_INVALID,
				      "the time %s of the %s is not within that of the "
				      "certificate",
				      text, bundle->times[i].by);
	}
	if (bundle->time_count == 0)
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "nothing that is trusted says when it was signed");
	else {
		time = bundle->times[0].time;
		by = bundle->times[0].by;
	}
	if (trust->at.at != AT_SIGNING_TIME) {
		time = trust->at.at == AT_NOW ? trust->now : trust->at.time;
		by = trust->at.at == AT_NOW ? "now" : "stated time";
	}
	json_object_set_new(
	    json, "rule",
	    json_string(trust->at.at == AT_SIGNING_TIME ? "signing-time" : by));
	json_object_set_new(json, "by", json_string(by));
	if (strcmp(by, "now") != 0) {
		time_text(time, text);
		json_object_set_new(json, "time", json_string(text));
	}
	json_object_set_new(bundle->entry, "judged_at", json);
	return time;
}

static void
tell_chain(struct sigstore *bundle, const struct sigstore_root *root,
	   const struct chains *chains, const struct chain *chain,
	   struct judgement *judged)
{
	char *revocation = chain_revocation(chains, chain, NULL, NULL);
	json_object_set_new(bundle->entry, "chain", chain_json(chains, chain));
	json_object_set_new(bundle->entry, "revocation", json_string(revocation));
	judgement_merge(bundle->found, judged);
	if (chain->count > 1)
		sigstore_check_sct(bundle, root, bundle->leaf, chain->certificates[1]);
	free(revocation);
}

/* Does this authority answer for the leaf? The last one asked tells why not. */
static bool
authority_answers(struct sigstore *bundle, const struct sigstore_root *root,
		  const struct sigstore_authority *authority, int64_t time, bool last)
{
	struct trust trust;
	struct trust_anchor anchor;
	struct chains chains;
	struct judgement judged = {0};
	trust_authority(bundle->trust, authority, false, &trust, &anchor);
	chains_find(bundle->leaf, authority->certificates, authority->count, &trust,
		    CHAIN_CODE_SIGNING, &chains);
	const struct chain *chain = chains_judge(&chains, time, &time, &judged);
	if (chain->anchored && !sigstore_in_window(&authority->window, time))
		judgement_add(&judged, SIGNATURE_UNTRUSTED,
			      "the authority was not in use at that time");
	bool answers = chain->anchored;
	if (answers || last)
		tell_chain(bundle, root, &chains, chain, &judged);
	judgement_free(&judged);
	chains_clear(&chains);
	return answers;
}

static void
check_certificate(struct sigstore *bundle)
{
	const struct trust *trust = bundle->trust;
	bool answers = false, asked = false;
	int64_t time = judging_time(bundle);
	json_object_set_new(bundle->entry, "signer", certificate_json(bundle->leaf));
	for (size_t i = 0; i < trust->sigstore_count && !answers; i++) {
		const struct sigstore_root *root = trust->sigstore[i];
		for (size_t j = 0; j < root->certifier_count && !answers; j++) {
			bool last = i + 1 == trust->sigstore_count &&
				    j + 1 == root->certifier_count;
			answers = authority_answers(bundle, root, &root->certifiers[j],
						    time, last);
			asked = true;
		}
	}
	if (!asked)
		judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
			      "no sigstore trusted root was given");
	check_identity(bundle);
}

/* ---- the key ------------------------------------------------------------------------
 */

/* A key that the user manages: the one given that fits, told apart by the log's entry
 * and the signature alone. */
static int
take_key(struct sigstore *bundle)
{
	const struct trust *trust = bundle->trust;
	for (size_t i = 0; i < trust->key_count; i++) {
		struct raw_key key = {0};
		struct judgement found = {0}, *kept = bundle->found;
		if (raw_key_of_file(&trust->keys[i], &key) == -1)
			continue;
		raw_key_clear(&bundle->key);
		bundle->key = key;
		bundle->found = &found;
		check_signature(bundle);
		bundle->found = kept;
		bool holds = found.status == SIGNATURE_VALID;
		judgement_free(&found);
		if (holds)
			break;
	}
	if (bundle->key.key != NULL)
		return 0;
	judgement_add(bundle->found, SIGNATURE_UNTRUSTED,
		      "signed with a bare key, and no key that can be read was "
		      "given");
	return -1;
}

static void
check_by_key(struct sigstore *bundle)
{
	if (take_key(bundle) == -1)
		return;
	check_signature(bundle);
	raw_key_judge_strength(&bundle->key, bundle->found);
	json_object_set_new(bundle->entry, "key", raw_key_tell(&bundle->key, NULL));
	sigstore_check_log(bundle);
	check_stamps(bundle);
	if (bundle->logged == 0)
		signature_note(bundle->entry,
			       "no trusted root was given that knows the "
			       "log: its signatures were not checked");
}

static void
check_by_certificate(struct sigstore *bundle)
{
	EVP_PKEY *key = X509_get_pubkey(bundle->leaf);
	bundle->key = (struct raw_key){.key = key};
	if (key == NULL) {
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "the certificate's key cannot be read");
		return;
	}
	check_signature(bundle);
	sigstore_check_log(bundle);
	check_stamps(bundle);
	check_certificate(bundle);
}

/* ---- the bundle
 * ----------------------------------------------------------------------- */

int
sigstore_version(const json_t *object)
{
	static const struct {
		const char *type;
		int version;
	} rows[] = {
	    {"application/vnd.dev.sigstore.bundle+json;version=0.1", 1},
	    {"application/vnd.dev.sigstore.bundle+json;version=0.2", 2},
	    {"application/vnd.dev.sigstore.bundle+json;version=0.3", 3},
	    {"application/vnd.dev.sigstore.bundle.v0.1+json", 1},
	    {"application/vnd.dev.sigstore.bundle.v0.2+json", 2},
	    {"application/vnd.dev.sigstore.bundle.v0.3+json", 3},
	};
	const char *type = json_string_value(json_object_get(object, "mediaType"));
	for (size_t i = 0; i < ARRAY_COUNT(rows) && type != NULL; i++) {
		if (strcmp(type, rows[i].type) == 0)
			return rows[i].version;
	}
	return type != NULL && strstr(type, "vnd.dev.sigstore.bundle") != NULL ? 0 : -1;
}

/* The leaf, alone or first in a chain; NULL when a key signed. */
static int
take_leaf(struct sigstore *bundle)
{
	const json_t *chain = json_object_get(
	    json_object_get(bundle->material, "x509CertificateChain"), "certificates");
	const json_t *holder = json_object_get(bundle->material, "certificate");
	if (holder == NULL && json_array_size(chain) > 0)
		holder = json_array_get(chain, 0);
	bool keyed = json_is_object(json_object_get(bundle->material, "publicKey"));
	bundle->leaf = sigstore_certificate(holder);
	return (bundle->leaf != NULL) != (keyed && holder == NULL) ? 0 : -1;
}

void
sigstore_check(const json_t *object, const struct sigstore_message *message,
	       const struct dsse *envelope, const struct view *signature,
	       const struct trust *trust, json_t *entry, struct judgement *found)
{
	struct sigstore bundle = {
	    .material = json_object_get(object, "verificationMaterial"),
	    .trust = trust,
	    .message = message,
	    .envelope = envelope,
	    .signature = *signature,
	    .version = sigstore_version(object),
	    .entry = entry,
	    .found = found,
	};
	if (bundle.version <= 0)
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "a bundle of a version that is not known here");
	else if (take_leaf(&bundle) == -1)
		judgement_add(
		    found, SIGNATURE_INVALID,
		    "the bundle holds no certificate or key that can be read");
	else if (bundle.leaf != NULL)
		check_by_certificate(&bundle);
	else
		check_by_key(&bundle);
	X509_free(bundle.leaf);
	raw_key_clear(&bundle.key);
}
