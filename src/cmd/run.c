/*
 * verify run: the main job. Read the release description, check the inputs,
 * rebuild in the sandbox, compare and check signatures in the confined child,
 * conclude, report.
 */
#include "cmd/cmd_private.h"

#include "rebuild/rebuild.h"

#include <fcntl.h>
#include <unistd.h>

enum { OPTION_REBUILT = OPTION_COMMAND, OPTION_KEEP };

static const struct option run_options[] = {
    CMD_REPORT_OPTIONS,
    CMD_COMMON_OPTIONS,
    {"rebuilt", required_argument, NULL, OPTION_REBUILT},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {NULL, 0, NULL, 0},
};

/* Everything one run holds; run_end gives it back. */
struct run {
	const char *rebuilt_option, *keep_option;
	struct report_targets targets;
	struct release *release;
	struct toolchain *toolchain;
	struct trust *trust;
	json_t *findings;
	json_t *varying;  /* the findings' "run" object */
	int *products;    /* descriptors, one for each product; -1 where unreadable */
	char *rebuilt;    /* folder of rebuilt files, NULL when there is none */
	char *temporary;  /* folder to remove at the end */
	bool inputs_good; /* every input was readable and had its declared hash */
	double began;
};

/* What the confined child works on; it can open nothing itself. */
struct run_job {
	const struct run *run;
	int rebuilt_folder; /* -1 when there is nothing to compare with */
	const char *reason; /* why not */
	/* Scratch files, one for each tree: the products', then the rebuilt one's. */
	int *scratch;
};

static void
run_end(struct run *run)
{
	struct err ignored = {0};
	if (run->products != NULL) {
		for (size_t i = 0; i < run->release->product_count; i++) {
			if (run->products[i] != -1)
				close(run->products[i]);
		}
	}
	free(run->products);
	if (run->temporary != NULL)
		folder_remove(AT_FDCWD, run->temporary, &ignored);
	free(run->temporary);
	free(run->rebuilt);
	json_decref(run->findings);
	trust_free(run->trust);
	toolchain_free(run->toolchain);
	release_free(run->release);
}

/* Read the descriptions; what is wrong with them is a usage error. */
static int
run_read(struct run *run, const char *path, struct err *err)
{
	if (release_read(path, &run->release, err) == -1)
		return -1;
	const struct release *release = run->release;
	if (trust_of_release(release, &run->trust, err) == -1)
		return err_at(err, "'%s'", path);
	if (run->rebuilt_option != NULL)
		return 0;
	if (release->toolchain == NULL)
		return err_set(
		    err, ERR_USAGE,
		    "%s: no Toolchain: to build with; add one, or give a build "
		    "made elsewhere with --rebuilt DIR",
		    path);
	if (toolchain_read(release->toolchain, &run->toolchain, err) == -1)
		return -1;
	if (release->has_toolchain_sha256 &&
	    !sha256_equal(&release->toolchain_sha256, &run->toolchain->identity)) {
		char want[SHA256_HEX], have[SHA256_HEX];
		sha256_hex(&release->toolchain_sha256, want);
		sha256_hex(&run->toolchain->identity, have);
		return err_set(
		    err, ERR_USAGE,
		    "%s: Toolchain-SHA256 is %s, but '%s' has %s; the toolchain "
		    "description is not the one this release was written for",
		    path, want, release->toolchain, have);
	}
	return 0;
}

/* "release" and "run" of the findings, and the descriptions among the inputs. */
static void
run_begin(struct run *run, const char *path)
{
	const struct release *release = run->release;
	run->began = time_elapsed();
	run->findings = findings_new("run");
	json_t *about = json_object();
	json_object_set_new(about, "name", text_json(release->name));
	json_object_set_new(about, "version", text_json(release->version));
	json_object_set_new(about, "file", text_json(path_base(path)));
	json_object_set_new(about, "sha256", sha256_json(&release->identity));
	json_object_set_new(run->findings, "release", about);
	run->varying = json_object();
	char started[TIME_TEXT];
	time_text((int64_t)time(NULL), started);
	json_object_set_new(run->varying, "started", json_string(started));
	json_object_set_new(run->findings, "run", run->varying);
}

/* Open one input of the release and remember whether it is what was declared. */
static int
run_input(struct run *run, const char *role, const struct release_file *file)
{
	struct err err = {0};
	int fd = -1;
	if (cmd_open_input(run->findings, role, file->path, false, &file->sha256, &fd,
			   &err) == -1) {
		say_error("%s", err.message);
		run->inputs_good = false;
		return -1;
	}
	return fd;
}

