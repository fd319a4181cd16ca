/* The verdict, why, and what it does not say. */
#include "report/html_private.h"

#include <stdlib.h>

/* One of the four answers beside each other. */
static void
write_answer(struct html *page, const char *term, const char *word)
{
	html_raw(page, "<div>");
	html_element(page, "dt", term);
	html_raw(page, "<dd>");
	html_word(page, word);
	html_raw(page, "</dd></div>\n");
}

/* How many files have each status: a bar, and the same in words. */
static void
write_counts(struct html *page)
{
	json_t *counts = verdict_counts(page->findings);
	struct buf words = {0};
	uint64_t all = 0;
	double at = 0;
	for (size_t i = 0; i < words_status_count; i++)
		all += finding_number(counts, words_statuses[i]);
	if (all == 0) {
		json_decref(counts);
		return;
	}
	html_raw(page, "<svg class=\"counts\" width=\"100%\" height=\"14\" "
		       "aria-hidden=\"true\">");
	for (size_t i = 0; i < words_status_count; i++) {
		uint64_t count = finding_number(counts, words_statuses[i]);
		double width = (double)count * 100 / (double)all;
		if (count == 0)
			continue;
		buf_printf(page->out,
			   "<rect class=\"c-%s\" x=\"%.2f%%\" width=\"%.2f%%\" "
			   "height=\"14\"/>",
			   html_tone(words_tone(words_statuses[i])), at, width);
		at += width;
	}
	html_raw(page, "</svg>\n");
	words_counts(page->findings, &words);
	html_format(page, "p class=\"counts\"", "Files: %s", words.data);
	html_raw(page, "\n");
	buf_free(&words);
	json_decref(counts);
}

void
html_verdict(struct html *page)
{
	const json_t *verdict = json_object_get(page->findings, "verdict");
	int status = findings_exit(page->findings);
	enum tone tone = status == EXIT_REPRODUCED  ? TONE_GOOD
			 : status == EXIT_UNDECIDED ? TONE_OPEN
						    : TONE_BAD;
	bool compared = finding_is(page->findings, "command", "run") ||
			finding_is(page->findings, "command", "compare");
	buf_printf(page->out,
		   "<section class=\"verdict tone-%s\" id=\"verdict\" "
		   "aria-labelledby=\"verdict-h\">\n"
		   "<h2 id=\"verdict-h\">Verdict: ",
		   html_tone(tone));
	html_word(page, words_verdict(page->findings));
	html_raw(page, "</h2>\n");
	html_format(page, "p class=\"says\"", "%s.", words_exit_of(page->findings));
	html_element(page, "p class=\"scope\"",
		     finding_string_or(verdict, "scope", "?"));
	html_raw(page, "<dl class=\"answers\">\n");
	if (compared)
		write_answer(page, "Bytes", finding_string_or(verdict, "bytes", "?"));
	write_answer(page, "Signatures", finding_string_or(verdict, "signatures", "?"));
	write_answer(page, "Policy", finding_string_or(verdict, "policy", "?"));
	buf_printf(page->out,
		   "<div><dt>Exit status</dt><dd><b>%d</b></dd></div>\n</dl>\n",
		   status);
	if (compared)
		write_counts(page);
	if (finding_length(verdict, "reasons") > 0) {
		html_element(page, "h3", "Why");
		html_list(page, "ul", verdict, "reasons", "reasons");
	}
	if (finding_length(verdict, "not_said") > 0) {
		html_element(page, "h3", "What this does not say");
		html_list(page, "ul", verdict, "not_said", "sentences");
	}
	html_raw(page, "</section>\n");
}
