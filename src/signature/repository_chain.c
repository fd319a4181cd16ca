/*
 * From a file to the key of the archive that it comes from: a list (Packages, Sources)
 * names the file with its digests, a Release file names the list with its own, and the
 * Release file is signed. Each step is taken over the bytes themselves; a file's place or
 * name only decides how a step that fails is told.
 */
#include "signature/repository_private.h"

#define SCHEME       "debian-archive"
#define DECODED_MOST ((size_t)2 << 30)

/* A list that names the file. */
struct list {
	const struct repository_file *file;
	struct view content; /* decompressed */
	struct buf decoded;  /* owns it where it had to be */
	struct repository_digests stored, digests; /* of the file, and of the content */
	struct repository_claim claim;
};

/* One file on its way to the key. */
struct chase {
	const struct repository *repository;
	const struct view *file;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	struct repository_digests digests;
	struct repository_release *releases;
	size_t release_count;
	struct list *lists;
	size_t list_count;
	size_t count; /* of the entries */
};

/* ---- the lists that name the file ---------------------------------------- */

/* Where the decompressed bytes of a list go. */
struct decoding {
	const struct view *stored;
	struct buf *out;
};

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	(void)context;
	(void)member;
	(void)err;
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct decoding *decoding = context;
	if (count > DECODED_MOST - decoding->out->size)
		return err_set(err, ERR_LIMIT, "a list of more than 2 GiB");
	buf_append(decoding->out, bytes, count);
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	const struct decoding *decoding = context;
	struct view part;
	if (view_sub(decoding->stored, offset, length, &part) == -1)
		return err_set(err, ERR_INPUT, "a list that ends past its file");
	return on_data(context, part.data, (size_t)part.size, err);
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	(void)context;
	(void)kind;
	(void)offset;
	(void)text;
	(void)err;
	return 0;
}

/* The list's text; what cannot be decompressed to its end is as much as there is of it,
 * and no Release file has the digest of that. */
static void
list_decode(struct list *list)
{
	const struct view *stored = &list->file->mapping.view;
	struct format_match match = {0};
	struct decoding decoding = {stored, &list->decoded};
	const struct member_sink sink = {&decoding, on_begin, on_slice, on_data, on_note};
	struct err trouble = {0};
	list->content = *stored;
	format_probe(stored, &match);
	strings_free(&match.others);
	if (match.format == NULL || !match.format->compressor)
		return;
	match.format->members(stored, &sink, &trouble);
	list->content = view_of_buf(&list->decoded);
}

static void
list_clear(struct list *list)
{
	buf_free(&list->decoded);
	repository_claim_clear(&list->claim);
}

/* A file that is called by its digest is looked into when it is one of the lists. */
static bool
may_be_list(const struct chase *chase, const struct repository_file *file)
{
	if (file->part != REPOSITORY_LIST)
		return false;
	if (repository_is_list(file->name))
		return true;
	for (size_t i = 0; i < chase->release_count; i++) {
		if (repository_release_has(&chase->releases[i], path_base(file->name)))
			return true;
	}
	return false;
}

static bool
is_known(const struct chase *chase, const struct list *list)
{
	for (size_t i = 0; i < chase->list_count; i++) {
		if (view_equal(&chase->lists[i].content, &list->content))
			return true;
	}
	return false;
}

static void
look_into(struct chase *chase, const struct repository_file *file)
{
	struct list list = {.file = file};
	list_decode(&list);
	repository_claim_find(&list.content, &chase->digests, path_base(chase->path),
			   &list.claim);
	if (list.claim.fit == FIT_NONE || is_known(chase, &list)) {
		list_clear(&list);
		return;
	}
	repository_digests_of(&file->mapping.view, &list.stored);
	repository_digests_of(&list.content, &list.digests);
	chase->lists = base_realloc(chase->lists, chase->list_count + 1,
				    sizeof(*chase->lists));
	chase->lists[chase->list_count++] = list;
}

/* Another archive may have another file of the same name: that is no word against one
 * that is found by its digest. */
static void
drop_namesakes(struct chase *chase)
{
	size_t kept = 0;
	bool fits = false;
	for (size_t i = 0; i < chase->list_count; i++)
		fits = fits || chase->lists[i].claim.fit > FIT_DIFFERS;
	for (size_t i = 0; fits && i < chase->list_count; i++) {
		if (chase->lists[i].claim.fit > FIT_DIFFERS)
			chase->lists[kept++] = chase->lists[i];
		else
			list_clear(&chase->lists[i]);
	}
	if (fits)
		chase->list_count = kept;
}

