/* Apple's code signatures on arbitrary bytes: as a whole Mach-O file, and as the
 * signature of a sound one. */
#include "signature/codesign_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CODE_SIZE = 32 + 72 + 16 };

static void
put_u32(struct buf *file, size_t offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		file->data[offset + i] = (char)(value >> (8 * i));
}

/* A 64-bit library of a segment __LINKEDIT and the signature alone. */
static void
wrap(const uint8_t *data, size_t size, struct buf *file)
{
	buf_zeros(file, CODE_SIZE);
	buf_append(file, data, size);
	put_u32(file, 0, 0xfeedfacf);
	put_u32(file, 12, 6); /* MH_DYLIB */
	put_u32(file, 16, 2); /* ncmds */
	put_u32(file, 20, 72 + 16);
	put_u32(file, 32, 0x19); /* LC_SEGMENT_64 */
	put_u32(file, 36, 72);
	memcpy(file->data + 40, "__LINKEDIT", 10);
	put_u32(file, 32 + 40, CODE_SIZE); /* fileoff, filesize */
	put_u32(file, 32 + 48, (uint32_t)size);
	put_u32(file, 104, 0x1d); /* LC_CODE_SIGNATURE */
	put_u32(file, 108, 16);
	put_u32(file, 112, CODE_SIZE);
	put_u32(file, 116, (uint32_t)size);
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
	if (scheme_macho.check(file, "fuzz", trust, entries, &status, &err) == -1 ||
	    json_array_size(entries) != 1 || status == SIGNATURE_VALID)
		abort(); /* nobody is trusted */
	coverage_conclude(json_array_get(entries, 0), file->size);
	json_decref(entries);
}

static void
list(struct view rest)
{
	struct code_resource resource = {.optional = false};
	int next = code_resources_find(&rest);
	while (next == 1) {
		uint64_t before = rest.size;
		next = code_resources_next(&rest, &resource);
		if (next == 1 && rest.size >= before)
			abort(); /* never an end */
		code_resource_clear(&resource);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file = {0};
	struct view view = view_of(data, size);
	check(&view);
	list(view);
	free(code_requirement_text(&view));
	wrap(data, size, &file);
	view = view_of_buf(&file);
	check(&view);
	buf_free(&file);
	return 0;
}
