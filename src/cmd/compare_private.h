/*
 * verify compare: what its files share. compare.c leads; compare_inputs.c opens and
 * hashes what the user named.
 */
#ifndef VERIFY_CMD_COMPARE_PRIVATE_H
#define VERIFY_CMD_COMPARE_PRIVATE_H

#include "cmd/cmd_private.h"
#include "unpack/unpack.h"

/* One side: what the user named, opened before anything is confined. */
struct compared {
	const char *role, *path;
	char *name; /* what its root is called in member paths */
	int fd, scratch;
	bool folder;
	uint64_t size;        /* of a file, when it was opened */
	struct sha256 sha256; /* of a file, when it is hashed */
	bool hashed;
	struct tree *tree; /* in the child */
	int result;
	struct err err;
};

struct comparing {
	struct compared shipped, rebuilt;
	struct confined *child; /* NULL: not started, or ended */
};

/* Open one side. On failure the side's err is set. */
void side_open(struct compared *side, const char *role, const char *path);
void side_close(struct compared *side);

/* Called once, as soon as hashing showed that the two differ, or that they are so long
 * that the work may begin before it is known. */
typedef int sides_start(struct comparing *comparing, struct err *err);
/* Hash the files of both sides at once, and compare them on the way. -1 when one of
 * them cannot be read (its side's err says so), when `start` fails, or when
 * interrupted. */
int sides_hash(struct comparing *comparing, sides_start *start, struct err *err);
/* Put both into the findings' inputs, as they were read or not. */
void sides_tell(struct comparing *comparing, json_t *findings);

#endif
