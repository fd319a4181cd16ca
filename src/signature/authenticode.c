/*
 * Authenticode (Windows Authenticode Portable Executable Signature Format, 2008): a
 * PKCS #7 whose content says which digest of which kind of file was signed. This is
 * what all kinds of files share; where the signatures of each stand, and over which
 * bytes, is in its own file.
 */
#include "signature/authenticode_private.h"

#define OID_INDIRECT_DATA "1.3.6.1.4.1.311.2.1.4"
#define OID_OPUS_INFO     "1.3.6.1.4.1.311.2.1.12"
#define OID_NESTED        "1.3.6.1.4.1.311.2.4.1"

enum {
	SIGNATURES_MOST = 64,
	NESTING_MOST = 4,
	SIP_SIZE = 16, /* a GUID */
};

/* ---- one signature --------------------------------------------------- */

/* One signature on its way to an entry. */
struct one {
	struct authenticode *file;
	const char *index;
	const char *where;
	struct cms_entry entry;
};

/* SpcSipInfo ::= SEQUENCE { version INTEGER, kind OCTET STRING, five INTEGERs }: one
 * type is shared by installers and scripts, and this tells them apart. */
static bool
is_sip(struct view *rest, const struct authenticode_kind *kind)
{
	struct der info, version, guid;
	if (der_take(rest, DER_SEQUENCE, &info) == -1 || rest->size != 0)
		return false;
	struct view inside = info.value;
	return der_take(&inside, DER_INTEGER, &version) == 0 &&
	       der_take(&inside, DER_OCTET_STRING, &guid) == 0 &&
	       guid.value.size == SIP_SIZE &&
	       (memcmp(guid.value.data, kind->sip, SIP_SIZE) == 0 ||
		(kind->other_sip != NULL &&
		 memcmp(guid.value.data, kind->other_sip, SIP_SIZE) == 0));
}

/* SpcIndirectDataContent (Authenticode, "SpcIndirectDataContent"): which digest of
 * which kind of file was signed. */
static int
indirect_data(const struct cms *cms, const struct authenticode_kind *kind,
	      char type[OID_TEXT], char oid[OID_TEXT], struct view *digest)
{
	struct view rest = cms->content.value, inside, unused;
	struct der data, info, value;
	if (cms->content.tag != DER_SEQUENCE ||
	    der_take(&rest, DER_SEQUENCE, &data) == -1 ||
	    der_take(&rest, DER_SEQUENCE, &info) == -1 || rest.size != 0)
		return -1;
	inside = data.value;
	if (der_take_oid(&inside, type) == -1 ||
	    (strcmp(type, kind->type) != 0 &&
	     (kind->other_type == NULL || strcmp(type, kind->other_type) != 0)) ||
	    (kind->sip != NULL && !is_sip(&inside, kind)))
		return -1;
	inside = info.value;
	if (der_take_algorithm(&inside, oid, &unused) == -1 ||
	    der_take(&inside, DER_OCTET_STRING, &value) == -1 || inside.size != 0)
		return -1;
	*digest = value.value;
	return 0;
}

static void
check_digest(struct one *one, const struct cms *cms)
{
	char type[OID_TEXT], oid[OID_TEXT];
	struct view has;
	const struct authenticode_kind *kind = one->file->kind;
	if (strcmp(cms->content_type, OID_INDIRECT_DATA) != 0 ||
	    indirect_data(cms, kind, type, oid, &has) == -1) {
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "what was signed is no digest of a %s", kind->title);
		return;
	}
	if (strcmp(type, kind->type) != 0)
		strings_addf(&one->entry.notes,
			     "the signature calls what it signs %s, as pesign does, "
			     "instead of %s",
			     type, kind->type);
	/* Authenticode, "digestAlgorithms": all three name the same one. */
	if (strcmp(oid, cms->signer.digest) != 0 || strcmp(oid, cms->digest) != 0)
		judgement_add(
		    &one->entry.found, SIGNATURE_INVALID,
		    "digest algorithms disagree: %s %s, signer %s, signature %s",
		    kind->noun, oid, cms->signer.digest, cms->digest);
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	struct digest digest;
	if (algorithm != NULL && kind->digests != NULL) {
		kind->digests(one->file, algorithm, &has, &one->entry);
		return;
	}
	if (algorithm != NULL)
		kind->digest(one->file, algorithm, &digest);
	else
		judgement_add(&one->entry.found, SIGNATURE_NOT_CHECKED,
			      "the %s's digest algorithm %s is not known here",
			      kind->noun, oid);
	cms_entry_digest(&one->entry, algorithm, &has, algorithm ? &digest : NULL);
	if (algorithm == NULL)
		return;
	if (!digest_is(&digest, &has))
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "the %s is not the one that was signed: its %s differs",
			      kind->noun, algorithm->name);
}

