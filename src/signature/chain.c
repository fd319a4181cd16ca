/*
 * Paths from a signer to an anchor (RFC 5280, 6), found here and validated by
 * OpenSSL one at a time. Finding them ourselves means that each link is known to be a
 * signature and not just a matching name, that every candidate is tried, and that a
 * certificate which came with the signature is an anchor only by its fingerprint.
 */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "signature/signature_private.h"

/* Signature checks for one leaf: what a crafted set of look-alikes may cost us. */
#define LINKS_MOST 256

/* ---- anchors --------------------------------------------------------- */

static bool
is_for_timestamps(enum chain_purpose purpose)
{
	return purpose == CHAIN_TIMESTAMPS || purpose == CHAIN_COUNTERSIGNATURES;
}

char *
chain_anchor_label(const struct trust *trust, enum chain_purpose purpose,
		   X509 *certificate)
{
	struct buf label = {0};
	struct strings seen = {0};
	struct sha256 fingerprint;
	certificate_fingerprint(certificate, &fingerprint);
	for (size_t i = 0; i < trust->anchor_count; i++) {
		const struct trust_anchor *anchor = &trust->anchors[i];
		if (anchor->timestamps != is_for_timestamps(purpose) ||
		    !sha256_equal(&anchor->fingerprint, &fingerprint) ||
		    strings_have(&seen, anchor->label))
			continue;
		strings_add(&seen, anchor->label);
		buf_printf(&label, "%s%s", label.size != 0 ? ", " : "", anchor->label);
	}
	strings_free(&seen);
	return label.size != 0 ? buf_take(&label) : NULL;
}

static bool
is_anchor(const struct trust *trust, enum chain_purpose purpose, X509 *certificate)
{
	char *label = chain_anchor_label(trust, purpose, certificate);
	bool is = label != NULL;
	free(label);
	return is;
}

/* ---- finding paths --------------------------------------------------- */

struct search {
	struct chains *found;
	X509 *const *pool;
	size_t pool_count;
	struct chain path; /* the one being walked */
	unsigned links;    /* signature checks so far */
};

static void
record(struct search *search, bool anchored)
{
	struct chains *found = search->found;
	search->path.anchored = anchored;
	if (anchored && found->count == 1 && !found->paths[0].anchored)
		found->count = 0;
	if (anchored && found->count < CHAIN_PATHS_MOST) {
		found->paths[found->count++] = search->path;
	} else if (!anchored && found->count == 0) {
		found->paths[found->count++] = search->path;
	} else if (!anchored && !found->paths[0].anchored &&
		   found->paths[0].count < search->path.count) {
		found->paths[0] = search->path;
	}
}

static bool
on_path(const struct chain *path, X509 *certificate)
{
	for (size_t i = 0; i < path->count; i++) {
		if (certificate_same(path->certificates[i], certificate))
			return true;
	}
	return false;
}

/* Did `issuer`'s key sign `subject`? Only names that match are tried. */
static bool
issued(struct search *search, X509 *issuer, X509 *subject)
{
	int answer = X509_check_issued(issuer, subject);
	/* A key that may not certify is found here, and refused in judging. */
	if (answer != X509_V_OK && answer != X509_V_ERR_KEYUSAGE_NO_CERTSIGN)
		return false;
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	if (key == NULL || search->links++ >= LINKS_MOST)
		return false;
	bool signed_by = X509_verify(subject, key) == 1;
	ERR_clear_error();
	if (!signed_by) {
		char *name = certificate_name(X509_get_subject_name(subject));
		char *by = certificate_name(X509_get_subject_name(issuer));
		judgement_add(
		    &search->found->broken, SIGNATURE_INVALID,
		    "'%s' names '%s' as its issuer, whose key did not sign it", name,
		    by);
		free(name);
		free(by);
	}
	return signed_by;
}

/* How many certificates may issue others. */
static size_t
candidate_count(const struct search *search)
{
	const struct trust *trust = search->found->trust;
	return trust->anchor_count + trust->intermediate_count + search->pool_count;
}

/* The n-th of them: anchors first, then what the user gave, then the pool. */
static X509 *
candidate(const struct search *search, size_t n)
{
	const struct trust *trust = search->found->trust;
	size_t known = trust->anchor_count + trust->intermediate_count;
	if (n >= known)
		return search->pool[n - known];
	if (n >= trust->anchor_count)
		return trust->intermediates[n - trust->anchor_count];
	const struct trust_anchor *anchor = &trust->anchors[n];
	bool timestamps = is_for_timestamps(search->found->purpose);
	return anchor->timestamps == timestamps ? anchor->certificate : NULL;
}

