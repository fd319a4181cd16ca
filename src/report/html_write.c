/* The smallest parts of the HTML report, and the one door for text. */
#include "report/html_private.h"

enum {
	ITEMS_SHOWN = 200,
	TEXT_LIMIT = 2000, /* bytes of one text out of the findings */
};

void
html_share(struct html *page, size_t bytes)
{
	page->ceiling = page->out->size + bytes;
}

bool
html_room(const struct html *page)
{
	return page->out->size < page->ceiling;
}

void
html_raw(struct html *page, const char *markup)
{
	buf_puts(page->out, markup);
}

void
html_text(struct html *page, const char *text)
{
	struct buf shown = {0}, *out = page->out;
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

void
html_element(struct html *page, const char *tag, const char *text)
{
	buf_printf(page->out, "<%s>", tag);
	html_text(page, text);
	buf_printf(page->out, "</%.*s>", (int)strcspn(tag, " "), tag);
}

void
html_format(struct html *page, const char *tag, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	html_element(page, tag, text.data ? text.data : "");
	buf_free(&text);
}

const char *
html_tone(enum tone tone)
{
	static const char *const classes[] = {
	    [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_OPEN] = "open"};
	return classes[tone];
}

void
html_word(struct html *page, const char *word)
{
	buf_printf(page->out, "<b class=\"word %s\">", html_tone(words_tone(word)));
	html_text(page, word);
	html_raw(page, "</b>");
}

const char *
html_status_class(const char *status)
{
	for (size_t i = 0; i < words_status_count; i++) {
		if (strcmp(words_statuses[i], status) == 0)
			return words_statuses[i];
	}
	return "other";
}

void
html_cut(struct html *page, const char *tag, size_t all, size_t shown, const char *what)
{
	if (all > shown)
		html_format(page, tag, "… %zu more %s, all in the JSON findings",
			    all - shown, what);
}

void
html_list(struct html *page, const char *tag, const json_t *object, const char *key,
	  const char *what)
{
	size_t count = finding_length(object, key), shown = 0;
	if (count == 0)
		return;
	buf_printf(page->out, "<%s>\n", tag);
	for (; shown < count && shown < ITEMS_SHOWN && html_room(page); shown++) {
		html_element(page, "li", finding_item(object, key, shown));
		html_raw(page, "\n");
	}
	html_cut(page, "li", count, shown, what);
	buf_printf(page->out, "</%s>\n", tag);
}

static void
fact(struct html *page, const char *term, const char *tag, const char *text)
{
	if (text == NULL || *text == '\0')
		return;
	html_raw(page, "<div>");
	html_element(page, "dt", term);
	html_raw(page, "<dd>");
	html_element(page, tag, text);
	html_raw(page, "</dd></div>\n");
}

void
html_fact(struct html *page, const char *term, const char *text)
{
	fact(page, term, "span", text);
}

void
html_fact_code(struct html *page, const char *term, const char *text)
{
	fact(page, term, "code", text);
}

void
html_fact_size(struct html *page, const char *term, const json_t *object,
	       const char *key)
{
	char size[32];
	if (!json_is_integer(json_object_get(object, key)))
		return;
	text_size(finding_number(object, key), size);
	html_fact(page, term, size);
}

static void
table_cell(struct html *page, const struct table *table, size_t row, size_t column)
{
	const char *text = table->cells.items[row * table->column_count + column];
	const struct column *head = &table->columns[column];
	/* the names are repeated for a narrow page, where a row is a list */
	buf_printf(page->out, "<td data-name=\"%s\"%s>", head->name,
		   head->kind == COLUMN_NUMBER ? " class=\"number\"" : "");
	if (head->kind == COLUMN_WORD && *text != '\0')
		html_word(page, text);
	else if (head->kind == COLUMN_CODE && *text != '\0')
		html_element(page, "code", text);
	else
		html_text(page, text);
	html_raw(page, "</td>");
}

void
html_table(struct html *page, const struct table *table)
{
	size_t rows = table_rows(table), row = 0;
	if (rows == 0)
		return;
	html_raw(page, "<table class=\"rows\">\n");
	html_element(page, "caption", table->caption);
	html_raw(page, "<thead><tr>");
	for (size_t i = 0; i < table->column_count; i++)
		html_element(page, "th scope=\"col\"", table->columns[i].name);
	html_raw(page, "</tr></thead>\n<tbody>\n");
	for (; row < rows && html_room(page); row++) {
		html_raw(page, "<tr>");
		for (size_t i = 0; i < table->column_count; i++)
			table_cell(page, table, row, i);
		html_raw(page, "</tr>\n");
	}
	html_raw(page, "</tbody></table>\n");
	html_cut(page, "p class=\"cut\"", table->all, row, table->what);
}
