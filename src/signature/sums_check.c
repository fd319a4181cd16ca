/*
 * A list of digests held against the files it names. The list is worth what its
 * signature is worth: without one it proves nothing, and with one it covers the files
 * whose bytes it names, and no other.
 */
#include "signature/signature_private.h"

/* So many files are named in the reason; all of them are in "files". */
#define NAMED_MOST 8
/* More files than this that the list does not name are told as a number. */
#define UNCOVERED_MOST 10000

static const char *const words[SUMS_WORDS] = {
    [SUMS_COVERED] = "covered",   [SUMS_WEAKLY] = "weak",
    [SUMS_DIFFERS] = "different", [SUMS_ABSENT] = "absent",
    [SUMS_REFUSED] = "refused",   [SUMS_UNDECIDED] = "not-checked",
};

/* ---- the text ---------------------------------------------------------- */

bool
sums_text_take(const struct view *file, struct sums_text *text)
{
	struct buf packets = {0};
	struct err err = {0};
	size_t count;
	bool fine = true;
	memset(text, 0, sizeof(*text));
	text->text = *file;
	if (openpgp_is_cleartext(file)) {
		text->clearsigned = true;
		fine = openpgp_frame_cleartext(file, &text->room, &packets, &count,
					       &err) == 0;
		text->text = view_of_buf(&text->room);
	} else {
		text->embedded = signify_embedded(file, &text->text) == 0;
	}
	buf_free(&packets);
	return fine;
}

void
sums_text_clear(struct sums_text *text)
{
	buf_free(&text->room);
}

/* ---- files ------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct sums_line *one = a, *two = b;
	int order = strcmp(sums_plain(one->name), sums_plain(two->name));
	return order != 0 ? order : strcmp(one->algorithm->name, two->algorithm->name);
}

static struct sums_file *
file_find(const struct sums_files *files, const char *name)
{
	size_t low = 0, high = files->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(files->items[middle].name, name);
		if (order == 0)
			return &files->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* How many lines from `first` on have its name. */
static size_t
group_size(const struct sums *sums, size_t first)
{
	size_t end = first + 1;
	const char *name = sums_plain(sums->lines[first].name);
	while (end < sums->count &&
	       strcmp(sums_plain(sums->lines[end].name), name) == 0)
		end++;
	return end - first;
}

/* The lines of one file: each algorithm is computed once, and all must agree. */
static int
judge_lines(struct sums_answer *answer, const struct sums_line *lines, size_t count,
	    uint32_t id, enum sums_word *word, struct err *err)
{
	struct sums_files *files = answer->files;
	const char *computed = "";
	uint8_t digest[HASH_MOST];
	bool strong = false;
	*word = SUMS_COVERED;
	for (size_t i = 0; i < count; i++) {
		const struct sums_algorithm *algorithm = lines[i].algorithm;
		if (strcmp(computed, algorithm->name) != 0) {
			int size = files->digest(files->context, id, algorithm->name,
						 digest, err);
			if (size == -1)
				return -1;
			if ((size_t)size != algorithm->size) {
				*word = SUMS_UNDECIDED;
				return 0;
			}
			computed = algorithm->name;
		}
		if (memcmp(digest, lines[i].digest, algorithm->size) != 0)
			*word = SUMS_DIFFERS;
		strong = strong || !algorithm->weak;
	}
	if (*word == SUMS_COVERED && !strong)
		*word = SUMS_WEAKLY;
	return 0;
}

static void
tell_word(struct sums_answer *answer, const struct sums_line *lines, size_t count,
	  enum sums_word word)
{
	struct buf names = {0};
	json_t *file = json_object();
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || lines[i].algorithm != lines[i - 1].algorithm)
			buf_printf(&names, "%s%s", i > 0 ? ", " : "",
				   lines[i].algorithm->name);
	}
	json_object_set_new(file, "name", text_json(lines[0].name));
	json_object_set_new(file, "status", json_string(words[word]));
	json_object_set_new(file, "algorithm", json_string(names.data));
	json_array_append_new(answer->listed, file);
	answer->counts[word]++;
	buf_free(&names);
}

