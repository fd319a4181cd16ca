/*
 * What the archive readers of this room (ar, deb, tar, cpio, zip, rpm) share:
 * text and numbers out of fixed fields, and the walk over the
 * members of an ar, which a .deb refines.
 *
 * Each of these formats has one walk that both members() and map() use, so that a
 * member's ordinal is the same in both.
 */
#ifndef VERIFY_FORMAT_RECORD_PRIVATE_H
#define VERIFY_FORMAT_RECORD_PRIVATE_H

#include "format/format_private.h"

/*
 * Put `count` raw bytes that end at the first NUL, if there is one, into `out` as
 * a string. True when other bytes than NUL follow the first NUL: bytes that a
 * program reading C strings does not see.
 */
bool record_text(struct buf *out, const void *bytes, size_t count);

/* Parse digits of `base` (8, 10 or 16) with blanks (space, NUL) around them; a
 * field of blanks is 0. -1 for anything else and for numbers over 64 bits. */
int record_number(const struct view *view, uint64_t offset, size_t width, unsigned base,
		  uint64_t *value);

/* Send what stands after the end of an archive: nothing when it is empty, a
 * remark when it is all zero, otherwise a suspect note. */
int record_trailing(const struct view *view, uint64_t offset,
		    const struct member_sink *sink, struct err *err);

/* Seconds since 1970 of a DOS date and time, as zip and cab have them. They have no
 * zone: they are taken as UTC, so that they read the same everywhere. */
int64_t record_dos_time(uint16_t date, uint16_t time);

/* Named parts of a fixed header, for map(). */
struct record_field {
	uint16_t offset, length;
	enum extent_tag tag;
	const char *name;
};

void record_map_fields(struct map *map, uint64_t header, uint32_t member,
		       const struct record_field *fields, size_t count);

/* ---- ar -------------------------------------------------------------- */

enum ar_kind {
	AR_MEMBER,
	AR_SYMBOLS, /* a symbol table: structure, not a member */
	AR_NAMES,   /* the GNU table of long names */
};

enum ar_naming { AR_SHORT, AR_GNU_LONG, AR_BSD_LONG };

struct ar_entry {
	uint64_t header;        /* offset of the 60-byte header */
	uint64_t name_length;   /* BSD: bytes of name before the content */
	uint64_t content, size; /* without a BSD name */
	enum ar_kind kind;
	enum ar_naming naming;
	struct buf name;
	bool hidden_name; /* something stands behind a NUL in the name */
	uint64_t mode, uid, gid, mtime;
	bool padded; /* a pad byte follows the content */
};

struct ar_walk {
	const struct view *view;
	uint64_t next;
	struct view names; /* the GNU table of long names */
	bool seen_names;
	struct ar_entry entry;
};

void ar_walk_start(struct ar_walk *walk, const struct view *view);
/* 1: walk->entry is the next one; 0: the end; -1: malformed. */
int ar_walk_next(struct ar_walk *walk, struct err *err);
void ar_walk_end(struct ar_walk *walk);
/* Send the entry as a member: begin and slice. */
int ar_send(const struct ar_entry *entry, const struct member_sink *sink,
	    struct err *err);
int ar_map(const struct view *view, struct map *map, struct err *err);

#endif
