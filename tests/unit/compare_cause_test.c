/* Causes: what is proved, what is likely, what follows from what; and near misses that
 * must be neither. Inputs are made by the formats' usual tools. */
#include "compare_case.h"

static const json_t *
cause_of(const json_t *difference)
{
	return json_object_get(difference, "cause");
}

static void
check_cause(const json_t *difference, const char *name, const char *sure)
{
	const json_t *cause = cause_of(difference);
	ck_assert_str_eq(object_text(cause, "name"), name);
	ck_assert_str_eq(object_text(cause, "sure"), sure);
	ck_assert_str_ne(object_text(cause, "evidence"), "");
	bool proof = json_object_get(cause, "proof") != NULL;
	ck_assert_int_eq(proof, strcmp(sure, "proved") == 0);
}

/* Is any cause of the entry proved? */
static bool
any_proved(const json_t *entry)
{
	size_t i;
	const json_t *each;
	json_array_foreach(json_object_get(entry, "differences"), i, each)
	{
		if (strcmp(object_text(cause_of(each), "sure"), "proved") == 0)
			return true;
	}
	return false;
}

/* ---- a program that holds the year of its build ---------------------- */

START_TEST(build_year)
{
	struct compare_case one;
	static const char source[] =
	    "#include <stdio.h>\n"
	    "int main(int c, char **v) { printf(\"%s %d\\n\", v[0], YEAR); "
	    "return c > 5; }\n";
	test_write("h.c", source, strlen(source));
	test_shell("for y in 2022 2026; do mkdir $y && gcc -g -O2 -Wl,--build-id "
		   "-DYEAR=$y -o $y/hello h.c && objcopy --only-keep-debug $y/hello "
		   "$y.debug && cp $y.debug hello.debug && strip $y/hello && objcopy "
		   "--add-gnu-debuglink=hello.debug $y/hello; done");
	case_compare(&one, "2022/hello", "2026/hello");
	json_t *entry = case_entry(&one, "hello");
	ck_assert_int_eq(object_number(entry, "difference_count"), 3);
	json_t *year = entry_difference(entry, "mov edx, 0x7e6 | mov edx, 0x7ea");
	check_cause(year, "build year", "likely");
	/* stripped, but the entry point tells where main is */
	ck_assert_ptr_nonnull(strstr(object_text(year, "place"), "(main+0x"));
	ck_assert_ptr_nonnull(
	    strstr(object_text(cause_of(year), "evidence"), "2022, rebuilt 2026"));
	ck_assert_ptr_null(json_object_get(cause_of(year), "follows_from"));
	json_t *id = entry_difference(entry, "build-id");
	check_cause(id, "build-id", "likely");
	json_t *link = entry_difference(entry, ".gnu_debuglink");
	check_cause(link, "debug link", "likely");
	const char *place = object_text(year, "place");
	ck_assert_str_eq(object_text(cause_of(id), "follows_from"), place);
	ck_assert_str_eq(object_text(cause_of(link), "follows_from"), place);
	case_close(&one);
}
END_TEST

/* With the debug files at hand the link is recomputed, and must be right. */
START_TEST(debug_link)
{
	struct compare_case one;
	test_write("h.c", "int main(void) { return YEAR % 7; }\n", 36);
	test_shell("for y in 2022 2026; do mkdir $y && gcc -g -O1 -DYEAR=$y -o "
		   "$y/hello h.c && (cd $y && objcopy --only-keep-debug hello "
		   "hello.debug && strip hello && objcopy --add-gnu-debuglink="
		   "hello.debug hello); done");
	case_compare(&one, "2022", "2026");
	json_t *link = entry_difference(case_entry(&one, "/hello"), ".gnu_debuglink");
	check_cause(link, "debug link", "proved");
	ck_assert_str_eq(object_text(cause_of(link), "follows_from"),
			 "2022/hello.debug");
	case_close(&one);
	test_shell("echo more >>2022/hello.debug");
	case_compare(&one, "2022", "2026");
	link = entry_difference(case_entry(&one, "/hello"), ".gnu_debuglink");
	check_cause(link, "debug link", "likely");
	case_close(&one);
}
END_TEST

