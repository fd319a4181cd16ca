/* verify compare: the byte difference of two files or two folders. */
#include "cmd/cmd_private.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

/* One side: what the user named, opened before anything is confined. */
struct compared {
	const char *path;
	char *name; /* what its root is called in member paths */
	int fd, scratch;
	bool folder;
	struct sha256 sha256; /* of a file */
	uint64_t size;
	struct tree *tree; /* in the child */
	int result;
	struct err err;
};

struct comparing {
	struct compared shipped, rebuilt;
};

/* ---- in the confined child ------------------------------------------- */

static void *
open_tree(void *context)
{
	struct compared *side = context;
	side->result = tree_open_with_scratch(side->fd, side->scratch, side->name, NULL,
					      &side->tree, &side->err);
	return NULL;
}

/* Both at once: opening hashes all of a side. */
static int
open_trees(struct comparing *comparing, struct err *err)
{
	pthread_t thread;
	bool apart = pthread_create(&thread, NULL, open_tree, &comparing->rebuilt) == 0;
	open_tree(&comparing->shipped);
	if (apart)
		pthread_join(thread, NULL);
	else
		open_tree(&comparing->rebuilt);
	if (comparing->shipped.result == -1)
		*err = comparing->shipped.err;
	else if (comparing->rebuilt.result == -1)
		*err = comparing->rebuilt.err;
	else
		return 0;
	return -1;
}

static int
compare_confined(void *context, struct buf *out, struct err *err)
{
	struct comparing *comparing = context;
	json_t *files = json_array();
	enum file_status worst;
	int result = open_trees(comparing, err);
	if (result == 0)
		result = compare_nodes(comparing->shipped.tree, NODE_ROOT,
				       comparing->rebuilt.tree, NODE_ROOT, NULL, files,
				       &worst, err);
	if (result == 0)
		cmd_write_entries(files, out);
	/* Entries and trees go with the child, which ends now: giving them back one by
	 * one would take as long as comparing many small files. */
	return result;
}

/* ---- outside --------------------------------------------------------- */

static int
side_open(struct compared *side, json_t *findings, const char *role, const char *path,
	  struct err *err)
{
	struct stat st;
	side->path = path;
	side->name = cmd_root_name(path);
	if (cmd_open_input(findings, role, path, true, NULL, &side->fd, err) == -1)
		return -1;
	if (fstat(side->fd, &st) == -1)
		return err_errno(err, "cannot examine '%s'", path);
	side->folder = S_ISDIR(st.st_mode);
	if (file_scratch(&side->scratch, err) == -1)
		return -1;
	if (side->folder)
		return 0;
	const json_t *inputs = json_object_get(findings, "inputs");
	const json_t *input = json_array_get(inputs, json_array_size(inputs) - 1);
	const char *digest = json_string_value(json_object_get(input, "sha256"));
	side->size = (uint64_t)json_integer_value(json_object_get(input, "size"));
	if (digest == NULL || sha256_parse(digest, &side->sha256) == -1)
		return err_set(err, ERR_SYSTEM, "no digest of '%s'", path);
	return 0;
}

static void
side_close(struct compared *side)
{
	if (side->fd != -1)
		close(side->fd);
	if (side->scratch != -1)
		close(side->scratch);
	free(side->name);
}

static json_t *
side_json(const struct compared *side)
{
	json_t *object = json_object();
	json_object_set_new(object, "type",
			    json_string(side->folder ? "folder" : "file"));
	if (!side->folder) {
		json_object_set_new(object, "size",
				    json_integer((json_int_t)side->size));
		json_object_set_new(object, "sha256", sha256_json(&side->sha256));
	}
	return object;
}

/* The one entry of two inputs that were not entered. */
static json_t *
whole_entry(const struct comparing *comparing, enum file_status status)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "path", text_json(comparing->shipped.name));
	json_object_set_new(entry, "built", text_json(comparing->rebuilt.name));
	json_object_set_new(entry, "status", json_string(file_status_name(status)));
	json_object_set_new(entry, "shipped", side_json(&comparing->shipped));
	json_object_set_new(entry, "rebuilt", side_json(&comparing->rebuilt));
	return entry;
}

static bool
inputs_identical(const struct comparing *comparing)
{
	return !comparing->shipped.folder && !comparing->rebuilt.folder &&
	       comparing->shipped.size == comparing->rebuilt.size &&
	       sha256_equal(&comparing->shipped.sha256, &comparing->rebuilt.sha256);
}

