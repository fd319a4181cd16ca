/*
 * What the files of compare share: ranges (which bytes differ), differences (how one
 * is told), and the steps from a pair of nodes to its entry.
 *
 * Ranges are in order on both sides, and the bytes between two of them are equal:
 * putting the shipped bytes of every range into the rebuilt file gives the shipped
 * file.
 */
#ifndef VERIFY_COMPARE_PRIVATE_H
#define VERIFY_COMPARE_PRIVATE_H

#include "compare/compare.h"

/* ---- ranges ---------------------------------------------------------- */

struct range {
	uint64_t shipped, shipped_length;
	uint64_t rebuilt, rebuilt_length;
	uint64_t differing; /* bytes in it that really differ */
};

/* Past this many ranges of one file the nearest ones become one. */
#define RANGES_MOST 100000
/* Fewer equal bytes than this between two ranges do not part them. */
#define RANGES_GAP 4

struct ranges {
	struct range *items;
	size_t count, room;
	size_t most;    /* 0: RANGES_MOST */
	size_t barrier; /* ranges before it are not joined with later ones */
	bool merged;    /* there were more than `most` */
};

/* Append a range that starts at or after the end of the last one, on both sides. */
void ranges_add(struct ranges *ranges, const struct range *range);
/* From now on nothing is joined with what came before (another section starts). */
void ranges_part(struct ranges *ranges);
/* Join the nearest ranges until at most `most` are left. */
void ranges_limit(struct ranges *ranges, size_t most);
uint64_t ranges_differing(const struct ranges *ranges);
void ranges_free(struct ranges *ranges);

/* One side of a comparison: bytes, and the mapping they came from (or NULL) so that
 * what was read can leave memory. */
struct side {
	struct view view;
	const struct mapping *mapping;
};

/* After so many bytes what was read may leave memory. */
#define SIDE_FORGET ((uint64_t)1 << 24)

/* Once in a while, when `at` bytes were gone through: let what was read before
 * `upto` leave memory. It comes back from the file when it is wanted again. */
void side_forget(const struct side *side, uint64_t at, uint64_t upto);

/* Differing ranges of two equally long parts, byte against byte. */
void ranges_scan(const struct side *shipped, uint64_t shipped_offset,
		 const struct side *rebuilt, uint64_t rebuilt_offset, uint64_t length,
		 struct ranges *ranges);
/* How many leading, how many trailing bytes (at most `length`) are equal. */
uint64_t range_prefix(const struct side *shipped, uint64_t shipped_offset,
		      const struct side *rebuilt, uint64_t rebuilt_offset,
		      uint64_t length);
uint64_t range_suffix(const struct side *shipped, uint64_t shipped_end,
		      const struct side *rebuilt, uint64_t rebuilt_end,
		      uint64_t length);

/* Align two parts, following what was inserted and deleted; appends the ranges.
 * Time is a few passes over what differs, memory is bounded. */
void align_parts(const struct side *shipped, uint64_t shipped_offset,
		 uint64_t shipped_length, const struct side *rebuilt,
		 uint64_t rebuilt_offset, uint64_t rebuilt_length,
		 struct ranges *ranges);
/* The whole of both sides. */
void align_all(const struct side *shipped, const struct side *rebuilt,
	       struct ranges *ranges);
/* Section by section: parts of the same name first, then what is left between them. */
void align_maps(const struct side *shipped, const struct map *shipped_map,
		const struct side *rebuilt, const struct map *rebuilt_map,
		struct ranges *ranges);

/* ---- edit scripts over tokens ---------------------------------------- */

struct match {
	size_t a, b, length; /* a[a..a+length) equals b[b..b+length) */
};

struct matches {
	struct match *items;
	size_t count, room;
};

/* A shortest edit script of two token lists with at most `most` edits (Myers' greedy
 * algorithm), as the runs kept, in order. False when it would take more. */
bool edit_matches(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
		  size_t most, struct matches *matches);
/* Mark a longest strictly increasing subsequence of `values` in keep[]. Returns
 * its length. */
size_t edit_increasing(const uint64_t *values, size_t count, bool *keep);
void matches_add(struct matches *matches, size_t a, size_t b, size_t length);
void matches_free(struct matches *matches);

/* ---- text ------------------------------------------------------------ */

struct lines {
	uint64_t *starts; /* starts[count] is the size of the text */
	size_t count;
	const struct encoding *encoding;
};