/* An operand that is no year, and one operand that is next to another change. */
START_TEST(no_build_year)
{
	struct compare_case one;
	static const char source[] = "int year(int a) { return a + YEAR; }\n";
	static const char *const values[][2] = {
	    {"2022", "1022"}, {"2022", "9999"}, {"0x7e6", "0x17ea"}};
	test_write("h.c", source, strlen(source));
	test_shell("gcc -O1 -c -DYEAR=%s -o a.o h.c && gcc -O1 -c -DYEAR=%s -o b.o h.c",
		   values[_i][0], values[_i][1]);
	case_compare(&one, "a.o", "b.o");
	json_t *change = entry_difference(case_entry(&one, "a.o"), "lea eax");
	ck_assert_ptr_null(cause_of(change));
	case_close(&one);
}
END_TEST

/* ---- values recomputed on both sides --------------------------------- */

/* A pair of containers whose one member differs, what of them follows, and how. */
static const struct {
	const char *make, *needs;
	const char *place, *name, *source;
} derived[] = {
    {"for d in a b; do (cd $d && touch -d @1600000000 f && TZ=UTC zip -qX0 ../$d.zip "
     "f); "
     "done; mv a.zip A; mv b.zip B",
     "zip", "zip central header CRC-32 of f", "zip CRC-32", "the content of f"},
    {"for d in a b; do (cd $d && touch -d @1600000000 f && TZ=UTC zip -qX0 ../$d.zip "
     "f); "
     "done; mv a.zip A; mv b.zip B",
     "zip", "zip local header CRC-32 of f", "zip CRC-32", "the content of f"},
    {"seq 9 >>a/f; for d in a b; do (cd $d && touch -d @1600000000 f && TZ=UTC zip -qX "
     "../$d.zip f); done; mv a.zip A; mv b.zip B",
     "zip", "zip central header size of f", "member size", "the content of f"},
    {"seq 9 >>a/f; for d in a b; do (cd $d && touch -d @1600000000 f && TZ=UTC zip -qX "
     "../$d.zip f); done; mv a.zip A; mv b.zip B",
     "zip", "zip central header compressed size of f", "compressed size",
     "the content of f"},
    {"for d in a b; do (cd $d && touch -d @1600000000 f && TZ=UTC zip -qX - f | cat "
     ">../$d.zip); done; mv a.zip A; mv b.zip B",
     "zip", "zip data descriptor of f", "zip data descriptor", "the content of f"},
    {"gzip -nc a/f >A; gzip -nc b/f >B", "gzip", "gzip CRC32", "gzip CRC32",
     "the content"},
    {"seq 9 >>a/f; gzip -nc a/f >A; gzip -nc b/f >B", "gzip", "gzip ISIZE",
     "gzip ISIZE", "the content"},
    {"for d in a b; do (cd $d && touch -d @1 f && echo f | cpio --quiet -o -H crc "
     "--reproducible >../$d.c); done; mv a.c A; mv b.c B",
     "cpio", "cpio header checksum of f", "cpio checksum", "the content of f"},
    {"seq 9 >>a/f; for d in a b; do (cd $d && touch -d @1 f && ar rcD ../$d.a f); "
     "done; "
     "mv a.a A; mv b.a B",
     "ar", "ar header size of f", "member size", "the content of f"},
    {"seq 9 >>a/f; for d in a b; do tar --format=ustar --mtime=@1 -C $d -cf $d.t f; "
     "done; mv a.t A; mv b.t B",
     "tar", "tar header size of f", "member size", "the content of f"},
    {"seq 9 >>a/f; for d in a b; do tar --format=ustar --mtime=@1 -C $d -cf $d.t f; "
     "done; mv a.t A; mv b.t B",
     "tar", "tar header checksum of f", "tar header checksum", ""},
    {"xz -c a/f >A; seq 99 >>b/f; xz -c b/f >B", "xz", "xz index", "xz index", ""},
};

static void
make_derived(int row)
{
	test_shell("mkdir -p a b; seq 50 | sed s/1/2/ >a/f; seq 50 >b/f; %s",
		   derived[row].make);
}

