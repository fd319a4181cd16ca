/* The ar and deb rows on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_row(&format_ar, data, size);
	fuzz_row(&format_deb, data, size);
	return 0;
}
