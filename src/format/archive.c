/*
 * Containers that libarchive reads for us: exactly one of its formats enabled, no
 * filter, from memory. It is asked for contents and metadata only; where bytes
 * stand, and whether some hide, each row finds out from the raw bytes.
 */
#include "format/format_private.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

enum {
	READ_SIZE = 256 << 10,
};

/* One pass over a container. */
struct pass {
	const struct container *container;
	const struct member_sink *sink;
	struct archive *archive;
	uint64_t members;
	struct view parts[2]; /* what it reads, one after the other */
	size_t part;
	bool opened; /* the library knows the format: before, it may not be asked of it
		      */
};

static int
pass_failed(const struct pass *pass, struct err *err)
{
	const char *said = archive_error_string(pass->archive);
	char *shown = text_shown(said != NULL ? said : "the library gives no reason");
	enum err_kind kind = ERR_INPUT;
	if ((pass->opened && archive_read_has_encrypted_entries(pass->archive) == 1) ||
	    strcasestr(shown, "encrypt") != NULL)
		kind = ERR_UNSUPPORTED;
	else if (strcasestr(shown, "unsupported") != NULL ||
		 strcasestr(shown, "not supported") != NULL)
		kind = ERR_UNSUPPORTED;
	err_set(err, kind, "%s archive after %ju members: %s", pass->container->name,
		(uintmax_t)pass->members, shown);
	free(shown);
	return -1;
}

static enum member_type
entry_type(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) != NULL)
		return MEMBER_HARDLINK;
	switch (archive_entry_filetype(entry)) {
	case AE_IFDIR:
		return MEMBER_FOLDER;
	case AE_IFLNK:
		return MEMBER_SYMLINK;
	case AE_IFCHR:
		return MEMBER_CHARACTER_DEVICE;
	case AE_IFBLK:
		return MEMBER_BLOCK_DEVICE;
	case AE_IFIFO:
		return MEMBER_FIFO;
	case AE_IFSOCK:
		return MEMBER_SOCKET;
	default:
		return MEMBER_FILE;
	}
}

/* The UTF-8 form where there is one, else the bytes as they are. */
static const char *
either(const char *utf8, const char *bytes)
{
	return utf8 != NULL ? utf8 : bytes;
}

/* Extended attributes and file flags as sorted lines; "" when there are none. */
static void
entry_attributes(struct archive_entry *entry, struct buf *out)
{
	struct strings lines = {0};
	const char *name, *flags = archive_entry_fflags_text(entry);
	const void *value;
	size_t size;
	archive_entry_xattr_reset(entry);
	while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
		char *hex = base_alloc(size + 1, 2);
		hex_encode(value, size, hex);
		strings_addf(&lines, "%s=%s\n", name, hex);
		free(hex);
	}
	if (flags != NULL) {
		char *hex = base_alloc(strlen(flags) + 1, 2);
		hex_encode(flags, strlen(flags), hex);
		strings_addf(&lines, "file flags=%s\n", hex);
		free(hex);
	}
	strings_sort(&lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_puts(out, lines.items[i]);
	strings_free(&lines);
}

