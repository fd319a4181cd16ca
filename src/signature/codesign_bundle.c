/*
 * Bundles: what a program's code signature names and that lies beside it. Its
 * Info.plist and the list CodeResources are named by their digests in the code
 * directory; the list has those of the other files.
 *
 *     App.app/Contents: MacOS/PROGRAM, Info.plist, _CodeSignature/CodeResources, …
 *     App.app: PROGRAM, Info.plist, _CodeSignature/CodeResources, …
 */
#include "signature/codesign_private.h"

enum {
	NAMED_MOST = 4, /* files told by name */
	RESOURCES_MOST = 1 << 18,
};

/* A program's folder in a tree, and what is found there against one entry. */
struct bundle {
	struct tree *tree;
	const struct sums_file *files; /* of the whole container, by name */
	size_t count;
	bool *listed; /* of these, which ones the signature covers */
	char *folder; /* "App.app/Contents/" */
	json_t *entry;
	struct judgement found;
	struct strings absent, different;
	uint64_t same, uncompared;
};

/* ---- files ------------------------------------------------------------------ */

static const struct sums_file *
find_file(struct bundle *bundle, const char *name)
{
	char *path = base_format("%s%s", bundle->folder, name);
	size_t low = 0, high = bundle->count;
	const struct sums_file *found = NULL;
	while (low < high && found == NULL) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(path, bundle->files[middle].name);
		if (order < 0)
			high = middle;
		else if (order > 0)
			low = middle + 1;
		else
			found = &bundle->files[middle];
	}
	if (found != NULL)
		bundle->listed[found - bundle->files] = true;
	free(path);
	return found;
}

/* 1 when the file has that digest, 0 when not; -1: err. */
static int
file_is(struct bundle *bundle, const struct sums_file *file, const char *algorithm,
	const struct view *digest, struct err *err)
{
	struct mapping mapping;
	uint8_t bytes[64];
	if (tree_map(bundle->tree, file->id, &mapping, err) == -1)
		return -1;
	int size = raw_digest(algorithm, &mapping.view, bytes);
	mapping_close(&mapping);
	/* a code directory may keep the first 20 bytes of a longer one */
	return size > 0 && digest->size >= 20 && digest->size <= (uint64_t)size &&
	       view_has(digest, 0, bytes, (size_t)digest->size);
}

static char *
shown_path(const struct bundle *bundle, const char *name)
{
	char *path = base_format("%s%s", bundle->folder, name);
	char *shown = text_shown(path);
	free(path);
	return shown;
}

/* ---- the list ------------------------------------------------------------------ */

static int
check_resource(struct bundle *bundle, const struct code_resource *resource,
	       struct err *err)
{
	const char *path = resource->path.data != NULL ? resource->path.data : "";
	const struct sums_file *file = find_file(bundle, path);
	bool strong = resource->sha256.size != 0;
	struct view digest = view_of_buf(strong ? &resource->sha256 : &resource->sha1);
	if (resource->elsewhere) {
		bundle->uncompared++;
		return 0;
	}
	if (file == NULL && resource->optional)
		return 0;
	int answer = 0;
	if (file != NULL)
		answer =
		    file_is(bundle, file, strong ? "SHA256" : "SHA1", &digest, err);
	char *shown = shown_path(bundle, path);
	if (file == NULL)
		strings_add(&bundle->absent, shown);
	else if (answer == 0)
		strings_add(&bundle->different, shown);
	else if (answer == 1)
		bundle->same++;
	if (answer == 1 && !strong)
		judgement_add(&bundle->found, SIGNATURE_WEAK,
			      "the list of resources has digests of a broken "
			      "algorithm alone");
	free(shown);
	return answer == -1 ? -1 : 0;
}

static int
check_resources(struct bundle *bundle, const struct view *list, struct err *err)
{
	struct view rest = *list;
	struct code_resource resource = {.optional = false};
	int answer = 0, next = code_resources_find(&rest);
	for (uint32_t i = 0; next == 1 && answer == 0; i++) {
		next = i < RESOURCES_MOST ? code_resources_next(&rest, &resource) : -1;
		if (next == 1)
			answer = check_resource(bundle, &resource, err);
		code_resource_clear(&resource);
	}
	if (next == -1)
		judgement_add(&bundle->found, SIGNATURE_NOT_CHECKED,
			      "the list of resources is in a form that is not read "
			      "here");
	return answer;
}

