/*
 * Accounting for a whole product: every file, link and device in it is an output that
 * was rebuilt, or declared unbuilt with its hash, or it is unaccounted.
 *
 * The shipped tree is walked in stored order. Containers are entered only on the way
 * to something that the description names: one that nothing in it is named of is
 * accounted for, or not, as the one file it is.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

enum claim_kind {
	CLAIM_NONE,
	CLAIM_ON_THE_WAY, /* a container with something claimed in it */
	CLAIM_OUTPUT,
	CLAIM_UNBUILT,
};

struct claim {
	enum claim_kind kind;
	size_t index; /* of the output or unbuilt entry */
};

/* What the description names, and the shipped node it was found at. */
struct named {
	node_id node; /* NODE_NONE: not in the product */
	bool told;
};

struct account {
	struct comparison comparison;
	const struct release *release;
	const char *product; /* the name of the product that is accounted for */
	const char *reason;  /* why there is nothing rebuilt, or NULL */
	struct named *outputs, *unbuilt;
	struct claim *claims; /* by shipped node, up to claim_count */
	size_t claim_count;
	bool hidden;          /* a container on the way could not be read to its end */
	struct lones unfound; /* shipped, and not met by what was built */
	struct strings remarks;
};

static bool
is_ours(const struct account *account, const char *product)
{
	return product == NULL || strcmp(product, account->product) == 0;
}

/* ---- finding what is named ------------------------------------------- */

static int
find_named(struct account *account, struct err *err)
{
	const struct release *release = account->release;
	struct tree *tree = account->comparison.shipped;
	account->outputs = base_alloc(release->output_count + 1, sizeof(struct named));
	account->unbuilt = base_alloc(release->unbuilt_count + 1, sizeof(struct named));
	for (size_t i = 0; i < release->output_count; i++) {
		account->outputs[i].node = NODE_NONE;
		if (is_ours(account, release->outputs[i].product) &&
		    tree_find(tree, release->outputs[i].shipped,
			      &account->outputs[i].node, err) == -1)
			return -1;
	}
	for (size_t i = 0; i < release->unbuilt_count; i++) {
		account->unbuilt[i].node = NODE_NONE;
		if (is_ours(account, release->unbuilt[i].product) &&
		    tree_find(tree, release->unbuilt[i].path, &account->unbuilt[i].node,
			      err) == -1)
			return -1;
	}
	return 0;
}

static void
claim(struct account *account, node_id node, enum claim_kind kind, size_t index)
{
	struct tree *tree = account->comparison.shipped;
	if (node == NODE_NONE || account->claims[node].kind > CLAIM_ON_THE_WAY)
		return;
	account->claims[node] = (struct claim){kind, index};
	for (node_id up = tree_node(tree, node)->parent; up != NODE_NONE;
	     up = tree_node(tree, up)->parent) {
		if (account->claims[up].kind == CLAIM_NONE)
			account->claims[up].kind = CLAIM_ON_THE_WAY;
	}
}

static void
claim_all(struct account *account)
{
	const struct release *release = account->release;
	struct tree *tree = account->comparison.shipped;
	account->claim_count = tree_count(tree);
	account->claims = base_alloc(account->claim_count, sizeof(*account->claims));
	for (size_t i = 0; i < release->output_count; i++)
		claim(account, account->outputs[i].node, CLAIM_OUTPUT, i);
	for (size_t i = 0; i < release->unbuilt_count; i++)
		claim(account, account->unbuilt[i].node, CLAIM_UNBUILT, i);
	if (account->claims[NODE_ROOT].kind == CLAIM_NONE &&
	    node_is_container(tree_node(tree, NODE_ROOT)))
		account->claims[NODE_ROOT].kind = CLAIM_ON_THE_WAY;
}

/* ---- outputs --------------------------------------------------------- */

/* Is it a member of a container, and not a file that the build left in a folder? */
static bool
is_packed(const struct tree *tree, node_id node)
{
	node_id parent = tree_node(tree, node)->parent;
	return parent != NODE_NONE &&
	       tree_node(tree, parent)->member.type == MEMBER_FILE;
}

/*
 * The records of an output: type, mode, owner and attributes, as far as both sides
 * have them (a product that is the output itself has none). A setuid bit that the
 * rebuilt side knows nothing of is a difference.
 */
