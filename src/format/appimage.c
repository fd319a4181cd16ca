/*
 * AppImages of type 2 (the AppImage specification, "Type 2 image format"): an ELF
 * program with "AI\2" in its identification and a squashfs image behind its end, which
 * it mounts and runs what is in it.
 *
 *	ELF runtime | squashfs image
 */
#include "format/squashfs_private.h"

enum { ELF_CLASS = 4, ELF_CLASS_64 = 2, ELF_DATA = 5, ELF_LITTLE = 1, AI_MAGIC = 8 };

/* Where the fields of an ELF file stand in its two classes (gABI, chapter 4). */
static const struct elf_places {
	uint8_t sections, entry_size, count; /* e_shoff, e_shentsize, e_shnum */
	uint8_t width, offset, size;         /* of a word; sh_offset, sh_size */
} places[2] = {{0x20, 0x2e, 0x30, 4, 0x10, 0x14}, {0x28, 0x3a, 0x3c, 8, 0x18, 0x20}};

static int
word(const struct view *view, uint64_t offset, uint8_t width, uint64_t *value)
{
	uint32_t small;
	if (width == 8)
		return view_u64le(view, offset, value);
	if (view_u32le(view, offset, &small) == -1)
		return -1;
	*value = small;
	return 0;
}

/* Where the program ends as its own runtime works it out: behind the section headers
 * and the last section. -1 when they are not all there. */
static int
program_end(const struct view *view, uint64_t *end)
{
	uint8_t class = 0, data = 0;
	uint16_t entry_size, count;
	uint64_t sections, offset, size, last;
	view_u8(view, ELF_CLASS, &class);
	view_u8(view, ELF_DATA, &data);
	const struct elf_places *at = &places[class == ELF_CLASS_64];
	if (data != ELF_LITTLE ||
	    word(view, at->sections, at->width, &sections) == -1 ||
	    view_u16le(view, at->entry_size, &entry_size) == -1 ||
	    view_u16le(view, at->count, &count) == -1 || count == 0 ||
	    sum_u64(sections, (uint64_t)entry_size * count, end) == -1 ||
	    *end > view->size)
		return -1;
	last = *end - entry_size;
	if (word(view, last + at->offset, at->width, &offset) == -1 ||
	    word(view, last + at->size, at->width, &size) == -1 ||
	    sum_u64(offset, size, &offset) == -1)
		return -1;
	if (offset > *end)
		*end = offset;
	return *end < view->size ? 0 : -1;
}

static enum probe_answer
appimage_probe(const struct view *view)
{
	uint64_t end;
	return view_has(view, AI_MAGIC, "AI\2", 3) &&
		       format_elf.probe(view) != PROBE_NO &&
		       program_end(view, &end) == 0
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
appimage_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	uint64_t end;
	struct member member = {.path = "payload.squashfs", .type = MEMBER_FILE};
	if (program_end(view, &end) == -1)
		return err_set(err, ERR_INPUT, "nothing stands behind the program");
	struct view payload = view_from(view, end);
	bool known = squash_is(&payload);
	if (!known)
		member.path = "payload";
	if (sink->begin(sink->context, &member, err) == -1 ||
	    sink->slice(sink->context, end, payload.size, err) == -1)
		return -1;
	if (!known)
		return format_note(sink, NOTE_UNDECIDED, end, err,
				   "what stands behind the program is no squashfs "
				   "image: not looked into");
	return 0;
}

static int
appimage_map(const struct view *view, struct map *map, struct err *err)
{
	uint64_t end;
	struct view program = *view;
	bool found = program_end(view, &end) == 0;
	if (found) {
		view_sub(view, 0, end, &program);
		map_add(map, end, view->size - end, EXTENT_CONTENT, 0, "content", NULL);
	}
	return format_elf.map(&program, map, err);
}

const struct format format_appimage = {
    .name = "appimage",
    .title = "AppImage",
    .refines = "elf",
    .probe = appimage_probe,
    .members = appimage_members,
    .map = appimage_map,
};
