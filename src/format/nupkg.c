/*
 * NuGet packages ("Package Signatures Technical Details"): a zip whose last entry,
 * ".signature.p7s", is a signature of all the rest, as if neither the entry nor its
 * header in the directory were there.
 *
 *	entries  .signature.p7s  central headers  its central header  end record
 *
 * The entry signs itself in nothing, so it may hold nothing but the signature: stored,
 * with headers that say the same, no extra fields and no comment.
 */
#include "format/zip_private.h"

#include <zlib.h>

enum { LOCAL_OFFSET = 42 /* in a central header */ };

static bool
is_signature(const struct zip *zip, const struct zip_entry *entry)
{
	static const char name[] = ".signature.p7s";
	return entry->fact.name_size == sizeof(name) - 1 &&
	       view_has(zip->view, entry->fact.name, name, sizeof(name) - 1);
}

/* Do both headers say the same, and nothing beside it? */
static bool
is_stored_plainly(const struct zip *zip, const struct zip_entry *entry)
{
	const struct zip_facts *fact = &entry->fact, *near = &entry->near;
	struct view content, name, local_name;
	if (fact->size == 0 || fact->flags != 0 || near->flags != 0 ||
	    fact->method != ZIP_STORED || near->method != ZIP_STORED ||
	    fact->extra_size != 0 || near->extra_size != 0 || fact->comment_size != 0 ||
	    fact->packed != fact->size || near->packed != fact->size ||
	    near->size != fact->size || near->crc != fact->crc ||
	    near->time != fact->time || near->date != fact->date ||
	    view_sub(zip->view, fact->name, fact->name_size, &name) == -1 ||
	    view_sub(zip->view, near->name, near->name_size, &local_name) == -1 ||
	    !view_equal(&name, &local_name) || fact->size > UINT32_MAX ||
	    view_sub(zip->view, entry->content, fact->size, &content) == -1)
		return false;
	return crc32(crc32(0, NULL, 0), content.data, (uInt)content.size) == fact->crc;
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
	return zip->prefix == 0 && zip->locator == 0 && zip->count < UINT16_MAX &&
	       zip->count == zip->stated && zip->directory_end == zip->end &&
	       zip->directory + zip->directory_size == zip->end &&
	       zip->end + zip->end_size == zip->view->size;
}

/* The entry of the signature, NULL when there is none, and in *fault what is wrong with
 * it: NULL when it is as NuGet writes it. */
static const struct zip_entry *
find_signature(const struct zip *zip, const char **fault)
{
	const struct zip_entry *found = NULL;
	*fault = NULL;
	for (size_t i = 0; i < zip->count; i++) {
		if (!is_signature(zip, &zip->entries[i]))
			continue;
		if (found != NULL)
			*fault = "NuGet signature beside another one";
		found = &zip->entries[i];
	}
	if (found == NULL || *fault != NULL)
		return found;
	if (!is_plain(zip))
		*fault = "NuGet signature in no plain zip archive";
	else if (!found->local_readable || !is_stored_plainly(zip, found))
		*fault = "NuGet signature that is not stored plainly";
	else if (!is_last(zip, found))
		*fault = "NuGet signature that is not the last entry";
	return found;
}

int
nupkg_map(const struct view *view, struct map *map, struct err *err)
{
	struct zip zip;
	struct err unused;
	const char *fault = NULL;
	const struct zip_entry *entry = NULL;
	if (zip_open(&zip, view, &unused) == 0)
		entry = find_signature(&zip, &fault);
	if (entry != NULL) {
		uint32_t member = (uint32_t)(entry - zip.entries);
		const struct zip_facts *fact = &entry->fact;
		if (fault == NULL) {
			map_add(map, entry->local, entry->content - entry->local,
				EXTENT_SIGNATURE, member, "NuGet signature header",
				NULL);
			map_add(map, entry->central, fact->end - entry->central,
				EXTENT_SIGNATURE, member,
				"NuGet signature in the directory", NULL);
		}
		map_add(map, entry->content, fact->packed,
			fault == NULL ? EXTENT_SIGNATURE : EXTENT_CONTENT, member,
			fault == NULL ? "NuGet signature" : fault, NULL);
	}
	zip_close(&zip);
	return format_zip.map(view, map, err);
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
	if (find_signature(rebuilt, &fault) != NULL)
		return err_set(err, ERR_INPUT,
			       "the rebuilt file has a signature of its own");
	if (!is_plain(rebuilt) || rebuilt->view->size > UINT32_MAX)
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
		entry = find_signature(&from, &fault);
	if (entry != NULL && fault != NULL) {
		err_set(err, ERR_INPUT, "the shipped file has a %s", fault);
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
