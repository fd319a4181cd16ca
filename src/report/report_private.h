/* What the report room's own files share: reading a document that may be hostile. */
#ifndef VERIFY_REPORT_PRIVATE_H
#define VERIFY_REPORT_PRIVATE_H

#include "report/report.h"

/*
 * The string `key` of an object; NULL when there is none or it is no string. A pack of
 * identical files (compare.h) stands among the elements of "files" and answers for its
 * "status" only: it has nothing else to be told one by one.
 */
const char *finding_string(const json_t *object, const char *key);
/* The same, or `otherwise`. */
const char *finding_string_or(const json_t *object, const char *key,
			      const char *otherwise);
/* Is the string `key` exactly `value`? */
bool finding_is(const json_t *object, const char *key, const char *value);
/* The non-negative integer `key`, 0 when there is none. */
uint64_t finding_number(const json_t *object, const char *key);
/* Entries of "files", those in packs counted; entries that an element of it stands for. */
size_t finding_files(const json_t *findings);
size_t finding_entries(const json_t *file);
/* Elements of the array `key`, 0 when it is none. */
size_t finding_length(const json_t *object, const char *key);
/* Element of the array `key`; NULL past its end. */
json_t *finding_at(const json_t *object, const char *key, size_t index);

/* The string that is element `index` of the array `key`; "?" when there is none. */
const char *finding_item(const json_t *object, const char *key, size_t index);

/* "counts" of a document: a key for each file status, "compared", "differences",
 * "signatures", "signatures_valid". A new object. */
json_t *verdict_counts(const json_t *findings);
/* "verdict" of a document, from everything in it but "counts", "verdict" and "run".
 * A new object. */
json_t *verdict_of(const json_t *findings);

/* ---- words.c: sentences that all reports share, before each one's escapes ---- */

/* The word that stands for the whole verdict: that on bytes, or where none were
 * compared because signatures were asked for, that on signatures. */
const char *words_verdict(const json_t *findings);

/* Good, bad, or neither: colour beside the word, never instead of it. */
enum tone { TONE_GOOD, TONE_BAD, TONE_OPEN };
enum tone words_tone(const char *word);

/* The statuses of files, from fine to not, as verify-findings(5) has them. */
extern const char *const words_statuses[];
extern const size_t words_status_count;

/* What an exit status means, for any document and for this one. */
const char *words_exit(int status);
const char *words_exit_of(const json_t *findings);

/*
 * Append `text` with control, bidirectional and invisible characters escaped, once
 * more: a findings file may be hostile. Backslashes of shown text stay as they
 * are. At most `limit` bytes of it, and then how many more there were.
 */
void words_escape(struct buf *out, const char *text, size_t limit);

/* Each appends one line without an end: the release's name and version or the
 * command and its inputs; */
void words_title(const json_t *findings, struct buf *out);
/* what brought a file and the one it was compared with together, nothing when that
 * was the path; */
void words_pairing(const json_t *file, struct buf *out);
/* where a difference is, with its ranges; */
void words_place(const json_t *difference, struct buf *out);
/* one side's bytes in hexadecimal, or its field's value; */
void words_value(const json_t *difference, const char *side, struct buf *out);
/* "likely: embedded date, …", nothing when no cause is known; */
void words_cause(const json_t *difference, struct buf *out);
/* "PLACE: NAME, follows from … (proved: …)" and true, when it is a consequence of another; */
bool words_follows(const json_t *difference, struct buf *out);
/* is it one? */
bool finding_follows(const json_t *difference);
/* the common name of a certificate's subject, or all of it; */
void words_common_name(const json_t *certificate, struct buf *out);
/* "Name (US) RSA 2048, 2025-06-19/2026-06-17"; */
void words_certificate(const json_t *certificate, struct buf *out);
/* "; anchor LABEL" when it is one; a fingerprint as label is shortened; */
void words_anchor(const json_t *certificate, struct buf *out);
/* user id and primary fingerprint of an OpenPGP signer, or the bare key; */
void words_openpgp(const json_t *signature, struct buf *out);
/* how many bytes of the file are what to a signature; nothing when all are signed; */
void words_coverage(const json_t *signature, struct buf *out);
/* at what time a signature was judged, and its status now when that is another; */
void words_judged(const json_t *signature, struct buf *out);
/* who signed an input, nothing when no signature of it was checked; */
void words_input_signer(const json_t *findings, const json_t *input, struct buf *out);
/* how the build ended; */
void words_build(const json_t *findings, struct buf *out);
/* which toolchain it had; */
void words_toolchain(const json_t *toolchain, struct buf *out);
/* "1 signature-only, 14 unbuilt". */
void words_counts(const json_t *findings, struct buf *out);

/* ---- table.c: tables that more than one report has ---- */

enum column_kind { COLUMN_TEXT, COLUMN_CODE, COLUMN_WORD, COLUMN_NUMBER };

struct column {
	const char *name;
	enum column_kind kind;
};

/* Cells row after row, as they stand in the findings: a writer escapes them. */
struct table {
	const char *caption, *what; /* `what` names the rows where some are left out */
	const struct column *columns;
	size_t column_count;
	struct strings cells;
	size_t all; /* rows that there are, of which `cells` may have fewer */
};

/* Each fills a table with at most about `most` rows: what was read; */
void table_inputs(const json_t *findings, size_t most, struct table *table);
/* the rules of the signature policy; */
void table_policy(const json_t *findings, size_t most, struct table *table);
/* the exceptions that were used, over all files; */
void table_exceptions(const json_t *findings, size_t most, struct table *table);
/* what was built. */
void table_outputs(const json_t *findings, size_t most, struct table *table);
/* Rows in `cells`. */
size_t table_rows(const struct table *table);
void table_free(struct table *table);

/* ---- the writers; each appends to `out` ---- */

void report_text(const json_t *findings, bool colour, unsigned columns,
		 struct buf *out);
void report_json(const json_t *findings, const struct json_hooks *hooks,
		 struct buf *out);
void report_html(const json_t *findings, struct buf *out);
void report_markdown(const json_t *findings, struct buf *out);

#endif
