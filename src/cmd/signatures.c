/* verify signatures: who signed these files, and does it hold up to what is trusted? */
#include <unistd.h>

#include "cmd/signatures_private.h"
#include "sandbox/sandbox.h"

enum {
	OPTION_DETACHED = OPTION_COMMAND,
	OPTION_KEYRING,
	OPTION_SIGNER,
	OPTION_AT,
	OPTION_TRUST,
	OPTION_TRUST_TIMESTAMP,
	OPTION_INTERMEDIATE,
	OPTION_CRL,
	OPTION_OCSP,
	OPTION_KEY,
	OPTION_POLICY,
	OPTION_LIST,
	OPTION_IDENTITY,
	OPTION_TUF,
	OPTION_IDENTITY_ISSUER,
	OPTION_ARCHIVE,
};

#define DETACHED_LIMIT ((size_t)16 << 20)
#define DETACHED_MOST  64
#define LIST_LIMIT     ((size_t)64 << 20)
#define AT_ONCE        16 /* files */

/* What the command line asked for. */
struct request {
	struct report_targets targets;
	struct trust *trust;
	json_t *findings;
	json_t *trusted; /* its inputs are the files of the trust: listed last */
	struct strings detached; /* names of files */
	const char *list;        /* of digests, of which `detached` are signatures then;
				  * NULL when not given */
	struct repository *repository; /* NULL when not given */
	struct tuf_repository *tuf;    /* NULL when not given */
	struct policy *policy;         /* NULL when not given */
	struct strings files;          /* as their entries name them: shown text */
	int64_t now;
};

/* One file for the confined child. */
struct job {
	const struct trust *trust;
	const struct repository *repository; /* NULL: none */
	const struct tuf_repository *tuf;    /* NULL: none */
	const char *path;
	int file;
	const struct strings *names; /* of signatures in files of their own */
	int signatures[DETACHED_MOST];
	const char *list_name;
	int list; /* -1 when there is none */
	struct beside beside;
	int scratch;               /* what containers hold is unpacked into it */
	struct confined *confined; /* who looks at it; NULL: nobody, see the failure */
	struct err failure;
};

/* ---- in the confined child ------------------------------------------- */

static int
check_tree(const struct job *job, const char *shown, json_t *signatures,
	   struct err *err)
{
	struct tree *tree = NULL;
	if (tree_open_with_scratch(job->file, job->scratch, job->path, NULL, &tree,
				   err) == -1)
		return -1;
	/* Unsigned members are listed: one that lost its signature must be seen. */
	int answer =
	    signature_check_tree(tree, NODE_ROOT, false, job->trust, signatures, err);
	tree_free(tree);
	if (answer == 0 && json_array_size(signatures) == 0) {
		json_t *entry = json_object();
		json_object_set_new(entry, "path", json_string(shown));
		json_object_set_new(entry, "scheme", json_string("none"));
		json_object_set_new(entry, "index", json_string("0"));
		json_object_set_new(entry, "status", json_string("not-checked"));
		json_object_set_new(
		    entry, "reason",
		    json_string("nothing in it is of a format that is signed in a way "
				"known here"));
		json_array_append_new(signatures, entry);
	}
	return answer;
}

static int
check_detached(const struct job *job, size_t which, const struct view *file,
	       const char *shown, json_t *signatures, struct err *err)
{
	struct buf bytes = {0};
	enum signature_status status;
	size_t before = json_array_size(signatures);
	int answer = file_read_fd(job->signatures[which], DETACHED_LIMIT, &bytes, err);
	struct view signature = view_of_buf(&bytes);
	if (answer == 0)
		answer = signature_check_detached(file, shown, &signature, job->trust,
						  signatures, &status, err);
	for (size_t i = before; i < json_array_size(signatures); i++) {
		json_t *entry = json_array_get(signatures, i);
		if (json_object_get(entry, "where") == NULL)
			json_object_set_new(
			    entry, "where",
			    text_json(path_base(job->names->items[which])));
	}
	buf_free(&bytes);
	return answer;
}

static int
check_all_detached(const struct job *job, const struct view *file, const char *shown,
		   json_t *signatures, struct err *err)
{
	for (size_t i = 0; i < job->names->count; i++) {
		if (check_detached(job, i, file, shown, signatures, err) == -1)
			return -1;
	}
	return 0;
}

