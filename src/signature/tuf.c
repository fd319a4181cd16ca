/*
 * The way from a TUF root that the user gives to a file (specification, 5.3 to 5.7):
 * newer roots, each signed by the keys of the one before and its own; the timestamp,
 * the snapshot, the targets, each named by the one before and signed by its role's
 * keys. All must be good at one time, which is the present unless another was asked
 * for: metadata say until when they are good, not since when.
 */
#include "signature/tuf_private.h"

#define ROOTS_MOST 1024

/* One file on its way. */
struct way {
	const struct tuf_repository *repository;
	const struct trust *trust;
	json_t *entry;
	struct judgement *found;
	int64_t time;
	struct tuf_metadata root;
};

bool
tuf_root_is(const struct buf *bytes)
{
	json_t *json =
	    bytes->size > 0 && bytes->data[0] == '{'
		? json_loadb(bytes->data, bytes->size, JSON_REJECT_DUPLICATES, NULL)
		: NULL;
	const char *type = json_string_value(
	    json_object_get(json_object_get(json, "signed"), "_type"));
	bool is = type != NULL && strcmp(type, "root") == 0;
	json_decref(json);
	return is;
}

static void
tell_version(const struct way *way, const char *what,
	     const struct tuf_metadata *metadata)
{
	char expires[TIME_TEXT];
	time_text(metadata->expires, expires);
	char *text =
	    base_format("version %jd, until %s", (intmax_t)metadata->version, expires);
	signature_fact(way->entry, what, text);
	free(text);
}

static const json_t *
role_of(const struct way *way, const char *name)
{
	return json_object_get(json_object_get(way->root.content, "roles"), name);
}

/* ---- the root --------------------------------------------------------------- */

/* The next root, when there is one: signed by both (5.3.4), its version the next. */
static bool
next_root(struct way *way)
{
	char *name = base_format("%jd.root.json", (intmax_t)way->root.version + 1);
	struct tuf_metadata next;
	struct view bytes;
	bool taken = false;
	if (tuf_file_find(way->repository, name, &bytes) == 0) {
		if (tuf_metadata_read(&bytes, "root", name, &next, way->found) == 0) {
			tuf_metadata_judge(&next, way->root.content,
					   role_of(way, "root"), name, way->found);
			struct tuf_metadata before = way->root;
			way->root = next;
			tuf_metadata_judge(&next, next.content, role_of(way, "root"),
					   name, way->found);
			if (next.version != before.version + 1)
				judgement_add(way->found, SIGNATURE_INVALID,
					      "%s has version %jd", name,
					      (intmax_t)next.version);
			else
				taken = true;
			tuf_metadata_clear(&before);
		} else {
			tuf_metadata_clear(&next);
		}
	}
	free(name);
	return taken && way->found->status == SIGNATURE_VALID;
}

/* The user's root vouches for itself: that the user named it is what counts, but it
 * must be whole. */
static int
take_root(struct way *way, const struct trust_key *given)
{
	struct view bytes = view_of_buf(&given->bytes);
	size_t count = 0;
	if (tuf_metadata_read(&bytes, "root", "the root", &way->root, way->found) == -1)
		return -1;
	tuf_metadata_judge(&way->root, way->root.content, role_of(way, "root"),
			   "the root", way->found);
	while (count < ROOTS_MOST && next_root(way))
		count++;
	if (count == ROOTS_MOST)
		judgement_add(way->found, SIGNATURE_NOT_CHECKED,
			      "more roots than are looked at");
	tuf_metadata_judge_time(&way->root, way->time, "the root", way->found);
	signature_fact(way->entry, "trusted root", given->label);
	tell_version(way, "root", &way->root);
	return 0;
}

/* ---- timestamp and snapshot ------------------------------------------------ */

static int
take_timestamp(struct way *way, struct tuf_metadata *timestamp)
{
	struct view bytes;
	memset(timestamp, 0, sizeof(*timestamp));
	if (tuf_file_find(way->repository, "timestamp.json", &bytes) == -1) {
		judgement_add(way->found, SIGNATURE_NOT_CHECKED,
			      "timestamp.json is not among the metadata");
		return -1;
	}
	if (tuf_metadata_read(&bytes, "timestamp", "timestamp.json", timestamp,
			      way->found) == -1)
		return -1;
	tuf_metadata_judge(timestamp, way->root.content, role_of(way, "timestamp"),
			   "timestamp.json", way->found);
	tuf_metadata_judge_time(timestamp, way->time, "timestamp.json", way->found);
	tell_version(way, "timestamp", timestamp);
	return 0;
}

/* ---- the target -------------------------------------------------------------- */

