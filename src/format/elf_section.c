/* ELF files by their sections, and these by their symbols (gABI, "Sections"). */
#include "format/elf_private.h"

struct elf_section
elf_read_section(const struct elf *elf, uint64_t index)
{
	uint64_t at = elf->sections + index * elf->section_size;
	uint64_t wide = elf->wide ? 8 : 4, behind = at + 8 + 4 * wide; /* sh_link */
	struct elf_section section = {.name = elf_u32(elf, at),
				      .type = elf_u32(elf, at + 4),
				      .link = elf_u32(elf, behind)};
	section.flags = elf_word(elf, at + 8);
	section.address = elf_word(elf, at + 8 + wide);
	section.offset = elf_word(elf, at + 8 + 2 * wide);
	section.size = elf_word(elf, at + 8 + 3 * wide);
	section.alignment = elf_word(elf, behind + 8);
	section.entry = elf_word(elf, behind + 8 + wide);
	if (section.type == SHT_NOBITS || section.type == SHT_NULL ||
	    sum_u64(section.offset, section.size, &section.end) == -1)
		section.end = section.offset;
	return section;
}

/* Where the symbol's bytes are in the file; false when nowhere. */
static bool
elf_symbol(const struct elf *elf, uint64_t at, const struct symbol_owner *owners,
	   const struct elf_section *sections, struct symbol *symbol)
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
	const struct elf_section *section = &sections[symbol->owner];
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
elf_map_symbols(const struct elf *elf, struct map *map, const struct elf_section *table,
		const struct elf_section *sections, const struct symbol_owner *owners)
{
	struct symbols symbols = {0};
	struct view strings;
	uint64_t entry = elf->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	uint64_t end = table->end < elf->view->size ? table->end : elf->view->size;
	if (table->link >= elf->section_count || table->offset > end)
		return;
	const struct elf_section *names = &sections[table->link];
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
static const struct elf_section *
elf_symbol_table(const struct elf *elf, const struct elf_section *sections)
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
elf_read_sections(const struct elf *elf, struct elf_section *sections,
		  struct symbol_owner *owners, struct strings *names)
{
	struct view strings = {0};
	for (uint64_t i = 0; i < elf->section_count; i++)
		sections[i] = elf_read_section(elf, i);
	if (elf->names < elf->section_count) {
		const struct elf_section *table = &sections[elf->names];
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
						  sections[i].end, EXTENT_CONTENT};
	}
}

/* A stripped program still shows where main is. */
static void
elf_map_main(const struct elf *elf, struct map *map, const struct symbol_owner *owners)
{
	struct symbol symbol = {.name = "main", .length = 4, .global = true};
	struct symbols symbols = {0};
	if (!elf_find_main(elf, &symbol.start, &symbol.end))
		return;
	for (uint64_t i = 1; i < elf->section_count; i++) {
		if (symbol.start < owners[i].offset || symbol.start >= owners[i].end)
			continue;
		symbol.owner = (uint32_t)i;
		symbols_add(&symbols, &symbol);
		break;
	}
	symbols_put(&symbols, map, owners);
	symbols_free(&symbols);
}

/* The headers, one for each section, and what the sections are made of. */
static void
elf_map_parts(const struct elf *elf, struct map *map,
	      const struct elf_section *sections, const struct symbol_owner *owners)
{
	const struct elf_section *table = elf_symbol_table(elf, sections);
	for (uint64_t i = 0; i < elf->section_count; i++)
		map_add_layout(map, elf->sections,
			       elf->sections + i * elf->section_size, elf->section_size,
			       EXTENT_METADATA, "section headers", owners[i].name,
			       elf_section_layout(elf));
	for (uint64_t i = 0; i < elf->section_count; i++) {
		if (owners[i].end > owners[i].offset)
			elf_map_inside(elf, map, &sections[i], &owners[i]);
	}
	if (table == NULL || table->type == SHT_DYNSYM)
		elf_map_main(elf, map, owners);
	if (table != NULL)
		elf_map_symbols(elf, map, table, sections, owners);
	for (uint64_t i = 0; i < elf->section_count; i++) {
		if (owners[i].end > owners[i].offset)
			elf_map_content(elf, map, &sections[i], &owners[i]);
	}
}

void
elf_map_sections(const struct elf *elf, struct map *map)
{
	struct elf_section *sections =
	    base_alloc(elf->section_count, sizeof(*sections));
	struct symbol_owner *owners = base_alloc(elf->section_count, sizeof(*owners));
	struct strings names = {0};
	uint64_t end = elf->sections + elf->section_count * elf->section_size;
	elf_read_sections(elf, sections, owners, &names);
	elf_map_parts(elf, map, sections, owners);
	for (uint64_t i = 0; i < elf->section_count; i++) {
		if (owners[i].end > end)
			end = owners[i].end;
	}
	/* A kernel module's signature, an AppImage's file system. */
	if (end < elf->view->size)
		map_add(map, end, elf->view->size - end, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "after the last section", NULL);
	strings_free(&names);
	free(owners);
	free(sections);
}
