/*
 * cmd: one thin file per command.
 *
 * A command parses its options, opens what the user named, calls the rooms to
 * its left, and returns the exit status. Only here and in main.c are errors
 * printed.
 */
#ifndef VERIFY_CMD_H
#define VERIFY_CMD_H

#include "base/base.h"

struct command {
	const char *name;
	/* argv[0] is the command's name; returns an exit status of verify(1). */
	int (*run)(int argc, char **argv);
	const char *arguments; /* "SHIPPED REBUILT" */
	const char *summary;   /* one line for --help */
	const char *options;   /* the command's own --help text, one option a line */
};

/* Take descriptors 0 to 2 when the caller closed them, so that no input or scratch
 * file gets their number; writing to a closed standard output still fails. */
void cmd_guard_descriptors(void);
/* Flush standard output: 0, or 3 when it could not be written, and says so. */
int cmd_flush_output(void);

extern const struct command cmd_run, cmd_compare, cmd_signatures, cmd_rebuild,
    cmd_unpack, cmd_list, cmd_toolchain, cmd_report;

#endif
