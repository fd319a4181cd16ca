/*
 * verify: is the file that customers received what the audited source builds to,
 * and who signed it? This file holds the command table and the global options.
 */
#include "cmd/cmd.h"

static const struct command *const commands[] = {
    &cmd_run,	 &cmd_compare, &cmd_signatures, &cmd_rebuild,
    &cmd_unpack, &cmd_list,    &cmd_toolchain,	&cmd_report,
};

static void
print_help(void)
{
	puts("usage: verify RELEASE\n"
	     "       verify COMMAND [OPTION]... [ARGUMENT]...\n"
	     "\n"
	     "Is the file that customers received what the audited source builds to, and\n"
	     "who signed it?\n"
	     "\n"
	     "commands:");
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		const struct command *command = commands[i];
		printf("  %-11s %s\n", command->name, command->summary);
	}
	puts("\n"
	     "  verify COMMAND --help tells each one's options; verify(1) all of it.\n"
	     "  --help, --version\n"
	     "\n"
	     "exit status: 0 reproduced, 1 differs, 2 usage, 3 undecided, 4 signature policy\n"
	     "not met");
}

int
main(int argc, char **argv)
{
	cmd_guard_descriptors();
	if (argc < 2) {
		fputs("verify: no release description or command given (try 'verify "
		      "--help')\n",
		      stderr);
		return 2;
	}
	if (strcmp(argv[1], "--help") == 0) {
		print_help();
		return cmd_flush_output();
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("verify " VERIFY_VERSION);
		return cmd_flush_output();
	}
	interrupt_catch();
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(argc - 1, argv + 1);
	}
	return cmd_run.run(argc, argv); /* verify RELEASE */
}