START_TEST(recomputed)
{
	struct compare_case one;
	if (!test_have(derived[_i].needs))
		TEST_SKIP(derived[_i].needs);
	make_derived(_i);
	case_compare(&one, "A", "B");
	json_t *difference =
	    entry_difference(json_array_get(one.files, 0), derived[_i].place);
	check_cause(difference, derived[_i].name, "proved");
	if (derived[_i].source[0] != '\0')
		ck_assert_str_eq(object_text(cause_of(difference), "follows_from"),
				 derived[_i].source);
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

/* Where the shipped value is not right, nothing is proved. */
START_TEST(wrong_value)
{
	struct compare_case one;
	if (!test_have(derived[_i].needs))
		TEST_SKIP(derived[_i].needs);
	/* an ar knows no other end of a content than this very size */
	if (strcmp(derived[_i].needs, "ar") == 0)
		return;
	make_derived(_i);
	case_compare(&one, "A", "B");
	json_t *difference =
	    entry_difference(json_array_get(one.files, 0), derived[_i].place);
	long long offset = object_number(difference, "shipped_offset");
	long long length = object_number(difference, "shipped_length");
	case_close(&one);
	struct buf bytes = test_file("A");
	/* the last digit or byte of the value */
	size_t at = (size_t)(offset + length - 1);
	while (at > (size_t)offset && (bytes.data[at] == ' ' || bytes.data[at] == 0))
		at--;
	bytes.data[at] = (char)(bytes.data[at] ^ 1);
	test_write("A", bytes.data, bytes.size);
	buf_free(&bytes);
	case_compare(&one, "A", "B");
	size_t i;
	const json_t *each;
	json_array_foreach(json_object_get(json_array_get(one.files, 0), "differences"),
			   i, each)
	{
		if (strstr(object_text(each, "place"), derived[_i].place) != NULL)
			ck_assert_str_ne(object_text(cause_of(each), "sure"), "proved");
	}
	ck_assert_int_ge(one.worst, STATUS_UNDECIDED);
	case_close(&one);
}
END_TEST

/* A package of rpm's own: its digests of header and payload follow from what changed,
 * build time and host are fields. */
START_TEST(digests_of_an_rpm)
{
	struct compare_case one;
	static const struct {
		const char *place, *name, *sure;
	} expected[] = {
	    {"rpm signature SHA-256 of the header", "rpm header SHA-256", "proved"},
	    {"rpm signature SHA-1 of the header", "rpm header SHA-1", "proved"},
	    {"rpm signature MD5", "rpm MD5", "proved"},
	    {"rpm header payload digest", "rpm payload digest", "proved"},
	    {"rpm header build time", "build time", "likely"},
	    {"rpm header build host", "build host", "likely"},
	};
	static const char spec[] =
	    "Name: p\nVersion: 1\nRelease: 1\nSummary: s\nLicense: none\n"
	    "BuildArch: noarch\n%description\nd\n%install\nmkdir -p "
	    "%{buildroot}/usr/share\necho %{word} >%{buildroot}/usr/share/p\n%files\n"
	    "/usr/share/p\n";
	if (!test_have("rpmbuild"))
		TEST_SKIP("needs rpmbuild");
	test_write("p.spec", spec, strlen(spec));
	test_shell(
	    "for w in one two; do SOURCE_DATE_EPOCH=16${#w}0000000 rpmbuild -bb "
	    "--quiet --define \"_topdir $PWD/$w\" --define \"word $w\" --define "
	    "\"_buildhost $w.example\" --define '_binary_payload w9.gzdio' p.spec; "
	    "sleep 1.1; cp $w/RPMS/*/*.rpm $w.rpm; done");
	case_compare(&one, "one.rpm", "two.rpm");
	json_t *entry = case_entry(&one, "one.rpm");
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++)
		check_cause(entry_difference(entry, expected[i].place),
			    expected[i].name, expected[i].sure);
	case_close(&one);
	/* a digest of the header that is not its digest */
	struct buf bytes = test_file("one.rpm");
	struct view view = view_of_buf(&bytes);
	test_shell("rpm -qp --nosignature --qf '%%{SHA256HEADER}' one.rpm >digest");
	struct buf digest = test_file("digest");
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, digest.data, digest.size, &at), 0);
	bytes.data[at] = bytes.data[at] == '0' ? '1' : '0';
	test_write("one.rpm", bytes.data, bytes.size);
	buf_free(&digest);
	buf_free(&bytes);
	case_compare(&one, "one.rpm", "two.rpm");
	entry = case_entry(&one, "one.rpm");
	ck_assert_ptr_null(cause_of(entry_difference(entry, expected[0].place)));
	case_close(&one);
}
END_TEST

