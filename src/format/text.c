/*
 * Texts: a fallback for what no other row is sure of. Only the first 64 KiB are
 * looked at; lines are the compare room's business.
 */
#include "format/format_private.h"

enum {
	LOOKED_AT = 64 << 10,
	/* One odd byte in so many is let pass: form feeds, stray Latin-1. */
	ODD_MOST_IN = 32,
};

/* Length of the well-formed UTF-8 sequence at `at` (RFC 3629, section 4), else 0. */
static unsigned
utf8_length(const struct view *view, uint64_t at)
{
	uint8_t first = 0, next = 0;
	view_u8(view, at, &first);
	unsigned length = first >= 0xf0 && first <= 0xf4   ? 4
			  : first >= 0xe0 && first <= 0xef ? 3
			  : first >= 0xc2 && first <= 0xdf ? 2
							   : 0;
	for (unsigned i = 1; i < length; i++) {
		if (view_u8(view, at + i, &next) == -1 || (next & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

static bool
is_plain(uint8_t byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\r' ||
	       byte == '\t' || byte == '\f' || byte == '\x1b';
}

static bool
text_is_bytes(const struct view *view)
{
	uint64_t odd = 0;
	for (uint64_t at = 0; at < view->size;) {
		uint8_t byte = 0;
		view_u8(view, at, &byte);
		if (byte == 0)
			return false;
		unsigned length = is_plain(byte) ? 1 : utf8_length(view, at);
		/* A sequence that the end of what is looked at cuts is not odd. */
		if (length == 0 && view->size - at >= 4)
			odd++;
		at += length > 0 ? length : 1;
	}
	return odd <= view->size / ODD_MOST_IN;
}

/* UTF-16 with a byte order mark: whole units, none of them NUL, few controls. */
static bool
text_is_utf16(const struct view *view, bool big)
{
	uint64_t odd = 0;
	for (uint64_t at = 2; at + 1 < view->size; at += 2) {
		uint16_t unit = 0;
		if (big)
			view_u16be(view, at, &unit);
		else
			view_u16le(view, at, &unit);
		if (unit == 0)
			return false;
		odd += unit < 0x100 && !is_plain((uint8_t)unit) && unit < 0xa0;
	}
	return odd <= view->size / ODD_MOST_IN;
}

static enum probe_answer
text_probe(const struct view *view)
{
	struct view head = *view;
	bool text;
	if (head.size > LOOKED_AT)
		view_sub(view, 0, LOOKED_AT, &head);
	if (view_has(&head, 0, "\xff\xfe", 2) || view_has(&head, 0, "\xfe\xff", 2))
		text = view->size % 2 == 0 &&
		       text_is_utf16(&head, view_has(&head, 0, "\xfe\xff", 2));
	else
		text = text_is_bytes(&head);
	return text && view->size > 0 ? PROBE_MAYBE : PROBE_NO;
}

const struct format format_text = {
    .name = "text",
    .title = "text",
    .probe = text_probe,
};