static json_t *
layers_json(struct strings *layers)
{
	json_t *array = json_array();
	for (size_t i = 0; i < layers->count; i++)
		json_array_append_new(array, json_string(layers->items[i]));
	return array;
}

/* Compare in a confined child, and take its entries over. */
static int
compare_inputs(struct comparing *comparing, json_t *findings, struct err *err)
{
	const int keep[] = {comparing->shipped.fd, comparing->shipped.scratch,
			    comparing->rebuilt.fd, comparing->rebuilt.scratch};
	const char *const folders[] = {comparing->shipped.path, comparing->rebuilt.path,
				       NULL};
	const struct confinement confinement = {
	    .keep = keep,
	    .keep_count = ARRAY_COUNT(keep),
	    .read_paths = comparing->shipped.folder ? folders : NULL,
	};
	struct buf out = {0};
	struct strings layers = {0};
	json_t *files = json_object_get(findings, "files");
	int result = sandbox_confine(&confinement, compare_confined, comparing, &out,
				     &layers, err);
	json_object_set_new(findings, "confinement", layers_json(&layers));
	if (result == 0) {
		struct view text = view_of_buf(&out);
		size_t before = json_array_size(files);
		if (cmd_parse_entries(&text, files) == -1 ||
		    json_array_size(files) == before)
			result =
			    err_set(err, ERR_INPUT,
				    "nothing was compared: neither side holds a file");
	}
	buf_free(&out);
	strings_free(&layers);
	return result;
}

static int
compare_sides(struct comparing *comparing, json_t *findings, struct err *err)
{
	json_t *files = json_object_get(findings, "files");
	if (inputs_identical(comparing)) {
		json_array_append_new(files, whole_entry(comparing, STATUS_IDENTICAL));
		return 0;
	}
	if (compare_inputs(comparing, findings, err) == 0)
		return 0;
	if (err->kind == ERR_INTERRUPTED)
		return -1;
	/* "could not look" is a finding, and says why */
	json_t *entry = whole_entry(comparing, STATUS_UNDECIDED);
	json_object_set_new(entry, "reason", json_string(err->message));
	json_array_append_new(files, entry);
	say_error("%s", err->message);
	return 0;
}

static int
compare_findings(const char *shipped, const char *rebuilt, json_t *findings,
		 struct err *err)
{
	struct comparing comparing = {.shipped = {.fd = -1, .scratch = -1},
				      .rebuilt = {.fd = -1, .scratch = -1}};
	int result = side_open(&comparing.shipped, findings, "shipped", shipped, err);
	struct err other = {0};
	if (side_open(&comparing.rebuilt, findings, "rebuilt", rebuilt, &other) == -1) {
		if (result == 0)
			*err = other;
		result = -1;
	}
	if (result == 0 && comparing.shipped.folder != comparing.rebuilt.folder)
		result =
		    err_set(err, ERR_USAGE,
			    "cannot compare a folder with a file: give two files or "
			    "two folders");
	if (result == 0)
		result = compare_sides(&comparing, findings, err);
	side_close(&comparing.shipped);
	side_close(&comparing.rebuilt);
	return result;
}

static int
compare_report(char **arguments, const struct report_targets *targets)
{
	struct err err = {0};
	json_t *findings = findings_new("compare");
	int failed = 0;
	if (compare_findings(arguments[0], arguments[1], findings, &err) == -1) {
		failed = cmd_fail(&err);
		if (failed == EXIT_USAGE) {
			json_decref(findings);
			return failed;
		}
	}
	findings_conclude(findings);
	int status = findings_exit(findings);
	if (failed > status)
		status = failed;
	if (cmd_write_reports(findings, targets, &err) == -1)
		status = cmd_fail(&err);
	json_decref(findings);
	return status;
}

static int
compare_run(int argc, char **argv)
{
	static const struct option options[] = {
	    CMD_REPORT_OPTIONS,
	    CMD_COMMON_OPTIONS,
	    {NULL, 0, NULL, 0},
	};
	struct report_targets targets = {0};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", options, NULL)) != -1) {
		enum option_answer answer =
		    cmd_option(&cmd_compare, option, argv, &targets);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? 0 : EXIT_USAGE;
	}
	if (!cmd_arguments(&cmd_compare, argc, 2, 2))
		return EXIT_USAGE;
	return compare_report(argv + optind, &targets);
}

const struct command cmd_compare = {
    .name = "compare",
    .run = compare_run,
    .arguments = "SHIPPED REBUILT",
    .summary = "byte difference of two files or folders",
    .options = "",
};
