/* Android's update payloads on arbitrary bytes: their row, and what their signatures
 * say. */
#include "row.h"
#include "signature/signature_private.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size);
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	struct err err = {0};
	enum signature_status status;
	/* a name is longer by its suffix */
	fuzz_members(&format_payload, &whole, true);
	fuzz_map(&format_payload, &whole);
	scheme_payload.check(&whole, "x", trust, entries, &status, &err);
	if (json_array_size(entries) == 0 || status == SIGNATURE_VALID)
		abort();
	json_decref(entries);
	trust_free(trust);
	return 0;
}
