/*
 * How an ELF file's headers, and the tables that are in its sections, lie: so that a
 * place can say which relocation, symbol or string stands there, and which field.
 * Structures and their fields are called as gABI calls them.
 */
#include "format/elf_private.h"

#include <stddef.h>

#define FIELD(type, name)                                                              \
	{                                                                              \
		offsetof(type, name), #name                                            \
	}
#define END                                                                            \
	{                                                                              \
		0, NULL                                                                \
	}

enum {
	DYNAMIC_MOST = 4096,
	STRING_GUESSED = 4, /* least bytes of what may be a string */
};

/* Two layouts of one kind: of the 32-bit and of the 64-bit class. */
struct layouts {
	struct layout narrow, wide;
};

#define IDENTIFICATION                                                                 \
	{0, "magic"}, {EI_CLASS, "EI_CLASS"}, {EI_DATA, "EI_DATA"},                    \
	    {EI_VERSION, "EI_VERSION"}, {EI_OSABI, "EI_OSABI"},                        \
	    {EI_ABIVERSION, "EI_ABIVERSION"},                                          \
	{                                                                              \
		EI_PAD, "EI_PAD"                                                       \
	}
#define HEADER(type)                                                                   \
	{                                                                              \
		IDENTIFICATION, FIELD(type, e_type), FIELD(type, e_machine),           \
		    FIELD(type, e_version), FIELD(type, e_entry),                      \
		    FIELD(type, e_phoff), FIELD(type, e_shoff), FIELD(type, e_flags),  \
		    FIELD(type, e_ehsize), FIELD(type, e_phentsize),                   \
		    FIELD(type, e_phnum), FIELD(type, e_shentsize),                    \
		    FIELD(type, e_shnum), FIELD(type, e_shstrndx), END                 \
	}
static const struct layout_field header_32[] = HEADER(Elf32_Ehdr),
				 header_64[] = HEADER(Elf64_Ehdr);

static const struct layout_field program_32[] = {
    FIELD(Elf32_Phdr, p_type),  FIELD(Elf32_Phdr, p_offset), FIELD(Elf32_Phdr, p_vaddr),
    FIELD(Elf32_Phdr, p_paddr), FIELD(Elf32_Phdr, p_filesz), FIELD(Elf32_Phdr, p_memsz),
    FIELD(Elf32_Phdr, p_flags), FIELD(Elf32_Phdr, p_align),  END};
static const struct layout_field program_64[] = {
    FIELD(Elf64_Phdr, p_type),  FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset),
    FIELD(Elf64_Phdr, p_vaddr), FIELD(Elf64_Phdr, p_paddr), FIELD(Elf64_Phdr, p_filesz),
    FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align), END};

#define SECTION(type)                                                                  \
	{                                                                              \
		FIELD(type, sh_name), FIELD(type, sh_type), FIELD(type, sh_flags),     \
		    FIELD(type, sh_addr), FIELD(type, sh_offset),                      \
		    FIELD(type, sh_size), FIELD(type, sh_link), FIELD(type, sh_info),  \
		    FIELD(type, sh_addralign), FIELD(type, sh_entsize), END            \
	}
static const struct layout_field section_32[] = SECTION(Elf32_Shdr),
				 section_64[] = SECTION(Elf64_Shdr);

static const struct layout_field symbol_32[] = {FIELD(Elf32_Sym, st_name),
						FIELD(Elf32_Sym, st_value),
						FIELD(Elf32_Sym, st_size),
						FIELD(Elf32_Sym, st_info),
						FIELD(Elf32_Sym, st_other),
						FIELD(Elf32_Sym, st_shndx),
						END};
static const struct layout_field symbol_64[] = {FIELD(Elf64_Sym, st_name),
						FIELD(Elf64_Sym, st_info),
						FIELD(Elf64_Sym, st_other),
						FIELD(Elf64_Sym, st_shndx),
						FIELD(Elf64_Sym, st_value),
						FIELD(Elf64_Sym, st_size),
						END};
static const struct layout_field addend_32[] = {FIELD(Elf32_Rela, r_offset),
						FIELD(Elf32_Rela, r_info),
						FIELD(Elf32_Rela, r_addend), END};
static const struct layout_field addend_64[] = {FIELD(Elf64_Rela, r_offset),
						FIELD(Elf64_Rela, r_info),
						FIELD(Elf64_Rela, r_addend), END};
static const struct layout_field relocation_32[] = {FIELD(Elf32_Rel, r_offset),
						    FIELD(Elf32_Rel, r_info), END};