static void
output_metadata(struct account *account, struct pair pair, json_t *entry)
{
	struct comparison *comparison = &account->comparison;
	struct differences list = {0};
	if (pair.shipped == NODE_ROOT ||
	    tree_node(comparison->shipped, pair.shipped)->member.type != MEMBER_FILE)
		return; /* without a record, or compared by nothing else */
	struct node shipped = *tree_node(comparison->shipped, pair.shipped);
	struct node rebuilt = *tree_node(comparison->rebuilt, pair.rebuilt);
	if (!rebuilt.member.has_mode && (shipped.member.mode & 07000) == 0)
		shipped.member.has_mode = false;
	if (!shipped.member.has_mode)
		rebuilt.member.has_mode = false;
	shipped.member.mode = shipped.member.has_mode ? shipped.member.mode : 0;
	rebuilt.member.mode = rebuilt.member.has_mode ? rebuilt.member.mode : 0;
	bool owners = shipped.member.has_owner && rebuilt.member.has_owner &&
		      is_packed(comparison->rebuilt, pair.rebuilt);
	metadata_compare(&shipped, &rebuilt, "member", false, owners, &list);
	json_t *own = json_object_get(entry, "differences");
	if (list.count > 0 && own == NULL) {
		entry_differences(comparison, entry, &list, NULL, NULL);
	} else if (list.count > 0) {
		for (size_t i = 0; i < list.count; i++)
			json_array_append_new(
			    own, difference_json(&list.items[i], NULL, NULL, false));
		json_object_set_new(entry, "difference_count",
				    json_integer((json_int_t)json_array_size(own)));
	}
	if (list.count > 0)
		entry_status(entry, STATUS_DIFFERENT);
	differences_free(&list);
}

/* An output without a rebuilt file to compare with. */
static json_t *
output_alone(struct account *account, size_t index, enum file_status status,
	     const char *reason)
{
	json_t *entry = entry_new(&account->comparison,
				  pair_of(account->outputs[index].node, NODE_NONE));
	entry_status(entry, status);
	entry_reason(entry, "%s", reason);
	return entry;
}

static int
tell_output(struct account *account, size_t index, struct err *err)
{
	struct comparison *comparison = &account->comparison;
	const struct release_output *output = &account->release->outputs[index];
	struct pair pair = pair_of(account->outputs[index].node, NODE_NONE);
	account->outputs[index].told = true;
	if (comparison->rebuilt == NULL) {
		output_alone(account, index, STATUS_UNDECIDED,
			     account->reason ? account->reason : "nothing was built");
		return 0;
	}
	if (tree_node(comparison->shipped, pair.shipped)->member.type ==
	    MEMBER_FOLDER) {
		output_alone(account, index, STATUS_UNDECIDED,
			     "a folder cannot be an output: name the files in it");
		return 0;
	}
	if (tree_find(comparison->rebuilt, output->built, &pair.rebuilt, err) == -1)
		return -1;
	if (pair.rebuilt == NODE_NONE) {
		char *built = text_shown(output->built);
		char *reason = base_format("the build did not leave '%s'", built);
		lones_add(&account->unfound, pair.shipped, true,
			  output_alone(account, index, STATUS_MISSING, reason));
		free(reason);
		free(built);
		return 0;
	}
	size_t at = json_array_size(comparison->files);
	enum file_status status;
	if (compare_top(comparison, pair, &status, err) == -1)
		return -1;
	output_metadata(account, pair, json_array_get(comparison->files, at));
	return 0;
}

/* ---- unbuilt files --------------------------------------------------- */

static const char *
undecided_reason(const struct node *node)
{
	for (size_t i = 0; i < node->note_count; i++) {
		if (node->notes[i].kind == NOTE_UNDECIDED)
			return node->notes[i].text;
	}
	return "its content could not be read";
}

static void
tell_unbuilt(struct account *account, size_t index)
{
	struct comparison *comparison = &account->comparison;
	const struct release_unbuilt *unbuilt = &account->release->unbuilt[index];
	node_id id = account->unbuilt[index].node;
	const struct node *node = tree_node(comparison->shipped, id);
	json_t *entry = entry_new(comparison, pair_of(id, NODE_NONE));
	char declared[SHA256_HEX], is[SHA256_HEX];
	account->unbuilt[index].told = true;
	sha256_hex(&unbuilt->sha256, declared);
	sha256_hex(&node->sha256, is);
	entry_notes(entry, node, NULL);
	if (node->member.type != MEMBER_FILE && node->member.type != MEMBER_SYMLINK &&
	    node->member.type != MEMBER_HARDLINK) {
		entry_status(entry, STATUS_DIFFERENT);
		entry_reason(entry, "declared with SHA-256 %s but is a %s", declared,
			     member_type_name(node->member.type));
	} else if (!node_is_whole(comparison->shipped, id)) {
		entry_undecided(entry, undecided_reason(node));
	} else if (!sha256_equal(&unbuilt->sha256, &node->sha256)) {
		entry_status(entry, STATUS_DIFFERENT);
		entry_reason(entry, "declared SHA-256 %s but is %s", declared, is);
	} else {
		char *reason = text_shown(unbuilt->reason ? unbuilt->reason : "");
		entry_status(entry, STATUS_UNBUILT);
		entry_reason(entry, "%s", reason);
		free(reason);
	}
	if (node->member.has_mode && (node->member.mode & 06000) != 0)
		entry_note(entry, NOTE_REMARK, 0,
			   "runs with the rights of its owner or group");
}

/* ---- the walk -------------------------------------------------------- */

