/*
 * The outside of OpenPGP messages (RFC 9580): armour, the clear-signature frame and
 * packet lengths. It decides which bytes are signed and which are signatures, and
 * leaves no byte that is neither; what the packets say is librnp's.
 */
#include "signature/signature_private.h"

/* RFC 9580, 6.2.1 and 7.1 */
static const char signed_begin[] = "-----BEGIN PGP SIGNED MESSAGE-----";
static const char armour_begin[] = "-----BEGIN PGP SIGNATURE-----";
static const char armour_end[] = "-----END PGP SIGNATURE-----";

#define PACKET_SIGNATURE 2 /* RFC 9580, 5: Table 3 */

/* ---- lines ------------------------------------------------------------ */

struct lines {
	struct view view;
	uint64_t at;
	unsigned number; /* of the line last taken */
};

/* Take the next line without its line end (a newline, or a carriage return and one);
 * false at the end. */
static bool
line_next(struct lines *lines, struct view *line)
{
	uint64_t end;
	if (lines->at >= lines->view.size)
		return false;
	if (view_find(&lines->view, lines->at, "\n", 1, &end) == -1)
		end = lines->view.size;
	uint64_t length = end - lines->at;
	if (view_sub(&lines->view, lines->at, length, line) == -1)
		return false;
	if (length > 0 && view_has(line, length - 1, "\r", 1))
		line->size--;
	lines->at = end < lines->view.size ? end + 1 : end;
	lines->number++;
	return true;
}

static bool
line_is(const struct view *line, const char *text)
{
	return line->size == strlen(text) && view_has(line, 0, text, strlen(text));
}

/* RFC 9580, 7.2: blanks at the end of a line are not signed. */
static void
line_trim(struct view *line)
{
	while (line->size > 0 && (view_has(line, line->size - 1, " ", 1) ||
				  view_has(line, line->size - 1, "\t", 1)))
		line->size--;
}

static int
fail_line(const struct lines *lines, struct err *err, const char *what)
{
	return err_set(err, ERR_INPUT, "line %u: %s", lines->number, what);
}

/* ---- armour ----------------------------------------------------------- */

static int
base64_value(uint8_t byte)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = byte ? strchr(alphabet, byte) : NULL;
	return found ? (int)(found - alphabet) : -1;
}

struct base64 {
	uint32_t bits;
	unsigned digits, padding;
};

/* One line of base64 (RFC 4648, 4), bytes appended to `out`. */
static int
base64_line(struct base64 *state, const struct view *line, struct buf *out)
{
	for (uint64_t i = 0; i < line->size; i++) {
		uint8_t byte;
		if (view_u8(line, i, &byte) == -1)
			return -1;
		int value = base64_value(byte);
		if (byte == '=' && state->digits % 4 >= 2)
			state->padding++;
		else if (value == -1 || state->padding > 0)
			return -1;
		state->bits = state->bits << 6 | (value == -1 ? 0 : (uint32_t)value);
		if (++state->digits % 4 != 0)
			continue;
		uint8_t bytes[3] = {(uint8_t)(state->bits >> 16),
				    (uint8_t)(state->bits >> 8), (uint8_t)state->bits};
		buf_append(out, bytes, 3 - state->padding);
	}
	return 0;
}

/* RFC 9580, 6.1.1 */
static uint32_t
crc24(const struct buf *bytes)
{
	uint32_t crc = 0xb704ce;
	for (size_t i = 0; i < bytes->size; i++) {
		crc ^= (uint32_t)(uint8_t)bytes->data[i] << 16;
		for (unsigned k = 0; k < 8; k++)
			crc = crc & 0x800000 ? crc << 1 ^ 0x1864cfb : crc << 1;
		crc &= 0xffffff;
	}
	return crc;
}

