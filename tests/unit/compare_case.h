/* What the tests of compare share: two files of the test folder compared, and what
 * the findings say of them. */
#ifndef VERIFY_COMPARE_CASE_H
#define VERIFY_COMPARE_CASE_H

#include "test.h"

#include "compare/compare.h"

/* Two inputs of the test folder, opened; and the entries. */
struct compare_case {
	int fds[2];
	struct tree *shipped, *rebuilt;
	json_t *files;
	enum file_status worst;
};

/* Open both; `rebuilt` may be NULL. */
void case_open(struct compare_case *one, const char *shipped, const char *rebuilt);
/* Open and compare both. */
void case_compare(struct compare_case *one, const char *shipped, const char *rebuilt);
void case_close(struct compare_case *one);

/* The entry whose path ends with `end`; it must be there. */
json_t *case_entry(const struct compare_case *one, const char *end);
/* Is there such an entry? */
bool case_has(const struct compare_case *one, const char *end);
const char *case_status(const struct compare_case *one, const char *end);
/* The difference of an entry whose place contains `place`; it must be there. */
json_t *entry_difference(const json_t *entry, const char *place);
const char *object_text(const json_t *object, const char *key);
long long object_number(const json_t *object, const char *key);

/* A program from C source in the test folder, and a .deb with it. */
void case_make_program(void);

#endif
