/*
 * Manifests and signature files (JAR File Specification, "Manifest Specification"):
 * sections of "Name: value" lines, each ended by an empty line; a line that begins with
 * a blank goes on where the one before ended. Lines end in CR LF, LF or CR.
 *
 * Readers differ on names that are there twice, and on lines that are none: such a
 * file has a fault, whatever it would mean.
 */
#include "signature/jar_private.h"

enum {
	LINE_MOST = 72, /* bytes of a line, without its end */
	NAME_MOST = 70, /* bytes of an attribute's name */
	SECTIONS_MOST = 1 << 20,
	ATTRIBUTES_MOST = 256, /* of one section */
	FAULTS_MOST = 16,
};

/* ---- lines --------------------------------------------------------------- */

/* The line at *at, without its end; -1 at the end of the text. */
static int
next_line(const struct view *text, uint64_t *at, struct view *line)
{
	uint64_t end = *at;
	if (end >= text->size)
		return -1;
	while (end < text->size && text->data[end] != '\n' && text->data[end] != '\r')
		end++;
	view_sub(text, *at, end - *at, line);
	if (view_has(text, end, "\r\n", 2))
		end++;
	*at = end < text->size ? end + 1 : end;
	return 0;
}

static void add_fault(struct jar_manifest *manifest, const char *format, ...)
    PRINTF_LIKE(2, 3);

static void
add_fault(struct jar_manifest *manifest, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	if (manifest->faults.count >= FAULTS_MOST)
		return;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	strings_add(&manifest->faults, text.data);
	buf_free(&text);
}

/* ---- sections ------------------------------------------------------------ */

static struct jar_section *
section_add(struct jar_manifest *manifest)
{
	if (manifest->count == manifest->room) {
		manifest->room = manifest->room ? 2 * manifest->room : 16;
		manifest->sections = base_realloc(manifest->sections, manifest->room,
						  sizeof(*manifest->sections));
	}
	struct jar_section *section = &manifest->sections[manifest->count++];
	*section = (struct jar_section){0};
	return section;
}

static bool
is_name(const struct view *name)
{
	for (uint64_t i = 0; i < name->size; i++) {
		unsigned char c = name->data[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			      (c >= '0' && c <= '9') || c == '_' || c == '-';
		if (!letter)
			return false;
	}
	return name->size > 0 && name->size <= NAME_MOST;
}

/* "Name: value" */
static void
add_attribute(struct jar_manifest *manifest, struct jar_section *section,
	      const struct view *line)
{
	struct view name = {NULL, 0};
	uint64_t colon;
	if (view_find(line, 0, ": ", 2, &colon) == 0)
		view_sub(line, 0, colon, &name);
	if (!is_name(&name)) {
		char *shown = text_shown_n(
		    line->data,
		    (size_t)(line->size < LINE_MOST ? line->size : LINE_MOST));
		add_fault(manifest, "a line that is no attribute, '%s'", shown);
		free(shown);
		return;
	}
	if (section->count == ATTRIBUTES_MOST) {
		add_fault(manifest, "a section of more than %d attributes",
			  ATTRIBUTES_MOST);
		return;
	}
	section->attributes = base_realloc(section->attributes, section->count + 1,
					   sizeof(*section->attributes));
	struct jar_attribute *attribute = &section->attributes[section->count++];
	struct view value = view_from(line, colon + 2);
	*attribute = (struct jar_attribute){
	    .name = base_strndup((const char *)name.data, (size_t)name.size)};
	buf_puts(&attribute->value, "");
	buf_append(&attribute->value, value.data, (size_t)value.size);
}

static void
continue_attribute(struct jar_manifest *manifest, struct jar_section *section,
		   const struct view *line)
{
	if (section->count == 0) {
		add_fault(manifest, "a section that begins with a folded line");
		return;
	}
	buf_append(&section->attributes[section->count - 1].value, line->data + 1,
		   (size_t)line->size - 1);
}

static void
check_line(struct jar_manifest *manifest, const struct view *line)
{
	uint64_t at;
	if (view_find(line, 0, "\0", 1, &at) == 0)
		add_fault(manifest, "a line with a NUL");
	if (line->size > LINE_MOST && manifest->odd.count == 0)
		strings_add(&manifest->odd,
			    "lines longer than the 72 bytes that are allowed");
}

static void
check_attributes(struct jar_manifest *manifest, const struct jar_section *section)
{
	for (size_t i = 0; i < section->count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (strcasecmp(section->attributes[i].name,
				       section->attributes[k].name) == 0)
				add_fault(manifest,
					  "a section with two attributes '%s'",
					  section->attributes[i].name);
		}
	}
}

