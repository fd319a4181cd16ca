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

/* ---- reading descriptions, stanza by stanza --------------------------- */

/* A description on its way into a release or a policy. */
struct reading {
	struct release *release; /* NULL: a policy in a file of its own */
	struct policy *policy;
	const char *path;
	char *folder;                /* that names of files are relative to */
	const struct field *steps;   /* Build: */
	const struct field *signers; /* Signers: */
	struct err *err;
};

/* describe_fail with the reader's path. */
#define READING_FAIL(r, line, ...)                                                      \
	describe_fail((r)->err, (r)->path, line, __VA_ARGS__)

/* One more zeroed element at the end of an array. */
#define ARRAY_ADD(array, count)                                                        \
	((array) = base_realloc((array), (count) + 1, sizeof(*(array))),               \
	 memset(&(array)[(count)], 0, sizeof(*(array))), &(array)[(count)++])

/* A copy of a field's value, NULL when there is none. */
char *reading_copy(const struct stanza *stanza, const char *name);
/* The file that a field names, as a path; the caller frees. */
char *reading_resolve(const struct reading *r, const char *name);
/* Is `name` a file of that folder or an absolute one, with a last part to call it by?
 */
int reading_check_file(const struct reading *r, const struct field *field);
/* "pgp:" and a full fingerprint: 20 bytes (RFC 9580, 5.5.4.2) or 32 (5.5.4.3). */
int reading_openpgp(struct reading *r, const struct field *field, char **signer);

/* The fields of a first stanza that are a policy's, for its table of rules; */
#define POLICY_FIELDS                                                                  \
	{"Signers", false, false}, {"Verify-At", false, false},                        \
	    {"Country", false, false}, {"Issuer-Country", false, false},               \
	    {"Schemes", false, false}, {"Digests", false, false},                      \
	    {"Minimum-RSA", false, false}, {"Timestamp", false, false},                \
	    {"Unsigned", false, true}
/* their reader; */
int policy_read_first(struct reading *r, const struct stanza *stanza);
/* the reader of a Trust stanza; */
int policy_read_trust(struct reading *r, const struct stanza *stanza);
/* what must fit together; */
int policy_check(const struct reading *r);
/* and all that the policy owns, but not itself. */
void policy_clear(struct policy *policy);

#endif
