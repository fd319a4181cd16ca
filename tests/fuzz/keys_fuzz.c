/* The detached signatures of bare keys on arbitrary bytes: one half is the signature, the
 * other one the file and the key. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct detached_scheme *const rows[] = {
	    &detached_minisign, &detached_signify, &detached_sshsig};
	size_t split = size > 0 ? 1 + (size_t)data[0] * size / 256 : 0;
	struct view whole = view_of(data, size), signature = {NULL, 0}, rest;
	if (split > size)
		split = size;
	if (split > 0)
		view_sub(&whole, 1, split - 1, &signature);
	rest = view_from(&whole, split);
	struct trust *trust = trust_new();
	struct trust_key key = {.label = base_strdup("key")};
	buf_append(&key.bytes, rest.data, (size_t)rest.size);
	trust->keys = base_alloc(1, sizeof(*trust->keys));
	trust->keys[0] = key;
	trust->key_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *entries = json_array();
		struct err err = {0};
		enum signature_status status;
		rows[i]->knows(&signature);
		if (rows[i]->check(&rest, "x", &signature, trust, entries, &status,
				   &err) == 0 &&
		    json_array_size(entries) == 0)
			abort(); /* a check that says nothing */
		json_decref(entries);
	}
	trust_free(trust);
	return 0;
}
