/*
 * ELF files: Unix programs, libraries, objects and kernel modules, of 32 and 64
 * bits in both byte orders. Sections name the bytes, symbols split them; a file
 * without sections is named by its segments. Figures are those of the System V ABI,
 * chapters 4 and 5 ("gABI").
 */
#include "format/elf_private.h"

enum {
	SECTIONS_MOST = 300000,
	PROGRAMS_MOST = 10000,
	EXTENDED_NUMBER = 0xffff, /* gABI: e_phnum PN_XNUM, e_shstrndx SHN_XINDEX */
};

uint16_t
elf_u16(const struct elf *elf, uint64_t offset)
{
	uint16_t value = 0;
	if (elf->big)
		view_u16be(elf->view, offset, &value);
	else
		view_u16le(elf->view, offset, &value);
	return value;
}

uint32_t
elf_u32(const struct elf *elf, uint64_t offset)
{
	uint32_t value = 0;
	if (elf->big)
		view_u32be(elf->view, offset, &value);
	else
		view_u32le(elf->view, offset, &value);
	return value;
}

uint64_t
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
	struct elf_section first = elf_read_section(elf, 0);
	if (elf->section_count == 0)
		elf->section_count = first.size;
	if (elf->names == EXTENDED_NUMBER)
		elf->names = first.link;
	if (elf->program_count == EXTENDED_NUMBER)
		elf->program_count =
		    elf_u32(elf, elf->sections + 8 + 4 * wide + 4); /* sh_info */
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
	    {PT_GNU_STACK, "GNU_STACK"},
	    {PT_GNU_PROPERTY, "GNU_PROPERTY"},
	    {PT_PHDR, "PHDR"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].type == type)
			return names[i].name;
	}
	return "other";
}

static void
elf_map_programs(const struct elf *elf, struct map *map)
{
	static const char name[] = "program headers";
	uint64_t end = elf->programs + elf->program_count * elf->program_size;
	for (uint64_t i = 0; i < elf->program_count && i < PROGRAMS_MOST; i++) {
		uint64_t at = elf->programs + i * elf->program_size;
		char detail[64];
		snprintf(detail, sizeof(detail), "segment %ju %s", (uintmax_t)i,
			 segment_type(elf_u32(elf, at)));
		map_add_layout(map, elf->programs, at, elf->program_size,
			       EXTENT_METADATA, name, detail, elf_program_layout(elf));
	}
	map_add(map, elf->programs, end - elf->programs, EXTENT_METADATA,
		EXTENT_NO_MEMBER, name, NULL);
}

static void
map_segment(const struct elf *elf, struct map *map, uint32_t type, const char *name,
	    uint64_t offset, uint64_t size)
{
	uint64_t end;
	if (type == PT_NOTE && sum_u64(offset, size, &end) == 0 &&
	    offset < elf->view->size)
		elf_map_notes(elf, map, name, offset, end, 4);
	map_add(map, offset, size, EXTENT_CONTENT, EXTENT_NO_MEMBER, name, NULL);
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
			map_segment(elf, map, type, name, offset, size);
		}
	}
}

static int
elf_map(const struct view *view, struct map *map, struct err *err)
{
	struct elf elf;
	if (elf_probe(view) != PROBE_SURE)
		return err_set(err, ERR_INPUT, "ELF header is malformed");
	elf_read_header(view, &elf);
	map_add_layout(map, 0, 0, elf.header_size, EXTENT_METADATA, "ELF header", NULL,
		       elf_header_layout(&elf));
	if (elf_table(&elf, "program headers", elf.programs, elf.program_count,
		      elf.program_size,
		      elf.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), err) == -1)
		return -1;
	elf_map_programs(&elf, map);
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

bool
elf_open(const struct view *view, struct elf *elf)
{
	struct err ignored = {0};
	if (elf_probe(view) != PROBE_SURE)
		return false;
	elf_read_header(view, elf);
	if (elf_table(elf, "", elf->sections, elf->section_count, elf->section_size,
		      elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr),
		      &ignored) == -1 ||
	    elf->section_count > SECTIONS_MOST)
		elf->section_count = 0;
	if (elf_table(elf, "", elf->programs, elf->program_count, elf->program_size,
		      elf->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr),
		      &ignored) == -1)
		elf->program_count = 0;
	return true;
}

const struct format format_elf = {
    .name = "elf",
    .title = "ELF program, library or object",
    .probe = elf_probe,
    .map = elf_map,
    .code = elf_code,
};
