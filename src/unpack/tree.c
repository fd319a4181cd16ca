/* The tree: its nodes, their strings, and where their bytes are. */
#include "unpack/unpack_private.h"

#include <stddef.h>
#include <unistd.h>

#define HASH_STEP  (1U << 20)
#define ARENA_SIZE (256U << 10)
#define NOTES_MOST 200

const struct unpack_budget unpack_default_budget = {
    .depth = 32,
    .members = 2000000,
    .bytes = UINT64_C(64) << 30,
    .ratio = 2000,
};

/* ---- memory ---------------------------------------------------------- */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	max_align_t bytes[];
};

void *
tree_alloc(struct tree *tree, size_t size)
{
	struct arena_block *block = tree->arena;
	size = (size + 15) / 16 * 16;
	if (block == NULL || block->size - block->used < size) {
		size_t room = size > ARENA_SIZE ? size : ARENA_SIZE;
		block = base_alloc(1, sizeof(*block) + room);
		block->size = room;
		block->next = tree->arena;
		tree->arena = block;
	}
	void *memory = (char *)block->bytes + block->used;
	block->used += size;
	return memory;
}

const char *
tree_keep(struct tree *tree, const char *string)
{
	size_t length = strlen(string) + 1;
	char *kept = tree_alloc(tree, length);
	memcpy(kept, string, length);
	return kept;
}

/* Owner names repeat: keep one copy of a run of equal ones. */
static const char *
keep_same(struct tree *tree, const char *string, const char **last)
{
	if (string == NULL)
		return NULL;
	if (*last == NULL || strcmp(*last, string) != 0)
		*last = tree_keep(tree, string);
	return *last;
}

const char *
tree_plain(struct tree *tree, const char *path)
{
	for (;;) {
		if (path[0] == '/')
			path += 1;
		else if (path[0] == '.' && path[1] == '/')
			path += 2;
		else
			break;
	}
	if (strcmp(path, ".") == 0)
		return "";
	size_t length = strlen(path);
	if (length == 0 || (path[length - 1] != '/' && strstr(path, "//") == NULL &&
			    strstr(path, "/./") == NULL &&
			    (length < 2 || strcmp(path + length - 2, "/.") != 0)))
		return path;
	char *plain = tree_alloc(tree, length + 1);
	size_t used = 0;
	for (const char *part = path; *part != '\0';) {
		size_t size = strcspn(part, "/");
		if (size > 0 && !(size == 1 && part[0] == '.')) {
			if (used > 0)
				plain[used++] = '/';
			memcpy(plain + used, part, size);
			used += size;
		}
		part += size + (part[size] == '/');
	}
	plain[used] = '\0';
	return plain;
}

/* ---- nodes ----------------------------------------------------------- */

struct entry *
tree_entry(const struct tree *tree, node_id id)
{
	return &tree->entries[id];
}

const struct node *
tree_node(const struct tree *tree, node_id id)
{
	return &tree->entries[id].node;
}

bool
node_is_suspect(const struct node *node)
{
	for (size_t i = 0; i < node->note_count; i++) {
		if (node->notes[i].kind == NOTE_SUSPECT)
			return true;
	}
	return false;
}

size_t
tree_count(const struct tree *tree)
{
	return tree->count;
}

static void
keep_member(struct tree *tree, struct member *member)
{
	member->path = tree_keep(tree, member->path);
	if (member->target != NULL)
		member->target = tree_keep(tree, member->target);
	if (member->attributes != NULL)
		member->attributes = tree_keep(tree, member->attributes);
	member->uname = keep_same(tree, member->uname, &tree->last_uname);
	member->gname = keep_same(tree, member->gname, &tree->last_gname);
}

/* Digest and size of what has no content of its own. */
static void
settle_digest(const struct tree *tree, struct node *node)
{
	node->sha256 = tree->empty;
	if (node->member.type == MEMBER_SYMLINK && node->member.target != NULL) {
		node->size = strlen(node->member.target);
		sha256_of(node->member.target, node->size, &node->sha256);
	}
}

