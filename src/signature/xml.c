/*
 * XML as far as signatures in it can be read without a library: elements, attributes in
 * double quotes, and text. Whatever would make two readers disagree (entities,
 * sections, instructions, prefixes of namespaces) is refused, so that the canonical
 * form (Canonical XML 1.0) of what is left follows from the text by a few rules.
 */
#include "signature/signature_private.h"

enum {
	DEPTH_MOST = 64,
	NODES_MOST = 200000,
	ATTRIBUTES_MOST = 32,
};

/* ---- reading --------------------------------------------------------------- */

static bool
is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n';
}

static bool
is_name(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_' || byte == '-' ||
	       byte == '.';
}

static uint64_t
name_size(const struct view *text)
{
	uint64_t size = 0;
	while (size < text->size && is_name(text->data[size]))
		size++;
	return size;
}

static void
skip_spaces(struct view *rest)
{
	while (rest->size > 0 && is_space(rest->data[0]))
		*rest = view_from(rest, 1);
}

bool
xml_next_attribute(struct view *rest, struct view *name, struct view *value)
{
	uint64_t end;
	struct view part = *rest;
	skip_spaces(&part);
	uint64_t size = name_size(&part);
	if (size == 0 || part.size == rest->size || !view_has(&part, size, "=\"", 2) ||
	    view_find(&part, size + 2, "\"", 1, &end) == -1)
		return false;
	view_sub(&part, 0, size, name);
	view_sub(&part, size + 2, end - size - 2, value);
	*rest = view_from(&part, end + 1);
	return true;
}

/* The inside of a start tag: a name and attributes, and nothing else. */
static bool
tag_is_plain(const struct view *tag)
{
	uint64_t size = name_size(tag);
	struct view rest = view_from(tag, size), name, value;
	while (xml_next_attribute(&rest, &name, &value)) {
		for (uint64_t i = 0; i < value.size; i++) {
			uint8_t byte = value.data[i];
			if (byte < ' ' || byte == '<' || byte == '&')
				return false;
		}
	}
	skip_spaces(&rest);
	return size > 0 && rest.size == 0;
}

struct reading {
	struct xml *xml;
	size_t open[DEPTH_MOST]; /* nodes that are not closed */
	size_t depth;
};

static int
open_node(struct reading *reading, struct view tag, uint64_t start, uint64_t end)
{
	struct xml *xml = reading->xml;
	bool empty = tag.size > 0 && tag.data[tag.size - 1] == '/';
	if (empty)
		tag.size--;
	if (!tag_is_plain(&tag) || xml->count == NODES_MOST ||
	    reading->depth == DEPTH_MOST || (reading->depth == 0 && xml->count > 0))
		return -1;
	if (xml->count == xml->room) {
		xml->room = xml->room > 0 ? 2 * xml->room : 64;
		xml->nodes = base_realloc(xml->nodes, xml->room, sizeof(*xml->nodes));
	}
	struct xml_node *node = &xml->nodes[xml->count];
	*node = (struct xml_node){.tag = tag,
				  .start = start,
				  .inner = end,
				  .inner_end = end,
				  .end = end,
				  .parent = XML_NONE};
	view_sub(&tag, 0, name_size(&tag), &node->name);
	if (reading->depth > 0)
		node->parent = reading->open[reading->depth - 1];
	if (!empty)
		reading->open[reading->depth++] = xml->count;
	xml->count++;
	return 0;
}

static int
close_node(struct reading *reading, struct view tag, uint64_t start, uint64_t end)
{
	while (tag.size > 0 && is_space(tag.data[tag.size - 1]))
		tag.size--;
	if (reading->depth == 0)
		return -1;
	struct xml_node *node = &reading->xml->nodes[reading->open[--reading->depth]];
	node->inner_end = start;
	node->end = end;
	return view_equal(&node->name, &tag) ? 0 : -1;
}

/* Text between tags; outside of the root only spaces. */
static bool
text_is_plain(const struct view *text, bool outside)
{
	for (uint64_t i = 0; i < text->size; i++) {
		uint8_t byte = text->data[i];
		if (byte == '&' || byte == '>' || byte == 0x7f ||
		    (byte < ' ' && byte != '\t' && byte != '\n') ||
		    (outside && !is_space(byte)))
			return false;
	}
	return true;
}

/* Behind the byte order mark and the declaration, if there are any. */
static uint64_t
text_start(const struct view *text)
{
	uint64_t at = view_has(text, 0, "\xef\xbb\xbf", 3) ? 3 : 0, end;
	if (view_has(text, at, "<?xml ", 6) && view_find(text, at, "?>", 2, &end) == 0)
		at = end + 2;
	return at;
}

int
xml_parse(const struct view *text, struct xml *xml)
{
	struct reading reading = {.xml = xml};
	uint64_t at = text_start(text), start, end;
	*xml = (struct xml){.text = *text};
	for (;;) {
		bool more = view_find(text, at, "<", 1, &start) == 0;
		struct view part = view_from(text, at), tag;
		part.size = more ? start - at : part.size;
		if (!text_is_plain(&part, reading.depth == 0))
			return -1;
		if (!more)
			return reading.depth == 0 && xml->count > 0 ? 0 : -1;
		if (view_find(text, start, ">", 1, &end) == -1 ||
		    view_sub(text, start + 1, end - start - 1, &tag) == -1)
			return -1;
		at = end + 1;
		int answer;
		if (view_has(&tag, 0, "/", 1))
			answer = close_node(&reading, view_from(&tag, 1), start, at);
		else
			answer = open_node(&reading, tag, start, at);
		if (answer == -1)
			return -1;
	}
}

void
xml_free(struct xml *xml)
{
	free(xml->nodes);
	xml->nodes = NULL;
}

/* ---- looking up ------------------------------------------------------------ */

