/* A Release file, its list and a file, all out of arbitrary bytes: the way from one to
 * the other is told, and never valid where nobody is trusted. */
#include "signature/repository_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Up to the next NUL, which is taken off too. */
static struct view
take(struct view *rest)
{
	uint64_t end;
	struct view part = *rest;
	if (view_find(rest, 0, "", 1, &end) == -1)
		end = rest->size;
	part.size = end;
	*rest = view_from(rest, end < rest->size ? end + 1 : end);
	return part;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char release_name[] = "dists/x/Release", inline_name[] = "y_InRelease",
		    list_name[] = "dists/x/main/Packages", other_name[] = "y_Sources";
	struct view rest = view_of(data, size);
	struct repository_file files[] = {
	    {release_name, REPOSITORY_RELEASE, {.view = take(&rest)}},
	    {inline_name, REPOSITORY_INLINE, {.view = take(&rest)}},
	    {list_name, REPOSITORY_LIST, {.view = take(&rest)}},
	    {other_name, REPOSITORY_LIST, {.view = take(&rest)}},
	};
	struct repository repository = {files, sizeof(files) / sizeof(files[0])};
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	enum signature_status status;
	struct err err = {0};
	if (signature_check_repository(&repository, &rest, "one_1_all.deb", trust,
				       entries, &status, &err) == 0 &&
	    (json_array_size(entries) == 0 || status == SIGNATURE_VALID))
		abort();
	json_decref(entries);
	trust_free(trust);
	return 0;
}
