/* Mach-O universal files on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_row(&format_macho_fat, data, size);
	return 0;
}
