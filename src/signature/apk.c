/*
 * Android packages: the signatures in the signing block before the zip's directory
 * ("APK Signature Scheme v2", "v3" and "v3.1", source.android.com):
 *
 *	entries  size (8), pairs, size (8), "APK Sig Block 42"  directory  end
 *
 * A signer signs digests over all of the file but this block, with the offset of the
 * directory as if the block were not there. What else stands in the block, nobody
 * signs. Which versions a package has must be said where it is signed, or the best one
 * could be taken off: v2 says it of v3, v3 of v3.1, and the file of a JAR signature
 * (v1) of v2 and v3.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "signature/jar_private.h"

enum {
	CHUNK = 1 << 20,
	END_SIZE = 22,  /* of the zip's end record, without a comment */
	TAIL_SIZE = 24, /* the block's second size and its magic */
	PAIRS_MOST = 64,
	SIGNERS_MOST = 10,
	SIGNATURES_MOST = 16,
	CERTIFICATES_MOST = 16,
	NODES_MOST = 64,
	ID_V2 = 0x7109871a,
	ID_V31 = 0x1b93ad61,
	ID_PADDING = 0x42726577,
	ATTRIBUTE_LINEAGE = 0x3ba06f8c,
	ATTRIBUTE_ROTATES = 0x559f8b02, /* in v3: from which SDK on v3.1 counts */
};
#define ID_V3               0xf05368c0U
#define ATTRIBUTE_STRIPPING 0xbeeff00dU /* in v2: the best version that there is */

static const struct {
	uint32_t id;
	const char *scheme; /* NULL: no signature that is checked here */
	const char *name;
} ids[] = {
    {ID_V2, "apk-v2", NULL},
    {ID_V3, "apk-v3", NULL},
    {ID_V31, "apk-v3.1", NULL},
    {ID_PADDING, NULL, "padding"},
    {0x6dff800d, NULL, "source stamp"},
    {0x2b09189e, NULL, "source stamp, version 1"},
    {0x504b4453, NULL, "list of dependencies"},
    {0x2146444e, NULL, "store metadata"},
};

