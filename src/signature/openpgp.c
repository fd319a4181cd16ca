/*
 * OpenPGP signatures (RFC 9580) through librnp, judged by our own policy: librnp
 * says whether a signature fits bytes and key; whether the key may sign, was alive,
 * is strong and is the one wanted is decided here. The framing is taken off before
 * (openpgp_frame.c), so that librnp gets bare signature packets and the signed bytes.
 */
#include "signature/signature_private.h"

#include <ctype.h>
#include <errno.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>
#include <strings.h>
#include <unistd.h>

#define RSA_BITS_LEAST 2048
#define DSA_BITS_LEAST 2048

/* ---- librnp ----------------------------------------------------------- */

static ssize_t
discard(void *cookie, const char *bytes, size_t count)
{
	return (ssize_t)count;
}

/* librnp writes what it thinks to stderr, whatever it is told: until hush_end that
 * is a stream that goes nowhere and needs no file. */
static FILE *
hush_begin(FILE **hush)
{
	FILE *real = stderr;
	*hush = fopencookie(NULL, "w", (cookie_io_functions_t){.write = discard});
	if (*hush != NULL)
		stderr = *hush;
	return real;
}

static void
hush_end(FILE *real, FILE *hush)
{
	stderr = real;
	if (hush != NULL)
		fclose(hush);
}

/* A text about a key or a signature as our own string, NULL when there is none. */
static char *
key_text(rnp_key_handle_t key, rnp_result_t (*get)(rnp_key_handle_t key, char **text))
{
	char *text = NULL;
	if (get(key, &text) != RNP_SUCCESS || text == NULL)
		return NULL;
	char *copy = base_strdup(text);
	rnp_buffer_destroy(text);
	return copy;
}

static char *
signature_text(rnp_signature_handle_t signature,
	       rnp_result_t (*get)(rnp_signature_handle_t signature, char **text))
{
	char *text = NULL;
	if (get(signature, &text) != RNP_SUCCESS || text == NULL)
		return NULL;
	char *copy = base_strdup(text);
	rnp_buffer_destroy(text);
	return copy;
}

/* ---- what is known about a signature ---------------------------------- */

/* A primary key or subkey. */
struct key_facts {
	char *fingerprint;
	char *algorithm; /* "RSA 2048", "EDDSA Ed25519" */
	uint32_t created;
	uint64_t expires; /* 0: never */
	bool revoked;
	bool retired; /* revoked as superseded or no longer used, not as lost */
	uint64_t revoked_at;
	char *why_revoked;
	bool bound;        /* a self-signature that fits */
	bool bound_firmly; /* one that is made with a strong digest */
	const char *weakness;
};

struct facts {
	rnp_result_t result; /* librnp's */
	char *type, *algorithm, *hash, *key_id;
	uint32_t created, lifetime;
	bool has_key, is_subkey, may_sign;
	struct key_facts key, primary; /* the same key when it is no subkey */
	struct strings user_ids;
	bool pinned;
};

static bool
hash_is_weak(const char *hash)
{
	return hash == NULL || strcasecmp(hash, "MD5") == 0 ||
	       strcasecmp(hash, "SHA1") == 0 || strcasecmp(hash, "RIPEMD160") == 0;
}

static const char *
key_weakness(const char *algorithm, uint32_t bits)
{
	if (algorithm == NULL)
		return "an unknown algorithm";
	if (strncasecmp(algorithm, "RSA", 3) == 0 && bits < RSA_BITS_LEAST)
		return "RSA of less than 2048 bits";
	if (strcasecmp(algorithm, "DSA") == 0 && bits < DSA_BITS_LEAST)
		return "DSA of less than 2048 bits";
	return NULL;
}

