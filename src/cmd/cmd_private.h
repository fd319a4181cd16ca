/*
 * What the commands share: option parsing (GNU long options), report targets,
 * inputs with hashes, and how an error becomes an exit status.
 */
#ifndef VERIFY_CMD_PRIVATE_H
#define VERIFY_CMD_PRIVATE_H

#include <getopt.h>

#include "cmd/cmd.h"
#include "report/report.h"

/* Where reports go: each at most once; "-" is standard output. Text to standard
 * output when none is named. */
struct report_targets {
	const char *text, *json, *html, *markdown;
};

/* getopt_long values of the options that every reporting command takes. */
enum {
	OPTION_TEXT = 1000,
	OPTION_JSON,
	OPTION_HTML,
	OPTION_MARKDOWN,
	OPTION_HELP,
	OPTION_COMMAND, /* first value for a command's own long options */
};

/* Rows for a command's `struct option` table: reports, -q, -v, --help. */
#define CMD_REPORT_OPTIONS                                                               \
	{"text", required_argument, NULL, OPTION_TEXT},                                  \
	    {"json", required_argument, NULL, OPTION_JSON},                              \
	    {"html", required_argument, NULL, OPTION_HTML},                              \
	    {"markdown", required_argument, NULL, OPTION_MARKDOWN}

#define CMD_COMMON_OPTIONS                                                               \
	{"help", no_argument, NULL, OPTION_HELP},                                        \
	    {"quiet", no_argument, NULL, 'q'}, {"verbose", no_argument, NULL, 'v'}

enum option_answer {
	OPTION_TAKEN,
	OPTION_SHOWN_HELP, /* --help was printed: return 0 */
	OPTION_WRONG,	   /* said so on standard error: return 2 */
};

/* Handle one option value that the command does not know itself: reports, -q, -v,
 * --help and errors (getopt's '?' and ':'; run getopt_long with opterr 0 and an
 * option string that starts with ':' ). `targets` is NULL for commands without reports. */
enum option_answer cmd_option(const struct command *command, int option,
			      char *const *argv, struct report_targets *targets);

/* Are there at least `least` and at most `most` arguments left? Says what is
 * wrong on standard error otherwise. */
bool cmd_arguments(const struct command *command, int argc, int least, int most);

/* Conclude nothing: render every wanted report. ERR_SYSTEM when one cannot be written;
 * standard output that was closed (EPIPE) is an error too. */
int cmd_write_reports(const json_t *findings, const struct report_targets *targets,
		      struct err *err);

/* Print the error and return the exit status it means: usage 2, everything else 3.
 * Does not return after ERR_INTERRUPTED (interrupt_end). */
int cmd_fail(const struct err *err);

/* Open an input, hash it, and add it to the findings' inputs; a folder (allowed when
 * `folder`) has no hash. `expected` may be NULL. On failure the input is added with its status and
 * reason, and -1 is returned with err set. */
int cmd_open_input(json_t *findings, const char *role, const char *path, bool folder,
		   const struct sha256 *expected, int *fd, struct err *err);

/* Write the entries of "files" for cmd_parse_entries: in a confined child. */
void cmd_write_entries(const json_t *files, struct buf *out);
/* Append what cmd_write_entries wrote to `files`; -1, and nothing is appended, when
 * it is anything else. */
int cmd_parse_entries(const struct view *text, json_t *files);

/* What the root of a tree is called: the last part of the path, whatever slashes
 * stand behind it. The caller frees. */
char *cmd_root_name(const char *path);

#endif
