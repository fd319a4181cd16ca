/* The wire format of protocol buffers. */
#include "base/base.h"

/* A base-128 number of at most ten bytes; -1 when it is longer or cut off. */
static int
take_varint(struct view *rest, uint64_t *value)
{
	*value = 0;
	for (uint64_t i = 0; i < rest->size && i < 10; i++) {
		uint64_t bits = rest->data[i] & 0x7f;
		if (i == 9 && bits > 1)
			return -1;
		*value |= bits << (7 * i);
		if ((rest->data[i] & 0x80) == 0) {
			*rest = view_from(rest, i + 1);
			return 0;
		}
	}
	return -1;
}

static int
take_bytes(struct view *rest, uint64_t size, struct view *bytes)
{
	if (view_sub(rest, 0, size, bytes) == -1)
		return -1;
	*rest = view_from(rest, size);
	return 0;
}

int
protobuf_next(struct view *rest, struct protobuf_field *field)
{
	struct view at = *rest;
	uint64_t tag, size;
	memset(field, 0, sizeof(*field));
	if (take_varint(&at, &tag) == -1 || tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
		return -1;
	field->number = (uint32_t)(tag >> 3);
	field->type = (enum protobuf_type)(tag & 7);
	int answer = -1;
	switch (field->type) {
	case PROTOBUF_VARINT:
		answer = take_varint(&at, &field->value);
		break;
	case PROTOBUF_FIXED64:
		answer = take_bytes(&at, 8, &field->bytes);
		break;
	case PROTOBUF_BYTES:
		answer = take_varint(&at, &size) == -1
			     ? -1
			     : take_bytes(&at, size, &field->bytes);
		break;
	case PROTOBUF_FIXED32:
		answer = take_bytes(&at, 4, &field->bytes);
		break;
	}
	if (answer == 0)
		*rest = at;
	return answer;
}