/* ---- what is told --------------------------------------------------------------- */

static void
judge_names(struct bundle *bundle, const struct strings *names, const char *what)
{
	if (names->count != 0)
		judgement_add(&bundle->found, SIGNATURE_INVALID,
			      "%zu files of the bundle %s, the first '%s'",
			      names->count, what, names->items[0]);
}

/* Files of the folder that nobody lists: rules of the signer leave some out. */
static void
note_unlisted(struct bundle *bundle)
{
	struct strings names = {0};
	size_t length = strlen(bundle->folder), count = 0;
	for (size_t i = 0; length > 0 && i < bundle->count; i++) {
		if (bundle->listed[i] ||
		    strncmp(bundle->files[i].name, bundle->folder, length) != 0)
			continue;
		if (count++ < NAMED_MOST)
			strings_add(&names, bundle->files[i].name);
	}
	for (size_t i = 0; i < names.count; i++) {
		char *shown = text_shown(names.items[i]);
		signature_note(bundle->entry, "in no list of the bundle: %s", shown);
		free(shown);
	}
	if (count > NAMED_MOST)
		signature_note(bundle->entry, "in no list of the bundle: %zu more",
			       count - NAMED_MOST);
	strings_free(&names);
}

/* The worse status, and why. */
static void
conclude(struct bundle *bundle)
{
	enum signature_status status = SIGNATURE_INVALID;
	const char *word = json_string_value(json_object_get(bundle->entry, "status"));
	judge_names(bundle, &bundle->different, "are not the ones that were signed");
	judge_names(bundle, &bundle->absent, "that were signed are not there");
	if (word != NULL)
		signature_status_parse(word, &status);
	if (bundle->found.status > status) {
		char *reason = judgement_reason(&bundle->found);
		json_object_set_new(
		    bundle->entry, "status",
		    json_string(signature_status_name(bundle->found.status)));
		json_object_set_new(bundle->entry, "reason", json_string(reason));
		free(reason);
	}
	judgement_free(&bundle->found);
	strings_free(&bundle->absent);
	strings_free(&bundle->different);
}

/* The note that a file was not looked at, which now it was. */
static void
drop_note(json_t *entry, const char *start)
{
	json_t *notes = json_object_get(entry, "notes");
	for (size_t i = json_array_size(notes); i-- > 0;) {
		const char *note = json_string_value(json_array_get(notes, i));
		if (note != NULL && strncmp(note, start, strlen(start)) == 0)
			json_array_remove(notes, i);
	}
}

/* ---- the two files -----------------------------------------------------------------
 */

/* The fact's "ALGORITHM HEX"; false when the entry has none. */
static bool
take_fact(const json_t *entry, const char *name, char algorithm[16], struct buf *digest)
{
	json_t *fact;
	size_t index;
	json_array_foreach(json_object_get(entry, "facts"), index, fact)
	{
		char hex[129];
		const char *value = json_string_value(json_object_get(fact, "value"));
		const char *is = json_string_value(json_object_get(fact, "name"));
		if (is == NULL || value == NULL || strcmp(is, name) != 0 ||
		    sscanf(value, "%15s %128[0-9a-f]", algorithm, hex) != 2)
			continue;
		size_t size = strlen(hex) / 2;
		buf_zeros(digest, size);
		return hex_decode(hex, false, digest->data, size) == 0;
	}
	return false;
}

/* Is the file the one that the entry's fact names? *file is NULL when it is not there.
 */