/* ---- what an entry tells --------------------------------------------------- */

/* One way from the file to a Release file. */
struct way {
	const struct repository_release *release;
	const struct list *list;
	const struct listed_file *row; /* of the list, in the Release file */
	enum repository_fit fit;          /* of the list */
};

static json_t *
link_json(const char *name, const struct repository_digests *digests)
{
	json_t *link = json_object();
	json_object_set_new(link, "name", text_json(name));
	json_object_set_new(link, "size", json_integer((json_int_t)digests->size));
	json_object_set_new(link, "sha256", json_string(digests->hex[LISTING_SHA256]));
	return link;
}

/* How the one above names it. */
static void
link_named(json_t *link, const char *digests, enum repository_fit fit)
{
	json_object_set_new(link, "by", json_string(digests));
	json_object_set_new(link, "fits", json_boolean(fit > FIT_DIFFERS));
}

static json_t *
links_json(const struct chase *chase, const struct way *way)
{
	json_t *links = json_array(), *link;
	struct repository_digests digests;
	const struct list *list = way->list;
	repository_digests_of(&way->release->file->mapping.view, &digests);
	json_array_append_new(links, link_json(way->release->file->name, &digests));
	/* of a list that was compressed again, the content is what was listed */
	bool stored = repository_fit_of(way->row, &list->stored) > FIT_DIFFERS;
	char *names = repository_digest_names(way->row);
	link = link_json(way->row->name, stored ? &list->stored : &list->digests);
	link_named(link, names, way->fit);
	json_array_append_new(links, link);
	free(names);
	link = link_json("", &chase->digests);
	json_object_set_new(link, "name", json_string(list->claim.name));
	link_named(link, list->claim.digests != NULL ? list->claim.digests : "",
		   list->claim.fit);
	json_array_append_new(links, link);
	return links;
}

/* A fact of some fields of the Release file, each with its name before it. */
static void
tell_fields(json_t *entry, const struct repository_release *release, const char *fact,
	    const char *const fields[][2])
{
	struct buf text = {0};
	for (size_t i = 0; fields[i][0] != NULL; i++) {
		const char *value = repository_release_field(release, fields[i][0]);
		if (value == NULL)
			continue;
		buf_printf(&text, "%s%s", text.size > 0 ? ", " : "", fields[i][1]);
		text_show(&text, value, strlen(value));
	}
	if (text.size > 0)
		signature_fact(entry, fact, text.data);
	buf_free(&text);
}

static void
tell_release(json_t *entry, const struct repository_release *release)
{
	static const char *const names[][2] = {{"Origin", ""},
					       {"Suite", "suite "},
					       {"Codename", "codename "},
					       {"Version", "version "},
					       {NULL, NULL}};
	static const char *const times[][2] = {
	    {"Date", ""}, {"Valid-Until", "valid until "}, {NULL, NULL}};
	tell_fields(entry, release, "archive", names);
	tell_fields(entry, release, "lists of", times);
}

/* ---- judging ----------------------------------------------------------------- */

static void
judge_claim(const struct repository_claim *claim, struct judgement *found)
{
	if (claim->malformed)
		judgement_add(found, SIGNATURE_INVALID,
			      "what the list says of '%s' is malformed", claim->name);
	else if (claim->fit == FIT_DIFFERS)
		judgement_add(found, SIGNATURE_INVALID,
			      "the file is not the '%s' that the list names with its "
			      "size and %s",
			      claim->name, claim->digests);
	else if (claim->fit == FIT_WEAK)
		judgement_add(found, SIGNATURE_WEAK, "the list names the file by %s alone",
			      claim->digests);
}

static void
judge_list(const struct way *way, struct judgement *found)
{
	char *name = text_shown(way->row->name);
	char *digests = repository_digest_names(way->row);
	if (way->fit == FIT_DIFFERS)
		judgement_add(found, SIGNATURE_INVALID,
			      "the list that names the file is not the '%s' that was "
			      "signed",
			      name);
	else if (way->fit == FIT_WEAK)
		judgement_add(found, SIGNATURE_WEAK,
			      "the Release file names the list '%s' by %s alone", name,
			      digests);
	free(name);
	free(digests);
}