/* Hash what the release names. A wrong one is a finding, and nothing is built. */
static void
run_inputs(struct run *run)
{
	const struct release *release = run->release;
	run->inputs_good = true;
	run->products = base_alloc(release->product_count, sizeof(int));
	for (size_t i = 0; i < release->product_count; i++)
		run->products[i] = run_input(run, "product", &release->products[i]);
	for (size_t i = 0; i < release->source_count; i++) {
		int fd = run_input(run, "source", &release->sources[i].file);
		if (fd != -1)
			close(fd);
	}
	if (run->toolchain != NULL) {
		struct buf text = {0};
		struct err err = {0};
		if (file_read(run->toolchain->path, 16 << 20, &text, &err) == 0)
			findings_add_input(
			    run->findings, "toolchain", path_base(run->toolchain->path),
			    text.size, &run->toolchain->identity,
			    release->has_toolchain_sha256 ? &release->toolchain_sha256
							  : NULL);
		buf_free(&text);
	}
}

/* ---- signatures of sources ------------------------------------------- */

struct source_job {
	const struct release_source *source;
	const struct trust *trust;
	int file;
	struct buf signature;
};

static int
source_child(void *context, struct buf *out, struct err *err)
{
	struct source_job *job = context;
	enum signature_status status;
	json_t *entries = json_array();
	char *name = text_shown(job->source->file.name);
	int result;
	if (job->signature.size > 0) {
		struct view signature = view_of_buf(&job->signature);
		result = signature_check_detached(job->file, name, &signature,
						  job->trust, entries, &status, err);
	} else {
		struct mapping mapping;
		struct sha256 digest;
		uint64_t size = 0;
		result = sha256_of_fd(job->file, &digest, &size, err);
		if (result == 0)
			result = mapping_open(job->file, 0, size, &mapping, err);
		if (result == 0) {
			result = signature_check(&mapping.view, name, job->trust,
						 entries, &status, err);
			mapping_close(&mapping);
		}
	}
	if (result == 0) {
		char *json = json_dumps(entries, JSON_COMPACT);
		buf_puts(out, json);
		free(json);
	}
	free(name);
	json_decref(entries);
	return result;
}

/* An entry for a signature that could not be checked at all. */
static json_t *
signature_entry_unchecked(const char *name, const char *reason)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "path", text_json(name));
	json_object_set_new(entry, "scheme", json_string("openpgp"));
	json_object_set_new(entry, "index", json_string("0"));
	json_object_set_new(entry, "status", json_string("not-checked"));
	json_object_set_new(entry, "reason", json_string(reason));
	json_object_set_new(entry, "notes", json_array());
	return entry;
}

/* Check one source's declared signature, in a confined child. */
static int
check_source(struct run *run, const struct release_source *source, json_t *entries,
	     struct err *err)
{
	struct source_job job = {source, NULL, -1, {0}};
	struct buf out = {0};
	struct strings layers = {0};
	struct trust *trust = trust_new();
	bool clearsigned = strcmp(source->signature, source->file.path) == 0;
	int result = -1;
	trust_judge_at(trust, run->release->at);
	if (trust_add_keyring(trust, source->keyring, err) == -1 ||
	    trust_pin_openpgp(trust, source->signer, err) == -1 ||
	    file_open(source->file.path, &job.file, err) == -1)
		goto out;
	if (!clearsigned &&
	    file_read(source->signature, 1 << 20, &job.signature, err) == -1)
		goto out;
	if (!clearsigned && job.signature.size == 0) {
		err_set(err, ERR_INPUT, "'%s' is empty", source->signature);
		goto out;
	}
	job.trust = trust;
	struct confinement confinement = {.keep = &job.file, .keep_count = 1};
	result = sandbox_confine(&confinement, source_child, &job, &out, &layers, err);
	if (result == 0) {
		json_t *found = json_loadb(out.data, out.size, 0, NULL);
		json_array_extend(entries, found);
		json_decref(found);
	}
out:
	if (job.file != -1)
		close(job.file);
	trust_free(trust);
	strings_free(&layers);
	buf_free(&job.signature);
	buf_free(&out);
	return result;
}