static bool
is_expected(const struct cms_attribute *attribute)
{
	return timestamps_are(attribute) || strcmp(attribute->oid, OID_NESTED) == 0;
}

/* Anything but timestamps and nested signatures among the unsigned attributes is a
 * place to carry bytes that nobody signed. */
static void
check_unsigned_attributes(struct one *one, const struct cms *cms)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	for (size_t i = 0; i < attributes->count; i++) {
		const struct cms_attribute *attribute = &attributes->items[i];
		if (is_expected(attribute))
			continue;
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "the unsigned attribute %s carries %ju bytes that nobody "
			      "signed",
			      attribute->oid, (uintmax_t)attribute->size);
	}
}

/* SpcString: [0] UTF-16BE or [1] ASCII, as shown text; NULL otherwise. */
static json_t *
spc_string(struct view *rest)
{
	struct der element;
	if (der_next(rest, &element) == -1)
		return NULL;
	if (element.tag == DER_CONTEXT + 1)
		return text_json_n(element.value.data, element.value.size);
	if (element.tag != DER_CONTEXT + 0)
		return NULL;
	ASN1_STRING *string = ASN1_STRING_type_new(V_ASN1_BMPSTRING);
	unsigned char *utf8 = NULL;
	json_t *json = NULL;
	if (element.value.size < 1 << 16 &&
	    ASN1_STRING_set(string, element.value.data, (int)element.value.size) == 1) {
		int size = ASN1_STRING_to_UTF8(&utf8, string);
		if (size >= 0)
			json = text_json_n(utf8, (size_t)size);
	}
	OPENSSL_free(utf8);
	ASN1_STRING_free(string);
	return json;
}

/* SpcSpOpusInfo: what the signer calls the program. */
static void
show_program(struct one *one, const struct cms *cms)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&cms->signer.signed_attributes, OID_OPUS_INFO);
	struct der sequence, element;
	if (attribute == NULL)
		return;
	struct view rest = attribute->values;
	if (der_take(&rest, DER_SEQUENCE, &sequence) == -1)
		return;
	rest = sequence.value;
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 0, &element) == 0) {
		json_t *name = spc_string(&element.value);
		if (name != NULL)
			json_object_set_new(one->entry.json, "program_name", name);
	}
	/* SpcLink: [0] is a URL. */
	if (der_take(&rest, DER_CONTEXT_CONSTRUCTED + 1, &element) == 0) {
		struct der url;
		if (der_take(&element.value, DER_CONTEXT + 0, &url) == 0)
			json_object_set_new(
			    one->entry.json, "url",
			    text_json_n(url.value.data, url.value.size));
	}
}

static void
cover_part(struct one *one, const struct view *part, enum coverage_kind kind,
	   const char *what)
{
	if (part->size > 0)
		coverage_add(one->entry.json,
			     (uint64_t)(part->data - one->file->file->data), part->size,
			     kind, what);
}

/* Of a file that is all signature, what is not: the content, and what stands in
 * unsigned attributes without belonging there. */
