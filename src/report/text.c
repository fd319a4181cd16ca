/*
 * The report as text, read from top to bottom: the verdict, inputs, build, files,
 * signatures, policy, what is not said, and the exit status. A good release fits one
 * screen of 80 by 40. Words carry the meaning; colour only repeats it.
 */
#include "report/report_private.h"

enum {
	LABEL = 13,        /* columns of a section's name */
	FILES_SHOWN = 200, /* entries of a section, differences of a file: */
	DIFFERENCES_SHOWN = 20,
	NOTES_SHOWN = 10,
	CHAINS_SHOWN = 50,
	WORD_LIMIT = 600, /* bytes of one text out of the findings */
};

struct page {
	struct buf *out;
	unsigned columns;
	bool colour;
};

/* Characters, not bytes: continuation bytes of UTF-8 have no width. */
static unsigned
text_width(const char *text, size_t length)
{
	unsigned width = 0;
	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static void
page_pad(const struct page *page, unsigned count)
{
	while (count-- > 0)
		buf_puts(page->out, " ");
}

/* Words from column `at` on, further lines indented by `indent`. A word is never
 * broken: paths and hashes are there to be copied. */
static void
page_wrap(const struct page *page, unsigned at, unsigned indent, const char *text)
{
	bool first = true;
	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		unsigned width = text_width(text, length);
		if (!first && at + 1 + width > page->columns) {
			buf_puts(page->out, "\n");
			page_pad(page, indent);
			at = indent;
		} else if (!first) {
			buf_puts(page->out, " ");
			at++;
		}
		buf_append(page->out, text, length);
		at += width;
		first = false;
		text += length;
		text += strspn(text, " ");
	}
	buf_puts(page->out, "\n");
}

/* A label at `indent`, then a status word (may be NULL) and text at `indent` + `room`.
 */
static void PRINTF_LIKE(6, 7)
    page_row(const struct page *page, unsigned indent, unsigned room, const char *label,
	     const char *word, const char *format, ...)
{
	static const char *const colours[] = {[TONE_GOOD] = "\033[32m",
					      [TONE_BAD] = "\033[1;31m",
					      [TONE_OPEN] = "\033[33m"};
	struct buf text = {0}, safe = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	page_pad(page, indent);
	unsigned at = indent + text_width(label, strlen(label));
	buf_puts(page->out, label);
	if (at < indent + room) {
		page_pad(page, indent + room - at);
		at = indent + room;
	} else if (room > 0) {
		buf_puts(page->out, " ");
		at++;
	}
	if (word != NULL) {
		struct buf shown = {0};
		words_escape(&shown, word, 40);
		buf_printf(page->out, "%s%s%s",
			   page->colour ? colours[words_tone(word)] : "", shown.data,
			   page->colour ? "\033[0m" : "");
		at += text_width(shown.data, shown.size);
		buf_free(&shown);
	}
	words_escape(&safe, text.data ? text.data : "", WORD_LIMIT);
	page_wrap(page, at, indent + room, safe.data);
	buf_free(&safe);
	buf_free(&text);
}

static void
page_heading(const struct page *page, const char *text)
{
	buf_printf(page->out, "\n%s%s%s\n", page->colour ? "\033[1m" : "", text,
		   page->colour ? "\033[0m" : "");
}

/* How many entries were left out, and where they are. */
static void
page_cut(const struct page *page, unsigned indent, size_t all, size_t shown,
	 const char *what)
{
	if (all > shown)
		page_row(page, indent, 2, "…", NULL, "%zu more %s, all in --json",
			 all - shown, what);
}

static void
text_verdict(const struct page *page, const json_t *findings)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	const json_t *release = json_object_get(findings, "release");
	struct buf title = {0};
	words_title(findings, &title);
	page_row(page, 0, 0, "", NULL, "verify %s: %s",
		 finding_string_or(json_object_get(findings, "tool"), "version", "?"),
		 title.data);
	buf_free(&title);
	page_row(page, 0, LABEL, "VERDICT", finding_string_or(verdict, "bytes", "?"),
		 ": %s", finding_string_or(verdict, "scope", "?"));
	page_row(page, 0, LABEL, "signatures",
		 finding_string_or(verdict, "signatures", "?"), "; policy: %s",
		 finding_string_or(verdict, "policy", "?"));
	for (size_t i = 0; i < finding_length(verdict, "reasons"); i++)
		page_row(page, 0, LABEL, i == 0 ? "because" : "", NULL, "%s",
			 finding_item(verdict, "reasons", i));
	if (finding_string(release, "file") != NULL)
		page_row(page, 0, LABEL, "description", NULL, "%s sha256:%s",
			 finding_string(release, "file"),
			 finding_string_or(release, "sha256", "?"));
}

