/* Device trees and FIT images on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_map(&format_fdt, &view);
	fuzz_row(&format_fit, data, size);
	return 0;
}
