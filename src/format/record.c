/* What the archive readers share. */
#include "format/record_private.h"

bool
record_text(struct buf *out, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;
	size_t length = count == 0 ? 0 : strnlen((const char *)bytes, count);
	buf_clear(out);
	buf_append(out, at, length);
	for (size_t i = length; i < count; i++) {
		if (at[i] != 0)
			return true;
	}
	return false;
}

/* The value of a digit, 16 for what is none. */
static unsigned
digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10U;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10U;
	return 16;
}

int
record_number(const struct view *view, uint64_t offset, size_t width, unsigned base,
	      uint64_t *value)
{
	struct view field;
	uint64_t sum = 0;
	size_t i = 0;
	if (view_sub(view, offset, width, &field) == -1)
		return -1;
	while (i < width && (field.data[i] == ' ' || field.data[i] == 0))
		i++;
	for (; i < width && digit_value(field.data[i]) < base; i++) {
		if (__builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
		    sum_u64(sum, digit_value(field.data[i]), &sum) == -1)
			return -1;
	}
	for (; i < width; i++) {
		if (field.data[i] != ' ' && field.data[i] != 0)
			return -1;
	}
	*value = sum;
	return 0;
}

int
record_trailing(const struct view *view, uint64_t offset,
		const struct member_sink *sink, struct err *err)
{
	struct view rest = view_from(view, offset);
	if (rest.size == 0)
		return 0;
	if (view_is_zero(&rest))
		return format_note(sink, NOTE_REMARK, offset, err,
				   "%ju zero bytes after the end",
				   (uintmax_t)rest.size);
	return format_note(
	    sink, NOTE_SUSPECT, offset, err,
	    "%ju bytes after the end of the archive that no member holds",
	    (uintmax_t)rest.size);
}

void
record_map_fields(struct map *map, uint64_t header, uint32_t member,
		  const struct record_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		map_add(map, header + fields[i].offset, fields[i].length, fields[i].tag,
			member, fields[i].name, NULL);
	}
}

/* Days from 1970-01-01 to a date of the Gregorian calendar. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = year / 400, of_era = year - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
	       719468;
}

int64_t
record_dos_time(uint16_t date, uint16_t time)
{
	int64_t month = date >> 5 & 15;
	int64_t days = days_of(1980 + (date >> 9), month ? month : 1, date & 31);
	return days * 86400 + (time >> 11) * 3600 + (time >> 5 & 63) * 60 +
	       (time & 31) * 2;
}
