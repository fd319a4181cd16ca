/* A pair of nodes: identical, entered, or compared byte for byte. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

bool
node_is_container(const struct node *node)
{
	if (node->member.type == MEMBER_FOLDER)
		return true;
	return node->member.type == MEMBER_FILE && node->format != NULL &&
	       node->format->members != NULL;
}

/*
 * A file whose reading stopped early is undecided, and so is the container it came
 * out of. A container that was entered may also be undecided for what is in it; its
 * own bytes are whole then, and the one above is not touched by that.
 */
bool
node_is_whole(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	if (!node->undecided)
		return true;
	if (!node->expanded || node->format == NULL || node->format->members == NULL)
		return false;
	return node->parent == NODE_NONE || !tree_node(tree, node->parent)->undecided;
}

bool
node_has_content(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	return node->member.type == MEMBER_FILE && node->size > 0 &&
	       node_is_whole(tree, id);
}

bool
pair_is_identical(const struct comparison *comparison, struct pair pair)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	return shipped->member.type == MEMBER_FILE &&
	       rebuilt->member.type == MEMBER_FILE && !shipped->unhashed &&
	       !rebuilt->unhashed && shipped->size == rebuilt->size &&
	       sha256_equal(&shipped->sha256, &rebuilt->sha256);
}

bool
pair_is_entered(const struct comparison *comparison, struct pair pair)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	return node_is_container(shipped) && node_is_container(rebuilt) &&
	       shipped->member.type == rebuilt->member.type &&
	       shipped->format == rebuilt->format;
}

/* Why one side cannot be compared as it is, or NULL. */
static const char *
not_whole_reason(const struct comparison *comparison, struct pair pair)
{
	const struct tree *trees[2] = {comparison->shipped, comparison->rebuilt};
	const node_id ids[2] = {pair.shipped, pair.rebuilt};
	for (size_t side = 0; side < 2; side++) {
		const struct node *node = tree_node(trees[side], ids[side]);
		if (node_is_whole(trees[side], ids[side]))
			continue;
		for (size_t i = 0; i < node->note_count; i++) {
			if (node->notes[i].kind == NOTE_UNDECIDED)
				return node->notes[i].text;
		}
		return "its content could not be read";
	}
	return NULL;
}

/* One side is a file, the other is something else (a link, a folder, a device). */
static enum file_status
tell_types(json_t *entry, const struct node *shipped, const struct node *rebuilt)
{
	entry_reason(entry, "a %s on the shipped side, a %s on the rebuilt side",
		     member_type_name(shipped->member.type),
		     member_type_name(rebuilt->member.type));
	return STATUS_DIFFERENT;
}

/* Links and devices are all record. */
static enum file_status
tell_record(struct comparison *comparison, json_t *entry, const struct node *shipped,
	    const struct node *rebuilt)
{
	struct differences list = {0};
	metadata_compare(shipped, rebuilt, member_type_name(shipped->member.type),
			 false, false, &list);
	bool same = list.count == 0;
	if (!same)
		entry_differences(comparison, entry, &list, NULL, NULL);
	differences_free(&list);
	return same ? STATUS_IDENTICAL : STATUS_DIFFERENT;
}

/* Its bytes are compared like any other's, but nobody can say which of the files in
 * it they belong to. */
static void
note_sealed(json_t *entry, const struct node *node)
{
	if (node->format == NULL || !node->format->sealed)
		return;
	char *text =
	    base_format("%s: compared as bytes, not looked into", node->format->title);
	entry_note(entry, NOTE_UNDECIDED, 0, text);
	free(text);
}

static int
compare_contents(struct comparison *comparison, struct pair pair, json_t *entry,
		 enum file_status *status, struct err *err)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	if (shipped->member.type != rebuilt->member.type) {
		*status = tell_types(entry, shipped, rebuilt);
		return 0;
	}
	if (shipped->member.type != MEMBER_FILE &&
	    shipped->member.type != MEMBER_FOLDER) {
		*status = tell_record(comparison, entry, shipped, rebuilt);
		return 0;
	}
	if (pair_is_entered(comparison, pair))
		return container_compare(comparison, pair, entry, status, err);
	bool compared = false;
	if (streams_differ(comparison, pair) &&
	    streams_compare(comparison, pair, entry, &compared, err) == -1)
		return -1;
	if (compared) {
		*status = STATUS_DIFFERENT;
		return 0;
	}
	shipped = tree_node(comparison->shipped, pair.shipped);
	rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	entry_notes(entry, shipped, rebuilt);
	note_sealed(entry, shipped);
	if (shipped->format != rebuilt->format) {
		char *text = base_format(
		    "the shipped file is %s, the rebuilt one %s",
		    shipped->format ? shipped->format->title : "of no known format",
		    rebuilt->format ? rebuilt->format->title : "of no known format");
		entry_note(entry, NOTE_REMARK, 0, text);
		free(text);
	}
	return leaf_compare(comparison, pair, entry, status, err);
}

