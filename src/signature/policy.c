/*
 * Do the signatures meet the policy? A pure function of the description and the
 * entries. Each rule says what was expected and what was found, so that a reader can
 * judge it again.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <strings.h>

#include "signature/signature_private.h"

/* One file's rules on their way into the policy's report. */
struct policing {
	const struct policy *policy;
	json_t *rules;
	bool met;
	const char *path;     /* the file as the rules name it */
	const json_t **found; /* its entries */
	size_t found_count;
};

static const char *
string_at(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));
	return string != NULL ? string : "";
}

static bool
has_status(const json_t *entry, enum signature_status status)
{
	return strcmp(string_at(entry, "status"), signature_status_name(status)) == 0;
}

/* ---- which entries are an output's ----------------------------------- */

/* Is the entry's path that of the output, or of something inside it? Member paths
 * are long ("a.deb//data.tar.xz//./usr/x"), descriptions are short ("usr/x"). */
static bool
path_is_of(const char *path, const char *product, const char *shipped)
{
	char *name = text_shown(shipped);
	char *of = product != NULL ? text_shown(path_base(product)) : NULL;
	size_t length = strlen(name), of_length = of != NULL ? strlen(of) : 0;
	bool is = of == NULL || (strncmp(path, of, of_length) == 0 &&
				 (path[of_length] == '\0' || path[of_length] == '/'));
	if (is && strcmp(name, ".") != 0) {
		const char *from = strncmp(name, "./", 2) == 0 ? name + 2 : name;
		length = strlen(from);
		is = false;
		for (const char *at = strstr(path, from); at != NULL && !is;
		     at = strstr(at + 1, from)) {
			bool starts =
			    at == path ||
			    (at >= path + 2 && strncmp(at - 2, "//", 2) == 0) ||
			    (at >= path + 4 && strncmp(at - 4, "//./", 4) == 0);
			bool ends =
			    at[length] == '\0' || strncmp(at + length, "//", 2) == 0;
			is = starts && ends;
		}
	}
	free(name);
	free(of);
	return is;
}

/* The entries of just that path, when it is the output's. */
static void
gather(struct policing *policing, const char *path, const json_t *signatures)
{
	size_t count = json_array_size(signatures);
	policing->found = base_alloc(count + 1, sizeof(*policing->found));
	policing->found_count = 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_array_get(signatures, i);
		if (strcmp(string_at(entry, "path"), path) == 0)
			policing->found[policing->found_count++] = entry;
	}
}

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
		if (strcmp(string_at(last, "sha256"), hex) == 0)
			return true;
	}
	return trust->certificate != NULL &&
	       labels_have(string_at(last, "anchor"), trust->name);
}

/* Did the trust's certificate, bare key or OpenPGP key vouch for the entry? */
static bool
is_anchored(const json_t *entry, const struct policy_trust *trust)
{
	if (trust->timestamps)
		return false;
	if (trust->key != NULL)
		return labels_have(string_at(json_object_get(entry, "key"), "label"),
				   trust->name);
	if (trust->openpgp != NULL)
		return strcasecmp(string_at(json_object_get(entry, "openpgp"),
					    "primary_fingerprint"),
				  trust->openpgp + strlen("pgp:")) == 0;
	return is_chained(entry, trust);
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
	return string_at(json_object_get(entry, "signer"), pins[pin].key);
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
		if (!has_status(entry, SIGNATURE_VALID) || !is_anchored(entry, trust))
			continue;
		if (pins_hold(entry, trust))
			return entry;
		if (first == NULL)
			first = entry;
	}
	return first;
}

/* ---- rules ----------------------------------------------------------- */

