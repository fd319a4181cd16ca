/*
 * unpack: a product as a tree of members.
 *
 * A tree is opened on one file or folder. Each node knows its member record, its
 * format, its size and its SHA-256; containers are entered only when somebody
 * asks (tree_expand), so that equal containers need not be unpacked at all.
 * Contents live where they are: slices of the input file, or of one scratch file
 * without a name that holds what had to be decompressed. Budgets bound depth,
 * members, bytes and ratio; what a budget cuts is a note and makes the node
 * undecided, never silently shorter.
 *
 * Member paths (design: "shim.deb//data.tar.xz//./usr/lib/x"): "//" enters a
 * container; a compressed stream with a container inside is entered as one.
 * Thread safety: separate trees may be used by separate threads.
 */
#ifndef VERIFY_UNPACK_H
#define VERIFY_UNPACK_H

#include "base/base.h"
#include "format/format.h"
#include "sandbox/sandbox.h"

struct tree;
typedef uint32_t node_id;
#define NODE_NONE UINT32_MAX
#define NODE_ROOT 0U

struct unpack_budget {
	unsigned depth;   /* containers in containers; default 32 */
	uint64_t members; /* of the whole tree; default 2,000,000 */
	uint64_t bytes;   /* decompressed, of the whole tree; default 64 GiB */
	uint64_t ratio;	  /* decompressed / compressed, of one stream above 64 MiB and of
			   * the whole tree above 1 GiB; default 2000 */
};
extern const struct unpack_budget unpack_default_budget;

struct node_note {
	enum note_kind kind;
	uint64_t offset;
	char *text; /* shown text */
};

struct node {
	node_id parent, first_child, next_sibling; /* NODE_NONE where none */
	struct member member;                      /* strings owned by the tree */
	uint32_t ordinal; /* position among its siblings as stored */
	unsigned depth;
	const struct format *format; /* NULL when unknown; set for files only */
	uint64_t size;
	struct sha256 sha256; /* of the content; of the target for a symbolic link */
	bool unhashed; /* the caller asked for that: sha256 says nothing */
	bool expanded;
	bool undecided; /* something in it could not be looked into: see notes */
	struct node_note *notes;
	size_t note_count;
};

/* Open a regular file (fd stays the caller's and must stay open) or a folder
 * (walked at once, names sorted, links not followed); `name` is what the root
 * is called in member paths. */
int tree_open(int fd, const char *name, const struct unpack_budget *budget,
	      struct tree **tree, struct err *err);
/* The same with the caller's empty file for what must be decompressed (file_scratch):
 * for a confined child, which cannot open one. It belongs to this tree alone, stays
 * the caller's, and must stay open. tree_open makes its own, at once. */
int tree_open_with_scratch(int fd, int scratch, const char *name,
			   const struct unpack_budget *budget, struct tree **tree,
			   struct err *err);
/* The same for a caller that knows the digest of an input file itself, or learns it
 * meanwhile: the root is `unhashed`. */
int tree_open_unhashed(int fd, int scratch, const char *name,
		       const struct unpack_budget *budget, struct tree **tree,
		       struct err *err);
void tree_free(struct tree *tree);
/* Is there a note of a trick on it (NOTE_SUSPECT)? */
bool node_is_suspect(const struct node *node);
/* The node; valid until the next tree_expand of this tree. */
const struct node *tree_node(const struct tree *tree, node_id id);
size_t tree_count(const struct tree *tree);
/* Enter a container: its members become children, hashed. Nothing to do for a
 * leaf or one that is already expanded. What cannot be read becomes notes and
 * `undecided`: -1 only for ERR_SYSTEM and ERR_INTERRUPTED. */
int tree_expand(struct tree *tree, node_id id, struct err *err);
/* Enter everything below `id`. */
int tree_expand_all(struct tree *tree, node_id id, struct err *err);
/* Map a node's content. Close with mapping_close. */
int tree_map(const struct tree *tree, node_id id, struct mapping *mapping,
	     struct err *err);
/* Is the file's content just the bytes [offset, + length) of its container? */
bool tree_is_slice(const struct tree *tree, node_id id, uint64_t offset,
		   uint64_t length);
/* The full member path, shown text; the caller frees. */
char *tree_path(const struct tree *tree, node_id id);
/*
 * Find a node by a path of a description, expanding on the way. Parts match
 * with or without a leading "./". In a .deb, "usr/…" means the data archive and
 * "DEBIAN/…" the control archive. NODE_NONE (and 0) when there is none.
 */
int tree_find(struct tree *tree, const char *path, node_id *id, struct err *err);
/* The short path by which descriptions name a node ("usr/lib/x", "DEBIAN/control"
 * in a .deb; else the member path below the root); shown text; the caller frees. */
char *tree_short_path(const struct tree *tree, node_id id);

/* Write all of a tree's files below the empty folder `dirfd`, entering every
 * container: NAME of a container becomes folder "NAME.d". Only plain names are written;
 * others, links and devices become lines in `notes`. Runs in the confined child. */
int unpack_write(struct tree *tree, int dirfd, struct strings *notes, struct err *err);

/* The tree for `verify list`, depth first and in stored order: on each line the JSON
 * object of a member. */
void unpack_list(const struct tree *tree, struct buf *lines);

#endif
