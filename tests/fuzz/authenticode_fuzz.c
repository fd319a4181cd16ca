/* Authenticode on arbitrary bytes: as a whole file, as the DER of a sound image, and as
 * the block of a script. */
#include "signature/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A PE32+ image of 512 bytes without sections, and the bytes as its one signature. */
static void
wrap(const uint8_t *data, size_t size, struct buf *image)
{
	static const uint8_t coff[] = {'P', 'E', 0, 0, 0x64, 0x86, 0, 0};
	buf_zeros(image, 512 + 8);
	memcpy(image->data, "MZ", 2);
	image->data[0x3c] = (char)0x80;
	memcpy(image->data + 0x80, coff, sizeof(coff));
	image->data[0x80 + 20] = (char)240; /* SizeOfOptionalHeader */
	memcpy(image->data + 0x98, "\x0b\x02", 2);
	image->data[0x98 + 60 + 1] = 2; /* SizeOfHeaders: 512 */
	image->data[0x98 + 108] = 16;   /* NumberOfRvaAndSizes */
	buf_append(image, data, size);
	buf_zeros(image, (8 - size % 8) % 8);
	uint32_t length = (uint32_t)(image->size - 512);
	for (unsigned i = 0; i < 4; i++) {
		image->data[0x128 + i] = (char)(512U >> (8 * i)); /* directory 4 */
		image->data[0x12c + i] = (char)(length >> (8 * i));
		image->data[512 + i] = (char)(length >> (8 * i)); /* dwLength */
	}
	memcpy(image->data + 516, "\x00\x02\x02\x00", 4); /* revision, type */
}

/* A script with the bytes as what follows the first line of its block. */
static void
wrap_script(const uint8_t *data, size_t size, struct buf *script)
{
	buf_puts(script, "exit\r\n\r\n# SIG # Begin signature block\r\n");
	buf_append(script, data, size);
}

static void
check(const struct view *file, const struct trust *trust)
{
	struct err err = {0};
	enum signature_status status;
	json_t *entries = json_array();
	if (signature_check(file, "fuzz", trust, entries, &status, &err) == 0 &&
	    json_array_size(entries) == 0)
		abort(); /* nothing looked at is never nothing to say */
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust *trust;
	struct buf image = {0};
	struct view view = view_of(data, size);
	if (trust == NULL) {
		trust = trust_new();
		trust_set_now(trust, 1795478400);
	}
	if (size > 1 << 20)
		return 0;
	check(&view, trust);
	wrap(data, size, &image);
	view = view_of_buf(&image);
	check(&view, trust);
	buf_clear(&image);
	wrap_script(data, size, &image);
	view = view_of_buf(&image);
	check(&view, trust);
	buf_free(&image);
	return 0;
}
