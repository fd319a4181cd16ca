/*
 * Commands with which a reader checks the report. Names out of the findings are quoted
 * for a shell first: a name must not become a command when it is copied.
 */
#include "report/html_private.h"

enum { COMMANDS_SHOWN = 30, NAME_LIMIT = 300 };

/* `text` as one word of a shell's command line, not an option. */
static void
quote(struct buf *line, const char *text)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789._/+:=@%-~";
	const char *before = *text == '-' ? "./" : "";
	bool simple = *text != '\0' && *text != '~' && *text != '=' &&
		      text[strspn(text, plain)] == '\0';
	buf_puts(line, before);
	if (simple) {
		buf_puts(line, text);
		return;
	}
	buf_puts(line, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_puts(line, "'\\''");
		else
			buf_append(line, text, 1);
	}
	buf_puts(line, "'");
}

static void
write_command(struct html *page, const char *why, struct buf *line)
{
	html_raw(page, "<li>");
	html_element(page, "p", why);
	html_raw(page, "<pre tabindex=\"0\"><code>");
	html_text(page, line->data ? line->data : "");
	html_raw(page, "</code></pre></li>\n");
	buf_clear(line);
}

/* One line for each input whose hash is known: name and hash go in as one word. */
static void
write_hashes(struct html *page, struct buf *line)
{
	size_t count = finding_length(page->findings, "inputs"), shown = 0, told = 0;
	html_raw(page, "<li><p>The inputs are those that this report speaks of:</p>"
		       "<pre tabindex=\"0\"><code>");
	for (; shown < count && told < COMMANDS_SHOWN && html_room(page); shown++) {
		const json_t *input = finding_at(page->findings, "inputs", shown);
		const char *sha256 = finding_string(input, "sha256");
		const char *path = finding_string(input, "path");
		struct buf word = {0};
		if (sha256 == NULL || path == NULL || strlen(path) > NAME_LIMIT ||
		    strlen(sha256) != SHA256_HEX - 1)
			continue;
		told++;
		buf_printf(&word, "%s  %s", sha256, path);
		buf_puts(line, "printf '%s\\n' ");
		quote(line, word.data);
		buf_puts(line, " | sha256sum -c");
		html_text(page, line->data);
		html_raw(page, "\n");
		buf_clear(line);
		buf_free(&word);
	}
	html_raw(page, "</code></pre>");
	html_cut(page, "p class=\"cut\"", count, shown, "inputs");
	html_raw(page, "</li>\n");
}

/* The name of the first input with this role; NULL when there is none, or one that is
 * too long to be shown whole. */
static const char *
input_named(const struct html *page, const char *role)
{
	for (size_t i = 0; i < finding_length(page->findings, "inputs"); i++) {
		const json_t *input = finding_at(page->findings, "inputs", i);
		const char *path = finding_string(input, "path");
		if (finding_is(input, "role", role) && path != NULL &&
		    strlen(path) <= NAME_LIMIT)
			return path;
	}
	return NULL;
}

/* The command that made these findings, without its further options. */
static void
write_again(struct html *page, struct buf *line)
{
	const char *command = finding_string_or(page->findings, "command", "");
	const json_t *release = json_object_get(page->findings, "release");
	const char *one = NULL, *other = NULL;
	if (strcmp(command, "run") == 0 || strcmp(command, "rebuild") == 0) {
		one = finding_string(release, "file");
	} else if (strcmp(command, "compare") == 0) {
		one = input_named(page, "shipped");
		other = input_named(page, "rebuilt");
	} else if (strcmp(command, "signatures") == 0) {
		one = input_named(page, "file");
	}
	if (one == NULL || strlen(one) > NAME_LIMIT ||
	    (strcmp(command, "compare") == 0 && other == NULL))
		return;
	/* the command is one of the four that were compared with */
	buf_printf(line, "verify %s --json again.json ", command);
	quote(line, one);
	if (other != NULL) {
		buf_puts(line, " ");
		quote(line, other);
	}
	if (strcmp(command, "rebuild") == 0)
		buf_puts(line, " -o built");
	write_command(page,
		      "The same findings again, but for the object \"run\":", line);
}

/* The shipped side on disk, to be looked at with other tools. */
static void
write_unpack(struct html *page, struct buf *line)
{
	static const char *const roles[] = {"product", "shipped", "file"};
	const char *path = NULL;
	for (size_t i = 0; i < ARRAY_COUNT(roles) && path == NULL; i++)
		path = input_named(page, roles[i]);
	if (path == NULL)
		return;
	buf_puts(line, "verify list ");
	quote(line, path);
	write_command(page, "Every member of what was shipped, with its digest:", line);
	buf_puts(line, "verify unpack ");
	quote(line, path);
	buf_puts(line, " unpacked");
	write_command(page, "Its members as files, for tools of your own:", line);
}

void
html_check(struct html *page)
{
	struct buf line = {0};
	html_raw(page, "<ol class=\"commands\">\n");
	write_hashes(page, &line);
	write_again(page, &line);
	write_unpack(page, &line);
	buf_puts(&line, "verify report findings.json --html -");
	write_command(page,
		      "This page from the JSON findings; a verdict that does not "
		      "follow from them is refused:",
		      &line);
	buf_puts(&line, "jq '.files[] | select(.differences) | {path, status, "
			"differences}' findings.json");
	write_command(page, "All differences, with what this page leaves out:", &line);
	html_raw(page, "</ol>\n");
	buf_free(&line);
}
