/*
 * What the files of the causes share. A cause is a row of a table in cause.c; each
 * file of these has rows of one kind.
 *
 * Never more is claimed than was done: a row that recomputes a value on both sides
 * proves it there and then; a row that recognises a typed field (a time, a root of
 * paths) only says so, and the driver proves it when nothing but that field, and
 * values that were recomputed, differs in the whole object. Everything else is likely.
 */
#ifndef VERIFY_COMPARE_CAUSE_PRIVATE_H
#define VERIFY_COMPARE_CAUSE_PRIVATE_H

#include "compare/compare_private.h"

/* Set an unset cause: false when the difference has one. `evidence` is shown text. */
bool cause_say(struct difference *one, enum cause_kind kind, const char *name,
	       const char *evidence, ...) PRINTF_LIKE(4, 5);

/* ---- where a difference is ------------------------------------------- */

/* The extent of one side that holds all of the difference's bytes there; NULL when
 * they are none, or in more than one. */
const struct extent *scene_extent(const struct scene *scene, size_t side,
				  const struct difference *one);
/* Is it inside of an extent of that name on both sides? */
bool scene_named(const struct scene *scene, const struct difference *one,
		 const char *name);
/* The end of a place that names the member, " of PATH"; "" where none is named. */
const char *place_member(const char *place);
/* Offset and length of the difference on one side. */
uint64_t difference_offset(const struct difference *one, size_t side);
uint64_t difference_length(const struct difference *one, size_t side);
/* The last moment that a build can have seen: now and a day, for clocks that are fast.
 */
int64_t cause_latest(void);

/* What is known of a container's member, by ordinal. */
struct member_facts {
	node_id node;
	uint64_t packed;  /* bytes of its content as stored */
	uint64_t header;  /* where its local header starts; UINT64_MAX: not known */
	uint64_t central; /* the same of its central one */
	bool checked;     /* crc and sum were computed */
	uint32_t crc, sum;
};

/* Facts of the member that an extent belongs to; NULL when it belongs to none. */
struct member_facts *scene_member(struct scene *scene, size_t side,
				  const struct extent *extent);
/* Read the member's content and compute crc and sum, once. */
bool scene_check_member(struct scene *scene, size_t side, struct member_facts *facts);

/* The file that `node` means by a relative path: beside it, below a container that
 * holds it, or in the data archive of its .deb. Containers are entered. NODE_NONE for
 * none. */
node_id cause_find_file(struct tree *tree, node_id node, const char *path);

/* ---- rows ------------------------------------------------------------ */

/* A value that follows from other bytes, recomputed right on both sides. */
bool cause_derived(struct scene *scene, struct difference *one);
/* What a compressor wrote of a content that differs, where it cannot be recomputed. */
bool cause_content(struct scene *scene, struct difference *one);
/* The checksum of a file with debug data that is at hand. */
bool cause_debug_link(struct scene *scene, struct difference *one);
/* A digest of the linker's over the file, or of a file that is not at hand. */
bool cause_identity(struct scene *scene, struct difference *one);
/* A field that the format's map names, of known meaning. */
bool cause_field(struct scene *scene, struct difference *one);
/* Owner and mode of a member, and the times in a zip's extra fields. */
bool cause_owner(struct scene *scene, struct difference *one);
bool cause_extra_times(struct scene *scene, struct difference *one);
/* A line of a list of digests, whose file differs as the line says. */
bool cause_list(struct scene *scene, struct difference *one);
/* A year as the operand of an instruction. */
bool cause_operand(struct scene *scene, struct difference *one);
/* A date in text, in one spelling on both sides. */
bool cause_date(struct scene *scene, struct difference *one);
/* A number that is a time. */
bool cause_epoch(struct scene *scene, struct difference *one);
/* Paths that have the same end below two roots. */
bool cause_path(struct scene *scene, struct difference *one);
/* Names of user and host, kernel, locale. */
bool cause_environment(struct scene *scene, struct difference *one);

/* What only all differences of a file together show: the same lines in another order;
 * one token that is replaced everywhere. */
void survey_order(struct scene *scene, struct differences *list);
void survey_token(struct scene *scene, struct differences *list);

#endif
