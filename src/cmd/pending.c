/* Commands whose file is not there yet; each is replaced by its own. */
#include "cmd/cmd.h"

static int
pending(int argc, char **argv)
{
	(void)argc;
	say_error("'%s' is not in this build", argv[0]);
	return 3;
}

#define PENDING(symbol, name)                                                            \
	__attribute__((weak)) const struct command symbol = {name, pending, "", "", ""}

PENDING(cmd_run, "run");
PENDING(cmd_compare, "compare");
PENDING(cmd_signatures, "signatures");
PENDING(cmd_rebuild, "rebuild");
PENDING(cmd_unpack, "unpack");
PENDING(cmd_list, "list");
PENDING(cmd_toolchain, "toolchain");
PENDING(cmd_report, "report");
