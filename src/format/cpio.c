/*
 * cpio archives, cpio(5): newc ("070701"), newc with checksums ("070702") and odc
 * ("070707", POSIX.1-1988). What rpm and initramfs images are made of.
 *
 *	newc: header of 110 bytes, name with NUL padded to 4, content padded to 4
 *	odc:  header of 76 bytes, name with NUL, content
 *	…	and a last entry named "TRAILER!!!"
 *
 * In newc only one of the entries that share an inode has the content: the others
 * are hard links to it.
 */
#include "format/record_private.h"

#include <sys/stat.h>

#define TRAILER   "TRAILER!!!"
#define NEWC_SIZE 110
#define ODC_SIZE  76
#define NAME_MOST 65536

struct cpio_entry {
	uint64_t header, header_size, name, name_size, content;
	uint64_t inode, mode, uid, gid, links, mtime, size, device_major, device_minor,
	    rdev_major, rdev_minor, checksum;
	bool newc, checked, hidden_name, after_end;
	struct buf path;
};

/* An entry with content that others may link to. */
struct shared {
	uint64_t device_major, device_minor, inode, name;
};

struct cpio_walk {
	const struct view *view;
	uint64_t next;
	bool ended;
	uint64_t trailer, trailer_end; /* the first one */
	uint64_t zeros_end;            /* of the zeros behind it */
	struct shared *shared;
	size_t shared_count;
	bool shared_known;
	struct cpio_entry entry;
};

static bool
is_newc(const struct view *view, uint64_t offset)
{
	return view_has(view, offset, "070701", 6) ||
	       view_has(view, offset, "070702", 6);
}

static bool
is_odc(const struct view *view, uint64_t offset)
{
	return view_has(view, offset, "070707", 6);
}

/* Digits without any blanks. */
static int
strict_number(const struct view *view, uint64_t offset, size_t width, unsigned base,
	      uint64_t *value)
{
	for (size_t i = 0; i < width; i++) {
		uint8_t c = ' ';
		if (view_u8(view, offset + i, &c) == -1 || c == ' ' || c == 0)
			return -1;
	}
	return record_number(view, offset, width, base, value);
}

static int
read_newc(struct cpio_walk *walk)
{
	struct cpio_entry *entry = &walk->entry;
	uint64_t at = entry->header + 6;
	uint64_t *const fields[] = {
	    &entry->inode,      &entry->mode,         &entry->uid,
	    &entry->gid,        &entry->links,        &entry->mtime,
	    &entry->size,       &entry->device_major, &entry->device_minor,
	    &entry->rdev_major, &entry->rdev_minor,   &entry->name_size,
	    &entry->checksum,
	};
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++, at += 8) {
		if (strict_number(walk->view, at, 8, 16, fields[i]) == -1)
			return -1;
	}
	entry->newc = true;
	entry->checked = view_has(walk->view, entry->header, "070702", 6);
	entry->header_size = NEWC_SIZE;
	return 0;
}

static int
read_odc(struct cpio_walk *walk)
{
	struct cpio_entry *entry = &walk->entry;
	uint64_t device = 0, rdev = 0, at = entry->header + 6;
	const struct {
		uint64_t *value;
		size_t width;
	} fields[] = {
	    {&device, 6},       {&entry->inode, 6},  {&entry->mode, 6},
	    {&entry->uid, 6},   {&entry->gid, 6},    {&entry->links, 6},
	    {&rdev, 6},         {&entry->mtime, 11}, {&entry->name_size, 6},
	    {&entry->size, 11},
	};
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		if (strict_number(walk->view, at, fields[i].width, 8,
				  fields[i].value) == -1)
			return -1;
		at += fields[i].width;
	}
	entry->newc = entry->checked = false;
	entry->device_major = device >> 8;
	entry->device_minor = device & 0xff;
	entry->rdev_major = rdev >> 8;
	entry->rdev_minor = rdev & 0xff;
	entry->header_size = ODC_SIZE;
	return 0;
}

/* Bytes up to a multiple of four in the archive, which newc counts from its start. */
static uint64_t
pad_to_4(const struct cpio_entry *entry, uint64_t offset)
{
	return entry->newc ? (4 - (offset - entry->header) % 4) % 4 : 0;
}

