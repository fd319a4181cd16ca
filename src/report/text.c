/*
 * The report as text, read from top to bottom: the verdict, inputs, build, files,
 * signatures, policy, what is not said, and the exit status. A good release fits one
 * screen of 80 by 40. Words carry the meaning; colour only repeats it.
 */
#include "report/report_private.h"

enum {
	LABEL = 9,         /* columns of a section's name */
	FILES_SHOWN = 200, /* entries of a section, differences of a file: */
	DIFFERENCES_SHOWN = 20,
	NOTES_SHOWN = 10,
	REASONS_SHOWN = 20,
	CHAINS_SHOWN = 50,
	WORD_LIMIT = 600, /* bytes of one text out of the findings */
};

struct page {
	struct buf *out;
	unsigned columns;
	bool colour;
	const char *product; /* its name, when member paths can do without; or NULL */
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
		/* a word that is too long for any line stays beside a short label */
		bool fits = indent + width <= page->columns || at > indent + 12;
		if (!first && at + 1 + width > page->columns && fits) {
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

/* A label at `indent`, and at `indent` + `room` a status word, unless that is NULL.
 * Returns the column after it. */
static unsigned
page_status(const struct page *page, unsigned indent, unsigned room, const char *label,
	    const char *word)
{
	static const char *const colours[] = {[TONE_GOOD] = "\033[32m",
					      [TONE_BAD] = "\033[1;31m",
					      [TONE_OPEN] = "\033[33m"};
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
	if (word == NULL)
		return at;
	struct buf shown = {0};
	words_escape(&shown, word, 40);
	buf_printf(page->out, "%s%s%s", page->colour ? colours[words_tone(word)] : "",
		   shown.data, page->colour ? "\033[0m" : "");
	at += text_width(shown.data, shown.size);
	buf_free(&shown);
	return at;
}

/* The same, and text after it, further lines of which begin at `indent` + `room`. */
static void PRINTF_LIKE(6, 7)
    page_row(const struct page *page, unsigned indent, unsigned room, const char *label,
	     const char *word, const char *format, ...)
{
	struct buf text = {0}, safe = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	words_escape(&safe, text.data ? text.data : "", WORD_LIMIT);
	unsigned at = page_status(page, indent, room, label, word);
	page_wrap(page, at, indent + room, safe.data);
	buf_free(&safe);
	buf_free(&text);
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

/* A member path, the product's own name shortened to "…". */
static void
page_path(const struct page *page, const char *path, struct buf *out)
{
	size_t length = page->product ? strlen(page->product) : 0;
	if (length > 0 && strncmp(path, page->product, length) == 0 &&
	    strncmp(path + length, "//", 2) == 0)
		buf_printf(out, "…%s", path + length);
	else
		buf_puts(out, path);
}

/* The one shipped file of this document; NULL when there are more or none. */
static const char *
product_name(const json_t *findings)
{
	const char *name = NULL;
	for (size_t i = 0; i < finding_length(findings, "inputs"); i++) {
		const json_t *input = finding_at(findings, "inputs", i);
		if (!finding_is(input, "role", "product") &&
		    !finding_is(input, "role", "shipped") &&
		    !finding_is(input, "role", "file"))
			continue;
		if (name != NULL)
			return NULL;
		name = path_base(finding_string_or(input, "path", ""));
	}
	return name;
}

static void
text_verdict(const struct page *page, const json_t *findings)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	struct buf title = {0};
	words_title(findings, &title);
	page_row(page, 0, LABEL, "verify", NULL, "%s: %s", title.data,
		 finding_string_or(verdict, "scope", "?"));
	buf_free(&title);
	if (finding_is(findings, "command", "signatures"))
		page_row(page, 0, LABEL, "VERDICT", words_verdict(findings),
			 " signatures");
	else
		page_row(page, 0, LABEL, "VERDICT", words_verdict(findings),
			 "; signatures %s; policy %s",
			 finding_string_or(verdict, "signatures", "?"),
			 finding_string_or(verdict, "policy", "?"));
	if (findings_exit(findings) == EXIT_REPRODUCED)
		return;
	for (size_t i = 0; i < finding_length(verdict, "reasons"); i++)
		page_row(page, 0, LABEL, i == 0 ? "because" : "", NULL, "- %s",
			 finding_item(verdict, "reasons", i));
}

/* Roles whose inputs deserve a line of their own, and those with the whole hash. */
static bool
role_is(const json_t *input, const char *const roles[])
{
	for (size_t i = 0; roles[i] != NULL; i++) {
		if (finding_is(input, "role", roles[i]))
			return true;
	}
	return false;
}

static const char *const roles_whole[] = {"product", "shipped", "rebuilt", "file",
					  NULL};
static const char *const roles_beside[] = {
    "source-signature", "keyring", "toolchain", "certificate", "detached",
    "revocation",       "key",     "policy",    "archive", NULL};

/* One that is fine and stands beside the others: told in one paragraph with its like.
 */
static bool
input_is_beside(const json_t *input)
{
	return role_is(input, roles_beside) &&
	       finding_string(input, "reason") == NULL &&
	       (finding_is(input, "status", "ok") ||
		finding_is(input, "status", "unpinned"));
}

static void
text_input(const struct page *page, const json_t *findings, const json_t *input,
	   const char *label)
{
	const char *sha256 = finding_string(input, "sha256");
	const char *reason = finding_string(input, "reason");
	bool fine = finding_is(input, "status", "ok");
	struct buf line = {0}, who = {0};
	buf_printf(&line, "%s%s %s", fine ? "" : " ",
		   finding_string_or(input, "role", "input"),
		   path_base(finding_string_or(input, "path", "?")));
	if (json_is_integer(json_object_get(input, "size"))) {
		char size[32];
		text_size(finding_number(input, "size"), size);
		buf_printf(&line, " %s", size);
	}
	if (sha256 != NULL && role_is(input, roles_whole))
		buf_printf(&line, " sha256:%.64s", sha256);
	else if (sha256 != NULL)
		buf_printf(&line, " %.16s…", sha256);
	if (reason != NULL)
		buf_printf(&line, " (%s)", reason);
	page_row(page, 0, LABEL, label,
		 fine ? NULL : finding_string_or(input, "status", "status-not-known"),
		 "%s", line.data);
	words_input_signer(findings, input, &who);
	if (who.size > 0)
		page_row(page, LABEL, 2, "", NULL, "%s", who.data);
	buf_free(&line);
	buf_free(&who);
}

static void
text_inputs(const struct page *page, const json_t *findings)
{
	size_t count = finding_length(findings, "inputs"), told = 0;
	const json_t *release = json_object_get(findings, "release");
	const char *label = "INPUTS";
	struct buf beside = {0};
	if (finding_string(release, "file") != NULL) {
		page_row(page, 0, LABEL, label, NULL, "description %s sha256:%s",
			 finding_string(release, "file"),
			 finding_string_or(release, "sha256", "?"));
		label = "";
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *input = finding_at(findings, "inputs", i);
		const char *sha256 = finding_string(input, "sha256");
		if (told++ >= FILES_SHOWN)
			break;
		if (!input_is_beside(input)) {
			text_input(page, findings, input, label);
			label = "";
			continue;
		}
		buf_printf(&beside, "%s%s %s", beside.size ? ", " : "",
			   finding_string_or(input, "role", "?"),
			   path_base(finding_string_or(input, "path", "?")));
		if (sha256 != NULL)
			buf_printf(&beside, " %.16s…", sha256);
		if (finding_is(input, "status", "unpinned"))
			buf_puts(&beside, " (unpinned)");
	}
	if (beside.size > 0) {
		struct buf safe = {0};
		words_escape(&safe, beside.data, beside.size);
		page_pad(page, LABEL);
		page_wrap(page, LABEL, LABEL, safe.data);
		buf_free(&safe);
	}
	buf_free(&beside);
	page_cut(page, 2, count, FILES_SHOWN, "inputs");
}

static void
text_build(const struct page *page, const json_t *findings)
{
	const json_t *build = json_object_get(findings, "build");
	const json_t *toolchain = json_object_get(build, "toolchain");
	if (!json_is_object(build))
		return;
	struct buf line = {0};
	words_build(findings, &line);
	const char *result = finding_string_or(build, "result", "");
	if (json_is_object(toolchain)) {
		buf_puts(&line, "; toolchain ");
		words_toolchain(toolchain, &line);
	}
	page_row(page, 0, LABEL, "BUILD", result, "%s", line.data + strlen(result));
	for (size_t i = 0; i < finding_length(build, "log_tail"); i++)
		page_row(page, 0, LABEL, i == 0 ? "log ends" : "", NULL, "| %s",
			 finding_item(build, "log_tail", i));
	buf_free(&line);
}

/* A consequence of another difference takes a sentence. */
static void
text_consequence(const struct page *page, const json_t *difference)
{
	struct buf line = {0};
	words_follows(difference, &line);
	page_row(page, 4, 2, "-", NULL, "%s", line.data);
	buf_free(&line);
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

/* What differs, then what follows from it. */
static void
text_differences(const struct page *page, const json_t *file)
{
	size_t listed = finding_length(file, "differences"), shown = 0;
	size_t all = (size_t)finding_number(file, "difference_count");
	for (int follows = 0; follows < 2; follows++) {
		for (size_t i = 0; i < listed && shown < DIFFERENCES_SHOWN; i++) {
			const json_t *difference = finding_at(file, "differences", i);
			if (finding_follows(difference) != (follows == 1))
				continue;
			if (follows)
				text_consequence(page, difference);
			else
				text_difference(page, difference);
			shown++;
		}
	}
	if (all > listed)
		page_row(page, 4, 2, "…", NULL,
			 "%zu more differences, %zu of them in --json", all - shown,
			 listed - shown);
	else
		page_cut(page, 4, listed, shown, "differences");
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

/* A graft that worked takes one line; of one that did not, the steps are of interest.
 */
static void
text_graft(const struct page *page, const json_t *file)
{
	const json_t *graft = json_object_get(file, "graft");
	size_t count = finding_length(graft, "steps");
	struct buf line = {0};
	const char *sha256 = finding_string(graft, "sha256");
	if (count > 0 && sha256 != NULL &&
	    finding_is(file, "status", "signature-only") &&
	    finding_is(json_object_get(file, "shipped"), "sha256", sha256)) {
		page_row(page, 4, 0, "", NULL,
			 "equal, byte for byte, once the signature is grafted (%zu "
			 "step%s, in --json)",
			 count, count == 1 ? "" : "s");
		return;
	}
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++)
		buf_printf(&line, "%s%s", i ? "; " : "",
			   finding_item(graft, "steps", i));
	if (line.size > 0)
		page_row(page, 4, 0, "", NULL, "graft: %s", line.data);
	buf_free(&line);
}

/* What it was compared with, and why with that when its name is another. */
static void
text_built(const struct page *page, const json_t *file, const char *built)
{
	struct buf why = {0};
	words_pairing(file, &why);
	page_row(page, 4, 0, "", NULL, "= %s%s%s%s", built, why.size ? " (" : "",
		 why.size ? why.data : "", why.size ? ")" : "");
	buf_free(&why);
}

static void
text_file(const struct page *page, const json_t *file)
{
	const char *reason = finding_string(file, "reason");
	const char *built = finding_string(file, "built");
	struct buf path = {0};
	page_path(page, finding_string_or(file, "path", "(no path)"), &path);
	page_row(page, 2, 2, "*", finding_string_or(file, "status", "undecided"),
		 " %s%s%s", path.data, reason ? ": " : "", reason ? reason : "");
	buf_free(&path);
	if (built != NULL && !finding_is(file, "status", "identical"))
		text_built(page, file, built);
	text_graft(page, file);
	text_exceptions(page, file);
	text_differences(page, file);
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

/* One more name in a paragraph: whole when its container is another than before. */
static void
unbuilt_name(const struct page *page, struct buf *names, const char *path,
	     const char **above)
{
	size_t length = container_length(path);
	bool same = *above != NULL && container_length(*above) == length &&
		    strncmp(*above, path, length) == 0;
	struct buf name = {0};
	if (same)
		buf_puts(&name, path + length);
	else
		page_path(page, path, &name);
	buf_puts(names, *above == NULL ? "" : same ? ", " : "; ");
	words_escape(names, name.data, WORD_LIMIT);
	buf_free(&name);
	*above = path;
}

/* The unbuilt files that share the reason of the one at `from`: one paragraph. False
 * when that one was told with an earlier one. */
static bool
text_unbuilt_group(const struct page *page, const json_t *findings, size_t from)
{
	const char *reason = finding_string_or(finding_at(findings, "files", from),
					       "reason", "no reason given");
	const char *above = NULL;
	struct buf names = {0};
	size_t count = 0;
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (!finding_is(file, "status", "unbuilt") ||
		    strcmp(reason,
			   finding_string_or(file, "reason", "no reason given")))
			continue;
		if (i < from) {
			buf_free(&names);
			return false;
		}
		if (count++ < FILES_SHOWN)
			unbuilt_name(page, &names, finding_string_or(file, "path", "?"),
				     &above);
	}
	struct buf line = {0};
	if (count > FILES_SHOWN)
		buf_printf(&names, ", … %zu more, all in --json", count - FILES_SHOWN);
	buf_printf(&line, " and so NOT verified, %zu file%s (", count,
		   count == 1 ? "" : "s");
	words_escape(&line, reason, WORD_LIMIT);
	buf_printf(&line, "): %s", names.data);
	page_wrap(page, page_status(page, 2, 2, "*", "unbuilt"), 4, line.data);
	buf_free(&line);
	buf_free(&names);
	return true;
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
	page_row(page, 0, LABEL, "FILES", NULL, "%s", line.data);
	buf_free(&line);
	for (size_t i = 0; i < count; i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (file_is_told(file) && told++ < FILES_SHOWN)
			text_file(page, file);
	}
	page_cut(page, 2, told, FILES_SHOWN, "files");
	for (size_t i = 0; i < count && groups < REASONS_SHOWN; i++) {
		const json_t *file = finding_at(findings, "files", i);
		if (finding_is(file, "status", "unbuilt"))
			groups += text_unbuilt_group(page, findings, i);
	}
	if (groups == REASONS_SHOWN)
		page_row(page, 2, 2, "…", NULL,
			 "unbuilt files for further reasons are in --json");
}

/* Leaf first, each issued by the next. */
static void
text_chain(const struct page *page, const json_t *holder, unsigned indent)
{
	size_t count = finding_length(holder, "chain");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *certificate = finding_at(holder, "chain", i);
		struct buf line = {0};
		words_certificate(certificate, &line);
		words_anchor(certificate, &line);
		page_row(page, indent + 2 * (unsigned)i, 0, "", NULL, "%s%s",
			 i == 0 ? "" : "by ", line.data);
		buf_free(&line);
	}
	page_cut(page, indent, count, NOTES_SHOWN, "certificates");
}

/* Judged at the time of its only timestamp: then that one's line says it all. */
static bool
judged_by_its_timestamp(const json_t *signature)
{
	const json_t *judged = json_object_get(signature, "judged_at");
	const json_t *timestamp = finding_at(signature, "timestamps", 0);
	const char *time = finding_string(judged, "time");
	return finding_length(signature, "timestamps") == 1 && time != NULL &&
	       finding_is(judged, "by", "timestamp 0") &&
	       finding_is(timestamp, "status", "valid") &&
	       finding_is(timestamp, "time", time);
}

/* A good timestamp takes a line, a bad one its whole chain. */
static void
text_timestamp(const struct page *page, const json_t *signature,
	       const json_t *timestamp)
{
	const char *reason = finding_string(timestamp, "reason");
	const char *status = finding_string_or(timestamp, "status", "?");
	size_t count = finding_length(timestamp, "chain");
	struct buf line = {0};
	buf_printf(&line, " timestamp %s", finding_string_or(timestamp, "time", "?"));
	if (reason != NULL)
		buf_printf(&line, ": %s", reason);
	if (strcmp(status, "valid") == 0 && count > 0)
		words_anchor(finding_at(timestamp, "chain", count - 1), &line);
	bool judged = judged_by_its_timestamp(signature);
	page_row(page, 4, judged ? 10 : 0, judged ? "judged at" : "", status, "%s",
		 line.data);
	buf_free(&line);
	if (strcmp(status, "valid") != 0)
		text_chain(page, timestamp, 6);
}

/* What the scheme says beside who signed. */
static void
text_facts(const struct page *page, const json_t *signature)
{
	size_t count = finding_length(signature, "facts");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *fact = finding_at(signature, "facts", i);
		page_row(page, 4, 2, "", NULL, "%s: %s",
			 finding_string_or(fact, "name", "?"),
			 finding_string_or(fact, "value", "?"));
	}
	page_cut(page, 4, count, NOTES_SHOWN, "facts");
}

/* The way from what was signed down to the file, each step below the one that names it. */
static void
text_links(const struct page *page, const json_t *signature)
{
	size_t count = finding_length(signature, "links");
	for (size_t i = 0; i < count && i < NOTES_SHOWN; i++) {
		const json_t *link = finding_at(signature, "links", i);
		const char *by = finding_string(link, "by");
		char size[32];
		text_size(finding_number(link, "size"), size);
		page_row(page, 6 + 2 * (unsigned)i, 0, "", NULL, "%s, %s%s%s%s",
			 finding_string_or(link, "name", "?"), size,
			 by == NULL                                          ? ""
			 : json_is_true(json_object_get(link, "fits")) ? ", by "
								       : ", NOT by ",
			 by != NULL ? by : "", by != NULL ? " and size" : "");
	}
	page_cut(page, 6, count, NOTES_SHOWN, "steps");
}

static void
text_signature(const struct page *page, const json_t *signature)
{
	const char *reason = finding_string(signature, "reason");
	const char *where = finding_string(signature, "where");
	const char *revocation = finding_string(signature, "revocation");
	const char *status = finding_string_or(signature, "status", "?");
	const char *now = finding_string(signature, "status_now");
	struct buf line = {0};
	if (judged_by_its_timestamp(signature) && now != NULL &&
	    strcmp(now, status) != 0)
		buf_printf(&line, ", now %s", now);
	buf_printf(&line, "%s%s%s%s", where ? ": " : "", where ? where : "",
		   reason ? ": " : "", reason ? reason : "");
	page_row(page, 2, 2, "*", status, "%s", line.size ? line.data : "");
	buf_clear(&line);
	words_openpgp(signature, &line);
	if (line.size > 0)
		page_row(page, 4, 0, "", NULL, "%s", line.data);
	text_links(page, signature);
	text_facts(page, signature);
	buf_clear(&line);
	words_coverage(signature, &line);
	if (line.size > 0)
		page_row(page, 4, 2, "", NULL, "%s", line.data);
	text_chain(page, signature, 4);
	size_t stamps = finding_length(signature, "timestamps");
	for (size_t i = 0; i < stamps && i < NOTES_SHOWN; i++)
		text_timestamp(page, signature, finding_at(signature, "timestamps", i));
	page_cut(page, 4, stamps, NOTES_SHOWN, "timestamps");
	buf_clear(&line);
	if (!judged_by_its_timestamp(signature))
		words_judged(signature, &line);
	/* what was not checked is told once, at the end */
	if (revocation != NULL && strncmp(revocation, "not checked", 11) != 0)
		buf_printf(&line, "%srevocation: %s", line.size ? "; " : "",
			   revocation);
	if (line.size > 0)
		page_row(page, 4, 0, "", NULL, "%s", line.data);
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
	const char *path_above = "", *scheme_above = "";
	for (size_t i = 0; i < count && i < CHAINS_SHOWN; i++) {
		const json_t *signature = finding_at(findings, key, i);
		const char *path = finding_string_or(signature, "path", "?");
		const char *scheme = finding_string_or(signature, "scheme", "?");
		if (i == 0 || strcmp(path_above, path) != 0 ||
		    strcmp(scheme_above, scheme) != 0) {
			struct buf shortened = {0};
			page_path(page, path, &shortened);
			page_row(page, 0, 0, heading, NULL, " of %s (%s)",
				 shortened.data, scheme);
			buf_free(&shortened);
		}
		text_signature(page, signature);
		path_above = path;
		scheme_above = scheme;
	}
	page_cut(page, 2, count, CHAINS_SHOWN, "signatures");
}

static void
text_policy(const struct page *page, const json_t *findings)
{
	const json_t *policy = json_object_get(findings, "policy");
	size_t count = finding_length(policy, "rules");
	for (size_t i = 0; i < count && i < CHAINS_SHOWN; i++) {
		const json_t *rule = finding_at(policy, "rules", i);
		bool met = json_is_true(json_object_get(rule, "met"));
		page_row(page, 0, LABEL, i == 0 ? "POLICY" : "", met ? "ok" : "FAIL",
			 " %s", finding_string_or(rule, "rule", "a rule"));
		if (!met)
			page_row(page, LABEL + 5, 0, "", NULL, "expected %s; found %s",
				 finding_string_or(rule, "expected", "?"),
				 finding_string_or(rule, "found", "nothing"));
	}
	page_cut(page, 2, count, CHAINS_SHOWN, "rules");
}

static void
text_close(const struct page *page, const json_t *findings)
{
	static const char *const colours[] = {"\033[32m", "\033[1;31m", "\033[33m"};
	const json_t *verdict = json_object_get(findings, "verdict");
	const json_t *tool = json_object_get(findings, "tool");
	int status = findings_exit(findings);
	struct buf line = {0};
	for (size_t i = 0; i < finding_length(verdict, "not_said"); i++)
		buf_printf(&line, "%s%s", i ? "; " : "",
			   finding_item(verdict, "not_said", i));
	if (line.size > 0) {
		struct buf safe = {0};
		words_escape(&safe, line.data, line.size);
		buf_puts(page->out, "NOT SAID ");
		page_wrap(page, LABEL, LABEL, safe.data);
		buf_free(&safe);
	}
	buf_free(&line);
	if (page->colour)
		buf_puts(page->out, colours[status == EXIT_REPRODUCED  ? TONE_GOOD
					    : status == EXIT_UNDECIDED ? TONE_OPEN
								       : TONE_BAD]);
	buf_printf(page->out, "EXIT %d   %s%s", status, words_exit_of(findings),
		   page->colour ? "\033[0m" : "");
	words_escape(&line, finding_string_or(tool, "version", "?"), WORD_LIMIT);
	buf_printf(page->out, " (verify %s)\n", line.data);
	buf_free(&line);
}

void
report_text(const json_t *findings, bool colour, unsigned columns, struct buf *out)
{
	struct page page = {
	    .out = out,
	    .columns = columns ? columns : 80,
	    .colour = colour,
	    .product = product_name(findings),
	};
	text_verdict(&page, findings);
	text_inputs(&page, findings);
	text_build(&page, findings);
	text_files(&page, findings);
	text_signatures(&page, findings, "signatures", "SIGNATURES");
	/* Those of sources stand with their inputs; alone they are the report. */
	if (finding_is(findings, "command", "signatures"))
		text_signatures(&page, findings, "source_signatures",
				"SIGNATURES OF SOURCES");
	text_policy(&page, findings);
	text_close(&page, findings);
}
