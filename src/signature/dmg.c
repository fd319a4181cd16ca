/*
 * Disk images of macOS: the code signature in front of their trailer. The pages end
 * where it begins; a special slot has the trailer, with the signature's length as zero.
 */
#include "signature/codesign_private.h"

enum {
	TRAILER_SIZE = 512,
	SIGNATURE_OFFSET = 296,
	SIGNATURE_LENGTH = 304,
};

static bool
dmg_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format != NULL && strcmp(format->name, "dmg") == 0;
}

static int
dmg_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct code_object object = {.file = file,
				     .path = path,
				     .format = "dmg",
				     .trust = trust,
				     .signatures = signatures,
				     .status = status};
	uint8_t blind[TRAILER_SIZE];
	struct view trailer = {NULL, 0};
	uint64_t end = 0;
	(void)err;
	*status = SIGNATURE_VALID;
	if (file->size >= TRAILER_SIZE)
		trailer = view_from(file, file->size - TRAILER_SIZE);
	view_u64be(&trailer, SIGNATURE_OFFSET, &object.offset);
	view_u64be(&trailer, SIGNATURE_LENGTH, &object.size);
	if (trailer.size == 0 || object.size == 0) {
		struct judgement found = {0};
		judgement_add(&found, SIGNATURE_UNSIGNED,
			      "the trailer names no code signature");
		json_t *entry = judgement_entry(&found, signatures, path, "apple-code",
						"0", status);
		json_object_set_new(entry, "format", json_string("dmg"));
		judgement_free(&found);
		return 0;
	}
	memcpy(blind, trailer.data, TRAILER_SIZE);
	memset(blind + SIGNATURE_LENGTH, 0, 8);
	object.representation = view_of(blind, TRAILER_SIZE);
	if (sum_u64(object.offset, object.size, &end) == -1 ||
	    end != file->size - TRAILER_SIZE)
		judgement_add(
		    &object.found, SIGNATURE_INVALID,
		    "the code signature does not end where the trailer begins");
	codesign_check(&object);
	judgement_free(&object.found);
	return 0;
}

/* Many images are not signed: what is in them is. */
const struct scheme scheme_dmg = {"apple-code", false, dmg_knows, dmg_check};
