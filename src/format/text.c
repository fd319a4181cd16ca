/*
 * Texts: a fallback for what no other row is sure of. Only the first 64 KiB are
 * looked at; lines are the compare room's business.
 */
#include "format/format_private.h"

enum {
	LOOKED_AT = 64 << 10,
	/* One odd byte in so many is let pass: form feeds, stray Latin-1. */
	ODD_MOST_IN = 32,
	NOTED_MOST = 64 << 20, /* bytes whose lines are counted */
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

/* ---- encodings ----------------------------------------------------------- */

/* By byte order mark (Unicode 15, table 23-6); the one of UTF-32 begins with that of
 * UTF-16. Last what has none. */
static const struct encoding encodings[] = {
    {"UTF-32, little-endian, with a byte order mark", "\xff\xfe\0\0", 4, 4, false},
    {"UTF-32, big-endian, with a byte order mark", "\0\0\xfe\xff", 4, 4, true},
    {"UTF-16, little-endian, with a byte order mark", "\xff\xfe", 2, 2, false},
    {"UTF-16, big-endian, with a byte order mark", "\xfe\xff", 2, 2, true},
    {"UTF-8, with a byte order mark", "\xef\xbb\xbf", 3, 1, false},
    {"no byte order mark", "", 0, 1, false},
};

const struct encoding *
encoding_of(const struct view *view)
{
	const struct encoding *encoding = encodings;
	while (encoding->mark_size > 0 &&
	       (!view_has(view, 0, encoding->mark, encoding->mark_size) ||
		view->size % encoding->width != 0))
		encoding++;
	return encoding;
}

uint32_t
encoding_unit(const struct encoding *encoding, const struct view *view, uint64_t offset)
{
	uint32_t unit = 0;
	uint16_t half = 0;
	uint8_t byte = 0;
	if (encoding->width == 4 && encoding->big)
		view_u32be(view, offset, &unit);
	else if (encoding->width == 4)
		view_u32le(view, offset, &unit);
	else if (encoding->width == 2 && encoding->big)
		view_u16be(view, offset, &half);
	else if (encoding->width == 2)
		view_u16le(view, offset, &half);
	else
		view_u8(view, offset, &byte);
	return unit | half | byte;
}

/* Whole units of two or four bytes, none of them NUL, few controls. */
static bool
text_is_wide(const struct encoding *encoding, const struct view *view)
{
	uint64_t odd = 0;
	for (uint64_t at = encoding->mark_size; at < view->size;
	     at += encoding->width) {
		uint32_t unit = encoding_unit(encoding, view, at);
		if (unit == 0 || unit > 0x10ffff)
			return false;
		odd += unit < 0xa0 && !is_plain((uint8_t)unit);
	}
	return odd <= view->size / ODD_MOST_IN;
}

static enum probe_answer
text_probe(const struct view *view)
{
	const struct encoding *encoding = encoding_of(view);
	struct view head = *view;
	if (head.size > LOOKED_AT)
		view_sub(view, 0, LOOKED_AT, &head);
	bool text =
	    encoding->width > 1 ? text_is_wide(encoding, &head) : text_is_bytes(&head);
	return text && view->size > 0 ? PROBE_MAYBE : PROBE_NO;
}

/* ---- what is said of a text ---------------------------------------------- */

/* The first byte that is not UTF-8; false when there is none. */
static bool
find_eight_bit(const struct view *view, uint64_t *at)
{
	uint8_t byte = 0;
	for (*at = 0; *at < view->size;) {
		view_u8(view, *at, &byte);
		unsigned length = byte < 0x80 ? 1 : utf8_length(view, *at);
		if (length == 0)
			return true;
		*at += length;
	}
	return false;
}

static int
note_encoding(const struct view *view, const struct encoding *encoding,
	      const struct member_sink *sink, struct err *err)
{
	uint64_t at;
	if (encoding->mark_size > 0)
		return format_note(sink, NOTE_REMARK, 0, err, "encoding: %s",
				   encoding->name);
	if (!find_eight_bit(view, &at))
		return 0;
	return format_note(sink, NOTE_REMARK, at, err,
			   "encoding: not UTF-8; Latin-1 or another of eight bits");
}

/* Lines that end in one way. */
struct line_ends {
	uint64_t lf, crlf, cr;
};

static void
count_line_ends(const struct view *view, const struct encoding *encoding,
		struct line_ends *ends)
{
	bool after_cr = false;
	*ends = (struct line_ends){0};
	for (uint64_t at = 0; at < view->size; at += encoding->width) {
		uint32_t unit = encoding_unit(encoding, view, at);
		if (unit == '\n' && after_cr)
			ends->crlf++;
		else if (unit == '\n')
			ends->lf++;
		else if (after_cr)
			ends->cr++;
		after_cr = unit == '\r';
	}
	ends->cr += after_cr;
}

/* Line ends are worth a word unless they are all LF. */
static int
text_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	const struct encoding *encoding = encoding_of(view);
	struct view looked = *view;
	struct line_ends ends;
	if (looked.size > NOTED_MOST)
		view_sub(view, 0, NOTED_MOST, &looked);
	if (note_encoding(&looked, encoding, sink, err) == -1)
		return -1;
	count_line_ends(&looked, encoding, &ends);
	if (ends.crlf + ends.cr == 0)
		return 0;
	if (ends.lf + ends.cr == 0)
		return format_note(sink, NOTE_REMARK, 0, err, "line ends: CR LF");
	if (ends.lf + ends.crlf == 0)
		return format_note(sink, NOTE_REMARK, 0, err, "line ends: CR");
	return format_note(
	    sink, NOTE_REMARK, 0, err, "line ends: mixed, %ju LF, %ju CR LF, %ju CR",
	    (uintmax_t)ends.lf, (uintmax_t)ends.crlf, (uintmax_t)ends.cr);
}

const struct format format_text = {
    .name = "text",
    .title = "text",
    .probe = text_probe,
    .notes = text_notes,
};
