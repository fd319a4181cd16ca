/* Entries of the findings' "files": see verify-findings(5). */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

static void
set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, json_string(text));
}

static json_t *
side_json(const struct node *node)
{
	json_t *side = json_object();
	const struct member *member = &node->member;
	set_text(side, "type", member_type_name(member->type));
	if (member->type == MEMBER_FILE || member->type == MEMBER_SYMLINK) {
		json_object_set_new(side, "size", json_integer((json_int_t)node->size));
		if (!node->unhashed)
			json_object_set_new(side, "sha256", sha256_json(&node->sha256));
	}
	if (member->has_mode) {
		char mode[16];
		snprintf(mode, sizeof(mode), "%04o", (unsigned)(member->mode & 07777));
		set_text(side, "mode", mode);
	}
	return side;
}

static void
set_path(json_t *entry, const char *key, const struct tree *tree, node_id id)
{
	char *path = tree_path(tree, id);
	set_text(entry, key, path);
	free(path);
}

json_t *
entry_new(struct comparison *comparison, struct pair pair)
{
	json_t *entry = json_object();
	const struct node *node = NULL;
	packing_end(&comparison->packing, comparison->files);
	if (pair.rebuilt != NODE_NONE) {
		node = tree_node(comparison->rebuilt, pair.rebuilt);
		set_path(entry, "built", comparison->rebuilt, pair.rebuilt);
		json_object_set_new(entry, "rebuilt", side_json(node));
	}
	if (pair.shipped != NODE_NONE) {
		node = tree_node(comparison->shipped, pair.shipped);
		set_path(entry, "path", comparison->shipped, pair.shipped);
		json_object_set_new(entry, "shipped", side_json(node));
	} else {
		set_path(entry, "path", comparison->rebuilt, pair.rebuilt);
		json_object_del(entry, "built");
	}
	if (node != NULL && node->format != NULL)
		set_text(entry, "format", node->format->name);
	json_array_append_new(comparison->files, entry);
	return entry;
}

/* Nearly all entries of nearly all comparisons: packed they cost a fiftieth of what
 * their objects would. */
void
entry_identical(struct comparison *comparison, struct pair pair)
{
	packing_add(&comparison->packing, comparison, pair);
	if (comparison->packing.count == PACK_MOST)
		packing_end(&comparison->packing, comparison->files);
}

json_t *
entry_named(json_t *files, const char *path, enum file_status status,
	    const char *reason)
{
	json_t *entry = json_object();
	set_text(entry, "path", path);
	entry_status(entry, status);
	set_text(entry, "reason", reason);
	json_array_append_new(files, entry);
	return entry;
}

void
entry_status(json_t *entry, enum file_status status)
{
	set_text(entry, "status", file_status_name(status));
}

enum file_status
entry_get_status(const json_t *entry)
{
	enum file_status status = STATUS_UNDECIDED;
	const char *name = json_string_value(json_object_get(entry, "status"));
	if (name != NULL)
		file_status_parse(name, &status);
	return status;
}

void
entry_reason(json_t *entry, const char *format, ...)
{
	struct buf text = {0};
	const char *before = json_string_value(json_object_get(entry, "reason"));
	if (before != NULL)
		buf_printf(&text, "%s; ", before);
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	set_text(entry, "reason", text.data);
	buf_free(&text);
}

void
entry_found(json_t *entry, bool shipped, const struct tree *other, node_id id,
	    size_t more)
{
	const char *side = shipped ? "rebuilt" : "shipped";
	char *path = tree_path(other, id);
	set_text(entry, shipped ? "moved_to" : "moved_from", path);
	if (more == 0)
		entry_reason(entry, "the %s side has the same bytes at '%s'", side,
			     path);
	else
		entry_reason(entry,
			     "the %s side has the same bytes at '%s' and in %zu more "
			     "place%s",
			     side, path, more, more == 1 ? "" : "s");
	free(path);
}

void
entry_undecided(json_t *entry, const char *reason)
{
	entry_status(entry, STATUS_UNDECIDED);
	entry_reason(entry, "%s", reason);
}

