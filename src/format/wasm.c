/*
 * WebAssembly modules ("WebAssembly Core Specification", 5.5 "Modules"): the preamble
 * and sections, each with its number and size. Function bodies are parts of the code
 * section.
 */
#include "format/format_private.h"

enum {
	PREAMBLE_SIZE = 8, /* magic and version */
	SECTIONS_MOST = 100000,
	BODIES_MOST = 200000,
	NAME_MOST = 100,
	CUSTOM = 0,
	CODE = 10,
};

struct section {
	uint64_t offset, body, end;
	uint8_t id;
};

static enum probe_answer
wasm_probe(const struct view *view)
{
	return view_has(view, 0, "\0asm\1\0\0\0", PREAMBLE_SIZE) ? PROBE_SURE
								 : PROBE_NO;
}

/* A number of at most 32 bits (5.2.2 "Integers": LEB128). */
static int
read_number(const struct view *view, uint64_t *at, uint64_t *value)
{
	uint8_t byte = 0x80;
	*value = 0;
	for (unsigned shift = 0; shift < 35 && byte >= 0x80; shift += 7) {
		if (view_u8(view, (*at)++, &byte) == -1)
			return -1;
		*value |= (uint64_t)(byte & 0x7f) << shift;
	}
	return byte < 0x80 ? 0 : -1;
}

/* Read the section at `offset`, which is all inside the file. */
static int
read_section(const struct view *view, uint64_t offset, struct section *section,
	     struct err *err)
{
	uint64_t size = 0, at = offset + 1;
	*section = (struct section){.offset = offset};
	if (view_u8(view, offset, &section->id) == -1 ||
	    read_number(view, &at, &size) == -1 || size > view->size - at)
		return err_set(err, ERR_INPUT,
			       "section at offset %ju is not all inside the file",
			       (uintmax_t)offset);
	section->body = at;
	section->end = at + size;
	return 0;
}

/* "code section", "custom section producers". */
static char *
section_name(const struct view *view, const struct section *section)
{
	static const char *const names[] = {
	    "custom", "type",  "import",  "function", "table", "memory",     "global",
	    "export", "start", "element", "code",     "data",  "data count", "tag"};
	uint64_t length = 0, at = section->body;
	struct view name;
	if (section->id >= ARRAY_COUNT(names))
		return base_format("section of type %u", section->id);
	if (section->id != CUSTOM || read_number(view, &at, &length) == -1 ||
	    length > section->end - at ||
	    view_sub(view, at, length < NAME_MOST ? length : NAME_MOST, &name) == -1)
		return base_format("%s section", names[section->id]);
	return base_format("custom section %.*s", (int)name.size,
			   (const char *)name.data);
}

/* The bodies of the code section, by their place in it. */
static void
map_bodies(const struct view *view, struct map *map, const struct section *section,
	   const char *name)
{
	struct view code;
	uint64_t count = 0, size = 0, at = section->body;
	if (view_sub(view, 0, section->end, &code) == -1 ||
	    read_number(&code, &at, &count) == -1)
		return;
	for (uint64_t i = 0; i < count && i < BODIES_MOST; i++) {
		char body[32];
		uint64_t start = at;
		if (read_number(&code, &at, &size) == -1 || size > code.size - at)
			return;
		at += size;
		snprintf(body, sizeof(body), "body %ju", (uintmax_t)i);
		map_add_part(map, section->offset, start, at - start, EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, name, body);
	}
}

static int
wasm_map(const struct view *view, struct map *map, struct err *err)
{
	struct section section;
	uint64_t at = PREAMBLE_SIZE;
	if (wasm_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "no WebAssembly preamble");
	map_add(map, 0, PREAMBLE_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
		"WebAssembly preamble", NULL);
	for (int i = 0; at < view->size && i < SECTIONS_MOST; i++, at = section.end) {
		if (read_section(view, at, &section, err) == -1)
			return -1;
		char *name = section_name(view, &section);
		map_add_part(map, at, at, section.body - at, EXTENT_METADATA,
			     EXTENT_NO_MEMBER, name, "type and size");
		if (section.id == CODE)
			map_bodies(view, map, &section, name);
		map_add(map, at, section.end - at, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			name, NULL);
		free(name);
	}
	if (at < view->size)
		return err_set(err, ERR_LIMIT, "more than %d sections", SECTIONS_MOST);
	return 0;
}

const struct format format_wasm = {
    .name = "wasm",
    .title = "WebAssembly module",
    .probe = wasm_probe,
    .map = wasm_map,
};
