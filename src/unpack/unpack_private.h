/*
 * unpack: what its own files share: how a tree keeps its nodes and their bytes.
 */
#ifndef VERIFY_UNPACK_PRIVATE_H
#define VERIFY_UNPACK_PRIVATE_H

#include <sys/stat.h>

#include "unpack/unpack.h"

/* Where a node's content is. */
enum store {
	STORE_NONE,    /* folders, links, devices */
	STORE_INPUT,   /* [offset, + size) of the input file */
	STORE_SCRATCH, /* of the scratch file */
	STORE_FOLDER,  /* of the file that node `file` is in the input folder */
};

/* What a file of the input folder was when it was hashed. */
struct seen {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct entry {
	struct node node;
	const char *plain; /* the member path without "./", "//" and '/' at its ends */
	enum store store;
	bool slice; /* its content is one piece of its container's */
	node_id file, last_child;
	uint64_t offset;
	const struct seen *seen;
};

struct arena_block;

struct tree {
	struct unpack_budget budget;
	char *name; /* what the root is called */
	int input;  /* the caller's */
	int scratch;
	bool own_scratch;
	uint64_t scratch_size; /* with what is pending */
	struct buf pending;    /* not yet written to the scratch file */
	struct entry *entries;
	size_t count, room;
	uint64_t input_size; /* bytes of all files that the tree was opened on */
	uint64_t decoded;    /* bytes that went to the scratch file */
	struct hasher *hasher;
	struct sha256 empty; /* of no bytes */
	uint8_t *block;      /* small files of the input folder are read into it */
	struct arena_block *arena;
	const char *last_uname, *last_gname;
};

/* Memory that lives as long as the tree; never NULL. */
void *tree_alloc(struct tree *tree, size_t size);
const char *tree_keep(struct tree *tree, const char *string);

/* The path without what has no meaning in it: "./" in front and inside, doubled
 * slashes, slashes at the ends; ".." stays, it is not harmless. Part of `path`, or
 * memory of the tree. */
const char *tree_plain(struct tree *tree, const char *path);

struct entry *tree_entry(const struct tree *tree, node_id id);
/* A new last child of `parent` with a copy of the record. */
node_id tree_add(struct tree *tree, node_id parent, const struct member *member);
/* A note on a node; NOTE_UNDECIDED makes it undecided. */
void tree_note(struct tree *tree, node_id id, enum note_kind kind, uint64_t offset,
	       const char *format, ...) PRINTF_LIKE(5, 6);
/* Ask the rows what the content is; a polyglot is a note. */
void tree_probe(struct tree *tree, node_id id, const struct view *content);
/* Is it the content of a compressed stream, which has no name? */
bool tree_is_anonymous(const struct tree *tree, node_id id);

/* Hash a view, letting the pages go behind; ERR_INTERRUPTED only. */
int tree_hash(struct tree *tree, const struct mapping *mapping, struct sha256 *digest,
	      struct err *err);
/* Write what is pending. */
int tree_flush(struct tree *tree, struct err *err);

/* Fill the tree from its input folder. */
int folder_walk(struct tree *tree, struct err *err);
/* Open a file of the input folder: the one that was hashed, or fail. */
int folder_open(const struct tree *tree, node_id id, int *fd, struct err *err);

/* What a file is that no row enters: notes what it hides. */
int opaque_note(struct tree *tree, node_id id, struct err *err);
/* After a container was read: duplicate names, and what hard links lead to. */
void links_settle(struct tree *tree, node_id container);

#endif