static bool
checksum_ok(const struct view *line, const struct buf *bytes)
{
	struct base64 state = {0};
	struct buf sum = {0};
	struct view digits = view_from(line, 1);
	uint32_t crc = crc24(bytes);
	uint8_t wanted[3] = {(uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc};
	bool ok = base64_line(&state, &digits, &sum) == 0 && sum.size == 3 &&
		  memcmp(sum.data, wanted, 3) == 0;
	buf_free(&sum);
	return ok;
}

/* What follows the armour's first line: headers, an empty line, base64, an optional
 * checksum, the last line. */
static int
armour_body(struct lines *lines, struct buf *packets, struct err *err)
{
	struct view line;
	struct base64 state = {0};
	bool body = false, summed = false;
	while (line_next(lines, &line)) {
		line_trim(&line);
		uint64_t colon;
		if (line_is(&line, armour_end)) {
			if (!body || state.digits % 4 != 0 || packets->size == 0)
				return fail_line(lines, err, "the armour is cut off");
			return 0;
		}
		if (!body && line.size == 0)
			body = true;
		else if (!body && view_find(&line, 0, ": ", 2, &colon) == 0)
			continue;
		else if (!body && line.size > 0 &&
			 view_has(&line, line.size - 1, ":", 1))
			continue;
		else if (!body)
			return fail_line(lines, err, "not a header of the armour");
		else if (summed)
			return fail_line(lines, err, "something after the checksum");
		else if (view_has(&line, 0, "=", 1) && state.digits % 4 == 0) {
			summed = true;
			if (!checksum_ok(&line, packets))
				return fail_line(lines, err,
						 "the armour's checksum is wrong");
		} else if (base64_line(&state, &line, packets) == -1)
			return fail_line(lines, err, "not base64");
	}
	return fail_line(lines, err, "the armour has no end");
}

/* Nothing but empty lines up to the end. */
static int
expect_end(struct lines *lines, struct err *err)
{
	struct view line;
	while (line_next(lines, &line)) {
		line_trim(&line);
		if (line_is(&line, armour_begin))
			return fail_line(lines, err, "a second signature armour");
		if (line.size > 0)
			return fail_line(lines, err, "text after the signature");
	}
	return 0;
}

/* ---- packets ---------------------------------------------------------- */

/* The header of a packet (RFC 9580, 4.2): its type, and where its body lies. */
static int
packet_header(const struct view *bytes, uint64_t at, unsigned *type, uint64_t *body,
	      uint64_t *length)
{
	uint8_t first, one, two;
	uint16_t half;
	uint32_t word;
	if (view_u8(bytes, at, &first) == -1 || !(first & 0x80) ||
	    view_u8(bytes, at + 1, &one) == -1)
		return -1;
	if (first & 0x40) { /* 4.2.1 */
		*type = first & 0x3f;
		if (one < 192) {
			*body = at + 2;
			*length = one;
		} else if (one < 224 && view_u8(bytes, at + 2, &two) == 0) {
			*body = at + 3;
			*length = ((uint64_t)(one - 192) << 8) + two + 192;
		} else if (one == 255 && view_u32be(bytes, at + 2, &word) == 0) {
			*body = at + 6;
			*length = word;
		} else { /* a partial length: not for signatures */
			return -1;
		}
		return 0;
	}
	*type = first >> 2 & 0xf; /* 4.2.2 */
	if ((first & 3) == 0) {
		*body = at + 2;
		*length = one;
	} else if ((first & 3) == 1 && view_u16be(bytes, at + 1, &half) == 0) {
		*body = at + 3;
		*length = half;
	} else if ((first & 3) == 2 && view_u32be(bytes, at + 1, &word) == 0) {
		*body = at + 5;
		*length = word;
	} else {
		return -1;
	}
	return 0;
}

static int
packets_count(const struct buf *packets, size_t *count, struct err *err)
{
	struct view bytes = view_of_buf(packets), body;
	size_t found = 0;
	for (uint64_t at = 0; at < bytes.size;) {
		unsigned type;
		uint64_t start, length;
		if (packet_header(&bytes, at, &type, &start, &length) == -1 ||
		    view_sub(&bytes, start, length, &body) == -1)
			return err_set(err, ERR_INPUT,
				       "no whole OpenPGP packet at byte %ju of the "
				       "signature",
				       (uintmax_t)at);
		if (type != PACKET_SIGNATURE)
			return err_set(err, ERR_INPUT,
				       "a packet of type %u at byte %ju, where only "
				       "signatures can be",
				       type, (uintmax_t)at);
		if (++found > OPENPGP_SIGNATURES_MOST)
			return err_set(err, ERR_INPUT, "more than %d signatures",
				       OPENPGP_SIGNATURES_MOST);
		at = start + length;
	}
	if (found == 0)
		return err_set(err, ERR_INPUT, "no signature in it");
	*count = found;
	return 0;
}

uint8_t
openpgp_frame_version(const struct buf *packets)
{
	struct view bytes = view_of_buf(packets);
	uint8_t highest = 0, version;
	for (uint64_t at = 0; at < bytes.size;) {
		unsigned type;
		uint64_t start, length;
		if (packet_header(&bytes, at, &type, &start, &length) == -1)
			break;
		if (view_u8(&bytes, start, &version) == 0 && version > highest)
			highest = version;
		at = start + length;
	}
	return highest;
}

int
openpgp_frame_detached(const struct view *signature, struct buf *packets, size_t *count,
		       struct err *err)
{
	struct lines lines = {.view = *signature};
	struct view line;
	uint8_t first = 0;
	bool begun = false;
	view_u8(signature, 0, &first);
	if (first & 0x80) { /* RFC 9580, 4.2: every packet's first bit; never text's */
		buf_append(packets, signature->data, (size_t)signature->size);
		return packets_count(packets, count, err);
	}
	while (!begun && line_next(&lines, &line)) {
		line_trim(&line);
		begun = line_is(&line, armour_begin);
		if (!begun && line.size > 0)
			return fail_line(&lines, err,
					 "neither an OpenPGP signature nor its armour");
	}
	if (!begun)
		return err_set(err, ERR_INPUT, "no signature in it");
	if (armour_body(&lines, packets, err) == -1 || expect_end(&lines, err) == -1)
		return -1;
	return packets_count(packets, count, err);
}

/* ---- clear-signed text ------------------------------------------------ */

/* The frame's first line and its headers (RFC 9580, 7.1). */
static int
cleartext_headers(struct lines *lines, struct err *err)
{
	struct view line;
	bool begun = false;
	while (line_next(lines, &line)) {
		if (!begun && line_is(&line, signed_begin))
			begun = true;
		else if (!begun && line.size > 0)
			return fail_line(lines, err, "text before the signed message");
		else if (begun && line.size == 0)
			return 0;
		else if (begun && !view_has(&line, 0, "Hash: ", 6))
			return fail_line(
			    lines, err,
			    "a header other than Hash, which is not signed");
	}
	return fail_line(lines, err, "the signed message is cut off");
}

int
openpgp_frame_cleartext(const struct view *file, struct buf *text, struct buf *packets,
			size_t *count, struct err *err)
{
	struct lines lines = {.view = *file};
	struct view line;
	bool first = true, signature = false;
	if (cleartext_headers(&lines, err) == -1)
		return -1;
	while (!signature && line_next(&lines, &line)) {
		signature = line_is(&line, armour_begin);
		if (signature)
			break;
		if (view_has(&line, 0, "-", 1)) { /* RFC 9580, 7.2 */
			if (!view_has(&line, 0, "- ", 2))
				return fail_line(
				    &lines, err,
				    "a line that starts with '-' and is not "
				    "escaped");
			line = view_from(&line, 2);
		}
		line_trim(&line);
		if (!first) /* the last line's end is not signed */
			buf_puts(text, "\r\n");
		first = false;
		buf_append(text, line.data, (size_t)line.size);
	}
	if (!signature)
		return fail_line(&lines, err, "the signed message has no signature");
	if (armour_body(&lines, packets, err) == -1 || expect_end(&lines, err) == -1)
		return -1;
	return packets_count(packets, count, err);
}

void
openpgp_plain_lines(struct buf *text)
{
	size_t kept = 0;
	for (size_t i = 0; i < text->size; i++) {
		if (text->data[i] != '\r' || i + 1 == text->size ||
		    text->data[i + 1] != '\n')
			text->data[kept++] = text->data[i];
	}
	text->size = kept;
}

/* What of one line is not signed: the escape before it and the blanks at its end
 * (RFC 9580, 7.1 and 7.2). `start` is where it stands. */
static void
cover_line(json_t *entry, struct view line, uint64_t start)
{
	static const char what[] = "escapes, blanks, last line end";
	uint64_t size = line.size;
	if (view_has(&line, 0, "- ", 2))
		coverage_add(entry, start, 2, COVERAGE_STRUCTURAL, what);
	line_trim(&line);
	coverage_add(entry, start + line.size, size - line.size, COVERAGE_STRUCTURAL,
		     what);
}

void
openpgp_frame_cover(const struct view *file, json_t *entry)
{
	struct lines lines = {.view = *file};
	struct view line;
	struct err unused = {0};
	uint64_t text, text_end, start;
	if (cleartext_headers(&lines, &unused) == -1)
		return;
	text = text_end = start = lines.at;
	coverage_add(entry, 0, text, COVERAGE_STRUCTURAL, "armour");
	while (line_next(&lines, &line) && !line_is(&line, armour_begin)) {
		cover_line(entry, line, start);
		text_end = start + line.size;
		start = lines.at;
	}
	coverage_add(entry, text, text_end - text, COVERAGE_SIGNED, "text");
	coverage_add(entry, text_end, start - text_end, COVERAGE_STRUCTURAL,
		     "escapes, blanks, last line end");
	coverage_add(entry, start, file->size - start, COVERAGE_SIGNATURE,
		     "armoured signature");
}
