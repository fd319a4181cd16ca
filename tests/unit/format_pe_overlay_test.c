/* Programs by MinGW with archives behind them, and a bundle as WiX Burn lays it out. */
#include "format_sink.h"

#define STUB                                                                           \
	"echo 'int main(void) { return 0; }' >x.c; x86_64-w64-mingw32-gcc -s -o "      \
	"stub.exe x.c; seq 3000 >a.txt; echo b >b.txt; "
#define ZIP   "zip -q x.zip a.txt b.txt; "
#define SEVEN "7z a x.7z a.txt b.txt; "
#define CAB   "gcab -c x.cab a.txt; gcab -c y.cab b.txt; "
#define KEY                                                                            \
	"openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "    \
	"/CN=x -days 30; "
#define SIGN "osslsigncode sign -certs c.pem -key k.pem -in x.exe -out s.exe; "

/*
 * The section .wixburn: magic, version, GUID, size of the stub, checksum, place and
 * size of the engine's signature, format, count, sizes. It is filled in when the stub's
 * own size is known.
 */
#define BURN                                                                           \
	"cat >x.c <<'E'\n__attribute__((section(\".wixburn\"), used)) unsigned "       \
	"burn[14] = {0x00f14300, 2};\nint main(void) { return 0; }\nE\n"               \
	"x86_64-w64-mingw32-gcc -s -o stub.exe x.c; seq 3000 >a.txt; echo b "          \
	">b.txt; " CAB                                                                 \
	"cat >x.py <<'E'\nimport struct\nd = bytearray(open('stub.exe', "              \
	"'rb').read())\nat = d.index(struct.pack('<II', 0x00f14300, 2))\n"             \
	"c = [open(n, 'rb').read() for n in ('x.cab', 'y.cab')]\n"                     \
	"struct.pack_into('<8I', d, at + 24, len(d), 0, 0, 0, 1, 2, len(c[0]), "       \
	"len(c[1]))\nopen('x.exe', 'wb').write(d + c[0] + c[1])\nE\npython3 x.py; "

static void
open_file(const char *name, struct buf *bytes, struct view *view)
{
	*bytes = test_file(name);
	*view = view_of_buf(bytes);
}

/* How x.exe is made, and which files of the folder its members are. */
static const struct {
	const char *make;
	const char *members[2], *files[2];
} kinds[] = {
    {STUB ZIP "cat stub.exe x.zip >x.exe", {"overlay", NULL}, {"x.zip", NULL}},
    {STUB SEVEN "cat stub.exe x.7z >x.exe", {"overlay", NULL}, {"x.7z", NULL}},
    {STUB CAB "cat stub.exe x.cab >x.exe", {"overlay", NULL}, {"x.cab", NULL}},
    {STUB SEVEN "printf ';!@Install@!UTF-8!\\n;!@InstallEnd@!' >text; cat stub.exe "
		"text x.7z >x.exe",
     {"configuration", "overlay"},
     {"text", "x.7z"}},
    {BURN, {"user-interface.cab", "attached-1.cab"}, {"x.cab", "y.cab"}},
};

