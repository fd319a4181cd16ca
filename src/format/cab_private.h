/* cab: what its row (cab.c) and its decoder (cab_unpack.c) share. */
#ifndef VERIFY_FORMAT_CAB_PRIVATE_H
#define VERIFY_FORMAT_CAB_PRIVATE_H

#include "format/format_private.h"

/* The files of one cabinet, decoded in stored order. */
struct cab_unpacker;

/* Read the cabinet's lists; the view must outlive it. NULL when libmspack refuses
 * them. Free with cab_unpacker_free. */
struct cab_unpacker *cab_unpacker_new(const struct view *view, struct err *err);
void cab_unpacker_free(struct cab_unpacker *unpacker);
/* Send the content of the next file, which is that long. 0, with *trouble the reason
 * why it is not all there, or NULL; -1 when the sink refused it. */
int cab_unpacker_next(struct cab_unpacker *unpacker, uint32_t size,
		      const struct member_sink *sink, const char **trouble,
		      struct err *err);

#endif