bool
xml_is(const struct xml *xml, size_t node, const char *name)
{
	const struct view *is = &xml->nodes[node].name;
	return is->size == strlen(name) && view_has(is, 0, name, strlen(name));
}

size_t
xml_child(const struct xml *xml, size_t parent, const char *name, size_t from)
{
	size_t at = from > parent ? from : parent + 1;
	for (; at < xml->count && xml->nodes[at].start < xml->nodes[parent].end; at++) {
		if (xml->nodes[at].parent == parent &&
		    (name == NULL || xml_is(xml, at, name)))
			return at;
	}
	return XML_NONE;
}

struct view
xml_text(const struct xml *xml, size_t node)
{
	const struct xml_node *one = &xml->nodes[node];
	struct view text = {NULL, 0};
	view_sub(&xml->text, one->inner, one->inner_end - one->inner, &text);
	return text;
}

bool
xml_attribute(const struct xml *xml, size_t node, const char *name, struct view *value)
{
	struct view rest = view_from(&xml->nodes[node].tag, xml->nodes[node].name.size);
	struct view is;
	while (xml_next_attribute(&rest, &is, value)) {
		if (is.size == strlen(name) && view_has(&is, 0, name, strlen(name)))
			return true;
	}
	*value = (struct view){NULL, 0};
	return false;
}

/* ---- the canonical form ------------------------------------------------------ */

/* The default namespace of a node: its own, or that of what is around it. */
static struct view
space_of(const struct xml *xml, size_t node)
{
	struct view value = {NULL, 0};
	while (node != XML_NONE && !xml_attribute(xml, node, "xmlns", &value))
		node = xml->nodes[node].parent;
	return value;
}

static void
put_attribute(struct buf *out, const struct view *name, const struct view *value)
{
	buf_append(out, " ", 1);
	buf_append(out, name->data, (size_t)name->size);
	buf_append(out, "=\"", 2);
	buf_append(out, value->data, (size_t)value->size);
	buf_append(out, "\"", 1);
}

struct attribute {
	struct view name, value;
};

static int
by_name(const void *a, const void *b)
{
	const struct view *left = &((const struct attribute *)a)->name;
	const struct view *right = &((const struct attribute *)b)->name;
	size_t shorter = (size_t)(left->size < right->size ? left->size : right->size);
	int order = shorter > 0 ? memcmp(left->data, right->data, shorter) : 0;
	return order != 0 ? order
			  : (left->size > right->size) - (left->size < right->size);
}

/* All but the namespace, in the order of their names; -1 when there are too many, or
 * two of one name. */
static int
sorted_attributes(const struct xml_node *node, struct attribute *attributes)
{
	struct view rest = view_from(&node->tag, node->name.size);
	struct attribute next;
	int count = 0;
	while (xml_next_attribute(&rest, &next.name, &next.value)) {
		if (next.name.size == 5 && view_has(&next.name, 0, "xmlns", 5))
			continue;
		if (count == ATTRIBUTES_MOST)
			return -1;
		attributes[count++] = next;
	}
	qsort(attributes, (size_t)count, sizeof(*attributes), by_name);
	for (int i = 1; i < count; i++) {
		if (by_name(&attributes[i - 1], &attributes[i]) == 0)
			return -1;
	}
	return count;
}

/* The start tag: the namespace where it is another one than around, then attributes. */
static int
put_start(const struct xml *xml, size_t node, bool apex, struct buf *out)
{
	const struct xml_node *one = &xml->nodes[node];
	const struct view xmlns = view_of("xmlns", 5);
	struct attribute attributes[ATTRIBUTES_MOST];
	struct view space = space_of(xml, node), around = {NULL, 0};
	int count = sorted_attributes(one, attributes);
	if (count == -1)
		return -1;
	if (!apex && one->parent != XML_NONE)
		around = space_of(xml, one->parent);
	buf_append(out, "<", 1);
	buf_append(out, one->name.data, (size_t)one->name.size);
	if (!view_equal(&space, &around))
		put_attribute(out, &xmlns, &space);
	for (int i = 0; i < count; i++)
		put_attribute(out, &attributes[i].name, &attributes[i].value);
	buf_append(out, ">", 1);
	return 0;
}

static void
put_end(const struct xml *xml, size_t node, struct buf *out)
{
	const struct view *name = &xml->nodes[node].name;
	buf_append(out, "</", 2);
	buf_append(out, name->data, (size_t)name->size);
	buf_append(out, ">", 1);
}

static void
put_text(const struct xml *xml, uint64_t from, uint64_t to, struct buf *out)
{
	struct view part;
	if (to > from && view_sub(&xml->text, from, to - from, &part) == 0)
		buf_append(out, part.data, (size_t)part.size);
}

int
xml_canonical(const struct xml *xml, size_t node, struct buf *out)
{
	size_t open[DEPTH_MOST + 1], depth = 0;
	uint64_t end = xml->nodes[node].end, at = 0;
	for (size_t i = node; i < xml->count && xml->nodes[i].start < end; i++) {
		const struct xml_node *one = &xml->nodes[i];
		while (depth > 0 && xml->nodes[open[depth - 1]].end <= one->start) {
			size_t last = open[--depth];
			put_text(xml, at, xml->nodes[last].inner_end, out);
			put_end(xml, last, out);
			at = xml->nodes[last].end;
		}
		if (i != node)
			put_text(xml, at, one->start, out);
		if (put_start(xml, i, i == node, out) == -1)
			return -1;
		at = one->inner;
		open[depth++] = i;
	}
	while (depth > 0) {
		size_t last = open[--depth];
		put_text(xml, at, xml->nodes[last].inner_end, out);
		put_end(xml, last, out);
		at = xml->nodes[last].end;
	}
	return 0;
}
