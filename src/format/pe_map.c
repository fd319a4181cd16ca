/* What the bytes of a PE image are called. */
#include "format/pe_private.h"

enum {
	DOS_HEADER_SIZE = 64,
	SYMBOL_EXTERNAL = 2, /* PE/COFF "Storage Class" */
	SYMBOL_STATIC = 3,
	NAME_MOST = 256,         /* bytes of a section's name shown */
	RICH_MOST = 4096,        /* bytes of a Rich header */
	RICH_START = 0x536e6144, /* "DanS" */
};

static void
add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *name)
{
	map_add(map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

/* A name in `field` bytes at `at`, padded with NULs; the length it has. */
static uint16_t
field_length(const struct view *view, uint64_t at, uint16_t field)
{
	uint16_t length = 0;
	uint8_t byte;
	while (length < field && view_u8(view, at + length, &byte) == 0 && byte != 0)
		length++;
	return length;
}

/* A string of the string table; NULL when it is not inside. */
static const char *
pe_string(const struct view *view, const struct pe *pe, uint64_t offset,
	  uint16_t *length)
{
	struct view strings;
	if (pe->strings == 0 || offset < 4 ||
	    view_sub(view, pe->strings, pe->strings_end - pe->strings, &strings) == -1)
		return NULL;
	return symbol_name(&strings, offset, length);
}

/* Add the name of a section to a list: "/123" is a place in the string table (GNU's
 * long names). */
static void
pe_section_name(const struct view *view, const struct pe *pe, unsigned index,
		struct strings *names)
{
	struct view field;
	uint64_t header = pe->sections + (uint64_t)index * PE_SECTION_SIZE;
	uint16_t length = field_length(view, header, 8);
	if (view_sub(view, header, length, &field) == -1 || length == 0) {
		strings_addf(names, "section %u", index + 1);
		return;
	}
	char *name = base_strndup((const char *)field.data, length);
	char *end = NULL;
	unsigned long at = name[0] == '/' ? strtoul(name + 1, &end, 10) : 0;
	const char *string = NULL;
	if (end != NULL && *end == '\0' && end != name + 1)
		string = pe_string(view, pe, at, &length);
	if (string == NULL)
		strings_add(names, name);
	else
		strings_addf(names, "%.*s", length < NAME_MOST ? length : NAME_MOST,
			     string);
	free(name);
}

/* One entry of the COFF symbol table as a symbol, when it names a place. */
static bool
pe_symbol(const struct view *view, const struct pe *pe, uint64_t at,
	  const struct symbol_owner *owners, struct symbol *symbol)
{
	uint32_t zeros = 0, offset = 0, value = 0;
	uint16_t section = 0;
	uint8_t class = 0;
	view_u32le(view, at, &zeros);
	view_u32le(view, at + 4, &offset);
	view_u32le(view, at + 8, &value);
	view_u16le(view, at + 12, &section);
	view_u8(view, at + 16, &class);
	if ((class != SYMBOL_EXTERNAL && class != SYMBOL_STATIC) || section == 0 ||
	    section > pe->section_count)
		return false;
	const struct symbol_owner *owner = &owners[section - 1];
	*symbol = (struct symbol){.start = owner->offset + value,
				  .owner = section - 1U,
				  .global = class == SYMBOL_EXTERNAL};
	if (symbol->start >= owner->end)
		return false;
	struct view name;
	if (zeros == 0) {
		symbol->name = pe_string(view, pe, offset, &symbol->length);
	} else {
		symbol->length = field_length(view, at, 8);
		if (view_sub(view, at, symbol->length, &name) == 0)
			symbol->name = (const char *)name.data;
	}
	/* The section's own name is said already. */
	return symbol->name != NULL && symbol->length > 0 &&
	       (symbol->name[0] != '.' || class == SYMBOL_EXTERNAL);
}

/* Sections that hold strings, or may. */
static const struct layout *
pe_content_layout(const char *name)
{
	static const struct layout strings = {.strings = 1}, guessed = {.strings = 4};
	if (strcmp(name, ".debug_str") == 0 || strcmp(name, ".debug_line_str") == 0)
		return &strings;
	return strncmp(name, ".rdata", 6) == 0 ? &guessed : NULL;
}

/* Collect the symbols of the COFF symbol table. Without sizes a symbol left out would
 * lend its bytes to the one before: all of them or none. */
static void
pe_collect_symbols(const struct pe_image *image, struct symbols *symbols)
{
	const struct pe *pe = image->pe;
	for (uint32_t i = 0; i < pe->symbol_count; i++) {
		uint64_t at = pe->symbols + (uint64_t)i * PE_SYMBOL_SIZE;
		struct symbol symbol;
		uint8_t auxiliary = 0;
		if (pe_symbol(image->view, pe, at, image->owners, &symbol) &&
		    !symbols_add(symbols, &symbol)) {
			symbols_free(symbols);
			break;
		}
		view_u8(image->view, at + 17, &auxiliary);
		i += auxiliary;
	}
}

/* The sections, split where tables that the headers name and where symbols start. */
static void
pe_map_sections(const struct view *view, const struct pe *pe, struct map *map)
{
	struct symbol_owner *owners = base_alloc(pe->section_count, sizeof(*owners));
	struct symbols symbols = {0};
	struct strings names = {0};
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t offset = 0, end = 0;
		pe_section(view, pe, i, &offset, &end);
		pe_section_name(view, pe, i, &names);
		const char *name = names.items[i];
		owners[i] = (struct symbol_owner){name, offset, end, EXTENT_CONTENT};
		uint64_t header = pe->sections + (uint64_t)i * PE_SECTION_SIZE;
		map_add_layout(map, pe->sections, header, PE_SECTION_SIZE,
			       EXTENT_METADATA, "section headers", name,
			       &pe_section_layout);
	}
	const struct pe_image image = {view, pe, owners, map};
	pe_map_directories(&image);
	pe_collect_symbols(&image, &symbols);
	symbols_put(&symbols, map, owners);
	symbols_free(&symbols);
	for (unsigned i = 0; i < pe->section_count; i++)
		map_add_layout(map, owners[i].offset, owners[i].offset,
			       owners[i].end - owners[i].offset, EXTENT_CONTENT,
			       owners[i].name, NULL, pe_content_layout(owners[i].name));
	strings_free(&names);
	free(owners);
}

/* The zeros that signing put before the table, to align it: at most seven, behind
 * everything that is known to end. */
static void
pe_map_padding(const struct view *view, const struct pe *pe, struct map *map)
{
	uint64_t least = pe->sections_end;
	if (pe->strings_end > least)
		least = pe->strings_end;
	uint64_t from = pe->table;
	uint8_t byte;
	while (from > least && pe->table - from < PE_ALIGNMENT - 1 &&
	       view_u8(view, from - 1, &byte) == 0 && byte == 0)
		from--;
	add(map, from, pe->table - from, EXTENT_PADDING,
	    "padding before certificate table");
}

static void
pe_map_overlay(const struct view *view, const struct pe *pe, struct map *map)
{
	static const char name[] = "overlay";
	uint64_t start = pe->sections_end;
	if (pe->symbols >= start && pe->symbol_count > 0)
		map_add_part(map, start, pe->symbols,
			     (uint64_t)pe->symbol_count * PE_SYMBOL_SIZE,
			     EXTENT_CONTENT, EXTENT_NO_MEMBER, name,
			     "COFF symbol table");
	if (pe->strings >= start && pe->strings != 0)
		map_add_part(map, start, pe->strings, pe->strings_end - pe->strings,
			     EXTENT_CONTENT, EXTENT_NO_MEMBER, name,
			     "COFF string table");
	add(map, start, view->size - start, EXTENT_CONTENT, name);
}

/*
 * What Microsoft's linker leaves between the DOS stub and the PE signature: which tools
 * of which builds made the objects. "DanS", three zeros and the entries, all XORed with
 * a key; "Rich", the key. Microsoft does not document it.
 */
static void
pe_map_rich(const struct view *view, uint64_t signature, struct map *map)
{
	uint64_t end;
	uint32_t key = 0, word = 0;
	struct view head;
	if (view_sub(view, 0, signature, &head) == -1 ||
	    view_find(&head, DOS_HEADER_SIZE, "Rich", 4, &end) == -1 ||
	    view_u32le(&head, end + 4, &key) == -1)
		return;
	for (uint64_t at = end; at >= DOS_HEADER_SIZE + 4 && end - at < RICH_MOST;) {
		at -= 4;
		if (view_u32le(&head, at, &word) == 0 && (word ^ key) == RICH_START) {
			add(map, at, end + 8 - at, EXTENT_METADATA, "Rich header");
			return;
		}
	}
}

static void
pe_map_headers(const struct view *view, const struct pe *pe, struct map *map)
{
	uint64_t signature = pe->coff - PE_SIGNATURE;
	pe_map_rich(view, signature, map);
	add(map, signature, PE_SIGNATURE, EXTENT_METADATA, "PE signature");
	add(map, pe->coff + 4, 4, EXTENT_METADATA, "COFF header TimeDateStamp");
	map_add_layout(map, pe->coff, pe->coff, PE_COFF_SIZE, EXTENT_METADATA,
		       "COFF header", NULL, &pe_coff_layout);
	if (pe->sections == 0) {
		add(map, 0, signature, EXTENT_METADATA, "DOS header");
		return;
	}
	add(map, pe->optional + PE_CHECKSUM, 4, EXTENT_DERIVED, "CheckSum");
	if (pe->certificate_entry != 0)
		add(map, pe->certificate_entry, 8, EXTENT_SIGNATURE,
		    "certificate table directory entry");
	map_add_layout(map, pe->optional, pe->optional, pe->optional_size,
		       EXTENT_METADATA, "optional header", NULL,
		       pe_optional_layout(pe));
	/* Last: in the smallest images the PE header lies inside this one. */
	add(map, 0, signature, EXTENT_METADATA, "DOS header");
}

/* What lies between the headers and SizeOfHeaders. */
static void
pe_map_header_padding(const struct view *view, const struct pe *pe, struct map *map)
{
	uint64_t end = pe->sections + (uint64_t)pe->section_count * PE_SECTION_SIZE;
	struct view rest;
	if (pe->headers_size > end &&
	    view_sub(view, end, pe->headers_size - end, &rest) == 0)
		add(map, end, rest.size,
		    view_is_zero(&rest) ? EXTENT_PADDING : EXTENT_CONTENT,
		    "header padding");
}

int
pe_map(const struct view *view, struct map *map, struct err *err)
{
	struct pe pe;
	struct err malformed = {0};
	int answer = pe_read(view, &pe, err);
	if (pe.coff != 0)
		pe_map_headers(view, &pe, map);
	if (answer == -1)
		return -1;
	uint64_t table_end = pe.table + pe.table_size;
	if (pe.table_size > 0 && table_end <= view->size) {
		bool sound = pe_table_check(view, &pe, &malformed) == 0;
		/* The headers were added before: they keep what a table claims. */
		if (sound)
			pe_map_padding(view, &pe, map);
		add(map, pe.table, pe.table_size,
		    sound ? EXTENT_SIGNATURE : EXTENT_CONTENT, "certificate table");
	}
	pe_map_sections(view, &pe, map);
	pe_map_header_padding(view, &pe, map);
	if (pe.table_size > 0 && table_end <= view->size)
		add(map, table_end, view->size - table_end, EXTENT_CONTENT,
		    "after certificate table");
	pe_map_overlay(view, &pe, map);
	return 0;
}