/* Is this text (no NUL or odd control byte, not too large for line comparison)? */
bool lines_are(const struct view *view);
void lines_split(const struct view *view, struct lines *lines);
void lines_free(struct lines *lines);
/* The line that holds `offset`, counted from 0. */
size_t lines_find(const struct lines *lines, uint64_t offset);
/* Ranges by lines: a range never joins two lines that can be told apart. False when the
 * texts are too different for it; nothing was added then. */
bool lines_ranges(const struct side *shipped, const struct lines *shipped_lines,
		  const struct side *rebuilt, const struct lines *rebuilt_lines,
		  struct ranges *ranges);

/* ---- differences ----------------------------------------------------- */

enum difference_kind {
	DIFFERENCE_BYTES,
	DIFFERENCE_METADATA,
	DIFFERENCE_ORDER,
	DIFFERENCE_STRUCTURE,
};

/* How far a cause goes. */
enum cause_kind {
	CAUSE_GUESS,   /* never more than likely */
	CAUSE_TYPED,   /* one typed field: proved when nothing else differs */
	CAUSE_FOLLOWS, /* a consequence that cannot be recomputed here: likely */
	CAUSE_DERIVED, /* a consequence, recomputed right on both sides: proved */
	CAUSE_EQUAL,   /* what is behind it was compared and is equal: proved */
};

struct cause {
	const char *name; /* NULL: unknown */
	enum cause_kind kind;
	bool proved;
	/* Owned shown text or NULL: what was seen, what was done, and the place of the
	 * difference that it is a consequence of. */
	char *evidence, *proof, *follows_from;
	bool listed;    /* a line of a list: it follows from the file `source` */
	node_id source; /* on the shipped side */
};

/* The instructions that a difference touches on one side. */
struct instructions {
	char *text;   /* "mov edx, 0x7e6"; owned shown text; NULL: no code */
	size_t count; /* how many */
	bool sure;    /* decoded from the start of a function */
};

/* One difference of an entry. Strings are owned shown text, or NULL. */
struct difference {
	enum difference_kind kind;
	bool placed; /* `range` is known */
	struct range range;
	char *place;
	char *field;
	char *shipped, *rebuilt; /* values; NULL: hexadecimal of the bytes is shown */
	char *shipped_text, *rebuilt_text;
	struct instructions instructions[2]; /* shipped, rebuilt */
	json_t *code;                        /* "code" of verify-findings(5), or NULL */
	struct cause cause;
	uint64_t aggregated; /* how many further ones this one stands for */
};

struct differences {
	struct difference *items;
	size_t count, room;
};

/* Append; takes the strings over. Past RANGES_MOST it is added to an earlier one of
 * its kind and field instead, whose range grows to hold it. */
void differences_add(struct differences *list, struct difference *difference);
void differences_free(struct differences *list);
void difference_clear(struct difference *difference);
/* The DIFFERENCE object; the views give the excerpts, and may be NULL. `context`: with
 * the bytes around it. */
json_t *difference_json(const struct difference *difference, const struct view *shipped,
			const struct view *rebuilt, bool context);

/* ---- one comparison -------------------------------------------------- */

/* A member that one side lacks, and its entry. */
struct lone {
	node_id id;
	bool shipped;  /* which side has it */
	json_t *entry; /* the files' */
};

struct lones {
	struct lone *items;
	size_t count, room;
};

struct content;

/* The contents of what stands alone, by side; see elsewhere_gather. */
struct contents {
	struct content *items;
	size_t count, room;
	bool gathered;
};

/* The first differences of an entry have context and instructions. */
#define CONTEXTS_IN_ENTRY    40
#define CONTEXTS_IN_DOCUMENT 2000
/* Regions of all entries together. */
#define REGIONS_IN_DOCUMENT 20000
/* Decoding has an end in the most hostile document: about two seconds. */
#define INSTRUCTIONS_IN_DOCUMENT 2000000

/* What brought a pair together. But for the path it makes the pair different. */
enum meeting {
	MET_BY_PATH,
	MET_BY_CONTENT, /* the same bytes under another name */
	MET_BY_INNER,   /* the same name but for a compressor's suffix */
	MET_BY_SIMILARITY,
};

/* "content", …; NULL for the path, which needs no word. */
const char *meeting_name(enum meeting met);

struct pair {
	node_id shipped, rebuilt; /* NODE_NONE: only on the other side */
	enum meeting met;
	unsigned similarity; /* percent, when they met by it */
};

/* A pair that met by its path, or a lone member. */
struct pair pair_of(node_id shipped, node_id rebuilt);

struct comparison;

/* A pack that is being made: {0} to begin with. */
struct packing {
	struct buf bytes;
	size_t count;
	struct buf path, built, format; /* of the entry before */
};

