/*
 * Two containers whose bytes differ: entered, paired, and compared member by
 * member; then their records, their order, and their own bytes.
 */
#include "compare/compare_private.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Larger compressed streams are not mapped when their contents differ. */
#define STREAM_MOST ((uint64_t)4 << 20)
/* Containers above this size are entered by one thread for each side. */
#define THREAD_FROM ((uint64_t)1 << 20)

/* All that is known of two containers while they are compared. */
struct containers {
	struct comparison *comparison;
	struct pair pair;
	const struct format *format; /* NULL: two folders */
	struct pairing pairing;
	struct pendings pendings;
	struct differences list;
	enum file_status members; /* the worst of what is in them */
	struct mapping mappings[2];
	struct side shipped, rebuilt;
	struct map *shipped_map, *rebuilt_map;
	struct graft graft; /* holds the rebuilt bytes when a signature was moved */
};

/* ---- entering -------------------------------------------------------- */

struct entering {
	struct tree *tree;
	node_id node;
	int result;
	struct err err;
};

static void *
enter(void *context)
{
	struct entering *entering = context;
	entering->result = tree_expand(entering->tree, entering->node, &entering->err);
	return NULL;
}

int
containers_enter(struct comparison *comparison, struct pair pair, struct err *err)
{
	struct entering shipped = {.tree = comparison->shipped, .node = pair.shipped};
	struct entering rebuilt = {.tree = comparison->rebuilt, .node = pair.rebuilt};
	uint64_t size = tree_node(comparison->rebuilt, pair.rebuilt)->size;
	pthread_t thread;
	if (size >= THREAD_FROM &&
	    pthread_create(&thread, NULL, enter, &rebuilt) == 0) {
		enter(&shipped);
		pthread_join(thread, NULL);
	} else {
		enter(&shipped);
		enter(&rebuilt);
	}
	if (shipped.result == -1 || rebuilt.result == -1) {
		*err = shipped.result == -1 ? shipped.err : rebuilt.err;
		return err_at(err, "cannot unpack the %s side",
			      shipped.result == -1 ? "shipped" : "rebuilt");
	}
	return 0;
}

/* ---- members --------------------------------------------------------- */

static void
worsen(enum file_status *worst, enum file_status status)
{
	if (status > *worst)
		*worst = status;
}

static void
pendings_add(struct pendings *pendings, size_t pair, size_t index)
{
	if (pendings->count == pendings->room) {
		pendings->room = pendings->room ? 2 * pendings->room : 16;
		pendings->items = base_realloc(pendings->items, pendings->room,
					       sizeof(*pendings->items));
	}
	pendings->items[pendings->count++] = (struct pending){pair, index};
}

/* A member that one side lacks. */
static int
compare_lone(struct containers *containers, struct pair pair, struct err *err)
{
	worsen(&containers->members,
	       pair.shipped != NODE_NONE ? STATUS_EXTRA : STATUS_MISSING);
	return lone_tell(containers->comparison, pair, err);
}

/* One pair of members: its record now, its content if it has any. */
static int
compare_member(struct containers *containers, size_t index, struct err *err)
{
	struct comparison *comparison = containers->comparison;
	struct pair pair = containers->pairing.pairs[index];
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	size_t before = containers->list.count;
	metadata_compare(shipped, rebuilt,
			 containers->format ? containers->format->name : "folder", true,
			 true, &containers->list);
	for (size_t i = before; i < containers->list.count; i++)
		pendings_add(&containers->pendings, index, i);
	if (shipped->member.type != MEMBER_FILE && rebuilt->member.type != MEMBER_FILE)
		return 0;
	enum file_status status = STATUS_IDENTICAL;
	if (compare_pair(comparison, pair, &status, err) == -1)
		return -1;
	worsen(&containers->members, status);
	return 0;
}

static int
compare_members(struct containers *containers, struct err *err)
{
	if (pairing_make(containers->comparison, containers->pair, true,
			 &containers->pairing, err) == -1)
		return -1;
	for (size_t i = 0; i < containers->pairing.count; i++) {
		struct pair pair = containers->pairing.pairs[i];
		if (interrupt_check(err) == -1)
			return -1;
		bool both = pair.shipped != NODE_NONE && pair.rebuilt != NODE_NONE;
		if ((both ? compare_member(containers, i, err)
			  : compare_lone(containers, pair, err)) == -1)
			return -1;
	}
	order_compare(containers->comparison, &containers->pairing, &containers->list);
	return 0;
}

/* ---- the container's own bytes --------------------------------------- */

/* Everything from the first to the last byte that differs. */
static struct range
raw_range(const struct side *shipped, const struct side *rebuilt)
{
	uint64_t s = shipped->view.size, r = rebuilt->view.size,
		 shorter = s < r ? s : r;
	uint64_t same = range_prefix(shipped, 0, rebuilt, 0, shorter);
	uint64_t tail = range_suffix(shipped, s, rebuilt, r, shorter - same);
	struct range range = {same, s - same - tail, same, r - same - tail, 0};
	range.differing = range.shipped_length > range.rebuilt_length
			      ? range.shipped_length
			      : range.rebuilt_length;
	return range;
}

