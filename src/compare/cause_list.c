/*
 * Lists of digests that a product carries: md5sums of a .deb, RECORD of a wheel,
 * MANIFEST.MF of a jar, SHA256SUMS. A line that differs follows from the file that it
 * names when the digest in it is that file's, on each side. The lists are never asked
 * whether something is equal.
 */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINES_MOST = 200,    /* of one difference */
	LOOKUPS_MOST = 5000, /* names looked up in one document */
	ANCESTORS_MOST = 8,
	PATH_MOST = 4096,
};

/* One line of a list: which file has which digest. */
struct entry {
	char *path; /* raw bytes */
	const char *algorithm;
	uint8_t digest[HASH_MOST];
	size_t size;
};

static void
entry_clear(struct entry *entry)
{
	free(entry->path);
	*entry = (struct entry){0};
}

/* ---- lines ----------------------------------------------------------- */

static const char *
algorithm_by_size(size_t size)
{
	return size == 16   ? "MD5"
	       : size == 20 ? "SHA1"
	       : size == 32 ? "SHA256"
	       : size == 48 ? "SHA384"
	       : size == 64 ? "SHA512"
			    : NULL;
}

/* "DIGEST  PATH" or "DIGEST *PATH", as the sum programs of coreutils write it. */
static bool
parse_sums(const char *line, struct entry *entry)
{
	size_t digits = strspn(line, "0123456789abcdefABCDEF");
	if (digits % 2 != 0 || line[digits] != ' ' ||
	    (line[digits + 1] != ' ' && line[digits + 1] != '*') ||
	    line[digits + 2] == '\0' || digits / 2 > HASH_MOST)
		return false;
	entry->size = digits / 2;
	entry->algorithm = algorithm_by_size(entry->size);
	char *hex = base_strndup(line, digits);
	bool parsed = entry->algorithm != NULL &&
		      hex_decode(hex, false, entry->digest, entry->size) == 0;
	free(hex);
	if (parsed)
		entry->path = base_strdup(line + digits + 2);
	return parsed;
}

/* Base64 of either alphabet, padded or not (RFC 4648), of exactly `size` bytes. */
static bool
parse_base64(const char *text, size_t length, uint8_t *bytes, size_t size)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t bits = 0;
	unsigned count = 0;
	size_t out = 0;
	while (length > 0 && text[length - 1] == '=')
		length--;
	for (size_t i = 0; i < length; i++) {
		char c = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
		const char *at = c != '\0' ? strchr(digits, c) : NULL;
		if (at == NULL)
			return false;
		bits = bits << 6 | (uint32_t)(at - digits);
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		if (out == size)
			return false;
		bytes[out++] = (uint8_t)(bits >> count);
	}
	return out == size;
}

static const struct {
	const char *record, *manifest; /* how RECORD and MANIFEST.MF call it */
	const char *algorithm;
	size_t size;
} spelled[] = {
    {"md5=", "MD5-Digest: ", "MD5", 16},
    {"sha1=", "SHA1-Digest: ", "SHA1", 20},
    {"sha256=", "SHA-256-Digest: ", "SHA256", 32},
    {"sha384=", "SHA-384-Digest: ", "SHA384", 48},
    {"sha512=", "SHA-512-Digest: ", "SHA512", 64},
};

/* "PATH,sha256=DIGEST,SIZE" of a wheel's RECORD (PEP 376). */
static bool
parse_record(const char *line, struct entry *entry)
{
	const char *comma = strchr(line, ',');
	if (comma == NULL || line[0] == '"')
		return false;
	const char *value = comma + 1;
	for (size_t i = 0; i < ARRAY_COUNT(spelled); i++) {
		size_t prefix = strlen(spelled[i].record);
		if (strncmp(value, spelled[i].record, prefix) != 0 ||
		    !parse_base64(value + prefix, strcspn(value + prefix, ","),
				  entry->digest, spelled[i].size))
			continue;
		entry->algorithm = spelled[i].algorithm;
		entry->size = spelled[i].size;
		entry->path = base_strndup(line, (size_t)(comma - line));
		return true;
	}
	return false;
}

/* "SHA-256-Digest: DIGEST" of a jar's manifest; `name` is the section's name. */
static bool
parse_manifest(const char *line, const char *name, struct entry *entry)
{
	for (size_t i = 0; i < ARRAY_COUNT(spelled) && name != NULL; i++) {
		size_t prefix = strlen(spelled[i].manifest);
		if (strncmp(line, spelled[i].manifest, prefix) != 0 ||
		    !parse_base64(line + prefix, strlen(line + prefix), entry->digest,
				  spelled[i].size))
			continue;
		entry->algorithm = spelled[i].algorithm;
		entry->size = spelled[i].size;
		entry->path = base_strdup(name);
		return true;
	}
	return false;
}