static int
read_list_parts(const struct job *job, struct buf *list, struct buf *bytes,
		struct signature_part *parts, struct err *err)
{
	if (file_read_fd(job->list, LIST_LIMIT, list, err) == -1)
		return -1;
	for (size_t i = 0; i < job->names->count; i++) {
		if (file_read_fd(job->signatures[i], DETACHED_LIMIT, &bytes[i], err) ==
		    -1)
			return -1;
		parts[i].name = path_base(job->names->items[i]);
		parts[i].bytes = view_of_buf(&bytes[i]);
	}
	return 0;
}

/* The file against the list that names it, whose signatures are those given. */
static int
check_list(const struct job *job, const struct view *file, const char *shown,
	   json_t *signatures, struct err *err)
{
	struct buf list = {0}, bytes[DETACHED_MOST] = {0};
	struct signature_part parts[DETACHED_MOST];
	int answer = read_list_parts(job, &list, bytes, parts, err);
	struct signature_part named = {path_base(job->path), *file};
	struct signature_part listing = {path_base(job->list_name), view_of_buf(&list)};
	if (answer == 0)
		answer = signature_check_list(&named, shown, &listing, parts,
					      job->names->count, job->trust, signatures,
					      err);
	for (size_t i = 0; i < job->names->count; i++)
		buf_free(&bytes[i]);
	buf_free(&list);
	return answer;
}

static bool
is_container(const struct view *file)
{
	struct format_match match = {0};
	format_probe(file, &match);
	bool is = match.format != NULL && match.format->members != NULL;
	strings_free(&match.others);
	return is;
}

/* A file that holds no others, but may list them. */
static int
check_leaf(const struct job *job, const struct view *file, const char *shown,
	   json_t *signatures, struct err *err)
{
	enum signature_status status;
	const struct signature_beside beside = {beside_find,
						(void *)(uintptr_t)&job->beside};
	size_t before = json_array_size(signatures);
	if (signature_check(file, shown, job->trust, signatures, &status, err) == -1)
		return -1;
	return signature_check_listed(file, &beside, signatures, before, &status, err);
}

static int
check_file(const struct job *job, const char *shown, json_t *signatures,
	   struct err *err)
{
	struct mapping mapping;
	enum signature_status status;
	int answer;
	off_t size = lseek(job->file, 0, SEEK_END);
	if (size == -1 || lseek(job->file, 0, SEEK_SET) == -1)
		return err_errno(err, "cannot read '%s'", shown);
	if (mapping_open(job->file, 0, (uint64_t)size, &mapping, err) == -1)
		return -1;
	if (job->list != -1)
		answer = check_list(job, &mapping.view, shown, signatures, err);
	else if (job->names->count > 0)
		answer = check_all_detached(job, &mapping.view, shown, signatures, err);
	else if (job->tuf != NULL)
		answer = 0; /* its repository is asked, and it alone */
	else if (is_container(&mapping.view))
		answer = check_tree(job, shown, signatures, err);
	else
		answer = check_leaf(job, &mapping.view, shown, signatures, err);
	struct signature_part part = {path_base(job->path), mapping.view};
	if (answer == 0 && job->tuf != NULL)
		signature_check_tuf(job->tuf, &part, shown, job->trust, signatures);
	if (answer == 0 && job->repository != NULL)
		answer =
		    signature_check_repository(job->repository, &mapping.view, shown,
					       job->trust, signatures, &status, err);
	mapping_close(&mapping);
	return answer;
}

/* The array of entries as JSON. */
static int
check_confined(void *context, struct buf *out, struct err *err)
{
	const struct job *job = context;
	json_t *signatures = json_array();
	char *shown = text_shown(job->path);
	int answer = check_file(job, shown, signatures, err);
	if (answer == 0) {
		char *text = json_dumps(signatures, JSON_COMPACT);
		buf_puts(out, text != NULL ? text : "");
		free(text);
	}
	free(shown);
	json_decref(signatures);
	return answer;
}

/* ---- the parent ------------------------------------------------------ */

