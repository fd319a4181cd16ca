/*
 * Android packages: what a zip has not, the signing block ("APK Signature Scheme v2",
 * source.android.com), and how it is moved.
 *
 *	entries [ zeros ]  size (8), pairs, size (8), "APK Sig Block 42"  directory  end
 *	a pair: size (8), id (4), value
 *
 * apksigner copies the entries of what it signs, aligned by an extra field 0xd935 where
 * they are not yet, adds those of the JAR signature (v1) behind them, fills up to a
 * page, and corrects the offsets in the directory and its end.
 */
#include "format/zip_private.h"

enum {
	PAGE = 4096,
	BLOCK_TAIL = 24, /* the second size and the magic */
	PAIRS_MOST = 64,
	ID_PADDING = 0x42726577,
};

static const struct {
	uint32_t id;
	const char *name;
} ids[] = {
    {0x7109871a, "APK signature v2"},    {0xf05368c0, "APK signature v3"},
    {0x1b93ad61, "APK signature v3.1"},  {0x6dff800d, "APK source stamp"},
    {0x2b09189e, "APK source stamp v1"}, {ID_PADDING, "APK signing block padding"},
};

struct pair {
	uint64_t start, value, end;
	const char *name; /* NULL: what stands in it is nobody's signature */
};

/* The pair at an offset; -1 at the end or when it is malformed. */
static int
pair_read(const struct view *view, uint64_t at, uint64_t end, struct pair *pair)
{
	uint64_t size;
	uint32_t id;
	struct view value;
	if (at + 12 > end || view_u64le(view, at, &size) == -1 ||
	    view_u32le(view, at + 8, &id) == -1 || size < 4 || size > end - at - 8)
		return -1;
	*pair = (struct pair){at, at + 12, at + 8 + size, NULL};
	for (size_t i = 0; i < ARRAY_COUNT(ids); i++) {
		if (ids[i].id == id)
			pair->name = ids[i].name;
	}
	if (id == ID_PADDING &&
	    (view_sub(view, at + 12, size - 4, &value) == -1 || !view_is_zero(&value)))
		pair->name = NULL;
	return 0;
}

int
apk_map(const struct view *view, struct map *map, struct err *err)
{
	struct zip zip;
	struct err unused;
	struct pair pair;
	uint64_t block;
	if (zip_open(&zip, view, &unused) == 0 && zip_apk_block(&zip, &block)) {
		uint64_t at = block + 8, end = zip.directory - BLOCK_TAIL;
		for (int i = 0; i < PAIRS_MOST && pair_read(view, at, end, &pair) == 0;
		     i++, at = pair.end)
			map_add(map, pair.value, pair.end - pair.value,
				pair.name != NULL ? EXTENT_SIGNATURE : EXTENT_CONTENT,
				EXTENT_NO_MEMBER,
				pair.name != NULL ? pair.name
						  : "APK signing block, unknown pair",
				NULL);
	}
	zip_close(&zip);
	return format_zip.map(view, map, err);
}

/* ---- the graft ------------------------------------------------------- */

struct moving {
	struct zip shipped, rebuilt;
	const struct zip_entry **ours, **theirs; /* by local offset: rebuilt, shipped */
	uint64_t block;                          /* of the shipped file */
	uint64_t *offsets; /* of the rebuilt entries in the result */
	uint64_t *added;   /* of the shipped ones that are added */
	size_t aligned;
	struct graft *graft;
};

/* Is the signing block nothing but signatures? */
static int
check_block(const struct moving *moving, struct err *err)
{
	const struct zip *zip = &moving->shipped;
	uint64_t at = moving->block + 8, end = zip->directory - BLOCK_TAIL;
	struct pair pair;
	for (int i = 0; i < PAIRS_MOST && at < end; i++, at = pair.end) {
		if (pair_read(zip->view, at, end, &pair) == -1)
			break;
		if (pair.name == NULL)
			return err_set(err, ERR_UNSUPPORTED,
				       "the signing block holds a pair at offset %ju "
				       "that is no signature",
				       (uintmax_t)at);
	}
	return at == end ? 0
			 : err_set(err, ERR_INPUT,
				   "the signing block is malformed at offset %ju",
				   (uintmax_t)at);
}

