/*
 * A Mach-O file given the code signature of another one, as signing gives it: the
 * command LC_CODE_SIGNATURE, the header's count and size of commands, the size of the
 * segment
 * __LINKEDIT, zeros up to the next 16 bytes, and the signature. A signature that the
 * rebuilt file has, by a linker that signs ad hoc, is taken away first.
 */
#include "format/macho_private.h"

enum {
	NCMDS = 16,
	SIZEOFCMDS = 20,
	SIGNATURE_ALIGN = 16,
	PAGE_SMALL = 0x1000,
	PAGE_LARGE = 0x4000,
};

static void
put_number(struct buf *bytes, const struct macho_layout *layout, uint64_t offset,
	   uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++) {
		unsigned shift = 8 * (layout->big ? size - 1 - i : i);
		bytes->data[offset + i] = (char)(value >> shift);
	}
}

static uint64_t
get_number(const struct view *view, const struct macho_layout *layout, uint64_t offset)
{
	uint64_t wide = 0;
	uint32_t narrow = 0;
	if (layout->wide && layout->big)
		view_u64be(view, offset, &wide);
	else if (layout->wide)
		view_u64le(view, offset, &wide);
	else if (layout->big)
		view_u32be(view, offset, &narrow);
	else
		view_u32le(view, offset, &narrow);
	return layout->wide ? wide : narrow;
}

/* One command more or less, of the signature's size. */
static void
count_commands(struct buf *bytes, struct macho_layout *layout, int change)
{
	layout->command_count += (uint32_t)change;
	layout->commands_end += (uint64_t)(change * MACHO_SIGNATURE_COMMAND);
	put_number(bytes, layout, NCMDS, layout->command_count, 4);
	put_number(bytes, layout, SIZEOFCMDS, layout->commands_end - layout->commands,
		   4);
}

/* Take the signature of the rebuilt file and its command away. */
static void
remove_signature(struct buf *bytes, struct macho_layout *layout, struct graft *graft)
{
	uint64_t at = layout->signature_command, next = at + MACHO_SIGNATURE_COMMAND;
	strings_addf(&graft->steps,
		     "code signature: %ju bytes cut from the rebuilt file",
		     (uintmax_t)layout->signature_size);
	bytes->size = (size_t)layout->signature;
	memmove(bytes->data + at, bytes->data + next,
		(size_t)(layout->commands_end - next));
	memset(bytes->data + layout->commands_end - MACHO_SIGNATURE_COMMAND, 0,
	       MACHO_SIGNATURE_COMMAND);
	count_commands(bytes, layout, -1);
	if (layout->linkedit_command > at)
		layout->linkedit_command -= MACHO_SIGNATURE_COMMAND;
	layout->signature_command = 0;
}

/* Put the shipped command where the shipped file has it. There must be room: zeros that
 * no command names. */
static int
insert_command(struct buf *bytes, struct macho_layout *layout,
	       const struct macho_layout *signed_layout, const struct view *shipped,
	       struct err *err)
{
	uint64_t at = signed_layout->signature_command;
	uint64_t end = layout->commands_end, room = end + MACHO_SIGNATURE_COMMAND;
	struct view view = view_of_buf(bytes), gap;
	if (at > end || room > layout->content ||
	    view_sub(&view, end, MACHO_SIGNATURE_COMMAND, &gap) == -1 ||
	    !view_is_zero(&gap))
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has no room for the load command of a "
			       "signature");
	memmove(bytes->data + at + MACHO_SIGNATURE_COMMAND, bytes->data + at,
		(size_t)(end - at));
	memcpy(bytes->data + at, shipped->data + at, MACHO_SIGNATURE_COMMAND);
	count_commands(bytes, layout, 1);
	if (layout->linkedit_command >= at)
		layout->linkedit_command += MACHO_SIGNATURE_COMMAND;
	return 0;
}