/* Add a pair of identical files, at most PACK_MOST. */
void packing_add(struct packing *packing, const struct comparison *comparison,
		 struct pair pair);
/* Append what there is to `files`. */
void packing_end(struct packing *packing, json_t *files);
/* Give its memory back. */
void packing_free(struct packing *packing);

/* The two trees, where entries go, and what the description allows. */
struct comparison {
	struct tree *shipped, *rebuilt;
	json_t *files;
	bool packed;                   /* identical pairs are packed: compare.h */
	struct packing packing;        /* those that wait for the next other entry */
	const struct release *release; /* NULL: no exceptions */
	node_id *excepted; /* the shipped node of each exception, or NODE_NONE */
	size_t told;       /* differences in `files` so far: bounds those to come */
	struct pair top;   /* what was asked to be compared */
	struct lones lones;
	struct contents alone;
	uint64_t sketched[2], looks; /* spent on looking for what is alike */
	/* What else may go into this document: differences with their context, ones
	 * with their instructions, instructions decoded for them, and regions. */
	size_t contexts, codes, regions;
	uint64_t instructions;
	size_t lookups; /* of files that digest lists name */
};

void comparison_init(struct comparison *comparison, struct tree *shipped,
		     struct tree *rebuilt, json_t *files);
/* Find the nodes that the release's exceptions name. */
int comparison_except(struct comparison *comparison, const struct release *release,
		      struct err *err);
void comparison_free(struct comparison *comparison);

/*
 * Compare a pair and all that is in it, appending entries; *status is the worst.
 * -1 only for ERR_SYSTEM and ERR_INTERRUPTED: everything else is an entry.
 */
int compare_pair(struct comparison *comparison, struct pair pair,
		 enum file_status *status, struct err *err);

/* The same for one that nobody met: with what is alone in it told to the end. */
int compare_top(struct comparison *comparison, struct pair pair,
		enum file_status *status, struct err *err);

/* Have two files the same bytes? */
bool pair_is_identical(const struct comparison *comparison, struct pair pair);
/* Are they containers that are compared member by member, entering both? */
bool pair_is_entered(const struct comparison *comparison, struct pair pair);
/* Is it a container that a format's row can enter, or a folder with its members? */
bool node_is_container(const struct node *node);
/* Is the digest that of the whole content? Not where reading stopped early. */
bool node_is_whole(const struct tree *tree, node_id id);
/* Is it a file with at least one byte, all of which were read? */
bool node_has_content(const struct tree *tree, node_id id);

/* A new entry, appended to the files: paths, format, sizes and digests of both. */
json_t *entry_new(struct comparison *comparison, struct pair pair);
/* Pack an identical pair of which nothing else is to be said. */
void entry_identical(struct comparison *comparison, struct pair pair);
/* The same without "path" of a pair, for what only a description names. */
json_t *entry_named(json_t *files, const char *path, enum file_status status,
		    const char *reason);
void entry_status(json_t *entry, enum file_status status);
enum file_status entry_get_status(const json_t *entry);
/* "reason", joined with "; " to the one that is there. Shown text. */
void entry_reason(json_t *entry, const char *format, ...) PRINTF_LIKE(2, 3);
void entry_note(json_t *entry, enum note_kind kind, uint64_t offset, const char *text);
/* Copy a node's notes; those of the rebuilt side say so. */
void entry_notes(json_t *entry, const struct node *shipped, const struct node *rebuilt);
/* Give the reasons for what could not be looked into in either of two containers. True
 * when there is any. */
bool entry_unread(const struct comparison *comparison, struct pair pair, json_t *entry);
/* Emit differences, their count and the differing bytes. */
void entry_differences(struct comparison *comparison, json_t *entry,
		       const struct differences *list, const struct view *shipped,
		       const struct view *rebuilt);
/* Where the other side (its tree is `other`) has the same bytes as this entry's
 * file, which the shipped side has or not, and in how many more places. */
void entry_found(json_t *entry, bool shipped, const struct tree *other, node_id id,
		 size_t more);
/* Emit "regions": the maps of both sides, coarse enough for a picture. */
void entry_regions(struct comparison *comparison, json_t *entry,
		   const struct map *shipped, const struct map *rebuilt);
/* Note what the formats of two leaves say of them; what both say is said once. */
void notes_of_leaf(json_t *entry, const struct format *shipped_format,
		   const struct view *shipped, const struct format *rebuilt_format,
		   const struct view *rebuilt);
/* Says in `entry` why a pair could not be compared. */
void entry_undecided(json_t *entry, const char *reason);

