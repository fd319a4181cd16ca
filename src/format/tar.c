/*
 * tar archives: POSIX.1-2017 pax (ustar and pax interchange format), GNU tar and v7.
 *
 *	[ extended header: 512 bytes, its records padded to 512 ]…
 *	header: 512 bytes        content, padded to 512
 *	…
 *	two blocks of zeros, and more zeros up to the blocking factor
 *
 * Headers behind the end blocks are read too and noted: extraction stops at the
 * end blocks, so what stands behind them is hidden.
 */
#include "format/record_private.h"

#define BLOCK          512
#define EXTENDED_LIMIT (16U << 20) /* bytes of one extended header */

/* The kinds of header that come before a member's own. */
enum extra_kind { EXTRA_PAX, EXTRA_GLOBAL, EXTRA_LONG_NAME, EXTRA_LONG_LINK };

struct extra {
	enum extra_kind kind;
	uint64_t header, size;
};

/* What pax records (POSIX.1-2017, pax, "pax Extended Header") said. */
struct pax {
	bool has_path, has_target, has_size, has_uid, has_gid, has_uname, has_gname,
	    has_mtime, sparse, hidden;
	struct buf path, target, uname, gname;
	uint64_t size, uid, gid;
	int64_t mtime;
	uint32_t mtime_ns;
	struct strings others; /* "name=hex" of every other record */
};

struct tar_entry {
	uint64_t header;        /* of the member's own header */
	uint64_t content, size; /* size: bytes of content in this archive */
	uint64_t sparse_blocks; /* GNU sparse maps between header and content */
	char type;
	bool signed_checksum, odd_size, double_name, hidden_name;
	bool after_end; /* stands behind the end blocks */
	struct member member;
	struct buf path, target, uname, gname, attributes;
};

struct tar_walk {
	const struct view *view;
	uint64_t next;
	struct pax global, local;
	struct buf long_name, long_link;
	bool has_long_name, has_long_link;
	struct extra *extras; /* before the present member */
	size_t extra_count, extra_room;
	bool ended;        /* end blocks were seen */
	uint64_t end;      /* the first end block */
	uint64_t end_size; /* bytes of zeros there */
	struct tar_entry entry;
};

/* ---- numbers and text ------------------------------------------------ */

/* GNU base-256: the first byte has bit 7 set, the rest is big-endian, two's
 * complement (GNU tar manual, "Extensions"). */
static int
base256(const struct view *field, int64_t *value)
{
	bool negative = (field->data[0] & 0x40) != 0;
	uint64_t sum = negative ? UINT64_MAX : 0;
	for (size_t i = 0; i < field->size; i++) {
		uint8_t byte = field->data[i];
		if (i == 0)
			byte = negative ? byte : byte & 0x7f;
		if (field->size - i > 8 && byte != (negative ? 0xff : 0))
			return -1;
		sum = sum << 8 | byte;
	}
	*value = (int64_t)sum;
	return (*value < 0) == negative ? 0 : -1;
}

static int
header_number(const struct view *view, uint64_t offset, size_t width, const char *name,
	      int64_t *value, struct err *err)
{
	struct view field;
	uint64_t number;
	int result;
	if (view_sub(view, offset, width, &field) == -1)
		return err_set(err, ERR_INPUT, "cut tar header at offset %ju",
			       (uintmax_t)offset);
	if ((field.data[0] & 0x80) != 0) {
		result = base256(&field, value);
	} else {
		result = record_number(view, offset, width, 8, &number);
		if (result == 0)
			*value = (int64_t)number;
		if (result == 0 && number > INT64_MAX)
			result = -1;
	}
	if (result == -1)
		return err_set(
		    err, ERR_INPUT,
		    "the %s of the tar header, at offset %ju, is not a number", name,
		    (uintmax_t)offset);
	return 0;
}

static int
header_unsigned(const struct view *view, uint64_t offset, size_t width,
		const char *name, uint64_t *value, struct err *err)
{
	int64_t number;
	if (header_number(view, offset, width, name, &number, err) == -1)
		return -1;
	if (number < 0)
		return err_set(err, ERR_INPUT,
			       "the %s of the tar header, at offset %ju, is negative",
			       name, (uintmax_t)offset);
	*value = (uint64_t)number;
	return 0;
}

