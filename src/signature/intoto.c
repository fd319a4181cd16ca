/*
 * in-toto statements (attestation framework, spec v0.1.0 and v1): a predicate about
 * subjects, which are files named by their digests. A statement is about a file only
 * when it names that file's digest; what a subject is called tells people which one is
 * meant.
 */
#include "signature/signature_private.h"

#define SUBJECTS_MOST ((size_t)1 << 20)

/* Names of digests in a DigestSet that are of files' bytes. */
static const struct sums_algorithm algorithms[] = {
    {"sha256", "SHA256", 32, false},
    {"sha512", "SHA512", 64, false},
    {"sha384", "SHA384", 48, false},
    {"sha224", "SHA224", 28, false},
    {"sha3_256", "SHA3-256", 32, false},
    {"sha3_512", "SHA3-512", 64, false},
    {"blake2b", "BLAKE2B-512", 64, false},
    {"sha1", "SHA1", 20, true},
    {"md5", "MD5", 16, true},
};

bool
statement_type_is(const char *type)
{
	return strcmp(type, "application/vnd.in-toto+json") == 0;
}

void
statement_add_subject(struct sums *sums, const char *name, const json_t *digests)
{
	size_t before = sums->count;
	for (size_t i = 0; i < ARRAY_COUNT(algorithms); i++) {
		struct sums_line line = {NULL, &algorithms[i], {0}};
		const char *hex =
		    json_string_value(json_object_get(digests, algorithms[i].written));
		if (hex == NULL || strlen(hex) != 2 * algorithms[i].size ||
		    hex_decode(hex, false, line.digest, algorithms[i].size) == -1)
			continue;
		line.name = base_strdup(name);
		sums->lines =
		    base_realloc(sums->lines, sums->count + 1, sizeof(*sums->lines));
		sums->lines[sums->count++] = line;
	}
	if (sums->count == before)
		sums->unread++;
}

int
statement_parse(const struct view *payload, struct sums *subjects, json_t **statement)
{
	const json_t *subject;
	size_t index;
	memset(subjects, 0, sizeof(*subjects));
	*statement = json_loadb((const char *)payload->data, (size_t)payload->size,
				JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(*statement, "_type"));
	const json_t *all = json_object_get(*statement, "subject");
	if (type == NULL ||
	    (strcmp(type, "https://in-toto.io/Statement/v0.1") != 0 &&
	     strcmp(type, "https://in-toto.io/Statement/v1") != 0) ||
	    json_array_size(all) == 0 || json_array_size(all) > SUBJECTS_MOST) {
		json_decref(*statement);
		*statement = NULL;
		return -1;
	}
	json_array_foreach(all, index, subject)
	{
		const char *given = json_string_value(json_object_get(subject, "name"));
		char *name = given != NULL && *given != '\0'
				 ? base_strdup(given)
				 : base_format("subject %zu", index);
		statement_add_subject(subjects, name, json_object_get(subject, "digest"));
		free(name);
	}
	return 0;
}

/* ---- which files are meant ----------------------------------------------- */

/* A file by its SHA-256. */
struct known {
	struct sha256 digest;
	const char *name;
};

static int
by_digest(const void *a, const void *b)
{
	const struct known *one = a, *two = b;
	return memcmp(one->digest.bytes, two->digest.bytes, SHA256_SIZE);
}

static int
by_file_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct sums_file *)item)->name);
}

/* The name of the file that a subject is called by: from the top, or from the folder of
 * the statement. NULL when it is none's. */
static const char *
file_called(const struct sums_files *files, const char *folder, const char *name)
{
	char *below = base_format("%s%s", folder, sums_plain(name));
	const struct sums_file *file = bsearch(below, files->items, files->count,
					       sizeof(*files->items), by_file_name);
	if (file == NULL)
		file = bsearch(sums_plain(name), files->items, files->count,
			       sizeof(*files->items), by_file_name);
	free(below);
	return file != NULL ? file->name : NULL;
}

static int
known_take(const struct sums_files *files, struct known *known, struct err *err)
{
	for (size_t i = 0; i < files->count; i++) {
		uint8_t digest[HASH_MOST] = {0};
		if (files->digest(files->context, files->items[i].id, "SHA256", digest,
				  err) == -1)
			return -1;
		known[i].name = files->items[i].name;
		memcpy(known[i].digest.bytes, digest, SHA256_SIZE);
	}
	qsort(known, files->count, sizeof(*known), by_digest);
	return 0;
}

static const char *
file_known(const struct known *known, size_t count, const uint8_t *digest)
{
	struct known wanted = {{{0}}, NULL};
	memcpy(wanted.digest.bytes, digest, SHA256_SIZE);
	const struct known *found =
	    bsearch(&wanted, known, count, sizeof(*known), by_digest);
	return found != NULL ? found->name : NULL;
}

/* Call a subject as the file is called: its SHA-256 comes first, the other digests of
 * it are of that file too. */
static void
rename_subject(struct sums *subjects, size_t first, const char *to)
{
	char *name = base_strdup(subjects->lines[first].name);
	for (size_t i = first;
	     i < subjects->count && strcmp(subjects->lines[i].name, name) == 0; i++) {
		free(subjects->lines[i].name);
		subjects->lines[i].name = base_strdup(to);
	}
	free(name);
}

int
statement_find_files(struct sums *subjects, const struct sums_files *files,
		     const char *folder, struct err *err)
{
	struct known *known = base_alloc(files->count + 1, sizeof(*known));
	int answer = known_take(files, known, err);
	for (size_t i = 0; i < subjects->count && answer == 0; i++) {
		const struct sums_line *line = &subjects->lines[i];
		const char *called = file_called(files, folder, line->name);
		if (called == NULL && strcmp(line->algorithm->name, "SHA256") == 0)
			called = file_known(known, files->count, line->digest);
		if (called != NULL && strcmp(called, line->name) != 0)
			rename_subject(subjects, i, called);
	}
	free(known);
	return answer;
}