static void
text_input(const struct page *page, const json_t *findings, const json_t *input)
{
	const char *role = finding_string_or(input, "role", "input");
	const char *sha256 = finding_string(input, "sha256");
	const char *reason = finding_string(input, "reason");
	bool whole = strcmp(role, "product") == 0 || strcmp(role, "shipped") == 0;
	struct buf line = {0}, who = {0};
	buf_printf(&line, " %s", finding_string_or(input, "path", "?"));
	if (json_is_integer(json_object_get(input, "size"))) {
		char size[32];
		text_size(finding_number(input, "size"), size);
		buf_printf(&line, " %s", size);
	}
	if (sha256 != NULL)
		buf_printf(&line, whole ? " sha256:%.64s" : " %.16s…", sha256);
	if (reason != NULL)
		buf_printf(&line, " (%s)", reason);
	words_input_signer(findings, input, &who);
	if (who.size > 0)
		buf_printf(&line, "; %s", who.data);
	page_row(page, 2, LABEL - 2, role, finding_string_or(input, "status", "?"),
		 "%s", line.data);
	buf_free(&line);
	buf_free(&who);
}

static void
text_inputs(const struct page *page, const json_t *findings)
{
	size_t count = finding_length(findings, "inputs");
	page_heading(page, "Inputs");
	for (size_t i = 0; i < count && i < FILES_SHOWN; i++)
		text_input(page, findings, finding_at(findings, "inputs", i));
	page_cut(page, 2, count, FILES_SHOWN, "inputs");
}

static void
text_build(const struct page *page, const json_t *findings)
{
	const json_t *build = json_object_get(findings, "build");
	const json_t *toolchain = json_object_get(build, "toolchain");
	if (!json_is_object(build))
		return;
	struct buf line = {0}, root = {0};
	words_build(findings, &line);
	const char *result = finding_string_or(build, "result", "");
	page_heading(page, "Build");
	page_row(page, 2, LABEL - 2, "result", result, "%s",
		 line.data + strlen(result));
	if (json_is_object(toolchain)) {
		words_toolchain(toolchain, &root);
		page_row(page, 2, LABEL - 2, "toolchain", NULL, "%s", root.data);
	}
	for (size_t i = 0; i < finding_length(build, "log_tail"); i++)
		page_row(page, 2, LABEL - 2, i == 0 ? "log ends" : "", NULL, "| %s",
			 finding_item(build, "log_tail", i));
	buf_free(&line);
	buf_free(&root);
}

static void
text_difference(const struct page *page, const json_t *difference)
{
	static const char *const sides[] = {"shipped", "rebuilt"};
	struct buf line = {0};
	words_place(difference, &line);
	page_row(page, 4, 2, "-", NULL, "%s", line.data);
	for (size_t i = 0; i < ARRAY_COUNT(sides); i++) {
		buf_clear(&line);
		words_value(difference, sides[i], &line);
		page_row(page, 6, 8, sides[i], NULL, "%s", line.data);
	}
	buf_clear(&line);
	words_cause(difference, &line);
	if (line.size > 0)
		page_row(page, 6, 8, "cause", NULL, "%s", line.data);
	buf_free(&line);
}

/* What an exception allowed, and what followed from it. */
static void
text_exceptions(const struct page *page, const json_t *file)
{
	size_t count = finding_length(file, "exceptions");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *exception = finding_at(file, "exceptions", i);
		const char *reason = finding_string(exception, "reason");
		page_row(page, 4, 2, "-", NULL, "%s: %ju bytes of %s%s%s",
			 finding_string_or(exception, "rule", "exception"),
			 (uintmax_t)finding_number(exception, "bytes"),
			 finding_string_or(exception, "extent", "?"),
			 reason ? "; " : "", reason ? reason : "");
	}
	page_cut(page, 4, count, NOTES_SHOWN, "exceptions");
}

static void
text_notes(const struct page *page, const json_t *file)
{
	size_t count = finding_length(file, "notes");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *note = finding_at(file, "notes", i);
		page_row(page, 4, 2, "-", NULL, "%s: %s",
			 finding_string_or(note, "kind", "note"),
			 finding_string_or(note, "text", "?"));
	}
	page_cut(page, 4, count, NOTES_SHOWN, "notes");
}

/* A file that deserves its own lines; identical and unbuilt ones do not. */
static bool
file_is_told(const json_t *file)
{
	if (finding_is(file, "status", "unbuilt"))
		return false;
	if (!finding_is(file, "status", "identical"))
		return true;
	for (size_t i = 0; i < finding_length(file, "notes"); i++) {
		if (!finding_is(finding_at(file, "notes", i), "kind", "remark"))
			return true;
	}
	return false;
}