/* Count a self-signature of `fingerprint`: one of the key's own that librnp takes. */
static void
binding_gather(rnp_signature_handle_t signature, const char *fingerprint, bool subkey,
	       struct key_facts *facts)
{
	static const char *const primary_types[] = {
	    "certification (generic)", "certification (persona)",
	    "certification (casual)", "certification (positive)", "direct"};
	rnp_key_handle_t signer = NULL;
	char *type = signature_text(signature, rnp_signature_get_type);
	bool wanted = subkey && type != NULL && strcmp(type, "subkey binding") == 0;
	for (size_t i = 0; !subkey && type != NULL && i < ARRAY_COUNT(primary_types);
	     i++)
		wanted = wanted || strcmp(type, primary_types[i]) == 0;
	if (wanted && rnp_signature_get_signer(signature, &signer) == RNP_SUCCESS &&
	    signer != NULL) {
		char *by = key_text(signer, rnp_key_get_fprint);
		char *hash = signature_text(signature, rnp_signature_get_hash_alg);
		if (by != NULL && strcasecmp(by, fingerprint) == 0 &&
		    rnp_signature_is_valid(signature, 0) == RNP_SUCCESS) {
			facts->bound = true;
			facts->bound_firmly =
			    facts->bound_firmly || !hash_is_weak(hash);
		}
		free(by);
		free(hash);
	}
	rnp_key_handle_destroy(signer);
	free(type);
}

/* Self-signatures of a key: on itself, and of a primary key those on its user ids. */
static void
bindings_gather(rnp_key_handle_t key, const char *primary, bool subkey,
		struct key_facts *facts)
{
	size_t count = 0, uids = 0;
	rnp_signature_handle_t signature = NULL;
	rnp_key_get_signature_count(key, &count);
	for (size_t i = 0; i < count; i++) {
		if (rnp_key_get_signature_at(key, i, &signature) != RNP_SUCCESS)
			continue;
		binding_gather(signature, primary, subkey, facts);
		rnp_signature_handle_destroy(signature);
	}
	if (!subkey)
		rnp_key_get_uid_count(key, &uids);
	for (size_t i = 0; i < uids; i++) {
		rnp_uid_handle_t uid = NULL;
		if (rnp_key_get_uid_handle_at(key, i, &uid) != RNP_SUCCESS)
			continue;
		count = 0;
		rnp_uid_get_signature_count(uid, &count);
		for (size_t k = 0; k < count; k++) {
			if (rnp_uid_get_signature_at(uid, k, &signature) != RNP_SUCCESS)
				continue;
			binding_gather(signature, primary, subkey, facts);
			rnp_signature_handle_destroy(signature);
		}
		rnp_uid_handle_destroy(uid);
	}
}

static void
revocation_gather(rnp_key_handle_t key, struct key_facts *facts)
{
	rnp_signature_handle_t revocation = NULL;
	bool superseded = false, retired = false;
	uint32_t created = 0;
	if (rnp_key_is_revoked(key, &facts->revoked) != RNP_SUCCESS)
		facts->revoked = true; /* cannot say: not the good answer */
	if (!facts->revoked)
		return;
	rnp_key_is_superseded(key, &superseded);
	rnp_key_is_retired(key, &retired);
	if (rnp_key_get_revocation_signature(key, &revocation) == RNP_SUCCESS &&
	    revocation != NULL)
		rnp_signature_get_creation(revocation, &created);
	rnp_signature_handle_destroy(revocation);
	facts->retired = (superseded || retired) && created != 0;
	facts->revoked_at = created;
	facts->why_revoked = key_text(key, rnp_key_get_revocation_reason);
}

static void
key_gather(rnp_key_handle_t key, const char *primary, bool subkey,
	   struct key_facts *facts)
{
	uint32_t bits = 0, lifetime = 0;
	char *algorithm = key_text(key, rnp_key_get_alg);
	char *curve = key_text(key, rnp_key_get_curve);
	facts->fingerprint = key_text(key, rnp_key_get_fprint);
	rnp_key_get_bits(key, &bits);
	rnp_key_get_creation(key, &facts->created);
	if (rnp_key_get_expiration(key, &lifetime) != RNP_SUCCESS)
		lifetime = 1; /* cannot say: not the good answer */
	facts->expires = lifetime ? (uint64_t)facts->created + lifetime : 0;
	facts->weakness = key_weakness(algorithm, bits);
	if (curve != NULL)
		facts->algorithm = base_format("%s %s", algorithm, curve);
	else
		facts->algorithm =
		    base_format("%s %u", algorithm ? algorithm : "?", bits);
	revocation_gather(key, facts);
	bindings_gather(key, primary, subkey, facts);
	free(algorithm);
	free(curve);
}

