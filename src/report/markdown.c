/*
 * The report as Markdown (GitHub's dialect), for a release page or the summary of a
 * nightly job. Text out of the findings goes through md_text: every character that
 * Markdown or HTML could read as markup is escaped.
 */
#include "report/report_private.h"

enum {
	FILES_SHOWN = 100,
	DIFFERENCES_SHOWN = 10,
	ITEMS_SHOWN = 50,
	TEXT_LIMIT = 500,
	UNFOLDED = 2, /* differences of a file that stand in the list at once */
	/* A release page takes 125,000 characters; files may have so many bytes of it,
	 * and all that is listed so many. */
	FILES_MOST = 50000,
	PAGE_MOST = 90000,
};

/*
 * The one door for text out of the findings. An empty comment after '@', '#', ':' of
 * an address and "www" keeps sites from turning text into mentions and links, which
 * they do after entities are resolved.
 */
static void
md_text(struct buf *out, const char *text)
{
	struct buf shown = {0};
	words_escape(&shown, text, TEXT_LIMIT);
	for (size_t i = 0; i < shown.size; i++) {
		switch (shown.data[i]) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '@':
		case '#':
			buf_printf(out, "%c<!-- -->", shown.data[i]);
			break;
		case ':':
			buf_puts(out, shown.data[i + 1] == '/' ? ":<!-- -->" : ":");
			break;
		case '.':
			if (i >= 3 && strncasecmp(shown.data + i - 3, "www", 3) == 0)
				buf_puts(out, "<!-- -->");
			buf_puts(out, ".");
			break;
		case '|':
		case '\\':
		case '`':
		case '*':
		case '_':
		case '[':
		case ']':
		case '~':
		case '$':
		case '!':
			buf_printf(out, "\\%c", shown.data[i]);
			break;
		default:
			buf_append(out, shown.data + i, 1);
		}
	}
	buf_free(&shown);
}

/* One line: `lead` is markup of ours, the rest is text. */
static void PRINTF_LIKE(3, 4)
    md_line(struct buf *out, const char *lead, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	buf_puts(out, lead);
	md_text(out, text.data ? text.data : "");
	buf_puts(out, "\n");
	buf_free(&text);
}

/* A cell of a table, with its bar. */
static void
md_cell(struct buf *out, const char *text)
{
	buf_puts(out, " ");
	md_text(out, text);
	buf_puts(out, " |");
}

static void
md_cut(struct buf *out, const char *lead, size_t all, size_t shown, const char *what)
{
	if (all > shown)
		md_line(out, lead, "… %zu more %s, all in the JSON findings",
			all - shown, what);
}

/* Is there room for one more item? */
static bool
md_room(const struct buf *out, size_t most)
{
	return out->size < most;
}

/* What can be opened where it is shown; `indent` keeps it in its list item. The empty
 * line makes what follows Markdown again. */
static void
md_fold(struct buf *out, const char *indent, size_t count, const char *what)
{
	buf_printf(out, "%s<details><summary>%zu %s%s</summary>\n\n", indent, count,
		   what, count == 1 ? "" : "s");
}

static void
md_fold_end(struct buf *out, const char *indent)
{
	buf_printf(out, "\n%s</details>\n\n", indent);
}

static void
md_list(struct buf *out, const json_t *object, const char *key, const char *what)
{
	size_t count = finding_length(object, key);
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++)
		md_line(out, "- ", "%s", finding_item(object, key, i));
	md_cut(out, "- ", count, ITEMS_SHOWN, what);
}

static void
md_verdict(struct buf *out, const json_t *findings)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	struct buf title = {0};
	words_title(findings, &title);
	md_line(out, "## ", "%s: %s", title.data, words_verdict(findings));
	buf_puts(out, "\n**");
	md_text(out, finding_string_or(verdict, "scope", "?"));
	buf_puts(out, "**; signatures: **");
	md_text(out, finding_string_or(verdict, "signatures", "?"));
	buf_puts(out, "**; policy: **");
	md_text(out, finding_string_or(verdict, "policy", "?"));
	buf_printf(out, "**; exit status %d: %s\n\n", findings_exit(findings),
		   words_exit_of(findings));
	md_list(out, verdict, "reasons", "reasons");
	buf_free(&title);
}

