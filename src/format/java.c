/*
 * Java classes: "The Java Virtual Machine Specification", chapter 4 ("JVMS"). All
 * numbers are big-endian.
 *
 *     magic | version | constant pool | class | interfaces | fields | methods |
 *     attributes
 *
 * Universal files of macOS begin with the same magic: see macho_fat.c.
 */
#include "format/format_private.h"

enum {
	HEADER_SIZE = 8,
	MAJOR_LEAST = 45, /* JVMS table 4.1-A: JDK 1.0.2 */
	MAJOR_MOST = 255,
	UTF8 = 1, /* JVMS table 4.4-A: CONSTANT_Utf8 */
	NAME_MOST = 255,
};

struct class
{
	const struct view *view;
	uint64_t at;         /* what is read next */
	uint64_t *constants; /* where each constant begins, 0 for none */
	uint16_t count;
};

static uint16_t
class_u16(const struct class *class, uint64_t offset)
{
	uint16_t value = 0;
	view_u16be(class->view, offset, &value);
	return value;
}

static enum probe_answer
class_probe(const struct view *view)
{
	uint16_t major = 0;
	return view_has(view, 0, "\xca\xfe\xba\xbe", 4) &&
		       view_u16be(view, 6, &major) == 0 && major >= MAJOR_LEAST &&
		       major <= MAJOR_MOST
		   ? PROBE_SURE
		   : PROBE_NO;
}

/* Step over `size` bytes. */
static int
skip(struct class *class, uint64_t size, const char *what, struct err *err)
{
	if (class->at > class->view->size || size > class->view->size - class->at)
		return err_set(err, ERR_INPUT, "%s at offset %ju is cut off", what,
			       (uintmax_t) class->at);
	class->at += size;
	return 0;
}

/* The size of a constant behind its tag (JVMS 4.4); 0 for an unknown one. */
static uint64_t
constant_size(const struct class *class, uint8_t tag)
{
	static const uint8_t sizes[] = {
	    [3] = 4,  [4] = 4,  [5] = 8,  [6] = 8,  [7] = 2,  [8] = 2,
	    [9] = 4,  [10] = 4, [11] = 4, [12] = 4, [15] = 3, [16] = 2,
	    [17] = 4, [18] = 4, [19] = 2, [20] = 2,
	};
	if (tag == UTF8)
		return 2 + (uint64_t)class_u16(class, class->at + 1);
	return tag < ARRAY_COUNT(sizes) ? sizes[tag] : 0;
}

static int
read_constants(struct class *class, struct map *map, struct err *err)
{
	class->count = class_u16(class, HEADER_SIZE);
	class->at = HEADER_SIZE + 2;
	for (uint32_t i = 1; i < class->count; i++) {
		uint8_t tag = 0;
		char name[32];
		uint64_t start = class->at;
		view_u8(class->view, start, &tag);
		uint64_t size = constant_size(class, tag);
		if (size == 0)
			return err_set(err, ERR_INPUT,
				       "constant %u at offset %ju is of unknown kind "
				       "%u",
				       i, (uintmax_t)start, tag);
		if (skip(class, 1 + size, "constant", err) == -1)
			return -1;
		class->constants[i] = start;
		snprintf(name, sizeof(name), "constant %u", i);
		map_add_part(map, HEADER_SIZE, start, 1 + size, EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, "constant pool", name);
		/* JVMS 4.4.5: Long and Double take two entries. */
		if (tag == 5 || tag == 6)
			i++;
	}
	map_add(map, HEADER_SIZE, class->at - HEADER_SIZE, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, "constant pool", NULL);
	return 0;
}

/* The text of a Utf8 constant, or what it is called instead. */
static void
constant_text(const struct class *class, uint16_t index, const char *instead,
	      char text[NAME_MOST + 1])
{
	uint64_t at = index < class->count ? class->constants[index] : 0;
	uint8_t tag = 0;
	struct view part;
	uint16_t length = 0;
	snprintf(text, NAME_MOST + 1, "%s", instead);
	if (at == 0 || view_u8(class->view, at, &tag) == -1 || tag != UTF8)
		return;
	length = class_u16(class, at + 1);
	if (length == 0 || length > NAME_MOST ||
	    view_sub(class->view, at + 3, length, &part) == -1)
		return;
	memcpy(text, part.data, length);
	text[length] = '\0';
}

/* The attributes at class->at (JVMS 4.7): each an extent when they are the class's. */
static int
read_attributes(struct class *class, struct map *map, struct err *err)
{
	uint16_t count = class_u16(class, class->at);
	if (skip(class, 2, "attributes", err) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = class->at;
		uint32_t size = 0;
		view_u32be(class->view, start + 2, &size);
		if (skip(class, 6 + (uint64_t)size, "attribute", err) == -1)
			return -1;
		if (map == NULL)
			continue;
		char name[NAME_MOST + 1];
		constant_text(class, class_u16(class, start), "attribute", name);
		map_add(map, start, class->at - start, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			"class attribute", name);
	}
	return 0;
}

/* Fields or methods (JVMS 4.5, 4.6), each an extent with its name. */
static int
read_items(struct class *class, struct map *map, const char *what, struct err *err)
{
	uint64_t base = class->at;
	uint16_t count = class_u16(class, base);
	if (skip(class, 2, what, err) == -1)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t start = class->at;
		char name[NAME_MOST + 1];
		if (skip(class, 6, what, err) == -1 ||
		    read_attributes(class, NULL, err) == -1)
			return -1;
		constant_text(class, class_u16(class, start + 2), what, name);
		map_add_part(map, base, start, class->at - start, EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, what, name);
	}
	map_add(map, base, class->at - base, EXTENT_CONTENT, EXTENT_NO_MEMBER, what,
		NULL);
	return 0;
}

static int
class_read(struct class *class, struct map *map, struct err *err)
{
	if (read_constants(class, map, err) == -1)
		return -1;
	uint64_t start = class->at;
	uint64_t interfaces = class_u16(class, start + 6);
	if (skip(class, 8 + 2 * interfaces, "class", err) == -1)
		return -1;
	map_add(map, start, class->at - start, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"class", NULL);
	if (read_items(class, map, "fields", err) == -1 ||
	    read_items(class, map, "methods", err) == -1)
		return -1;
	start = class->at;
	if (read_attributes(class, map, err) == -1)
		return -1;
	map_add(map, start, class->at - start, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"class attributes", NULL);
	/* JVMS 4.8: there must not be any. */
	if (class->at < class->view->size)
		map_add(map, class->at, class->view->size - class->at, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "after the class", NULL);
	return 0;
}

static int
class_map(const struct view *view, struct map *map, struct err *err)
{
	struct class class = {.view = view};
	if (class_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "class header is malformed");
	map_add(map, 0, 4, EXTENT_METADATA, EXTENT_NO_MEMBER, "class magic", NULL);
	map_add(map, 4, 4, EXTENT_METADATA, EXTENT_NO_MEMBER, "class version", NULL);
	class.constants = base_alloc((size_t)UINT16_MAX + 1, sizeof(*class.constants));
	int answer = class_read(&class, map, err);
	free(class.constants);
	return answer;
}

const struct format format_java = {
    .name = "java-class",
    .title = "Java class",
    .probe = class_probe,
    .map = class_map,
};
