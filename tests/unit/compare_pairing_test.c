/* Members that meet by other things than their path; packed by the usual tools. */
#include "compare_case.h"

/* Writers of containers: how each packs the folder $d into the file $d.p. */
static const struct {
	const char *program, *command;
} packers[] = {
    {"tar", "tar --sort=name --mtime=@1600000000 -C $d -cf $d.p ."},
    {"zip", "(cd $d && find . -type f | sort | TZ=UTC zip -qX ../$d.zip -@) && mv "
	    "$d.zip $d.p"},
    {"cpio", "(cd $d && find . | sort | cpio --quiet -o -H newc >../$d.p)"},
    {"ar", "rm -f $d.p; (cd $d && ar rcD ../$d.p $(find . -type f | sort))"},
    {"dpkg-deb", "mkdir -p $d/DEBIAN; printf 'Package: x\\nVersion: 1\\n"
		 "Architecture: all\\nMaintainer: a <a@b>\\nDescription: x\\n' "
		 ">$d/DEBIAN/control; SOURCE_DATE_EPOCH=1600000000 dpkg-deb "
		 "--root-owner-group -b $d $d.p"},
};

/* Pack the folders s and r as s.p and r.p. False when the packer is not here. */
static bool
pack(int packer)
{
	if (!test_have(packers[packer].program))
		return false;
	test_shell(
	    "find s r -exec touch -d @1600000000 {} +; for d in s r; do %s; done",
	    packers[packer].command);
	return true;
}

static void
check_path_difference(const json_t *entry, const char *shipped, const char *rebuilt)
{
	const json_t *first = json_array_get(json_object_get(entry, "differences"), 0);
	ck_assert_str_eq(object_text(entry, "status"), "different");
	ck_assert_str_eq(object_text(first, "kind"), "metadata");
	ck_assert_str_eq(object_text(first, "field"), "path");
	ck_assert_str_eq(path_base(object_text(first, "shipped")), shipped);
	ck_assert_str_eq(path_base(object_text(first, "rebuilt")), rebuilt);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);
	return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* How many entries have that status. */
static size_t
count_status(const struct compare_case *one, const char *status)
{
	size_t i, count = 0;
	json_t *entry;
	json_array_foreach(one->files, i, entry) count +=
	    strcmp(object_text(entry, "status"), status) == 0;
	return count;
}

START_TEST(renamed_member)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 100 >s/b; seq 100 >r/a; "
		   "echo same | tee s/c >r/c");
	if (!pack(_i))
		TEST_SKIP("a packer is missing");
	case_compare(&one, "s.p", "r.p");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "b");
	check_path_difference(entry, "b", "a");
	ck_assert_str_eq(object_text(entry, "paired_by"), "content");
	ck_assert(ends_with(object_text(entry, "built"), "/a"));
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	ck_assert_uint_eq(count_status(&one, "missing"), 0);
	ck_assert_uint_eq(count_status(&one, "extra"), 0);
	ck_assert_str_eq(case_status(&one, "/c"), "identical");
	case_close(&one);
}
END_TEST

START_TEST(rename_alone_is_never_identical)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; echo x >s/one; echo x >r/two");
	case_compare(&one, "s", "r");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	check_path_difference(case_entry(&one, "s/one"), "one", "two");
	ck_assert_uint_eq(count_status(&one, "identical"), 0);
	case_close(&one);
}
END_TEST

START_TEST(swapped_files_stay_at_their_paths)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 100 >s/a; seq 200 >s/b; seq 200 >r/a; "
		   "seq 100 >r/b");
	case_compare(&one, "s", "r");
	ck_assert_uint_eq(json_array_size(one.files), 3);
	for (size_t i = 1; i < 3; i++) {
		const json_t *entry = json_array_get(one.files, i);
		ck_assert_str_eq(object_text(entry, "status"), "different");
		ck_assert_str_eq(object_text(entry, "paired_by"), "");
		ck_assert_str_eq(path_base(object_text(entry, "path")),
				 path_base(object_text(entry, "built")));
		ck_assert_int_gt(object_number(entry, "differing_bytes"), 0);
	}
	case_close(&one);
}
END_TEST

