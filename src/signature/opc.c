/*
 * Open Packaging files, extensions of Visual Studio (.vsix) among them (ECMA-376, part
 *2, 13, "Digital signatures"): a part of the package is an XML signature (W3C XML
 * Signature Syntax and Processing). Its SignedInfo signs an Object in it, in which a
 * Manifest has the digest of each signed part of the package:
 *
 *	Signature  SignedInfo  Reference "#id"  digest of the Object
 *	           SignatureValue
 *	           KeyInfo     X509Certificate
 *	           Object      Manifest  Reference "/part?ContentType=…"  digest
 *
 * Nothing signs a part that the Manifest lacks. What XML would need a library for, and
 * references through transforms, are told and not checked.
 */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "signature/signature_private.h"

#define XMLDSIG   "http://www.w3.org/2000/09/xmldsig#"
#define CANONICAL "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

enum {
	PARTS_MOST = 16,      /* signatures and certificates */
	PART_MOST = 16 << 20, /* bytes of one of them */
	CERTIFICATES_MOST = 16,
	TOLD_MOST = 1000, /* members that no signature covers */
};

static const struct {
	const char *uri, *oid;
} digests[] = {
    {"http://www.w3.org/2001/04/xmlenc#sha256", "2.16.840.1.101.3.4.2.1"},
    {"http://www.w3.org/2001/04/xmldsig-more#sha384", "2.16.840.1.101.3.4.2.2"},
    {"http://www.w3.org/2001/04/xmlenc#sha512", "2.16.840.1.101.3.4.2.3"},
    {XMLDSIG "sha1", "1.3.14.3.2.26"},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "2.16.840.1.101.3.4.2.1"},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "2.16.840.1.101.3.4.2.2"},
    {"http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", "2.16.840.1.101.3.4.2.3"},
    {XMLDSIG "rsa-sha1", "1.3.14.3.2.26"},
};

/* A part that is held in memory. */
struct part {
	char *name;
	struct buf bytes;
	bool certificate, types;
};

/* A part of the package that a Manifest names, with its digest. */
struct reference {
	char *name;
	char *type; /* NULL: not said */
	const struct digest_algorithm *algorithm;
	struct buf digest;
	size_t seen;
};

struct opc {
	const struct view *file;
	struct part parts[PARTS_MOST];
	size_t part_count;
	bool more;          /* parts than that, or one that is larger */
	struct part *taken; /* while reading: the part that is taken, or NULL */
};

/* One signature on its way to an entry. */
struct one {
	const struct opc *opc;
	const struct part *part;
	struct xml xml;
	struct cms_entry entry;
	struct reference *references;
	size_t count, room;
	X509 *certificates[CERTIFICATES_MOST];
	size_t certificate_count;
	/* while the package's parts are held to the references */
	struct reference *current;
	EVP_MD_CTX *digest;
	struct strings uncovered;
	size_t uncovered_count;
	bool types_compared; /* what nobody signed of them says what was signed */
};

/* ---- the parts of signatures ------------------------------------------------- */

static bool
ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), tail = strlen(end);
	return size >= tail && strcasecmp(text + size - tail, end) == 0;
}

static bool
is_signature_part(const char *name)
{
	return ends_with(name, ".psdsxs") ||
	       (strncasecmp(name, "_xmlsignatures/", 15) == 0 &&
		ends_with(name, ".xml"));
}

static bool
is_certificate_part(const char *name)
{
	return strstr(name, "digital-signature/certificate/") != NULL &&
	       ends_with(name, ".cer");
}

/* The types of all parts (ECMA-376, part 2, 10.1.2). */
static bool
is_types_part(const char *name)
{
	return strcmp(name, "[Content_Types].xml") == 0;
}

static int
take_begin(void *context, const struct member *member, struct err *err)
{
	struct opc *opc = context;
	bool certificate = is_certificate_part(member->path);
	bool types = is_types_part(member->path);
	(void)err;
	opc->taken = NULL;
	if (member->type != MEMBER_FILE ||
	    (!certificate && !types && !is_signature_part(member->path)))
		return 0;
	if (opc->part_count == PARTS_MOST) {
		opc->more = true;
		return 0;
	}
	opc->taken = &opc->parts[opc->part_count++];
	opc->taken->name = base_strdup(member->path);
	opc->taken->certificate = certificate;
	opc->taken->types = types;
	return 0;
}

