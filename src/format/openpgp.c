/*
 * Is something plainly an OpenPGP signature? Asked before one is moved from file to file:
 * what it says, and of whom, is for others to judge.
 */
#include "format/format_private.h"

#define PACKET_SIGNATURE 2 /* RFC 9580, 5 */

/* Of the packet headers (RFC 9580, 4.2) those that programs write: old ones with lengths
 * of one or two bytes, new ones with the same. */
bool
format_is_openpgp(const struct view *bytes)
{
	uint64_t at = 0;
	while (at < bytes->size) {
		uint8_t first = 0, one = 0, two = 0;
		uint16_t half = 0;
		uint64_t length, head;
		view_u8(bytes, at, &first);
		view_u8(bytes, at + 1, &one);
		view_u8(bytes, at + 2, &two);
		view_u16be(bytes, at + 1, &half);
		if (first == (0x80 | PACKET_SIGNATURE << 2)) {
			length = one;
			head = 2;
		} else if (first == (0x80 | PACKET_SIGNATURE << 2 | 1)) {
			length = half;
			head = 3;
		} else if (first == (0xc0 | PACKET_SIGNATURE) && one < 192) {
			length = one;
			head = 2;
		} else if (first == (0xc0 | PACKET_SIGNATURE) && one < 224) {
			length = ((uint64_t)(one - 192) << 8) + two + 192;
			head = 3;
		} else {
			return false;
		}
		if (length == 0 || head + length > bytes->size - at)
			return false;
		at += head + length;
	}
	return bytes->size > 0;
}

bool
format_is_openpgp_text(const struct view *bytes)
{
	static const char *const begins[] = {"-----BEGIN PGP SIGNATURE-----\n",
					     "-----BEGIN PGP SIGNED MESSAGE-----\n"};
	static const char end[] = "-----END PGP SIGNATURE-----\n";
	uint64_t first;
	bool begun = false;
	for (size_t i = 0; i < ARRAY_COUNT(begins); i++)
		begun = begun || view_has(bytes, 0, begins[i], strlen(begins[i]));
	if (!begun || view_find(bytes, 0, end, strlen(end), &first) == -1 ||
	    first + strlen(end) != bytes->size)
		return false;
	for (uint64_t i = 0; i < bytes->size; i++) {
		uint8_t byte = bytes->data[i];
		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte >= 0x7f)
			return false;
	}
	return true;
}
