/* Signature policies: verify-policy(5), in a file of their own or in a release. */
#include "describe/describe_private.h"

#include <ctype.h>
#include <strings.h>

/* ---- values ----------------------------------------------------------- */

char *
reading_copy(const struct stanza *stanza, const char *name)
{
	const char *value = stanza_value(stanza, name);
	return value ? base_strdup(value) : NULL;
}

char *
reading_resolve(const struct reading *r, const char *name)
{
	return path_join(r->folder, name);
}

int
reading_check_file(const struct reading *r, const struct field *field)
{
	const char *base = path_base(field->value);
	if (!path_is_plain(base))
		return READING_FAIL(r, field->line, "'%s: %s': not the name of a file",
				    field->name, field->value);
	return 0;
}

/* Two letters, as ISO 3166 has them. */
static int
read_country(struct reading *r, const struct stanza *stanza, const char *name,
	     char **country)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return 0;
	const char *value = field->value;
	if (strlen(value) != 2 || !isalpha((unsigned char)value[0]) ||
	    !isalpha((unsigned char)value[1]))
		return READING_FAIL(
		    r, field->line,
		    "'%s: %s': not a country code of two letters such as 'CH'", name,
		    value);
	*country = base_format("%c%c", toupper((unsigned char)value[0]),
			       toupper((unsigned char)value[1]));
	return 0;
}

int
reading_openpgp(struct reading *r, const struct field *field, char **signer)
{
	const char *value = field->value;
	uint8_t bytes[32];
	size_t digits = strlen(value) > 4 ? strlen(value) - 4 : 0;
	if (strncmp(value, "pgp:", 4) != 0)
		return READING_FAIL(
		    r, field->line,
		    "'Signer: %s': not 'pgp:' and a full fingerprint; gpg "
		    "--show-keys prints it",
		    value);
	if ((digits != 40 && digits != 64) ||
	    hex_decode(value + 4, false, bytes, digits / 2) == -1)
		return READING_FAIL(
		    r, field->line,
		    "'Signer: %s': not a full fingerprint of 40 or 64 hexadecimal "
		    "digits; gpg --show-keys prints it",
		    value);
	*signer = base_strdup(value);
	for (char *at = *signer + 4; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return 0;
}

/* ---- the first stanza ------------------------------------------------- */

/* "2-of": a number from 1 up. */
static bool
read_threshold(const char *word, uint64_t *least)
{
	size_t length = strlen(word);
	if (length < 4 || strcmp(word + length - 3, "-of") != 0)
		return false;
	char *number = base_strndup(word, length - 3);
	bool is = describe_parse_number(number, least) == 0 && *least > 0;
	free(number);
	return is;
}

static int
read_signers(struct reading *r, const struct field *field)
{
	struct policy *policy = r->policy;
	char *copy = base_strdup(field->value), *rest = copy;
	const char *rule = word_next(&rest);
	int result = -1;
	if (strcmp(rule, "any-of") == 0) {
		policy->signers_rule = SIGNERS_ANY;
	} else if (strcmp(rule, "all-of") == 0) {
		policy->signers_rule = SIGNERS_ALL;
	} else if (read_threshold(rule, &policy->signers_least)) {
		policy->signers_rule = SIGNERS_SOME;
	} else {
		READING_FAIL(
		    r, field->line,
		    "'Signers: %s': starts with none of 'any-of', 'all-of' and '2-of'; "
		    "write 'Signers: any-of %s'",
		    field->value, field->value);
		goto out;
	}
	for (const char *name; (name = word_next(&rest)) != NULL;) {
		if (strings_have(&policy->signers, name)) {
			READING_FAIL(r, field->line,
				     "'Signers': names '%s' twice; once is enough",
				     name);
			goto out;
		}
		strings_add(&policy->signers, name);
	}
	if (policy->signers.count == 0) {
		READING_FAIL(
		    r, field->line,
		    "'Signers: %s': names no Trust stanza; add the names after it",
		    field->value);
		goto out;
	}
	if (policy->signers_rule == SIGNERS_SOME &&
	    policy->signers_least > policy->signers.count) {
		READING_FAIL(r, field->line,
			     "'Signers: %s': asks for more signers than it names",
			     field->value);
		goto out;
	}
	policy->has_signers = true;
	r->signers = field;
	result = 0;
out:
	free(copy);
	return result;
}

/* A list of words, each once. */
static int
read_words(struct reading *r, const struct stanza *stanza, const char *name,
	   struct strings *words)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return 0;
	char *copy = base_strdup(field->value), *rest = copy;
	int result = 0;
	for (const char *word; result == 0 && (word = word_next(&rest)) != NULL;) {
		if (strings_have(words, word))
			result = READING_FAIL(r, field->line, "'%s': names '%s' twice",
					      name, word);
		strings_add(words, word);
	}
	free(copy);
	return result;
}

