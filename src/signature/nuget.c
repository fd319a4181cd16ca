/*
 * NuGet packages ("Package Signatures Technical Details"): one entry of the zip,
 * ".signature.p7s", holds signed data whose content is a text,
 *
 *	Version:1
 *
 *	2.16.840.1.101.3.4.2.1-Hash:BASE64
 *
 * with the digest of the package as if that entry were not there. The first signer is
 * the author or a repository, as its commitment type says (RFC 5126, 5.11.1); a
 * repository signs what an author signed by a countersignature, which may have a
 * timestamp of its own.
 */
#include "signature/signature_private.h"

#define OID_DATA             "1.2.840.113549.1.7.1"
#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define OID_COMMITMENT       "1.2.840.113549.1.9.16.2.16"
#define OID_ORIGIN           "1.2.840.113549.1.9.16.6.1"
#define OID_RECEIPT          "1.2.840.113549.1.9.16.6.2"
#define OID_INDEX            "1.3.6.1.4.1.311.84.2.1.1.1" /* the repository's address */
#define OID_OWNERS           "1.3.6.1.4.1.311.84.2.1.1.2"

enum {
	COUNTERSIGNATURES_MOST = 8, /* NuGet writes one */
	OWNERS_MOST = 100,
};

struct checking {
	struct zip_signature *package;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
};

/* The package without the entry and its header, and with an end record that says so. */
static void
package_digest(const struct zip_signature *package,
	       const struct digest_algorithm *algorithm, struct digest *digest)
{
	struct buf end = {0};
	struct view parts[3];
	zip_signature_without(package, parts, &end);
	digest_of(algorithm, parts, ARRAY_COUNT(parts), digest);
	buf_free(&end);
}

/* ---- what was signed ------------------------------------------------------ */

static bool
is_text(const struct view *view, const char *text)
{
	return view->size == strlen(text) && view_has(view, 0, text, strlen(text));
}

/* "OID-Hash:BASE64": judge the digest; false when the line is another one. */
static bool
check_hash(struct cms_entry *entry, const struct zip_signature *package,
	   const struct view *line)
{
	static const char middle[] = "-Hash:";
	uint64_t at;
	struct buf bytes = {0};
	if (view_find(line, 0, middle, sizeof(middle) - 1, &at) == -1)
		return false;
	struct view base64 = view_from(line, at + sizeof(middle) - 1);
	if (raw_base64(&base64, false, &bytes) == -1) {
		buf_free(&bytes);
		return false;
	}
	char *oid = text_shown_n(line->data, (size_t)at);
	const struct digest_algorithm *algorithm = digest_by_oid(oid);
	struct view has = view_of_buf(&bytes);
	struct digest digest;
	if (algorithm != NULL) {
		package_digest(package, algorithm, &digest);
		cms_entry_digest(entry, algorithm, &has, &digest);
		if (!digest_is(&digest, &has))
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the package is not the one that was signed: "
				      "its %s differs",
				      algorithm->name);
	} else {
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "the package's digest algorithm %s is not known here",
			      oid);
	}
	free(oid);
	buf_free(&bytes);
	return true;
}

static void
check_content(struct cms_entry *entry, const struct zip_signature *package,
	      const struct cms *cms)
{
	struct view rest = cms->content.value, line;
	int count = 0;
	bool fine = strcmp(cms->content_type, OID_DATA) == 0 &&
		    cms->content.tag == DER_OCTET_STRING &&
		    raw_line(&rest, &line) == 0 && is_text(&line, "Version:1") &&
		    raw_line(&rest, &line) == 0 && line.size == 0;
	while (fine && raw_line(&rest, &line) == 0 && line.size > 0) {
		fine = check_hash(entry, package, &line);
		count++;
	}
	if (!fine || count == 0 || rest.size > 0)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "what was signed is no digest of a NuGet package");
}

/* ---- who signed ----------------------------------------------------------- */

