/* The findings as JSON: the same bytes for the same findings. */
#include "report/report_private.h"

/* Keys sorted, two spaces, and "run", which alone may vary, last. */
void
report_json(const json_t *findings, struct buf *out)
{
	static const size_t flags = JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY;
	json_t *document = json_copy((json_t *)(uintptr_t)findings);
	json_t *run = json_incref(json_object_get(document, "run"));
	json_object_del(document, "run");
	char *text = json_dumps(document, flags);
	buf_puts(out, text ? text : "{}");
	free(text);
	text = run ? json_dumps(run, flags) : NULL;
	if (text != NULL && out->size >= 2 && json_object_size(document) > 0) {
		out->size -= 2; /* "\n}" */
		buf_puts(out, ",\n  \"run\": ");
		for (const char *at = text; *at != '\0'; at++)
			buf_puts(out, *at == '\n' ? "\n  " : (const char[]){*at, '\0'});
		buf_puts(out, "\n}");
	}
	free(text);
	buf_puts(out, "\n");
	json_decref(run);
	json_decref(document);
}