/* A file that nobody could look at is never fine. */
static void
add_failed(json_t *findings, const char *path, const char *reason)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "path", text_json(path));
	json_object_set_new(entry, "scheme", json_string("none"));
	json_object_set_new(entry, "index", json_string("0"));
	json_object_set_new(entry, "status", json_string("not-checked"));
	/* A message that was cut to fit may end inside a character. */
	json_t *text = json_string(reason);
	json_object_set_new(entry, "reason", text != NULL ? text : text_json(reason));
	json_array_append_new(json_object_get(findings, "signatures"), entry);
}

static void
set_confinement(json_t *findings, const struct strings *layers)
{
	json_t *array = json_array();
	for (size_t i = 0; i < layers->count; i++)
		json_array_append_new(array, json_string(layers->items[i]));
	json_object_set_new(findings, "confinement", array);
}

/* Start the child that looks at the job's files. */
static int
start_job(struct job *job, struct err *err)
{
	int keep[3 + DETACHED_MOST + BESIDE_MOST] = {job->file, job->scratch};
	size_t kept = 2;
	if (job->list != -1)
		keep[kept++] = job->list;
	memcpy(keep + kept, job->signatures, job->names->count * sizeof(*keep));
	kept += job->names->count;
	memcpy(keep + kept, job->beside.files, job->beside.names.count * sizeof(*keep));
	kept += job->beside.names.count;
	struct confinement confinement = {.keep = keep, .keep_count = kept};
	return sandbox_confine_start(&confinement, check_confined, job, &job->confined,
				     err);
}

/* What the child found; -1 only when the user asked to stop. */
static int
hear_job(struct job *job, json_t *findings, struct err *err)
{
	struct buf out = {0};
	struct strings layers = {0};
	int answer = sandbox_confine_finish(job->confined, &out, &layers, err);
	job->confined = NULL;
	json_t *entries = answer == 0 ? json_loadb(out.data, out.size, 0, NULL) : NULL;
	if (json_array_size(entries) != 0)
		json_array_extend(json_object_get(findings, "signatures"), entries);
	else
		add_failed(findings, job->path,
			   answer == -1 ? err->message : "the reader found nothing");
	set_confinement(findings, &layers);
	json_decref(entries);
	strings_free(&layers);
	buf_free(&out);
	return answer == -1 && err->kind == ERR_INTERRUPTED ? -1 : 0;
}

/* Every signature file; those that were opened are closed by the caller. */
static int
open_detached(struct job *job, json_t *findings, struct err *err)
{
	if (job->list_name != NULL &&
	    cmd_open_input(findings, "detached", job->list_name, false, NULL,
			   &job->list, err) == -1)
		return -1;
	for (size_t i = 0; i < job->names->count; i++) {
		if (cmd_open_input(findings, "detached", job->names->items[i], false,
				   NULL, &job->signatures[i], err) == -1)
			return -1;
	}
	return 0;
}

static void
close_opened(int fd)
{
	if (fd != -1)
		close(fd);
}

static void
close_job(struct job *job)
{
	for (size_t i = 0; i < job->names->count; i++)
		close_opened(job->signatures[i]);
	beside_close(&job->beside);
	close_opened(job->list);
	close_opened(job->file);
	close_opened(job->scratch);
	sandbox_confine_stop(job->confined);
	free(job);
}

/* Open the files of one job and start its child; what could not be is in its failure.
 */
static struct job *
open_job(struct request *request, const char *path)
{
	struct job *job = base_alloc(1, sizeof(*job));
	json_t *findings = request->findings;
	*job = (struct job){.trust = request->trust,
			    .repository = request->repository,
			    .tuf = request->tuf,
			    .path = path,
			    .file = -1,
			    .list = -1,
			    .list_name = request->list,
			    .scratch = -1,
			    .names = &request->detached};
	for (size_t i = 0; i < DETACHED_MOST; i++)
		job->signatures[i] = -1;
	struct err *err = &job->failure;
	if (cmd_open_input(findings, "file", path, false, NULL, &job->file, err) ==
		-1 ||
	    open_detached(job, findings, err) == -1 ||
	    beside_open(&job->beside, job->file, path, err) == -1 ||
	    file_scratch(&job->scratch, err) == -1 || start_job(job, err) == -1)
		job->confined = NULL;
	return job;
}