static bool
names_equal(const struct moving *moving, const struct zip_entry *ours,
	    const struct zip_entry *theirs)
{
	struct view one, other;
	return view_sub(moving->rebuilt.view, ours->fact.name, ours->fact.name_size,
			&one) == 0 &&
	       view_sub(moving->shipped.view, theirs->fact.name, theirs->fact.name_size,
			&other) == 0 &&
	       view_equal(&one, &other);
}

/* A file of a JAR signature: META-INF/MANIFEST.MF, or NAME.SF, .RSA, .DSA, .EC. */
static bool
is_v1_file(const struct view *view, const struct zip_entry *entry)
{
	static const char *const ends[] = {".SF", ".RSA", ".DSA", ".EC"};
	static const char folder[] = "META-INF/";
	struct view name, file;
	uint64_t slash;
	if (view_sub(view, entry->fact.name, entry->fact.name_size, &name) == -1 ||
	    !view_has(&name, 0, folder, sizeof(folder) - 1))
		return false;
	file = view_from(&name, sizeof(folder) - 1);
	if (view_find(&file, 0, "/", 1, &slash) == 0)
		return false;
	if (file.size == 11 && view_has(&file, 0, "MANIFEST.MF", 11))
		return true;
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		size_t size = strlen(ends[i]);
		if (file.size > size &&
		    view_has(&file, file.size - size, ends[i], size))
			return true;
	}
	return false;
}

/* Are the zeros no more than what brings the content to a multiple of the alignment? */
static bool
is_alignment(const struct view *field, uint64_t content)
{
	uint16_t size = 0, alignment = 0;
	struct view zeros = view_from(field, 6); /* id, size, alignment */
	return view_has(field, 0, "\x35\xd9", 2) && view_u16le(field, 2, &size) == 0 &&
	       view_u16le(field, 4, &alignment) == 0 && size == field->size - 4 &&
	       alignment >= 4 && (alignment & (alignment - 1)) == 0 &&
	       content % alignment == 0 && zeros.size < alignment &&
	       view_is_zero(&zeros);
}

/* Is it what our extra bytes become when their zeros make room for alignment? */
static bool
is_aligned_extra(const struct view *ours, const struct view *theirs, uint64_t content)
{
	uint64_t kept = ours->size;
	while (kept > 0 && ours->data[kept - 1] == 0)
		kept--;
	if (theirs->size < kept + 6 ||
	    (kept > 0 && !view_has(theirs, 0, ours->data, (size_t)kept)))
		return false;
	struct view field = view_from(theirs, kept);
	return is_alignment(&field, content);
}

/* One rebuilt entry, its extra bytes aligned as the shipped one's are. */
static void
copy_entry(struct moving *moving, const struct zip_entry *ours,
	   const struct zip_entry *theirs)
{
	struct buf *out = &moving->graft->bytes;
	const struct view *view = moving->rebuilt.view;
	size_t start = out->size;
	struct view extra = {NULL, 0}, aligned = {NULL, 0};
	view_sub(view, ours->near.extra, ours->near.extra_size, &extra);
	view_sub(moving->shipped.view, theirs->near.extra, theirs->near.extra_size,
		 &aligned);
	moving->offsets[ours - moving->rebuilt.entries] = start;
	if (!is_aligned_extra(&extra, &aligned, theirs->content)) {
		zip_copy(out, view, ours->local, ours->end);
		return;
	}
	zip_copy(out, view, ours->local, ours->near.extra);
	buf_append(out, aligned.data, (size_t)aligned.size);
	zip_copy(out, view, ours->content, ours->end);
	zip_put(out, start + 28, aligned.size, 2);
	moving->aligned++;
}

static int
copy_entries(struct moving *moving, struct err *err)
{
	struct buf *out = &moving->graft->bytes;
	const struct view *shipped = moving->shipped.view;
	for (size_t i = 0; i < moving->shipped.count; i++) {
		const struct zip_entry *theirs = moving->theirs[i];
		if (i < moving->rebuilt.count) {
			if (!names_equal(moving, moving->ours[i], theirs))
				return err_set(err, ERR_INPUT,
					       "the entries are not the same, or in "
					       "another order, from offset %ju on",
					       (uintmax_t)theirs->local);
			copy_entry(moving, moving->ours[i], theirs);
			continue;
		}
		if (!is_v1_file(shipped, theirs))
			return err_set(err, ERR_INPUT,
				       "the shipped file has an entry at offset %ju "
				       "that is no signature's",
				       (uintmax_t)theirs->local);
		moving->added[theirs - moving->shipped.entries] = out->size;
		zip_copy(out, shipped, theirs->local, theirs->end);
		char *name = text_shown_n(shipped->data + theirs->fact.name,
					  theirs->fact.name_size);
		strings_addf(&moving->graft->steps,
			     "%s: %ju bytes from the shipped file", name,
			     (uintmax_t)(theirs->end - theirs->local));
		free(name);
	}
	return 0;
}