node_id
tree_add(struct tree *tree, node_id parent, const struct member *member)
{
	if (tree->count == tree->room) {
		tree->room = tree->room ? 2 * tree->room : 64;
		tree->entries =
		    base_realloc(tree->entries, tree->room, sizeof(*tree->entries));
	}
	node_id id = (node_id)tree->count++;
	struct entry *entry = &tree->entries[id];
	*entry = (struct entry){.file = NODE_NONE, .last_child = NODE_NONE};
	struct node *node = &entry->node;
	node->parent = parent;
	node->first_child = node->next_sibling = NODE_NONE;
	node->member = *member;
	keep_member(tree, &node->member);
	entry->plain = tree_plain(tree, node->member.path);
	settle_digest(tree, node);
	if (parent == NODE_NONE)
		return id;
	struct entry *above = &tree->entries[parent];
	node->depth = above->node.depth + 1;
	if (above->last_child == NODE_NONE) {
		above->node.first_child = id;
	} else {
		struct node *before = &tree->entries[above->last_child].node;
		before->next_sibling = id;
		node->ordinal = before->ordinal + 1;
	}
	above->last_child = id;
	return id;
}

void
tree_note(struct tree *tree, node_id id, enum note_kind kind, uint64_t offset,
	  const char *format, ...)
{
	struct node *node = &tree->entries[id].node;
	if (kind == NOTE_UNDECIDED)
		node->undecided = true;
	if (node->note_count > NOTES_MOST)
		return;
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	if (node->note_count == NOTES_MOST) {
		kind = NOTE_SUSPECT;
		buf_puts(&text, "more notes than are listed here");
	} else {
		buf_vprintf(&text, format, args);
	}
	va_end(args);
	node->notes =
	    base_realloc(node->notes, node->note_count + 1, sizeof(*node->notes));
	node->notes[node->note_count++] =
	    (struct node_note){kind, offset, buf_take(&text)};
}

bool
tree_is_anonymous(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	if (node->parent == NODE_NONE || node->member.path[0] != '\0')
		return false;
	const struct format *above = tree_node(tree, node->parent)->format;
	return above != NULL && above->compressor;
}

void
tree_probe(struct tree *tree, node_id id, const struct view *content)
{
	struct format_match match;
	format_probe(content, &match);
	tree->entries[id].node.format = match.format;
	if (match.others.count > 0) {
		struct buf names = {0};
		for (size_t i = 0; i < match.others.count; i++)
			buf_printf(&names, "%s%s", i > 0 ? ", " : "",
				   match.others.items[i]);
		tree_note(tree, id, NOTE_SUSPECT, 0,
			  "more than one format fits these bytes: %s and %s",
			  match.format ? match.format->name : "none", names.data);
		buf_free(&names);
	}
	strings_free(&match.others);
}

/* ---- bytes ----------------------------------------------------------- */

int
tree_hash(struct tree *tree, const struct mapping *mapping, struct sha256 *digest,
	  struct err *err)
{
	const struct view *view = &mapping->view;
	struct view part;
	for (uint64_t at = 0; at < view->size; at += part.size) {
		uint64_t left = view->size - at;
		view_sub(view, at, left < HASH_STEP ? left : HASH_STEP, &part);
		hasher_update(tree->hasher, part.data, (size_t)part.size);
		if (at / HASH_STEP % 32 == 31)
			mapping_release(mapping, at);
		if (interrupt_check(err) == -1) {
			hasher_final(tree->hasher, digest);
			return -1;
		}
	}
	hasher_final(tree->hasher, digest);
	return 0;
}

int
tree_flush(struct tree *tree, struct err *err)
{
	if (tree->pending.size > 0 && file_write_fd(tree->scratch, tree->pending.data,
						    tree->pending.size, err) == -1)
		return err_at(err, "scratch file for unpacking");
	buf_clear(&tree->pending);
	return 0;
}

int
tree_map(const struct tree *tree, node_id id, struct mapping *mapping, struct err *err)
{
	const struct entry *entry = tree_entry(tree, id);
	int fd = -1, result;
	switch (entry->store) {
	case STORE_NONE:
		*mapping = (struct mapping){{NULL, 0}, NULL, 0};
		return 0;
	case STORE_INPUT:
		return mapping_open(tree->input, entry->offset, entry->node.size,
				    mapping, err);
	case STORE_SCRATCH:
		return mapping_open(tree->scratch, entry->offset, entry->node.size,
				    mapping, err);
	case STORE_FOLDER:
		if (folder_open(tree, entry->file, &fd, err) == -1)
			return -1;
		result =
		    mapping_open(fd, entry->offset, entry->node.size, mapping, err);
		close(fd);
		return result;
	}
	return err_set(err, ERR_SYSTEM, "a node without a place for its bytes");
}