static bool
is_repeated(const struct search *search, size_t n, X509 *certificate)
{
	for (size_t i = 0; i < n; i++) {
		X509 *other = candidate(search, i);
		if (other != NULL && certificate_same(other, certificate))
			return true;
	}
	return false;
}

/* Walk on from the last certificate of the path. */
static void
walk(struct search *search)
{
	struct chain *path = &search->path;
	X509 *last = path->certificates[path->count - 1];
	if (is_anchor(search->found->trust, search->found->purpose, last)) {
		record(search, true);
		return;
	}
	bool went_on = false;
	size_t candidates = candidate_count(search);
	for (size_t i = 0; i < candidates; i++) {
		X509 *issuer = candidate(search, i);
		if (issuer == NULL || path->count == CHAIN_LENGTH_MOST ||
		    search->links >= LINKS_MOST || on_path(path, issuer) ||
		    is_repeated(search, i, issuer) || !issued(search, issuer, last))
			continue;
		path->certificates[path->count++] = issuer;
		walk(search);
		path->count--;
		went_on = true;
	}
	if (!went_on)
		record(search, false);
}

void
chains_find(X509 *leaf, X509 *const *pool, size_t count, const struct trust *trust,
	    enum chain_purpose purpose, struct chains *chains)
{
	struct search search = {.found = chains, .pool = pool, .pool_count = count};
	memset(chains, 0, sizeof(*chains));
	chains->trust = trust;
	chains->purpose = purpose;
	search.path.certificates[search.path.count++] = leaf;
	walk(&search);
}

void
chains_clear(struct chains *chains)
{
	judgement_free(&chains->broken);
}

/* ---- judging one path ------------------------------------------------ */

struct path_judging {
	struct judgement *judgement;
	enum chain_purpose purpose;
	int64_t time;
	bool is_now;
};

static void
judge_validity(X509 *certificate, bool expired, const struct path_judging *judging)
{
	char at[TIME_TEXT], bound[TIME_TEXT] = "an unreadable time";
	int64_t seconds;
	char *name = certificate_name(X509_get_subject_name(certificate));
	if (judging->is_now)
		snprintf(at, sizeof(at), "now"); /* the same findings on every day */
	else
		time_text(judging->time, at);
	if (certificate_time(expired ? X509_get0_notAfter(certificate)
				     : X509_get0_notBefore(certificate),
			     &seconds) == 0)
		time_text(seconds, bound);
	if (expired)
		judgement_add(judging->judgement, SIGNATURE_EXPIRED,
			      "the certificate of '%s' expired on %s, before %s", name,
			      bound, at);
	else
		judgement_add(
		    judging->judgement, SIGNATURE_INVALID,
		    "the certificate of '%s' was valid only from %s, after %s", name,
		    bound, at);
	free(name);
}

static bool
is_apple(enum chain_purpose purpose)
{
	return purpose == CHAIN_APPLE_CODE || purpose == CHAIN_APPLE_PACKAGES;
}

/* Are the critical extensions that nobody else knows Apple's marks? Those say by being
 * there what kind a certificate is ("Developer ID Application"), and nothing more. */
static bool
only_apple_marks(X509 *certificate)
{
	static const char marks[] = "1.2.840.113635.100.6.";
	for (int i = 0; i < X509_get_ext_count(certificate); i++) {
		X509_EXTENSION *extension = X509_get_ext(certificate, i);
		char oid[OID_TEXT];
		OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(extension), 1);
		if (X509_EXTENSION_get_critical(extension) &&
		    !X509_supported_extension(extension) &&
		    strncmp(oid, marks, strlen(marks)) != 0)
			return false;
	}
	return true;
}

/* Gathers every error, so that the worst decides and not the first. */
static int
take_error(int ok, X509_STORE_CTX *context)
{
	struct path_judging *judging = X509_STORE_CTX_get_ex_data(context, 0);
	if (ok)
		return 1;
	X509 *certificate = X509_STORE_CTX_get_current_cert(context);
	int error = X509_STORE_CTX_get_error(context);
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		if (certificate != NULL) {
			judge_validity(certificate,
				       error == X509_V_ERR_CERT_HAS_EXPIRED, judging);
			return 1;
		}
		break;
	/* Forms that RFC 5280, 4.2.1, asks of issuers and that decide nothing: each
	 * link is known to be a signature by the very next key. */
	case X509_V_ERR_CA_BCONS_NOT_CRITICAL:
	case X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER:
	case X509_V_ERR_MISSING_SUBJECT_KEY_IDENTIFIER:
	case X509_V_ERR_SUBJECT_KEY_IDENTIFIER_CRITICAL:
	case X509_V_ERR_AUTHORITY_KEY_IDENTIFIER_CRITICAL:
		return 1;
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		if (certificate != NULL && is_apple(judging->purpose) &&
		    only_apple_marks(certificate))
			return 1;
		break;
	}
	char *name = certificate != NULL
			 ? certificate_name(X509_get_subject_name(certificate))
			 : base_strdup("?");
	judgement_add(judging->judgement, SIGNATURE_INVALID,
		      "the chain does not hold at '%s': %s", name,
		      X509_verify_cert_error_string(error));
	free(name);
	return 1;
}

