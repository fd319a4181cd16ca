/* The findings document: made, concluded, read back. */
#include "report/report_private.h"

#include <stdarg.h>

/* More than any real release needs, and bounded (a file of findings is untrusted). */
#define FINDINGS_LIMIT ((size_t)256 << 20)

const char *
finding_string(const json_t *object, const char *key)
{
	if (is_pack(object))
		return strcmp(key, "status") == 0 ? file_status_name(STATUS_IDENTICAL)
						  : NULL;
	return json_string_value(json_object_get(object, key));
}

size_t
finding_files(const json_t *findings)
{
	size_t count = 0;
	for (size_t i = 0; i < finding_length(findings, "files"); i++)
		count += finding_entries(finding_at(findings, "files", i));
	return count;
}

size_t
finding_entries(const json_t *file)
{
	return is_pack(file) ? pack_count(file) : 1;
}

const char *
finding_string_or(const json_t *object, const char *key, const char *otherwise)
{
	const char *string = finding_string(object, key);
	return string ? string : otherwise;
}

bool
finding_is(const json_t *object, const char *key, const char *value)
{
	const char *string = finding_string(object, key);
	return string != NULL && strcmp(string, value) == 0;
}

uint64_t
finding_number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));
	return value > 0 ? (uint64_t)value : 0;
}

size_t
finding_length(const json_t *object, const char *key)
{
	return json_array_size(json_object_get(object, key));
}

json_t *
finding_at(const json_t *object, const char *key, size_t index)
{
	return json_array_get(json_object_get(object, key), index);
}

const char *
finding_item(const json_t *object, const char *key, size_t index)
{
	const char *string = json_string_value(finding_at(object, key, index));
	return string ? string : "?";
}

json_t *
findings_new(const char *command)
{
	json_t *findings = json_object();
	json_t *tool = json_object();
	json_object_set_new(tool, "name", json_string("verify"));
	json_object_set_new(tool, "version", json_string(VERIFY_VERSION));
	json_object_set_new(findings, "schema", json_string("verify-findings/1"));
	json_object_set_new(findings, "tool", tool);
	json_object_set_new(findings, "command", json_string(command));
	json_object_set_new(findings, "inputs", json_array());
	json_object_set_new(findings, "files", json_array());
	json_object_set_new(findings, "signatures", json_array());
	json_object_set_new(findings, "source_signatures", json_array());
	return findings;
}

/* The document's array `key`, made when it is not there. */
static json_t *
findings_array(json_t *findings, const char *key)
{
	json_t *array = json_object_get(findings, key);
	if (!json_is_array(array)) {
		array = json_array();
		json_object_set_new(findings, key, array);
	}
	return array;
}

static json_t *
input_new(const char *role, const char *path)
{
	json_t *input = json_object();
	json_object_set_new(input, "role", json_string(role));
	json_object_set_new(input, "path", text_json(path));
	return input;
}

/* Only a release description declares hashes: elsewhere there is nothing to miss. */
static const char *
status_without_expectation(const json_t *findings)
{
	bool described = finding_is(findings, "command", "run") ||
			 finding_is(findings, "command", "rebuild");
	return described ? "unpinned" : "ok";
}

void
findings_add_input(json_t *findings, const char *role, const char *path, uint64_t size,
		   const struct sha256 *sha256, const struct sha256 *expected)
{
	json_t *input = input_new(role, path);
	const char *status = status_without_expectation(findings);
	if (sha256 != NULL) {
		json_object_set_new(input, "size", json_integer((json_int_t)size));
		json_object_set_new(input, "sha256", sha256_json(sha256));
	}
	if (expected != NULL) {
		bool same = sha256 != NULL && sha256_equal(sha256, expected);
		json_object_set_new(input, "expected_sha256", sha256_json(expected));
		status = same ? "ok" : "mismatch";
		if (!same)
			json_object_set_new(
			    input, "reason",
			    json_string("its SHA-256 is not the declared one"));
	}
	json_object_set_new(input, "status", json_string(status));
	json_array_append_new(findings_array(findings, "inputs"), input);
}

void
findings_add_missing_input(json_t *findings, const char *role, const char *path,
			   const char *reason)
{
	json_t *input = input_new(role, path);
	json_object_set_new(input, "status", json_string("unreadable"));
	json_t *text = json_string(reason); /* a cut message may be no UTF-8 any more */
	json_object_set_new(input, "reason", text ? text : text_json(reason));
	json_array_append_new(findings_array(findings, "inputs"), input);
}

void
findings_conclude(json_t *findings)
{
	json_object_set_new(findings, "counts", verdict_counts(findings));
	json_object_set_new(findings, "verdict", verdict_of(findings));
}

int
findings_exit(const json_t *findings)
{
	const json_t *status =
	    json_object_get(json_object_get(findings, "verdict"), "exit");
	json_int_t value = json_integer_value(status);
	if (!json_is_integer(status) || value < EXIT_REPRODUCED || value > EXIT_POLICY)
		return EXIT_UNDECIDED;
	return (int)value;
}

/* Does the stored verdict say what the findings say? ERR_INPUT otherwise. */
static int
verdict_agrees(const json_t *findings, struct err *err)
{
	static const char *const keys[] = {"bytes", "signatures", "policy", "exit"};
	const json_t *stored = json_object_get(findings, "verdict");
	json_t *computed = verdict_of(findings);
	int result = 0;
	for (size_t i = 0; result == 0 && i < ARRAY_COUNT(keys); i++) {
		const json_t *said = json_object_get(stored, keys[i]);
		const json_t *is = json_object_get(computed, keys[i]);
		if (json_equal(said, is))
			continue;
		result = err_set(err, ERR_INPUT,
				 "the stored verdict's '%s' does not follow from the "
				 "findings: the file was edited, or cut",
				 keys[i]);
	}
	json_decref(computed);
	return result;
}

/* Jansson's message may quote the file's own bytes. */
static int
findings_parse(const struct buf *bytes, json_t **findings, struct err *err)
{
	json_error_t error;
	json_t *document =
	    json_loadb(bytes->data, bytes->size, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL) {
		char *shown = text_shown(error.text);
		err_set(err, ERR_INPUT, "line %d: no JSON: %s", error.line, shown);
		free(shown);
		return -1;
	}
	static const char *const commands[] = {"run", "compare", "signatures",
					       "rebuild"};
	bool known = false;
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
		known = known || finding_is(document, "command", commands[i]);
	if (!finding_is(document, "schema", "verify-findings/1") || !known) {
		json_decref(document);
		return err_set(err, ERR_INPUT,
			       "no findings of schema 'verify-findings/1' (make them "
			       "with --json)");
	}
	*findings = document;
	return 0;
}

int
findings_read(const char *path, json_t **findings, struct err *err)
{
	struct buf bytes = {0};
	json_t *document = NULL;
	char *shown = text_shown(path);
	int result = -1;
	if (file_read(path, FINDINGS_LIMIT, &bytes, err) == -1)
		goto out;
	if (findings_parse(&bytes, &document, err) == -1 ||
	    verdict_agrees(document, err) == -1) {
		err_at(err, "'%s'", shown);
		goto out;
	}
	findings_conclude(document); /* the words are ours, not the file's */
	*findings = document;
	document = NULL;
	result = 0;
out:
	json_decref(document);
	buf_free(&bytes);
	free(shown);
	return result;
}