static void
user_ids_gather(rnp_key_handle_t primary, struct strings *user_ids)
{
	size_t count = 0;
	rnp_key_get_uid_count(primary, &count);
	for (size_t i = 0; i < count; i++) {
		rnp_uid_handle_t uid = NULL;
		bool valid = false;
		char *text = NULL;
		if (rnp_key_get_uid_handle_at(primary, i, &uid) == RNP_SUCCESS)
			rnp_uid_is_valid(uid, &valid);
		rnp_uid_handle_destroy(uid);
		if (valid && rnp_key_get_uid_at(primary, i, &text) == RNP_SUCCESS) {
			char *shown = text_shown(text);
			strings_add(user_ids, shown);
			free(shown);
		}
		rnp_buffer_destroy(text);
	}
	strings_sort(user_ids);
}

/* All about the key that made the signature, and its primary key. */
static void
signer_gather(rnp_ffi_t ffi, rnp_key_handle_t key, const struct trust *trust,
	      struct facts *facts)
{
	rnp_key_handle_t primary = NULL;
	bool is_primary = false;
	rnp_key_is_primary(key, &is_primary);
	facts->is_subkey = !is_primary;
	rnp_key_allows_usage(key, "sign", &facts->may_sign);
	char *fingerprint =
	    key_text(key, is_primary ? rnp_key_get_fprint : rnp_key_get_primary_fprint);
	if (fingerprint == NULL ||
	    rnp_locate_key(ffi, "fingerprint", fingerprint, &primary) != RNP_SUCCESS ||
	    primary == NULL) {
		free(fingerprint);
		return;
	}
	facts->has_key = true;
	key_gather(key, fingerprint, !is_primary, &facts->key);
	key_gather(primary, fingerprint, false, &facts->primary);
	user_ids_gather(primary, &facts->user_ids);
	for (size_t i = 0; i < trust->openpgp_pins.count; i++)
		facts->pinned =
		    facts->pinned ||
		    strcasecmp(trust->openpgp_pins.items[i], fingerprint) == 0;
	rnp_key_handle_destroy(primary);
	free(fingerprint);
}

static void
facts_gather(rnp_ffi_t ffi, rnp_op_verify_signature_t checked,
	     const struct trust *trust, struct facts *facts)
{
	rnp_signature_handle_t signature = NULL;
	rnp_key_handle_t key = NULL;
	facts->result = rnp_op_verify_signature_get_status(checked);
	/* When that fails the handle is freed already, and still set; and a key would be
	 * looked for by an id that nobody read (librnp 0.16.3). */
	if (rnp_op_verify_signature_get_handle(checked, &signature) != RNP_SUCCESS)
		return;
	facts->type = signature_text(signature, rnp_signature_get_type);
	facts->algorithm = signature_text(signature, rnp_signature_get_alg);
	facts->hash = signature_text(signature, rnp_signature_get_hash_alg);
	facts->key_id = signature_text(signature, rnp_signature_get_keyid);
	rnp_signature_get_creation(signature, &facts->created);
	rnp_signature_get_expiration(signature, &facts->lifetime);
	rnp_signature_handle_destroy(signature);
	if (rnp_op_verify_signature_get_key(checked, &key) == RNP_SUCCESS &&
	    key != NULL)
		signer_gather(ffi, key, trust, facts);
	rnp_key_handle_destroy(key);
}

static void
key_facts_free(struct key_facts *facts)
{
	free(facts->fingerprint);
	free(facts->algorithm);
	free(facts->why_revoked);
}

