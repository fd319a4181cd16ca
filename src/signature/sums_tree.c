/*
 * Lists of digests and attestations that are members of a product: what they name lies
 * beside them, and so do the signatures over lists.
 */
#include "signature/signature_private.h"

/* A larger file is no list, and no signature. */
#define LIST_MOST      ((uint64_t)64 << 20)
#define SIGNATURE_MOST ((uint64_t)16 << 20)

/* More lists in one product than this are not held against their files. */
#define LISTS_MOST 256

/* One list being looked at. */
struct list {
	struct tree *tree;
	const struct node *node;
	const char *name;        /* of the member, without "./" */
	size_t folder;           /* length of the part up to the last '/' */
	struct sums_file *files; /* in that folder and below */
	size_t count;
};

/* ---- the files beside it ------------------------------------------------ */

static int
by_name(const void *a, const void *b)
{
	const struct sums_file *one = a, *two = b;
	int order = strcmp(one->name, two->name);
	return order != 0 ? order : one->id < two->id ? -1 : one->id > two->id;
}

void
sums_siblings_take(struct sums_walk *walk, const struct tree *tree, node_id parent)
{
	size_t count = 0;
	if (walk->siblings != NULL && walk->parent == parent)
		return;
	free(walk->siblings);
	for (node_id id = tree_node(tree, parent)->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling)
		count++;
	walk->siblings = base_alloc(count + 1, sizeof(*walk->siblings));
	walk->sibling_count = 0;
	walk->parent = parent;
	for (node_id id = tree_node(tree, parent)->first_child; id != NODE_NONE;
	     id = tree_node(tree, id)->next_sibling) {
		const struct node *node = tree_node(tree, id);
		if (node->member.type != MEMBER_FILE)
			continue;
		/* the node's string, which lives as long as the tree */
		char *name = (char *)(uintptr_t)sums_plain(node->member.path);
		walk->siblings[walk->sibling_count++] =
		    (struct sums_file){name, id, false};
	}
	qsort(walk->siblings, walk->sibling_count, sizeof(*walk->siblings), by_name);
}

/* Is that file the list, or a signature over it? Nobody lists those. */
static bool
is_of_list(const struct list *list, const char *name)
{
	size_t length, own = strlen(list->name);
	if (strcmp(name, list->name) == 0)
		return true;
	return detached_names(name, &length) && length == own &&
	       strncmp(name, list->name, own) == 0;
}

/* The part of the siblings in the list's folder, with names relative to it. */
static void
list_files_take(struct list *list, const struct sums_walk *walk)
{
	list->files = base_alloc(walk->sibling_count + 1, sizeof(*list->files));
	for (size_t i = 0; i < walk->sibling_count; i++) {
		const struct sums_file *file = &walk->siblings[i];
		if (strncmp(file->name, list->name, list->folder) != 0)
			continue;
		list->files[list->count++] = (struct sums_file){
		    file->name + list->folder, file->id, is_of_list(list, file->name)};
	}
}

static int
tree_digest(void *context, uint32_t id, const char *algorithm,
	    uint8_t digest[HASH_MOST], struct err *err)
{
	const struct list *list = context;
	const struct node *node = tree_node(list->tree, id);
	struct mapping mapping;
	if (strcmp(algorithm, "SHA256") == 0 && !node->unhashed) {
		memcpy(digest, node->sha256.bytes, SHA256_SIZE);
		return SHA256_SIZE;
	}
	if (tree_map(list->tree, id, &mapping, err) == -1)
		return -1;
	int size = raw_digest(algorithm, &mapping.view, digest);
	mapping_close(&mapping);
	return size == -1 ? 0 : size;
}

/* ---- the signatures over it ---------------------------------------------- */

static int
check_over(const struct list *list, node_id id, const struct view *content,
	   const char *path, const struct trust *trust, json_t *over, struct err *err)
{
	struct mapping mapping;
	enum signature_status status;
	size_t before = json_array_size(over);
	const struct node *node = tree_node(list->tree, id);
	if (node->size > SIGNATURE_MOST)
		return 0;
	if (tree_map(list->tree, id, &mapping, err) == -1)
		return -1;
	int answer = 0;
	if (!openpgp_is_cleartext(&mapping.view))
		answer = signature_check_detached(content, path, &mapping.view, trust,
						  over, &status, err);
	for (size_t i = before; i < json_array_size(over); i++)
		json_object_set_new(json_array_get(over, i), "where",
				    text_json(path_base(node->member.path)));
	mapping_close(&mapping);
	return answer;
}

/* The entries of all signatures over the list; those of an embedded one are told. */
static int
gather_over(const struct list *list, const struct sums_text *text,
	    const struct view *content, const char *path, const struct trust *trust,
	    json_t *over, json_t *signatures, struct err *err)
{
	enum signature_status status;
	if (text->embedded) {
		if (signify_check_embedded(content, path, trust, over, &status, err) ==
		    -1)
			return -1;
		json_array_extend(signatures, over);
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct sums_file *file = &list->files[i];
		const char *whole = file->name - list->folder;
		if (is_of_list(list, whole) && strcmp(whole, list->name) != 0 &&
		    check_over(list, file->id, content, path, trust, over, err) == -1)
			return -1;
	}
	return 0;
}

/* ---- the entry ----------------------------------------------------------- */

static bool
is_unsigned(const json_t *entry)
{
	const char *status = json_string_value(json_object_get(entry, "status"));
	return status == NULL || strcmp(status, "unsigned") == 0;
}