/* End a job, and write down what it came to; -1 only when the user asked to stop. */
static int
finish_job(struct job *job, json_t *findings, struct err *err)
{
	int answer = 0;
	if (job->confined != NULL) {
		answer = hear_job(job, findings, err);
	} else {
		*err = job->failure;
		add_failed(findings, job->path, err->message);
		answer = err->kind == ERR_INTERRUPTED ? -1 : 0;
	}
	close_job(job);
	return answer;
}

/* Name a file of the user's trust among the inputs: a report says what it rests on. */
static int
add_trust_input(struct request *request, const char *role, const char *path,
		struct err *err)
{
	int fd;
	if (strncmp(path, "sha256:", 7) == 0)
		return 0;
	if (cmd_open_input(request->trusted, role, path, true, NULL, &fd, err) == -1)
		return -1;
	close(fd);
	return 0;
}

/* --trust and --trust-timestamp; a file of the name "system" is "./system". */
static int
take_anchor(struct request *request, bool timestamps, struct err *err)
{
	struct strings places = {0};
	int answer;
	if (strcmp(optarg, "system") == 0) {
		answer = trust_add_system(request->trust, timestamps, &places, err);
	} else {
		answer = trust_add(request->trust, optarg, timestamps, NULL, err);
		strings_add(&places, optarg);
	}
	for (size_t i = 0; i < places.count && answer == 0; i++)
		answer = add_trust_input(request, "certificate", places.items[i], err);
	strings_free(&places);
	return answer;
}

/* An option that names a file of the user's trust. */
static int
take_trust_file(struct request *request, int option, struct err *err)
{
	static const struct {
		int option;
		int (*add)(struct trust *trust, const char *path, struct err *err);
		const char *role;
	} rows[] = {
	    {OPTION_KEYRING, trust_add_keyring, "keyring"},
	    {OPTION_INTERMEDIATE, trust_add_intermediate, "certificate"},
	    {OPTION_CRL, trust_add_crl, "revocation"},
	    {OPTION_OCSP, trust_add_ocsp, "revocation"},
	};
	if (option == OPTION_KEY) {
		if (trust_add_key(request->trust, optarg, NULL, err) == -1)
			return -1;
		return add_trust_input(request, "key", optarg, err);
	}
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].option != option)
			continue;
		if (rows[i].add(request->trust, optarg, err) == -1)
			return -1;
		return add_trust_input(request, rows[i].role, optarg, err);
	}
	return err_set(err, ERR_USAGE, "unknown option");
}

static int
take_policy(struct request *request, struct err *err)
{
	struct sha256 identity;
	if (request->policy != NULL)
		return err_set(err, ERR_USAGE, "--policy is given twice");
	if (policy_read(optarg, &request->policy, &identity, err) == -1 ||
	    trust_add_policy(request->trust, request->policy, optarg, err) == -1)
		return -1;
	return add_trust_input(request, "policy", optarg, err);
}

static int
take_archive(struct request *request, struct err *err)
{
	int fd;
	if (request->repository == NULL)
		request->repository = repository_new();
	if (repository_add(request->repository, optarg, err) == -1 ||
	    cmd_open_input(request->trusted, "archive", optarg, true, NULL, &fd, err) ==
		-1)
		return -1;
	close(fd);
	return 0;
}

static int
take_tuf(struct request *request, struct err *err)
{
	int fd;
	if (request->tuf == NULL)
		request->tuf = tuf_repository_new();
	if (tuf_repository_add(request->tuf, optarg, err) == -1 ||
	    cmd_open_input(request->trusted, "archive", optarg, true, NULL, &fd, err) ==
		-1)
		return -1;
	close(fd);
	return 0;
}

