/* Untrusted text made safe to show, sizes, and times in words. */
#include "base/base.h"

/*
 * Length of the UTF-8 sequence at the start (RFC 3629: shortest form, no
 * surrogates, at most U+10FFFF), 0 when there is none; the code point too.
 */
static size_t
utf8_decode(const uint8_t *bytes, size_t count, uint32_t *point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = bytes[0];
	size_t length = first < 0x80             ? 1
			: (first & 0xe0) == 0xc0 ? 2
			: (first & 0xf0) == 0xe0 ? 3
			: (first & 0xf8) == 0xf0 ? 4
						 : 0;
	if (length == 0 || length > count)
		return 0;
	uint32_t value = length == 1 ? first : first & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*point = value;
	return length;
}

/* Control, format and separator characters that could change what a reader sees. */
static bool
point_is_unsafe(uint32_t point)
{
	static const uint32_t ranges[][2] = {
	    {0x00, 0x1f},	{0x7f, 0x9f},	    {0xad, 0xad},
	    {0x61c, 0x61c},	{0x115f, 0x1160},   {0x17b4, 0x17b5},
	    {0x180b, 0x180f},	{0x200b, 0x200f},   {0x2028, 0x202e},
	    {0x2060, 0x206f},	{0x3164, 0x3164},   {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff},	{0xffa0, 0xffa0},   {0xfff0, 0xfffb},
	    {0xfffe, 0xffff},	{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
	    {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
	};
	for (size_t i = 0; i < ARRAY_COUNT(ranges); i++) {
		if (point >= ranges[i][0] && point <= ranges[i][1])
			return true;
	}
	return false;
}

/* How many bytes stand for themselves, from the first on: most text is all that. */
static size_t
plain_run(const uint8_t *bytes, size_t count)
{
	size_t i = 0;
	while (i < count && bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '\\')
		i++;
	return i;
}

void
text_show(struct buf *out, const void *untrusted, size_t count)
{
	const uint8_t *bytes = untrusted;
	size_t i = 0;
	while (i < count) {
		uint32_t point = 0;
		size_t run = plain_run(bytes + i, count - i);
		if (run > 0) {
			buf_append(out, bytes + i, run);
			i += run;
			continue;
		}
		size_t length = utf8_decode(bytes + i, count - i, &point);
		if (length == 1 && point == '\\') {
			buf_puts(out, "\\\\");
		} else if (length == 1 && point == '\n') {
			buf_puts(out, "\\n");
		} else if (length == 1 && point == '\t') {
			buf_puts(out, "\\t");
		} else if (length > 0 && !point_is_unsafe(point)) {
			buf_append(out, bytes + i, length);
		} else {
			if (length == 0)
				length = 1;
			for (size_t k = 0; k < length; k++)
				buf_printf(out, "\\x%02x", bytes[i + k]);
		}
		i += length;
	}
	if (count == 0)
		buf_append(out, "", 0);
}

char *
text_shown_n(const void *bytes, size_t count)
{
	struct buf buf = {0};
	text_show(&buf, bytes, count);
	return buf_take(&buf);
}

char *
text_shown(const char *string)
{
	return text_shown_n(string, strlen(string));
}

json_t *
text_json_n(const void *bytes, size_t count)
{
	char *shown = text_shown_n(bytes, count);
	json_t *json = json_string(shown);
	free(shown);
	return json;
}

json_t *
text_json(const char *string)
{
	return text_json_n(string, strlen(string));
}

int
text_unshow(const char *shown, struct buf *out)
{
	for (const char *at = shown; *at != '\0'; at++) {
		if (*at != '\\') {
			buf_append(out, at, 1);
			continue;
		}
		at++;
		uint8_t byte;
		if (*at == '\\' || *at == 'n' || *at == 't') {
			byte = *at == 'n' ? '\n' : *at == 't' ? '\t' : '\\';
		} else if (*at == 'x' && at[1] != '\0' && at[2] != '\0') {
			char pair[3] = {at[1], at[2], '\0'};
			if (hex_decode(pair, false, &byte, 1) == -1)
				return -1;
			at += 2;
		} else {
			return -1;
		}
		buf_append(out, &byte, 1);
	}
	buf_append(out, "", 0);
	return 0;
}

void
text_size(uint64_t bytes, char out[32])
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	if (bytes < 1000) {
		snprintf(out, 32, "%ju byte%s", (uintmax_t)bytes, bytes == 1 ? "" : "s");
		return;
	}
	double value = (double)bytes / 1000;
	size_t unit = 0;
	while (value >= 999.95 && unit + 1 < ARRAY_COUNT(units)) {
		value /= 1000;
		unit++;
	}
	snprintf(out, 32, "%.1f %s", value, units[unit]);
}

void
time_text(int64_t seconds, char out[TIME_TEXT])
{
	struct tm tm;
	time_t time = (time_t)seconds;
	if (gmtime_r(&time, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900) {
		snprintf(out, TIME_TEXT, "@%jd", (intmax_t)seconds);
		return;
	}
	strftime(out, TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int
time_parse(const char *string, int64_t *seconds)
{
	struct tm tm = {0};
	const char *end = strptime(string, "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (end == NULL || *end != '\0')
		return -1;
	int64_t value = (int64_t)timegm(&tm);
	char again[TIME_TEXT];
	time_text(value, again); /* refuses 2026-02-31 and short fields */
	if (strcmp(again, string) != 0)
		return -1;
	*seconds = value;
	return 0;
}

double
time_elapsed(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
