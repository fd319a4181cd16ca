/* What the two files of RPM packages share: rpm.c names their bytes, rpm_graft.c moves
 * their signatures. */
#ifndef VERIFY_RPM_PRIVATE_H
#define VERIFY_RPM_PRIVATE_H

#include "format/record_private.h"

#define RPM_LEAD_SIZE	 96
#define RPM_HEADER_MAGIC "\x8e\xad\xe8\x01"
#define RPM_ENTRY_SIZE	 16

struct rpm_header {
	uint64_t offset, index, store, end;
	uint32_t count, store_size;
};

struct rpm_entry {
	uint32_t tag, type, offset, count;
};

struct rpm {
	struct rpm_header signature, main;
	uint64_t signature_end; /* with its padding: where the main header starts */
};

/* Find both headers; ERR_INPUT when they are not all inside of the file. */
int rpm_read(const struct view *view, struct rpm *rpm, struct err *err);
/* The entry of that number of a header. */
void rpm_entry_at(const struct view *view, const struct rpm_header *header,
		  uint32_t index, struct rpm_entry *entry);
/* How many bytes of the store an entry has; -1 when they are not all there. */
int rpm_entry_length(const struct view *view, const struct rpm_header *header,
		     const struct rpm_entry *entry, uint64_t *length);
/* What a tag of the signature header is; false when nobody here knows it. */
bool rpm_signature_tag(uint32_t tag, enum extent_tag *kind);
/* The row's graft. */
enum graft_answer rpm_graft(const struct view *shipped, const struct view *rebuilt,
			    struct graft *graft, struct err *err);

#endif