void
entry_note(json_t *entry, enum note_kind kind, uint64_t offset, const char *text)
{
	json_t *notes = json_object_get(entry, "notes");
	if (notes == NULL) {
		notes = json_array();
		json_object_set_new(entry, "notes", notes);
	}
	json_t *note = json_object();
	set_text(note, "kind", note_kind_name(kind));
	json_object_set_new(note, "offset", json_integer((json_int_t)offset));
	set_text(note, "text", text);
	json_array_append_new(notes, note);
}

void
entry_notes(json_t *entry, const struct node *shipped, const struct node *rebuilt)
{
	for (size_t i = 0; shipped != NULL && i < shipped->note_count; i++)
		entry_note(entry, shipped->notes[i].kind, shipped->notes[i].offset,
			   shipped->notes[i].text);
	for (size_t i = 0; rebuilt != NULL && i < rebuilt->note_count; i++) {
		char *text = base_format("rebuilt: %s", rebuilt->notes[i].text);
		entry_note(entry, rebuilt->notes[i].kind, rebuilt->notes[i].offset,
			   text);
		free(text);
	}
}

bool
entry_unread(const struct comparison *comparison, struct pair pair, json_t *entry)
{
	const struct node *nodes[2] = {tree_node(comparison->shipped, pair.shipped),
				       tree_node(comparison->rebuilt, pair.rebuilt)};
	bool any = false;
	for (size_t side = 0; side < 2; side++) {
		any |= nodes[side]->undecided;
		for (size_t i = 0; i < nodes[side]->note_count; i++) {
			if (nodes[side]->undecided &&
			    nodes[side]->notes[i].kind == NOTE_UNDECIDED)
				entry_reason(entry, "%s side: %s",
					     side == 0 ? "shipped" : "rebuilt",
					     nodes[side]->notes[i].text);
		}
	}
	return any;
}

/* What is known of why a pair has two names. */
static void
path_cause(const struct pair *pair, const struct node *shipped, struct cause *cause)
{
	char hex[SHA256_HEX];
	if (pair->met == MET_BY_SIMILARITY) {
		cause->name = "renamed";
		cause->evidence =
		    base_format("%u %% of the content is alike", pair->similarity);
	}
	if (pair->met != MET_BY_CONTENT)
		return;
	sha256_hex(&shipped->sha256, hex);
	cause_equal(cause, "renamed", "compared the bytes",
		    "both sides have the same %ju bytes, SHA-256 %s",
		    (uintmax_t)shipped->size, hex);
}

void
pair_tell_path(struct comparison *comparison, struct pair pair, json_t *entry)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	json_t *list = json_object_get(entry, "differences");
	struct difference one = {.kind = DIFFERENCE_METADATA};
	one.place = base_strdup("member path");
	one.field = base_strdup("path");
	one.shipped = text_shown(shipped->member.path);
	one.rebuilt = text_shown(rebuilt->member.path);
	path_cause(&pair, shipped, &one.cause);
	if (list == NULL) {
		list = json_array();
		json_object_set_new(entry, "differences", list);
		json_object_set_new(entry, "differing_bytes", json_integer(0));
	}
	json_array_insert_new(list, 0, difference_json(&one, NULL, NULL, false));
	json_object_set_new(entry, "difference_count",
			    json_integer((json_int_t)json_array_size(list)));
	set_text(entry, "paired_by", meeting_name(pair.met));
	if (pair.met == MET_BY_SIMILARITY)
		json_object_set_new(entry, "similarity", json_integer(pair.similarity));
	entry_status(entry, STATUS_DIFFERENT);
	comparison->told++;
	difference_clear(&one);
}

void
entry_differences(struct comparison *comparison, json_t *entry,
		  const struct differences *list, const struct view *shipped,
		  const struct view *rebuilt)
{
	json_t *array = json_array();
	uint64_t bytes = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct difference *one = &list->items[i];
		if (one->placed)
			bytes += one->range.differing;
		bool context = i < CONTEXTS_IN_ENTRY && one->placed &&
			       shipped != NULL &&
			       comparison->contexts < CONTEXTS_IN_DOCUMENT;
		comparison->contexts += context;
		json_array_append_new(array,
				      difference_json(one, shipped, rebuilt, context));
	}
	comparison->told += list->count;
	json_object_set_new(entry, "differences", array);
	json_object_set_new(entry, "difference_count",
			    json_integer((json_int_t)list->count));
	json_object_set_new(entry, "differing_bytes", json_integer((json_int_t)bytes));
}
