/*
 * Android packages: the signature beside the file, NAME.apk.idsig ("APK Signature
 * Scheme v4", source.android.com). Little-endian; an item is its length (4) and its
 * bytes:
 *
 *	version (4)
 *	item: algorithm (4), log2 of the block size (1), items: salt, root of the tree
 *	item: items: digest of v3 or v2, certificate, more data, public key;
 *	      algorithm (4), item: signature; [ block id (4), item: the same for v3.1 ]
 *	[ item: the tree of fs-verity over the whole file ]
 *
 * What is signed are the size of the file, the root, the digest and the certificate.
 */
#include "signature/apk_private.h"

enum {
	VERSION = 2,
	ALGORITHM_SHA256 = 1,
	LOG2_BLOCK = 12,
	SALT_MOST = 32,
	SIGNERS_MOST = 8,
};

/* The file, taken apart. */
struct idsig {
	uint32_t algorithm;
	uint8_t log2_block;
	struct view salt, root;
	struct view signers; /* one, and blocks behind it */
	struct view tree;    /* empty: not there */
};

struct signer {
	struct view digest, certificate, more, key, signature;
	uint32_t algorithm;
};

/* What is common to the signers. */
struct checking {
	const struct idsig *idsig;
	struct apk_layout *layout;
	bool readable; /* the package is a zip that Android reads */
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	struct judgement tree; /* what is wrong with it */
	struct digest root;
};

/* ---- parsing -------------------------------------------------------------- */

static int
idsig_parse(struct view rest, struct idsig *idsig)
{
	uint32_t version;
	struct view hashing;
	*idsig = (struct idsig){0};
	if (apk_take_u32(&rest, &version) == -1 || version != VERSION ||
	    apk_take_item(&rest, &hashing) == -1 ||
	    apk_take_item(&rest, &idsig->signers) == -1 ||
	    (rest.size > 0 && apk_take_item(&rest, &idsig->tree) == -1) ||
	    rest.size > 0)
		return -1;
	if (apk_take_u32(&hashing, &idsig->algorithm) == -1 ||
	    view_u8(&hashing, 0, &idsig->log2_block) == -1)
		return -1;
	hashing = view_from(&hashing, 1);
	return apk_take_item(&hashing, &idsig->salt) == 0 &&
		       apk_take_item(&hashing, &idsig->root) == 0 && hashing.size == 0
		   ? 0
		   : -1;
}

static int
signer_take(struct view *rest, struct signer *signer)
{
	*signer = (struct signer){0};
	return apk_take_item(rest, &signer->digest) == 0 &&
		       apk_take_item(rest, &signer->certificate) == 0 &&
		       apk_take_item(rest, &signer->more) == 0 &&
		       apk_take_item(rest, &signer->key) == 0 &&
		       apk_take_u32(rest, &signer->algorithm) == 0 &&
		       apk_take_item(rest, &signer->signature) == 0
		   ? 0
		   : -1;
}

/* ---- the tree -------------------------------------------------------------- */

static void
check_tree(struct checking *checking)
{
	const struct idsig *idsig = checking->idsig;
	struct judgement *found = &checking->tree;
	struct buf tree = {0};
	if (idsig->algorithm != ALGORITHM_SHA256 || idsig->log2_block != LOG2_BLOCK ||
	    idsig->salt.size > SALT_MOST) {
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "the tree is of a kind that is not known here: algorithm "
			      "%u, blocks of 2^%u bytes",
			      idsig->algorithm, idsig->log2_block);
		return;
	}
	apk_verity(&checking->layout->file, 1, &idsig->salt, &tree, &checking->root);
	struct view computed = view_of_buf(&tree);
	if (!digest_is(&checking->root, &idsig->root))
		judgement_add(
		    found, SIGNATURE_INVALID,
		    "the file is not the one that was signed: the root of its "
		    "tree differs");
	else if (idsig->tree.size > 0 && !view_equal(&idsig->tree, &computed))
		judgement_add(found, SIGNATURE_INVALID,
			      "the tree that comes along is not that of the file");
	buf_free(&tree);
}

/* ---- one signer ------------------------------------------------------------- */

static void
put_number(struct buf *out, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		uint8_t octet = (uint8_t)(value >> (8 * i));
		buf_append(out, &octet, 1);
	}
}

static void
put_item(struct buf *out, const struct view *item)
{
	put_number(out, item->size, 4);
	if (item->size > 0)
		buf_append(out, item->data, (size_t)item->size);
}