bool
tree_is_slice(const struct tree *tree, node_id id, uint64_t offset, uint64_t length)
{
	const struct entry *entry = tree_entry(tree, id);
	if (!entry->slice || length != entry->node.size)
		return false;
	const struct entry *container = tree_entry(tree, entry->node.parent);
	return offset == entry->offset - container->offset;
}

/* ---- opening --------------------------------------------------------- */

/* Probe the one input file, and hash it if wanted. */
static int
open_file(struct tree *tree, uint64_t size, bool hashed, struct err *err)
{
	struct entry *root = tree_entry(tree, NODE_ROOT);
	struct mapping mapping;
	int result = 0;
	root->store = STORE_INPUT;
	root->node.size = size;
	root->node.unhashed = !hashed;
	if (tree_map(tree, NODE_ROOT, &mapping, err) == -1)
		return -1;
	if (hashed)
		result = tree_hash(tree, &mapping, &root->node.sha256, err);
	if (result == 0)
		tree_probe(tree, NODE_ROOT, &mapping.view);
	mapping_close(&mapping);
	return result;
}

static void
root_member(const struct stat *st, struct member *member)
{
	*member = (struct member){
	    .path = "",
	    .type = S_ISDIR(st->st_mode) ? MEMBER_FOLDER : MEMBER_FILE,
	};
}

static int
open_any(int fd, int scratch, const char *name, const struct unpack_budget *budget,
	 bool hashed, struct tree **tree, struct err *err)
{
	struct stat st;
	struct member member;
	char *shown = NULL;
	int result = -1;
	struct tree *opened = base_alloc(1, sizeof(*opened));
	opened->budget = budget ? *budget : unpack_default_budget;
	opened->name = base_strdup(name);
	opened->input = fd;
	opened->scratch = scratch;
	opened->hasher = hasher_new();
	sha256_of("", 0, &opened->empty);
	if (fstat(fd, &st) == -1) {
		err_errno(err, "cannot examine the input");
	} else if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		err_set(err, ERR_INPUT, "neither a file nor a folder");
	} else {
		root_member(&st, &member);
		tree_add(opened, NODE_NONE, &member);
		result = S_ISDIR(st.st_mode)
			     ? folder_walk(opened, err)
			     : open_file(opened, (uint64_t)st.st_size, hashed, err);
	}
	if (result == -1) {
		shown = text_shown(name);
		err_at(err, "'%s'", shown);
		free(shown);
		tree_free(opened);
		return -1;
	}
	for (size_t i = 0; i < opened->count; i++)
		opened->input_size += opened->entries[i].node.size;
	*tree = opened;
	return 0;
}

int
tree_open_with_scratch(int fd, int scratch, const char *name,
		       const struct unpack_budget *budget, struct tree **tree,
		       struct err *err)
{
	return open_any(fd, scratch, name, budget, true, tree, err);
}

int
tree_open_unhashed(int fd, int scratch, const char *name,
		   const struct unpack_budget *budget, struct tree **tree,
		   struct err *err)
{
	return open_any(fd, scratch, name, budget, false, tree, err);
}

int
tree_open(int fd, const char *name, const struct unpack_budget *budget,
	  struct tree **tree, struct err *err)
{
	int scratch;
	if (file_scratch(&scratch, err) == -1)
		return -1;
	if (tree_open_with_scratch(fd, scratch, name, budget, tree, err) == -1) {
		close(scratch);
		return -1;
	}
	(*tree)->own_scratch = true;
	return 0;
}

void
tree_free(struct tree *tree)
{
	if (tree == NULL)
		return;
	for (size_t i = 0; i < tree->count; i++) {
		struct node *node = &tree->entries[i].node;
		for (size_t j = 0; j < node->note_count; j++)
			free(node->notes[j].text);
		free(node->notes);
	}
	while (tree->arena != NULL) {
		struct arena_block *next = tree->arena->next;
		free(tree->arena);
		tree->arena = next;
	}
	if (tree->own_scratch)
		close(tree->scratch);
	buf_free(&tree->pending);
	free(tree->block);
	hasher_free(tree->hasher);
	free(tree->entries);
	free(tree->name);
	free(tree);
}
