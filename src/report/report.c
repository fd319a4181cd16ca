/* Which writer makes which report. */
#include "report/report_private.h"

/* Where a report goes while it is written. */
struct writing {
	report_sink *sink;
	void *context;
	struct err *err;
	int result;
};

static void
writing_drain(void *context, struct buf *gathered)
{
	struct writing *writing = context;
	if (writing->result == 0)
		writing->result = writing->sink(writing->context, gathered->data,
						gathered->size, writing->err);
	buf_clear(gathered);
}

int
report_write(const json_t *findings, enum report_kind kind, bool colour,
	     unsigned columns, report_sink *sink, void *context, struct err *err)
{
	struct writing writing = {sink, context, err, 0};
	const struct json_hooks hooks = {pack_write, writing_drain, &writing};
	struct buf out = {0};
	switch (kind) {
	case REPORT_TEXT:
		report_text(findings, colour, columns, &out);
		break;
	case REPORT_JSON:
		report_json(findings, &hooks, &out);
		break;
	case REPORT_HTML:
		report_html(findings, &out);
		break;
	case REPORT_MARKDOWN:
		report_markdown(findings, &out);
		break;
	}
	if (out.size > 0)
		writing_drain(&writing, &out);
	buf_free(&out);
	return writing.result;
}

static int
sink_append(void *context, const void *bytes, size_t count, struct err *err)
{
	buf_append(context, bytes, count);
	return 0;
}

void
report_render(const json_t *findings, enum report_kind kind, bool colour,
	      unsigned columns, struct buf *out)
{
	struct err err = {0};
	(void)report_write(findings, kind, colour, columns, sink_append, out, &err);
}
