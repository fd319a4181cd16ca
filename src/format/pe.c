/*
 * PE images: Windows programs and UEFI applications.
 *
 * "PE/COFF" below is Microsoft's "PE Format"; "Authenticode" its "Windows
 * Authenticode Portable Executable Signature Format" of 2008.
 *
 *     DOS header | PE signature | COFF header | optional header | section headers |
 *     sections | overlay (often the COFF symbol and string tables) | padding to 8 |
 *     certificate table
 */
#include "format/format_private.h"

enum {
	DOS_LFANEW = 0x3c,     /* PE/COFF "MS-DOS Stub": offset of the signature */
	PE_SIGNATURE = 4,      /* "PE\0\0" */
	COFF_SIZE = 20,        /* "COFF File Header" */
	OPTIONAL_PE32 = 0x10b, /* "Optional Header", Magic */
	OPTIONAL_PE32PLUS = 0x20b,
	OPTIONAL_HEADERS = 60,  /* SizeOfHeaders, in both kinds */
	OPTIONAL_CHECKSUM = 64, /* CheckSum, in both kinds */
	DIRECTORY_EXCEPTION = 3,
	DIRECTORY_CERTIFICATE = 4,
	DIRECTORY_DEBUG = 6,
	SECTION_SIZE = 40,   /* "Section Table" */
	SYMBOL_SIZE = 18,    /* "COFF Symbol Table" */
	SYMBOL_EXTERNAL = 2, /* "Storage Class" */
	SYMBOL_STATIC = 3,
	DEBUG_SIZE = 28, /* "Debug Directory" */
	DEBUG_CODEVIEW = 2,
	NAME_MOST = 256,        /* bytes of a section's name shown */
	DEBUG_MOST = 64,        /* entries looked at */
	CERTIFICATE_HEADER = 8, /* "Attribute Certificate Table" */
	CERTIFICATE_ALIGNMENT = 8,
};

#define SECTION_EXECUTE UINT32_C(0x20000000) /* IMAGE_SCN_MEM_EXECUTE */

/* Where things stand in one image. Offsets are file offsets. */
struct pe {
	uint64_t coff;     /* COFF header */
	uint64_t optional; /* optional header */
	uint64_t sections; /* section headers */
	uint16_t optional_size, section_count;
	uint64_t directories; /* data directories */
	uint32_t directory_count;
	uint32_t headers_size;     /* SizeOfHeaders */
	uint64_t symbols, strings; /* COFF symbol table, string table; 0: none */
	uint64_t strings_end;      /* 0: none */
	uint32_t symbol_count;
	uint64_t sections_end;      /* end of the last section's bytes, in the file */
	uint64_t certificate_entry; /* data directory 4; 0: the header has none */
	uint64_t table, table_size; /* what it says; both 0: unsigned */
};

static bool
pe_find(const struct view *view, uint64_t *signature)
{
	uint32_t lfanew;
	if (!view_has(view, 0, "MZ", 2) ||
	    view_u32le(view, DOS_LFANEW, &lfanew) == -1 ||
	    !view_has(view, lfanew, "PE\0\0", PE_SIGNATURE) ||
	    (uint64_t)lfanew + PE_SIGNATURE + COFF_SIZE > view->size)
		return false;
	*signature = lfanew;
	return true;
}

static enum probe_answer
pe_probe(const struct view *view)
{
	uint64_t signature;
	return pe_find(view, &signature) ? PROBE_SURE : PROBE_NO;
}

/* Offset and size of a data directory, as stored; -1 when the header has none. */
static int
pe_directory(const struct view *view, const struct pe *pe, unsigned index,
	     uint32_t *where, uint32_t *size)
{
	if (index >= pe->directory_count)
		return -1;
	uint64_t entry = pe->directories + 8 * (uint64_t)index;
	return view_u32le(view, entry, where) == -1 ||
		       view_u32le(view, entry + 4, size) == -1
		   ? -1
		   : 0;
}

/* The COFF symbol table and the string table right behind it, when they are all
 * inside the file. */
