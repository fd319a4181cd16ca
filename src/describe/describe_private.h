/* What the readers of descriptions share. */
#ifndef VERIFY_DESCRIBE_PRIVATE_H
#define VERIFY_DESCRIBE_PRIVATE_H

#include "describe/describe.h"

/* Set `err` to ERR_USAGE with "file:line: " before the message; returns -1. */
int describe_fail(struct err *err, const char *path, unsigned line, const char *format,
		  ...) PRINTF_LIKE(4, 5);

/* "; did you mean 'X'?" when one of the words is at most `most` changes of a letter
 * away from `word`, else "; " and `otherwise`. The caller frees. */
char *describe_suggest(const char *word, const char *const *words, size_t count,
		       unsigned most, const char *otherwise);

/* What a kind of stanza may have. */
struct field_rule {
	const char *name;
	bool required;
	bool many; /* the value may have several lines */
};

/* Hold a stanza against its rules: unknown, missing and empty fields, and values of
 * several lines where one is wanted, are errors. */
int stanza_check(const char *path, const struct stanza *stanza,
		 const struct field_rule *rules, size_t count, struct err *err);

/* The value of a field, NULL when there is none. */
const char *stanza_value(const struct stanza *stanza, const char *name);

/* Call `each` for the lines of a value that are not empty, without the blanks around
 * them, with the number of the line in the file; stop at the first -1. */
typedef int line_handler(char *line, unsigned number, void *arg, struct err *err);
int field_each_line(const struct field *field, line_handler *each, void *arg,
		    struct err *err);

/* Cut the next word off *rest, NUL-ended in place; NULL when there is none. */
char *word_next(char **rest);

/* A number of decimal digits alone; -1 for anything else and for overflow. */
int describe_parse_number(const char *text, uint64_t *number);

/* A SHA-256 field of a stanza that must have it. */
int stanza_sha256(const char *path, const struct stanza *stanza, const char *name,
		  struct sha256 *digest, struct err *err);

/* Read a file of exactly one format: its first field is "Format: `format`". */
int description_read(const char *path, const char *format, struct deb822 **parsed,
		     struct err *err);

#endif