static int
take_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct opc *opc = context;
	(void)err;
	if (opc->taken == NULL)
		return 0;
	if (count > PART_MOST - opc->taken->bytes.size)
		opc->more = true;
	else
		buf_append(&opc->taken->bytes, bytes, count);
	return 0;
}

static int
take_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct opc *opc = context;
	struct view part;
	if (opc->taken == NULL || view_sub(opc->file, offset, length, &part) == -1)
		return 0;
	return take_data(context, part.data, (size_t)part.size, err);
}

static int
take_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	  struct err *err)
{
	(void)context;
	(void)kind;
	(void)offset;
	(void)text;
	(void)err;
	return 0;
}

/* ---- values in the XML ---------------------------------------------------------- */

static bool
is_text(const struct view *view, const char *text)
{
	return view->size == strlen(text) && view_has(view, 0, text, strlen(text));
}

static const struct digest_algorithm *
algorithm_of(const struct xml *xml, size_t parent, const char *element)
{
	size_t node = xml_child(xml, parent, element, 0);
	struct view uri;
	if (node == XML_NONE || !xml_attribute(xml, node, "Algorithm", &uri))
		return NULL;
	for (size_t i = 0; i < ARRAY_COUNT(digests); i++) {
		if (is_text(&uri, digests[i].uri))
			return digest_by_oid(digests[i].oid);
	}
	return NULL;
}

/* Base64 with line ends in it, as a node's text; -1 when it is none. */
static int
base64_text(const struct xml *xml, size_t node, struct buf *bytes)
{
	struct buf plain = {0};
	struct view text = xml_text(xml, node);
	for (uint64_t i = 0; i < text.size; i++) {
		if (text.data[i] != '\n' && text.data[i] != ' ')
			buf_append(&plain, text.data + i, 1);
	}
	struct view whole = view_of_buf(&plain);
	int answer = raw_base64(&whole, false, bytes);
	buf_free(&plain);
	return answer;
}

/* The same of a child. */
static int
base64_of(const struct xml *xml, size_t parent, const char *element, struct buf *bytes)
{
	size_t node = xml_child(xml, parent, element, 0);
	return node == XML_NONE ? -1 : base64_text(xml, node, bytes);
}

/* Is each transform the canonical form, which is what is taken of a node anyhow? */
static bool
transforms_are_canonical(const struct xml *xml, size_t reference)
{
	size_t all = xml_child(xml, reference, "Transforms", 0), at;
	if (all == XML_NONE)
		return true;
	for (at = xml_child(xml, all, NULL, 0); at != XML_NONE;
	     at = xml_child(xml, all, NULL, at + 1)) {
		struct view uri;
		if (!xml_is(xml, at, "Transform") ||
		    !xml_attribute(xml, at, "Algorithm", &uri) ||
		    !is_text(&uri, CANONICAL))
			return false;
	}
	return true;
}

/* ---- what is signed -------------------------------------------------------------- */

/* The node whose Id the fragment "#id" names; XML_NONE when there is none. Of more than
 * one, readers would differ on which is meant. */
static size_t
node_named(struct one *one, const struct view *uri)
{
	const struct xml *xml = &one->xml;
	size_t found = XML_NONE;
	struct view id = view_from(uri, 1), has;
	for (size_t i = 0; i < xml->count; i++) {
		if (!xml_attribute(xml, i, "Id", &has) || !view_equal(&has, &id))
			continue;
		if (found != XML_NONE)
			judgement_add(&one->entry.found, SIGNATURE_INVALID,
				      "two elements have the Id that is signed");
		found = i;
	}
	return found;
}

/* Part of a URI without its percent signs; the caller frees. */
static char *
decoded(const struct view *uri, uint64_t from, uint64_t to)
{
	char *text = base_alloc((size_t)(to - from) + 1, 1), *out = text;
	for (uint64_t i = from; i < to; i++) {
		char digits[3] = {0};
		bool coded = uri->data[i] == '%' && i + 2 < to;
		if (coded)
			memcpy(digits, uri->data + i + 1, 2);
		*out++ = coded ? (char)strtol(digits, NULL, 16) : (char)uri->data[i];
		i += coded ? 2 : 0;
	}
	*out = '\0';
	return text;
}