static void
facts_free(struct facts *facts)
{
	free(facts->type);
	free(facts->algorithm);
	free(facts->hash);
	free(facts->key_id);
	key_facts_free(&facts->key);
	key_facts_free(&facts->primary);
	strings_free(&facts->user_ids);
}

/* ---- judging ---------------------------------------------------------- */

static void
judge_revocation(const struct key_facts *key, const char *which, int64_t time,
		 uint32_t created, struct judgement *judgement)
{
	char when[TIME_TEXT];
	if (!key->revoked)
		return;
	/* A key that was put away honestly made good signatures before (RFC 9580,
	 * 5.2.3.31); one that may have been stolen never counts. */
	if (key->retired && created < key->revoked_at &&
	    time < (int64_t)key->revoked_at)
		return;
	time_text((int64_t)key->revoked_at, when);
	char *why = text_shown(key->why_revoked ? key->why_revoked : "no reason given");
	judgement_add(judgement, SIGNATURE_REVOKED, "the %s was revoked at %s (%s)",
		      which, when, why);
	free(why);
}

static void
judge_key(const struct key_facts *key, const char *which, int64_t time,
	  uint32_t created, struct judgement *judgement)
{
	char when[TIME_TEXT];
	if (created < key->created) {
		time_text(key->created, when);
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signature is older than the %s, made at %s", which,
			      when);
	}
	judge_revocation(key, which, time, created, judgement);
	if (key->expires != 0 && (time >= (int64_t)key->expires)) {
		time_text((int64_t)key->expires, when);
		judgement_add(judgement, SIGNATURE_EXPIRED, "the %s expired at %s",
			      which, when);
	}
	if (key->weakness != NULL)
		judgement_add(judgement, SIGNATURE_WEAK, "the %s is %s", which,
			      key->weakness);
	if (key->bound && !key->bound_firmly)
		judgement_add(judgement, SIGNATURE_WEAK,
			      "the %s is bound by signatures with a weak digest alone",
			      which);
}

/* librnp checks nothing more of a signature whose key was never good, or not when it
 * was made. Is that why it said no? */
static bool
refused_for_its_key(const struct facts *facts)
{
	const struct key_facts *keys[] = {&facts->key, &facts->primary};
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (keys[i]->revoked &&
		    (!keys[i]->retired || facts->created >= keys[i]->revoked_at))
			return true;
		if (keys[i]->expires != 0 && facts->created >= keys[i]->expires)
			return true;
	}
	return false;
}

/* Does the signature fit the bytes and the key? */
static void
judge_fit(const struct facts *facts, struct judgement *judgement)
{
	if (!facts->primary.bound)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the primary key has no valid signature on itself");
	if (facts->is_subkey && !facts->key.bound)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the subkey is not validly bound to its primary key (its "
			      "binding or the signature back is missing or false)");
	if (!facts->may_sign)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the key may not be used for signing");
	if (facts->result == RNP_SUCCESS ||
	    facts->result == RNP_ERROR_SIGNATURE_EXPIRED)
		return;
	if (!refused_for_its_key(facts))
		judgement_add(
		    judgement, SIGNATURE_INVALID,
		    "the signature does not fit: the file, the signature or the "
		    "key was changed");
}

/* All but whether the signer is the one wanted, at a time. */
static void
judge_at(const struct facts *facts, const struct trust *trust, int64_t time, bool text,
	 struct judgement *judgement)
{
	char when[TIME_TEXT];
	time_text(facts->created, when);
	if (facts->type == NULL || (strcmp(facts->type, "text") != 0 &&
				    (text || strcmp(facts->type, "binary") != 0))) {
		char *shown = text_shown(facts->type ? facts->type : "unknown");
		judgement_add(judgement, SIGNATURE_INVALID,
			      "a signature of type '%s' signs no such %s", shown,
			      text ? "text" : "file");
		free(shown);
	}
	if ((int64_t)facts->created > trust->now)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signature is dated %s, which is yet to come", when);
	else if ((int64_t)facts->created > time)
		judgement_add(
		    judgement, SIGNATURE_INVALID,
		    "the signature was made at %s, after the time it is judged "
		    "at",
		    when);
	if (facts->lifetime != 0 &&
	    time >= (int64_t)facts->created + (int64_t)facts->lifetime) {
		time_text((int64_t)facts->created + (int64_t)facts->lifetime, when);
		judgement_add(judgement, SIGNATURE_EXPIRED,
			      "the signature expired at %s", when);
	}
	if (hash_is_weak(facts->hash))
		judgement_add(judgement, SIGNATURE_WEAK, "the digest is %s",
			      facts->hash ? facts->hash : "unknown");
	judge_fit(facts, judgement);
	judge_key(&facts->primary, "primary key", time, facts->created, judgement);
	if (facts->is_subkey)
		judge_key(&facts->key, "subkey", time, facts->created, judgement);
}

