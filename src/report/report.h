/*
 * report: the verdict, and the findings as text, JSON, HTML and Markdown.
 *
 * The verdict is a pure function of the findings document; reports compute nothing
 * else. verify-findings(5) and verify-findings.schema.json define the document.
 * All text in findings is shown text (base.h) already; each writer adds what its
 * own output needs (HTML and Markdown escapes).
 */
#ifndef VERIFY_REPORT_H
#define VERIFY_REPORT_H

#include "base/base.h"
#include "compare/compare.h"
#include "signature/signature.h"

enum exit_status {
	EXIT_REPRODUCED = 0,
	EXIT_DIFFERS = 1,
	EXIT_USAGE = 2,
	EXIT_UNDECIDED = 3,
	EXIT_POLICY = 4,
};

/* A new document with "schema", "tool" and "command" ("run", "compare",
 * "signatures", "rebuild") and empty sections. */
json_t *findings_new(const char *command);
/* {"role", "path", "size", "sha256"} and, when given, "expected_sha256" and "status".
 */
void findings_add_input(json_t *findings, const char *role, const char *path,
			uint64_t size, const struct sha256 *sha256,
			const struct sha256 *expected);
/* The same for one that could not be read. */
void findings_add_missing_input(json_t *findings, const char *role, const char *path,
				const char *reason);
/* Add "counts" and "verdict" (bytes, signatures, exit, reasons, scope, not_said). */
void findings_conclude(json_t *findings);
/* The exit status of a concluded document. */
int findings_exit(const json_t *findings);
/* Read a findings file back: ERR_INPUT when it is no findings document of schema 1. The
 * verdict is computed again and must agree with the one in the file. */
int findings_read(const char *path, json_t **findings, struct err *err);

enum report_kind { REPORT_TEXT, REPORT_JSON, REPORT_HTML, REPORT_MARKDOWN };

/* Takes the next bytes of a report; -1 with err set ends it. */
typedef int report_sink(void *context, const void *bytes, size_t count,
			struct err *err);
/* Write a report, a long one piece by piece; -1 when the sink says so. `colour` is for
 * text only; `columns` is the width (80 when 0). */
int report_write(const json_t *findings, enum report_kind kind, bool colour,
		 unsigned columns, report_sink *sink, void *context, struct err *err);
/* The same into memory. */
void report_render(const json_t *findings, enum report_kind kind, bool colour,
		   unsigned columns, struct buf *out);

#endif
