/*
 * The product as a tree: nested <details>, one for each folder and container of the
 * member paths, with the statuses below it counted in words.
 */
#include "report/html_private.h"

#include <stdlib.h>

enum {
	LEAVES_SHOWN = 4000,
	ROOTS_MOST = 100, /* first files, among which the roots are */
	DEPTH_MOST = 20,  /* what is deeper keeps its slashes in its name */
	IN_FOLDER = '\1',
	IN_CONTAINER = '\2',
};

/* A file by its path with the separators as control characters, so that sorting the
 * keys as strings brings together what shares a folder. */
struct leaf {
	char *key;
	const json_t *file; /* NULL: one of a pack */
	size_t index;       /* among all entries */
	uint64_t size;      /* of one of a pack, and its digest */
	struct sha256 sha256;
	bool shown;
};

struct tree_view {
	struct html *page;
	struct leaf *leaves;
	size_t count;
};

static char *
leaf_key(const char *path)
{
	struct buf key = {0};
	size_t depth = 0;
	buf_append(&key, "", 0);
	while (*path != '\0') {
		size_t length = strcspn(path, "/");
		bool deep = depth >= DEPTH_MOST;
		if (deep)
			length = strlen(path);
		bool container =
		    !deep && path[length] == '/' && path[length + 1] == '/';
		bool dot = length == 1 && path[0] == '.';
		for (size_t i = 0; i < length && !dot; i++) {
			bool is_separator =
			    path[i] == IN_FOLDER || path[i] == IN_CONTAINER;
			buf_append(&key, is_separator ? "?" : path + i, 1);
		}
		path += length;
		if (*path != '/')
			break;
		if (container || (length > 0 && !dot)) {
			buf_append(&key,
				   (const char[]){container ? IN_CONTAINER : IN_FOLDER},
				   1);
			depth++;
		}
		path += container ? 2 : 1;
	}
	if (key.size > 0 && key.data[key.size - 1] == IN_FOLDER)
		key.data[--key.size] = '\0'; /* the folder itself */
	return buf_take(&key);
}

static int
leaf_order(const void *a, const void *b)
{
	const struct leaf *one = a, *other = b;
	int order = strcmp(one->key, other->key);
	if (order != 0)
		return order;
	return one->index < other->index ? -1 : one->index > other->index;
}

static bool
leaf_is_told(const struct leaf *leaf)
{
	return leaf->file != NULL && html_file_is_told(leaf->file);
}

/* What has an article is in the tree first; of the rest as many as fit. */
static void
choose_leaves(struct tree_view *view)
{
	size_t shown = 0;
	for (int told = 1; told >= 0; told--) {
		for (size_t i = 0; i < view->count && shown < LEAVES_SHOWN; i++) {
			struct leaf *leaf = &view->leaves[i];
			if (leaf->shown || leaf_is_told(leaf) != (told == 1))
				continue;
			leaf->shown = true;
			shown++;
		}
	}
}

static size_t
count_shown(const struct tree_view *view, size_t from, size_t end)
{
	size_t shown = 0;
	for (size_t i = from; i < end; i++)
		shown += view->leaves[i].shown;
	return shown;
}

static const char *
leaf_status(const struct leaf *leaf)
{
	if (leaf->file == NULL)
		return file_status_name(STATUS_IDENTICAL);
	return finding_string_or(leaf->file, "status", "undecided");
}

/* Files of each status in a part of the tree; the last one counts unknown words. */
static void
tally(const struct tree_view *view, size_t from, size_t end, size_t counts[])
{
	for (size_t i = from; i < end; i++) {
		size_t at = 0;
		while (at < words_status_count &&
		       strcmp(words_statuses[at], leaf_status(&view->leaves[i])) != 0)
			at++;
		counts[at]++;
	}
}

static void
write_tally(struct html *page, const size_t counts[])
{
	const char *comma = "";
	html_raw(page, "<span class=\"tally\">");
	for (size_t i = 0; i <= words_status_count; i++) {
		const char *word = i < words_status_count ? words_statuses[i] : "other";
		if (counts[i] == 0)
			continue;
		buf_printf(page->out, "%s<span class=\"%s\">%zu %s</span>", comma,
			   html_tone(words_tone(word)), counts[i], word);
		comma = ", ";
	}
	html_raw(page, "</span>");
}

