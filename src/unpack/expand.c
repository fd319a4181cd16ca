/*
 * Entering containers: what a format's row sends becomes nodes.
 *
 * A member's content that is one piece of its container stays there, and is hashed
 * when all members are known, two at a time; anything else goes to the end of the
 * scratch file, and is hashed as it passes.
 */
#include "unpack/unpack_private.h"

#define PENDING_MOST  (1U << 20)
#define RELEASE_EVERY (UINT64_C(32) << 20)
#define RATIO_FROM    (UINT64_C(64) << 20)
#define GROWTH_FROM   (UINT64_C(1) << 30)

/* One container being read, and the member that is open. */
struct reader {
	struct tree *tree;
	node_id container;
	struct mapping mapping; /* the container's content */
	node_id open;           /* NODE_NONE: none yet */
	bool scratch;           /* its content goes to the scratch file */
	uint64_t start, size;   /* where it stands, in the container or the scratch */
	uint64_t decoded;       /* bytes of this container that went to the scratch */
	uint64_t sliced;        /* bytes of it that stayed */
	uint64_t unreleased;    /* bytes passed since pages were let go */
};

/* The pages of the container that were read may leave memory: they come back
 * from the file when they are wanted again. */
static void
reader_release(struct reader *reader, uint64_t count)
{
	reader->unreleased += count;
	if (reader->unreleased < RELEASE_EVERY)
		return;
	mapping_release(&reader->mapping, reader->mapping.view.size);
	reader->unreleased = 0;
}

/* The open member's content, all of it, for the probes. */
static int
open_content(struct reader *reader, struct mapping *mapped, struct view *content,
	     struct err *err)
{
	struct tree *tree = reader->tree;
	*mapped = (struct mapping){{NULL, 0}, NULL, 0};
	if (!reader->scratch)
		return view_sub(&reader->mapping.view, reader->start, reader->size,
				content);
	uint64_t written = tree->scratch_size - tree->pending.size;
	struct view pending = view_of_buf(&tree->pending);
	if (reader->start >= written)
		return view_sub(&pending, reader->start - written, reader->size,
				content);
	if (tree_flush(tree, err) == -1 ||
	    mapping_open(tree->scratch, reader->start, reader->size, mapped, err) == -1)
		return -1;
	*content = mapped->view;
	return 0;
}

/* No more content comes for the open member. */
static int
close_member(struct reader *reader, struct err *err)
{
	struct tree *tree = reader->tree;
	struct mapping mapped;
	struct view content;
	if (reader->open == NODE_NONE)
		return 0;
	node_id id = reader->open;
	struct entry *entry = tree_entry(tree, id);
	const struct entry *container = tree_entry(tree, reader->container);
	reader->open = NODE_NONE;
	if (entry->node.member.type != MEMBER_FILE)
		return 0;
	entry->node.size = reader->size;
	if (reader->scratch) {
		hasher_final(tree->hasher, &entry->node.sha256);
		entry->store = STORE_SCRATCH;
		entry->offset = reader->start;
	} else {
		entry->store = container->store;
		entry->slice = true;
		entry->file = container->file;
		entry->offset = container->offset + reader->start;
	}
	if (open_content(reader, &mapped, &content, err) == -1)
		return -1;
	tree_probe(tree, id, &content);
	mapping_close(&mapped);
	return 0;
}

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct reader *reader = context;
	struct tree *tree = reader->tree;
	if (close_member(reader, err) == -1 || interrupt_check(err) == -1)
		return -1;
	if (tree->count > tree->budget.members || tree->count >= NODE_NONE - 1)
		return err_set(err, ERR_LIMIT,
			       "the budget of %ju members is used up: raise it with "
			       "--members",
			       (uintmax_t)tree->budget.members);
	reader->open = tree_add(tree, reader->container, member);
	reader->scratch = false;
	reader->start = reader->size = 0;
	return 0;
}

/* Content may only follow a file's begin. */
static int
check_open(const struct reader *reader, struct err *err)
{
	if (reader->open == NODE_NONE)
		return err_set(err, ERR_INPUT, "content without a member");
	if (tree_node(reader->tree, reader->open)->member.type != MEMBER_FILE)
		return err_set(err, ERR_INPUT,
			       "content of a member that is not a file");
	return 0;
}

static int
scratch_append(struct reader *reader, const void *bytes, size_t count, struct err *err)
{
	struct tree *tree = reader->tree;
	if (tree->pending.size + count > PENDING_MOST && tree_flush(tree, err) == -1)
		return -1;
	buf_append(&tree->pending, bytes, count);
	tree->scratch_size += count;
	if (tree->pending.size > PENDING_MOST)
		return tree_flush(tree, err);
	return 0;
}

