/*
 * One signer of signed data (RFC 5652) as an entry: the claims it makes, its
 * timestamps, the chain to an anchor, and the time at which that chain is judged.
 */
#include <openssl/x509v3.h>

#include "signature/signature_private.h"

#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"
#define OID_LIFETIME     "1.3.6.1.4.1.311.10.3.13"

static json_t *
hex_json(const void *bytes, size_t size)
{
	struct buf hex = {0};
	buf_zeros(&hex, 2 * size + 1);
	hex_encode(bytes, size, hex.data);
	json_t *string = json_string(hex.data);
	buf_free(&hex);
	return string;
}

void
cms_entry_digest(struct cms_entry *entry, const struct digest_algorithm *algorithm,
		 const struct view *has, const struct digest *value)
{
	json_t *json = json_object();
	json_object_set_new(
	    json, "algorithm",
	    json_string(algorithm != NULL ? algorithm->name : "unknown"));
	if (has != NULL)
		json_object_set_new(json, "signed", hex_json(has->data, has->size));
	if (value != NULL)
		json_object_set_new(json, "value", hex_json(value->bytes, value->size));
	json_object_set_new(entry->json, "digest", json);
	if (algorithm != NULL && algorithm->weak)
		judgement_add(&entry->found, SIGNATURE_WEAK,
			      "the file's digest algorithm %s is broken",
			      algorithm->name);
}

static void
show_claimed_time(struct cms_entry *entry, const struct cms_signer *signer)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer->signed_attributes, OID_SIGNING_TIME);
	struct der element;
	int64_t seconds;
	char text[TIME_TEXT];
	if (attribute == NULL)
		return;
	struct view rest = attribute->values;
	if (der_next(&rest, &element) == -1 || der_time(&element, &seconds) == -1)
		return;
	time_text(seconds, text);
	json_object_set_new(entry->json, "signed_by_attributes_at", json_string(text));
}

/* ---- time and chain --------------------------------------------------- */

/* Authenticode, "Lifetime signing": a timestamp does not outlive the certificate. */
static bool
is_lifetime(X509 *leaf)
{
	EXTENDED_KEY_USAGE *usage =
	    X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
	bool is = false;
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		char oid[OID_TEXT];
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usage, i), 1);
		is = is || strcmp(oid, OID_LIFETIME) == 0;
	}
	sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
	return is;
}

/* The moment at which the chain is judged, as "judged_at" says it. */
static int64_t
judging_time(struct cms_entry *entry, X509 *leaf, const struct timestamps *timestamps)
{
	const struct trust *trust = entry->trust;
	json_t *json = json_object();
	char text[TIME_TEXT], by[32] = "now";
	const char *rule = "signing-time";
	int64_t time = trust->now;
	if (trust->at.at == AT_NOW) {
		rule = "now";
	} else if (trust->at.at == AT_TIME) {
		time = trust->at.time;
		time_text(time, text);
		rule = text;
		snprintf(by, sizeof(by), "stated time");
	} else if (!timestamps->proved) {
		strings_add(&entry->notes,
			    "no trusted timestamp says when this was signed: "
			    "judged at the present");
	} else if (is_lifetime(leaf)) {
		strings_add(
		    &entry->notes,
		    "the certificate allows no signature to outlive it (lifetime "
		    "signing): judged at the present");
	} else {
		time = timestamps->time;
		snprintf(by, sizeof(by), "timestamp %zu", timestamps->which);
	}
	json_object_set_new(json, "rule", json_string(rule));
	json_object_set_new(json, "by", json_string(by));
	/* The present is in "run": the same inputs give the same findings. */
	if (strcmp(by, "now") != 0) {
		time_text(time, text);
		json_object_set_new(json, "time", json_string(text));
	}
	json_object_set_new(entry->json, "judged_at", json);
	return time;
}

static const char *
status_at(const struct cms_entry *entry, const struct chains *chains, int64_t time,
	  const int64_t *signed_at)
{
	struct judgement judgement = {0};
	judgement_merge(&judgement, &entry->found);
	chains_judge(chains, time, signed_at, &judgement);
	const char *name = signature_status_name(judgement.status);
	judgement_free(&judgement);
	return name;
}

static void
note_unused(struct cms_entry *entry, const struct cms *cms)
{
	if (entry->shared)
		return;
	char *all = json_dumps(entry->json, JSON_COMPACT);
	for (size_t i = 0; i < cms->certificate_count; i++) {
		struct sha256 fingerprint;
		char hex[SHA256_HEX];
		certificate_fingerprint(cms->certificates[i], &fingerprint);
		sha256_hex(&fingerprint, hex);
		if (strstr(all, hex) == NULL) {
			char *name = certificate_name(
			    X509_get_subject_name(cms->certificates[i]));
			strings_addf(
			    &entry->notes,
			    "the certificate of '%s' is in the signature but in "
			    "no chain; nobody signed that it is there",
			    name);
			free(name);
		}
	}
	free(all);
}