/* A field that has one value, which turns something on. */
static int
read_switch(struct reading *r, const struct stanza *stanza, const char *name,
	    const char *word, bool *on)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return 0;
	if (strcmp(field->value, word) != 0)
		return READING_FAIL(r, field->line,
				    "'%s: %s': unknown; give '%s', or remove the field",
				    name, field->value, word);
	*on = true;
	return 0;
}

static int
read_rsa(struct reading *r, const struct stanza *stanza)
{
	const struct field *field = stanza_find(stanza, "Minimum-RSA");
	if (field == NULL)
		return 0;
	if (describe_parse_number(field->value, &r->policy->rsa_bits) == -1 ||
	    r->policy->rsa_bits < 2048 || r->policy->rsa_bits > 65536)
		return READING_FAIL(
		    r, field->line,
		    "'Minimum-RSA: %s': not a number of bits from 2048 to 65536",
		    field->value);
	return 0;
}

static int
add_pattern(char *line, unsigned number, void *arg, struct err *err)
{
	struct policy *policy = arg;
	(void)number;
	(void)err;
	strings_add(&policy->unsigned_paths, line);
	return 0;
}

static int
read_at(struct reading *r, const struct stanza *stanza)
{
	const struct field *at = stanza_find(stanza, "Verify-At");
	if (at != NULL && judged_at_parse(at->value, &r->policy->at) == -1)
		return READING_FAIL(
		    r, at->line,
		    "'Verify-At: %s': not a time; give 'signing-time', 'now', "
		    "or one such as '2026-06-01T00:00:00Z'",
		    at->value);
	return 0;
}

int
policy_read_first(struct reading *r, const struct stanza *stanza)
{
	struct policy *policy = r->policy;
	const struct field *signers = stanza_find(stanza, "Signers");
	const struct field *patterns = stanza_find(stanza, "Unsigned");
	if (read_at(r, stanza) == -1 ||
	    read_country(r, stanza, "Country", &policy->country) == -1 ||
	    read_country(r, stanza, "Issuer-Country", &policy->issuer_country) == -1 ||
	    read_words(r, stanza, "Schemes", &policy->schemes) == -1 ||
	    read_words(r, stanza, "Digests", &policy->digests) == -1 ||
	    read_rsa(r, stanza) == -1 ||
	    read_switch(r, stanza, "Timestamp", "required", &policy->timestamp) == -1 ||
	    read_switch(r, stanza, "Members", "judged", &policy->members) == -1)
		return -1;
	if (patterns != NULL &&
	    field_each_line(patterns, add_pattern, policy, r->err) == -1)
		return -1;
	return signers ? read_signers(r, signers) : 0;
}

/* ---- trust ------------------------------------------------------------ */

static int
read_fingerprint(struct reading *r, const struct field *field, const char *prefix,
		 struct sha256 *digest)
{
	size_t skip = strlen(prefix);
	if (strncmp(field->value, prefix, skip) != 0 ||
	    hex_decode(field->value + skip, true, digest->bytes, SHA256_SIZE) == -1)
		return READING_FAIL(
		    r, field->line,
		    "'%s: %s': not %s%sthe SHA-256 of a certificate; openssl x509 "
		    "-fingerprint -sha256 prints it",
		    field->name, field->value, prefix, skip ? " and " : "");
	return 0;
}

/* The anchor's Purpose; what pins a signer says nothing of a timestamp. */
static int
read_purpose(struct reading *r, const struct stanza *stanza, struct policy_trust *trust)
{
	static const char *const pins[] = {"Country", "Issuer-Country", "Subject",
					   "Signer", "SPKI-SHA256"};
	const struct field *purpose = stanza_find(stanza, "Purpose");
	if (purpose == NULL)
		return 0;
	if (strcmp(purpose->value, "timestamps") != 0)
		return READING_FAIL(
		    r, purpose->line,
		    "'Purpose: %s': unknown; give 'timestamps', or remove the "
		    "field for an anchor of signatures",
		    purpose->value);
	if (trust->key != NULL || trust->keyring != NULL)
		return READING_FAIL(
		    r, purpose->line,
		    "'Purpose': only a certificate vouches for timestamps; "
		    "remove the field");
	trust->timestamps = true;
	for (size_t i = 0; i < ARRAY_COUNT(pins); i++) {
		const struct field *pin = stanza_find(stanza, pins[i]);
		if (pin != NULL)
			return READING_FAIL(
			    r, pin->line,
			    "'%s': has no effect on an anchor for timestamps; "
			    "remove it",
			    pin->name);
	}
	return 0;
}

