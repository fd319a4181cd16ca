/* Source to rebuilt files: inputs checked, root checked, built, collected, told. */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* All that one build holds. */
struct build {
	const struct release *release;
	const struct toolchain *toolchain;
	const struct rebuild_options *options;
	json_t *json, *run;
	struct sandbox_input *inputs;
	size_t input_count;
	struct root root;
	struct script script;
	struct strings environment;
	char *log_path;
	int log;
};

static void
set_text(json_t *object, const char *key, const char *value)
{
	json_object_set_new(object, key, text_json(value));
}

/* ---- what was asked for ---------------------------------------------- */

static json_t *
strings_json(const struct strings *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, text_json(list->items[i]));
	return array;
}

/* The same of what is shown text already. */
static json_t *
shown_json(const struct strings *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static void
describe_toolchain(struct build *build)
{
	const struct toolchain *toolchain = build->toolchain;
	json_t *object = json_object(), *limits = json_object();
	char mask[8];
	bool weak = toolchain->kind == ROOT_HOST || toolchain->kind == ROOT_FOLDER;
	set_text(object, "name", toolchain->name);
	set_text(object, "architecture", toolchain->architecture);
	set_text(object, "root", root_kind_name(toolchain->kind));
	json_object_set_new(object, "sha256", sha256_json(&toolchain->identity));
	if (toolchain->has_root_sha256)
		json_object_set_new(object, "root_sha256",
				    sha256_json(&toolchain->root_sha256));
	json_object_set_new(object, "packages",
			    json_integer((json_int_t)toolchain->package_count));
	json_object_set_new(object, "weak", json_boolean(weak));
	json_object_set_new(build->json, "toolchain", object);
	json_object_set_new(build->json, "environment",
			    strings_json(&build->environment));
	set_text(build->json, "build_path", toolchain->build_path);
	set_text(build->json, "hostname", toolchain->hostname);
	set_text(build->json, "user", toolchain->user);
	snprintf(mask, sizeof(mask), "%03o", (unsigned)toolchain->umask & 0777);
	set_text(build->json, "umask", mask);
	set_text(build->json, "clock", "real");
	json_object_set_new(build->json, "cpus", json_integer(toolchain->cpus));
	json_object_set_new(build->json, "steps",
			    json_integer((json_int_t)build->release->step_count));
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {{"wall_seconds", toolchain->limits.wall_seconds},
		    {"memory", toolchain->limits.memory},
		    {"processes", toolchain->limits.processes},
		    {"disk", toolchain->limits.disk},
		    {"log", toolchain->limits.log}};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
		json_object_set_new(limits, rows[i].name,
				    json_integer((json_int_t)rows[i].value));
	json_object_set_new(build->json, "limits", limits);
}

/* ---- sources --------------------------------------------------------- */

static int
hash_expect(const char *name, const struct sha256 *is, const struct sha256 *declared,
	    struct err *err)
{
	char found[SHA256_HEX], wanted[SHA256_HEX];
	if (sha256_equal(is, declared))
		return 0;
	char *shown = text_shown(name);
	sha256_hex(is, found);
	sha256_hex(declared, wanted);
	err_set(err, ERR_INPUT,
		"'%s' has SHA-256 %s, but the release description declares %s", shown,
		found, wanted);
	free(shown);
	return -1;
}

/* A copy without a name, hashed: nobody can change it between check and build. */
static int
source_open(const struct release_source *source, int *copy, struct err *err)
{
	int from, fd = -1;
	uint64_t size;
	struct sha256 digest;
	if (file_open(source->file.path, &from, err) == -1)
		return -1;
	int result = file_scratch(&fd, err);
	if (result == 0)
		result = file_copy_fd(from, fd, &size, err);
	if (result == 0 && lseek(fd, 0, SEEK_SET) == -1)
		result = err_errno(err, "cannot read '%s'", source->file.name);
	if (result == 0)
		result = sha256_of_fd(fd, &digest, &size, err);
	if (result == 0)
		result =
		    hash_expect(source->file.name, &digest, &source->file.sha256, err);
	if (result == 0 && lseek(fd, 0, SEEK_SET) == -1)
		result = err_errno(err, "cannot read '%s'", source->file.name);
	close(from);
	if (result == -1) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	*copy = fd;
	return 0;
}

static int
sources_open(struct build *build, struct err *err)
{
	const struct release *release = build->release;
	build->inputs = base_alloc(release->source_count + 1, sizeof(*build->inputs));
	for (size_t i = 0; i < release->source_count; i++) {
		const char *name = path_base(release->sources[i].file.name);
		for (size_t j = 0; j < build->input_count; j++) {
			if (strcmp(name, build->inputs[j].name) == 0) {
				char *shown = text_shown(name);
				err_set(err, ERR_USAGE, "two sources are called '%s'",
					shown);
				free(shown);
				return -1;
			}
		}
		int fd;
		if (source_open(&release->sources[i], &fd, err) == -1)
			return -1;
		build->inputs[build->input_count++] = (struct sandbox_input){name, fd};
	}
	return 0;
}

static int
toolchain_expect(const struct release *release, const struct toolchain *toolchain,
		 struct err *err)
{
	if (!release->has_toolchain_sha256)
		return 0;
	return hash_expect(toolchain->path, &toolchain->identity,
			   &release->toolchain_sha256, err);
}

/* The folder for what is built: there and empty afterwards. */
static int
output_make(const char *path, struct err *err)
{
	if (folder_make(path, err) == -1)
		return -1;
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool empty = true;
	if (dir == NULL)
		return err_errno(err, "cannot use folder '%s'", path);
	while ((entry = readdir(dir)) != NULL)
		empty = empty && (strcmp(entry->d_name, ".") == 0 ||
				  strcmp(entry->d_name, "..") == 0);
	closedir(dir);
	if (!empty)
		return err_set(err, ERR_USAGE,
			       "folder '%s' is not empty: name a new one for the build",
			       path);
	return 0;
}

static int
build_prepare(struct build *build, struct err *err)
{
	if (build->release->step_count == 0)
		return err_set(err, ERR_USAGE, "'%s' has no Build stanza",
			       build->release->path);
	if (toolchain_expect(build->release, build->toolchain, err) == -1 ||
	    output_make(build->options->output, err) == -1 ||
	    sources_open(build, err) == -1 ||
	    script_make(build->release, &build->script, err) == -1)
		return -1;
	progress_show("checking the root of toolchain %s", build->toolchain->name);
	int result = toolchain_root(build->toolchain, &build->root, err);
	progress_clear();
	if (result == -1)
		return -1;
	return file_scratch(&build->log, err);
}

/* ---- the build ------------------------------------------------------- */

static void
build_progress(void *context, double seconds, const char *last_line)
{
	const struct build *build = context;
	unsigned elapsed = (unsigned)seconds;
	bool mark = last_line && strstr(last_line, build->script.mark) != NULL;
	progress_show("building %s, %u:%02u  %.60s", build->release->name, elapsed / 60,
		      elapsed % 60, last_line && !mark ? last_line : "");
}

static const char *
end_name(enum sandbox_end end)
{
	switch (end) {
	case SANDBOX_EXITED:
		return "exited";
	case SANDBOX_SIGNALLED:
		return "signalled";
	case SANDBOX_WALL_LIMIT:
		return "wall-limit";
	case SANDBOX_MEMORY_LIMIT:
		return "memory-limit";
	case SANDBOX_DISK_LIMIT:
		return "disk-limit";
	case SANDBOX_PROCESS_LIMIT:
		return "process-limit";
	case SANDBOX_LOG_LIMIT:
		return "log-limit";
	}
	return "exited";
}

/* Why it failed, in one sentence. */
static void
end_explain(const struct build *build, const struct sandbox_result *result, size_t step,
	    struct buf *text)
{
	const struct limits *limits = &build->toolchain->limits;
	char size[32];
	if (step > 0)
		buf_printf(text, "step %zu '%s' ", step,
			   build->release->steps[step - 1]);
	else
		buf_puts(text, "the build, before its first step, ");
	switch (result->end) {
	case SANDBOX_EXITED:
		buf_printf(text, "ended with exit status %d", result->status);
		return;
	case SANDBOX_SIGNALLED:
		buf_printf(text, "was ended by signal %d", result->status);
		return;
	case SANDBOX_WALL_LIMIT:
		buf_printf(text,
			   "reached the limit of %llu seconds for the whole build",
			   (unsigned long long)limits->wall_seconds);
		return;
	case SANDBOX_PROCESS_LIMIT:
		buf_printf(text, "reached the limit of %llu processes",
			   (unsigned long long)limits->processes);
		return;
	case SANDBOX_MEMORY_LIMIT:
		text_size(limits->memory, size);
		buf_printf(text, "reached the memory limit of %s", size);
		return;
	case SANDBOX_DISK_LIMIT:
		text_size(limits->disk, size);
		buf_printf(text, "reached the disk limit of %s", size);
		return;
	case SANDBOX_LOG_LIMIT:
		text_size(limits->log, size);
		buf_printf(text, "reached the limit of %s for its log", size);
		return;
	}
}

static void
tell_end(struct build *build, const struct sandbox_result *result,
	 const struct log *log)
{
	json_object_set_new(build->json, "layers", strings_json(&result->layers));
	set_text(build->json, "ended", end_name(result->end));
	bool built = result->end == SANDBOX_EXITED && result->status == 0;
	set_text(build->json, "result", built ? "built" : "failed");
	json_object_set_new(build->run, "seconds", json_real(result->seconds));
	if (result->peak_memory > 0)
		json_object_set_new(build->run, "peak_memory",
				    json_integer((json_int_t)result->peak_memory));
	if (built)
		return;
	struct buf reason = {0};
	end_explain(build, result, log->step, &reason);
	set_text(build->json, "reason", reason.data);
	buf_free(&reason);
	json_object_set_new(build->json, "status", json_integer(result->status));
	if (log->step > 0)
		json_object_set_new(build->json, "step",
				    json_integer((json_int_t)log->step));
	json_object_set_new(build->json, "log_tail", shown_json(&log->tail));
}

static void
tell_log(struct build *build, const struct log *log)
{
	set_text(build->run, "log", build->log_path);
	json_object_set_new(build->run, "log_sha256", sha256_json(&log->sha256));
	json_object_set_new(build->run, "log_bytes",
			    json_integer((json_int_t)log->size));
}

/* ---- what came out --------------------------------------------------- */

static bool
is_input(const struct build *build, const char *name)
{
	for (size_t i = 0; i < build->input_count; i++) {
		if (strcmp(build->inputs[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Files at the top, and those that an Output names (before its first "//"). */
static void
outputs_name(const struct build *build, struct strings *names)
{
	DIR *dir = opendir(build->options->output);
	struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (!is_input(build, entry->d_name))
			strings_add(names, entry->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	for (size_t i = 0; i < build->release->output_count; i++) {
		const char *built = build->release->outputs[i].built;
		const char *end = strstr(built, "//");
		char *name =
		    base_strndup(built, end ? (size_t)(end - built) : strlen(built));
		if (path_is_plain(name) && !strings_have(names, name))
			strings_add(names, name);
		free(name);
	}
	strings_sort(names);
}

/* Hash one regular file that was collected; anything else is not an output. */
static int
output_tell(const char *folder, const char *name, json_t *outputs, struct err *err)
{
	struct stat st;
	struct sha256 digest;
	uint64_t size;
	char *path = path_join(folder, name);
	int result = 0;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	free(path);
	if (fd == -1)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		result = sha256_of_fd(fd, &digest, &size, err);
		if (result == 0) {
			json_t *output = json_object();
			set_text(output, "path", name);
			json_object_set_new(output, "size",
					    json_integer((json_int_t)size));
			json_object_set_new(output, "sha256", sha256_json(&digest));
			json_array_append_new(outputs, output);
		}
	}
	close(fd);
	return result;
}

static int
outputs_tell(struct build *build, const struct sandbox_result *result, struct err *err)
{
	struct strings names = {0}, notes = {0};
	json_t *outputs = json_array();
	progress_show("collecting what was built");
	int status = sandbox_collect(result, build->options->output, &notes, err);
	if (status == 0)
		outputs_name(build, &names);
	for (size_t i = 0; i < names.count && status == 0; i++)
		status =
		    output_tell(build->options->output, names.items[i], outputs, err);
	progress_clear();
	for (size_t i = 0; i < notes.count; i++)
		say_verbose("%s", notes.items[i]);
	json_object_set_new(build->json, "outputs", outputs);
	strings_free(&names);
	strings_free(&notes);
	return status;
}

/* ---- all of it ------------------------------------------------------- */

static int
build_run(struct build *build, struct err *err)
{
	const struct toolchain *toolchain = build->toolchain;
	struct sandbox_result result = {.build_folder = -1};
	struct log log = {0};
	const struct sandbox_plan plan = {
	    .root = build->root.path,
	    .build_path = toolchain->build_path,
	    .inputs = build->inputs,
	    .input_count = build->input_count,
	    .script = build->script.text,
	    .environment = (const char *const *)build->environment.items,
	    .hostname = toolchain->hostname,
	    .user = toolchain->user,
	    .umask = toolchain->umask,
	    .cpus = toolchain->cpus,
	    .limits = toolchain->limits,
	    .log = build->log,
	    .progress = build_progress,
	    .context = build,
	};
	int status = sandbox_run(&plan, &result, err);
	progress_clear();
	if (status == -1)
		return -1;
	status = log_keep(build->log, build->log_path, build->release,
			  build->script.mark, &log, err);
	if (status == 0) {
		tell_log(build, &log);
		tell_end(build, &result, &log);
		status = outputs_tell(build, &result, err);
	}
	log_free(&log);
	sandbox_result_close(&result);
	return status;
}

static void
build_free(struct build *build)
{
	for (size_t i = 0; i < build->input_count; i++)
		close(build->inputs[i].fd);
	free(build->inputs);
	root_free(&build->root);
	script_free(&build->script);
	strings_free(&build->environment);
	free(build->log_path);
	if (build->log != -1)
		close(build->log);
}

int
rebuild_run(const struct release *release, const struct toolchain *toolchain,
	    const struct rebuild_options *options, json_t **build_json, json_t *run,
	    struct err *err)
{
	struct build build = {
	    .release = release,
	    .toolchain = toolchain,
	    .options = options,
	    .json = json_object(),
	    .run = run,
	    .log = -1,
	    .log_path = options->log ? base_strdup(options->log)
				     : base_format("%s.log.gz", options->output),
	};
	struct err trouble = {0};
	bool began = false;
	environment_make(toolchain, &build.environment);
	describe_toolchain(&build);
	set_text(build.json, "result", "not-run");
	int result = build_prepare(&build, &trouble);
	if (result == 0) {
		began = true;
		result = build_run(&build, &trouble);
	}
	if (result == -1) {
		/* A build that ran but whose results could not be kept has failed. */
		bool ran = began && json_object_get(build.json, "ended") != NULL;
		set_text(build.json, "result", ran ? "failed" : "not-run");
		json_object_set_new(build.json, "reason", json_string(trouble.message));
	}
	if (!began) /* an empty folder is no trace to leave */
		(void)rmdir(options->output);
	build_free(&build);
	*build_json = build.json;
	if (result == -1 && trouble.kind == ERR_INTERRUPTED) {
		*err = trouble;
		return -1;
	}
	return 0;
}
