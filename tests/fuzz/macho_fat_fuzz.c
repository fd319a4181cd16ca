/* Mach-O universal files on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_row(&format_macho_fat, data, size);
	fuzz_graft_self(&format_macho_fat, &view);
	return 0;
}