/* "SHA-256-Digest-Manifest: DIGEST" of a jar's signature file: of the whole manifest
 * (JAR File Specification, "Signature File"). */
static bool
parse_signature_file(const char *line, struct entry *entry)
{
	static const char word[] = "-Digest-Manifest: ";
	const char *at = strstr(line, word);
	if (at == NULL)
		return false;
	char *of_name = base_format("%.*s-Digest: %s", (int)(at - line), line,
				    at + sizeof(word) - 1);
	bool parsed = parse_manifest(of_name, "META-INF/MANIFEST.MF", entry);
	free(of_name);
	return parsed;
}

/* A line without its end, as a string; NULL when it is too long or has a NUL. */
static char *
line_string(const struct scene_side *side, size_t line)
{
	struct view part;
	uint64_t start = side->lines->starts[line];
	if (view_sub(&side->view, start, side->lines->starts[line + 1] - start,
		     &part) == -1 ||
	    part.size > PATH_MOST)
		return NULL;
	while (part.size > 0 &&
	       (part.data[part.size - 1] == '\n' || part.data[part.size - 1] == '\r'))
		part.size--;
	if (part.size > 0 && memchr(part.data, '\0', (size_t)part.size) != NULL)
		return NULL;
	return base_strndup((const char *)part.data, (size_t)part.size);
}

/* The name of the manifest's section that holds the line: "Name: " before it, on one
 * line or continued on the next (which begins with a blank). */
static char *
section_name(const struct scene_side *side, size_t line)
{
	struct buf rest = {0};
	for (size_t back = 1; back <= line && back < 16; back++) {
		char *text = line_string(side, line - back);
		bool named = text != NULL && strncmp(text, "Name: ", 6) == 0;
		if (text == NULL || *text == '\0') {
			free(text);
			break;
		}
		if (named || text[0] == ' ') {
			struct buf joined = {0};
			buf_printf(&joined, "%s%s", text + (named ? 6 : 1),
				   rest.data ? rest.data : "");
			buf_free(&rest);
			rest = joined;
		} else {
			buf_clear(&rest);
		}
		free(text);
		if (named)
			return buf_take(&rest);
	}
	buf_free(&rest);
	return NULL;
}

static bool
parse_line(const struct scene_side *side, size_t line, struct entry *entry)
{
	char *text = line_string(side, line);
	bool parsed =
	    text != NULL && (parse_sums(text, entry) || parse_record(text, entry) ||
			     parse_signature_file(text, entry));
	if (text != NULL && !parsed) {
		char *name = section_name(side, line);
		parsed = parse_manifest(text, name, entry);
		free(name);
	}
	free(text);
	return parsed;
}

/* ---- the file that a line names -------------------------------------- */

static const char *
plain(const char *path)
{
	while (strncmp(path, "./", 2) == 0)
		path += 2;
	return path;
}

/* Go through compressed streams to what they hold. */
static node_id
enter_streams(struct tree *tree, node_id id)
{
	struct err ignored = {0};
	for (unsigned depth = 0; depth < 4; depth++) {
		const struct node *node = tree_node(tree, id);
		if (node->format == NULL || !node->format->compressor)
			break;
		if (!node->expanded && tree_expand(tree, id, &ignored) == -1)
			break;
		node = tree_node(tree, id);
		if (node->first_child == NODE_NONE)
			break;
		id = node->first_child;
	}
	return id;
}

/* The member of that path in a container or below a folder; NODE_NONE for none. */
static node_id
find_below(struct tree *tree, node_id container, const char *path)
{
	struct err ignored = {0};
	if (!tree_node(tree, container)->expanded &&
	    tree_expand(tree, container, &ignored) == -1)
		return NODE_NONE;
	for (node_id id = tree_node(tree, container)->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling) {
		const struct node *node = tree_node(tree, id);
		if (node->member.type == MEMBER_FILE &&
		    strcmp(plain(node->member.path), path) == 0)
			return id;
	}
	return NODE_NONE;
}

/* The data archive beside a .deb's control archive; NODE_NONE for none. */
static node_id
find_data(struct tree *tree, node_id container)
{
	const struct node *node = tree_node(tree, container);
	if (node->format == NULL || strcmp(node->format->name, "deb") != 0)
		return NODE_NONE;
	for (node_id id = node->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling) {
		if (strncmp(tree_node(tree, id)->member.path, "data.tar", 8) == 0)
			return enter_streams(tree, id);
	}
	return NODE_NONE;
}

/* The path as the folder of the list has it; as it is when the list has no folder. */
static char *
beside(const struct node *list, const char *path)
{
	char *dir = path_dir(plain(list->member.path));
	char *joined = path_join(dir, path);
	free(dir);
	return joined;
}