static void
judge_word(struct sums_answer *answer, const struct sums_line *line,
	   enum sums_word word)
{
	struct judgement *found = &answer->found;
	const char *what = answer->files->what;
	char *shown = text_shown(line->name);
	if (answer->counts[word] >= NAMED_MOST)
		word = SUMS_COVERED; /* said often enough */
	if (word == SUMS_REFUSED)
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "the %s names '%s', which is no plain name in its "
			      "folder: not followed",
			      what, shown);
	else if (word == SUMS_DIFFERS)
		judgement_add(found, SIGNATURE_INVALID,
			      "'%s' has another digest than the %s says", shown, what);
	else if (word == SUMS_WEAKLY)
		judgement_add(found, SIGNATURE_WEAK,
			      "the %s has only %s of '%s', for which collisions are "
			      "known",
			      what, line->algorithm->name, shown);
	else if (word == SUMS_UNDECIDED)
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "the digest of '%s' cannot be computed here", shown);
	free(shown);
}

static int
check_group(struct sums_answer *answer, const struct sums *sums, size_t first,
	    size_t count, struct err *err)
{
	const struct sums_line *lines = &sums->lines[first];
	const char *name = sums_plain(lines->name);
	enum sums_word word = SUMS_ABSENT;
	struct sums_file *file = file_find(answer->files, name);
	if (file == NULL && answer->files->asked != NULL)
		return 0;
	if (!path_is_plain(name) && !answer->files->loose) {
		word = SUMS_REFUSED;
	} else if (file != NULL) {
		file->listed = true;
		if (judge_lines(answer, lines, count, file->id, &word, err) == -1)
			return -1;
	}
	judge_word(answer, lines, word);
	tell_word(answer, lines, count, word);
	return 0;
}

int
sums_hold(struct sums *sums, struct sums_files *files, struct sums_answer *answer,
	  struct err *err)
{
	*answer = (struct sums_answer){.files = files, .listed = json_array()};
	qsort(sums->lines, sums->count, sizeof(*sums->lines), by_name);
	for (size_t i = 0, count; i < sums->count; i += count) {
		count = group_size(sums, i);
		if (check_group(answer, sums, i, count, err) == -1 ||
		    interrupt_check(err) == -1)
			return -1;
	}
	if (sums->unread > 0)
		judgement_add(&answer->found, SIGNATURE_NOT_CHECKED,
			      "%zu lines of the %s are no digests known here",
			      sums->unread, files->what);
	if (json_array_size(answer->listed) == 0 && files->asked != NULL)
		judgement_add(&answer->found, SIGNATURE_INVALID,
			      "the %s does not name '%s'", files->what, files->asked);
	else if (answer->counts[SUMS_COVERED] == 0)
		judgement_add(&answer->found, SIGNATURE_NOT_CHECKED,
			      "the %s covers no file that is here", files->what);
	return 0;
}

/* ---- who signed the list ------------------------------------------------ */

static enum signature_status
status_of(const json_t *entry)
{
	const char *name = json_string_value(json_object_get(entry, "status"));
	enum signature_status status = SIGNATURE_INVALID;
	if (name != NULL)
		signature_status_parse(name, &status);
	return status;
}

/* The best one: several may have signed, and not all are known to the user. */
static const json_t *
best_of(const json_t *over)
{
	const json_t *entry, *best = NULL;
	size_t index;
	json_array_foreach(over, index, entry)
	{
		if (best == NULL || status_of(entry) < status_of(best))
			best = entry;
	}
	return best;
}

static void
judge_signature(struct sums_answer *answer, const json_t *best)
{
	if (best == NULL) {
		judgement_add(&answer->found, SIGNATURE_UNSIGNED,
			      "nobody signed this list of digests: it proves nothing");
		return;
	}
	const char *reason = json_string_value(json_object_get(best, "reason"));
	const char *scheme = json_string_value(json_object_get(best, "scheme"));
	if (status_of(best) != SIGNATURE_VALID)
		judgement_add(&answer->found, status_of(best),
			      "the signature over the list (%s): %s", scheme,
			      reason != NULL ? reason : "not valid");
}

