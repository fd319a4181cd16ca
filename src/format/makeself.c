/*
 * Self-extracting shell scripts of makeself: the script, and behind its last line one
 * archive or several. The script itself says how many lines it has ("skip") and how
 * long the archives are ("filesizes").
 */
#include "format/format_private.h"

#include <stdlib.h>

enum {
	HEAD_MOST = 64 << 10, /* where the script's variables stand */
	LINES_MOST = 100000,
	SCRIPT_MOST = 4 << 20,
	ARCHIVES_MOST = 64,
};

#define MADE_BY "# This script was generated using Makeself"

struct makeself {
	uint64_t script; /* bytes of it */
	uint64_t sizes[ARCHIVES_MOST];
	size_t count;
};

/* Where the value of `name` starts, behind NAME=" at the start of a line. */
static bool
find_value(const struct view *view, const char *name, uint64_t *at)
{
	struct view head = *view;
	char *line = base_format("\n%s=\"", name);
	size_t length = strlen(line);
	if (head.size > HEAD_MOST)
		head.size = HEAD_MOST;
	bool found = view_find(&head, 0, line, length, at) == 0;
	*at += found ? length : 0;
	free(line);
	return found;
}

/* Digits at *at, which is moved behind them; false when there are none. */
static bool
read_digits(const struct view *view, uint64_t *at, uint64_t *number)
{
	uint64_t start = *at;
	uint8_t digit;
	*number = 0;
	while (view_u8(view, *at, &digit) == 0 && digit >= '0' && digit <= '9' &&
	       *number < UINT64_MAX / 100) {
		*number = *number * 10 + (digit - '0');
		++*at;
	}
	return *at > start;
}

static int
read_script(struct makeself *makeself, const struct view *view, struct err *err)
{
	uint64_t at = 0, lines = 0, end = 0;
	struct view head = *view;
	if (head.size > SCRIPT_MOST)
		head.size = SCRIPT_MOST;
	if (!find_value(view, "skip", &at) || !read_digits(view, &at, &lines) ||
	    lines == 0 || lines > LINES_MOST)
		return err_set(err, ERR_INPUT,
			       "the script does not say how many lines it has");
	for (uint64_t i = 0; i < lines; i++) {
		if (view_find(&head, end, "\n", 1, &end) == -1)
			return err_set(err, ERR_INPUT,
				       "the script has fewer than the %ju lines it "
				       "says",
				       (uintmax_t)lines);
		end++;
	}
	makeself->script = end;
	return 0;
}

static int
makeself_read(struct makeself *makeself, const struct view *view, struct err *err)
{
	uint64_t at = 0, size = 0;
	*makeself = (struct makeself){0};
	if (read_script(makeself, view, err) == -1)
		return -1;
	if (!find_value(view, "filesizes", &at))
		return err_set(err, ERR_INPUT,
			       "the script does not say how long its archives are");
	while (makeself->count < ARCHIVES_MOST && read_digits(view, &at, &size)) {
		makeself->sizes[makeself->count++] = size;
		while (view_has(view, at, " ", 1))
			at++;
	}
	if (makeself->count == 0 || !view_has(view, at, "\"", 1))
		return err_set(err, ERR_INPUT,
			       "the sizes of the script's archives are malformed");
	return 0;
}

static bool
is_made_by(const struct view *view)
{
	struct view head = *view;
	uint64_t line = 0;
	if (head.size > 256)
		head.size = 256;
	return view_has(view, 0, "#!", 2) && view_find(&head, 0, "\n", 1, &line) == 0 &&
	       view_has(view, line + 1, MADE_BY, strlen(MADE_BY));
}

/* The script alone, as it is a member here, is a text like any other. */
static enum probe_answer
makeself_probe(const struct view *view)
{
	struct makeself makeself;
	struct err ignored = {0};
	if (!is_made_by(view) || (makeself_read(&makeself, view, &ignored) == 0 &&
				  makeself.script == view->size))
		return PROBE_NO;
	return PROBE_SURE;
}

static void
archive_name(size_t index, char name[32])
{
	if (index == 0)
		snprintf(name, 32, "archive");
	else
		snprintf(name, 32, "archive-%zu", index + 1);
}

static int
send_part(const char *name, uint64_t offset, uint64_t size,
	  const struct member_sink *sink, struct err *err)
{
	struct member member = {.path = name, .type = MEMBER_FILE};
	return sink->begin(sink->context, &member, err) == -1 ||
		       sink->slice(sink->context, offset, size, err) == -1
		   ? -1
		   : 0;
}

static int
makeself_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	struct makeself makeself;
	struct view part;
	if (makeself_read(&makeself, view, err) == -1)
		return -1;
	if (send_part("script", 0, makeself.script, sink, err) == -1)
		return -1;
	uint64_t at = makeself.script;
	for (size_t i = 0; i < makeself.count; i++) {
		char name[32];
		archive_name(i, name);
		if (view_sub(view, at, makeself.sizes[i], &part) == -1)
			return err_set(err, ERR_INPUT,
				       "archive %zu of %ju bytes at offset %ju is cut "
				       "off",
				       i + 1, (uintmax_t)makeself.sizes[i],
				       (uintmax_t)at);
		if (send_part(name, at, part.size, sink, err) == -1)
			return -1;
		at += part.size;
	}
	return archive_note_trailing("makeself", view, at, sink, err);
}

static int
makeself_map(const struct view *view, struct map *map, struct err *err)
{
	struct makeself makeself;
	if (makeself_read(&makeself, view, err) == -1)
		return -1;
	map_add(map, 0, makeself.script, EXTENT_CONTENT, 0, "content", NULL);
	uint64_t at = makeself.script;
	for (size_t i = 0; i < makeself.count && at < view->size; i++) {
		if (makeself.sizes[i] > view->size - at)
			return err_set(err, ERR_INPUT, "archive %zu is cut off", i + 1);
		map_add(map, at, makeself.sizes[i], EXTENT_CONTENT, (uint32_t)i + 1,
			"content", NULL);
		at += makeself.sizes[i];
	}
	map_add(map, at, view->size - at, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"trailing bytes", NULL);
	return 0;
}

const struct format format_makeself = {
    .name = "makeself",
    .title = "makeself shell script with an archive behind it",
    .probe = makeself_probe,
    .members = makeself_members,
    .map = makeself_map,
};
