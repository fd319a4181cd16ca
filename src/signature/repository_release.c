/* Release files: which lists, with which digests, from when until when. */
#include <ctype.h>
#include <time.h>

#include "signature/repository_private.h"

void
repository_digests_of(const struct view *bytes, struct repository_digests *digests)
{
	uint8_t digest[HASH_MOST];
	digests->size = bytes->size;
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		size_t size = hash_of(listing_digest_name((enum listing_digest)i),
				      bytes->data, (size_t)bytes->size, digest);
		hex_encode(digest, size, digests->hex[i]);
	}
}

enum repository_fit
repository_fit_of(const struct listed_file *listed, const struct repository_digests *digests)
{
	enum repository_fit fit = FIT_DIFFERS; /* a size alone says nothing */
	if (listed->size != digests->size)
		return FIT_DIFFERS;
	for (size_t i = 0; i < LISTING_DIGESTS; i++) {
		if (listed->digests[i] == NULL)
			continue;
		if (strcmp(listed->digests[i], digests->hex[i]) != 0)
			return FIT_DIFFERS;
		if (i >= LISTING_SHA256)
			fit = FIT_STRONG;
		else if (fit != FIT_STRONG)
			fit = FIT_WEAK;
	}
	return fit;
}

/* ---- reading ------------------------------------------------------------ */

static void
parse_release(struct repository_release *release, const struct view *text)
{
	struct deb822 *parsed = NULL;
	char *shown = text_shown(release->file->name);
	if (deb822_parse(shown, text, &parsed, &release->trouble) == 0) {
		if (parsed->count != 1)
			err_set(&release->trouble, ERR_INPUT,
				"'%s': %zu stanzas, where one belongs", shown,
				parsed->count);
		else if (parsed->clearsigned || parsed->comment != 0)
			err_set(&release->trouble, ERR_INPUT,
				"'%s': more in it than the stanza", shown);
		else if (listing_read(shown, &parsed->stanzas[0], &release->listing,
				      &release->trouble) == 0) {
			release->parsed = parsed;
			parsed = NULL;
		}
	}
	deb822_free(parsed);
	free(shown);
}

static void
read_release(struct repository_release *release)
{
	const struct view *bytes = &release->file->mapping.view;
	struct buf text = {0}, packets = {0};
	size_t count;
	if (release->file->part == REPOSITORY_RELEASE) {
		parse_release(release, bytes);
	} else if (openpgp_frame_cleartext(bytes, &text, &packets, &count,
					   &release->trouble) == 0) {
		openpgp_plain_lines(&text);
		struct view inside = view_of_buf(&text);
		parse_release(release, &inside);
	}
	buf_free(&text);
	buf_free(&packets);
}

/* The file beside one of that name, with the last part of its name another one. */
static const struct repository_file *
find_beside(const struct repository *repository, const char *name, const char *stem)
{
	size_t length = (size_t)(repository_stem(name) - name);
	for (size_t i = 0; i < repository->count; i++) {
		const char *other = repository->files[i].name;
		if (strncmp(other, name, length) == 0 &&
		    strcmp(other + length, stem) == 0)
			return &repository->files[i];
	}
	return NULL;
}

struct repository_release *
repository_releases(const struct repository *repository, size_t *count)
{
	struct repository_release *releases =
	    base_alloc(repository->count + 1, sizeof(*releases));
	*count = 0;
	for (size_t i = 0; i < repository->count; i++) {
		const struct repository_file *file = &repository->files[i];
		bool bare = file->part == REPOSITORY_RELEASE;
		if (!bare && file->part != REPOSITORY_INLINE)
			continue;
		if (bare && find_beside(repository, file->name, "InRelease") != NULL)
			continue;
		struct repository_release *release = &releases[(*count)++];
		release->file = file;
		if (bare)
			release->signature =
			    find_beside(repository, file->name, "Release.gpg");
		read_release(release);
	}
	return releases;
}

void
repository_releases_free(struct repository_release *releases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		deb822_free(releases[i].parsed);
		listing_free(&releases[i].listing);
	}
	free(releases);
}

const char *
repository_release_field(const struct repository_release *release, const char *name)
{
	const struct field *field =
	    release->parsed != NULL ? stanza_find(&release->parsed->stanzas[0], name)
				    : NULL;
	return field != NULL && *field->value != '\0' &&
		       strchr(field->value, '\n') == NULL
		   ? field->value
		   : NULL;
}

int
repository_date(const char *text, int64_t *seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char day_name[4], month[4], zone[6];
	int day, year, hour, minute, second, length = 0;
	if (sscanf(text, "%3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %5[A-Z+0]%n",
		   day_name, &day, month, &year, &hour, &minute, &second, zone,
		   &length) != 8 ||
	    text[length] != '\0' ||
	    (strcmp(zone, "UTC") != 0 && strcmp(zone, "GMT") != 0 &&
	     strcmp(zone, "+0000") != 0))
		return -1;
	const char *found = strstr(months, month);
	if (found == NULL || (found - months) % 3 != 0 || strlen(month) != 3)
		return -1;
	/* RFC 3339 has the same ranges, and one reader for both */
	char *standard =
	    base_format("%04d-%02d-%02dT%02d:%02d:%02dZ", year,
			(int)((found - months) / 3 + 1), day, hour, minute, second);
	int answer = time_parse(standard, seconds);
	free(standard);
	return answer;
}

/* ---- which list is which ------------------------------------------------- */

/* Are two names the same but for '/' that apt wrote as '_'? */
static bool
names_equal(const char *a, size_t a_length, const char *b, size_t b_length)
{
	if (a_length != b_length)
		return false;
	for (size_t i = 0; i < a_length; i++) {
		if (a[i] != b[i] && !(a[i] == '_' && b[i] == '/'))
			return false;
	}
	return true;
}

/* Does the list lie where the Release file says, in whichever compression? */
static bool
is_in_place(const struct repository_release *release, const char *list, const char *listed)
{
	const char *name = release->file->name;
	size_t folder = (size_t)(repository_stem(name) - name);
	if (strncmp(list, name, folder) != 0)
		return false;
	list += folder;
	return names_equal(list, strlen(list) - repository_suffix(list), listed,
			   strlen(listed) - repository_suffix(listed));
}

const struct listed_file *
repository_release_row(const struct repository_release *release,
		    const struct repository_file *list,
		    const struct repository_digests *stored,
		    const struct repository_digests *decoded, enum repository_fit *fit)
{
	const struct listed_file *found = NULL;
	bool as_stored = false; /* such a row is the better of two that fit */
	*fit = FIT_NONE;
	for (size_t i = 0; i < release->listing.count; i++) {
		const struct listed_file *row = &release->listing.files[i];
		if (!repository_is_list(row->name))
			continue;
		enum repository_fit one = repository_fit_of(row, stored);
		bool is_stored = one > FIT_DIFFERS;
		if (!is_stored)
			one = repository_fit_of(row, decoded);
		if (one == FIT_DIFFERS && !is_in_place(release, list->name, row->name))
			continue;
		if (one > *fit || (one == *fit && is_stored && !as_stored)) {
			*fit = one;
			found = row;
			as_stored = is_stored;
		}
	}
	return found;
}

bool
repository_release_has(const struct repository_release *release, const char *hex)
{
	for (size_t i = 0; i < release->listing.count; i++) {
		const struct listed_file *row = &release->listing.files[i];
		for (size_t k = 0; k < LISTING_DIGESTS && repository_is_list(row->name);
		     k++) {
			if (row->digests[k] != NULL && strcmp(row->digests[k], hex) == 0)
				return true;
		}
	}
	return false;
}
