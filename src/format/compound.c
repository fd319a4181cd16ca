/*
 * Compound files ([MS-CFB]): Windows installers (.msi, .msp), OLE documents.
 *
 *	header (512 bytes) | sectors of 512 bytes (version 3) or 4096 (version 4)
 *
 * A file allocation table (FAT) chains sectors; the header and the DIFAT say which
 * sectors hold it. A directory of 128-byte entries makes a tree of storages and
 * streams. Streams below 4096 bytes stand in 64-byte pieces of one stream of the root
 * entry, chained by the miniFAT. Installers code the names of streams: two letters in
 * one character.
 *
 * Every sector is claimed once: one that two chains want, or one chain twice, is where
 * the second of them breaks off.
 */
#include "format/compound_private.h"

enum {
	ENTRY_NAME = 64,
	MINI_SHIFT = 6,
	MINI_CUTOFF = 4096,
	DEPTH_MOST = 32, /* storages in storages that are looked into */
};

#define FILETIME_1970 116444736000000000U /* 100 ns since 1601 ([MS-DTYP] 2.3.3) */

/* ---- sectors and chains ------------------------------------------------ */

static void
numbers_add(struct numbers *numbers, uint32_t number)
{
	if (numbers->count == numbers->room) {
		numbers->room = numbers->room ? 2 * numbers->room : 64;
		numbers->items = base_realloc(numbers->items, numbers->room,
					      sizeof(*numbers->items));
	}
	numbers->items[numbers->count++] = number;
}

uint64_t
compound_sector(const struct compound *file, uint32_t sector)
{
	return ((uint64_t)sector + 1) << file->shift;
}

uint64_t
compound_sector_size(const struct compound *file)
{
	return (uint64_t)1 << file->shift;
}

/* Mark a sector as used. False when it is none, or used already. */
static bool
claim(struct compound *file, uint32_t sector, uint32_t owner)
{
	if (sector >= file->sectors || file->owners[sector] != OWNER_FREE) {
		file->bad = compound_sector(file, sector);
		return false;
	}
	file->owners[sector] = owner;
	return true;
}

/* Follow and claim a chain through the FAT. NULL, or why it breaks off. */
static const char *
claim_chain(struct compound *file, uint32_t start, uint32_t owner,
	    struct numbers *chain)
{
	uint32_t sector = start;
	while (sector != CHAIN_END) {
		if (sector >= file->sectors)
			return "its chain leads out of the file";
		if (!claim(file, sector, owner))
			return "its chain shares a sector with another, or goes in a "
			       "circle";
		if (chain != NULL)
			numbers_add(chain, sector);
		if (sector >= file->fat.count)
			return "its chain leads past the allocation table";
		sector = file->fat.items[sector];
	}
	return NULL;
}

/* The same through the miniFAT, for pieces of the root's stream. */
static const char *
claim_mini(struct compound *file, uint32_t start, uint32_t owner, uint64_t *pieces)
{
	*pieces = 0;
	for (uint32_t piece = start; piece != CHAIN_END;
	     piece = file->minifat.items[piece]) {
		if (piece >= file->mini_count || piece >= file->minifat.count)
			return "its chain leads out of the stream of small streams";
		if (file->mini_owners[piece] != OWNER_FREE)
			return "its chain shares a piece with another, or goes in a "
			       "circle";
		file->mini_owners[piece] = owner;
		++*pieces;
	}
	return NULL;
}

/* Where a piece of the root's stream is in the file. */
static uint64_t
mini_offset(const struct compound *file, uint32_t piece)
{
	uint64_t at = (uint64_t)piece << MINI_SHIFT;
	size_t index = (size_t)(at >> file->shift);
	if (index >= file->ministream.count)
		return UINT64_MAX;
	return compound_sector(file, file->ministream.items[index]) +
	       (at & (compound_sector_size(file) - 1));
}

/* ---- the allocation tables ---------------------------------------------- */

/* Append a sector of links. */
static void
read_links(struct compound *file, uint32_t sector, size_t count, struct numbers *links)
{
	uint32_t link;
	for (size_t i = 0; i < count; i++) {
		link = CHAIN_END;
		view_u32le(file->view, compound_sector(file, sector) + 4 * i, &link);
		numbers_add(links, link);
	}
}