/* "/part%20name?ContentType=…": the name as the zip has it, and the type. */
static void
read_uri(struct reference *reference, const struct view *uri)
{
	static const char query[] = "?ContentType=";
	uint64_t end = uri->size, at = uri->size;
	view_find(uri, 0, "?", 1, &end);
	reference->name = decoded(uri, 1, end);
	if (view_find(uri, 0, query, sizeof(query) - 1, &at) == 0)
		reference->type = decoded(uri, at + sizeof(query) - 1, uri->size);
}

static void
add_reference(struct one *one, size_t node, const struct view *uri)
{
	const struct xml *xml = &one->xml;
	struct reference reference = {.algorithm =
					  algorithm_of(xml, node, "DigestMethod")};
	if (uri->size < 2 || uri->data[0] != '/' || reference.algorithm == NULL ||
	    xml_child(xml, node, "Transforms", 0) != XML_NONE ||
	    base64_of(xml, node, "DigestValue", &reference.digest) == -1) {
		char *shown = text_shown_n(uri->data, (size_t)uri->size);
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "the reference '%s' is made in a way that is not known "
			      "here",
			      shown);
		free(shown);
		buf_free(&reference.digest);
		return;
	}
	if (reference.algorithm->weak)
		judgement_add(&one->entry.found, SIGNATURE_WEAK,
			      "the digest algorithm %s of a part is broken",
			      reference.algorithm->name);
	read_uri(&reference, uri);
	if (one->count == one->room) {
		one->room = one->room > 0 ? 2 * one->room : 32;
		one->references =
		    base_realloc(one->references, one->room, sizeof(*one->references));
	}
	one->references[one->count++] = reference;
}

/* The parts that the Manifests of a signed Object name. */
static void
read_manifests(struct one *one, size_t object)
{
	const struct xml *xml = &one->xml;
	size_t manifest = xml_child(xml, object, "Manifest", 0), at;
	for (; manifest != XML_NONE;
	     manifest = xml_child(xml, object, "Manifest", manifest + 1)) {
		for (at = xml_child(xml, manifest, "Reference", 0); at != XML_NONE;
		     at = xml_child(xml, manifest, "Reference", at + 1)) {
			struct view uri;
			xml_attribute(xml, at, "URI", &uri);
			add_reference(one, at, &uri);
		}
	}
}

/* A Reference of SignedInfo: to a node of this XML. */
static void
check_reference(struct one *one, size_t node)
{
	const struct xml *xml = &one->xml;
	const struct digest_algorithm *algorithm =
	    algorithm_of(xml, node, "DigestMethod");
	struct view uri, has, canonical;
	struct buf digest = {0}, form = {0};
	struct digest is;
	xml_attribute(xml, node, "URI", &uri);
	size_t target =
	    uri.size > 1 && uri.data[0] == '#' ? node_named(one, &uri) : XML_NONE;
	if (target == XML_NONE || xml->nodes[target].parent != 0 ||
	    !xml_is(xml, target, "Object") || algorithm == NULL ||
	    !transforms_are_canonical(xml, node) ||
	    base64_of(xml, node, "DigestValue", &digest) == -1 ||
	    xml_canonical(xml, target, &form) == -1) {
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "SignedInfo refers to something in a way that is not "
			      "known here");
	} else {
		canonical = view_of_buf(&form);
		has = view_of_buf(&digest);
		digest_of(algorithm, &canonical, 1, &is);
		if (!digest_is(&is, &has))
			judgement_add(&one->entry.found, SIGNATURE_INVALID,
				      "the list of parts is not the one that was "
				      "signed");
		if (algorithm->weak)
			judgement_add(&one->entry.found, SIGNATURE_WEAK,
				      "its digest algorithm %s is broken",
				      algorithm->name);
		read_manifests(one, target);
	}
	buf_free(&digest);
	buf_free(&form);
}

/* ---- who signed -------------------------------------------------------------------
 */

static void
add_certificate(struct one *one, const struct view *bytes)
{
	const unsigned char *at = bytes->data;
	if (one->certificate_count == CERTIFICATES_MOST || bytes->size > INT32_MAX)
		return;
	X509 *certificate = d2i_X509(NULL, &at, (long)bytes->size);
	if (certificate != NULL)
		one->certificates[one->certificate_count++] = certificate;
	ERR_clear_error();
}

