/*
 * What names an ELF file itself: notes (gABI, "Note Section"), by owner and type, and
 * the name and checksum of the file with its debug data (GDB manual, "Separate Debug
 * Files").
 */
#include "format/elf_private.h"

enum {
	NOTES_MOST = 20000,
	NOTE_HEADER = 12, /* namesz, descsz, type */
	OWNER_SHOWN = 40,
	DIGEST_SIZE = 4, /* of the CRC in .gnu_debuglink */
};

/* The types of the owners that compilers, linkers and kernels write. */
static const struct {
	const char *owner;
	uint32_t type;
	const char *name;
	bool follows; /* from other bytes of the file */
} note_types[] = {
    {"GNU", NT_GNU_ABI_TAG, "NT_GNU_ABI_TAG", false},
    {"GNU", NT_GNU_BUILD_ID, "NT_GNU_BUILD_ID", true},
    {"GNU", NT_GNU_GOLD_VERSION, "NT_GNU_GOLD_VERSION", false},
    {"GNU", NT_GNU_PROPERTY_TYPE_0, "NT_GNU_PROPERTY_TYPE_0", false},
    {"Go", 4, "build id", true},
    {"stapsdt", 3, "probe", false},
    {"FDO", 0xcafe1a7e, "package metadata", false},
    {"FDO", 0x407c0c0a, "dlopen metadata", false},
    {"Linux", 0x100, "build salt", false},
    {"Linux", 0x101, "LTO", false},
    {"Android", 1, "version", false},
};

struct note {
	uint64_t start, content, end, next;
	uint32_t name_size, type;
};

/* "GNU NT_GNU_BUILD_ID"; does its content follow from the file's other bytes? */
static bool
note_name(const struct elf *elf, const struct note *note, struct buf *out)
{
	struct view owner = {0};
	view_sub(elf->view, note->start + NOTE_HEADER, note->name_size, &owner);
	size_t length =
	    strnlen((const char *)owner.data,
		    owner.size < OWNER_SHOWN ? (size_t)owner.size : OWNER_SHOWN);
	buf_clear(out);
	buf_append(out, owner.data, length);
	for (size_t i = 0; i < ARRAY_COUNT(note_types); i++) {
		if (note_types[i].type != note->type ||
		    strcmp(note_types[i].owner, out->data) != 0)
			continue;
		buf_printf(out, " %s", note_types[i].name);
		return note_types[i].follows;
	}
	buf_printf(out, " type 0x%x", note->type);
	return false;
}

static int
round_up(uint64_t value, uint64_t alignment, uint64_t *rounded)
{
	if (sum_u64(value, alignment - 1, rounded) == -1)
		return -1;
	*rounded -= *rounded % alignment;
	return 0;
}

/* The note at `start`; false when it is not all before `end`. */
static bool
note_read(const struct elf *elf, uint64_t start, uint64_t end, uint64_t alignment,
	  struct note *note)
{
	*note = (struct note){.start = start};
	if (end - start < NOTE_HEADER)
		return false;
	note->name_size = elf_u32(elf, start);
	note->type = elf_u32(elf, start + 8);
	if (round_up(NOTE_HEADER + (uint64_t)note->name_size, alignment,
		     &note->content) == -1 ||
	    note->content > end - start)
		return false;
	note->content += start;
	note->end = note->content + elf_u32(elf, start + 4);
	if (note->end > end)
		return false;
	note->next = end;
	if (round_up(note->end - start, alignment, &note->next) == 0 &&
	    note->next < end - start)
		note->next += start;
	else
		note->next = end;
	return true;
}

void
elf_map_notes(const struct elf *elf, struct map *map, const char *name, uint64_t offset,
	      uint64_t end, uint64_t alignment)
{
	struct buf named = {0};
	struct note note;
	uint64_t at = offset;
	if (end > elf->view->size)
		end = elf->view->size;
	for (int i = 0; i < NOTES_MOST && at < end &&
			note_read(elf, at, end, alignment == 8 ? 8 : 4, &note);
	     i++, at = note.next) {
		bool follows = note_name(elf, &note, &named);
		map_add_part(map, offset, note.content, note.end - note.content,
			     follows ? EXTENT_DERIVED : EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, name, named.data);
		buf_puts(&named, " header");
		map_add_part(map, offset, at, note.content - at, EXTENT_METADATA,
			     EXTENT_NO_MEMBER, name, named.data);
	}
	buf_free(&named);
}

void
elf_map_debug_link(const struct elf *elf, struct map *map,
		   const struct symbol_owner *owner)
{
	bool alternate = strcmp(owner->name, ".gnu_debugaltlink") == 0;
	struct view section, padding;
	uint64_t end;
	if (view_sub(elf->view, owner->offset, owner->end - owner->offset, &section) ==
		-1 ||
	    view_find(&section, 0, "", 1, &end) == -1)
		return;
	uint64_t digest = end + 1;
	/* Only the CRC is aligned; a build id follows its name at once. */
	if (!alternate &&
	    (round_up(digest, 4, &digest) == -1 || digest > section.size ||
	     section.size - digest != DIGEST_SIZE))
		return;
	map_add_part(map, owner->offset, owner->offset, end + 1, EXTENT_CONTENT,
		     EXTENT_NO_MEMBER, owner->name, "name of the debug file");
	if (view_sub(&section, end + 1, digest - end - 1, &padding) == 0)
		map_add_part(map, owner->offset, owner->offset + end + 1, padding.size,
			     view_is_zero(&padding) ? EXTENT_PADDING : EXTENT_CONTENT,
			     EXTENT_NO_MEMBER, owner->name, "padding");
	map_add_part(map, owner->offset, owner->offset + digest, section.size - digest,
		     EXTENT_DERIVED, EXTENT_NO_MEMBER, owner->name,
		     alternate ? "build id of the debug file"
			       : "CRC of the debug file");
}
