/* verify toolchain pin|fetch|check|show: what builds may see, pinned by hash. */
#include "cmd/cmd_private.h"
#include "rebuild/rebuild.h"

#include <errno.h>
#include <unistd.h>

enum {
	OPTION_DEBIAN = OPTION_COMMAND,
	OPTION_BUILD_DEP,
	OPTION_PACKAGE,
	OPTION_TAR,
	OPTION_DIRECTORY,
	OPTION_HOST,
	OPTION_NAME,
	OPTION_POOL,
};

static const struct option long_options[] = {
    {"debian", required_argument, NULL, OPTION_DEBIAN},
    {"build-dep", required_argument, NULL, OPTION_BUILD_DEP},
    {"package", required_argument, NULL, OPTION_PACKAGE},
    {"tar", required_argument, NULL, OPTION_TAR},
    {"directory", required_argument, NULL, OPTION_DIRECTORY},
    {"host", required_argument, NULL, OPTION_HOST},
    {"name", required_argument, NULL, OPTION_NAME},
    {"output", required_argument, NULL, 'o'},
    {"pool", required_argument, NULL, OPTION_POOL},
    CMD_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* What the command line says. */
struct request {
	struct pin_request pin;
	const char *output, *pool;
	bool pin_only; /* an option of `pin` was given */
};

static void
request_free(struct request *request)
{
	strings_free(&request->pin.build_deps);
	strings_free(&request->pin.packages);
	strings_free(&request->pin.host);
}

/* ---- pin ------------------------------------------------------------- */

static bool
pin_request_complete(const struct request *request)
{
	const struct pin_request *pin = &request->pin;
	unsigned kinds = (pin->suite != NULL) + (pin->tar != NULL) +
			 (pin->folder != NULL) + (pin->host.count > 0);
	if (request->output == NULL)
		say_error("toolchain pin: name the description to write with -o FILE");
	else if (kinds != 1)
		say_error("toolchain pin: give exactly one of --debian, --tar, "
			  "--directory and --host");
	else if (pin->suite == NULL && (pin->build_deps.count || pin->packages.count))
		say_error("toolchain pin: --build-dep and --package go with --debian");
	else if (pin->suite != NULL && !pin->build_deps.count && !pin->packages.count)
		say_error(
		    "toolchain pin: say what to build with --build-dep SOURCE, or "
		    "what to install with --package NAME");
	else
		return true;
	return false;
}

/* The description's own place: paths in it are written relative to that. */
static int
output_path(const char *output, char **path, struct err *err)
{
	char *folder = path_dir(output), *full = realpath(folder, NULL);
	if (full == NULL) {
		err_errno(err, "cannot write to folder '%s'", folder);
		free(folder);
		return -1;
	}
	*path = path_join(full, path_base(output));
	free(folder);
	free(full);
	return 0;
}

static int
toolchain_pin_main(const struct request *request)
{
	struct toolchain *toolchain = NULL;
	struct err err = {0};
	struct buf text = {0};
	char *path = NULL;
	int status = EXIT_REPRODUCED;
	if (!pin_request_complete(request))
		return EXIT_USAGE;
	if (output_path(request->output, &path, &err) == -1 ||
	    toolchain_pin(&request->pin, &toolchain, &err) == -1) {
		free(path);
		return cmd_fail(&err);
	}
	free(toolchain->path);
	toolchain->path = path;
	toolchain_write(toolchain, &text);
	if (file_replace(request->output, text.data, text.size, &err) == -1)
		status = cmd_fail(&err);
	else if (toolchain->kind == ROOT_DEBIAN)
		say("pinned %zu packages of %s in '%s'", toolchain->package_count,
		    toolchain->suite, request->output);
	else if (toolchain->kind == ROOT_HOST)
		say("pinned %zu files of this machine in '%s': a weak root, as hardly "
		    "another machine has the same",
		    toolchain->file_count, request->output);
	else
		say("pinned '%s' in '%s'", toolchain->root_path, request->output);
	buf_free(&text);
	toolchain_free(toolchain);
	return status;
}

/* ---- fetch ----------------------------------------------------------- */

/* Put "Root-SHA256:" after the line that names the kind of root, and leave every
 * other byte of the description as it is. */
static int
record_root(const struct toolchain *toolchain, const struct sha256 *root,
	    struct err *err)
{
	struct buf text = {0}, changed = {0};
	char hex[SHA256_HEX];
	int result = -1;
	if (file_read(toolchain->path, (size_t)16 << 20, &text, err) == -1)
		goto out;
	size_t at = 0;
	while (at < text.size && strncasecmp(text.data + at, "Root:", 5) != 0) {
		const char *end = memchr(text.data + at, '\n', text.size - at);
		at = end ? (size_t)(end - text.data) + 1 : text.size;
	}
	const char *end =
	    at < text.size ? memchr(text.data + at, '\n', text.size - at) : NULL;
	if (end == NULL) {
		err_set(err, ERR_USAGE, "'%s' has no field Root", toolchain->path);
		goto out;
	}
	size_t split = (size_t)(end - text.data) + 1;
	sha256_hex(root, hex);
	buf_append(&changed, text.data, split);
	buf_printf(&changed, "Root-SHA256: %s\n", hex);
	buf_append(&changed, text.data + split, text.size - split);
	result = file_replace(toolchain->path, changed.data, changed.size, err);
out:
	buf_free(&text);
	buf_free(&changed);
	return result;
}

static int
print_line(const char *name, const char *value)
{
	if (printf("%s: %s\n", name, value) < 0 || fflush(stdout) != 0) {
		say_error("cannot write to standard output: %s", strerror(errno));
		return EXIT_UNDECIDED;
	}
	return EXIT_REPRODUCED;
}

static int
toolchain_fetch_main(const char *path, const char *pool)
{
	struct toolchain *toolchain;
	struct sha256 root;
	struct err err = {0};
	char hex[SHA256_HEX];
	int status;
	if (toolchain_read(path, &toolchain, &err) == -1)
		return cmd_fail(&err);
	if (toolchain_fetch(toolchain, pool, &root, &err) == -1) {
		status = cmd_fail(&err);
	} else if (!toolchain->has_root_sha256 &&
		   record_root(toolchain, &root, &err) == -1) {
		status = cmd_fail(&err);
	} else {
		if (!toolchain->has_root_sha256)
			say("Root-SHA256 added to '%s': from now on the root is pinned",
			    path);
		sha256_hex(&root, hex);
		status = print_line("Root-SHA256", hex);
	}
	toolchain_free(toolchain);
	return status;
}

/* ---- check and show -------------------------------------------------- */

static int
toolchain_check_main(const char *path)
{
	struct toolchain *toolchain;
	struct root root;
	struct err err = {0};
	int status;
	if (toolchain_read(path, &toolchain, &err) == -1)
		return cmd_fail(&err);
	if (toolchain_root(toolchain, &root, &err) == -1) {
		status = cmd_fail(&err);
	} else {
		char hex[SHA256_HEX];
		sha256_hex(&root.sha256, hex);
		say("the root at '%s' is what '%s' pins", root.path, path);
		status = print_line("Root-SHA256", hex);
		root_free(&root);
	}
	toolchain_free(toolchain);
	return status;
}

static void
show_root(const struct toolchain *toolchain)
{
	char hex[SHA256_HEX], size[32];
	uint64_t total = 0;
	for (size_t i = 0; i < toolchain->package_count; i++)
		total += toolchain->packages[i].size;
	text_size(total, size);
	printf("Root:          %s%s\n", root_kind_name(toolchain->kind),
	       toolchain->kind == ROOT_HOST || toolchain->kind == ROOT_FOLDER
		   ? " (weak: not assembled from pinned packages)"
		   : "");
	if (toolchain->kind == ROOT_DEBIAN)
		printf("Packages:      %zu of suite %s, %s, each pinned by SHA-256\n",
		       toolchain->package_count, toolchain->suite, size);
	else if (toolchain->kind == ROOT_HOST)
		printf("Files:         %zu of this machine, each pinned by SHA-256\n",
		       toolchain->file_count);
	else
		printf("From:          %s\n", toolchain->root_path);
	if (toolchain->has_root_file_sha256) {
		sha256_hex(&toolchain->root_file_sha256, hex);
		printf("File SHA-256:  %s\n", hex);
	}
	if (toolchain->has_root_sha256)
		sha256_hex(&toolchain->root_sha256, hex);
	printf("Root SHA-256:  %s\n", toolchain->has_root_sha256
					  ? hex
					  : "not pinned yet (verify toolchain fetch)");
}

static int
toolchain_show_main(const char *path)
{
	struct toolchain *toolchain;
	struct err err = {0};
	char hex[SHA256_HEX];
	if (toolchain_read(path, &toolchain, &err) == -1)
		return cmd_fail(&err);
	sha256_hex(&toolchain->identity, hex);
	printf("Toolchain:     %s (%s)\nSHA-256:       %s\nArchitecture:  %s\n",
	       toolchain->name, toolchain->path, hex, toolchain->architecture);
	show_root(toolchain);
	printf("Build path:    %s\nHostname:      %s\nUser:          %s\n"
	       "Umask:         %03o\nLocale:        %s\nTimezone:      %s\n"
	       "Processors:    %u\nNetwork:       none\n",
	       toolchain->build_path, toolchain->hostname, toolchain->user,
	       (unsigned)toolchain->umask, toolchain->locale, toolchain->timezone,
	       toolchain->cpus);
	for (size_t i = 0; i < toolchain->environment.count; i++) {
		char *shown = text_shown(toolchain->environment.items[i]);
		printf("Environment:   %s\n", shown);
		free(shown);
	}
	toolchain_free(toolchain);
	if (fflush(stdout) != 0) {
		say_error("cannot write to standard output: %s", strerror(errno));
		return EXIT_UNDECIDED;
	}
	return EXIT_REPRODUCED;
}

/* ---- the command line ------------------------------------------------ */

static bool
set_once(const char **slot, const char *name)
{
	if (*slot != NULL) {
		say_error("--%s is given twice (try 'verify toolchain --help')", name);
		return false;
	}
	*slot = optarg;
	return true;
}

static enum option_answer
request_option(struct request *request, int option, char *const *argv)
{
	struct pin_request *pin = &request->pin;
	bool taken = true;
	if (option == OPTION_POOL)
		return set_once(&request->pool, "pool") ? OPTION_TAKEN : OPTION_WRONG;
	switch (option) {
	case OPTION_DEBIAN:
		taken = set_once(&pin->suite, "debian");
		break;
	case OPTION_BUILD_DEP:
		strings_add(&pin->build_deps, optarg);
		break;
	case OPTION_PACKAGE:
		strings_add(&pin->packages, optarg);
		break;
	case OPTION_TAR:
		taken = set_once(&pin->tar, "tar");
		break;
	case OPTION_DIRECTORY:
		taken = set_once(&pin->folder, "directory");
		break;
	case OPTION_HOST:
		strings_add(&pin->host, optarg);
		break;
	case OPTION_NAME:
		taken = set_once(&pin->name, "name");
		break;
	case 'o':
		taken = set_once(&request->output, "output");
		break;
	default:
		return cmd_option(&cmd_toolchain, option, argv, NULL);
	}
	request->pin_only = true;
	return taken ? OPTION_TAKEN : OPTION_WRONG;
}

static int
request_run(const struct request *request, const char *action, const char *path)
{
	bool pins = strcmp(action, "pin") == 0, fetches = strcmp(action, "fetch") == 0;
	if (request->pin_only && !pins)
		say_error("only 'verify toolchain pin' takes these options");
	else if (request->pool != NULL && !fetches)
		say_error("only 'verify toolchain fetch' takes --pool");
	else if (pins && path != NULL)
		say_error(
		    "toolchain pin: name the description to write with -o, not '%s'",
		    path);
	else if (pins)
		return toolchain_pin_main(request);
	else if (!fetches && strcmp(action, "check") != 0 &&
		 strcmp(action, "show") != 0)
		say_error("'%s' is none of pin, fetch, check and show (try 'verify "
			  "toolchain --help')",
			  action);
	else if (path == NULL)
		say_error("toolchain %s: name the toolchain description", action);
	else if (fetches)
		return toolchain_fetch_main(path, request->pool);
	else if (strcmp(action, "check") == 0)
		return toolchain_check_main(path);
	else
		return toolchain_show_main(path);
	return EXIT_USAGE;
}

static int
toolchain_main(int argc, char **argv)
{
	struct request request = {0};
	int option, status = -1;
	opterr = 0;
	while (status == -1 &&
	       (option = getopt_long(argc, argv, ":o:qv", long_options, NULL)) != -1) {
		enum option_answer answer = request_option(&request, option, argv);
		if (answer != OPTION_TAKEN)
			status =
			    answer == OPTION_SHOWN_HELP ? EXIT_REPRODUCED : EXIT_USAGE;
	}
	if (status == -1)
		status = cmd_arguments(&cmd_toolchain, argc, 1, 2)
			     ? request_run(&request, argv[optind], argv[optind + 1])
			     : EXIT_USAGE;
	request_free(&request);
	return status;
}

const struct command cmd_toolchain = {
    .name = "toolchain",
    .run = toolchain_main,
    .arguments = "pin|fetch|check|show [TOOLCHAIN]",
    .summary = "Pin what a build may see, bring it, check it.",
    .options =
	"  pin -o FILE: write a toolchain description, from one of\n"
	"  --debian SUITE       a Debian suite of the machine's apt sources, with\n"
	"  --build-dep SOURCE   what SOURCE[=VERSION] or a .dsc file needs to be "
	"built\n"
	"  --package NAME       one more package, NAME[=VERSION]\n"
	"  --tar FILE           a root as a tar archive\n"
	"  --directory DIR      a root as a folder\n"
	"  --host PROGRAM       programs, files or folders of this machine\n"
	"  --name NAME          what reports call the toolchain\n"
	"  -o, --output FILE    the description to write\n"
	"  fetch TOOLCHAIN: bring what is pinned and assemble the root in the cache\n"
	"  --pool DIR           take the packages from DIR; nothing is downloaded\n"
	"  check TOOLCHAIN: hash the root in the cache again\n"
	"  show TOOLCHAIN: print what is pinned",
};
