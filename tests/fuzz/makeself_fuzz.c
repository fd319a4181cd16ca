/* The makeself row on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_members(&format_makeself, &view, true);
	fuzz_map(&format_makeself, &view);
	return 0;
}