static void
cover_content(struct one *one, const struct cms *cms)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	for (size_t i = 0; i < attributes->count; i++) {
		if (!is_expected(&attributes->items[i]))
			cover_part(one, &attributes->items[i].values,
				   COVERAGE_UNEXPLAINED, "unsigned attribute");
	}
	cover_part(one, &cms->content.value, COVERAGE_SIGNED, "content");
	cover_part(one, one->file->file, COVERAGE_SIGNATURE, "signature");
}

/* Of a file that is all signature. */
static void
check_content(struct one *one, const struct cms *cms)
{
	if (strcmp(cms->signer.digest, cms->digest) != 0)
		judgement_add(&one->entry.found, SIGNATURE_INVALID,
			      "digest algorithms disagree: signer %s, signature %s",
			      cms->signer.digest, cms->digest);
	one->file->kind->content(&one->entry, cms);
	cover_content(one, cms);
}

static void
check_cms(struct one *one, const struct cms *cms)
{
	const struct authenticode_kind *kind = one->file->kind;
	if (kind->content == NULL)
		check_digest(one, cms);
	else
		check_content(one, cms);
	check_unsigned_attributes(one, cms);
	show_program(one, cms);
	struct cms_expected expected = {
	    .content_type = kind->content != NULL ? kind->type : OID_INDIRECT_DATA,
	    .content = cms->content.value};
	cms_entry_signer(&one->entry, cms, &cms->signer, &expected);
}

/* ---- entries --------------------------------------------------------- */

static void
note_duplicate(struct one *one, const struct view *der)
{
	const struct authenticode *file = one->file;
	for (size_t i = 0; i < file->top_count; i++) {
		if (file->tops[i].data == der->data)
			return;
		if (view_equal(&file->tops[i], der)) {
			strings_addf(&one->entry.notes,
				     "the same signature as entry %zu", i);
			return;
		}
	}
}

static void check_signature(struct authenticode *file, const struct view *der,
			    const char *index, const char *where,
			    const struct judgement *found, unsigned depth);

static void
check_nested(struct one *one, const struct cms *cms, unsigned depth)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	size_t ordinal = 0;
	for (size_t i = 0; i < attributes->count; i++) {
		struct view rest = attributes->items[i].values;
		struct der value;
		if (strcmp(attributes->items[i].oid, OID_NESTED) != 0)
			continue;
		while (rest.size != 0) {
			if (der_next(&rest, &value) == -1) {
				value.whole = rest;
				rest.size = 0;
			}
			char *index =
			    base_format("%s.nested.%zu", one->index, ordinal++);
			char *where = base_format("nested in %s", one->where);
			check_signature(one->file, &value.whole, index, where, NULL,
					depth + 1);
			free(index);
			free(where);
		}
	}
}

static json_t *
new_entry(struct authenticode *file, const char *index, const char *where,
	  enum signature_status status, const char *reason)
{
	json_t *json = signature_entry(file->signatures, file->path, "authenticode",
				       index, status, reason);
	json_object_set_new(json, "format", json_string(file->kind->format));
	if (where != NULL)
		json_object_set_new(json, "where", json_string(where));
	if (where != NULL && file->covers != NULL)
		json_object_set_new(json, "covers", json_string(file->covers));
	if (where != NULL && file->kind->coverage != NULL)
		file->kind->coverage(file, json);
	return json;
}

/* One PKCS#7: its entry, then those of the signatures nested in it. */
static void
check_signature(struct authenticode *file, const struct view *der, const char *index,
		const char *where, const struct judgement *found, unsigned depth)
{
	struct one one = {file, index, where, {.trust = file->trust}};
	struct cms *cms = NULL;
	struct err err = {0};
	if (file->count++ >= SIGNATURES_MOST || depth > NESTING_MOST) {
		authenticode_only(file, index, NULL, SIGNATURE_NOT_CHECKED,
				  "too many signatures, or nested too deep");
		return;
	}
	one.entry.json = new_entry(file, index, where, SIGNATURE_NOT_CHECKED, NULL);
	judgement_merge(&one.entry.found, &file->found);
	if (found != NULL)
		judgement_merge(&one.entry.found, found);
	if (cms_parse(der, &cms, &err) == -1) {
		judgement_add(&one.entry.found, SIGNATURE_INVALID,
			      "malformed signature: %s", err.message);
	} else {
		check_cms(&one, cms);
		note_duplicate(&one, der);
	}
	for (size_t i = 0; i < file->notes.count; i++)
		strings_add(&one.entry.notes, file->notes.items[i]);
	cms_entry_conclude(&one.entry, file->status);
	if (cms != NULL)
		check_nested(&one, cms, depth);
	cms_free(cms);
}

