/* verify rebuild: only the sandboxed build of a release, and a report about it. */
#include "cmd/cmd_private.h"
#include "rebuild/rebuild.h"

#include <sys/utsname.h>
#include <unistd.h>

static const struct option long_options[] = {
    CMD_REPORT_OPTIONS,
    {"output", required_argument, NULL, 'o'},
    CMD_COMMON_OPTIONS,
    {NULL, 0, NULL, 0},
};

/* Everything one run holds. */
struct job {
	struct release *release;
	struct toolchain *toolchain;
	json_t *findings;
};

static void
job_free(struct job *job)
{
	release_free(job->release);
	toolchain_free(job->toolchain);
	json_decref(job->findings);
}

static int
job_read(struct job *job, const char *path, struct err *err)
{
	if (release_read(path, &job->release, err) == -1)
		return -1;
	if (job->release->toolchain == NULL || job->release->step_count == 0)
		return err_set(
		    err, ERR_USAGE,
		    "'%s' has nothing to build: it needs Toolchain and Build", path);
	return toolchain_read(job->release->toolchain, &job->toolchain, err);
}

/* The descriptions and sources, each with its hash. */
static void
job_inputs(struct job *job)
{
	const struct release *release = job->release;
	struct err err = {0};
	int fd;
	if (cmd_open_input(job->findings, "toolchain", release->toolchain, false,
			   release->has_toolchain_sha256 ? &release->toolchain_sha256
							 : NULL,
			   &fd, &err) == 0)
		close(fd);
	for (size_t i = 0; i < release->source_count; i++) {
		const struct release_file *file = &release->sources[i].file;
		if (cmd_open_input(job->findings, "source", file->path, false,
				   &file->sha256, &fd, &err) == 0)
			close(fd);
	}
}

static void
job_describe(struct job *job, const char *path)
{
	json_t *release = json_object();
	json_object_set_new(release, "name", text_json(job->release->name));
	json_object_set_new(release, "version", text_json(job->release->version));
	json_object_set_new(release, "file", text_json(path_base(path)));
	json_object_set_new(release, "sha256", sha256_json(&job->release->identity));
	json_object_set_new(job->findings, "release", release);
}

/* When and where: what may differ from run to run. */
static void
job_finish(struct job *job, int64_t started, double began, json_t *build_run)
{
	char text[TIME_TEXT];
	json_t *run = json_object(), *host = json_object();
	struct utsname name;
	time_text(started, text);
	json_object_set_new(run, "started", json_string(text));
	time_text((int64_t)time(NULL), text);
	json_object_set_new(run, "finished", json_string(text));
	json_object_set_new(run, "seconds", json_real(time_elapsed() - began));
	if (uname(&name) == 0)
		json_object_set_new(host, "kernel", text_json(name.release));
	json_object_set_new(host, "cpus", json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	json_object_set_new(run, "host", host);
	json_object_set_new(run, "build", build_run);
	json_object_set_new(job->findings, "run", run);
}

static int
rebuild_release(const char *path, const char *output,
		const struct report_targets *targets)
{
	struct job job = {0};
	struct err err = {0};
	const struct rebuild_options options = {.output = output};
	double began = time_elapsed();
	int64_t started = (int64_t)time(NULL);
	int status;
	if (job_read(&job, path, &err) == -1) {
		job_free(&job);
		return cmd_fail(&err);
	}
	job.findings = findings_new("rebuild");
	job_describe(&job, path);
	job_inputs(&job);
	json_t *build = NULL, *run = json_object();
	int result =
	    rebuild_run(job.release, job.toolchain, &options, &build, run, &err);
	json_object_set_new(job.findings, "build", build);
	job_finish(&job, started, began, run);
	if (result == 0) {
		findings_conclude(job.findings);
		result = cmd_write_reports(job.findings, targets, &err);
	}
	status = result == 0 ? findings_exit(job.findings) : -1;
	job_free(&job);
	return status == -1 ? cmd_fail(&err) : status;
}

static int
rebuild_main(int argc, char **argv)
{
	struct report_targets targets = {0};
	const char *output = NULL;
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":o:qv", long_options, NULL)) != -1) {
		if (option == 'o' && output == NULL) {
			output = optarg;
			continue;
		}
		enum option_answer answer =
		    cmd_option(&cmd_rebuild, option, argv, &targets);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? EXIT_REPRODUCED
							   : EXIT_USAGE;
	}
	if (!cmd_arguments(&cmd_rebuild, argc, 1, 1))
		return EXIT_USAGE;
	if (output == NULL || *output == '\0') {
		say_error("rebuild: name a new folder for the build with -o DIR");
		return EXIT_USAGE;
	}
	return rebuild_release(argv[optind], output, &targets);
}

const struct command cmd_rebuild = {
    .name = "rebuild",
    .run = rebuild_main,
    .arguments = "RELEASE",
    .summary = "Only build a release in the sandbox, into a folder.",
    .options = "  -o, --output DIR     a new folder for what is built; the log goes "
	       "beside it,\n"
	       "                       to DIR.log.gz",
};
