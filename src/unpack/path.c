/*
 * Member paths: names of nodes for people and descriptions.
 *
 * Full: every node from the root with "//" between container and member. The
 * content of a compressed stream has no name: alone it is "changelog.gz//", and
 * what is in it follows directly, "data.tar.xz//./usr/lib/x".
 * Short: plain names, and in a .deb "usr/…" and "DEBIAN/…" for what is in the data and
 * the control archive.
 */
#include "unpack/unpack_private.h"

/* The nodes from below the root down to `id`. */
struct chain {
	node_id *ids;
	size_t count;
};

static void
chain_make(struct chain *chain, const struct tree *tree, node_id id)
{
	size_t count = 0;
	for (node_id at = id; at != NODE_ROOT; at = tree_node(tree, at)->parent)
		count++;
	chain->count = count;
	chain->ids = base_alloc(count + 1, sizeof(*chain->ids));
	for (node_id at = id; at != NODE_ROOT; at = tree_node(tree, at)->parent)
		chain->ids[--count] = at;
}

static bool
is_folder_root(const struct tree *tree, node_id id)
{
	return id == NODE_ROOT && tree_node(tree, id)->member.type == MEMBER_FOLDER;
}

/* What stands between a node and the one above it. */
static const char *
separator(const struct tree *tree, node_id id)
{
	node_id parent = tree_node(tree, id)->parent;
	if (is_folder_root(tree, parent))
		return "/";
	if (tree_is_anonymous(tree, parent) && !tree_is_anonymous(tree, id))
		return "";
	return "//";
}

char *
tree_path(const struct tree *tree, node_id id)
{
	struct chain chain;
	struct buf out = {0};
	chain_make(&chain, tree, id);
	text_show(&out, tree->name, strlen(tree->name));
	for (size_t i = 0; i < chain.count; i++) {
		const char *path = tree_node(tree, chain.ids[i])->member.path;
		const char *between = separator(tree, chain.ids[i]);
		if (out.size > 0 &&
		    !(strcmp(between, "/") == 0 && out.data[out.size - 1] == '/'))
			buf_puts(&out, between);
		text_show(&out, path, strlen(path));
	}
	buf_puts(&out, "");
	free(chain.ids);
	return buf_take(&out);
}

/* The .deb's archive "control.tar*" or "data.tar*": the first of that name. */
static node_id
deb_archive(const struct tree *tree, node_id deb, const char *stem)
{
	size_t length = strlen(stem);
	node_id id = tree_node(tree, deb)->first_child;
	for (; id != NODE_NONE; id = tree_node(tree, id)->next_sibling) {
		const char *name = tree_node(tree, id)->member.path;
		if (strncmp(name, stem, length) == 0 &&
		    (name[length] == '\0' || name[length] == '.'))
			return id;
	}
	return NODE_NONE;
}

static bool
is_deb(const struct tree *tree, node_id id)
{
	const struct format *format = tree_node(tree, id)->format;
	return format != NULL && strcmp(format->name, "deb") == 0;
}

/* When the chain's link `at` is an archive of a .deb that the short path passes
 * over, how many links to skip, and what to put in their place. */
static size_t
deb_shortcut(const struct tree *tree, const struct chain *chain, size_t at,
	     const char **instead)
{
	node_id id = chain->ids[at], deb = tree_node(tree, id)->parent;
	size_t next = at + 1;
	if (!is_deb(tree, deb))
		return 0;
	while (next < chain->count && tree_is_anonymous(tree, chain->ids[next]))
		next++;
	if (next == chain->count)
		return 0;
	const char *plain = tree_entry(tree, chain->ids[next])->plain;
	if (id == deb_archive(tree, deb, "control.tar")) {
		*instead = "DEBIAN/";
		return next - at;
	}
	/* a data archive with a folder DEBIAN must not pass for the control archive */
	if (id == deb_archive(tree, deb, "data.tar") &&
	    strncmp(plain, "DEBIAN/", 7) != 0 && strcmp(plain, "DEBIAN") != 0) {
		*instead = "";
		return next - at;
	}
	return 0;
}

