/* What the commands share: options, inputs, reports, errors. */
#include "cmd/cmd_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

void
cmd_guard_descriptors(void)
{
	/* open() takes the lowest free number; the wrong mode makes each use fail */
	static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
	for (int fd = 0; fd < (int)ARRAY_COUNT(modes); fd++) {
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", modes[fd] | O_NOCTTY) == -1)
			_exit(EXIT_UNDECIDED);
	}
}

int
cmd_flush_output(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	say_error("cannot write to standard output: %s", strerror(errno));
	return EXIT_UNDECIDED;
}

static void
print_help(const struct command *command, bool reports)
{
	printf("usage: verify %s [OPTION]...%s%s\n\n%s\n", command->name,
	       *command->arguments ? " " : "", command->arguments, command->summary);
	puts("\noptions:");
	if (*command->options) {
		size_t length = strlen(command->options);
		fputs(command->options, stdout);
		if (command->options[length - 1] != '\n')
			puts("");
	}
	if (reports)
		puts("  --text FILE          write the report as text; '-' is standard "
		     "output\n"
		     "  --json FILE          write the findings, see "
		     "verify-findings(5)\n"
		     "  --html FILE          write the report as one HTML page\n"
		     "  --markdown FILE      write the report as Markdown");
	puts("  -q, --quiet          say nothing but errors on standard error\n"
	     "  -v, --verbose        say more on standard error\n"
	     "  --help               print this and exit");
}

/* What getopt_long stopped at, for a message; shown text that the caller frees. */
static char *
option_name(char *const *argv)
{
	if (optopt > 0 && optopt < OPTION_TEXT)
		return base_format("-%c", optopt);
	return text_shown_n(argv[optind - 1], strcspn(argv[optind - 1], "="));
}

static enum option_answer
option_wrong(const struct command *command, const char *what, char *const *argv)
{
	char *name = option_name(argv);
	say_error("%s '%s' (try 'verify %s --help')", what, name, command->name);
	free(name);
	return OPTION_WRONG;
}

/* Is standard output taken by a report already? */
static bool
targets_have_output(const struct report_targets *targets)
{
	const char *const all[] = {targets->text, targets->json, targets->html,
				   targets->markdown};
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		if (all[i] != NULL && strcmp(all[i], "-") == 0)
			return true;
	}
	return false;
}

static enum option_answer
target_set(const struct command *command, const char **target, const char *name,
	   const struct report_targets *targets)
{
	if (*target != NULL) {
		say_error("--%s is given twice (try 'verify %s --help')", name,
			  command->name);
		return OPTION_WRONG;
	}
	if (*optarg == '\0') {
		say_error("--%s needs the name of a file, or '-'", name);
		return OPTION_WRONG;
	}
	if (strcmp(optarg, "-") == 0 && targets_have_output(targets)) {
		say_error("only one report can go to standard output: give --%s a file",
			  name);
		return OPTION_WRONG;
	}
	*target = optarg;
	return OPTION_TAKEN;
}

enum option_answer
cmd_option(const struct command *command, int option, char *const *argv,
	   struct report_targets *targets)
{
	if (targets != NULL) {
		switch (option) {
		case OPTION_TEXT:
			return target_set(command, &targets->text, "text", targets);
		case OPTION_JSON:
			return target_set(command, &targets->json, "json", targets);
		case OPTION_HTML:
			return target_set(command, &targets->html, "html", targets);
		case OPTION_MARKDOWN:
			return target_set(command, &targets->markdown, "markdown",
					  targets);
		default:
			break;
		}
	}
	switch (option) {
	case 'q':
		say_level(-1);
		return OPTION_TAKEN;
	case 'v':
		say_level(1);
		return OPTION_TAKEN;
	case OPTION_HELP:
		print_help(command, targets != NULL);
		if (fflush(stdout) != 0) {
			say_error("cannot write to standard output: %s",
				  strerror(errno));
			exit(EXIT_UNDECIDED);
		}
		return OPTION_SHOWN_HELP;
	case ':':
		return option_wrong(command, "no value given for option", argv);
	default:
		return option_wrong(command, "unknown or misused option", argv);
	}
}

bool
cmd_arguments(const struct command *command, int argc, int least, int most)
{
	int left = argc - optind;
	if (left >= least && left <= most)
		return true;
	say_error("%s: usage: verify %s [OPTION]... %s (try 'verify %s --help')",
		  left < least ? "an argument is missing" : "too many arguments",
		  command->name, command->arguments, command->name);
	return false;
}

/* One report on its way to its place. */
struct delivery {
	const json_t *findings;
	enum report_kind kind;
	const char *path;
};

static int
sink_fd(void *context, const void *bytes, size_t count, struct err *err)
{
	return file_write_fd(*(const int *)context, bytes, count, err);
}

/* Colour and width of a terminal; neither for anything else. */
static void
terminal_of(const char *path, bool *colour, unsigned *columns)
{
	*colour = false;
	*columns = 0;
	if (strcmp(path, "-") != 0 || !isatty(STDOUT_FILENO))
		return;
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	*colour = (no == NULL || *no == '\0') && term != NULL && strcmp(term, "dumb");
	struct winsize size;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		*columns = size.ws_col < 120 ? size.ws_col : 120;
}

