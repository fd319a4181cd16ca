/*
 * One thing compressed in two ways: names that differ in a compressor's suffix, and
 * files of which both sides are entered, so that what is compressed is compared and
 * not the compressor's work.
 */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names ----------------------------------------------------------- */

/* What compressors put behind a name, or make of its end. */
static const struct {
	const char *suffix, *instead;
} suffixes[] = {
    {".gz", ""},       {".xz", ""},       {".zst", ""},     {".bz2", ""},
    {".lz4", ""},      {".lzma", ""},     {".lz", ""},      {".zstd", ""},
    {".tgz", ".tar"},  {".txz", ".tar"},  {".tbz", ".tar"}, {".tbz2", ".tar"},
    {".tzst", ".tar"}, {".svgz", ".svg"}, {".emz", ".emf"}, {".wmz", ".wmf"},
};

/* The path of what a compressed file holds; NULL when the name promises none. */
static char *
stem_of(const char *path)
{
	size_t length = strlen(path);
	for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++) {
		size_t tail = strlen(suffixes[i].suffix);
		if (length <= tail || path[length - tail - 1] == '/' ||
		    strcasecmp(path + length - tail, suffixes[i].suffix) != 0)
			continue;
		char *stem = base_strndup(path, length - tail);
		char *whole = base_format("%s%s", stem, suffixes[i].instead);
		free(stem);
		return whole;
	}
	return NULL;
}

static bool
is_stream(const struct node *node)
{
	return node->format != NULL && node->format->compressor;
}

/* Call each stream by what it holds; returns the new names, in the children's order. */
static char **
stems_set(struct children *children)
{
	char **stems = base_alloc(children->count + 1, sizeof(*stems));
	for (size_t i = 0; i < children->count; i++) {
		struct child *child = &children->items[i];
		stems[i] = is_stream(child->node) ? stem_of(child->path) : NULL;
		if (stems[i] != NULL)
			child->path = stems[i];
	}
	return stems;
}

static void
stems_drop(char **stems, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(stems[i]);
	free(stems);
}

static void
names_restore(struct children *children)
{
	for (size_t i = 0; i < children->count; i++)
		children->items[i].path = children->items[i].node->member.path;
}

void
streams_meet(struct matching *matching)
{
	size_t shipped = matching->shipped.count, rebuilt = matching->rebuilt.count;
	char **shipped_stems = stems_set(&matching->shipped);
	char **rebuilt_stems = stems_set(&matching->rebuilt);
	/* equal names met before, so one of two that meet now is a stream */
	matching_meet(matching, child_order_paths, MET_BY_INNER);
	names_restore(&matching->shipped);
	names_restore(&matching->rebuilt);
	stems_drop(shipped_stems, shipped);
	stems_drop(rebuilt_stems, rebuilt);
}

/* ---- contents -------------------------------------------------------- */

/* What is to be compared of one side: the one content of a stream, or the file. */
static node_id
content_of(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	return is_stream(node) ? node->first_child : id;
}

static const char *
stream_name(const struct node *node)
{
	return is_stream(node) ? node->format->name : "none";
}

/* The two were compressed otherwise, or one was not. */
static void
tell_compressor(struct comparison *comparison, struct pair pair, struct pair content,
		json_t *entry)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	const struct node *one = tree_node(comparison->shipped, content.shipped);
	const struct node *other = tree_node(comparison->rebuilt, content.rebuilt);
	struct differences list = {0};
	struct difference told = {.kind = DIFFERENCE_STRUCTURE, .placed = true};
	told.range = (struct range){0, shipped->size, 0, rebuilt->size, rebuilt->size};
	if (shipped->size > rebuilt->size)
		told.range.differing = shipped->size;
	told.place = base_strdup("compressed bytes");
	told.field = base_strdup("compressor");
	told.shipped = base_strdup(stream_name(shipped));
	told.rebuilt = base_strdup(stream_name(rebuilt));
	if (one->size == other->size && sha256_equal(&one->sha256, &other->sha256)) {
		char hex[SHA256_HEX];
		sha256_hex(&one->sha256, hex);
		cause_equal(&told.cause, "compressor", "decompressed and compared",
			    "what is compressed is the same %ju bytes, SHA-256 %s",
			    (uintmax_t)one->size, hex);
	}
	differences_add(&list, &told);
	entry_differences(comparison, entry, &list, NULL, NULL);
	differences_free(&list);
}

/* Is a file that is no stream what the other side's stream holds? Its name or its
 * format says so. */
static bool
belong_together(const struct comparison *comparison, struct pair pair,
		struct pair content)
{
	const struct node *one, *other;
	if (content.shipped == NODE_NONE || content.rebuilt == NODE_NONE)
		return false;
	if (pair.met == MET_BY_INNER ||
	    (content.shipped != pair.shipped && content.rebuilt != pair.rebuilt))
		return true;
	one = tree_node(comparison->shipped, content.shipped);
	other = tree_node(comparison->rebuilt, content.rebuilt);
	return one->format != NULL && one->format == other->format;
}

bool
streams_differ(const struct comparison *comparison, struct pair pair)
{
	const struct node *shipped = tree_node(comparison->shipped, pair.shipped);
	const struct node *rebuilt = tree_node(comparison->rebuilt, pair.rebuilt);
	return shipped->member.type == MEMBER_FILE &&
	       rebuilt->member.type == MEMBER_FILE &&
	       shipped->format != rebuilt->format &&
	       (is_stream(shipped) || is_stream(rebuilt));
}

int
streams_enter(struct comparison *comparison, struct pair pair, struct pair *content,
	      bool *together, struct err *err)
{
	bool shipped = is_stream(tree_node(comparison->shipped, pair.shipped));
	bool rebuilt = is_stream(tree_node(comparison->rebuilt, pair.rebuilt));
	int result;
	if (shipped && rebuilt)
		result = containers_enter(comparison, pair, err);
	else if (shipped)
		result = tree_expand(comparison->shipped, pair.shipped, err);
	else
		result = tree_expand(comparison->rebuilt, pair.rebuilt, err);
	if (result == -1)
		return -1;
	*content = pair_of(content_of(comparison->shipped, pair.shipped),
			   content_of(comparison->rebuilt, pair.rebuilt));
	*together = belong_together(comparison, pair, *content);
	return 0;
}

int
streams_compare(struct comparison *comparison, struct pair pair, json_t *entry,
		bool *compared, struct err *err)
{
	enum file_status status;
	struct pair content;
	if (streams_enter(comparison, pair, &content, compared, err) == -1)
		return -1;
	if (!*compared)
		return 0;
	json_object_set_new(entry, "container", json_true());
	if (compare_pair(comparison, content, &status, err) == -1)
		return -1;
	entry_unread(comparison, pair, entry);
	entry_notes(entry, tree_node(comparison->shipped, pair.shipped),
		    tree_node(comparison->rebuilt, pair.rebuilt));
	tell_compressor(comparison, pair, content, entry);
	return 0;
}