/* Does the budget of the whole tree allow for what was decoded? A bomb of many streams
 * need not have one that grows much. */
static int
check_tree(const struct tree *tree, struct err *err)
{
	uint64_t packed = tree->input_size ? tree->input_size : 1;
	if (tree->decoded > tree->budget.bytes)
		return err_set(
		    err, ERR_LIMIT,
		    "the budget of %ju decompressed bytes is used up: raise it "
		    "with --bytes",
		    (uintmax_t)tree->budget.bytes);
	if (tree->decoded > GROWTH_FROM &&
	    tree->decoded / packed >= tree->budget.ratio)
		return err_set(err, ERR_LIMIT,
			       "all that is in the %ju bytes of input grew to more than "
			       "%ju times their size: raise the limit with --ratio",
			       (uintmax_t)packed, (uintmax_t)tree->budget.ratio);
	return 0;
}

/* Does the budget allow for `count` more decoded bytes? */
static int
check_budget(struct reader *reader, size_t count, struct err *err)
{
	struct tree *tree = reader->tree;
	uint64_t packed = reader->mapping.view.size ? reader->mapping.view.size : 1;
	reader->decoded += count;
	tree->decoded += count;
	if (check_tree(tree, err) == -1)
		return -1;
	if (reader->decoded > RATIO_FROM &&
	    reader->decoded / packed >= tree->budget.ratio)
		return err_set(
		    err, ERR_LIMIT,
		    "%ju bytes grew to more than %ju times their size: raise "
		    "the limit with --ratio",
		    (uintmax_t)packed, (uintmax_t)tree->budget.ratio);
	return 0;
}

/* Move the open member's slice to the scratch file, because more follows it. */
static int
slice_to_scratch(struct reader *reader, struct err *err)
{
	struct view part;
	uint64_t at = reader->start, left = reader->size;
	reader->scratch = true;
	reader->start = reader->tree->scratch_size;
	while (left > 0) {
		uint64_t step = left < PENDING_MOST ? left : PENDING_MOST;
		view_sub(&reader->mapping.view, at, step, &part);
		hasher_update(reader->tree->hasher, part.data, (size_t)step);
		if (check_budget(reader, (size_t)step, err) == -1 ||
		    scratch_append(reader, part.data, (size_t)step, err) == -1)
			return -1;
		at += step;
		left -= step;
	}
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct reader *reader = context;
	if (check_open(reader, err) == -1 || interrupt_check(err) == -1)
		return -1;
	if (count == 0)
		return 0;
	if (!reader->scratch && slice_to_scratch(reader, err) == -1)
		return -1;
	if (check_budget(reader, count, err) == -1 ||
	    scratch_append(reader, bytes, count, err) == -1)
		return -1;
	hasher_update(reader->tree->hasher, bytes, count);
	reader->size += count;
	reader_release(reader, count);
	return 0;
}

/* A further slice of a member that is not in one piece: hash and copy it. */
static int
pass_slice(struct reader *reader, const struct view *slice, struct err *err)
{
	struct view part;
	for (uint64_t at = 0; at < slice->size; at += part.size) {
		uint64_t left = slice->size - at;
		view_sub(slice, at, left < PENDING_MOST ? left : PENDING_MOST, &part);
		size_t count = (size_t)part.size;
		hasher_update(reader->tree->hasher, part.data, count);
		if (check_budget(reader, count, err) == -1 ||
		    scratch_append(reader, part.data, count, err) == -1)
			return -1;
		reader_release(reader, count);
		if (interrupt_check(err) == -1)
			return -1;
	}
	return 0;
}

static int
on_hashed(void *context, uint64_t count, struct err *err)
{
	reader_release(context, count);
	return interrupt_check(err);
}

/* The digests of the members that stayed in the container. */
static int
hash_slices(struct reader *reader, struct err *err)
{
	struct tree *tree = reader->tree;
	struct hash_job *jobs = NULL;
	size_t count = 0, room = 0;
	uint64_t base = tree_entry(tree, reader->container)->offset;
	for (node_id id = tree_entry(tree, reader->container)->node.first_child;
	     id != NODE_NONE; id = tree_entry(tree, id)->node.next_sibling) {
		struct entry *entry = tree_entry(tree, id);
		if (!entry->slice || entry->node.size == 0)
			continue; /* no bytes: tree_add has settled that */
		if (count == room) {
			room = room ? 2 * room : 64;
			jobs = base_realloc(jobs, room, sizeof(*jobs));
		}
		jobs[count].digest = &entry->node.sha256;
		view_sub(&reader->mapping.view, entry->offset - base, entry->node.size,
			 &jobs[count++].view);
	}
	int result = sha256_of_many(jobs, count, on_hashed, reader, err);
	free(jobs);
	return result;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct reader *reader = context;
	struct view slice;
	if (check_open(reader, err) == -1)
		return -1;
	if (view_sub(&reader->mapping.view, offset, length, &slice) == -1)
		return err_set(err, ERR_INPUT,
			       "content at offset %ju goes past the end of the file",
			       (uintmax_t)offset);
	if (length == 0)
		return 0;
	/* members that share bytes make a small file large */
	reader->sliced += length;
	if (reader->sliced / 4 > reader->mapping.view.size)
		return err_set(err, ERR_LIMIT,
			       "members overlap so much that they hold four times the "
			       "bytes of the file");
	if (reader->size == 0 && !reader->scratch)
		reader->start = offset;
	else if (!reader->scratch && offset != reader->start + reader->size &&
		 slice_to_scratch(reader, err) == -1)
		return -1;
	if (reader->scratch && pass_slice(reader, &slice, err) == -1)
		return -1;
	reader->size += length;
	return 0;
}

