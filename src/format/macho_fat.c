/*
 * Mach-O universal ("fat") files: one file for each kind of processor, side by side.
 * Figures are those of Apple's <mach-o/fat.h> and <mach/machine.h>; all numbers are
 * big-endian.
 *
 *     fat_header | fat_arch … | padding | slice | padding | slice …
 *
 * Java classes begin with the same four bytes, followed by a minor and a major
 * version; the major one is 45 or more (JVMS, table 4.1-A), a count of processors is
 * smaller.
 */
#include "format/format_private.h"

enum {
	HEADER_SIZE = 8,
	ARCH_SIZE = 20,    /* fat_arch */
	ARCH_64_SIZE = 32, /* fat_arch_64 */
	ALIGN_MOST = 15,   /* lipo's and the kernel's: 2^15 */
	JAVA_MAJOR = 45,   /* the lowest there is */
	/* The kernel looks for the table in the first page only. */
	ARCHS_MOST = (4096 - HEADER_SIZE) / ARCH_SIZE,
};

#define FAT_MAGIC    UINT32_C(0xcafebabe)
#define FAT_MAGIC_64 UINT32_C(0xcafebabf)
#define ABI64        UINT32_C(0x01000000) /* CPU_ARCH_ABI64 */

struct fat {
	const struct view *view;
	bool wide;
	uint32_t count;
	uint64_t entry_size;
};

struct slice {
	uint32_t type, subtype, index;
	uint64_t offset, size, end;
};

static struct slice
fat_slice(const struct fat *fat, uint32_t index)
{
	struct slice slice = {.index = index};
	uint64_t at = HEADER_SIZE + index * fat->entry_size;
	view_u32be(fat->view, at, &slice.type);
	view_u32be(fat->view, at + 4, &slice.subtype);
	slice.subtype &= 0xffffff; /* CPU_SUBTYPE_MASK */
	if (fat->wide) {
		view_u64be(fat->view, at + 8, &slice.offset);
		view_u64be(fat->view, at + 16, &slice.size);
	} else {
		uint32_t offset = 0, size = 0;
		view_u32be(fat->view, at + 8, &offset);
		view_u32be(fat->view, at + 12, &size);
		slice.offset = offset;
		slice.size = size;
	}
	if (sum_u64(slice.offset, slice.size, &slice.end) == -1)
		slice.end = UINT64_MAX;
	return slice;
}

static bool
fat_open(const struct view *view, struct fat *fat)
{
	uint32_t magic = 0;
	*fat = (struct fat){.view = view};
	view_u32be(view, 0, &magic);
	fat->wide = magic == FAT_MAGIC_64;
	fat->entry_size = fat->wide ? ARCH_64_SIZE : ARCH_SIZE;
	return (fat->wide || magic == FAT_MAGIC) &&
	       view_u32be(view, 4, &fat->count) == 0;
}

/* A count that may be a Java version too is one when some entry of the table names a
 * Mach-O file: then the file is both. */
static enum probe_answer
fat_probe(const struct view *view)
{
	struct fat fat;
	if (!fat_open(view, &fat))
		return PROBE_NO;
	if (fat.wide || fat.count < JAVA_MAJOR)
		return PROBE_SURE;
	for (uint32_t i = 0; fat.count <= ARCHS_MOST && i < fat.count; i++) {
		struct slice slice = fat_slice(&fat, i);
		struct view part;
		if (view_sub(view, slice.offset, slice.size, &part) == 0 &&
		    format_macho.probe(&part) == PROBE_SURE)
			return PROBE_SURE;
	}
	return PROBE_NO;
}

static int
fat_read(const struct view *view, struct fat *fat, struct err *err)
{
	if (!fat_open(view, fat))
		return err_set(err, ERR_INPUT, "fat header is cut off");
	if (fat->count > ARCHS_MOST)
		return err_set(err, ERR_LIMIT,
			       "fat header at offset 0 counts %u slices, more than %d",
			       fat->count, ARCHS_MOST);
	if (HEADER_SIZE + fat->count * fat->entry_size > view->size)
		return err_set(err, ERR_INPUT,
			       "table of %u slices at offset %d is cut off", fat->count,
			       HEADER_SIZE);
	return 0;
}

/* A slice's name as lipo writes it, with the figures where there is none. */
static char *
slice_name(const struct slice *slice)
{
	static const struct {
		uint32_t type, subtype;
		const char *name;
	} names[] = {
	    {7, 3, "i386"},     {7 | ABI64, 3, "x86_64"}, {7 | ABI64, 8, "x86_64h"},
	    {12, 6, "armv6"},   {12, 9, "armv7"},         {12, 11, "armv7s"},
	    {12, 12, "armv7k"}, {12 | ABI64, 0, "arm64"}, {12 | ABI64, 2, "arm64e"},
	    {18, 0, "ppc"},     {18 | ABI64, 0, "ppc64"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].type == slice->type && names[i].subtype == slice->subtype)
			return base_strdup(names[i].name);
	}
	return base_format("cpu-%u-%u", slice->type, slice->subtype);
}

