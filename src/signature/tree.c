/* The signatures of every member in a tree that a scheme knows. */
#include "signature/signature_private.h"

/* A larger file is no signature. */
#define DETACHED_MOST ((uint64_t)16 << 20)

/* Looking for what is signed by a file beside it ends after this many looks. */
#define LOOKS_MOST ((uint64_t)1 << 26)

/* What the walk carries along. */
struct walk {
	struct tree *tree;
	node_id top;
	bool only_signed;
	const struct trust *trust;
	json_t *signatures;
	uint64_t looks;
	json_t *top_unsigned; /* what is told of the top when nothing else is */
	struct sums_walk *lists;
};

/* What could not be looked into may hold a signature, or lack one; where a signature
 * of the container covers it, nothing is lacking. */
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

/* What the walk knows of one file. */
struct signed_file {
	node_id id;
	const char *path;
	struct view content;
	const char *covering; /* the signed container that covers it, or NULL */
};

/* Is a file without a signature worth an entry? */
static bool
tells_unsigned(const struct walk *walk, const struct signed_file *file)
{
	return (file->id == walk->top || !walk->only_signed) &&
	       signature_usual(&file->content, tree_node(walk->tree, file->id)->format);
}

/* An unsigned member of a container whose own signature covers it is no gap. */
static void
tell_covered(json_t *found, const char *covering)
{
	json_t *entry;
	size_t index;
	json_array_foreach(found, index, entry)
	{
		const char *status =
		    json_string_value(json_object_get(entry, "status"));
		if (covering != NULL && status != NULL &&
		    strcmp(status, signature_status_name(SIGNATURE_UNSIGNED)) == 0)
			json_object_set_new(entry, "covered_by", json_string(covering));
	}
}

static bool
covers_all(const json_t *found)
{
	const json_t *entry;
	size_t index;
	json_array_foreach(found, index, entry)
	{
		const char *covers =
		    json_string_value(json_object_get(entry, "covers"));
		if (covers != NULL && strcmp(covers, "all") == 0)
			return true;
	}
	return false;
}

/* The signatures in a file; *covers when one of them covers all that is in it. */
static int
check_member(const struct walk *walk, const struct signed_file *file, bool *covers,
	     struct err *err)
{
	const struct node *node = tree_node(walk->tree, file->id);
	struct format_match match = {.format = node->format};
	enum signature_status status;
	bool known;
	json_t *found = json_array();
	if (node_is_suspect(node)) /* it may be of two formats */
		format_probe(&file->content, &match);
	int answer = signature_check_as(&file->content, &match, file->path, walk->trust,
					found, &status, &known, err);
	*covers = covers_all(found);
	tell_covered(found, file->covering);
	if (answer == 0 && (status != SIGNATURE_UNSIGNED || tells_unsigned(walk, file)))
		json_array_extend(walk->signatures, found);
	else if (file->id == walk->top)
		json_array_extend(walk->top_unsigned, found);
	if (answer == 0)
		answer = sums_check_member(walk->lists, walk->tree, file->id,
					   &file->content, walk->only_signed, found,
					   walk->trust, walk->signatures, err);
	if (answer == 0)
		answer = attestation_check_member(walk->lists, walk->tree, file->id,
						  &file->content, walk->trust,
						  walk->signatures, err);
	strings_free(&match.others);
	json_decref(found);
	return answer;
}

/* Where the files that a member lists may lie. */
struct neighbours {
	struct walk *walk;
	node_id parent;
	size_t folder; /* length of what stands before the member's own name */
	const char *path;
};

static int
open_neighbour(void *context, const char *name, struct mapping *mapping,
	       struct err *err)
{
	const struct neighbours *neighbours = context;
	struct walk *walk = neighbours->walk;
	for (node_id each = tree_node(walk->tree, neighbours->parent)->first_child;
	     each != NODE_NONE && walk->looks < LOOKS_MOST;
	     each = tree_node(walk->tree, each)->next_sibling) {
		const struct node *node = tree_node(walk->tree, each);
		const char *path = node->member.path;
		walk->looks++;
		if (node->member.type == MEMBER_FILE &&
		    strncmp(path, neighbours->path, neighbours->folder) == 0 &&
		    strcmp(path + neighbours->folder, name) == 0)
			return tree_map(walk->tree, each, mapping, err) == -1 ? -1 : 1;
	}
	return 0;
}

/* A description (.dsc) and the files that it lists. */
static int
check_listed(struct walk *walk, const struct signed_file *file, size_t from,
	     struct err *err)
{
	const struct node *node = tree_node(walk->tree, file->id);
	const char *path = node->member.path;
	enum signature_status status = SIGNATURE_VALID;
	struct neighbours neighbours = {walk, node->parent,
					(size_t)(path_base(path) - path), path};
	const struct signature_beside beside = {open_neighbour, &neighbours};
	if (node->parent == NODE_NONE || !openpgp_is_cleartext(&file->content))
		return 0;
	return signature_check_listed(&file->content, &beside, walk->signatures, from,
				      &status, err);
}