/* ---- fields that formats name ---------------------------------------- */

static const struct {
	const char *make, *needs;
	const char *place, *name, *sure;
} fields[] = {
    {"gzip -Nc f >A; touch -d @86400000 f; gzip -Nc f >B", "gzip", "gzip MTIME",
     "container times", "proved"},
    {"for d in 7 8; do touch -d @16${d}0000000 f; TZ=UTC zip -qX $d.zip f; done; "
     "mv 7.zip A; mv 8.zip B",
     "zip", "zip central header mtime of f", "container times", "proved"},
    {"for d in 7 8; do touch -d @16${d}0000000 f; touch -ad @1600000000 f; TZ=UTC zip "
     "-q $d.zip f; done; mv 7.zip A; mv 8.zip B",
     "zip", "zip central header extra of f", "container times", "proved"},
    {"for d in 7 8; do touch -d @16${d}0000000 f; ar rcU $d.a f; done; mv 7.a A; "
     "mv 8.a B",
     "ar", "ar header mtime of f", "container times", "proved"},
    {"for d in 7 8; do touch -d @16${d}0000000 f; echo f | cpio --quiet -o -H newc "
     "--reproducible >$d.c; done; mv 7.c A; mv 8.c B",
     "cpio", "cpio header mtime of f", "container times", "proved"},
    /* two fields at once: neither alone explains it */
    {"for d in 7 8; do tar --format=ustar --mtime=@16${d}0000000 --owner=$d -cf $d.t "
     "f; "
     "done; mv 7.t A; mv 8.t B",
     "tar", "tar header mtime of f", "container times", "likely"},
    /* a content that differs too */
    {"for d in 7 8; do echo $d >f; tar --format=ustar --mtime=@16${d}0000000 -cf $d.t "
     "f; done; mv 7.t A; mv 8.t B",
     "tar", "tar header mtime of f", "container times", "likely"},
    {"for d in 6 4; do tar --format=ustar --mtime=@1 --mode=06${d}4 -cf $d.t f; done; "
     "mv 6.t A; mv 4.t B",
     "tar", "tar header mode of f", "umask", "proved"},
    {"touch g; tar --format=ustar --mtime=@1 -cf A f g; tar --format=ustar --mtime=@1 "
     "-cf B g f",
     "tar", "order of members", "order", "proved"},
};

START_TEST(named_fields)
{
	struct compare_case one;
	if (!test_have(fields[_i].needs))
		TEST_SKIP(fields[_i].needs);
	test_shell("seq 50 >f; %s", fields[_i].make);
	case_compare(&one, "A", "B");
	json_t *entry = json_array_get(one.files, 0);
	check_cause(entry_difference(entry, fields[_i].place), fields[_i].name,
		    fields[_i].sure);
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT); /* a cause excuses nothing */
	case_close(&one);
}
END_TEST

/* Modes that no umask makes. */
START_TEST(no_umask)
{
	struct compare_case one;
	static const char *const modes[][2] = {
	    {"4755", "0755"}, {"0755", "0644"}, {"0664", "0646"}, {"2775", "0755"}};
	test_shell("seq 5 >f; tar --format=ustar --mtime=@1 --mode=%s -cf A f; tar "
		   "--format=ustar --mtime=@1 --mode=%s -cf B f",
		   modes[_i][0], modes[_i][1]);
	case_compare(&one, "A", "B");
	ck_assert_ptr_null(cause_of(
	    entry_difference(json_array_get(one.files, 0), "tar header mode of f")));
	case_close(&one);
}
END_TEST

