/*
 * Windows installers: how the signature of one is put onto another. Signing adds one or
 * two streams and lays the whole file out anew, so that thousands of bytes move while
 * no other stream changes. The graft is therefore made by stream: in the shipped file,
 * each stream that is no signature is filled with the content of the rebuilt file's
 * stream of the same path, size, class, state and times. What is left of the shipped
 * file is how it is laid out, which follows from that; bytes that are nobody's must be
 * zeros.
 */
#include "format/compound_private.h"

#define SECTOR_FAT   0xfffffffdU
#define SECTOR_DIFAT 0xfffffffcU

/* A storage or stream by its path. */
struct named {
	struct buf path;
	size_t index;
};

struct side {
	struct compound file;
	struct named *members; /* in the order of their paths, without signatures */
	size_t count;
	size_t signatures, signature_bytes;
};

/* ---- the members --------------------------------------------------------- */

static int
by_path(const void *a, const void *b)
{
	const struct buf *left = &((const struct named *)a)->path;
	const struct buf *right = &((const struct named *)b)->path;
	size_t shorter = left->size < right->size ? left->size : right->size;
	int order = shorter > 0 ? memcmp(left->data, right->data, shorter) : 0;
	return order != 0 ? order
			  : (left->size > right->size) - (left->size < right->size);
}

static int
side_list(struct side *side, struct err *err)
{
	const struct compound *file = &side->file;
	side->members = base_alloc(file->count + 1, sizeof(*side->members));
	for (size_t i = 0; i < file->count; i++) {
		const struct entry *entry = &file->entries[i];
		if (!compound_is_member(file, i))
			continue;
		bool stream = entry->type == ENTRY_STREAM;
		if (stream && entry->trouble != NULL)
			return err_set(err, ERR_INPUT, "a stream cannot be read: %s",
				       entry->trouble);
		if (stream && compound_is_signature(file, entry)) {
			side->signatures++;
			side->signature_bytes += entry->size;
			continue;
		}
		struct named *named = &side->members[side->count++];
		named->index = i;
		if (!compound_path(file, i, &named->path) || entry->parent == NO_ENTRY)
			return err_set(err, ERR_INPUT,
				       "a stream that no storage names, or too deep");
	}
	qsort(side->members, side->count, sizeof(*side->members), by_path);
	for (size_t i = 1; i < side->count; i++) {
		if (by_path(&side->members[i - 1], &side->members[i]) == 0)
			return err_set(err, ERR_INPUT, "two streams of one name");
	}
	return 0;
}

static int
side_open(struct side *side, const struct view *view, struct err *err)
{
	bool linked;
	if (compound_read(&side->file, view, &linked, err) == -1)
		return -1;
	if (!linked)
		return err_set(err, ERR_INPUT, "its entries are no tree");
	return side_list(side, err);
}

static void
side_close(struct side *side)
{
	for (size_t i = 0; i < side->count; i++)
		buf_free(&side->members[i].path);
	free(side->members);
	compound_free(&side->file);
}

/* ---- bytes of the layout that say nothing of their own ------------------------ */

/* Links of sectors that nobody uses, and of the tables, have one value each (2.1); but
 * osslsigncode 2.9 ends the miniFAT with the end of a chain that nobody begins. */
static bool
links_are_plain(const struct numbers *links, const uint32_t *owners, size_t count,
		bool mini)
{
	for (size_t i = 0; i < links->count; i++) {
		uint32_t owner = i < count ? owners[i] : OWNER_FREE,
			 is = links->items[i];
		if (mini && i == count && is == CHAIN_END)
			continue;
		if ((owner == OWNER_FREE && is != SECTOR_FREE) ||
		    (owner == OWNER_FAT && is != SECTOR_FAT) ||
		    (owner == OWNER_DIFAT && is != SECTOR_DIFAT))
			return false;
	}
	return true;
}

/* Counts of sectors, and what of the list of FAT sectors is not in use (2.2). */
static bool
header_is_plain(const struct compound *file)
{
	size_t fats = 0, difats = 0;
	for (size_t i = 0; i < file->sectors; i++) {
		fats += file->owners[i] == OWNER_FAT;
		difats += file->owners[i] == OWNER_DIFAT;
	}
	const struct {
		uint64_t at, is;
	} counts[] = {{40, file->shift == 9 ? 0 : file->directory.count},
		      {44, fats},
		      {64, file->minifat_chain.count},
		      {72, difats}};
	uint32_t number = 0;
	for (size_t i = 0; i < ARRAY_COUNT(counts); i++) {
		if (view_u32le(file->view, counts[i].at, &number) == -1 ||
		    number != counts[i].is)
			return false;
	}
	for (uint64_t i = 0; i < HEADER_FATS; i++) {
		view_u32le(file->view, HEADER_DIFAT + 4 * i, &number);
		if (number > SECTOR_LAST && number != SECTOR_FREE)
			return false;
	}
	return difats > 0 || view_has(file->view, 68, "\xfe\xff\xff\xff", 4);
}