static const struct signing {
	uint32_t id;
	const char *name, *oid; /* of the digest */
	int type;               /* EVP_PKEY_… */
	bool pss, verity;
} signings[] = {
    {0x0101, "RSA-PSS", "2.16.840.1.101.3.4.2.1", EVP_PKEY_RSA, true, false},
    {0x0102, "RSA-PSS", "2.16.840.1.101.3.4.2.3", EVP_PKEY_RSA, true, false},
    {0x0103, "RSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_RSA, false, false},
    {0x0104, "RSA", "2.16.840.1.101.3.4.2.3", EVP_PKEY_RSA, false, false},
    {0x0201, "ECDSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_EC, false, false},
    {0x0202, "ECDSA", "2.16.840.1.101.3.4.2.3", EVP_PKEY_EC, false, false},
    {0x0301, "DSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_DSA, false, false},
    {0x0421, "RSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_RSA, false, true},
    {0x0423, "ECDSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_EC, false, true},
    {0x0425, "DSA", "2.16.840.1.101.3.4.2.1", EVP_PKEY_DSA, false, true},
};

/* A digest of the package, computed once however many signers sign it. */
struct known_digest {
	const struct digest_algorithm *algorithm; /* NULL: not yet computed */
	struct digest digest;
};

/* One package, and where its block lies. */
struct apk {
	struct view file;
	struct view pairs; /* empty: there is no block */
	uint64_t block, directory, end;
	bool has_v2, has_v3, has_v31;
	struct judgement found; /* against every signature of it */
	struct strings uncovered;
	struct known_digest known[2]; /* SHA-256 and SHA-512 */
	struct strings facts;         /* names of pairs that are no signature */
};

struct checking {
	struct apk *apk;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

/* One signer, as it stands in the block. */
struct signer {
	uint32_t block; /* the id of its pair */
	struct view signed_data, signatures, key;
	struct view digests, certificates, attributes;
	uint32_t sdk_least, sdk_most;
	X509 *chain[CERTIFICATES_MOST];
	size_t chain_count;
};

static const struct signing *
signing_by_id(uint32_t id)
{
	for (size_t i = 0; i < ARRAY_COUNT(signings); i++) {
		if (signings[i].id == id)
			return &signings[i];
	}
	return NULL;
}

/* ---- the block --------------------------------------------------------- */

static int
take_u32(struct view *rest, uint32_t *value)
{
	if (view_u32le(rest, 0, value) == -1)
		return -1;
	*rest = view_from(rest, 4);
	return 0;
}

/* What a length of four bytes stands before. */
static int
take_item(struct view *rest, struct view *item)
{
	uint32_t size;
	if (view_u32le(rest, 0, &size) == -1 || view_sub(rest, 4, size, item) == -1)
		return -1;
	*rest = view_from(rest, (uint64_t)size + 4);
	return 0;
}

/* The zip's end record, as Android finds it: the last one whose comment ends the
 * file. */
static int
find_end(const struct view *file, uint64_t *end)
{
	uint16_t comment;
	for (uint64_t size = END_SIZE; size <= file->size && size <= END_SIZE + 0xffff;
	     size++) {
		uint64_t at = file->size - size;
		if (view_has(file, at, "PK\5\6", 4) &&
		    view_u16le(file, at + 20, &comment) == 0 &&
		    comment == size - END_SIZE) {
			*end = at;
			return 0;
		}
	}
	return -1;
}

/* Find the block; -1 when the zip is not one that Android reads. */
static int
apk_open(struct apk *apk)
{
	uint32_t size, directory;
	uint64_t last, first;
	const struct view *file = &apk->file;
	if (find_end(file, &apk->end) == -1 ||
	    view_u32le(file, apk->end + 12, &size) == -1 ||
	    view_u32le(file, apk->end + 16, &directory) == -1 ||
	    (uint64_t)directory + size != apk->end)
		return -1;
	apk->directory = directory;
	if (directory < 8 + TAIL_SIZE ||
	    !view_has(file, apk->directory - 16, "APK Sig Block 42", 16))
		return 0;
	if (view_u64le(file, apk->directory - TAIL_SIZE, &last) == -1 ||
	    last < TAIL_SIZE || last > apk->directory - 8)
		return -1;
	apk->block = apk->directory - last - 8;
	if (view_u64le(file, apk->block, &first) == -1 || first != last)
		return -1;
	return view_sub(file, apk->block + 8, last - TAIL_SIZE, &apk->pairs);
}

static int
take_pair(struct view *rest, uint32_t *id, struct view *value)
{
	uint64_t size;
	if (view_u64le(rest, 0, &size) == -1 || size < 4 || size > rest->size - 8 ||
	    view_u32le(rest, 8, id) == -1 || view_sub(rest, 12, size - 4, value) == -1)
		return -1;
	*rest = view_from(rest, size + 8);
	return 0;
}

/* The pair's row in `ids`, or -1 for one that nobody here knows. */
static int
id_row(uint32_t id)
{
	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		if (ids[i].id == id)
			return (int)i;
	}
	return -1;
}

/* What the block holds beside signatures: nobody signed that. */
static void
look_at_pair(struct apk *apk, uint32_t id, const struct view *value)
{
	int row = id_row(id);
	if (row == -1) {
		judgement_add(&apk->found, SIGNATURE_INVALID,
			      "the signing block holds %ju bytes of an unknown kind, "
			      "0x%08x, which nobody signed",
			      (uintmax_t)value->size, id);
		strings_addf(&apk->uncovered, "signing block, pair 0x%08x", id);
	} else if (ids[row].scheme == NULL) {
		strings_add(&apk->facts, ids[row].name);
		if (id != ID_PADDING)
			strings_addf(&apk->uncovered, "signing block, %s",
				     ids[row].name);
		else if (!view_is_zero(value))
			judgement_add(&apk->found, SIGNATURE_INVALID,
				      "the padding of the signing block is not zero: "
				      "it holds bytes that nobody signed");
	}
	apk->has_v2 = apk->has_v2 || id == ID_V2;
	apk->has_v3 = apk->has_v3 || id == ID_V3;
	apk->has_v31 = apk->has_v31 || id == ID_V31;
}

static void
look_at_pairs(struct apk *apk)
{
	struct view rest = apk->pairs, value;
	uint32_t seen[PAIRS_MOST], id;
	size_t count = 0;
	while (rest.size > 0) {
		if (count == PAIRS_MOST || take_pair(&rest, &id, &value) == -1) {
			judgement_add(&apk->found, SIGNATURE_INVALID,
				      "the signing block is malformed");
			return;
		}
		for (size_t i = 0; i < count; i++) {
			if (seen[i] == id)
				judgement_add(&apk->found, SIGNATURE_INVALID,
					      "the signing block has two pairs "
					      "0x%08x: readers differ on which counts",
					      id);
		}
		seen[count++] = id;
		look_at_pair(apk, id, &value);
	}
	if (apk->has_v31 && !apk->has_v3)
		judgement_add(&apk->found, SIGNATURE_INVALID,
			      "there is a v3.1 signature without one of v3");
}

/* ---- the JAR signature, v1 ------------------------------------------------ */

/* Android: every signer covers every entry outside of META-INF. */
static const struct jar_kind kind_v1 = {.scheme = "apk-v1",
					.purpose = CHAIN_ANY,
					.everything = true,
					.signers_most = SIGNERS_MOST};

/* The versions that X-Android-APK-Signed names must be there. */
static void
judge_versions(void *context, const char *versions, struct judgement *found)
{
	const struct apk *apk = context;
	char *text = base_strdup(versions != NULL ? versions : ""), *at = text, *item;
	while ((item = strsep(&at, ", ")) != NULL) {
		unsigned long version = strtoul(item, NULL, 10);
		if ((version == 2 && !apk->has_v2) || (version == 3 && !apk->has_v3))
			judgement_add(found, SIGNATURE_INVALID,
				      "the package was signed with v%lu too, which was "
				      "taken off: its JAR signature says so",
				      version);
	}
	free(text);
}

/* What reads the package by its zip directory must find what a signer saw. */
static void
check_v1(struct checking *checking)
{
	struct jar jar;
	const struct apk *apk = checking->apk;
	jar_open(&jar, &apk->file, format_by_name("apk"));
	jar.sealed = apk->has_v2 || apk->has_v3 || apk->has_v31;
	size_t count = jar_check_signers(&jar, &kind_v1, checking->path,
					 checking->trust, judge_versions, checking->apk,
					 checking->signatures, checking->status);
	if (count == 0 && jar.found.status == SIGNATURE_NOT_CHECKED)
		judgement_merge(&checking->apk->found, &jar.found);
	checking->count += count;
	jar_close(&jar);
}

/* ---- the digest -------------------------------------------------------- */

static void
add_chunks(const struct view *section, const struct digest_algorithm *algorithm,
	   struct buf *digests, uint32_t *count)
{
	for (uint64_t at = 0; at < section->size; at += CHUNK) {
		struct view parts[2];
		struct digest digest;
		uint64_t size = section->size - at < CHUNK ? section->size - at : CHUNK;
		const uint8_t prefix[] = {0xa5, (uint8_t)size, (uint8_t)(size >> 8),
					  (uint8_t)(size >> 16), 0};
		parts[0] = view_of(prefix, sizeof(prefix));
		view_sub(section, at, size, &parts[1]);
		digest_of(algorithm, parts, 2, &digest);
		buf_append(digests, digest.bytes, digest.size);
		(*count)++;
	}
}

/* Over the entries, the directory, and the end record with the offset of the
 * directory as if there were no block. */
static void
apk_digest(const struct apk *apk, const struct digest_algorithm *algorithm,
	   struct digest *digest)
{
	struct buf digests = {0}, end = {0};
	struct view sections[3], parts[2];
	uint32_t count = 0;
	view_sub(&apk->file, 0, apk->block, &sections[0]);
	view_sub(&apk->file, apk->directory, apk->end - apk->directory, &sections[1]);
	sections[2] = view_from(&apk->file, apk->end);
	buf_append(&end, sections[2].data, (size_t)sections[2].size);
	for (size_t i = 0; i < 4; i++)
		end.data[16 + i] = (char)(apk->block >> (8 * i) & 0xff);
	sections[2] = view_of_buf(&end);
	for (size_t i = 0; i < 3; i++)
		add_chunks(&sections[i], algorithm, &digests, &count);
	const uint8_t prefix[] = {0x5a, (uint8_t)count, (uint8_t)(count >> 8),
				  (uint8_t)(count >> 16), (uint8_t)(count >> 24)};
	parts[0] = view_of(prefix, sizeof(prefix));
	parts[1] = view_of_buf(&digests);
	digest_of(algorithm, parts, 2, digest);
	buf_free(&digests);
	buf_free(&end);
}

static const struct digest *
apk_digest_known(struct apk *apk, const struct digest_algorithm *algorithm)
{
	size_t i = 0;
	while (i + 1 < ARRAY_COUNT(apk->known) && apk->known[i].algorithm != NULL &&
	       apk->known[i].algorithm != algorithm)
		i++;
	if (apk->known[i].algorithm != algorithm) {
		apk_digest(apk, algorithm, &apk->known[i].digest);
		apk->known[i].algorithm = algorithm;
	}
	return &apk->known[i].digest;
}

/* ---- one signer -------------------------------------------------------- */

static int
signer_parse(struct view rest, struct signer *signer)
{
	bool v2 = signer->block == ID_V2;
	uint32_t least = 0, most = 0;
	struct view data;
	if (take_item(&rest, &signer->signed_data) == -1 ||
	    (!v2 && (take_u32(&rest, &signer->sdk_least) == -1 ||
		     take_u32(&rest, &signer->sdk_most) == -1)) ||
	    take_item(&rest, &signer->signatures) == -1 ||
	    take_item(&rest, &signer->key) == -1 || rest.size != 0)
		return -1;
	data = signer->signed_data;
	if (take_item(&data, &signer->digests) == -1 ||
	    take_item(&data, &signer->certificates) == -1 ||
	    (!v2 && (take_u32(&data, &least) == -1 || take_u32(&data, &most) == -1)) ||
	    take_item(&data, &signer->attributes) == -1)
		return -1;
	return v2 || (least == signer->sdk_least && most == signer->sdk_most &&
		      least <= most)
		   ? 0
		   : -1;
}

static X509 *
certificate_of(const struct view *bytes)
{
	const unsigned char *at = bytes->data;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes->size);
	if (certificate != NULL && at != bytes->data + bytes->size) {
		X509_free(certificate);
		certificate = NULL;
	}
	ERR_clear_error();
	return certificate;
}

/* The certificates; -1 when one cannot be read, or there is none. */
static int
signer_certificates(struct signer *signer)
{
	struct view rest = signer->certificates, bytes;
	while (rest.size > 0) {
		if (signer->chain_count == CERTIFICATES_MOST ||
		    take_item(&rest, &bytes) == -1)
			return -1;
		X509 *certificate = certificate_of(&bytes);
		if (certificate == NULL)
			return -1;
		signer->chain[signer->chain_count++] = certificate;
	}
	return signer->chain_count > 0 ? 0 : -1;
}

/* The same key, however the certificate writes its numbers. */
static bool
key_is(X509 *certificate, const struct view *bytes)
{
	const unsigned char *at = bytes->data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)bytes->size);
	EVP_PKEY *own = X509_get0_pubkey(certificate);
	bool is = key != NULL && own != NULL && at == bytes->data + bytes->size &&
		  EVP_PKEY_eq(key, own) == 1;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return is;
}

/* Does the certificate's key bear out a signature over these bytes? */
static bool
signing_holds(const struct signing *signing, X509 *certificate,
	      const struct view *message, const struct view *signature)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *options = NULL;
	const char *digest = digest_by_oid(signing->oid)->name;
	bool holds = key != NULL && EVP_PKEY_get_base_id(key) == signing->type &&
		     EVP_DigestVerifyInit_ex(context, &options, digest, NULL, NULL, key,
					     NULL) == 1;
	if (holds && signing->pss)
		holds =
		    EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) ==
			1;
	holds =
	    holds && EVP_DigestVerify(context, signature->data, (size_t)signature->size,
				      message->data, (size_t)message->size) == 1;
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return holds;
}

