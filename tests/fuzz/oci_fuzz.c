/* Container images on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	format_docker.probe(&view);
	fuzz_row(&format_oci, data, size);
	return 0;
}
