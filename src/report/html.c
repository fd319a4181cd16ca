/*
 * The report as one HTML page: no script, nothing fetched, readable on paper and in
 * the dark. Text out of the findings goes through html_text, which escapes it; every
 * other string is a constant of this file.
 */
#include "report/report_private.h"

enum {
	FILES_SHOWN = 2000,
	DIFFERENCES_SHOWN = 100,
	ITEMS_SHOWN = 200,
	TEXT_LIMIT = 4000,
};

/* A page allows itself its own styles, and nothing else. */
static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n";

static const char page_style[] =
    "<style>\n"
    ":root{--fg:#1b1b1b;--bg:#fff;--soft:#5a5a5a;--line:#c8c8c8;--box:#f4f4f2;"
    "--good:#14632a;--bad:#a3131b;--open:#7a4b00}\n"
    "@media(prefers-color-scheme:dark){:root{--fg:#e8e8e6;--bg:#161616;--soft:#b0b0ae;"
    "--line:#4a4a4a;--box:#222;--good:#7fd493;--bad:#ff9a94;--open:#f0c068}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);"
    "max-width:70rem;margin:0 auto;padding:1rem}\n"
    "h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2rem}\n"
    "code,pre,td.hex{font-family:ui-monospace,monospace;font-size:.9em}\n"
    "code,td,li,pre,p{overflow-wrap:anywhere}pre{white-space:pre-wrap}\n"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}\n"
    "caption{text-align:left;color:var(--soft);padding:.2rem 0}\n"
    "th,td{text-align:left;vertical-align:top;border-bottom:1px solid var(--line);"
    "padding:.25rem .5rem}\n"
    ".verdict{border:2px solid;border-radius:.5rem;padding:.5rem 1rem;"
    "background:var(--box)}\n"
    ".verdict strong{font-size:1.4rem}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}.open{color:var(--open)}\n"
    ".verdict p,.verdict ul{color:var(--fg)}\n"
    "details{border:1px solid var(--line);border-radius:.3rem;margin:.4rem 0;"
    "padding:.3rem .6rem}summary{cursor:pointer}\n"
    "ol.chain{list-style:none;padding-left:1rem;border-left:2px solid var(--line)}\n"
    "@media print{body{max-width:none;font-size:10pt}details{break-inside:avoid}"
    ":root{--fg:#000;--bg:#fff;--box:#fff;--good:#000;--bad:#000;--open:#000}}\n"
    "</style>\n";

/* The one door for text out of the findings. */
static void
html_text(struct buf *out, const char *text)
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
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_append(out, shown.data + i, 1);
		}
	}
	buf_free(&shown);
}