/* Everything but what brought the two together. */
static int
compare_met(struct comparison *comparison, struct pair pair, json_t *entry,
	    enum file_status *status, struct err *err)
{
	const char *reason = not_whole_reason(comparison, pair);
	*status = STATUS_IDENTICAL;
	if (reason != NULL) {
		*status = STATUS_UNDECIDED;
		entry_undecided(entry, reason);
		entry_notes(entry, tree_node(comparison->shipped, pair.shipped),
			    tree_node(comparison->rebuilt, pair.rebuilt));
		return 0;
	}
	if (pair_is_identical(comparison, pair)) {
		entry_status(entry, STATUS_IDENTICAL);
		entry_notes(entry, tree_node(comparison->shipped, pair.shipped), NULL);
		return 0;
	}
	struct err trouble = {0};
	if (compare_contents(comparison, pair, entry, status, &trouble) == -1) {
		if (trouble.kind == ERR_SYSTEM || trouble.kind == ERR_INTERRUPTED) {
			*err = trouble;
			return -1;
		}
		*status = STATUS_UNDECIDED;
		entry_undecided(entry, trouble.message);
		return 0;
	}
	entry_status(entry, *status);
	return 0;
}

/* Identical files, of which nothing else is to be said? */
static bool
is_plainly_identical(const struct comparison *comparison, struct pair pair)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	return pair.met == MET_BY_PATH && pair_is_identical(comparison, pair) &&
	       not_whole_reason(comparison, pair) == NULL && shipped->note_count == 0 &&
	       shipped->member.has_mode == rebuilt->member.has_mode &&
	       (shipped->member.mode & 07777) == (rebuilt->member.mode & 07777);
}

int
compare_pair(struct comparison *comparison, struct pair pair, enum file_status *status,
	     struct err *err)
{
	if (comparison->packed && is_plainly_identical(comparison, pair)) {
		entry_identical(comparison, pair);
		*status = STATUS_IDENTICAL;
		return 0;
	}
	size_t at = json_array_size(comparison->files);
	json_t *entry = entry_new(comparison, pair);
	if (compare_met(comparison, pair, entry, status, err) == -1)
		return -1;
	if (pair.met != MET_BY_PATH) {
		pair_tell_path(comparison, pair, entry);
		*status = STATUS_DIFFERENT;
	}
	/* two folders without a difference have no bytes to speak of */
	if (*status == STATUS_IDENTICAL &&
	    tree_node(comparison->shipped, pair.shipped)->member.type == MEMBER_FOLDER)
		json_array_remove(comparison->files, at);
	return 0;
}

int
compare_top(struct comparison *comparison, struct pair pair, enum file_status *status,
	    struct err *err)
{
	comparison->top = pair;
	comparison->alone.count = 0;
	comparison->alone.gathered = false;
	comparison->lones.count = 0;
	if (compare_pair(comparison, pair, status, err) == -1)
		return -1;
	lones_settle(comparison);
	return 0;
}

static int
compare_any(struct comparison *comparison, const struct release *exceptions,
	    struct pair pair, enum file_status *worst, struct err *err)
{
	enum file_status status = STATUS_IDENTICAL;
	int result = comparison_except(comparison, exceptions, err);
	if (result == 0)
		result = compare_top(comparison, pair, &status, err);
	packing_end(&comparison->packing, comparison->files);
	comparison_free(comparison);
	if (result == 0)
		*worst = status;
	return result;
}

int
compare_nodes(struct tree *shipped, node_id shipped_node, struct tree *rebuilt,
	      node_id rebuilt_node, const struct release *exceptions, json_t *files,
	      enum file_status *worst, struct err *err)
{
	struct comparison comparison;
	comparison_init(&comparison, shipped, rebuilt, files);
	return compare_any(&comparison, exceptions, pair_of(shipped_node, rebuilt_node),
			   worst, err);
}

int
compare_nodes_packed(struct tree *shipped, node_id shipped_node, struct tree *rebuilt,
		    node_id rebuilt_node, json_t *files, enum file_status *worst,
		    struct err *err)
{
	struct comparison comparison;
	comparison_init(&comparison, shipped, rebuilt, files);
	comparison.packed = true;
	return compare_any(&comparison, NULL, pair_of(shipped_node, rebuilt_node),
			   worst, err);
}
