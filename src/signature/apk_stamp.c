/*
 * The source stamp of an Android package: who published it, beside who made it. A value
 * of the signing block, in items (their length in 4 bytes before them):
 *
 *	item: certificate
 *	      items: scheme (4), items: algorithm (4), item: signature
 *	      item: attributes, items: algorithm (4), item: signature
 *
 * For each scheme the signature is over the digests that this scheme signs. The SHA-256
 * of the certificate is the entry "stamp-cert-sha256", which the makers sign. Android
 * installs a package whose stamp is false; so it is told, and decides nothing.
 */
#include <openssl/x509.h>

#include "signature/apk_private.h"

enum {
	SIGNATURES_MOST = 16,
	SCHEME_V1 = 1,
	SCHEMES = 4,
	DIGEST_OF_MANIFEST = 4, /* SHA-256 of the file */
	ATTRIBUTES_MOST = 16,
};
#define ATTRIBUTE_TIME    0xe43c5946U
#define ATTRIBUTE_LINEAGE 0x9d6303f7U

static void
put_u32(struct buf *out, uint64_t value)
{
	for (unsigned i = 0; i < 4; i++) {
		uint8_t octet = (uint8_t)(value >> (8 * i));
		buf_append(out, &octet, 1);
	}
}

static void
put_digest(struct buf *out, uint32_t kind, const struct digest *digest)
{
	put_u32(out, 8 + (uint64_t)digest->size);
	put_u32(out, kind);
	put_u32(out, digest->size);
	buf_append(out, digest->bytes, digest->size);
}

/* Which digests do the signers of a value of the block sign? */
static void
find_digests(struct view value, bool kinds[APK_DIGESTS])
{
	struct view signers, signer, data, digests, item;
	uint32_t id;
	if (apk_take_item(&value, &signers) == -1)
		return;
	while (apk_take_item(&signers, &signer) == 0) {
		if (apk_take_item(&signer, &data) == -1 ||
		    apk_take_item(&data, &digests) == -1)
			continue;
		while (apk_take_item(&digests, &item) == 0) {
			const struct apk_signing *signing =
			    apk_take_u32(&item, &id) == 0 ? apk_signing_by_id(id)
							  : NULL;
			if (signing != NULL)
				kinds[signing->digest] = true;
		}
	}
}

/* What the stamp signs for a scheme. */
static void
put_signed(struct buf *out, struct apk_stamped *package, uint32_t scheme)
{
	static const char sha256[] = "2.16.840.1.101.3.4.2.1";
	bool kinds[APK_DIGESTS] = {false};
	struct digest digest;
	if (scheme == SCHEME_V1) {
		digest_of(digest_by_oid(sha256), &package->manifest, 1, &digest);
		put_digest(out, DIGEST_OF_MANIFEST, &digest);
		return;
	}
	find_digests(package->schemes[scheme], kinds);
	for (uint32_t kind = APK_SHA256; kind < APK_DIGESTS; kind++) {
		if (kinds[kind])
			put_digest(
			    out, kind,
			    apk_digest_of(package->layout, (enum apk_digest)kind));
	}
}

/* Is there a signature of a known algorithm, and do all of these hold? */
static bool
signatures_hold(struct view signatures, X509 *certificate, const struct view *message)
{
	struct view item, signature;
	int count = 0;
	uint32_t id;
	for (int i = 0; signatures.size > 0; i++) {
		if (i == SIGNATURES_MOST || apk_take_item(&signatures, &item) == -1 ||
		    apk_take_u32(&item, &id) == -1 ||
		    apk_take_item(&item, &signature) == -1)
			return false;
		const struct apk_signing *signing = apk_signing_by_id(id);
		if (signing == NULL)
			continue;
		if (!apk_signing_holds(signing, certificate, message, &signature))
			return false;
		count++;
	}
	return count > 0;
}