static void
pe_read_symbols(const struct view *view, struct pe *pe)
{
	uint32_t at = 0, count = 0, size = 0;
	view_u32le(view, pe->coff + 8, &at);
	view_u32le(view, pe->coff + 12, &count);
	uint64_t strings = (uint64_t)at + (uint64_t)count * SYMBOL_SIZE;
	if (at == 0 || strings > view->size)
		return;
	pe->symbols = at;
	pe->symbol_count = count;
	if (view_u32le(view, strings, &size) == 0 && size >= 4 &&
	    size <= view->size - strings) {
		pe->strings = strings;
		pe->strings_end = strings + size;
	}
}

/* A section's bytes in the file; false when it has none there. */
static bool
pe_section(const struct view *view, const struct pe *pe, unsigned index,
	   uint64_t *offset, uint64_t *end)
{
	uint64_t header = pe->sections + (uint64_t)index * SECTION_SIZE;
	uint32_t size = 0, pointer = 0;
	if (view_u32le(view, header + 16, &size) == -1 ||
	    view_u32le(view, header + 20, &pointer) == -1 || size == 0 ||
	    pointer == 0 || pointer >= view->size)
		return false;
	*offset = pointer;
	*end = (uint64_t)pointer + size;
	return true;
}

/* Read the optional header: of a known kind, whole, with its directories inside. */
static int
pe_read_optional(const struct view *view, struct pe *pe, struct err *err)
{
	uint16_t magic = 0;
	view_u16le(view, pe->optional, &magic);
	if (pe->optional_size < 2 ||
	    (magic != OPTIONAL_PE32 && magic != OPTIONAL_PE32PLUS))
		return err_set(err, ERR_INPUT,
			       "optional header at offset %ju is of unknown kind 0x%x",
			       (uintmax_t)pe->optional, magic);
	uint64_t fixed = magic == OPTIONAL_PE32 ? 96 : 112;
	if (pe->optional_size < fixed || pe->optional + pe->optional_size > view->size)
		return err_set(err, ERR_INPUT,
			       "optional header at offset %ju is cut off at %u bytes",
			       (uintmax_t)pe->optional, pe->optional_size);
	view_u32le(view, pe->optional + OPTIONAL_HEADERS, &pe->headers_size);
	view_u32le(view, pe->optional + fixed - 4, &pe->directory_count);
	pe->directories = pe->optional + fixed;
	/* Loaders know 16; a larger count is as good as 16 to them. */
	if (pe->directory_count > 16)
		pe->directory_count = 16;
	if (fixed + 8 * (uint64_t)pe->directory_count > pe->optional_size)
		return err_set(
		    err, ERR_INPUT,
		    "optional header at offset %ju has no room for its %u data "
		    "directories",
		    (uintmax_t)pe->optional, pe->directory_count);
	uint32_t table, size;
	if (pe_directory(view, pe, DIRECTORY_CERTIFICATE, &table, &size) == 0) {
		pe->certificate_entry = pe->directories + 8 * DIRECTORY_CERTIFICATE;
		pe->table = table;
		pe->table_size = size;
	}
	return 0;
}

/* What is known before a failure is in *pe then too. */
static int
pe_read(const struct view *view, struct pe *pe, struct err *err)
{
	uint64_t signature;
	*pe = (struct pe){0};
	if (!pe_find(view, &signature))
		return err_set(err, ERR_INPUT,
			       "no PE signature at the offset that the "
			       "DOS header names");
	pe->coff = signature + PE_SIGNATURE;
	pe->optional = pe->coff + COFF_SIZE;
	view_u16le(view, pe->coff + 2, &pe->section_count);
	view_u16le(view, pe->coff + 16, &pe->optional_size);
	if (pe_read_optional(view, pe, err) == -1)
		return -1;
	pe->sections = pe->optional + pe->optional_size;
	uint64_t headers_end =
	    pe->sections + (uint64_t)pe->section_count * SECTION_SIZE;
	if (headers_end > view->size)
		return err_set(err, ERR_INPUT,
			       "section headers at offset %ju are cut off",
			       (uintmax_t)pe->sections);
	pe->sections_end = headers_end;
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t offset, end;
		if (pe_section(view, pe, i, &offset, &end) && end > pe->sections_end)
			pe->sections_end = end;
	}
	if (pe->sections_end > view->size)
		pe->sections_end = view->size;
	pe_read_symbols(view, pe);
	return 0;
}

