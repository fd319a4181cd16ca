/* Packages that are zip archives on arbitrary bytes, and grafts between the halves of
 * them. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size), shipped, rebuilt;
	struct graft graft = {0};
	struct err err = {0};
	for (size_t i = 0; format_table[i] != NULL; i++) {
		if (format_table[i]->refines != NULL &&
		    strcmp(format_table[i]->refines, "zip") == 0)
			format_table[i]->probe(&whole);
	}
	fuzz_row(&format_apk, data, size);
	fuzz_row(&format_nupkg, data, size);
	fuzz_row(&format_msix, data, size);
	fuzz_row(&format_jmod, data, size);
	rebuilt = view_from(&whole, size / 2);
	if (view_sub(&whole, 0, size / 2, &shipped) == -1)
		abort();
	if (format_apk.graft(&shipped, &rebuilt, &graft, &err) == GRAFT_FAILED &&
	    err.message[0] == '\0')
		abort();
	graft_free(&graft);
	if (format_nupkg.graft(&shipped, &rebuilt, &graft, &err) == GRAFT_FAILED &&
	    err.message[0] == '\0')
		abort();
	graft_free(&graft);
	return 0;
}