static const struct layout_field relocation_64[] = {FIELD(Elf64_Rel, r_offset),
						    FIELD(Elf64_Rel, r_info), END};
static const struct layout_field dynamic_32[] = {FIELD(Elf32_Dyn, d_tag),
						 FIELD(Elf32_Dyn, d_un), END};
static const struct layout_field dynamic_64[] = {FIELD(Elf64_Dyn, d_tag),
						 FIELD(Elf64_Dyn, d_un), END};
static const struct layout_field compression_32[] = {
    FIELD(Elf32_Chdr, ch_type), FIELD(Elf32_Chdr, ch_size),
    FIELD(Elf32_Chdr, ch_addralign), END};
static const struct layout_field compression_64[] = {
    FIELD(Elf64_Chdr, ch_type), FIELD(Elf64_Chdr, ch_reserved),
    FIELD(Elf64_Chdr, ch_size), FIELD(Elf64_Chdr, ch_addralign), END};

#define LAYOUTS(name, type, is_numbered)                                               \
	{                                                                              \
		{.record = sizeof(Elf32_##type),                                       \
		 .numbered = is_numbered,                                              \
		 .fields = name##_32},                                                 \
		{                                                                      \
			.record = sizeof(Elf64_##type), .numbered = is_numbered,       \
			.fields = name##_64                                            \
		}                                                                      \
	}
static const struct layouts headers = LAYOUTS(header, Ehdr, false),
			    programs = LAYOUTS(program, Phdr, false),
			    sections = LAYOUTS(section, Shdr, false),
			    symbols = LAYOUTS(symbol, Sym, true),
			    addends = LAYOUTS(addend, Rela, true),
			    relocations = LAYOUTS(relocation, Rel, true),
			    dynamics = LAYOUTS(dynamic, Dyn, false),
			    compressions = LAYOUTS(compression, Chdr, false);
static const struct layout strings = {.strings = 1},
			   guessed_strings = {.strings = STRING_GUESSED};

/* The layout for the file's class, when its records have the size `entry`. */
static const struct layout *
layout_of(const struct elf *elf, const struct layouts *layouts, uint64_t entry)
{
	const struct layout *layout = elf->wide ? &layouts->wide : &layouts->narrow;
	return layout->record == entry ? layout : NULL;
}

const struct layout *
elf_header_layout(const struct elf *elf)
{
	return layout_of(elf, &headers, elf->header_size);
}

const struct layout *
elf_program_layout(const struct elf *elf)
{
	return layout_of(elf, &programs, elf->program_size);
}

const struct layout *
elf_section_layout(const struct elf *elf)
{
	return layout_of(elf, &sections, elf->section_size);
}

/* ---- what is in sections ----------------------------------------------- */

/* The tag of an entry of .dynamic (gABI, "Dynamic Section"). */
static const char *
dynamic_tag(uint64_t tag)
{
	static const struct {
		uint64_t tag;
		const char *name;
	} names[] = {
	    {DT_NULL, "DT_NULL"},
	    {DT_NEEDED, "DT_NEEDED"},
	    {DT_PLTRELSZ, "DT_PLTRELSZ"},
	    {DT_PLTGOT, "DT_PLTGOT"},
	    {DT_HASH, "DT_HASH"},
	    {DT_STRTAB, "DT_STRTAB"},
	    {DT_SYMTAB, "DT_SYMTAB"},
	    {DT_RELA, "DT_RELA"},
	    {DT_RELASZ, "DT_RELASZ"},
	    {DT_RELAENT, "DT_RELAENT"},
	    {DT_STRSZ, "DT_STRSZ"},
	    {DT_SYMENT, "DT_SYMENT"},
	    {DT_INIT, "DT_INIT"},
	    {DT_FINI, "DT_FINI"},
	    {DT_SONAME, "DT_SONAME"},
	    {DT_RPATH, "DT_RPATH"},
	    {DT_RUNPATH, "DT_RUNPATH"},
	    {DT_REL, "DT_REL"},
	    {DT_RELSZ, "DT_RELSZ"},
	    {DT_RELENT, "DT_RELENT"},
	    {DT_PLTREL, "DT_PLTREL"},
	    {DT_DEBUG, "DT_DEBUG"},
	    {DT_TEXTREL, "DT_TEXTREL"},
	    {DT_JMPREL, "DT_JMPREL"},
	    {DT_BIND_NOW, "DT_BIND_NOW"},
	    {DT_INIT_ARRAY, "DT_INIT_ARRAY"},
	    {DT_FINI_ARRAY, "DT_FINI_ARRAY"},
	    {DT_INIT_ARRAYSZ, "DT_INIT_ARRAYSZ"},
	    {DT_FINI_ARRAYSZ, "DT_FINI_ARRAYSZ"},
	    {DT_FLAGS, "DT_FLAGS"},
	    {DT_FLAGS_1, "DT_FLAGS_1"},
	    {DT_GNU_HASH, "DT_GNU_HASH"},
	    {DT_VERSYM, "DT_VERSYM"},
	    {DT_VERNEED, "DT_VERNEED"},
	    {DT_VERNEEDNUM, "DT_VERNEEDNUM"},
	    {DT_VERDEF, "DT_VERDEF"},
	    {DT_VERDEFNUM, "DT_VERDEFNUM"},
	    {DT_RELACOUNT, "DT_RELACOUNT"},
	    {DT_RELCOUNT, "DT_RELCOUNT"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].tag == tag)
			return names[i].name;
	}
	return "entry of another tag";
}

static void
map_dynamic(const struct elf *elf, struct map *map, const struct symbol_owner *owner)
{
	uint64_t size = elf->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	uint64_t at = owner->offset;
	uint64_t end = owner->end < elf->view->size ? owner->end : elf->view->size;
	for (int i = 0; i < DYNAMIC_MOST && at < end && end - at >= size; i++) {
		map_add_layout(map, owner->offset, at, size, EXTENT_CONTENT,
			       owner->name, dynamic_tag(elf_word(elf, at)),
			       layout_of(elf, &dynamics, size));
		at += size;
	}
}

/* A section that is stored compressed (gABI, "Section Compression"). */
static void
map_compressed(const struct elf *elf, struct map *map, const struct symbol_owner *owner)
{
	uint64_t size = elf->wide ? sizeof(Elf64_Chdr) : sizeof(Elf32_Chdr);
	uint32_t type = elf_u32(elf, owner->offset);
	if (owner->end - owner->offset < size)
		return;
	map_add_layout(map, owner->offset, owner->offset, size, EXTENT_METADATA,
		       owner->name, "compression header",
		       layout_of(elf, &compressions, size));
	map_add_part(map, owner->offset, owner->offset + size,
		     owner->end - owner->offset - size, EXTENT_CONTENT,
		     EXTENT_NO_MEMBER, owner->name,
		     type == ELFCOMPRESS_ZLIB ? "zlib data"
		     : type == 2              ? "zstd data" /* ELFCOMPRESS_ZSTD */
					      : "data of an unknown compressor");
}

/* Does the section hold strings, though neither type nor flags say so? */
static bool
may_hold_strings(const char *name)
{
	static const char *const names[] = {".interp", ".modinfo", ".comment"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return strncmp(name, ".rodata", 7) == 0;
}

/* How a section's bytes lie, and what one of its records is called. */
static const struct layout *
content_layout(const struct elf *elf, const struct elf_section *section,
	       const char *name, const char **record)
{
	switch (section->type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
		*record = "symbol";
		return layout_of(elf, &symbols, section->entry);
	case SHT_RELA:
		*record = "relocation";
		return layout_of(elf, &addends, section->entry);
	case SHT_REL:
		*record = "relocation";
		return layout_of(elf, &relocations, section->entry);
	case SHT_STRTAB:
		return &strings;
	default:
		if (section->flags & SHF_STRINGS)
			return section->entry <= 1 ? &strings : NULL;
		return may_hold_strings(name) ? &guessed_strings : NULL;
	}
}

void
elf_map_inside(const struct elf *elf, struct map *map,
	       const struct elf_section *section, const struct symbol_owner *owner)
{
	if (section->flags & SHF_COMPRESSED)
		map_compressed(elf, map, owner);
	else if (section->type == SHT_NOTE)
		elf_map_notes(elf, map, owner->name, owner->offset, owner->end,
			      section->alignment);
	else if (section->type == SHT_DYNAMIC)
		map_dynamic(elf, map, owner);
	else if (strcmp(owner->name, ".gnu_debuglink") == 0 ||
		 strcmp(owner->name, ".gnu_debugaltlink") == 0)
		elf_map_debug_link(elf, map, owner);
}

void
elf_map_content(const struct elf *elf, struct map *map,
		const struct elf_section *section, const struct symbol_owner *owner)
{
	const struct layout *layout = NULL;
	const char *record = NULL;
	if ((section->flags & SHF_COMPRESSED) == 0)
		layout = content_layout(elf, section, owner->name, &record);
	map_add_layout(map, owner->offset, owner->offset, owner->end - owner->offset,
		       owner->tag, owner->name, layout != NULL ? record : NULL, layout);
}
