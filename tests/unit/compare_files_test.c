/* Two files compared: statuses, places, offsets; inputs made by the usual tools. */
#include "compare_case.h"

/* What `cmp -l` says is the first differing byte, counted from 0. */
static long long
cmp_offset(const char *a, const char *b)
{
	test_shell("cmp -l %s %s >cmp.out || true; awk 'NR == 1 { print $1 - 1 }' "
		   "cmp.out >cmp.first",
		   a, b);
	struct buf first = test_file("cmp.first");
	long long offset = strtoll(first.data, NULL, 10);
	buf_free(&first);
	return offset;
}

static bool
in_a_difference(const json_t *entry, long long offset)
{
	size_t i;
	json_t *each;
	json_array_foreach(json_object_get(entry, "differences"), i, each)
	{
		long long from = object_number(each, "shipped_offset");
		long long length = object_number(each, "shipped_length");
		if (from != -1 && offset >= from && offset < from + length)
			return true;
	}
	return false;
}

/* Every byte that `cmp -l` lists is in some difference of the entry. */
static void
check_cmp_covered(const json_t *entry, const char *a, const char *b)
{
	test_shell("cmp -l %s %s | awk '{ print $1 - 1 }' >cmp.all", a, b);
	struct buf all = test_file("cmp.all");
	size_t count = 0;
	char *at = all.data, *end;
	for (; *at != '\0'; at = end + 1, count++) {
		long long offset = strtoll(at, &end, 10);
		ck_assert_msg(in_a_difference(entry, offset), "byte %lld", offset);
	}
	ck_assert_uint_gt(count, 0);
	buf_free(&all);
}

/* Overwrite one byte of a file by its complement. */
static void
flip(const char *name, size_t offset)
{
	struct buf bytes = test_file(name);
	ck_assert_uint_lt(offset, bytes.size);
	bytes.data[offset] = (char)~bytes.data[offset];
	test_write(name, bytes.data, bytes.size);
	buf_free(&bytes);
}

static size_t
symbol_offset(const char *symbol)
{
	/* the program's .text has the same offset and address */
	test_shell("nm x | awk '$3 == \"%s\" { print \"0x\" $1 }' >symbol", symbol);
	struct buf text = test_file("symbol");
	size_t offset = strtoul(text.data, NULL, 16);
	buf_free(&text);
	return offset;
}

START_TEST(overwritten_byte_in_a_deb)
{
	static const char *const packers[] = {"none", "gzip", "xz"};
	struct compare_case one;
	case_make_program();
	test_shell("cp -r p q");
	size_t work = symbol_offset("work");
	flip("q/usr/bin/x", work + 1);
	test_shell("export SOURCE_DATE_EPOCH=1600000000; for d in p q; do dpkg-deb "
		   "--root-owner-group -Z%s -b $d $d.deb; done",
		   packers[_i]);
	case_compare(&one, "q.deb", "p.deb");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "//./usr/bin/x");
	ck_assert_str_eq(object_text(entry, "status"), "different");
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	json_t *difference = entry_difference(entry, ".text+0x");
	ck_assert_ptr_nonnull(strstr(object_text(difference, "place"), "(work+0x1)"));
	ck_assert_int_eq(object_number(difference, "shipped_offset"),
			 cmp_offset("q/usr/bin/x", "p/usr/bin/x"));
	ck_assert_int_eq(object_number(difference, "shipped_length"), 1);
	ck_assert_str_eq(object_text(difference, "kind"), "bytes");
	ck_assert_str_eq(case_status(&one, "usr/share/doc/x"), "identical");
	ck_assert_str_eq(case_status(&one, "q.deb"), "different");
	/* the md5sums inside did not change, and nobody asked them */
	ck_assert(case_has(&one, "control.tar") || case_has(&one, "control.tar.gz") ||
		  case_has(&one, "control.tar.xz"));
	case_close(&one);
}
END_TEST

START_TEST(identical_files_are_one_entry)
{
	struct compare_case one;
	case_make_program();
	test_shell("tar cf a.tar p; cp a.tar b.tar");
	case_compare(&one, "a.tar", "b.tar");
	ck_assert_int_eq(one.worst, STATUS_IDENTICAL);
	ck_assert_uint_eq(json_array_size(one.files), 1);
	ck_assert_uint_eq(tree_count(one.shipped), 1); /* not unpacked */
	case_close(&one);
}
END_TEST

/* One change to a tar's record, and what must be said of it. */
static const struct {
	const char *options; /* of the tar that makes the shipped side */
	const char *place, *field, *shipped, *rebuilt;
} records[] = {
    {"--mode=4755", "tar header mode of f", "mode", "4755", "0644"},
    {"--mode=0600", "tar header mode of f", "mode", "0600", "0644"},
    {"--owner=root:7", "tar header uid of f", "uid", "7", "0"},
    {"--owner=daemon:0", "tar header user of f", "user", "daemon", "root"},
    {"--group=root:9", "tar header gid of f", "gid", "9", "0"},
    {"--group=adm:0", "tar header group of f", "group", "adm", "root"},
    {"--mtime=@86400", "tar header mtime of f", "mtime", "1970-01-02T00:00:00Z",
     "2020-09-13T12:26:40Z"},
};

