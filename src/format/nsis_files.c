/*
 * The names of an installer's files, which its script has (NSIS, Source/exehead/
 * fileform.h):
 *
 *	header block: flags, eight times (offset, count): pages, sections, entries,
 *	              strings, …
 *	entry:        what to do, and six numbers
 *
 * Of the entries two matter: "create a directory", which with a 1 behind the path sets
 * where files go, and "extract a file". Strings are UTF-16 or bytes; variables and
 * folders of Windows stand in them as codes, which only the user's machine resolves:
 * they stay names here, "$INSTDIR/sub/x".
 */
#include "format/nsis_private.h"

#include <stdlib.h>

enum {
	ENTRIES = 2, /* which of the eight */
	STRINGS = 3,
	LANGUAGES = 4,
	ENTRY_SIZE = 28,
	DO_FOLDER = 11, /* EW_CREATEDIR */
	DO_FILE = 20,   /* EW_EXTRACTFILE */
	PATH_MOST = 4096,
	FILES_MOST = 1 << 16, /* further ones have no names here */
	/* codes in strings */
	CODE_LANGUAGE = 1,
	CODE_SHELL = 2,
	CODE_VARIABLE = 3,
	CODE_SKIP = 4,
};

static const char *const variables[] = {
    "0",       "1",          "2",      "3",        "4",    "5",          "6",
    "7",       "8",          "9",      "R0",       "R1",   "R2",         "R3",
    "R4",      "R5",         "R6",     "R7",       "R8",   "R9",         "CMDLINE",
    "INSTDIR", "OUTDIR",     "EXEDIR", "LANGUAGE", "TEMP", "PLUGINSDIR", "EXEPATH",
    "EXEFILE", "HWNDPARENT", "_CLICK", "_OUTDIR",
};

struct script {
	const struct view *header;
	uint64_t strings, strings_end;
	bool wide;
	bool inside; /* of a code: further ones are not followed */
	char *folder; /* where files go now */
};

/* ---- strings ------------------------------------------------------------- */

/* The unit at *at, which moves on; 0 at the end. */
static uint16_t
next_unit(const struct script *script, uint64_t *at)
{
	uint8_t byte = 0;
	uint16_t unit = 0;
	if (*at >= script->strings_end)
		return 0;
	if (script->wide)
		view_u16le(script->header, *at, &unit);
	else if (view_u8(script->header, *at, &byte) == 0)
		unit = byte;
	*at += script->wide ? 2 : 1;
	return unit;
}

static char *string_at(const struct script *script, uint32_t offset);

/* Folders of Windows: two numbers of it, or the name of a value in the registry, whose
 * place among the strings stands in six bits. */
static void
put_shell(const struct script *script, unsigned low, unsigned high, struct buf *out)
{
	struct script inner = *script;
	inner.inside = true;
	bool named = (low & 0x80) != 0 && !script->inside;
	char *name = named ? string_at(&inner, low & 0x3f) : NULL;
	if (name != NULL)
		buf_printf(out, "$%s", name);
	else
		buf_printf(out, "$SHELL_%02x%02x", low, high);
	free(name);
}

/* A code and the two bytes behind it; of other numbers each has seven bits. */
static void
put_code(const struct script *script, uint16_t code, uint64_t *at, struct buf *out)
{
	unsigned low = next_unit(script, at);
	unsigned high = script->wide ? low >> 8 : next_unit(script, at);
	unsigned number = (low & 0x7f) | (high & 0x7f) << 7;
	if (code == CODE_SHELL)
		put_shell(script, low & 0xff, high, out);
	else if (code == CODE_VARIABLE && number < ARRAY_COUNT(variables))
		buf_printf(out, "$%s", variables[number]);
	else
		buf_printf(out, "$%s%u", code == CODE_VARIABLE ? "_" : "LANG_", number);
}

static void
put_unit(struct buf *out, uint16_t unit)
{
	char utf8[3];
	if (unit < 0x80) {
		utf8[0] = unit == '\\' ? '/' : (char)unit;
		buf_append(out, utf8, 1);
	} else if (unit < 0x800) {
		utf8[0] = (char)(0xc0 | unit >> 6);
		utf8[1] = (char)(0x80 | (unit & 0x3f));
		buf_append(out, utf8, 2);
	} else {
		utf8[0] = (char)(0xe0 | unit >> 12);
		utf8[1] = (char)(0x80 | (unit >> 6 & 0x3f));
		utf8[2] = (char)(0x80 | (unit & 0x3f));
		buf_append(out, utf8, 3);
	}
}

/* A new string; NULL where there is none: an offset past the end, or one of another
 * language's table. */
static char *
string_at(const struct script *script, uint32_t offset)
{
	struct buf out = {0};
	uint64_t at = script->strings + (uint64_t)offset * (script->wide ? 2 : 1);
	uint16_t unit;
	if (at >= script->strings_end)
		return NULL;
	buf_append(&out, "", 0);
	while ((unit = next_unit(script, &at)) != 0 && out.size < PATH_MOST) {
		if (unit == CODE_SKIP)
			put_unit(&out, next_unit(script, &at));
		else if (unit <= CODE_VARIABLE)
			put_code(script, unit, &at, &out);
		else
			put_unit(&out, unit);
	}
	return buf_take(&out);
}

