/*
 * format: what the bytes of one file mean, and no opinion about them.
 *
 * A format is one file and one row of the table in format.c. A row knows how to
 * tell its format (probe), list what a container holds (members), name every
 * byte (map), and move a signature from one file onto another (graft). Rows keep
 * no state between calls; no type of a row leaves its file; they read untrusted
 * bytes through views only, and run in the confined child.
 */
#ifndef VERIFY_FORMAT_H
#define VERIFY_FORMAT_H

#include "base/base.h"

/* ---- extents: every byte of a file has a name ------------------------ */

enum extent_tag {
	EXTENT_CONTENT,	  /* what the file is for: code, data, a member's content */
	EXTENT_SIGNATURE, /* exists only because the file was signed */
	EXTENT_DERIVED,	  /* follows from other bytes: a checksum, a digest list */
	EXTENT_METADATA,  /* headers: times, owners, names, offsets */
	EXTENT_PADDING,	  /* says nothing, wherever it stands */
};

/* "content", "signature", "derived", "metadata", "padding". */
const char *extent_tag_name(enum extent_tag tag);

#define EXTENT_NO_MEMBER UINT32_MAX

/* A field of a record, or of a header that stands once. */
struct layout_field {
	uint16_t offset;
	const char *name; /* "sh_offset"; NULL ends the list */
};

/* How the bytes of a named thing lie, so that a place can say what stands there
 * without an extent for each of a million records. Rows keep them as constants. */
struct layout {
	uint32_t record; /* bytes of each of its equal records; 0: there are none */
	bool numbered;	 /* a record is called by its detail and its number */
	uint8_t strings; /* NUL-ended strings, quoted in a place when they have at least
			    so many bytes; 0: none */
	const struct layout_field *fields; /* by offset, or NULL */
};

struct extent {
	uint64_t offset, length;
	enum extent_tag tag;
	uint32_t member;    /* ordinal of the member it belongs to, or EXTENT_NO_MEMBER */
	uint64_t base;	    /* where the named thing starts; offsets count from there */
	const char *name;   /* ".text", "tar header mtime"; shown text, owned by the map */
	const char *detail; /* a symbol or entry that starts at this extent's offset, or NULL */
	const struct layout *layout; /* counted from `origin`, or NULL */
	uint64_t origin;	     /* where it began before others took parts of it */
};

/*
 * A container of a million members has many millions of extents. Who compares two of them
 * asks twice: first for a sum over what each member would add (names, lengths, tags and
 * bytes), then for the extents of those members only that are not the same on both sides.
 */
struct map_filter {
	size_t members;       /* ordinals below this are filtered, others stay */
	struct sha256 *sums;  /* asked for: zeros before; members add nothing else */
	const bool *left_out; /* or: these are `map_left_out`, whatever they add, */
	bool members_only;    /* and so is all that is no member's */
};

/* The name (this very pointer) of what a filter left out. */
extern const char map_left_out[];

/* The extents of one file: in order, without gap or overlap, covering it all. */
struct map {
	struct extent *extents;
	size_t count, room;
	struct strings names; /* owns what the extents point at */
	const char *recent[64]; /* some of them, by a hash: names come again and again */
	struct view view;     /* what it is a map of: read to quote strings; may be empty */
	const struct map_filter *filter; /* or NULL */
	struct buf gathered; /* of one member, for its sum */
	uint32_t gathering;
};

/* An empty map; free it with map_free. */
struct map *map_new(void);
void map_free(struct map *map);
/*
 * Collect extents in any order, then map_finish. `name` is copied through
 * text_show; a range without extent gets the name "gap" and tag CONTENT; where
 * two overlap the one added first keeps the bytes and the other one is cut. Empty extents and ones
 * past the end are dropped.
 */
void map_add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
	     uint32_t member, const char *name, const char *detail);
/* The same for part of a named thing that starts at `base`. */
void map_add_part(struct map *map, uint64_t base, uint64_t offset, uint64_t length,
		  enum extent_tag tag, uint32_t member, const char *name,
		  const char *detail);
/* The same for bytes that lie as `layout` says, counted from `offset`. */
void map_add_layout(struct map *map, uint64_t base, uint64_t offset, uint64_t length,
		    enum extent_tag tag, const char *name, const char *detail,
		    const struct layout *layout);
