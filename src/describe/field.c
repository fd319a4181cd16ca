/* Fields held against what they may be: names, numbers, hashes, lines. */
#include "describe/describe_private.h"

#include <ctype.h>
#include <strings.h>

/* ---- suggestions ------------------------------------------------------ */

#define WORD_MOST 64

/* Levenshtein's distance, letters of either case alike; more than WORD_MOST letters
 * are far from everything. */
static unsigned
word_distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	unsigned row[WORD_MOST + 1];
	if (a_length > WORD_MOST || b_length > WORD_MOST)
		return WORD_MOST;
	for (unsigned k = 0; k <= b_length; k++)
		row[k] = k;
	for (unsigned i = 1; i <= a_length; i++) {
		unsigned corner = row[0];
		row[0] = i;
		for (size_t k = 1; k <= b_length; k++) {
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[k - 1]);
			unsigned best = corner + !same;
			if (row[k] + 1 < best)
				best = row[k] + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			corner = row[k];
			row[k] = best;
		}
	}
	return row[b_length];
}

char *
describe_suggest(const char *word, const char *const *words, size_t count,
		 unsigned most, const char *otherwise)
{
	const char *nearest = NULL;
	unsigned least = most + 1;
	for (size_t i = 0; i < count; i++) {
		unsigned distance = word_distance(word, words[i]);
		if (distance < least) {
			least = distance;
			nearest = words[i];
		}
	}
	if (nearest == NULL)
		return base_format("; %s", otherwise);
	return base_format("; did you mean '%s'?", nearest);
}

/* ---- stanzas ---------------------------------------------------------- */

static int
field_unknown(const char *path, const struct field *field,
	      const struct field_rule *rules, size_t count, struct err *err)
{
	const char *names[32];
	struct buf all = {0};
	buf_puts(&all, "known here: ");
	for (size_t i = 0; i < count && i < ARRAY_COUNT(names); i++) {
		names[i] = rules[i].name;
		buf_printf(&all, "%s%s", i ? ", " : "", rules[i].name);
	}
	char *hint = describe_suggest(
	    field->name, names, count < ARRAY_COUNT(names) ? count : ARRAY_COUNT(names),
	    2, all.data);
	describe_fail(err, path, field->line, "'%s': unknown field%s", field->name,
		      hint);
	free(hint);
	buf_free(&all);
	return -1;
}

static int
field_check(const char *path, const struct field *field, const struct field_rule *rules,
	    size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(field->name, rules[i].name) != 0)
			continue;
		if (field->value[strspn(field->value, " \t\n")] == '\0')
			return describe_fail(err, path, field->line,
					     "'%s': has no value; give one or remove "
					     "the field",
					     field->name);
		if (!rules[i].many && strchr(field->value, '\n') != NULL)
			return describe_fail(err, path, field->line,
					     "'%s': takes one line; join the lines "
					     "below it",
					     field->name);
		return 0;
	}
	return field_unknown(path, field, rules, count, err);
}

int
stanza_check(const char *path, const struct stanza *stanza,
	     const struct field_rule *rules, size_t count, struct err *err)
{
	for (size_t i = 0; i < stanza->count; i++) {
		if (field_check(path, &stanza->fields[i], rules, count, err) == -1)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		if (!rules[i].required || stanza_find(stanza, rules[i].name) != NULL)
			continue;
		const struct field *first = &stanza->fields[0];
		int length = (int)strcspn(first->value, "\n");
		return describe_fail(
		    err, path, stanza->line,
		    "'%s:%s%.*s': the field '%s' is missing; add it to "
		    "this stanza",
		    first->name, length ? " " : "", length, first->value,
		    rules[i].name);
	}
	return 0;
}

const char *
stanza_value(const struct stanza *stanza, const char *name)
{
	const struct field *field = stanza_find(stanza, name);
	return field ? field->value : NULL;
}

