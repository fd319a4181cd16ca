/* The signatures of packages on arbitrary bytes: each check says something. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scheme *const rows[] = {&scheme_rpm,    &scheme_debsigs,
						    &scheme_module, &scheme_apk,
						    &scheme_nuget,  &scheme_opc};
	struct view view = view_of(data, size);
	struct trust *trust = trust_new();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *entries = json_array();
		struct err err = {0};
		enum signature_status status;
		if (rows[i]->check(&view, "x", trust, entries, &status, &err) == 0 &&
		    json_array_size(entries) == 0)
			abort();
		if (status == SIGNATURE_VALID)
			abort(); /* nobody is trusted */
		json_decref(entries);
	}
	trust_free(trust);
	return 0;
}