START_TEST(record_of_a_tar_member)
{
	struct compare_case one;
	static const char plain[] = "tar --format=ustar --mode=0644 --owner=root:0 "
				    "--group=root:0 --mtime=@1600000000";
	test_shell("echo hello >f; %s -cf b.tar f; %s %s -cf a.tar f", plain, plain,
		   records[_i].options);
	case_compare(&one, "a.tar", "b.tar");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	ck_assert_str_eq(case_status(&one, "//f"), "identical");
	json_t *entry = case_entry(&one, "a.tar");
	ck_assert(json_is_true(json_object_get(entry, "container")));
	json_t *difference = entry_difference(entry, records[_i].place);
	ck_assert_str_eq(object_text(difference, "kind"), "metadata");
	ck_assert_str_eq(object_text(difference, "field"), records[_i].field);
	ck_assert_str_eq(object_text(difference, "shipped"), records[_i].shipped);
	ck_assert_str_eq(object_text(difference, "rebuilt"), records[_i].rebuilt);
	check_cmp_covered(entry, "a.tar", "b.tar");
	/* the header's checksum follows, and a program can show it */
	json_t *sum = entry_difference(entry, "tar header checksum of f");
	json_t *cause = json_object_get(sum, "cause");
	ck_assert_str_eq(object_text(cause, "name"), "tar header checksum");
	ck_assert_str_eq(object_text(cause, "sure"), "proved");
	ck_assert_int_eq(object_number(entry, "difference_count"), 2);
	cause = json_object_get(difference, "cause");
	/* setuid and what a umask cannot do is never told as harmless */
	bool mode = strcmp(records[_i].field, "mode") == 0;
	bool time = strcmp(records[_i].field, "mtime") == 0;
	ck_assert_int_eq(cause == NULL, mode);
	if (!mode) {
		ck_assert_str_eq(object_text(cause, "name"),
				 time ? "container times" : "owner");
		ck_assert_str_eq(object_text(cause, "sure"), "proved");
		ck_assert_ptr_nonnull(strstr(object_text(cause, "proof"), "1 place"));
	}
	case_close(&one);
}
END_TEST

START_TEST(order_links_and_one_sided_members)
{
	struct compare_case one;
	static const char tar[] = "tar --format=ustar --owner=0 --group=0 --mtime=@0";
	test_shell(
	    "mkdir -p d; cd d; for f in a b c d; do echo $f >$f; done; ln -s a l; "
	    "%s -cf ../b.tar a b c d l; %s -cf ../a.tar b c a d l",
	    tar, tar);
	case_compare(&one, "a.tar", "b.tar");
	json_t *order = entry_difference(case_entry(&one, "a.tar"), "order of members");
	ck_assert_str_eq(object_text(order, "kind"), "order");
	ck_assert_ptr_nonnull(strstr(object_text(order, "place"), "1 of 5"));
	ck_assert_int_eq(object_number(case_entry(&one, "a.tar"), "difference_count"),
			 1);
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
	test_shell("cd d; ln -sf b l; mv c e; echo new >n; %s -cf ../a.tar a b e n l",
		   tar);
	case_compare(&one, "a.tar", "b.tar");
	json_t *link =
	    entry_difference(case_entry(&one, "a.tar"), "tar header link target of l");
	ck_assert_str_eq(object_text(link, "shipped"), "b");
	ck_assert_str_eq(object_text(link, "rebuilt"), "a");
	ck_assert_str_eq(case_status(&one, "//n"), "extra");
	ck_assert_str_eq(case_status(&one, "//d"), "missing");
	ck_assert_str_eq(case_status(&one, "//e"), "different");
	ck_assert_str_eq(object_text(case_entry(&one, "//e"), "built"), "b.tar//c");
	case_close(&one);
	/* a file became a link to its twin */
	test_shell(
	    "cd d; rm a; ln -s b a; ln -sf a l; mv e c; %s -cf ../a.tar a b c d l",
	    tar);
	case_compare(&one, "a.tar", "b.tar");
	ck_assert_str_eq(case_status(&one, "//a"), "different");
	json_t *type = entry_difference(case_entry(&one, "a.tar"), "type of a");
	ck_assert_str_eq(object_text(type, "shipped"), "symlink");
	case_close(&one);
}
END_TEST

