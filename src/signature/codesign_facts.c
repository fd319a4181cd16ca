/* What a code signature says of its code, for people: nothing here is judged. */
#include "signature/codesign_private.h"

#define MAGIC_ENTITLEMENTS UINT32_C(0xfade7171)

enum {
	ENTITLEMENTS_MOST = 64,
	VALUE_MOST = 240,
};

/* ---- a directory ------------------------------------------------------------ */

/* CS_…, as codesign(1) calls them. */
static const struct {
	uint32_t flag;
	const char *name;
} flags[] = {
    {0x1, "host"},           {CODE_FLAG_ADHOC, "adhoc"},
    {0x100, "hard"},         {0x200, "kill"},
    {0x400, "expires"},      {0x800, "restrict"},
    {0x1000, "enforcement"}, {0x2000, "library-validation"},
    {0x10000, "runtime"},    {0x20000, "linker-signed"},
};

static void
tell_flags(json_t *entry, uint32_t value)
{
	struct buf text = {0};
	buf_printf(&text, "0x%x", value);
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if ((value & flags[i].flag) != 0)
			buf_printf(&text, " %s", flags[i].name);
	}
	signature_fact(entry, "flags", text.data);
	buf_free(&text);
}

static void
tell_string(json_t *entry, const char *name, const char *string)
{
	char *shown = text_shown(string);
	signature_fact(entry, name, shown);
	free(shown);
}

static void
tell_outside(json_t *entry, const struct code_directory *directory,
	     const struct code_object *object)
{
	static const struct {
		uint32_t slot;
		const char *name;
	} files[] = {{SLOT_INFO, CODE_FACT_INFO},
		     {SLOT_RESOURCES, CODE_FACT_RESOURCES}};
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		char *digest = code_directory_outside(directory, object, files[i].slot);
		if (digest != NULL)
			signature_fact(entry, files[i].name, digest);
		free(digest);
	}
}

void
code_facts_directory(json_t *entry, const struct code_directory *directory,
		     const struct code_object *object)
{
	char hex[2 * 20 + 1];
	char *pages =
	    directory->page_shift != 0
		? base_format("%u of %u bytes, %s", directory->page_count,
			      1U << directory->page_shift, directory->algorithm->name)
		: base_format("one, %s", directory->algorithm->name);
	tell_string(entry, "identifier", directory->identifier);
	if (directory->team != NULL)
		tell_string(entry, "team", directory->team);
	hex_encode(directory->digest.bytes, 20, hex);
	signature_fact(entry, "cdhash", hex);
	signature_fact(entry, "pages", pages);
	tell_flags(entry, directory->flags);
	if (directory->runtime != 0) {
		char *runtime = base_format("%u.%u.%u", directory->runtime >> 16,
					    directory->runtime >> 8 & 0xff,
					    directory->runtime & 0xff);
		signature_fact(entry, "hardened runtime", runtime);
		free(runtime);
	}
	tell_outside(entry, directory, object);
	free(pages);
}

/* ---- entitlements -------------------------------------------------------------- */

/* Append the value that follows a key: "true", or the texts in it with ", " between. */
static bool
take_value(struct view *rest, struct buf *value)
{
	struct plist_tag tag;
	unsigned depth = 0;
	while (plist_next(rest, &tag)) {
		bool closes = view_has(&tag.name, 0, "/", 1);
		bool alone = tag.name.size > 0 &&
			     tag.name.data[tag.name.size - 1] == '/' && !closes;
		if ((alone || closes) && value->size < VALUE_MOST) {
			struct view text = tag.text;
			if (alone)
				view_sub(&tag.name, 0, tag.name.size - 1, &text);
			if (closes &&
			    (plist_is(&tag, "/array") || plist_is(&tag, "/dict")))
				text.size = 0;
			if (text.size != 0 && value->size != 0)
				buf_puts(value, ", ");
			text_show(value, text.data,
				  text.size < VALUE_MOST ? (size_t)text.size
							 : VALUE_MOST);
		}
		if (closes && depth == 0)
			return false;
		depth += !alone && !closes;
		depth -= closes;
		if (depth == 0)
			return true;
	}
	return false;
}

