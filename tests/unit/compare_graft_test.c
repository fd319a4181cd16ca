/* Containers that are signed themselves, against the unsigned ones. */
#include "compare_case.h"

#define KEY                                                                            \
	"openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "    \
	"/CN=x -days 30; "
#define SIGN "osslsigncode sign -certs c.pem -key k.pem "
#define STUB                                                                           \
	"echo 'int main(void) { return 0; }' >x.c; x86_64-w64-mingw32-gcc -s -o "      \
	"stub.exe x.c; seq 3000 >a.txt; "
#define NSIS                                                                           \
	"seq 3000 >a.txt; printf 'OutFile r\\nName T\\nInstallDir "                    \
	"$TEMP\\nSection\\nSetOutPath "                                                \
	"$INSTDIR\\nFile a.txt\\nSectionEnd\\n' >x.nsi; makensis -V1 x.nsi; "
#define CAB "python3 $SOURCE/testdata/cab/make.py "

/* The header of a ClamAV database before the content, with a signature or without. */
#define CVD                                                                            \
	"echo a >a.hdb; tar --mtime=@1 -cf c.tar a.hdb; gzip -nf c.tar; make() { "     \
	"printf '%-512s' \"ClamAV-VDB:16 Sep 2021 08-32 -0400:62:99:90:$(openssl "     \
	"md5 -r <c.tar.gz | cut -d' ' -f1):$2:sigmgr:1631795562\" >$1; cat c.tar.gz "  \
	">>$1; }; "

#define NUPKG                                                                          \
	"echo '<package/>' >x.nuspec; seq 3000 >a.txt; zip -q -X r x.nuspec a.txt; "   \
	"mv r.zip r; ln -s k.pem c.key; cp c.pem d.pem; ln -s c.key d.key; "           \
	"ln -s d.key c.pem.key; python3 $SOURCE/testdata/signature/nuget.py r s d"

#define MSI                                                                            \
	"seq 2000 >a.txt; echo hello >b.txt; cat >x.wxs <<'E'\n"                       \
	"<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>\n"                     \
	"<Product Id='11111111-2222-3333-4444-555555555555' Name='Thing'\n"            \
	" UpgradeCode='11111111-2222-3333-4444-555555555556' Language='1033'\n"        \
	" Version='1.0' Manufacturer='Maker'>\n"                                       \
	"<Package InstallerVersion='200' Compressed='yes'\n"                           \
	" Id='11111111-2222-3333-4444-555555555557'/>\n"                               \
	"<Media Id='1' Cabinet='one.cab' EmbedCab='yes'/>\n"                           \
	"<Directory Id='TARGETDIR' Name='SourceDir'><Directory Id='D' Name='thing'>\n" \
	"<Component Id='C' Guid='11111111-2222-3333-4444-555555555558'>\n"             \
	"<File Id='F' Name='a.txt' Source='a.txt' KeyPath='yes'/></Component>\n"       \
	"</Directory></Directory>\n"                                                   \
	"<Feature Id='M' Level='1'><ComponentRef Id='C'/></Feature>\n"                 \
	"<Binary Id='bin' SourceFile='b.txt'/></Product></Wix>\nE\n"                   \
	"wixl -o r x.wxs; rm -f s; "

#define CDIFF                                                                          \
	"printf 'ClamAV-Diff:7:300:' >b; seq 300 | gzip -n >>b; (cat b; printf "       \
	"':c2lnbmF0dXJl') >s; (cat b; printf ':X') >r"

/* One proof, of a key and a signature that are none, and an id. */
#define CRX                                                                            \
	"seq 3000 >a.txt; zip -qX r.zip a.txt; mv r.zip r; (printf "                   \
	"'Cr24\\3\\0\\0\\0\\52\\0\\0\\0\\22\\22\\12\\5\\60\\3key\\22\\11signature"     \
	"\\202\\361\\4\\22\\12\\20abcdefghijklmnop'; cat r) >s"

/* The recipe's archive, and the same without its signature of 17 bytes. */
#define MAR                                                                            \
	". $SOURCE/testdata/formats/recipes.sh; recipe_mar plain; mv made s; python3 " \
	"-c 'b = open(\"s\", \"rb\").read()\n"                                         \
	"n = lambda at: (int.from_bytes(b[at:at + 4], \"big\") - 17).to_bytes(4, "     \
	"\"big\")\n"                                                                   \
	"i = int.from_bytes(b[4:8], \"big\")\n"                                        \
	"out = b[:4] + n(4) + b[8:12] + n(12) + bytes(4) + b[37:i + 4]\n"              \
	"at = i + 4\n"                                                                 \
	"while at < len(b):\n"                                                         \
	"    end = b.index(0, at + 12) + 1\n"                                          \
	"    out += n(at) + b[at + 4:end]\n"                                           \
	"    at = end\n"                                                               \
	"open(\"r\", \"wb\").write(out)'"

/* How SHIPPED and REBUILT are made, and one byte of REBUILT that is then changed. */
static const struct {
	const char *make;
	size_t member, header;
} pairs[] = {
    {KEY CAB ">r; " SIGN "-in r -out s", 400, 32},
    {KEY STUB "7z a x.7z a.txt; cat stub.exe x.7z >r; " SIGN "-in r -out s", 14900, 64},
    {KEY NSIS SIGN "-in r -out s", 35000, 64},
    {CVD "make r X; make s c2lnbmF0dXJl", 530, 40},
    {KEY NUPKG, 200, 10},
    /* the cabinet in it, and the version in its header */
    {KEY MSI SIGN "-in r -out s", 600, 24},
    {KEY MSI SIGN "-add-msi-dse -in r -out s", 600, 24},
    {CDIFF, 40, 12},
    {CRX, 100, 10},
    /* a member, and the channel of the product */
    {MAR, 100, 34},
};

