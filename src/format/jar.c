/*
 * Java archives: how their signature is moved. jarsigner copies the entries of what it
 * signs, as java.util.zip writes them, behind its own:
 *
 *	META-INF/MANIFEST.MF with digests  META-INF/NAME.SF  META-INF/NAME.RSA  entries
 *
 * The manifest is taken from the shipped file when it is the rebuilt one but for
 * digests that are those of the rebuilt entries. An archive that another program wrote
 * is compressed anew by jarsigner, and then differs from what a graft can make.
 */
#include "format/zip_private.h"

#define DIGITS_MOST (HASH_MOST * 4 / 3 + 4)

struct moving {
	struct zip shipped, rebuilt;
	const struct zip_entry **theirs, **ours; /* by local offset: shipped, rebuilt */
	const struct zip_entry *manifest, *old_manifest;
	size_t signatures;
	const struct zip_entry *
	    *source;       /* of each shipped entry: the rebuilt one, or */
	uint64_t *offsets; /* NULL for itself; and where it is put */
	size_t *by_name;   /* rebuilt entries */
	struct graft *graft;
};

/* ---- entries ------------------------------------------------------------------- */

static struct view
name_of(const struct zip *zip, const struct zip_entry *entry)
{
	struct view name = {NULL, 0};
	view_sub(zip->view, entry->fact.name, entry->fact.name_size, &name);
	return name;
}

static bool
is_manifest(const struct view *name)
{
	static const char path[] = "META-INF/MANIFEST.MF";
	return name->size == sizeof(path) - 1 &&
	       view_has(name, 0, path, sizeof(path) - 1);
}

static bool
is_signature(const struct view *name)
{
	static const char *const ends[] = {".SF", ".RSA", ".DSA", ".EC"};
	static const char folder[] = "META-INF/";
	struct view file = view_from(name, sizeof(folder) - 1);
	uint64_t slash;
	if (!view_has(name, 0, folder, sizeof(folder) - 1) ||
	    view_find(&file, 0, "/", 1, &slash) == 0)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		size_t size = strlen(ends[i]);
		if (file.size > size &&
		    view_has(&file, file.size - size, ends[i], size))
			return true;
	}
	return false;
}

/* Do both headers say the same, as far as java.util.zip says it, and nothing else? The
 * sizes and the CRC stand in the descriptor then. */
static bool
is_written_plainly(const struct zip *zip, const struct zip_entry *entry)
{
	const struct zip_facts *fact = &entry->fact, *near = &entry->near;
	bool later = (near->flags & ZIP_DESCRIPTOR) != 0;
	struct view name = name_of(zip, entry), local = {NULL, 0};
	if (!entry->local_readable || fact->extra_size != 0 || near->extra_size != 0 ||
	    fact->comment_size != 0 || fact->method != near->method ||
	    fact->flags != near->flags || fact->time != near->time ||
	    fact->date != near->date || (fact->flags & ZIP_ENCRYPTED) != 0 ||
	    view_sub(zip->view, near->name, near->name_size, &local) == -1)
		return false;
	bool sized = near->crc == fact->crc && near->size == fact->size &&
		     near->packed == fact->packed;
	bool empty = near->crc == 0 && near->size == 0 && near->packed == 0;
	return view_equal(&name, &local) &&
	       (later ? empty && entry->descriptor_size > 0 : sized);
}

/* ---- the manifest --------------------------------------------------------------- */

static int
compare_names(const struct zip *zip, const struct zip_entry *entry, const char *path,
	      size_t length)
{
	struct view name = name_of(zip, entry);
	size_t common = name.size < length ? (size_t)name.size : length;
	int order = common > 0 ? memcmp(name.data, path, common) : 0;
	return order != 0 ? order : (name.size > length) - (name.size < length);
}

static int
by_name(const void *a, const void *b, void *context)
{
	const struct zip *zip = context;
	struct view name = name_of(zip, &zip->entries[*(const size_t *)b]);
	return compare_names(zip, &zip->entries[*(const size_t *)a],
			     (const char *)name.data, (size_t)name.size);
}