/* One sector of the FAT; `number` is what the DIFAT says. */
static int
read_fat_sector(struct compound *file, uint32_t number, struct err *err)
{
	if (number > SECTOR_LAST)
		return 0;
	if (!claim(file, number, OWNER_FAT))
		return err_set(err, ERR_INPUT,
			       "compound file: sector %u of the allocation table at "
			       "offset %ju is not there, or named twice",
			       number, (uintmax_t)file->bad);
	read_links(file, number, (size_t)compound_sector_size(file) / 4, &file->fat);
	return 0;
}

/* The FAT, through the DIFAT of the header and of its own sectors. */
static int
read_fat(struct compound *file, struct err *err)
{
	uint32_t number = SECTOR_LAST + 1, next = CHAIN_END;
	for (uint64_t i = 0; i < HEADER_FATS; i++) {
		view_u32le(file->view, HEADER_DIFAT + 4 * i, &number);
		if (read_fat_sector(file, number, err) == -1)
			return -1;
	}
	view_u32le(file->view, 68, &next);
	while (next <= SECTOR_LAST) {
		if (!claim(file, next, OWNER_DIFAT))
			return err_set(
			    err, ERR_INPUT,
			    "compound file: DIFAT sector %u is not there, or "
			    "named twice",
			    next);
		uint64_t at = compound_sector(file, next);
		uint64_t last = at + compound_sector_size(file) - 4;
		for (; at < last; at += 4) {
			number = SECTOR_LAST + 1;
			view_u32le(file->view, at, &number);
			if (read_fat_sector(file, number, err) == -1)
				return -1;
		}
		next = CHAIN_END;
		view_u32le(file->view, last, &next);
	}
	return 0;
}

static int
read_minifat(struct compound *file, struct err *err)
{
	uint32_t start = CHAIN_END;
	view_u32le(file->view, 60, &start);
	const char *trouble =
	    start > SECTOR_LAST
		? NULL
		: claim_chain(file, start, OWNER_MINIFAT, &file->minifat_chain);
	for (size_t i = 0; i < file->minifat_chain.count; i++)
		read_links(file, file->minifat_chain.items[i],
			   (size_t)compound_sector_size(file) / 4, &file->minifat);
	if (trouble != NULL)
		return err_set(err, ERR_INPUT, "compound file: miniFAT: %s", trouble);
	return 0;
}

/* ---- names --------------------------------------------------------------- */

/* One character as UTF-8; half a surrogate pair stays apart, as three bytes. */
static void
put_character(struct buf *out, uint32_t character)
{
	uint8_t bytes[4];
	size_t count = 0;
	if (character < 0x80) {
		bytes[count++] = (uint8_t)character;
	} else if (character < 0x800) {
		bytes[count++] = (uint8_t)(0xc0 | character >> 6);
	} else if (character < 0x10000) {
		bytes[count++] = (uint8_t)(0xe0 | character >> 12);
		bytes[count++] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	} else {
		bytes[count++] = (uint8_t)(0xf0 | character >> 18);
		bytes[count++] = (uint8_t)(0x80 | (character >> 12 & 0x3f));
		bytes[count++] = (uint8_t)(0x80 | (character >> 6 & 0x3f));
	}
	if (character >= 0x80)
		bytes[count++] = (uint8_t)(0x80 | (character & 0x3f));
	buf_append(out, bytes, count);
}

/*
 * Installer names: 0x3800 to 0x47ff are two letters of an alphabet of 64, 0x4800 to
 * 0x483f one, and 0x4840 starts the name of a table, shown as "!".
 */
static bool
put_coded(struct buf *out, uint32_t unit)
{
	static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz._";
	if (unit < 0x3800 || unit > 0x4840)
		return false;
	if (unit == 0x4840) {
		buf_puts(out, "!");
		return true;
	}
	uint32_t code = unit < 0x4800 ? unit - 0x3800 : unit - 0x4800;
	buf_append(out, &letters[code & 0x3f], 1);
	if (unit < 0x4800)
		buf_append(out, &letters[code >> 6], 1);
	return true;
}

/* The name of the entry at `at`: UTF-16 with its length in bytes, NUL included. */
static char *
read_name(const struct view *view, uint64_t at)
{
	struct buf name = {0};
	uint16_t bytes = 0, unit = 0, low = 0;
	view_u16le(view, at + ENTRY_NAME, &bytes);
	unsigned units = bytes / 2 < ENTRY_NAME / 2 ? bytes / 2 : ENTRY_NAME / 2;
	for (unsigned i = 0; i + 1 < units; i++) {
		view_u16le(view, at + 2 * (uint64_t)i, &unit);
		if (unit >= 0xd800 && unit < 0xdc00 && i + 2 < units &&
		    view_u16le(view, at + 2 * (uint64_t)i + 2, &low) == 0 &&
		    low >= 0xdc00 && low < 0xe000) {
			put_character(&name, 0x10000 +
						 ((uint32_t)(unit - 0xd800) << 10) +
						 (low - 0xdc00));
			i++;
		} else if (!put_coded(&name, unit)) {
			put_character(&name, unit);
		}
	}
	buf_puts(&name, "");
	return buf_take(&name);
}

