/* DSSE envelopes and in-toto statements on arbitrary bytes: as a file of them, and as
 * the payload of a well-formed one. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
no_digest(void *context, uint32_t id, const char *algorithm, uint8_t digest[HASH_MOST],
	  struct err *err)
{
	(void)context;
	(void)id;
	(void)err;
	memset(digest, 0, HASH_MOST);
	return strcmp(algorithm, "SHA256") == 0 ? SHA256_SIZE : 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size);
	struct sums_file item = {base_strdup("a"), 0, false};
	struct sums_files files = {.items = &item,
				   .count = 1,
				   .what = "statement",
				   .loose = true,
				   .digest = no_digest};
	struct trust *trust = trust_new();
	json_t *entries = json_array(), *statement = NULL;
	struct sums subjects;
	struct err err = {0};
	enum signature_status status;
	attestation_is(&whole);
	if (attestation_check(&whole, &files, "", "x", trust, entries, &status, &err) ==
		0 &&
	    json_array_size(entries) == 0 && size > 0 && data[0] == '{')
		abort(); /* a check that says nothing */
	if (statement_parse(&whole, &subjects, &statement) == 0)
		statement_find_files(&subjects, &files, "", &err);
	sums_free(&subjects);
	json_decref(statement);
	json_decref(entries);
	trust_free(trust);
	free(item.name);
	return 0;
}