/* Whether anybody who matters made it. */
static void
judge_signer(const struct facts *facts, const struct trust *trust,
	     struct judgement *judgement)
{
	if (trust->openpgp_pins.count > 0 && !facts->pinned)
		judgement_add(
		    judgement, SIGNATURE_UNTRUSTED,
		    "the signer's primary key %s is not the one that is pinned",
		    facts->primary.fingerprint);
}

static int64_t
judged_time(const struct facts *facts, const struct trust *trust)
{
	switch (trust->at.at) {
	case AT_TIME:
		return trust->at.time;
	case AT_SIGNING_TIME:
		if ((int64_t)facts->created <= trust->now)
			return facts->created;
		break;
	case AT_NOW:
		break;
	}
	return trust->now;
}

/* ---- findings --------------------------------------------------------- */

static void
set_time(json_t *object, const char *name, int64_t time)
{
	char text[TIME_TEXT];
	time_text(time, text);
	json_object_set_new(object, name, json_string(text));
}

static void
set_text(json_t *object, const char *name, const char *text)
{
	if (text != NULL)
		json_object_set_new(object, name, text_json(text));
}

static json_t *
signer_json(const struct facts *facts)
{
	json_t *signer = json_object(), *user_ids = json_array();
	set_text(signer, "key_id", facts->key_id);
	set_time(signer, "created", facts->created);
	if (facts->lifetime != 0)
		set_time(signer, "expires",
			 (int64_t)facts->created + (int64_t)facts->lifetime);
	set_text(signer, "fingerprint", facts->key.fingerprint);
	set_text(signer, "primary_fingerprint", facts->primary.fingerprint);
	set_text(signer, "algorithm",
		 facts->has_key ? facts->key.algorithm : facts->algorithm);
	for (size_t i = 0; i < facts->user_ids.count; i++)
		json_array_append_new(user_ids, json_string(facts->user_ids.items[i]));
	json_object_set_new(signer, "user_ids", user_ids);
	json_object_set_new(signer, "pinned", json_boolean(facts->pinned));
	return signer;
}

static json_t *
judged_at_json(const struct facts *facts, const struct trust *trust)
{
	static const char *const rules[] = {
	    [AT_SIGNING_TIME] = "signing-time", [AT_NOW] = "now"};
	json_t *judged = json_object();
	int64_t time = judged_time(facts, trust);
	if (trust->at.at == AT_TIME) {
		set_time(judged, "rule", time);
		set_text(judged, "by", "stated time");
	} else {
		set_text(judged, "rule", rules[trust->at.at]);
		set_text(judged, "by",
			 trust->at.at == AT_SIGNING_TIME && time == facts->created
			     ? "the signature's own creation time"
			     : "now");
	}
	set_time(judged, "time", time);
	return judged;
}

static void
set_status_at(json_t *entry, const char *name, const struct facts *facts,
	      const struct trust *trust, int64_t time, bool text)
{
	struct judgement judgement = {0};
	judge_at(facts, trust, time, text, &judgement);
	judge_signer(facts, trust, &judgement);
	set_text(entry, name, signature_status_name(judgement.status));
	judgement_free(&judgement);
}

