/* The ar and deb rows on arbitrary bytes, and grafts between the halves of them. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size), shipped, rebuilt;
	struct graft graft = {0};
	struct err err = {0};
	fuzz_row(&format_ar, data, size);
	fuzz_row(&format_deb, data, size);
	rebuilt = view_from(&whole, size / 2);
	if (view_sub(&whole, 0, size / 2, &shipped) == -1)
		abort();
	if (format_deb.graft(&shipped, &rebuilt, &graft, &err) == GRAFT_FAILED &&
	    err.message[0] == '\0')
		abort();
	graft_free(&graft);
	return 0;
}
