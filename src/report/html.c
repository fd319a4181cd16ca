/* The report as html. */
#include "report/report_private.h"

void
report_html(const json_t *findings, struct buf *out)
{
	report_text(findings, false, 80, out);
}
