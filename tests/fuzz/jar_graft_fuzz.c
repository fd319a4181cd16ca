/* The graft of Java archives on two arbitrary files, and manifests without digests. */
#include "format/zip_private.h"
#include "row.h"

static bool
always(void *context, const char *member, const char *algorithm, const char *base64)
{
	(void)context;
	return member[0] != '\0' || algorithm[0] != base64[0];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = size > 0 ? 1 + (size_t)data[0] * size / 256 : 0;
	struct view whole = view_of(data, size), shipped = {NULL, 0}, rebuilt;
	struct graft graft = {0};
	struct buf stripped = {0};
	struct err err = {0};
	if (split > size)
		split = size;
	if (split > 0)
		view_sub(&whole, 1, split - 1, &shipped);
	rebuilt = view_from(&whole, split);
	if (jar_graft(&shipped, &rebuilt, &graft, &err) != GRAFT_DONE &&
	    graft.bytes.size > 0)
		abort();
	graft_free(&graft);
	jar_manifest_strip(&whole, always, NULL, &stripped, &err);
	if (stripped.size > size)
		abort();
	buf_free(&stripped);
	return 0;
}
