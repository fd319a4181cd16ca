/* A findings document of any shape: the verdict and every report of it. */
#include <string.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *findings = json_loadb((const char *)data, size, 0, NULL);
	if (findings == NULL)
		return 0;
	for (int kind = REPORT_TEXT; kind <= REPORT_MARKDOWN; kind++) {
		struct buf out = {0};
		report_render(findings, (enum report_kind)kind, false, 80, &out);
		if (kind != REPORT_JSON && out.data != NULL &&
		    memchr(out.data, '\033', out.size) != NULL)
			abort(); /* a terminal sequence got through */
		buf_free(&out);
	}
	if (json_is_object(findings))
		findings_conclude(findings);
	(void)findings_exit(findings);
	json_decref(findings);
	return 0;
}
