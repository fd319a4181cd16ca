/* The rows of sealed file systems on arbitrary bytes: all of them, for the super block
 * of one is a block of another. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	for (size_t i = 0; format_table[i] != NULL; i++) {
		if (format_table[i]->sealed)
			fuzz_map(format_table[i], &view);
	}
	return 0;
}