/* Read the entry at `walk->next`, which has a magic. */
static int
read_entry(struct cpio_walk *walk, struct err *err)
{
	const struct view *view = walk->view;
	struct cpio_entry *entry = &walk->entry;
	struct view name;
	entry->header = walk->next;
	entry->after_end = walk->ended;
	if ((is_newc(view, entry->header) ? read_newc(walk) : read_odc(walk)) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "the cpio header at offset %ju is cut or has a field that "
		    "is not a number",
		    (uintmax_t)entry->header);
	entry->name = entry->header + entry->header_size;
	if (entry->name_size == 0 || entry->name_size > NAME_MOST ||
	    view_sub(view, entry->name, entry->name_size, &name) == -1 ||
	    !view_has(&name, name.size - 1, "", 1))
		return err_set(err, ERR_INPUT,
			       "the cpio header at offset %ju has no proper name",
			       (uintmax_t)entry->header);
	entry->hidden_name = record_text(&entry->path, name.data, (size_t)name.size) ||
			     entry->path.size + 1 < name.size;
	entry->content = entry->name + entry->name_size;
	entry->content += pad_to_4(entry, entry->content);
	if (entry->content > view->size || entry->size > view->size - entry->content)
		return err_set(err, ERR_INPUT,
			       "the cpio member at offset %ju goes past the end of the "
			       "file",
			       (uintmax_t)entry->header);
	uint64_t end = entry->content + entry->size;
	uint64_t padding = pad_to_4(entry, end), left = view->size - end;
	walk->next = end + (padding < left ? padding : left);
	return 1;
}

static uint64_t
skip_zeros(const struct view *view, uint64_t offset)
{
	uint8_t byte = 0;
	while (view_u8(view, offset, &byte) == 0 && byte == 0)
		offset++;
	return offset;
}

/* 1: walk->entry is the next member; 0: the end, walk->next is what stands behind;
 * -1: malformed. Entries behind the trailer are told by after_end. */
static int
walk_next(struct cpio_walk *walk, struct err *err)
{
	const struct view *view = walk->view;
	for (;;) {
		uint64_t at = walk->next;
		if (!is_newc(view, at) && !is_odc(view, at)) {
			if (walk->ended)
				return 0;
			return err_set(
			    err, ERR_INPUT,
			    at >= view->size
				? "a cpio archive without its trailer, at %ju"
				: "no cpio header at offset %ju",
			    (uintmax_t)at);
		}
		if (read_entry(walk, err) == -1)
			return -1;
		if (strcmp(walk->entry.path.data, TRAILER) != 0)
			return 1;
		uint64_t zeros_end = skip_zeros(view, walk->next);
		if (!walk->ended) {
			walk->trailer = walk->entry.header;
			walk->trailer_end = walk->next;
			walk->zeros_end = zeros_end;
		}
		walk->ended = true;
		walk->next = zeros_end;
	}
}

/* ---- hard links ------------------------------------------------------ */

