/* What runs in a PE image. */
#include "format/pe_private.h"

enum { DIRECTORY_EXCEPTION = 3 };

#define SECTION_EXECUTE UINT32_C(0x20000000) /* IMAGE_SCN_MEM_EXECUTE */

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
	unsigned section;
	uint64_t offset, step = code->machine == MACHINE_X86_64 ? 12 : 8;
	if ((code->machine != MACHINE_X86_64 && code->machine != MACHINE_AARCH64) ||
	    pe_directory(view, pe, DIRECTORY_EXCEPTION, &address, &size) == -1 ||
	    address == 0 || pe_address(view, pe, address, &section, &offset) == -1)
		return;
	for (uint64_t at = 0; at + step <= size; at += step) {
		if (view_u32le(view, offset + at, &start) == -1)
			return;
		code_add_start(code, start, false);
	}
}

void
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
		uint64_t header = pe.sections + (uint64_t)i * PE_SECTION_SIZE;
		uint32_t flags = 0, address = 0;
		view_u32le(view, header + 12, &address);
		view_u32le(view, header + 36, &flags);
		if ((flags & SECTION_EXECUTE) != 0 &&
		    pe_section(view, &pe, i, &offset, &end))
			code_add_range(code, view, offset, end - offset, address);
	}
	pe_unwind_starts(view, &pe, code);
}
