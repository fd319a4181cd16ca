/*
 * Do the outputs' signatures meet the release's policy? A pure function of the
 * description and the entries. Each rule says what was expected and what was found, so
 * that a reader can judge it again.
 */
#include <strings.h>

#include "signature/signature_private.h"

/* One output's rules on their way into the policy. */
struct policing {
	const struct release *release;
	json_t *rules;
	bool met;
	const char *path;     /* the output as the description names it */
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
is_anchored(const json_t *entry, const struct release_trust *trust)
{
	const json_t *chain = json_object_get(entry, "chain");
	size_t count = json_array_size(chain);
	const json_t *last = count != 0 ? json_array_get(chain, count - 1) : NULL;
	char hex[SHA256_HEX];
	if (last == NULL || trust->timestamps ||
	    json_object_get(last, "anchor") == NULL)
		return false;
	if (trust->has_fingerprint) {
		sha256_hex(&trust->fingerprint, hex);
		if (strcmp(string_at(last, "sha256"), hex) == 0)
			return true;
	}
	return trust->certificate != NULL &&
	       labels_have(string_at(last, "anchor"), trust->name);
}

/* The pins of a Trust stanza, in the order of verify-release(5). */
enum pin { PIN_COUNTRY, PIN_ISSUER_COUNTRY, PIN_SUBJECT, PIN_SIGNER, PINS };

static const struct {
	const char *field;
	const char *key; /* of CERT */
} pins[PINS] = {
    [PIN_COUNTRY] = {"Country", "country"},
    [PIN_ISSUER_COUNTRY] = {"Issuer-Country", "issuer_country"},
    [PIN_SUBJECT] = {"Subject", "subject"},
    [PIN_SIGNER] = {"Signer", "sha256"},
};

/* What a stanza asks for; NULL when it has no such pin; the caller frees. */
static char *
pin_expected(const struct release_trust *trust, enum pin pin)
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
pins_hold(const json_t *entry, const struct release_trust *trust)
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
entry_of(const struct policing *policing, const struct release_trust *trust)
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
	json_object_set_new(object, "path", text_json(policing->path));
	json_array_append_new(policing->rules, object);
	policing->met = policing->met && met;
}

/* One rule for each pin of the trust, against the entry anchored in it. */
static void
add_pins(struct policing *policing, const struct release_trust *trust,
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
is_named(const struct release *release, const struct release_trust *trust)
{
	return !trust->timestamps &&
	       (!release->has_signers || strings_have(&release->signers, trust->name));
}

static bool
wants_all(const struct release *release)
{
	return release->has_signers && release->signers_rule == SIGNERS_ALL;
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
			       : "";
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

static void
add_signers(struct policing *policing, bool met)
{
	const struct release *release = policing->release;
	struct buf names = {0};
	for (size_t i = 0; i < release->trust_count; i++) {
		if (!is_named(release, &release->trust[i]))
			continue;
		buf_puts(&names, names.size != 0 ? " " : "");
		text_show(&names, release->trust[i].name,
			  strlen(release->trust[i].name));
	}
	const char *word = wants_all(release) ? "all-of" : "any-of";
	char *rule = base_format("Signers: %s %s", word, names.size ? names.data : "");
	char *expected = base_format("%s %s, and no invalid signature beside",
				     wants_all(release) ? "valid signatures by all of"
							: "a valid signature by one of",
				     names.size ? names.data : "(no trust)");
	char *found = describe_found(policing);
	add_rule(policing, rule, met, expected, found);
	free(found);
	free(expected);
	free(rule);
	buf_free(&names);
}

static void
judge_output(struct policing *policing)
{
	const struct release *release = policing->release;
	const struct release_trust *decides = NULL;
	size_t named = 0, satisfied = 0;
	for (size_t i = 0; i < release->trust_count; i++) {
		const struct release_trust *trust = &release->trust[i];
		if (!is_named(release, trust))
			continue;
		named++;
		const json_t *entry = entry_of(policing, trust);
		if (entry == NULL || !pins_hold(entry, trust))
			continue;
		satisfied++;
		if (decides == NULL)
			decides = trust;
	}
	bool all = wants_all(release);
	bool met = all ? named != 0 && satisfied == named : satisfied != 0;
	/* A label without its stanza can be met by nobody. */
	if (all && release->signers.count > named)
		met = false;
	add_signers(policing, met && !has_invalid(policing));
	for (size_t i = 0; i < release->trust_count; i++) {
		const struct release_trust *trust = &release->trust[i];
		const json_t *entry =
		    is_named(release, trust) ? entry_of(policing, trust) : NULL;
		/* Where one is enough, the one that was enough is shown. */
		if (entry != NULL && (all || decides == NULL || decides == trust))
			add_pins(policing, trust, entry);
	}
}

/* Is there anything to hold the signatures to? */
static bool
has_policy(const struct release *release)
{
	if (release->has_signers)
		return true;
	for (size_t i = 0; i < release->trust_count; i++) {
		const struct release_trust *trust = &release->trust[i];
		if (!trust->timestamps &&
		    (trust->country != NULL || trust->issuer_country != NULL ||
		     trust->subject != NULL || trust->has_signer))
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
		judge_output(policing);
		free(policing->found);
	}
	strings_free(&paths);
}

json_t *
signature_policy(const struct release *release, const json_t *signatures)
{
	if (!has_policy(release))
		return NULL;
	struct policing policing = {.release = release, .met = true, .path = "."};
	policing.rules = json_array();
	for (size_t i = 0; i < release->output_count; i++)
		judge_paths(&policing, &release->outputs[i], signatures);
	if (release->output_count == 0)
		add_rule(&policing, "Signers", false, "an output that is signed",
			 "the release has no outputs");
	json_t *policy = json_object();
	json_object_set_new(policy, "met", json_boolean(policing.met));
	json_object_set_new(policy, "rules", policing.rules);
	return policy;
}