/* The time that an OpenPGP entry was judged at; now for one that could not be. */
static int64_t
judged_time(const struct chase *chase, const json_t *entry)
{
	int64_t time = chase->trust->now;
	const char *text = json_string_value(
	    json_object_get(json_object_get(entry, "judged_at"), "time"));
	if (text != NULL)
		time_parse(text, &time);
	return time;
}

/* Who shows old lists hides what came after: a Release file says how long it counts. */
static void
judge_validity(const struct chase *chase, const struct way *way, json_t *entry,
	       struct judgement *found)
{
	const char *until = repository_release_field(way->release, "Valid-Until");
	const char *now = json_string_value(json_object_get(entry, "status_now"));
	int64_t end;
	if (until == NULL)
		return;
	char *shown = text_shown(until);
	if (repository_date(until, &end) == -1) {
		judgement_add(found, SIGNATURE_INVALID, "no date: Valid-Until '%s'",
			      shown);
	} else if (judged_time(chase, entry) > end) {
		judgement_add(found, SIGNATURE_EXPIRED,
			      "the Release file was valid until %s", shown);
	} else if (chase->trust->now > end) {
		signature_note(entry,
			       "the Release file was valid until %s: there may be "
			       "newer lists",
			       shown);
		if (now != NULL && strcmp(now, "valid") == 0)
			json_object_set_new(entry, "status_now", json_string("expired"));
	}
	free(shown);
}

/* ---- entries -------------------------------------------------------------------- */

static void
number_entry(struct chase *chase, json_t *entry)
{
	char *index = base_format("%zu", chase->count++);
	json_object_set_new(entry, "scheme", json_string(SCHEME));
	json_object_set_new(entry, "index", json_string(index));
	free(index);
}

/* What the way from the Release file down adds to one signature of it. */
static void
finish_entry(struct chase *chase, const struct way *way, json_t *entry)
{
	struct judgement found = {0};
	char *where = text_shown(way->release->file->name);
	number_entry(chase, entry);
	judge_claim(&way->list->claim, &found);
	judge_list(way, &found);
	judge_validity(chase, way, entry, &found);
	judgement_settle(&found, entry, chase->status);
	json_object_set_new(entry, "where", json_string(where));
	json_object_set_new(entry, "links", links_json(chase, way));
	json_object_set_new(entry, "covers", json_string("all"));
	signature_fact(entry, "package", way->list->claim.package != NULL
					     ? way->list->claim.package
					     : way->list->claim.name);
	tell_release(entry, way->release);
	if (way->list->claim.fit > FIT_DIFFERS && way->fit > FIT_DIFFERS)
		coverage_add(entry, 0, chase->file->size, COVERAGE_SIGNED, "the file");
	coverage_conclude(entry, chase->file->size);
	judgement_free(&found);
	free(where);
}

/* The signatures of a Release file, as entries of the file that it leads to. */
static int
follow(struct chase *chase, const struct way *way, struct err *err)
{
	const struct repository_release *release = way->release;
	const struct view *bytes = &release->file->mapping.view;
	enum signature_status status;
	json_t *found = json_array(), *entry;
	int answer = 0;
	size_t i;
	if (release->file->part == REPOSITORY_INLINE)
		answer = openpgp_check_cleartext(bytes, chase->path, chase->trust, found,
						 &status, err);
	else if (release->signature != NULL)
		answer = openpgp_check_detached(bytes, chase->path,
						&release->signature->mapping.view,
						chase->trust, found, &status, err);
	else
		signature_entry(found, chase->path, SCHEME, "0", SIGNATURE_UNSIGNED,
				"the Release file has no signature beside it");
	json_array_foreach(found, i, entry)
		finish_entry(chase, way, entry);
	json_array_extend(chase->signatures, found);
	json_decref(found);
	return answer;
}

static void
add_only(struct chase *chase, enum signature_status status, const char *reason)
{
	json_t *entry = signature_entry(chase->signatures, chase->path, SCHEME, "0",
					status, reason);
	number_entry(chase, entry);
	signature_worsen(chase->status, status);
}

/* A list that no Release file names: nobody signed what it says. */
static void
add_loose(struct chase *chase, const struct list *list)
{
	char *name = text_shown(list->file->name);
	char *reason = base_format("the list '%s' names it, and no Release file names "
				   "that list",
				   name);
	add_only(chase, SIGNATURE_UNSIGNED, reason);
	free(reason);
	free(name);
}