/* Two files whose bytes differ and that nobody enters. */
int leaf_compare(struct comparison *comparison, struct pair pair, json_t *entry,
		 enum file_status *status, struct err *err);
/* Are they streams of two compressors, or a stream and what may be its content? */
bool streams_differ(const struct comparison *comparison, struct pair pair);
/* Enter them; `content` is what they hold, `together` whether that may be compared. */
int streams_enter(struct comparison *comparison, struct pair pair, struct pair *content,
		  bool *together, struct err *err);
/* Compare what is in them, and tell the compressors apart. Nothing is said, and
 * *compared is false, when they turn out not to belong together. */
int streams_compare(struct comparison *comparison, struct pair pair, json_t *entry,
		    bool *compared, struct err *err);
/* Enter two containers, both at once when that is worth a thread. */
int containers_enter(struct comparison *comparison, struct pair pair, struct err *err);
/* Two containers of one format, or two folders. */
int container_compare(struct comparison *comparison, struct pair pair, json_t *entry,
		      enum file_status *status, struct err *err);

/* ---- places ---------------------------------------------------------- */

struct member_facts;

/* All that is known of one side while differences get their places and causes. */
struct scene_side {
	struct view view;
	const struct map *map;     /* NULL: none was made */
	const struct lines *lines; /* NULL: no text */
	struct code code;
	struct tree *tree; /* NULL: nothing beside the file is known */
	node_id node;
	struct member_facts *members; /* of a container, once somebody asked */
	size_t member_count;
};

/* Two files or containers whose differences are told: [0] shipped, [1] rebuilt. */
struct scene {
	struct comparison *comparison;
	struct scene_side sides[2];
	bool container;
	bool contents_equal; /* of a container: no member differs, none is missing */
	bool few;            /* differences: what is weak evidence counts */
	char *roots[2];      /* of paths that differ: the first ones seen */
};

void scene_close(struct scene *scene);

/* Name the section, symbol and instruction, or the line and column, of a range. The
 * first ones of an entry get their instructions as "code" too: `index` counts them. */
void place_difference(struct scene *scene, size_t index, struct difference *difference);

/*
 * The instructions around [offset, +length) of one side as a list for "code", and in
 * *told those within it; *architecture is named. NULL where no code is or where it
 * cannot be decoded. `budget` counts down.
 */
json_t *code_around(const struct scene_side *side, uint64_t offset, uint64_t length,
		    uint64_t *budget, struct instructions *told,
		    const char **architecture);

/*
 * Give the rebuilt file the shipped file's signature, where the format can, and tell it
 * in `entry`. *rebuilt is the grafted file then, which lies in `graft`: free that with
 * graft_free in any case. True when nothing differs any more.
 */
bool graft_pair(const struct comparison *comparison, struct pair pair,
		const struct side *shipped, struct side *rebuilt, struct graft *graft,
		json_t *entry);

/* ---- members --------------------------------------------------------- */

/* Members of two containers: in stored order of the shipped side, then those that
 * only the rebuilt side has. Those of one path are pairs; of the rest, those with
 * the same bytes, those that are compressed otherwise, and those that are alike. */
struct pairing {
	struct pair *pairs;
	size_t count;
	size_t unlooked[2]; /* shipped and rebuilt ones: too many to find alike ones */
};

/* A member that looks for one to meet. */
struct child {
	node_id id;
	const char *path;
	size_t place; /* among its siblings */
	/* once only those with content are left: */
	const struct node *node; /* until anything is entered */
	const struct format *format;
	bool looked; /* for one that is alike */
};

struct children {
	struct child *items;
	size_t count;
};

/* Two lists of members while they meet. */
struct matching {
	struct comparison *comparison;
	struct children shipped, rebuilt; /* those that have not met yet */
	struct pair *pairs;               /* by place on the shipped side */
	bool *taken;                      /* by place on the rebuilt side */
	size_t unlooked[2];
};

typedef int (*child_order)(const struct child *a, const struct child *b);

/* Has neither met another one? */
bool matching_is_free(const struct matching *matching, const struct child *shipped,
		      const struct child *rebuilt);
/* Make them a pair. */
void matching_join(struct matching *matching, const struct child *shipped,
		   const struct child *rebuilt, enum meeting met, unsigned similarity);
/* Take out of two lists those that have met. */
void matching_drop(const struct matching *matching, struct children *shipped,
		   struct children *rebuilt);
