/*
 * A partition out of an Android update payload. A full update writes each block from
 * data that it brings along, which is put together here; what patches the partition
 * that a device has already is not.
 */
#include "format/payload_private.h"

#include <stdlib.h>

/* Where the blocks of one partition go. */
struct writer {
	const struct payload *payload;
	const struct member_sink *sink;
	struct hasher *hasher;
	uint64_t left;   /* of the operation */
	uint64_t offset; /* of its data in the file */
};

static const char *
packer_of(uint64_t type)
{
	switch (type) {
	case PAYLOAD_REPLACE_BZ:
		return "bzip2";
	case PAYLOAD_REPLACE_XZ:
		return "xz";
	case PAYLOAD_REPLACE_ZSTD:
		return "zstd";
	default:
		return NULL;
	}
}

static bool
is_whole(uint64_t type)
{
	return type == PAYLOAD_REPLACE || type == PAYLOAD_ZERO ||
	       type == PAYLOAD_DISCARD || packer_of(type) != NULL;
}

/* ---- can it be put together? ---------------------------------------------- */

static int
by_block(const void *a, const void *b)
{
	const struct payload_operation *const *one = a, *const *other = b;
	return ((*one)->start > (*other)->start) - ((*one)->start < (*other)->start);
}

/* Why not; NULL: the operations, in the order of their blocks, write each of them once.
 * The caller frees. */
static char *
obstacle(const struct payload *payload, const struct payload_partition *partition,
	 const struct payload_operation **sorted)
{
	uint64_t at = 0, bytes;
	for (size_t i = 0; i < partition->count; i++) {
		const struct payload_operation *operation = &partition->operations[i];
		if (!is_whole(operation->type) || operation->reads)
			return base_format("operation %zu patches the partition that "
					   "is there already",
					   i);
		if (operation->extents != 1)
			return base_format("operation %zu writes to %zu places", i,
					   operation->extents);
		sorted[i] = operation;
	}
	if (partition->count > 1)
		qsort(sorted, partition->count, sizeof(*sorted), by_block);
	for (size_t i = 0; i < partition->count; i++) {
		if (sorted[i]->start != at || sum_u64(at, sorted[i]->blocks, &at) == -1)
			return base_format(
			    "the operations do not write each block once");
	}
	if (!partition->has_size ||
	    __builtin_mul_overflow(at, payload->block_size, &bytes) ||
	    bytes != partition->size)
		return base_format("the operations do not write as many bytes as the "
				   "partition is said to have");
	return NULL;
}

/* ---- its blocks ----------------------------------------------------------- */

static int
write_bytes(void *context, const void *bytes, size_t count, struct err *err)
{
	struct writer *writer = context;
	if (count > writer->left)
		return err_set(err, ERR_INPUT,
			       "the data at offset %ju gives more than its blocks hold",
			       (uintmax_t)writer->offset);
	writer->left -= count;
	hasher_update(writer->hasher, bytes, count);
	return writer->sink->data(writer->sink->context, bytes, count, err);
}

static int
ignore_begin(void *context, const struct member *member, struct err *err)
{
	(void)context;
	(void)member;
	(void)err;
	return 0;
}

static int
refuse_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct writer *writer = context;
	(void)offset;
	(void)length;
	return err_set(err, ERR_INPUT,
		       "the data at offset %ju is not compressed as it should be",
		       (uintmax_t)writer->offset);
}

static int
pass_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	  struct err *err)
{
	struct writer *writer = context;
	return writer->sink->note(writer->sink->context, kind, writer->offset + offset,
				  text, err);
}

static int
write_zeros(struct writer *writer, struct err *err)
{
	static const uint8_t zeros[65536];
	while (writer->left > 0) {
		size_t count =
		    writer->left < sizeof(zeros) ? (size_t)writer->left : sizeof(zeros);
		if (write_bytes(writer, zeros, count, err) == -1)
			return -1;
	}
	return 0;
}

static int
write_slice(struct writer *writer, const struct view *data, struct err *err)
{
	if (data->size != writer->left)
		return err_set(
		    err, ERR_INPUT,
		    "the data at offset %ju has another size than its blocks",
		    (uintmax_t)writer->offset);
	writer->left = 0;
	hasher_update(writer->hasher, data->data, (size_t)data->size);
	return data->size == 0 ? 0
			       : writer->sink->slice(writer->sink->context,
						     writer->offset, data->size, err);
}

/* Does the data have the digest that the manifest says? */
static int
check_data(const struct writer *writer, const struct payload_operation *operation,
	   const struct view *data, struct err *err)
{
	struct sha256 digest;
	if (operation->digest.size == 0)
		return 0;
	sha256_of(data->data, (size_t)data->size, &digest);
	if (operation->digest.size == SHA256_SIZE &&
	    view_has(&operation->digest, 0, digest.bytes, SHA256_SIZE))
		return 0;
	return format_note(writer->sink, NOTE_SUSPECT, writer->offset, err,
			   "data of %ju bytes has not the SHA-256 that the manifest "
			   "says",
			   (uintmax_t)data->size);
}