/* RFC 5280, 6.1, by OpenSSL, over just this path. */
static void
judge_by_library(const struct chain *chain, struct path_judging *judging)
{
	STACK_OF(X509) *trusted = sk_X509_new_null(), *others = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	for (size_t i = 1; i + 1 < chain->count; i++)
		sk_X509_push(others, chain->certificates[i]);
	sk_X509_push(trusted, chain->certificates[chain->count - 1]);
	if (X509_STORE_CTX_init(context, store, chain->certificates[0], others) != 1) {
		judgement_add(judging->judgement, SIGNATURE_NOT_CHECKED,
			      "the chain could not be set up");
		goto out;
	}
	X509_STORE_CTX_set0_trusted_stack(context, trusted);
	X509_STORE_CTX_set_ex_data(context, 0, judging);
	X509_STORE_CTX_set_verify_cb(context, take_error);
	X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
	/* An anchor may be an intermediate authority. Strength is judged by us. */
	X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN |
					       X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_auth_level(rules, 0);
	X509_VERIFY_PARAM_set_depth(rules, CHAIN_LENGTH_MOST);
	X509_VERIFY_PARAM_set_time(rules, (time_t)judging->time);
	int answer = X509_verify_cert(context);
	STACK_OF(X509) *verified = X509_STORE_CTX_get0_chain(context);
	if (answer != 1 || sk_X509_num(verified) != (int)chain->count)
		judgement_add(
		    judging->judgement, SIGNATURE_INVALID,
		    "the chain does not hold: %s",
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
out:
	X509_STORE_CTX_free(context);
	X509_STORE_free(store);
	sk_X509_free(trusted);
	sk_X509_free(others);
	ERR_clear_error();
}

/* ---- purposes -------------------------------------------------------- */

/* Does the chain speak of purposes at all? Authenticode, "Certificate processing":
 * the signer is for code signing, or no certificate of the chain names a purpose. */
static bool
has_purposes(const struct chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		if ((X509_get_extension_flags(chain->certificates[i]) &
		     EXFLAG_XKUSAGE) != 0)
			return true;
	}
	return false;
}

/* Apple's certificates for installer packages name a purpose of their own. */
static bool
is_for_packages(X509 *leaf)
{
	EXTENDED_KEY_USAGE *usage =
	    X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
	bool is = usage == NULL;
	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++) {
		char oid[OID_TEXT];
		OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(usage, i), 1);
		is = is || strcmp(oid, "1.2.840.113635.100.4.13") == 0;
	}
	sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
	return is;
}

bool
chain_is_timestamps_alone(X509 *leaf)
{
	int at = X509_get_ext_by_NID(leaf, NID_ext_key_usage, -1);
	EXTENDED_KEY_USAGE *usage =
	    X509_get_ext_d2i(leaf, NID_ext_key_usage, NULL, NULL);
	bool alone = sk_ASN1_OBJECT_num(usage) == 1 &&
		     (X509_get_extended_key_usage(leaf) & XKU_TIMESTAMP) != 0 &&
		     X509_EXTENSION_get_critical(X509_get_ext(leaf, at));
	sk_ASN1_OBJECT_pop_free(usage, ASN1_OBJECT_free);
	return alone;
}