/* The bytes differ, and nothing that was looked at says where. */
static void
tell_raw(struct containers *containers)
{
	struct difference one = {.kind = DIFFERENCE_STRUCTURE, .placed = true};
	bool stream = containers->format->compressor;
	one.range = raw_range(&containers->shipped, &containers->rebuilt);
	one.place = base_strdup(
	    stream ? "compressed bytes"
		   : "container bytes differ outside of what its members say");
	one.field = base_strdup(stream ? "compressed bytes" : "container bytes");
	if (stream && containers->pairing.count == 1) {
		char hex[SHA256_HEX];
		const struct node *content =
		    tree_node(containers->comparison->shipped,
			      containers->pairing.pairs[0].shipped);
		sha256_hex(&content->sha256, hex);
		cause_equal(&one.cause, "compressor",
			    "decompressed both sides and compared",
			    "both sides decompress to the same %ju bytes, SHA-256 %s",
			    (uintmax_t)content->size, hex);
	}
	differences_add(&containers->list, &one);
}

/*
 * What is different in the members was excused (a signature, an exception). That
 * says nothing of bytes that no member holds: where a row noted a trick, or where no
 * map shows the container's own bytes, nobody knows. A stream that was read to its end
 * follows from its content.
 */
static void
tell_excused(const struct containers *containers, json_t *entry,
	     enum file_status *status)
{
	const struct comparison *comparison = containers->comparison;
	const struct format *format = containers->format;
	if (node_is_suspect(tree_node(comparison->shipped, containers->pair.shipped)) ||
	    node_is_suspect(tree_node(comparison->rebuilt, containers->pair.rebuilt))) {
		worsen(status, STATUS_UNDECIDED);
		entry_reason(entry,
			     "the container holds what no member accounts for: see "
			     "its notes");
	} else if (format->map == NULL && !format->compressor) {
		worsen(status, STATUS_UNDECIDED);
		entry_reason(
		    entry,
		    "the container's bytes outside of its members could not be "
		    "compared: format '%s' has no map",
		    format->name);
	}
}

static int
open_bytes(struct containers *containers, struct err *err)
{
	struct comparison *comparison = containers->comparison;
	if (tree_map(comparison->shipped, containers->pair.shipped,
		     &containers->mappings[0], err) == -1 ||
	    tree_map(comparison->rebuilt, containers->pair.rebuilt,
		     &containers->mappings[1], err) == -1)
		return -1;
	containers->shipped =
	    (struct side){containers->mappings[0].view, &containers->mappings[0]};
	containers->rebuilt =
	    (struct side){containers->mappings[1].view, &containers->mappings[1]};
	return 0;
}

/* Map both sides, through filters or NULL, and compare what is in the maps. */
static void
compare_mapped(struct containers *containers, const struct map_filter filters[2],
	       struct map *maps[2], struct err troubles[2])
{
	const struct side *sides[2] = {&containers->shipped, &containers->rebuilt};
	for (size_t i = 0; i < 2; i++)
		maps[i] =
		    format_map_filtered(containers->format, &sides[i]->view,
					filters ? &filters[i] : NULL, &troubles[i]);
	structure_compare(containers->comparison, containers->format, sides[0], maps[0],
			  sides[1], maps[1], &containers->pairing,
			  &containers->pendings, &containers->list);
}

/* What was mapped first stays: most differences lie there. */
static void
compare_maps(struct containers *containers, json_t *entry)
{
	struct err troubles[2] = {{0}, {0}}, again[2] = {{0}, {0}};
	struct map_filter filters[2];
	struct map *maps[2];
	struct leaving leaving;
	leaving_make(containers->comparison, containers->format, &containers->shipped,
		     &containers->rebuilt, &containers->pairing, &leaving);
	bool filtered = leaving_next(&leaving, filters);
	compare_mapped(containers, filtered ? filters : NULL, maps, troubles);
	containers->shipped_map = maps[0];
	containers->rebuilt_map = maps[1];
	while (leaving_next(&leaving, filters)) {
		compare_mapped(containers, filters, maps, again);
		map_free(maps[0]);
		map_free(maps[1]);
	}
	leaving_free(&leaving);
	for (size_t i = 0; i < 2; i++) {
		if (troubles[i].kind == ERR_NONE)
			continue;
		char *text =
		    base_format("%s side: its parts could not be told apart to "
				"the end: %s",
				i == 0 ? "shipped" : "rebuilt", troubles[i].message);
		entry_note(entry, NOTE_SUSPECT, 0, text);
		free(text);
	}
}

/*
 * A compressed stream's map costs as much as unpacking it again. When its content
 * differs anyway, the bytes of a large one say nothing that is worth that.
 */