/* The class names by which the filters find a folder. */
static void
write_folder_class(struct html *page, const size_t counts[])
{
	html_raw(page, "<li class=\"folder");
	for (size_t i = 0; i <= words_status_count; i++) {
		if (counts[i] > 0)
			buf_printf(page->out, " h-%s",
				   i < words_status_count ? words_statuses[i]
							  : "other");
	}
	html_raw(page, "\">");
}

/* Hash and reason of a file that has no article. */
static void
write_plain_leaf(struct html *page, const struct leaf *leaf, const char *name)
{
	const json_t *side = json_object_get(leaf->file, "shipped");
	const char *reason = finding_string(leaf->file, "reason");
	const char *sha256 = finding_string(side, "sha256");
	char size[32], digits[SHA256_HEX];
	if (leaf->file == NULL) {
		sha256_hex(&leaf->sha256, digits);
		sha256 = digits;
	}
	html_raw(page, "<details><summary>");
	html_word(page, leaf_status(leaf));
	html_raw(page, " ");
	html_element(page, "code", name);
	if (leaf->file == NULL || json_is_integer(json_object_get(side, "size"))) {
		text_size(leaf->file ? finding_number(side, "size") : leaf->size, size);
		html_format(page, "small", " %s", size);
	}
	html_raw(page, "</summary>");
	if (reason != NULL)
		html_element(page, "p", reason);
	if (sha256 != NULL) {
		html_raw(page, "<p>SHA-256 ");
		html_element(page, "code", sha256);
		html_raw(page, "</p>");
	}
	html_raw(page, "</details>");
}

static void
write_told_leaf(struct html *page, const struct leaf *leaf, const char *name)
{
	uint64_t count = finding_number(leaf->file, "difference_count");
	html_raw(page, "<p>");
	html_word(page, leaf_status(leaf));
	buf_printf(page->out, " <a href=\"#f%zu\">", leaf->index);
	html_element(page, "code", name);
	html_raw(page, "</a>");
	if (count > 0)
		html_format(page, "small", " %ju difference%s", (uintmax_t)count,
			    count == 1 ? "" : "s");
	html_raw(page, "</p>");
}

static void
write_leaf(struct html *page, const struct leaf *leaf, const char *name)
{
	buf_printf(page->out, "<li class=\"leaf s-%s\">",
		   html_status_class(leaf_status(leaf)));
	if (*name == '\0')
		name = "(content)";
	if (page->articles[leaf->index])
		write_told_leaf(page, leaf, name);
	else
		write_plain_leaf(page, leaf, name);
	html_raw(page, "</li>\n");
}

static void write_level(struct tree_view *view, size_t from, size_t end, size_t at);

/* Bytes of the name that all of [from, end) have at `at`: one folder, or several
 * that have nothing beside each other. */
static size_t
shared_name(const struct tree_view *view, size_t from, size_t end, size_t at)
{
	const char *first = view->leaves[from].key + at;
	const char *last = view->leaves[end - 1].key + at;
	size_t length = strcspn(first, "\1\2") + 1;
	while (first[length - 1] == IN_FOLDER) {
		size_t next = length + strcspn(first + length, "\1\2");
		if (first[next] != IN_FOLDER || strncmp(first, last, next + 1) != 0)
			break;
		length = next + 1;
	}
	return length;
}

/* One folder or container, [from, end) of the leaves; the first may be its own. */
static void
write_folder(struct tree_view *view, size_t from, size_t end, size_t at, bool own)
{
	struct html *page = view->page;
	size_t *counts = base_alloc(words_status_count + 1, sizeof(*counts));
	size_t inside = from + own, open = 0;
	size_t length = shared_name(view, inside, end, at);
	char *name = base_strndup(view->leaves[inside].key + at, length);
	tally(view, from, end, counts);
	for (size_t i = from; i < end; i++)
		open += leaf_is_told(&view->leaves[i]);
	write_folder_class(page, counts);
	buf_printf(page->out, "<details%s><summary>", open > 0 ? " open" : "");
	for (size_t i = 0; i < length; i++) {
		if (name[i] == IN_FOLDER)
			name[i] = '/';
	}
	bool container = name[length - 1] == IN_CONTAINER;
	if (container)
		name[length - 1] = '\0';
	html_element(page, container ? "b class=\"name box\"" : "b class=\"name\"",
		     *name ? name : "(content)");
	html_raw(page, " ");
	write_tally(page, counts);
	html_raw(page, "</summary>\n<ul>\n");
	if (own && view->leaves[from].shown)
		write_leaf(page, &view->leaves[from], "(the container itself)");
	write_level(view, inside, end, at + length);
	html_raw(page, "</ul></details></li>\n");
	free(name);
	free(counts);
}

