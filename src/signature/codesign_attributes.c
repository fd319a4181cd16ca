/*
 * The attributes by which a signer signs all code directories and not just the first
 * (Security framework, "hash agility"): a property list of digests cut to 20 bytes, and
 * a set of whole ones with their algorithms.
 */
#include "signature/codesign_private.h"

#define OID_CDHASHES    "1.2.840.113635.100.9.1"
#define OID_CDHASHES_V2 "1.2.840.113635.100.9.2"

enum { CUT_SIZE = 20 };

/* Which of the directories were named, and was anything else? */
struct naming {
	const struct code_directory *directories;
	size_t count;
	bool named[CODE_DIRECTORIES_MOST];
	bool strange;
};

/* Mark the directories with that digest; `oid` NULL: of any algorithm, cut. */
static void
name_digest(struct naming *naming, const char *oid, const struct view *value)
{
	bool found = false;
	for (size_t i = 0; i < naming->count; i++) {
		const struct code_directory *directory = &naming->directories[i];
		size_t size = oid != NULL ? directory->digest.size : CUT_SIZE;
		if ((oid != NULL && strcmp(oid, directory->algorithm->oid) != 0) ||
		    value->size != size || directory->digest.size < size ||
		    !view_has(value, 0, directory->digest.bytes, size))
			continue;
		naming->named[i] = found = true;
	}
	naming->strange = naming->strange || !found;
}

/* ---- whole digests -------------------------------------------------------- */

/* SET OF SEQUENCE { algorithm OBJECT IDENTIFIER, digest OCTET STRING } */
static void
name_by_set(struct naming *naming, const struct cms_attribute *attribute)
{
	struct view rest = attribute->values;
	while (rest.size != 0) {
		struct der sequence, value;
		char oid[OID_TEXT];
		if (der_take(&rest, DER_SEQUENCE, &sequence) == -1 ||
		    der_take_oid(&sequence.value, oid) == -1 ||
		    der_take(&sequence.value, DER_OCTET_STRING, &value) == -1 ||
		    sequence.value.size != 0) {
			naming->strange = true;
			return;
		}
		name_digest(naming, oid, &value.value);
	}
}

/* ---- digests in a property list -------------------------------------------- */

/* OCTET STRING with <key>cdhashes</key><array><data>…</data>…</array> */
static void
name_by_list(struct naming *naming, const struct cms_attribute *attribute)
{
	static const char key[] = "<key>cdhashes</key>";
	struct view rest = attribute->values, text;
	struct der string = {0};
	uint64_t at = 0, end = 0, stop = 0;
	if (attribute->count != 1 || der_take(&rest, DER_OCTET_STRING, &string) == -1 ||
	    view_find(&string.value, 0, key, sizeof(key) - 1, &at) == -1 ||
	    view_find(&string.value, at, "</array>", 8, &stop) == -1) {
		naming->strange = true;
		return;
	}
	while (view_find(&string.value, at, "<data>", 6, &at) == 0 && at < stop) {
		struct buf bytes = {0};
		struct view value = {NULL, 0};
		if (view_find(&string.value, at, "</data>", 7, &end) == 0 &&
		    view_sub(&string.value, at + 6, end - at - 6, &text) == 0 &&
		    plist_data(&text, &bytes) == 0)
			value = view_of_buf(&bytes);
		name_digest(naming, NULL, &value);
		buf_free(&bytes);
		at += 6;
	}
}

/* ---- both --------------------------------------------------------------------- */

static bool
all_named(const struct naming *naming)
{
	for (size_t i = 0; i < naming->count; i++) {
		if (!naming->named[i])
			return false;
	}
	return true;
}

void
code_attributes_check(const struct cms_signer *signer,
		      const struct code_directory *directories, size_t count,
		      struct judgement *found)
{
	const struct cms_attributes *attributes = &signer->signed_attributes;
	bool any = false;
	for (size_t i = 0; i < attributes->count; i++) {
		const struct cms_attribute *attribute = &attributes->items[i];
		struct naming naming = {.directories = directories, .count = count};
		if (strcmp(attribute->oid, OID_CDHASHES_V2) == 0)
			name_by_set(&naming, attribute);
		else if (strcmp(attribute->oid, OID_CDHASHES) == 0)
			name_by_list(&naming, attribute);
		else
			continue;
		any = true;
		if (naming.strange || !all_named(&naming))
			judgement_add(found, SIGNATURE_INVALID,
				      "the signer named other code directories than "
				      "these");
	}
	if (!any && count > 1)
		judgement_add(found, SIGNATURE_INVALID,
			      "%zu code directories, and the signer named the first "
			      "alone",
			      count);
}
