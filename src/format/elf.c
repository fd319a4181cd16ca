/*
 * ELF files: Unix programs, libraries, objects and kernel modules, of 32 and 64
 * bits in both byte orders. Sections name the bytes, symbols split them; a file
 * without sections is named by its segments. Figures are those of the System V ABI,
 * chapters 4 and 5 ("gABI").
 */
#include "format/format_private.h"

#include <elf.h>

enum {
	SECTIONS_MOST = 300000,
	EXTENDED_NUMBER = 0xffff, /* gABI: e_phnum PN_XNUM, e_shstrndx SHN_XINDEX */
};

/* A file's class and order, and where its tables are. */
struct elf {
	const struct view *view;
	bool wide, big;
	uint16_t type, machine;
	uint64_t header_size;
	uint64_t programs, program_count, program_size;
	uint64_t sections, section_count, section_size;
	uint64_t names; /* index of the section with the sections' names */
};

struct section {
	uint32_t name, type, link;
	uint64_t address, offset, size, end; /* end: of its bytes in the file */
};

static uint16_t
elf_u16(const struct elf *elf, uint64_t offset)
{
	uint16_t value = 0;
	if (elf->big)
		view_u16be(elf->view, offset, &value);
	else
		view_u16le(elf->view, offset, &value);
	return value;
}

static uint32_t
elf_u32(const struct elf *elf, uint64_t offset)
{
	uint32_t value = 0;
	if (elf->big)
		view_u32be(elf->view, offset, &value);
	else
		view_u32le(elf->view, offset, &value);
	return value;
}

/* An address, offset or size: as wide as the class. */
static uint64_t
elf_word(const struct elf *elf, uint64_t offset)
{
	uint64_t value = 0;
	if (!elf->wide)
		return elf_u32(elf, offset);
	if (elf->big)
		view_u64be(elf->view, offset, &value);
	else
		view_u64le(elf->view, offset, &value);
	return value;
}

static enum probe_answer
elf_probe(const struct view *view)
{
	uint8_t class = 0, order = 0, version = 0;
	view_u8(view, EI_CLASS, &class);
	view_u8(view, EI_DATA, &order);
	view_u8(view, EI_VERSION, &version);
	uint64_t least = class == ELFCLASS64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	return view_has(view, 0, ELFMAG, SELFMAG) &&
		       (class == ELFCLASS32 || class == ELFCLASS64) &&
		       (order == ELFDATA2LSB || order == ELFDATA2MSB) &&
		       version == EV_CURRENT && view->size >= least
		   ? PROBE_SURE
		   : PROBE_NO;
}

static struct section
elf_section(const struct elf *elf, uint64_t index)
{
	uint64_t at = elf->sections + index * elf->section_size;
	struct section section = {.name = elf_u32(elf, at),
				  .type = elf_u32(elf, at + 4)};
	uint64_t wide = elf->wide ? 8 : 4;
	section.address = elf_word(elf, at + 8 + wide);
	section.offset = elf_word(elf, at + 8 + 2 * wide);
	section.size = elf_word(elf, at + 8 + 3 * wide);
	section.link = elf_u32(elf, at + 8 + 4 * wide);
	if (section.type == SHT_NOBITS || section.type == SHT_NULL ||
	    sum_u64(section.offset, section.size, &section.end) == -1)
		section.end = section.offset;
	return section;
}

/* Is a table of `count` entries all inside the file? */
static int
elf_table(const struct elf *elf, const char *what, uint64_t offset, uint64_t count,
	  uint64_t size, uint64_t least, struct err *err)
{
	uint64_t bytes;
	struct view part;
	if (count == 0)
		return 0;
	if (size < least)
		return err_set(err, ERR_INPUT, "%s have entries of %ju bytes", what,
			       (uintmax_t)size);
	if (__builtin_mul_overflow(count, size, &bytes) ||
	    view_sub(elf->view, offset, bytes, &part) == -1)
		return err_set(err, ERR_INPUT,
			       "%s at offset %ju are not all inside the file", what,
			       (uintmax_t)offset);
	return 0;
}

static void
elf_read_header(const struct view *view, struct elf *elf)
{
	uint8_t class = 0, order = 0;
	view_u8(view, EI_CLASS, &class);
	view_u8(view, EI_DATA, &order);
	*elf = (struct elf){
	    .view = view, .wide = class == ELFCLASS64, .big = order == ELFDATA2MSB};
	uint64_t wide = elf->wide ? 8 : 4;
	uint64_t behind = 24 + 3 * wide; /* e_flags */
	elf->header_size = elf->wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	elf->type = elf_u16(elf, 16);
	elf->machine = elf_u16(elf, 18);
	elf->programs = elf_word(elf, 24 + wide);
	elf->sections = elf_word(elf, 24 + 2 * wide);
	elf->program_size = elf_u16(elf, behind + 6);
	elf->program_count = elf_u16(elf, behind + 8);
	elf->section_size = elf_u16(elf, behind + 10);
	elf->section_count = elf_u16(elf, behind + 12);
	elf->names = elf_u16(elf, behind + 14);
	if (elf->sections == 0) {
		elf->section_count = 0;
		return;
	}
	/* Numbers too large for the header are in section 0 (gABI, "ELF Header"). */
	struct section first = elf_section(elf, 0);
	if (elf->section_count == 0)
		elf->section_count = first.size;
	if (elf->names == EXTENDED_NUMBER)
		elf->names = first.link;
	if (elf->program_count == EXTENDED_NUMBER)
		elf->program_count =
		    elf_u32(elf, elf->sections + 8 + 4 * wide + 4); /* sh_info */
}

