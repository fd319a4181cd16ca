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
/* What was found: members as lines of JSON, since they may be a million. */
struct found {
	struct buf text;
	size_t members;      /* where their lines begin */
	json_t *unwritten;   /* of `verify unpack`: lines */
	json_t *confinement; /* the layers that were on */
	bool undecided;      /* something could not be looked into */
};

/* Open looking->path, and look into it in a confined child. The caller frees, unless it
 * fails. */
int cmd_look(struct looking *looking, struct found *found, struct err *err);
/* The next member, from *at 0 on; NULL at the end. The caller releases it. */
json_t *found_next(const struct found *found, size_t *at);
/* Give its memory back. */
void found_free(struct found *found);
/* Write a note as a line on `out`: "suspect: text (at offset 17)". */
void cmd_print_note(FILE *out, const char *indent, const json_t *note);

#endif