/* The file of that name in a folder or container; NODE_NONE. */
static node_id
find_named(struct walk *walk, node_id parent, const char *name)
{
	for (node_id each = tree_node(walk->tree, parent)->first_child;
	     each != NODE_NONE && walk->looks < LOOKS_MOST;
	     each = tree_node(walk->tree, each)->next_sibling) {
		const struct node *other = tree_node(walk->tree, each);
		walk->looks++;
		if (other->member.type == MEMBER_FILE &&
		    strcmp(other->member.path, name) == 0)
			return each;
	}
	return NODE_NONE;
}

/* The node beside `id` that it is a signature of, by name; NODE_NONE. */
static node_id
find_signed(struct walk *walk, node_id id)
{
	const struct node *node = tree_node(walk->tree, id);
	size_t length;
	if (node->parent == NODE_NONE || !detached_names(node->member.path, &length))
		return NODE_NONE;
	char *name = base_strndup(node->member.path, length);
	node_id beside = find_named(walk, node->parent, name);
	char *database = beside == NODE_NONE ? clamav_sign_database(name) : NULL;
	if (database != NULL)
		beside = find_named(walk, node->parent, database);
	free(database);
	free(name);
	return beside;
}

/* Does the file hold what it signs, whatever lies beside it? */
static bool
holds_its_text(const struct view *content)
{
	struct view text;
	return openpgp_is_cleartext(content) || signify_embedded(content, &text) == 0;
}

/* A signature that lies beside the file that it signs. */
static int
check_beside(struct walk *walk, const struct signed_file *file, struct err *err)
{
	struct mapping mapping;
	enum signature_status status;
	node_id beside = find_signed(walk, file->id);
	if (walk->looks >= LOOKS_MOST && beside == NODE_NONE) {
		signature_entry(walk->signatures, file->path, "none", "0",
				SIGNATURE_NOT_CHECKED,
				"so many files are named like signatures that what "
				"this one signs was not looked for");
		return 0;
	}
	if (beside == NODE_NONE || file->content.size > DETACHED_MOST ||
	    holds_its_text(&file->content))
		return 0;
	if (tree_map(walk->tree, beside, &mapping, err) == -1)
		return -1;
	char *path = tree_path(walk->tree, beside);
	int answer =
	    signature_check_detached(&mapping.view, path, &file->content, walk->trust,
				     walk->signatures, &status, err);
	free(path);
	mapping_close(&mapping);
	return answer;
}

static int
check_file(struct walk *walk, struct signed_file *file, bool *covers, struct err *err)
{
	struct mapping mapping;
	if (tree_map(walk->tree, file->id, &mapping, err) == -1)
		return -1;
	file->content = mapping.view;
	size_t before = json_array_size(walk->signatures);
	int answer = check_member(walk, file, covers, err);
	if (answer == 0)
		answer = check_listed(walk, file, before, err);
	if (answer == 0)
		answer = code_bundle_check(walk->lists, walk->tree, file->id,
					   walk->signatures, before, err);
	if (answer == 0)
		answer = check_beside(walk, file, err);
	mapping_close(&mapping);
	return answer;
}

/* Depth is bounded by the tree's own budget. */
static int
walk_node(struct walk *walk, node_id id, const char *covering, struct err *err)
{
	const struct node *node = tree_node(walk->tree, id);
	char *path = tree_path(walk->tree, id);
	struct signed_file file = {id, path, {NULL, 0}, covering};
	bool covers = false;
	int answer = 0;
	if (covering == NULL)
		add_undecided(walk, id);
	if (node->member.type == MEMBER_FILE)
		answer = check_file(walk, &file, &covers, err);
	for (node_id child = node->first_child; child != NODE_NONE && answer == 0;
	     child = tree_node(walk->tree, child)->next_sibling) {
		answer = interrupt_check(err);
		if (answer == 0)
			answer = walk_node(walk, child, covers ? path : covering, err);
	}
	free(path);
	return answer;
}

int
signature_check_tree(struct tree *tree, node_id node, bool only_signed,
		     const struct trust *trust, json_t *signatures, struct err *err)
{
	struct sums_walk lists = {0};
	struct walk walk = {tree,       node, only_signed, trust,
			    signatures, 0,    NULL,        &lists};
	size_t before = json_array_size(signatures);
	if (tree_expand_all(tree, node, err) == -1)
		return -1;
	walk.top_unsigned = json_array();
	int answer = walk_node(&walk, node, NULL, err);
	/* A container that is signed by custom or not at all is told as unsigned only
	 * when none of its members has anything to tell. */
	if (answer == 0 && json_array_size(signatures) == before)
		json_array_extend(signatures, walk.top_unsigned);
	json_decref(walk.top_unsigned);
	sums_conclude(&lists, signatures, before);
	return answer;
}
