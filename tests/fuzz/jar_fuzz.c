/* Manifests and signature files as they stand, and signed archives: a row that knows
 * nobody to trust says something, and never that a signature is valid. */
#include "signature/jar_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_manifest(const struct view *text)
{
	struct jar_manifest manifest;
	jar_manifest_read(text, &manifest);
	for (size_t i = 0; i < manifest.count; i++) {
		const struct jar_section *section = &manifest.sections[i];
		struct jar_digests digests;
		jar_digests_check(section, "-Digest", text, &section->bare, &digests);
		if (section->bare.size > section->bytes.size ||
		    (i > 0 && jar_manifest_find(&manifest, section->name) == NULL))
			abort();
	}
	jar_manifest_free(&manifest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct scheme *const rows[] = {&scheme_jar, &scheme_xpi};
	struct view view = view_of(data, size);
	struct trust *trust = trust_new();
	read_manifest(&view);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *entries = json_array();
		struct err err = {0};
		enum signature_status status;
		if (rows[i]->check(&view, "x", trust, entries, &status, &err) == 0 &&
		    (json_array_size(entries) == 0 || status == SIGNATURE_VALID))
			abort();
		json_decref(entries);
	}
	trust_free(trust);
	return 0;
}
