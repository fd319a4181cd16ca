/* The signature in a zip's comment, on arbitrary bytes and on an archive of which they
 * are the comment. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The check says something, and nobody is trusted. */
static void
check(const struct view *view, const struct trust *trust)
{
	json_t *entries = json_array();
	enum signature_status status = SIGNATURE_VALID;
	struct err err = {0};
	scheme_ota.knows(view, NULL);
	scheme_ota.check(view, "x", trust, entries, &status, &err);
	if (json_array_size(entries) == 0 || status == SIGNATURE_VALID)
		abort();
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct trust *trust = trust_new();
	struct view view = view_of(data, size);
	struct buf archive = {0};
	check(&view, trust);
	if (size >= 6 && size <= UINT16_MAX) {
		const uint8_t length[] = {(uint8_t)size, (uint8_t)(size >> 8)};
		buf_puts(&archive, "PK\3\4PK\5\6");
		buf_zeros(&archive, 16);
		buf_append(&archive, length, 2);
		buf_append(&archive, data, size - 4);
		buf_puts(&archive, "\xff\xff");
		buf_append(&archive, length, 2);
		view = view_of_buf(&archive);
		check(&view, trust);
	}
	buf_free(&archive);
	trust_free(trust);
	return 0;
}
