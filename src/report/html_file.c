/* One article for each file of which there is something to tell. */
#include "report/html_private.h"

#include <stdlib.h>

enum {
	FILES_SHOWN = 2000,
	NOTES_SHOWN = 100,
};

bool
html_file_is_told(const json_t *file)
{
	if (!finding_is(file, "status", "identical") &&
	    !finding_is(file, "status", "unbuilt"))
		return true;
	for (size_t i = 0; i < finding_length(file, "notes"); i++) {
		if (!finding_is(finding_at(file, "notes", i), "kind", "remark"))
			return true;
	}
	return false;
}

/* The path with its last name in bold: the rest of it is where, that is what. */
static void
write_path(struct html *page, const char *path)
{
	size_t start = strlen(path);
	while (start > 0 && path[start - 1] == '/')
		start--; /* a container's content is named after it */
	while (start > 0 && path[start - 1] != '/')
		start--;
	char *above = base_strndup(path, start);
	html_raw(page, "<code>");
	html_text(page, above);
	html_element(page, "b", path + start);
	html_raw(page, "</code>");
	free(above);
}

/* Size, hash and mode of both sides as a table of two rows. */
static void
write_sides(struct html *page, const json_t *file)
{
	static const struct column columns[] = {{"Side", COLUMN_TEXT},
						{"Size", COLUMN_NUMBER},
						{"SHA-256", COLUMN_CODE},
						{"Type and mode", COLUMN_TEXT},
						{"Target", COLUMN_CODE}};
	static const char *const sides[] = {"shipped", "rebuilt"};
	struct table table = {.caption = "Both sides",
			      .what = "sides",
			      .columns = columns,
			      .column_count = ARRAY_COUNT(columns)};
	bool target = false;
	for (size_t i = 0; i < ARRAY_COUNT(sides); i++)
		target = target || finding_string(json_object_get(file, sides[i]),
						  "target") != NULL;
	table.column_count -= !target;
	for (size_t i = 0; i < ARRAY_COUNT(sides); i++) {
		const json_t *side = json_object_get(file, sides[i]);
		if (!json_is_object(side))
			continue;
		const char *mode = finding_string(side, "mode");
		table.all++;
		strings_add(&table.cells, sides[i]);
		if (json_is_integer(json_object_get(side, "size")))
			strings_addf(&table.cells, "%ju bytes",
				     (uintmax_t)finding_number(side, "size"));
		else
			strings_add(&table.cells, "");
		strings_add(&table.cells, finding_string_or(side, "sha256", ""));
		strings_addf(&table.cells, "%s%s%s",
			     finding_string_or(side, "type", ""), mode ? " " : "",
			     mode ? mode : "");
		if (target)
			strings_add(&table.cells,
				    finding_string_or(side, "target", ""));
	}
	html_table(page, &table);
	table_free(&table);
}

static void
write_graft(struct html *page, const json_t *file)
{
	const json_t *graft = json_object_get(file, "graft");
	if (!json_is_object(graft))
		return;
	html_raw(page, "<section class=\"graft\">");
	html_element(page, "h4", "Graft: the rebuilt file given the shipped signature");
	html_list(page, "ol", graft, "steps", "steps");
	html_raw(page, "<p>SHA-256 of the result ");
	html_element(page, "code", finding_string_or(graft, "sha256", "not known"));
	if (finding_is(file, "status", "signature-only"))
		html_raw(page, ": equal to the shipped file, byte for byte");
	html_raw(page, "</p></section>\n");
}

