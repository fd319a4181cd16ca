/* The compound row on arbitrary bytes, and grafts between the file and its half. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* a path has the names of all storages above */
	struct view view = view_of(data, size);
	fuzz_members(&format_compound, &view, true);
	fuzz_map(&format_compound, &view);
	struct view half = view_from(&view, size / 2);
	struct view *const pairs[][2] = {{&view, &view}, {&view, &half}, {&half, &view}};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct graft graft = {0};
		struct err err = {0};
		if (format_compound.graft(pairs[i][0], pairs[i][1], &graft, &err) ==
			GRAFT_FAILED &&
		    err.message[0] == '\0')
			abort();
		graft_free(&graft);
	}
	return 0;
}