/* ---- the directory -------------------------------------------------------- */

/* Where entry `index` is in the file. */
uint64_t
compound_entry(const struct compound *file, size_t index)
{
	uint64_t at = (uint64_t)index * ENTRY_SIZE;
	return compound_sector(file, file->directory.items[at >> file->shift]) +
	       (at & (compound_sector_size(file) - 1));
}

static void
read_entry(const struct compound *file, size_t index, struct entry *entry)
{
	const struct view *view = file->view;
	uint64_t at = compound_entry(file, index);
	uint32_t low = 0;
	*entry = (struct entry){.parent = NO_ENTRY, .start = CHAIN_END};
	view_u8(view, at + 66, &entry->type);
	view_u32le(view, at + 68, &entry->left);
	view_u32le(view, at + 72, &entry->right);
	view_u32le(view, at + 76, &entry->child);
	view_u32le(view, at + 116, &entry->start);
	/* 2.6.1: in version 3 the upper half means nothing */
	if (file->shift == 9 && view_u32le(view, at + 120, &low) == 0)
		entry->size = low;
	else
		view_u64le(view, at + 120, &entry->size);
	entry->name = read_name(view, at);
	entry->trouble = "its chain was not followed"; /* until claim_stream */
}

/* Give each entry that the tree reaches its storage. False when one of the links is
 * broken or goes in a circle. */
static bool
link_entries(struct compound *file)
{
	struct numbers stack = {0}; /* pairs: an entry, its storage */
	bool sound = true;
	numbers_add(&stack, file->entries[0].child);
	numbers_add(&stack, 0);
	while (stack.count > 0) {
		uint32_t parent = stack.items[--stack.count];
		uint32_t index = stack.items[--stack.count];
		if (index == NO_ENTRY)
			continue;
		struct entry *entry =
		    index < file->count ? &file->entries[index] : NULL;
		if (index == 0 || entry == NULL || entry->parent != NO_ENTRY ||
		    (entry->type != ENTRY_STORAGE && entry->type != ENTRY_STREAM)) {
			sound = false;
			continue;
		}
		entry->parent = parent;
		const uint32_t more[] = {entry->left, parent,       entry->right,
					 parent,      entry->child, index};
		size_t count = entry->type == ENTRY_STORAGE ? 6 : 4;
		for (size_t i = 0; i < count; i++)
			numbers_add(&stack, more[i]);
	}
	free(stack.items);
	return sound;
}

static int
read_directory(struct compound *file, struct err *err)
{
	uint32_t start = CHAIN_END, ordinal = 0;
	view_u32le(file->view, 48, &start);
	const char *trouble =
	    claim_chain(file, start, OWNER_DIRECTORY, &file->directory);
	size_t in_sector = (size_t)compound_sector_size(file) / ENTRY_SIZE;
	file->count = file->directory.count * in_sector;
	file->entries = base_alloc(file->count + 1, sizeof(*file->entries));
	for (size_t i = 0; i < file->count; i++) {
		struct entry *entry = &file->entries[i];
		read_entry(file, i, entry);
		if (i > 0 &&
		    (entry->type == ENTRY_STORAGE || entry->type == ENTRY_STREAM))
			entry->ordinal = ordinal++;
	}
	if (trouble != NULL)
		return err_set(err, ERR_INPUT, "compound file: directory: %s", trouble);
	if (file->count == 0 || file->entries[0].type != ENTRY_ROOT)
		return err_set(err, ERR_INPUT, "compound file without a root entry");
	return 0;
}

/* ---- contents -------------------------------------------------------------- */

bool
compound_is_member(const struct compound *file, size_t index)
{
	uint8_t type = file->entries[index].type;
	return index > 0 && (type == ENTRY_STORAGE || type == ENTRY_STREAM);
}

