/* Updates of virus databases on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_row(&format_cdiff, data, size);
	return 0;
}