static int
run_source_signatures(struct run *run, struct err *err)
{
	json_t *entries = json_array();
	json_object_set_new(run->findings, "source_signatures", entries);
	for (size_t i = 0; i < run->release->source_count; i++) {
		const struct release_source *source = &run->release->sources[i];
		if (source->signature == NULL)
			continue;
		if (check_source(run, source, entries, err) == 0)
			continue;
		if (err->kind == ERR_INTERRUPTED)
			return -1;
		json_array_append_new(entries, signature_entry_unchecked(
						   source->file.name, err->message));
	}
	return 0;
}

/* ---- the build ------------------------------------------------------- */

static void
build_result(struct run *run, const char *result, const char *reason)
{
	json_t *build = json_object();
	json_object_set_new(build, "result", json_string(result));
	if (reason != NULL)
		json_object_set_new(build, "reason", json_string(reason));
	json_object_set_new(run->findings, "build", build);
}

/* Fill run->rebuilt, or leave it NULL with the reason in "build". */
static int
run_build(struct run *run, struct err *err)
{
	if (run->rebuilt_option != NULL) {
		run->rebuilt = base_strdup(run->rebuilt_option);
		build_result(run, "supplied", NULL);
		return 0;
	}
	if (!run->inputs_good) {
		build_result(
		    run, "not-run",
		    "an input is unreadable or does not have its declared SHA-256");
		return 0;
	}
	if (run->keep_option != NULL) {
		run->rebuilt = base_strdup(run->keep_option);
	} else {
		if (folder_make_temporary(&run->temporary, err) == -1)
			return -1;
		run->rebuilt = path_join(run->temporary, "rebuilt");
	}
	struct rebuild_options options = {.output = run->rebuilt};
	json_t *build = NULL, *varying = json_object();
	json_object_set_new(run->varying, "build", varying);
	if (rebuild_run(run->release, run->toolchain, &options, &build, varying, err) ==
	    -1)
		return -1;
	if (run->temporary != NULL) /* the log goes with the folder */
		json_object_del(varying, "log");
	json_object_set_new(run->findings, "build", build);
	const char *result = json_string_value(json_object_get(build, "result"));
	if (result == NULL || strcmp(result, "built") != 0) {
		free(run->rebuilt);
		run->rebuilt = NULL;
	}
	return 0;
}

/* ---- comparing and signatures, confined ------------------------------ */

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

/* Compare and check in the child; -1 when interrupted or out of scratch space. */
static int
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

static void
run_conclude(struct run *run)
{
	const json_t *signatures = json_object_get(run->findings, "signatures");
	if (run->release->has_signers)
		json_object_set_new(run->findings, "policy",
				    signature_policy(run->release, signatures));
	char finished[TIME_TEXT];
	time_text((int64_t)time(NULL), finished);
	json_object_set_new(run->varying, "finished", json_string(finished));
	json_object_set_new(run->varying, "seconds",
			    json_real(time_elapsed() - run->began));
	findings_conclude(run->findings);
}

/* The job from a description to its report; -1 with err set, else the exit status. */
static int
run_release(struct run *run, const char *path, struct err *err)
{
	if (run_read(run, path, err) == -1)
		return -1;
	run_begin(run, path);
	run_inputs(run);
	if (run_source_signatures(run, err) == -1 || run_build(run, err) == -1 ||
	    run_look(run, err) == -1)
		return -1;
	run_conclude(run);
	if (cmd_write_reports(run->findings, &run->targets, err) == -1)
		return -1;
	return findings_exit(run->findings);
}

static int
run_main(int argc, char **argv)
{
	struct run run = {0};
	struct err err = {0};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", run_options, NULL)) != -1) {
		switch (option) {
		case OPTION_REBUILT:
			run.rebuilt_option = optarg;
			break;
		case OPTION_KEEP:
			run.keep_option = optarg;
			break;
		default:
			switch (cmd_option(&cmd_run, option, argv, &run.targets)) {
			case OPTION_SHOWN_HELP:
				return 0;
			case OPTION_WRONG:
				return EXIT_USAGE;
			case OPTION_TAKEN:
				break;
			}
		}
	}
	if (!cmd_arguments(&cmd_run, argc, 1, 1))
		return EXIT_USAGE;
	int status = run_release(&run, argv[optind], &err);
	run_end(&run);
	return status == -1 ? cmd_fail(&err) : status;
}

const struct command cmd_run = {
    .name = "run",
    .run = run_main,
    .arguments = "RELEASE",
    .summary = "rebuild a release from its source and compare what was shipped",
    .options = "  --rebuilt DIR    take the build from DIR instead of building\n"
	       "  --keep DIR       keep what the build left in the new folder DIR\n",
};
