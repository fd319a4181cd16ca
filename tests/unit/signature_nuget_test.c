/* NuGet packages, signed by testdata/signature/nuget.py, byte by byte. */
#include "signature_build.h"

static struct trust *trust;

static void
set_up(void)
{
	struct id_recipe authority = {.subject = "/C=CH/O=Test/CN=Root",
				      .extensions = {EXTENSIONS_CA}};
	struct id root = id_make(&authority);
	struct id_recipe signer = {.subject = "/C=CH/O=Muster AG/CN=Signer",
				   .issuer = &root,
				   .extensions = {EXTENSIONS_LEAF}};
	struct id leaf = id_make(&signer);
	trust = trust_new();
	trust_set_now(trust, BUILD_NOW);
	trust_id(trust, &root, false);
	id_write(&leaf, "leaf");
	test_shell(
	    "echo '<package/>' >x.nuspec; seq 300 >a.txt; zip -q -X x x.nuspec "
	    "a.txt; mv x.zip plain; python3 "
	    "$SOURCE/testdata/signature/nuget.py plain signed leaf counter=leaf");
}

#define assert_status(call, expected)                                                  \
	do {                                                                           \
		enum signature_status is = (call);                                     \
		ck_assert_msg(is == (expected), "%s is %s, not %s", #call,             \
			      signature_status_name(is),                               \
			      signature_status_name(expected));                        \
	} while (0)

START_TEST(author_and_repository)
{
	json_t *entries;
	struct buf file = test_file("signed");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert(entry_says(entries, 0, "scheme", "nuget"));
	ck_assert(entry_says(entries, 0, "index", "\"0\""));
	ck_assert(entry_says(entries, 0, "facts", "author"));
	ck_assert(entry_says(entries, 0, "coverage", "\"unexplained\": 0"));
	ck_assert(entry_says(entries, 1, "index", "0.nested.0"));
	ck_assert(entry_says(entries, 1, "facts", "https://packages.example/index"));
	json_decref(entries);
}
END_TEST

/* The entry's headers say nothing that counts but what is compared: its version, its
 * times and its attributes. */
static bool
is_free(size_t at, size_t local, size_t central)
{
	static const size_t free_local[] = {4, 5},
			    free_central[] = {4,  5,  6,  7,  34, 35,
					      36, 37, 38, 39, 40, 41};
	for (size_t i = 0; i < ARRAY_COUNT(free_local); i++) {
		if (at == local + free_local[i])
			return true;
	}
	for (size_t i = 0; i < ARRAY_COUNT(free_central); i++) {
		if (at == central + free_central[i])
			return true;
	}
	return false;
}

static size_t
find_bytes(const struct buf *file, size_t from, const char *bytes, size_t size)
{
	const char *found = memmem(file->data + from, file->size - from, bytes, size);
	ck_assert_ptr_nonnull(found);
	return (size_t)(found - file->data);
}

START_TEST(every_byte_counts)
{
	struct buf file = test_file("signed");
	size_t name = find_bytes(&file, 0, ".signature.p7s", 14), local = name - 30;
	size_t central = find_bytes(&file, name + 14, ".signature.p7s", 14) - 46;
	for (size_t i = 0; i < file.size; i++) {
		if (is_free(i, local, central))
			continue;
		file.data[i] ^= 0x21;
		ck_assert_msg(check_image(&file, trust, NULL) != SIGNATURE_VALID,
			      "byte %zu", i);
		file.data[i] ^= 0x21;
	}
	assert_status(check_image(&file, trust, NULL), SIGNATURE_VALID);
}
END_TEST

START_TEST(cut_anywhere)
{
	struct buf file = test_file("signed");
	for (size_t size = 0; size < file.size; size++) {
		struct buf part = {0};
		buf_append(&part, file.data, size);
		ck_assert_msg(check_image(&part, trust, NULL) != SIGNATURE_VALID,
			      "%zu bytes", size);
		buf_free(&part);
	}
}
END_TEST

/* An entry that lies inside another one's content: what is taken out for the digest
 * would be that content. */
START_TEST(entry_inside_another_one)
{
	json_t *entries;
	test_shell(
	    "python3 - <<'E'\n"
	    "d = open('signed', 'rb').read()\n"
	    "end = d.rindex(b'PK\\5\\6')\n"
	    "off = int.from_bytes(d[end + 16:end + 20], 'little')\n"
	    "local = d.index(b'.signature.p7s') - 30\n"
	    "first = d.index(b'PK\\3\\4', 4)\n"
	    "moved = d[:first + 40] + d[local:off] + d[first + 40:local] + d[off:]\n"
	    "c = moved.rindex(b'.signature.p7s') - 4\n"
	    "moved = moved[:c] + (first + 40).to_bytes(4, 'little') + moved[c + 4:]\n"
	    "open('moved', 'wb').write(moved)\nE");
	struct buf file = test_file("moved");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_INVALID);
	ck_assert(entry_says(entries, 0, "reason", "not the last entry"));
	json_decref(entries);
}
END_TEST

/* Signed by the real tools of each kind, by keys that nobody trusts here. */
static const struct {
	const char *path, *scheme, *fact;
} samples[] = {
    {"nuget/SignedPackage.1.0.0.nupkg", "nuget", "author"},
    {"nuget/Test.Reposigned.1.0.0.nupkg", "nuget", "repository"},
    {"relic/App1_1.0.3.0_x64.appx", "authenticode", "AXPC AXCD AXCT AXBM AXCI"},
    {"relic/VSIXProject1.vsix", "opc", "signed parts"},
};

START_TEST(samples_of_packages)
{
	const char *corpus = getenv("VERIFY_CORPUS");
	struct buf file = {0};
	struct err err = {0};
	json_t *entries;
	if (corpus == NULL)
		TEST_SKIP("no folder of samples named by VERIFY_CORPUS");
	char *path = path_join(corpus, samples[_i].path);
	ck_assert_ok(file_read(path, 1 << 20, &file, &err), err);
	assert_status(check_image(&file, trust, &entries), SIGNATURE_UNTRUSTED);
	ck_assert(entry_says(entries, 0, "scheme", samples[_i].scheme));
	ck_assert(entry_says(entries, 0, "facts", samples[_i].fact));
	ck_assert(entry_says(entries, 0, "covers", "all"));
	json_decref(entries);
	free(path);
}
END_TEST

Suite *signature_nuget_suite(void);

Suite *
signature_nuget_suite(void)
{
	Suite *suite = suite_create("signature_nuget");
	TCase *tests = tcase_create("nuget");
	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, author_and_repository);
	tcase_add_test(tests, every_byte_counts);
	tcase_add_test(tests, cut_anywhere);
	tcase_add_test(tests, entry_inside_another_one);
	tcase_add_loop_test(tests, samples_of_packages, 0, ARRAY_COUNT(samples));
	suite_add_tcase(suite, tests);
	return suite;
}