/* Sum of the header's bytes with blanks for the checksum field. */
static void
header_sums(const struct view *view, uint64_t offset, uint64_t *sum,
	    int64_t *sum_signed)
{
	struct view block = {NULL, 0};
	view_sub(view, offset, BLOCK, &block);
	*sum = 0;
	*sum_signed = 0;
	for (size_t i = 0; i < block.size; i++) {
		uint8_t byte = i >= 148 && i < 156 ? ' ' : block.data[i];
		*sum += byte;
		*sum_signed += (int8_t)byte;
	}
}

static bool
checksum_fits(const struct view *view, uint64_t offset, bool *signed_sum)
{
	uint64_t stored, sum;
	int64_t sum_signed;
	if (record_number(view, offset + 148, 8, 8, &stored) == -1)
		return false;
	header_sums(view, offset, &sum, &sum_signed);
	*signed_sum = stored != sum;
	return stored == sum || (int64_t)stored == sum_signed;
}

static bool
block_is_zero(const struct view *view, uint64_t offset)
{
	struct view block;
	return view_sub(view, offset, BLOCK, &block) == 0 && view_is_zero(&block);
}

static uint64_t
padding_of(uint64_t size)
{
	return (BLOCK - size % BLOCK) % BLOCK;
}

/* ---- pax records ----------------------------------------------------- */

static void
pax_clear(struct pax *pax)
{
	buf_free(&pax->path);
	buf_free(&pax->target);
	buf_free(&pax->uname);
	buf_free(&pax->gname);
	strings_free(&pax->others);
	*pax = (struct pax){0};
}

static int
decimal(const struct view *value, uint64_t *number)
{
	return value->size > 0 && value->data[0] >= '0' && value->data[0] <= '9' &&
		       value->data[value->size - 1] >= '0'
		   ? record_number(value, 0, (size_t)value->size, 10, number)
		   : -1;
}

/* "[-]seconds[.fraction]"; more than nine digits of fraction are cut. */
static int
pax_time(const struct view *value, int64_t *seconds, uint32_t *nanoseconds)
{
	uint64_t dot = value->size, whole, start = view_has(value, 0, "-", 1);
	struct view part;
	uint32_t fraction = 0;
	view_find(value, 0, ".", 1, &dot);
	if (view_sub(value, start, dot < start ? 0 : dot - start, &part) == -1 ||
	    decimal(&part, &whole) == -1 || whole > INT64_MAX)
		return -1;
	uint32_t scale = 100000000;
	for (uint64_t i = dot + 1; i < value->size; i++, scale /= 10) {
		uint8_t digit = value->data[i];
		if (digit < '0' || digit > '9')
			return -1;
		fraction += (uint32_t)(digit - '0') * scale;
	}
	*seconds = start ? -(int64_t)whole : (int64_t)whole;
	if (start && fraction > 0) { /* -1.25 is 0.75 s after second -2 */
		*seconds -= 1;
		fraction = 1000000000 - fraction;
	}
	*nanoseconds = fraction;
	return 0;
}

static void
pax_other(struct pax *pax, const struct view *key, const struct view *value)
{
	struct buf line = {0};
	text_show(&line, key->data, (size_t)key->size);
	buf_puts(&line, "=");
	for (uint64_t i = 0; i < value->size; i++)
		buf_printf(&line, "%02x", value->data[i]);
	strings_add(&pax->others, line.data);
	buf_free(&line);
}

static void
pax_string(struct pax *pax, struct buf *into, bool *has, const struct view *value)
{
	*has = value->size > 0; /* an empty value takes the record back */
	if (record_text(into, value->data, (size_t)value->size))
		pax->hidden = true;
}

static bool
view_is(const struct view *view, const char *text)
{
	return view->size == strlen(text) && view_has(view, 0, text, strlen(text));
}

