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
 * The same, without exceptions, where very many files may be expected: the entry of an
 * identical pair of which nothing else is to be said is a string, JSON text that
 * compare_terse_entry understands once it is parsed.
 */
int compare_nodes_terse(struct tree *shipped, node_id shipped_node,
			struct tree *rebuilt, node_id rebuilt_node, json_t *files,
			enum file_status *worst, struct err *err);

/* The entry that a terse one stands for; NULL when it is none. Both sides are one
 * object. */
json_t *compare_terse_entry(const json_t *terse);

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
