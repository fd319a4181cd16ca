/* Android's update payloads: what is in them, and where. */
#include "format/payload_private.h"

#include <stdlib.h>

enum {
	VERSION_AT = 4,
	MANIFEST_SIZE_AT = 12,
	SIGNATURES_SIZE_AT = 20,
	HEAD_SIZE = 24,
	VERSION = 2, /* kBrilloMajorPayloadVersion */
	BLOCK_SIZE = 4096,
	BLOCK_MOST = 1 << 20,
	OPERATIONS_MOST = 1 << 20,
	PARTITIONS_MOST = 4096,
	/* DeltaArchiveManifest */
	MANIFEST_BLOCK_SIZE = 3,
	MANIFEST_SIGNATURES_OFFSET = 4,
	MANIFEST_SIGNATURES_SIZE = 5,
	MANIFEST_PARTITIONS = 13,
	/* PartitionUpdate, PartitionInfo */
	PARTITION_NAME = 1,
	PARTITION_NEW = 7,
	PARTITION_OPERATIONS = 8,
	INFO_SIZE = 1,
	INFO_HASH = 2,
	/* InstallOperation, Extent */
	OPERATION_TYPE = 1,
	OPERATION_OFFSET = 2,
	OPERATION_LENGTH = 3,
	OPERATION_SOURCE = 4,
	OPERATION_TARGET = 6,
	OPERATION_DIGEST = 8,
	/* Signatures */
	MESSAGE_SIGNATURE = 1,
	SIGNATURES_MOST = 16,
	SIGNATURE_MOST = 2048,
	EXTENT_START = 1,
	EXTENT_BLOCKS = 2,
};

/* ---- the manifest --------------------------------------------------------- */

static int
read_manifest(struct payload *payload)
{
	struct view rest = payload->manifest;
	struct protobuf_field field;
	bool has_offset = false, has_size = false;
	payload->block_size = BLOCK_SIZE;
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1)
			return -1;
		if (field.type != PROTOBUF_VARINT)
			continue;
		if (field.number == MANIFEST_BLOCK_SIZE) {
			payload->block_size = field.value;
		} else if (field.number == MANIFEST_SIGNATURES_OFFSET) {
			payload->signatures_offset = field.value;
			has_offset = true;
		} else if (field.number == MANIFEST_SIGNATURES_SIZE) {
			payload->signatures_size = field.value;
			has_size = true;
		}
	}
	payload->has_signatures = has_offset && has_size;
	return payload->block_size > 0 && payload->block_size <= BLOCK_MOST ? 0 : -1;
}

int
payload_read(struct payload *payload, const struct view *file, struct err *err)
{
	uint64_t version, manifest;
	uint32_t signatures;
	*payload = (struct payload){.file = *file};
	if (!view_has(file, 0, "CrAU", 4) ||
	    view_u64be(file, VERSION_AT, &version) == -1)
		return err_set(err, ERR_INPUT, "no head of an update payload");
	if (version != VERSION)
		return err_set(err, ERR_UNSUPPORTED,
			       "version %ju of update payloads is not known here",
			       (uintmax_t)version);
	if (view_u64be(file, MANIFEST_SIZE_AT, &manifest) == -1 ||
	    view_u32be(file, SIGNATURES_SIZE_AT, &signatures) == -1 ||
	    view_sub(file, HEAD_SIZE, manifest, &payload->manifest) == -1 ||
	    view_sub(file, HEAD_SIZE + manifest, signatures,
		     &payload->metadata_signatures) == -1)
		return err_set(err, ERR_INPUT, "the manifest is cut off");
	payload->data = view_from(file, HEAD_SIZE + manifest + signatures);
	if (read_manifest(payload) == -1)
		return err_set(err, ERR_INPUT, "the manifest is malformed");
	return 0;
}

static int
read_extent(struct view extent, struct payload_operation *operation)
{
	struct protobuf_field field;
	while (extent.size > 0) {
		if (protobuf_next(&extent, &field) == -1)
			return -1;
		if (operation->extents > 0 || field.type != PROTOBUF_VARINT)
			continue;
		if (field.number == EXTENT_START)
			operation->start = field.value;
		else if (field.number == EXTENT_BLOCKS)
			operation->blocks = field.value;
	}
	operation->extents++;
	return 0;
}