/* The stream in which small ones stand. */
static int
read_ministream(struct compound *file, struct err *err)
{
	const struct entry *root = &file->entries[0];
	const char *trouble = NULL;
	if (root->size > 0)
		trouble =
		    claim_chain(file, root->start, OWNER_MINISTREAM, &file->ministream);
	uint64_t room = (uint64_t)file->ministream.count << file->shift;
	uint64_t size = root->size < room ? root->size : room;
	file->mini_count = (size_t)((size + (1 << MINI_SHIFT) - 1) >> MINI_SHIFT);
	file->mini_owners =
	    base_alloc(file->mini_count + 1, sizeof(*file->mini_owners));
	if (trouble == NULL && root->size > room)
		trouble = "it is shorter than its entry says";
	if (trouble != NULL)
		return err_set(err, ERR_INPUT,
			       "compound file: the stream of small streams: %s",
			       trouble);
	return 0;
}

/* Claim what one stream consists of. */
static void
claim_stream(struct compound *file, size_t index)
{
	struct entry *entry = &file->entries[index];
	uint32_t owner = OWNER_STREAM + (uint32_t)index;
	struct numbers chain = {0};
	uint64_t room = 0;
	entry->trouble = NULL;
	if (!compound_is_member(file, index) || entry->type != ENTRY_STREAM ||
	    entry->size == 0)
		return;
	entry->mini = entry->size < MINI_CUTOFF;
	if (entry->mini) {
		entry->trouble = claim_mini(file, entry->start, owner, &room);
		room <<= MINI_SHIFT;
	} else {
		entry->trouble = claim_chain(file, entry->start, owner, &chain);
		room = (uint64_t)chain.count << file->shift;
		free(chain.items);
	}
	if (entry->trouble == NULL && room < entry->size)
		entry->trouble = "its chain is shorter than its size";
}

struct cursor
compound_cursor(const struct entry *entry)
{
	uint32_t start = entry->size > 0 ? entry->start : CHAIN_END;
	return (struct cursor){entry, start, 0, entry->size};
}

/* The next run; false at the end. The chain was walked before: it ends. */
bool
compound_next(const struct compound *file, struct cursor *cursor, struct run *run)
{
	bool mini = cursor->entry->mini;
	uint64_t step = mini ? 1 << MINI_SHIFT : compound_sector_size(file);
	const struct numbers *links = mini ? &file->minifat : &file->fat;
	*run = (struct run){.slack = cursor->left == 0};
	while (cursor->sector != CHAIN_END) {
		uint64_t at = (mini ? mini_offset(file, cursor->sector)
				    : compound_sector(file, cursor->sector)) +
			      cursor->into;
		if (run->length > 0 && (run->slack != (cursor->left == 0) ||
					at != run->offset + run->length))
			break;
		uint64_t take = step - cursor->into;
		if (!run->slack && take > cursor->left)
			take = cursor->left;
		if (run->length == 0)
			run->offset = at;
		run->length += take;
		cursor->left -= run->slack ? 0 : take;
		cursor->into = (cursor->into + take) & (step - 1);
		if (cursor->into == 0)
			cursor->sector = links->items[cursor->sector];
	}
	return run->length > 0;
}

/* A stream that is all there in its chain may still be cut by the file's end. */
static void
check_ends(struct compound *file)
{
	for (size_t i = 1; i < file->count; i++) {
		struct entry *entry = &file->entries[i];
		struct cursor cursor = compound_cursor(entry);
		struct run run;
		struct view part;
		if (!compound_is_member(file, i) || entry->type != ENTRY_STREAM)
			continue;
		while (entry->trouble == NULL && compound_next(file, &cursor, &run)) {
			if (!run.slack &&
			    view_sub(file->view, run.offset, run.length, &part) == -1)
				entry->trouble = "the file ends within it";
		}
	}
}

/* ---- the whole -------------------------------------------------------------- */

void
compound_free(struct compound *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->entries[i].name);
	free(file->entries);
	free(file->owners);
	free(file->mini_owners);
	free(file->fat.items);
	free(file->minifat.items);
	free(file->directory.items);
	free(file->ministream.items);
	free(file->minifat_chain.items);
}