/* What [from, end) has below the `at` bytes that their keys share. */
static void
write_level(struct tree_view *view, size_t from, size_t end, size_t at)
{
	size_t hidden = 0;
	while (from < end) {
		const char *rest = view->leaves[from].key + at;
		size_t length = strcspn(rest, "\1\2"), next = from + 1;
		bool leaf = rest[length] == '\0', own = false;
		if (leaf && next < end && length > 0) {
			const char *other = view->leaves[next].key + at;
			own = strncmp(other, rest, length) == 0 &&
			      other[length] == IN_CONTAINER;
		}
		if (!leaf || own) {
			const char *name = view->leaves[from + own].key;
			while (next < end && strncmp(view->leaves[next].key, name,
						     at + length + 1) == 0)
				next++;
		}
		size_t shown = count_shown(view, from, next);
		if (shown == 0 || !html_room(view->page))
			hidden += next - from;
		else if (!leaf || own)
			write_folder(view, from, next, at, own);
		else
			write_leaf(view->page, &view->leaves[from], rest);
		from = next;
	}
	html_cut(view->page, "li class=\"cut\"", hidden, 0, "files here");
}

/* The path at which a file stands in the product: of one that is only on the rebuilt
 * side, below the shipped file whose rebuilt side it is in. A new string. */
static char *
path_in_product(const json_t *findings, const json_t *file)
{
	const char *path = finding_string_or(file, "path", "(no path)");
	const char *inside = strstr(path, "//");
	size_t length = inside ? (size_t)(inside - path) : 0;
	if (inside == NULL || json_is_object(json_object_get(file, "shipped")))
		return base_strdup(path);
	for (size_t i = 0; i < ROOTS_MOST; i++) {
		const json_t *root = finding_at(findings, "files", i);
		const char *built = finding_string(root, "built");
		if (built != NULL && strncmp(built, path, length) == 0 &&
		    built[length] == '\0')
			return base_format("%s%s", finding_string_or(root, "path", ""),
					   inside);
	}
	return base_strdup(path);
}

/* The leaves of one element of "files". */
static void
add_leaves(struct tree_view *view, const json_t *file)
{
	struct pack_walk walk;
	pack_open(&walk, file);
	while (pack_next(&walk)) {
		view->leaves[view->count] = (struct leaf){
		    .key = leaf_key(walk.one.path.data),
		    .index = view->count,
		    .size = walk.one.size,
		    .sha256 = walk.one.sha256,
		};
		view->count++;
	}
	pack_close(&walk);
	if (is_pack(file))
		return;
	char *path = path_in_product(view->page->findings, file);
	view->leaves[view->count] =
	    (struct leaf){.key = leaf_key(path), .file = file, .index = view->count};
	view->count++;
	free(path);
}

void
html_tree(struct html *page)
{
	const json_t *findings = page->findings;
	struct tree_view view = {.page = page};
	size_t count = finding_files(findings);
	if (count == 0)
		return;
	view.leaves = base_alloc(count, sizeof(*view.leaves));
	for (size_t i = 0; i < finding_length(findings, "files"); i++)
		add_leaves(&view, finding_at(findings, "files", i));
	qsort(view.leaves, view.count, sizeof(*view.leaves), leaf_order);
	choose_leaves(&view);
	html_raw(page, "<ul class=\"tree\">\n");
	write_level(&view, 0, view.count, 0);
	html_raw(page, "</ul>\n");
	for (size_t i = 0; i < view.count; i++)
		free(view.leaves[i].key);
	free(view.leaves);
}
