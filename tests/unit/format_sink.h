/* What the tests of formats share: a sink that records, and rough handling. */
#ifndef VERIFY_FORMAT_SINK_H
#define VERIFY_FORMAT_SINK_H

#include "format/format_private.h"
#include "test.h"

/* One member as it was sent. */
struct recorded {
	char *path, *target, *attributes, *uname, *gname;
	struct member member; /* its strings are gone: use those above */
	struct buf content;
};

/* All that a row sent. */
struct record {
	struct view view; /* what slices are taken from */
	struct recorded *members;
	size_t count;
	struct strings notes; /* "suspect 12: text" */
	uint64_t budget;      /* of content kept, in bytes; 0: 64 MiB */
	uint64_t seen;
};

/* Run a row's members with a recording sink: its answer. */
int record_members(struct record *record, const struct format *format,
		   const struct view *view, struct err *err);
/* The same for a leaf's notes. */
int record_notes(struct record *record, const struct format *format,
		 const struct view *view, struct err *err);
void record_free(struct record *record);
/* The member of that path, NULL when there is none. */
const struct recorded *record_find(const struct record *record, const char *path);
/* Is there a note that starts with `kind` and has `part` in it? */
bool record_noted(const struct record *record, const char *kind, const char *part);

/* The format that probing answers for a file of the test folder. */
const char *probe_name(const char *file);
/* The one extent of that name, checking that there is one (its first piece). */
const struct extent *map_extent(const struct map *map, const char *name);
bool map_has(const struct map *map, const char *name);
/* Check the invariant of struct map for a file of that size. */
void map_check(const struct map *map, uint64_t size);

/*
 * Give every entry of one row bytes that it must survive, in memory of exactly
 * that size so that AddressSanitizer sees a read past the end.
 */
void format_survives(const struct format *format, const void *bytes, size_t size);
/* The same for the file cut at every `step` bytes, and with each byte below
 * `headers` (and some behind) set to extremes. */
void format_survives_damage(const struct format *format, const struct buf *file,
			    size_t step, size_t headers);

#endif