/* Those in KeyInfo, and in parts of their own. */
static void
read_certificates(struct one *one, size_t key_info)
{
	const struct xml *xml = &one->xml;
	size_t data =
	    key_info == XML_NONE ? XML_NONE : xml_child(xml, key_info, "X509Data", 0);
	size_t at =
	    data == XML_NONE ? XML_NONE : xml_child(xml, data, "X509Certificate", 0);
	for (; at != XML_NONE; at = xml_child(xml, data, "X509Certificate", at + 1)) {
		struct buf bytes = {0};
		if (base64_text(xml, at, &bytes) == 0) {
			struct view der = view_of_buf(&bytes);
			add_certificate(one, &der);
		}
		buf_free(&bytes);
	}
	for (size_t i = 0; i < one->opc->part_count; i++) {
		struct view bytes = view_of_buf(&one->opc->parts[i].bytes);
		if (one->opc->parts[i].certificate)
			add_certificate(one, &bytes);
	}
}

/* The certificate whose key made the signature over SignedInfo; NULL: none, or it could
 * not be found out. */
static X509 *
find_signer(struct one *one, size_t signed_info, const struct digest_algorithm *digest)
{
	struct buf form = {0}, value = {0};
	X509 *found = NULL;
	if (base64_of(&one->xml, 0, "SignatureValue", &value) == -1 ||
	    xml_canonical(&one->xml, signed_info, &form) == -1) {
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "SignedInfo has no canonical form that is known here");
	} else {
		struct view message = view_of_buf(&form),
			    signature = view_of_buf(&value);
		for (size_t i = 0; found == NULL && i < one->certificate_count; i++) {
			EVP_PKEY *key = X509_get0_pubkey(one->certificates[i]);
			if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA &&
			    raw_verify(key, digest->name, &message, &signature))
				found = one->certificates[i];
		}
		if (found == NULL)
			judgement_add(&one->entry.found, SIGNATURE_INVALID,
				      "the signature was made by none of the RSA keys "
				      "whose certificates are there");
	}
	buf_free(&form);
	buf_free(&value);
	return found;
}

static void
check_signer(struct one *one, size_t signed_info)
{
	const struct digest_algorithm *digest =
	    algorithm_of(&one->xml, signed_info, "SignatureMethod");
	size_t method = xml_child(&one->xml, signed_info, "CanonicalizationMethod", 0);
	struct view uri = {NULL, 0};
	if (method != XML_NONE)
		xml_attribute(&one->xml, method, "Algorithm", &uri);
	read_certificates(one, xml_child(&one->xml, 0, "KeyInfo", 0));
	if (digest == NULL || !is_text(&uri, CANONICAL)) {
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "its algorithms are not known here");
		return;
	}
	if (digest->weak)
		judgement_add(&one->entry.found, SIGNATURE_WEAK,
			      "the signer's digest algorithm %s is broken",
			      digest->name);
	X509 *signer = find_signer(one, signed_info, digest);
	if (signer == NULL && one->certificate_count > 0)
		signer = one->certificates[0];
	struct cms certificates = {.certificates = one->certificates,
				   .certificate_count = one->certificate_count};
	if (signer != NULL)
		cms_entry_certificate(&one->entry, &certificates, signer);
}

/* ---- the package's parts ------------------------------------------------------------
 */

/* The part has ended: is its digest the one that was signed? */
static void
finish_part(struct one *one)
{
	struct digest is = {.size = 0};
	if (one->current == NULL)
		return;
	EVP_DigestFinal_ex(one->digest, is.bytes, &is.size);
	struct view has = view_of_buf(&one->current->digest);
	if (!digest_is(&is, &has)) {
		char *shown = text_shown(one->current->name);
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "the part '%s' is not the one that was signed", shown);
		free(shown);
	}
	one->current->seen++;
	one->current = NULL;
}

/* ---- the types of parts -------------------------------------------------------------
 */

static bool
is_named(const struct xml *types, size_t node, const char *attribute, const char *name)
{
	struct view value;
	return xml_attribute(types, node, attribute, &value) &&
	       value.size == strlen(name) &&
	       strncasecmp((const char *)value.data, name, strlen(name)) == 0;
}

/* What [Content_Types].xml says of a part: an Override by its name counts more than a
 * Default by its extension. NULL: nothing. The caller frees. */
