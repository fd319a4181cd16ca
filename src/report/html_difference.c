/*
 * The differences of one file: each with its place, its cause and what proves it, and
 * both sides beside each other. What follows from another difference stands below it.
 */
#include "report/html_private.h"

#include <stdlib.h>

enum {
	DIFFERENCES_SHOWN = 100,
	OPEN_SHOWN = 10, /* of them with their bytes in sight at once */
	DEPTH_MOST = 6,
};

struct telling {
	struct html *page;
	const json_t *file;
	size_t index; /* of the file, for the names of anchors */
	size_t count; /* differences that are looked at */
	size_t told;
	size_t *origins; /* of each, the one that it follows from; or `count` */
	bool *done;
};

static const json_t *
difference_at(const struct telling *telling, size_t i)
{
	return finding_at(telling->file, "differences", i);
}

/* The place that a difference is said to follow from; NULL when from none. */
static const char *
follows_from(const json_t *difference)
{
	return finding_string(json_object_get(difference, "cause"), "follows_from");
}

/* The difference of this file that another one follows from; `count` when it is in
 * another file, or not listed. */
static size_t
find_origin(const struct telling *telling, size_t of)
{
	const char *place = follows_from(difference_at(telling, of));
	size_t i = telling->count;
	if (place == NULL)
		return i;
	for (i = 0; i < telling->count; i++) {
		if (i != of && finding_is(difference_at(telling, i), "place", place))
			break;
	}
	return i;
}

static void
write_cause(struct html *page, const json_t *difference, bool nested)
{
	const json_t *cause = json_object_get(difference, "cause");
	const char *name = finding_string(cause, "name");
	const char *evidence = finding_string(cause, "evidence");
	const char *proof = finding_string(cause, "proof");
	const char *follows = follows_from(difference);
	bool proved = finding_is(cause, "sure", "proved");
	if (name == NULL)
		return;
	buf_printf(page->out, "<div class=\"cause\"><p><b class=\"sure %s\">%s</b> ",
		   proved ? "proved" : "likely", proved ? "proved" : "likely");
	html_element(page, "b", name);
	if (!proved)
		html_raw(page, " <small>(a guess: it improves no status)</small>");
	html_raw(page, "</p>\n<dl class=\"facts\">\n");
	html_fact(page, "Evidence", evidence);
	if (proved)
		html_fact(page, "Proof", proof);
	if (!nested)
		html_fact(page, "Follows from", follows);
	html_raw(page, "</dl></div>\n");
}

/* Both values as a table: fields, and bytes without context. */
static void
write_values(struct html *page, const json_t *difference)
{
	struct buf shipped = {0}, rebuilt = {0};
	words_value(difference, "shipped", &shipped);
	words_value(difference, "rebuilt", &rebuilt);
	html_raw(page, "<dl class=\"facts values\">\n");
	html_fact_code(page, "Shipped", shipped.data);
	html_fact_code(page, "Rebuilt", rebuilt.data);
	html_raw(page, "</dl>\n");
	buf_free(&shipped);
	buf_free(&rebuilt);
}

/* What differs, the most readable view of it first and open. */
static void
write_views(struct telling *telling, const json_t *difference)
{
	struct html *page = telling->page;
	bool open = telling->told <= OPEN_SHOWN;
	if (!html_room(page)) {
		html_element(page, "p class=\"cut\"",
			     "Both sides of it are in the JSON findings.");
		return;
	}
	/* a field's value says more than the bytes that it is written with */
	bool values = finding_is(difference, "kind", "metadata") ||
		      finding_is(difference, "kind", "order");
	if (values)
		write_values(page, difference);
	bool lines = html_lines(page, difference);
	bool code = html_code(page, difference);
	bool bytes = html_hex(page, difference, open && !values && !lines && !code);
	if (!values && !lines && !code && !bytes)
		write_values(page, difference);
}

static void write_difference(struct telling *telling, size_t i, size_t depth);

/* The differences that follow from number `of`. */
static void
write_consequences(struct telling *telling, size_t of, size_t depth)
{
	struct html *page = telling->page;
	bool any = false;
	for (size_t i = 0; i < telling->count && depth < DEPTH_MOST; i++) {
		if (telling->done[i] || telling->origins[i] != of)
			continue;
		if (!any)
			html_raw(page, "<p class=\"follows\">What follows from it:</p>"
				       "<ol class=\"differences\">\n");
		any = true;
		write_difference(telling, i, depth + 1);
	}
	if (any)
		html_raw(page, "</ol>\n");
}

static void
write_difference(struct telling *telling, size_t i, size_t depth)
{
	struct html *page = telling->page;
	const json_t *difference = difference_at(telling, i);
	struct buf place = {0};
	telling->done[i] = true;
	telling->told++;
	words_place(difference, &place);
	buf_printf(page->out, "<li class=\"difference\" id=\"f%zud%zu\">",
		   telling->index, i);
	html_element(page, "p class=\"place\"", place.data);
	write_cause(page, difference, depth > 0);
	write_views(telling, difference);
	write_consequences(telling, i, depth);
	html_raw(page, "</li>\n");
	buf_free(&place);
}

static void
write_cut(struct telling *telling)
{
	size_t listed = finding_length(telling->file, "differences");
	size_t all = (size_t)finding_number(telling->file, "difference_count");
	if (all > listed)
		html_format(telling->page, "p class=\"cut\"",
			    "… %zu more differences, %zu of them in the JSON findings",
			    all - telling->told, listed - telling->told);
	else
		html_cut(telling->page, "p class=\"cut\"", listed, telling->told,
			 "differences");
}

void
html_differences(struct html *page, const json_t *file, size_t index)
{
	size_t listed = finding_length(file, "differences");
	struct telling telling = {.page = page, .file = file, .index = index};
	telling.count = listed < DIFFERENCES_SHOWN ? listed : DIFFERENCES_SHOWN;
	if (listed == 0)
		return;
	telling.done = base_alloc(telling.count, sizeof(*telling.done));
	telling.origins = base_alloc(telling.count, sizeof(*telling.origins));
	for (size_t i = 0; i < telling.count; i++)
		telling.origins[i] = find_origin(&telling, i);
	html_raw(page, "<section>");
	uint64_t places = finding_number(file, "difference_count");
	uint64_t bytes = finding_number(file, "differing_bytes");
	html_format(page, "h4", "What differs: %ju place%s, %ju byte%s",
		    (uintmax_t)places, places == 1 ? "" : "s", (uintmax_t)bytes,
		    bytes == 1 ? "" : "s");
	html_raw(page, "<ol class=\"differences\">\n");
	/* first what follows from nothing here; then rings, which have no first */
	for (int ring = 0; ring < 2; ring++) {
		for (size_t i = 0; i < telling.count && html_room(page); i++) {
			bool origin = telling.origins[i] == telling.count;
			if (!telling.done[i] && (origin || ring == 1))
				write_difference(&telling, i, 0);
		}
	}
	html_raw(page, "</ol>\n");
	write_cut(&telling);
	html_raw(page, "</section>\n");
	free(telling.origins);
	free(telling.done);
}
