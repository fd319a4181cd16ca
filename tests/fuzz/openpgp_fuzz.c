/* The framing of OpenPGP signatures on arbitrary bytes. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	struct buf text = {0}, packets = {0};
	struct err err = {0};
	size_t count = 0;
	if (openpgp_frame_detached(&view, &packets, &count, &err) == 0 &&
	    (count == 0 || count > OPENPGP_SIGNATURES_MOST))
		abort();
	buf_clear(&packets);
	if (openpgp_frame_cleartext(&view, &text, &packets, &count, &err) == 0 &&
	    text.size > 2 * size)
		abort();
	buf_free(&text);
	buf_free(&packets);
	return 0;
}