static void
md_table(struct buf *out, const struct table *table)
{
	size_t rows = table_rows(table), row = 0;
	buf_puts(out, "|");
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(out, " %s |", table->columns[i].name);
	buf_puts(out, "\n|");
	for (size_t i = 0; i < table->column_count; i++)
		buf_puts(out, " --- |");
	buf_puts(out, "\n");
	for (; row < rows && md_room(out, PAGE_MOST); row++) {
		buf_puts(out, "|");
		for (size_t i = 0; i < table->column_count; i++)
			md_cell(out, table->cells.items[row * table->column_count + i]);
		buf_puts(out, "\n");
	}
	md_cut(out, "\n", table->all, row, table->what);
}

/* A section that is one table, nothing when it has no row. */
static void
md_table_section(struct buf *out, const char *heading, struct table *table)
{
	if (table_rows(table) > 0) {
		buf_printf(out, "\n### %s\n\n", heading);
		md_table(out, table);
	}
	table_free(table);
}

static void
md_inputs(struct buf *out, const json_t *findings)
{
	struct table table;
	table_inputs(findings, ITEMS_SHOWN, &table);
	if (table_rows(&table) > 0) {
		buf_puts(out, "\n### Inputs\n\n");
		md_fold(out, "", table.all, "input");
		md_table(out, &table);
		md_fold_end(out, "");
	}
	table_free(&table);
}

static void
md_build(struct buf *out, const json_t *findings)
{
	const json_t *build = json_object_get(findings, "build");
	const json_t *toolchain = json_object_get(build, "toolchain");
	struct buf line = {0};
	if (!json_is_object(build))
		return;
	buf_puts(out, "\n### Build\n\n");
	words_build(findings, &line);
	md_line(out, "- ", "%s", line.data);
	if (json_is_object(toolchain)) {
		buf_clear(&line);
		words_toolchain(toolchain, &line);
		md_line(out, "- ", "toolchain %s", line.data);
	}
	buf_free(&line);
}

static void
md_difference(struct buf *out, const json_t *difference)
{
	struct buf line = {0};
	if (!words_follows(difference, &line)) {
		words_place(difference, &line);
		buf_puts(&line, "; shipped ");
		words_value(difference, "shipped", &line);
		buf_puts(&line, ", rebuilt ");
		words_value(difference, "rebuilt", &line);
		if (json_is_object(json_object_get(difference, "cause"))) {
			buf_puts(&line, "; ");
			words_cause(difference, &line);
		}
	}
	md_line(out, "  - ", "%s", line.data);
	buf_free(&line);
}

/* At most `most` differences: those that follow from others, or the ones before
 * them. How many were shown. */
static size_t
md_some(struct buf *out, const json_t *file, bool follows, size_t most)
{
	size_t listed = finding_length(file, "differences"), shown = 0;
	for (size_t i = 0; i < listed && shown < most; i++) {
		const json_t *difference = finding_at(file, "differences", i);
		if (finding_follows(difference) != follows || !md_room(out, FILES_MOST))
			continue;
		md_difference(out, difference);
		shown++;
	}
	return shown;
}

/* The first differences of a file, folded away when they are many. */
static void
md_differences(struct buf *out, const json_t *file)
{
	size_t listed = finding_length(file, "differences"), shown = 0;
	size_t all = (size_t)finding_number(file, "difference_count");
	bool folded = listed > UNFOLDED;
	if (folded)
		md_fold(out, "  ", all, "difference");
	for (int follows = 0; follows < 2; follows++)
		shown += md_some(out, file, follows == 1, DIFFERENCES_SHOWN - shown);
	if (all > listed)
		md_line(out, "  - ",
			"… %zu more differences, %zu of them in the JSON "
			"findings",
			all - shown, listed - shown);
	else
		md_cut(out, "  - ", listed, shown, "differences");
	if (folded)
		md_fold_end(out, "  ");
}

static void
md_file(struct buf *out, const json_t *file)
{
	const char *reason = finding_string(file, "reason");
	struct buf why = {0};
	md_line(out, "- ", "%s %s%s%s", finding_string_or(file, "status", "undecided"),
		finding_string_or(file, "path", "(no path)"), reason ? ": " : "",
		reason ? reason : "");
	words_pairing(file, &why);
	if (why.size > 0)
		md_line(out, "  - ", "%s as %s", why.data,
			finding_string_or(file, "built", "?"));
	buf_free(&why);
	md_differences(out, file);
}