/* Many files of one content meet in stored order; those of one base name first. */
START_TEST(equal_files_meet_in_order)
{
	struct compare_case one;
	test_shell(
	    "rm -rf s r; mkdir s r; for i in $(seq -w 999); do echo same >s/s$i; "
	    "echo same >r/r$i; done; mkdir s/x r/y; echo same >s/x/name; "
	    "echo same >r/y/name");
	case_compare(&one, "s", "r");
	ck_assert_uint_eq(count_status(&one, "different"), 1001);
	check_path_difference(case_entry(&one, "s/s001"), "s001", "r001");
	check_path_difference(case_entry(&one, "s/s500"), "s500", "r500");
	check_path_difference(case_entry(&one, "s/s999"), "s999", "r999");
	check_path_difference(case_entry(&one, "s/x/name"), "name", "name");
	case_close(&one);
}
END_TEST

START_TEST(one_too_many_is_named)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; for i in 1 2 3; do echo same >s/s$i; done; "
		   "echo same >r/r1; echo same >r/r2");
	case_compare(&one, "s", "r");
	check_path_difference(case_entry(&one, "s/s1"), "s1", "r1");
	check_path_difference(case_entry(&one, "s/s2"), "s2", "r2");
	ck_assert_str_eq(case_status(&one, "s/s3"), "extra");
	case_close(&one);
}
END_TEST

START_TEST(empty_files_never_meet)
{
	struct compare_case one;
	test_shell(
	    "rm -rf s r; mkdir s r; for i in 1 2 3; do : >s/s$i; : >r/r$i; done");
	case_compare(&one, "s", "r");
	ck_assert_uint_eq(count_status(&one, "extra"), 3);
	ck_assert_uint_eq(count_status(&one, "missing"), 3);
	for (size_t i = 0; i < json_array_size(one.files); i++) {
		const json_t *entry = json_array_get(one.files, i);
		ck_assert_str_eq(object_text(entry, "moved_to"), "");
		ck_assert_str_eq(object_text(entry, "moved_from"), "");
	}
	case_close(&one);
}
END_TEST

/* The first of two hard links got another name: it has the content, the other one
 * says so in its target. */
START_TEST(hard_link_follows_a_rename)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 100 >s/a; seq 100 >r/b; ln s/a s/z; "
		   "ln r/b r/z; for d in s r; do tar -C $d --sort=name "
		   "--mtime=@1600000000 -cf $d.p .; done");
	case_compare(&one, "s.p", "r.p");
	check_path_difference(case_entry(&one, "/a"), "a", "b");
	json_t *target = entry_difference(case_entry(&one, "s.p"), "link target");
	ck_assert_str_eq(object_text(target, "shipped"), "./a");
	ck_assert_str_eq(object_text(target, "rebuilt"), "./b");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

/* A link is no file: it meets nothing by the content that it leads to. */
START_TEST(hard_link_alone_is_extra)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 100 | tee s/a >r/a; ln s/a s/z; "
		   "for d in s r; do tar -C $d --sort=name --mtime=@1600000000 -cf "
		   "$d.p .; done");
	case_compare(&one, "s.p", "r.p");
	ck_assert_str_eq(case_status(&one, "/a"), "identical");
	ck_assert_str_eq(case_status(&one, "/z"), "extra");
	case_close(&one);
}
END_TEST

START_TEST(moved_to_another_container)
{
	struct compare_case one;
	test_shell(
	    "rm -rf s r; mkdir -p s/DEBIAN r/DEBIAN s/usr r/usr; for d in s r; do "
	    "printf 'Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: "
	    "a <a@b>\\nDescription: x\\n' >$d/DEBIAN/control; done; seq 99 "
	    ">s/usr/list; seq 99 >r/DEBIAN/list; echo 1 >r/usr/keep; echo 1 "
	    ">s/usr/keep; for d in s r; do SOURCE_DATE_EPOCH=1600000000 "
	    "dpkg-deb --root-owner-group -b $d $d.deb; done");
	case_compare(&one, "s.deb", "r.deb");
	json_t *extra = case_entry(&one, "//./usr/list");
	json_t *missing = case_entry(&one, "//./list");
	ck_assert_str_eq(object_text(extra, "status"), "extra");
	ck_assert_str_eq(object_text(missing, "status"), "missing");
	ck_assert_str_eq(object_text(extra, "moved_to"), object_text(missing, "path"));
	ck_assert_str_eq(object_text(missing, "moved_from"),
			 object_text(extra, "path"));
	ck_assert_ptr_nonnull(
	    strstr(object_text(extra, "reason"), object_text(missing, "path")));
	case_close(&one);
}
END_TEST

