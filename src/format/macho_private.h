/* What the files about Mach-O share. */
#ifndef VERIFY_MACHO_PRIVATE_H
#define VERIFY_MACHO_PRIVATE_H

#include "format/format_private.h"

/* LC_CODE_SIGNATURE: a linkedit_data_command */
#define MACHO_SIGNATURE_COMMAND 16

/* Where a thin file has its load commands and its signature. */
struct macho_layout {
	bool wide, big;
	uint32_t command_count;
	uint64_t commands, commands_end;
	uint64_t content;          /* where the first bytes are that a command names */
	uint64_t linkedit_command; /* of the segment __LINKEDIT; 0: there is none */
	uint64_t linkedit, linkedit_end;
	uint64_t signature_command; /* 0: the file has no signature */
	uint64_t signature, signature_size;
};

/* Read that; ERR_INPUT when commands are malformed, or the signature is not the sound
 * end of __LINKEDIT and of the file. */
int macho_layout_read(const struct view *view, struct macho_layout *layout,
		      struct err *err);

/* The graft of format_macho: macho_graft.c. */
enum graft_answer macho_graft(const struct view *shipped, const struct view *rebuilt,
			      struct graft *graft, struct err *err);

#endif
