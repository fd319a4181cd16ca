/* What sigstore bundles rest on: Merkle trees, checkpoints, the trusted root; and a
 * bundle cut and changed. */
#include "signature/signature_private.h"
#include "test.h"

/* ---- trees: leaves, roots and paths of the reference implementation of Certificate
 * Transparency (its test of the verifier) -------------------------------------------
 */

#define P0 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
#define P1 "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
#define P2 "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
#define P3 "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
#define P4 "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
#define P5 "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
#define P6 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
#define P7 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"

#define ROOT_1 P0
#define ROOT_3 "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
#define ROOT_5 "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"
#define ROOT_8 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

static const struct {
	const char *bytes;
	size_t size;
} leaves[] = {
    {"", 0},         {"\x00", 1},     {"\x10", 1},
    {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
};

static const struct {
	uint64_t index, size;
	const char *path[4];
	const char *root; /* NULL: no such path */
} tree_cases[] = {
    {0, 1, {NULL}, ROOT_1},       {0, 8, {P1, P2, P3}, ROOT_8},
    {5, 8, {P4, P5, P6}, ROOT_8}, {2, 3, {P7}, ROOT_3},
    {1, 5, {P0, P2, P4}, ROOT_5}, {0, 0, {NULL}, NULL},
    {1, 1, {NULL}, NULL},         {0, 1, {P1}, NULL},
    {0, 8, {P1, P2}, NULL},       {0, 8, {P1, P2, P3, P3}, NULL},
    {2, 3, {NULL}, NULL},         {2, UINT64_MAX, {P1, P2, P3}, NULL},
};

START_TEST(trees)
{
	struct sha256 path[4], leaf, root, want;
	size_t count = 0;
	struct view view = view_of(leaves[tree_cases[_i].index].bytes,
				   leaves[tree_cases[_i].index].size);
	for (; count < 4 && tree_cases[_i].path[count] != NULL; count++)
		ck_assert_int_eq(sha256_parse(tree_cases[_i].path[count], &path[count]),
				 0);
	merkle_leaf(&view, &leaf);
	int answer = merkle_root(tree_cases[_i].index, tree_cases[_i].size, &leaf, path,
				 count, &root);
	if (tree_cases[_i].root == NULL) {
		ck_assert_int_eq(answer, -1);
	} else {
		ck_assert_int_eq(answer, 0);
		ck_assert_int_eq(sha256_parse(tree_cases[_i].root, &want), 0);
		ck_assert(sha256_equal(&root, &want));
	}
}
END_TEST

/* ---- checkpoints ------------------------------------------------------------------
 */

#define HASH "6jQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="
#define LINE "\xe2\x80\x94 name AAAAAAA=\n"

static const struct {
	const char *note;
	bool is;
} note_cases[] = {
    {"origin\n12\n" HASH "\n\n" LINE, true},
    {"origin\n0\n" HASH "\nmore\n\n" LINE LINE, true},
    {"origin\n18446744073709551609\n" HASH "\n\n" LINE, true},
    {"origin\n12\n" HASH "\n\n", true}, /* nobody signed it */
    {"origin\n12\n" HASH "\n" LINE, false},
    {"origin\n12\n" HASH "\n\n" LINE "x", false},
    {"origin\n12\n" HASH "\n\n- name AAAAAAA=\n", false},
    {"origin\n12\n" HASH "\n\n\xe2\x80\x94 name AAAA\n", false},
    {"origin\n12\n" HASH "\n\n\xe2\x80\x94 name\n", false},
    {"origin\n012\n" HASH "\n\n" LINE, false},
    {"origin\n-1\n" HASH "\n\n" LINE, false},
    {"origin\n1e3\n" HASH "\n\n" LINE, false},
    {"origin\n18446744073709551616\n" HASH "\n\n" LINE, false},
    {"origin\n12\nAAAA\n\n" LINE, false},
    {"\n12\n" HASH "\n\n" LINE, false},
    {"origin\n\n" LINE, false},
    {"", false},
};

START_TEST(notes)
{
	struct checkpoint checkpoint;
	const char *note = note_cases[_i].note;
	struct view view = view_of(note, strlen(note));
	ck_assert_int_eq(checkpoint_parse(&view, &checkpoint),
			 note_cases[_i].is ? 0 : -1);
	for (size_t size = 0; size < strlen(note); size++) {
		view = view_of(note, size);
		checkpoint_parse(&view, &checkpoint);
	}
}
END_TEST

/* ---- versions
 * ------------------------------------------------------------------------ */

static const struct {
	const char *type;
	int version;
} version_cases[] = {
    {"application/vnd.dev.sigstore.bundle+json;version=0.1", 1},
    {"application/vnd.dev.sigstore.bundle+json;version=0.2", 2},
    {"application/vnd.dev.sigstore.bundle+json;version=0.3", 3},
    {"application/vnd.dev.sigstore.bundle.v0.3+json", 3},
    {"application/vnd.dev.sigstore.bundle.v0.4+json", 0},
    {"application/vnd.dev.sigstore.bundle+json;version=0.33", 0},
    {"application/json", -1},
};

START_TEST(versions)
{
	json_t *object = json_object();
	ck_assert_int_eq(sigstore_version(object), -1);
	json_object_set_new(object, "mediaType", json_string(version_cases[_i].type));
	ck_assert_int_eq(sigstore_version(object), version_cases[_i].version);
	json_decref(object);
}
END_TEST

/* ---- trusted roots
 * --------------------------------------------------------------------- */

static const struct {
	const char *json;
	bool fine;
} root_cases[] = {
    {"{\"certificateAuthorities\":[]}", true},
    {"{\"certificateAuthorities\":[],\"tlogs\":[{}]}", true}, /* a log left out */
    {"{\"certificateAuthorities\":[{}]}", false},
    {"{\"certificateAuthorities\":[{\"certChain\":{\"certificates\":[{\"rawBytes\":"
     "\"AAAA\"}]}}]}",
     false},
    {"{\"certificateAuthorities\":[]", false},
    {"[\"certificateAuthorities\"]", false},
    {"{\"certificateAuthorities\":[],\"certificateAuthorities\":[]}", false},
};

START_TEST(roots)
{
	struct sigstore_root *root = NULL;
	struct buf bytes = {0};
	buf_puts(&bytes, root_cases[_i].json);
	ck_assert_int_eq(sigstore_root_read(&bytes, "x", &root),
			 root_cases[_i].fine ? 0 : -1);
	sigstore_root_free(root);
	buf_free(&bytes);
}
END_TEST

Suite *signature_sigstore_suite(void);

Suite *
signature_sigstore_suite(void)
{
	Suite *suite = suite_create("signature_sigstore");
	TCase *tcase = tcase_create("parts");
	tcase_add_loop_test(tcase, trees, 0, (int)ARRAY_COUNT(tree_cases));
	tcase_add_loop_test(tcase, notes, 0, (int)ARRAY_COUNT(note_cases));
	tcase_add_loop_test(tcase, versions, 0, (int)ARRAY_COUNT(version_cases));
	tcase_add_loop_test(tcase, roots, 0, (int)ARRAY_COUNT(root_cases));
	suite_add_tcase(suite, tcase);
	return suite;
}