START_TEST(time_stamp_of_an_image)
{
	struct compare_case one;
	static const char source[] = "int start(void) { return 7; }\n";
	if (!test_have("x86_64-w64-mingw32-gcc"))
		TEST_SKIP("needs mingw-w64");
	test_write("i.c", source, strlen(source));
	test_shell("x86_64-w64-mingw32-gcc -c -o i.o i.c && for d in 7 8; do "
		   "SOURCE_DATE_EPOCH=16${d}0000000 x86_64-w64-mingw32-ld -s -e start "
		   "--insert-timestamp -o $d.exe i.o; sleep 1.1; done");
	case_compare(&one, "7.exe", "8.exe");
	json_t *entry = case_entry(&one, "7.exe");
	check_cause(entry_difference(entry, "TimeDateStamp"), "PE time stamp",
		    "proved");
	json_t *sum = entry_difference(entry, "CheckSum");
	check_cause(sum, "PE CheckSum", "proved");
	ck_assert_ptr_nonnull(
	    strstr(object_text(cause_of(sum), "follows_from"), "TimeDateStamp"));
	case_close(&one);
	/* one byte of code besides, and the stamp alone explains nothing */
	struct buf bytes = test_file("7.exe");
	uint64_t at;
	struct view view = view_of_buf(&bytes);
	ck_assert_int_eq(view_find(&view, 0, "\xb8\x07\0\0\0", 5, &at), 0);
	bytes.data[at + 1] = 8;
	test_write("7.exe", bytes.data, bytes.size);
	buf_free(&bytes);
	case_compare(&one, "7.exe", "8.exe");
	ck_assert(!any_proved(case_entry(&one, "7.exe")));
	case_close(&one);
}
END_TEST

/* ---- lists of digests ------------------------------------------------ */

/* Two products, the list in them and what its line must be said to follow from. */
static const struct {
	const char *make, *needs;
	const char *list, *source;
} lists[] = {
    {"for d in a b; do mkdir -p $d.p/DEBIAN $d.p/usr/bin && cp $d/f $d.p/usr/bin && "
     "printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\n"
     "Description: x\\n' >$d.p/DEBIAN/control && (cd $d.p && md5sum usr/bin/f "
     ">DEBIAN/md5sums) && SOURCE_DATE_EPOCH=1 dpkg-deb --root-owner-group -Zgzip -b "
     "$d.p $d.deb; done; mv a.deb A; mv b.deb B",
     "dpkg-deb", "//./md5sums", "//./usr/bin/f"},
    {"for d in a b; do (cd $d && sha256sum f >SHA256SUMS); done; mv a A; mv b B",
     "sha256sum", "A/SHA256SUMS", "A/f"},
    {"for d in a b; do mkdir -p $d/sub && mv $d/f $d/sub && (cd $d/sub && sha512sum "
     "./f >sums); tar --mtime=@1 -C $d -cf $d.t sub; done; mv a.t A; mv b.t B",
     "tar", "//sub/sums", "//sub/f"},
    {"for d in a b; do mkdir -p $d/x.dist-info && python3 -c \"import hashlib, base64; "
     "d = open('$d/f', 'rb').read(); h = base64.urlsafe_b64encode(hashlib.sha256(d)"
     ".digest()).decode().rstrip('='); open('$d/x.dist-info/RECORD', 'w').write('f,"
     "sha256=%s,%d\\n' % (h, len(d)))\"; touch -d @1600000000 $d/f $d/*/RECORD; (cd $d "
     "&& zip -qX0 ../$d.zip f x.dist-info/RECORD); done; mv a.zip A; mv b.zip B",
     "zip", "//x.dist-info/RECORD", "//f"},
    {"for d in a b; do mkdir -p $d/META-INF && printf 'Manifest-Version: "
     "1.0\\r\\n\\r\\n"
     "Name: f\\r\\nSHA-256-Digest: %s\\r\\n\\r\\n' $(openssl dgst -sha256 -binary $d/f "
     "| base64) >$d/META-INF/MANIFEST.MF; tar --mtime=@1 -C $d -cf $d.t META-INF f; "
     "done; mv a.t A; mv b.t B",
     "openssl", "//META-INF/MANIFEST.MF", "//f"},
    {"for d in a b; do mkdir -p $d/META-INF && cp $d/f $d/META-INF/MANIFEST.MF && "
     "printf 'Signature-Version: 1.0\\r\\nSHA-256-Digest-Manifest: %s\\r\\n\\r\\n' "
     "$(openssl dgst -sha256 -binary $d/f | base64) >$d/META-INF/X.SF; tar --mtime=@1 "
     "-C $d -cf $d.t META-INF; done; mv a.t A; mv b.t B",
     "openssl", "//META-INF/X.SF", "//META-INF/MANIFEST.MF"},
};

static void
make_list(int row)
{
	test_shell("mkdir -p a b; seq 50 | sed s/1/2/ >a/f; seq 50 >b/f; ");
	struct buf script = {0};
	buf_puts(&script, lists[row].make);
	test_write("make.sh", script.data, script.size);
	test_shell("sh -e make.sh");
	buf_free(&script);
}

