/* zip: against unzip's listing, and the tricks that make two programs see two things.
 */
#include "members.h"

#include <unistd.h>

extern const struct format format_zip;

static const char make_files[] =
    "rm -rf z z.zip; mkdir -p z/sub; cd z; export TZ=UTC; echo one >one; seq 20000 "
    ">sub/two; head -c "
    "5000 /dev/urandom >sub/noise; ln -s one link; chmod 4755 sub/two; touch -d "
    "'2001-02-03 04:05:06 UTC' one; : >empty; ";

static const struct {
	const char *make;
	unsigned remarks;
} makers[] = {
    {"zip -q -r -y ../z.zip .", 0},
    {"zip -q -r -y -0 -X ../z.zip .", 0},
    {"zip -q -r -y -fz- -z ../z.zip . <<'E'\na comment\n.\nE\n:", 1},
    /* descriptors; zip writes no link into a pipe */
    {"rm link; zip -q -r -y -D - . | cat >../z.zip", 0},
    {"rm link; 7z a -tzip ../z.zip . >/dev/null", 0},
    {"rm link; python3 -m zipfile -c ../z.zip one sub empty", 0},
    /* zip64 fields in local headers and descriptors */
    {"rm link; python3 -c \"\nimport zipfile\nz=zipfile.ZipFile('../z.zip','w',8)\n"
     "for n in ('one','sub/two'):\n  with z.open(n,'w',force_zip64=True) as f:\n    "
     "f.write(open(n,'rb').read())\nz.close()\"",
     0},
};

