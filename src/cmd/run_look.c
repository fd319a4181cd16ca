/*
 * verify run: what was shipped against what was built, and who signed it, in a
 * confined child.
 */
#include "cmd/run_private.h"

#include <unistd.h>

/* What the confined child works on; it can open nothing itself. */
struct run_job {
	const struct run *run;
	int rebuilt_folder; /* -1 when there is nothing to compare with */
	const char *reason; /* why not */
	/* Scratch files, one for each tree: the products', then the rebuilt one's. */
	int *scratch;
};

/* The signatures of every output of one product. */
static int
job_signatures(const struct run *run, size_t product, struct tree *shipped,
	       json_t *signatures, struct err *err)
{
	const struct release *release = run->release;
	const char *name = release->products[product].name;
	for (size_t i = 0; i < release->output_count; i++) {
		const struct release_output *output = &release->outputs[i];
		if (output->product != NULL && strcmp(output->product, name) != 0)
			continue;
		node_id node = NODE_NONE;
		if (tree_find(shipped, output->shipped, &node, err) == -1)
			return -1;
		if (node != NODE_NONE &&
		    signature_check_tree(shipped, node, false, run->trust, signatures,
					 err) == -1)
			return -1;
	}
	return 0;
}

/* The product that the child reads must be the one that was hashed before. */
static int
job_same_product(const struct tree *shipped, const struct release_file *file,
		 struct err *err)
{
	if (sha256_equal(&tree_node(shipped, NODE_ROOT)->sha256, &file->sha256))
		return 0;
	return err_set(err, ERR_INPUT, "'%s' changed while it was being verified",
		       path_base(file->name));
}

static int
job_product(const struct run_job *job, size_t product, struct tree *rebuilt,
	    json_t *files, json_t *signatures, struct err *err)
{
	const struct run *run = job->run;
	const struct release_file *file = &run->release->products[product];
	struct tree *shipped = NULL;
	int result = -1;
	if (tree_open_with_scratch(run->products[product], job->scratch[product],
				   path_base(file->name), NULL, &shipped, err) == 0 &&
	    job_same_product(shipped, file, err) == 0 &&
	    compare_release(run->release, product, shipped, rebuilt, job->reason, files,
			    err) == 0)
		result = job_signatures(run, product, shipped, signatures, err);
	tree_free(shipped);
	return result;
}

static int
job_child(void *context, struct buf *out, struct err *err)
{
	const struct run_job *job = context;
	const struct run *run = job->run;
	json_t *files = json_array(), *signatures = json_array();
	struct tree *rebuilt = NULL;
	int result = 0;
	if (job->rebuilt_folder != -1)
		result = tree_open_with_scratch(
		    job->rebuilt_folder, job->scratch[run->release->product_count],
		    "rebuilt", NULL, &rebuilt, err);
	for (size_t i = 0; result == 0 && i < run->release->product_count; i++) {
		if (run->products[i] != -1)
			result = job_product(job, i, rebuilt, files, signatures, err);
	}
	if (result == 0) {
		json_t *both =
		    json_pack("{s:O, s:O}", "files", files, "signatures", signatures);
		char *json = json_dumps(both, JSON_COMPACT);
		buf_puts(out, json);
		free(json);
		json_decref(both);
	}
	tree_free(rebuilt);
	json_decref(files);
	json_decref(signatures);
	return result;
}

/* Nobody could look: every output is undecided, with the reason. */
static json_t *
undecided_outputs(const struct release *release, const char *reason)
{
	json_t *files = json_array();
	for (size_t i = 0; i < release->output_count; i++) {
		json_t *file = json_object();
		json_object_set_new(file, "path",
				    text_json(release->outputs[i].shipped));
		json_object_set_new(file, "built",
				    text_json(release->outputs[i].built));
		json_object_set_new(file, "status", json_string("undecided"));
		json_object_set_new(file, "reason", json_string(reason));
		json_array_append_new(files, file);
	}
	return files;
}

/* Put what the child found into the findings, or why it found nothing. */
static void
run_take(struct run *run, const struct buf *out, const struct strings *layers,
	 const struct err *trouble)
{
	json_t *found =
	    out->size > 0 ? json_loadb(out->data, out->size, 0, NULL) : NULL;
	json_t *files = json_object_get(found, "files");
	json_t *signatures = json_object_get(found, "signatures");
	const char *reason = trouble->kind != ERR_NONE
				 ? trouble->message
				 : "the reader's findings could not be read";
	json_object_set_new(run->findings, "files",
			    files ? json_incref(files)
				  : undecided_outputs(run->release, reason));
	json_object_set_new(run->findings, "signatures",
			    signatures ? json_incref(signatures) : json_array());
	json_t *on = json_array();
	for (size_t i = 0; i < layers->count; i++)
		json_array_append_new(on, json_string(layers->items[i]));
	json_object_set_new(run->findings, "confinement", on);
	json_decref(found);
}

/* Run the child on what was opened for it; -1 only when interrupted. */
static int
run_confined(struct run *run, struct run_job *job, struct err *err)
{
	size_t products = run->release->product_count;
	int *keep = base_alloc(2 * products + 2, sizeof(int));
	size_t kept = 0;
	for (size_t i = 0; i < products; i++) {
		if (run->products[i] != -1)
			keep[kept++] = run->products[i];
	}
	for (size_t i = 0; i <= products; i++)
		keep[kept++] = job->scratch[i];
	if (job->rebuilt_folder != -1)
		keep[kept++] = job->rebuilt_folder;
	const char *const paths[] = {job->rebuilt_folder != -1 ? run->rebuilt : NULL,
				     NULL};
	struct confinement confinement = {
	    .keep = keep, .keep_count = kept, .read_paths = paths};
	struct buf out = {0};
	struct strings layers = {0};
	struct err trouble = {0};
	int result =
	    sandbox_confine(&confinement, job_child, job, &out, &layers, &trouble);
	if (result == -1)
		buf_clear(&out);
	run_take(run, &out, &layers, &trouble);
	strings_free(&layers);
	buf_free(&out);
	free(keep);
	if (result == -1 && trouble.kind == ERR_INTERRUPTED) {
		*err = trouble;
		return -1;
	}
	return 0;
}

int
run_look(struct run *run, struct err *err)
{
	size_t trees = run->release->product_count + 1;
	json_t *build = json_object_get(run->findings, "build");
	const char *reason = json_string_value(json_object_get(build, "reason"));
	struct run_job job = {.run = run,
			      .rebuilt_folder = -1,
			      .reason = reason ? reason : "there is no build",
			      .scratch = base_alloc(trees, sizeof(int))};
	size_t opened = 0;
	int result = 0;
	if (run->rebuilt != NULL &&
	    file_open_folder(run->rebuilt, &job.rebuilt_folder, err) == -1) {
		findings_add_missing_input(run->findings, "rebuilt", run->rebuilt,
					   err->message);
		job.reason = err->message;
	}
	while (result == 0 && opened < trees) {
		result = file_scratch(&job.scratch[opened], err);
		opened += result == 0;
	}
	if (result == 0)
		result = run_confined(run, &job, err);
	while (opened > 0)
		close(job.scratch[--opened]);
	free(job.scratch);
	if (job.rebuilt_folder != -1)
		close(job.rebuilt_folder);
	return result;
}
