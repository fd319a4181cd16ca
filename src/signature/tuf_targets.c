/*
 * Targets and those to whom they are delegated (specification, 4.5 and 5.6.7): roles
 * are asked in order, deeper ones first, each only for the paths that it was given; one
 * that is terminating ends the search.
 */
#include <fnmatch.h>

#include "signature/tuf_private.h"

#define ROLES_MOST 256
#define DEPTH_MOST 32
#define STARS_MOST 6

/* ---- metadata named by the snapshot --------------------------------------- */

int
tuf_snapshot_take(struct tuf_search *search, const char *role, const char *type,
		  struct tuf_metadata *metadata)
{
	char *file = base_format("%s.json", role), *shown = text_shown(file);
	const json_t *meta = json_object_get(search->snapshot, file);
	json_int_t version = json_integer_value(json_object_get(meta, "version"));
	char *name = search->consistent ? base_format("%jd.%s", (intmax_t)version, file)
					: base_strdup(file);
	struct view bytes;
	int answer = -1;
	memset(metadata, 0, sizeof(*metadata));
	if (!json_is_object(meta))
		judgement_add(search->found, SIGNATURE_INVALID,
			      "the snapshot does not name %s", shown);
	else if (tuf_file_find(search->repository, name, &bytes) == -1)
		judgement_add(search->found, SIGNATURE_NOT_CHECKED,
			      "%s is not among the metadata", shown);
	else if (!tuf_bytes_fit(&bytes, meta, false))
		judgement_add(search->found, SIGNATURE_INVALID,
			      "%s has another length or hash than the snapshot says",
			      shown);
	else
		answer =
		    tuf_metadata_read(&bytes, type, shown, metadata, search->found);
	if (answer == 0 && metadata->version != version) {
		judgement_add(search->found, SIGNATURE_INVALID,
			      "%s has version %jd, and the snapshot says %jd", shown,
			      (intmax_t)metadata->version, (intmax_t)version);
		answer = -1;
	}
	if (answer == 0)
		tuf_metadata_judge_time(metadata, search->time, shown, search->found);
	free(name);
	free(shown);
	free(file);
	return answer;
}

/* ---- which path ------------------------------------------------------------- */

static bool
is_called(const char *path, const char *file)
{
	const char *base = path_base(path), *dot = strchr(file, '.');
	/* with consistent snapshots a target's file is called HASH.name */
	return strcmp(base, file) == 0 || (dot != NULL && strcmp(base, dot + 1) == 0);
}

void
tuf_targets_called(struct tuf_search *search, const char *file, struct strings *paths)
{
	const char *name;
	json_t *meta;
	json_object_foreach((json_t *)(uintptr_t)search->snapshot, name, meta)
	{
		struct tuf_metadata metadata;
		struct judgement ignored = {0}, *kept = search->found;
		const char *path;
		json_t *target;
		size_t length = strlen(name);
		if (length < 6 || strcmp(name + length - 5, ".json") != 0)
			continue;
		char *role = base_strndup(name, length - 5);
		search->found = &ignored;
		if (tuf_snapshot_take(search, role, "targets", &metadata) == 0) {
			json_object_foreach(
			    json_object_get(metadata.content, "targets"), path, target)
			{
				if (is_called(path, file) && !strings_have(paths, path))
					strings_add(paths, path);
			}
		}
		search->found = kept;
		judgement_free(&ignored);
		tuf_metadata_clear(&metadata);
		free(role);
	}
	strings_sort(paths);
}

/* ---- the search -------------------------------------------------------------- */

/* Does the pattern fit? One with many stars, which takes ages to try, fits nothing. */
static bool
pattern_fits(const char *pattern, const char *path)
{
	size_t stars = 0;
	for (const char *at = pattern; *at != '\0'; at++)
		stars += *at == '*';
	return stars <= STARS_MOST && fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

/* May the delegated role speak of that path? */
static bool
is_given(const json_t *role, const char *path)
{
	const json_t *patterns = json_object_get(role, "paths"), *item;
	const json_t *prefixes = json_object_get(role, "path_hash_prefixes");
	struct sha256 digest;
	char hex[SHA256_HEX];
	size_t index;
	bool is = false;
	json_array_foreach(patterns, index, item)
	{
		const char *pattern = json_string_value(item);
		is = is || (pattern != NULL && pattern_fits(pattern, path));
	}
	sha256_of(path, strlen(path), &digest);
	sha256_hex(&digest, hex);
	json_array_foreach(prefixes, index, item)
	{
		const char *prefix = json_string_value(item);
		is = is || (prefix != NULL && *prefix != '\0' &&
			    strncmp(hex, prefix, strlen(prefix)) == 0);
	}
	return is;
}

/* *ended: no role after this one may be asked. */
static json_t *
search_role(struct tuf_search *search, const struct tuf_metadata *metadata,
	    const char *name, const char *path, unsigned depth, bool *ended)
{
	const json_t *delegations = json_object_get(metadata->content, "delegations");
	const json_t *role;
	json_t *target =
	    json_object_get(json_object_get(metadata->content, "targets"), path);
	size_t index;
	if (target != NULL) {
		search->role = text_shown(name);
		return json_incref(target);
	}
	json_array_foreach(json_object_get(delegations, "roles"), index, role)
	{
		struct tuf_metadata next;
		const char *called = json_string_value(json_object_get(role, "name"));
		if (called == NULL || !is_given(role, path) || depth == DEPTH_MOST)
			continue;
		if (search->roles++ == ROLES_MOST) {
			judgement_add(search->found, SIGNATURE_NOT_CHECKED,
				      "more delegated roles than are looked at");
			*ended = true;
			return NULL;
		}
		if (tuf_snapshot_take(search, called, "targets", &next) == 0) {
			char *shown = text_shown(called);
			tuf_metadata_judge(&next, delegations, role, shown,
					   search->found);
			target =
			    search_role(search, &next, called, path, depth + 1, ended);
			free(shown);
		}
		tuf_metadata_clear(&next);
		*ended = *ended || json_is_true(json_object_get(role, "terminating"));
		if (target != NULL || *ended)
			return target;
	}
	return NULL;
}

json_t *
tuf_target_find(struct tuf_search *search, const struct tuf_metadata *targets,
		const char *path)
{
	bool ended = false;
	return search_role(search, targets, "targets", path, 0, &ended);
}