/* What could not be looked into belongs to the open member, everything else to the
 * container. */
static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	struct reader *reader = context;
	(void)err;
	node_id id = reader->container;
	if (kind == NOTE_UNDECIDED && reader->open != NODE_NONE)
		id = reader->open;
	tree_note(reader->tree, id, kind, offset, "%s", text);
	return 0;
}

static bool
is_fatal(const struct err *err)
{
	return err->kind == ERR_SYSTEM || err->kind == ERR_INTERRUPTED;
}

/* The row gave up: what it sent stands, and the container is undecided. */
static int
settle_failure(struct reader *reader, const struct err *failure, struct err *err)
{
	node_id open = reader->open;
	struct err later = {0};
	if (close_member(reader, &later) == -1 && is_fatal(&later)) {
		*err = later;
		return -1;
	}
	if (open != NODE_NONE && reader->scratch)
		tree_note(reader->tree, open, NOTE_UNDECIDED, 0,
			  "its content may not be all there: %s", failure->message);
	tree_note(reader->tree, reader->container, NOTE_UNDECIDED, 0, "%s",
		  failure->message);
	return 0;
}

static int
read_members(struct reader *reader, const struct format *format, struct err *err)
{
	const struct member_sink sink = {reader, on_begin, on_slice, on_data, on_note};
	struct tree *tree = reader->tree;
	struct err failure = {0};
	int result = format->members(&reader->mapping.view, &sink, &failure);
	if (result == 0)
		result = close_member(reader, &failure);
	if (result == -1 && is_fatal(&failure)) {
		struct sha256 unused;
		hasher_final(tree->hasher, &unused);
		*err = failure;
		return -1;
	}
	if (result == -1 && settle_failure(reader, &failure, err) == -1)
		return -1;
	if (hash_slices(reader, err) == -1)
		return -1;
	if (result == 0 &&
	    tree_entry(tree, reader->container)->node.first_child == NODE_NONE)
		tree_note(tree, reader->container, NOTE_SUSPECT, 0,
			  "%s without a member", format->title);
	return tree_flush(tree, err);
}

int
tree_expand(struct tree *tree, node_id id, struct err *err)
{
	struct entry *entry = tree_entry(tree, id);
	if (entry->node.expanded)
		return 0;
	entry->node.expanded = true;
	if (entry->node.member.type != MEMBER_FILE)
		return 0;
	const struct format *format = entry->node.format;
	if (format == NULL || format->members == NULL)
		return opaque_note(tree, id, err);
	if (entry->node.depth >= tree->budget.depth) {
		tree_note(
		    tree, id, NOTE_UNDECIDED, 0,
		    "not entered: the budget of %u containers in containers is used "
		    "up: raise it with --depth",
		    tree->budget.depth);
		return 0;
	}
	struct err spent;
	if (check_tree(tree, &spent) == -1) {
		tree_note(tree, id, NOTE_UNDECIDED, 0, "not entered: %s",
			  spent.message);
		return 0;
	}
	struct reader reader = {.tree = tree, .container = id, .open = NODE_NONE};
	if (tree_map(tree, id, &reader.mapping, err) == -1)
		return -1;
	int result = read_members(&reader, format, err);
	mapping_close(&reader.mapping);
	if (result == 0)
		links_settle(tree, id);
	return result;
}

static bool
is_below(const struct tree *tree, node_id id, node_id top)
{
	while (id != top && id != NODE_NONE)
		id = tree_node(tree, id)->parent;
	return id == top;
}

int
tree_expand_all(struct tree *tree, node_id id, struct err *err)
{
	/* children always come after their parents, so one pass sees all */
	for (node_id each = id; each < tree->count; each++) {
		if (is_below(tree, each, id) && tree_expand(tree, each, err) == -1)
			return -1;
	}
	return 0;
}
