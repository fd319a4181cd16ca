/* The findings as JSON: the same bytes for the same findings. */
#include "report/report_private.h"

/* Keys sorted, two spaces, and "run", which alone may vary, last. Of many files the
 * text is handed on while it is written; what stands after "files" is not. */
void
report_json(const json_t *findings, const struct json_hooks *hooks, struct buf *out)
{
	json_t *document = json_copy((json_t *)(uintptr_t)findings);
	json_t *run = json_incref(json_object_get(document, "run"));
	json_object_del(document, "run");
	buf_json_hooked(out, document, 2, hooks);
	if (run != NULL && json_object_size(document) > 0) {
		struct buf text = {0};
		buf_json(&text, run, 2);
		out->size -= 2; /* "\n}" */
		buf_puts(out, ",\n  \"run\": ");
		for (const char *at = text.data; *at != '\0'; at++)
			buf_puts(out, *at == '\n' ? "\n  " : (const char[]){*at, '\0'});
		buf_puts(out, "\n}");
		buf_free(&text);
	}
	buf_puts(out, "\n");
	json_decref(run);
	json_decref(document);
}