/* Sort, fill gaps, cut overlaps, and check that [0, size) is covered. */
void map_finish(struct map *map, uint64_t size);
/* The extent that holds `offset`, or NULL past the end. */
const struct extent *map_find(const struct map *map, uint64_t offset);
/* "NAME+0x1a", "NAME+0x1a (DETAIL+0x2)", "NAME+0x1a (DETAIL FIELD)" or
 * "NAME+0x1a (DETAIL "the string that stands there")" for an offset: shown text. */
void map_place(const struct map *map, uint64_t offset, struct buf *out);

/* ---- members: what a container holds --------------------------------- */

enum member_type {
	MEMBER_FILE,
	MEMBER_FOLDER,
	MEMBER_SYMLINK,
	MEMBER_HARDLINK, /* target is the member path it shares content with */
	MEMBER_CHARACTER_DEVICE,
	MEMBER_BLOCK_DEVICE,
	MEMBER_FIFO,
	MEMBER_SOCKET,
};

/* "file", "folder", "symlink", … */
const char *member_type_name(enum member_type type);
/* The type that the S_IFMT bits of a mode name (inode(7)); a file when none do. */
enum member_type member_type_of_mode(uint64_t mode);

/* What a container says of a member. Strings are raw bytes as stored (a name
 * with a NUL in it is a note and is cut there), valid during the call. */
struct member {
	const char *path;   /* "" for the one content of a compressed stream */
	const char *target; /* of a link, else NULL */
	enum member_type type;
	bool has_mode, has_owner, has_mtime;
	uint32_t mode; /* permission bits with setuid, setgid and sticky: 07777 */
	uint64_t uid, gid;
	const char *uname, *gname; /* NULL where the format has none */
	int64_t mtime;		   /* seconds since 1970 */
	uint32_t mtime_ns;
	uint32_t device_major, device_minor;
	const char *attributes; /* extended attributes, capabilities and other fields
				 * as "name=hex\n" lines in sorted order, or NULL */
	struct view record;	/* the container's bytes that say all this, where a
				 * signature is over them as they stand; else empty */
};

enum note_kind {
	NOTE_REMARK,	/* worth saying: an odd but complete file */
	NOTE_SUSPECT,	/* a known trick: trailing bytes, duplicate or hidden names */
	NOTE_UNDECIDED, /* something was not looked into: the file is undecided */
};

/* "remark", "suspect", "undecided" */
const char *note_kind_name(enum note_kind kind);

/*
 * Where a row sends what it finds, in stored order: begin, then any number of
 * slice or data calls (in content order), for each member. A callback that
 * answers -1 has set err; the row passes that on at once.
 */
struct member_sink {
	void *context;
	int (*begin)(void *context, const struct member *member, struct err *err);
	/* The content continues with the container's own bytes [offset, +length). */
	int (*slice)(void *context, uint64_t offset, uint64_t length, struct err *err);
	/* The content continues with decoded bytes. */
	int (*data)(void *context, const void *bytes, size_t count, struct err *err);
	/* `text` is shown text; offset is a place in the container. */
	int (*note)(void *context, enum note_kind kind, uint64_t offset,
		    const char *text, struct err *err);
};

/* ---- machine code ---------------------------------------------------- */

enum code_machine {
	MACHINE_UNKNOWN,
	MACHINE_X86,
	MACHINE_X86_64,
	MACHINE_ARM, /* with Thumb where a start says so */
	MACHINE_AARCH64,
	MACHINE_RISCV32,
	MACHINE_RISCV64,
	MACHINE_MIPS32,
	MACHINE_MIPS64,
	MACHINE_PPC32,
	MACHINE_PPC64,
	MACHINE_S390X,
	MACHINE_SPARC,
};

/* Bytes of the file that run, and the address they run at. */
struct code_range {
	uint64_t offset, end; /* in the file */
	uint64_t address;     /* of the first byte */
};

/* Where a function starts, so that decoding can start there. */
struct code_start {
	uint64_t offset;
	bool thumb;
};

/* The machine code of one file. {0} is none. */
struct code {
	enum code_machine machine;
	bool big;   /* byte order */
	bool thumb; /* what ARM code without a known start is */
	struct code_range *ranges;
	size_t range_count, range_room;
	struct code_start *starts;
	size_t start_count, start_room;
};