START_TEST(reads_as_unzip)
{
	struct members members;
	struct format_match match;
	test_shell("%s %s; cd ..; rm -rf x; mkdir x; cd x; unzip -q ../z.zip",
		   make_files, makers[_i].make);
	struct buf bytes = test_file("z.zip");
	struct view view = view_of_buf(&bytes);
	format_probe(&view, &match);
	ck_assert_ptr_eq(match.format, &format_zip);
	members_read(&format_zip, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	for (size_t i = 0; i < members.notes.count; i++)
		ck_assert_msg(strncmp(members.notes.items[i], "remark", 6) == 0, "%s",
			      members.notes.items[i]);
	ck_assert_uint_eq(members.notes.count, makers[_i].remarks);
	/* the same files with the same bytes, no more and no fewer */
	test_write("sums", members.digests.data, members.digests.size);
	test_shell(
	    "cd x; sha256sum --strict --quiet -c ../sums; test $(find . -type f | wc "
	    "-l) = $(wc -l <../sums); cut -c67- ../sums | sort >../ours; unzip -Z1 "
	    "../z.zip | grep -v '/$' | grep -vx link | sort >../theirs; cmp ../ours "
	    "../theirs");
	ck_assert_ptr_nonnull(strstr(members.listing.data, " one\n"));
	if (_i < 3)
		ck_assert_ptr_nonnull(strstr(members.listing.data, "link -> one\n"));
	if (_i < 4) {
		ck_assert_ptr_nonnull(strstr(members.listing.data, "-rwsr-xr-x "));
		ck_assert_ptr_nonnull(
		    strstr(members.listing.data, "2001-02-03 04:05:06 one\n"));
	}
	members_check_map(&format_zip, &view);
	members_torture(&format_zip, &view, 60, 60);
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

/* Each changes z.zip, which holds the stored member "abc" with "12345678": local header
 * 0 to 33, content to 41, directory 41 to 90, end record 90 to 112. */
static const struct {
	const char *change, *kind, *words;
} traps[] = {
    {"poke(30, b'x')", "suspect", "another name, 'xbc'"},
    {"poke(14, b'\\0\\0\\0\\0')", "suspect", "another CRC-32"},
    {"poke(18, b'\\7')", "suspect", "another compressed size"},
    {"poke(22, b'\\7')", "suspect", "another size"},
    {"poke(8, b'\\10')", "suspect", "another compression method"},
    {"poke(6, b'\\0\\10')", "suspect", "another flags"},
    {"poke(33, b'9')", "suspect", "CRC-32 is not that"},
    {"poke(41 + 10, b'\\14')", "undecided", "method 12"},
    {"poke(41 + 8, b'\\1')", "undecided", "encrypted"},
    {"poke(41 + 42, b'\\x20')", "undecided", "local header"},
    {"poke(41 + 46, b'a\\0c')", "suspect", "behind a NUL"},
    {"poke(90 + 8, b'\\2\\0\\2')", "suspect", "counts 2 members"},
    {"data = b'#!/bin/sh\\n' + data", "suspect", "10 bytes before the first record"},
    {"data += b'junk'", "suspect", "4 bytes after the end"},
    {"data = data[:110] + b'\\26\\0' + data[90:]", "suspect", "behind the directory"},
    {"data = data[:110] + b'\\6\\0PK\\5\\6ab'", "suspect", "second end record"},
    {"data = data[:41] + b'hidden' + data[41:90] + data[90:106] + b'\\x2f' + "
     "data[107:]",
     "suspect", "6 bytes between the last member and the directory"},
    {"data = data[:90] + b'PK\\6\\7' + bytes(16) + data[90:]", "fails",
     "zip64 locator"},
    {"data = data[:90]", "fails", "without an end record"},
    {"poke(90 + 12, b'\\xff')", "fails", "does not fit"},
    {"poke(90 + 4, b'\\1')", "fails", "several files"},
};

static const char make_trap[] =
    "cat >trap.py <<'E'\n"
    "import zipfile\n"
    "z = zipfile.ZipFile('z.zip', 'w')\n"
    "z.writestr(zipfile.ZipInfo('abc', (2001, 2, 3, 4, 5, 6)), '12345678')\n"
    "z.close()\n"
    "data = open('z.zip', 'rb').read()\n"
    "assert len(data) == 112\n"
    "def poke(at, new):\n"
    "  global data\n"
    "  data = data[:at] + new + data[at + len(new):]\n"
    "%s\n"
    "open('z.zip', 'wb').write(data)\n"
    "E\n"
    "python3 trap.py";

START_TEST(trap)
{
	struct members members;
	test_shell(make_trap, traps[_i].change);
	struct buf bytes = test_file("z.zip");
	struct view view = view_of_buf(&bytes);
	members_read(&format_zip, &view, &members);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(members.result, -1);
		ck_assert_msg(strstr(members.err.message, traps[_i].words) != NULL,
			      "%s", members.err.message);
	} else {
		ck_assert_msg(members.result == 0, "%s", members.err.message);
		ck_assert_msg(members_noted(&members, traps[_i].kind, traps[_i].words),
			      "%s",
			      members.notes.count ? members.notes.items[0] : "none");
		ck_assert_uint_eq(members.count, 1);
	}
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

/* A zip behind a program is both: nobody breaks the tie silently. */
START_TEST(polyglot)
{
	struct format_match match;
	test_shell(make_trap, "");
	test_shell("tar -cf t.tar z.zip; cat t.tar z.zip >both");
	struct buf bytes = test_file("both");
	struct view view = view_of_buf(&bytes);
	format_probe(&view, &match);
	ck_assert_ptr_nonnull(match.format);
	ck_assert_uint_eq(match.others.count, 1);
	strings_free(&match.others);
	buf_free(&bytes);
}
END_TEST

START_TEST(small_torture)
{
	test_shell(make_trap, "");
	struct buf bytes = test_file("z.zip");
	struct view view = view_of_buf(&bytes);
	members_torture(&format_zip, &view, 112, 112);
	buf_free(&bytes);
}
END_TEST

Suite *format_zip_suite(void);

Suite *
format_zip_suite(void)
{
	Suite *suite = suite_create("format_zip");
	TCase *tcase = tcase_create("zip");
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, reads_as_unzip, 0, ARRAY_COUNT(makers));
	tcase_add_loop_test(tcase, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tcase, polyglot);
	tcase_add_test(tcase, small_torture);
	suite_add_tcase(suite, tcase);
	return suite;
}
