/* DER values as they lie in files (X.690, 8.1); what they say is for others to judge.
 */
#include "format/format_private.h"

#define DER_SEQUENCE 0x30

bool
format_der_is_whole(const struct view *message)
{
	uint8_t tag = 0, first = 0, byte = 0;
	uint64_t length = 0, header = 2;
	view_u8(message, 0, &tag);
	view_u8(message, 1, &first);
	if (tag != DER_SEQUENCE || first == 0x80 || first > 0x84)
		return false;
	if (first < 0x80)
		length = first;
	for (; first >= 0x80 && header < 2U + (first & 0x7fU); header++) {
		if (view_u8(message, header, &byte) == -1)
			return false;
		length = length << 8 | byte;
	}
	return length > 0 && header + length == message->size;
}