static int
slice_compare(const void *left, const void *right)
{
	const struct slice *a = left, *b = right;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* All slices by place. */
static void
fat_sorted(const struct fat *fat, struct slice *slices)
{
	for (uint32_t i = 0; i < fat->count; i++)
		slices[i] = fat_slice(fat, i);
	qsort(slices, fat->count, sizeof(*slices), slice_compare);
}

static bool
is_zeros(const struct view *view, uint64_t from, uint64_t to)
{
	struct view part;
	return view_sub(view, from, to - from, &part) == 0 && view_is_zero(&part);
}

/* Two names alike; bytes that two slices share; bytes that hide between slices, as an
 * entry behind the table's count does. */
static int
fat_notes(const struct fat *fat, const struct member_sink *sink, struct err *err)
{
	struct slice slices[ARCHS_MOST];
	uint64_t size = fat->view->size,
		 end = HEADER_SIZE + fat->count * fat->entry_size;
	fat_sorted(fat, slices);
	for (uint32_t i = 0; i <= fat->count; i++) {
		uint64_t next = i < fat->count ? slices[i].offset : size;
		if (next > size)
			next = size;
		for (uint32_t k = 0; i < fat->count && k < i; k++) {
			if (slices[k].type == slices[i].type &&
			    slices[k].subtype == slices[i].subtype &&
			    format_note(sink, NOTE_SUSPECT, slices[i].offset, err,
					"slices %u and %u are for the same processor",
					slices[k].index, slices[i].index) == -1)
				return -1;
		}
		if (next < end && i < fat->count &&
		    format_note(sink, NOTE_SUSPECT, next, err,
				"slice %u overlaps what is before it",
				slices[i].index) == -1)
			return -1;
		if (next > end && !is_zeros(fat->view, end, next) &&
		    format_note(sink, NOTE_SUSPECT, end, err,
				"%ju bytes that are in no slice are not zeros",
				(uintmax_t)(next - end)) == -1)
			return -1;
		if (i < fat->count && slices[i].end > end)
			end = slices[i].end;
	}
	return 0;
}

static int
fat_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct fat fat;
	if (fat_read(view, &fat, err) == -1)
		return -1;
	if (fat.count == 0)
		return format_note(sink, NOTE_UNDECIDED, 0, err, "no members found");
	for (uint32_t i = 0; i < fat.count; i++) {
		struct slice slice = fat_slice(&fat, i);
		struct view part;
		if (view_sub(view, slice.offset, slice.size, &part) == -1)
			return err_set(err, ERR_INPUT,
				       "slice %u at offset %ju is not all inside the "
				       "file",
				       i, (uintmax_t)slice.offset);
		char *name = slice_name(&slice);
		struct member member = {.path = name, .type = MEMBER_FILE};
		int answer = sink->begin(sink->context, &member, err);
		if (answer == 0)
			answer =
			    sink->slice(sink->context, slice.offset, slice.size, err);
		free(name);
		if (answer == -1)
			return -1;
	}
	return fat_notes(&fat, sink, err);
}

static int
fat_map(const struct view *view, struct map *map, struct err *err)
{
	struct fat fat;
	struct slice slices[ARCHS_MOST];
	map_add(map, 0, HEADER_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER, "fat header",
		NULL);
	if (fat_read(view, &fat, err) == -1)
		return -1;
	uint64_t end = HEADER_SIZE + fat.count * fat.entry_size;
	for (uint32_t i = 0; i < fat.count; i++) {
		struct slice slice = fat_slice(&fat, i);
		char *name = slice_name(&slice);
		map_add_part(map, HEADER_SIZE, HEADER_SIZE + i * fat.entry_size,
			     fat.entry_size, EXTENT_METADATA, EXTENT_NO_MEMBER,
			     "fat_arch", name);
		free(name);
	}
	fat_sorted(&fat, slices);
	for (uint32_t i = 0; i <= fat.count; i++) {
		uint64_t next = i < fat.count ? slices[i].offset : view->size;
		if (next > view->size)
			next = view->size;
		if (next > end && is_zeros(view, end, next))
			map_add(map, end, next - end, EXTENT_PADDING, EXTENT_NO_MEMBER,
				"padding", NULL);
		if (i == fat.count)
			break;
		char *name = slice_name(&slices[i]);
		map_add(map, slices[i].offset, slices[i].size, EXTENT_CONTENT,
			slices[i].index, name, NULL);
		free(name);
		if (slices[i].end > end)
			end = slices[i].end;
	}
	return 0;
}

/* ---- signatures ---------------------------------------------------------- */

static void
put_u32be(struct buf *bytes, uint64_t offset, uint64_t value)
{
	for (unsigned i = 0; i < 4; i++)
		bytes->data[offset + i] = (char)(value >> (24 - 8 * i));
}

