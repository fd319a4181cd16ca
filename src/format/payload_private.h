/*
 * Android's update payloads (update_engine: payload_consumer/payload_constants.h,
 * update_metadata.proto; numbers of the head are big-endian):
 *
 *	"CrAU", version (8), size of the manifest (8), size of its signatures (4)
 *	manifest (DeltaArchiveManifest)
 *	signatures of head and manifest (Signatures)
 *	data of the operations, the last of it signatures of the payload
 */
#ifndef VERIFY_FORMAT_PAYLOAD_PRIVATE_H
#define VERIFY_FORMAT_PAYLOAD_PRIVATE_H

#include "format/format_private.h"

/* InstallOperation.Type, those that need nothing but their data. */
enum payload_type {
	PAYLOAD_REPLACE = 0,
	PAYLOAD_REPLACE_BZ = 1,
	PAYLOAD_ZERO = 6,
	PAYLOAD_DISCARD = 7,
	PAYLOAD_REPLACE_XZ = 8,
	PAYLOAD_REPLACE_ZSTD = 14,
};

/* One InstallOperation: what is written to which blocks of a partition. */
struct payload_operation {
	uint64_t type;
	uint64_t offset, length; /* of its data, counted from the data's start */
	bool has_offset, has_length;
	uint64_t start, blocks; /* its first extent */
	size_t extents;
	bool reads; /* it has source extents: the partition that is there already */
	struct view digest; /* SHA-256 of its data; empty when not said */
};

/* One PartitionUpdate. */
struct payload_partition {
	struct view name;
	uint64_t size; /* of the new partition */
	bool has_size;
	struct view digest; /* its SHA-256; empty when not said */
	struct payload_operation *operations;
	size_t count, room;
};

struct payload {
	struct view file;
	struct view manifest, metadata_signatures, data;
	uint64_t block_size;
	bool has_signatures; /* of the payload, in its data: */
	uint64_t signatures_offset, signatures_size;
};

/* Read the head and the manifest's own fields. */
int payload_read(struct payload *payload, const struct view *file, struct err *err);
/* Take the next partition off `rest`, which starts as the manifest: 1, 0 at the end, -1
 * when malformed. Clear it in every case. */
int payload_next(struct view *rest, struct payload_partition *partition,
		 struct err *err);
void payload_partition_clear(struct payload_partition *partition);
/* The data of an operation; -1 when it is not inside. */
int payload_data(const struct payload *payload,
		 const struct payload_operation *operation, struct view *data);

/* Send a partition as a member: put together where its operations need nothing but
 * their data, else their data one after the other with a note. */
int payload_send(const struct payload *payload,
		 const struct payload_partition *partition,
		 const struct member_sink *sink, struct err *err);

#endif
