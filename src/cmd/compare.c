/* verify compare: the byte difference of two files or two folders. */
#include "cmd/compare_private.h"

#include <pthread.h>

#include "sandbox/sandbox.h"

/* ---- in the confined child ------------------------------------------- */

static void *
open_tree(void *context)
{
	struct compared *side = context;
	side->result = tree_open_unhashed(side->fd, side->scratch, side->name, NULL,
					  &side->tree, &side->err);
	return NULL;
}

/* Both at once: opening a folder hashes all that is in it. */
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
		result = compare_nodes_packed(comparing->shipped.tree, NODE_ROOT,
					     comparing->rebuilt.tree, NODE_ROOT, files,
					     &worst, err);
	if (result == 0)
		cmd_write_entries(files, out);
	/* Entries and trees go with the child, which ends now: giving them back one by
	 * one would take as long as comparing many small files. */
	return result;
}

/* ---- outside --------------------------------------------------------- */

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

/* Start the confined child that compares. */
static int
compare_start(struct comparing *comparing, struct err *err)
{
	struct compared *shipped = &comparing->shipped, *rebuilt = &comparing->rebuilt;
	if (file_scratch(&shipped->scratch, err) == -1 ||
	    file_scratch(&rebuilt->scratch, err) == -1)
		return -1;
	const int keep[] = {shipped->fd, shipped->scratch, rebuilt->fd,
			    rebuilt->scratch};
	const char *const folders[] = {shipped->path, rebuilt->path, NULL};
	const struct confinement confinement = {
	    .keep = keep,
	    .keep_count = ARRAY_COUNT(keep),
	    .read_paths = shipped->folder ? folders : NULL,
	    /* contents are mapped: room for both files and all that may come of them */
	    .memory = (UINT64_C(16) << 30) + 2 * (shipped->size + rebuilt->size) +
		      2 * unpack_default_budget.bytes,
	};
	return sandbox_confine_start(&confinement, compare_confined, comparing,
				     &comparing->child, err);
}

/* The first entry is that of the inputs themselves: their digests were left to us. */
static void
entry_set_digests(const struct comparing *comparing, json_t *entry)
{
	const struct compared *sides[2] = {&comparing->shipped, &comparing->rebuilt};
	for (size_t i = 0; i < 2; i++) {
		json_t *side = json_object_get(entry, sides[i]->role);
		if (sides[i]->hashed && json_is_object(side))
			json_object_set_new(side, "sha256",
					    sha256_json(&sides[i]->sha256));
	}
}

/* Hear the child out, and take its entries over. */
static int
compare_finish(struct comparing *comparing, json_t *findings, struct err *err)
{
	struct buf out = {0};
	struct strings layers = {0};
	json_t *files = json_object_get(findings, "files");
	size_t before = json_array_size(files);
	int result = sandbox_confine_finish(comparing->child, &out, &layers, err);
	comparing->child = NULL;
	json_object_set_new(findings, "confinement", layers_json(&layers));
	if (result == 0) {
		struct view text = view_of_buf(&out);
		if (cmd_parse_entries(&text, files) == -1 ||
		    json_array_size(files) == before)
			result =
			    err_set(err, ERR_INPUT,
				    "nothing was compared: neither side holds a file");
		else
			entry_set_digests(comparing, json_array_get(files, before));
	}
	buf_free(&out);
	strings_free(&layers);
	return result;
}

/* The child works while the inputs are hashed. When they turn out to be identical
 * after all, what it found is not waited for. */
static int
compare_sides(struct comparing *comparing, json_t *findings, struct err *err)
{
	json_t *files = json_object_get(findings, "files");
	struct compared *shipped = &comparing->shipped, *rebuilt = &comparing->rebuilt;
	int result = shipped->folder ? compare_start(comparing, err)
				     : sides_hash(comparing, compare_start, err);
	sides_tell(comparing, findings);
	if (shipped->result == -1 || rebuilt->result == -1) {
		*err = shipped->result == -1 ? shipped->err : rebuilt->err;
		return -1;
	}
	if (result == 0 && inputs_identical(comparing)) {
		json_array_append_new(files, whole_entry(comparing, STATUS_IDENTICAL));
		return 0;
	}
	if (result == 0 && comparing->child == NULL) /* it changed at the last moment */
		result = compare_start(comparing, err);
	if (result == 0)
		result = compare_finish(comparing, findings, err);
	if (result == 0 || err->kind == ERR_INTERRUPTED)
		return result;
	/* "could not look" is a finding, and says why */
	json_t *entry = whole_entry(comparing, STATUS_UNDECIDED);
	json_object_set_new(entry, "reason", json_string(err->message));
	json_array_append_new(files, entry);
	say_error("%s", err->message);
	return 0;
}

/* One side cannot be opened: the other one's digest is said all the same. */
static int
compare_nothing(struct comparing *comparing, json_t *findings, struct err *err)
{
	const struct compared *shipped = &comparing->shipped;
	int result = sides_hash(comparing, NULL, err);
	if (result == -1 && err->kind == ERR_INTERRUPTED)
		return -1;
	sides_tell(comparing, findings);
	*err = shipped->result == -1 ? shipped->err : comparing->rebuilt.err;
	return -1;
}

static int
compare_findings(const char *shipped, const char *rebuilt, json_t *findings,
		 struct err *err)
{
	struct comparing comparing = {0};
	int result;
	side_open(&comparing.shipped, "shipped", shipped);
	side_open(&comparing.rebuilt, "rebuilt", rebuilt);
	if (comparing.shipped.result == -1 || comparing.rebuilt.result == -1)
		result = compare_nothing(&comparing, findings, err);
	else if (comparing.shipped.folder != comparing.rebuilt.folder)
		result =
		    err_set(err, ERR_USAGE,
			    "cannot compare a folder with a file: give two files or "
			    "two folders");
	else
		result = compare_sides(&comparing, findings, err);
	sandbox_confine_stop(comparing.child);
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