struct format;
/* The code of a file: empty when its row knows of none. The caller frees it. */
void format_code(const struct format *format, const struct view *view,
		 struct code *code);
/* The executable range that holds `offset`, or NULL. */
const struct code_range *code_find(const struct code *code, uint64_t offset);
/* The last known start of a function at or before `offset` in that range, or NULL. */
const struct code_start *code_start_before(const struct code *code,
					   const struct code_range *range,
					   uint64_t offset);
void code_free(struct code *code);

/* ---- encodings of texts ------------------------------------------------ */

struct encoding {
	const char *name; /* "UTF-16, little-endian, with a byte order mark" */
	const char *mark;
	uint8_t mark_size, width; /* bytes of the mark, of a unit */
	bool big;
};

/* By the byte order mark; without one, bytes: UTF-8 or another of eight bits. */
const struct encoding *encoding_of(const struct view *view);
/* The unit at `offset`; 0 when it is not all inside. */
uint32_t encoding_unit(const struct encoding *encoding, const struct view *view,
		       uint64_t offset);

/* ---- the table ------------------------------------------------------- */

enum probe_answer {
	PROBE_NO,
	PROBE_MAYBE, /* a fallback such as text: taken only when nobody is sure */
	PROBE_SURE,
};

enum graft_answer {
	GRAFT_NONE, /* the shipped file carries no signature */
	GRAFT_DONE,
	GRAFT_FAILED, /* the signature cannot be moved; err says why */
};

/* What a graft replaced in the rebuilt file, for the proof. */
struct graft {
	struct buf bytes;     /* the grafted file */
	struct strings steps; /* "certificate table: 19376 bytes from the shipped file" */
};

struct format {
	const char *name;  /* "pe", "tar": what findings call it */
	const char *title; /* "PE/COFF image (PE32+, UEFI)" for people */
	/* When this row and `refines` are both sure, only this one counts: a .deb is
	 * an ar. Two sure rows that do not refine one another are a polyglot. */
	const char *refines;
	bool compressor; /* one anonymous member: the decompressed bytes */
	bool sealed;	 /* a leaf that holds files which nobody here lists */
	/* Pure, cannot fail, looks at a bounded number of bytes. */
	enum probe_answer (*probe)(const struct view *view);
	/* NULL for a leaf. 0 when every byte of the container was understood or
	 * noted; -1 (ERR_INPUT with an offset, ERR_UNSUPPORTED) when it was not:
	 * what was sent before stands. */
	int (*members)(const struct view *view, const struct member_sink *sink,
		       struct err *err);
	/* Fill the map (the caller calls map_finish). NULL: one extent, "data".
	 * -1 when malformed; extents added before it stand. */
	int (*map)(const struct view *view, struct map *map, struct err *err);
	/* Say which machine's code is where (code_add…). NULL where nothing runs. What
	 * is malformed adds nothing. */
	void (*code)(const struct view *view, struct code *code);
	/* For a leaf: what an auditor should know of it beside its bytes: bytes behind
	 * its end, an odd encoding. Sends notes only. NULL: nothing. */
	int (*notes)(const struct view *view, const struct member_sink *sink,
		     struct err *err);
	/* NULL where the format holds no signature. */
	enum graft_answer (*graft)(const struct view *shipped, const struct view *rebuilt,
				   struct graft *graft, struct err *err);
};

/* The rows, ending with NULL. */
extern const struct format *const format_table[];

/* What the probes said of one file. */
struct format_match {
	const struct format *format; /* NULL: nobody knows it */
	/* Other rows that were as sure (polyglot): their names; empty if none. */
	struct strings others;
};

/* Ask every row. The caller frees `others`. */
void format_probe(const struct view *view, struct format_match *match);
/* The row of that name, or NULL. */
const struct format *format_by_name(const char *name);
/* Is it the row of that name, or one that refines it? False for NULL. */
bool format_is(const struct format *format, const char *name);
/* The row's map, finished; what `view` is of must outlive it. One extent "data" where
 * the row has none or fails (then the failure is in *trouble when trouble is not NULL,
 * kind ERR_NONE if fine). */
struct map *format_map(const struct format *format, const struct view *view,
		       struct err *trouble);
/* The same through a filter (NULL: none). */
struct map *format_map_filtered(const struct format *format, const struct view *view,
				const struct map_filter *filter, struct err *trouble);
void graft_free(struct graft *graft);

#endif
