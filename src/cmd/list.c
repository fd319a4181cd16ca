/* verify list: the tree of a file with digests. */
#include "cmd/unpack_private.h"

#include <errno.h>
#include <unistd.h>

#define WRITTEN_FROM ((size_t)1 << 20) /* bytes of text that gather before */

struct list_options {
	bool digests;
	const char *json; /* NULL: none */
	struct unpack_budget budget;
};

static const char *
text_of(const json_t *member, const char *key)
{
	const char *text = json_string_value(json_object_get(member, key));
	return text ? text : "";
}

/* "-rwsr-xr-x", or "-" where the container knows no mode. */
static void
mode_text(const json_t *member, char out[11])
{
	static const char *const types[] = {
	    "file",     "-", "folder",           "d", "symlink",      "l",
	    "hardlink", "h", "character device", "c", "block device", "b",
	    "fifo",     "p", "socket",           "s",
	};
	const char *type = text_of(member, "type"), *digits = text_of(member, "mode");
	unsigned long mode = strtoul(digits, NULL, 8);
	snprintf(out, 11, "-%s", *digits ? "---------" : "");
	for (size_t i = 0; i < ARRAY_COUNT(types); i += 2) {
		if (strcmp(types[i], type) == 0)
			out[0] = types[i + 1][0];
	}
	if (*digits == '\0')
		return;
	for (unsigned i = 0; i < 9; i++) {
		if ((mode & (0400UL >> i)) != 0)
			out[i + 1] = "rwxrwxrwx"[i];
	}
	for (unsigned i = 0; i < 3; i++) {
		char *at = &out[3 * i + 3];
		if ((mode & (04000UL >> i)) != 0)
			*at = *at == 'x' ? "sst"[i] : "SST"[i];
	}
}

/* The member's own name: its path behind its container's. */
static const char *
own_name(const json_t *member)
{
	const char *name = text_of(member, "member");
	return *name ? name
	       : json_integer_value(json_object_get(member, "depth")) > 0
		   ? "//"
		   : text_of(member, "path");
}

static void
print_member(const json_t *member)
{
	char mode[11], size[32] = "-";
	int depth = (int)json_integer_value(json_object_get(member, "depth"));
	const json_t *bytes = json_object_get(member, "size"), *note;
	size_t index;
	mode_text(member, mode);
	if (bytes != NULL)
		snprintf(size, sizeof(size), "%ju",
			 (uintmax_t)json_integer_value(bytes));
	printf("%-10s %12s %-16.16s %*s%s", mode, size,
	       bytes ? text_of(member, "sha256") : "-", 2 * depth, "",
	       own_name(member));
	if (json_object_get(member, "target") != NULL)
		printf(" -> %s", text_of(member, "target"));
	if (json_object_get(member, "format") != NULL)
		printf(" [%s]", text_of(member, "format"));
	puts("");
	char *indent = base_format("%*s", 41 + 2 * depth, "");
	json_array_foreach(json_object_get(member, "notes"), index, note)
	    cmd_print_note(stdout, indent, note);
	free(indent);
}

/* Is this container entered by --digests? A product's own layers are: the file itself,
 * what has no name of its own, and the archives of a .deb or .rpm. What lies deeper is
 * declared as the file that it is in. */
static bool
is_layer(const json_t *member, const char *parent_format)
{
	if (!json_is_true(json_object_get(member, "container")))
		return false;
	return json_integer_value(json_object_get(member, "depth")) == 0 ||
	       *text_of(member, "member") == '\0' ||
	       strcmp(parent_format, "deb") == 0 || strcmp(parent_format, "rpm") == 0;
}

/* Lines for the Unbuilt: field of a release description. */
static void
print_digests(const struct found *found)
{
	json_t *member;
	size_t at = 0;
	json_int_t shown = INT64_MAX; /* the depth of the last one printed */
	struct strings formats = {0}; /* of the layers above, by depth */
	for (; (member = found_next(found, &at)) != NULL; json_decref(member)) {
		json_int_t depth = json_integer_value(json_object_get(member, "depth"));
		const char *type = text_of(member, "type");
		if (depth > shown)
			continue;
		shown = INT64_MAX;
		while (formats.count > (size_t)depth)
			free(formats.items[--formats.count]);
		const char *above =
		    formats.count > 0 ? formats.items[formats.count - 1] : "";
		if (is_layer(member, above) ||
		    (depth == 0 && strcmp(type, "folder") == 0)) {
			strings_add(&formats, text_of(member, "format"));
			continue;
		}
		shown = depth;
		if (strcmp(type, "file") == 0 || strcmp(type, "hardlink") == 0 ||
		    strcmp(type, "symlink") == 0)
			printf("%s %s\n", text_of(member, "sha256"),
			       text_of(member, "name"));
	}
	strings_free(&formats);
}