START_TEST(digest_list)
{
	struct compare_case one;
	if (!test_have(lists[_i].needs))
		TEST_SKIP(lists[_i].needs);
	make_list(_i);
	case_compare(&one, "A", "B");
	json_t *entry = case_entry(&one, lists[_i].list);
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	json_t *line = entry_difference(entry, "line ");
	check_cause(line, "digest list", "proved");
	const char *source = object_text(cause_of(line), "follows_from");
	size_t length = strlen(source), tail = strlen(lists[_i].source);
	ck_assert_msg(length >= tail &&
			  strcmp(source + length - tail, lists[_i].source) == 0,
		      "follows from '%s'", source);
	ck_assert_str_eq(object_text(entry, "status"), "different");
	case_close(&one);
}
END_TEST

/* A line that is wrong on one side, and one that names nothing. */
START_TEST(lying_list)
{
	struct compare_case one;
	static const char *const lies[] = {
	    "sed -i 's/^./0/;t' A/SHA256SUMS; sed -i 's/^0/1/;t' B/SHA256SUMS",
	    "sed -i 's/..$/ g/' A/SHA256SUMS B/SHA256SUMS",
	    "cp A/f B/g; sed -i 's/f$/g/' B/SHA256SUMS",
	    "echo more >>A/f",
	};
	make_list(1);
	test_shell("%s", lies[_i]);
	case_compare(&one, "A", "B");
	ck_assert(!any_proved(case_entry(&one, "SHA256SUMS")));
	case_close(&one);
}
END_TEST

/* ---- what follows from a declared exception -------------------------- */

/* Compare A with B when `path` may differ in `most` bytes of `extent`. */
static void
compare_excepting(struct compare_case *one, const char *path, const char *extent,
		  uint64_t most)
{
	struct err err = {0};
	struct release_exception exception = {
	    .path = base_strdup(path), .extent = base_strdup(extent), .most = most};
	struct release release = {.exceptions = &exception, .exception_count = 1};
	case_open(one, "A", "B");
	ck_assert_ok(compare_nodes(one->shipped, NODE_ROOT, one->rebuilt, NODE_ROOT,
				   &release, one->files, &one->worst, &err),
		     err);
	free((char *)exception.path);
	free((char *)exception.extent);
}

