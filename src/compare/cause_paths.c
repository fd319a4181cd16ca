/* Paths below two roots, and what else a build takes from where it runs. */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>

enum {
	WORD_MOST = 1024, /* bytes of a path or name looked at to either side */
	SUFFIX_LEAST = 3, /* of what two paths must share: "/a" and one more */
};

/* ---- words around a difference --------------------------------------- */

static bool
is_path_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte >= 0x80 ||
	       (byte != '\0' && strchr("._/+~@%-", byte) != NULL);
}

/* The word of path characters that holds the difference on one side, as a view. */
static bool
word_at(const struct scene *scene, size_t side, const struct difference *one,
	struct view *word)
{
	const struct view *view = &scene->sides[side].view;
	uint64_t offset = difference_offset(one, side);
	uint64_t start = offset, end = offset + difference_length(one, side);
	uint8_t byte;
	while (start > 0 && offset - start < WORD_MOST &&
	       view_u8(view, start - 1, &byte) == 0 && is_path_byte(byte))
		start--;
	for (uint64_t at = offset; at < end; at++) {
		if (view_u8(view, at, &byte) == -1 || !is_path_byte(byte))
			return false;
	}
	while (end - start < 2 * WORD_MOST && view_u8(view, end, &byte) == 0 &&
	       is_path_byte(byte))
		end++;
	return view_sub(view, start, end - start, word) == 0;
}

static bool
words_at(const struct scene *scene, const struct difference *one, struct view words[2])
{
	return one->placed && one->code == NULL && word_at(scene, 0, one, &words[0]) &&
	       word_at(scene, 1, one, &words[1]) && words[0].size > 0 &&
	       words[1].size > 0;
}

/* ---- paths ----------------------------------------------------------- */

/* The longest end that both share and that starts with a slash. */
static uint64_t
common_end(const struct view *a, const struct view *b)
{
	uint64_t same = 0, whole = 0;
	while (same < a->size && same < b->size &&
	       a->data[a->size - 1 - same] == b->data[b->size - 1 - same]) {
		same++;
		if (a->data[a->size - same] == '/')
			whole = same;
	}
	return whole;
}

static bool
is_word(const struct view *word, const char *text)
{
	return word->size == strlen(text) && memcmp(word->data, text, word->size) == 0;
}

bool
cause_path(struct scene *scene, struct difference *one)
{
	struct view words[2];
	if (!words_at(scene, one, words) || words[0].data[0] != '/' ||
	    words[1].data[0] != '/')
		return false;
	uint64_t end = common_end(&words[0], &words[1]);
	struct view roots[2];
	view_sub(&words[0], 0, words[0].size - end, &roots[0]);
	view_sub(&words[1], 0, words[1].size - end, &roots[1]);
	bool known = scene->roots[0] != NULL && is_word(&roots[0], scene->roots[0]) &&
		     is_word(&roots[1], scene->roots[1]);
	if (!known && (end < SUFFIX_LEAST || roots[0].size < 2 || roots[1].size < 2))
		return false;
	char *left = text_shown_n(roots[0].data, (size_t)roots[0].size);
	char *right = text_shown_n(roots[1].data, (size_t)roots[1].size);
	if (scene->roots[0] == NULL) {
		scene->roots[0] =
		    base_strndup((const char *)roots[0].data, (size_t)roots[0].size);
		scene->roots[1] =
		    base_strndup((const char *)roots[1].data, (size_t)roots[1].size);
		known = true;
	}
	/* a second pair of roots is another field: nothing is proved then */
	cause_say(one, known ? CAUSE_TYPED : CAUSE_GUESS, "build path",
		  "one path below two roots: %s, rebuilt %s", left, right);
	free(left);
	free(right);
	return true;
}

/* ---- user, host, kernel, locale -------------------------------------- */