/* ---- what the kinds call ---------------------------------------------- */

void
authenticode_signature(struct authenticode *file, const struct view *der,
		       const char *index, const char *where,
		       const struct judgement *found)
{
	check_signature(file, der, index, where, found, 0);
}

void
authenticode_only(struct authenticode *file, const char *index, const char *where,
		  enum signature_status status, const char *reason)
{
	new_entry(file, index, where, status, reason);
	signature_worsen(file->status, status);
}

void
authenticode_take(const struct view *room, const char *holder, struct view *der,
		  struct judgement *found)
{
	struct view rest = *room;
	struct der whole;
	*der = *room;
	if (der_take(&rest, DER_SEQUENCE, &whole) == -1) {
		judgement_add(found, SIGNATURE_INVALID, "%s holds no DER", holder);
		return;
	}
	*der = whole.whole;
	/* CVE-2013-3900: what follows the signature is signed by nobody. */
	if (!view_is_zero(&rest))
		judgement_add(found, SIGNATURE_INVALID,
			      "%ju bytes that nobody signed follow the signature "
			      "inside %s",
			      (uintmax_t)rest.size, holder);
}

/* ---- the rows --------------------------------------------------------- */

static const struct authenticode_kind *const kinds[] = {
    &authenticode_pe,      &authenticode_msi,      &authenticode_cat,
    &authenticode_cab,     &authenticode_appx,     &authenticode_script,
    &authenticode_jscript, &authenticode_vbscript, &authenticode_wsf};

static const struct authenticode_kind *
kind_of(const struct view *file, const struct format *format, bool usual)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (kinds[i]->usual == usual && kinds[i]->knows(file, format))
			return kinds[i];
	}
	return NULL;
}

static bool
knows_usual(const struct view *file, const struct format *format)
{
	return kind_of(file, format, true) != NULL;
}

static bool
knows_other(const struct view *file, const struct format *format)
{
	return kind_of(file, format, false) != NULL;
}

/* Check the file as one of the kinds that are signed as a rule, or one of the rest. */
static int
check_kind(const struct view *view, const char *path, const struct trust *trust,
	   json_t *signatures, enum signature_status *status, bool usual,
	   struct err *err)
{
	struct format_match match = {0};
	format_probe(view, &match);
	struct authenticode file = {.kind = kind_of(view, match.format, usual),
				    .file = view,
				    .path = path,
				    .trust = trust,
				    .signatures = signatures,
				    .status = status};
	strings_free(&match.others);
	*status = SIGNATURE_VALID;
	if (file.kind == NULL)
		return err_set(err, ERR_INPUT, "no file that Authenticode signs");
	file.kind->check(&file);
	judgement_free(&file.found);
	strings_free(&file.notes);
	return 0;
}

static int
check_usual(const struct view *file, const char *path, const struct trust *trust,
	    json_t *signatures, enum signature_status *status, struct err *err)
{
	return check_kind(file, path, trust, signatures, status, true, err);
}

static int
check_other(const struct view *file, const char *path, const struct trust *trust,
	    json_t *signatures, enum signature_status *status, struct err *err)
{
	return check_kind(file, path, trust, signatures, status, false, err);
}

const struct scheme scheme_authenticode = {"authenticode", true, knows_usual,
					   check_usual};
const struct scheme scheme_authenticode_other = {"authenticode", false, knows_other,
						 check_other};