static void
text_file(const struct page *page, const json_t *file)
{
	const json_t *graft = json_object_get(file, "graft");
	const char *reason = finding_string(file, "reason");
	page_row(page, 2, 2, "*", finding_string_or(file, "status", "undecided"),
		 " %s%s%s", finding_string_or(file, "path", "(no path)"),
		 reason ? ": " : "", reason ? reason : "");
	if (finding_string(file, "built") != NULL &&
	    !finding_is(file, "status", "identical"))
		page_row(page, 4, 2, "=", NULL, "built as %s",
			 finding_string(file, "built"));
	for (size_t i = 0; i < finding_length(graft, "steps") && i < NOTES_SHOWN; i++)
		page_row(page, 4, 2, "-", NULL, "graft: %s",
			 finding_item(graft, "steps", i));
	text_exceptions(page, file);
	size_t listed = finding_length(file, "differences");
	for (size_t i = 0; i < listed && i < DIFFERENCES_SHOWN; i++)
		text_difference(page, finding_at(file, "differences", i));
	size_t all = (size_t)finding_number(file, "difference_count");
	size_t shown = listed < DIFFERENCES_SHOWN ? listed : DIFFERENCES_SHOWN;
	if (all > listed)
		page_row(page, 4, 2, "…", NULL,
			 "%zu more differences, %zu of them in --json", all - shown,
			 listed - shown);
	else
		page_cut(page, 4, listed, shown, "differences");
	text_notes(page, file);
}

/* Length of a path up to and with its last "//". */
static size_t
container_length(const char *path)
{
	size_t length = 0;
	for (const char *at = strstr(path, "//"); at != NULL; at = strstr(at + 2, "//"))
		length = (size_t)(at - path) + 2;
	return length;
}

/* Unbuilt files that stand together share a container and a reason: one paragraph. */
static size_t
text_unbuilt_group(const struct page *page, const json_t *findings, size_t from)
{
	const json_t *first = finding_at(findings, "files", from);
	const char *path = finding_string_or(first, "path", "");
	const char *reason = finding_string_or(first, "reason", "no reason given");
	size_t common = container_length(path), i = from;
	struct buf names = {0}, safe = {0};
	for (; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		const char *other = finding_string_or(file, "path", "");
		if (!finding_is(file, "status", "unbuilt") ||
		    container_length(other) != common ||
		    strncmp(path, other, common) != 0 ||
		    strcmp(reason,
			   finding_string_or(file, "reason", "no reason given")))
			break;
		if (i - from < FILES_SHOWN) {
			buf_puts(&names, i > from ? ", " : "");
			words_escape(&names, other + common, WORD_LIMIT);
		}
	}
	if (i - from > FILES_SHOWN)
		buf_printf(&names, ", … %zu more, all in --json",
			   i - from - FILES_SHOWN);
	page_row(page, 2, 2, "*", "unbuilt", ", pinned but NOT verified: %s; in %.*s",
		 reason, (int)common, path);
	page_pad(page, 4);
	page_wrap(page, 4, 4, names.data);
	buf_free(&names);
	buf_free(&safe);
	return i;
}

static void
text_files(const struct page *page, const json_t *findings)
{
	size_t count = finding_length(findings, "files"), told = 0, groups = 0;
	if (!finding_is(findings, "command", "run") &&
	    !finding_is(findings, "command", "compare"))
		return;
	struct buf line = {0};
	words_counts(findings, &line);
	page_heading(page, "Files");
	page_row(page, 2, LABEL - 2, "counts", NULL, "%s", line.data);
	buf_free(&line);
	for (size_t i = 0; i < count; i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (file_is_told(file) && told++ < FILES_SHOWN)
			text_file(page, file);
	}
	page_cut(page, 2, told, FILES_SHOWN, "files");
	for (size_t i = 0; i < count && groups < FILES_SHOWN;) {
		if (finding_is(finding_at(findings, "files", i), "status", "unbuilt")) {
			i = text_unbuilt_group(page, findings, i);
			groups++;
		} else {
			i++;
		}
	}
	if (groups == FILES_SHOWN)
		page_row(page, 2, 2, "…", NULL,
			 "more unbuilt files may follow in --json");
}

/* Leaf first, each issued by the next. */
static void
text_chain(const struct page *page, const json_t *holder, unsigned indent)
{
	size_t count = finding_length(holder, "chain");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *certificate = finding_at(holder, "chain", i);
		const char *anchor = finding_string(certificate, "anchor");
		struct buf line = {0};
		words_certificate(certificate, &line);
		page_row(page, indent + 2 * (unsigned)i, 3, i == 0 ? "" : "by", NULL,
			 "%s%s%s", line.data, anchor ? "; anchor " : "",
			 anchor ? anchor : "");
		buf_free(&line);
	}
	page_cut(page, indent, count, NOTES_SHOWN, "certificates");
}

