/*
 * What the files of the HTML writer share.
 *
 * Text out of the findings reaches the page through html_text alone, which escapes
 * it; every other string is a constant. Every loop over findings asks html_room, so
 * that the page has a bounded size whatever the findings are, and says what it left
 * out with html_cut.
 */
#ifndef VERIFY_HTML_PRIVATE_H
#define VERIFY_HTML_PRIVATE_H

#include "report/report_private.h"

struct html {
	struct buf *out;
	const json_t *findings;
	size_t ceiling; /* of out->size, for the section that is being written */
	bool *articles; /* which files have an article, by their index */
};

/* ---- html_write.c: the smallest parts -------------------------------- */

/* The next section may write about so many bytes. */
void html_share(struct html *page, size_t bytes);
/* Is there room for one more item of the section? */
bool html_room(const struct html *page);

/* Markup: constants only. */
void html_raw(struct html *page, const char *markup);
/* Text out of the findings: the one door. */
void html_text(struct html *page, const char *text);
/* <tag>text</tag>; `tag` may have attributes: the end takes its first word. */
void html_element(struct html *page, const char *tag, const char *text);
/* The same with formatted text, which is escaped as a whole. */
void html_format(struct html *page, const char *tag, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* A status in words, with the colour of its tone. */
void html_word(struct html *page, const char *word);
/* The class of a tone: "good", "bad", "open". */
const char *html_tone(enum tone tone);
/* A status as part of a class name: itself when it is one that this program knows,
 * "other" otherwise. */
const char *html_status_class(const char *status);
/* An item that says how many of `what` were left out; nothing when none were. */
void html_cut(struct html *page, const char *tag, size_t all, size_t shown,
	      const char *what);
/* An array of strings as a list; `tag` is "ul" or "ol", nothing when it is empty. */
void html_list(struct html *page, const char *tag, const json_t *object,
	       const char *key, const char *what);
/* One row of a list of facts; nothing when `text` is NULL or empty. */
void html_fact(struct html *page, const char *term, const char *text);
/* The same in the type for hashes and paths. */
void html_fact_code(struct html *page, const char *term, const char *text);
/* A number of bytes as a fact, when it is there. */
void html_fact_size(struct html *page, const char *term, const json_t *object,
		    const char *key);
/* A table with caption, column heads and what was cut; nothing when it has no row. */
void html_table(struct html *page, const struct table *table);

/* ---- html_head.c, html_style.c, html_script.c: what surrounds all ---- */

/* The lines of style and script, each list ended by NULL. */
extern const char *const html_style[];
extern const char *const html_script[];
/* Everything up to and with <body>; style and script are allowed by their hashes. */
void html_head(struct html *page, const char *title);
/* The script and the end of the page. */
void html_foot(struct html *page);

/* ---- html_tree.c, html_file.c: the files ----------------------------- */

/* Does a file get an article of its own? Identical and unbuilt ones do not, unless
 * something was noted about them. */
bool html_file_is_told(const json_t *file);
/* The articles; those that there was room for are noted in `articles`. */
void html_articles(struct html *page);
/* The product as a tree, with a link to each article. */
void html_tree(struct html *page);

/* ---- inside an article ------------------------------------------------ */

/* html_map.c: where in both sides the changes lie. Nothing when none has an offset. */
void html_map(struct html *page, const json_t *file);
/* The same for the byte map of a signature: nothing when it has no ranges. */
void html_coverage(struct html *page, const json_t *coverage);
/* html_difference.c: all differences that are listed, consequences below causes. */
void html_differences(struct html *page, const json_t *file, size_t index);
/* html_hex.c: bytes side by side, open or folded; false when there are none. */
bool html_hex(struct html *page, const json_t *difference, bool open);
/* html_code.c: instructions side by side; false when there are none. */
bool html_code(struct html *page, const json_t *difference);
/* html_lines.c: lines of text side by side; false when there are none. */
bool html_lines(struct html *page, const json_t *difference);

/* ---- sections --------------------------------------------------------- */

/* html_verdict.c: the verdict, and what it does not say. */
void html_verdict(struct html *page);
/* html_chain.c: signatures of `key` with their chains. */
void html_signatures(struct html *page, const char *key);
/* html_build.c: how the rebuilt side came about, and what read the files. */
void html_build(struct html *page);
/* html_check.c: commands with which a reader checks this report. */
void html_check(struct html *page);

#endif
