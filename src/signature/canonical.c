/*
 * Canonical JSON as TUF and in-toto sign it (OLPC's "Canonical JSON"): no white space,
 * members in the order of their names' bytes, whole numbers alone, and in strings
 * nothing escaped but '"' and '\'.
 */
#include "signature/signature_private.h"

#define DEPTH_MOST 256

static int append_value(struct buf *out, const json_t *value, unsigned depth);

static void
append_string(struct buf *out, const char *text)
{
	buf_append(out, "\"", 1);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_append(out, "\\", 1);
		buf_append(out, text, 1);
	}
	buf_append(out, "\"", 1);
}

static int
append_array(struct buf *out, const json_t *array, unsigned depth)
{
	const json_t *item;
	size_t index;
	buf_append(out, "[", 1);
	json_array_foreach(array, index, item)
	{
		if (index > 0)
			buf_append(out, ",", 1);
		if (append_value(out, item, depth) == -1)
			return -1;
	}
	buf_append(out, "]", 1);
	return 0;
}

static int
append_object(struct buf *out, const json_t *object, unsigned depth)
{
	struct strings names = {0};
	const char *name;
	json_t *value;
	int answer = 0;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	    strings_add(&names, name);
	strings_sort(&names);
	buf_append(out, "{", 1);
	for (size_t i = 0; i < names.count && answer == 0; i++) {
		if (i > 0)
			buf_append(out, ",", 1);
		append_string(out, names.items[i]);
		buf_append(out, ":", 1);
		answer =
		    append_value(out, json_object_get(object, names.items[i]), depth);
	}
	buf_append(out, "}", 1);
	strings_free(&names);
	return answer;
}

static int
append_value(struct buf *out, const json_t *value, unsigned depth)
{
	if (depth == DEPTH_MOST)
		return -1;
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return append_object(out, value, depth + 1);
	case JSON_ARRAY:
		return append_array(out, value, depth + 1);
	case JSON_STRING:
		append_string(out, json_string_value(value));
		return 0;
	case JSON_INTEGER:
		buf_printf(out, "%jd", (intmax_t)json_integer_value(value));
		return 0;
	case JSON_TRUE:
		buf_puts(out, "true");
		return 0;
	case JSON_FALSE:
		buf_puts(out, "false");
		return 0;
	case JSON_NULL:
		buf_puts(out, "null");
		return 0;
	case JSON_REAL:
		break;
	}
	return -1;
}

int
canonical_json(const json_t *value, struct buf *out)
{
	return append_value(out, value, 0);
}
