/* EFI signature lists and signed updates of variables on arbitrary bytes: map, notes,
 * the graft onto themselves, which must give the same bytes back, and the signature's
 * check. */
#include "row.h"
#include "signature/signature_private.h"

static void
check(const struct view *file)
{
	static struct trust *trust;
	struct err err = {0};
	enum signature_status status;
	json_t *entries = json_array();
	if (trust == NULL) {
		trust = trust_new();
		trust_set_now(trust, 1795478400);
	}
	if (scheme_uefi.check(file, "fuzz", trust, entries, &status, &err) == 0 &&
	    (json_array_size(entries) == 0 || status == SIGNATURE_VALID))
		abort(); /* nobody is trusted */
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	struct graft graft = {0};
	struct err err = {0};
	fuzz_map(&format_efi_list, &view);
	fuzz_notes(&format_efi_list, &view);
	fuzz_map(&format_efi_variable, &view);
	fuzz_notes(&format_efi_variable, &view);
	if (format_efi_variable.graft(&view, &view, &graft, &err) == GRAFT_DONE) {
		struct view bytes = view_of_buf(&graft.bytes);
		if (!view_equal(&view, &bytes))
			abort();
	}
	graft_free(&graft);
	check(&view);
	return 0;
}