/* Tell them, and collect their keys. */
static void
tell_entitlements(json_t *entry, const struct view *plist, struct strings *keys)
{
	struct view rest = *plist;
	struct plist_tag tag;
	while (plist_next(&rest, &tag)) {
		struct buf value = {0};
		if (!plist_is(&tag, "/key"))
			continue;
		if (keys->count == ENTITLEMENTS_MOST) {
			signature_fact(entry, "entitlement",
				       "more, which are not told");
			return;
		}
		size_t size =
		    tag.text.size < VALUE_MOST ? (size_t)tag.text.size : VALUE_MOST;
		char *key = text_shown_n(tag.text.data, size);
		strings_add(keys, key);
		take_value(&rest, &value);
		char *fact =
		    base_format("%s = %s", key, value.data != NULL ? value.data : "");
		signature_fact(entry, "entitlement", fact);
		free(fact);
		free(key);
		buf_free(&value);
	}
}

/* The keys of the same in DER: [APPLICATION 16] { 1, [16] { { key, value } … } }, or as
 * older programs wrote it, a SET of these pairs. False when it is malformed. */
static bool
take_der_keys(const struct view *der, struct strings *keys)
{
	struct view rest = *der;
	struct der outer, version, list, pair, key;
	if (der_take(&rest, DER_SET, &list) == -1 &&
	    (der_take(&rest, 0x70, &outer) == -1 ||
	     der_take(&outer.value, DER_INTEGER, &version) == -1 ||
	     der_take(&outer.value, 0xb0, &list) == -1 || outer.value.size != 0))
		return false;
	if (rest.size != 0)
		return false;
	while (list.value.size != 0 && keys->count < ENTITLEMENTS_MOST) {
		if (der_take(&list.value, DER_SEQUENCE, &pair) == -1 ||
		    der_take(&pair.value, DER_UTF8_STRING, &key) == -1)
			return false;
		size_t size =
		    key.value.size < VALUE_MOST ? (size_t)key.value.size : VALUE_MOST;
		char *shown = text_shown_n(key.value.data, size);
		strings_add(keys, shown);
		free(shown);
	}
	return true;
}

/* Systems of today read the DER, those before the XML: each must say the same. */
static void
compare_keys(json_t *entry, struct strings *xml, const struct view *der)
{
	struct strings keys = {0};
	bool same = take_der_keys(der, &keys) && keys.count == xml->count;
	strings_sort(&keys);
	strings_sort(xml);
	for (size_t i = 0; same && i < keys.count; i++)
		same = strcmp(keys.items[i], xml->items[i]) == 0;
	if (!same)
		signature_fact(entry, "entitlements in DER",
			       "have other keys than those in XML");
	strings_free(&keys);
}

void
code_facts_blobs(json_t *entry, const struct code_superblob *superblob)
{
	const struct code_blob *set = code_blob_find(superblob, SLOT_REQUIREMENTS);
	const struct code_blob *xml = code_blob_find(superblob, SLOT_ENTITLEMENTS);
	const struct code_blob *der = code_blob_find(superblob, SLOT_ENTITLEMENTS_DER);
	char *requirement = set != NULL ? code_requirement_text(&set->whole) : NULL;
	struct strings keys = {0};
	struct view part;
	if (requirement != NULL)
		signature_fact(entry, "designated requirement", requirement);
	free(requirement);
	if (xml != NULL && xml->magic == MAGIC_ENTITLEMENTS) {
		part = view_from(&xml->whole, 8);
		tell_entitlements(entry, &part, &keys);
	}
	if (der != NULL) {
		part = view_from(&der->whole, 8);
		compare_keys(entry, &keys, &part);
	}
	strings_free(&keys);
}
