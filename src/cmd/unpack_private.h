/* What `verify list` and `verify unpack` share: a file looked into in a confined child.
 */
#ifndef VERIFY_CMD_UNPACK_PRIVATE_H
#define VERIFY_CMD_UNPACK_PRIVATE_H

#include "cmd/cmd_private.h"

enum {
	OPTION_DEPTH = OPTION_COMMAND + 100,
	OPTION_MEMBERS,
	OPTION_BYTES,
	OPTION_RATIO,
};

#define CMD_BUDGET_OPTIONS                                                             \
	{"depth", required_argument, NULL, OPTION_DEPTH},                              \
	    {"members", required_argument, NULL, OPTION_MEMBERS},                      \
	    {"bytes", required_argument, NULL, OPTION_BYTES},                          \
	{                                                                              \
		"ratio", required_argument, NULL, OPTION_RATIO                         \
	}

#define CMD_BUDGET_HELP                                                                \
	"  --depth N            enter at most N containers in containers (32)\n"       \
	"  --members N          list at most N members (2000000)\n"                    \
	"  --bytes SIZE         decompress at most SIZE (64G)\n"                       \
	"  --ratio N            let a stream above 64 MB, and all that is in the\n"    \
	"                       input above 1 GB, grow at most N times (2000)\n"

/* One file or folder to be looked into. */
struct looking {
	const char *path;
	struct unpack_budget budget;
	const char *folder; /* where to write its files; NULL: only list them */
	int folder_fd;
	int fd, scratch;
};

/* Take one of the budget options; OPTION_WRONG says so on standard error. */
enum option_answer cmd_budget_option(int option, const char *value,
				     struct unpack_budget *budget);
/* Open looking->path, and look into it in a confined child. `found` gets {"members":
 * […], "unwritten": […], "confinement": […]}; the caller frees. */
int cmd_look(struct looking *looking, json_t **found, struct err *err);
/* Is anything in the list undecided? */
bool cmd_undecided(const json_t *found);
/* Write a note as a line on `out`: "suspect: text (at offset 17)". */
void cmd_print_note(FILE *out, const char *indent, const json_t *note);

#endif
