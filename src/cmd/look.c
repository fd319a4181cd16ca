/* Looking into a file in a confined child, for `verify list` and `verify unpack`. */
#include "cmd/unpack_private.h"

#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

enum option_answer
cmd_budget_option(int option, const char *value, struct unpack_budget *budget)
{
	uint64_t number;
	if (describe_parse_size(value, &number) == -1 || number == 0 ||
	    (option == OPTION_DEPTH && number > 10000)) {
		char *shown = text_shown(value);
		say_error("'%s' is not a limit: give a number above zero, 64M or 2G",
			  shown);
		free(shown);
		return OPTION_WRONG;
	}
	switch (option) {
	case OPTION_DEPTH:
		budget->depth = (unsigned)number;
		break;
	case OPTION_MEMBERS:
		budget->members = number;
		break;
	case OPTION_BYTES:
		budget->bytes = number;
		break;
	default:
		budget->ratio = number;
	}
	return OPTION_TAKEN;
}

/* ---- in the confined child ------------------------------------------- */

static int
look_into(const struct looking *looking, struct tree *tree, struct buf *out,
	  struct err *err)
{
	struct strings notes = {0};
	int result = looking->folder
			 ? unpack_write(tree, looking->folder_fd, &notes, err)
			 : tree_expand_all(tree, NODE_ROOT, err);
	if (result == -1) {
		strings_free(&notes);
		return -1;
	}
	json_t *unwritten = json_array();
	for (size_t i = 0; i < notes.count; i++)
		json_array_append_new(unwritten, json_string(notes.items[i]));
	buf_json(out, unwritten, 0);
	buf_puts(out, "\n");
	unpack_list(tree, out);
	json_decref(unwritten);
	strings_free(&notes);
	return 0;
}

static int
look_confined(void *context, struct buf *out, struct err *err)
{
	const struct looking *looking = context;
	struct tree *tree = NULL;
	char *name = cmd_root_name(looking->path);
	int result = tree_open_with_scratch(looking->fd, looking->scratch, name,
					    &looking->budget, &tree, err);
	free(name);
	if (result == 0)
		result = look_into(looking, tree, out, err);
	tree_free(tree);
	return result;
}

/* ---- outside --------------------------------------------------------- */

/* Everything that the child sends as text must be safe to show. */
static bool
is_shown(const json_t *value)
{
	struct buf raw = {0};
	const json_t *each;
	json_t *member;
	const char *key;
	size_t index;
	bool shown = true;
	if (json_is_string(value)) {
		shown = text_unshow(json_string_value(value), &raw) == 0;
		buf_free(&raw);
	} else if (json_is_array(value)) {
		json_array_foreach(value, index, each) shown = shown && is_shown(each);
	} else if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member) shown =
		    shown && is_shown(member);
	}
	return shown;
}

/* The line of the text at *at; false at its end. */
static bool
next_line(const struct buf *text, size_t *at, const char **line, size_t *length)
{
	if (*at >= text->size)
		return false;
	const char *end = memchr(text->data + *at, '\n', text->size - *at);
	*line = text->data + *at;
	*length = (end ? (size_t)(end - text->data) : text->size) - *at;
	*at += *length + 1;
	return true;
}

json_t *
found_next(const struct found *found, size_t *at)
{
	const char *line;
	size_t length;
	if (*at == 0)
		*at = found->members;
	return next_line(&found->text, at, &line, &length)
		   ? json_loadb(line, length, 0, NULL)
		   : NULL;
}

/* Nothing of the text is used before all of it was looked at. */
static int
found_check(struct found *found, struct err *err)
{
	const char *line;
	size_t length, at = 0;
	bool fine = next_line(&found->text, &at, &line, &length);
	if (fine)
		found->unwritten = json_loadb(line, length, 0, NULL);
	fine = json_is_array(found->unwritten) && is_shown(found->unwritten);
	found->members = at;
	fine = fine && at < found->text.size;
	while (fine && at < found->text.size) {
		json_t *member = found_next(found, &at);
		fine = json_is_object(member) && is_shown(member);
		found->undecided |= json_is_true(json_object_get(member, "undecided"));
		json_decref(member);
	}
	return fine ? 0 : err_set(err, ERR_INPUT, "the reader sent no list");
}

void
found_free(struct found *found)
{
	json_decref(found->unwritten);
	json_decref(found->confinement);
	buf_free(&found->text);
	*found = (struct found){0};
}

static int
look_open(struct looking *looking, struct stat *st, struct err *err)
{
	if (stat(looking->path, st) == 0 && S_ISDIR(st->st_mode)) {
		if (file_open_folder(looking->path, &looking->fd, err) == -1)
			return -1;
	} else if (file_open(looking->path, &looking->fd, err) == -1) {
		return -1;
	}
	if (fstat(looking->fd, st) == -1)
		return err_errno(err, "cannot examine '%s'", looking->path);
	return file_scratch(&looking->scratch, err);
}

int
cmd_look(struct looking *looking, struct found *found, struct err *err)
{
	struct stat st;
	struct strings layers = {0};
	*found = (struct found){.confinement = json_array()};
	looking->fd = looking->scratch = -1;
	int result = look_open(looking, &st, err);
	if (result == 0) {
		const int keep[] = {looking->fd, looking->scratch, looking->folder_fd};
		const char *const read[] = {looking->path, NULL};
		const char *const write[] = {looking->folder, NULL};
		const struct confinement confinement = {
		    .keep = keep,
		    .keep_count = looking->folder ? 3 : 2,
		    .read_paths = S_ISDIR(st.st_mode) ? read : NULL,
		    .write_paths = looking->folder ? write : NULL,
		    /* contents are mapped: room for the file and all that may come of
		       it */
		    .memory = (UINT64_C(16) << 30) + 2 * (uint64_t)st.st_size +
			      looking->budget.bytes,
		};
		result = sandbox_confine(&confinement, look_confined, looking,
					 &found->text, &layers, err);
	}
	if (result == 0)
		result = found_check(found, err);
	for (size_t i = 0; i < layers.count; i++)
		json_array_append_new(found->confinement, json_string(layers.items[i]));
	if (looking->fd != -1)
		close(looking->fd);
	if (looking->scratch != -1)
		close(looking->scratch);
	strings_free(&layers);
	if (result == -1)
		found_free(found);
	return result;
}

void
cmd_print_note(FILE *out, const char *indent, const json_t *note)
{
	const char *kind = json_string_value(json_object_get(note, "kind"));
	const char *text = json_string_value(json_object_get(note, "text"));
	json_int_t offset = json_integer_value(json_object_get(note, "offset"));
	fprintf(out, "%s%s: %s", indent, kind ? kind : "note", text ? text : "");
	if (offset != 0)
		fprintf(out, " (at offset %ju)", (uintmax_t)offset);
	fputs("\n", out);
}