/* What the signature is over. */
static void
put_signed(struct buf *out, const struct checking *checking,
	   const struct signer *signer)
{
	const struct idsig *idsig = checking->idsig;
	const struct view *items[] = {&idsig->salt, &idsig->root, &signer->digest,
				      &signer->certificate, &signer->more};
	struct buf rest = {0};
	put_number(&rest, checking->layout->file.size, 8);
	put_number(&rest, idsig->algorithm, 4);
	put_number(&rest, idsig->log2_block, 1);
	for (size_t i = 0; i < ARRAY_COUNT(items); i++)
		put_item(&rest, items[i]);
	put_number(out, rest.size + 4, 4);
	buf_append(out, rest.data, rest.size);
	buf_free(&rest);
}

/* Is that one of the package's digests, as v2 and v3 sign them? */
static bool
is_digest_of_package(const struct checking *checking, const struct view *digest)
{
	for (int which = APK_SHA256; checking->readable && which < APK_DIGESTS;
	     which++) {
		if (digest_is(apk_digest_of(checking->layout, (enum apk_digest)which),
			      digest))
			return true;
	}
	return false;
}

static void
check_signature(struct cms_entry *entry, const struct checking *checking,
		const struct signer *signer, X509 *certificate)
{
	const struct apk_signing *signing = apk_signing_by_id(signer->algorithm);
	struct buf message = {0};
	put_signed(&message, checking, signer);
	struct view bytes = view_of_buf(&message);
	if (signing == NULL)
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "the signature algorithm 0x%04x is not known here",
			      signer->algorithm);
	else if (!apk_signing_holds(signing, certificate, &bytes, &signer->signature))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the %s signature is false", signing->name);
	if (!apk_key_is(certificate, &signer->key))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "its key is not that of its certificate");
	if (!is_digest_of_package(checking, &signer->digest))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the digest of v2 or v3 that it signs is none of this "
			      "package");
	if (signer->more.size > 0)
		strings_addf(&entry->notes, "%ju bytes of additional data are signed",
			     (uintmax_t)signer->more.size);
	buf_free(&message);
}

/* NULL: it is malformed. */
static void
check_signer(struct checking *checking, const struct signer *signer, size_t number)
{
	struct cms_entry entry = {.trust = checking->trust, .purpose = CHAIN_ANY};
	X509 *certificate =
	    signer != NULL ? apk_certificate(&signer->certificate) : NULL;
	char index[24];
	snprintf(index, sizeof(index), "%zu", number);
	entry.json = signature_entry(checking->signatures, checking->path, "apk-v4",
				     index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("apk"));
	json_object_set_new(entry.json, "where", json_string("beside the file"));
	judgement_merge(&entry.found, &checking->tree);
	if (certificate == NULL) {
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signer is malformed");
	} else {
		struct cms certificates = {.certificates = &certificate,
					   .certificate_count = 1};
		cms_entry_digest(&entry, digest_by_oid("2.16.840.1.101.3.4.2.1"),
				 &checking->idsig->root, &checking->root);
		json_object_set_new(entry.json, "covers", json_string("all"));
		check_signature(&entry, checking, signer, certificate);
		cms_entry_certificate(&entry, &certificates, certificate);
	}
	X509_free(certificate);
	cms_entry_conclude(&entry, checking->status);
}

static void
check_signers(struct checking *checking)
{
	struct view rest = checking->idsig->signers, block;
	struct signer signer;
	uint32_t id;
	bool fine = signer_take(&rest, &signer) == 0;
	check_signer(checking, fine ? &signer : NULL, 0);
	for (size_t i = 1; fine && rest.size > 0; i++) {
		fine = i < SIGNERS_MOST && apk_take_u32(&rest, &id) == 0 &&
		       apk_take_item(&rest, &block) == 0 &&
		       signer_take(&block, &signer) == 0 && block.size == 0;
		check_signer(checking, fine ? &signer : NULL, i);
	}
}

/* ---- the row ----------------------------------------------------------------- */

static bool
v4_knows(const struct view *signature)
{
	struct idsig idsig;
	return idsig_parse(*signature, &idsig) == 0;
}

static int
v4_check(const struct view *file, const char *path, const struct view *signature,
	 const struct trust *trust, json_t *signatures, enum signature_status *status,
	 struct err *err)
{
	struct idsig idsig;
	struct apk_layout layout;
	struct checking checking = {.idsig = &idsig,
				    .layout = &layout,
				    .path = path,
				    .trust = trust,
				    .signatures = signatures,
				    .status = status};
	(void)err;
	*status = SIGNATURE_VALID;
	checking.readable = apk_layout_find(&layout, file) == 0;
	layout.file = *file;
	if (idsig_parse(*signature, &idsig) == -1) {
		check_signer(&checking, NULL, 0);
	} else {
		check_tree(&checking);
		check_signers(&checking);
	}
	judgement_free(&checking.tree);
	return 0;
}

static const char *const suffixes[] = {".idsig", NULL};

const struct detached_scheme detached_apk = {"apk-v4", suffixes, v4_knows, v4_check};