static int
follow_list(struct chase *chase, const struct list *list, struct err *err)
{
	size_t ways = 0;
	for (size_t i = 0; i < chase->release_count; i++) {
		struct way way = {.release = &chase->releases[i], .list = list};
		way.row = repository_release_row(way.release, list->file, &list->stored,
					      &list->digests, &way.fit);
		if (way.row == NULL)
			continue;
		ways++;
		if (follow(chase, &way, err) == -1)
			return -1;
	}
	if (ways == 0)
		add_loose(chase, list);
	return 0;
}

/* A Release file that cannot be read may be the one that the file needs. */
static void
add_malformed(struct chase *chase)
{
	for (size_t i = 0; i < chase->release_count; i++) {
		const struct repository_release *release = &chase->releases[i];
		if (release->parsed == NULL)
			add_only(chase, SIGNATURE_INVALID, release->trouble.message);
	}
}

/* ---- what else was said of the file ------------------------------------------------ */

static bool
covers_all(const json_t *signatures, size_t from)
{
	for (size_t i = from; i < json_array_size(signatures); i++) {
		const json_t *entry = json_array_get(signatures, i);
		if (json_object_get(entry, "links") != NULL)
			return true;
	}
	return false;
}

/* Is it said of the file or a member that it has no signature, or none that is known? */
static bool
is_lack(const json_t *entry, const char *path, bool *member)
{
	const char *of = json_string_value(json_object_get(entry, "path"));
	const char *scheme = json_string_value(json_object_get(entry, "scheme"));
	const char *status = json_string_value(json_object_get(entry, "status"));
	size_t length = strlen(path);
	if (of == NULL || status == NULL || scheme == NULL ||
	    strncmp(of, path, length) != 0)
		return false;
	*member = strncmp(of + length, "//", 2) == 0;
	if (!*member && of[length] != '\0')
		return false;
	return strcmp(status, signature_status_name(SIGNATURE_UNSIGNED)) == 0 ||
	       strcmp(scheme, "none") == 0;
}

/* Where the archive leads to the file, it needs no signature of its own: of its members
 * that lack one the entry says by what they are covered. */
static void
tell_covered(const struct chase *chase, size_t end)
{
	for (size_t i = end; i-- > 0;) {
		json_t *entry = json_array_get(chase->signatures, i);
		const char *scheme =
		    json_string_value(json_object_get(entry, "scheme"));
		bool member;
		if (!is_lack(entry, chase->path, &member))
			continue;
		if (member && strcmp(scheme, "none") != 0)
			json_object_set_new(entry, "covered_by",
					    json_string(chase->path));
		else
			json_array_remove(chase->signatures, i);
	}
}

/* ---- the chase ----------------------------------------------------------------------- */

static int
chase_all(struct chase *chase, struct err *err)
{
	for (size_t i = 0; i < chase->repository->count; i++) {
		if (interrupt_check(err) == -1)
			return -1;
		if (may_be_list(chase, &chase->repository->files[i]))
			look_into(chase, &chase->repository->files[i]);
	}
	drop_namesakes(chase);
	for (size_t i = 0; i < chase->list_count; i++) {
		if (follow_list(chase, &chase->lists[i], err) == -1)
			return -1;
	}
	if (chase->list_count == 0)
		add_only(chase, SIGNATURE_UNSIGNED,
			 "no list of the archive names this file");
	add_malformed(chase);
	return 0;
}

int
signature_check_repository(const struct repository *repository, const struct view *file,
			const char *path, const struct trust *trust, json_t *signatures,
			enum signature_status *status, struct err *err)
{
	struct chase chase = {.repository = repository,
			      .file = file,
			      .path = path,
			      .trust = trust,
			      .signatures = signatures,
			      .status = status};
	size_t before = json_array_size(signatures);
	*status = SIGNATURE_VALID;
	repository_digests_of(file, &chase.digests);
	chase.releases = repository_releases(repository, &chase.release_count);
	int answer = chase_all(&chase, err);
	if (answer == 0 && covers_all(signatures, before))
		tell_covered(&chase, before);
	for (size_t i = 0; i < chase.list_count; i++)
		list_clear(&chase.lists[i]);
	free(chase.lists);
	repository_releases_free(chase.releases, chase.release_count);
	return answer;
}
