/*
 * zip: what its reader (zip.c) and its row (zip_row.c) share. Section numbers are those
 * of PKWARE's APPNOTE.TXT 6.3.10.
 *
 *	[ bytes before ]  local header, content, [ descriptor ]  …
 *	[ APK signing block ]  central headers, one for each member
 *	[ zip64 end record, zip64 locator ]  end record, comment
 */
#ifndef VERIFY_FORMAT_ZIP_PRIVATE_H
#define VERIFY_FORMAT_ZIP_PRIVATE_H

#include "format/record_private.h"

/* What a header says of a member, local or central. */
struct zip_facts {
	uint16_t flags, method, time, date;
	uint32_t crc;
	uint64_t packed, size;
	uint64_t name, extra; /* offsets */
	uint16_t name_size, extra_size, comment_size;
	uint64_t end; /* of the header with all that belongs to it */
};

struct zip_entry {
	uint64_t central;      /* offset of the central header */
	uint64_t local;        /* of the local one, with the prefix added */
	struct zip_facts fact; /* central */
	struct zip_facts near; /* local, if readable */
	bool local_readable;
	uint16_t version_made;
	uint32_t attributes;
	uint64_t content;         /* offset of the packed bytes */
	uint64_t descriptor_size; /* 0: none */
	uint64_t end;             /* of all its local bytes */
};

struct zip {
	const struct view *view;
	uint64_t end; /* offset of the end record */
	uint64_t comment_size;
	uint64_t end_size;                   /* end record with comment */
	uint64_t locator, end64, end64_size; /* 0: none */
	uint64_t directory, directory_size;  /* as found, with the prefix */
	uint64_t stated;                     /* members, as the end record says */
	uint64_t prefix;                     /* what must be added to stored offsets */
	struct zip_entry *entries;
	size_t count, room;
	uint64_t directory_end; /* behind the last central header */
};

/* Bits of the general purpose flags (4.4.4). */
#define ZIP_ENCRYPTED  0x0001
#define ZIP_DESCRIPTOR 0x0008

#define ZIP_STORED   0
#define ZIP_DEFLATED 8

#define ZIP_LOCAL_SIZE   30
#define ZIP_CENTRAL_SIZE 46
#define ZIP_END_SIZE     22

/* Where the end record is: the last one whose comment fits. -1 when there is none. */
int zip_find_end(const struct view *view, uint64_t *offset);
/* Read the directory and all local headers; zip_close in every case. */
int zip_open(struct zip *zip, const struct view *view, struct err *err);
void zip_close(struct zip *zip);
/* Find an extra field (4.5.1) by its id; false when it is not there. */
bool zip_extra(const struct view *view, const struct zip_facts *facts, uint16_t id,
	       struct view *field);
/* The APK signing block before the directory: its offset, or false. */
bool zip_apk_block(const struct zip *zip, uint64_t *offset);

/* The content of an entry, decompressed; ERR_INPUT when it is not what the directory
 * says, ERR_LIMIT when it is large. */
int zip_content(const struct zip *zip, const struct zip_entry *entry, struct buf *bytes,
		struct err *err);

/* ---- what grafts share: zip_graft.c --------------------------------------- */

#define ZIP_LOCAL_OFFSET 42 /* in a central header */

/* The entries by their local headers; the caller frees. */
const struct zip_entry **zip_sorted(const struct zip *zip);
/* ERR_INPUT unless it is a zip without tricks: entries from the first byte on, one
 * behind the other, up to *end; the directory behind them, and nothing that a graft
 * would not carry over. */
int zip_check_plain(const struct zip *zip, const struct zip_entry *const *sorted,
		    uint64_t *end, struct err *err);
/* Append the bytes [from, to); write a little-endian number over those at `at`. */
void zip_copy(struct buf *out, const struct view *view, uint64_t from, uint64_t to);
void zip_put(struct buf *out, size_t at, uint64_t value, size_t size);
/* Append a central header that says where the local one is now. */
void zip_copy_central(struct buf *out, const struct view *view,
		      const struct zip_entry *entry, uint64_t offset);
/* Append the end record of `zip` for a directory of so many entries from `start` on. */
void zip_copy_end(struct buf *out, const struct zip *zip, size_t start, size_t count);

/* The map and the graft of an Android package: those of a zip with its signing block
 * told by pair, and moved. */
int apk_map(const struct view *view, struct map *map, struct err *err);
enum graft_answer apk_graft(const struct view *shipped, const struct view *rebuilt,
			    struct graft *graft, struct err *err);

/* Those of packages whose signature is an entry. It is tagged when it is where signers
 * put it and holds nothing else; its bytes have the title ("NuGet signature", "APPX
 * signature"), alone or with what they are. Else its content has the title with what is
 * wrong, and no tag. */
int msix_map(const struct view *view, struct map *map, struct err *err);
int nupkg_map(const struct view *view, struct map *map, struct err *err);
enum graft_answer nupkg_graft(const struct view *shipped, const struct view *rebuilt,
			      struct graft *graft, struct err *err);

/* The graft of a Java archive, whose signature is entries and digests in the manifest. */
enum graft_answer jar_graft(const struct view *shipped, const struct view *rebuilt,
			    struct graft *graft, struct err *err);

/* Is that a digest of the member, as the manifest writes it? */
typedef bool jar_digest_holds(void *context, const char *member, const char *algorithm,
			      const char *base64);
/* A manifest as it was before it was signed: without the digests of members, and
 * without the sections that held nothing else. ERR_INPUT when one does not hold. */
int jar_manifest_strip(const struct view *text, jar_digest_holds *holds, void *context,
		       struct buf *stripped, struct err *err);

#endif
