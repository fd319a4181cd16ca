/* Runs every suite; the command-line tests are a suite too (cli_test.c). */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

extern Suite *(*const all_suites[])(void);
extern const char *const all_names[];

static bool
is_named(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], name) == 0)
			return true;
	}
	return false;
}

/* unit [SUITE...]: all of them, or those named; unit --but SUITE...: all others. */
int
main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	bool but = argc > 1 && strcmp(argv[1], "--but") == 0;
	int first = but ? 2 : 1;
	for (size_t i = 0; all_suites[i] != NULL; i++) {
		bool named = is_named(all_names[i], argc - first, argv + first);
		if (argc == 1 || named != but)
			srunner_add_suite(runner, all_suites[i]());
	}
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner), run = srunner_ntests_run(runner);
	srunner_free(runner);
	return failed == 0 && run > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