START_TEST(duplicate_member_hides_nothing)
{
	struct compare_case one;
	test_shell(
	    "mkdir -p e; cd e; echo good >f; tar --owner=0 --mtime=@0 -cf ../b.tar "
	    "f; cp ../b.tar ../a.tar; echo evil >f; tar --owner=0 --mtime=@0 -rf "
	    "../a.tar f");
	case_compare(&one, "a.tar", "b.tar");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	size_t i, seen[2] = {0, 0};
	json_t *entry;
	json_array_foreach(one.files, i, entry)
	{
		if (strcmp(object_text(entry, "path"), "a.tar//f") == 0)
			seen[strcmp(object_text(entry, "status"), "extra") == 0]++;
	}
	ck_assert_uint_eq(seen[0], 1);
	ck_assert_uint_eq(seen[1], 1);
	case_close(&one);
}
END_TEST

START_TEST(bytes_behind_a_tar)
{
	struct compare_case one;
	test_shell(
	    "echo hello >f; tar cf b.tar f; cp b.tar a.tar; echo hidden >>a.tar");
	case_compare(&one, "a.tar", "b.tar");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "a.tar");
	json_t *difference = entry_difference(entry, "trailing bytes");
	struct buf plain = test_file("b.tar");
	ck_assert_int_eq(object_number(difference, "shipped_offset"),
			 (long long)plain.size);
	ck_assert_int_eq(object_number(difference, "shipped_length"), 7);
	ck_assert_uint_gt(json_array_size(json_object_get(entry, "notes")), 0);
	buf_free(&plain);
	case_close(&one);
}
END_TEST

START_TEST(another_compressor)
{
	struct compare_case one;
	case_make_program();
	test_shell("gzip -9nc x >a.gz; gzip -1nc x >b.gz");
	case_compare(&one, "a.gz", "b.gz");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "a.gz");
	json_t *cause =
	    json_object_get(entry_difference(entry, "compressed data"), "cause");
	ck_assert_str_eq(object_text(cause, "name"), "compressor");
	ck_assert_str_eq(object_text(cause, "sure"), "proved");
	test_shell(
	    "wc -c <x | tr -d '\\n' >size; sha256sum x | cut -c1-64 | tr -d '\\n' "
	    ">sum");
	struct buf size = test_file("size"), sum = test_file("sum");
	ck_assert_ptr_nonnull(strstr(object_text(cause, "evidence"), size.data));
	ck_assert_ptr_nonnull(strstr(object_text(cause, "evidence"), sum.data));
	ck_assert_str_eq(case_status(&one, "a.gz//"), "identical");
	buf_free(&size);
	buf_free(&sum);
	case_close(&one);
	test_shell("xz -0 -c x >a.xz; xz -9 -c x >b.xz; cat a.xz >c.xz");
	case_compare(&one, "a.xz", "b.xz");
	ck_assert_str_eq(case_status(&one, "a.xz"), "different");
	case_close(&one);
	test_shell("gzip -9Nc x >a.gz; touch -d @86400 x; gzip -9Nc x >b.gz");
	case_compare(&one, "a.gz", "b.gz");
	ck_assert_int_eq(
	    object_number(entry_difference(case_entry(&one, "a.gz"), "gzip MTIME"),
			  "shipped_offset"),
	    4);
	case_close(&one);
}
END_TEST

START_TEST(text_by_lines)
{
	struct compare_case one;
	test_shell("seq 1 40 >b.txt; sed -e '12s/.*/twelve/' -e '30d' b.txt >a.txt");
	case_compare(&one, "a.txt", "b.txt");
	json_t *entry = case_entry(&one, "a.txt");
	json_t *changed = entry_difference(entry, "line 12");
	ck_assert_str_eq(object_text(changed, "shipped_text"), "twelve");
	ck_assert_str_eq(object_text(changed, "rebuilt_text"), "12");
	ck_assert_int_eq(object_number(changed, "shipped_offset"),
			 cmp_offset("a.txt", "b.txt"));
	json_t *gone = entry_difference(entry, "line 30 of the rebuilt file");
	ck_assert_int_eq(object_number(gone, "shipped_length"), 0);
	ck_assert_int_eq(object_number(gone, "rebuilt_length"), 3);
	ck_assert_int_eq(object_number(entry, "difference_count"), 2);
	case_close(&one);
}
END_TEST

static void
make_image(void)
{
	static const char source[] = "int table[100] = {1, 2, 3};\n"
				     "int helper(int a) { return table[a]; }\n"
				     "int start(void) { return helper(3); }\n";
	test_write("i.c", source, strlen(source));
	test_shell(
	    "gcc -c -ffreestanding -fno-stack-protector -fcf-protection=none "
	    "-fno-asynchronous-unwind-tables -fno-pic -o i.o i.c && "
	    "objcopy -R .comment -R .note.gnu.property i.o && "
	    "ld -m i386pep --subsystem 10 -e start --image-base 0x10000 "
	    "-o image.efi i.o && "
	    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem "
	    "-out cert.pem -days 30 -subj /CN=test && "
	    "sbsign --key key.pem --cert cert.pem --output signed.efi image.efi");
}

