/* Digests as manifests write them: "SHA-256-Digest: " and base64 text. */
#include "signature/jar_private.h"

/* Names of algorithms as Java's, Android's and Mozilla's tools write them. */
static const struct {
	const char *name, *oid;
} names[] = {
    {"MD5", "1.2.840.113549.2.5"},
    {"SHA", "1.3.14.3.2.26"},
    {"SHA1", "1.3.14.3.2.26"},
    {"SHA-1", "1.3.14.3.2.26"},
    {"SHA-224", "2.16.840.1.101.3.4.2.4"},
    {"SHA224", "2.16.840.1.101.3.4.2.4"},
    {"SHA-256", "2.16.840.1.101.3.4.2.1"},
    {"SHA256", "2.16.840.1.101.3.4.2.1"},
    {"SHA-384", "2.16.840.1.101.3.4.2.2"},
    {"SHA384", "2.16.840.1.101.3.4.2.2"},
    {"SHA-512", "2.16.840.1.101.3.4.2.3"},
    {"SHA512", "2.16.840.1.101.3.4.2.3"},
};

const struct digest_algorithm *
jar_digest_named(const char *attribute, const char *tail, bool *digest)
{
	size_t length = strlen(attribute), end = strlen(tail);
	*digest = length > end && strcasecmp(attribute + length - end, tail) == 0;
	for (size_t i = 0; *digest && i < ARRAY_COUNT(names); i++) {
		if (strlen(names[i].name) == length - end &&
		    strncasecmp(attribute, names[i].name, length - end) == 0)
			return digest_by_oid(names[i].oid);
	}
	return NULL;
}

static bool
value_is(const char *value, const struct digest *digest)
{
	struct buf bytes = {0};
	struct view text = view_of(value, strlen(value));
	bool is = raw_base64(&text, false, &bytes) == 0;
	struct view has = view_of_buf(&bytes);
	is = is && digest_is(digest, &has);
	buf_free(&bytes);
	return is;
}

static void
count_digest(struct jar_digests *digests, const struct digest_algorithm *algorithm,
	     bool equal)
{
	digests->known++;
	digests->differs = digests->differs || !equal;
	if (digests->algorithm == NULL || !algorithm->weak)
		digests->algorithm = algorithm;
	digests->strong = digests->strong || !algorithm->weak;
}

void
jar_digests_add(struct jar_digests *digests, const struct digest_algorithm *algorithm,
		const char *value, const struct digest *computed)
{
	count_digest(digests, algorithm, value_is(value, computed));
}

void
jar_digests_check(const struct jar_section *section, const char *tail,
		  const struct view *bytes, const struct view *bare,
		  struct jar_digests *digests)
{
	*digests = (struct jar_digests){0};
	for (size_t i = 0; i < section->count; i++) {
		const struct jar_attribute *attribute = &section->attributes[i];
		struct digest digest;
		bool is_digest, equal;
		const struct digest_algorithm *algorithm =
		    jar_digest_named(attribute->name, tail, &is_digest);
		if (!is_digest)
			continue;
		if (algorithm == NULL) {
			digests->unknown++;
			continue;
		}
		digest_of(algorithm, bytes, 1, &digest);
		equal = value_is(attribute->value.data, &digest);
		if (!equal && bare->size > 0) {
			digest_of(algorithm, bare, 1, &digest);
			equal = value_is(attribute->value.data, &digest);
		}
		count_digest(digests, algorithm, equal);
	}
}