/* Take in one record; -1 when its value is not what its key demands. */
static int
pax_record(struct pax *pax, const struct view *key, const struct view *value)
{
	int result = 0;
	if (view_is(key, "path")) {
		pax_string(pax, &pax->path, &pax->has_path, value);
	} else if (view_is(key, "linkpath")) {
		pax_string(pax, &pax->target, &pax->has_target, value);
	} else if (view_is(key, "uname")) {
		pax_string(pax, &pax->uname, &pax->has_uname, value);
	} else if (view_is(key, "gname")) {
		pax_string(pax, &pax->gname, &pax->has_gname, value);
	} else if (view_is(key, "size")) {
		result = decimal(value, &pax->size);
		pax->has_size = true;
	} else if (view_is(key, "uid")) {
		result = decimal(value, &pax->uid);
		pax->has_uid = true;
	} else if (view_is(key, "gid")) {
		result = decimal(value, &pax->gid);
		pax->has_gid = true;
	} else if (view_is(key, "mtime")) {
		result = pax_time(value, &pax->mtime, &pax->mtime_ns);
		pax->has_mtime = true;
	} else {
		pax->sparse |= view_has(key, 0, "GNU.sparse.", 11);
		pax_other(pax, key, value);
	}
	return result;
}

/* Cut the record at the start of `rest` into key and value: "LENGTH KEY=VALUE\n". */
static int
pax_cut(const struct view *rest, uint64_t *length, struct view *key, struct view *value)
{
	uint64_t blank, equal;
	struct view digits, record;
	if (view_find(rest, 0, " ", 1, &blank) == -1 || blank > 20 ||
	    view_sub(rest, 0, blank, &digits) == -1 || decimal(&digits, length) == -1 ||
	    *length < blank + 4 || view_sub(rest, 0, *length, &record) == -1 ||
	    !view_has(&record, *length - 1, "\n", 1) ||
	    view_find(&record, blank + 1, "=", 1, &equal) == -1 || equal == blank + 1)
		return -1;
	view_sub(&record, blank + 1, equal - blank - 1, key);
	view_sub(&record, equal + 1, *length - 2 - equal, value);
	return 0;
}

static int
pax_read(struct pax *pax, const struct view *view, uint64_t offset, uint64_t size,
	 struct err *err)
{
	struct view records;
	view_sub(view, offset, size, &records);
	for (uint64_t at = 0, length; at < size; at += length) {
		struct view rest = view_from(&records, at), key, value;
		if (pax_cut(&rest, &length, &key, &value) == -1)
			return err_set(err, ERR_INPUT,
				       "malformed pax record at offset %ju",
				       (uintmax_t)(offset + at));
		if (pax_record(pax, &key, &value) == -1) {
			char *shown = text_shown_n(key.data, (size_t)key.size);
			err_set(err, ERR_INPUT,
				"the pax record '%s' at offset %ju has no valid number",
				shown, (uintmax_t)(offset + at));
			free(shown);
			return -1;
		}
	}
	return 0;
}

/* ---- the walk -------------------------------------------------------- */

static void
walk_start(struct tar_walk *walk, const struct view *view)
{
	*walk = (struct tar_walk){.view = view};
}

static void
walk_end(struct tar_walk *walk)
{
	struct tar_entry *entry = &walk->entry;
	struct buf *bufs[] = {&entry->path,    &entry->target,     &entry->uname,
			      &entry->gname,   &entry->attributes, &walk->long_name,
			      &walk->long_link};
	for (size_t i = 0; i < ARRAY_COUNT(bufs); i++)
		buf_free(bufs[i]);
	pax_clear(&walk->global);
	pax_clear(&walk->local);
	free(walk->extras);
}

/* Forget what came before the last member. */
static void
walk_clear(struct tar_walk *walk)
{
	pax_clear(&walk->local);
	walk->has_long_name = false;
	walk->has_long_link = false;
	walk->extra_count = 0;
}

static void
walk_note_extra(struct tar_walk *walk, enum extra_kind kind, uint64_t header,
		uint64_t size)
{
	if (walk->extra_count == walk->extra_room) {
		walk->extra_room = walk->extra_room ? 2 * walk->extra_room : 4;
		walk->extras =
		    base_realloc(walk->extras, walk->extra_room, sizeof(struct extra));
	}
	walk->extras[walk->extra_count++] = (struct extra){kind, header, size};
}