static const struct zip_entry *
find_rebuilt(const struct moving *moving, const char *path)
{
	size_t from = 0, to = moving->rebuilt.count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct zip_entry *entry =
		    &moving->rebuilt.entries[moving->by_name[middle]];
		int order = compare_names(&moving->rebuilt, entry, path, strlen(path));
		if (order == 0)
			return entry;
		if (order > 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

/* RFC 4648, 4 */
static void
encode(const uint8_t *bytes, size_t size, char out[DIGITS_MOST + 1])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t at = 0;
	for (size_t i = 0; i < size; i += 3) {
		uint32_t group = (uint32_t)bytes[i] << 16;
		group |= i + 1 < size ? (uint32_t)bytes[i + 1] << 8 : 0;
		group |= i + 2 < size ? bytes[i + 2] : 0;
		for (size_t k = 0; k < 4; k++)
			out[at++] =
			    i + k <= size ? digits[group >> (18 - 6 * k) & 0x3f] : '=';
	}
	out[at] = '\0';
}

/* Is that the digest of the rebuilt entry? */
static bool
digest_holds(void *context, const char *member, const char *algorithm,
	     const char *base64)
{
	static const struct {
		const char *name, *ours;
	} names[] = {{"SHA-256", "SHA256"}, {"SHA-384", "SHA384"},
		     {"SHA-512", "SHA512"}, {"SHA1", "SHA1"},
		     {"SHA-1", "SHA1"},     {"MD5", "MD5"}};
	struct moving *moving = context;
	const struct zip_entry *entry = find_rebuilt(moving, member);
	uint8_t digest[HASH_MOST];
	char text[DIGITS_MOST + 1];
	struct buf bytes = {0};
	struct err told_as_a_digest;
	size_t size = 0;
	if (entry == NULL ||
	    zip_content(&moving->rebuilt, entry, &bytes, &told_as_a_digest) == -1) {
		buf_free(&bytes);
		return false;
	}
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strcmp(names[i].name, algorithm) == 0)
			size = hash_of(names[i].ours, bytes.data, bytes.size, digest);
	}
	buf_free(&bytes);
	encode(digest, size, text);
	return size > 0 && strcmp(text, base64) == 0;
}

/* Is the shipped manifest the rebuilt one with digests of the rebuilt entries? */
static int
check_manifest(struct moving *moving, struct err *err)
{
	struct buf shipped = {0}, rebuilt = {0}, stripped = {0};
	int result = -1;
	if (moving->manifest == NULL || moving->old_manifest == NULL)
		return err_set(err, ERR_INPUT, "there is no manifest on both sides");
	if (zip_content(&moving->shipped, moving->manifest, &shipped, err) == 0 &&
	    zip_content(&moving->rebuilt, moving->old_manifest, &rebuilt, err) == 0) {
		struct view text = view_of_buf(&shipped), old = view_of_buf(&rebuilt);
		result =
		    jar_manifest_strip(&text, digest_holds, moving, &stripped, err);
		struct view left = view_of_buf(&stripped);
		if (result == 0 && !view_equal(&left, &old))
			result = err_set(err, ERR_INPUT,
					 "the manifests differ in more than digests");
	}
	buf_free(&shipped);
	buf_free(&rebuilt);
	buf_free(&stripped);
	return result;
}

/* ---- the graft --------------------------------------------------------------------
 */

/* Is it what a file of a signature holds: text, or one element of DER? */
static bool
is_signature_content(const struct view *name, const struct buf *content)
{
	static const char start[] = "Signature-Version: ";
	struct view bytes = view_of_buf(content);
	if (view_has(name, name->size - 3, ".SF", 3))
		return view_has(&bytes, 0, start, sizeof(start) - 1);
	return format_der_is_whole(&bytes);
}

/* Take an entry out of the shipped file, as it stands. */
static int
take_shipped(struct moving *moving, const struct zip_entry *entry, struct err *err)
{
	struct buf content = {0};
	struct buf *out = &moving->graft->bytes;
	struct view name = name_of(&moving->shipped, entry);
	if (!is_written_plainly(&moving->shipped, entry) ||
	    zip_content(&moving->shipped, entry, &content, err) == -1 ||
	    (entry != moving->manifest && !is_signature_content(&name, &content))) {
		buf_free(&content);
		return err_set(err, ERR_INPUT,
			       "the entry at offset %ju is not one that jarsigner "
			       "writes",
			       (uintmax_t)entry->local);
	}
	moving->offsets[entry - moving->shipped.entries] = out->size;
	zip_copy(out, moving->shipped.view, entry->local, entry->end);
	char *shown = text_shown_n(name.data, (size_t)name.size);
	strings_addf(&moving->graft->steps, "%s: %ju bytes from the shipped file",
		     shown, (uintmax_t)(entry->end - entry->local));
	free(shown);
	buf_free(&content);
	return 0;
}

/* The entries in the shipped file's order: its own ones, and the rebuilt ones in
 * theirs. */