static int
hold(struct bundle *bundle, const char *fact, const char *name, const char *note,
     const struct sums_file **file, struct err *err)
{
	char algorithm[16];
	struct buf digest = {0};
	int answer = 0;
	*file = NULL;
	if (take_fact(bundle->entry, fact, algorithm, &digest))
		*file = find_file(bundle, name);
	struct view view = view_of_buf(&digest);
	if (*file != NULL) {
		char *shown = shown_path(bundle, name);
		answer = file_is(bundle, *file, algorithm, &view, err);
		if (answer == 1)
			drop_note(bundle->entry, note);
		if (answer == 1)
			signature_note(bundle->entry, "%s is the one that was signed",
				       shown);
		if (answer == 0)
			judgement_add(&bundle->found, SIGNATURE_INVALID,
				      "'%s' is not the one that was signed", shown);
		free(shown);
	}
	buf_free(&digest);
	return answer;
}

static int
check_entry(struct bundle *bundle, struct err *err)
{
	const struct sums_file *file;
	int answer = hold(bundle, CODE_FACT_INFO, "Info.plist", "Info.plist is signed",
			  &file, err);
	if (answer != -1 && file == NULL)
		answer = hold(bundle, CODE_FACT_INFO, "Resources/Info.plist",
			      "Info.plist is signed", &file, err);
	if (answer != -1)
		answer =
		    hold(bundle, CODE_FACT_RESOURCES, "_CodeSignature/CodeResources",
			 "the list of resources", &file, err);
	if (answer == 1) {
		struct mapping mapping;
		if (tree_map(bundle->tree, file->id, &mapping, err) == -1)
			return -1;
		answer = check_resources(bundle, &mapping.view, err);
		mapping_close(&mapping);
		if (answer == 0) {
			char *text = base_format(
			    "%ju as signed, %zu different, %zu absent, %ju "
			    "with signatures of their own or links",
			    (uintmax_t)bundle->same, bundle->different.count,
			    bundle->absent.count, (uintmax_t)bundle->uncompared);
			signature_fact(bundle->entry, "resources", text);
			free(text);
			note_unlisted(bundle);
		}
	}
	return answer == -1 ? -1 : 0;
}

/* ---- in a tree
 * ------------------------------------------------------------------------ */

/* "App.app/Contents/" of "App.app/Contents/MacOS/PROGRAM", "App.app/" of
 * "App.app/PROGRAM". */
static char *
bundle_folder(const char *program)
{
	static const char inner[] = "MacOS/";
	size_t length = (size_t)(path_base(program) - program);
	size_t size = sizeof(inner) - 1;
	if (length >= size && strncmp(program + length - size, inner, size) == 0 &&
	    (length == size || program[length - size - 1] == '/'))
		length -= size;
	return base_strndup(program, length);
}

static bool
names_files(const json_t *entry)
{
	char algorithm[16];
	struct buf digest = {0};
	bool names = take_fact(entry, CODE_FACT_INFO, algorithm, &digest);
	buf_clear(&digest);
	names = names || take_fact(entry, CODE_FACT_RESOURCES, algorithm, &digest);
	buf_free(&digest);
	return names;
}

int
code_bundle_check(struct sums_walk *walk, struct tree *tree, node_id id,
		  json_t *signatures, size_t from, struct err *err)
{
	const struct node *node = tree_node(tree, id);
	int answer = 0;
	/* A slice of a universal file stands for that. */
	if (node->parent != NODE_NONE &&
	    format_is(tree_node(tree, node->parent)->format, "macho-fat"))
		node = tree_node(tree, node->parent);
	for (size_t i = from; i < json_array_size(signatures) && answer == 0; i++) {
		json_t *entry = json_array_get(signatures, i);
		if (node->parent == NODE_NONE || !names_files(entry))
			continue;
		sums_siblings_take(walk, tree, node->parent);
		const char *program = sums_plain(node->member.path);
		struct bundle bundle = {.tree = tree,
					.files = walk->siblings,
					.count = walk->sibling_count,
					.listed = base_alloc(walk->sibling_count + 1,
							     sizeof(*bundle.listed)),
					.folder = bundle_folder(program),
					.entry = entry};
		find_file(&bundle, program + strlen(bundle.folder));
		answer = check_entry(&bundle, err);
		conclude(&bundle);
		free(bundle.folder);
		free(bundle.listed);
	}
	return answer;
}