/* An extended header: take in what it says. */
static int
read_extra(struct tar_walk *walk, uint64_t header, char type, uint64_t size,
	   struct err *err)
{
	uint64_t content = header + BLOCK;
	struct view bytes;
	enum extra_kind kind;
	if (size > EXTENDED_LIMIT)
		return err_set(
		    err, ERR_LIMIT,
		    "the extended tar header at offset %ju has %ju bytes: more "
		    "than %u are not read",
		    (uintmax_t)header, (uintmax_t)size, EXTENDED_LIMIT);
	if (view_sub(walk->view, content, size, &bytes) == -1)
		return err_set(
		    err, ERR_INPUT,
		    "the extended tar header at offset %ju goes past the end",
		    (uintmax_t)header);
	switch (type) {
	case 'L':
		kind = EXTRA_LONG_NAME;
		walk->entry.double_name |= walk->has_long_name;
		record_text(&walk->long_name, bytes.data, (size_t)size);
		walk->has_long_name = true;
		break;
	case 'K':
		kind = EXTRA_LONG_LINK;
		walk->entry.double_name |= walk->has_long_link;
		record_text(&walk->long_link, bytes.data, (size_t)size);
		walk->has_long_link = true;
		break;
	case 'g':
		kind = EXTRA_GLOBAL;
		if (pax_read(&walk->global, walk->view, content, size, err) == -1)
			return -1;
		break;
	default:
		kind = EXTRA_PAX;
		if (pax_read(&walk->local, walk->view, content, size, err) == -1)
			return -1;
	}
	walk_note_extra(walk, kind, header, size);
	return 0;
}

/* Step over zero blocks; 1 when a header stands behind them, else 0. */
static int
walk_zeros(struct tar_walk *walk)
{
	const struct view *view = walk->view;
	uint64_t at = walk->next;
	bool unused;
	while (block_is_zero(view, at))
		at += BLOCK;
	if (!walk->ended) {
		walk->ended = true;
		walk->end = walk->next;
		walk->end_size = at - walk->next;
	}
	walk->next = at;
	return at < view->size && checksum_fits(view, at, &unused);
}

static bool
type_has_content(char type)
{
	/* GNU tar and POSIX: links, devices, folders and pipes have none */
	return type < '1' || type > '6';
}

static enum member_type
type_of(char type, const char *path)
{
	size_t length = strlen(path);
	switch (type) {
	case '1':
		return MEMBER_HARDLINK;
	case '2':
		return MEMBER_SYMLINK;
	case '3':
		return MEMBER_CHARACTER_DEVICE;
	case '4':
		return MEMBER_BLOCK_DEVICE;
	case '5':
	case 'D':
		return MEMBER_FOLDER;
	case '6':
		return MEMBER_FIFO;
	case '\0': /* v7: a name with '/' at its end is a folder */
		return length > 0 && path[length - 1] == '/' ? MEMBER_FOLDER
							     : MEMBER_FILE;
	default:
		return MEMBER_FILE;
	}
}

/* The text of a header field; notes bytes behind its NUL where no number or
 * padding can stand. */
static void
field_text(const struct tar_walk *walk, struct buf *out, uint64_t offset, size_t width)
{
	struct view field = {NULL, 0};
	view_sub(walk->view, walk->entry.header + offset, width, &field);
	record_text(out, field.data, (size_t)field.size);
}