/* RFC 5280, 4.2.1.12; for timestamps RFC 3161, 2.3. */
static void
judge_usage_of_leaf(const struct chain *chain, enum chain_purpose purpose,
		    const char *name, struct judgement *judgement)
{
	X509 *leaf = chain->certificates[0];
	uint32_t wanted = is_for_timestamps(purpose) ? XKU_TIMESTAMP : XKU_CODE_SIGN;
	const char *title =
	    is_for_timestamps(purpose) ? "time stamping" : "code signing";
	uint32_t flags = X509_get_extension_flags(leaf);
	bool free_of_purposes =
	    purpose == CHAIN_ANY ||
	    (purpose == CHAIN_APPLE_PACKAGES && is_for_packages(leaf)) ||
	    (purpose == CHAIN_CODE_SIGNING && !has_purposes(chain));
	if (!free_of_purposes && ((flags & EXFLAG_XKUSAGE) == 0 ||
				  (X509_get_extended_key_usage(leaf) & wanted) == 0))
		judgement_add(judgement, SIGNATURE_INVALID,
			      "wrong EKU: the certificate of '%s' is not for %s", name,
			      title);
	else if (purpose == CHAIN_TIMESTAMPS && !chain_is_timestamps_alone(leaf))
		judgement_add(judgement, SIGNATURE_INVALID,
			      "wrong EKU: the certificate of '%s' is not for time "
			      "stamping alone, marked critical",
			      name);
	if ((flags & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(leaf) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) ==
		0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the key of '%s' is not for signatures", name);
}

/* An authority that says what its certificates are for binds those below it. */
static void
judge_usage_of_issuer(X509 *issuer, enum chain_purpose purpose, const char *name,
		      struct judgement *judgement)
{
	uint32_t wanted = is_for_timestamps(purpose) ? XKU_TIMESTAMP : XKU_CODE_SIGN;
	if (purpose != CHAIN_ANY && purpose != CHAIN_APPLE_PACKAGES &&
	    (X509_get_extension_flags(issuer) & EXFLAG_XKUSAGE) != 0 &&
	    (X509_get_extended_key_usage(issuer) & (wanted | XKU_ANYEKU)) == 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "wrong EKU: the authority '%s' is not for %s", name,
			      is_for_timestamps(purpose) ? "time stamping"
							 : "code signing");
	if (X509_check_ca(issuer) == 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "'%s' certified another one but is no authority", name);
	if ((X509_get_extension_flags(issuer) & EXFLAG_KUSAGE) != 0 &&
	    (X509_get_key_usage(issuer) & KU_KEY_CERT_SIGN) == 0)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the key of '%s' is not for certifying", name);
}

static void
judge_path(const struct chains *chains, const struct chain *chain, int64_t time,
	   struct judgement *judgement)
{
	struct path_judging judging = {judgement, chains->purpose, time,
				       time == chains->trust->now};
	for (size_t i = 0; i < chain->count; i++) {
		X509 *certificate = chain->certificates[i];
		bool anchor = chain->anchored && i + 1 == chain->count;
		char *name = certificate_name(X509_get_subject_name(certificate));
		certificate_judge_strength(certificate, anchor, judgement);
		if (i == 0)
			judge_usage_of_leaf(chain, chains->purpose, name, judgement);
		else if (!anchor)
			judge_usage_of_issuer(certificate, chains->purpose, name,
					      judgement);
		free(name);
	}
	if (chain->anchored)
		judge_by_library(chain, &judging);
}

static void
judge_unanchored(const struct chains *chains, struct judgement *judgement)
{
	const struct chain *chain = &chains->paths[0];
	X509 *last = chain->certificates[chain->count - 1];
	struct sha256 fingerprint;
	char hex[SHA256_HEX];
	certificate_fingerprint(last, &fingerprint);
	sha256_hex(&fingerprint, hex);
	char *name = certificate_name(X509_get_subject_name(last));
	judgement_add(judgement, SIGNATURE_UNTRUSTED,
		      "no chain to a trusted certificate: it ends at '%s' (sha256:%s)",
		      name, hex);
	judgement_merge(judgement, &chains->broken);
	free(name);
}

const struct chain *
chains_judge(const struct chains *chains, int64_t time, const int64_t *signed_at,
	     struct judgement *judgement)
{
	struct judgement best = {0};
	const struct chain *chosen = NULL;
	for (size_t i = 0; i < chains->count; i++) {
		struct judgement this = {0};
		judge_path(chains, &chains->paths[i], time, &this);
		free(chain_revocation(chains, &chains->paths[i], signed_at, &this));
		if (chosen == NULL || this.status < best.status) {
			judgement_free(&best);
			best = this;
			chosen = &chains->paths[i];
		} else {
			judgement_free(&this);
		}
	}
	judgement_merge(judgement, &best);
	judgement_free(&best);
	if (!chosen->anchored)
		judge_unanchored(chains, judgement);
	return chosen;
}

/* ---- findings -------------------------------------------------------- */

json_t *
chain_json(const struct chains *chains, const struct chain *chain)
{
	json_t *array = json_array();
	for (size_t i = 0; i < chain->count; i++) {
		json_t *object = certificate_json(chain->certificates[i]);
		if (chain->anchored && i + 1 == chain->count) {
			char *label = chain_anchor_label(chains->trust, chains->purpose,
							 chain->certificates[i]);
			json_object_set_new(object, "anchor",
					    json_string(label != NULL ? label : ""));
			free(label);
		}
		json_array_append_new(array, object);
	}
	return array;
}
