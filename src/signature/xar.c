/* Signatures of xar archives (macOS .pkg): the bare RSA one, and the CMS beside it. */
#include <openssl/err.h>
#include <zlib.h>

#include "signature/xar_private.h"

#define OID_DATA "1.2.840.113549.1.7.1"

enum {
	HEADER_SIZE = 28,
	TOC_MOST = 64 << 20,
	/* Members may share bytes; many that do are a way to make us work. */
	HASHED_MOST = 4,
	HASHED_SLACK = 1 << 20,
};

struct xar {
	const struct view *file;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	uint16_t header;
	uint64_t heap;      /* where it starts */
	struct view packed; /* the table, compressed */
	struct xar_toc toc;
	const struct digest_algorithm *algorithm; /* of the table's checksum */
	struct view checksum;                     /* as the heap has it */
	struct judgement found;                   /* against every signature */
	bool weak_members, uncovered_members;
};

/* ---- the table ---------------------------------------------------------------- */

static const struct digest_algorithm *
algorithm_of(const struct view *style)
{
	static const struct {
		const char *style, *oid;
	} styles[] = {
	    {"md5", "1.2.840.113549.2.5"},        {"sha1", "1.3.14.3.2.26"},
	    {"sha256", "2.16.840.1.101.3.4.2.1"}, {"sha384", "2.16.840.1.101.3.4.2.2"},
	    {"sha512", "2.16.840.1.101.3.4.2.3"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(styles); i++) {
		size_t size = strlen(styles[i].style);
		/* xar writes "SHA1" and "sha1" */
		if (style->size == size &&
		    strncasecmp((const char *)style->data, styles[i].style, size) == 0)
			return digest_by_oid(styles[i].oid);
	}
	return NULL;
}

/* The bytes of a place, in the heap. */
static int
place_view(const struct xar *xar, const struct xar_place *place, struct view *bytes)
{
	uint64_t length = place->has_length ? place->length : place->size;
	struct view heap = view_from(xar->file, xar->heap);
	return place->has_offset && (place->has_length || place->has_size)
		   ? view_sub(&heap, place->offset, length, bytes)
		   : -1;
}

/* Inflate the table into `text`. */
static int
inflate_toc(struct xar *xar, struct buf *text, struct err *err)
{
	uint64_t packed = 0, size = 0;
	uint16_t version = 0;
	view_u16be(xar->file, 4, &xar->header);
	view_u16be(xar->file, 6, &version);
	view_u64be(xar->file, 8, &packed);
	view_u64be(xar->file, 16, &size);
	if (xar->header < HEADER_SIZE || version != 1 ||
	    view_sub(xar->file, xar->header, packed, &xar->packed) == -1)
		return err_set(err, ERR_INPUT, "the header is malformed");
	if (size > TOC_MOST)
		return err_set(err, ERR_LIMIT,
			       "the table of contents is larger than %d bytes",
			       TOC_MOST);
	xar->heap = xar->header + packed;
	buf_zeros(text, (size_t)size);
	uLongf got = (uLongf)size;
	if (uncompress((Bytef *)text->data, &got, xar->packed.data, (uLong)packed) !=
		Z_OK ||
	    got != size)
		return err_set(err, ERR_INPUT, "the table of contents is damaged");
	return 0;
}

/* The checksum in the heap is that of the table, by the algorithm that header and table
 * agree on. */
static void
check_toc(struct xar *xar)
{
	static const char *const names[] = {"none", "sha1", "md5", "sha256", "sha512"};
	uint32_t number = 0;
	struct digest digest;
	view_u32be(xar->file, 24, &number);
	xar->algorithm = algorithm_of(&xar->toc.style);
	/* 3 is "another one" to some, which name it behind the number */
	bool agrees = xar->algorithm != NULL && number < ARRAY_COUNT(names) &&
		      (strcmp(names[number], xar->algorithm->name) == 0 ||
		       (number == 3 && xar->header > HEADER_SIZE &&
			view_has(xar->file, HEADER_SIZE, xar->algorithm->name,
				 strlen(xar->algorithm->name) + 1)));
	if (!agrees || place_view(xar, &xar->toc.checksum, &xar->checksum) == -1) {
		judgement_add(&xar->found, SIGNATURE_INVALID,
			      "header and table of contents do not name one checksum "
			      "of the table");
		xar->algorithm = NULL;
		return;
	}
	digest_of(xar->algorithm, &xar->packed, 1, &digest);
	if (!digest_is(&digest, &xar->checksum))
		judgement_add(&xar->found, SIGNATURE_INVALID,
			      "the table of contents is not the one that was signed: "
			      "its %s differs",
			      xar->algorithm->name);
}

/* ---- members -------------------------------------------------------------------- */

enum piece_answer { PIECE_HOLDS, PIECE_WEAK, PIECE_UNNAMED, PIECE_FALSE };

static enum piece_answer
check_piece(const struct xar_piece *piece, const struct view *bytes)
{
	const struct digest_algorithm *algorithm = algorithm_of(&piece->style);
	uint8_t expected[64];
	struct digest digest;
	if (piece->checksum.size == 0 || algorithm == NULL ||
	    piece->checksum.size > 2 * sizeof(expected))
		return PIECE_UNNAMED;
	char *hex = base_strndup((const char *)piece->checksum.data,
				 (size_t)piece->checksum.size);
	size_t size = (size_t)piece->checksum.size / 2;
	digest_of(algorithm, bytes, 1, &digest);
	bool holds = hex_decode(hex, false, expected, size) == 0 &&
		     digest.size == size && memcmp(expected, digest.bytes, size) == 0;
	free(hex);
	if (!holds)
		return PIECE_FALSE;
	return algorithm->weak ? PIECE_WEAK : PIECE_HOLDS;
}

static void
check_pieces(struct xar *xar)
{
	uint64_t hashed = 0, wrong = 0, first = 0;
	for (size_t i = 0; i < xar->toc.count; i++) {
		const struct xar_piece *piece = &xar->toc.pieces[i];
		struct view bytes = {NULL, 0};
		enum piece_answer answer = PIECE_FALSE;
		if (place_view(xar, &piece->place, &bytes) == 0) {
			hashed += bytes.size;
			if (hashed / HASHED_MOST > xar->file->size + HASHED_SLACK) {
				judgement_add(&xar->found, SIGNATURE_NOT_CHECKED,
					      "members share too many bytes to check "
					      "them all");
				return;
			}
			answer = check_piece(piece, &bytes);
		}
		xar->weak_members |= answer == PIECE_WEAK;
		xar->uncovered_members |= answer == PIECE_UNNAMED;
		if (answer == PIECE_FALSE && wrong++ == 0)
			first = piece->place.offset;
	}
	if (wrong != 0)
		judgement_add(&xar->found, SIGNATURE_INVALID,
			      "%ju members are not those of the table of contents, the "
			      "first at offset %ju of the heap",
			      (uintmax_t)wrong, (uintmax_t)first);
	if (xar->uncovered_members)
		judgement_add(&xar->found, SIGNATURE_INVALID,
			      "members without a checksum: nobody signed them");
	if (xar->weak_members)
		judgement_add(&xar->found, SIGNATURE_WEAK,
			      "the digest algorithm of members' checksums is broken");
}

static int
piece_compare(const void *left, const void *right)
{
	const struct xar_piece *a = left, *b = right;
	return (a->place.offset > b->place.offset) -
	       (a->place.offset < b->place.offset);
}

/* Ranges of members that touch are one. */
static void
cover_pieces(struct xar *xar, json_t *json)
{
	uint64_t start = 0, end = 0;
	if (xar->toc.count > 0)
		qsort(xar->toc.pieces, xar->toc.count, sizeof(*xar->toc.pieces),
		      piece_compare);
	for (size_t i = 0; i < xar->toc.count; i++) {
		const struct xar_place *place = &xar->toc.pieces[i].place;
		struct view bytes;
		if (place_view(xar, place, &bytes) == -1 || bytes.size == 0)
			continue;
		if (place->offset > end || end == 0) {
			coverage_add(json, xar->heap + start, end - start,
				     COVERAGE_SIGNED, "members");
			start = place->offset;
		}
		if (place->offset + bytes.size > end)
			end = place->offset + bytes.size;
	}
	coverage_add(json, xar->heap + start, end - start, COVERAGE_SIGNED, "members");
}

static void
tell_coverage(struct xar *xar, json_t *json)
{
	coverage_add(json, 0, xar->header, COVERAGE_STRUCTURAL, "xar header");
	coverage_add(json, xar->header, xar->packed.size, COVERAGE_SIGNED,
		     "table of contents");
	if (xar->checksum.data != NULL)
		coverage_add(json, xar->heap + xar->toc.checksum.offset,
			     xar->checksum.size, COVERAGE_SIGNED,
			     "checksum of the table");
	for (size_t i = 0; i < xar->toc.signature_count; i++) {
		struct view bytes;
		if (place_view(xar, &xar->toc.signatures[i].place, &bytes) == 0)
			coverage_add(json,
				     xar->heap + xar->toc.signatures[i].place.offset,
				     bytes.size, COVERAGE_SIGNATURE, "signature");
	}
	cover_pieces(xar, json);
}

/* Bytes behind all that the table names: a ticket that Apple stapled to the package, or
 * anything else. */
static void
note_behind(const struct xar *xar, struct cms_entry *entry)
{
	uint64_t used = xar->toc.checksum.offset + xar->checksum.size;
	struct view bytes, heap = view_from(xar->file, xar->heap);
	for (size_t i = 0; i < xar->toc.signature_count; i++) {
		const struct xar_place *place = &xar->toc.signatures[i].place;
		if (place_view(xar, place, &bytes) == 0 &&
		    place->offset + bytes.size > used)
			used = place->offset + bytes.size;
	}
	for (size_t i = 0; i < xar->toc.count; i++) {
		const struct xar_place *place = &xar->toc.pieces[i].place;
		if (place_view(xar, place, &bytes) == 0 &&
		    place->offset + bytes.size > used)
			used = place->offset + bytes.size;
	}
	if (used < heap.size)
		strings_addf(&entry->notes,
			     "%ju bytes behind all that the table of contents names: "
			     "nobody signed them",
			     (uintmax_t)(heap.size - used));
}

/* ---- the bare signature ------------------------------------------------------------
 */

/* PKCS #1 v1.5 (RFC 8017, 8.2) over a digest that is there already: the checksum. */
static bool
rsa_holds(const struct xar *xar, X509 *leaf, const struct view *value)
{
	EVP_PKEY *key = X509_get0_pubkey(leaf);
	const EVP_MD *md = EVP_get_digestbyname(xar->algorithm->name);
	EVP_PKEY_CTX *context = key != NULL && EVP_PKEY_is_a(key, "RSA")
				    ? EVP_PKEY_CTX_new(key, NULL)
				    : NULL;
	bool holds = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
		     EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_signature_md(context, md) == 1 &&
		     EVP_PKEY_verify(context, value->data, value->size,
				     xar->checksum.data, xar->checksum.size) == 1;
	EVP_PKEY_CTX_free(context);
	ERR_clear_error();
	return holds;
}

/* The certificate in base64 with line ends; NULL when it is none. */
static X509 *
read_certificate(const struct view *text)
{
	struct buf digits = {0}, der = {0};
	X509 *certificate = NULL;
	for (uint64_t i = 0; i < text->size; i++) {
		if (strchr(" \t\r\n", text->data[i]) == NULL)
			buf_append(&digits, text->data + i, 1);
	}
	struct view all = view_of_buf(&digits);
	if (raw_base64(&all, false, &der) == 0 && der.size != 0) {
		const unsigned char *at = (const unsigned char *)der.data;
		certificate = d2i_X509(NULL, &at, (long)der.size);
	}
	buf_free(&digits);
	buf_free(&der);
	ERR_clear_error();
	return certificate;
}

static void
check_rsa(const struct xar *xar, struct cms_entry *entry,
	  const struct xar_signature *signature, const struct view *value)
{
	X509 *certificates[XAR_CERTIFICATES_MOST];
	struct cms pool = {.certificates = certificates};
	for (size_t i = 0; i < signature->certificate_count; i++) {
		X509 *certificate = read_certificate(&signature->certificates[i]);
		if (certificate != NULL)
			certificates[pool.certificate_count++] = certificate;
	}
	if (pool.certificate_count != signature->certificate_count ||
	    pool.certificate_count == 0)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "its certificates cannot be read, or there are none");
	else if (!rsa_holds(xar, certificates[0], value))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the signature was not made by the signer's key over the "
			      "checksum of the table of contents");
	if (pool.certificate_count != 0)
		cms_entry_certificate(entry, &pool, certificates[0]);
	for (size_t i = 0; i < pool.certificate_count; i++)
		X509_free(certificates[i]);
}