int
stanza_sha256(const char *path, const struct stanza *stanza, const char *name,
	      struct sha256 *digest, struct err *err)
{
	const struct field *field = stanza_find(stanza, name);
	if (sha256_parse(field->value, digest) == -1)
		return describe_fail(err, path, field->line,
				     "'%s: %s': not a SHA-256; give its 64 hexadecimal "
				     "digits (sha256sum prints them)",
				     field->name, field->value);
	return 0;
}

/* ---- values ----------------------------------------------------------- */

int
field_each_line(const struct field *field, line_handler *each, void *arg,
		struct err *err)
{
	const char *at = field->value;
	for (size_t i = 0;; i++) {
		size_t length = strcspn(at, "\n");
		size_t blanks = strspn(at, " \t");
		if (blanks < length) {
			char *line = base_strndup(at + blanks, length - blanks);
			int result = each(line, field->lines[i], arg, err);
			free(line);
			if (result == -1)
				return -1;
		}
		at += length;
		if (*at == '\0')
			return 0;
		at++;
	}
}

char *
word_next(char **rest)
{
	char *word = *rest + strspn(*rest, " \t");
	if (*word == '\0')
		return NULL;
	char *end = word + strcspn(word, " \t");
	*rest = end + strspn(end, " \t");
	*end = '\0';
	return word;
}

int
describe_parse_number(const char *text, uint64_t *number)
{
	uint64_t value = 0;
	if (*text == '\0')
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (__builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (unsigned)(*text - '0'), &value))
			return -1;
	}
	*number = value;
	return 0;
}

/* A number with one of the units after it, or none. */
static int
parse_unit(const char *text, const char *units, const uint64_t *factors,
	   uint64_t *value)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t factor = 1, number;
	if (text[digits] != '\0') {
		const char *unit = strchr(units, text[digits]);
		if (unit == NULL || text[digits + 1] != '\0')
			return -1;
		factor = factors[unit - units];
	}
	char *plain = base_strndup(text, digits);
	int result = describe_parse_number(plain, &number);
	free(plain);
	if (result == -1 || number == 0 ||
	    __builtin_mul_overflow(number, factor, &number))
		return -1;
	*value = number;
	return 0;
}

int
describe_parse_size(const char *text, uint64_t *bytes)
{
	static const uint64_t factors[] = {1ULL << 10, 1ULL << 20, 1ULL << 30,
					   1ULL << 40};
	return parse_unit(text, "KMGT", factors, bytes);
}

int
describe_parse_duration(const char *text, uint64_t *seconds)
{
	static const uint64_t factors[] = {1, 60, 3600, 86400};
	return parse_unit(text, "smhd", factors, seconds);
}

int
judged_at_parse(const char *text, struct judged_at *at)
{
	struct judged_at parsed = {AT_TIME, 0};
	if (strcmp(text, "signing-time") == 0)
		parsed.at = AT_SIGNING_TIME;
	else if (strcmp(text, "now") == 0)
		parsed.at = AT_NOW;
	else if (time_parse(text, &parsed.time) == -1)
		return -1;
	*at = parsed;
	return 0;
}

int
description_read(const char *path, const char *format, struct deb822 **parsed,
		 struct err *err)
{
	struct deb822 *file = NULL;
	if (deb822_read(path, &file, err) == -1)
		return -1;
	const struct field *first = &file->stanzas[0].fields[0];
	if (file->clearsigned)
		describe_fail(err, path, 1,
			      "file: is clear-signed; descriptions are read "
			      "plain, sign them detached");
	else if (strcasecmp(first->name, "Format") != 0)
		describe_fail(err, path, first->line,
			      "'%s': the first field must be 'Format: %s'", first->name,
			      format);
	else if (strcmp(first->value, format) != 0)
		describe_fail(err, path, first->line,
			      "'Format: %.*s': not understood; expected 'Format: %s'",
			      (int)strcspn(first->value, "\n"), first->value, format);
	else {
		*parsed = file;
		return 0;
	}
	deb822_free(file);
	return -1;
}