/* ---- lineage ------------------------------------------------------------ */

/* Keys that handed over to one another: each signed the next certificate, and the last
 * one must be the signer's. How many; -1 when it does not hold. */
static int
lineage_holds(const struct view *value, X509 *leaf)
{
	struct view rest = *value, node, data, signature, bytes;
	uint32_t version, flags, handed, algorithm = 0;
	X509 *before = NULL;
	int count = 0;
	bool holds = take_u32(&rest, &version) == 0 && version == 1;
	while (holds && rest.size > 0 && count < NODES_MOST) {
		holds = take_item(&rest, &node) == 0 && take_item(&node, &data) == 0 &&
			take_u32(&node, &flags) == 0 && take_u32(&node, &handed) == 0 &&
			take_item(&node, &signature) == 0;
		struct view signed_data = data;
		if (holds && before != NULL) {
			const struct signing *signing = signing_by_id(algorithm);
			holds =
			    signing != NULL &&
			    signing_holds(signing, before, &signed_data, &signature);
		}
		algorithm = handed;
		X509 *next = holds && take_item(&data, &bytes) == 0
				 ? certificate_of(&bytes)
				 : NULL;
		holds = holds && next != NULL;
		X509_free(before);
		before = next;
		count++;
	}
	holds =
	    holds && rest.size == 0 && before != NULL && certificate_same(before, leaf);
	X509_free(before);
	return holds ? count : -1;
}

