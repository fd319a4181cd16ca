/* Disk images of macOS on arbitrary bytes, which are in front of a trailer and are it.
 */
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
	if (scheme_dmg.check(file, "fuzz", trust, entries, &status, &err) == -1 ||
	    json_array_size(entries) != 1 || status == SIGNATURE_VALID)
		abort(); /* nobody is trusted */
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = {'k', 'o', 'l', 'y', 0, 0, 0, 4, 0, 0, 2, 0};
	struct buf file = {0};
	buf_append(&file, data, size);
	if (size >= 512)
		memcpy(file.data + size - 512, magic, sizeof(magic));
	struct view view = view_of_buf(&file);
	fuzz_map(&format_dmg, &view);
	fuzz_graft_self(&format_dmg, &view);
	check(&view);
	buf_free(&file);
	return 0;
}