static void
add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *name)
{
	map_add(map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

/* ---- segments --------------------------------------------------------- */

static const char *
segment_type(uint32_t type)
{
	static const struct {
		uint32_t type;
		const char *name;
	} names[] = {
	    {PT_LOAD, "LOAD"},
	    {PT_DYNAMIC, "DYNAMIC"},
	    {PT_INTERP, "INTERP"},
	    {PT_NOTE, "NOTE"},
	    {PT_TLS, "TLS"},
	    {PT_GNU_EH_FRAME, "GNU_EH_FRAME"},
	    {PT_GNU_RELRO, "GNU_RELRO"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return "other";
}

/* Name bytes by segments: those that lie within loaded ones first. */
static void
elf_map_segments(const struct elf *elf, struct map *map)
{
	uint64_t wide = elf->wide ? 8 : 4;
	for (int loads = 0; loads < 2; loads++) {
		for (uint64_t i = 0; i < elf->program_count; i++) {
			uint64_t at = elf->programs + i * elf->program_size;
			uint32_t type = elf_u32(elf, at);
			/* RELRO only says how a part of a loaded one is protected. */
			if ((type == PT_LOAD) != (loads == 1) || type == PT_PHDR ||
			    type == PT_GNU_RELRO)
				continue;
			uint64_t offset = elf_word(elf, at + (elf->wide ? 8 : 4));
			uint64_t size =
			    elf_word(elf, at + (elf->wide ? 8 : 4) + 3 * wide);
			char name[64];
			snprintf(name, sizeof(name), "segment %ju (%s)", (uintmax_t)i,
				 segment_type(type));
			add(map, offset, size, EXTENT_CONTENT, name);
		}
	}
}

/* ---- sections and symbols ---------------------------------------------- */

/* What follows from other bytes of the same file or of its debug file. */
static enum extent_tag
section_tag(const char *name)
{
	return strcmp(name, ".note.gnu.build-id") == 0 ||
		       strcmp(name, ".gnu_debuglink") == 0
		   ? EXTENT_DERIVED
		   : EXTENT_CONTENT;
}

/* Where the symbol's bytes are in the file; false when nowhere. */
static bool
elf_symbol(const struct elf *elf, uint64_t at, const struct symbol_owner *owners,
	   const struct section *sections, struct symbol *symbol)
{
	uint8_t info = 0;
	uint64_t value, size;
	if (elf->wide) {
		view_u8(elf->view, at + 4, &info);
		symbol->owner = elf_u16(elf, at + 6);
		value = elf_word(elf, at + 8);
		size = elf_word(elf, at + 16);
	} else {
		view_u8(elf->view, at + 12, &info);
		symbol->owner = elf_u16(elf, at + 14);
		value = elf_word(elf, at + 4);
		size = elf_word(elf, at + 8);
	}
	unsigned type = ELF64_ST_TYPE(info);
	if ((type != STT_FUNC && type != STT_OBJECT && type != STT_GNU_IFUNC) ||
	    symbol->owner == SHN_UNDEF || symbol->owner >= SHN_LORESERVE ||
	    symbol->owner >= elf->section_count)
		return false;
	/* The lowest bit of an ARM function's address says "Thumb". */
	if (elf->machine == EM_ARM && type == STT_FUNC)
		value &= ~(uint64_t)1;
	const struct section *section = &sections[symbol->owner];
	const struct symbol_owner *owner = &owners[symbol->owner];
	uint64_t distance = elf->type == ET_REL ? value : value - section->address;
	if ((elf->type != ET_REL && value < section->address) ||
	    distance >= owner->end - owner->offset)
		return false;
	symbol->start = owner->offset + distance;
	symbol->end = 0;
	if (size > 0 && sum_u64(symbol->start, size, &symbol->end) == -1)
		symbol->end = owner->end;
	symbol->global = ELF64_ST_BIND(info) != STB_LOCAL;
	return true;
}

static void
elf_map_symbols(const struct elf *elf, struct map *map, const struct section *table,
		const struct section *sections, const struct symbol_owner *owners)
{
	struct symbols symbols = {0};
	struct view strings;
	uint64_t entry = elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	uint64_t end = table->end < elf->view->size ? table->end : elf->view->size;
	if (table->link >= elf->section_count || table->offset > end)
		return;
	const struct section *names = &sections[table->link];
	if (view_sub(elf->view, names->offset, names->end - names->offset, &strings) ==
	    -1)
		return;
	for (uint64_t at = table->offset; end - at >= entry; at += entry) {
		struct symbol symbol = {0};
		if (!elf_symbol(elf, at, owners, sections, &symbol))
			continue;
		symbol.name = symbol_name(&strings, elf_u32(elf, at), &symbol.length);
		if (symbol.name != NULL && !symbols_add(&symbols, &symbol))
			break;
	}
	symbols_put(&symbols, map, owners);
	symbols_free(&symbols);
}

/* The .symtab, else the .dynsym: the first of its kind. */
static const struct section *
elf_symbol_table(const struct elf *elf, const struct section *sections)
{
	static const uint32_t kinds[] = {SHT_SYMTAB, SHT_DYNSYM};
	for (size_t kind = 0; kind < ARRAY_COUNT(kinds); kind++) {
		for (uint64_t i = 1; i < elf->section_count; i++) {
			if (sections[i].type == kinds[kind])
				return &sections[i];
		}
	}
	return NULL;
}

/* Read all section headers, and their names into `names`. */
static void
elf_read_sections(const struct elf *elf, struct section *sections,
		  struct symbol_owner *owners, struct strings *names)
{
	struct view strings = {0};
	for (uint64_t i = 0; i < elf->section_count; i++)
		sections[i] = elf_section(elf, i);
	if (elf->names < elf->section_count) {
		const struct section *table = &sections[elf->names];
		view_sub(elf->view, table->offset, table->end - table->offset,
			 &strings);
	}
	for (uint64_t i = 0; i < elf->section_count; i++) {
		uint16_t length;
		const char *name = symbol_name(&strings, sections[i].name, &length);
		if (name != NULL)
			strings_addf(names, "%.*s", length < 256 ? length : 256, name);
		else
			strings_addf(names, "section %ju", (uintmax_t)i);
		owners[i] = (struct symbol_owner){names->items[i], sections[i].offset,
						  sections[i].end,
						  section_tag(names->items[i])};
	}
}

static void
elf_map_sections(const struct elf *elf, struct map *map)
{
	struct section *sections = base_alloc(elf->section_count, sizeof(*sections));
	struct symbol_owner *owners = base_alloc(elf->section_count, sizeof(*owners));
	struct strings names = {0};
	uint64_t end = elf->sections + elf->section_count * elf->section_size;
	elf_read_sections(elf, sections, owners, &names);
	for (uint64_t i = 0; i < elf->section_count; i++)
		map_add_part(map, elf->sections, elf->sections + i * elf->section_size,
			     elf->section_size, EXTENT_METADATA, EXTENT_NO_MEMBER,
			     "section headers", owners[i].name);
	const struct section *table = elf_symbol_table(elf, sections);
	if (table != NULL)
		elf_map_symbols(elf, map, table, sections, owners);
	for (uint64_t i = 0; i < elf->section_count; i++) {
		add(map, owners[i].offset, owners[i].end - owners[i].offset,
		    owners[i].tag, owners[i].name);
		if (owners[i].end > end)
			end = owners[i].end;
	}
	/* A kernel module's signature, an AppImage's file system. */
	if (end < elf->view->size)
		add(map, end, elf->view->size - end, EXTENT_CONTENT,
		    "after the last section");
	strings_free(&names);
	free(owners);
	free(sections);
}

static int
elf_map(const struct view *view, struct map *map, struct err *err)
{
	struct elf elf;
	if (elf_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "ELF header is malformed");
	elf_read_header(view, &elf);
	add(map, 0, elf.header_size, EXTENT_METADATA, "ELF header");
	if (elf_table(&elf, "program headers", elf.programs, elf.program_count,
		      elf.program_size,
		      elf.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), err) == -1)
		return -1;
	add(map, elf.programs, elf.program_count * elf.program_size, EXTENT_METADATA,
	    "program headers");
	int answer = elf_table(&elf, "section headers", elf.sections, elf.section_count,
			       elf.section_size,
			       elf.wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), err);
	if (answer == 0 && elf.section_count > SECTIONS_MOST)
		answer = err_set(err, ERR_LIMIT, "%ju sections are more than %d",
				 (uintmax_t)elf.section_count, SECTIONS_MOST);
	if (answer == 0 && elf.section_count > 0)
		elf_map_sections(&elf, map);
	/* Where sections leave bytes without a name, all of them perhaps. */
	elf_map_segments(&elf, map);
	return answer;
}

const struct format format_elf = {
    .name = "elf",
    .title = "ELF program, library or object",
    .probe = elf_probe,
    .map = elf_map,
};
