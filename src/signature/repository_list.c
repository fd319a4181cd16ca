/*
 * Lists of an archive, Packages and Sources: tens of megabytes of stanzas, of which only
 * those are parsed that have a digest or the name of the file that is looked for.
 */
#include "signature/repository_private.h"

enum {
	STANZA_MOST = 1 << 20,
	TRIES_MOST = 1000, /* stanzas that are parsed for one file */
};

struct search {
	const struct view *list;
	const struct repository_digests *digests;
	const char *name; /* without folders */
	unsigned tries;
	struct repository_claim *claim;
};

/* The stanza around `at`, and where the next one starts. */
static struct view
stanza_around(const struct view *list, uint64_t at, uint64_t *next)
{
	uint64_t start = at, end;
	while (start > 0 && at - start < STANZA_MOST &&
	       !(start > 1 && view_has(list, start - 2, "\n\n", 2)))
		start--;
	if (view_find(list, at, "\n\n", 2, &end) == -1)
		end = list->size;
	*next = end;
	struct view stanza = {NULL, 0};
	if (end - start <= STANZA_MOST)
		view_sub(list, start, end - start, &stanza);
	return stanza;
}

char *
repository_digest_names(const struct listed_file *listed)
{
	struct buf names = {0};
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		if (listed->digests[i] != NULL)
			buf_printf(&names, "%s%s", names.size > 0 ? ", " : "",
				   listing_digest_name((enum listing_digest)i));
	}
	return names.data != NULL ? buf_take(&names) : base_strdup("no digest");
}

/* "hello 2.10-3 amd64". */
static char *
package_name(const struct stanza *stanza)
{
	static const char *const fields[] = {"Package", "Version", "Architecture"};
	struct buf text = {0};
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		const struct field *field = stanza_find(stanza, fields[i]);
		if (field == NULL)
			continue;
		if (text.size > 0)
			buf_puts(&text, " ");
		text_show(&text, field->value, strlen(field->value));
	}
	return text.data != NULL ? buf_take(&text) : base_strdup("");
}

/* Keep the better of two. */
static void
claim_take(struct repository_claim *claim, enum repository_fit fit,
	   const struct stanza *stanza, const struct listed_file *listed)
{
	if (fit <= claim->fit && !(claim->malformed && fit == claim->fit))
		return;
	repository_claim_clear(claim);
	claim->fit = fit;
	claim->name = text_shown(listed->name);
	claim->package = package_name(stanza);
	claim->digests = repository_digest_names(listed);
}

/* Is the row about this file: has it its name, or one of its digests? */
static bool
is_about(const struct search *search, const struct listed_file *listed)
{
	if (strcmp(path_base(listed->name), search->name) == 0)
		return true;
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		if (listed->digests[i] != NULL &&
		    strcmp(listed->digests[i], search->digests->hex[i]) == 0)
			return true;
	}
	return false;
}

static void
look_at_stanza(struct search *search, const struct view *bytes)
{
	struct deb822 *parsed = NULL;
	struct listing listing = {0};
	struct err trouble = {0};
	bool fine = deb822_parse("list", bytes, &parsed, &trouble) == 0 &&
		    parsed->count == 1 && parsed->comment == 0 && !parsed->clearsigned &&
		    listing_read("list", &parsed->stanzas[0], &listing, &trouble) == 0;
	for (size_t i = 0; fine && i < listing.count; i++) {
		const struct listed_file *listed = &listing.files[i];
		if (is_about(search, listed))
			claim_take(search->claim,
				   repository_fit_of(listed, search->digests),
				   &parsed->stanzas[0], listed);
	}
	if (!fine && search->claim->fit == FIT_NONE) {
		search->claim->fit = FIT_DIFFERS;
		search->claim->malformed = true;
		search->claim->name = text_shown(search->name);
	}
	listing_free(&listing);
	deb822_free(parsed);
}

/* Look at every stanza that has these words, until one fits. */
static void
look_for(struct search *search, const char *words)
{
	uint64_t at = 0;
	while (search->claim->fit != FIT_STRONG && search->tries++ < TRIES_MOST &&
	       view_find(search->list, at, words, strlen(words), &at) == 0) {
		struct view stanza = stanza_around(search->list, at, &at);
		look_at_stanza(search, &stanza);
	}
}

void
repository_claim_find(const struct view *list, const struct repository_digests *digests,
		   const char *name, struct repository_claim *claim)
{
	struct search search = {list, digests, name, 0, claim};
	*claim = (struct repository_claim){0};
	for (size_t i = LISTING_DIGESTS; i-- > 0;)
		look_for(&search, digests->hex[i]);
	if (claim->fit == FIT_NONE && *name != '\0')
		look_for(&search, name);
}

void
repository_claim_clear(struct repository_claim *claim)
{
	free(claim->name);
	free(claim->package);
	free(claim->digests);
	*claim = (struct repository_claim){0};
}