/* An entry that is not in use has zeros, but for its links (2.6.1). */
static bool
unused_is_plain(const struct compound *file, uint64_t at)
{
	static const uint8_t none[12] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
					 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct view name, links, rest, size;
	if (view_sub(file->view, at, 68, &name) == -1 ||
	    view_sub(file->view, at + 68, 12, &links) == -1 ||
	    view_sub(file->view, at + 80, 36, &rest) == -1 ||
	    view_sub(file->view, at + 120, 8, &size) == -1)
		return false;
	return view_is_zero(&name) && view_is_zero(&rest) && view_is_zero(&size) &&
	       (view_is_zero(&links) || view_has(&links, 0, none, sizeof(none))) &&
	       (view_has(file->view, at + 116, none, 4) ||
		view_has(file->view, at + 116, "\xfe\xff\xff\xff", 4) ||
		view_has(file->view, at + 116, "\0\0\0\0", 4));
}

/* The entry of a signature's stream has a name, and neither class nor times. */
static bool
signature_is_plain(const struct compound *file, uint64_t at)
{
	uint16_t size = 0;
	struct view name, rest;
	return view_u16le(file->view, at + 64, &size) == 0 && size >= 2 && size <= 64 &&
	       size % 2 == 0 &&
	       view_sub(file->view, at + size - 2, 66 - size, &name) == 0 &&
	       view_sub(file->view, at + 80, 36, &rest) == 0 && view_is_zero(&name) &&
	       view_is_zero(&rest);
}

/* Fields of an entry that have one value: links and places of what has none. */
static bool
entry_is_plain(const struct compound *file, size_t index)
{
	const struct entry *entry = &file->entries[index];
	uint64_t at = compound_entry(file, index);
	uint8_t colour = 2;
	uint32_t high = 0;
	if (index > 0 && !compound_is_member(file, index))
		return unused_is_plain(file, at);
	if (view_u8(file->view, at + 67, &colour) == -1 || colour > 1 ||
	    view_u32le(file->view, at + 124, &high) == -1 ||
	    (file->shift == 9 && high != 0))
		return false;
	if (index == 0)
		return entry->left == NO_ENTRY && entry->right == NO_ENTRY;
	if (entry->type == ENTRY_STREAM && compound_is_signature(file, entry) &&
	    !signature_is_plain(file, at))
		return false;
	if (entry->type == ENTRY_STREAM)
		return entry->child == NO_ENTRY &&
		       (entry->size > 0 || entry->start == CHAIN_END ||
			entry->start == 0);
	return entry->size == 0 && (entry->start == CHAIN_END || entry->start == 0);
}

/* Does the layout hold bytes that are neither a stream's nor follow from where streams
 * stand? They would pass for part of the signature. */
static int
check_layout(const struct compound *file, struct err *err)
{
	struct map *map = map_new();
	struct err trouble = {0};
	bool idle = compound_map(file->view, map, &trouble) == -1;
	map_finish(map, file->view->size);
	for (size_t i = 0; i < map->count; i++)
		idle = idle || (map->extents[i].tag == EXTENT_CONTENT &&
				strcmp(map->extents[i].name, "content") != 0);
	map_free(map);
	for (size_t i = 0; i < file->count; i++)
		idle = idle || !entry_is_plain(file, i);
	if (idle || !header_is_plain(file) ||
	    !links_are_plain(&file->fat, file->owners, file->sectors, false) ||
	    !links_are_plain(&file->minifat, file->mini_owners, file->mini_count, true))
		return err_set(err, ERR_INPUT,
			       "it has bytes that are no stream's and that no stream's "
			       "place accounts for");
	return 0;
}

/* ---- the graft --------------------------------------------------------------- */

/* Do the bytes at these places say the same? */
static bool
same(const struct side *a, uint64_t a_at, const struct side *b, uint64_t b_at,
     uint64_t size)
{
	struct view one, other;
	return view_sub(a->file.view, a_at, size, &one) == 0 &&
	       view_sub(b->file.view, b_at, size, &other) == 0 &&
	       view_equal(&one, &other);
}

/* Name, class, state and times (2.6.1), and which kind of entry. */
static bool
entries_agree(const struct side *shipped, size_t i, const struct side *rebuilt,
	      size_t j)
{
	uint64_t s = compound_entry(&shipped->file, i);
	uint64_t r = compound_entry(&rebuilt->file, j);
	const struct entry *a = &shipped->file.entries[i];
	const struct entry *b = &rebuilt->file.entries[j];
	return a->type == b->type && (a->type != ENTRY_STREAM || a->size == b->size) &&
	       same(shipped, s, rebuilt, r, 66) &&
	       same(shipped, s + 80, rebuilt, r + 80, 36);
}

