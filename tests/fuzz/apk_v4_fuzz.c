/* Signatures beside Android packages on arbitrary bytes: one half is the signature, the
 * other one the package. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = size > 0 ? 1 + (size_t)data[0] * size / 256 : 0;
	struct view whole = view_of(data, size), signature = {NULL, 0}, package;
	enum signature_status status;
	struct err err = {0};
	if (split > size)
		split = size;
	if (split > 0)
		view_sub(&whole, 1, split - 1, &signature);
	package = view_from(&whole, split);
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	detached_apk.knows(&signature);
	if (detached_apk.check(&package, "x", &signature, trust, entries, &status,
			       &err) == 0 &&
	    (json_array_size(entries) == 0 || status == SIGNATURE_VALID))
		abort();
	json_decref(entries);
	trust_free(trust);
	return 0;
}