/* The notes of the first entry, one a line. */
static void
check_notes(const struct compare_case *one, const char *expected)
{
	struct buf notes = {0};
	json_t *note;
	size_t i;
	json_t *list = json_object_get(json_array_get(one->files, 0), "notes");
	json_array_foreach(list, i, note)
	    buf_printf(&notes, "%s\n", object_text(note, "text"));
	ck_assert_str_eq(notes.data != NULL ? notes.data : "", expected);
	buf_free(&notes);
}

START_TEST(texts_in_other_encodings)
{
	struct compare_case one;
	test_shell("seq 1 40 | sed 's/7/z\303\274rich/' >b.txt; "
		   "sed 's/$/\r/' b.txt >crlf.txt; "
		   "(printf '\\357\\273\\277'; cat b.txt) >mark.txt; "
		   "iconv -t UTF-16 b.txt >b16.txt; iconv -t UTF-16 crlf.txt >a16.txt; "
		   "sed 's/12/\360\237\230\200zw\303\266lf/' b.txt | iconv -t UTF-16 "
		   ">c16.txt; iconv -t LATIN1 b.txt >latin.txt; tr '\\n' '\\r' <b.txt "
		   ">cr.txt; "
		   "(cat b.txt; printf 'x\\r\\ny\\rz') >mixed.txt");
	case_compare(&one, "crlf.txt", "b.txt");
	check_notes(&one, "line ends: CR LF\n");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, "crlf.txt"), "line 40");
	case_close(&one);
	case_compare(&one, "b.txt", "mark.txt");
	check_notes(&one, "rebuilt: encoding: UTF-8, with a byte order mark\n");
	case_close(&one);
	case_compare(&one, "latin.txt", "cr.txt");
	check_notes(&one, "encoding: not UTF-8; Latin-1 or another of eight bits\n"
			  "rebuilt: line ends: CR\n");
	case_close(&one);
	case_compare(&one, "b.txt", "mixed.txt");
	check_notes(&one, "rebuilt: line ends: mixed, 40 LF, 1 CR LF, 1 CR\n");
	case_close(&one);
	case_compare(&one, "a16.txt", "b16.txt");
	check_notes(&one, "encoding: UTF-16, little-endian, with a byte order mark\n"
			  "line ends: CR LF\n");
	case_close(&one);
	/* Lines of UTF-16, with a character of two units. */
	case_compare(&one, "c16.txt", "b16.txt");
	json_t *changed = entry_difference(case_entry(&one, "c16.txt"), "line 12");
	ck_assert_str_eq(object_text(changed, "place"), "line 12, column 1");
	ck_assert_str_eq(object_text(changed, "shipped_text"),
			 "\360\237\230\200zw\303\266lf");
	ck_assert_str_eq(object_text(changed, "rebuilt_text"), "12");
	ck_assert_int_eq(object_number(case_entry(&one, "c16.txt"), "difference_count"),
			 1);
	case_close(&one);
}
END_TEST

