/* What every valid signature of a file must be like: country, scheme, digest, key,
 * time.
 */
#include <ctype.h>
#include <strings.h>

#include "signature/policy_private.h"

/* ---- rules for every signature ---------------------------------------- */

/* What one entry shows for a rule; the caller frees; NULL: nothing to hold it to. */
typedef char *rule_shows(const json_t *entry, const struct policy *policy);
typedef bool rule_allows(const char *shown, const struct policy *policy);

static char *
shows_country(const json_t *entry, const struct policy *policy)
{
	(void)policy;
	return base_strdup(
	    policing_string(json_object_get(entry, "signer"), "country"));
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
	    policing_string(json_object_get(entry, "signer"), "issuer_country"));
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
	return base_strdup(policing_string(entry, "scheme"));
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
	return digest != NULL ? base_strdup(policing_string(digest, "algorithm"))
			      : NULL;
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

/* "RSA 2048": its bits; 0 for keys of other kinds. */
static unsigned long
rsa_bits(const char *key)
{
	return strncmp(key, "RSA ", 4) == 0 ? strtoul(key + 4, NULL, 10) : 0;
}

/* The shortest RSA key of the chain, or the bare one. */
static char *
shows_rsa(const json_t *entry, const struct policy *policy)
{
	const json_t *chain = json_object_get(entry, "chain");
	unsigned long least =
	    rsa_bits(policing_string(json_object_get(entry, "key"), "algorithm"));
	(void)policy;
	for (size_t i = 0; i < json_array_size(chain); i++) {
		unsigned long bits =
		    rsa_bits(policing_string(json_array_get(chain, i), "key"));
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
		if (policing_status(stamp, SIGNATURE_VALID))
			return base_strdup(policing_string(stamp, "time"));
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
		if (!policing_status(entry, SIGNATURE_VALID))
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
	policing_add(policing, rule, met, expected,
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

void
policing_judge_rules(struct policing *policing)
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