static int
read_operation(struct view rest, struct payload_operation *operation)
{
	struct protobuf_field field;
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1)
			return -1;
		switch (field.number) {
		case OPERATION_TYPE:
			operation->type = field.value;
			break;
		case OPERATION_OFFSET:
			operation->offset = field.value;
			operation->has_offset = true;
			break;
		case OPERATION_LENGTH:
			operation->length = field.value;
			operation->has_length = true;
			break;
		case OPERATION_SOURCE:
			operation->reads = true;
			break;
		case OPERATION_TARGET:
			if (read_extent(field.bytes, operation) == -1)
				return -1;
			break;
		case OPERATION_DIGEST:
			operation->digest = field.bytes;
			break;
		default:
			break;
		}
	}
	return 0;
}

static int
add_operation(struct payload_partition *partition, const struct view *bytes)
{
	if (partition->count == OPERATIONS_MOST)
		return -1;
	if (partition->count == partition->room) {
		partition->room = partition->room != 0 ? 2 * partition->room : 64;
		partition->operations =
		    base_realloc(partition->operations, partition->room,
				 sizeof(*partition->operations));
	}
	struct payload_operation *operation =
	    &partition->operations[partition->count++];
	*operation = (struct payload_operation){0};
	return read_operation(*bytes, operation);
}

static int
read_info(struct view rest, struct payload_partition *partition)
{
	struct protobuf_field field;
	while (rest.size > 0) {
		if (protobuf_next(&rest, &field) == -1)
			return -1;
		if (field.number == INFO_SIZE && field.type == PROTOBUF_VARINT) {
			partition->size = field.value;
			partition->has_size = true;
		} else if (field.number == INFO_HASH) {
			partition->digest = field.bytes;
		}
	}
	return 0;
}

static int
read_partition(struct view rest, struct payload_partition *partition)
{
	struct protobuf_field field;
	int answer = 0;
	while (rest.size > 0 && answer == 0) {
		answer = protobuf_next(&rest, &field);
		if (answer == -1 || field.type != PROTOBUF_BYTES)
			continue;
		if (field.number == PARTITION_NAME)
			partition->name = field.bytes;
		else if (field.number == PARTITION_NEW)
			answer = read_info(field.bytes, partition);
		else if (field.number == PARTITION_OPERATIONS)
			answer = add_operation(partition, &field.bytes);
	}
	return answer;
}

int
payload_next(struct view *rest, struct payload_partition *partition, struct err *err)
{
	struct protobuf_field field;
	*partition = (struct payload_partition){0};
	while (rest->size > 0) {
		if (protobuf_next(rest, &field) == -1)
			return err_set(err, ERR_INPUT, "the manifest is malformed");
		if (field.number != MANIFEST_PARTITIONS || field.type != PROTOBUF_BYTES)
			continue;
		if (read_partition(field.bytes, partition) == -1)
			return err_set(
			    err, ERR_INPUT,
			    "a partition of the manifest is malformed, or has "
			    "more than %d operations",
			    OPERATIONS_MOST);
		return 1;
	}
	return 0;
}

void
payload_partition_clear(struct payload_partition *partition)
{
	free(partition->operations);
	*partition = (struct payload_partition){0};
}

int
payload_data(const struct payload *payload, const struct payload_operation *operation,
	     struct view *data)
{
	if (operation->length == 0) {
		*data = (struct view){NULL, 0};
		return 0;
	}
	return view_sub(&payload->data, operation->offset, operation->length, data);
}

/* ---- bytes that no operation holds ---------------------------------------- */

struct range {
	uint64_t from, to;
};

struct ranges {
	struct range *items;
	size_t count, room;
};

static void
add_range(struct ranges *ranges, uint64_t from, uint64_t length)
{
	uint64_t to;
	if (length == 0 || sum_u64(from, length, &to) == -1)
		return;
	if (ranges->count == ranges->room) {
		ranges->room = ranges->room != 0 ? 2 * ranges->room : 64;
		ranges->items =
		    base_realloc(ranges->items, ranges->room, sizeof(*ranges->items));
	}
	ranges->items[ranges->count++] = (struct range){from, to};
}

static int
by_start(const void *a, const void *b)
{
	const struct range *one = a, *other = b;
	return (one->from > other->from) - (one->from < other->from);
}

/* Sorts them. */
static int
note_unheld(const struct payload *payload, struct ranges *ranges,
	    const struct member_sink *sink, struct err *err)
{
	uint64_t at = 0, unheld = 0, first = 0;
	uint64_t start = (uint64_t)(payload->data.data - payload->file.data);
	if (ranges->count > 1)
		qsort(ranges->items, ranges->count, sizeof(*ranges->items), by_start);
	add_range(ranges, payload->data.size, 1); /* the end */
	for (size_t i = 0; i < ranges->count; i++) {
		if (ranges->items[i].from > at) {
			first = unheld == 0 ? at : first;
			unheld += ranges->items[i].from - at;
		}
		if (ranges->items[i].to > at)
			at = ranges->items[i].to;
	}
	if (unheld == 0)
		return 0;
	return format_note(sink, NOTE_SUSPECT, start + first, err,
			   "%ju bytes that no operation holds", (uintmax_t)unheld);
}

