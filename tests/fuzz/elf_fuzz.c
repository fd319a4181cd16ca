/* ELF files on arbitrary bytes, and the fallback that is asked of everything. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	struct format_match match;
	fuzz_map(&format_elf, &view);
	fuzz_map(&format_text, &view);
	format_probe(&view, &match);
	strings_free(&match.others);
	return 0;
}