static bool
wants_map(const struct containers *containers, json_t *entry)
{
	uint64_t size = containers->shipped.view.size;
	if (containers->rebuilt.view.size > size)
		size = containers->rebuilt.view.size;
	if (containers->format->map == NULL)
		return false;
	if (!containers->format->compressor || size <= STREAM_MOST ||
	    containers->members < STATUS_UNACCOUNTED)
		return true;
	entry_note(entry, NOTE_REMARK, 0,
		   "the stream's own header was not compared, as its content differs");
	return false;
}

/* ---- the status ------------------------------------------------------ */

static void
find_causes(struct containers *containers, bool contents_equal)
{
	struct comparison *comparison = containers->comparison;
	struct scene scene = {.comparison = comparison,
			      .container = true,
			      .contents_equal = contents_equal};
	scene.sides[0] = (struct scene_side){.view = containers->shipped.view,
					     .map = containers->shipped_map,
					     .tree = comparison->shipped,
					     .node = containers->pair.shipped};
	scene.sides[1] = (struct scene_side){.view = containers->rebuilt.view,
					     .map = containers->rebuilt_map,
					     .tree = comparison->rebuilt,
					     .node = containers->pair.rebuilt};
	causes_find(&scene, &containers->list);
	scene_close(&scene);
}

/* The worst of its parts, the container's own differences being one of them. */
static enum file_status
judge(struct containers *containers, json_t *entry)
{
	struct comparison *comparison = containers->comparison;
	enum file_status status = containers->members;
	bool contents_equal = status == STATUS_IDENTICAL;
	if (status > STATUS_UNDECIDED)
		status = STATUS_DIFFERENT;
	if (entry_unread(comparison, containers->pair, entry))
		worsen(&status, STATUS_UNDECIDED);
	if (containers->format != NULL && containers->list.count == 0 &&
	    !contents_equal && status < STATUS_UNDECIDED)
		tell_excused(containers, entry, &status);
	/* Bytes that differ are never told as nothing. */
	if (containers->format != NULL && containers->list.count == 0 &&
	    status == STATUS_IDENTICAL)
		tell_raw(containers);
	find_causes(containers, contents_equal);
	if (containers->list.count > 0) {
		bool allowed =
		    containers->pair.met == MET_BY_PATH &&
		    exceptions_allow(comparison, containers->pair.shipped,
				     &containers->list, containers->shipped_map,
				     containers->rebuilt_map, entry);
		worsen(&status, allowed ? STATUS_EXPLAINED : STATUS_DIFFERENT);
	}
	return status;
}

/* Members that were not held against each other, as there are too many. */
static void
tell_unlooked(const struct pairing *pairing, json_t *entry)
{
	if (pairing->unlooked[0] + pairing->unlooked[1] == 0)
		return;
	char *text =
	    base_format("too many members are on one side only: %zu of the shipped and "
			"%zu of the rebuilt ones were not looked at for similarity",
			pairing->unlooked[0], pairing->unlooked[1]);
	entry_note(entry, NOTE_REMARK, 0, text);
	free(text);
}

static void
containers_close(struct containers *containers)
{
	pairing_free(&containers->pairing);
	free(containers->pendings.items);
	differences_free(&containers->list);
	map_free(containers->shipped_map);
	map_free(containers->rebuilt_map);
	graft_free(&containers->graft);
	mapping_close(&containers->mappings[0]);
	mapping_close(&containers->mappings[1]);
}

static int
containers_run(struct containers *containers, json_t *entry, enum file_status *status,
	       struct err *err)
{
	struct comparison *comparison = containers->comparison;
	struct pair pair = containers->pair;
	if (containers->format != NULL) {
		if (open_bytes(containers, err) == -1)
			return -1;
		/* equal with the signature in its place: no member can differ, and
		 * the file was compared as a whole */
		if (graft_pair(comparison, pair, &containers->shipped,
			       &containers->rebuilt, &containers->graft, entry)) {
			*status = STATUS_SIGNATURE_ONLY;
			return 0;
		}
	}
	json_object_set_new(entry, "container", json_true());
	if (containers_enter(comparison, pair, err) == -1 ||
	    compare_members(containers, err) == -1)
		return -1;
	if (containers->format != NULL && wants_map(containers, entry))
		compare_maps(containers, entry);
	*status = judge(containers, entry);
	entry_notes(entry, tree_node(comparison->shipped, pair.shipped),
		    tree_node(comparison->rebuilt, pair.rebuilt));
	tell_unlooked(&containers->pairing, entry);
	entry_differences(comparison, entry, &containers->list,
			  containers->format ? &containers->shipped.view : NULL,
			  containers->format ? &containers->rebuilt.view : NULL);
	if (containers->list.count > 0)
		entry_regions(comparison, entry, containers->shipped_map,
			      containers->rebuilt_map);
	return 0;
}

int
container_compare(struct comparison *comparison, struct pair pair, json_t *entry,
		  enum file_status *status, struct err *err)
{
	struct containers containers = {
	    .comparison = comparison,
	    .pair = pair,
	    .format = tree_node(comparison->shipped, pair.shipped)->format,
	    .members = STATUS_IDENTICAL};
	int result = containers_run(&containers, entry, status, err);
	containers_close(&containers);
	return result;
}
