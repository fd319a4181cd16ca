/*
 * How an Android package lies, and its digests: over chunks of 1 MiB of its three parts
 * ("APK Signature Scheme v2"), or the root of a tree over blocks of 4096 bytes
 * (Linux, Documentation/filesystems/fsverity.rst, "Merkle tree").
 */
#include "signature/apk_private.h"

#define SHA256 "2.16.840.1.101.3.4.2.1"
#define SHA512 "2.16.840.1.101.3.4.2.3"

enum {
	CHUNK = 1 << 20,
	BLOCK = 4096,
	LEVELS_MOST = 8, /* 128 hashes a block: more than 2^56 bytes */
	END_SIZE = 22,   /* of the zip's end record, without a comment */
	TAIL_SIZE = 24,  /* the block's second size and its magic */
};

/* ---- layout --------------------------------------------------------------- */

/* The zip's end record, as Android finds it: the last one whose comment ends the
 * file. */
static int
find_end(const struct view *file, uint64_t *end)
{
	uint16_t comment;
	for (uint64_t size = END_SIZE; size <= file->size && size <= END_SIZE + 0xffff;
	     size++) {
		uint64_t at = file->size - size;
		if (view_has(file, at, "PK\5\6", 4) &&
		    view_u16le(file, at + 20, &comment) == 0 &&
		    comment == size - END_SIZE) {
			*end = at;
			return 0;
		}
	}
	return -1;
}

int
apk_layout_find(struct apk_layout *layout, const struct view *file)
{
	uint32_t size, directory;
	uint64_t last, first;
	*layout = (struct apk_layout){.file = *file};
	if (find_end(file, &layout->end) == -1 ||
	    view_u32le(file, layout->end + 12, &size) == -1 ||
	    view_u32le(file, layout->end + 16, &directory) == -1 ||
	    (uint64_t)directory + size != layout->end)
		return -1;
	layout->directory = directory;
	if (directory < 8 + TAIL_SIZE ||
	    !view_has(file, layout->directory - 16, "APK Sig Block 42", 16))
		return 0;
	if (view_u64le(file, layout->directory - TAIL_SIZE, &last) == -1 ||
	    last < TAIL_SIZE || last > layout->directory - 8)
		return -1;
	layout->block = layout->directory - last - 8;
	if (view_u64le(file, layout->block, &first) == -1 || first != last)
		return -1;
	return view_sub(file, layout->block + 8, last - TAIL_SIZE, &layout->pairs);
}

int
apk_take_pair(struct view *rest, uint32_t *id, struct view *value)
{
	uint64_t size;
	if (view_u64le(rest, 0, &size) == -1 || size < 4 || size > rest->size - 8 ||
	    view_u32le(rest, 8, id) == -1 || view_sub(rest, 12, size - 4, value) == -1)
		return -1;
	*rest = view_from(rest, size + 8);
	return 0;
}

/* ---- chunks --------------------------------------------------------------- */

static void
add_chunks(const struct view *section, const struct digest_algorithm *algorithm,
	   struct buf *digests, uint32_t *count)
{
	for (uint64_t at = 0; at < section->size; at += CHUNK) {
		struct view parts[2];
		struct digest digest;
		uint64_t size = section->size - at < CHUNK ? section->size - at : CHUNK;
		const uint8_t prefix[] = {0xa5, (uint8_t)size, (uint8_t)(size >> 8),
					  (uint8_t)(size >> 16), 0};
		parts[0] = view_of(prefix, sizeof(prefix));
		view_sub(section, at, size, &parts[1]);
		digest_of(algorithm, parts, 2, &digest);
		buf_append(digests, digest.bytes, digest.size);
		(*count)++;
	}
}

/* The parts that are signed: the entries, the directory, and the end record with the
 * offset of the directory as if there were no block. */
static void
parts_of(const struct apk_layout *layout, struct view parts[3], struct buf *end)
{
	struct view whole_end = view_from(&layout->file, layout->end);
	view_sub(&layout->file, 0, layout->block, &parts[0]);
	view_sub(&layout->file, layout->directory, layout->end - layout->directory,
		 &parts[1]);
	buf_append(end, whole_end.data, (size_t)whole_end.size);
	for (size_t i = 0; i < 4; i++)
		end->data[16 + i] = (char)(layout->block >> (8 * i) & 0xff);
	parts[2] = view_of_buf(end);
}