/* ---- what a signer says ------------------------------------------------- */

static void
check_lineage(struct cms_entry *entry, const struct view *value, X509 *leaf)
{
	int count = lineage_holds(value, leaf);
	if (count == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the lineage of the signing key does not hold");
		return;
	}
	char *text = base_format("%d keys, each signed by the one before", count);
	signature_fact(entry->json, "lineage", text);
	free(text);
}

/* What the signer says of other versions of the scheme, and of its former keys. */
static void
check_attributes(struct cms_entry *entry, const struct apk *apk,
		 const struct signer *signer)
{
	struct view rest = signer->attributes, item;
	uint32_t id, version;
	while (rest.size > 0) {
		if (take_item(&rest, &item) == -1 || take_u32(&item, &id) == -1) {
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the signer's attributes are malformed");
			return;
		}
		bool v2 = signer->block == ID_V2;
		if (v2 && id == ATTRIBUTE_STRIPPING && take_u32(&item, &version) == 0 &&
		    version == 3 && !apk->has_v3)
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the package was signed with v3 too, which was "
				      "taken off");
		if (signer->block == ID_V3 && id == ATTRIBUTE_ROTATES && !apk->has_v31)
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the package was signed with v3.1 too, which was "
				      "taken off");
		if (!v2 && id == ATTRIBUTE_LINEAGE)
			check_lineage(entry, &item, signer->chain[0]);
	}
}