static void
add_rule(struct policing *policing, const char *rule, bool met, const char *expected,
	 const char *found)
{
	json_t *object = json_object();
	json_object_set_new(object, "rule", json_string(rule));
	json_object_set_new(object, "met", json_boolean(met));
	json_object_set_new(object, "expected", json_string(expected));
	json_object_set_new(object, "found", json_string(found));
	json_object_set_new(object, "path", json_string(policing->path));
	json_array_append_new(policing->rules, object);
	policing->met = policing->met && met;
}

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
		add_rule(policing, rule, pin_holds(entry, pin, expected), expected,
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
static char *
describe_found(const struct policing *policing)
{
	struct buf text = {0};
	for (size_t i = 0; i < policing->found_count; i++) {
		const json_t *entry = policing->found[i];
		const json_t *chain = json_object_get(entry, "chain");
		size_t count = json_array_size(chain);
		const char *anchor =
		    count != 0 ? string_at(json_array_get(chain, count - 1), "anchor")
			       : string_at(json_object_get(entry, "key"), "label");
		buf_printf(&text, "%s%s %s%s%s", i > 0 ? ", " : "",
			   string_at(entry, "index"), string_at(entry, "status"),
			   *anchor != '\0' ? " by " : "", anchor);
	}
	if (text.size == 0)
		buf_puts(&text, "no signature was looked at");
	return buf_take(&text);
}

/* Does every entry of the file tell one story? An invalid signature beside a good one
 * is a file that somebody tampered with. */
static bool
has_invalid(const struct policing *policing)
{
	for (size_t i = 0; i < policing->found_count; i++) {
		if (has_status(policing->found[i], SIGNATURE_INVALID))
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
	char *found = describe_found(policing);
	add_rule(policing, rule, met, expected, found);
	free(found);
	free(expected);
	free(count);
	free(rule);
	free(word);
	buf_free(&names);
}

static void
judge_signers(struct policing *policing)
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
	add_signers(policing, satisfied >= wanted && !has_invalid(policing));
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

/* ---- rules for every signature ---------------------------------------- */

/* What one entry shows for a rule; the caller frees; NULL: nothing to hold it to. */
typedef char *rule_shows(const json_t *entry, const struct policy *policy);
typedef bool rule_allows(const char *shown, const struct policy *policy);

static char *
shows_country(const json_t *entry, const struct policy *policy)
{
	(void)policy;
	return base_strdup(string_at(json_object_get(entry, "signer"), "country"));
}

static bool
allows_country(const char *shown, const struct policy *policy)
{
	return strcasecmp(shown, policy->country) == 0;
}

static char *
shows_issuer(const json_t *entry, const struct policy *policy)
{
	(void)policy;
	return base_strdup(
	    string_at(json_object_get(entry, "signer"), "issuer_country"));
}

static bool
allows_issuer(const char *shown, const struct policy *policy)
{
	return strcasecmp(shown, policy->issuer_country) == 0;
}

static char *
shows_scheme(const json_t *entry, const struct policy *policy)
{
	(void)policy;
	return base_strdup(string_at(entry, "scheme"));
}

static bool
allows_scheme(const char *shown, const struct policy *policy)
{
	return strings_have(&policy->schemes, shown);
}

/* "SHA-256" and "sha256" are one name. */
static bool
same_digest(const char *a, const char *b)
{
	for (;;) {
		while (*a == '-' || *a == '_')
			a++;
		while (*b == '-' || *b == '_')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

static char *
shows_digest(const json_t *entry, const struct policy *policy)
{
	const json_t *digest = json_object_get(entry, "digest");
	(void)policy;
	return digest != NULL ? base_strdup(string_at(digest, "algorithm")) : NULL;
}

static bool
allows_digest(const char *shown, const struct policy *policy)
{
	for (size_t i = 0; i < policy->digests.count; i++) {
		if (same_digest(shown, policy->digests.items[i]))
			return true;
	}
	return false;
}

/* The shortest RSA key of the chain. */
static char *
shows_rsa(const json_t *entry, const struct policy *policy)
{
	const json_t *chain = json_object_get(entry, "chain");
	unsigned long least = 0;
	(void)policy;
	for (size_t i = 0; i < json_array_size(chain); i++) {
		const char *key = string_at(json_array_get(chain, i), "key");
		unsigned long bits =
		    strncmp(key, "RSA ", 4) == 0 ? strtoul(key + 4, NULL, 10) : 0;
		if (bits != 0 && (least == 0 || bits < least))
			least = bits;
	}
	return least != 0 ? base_format("%lu", least) : NULL;
}

static bool
allows_rsa(const char *shown, const struct policy *policy)
{
	return strtoul(shown, NULL, 10) >= policy->rsa_bits;
}

/* The time that a token proves which holds, or "none". */
static char *
shows_timestamp(const json_t *entry, const struct policy *policy)
{
	const json_t *stamps = json_object_get(entry, "timestamps");
	(void)policy;
	for (size_t i = 0; i < json_array_size(stamps); i++) {
		const json_t *stamp = json_array_get(stamps, i);
		if (has_status(stamp, SIGNATURE_VALID))
			return base_strdup(string_at(stamp, "time"));
	}
	return base_strdup("none");
}

static bool
allows_timestamp(const char *shown, const struct policy *policy)
{
	(void)policy;
	return strcmp(shown, "none") != 0;
}

/* Hold every valid signature of the file to a rule; the first that breaks it is shown.
 */
static void
judge_each(struct policing *policing, const char *rule, const char *expected,
	   rule_shows *shows, rule_allows *allows)
{
	char *found = NULL;
	bool met = true;
	for (size_t i = 0; i < policing->found_count && met; i++) {
		const json_t *entry = policing->found[i];
		if (!has_status(entry, SIGNATURE_VALID))
			continue;
		char *shown = shows(entry, policing->policy);
		if (shown == NULL)
			continue;
		met = allows(shown, policing->policy);
		if (found == NULL || !met) {
			free(found);
			found =
			    *shown != '\0' ? base_strdup(shown) : base_strdup("none");
		}
		free(shown);
	}
	add_rule(policing, rule, met, expected,
		 found != NULL ? found : "no valid signature with one");
	free(found);
}

static char *
words_joined(const struct strings *words)
{
	struct buf text = {0};
	for (size_t i = 0; i < words->count; i++) {
		buf_puts(&text, i > 0 ? " " : "");
		text_show(&text, words->items[i], strlen(words->items[i]));
	}
	return buf_take(&text);
}

static void
judge_value(struct policing *policing, const char *name, const char *value,
	    rule_shows *shows, rule_allows *allows)
{
	char *rule = base_format("%s: %s", name, value);
	judge_each(policing, rule, value, shows, allows);
	free(rule);
}

static void
judge_words(struct policing *policing, const char *name, const struct strings *words,
	    rule_shows *shows, rule_allows *allows)
{
	char *value = words_joined(words);
	if (words->count > 0)
		judge_value(policing, name, value, shows, allows);
	free(value);
}

static void
judge_all(struct policing *policing)
{
	const struct policy *policy = policing->policy;
	if (policy->country != NULL)
		judge_value(policing, "Country", policy->country, shows_country,
			    allows_country);
	if (policy->issuer_country != NULL)
		judge_value(policing, "Issuer-Country", policy->issuer_country,
			    shows_issuer, allows_issuer);
	judge_words(policing, "Schemes", &policy->schemes, shows_scheme, allows_scheme);
	judge_words(policing, "Digests", &policy->digests, shows_digest, allows_digest);
	if (policy->rsa_bits != 0) {
		char *bits = base_format("%zu", (size_t)policy->rsa_bits);
		judge_value(policing, "Minimum-RSA", bits, shows_rsa, allows_rsa);
		free(bits);
	}
	if (policy->timestamp)
		judge_value(policing, "Timestamp", "required", shows_timestamp,
			    allows_timestamp);
}

/* ---- what may stay unsigned ------------------------------------------- */

/* Is there nothing but entries that say so? */
static bool
is_unsigned(const struct policing *policing)
{
	for (size_t i = 0; i < policing->found_count; i++) {
		if (!has_status(policing->found[i], SIGNATURE_UNSIGNED))
			return false;
	}
	return policing->found_count > 0;
}

static bool
is_covered(const struct policing *policing)
{
	return json_object_get(policing->found[0], "covered_by") != NULL;
}

/* Does a pattern take the path, or what of it follows a container? */
static const char *
allowed_by(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->unsigned_paths.count; i++) {
		const char *pattern = policy->unsigned_paths.items[i];
		for (const char *at = path; at != NULL;
		     at = (at = strstr(at, "//")) != NULL ? at + 2 : NULL) {
			const char *plain = strncmp(at, "./", 2) == 0 ? at + 2 : at;
			if (fnmatch(pattern, plain, 0) == 0)
				return pattern;
		}
	}
	return NULL;
}

/* An unsigned file: fine when it is covered or allowed. */
static void
judge_unsigned(struct policing *policing)
{
	const char *pattern = allowed_by(policing->policy, policing->path);
	if (pattern != NULL) {
		char *shown = text_shown(pattern);
		char *rule = base_format("Unsigned: %s", shown);
		add_rule(policing, rule, true, "unsigned files of that name",
			 "unsigned");
		free(rule);
		free(shown);
	} else if (!is_covered(policing)) {
		add_rule(policing, "Signed", false, "a signature", "unsigned");
	}
}

/* ---- one file ---------------------------------------------------------- */

static void
judge_file(struct policing *policing)
{
	if (is_unsigned(policing) &&
	    (policing->policy->unsigned_paths.count > 0 || is_covered(policing))) {
		judge_unsigned(policing);
		return;
	}
	judge_signers(policing);
	judge_all(policing);
}

/* Is there anything to hold the signatures to? */
static bool
has_policy(const struct policy *policy)
{
	if (policy->has_signers || policy->country != NULL ||
	    policy->issuer_country != NULL || policy->schemes.count > 0 ||
	    policy->digests.count > 0 || policy->rsa_bits != 0 || policy->timestamp)
		return true;
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *trust = &policy->trust[i];
		if (!trust->timestamps &&
		    (trust->country != NULL || trust->issuer_country != NULL ||
		     trust->subject != NULL || trust->has_signer || trust->has_spki))
			return true;
	}
	return false;
}

/* Each file that bears the output's name is judged alone: a well-signed file of that
 * name somewhere else in the product does not vouch for this one. */
static void
judge_paths(struct policing *policing, const struct release_output *output,
	    const json_t *signatures)
{
	struct strings paths = {0};
	for (size_t i = 0; i < json_array_size(signatures); i++) {
		const char *path = string_at(json_array_get(signatures, i), "path");
		if (path_is_of(path, output->product, output->shipped) &&
		    !strings_have(&paths, path))
			strings_add(&paths, path);
	}
	policing->path = output->shipped;
	if (paths.count == 0)
		strings_add(&paths, "");
	for (size_t i = 0; i < paths.count; i++) {
		gather(policing, paths.items[i], signatures);
		judge_file(policing);
		free(policing->found);
	}
	strings_free(&paths);
}

static json_t *
policy_json(const struct policing *policing)
{
	json_t *object = json_object();
	json_object_set_new(object, "met", json_boolean(policing->met));
	json_object_set_new(object, "rules", policing->rules);
	return object;
}

json_t *
signature_policy(const struct release *release, const json_t *signatures)
{
	if (!has_policy(&release->policy))
		return NULL;
	struct policing policing = {
	    .policy = &release->policy, .met = true, .path = "."};
	policing.rules = json_array();
	for (size_t i = 0; i < release->output_count; i++)
		judge_paths(&policing, &release->outputs[i], signatures);
	if (release->output_count == 0)
		add_rule(&policing, "Signers", false, "an output that is signed",
			 "the release has no outputs");
	return policy_json(&policing);
}

/* ---- files ------------------------------------------------------------- */

/* Is the path that of a member of the file? */
static bool
is_member_of(const char *path, const char *file)
{
	size_t length = strlen(file);
	return strncmp(path, file, length) == 0 && path[length] == '/';
}

/* Has the file a signature of its own, or is it of a kind that would? */
static bool
is_judged_itself(const char *file, const json_t *signatures)
{
	for (size_t i = 0; i < json_array_size(signatures); i++) {
		const json_t *entry = json_array_get(signatures, i);
		if (strcmp(string_at(entry, "path"), file) == 0 &&
		    strcmp(string_at(entry, "scheme"), "none") != 0)
			return true;
	}
	return false;
}

/* A member that is not judged may still not hold a signature that is false. */
static void
judge_bystander(struct policing *policing)
{
	if (has_invalid(policing)) {
		char *found = describe_found(policing);
		add_rule(policing, "No invalid signature", false,
			 "no signature that is false", found);
		free(found);
	}
}

/* An entry by its path. */
struct named {
	const char *path;
	const json_t *entry;
	size_t index;
};

static int
order_named(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	return order != 0 ? order
			  : (left->index > right->index) - (left->index < right->index);
}

/* The entries of a file and its members, those of one path together. */
static size_t
named_of(const char *file, const json_t *signatures, struct named **named)
{
	size_t all = json_array_size(signatures), count = 0;
	*named = base_alloc(all + 1, sizeof(**named));
	for (size_t i = 0; i < all; i++) {
		const json_t *entry = json_array_get(signatures, i);
		const char *path = string_at(entry, "path");
		if (strcmp(path, file) == 0 || is_member_of(path, file))
			(*named)[count++] = (struct named){path, entry, i};
	}
	qsort(*named, count, sizeof(**named), order_named);
	return count;
}

static void
judge_named(struct policing *policing, const char *file, const json_t *signatures)
{
	struct named *named;
	size_t count = named_of(file, signatures, &named);
	bool itself = is_judged_itself(file, signatures);
	policing->found = base_alloc(count + 1, sizeof(*policing->found));
	for (size_t i = 0, end; i < count; i = end) {
		policing->path = named[i].path;
		policing->found_count = 0;
		for (end = i;
		     end < count && strcmp(named[end].path, named[i].path) == 0; end++)
			policing->found[policing->found_count++] = named[end].entry;
		if (!itself || policing->policy->members ||
		    strcmp(policing->path, file) == 0)
			judge_file(policing);
		else
			judge_bystander(policing);
	}
	free(policing->found);
	free(named);
}

json_t *
signature_policy_of_files(const struct policy *policy, const struct strings *files,
			  const json_t *signatures)
{
	struct policing policing = {.policy = policy, .met = true, .path = "."};
	policing.rules = json_array();
	for (size_t i = 0; i < files->count; i++)
		judge_named(&policing, files->items[i], signatures);
	if (json_array_size(policing.rules) == 0)
		add_rule(&policing, "Signed", false, "a signature to judge",
			 "there is none");
	return policy_json(&policing);
}
