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
#include "signature/apk_private.h"
#include "signature/jar_private.h"

enum {
	TAIL_SIZE = 24, /* the block's second size and its magic */
	PAIRS_MOST = 64,
	SIGNERS_MOST = 10,
	SIGNATURES_MOST = 16,
	CERTIFICATES_MOST = 16,
	ID_V2 = 0x7109871a,
	ID_V31 = 0x1b93ad61,
	ID_PADDING = 0x42726577,
	ID_STAMP = 0x6dff800d,
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
    {ID_STAMP, NULL, "source stamp"},
    {0x2b09189e, NULL, "source stamp, version 1"},
    {0x504b4453, NULL, "list of dependencies"},
    {0x2146444e, NULL, "store metadata"},
};

/* One package, and where its block lies. */
struct apk {
	struct apk_layout layout;
	bool has_v2, has_v3, has_v31;
	uint32_t rotates;       /* from which SDK on a signer of v3.1 counts */
	struct judgement found; /* against every signature of it */
	struct strings uncovered;
	struct strings facts; /* pairs that are no signature of the package */
	struct strings notes;
	struct view v2, v3, stamp; /* values of the block; empty: none */
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

/* ---- the block --------------------------------------------------------- */

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

/* The lowest SDK of the signers of v3.1; 0 when there are none. */
static uint32_t
least_version(struct view value)
{
	struct view signers, signer, data;
	uint32_t least = 0, version;
	if (apk_take_item(&value, &signers) == -1)
		return 0;
	for (int i = 0; i < SIGNERS_MOST && apk_take_item(&signers, &signer) == 0;
	     i++) {
		if (apk_take_item(&signer, &data) == 0 &&
		    apk_take_u32(&signer, &version) == 0 &&
		    (least == 0 || version < least))
			least = version;
	}
	return least;
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
		if (id != ID_STAMP)
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
	if (id == ID_V2)
		apk->v2 = *value;
	if (id == ID_V3)
		apk->v3 = *value;
	if (id == ID_STAMP)
		apk->stamp = *value;
	if (id == ID_V31)
		apk->rotates = least_version(*value);
}

static void
look_at_pairs(struct apk *apk)
{
	struct view rest = apk->layout.pairs, value;
	uint32_t seen[PAIRS_MOST], id;
	size_t count = 0;
	while (rest.size > 0) {
		if (count == PAIRS_MOST || apk_take_pair(&rest, &id, &value) == -1) {
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

static void
check_stamp(struct apk *apk, const struct jar *jar)
{
	const struct jar_member *named = jar_find(jar, JAR_STAMP);
	struct apk_stamped package = {.layout = &apk->layout};
	if (jar->manifest != NULL)
		package.manifest = view_of_buf(&jar->manifest->bytes);
	if (named != NULL)
		package.named = view_of_buf(&named->bytes);
	package.schemes[1] = package.manifest;
	package.schemes[2] = apk->v2;
	package.schemes[3] = apk->v3;
	if (apk->stamp.size > 0)
		apk_stamp_check(apk->stamp, &package, &apk->facts, &apk->notes);
}

/* What reads the package by its zip directory must find what a signer saw. */
static void
check_v1(struct checking *checking)
{
	struct jar jar;
	struct apk *apk = checking->apk;
	jar_open(&jar, &apk->layout.file, format_by_name("apk"));
	jar.sealed = apk->has_v2 || apk->has_v3 || apk->has_v31;
	size_t count = jar_check_signers(&jar, &kind_v1, checking->path,
					 checking->trust, judge_versions, checking->apk,
					 checking->signatures, checking->status);
	if (count == 0 && jar.found.status == SIGNATURE_NOT_CHECKED)
		judgement_merge(&checking->apk->found, &jar.found);
	checking->count += count;
	check_stamp(apk, &jar);
	jar_close(&jar);
}

/* ---- one signer -------------------------------------------------------- */

static int
signer_parse(struct view rest, struct signer *signer)
{
	bool v2 = signer->block == ID_V2;
	uint32_t least = 0, most = 0;
	struct view data;
	if (apk_take_item(&rest, &signer->signed_data) == -1 ||
	    (!v2 && (apk_take_u32(&rest, &signer->sdk_least) == -1 ||
		     apk_take_u32(&rest, &signer->sdk_most) == -1)) ||
	    apk_take_item(&rest, &signer->signatures) == -1 ||
	    apk_take_item(&rest, &signer->key) == -1 || rest.size != 0)
		return -1;
	data = signer->signed_data;
	if (apk_take_item(&data, &signer->digests) == -1 ||
	    apk_take_item(&data, &signer->certificates) == -1 ||
	    (!v2 &&
	     (apk_take_u32(&data, &least) == -1 || apk_take_u32(&data, &most) == -1)) ||
	    apk_take_item(&data, &signer->attributes) == -1)
		return -1;
	return v2 || (least == signer->sdk_least && most == signer->sdk_most &&
		      least <= most)
		   ? 0
		   : -1;
}

/* The certificates; -1 when one cannot be read, or there is none. */
static int
signer_certificates(struct signer *signer)
{
	struct view rest = signer->certificates, bytes;
	while (rest.size > 0) {
		if (signer->chain_count == CERTIFICATES_MOST ||
		    apk_take_item(&rest, &bytes) == -1)
			return -1;
		X509 *certificate = apk_certificate(&bytes);
		if (certificate == NULL)
			return -1;
		signer->chain[signer->chain_count++] = certificate;
	}
	return signer->chain_count > 0 ? 0 : -1;
}

/* ---- what a signer says ------------------------------------------------- */

static void
check_lineage(struct cms_entry *entry, const struct view *value, X509 *leaf)
{
	int count = apk_lineage(value, leaf);
	if (count == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the lineage of the signing key does not hold");
		return;
	}
	char *text = base_format("%d keys, each signed by the one before", count);
	signature_fact(entry->json, "lineage", text);
	free(text);
}

/* Without what v3 says of it, v3.1 could be taken off, or made to count for other
 * versions of Android. */
static void
check_rotation(struct cms_entry *entry, const struct apk *apk, struct view value)
{
	uint32_t from = 0;
	if (!apk->has_v31)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the package was signed with v3.1 too, which was "
			      "taken off");
	else if (apk_take_u32(&value, &from) == -1 || from != apk->rotates)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "it says that v3.1 counts from SDK %u on, where that "
			      "one says %u",
			      from, apk->rotates);
}

static void
check_attribute(struct cms_entry *entry, const struct apk *apk,
		const struct signer *signer, uint32_t id, struct view value)
{
	uint32_t version;
	bool v2 = signer->block == ID_V2;
	if (v2 && id == ATTRIBUTE_STRIPPING && apk_take_u32(&value, &version) == 0 &&
	    version == 3 && !apk->has_v3)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the package was signed with v3 too, which was "
			      "taken off");
	if (signer->block == ID_V3 && id == ATTRIBUTE_ROTATES)
		check_rotation(entry, apk, value);
	if (!v2 && id == ATTRIBUTE_LINEAGE)
		check_lineage(entry, &value, signer->chain[0]);
}

/* What the signer says of other versions of the scheme, and of its former keys. */
static void
check_attributes(struct cms_entry *entry, const struct apk *apk,
		 const struct signer *signer)
{
	struct view rest = signer->attributes, item;
	bool rotates = false;
	uint32_t id;
	while (rest.size > 0) {
		if (apk_take_item(&rest, &item) == -1 ||
		    apk_take_u32(&item, &id) == -1) {
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the signer's attributes are malformed");
			return;
		}
		check_attribute(entry, apk, signer, id, item);
		rotates = rotates || id == ATTRIBUTE_ROTATES;
	}
	if (signer->block == ID_V3 && apk->has_v31 && !rotates)
		strings_add(&entry->notes,
			    "it does not say that there is a signature of "
			    "v3.1: nobody would miss that one");
}

/* The digest of that number in the signed data: it must be of that algorithm. */
static int
digest_take(struct view *rest, uint32_t algorithm, struct view *digest)
{
	struct view item;
	uint32_t id;
	return apk_take_item(rest, &item) == 0 && apk_take_u32(&item, &id) == 0 &&
		       id == algorithm && apk_take_item(&item, digest) == 0
		   ? 0
		   : -1;
}

/* One signature with the digest that it is about. */
static void
check_signature(struct cms_entry *entry, struct apk *apk, const struct signer *signer,
		const struct apk_signing *signing, const struct view *signature,
		const struct view *signed_digest)
{
	const struct digest_algorithm *algorithm = digest_by_oid(signing->oid);
	if (!apk_signing_holds(signing, signer->chain[0], &signer->signed_data,
			       signature))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the %s signature with %s is false", signing->name,
			      algorithm->name);
	const struct digest *digest = apk_digest_of(&apk->layout, signing->digest);
	cms_entry_digest(entry, algorithm, signed_digest, digest);
	if (!digest_is(digest, signed_digest))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the %s%s of the package is another one than was signed",
			      algorithm->name,
			      signing->digest == APK_VERITY ? " for fs-verity" : "");
}