/* <tag>text</tag>; `tag` may be "td class=…": the end takes its first word. */
static void
html_element(struct buf *out, const char *tag, const char *text)
{
	buf_printf(out, "<%s>", tag);
	html_text(out, text);
	buf_printf(out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

static void PRINTF_LIKE(3, 4)
    html_format(struct buf *out, const char *tag, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	html_element(out, tag, text.data ? text.data : "");
	buf_free(&text);
}

/* A word whose colour repeats its meaning. */
static void
html_word(struct buf *out, const char *tag, const char *word)
{
	static const char *const classes[] = {
	    [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_OPEN] = "open"};
	buf_printf(out, "<%s class=\"%s\">", tag, classes[words_tone(word)]);
	html_text(out, word);
	buf_printf(out, "</%s>", tag);
}

static void
html_cut(struct buf *out, const char *tag, size_t all, size_t shown, const char *what)
{
	if (all > shown)
		html_format(out, tag, "… %zu more %s, all in the JSON findings",
			    all - shown, what);
}

/* An array of strings as a list. */
static void
html_list(struct buf *out, const json_t *object, const char *key, const char *what)
{
	size_t count = finding_length(object, key);
	if (count == 0)
		return;
	buf_puts(out, "<ul>\n");
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
		html_element(out, "li", finding_item(object, key, i));
		buf_puts(out, "\n");
	}
	html_cut(out, "li", count, ITEMS_SHOWN, what);
	buf_puts(out, "</ul>\n");
}

static void
html_verdict(struct buf *out, const json_t *findings)
{
	static const char *const classes[] = {
	    [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_OPEN] = "open"};
	const json_t *verdict = json_object_get(findings, "verdict");
	int status = findings_exit(findings);
	enum tone tone = status == EXIT_REPRODUCED  ? TONE_GOOD
			 : status == EXIT_UNDECIDED ? TONE_OPEN
						    : TONE_BAD;
	buf_printf(out,
		   "<main>\n<section class=\"verdict %s\" aria-label=\"Verdict\">\n<p>",
		   classes[tone]);
	html_word(out, "strong", words_verdict(findings));
	buf_puts(out, "<br>");
	html_text(out, finding_string_or(verdict, "scope", "?"));
	buf_puts(out, "</p>\n<p>Signatures: ");
	html_word(out, "b", finding_string_or(verdict, "signatures", "?"));
	buf_puts(out, "; policy: ");
	html_word(out, "b", finding_string_or(verdict, "policy", "?"));
	buf_printf(out, "; exit status %d: ", status);
	html_text(out, words_exit_of(findings));
	buf_puts(out, "</p>\n");
	html_list(out, verdict, "reasons", "reasons");
	buf_puts(out, "</section>\n");
	if (finding_length(verdict, "not_said") == 0)
		return;
	buf_puts(out, "<h2>What this does not say</h2>\n");
	html_list(out, verdict, "not_said", "sentences");
}

static void
html_hash(struct buf *out, const char *hash)
{
	buf_puts(out, "<td>");
	if (hash != NULL)
		html_element(out, "code", hash);
	buf_puts(out, "</td>");
}

static void
html_size(struct buf *out, const json_t *object)
{
	char size[32] = "";
	if (json_is_integer(json_object_get(object, "size")))
		text_size(finding_number(object, "size"), size);
	html_element(out, "td", size);
}

static void
html_inputs(struct buf *out, const json_t *findings)
{
	size_t count = finding_length(findings, "inputs");
	const json_t *release = json_object_get(findings, "release");
	buf_puts(out, "<h2>Inputs</h2>\n<table>\n<caption>What was read, with SHA-256; "
		      "who signed it</caption>\n<thead><tr><th scope=\"col\">Role</th>"
		      "<th scope=\"col\">File</th><th scope=\"col\">Size</th>"
		      "<th scope=\"col\">SHA-256</th><th scope=\"col\">Status</th></tr>"
		      "</thead>\n<tbody>\n");
	if (finding_string(release, "file") != NULL) {
		buf_puts(out, "<tr><td>description</td>");
		html_element(out, "td", finding_string(release, "file"));
		buf_puts(out, "<td></td>");
		html_hash(out, finding_string(release, "sha256"));
		buf_puts(out, "<td></td></tr>\n");
	}
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
		const json_t *input = finding_at(findings, "inputs", i);
		const char *reason = finding_string(input, "reason");
		struct buf who = {0};
		words_input_signer(findings, input, &who);
		buf_puts(out, "<tr>");
		html_element(out, "td", finding_string_or(input, "role", "?"));
		html_element(out, "td", finding_string_or(input, "path", "?"));
		html_size(out, input);
		html_hash(out, finding_string(input, "sha256"));
		buf_puts(out, "<td>");
		html_word(out, "b", finding_string_or(input, "status", "?"));
		if (reason != NULL)
			html_format(out, "span", ": %s", reason);
		if (who.size > 0)
			html_format(out, "span", "; %s", who.data);
		buf_puts(out, "</td></tr>\n");
		buf_free(&who);
	}
	if (count > ITEMS_SHOWN)
		html_format(out, "tr", "… %zu more inputs", count - ITEMS_SHOWN);
	buf_puts(out, "</tbody>\n</table>\n");
}