char *
tree_short_path(const struct tree *tree, node_id id)
{
	struct chain chain;
	struct buf out = {0};
	const char *between = "";
	chain_make(&chain, tree, id);
	for (size_t i = 0; i < chain.count; i++) {
		const char *instead = "";
		if (i > 0)
			between = separator(tree, chain.ids[i]);
		if (i == 0 && tree_is_anonymous(tree, chain.ids[i]))
			between = chain.count > 1 ? "" : "//";
		buf_puts(&out, between);
		size_t skip = deb_shortcut(tree, &chain, i, &instead);
		i += skip;
		buf_puts(&out, instead);
		const char *plain = tree_entry(tree, chain.ids[i])->plain;
		bool anonymous = tree_is_anonymous(tree, chain.ids[i]);
		if (*plain == '\0' && !anonymous)
			plain = ".";
		text_show(&out, plain, strlen(plain));
	}
	if (chain.count == 0)
		buf_puts(&out, ".");
	free(chain.ids);
	return buf_take(&out);
}

/* ---- finding --------------------------------------------------------- */

static int find_in(struct tree *tree, node_id container, const char *path,
		   node_id *found, struct err *err);

/* Does `path` begin with the whole of `name`, and then end or enter it? */
static bool
begins_with(const char *path, const char *name, const char **rest)
{
	size_t length = strlen(name);
	if (length == 0 || strncmp(path, name, length) != 0)
		return false;
	*rest = path + length;
	return **rest == '\0' || strncmp(*rest, "//", 2) == 0 ||
	       strcmp(*rest, "/") == 0;
}

/* Try one member: it is what `path` names, or holds it. */
static int
find_at(struct tree *tree, node_id child, const char *path, node_id *found,
	struct err *err)
{
	const struct entry *entry = tree_entry(tree, child);
	const char *rest;
	if (*entry->plain == '\0' && (*path == '\0' || strcmp(path, ".") == 0)) {
		*found = child;
		return 0;
	}
	if (!begins_with(path, entry->plain, &rest) &&
	    !begins_with(path, entry->node.member.path, &rest))
		return 0;
	if (*rest == '\0' || strcmp(rest, "/") == 0) {
		*found = child;
		return 0;
	}
	return find_in(tree, child, rest + 2, found, err);
}

/* The content of a compressed stream: nothing is left of the path, or it goes on
 * inside. */
static int
find_in_stream(struct tree *tree, node_id content, const char *path, node_id *found,
	       struct err *err)
{
	if (*path == '\0') {
		*found = content;
		return 0;
	}
	if (strncmp(path, "//", 2) == 0 && path[2] == '\0')
		path += 2;
	return find_in(tree, content, path, found, err);
}

static int
find_in_deb(struct tree *tree, node_id deb, const char *path, node_id *found,
	    struct err *err)
{
	bool control = strncmp(path, "DEBIAN/", 7) == 0;
	node_id archive = deb_archive(tree, deb, control ? "control.tar" : "data.tar");
	if (archive == NODE_NONE || *path == '\0')
		return 0;
	return find_in(tree, archive, control ? path + 7 : path, found, err);
}

static int
find_in(struct tree *tree, node_id container, const char *path, node_id *found,
	struct err *err)
{
	if (tree_expand(tree, container, err) == -1)
		return -1;
	const struct node *node = tree_node(tree, container);
	node_id child = node->first_child;
	if (child != NODE_NONE && tree_is_anonymous(tree, child))
		return find_in_stream(tree, child, path, found, err);
	while (path[0] == '/' || (path[0] == '.' && path[1] == '/'))
		path += path[0] == '/' ? 1 : 2;
	if (is_deb(tree, container) &&
	    (find_in_deb(tree, container, path, found, err) == -1))
		return -1;
	for (; *found == NODE_NONE && child != NODE_NONE;
	     child = tree_node(tree, child)->next_sibling) {
		if (find_at(tree, child, path, found, err) == -1)
			return -1;
	}
	return 0;
}

int
tree_find(struct tree *tree, const char *path, node_id *id, struct err *err)
{
	struct buf raw = {0};
	node_id found = NODE_NONE;
	int result = 0;
	if (text_unshow(path, &raw) == -1) {
		buf_free(&raw);
		*id = NODE_NONE;
		return 0;
	}
	buf_puts(&raw, "");
	if (strcmp(raw.data, ".") == 0)
		found = NODE_ROOT;
	else if (strlen(raw.data) == raw.size)
		result = find_in(tree, NODE_ROOT, raw.data, &found, err);
	if (result == 0)
		*id = found;
	buf_free(&raw);
	return result;
}
