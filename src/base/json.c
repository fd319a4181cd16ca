/*
 * JSON as text: the same bytes for the same value, whoever built it. Documents of
 * many thousand entries are written, so it goes straight into one buffer.
 */
#include "base/base.h"

#define KEYS_INSERTED 24 /* so many keys are sorted by insertion */
#define DRAINED_FROM                                                                   \
	((size_t)1 << 20) /* bytes that gather before they are handed on               \
			   */

struct writer {
	struct buf *out;
	unsigned indent;
	const struct json_hooks *hooks;
};

struct pair_of {
	const char *key;
	const json_t *value;
};

/* buf_append, in place where there is room: most pieces are a few bytes. The NUL comes
 * at the end of all. */
static inline void
put(struct buf *out, const void *bytes, size_t count)
{
	if (count >= out->room - out->size) {
		buf_append(out, bytes, count);
		return;
	}
	memcpy(out->data + out->size, bytes, count);
	out->size += count;
}

static void write_value(struct writer *writer, const json_t *value, unsigned depth);

/* A new line with the blanks of its depth. */
static void
put_line(struct buf *out, unsigned indent, unsigned depth)
{
	static const char blanks[] = "                                ";
	if (indent == 0)
		return;
	put(out, "\n", 1);
	for (size_t left = (size_t)indent * depth, step; left > 0; left -= step) {
		step = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
		put(out, blanks, step);
	}
}

static void
write_line(struct writer *writer, unsigned depth)
{
	put_line(writer->out, writer->indent, depth);
}

/* RFC 8259, section 7: what must be escaped, and nothing else. */
static void
write_string(struct buf *out, const char *bytes, size_t count)
{
	static const char names[] = "btn\0fr"; /* of 8 to 13 */
	size_t from = 0;
	put(out, "\"", 1);
	for (size_t at = 0; at < count; at++) {
		unsigned char c = (unsigned char)bytes[at];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(out, bytes + from, at - from);
		from = at + 1;
		if (c >= 0x20)
			put(out, (const char[]){'\\', (char)c}, 2);
		else if (c >= 8 && c <= 13 && names[c - 8] != '\0')
			put(out, (const char[]){'\\', names[c - 8]}, 2);
		else
			buf_printf(out, "\\u%04X", c);
	}
	put(out, bytes + from, count - from);
	put(out, "\"", 1);
}

static void
write_integer(struct buf *out, json_int_t value)
{
	char digits[24], *at = digits + sizeof(digits);
	uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	do
		*--at = (char)('0' + left % 10);
	while ((left /= 10) > 0);
	if (value < 0)
		*--at = '-';
	put(out, at, (size_t)(digits + sizeof(digits) - at));
}

static int
order_pairs(const void *a, const void *b)
{
	return strcmp(((const struct pair_of *)a)->key,
		      ((const struct pair_of *)b)->key);
}

static void
sort_pairs(struct pair_of *pairs, size_t count)
{
	if (count > KEYS_INSERTED) {
		qsort(pairs, count, sizeof(*pairs), order_pairs);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct pair_of one = pairs[i];
		size_t to = i;
		for (; to > 0 && order_pairs(&pairs[to - 1], &one) > 0; to--)
			pairs[to] = pairs[to - 1];
		pairs[to] = one;
	}
}

static void
write_object(struct writer *writer, const json_t *object, unsigned depth)
{
	struct pair_of few[KEYS_INSERTED], *pairs = few;
	json_t *any = (json_t *)(uintptr_t)object; /* its iterators want it so */
	size_t count = 0, size = json_object_size(object);
	if (size > KEYS_INSERTED)
		pairs = base_alloc(size, sizeof(*pairs));
	for (void *at = json_object_iter(any); at != NULL && count < size;
	     at = json_object_iter_next(any, at))
		pairs[count++] = (struct pair_of){json_object_iter_key(at),
						  json_object_iter_value(at)};
	sort_pairs(pairs, count);
	put(writer->out, "{", 1);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			put(writer->out, ",", 1);
		write_line(writer, depth + 1);
		write_string(writer->out, pairs[i].key, strlen(pairs[i].key));
		put(writer->out, ": ", writer->indent > 0 ? 2 : 1);
		write_value(writer, pairs[i].value, depth + 1);
	}
	if (count > 0)
		write_line(writer, depth);
	put(writer->out, "}", 1);
	if (pairs != few)
		free(pairs);
}

static void
write_array(struct writer *writer, const json_t *array, unsigned depth)
{
	const struct json_hooks *hooks = writer->hooks;
	size_t count = json_array_size(array);
	put(writer->out, "[", 1);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(array, i);
		if (i > 0)
			put(writer->out, ",", 1);
		write_line(writer, depth + 1);
		if (hooks->item == NULL ||
		    !hooks->item(hooks->context, writer->out, item, writer->indent,
				 depth + 1))
			write_value(writer, item, depth + 1);
		if (hooks->drain != NULL && writer->out->size >= DRAINED_FROM)
			hooks->drain(hooks->context, writer->out);
	}
	if (count > 0)
		write_line(writer, depth);
	put(writer->out, "]", 1);
}

/* Numbers with a fraction: in findings, only of seconds. */
static void
write_real(struct buf *out, const json_t *value)
{
	char text[64];
	size_t size = json_dumpb(value, text, sizeof(text), JSON_ENCODE_ANY);
	put(out, text, size < sizeof(text) ? size : 0);
}

static void
write_value(struct writer *writer, const json_t *value, unsigned depth)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		write_object(writer, value, depth);
		break;
	case JSON_ARRAY:
		write_array(writer, value, depth);
		break;
	case JSON_STRING:
		write_string(writer->out, json_string_value(value),
			     json_string_length(value));
		break;
	case JSON_INTEGER:
		write_integer(writer->out, json_integer_value(value));
		break;
	case JSON_REAL:
		write_real(writer->out, value);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		put(writer->out, json_is_true(value) ? "true" : "false",
		    json_is_true(value) ? 4 : 5);
		break;
	case JSON_NULL:
	default:
		put(writer->out, "null", 4);
	}
}

void
buf_json_string(struct buf *out, const char *text)
{
	write_string(out, text, strlen(text));
	buf_append(out, "", 0);
}

void
buf_json_line(struct buf *out, unsigned indent, unsigned depth)
{
	put_line(out, indent, depth);
	buf_append(out, "", 0);
}

void
buf_json_at(struct buf *out, const json_t *value, unsigned indent, unsigned depth)
{
	static const struct json_hooks none = {NULL, NULL, NULL};
	struct writer writer = {out, indent, &none};
	write_value(&writer, value, depth);
	buf_append(out, "", 0);
}

void
buf_json_hooked(struct buf *out, const json_t *value, unsigned indent,
		const struct json_hooks *hooks)
{
	struct writer writer = {out, indent, hooks};
	write_value(&writer, value, 0);
	buf_append(out, "", 0);
}

void
buf_json(struct buf *out, const json_t *value, unsigned indent)
{
	buf_json_at(out, value, indent, 0);
}