/* ---- the row -------------------------------------------------------------- */

static enum probe_answer
payload_probe(const struct view *view)
{
	return view_has(view, 0, "CrAU", 4) && view->size >= HEAD_SIZE ? PROBE_SURE
								       : PROBE_NO;
}

static int
send_partitions(const struct payload *payload, struct ranges *ranges,
		const struct member_sink *sink, struct err *err)
{
	struct view rest = payload->manifest;
	struct payload_partition partition;
	int found = 1, answer = 0;
	for (size_t i = 0; found == 1 && answer == 0; i++) {
		found = payload_next(&rest, &partition, err);
		if (found == 1 && i == PARTITIONS_MOST)
			answer = err_set(err, ERR_LIMIT, "more than %d partitions",
					 PARTITIONS_MOST);
		for (size_t j = 0; j < partition.count && answer == 0; j++)
			add_range(ranges, partition.operations[j].offset,
				  partition.operations[j].length);
		if (found == 1 && answer == 0)
			answer = payload_send(payload, &partition, sink, err);
		if (found == 0 && i == 0)
			answer = format_note(sink, NOTE_UNDECIDED, HEAD_SIZE, err,
					     "no members found");
		payload_partition_clear(&partition);
	}
	return found == -1 ? -1 : answer;
}

static int
payload_members(const struct view *view, const struct member_sink *sink,
		struct err *err)
{
	struct payload payload;
	struct ranges ranges = {0};
	if (payload_read(&payload, view, err) == -1)
		return -1;
	if (payload.has_signatures)
		add_range(&ranges, payload.signatures_offset, payload.signatures_size);
	int answer = send_partitions(&payload, &ranges, sink, err);
	if (answer == 0)
		answer = note_unheld(&payload, &ranges, sink, err);
	free(ranges.items);
	return answer;
}

/* Is it what Signatures is made of, and no longer than signatures are? Any field of the
 * file can say that some of it is. */
static enum extent_tag
message_tag(struct view message)
{
	struct protobuf_field field;
	for (size_t i = 0; message.size > 0; i++) {
		if (protobuf_next(&message, &field) == -1 || i == SIGNATURES_MOST ||
		    field.number != MESSAGE_SIGNATURE || field.type != PROTOBUF_BYTES ||
		    field.bytes.size > SIGNATURE_MOST)
			return EXTENT_METADATA;
	}
	return EXTENT_SIGNATURE;
}

static int
payload_map(const struct view *view, struct map *map, struct err *err)
{
	struct payload payload;
	struct view signatures;
	if (payload_read(&payload, view, err) == -1)
		return -1;
	uint64_t data = view->size - payload.data.size;
	map_add(map, 0, VERSION_AT, EXTENT_METADATA, EXTENT_NO_MEMBER, "payload magic",
		NULL);
	map_add(map, VERSION_AT, 8, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"payload version", NULL);
	map_add(map, MANIFEST_SIZE_AT, 8, EXTENT_DERIVED, EXTENT_NO_MEMBER,
		"payload manifest size", NULL);
	map_add(map, SIGNATURES_SIZE_AT, 4, EXTENT_DERIVED, EXTENT_NO_MEMBER,
		"payload metadata signatures size", NULL);
	map_add(map, HEAD_SIZE, payload.manifest.size, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "payload manifest", NULL);
	map_add(map, HEAD_SIZE + payload.manifest.size,
		payload.metadata_signatures.size,
		message_tag(payload.metadata_signatures), EXTENT_NO_MEMBER,
		"payload metadata signatures", NULL);
	if (payload.has_signatures &&
	    view_sub(&payload.data, payload.signatures_offset, payload.signatures_size,
		     &signatures) == 0)
		map_add(map, data + payload.signatures_offset, signatures.size,
			message_tag(signatures), EXTENT_NO_MEMBER, "payload signatures",
			NULL);
	map_add(map, data, payload.data.size, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"payload data", NULL);
	return 0;
}

const struct format format_payload = {
    .name = "android-payload",
    .title = "Android update payload",
    .probe = payload_probe,
    .members = payload_members,
    .map = payload_map,
};
