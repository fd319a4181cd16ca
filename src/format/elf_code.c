/* Where an ELF file's machine code is, and where its functions start. */
#include "format/elf_private.h"

static enum code_machine
elf_machine(const struct elf *elf)
{
	switch (elf->machine) {
	case EM_386:
		return MACHINE_X86;
	case EM_X86_64:
		return MACHINE_X86_64;
	case EM_ARM:
		return MACHINE_ARM;
	case EM_AARCH64:
		return MACHINE_AARCH64;
	case EM_RISCV:
		return elf->wide ? MACHINE_RISCV64 : MACHINE_RISCV32;
	case EM_MIPS:
		return elf->wide ? MACHINE_MIPS64 : MACHINE_MIPS32;
	case EM_PPC:
		return MACHINE_PPC32;
	case EM_PPC64:
		return MACHINE_PPC64;
	case EM_S390:
		return MACHINE_S390X;
	case EM_SPARC:
	case EM_SPARCV9:
		return MACHINE_SPARC;
	default:
		return MACHINE_UNKNOWN;
	}
}

/*
 * The sorted table of .eh_frame_hdr: where each function starts, in stripped files
 * too (LSB Core, "The .eh_frame_hdr section"). Read as linkers write it: version 1,
 * pointers to .eh_frame in 4 bytes, a count of 4 bytes, and pairs of 4-byte
 * distances from the table's own address.
 */
static void
elf_unwind_starts(const struct elf *elf, struct code *code, uint64_t offset,
		  uint64_t size, uint64_t address)
{
	enum { HEADER = 12, PAIR = 8 };
	static const uint8_t expected[] = {1, 0x1b, 0x03, 0x3b};
	if (size < HEADER || !view_has(elf->view, offset, expected, sizeof(expected)))
		return;
	uint64_t count = elf_u32(elf, offset + 8);
	if (count > (size - HEADER) / PAIR)
		count = (size - HEADER) / PAIR;
	for (uint64_t i = 0; i < count; i++) {
		struct view pair;
		uint64_t at = offset + HEADER + i * PAIR;
		if (view_sub(elf->view, at, PAIR, &pair) == -1)
			return;
		int32_t distance = (int32_t)elf_u32(elf, at);
		code_add_start(code, address + (uint64_t)(int64_t)distance, false);
	}
}

static void
elf_segment_code(const struct elf *elf, struct code *code, bool ranges)
{
	for (uint64_t i = 0; i < elf->program_count; i++) {
		uint64_t at = elf->programs + i * elf->program_size;
		uint64_t wide = elf->wide ? 8 : 4, where = at + (elf->wide ? 8 : 4);
		uint32_t type = elf_u32(elf, at);
		uint32_t flags = elf_u32(elf, at + (elf->wide ? 4 : 24));
		uint64_t offset = elf_word(elf, where);
		uint64_t address = elf_word(elf, where + wide);
		uint64_t size = elf_word(elf, where + 3 * wide);
		if (ranges && type == PT_LOAD && (flags & PF_X) != 0)
			code_add_range(code, elf->view, offset, size, address);
		else if (!ranges && type == PT_GNU_EH_FRAME)
			elf_unwind_starts(elf, code, offset, size, address);
	}
}

/* ARM: functions whose address has its lowest bit set are Thumb code. */
static void
elf_thumb_starts(const struct elf *elf, struct code *code)
{
	struct elf_section table = {0};
	uint64_t entry = sizeof(Elf32_Sym);
	for (uint64_t i = 1; i < elf->section_count && table.type != SHT_SYMTAB; i++) {
		struct elf_section section = elf_read_section(elf, i);
		if (section.type == SHT_SYMTAB || section.type == SHT_DYNSYM)
			table = section;
	}
	uint64_t end = table.end < elf->view->size ? table.end : elf->view->size;
	for (uint64_t at = table.offset; at <= end && end - at >= entry; at += entry) {
		uint8_t info = 0;
		view_u8(elf->view, at + 12, &info);
		uint64_t value = elf_word(elf, at + 4);
		if (ELF32_ST_TYPE(info) == STT_FUNC)
			code_add_start(code, value & ~UINT64_C(1), (value & 1) != 0);
	}
}

void
elf_code(const struct view *view, struct code *code)
{
	struct elf elf;
	if (!elf_open(view, &elf))
		return;
	code->machine = elf_machine(&elf);
	code->big = elf.big;
	code->thumb = (elf_word(&elf, 24) & 1) != 0; /* e_entry */
	for (uint64_t i = 1; i < elf.section_count; i++) {
		struct elf_section section = elf_read_section(&elf, i);
		if ((section.flags & SHF_EXECINSTR) != 0)
			code_add_range(code, view, section.offset,
				       section.end - section.offset, section.address);
	}
	if (code->range_count == 0)
		elf_segment_code(&elf, code, true);
	elf_segment_code(&elf, code, false);
	if (code->machine == MACHINE_ARM)
		elf_thumb_starts(&elf, code);
}

/* `lea rdi, [rip + distance]` or `mov rdi, address`, right before a call: the first
 * argument of __libc_start_main, which is main (System V ABI, AMD64, and the C
 * library's crt1.o). */
static bool
entry_argument(const struct view *view, uint64_t at, uint64_t address, uint64_t *main)
{
	enum { ARGUMENT = 7 };
	uint32_t number = 0;
	bool near = view_has(view, at, "\x48\x8d\x3d", 3);
	if ((!near && !view_has(view, at, "\x48\xc7\xc7", 3)) ||
	    view_u32le(view, at + 3, &number) == -1 ||
	    (!view_has(view, at + ARGUMENT, "\xff\x15", 2) &&
	     !view_has(view, at + ARGUMENT, "\x67\xe8", 2) &&
	     !view_has(view, at + ARGUMENT, "\xe8", 1)))
		return false;
	*main = (uint64_t)(int64_t)(int32_t)number;
	if (near)
		*main += address + ARGUMENT;
	return true;
}

bool
elf_find_main(const struct elf *elf, uint64_t *start, uint64_t *end)
{
	enum { ENTRY_MOST = 64 };
	struct code code;
	uint64_t address = elf_word(elf, 24), offset, main = 0;
	bool found = false;
	if (elf->machine != EM_X86_64 || !elf->wide)
		return false;
	format_code(&format_elf, elf->view, &code);
	if (code_offset(&code, address, &offset) == 0) {
		for (uint64_t i = 0; i < ENTRY_MOST && !found; i++)
			found =
			    entry_argument(elf->view, offset + i, address + i, &main);
	}
	found = found && code_offset(&code, main, start) == 0;
	*end = 0;
	for (size_t i = 0; found && i < code.start_count && *end == 0; i++) {
		if (code.starts[i].offset > *start)
			*end = code.starts[i].offset;
	}
	/* the last function ends with its section; without a table nobody knows */
	found = found && code.start_count > 0;
	code_free(&code);
	return found;
}