/* Path and target: long name, pax record or header, in the order of their reach. */
static void
read_names(struct tar_walk *walk)
{
	struct tar_entry *entry = &walk->entry;
	const struct pax *local = &walk->local, *global = &walk->global;
	field_text(walk, &entry->path, 0, 100);
	field_text(walk, &entry->target, 157, 100);
	if (view_has(walk->view, entry->header + 257, "ustar", 6)) { /* with its NUL */
		struct buf prefix = {0};
		field_text(walk, &prefix, 345, 155);
		if (prefix.size > 0) {
			buf_puts(&prefix, "/");
			buf_append(&prefix, entry->path.data, entry->path.size);
			struct buf old = entry->path;
			entry->path = prefix;
			prefix = old;
		}
		buf_free(&prefix);
	}
	entry->double_name |= (walk->has_long_name && local->has_path) ||
			      (walk->has_long_link && local->has_target);
	const struct buf *path = local->has_path       ? &local->path
				 : walk->has_long_name ? &walk->long_name
				 : global->has_path    ? &global->path
						       : NULL;
	const struct buf *target = local->has_target     ? &local->target
				   : walk->has_long_link ? &walk->long_link
				   : global->has_target  ? &global->target
							 : NULL;
	if (path != NULL) {
		buf_clear(&entry->path);
		buf_append(&entry->path, path->data, path->size);
	}
	if (target != NULL) {
		buf_clear(&entry->target);
		buf_append(&entry->target, target->data, target->size);
	}
	entry->hidden_name = local->hidden || global->hidden;
}

static void
read_owner_names(struct tar_walk *walk)
{
	struct tar_entry *entry = &walk->entry;
	const struct pax *local = &walk->local, *global = &walk->global;
	buf_clear(&entry->uname);
	buf_clear(&entry->gname);
	if (view_has(walk->view, entry->header + 257, "ustar", 5)) {
		field_text(walk, &entry->uname, 265, 32);
		field_text(walk, &entry->gname, 297, 32);
	}
	const struct buf *uname = local->has_uname    ? &local->uname
				  : global->has_uname ? &global->uname
						      : &entry->uname;
	const struct buf *gname = local->has_gname    ? &local->gname
				  : global->has_gname ? &global->gname
						      : &entry->gname;
	entry->member.uname = uname->size > 0 ? uname->data : NULL;
	entry->member.gname = gname->size > 0 ? gname->data : NULL;
}

/* All other records, sorted, as the member's attributes. */
static void
read_attributes(struct tar_walk *walk)
{
	const struct strings *lists[] = {&walk->global.others, &walk->local.others};
	struct strings lines = {0};
	struct buf *out = &walk->entry.attributes;
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		for (size_t j = 0; j < lists[i]->count; j++)
			strings_add(&lines, lists[i]->items[j]);
	}
	strings_sort(&lines);
	buf_clear(out);
	for (size_t i = 0; i < lines.count; i++)
		buf_printf(out, "%s\n", lines.items[i]);
	walk->entry.member.attributes = lines.count > 0 ? out->data : NULL;
	strings_free(&lines);
}

/* The header's numbers, and what pax records put in their place. */
static int
read_numbers(struct tar_walk *walk, struct err *err)
{
	const struct view *view = walk->view;
	struct tar_entry *entry = &walk->entry;
	struct member *member = &entry->member;
	uint64_t at = entry->header, mode = 0;
	if (header_unsigned(view, at + 100, 8, "mode", &mode, err) == -1 ||
	    header_unsigned(view, at + 108, 8, "uid", &member->uid, err) == -1 ||
	    header_unsigned(view, at + 116, 8, "gid", &member->gid, err) == -1 ||
	    header_unsigned(view, at + 124, 12, "size", &entry->size, err) == -1 ||
	    header_number(view, at + 136, 12, "mtime", &member->mtime, err) == -1)
		return -1;
	member->mode = (uint32_t)(mode & 07777);
	member->has_mode = member->has_owner = member->has_mtime = true;
	const struct pax *sets[] = {&walk->global, &walk->local};
	for (size_t i = 0; i < ARRAY_COUNT(sets); i++) {
		if (sets[i]->has_uid)
			member->uid = sets[i]->uid;
		if (sets[i]->has_gid)
			member->gid = sets[i]->gid;
		if (sets[i]->has_size)
			entry->size = sets[i]->size;
		if (sets[i]->has_mtime) {
			member->mtime = sets[i]->mtime;
			member->mtime_ns = sets[i]->mtime_ns;
		}
	}
	if (entry->type != '3' && entry->type != '4')
		return 0;
	uint64_t major = 0, minor = 0;
	if (header_unsigned(view, at + 329, 8, "device major", &major, err) == -1 ||
	    header_unsigned(view, at + 337, 8, "device minor", &minor, err) == -1)
		return -1;
	member->device_major = (uint32_t)major;
	member->device_minor = (uint32_t)minor;
	return 0;
}

