/* The compound row on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a path has the names of all storages above */
	struct view view = view_of(data, size);
	fuzz_members(&format_compound, &view, true);
	fuzz_map(&format_compound, &view);
	return 0;
}