/* ---- entries ------------------------------------------------------------- */

/* A name is below the folder that was set, unless it says where it is. */
static char *
path_of(const struct script *script, char *name)
{
	bool whole =
	    name[0] == '$' || name[0] == '/' || (name[0] != '\0' && name[1] == ':');
	return base_format("%s%s%s",
			   whole || script->folder == NULL ? "" : script->folder,
			   whole || script->folder == NULL ? "" : "/", name);
}

static void
add_file(const struct script *script, uint64_t entry, struct nsis_files *files)
{
	uint32_t name = 0, low = 0, high = 0;
	struct nsis_file file = {.turn = (uint32_t)files->count};
	view_u32le(script->header, entry + 8, &name);
	view_u32le(script->header, entry + 12, &file.offset);
	view_u32le(script->header, entry + 16, &low);
	view_u32le(script->header, entry + 20, &high);
	char *text = files->count < FILES_MOST ? string_at(script, name) : NULL;
	if (text == NULL || *text == '\0') {
		free(text);
		return;
	}
	file.path = path_of(script, text);
	uint64_t ticks = (uint64_t)high << 32 | low; /* 100 ns since 1601 */
	file.has_mtime = ticks != UINT64_MAX && ticks != 0;
	file.mtime = (int64_t)(ticks / 10000000) - 11644473600;
	if ((files->count & (files->count - 1)) == 0) /* a power of two is full */
		files->items = base_realloc(files->items, 2 * files->count + 1,
					    sizeof(*files->items));
	files->items[files->count++] = file;
	free(text);
}

static void
set_folder(struct script *script, uint64_t entry)
{
	uint32_t path = 0, sets = 0;
	view_u32le(script->header, entry + 4, &path);
	view_u32le(script->header, entry + 8, &sets);
	char *text = sets == 1 ? string_at(script, path) : NULL;
	if (text == NULL)
		return;
	free(script->folder);
	script->folder = text;
}

static int
order_files(const void *a, const void *b)
{
	const struct nsis_file *one = a, *other = b;
	if (one->offset != other->offset)
		return one->offset < other->offset ? -1 : 1;
	return one->turn < other->turn ? -1 : one->turn > other->turn;
}

static int
order_paths(const void *a, const void *b)
{
	const struct nsis_file *one = *(struct nsis_file *const *)a;
	const struct nsis_file *other = *(struct nsis_file *const *)b;
	int order = strcmp(one->path, other->path);
	return order != 0 ? order : order_files(one, other);
}

/* Scripts may write one path more than once, for one machine or another: from blocks of
 * their own those get numbers. */
static void
number_paths(struct nsis_files *files)
{
	struct nsis_file **sorted =
	    base_alloc(files->count, sizeof(struct nsis_file *));
	const struct nsis_file *before = NULL;
	unsigned number = 1;
	for (size_t i = 0; i < files->count; i++)
		sorted[i] = &files->items[i];
	if (files->count > 0)
		qsort(sorted, files->count, sizeof(struct nsis_file *), order_paths);
	for (size_t i = 0; i < files->count; i++) {
		struct nsis_file *file = sorted[i];
		if (before == NULL || strcmp(before->path, file->path) != 0)
			number = 1;
		else if (before->offset != file->offset)
			number++;
		file->number = number;
		before = file;
	}
	free(sorted);
}

/* The part of the header that the table in front names; false when it is not inside. */
static bool
header_part(const struct view *header, size_t index, uint32_t *offset, uint32_t *count)
{
	return view_u32le(header, 4 + 8 * index, offset) == 0 &&
	       view_u32le(header, 8 + 8 * index, count) == 0 && *offset <= header->size;
}

void
nsis_files_read(const struct view *header, struct nsis_files *files)
{
	struct script script = {.header = header};
	uint32_t entries, count, strings, ignored, end, what = 0;
	uint16_t first = 1;
	*files = (struct nsis_files){0};
	if (!header_part(header, ENTRIES, &entries, &count) ||
	    !header_part(header, STRINGS, &strings, &ignored) ||
	    !header_part(header, LANGUAGES, &end, &ignored) || end < strings)
		return;
	script.strings = strings;
	script.strings_end = end;
	/* the empty string comes first: one NUL or two */
	script.wide = view_u16le(header, strings, &first) == 0 && first == 0;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t at = entries + (uint64_t)i * ENTRY_SIZE;
		if (at + ENTRY_SIZE > header->size ||
		    view_u32le(header, at, &what) == -1)
			break;
		if (what == DO_FOLDER)
			set_folder(&script, at);
		else if (what == DO_FILE)
			add_file(&script, at, files);
	}
	free(script.folder);
	if (files->count > 0)
		qsort(files->items, files->count, sizeof(*files->items), order_files);
	number_paths(files);
}

struct nsis_file *
nsis_file_at(const struct nsis_files *files, uint64_t offset)
{
	size_t low = 0, high = files->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (files->items[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < files->count && files->items[low].offset == offset
		   ? &files->items[low]
		   : NULL;
}

void
nsis_files_free(struct nsis_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].path);
	free(files->items);
	*files = (struct nsis_files){0};
}
