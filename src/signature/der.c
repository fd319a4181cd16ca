/*
 * Distinguished encoding only (X.690): one value has one encoding, so that two
 * readers of a signature cannot come to two meanings.
 */
#include "signature/signature_private.h"

/* Length octets at `at` (X.690, 8.1.3, 10.1): *header grows by their number. */
static int
read_length(const struct view *rest, uint64_t *header, uint64_t *length)
{
	uint8_t first;
	if (view_u8(rest, *header, &first) == -1)
		return -1;
	*header += 1;
	if (first < 0x80) {
		*length = first;
		return 0;
	}
	unsigned octets = first & 0x7f;
	if (octets == 0 || octets > 4) /* indefinite, or over 4 GiB */
		return -1;
	uint64_t sum = 0;
	for (unsigned i = 0; i < octets; i++) {
		uint8_t octet;
		if (view_u8(rest, *header + i, &octet) == -1)
			return -1;
		if (i == 0 && octet == 0)
			return -1;
		sum = sum << 8 | octet;
	}
	if (sum < 0x80) /* not the shortest form */
		return -1;
	*header += octets;
	*length = sum;
	return 0;
}

int
der_next(struct view *rest, struct der *element)
{
	struct der found;
	uint64_t header = 1, length;
	if (view_u8(rest, 0, &found.tag) == -1 || (found.tag & 0x1f) == 0x1f)
		return -1;
	if (read_length(rest, &header, &length) == -1 ||
	    view_sub(rest, header, length, &found.value) == -1 ||
	    view_sub(rest, 0, header + length, &found.whole) == -1)
		return -1;
	*rest = view_from(rest, header + length);
	*element = found;
	return 0;
}

bool
der_comes(const struct view *rest, unsigned tag)
{
	uint8_t first;
	return view_u8(rest, 0, &first) == 0 && first == tag;
}

int
der_take(struct view *rest, unsigned tag, struct der *element)
{
	return der_comes(rest, tag) ? der_next(rest, element) : -1;
}

/* One base-128 arc (X.690, 8.19.2). */
static int
read_arc(const struct view *value, uint64_t *at, uint64_t *arc)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < 9; i++) {
		uint8_t octet;
		if (view_u8(value, *at, &octet) == -1 || (i == 0 && octet == 0x80))
			return -1;
		*at += 1;
		sum = sum << 7 | (octet & 0x7f);
		if (octet < 0x80) {
			*arc = sum;
			return 0;
		}
	}
	return -1;
}

int
der_oid(const struct der *element, char text[OID_TEXT])
{
	struct buf out = {0};
	uint64_t at = 0, arc;
	if (element->tag != DER_OID || element->value.size == 0)
		return -1;
	while (at < element->value.size) {
		bool first = at == 0;
		if (read_arc(&element->value, &at, &arc) == -1 || out.size > 100) {
			buf_free(&out);
			return -1;
		}
		if (first) {
			uint64_t root = arc < 80 ? arc / 40 : 2;
			buf_printf(&out, "%d.%ju", (int)root,
				   (uintmax_t)(arc - root * 40));
		} else {
			buf_printf(&out, ".%ju", (uintmax_t)arc);
		}
	}
	snprintf(text, OID_TEXT, "%s", out.data);
	buf_free(&out);
	return 0;
}

int
der_take_oid(struct view *rest, char text[OID_TEXT])
{
	struct der element;
	return der_take(rest, DER_OID, &element) == -1 ? -1 : der_oid(&element, text);
}

int
der_take_algorithm(struct view *rest, char oid[OID_TEXT], struct view *parameters)
{
	struct der sequence, any;
	if (der_take(rest, DER_SEQUENCE, &sequence) == -1)
		return -1;
	struct view inside = sequence.value;
	if (der_take_oid(&inside, oid) == -1)
		return -1;
	*parameters = inside;
	if (inside.size != 0 && (der_next(&inside, &any) == -1 || inside.size != 0))
		return -1;
	return 0;
}

/* `count` decimal digits at `at`. */
static int
read_digits(const struct view *value, uint64_t at, unsigned count, int *number)
{
	int sum = 0;
	for (unsigned i = 0; i < count; i++) {
		uint8_t digit;
		if (view_u8(value, at + i, &digit) == -1 || digit < '0' || digit > '9')
			return -1;
		sum = sum * 10 + (digit - '0');
	}
	*number = sum;
	return 0;
}