/* By keys, those of equal keys as stored. */
void children_sort(struct children *children, child_order keys);
/* Let those meet whose keys are equal; more than one of a kind in stored order. */
void matching_meet(struct matching *matching, child_order keys, enum meeting met);
/* By the whole path as it is. */
int child_order_paths(const struct child *a, const struct child *b);
/* Let those meet whose names differ in nothing but a compressor's suffix, as long as
 * one of them is a compressed stream. */
void streams_meet(struct matching *matching);
/* Let those meet that have a format and most of their content in common, the best
 * pairs first. Enters containers. */
int similar_meet(struct matching *matching, struct err *err);

/* `similar`: also by similarity. Free with pairing_free, also after a failure. */
int pairing_make(struct comparison *comparison, struct pair containers, bool similar,
		 struct pairing *pairing, struct err *err);
void pairing_free(struct pairing *pairing);

/* The path and so the name differ in a pair that met by anything else: put that first
 * among the entry's differences, which makes it different. */
void pair_tell_path(struct comparison *comparison, struct pair pair, json_t *entry);

/* Find what stands alone on either side, in all of what is compared; once. */
int elsewhere_gather(struct comparison *comparison, struct err *err);
/* Does the side that `node` is not of have the same bytes alone somewhere? */
bool elsewhere_has(const struct comparison *comparison, const struct node *node,
		   bool shipped);

/* Entries for a member that one side lacks and for all that is in it. */
int lone_tell(struct comparison *comparison, struct pair pair, struct err *err);
/* At the end: say of members that both sides have alone, with the same bytes but in
 * other containers, where they went. */
void lones_settle(struct comparison *comparison);
void lones_add(struct lones *lones, node_id id, bool shipped, json_t *entry);
/* Say of members that only the shipped side has where among everything that was built
 * the same bytes stand. Takes the list over when it has to look. */
int lones_find_built(struct comparison *comparison, struct lones *lones,
		     struct err *err);

/* A metadata difference that waits for its place among the container's bytes. */
struct pending {
	size_t pair;  /* index in the pairing */
	size_t index; /* in the list of differences */
};

struct pendings {
	struct pending *items;
	size_t count, room;
};

/* Every field in which the records of a pair differ. `what` names the container's
 * format. `times` false: mtime is not looked at; `owners` false: nor uid … group. */
void metadata_compare(const struct node *shipped, const struct node *rebuilt,
		      const char *what, bool times, bool owners,
		      struct differences *list);
/* The pairs that both sides have, in another order: one difference, or none. */
void order_compare(const struct comparison *comparison, const struct pairing *pairing,
		   struct differences *list);

/* ---- a container's own bytes ----------------------------------------- */

/*
 * Compare what is not content through both maps, adding `structure` differences and
 * giving the waiting metadata differences their place.
 */
void structure_compare(struct comparison *comparison, const struct format *format,
		       const struct side *shipped, const struct map *shipped_map,
		       const struct side *rebuilt, const struct map *rebuilt_map,
		       const struct pairing *pairing, struct pendings *pendings,
		       struct differences *list);

/*
 * Two containers of very many members are mapped without those that add the same extents
 * with the same bytes on both sides, and if need be some thousand members at a time.
 */
struct leaving {
	const struct comparison *comparison;
	const struct pairing *pairing;
	bool *same;        /* by index in the pairing; NULL: they are few, no filter */
	bool *left_out[2]; /* by ordinal, of the filters that are in use */
	size_t next;       /* index of the first pair that no filter has let through */
	bool begun;
};

/* Find out which are the same; free with leaving_free. */
void leaving_make(const struct comparison *comparison, const struct format *format,
		  const struct side *shipped, const struct side *rebuilt,
		  const struct pairing *pairing, struct leaving *leaving);
/* The next two filters, valid until the next call; the first ones let through what is no
 * member's too. False when there are no more, or when none are needed. */
bool leaving_next(struct leaving *leaving, struct map_filter filters[2]);
/* Give its memory back. */
void leaving_free(struct leaving *leaving);

/* ---- causes and exceptions ------------------------------------------- */

/* Name the causes of all differences, prove those that can be, and say what follows
 * from what. A cause never improves a status. */
void causes_find(struct scene *scene, struct differences *list);
/* A cause that was shown by comparing what lies behind: `proof` is what was done. */
void cause_equal(struct cause *cause, const char *name, const char *proof,
		 const char *evidence, ...) PRINTF_LIKE(4, 5);

/* Are all of these differences inside of what the release's exceptions for this
 * node allow? Adds "exceptions" to the entry then. */
bool exceptions_allow(const struct comparison *comparison, node_id shipped_node,
		      const struct differences *list, const struct map *shipped_map,
		      const struct map *rebuilt_map, json_t *entry);

#endif