static int
copy_entries(struct moving *moving, struct err *err)
{
	size_t next = 0;
	for (size_t i = 0; i < moving->shipped.count; i++) {
		const struct zip_entry *entry = moving->theirs[i];
		size_t number = (size_t)(entry - moving->shipped.entries);
		struct view name = name_of(&moving->shipped, entry), ours;
		if (is_manifest(&name) || is_signature(&name)) {
			if (take_shipped(moving, entry, err) == -1)
				return -1;
			continue;
		}
		if (next < moving->rebuilt.count &&
		    moving->ours[next] == moving->old_manifest)
			next++;
		ours = next < moving->rebuilt.count
			   ? name_of(&moving->rebuilt, moving->ours[next])
			   : (struct view){NULL, 0};
		if (next == moving->rebuilt.count || !view_equal(&name, &ours))
			return err_set(err, ERR_INPUT,
				       "the entries are not the same, or in another "
				       "order, from offset %ju on",
				       (uintmax_t)entry->local);
		moving->source[number] = moving->ours[next++];
		moving->offsets[number] = moving->graft->bytes.size;
		zip_copy(&moving->graft->bytes, moving->rebuilt.view,
			 moving->source[number]->local, moving->source[number]->end);
	}
	if (next < moving->rebuilt.count && moving->ours[next] == moving->old_manifest)
		next++;
	return next == moving->rebuilt.count
		   ? 0
		   : err_set(
			 err, ERR_INPUT,
			 "the rebuilt file has entries that the shipped one has not");
}

static void
copy_directory(struct moving *moving)
{
	struct buf *out = &moving->graft->bytes;
	size_t start = out->size;
	for (size_t i = 0; i < moving->shipped.count; i++) {
		if (moving->source[i] != NULL)
			zip_copy_central(out, moving->rebuilt.view, moving->source[i],
					 moving->offsets[i]);
		else
			zip_copy_central(out, moving->shipped.view,
					 &moving->shipped.entries[i],
					 moving->offsets[i]);
	}
	zip_copy_end(out, &moving->rebuilt, start, moving->shipped.count);
	strings_add(&moving->graft->steps,
		    "the manifest's digests recomputed from the rebuilt entries");
	strings_add(&moving->graft->steps,
		    "order, offsets and counts of the directory recomputed");
}

/* The manifest and the signatures of an archive; -1 when a name of theirs is there
 * twice. */
static int
find_special(const struct zip *zip, const struct zip_entry **manifest, size_t *count)
{
	*manifest = NULL;
	*count = 0;
	for (size_t i = 0; i < zip->count; i++) {
		struct view name = name_of(zip, &zip->entries[i]);
		if (is_manifest(&name) && *manifest != NULL)
			return -1;
		if (is_manifest(&name))
			*manifest = &zip->entries[i];
		*count += is_signature(&name);
	}
	return 0;
}

static int
move_signature(struct moving *moving, struct err *err)
{
	uint64_t end;
	size_t own;
	struct zip *rebuilt = &moving->rebuilt, *shipped = &moving->shipped;
	moving->ours = zip_sorted(rebuilt);
	moving->theirs = zip_sorted(shipped);
	moving->source = base_alloc(shipped->count + 1, sizeof(*moving->source));
	moving->offsets = base_alloc(shipped->count + 1, sizeof(*moving->offsets));
	moving->by_name = base_alloc(rebuilt->count + 1, sizeof(*moving->by_name));
	for (size_t i = 0; i < rebuilt->count; i++)
		moving->by_name[i] = i;
	qsort_r(moving->by_name, rebuilt->count, sizeof(*moving->by_name), by_name,
		rebuilt);
	if (zip_check_plain(shipped, moving->theirs, &end, err) == -1)
		return err_at(err, "in the shipped file");
	if (end != shipped->directory)
		return err_set(err, ERR_INPUT,
			       "bytes between the shipped file's entries and its "
			       "directory");
	if (zip_check_plain(rebuilt, moving->ours, &end, err) == -1)
		return err_at(err, "in the rebuilt file");
	if (find_special(rebuilt, &moving->old_manifest, &own) == -1 || own > 0)
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has a signature of its own");
	if (check_manifest(moving, err) == -1 || copy_entries(moving, err) == -1)
		return -1;
	copy_directory(moving);
	return 0;
}

static void
moving_free(struct moving *moving)
{
	zip_close(&moving->shipped);
	zip_close(&moving->rebuilt);
	free(moving->ours);
	free(moving->theirs);
	free(moving->source);
	free(moving->offsets);
	free(moving->by_name);
}

enum graft_answer
jar_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct moving moving = {.graft = graft};
	enum graft_answer answer = GRAFT_FAILED;
	*graft = (struct graft){0};
	if (zip_open(&moving.shipped, shipped, err) == 0) {
		if (find_special(&moving.shipped, &moving.manifest,
				 &moving.signatures) == -1)
			err_set(err, ERR_INPUT, "the shipped file has two manifests");
		else if (moving.signatures == 0)
			answer = GRAFT_NONE;
		else if (zip_open(&moving.rebuilt, rebuilt, err) == 0 &&
			 move_signature(&moving, err) == 0)
			answer = GRAFT_DONE;
	}
	if (answer == GRAFT_FAILED)
		graft_free(graft);
	moving_free(&moving);
	return answer;
}
