/* What the report room's own files share: reading a document that may be hostile. */
#ifndef VERIFY_REPORT_PRIVATE_H
#define VERIFY_REPORT_PRIVATE_H

#include "report/report.h"

/* The string `key` of an object; NULL when there is none or it is no string. */
const char *finding_string(const json_t *object, const char *key);
/* The same, or `otherwise`. */
const char *finding_string_or(const json_t *object, const char *key,
			      const char *otherwise);
/* Is the string `key` exactly `value`? */
bool finding_is(const json_t *object, const char *key, const char *value);
/* The non-negative integer `key`, 0 when there is none. */
uint64_t finding_number(const json_t *object, const char *key);
/* Elements of the array `key`, 0 when it is none. */
size_t finding_length(const json_t *object, const char *key);
/* Element of the array `key`; NULL past its end. */
json_t *finding_at(const json_t *object, const char *key, size_t index);

/* "counts" of a document: a key for each file status, "compared", "differences",
 * "signatures", "signatures_valid". A new object. */
json_t *verdict_counts(const json_t *findings);
/* "verdict" of a document, from everything in it but "counts", "verdict" and "run".
 * A new object. */
json_t *verdict_of(const json_t *findings);

/* The writers; each appends to `out`. */
void report_text(const json_t *findings, bool colour, unsigned columns,
		 struct buf *out);
void report_json(const json_t *findings, struct buf *out);
void report_html(const json_t *findings, struct buf *out);
void report_markdown(const json_t *findings, struct buf *out);

#endif