/* ---- the certificate table -------------------------------------------- */

static uint64_t
round_up(uint64_t value)
{
	return (value + CERTIFICATE_ALIGNMENT - 1) / CERTIFICATE_ALIGNMENT *
	       CERTIFICATE_ALIGNMENT;
}

/* Do WIN_CERTIFICATE entries, each rounded up to 8 with zeros, fill the table
 * exactly? What is in them is for the signature room to judge. */
static int
table_walk(const struct view *table, uint64_t offset, struct err *err)
{
	uint64_t at = 0;
	for (unsigned entry = 0; at < table->size; entry++) {
		uint32_t length;
		if (view_u32le(table, at, &length) == -1 ||
		    length < CERTIFICATE_HEADER || length > table->size - at)
			return err_set(err, ERR_INPUT,
				       "certificate table entry %u at offset %ju is "
				       "malformed",
				       entry, (uintmax_t)(offset + at));
		uint64_t next = round_up(at + length);
		if (next > table->size)
			next = table->size;
		struct view rest;
		if (view_sub(table, at + length, next - at - length, &rest) == -1 ||
		    !view_is_zero(&rest))
			return err_set(
			    err, ERR_INPUT,
			    "bytes hide behind certificate table entry %u at "
			    "offset %ju",
			    entry, (uintmax_t)(offset + at + length));
		at = next;
	}
	return 0;
}

/* Is what directory 4 names a certificate table that lies behind everything that
 * is loaded, and is made of entries? */
static int
table_check(const struct view *view, const struct pe *pe, struct err *err)
{
	struct view table;
	if (view_sub(view, pe->table, pe->table_size, &table) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "data directory 4 names %ju bytes at offset %ju, outside of "
		    "the file",
		    (uintmax_t)pe->table_size, (uintmax_t)pe->table);
	uint64_t table_end = pe->table + pe->table_size;
	uint64_t headers_end =
	    pe->sections + (uint64_t)pe->section_count * SECTION_SIZE;
	if (pe->table < headers_end || pe->table < pe->headers_size)
		return err_set(err, ERR_INPUT,
			       "certificate table at offset %ju overlaps the headers",
			       (uintmax_t)pe->table);
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t offset, end;
		if (pe_section(view, pe, i, &offset, &end) && offset < table_end &&
		    pe->table < end)
			return err_set(
			    err, ERR_INPUT,
			    "certificate table at offset %ju overlaps section %u",
			    (uintmax_t)pe->table, i + 1);
	}
	if (pe->table % CERTIFICATE_ALIGNMENT != 0)
		return err_set(err, ERR_INPUT,
			       "certificate table at offset %ju is not aligned to 8",
			       (uintmax_t)pe->table);
	return table_walk(&table, pe->table, err);
}

/* ---- the map ---------------------------------------------------------- */

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
	uint64_t header = pe->sections + (uint64_t)index * SECTION_SIZE;
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

/* The file offset of a virtual address. */
static int
pe_offset(const struct view *view, const struct pe *pe, uint32_t address,
	  uint64_t *offset)
{
	for (unsigned i = 0; i < pe->section_count; i++) {
		uint64_t start, end;
		uint32_t virtual = 0;
		uint64_t header = pe->sections + (uint64_t)i * SECTION_SIZE;
		view_u32le(view, header + 12, &virtual);
		if (pe_section(view, pe, i, &start, &end) && address >= virtual &&
		    address - virtual < end - start) {
			*offset = start + (address - virtual);
			return 0;
		}
	}
	return -1;
}

