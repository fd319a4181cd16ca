/* Lines of text side by side, the part that changed marked. */
#include "report/html_private.h"

#include <stdlib.h>

enum { TEXT_MOST = 1500 }; /* bytes of one side */

/* Is `text` at the start of a character that shown text wrote as one? */
static bool
is_boundary(const char *text, size_t at)
{
	size_t slashes = 0;
	if (((unsigned char)text[at] & 0xc0) == 0x80)
		return false;
	while (slashes < at && text[at - 1 - slashes] == '\\')
		slashes++;
	return slashes % 2 == 0;
}

/* Bytes that both texts begin with, in whole characters. */
static size_t
common_start(const char *a, const char *b)
{
	size_t same = 0;
	while (a[same] != '\0' && a[same] == b[same])
		same++;
	while (same > 0 && (!is_boundary(a, same) || !is_boundary(b, same)))
		same--;
	return same;
}

/* Bytes that both end with, at most `most`. */
static size_t
common_end(const char *a, const char *b, size_t most)
{
	size_t a_length = strlen(a), b_length = strlen(b), same = 0;
	while (same < most && a[a_length - 1 - same] == b[b_length - 1 - same])
		same++;
	while (same > 0 &&
	       (!is_boundary(a, a_length - same) || !is_boundary(b, b_length - same)))
		same--;
	return same;
}

static void
write_side(struct html *page, const char *head, const char *text, size_t start,
	   size_t end)
{
	size_t length = strlen(text), cut = 0;
	char *before = base_strndup(text, start);
	html_raw(page, "<div>");
	html_element(page, "h5", head);
	html_raw(page, "<pre><code>");
	html_text(page, before);
	size_t changed = length - start - end;
	if (changed > TEXT_MOST) {
		cut = changed - TEXT_MOST;
		changed = TEXT_MOST;
	}
	if (changed > 0) {
		char *middle = base_strndup(text + start, changed);
		html_element(page, "mark", middle);
		free(middle);
	}
	html_text(page, cut ? "" : text + start + changed);
	html_raw(page, "</code></pre>");
	html_cut(page, "p class=\"cut\"", cut, 0, "bytes");
	html_raw(page, "</div>\n");
	free(before);
}

bool
html_lines(struct html *page, const json_t *difference)
{
	const char *shipped = finding_string(difference, "shipped_text");
	const char *rebuilt = finding_string(difference, "rebuilt_text");
	if (shipped == NULL && rebuilt == NULL)
		return false;
	const char *a = shipped ? shipped : "", *b = rebuilt ? rebuilt : "";
	size_t start = common_start(a, b);
	size_t a_rest = strlen(a) - start, b_rest = strlen(b) - start;
	size_t end = common_end(a, b, a_rest < b_rest ? a_rest : b_rest);
	html_raw(page, "<div class=\"lines\">");
	write_side(page, shipped ? "Shipped" : "Shipped: no such line", a, start, end);
	write_side(page, rebuilt ? "Rebuilt" : "Rebuilt: no such line", b, start, end);
	html_raw(page, "</div>\n");
	return true;
}
