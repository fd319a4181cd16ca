/* Mach-O files on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_map(&format_macho, &view);
	fuzz_graft_self(&format_macho, &view);
	return 0;
}
