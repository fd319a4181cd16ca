/* verify run: the OpenPGP signatures of sources, each checked in a confined child. */
#include "cmd/run_private.h"

#include <unistd.h>

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
	struct mapping mapping;
	struct sha256 digest;
	uint64_t size = 0;
	result = sha256_of_fd(job->file, &digest, &size, err);
	if (result == 0)
		result = mapping_open(job->file, 0, size, &mapping, err);
	if (result == 0) {
		struct view signature = view_of_buf(&job->signature);
		result = signature.size > 0
			     ? signature_check_detached(&mapping.view, name, &signature,
							job->trust, entries, &status,
							err)
			     : signature_check(&mapping.view, name, job->trust, entries,
					       &status, err);
		mapping_close(&mapping);
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
	trust_judge_at(trust, run->release->policy.at);
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

int
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
