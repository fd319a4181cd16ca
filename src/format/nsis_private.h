/* What the two files of the NSIS row share. */
#ifndef VERIFY_FORMAT_NSIS_PRIVATE_H
#define VERIFY_FORMAT_NSIS_PRIVATE_H

#include "format/overlay_private.h"

/* A file that the installer's script writes, from the block at an offset in the data.
 */
struct nsis_file {
	uint32_t offset, turn; /* in the script's order */
	char *path;
	unsigned number; /* above 1: other blocks are written to that path too */
	bool has_mtime;
	int64_t mtime;
	bool sent; /* its block was there */
};

struct nsis_files {
	struct nsis_file
	    *items; /* by offset; those of one block in the script's order */
	size_t count;
};

/* Read the script out of the decoded header block, as far as it is understood; what is
 * not leaves blocks without a name. Free with nsis_files_free. */
void nsis_files_read(const struct view *header, struct nsis_files *files);
/* The first file of the block at that offset; NULL when no file is made of it. */
struct nsis_file *nsis_file_at(const struct nsis_files *files, uint64_t offset);
/* Give its memory back. */
void nsis_files_free(struct nsis_files *files);

#endif
