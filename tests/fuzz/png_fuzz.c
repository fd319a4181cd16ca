/* PNG images on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_map(&format_png, &view);
	fuzz_notes(&format_png, &view);
	return 0;
}
