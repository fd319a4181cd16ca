/* Runs every suite; the command-line tests are a suite too (cli_test.c). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

extern Suite *(*const all_suites[])(void);

/* unit [SUITE...]: all of them, or those named. */
int
main(int argc, char **argv)
{
	SRunner *runner = srunner_create(NULL);
	for (size_t i = 0; all_suites[i] != NULL; i++)
		srunner_add_suite(runner, all_suites[i]());
	int failed = 0;
	if (argc < 2) {
		srunner_run_all(runner, CK_NORMAL);
		failed = srunner_ntests_failed(runner);
	}
	for (int i = 1; i < argc; i++) {
		srunner_run(runner, argv[i], NULL, CK_NORMAL);
		failed += srunner_ntests_failed(runner);
	}
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
