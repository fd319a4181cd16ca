/*
 * The head and the foot of the page. Its style and its script are allowed by their
 * SHA-256 in the page's own policy, which allows nothing else: no other style or
 * script, and no address.
 */
#include "report/html_private.h"

static void
raw_lines(struct html *page, const char *const lines[])
{
	for (size_t i = 0; lines[i] != NULL; i++)
		html_raw(page, lines[i]);
}

/* The source expression that allows one element's text (CSP 2, 4.2.5): its SHA-256 in
 * base64 (RFC 4648, 4), which for 32 bytes is 43 digits and one '='. */
static void
allow(struct html *page, const char *const lines[])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct sha256 digest;
	struct hasher *hasher = hasher_new();
	for (size_t i = 0; lines[i] != NULL; i++)
		hasher_update(hasher, lines[i], strlen(lines[i]));
	hasher_final(hasher, &digest);
	hasher_free(hasher);
	html_raw(page, "'sha256-");
	for (size_t i = 0; i < SHA256_SIZE; i += 3) {
		uint32_t three = (uint32_t)digest.bytes[i] << 16;
		if (i + 1 < SHA256_SIZE)
			three |= (uint32_t)digest.bytes[i + 1] << 8;
		if (i + 2 < SHA256_SIZE)
			three |= digest.bytes[i + 2];
		for (unsigned k = 0; k < 4; k++) {
			bool past = i + k > SHA256_SIZE;
			char digit = past ? '=' : digits[three >> (18 - 6 * k) & 63];
			buf_append(page->out, &digit, 1);
		}
	}
	html_raw(page, "'");
}

void
html_head(struct html *page, const char *title)
{
	html_raw(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\""
		       "default-src 'none'; style-src ");
	allow(page, html_style);
	html_raw(page, "; script-src ");
	allow(page, html_script);
	html_raw(page, "; base-uri 'none'; form-action 'none'\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, "
		       "initial-scale=1\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n");
	html_format(page, "title", "verify: %s", title);
	html_raw(page, "\n<style>");
	raw_lines(page, html_style);
	html_raw(page, "</style>\n</head>\n<body>\n");
}

void
html_foot(struct html *page)
{
	html_raw(page, "<script>");
	raw_lines(page, html_script);
	html_raw(page, "</script>\n</body>\n</html>\n");
}