START_TEST(signed_image_against_unsigned)
{
	struct compare_case one;
	make_image();
	case_compare(&one, "signed.efi", "image.efi");
	ck_assert_int_eq(one.worst, STATUS_SIGNATURE_ONLY);
	json_t *entry = case_entry(&one, "signed.efi");
	const json_t *graft = json_object_get(entry, "graft");
	test_shell("sha256sum signed.efi | cut -c1-64 | tr -d '\\n' >sum");
	struct buf sum = test_file("sum");
	ck_assert_str_eq(object_text(graft, "sha256"), sum.data);
	ck_assert_uint_gt(json_array_size(json_object_get(graft, "steps")), 0);
	buf_free(&sum);
	case_close(&one);
	/* the other way round there is no signature to move */
	case_compare(&one, "image.efi", "signed.efi");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

START_TEST(signed_kernel_module_against_unsigned)
{
	struct compare_case one;
	test_shell("echo 'int work(int x) { return x; }' >x.c && gcc -c -o x.ko x.c && "
		   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
		   "-nodes -subj /CN=k -keyout k.key -out k.pem && openssl cms -sign "
		   "-binary -noattr -nocerts -md sha256 -outform DER -signer k.pem "
		   "-inkey k.key -in x.ko -out x.der && mkdir s r && cp x.ko r && "
		   "(cat x.ko x.der; perl -e 'print pack(\"C5x3N\", 0, 0, 2, 0, 0, "
		   "-s \"x.der\"), \"~Module signature appended~\\n\"') >s/x.ko");
	case_compare(&one, "s", "r");
	ck_assert_str_eq(case_status(&one, "x.ko"), "signature-only");
	case_close(&one);
	/* one byte of the program besides: no longer the signature only */
	flip("r/x.ko", 64);
	case_compare(&one, "s", "r");
	ck_assert_str_eq(case_status(&one, "x.ko"), "different");
	case_close(&one);
}
END_TEST

START_TEST(changed_signed_image)
{
	struct compare_case one;
	make_image();
	struct buf image = test_file("image.efi"),
		   signed_image = test_file("signed.efi");
	/* every byte that the unsigned image has, but for what signing sets */
	for (size_t at = 0; at < image.size; at += 97) {
		if (image.data[at] != signed_image.data[at])
			continue;
		struct buf changed = {0};
		buf_append(&changed, signed_image.data, signed_image.size);
		changed.data[at] = (char)(changed.data[at] ^ 1);
		test_write("changed.efi", changed.data, changed.size);
		case_compare(&one, "changed.efi", "image.efi");
		ck_assert_msg(one.worst >= STATUS_UNDECIDED, "byte %zu", at);
		json_t *entry = case_entry(&one, "changed.efi");
		ck_assert_msg(in_a_difference(entry, (long long)at),
			      "byte %zu is in no range", at);
		case_close(&one);
		buf_free(&changed);
	}
	buf_free(&image);
	buf_free(&signed_image);
}
END_TEST

START_TEST(what_cannot_be_read_is_undecided)
{
	struct compare_case one;
	case_make_program();
	test_shell("tar --owner=0 --mtime=@0 -cf - p | gzip -9n >b.tar.gz; head -c "
		   "$(($(wc -c <b.tar.gz) - 400)) b.tar.gz >a.tar.gz");
	case_compare(&one, "a.tar.gz", "b.tar.gz");
	ck_assert_str_ne(case_status(&one, "a.tar.gz"), "identical");
	ck_assert_str_eq(case_status(&one, "a.tar.gz//"), "undecided");
	ck_assert_uint_gt(strlen(object_text(case_entry(&one, "a.tar.gz//"), "reason")),
			  10);
	case_close(&one);
	/* both cut at the same place: equal bytes are equal all the same */
	test_shell("cp a.tar.gz c.tar.gz");
	case_compare(&one, "a.tar.gz", "c.tar.gz");
	ck_assert_int_eq(one.worst, STATUS_IDENTICAL);
	case_close(&one);
}
END_TEST

START_TEST(a_limit_reached_on_both_sides_is_undecided)
{
	/* equal as far as the budget goes, different behind it */
	struct compare_case one;
	struct err err = {0};
	struct unpack_budget budget = unpack_default_budget;
	budget.bytes = 100000;
	test_shell("head -c 200000 /dev/zero >f; echo a >>f; gzip -9nc f >a.gz; "
		   "head -c 200000 /dev/zero >f; echo b >>f; gzip -9nc f >b.gz");
	case_open(&one, "a.gz", "b.gz");
	tree_free(one.shipped);
	tree_free(one.rebuilt);
	ck_assert_ok(tree_open(one.fds[0], "a.gz", &budget, &one.shipped, &err), err);
	ck_assert_ok(tree_open(one.fds[1], "b.gz", &budget, &one.rebuilt, &err), err);
	ck_assert_ok(compare_nodes(one.shipped, NODE_ROOT, one.rebuilt, NODE_ROOT, NULL,
				   one.files, &one.worst, &err),
		     err);
	ck_assert_str_eq(case_status(&one, "a.gz//"), "undecided");
	ck_assert_int_ge(one.worst, STATUS_UNDECIDED);
	case_close(&one);
}
END_TEST

/* Is the flipped byte in a range of the container's entry, or of a member's? */
static bool
somewhere_told(const struct compare_case *one, long long offset)
{
	size_t i;
	json_t *entry;
	if (in_a_difference(json_array_get(one->files, 0), offset))
		return true;
	bool member = false;
	json_array_foreach(one->files, i, entry)
	{
		const char *status = object_text(entry, "status");
		member |=
		    i > 0 &&
		    (json_array_size(json_object_get(entry, "differences")) > 0 ||
		     strcmp(status, "extra") == 0 || strcmp(status, "missing") == 0);
		member |= strcmp(status, "undecided") == 0;
	}
	return member;
}

static const struct {
	const char *make, *needs;
} containers[] = {
    {"tar --format=ustar -cf b p", NULL},
    {"tar --format=pax -cf b p", NULL},
    {"tar --format=gnu -cf b p", NULL},
    {"dpkg-deb --root-owner-group -Znone -b p b", NULL},
    {"dpkg-deb --root-owner-group -Zgzip -b p b", NULL},
    {"rm -f b; ar rc b x x.c", NULL},
    {"find p | cpio -o -H newc >b", "cpio"},
    {"gzip -c x >b", NULL},
    {"xz -c x >b", NULL},
    {"bzip2 -c x >b", "bzip2"},
    {"zstd -q -c x >b", "zstd"},
    {"rm -f b b.zip; zip -qr b.zip p; mv b.zip b", "zip"},
    {"cp x b", NULL},
    {"printf '%%!PS\\n/Helvetica findfont 12 scalefont setfont 9 9 moveto "
     "(hello) show showpage' | gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite "
     "-sOutputFile=b -",
     "gs"},
    {"rm -f b; sqlite3 b 'create table t(a); insert into t values(1),(2);'", "sqlite3"},
    {"echo 'rule a { strings: $a = \"abcd\" condition: $a }' >r && yarac r b", "yarac"},
    {"convert -size 9x9 gradient: png:b", "convert"},
};

/* Whatever byte of a container is changed, it is told, and as no good news. */
START_TEST(every_byte_of_a_container_counts)
{
	struct compare_case one;
	if (containers[_i].needs != NULL && !test_have(containers[_i].needs))
		TEST_SKIP(containers[_i].needs);
	case_make_program();
	test_shell("strip x; cp x p/usr/bin/x; head -c 1000 x >p/y; cd .; %s",
		   containers[_i].make);
	struct buf rebuilt = test_file("b");
	size_t step = rebuilt.size / 120 + 1;
	for (size_t at = 0; at < rebuilt.size; at += step) {
		char kept = rebuilt.data[at];
		rebuilt.data[at] = (char)(kept ^ (1 << at % 8));
		test_write("a", rebuilt.data, rebuilt.size);
		rebuilt.data[at] = kept;
		case_compare(&one, "a", "b");
		ck_assert_msg(one.worst >= STATUS_UNDECIDED, "%s: byte %zu: %s",
			      containers[_i].make, at, file_status_name(one.worst));
		ck_assert_msg(somewhere_told(&one, (long long)at),
			      "%s: byte %zu is in no range", containers[_i].make, at);
		case_close(&one);
	}
	buf_free(&rebuilt);
}
END_TEST

START_TEST(zip_members_and_extra_fields)
{
	struct compare_case one;
	if (!test_have("zip"))
		TEST_SKIP("needs zip");
	test_shell(
	    "seq 1 900 >f; touch -d @1600000000 f; rm -f a b a.zip b.zip c.zip; "
	    "TZ=UTC zip -qX b.zip f; TZ=UTC zip -q a.zip f; TZ=UTC zip -1qX c.zip "
	    "f");
	case_compare(&one, "a.zip", "b.zip");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	ck_assert_str_eq(case_status(&one, "a.zip//f"), "identical");
	entry_difference(case_entry(&one, "a.zip"), "extra");
	case_close(&one);
	case_compare(&one, "c.zip", "b.zip");
	ck_assert_str_eq(case_status(&one, "c.zip//f"), "identical");
	json_t *content = entry_difference(case_entry(&one, "c.zip"), "content of f");
	ck_assert_str_eq(object_text(json_object_get(content, "cause"), "name"),
			 "compressor");
	case_close(&one);
}
END_TEST

START_TEST(moved_code_is_aligned)
{
	struct compare_case one;
	case_make_program();
	test_shell("sed 's/x \\* 3 + 7/x * 3 + x * x * 11 + 7/' x.c >y.c; gcc -O1 -o y "
		   "y.c");
	case_compare(&one, "y", "x");
	json_t *entry = case_entry(&one, "y");
	entry_difference(entry, "(work");
	json_t *id = entry_difference(entry, ".note.gnu.build-id");
	ck_assert_str_eq(object_text(json_object_get(id, "cause"), "name"), "build-id");
	ck_assert_str_eq(object_text(json_object_get(id, "cause"), "sure"), "likely");
	ck_assert_int_lt(object_number(entry, "differing_bytes"), 400);
	case_close(&one);
}
END_TEST

START_TEST(folders_compare_like_containers)
{
	struct compare_case one;
	test_shell(
	    "mkdir -p s/d r/d; echo same | tee s/d/f >r/d/f; echo one >s/g; echo "
	    "two >r/g; echo only >r/h; chmod 644 s/* r/* 2>/dev/null; chmod 755 s "
	    "r s/d r/d; chmod 600 s/d/f");
	case_compare(&one, "s", "r");
	ck_assert_str_eq(case_status(&one, "s/d/f"), "identical");
	ck_assert_str_eq(case_status(&one, "s/g"), "different");
	ck_assert_str_eq(case_status(&one, "r/h"), "missing");
	json_t *mode = entry_difference(case_entry(&one, "s"), "mode of d/f");
	ck_assert_str_eq(object_text(mode, "shipped"), "0600");
	case_close(&one);
	test_shell("rm r/h; cp r/g s/g; chmod 644 s/d/f r/d/f");
	case_compare(&one, "s", "r");
	ck_assert_int_eq(one.worst, STATUS_IDENTICAL);
	ck_assert_uint_eq(json_array_size(one.files), 2);
	case_close(&one);
}
END_TEST

START_TEST(statuses_have_names)
{
	for (int i = STATUS_IDENTICAL; i <= STATUS_DIFFERENT; i++) {
		enum file_status status;
		const char *name = file_status_name((enum file_status)i);
		ck_assert_int_eq(file_status_parse(name, &status), 0);
		ck_assert_int_eq((int)status, i);
	}
	enum file_status status;
	ck_assert_int_eq(file_status_parse("fine", &status), -1);
}
END_TEST

/* Packed entries, written as JSON, are the entries in full. */
START_TEST(packs_say_the_same)
{
	struct compare_case one;
	struct err err = {0};
	enum file_status worst;
	json_t *packed = json_array();
	const struct json_hooks hooks = {pack_write, NULL, NULL};
	test_shell("rm -rf a b; mkdir a; for i in 1 2 3; do echo $i >a/$i; done;"
		   "echo odd >'a/q\"\\\303\251'; ln -s 1 a/link;"
		   "cp /bin/true a/true; : >a/empty; tar -cf a/t.tar -C a 1 2;"
		   "cp -a a b; chmod 600 b/2; echo x >b/3");
	case_open(&one, "a", "b");
	ck_assert_ok(compare_nodes_packed(one.shipped, NODE_ROOT, one.rebuilt,
					  NODE_ROOT, packed, &worst, &err),
		     err);
	case_close(&one);
	case_compare(&one, "a", "b");
	ck_assert_int_eq(worst, one.worst);
	size_t inside = 0, count = 0;
	for (size_t i = 0; i < json_array_size(packed); i++) {
		const json_t *entry = json_array_get(packed, i);
		inside += is_pack(entry) ? pack_count(entry) : 0;
		count += is_pack(entry) ? pack_count(entry) : 1;
	}
	ck_assert_uint_eq(inside, 5); /* 1, the odd name, true, empty, t.tar */
	ck_assert_uint_eq(count, json_array_size(one.files));
	for (unsigned indent = 0; indent <= 2; indent += 2) {
		struct buf ours = {0}, full = {0};
		buf_json_hooked(&ours, packed, indent, &hooks);
		buf_json(&full, one.files, indent);
		ck_assert_str_eq(ours.data, full.data);
		buf_free(&ours);
		buf_free(&full);
	}
	json_decref(packed);
	case_close(&one);
}
END_TEST

/* What a pack of one file of a folder is made of. */
static json_t *
pack_of_one(void)
{
	struct compare_case one;
	struct err err = {0};
	enum file_status worst;
	json_t *files = json_array(), *pack = NULL;
	test_shell("rm -rf a b; mkdir a; echo 1 >a/1; echo 2 >a/22; cp -a a b");
	case_open(&one, "a", "b");
	ck_assert_ok(compare_nodes_packed(one.shipped, NODE_ROOT, one.rebuilt,
					  NODE_ROOT, files, &worst, &err),
		     err);
	case_close(&one);
	for (size_t i = 0; i < json_array_size(files); i++) {
		if (is_pack(json_array_get(files, i)))
			pack = json_incref(json_array_get(files, i));
	}
	ck_assert_ptr_nonnull(pack);
	json_decref(files);
	return pack;
}

/* A pack is cut anywhere, or has a byte more or another byte: it is refused, or what is
 * told of it is safe to show. */
START_TEST(broken_packs_are_refused)
{
	json_t *pack = pack_of_one();
	size_t size = json_string_length(pack);
	struct buf bytes = {0};
	buf_append(&bytes, json_string_value(pack), size);
	for (size_t cut = 0; cut < size; cut++) {
		struct view view = view_of(bytes.data, cut);
		ck_assert_ptr_null(pack_take_over(&view));
	}
	struct view longer = view_of(bytes.data, size + 1); /* with the NUL */
	ck_assert_ptr_null(pack_take_over(&longer));
	for (size_t at = 0; at < size; at++) {
		for (unsigned flip = 1; flip < 256; flip <<= 1) {
			struct view view = view_of(bytes.data, size);
			struct buf text = {0};
			bytes.data[at] ^= (char)flip;
			json_t *taken = pack_take_over(&view);
			bytes.data[at] ^= (char)flip;
			if (taken == NULL)
				continue;
			ck_assert(pack_write(NULL, &text, taken, 0, 0));
			for (const char *c = text.data; *c != '\0'; c++)
				ck_assert_msg((unsigned char)*c >= 0x20, "%zu %u", at,
					      flip);
			buf_free(&text);
			json_decref(taken);
		}
	}
	struct view whole = view_of(bytes.data, size);
	json_t *taken = pack_take_over(&whole);
	ck_assert_uint_eq(pack_count(taken), 2);
	json_decref(taken);
	json_decref(pack);
	buf_free(&bytes);
}
END_TEST

/* No text that was read as JSON passes for a pack. */
START_TEST(strings_are_no_packs)
{
	json_t *text = json_string("\\xff five and more");
	ck_assert(!is_pack(text) && !is_pack(NULL));
	ck_assert_uint_eq(pack_count(text), 0);
	json_decref(text);
	ck_assert_ptr_null(
	    json_loads("[\"\xff\\u0001\\u0000\\u0000\\u0000\"]", JSON_ALLOW_NUL, NULL));
}
END_TEST

/* Differences of an entry in that field, those that one stands for counted. */
static uint64_t
count_field(const json_t *entry, const char *field)
{
	const json_t *one;
	size_t index;
	uint64_t count = 0;
	json_array_foreach(json_object_get(entry, "differences"), index, one)
	{
		const char *more = strstr(object_text(one, "place"), " and ");
		if (strcmp(object_text(one, "field"), field) == 0)
			count += 1 + (more ? strtoull(more + 5, NULL, 10) : 0);
	}
	return count;
}

/* Maps of so many members leave out those that are the same: nothing else is lost. */
START_TEST(many_members_lose_nothing)
{
	struct compare_case one;
	test_shell(
	    "rm -rf m; mkdir m; cd m; seq -f f%%05.0f 30000 | xargs touch -d @1000;"
	    "T='tar --sort=name --owner=0 --group=0 --format=ustar'; $T -cf ../a.tar .;"
	    "touch -d @2000 f00007; chmod 751 f29999; rm f15000; touch -d @1000 g .;"
	    "$T -cf ../b.tar .");
	case_compare(&one, "a.tar", "b.tar");
	json_t *entry = case_entry(&one, "a.tar");
	ck_assert_uint_eq(count_field(entry, "mtime"), 2); /* of ., too */
	ck_assert_uint_eq(count_field(entry, "mode"), 1);
	ck_assert_uint_eq(count_field(entry, "tar header checksum"), 3);
	ck_assert_str_eq(case_status(&one, "a.tar//./f15000"), "extra");
	ck_assert_str_eq(case_status(&one, "b.tar//./g"), "missing");
	case_close(&one);
}
END_TEST

/* More that differ than one map may hold. */
START_TEST(many_members_that_differ)
{
	struct compare_case one;
	test_shell("rm -rf m; mkdir m; cd m; seq -f f%%05.0f 70000 | xargs touch;"
		   "T='tar --sort=name --owner=0 --group=0 --format=ustar';"
		   "$T --mtime=@1000 -cf ../a.tar .; $T --mtime=@2000 -cf ../b.tar .");
	case_compare(&one, "a.tar", "b.tar");
	json_t *entry = case_entry(&one, "a.tar");
	ck_assert_uint_eq(count_field(entry, "mtime"), 70001);
	ck_assert_uint_eq(count_field(entry, "tar header checksum"), 70001);
	ck_assert_str_eq(case_status(&one, "a.tar"), "different");
	case_close(&one);
}
END_TEST

Suite *compare_files_suite(void);

Suite *
compare_files_suite(void)
{
	Suite *suite = suite_create("compare_files");
	TCase *tcase = tcase_create("files");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, overwritten_byte_in_a_deb, 0, 3);
	tcase_add_test(tcase, identical_files_are_one_entry);
	tcase_add_loop_test(tcase, record_of_a_tar_member, 0,
			    (int)ARRAY_COUNT(records));
	tcase_add_test(tcase, order_links_and_one_sided_members);
	tcase_add_test(tcase, duplicate_member_hides_nothing);
	tcase_add_test(tcase, bytes_behind_a_tar);
	tcase_add_test(tcase, another_compressor);
	tcase_add_test(tcase, text_by_lines);
	tcase_add_test(tcase, texts_in_other_encodings);
	tcase_add_test(tcase, signed_image_against_unsigned);
	tcase_add_test(tcase, signed_kernel_module_against_unsigned);
	tcase_add_test(tcase, changed_signed_image);
	tcase_add_test(tcase, what_cannot_be_read_is_undecided);
	tcase_add_test(tcase, a_limit_reached_on_both_sides_is_undecided);
	tcase_add_loop_test(tcase, every_byte_of_a_container_counts, 0,
			    (int)ARRAY_COUNT(containers));
	tcase_add_test(tcase, zip_members_and_extra_fields);
	tcase_add_test(tcase, moved_code_is_aligned);
	tcase_add_test(tcase, folders_compare_like_containers);
	tcase_add_test(tcase, statuses_have_names);
	tcase_add_test(tcase, packs_say_the_same);
	tcase_add_test(tcase, many_members_lose_nothing);
	tcase_add_test(tcase, many_members_that_differ);
	tcase_add_test(tcase, broken_packs_are_refused);
	tcase_add_test(tcase, strings_are_no_packs);
	suite_add_tcase(suite, tcase);
	return suite;
}