/* What is in a container that one side lacks is named, and found elsewhere. */
START_TEST(members_of_a_lone_container)
{
	struct compare_case one;
	test_shell("rm -rf s r t; mkdir s r t; seq 99 | tee s/list >t/list; seq 98 "
		   ">t/more; tar -C t -czf r/t.tgz list more");
	case_compare(&one, "s", "r");
	ck_assert_str_eq(object_text(case_entry(&one, "s/list"), "moved_to"),
			 "r/t.tgz//list");
	ck_assert_str_eq(case_status(&one, "r/t.tgz"), "missing");
	ck_assert_str_eq(object_text(case_entry(&one, "r/t.tgz//list"), "moved_from"),
			 "s/list");
	ck_assert_str_eq(case_status(&one, "r/t.tgz//more"), "missing");
	ck_assert_ptr_nonnull(
	    strstr(object_text(case_entry(&one, "r/t.tgz"), "reason"), "3 members"));
	case_close(&one);
}
END_TEST

/* The archives of a .deb, compressed in two ways. */
static const struct {
	const char *shipped, *rebuilt; /* for dpkg-deb -Z */
	const char *suffix[2], *format[2];
} compressors[] = {
    {"xz", "gzip", {"xz", "gz"}, {"xz", "gzip"}},
    {"gzip", "zstd", {"gz", "zst"}, {"gzip", "zstd"}},
    {"zstd", "xz", {"zst", "xz"}, {"zstd", "xz"}},
    {"none", "xz", {"", "xz"}, {"none", "xz"}},
};

/* Make s.deb and r.deb from the folders s and r; false when dpkg-deb cannot. */
static bool
build_debs(int i)
{
	if (!test_offers("dpkg-deb", "--help", "zstd"))
		return false;
	test_shell("mkdir -p s/DEBIAN r/DEBIAN; for d in s r; do printf 'Package: "
		   "x\nVersion: 1\nArchitecture: all\nMaintainer: a "
		   "<a@b>\nDescription: x\n' >$d/DEBIAN/control; done; "
		   "SOURCE_DATE_EPOCH=1600000000; export SOURCE_DATE_EPOCH; "
		   "dpkg-deb --root-owner-group -Z%s -b s s.deb; dpkg-deb "
		   "--root-owner-group -Z%s -b r r.deb",
		   compressors[i].shipped, compressors[i].rebuilt);
	return true;
}

START_TEST(deb_compressed_otherwise)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 999 >s/list; seq 999 >r/list");
	if (!build_debs(_i))
		TEST_SKIP("dpkg-deb knows no zstd");
	char *names[2];
	for (size_t i = 0; i < 2; i++)
		names[i] =
		    base_format("data.tar%s%s", *compressors[_i].suffix[i] ? "." : "",
				compressors[_i].suffix[i]);
	case_compare(&one, "s.deb", "r.deb");
	json_t *entry = case_entry(&one, names[0]);
	check_path_difference(entry, names[0], names[1]);
	ck_assert_str_eq(object_text(entry, "paired_by"), "inner");
	json_t *told = entry_difference(entry, "compressed bytes");
	ck_assert_str_eq(object_text(told, "shipped"), compressors[_i].format[0]);
	ck_assert_str_eq(object_text(told, "rebuilt"), compressors[_i].format[1]);
	ck_assert_str_eq(object_text(json_object_get(told, "cause"), "sure"), "proved");
	ck_assert_int_eq(object_number(entry, "difference_count"), 2);
	ck_assert_uint_eq(count_status(&one, "missing"), 0);
	ck_assert_uint_eq(count_status(&one, "extra"), 0);
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
	free(names[0]);
	free(names[1]);
}
END_TEST