static int
take_option(struct request *request, int option, struct err *err)
{
	struct judged_at at;
	switch (option) {
	case OPTION_POLICY:
		return take_policy(request, err);
	case OPTION_TUF:
		return take_tuf(request, err);
	case OPTION_ARCHIVE:
		return take_archive(request, err);
	case OPTION_DETACHED:
		if (request->detached.count == DETACHED_MOST)
			return err_set(err, ERR_USAGE, "--detached is given too often");
		strings_add(&request->detached, optarg);
		return 0;
	case OPTION_IDENTITY:
		trust_add_identity(request->trust, optarg);
		return 0;
	case OPTION_IDENTITY_ISSUER:
		trust_add_identity_issuer(request->trust, optarg);
		return 0;
	case OPTION_LIST:
		if (request->list != NULL)
			return err_set(err, ERR_USAGE, "--list is given twice");
		request->list = optarg;
		return 0;
	case OPTION_SIGNER:
		return trust_pin_openpgp(request->trust, optarg, err);
	case OPTION_AT:
		if (judged_at_parse(optarg, &at) == -1)
			return err_set(
			    err, ERR_USAGE,
			    "--at takes 'signing-time', 'now' or a time such "
			    "as '2026-06-01T00:00:00Z'");
		trust_judge_at(request->trust, at);
		return 0;
	case OPTION_TRUST:
	case OPTION_TRUST_TIMESTAMP:
		return take_anchor(request, option == OPTION_TRUST_TIMESTAMP, err);
	default:
		return take_trust_file(request, option, err);
	}
}

/* -1: go on; else an exit status. */
static int
take_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {
	    {"detached", required_argument, NULL, OPTION_DETACHED},
	    {"list", required_argument, NULL, OPTION_LIST},
	    {"tuf", required_argument, NULL, OPTION_TUF},
	    {"identity", required_argument, NULL, OPTION_IDENTITY},
	    {"identity-issuer", required_argument, NULL, OPTION_IDENTITY_ISSUER},
	    {"pgp-keyring", required_argument, NULL, OPTION_KEYRING},
	    {"signer", required_argument, NULL, OPTION_SIGNER},
	    {"at", required_argument, NULL, OPTION_AT},
	    {"trust", required_argument, NULL, OPTION_TRUST},
	    {"trust-timestamp", required_argument, NULL, OPTION_TRUST_TIMESTAMP},
	    {"intermediate", required_argument, NULL, OPTION_INTERMEDIATE},
	    {"crl", required_argument, NULL, OPTION_CRL},
	    {"ocsp", required_argument, NULL, OPTION_OCSP},
	    {"key", required_argument, NULL, OPTION_KEY},
	    {"policy", required_argument, NULL, OPTION_POLICY},
	    {"archive", required_argument, NULL, OPTION_ARCHIVE},
	    CMD_REPORT_OPTIONS,
	    CMD_COMMON_OPTIONS,
	    {NULL, 0, NULL, 0},
	};
	struct err err = {0};
	int option;
	opterr = 0;
	while ((option = getopt_long(argc, argv, ":qv", options, NULL)) != -1) {
		if (option >= OPTION_COMMAND) {
			if (take_option(request, option, &err) == -1)
				return cmd_fail(&err);
			continue;
		}
		enum option_answer answer =
		    cmd_option(&cmd_signatures, option, argv, &request->targets);
		if (answer != OPTION_TAKEN)
			return answer == OPTION_SHOWN_HELP ? 0 : EXIT_USAGE;
	}
	if (!cmd_arguments(
		&cmd_signatures, argc, 1,
		request->detached.count > 0 && request->list == NULL ? 1 : 100000))
		return EXIT_USAGE;
	return -1;
}

/* "run": what may differ from one run to the next. */
static void
set_run(json_t *findings, int64_t now, double seconds)
{
	json_t *run = json_object();
	char text[TIME_TEXT];
	time_text(now, text);
	json_object_set_new(run, "started", json_string(text));
	json_object_set_new(run, "now", json_string(text));
	json_object_set_new(run, "seconds", json_real(seconds));
	json_object_set_new(findings, "run", run);
}

/* Each file has a child of its own, so that none can speak for another. */
static size_t
children_most(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	return processors < 1          ? 1
	       : processors >= AT_ONCE ? AT_ONCE
				       : (size_t)processors + 1;
}

/* Check the files, several at once, heard in their order; -1 only when the user asked
 * to stop. */