/* A section but the main one begins with its name. */
static void
name_section(struct jar_manifest *manifest, struct jar_section *section)
{
	bool named =
	    section->count > 0 && strcasecmp(section->attributes[0].name, "Name") == 0;
	check_attributes(manifest, section);
	if (manifest->count == 1)
		return;
	section->name = named ? section->attributes[0].value.data : "";
	if (!named)
		add_fault(manifest, "a section that does not begin with its name");
}

/* The section at *at; what follows the empty line begins the next one. */
static void
read_section(const struct view *text, uint64_t *at, struct jar_manifest *manifest)
{
	struct jar_section *section = section_add(manifest);
	uint64_t start = *at, end = *at;
	struct view line = {NULL, 0};
	while (next_line(text, at, &line) == 0 && line.size > 0) {
		check_line(manifest, &line);
		if (line.data[0] == ' ')
			continue_attribute(manifest, section, &line);
		else
			add_attribute(manifest, section, &line);
		end = *at;
	}
	view_sub(text, start, end - start, &section->bare);
	view_sub(text, start, *at - start, &section->bytes);
	name_section(manifest, section);
}

/* ---- names ---------------------------------------------------------------- */

static int
compare_sections(const void *a, const void *b, void *context)
{
	const struct jar_section *sections = context;
	return strcmp(sections[*(const size_t *)a].name,
		      sections[*(const size_t *)b].name);
}

static void
sort_sections(struct jar_manifest *manifest)
{
	size_t count = manifest->count > 0 ? manifest->count - 1 : 0;
	manifest->order = base_alloc(count + 1, sizeof(*manifest->order));
	for (size_t i = 0; i < count; i++)
		manifest->order[i] = i + 1;
	qsort_r(manifest->order, count, sizeof(*manifest->order), compare_sections,
		manifest->sections);
	for (size_t i = 1; i < count; i++) {
		const char *name = manifest->sections[manifest->order[i]].name;
		if (strcmp(manifest->sections[manifest->order[i - 1]].name, name) != 0)
			continue;
		char *shown = text_shown(name);
		add_fault(manifest, "two sections '%s'", shown);
		free(shown);
	}
}

void
jar_manifest_read(const struct view *text, struct jar_manifest *manifest)
{
	uint64_t at = 0;
	*manifest = (struct jar_manifest){0};
	while (at < text->size && manifest->count < SECTIONS_MOST) {
		uint64_t next = at;
		struct view line;
		/* more empty lines than one belong to no section */
		if (manifest->count > 0 && next_line(text, &next, &line) == 0 &&
		    line.size == 0)
			at = next;
		else
			read_section(text, &at, manifest);
	}
	if (at < text->size)
		add_fault(manifest, "more than %d sections", SECTIONS_MOST);
	if (text->size > 0 && text->data[text->size - 1] != '\n' &&
	    text->data[text->size - 1] != '\r')
		strings_add(&manifest->odd, "a last line without its end");
	sort_sections(manifest);
}

void
jar_manifest_free(struct jar_manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++) {
		struct jar_section *section = &manifest->sections[i];
		for (size_t k = 0; k < section->count; k++) {
			free(section->attributes[k].name);
			buf_free(&section->attributes[k].value);
		}
		free(section->attributes);
	}
	free(manifest->sections);
	free(manifest->order);
	strings_free(&manifest->faults);
	strings_free(&manifest->odd);
	*manifest = (struct jar_manifest){0};
}

const struct jar_section *
jar_manifest_find(const struct jar_manifest *manifest, const char *name)
{
	size_t from = 0, to = manifest->count > 0 ? manifest->count - 1 : 0;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct jar_section *section =
		    &manifest->sections[manifest->order[middle]];
		int order = strcmp(name, section->name);
		if (order == 0)
			return section;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

const char *
jar_section_value(const struct jar_section *section, const char *name)
{
	for (size_t i = 0; i < section->count; i++) {
		if (strcasecmp(section->attributes[i].name, name) == 0)
			return section->attributes[i].value.data;
	}
	return NULL;
}
