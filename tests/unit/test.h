/* What the unit tests share. */
#ifndef VERIFY_TEST_H
#define VERIFY_TEST_H

#include <check.h>

#include "base/base.h"

/* ck_assert with the error's message when a call failed. */
#define ck_assert_ok(call, err)                                                        \
	do {                                                                           \
		if ((call) == -1)                                                      \
			ck_abort_msg("%s: %s", #call, (err).message);                  \
	} while (0)

/* Run a shell command in a fresh folder of the test's own ($PWD), quietly; aborts
 * the test with its output when it fails. Returns the folder's name, kept for the
 * test's life and removed at exit. */
const char *test_folder(void);
void test_shell(const char *format, ...) PRINTF_LIKE(1, 2);

/* The whole file `name` in the test folder (free with buf_free). */
struct buf test_file(const char *name);
/* Write such a file. */
void test_write(const char *name, const void *bytes, size_t count);
/* Is the program installed? */
bool test_have(const char *program);

/* Does `program`'s own help, asked with `option`, name `word`? */
bool test_offers(const char *program, const char *option, const char *word);

/* Note that a test was skipped, for the closing summary (scripts/run-tests), once
 * for each test and reason. */
void test_skip(const char *test, const char *reason);

/* Leave a test, saying why. */
#define TEST_SKIP(reason)                                                              \
	do {                                                                           \
		test_skip(__func__, reason);                                           \
		return;                                                                \
	} while (0)

#endif