/* One line of one file differs, the list of sums inside does not. */
START_TEST(deb_compressed_otherwise_and_changed)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir -p s/DEBIAN r/DEBIAN; seq 999 >s/list; seq 999 | "
		   "sed s/^500$/5OO/ >r/list; cd r; md5sum list >DEBIAN/md5sums; "
		   "cp DEBIAN/md5sums ../s/DEBIAN");
	if (!build_debs(_i))
		TEST_SKIP("dpkg-deb knows no zstd");
	case_compare(&one, "s.deb", "r.deb");
	json_t *entry = case_entry(&one, "/list");
	ck_assert_str_eq(object_text(entry, "status"), "different");
	ck_assert_str_eq(object_text(entry, "paired_by"), "");
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	json_t *line = entry_difference(entry, "line 500");
	ck_assert_str_eq(object_text(line, "shipped_text"), "500");
	ck_assert_str_eq(object_text(line, "rebuilt_text"), "5OO");
	case_close(&one);
}
END_TEST

/* A file compressed on one side only, by several names of the suffix. */
static const struct {
	const char *make, *shipped, *rebuilt, *compressor;
} streams[] = {
    {"gzip -9nc text >s/x.1.gz; cp text r/x.1", "x.1.gz", "x.1", "gzip"},
    {"cp text s/x.1; xz -c text >r/x.1.xz", "x.1", "x.1.xz", "none"},
    {"gzip -9nc text >s/x.svgz; cp text r/x.svg", "x.svgz", "x.svg", "gzip"},
    {"tar -czf s/x.tgz text; tar -cJf r/x.tar.xz text", "x.tgz", "x.tar.xz", "gzip"},
    {"tar -cf s/x.tar text; tar -cjf r/x.tbz2 text", "x.tar", "x.tbz2", "none"},
};

START_TEST(stream_meets_its_content)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 50 >text; touch -d @1600000000 text; %s",
		   streams[_i].make);
	case_compare(&one, "s", "r");
	json_t *entry = case_entry(&one, streams[_i].shipped);
	check_path_difference(entry, streams[_i].shipped, streams[_i].rebuilt);
	json_t *told = entry_difference(entry, "compressed bytes");
	ck_assert_str_eq(object_text(told, "shipped"), streams[_i].compressor);
	ck_assert_str_eq(object_text(json_object_get(told, "cause"), "sure"), "proved");
	ck_assert_uint_eq(count_status(&one, "missing"), 0);
	ck_assert_uint_eq(count_status(&one, "identical"), 1);
	case_close(&one);
}
END_TEST

/* The suffix promises a stream that is none: nothing but a name. */
START_TEST(suffix_without_a_stream)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 50 >s/x.gz; head -c 99 /bin/sh >r/x.xz; "
		   "date >r/x");
	case_compare(&one, "s", "r");
	ck_assert_str_eq(case_status(&one, "s/x.gz"), "extra");
	ck_assert_str_eq(case_status(&one, "r/x.xz"), "missing");
	ck_assert_str_eq(case_status(&one, "r/x"), "missing");
	case_close(&one);
}
END_TEST

/* A stream that is cut off: its end could not be compared, and that is said. */
START_TEST(cut_stream_says_so)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 5000 | gzip -9n | head -c 5000 >s/x.gz; "
		   "seq 5000 | xz >r/x.xz");
	case_compare(&one, "s", "r");
	json_t *entry = case_entry(&one, "s/x.gz");
	check_path_difference(entry, "x.gz", "x.xz");
	ck_assert_ptr_nonnull(strstr(object_text(entry, "reason"), "shipped side: "));
	ck_assert_str_eq(case_status(&one, "s/x.gz//"), "undecided");
	case_close(&one);
}
END_TEST

