/* Tables that more than one report has: the same rows, each writer's own markup. */
#include "report/report_private.h"

#include <stdlib.h>

/* A cell of the next free place, row after row. */
static void
table_add(struct table *table, const char *text)
{
	strings_add(&table->cells, text ? text : "");
}

void
table_inputs(const json_t *findings, size_t most, struct table *table)
{
	static const struct column columns[] = {
	    {"Role", COLUMN_TEXT},    {"File", COLUMN_CODE},   {"Size", COLUMN_NUMBER},
	    {"SHA-256", COLUMN_CODE}, {"Status", COLUMN_WORD}, {"Note", COLUMN_TEXT}};
	const json_t *release = json_object_get(findings, "release");
	*table = (struct table){.caption = "What was read, with its SHA-256",
				.what = "inputs",
				.columns = columns,
				.column_count = ARRAY_COUNT(columns),
				.all = finding_length(findings, "inputs")};
	if (finding_string(release, "file") != NULL) {
		table_add(table, "description");
		table_add(table, finding_string(release, "file"));
		table_add(table, "");
		table_add(table, finding_string(release, "sha256"));
		table_add(table, "");
		table_add(table, "");
		table->all++;
	}
	for (size_t i = 0; i < finding_length(findings, "inputs") && i < most; i++) {
		const json_t *input = finding_at(findings, "inputs", i);
		const char *reason = finding_string(input, "reason");
		struct buf note = {0}, who = {0};
		char size[32] = "";
		if (json_is_integer(json_object_get(input, "size")))
			text_size(finding_number(input, "size"), size);
		words_input_signer(findings, input, &who);
		buf_printf(&note, "%s%s%s", reason ? reason : "",
			   reason && who.size > 0 ? "; " : "",
			   who.size > 0 ? who.data : "");
		table_add(table, finding_string_or(input, "role", "?"));
		table_add(table, finding_string_or(input, "path", "?"));
		table_add(table, size);
		table_add(table, finding_string(input, "sha256"));
		table_add(table, finding_string_or(input, "status", "?"));
		table_add(table, note.data);
		buf_free(&note);
		buf_free(&who);
	}
}

void
table_policy(const json_t *findings, size_t most, struct table *table)
{
	static const struct column columns[] = {{"Rule", COLUMN_TEXT},
						{"Met", COLUMN_WORD},
						{"Expected", COLUMN_TEXT},
						{"Found", COLUMN_TEXT},
						{"File", COLUMN_CODE}};
	const json_t *policy = json_object_get(findings, "policy");
	*table = (struct table){.caption = "Each rule of the release description",
				.what = "rules",
				.columns = columns,
				.column_count = ARRAY_COUNT(columns),
				.all = finding_length(policy, "rules")};
	for (size_t i = 0; i < table->all && i < most; i++) {
		const json_t *rule = finding_at(policy, "rules", i);
		bool met = json_is_true(json_object_get(rule, "met"));
		table_add(table, finding_string_or(rule, "rule", "?"));
		table_add(table, met ? "met" : "not-met");
		table_add(table, finding_string(rule, "expected"));
		table_add(table, finding_string(rule, "found"));
		table_add(table, finding_string(rule, "path"));
	}
}

/* One use of an exception, with what was recomputed because of it. */
static void
table_exception(struct table *table, const json_t *file, const json_t *exception)
{
	struct buf recomputed = {0};
	char *bytes = base_format("%ju", (uintmax_t)finding_number(exception, "bytes"));
	for (size_t i = 0; i < finding_length(exception, "recomputed") && i < 8; i++)
		buf_printf(&recomputed, "%s%s", i ? "; " : "",
			   finding_item(exception, "recomputed", i));
	table_add(table, finding_string_or(file, "path", "?"));
	table_add(table, finding_string_or(exception, "rule", "?"));
	table_add(table, finding_string_or(exception, "extent", "?"));
	table_add(table, bytes);
	table_add(table, finding_string(exception, "reason"));
	table_add(table, recomputed.data);
	buf_free(&recomputed);
	free(bytes);
}

void
table_exceptions(const json_t *findings, size_t most, struct table *table)
{
	static const struct column columns[] = {{"File", COLUMN_CODE},
						{"Rule", COLUMN_TEXT},
						{"Covered", COLUMN_TEXT},
						{"Bytes", COLUMN_NUMBER},
						{"Declared reason", COLUMN_TEXT},
						{"Recomputed", COLUMN_TEXT}};
	*table = (struct table){.caption = "Each exception that was used, and the "
					   "bytes that it covered",
				.what = "uses of exceptions",
				.columns = columns,
				.column_count = ARRAY_COUNT(columns)};
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		for (size_t k = 0; k < finding_length(file, "exceptions"); k++) {
			if (table->all++ < most)
				table_exception(table, file,
						finding_at(file, "exceptions", k));
		}
	}
}

void
table_outputs(const json_t *findings, size_t most, struct table *table)
{
	static const struct column columns[] = {
	    {"Built", COLUMN_CODE}, {"Size", COLUMN_NUMBER}, {"SHA-256", COLUMN_CODE}};
	const json_t *build = json_object_get(findings, "build");
	*table = (struct table){.caption = "What was built",
				.what = "outputs",
				.columns = columns,
				.column_count = ARRAY_COUNT(columns),
				.all = finding_length(build, "outputs")};
	for (size_t i = 0; i < table->all && i < most; i++) {
		const json_t *output = finding_at(build, "outputs", i);
		char size[32];
		text_size(finding_number(output, "size"), size);
		table_add(table, finding_string_or(output, "path", "?"));
		table_add(table, size);
		table_add(table, finding_string(output, "sha256"));
	}
}

size_t
table_rows(const struct table *table)
{
	return table->cells.count / table->column_count;
}

void
table_free(struct table *table)
{
	strings_free(&table->cells);
}
