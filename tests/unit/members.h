/* What a format's row says of a container, as text that other programs print too. */
#ifndef VERIFY_TEST_MEMBERS_H
#define VERIFY_TEST_MEMBERS_H

#include "format/format.h"
#include "test.h"

struct members {
	int result;
	struct err err;
	struct buf listing;    /* as GNU tar --numeric-owner --full-time -tv, blanks
				* squeezed, in UTC, whole seconds */
	struct buf digests;    /* "<sha256>  <path>" of every file */
	struct buf attributes; /* "<path>: <attributes>" */
	struct strings notes;  /* "kind offset text" */
	uint32_t count;
};

/* Ask the row; free with members_free. */
void members_read(const struct format *format, const struct view *view,
		  struct members *members);
void members_free(struct members *members);
/* Is there a note of that kind with these words? */
bool members_noted(const struct members *members, const char *kind, const char *words);

/* The map covers the file; its content extents are, member for member, what members()
 * sent as slices. */
void members_check_map(const struct format *format, const struct view *view);

/* Cut the file at about `cuts` places and flip about `flips` bytes: the row must
 * answer, whatever it answers. Cuts must not look like the whole. */
void members_torture(const struct format *format, const struct view *view,
		     unsigned cuts, unsigned flips);

#endif