static void
chunks_digest(const struct view sections[3], const struct digest_algorithm *algorithm,
	      struct digest *digest)
{
	struct buf digests = {0};
	struct view parts[2];
	uint32_t count = 0;
	for (size_t i = 0; i < 3; i++)
		add_chunks(&sections[i], algorithm, &digests, &count);
	const uint8_t prefix[] = {0x5a, (uint8_t)count, (uint8_t)(count >> 8),
				  (uint8_t)(count >> 16), (uint8_t)(count >> 24)};
	parts[0] = view_of(prefix, sizeof(prefix));
	parts[1] = view_of_buf(&digests);
	digest_of(algorithm, parts, 2, digest);
	buf_free(&digests);
}

/* ---- the tree ------------------------------------------------------------- */

/* Take up to a block off the parts, filled up with zeros; false at their end. */
static bool
take_block(const struct view *parts, size_t count, size_t *part, uint64_t *at,
	   uint8_t block[BLOCK])
{
	size_t filled = 0;
	memset(block, 0, BLOCK);
	while (filled < BLOCK && *part < count) {
		struct view piece;
		uint64_t left = parts[*part].size - *at, room = BLOCK - filled;
		uint64_t size = left < room ? left : room;
		if (view_sub(&parts[*part], *at, size, &piece) == 0 && size > 0)
			memcpy(block + filled, piece.data, (size_t)size);
		filled += (size_t)size;
		*at += size;
		if (*at == parts[*part].size) {
			(*part)++;
			*at = 0;
		}
	}
	return filled > 0;
}

/* The hashes of the blocks of these parts. */
static void
add_level(const struct view *parts, size_t count, const struct view *salt,
	  struct buf *level)
{
	const struct digest_algorithm *algorithm = digest_by_oid(SHA256);
	uint8_t block[BLOCK];
	size_t part = 0;
	uint64_t at = 0;
	while (take_block(parts, count, &part, &at, block)) {
		const struct view salted[] = {*salt, view_of(block, BLOCK)};
		struct digest digest;
		digest_of(algorithm, salted, ARRAY_COUNT(salted), &digest);
		buf_append(level, digest.bytes, digest.size);
	}
}

void
apk_verity(const struct view *parts, size_t count, const struct view *salt,
	   struct buf *tree, struct digest *root)
{
	struct buf levels[LEVELS_MOST] = {{0}}, top = {0};
	size_t depth = 0;
	add_level(parts, count, salt, &levels[depth++]);
	while (levels[depth - 1].size > BLOCK && depth < LEVELS_MOST) {
		struct view below = view_of_buf(&levels[depth - 1]);
		add_level(&below, 1, salt, &levels[depth++]);
	}
	struct view last = view_of_buf(&levels[depth - 1]);
	add_level(&last, 1, salt, &top);
	*root = (struct digest){.size = (unsigned)top.size};
	memcpy(root->bytes, top.data != NULL ? top.data : "",
	       top.size <= sizeof(root->bytes) ? top.size : 0);
	for (size_t i = depth; i-- > 0;) {
		buf_append(tree, levels[i].data != NULL ? levels[i].data : "",
			   levels[i].size);
		buf_zeros(tree, (BLOCK - levels[i].size % BLOCK) % BLOCK);
		buf_free(&levels[i]);
	}
	buf_free(&top);
}

/* The root and the size; Android wants the block where a block of the tree ends. */
static void
verity_digest(const struct apk_layout *layout, const struct view parts[3],
	      struct digest *digest)
{
	static const uint8_t zeros[8];
	const struct view salt = view_of(zeros, sizeof(zeros));
	uint64_t size = parts[0].size + parts[1].size + parts[2].size;
	struct buf tree = {0};
	if (layout->block % BLOCK != 0)
		return;
	apk_verity(parts, 3, &salt, &tree, digest);
	for (unsigned i = 0; i < 8; i++)
		digest->bytes[digest->size + i] = (uint8_t)(size >> (8 * i));
	digest->size += 8;
	buf_free(&tree);
}

const struct digest *
apk_digest_of(struct apk_layout *layout, enum apk_digest which)
{
	struct digest *digest = &layout->known[which];
	struct view parts[3];
	struct buf end = {0};
	if (digest->size != 0)
		return digest;
	parts_of(layout, parts, &end);
	if (which == APK_VERITY)
		verity_digest(layout, parts, digest);
	else
		chunks_digest(parts,
			      digest_by_oid(which == APK_SHA256 ? SHA256 : SHA512),
			      digest);
	buf_free(&end);
	return digest;
}
