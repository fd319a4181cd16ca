/*
 * Debian's clear-signed descriptions (.dsc, .changes, .buildinfo): who signs one signs
 * lists of files with their digests, and so the files that lie beside it, as far as their
 * bytes are the ones that are listed.
 */
#include "signature/repository_private.h"

/* So many files that are not there are named in a note; all of them are in "files". */
#define NAMED_MOST 8

/* The signed text of a description; NULL when it is none. */
struct description {
	struct buf text;
	struct deb822 *parsed;
	struct listing listing;
	struct judgement found; /* against all that it lists */
};

/* All of these have a format, and lists of plain names, which a Release file has not. */
static bool
is_description(const struct stanza *stanza)
{
	static const char *const lists[] = {"Files", "Checksums-Sha1",
					    "Checksums-Sha256"};
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		if (stanza_find(stanza, lists[i]) != NULL)
			return stanza_find(stanza, "Format") != NULL;
	}
	return false;
}

static void
judge_names(struct description *description)
{
	for (size_t i = 0; i < description->listing.count; i++) {
		const char *name = description->listing.files[i].name;
		char *shown = text_shown(name);
		if (strchr(name, '/') != NULL)
			judgement_add(&description->found, SIGNATURE_INVALID,
				      "it lists '%s', which is no name of a file beside "
				      "it",
				      shown);
		free(shown);
	}
}

/* Read what is signed, and nothing else of the file; false when it lists no files. */
static bool
description_take(const struct view *file, struct description *description)
{
	struct buf packets = {0};
	struct err err = {0};
	size_t count;
	memset(description, 0, sizeof(*description));
	bool is = openpgp_is_cleartext(file) &&
		  openpgp_frame_cleartext(file, &description->text, &packets, &count,
					  &err) == 0;
	buf_free(&packets);
	if (!is)
		return false;
	openpgp_plain_lines(&description->text);
	struct view text = view_of_buf(&description->text);
	if (deb822_parse("signed text", &text, &description->parsed, &err) == -1)
		return false;
	const struct deb822 *parsed = description->parsed;
	if (parsed->clearsigned || !is_description(&parsed->stanzas[0]))
		return false;
	if (parsed->count > 1 || parsed->comment != 0)
		judgement_add(&description->found, SIGNATURE_INVALID,
			      "it has more than the one stanza that readers expect");
	if (listing_read("signed text", &parsed->stanzas[0], &description->listing,
			 &err) == -1)
		judgement_add(&description->found, SIGNATURE_INVALID,
			      "its lists of files are malformed: %s", err.message);
	judge_names(description);
	return true;
}

static void
description_clear(struct description *description)
{
	buf_free(&description->text);
	deb822_free(description->parsed);
	listing_free(&description->listing);
	judgement_free(&description->found);
}

void
signature_listed_names(const struct view *file, struct strings *names)
{
	struct description description;
	if (description_take(file, &description)) {
		for (size_t i = 0; i < description.listing.count; i++)
			strings_add(names, description.listing.files[i].name);
	}
	description_clear(&description);
}

/* ---- the files beside it --------------------------------------------------- */

struct telling {
	json_t *files;
	struct judgement found;
	struct strings absent; /* the first few: shown text */
	size_t covered, absent_count;
};

static void
tell_file(struct telling *telling, const struct listed_file *listed, const char *status)
{
	json_t *file = json_object();
	char *names = repository_digest_names(listed);
	json_object_set_new(file, "name", text_json(listed->name));
	json_object_set_new(file, "status", json_string(status));
	json_object_set_new(file, "algorithm", json_string(names));
	json_array_append_new(telling->files, file);
	free(names);
}

static void
judge_file(struct telling *telling, const struct listed_file *listed,
	   const struct view *bytes)
{
	struct repository_digests digests;
	char *shown = text_shown(listed->name);
	repository_digests_of(bytes, &digests);
	switch (repository_fit_of(listed, &digests)) {
	case FIT_STRONG:
		tell_file(telling, listed, "covered");
		telling->covered++;
		break;
	case FIT_WEAK:
		tell_file(telling, listed, "weak");
		judgement_add(&telling->found, SIGNATURE_WEAK,
			      "'%s' is listed with digests alone for which collisions "
			      "are known",
			      shown);
		break;
	default:
		tell_file(telling, listed, "different");
		judgement_add(&telling->found, SIGNATURE_INVALID,
			      "'%s' beside it is not the file that it lists", shown);
	}
	free(shown);
}

static void
note_absent(struct telling *telling, const struct listed_file *listed)
{
	char *shown = text_shown(listed->name);
	tell_file(telling, listed, "absent");
	if (telling->absent_count++ < NAMED_MOST)
		strings_add(&telling->absent, shown);
	free(shown);
}

static int
look_beside(struct telling *telling, const struct listing *listing,
	    const struct signature_beside *beside, struct err *err)
{
	for (size_t i = 0; i < listing->count; i++) {
		const struct listed_file *listed = &listing->files[i];
		struct mapping mapping;
		int there = beside->open(beside->context, listed->name, &mapping, err);
		if (there == -1)
			return -1;
		if (there == 0) {
			note_absent(telling, listed);
			continue;
		}
		judge_file(telling, listed, &mapping.view);
		mapping_close(&mapping);
	}
	return 0;
}

static void
tell_entry(const struct telling *telling, json_t *entry, enum signature_status *status)
{
	struct buf names = {0};
	for (size_t i = 0; i < telling->absent.count; i++)
		buf_printf(&names, "%s%s", i > 0 ? ", " : "", telling->absent.items[i]);
	if (telling->absent_count > 0)
		signature_note(entry, "not beside it, so not looked at: %s%s",
			       names.data,
			       telling->absent_count > NAMED_MOST ? " and more" : "");
	char *text = base_format("%zu of %zu beside it covered", telling->covered,
				 json_array_size(telling->files));
	signature_fact(entry, "listed files", text);
	json_object_set(entry, "files", telling->files);
	judgement_settle(&telling->found, entry, status);
	free(text);
	buf_free(&names);
}

int
signature_check_listed(const struct view *file, const struct signature_beside *beside,
		       json_t *signatures, size_t from, enum signature_status *status,
		       struct err *err)
{
	struct description description;
	struct telling telling = {.files = json_array()};
	int answer = 0;
	if (description_take(file, &description)) {
		judgement_merge(&telling.found, &description.found);
		answer = look_beside(&telling, &description.listing, beside, err);
		for (size_t i = from; i < json_array_size(signatures) && answer == 0;
		     i++)
			tell_entry(&telling, json_array_get(signatures, i), status);
	}
	json_decref(telling.files);
	judgement_free(&telling.found);
	strings_free(&telling.absent);
	description_clear(&description);
	return answer;
}
