/* Dates: in text, in one of the spellings that build tools use, and as numbers. */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	DATE_MOST = 40, /* bytes of the longest spelling */
	YEAR_FIRST = 1990,
};

#define EPOCH_FIRST INT64_C(946684800) /* 2000-01-01: what tools stamp today */

/*
 * How dates are spelled. D a digit; d a digit or a blank; M a month's name in three
 * letters, W a day's; Y, m, n: the digits of year, month and day, of which bounds are
 * known; + a sign; everything else stands for itself. Longer ones first.
 */
static const struct spelling {
	const char *pattern, *name;
	bool weak; /* so short that it may be anything */
} spellings[] = {
    {"W, nn M YYYY DD:DD:DD +DDDD", "RFC 2822", false},
    {"W M dn DD:DD:DD YYYY", "ctime", false},
    {"W M dn DD:DD:DD UTC YYYY", "date", false},
    {"YYYY-mm-nnTDD:DD:DD", "ISO 8601", false},
    {"YYYY-mm-nn DD:DD:DD", "ISO 8601", false},
    {"YYYY-mm-nn DD:DD", "ISO 8601", false},
    {"YYYYmmnnTDDDDDD", "ISO 8601", false},
    {"M dn YYYY DD:DD:DD", "__DATE__ and __TIME__", false},
    {"YYYY-mm-nn", "ISO 8601", false},
    {"YYYY/mm/nn", "year/month/day", false},
    {"M dn YYYY", "__DATE__", false},
    {"dn M YYYY", "day, month and year", false},
    {"DD:DD:DD", "time of day", true},
    {"YYYYmmnn", "year, month and day", true},
    {"YYYY", "year", true},
};

/* ---- text ------------------------------------------------------------ */

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static long
last_year(void)
{
	time_t latest = (time_t)cause_latest();
	struct tm parts;
	return gmtime_r(&latest, &parts) != NULL ? parts.tm_year + 1900L : YEAR_FIRST;
}

static bool
is_name(const char *names, const uint8_t *bytes)
{
	for (; *names != '\0'; names += 3) {
		if (memcmp(names, bytes, 3) == 0)
			return true;
	}
	return false;
}

/* The numbers of a date while it is read. */
struct date {
	long year, month, day;
	bool has_year, has_month, has_day;
};

static bool
date_is_sane(const struct date *date)
{
	return (!date->has_year ||
		(date->year >= YEAR_FIRST && date->year <= last_year())) &&
	       (!date->has_month || (date->month >= 1 && date->month <= 12)) &&
	       (!date->has_day || (date->day >= 1 && date->day <= 31));
}

/* One character of a pattern against the text; *step is how much it takes. */
static bool
match_one(char pattern, const struct view *text, uint64_t at, struct date *date,
	  uint64_t *step)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const char days[] = "MonTueWedThuFriSatSun";
	struct view rest = view_from(text, at);
	*step = pattern == 'M' || pattern == 'W' ? 3 : 1;
	if (rest.size < *step)
		return false;
	uint8_t byte = rest.data[0];
	switch (pattern) {
	case 'M':
		return is_name(months, rest.data);
	case 'W':
		return is_name(days, rest.data);
	case 'D':
		return is_digit(byte);
	case 'd':
		date->day = byte == ' ' ? 0 : byte - '0';
		return is_digit(byte) || byte == ' ';
	case 'Y':
		date->has_year = true;
		date->year = date->year * 10 + (byte - '0');
		return is_digit(byte);
	case 'm':
		date->has_month = true;
		date->month = date->month * 10 + (byte - '0');
		return is_digit(byte);
	case 'n':
		date->has_day = true;
		date->day = date->day * 10 + (byte - '0');
		return is_digit(byte);
	case '+':
		return byte == '+' || byte == '-';
	default:
		return byte == (uint8_t)pattern;
	}
}

/* Does a date of this spelling stand at `at`? Its length, 0 when not. */
static uint64_t
match_at(const struct spelling *spelling, const struct view *text, uint64_t at)
{
	struct date date = {0};
	uint64_t from = at, step;
	uint8_t byte;
	if (from > 0 && view_u8(text, from - 1, &byte) == 0 && is_digit(byte) &&
	    strchr("DYd", spelling->pattern[0]) != NULL)
		return 0;
	for (const char *p = spelling->pattern; *p != '\0'; p++) {
		if (!match_one(*p, text, at, &date, &step))
			return 0;
		at += step;
	}
	if (view_u8(text, at, &byte) == 0 && is_digit(byte))
		return 0;
	return date_is_sane(&date) ? at - from : 0;
}

