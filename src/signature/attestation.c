/*
 * Attestations: DSSE envelopes, sigstore bundles and in-toto's links, alone in a file
 * or one a line (in-toto's .jsonl), and what the statements in them name, held against
 * files.
 */
#include "signature/attestation_private.h"

#define ENVELOPES_MOST 1024

/* ---- the file ------------------------------------------------------------- */

static json_t *
object_take(const struct view *bytes)
{
	json_t *object = json_loadb((const char *)bytes->data, (size_t)bytes->size,
				    JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object))
		return object;
	json_decref(object);
	return NULL;
}

/* The next line that is not empty, of any length; false at the end. */
static bool
line_take(struct view *rest, struct view *line)
{
	while (rest->size > 0) {
		uint64_t end;
		if (view_find(rest, 0, "\n", 1, &end) == -1)
			end = rest->size;
		view_sub(rest, 0, end, line);
		*rest = view_from(rest, end + 1);
		if (line->size > 1 || (line->size == 1 && line->data[0] != '\r'))
			return true;
	}
	return false;
}

/* The first object: the whole file, or its first line. */
static json_t *
first_take(const struct view *file, bool *lines)
{
	struct view rest = *file, line;
	json_t *object = object_take(file);
	*lines = object == NULL;
	if (object == NULL && line_take(&rest, &line))
		object = object_take(&line);
	return object;
}

bool
attestation_is(const struct view *file)
{
	static const char *const words[] = {"\"payloadType\"", "\"mediaType\"",
					    "\"_type\""};
	uint64_t at;
	bool lines, may = false;
	for (size_t i = 0; i < ARRAY_COUNT(words) && view_has(file, 0, "{", 1); i++)
		may = may || view_find(file, 0, words[i], strlen(words[i]), &at) == 0;
	if (!may)
		return false;
	json_t *object = first_take(file, &lines);
	bool is = dsse_is(object) || sigstore_version(object) != -1 || link_is(object);
	json_decref(object);
	return is;
}

/* ---- one envelope ------------------------------------------------------------ */

int
attestation_payload(const struct attestations *checking, const struct dsse *envelope,
		    struct sums_answer *answer, json_t **statement, struct err *err)
{
	struct view payload = view_of_buf(&envelope->payload);
	struct sums subjects = {0};
	int result = 0;
	if (!statement_type_is(envelope->type)) {
		char *type = text_shown(envelope->type);
		judgement_add(&answer->found, SIGNATURE_NOT_CHECKED,
			      "a payload of type '%s', which is not known here: what "
			      "it is about was not looked at",
			      type);
		free(type);
	} else if (statement_parse(&payload, &subjects, statement) == -1) {
		judgement_add(&answer->found, SIGNATURE_INVALID,
			      "the payload is no in-toto statement");
	} else {
		result = statement_find_files(&subjects, checking->files,
					      checking->folder, err);
		if (result == 0)
			result = sums_hold(&subjects, checking->files, answer, err);
	}
	sums_free(&subjects);
	return result;
}

void
attestation_tell(json_t *entry, const struct dsse *envelope, const json_t *statement)
{
	const char *predicate =
	    json_string_value(json_object_get(statement, "predicateType"));
	char *type = text_shown(envelope->type);
	signature_fact(entry, "payload type", type);
	if (predicate != NULL) {
		char *shown = text_shown(predicate);
		signature_fact(entry, "predicate type", shown);
		free(shown);
	}
	free(type);
}

static void
tell_key(json_t *entry, const struct dsse *envelope, const struct dsse_answer *answer)
{
	char *id = text_shown(envelope->count > 0 ? envelope->signatures[0].keyid : "");
	if (answer->signer.key != NULL)
		json_object_set_new(entry, "key", raw_key_tell(&answer->signer, NULL));
	if (*id != '\0')
		signature_fact(entry, "keyid, unsigned", id);
	if (envelope->count > 1)
		signature_note(entry, "%zu signatures, of which one must hold",
			       envelope->count);
	free(id);
}

bool
attestation_is_of_others(const struct attestations *checking,
			 const struct sums_answer *answer)
{
	return checking->lines && checking->files->asked != NULL &&
	       answer->files != NULL && json_array_size(answer->listed) == 0;
}

json_t *
attestation_entry(struct attestations *checking, const char *scheme,
		  const struct judgement *found)
{
	enum signature_status status;
	char *index = base_format("%zu", checking->count);
	json_t *entry = judgement_entry(found, checking->signatures, checking->path,
					scheme, index, &status);
	signature_worsen(checking->status, status);
	free(index);
	return entry;
}

