/* The signatures of every member in a tree that a scheme knows. */
#include "signature/signature_private.h"

/* What the walk carries along. */
struct walk {
	struct tree *tree;
	bool only_signed;
	const struct trust *trust;
	json_t *signatures;
};

/* What could not be looked into may hold a signature, or lack one. */
static void
add_undecided(const struct walk *walk, node_id id)
{
	const struct node *node = tree_node(walk->tree, id);
	for (size_t i = 0; i < node->note_count; i++) {
		if (node->notes[i].kind != NOTE_UNDECIDED)
			continue;
		char *path = tree_path(walk->tree, id);
		signature_entry(walk->signatures, path, "none", "0",
				SIGNATURE_NOT_CHECKED, node->notes[i].text);
		free(path);
		return;
	}
}

static int
check_member(const struct walk *walk, node_id id, struct err *err)
{
	struct mapping mapping;
	enum signature_status status;
	json_t *found = json_array();
	if (tree_map(walk->tree, id, &mapping, err) == -1) {
		json_decref(found);
		return -1;
	}
	char *path = tree_path(walk->tree, id);
	int answer =
	    signature_check(&mapping.view, path, walk->trust, found, &status, err);
	if (answer == 0 && !(walk->only_signed && status == SIGNATURE_UNSIGNED))
		json_array_extend(walk->signatures, found);
	free(path);
	mapping_close(&mapping);
	json_decref(found);
	return answer;
}

/* Depth is bounded by the tree's own budget. */
static int
walk_node(const struct walk *walk, node_id id, struct err *err)
{
	const struct node *node = tree_node(walk->tree, id);
	add_undecided(walk, id);
	if (node->member.type == MEMBER_FILE && node->format != NULL &&
	    strcmp(node->format->name, "pe") == 0 && check_member(walk, id, err) == -1)
		return -1;
	for (node_id child = node->first_child; child != NODE_NONE;
	     child = tree_node(walk->tree, child)->next_sibling) {
		if (interrupt_check(err) == -1 || walk_node(walk, child, err) == -1)
			return -1;
	}
	return 0;
}

int
signature_check_tree(struct tree *tree, node_id node, bool only_signed,
		     const struct trust *trust, json_t *signatures, struct err *err)
{
	struct walk walk = {tree, only_signed, trust, signatures};
	if (tree_expand_all(tree, node, err) == -1)
		return -1;
	return walk_node(&walk, node, err);
}