/* The version, and what else the header says of itself. */
static bool
headers_agree(const struct side *shipped, const struct side *rebuilt)
{
	return same(shipped, 0, rebuilt, 0, 40) && same(shipped, 52, rebuilt, 52, 8);
}

/* Fill the shipped file's stream with the rebuilt one's content, which is as long. */
static void
fill_stream(const struct side *shipped, size_t i, const struct side *rebuilt, size_t j,
	    struct buf *out)
{
	struct cursor to = compound_cursor(&shipped->file.entries[i]);
	struct cursor from = compound_cursor(&rebuilt->file.entries[j]);
	struct run have = {0}, want = {0};
	struct view part;
	for (;;) {
		if (have.length == 0 &&
		    (!compound_next(&rebuilt->file, &from, &have) || have.slack))
			return;
		if (want.length == 0 &&
		    (!compound_next(&shipped->file, &to, &want) || want.slack))
			return;
		uint64_t take = have.length < want.length ? have.length : want.length;
		if (view_sub(rebuilt->file.view, have.offset, take, &part) == 0)
			memcpy(out->data + want.offset, part.data, (size_t)take);
		have.offset += take;
		have.length -= take;
		want.offset += take;
		want.length -= take;
	}
}

static int
fill_streams(const struct side *shipped, const struct side *rebuilt,
	     struct graft *graft, struct err *err)
{
	const struct view *view = shipped->file.view;
	buf_append(&graft->bytes, view->data, (size_t)view->size);
	for (size_t i = 0; i < shipped->count; i++) {
		const struct named *s = &shipped->members[i], *r = &rebuilt->members[i];
		if (by_path(s, r) != 0 ||
		    !entries_agree(shipped, s->index, rebuilt, r->index)) {
			char *shown = text_shown_n(s->path.data, s->path.size);
			err_set(err, ERR_INPUT,
				"stream '%s' is not there as it is in the shipped "
				"file, by name, size, class or times",
				shown);
			free(shown);
			return -1;
		}
		if (shipped->file.entries[s->index].type == ENTRY_STREAM)
			fill_stream(shipped, s->index, rebuilt, r->index,
				    &graft->bytes);
	}
	return 0;
}

static int
move_signature(const struct side *shipped, const struct side *rebuilt,
	       struct graft *graft, struct err *err)
{
	if (rebuilt->signatures > 0)
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has a signature of its own");
	if (!headers_agree(shipped, rebuilt) || !entries_agree(shipped, 0, rebuilt, 0))
		return err_set(err, ERR_INPUT,
			       "the header or the root's class and times differ");
	if (shipped->count != rebuilt->count)
		return err_set(err, ERR_INPUT,
			       "the shipped file has %zu streams and storages beside "
			       "the signature, the rebuilt one %zu",
			       shipped->count, rebuilt->count);
	if (check_layout(&shipped->file, err) == -1)
		return err_at(err, "in the shipped file");
	if (check_layout(&rebuilt->file, err) == -1)
		return err_at(err, "in the rebuilt file");
	if (fill_streams(shipped, rebuilt, graft, err) == -1)
		return -1;
	strings_addf(&graft->steps,
		     "DigitalSignature, MsiDigitalSignatureEx: %zu bytes of %zu "
		     "streams from the shipped file",
		     shipped->signature_bytes, shipped->signatures);
	strings_addf(&graft->steps,
		     "%zu other streams and storages from the rebuilt file, where they "
		     "stand in the shipped one",
		     shipped->count);
	strings_add(&graft->steps, "directory and allocation tables as in the shipped "
				   "file: they follow from where streams stand");
	return 0;
}

enum graft_answer
compound_graft(const struct view *shipped, const struct view *rebuilt,
	       struct graft *graft, struct err *err)
{
	struct side from = {0}, to = {0};
	enum graft_answer answer = GRAFT_FAILED;
	*graft = (struct graft){0};
	bool readable = side_open(&from, shipped, err) == 0;
	if (from.signatures == 0)
		answer = GRAFT_NONE;
	else if (!readable)
		err_at(err, "in the shipped file");
	else if (side_open(&to, rebuilt, err) == -1)
		err_at(err, "in the rebuilt file");
	else if (move_signature(&from, &to, graft, err) == 0)
		answer = GRAFT_DONE;
	if (answer == GRAFT_FAILED)
		graft_free(graft);
	side_close(&from);
	side_close(&to);
	return answer;
}
