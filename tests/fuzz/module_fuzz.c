/* Signed kernel modules on arbitrary bytes: the map, and the graft onto themselves,
 * which must give the same bytes back. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	struct graft graft = {0};
	struct err err = {0};
	fuzz_map(&format_module, &view);
	if (format_module.graft(&view, &view, &graft, &err) == GRAFT_DONE) {
		struct view bytes = view_of_buf(&graft.bytes);
		if (!view_equal(&view, &bytes))
			abort();
	}
	graft_free(&graft);
	return 0;
}