static void
check_chain(struct cms_entry *entry, const struct cms *cms, X509 *leaf,
	    const struct timestamps *timestamps)
{
	const struct trust *trust = entry->trust;
	const int64_t *signed_at = timestamps->proved ? &timestamps->time : NULL;
	struct chains chains;
	chains_find(leaf, cms->certificates, cms->certificate_count, trust,
		    entry->purpose, &chains);
	chains.crls = cms->crls;
	chains.crl_count = cms->crl_count;
	int64_t time = judging_time(entry, leaf, timestamps);
	json_object_set_new(
	    entry->json, "status_now",
	    json_string(status_at(entry, &chains, trust->now, signed_at)));
	if (signed_at != NULL)
		json_object_set_new(
		    entry->json, "status_at_signing",
		    json_string(status_at(entry, &chains, *signed_at, signed_at)));
	const struct chain *chain =
	    chains_judge(&chains, time, signed_at, &entry->found);
	char *revocation = chain_revocation(&chains, chain, signed_at, NULL);
	json_object_set_new(entry->json, "revocation", json_string(revocation));
	json_object_set_new(entry->json, "signer", certificate_json(leaf));
	json_object_set_new(entry->json, "chain", chain_json(&chains, chain));
	if (chain->anchored && chain->count == 1)
		strings_add(&entry->notes,
			    "the signer's own certificate is the trusted one: "
			    "no authority was asked");
	free(revocation);
	chains_clear(&chains);
}

/* ---- the signer -------------------------------------------------------- */

size_t
cms_entry_pool(const struct cms_entry *entry, const struct cms *cms, X509 ***pool)
{
	const struct trust *trust = entry->trust;
	size_t count = 0;
	*pool = base_alloc(cms->certificate_count + trust->anchor_count +
			       trust->intermediate_count + 1,
			   sizeof(**pool));
	for (size_t i = 0; i < cms->certificate_count; i++)
		(*pool)[count++] = cms->certificates[i];
	for (size_t i = 0; i < trust->anchor_count; i++) {
		if (trust->anchors[i].certificate != NULL)
			(*pool)[count++] = trust->anchors[i].certificate;
	}
	for (size_t i = 0; i < trust->intermediate_count; i++)
		(*pool)[count++] = trust->intermediates[i];
	return count;
}

void
cms_entry_signer(struct cms_entry *entry, const struct cms *cms,
		 const struct cms_signer *signer, const struct cms_expected *expected)
{
	struct timestamps timestamps;
	X509 **pool;
	size_t count = cms_entry_pool(entry, cms, &pool);
	show_claimed_time(entry, signer);
	X509 *leaf = cms_signer_check(signer, pool, count, expected, &entry->found);
	timestamps_check(cms, signer, expected->countersigned, entry->trust,
			 &timestamps);
	judgement_merge(&entry->found, &timestamps.judgement);
	for (size_t i = 0; i < timestamps.notes.count; i++)
		strings_add(&entry->notes, timestamps.notes.items[i]);
	json_object_set(entry->json, "timestamps", timestamps.json);
	if (leaf != NULL)
		check_chain(entry, cms, leaf, &timestamps);
	note_unused(entry, cms);
	json_decref(timestamps.json);
	judgement_free(&timestamps.judgement);
	strings_free(&timestamps.notes);
	free(pool);
}

void
cms_entry_certificate(struct cms_entry *entry, const struct cms *cms, X509 *leaf)
{
	const struct timestamps none = {0};
	check_chain(entry, cms, leaf, &none);
	note_unused(entry, cms);
}

void
cms_entry_conclude(struct cms_entry *entry, enum signature_status *status)
{
	json_t *notes = json_array();
	for (size_t i = 0; i < entry->notes.count; i++)
		json_array_append_new(notes, json_string(entry->notes.items[i]));
	json_object_set_new(entry->json, "notes", notes);
	json_object_set_new(entry->json, "status",
			    json_string(signature_status_name(entry->found.status)));
	char *reason = judgement_reason(&entry->found);
	if (reason != NULL)
		json_object_set_new(entry->json, "reason", json_string(reason));
	signature_worsen(status, entry->found.status);
	free(reason);
	strings_free(&entry->notes);
	judgement_free(&entry->found);
}