node_id
cause_find_file(struct tree *tree, node_id list, const char *path)
{
	path = plain(path);
	char *near = beside(tree_node(tree, list), path);
	node_id found = NODE_NONE, at = tree_node(tree, list)->parent;
	for (unsigned i = 0; i < ANCESTORS_MOST && at != NODE_NONE; i++) {
		if (i == 0)
			found = find_below(tree, at, near);
		if (found == NODE_NONE)
			found = find_below(tree, at, path);
		node_id data = found == NODE_NONE ? find_data(tree, at) : NODE_NONE;
		if (data != NODE_NONE)
			found = find_below(tree, data, path);
		if (found != NODE_NONE)
			break;
		at = tree_node(tree, at)->parent;
	}
	free(near);
	return found;
}

/* ---- the proof ------------------------------------------------------- */

static bool
digest_fits(const struct scene_side *side, node_id node, const struct entry *entry)
{
	struct mapping mapping;
	struct err ignored = {0};
	uint8_t digest[HASH_MOST];
	if (!node_is_whole(side->tree, node) ||
	    tree_map(side->tree, node, &mapping, &ignored) == -1)
		return false;
	size_t size = hash_of(entry->algorithm, mapping.view.data,
			      (size_t)mapping.view.size, digest);
	mapping_close(&mapping);
	return size == entry->size && memcmp(digest, entry->digest, size) == 0;
}

/* Is the line's digest that of the file it names, on this side? */
static bool
line_is_right(struct scene *scene, size_t which, size_t line, struct entry *entry,
	      node_id *node)
{
	struct scene_side *side = &scene->sides[which];
	if (scene->comparison->lookups >= LOOKUPS_MOST ||
	    !parse_line(side, line, entry))
		return false;
	scene->comparison->lookups++;
	*node = cause_find_file(side->tree, side->node, entry->path);
	return *node != NODE_NONE && digest_fits(side, *node, entry);
}

/* One pair of lines: right on both sides, for a file of one name. */
static bool
pair_is_right(struct scene *scene, size_t shipped_line, size_t rebuilt_line,
	      struct cause *cause)
{
	struct entry shipped = {0}, rebuilt = {0};
	node_id one = NODE_NONE, other = NODE_NONE;
	bool right = line_is_right(scene, 0, shipped_line, &shipped, &one) &&
		     line_is_right(scene, 1, rebuilt_line, &rebuilt, &other) &&
		     strcmp(shipped.path, rebuilt.path) == 0 &&
		     strcmp(shipped.algorithm, rebuilt.algorithm) == 0;
	if (right && cause->proof == NULL) {
		cause->source = one;
		cause->follows_from = tree_path(scene->sides[0].tree, one);
		cause->proof = base_format(
		    "%s of the named file computed on each side: both lines are right",
		    shipped.algorithm);
	}
	entry_clear(&shipped);
	entry_clear(&rebuilt);
	return right;
}

/* The lines of a difference on one side. */
static void
lines_of(const struct scene *scene, size_t side, const struct difference *one,
	 size_t *first, size_t *count)
{
	const struct lines *lines = scene->sides[side].lines;
	uint64_t offset = difference_offset(one, side);
	*first = lines_find(lines, offset);
	*count =
	    lines_find(lines, offset + difference_length(one, side) - 1) - *first + 1;
}

bool
cause_list(struct scene *scene, struct difference *one)
{
	size_t first[2], count[2];
	struct cause cause = {.source = NODE_NONE};
	bool right = true;
	if (scene->sides[0].lines == NULL || scene->sides[1].lines == NULL ||
	    scene->sides[0].tree == NULL || scene->sides[1].tree == NULL ||
	    difference_length(one, 0) == 0 || difference_length(one, 1) == 0)
		return false;
	lines_of(scene, 0, one, &first[0], &count[0]);
	lines_of(scene, 1, one, &first[1], &count[1]);
	if (count[0] != count[1] || count[0] > LINES_MOST)
		return false;
	for (size_t i = 0; i < count[0] && right; i++)
		right = pair_is_right(scene, first[0] + i, first[1] + i, &cause);
	/* several files: none of them alone may excuse the lines */
	if (right && cause_say(one, CAUSE_DERIVED, "digest list",
			       count[0] == 1 ? "the digest of a file that differs"
					     : "the digests of files that differ")) {
		one->cause.proved = one->cause.listed = true;
		one->cause.proof = cause.proof;
		one->cause.follows_from = cause.follows_from;
		one->cause.source = count[0] == 1 ? cause.source : NODE_NONE;
		return true;
	}
	free(cause.proof);
	free(cause.follows_from);
	return false;
}