/* Two inputs, of which one is compressed: what is in them is compared. */
START_TEST(inputs_compressed_otherwise)
{
	struct compare_case one;
	test_shell("rm -rf s; mkdir s; seq 50 >s/f; tar --mtime=@0 -C s -cf a.tar f; "
		   "seq 51 >s/f; tar --mtime=@0 -C s -cJf b.tar.xz f");
	case_compare(&one, "a.tar", "b.tar.xz");
	ck_assert_str_eq(case_status(&one, "a.tar//f"), "different");
	json_t *told = entry_difference(json_array_get(one.files, 0), "compressed");
	ck_assert_str_eq(object_text(told, "field"), "compressor");
	ck_assert_ptr_null(json_object_get(told, "cause"));
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

/* Files of other names that are alike, and how. */
static const struct {
	const char *make;      /* s/old and r/new out of the file "text" */
	long long least, most; /* percent */
} alike[] = {
    {"cp text s/old; sed 's/^500$/x/' text >r/new", 95, 99},
    {"cp text s/old; (echo first; cat text) >r/new", 98, 99},
    {"cp text s/old; head -n 800 text >r/new", 84, 94},
    {"gcc -x c -o s/old x.c; gcc -x c -DN=78 -o r/new x.c", 90, 99},
    {"tar -C big -cf s/old .; echo 1 >>big/c; tar -C big -cf r/new .", 90, 99},
    {"tar -C big -czf s/old .; echo 1 >>big/c; tar -C big -czf r/new .", 90, 99},
};

START_TEST(alike_files_meet)
{
	struct compare_case one;
	test_shell("rm -rf s r big; mkdir s r big; seq 1000 >text; cp text big/a; "
		   "cp /bin/sh big/b; echo 0 >big/c; printf '#ifndef N\n#define N 77\n"
		   "#endif\nint main(void) { return N; }\n' >x.c; %s",
		   alike[_i].make);
	case_compare(&one, "s", "r");
	json_t *entry = case_entry(&one, "s/old");
	check_path_difference(entry, "old", "new");
	ck_assert_str_eq(object_text(entry, "paired_by"), "similarity");
	ck_assert_int_ge(object_number(entry, "similarity"), alike[_i].least);
	ck_assert_int_le(object_number(entry, "similarity"), alike[_i].most);
	ck_assert_uint_eq(count_status(&one, "missing"), 0);
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	case_close(&one);
}
END_TEST

START_TEST(renamed_and_changed_byte_is_placed)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 2000 >s/old; sed 's/^700$/7O0/' s/old "
		   ">r/new; tar -C s -cf s.tar old; tar -C r -cf r.tar new");
	case_compare(&one, "s.tar", "r.tar");
	json_t *entry = case_entry(&one, "//old");
	check_path_difference(entry, "old", "new");
	ck_assert_int_eq(object_number(entry, "difference_count"), 2);
	json_t *line = entry_difference(entry, "line 700");
	ck_assert_str_eq(object_text(line, "shipped_text"), "700");
	ck_assert_str_eq(object_text(line, "rebuilt_text"), "7O0");
	case_close(&one);
}
END_TEST

/* Too little in common, another format, or too small to tell. */
static const char *const unlike[] = {
    "seq 1000 >s/old; seq 600 1600 >r/new",
    "seq 1000 >s/old; seq 9000 9999 >r/new",
    "seq 1000 >s/old; seq 2200 >r/new",
    "printf abc >s/old; printf abd >r/new",
    "gcc -x c -o s/old x.c; (printf x; cat s/old) >r/new",
};

START_TEST(unlike_files_do_not_meet)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; echo 'int main(void) { return 0; }' >x.c; "
		   "%s",
		   unlike[_i]);
	case_compare(&one, "s", "r");
	ck_assert_str_eq(case_status(&one, "s/old"), "extra");
	ck_assert_str_eq(case_status(&one, "r/new"), "missing");
	case_close(&one);
}
END_TEST

/* The best pair of all meets first, wherever its members stand. */
START_TEST(best_pairs_meet_first)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 1000 >s/a; seq 150 1000 >s/b; "
		   "seq 160 1000 >r/c; seq 250 1000 >r/d");
	case_compare(&one, "s", "r");
	check_path_difference(case_entry(&one, "s/b"), "b", "c");
	check_path_difference(case_entry(&one, "s/a"), "a", "d");
	case_close(&one);
}
END_TEST

/* The same content elsewhere goes before what is only alike. */
START_TEST(equal_goes_before_alike)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r; seq 1000 >s/a; seq 1000 >r/z; (seq 1000; "
		   "echo) >r/b; (seq 1000; echo x) >s/y");
	case_compare(&one, "s", "r");
	check_path_difference(case_entry(&one, "s/a"), "a", "z");
	check_path_difference(case_entry(&one, "s/y"), "y", "b");
	ck_assert_str_eq(object_text(case_entry(&one, "s/a"), "paired_by"), "content");
	case_close(&one);
}
END_TEST

