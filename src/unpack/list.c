/* The tree as lines of JSON, for `verify list`. */
#include "unpack/unpack_private.h"

static json_t *
notes_json(const struct node *node)
{
	json_t *notes = json_array();
	for (size_t i = 0; i < node->note_count; i++) {
		const struct node_note *note = &node->notes[i];
		json_array_append_new(
		    notes,
		    json_pack("{s:s, s:I, s:s}", "kind", note_kind_name(note->kind),
			      "offset", (json_int_t)note->offset, "text", note->text));
	}
	return notes;
}

static void
add_member(json_t *object, const struct member *member)
{
	char text[16];
	if (member->has_mode) {
		snprintf(text, sizeof(text), "%04o", member->mode);
		json_object_set_new(object, "mode", json_string(text));
	}
	if (member->has_owner) {
		json_object_set_new(object, "uid",
				    json_integer((json_int_t)member->uid));
		json_object_set_new(object, "gid",
				    json_integer((json_int_t)member->gid));
	}
	if (member->uname != NULL)
		json_object_set_new(object, "user", text_json(member->uname));
	if (member->gname != NULL)
		json_object_set_new(object, "group", text_json(member->gname));
	if (member->has_mtime)
		json_object_set_new(object, "mtime", json_integer(member->mtime));
	if (member->target != NULL)
		json_object_set_new(object, "target", text_json(member->target));
	if (member->attributes != NULL)
		json_object_set_new(object, "attributes",
				    text_json(member->attributes));
	if (member->type == MEMBER_CHARACTER_DEVICE ||
	    member->type == MEMBER_BLOCK_DEVICE) {
		json_object_set_new(object, "device",
				    json_pack("[I, I]",
					      (json_int_t)member->device_major,
					      (json_int_t)member->device_minor));
	}
}

static json_t *
node_json(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	char *path = tree_path(tree, id), *name = tree_short_path(tree, id);
	json_t *object =
	    json_pack("{s:s, s:s, s:s, s:i}", "path", path, "name", name, "type",
		      member_type_name(node->member.type), "depth", (int)node->depth);
	add_member(object, &node->member);
	if (node->member.type != MEMBER_FOLDER) {
		json_object_set_new(object, "size",
				    json_integer((json_int_t)node->size));
		json_object_set_new(object, "sha256", sha256_json(&node->sha256));
	}
	if (node->format != NULL)
		json_object_set_new(object, "format", json_string(node->format->name));
	if (id != NODE_ROOT)
		json_object_set_new(object, "member", text_json(node->member.path));
	if (node->first_child != NODE_NONE && node->member.type == MEMBER_FILE)
		json_object_set_new(object, "container", json_true());
	if (node->undecided)
		json_object_set_new(object, "undecided", json_true());
	if (node->note_count > 0)
		json_object_set_new(object, "notes", notes_json(node));
	free(path);
	free(name);
	return object;
}

static void
list_below(const struct tree *tree, node_id id, struct buf *lines)
{
	json_t *member = node_json(tree, id);
	buf_json(lines, member, 0);
	buf_puts(lines, "\n");
	json_decref(member);
	node_id child = tree_node(tree, id)->first_child;
	for (; child != NODE_NONE; child = tree_node(tree, child)->next_sibling)
		list_below(tree, child, lines);
}

void
unpack_list(const struct tree *tree, struct buf *lines)
{
	list_below(tree, NODE_ROOT, lines);
}