static void
check_signatures(struct cms_entry *entry, struct apk *apk, const struct signer *signer)
{
	struct view rest = signer->signatures, digests = signer->digests, item;
	int known = 0;
	for (int i = 0; rest.size > 0 || digests.size > 0; i++) {
		struct view signature, digest;
		uint32_t id;
		if (i == SIGNATURES_MOST || apk_take_item(&rest, &item) == -1 ||
		    apk_take_u32(&item, &id) == -1 ||
		    apk_take_item(&item, &signature) == -1 ||
		    digest_take(&digests, id, &digest) == -1) {
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "its signatures are not those of its digests");
			return;
		}
		const struct apk_signing *signing = apk_signing_by_id(id);
		if (signing == NULL) {
			strings_addf(&entry->notes,
				     "a signature of an unknown algorithm, 0x%04x", id);
			continue;
		}
		known++;
		check_signature(entry, apk, signer, signing, &signature, &digest);
	}
	if (known == 0)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "it has no signature of a known algorithm");
}

/* ---- entries ------------------------------------------------------------ */

/* One pair of the block: a signature (a stamp is one, of the file's digest), or data of a
 * known kind; of an unknown kind is what nothing accounts for. */
static void
cover_pair(json_t *entry, const struct apk *apk, uint32_t id, const struct view *value)
{
	uint64_t offset = (uint64_t)(value->data - apk->layout.file.data);
	int row = id_row(id);
	if (id == ID_PADDING)
		coverage_add_zeros(entry, &apk->layout.file, offset, value->size,
				   "signing block, padding");
	else if (row != -1 && ids[row].scheme != NULL)
		coverage_add(entry, offset, value->size, COVERAGE_SIGNATURE,
			     ids[row].scheme);
	else if (row != -1)
		coverage_add(entry, offset, value->size,
			     strncmp(ids[row].name, "source stamp", 12) == 0
				 ? COVERAGE_SIGNATURE
				 : COVERAGE_STRUCTURAL,
			     ids[row].name);
}

