/* Manifests line by line, and archives that jarsigner signed, byte by byte. */
#include "signature/jar_private.h"
#include "signature_build.h"

static struct jar_manifest
read_text(const char *text)
{
	struct jar_manifest manifest;
	struct view view = view_of(text, strlen(text));
	jar_manifest_read(&view, &manifest);
	return manifest;
}

#define LONG_NAME                                                                      \
	"com/a-name-that-is-longer-than-a-line-may-be/and-so-goes-on-in-the-next"

/* The rules are those of the JAR File Specification, "Manifest Specification". */
START_TEST(sections_and_lines)
{
	static const char text[] =
	    "Manifest-Version: 1.0\r\n"
	    "Class-Path: a\r\n b\r\n"
	    "\r\n"
	    "Name: com/a-name-that-is-longer-than-a-line-may-be/and-so\n"
	    " -goes-on-in-the-next\n"
	    "Sealed: true\n"
	    "\n"
	    "\n"
	    "Name: b\r"
	    "Empty: \r";
	struct jar_manifest manifest = read_text(text);
	ck_assert_uint_eq(manifest.faults.count, 0);
	ck_assert_uint_eq(manifest.count, 3);
	ck_assert_str_eq(jar_section_value(&manifest.sections[0], "class-path"), "ab");
	const struct jar_section *section = jar_manifest_find(&manifest, LONG_NAME);
	ck_assert_ptr_nonnull(section);
	ck_assert_str_eq(jar_section_value(section, "Sealed"), "true");
	ck_assert_uint_eq(section->bytes.size, section->bare.size + 1);
	section = jar_manifest_find(&manifest, "b");
	ck_assert_ptr_nonnull(section);
	ck_assert_str_eq(jar_section_value(section, "Empty"), "");
	ck_assert_ptr_null(jar_manifest_find(&manifest, "c"));
	ck_assert_uint_eq(manifest.sections[0].bytes.size, 44);
	jar_manifest_free(&manifest);
}
END_TEST

static const struct {
	const char *text, *fault;
} faults[] = {
    {"A: 1\nA: 2\n", "a section with two attributes 'A'"},
    {"A: 1\na: 2\n", "a section with two attributes 'a'"},
    {"A: 1\n\nName: x\n\nName: x\n", "two sections 'x'"},
    {"A: 1\n\nB: 2\n", "a section that does not begin with its name"},
    {"A: 1\nB\n", "a line that is no attribute, 'B'"},
    {"A: 1\nB:2\n", "a line that is no attribute, 'B:2'"},
    {"A: 1\nB C: 2\n", "a line that is no attribute, 'B C: 2'"},
    {"A: 1\n: 2\n", "a line that is no attribute, ': 2'"},
    {" A: 1\n", "a section that begins with a folded line"},
    {"A: 1\n\n B: 2\n", "a section that begins with a folded line"},
};

START_TEST(faults_are_named)
{
	struct jar_manifest manifest = read_text(faults[_i].text);
	ck_assert_uint_ge(manifest.faults.count, 1);
	ck_assert_str_eq(manifest.faults.items[0], faults[_i].fault);
	jar_manifest_free(&manifest);
}
END_TEST

START_TEST(oddities)
{
	struct buf text = {0};
	buf_puts(&text, "A: ");
	for (int i = 0; i < 69; i++)
		buf_puts(&text, "x");
	buf_puts(&text, "\n");
	struct jar_manifest manifest = read_text(text.data);
	ck_assert_uint_eq(manifest.odd.count, 0);
	jar_manifest_free(&manifest);
	buf_puts(&text, "B: ");
	for (int i = 0; i < 70; i++)
		buf_puts(&text, "x");
	manifest = read_text(text.data);
	ck_assert_uint_eq(manifest.faults.count, 0);
	ck_assert_uint_eq(manifest.odd.count, 2); /* too long, and without an end */
	jar_manifest_free(&manifest);
	static const uint8_t nul[] = "A: 1\0\n";
	struct view view = view_of(nul, sizeof(nul) - 1);
	jar_manifest_read(&view, &manifest);
	ck_assert_str_eq(manifest.faults.items[0], "a line with a NUL");
	jar_manifest_free(&manifest);
	buf_free(&text);
}
END_TEST

/* Names as Java's ("SHA-256"), and Mozilla's tools write them ("SHA256"). */
START_TEST(names_of_digests)
{
	bool is;
	ck_assert_str_eq(jar_digest_named("SHA-256-Digest", "-Digest", &is)->name,
			 "sha256");
	ck_assert_str_eq(jar_digest_named("sha256-digest", "-Digest", &is)->name,
			 "sha256");
	ck_assert_str_eq(
	    jar_digest_named("SHA1-Digest-Manifest", "-Digest-Manifest", &is)->name,
	    "sha1");
	ck_assert_ptr_null(jar_digest_named("X-Digest", "-Digest", &is));
	ck_assert(is);
	ck_assert_ptr_null(jar_digest_named("SHA-256-Digest-Manifest", "-Digest", &is));
	ck_assert(!is);
	ck_assert_ptr_null(jar_digest_named("-Digest", "-Digest", &is));
	ck_assert(!is);
}
END_TEST

