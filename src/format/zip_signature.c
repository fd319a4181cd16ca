/*
 * Packages that are signed by an entry of their own, as if neither it nor its header in
 * the directory were there: NuGet's ("Package Signatures Technical Details") and
 * Windows' (.appx, .msix; [MS-APPXPKG] is silent, so as signtool and osslsigncode do).
 *
 *	entries  the signature's  central headers  its own  end records
 *
 * The entry is signed by nothing, so it may hold nothing but the signature: its two
 * headers say the same, without extra fields and a comment.
 */
#include "format/zip_private.h"

#include <zlib.h>

enum {
	LOCAL_OFFSET = 42, /* in a central header */
	LOCATOR_SIZE = 20,
	END64_SIZE = 56,
	STEP = 65536,
};

/* How a kind of package holds its signature. */
struct holder {
	const char *entry;
	const char *title; /* of its extents */
	bool stored;       /* and in no zip64 archive */
};

static const struct holder nuget = {".signature.p7s", "NuGet signature", true};
static const struct holder windows = {"AppxSignature.p7x", "APPX signature", false};

static bool
is_signature(const struct zip *zip, const struct zip_entry *entry,
	     const struct holder *holder)
{
	size_t size = strlen(holder->entry);
	return entry->fact.name_size == size &&
	       view_has(zip->view, entry->fact.name, holder->entry, size);
}

/* Do all the packed bytes inflate to just what the headers say? */
static bool
inflates(const struct view *packed, const struct zip_facts *fact)
{
	uint8_t *out = base_alloc(1, STEP);
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed->data,
			   .avail_in = (uInt)packed->size};
	uint64_t size = 0;
	uLong crc = crc32(0, NULL, 0);
	int status = inflateInit2(&stream, -MAX_WBITS);
	while (status == Z_OK && size <= fact->size) {
		stream.next_out = out;
		stream.avail_out = STEP;
		status = inflate(&stream, Z_NO_FLUSH);
		crc = crc32(crc, out, STEP - stream.avail_out);
		size += STEP - stream.avail_out;
	}
	bool fine = status == Z_STREAM_END && stream.avail_in == 0 &&
		    size == fact->size && crc == fact->crc;
	inflateEnd(&stream);
	free(out);
	return fine;
}

static bool
content_fits(const struct zip *zip, const struct zip_entry *entry)
{
	const struct zip_facts *fact = &entry->fact;
	struct view packed;
	if (fact->size == 0 || fact->packed > UINT32_MAX ||
	    view_sub(zip->view, entry->content, fact->packed, &packed) == -1)
		return false;
	if (fact->method == ZIP_DEFLATED)
		return inflates(&packed, fact);
	return fact->method == ZIP_STORED && fact->packed == fact->size &&
	       crc32(crc32(0, NULL, 0), packed.data, (uInt)packed.size) == fact->crc;
}

/* Do both headers say the same, and nothing beside it? */
static bool
is_held_plainly(const struct zip *zip, const struct zip_entry *entry)
{
	const struct zip_facts *fact = &entry->fact, *near = &entry->near;
	struct view name, local_name;
	bool later = entry->descriptor_size > 0 && fact->flags == ZIP_DESCRIPTOR;
	return entry->local_readable && (fact->flags == 0 || later) &&
	       near->flags == fact->flags && near->method == fact->method &&
	       fact->extra_size == 0 && near->extra_size == 0 &&
	       fact->comment_size == 0 && near->time == fact->time &&
	       near->date == fact->date &&
	       ((later && near->packed == 0 && near->size == 0 && near->crc == 0) ||
		(near->packed == fact->packed && near->size == fact->size &&
		 near->crc == fact->crc)) &&
	       view_sub(zip->view, fact->name, fact->name_size, &name) == 0 &&
	       view_sub(zip->view, near->name, near->name_size, &local_name) == 0 &&
	       view_equal(&name, &local_name) && content_fits(zip, entry);
}

/* Does it stand behind all other entries, right before the directory? What it overlaps
 * would be taken for the signature, and so be signed by nobody. */
static bool
is_last(const struct zip *zip, const struct zip_entry *entry)
{
	for (size_t i = 0; i < zip->count; i++) {
		const struct zip_entry *other = &zip->entries[i];
		if (other != entry &&
		    (!other->local_readable || other->end > entry->local))
			return false;
	}
	return entry == &zip->entries[zip->count - 1] && entry->end == zip->directory;
}

/* A directory that ends the file and that every program finds in the same place. */
static bool
is_plain(const struct zip *zip)
{
	bool zip64 = zip->locator != 0;
	return zip->prefix == 0 && zip->count < UINT16_MAX &&
	       zip->count == zip->stated &&
	       zip->directory_end == (zip64 ? zip->end64 : zip->end) &&
	       (!zip64 || (zip->end64_size == END64_SIZE &&
			   zip->end64 + END64_SIZE == zip->locator &&
			   zip->locator + LOCATOR_SIZE == zip->end)) &&
	       zip->directory + zip->directory_size == zip->directory_end &&
	       zip->end + zip->end_size == zip->view->size;
}

/* The entry of the signature, NULL when there is none, and in *fault what is wrong with
 * it: NULL when it is as signers write it. */