static int
compare_shared(const void *left, const void *right)
{
	const struct shared *a = left, *b = right;
	const uint64_t x[] = {a->device_major, a->device_minor, a->inode};
	const uint64_t y[] = {b->device_major, b->device_minor, b->inode};
	for (size_t i = 0; i < ARRAY_COUNT(x); i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

/* Go through the archive once more for the entries that others may link to. */
static void
find_shared(struct cpio_walk *walk)
{
	struct cpio_walk other = {.view = walk->view};
	struct err unused;
	size_t room = 0;
	walk->shared_known = true;
	while (walk_next(&other, &unused) == 1) {
		const struct cpio_entry *entry = &other.entry;
		if (!entry->newc || entry->links < 2 || entry->size == 0 ||
		    !S_ISREG(entry->mode))
			continue;
		if (walk->shared_count == room) {
			room = room ? 2 * room : 16;
			walk->shared =
			    base_realloc(walk->shared, room, sizeof(*walk->shared));
		}
		walk->shared[walk->shared_count++] =
		    (struct shared){entry->device_major, entry->device_minor,
				    entry->inode, entry->name};
	}
	buf_free(&other.entry.path);
	if (walk->shared_count > 0)
		qsort(walk->shared, walk->shared_count, sizeof(*walk->shared),
		      compare_shared);
}

/* The path of the entry that has this one's content; NULL when it has its own. */
static const char *
shared_path(struct cpio_walk *walk)
{
	const struct cpio_entry *entry = &walk->entry;
	const char *path = NULL;
	if (!entry->newc || entry->links < 2 || entry->size > 0 ||
	    !S_ISREG(entry->mode))
		return NULL;
	if (!walk->shared_known)
		find_shared(walk);
	if (walk->shared_count == 0)
		return NULL;
	struct shared key = {entry->device_major, entry->device_minor, entry->inode, 0};
	const struct shared *found = bsearch(&key, walk->shared, walk->shared_count,
					     sizeof(*walk->shared), compare_shared);
	if (found == NULL ||
	    view_string(walk->view, found->name, NAME_MOST, &path) == -1)
		return NULL;
	return path;
}

static void
walk_end(struct cpio_walk *walk)
{
	buf_free(&walk->entry.path);
	free(walk->shared);
}

/* ---- the row --------------------------------------------------------- */

static enum probe_answer
cpio_probe(const struct view *view)
{
	return is_newc(view, 0) || is_odc(view, 0) || view_has(view, 0, "07070X", 6)
		   ? PROBE_SURE
		   : PROBE_NO;
}

/* The sum of all bytes of the content (cpio(5), "New CRC Format"). */
static bool
checksum_fits(const struct cpio_walk *walk)
{
	const struct cpio_entry *entry = &walk->entry;
	struct view content = {NULL, 0};
	uint32_t sum = 0;
	view_sub(walk->view, entry->content, entry->size, &content);
	for (uint64_t i = 0; i < content.size; i++)
		sum += content.data[i];
	return sum == entry->checksum;
}

static int
note_entry(const struct cpio_walk *walk, bool stray, const struct member_sink *sink,
	   struct err *err)
{
	const struct cpio_entry *entry = &walk->entry;
	const struct {
		bool found;
		const char *text;
	} notes[] = {
	    {entry->after_end,
	     "a member behind the trailer, which most programs do not see"},
	    {entry->hidden_name, "a name with bytes behind a NUL"},
	    {entry->path.size == 0, "a member without a name"},
	    {stray, "content of a member that is neither a file nor a link"},
	    {(entry->mode & ~(uint64_t)0177777) != 0, "a mode with unknown bits"},
	    {entry->checked && S_ISREG(entry->mode) && entry->size > 0 &&
		 !checksum_fits(walk),
	     "a checksum that does not fit the content"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(notes); i++) {
		if (notes[i].found && format_note(sink, NOTE_SUSPECT, entry->header,
						  err, "%s", notes[i].text) == -1)
			return -1;
	}
	return 0;
}

static int
send_entry(struct cpio_walk *walk, const struct member_sink *sink, struct err *err)
{
	const struct cpio_entry *entry = &walk->entry;
	struct view content = {NULL, 0};
	struct buf target = {0};
	struct member member = {
	    .path = entry->path.data,
	    .type = member_type_of_mode(entry->mode),
	    .has_mode = true,
	    .has_owner = true,
	    .has_mtime = true,
	    .mode = (uint32_t)(entry->mode & 07777),
	    .uid = entry->uid,
	    .gid = entry->gid,
	    .mtime = (int64_t)entry->mtime,
	    .device_major = (uint32_t)entry->rdev_major,
	    .device_minor = (uint32_t)entry->rdev_minor,
	    .target = shared_path(walk),
	};
	if (member.target != NULL)
		member.type = MEMBER_HARDLINK;
	view_sub(walk->view, entry->content, entry->size, &content);
	if (member.type == MEMBER_SYMLINK) {
		record_text(&target, content.data, (size_t)content.size);
		member.target = target.data;
	}
	bool stray = entry->size > 0 && member.type != MEMBER_FILE &&
		     member.type != MEMBER_SYMLINK;
	int result = sink->begin(sink->context, &member, err);
	if (result == 0)
		result = note_entry(walk, stray, sink, err);
	if (result == 0 && member.type == MEMBER_FILE && entry->size > 0)
		result = sink->slice(sink->context, entry->content, entry->size, err);
	buf_free(&target);
	return result;
}

static int
cpio_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct cpio_walk walk = {.view = view};
	int more;
	if (view_has(view, 0, "07070X", 6))
		return err_set(
		    err, ERR_UNSUPPORTED,
		    "a stripped cpio of rpm, without names: not looked into");
	while ((more = walk_next(&walk, err)) == 1) {
		if (send_entry(&walk, sink, err) == -1) {
			more = -1;
			break;
		}
	}
	if (more == 0)
		more = record_trailing(view, walk.next, sink, err);
	walk_end(&walk);
	return more;
}

static const struct record_field newc_fields[] = {
    {0, 6, EXTENT_METADATA, "cpio header magic"},
    {6, 8, EXTENT_METADATA, "cpio header inode"},
    {14, 8, EXTENT_METADATA, "cpio header mode"},
    {22, 8, EXTENT_METADATA, "cpio header uid"},
    {30, 8, EXTENT_METADATA, "cpio header gid"},
    {38, 8, EXTENT_METADATA, "cpio header links"},
    {46, 8, EXTENT_METADATA, "cpio header mtime"},
    {54, 8, EXTENT_METADATA, "cpio header size"},
    {62, 8, EXTENT_METADATA, "cpio header file system major"},
    {70, 8, EXTENT_METADATA, "cpio header file system minor"},
    {78, 8, EXTENT_METADATA, "cpio header device major"},
    {86, 8, EXTENT_METADATA, "cpio header device minor"},
    {94, 8, EXTENT_METADATA, "cpio header name size"},
    {102, 8, EXTENT_DERIVED, "cpio header checksum"},
};

static const struct record_field odc_fields[] = {
    {0, 6, EXTENT_METADATA, "cpio header magic"},
    {6, 6, EXTENT_METADATA, "cpio header file system"},
    {12, 6, EXTENT_METADATA, "cpio header inode"},
    {18, 6, EXTENT_METADATA, "cpio header mode"},
    {24, 6, EXTENT_METADATA, "cpio header uid"},
    {30, 6, EXTENT_METADATA, "cpio header gid"},
    {36, 6, EXTENT_METADATA, "cpio header links"},
    {42, 6, EXTENT_METADATA, "cpio header device"},
    {48, 11, EXTENT_METADATA, "cpio header mtime"},
    {59, 6, EXTENT_METADATA, "cpio header name size"},
    {65, 11, EXTENT_METADATA, "cpio header size"},
};

static void
map_entry(const struct cpio_walk *walk, struct map *map, uint32_t ordinal)
{
	const struct cpio_entry *entry = &walk->entry;
	uint64_t name_end = entry->name + entry->name_size;
	uint64_t end = entry->content + entry->size;
	if (entry->newc)
		record_map_fields(map, entry->header, ordinal, newc_fields,
				  ARRAY_COUNT(newc_fields));
	else
		record_map_fields(map, entry->header, ordinal, odc_fields,
				  ARRAY_COUNT(odc_fields));
	map_add(map, entry->name, entry->name_size, EXTENT_METADATA, ordinal,
		"cpio name", NULL);
	map_add(map, name_end, entry->content - name_end, EXTENT_PADDING, ordinal,
		"cpio padding", NULL);
	if (member_type_of_mode(entry->mode) == MEMBER_SYMLINK)
		map_add(map, entry->content, entry->size, EXTENT_METADATA, ordinal,
			"cpio link target", NULL);
	else
		map_add(map, entry->content, entry->size, EXTENT_CONTENT, ordinal,
			"content", NULL);
	map_add(map, end, walk->next - end, EXTENT_PADDING, ordinal, "cpio padding",
		NULL);
}

static int
cpio_map(const struct view *view, struct map *map, struct err *err)
{
	struct cpio_walk walk = {.view = view};
	uint32_t ordinal = 0;
	int more;
	while ((more = walk_next(&walk, err)) == 1)
		map_entry(&walk, map, ordinal++);
	if (walk.ended) {
		map_add(map, walk.trailer, walk.trailer_end - walk.trailer,
			EXTENT_METADATA, EXTENT_NO_MEMBER, "cpio trailer", NULL);
		map_add(map, walk.trailer_end, walk.zeros_end - walk.trailer_end,
			EXTENT_PADDING, EXTENT_NO_MEMBER, "cpio end padding", NULL);
	}
	if (more == 0)
		map_add(map, walk.next, view->size - walk.next, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "trailing bytes", NULL);
	walk_end(&walk);
	return more;
}

const struct format format_cpio = {
    .name = "cpio",
    .title = "cpio archive",
    .probe = cpio_probe,
    .members = cpio_members,
    .map = cpio_map,
};
