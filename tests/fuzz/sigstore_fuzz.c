/* Sigstore bundles, checkpoints and trusted roots on arbitrary bytes. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
no_digest(void *context, uint32_t id, const char *algorithm, uint8_t digest[HASH_MOST],
	  struct err *err)
{
	(void)context;
	(void)id;
	(void)algorithm;
	(void)err;
	memset(digest, 0, HASH_MOST);
	return SHA256_SIZE;
}

/* A bundle of which all but the material is well-formed. */
static void
check_material(const struct view *bytes, const struct trust *trust)
{
	static const char *const frames[] = {
	    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
	    "\"messageSignature\":{\"signature\":\"AAAA\"},\"verificationMaterial\":",
	    "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\","
	    "\"messageSignature\":{\"signature\":\"AAAA\"},\"verificationMaterial\":"
	    "{\"publicKey\":{},\"tlogEntries\":"};
	for (size_t i = 0; i < ARRAY_COUNT(frames); i++) {
		struct sums_file item = {base_strdup("a"), 0, false};
		struct sums_files files = {.items = &item,
					   .count = 1,
					   .what = "statement",
					   .asked = "a",
					   .loose = true,
					   .digest = no_digest};
		struct buf text = {0};
		struct err err = {0};
		enum signature_status status;
		json_t *entries = json_array();
		buf_puts(&text, frames[i]);
		buf_append(&text, bytes->data, (size_t)bytes->size);
		buf_puts(&text, i == 0 ? "}" : "}}");
		struct view view = view_of_buf(&text);
		attestation_check(&view, &files, "", "x", trust, entries, &status,
				  &err);
		if (status == SIGNATURE_VALID)
			abort(); /* nobody signed that */
		json_decref(entries);
		buf_free(&text);
		free(item.name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view whole = view_of(data, size);
	struct checkpoint checkpoint;
	struct sigstore_root *root = NULL;
	struct buf bytes = {0};
	struct trust *trust = trust_new();
	if (size > 0) {
		checkpoint_parse(&whole, &checkpoint);
		buf_append(&bytes, data, size);
		if (sigstore_root_read(&bytes, "x", &root) == 0) {
			trust->sigstore = base_alloc(1, sizeof(struct sigstore_root *));
			trust->sigstore[0] = root;
			trust->sigstore_count = 1;
		}
		check_material(&whole, trust);
	}
	buf_free(&bytes);
	trust_free(trust);
	return 0;
}