/* The debug directory and the CodeView records it names: they hold stamps. */
static void
pe_map_debug(const struct view *view, const struct pe *pe, struct map *map)
{
	uint32_t address, size;
	uint64_t offset;
	if (pe_directory(view, pe, DIRECTORY_DEBUG, &address, &size) == -1 ||
	    address == 0 || size / DEBUG_SIZE > DEBUG_MOST ||
	    pe_offset(view, pe, address, &offset) == -1)
		return;
	add(map, offset, size, EXTENT_METADATA, "debug directory");
	for (uint32_t i = 0; i < size / DEBUG_SIZE; i++) {
		uint64_t entry = offset + (uint64_t)i * DEBUG_SIZE;
		uint32_t type = 0, bytes = 0, at = 0;
		view_u32le(view, entry + 12, &type);
		view_u32le(view, entry + 16, &bytes);
		view_u32le(view, entry + 24, &at);
		if (type == DEBUG_CODEVIEW && view_has(view, at, "RSDS", 4))
			add(map, at, bytes, EXTENT_METADATA, "CodeView record");
	}
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

/* The sections, split where symbols start. */
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
		uint64_t header = pe->sections + (uint64_t)i * SECTION_SIZE;
		map_add_part(map, pe->sections, header, SECTION_SIZE, EXTENT_METADATA,
			     EXTENT_NO_MEMBER, "section headers", name);
	}
	for (uint32_t i = 0; i < pe->symbol_count; i++) {
		uint64_t at = pe->symbols + (uint64_t)i * SYMBOL_SIZE;
		struct symbol symbol;
		uint8_t auxiliary = 0;
		/* Without sizes a symbol left out would lend its bytes to the one
		 * before: all of them or none. */
		if (pe_symbol(view, pe, at, owners, &symbol) &&
		    !symbols_add(&symbols, &symbol)) {
			symbols_free(&symbols);
			break;
		}
		view_u8(view, at + 17, &auxiliary);
		i += auxiliary;
	}
	symbols_put(&symbols, map, owners);
	symbols_free(&symbols);
	for (unsigned i = 0; i < pe->section_count; i++)
		add(map, owners[i].offset, owners[i].end - owners[i].offset,
		    EXTENT_CONTENT, owners[i].name);
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
	while (from > least && pe->table - from < CERTIFICATE_ALIGNMENT - 1 &&
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
			     (uint64_t)pe->symbol_count * SYMBOL_SIZE, EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, name, "COFF symbol table");
	if (pe->strings >= start && pe->strings != 0)
		map_add_part(map, start, pe->strings, pe->strings_end - pe->strings,
			     EXTENT_CONTENT, EXTENT_NO_MEMBER, name,
			     "COFF string table");
	add(map, start, view->size - start, EXTENT_CONTENT, name);
}

static void
pe_map_headers(const struct view *view, const struct pe *pe, struct map *map)
{
	uint64_t signature = pe->coff - PE_SIGNATURE;
	add(map, signature, PE_SIGNATURE, EXTENT_METADATA, "PE signature");
	add(map, pe->coff + 4, 4, EXTENT_METADATA, "COFF header TimeDateStamp");
	add(map, pe->coff, COFF_SIZE, EXTENT_METADATA, "COFF header");
	if (pe->sections == 0) {
		add(map, 0, signature, EXTENT_METADATA, "DOS header");
		return;
	}
	add(map, pe->optional + OPTIONAL_CHECKSUM, 4, EXTENT_DERIVED, "CheckSum");
	if (pe->certificate_entry != 0)
		add(map, pe->certificate_entry, 8, EXTENT_SIGNATURE,
		    "certificate table directory entry");
	add(map, pe->optional, pe->optional_size, EXTENT_METADATA, "optional header");
	/* Last: in the smallest images the PE header lies inside this one. */
	add(map, 0, signature, EXTENT_METADATA, "DOS header");
}

/* What lies between the headers and SizeOfHeaders. */
static void
pe_map_header_padding(const struct view *view, const struct pe *pe, struct map *map)
{
	uint64_t end = pe->sections + (uint64_t)pe->section_count * SECTION_SIZE;
	struct view rest;
	if (pe->headers_size > end &&
	    view_sub(view, end, pe->headers_size - end, &rest) == 0)
		add(map, end, rest.size,
		    view_is_zero(&rest) ? EXTENT_PADDING : EXTENT_CONTENT,
		    "header padding");
}

static int
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
		bool sound = table_check(view, &pe, &malformed) == 0;
		/* The headers were added before: they keep what a table claims. */
		if (sound)
			pe_map_padding(view, &pe, map);
		add(map, pe.table, pe.table_size,
		    sound ? EXTENT_SIGNATURE : EXTENT_CONTENT, "certificate table");
	}
	pe_map_debug(view, &pe, map);
	pe_map_sections(view, &pe, map);
	pe_map_header_padding(view, &pe, map);
	if (pe.table_size > 0 && table_end <= view->size)
		add(map, table_end, view->size - table_end, EXTENT_CONTENT,
		    "after certificate table");
	pe_map_overlay(view, &pe, map);
	return 0;
}