/* A container that was entered: what could not be seen in it is a finding. */
static void
tell_way(struct account *account, node_id id)
{
	struct comparison *comparison = &account->comparison;
	const struct node *node = tree_node(comparison->shipped, id);
	json_t *entry = NULL;
	for (size_t i = 0; i < node->note_count; i++) {
		if (node->notes[i].kind == NOTE_REMARK)
			continue;
		if (node->notes[i].kind == NOTE_UNDECIDED)
			account->hidden = true;
		if (entry == NULL) {
			entry = entry_new(comparison, pair_of(id, NODE_NONE));
			json_object_set_new(entry, "container", json_true());
			entry_status(entry, STATUS_UNDECIDED);
			entry_notes(entry, node, NULL);
		}
		entry_reason(entry, "%s", node->notes[i].text);
	}
}

static void
tell_unaccounted(struct account *account, node_id id)
{
	struct comparison *comparison = &account->comparison;
	const struct node *node = tree_node(comparison->shipped, id);
	if (node->member.type == MEMBER_FOLDER) {
		if (node->member.has_mode && (node->member.mode & 07000) != 0) {
			char *path = tree_path(comparison->shipped, id);
			strings_addf(&account->remarks, "folder '%s' has mode %04o",
				     path, (unsigned)node->member.mode);
			free(path);
		}
		return;
	}
	json_t *entry = entry_new(comparison, pair_of(id, NODE_NONE));
	entry_status(entry, STATUS_UNACCOUNTED);
	entry_reason(entry, "a %s that is neither an output nor declared unbuilt",
		     member_type_name(node->member.type));
	entry_notes(entry, node, NULL);
	lones_add(&account->unfound, id, true, entry);
}

static int
walk(struct account *account, node_id id, struct err *err)
{
	struct tree *tree = account->comparison.shipped;
	struct claim claimed = {CLAIM_NONE, 0};
	if (id < account->claim_count)
		claimed = account->claims[id];
	switch (claimed.kind) {
	case CLAIM_OUTPUT:
		return tell_output(account, claimed.index, err);
	case CLAIM_UNBUILT:
		tell_unbuilt(account, claimed.index);
		return 0;
	case CLAIM_NONE:
		tell_unaccounted(account, id);
		return 0;
	case CLAIM_ON_THE_WAY:
		break;
	}
	if (tree_expand(tree, id, err) == -1)
		return -1;
	tell_way(account, id);
	for (node_id child = tree_node(tree, id)->first_child; child != NODE_NONE;
	     child = tree_node(tree, child)->next_sibling) {
		if (interrupt_check(err) == -1 || walk(account, child, err) == -1)
			return -1;
	}
	return 0;
}

/* ---- what the product lacks ------------------------------------------ */

/* What was not found is missing only where all could be seen. */
static void
tell_absent(struct account *account, const char *path, const char *reason)
{
	char *shown = text_shown(path);
	char *full = base_format("%s//%s", account->product, shown);
	if (account->hidden)
		entry_named(account->comparison.files, full, STATUS_UNDECIDED,
			    "not found in what could be read of the product");
	else
		entry_named(account->comparison.files, full, STATUS_MISSING, reason);
	free(full);
	free(shown);
}

/* What is named and was not met on the walk: not in the product, or inside of
 * something that is named as well. */
static int
tell_rest(struct account *account, struct err *err)
{
	const struct release *release = account->release;
	for (size_t i = 0; i < release->output_count; i++) {
		const struct named *named = &account->outputs[i];
		if (named->told || !is_ours(account, release->outputs[i].product))
			continue;
		if (named->node == NODE_NONE)
			tell_absent(account, release->outputs[i].shipped,
				    "an output that the product does not hold");
		else if (tell_output(account, i, err) == -1)
			return -1;
	}
	for (size_t i = 0; i < release->unbuilt_count; i++) {
		const struct named *named = &account->unbuilt[i];
		if (named->told || !is_ours(account, release->unbuilt[i].product))
			continue;
		if (named->node == NODE_NONE)
			tell_absent(
			    account, release->unbuilt[i].path,
			    "declared unbuilt, but the product does not hold it");
		else
			tell_unbuilt(account, i);
	}
	return 0;
}

static void
tell_remarks(struct account *account, size_t first)
{
	json_t *entry = json_array_get(account->comparison.files, first);
	for (size_t i = 0; entry != NULL && i < account->remarks.count; i++)
		entry_note(entry, NOTE_REMARK, 0, account->remarks.items[i]);
}

int
compare_release(const struct release *release, size_t product, struct tree *shipped,
		struct tree *rebuilt, const char *reason, json_t *files,
		struct err *err)
{
	struct account account = {.release = release,
				  .product = release->products[product].name,
				  .reason = reason};
	size_t first = json_array_size(files);
	comparison_init(&account.comparison, shipped, rebuilt, files);
	int result = comparison_except(&account.comparison, release, err);
	if (result == 0)
		result = find_named(&account, err);
	if (result == 0) {
		claim_all(&account);
		result = walk(&account, NODE_ROOT, err);
	}
	if (result == 0)
		result = tell_rest(&account, err);
	if (result == 0)
		result = lones_find_built(&account.comparison, &account.unfound, err);
	if (result == 0)
		tell_remarks(&account, first);
	free(account.outputs);
	free(account.unbuilt);
	free(account.claims);
	free(account.unfound.items);
	strings_free(&account.remarks);
	comparison_free(&account.comparison);
	return result;
}
