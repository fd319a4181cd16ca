/* Which writer makes which report. */
#include "report/report_private.h"

void
report_render(const json_t *findings, enum report_kind kind, bool colour,
	      unsigned columns, struct buf *out)
{
	switch (kind) {
	case REPORT_TEXT:
		report_text(findings, colour, columns, out);
		break;
	case REPORT_JSON:
		report_json(findings, out);
		break;
	case REPORT_HTML:
		report_html(findings, out);
		break;
	case REPORT_MARKDOWN:
		report_markdown(findings, out);
		break;
	}
}
