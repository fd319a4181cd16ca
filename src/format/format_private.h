/* format: what its own files share. */
#ifndef VERIFY_FORMAT_PRIVATE_H
#define VERIFY_FORMAT_PRIVATE_H

#include "format/format.h"

/* ---- the rows, each in the file of its name --------------------------- */

/* Programs and texts. */
extern const struct format format_pe;
extern const struct format format_pe_overlay;
extern const struct format format_nsis;
extern const struct format format_elf;
extern const struct format format_module;
extern const struct format format_macho;
extern const struct format format_macho_fat;
extern const struct format format_gettext;
extern const struct format format_pyc;
extern const struct format format_java;
extern const struct format format_yara;
extern const struct format format_wasm;
/* Documents. */
extern const struct format format_png;
extern const struct format format_pdf;
extern const struct format format_sqlite;
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
extern const struct format format_dmg; /* recognised only */
/* Containers read by our own parsers. */
extern const struct format format_ar;
extern const struct format format_deb;
extern const struct format format_tar;
extern const struct format format_cpio;
extern const struct format format_zip;
extern const struct format format_rpm;
extern const struct format format_cvd;
extern const struct format format_cdiff;
extern const struct format format_crx;
extern const struct format format_mar;
extern const struct format format_payload;
/* squashfs (squashfs.c and its neighbours), and what begins with a program. */
extern const struct format format_squashfs;
extern const struct format format_appimage;
/* Packages that are zip archives (zip_kinds.c, apk.c, jmod.c). */
extern const struct format format_apk;
extern const struct format format_msix;
extern const struct format format_nupkg;
extern const struct format format_vsix;
extern const struct format format_wheel;
extern const struct format format_xpi;
extern const struct format format_epub;
extern const struct format format_opc;
extern const struct format format_jar;
extern const struct format format_jmod;
/* Container images are tar archives (oci.c). */
extern const struct format format_oci;
extern const struct format format_docker;
/* Alpine's are gzip streams. */
extern const struct format format_alpine;
/* What boot loaders read (fdt.c, uimage.c). */
extern const struct format format_fdt;
extern const struct format format_fit;
extern const struct format format_uimage;
/* What its firmware trusts (efi_list.c). */
extern const struct format format_efi_list;
extern const struct format format_efi_variable;
/* Images of file systems that are recognised only (filesystem.c). */
extern const struct format format_erofs;
extern const struct format format_ext;
extern const struct format format_fat;
extern const struct format format_fat32;
extern const struct format format_ntfs;
extern const struct format format_btrfs;
extern const struct format format_xfs;
extern const struct format format_f2fs;
extern const struct format format_cramfs;
extern const struct format format_romfs;
extern const struct format format_ubi;
extern const struct format format_ubifs;
extern const struct format format_compound;
extern const struct format format_makeself;

/* ---- helpers ---------------------------------------------------------- */

/* Send a note; the formatted text must be shown text. The sink's answer. */
int format_note(const struct member_sink *sink, enum note_kind kind, uint64_t offset,
		struct err *err, const char *format, ...) PRINTF_LIKE(5, 6);

/* Is the message one DER sequence of definite length (X.690, 8.1.3) from its first byte to
 * its last? */
bool format_der_is_whole(const struct view *message);

/* ---- machine code ------------------------------------------------------ */

/* For a row's `code`: an executable part of the file, clipped to its size; empty ones
 * are dropped. */
void code_add_range(struct code *code, const struct view *view, uint64_t offset,
		    uint64_t length, uint64_t address);
/* A function starts at this address: dropped outside of the ranges that were added,
 * and past a bound. */
void code_add_start(struct code *code, uint64_t address, bool thumb);
/* Where in the file the code at an address is; -1 when nowhere. */
int code_offset(const struct code *code, uint64_t address, uint64_t *offset);

/* ---- compressed streams ------------------------------------------------ */

struct archive;