static void
tell_signature(json_t *entry, const json_t *best)
{
	static const char *const kept[] = {"signer",     "chain",
					   "openpgp",    "key",
					   "timestamps", "judged_at",
					   "revocation", "status_at_signing",
					   "status_now", "signed_by_attributes_at"};
	const char *scheme = json_string_value(json_object_get(best, "scheme"));
	const char *where = json_string_value(json_object_get(best, "where"));
	if (best == NULL)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
		json_t *value = json_object_get(best, kept[i]);
		if (value != NULL)
			json_object_set(entry, kept[i], value);
	}
	char *text = base_format("%s%s%s", scheme, where != NULL ? ", in " : "",
				 where != NULL ? where : "");
	signature_fact(entry, "list signed with", text);
	free(text);
}

/* ---- the entry ----------------------------------------------------------- */

/* The first few files that the list leaves out, in a sentence. */
static void
note_uncovered(json_t *entry, const char *what, const json_t *uncovered, size_t count)
{
	struct buf text = {0};
	for (size_t i = 0; i < json_array_size(uncovered) && i < NAMED_MOST; i++)
		buf_printf(&text, "%s%s", i > 0 ? ", " : "",
			   json_string_value(json_array_get(uncovered, i)));
	if (count > NAMED_MOST)
		buf_printf(&text, " and %zu more", count - NAMED_MOST);
	if (count > 0)
		signature_note(entry, "not in the %s: %s", what, text.data);
	buf_free(&text);
}

static void
tell_coverage(const struct sums_answer *answer, json_t *entry)
{
	json_t *coverage = json_object(), *uncovered = json_array();
	const struct sums_files *files = answer->files;
	size_t count = 0;
	for (size_t i = 0; i < files->count; i++) {
		if (!files->items[i].listed && count++ < UNCOVERED_MOST)
			json_array_append_new(uncovered,
					      text_json(files->items[i].name));
	}
	note_uncovered(entry, files->what, uncovered, count);
	bool all = count == 0 && answer->counts[SUMS_COVERED] > 0 &&
		   answer->counts[SUMS_DIFFERS] == 0;
	json_object_set_new(entry, "covers", json_string(all ? "all" : "part"));
	json_object_set_new(coverage, "uncovered", uncovered);
	json_object_set_new(entry, "coverage", coverage);
}

static void
tell_counts(const struct sums_answer *answer, json_t *entry)
{
	struct buf text = {0};
	for (size_t i = 0; i < SUMS_WORDS; i++) {
		if (answer->counts[i] > 0)
			buf_printf(&text, "%s%zu %s", text.size > 0 ? ", " : "",
				   answer->counts[i], words[i]);
	}
	if (text.size > 0)
		signature_fact(entry, "listed files", text.data);
	buf_free(&text);
	json_object_set(entry, "files", answer->listed);
}

void
sums_answer_tell(const struct sums_answer *answer, json_t *entry)
{
	tell_counts(answer, entry);
	if (answer->files->asked == NULL)
		tell_coverage(answer, entry);
}

void
sums_answer_free(struct sums_answer *answer)
{
	json_decref(answer->listed);
	judgement_free(&answer->found);
}

int
sums_check(const struct sums_text *text, const char *list_path,
	   struct sums_files *files, const json_t *over, const char *shown,
	   json_t *signatures, json_t **entry, struct err *err)
{
	struct sums_answer answer = {0};
	struct sums sums;
	const json_t *best = best_of(over);
	enum signature_status status;
	int result = 0;
	*entry = NULL;
	sums_parse(&text->text, list_path, &sums);
	bool is = sums.count > 0 || text->clearsigned || best != NULL;
	if (is)
		result = sums_hold(&sums, files, &answer, err);
	if (is && result == 0) {
		judge_signature(&answer, best);
		*entry = judgement_entry(&answer.found, signatures, shown, "checksums",
					 "0", &status);
		tell_signature(*entry, best);
		sums_answer_tell(&answer, *entry);
	}
	sums_answer_free(&answer);
	sums_free(&sums);
	return result;
}
