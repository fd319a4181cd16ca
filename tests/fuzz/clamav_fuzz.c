/* The signatures of ClamAV's databases and updates on arbitrary bytes, and those beside:
 * the first half is the signature of the other one. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each check says something, and nobody is trusted. */
static void
keep_word(json_t *entries, int answer, enum signature_status status)
{
	if (answer == 0 && json_array_size(entries) == 0)
		abort();
	if (status == SIGNATURE_VALID)
		abort();
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size), signature, rest;
	struct trust *trust = trust_new();
	struct err err = {0};
	enum signature_status status;
	json_t *entries = json_array();
	int answer = scheme_clamav.check(&whole, "x", trust, entries, &status, &err);
	keep_word(entries, answer, status);
	view_sub(&whole, 0, size / 2, &signature);
	rest = view_from(&whole, size / 2);
	entries = json_array();
	answer = detached_clamav.check(&rest, "x", &signature, trust, entries, &status,
				       &err);
	keep_word(entries, answer, status);
	trust_free(trust);
	return 0;
}