static enum probe_answer
compound_probe(const struct view *view)
{
	return view->size >= HEADER_SIZE &&
		       view_has(view, 0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
read_header(struct compound *file, const struct view *view, struct err *err)
{
	uint16_t major = 0, order = 0, shift = 0, mini = 0;
	uint32_t cutoff = 0;
	view_u16le(view, 26, &major);
	view_u16le(view, 28, &order);
	view_u16le(view, 30, &shift);
	view_u16le(view, 32, &mini);
	view_u32le(view, 56, &cutoff);
	if (compound_probe(view) == PROBE_NO)
		return err_set(err, ERR_INPUT, "no compound file header");
	/* 2.2: these are the only values; readers that know others would disagree */
	if (order != 0xfffe || mini != MINI_SHIFT || cutoff != MINI_CUTOFF ||
	    !((major == 3 && shift == 9) || (major == 4 && shift == 12)))
		return err_set(
		    err, ERR_UNSUPPORTED,
		    "compound file of version %u with sectors of 2^%u bytes, "
		    "pieces of 2^%u and a limit of %u",
		    major, shift, mini, cutoff);
	file->view = view;
	file->shift = shift;
	uint64_t size = compound_sector_size(file);
	if (view->size > size)
		file->sectors = (size_t)((view->size - 1) / size);
	if (file->sectors > SECTOR_LAST)
		return err_set(err, ERR_UNSUPPORTED,
			       "compound file with more than %u sectors", SECTOR_LAST);
	file->owners = base_alloc(file->sectors + 1, sizeof(*file->owners));
	return 0;
}

/* Read all of it; what was read before a failure stands. `linked` is false when
 * entries are linked in another way than as a tree. */
int
compound_read(struct compound *file, const struct view *view, bool *linked,
	      struct err *err)
{
	*file = (struct compound){0};
	*linked = true;
	if (read_header(file, view, err) == -1 || read_fat(file, err) == -1 ||
	    read_directory(file, err) == -1)
		return -1;
	*linked = link_entries(file);
	if (read_minifat(file, err) == -1 || read_ministream(file, err) == -1)
		return -1;
	for (size_t i = 0; i < file->count; i++)
		claim_stream(file, i);
	check_ends(file);
	return 0;
}

/* ---- members ------------------------------------------------------------------ */

/* "STORAGE/NAME" as raw bytes; false where storages lie too deep in others. */
bool
compound_path(const struct compound *file, size_t index, struct buf *path)
{
	uint32_t above[DEPTH_MOST];
	size_t depth = 0;
	uint32_t parent = file->entries[index].parent;
	if (parent == NO_ENTRY)
		buf_puts(path, "[unreachable]/");
	for (; parent != 0 && parent != NO_ENTRY;
	     parent = file->entries[parent].parent) {
		if (depth == DEPTH_MOST)
			return false;
		above[depth++] = parent;
	}
	while (depth > 0)
		buf_printf(path, "%s/", file->entries[above[--depth]].name);
	buf_puts(path, file->entries[index].name);
	return true;
}

static bool
read_time(const struct view *view, uint64_t offset, struct member *member)
{
	uint64_t time = 0;
	if (view_u64le(view, offset, &time) == -1 || time == 0 || time > INT64_MAX)
		return false;
	int64_t since = (int64_t)time - (int64_t)FILETIME_1970;
	int64_t rest = since % 10000000;
	member->mtime = since / 10000000 - (rest < 0);
	member->mtime_ns = (uint32_t)((rest < 0 ? rest + 10000000 : rest) * 100);
	return true;
}

/* Class, state and time of creation, where an entry has any. */
static void
put_attributes(const struct view *view, uint64_t at, struct buf *out)
{
	static const struct {
		const char *name;
		uint64_t offset, size;
	} fields[] = {{"clsid", 80, 16}, {"created", 100, 8}, {"state", 96, 4}};
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		char hex[33];
		struct view field;
		if (view_sub(view, at + fields[i].offset, fields[i].size, &field) ==
			-1 ||
		    view_is_zero(&field))
			continue;
		hex_encode(field.data, (size_t)field.size, hex);
		buf_printf(out, "%s=%s\n", fields[i].name, hex);
	}
}

static int
send_content(const struct compound *file, const struct entry *entry,
	     const struct member_sink *sink, struct err *err)
{
	struct cursor cursor = compound_cursor(entry);
	struct run run;
	while (compound_next(file, &cursor, &run) && !run.slack) {
		if (sink->slice(sink->context, run.offset, run.length, err) == -1)
			return -1;
	}
	return 0;
}

static int
send_entry(const struct compound *file, size_t index, const struct member_sink *sink,
	   struct err *err)
{
	const struct entry *entry = &file->entries[index];
	uint64_t at = compound_entry(file, index);
	struct buf path = {0}, attributes = {0};
	struct member member = {.type = entry->type == ENTRY_STORAGE ? MEMBER_FOLDER
								     : MEMBER_FILE};
	bool deep = !compound_path(file, index, &path);
	if (deep) {
		buf_clear(&path);
		buf_printf(&path, "[too deep]/%s", entry->name);
	}
	put_attributes(file->view, at, &attributes);
	view_sub(file->view, at, ENTRY_SIZE, &member.record);
	member.path = path.data;
	member.has_mtime = read_time(file->view, at + 108, &member);
	member.attributes = attributes.size > 0 ? attributes.data : NULL;
	int answer = sink->begin(sink->context, &member, err);
	buf_free(&path);
	buf_free(&attributes);
	if (answer == 0 && deep)
		answer = format_note(sink, NOTE_UNDECIDED, at, err,
				     "more than %d storages in storages", DEPTH_MOST);
	if (answer == -1 || entry->type == ENTRY_STORAGE)
		return answer;
	if (entry->trouble != NULL)
		return format_note(sink, NOTE_UNDECIDED, at, err,
				   "the stream cannot be read: %s", entry->trouble);
	return send_content(file, entry, sink, err);
}

/* ---- what no member tells ------------------------------------------------------- */

/* Bytes that nobody reads, counted while notes are made. */
struct idle {
	uint64_t bytes, first;
};

/* Count a part when it holds more than zeros. */
static void
idle_look(const struct compound *file, uint64_t offset, uint64_t length,
	  struct idle *idle)
{
	struct view rest = view_from(file->view, offset), part;
	if (view_sub(&rest, 0, length < rest.size ? length : rest.size, &part) == -1 ||
	    view_is_zero(&part))
		return;
	if (idle->bytes == 0)
		idle->first = offset;
	idle->bytes += part.size;
}

static int
note_slack(const struct compound *file, const struct member_sink *sink, struct err *err)
{
	struct idle idle = {0};
	for (size_t i = 1; i < file->count; i++) {
		struct cursor cursor = compound_cursor(&file->entries[i]);
		struct run run;
		if (!compound_is_member(file, i) ||
		    file->entries[i].type != ENTRY_STREAM ||
		    file->entries[i].trouble != NULL)
			continue;
		while (compound_next(file, &cursor, &run)) {
			if (run.slack)
				idle_look(file, run.offset, run.length, &idle);
		}
	}
	if (idle.bytes == 0)
		return 0;
	return format_note(
	    sink, NOTE_SUSPECT, idle.first, err,
	    "bytes behind the end of streams, in their last sectors: %ju, "
	    "not all zero",
	    (uintmax_t)idle.bytes);
}

/* Sectors that nobody uses, though the allocation table says that they are in use. */
static int
note_lost(const struct compound *file, const struct member_sink *sink, struct err *err)
{
	size_t lost = 0, first = 0;
	for (size_t i = 0; i < file->sectors && i < file->fat.count; i++) {
		if (file->owners[i] != OWNER_FREE || file->fat.items[i] == SECTOR_FREE)
			continue;
		if (lost++ == 0)
			first = i;
	}
	if (lost == 0)
		return 0;
	return format_note(
	    sink, NOTE_SUSPECT, compound_sector(file, (uint32_t)first), err,
	    "%zu sectors are in use, but by nothing that has a name", lost);
}

/* Sectors and pieces of the root's stream that nobody uses, and bytes past them. */
static int
note_free(const struct compound *file, const struct member_sink *sink, struct err *err)
{
	struct idle idle = {0};
	for (size_t i = 0; i < file->sectors; i++) {
		if (file->owners[i] == OWNER_FREE)
			idle_look(file, compound_sector(file, (uint32_t)i),
				  compound_sector_size(file), &idle);
	}
	for (size_t i = 0; i < file->mini_count; i++) {
		if (file->mini_owners[i] == OWNER_FREE)
			idle_look(file, mini_offset(file, (uint32_t)i),
				  (uint64_t)1 << MINI_SHIFT, &idle);
	}
	if (idle.bytes > 0 &&
	    format_note(sink, NOTE_REMARK, idle.first, err,
			"free sectors of %ju bytes that are not all zero",
			(uintmax_t)idle.bytes) == -1)
		return -1;
	uint64_t end = ((uint64_t)file->fat.count + 1) << file->shift;
	if (file->view->size > end)
		return format_note(sink, NOTE_SUSPECT, end, err,
				   "%ju bytes past what the allocation table knows",
				   (uintmax_t)(file->view->size - end));
	return 0;
}

static int
order_siblings(const void *a, const void *b)
{
	const struct entry *const *left = a, *const *right = b;
	if ((*left)->parent != (*right)->parent)
		return (*left)->parent < (*right)->parent ? -1 : 1;
	return strcmp((*left)->name, (*right)->name);
}

/* Two members of one storage with one name, and entries that no storage names. */
static int
note_names(const struct compound *file, const struct member_sink *sink, struct err *err)
{
	const struct entry **sorted = base_alloc(file->count + 1, sizeof(*sorted));
	size_t count = 0, hidden = 0;
	const struct entry *twice = NULL;
	for (size_t i = 1; i < file->count; i++) {
		if (!compound_is_member(file, i))
			continue;
		sorted[count++] = &file->entries[i];
		hidden += file->entries[i].parent == NO_ENTRY;
	}
	qsort(sorted, count, sizeof(struct entry *), order_siblings);
	for (size_t i = 1; i < count; i++) {
		if (order_siblings(&sorted[i - 1], &sorted[i]) == 0)
			twice = sorted[i];
	}
	int answer = 0;
	if (hidden > 0)
		answer = format_note(sink, NOTE_SUSPECT, compound_entry(file, 0), err,
				     "%zu entries of the directory are in no storage",
				     hidden);
	if (answer == 0 && twice != NULL) {
		char *shown = text_shown(twice->name);
		answer =
		    format_note(sink, NOTE_SUSPECT,
				compound_entry(file, (size_t)(twice - file->entries)),
				err, "more than one member is called '%s'", shown);
		free(shown);
	}
	free(sorted);
	return answer;
}

static int
send_all(const struct compound *file, bool linked, const struct member_sink *sink,
	 struct err *err)
{
	bool any = false;
	for (size_t i = 1; i < file->count; i++) {
		if (!compound_is_member(file, i))
			continue;
		any = true;
		if (send_entry(file, i, sink, err) == -1)
			return -1;
	}
	if (!any && format_note(sink, NOTE_UNDECIDED, 0, err, "no members found") == -1)
		return -1;
	if (!linked && format_note(sink, NOTE_SUSPECT, compound_entry(file, 0), err,
				   "the directory is no tree: a link is broken, or "
				   "leads in a circle") == -1)
		return -1;
	if (note_names(file, sink, err) == -1 || note_slack(file, sink, err) == -1 ||
	    note_lost(file, sink, err) == -1)
		return -1;
	return note_free(file, sink, err);
}

static int
compound_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	struct compound file;
	bool linked;
	int answer = compound_read(&file, view, &linked, err);
	if (answer == 0)
		answer = send_all(&file, linked, sink, err);
	compound_free(&file);
	return answer;
}

