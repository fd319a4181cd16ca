/*
 * The entries of "files" on their way out of the confined child: lines, each a JSON
 * array of some thousand entries, so that both ends work on two of them at a time.
 * Terse entries (compare_nodes_terse) are text already, and the parent completes them.
 */
#include "cmd/cmd_private.h"

#include <pthread.h>

#include "compare/compare.h"

#define LINE_ENTRIES ((size_t)4096)
#define WORKERS      2

struct lines_work {
	size_t count, worker;
	const json_t *files;      /* to write: WORKERS share out the lines */
	struct buf *texts;        /* of each line */
	const struct view *views; /* to parse */
	json_t **arrays;
};

/* Each worker takes every WORKERS-th line; the last one works in this thread. */
static void
lines_share(void *(*work)(void *), const struct lines_work *all)
{
	struct lines_work each[WORKERS];
	pthread_t threads[WORKERS];
	bool apart[WORKERS] = {false};
	for (size_t i = 0; i < WORKERS; i++) {
		each[i] = *all;
		each[i].worker = i;
		apart[i] = i + 1 < WORKERS && all->count > 1 &&
			   pthread_create(&threads[i], NULL, work, &each[i]) == 0;
		if (!apart[i])
			work(&each[i]);
	}
	for (size_t i = 0; i < WORKERS; i++) {
		if (apart[i])
			pthread_join(threads[i], NULL);
	}
}

/* ---- in the child ---------------------------------------------------- */

static void
write_entry(struct buf *text, const json_t *entry)
{
	if (json_is_string(entry))
		buf_append(text, json_string_value(entry), json_string_length(entry));
	else
		buf_json(text, entry, 0);
}

static void *
write_lines(void *context)
{
	const struct lines_work *work = context;
	size_t count = json_array_size(work->files);
	for (size_t line = work->worker; line < work->count; line += WORKERS) {
		struct buf *text = &work->texts[line];
		size_t at = line * LINE_ENTRIES;
		buf_puts(text, "[");
		for (size_t i = at; i < count && i < at + LINE_ENTRIES; i++) {
			if (i > at)
				buf_puts(text, ",");
			write_entry(text, json_array_get(work->files, i));
		}
		buf_puts(text, "]\n");
	}
	return NULL;
}

void
cmd_write_entries(const json_t *files, struct buf *out)
{
	size_t count = (json_array_size(files) + LINE_ENTRIES - 1) / LINE_ENTRIES;
	struct buf *texts = base_alloc(count, sizeof(*texts));
	struct lines_work work = {.count = count, .files = files, .texts = texts};
	lines_share(write_lines, &work);
	for (size_t i = 0; i < count; i++) {
		buf_append(out, texts[i].data, texts[i].size);
		buf_free(&texts[i]);
	}
	free(texts);
}

/* ---- in the parent --------------------------------------------------- */

/* Put what terse entries stand for in their place; -1 when something is no entry. */
static int
entries_complete(json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *entry = json_array_get(array, i);
		if (json_is_object(entry))
			continue;
		json_t *complete = compare_terse_entry(entry);
		if (complete == NULL)
			return -1;
		json_array_set_new(array, i, complete);
	}
	return 0;
}

static void *
parse_lines(void *context)
{
	const struct lines_work *work = context;
	for (size_t line = work->worker; line < work->count; line += WORKERS) {
		const struct view *view = &work->views[line];
		work->arrays[line] =
		    json_loadb((const char *)view->data, view->size, 0, NULL);
		if (entries_complete(work->arrays[line]) == -1) {
			json_decref(work->arrays[line]);
			work->arrays[line] = NULL;
		}
	}
	return NULL;
}

/* The lines of the text, without their ends. */
static struct view *
lines_cut(const struct view *text, size_t *count)
{
	size_t room = 1;
	for (uint64_t i = 0; i < text->size; i++)
		room += text->data[i] == '\n';
	struct view *lines = base_alloc(room, sizeof(*lines));
	uint64_t at = 0, end;
	*count = 0;
	while (at < text->size) {
		if (view_find(text, at, "\n", 1, &end) == -1)
			end = text->size;
		view_sub(text, at, end - at, &lines[(*count)++]);
		at = end + 1;
	}
	return lines;
}

int
cmd_parse_entries(const struct view *text, json_t *files)
{
	size_t count;
	int result = 0;
	struct view *views = lines_cut(text, &count);
	json_t **arrays = base_alloc(count, sizeof(json_t *));
	struct lines_work work = {.count = count, .views = views, .arrays = arrays};
	lines_share(parse_lines, &work);
	for (size_t i = 0; i < count; i++) {
		if (!json_is_array(arrays[i]))
			result = -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (result == 0)
			json_array_extend(files, arrays[i]);
		json_decref(arrays[i]);
	}
	free(arrays);
	free(views);
	return result;
}