enum role { ROLE_NONE, ROLE_AUTHOR, ROLE_REPOSITORY };

/* CommitmentTypeIndication (RFC 5126, 5.11.1), as NuGet uses it. */
static enum role
role_of(const struct cms_signer *signer)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer->signed_attributes, OID_COMMITMENT);
	struct der sequence;
	char oid[OID_TEXT];
	if (attribute == NULL)
		return ROLE_NONE;
	struct view rest = attribute->values;
	if (der_take(&rest, DER_SEQUENCE, &sequence) == -1 ||
	    der_take_oid(&sequence.value, oid) == -1)
		return ROLE_NONE;
	return strcmp(oid, OID_ORIGIN) == 0    ? ROLE_AUTHOR
	       : strcmp(oid, OID_RECEIPT) == 0 ? ROLE_REPOSITORY
					       : ROLE_NONE;
}

/* What a repository says of itself and of who owns the package there. */
static void
show_repository(struct cms_entry *entry, const struct cms_signer *signer)
{
	const struct cms_attribute *attribute =
	    cms_attribute_find(&signer->signed_attributes, OID_INDEX);
	struct view rest = attribute != NULL ? attribute->values : (struct view){0};
	struct der element, owners = {0};
	if (der_next(&rest, &element) == -1) {
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the repository does not say which one it is");
		return;
	}
	char *text = text_shown_n(element.value.data, (size_t)element.value.size);
	signature_fact(entry->json, "repository", text);
	free(text);
	attribute = cms_attribute_find(&signer->signed_attributes, OID_OWNERS);
	rest = attribute != NULL ? attribute->values : (struct view){0};
	if (der_take(&rest, DER_SEQUENCE, &owners) == -1)
		return;
	for (int i = 0; i < OWNERS_MOST && der_next(&owners.value, &element) == 0;
	     i++) {
		text = text_shown_n(element.value.data, (size_t)element.value.size);
		signature_fact(entry->json, "owner", text);
		free(text);
	}
}

static void
show_role(struct cms_entry *entry, const struct cms_signer *signer, bool counter)
{
	enum role role = role_of(signer);
	if (role == ROLE_NONE || (counter && role != ROLE_REPOSITORY))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "its commitment type is not that of %s",
			      counter ? "a repository" : "an author or a repository");
	else
		signature_fact(entry->json, "signed as",
			       role == ROLE_AUTHOR ? "author" : "repository");
	if (role == ROLE_REPOSITORY)
		show_repository(entry, signer);
}

/* Nobody signed what else is among the unsigned attributes. */
static void
check_unsigned(struct cms_entry *entry, const struct cms_signer *signer, bool counter)
{
	const struct cms_attributes *attributes = &signer->unsigned_attributes;
	for (size_t i = 0; i < attributes->count; i++) {
		const struct cms_attribute *attribute = &attributes->items[i];
		bool countersigns = strcmp(attribute->oid, OID_COUNTERSIGNATURE) == 0;
		if (timestamps_are(attribute) && !(counter && countersigns))
			continue;
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the unsigned attribute %s carries %ju bytes that nobody "
			      "signed",
			      attribute->oid, (uintmax_t)attribute->size);
	}
}

/* ---- entries ------------------------------------------------------------ */