/* What follows the seconds: "Z", or ".digits" and "Z" where `fraction`. */
static bool
ends_in_utc(const struct view *value, uint64_t at, bool fraction)
{
	uint8_t octet;
	if (fraction && view_has(value, at, ".", 1)) {
		uint64_t first = ++at;
		while (view_u8(value, at, &octet) == 0 && octet >= '0' && octet <= '9')
			at++;
		if (at == first)
			return false;
	}
	return view_has(value, at, "Z", 1) && at + 1 == value->size;
}

int
der_time(const struct der *element, int64_t *seconds)
{
	const struct view *value = &element->value;
	bool general = element->tag == DER_GENERALIZED_TIME;
	struct tm tm = {0};
	uint64_t at = general ? 4 : 2;
	if ((!general && element->tag != DER_UTC_TIME) ||
	    read_digits(value, 0, general ? 4 : 2, &tm.tm_year) == -1 ||
	    read_digits(value, at, 2, &tm.tm_mon) == -1 ||
	    read_digits(value, at + 2, 2, &tm.tm_mday) == -1 ||
	    read_digits(value, at + 4, 2, &tm.tm_hour) == -1 ||
	    read_digits(value, at + 6, 2, &tm.tm_min) == -1 ||
	    read_digits(value, at + 8, 2, &tm.tm_sec) == -1 ||
	    !ends_in_utc(value, at + 10, general))
		return -1;
	/* RFC 5280, 4.1.2.5.1: two digits mean 1950 to 2049. */
	if (!general)
		tm.tm_year += tm.tm_year < 50 ? 2000 : 1900;
	if (tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
	    tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*seconds = (int64_t)timegm(&tm);
	return 0;
}

/* ---- indefinite lengths -------------------------------------------------- */

enum { BER_DEPTH_MOST = 32 };

static int ber_copy(struct view *rest, unsigned depth, struct buf *der);

/* Append a header with the shortest length (X.690, 10.1). */
static void
put_header(struct buf *der, uint8_t tag, uint64_t size)
{
	uint8_t header[10] = {tag}, octets = 0;
	while (octets < 8 && size >> (8 * octets) != 0)
		octets++;
	if (size < 0x80)
		octets = 0;
	header[1] = (uint8_t)(octets == 0 ? size : 0x80U | octets);
	for (uint8_t i = 0; i < octets; i++)
		header[2 + i] = (uint8_t)(size >> (8 * (octets - 1 - i)));
	buf_append(der, header, 2U + octets);
}

/* The values up to the end-of-contents octets, or when there are none to the end. */
static int
ber_contents(struct view *rest, bool open, unsigned depth, struct buf *der)
{
	while (open ? !view_has(rest, 0, "\0\0", 2) : rest->size != 0) {
		if (ber_copy(rest, depth, der) == -1)
			return -1;
	}
	if (open)
		*rest = view_from(rest, 2);
	return 0;
}

/* Copy one value off `rest`. A constructed one is rewritten, since a length inside may
 * have changed it. */
static int
ber_copy(struct view *rest, unsigned depth, struct buf *der)
{
	struct der element;
	uint8_t tag = 0, length = 0;
	struct buf inside = {0};
	struct view contents;
	view_u8(rest, 0, &tag);
	if (depth == BER_DEPTH_MOST || (tag & 0x1f) == 0x1f ||
	    view_u8(rest, 1, &length) == -1)
		return -1;
	bool open = length == 0x80;
	if (!open && der_next(rest, &element) == -1)
		return -1;
	if ((tag & 0x20) == 0) {
		if (!open)
			buf_append(der, element.whole.data, (size_t)element.whole.size);
		return open ? -1 : 0;
	}
	contents = open ? view_from(rest, 2) : element.value;
	int answer = ber_contents(&contents, open, depth + 1, &inside);
	if (answer == 0) {
		if (open)
			*rest = contents;
		put_header(der, tag, inside.size);
		buf_append(der, inside.data, inside.size);
	}
	buf_free(&inside);
	return answer;
}

int
der_from_ber(const struct view *bytes, struct buf *der)
{
	struct view rest = *bytes;
	return ber_copy(&rest, 0, der) == 0 && rest.size == 0 ? 0 : -1;
}
