/*
 * verify run: the main job. Read the release description, check the inputs,
 * rebuild in the sandbox, compare and check signatures in the confined child,
 * conclude, report.
 */
#include "cmd/run_private.h"

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

static void
run_conclude(struct run *run)
{
	const json_t *signatures = json_object_get(run->findings, "signatures");
	json_t *policy = signature_policy(run->release, signatures);
	if (policy != NULL)
		json_object_set_new(run->findings, "policy", policy);
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