/* Write to a descriptor whose reader may have gone: an error, not our death. */
static int
deliver_to(const struct delivery *delivery, int fd, struct err *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, kept;
	bool colour;
	unsigned columns;
	terminal_of(delivery->path, &colour, &columns);
	sigaction(SIGPIPE, &ignore, &kept);
	int result = report_write(delivery->findings, delivery->kind, colour, columns,
				  sink_fd, &fd, err);
	sigaction(SIGPIPE, &kept, NULL);
	return result;
}

/* A new or regular file is replaced whole. */
static int
deliver_to_file(const struct delivery *delivery, struct err *err)
{
	struct file_draft draft;
	if (file_draft_open(delivery->path, &draft, err) == -1)
		return -1;
	int result = deliver_to(delivery, draft.fd, err);
	if (result == -1)
		err_at(err, "'%s'", delivery->path);
	return file_draft_end(&draft, result == -1, err);
}

/* What is anything but a regular file (a device, a pipe, a link such as /dev/stdout) is
 * written through, never replaced. */
static int
deliver(const struct delivery *delivery, struct err *err)
{
	const char *path = delivery->path;
	struct stat st;
	if (strcmp(path, "-") == 0) {
		if (deliver_to(delivery, STDOUT_FILENO, err) == -1)
			return err_at(err, "the report to standard output");
		return 0;
	}
	if (lstat(path, &st) == -1 || S_ISREG(st.st_mode))
		return deliver_to_file(delivery, err);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd == -1)
		return err_errno(err, "cannot write '%s'", path);
	int result = deliver_to(delivery, fd, err);
	if (result == -1)
		err_at(err, "'%s'", path);
	if (close(fd) == -1 && result == 0)
		result = err_errno(err, "cannot write '%s'", path);
	return result;
}

int
cmd_write_reports(const json_t *findings, const struct report_targets *targets,
		  struct err *err)
{
	const char *paths[] = {
	    [REPORT_TEXT] = targets->text,
	    [REPORT_JSON] = targets->json,
	    [REPORT_HTML] = targets->html,
	    [REPORT_MARKDOWN] = targets->markdown,
	};
	if (!targets->text && !targets->json && !targets->html && !targets->markdown)
		paths[REPORT_TEXT] = "-";
	progress_clear();
	for (size_t i = 0; i < ARRAY_COUNT(paths); i++) {
		if (paths[i] == NULL)
			continue;
		const struct delivery one = {findings, (enum report_kind)i, paths[i]};
		if (deliver(&one, err) == -1)
			return -1;
	}
	return 0;
}

int
cmd_fail(const struct err *err)
{
	if (err->kind == ERR_INTERRUPTED) {
		progress_clear();
		interrupt_end();
	}
	say_error("%s", err->message);
	return err->kind == ERR_USAGE ? EXIT_USAGE : EXIT_UNDECIDED;
}

/* Hash an open file and compare with what was declared. */
static int
input_hash(json_t *findings, const char *role, const char *path,
	   const struct sha256 *expected, int fd, struct err *err)
{
	struct sha256 digest;
	uint64_t size;
	if (sha256_of_fd(fd, &digest, &size, err) == -1)
		return -1;
	if (lseek(fd, 0, SEEK_SET) == -1)
		return err_errno(err, "cannot read");
	findings_add_input(findings, role, path, size, &digest, expected);
	if (expected == NULL || sha256_equal(&digest, expected))
		return 0;
	char is[SHA256_HEX], declared[SHA256_HEX];
	sha256_hex(&digest, is);
	sha256_hex(expected, declared);
	char *shown = text_shown(path);
	err_set(err, ERR_INPUT,
		"'%s' has SHA-256 %s, but the description declares %s: it is another "
		"file, or it was changed",
		shown, is, declared);
	free(shown);
	return -1;
}

int
cmd_open_input(json_t *findings, const char *role, const char *path, bool folder,
	       const struct sha256 *expected, int *fd, struct err *err)
{
	struct stat st;
	size_t before = json_array_size(json_object_get(findings, "inputs"));
	int opened = -1;
	int result = -1;
	if (folder && expected == NULL && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		result = file_open_folder(path, &opened, err);
		if (result == 0)
			findings_add_input(findings, role, path, 0, NULL, NULL);
	} else if (file_open(path, &opened, err) == 0) {
		result = input_hash(findings, role, path, expected, opened, err);
	}
	if (result == -1) {
		if (json_array_size(json_object_get(findings, "inputs")) == before)
			findings_add_missing_input(findings, role, path, err->message);
		if (opened != -1)
			close(opened);
		return -1;
	}
	*fd = opened;
	return 0;
}

char *
cmd_root_name(const char *path)
{
	size_t length = strlen(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	char *trimmed = base_strndup(path, length);
	char *name = base_strdup(path_base(trimmed));
	free(trimmed);
	return name;
}