static void
check_path(struct way *way, struct tuf_search *search,
	   const struct tuf_metadata *targets, const struct view *file,
	   const char *path)
{
	char *shown = text_shown(path);
	json_t *target = tuf_target_find(search, targets, path);
	if (target == NULL)
		judgement_add(way->found, SIGNATURE_INVALID,
			      "no role that may speak of the target '%s' names it",
			      shown);
	else if (!tuf_bytes_fit(file, target, true))
		judgement_add(way->found, SIGNATURE_INVALID,
			      "the target '%s' has another length or hash than the "
			      "metadata say",
			      shown);
	signature_fact(way->entry, "target", shown);
	if (search->role != NULL)
		signature_fact(way->entry, "named by role", search->role);
	free(search->role);
	json_decref(target);
	free(shown);
}

/* Several targets may be called like the file: the one that it is, or else the first.
 */
static const char *
choose_path(struct tuf_search *search, const struct tuf_metadata *targets,
	    const struct view *file, const struct strings *paths)
{
	struct judgement ignored = {0}, *kept = search->found;
	const char *chosen = paths->items[0];
	search->found = &ignored;
	for (size_t i = 0; i < paths->count; i++) {
		json_t *target = tuf_target_find(search, targets, paths->items[i]);
		bool fits = target != NULL && tuf_bytes_fit(file, target, true);
		json_decref(target);
		free(search->role);
		search->role = NULL;
		if (fits) {
			chosen = paths->items[i];
			break;
		}
	}
	search->found = kept;
	search->roles = 0;
	judgement_free(&ignored);
	return chosen;
}

static void
check_target(struct way *way, struct tuf_search *search, const struct view *file,
	     const char *name)
{
	struct tuf_metadata targets;
	struct strings paths = {0};
	if (tuf_snapshot_take(search, "targets", "targets", &targets) == 0) {
		tuf_metadata_judge(&targets, way->root.content, role_of(way, "targets"),
				   "targets.json", way->found);
		tell_version(way, "targets", &targets);
		tuf_targets_called(search, name, &paths);
		if (paths.count > 0)
			check_path(way, search, &targets, file,
				   choose_path(search, &targets, file, &paths));
		else
			judgement_add(way->found, SIGNATURE_INVALID,
				      "no target is called like the file");
	}
	strings_free(&paths);
	tuf_metadata_clear(&targets);
}

static void
check_snapshot(struct way *way, const struct view *file, const char *name)
{
	struct tuf_metadata timestamp, snapshot = {0};
	struct tuf_search search = {.repository = way->repository,
				    .consistent = json_is_true(json_object_get(
					way->root.content, "consistent_snapshot")),
				    .time = way->time,
				    .found = way->found};
	if (take_timestamp(way, &timestamp) == 0) {
		/* the timestamp names the snapshot as that names all else */
		search.snapshot = json_object_get(timestamp.content, "meta");
		if (tuf_snapshot_take(&search, "snapshot", "snapshot", &snapshot) ==
		    0) {
			tuf_metadata_judge(&snapshot, way->root.content,
					   role_of(way, "snapshot"), "snapshot.json",
					   way->found);
			tell_version(way, "snapshot", &snapshot);
			search.snapshot = json_object_get(snapshot.content, "meta");
			check_target(way, &search, file, name);
		}
	}
	tuf_metadata_clear(&snapshot);
	tuf_metadata_clear(&timestamp);
}

/* ---- the entry ------------------------------------------------------------------ */

static void
tell_time(const struct way *way)
{
	json_t *json = json_object();
	char text[TIME_TEXT];
	bool stated = way->trust->at.at == AT_TIME;
	time_text(way->time, text);
	json_object_set_new(json, "rule", json_string(stated ? text : "now"));
	json_object_set_new(json, "by", json_string(stated ? "stated time" : "now"));
	if (stated)
		json_object_set_new(json, "time", json_string(text));
	json_object_set_new(way->entry, "judged_at", json);
}

void
signature_check_tuf(const struct tuf_repository *repository,
		    const struct signature_part *file, const char *path,
		    const struct trust *trust, json_t *signatures)
{
	struct judgement found = {0};
	enum signature_status status;
	json_t *told = json_object();
	struct way way = {.repository = repository,
			  .trust = trust,
			  .entry = told,
			  .found = &found,
			  .time =
			      trust->at.at == AT_TIME ? trust->at.time : trust->now};
	if (trust->tuf_root_count == 0)
		judgement_add(&found, SIGNATURE_UNTRUSTED,
			      "no root of a TUF repository was given (--trust)");
	else if (trust->tuf_root_count > 1)
		judgement_add(&found, SIGNATURE_NOT_CHECKED,
			      "more than one root of a TUF repository was given");
	else if (take_root(&way, &trust->tuf_roots[0]) == 0)
		check_snapshot(&way, &file->bytes, file->name);
	tell_time(&way);
	json_t *entry = judgement_entry(&found, signatures, path, "tuf", "0", &status);
	json_object_update(entry, told);
	json_decref(told);
	tuf_metadata_clear(&way.root);
	judgement_free(&found);
}