static int
write_operation(struct writer *writer, const struct payload_operation *operation,
		struct err *err)
{
	const struct payload *payload = writer->payload;
	const struct member_sink sink = {writer, ignore_begin, refuse_slice,
					 write_bytes, pass_note};
	const char *packer = packer_of(operation->type);
	struct view data;
	/* no overflow: it is part of the partition's size */
	writer->left = operation->blocks * payload->block_size;
	if (operation->type == PAYLOAD_ZERO || operation->type == PAYLOAD_DISCARD)
		return write_zeros(writer, err);
	if (payload_data(payload, operation, &data) == -1)
		return err_set(err, ERR_INPUT,
			       "the data of an operation is not inside the file");
	writer->offset = data.data != NULL ? (uint64_t)(data.data - payload->file.data)
					   : payload->file.size;
	if (check_data(writer, operation, &data, err) == -1)
		return -1;
	if (packer == NULL)
		return write_slice(writer, &data, err);
	if (format_by_name(packer)->members(&data, &sink, err) == -1) {
		err_at(err, "in the data at offset %ju", (uintmax_t)writer->offset);
		return -1;
	}
	if (writer->left > 0)
		return err_set(err, ERR_INPUT,
			       "the data at offset %ju does not fill its blocks",
			       (uintmax_t)writer->offset);
	return 0;
}

static int
write_partition(const struct payload *payload,
		const struct payload_partition *partition,
		const struct payload_operation *const *sorted,
		const struct member_sink *sink, struct err *err)
{
	struct writer writer = {.payload = payload, .sink = sink};
	struct sha256 digest;
	int answer = 0;
	writer.hasher = hasher_new();
	for (size_t i = 0; i < partition->count && answer == 0; i++)
		answer = write_operation(&writer, sorted[i], err);
	hasher_final(writer.hasher, &digest);
	hasher_free(writer.hasher);
	if (answer == 0 && partition->digest.size != 0 &&
	    (partition->digest.size != SHA256_SIZE ||
	     !view_has(&partition->digest, 0, digest.bytes, SHA256_SIZE)))
		answer = format_note(sink, NOTE_SUSPECT, 0, err,
				     "the partition has not the SHA-256 that the "
				     "manifest says");
	return answer;
}

/* ---- the member ----------------------------------------------------------- */

/* The data of the operations, as it is. */
static int
send_data(const struct payload *payload, const struct payload_partition *partition,
	  const char *why, const struct member_sink *sink, struct err *err)
{
	struct writer writer = {.payload = payload, .sink = sink};
	for (size_t i = 0; i < partition->count; i++) {
		const struct payload_operation *operation = &partition->operations[i];
		struct view data;
		if (payload_data(payload, operation, &data) == -1)
			return err_set(err, ERR_INPUT,
				       "the data of an operation is not inside the "
				       "file");
		if (data.size == 0)
			continue;
		writer.offset = (uint64_t)(data.data - payload->file.data);
		if (check_data(&writer, operation, &data, err) == -1 ||
		    sink->slice(sink->context, writer.offset, data.size, err) == -1)
			return -1;
	}
	return format_note(sink, NOTE_UNDECIDED, 0, err,
			   "a partition of %zu operations is not put together: %s",
			   partition->count, why);
}

static char *
digest_line(const struct payload_partition *partition)
{
	char hex[SHA256_HEX];
	if (partition->digest.size != SHA256_SIZE)
		return NULL;
	hex_encode(partition->digest.data, SHA256_SIZE, hex);
	return base_format("sha256=%s\n", hex);
}

int
payload_send(const struct payload *payload, const struct payload_partition *partition,
	     const struct member_sink *sink, struct err *err)
{
	const struct payload_operation **sorted =
	    base_alloc(partition->count + 1, sizeof(struct payload_operation *));
	char *why = obstacle(payload, partition, sorted);
	const char *first = (const char *)partition->name.data;
	char *name =
	    base_strndup(first != NULL ? first : "", (size_t)partition->name.size);
	char *path = base_format("%s.%s", name, why == NULL ? "img" : "operations");
	char *attributes = digest_line(partition);
	const struct member member = {
	    .path = path, .type = MEMBER_FILE, .attributes = attributes};
	int answer = sink->begin(sink->context, &member, err);
	if (answer == 0 && strlen(name) != partition->name.size)
		answer = format_note(sink, NOTE_SUSPECT, 0, err,
				     "a NUL byte in the name of a partition");
	if (answer == 0)
		answer = why == NULL
			     ? write_partition(payload, partition, sorted, sink, err)
			     : send_data(payload, partition, why, sink, err);
	free(attributes);
	free(path);
	free(name);
	free(why);
	free(sorted);
	return answer;
}