/* The digest of that number in the signed data: it must be of that algorithm. */
static int
digest_take(struct view *rest, uint32_t algorithm, struct view *digest)
{
	struct view item;
	uint32_t id;
	return take_item(rest, &item) == 0 && take_u32(&item, &id) == 0 &&
		       id == algorithm && take_item(&item, digest) == 0
		   ? 0
		   : -1;
}

/* One signature with the digest that it is about. */
static void
check_signature(struct cms_entry *entry, struct apk *apk, const struct signer *signer,
		const struct signing *signing, const struct view *signature,
		const struct view *signed_digest)
{
	const struct digest_algorithm *algorithm = digest_by_oid(signing->oid);
	if (!signing_holds(signing, signer->chain[0], &signer->signed_data, signature))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the %s signature with %s is false", signing->name,
			      algorithm->name);
	if (signing->verity)
		return;
	const struct digest *digest = apk_digest_known(apk, algorithm);
	cms_entry_digest(entry, algorithm, signed_digest, digest);
	if (!digest_is(digest, signed_digest))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the %s of the package is another one than was signed",
			      algorithm->name);
}

/* What the signatures that were there make of it: `known` are of algorithms that are
 * known here, `digests` of these are over a digest that was computed. */
static void
judge_count(struct cms_entry *entry, int known, int digests)
{
	if (known == 0)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "it has no signature of a known algorithm");
	else if (digests == 0)
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "it signs a digest for fs-verity alone, which was not "
			      "computed");
}

