/* Mozilla's update archives on arbitrary bytes: their row, grafts between halves, and
 * what their signatures say. */
#include "row.h"
#include "signature/signature_private.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size), shipped, rebuilt;
	struct graft graft = {0};
	struct err err = {0};
	enum signature_status status;
	fuzz_row(&format_mar, data, size);
	rebuilt = view_from(&whole, size / 2);
	view_sub(&whole, 0, size / 2, &shipped);
	if (format_mar.graft(&shipped, &rebuilt, &graft, &err) == GRAFT_FAILED &&
	    err.message[0] == '\0')
		abort();
	graft_free(&graft);
	/* onto itself, it is itself or is refused */
	if (format_mar.graft(&whole, &whole, &graft, &err) == GRAFT_DONE &&
	    graft.bytes.size != size)
		abort();
	graft_free(&graft);
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	scheme_mar.check(&whole, "x", trust, entries, &status, &err);
	if (json_array_size(entries) == 0 || status == SIGNATURE_VALID)
		abort();
	json_decref(entries);
	trust_free(trust);
	return 0;
}
