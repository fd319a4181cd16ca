/* The report as markdown. */
#include "report/report_private.h"

void
report_markdown(const json_t *findings, struct buf *out)
{
	report_text(findings, false, 80, out);
}
