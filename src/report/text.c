/* The report as text. */
#include "report/report_private.h"

void
report_text(const json_t *findings, bool colour, unsigned columns, struct buf *out)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	(void)colour;
	(void)columns;
	buf_printf(out, "verdict: %s (%s)\n",
		   finding_string_or(verdict, "bytes", "undecided"),
		   finding_string_or(verdict, "scope", ""));
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (!finding_is(file, "status", "identical"))
			buf_printf(out, "%s: %s\n",
				   finding_string_or(file, "path", "?"),
				   finding_string_or(file, "status", "?"));
	}
	buf_printf(out, "exit status: %d\n", findings_exit(findings));
}