/* All but the block is signed; in it stand the signatures, and what nobody signed. */
static void
cover_package(json_t *entry, const struct apk *apk)
{
	struct view rest = apk->layout.pairs, value;
	uint32_t id;
	for (int i = 0; i < PAIRS_MOST && apk_take_pair(&rest, &id, &value) == 0; i++) {
		coverage_add(entry, (uint64_t)(value.data - apk->layout.file.data) - 12, 12,
			     COVERAGE_STRUCTURAL, "signing block, sizes");
		cover_pair(entry, apk, id, &value);
	}
	coverage_add(entry, apk->layout.block, 8, COVERAGE_STRUCTURAL,
		     "signing block, sizes");
	coverage_add(entry, apk->layout.directory - TAIL_SIZE, TAIL_SIZE,
		     COVERAGE_STRUCTURAL, "signing block, sizes");
	coverage_add(entry, apk->layout.end + 16, 4, COVERAGE_STRUCTURAL,
		     "place of the zip's directory");
	coverage_add(entry, 0, apk->layout.block, COVERAGE_SIGNED, "zip entries");
	coverage_add(entry, apk->layout.directory,
		     apk->layout.file.size - apk->layout.directory, COVERAGE_SIGNED,
		     "zip directory");
}

static void
tell_package(struct cms_entry *entry, const struct apk *apk)
{
	json_object_set_new(entry->json, "format", json_string("apk"));
	json_object_set_new(entry->json, "covers", json_string("all"));
	judgement_merge(&entry->found, &apk->found);
	for (size_t i = 0; i < apk->facts.count; i++)
		signature_fact(entry->json, "signing block", apk->facts.items[i]);
	for (size_t i = 0; i < apk->notes.count; i++)
		strings_add(&entry->notes, apk->notes.items[i]);
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
		if (!apk_key_is(signer.chain[0], &signer.key))
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
	bool fine = apk_take_item(&value, &signers) == 0 && value.size == 0;
	while (fine && signers.size > 0) {
		fine = number < SIGNERS_MOST && apk_take_item(&signers, &bytes) == 0;
		if (fine)
			check_signer(checking, scheme, id, bytes, number++);
	}
	if (!fine || number == 0) /* told as a signer that is malformed */
		check_signer(checking, scheme, id, (struct view){NULL, 0}, number);
}

static void
check_pairs(struct checking *checking)
{
	struct view rest = checking->apk->layout.pairs, value;
	uint32_t id;
	for (int i = 0; i < PAIRS_MOST && apk_take_pair(&rest, &id, &value) == 0; i++) {
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
	struct apk apk = {0};
	struct checking checking = {&apk, path, trust, signatures, status, 0};
	(void)err;
	*status = SIGNATURE_VALID;
	if (apk_layout_find(&apk.layout, file) == -1) {
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
	strings_free(&apk.notes);
	return 0;
}

const struct scheme scheme_apk = {"apk", true, apk_knows, apk_check};
