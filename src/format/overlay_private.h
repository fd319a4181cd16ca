/* What the rows share that are programs with something behind them (pe_overlay.c,
 * nsis.c). */
#ifndef VERIFY_FORMAT_OVERLAY_PRIVATE_H
#define VERIFY_FORMAT_OVERLAY_PRIVATE_H

#include "format/format_private.h"

/*
 * What follows the sections and the symbols of a PE image, up to a sound certificate
 * table or the end of the file. The zeros that align such a table are in it: nobody can
 * tell them from its own. False when it is empty, or no image.
 */
bool pe_overlay(const struct view *view, uint64_t *offset, uint64_t *size);
/* Bytes behind the certificate table are in no overlay: say so. */
int pe_overlay_notes(const struct view *view, uint64_t end,
		     const struct member_sink *sink, struct err *err);

#endif