START_TEST(list_of_an_excepted_file)
{
	struct compare_case one;
	make_list(1);
	test_shell(
	    "sed -i 1s/2/1/ A/f; printf x | dd of=A/f bs=1 conv=notrunc "
	    "2>/dev/null; printf y | dd of=B/f bs=1 conv=notrunc 2>/dev/null; cp "
	    "B/f A/f; printf x | dd of=A/f bs=1 conv=notrunc 2>/dev/null; for d in "
	    "A B; do (cd $d && sha256sum f >SHA256SUMS); done");
	compare_excepting(&one, "f", "data", 1);
	ck_assert_str_eq(case_status(&one, "A/f"), "explained");
	json_t *entry = case_entry(&one, "SHA256SUMS");
	ck_assert_str_eq(object_text(entry, "status"), "explained");
	const json_t *used = json_array_get(json_object_get(entry, "exceptions"), 0);
	ck_assert_int_eq(object_number(used, "bytes"), 0);
	ck_assert_str_eq(
	    json_string_value(json_array_get(json_object_get(used, "recomputed"), 0)),
	    "digest list");
	ck_assert_int_eq(one.worst, STATUS_EXPLAINED);
	case_close(&one);
	/* the list says something else */
	test_shell("sed -i y/0123456789/1234567890/ A/SHA256SUMS");
	compare_excepting(&one, "f", "data", 1);
	ck_assert_str_eq(case_status(&one, "SHA256SUMS"), "different");
	case_close(&one);
	/* right, but the file is not the one that may differ */
	test_shell(
	    "cd A; mv f g; sha256sum g >SHA256SUMS; cd ../B; mv f g; sha256sum g "
	    ">SHA256SUMS; touch f ../A/f");
	compare_excepting(&one, "f", "data", 1);
	ck_assert_str_eq(case_status(&one, "SHA256SUMS"), "different");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

START_TEST(zip_of_an_excepted_member)
{
	struct compare_case one;
	if (!test_have("zip"))
		TEST_SKIP("needs zip");
	test_shell("for d in a b; do mkdir -p $d; echo $d >$d/f; touch -d @1600000000 "
		   "$d/f; (cd $d; TZ=UTC zip -qX0 ../$d.zip f); done; mv a.zip A; mv "
		   "b.zip B");
	compare_excepting(&one, "f", "data", 1);
	ck_assert_str_eq(case_status(&one, "A//f"), "explained");
	ck_assert_str_eq(case_status(&one, "A"), "explained");
	case_close(&one);
	compare_excepting(&one, "f", "data", 0);
	ck_assert_str_eq(case_status(&one, "A//f"), "different");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
	/* a time of the zip besides */
	test_shell("mkdir c; cp a/f c; touch -d @1700000000 c/f; cd c; TZ=UTC zip -qX0 "
		   "../c.zip f; mv ../c.zip ../A");
	compare_excepting(&one, "f", "data", 1);
	ck_assert_str_eq(case_status(&one, "A"), "different");
	case_close(&one);
}
END_TEST

/* ---- words of the build's environment -------------------------------- */

static const struct {
	const char *shipped, *rebuilt; /* of a file, as printf takes them */
	const char *name, *sure;       /* NULL: no cause */
} words[] = {
    {"built Dec 26 2022 today", "built Nov 24 2026 today", "embedded date", "proved"},
    {"at 2022-12-26T15:30:00Z.", "at 2026-11-24T10:00:01Z.", "embedded date", "proved"},
    {"Date: Mon, 26 Dec 2022 15:30:00 +0000", "Date: Tue, 24 Nov 2026 10:00:00 +0100",
     "embedded date", "proved"},
    {"\\001\\002 Dec 26 2022\\0end", "\\001\\002 Nov 24 2026\\0end", "embedded date",
     "proved"},
    /* it may be part of a hardware address */
    {"at 10:20:31 x", "at 17:20:31 x", "embedded date", "likely"},
    {"(c) 2022 we", "(c) 2026 we", "embedded date", "likely"},
    {"epoch=1672068600;", "epoch=1795514400;", "embedded time", "likely"},
    {"file /build/a-1/src/x.c here", "file /tmp/other/src/x.c here", "build path",
     "proved"},
    {"root@ci-17.example", "bob@laptop.example", "user and host", "likely"},
    {"on 6.1.0-40-amd64 x", "on 6.18.2-generic x", "kernel", "likely"},
    {"LANG de_CH.UTF-8 x", "LANG C.UTF-8 x", "locale", "likely"},
    {"id 3f9c1a77b2e0d458 x\\nby 3f9c1a77b2e0d458",
     "id 90ab3c5d7e1f2648 x\\nby 90ab3c5d7e1f2648", "random token", "likely"},
    {"b a\\nc\\nd\\n", "c\\nd\\nb a\\n", "order", "proved"},
    /* near misses */
    {"in 1822 we", "in 1826 we", NULL, NULL},
    {"at 2022-13-26.", "at 2026-11-24.", NULL, NULL},
    {"at 2022-12-26.", "at 24.11.2026.", NULL, NULL},
    {"number 12022 x", "number 12026 x", NULL, NULL},
    {"epoch=1672068600;", "epoch=9995514400;", NULL, NULL},
    {"path /a and /b", "path /c and /d", NULL, NULL},
    {"id 3f9c1a77b2e0d458 x\\nby 3f9c1a77b2e0d458",
     "id 90ab3c5d7e1f2648 x\\nby 90ab3c5d7e1f264a", NULL, NULL},
    {"b a\\nc\\nd\\n", "c\\nd\\nb b\\n", NULL, NULL},
    {"word", "ward", NULL, NULL},
};

START_TEST(words_of_a_build)
{
	struct compare_case one;
	test_shell("printf '%s' >A; printf '%s' >B", words[_i].shipped,
		   words[_i].rebuilt);
	case_compare(&one, "A", "B");
	const json_t *list = json_object_get(case_entry(&one, "A"), "differences"),
		     *each;
	size_t i;
	ck_assert_uint_gt(json_array_size(list), 0);
	json_array_foreach(list, i, each)
	{
		if (words[_i].name != NULL)
			check_cause(each, words[_i].name, words[_i].sure);
		else
			ck_assert_msg(cause_of(each) == NULL, "%s",
				      object_text(cause_of(each), "evidence"));
	}
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

/* A date, and a byte besides: the date alone explains nothing. */
START_TEST(a_date_and_more)
{
	struct compare_case one;
	test_shell(
	    "printf 'built Dec 26 2022 today\\nsafe\\n' >A; printf 'built Nov 24 "
	    "2026 today\\nevil\\n' >B");
	case_compare(&one, "A", "B");
	json_t *entry = case_entry(&one, "A");
	check_cause(entry_difference(entry, "line 1"), "embedded date", "likely");
	ck_assert_ptr_null(cause_of(entry_difference(entry, "line 2")));
	case_close(&one);
	/* the other way to hide: two roots of paths, and a third */
	test_shell("printf '/build/a/src/x.c\\n/build/a/src/y.c\\n' >A; printf "
		   "'/tmp/b/src/x.c\\n/evil/src/y.c\\n' >B");
	case_compare(&one, "A", "B");
	ck_assert(!any_proved(case_entry(&one, "A")));
	case_close(&one);
}
END_TEST

/* Debug data that names the folder of the build, by the compiler. */
START_TEST(build_path_of_a_program)
{
	struct compare_case one;
	test_shell(
	    "for d in one two; do mkdir -p $d/src; echo 'int work(int a) { return "
	    "a; }' >$d/src/x.c; (cd $d/src && gcc -g -c -o x.o x.c && objcopy "
	    "--decompress-debug-sections x.o); done");
	case_compare(&one, "one/src/x.o", "two/src/x.o");
	size_t i, paths = 0;
	const json_t *each;
	json_array_foreach(json_object_get(case_entry(&one, "x.o"), "differences"), i,
			   each) paths +=
	    strcmp(object_text(cause_of(each), "name"), "build path") == 0;
	ck_assert_uint_gt(paths, 0);
	case_close(&one);
}
END_TEST

/* A comment of a picture, and the CRC of its chunk; not when that is wrong. */
START_TEST(picture_crc)
{
	struct compare_case one;
	if (!test_have("convert"))
		TEST_SKIP("needs convert");
	test_shell("for t in hi ho; do convert -size 9x9 xc:red -set comment $t "
		   "-define png:exclude-chunks=date,time png:$t.png; done");
	case_compare(&one, "hi.png", "ho.png");
	json_t *entry = case_entry(&one, "hi.png");
	check_cause(entry_difference(entry, "chunk CRC"), "PNG chunk CRC", "proved");
	case_close(&one);
	test_shell("at=$(grep -abo ho ho.png | head -1 | cut -d: -f1); printf i | dd "
		   "of=ho.png bs=1 seek=$((at + 1)) conv=notrunc status=none");
	case_compare(&one, "hi.png", "ho.png");
	ck_assert(!any_proved(case_entry(&one, "hi.png")));
	case_close(&one);
}
END_TEST

Suite *compare_cause_suite(void);

Suite *
compare_cause_suite(void)
{
	Suite *suite = suite_create("compare_cause");
	TCase *tcase = tcase_create("causes");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, picture_crc);
	tcase_add_test(tcase, build_year);
	tcase_add_test(tcase, debug_link);
	tcase_add_loop_test(tcase, no_build_year, 0, 3);
	tcase_add_loop_test(tcase, recomputed, 0, (int)ARRAY_COUNT(derived));
	tcase_add_loop_test(tcase, wrong_value, 0, (int)ARRAY_COUNT(derived));
	tcase_add_test(tcase, digests_of_an_rpm);
	tcase_add_loop_test(tcase, named_fields, 0, (int)ARRAY_COUNT(fields));
	tcase_add_loop_test(tcase, no_umask, 0, 4);
	tcase_add_test(tcase, time_stamp_of_an_image);
	tcase_add_loop_test(tcase, digest_list, 0, (int)ARRAY_COUNT(lists));
	tcase_add_loop_test(tcase, lying_list, 0, 4);
	tcase_add_test(tcase, list_of_an_excepted_file);
	tcase_add_test(tcase, zip_of_an_excepted_member);
	tcase_add_loop_test(tcase, words_of_a_build, 0, (int)ARRAY_COUNT(words));
	tcase_add_test(tcase, a_date_and_more);
	tcase_add_test(tcase, build_path_of_a_program);
	suite_add_tcase(suite, tcase);
	return suite;
}
