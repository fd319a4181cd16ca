/*
 * compare: shipped against rebuilt, byte for byte.
 *
 * Containers are paired member by member down to leaves; everything of a container
 * that is not content (headers, order, padding) is compared through the
 * format's map, so that no byte goes uncompared. Equality is equality of
 * bytes: never of a checksum, name, size or time that the product itself carries.
 * Emits the "files" array of verify-findings(5).
 */
#ifndef VERIFY_COMPARE_H
#define VERIFY_COMPARE_H

#include "base/base.h"
#include "describe/describe.h"
#include "unpack/unpack.h"

enum file_status {
	STATUS_IDENTICAL,
	STATUS_SIGNATURE_ONLY,
	STATUS_EXPLAINED,
	STATUS_UNBUILT,
	STATUS_UNDECIDED,
	STATUS_UNACCOUNTED,
	STATUS_EXTRA,
	STATUS_MISSING,
	STATUS_DIFFERENT,
};

/* "identical", "signature-only", …; and back, -1 when it is none of them. */
const char *file_status_name(enum file_status status);
int file_status_parse(const char *name, enum file_status *status);

/*
 * Compare two nodes and all that is in them, appending entries to the array
 * `files`: one for each pair of leaves, for each container that differs, and for each
 * member on one side only. Identical containers are one entry. `worst` gets the worst
 * status. `exceptions` may be NULL. Two unhashed roots are taken to differ: their
 * digests and what follows from them are the caller's to add.
 */
int compare_nodes(struct tree *shipped, node_id shipped_node, struct tree *rebuilt,
		  node_id rebuilt_node, const struct release *exceptions, json_t *files,
		  enum file_status *worst, struct err *err);

/*
 * The same, without exceptions, where very many files may be expected: identical pairs
 * of which nothing else is to be said are in packs among the entries.
 */
int compare_nodes_packed(struct tree *shipped, node_id shipped_node,
			 struct tree *rebuilt, node_id rebuilt_node, json_t *files,
			 enum file_status *worst, struct err *err);

/*
 * A pack: neighbouring entries of identical files, in the bytes of one JSON string. It is
 * an element of "files" in memory only, and never written as it is; nothing that was
 * read from JSON text is one.
 */
#define PACK_MOST 4096 /* entries */

/* One of them. */
struct packed {
	struct buf path, built, format; /* shown text; format "": none */
	bool has_mode;
	unsigned mode;
	uint64_t size;
	struct sha256 sha256;
};

/* Going through a pack; `one` is valid until the next step. */
struct pack_walk {
	struct view rest;
	size_t left;
	struct packed one;
};

/* Is an element of "files" a pack? */
bool is_pack(const json_t *value);
/* How many entries are in it; 0 when it is no pack. */
size_t pack_count(const json_t *pack);
/* Begin; of what is no pack there is nothing to go through. */
void pack_open(struct pack_walk *walk, const json_t *pack);
/* The next entry as walk->one; false at the end. */
bool pack_next(struct pack_walk *walk);
/* Give back what the walk holds. */
void pack_close(struct pack_walk *walk);
/* A pack of bytes from a confined child, which nobody trusts; NULL when they are none. */
json_t *pack_take_over(const struct view *bytes);
/* Write the entries of a pack as JSON: an `item` of struct json_hooks. */
bool pack_write(void *none, struct buf *out, const json_t *value, unsigned indent,
		unsigned depth);

/*
 * Account for a whole product by its release description: outputs against the rebuilt
 * tree, declared unbuilt files against their hashes, everything else unaccounted.
 * `rebuilt` NULL: the build failed, so every output is undecided with `reason`.
 * An output that one side lacks is `missing` (not shipped: also missing, the reason
 * says which side).
 */
int compare_release(const struct release *release, size_t product, struct tree *shipped,
		    struct tree *rebuilt, const char *reason, json_t *files,
		    struct err *err);

#endif