static const struct zip_entry *
find_signature(const struct zip *zip, const struct holder *holder, const char **fault)
{
	const struct zip_entry *found = NULL;
	*fault = NULL;
	for (size_t i = 0; i < zip->count; i++) {
		if (!is_signature(zip, &zip->entries[i], holder))
			continue;
		if (found != NULL)
			*fault = "beside another one";
		found = &zip->entries[i];
	}
	if (found == NULL || *fault != NULL)
		return found;
	if (!is_plain(zip) || (holder->stored && zip->locator != 0))
		*fault = "in no plain zip archive";
	else if (!is_held_plainly(zip, found) ||
		 (holder->stored &&
		  (found->fact.method != ZIP_STORED || found->descriptor_size != 0)))
		*fault = "that is not stored plainly";
	else if (!is_last(zip, found))
		*fault = "that is not the last entry";
	return found;
}

static void
add_part(struct map *map, uint64_t from, uint64_t to, enum extent_tag tag,
	 uint32_t member, const char *title, const char *what)
{
	char *name = base_format("%s%s%s", title, *what != '\0' ? " " : "", what);
	map_add(map, from, to - from, tag, member, name, NULL);
	free(name);
}

static int
map_package(const struct view *view, const struct holder *holder, struct map *map,
	    struct err *err)
{
	struct zip zip;
	struct err unused;
	const char *fault = NULL;
	const struct zip_entry *entry = NULL;
	if (zip_open(&zip, view, &unused) == 0)
		entry = find_signature(&zip, holder, &fault);
	if (entry != NULL) {
		uint32_t member = (uint32_t)(entry - zip.entries);
		uint64_t content = entry->content, end = content + entry->fact.packed;
		bool sound = fault == NULL;
		add_part(map, content, end, sound ? EXTENT_SIGNATURE : EXTENT_CONTENT,
			 member, holder->title, sound ? "" : fault);
		if (sound) {
			add_part(map, entry->local, content, EXTENT_SIGNATURE, member,
				 holder->title, "header");
			add_part(map, end, entry->end, EXTENT_SIGNATURE, member,
				 holder->title, "descriptor");
			add_part(map, entry->central, entry->fact.end, EXTENT_SIGNATURE,
				 member, holder->title, "in the directory");
		}
	}
	zip_close(&zip);
	return format_zip.map(view, map, err);
}

int
nupkg_map(const struct view *view, struct map *map, struct err *err)
{
	return map_package(view, &nuget, map, err);
}

int
msix_map(const struct view *view, struct map *map, struct err *err)
{
	return map_package(view, &windows, map, err);
}

/* ---- the graft ------------------------------------------------------- */

static void
put_number(struct buf *out, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out->data[at + i] = (char)(value >> (8 * i) & 0xff);
}

static void
copy(struct buf *out, const struct view *view, uint64_t from, uint64_t to)
{
	struct view part;
	if (to > from && view_sub(view, from, to - from, &part) == 0)
		buf_append(out, part.data, (size_t)part.size);
}

/* The rebuilt archive with the entry behind its own, and in its directory. */
static void
join(const struct zip *shipped, const struct zip_entry *entry,
     const struct zip *rebuilt, struct graft *graft)
{
	struct buf *out = &graft->bytes;
	copy(out, rebuilt->view, 0, rebuilt->directory);
	copy(out, shipped->view, entry->local, entry->end);
	size_t directory = out->size;
	copy(out, rebuilt->view, rebuilt->directory, rebuilt->end);
	size_t header = out->size;
	copy(out, shipped->view, entry->central, entry->fact.end);
	put_number(out, header + LOCAL_OFFSET, rebuilt->directory, 4);
	size_t end = out->size;
	copy(out, rebuilt->view, rebuilt->end, rebuilt->end + rebuilt->end_size);
	put_number(out, end + 8, rebuilt->count + 1, 2);
	put_number(out, end + 10, rebuilt->count + 1, 2);
	put_number(out, end + 12, end - directory, 4);
	put_number(out, end + 16, directory, 4);
	strings_addf(&graft->steps, ".signature.p7s: %ju bytes from the shipped file",
		     (uintmax_t)(entry->end - entry->local));
	strings_add(&graft->steps, "its header in the directory from the shipped file");
	strings_add(&graft->steps, "count, size and offset of the directory "
				   "recomputed");
}

static int
move_signature(const struct zip *shipped, const struct zip_entry *entry,
	       const struct zip *rebuilt, struct graft *graft, struct err *err)
{
	const char *fault = NULL;
	if (find_signature(rebuilt, &nuget, &fault) != NULL)
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has a signature of its own");
	if (!is_plain(rebuilt) || rebuilt->locator != 0 ||
	    rebuilt->view->size > UINT32_MAX)
		return err_set(err, ERR_UNSUPPORTED,
			       "the rebuilt file is no plain zip archive");
	join(shipped, entry, rebuilt, graft);
	return 0;
}

enum graft_answer
nupkg_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	    struct err *err)
{
	struct zip from, to = {0};
	const char *fault = NULL;
	const struct zip_entry *entry = NULL;
	enum graft_answer answer = GRAFT_NONE;
	*graft = (struct graft){0};
	if (zip_open(&from, shipped, err) == -1)
		answer = GRAFT_FAILED;
	else
		entry = find_signature(&from, &nuget, &fault);
	if (entry != NULL && fault != NULL) {
		err_set(err, ERR_INPUT, "the shipped file has a %s %s", nuget.title,
			fault);
		answer = GRAFT_FAILED;
	} else if (entry != NULL) {
		answer = zip_open(&to, rebuilt, err) == 0 &&
				 move_signature(&from, entry, &to, graft, err) == 0
			     ? GRAFT_DONE
			     : GRAFT_FAILED;
	}
	zip_close(&from);
	zip_close(&to);
	return answer;
}
