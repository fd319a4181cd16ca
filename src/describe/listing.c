/*
 * The lists of files with digests that Debian's stanzas hold, one for each algorithm:
 * MD5Sum, SHA1, SHA256 and SHA512 of a Release file, Files and Checksums-… of a .dsc, a
 * .changes, a .buildinfo and of Sources, and the single digests of Packages. All become
 * one row for each name, so that no reader can take one list and leave another.
 */
#include "describe/describe_private.h"

#include <stdlib.h>

#define ROWS_MOST ((size_t)1 << 18)

/* The names of the same list in the different files. */
static const struct {
	const char *names[3];
	size_t digits;
} lists[LISTING_DIGESTS] = {
    [LISTING_MD5] = {{"MD5Sum", "Files", "Checksums-Md5"}, 32},
    [LISTING_SHA1] = {{"SHA1", "Checksums-Sha1", NULL}, 40},
    [LISTING_SHA256] = {{"SHA256", "Checksums-Sha256", NULL}, 64},
    [LISTING_SHA512] = {{"SHA512", "Checksums-Sha512", NULL}, 128},
};

struct reader {
	const char *path;
	enum listing_digest digest; /* of the list that is being read */
	struct listing *listing;
	size_t room;
};

static bool
is_digest(const char *word, enum listing_digest digest)
{
	return word != NULL && strlen(word) == lists[digest].digits &&
	       strspn(word, "0123456789abcdef") == lists[digest].digits;
}

static struct listed_file *
row_add(struct reader *reader)
{
	struct listing *listing = reader->listing;
	if (listing->count == reader->room) {
		reader->room = reader->room ? reader->room * 2 : 16;
		listing->files =
		    base_realloc(listing->files, reader->room, sizeof(*listing->files));
	}
	struct listed_file *file = &listing->files[listing->count++];
	memset(file, 0, sizeof(*file));
	return file;
}

/* Archives of a single folder call their files "./NAME". */
static const char *
name_plain(const char *name)
{
	return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

/* "DIGEST SIZE NAME"; in Files of a .changes "DIGEST SIZE SECTION PRIORITY NAME". */
static int
list_line(char *line, unsigned number, void *arg, struct err *err)
{
	struct reader *reader = arg;
	const char *words[6] = {NULL};
	size_t count = 0;
	uint64_t size;
	for (char *rest = line; count < ARRAY_COUNT(words); count++) {
		words[count] = word_next(&rest);
		if (words[count] == NULL)
			break;
	}
	if ((count != 3 && (count != 5 || reader->digest != LISTING_MD5)) ||
	    !is_digest(words[0], reader->digest) ||
	    describe_parse_number(words[1], &size) == -1)
		return describe_fail(err, reader->path, number,
				     "'%s': not '<digest> <size> <name>'",
				     lists[reader->digest].names[0]);
	const char *name = name_plain(words[count - 1]);
	if (!path_is_plain(name))
		return describe_fail(err, reader->path, number,
				     "'%s': not a name below a folder", name);
	if (reader->listing->count == ROWS_MOST)
		return describe_fail(err, reader->path, number,
				     "more than %zu files are listed", ROWS_MOST);
	struct listed_file *file = row_add(reader);
	file->name = base_strdup(name);
	file->size = size;
	file->digests[reader->digest] = base_strdup(words[0]);
	return 0;
}

static int
compare_names(const void *left, const void *right)
{
	const struct listed_file *a = left, *b = right;
	return strcmp(a->name, b->name);
}

static void
file_clear(struct listed_file *file)
{
	free(file->name);
	for (size_t i = 0; i < LISTING_DIGESTS; i++)
		free(file->digests[i]);
}

/* Put what a second row of the same name says into the first one; -1 when the two say
 * something else of it. */
static int
row_join(struct listed_file *into, struct listed_file *from)
{
	bool agree = into->size == from->size;
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		if (from->digests[i] == NULL)
			continue;
		if (into->digests[i] != NULL)
			agree =
			    agree && strcmp(into->digests[i], from->digests[i]) == 0;
		else {
			into->digests[i] = from->digests[i];
			from->digests[i] = NULL;
		}
	}
	file_clear(from);
	return agree ? 0 : -1;
}

/* One row for each name; each row is freed or kept whatever is found. */
static int
rows_join(const char *path, unsigned line, struct listing *listing, struct err *err)
{
	size_t kept = 0;
	int result = 0;
	if (listing->count > 1)
		qsort(listing->files, listing->count, sizeof(*listing->files),
		      compare_names);
	for (size_t i = 0; i < listing->count; i++) {
		struct listed_file *file = &listing->files[i];
		if (kept == 0 || compare_names(&listing->files[kept - 1], file) != 0)
			listing->files[kept++] = *file;
		else if (row_join(&listing->files[kept - 1], file) == -1 && result == 0)
			result = describe_fail(err, path, line,
					       "'%s': listed twice, as two files",
					       listing->files[kept - 1].name);
	}
	listing->count = kept;
	return result;
}

/* The stanza of Packages: one file, its digests in fields of their own. */
static int
read_package(struct reader *reader, const struct stanza *stanza, struct err *err)
{
	const char *name = name_plain(stanza_value(stanza, "Filename"));
	const char *size = stanza_value(stanza, "Size");
	struct listed_file *file = row_add(reader);
	file->name = base_strdup(name);
	if (!path_is_plain(name) || size == NULL ||
	    describe_parse_number(size, &file->size) == -1)
		return describe_fail(err, reader->path, stanza->line,
				     "'%s': no plain name, or no size of it", name);
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		const char *digest = stanza_value(stanza, lists[i].names[0]);
		if (digest == NULL)
			continue;
		if (!is_digest(digest, (enum listing_digest)i))
			return describe_fail(err, reader->path, stanza->line,
					     "'%s': no such digest of '%s'",
					     lists[i].names[0], name);
		file->digests[i] = base_strdup(digest);
	}
	return 0;
}

int
listing_read(const char *path, const struct stanza *stanza, struct listing *listing,
	     struct err *err)
{
	struct reader reader = {.path = path, .listing = listing};
	int result = 0;
	*listing = (struct listing){0};
	if (stanza_value(stanza, "Filename") != NULL)
		return read_package(&reader, stanza, err);
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		reader.digest = (enum listing_digest)i;
		for (size_t k = 0; k < ARRAY_COUNT(lists[i].names) && result == 0;
		     k++) {
			const char *name = lists[i].names[k];
			const struct field *field =
			    name != NULL ? stanza_find(stanza, name) : NULL;
			if (field != NULL)
				result =
				    field_each_line(field, list_line, &reader, err);
		}
	}
	if (result == 0)
		result = rows_join(path, stanza->line, listing, err);
	return result;
}

void
listing_free(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++)
		file_clear(&listing->files[i]);
	free(listing->files);
	*listing = (struct listing){0};
}

const char *
listing_digest_name(enum listing_digest digest)
{
	static const char *const names[LISTING_DIGESTS] = {
	    [LISTING_MD5] = "MD5",
	    [LISTING_SHA1] = "SHA1",
	    [LISTING_SHA256] = "SHA256",
	    [LISTING_SHA512] = "SHA512",
	};
	return names[digest];
}