static int
check_envelope(struct attestations *checking, const json_t *object, struct err *err)
{
	struct dsse envelope;
	struct dsse_answer signer = {0};
	struct sums_answer answer = {0};
	struct judgement found = {0};
	json_t *statement = NULL, *entry = NULL;
	int result = 0;
	bool parsed = dsse_parse(object, &envelope) == 0;
	if (parsed) {
		dsse_check(&envelope, checking->trust, &signer, &found);
		result =
		    attestation_payload(checking, &envelope, &answer, &statement, err);
		judgement_merge(&found, &answer.found);
	} else {
		judgement_add(&found, SIGNATURE_INVALID,
			      "malformed: not a DSSE envelope");
	}
	if (attestation_is_of_others(checking, &answer))
		checking->others++;
	else
		entry = attestation_entry(checking, "dsse", &found);
	if (parsed && entry != NULL) {
		attestation_tell(entry, &envelope, statement);
		tell_key(entry, &envelope, &signer);
	}
	if (answer.files != NULL && entry != NULL)
		sums_answer_tell(&answer, entry);
	checking->count++;
	dsse_answer_clear(&signer);
	sums_answer_free(&answer);
	judgement_free(&found);
	json_decref(statement);
	dsse_free(&envelope);
	return result;
}

static int
check_object(struct attestations *checking, const json_t *object, struct err *err)
{
	if (sigstore_version(object) != -1)
		return attestation_check_bundle(checking, object, err);
	if (link_is(object))
		return attestation_check_link(checking, object, err);
	return check_envelope(checking, object, err);
}

/* What is told of many envelopes together. */
static void
conclude_lines(struct attestations *checking, bool more)
{
	json_t *entry = NULL;
	struct judgement found = {0};
	if (more)
		judgement_add(&found, SIGNATURE_NOT_CHECKED,
			      "more envelopes than are looked at");
	if (checking->others == checking->count)
		judgement_add(&found, SIGNATURE_INVALID,
			      "none of %zu statements names '%s'", checking->others,
			      checking->files->asked);
	if (found.status != SIGNATURE_VALID)
		entry = attestation_entry(checking, "dsse", &found);
	else if (checking->others > 0)
		entry = json_array_get(checking->signatures,
				       json_array_size(checking->signatures) - 1);
	if (checking->others > 0)
		signature_note(entry, "%zu more statements are about other files",
			       checking->others);
	judgement_free(&found);
}

int
attestation_check(const struct view *file, struct sums_files *files, const char *folder,
		  const char *path, const struct trust *trust, json_t *signatures,
		  enum signature_status *status, struct err *err)
{
	struct attestations checking = {files,  folder, path,  trust, signatures,
					status, 0,      false, 0};
	struct view rest = *file, line;
	int answer = 0;
	*status = SIGNATURE_VALID;
	json_t *object = first_take(file, &checking.lines);
	if (!checking.lines)
		answer = check_object(&checking, object, err);
	json_decref(object);
	while (checking.lines && answer == 0 && checking.count < ENVELOPES_MOST &&
	       line_take(&rest, &line)) {
		object = object_take(&line);
		answer = check_object(&checking, object, err);
		json_decref(object);
	}
	if (checking.lines && answer == 0)
		conclude_lines(&checking, checking.count == ENVELOPES_MOST &&
					      line_take(&rest, &line));
	return answer;
}

/* ---- the row: over one file --------------------------------------------------- */

static int
given_digest(void *context, uint32_t id, const char *algorithm,
	     uint8_t digest[HASH_MOST], struct err *err)
{
	const struct view *file = context;
	int size = raw_digest(algorithm, file, digest);
	(void)id;
	(void)err;
	return size == -1 ? 0 : size;
}

static int
attestation_check_given(const struct view *file, const char *path,
			const struct view *signature, const struct trust *trust,
			json_t *signatures, enum signature_status *status,
			struct err *err)
{
	struct buf name = {0};
	struct view context = *file;
	if (text_unshow(path, &name) == -1)
		buf_puts(&name, path);
	char *base = base_strdup(path_base(name.data));
	char *shown = text_shown(base);
	struct sums_file item = {base, 0, false};
	struct sums_files files = {.items = &item,
				   .count = 1,
				   .what = "statement",
				   .loose = true,
				   .asked = shown,
				   .digest = given_digest,
				   .context = &context};
	int answer = attestation_check(signature, &files, "", path, trust, signatures,
				       status, err);
	free(shown);
	free(base);
	buf_free(&name);
	return answer;
}

static const char *const suffixes[] = {NULL};

const struct detached_scheme detached_attestation = {"dsse", suffixes, attestation_is,
						     attestation_check_given};
