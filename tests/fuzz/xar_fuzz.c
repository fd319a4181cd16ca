/* Signatures of xar archives on arbitrary bytes: as a whole file, and as the table of
 * contents of a sound one. */
#include <zlib.h>

#include "signature/xar_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_u64be(char *at, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		at[i] = (char)(value >> (8 * (7 - i)));
}

/* An archive with that table, which is right, and the same bytes as its heap. */
static void
wrap(const uint8_t *data, size_t size, struct buf *file)
{
	struct buf packed = {0};
	uLongf got = compressBound((uLong)size);
	buf_zeros(&packed, got);
	compress((Bytef *)packed.data, &got, data, (uLong)size);
	buf_zeros(file, 28);
	memcpy(file->data, "xar!\0\x1c\0\1", 8);
	put_u64be(file->data + 8, got);
	put_u64be(file->data + 16, size);
	file->data[27] = 3;
	buf_append(file, packed.data, got);
	buf_append(file, data, size);
	buf_free(&packed);
}

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
	if (scheme_xar.check(file, "fuzz", trust, entries, &status, &err) == -1 ||
	    json_array_size(entries) == 0 || status == SIGNATURE_VALID)
		abort(); /* nobody is trusted */
	coverage_conclude(json_array_get(entries, 0), file->size);
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file = {0};
	struct view view = view_of(data, size);
	check(&view);
	wrap(data, size, &file);
	view = view_of_buf(&file);
	check(&view);
	buf_free(&file);
	return 0;
}