/* ---- machine code ------------------------------------------------------ */

/* PE/COFF "Machine Types". */
static enum code_machine
pe_machine(uint16_t machine)
{
	switch (machine) {
	case 0x14c:
		return MACHINE_X86;
	case 0x8664:
		return MACHINE_X86_64;
	case 0x1c0:
	case 0x1c2:
	case 0x1c4:
		return MACHINE_ARM;
	case 0xaa64:
		return MACHINE_AARCH64;
	case 0x5032:
		return MACHINE_RISCV32;
	case 0x5064:
		return MACHINE_RISCV64;
	default:
		return MACHINE_UNKNOWN;
	}
}

/* The functions that "The .pdata Section" lists, by their start: entries of 12 bytes
 * for x64, of 8 for ARM64. */
static void
pe_unwind_starts(const struct view *view, const struct pe *pe, struct code *code)
{
	uint32_t address, size, start;
	uint64_t offset, step = code->machine == MACHINE_X86_64 ? 12 : 8;
	if ((code->machine != MACHINE_X86_64 && code->machine != MACHINE_AARCH64) ||
	    pe_directory(view, pe, DIRECTORY_EXCEPTION, &address, &size) == -1 ||
	    address == 0 || pe_offset(view, pe, address, &offset) == -1)
		return;
	for (uint64_t at = 0; at + step <= size; at += step) {
		if (view_u32le(view, offset + at, &start) == -1)
			return;
		code_add_start(code, start, false);
	}
}

static void
pe_code(const struct view *view, struct code *code)
{
	struct pe pe;
	struct err ignored = {0};
	uint16_t machine = 0;
	if (pe_read(view, &pe, &ignored) == -1)
		return;
	view_u16le(view, pe.coff, &machine);
	code->machine = pe_machine(machine);
	code->thumb = machine != 0x1c0;
	for (unsigned i = 0; i < pe.section_count; i++) {
		uint64_t offset, end;
		uint64_t header = pe.sections + (uint64_t)i * SECTION_SIZE;
		uint32_t flags = 0, address = 0;
		view_u32le(view, header + 12, &address);
		view_u32le(view, header + 36, &flags);
		if ((flags & SECTION_EXECUTE) != 0 &&
		    pe_section(view, &pe, i, &offset, &end))
			code_add_range(code, view, offset, end - offset, address);
	}
	pe_unwind_starts(view, &pe, code);
}

/* ---- moving a signature ----------------------------------------------- */

/*
 * The image's checksum as imagehlp's CheckSumMappedFile makes it: the 16-bit words
 * of the file but for CheckSum, added with the carry brought round, plus the size.
 */
static uint32_t
pe_checksum(const struct view *view, uint64_t field)
{
	/* Words of 32 bits give the same sum, as 0x10000 is 1 modulo 0xffff. Images
	 * have less than 4 GiB, so that the sum cannot overflow. */
	uint64_t sum = 0, whole = view->size / 4 * 4;
	uint32_t word;
	uint8_t byte;
	for (uint64_t i = 0; i < whole; i += 4) {
		if (view_u32le(view, i, &word) == 0)
			sum += word;
	}
	for (uint64_t i = whole; i < view->size; i++) {
		if (view_u8(view, i, &byte) == 0)
			sum += (uint64_t)byte << (i % 4 * 8);
	}
	for (uint64_t i = field; i < field + 4; i++) {
		if (view_u8(view, i, &byte) == 0)
			sum -= (uint64_t)byte << (i % 4 * 8);
	}
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)(sum + view->size);
}

static void
put_u32le(struct buf *buf, uint64_t offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		buf->data[offset + i] = (char)(value >> (8 * i) & 0xff);
}

