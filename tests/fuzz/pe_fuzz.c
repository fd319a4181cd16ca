/* PE images on arbitrary bytes, and a signature moved between two halves of them. */
#include "row.h"

/* What a graft made has no signature left to find but the shipped one. */
static void
fuzz_graft(const struct view *shipped, const struct view *rebuilt)
{
	struct graft graft = {0};
	struct err err = {0};
	enum graft_answer answer = format_pe.graft(shipped, rebuilt, &graft, &err);
	if (answer == GRAFT_FAILED && (err.kind == ERR_NONE || err.message[0] == '\0' ||
				       graft.bytes.data != NULL))
		abort();
	if (answer == GRAFT_DONE && graft.steps.count == 0)
		abort();
	graft_free(&graft);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size);
	struct view first = view_of(data, size / 2),
		    second = view_from(&whole, size / 2);
	fuzz_map(&format_pe, &whole);
	fuzz_graft(&whole, &whole);
	fuzz_graft(&first, &second);
	return 0;
}