/* GNU sparse headers of the old kind go on in blocks of their own as long as their
 * last-but-seventh byte says so (GNU tar manual, "Standard Format"). */
static int
read_sparse_blocks(struct tar_walk *walk, struct err *err)
{
	struct tar_entry *entry = &walk->entry;
	uint8_t more = 0;
	view_u8(walk->view, entry->header + 482, &more);
	while (more != 0) {
		uint64_t at = entry->content;
		if (view_u8(walk->view, at + 504, &more) == -1)
			return err_set(err, ERR_INPUT,
				       "cut sparse header at offset %ju",
				       (uintmax_t)at);
		entry->content += BLOCK;
		entry->sparse_blocks++;
	}
	return 0;
}

/* The member whose own header stands at entry->header. */
static int
read_entry(struct tar_walk *walk, struct err *err)
{
	const struct view *view = walk->view;
	struct tar_entry *entry = &walk->entry;
	entry->member = (struct member){0};
	entry->content = entry->header + BLOCK;
	entry->sparse_blocks = 0;
	entry->odd_size = false;
	if (read_numbers(walk, err) == -1)
		return -1;
	read_names(walk);
	read_owner_names(walk);
	read_attributes(walk);
	entry->member.path = entry->path.data;
	entry->member.type = type_of(entry->type, entry->path.data);
	if (entry->type == '1' || entry->type == '2')
		entry->member.target = entry->target.data;
	if (entry->type == 'S' && read_sparse_blocks(walk, err) == -1)
		return -1;
	if (!type_has_content(entry->type) && entry->size != 0) {
		entry->odd_size = true;
		entry->size = 0;
	}
	uint64_t left = view->size - entry->content;
	if (entry->content > view->size || entry->size > left)
		return err_set(err, ERR_INPUT,
			       "the tar member at offset %ju goes past the end of the "
			       "file",
			       (uintmax_t)entry->header);
	left -= entry->size;
	uint64_t padding = padding_of(entry->size);
	walk->next = entry->content + entry->size + (padding < left ? padding : left);
	return 1;
}

/* 1: walk->entry is the next one; 0: no header follows walk->next; -1: malformed. */
static int
walk_next(struct tar_walk *walk, struct err *err)
{
	const struct view *view = walk->view;
	struct tar_entry *entry = &walk->entry;
	walk_clear(walk);
	entry->double_name = false;
	for (;;) {
		uint64_t at = walk->next, size = 0;
		uint8_t type;
		if (at < view->size && block_is_zero(view, at)) {
			if (walk->extra_count > 0)
				break;
			if (walk_zeros(walk) == 0)
				return 0;
			continue;
		}
		if (at >= view->size && walk->extra_count == 0)
			return 0;
		if (view->size - at < BLOCK && walk->ended && walk->extra_count == 0)
			return 0; /* trailing bytes */
		if (view->size - at < BLOCK && walk->extra_count == 0)
			return err_set(err, ERR_INPUT, "cut tar header at offset %ju",
				       (uintmax_t)at);
		if (at >= view->size || view->size - at < BLOCK)
			break;
		if (!checksum_fits(view, at, &entry->signed_checksum)) {
			if (walk->ended && walk->extra_count == 0)
				return 0; /* trailing bytes */
			return err_set(
			    err, ERR_INPUT,
			    "the tar header at offset %ju has a wrong checksum",
			    (uintmax_t)at);
		}
		view_u8(view, at + 156, &type);
		entry->header = at;
		entry->type = (char)type;
		entry->after_end = walk->ended;
		if (strchr("LKgxX", entry->type) == NULL || entry->type == '\0')
			return read_entry(walk, err);
		if (header_unsigned(view, at + 124, 12, "size", &size, err) == -1 ||
		    read_extra(walk, at, entry->type, size, err) == -1)
			return -1;
		uint64_t left = view->size - at - BLOCK - size;
		uint64_t padding = padding_of(size);
		walk->next = at + BLOCK + size + (padding < left ? padding : left);
	}
	if (walk->extra_count > 0 &&
	    walk->extras[walk->extra_count - 1].kind == EXTRA_GLOBAL)
		return 0; /* git archive of an empty tree: a comment and nothing else */
	return err_set(err, ERR_INPUT, "an extended tar header without a member at %ju",
		       (uintmax_t)walk->next);
}

