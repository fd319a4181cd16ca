/*
 * Mach-O files: where the code signature is that their load commands name
 * (<mach-o/loader.h>, LC_CODE_SIGNATURE). Each slice of a universal file is a file of
 * its own to this row.
 */
#include "signature/codesign_private.h"

enum {
	LC_SEGMENT = 0x1,
	LC_SEGMENT_64 = 0x19,
	LC_CODE_SIGNATURE = 0x1d,
	/* MH_EXECUTE, MH_DYLIB, MH_BUNDLE, MH_KEXT_BUNDLE: what systems load */
	TYPE_EXECUTE = 2,
	TYPE_LIBRARY = 6,
	TYPE_BUNDLE = 8,
	TYPE_EXTENSION = 11,
};

struct macho {
	const struct view *file;
	bool wide, big;
	unsigned signatures;
	uint64_t signature, size;
	struct view info; /* the section __TEXT,__info_plist */
	uint64_t linkedit_end;
};

static uint32_t
macho_u32(const struct macho *macho, uint64_t offset)
{
	uint32_t value = 0;
	if (macho->big)
		view_u32be(macho->file, offset, &value);
	else
		view_u32le(macho->file, offset, &value);
	return value;
}

static uint64_t
macho_word(const struct macho *macho, uint64_t offset)
{
	uint64_t value = 0;
	if (!macho->wide)
		return macho_u32(macho, offset);
	if (macho->big)
		view_u64be(macho->file, offset, &value);
	else
		view_u64le(macho->file, offset, &value);
	return value;
}

static void
read_segment(struct macho *macho, uint64_t at, uint32_t size)
{
	uint64_t wide = macho->wide ? 8 : 4, header = 40 + 4 * wide;
	uint64_t section_size = macho->wide ? 80 : 68;
	if (size < header)
		return;
	uint64_t end = macho_word(macho, at + 24 + 2 * wide) +
		       macho_word(macho, at + 24 + 3 * wide);
	if (view_has(macho->file, at + 8, "__LINKEDIT", 11))
		macho->linkedit_end = end;
	for (uint64_t left = size - header; left >= section_size;
	     left -= section_size) {
		uint64_t section = at + size - left;
		if (view_has(macho->file, section, "__info_plist\0\0\0\0__TEXT", 23))
			view_sub(macho->file, macho_u32(macho, section + 32 + 2 * wide),
				 macho_word(macho, section + 32 + wide), &macho->info);
	}
}

/* Follow the load commands; false when they are malformed. */
static bool
read_commands(struct macho *macho)
{
	uint64_t at = macho->wide ? 32 : 28;
	uint64_t end = at + macho_u32(macho, 20);
	uint32_t count = macho_u32(macho, 16);
	if (end > macho->file->size)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t command = macho_u32(macho, at), size = 0;
		if (end - at >= 8)
			size = macho_u32(macho, at + 4);
		if (size < 8 || size > end - at)
			return false;
		if (command == (macho->wide ? LC_SEGMENT_64 : LC_SEGMENT))
			read_segment(macho, at, size);
		if (command == LC_CODE_SIGNATURE && size >= 16) {
			macho->signatures++;
			macho->signature = macho_u32(macho, at + 8);
			macho->size = macho_u32(macho, at + 12);
		}
		at += size;
	}
	return true;
}

static bool
macho_open(const struct view *file, struct macho *macho)
{
	uint32_t magic = 0;
	view_u32be(file, 0, &magic);
	*macho = (struct macho){.file = file};
	macho->big = magic == 0xfeedface || magic == 0xfeedfacf;
	macho->wide = magic == 0xfeedfacf || magic == 0xcffaedfe;
	return read_commands(macho);
}

/* Objects for a linker are not signed. */
static bool
macho_knows(const struct view *file, const struct format *format)
{
	struct macho macho;
	if (format == NULL || strcmp(format->name, "macho") != 0)
		return false;
	macho_open(file, &macho);
	uint32_t type = macho_u32(&macho, 12);
	return type == TYPE_EXECUTE || type == TYPE_LIBRARY || type == TYPE_BUNDLE ||
	       type == TYPE_EXTENSION || macho.signatures != 0;
}

/* The signature is the last thing in the file, and __LINKEDIT ends with it: bytes
 * behind it would be in no page. */
static void
check_place(const struct macho *macho, struct judgement *found)
{
	uint64_t end = macho->signature + macho->size;
	if (macho->signatures > 1)
		judgement_add(found, SIGNATURE_INVALID,
			      "%u load commands name a code signature",
			      macho->signatures);
	if (end < macho->file->size)
		judgement_add(found, SIGNATURE_INVALID,
			      "%ju bytes behind the signature: nobody signed them",
			      (uintmax_t)(macho->file->size - end));
	if (macho->linkedit_end != end)
		judgement_add(found, SIGNATURE_INVALID,
			      "the segment __LINKEDIT does not end with the signature");
}

static int
macho_check(const struct view *file, const char *path, const struct trust *trust,
	    json_t *signatures, enum signature_status *status, struct err *err)
{
	struct macho macho;
	struct judgement found = {0};
	bool sound = macho_open(file, &macho);
	(void)err;
	*status = SIGNATURE_VALID;
	if (!sound)
		judgement_add(&found, SIGNATURE_INVALID, "malformed load commands");
	else if (macho.signatures == 0)
		judgement_add(&found, SIGNATURE_UNSIGNED,
			      "no load command names a code signature");
	if (found.status != SIGNATURE_VALID) {
		json_t *entry = judgement_entry(&found, signatures, path, "apple-code",
						"0", status);
		json_object_set_new(entry, "format", json_string("macho"));
		judgement_free(&found);
		return 0;
	}
	struct code_object object = {.file = file,
				     .path = path,
				     .format = "macho",
				     .trust = trust,
				     .signatures = signatures,
				     .status = status,
				     .offset = macho.signature,
				     .size = macho.size,
				     .info = macho.info};
	check_place(&macho, &object.found);
	codesign_check(&object);
	judgement_free(&object.found);
	return 0;
}

const struct scheme scheme_macho = {"apple-code", true, macho_knows, macho_check};