static void
html_build(struct buf *out, const json_t *findings)
{
	const json_t *build = json_object_get(findings, "build");
	const json_t *toolchain = json_object_get(build, "toolchain");
	struct buf line = {0};
	if (!json_is_object(build))
		return;
	buf_puts(out, "<h2>Build</h2>\n");
	words_build(findings, &line);
	html_element(out, "p", line.data);
	if (json_is_object(toolchain)) {
		buf_clear(&line);
		words_toolchain(toolchain, &line);
		html_format(out, "p", "Toolchain: %s", line.data);
	}
	buf_puts(out, "\n");
	if (finding_length(build, "layers") > 0) {
		buf_puts(out, "<details><summary>Sandbox layers</summary>\n");
		html_list(out, build, "layers", "layers");
		buf_puts(out, "</details>\n");
	}
	if (finding_length(build, "log_tail") > 0) {
		buf_puts(out, "<p>The log ends:</p>\n<pre>");
		for (size_t i = 0; i < finding_length(build, "log_tail"); i++) {
			html_text(out, finding_item(build, "log_tail", i));
			buf_puts(out, "\n");
		}
		buf_puts(out, "</pre>\n");
	}
	buf_free(&line);
}

static void
html_differences(struct buf *out, const json_t *file)
{
	size_t listed = finding_length(file, "differences");
	size_t all = (size_t)finding_number(file, "difference_count");
	if (listed == 0)
		return;
	buf_puts(out, "<table>\n<caption>Differences</caption>\n<thead><tr>"
		      "<th scope=\"col\">Place</th><th scope=\"col\">Shipped</th>"
		      "<th scope=\"col\">Rebuilt</th><th scope=\"col\">Cause</th></tr>"
		      "</thead>\n<tbody>\n");
	for (size_t i = 0; i < listed && i < DIFFERENCES_SHOWN; i++) {
		const json_t *difference = finding_at(file, "differences", i);
		struct buf line = {0};
		buf_puts(out, "<tr>");
		words_place(difference, &line);
		html_element(out, "td", line.data);
		buf_clear(&line);
		words_value(difference, "shipped", &line);
		html_element(out, "td class=\"hex\"", line.data);
		buf_clear(&line);
		words_value(difference, "rebuilt", &line);
		html_element(out, "td class=\"hex\"", line.data);
		buf_clear(&line);
		words_cause(difference, &line);
		html_element(out, "td", line.size ? line.data : "");
		buf_puts(out, "</tr>\n");
		buf_free(&line);
	}
	buf_puts(out, "</tbody>\n</table>\n");
	size_t shown = listed < DIFFERENCES_SHOWN ? listed : DIFFERENCES_SHOWN;
	if (all > listed)
		html_format(out, "p",
			    "… %zu more differences, %zu of them in the JSON "
			    "findings",
			    all - shown, listed - shown);
	else
		html_cut(out, "p", listed, shown, "differences");
}

static void
html_side(struct buf *out, const json_t *file, const char *side)
{
	const json_t *object = json_object_get(file, side);
	const char *sha256 = finding_string(object, "sha256");
	if (!json_is_object(object))
		return;
	html_format(out, "p", "%s: %ju bytes, %s%s", side,
		    (uintmax_t)finding_number(object, "size"),
		    sha256 ? "SHA-256 " : "no hash", sha256 ? sha256 : "");
}

