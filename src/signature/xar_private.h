/*
 * xar archives (macOS .pkg): a header, a compressed table of contents in XML, and a
 * heap with the members' bytes. A signature is over a checksum of the compressed table,
 * which has checksums of the members as they are stored.
 */
#ifndef VERIFY_XAR_PRIVATE_H
#define VERIFY_XAR_PRIVATE_H

#include "signature/signature_private.h"

enum {
	XAR_SIGNATURES_MOST = 4,
	XAR_CERTIFICATES_MOST = 16,
};

/* Where an element says that its bytes are: offsets count from the heap. */
struct xar_place {
	uint64_t offset, length, size;
	bool has_offset, has_length, has_size;
};

/* The bytes of a member or of one of its attributes. */
struct xar_piece {
	struct xar_place place;
	struct view style, checksum; /* <archived-checksum style="sha1">; empty: none */
};

struct xar_signature {
	bool cms; /* <x-signature style="CMS">, else <signature style="RSA"> */
	struct view style;
	struct xar_place place;
	struct view certificates[XAR_CERTIFICATES_MOST]; /* base64 */
	size_t certificate_count;
};

/* A table of contents; views point into its text. */
struct xar_toc {
	struct view style; /* of the table's own checksum */
	struct xar_place checksum;
	bool has_checksum;
	struct xar_signature signatures[XAR_SIGNATURES_MOST];
	size_t signature_count;
	struct xar_piece *pieces;
	size_t count, room;
};

/* Read the XML, strictly: what readers could take in two ways is ERR_INPUT. Clear in
 * every case. */
int xar_toc_read(const struct view *text, struct xar_toc *toc, struct err *err);
void xar_toc_clear(struct xar_toc *toc);

#endif
