/* Lists of digests, clearsigned and embedded ones too, on arbitrary bytes. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size);
	struct signature_part file = {"a", {data, size < 8 ? size : 8}};
	struct signature_part list = {"SHA256SUMS", whole};
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	struct err err = {0};
	/* librnp is fuzzed by itself */
	if (!openpgp_is_cleartext(&whole) &&
	    signature_check_list(&file, "a", &list, NULL, 0, trust, entries, &err) ==
		0 &&
	    json_array_size(entries) == 0)
		abort(); /* a check that says nothing */
	json_decref(entries);
	trust_free(trust);
	return 0;
}