static void
html_file(struct buf *out, const json_t *file)
{
	const char *status = finding_string_or(file, "status", "undecided");
	const char *reason = finding_string(file, "reason");
	const char *built = finding_string(file, "built");
	bool open = words_tone(status) != TONE_GOOD;
	buf_printf(out, "<details%s><summary>", open ? " open" : "");
	html_word(out, "b", status);
	buf_puts(out, " ");
	html_element(out, "code", finding_string_or(file, "path", "(no path)"));
	buf_puts(out, "</summary>\n");
	if (reason != NULL)
		html_element(out, "p", reason);
	if (built != NULL)
		html_format(out, "p", "built as %s", built);
	html_side(out, file, "shipped");
	html_side(out, file, "rebuilt");
	html_list(out, json_object_get(file, "graft"), "steps", "steps");
	for (size_t i = 0; i < finding_length(file, "exceptions") && i < ITEMS_SHOWN;
	     i++) {
		const json_t *exception = finding_at(file, "exceptions", i);
		html_format(out, "p", "exception %s: %ju bytes of %s; %s",
			    finding_string_or(exception, "rule", "?"),
			    (uintmax_t)finding_number(exception, "bytes"),
			    finding_string_or(exception, "extent", "?"),
			    finding_string_or(exception, "reason", ""));
	}
	html_differences(out, file);
	for (size_t i = 0; i < finding_length(file, "notes") && i < ITEMS_SHOWN; i++) {
		const json_t *note = finding_at(file, "notes", i);
		html_format(out, "p", "%s: %s", finding_string_or(note, "kind", "note"),
			    finding_string_or(note, "text", "?"));
	}
	buf_puts(out, "</details>\n");
}

/* One table of the files with one status that need no details. */
static void
html_plain_files(struct buf *out, const json_t *findings, const char *status,
		 const char *caption)
{
	size_t shown = 0;
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (!finding_is(file, "status", status))
			continue;
		if (shown++ == 0) {
			buf_puts(out, "<table>\n");
			html_element(out, "caption", caption);
			buf_puts(out,
				 "\n<thead><tr><th scope=\"col\">File</th><th scope="
				 "\"col\">SHA-256</th><th scope=\"col\">Reason</th>"
				 "</tr></thead>\n<tbody>\n");
		}
		if (shown > FILES_SHOWN)
			continue;
		buf_puts(out, "<tr>");
		html_element(out, "td", finding_string_or(file, "path", "(no path)"));
		html_hash(out,
			  finding_string(json_object_get(file, "shipped"), "sha256"));
		html_element(out, "td", finding_string_or(file, "reason", ""));
		buf_puts(out, "</tr>\n");
	}
	if (shown > 0)
		buf_puts(out, "</tbody>\n</table>\n");
	html_cut(out, "p", shown, FILES_SHOWN, "files");
}

static void
html_files(struct buf *out, const json_t *findings)
{
	size_t told = 0;
	if (!finding_is(findings, "command", "run") &&
	    !finding_is(findings, "command", "compare"))
		return;
	struct buf line = {0};
	words_counts(findings, &line);
	buf_puts(out, "<h2>Files</h2>\n");
	html_element(out, "p", line.data);
	buf_puts(out, "\n");
	buf_free(&line);
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (finding_is(file, "status", "identical") ||
		    finding_is(file, "status", "unbuilt"))
			continue;
		if (told++ < FILES_SHOWN)
			html_file(out, file);
	}
	html_cut(out, "p", told, FILES_SHOWN, "files");
	html_plain_files(out, findings, "unbuilt",
			 "Declared unbuilt: pinned by hash, not verified");
	html_plain_files(out, findings, "identical", "Identical");
}

static void
html_chain(struct buf *out, const json_t *holder)
{
	size_t count = finding_length(holder, "chain");
	if (count == 0)
		return;
	buf_puts(out, "<ol class=\"chain\">\n");
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
		const json_t *certificate = finding_at(holder, "chain", i);
		const char *anchor = finding_string(certificate, "anchor");
		struct buf line = {0};
		words_certificate(certificate, &line);
		html_format(out, "li", "%s%s%s%s; %s; SHA-256 %s", i ? "by " : "",
			    line.data, anchor ? "; anchor " : "", anchor ? anchor : "",
			    finding_string_or(certificate, "subject", ""),
			    finding_string_or(certificate, "sha256", "?"));
		buf_puts(out, "\n");
		buf_free(&line);
	}
	html_cut(out, "li", count, ITEMS_SHOWN, "certificates");
	buf_puts(out, "</ol>\n");
}

