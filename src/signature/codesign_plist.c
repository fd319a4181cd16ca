/* Property lists in XML, as far as signatures have them: tags one after the other; and
 * the list CodeResources of a bundle's files. */
#include "signature/codesign_private.h"

bool
plist_next(struct view *rest, struct plist_tag *tag)
{
	uint64_t start, end;
	if (view_find(rest, 0, "<", 1, &start) == -1 ||
	    view_find(rest, start, ">", 1, &end) == -1)
		return false;
	view_sub(rest, 0, start, &tag->text);
	view_sub(rest, start + 1, end - start - 1, &tag->name);
	*rest = view_from(rest, end + 1);
	return true;
}

bool
plist_is(const struct plist_tag *tag, const char *name)
{
	size_t size = strlen(name);
	return tag->name.size == size && view_has(&tag->name, 0, name, size);
}

int
plist_text(const struct view *text, struct buf *out)
{
	static const struct {
		const char *entity, *value;
	} entities[] = {{"&amp;", "&"},
			{"&lt;", "<"},
			{"&gt;", ">"},
			{"&quot;", "\""},
			{"&apos;", "'"}};
	for (uint64_t at = 0; at < text->size;) {
		size_t i = 0;
		if (text->data[at] != '&') {
			buf_append(out, text->data + at++, 1);
			continue;
		}
		while (
		    i < ARRAY_COUNT(entities) &&
		    !view_has(text, at, entities[i].entity, strlen(entities[i].entity)))
			i++;
		if (i == ARRAY_COUNT(entities))
			return -1;
		buf_puts(out, entities[i].value);
		at += strlen(entities[i].entity);
	}
	return 0;
}

int
plist_data(const struct view *text, struct buf *bytes)
{
	struct buf digits = {0};
	for (uint64_t i = 0; i < text->size; i++) {
		char c = (char)text->data[i];
		if (c == '\0' || strchr(" \t\r\n", c) == NULL)
			buf_append(&digits, &c, 1);
	}
	struct view all = view_of_buf(&digits);
	int answer = raw_base64(&all, false, bytes);
	buf_free(&digits);
	return answer;
}

/* ---- CodeResources ---------------------------------------------------------- */

void
code_resource_clear(struct code_resource *resource)
{
	buf_free(&resource->path);
	buf_free(&resource->sha256);
	buf_free(&resource->sha1);
	*resource = (struct code_resource){.optional = false};
}

int
code_resources_find(struct view *rest)
{
	struct plist_tag tag;
	while (plist_next(rest, &tag)) {
		if (!plist_is(&tag, "/key") || tag.text.size != 6 ||
		    !view_has(&tag.text, 0, "files2", 6))
			continue;
		if (!plist_next(rest, &tag))
			return -1;
		return plist_is(&tag, "dict") ? 1 : plist_is(&tag, "dict/") ? 0 : -1;
	}
	return -1;
}

static bool
text_is(const struct view *text, const char *word)
{
	size_t size = strlen(word);
	return text->size == size && view_has(text, 0, word, size);
}

/* One value of a file's dictionary. */
static int
take_value(const struct view *key, const struct plist_tag *tag,
	   struct code_resource *resource)
{
	bool data = plist_is(tag, "/data");
	if (data && text_is(key, "hash2"))
		return plist_data(&tag->text, &resource->sha256);
	if (data && text_is(key, "hash"))
		return plist_data(&tag->text, &resource->sha1);
	if (plist_is(tag, "true/") && text_is(key, "optional"))
		resource->optional = true;
	if ((data && text_is(key, "cdhash")) ||
	    (plist_is(tag, "/string") && text_is(key, "symlink")))
		resource->elsewhere = true;
	return plist_is(tag, "dict") || plist_is(tag, "array") ? -1 : 0;
}

/* <dict><key>hash2</key><data>…</data> …</dict>; of old ones their SHA-1 alone. */
static int
take_file(struct view *rest, struct code_resource *resource)
{
	struct plist_tag tag;
	struct view key = {NULL, 0};
	if (!plist_next(rest, &tag))
		return -1;
	if (plist_is(&tag, "data"))
		return plist_next(rest, &tag) && plist_is(&tag, "/data")
			   ? plist_data(&tag.text, &resource->sha1)
			   : -1;
	if (!plist_is(&tag, "dict"))
		return -1;
	while (plist_next(rest, &tag)) {
		if (plist_is(&tag, "/dict"))
			return 0;
		if (plist_is(&tag, "/key"))
			key = tag.text;
		else if (take_value(&key, &tag, resource) == -1)
			return -1;
	}
	return -1;
}

int
code_resources_next(struct view *rest, struct code_resource *resource)
{
	struct plist_tag tag;
	*resource = (struct code_resource){.optional = false};
	if (!plist_next(rest, &tag))
		return -1;
	if (plist_is(&tag, "/dict"))
		return 0;
	if (!plist_is(&tag, "key") || !plist_next(rest, &tag) ||
	    !plist_is(&tag, "/key") || plist_text(&tag.text, &resource->path) == -1 ||
	    take_file(rest, resource) == -1)
		return -1;
	return 1;
}