static void
flip(const char *name, size_t offset)
{
	struct buf bytes = test_file(name);
	ck_assert_uint_lt(offset, bytes.size);
	bytes.data[offset] ^= 1;
	test_write(name, bytes.data, bytes.size);
	buf_free(&bytes);
}

START_TEST(a_signed_container_is_grafted)
{
	struct compare_case one;
	test_shell("%s", pairs[_i].make);
	case_compare(&one, "s", "r");
	ck_assert_int_eq(one.worst, STATUS_SIGNATURE_ONLY);
	json_t *entry = case_entry(&one, "s");
	const json_t *graft = json_object_get(entry, "graft");
	test_shell("sha256sum s | cut -c1-64 | tr -d '\\n' >sum");
	struct buf sum = test_file("sum");
	ck_assert_str_eq(object_text(graft, "sha256"), sum.data);
	/* it was compared as one file: nothing in it needs to be looked at */
	ck_assert_uint_eq(json_array_size(one.files), 1);
	ck_assert_ptr_null(json_object_get(entry, "container"));
	buf_free(&sum);
	case_close(&one);
}
END_TEST

START_TEST(a_changed_byte_is_no_signature)
{
	struct compare_case one;
	test_shell("%s", pairs[_i].make);
	flip("r", pairs[_i].header);
	case_compare(&one, "s", "r");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
	flip("r", pairs[_i].header);
	flip("r", pairs[_i].member);
	case_compare(&one, "s", "r");
	ck_assert_int_ge(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

/* Is the graft of the rebuilt file's signature equal to the shipped file? */
static bool
is_grafted(const struct format *format, const struct buf *shipped,
	   const struct buf *rebuilt)
{
	struct graft graft = {0};
	struct err err = {0};
	struct view left = view_of_buf(shipped), right = view_of_buf(rebuilt), made;
	bool is = format->graft(&left, &right, &graft, &err) == GRAFT_DONE;
	made = view_of_buf(&graft.bytes);
	is = is && view_equal(&made, &left);
	graft_free(&graft);
	return is;
}

/* What says nothing of its own: the colour of a directory's entry, one bit that follows
 * from nothing; and in the rebuilt file what the graft writes. */
static bool
says_nothing(const struct extent *extent, bool shipped)
{
	if (extent->tag == EXTENT_SIGNATURE ||
	    strcmp(extent->name, "directory entry links") == 0)
		return true;
	return !shipped && (extent->tag == EXTENT_DERIVED ||
			    strstr(extent->name, "signature") != NULL ||
			    strstr(extent->name, "certificate table") != NULL);
}

/* Change each byte of one side that says something: it must be seen. */
static void
assert_seen(const struct format *format, struct buf *shipped, struct buf *rebuilt,
	    bool change_shipped)
{
	struct buf *changed = change_shipped ? shipped : rebuilt;
	struct view view = view_of_buf(changed);
	struct map *map = format_map(format, &view, NULL);
	size_t step = 1 + changed->size / 1500;
	for (size_t i = 0; i < changed->size; i += step) {
		const struct extent *extent = map_find(map, i);
		if (says_nothing(extent, change_shipped))
			continue;
		changed->data[i] ^= 1;
		ck_assert_msg(!is_grafted(format, shipped, rebuilt),
			      "byte %zu of the %s file, %s", i,
			      change_shipped ? "shipped" : "rebuilt", extent->name);
		changed->data[i] ^= 1;
	}
	map_free(map);
}

START_TEST(any_byte_changed_is_no_signature)
{
	static const char *const names[] = {
	    "cab",      "pe-overlay", "pe-overlay", "cvd", "nupkg",
	    "compound", "compound",   "cdiff",      "crx", "mar"};
	const struct format *format = format_by_name(names[_i]);
	test_shell("%s", pairs[_i].make);
	struct buf shipped = test_file("s"), rebuilt = test_file("r");
	ck_assert_ptr_nonnull(format);
	ck_assert(is_grafted(format, &shipped, &rebuilt));
	assert_seen(format, &shipped, &rebuilt, true);
	assert_seen(format, &shipped, &rebuilt, false);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

/* What is different besides the signature is told alone: the graft takes its reserve
 * and offsets out of the way. */
START_TEST(only_the_change_is_told)
{
	struct compare_case one;
	test_shell("%s", pairs[0].make);
	flip("r", pairs[0].header);
	case_compare(&one, "s", "r");
	json_t *entry = case_entry(&one, "s");
	const json_t *list = json_object_get(entry, "differences");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(object_text(json_array_get(list, 0), "field"),
			 "cab header set");
	case_close(&one);
}
END_TEST

Suite *compare_graft_suite(void);

Suite *
compare_graft_suite(void)
{
	Suite *suite = suite_create("compare_graft");
	TCase *tests = tcase_create("graft");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, a_signed_container_is_grafted, 0,
			    ARRAY_COUNT(pairs));
	tcase_add_loop_test(tests, a_changed_byte_is_no_signature, 0,
			    ARRAY_COUNT(pairs));
	tcase_add_loop_test(tests, any_byte_changed_is_no_signature, 0,
			    ARRAY_COUNT(pairs));
	tcase_add_test(tests, only_the_change_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
