/* format: what its own files share. */
#ifndef VERIFY_FORMAT_PRIVATE_H
#define VERIFY_FORMAT_PRIVATE_H

#include "format/format.h"

/* ---- the rows, each in the file of its name --------------------------- */

/* Programs and texts. */
extern const struct format format_pe;
extern const struct format format_elf;
extern const struct format format_text;
/* Compressed streams (filter.c does the work). */
extern const struct format format_gzip;
extern const struct format format_bzip2;
extern const struct format format_xz;
extern const struct format format_zstd;
extern const struct format format_lz4;
/* Containers read through libarchive (archive.c does the work). */
extern const struct format format_7z;
extern const struct format format_cab;
extern const struct format format_iso9660;
extern const struct format format_xar;
/* Containers read by our own parsers. */
extern const struct format format_ar;
extern const struct format format_deb;
extern const struct format format_tar;
extern const struct format format_cpio;
extern const struct format format_zip;
extern const struct format format_rpm;

/* ---- helpers ---------------------------------------------------------- */

/* Send a note; the formatted text must be shown text. The sink's answer. */
int format_note(const struct member_sink *sink, enum note_kind kind, uint64_t offset,
		struct err *err, const char *format, ...) PRINTF_LIKE(5, 6);

#endif
