/* TUF metadata on arbitrary bytes: as the root, and as every piece below a root. */
#include "signature/tuf_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nobody's keys and no threshold: everything but signatures is looked at. */
static const char root[] =
    "{\"signed\":{\"_type\":\"root\",\"version\":1,\"expires\":\"2050-01-01T00:00:"
    "00Z\","
    "\"consistent_snapshot\":false,\"keys\":{},\"roles\":{}},\"signatures\":[]}";
static const char timestamp[] =
    "{\"signed\":{\"_type\":\"timestamp\",\"version\":1,\"expires\":"
    "\"2050-01-01T00:00:00Z\",\"meta\":{\"snapshot.json\":{\"version\":1}}},"
    "\"signatures\":[]}";
static const char snapshot[] =
    "{\"signed\":{\"_type\":\"snapshot\",\"version\":1,\"expires\":"
    "\"2050-01-01T00:00:00Z\",\"meta\":{\"targets.json\":{\"version\":1},"
    "\"a.json\":{\"version\":1}}},\"signatures\":[]}";

static void
check(const struct view *bytes, const char *name, const struct buf *trusted)
{
	struct tuf_file files[5] = {
	    {base_strdup("timestamp.json"),
	     {view_of(timestamp, sizeof(timestamp) - 1), NULL, 0}},
	    {base_strdup("snapshot.json"),
	     {view_of(snapshot, sizeof(snapshot) - 1), NULL, 0}},
	    {base_strdup("targets.json"), {*bytes, NULL, 0}},
	    {base_strdup("a.json"), {*bytes, NULL, 0}},
	    {base_strdup("2.root.json"), {*bytes, NULL, 0}}};
	struct tuf_repository repository = {files, ARRAY_COUNT(files)};
	struct signature_part part = {"a", view_of("a", 1)};
	struct trust *trust = trust_new();
	json_t *entries = json_array();
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		if (strcmp(files[i].name, name) == 0)
			files[i].mapping.view = *bytes;
	}
	trust->tuf_roots = base_alloc(1, sizeof(*trust->tuf_roots));
	trust->tuf_roots[0].label = base_strdup("root");
	buf_append(&trust->tuf_roots[0].bytes, trusted->data, trusted->size);
	trust->tuf_root_count = 1;
	signature_check_tuf(&repository, &part, "a", trust, entries);
	if (json_array_size(entries) != 1 ||
	    strcmp(json_string_value(
		       json_object_get(json_array_get(entries, 0), "status")),
		   "valid") == 0)
		abort(); /* nobody signed that */
	for (size_t i = 0; i < ARRAY_COUNT(files); i++)
		free(files[i].name);
	json_decref(entries);
	trust_free(trust);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"timestamp.json", "snapshot.json", ""};
	struct view whole = view_of(data, size);
	struct buf trusted = {0};
	if (size == 0)
		return 0;
	buf_puts(&trusted, root);
	for (size_t i = 0; i < ARRAY_COUNT(names); i++)
		check(&whole, names[i], &trusted);
	buf_clear(&trusted);
	buf_append(&trusted, data, size);
	check(&whole, "", &trusted);
	buf_free(&trusted);
	return 0;
}