/* The rebuilt directory with the added entries behind it, and its end. */
static void
copy_directory(struct moving *moving)
{
	struct buf *out = &moving->graft->bytes;
	const struct zip *rebuilt = &moving->rebuilt, *shipped = &moving->shipped;
	size_t start = out->size;
	for (size_t i = 0; i < rebuilt->count; i++)
		zip_copy_central(out, rebuilt->view, &rebuilt->entries[i],
				 moving->offsets[i]);
	for (size_t i = 0; i < shipped->count; i++) {
		if (moving->added[i] != UINT64_MAX)
			zip_copy_central(out, shipped->view, &shipped->entries[i],
					 moving->added[i]);
	}
	zip_copy_end(out, rebuilt, start, shipped->count);
}

static int
assemble(struct moving *moving, uint64_t entries_end, struct err *err)
{
	struct buf *out = &moving->graft->bytes;
	struct strings *steps = &moving->graft->steps;
	struct view fill;
	const struct view *shipped = moving->shipped.view;
	if (view_sub(shipped, entries_end, moving->block - entries_end, &fill) == -1 ||
	    fill.size >= PAGE || !view_is_zero(&fill))
		return err_set(err, ERR_INPUT,
			       "bytes between the entries and the signing block");
	if (copy_entries(moving, err) == -1)
		return -1;
	if (moving->aligned > 0)
		strings_addf(steps,
			     "alignment of %zu entries: extra field 0xd935 as in the "
			     "shipped file",
			     moving->aligned);
	buf_zeros(out, (size_t)fill.size);
	zip_copy(out, shipped, moving->block, moving->shipped.directory);
	strings_addf(steps, "APK signing block: %ju bytes from the shipped file",
		     (uintmax_t)(moving->shipped.directory - moving->block));
	copy_directory(moving);
	strings_add(steps, "offsets and counts of the directory recomputed");
	return 0;
}

static int
move_signature(struct moving *moving, struct err *err)
{
	uint64_t end, unused;
	moving->ours = zip_sorted(&moving->rebuilt);
	moving->theirs = zip_sorted(&moving->shipped);
	moving->offsets = base_alloc(moving->rebuilt.count + 1, sizeof(uint64_t));
	moving->added = base_alloc(moving->shipped.count + 1, sizeof(uint64_t));
	memset(moving->added, 0xff, (moving->shipped.count + 1) * sizeof(uint64_t));
	if (zip_check_plain(&moving->shipped, moving->theirs, &end, err) == -1 ||
	    check_block(moving, err) == -1)
		return err_at(err, "in the shipped file");
	if (zip_check_plain(&moving->rebuilt, moving->ours, &unused, err) == -1)
		return err_at(err, "in the rebuilt file");
	if (moving->shipped.count < moving->rebuilt.count)
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has entries that the shipped one has "
			       "not");
	return assemble(moving, end, err);
}

enum graft_answer
apk_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct moving moving = {.graft = graft};
	enum graft_answer answer = GRAFT_NONE;
	struct err failure = {0};
	*graft = (struct graft){0};
	bool readable = zip_open(&moving.shipped, shipped, &failure) == 0;
	if (readable && zip_apk_block(&moving.shipped, &moving.block)) {
		answer = GRAFT_FAILED;
		if (zip_open(&moving.rebuilt, rebuilt, err) == 0 &&
		    move_signature(&moving, err) == 0)
			answer = GRAFT_DONE;
		else
			graft_free(graft);
		zip_close(&moving.rebuilt);
	} else if (!readable) {
		*err = failure;
		answer = GRAFT_FAILED;
	}
	zip_close(&moving.shipped);
	free(moving.ours);
	free(moving.theirs);
	free(moving.offsets);
	free(moving.added);
	return answer;
}