/* Remember which members a signed list covers. */
static void
remember_covered(struct sums_walk *walk, const struct list *list, const char *path)
{
	if (walk->covered == NULL)
		walk->covered = json_object();
	for (size_t i = 0; i < list->count; i++) {
		if (!list->files[i].listed ||
		    is_of_list(list, list->files[i].name - list->folder))
			continue;
		char *member = tree_path(list->tree, list->files[i].id);
		json_object_set_new(walk->covered, member, json_string(path));
		free(member);
	}
}

static int
check_list(struct sums_walk *walk, struct list *list, const struct view *content,
	   bool only_signed, const json_t *own, const char *path,
	   const struct trust *trust, json_t *signatures, struct err *err)
{
	struct sums_text text;
	json_t *over = json_array(), *found = json_array(), *entry = NULL;
	struct sums_files files = {.items = list->files,
				   .count = list->count,
				   .what = "list",
				   .digest = tree_digest,
				   .context = list};
	int answer = 0;
	if (sums_text_take(content, &text)) {
		if (text.clearsigned)
			json_array_extend(over, (json_t *)(uintptr_t)own);
		answer = gather_over(list, &text, content, path, trust, over,
				     signatures, err);
		if (answer == 0)
			answer = sums_check(&text, list->name, &files, over, path,
					    found, &entry, err);
		if (entry != NULL && !is_unsigned(entry))
			remember_covered(walk, list, path);
		if (entry != NULL && (!only_signed || json_array_size(over) > 0))
			json_array_extend(signatures, found);
	}
	sums_text_clear(&text);
	json_decref(over);
	json_decref(found);
	return answer;
}

/* Is there room for one more? Too many are told and not looked at. */
static bool
lists_take(struct sums_walk *walk, const char *path, const char *scheme,
	   json_t *signatures)
{
	if (walk->lists++ < LISTS_MOST)
		return true;
	signature_entry(signatures, path, scheme, "0", SIGNATURE_NOT_CHECKED,
			"so many files name digests of others that this one was not "
			"looked at");
	return false;
}

int
attestation_check_member(struct sums_walk *walk, struct tree *tree, node_id id,
			 const struct view *content, const struct trust *trust,
			 json_t *signatures, struct err *err)
{
	const struct node *node = tree_node(tree, id);
	enum signature_status status;
	int answer = 0;
	if (node->parent == NODE_NONE || content->size > LIST_MOST ||
	    !attestation_is(content))
		return 0;
	char *path = tree_path(tree, id);
	if (lists_take(walk, path, "dsse", signatures)) {
		struct list list = {.tree = tree, .node = node};
		list.name = sums_plain(node->member.path);
		sums_siblings_take(walk, tree, node->parent);
		list_files_take(&list, walk);
		struct sums_files files = {.items = list.files,
					   .count = list.count,
					   .what = "statement",
					   .loose = true,
					   .digest = tree_digest,
					   .context = &list};
		char *folder =
		    base_strndup(list.name, (size_t)(path_base(list.name) - list.name));
		answer = attestation_check(content, &files, folder, path, trust,
					   signatures, &status, err);
		remember_covered(walk, &list, path);
		free(folder);
		free(list.files);
	}
	free(path);
	return answer;
}

int
sums_check_member(struct sums_walk *walk, struct tree *tree, node_id id,
		  const struct view *content, bool only_signed, const json_t *own,
		  const struct trust *trust, json_t *signatures, struct err *err)
{
	const struct node *node = tree_node(tree, id);
	if (node->parent == NODE_NONE || !sums_named(node->member.path) ||
	    content->size > LIST_MOST)
		return 0;
	char *path = tree_path(tree, id);
	if (!lists_take(walk, path, "checksums", signatures)) {
		free(path);
		return 0;
	}
	struct list list = {.tree = tree, .node = node};
	list.name = sums_plain(node->member.path);
	list.folder = (size_t)(path_base(list.name) - list.name);
	sums_siblings_take(walk, tree, node->parent);
	list_files_take(&list, walk);
	int answer = check_list(walk, &list, content, only_signed, own, path, trust,
				signatures, err);
	free(list.files);
	free(path);
	return answer;
}

/* The list that covers a member: by its own path, or by that of a container it is in.
 */
static const char *
covering_list(const struct sums_walk *walk, const char *path)
{
	char *part = base_strdup(path);
	const char *list = NULL;
	for (;;) {
		list = json_string_value(json_object_get(walk->covered, part));
		char *last = NULL;
		for (char *at = strstr(part, "//"); at != NULL;
		     at = strstr(at + 2, "//"))
			last = at;
		if (list != NULL || last == NULL)
			break;
		*last = '\0';
	}
	free(part);
	return list;
}

void
sums_conclude(struct sums_walk *walk, json_t *signatures, size_t before)
{
	for (size_t i = before; i < json_array_size(signatures); i++) {
		json_t *entry = json_array_get(signatures, i);
		const char *path = json_string_value(json_object_get(entry, "path"));
		const char *status =
		    json_string_value(json_object_get(entry, "status"));
		const char *list = path != NULL ? covering_list(walk, path) : NULL;
		if (list != NULL && strcmp(status, "unsigned") == 0 &&
		    json_object_get(entry, "covered_by") == NULL)
			json_object_set_new(entry, "covered_by", json_string(list));
	}
	json_decref(walk->covered);
	free(walk->siblings);
	*walk = (struct sums_walk){0};
}