/* What is pinned and not verified: there to be read, not in the way. */
static void
md_unbuilt(struct buf *out, const json_t *findings)
{
	json_t *counts = verdict_counts(findings);
	size_t all = (size_t)finding_number(counts, "unbuilt"), shown = 0;
	json_decref(counts);
	if (all == 0)
		return;
	buf_puts(out, "\n");
	md_fold(out, "", all, "unbuilt file");
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (!finding_is(file, "status", "unbuilt") || shown >= FILES_SHOWN ||
		    !md_room(out, FILES_MOST))
			continue;
		md_file(out, file);
		shown++;
	}
	md_cut(out, "- ", all, shown, "files");
	md_fold_end(out, "");
}

static void
md_files(struct buf *out, const json_t *findings)
{
	if (!finding_is(findings, "command", "run") &&
	    !finding_is(findings, "command", "compare"))
		return;
	struct buf line = {0};
	size_t all = 0, shown = 0;
	words_counts(findings, &line);
	buf_puts(out, "\n### Files\n\n");
	md_line(out, "", "Files: %s", line.data);
	buf_puts(out, "\n");
	buf_free(&line);
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (finding_is(file, "status", "identical") ||
		    finding_is(file, "status", "unbuilt"))
			continue;
		all++;
		if (shown >= FILES_SHOWN || !md_room(out, FILES_MOST))
			continue;
		md_file(out, file);
		shown++;
	}
	md_cut(out, "- ", all, shown, "files");
	md_unbuilt(out, findings);
}

static void
md_signatures(struct buf *out, const json_t *findings, const char *key,
	      const char *heading)
{
	size_t count = finding_length(findings, key), i = 0;
	if (count == 0)
		return;
	buf_printf(out, "\n### %s\n\n", heading);
	for (; i < count && i < ITEMS_SHOWN && md_room(out, PAGE_MOST); i++) {
		const json_t *signature = finding_at(findings, key, i);
		const char *reason = finding_string(signature, "reason");
		struct buf line = {0};
		md_line(out, "- ", "%s %s %s%s%s",
			finding_string_or(signature, "status", "?"),
			finding_string_or(signature, "scheme", "?"),
			finding_string_or(signature, "path", "?"), reason ? ": " : "",
			reason ? reason : "");
		words_openpgp(signature, &line);
		if (line.size > 0)
			md_line(out, "  - ", "%s", line.data);
		size_t chain = finding_length(signature, "chain");
		for (size_t k = 0; k < chain && k < DIFFERENCES_SHOWN; k++) {
			const json_t *certificate = finding_at(signature, "chain", k);
			buf_clear(&line);
			words_certificate(certificate, &line);
			words_anchor(certificate, &line);
			md_line(out, "  - ", "%s%s", k ? "by " : "", line.data);
		}
		buf_clear(&line);
		words_judged(signature, &line);
		if (line.size > 0)
			md_line(out, "  - ", "%s", line.data);
		buf_free(&line);
	}
	md_cut(out, "- ", count, i, "signatures");
}

static void
md_policy(struct buf *out, const json_t *findings)
{
	struct table table;
	table_policy(findings, ITEMS_SHOWN, &table);
	md_table_section(out, "Signature policy", &table);
}

static void
md_exceptions(struct buf *out, const json_t *findings)
{
	struct table table;
	table_exceptions(findings, ITEMS_SHOWN, &table);
	md_table_section(out, "Exceptions used", &table);
}

void
report_markdown(const json_t *findings, struct buf *out)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	md_verdict(out, findings);
	if (finding_length(verdict, "not_said") > 0) {
		buf_puts(out, "\n### What this does not say\n\n");
		md_list(out, verdict, "not_said", "sentences");
	}
	md_files(out, findings);
	md_exceptions(out, findings);
	md_signatures(out, findings, "signatures", "Signatures");
	md_signatures(out, findings, "source_signatures", "Signatures of sources");
	md_policy(out, findings);
	md_build(out, findings);
	md_inputs(out, findings);
}