static void
write_exceptions(struct html *page, const json_t *file)
{
	size_t count = finding_length(file, "exceptions"), shown = 0;
	if (count == 0)
		return;
	html_raw(page, "<section>");
	html_element(page, "h4", "Exceptions used");
	html_raw(page, "<ul>\n");
	for (; shown < count && shown < NOTES_SHOWN && html_room(page); shown++) {
		const json_t *exception = finding_at(file, "exceptions", shown);
		const char *reason = finding_string(exception, "reason");
		html_raw(page, "<li>");
		html_element(page, "b", finding_string_or(exception, "rule", "?"));
		html_format(page, "span", " covered %ju bytes of %s%s%s",
			    (uintmax_t)finding_number(exception, "bytes"),
			    finding_string_or(exception, "extent", "?"),
			    reason ? ": " : "", reason ? reason : "");
		html_list(page, "ul", exception, "recomputed", "recomputations");
		html_raw(page, "</li>\n");
	}
	html_cut(page, "li", count, shown, "exceptions");
	html_raw(page, "</ul></section>\n");
}

static void
write_notes(struct html *page, const json_t *file)
{
	size_t count = finding_length(file, "notes"), shown = 0;
	if (count == 0)
		return;
	html_raw(page, "<section>");
	html_element(page, "h4", "Notes");
	html_raw(page, "<ul class=\"notes\">\n");
	for (; shown < count && shown < NOTES_SHOWN && html_room(page); shown++) {
		const json_t *note = finding_at(file, "notes", shown);
		const char *kind = finding_string_or(note, "kind", "note");
		html_raw(page, "<li>");
		html_word(page, kind);
		html_format(page, "span", " %s", finding_string_or(note, "text", "?"));
		if (finding_number(note, "offset") > 0)
			html_format(page, "small", " at offset 0x%jx",
				    (uintmax_t)finding_number(note, "offset"));
		html_raw(page, "</li>\n");
	}
	html_cut(page, "li", count, shown, "notes");
	html_raw(page, "</ul></section>\n");
}

static void
write_article(struct html *page, const json_t *file, size_t index)
{
	const char *status = finding_string_or(file, "status", "undecided");
	const char *path = finding_string_or(file, "path", "(no path)");
	const char *reason = finding_string(file, "reason");
	const char *built = finding_string(file, "built");
	const char *format = finding_string(file, "format");
	struct buf pairing = {0};
	buf_printf(page->out,
		   "<article class=\"file s-%s\" id=\"f%zu\" aria-labelledby=\"h%zu\">"
		   "<h3 id=\"h%zu\">",
		   html_status_class(status), index, index, index);
	html_word(page, status);
	html_raw(page, " ");
	write_path(page, path);
	html_raw(page, "</h3>\n");
	if (reason != NULL)
		html_element(page, "p class=\"reason\"", reason);
	words_pairing(file, &pairing);
	html_raw(page, "<dl class=\"facts\">\n");
	if (built != NULL && strcmp(built, path) != 0)
		html_fact_code(page, "Built as", built);
	html_fact(page, "Pairing", pairing.data);
	html_fact_code(page, "Moved to", finding_string(file, "moved_to"));
	html_fact_code(page, "Moved from", finding_string(file, "moved_from"));
	html_fact(page, "Format", format);
	html_raw(page, "</dl>\n");
	write_sides(page, file);
	write_graft(page, file);
	write_exceptions(page, file);
	html_map(page, file);
	html_differences(page, file, index);
	write_notes(page, file);
	html_raw(page, "</article>\n");
	buf_free(&pairing);
}

/* First the files themselves; what differs in a container mostly follows from them. */
void
html_articles(struct html *page)
{
	size_t all = 0, shown = 0;
	for (int containers = 0; containers < 2; containers++) {
		size_t number = 0, next = 0;
		for (size_t i = 0; i < finding_length(page->findings, "files"); i++) {
			const json_t *file = finding_at(page->findings, "files", i);
			number = next;
			next += finding_entries(file);
			bool container =
			    json_is_true(json_object_get(file, "container"));
			if (container != (containers == 1) || !html_file_is_told(file))
				continue;
			all++;
			if (shown >= FILES_SHOWN || !html_room(page))
				continue;
			shown++;
			page->articles[number] = true;
			write_article(page, file, number);
		}
	}
	html_cut(page, "p class=\"cut\"", all, shown, "files");
}