/* ---- the map -----------------------------------------------------------------------
 */

static const struct field {
	uint16_t offset, size;
	const char *name;
} header_fields[] =
    {
	{0, 8, "compound header magic"},
	{8, 16, "compound header class"},
	{24, 4, "compound header version"},
	{28, 12, "compound header sector sizes"},
	{40, 12, "compound header directory"},
	{52, 4, "compound header transaction"},
	{56, 20, "compound header tables"},
	{HEADER_DIFAT, 4 * HEADER_FATS, "compound header DIFAT"},
},
  entry_fields[] = {
      {0, ENTRY_NAME + 2, "directory entry name"},
      {66, 1, "directory entry type"},
      {67, 13, "directory entry links"},
      {80, 16, "directory entry class"},
      {96, 4, "directory entry state"},
      {100, 8, "directory entry created"},
      {108, 8, "directory entry mtime"},
      {116, 4, "directory entry start"},
      {120, 8, "directory entry size"},
};

static void
map_fields(struct map *map, uint64_t at, const struct field *fields, size_t count,
	   uint32_t member)
{
	for (size_t i = 0; i < count; i++)
		map_add(map, at + fields[i].offset, fields[i].size, EXTENT_METADATA,
			member, fields[i].name, NULL);
}

/* Bytes that nobody reads say nothing as long as they are zero. */
static void
map_idle(const struct compound *file, struct map *map, uint64_t offset, uint64_t length,
	 uint32_t member, const char *name)
{
	struct idle idle = {0};
	idle_look(file, offset, length, &idle);
	map_add(map, offset, length, idle.bytes > 0 ? EXTENT_CONTENT : EXTENT_PADDING,
		member, name, NULL);
}

