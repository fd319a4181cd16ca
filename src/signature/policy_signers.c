/* Which trusts must have signed a file, and what is pinned of the signer. */
#include <strings.h>

#include "signature/policy_private.h"

/* ---- one trust against one entry -------------------------------------- */

static bool
labels_have(const char *labels, const char *name)
{
	char *shown = text_shown(name);
	size_t length = strlen(shown);
	bool have = false;
	for (const char *at = labels; *at != '\0' && !have;) {
		const char *end = strstr(at, ", ");
		size_t size = end != NULL ? (size_t)(end - at) : strlen(at);
		have = size == length && strncmp(at, shown, size) == 0;
		at = end != NULL ? end + 2 : at + size;
	}
	free(shown);
	return have;
}

/* Does the chain end at this trust's certificate? */
static bool
is_chained(const json_t *entry, const struct policy_trust *trust)
{
	const json_t *chain = json_object_get(entry, "chain");
	size_t count = json_array_size(chain);
	const json_t *last = count != 0 ? json_array_get(chain, count - 1) : NULL;
	char hex[SHA256_HEX];
	if (last == NULL || json_object_get(last, "anchor") == NULL)
		return false;
	if (trust->has_fingerprint) {
		sha256_hex(&trust->fingerprint, hex);
		if (strcmp(policing_string(last, "sha256"), hex) == 0)
			return true;
	}
	return trust->certificate != NULL &&
	       labels_have(policing_string(last, "anchor"), trust->name);
}

/* Is the bare key that signed the one with this trust's fingerprint? */
static bool
is_fingerprinted(const json_t *entry, const struct policy_trust *trust)
{
	char hex[SHA256_HEX];
	const json_t *key = json_object_get(entry, "key");
	if (!trust->has_fingerprint || key == NULL)
		return false;
	sha256_hex(&trust->fingerprint, hex);
	return strcmp(policing_string(key, "sha256"), hex) == 0;
}

/* Did the trust's certificate, bare key or OpenPGP key vouch for the entry? */
static bool
is_anchored(const json_t *entry, const struct policy_trust *trust)
{
	if (trust->timestamps)
		return false;
	if (trust->key != NULL)
		return labels_have(
		    policing_string(json_object_get(entry, "key"), "label"),
		    trust->name);
	if (trust->openpgp != NULL)
		return strcasecmp(policing_string(json_object_get(entry, "openpgp"),
						  "primary_fingerprint"),
				  trust->openpgp + strlen("pgp:")) == 0;
	return is_chained(entry, trust) || is_fingerprinted(entry, trust);
}

/* The pins of a Trust stanza, in the order of verify-release(5). */
enum pin { PIN_COUNTRY, PIN_ISSUER_COUNTRY, PIN_SUBJECT, PIN_SIGNER, PIN_SPKI, PINS };

static const struct {
	const char *field;
	const char *key; /* of CERT */
} pins[PINS] = {
    [PIN_COUNTRY] = {"Country", "country"},
    [PIN_ISSUER_COUNTRY] = {"Issuer-Country", "issuer_country"},
    [PIN_SUBJECT] = {"Subject", "subject"},
    [PIN_SIGNER] = {"Signer", "sha256"},
    [PIN_SPKI] = {"SPKI-SHA256", "spki_sha256"},
};

/* What a stanza asks for; NULL when it has no such pin; the caller frees. */
static char *
pin_expected(const struct policy_trust *trust, enum pin pin)
{
	char hex[SHA256_HEX];
	switch (pin) {
	case PIN_COUNTRY:
		return trust->country != NULL ? text_shown(trust->country) : NULL;
	case PIN_ISSUER_COUNTRY:
		return trust->issuer_country != NULL ? text_shown(trust->issuer_country)
						     : NULL;
	case PIN_SUBJECT:
		return trust->subject != NULL ? text_shown(trust->subject) : NULL;
	case PIN_SIGNER:
		if (!trust->has_signer)
			return NULL;
		sha256_hex(&trust->signer, hex);
		return base_strdup(hex);
	case PIN_SPKI:
		if (!trust->has_spki)
			return NULL;
		sha256_hex(&trust->spki, hex);
		return base_strdup(hex);
	default:
		return NULL;
	}
}

static const char *
pin_found(const json_t *entry, enum pin pin)
{
	return policing_string(json_object_get(entry, "signer"), pins[pin].key);
}

static bool
pin_holds(const json_t *entry, enum pin pin, const char *expected)
{
	const char *found = pin_found(entry, pin);
	if (pin == PIN_COUNTRY || pin == PIN_ISSUER_COUNTRY)
		return strcasecmp(found, expected) == 0; /* ISO 3166 letters */
	return strcmp(found, expected) == 0;
}

static bool
pins_hold(const json_t *entry, const struct policy_trust *trust)
{
	bool hold = true;
	for (unsigned pin = 0; pin < PINS; pin++) {
		char *expected = pin_expected(trust, pin);
		hold = hold && (expected == NULL || pin_holds(entry, pin, expected));
		free(expected);
	}
	return hold;
}

/* The first valid entry anchored in this trust, one whose pins hold if there is. */
static const json_t *
entry_of(const struct policing *policing, const struct policy_trust *trust)
{
	const json_t *first = NULL;
	for (size_t i = 0; i < policing->found_count; i++) {
		const json_t *entry = policing->found[i];
		if (!policing_status(entry, SIGNATURE_VALID) ||
		    !is_anchored(entry, trust))
			continue;
		if (pins_hold(entry, trust))
			return entry;
		if (first == NULL)
			first = entry;
	}
	return first;
}

