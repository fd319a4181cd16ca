/*
 * The report as one HTML page that fetches nothing and needs no script to be read: on
 * a phone, on paper, in the dark, with a keyboard, and by ear. This file has the order
 * of its sections; html_private.h says what the others have.
 */
#include "report/html_private.h"

#include <stdlib.h>

enum { ROWS_SHOWN = 200 };

static bool
has_files(const json_t *findings)
{
	return finding_length(findings, "files") > 0 &&
	       (finding_is(findings, "command", "run") ||
		finding_is(findings, "command", "compare"));
}

static bool
has_exceptions(const json_t *findings)
{
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		if (finding_length(finding_at(findings, "files", i), "exceptions") > 0)
			return true;
	}
	return false;
}

static bool
has_signatures(const json_t *findings)
{
	return finding_length(findings, "signatures") > 0;
}

static bool
has_source_signatures(const json_t *findings)
{
	return finding_length(findings, "source_signatures") > 0;
}

static bool
has_policy(const json_t *findings)
{
	return finding_length(json_object_get(findings, "policy"), "rules") > 0;
}

static bool
has_build(const json_t *findings)
{
	return json_is_object(json_object_get(findings, "build")) ||
	       finding_length(findings, "confinement") > 0;
}

static bool
has_always(const json_t *findings)
{
	return true;
}

static size_t
files_with(const json_t *findings, const char *class)
{
	size_t count = 0;
	for (size_t i = 0; i < finding_length(findings, "files"); i++) {
		const json_t *file = finding_at(findings, "files", i);
		const char *status = finding_string_or(file, "status", "undecided");
		if (strcmp(html_status_class(status), class) == 0)
			count += finding_entries(file);
	}
	return count;
}

static void
write_filter(struct html *page, const char *class, size_t count, bool checked)
{
	buf_printf(page->out,
		   "<label><input type=\"radio\" name=\"show\" id=\"show-%s\"%s> %s "
		   "<small>%zu</small></label>\n",
		   class, checked ? " checked" : "", class, count);
}

/* The choice of a status: style does what it says, so it works without script. */
static void
write_filters(struct html *page)
{
	html_raw(page, "<fieldset><legend>Show</legend>\n");
	write_filter(page, "all", finding_files(page->findings), true);
	for (size_t i = 0; i <= words_status_count; i++) {
		const char *class =
		    i < words_status_count ? words_statuses[i] : "other";
		size_t count = files_with(page->findings, class);
		if (count > 0)
			write_filter(page, class, count, false);
	}
	html_raw(page, "</fieldset>\n<div id=\"tools\"></div>\n");
}

/* The tree stands first but has links to articles: those are written before it. */
static void
write_files(struct html *page)
{
	struct buf articles = {0};
	struct html aside = {.out = &articles, .findings = page->findings};
	aside.articles =
	    base_alloc(finding_files(page->findings), sizeof(*aside.articles));
	html_share(&aside, (size_t)7 << 19);
	html_articles(&aside);
	page->articles = aside.articles;
	write_filters(page);
	html_tree(page);
	buf_append(page->out, articles.data, articles.size);
	page->articles = NULL;
	free(aside.articles);
	buf_free(&articles);
}

static void
write_exceptions(struct html *page)
{
	struct table table;
	table_exceptions(page->findings, ROWS_SHOWN, &table);
	html_table(page, &table);
	table_free(&table);
}

static void
write_signatures(struct html *page)
{
	html_signatures(page, "signatures");
}

static void
write_source_signatures(struct html *page)
{
	html_signatures(page, "source_signatures");
}

static void
write_policy(struct html *page)
{
	struct table table;
	table_policy(page->findings, ROWS_SHOWN, &table);
	html_table(page, &table);
	table_free(&table);
}

static void
write_inputs(struct html *page)
{
	struct table table;
	table_inputs(page->findings, ROWS_SHOWN, &table);
	html_table(page, &table);
	table_free(&table);
}

/* All sections behind the verdict, each with about how many bytes it may have. */
static const struct {
	const char *id, *heading;
	bool (*has)(const json_t *findings);
	void (*write)(struct html *page);
	size_t share;
} sections[] = {
    {"files", "Files", has_files, write_files, (size_t)3 << 19},
    {"exceptions", "Exceptions used", has_exceptions, write_exceptions, 200000},
    {"signatures", "Signatures", has_signatures, write_signatures, 800000},
    {"source-signatures", "Signatures of sources", has_source_signatures,
     write_source_signatures, 200000},
    {"policy", "Signature policy", has_policy, write_policy, 200000},
    {"build", "Build and surroundings", has_build, html_build, 200000},
    {"inputs", "Inputs", has_always, write_inputs, 200000},
    {"check", "Check it yourself", has_always, html_check, 100000},
};

static void
write_contents(struct html *page)
{
	html_raw(page, "<nav aria-label=\"Contents\"><ul>\n");
	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		if (sections[i].has(page->findings))
			buf_printf(page->out, "<li><a href=\"#%s\">%s</a></li>\n",
				   sections[i].id, sections[i].heading);
	}
	html_raw(page, "</ul></nav>\n");
}

static void
write_sections(struct html *page)
{
	for (size_t i = 0; i < ARRAY_COUNT(sections); i++) {
		const char *id = sections[i].id;
		if (!sections[i].has(page->findings))
			continue;
		html_share(page, sections[i].share);
		buf_printf(page->out,
			   "<section id=\"%s\" aria-labelledby=\"%s-h\">\n"
			   "<h2 id=\"%s-h\">%s</h2>\n",
			   id, id, id, sections[i].heading);
		sections[i].write(page);
		html_raw(page, "</section>\n");
	}
}

void
report_html(const json_t *findings, struct buf *out)
{
	struct html page = {.out = out, .findings = findings};
	const json_t *tool = json_object_get(findings, "tool");
	struct buf title = {0};
	words_title(findings, &title);
	html_share(&page, 200000);
	html_head(&page, title.data);
	html_raw(&page, "<a class=\"skip\" href=\"#verdict\">Skip to the verdict</a>\n"
			"<header><p class=\"brand\">Report of verify</p>\n");
	html_element(&page, "h1", title.data);
	html_raw(&page, "</header>\n<main>\n");
	html_verdict(&page);
	write_contents(&page);
	write_sections(&page);
	html_raw(&page, "</main>\n<footer>");
	html_format(&page, "p",
		    "Made by verify %s from its findings, which verify-findings(5) "
		    "defines. This page fetches nothing.",
		    finding_string_or(tool, "version", "?"));
	html_raw(&page, "</footer>\n");
	html_foot(&page);
	buf_free(&title);
}
