/* verify report: every report again, from a findings file. */
#include "cmd/cmd_private.h"

static int
report_run(int argc, char **argv)
{
	static const struct option options[] = {
	    CMD_REPORT_OPTIONS,
	    CMD_COMMON_OPTIONS,
	    {NULL, 0, NULL, 0},
	};
	struct report_targets targets = {0};
	struct err err = {0};
	json_t *findings = NULL;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", options, NULL)) != -1) {
		enum option_answer answer =
		    cmd_option(&cmd_report, option, argv, &targets);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? 0 : EXIT_USAGE;
	}
	if (!cmd_arguments(&cmd_report, argc, 1, 1))
		return EXIT_USAGE;
	if (findings_read(argv[optind], &findings, &err) == -1)
		return cmd_fail(&err);
	int status = findings_exit(findings);
	if (cmd_write_reports(findings, &targets, &err) == -1)
		status = cmd_fail(&err);
	json_decref(findings);
	return status;
}

const struct command cmd_report = {
    .name = "report",
    .run = report_run,
    .arguments = "FINDINGS.json",
    .summary = "make any report again from a findings file",
    .options = "",
};
