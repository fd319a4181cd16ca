/* Packages that are zip archives: made by their own tools where those are installed,
 * by zip else. */
#include "compare_case.h"
#include "format_sink.h"

static const struct {
	const char *program, *make, *name;
} kinds[] = {
    {"zip", "zip -q x AndroidManifest.xml META-INF/MANIFEST.MF a", "apk"},
    {"zip", "zip -q x '[Content_Types].xml' AppxManifest.xml AppxBlockMap.xml", "msix"},
    {"zip", "zip -q x '[Content_Types].xml' a.nuspec a", "nupkg"},
    {"zip", "zip -q x a d/a.nuspec", "zip"},
    {"zip", "zip -q x '[Content_Types].xml' extension.vsixmanifest", "vsix"},
    {"zip", "zip -q x a a-1.dist-info/RECORD", "wheel"},
    {"zip", "zip -q x a d/a-1.dist-info/RECORD", "zip"},
    {"zip", "zip -q x manifest.json META-INF/mozilla.rsa META-INF/MANIFEST.MF", "xpi"},
    {"zip", "zip -q -X -0 x mimetype META-INF/container.xml", "epub"},
    {"zip", "zip -q x '[Content_Types].xml' word/document.xml", "opc"},
    {"jar", "jar cf x.zip a", "jar"},
    {"zip", "zip -q x a b", "zip"},
    /* the names are looked up in the directory, not in the bytes */
    {"zip", "echo AndroidManifest.xml >c; zip -q -0 x a c", "zip"},
    {"jmod",
     "echo 'module m {}' >module-info.java; javac -d classes module-info.java; "
     "jmod create --class-path classes x.zip",
     "jmod"},
    {"zip",
     "echo hello >>x; cat x >j; zip -q x a b; (printf 'JM\\1\\0'; cat x.zip) >j; "
     "mv j x.zip",
     "jmod"},
};

#define FILES                                                                          \
	"mkdir -p META-INF d/a-1.dist-info a-1.dist-info word; for f in "              \
	"AndroidManifest.xml META-INF/MANIFEST.MF META-INF/mozilla.rsa "               \
	"META-INF/container.xml '[Content_Types].xml' AppxManifest.xml "               \
	"AppxBlockMap.xml a.nuspec d/a.nuspec extension.vsixmanifest manifest.json "   \
	"mimetype word/document.xml a-1.dist-info/RECORD d/a-1.dist-info/RECORD a b; " \
	"do echo \"$f\" >\"$f\"; done; rm -f x.zip; "

