/* Canonical JSON, and TUF metadata cut and changed at every byte. */
#include "signature/signature_private.h"
#include "test.h"

/* Of "Canonical JSON" (OLPC): what is read, and how it is signed; NULL: it has no such
 * form. */
static const struct {
	const char *json, *canonical;
} json_cases[] = {
    {"{ \"b\" : 1, \"a\" : [ true , false, null ] }",
     "{\"a\":[true,false,null],\"b\":1}"},
    {"{\"B\":0,\"a\":0,\"A\":0}", "{\"A\":0,\"B\":0,\"a\":0}"},
    {"[\"\\\"\\\\\\n\\t\\u00e9\\/\"]", "[\"\\\"\\\\\n\t\xc3\xa9/\"]"},
    {"[-12, 9007199254740993]", "[-12,9007199254740993]"},
    {"[{}, []]", "[{},[]]"},
    {"[1.5]", NULL},
    {"[1e3]", NULL},
};

START_TEST(canonical)
{
	struct buf out = {0};
	json_t *value = json_loads(json_cases[_i].json, 0, NULL);
	ck_assert_ptr_nonnull(value);
	int answer = canonical_json(value, &out);
	if (json_cases[_i].canonical == NULL) {
		ck_assert_int_eq(answer, -1);
	} else {
		ck_assert_int_eq(answer, 0);
		ck_assert_str_eq(out.data, json_cases[_i].canonical);
	}
	buf_free(&out);
	json_decref(value);
}
END_TEST

START_TEST(too_deep)
{
	struct buf out = {0};
	json_t *value = json_array();
	for (size_t i = 0; i < 1000; i++) {
		json_t *outer = json_array();
		json_array_append_new(outer, value);
		value = outer;
	}
	ck_assert_int_eq(canonical_json(value, &out), -1);
	buf_free(&out);
	json_decref(value);
}
END_TEST

/* ---- a repository, made with openssl and printf alone -------------------------------
 */

static const char recipe[] =
    "seq 1 100 >app && mkdir r && openssl genpkey -algorithm ed25519 -out key && "
    "public=$(openssl pkey -in key -pubout -outform DER | tail -c 32 | od -An -tx1 | "
    "tr -d ' \\n') && "
    "hash() { sha256sum <\"$1\" | cut -d' ' -f1; } && "
    "write() { printf '%%s' \"$2\" >data && "
    "openssl pkeyutl -sign -rawin -inkey key -in data -out value && "
    "printf '{\"signed\":%%s,\"signatures\":[{\"keyid\":\"k\",\"sig\":\"%%s\"}]}' "
    "\"$2\" "
    "$(od -An -tx1 -v value | tr -d ' \\n') >\"$1\"; } && "
    "until='\"expires\":\"2050-01-01T00:00:00Z\"' && role='{\"keyids\":[\"k\"],"
    "\"threshold\":1}' && "
    "write root \"{\\\"_type\\\":\\\"root\\\",\\\"consistent_snapshot\\\":false,$until,"
    "\\\"keys\\\":{\\\"k\\\":{\\\"keytype\\\":\\\"ed25519\\\",\\\"keyval\\\":"
    "{\\\"public\\\":\\\"$public\\\"}}},\\\"roles\\\":{\\\"root\\\":$role,"
    "\\\"snapshot\\\":$role,\\\"targets\\\":$role,\\\"timestamp\\\":$role},"
    "\\\"version\\\":1}\" && "
    "write r/targets.json \"{\\\"_type\\\":\\\"targets\\\",$until,\\\"targets\\\":"
    "{\\\"app\\\":{\\\"hashes\\\":{\\\"sha256\\\":\\\"$(hash app)\\\"},\\\"length\\\":"
    "$(wc -c <app)}},\\\"version\\\":1}\" && "
    "write r/snapshot.json \"{\\\"_type\\\":\\\"snapshot\\\",$until,\\\"meta\\\":"
    "{\\\"targets.json\\\":{\\\"hashes\\\":{\\\"sha256\\\":\\\"$(hash r/targets.json)"
    "\\\"},\\\"version\\\":1}},\\\"version\\\":1}\" && "
    "write r/timestamp.json \"{\\\"_type\\\":\\\"timestamp\\\",$until,\\\"meta\\\":"
    "{\\\"snapshot.json\\\":{\\\"hashes\\\":{\\\"sha256\\\":\\\"$(hash r/snapshot.json)"
    "\\\"},\\\"version\\\":1}},\\\"version\\\":1}\"";

static enum signature_status
check(const struct trust *trust)
{
	struct err err = {0};
	enum signature_status status = SIGNATURE_VALID;
	struct buf file = test_file("app");
	struct signature_part part = {"app", view_of_buf(&file)};
	struct tuf_repository *repository = tuf_repository_new();
	char *folder = path_join(test_folder(), "r");
	json_t *entries = json_array();
	ck_assert_ok(tuf_repository_add(repository, folder, &err), err);
	signature_check_tuf(repository, &part, "app", trust, entries);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert_int_eq(
	    signature_status_parse(json_string_value(json_object_get(
				       json_array_get(entries, 0), "status")),
				   &status),
	    0);
	json_decref(entries);
	tuf_repository_free(repository);
	buf_free(&file);
	free(folder);
	return status;
}

static const char *const pieces[] = {"r/timestamp.json", "r/snapshot.json",
				     "r/targets.json"};

START_TEST(cut_and_changed)
{
	struct err err = {0};
	const char *name = pieces[_i];
	test_shell(recipe);
	struct trust *trust = trust_new();
	char *root = path_join(test_folder(), "root");
	ck_assert_ok(trust_add(trust, root, false, NULL, &err), err);
	ck_assert_int_eq(check(trust), SIGNATURE_VALID);
	struct buf whole = test_file(name);
	for (size_t size = 0; size < whole.size; size += 7) {
		test_write(name, whole.data, size);
		ck_assert_msg(check(trust) != SIGNATURE_VALID, "%zu bytes", size);
	}
	for (size_t at = 0; at < whole.size; at += 3) {
		whole.data[at] ^= 1;
		test_write(name, whole.data, whole.size);
		ck_assert_msg(check(trust) != SIGNATURE_VALID, "byte %zu", at);
		whole.data[at] ^= 1;
	}
	buf_free(&whole);
	trust_free(trust);
	free(root);
}
END_TEST

Suite *signature_tuf_suite(void);

Suite *
signature_tuf_suite(void)
{
	Suite *suite = suite_create("signature_tuf");
	TCase *tcase = tcase_create("metadata");
	tcase_add_loop_test(tcase, canonical, 0, (int)ARRAY_COUNT(json_cases));
	tcase_add_test(tcase, too_deep);
	tcase_add_loop_test(tcase, cut_and_changed, 0, (int)ARRAY_COUNT(pieces));
	suite_add_tcase(suite, tcase);
	return suite;
}
