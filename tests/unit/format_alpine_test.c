/* Alpine packages, made of tar, gzip and openssl as abuild makes them; and the other
 * packages that are nothing but archives. */
#include "compare_case.h"
#include "format_sink.h"

/* A part of a tar: without the two blocks of zeros at its end. */
#define MAKE                                                                           \
	"mkdir -p usr/bin; [ -e usr/bin/a ] || seq 2000 >usr/bin/a; echo 'pkgname = "  \
	"a' >.PKGINFO; part() "                                                        \
	"{ "                                                                           \
	"tar --format=ustar --mtime=@1500000000 --owner=0 --group=0 --numeric-owner "  \
	"--sort=name -b 1 -cf - \"$@\"; }; part .PKGINFO | head -c 1024 >c.tar; part " \
	"usr >d.tar; gzip -n9c c.tar >c.gz; gzip -n9c d.tar >d.gz; [ -e key ] || "     \
	"openssl genrsa -out key 2048; openssl dgst -sha1 -sign key -out "             \
	".SIGN.RSA.me.pub c.gz; part .SIGN.RSA.me.pub | head -c 1024 >s.tar; gzip "    \
	"-n9c "                                                                        \
	"s.tar >s.gz; cat s.gz c.gz d.gz >x.apk; cat c.gz d.gz >u.apk; "

START_TEST(lists_parts)
{
	static const char *const names[] = {"signature.tar", "control.tar", "data.tar"};
	static const char *const parts[] = {"s.tar", "c.tar", "d.tar"};
	struct record record = {0};
	struct err err = {0};
	size_t first = (size_t)_i; /* unsigned: without the first */
	const char *file = _i == 0 ? "x.apk" : "u.apk";
	test_shell(MAKE);
	ck_assert_str_eq(probe_name(file), "alpine-package");
	ck_assert_str_eq(probe_name("d.gz"), "gzip");
	struct buf bytes = test_file(file);
	struct view view = view_of_buf(&bytes);
	ck_assert_ok(record_members(&record, &format_alpine, &view, &err), err);
	ck_assert_uint_eq(record.count, 3 - first);
	ck_assert_uint_eq(record.notes.count, 0);
	for (size_t i = 0; i < record.count; i++) {
		struct buf part = test_file(parts[i + first]);
		ck_assert_str_eq(record.members[i].path, names[i + first]);
		ck_assert_uint_eq(record.members[i].content.size, part.size);
		ck_assert_mem_eq(record.members[i].content.data, part.data, part.size);
		buf_free(&part);
	}
	struct map *map = format_map(&format_alpine, &view, NULL);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	ck_assert_int_eq(map_has(map, "apk signature"), _i == 0);
	map_free(map);
	record_free(&record);
	format_survives_damage(&format_alpine, &bytes, 5, 40);
	buf_free(&bytes);
}
END_TEST

/* What is done to make the shipped side, and what is said of it. */
static const struct {
	const char *shipped, *status, *end, *place;
} changes[] = {
    {"cp x.apk s.apk", "signature-only", "", NULL},
    {"cp x.apk s.apk; openssl genrsa -out key 2048; " MAKE "mv x.apk u.apk",
     "signature-only", "", NULL},
    {"printf x >>x.apk; cp x.apk s.apk", "different", "s.apk", "trailing bytes"},
    {"mv u.apk r; echo more >>usr/bin/a; " MAKE "cp x.apk s.apk; mv r u.apk",
     "different", "usr/bin/a", "line 2001"},
    {"mv u.apk r; chmod 4755 usr/bin/a; " MAKE "cp x.apk s.apk; mv r u.apk",
     "different", "data.tar", "tar header mode of usr/bin/a"},
    {"(cat s.gz c.gz; gzip -c1n d.tar) >s.apk", "different", "s.apk", "content"},
    /* something rides in the signature's part */
    {"cat d.tar >>s.tar; (gzip -nc s.tar; cat c.gz d.gz) >s.apk", "different", "s.apk",
     "content"},
};

START_TEST(compares)
{
	struct compare_case one;
	test_shell(MAKE "%s", changes[_i].shipped);
	case_compare(&one, "s.apk", "u.apk");
	ck_assert_str_eq(file_status_name(one.worst), changes[_i].status);
	if (changes[_i].place != NULL && *changes[_i].end != '\0' && _i != 6)
		entry_difference(case_entry(&one, changes[_i].end), changes[_i].place);
	case_close(&one);
}
END_TEST

/* A package of Arch: every file in it, .MTREE entered. */
START_TEST(arch_package)
{
	struct compare_case one;
	if (!test_have("zstd") || !test_have("bsdtar"))
		TEST_SKIP("zstd or bsdtar is not installed");
	test_shell(
	    "mkdir -p usr/bin; echo hello >usr/bin/a; echo 'pkgname = a' >.PKGINFO; "
	    "echo 'format = 2' >.BUILDINFO; make() { bsdtar -cf .MTREE --format="
	    "mtree --options='!all,use-set,type,uid,gid,mode,time,size,sha256' "
	    ".PKGINFO .BUILDINFO usr; gzip -nf .MTREE; mv .MTREE.gz .MTREE; tar "
	    "--sort=name -cf - .PKGINFO .BUILDINFO .MTREE usr | zstd -q -f -o $1; }; "
	    "make b.pkg.tar.zst; echo hallo >usr/bin/a; make a.pkg.tar.zst");
	case_compare(&one, "a.pkg.tar.zst", "b.pkg.tar.zst");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	ck_assert_str_eq(case_status(&one, "//.PKGINFO"), "identical");
	ck_assert_str_eq(case_status(&one, "//.BUILDINFO"), "identical");
	entry_difference(case_entry(&one, "usr/bin/a"), "line 1");
	/* its checksum in the compressed list follows, and is shown by its line */
	json_t *list = case_entry(&one, "//.MTREE");
	ck_assert_str_eq(object_text(list, "status"), "different");
	entry_difference(list, "");
	case_close(&one);
}
END_TEST

/* Rules of a network monitor: told by lines. */
START_TEST(rule_tarball)
{
	struct compare_case one;
	test_shell("mkdir -p rules; for i in 1 2 3; do echo \"alert tcp any any -> any "
		   "$i (msg:\\\"m $i\\\"; sid:$i; rev:1;)\"; done >rules/a.rules; tar "
		   "--mtime=@1 -czf b.tar.gz rules; sed -i 's/rev:1/rev:2/; 2q' "
		   "rules/a.rules; tar --mtime=@1 -czf a.tar.gz rules");
	case_compare(&one, "a.tar.gz", "b.tar.gz");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, "a.rules"), "line");
	case_close(&one);
}
END_TEST

Suite *format_alpine_suite(void);

Suite *
format_alpine_suite(void)
{
	Suite *suite = suite_create("format_alpine");
	TCase *tests = tcase_create("alpine");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, lists_parts, 0, 2);
	tcase_add_loop_test(tests, compares, 0, ARRAY_COUNT(changes));
	tcase_add_test(tests, arch_package);
	tcase_add_test(tests, rule_tarball);
	suite_add_tcase(suite, tests);
	return suite;
}