/* Is that what linkers make of a segment's size for memory? */
static bool
is_memory_of(uint64_t memory, uint64_t size)
{
	uint64_t small = (size + PAGE_SMALL - 1) / PAGE_SMALL * PAGE_SMALL;
	uint64_t large = (size + PAGE_LARGE - 1) / PAGE_LARGE * PAGE_LARGE;
	return memory == size || memory == small || memory == large;
}

/* __LINKEDIT ends with the signature. In memory it has as many pages as the shipped
 * file says, when in both files that is what its size makes. */
static void
resize_linkedit(struct buf *bytes, const struct macho_layout *layout,
		const struct macho_layout *signed_layout, const struct view *shipped)
{
	unsigned wide = layout->wide ? 8 : 4;
	struct view view = view_of_buf(bytes);
	uint64_t at = layout->linkedit_command + 24;
	uint64_t size = bytes->size - layout->linkedit;
	uint64_t own = get_number(&view, layout, at + wide);
	uint64_t memory = get_number(shipped, signed_layout,
				     signed_layout->linkedit_command + 24 + wide);
	if (is_memory_of(memory, size) &&
	    is_memory_of(own, layout->linkedit_end - layout->linkedit))
		put_number(bytes, layout, at + wide, memory, wide);
	put_number(bytes, layout, at + 3UL * wide, size, wide);
}

static int
check_pair(const struct macho_layout *signed_layout, const struct macho_layout *layout,
	   uint64_t end, struct err *err)
{
	if (layout->wide != signed_layout->wide || layout->big != signed_layout->big ||
	    layout->linkedit_command == 0 || signed_layout->linkedit_command == 0 ||
	    layout->linkedit > end)
		return err_set(err, ERR_INPUT, "the two are not of one kind");
	if (signed_layout->signature < end ||
	    signed_layout->signature - end >= SIGNATURE_ALIGN)
		return err_set(err, ERR_INPUT,
			       "the signature is behind %ju bytes, and the rebuilt "
			       "file has %ju",
			       (uintmax_t)signed_layout->signature, (uintmax_t)end);
	return 0;
}

static int
give(const struct view *shipped, const struct macho_layout *signed_layout,
     struct macho_layout *layout, struct graft *graft, struct err *err)
{
	struct buf *bytes = &graft->bytes;
	struct view signature = view_from(shipped, signed_layout->signature);
	if (layout->signature_command != 0)
		remove_signature(bytes, layout, graft);
	if (check_pair(signed_layout, layout, bytes->size, err) == -1 ||
	    insert_command(bytes, layout, signed_layout, shipped, err) == -1)
		return -1;
	buf_zeros(bytes, (size_t)signed_layout->signature - bytes->size);
	buf_append(bytes, signature.data, (size_t)signature.size);
	resize_linkedit(bytes, layout, signed_layout, shipped);
	strings_addf(&graft->steps,
		     "LC_CODE_SIGNATURE: %d bytes from the shipped file, at offset %ju",
		     MACHO_SIGNATURE_COMMAND,
		     (uintmax_t)signed_layout->signature_command);
	strings_add(&graft->steps, "ncmds, sizeofcmds and the sizes of __LINKEDIT: set "
				   "for that");
	strings_addf(&graft->steps, "code signature: %ju bytes from the shipped file",
		     (uintmax_t)signature.size);
	return 0;
}

enum graft_answer
macho_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	    struct err *err)
{
	struct macho_layout signed_layout, layout;
	if (macho_layout_read(shipped, &signed_layout, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (signed_layout.signature_command == 0)
		return GRAFT_NONE;
	if (macho_layout_read(rebuilt, &layout, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	if (layout.linkedit_end != rebuilt->size) {
		err_set(err, ERR_INPUT,
			"the rebuilt file does not end with its segment __LINKEDIT");
		return GRAFT_FAILED;
	}
	buf_append(&graft->bytes, rebuilt->data, (size_t)rebuilt->size);
	if (give(shipped, &signed_layout, &layout, graft, err) == -1)
		return GRAFT_FAILED;
	return GRAFT_DONE;
}