/* A date of this spelling that holds [offset, +length); false when none does. */
static bool
find_date(const struct spelling *spelling, const struct view *text, uint64_t offset,
	  uint64_t length, uint64_t *start, uint64_t *size)
{
	uint64_t from = offset > DATE_MOST ? offset - DATE_MOST : 0;
	if (length == 0 || length > DATE_MOST)
		return false;
	for (uint64_t at = from; at <= offset; at++) {
		uint64_t found = match_at(spelling, text, at);
		if (found == 0 || at + found < offset + length)
			continue;
		*start = at;
		*size = found;
		return true;
	}
	return false;
}

static char *
part_text(const struct view *view, uint64_t offset, uint64_t length)
{
	struct view part;
	if (view_sub(view, offset, length, &part) == -1)
		return base_strdup("");
	return text_shown_n(part.data, (size_t)part.size);
}

bool
cause_date(struct scene *scene, struct difference *one)
{
	const struct view *shipped = &scene->sides[0].view;
	const struct view *rebuilt = &scene->sides[1].view;
	const struct range *range = &one->range;
	for (size_t i = 0; i < ARRAY_COUNT(spellings) && one->placed; i++) {
		uint64_t a, b, a_size, b_size;
		const struct spelling *spelling = &spellings[i];
		/* an instruction's bytes are no text */
		if (one->code != NULL ||
		    !find_date(spelling, shipped, range->shipped, range->shipped_length,
			       &a, &a_size) ||
		    !find_date(spelling, rebuilt, range->rebuilt, range->rebuilt_length,
			       &b, &b_size) ||
		    range->shipped - a != range->rebuilt - b)
			continue;
		char *left = part_text(shipped, a, a_size);
		char *right = part_text(rebuilt, b, b_size);
		cause_say(one, spelling->weak ? CAUSE_GUESS : CAUSE_TYPED,
			  "embedded date", "%s: %s, rebuilt %s", spelling->name, left,
			  right);
		free(left);
		free(right);
		return true;
	}
	return false;
}

/* ---- numbers --------------------------------------------------------- */

static bool
is_epoch(uint64_t value)
{
	return value >= (uint64_t)EPOCH_FIRST && value <= (uint64_t)cause_latest();
}

/* Ten digits in text that hold the range, as a number. */
static bool
decimal_epoch(const struct view *text, uint64_t offset, uint64_t length,
	      uint64_t *value)
{
	uint64_t start = offset, end = offset + length;
	uint8_t byte;
	while (start > 0 && offset - start < 10 &&
	       view_u8(text, start - 1, &byte) == 0 && is_digit(byte))
		start--;
	*value = 0;
	for (end = start;
	     end - start < 11 && view_u8(text, end, &byte) == 0 && is_digit(byte);
	     end++)
		*value = *value * 10 + (uint64_t)(byte - '0');
	return end - start == 10 && end >= offset + length && is_epoch(*value);
}

static bool
is_printable(const struct view *view, uint64_t offset)
{
	uint8_t byte;
	for (uint64_t i = 0; i < 4; i++) {
		if (view_u8(view, offset + i, &byte) == -1 || byte < ' ' || byte > '~')
			return false;
	}
	return true;
}

/* The aligned 32-bit number that holds the range, unless it is text. */
static bool
binary_epoch(const struct view *view, uint64_t offset, uint64_t length, bool big,
	     uint64_t *value)
{
	uint64_t start = offset - offset % 4;
	uint32_t number;
	if (length == 0 || offset + length > start + 4 || is_printable(view, start) ||
	    (big ? view_u32be(view, start, &number)
		 : view_u32le(view, start, &number)) == -1)
		return false;
	*value = number;
	return is_epoch(number);
}

static bool
say_epoch(struct difference *one, const char *what, uint64_t shipped, uint64_t rebuilt)
{
	char left[TIME_TEXT], right[TIME_TEXT];
	time_text((int64_t)shipped, left);
	time_text((int64_t)rebuilt, right);
	return cause_say(one, CAUSE_GUESS, "embedded time",
			 "%s that would be a time: %s, rebuilt %s", what, left, right);
}

bool
cause_epoch(struct scene *scene, struct difference *one)
{
	const struct view *shipped = &scene->sides[0].view;
	const struct view *rebuilt = &scene->sides[1].view;
	const struct range *range = &one->range;
	uint64_t a, b;
	if (!one->placed || one->code != NULL || range->shipped_length == 0 ||
	    range->rebuilt_length == 0)
		return false;
	if (decimal_epoch(shipped, range->shipped, range->shipped_length, &a) &&
	    decimal_epoch(rebuilt, range->rebuilt, range->rebuilt_length, &b))
		return say_epoch(one, "a number of ten digits", a, b);
	for (int big = 0; big < 2 && scene->few && scene->sides[0].lines == NULL;
	     big++) {
		if (binary_epoch(shipped, range->shipped, range->shipped_length, big,
				 &a) &&
		    binary_epoch(rebuilt, range->rebuilt, range->rebuilt_length, big,
				 &b))
			return say_epoch(one, "a number of 32 bits", a, b);
	}
	return false;
}
