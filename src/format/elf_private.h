/*
 * What the files of the ELF row share: elf.c (header, program headers), elf_section.c
 * (section headers, symbols), elf_note.c (notes, the link to the debug file),
 * elf_table.c (how the tables inside of sections lie) and elf_code.c (what runs).
 */
#ifndef VERIFY_FORMAT_ELF_PRIVATE_H
#define VERIFY_FORMAT_ELF_PRIVATE_H

#include "format/format_private.h"

#include <elf.h>

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

struct elf_section {
	uint32_t name, type, link;
	uint64_t flags, address, offset, size, alignment, entry;
	uint64_t end; /* of its bytes in the file */
};

/* One number in the file's order; 0 when it is not all inside. */
uint16_t elf_u16(const struct elf *elf, uint64_t offset);
uint32_t elf_u32(const struct elf *elf, uint64_t offset);
/* An address, offset or size: as wide as the class. */
uint64_t elf_word(const struct elf *elf, uint64_t offset);

/* Read the header; tables that are not all inside the file count as empty. False when
 * it is none. */
bool elf_open(const struct view *view, struct elf *elf);
/* The row's `code`. */
void elf_code(const struct view *view, struct code *code);
/* Where main is in a program without symbols: what its entry point hands to the C
 * library (x86-64 only). False when that cannot be seen. */
bool elf_find_main(const struct elf *elf, uint64_t *start, uint64_t *end);

/* The header of one section, inside the table. */
struct elf_section elf_read_section(const struct elf *elf, uint64_t index);
/* Name the section headers, and the sections' bytes; the table is inside the file. */
void elf_map_sections(const struct elf *elf, struct map *map);

/* Name the notes in [offset, end): a section or segment called `name`. */
void elf_map_notes(const struct elf *elf, struct map *map, const char *name,
		   uint64_t offset, uint64_t end, uint64_t alignment);
/* Name the parts of a section .gnu_debuglink or .gnu_debugaltlink. */
void elf_map_debug_link(const struct elf *elf, struct map *map,
			const struct symbol_owner *owner);

/* Layouts of headers, for the file's class; NULL when the entries have another size. */
const struct layout *elf_header_layout(const struct elf *elf);
const struct layout *elf_program_layout(const struct elf *elf);
const struct layout *elf_section_layout(const struct elf *elf);
/* Name the parts of a section that are known one by one: notes, dynamic entries, the
 * link to the debug file, the header of a compressed one. */
void elf_map_inside(const struct elf *elf, struct map *map,
		    const struct elf_section *section,
		    const struct symbol_owner *owner);
/* Name the whole of a section, laid out as its type, flags and name say. */
void elf_map_content(const struct elf *elf, struct map *map,
		     const struct elf_section *section,
		     const struct symbol_owner *owner);

#endif