/* Is this one of the two streams of an installer's signature, with content of the form
 * that it has? The one is DER of just the size of the stream; the other a digest. */
bool
compound_is_signature(const struct compound *file, const struct entry *entry)
{
	struct cursor cursor = compound_cursor(entry);
	struct run run;
	uint16_t size = 0;
	if (entry->parent != 0 || entry->trouble != NULL ||
	    !compound_next(file, &cursor, &run))
		return false;
	if (strcmp(entry->name, "\5MsiDigitalSignatureEx") == 0)
		return entry->size <= 64;
	return strcmp(entry->name, "\5DigitalSignature") == 0 &&
	       view_has(file->view, run.offset, "\x30\x82", 2) &&
	       view_u16be(file->view, run.offset + 2, &size) == 0 &&
	       entry->size == (uint64_t)size + 4;
}

static void
map_entry(const struct compound *file, size_t index, struct map *map)
{
	const struct entry *entry = &file->entries[index];
	uint64_t at = compound_entry(file, index);
	struct run run;
	if (!compound_is_member(file, index)) {
		if (entry->type == ENTRY_ROOT)
			map_fields(map, at, entry_fields, ARRAY_COUNT(entry_fields),
				   EXTENT_NO_MEMBER);
		else
			map_add(map, at, ENTRY_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
				"unused directory entry", NULL);
		return;
	}
	map_fields(map, at, entry_fields, ARRAY_COUNT(entry_fields), entry->ordinal);
	if (entry->type != ENTRY_STREAM || entry->trouble != NULL)
		return;
	enum extent_tag tag =
	    compound_is_signature(file, entry) ? EXTENT_SIGNATURE : EXTENT_CONTENT;
	struct cursor cursor = compound_cursor(entry);
	while (compound_next(file, &cursor, &run)) {
		if (run.slack)
			map_idle(file, map, run.offset, run.length, entry->ordinal,
				 "slack");
		else
			map_add(map, run.offset, run.length, tag, entry->ordinal,
				"content", NULL);
	}
}

