/* One file and the list of digests that is said to name it, both given by the user. */
#include "signature/signature_private.h"

/* The digest of the one file. */
static int
given_digest(void *context, uint32_t id, const char *algorithm,
	     uint8_t digest[HASH_MOST], struct err *err)
{
	const struct signature_part *file = context;
	int size = raw_digest(algorithm, &file->bytes, digest);
	(void)id;
	(void)err;
	return size == -1 ? 0 : size;
}

static bool
line_fits(const struct sums_line *line, const struct view *file)
{
	uint8_t digest[HASH_MOST];
	int size = raw_digest(line->algorithm->name, file, digest);
	return size != -1 && (size_t)size == line->algorithm->size &&
	       memcmp(digest, line->digest, line->algorithm->size) == 0;
}

/* The name that the list gives the file: its own, or one in a folder, of which the one
 * with its digest is meant when there are several. */
static char *
name_in_list(const struct sums_text *text, const struct signature_part *file,
	     const struct signature_part *list)
{
	struct sums sums;
	char *name = base_strdup(file->name);
	bool fits = false, own = false;
	sums_parse(&text->text, list->name, &sums);
	for (size_t i = 0; i < sums.count && !own; i++) {
		const char *plain = sums_plain(sums.lines[i].name);
		own = strcmp(plain, file->name) == 0;
		if (!own && (fits || strcmp(path_base(plain), file->name) != 0))
			continue;
		fits = line_fits(&sums.lines[i], &file->bytes);
		free(name);
		name = base_strdup(plain);
	}
	sums_free(&sums);
	return name;
}

static int
gather_over(const struct sums_text *text, const struct signature_part *list,
	    const struct signature_part *over, size_t count, const struct trust *trust,
	    json_t *entries, struct err *err)
{
	enum signature_status status;
	const struct view *bytes = &list->bytes;
	if (text->clearsigned &&
	    openpgp_check_cleartext(bytes, "list", trust, entries, &status, err) == -1)
		return -1;
	if (text->embedded &&
	    signify_check_embedded(bytes, "list", trust, entries, &status, err) == -1)
		return -1;
	for (size_t i = 0; i < count; i++) {
		size_t before = json_array_size(entries);
		if (signature_check_detached(bytes, "list", &over[i].bytes, trust,
					     entries, &status, err) == -1)
			return -1;
		for (size_t j = before; j < json_array_size(entries); j++)
			json_object_set_new(json_array_get(entries, j), "where",
					    text_json(over[i].name));
	}
	return 0;
}

/* The signatures over the list are not entries of their own: the others are told. */
static void
note_others(json_t *entry, const json_t *over)
{
	const json_t *other;
	size_t index;
	json_array_foreach(over, index, other)
	{
		const char *status =
		    json_string_value(json_object_get(other, "status"));
		const char *reason =
		    json_string_value(json_object_get(other, "reason"));
		const char *scheme =
		    json_string_value(json_object_get(other, "scheme"));
		if (json_array_size(over) > 1 && strcmp(status, "valid") != 0)
			signature_note(entry,
				       "a signature over the list (%s) is %s: %s",
				       scheme, status, reason != NULL ? reason : "");
	}
}

static int
check_text(const struct sums_text *text, const struct signature_part *file,
	   const char *path, const struct signature_part *list, const json_t *over,
	   json_t *signatures, struct err *err)
{
	json_t *entry = NULL;
	char *shown = text_shown(file->name);
	char *name = name_in_list(text, file, list);
	struct sums_file item = {name, 0, false};
	struct sums_files files = {.items = &item,
				   .count = 1,
				   .what = "list",
				   .asked = shown,
				   .digest = given_digest,
				   .context = (void *)(uintptr_t)file};
	int answer =
	    sums_check(text, list->name, &files, over, path, signatures, &entry, err);
	if (entry != NULL)
		note_others(entry, over);
	else if (answer == 0)
		entry = signature_entry(signatures, path, "checksums", "0",
					SIGNATURE_INVALID,
					"what was given as a list of digests is none");
	if (entry != NULL)
		json_object_set_new(entry, "where", text_json(list->name));
	free(name);
	free(shown);
	return answer;
}

int
signature_check_list(const struct signature_part *file, const char *path,
		     const struct signature_part *list,
		     const struct signature_part *over, size_t count,
		     const struct trust *trust, json_t *signatures, struct err *err)
{
	struct sums_text text;
	json_t *entries = json_array();
	int answer = 0;
	if (sums_text_take(&list->bytes, &text)) {
		answer = gather_over(&text, list, over, count, trust, entries, err);
		if (answer == 0)
			answer = check_text(&text, file, path, list, entries,
					    signatures, err);
	} else {
		signature_entry(signatures, path, "checksums", "0", SIGNATURE_INVALID,
				"the list is a malformed clearsigned text");
	}
	sums_text_clear(&text);
	json_decref(entries);
	return answer;
}
