/* ar and deb: against ar(1) and dpkg-deb. */
#include "members.h"

extern const struct format format_ar, format_deb;

#define MAKE_OBJECTS                                                                   \
	"rm -rf o; mkdir o; cd o; echo one >short.o; echo threeee "                    \
	">a-member-with-quite-a-long-name.o; head -c 1001 /dev/urandom "               \
	">another-very-long-member-name.o; "

/* Names and digests are those of the files that went in. */
static void
check_against_files(const char *name)
{
	struct members members;
	struct buf bytes = test_file(name);
	struct view view = view_of_buf(&bytes);
	struct format_match match;
	format_probe(&view, &match);
	ck_assert_ptr_eq(match.format, &format_ar);
	members_read(&format_ar, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	test_shell("cd o; sha256sum $(ar t ../%s) >../expected", name);
	struct buf expected = test_file("expected");
	ck_assert_str_eq(members.digests.data, expected.data);
	ck_assert_uint_eq(members.notes.count, 0);
	members_check_map(&format_ar, &view);
	members_torture(&format_ar, &view, 300, 300);
	members_free(&members);
	buf_free(&expected);
	buf_free(&bytes);
}

START_TEST(gnu_names)
{
	test_shell(MAKE_OBJECTS "ar rcD ../g.a *.o");
	check_against_files("g.a");
}
END_TEST

START_TEST(symbol_table)
{
	if (!test_have("gcc"))
		TEST_SKIP("needs gcc");
	test_shell("rm -rf o; mkdir o; cd o; echo 'int verify_one(void) { return 1; }' "
		   ">one.c; gcc -c one.c; ar rcsD ../s.a one.o");
	check_against_files("s.a");
	struct buf bytes = test_file("s.a");
	struct view view = view_of_buf(&bytes);
	struct map *map = format_map(&format_ar, &view, NULL);
	ck_assert_str_eq(map_find(map, 8 + 60 + 2)->name, "ar symbol table");
	ck_assert_int_eq(map_find(map, 8 + 60 + 2)->tag, EXTENT_DERIVED);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* Written by hand after ar(5) of 4.4BSD: "#1/LENGTH", the name before the content. */
START_TEST(bsd_names)
{
	static const char bytes[] =
	    "!<arch>\n"
	    "#1/20           1700000000  501   20    100644  25        `\n"
	    "a long bsd name.o\0\0\0hello\n"
	    "__.SYMDEF       1700000000  501   20    100644  4         `\n"
	    "\0\0\0\0";
	struct view view = view_of(bytes, sizeof(bytes) - 1);
	struct members members;
	members_read(&format_ar, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	ck_assert_str_eq(members.listing.data,
			 "-rw-r--r-- 501/20 5 2023-11-14 22:13:20 a long bsd name.o\n");
	ck_assert_uint_eq(members.notes.count, 0);
	members_check_map(&format_ar, &view);
	members_torture(&format_ar, &view, 1000, 1000);
	members_free(&members);
}
END_TEST

static const struct {
	const char *change; /* of the package p.deb, by shell */
	const char *kind, *words;
} deb_traps[] = {
    {"echo x >extra; ar q p.deb extra", "suspect", "'extra'"},
    {"echo x >_gpgorigin; ar q p.deb _gpgorigin", "remark", "_gpgorigin"},
    {"ar d p.deb data.tar", "fails", "without its member 'data.tar'"},
    {"ar d p.deb control.tar", "suspect", "'data.tar'"},
    {"ar x p.deb data.tar; mv data.tar data.tar.xz; ar q p.deb data.tar.xz", "suspect",
     "'data.tar.xz'"},
    {"echo 3.0 >debian-binary; ar r p.deb debian-binary", "suspect", "version 2"},
    {"echo junk >>p.deb", "fails", "5 bytes at offset"},
    {"head -c 100 /dev/zero >>p.deb", "fails", "no ar header"},
};

START_TEST(deb_trap)
{
	struct members members;
	test_shell("rm -rf p p.deb; mkdir -p p/DEBIAN; printf 'Package: p\\nVersion: "
		   "1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: x\\n' "
		   ">p/DEBIAN/control; dpkg-deb -Znone -b p p.deb; %s",
		   deb_traps[_i].change);
	struct buf bytes = test_file("p.deb");
	struct view view = view_of_buf(&bytes);
	members_read(&format_deb, &view, &members);
	if (strcmp(deb_traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(members.result, -1);
		ck_assert_int_eq(members.err.kind, ERR_INPUT);
		ck_assert_ptr_nonnull(strstr(members.err.message, deb_traps[_i].words));
	} else {
		ck_assert(
		    members_noted(&members, deb_traps[_i].kind, deb_traps[_i].words));
	}
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

START_TEST(deb_of_dpkg)
{
	struct members members;
	test_shell(
	    "rm -rf p p.deb; mkdir -p p/DEBIAN; printf 'Package: p\\nVersion: "
	    "1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: x\\n' "
	    ">p/DEBIAN/control; dpkg-deb -Zxz -b p p.deb; ar p p.deb data.tar.xz | "
	    "sha256sum | cut -c1-64 >expected");
	struct buf bytes = test_file("p.deb"), expected = test_file("expected");
	struct view view = view_of_buf(&bytes);
	struct format_match match;
	format_probe(&view, &match);
	ck_assert_ptr_eq(match.format, &format_deb);
	ck_assert_uint_eq(match.others.count, 0);
	members_read(&format_deb, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	ck_assert_uint_eq(members.count, 3);
	ck_assert_uint_eq(members.notes.count, 0);
	expected.data[64] = '\0';
	ck_assert_ptr_nonnull(strstr(members.digests.data, expected.data));
	members_check_map(&format_deb, &view);
	members_torture(&format_deb, &view, 200, 200);
	members_free(&members);
	buf_free(&bytes);
	buf_free(&expected);
}
END_TEST

Suite *format_ar_suite(void);

Suite *
format_ar_suite(void)
{
	Suite *suite = suite_create("format_ar");
	TCase *tcase = tcase_create("ar and deb");
	tcase_add_test(tcase, gnu_names);
	tcase_add_test(tcase, symbol_table);
	tcase_add_test(tcase, bsd_names);
	tcase_add_test(tcase, deb_of_dpkg);
	tcase_add_loop_test(tcase, deb_trap, 0, ARRAY_COUNT(deb_traps));
	suite_add_tcase(suite, tcase);
	return suite;
}