/* ---- the CMS
 * -------------------------------------------------------------------------- */

static void
check_cms(const struct xar *xar, struct cms_entry *entry, const struct view *value)
{
	const struct cms_expected expected = {
	    .content_type = OID_DATA, .content = xar->checksum, .bare = true};
	struct cms *cms = NULL;
	struct err err = {0};
	struct buf der = {0};
	struct view rest = *value, whole = *value;
	struct der outer;
	/* the place may be larger than what it was kept for */
	if (der_next(&rest, &outer) == 0 && view_is_zero(&rest))
		whole = outer.whole;
	if (der_from_ber(&whole, &der) == -1)
		err_set(&err, ERR_INPUT, "it is not one BER value");
	struct view bytes = view_of_buf(&der);
	if (err.kind != ERR_NONE || cms_parse_loose(&bytes, &cms, &err) == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "malformed signature: %s", err.message);
	} else {
		cms_check_frame(cms, &expected, &entry->found);
		cms_entry_signer(entry, cms, &cms->signer, &expected);
	}
	cms_free(cms);
	buf_free(&der);
}

/* ---- entries
 * ----------------------------------------------------------------------------- */

static void
check_signature(struct xar *xar, size_t index)
{
	const struct xar_signature *signature = &xar->toc.signatures[index];
	struct cms_entry entry = {.trust = xar->trust, .purpose = CHAIN_APPLE_PACKAGES};
	struct view value = {NULL, 0}, wanted = signature->style;
	char number[24];
	snprintf(number, sizeof(number), "%zu", index);
	entry.json = signature_entry(xar->signatures, xar->path, "xar", number,
				     SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry.json, "format", json_string("xar"));
	json_object_set_new(
	    entry.json, "where",
	    json_string(signature->cms ? "CMS in the heap" : "RSA in the heap"));
	json_object_set_new(entry.json, "covers",
			    json_string(xar->uncovered_members ? "part" : "all"));
	judgement_merge(&entry.found, &xar->found);
	tell_coverage(xar, entry.json);
	note_behind(xar, &entry);
	if (xar->algorithm != NULL) {
		struct digest digest;
		digest_of(xar->algorithm, &xar->packed, 1, &digest);
		cms_entry_digest(&entry, xar->algorithm, &xar->checksum, &digest);
	}
	if (place_view(xar, &signature->place, &value) == -1)
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature is not all inside the file");
	else if (!view_has(&wanted, 0, signature->cms ? "CMS" : "RSA", 3) ||
		 wanted.size != 3)
		judgement_add(&entry.found, SIGNATURE_NOT_CHECKED,
			      "a signature of a style that is not known here");
	else if (xar->algorithm != NULL && signature->cms)
		check_cms(xar, &entry, &value);
	else if (xar->algorithm != NULL)
		check_rsa(xar, &entry, signature, &value);
	cms_entry_conclude(&entry, xar->status);
}