static int
check_files(struct request *request, char *const *paths, size_t count, struct err *err)
{
	struct job *jobs[AT_ONCE];
	size_t most = children_most(), started = 0, heard = 0;
	int answer = 0;
	while (heard < count && answer == 0) {
		if (started < count && started - heard < most) {
			char *shown = text_shown(path_base(paths[started]));
			progress_show("checking the signatures of %s", shown);
			free(shown);
			shown = text_shown(paths[started]);
			strings_add(&request->files, shown);
			free(shown);
			jobs[started % AT_ONCE] = open_job(request, paths[started]);
			started++;
			continue;
		}
		answer = finish_job(jobs[heard % AT_ONCE], request->findings, err);
		heard++;
	}
	for (; heard < started; heard++)
		close_job(jobs[heard % AT_ONCE]);
	return answer;
}

static int
check_all(struct request *request, int argc, char **argv)
{
	struct err err = {0};
	double began = time_elapsed();
	if (check_files(request, argv + optind, (size_t)(argc - optind), &err) == -1)
		return cmd_fail(&err);
	progress_clear();
	if (request->policy != NULL)
		json_object_set_new(
		    request->findings, "policy",
		    signature_policy_of_files(
			request->policy, &request->files,
			json_object_get(request->findings, "signatures")));
	json_array_extend(json_object_get(request->findings, "inputs"),
			  json_object_get(request->trusted, "inputs"));
	set_run(request->findings, request->now, time_elapsed() - began);
	findings_conclude(request->findings);
	if (cmd_write_reports(request->findings, &request->targets, &err) == -1)
		return cmd_fail(&err);
	return findings_exit(request->findings);
}

static int
signatures_run(int argc, char **argv)
{
	struct request request = {.now = (int64_t)time(NULL)};
	request.trust = trust_new();
	trust_set_now(request.trust, request.now);
	request.findings = findings_new("signatures");
	request.trusted = findings_new("signatures");
	int status = take_options(&request, argc, argv);
	if (status == -1)
		status = check_all(&request, argc, argv);
	trust_free(request.trust);
	policy_free(request.policy);
	repository_free(request.repository);
	tuf_repository_free(request.tuf);
	strings_free(&request.files);
	strings_free(&request.detached);
	json_decref(request.findings);
	json_decref(request.trusted);
	return status;
}

const struct command cmd_signatures = {
    .name = "signatures",
    .run = signatures_run,
    .arguments = "FILE...",
    .summary = "who signed these files, and does it hold up to what is trusted?",
    .options =
	"  --trust FILE|FOLDER|sha256:FINGERPRINT|system\n"
	"                       trust signers below this certificate (repeatable): a\n"
	"                       PEM or DER file, a folder of them, one that the\n"
	"                       signature brings along, or those of this machine\n"
	"  --trust-timestamp FILE|FOLDER|sha256:FINGERPRINT|system\n"
	"                       trust timestamps below this certificate (repeatable)\n"
	"  --intermediate FILE  certificates that may lie between signer and anchor\n"
	"  --crl FILE           a revocation list, PEM or DER (repeatable)\n"
	"  --ocsp FILE          an OCSP response, DER (repeatable)\n"
	"  --at signing-time|now|TIME\n"
	"                       when certificates must have been valid; signing-time "
	"is\n"
	"                       the default and needs a trusted timestamp\n"
	"  --policy FILE        what the signatures must meet: verify-policy(5)\n"
	"  --detached SIG       a signature in a file of its own over the one FILE\n"
	"                       (repeatable)\n"
	"  --list SUMS          a list of digests that names the files; --detached is\n"
	"                       over the list then\n"
	"  --key FILE           a bare public key that may sign (repeatable)\n"
	"  --pgp-keyring FILE   trust these OpenPGP keys (repeatable)\n"
	"  --signer pgp:FINGERPRINT\n"
	"                       only this OpenPGP key counts (repeatable)\n"
	"  --tuf FOLDER         lead to FILE from the TUF root that is trusted, through\n"
	"                       the metadata in FOLDER (repeatable)\n"
	"  --identity NAME      this mail address or URI in a sigstore certificate counts\n"
	"                       (repeatable)\n"
	"  --identity-issuer URL\n"
	"                       only when this issuer vouched for it (repeatable)\n"
	"  --archive FOLDER|FILE  lead to FILE from the signed Release file of a\n"
	"                       Debian archive: apt's lists, a mirror (repeatable)\n",
};