/* Pieces of the root's stream that no stream has, and what that has behind its end. */
static void
map_pieces(const struct compound *file, struct map *map)
{
	uint64_t room = (uint64_t)file->ministream.count << file->shift >> MINI_SHIFT;
	for (uint64_t i = 0; i < room; i++) {
		if (i >= file->mini_count || file->mini_owners[i] == OWNER_FREE)
			map_idle(file, map, mini_offset(file, (uint32_t)i),
				 (uint64_t)1 << MINI_SHIFT, EXTENT_NO_MEMBER,
				 "free piece of the stream of small streams");
	}
}

/* Sectors that hold tables, and those that hold nothing. */
static void
map_sectors(const struct compound *file, struct map *map)
{
	static const char *const names[] = {
	    [OWNER_FREE] = "free sector", [OWNER_FAT] = "FAT",
	    [OWNER_DIFAT] = "DIFAT",      [OWNER_DIRECTORY] = "directory",
	    [OWNER_MINIFAT] = "miniFAT",
	};
	for (size_t i = 0; i < file->sectors; i++) {
		uint32_t owner = file->owners[i];
		uint64_t at = compound_sector(file, (uint32_t)i);
		if (owner == OWNER_FREE)
			map_idle(file, map, at, compound_sector_size(file),
				 EXTENT_NO_MEMBER, names[owner]);
		else if (owner < ARRAY_COUNT(names))
			map_add(map, at, compound_sector_size(file), EXTENT_METADATA,
				EXTENT_NO_MEMBER, names[owner], NULL);
	}
}

int
compound_map(const struct view *view, struct map *map, struct err *err)
{
	struct compound file;
	bool linked;
	int answer = compound_read(&file, view, &linked, err);
	if (file.view != NULL) {
		map_fields(map, 0, header_fields, ARRAY_COUNT(header_fields),
			   EXTENT_NO_MEMBER);
		map_idle(&file, map, HEADER_SIZE,
			 compound_sector_size(&file) - HEADER_SIZE, EXTENT_NO_MEMBER,
			 "header padding");
		for (size_t i = 0; i < file.count; i++)
			map_entry(&file, i, map);
		map_pieces(&file, map);
		map_sectors(&file, map);
	}
	for (size_t i = 1; answer == 0 && i < file.count; i++) {
		if (file.entries[i].trouble != NULL)
			answer =
			    err_set(err, ERR_INPUT, "a stream of the compound file: %s",
				    file.entries[i].trouble);
	}
	compound_free(&file);
	return answer;
}

const struct format format_compound = {
    .name = "compound",
    .title = "compound file (MSI, MSP or OLE)",
    .probe = compound_probe,
    .members = compound_members,
    .map = compound_map,
    .graft = compound_graft,
};