/* The newest signatures that librnp 0.16 reads: RFC 4880's. */
#define VERSION_KNOWN 4

/* ---- checking --------------------------------------------------------- */

/* What is checked: parts of files, or the canonical text, one after the other; and how
 * far librnp has read. */
struct signed_bytes {
	const struct view *parts;
	size_t count;
	uint64_t at; /* in the first part that is left */
};

static bool
signed_bytes_read(void *arg, void *bytes, size_t count, size_t *got)
{
	struct signed_bytes *from = arg;
	*got = 0;
	while (from->count > 0 && *got < count) {
		struct view rest = view_from(from->parts, from->at);
		size_t step = count - *got;
		if (rest.size < step)
			step = (size_t)rest.size;
		if (step > 0)
			memcpy((char *)bytes + *got, rest.data, step);
		*got += step;
		from->at += step;
		if (from->at == from->parts->size) {
			from->parts++;
			from->count--;
			from->at = 0;
		}
	}
	return true;
}

struct check {
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	bool text; /* a clear-signed text: signatures of a file do not do */
	size_t count;
	struct strings notes; /* for each entry */
};

/* An entry for a signature about which nothing more is known. */
static void
add_blank(const struct check *check, size_t index, enum signature_status status,
	  const char *reason)
{
	char number[32];
	snprintf(number, sizeof(number), "%zu", index);
	char *shown = text_shown(reason);
	json_t *entry = signature_entry(check->signatures, check->path, "openpgp",
					number, status, shown);
	json_t *notes = json_array();
	for (size_t i = 0; i < check->notes.count; i++)
		json_array_append_new(notes, json_string(check->notes.items[i]));
	json_object_set_new(entry, "notes", notes);
	signature_worsen(check->status, status);
	free(shown);
}

static void
judge_all(const struct check *check, const struct facts *facts,
	  struct judgement *judgement)
{
	if (facts->has_key) {
		judge_at(facts, check->trust, judged_time(facts, check->trust),
			 check->text, judgement);
		judge_signer(facts, check->trust, judgement);
	} else if (facts->result == RNP_ERROR_SIGNATURE_UNKNOWN) {
		judgement_add(judgement, SIGNATURE_NOT_CHECKED,
			      "a kind of signature that librnp does not know");
	} else {
		char *shown = text_shown(facts->key_id ? facts->key_id : "unknown");
		judgement_add(judgement, SIGNATURE_UNTRUSTED,
			      "no key %s in the keyrings given", shown);
		free(shown);
	}
}