static void
text_timestamp(const struct page *page, const json_t *timestamp)
{
	const char *reason = finding_string(timestamp, "reason");
	page_row(page, 4, 2, "@", finding_string_or(timestamp, "status", "?"),
		 " timestamp %s%s%s", finding_string_or(timestamp, "time", "?"),
		 reason ? ": " : "", reason ? reason : "");
	text_chain(page, timestamp, 6);
}

static void
text_signature(const struct page *page, const json_t *signature, const char *above)
{
	const char *reason = finding_string(signature, "reason");
	const char *path = finding_string_or(signature, "path", "?");
	const char *where = finding_string(signature, "where");
	bool same = above != NULL && strcmp(above, path) == 0;
	struct buf line = {0};
	page_row(page, 2, 2, "*", finding_string_or(signature, "status", "?"),
		 " %s%s%s%s%s%s%s", finding_string_or(signature, "scheme", "?"),
		 same ? "" : " ", same ? "" : path, where ? ", " : "",
		 where ? where : "", reason ? ": " : "", reason ? reason : "");
	words_openpgp(signature, &line);
	if (line.size > 0)
		page_row(page, 4, 3, "", NULL, "%s", line.data);
	text_chain(page, signature, 4);
	for (size_t i = 0;
	     i < finding_length(signature, "timestamps") && i < NOTES_SHOWN; i++)
		text_timestamp(page, finding_at(signature, "timestamps", i));
	buf_clear(&line);
	words_judged(signature, &line);
	const char *revocation = finding_string(signature, "revocation");
	if (revocation != NULL)
		buf_printf(&line, "%srevocation %s", line.size ? "; " : "", revocation);
	if (line.size > 0)
		page_row(page, 4, 2, "=", NULL, "%s", line.data);
	for (size_t i = 0; i < finding_length(signature, "notes") && i < NOTES_SHOWN;
	     i++)
		page_row(page, 4, 2, "!", NULL, "%s",
			 finding_item(signature, "notes", i));
	buf_free(&line);
}

static void
text_signatures(const struct page *page, const json_t *findings, const char *key,
		const char *heading)
{
	size_t count = finding_length(findings, key);
	const char *above = NULL;
	if (count == 0)
		return;
	page_heading(page, heading);
	for (size_t i = 0; i < count && i < CHAINS_SHOWN; i++) {
		const json_t *signature = finding_at(findings, key, i);
		text_signature(page, signature, above);
		above = finding_string(signature, "path");
	}
	page_cut(page, 2, count, CHAINS_SHOWN, "signatures");
}

static void
text_policy(const struct page *page, const json_t *findings)
{
	const json_t *policy = json_object_get(findings, "policy");
	size_t count = finding_length(policy, "rules");
	if (count == 0)
		return;
	page_heading(page, "Policy");
	for (size_t i = 0; i < count && i < CHAINS_SHOWN; i++) {
		const json_t *rule = finding_at(policy, "rules", i);
		bool met = json_is_true(json_object_get(rule, "met"));
		const char *found = finding_string_or(rule, "found", "nothing");
		page_row(page, 2, 5, met ? "ok" : "FAIL", NULL, "%s",
			 finding_string_or(rule, "rule", "a rule"));
		if (!met)
			page_row(page, 7, 0, "", NULL, "expected %s; found %s",
				 finding_string_or(rule, "expected", "?"), found);
	}
	page_cut(page, 2, count, CHAINS_SHOWN, "rules");
}

static void
text_close(const struct page *page, const json_t *findings)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	size_t count = finding_length(verdict, "not_said");
	if (count > 0)
		page_heading(page, "This does not say");
	for (size_t i = 0; i < count; i++)
		page_row(page, 2, 2, "-", NULL, "%s",
			 finding_item(verdict, "not_said", i));
	buf_puts(page->out, "\n");
	page_row(page, 0, LABEL, "VERDICT", finding_string_or(verdict, "bytes", "?"),
		 "; exit status %d: %s", findings_exit(findings),
		 words_exit_of(findings));
}

void
report_text(const json_t *findings, bool colour, unsigned columns, struct buf *out)
{
	struct page page = {
	    .out = out, .columns = columns ? columns : 80, .colour = colour};
	text_verdict(&page, findings);
	text_inputs(&page, findings);
	text_build(&page, findings);
	text_files(&page, findings);
	text_signatures(&page, findings, "signatures", "Signatures");
	/* Those of sources stand with their inputs; alone they are the report. */
	if (finding_is(findings, "command", "signatures"))
		text_signatures(&page, findings, "source_signatures",
				"Signatures of sources");
	text_policy(&page, findings);
	text_close(&page, findings);
}