static int
pass_begin(struct pass *pass, struct archive_entry *entry, struct err *err)
{
	struct buf attributes = {0};
	char *made = NULL;
	const char *path =
	    either(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
	if (path == NULL) {
		path = made = base_format("member %ju", (uintmax_t)(pass->members + 1));
		if (format_note(pass->sink, NOTE_SUSPECT, 0, err,
				"the name of member %ju cannot be read",
				(uintmax_t)(pass->members + 1)) == -1) {
			free(made);
			return -1;
		}
	}
	entry_attributes(entry, &attributes);
	struct member member = {
	    .path = path,
	    .type = entry_type(entry),
	    .has_mode = true,
	    .mode = archive_entry_perm(entry) & 07777,
	    .has_owner = pass->container->owners,
	    .uid = (uint64_t)archive_entry_uid(entry),
	    .gid = (uint64_t)archive_entry_gid(entry),
	    .uname =
		either(archive_entry_uname_utf8(entry), archive_entry_uname(entry)),
	    .gname =
		either(archive_entry_gname_utf8(entry), archive_entry_gname(entry)),
	    .has_mtime = archive_entry_mtime_is_set(entry) != 0,
	    .mtime = archive_entry_mtime(entry),
	    .mtime_ns = (uint32_t)archive_entry_mtime_nsec(entry),
	    .device_major = (uint32_t)archive_entry_rdevmajor(entry),
	    .device_minor = (uint32_t)archive_entry_rdevminor(entry),
	    .attributes = attributes.size > 0 ? attributes.data : NULL,
	};
	if (member.type == MEMBER_HARDLINK)
		member.target = either(archive_entry_hardlink_utf8(entry),
				       archive_entry_hardlink(entry));
	else if (member.type == MEMBER_SYMLINK)
		member.target = either(archive_entry_symlink_utf8(entry),
				       archive_entry_symlink(entry));
	pass->members++;
	int answer = pass->sink->begin(pass->sink->context, &member, err);
	buf_free(&attributes);
	free(made);
	return answer;
}

/* A hole in the content: zeros, in pieces that the sink can refuse. */
static int
pass_zeros(const struct pass *pass, uint64_t count, struct err *err)
{
	static const char zeros[READ_SIZE / 4];
	while (count > 0) {
		size_t piece = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
		if (pass->sink->data(pass->sink->context, zeros, piece, err) == -1)
			return -1;
		count -= piece;
	}
	return 0;
}

static int
pass_content(const struct pass *pass, struct archive_entry *entry, struct err *err)
{
	uint64_t at = 0;
	for (;;) {
		const void *bytes = NULL;
		size_t count = 0;
		la_int64_t offset = 0;
		int answer =
		    archive_read_data_block(pass->archive, &bytes, &count, &offset);
		if (answer == ARCHIVE_EOF)
			break;
		if (answer != ARCHIVE_OK)
			return pass_failed(pass, err);
		if (count == 0)
			continue;
		if (offset < 0 || (uint64_t)offset < at)
			return err_set(
			    err, ERR_INPUT,
			    "%s archive: the content of member %ju goes back",
			    pass->container->name, (uintmax_t)pass->members);
		if (pass_zeros(pass, (uint64_t)offset - at, err) == -1 ||
		    pass->sink->data(pass->sink->context, bytes, count, err) == -1)
			return -1;
		at = (uint64_t)offset + count;
	}
	uint64_t size =
	    archive_entry_size_is_set(entry) ? (uint64_t)archive_entry_size(entry) : at;
	if (at != size)
		return err_set(
		    err, ERR_INPUT,
		    "%s archive: member %ju has %ju bytes, its header says %ju",
		    pass->container->name, (uintmax_t)pass->members, (uintmax_t)at,
		    (uintmax_t)size);
	return 0;
}

static int
pass_member(struct pass *pass, struct archive_entry *entry, struct err *err)
{
	if (archive_entry_is_encrypted(entry))
		return err_set(err, ERR_UNSUPPORTED,
			       "member %ju of the %s archive is "
			       "encrypted",
			       (uintmax_t)(pass->members + 1), pass->container->name);
	if (pass_begin(pass, entry, err) == -1)
		return -1;
	return entry_type(entry) == MEMBER_FILE ? pass_content(pass, entry, err) : 0;
}

static int
pass_run(struct pass *pass, struct err *err)
{
	for (;;) {
		struct archive_entry *entry;
		int answer = archive_read_next_header(pass->archive, &entry);
		if (answer == ARCHIVE_EOF)
			break;
		if (answer == ARCHIVE_RETRY)
			continue;
		if (answer != ARCHIVE_OK && answer != ARCHIVE_WARN)
			return pass_failed(pass, err);
		if (answer == ARCHIVE_WARN) {
			const char *said = archive_error_string(pass->archive);
			char *shown = text_shown(said != NULL ? said : "a warning");
			int noted = format_note(pass->sink, NOTE_REMARK, 0, err,
						"member %ju: %s",
						(uintmax_t)(pass->members + 1), shown);
			free(shown);
			if (noted == -1)
				return -1;
		}
		if (pass_member(pass, entry, err) == -1)
			return -1;
	}
	if (pass->members == 0)
		return format_note(pass->sink, NOTE_UNDECIDED, 0, err,
				   "no members found");
	return 0;
}

static ssize_t
pass_read(struct archive *archive, void *context, const void **bytes)
{
	struct pass *pass = context;
	(void)archive;
	while (pass->part < ARRAY_COUNT(pass->parts)) {
		struct view *part = &pass->parts[pass->part];
		size_t size = part->size < READ_SIZE ? (size_t)part->size : READ_SIZE;
		*bytes = part->data;
		*part = view_from(part, size);
		if (size > 0)
			return (ssize_t)size;
		pass->part++;
	}
	return 0;
}

static int64_t
pass_skip(struct archive *archive, void *context, int64_t wanted)
{
	struct pass *pass = context;
	struct view *part = &pass->parts[ARRAY_COUNT(pass->parts) - 1];
	(void)archive;
	if (pass->part < ARRAY_COUNT(pass->parts) - 1 || wanted < 0)
		return 0;
	uint64_t size = (uint64_t)wanted < part->size ? (uint64_t)wanted : part->size;
	*part = view_from(part, size);
	return (int64_t)size;
}

static int
open_patched(struct pass *pass, const struct view *view, const uint8_t *head,
	     size_t size)
{
	pass->parts[0] = view_of(head, size);
	pass->parts[1] = view_from(view, size);
	return archive_read_open2(pass->archive, pass, NULL, pass_read, pass_skip,
				  NULL);
}

static int
pass_open(struct pass *pass, const struct view *view, uint8_t head[CONTAINER_HEAD],
	  struct err *err)
{
	const struct container *container = pass->container;
	size_t size = container->head != NULL ? container->head(view, head) : 0;
	if (pass->archive == NULL)
		return err_set(err, ERR_SYSTEM, "no memory for libarchive");
	if (container->enable(pass->archive) != ARCHIVE_OK)
		return err_set(err, ERR_UNSUPPORTED, "this libarchive does not read %s",
			       container->name);
	int answer = size != 0
			 ? open_patched(pass, view, head, size)
			 : archive_read_open_memory2(pass->archive,
						     (void *)(uintptr_t)view->data,
						     (size_t)view->size, READ_SIZE);
	if (answer != ARCHIVE_OK)
		return pass_failed(pass, err);
	pass->opened = true;
	return 0;
}

int
archive_members(const struct container *container, const struct view *view,
		const struct member_sink *sink, struct err *err)
{
	struct pass pass = {
	    .container = container, .sink = sink, .archive = archive_read_new()};
	uint8_t head[CONTAINER_HEAD];
	/* Names stored as UTF-16 come out as UTF-8 whatever the user's locale is. */
	locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	locale_t before = utf8 != (locale_t)0 ? uselocale(utf8) : (locale_t)0;
	int answer = pass_open(&pass, view, head, err);
	if (answer == 0)
		answer = pass_run(&pass, err);
	if (answer == 0 && container->notes != NULL)
		answer = container->notes(view, sink, err);
	archive_read_free(pass.archive);
	if (before != (locale_t)0)
		uselocale(before);
	if (utf8 != (locale_t)0)
		freelocale(utf8);
	return answer;
}

int
archive_note_trailing(const char *name, const struct view *view, uint64_t end,
		      const struct member_sink *sink, struct err *err)
{
	if (end > view->size)
		return format_note(
		    sink, NOTE_SUSPECT, view->size, err,
		    "the %s archive says it is %ju bytes longer than it is", name,
		    (uintmax_t)(end - view->size));
	if (end < view->size)
		return format_note(sink, NOTE_SUSPECT, end, err,
				   "%ju trailing bytes after the %s archive",
				   (uintmax_t)(view->size - end), name);
	return 0;
}