static char *
type_of(const struct xml *types, const char *part)
{
	const char *dot = strrchr(part, '.');
	char *name = base_format("/%s", part);
	size_t found = XML_NONE, at;
	struct view type;
	for (at = xml_child(types, 0, NULL, 0); at != XML_NONE;
	     at = xml_child(types, 0, NULL, at + 1)) {
		if (xml_is(types, at, "Override") &&
		    is_named(types, at, "PartName", name)) {
			found = at;
			break;
		}
		if (found == XML_NONE && dot != NULL && xml_is(types, at, "Default") &&
		    is_named(types, at, "Extension", dot + 1))
			found = at;
	}
	free(name);
	if (found == XML_NONE || !xml_attribute(types, found, "ContentType", &type))
		return NULL;
	return base_strndup((const char *)type.data, (size_t)type.size);
}

/* The signature names the type of each part; the package states it where nobody signed
 * it. False when that could not be compared. */
static bool
types_agree(struct one *one, const struct xml *types)
{
	bool compared = true;
	for (size_t i = 0; i < one->count; i++) {
		const struct reference *reference = &one->references[i];
		if (reference->type == NULL) {
			compared = false;
			continue;
		}
		char *is = type_of(types, reference->name);
		if (is == NULL || strcasecmp(is, reference->type) != 0) {
			char *shown = text_shown(reference->name);
			judgement_add(&one->entry.found, SIGNATURE_INVALID,
				      "the part '%s' is of another type than was "
				      "signed",
				      shown);
			free(shown);
		}
		free(is);
	}
	return compared;
}

static bool
check_types(struct one *one)
{
	bool compared = false;
	for (size_t i = 0; i < one->opc->part_count; i++) {
		struct view text = view_of_buf(&one->opc->parts[i].bytes);
		struct xml types;
		if (!one->opc->parts[i].types)
			continue;
		if (xml_parse(&text, &types) == 0)
			compared = types_agree(one, &types);
		xml_free(&types);
	}
	if (!compared)
		strings_add(&one->entry.notes,
			    "the types of the parts, which nobody signed, were not "
			    "compared with what was signed");
	return compared;
}

/* ---- one part after the other
 * --------------------------------------------------------- */

static int
part_begin(void *context, const struct member *member, struct err *err)
{
	struct one *one = context;
	(void)err;
	finish_part(one);
	if (member->type == MEMBER_FOLDER)
		return 0;
	for (size_t i = 0; i < one->count && one->current == NULL; i++) {
		if (strcasecmp(one->references[i].name, member->path) == 0)
			one->current = &one->references[i];
	}
	if (one->current != NULL) {
		const EVP_MD *md = EVP_get_digestbyname(one->current->algorithm->name);
		EVP_DigestInit_ex(one->digest, md, NULL);
	} else if (!is_signature_part(member->path) &&
		   !(one->types_compared && is_types_part(member->path)) &&
		   one->uncovered_count++ < TOLD_MOST) {
		char *shown = text_shown(member->path);
		strings_add(&one->uncovered, shown);
		free(shown);
	}
	return 0;
}

static int
part_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct one *one = context;
	(void)err;
	if (one->current != NULL)
		EVP_DigestUpdate(one->digest, bytes, count);
	return 0;
}

static int
part_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct one *one = context;
	struct view part;
	if (view_sub(one->opc->file, offset, length, &part) == -1)
		return 0;
	return part_data(context, part.data, (size_t)part.size, err);
}

static void
tell_coverage(struct one *one)
{
	bool all = one->uncovered_count == 0;
	json_object_set_new(one->entry.json, "covers",
			    json_string(all ? "all" : "part"));
	if (all)
		return;
	json_t *coverage = json_object(), *list = json_array();
	for (size_t i = 0; i < one->uncovered.count; i++)
		json_array_append_new(list, json_string(one->uncovered.items[i]));
	json_object_set_new(coverage, "uncovered", list);
	json_object_set_new(one->entry.json, "coverage", coverage);
	if (one->uncovered_count > TOLD_MOST)
		strings_addf(&one->entry.notes, "%zu more parts are not signed",
			     one->uncovered_count - TOLD_MOST);
}