static void
html_signature(struct buf *out, const json_t *signature)
{
	const char *reason = finding_string(signature, "reason");
	struct buf line = {0};
	buf_puts(out, "<details open><summary>");
	html_word(out, "b", finding_string_or(signature, "status", "?"));
	html_format(out, "span", " %s ", finding_string_or(signature, "scheme", "?"));
	html_element(out, "code", finding_string_or(signature, "path", "?"));
	buf_puts(out, "</summary>\n");
	if (reason != NULL)
		html_element(out, "p", reason);
	if (finding_string(signature, "where") != NULL)
		html_element(out, "p", finding_string(signature, "where"));
	words_openpgp(signature, &line);
	if (line.size > 0)
		html_element(out, "p", line.data);
	html_chain(out, signature);
	for (size_t i = 0;
	     i < finding_length(signature, "timestamps") && i < ITEMS_SHOWN; i++) {
		const json_t *timestamp = finding_at(signature, "timestamps", i);
		html_format(out, "p", "timestamp %s: %s; %s",
			    finding_string_or(timestamp, "time", "?"),
			    finding_string_or(timestamp, "status", "?"),
			    finding_string_or(timestamp, "reason", ""));
		html_chain(out, timestamp);
	}
	buf_clear(&line);
	words_judged(signature, &line);
	if (line.size > 0)
		html_element(out, "p", line.data);
	if (finding_string(signature, "revocation") != NULL)
		html_format(out, "p", "revocation: %s",
			    finding_string(signature, "revocation"));
	html_list(out, signature, "notes", "notes");
	buf_puts(out, "</details>\n");
	buf_free(&line);
}

static void
html_signatures(struct buf *out, const json_t *findings, const char *key,
		const char *heading)
{
	size_t count = finding_length(findings, key);
	if (count == 0)
		return;
	html_element(out, "h2", heading);
	buf_puts(out, "\n");
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++)
		html_signature(out, finding_at(findings, key, i));
	html_cut(out, "p", count, ITEMS_SHOWN, "signatures");
}

static void
html_policy(struct buf *out, const json_t *findings)
{
	const json_t *policy = json_object_get(findings, "policy");
	size_t count = finding_length(policy, "rules");
	if (count == 0)
		return;
	buf_puts(out,
		 "<h2>Signature policy</h2>\n<table>\n<caption>Each rule of the "
		 "release description</caption>\n<thead><tr><th scope=\"col\">Rule</th>"
		 "<th scope=\"col\">Expected</th><th scope=\"col\">Found</th>"
		 "<th scope=\"col\">Met</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
		const json_t *rule = finding_at(policy, "rules", i);
		bool met = json_is_true(json_object_get(rule, "met"));
		buf_puts(out, "<tr>");
		html_element(out, "td", finding_string_or(rule, "rule", "?"));
		html_element(out, "td", finding_string_or(rule, "expected", ""));
		html_element(out, "td", finding_string_or(rule, "found", ""));
		buf_puts(out, "<td>");
		html_word(out, "b", met ? "met" : "not-met");
		buf_puts(out, "</td></tr>\n");
	}
	buf_puts(out, "</tbody>\n</table>\n");
	html_cut(out, "p", count, ITEMS_SHOWN, "rules");
}

void
report_html(const json_t *findings, struct buf *out)
{
	struct buf title = {0};
	words_title(findings, &title);
	buf_puts(out, page_head);
	html_format(out, "title", "verify: %s", title.data);
	buf_puts(out, "\n");
	buf_puts(out, page_style);
	buf_puts(out, "</head>\n<body>\n<header>");
	html_element(out, "h1", title.data);
	buf_puts(out, "</header>\n");
	html_verdict(out, findings);
	html_inputs(out, findings);
	html_build(out, findings);
	html_files(out, findings);
	html_signatures(out, findings, "signatures", "Signatures");
	html_signatures(out, findings, "source_signatures", "Signatures of sources");
	html_policy(out, findings);
	buf_puts(out, "</main>\n<footer>");
	html_format(
	    out, "p", "verify %s; the findings behind this page: verify-findings(5)",
	    finding_string_or(json_object_get(findings, "tool"), "version", "?"));
	buf_puts(out, "</footer>\n</body>\n</html>\n");
	buf_free(&title);
}