/* The fault of the stamp for the schemes that the package has; NULL: none. */
static const char *
check_schemes(struct view schemes, struct apk_stamped *package, X509 *certificate)
{
	struct view item, signatures;
	bool seen[SCHEMES] = {false};
	uint32_t scheme;
	while (schemes.size > 0) {
		struct buf message = {0};
		if (apk_take_item(&schemes, &item) == -1 ||
		    apk_take_u32(&item, &scheme) == -1 ||
		    apk_take_item(&item, &signatures) == -1)
			return "it is malformed";
		if (scheme >= SCHEMES || package->schemes[scheme].size == 0 ||
		    seen[scheme])
			return "it is for another package";
		seen[scheme] = true;
		put_signed(&message, package, scheme);
		struct view bytes = view_of_buf(&message);
		bool holds = signatures_hold(signatures, certificate, &bytes);
		buf_free(&message);
		if (!holds)
			return "its signature is false, or of another package";
	}
	for (uint32_t i = SCHEME_V1; i < SCHEMES; i++) {
		if (package->schemes[i].size > 0 && !seen[i])
			return "it does not sign all that the makers sign";
	}
	return NULL;
}

/* The fault of what the stamp says of itself; NULL: none. */
static const char *
check_attributes(struct view attributes, X509 *certificate, struct strings *facts)
{
	struct view list, item;
	uint32_t id;
	uint64_t seconds;
	char text[TIME_TEXT];
	if (apk_take_item(&attributes, &list) == -1)
		return "its attributes are malformed";
	for (int i = 0; i < ATTRIBUTES_MOST && apk_take_item(&list, &item) == 0; i++) {
		if (apk_take_u32(&item, &id) == -1)
			return "its attributes are malformed";
		if (id == ATTRIBUTE_TIME && item.size == 8 &&
		    view_u64le(&item, 0, &seconds) == 0 && seconds <= INT64_MAX) {
			time_text((int64_t)seconds, text);
			strings_addf(facts, "source stamp, by its own account of %s",
				     text);
		} else if (id == ATTRIBUTE_LINEAGE &&
			   apk_lineage(&item, certificate) == -1) {
			return "the lineage of its key does not hold";
		}
	}
	return NULL;
}

static const char *
check_stamp(struct view stamp, struct apk_stamped *package, X509 *certificate,
	    struct strings *facts)
{
	static const char sha256[] = "2.16.840.1.101.3.4.2.1";
	struct view bytes, schemes, attributes = {NULL, 0}, signatures = {NULL, 0};
	struct digest digest;
	if (apk_take_item(&stamp, &bytes) == -1 ||
	    apk_take_item(&stamp, &schemes) == -1 ||
	    (stamp.size > 0 && (apk_take_item(&stamp, &attributes) == -1 ||
				apk_take_item(&stamp, &signatures) == -1)) ||
	    stamp.size > 0)
		return "it is malformed";
	digest_of(digest_by_oid(sha256), &bytes, 1, &digest);
	if (!digest_is(&digest, &package->named))
		return "the package names another certificate in stamp-cert-sha256";
	const char *fault = check_schemes(schemes, package, certificate);
	if (fault == NULL && attributes.size > 0 &&
	    !signatures_hold(signatures, certificate, &attributes))
		fault = "the signature of its attributes is false";
	return fault == NULL && attributes.size > 0
		   ? check_attributes(attributes, certificate, facts)
		   : fault;
}

void
apk_stamp_check(struct view value, struct apk_stamped *package, struct strings *facts,
		struct strings *notes)
{
	struct view stamp = {NULL, 0}, rest, bytes = {NULL, 0};
	bool whole = apk_take_item(&value, &stamp) == 0 && value.size == 0;
	rest = stamp;
	apk_take_item(&rest, &bytes);
	X509 *certificate = apk_certificate(&bytes);
	if (!whole || certificate == NULL) {
		strings_add(notes, "the source stamp is false: it is malformed");
		X509_free(certificate);
		return;
	}
	char *name = certificate_name(X509_get_subject_name(certificate));
	const char *fault = check_stamp(stamp, package, certificate, facts);
	if (fault != NULL)
		strings_addf(notes, "the source stamp of '%s' is false: %s", name,
			     fault);
	else
		strings_addf(facts,
			     "source stamp of '%s', whom nobody was asked to trust",
			     name);
	free(name);
	X509_free(certificate);
}
