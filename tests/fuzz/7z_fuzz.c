/* The map of the 7z row on arbitrary bytes; its members are in archive_fuzz.c. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_map(&format_7z, &view);
	return 0;
}