static void
add_entry(const struct check *check, size_t index, struct facts *facts)
{
	static const char claimed[] = "the signing time is the signer's own claim, no "
				      "timestamp proves it";
	const struct trust *trust = check->trust;
	struct judgement judgement = {0};
	char number[32];
	judge_all(check, facts, &judgement);
	char *reason = judgement_reason(&judgement);
	snprintf(number, sizeof(number), "%zu", index);
	json_t *entry = signature_entry(check->signatures, check->path, "openpgp",
					number, judgement.status, reason);
	json_t *digest = json_object(), *notes = json_array();
	char *where = base_format("signature %zu of %zu in %s", index + 1, check->count,
				  check->text ? "the clear-signed text"
					      : "the detached signature");
	set_text(entry, "where", where);
	for (char *at = facts->hash; at != NULL && *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	set_text(digest, "algorithm", facts->hash);
	json_object_set_new(entry, "digest", digest);
	json_object_set_new(entry, "openpgp", signer_json(facts));
	json_object_set_new(entry, "judged_at", judged_at_json(facts, trust));
	if (facts->has_key) {
		set_status_at(entry, "status_at_signing", facts, trust, facts->created,
			      check->text);
		set_status_at(entry, "status_now", facts, trust, trust->now,
			      check->text);
	}
	set_text(entry, "revocation", "only what the keyrings given say");
	if (trust->at.at == AT_SIGNING_TIME)
		json_array_append_new(notes, json_string(claimed));
	if (facts->has_key && facts->result != RNP_SUCCESS &&
	    refused_for_its_key(facts))
		json_array_append_new(
		    notes,
		    json_string("librnp did not check whether the signature fits, "
				"because of its key"));
	for (size_t i = 0; i < check->notes.count; i++)
		json_array_append_new(notes, json_string(check->notes.items[i]));
	json_object_set_new(entry, "notes", notes);
	signature_worsen(check->status, judgement.status);
	free(where);
	free(reason);
	judgement_free(&judgement);
}

/* The keyrings, each into the one key store; what cannot be read is a note. */
static void
load_keyrings(rnp_ffi_t ffi, struct check *check)
{
	const struct trust *trust = check->trust;
	for (size_t i = 0; i < trust->keyring_count; i++) {
		const struct trust_keyring *keyring = &trust->keyrings[i];
		rnp_input_t input = NULL;
		size_t before = 0, after = 0;
		rnp_get_public_key_count(ffi, &before);
		rnp_result_t result =
		    rnp_input_from_memory(&input, (const uint8_t *)keyring->bytes.data,
					  keyring->bytes.size, false);
		if (result == RNP_SUCCESS)
			result = rnp_import_keys(
			    ffi, input,
			    RNP_LOAD_SAVE_PUBLIC_KEYS | RNP_LOAD_SAVE_PERMISSIVE, NULL);
		rnp_input_destroy(input);
		rnp_get_public_key_count(ffi, &after);
		char *shown = text_shown(keyring->path);
		if (result != RNP_SUCCESS)
			strings_addf(&check->notes,
				     "keyring '%s' could not be read as OpenPGP keys",
				     shown);
		else if (after == before)
			strings_addf(&check->notes,
				     "keyring '%s' brought no further key", shown);
		free(shown);
	}
}

/* A fresh librnp with the keyrings, whose own rules on digests are off: it would call a
 * weak signature false, and what is weak is for judge_at to say. */
static rnp_ffi_t
store_open(struct check *check)
{
	rnp_ffi_t ffi = NULL;
	if (rnp_ffi_create(&ffi, RNP_KEYSTORE_GPG, RNP_KEYSTORE_GPG) != RNP_SUCCESS)
		return NULL;
	rnp_remove_security_rule(ffi, NULL, NULL, 0, RNP_SECURITY_REMOVE_ALL, 0, NULL);
	if (check->trust->now > 0)
		rnp_set_timestamp(ffi, (uint64_t)check->trust->now);
	load_keyrings(ffi, check);
	return ffi;
}

/* One that librnp did not see: malformed, or newer than it is (RFC 9580 came after). */
static void
add_unread(const struct check *check, size_t index, uint8_t version)
{
	char reason[96];
	snprintf(reason, sizeof(reason),
		 "an OpenPGP signature of version %u, which this librnp cannot read",
		 version);
	if (version > VERSION_KNOWN)
		add_blank(check, index, SIGNATURE_NOT_CHECKED, reason);
	else
		add_blank(check, index, SIGNATURE_INVALID,
			  "librnp could not read this signature");
}

/* All signatures that librnp saw; those that it did not are entries as well. */
static void
report_all(rnp_ffi_t ffi, rnp_op_verify_t verify, struct check *check, uint8_t version)
{
	size_t seen = 0;
	rnp_op_verify_get_signature_count(verify, &seen);
	for (size_t i = 0; i < seen; i++) {
		rnp_op_verify_signature_t checked = NULL;
		struct facts facts = {0};
		if (rnp_op_verify_get_signature_at(verify, i, &checked) !=
		    RNP_SUCCESS) {
			add_blank(check, i, SIGNATURE_NOT_CHECKED,
				  "librnp did not say what it is");
			continue;
		}
		facts_gather(ffi, checked, check->trust, &facts);
		if (facts.key_id != NULL)
			add_entry(check, i, &facts);
		else if (version > VERSION_KNOWN)
			add_unread(check, i, version);
		else
			add_blank(check, i, SIGNATURE_NOT_CHECKED,
				  "a kind of signature that librnp does not know");
		facts_free(&facts);
	}
	for (size_t i = seen; i < check->count; i++)
		add_unread(check, i, version);
}

/* Check bare signature packets over the bytes; 0, or -1 when the machine refused. */
static int
check_packets(struct check *check, struct signed_bytes *bytes,
	      const struct buf *packets, struct err *err)
{
	rnp_ffi_t ffi = store_open(check);
	rnp_input_t data = NULL, signature = NULL;
	rnp_op_verify_t verify = NULL;
	int result = -1;
	if (ffi == NULL ||
	    rnp_input_from_callback(&data, signed_bytes_read, NULL, bytes) !=
		RNP_SUCCESS ||
	    rnp_input_from_memory(&signature, (const uint8_t *)packets->data,
				  packets->size, false) != RNP_SUCCESS ||
	    rnp_op_verify_detached_create(&verify, ffi, data, signature) !=
		RNP_SUCCESS) {
		err_set(err, ERR_SYSTEM, "librnp cannot be set up");
		goto out;
	}
	rnp_op_verify_execute(verify); /* each signature has its own result */
	report_all(ffi, verify, check, openpgp_frame_version(packets));
	result = 0;
out:
	rnp_op_verify_destroy(verify);
	rnp_input_destroy(data);
	rnp_input_destroy(signature);
	rnp_ffi_destroy(ffi);
	return result;
}

static int
check_quietly(struct check *check, struct signed_bytes *bytes,
	      const struct buf *packets, struct err *err)
{
	FILE *hush, *real = hush_begin(&hush);
	int result = check_packets(check, bytes, packets, err);
	hush_end(real, hush);
	strings_free(&check->notes);
	return result;
}

bool
openpgp_is_cleartext(const struct view *file)
{
	static const char armour[] = "-----BEGIN PGP SIGNED MESSAGE-----";
	return view_has(file, 0, armour, sizeof(armour) - 1);
}

int
openpgp_check_cleartext(const struct view *file, const char *path,
			const struct trust *trust, json_t *signatures,
			enum signature_status *status, struct err *err)
{
	struct buf text = {0}, packets = {0};
	struct err wrong = {0};
	enum signature_status worst = SIGNATURE_VALID;
	struct check check = {.path = path,
			      .trust = trust,
			      .signatures = signatures,
			      .status = &worst,
			      .text = true};
	int result = 0;
	if (openpgp_frame_cleartext(file, &text, &packets, &check.count, &wrong) ==
	    -1) {
		add_blank(&check, 0, SIGNATURE_INVALID, wrong.message);
	} else {
		struct view whole = view_of_buf(&text);
		struct signed_bytes bytes = {.parts = &whole, .count = 1};
		result = check_quietly(&check, &bytes, &packets, err);
	}
	buf_free(&text);
	buf_free(&packets);
	if (result == 0)
		*status = worst;
	return result;
}

int
openpgp_check_parts(const struct view *parts, size_t count, const char *path,
		    const struct view *signature, const struct trust *trust,
		    json_t *signatures, enum signature_status *status, struct err *err)
{
	struct buf packets = {0};
	struct err wrong = {0};
	enum signature_status worst = SIGNATURE_VALID;
	struct check check = {
	    .path = path, .trust = trust, .signatures = signatures, .status = &worst};
	int result = 0;
	if (openpgp_frame_detached(signature, &packets, &check.count, &wrong) == -1) {
		add_blank(&check, 0, SIGNATURE_INVALID, wrong.message);
	} else {
		struct signed_bytes bytes = {.parts = parts, .count = count};
		result = check_quietly(&check, &bytes, &packets, err);
	}
	buf_free(&packets);
	if (result == 0)
		*status = worst;
	return result;
}

int
openpgp_check_detached(const struct view *file, const char *path,
		       const struct view *signature, const struct trust *trust,
		       json_t *signatures, enum signature_status *status,
		       struct err *err)
{
	return openpgp_check_parts(file, 1, path, signature, trust, signatures, status,
				   err);
}