static json_t *
new_entry(const struct checking *checking, const char *index, const char *where)
{
	json_t *json = signature_entry(checking->signatures, checking->path, "nuget",
				       index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(json, "format", json_string("nupkg"));
	json_object_set_new(json, "where", json_string(where));
	json_object_set_new(json, "covers", json_string("all"));
	zip_signature_cover(checking->package, json);
	return json;
}

/* A repository's signature of the author's. It signs the package as that one does. */
static void
check_countersignature(struct checking *checking, const struct cms *cms,
		       struct view *rest, size_t number)
{
	struct cms_expected expected = {.content = cms->signer.signature,
					.signing_certificate = true,
					.countersigned = true};
	struct cms_entry entry = {
	    .trust = checking->trust, .purpose = CHAIN_CODE_SIGNING, .shared = true};
	struct cms_signer signer;
	struct err err = {0};
	char *index = base_format("0.nested.%zu", number);
	entry.json = new_entry(checking, index, "countersignature of signature 0");
	if (cms_signer_parse(rest, &signer, &err) == -1) {
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "malformed countersignature: %s", err.message);
		rest->size = 0;
	} else {
		show_role(&entry, &signer, true);
		check_unsigned(&entry, &signer, true);
		cms_entry_signer(&entry, cms, &signer, &expected);
	}
	cms_signer_clear(&signer);
	cms_entry_conclude(&entry, checking->status);
	free(index);
}

static void
check_countersignatures(struct checking *checking, const struct cms *cms)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	size_t number = 0;
	for (size_t i = 0; i < attributes->count; i++) {
		struct view rest = attributes->items[i].values;
		if (strcmp(attributes->items[i].oid, OID_COUNTERSIGNATURE) != 0)
			continue;
		while (rest.size > 0 && number < COUNTERSIGNATURES_MOST)
			check_countersignature(checking, cms, &rest, number++);
	}
}

static bool
has_countersignature(const struct cms *cms)
{
	const struct cms_attributes *attributes = &cms->signer.unsigned_attributes;
	for (size_t i = 0; i < attributes->count; i++) {
		if (strcmp(attributes->items[i].oid, OID_COUNTERSIGNATURE) == 0)
			return true;
	}
	return false;
}

static void
check_signature(struct checking *checking)
{
	struct cms_entry entry = {.trust = checking->trust,
				  .purpose = CHAIN_CODE_SIGNING};
	struct cms *cms = NULL;
	struct err err = {0};
	entry.json = new_entry(checking, "0", "entry .signature.p7s");
	if (cms_parse(&checking->package->content, &cms, &err) == -1) {
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "malformed signature: %s", err.message);
		cms_entry_conclude(&entry, checking->status);
		return;
	}
	struct cms_expected expected = {.content_type = OID_DATA,
					.content = cms->content.value,
					.signing_certificate = true,
					.countersigned = true};
	entry.shared = has_countersignature(cms);
	check_content(&entry, checking->package, cms);
	show_role(&entry, &cms->signer, false);
	check_unsigned(&entry, &cms->signer, false);
	cms_entry_signer(&entry, cms, &cms->signer, &expected);
	cms_entry_conclude(&entry, checking->status);
	check_countersignatures(checking, cms);
	cms_free(cms);
}

/* Why there is no signature that could be looked at. */
static void
add_only(const struct checking *checking)
{
	const struct zip_signature *package = checking->package;
	struct judgement found = {0};
	enum signature_status status;
	if (package->fault != NULL)
		judgement_add(&found, SIGNATURE_INVALID, "the package has a %s",
			      package->fault);
	else
		judgement_add(&found, SIGNATURE_UNSIGNED,
			      "the package has no entry .signature.p7s");
	json_t *entry = judgement_entry(&found, checking->signatures, checking->path,
					"nuget", "0", &status);
	json_object_set_new(entry, "format", json_string("nupkg"));
	signature_worsen(checking->status, status);
	judgement_free(&found);
}

static bool
nuget_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "nupkg");
}

static int
nuget_check(const struct view *file, const char *path, const struct trust *trust,
	    json_t *signatures, enum signature_status *status, struct err *err)
{
	struct zip_signature package;
	struct checking checking = {&package, path, trust, signatures, status};
	(void)err;
	*status = SIGNATURE_VALID;
	zip_signature_open(&package, file, "nupkg", "NuGet signature");
	if (package.sound)
		check_signature(&checking);
	else
		add_only(&checking);
	zip_signature_close(&package);
	return 0;
}

const struct scheme scheme_nuget = {"nuget", true, nuget_knows, nuget_check};