/* ---- the row --------------------------------------------------------- */

static enum probe_answer
tar_probe(const struct view *view)
{
	bool signed_sum;
	if (view->size < BLOCK || block_is_zero(view, 0) ||
	    !checksum_fits(view, 0, &signed_sum))
		return PROBE_NO;
	/* v7 has no magic: the checksum is 17 bits of evidence */
	return PROBE_SURE;
}

static int
note_entry(const struct tar_walk *walk, const struct member_sink *sink, struct err *err)
{
	const struct tar_entry *entry = &walk->entry;
	const struct {
		bool found;
		enum note_kind kind;
		const char *text;
	} notes[] = {
	    {entry->after_end, NOTE_SUSPECT,
	     "a member behind the end of the archive, which most programs do not see"},
	    {entry->signed_checksum, NOTE_REMARK, "a header checksum of signed bytes"},
	    {entry->odd_size, NOTE_SUSPECT,
	     "a link, folder or device with a size, which programs read differently"},
	    {entry->double_name, NOTE_SUSPECT,
	     "a member named by two extended headers, which programs read differently"},
	    {entry->hidden_name, NOTE_SUSPECT, "a name with bytes behind a NUL"},
	    {entry->path.size == 0, NOTE_SUSPECT, "a member without a name"},
	    {entry->type == 'S' || walk->local.sparse || walk->global.sparse,
	     NOTE_UNDECIDED, "a sparse file: its holes were not filled in"},
	    {entry->type == 'M', NOTE_UNDECIDED,
	     "the rest of a file that begins in another volume"},
	    {entry->type == 'V', NOTE_REMARK, "a volume label, shown as an empty file"},
	    {strchr("01234567DSMV", entry->type) == NULL, NOTE_SUSPECT,
	     "a member of unknown type, read as a file"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(notes); i++) {
		if (notes[i].found && format_note(sink, notes[i].kind, entry->header,
						  err, "%s", notes[i].text) == -1)
			return -1;
	}
	return 0;
}

/* How the archive ends. */
static int
note_end(const struct tar_walk *walk, const struct member_sink *sink, struct err *err)
{
	const struct view *view = walk->view;
	if (!walk->ended)
		return format_note(sink, NOTE_REMARK, view->size, err,
				   "no end-of-archive blocks");
	if (walk->end_size < 2 * BLOCK &&
	    format_note(sink, NOTE_REMARK, walk->end, err,
			"one end-of-archive block where two belong") == -1)
		return -1;
	return record_trailing(view, walk->next, sink, err);
}

static int
tar_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct tar_walk walk;
	int more;
	walk_start(&walk, view);
	while ((more = walk_next(&walk, err)) == 1) {
		const struct tar_entry *entry = &walk.entry;
		if (sink->begin(sink->context, &entry->member, err) == -1 ||
		    note_entry(&walk, sink, err) == -1 ||
		    (entry->size > 0 && sink->slice(sink->context, entry->content,
						    entry->size, err) == -1)) {
			more = -1;
			break;
		}
	}
	if (more == 0)
		more = note_end(&walk, sink, err);
	walk_end(&walk);
	return more;
}

/* POSIX.1-2017, pax, "ustar Interchange Format". */
static const struct record_field tar_fields[] = {
    {0, 100, EXTENT_METADATA, "tar header name"},
    {100, 8, EXTENT_METADATA, "tar header mode"},
    {108, 8, EXTENT_METADATA, "tar header uid"},
    {116, 8, EXTENT_METADATA, "tar header gid"},
    {124, 12, EXTENT_METADATA, "tar header size"},
    {136, 12, EXTENT_METADATA, "tar header mtime"},
    {148, 8, EXTENT_DERIVED, "tar header checksum"},
    {156, 1, EXTENT_METADATA, "tar header type"},
    {157, 100, EXTENT_METADATA, "tar header link target"},
    {257, 8, EXTENT_METADATA, "tar header magic"},
    {265, 32, EXTENT_METADATA, "tar header user"},
    {297, 32, EXTENT_METADATA, "tar header group"},
    {329, 8, EXTENT_METADATA, "tar header device major"},
    {337, 8, EXTENT_METADATA, "tar header device minor"},
    {345, 155, EXTENT_METADATA, "tar header prefix"},
    {500, 12, EXTENT_METADATA, "tar header end"},
};