static void
check_parts(struct one *one)
{
	const struct member_sink sink = {one, part_begin, part_slice, part_data,
					 take_note};
	struct err trouble = {0};
	one->digest = EVP_MD_CTX_new();
	one->types_compared = check_types(one);
	if (format_by_name("zip")->members(one->opc->file, &sink, &trouble) == -1)
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED, "%s",
			      trouble.message);
	finish_part(one);
	EVP_MD_CTX_free(one->digest);
	for (size_t i = 0; i < one->count; i++) {
		char *shown = text_shown(one->references[i].name);
		if (one->references[i].seen == 0)
			judgement_add(&one->entry.found, SIGNATURE_INVALID,
				      "the part '%s', which was signed, is not there",
				      shown);
		free(shown);
	}
	if (one->count == 0 && one->entry.found.status != SIGNATURE_NOT_CHECKED)
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "it signs no part of the package");
	char *text = base_format("%zu", one->count);
	signature_fact(one->entry.json, "signed parts", text);
	free(text);
	tell_coverage(one);
}

/* ---- entries -----------------------------------------------------------------------
 */

static void
check_xml(struct one *one)
{
	const struct xml *xml = &one->xml;
	struct view space;
	size_t info = xml_child(xml, 0, "SignedInfo", 0), at;
	xml_attribute(xml, 0, "xmlns", &space);
	if (!xml_is(xml, 0, "Signature") || !is_text(&space, XMLDSIG) ||
	    info == XML_NONE || xml_child(xml, 0, "SignedInfo", info + 1) != XML_NONE ||
	    xml_child(xml, info, "Reference", 0) == XML_NONE) {
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "its XML is no signature");
		return;
	}
	for (at = xml_child(xml, info, "Reference", 0); at != XML_NONE;
	     at = xml_child(xml, info, "Reference", at + 1))
		check_reference(one, at);
	check_signer(one, info);
	check_parts(one);
}

static void
check_part(const struct opc *opc, const struct part *part, size_t index,
	   const char *path, const struct trust *trust, json_t *signatures,
	   enum signature_status *status)
{
	struct one one = {
	    .opc = opc,
	    .part = part,
	    .entry = {.trust = trust, .purpose = CHAIN_CODE_SIGNING, .shared = true}};
	struct view text = view_of_buf(&part->bytes);
	char number[24], *where = text_shown(part->name);
	snprintf(number, sizeof(number), "%zu", index);
	one.entry.json = signature_entry(signatures, path, "opc", number,
					 SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(one.entry.json, "where", json_string(where));
	if (opc->more)
		judgement_add(&one.entry.found, SIGNATURE_NOT_CHECKED,
			      "the package has more signatures than are looked at");
	if (xml_parse(&text, &one.xml) == 0)
		check_xml(&one);
	else
		judgement_add(&one.entry.found, SIGNATURE_NOT_CHECKED,
			      "its XML is not of the plain form that is read here");
	cms_entry_conclude(&one.entry, status);
	xml_free(&one.xml);
	for (size_t i = 0; i < one.count; i++) {
		free(one.references[i].name);
		free(one.references[i].type);
		buf_free(&one.references[i].digest);
	}
	for (size_t i = 0; i < one.certificate_count; i++)
		X509_free(one.certificates[i]);
	free(one.references);
	strings_free(&one.uncovered);
	free(where);
}

static bool
opc_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "vsix") || format_is(format, "opc");
}

static int
opc_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct opc opc = {.file = file};
	const struct member_sink sink = {&opc, take_begin, take_slice, take_data,
					 take_note};
	struct err trouble = {0};
	size_t index = 0;
	(void)err;
	*status = SIGNATURE_VALID;
	bool read = format_by_name("zip")->members(file, &sink, &trouble) == 0;
	for (size_t i = 0; i < opc.part_count; i++) {
		if (!opc.parts[i].certificate && !opc.parts[i].types)
			check_part(&opc, &opc.parts[i], index++, path, trust,
				   signatures, status);
	}
	if (index == 0) {
		*status = read ? SIGNATURE_UNSIGNED : SIGNATURE_NOT_CHECKED;
		signature_entry(signatures, path, "opc", "0", *status,
				read ? "no part of the package is a signature"
				     : trouble.message);
	}
	for (size_t i = 0; i < opc.part_count; i++) {
		free(opc.parts[i].name);
		buf_free(&opc.parts[i].bytes);
	}
	return 0;
}

const struct scheme scheme_opc = {"opc", false, opc_knows, opc_check};