START_TEST(knows_a_kind)
{
	struct record record = {0};
	struct err err = {0};
	if (!test_have(kinds[_i].program))
		TEST_SKIP("a program that makes such packages is not installed");
	test_shell(FILES "%s", kinds[_i].make);
	ck_assert_str_eq(probe_name("x.zip"), kinds[_i].name);
	struct buf bytes = test_file("x.zip");
	struct view view = view_of_buf(&bytes);
	const struct format *format = format_by_name(kinds[_i].name);
	ck_assert_ok(record_members(&record, format, &view, &err), err);
	ck_assert_uint_gt(record.count, 0);
	ck_assert_uint_eq(record.notes.count, 0);
	struct map *map = format_map(format, &view, NULL);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	for (size_t i = 0; i < map->count; i++) {
		if (strcmp(map->extents[i].name, "zip local header magic") == 0)
			ck_assert(view_has(&view, map->extents[i].offset, "PK\3\4", 4));
	}
	map_free(map);
	format_survives_damage(format, &bytes, 11, 64);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* What is hidden in a zip is not hidden in a package. */
START_TEST(traps_stay)
{
	struct record record = {0};
	struct err err = {0};
	test_shell(FILES "zip -q -X -0 x AndroidManifest.xml a b; printf x >>x.zip; "
			 "sed -i '0,/aUX/s//aUX/' x.zip");
	struct buf bytes = test_file("x.zip");
	struct view view = view_of_buf(&bytes);
	ck_assert_ok(record_members(&record, format_by_name("apk"), &view, &err), err);
	ck_assert(record_noted(&record, "suspect", ""));
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* An APK, its parts aligned or not, and a key. apksigner reads the version that it
 * must support out of its options, for the manifest is no binary one. */
#define APK                                                                            \
	"export LC_ALL=C; rm -f *.apk ks; echo manifest >AndroidManifest.xml; seq "    \
	"3000 "                                                                        \
	">a.txt; head -c 5001 /dev/urandom >b.bin; head -c 777 /dev/urandom >c.bin; "  \
	"zip -q -X -0 u.apk b.bin c.bin; zip -q -X u.apk AndroidManifest.xml a.txt; "  \
	"%s "                                                                          \
	"keytool -genkeypair -keystore ks -storepass password -alias k -keyalg RSA "   \
	"-dname CN=x -validity 9; sign() { apksigner sign --ks ks --ks-pass "          \
	"pass:password --min-sdk-version 24 --v1-signing-enabled $1 "                  \
	"--v2-signing-enabled $2 --v3-signing-enabled $3 --v4-signing-enabled false "  \
	"--out s.apk r.apk; }; "
#define ALIGNED   "zipalign -f 4 u.apk r.apk;"
#define UNALIGNED "cp u.apk r.apk;"

static const struct {
	const char *align, *sign;
} signings[] = {
    {ALIGNED, "sign false true false"},   {ALIGNED, "sign false false true"},
    {ALIGNED, "sign true true false"},    {ALIGNED, "sign true true true"},
    {UNALIGNED, "sign false true false"}, {UNALIGNED, "sign true true true"},
};

static bool
signer_missing(void)
{
	return !test_have("apksigner") || !test_have("zipalign") ||
	       !test_have("keytool");
}

START_TEST(moves_a_signature)
{
	struct compare_case one;
	if (signer_missing())
		TEST_SKIP("apksigner, zipalign or keytool is not installed");
	test_shell(APK "%s", signings[_i].align, signings[_i].sign);
	case_compare(&one, "s.apk", "r.apk");
	ck_assert_str_eq(case_status(&one, "s.apk"), "signature-only");
	ck_assert_int_eq(one.worst, STATUS_SIGNATURE_ONLY);
	case_close(&one);
	/* another key's signature in the rebuilt file changes nothing */
	test_shell(
	    "rm ks; cp s.apk theirs.apk; keytool -genkeypair -keystore ks "
	    "-storepass password -alias k -keyalg RSA -dname CN=y -validity 9; "
	    "apksigner sign --ks ks --ks-pass pass:password --min-sdk-version 24 "
	    "--v1-signing-enabled false --v4-signing-enabled false --out o.apk "
	    "r.apk");
	case_compare(&one, "theirs.apk", "o.apk");
	ck_assert_int_eq(one.worst, STATUS_SIGNATURE_ONLY);
	case_close(&one);
	struct buf bytes = test_file("s.apk");
	struct view view = view_of_buf(&bytes);
	const struct format *format = format_by_name("apk");
	struct map *map = format_map(format, &view, NULL);
	map_check(map, bytes.size);
	const struct extent *extent = map_extent(map, "APK signing block");
	ck_assert_int_eq(extent->tag, EXTENT_SIGNATURE);
	ck_assert(map_has(map, "APK signature v2") || map_has(map, "APK signature v3"));
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* Change bytes of one side, but for [from, to): the graft may not hide it. */
static void
check_bytes(struct buf *changed, const struct view *left, const struct view *right,
	    uint64_t from, uint64_t to)
{
	const struct format *format = format_by_name("apk");
	for (size_t i = 0; i < changed->size; i += i % 7 + 1) {
		struct graft graft = {0};
		struct err err = {0};
		char before = changed->data[i];
		if (i >= from && i < to)
			continue;
		changed->data[i] = (char)~before;
		if (format->graft(left, right, &graft, &err) == GRAFT_DONE) {
			struct view grafted = view_of_buf(&graft.bytes);
			ck_assert_msg(!view_equal(left, &grafted), "byte %zu", i);
		}
		graft_free(&graft);
		changed->data[i] = before;
	}
}

/* Every byte outside of the signature counts, on both sides. */
START_TEST(every_byte_counts)
{
	if (signer_missing())
		TEST_SKIP("apksigner, zipalign or keytool is not installed");
	test_shell(APK "sign false true false", UNALIGNED);
	struct buf shipped = test_file("s.apk"), rebuilt = test_file("r.apk");
	struct view left = view_of_buf(&shipped), right = view_of_buf(&rebuilt);
	struct map *map = format_map(format_by_name("apk"), &left, NULL);
	uint64_t from = UINT64_MAX, to = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		if (extent->tag != EXTENT_SIGNATURE)
			continue;
		from = extent->offset < from ? extent->offset : from;
		to = extent->offset + extent->length;
	}
	ck_assert_uint_lt(from, to);
	check_bytes(&rebuilt, &left, &right, 0, 0);
	check_bytes(&shipped, &left, &right, from, to);
	map_free(map);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

/* What is done to the shipped file, and why its signature cannot be moved. */
static const struct {
	const char *trick, *words;
} refused[] = {
    /* a pair of another id, in the place of the padding */
    {"sed -i 's/\\x77\\x65\\x72\\x42/\\x01\\x02\\x03\\x04/' s.apk", "no signature"},
    /* the padding holds something */
    {"python3 -c \"\nb=bytearray(open('s.apk','rb').read())\n"
     "i=b.index(b'werB')\nb[i+9]=1\nopen('s.apk','wb').write(b)\"",
     "no signature"},
    {"cp r.apk t.apk; zip -q r.apk ks", "entries that the shipped one has not"},
    {"mv r.apk t.apk; zip -q -X -0 r.apk c.bin b.bin; zip -q -X r.apk "
     "AndroidManifest.xml a.txt",
     "in another order"},
    {"rm r.apk; zip -q -X -0 r.apk b.bin; zip -q -X r.apk AndroidManifest.xml a.txt",
     "in another order"},
    {"rm r.apk; zip -q -X -0 r.apk b.bin c.bin; zip -q -X r.apk AndroidManifest.xml",
     "no signature's"},
};

START_TEST(refuses_to_move)
{
	struct graft graft = {0};
	struct err err = {0};
	if (signer_missing())
		TEST_SKIP("apksigner, zipalign or keytool is not installed");
	test_shell(APK "sign false true false; %s", ALIGNED, refused[_i].trick);
	struct buf shipped = test_file("s.apk"), rebuilt = test_file("r.apk");
	struct view left = view_of_buf(&shipped), right = view_of_buf(&rebuilt);
	ck_assert_int_eq(format_by_name("apk")->graft(&left, &right, &graft, &err),
			 GRAFT_FAILED);
	ck_assert_msg(strstr(err.message, refused[_i].words) != NULL, "%s",
		      err.message);
	graft_free(&graft);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

Suite *format_zip_kinds_suite(void);

Suite *
format_zip_kinds_suite(void)
{
	Suite *suite = suite_create("format_zip_kinds");
	TCase *tests = tcase_create("zip_kinds");
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, knows_a_kind, 0, ARRAY_COUNT(kinds));
	tcase_add_test(tests, traps_stay);
	tcase_add_loop_test(tests, moves_a_signature, 0, ARRAY_COUNT(signings));
	tcase_add_test(tests, every_byte_counts);
	tcase_add_loop_test(tests, refuses_to_move, 0, ARRAY_COUNT(refused));
	suite_add_tcase(suite, tests);
	return suite;
}