/* Put the slice, signed anew or as it is, where the alignment of its entry has it, and
 * its place into the entry. The file's tables have 32 bits. */
static int
put_slice(struct buf *bytes, uint32_t index, const struct view *content, uint64_t most,
	  struct err *err)
{
	uint64_t at = HEADER_SIZE + (uint64_t)index * ARCH_SIZE;
	struct view view = view_of_buf(bytes);
	uint32_t align = 0;
	view_u32be(&view, at + 16, &align);
	uint64_t page = align <= ALIGN_MOST ? UINT64_C(1) << align : 1;
	uint64_t offset = (bytes->size + page - 1) / page * page;
	if (offset + content->size > most || most > UINT32_MAX)
		return err_set(err, ERR_INPUT,
			       "slice %u would end behind the end of the shipped file",
			       index);
	put_u32be(bytes, at + 8, offset);
	put_u32be(bytes, at + 12, content->size);
	buf_zeros(bytes, (size_t)(offset - bytes->size));
	buf_append(bytes, content->data, (size_t)content->size);
	return 0;
}

/* Give one slice the signature of its shipped twin; GRAFT_NONE when that has none. */
static enum graft_answer
graft_slice(const struct fat *shipped, const struct fat *rebuilt, uint32_t index,
	    struct graft *graft, struct err *err)
{
	struct slice theirs = fat_slice(shipped, index),
		     ours = fat_slice(rebuilt, index);
	struct view from, to;
	struct graft one = {0};
	enum graft_answer answer = GRAFT_NONE;
	if (theirs.type != ours.type || theirs.subtype != ours.subtype ||
	    view_sub(shipped->view, theirs.offset, theirs.size, &from) == -1 ||
	    view_sub(rebuilt->view, ours.offset, ours.size, &to) == -1) {
		err_set(err, ERR_INPUT, "the slices are not for the same processors");
		return GRAFT_FAILED;
	}
	if (format_macho.probe(&from) == PROBE_SURE)
		answer = format_macho.graft(&from, &to, &one, err);
	struct view signed_slice = view_of_buf(&one.bytes);
	char *name = slice_name(&ours);
	for (size_t i = 0; i < one.steps.count; i++)
		strings_addf(&graft->steps, "%s: %s", name, one.steps.items[i]);
	if (answer == GRAFT_FAILED)
		err_at(err, "in the slice for %s", name);
	else if (put_slice(&graft->bytes, index,
			   answer == GRAFT_DONE ? &signed_slice : &to,
			   shipped->view->size, err) == -1)
		answer = GRAFT_FAILED;
	free(name);
	graft_free(&one);
	return answer;
}

/* Is the file nothing but its slices, laid out as put_slice() does it? Bytes anywhere
 * else would be lost in a graft. */
static bool
is_plain(const struct fat *fat)
{
	struct buf again = {0};
	struct err ignored = {0};
	int answer = 0;
	buf_append(&again, fat->view->data, HEADER_SIZE + fat->count * ARCH_SIZE);
	for (uint32_t i = 0; i < fat->count && answer == 0; i++) {
		struct slice slice = fat_slice(fat, i);
		struct view content;
		answer = view_sub(fat->view, slice.offset, slice.size, &content);
		if (answer == 0)
			answer =
			    put_slice(&again, i, &content, fat->view->size, &ignored);
	}
	struct view bytes = view_of_buf(&again);
	bool plain = answer == 0 && view_equal(&bytes, fat->view);
	buf_free(&again);
	return plain;
}

/* Every slice is grafted by itself; then they are laid out again as lipo lays them out.
 */
static enum graft_answer
fat_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct fat theirs, ours;
	bool any = false;
	if (fat_read(shipped, &theirs, err) == -1 ||
	    fat_read(rebuilt, &ours, err) == -1)
		return GRAFT_FAILED;
	if (theirs.wide || ours.wide || theirs.count != ours.count) {
		err_set(err, ERR_INPUT, "the slices are not for the same processors");
		return GRAFT_FAILED;
	}
	if (!is_plain(&ours)) {
		err_set(err, ERR_INPUT,
			"the rebuilt file's slices do not follow one another");
		return GRAFT_FAILED;
	}
	buf_append(&graft->bytes, rebuilt->data, HEADER_SIZE + ours.count * ARCH_SIZE);
	for (uint32_t i = 0; i < ours.count; i++) {
		enum graft_answer answer = graft_slice(&theirs, &ours, i, graft, err);
		if (answer == GRAFT_FAILED)
			return GRAFT_FAILED;
		any = any || answer == GRAFT_DONE;
	}
	if (!any)
		return GRAFT_NONE;
	strings_add(&graft->steps, "fat_arch: offsets and sizes of the slices");
	return GRAFT_DONE;
}

const struct format format_macho_fat = {
    .name = "macho-fat",
    .title = "Mach-O universal file",
    .probe = fat_probe,
    .members = fat_members,
    .map = fat_map,
    .graft = fat_graft,
};
