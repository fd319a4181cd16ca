/*
 * Compiled Python modules (.pyc): PEP 552, and the shorter headers before it.
 *
 *     3.7 on:  magic | flags | source mtime and size, or a hash of the source | code
 *     3.3 on:  magic | source mtime | source size | code
 *     2.x:     magic | source mtime | code
 *
 * The magic is a 16-bit number, "\r" and "\n". Numbers are little-endian.
 */
#include "format/format_private.h"

enum {
	/* The list of magic numbers in Lib/importlib/_bootstrap_external.py. */
	MAGIC_FIRST = 3000, /* Python 3000 */
	MAGIC_SIZE = 3210,  /* from 3.3a1 on there is a size */
	MAGIC_FLAGS = 3392, /* from 3.7a4 on there are flags */
	MAGIC_LAST = 3999,
	MAGIC_OLD_FIRST = 50428, /* 1.6 */
	MAGIC_OLD_LAST = 62299,  /* 2.7 is 62211 */
	FLAG_HASH = 1,
	FLAG_CHECK = 2,
};

/* Where the code begins; 0 for what is no such file. */
static uint64_t
pyc_header(const struct view *view, uint32_t *flags)
{
	uint16_t magic = 0;
	uint8_t first = 0;
	uint64_t size = 8;
	view_u16le(view, 0, &magic);
	if (!view_has(view, 2, "\r\n", 2))
		return 0;
	*flags = 0;
	if (magic >= MAGIC_FLAGS && magic <= MAGIC_LAST) {
		size = 16;
		if (view_u32le(view, 4, flags) == -1 ||
		    (*flags & ~(uint32_t)(FLAG_HASH | FLAG_CHECK)) != 0)
			return 0;
	} else if (magic >= MAGIC_SIZE && magic < MAGIC_FLAGS) {
		size = 12;
	} else if ((magic < MAGIC_FIRST || magic >= MAGIC_SIZE) &&
		   (magic < MAGIC_OLD_FIRST || magic > MAGIC_OLD_LAST)) {
		return 0;
	}
	/* Python/marshal.c: a code object, with or without FLAG_REF. */
	if (view_u8(view, size, &first) == -1 || (first & 0x7f) != 'c')
		return 0;
	return size;
}

static enum probe_answer
pyc_probe(const struct view *view)
{
	uint32_t flags;
	return pyc_header(view, &flags) != 0 ? PROBE_SURE : PROBE_NO;
}

static void
add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *name)
{
	map_add(map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

static int
pyc_map(const struct view *view, struct map *map, struct err *err)
{
	uint32_t flags;
	uint64_t code = pyc_header(view, &flags);
	if (code == 0)
		return err_set(err, ERR_INPUT, "header of Python code is malformed");
	add(map, 0, 4, EXTENT_METADATA, "pyc magic");
	if (code == 16)
		add(map, 4, 4, EXTENT_METADATA, "pyc flags");
	uint64_t fields = code == 16 ? 8 : 4;
	if ((flags & FLAG_HASH) != 0) {
		add(map, fields, 8, EXTENT_METADATA, "pyc source hash");
	} else {
		add(map, fields, 4, EXTENT_METADATA, "pyc source mtime");
		if (code > 8)
			add(map, fields + 4, 4, EXTENT_METADATA, "pyc source size");
	}
	add(map, code, view->size - code, EXTENT_CONTENT, "marshalled code");
	return 0;
}

const struct format format_pyc = {
    .name = "python-pyc",
    .title = "Python, compiled",
    .probe = pyc_probe,
    .map = pyc_map,
};