/* The fields of an extended header, named after it. */
static void
map_extra_header(struct map *map, const struct extra *extra, uint32_t member,
		 const char *what)
{
	for (size_t i = 0; i < ARRAY_COUNT(tar_fields); i++) {
		const struct record_field *field = &tar_fields[i];
		char name[80];
		snprintf(name, sizeof(name), "%s %s", what,
			 field->name + strlen("tar "));
		map_add(map, extra->header + field->offset, field->length, field->tag,
			member, name, NULL);
	}
}

static void
map_records(const struct view *view, struct map *map, const struct extra *extra,
	    uint32_t member, const char *what)
{
	uint64_t at = extra->header + BLOCK, end = at + extra->size, length;
	struct view part;
	while (at < end && view_sub(view, at, end - at, &part) == 0) {
		struct view key, value;
		struct buf name = {0};
		if (pax_cut(&part, &length, &key, &value) == -1)
			return;
		buf_printf(&name, "%s ", what);
		buf_append(&name, key.data, (size_t)(key.size < 256 ? key.size : 256));
		map_add(map, at, length, EXTENT_METADATA, member, name.data, NULL);
		buf_free(&name);
		at += length;
	}
}

static void
map_extra(const struct view *view, struct map *map, const struct extra *extra,
	  uint32_t member)
{
	static const char *const headers[] = {"pax", "global pax", "tar long name",
					      "tar long link"};
	const char *what = headers[extra->kind];
	map_extra_header(map, extra, member, what);
	if (extra->kind == EXTRA_PAX || extra->kind == EXTRA_GLOBAL)
		map_records(view, map, extra, member, what);
	else
		map_add(map, extra->header + BLOCK, extra->size, EXTENT_METADATA,
			member, what, NULL);
	map_add(map, extra->header + BLOCK + extra->size, padding_of(extra->size),
		EXTENT_PADDING, member, "tar padding", NULL);
}

static void
map_entry(const struct tar_walk *walk, struct map *map, uint32_t ordinal)
{
	const struct tar_entry *entry = &walk->entry;
	for (size_t i = 0; i < walk->extra_count; i++)
		map_extra(walk->view, map, &walk->extras[i], ordinal);
	record_map_fields(map, entry->header, ordinal, tar_fields,
			  ARRAY_COUNT(tar_fields));
	map_add(map, entry->header + BLOCK, entry->sparse_blocks * BLOCK,
		EXTENT_METADATA, ordinal, "tar sparse map", NULL);
	map_add(map, entry->content, entry->size, EXTENT_CONTENT, ordinal, "content",
		NULL);
	map_add(map, entry->content + entry->size,
		walk->next - entry->content - entry->size, EXTENT_PADDING, ordinal,
		"tar padding", NULL);
}

static int
tar_map(const struct view *view, struct map *map, struct err *err)
{
	struct tar_walk walk;
	uint32_t ordinal = 0;
	int more;
	walk_start(&walk, view);
	while ((more = walk_next(&walk, err)) == 1)
		map_entry(&walk, map, ordinal++);
	if (more == 0) {
		for (size_t i = 0; i < walk.extra_count; i++)
			map_extra(view, map, &walk.extras[i], EXTENT_NO_MEMBER);
		if (walk.ended)
			map_add(map, walk.end, walk.end_size, EXTENT_PADDING,
				EXTENT_NO_MEMBER, "tar end blocks", NULL);
		map_add(map, walk.next, view->size - walk.next, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "trailing bytes", NULL);
	}
	walk_end(&walk);
	return more;
}

const struct format format_tar = {
    .name = "tar",
    .title = "tar archive",
    .probe = tar_probe,
    .members = tar_members,
    .map = tar_map,
};