/* The list on its way to where it is wanted. */
struct list_writing {
	const struct found *found;
	int fd;
	int result;
	struct err *err;
};

static void
list_drain(void *context, struct buf *gathered)
{
	struct list_writing *writing = context;
	if (writing->result == 0)
		writing->result = file_write_fd(writing->fd, gathered->data,
						gathered->size, writing->err);
	buf_clear(gathered);
}

/* "members" holds one null while it is written: all of them stand for that. */
static bool
list_item(void *context, struct buf *out, const json_t *item, unsigned indent,
	  unsigned depth)
{
	struct list_writing *writing = context;
	size_t at = 0, count = 0;
	json_t *member;
	if (!json_is_null(item))
		return false;
	for (; (member = found_next(writing->found, &at)) != NULL;
	     json_decref(member)) {
		if (count++ > 0) {
			buf_puts(out, ",");
			buf_json_line(out, indent, depth);
		}
		buf_json_at(out, member, indent, depth);
		if (out->size >= WRITTEN_FROM)
			list_drain(context, out);
	}
	return true;
}

static int
write_document(const struct found *found, int fd, struct err *err)
{
	struct list_writing writing = {found, fd, 0, err};
	const struct json_hooks hooks = {list_item, list_drain, &writing};
	struct buf text = {0};
	json_t *document =
	    json_pack("{s:s, s:{s:s, s:s}, s:O, s:[n]}", "schema", "verify-list/1",
		      "tool", "name", "verify", "version", VERIFY_VERSION,
		      "confinement", found->confinement, "members");
	buf_json_hooked(&text, document, 2, &hooks);
	buf_puts(&text, "\n");
	list_drain(&writing, &text);
	buf_free(&text);
	json_decref(document);
	return writing.result;
}

static int
write_json(const struct found *found, const char *target, struct err *err)
{
	struct file_draft draft;
	if (strcmp(target, "-") == 0) {
		if (write_document(found, STDOUT_FILENO, err) == -1)
			return err_at(err, "the list to standard output");
		return 0;
	}
	if (file_draft_open(target, &draft, err) == -1)
		return -1;
	int result = write_document(found, draft.fd, err);
	if (result == -1)
		err_at(err, "'%s'", target);
	return file_draft_end(&draft, result == -1, err);
}

static void
print_members(const struct found *found)
{
	json_t *member;
	size_t at = 0;
	for (; (member = found_next(found, &at)) != NULL; json_decref(member))
		print_member(member);
}

static int
list_file(const char *path, const struct list_options *options)
{
	struct looking looking = {
	    .path = path, .budget = options->budget, .folder_fd = -1};
	struct err err = {0};
	struct found found;
	if (cmd_look(&looking, &found, &err) == -1)
		return cmd_fail(&err);
	int status = found.undecided ? EXIT_UNDECIDED : 0;
	if (options->json != NULL && write_json(&found, options->json, &err) == -1)
		status = cmd_fail(&err);
	if (options->json == NULL || strcmp(options->json, "-") != 0) {
		if (options->digests)
			print_digests(&found);
		else
			print_members(&found);
	}
	found_free(&found);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		err_errno(&err, "cannot write to standard output");
		return cmd_fail(&err);
	}
	if (status == EXIT_UNDECIDED)
		say("undecided: not all of '%s' could be looked into", path);
	return status;
}

static int
list_run(int argc, char **argv)
{
	enum { OPTION_DIGESTS = OPTION_COMMAND, OPTION_LIST_JSON };
	static const struct option table[] = {
	    {"digests", no_argument, NULL, OPTION_DIGESTS},
	    {"json", required_argument, NULL, OPTION_LIST_JSON},
	    CMD_BUDGET_OPTIONS,
	    CMD_COMMON_OPTIONS,
	    {NULL, 0, NULL, 0},
	};
	struct list_options options = {.budget = unpack_default_budget};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", table, NULL)) != -1) {
		enum option_answer answer = OPTION_TAKEN;
		if (option == OPTION_DIGESTS)
			options.digests = true;
		else if (option == OPTION_LIST_JSON)
			options.json = optarg;
		else if (option >= OPTION_DEPTH && option <= OPTION_RATIO)
			answer = cmd_budget_option(option, optarg, &options.budget);
		else
			answer = cmd_option(&cmd_list, option, argv, NULL);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? 0 : EXIT_USAGE;
	}
	if (!cmd_arguments(&cmd_list, argc, 1, 1))
		return EXIT_USAGE;
	return list_file(argv[optind], &options);
}

const struct command cmd_list = {
    .name = "list",
    .run = list_run,
    .arguments = "FILE",
    .summary = "the tree of a file, through all containers, with digests",
    .options =
	"  --digests            lines '<sha256> <path>' for the Unbuilt: field of a\n"
	"                       release description\n"
	"  --json FILE          write the list as JSON; '-' is standard "
	"output\n" CMD_BUDGET_HELP,
};