/* The file that a field of an anchor names. */
static int
read_anchor_file(struct reading *r, const struct stanza *stanza, const char *name,
		 char **path)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return 0;
	if (reading_check_file(r, field) == -1)
		return -1;
	*path = reading_resolve(r, field->value);
	return 0;
}

/* An OpenPGP signer is a key of a keyring; a certificate's one is pinned by its hash.
 */
static int
read_signer(struct reading *r, const struct stanza *stanza, struct policy_trust *trust)
{
	const struct field *signer = stanza_find(stanza, "Signer");
	if (trust->keyring != NULL && signer == NULL)
		return READING_FAIL(
		    r, stanza->line,
		    "'Trust: %s': a Keyring needs a Signer, the fingerprint of "
		    "the key that counts; add it",
		    trust->name);
	if (signer == NULL)
		return 0;
	if (trust->keyring != NULL)
		return reading_openpgp(r, signer, &trust->openpgp);
	trust->has_signer = true;
	return read_fingerprint(r, signer, "sha256:", &trust->signer);
}

/* Only certificates have names, countries and issuers. */
static int
check_pins(struct reading *r, const struct stanza *stanza,
	   const struct policy_trust *trust)
{
	static const char *const pins[] = {"Country", "Issuer-Country", "Subject",
					   "SPKI-SHA256"};
	if (trust->key == NULL && trust->keyring == NULL)
		return 0;
	for (size_t i = 0; i < ARRAY_COUNT(pins); i++) {
		const struct field *pin = stanza_find(stanza, pins[i]);
		if (pin != NULL)
			return READING_FAIL(
			    r, pin->line,
			    "'%s': only a certificate has one, and this anchor "
			    "is a key; remove it",
			    pin->name);
	}
	return 0;
}

static int
read_anchor(struct reading *r, const struct stanza *stanza, struct policy_trust *trust)
{
	const struct field *hash = stanza_find(stanza, "SHA256");
	if (read_anchor_file(r, stanza, "Certificate", &trust->certificate) == -1 ||
	    read_anchor_file(r, stanza, "Key", &trust->key) == -1 ||
	    read_anchor_file(r, stanza, "Keyring", &trust->keyring) == -1)
		return -1;
	unsigned anchors = (trust->certificate != NULL) + (trust->key != NULL) +
			   (trust->keyring != NULL) + (hash != NULL);
	if (anchors != 1)
		return READING_FAIL(
		    r, stanza->line,
		    "'Trust: %s': %s; give one of Certificate, SHA256, Key and "
		    "Keyring",
		    trust->name, anchors > 1 ? "has two anchors" : "has no anchor");
	trust->has_fingerprint = hash != NULL;
	return hash ? read_fingerprint(r, hash, "", &trust->fingerprint) : 0;
}

static int
read_trust_name(struct reading *r, const struct field *field)
{
	const struct policy *policy = r->policy;
	const char *name = field->value;
	for (size_t i = 0; name[i] != '\0'; i++) {
		if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
			return READING_FAIL(
			    r, field->line,
			    "'Trust: %s': a name has letters, digits, '.', '_' "
			    "and '-' only",
			    name);
	}
	for (size_t i = 0; i + 1 < policy->trust_count; i++) {
		if (strcmp(policy->trust[i].name, name) == 0)
			return READING_FAIL(
			    r, field->line,
			    "'Trust: %s': the name is taken on line %u; give "
			    "another",
			    name, policy->trust[i].line);
	}
	return 0;
}

int
policy_read_trust(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Trust", true, false},       {"Certificate", false, false},
	    {"SHA256", false, false},     {"Purpose", false, false},
	    {"Country", false, false},    {"Issuer-Country", false, false},
	    {"Subject", false, false},    {"Signer", false, false},
	    {"Key", false, false},        {"Keyring", false, false},
	    {"SPKI-SHA256", false, false}};
	struct policy *policy = r->policy;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct policy_trust *trust = ARRAY_ADD(policy->trust, policy->trust_count);
	trust->line = stanza->line;
	trust->name = base_strdup(stanza->fields[0].value);
	trust->subject = reading_copy(stanza, "Subject");
	const struct field *spki = stanza_find(stanza, "SPKI-SHA256");
	if (read_trust_name(r, &stanza->fields[0]) == -1 ||
	    read_anchor(r, stanza, trust) == -1 ||
	    read_purpose(r, stanza, trust) == -1 ||
	    check_pins(r, stanza, trust) == -1 || read_signer(r, stanza, trust) == -1 ||
	    read_country(r, stanza, "Country", &trust->country) == -1 ||
	    read_country(r, stanza, "Issuer-Country", &trust->issuer_country) == -1)
		return -1;
	trust->has_spki = spki != NULL;
	return spki ? read_fingerprint(r, spki, "", &trust->spki) : 0;
}