/* ---- rules ----------------------------------------------------------- */

/* One rule for each pin of the trust, against the entry anchored in it. */
static void
add_pins(struct policing *policing, const struct policy_trust *trust,
	 const json_t *entry)
{
	for (unsigned pin = 0; pin < PINS; pin++) {
		char *expected = pin_expected(trust, pin);
		if (expected == NULL)
			continue;
		const char *found = pin_found(entry, pin);
		char *name = text_shown(trust->name);
		char *rule =
		    base_format("%s: %s%s (trust %s)", pins[pin].field,
				pin == PIN_SIGNER ? "sha256:" : "", expected, name);
		policing_add(policing, rule, pin_holds(entry, pin, expected), expected,
			     *found != '\0' ? found : "none");
		free(rule);
		free(name);
		free(expected);
	}
}

/* The trusts that count: those that Signers names, or all signers' if it is not there.
 */
static bool
is_named(const struct policy *policy, const struct policy_trust *trust)
{
	return !trust->timestamps &&
	       (!policy->has_signers || strings_have(&policy->signers, trust->name));
}

/* How many of the named ones must have signed. */
static size_t
wanted_count(const struct policy *policy)
{
	if (!policy->has_signers || policy->signers_rule == SIGNERS_ANY)
		return 1;
	/* A label without its stanza can be met by nobody. */
	return policy->signers_rule == SIGNERS_ALL ? policy->signers.count
						   : (size_t)policy->signers_least;
}

/* What stands in the file, entry by entry. */
char *
policing_found(const struct policing *policing)
{
	struct buf text = {0};
	for (size_t i = 0; i < policing->found_count; i++) {
		const json_t *entry = policing->found[i];
		const json_t *chain = json_object_get(entry, "chain");
		size_t count = json_array_size(chain);
		const char *anchor =
		    count != 0
			? policing_string(json_array_get(chain, count - 1), "anchor")
			: policing_string(json_object_get(entry, "key"), "label");
		buf_printf(&text, "%s%s %s%s%s", i > 0 ? ", " : "",
			   policing_string(entry, "index"),
			   policing_string(entry, "status"),
			   *anchor != '\0' ? " by " : "", anchor);
	}
	if (text.size == 0)
		buf_puts(&text, "no signature was looked at");
	return buf_take(&text);
}

/* Does every entry of the file tell one story? An invalid signature beside a good one
 * is a file that somebody tampered with. */
bool
policing_invalid(const struct policing *policing)
{
	for (size_t i = 0; i < policing->found_count; i++) {
		if (policing_status(policing->found[i], SIGNATURE_INVALID))
			return true;
	}
	return false;
}

/* "any-of", "all-of", "2-of". */
static char *
rule_word(const struct policy *policy)
{
	if (!policy->has_signers || policy->signers_rule == SIGNERS_ANY)
		return base_strdup("any-of");
	if (policy->signers_rule == SIGNERS_ALL)
		return base_strdup("all-of");
	return base_format("%zu-of", (size_t)policy->signers_least);
}

static void
add_signers(struct policing *policing, bool met)
{
	const struct policy *policy = policing->policy;
	struct buf names = {0};
	for (size_t i = 0; i < policy->trust_count; i++) {
		if (!is_named(policy, &policy->trust[i]))
			continue;
		buf_puts(&names, names.size != 0 ? " " : "");
		text_show(&names, policy->trust[i].name, strlen(policy->trust[i].name));
	}
	char *word = rule_word(policy);
	size_t wanted = wanted_count(policy);
	bool all = policy->has_signers && policy->signers_rule == SIGNERS_ALL;
	char *rule = base_format("Signers: %s %s", word, names.size ? names.data : "");
	char *count = wanted == 1 ? base_strdup("a valid signature by one of")
		      : all       ? base_strdup("valid signatures by all of")
				  : base_format("valid signatures by %zu of", wanted);
	char *expected = base_format("%s %s, and no invalid signature beside", count,
				     names.size ? names.data : "(no trust)");
	char *found = policing_found(policing);
	policing_add(policing, rule, met, expected, found);
	free(found);
	free(expected);
	free(count);
	free(rule);
	free(word);
	buf_free(&names);
}

void
policing_judge_signers(struct policing *policing)
{
	const struct policy *policy = policing->policy;
	const struct policy_trust *decides = NULL;
	size_t satisfied = 0, wanted = wanted_count(policy);
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *trust = &policy->trust[i];
		if (!is_named(policy, trust))
			continue;
		const json_t *entry = entry_of(policing, trust);
		if (entry == NULL || !pins_hold(entry, trust))
			continue;
		satisfied++;
		if (decides == NULL)
			decides = trust;
	}
	add_signers(policing, satisfied >= wanted && !policing_invalid(policing));
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *trust = &policy->trust[i];
		const json_t *entry =
		    is_named(policy, trust) ? entry_of(policing, trust) : NULL;
		/* Where one is enough, the one that was enough is shown. */
		if (entry != NULL &&
		    (wanted > 1 || decides == NULL || decides == trust))
			add_pins(policing, trust, entry);
	}
}