static void
check_signatures(struct cms_entry *entry, struct apk *apk, const struct signer *signer)
{
	struct view rest = signer->signatures, digests = signer->digests, item;
	int known = 0, computed = 0;
	for (int i = 0; rest.size > 0 || digests.size > 0; i++) {
		struct view signature, digest;
		uint32_t id;
		if (i == SIGNATURES_MOST || take_item(&rest, &item) == -1 ||
		    take_u32(&item, &id) == -1 || take_item(&item, &signature) == -1 ||
		    digest_take(&digests, id, &digest) == -1) {
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "its signatures are not those of its digests");
			return;
		}
		const struct signing *signing = signing_by_id(id);
		if (signing == NULL) {
			strings_addf(&entry->notes,
				     "a signature of an unknown algorithm, 0x%04x", id);
			continue;
		}
		known++;
		computed += !signing->verity;
		check_signature(entry, apk, signer, signing, &signature, &digest);
	}
	judge_count(entry, known, computed);
}

/* ---- entries ------------------------------------------------------------ */

/* All but the block is signed; in it stand the signatures, and what nobody signed. */
static void
cover_package(json_t *entry, const struct apk *apk)
{
	struct view rest = apk->pairs, value;
	uint32_t id;
	for (int i = 0; i < PAIRS_MOST && take_pair(&rest, &id, &value) == 0; i++) {
		uint64_t offset = (uint64_t)(value.data - apk->file.data);
		int row = id_row(id);
		coverage_add(entry, offset - 12, 12, COVERAGE_STRUCTURAL,
			     "signing block, sizes");
		if (row != -1 && ids[row].scheme != NULL)
			coverage_add(entry, offset, value.size, COVERAGE_SIGNATURE,
				     ids[row].scheme);
		else if (id == ID_PADDING)
			coverage_add_zeros(entry, &apk->file, offset, value.size,
					   "signing block, padding");
	}
	coverage_add(entry, apk->block, 8, COVERAGE_STRUCTURAL, "signing block, sizes");
	coverage_add(entry, apk->directory - TAIL_SIZE, TAIL_SIZE, COVERAGE_STRUCTURAL,
		     "signing block, sizes");
	coverage_add(entry, apk->end + 16, 4, COVERAGE_STRUCTURAL,
		     "place of the zip's directory");
	coverage_add(entry, 0, apk->block, COVERAGE_SIGNED, "zip entries");
	coverage_add(entry, apk->directory, apk->file.size - apk->directory,
		     COVERAGE_SIGNED, "zip directory");
}

static void
tell_package(struct cms_entry *entry, const struct apk *apk)
{
	json_object_set_new(entry->json, "format", json_string("apk"));
	json_object_set_new(entry->json, "covers", json_string("all"));
	judgement_merge(&entry->found, &apk->found);
	for (size_t i = 0; i < apk->facts.count; i++)
		signature_fact(entry->json, "signing block", apk->facts.items[i]);
	cover_package(entry->json, apk);
	if (apk->uncovered.count == 0)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < apk->uncovered.count; i++)
		json_array_append_new(list, json_string(apk->uncovered.items[i]));
	json_object_set_new(json_object_get(entry->json, "coverage"), "uncovered",
			    list);
}