static int
signer_check(const struct reading *r, const char *signer)
{
	const struct policy *policy = r->policy;
	const char **names = base_alloc(policy->trust_count + 1, sizeof(*names));
	int result = -1;
	for (size_t i = 0; i < policy->trust_count; i++) {
		names[i] = policy->trust[i].name;
		if (strcmp(names[i], signer) != 0)
			continue;
		result = 0;
		if (policy->trust[i].timestamps)
			result = READING_FAIL(
			    r, r->signers->line,
			    "'Signers': '%s' is an anchor for timestamps (line "
			    "%u) and cannot sign; remove it here",
			    signer, policy->trust[i].line);
		goto out;
	}
	char *hint = describe_suggest(signer, names, policy->trust_count, 3,
				      "add a Trust stanza of this name");
	READING_FAIL(r, r->signers->line,
		     "'Signers': '%s' is the name of no Trust stanza%s", signer, hint);
	free(hint);
out:
	free(names);
	return result;
}

/* A release may have a Trust stanza for reports alone only by mistake; in a policy of
 * its own all of them count when Signers is absent. */
static bool
wants_names(const struct reading *r)
{
	return r->release != NULL || r->policy->has_signers;
}

int
policy_check(const struct reading *r)
{
	const struct policy *policy = r->policy;
	for (size_t i = 0; i < policy->signers.count; i++) {
		if (signer_check(r, policy->signers.items[i]) == -1)
			return -1;
	}
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *trust = &policy->trust[i];
		if (wants_names(r) && !trust->timestamps &&
		    !strings_have(&policy->signers, trust->name))
			return READING_FAIL(
			    r, trust->line,
			    "'Trust: %s': nothing uses it; name it in Signers, or "
			    "remove the stanza",
			    trust->name);
	}
	return 0;
}

/* ---- a file of its own ------------------------------------------------- */

static int
read_first(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Format", true, false}, {"Members", false, false}, POLICY_FIELDS};
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	return policy_read_first(r, stanza);
}

static int
read_stanza(struct reading *r, const struct stanza *stanza)
{
	if (strcasecmp(stanza->fields[0].name, "Trust") != 0)
		return READING_FAIL(
		    r, stanza->line,
		    "'%s': not a kind of stanza; a policy has a first stanza and "
		    "Trust stanzas",
		    stanza->fields[0].name);
	return policy_read_trust(r, stanza);
}

int
policy_read(const char *path, struct policy **policy, struct sha256 *identity,
	    struct err *err)
{
	struct deb822 *file = NULL;
	if (description_read(path, "verify-policy 1", &file, err) == -1)
		return -1;
	struct reading r = {.policy = base_alloc(1, sizeof(*r.policy)),
			    .path = path,
			    .folder = path_dir(path),
			    .err = err};
	*identity = file->sha256;
	int result = read_first(&r, &file->stanzas[0]);
	for (size_t i = 1; i < file->count && result == 0; i++)
		result = read_stanza(&r, &file->stanzas[i]);
	if (result == 0)
		result = policy_check(&r);
	free(r.folder);
	deb822_free(file);
	if (result == -1) {
		policy_free(r.policy);
		return -1;
	}
	*policy = r.policy;
	return 0;
}

void
policy_clear(struct policy *policy)
{
	for (size_t i = 0; i < policy->trust_count; i++) {
		struct policy_trust *trust = &policy->trust[i];
		free(trust->name);
		free(trust->certificate);
		free(trust->key);
		free(trust->keyring);
		free(trust->openpgp);
		free(trust->country);
		free(trust->issuer_country);
		free(trust->subject);
	}
	free(policy->trust);
	free(policy->country);
	free(policy->issuer_country);
	strings_free(&policy->signers);
	strings_free(&policy->schemes);
	strings_free(&policy->digests);
	strings_free(&policy->unsigned_paths);
}

void
policy_free(struct policy *policy)
{
	if (policy == NULL)
		return;
	policy_clear(policy);
	free(policy);
}