static size_t
span(const struct view *word, uint64_t from, const char *set)
{
	uint64_t at = from;
	while (at < word->size && word->data[at] != '\0' &&
	       strchr(set, word->data[at]) != NULL)
		at++;
	return (size_t)(at - from);
}

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* name@host.name */
static bool
is_user_at_host(const struct view *word)
{
	size_t user = span(word, 0, LOWER UPPER DIGITS "._-");
	return user > 0 && user + 1 < word->size && word->data[user] == '@' &&
	       span(word, user + 1, LOWER UPPER DIGITS ".-") == word->size - user - 1;
}

/* 6.1.0-40-amd64: three numbers and a flavour. */
static bool
is_kernel(const struct view *word)
{
	uint64_t at = 0;
	for (unsigned i = 0; i < 3; i++) {
		size_t digits = span(word, at, DIGITS);
		if (digits == 0 || digits > 3)
			return false;
		at += digits;
		if (i < 2 && (at >= word->size || word->data[at++] != '.'))
			return false;
	}
	return at < word->size && word->data[at] == '-' && word->size - at > 1;
}

/* de_CH.UTF-8, C, POSIX */
static bool
is_locale(const struct view *word)
{
	if (is_word(word, "C") || is_word(word, "POSIX") || is_word(word, "C.UTF-8"))
		return true;
	return word->size >= 5 && span(word, 0, LOWER) == 2 && word->data[2] == '_' &&
	       span(word, 3, UPPER) == 2 && (word->size == 5 || word->data[5] == '.');
}

static const struct {
	const char *name, *what;
	bool (*is)(const struct view *word);
} names[] = {
    {"user and host", "who built where", is_user_at_host},
    {"kernel", "the release of the builder's kernel", is_kernel},
    {"locale", "the builder's language", is_locale},
};

bool
cause_environment(struct scene *scene, struct difference *one)
{
	struct view words[2];
	if (!words_at(scene, one, words))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (!names[i].is(&words[0]) || !names[i].is(&words[1]))
			continue;
		char *left = text_shown_n(words[0].data, (size_t)words[0].size);
		char *right = text_shown_n(words[1].data, (size_t)words[1].size);
		cause_say(one, CAUSE_GUESS, names[i].name, "%s: %s, rebuilt %s",
			  names[i].what, left, right);
		free(left);
		free(right);
		return true;
	}
	return false;
}

/* ---- one token replaced everywhere ----------------------------------- */

enum { TOKEN_LEAST = 16, TOKEN_MOST = 256, DISTINCT_LEAST = 6 };

/* Does it look drawn rather than written: digits among letters, and many different
 * characters? */
static bool
is_random(const struct view *token)
{
	bool seen[256] = {false}, digit = false, letter = false;
	size_t distinct = 0;
	for (uint64_t i = 0; i < token->size; i++) {
		uint8_t byte = token->data[i];
		distinct += !seen[byte];
		seen[byte] = true;
		digit |= byte >= '0' && byte <= '9';
		letter |= (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
	}
	return token->size >= TOKEN_LEAST && token->size <= TOKEN_MOST && digit &&
	       letter && distinct >= DISTINCT_LEAST;
}

/* Is every difference that has no cause inside of the same token, on both sides? */
static bool
same_tokens(const struct scene *scene, const struct differences *list,
	    struct view tokens[2], size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct difference *one = &list->items[i];
		struct view words[2];
		if (one->cause.name != NULL)
			continue;
		if (!words_at(scene, one, words) || words[0].size != words[1].size)
			return false;
		if (*count > 0 && (!view_equal(&words[0], &tokens[0]) ||
				   !view_equal(&words[1], &tokens[1])))
			return false;
		tokens[0] = words[0];
		tokens[1] = words[1];
		++*count;
	}
	return *count > 0 && is_random(&tokens[0]) && is_random(&tokens[1]);
}

void
survey_token(struct scene *scene, struct differences *list)
{
	struct view tokens[2];
	size_t count;
	if (!same_tokens(scene, list, tokens, &count))
		return;
	for (size_t i = 0; i < list->count; i++)
		cause_say(&list->items[i], CAUSE_GUESS, "random token",
			  "one token of %ju characters, in %zu difference%s always "
			  "the same other one",
			  (uintmax_t)tokens[0].size, count, count == 1 ? "" : "s");
}