/* A compressor that libarchive reads. */
struct filter {
	const char *name; /* "xz" */
	int code;         /* ARCHIVE_FILTER_XZ */
	int (*enable)(struct archive *archive);
	/*
	 * Follow the stream's framing from the start without decompressing it: *end is
	 * where its last frame ends, and the frames go into `map` unless it is NULL.
	 * -1 when the framing is broken. NULL where only decompressing tells.
	 */
	int (*walk)(const struct view *view, struct map *map, uint64_t *end,
		    struct err *err);
};

/* The members and map entries of such a row. */
int filter_members(const struct filter *filter, const struct view *view,
		   const struct member_sink *sink, struct err *err);
int filter_map(const struct filter *filter, const struct view *view, struct map *map,
	       struct err *err);
/* Begin the one member of a compressed stream. */
int filter_begin(const struct member_sink *sink, struct err *err);
/* What every compressor says at the end: nothing came out; bytes follow `end`. */
int filter_notes(const char *name, const struct view *view, uint64_t end,
		 uint64_t decoded, const struct member_sink *sink, struct err *err);
/* Step over a skippable frame (zstd's and LZ4's, 0x184d2a50 to 0x184d2a5f) at
 * *offset. 1 when there was one, 0 when not, -1 when it is cut off. */
int filter_skippable(const char *name, const struct view *view, uint64_t *offset,
		     struct map *map, struct err *err);

/* ---- containers read through libarchive -------------------------------- */

#define CONTAINER_HEAD 64

struct container {
	const char *name; /* "cab" */
	int (*enable)(struct archive *archive);
	bool owners; /* members have numeric owners */
	/* Note what follows the container or hides beside it; NULL: nothing known. */
	int (*notes)(const struct view *view, const struct member_sink *sink,
		     struct err *err);
	/* Bytes that the library is shown instead of the first ones, where it refuses a
	 * header that says what does not matter here; how many. NULL: none. */
	size_t (*head)(const struct view *view, uint8_t head[CONTAINER_HEAD]);
};

int archive_members(const struct container *container, const struct view *view,
		    const struct member_sink *sink, struct err *err);
/* Note that bytes follow `end`, if any do. */
int archive_note_trailing(const char *name, const struct view *view, uint64_t end,
			  const struct member_sink *sink, struct err *err);

/* ---- symbols: names inside sections ------------------------------------ */

/* A named part of a file that symbols lie in: a section. */
struct symbol_owner {
	const char *name;
	uint64_t offset, end;
	enum extent_tag tag;
};

/* One symbol, its name pointing into the file's view (length bytes, no NUL). */
struct symbol {
	uint64_t start, end; /* in the file; end 0: up to the next one */
	uint32_t owner;      /* index of its symbol_owner */
	uint16_t length;
	bool global; /* of two at one place the global one gives its name */
	const char *name;
};

struct symbols {
	struct symbol *items;
	size_t count, room;
	size_t bytes; /* of all names, kept within a budget */
};

/* The name at `offset` of a string table: NUL-ended or cut at a bound; NULL when it
 * is not inside or empty. */
const char *symbol_name(const struct view *table, uint64_t offset, uint16_t *length);
/* Collect one. False once a bound was reached: hostile tables name one long string
 * a million times. */
bool symbols_add(struct symbols *symbols, const struct symbol *symbol);
/* Sort them and add a part to the map for each, clipped to its owner. */
void symbols_put(struct symbols *symbols, struct map *map,
		 const struct symbol_owner *owners);
void symbols_free(struct symbols *symbols);

/* ---- openpgp.c -------------------------------------------------------- */

/* Are the bytes OpenPGP signature packets, from the first to the last? */
bool format_is_openpgp(const struct view *bytes);
/* Or an armoured signature, or a clear-signed text, of printable ASCII and nothing
 * around it? */
bool format_is_openpgp_text(const struct view *bytes);

#endif
