/* What a format's row says of a container. */
#include "members.h"

#include <sys/mman.h>
#include <unistd.h>

struct collector {
	const struct view *view;
	struct members *members;
	struct member open;
	char *path, *target;
	uint64_t size;
	struct hasher *hasher;
	bool is_open;
	/* what members_check_map compares with */
	const struct map *map;
};

static void
mode_text(const struct member *member, char out[11])
{
	static const char types[] = {'-', 'd', 'l', 'h', 'c', 'b', 'p', 's'};
	static const char letters[] = "rwxrwxrwx";
	static const uint32_t special[] = {04000, 02000, 01000};
	out[0] = types[member->type];
	for (int i = 0; i < 9; i++)
		out[i + 1] = member->mode & (0400U >> i) ? letters[i] : '-';
	for (int i = 0; i < 3; i++) {
		char *at = &out[3 * i + 3];
		if (member->mode & special[i])
			*at = *at == 'x' ? "sst"[i] : "SST"[i];
	}
	out[10] = '\0';
}

static void
close_open(struct collector *collector)
{
	struct members *members = collector->members;
	const struct member *member = &collector->open;
	struct sha256 digest;
	char mode[11], time[TIME_TEXT], hex[SHA256_HEX];
	if (!collector->is_open)
		return;
	collector->is_open = false;
	mode_text(member, mode);
	time_text(member->mtime, time);
	buf_printf(&members->listing, "%s %ju/%ju ", mode, (uintmax_t)member->uid,
		   (uintmax_t)member->gid);
	if (member->type == MEMBER_CHARACTER_DEVICE ||
	    member->type == MEMBER_BLOCK_DEVICE)
		buf_printf(&members->listing, "%u,%u", member->device_major,
			   member->device_minor);
	else
		buf_printf(&members->listing, "%ju", (uintmax_t)collector->size);
	buf_printf(&members->listing, " %.10s %.8s %s", time, time + 11,
		   collector->path);
	if (collector->target != NULL)
		buf_printf(&members->listing, "%s%s",
			   member->type == MEMBER_HARDLINK ? " link to " : " -> ",
			   collector->target);
	buf_puts(&members->listing, "\n");
	hasher_final(collector->hasher, &digest);
	sha256_hex(&digest, hex);
	if (member->type == MEMBER_FILE)
		buf_printf(&members->digests, "%s  %s\n", hex, collector->path);
	free(collector->path);
	free(collector->target);
	collector->path = collector->target = NULL;
}

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct collector *collector = context;
	(void)err;
	close_open(collector);
	collector->open = *member;
	collector->path = base_strdup(member->path);
	collector->target = member->target ? base_strdup(member->target) : NULL;
	collector->size = 0;
	collector->is_open = true;
	collector->members->count++;
	if (member->attributes != NULL)
		buf_printf(&collector->members->attributes, "%s: %s", member->path,
			   member->attributes);
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct collector *collector = context;
	(void)err;
	ck_assert(collector->is_open);
	hasher_update(collector->hasher, bytes, count);
	collector->size += count;
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct collector *collector = context;
	struct view part;
	if (view_sub(collector->view, offset, length, &part) == -1)
		ck_abort_msg("a slice outside of the file");
	if (collector->map != NULL && length > 0) {
		const struct extent *extent = map_find(collector->map, offset);
		ck_assert_ptr_nonnull(extent);
		ck_assert_uint_eq(extent->offset, offset);
		ck_assert_uint_eq(extent->length, length);
		ck_assert_int_eq(extent->tag, EXTENT_CONTENT);
		ck_assert_uint_eq(extent->member, collector->members->count - 1);
	}
	return on_data(context, part.data, (size_t)length, err);
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	struct collector *collector = context;
	(void)err;
	strings_addf(&collector->members->notes, "%s %ju %s", note_kind_name(kind),
		     (uintmax_t)offset, text);
	return 0;
}

static void
read_with_map(const struct format *format, const struct view *view,
	      const struct map *map, struct members *members)
{
	*members = (struct members){0};
	struct collector collector = {
	    .view = view, .members = members, .hasher = hasher_new(), .map = map};
	const struct member_sink sink = {&collector, on_begin, on_slice, on_data,
					 on_note};
	members->result = format->members(view, &sink, &members->err);
	close_open(&collector);
	buf_puts(&members->listing, "");
	buf_puts(&members->digests, "");
	buf_puts(&members->attributes, "");
	hasher_free(collector.hasher);
}

void
members_read(const struct format *format, const struct view *view,
	     struct members *members)
{
	read_with_map(format, view, NULL, members);
}

void
members_free(struct members *members)
{
	buf_free(&members->listing);
	buf_free(&members->digests);
	buf_free(&members->attributes);
	strings_free(&members->notes);
}

bool
members_noted(const struct members *members, const char *kind, const char *words)
{
	for (size_t i = 0; i < members->notes.count; i++) {
		const char *note = members->notes.items[i];
		if (strncmp(note, kind, strlen(kind)) == 0 &&
		    strstr(note, words) != NULL)
			return true;
	}
	return false;
}

void
members_check_map(const struct format *format, const struct view *view)
{
	struct err trouble = {0};
	struct members members;
	uint64_t at = 0;
	struct map *map = format_map(format, view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	for (size_t i = 0; i < map->count; i++) {
		ck_assert_uint_eq(map->extents[i].offset, at);
		ck_assert_str_ne(map->extents[i].name, "gap");
		at += map->extents[i].length;
	}
	ck_assert_uint_eq(at, view->size);
	read_with_map(format, view, map, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	members_free(&members);
	map_free(map);
}

/* A copy of bytes whose end lies at the end of a page that nothing follows, so that
 * one byte too far is a fault. */
static void
read_guarded(const struct format *format, const uint8_t *bytes, size_t size,
	     struct members *members)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t pages = (size + page - 1) / page * page;
	uint8_t *area = mmap(NULL, pages + page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(area, MAP_FAILED);
	ck_assert_int_eq(mprotect(area + pages, page, PROT_NONE), 0);
	uint8_t *start = area + (pages - size);
	if (size > 0)
		memcpy(start, bytes, size);
	struct view view = view_of(start, size);
	struct format_match match;
	format_probe(&view, &match);
	strings_free(&match.others);
	members_read(format, &view, members);
	map_free(format_map(format, &view, NULL));
	munmap(area, pages + page);
}

void
members_torture(const struct format *format, const struct view *view, unsigned cuts,
		unsigned flips)
{
	struct members whole, part;
	size_t size = (size_t)view->size;
	members_read(format, view, &whole);
	size_t step = size / cuts + 1;
	for (size_t cut = 0; cut < size; cut += step) {
		read_guarded(format, view->data, cut, &part);
		/* without a word, only whole members may be missing at the end */
		if (part.result == 0 && part.notes.count <= whole.notes.count)
			ck_assert_msg(strncmp(part.digests.data, whole.digests.data,
					      part.digests.size) == 0,
				      "cut at %zu: read as a whole file", cut);
		members_free(&part);
	}
	uint8_t *copy = base_alloc(1, size);
	memcpy(copy, view->data, size);
	step = size / flips + 1;
	for (size_t at = 0; at < size; at += step) {
		static const uint8_t masks[] = {0xff, 0x80, 0x01, 0x10};
		copy[at] ^= masks[at / step % ARRAY_COUNT(masks)];
		read_guarded(format, copy, size, &part);
		members_free(&part);
		copy[at] = view->data[at];
	}
	free(copy);
	members_free(&whole);
}
