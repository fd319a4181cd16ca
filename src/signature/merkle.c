/*
 * Merkle trees of transparency logs (RFC 6962, 2.1; RFC 9162, 2.1.3): a leaf's hash
 * and the path from it to the root.
 */
#include "signature/signature_private.h"

void
merkle_leaf(const struct view *entry, struct sha256 *hash)
{
	static const uint8_t prefix = 0x00;
	struct hasher *hasher = hasher_new();
	hasher_update(hasher, &prefix, 1);
	hasher_update(hasher, entry->data, (size_t)entry->size);
	hasher_final(hasher, hash);
	hasher_free(hasher);
}

/* The node above two others. */
static void
node_hash(struct hasher *hasher, const struct sha256 *left, const struct sha256 *right,
	  struct sha256 *hash)
{
	static const uint8_t prefix = 0x01;
	struct sha256 above;
	hasher_update(hasher, &prefix, 1);
	hasher_update(hasher, left->bytes, SHA256_SIZE);
	hasher_update(hasher, right->bytes, SHA256_SIZE);
	hasher_final(hasher, &above);
	*hash = above;
}

/* RFC 9162, 2.1.3.2; its names of variables. */
int
merkle_root(uint64_t index, uint64_t size, const struct sha256 *leaf,
	    const struct sha256 *path, size_t count, struct sha256 *root)
{
	if (index >= size)
		return -1;
	uint64_t fn = index, sn = size - 1;
	struct hasher *hasher = hasher_new();
	struct sha256 r = *leaf;
	bool fits = true;
	for (size_t i = 0; i < count && fits; i++) {
		if (sn == 0) {
			fits = false;
		} else if ((fn & 1) != 0 || fn == sn) {
			node_hash(hasher, &path[i], &r, &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			node_hash(hasher, &r, &path[i], &r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	hasher_free(hasher);
	if (!fits || sn != 0)
		return -1;
	*root = r;
	return 0;
}