static void
check_all(struct xar *xar)
{
	struct buf text = {0};
	struct err err = {0};
	int answer = inflate_toc(xar, &text, &err);
	struct view view = view_of_buf(&text);
	if (answer == 0)
		answer = xar_toc_read(&view, &xar->toc, &err);
	if (answer == -1) {
		judgement_add(&xar->found,
			      err.kind == ERR_LIMIT ? SIGNATURE_NOT_CHECKED
						    : SIGNATURE_INVALID,
			      "%s", err.message);
	} else if (xar->toc.signature_count == 0) {
		judgement_add(&xar->found, SIGNATURE_UNSIGNED,
			      "the table of contents names no signature");
	} else {
		check_toc(xar);
		check_pieces(xar);
	}
	for (size_t i = 0; i < xar->toc.signature_count && answer == 0; i++)
		check_signature(xar, i);
	if (answer == -1 || xar->toc.signature_count == 0) {
		json_t *entry = judgement_entry(&xar->found, xar->signatures, xar->path,
						"xar", "0", xar->status);
		json_object_set_new(entry, "format", json_string("xar"));
	}
	xar_toc_clear(&xar->toc);
	buf_free(&text);
}

/* ---- the row
 * ---------------------------------------------------------------------------------- */

static bool
xar_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format != NULL && strcmp(format->name, "xar") == 0;
}

static int
xar_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct xar xar = {.file = file,
			  .path = path,
			  .trust = trust,
			  .signatures = signatures,
			  .status = status};
	(void)err;
	*status = SIGNATURE_VALID;
	check_all(&xar);
	judgement_free(&xar.found);
	return 0;
}

/* Packages within a package are not signed. */
const struct scheme scheme_xar = {"xar", false, xar_knows, xar_check};