/* Does a sound table stand at the very end of the file? */
static int
table_is_last(const struct view *view, const struct pe *pe, struct err *err)
{
	if (table_check(view, pe, err) == -1)
		return -1;
	uint64_t end = pe->table + pe->table_size;
	if (end != view->size)
		return err_set(err, ERR_INPUT,
			       "%ju bytes follow the certificate table at offset %ju",
			       (uintmax_t)(view->size - end), (uintmax_t)end);
	return 0;
}

/* The rebuilt image without a signature of its own, as the start of the graft. */
static int
graft_start(const struct view *rebuilt, const struct pe *pe, struct graft *graft,
	    struct err *err)
{
	uint64_t keep = rebuilt->size;
	if (pe->certificate_entry == 0)
		return err_set(err, ERR_INPUT, "the header has no data directory 4");
	if (pe->table_size > 0) {
		if (table_is_last(rebuilt, pe, err) == -1)
			return -1;
		keep = pe->table;
		strings_addf(&graft->steps,
			     "certificate table: %ju bytes of the rebuilt file's own "
			     "taken off",
			     (uintmax_t)pe->table_size);
	}
	buf_append(&graft->bytes, rebuilt->data, (size_t)keep);
	return 0;
}

/*
 * CheckSum follows from the other bytes. The shipped file may have kept the one of
 * the unsigned image instead: that is the rebuilt file's own, byte for byte. A
 * shipped CheckSum that is neither stays a difference.
 */
static void
graft_checksum(const struct view *shipped, const struct pe *shipped_pe, uint64_t field,
	       struct graft *graft)
{
	uint32_t stored = 0, own = 0;
	view_u32le(shipped, shipped_pe->optional + OPTIONAL_CHECKSUM, &stored);
	struct view grafted = view_of_buf(&graft->bytes);
	view_u32le(&grafted, field, &own);
	uint32_t sum = pe_checksum(&grafted, field);
	if (stored != sum && stored == own) {
		strings_addf(&graft->steps,
			     "CheckSum: 0x%08x kept from the rebuilt file", own);
		return;
	}
	put_u32le(&graft->bytes, field, sum);
	strings_addf(&graft->steps,
		     "CheckSum: 0x%08x computed, 0x%08x in the rebuilt file", sum, own);
}

static enum graft_answer
pe_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	 struct err *err)
{
	struct pe signed_pe, plain;
	if (pe_read(shipped, &signed_pe, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (signed_pe.table_size == 0)
		return GRAFT_NONE;
	struct view table;
	if (table_is_last(shipped, &signed_pe, err) == -1 ||
	    view_sub(shipped, signed_pe.table, signed_pe.table_size, &table) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (pe_read(rebuilt, &plain, err) == -1 ||
	    graft_start(rebuilt, &plain, graft, err) == -1) {
		err_at(err, "in the rebuilt file");
		graft_free(graft);
		return GRAFT_FAILED;
	}
	uint64_t offset = round_up(graft->bytes.size);
	if (offset + table.size > UINT32_MAX) {
		err_set(err, ERR_LIMIT, "the rebuilt file is too large to be signed");
		graft_free(graft);
		return GRAFT_FAILED;
	}
	uint64_t padding = offset - graft->bytes.size;
	buf_zeros(&graft->bytes, (size_t)padding);
	if (padding > 0)
		strings_addf(&graft->steps,
			     "padding before certificate table: %ju zeros",
			     (uintmax_t)padding);
	buf_append(&graft->bytes, table.data, (size_t)table.size);
	strings_addf(&graft->steps,
		     "certificate table: %ju bytes from the shipped file",
		     (uintmax_t)table.size);
	put_u32le(&graft->bytes, plain.certificate_entry, (uint32_t)offset);
	put_u32le(&graft->bytes, plain.certificate_entry + 4, (uint32_t)table.size);
	strings_addf(&graft->steps,
		     "certificate table directory entry: offset %ju, %ju bytes",
		     (uintmax_t)offset, (uintmax_t)table.size);
	graft_checksum(shipped, &signed_pe, plain.optional + OPTIONAL_CHECKSUM, graft);
	return GRAFT_DONE;
}

const struct format format_pe = {
    .name = "pe",
    .title = "PE/COFF image",
    .probe = pe_probe,
    .map = pe_map,
    .code = pe_code,
    .graft = pe_graft,
};