/* ---- archives --------------------------------------------------------------- */

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
	id_write(&root, "root");
	test_shell(
	    "echo a >a.txt; seq 300 >b.txt; jar --create --no-compress --file plain "
	    "a.txt b.txt; openssl pkcs12 -export -in leaf.pem -inkey leaf.key "
	    "-certfile "
	    "root.pem -name x -out ks -passout pass:password; "
	    "jarsigner -keystore ks -storepass password -signedjar signed plain x");
}

#define assert_status(call, expected)                                                  \
	do {                                                                           \
		enum signature_status is = (call);                                     \
		ck_assert_msg(is == (expected), "%s is %s, not %s", #call,             \
			      signature_status_name(is),                               \
			      signature_status_name(expected));                        \
	} while (0)

START_TEST(one_signer)
{
	json_t *entries;
	struct buf file = test_file("signed");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	ck_assert_uint_eq(json_array_size(entries), 1);
	ck_assert(entry_says(entries, 0, "scheme", "jar"));
	ck_assert(entry_says(entries, 0, "where", "META-INF/X.EC"));
	ck_assert(entry_says(entries, 0, "covers", "all"));
	ck_assert(entry_says(entries, 0, "coverage", "\"unexplained\": 0"));
	json_decref(entries);
	buf_free(&file);
}
END_TEST

/* Of each byte that the byte map calls signed, a change is found out. */
START_TEST(signed_bytes_count)
{
	json_t *entries, *range;
	size_t index, tried = 0;
	struct buf file = test_file("signed");
	assert_status(check_image(&file, trust, &entries), SIGNATURE_VALID);
	json_t *ranges = json_object_get(
	    json_object_get(json_array_get(entries, 0), "coverage"), "ranges");
	json_array_foreach(ranges, index, range)
	{
		if (strcmp(json_string_value(json_object_get(range, "kind")),
			   "signed") != 0)
			continue;
		size_t at =
		    (size_t)json_integer_value(json_object_get(range, "offset"));
		size_t end =
		    at + (size_t)json_integer_value(json_object_get(range, "length"));
		for (; at < end; at++, tried++) {
			file.data[at] ^= 0x21;
			ck_assert_msg(check_image(&file, trust, NULL) !=
					  SIGNATURE_VALID,
				      "byte %zu", at);
			file.data[at] ^= 0x21;
		}
	}
	ck_assert_uint_gt(tried, 1000);
	json_decref(entries);
	buf_free(&file);
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
	buf_free(&file);
}
END_TEST

/* The headers of the rebuilt manifest: jarsigner writes that one anew, and so does the
 * graft; and where the directory is, which follows. */
static bool
is_of_manifest(const struct buf *file, size_t at)
{
	static const char name[] = "META-INF/MANIFEST.MF";
	size_t size = sizeof(name) - 1;
	const char *local = memmem(file->data, file->size, name, size);
	size_t first = (size_t)(local - file->data);
	const char *central = memmem(local + 1, file->size - first - 1, name, size);
	size_t second = (size_t)(central - file->data);
	return (at >= first - 30 && at < first + size) ||
	       (at >= second - 46 && at < second);
}

/* The rebuilt archive given the signature is the shipped one, unless a byte of it is
 * another one. */
START_TEST(graft_is_exact)
{
	struct buf shipped = test_file("signed"), rebuilt = test_file("plain");
	struct view signed_view = view_of_buf(&shipped), plain = view_of_buf(&rebuilt);
	const struct format *format = format_by_name("jar");
	struct graft graft = {0};
	struct err err = {0};
	ck_assert_int_eq(format->graft(&signed_view, &plain, &graft, &err), GRAFT_DONE);
	struct view made = view_of_buf(&graft.bytes);
	ck_assert(view_equal(&signed_view, &made));
	graft_free(&graft);
	ck_assert_int_eq(format->graft(&plain, &plain, &graft, &err), GRAFT_NONE);
	ck_assert_int_eq(format->graft(&signed_view, &signed_view, &graft, &err),
			 GRAFT_FAILED);
	for (size_t i = 0; i < rebuilt.size; i++) {
		if (is_of_manifest(&rebuilt, i))
			continue;
		rebuilt.data[i] ^= 0x21;
		if (format->graft(&signed_view, &plain, &graft, &err) == GRAFT_DONE) {
			made = view_of_buf(&graft.bytes);
			ck_assert_msg(!view_equal(&signed_view, &made), "byte %zu", i);
		}
		graft_free(&graft);
		rebuilt.data[i] ^= 0x21;
	}
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

Suite *signature_jar_suite(void);

Suite *
signature_jar_suite(void)
{
	Suite *suite = suite_create("signature_jar");
	TCase *texts = tcase_create("manifests"), *files = tcase_create("archives");
	tcase_add_test(texts, sections_and_lines);
	tcase_add_loop_test(texts, faults_are_named, 0, (int)ARRAY_COUNT(faults));
	tcase_add_test(texts, oddities);
	tcase_add_test(texts, names_of_digests);
	suite_add_tcase(suite, texts);
	tcase_add_checked_fixture(files, set_up, NULL);
	tcase_set_timeout(files, 120);
	tcase_add_test(files, one_signer);
	tcase_add_test(files, signed_bytes_count);
	tcase_add_test(files, cut_anywhere);
	tcase_add_test(files, graft_is_exact);
	suite_add_tcase(suite, files);
	return suite;
}