START_TEST(gives_what_was_appended)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell("%s", kinds[_i].make);
	open_file("x.exe", &bytes, &view);
	ck_assert_str_eq(probe_name("x.exe"), "pe-overlay");
	ck_assert_ok(record_members(&record, &format_pe_overlay, &view, &err), err);
	for (size_t i = 0; i < 2 && kinds[_i].members[i] != NULL; i++) {
		struct buf want = test_file(kinds[_i].files[i]);
		const struct recorded *got = record_find(&record, kinds[_i].members[i]);
		ck_assert_ptr_nonnull(got);
		ck_assert_uint_eq(got->content.size, want.size);
		ck_assert_mem_eq(got->content.data, want.data, want.size);
		buf_free(&want);
	}
	ck_assert_uint_eq(record.count, kinds[_i].members[1] != NULL ? 2 : 1);
	ck_assert_uint_eq(record.notes.count, 0);
	struct map *map = format_map(&format_pe_overlay, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert_uint_eq(map->extents[map->count - 1].member, record.count - 1);
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* Nothing behind it, or nothing that anybody knows: a program is a leaf. */
START_TEST(programs_stay_leaves)
{
	static const char *const makes[] = {
	    STUB "mv stub.exe x.exe",
	    STUB "x86_64-w64-mingw32-gcc -g -o x.exe x.c",
	    STUB "(cat stub.exe; seq 100 | tr '1' '\\1') >x.exe",
	    STUB KEY "mv stub.exe x.exe; " SIGN "mv s.exe x.exe",
	};
	test_shell("%s", makes[_i]);
	ck_assert_str_eq(probe_name("x.exe"), "pe");
}
END_TEST

static const struct {
	const char *make, *words;
} sealed[] = {
    {STUB "(cat stub.exe; printf 'Rar!\\32\\7\\1more') >x.exe", "a RAR archive"},
    {STUB "(cat stub.exe; printf 'zlb\\32more') >x.exe", "data of Inno Setup"},
    {"echo 'const char t[] = \"rDlPtS\"; int main(int c, char **v) { return t[c]; }' "
     ">x.c; x86_64-w64-mingw32-gcc -s -o stub.exe x.c; (cat stub.exe; seq 9) >x.exe",
     "data of Inno Setup"},
    {STUB "(cat stub.exe; printf 'InstallShield\\0more') >x.exe",
     "data of InstallShield"},
};

START_TEST(installers_without_reader_are_undecided)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell("%s", sealed[_i].make);
	open_file("x.exe", &bytes, &view);
	ck_assert_str_eq(probe_name("x.exe"), "pe-overlay");
	ck_assert_ok(record_members(&record, &format_pe_overlay, &view, &err), err);
	ck_assert(record_noted(&record, "undecided", sealed[_i].words));
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(bytes_behind_the_certificates_are_noted)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(STUB SEVEN KEY "cat stub.exe x.7z >x.exe; " SIGN "printf hidden "
				  ">>s.exe");
	open_file("s.exe", &bytes, &view);
	ck_assert_str_eq(probe_name("s.exe"), "pe-overlay");
	ck_assert_ok(record_members(&record, &format_pe_overlay, &view, &err), err);
	ck_assert(record_noted(&record, "suspect", "6 bytes behind the certificate"));
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	test_shell("%s", _i == 0 ? STUB CAB "cat stub.exe x.cab >x.exe" : BURN);
	struct buf bytes = test_file("x.exe");
	format_survives_damage(&format_pe_overlay, &bytes, 997, 700);
	struct view view = view_of_buf(&bytes);
	uint64_t at = 0;
	if (_i == 1 && view_find(&view, 0, "\0\x43\xf1\0\2\0\0\0", 8, &at) == 0) {
		for (uint64_t i = at; i < at + 56; i++) {
			char before = bytes.data[i];
			bytes.data[i] = (char)0xff;
			format_survives(&format_pe_overlay, bytes.data, bytes.size);
			bytes.data[i] = 1;
			format_survives(&format_pe_overlay, bytes.data, bytes.size);
			bytes.data[i] = before;
		}
	}
	buf_free(&bytes);
}
END_TEST

Suite *format_pe_overlay_suite(void);

Suite *
format_pe_overlay_suite(void)
{
	Suite *suite = suite_create("format_pe_overlay");
	TCase *tests = tcase_create("overlay");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, gives_what_was_appended, 0, ARRAY_COUNT(kinds));
	tcase_add_loop_test(tests, programs_stay_leaves, 0, 4);
	tcase_add_loop_test(tests, installers_without_reader_are_undecided, 0,
			    ARRAY_COUNT(sealed));
	tcase_add_test(tests, bytes_behind_the_certificates_are_noted);
	tcase_add_loop_test(tests, damage, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