/* Of more members than are all held against each other, those of one base name meet,
 * and what was left out is counted. */
START_TEST(too_many_are_counted)
{
	struct compare_case one;
	test_shell("rm -rf s r; mkdir s r s/old r/new; awk 'BEGIN { for (i = 0; i < "
		   "1200; i++) { f = \"s/old/\" i; g = \"r/new/\" i; h = "
		   "\"r/x\" i; for (j = 0; j < 30; j++) { print i * 31 + j >f; "
		   "print i * 31 + j >g; print \"other\", j, i * 77 >h } print "
		   "\"more\" >g; close(f); close(g); close(h) } }'");
	case_compare(&one, "s", "r");
	check_path_difference(case_entry(&one, "s/old/0"), "0", "0");
	check_path_difference(case_entry(&one, "s/old/1199"), "1199", "1199");
	ck_assert_uint_eq(count_status(&one, "missing"), 1201);
	case_close(&one);
	test_shell("cd r/new; for i in *; do mv $i z$i; done");
	case_compare(&one, "s", "r");
	const json_t *notes = json_object_get(json_array_get(one.files, 0), "notes");
	ck_assert_ptr_nonnull(strstr(object_text(json_array_get(notes, 0), "text"),
				     "176 of the shipped and 1376 of the rebuilt"));
	case_close(&one);
}
END_TEST

/* The same findings whatever was compared before, and in any order of events. */
START_TEST(pairing_is_deterministic)
{
	struct compare_case one, other;
	test_shell("rm -rf s r; mkdir s r; for i in 1 2 3 4 5 6; do seq $((i / 2)) 40 "
		   ">s/s$i; seq $((i / 2)) 40 >r/r$i; done");
	case_compare(&one, "s", "r");
	case_compare(&other, "s", "r");
	ck_assert(json_equal(one.files, other.files));
	case_close(&one);
	case_close(&other);
}
END_TEST

Suite *compare_pairing_suite(void);

Suite *
compare_pairing_suite(void)
{
	Suite *suite = suite_create("compare_pairing");
	TCase *tcase = tcase_create("pairing");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, renamed_member, 0, (int)ARRAY_COUNT(packers));
	tcase_add_test(tcase, rename_alone_is_never_identical);
	tcase_add_test(tcase, swapped_files_stay_at_their_paths);
	tcase_add_test(tcase, equal_files_meet_in_order);
	tcase_add_test(tcase, one_too_many_is_named);
	tcase_add_test(tcase, empty_files_never_meet);
	tcase_add_test(tcase, hard_link_follows_a_rename);
	tcase_add_test(tcase, hard_link_alone_is_extra);
	tcase_add_test(tcase, moved_to_another_container);
	tcase_add_test(tcase, members_of_a_lone_container);
	tcase_add_loop_test(tcase, deb_compressed_otherwise, 0,
			    (int)ARRAY_COUNT(compressors));
	tcase_add_loop_test(tcase, deb_compressed_otherwise_and_changed, 0,
			    (int)ARRAY_COUNT(compressors));
	tcase_add_loop_test(tcase, stream_meets_its_content, 0,
			    (int)ARRAY_COUNT(streams));
	tcase_add_test(tcase, suffix_without_a_stream);
	tcase_add_test(tcase, cut_stream_says_so);
	tcase_add_test(tcase, inputs_compressed_otherwise);
	tcase_add_loop_test(tcase, alike_files_meet, 0, (int)ARRAY_COUNT(alike));
	tcase_add_test(tcase, renamed_and_changed_byte_is_placed);
	tcase_add_loop_test(tcase, unlike_files_do_not_meet, 0,
			    (int)ARRAY_COUNT(unlike));
	tcase_add_test(tcase, best_pairs_meet_first);
	tcase_add_test(tcase, equal_goes_before_alike);
	tcase_add_test(tcase, too_many_are_counted);
	tcase_add_test(tcase, pairing_is_deterministic);
	suite_add_tcase(suite, tcase);
	return suite;
}