static void
tell_versions(struct cms_entry *entry, const struct signer *signer)
{
	if (signer->block == ID_V2)
		return;
	char *text = base_format("SDK %u to %u", signer->sdk_least, signer->sdk_most);
	signature_fact(entry->json, "Android versions", text);
	free(text);
}

static void
check_signer(struct checking *checking, const char *scheme, uint32_t block,
	     struct view bytes, size_t number)
{
	struct signer signer = {.block = block};
	struct cms_entry entry = {.trust = checking->trust, .purpose = CHAIN_ANY};
	char index[24];
	snprintf(index, sizeof(index), "%zu", number);
	entry.json = signature_entry(checking->signatures, checking->path, scheme,
				     index, SIGNATURE_NOT_CHECKED, NULL);
	tell_package(&entry, checking->apk);
	if (signer_parse(bytes, &signer) == -1 || signer_certificates(&signer) == -1) {
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signer is malformed");
	} else {
		struct cms certificates = {.certificates = signer.chain,
					   .certificate_count = signer.chain_count};
		if (!key_is(signer.chain[0], &signer.key))
			judgement_add(&entry.found, SIGNATURE_INVALID,
				      "its key is not that of its certificate");
		tell_versions(&entry, &signer);
		check_signatures(&entry, checking->apk, &signer);
		check_attributes(&entry, checking->apk, &signer);
		cms_entry_certificate(&entry, &certificates, signer.chain[0]);
	}
	for (size_t i = 0; i < signer.chain_count; i++)
		X509_free(signer.chain[i]);
	cms_entry_conclude(&entry, checking->status);
	checking->count++;
}

static void
check_block(struct checking *checking, const char *scheme, uint32_t id,
	    struct view value)
{
	struct view signers, bytes;
	size_t number = 0;
	bool fine = take_item(&value, &signers) == 0 && value.size == 0;
	while (fine && signers.size > 0) {
		fine = number < SIGNERS_MOST && take_item(&signers, &bytes) == 0;
		if (fine)
			check_signer(checking, scheme, id, bytes, number++);
	}
	if (!fine || number == 0) /* told as a signer that is malformed */
		check_signer(checking, scheme, id, (struct view){NULL, 0}, number);
}

static void
check_pairs(struct checking *checking)
{
	struct view rest = checking->apk->pairs, value;
	uint32_t id;
	for (int i = 0; i < PAIRS_MOST && take_pair(&rest, &id, &value) == 0; i++) {
		int row = id_row(id);
		if (row != -1 && ids[row].scheme != NULL)
			check_block(checking, ids[row].scheme, id, value);
	}
}

/* A package without a signature that was looked at: one entry says why. */
static void
add_only(const struct checking *checking, const struct judgement *found)
{
	enum signature_status status;
	json_t *entry = judgement_entry(found, checking->signatures, checking->path,
					"apk-v2", "0", &status);
	json_object_set_new(entry, "format", json_string("apk"));
	signature_worsen(checking->status, status);
}

static bool
apk_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "apk");
}

static int
apk_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct apk apk = {.file = *file};
	struct checking checking = {&apk, path, trust, signatures, status, 0};
	(void)err;
	*status = SIGNATURE_VALID;
	if (apk_open(&apk) == -1) {
		judgement_add(
		    &apk.found, SIGNATURE_INVALID,
		    "no directory, or a signing block, as Android reads them");
	} else {
		look_at_pairs(&apk);
		check_v1(&checking);
		check_pairs(&checking);
	}
	if (checking.count == 0) {
		judgement_add(&apk.found, SIGNATURE_UNSIGNED,
			      "the package has no signature of any version");
		add_only(&checking, &apk.found);
	}
	judgement_free(&apk.found);
	strings_free(&apk.uncovered);
	strings_free(&apk.facts);
	return 0;
}

const struct scheme scheme_apk = {"apk", true, apk_knows, apk_check};
