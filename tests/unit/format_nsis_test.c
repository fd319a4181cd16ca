/* NSIS installers by makensis, with each compressor; 7z unpacks them too. */
#include "format_sink.h"

/* x.exe of two files and an uninstaller, with the compressor given. */
#define MAKE                                                                           \
	"seq 9000 >a.txt; echo hello >b.txt; cat >x.nsi <<'E'\nOutFile x.exe\n"        \
	"Name Thing\nInstallDir $TEMP\\thing\nSetCompressor %s\nSection\n"             \
	"SetOutPath $INSTDIR\nFile a.txt\nFile b.txt\nWriteUninstaller "               \
	"$INSTDIR\\un.exe\nSectionEnd\nSection Uninstall\nDelete "                     \
	"$INSTDIR\\a.txt\nSectionEnd\nE\nmakensis -V1 x.nsi; "

static void
open_file(const char *name, struct buf *bytes, struct view *view)
{
	*bytes = test_file(name);
	*view = view_of_buf(bytes);
}

/* Is that file's content the content of a member? */
static bool
has_content(const struct record *record, const char *name)
{
	struct buf file = test_file(name);
	struct view want = view_of_buf(&file);
	bool found = false;
	for (size_t i = 0; i < record->count; i++) {
		struct view got = view_of_buf(&record->members[i].content);
		found |= view_equal(&want, &got);
	}
	buf_free(&file);
	return found;
}

static const char *const whole[] = {"zlib", "lzma", "/SOLID zlib", "/SOLID lzma"};

START_TEST(blocks_are_the_files)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "7z x -y -oout x.exe a.txt b.txt; cmp out/a.txt a.txt; cmp "
			"out/b.txt b.txt; 7z l -slt x.exe | sed -n 's/^Headers Size = "
			"//p' >size",
		   whole[_i]);
	open_file("x.exe", &bytes, &view);
	ck_assert_str_eq(probe_name("x.exe"), "nsis");
	ck_assert_ok(record_members(&record, &format_nsis, &view, &err), err);
	for (size_t i = 0; i < record.notes.count; i++)
		ck_abort_msg("%s", record.notes.items[i]);
	ck_assert(has_content(&record, "a.txt"));
	ck_assert(has_content(&record, "b.txt"));
	const struct recorded *header = record_find(&record, "[NSIS header]");
	struct buf size = test_file("size");
	ck_assert_ptr_nonnull(header);
	ck_assert_uint_eq(header->content.size, strtoull(size.data, NULL, 10));
	struct map *map = format_map(&format_nsis, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert_int_eq(map_extent(map, "nsis CRC")->tag, EXTENT_DERIVED);
	ck_assert_uint_eq(map_extent(map, "nsis CRC")->offset, bytes.size - 4);
	ck_assert(map_has(map, ".text"));
	map_free(map);
	record_free(&record);
	buf_free(&size);
	buf_free(&bytes);
}
END_TEST

/* Files have the paths that 7z finds in the script, and their times. */
static void
check_path(const struct record *record, const char *path, const char *content)
{
	const struct recorded *member = record_find(record, path);
	ck_assert_msg(member != NULL, "%s", path);
	ck_assert_str_eq(member->content.data, content);
	ck_assert(member->member.has_mtime);
	ck_assert_int_eq(member->member.mtime, 1600000000);
}

START_TEST(files_have_names)
{
	static const char *const unicode[] = {"true", "false"};
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(
	    "echo one >a; echo two >b; echo two >c; echo odd >d; mkdir -p s; "
	    "echo other >s/a; touch -d @1600000000 a b c d s/a; cat >x.nsi <<'E'\n"
	    "Unicode %s\nOutFile x.exe\nName Thing\nInstallDir $TEMP\\thing\n"
	    "Section\nSetOutPath $INSTDIR\nFile a\nFile /oname=sub\\q b\n"
	    "SetOutPath $PROGRAMFILES\\x\nFile c\nFile '/oname=d$$e' d\n"
	    "SectionEnd\nSection\nSetOutPath $INSTDIR\nFile a\nFile s/a\n"
	    "SectionEnd\nE\nmakensis -V1 x.nsi; 7z l -slt x.exe >names; "
	    "grep -qx 'Path = sub/q' names; grep -qxF 'Path = $PROGRAMFILES/x/d$e' "
	    "names",
	    unicode[_i]);
	open_file("x.exe", &bytes, &view);
	ck_assert_ok(record_members(&record, &format_nsis, &view, &err), err);
	check_path(&record, "$INSTDIR/a", "one\n");
	check_path(&record, "$INSTDIR/a (2)", "other\n");
	check_path(&record, "$INSTDIR/sub/q", "two\n");
	check_path(&record, "$ProgramFilesDir/x/d$e", "odd\n");
	const struct recorded *link = record_find(&record, "$ProgramFilesDir/x/c");
	ck_assert_ptr_nonnull(link); /* makensis stores what is equal once */
	ck_assert_int_eq(link->member.type, MEMBER_HARDLINK);
	ck_assert_str_eq(link->target, "$INSTDIR/sub/q");
	ck_assert_uint_eq(record.count, 6);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* A compressor, what is done to x.exe, and what must be said. */
static const struct {
	const char *compressor, *trick, *kind, *words;
} traps[] = {
    {"bzip2", ":", "undecided", "bzip2 is not read"},
    {"/SOLID bzip2", ":", "fails", "bzip2 is not read"},
    {"zlib", "printf hidden >>x.exe", "suspect", "6 bytes behind"},
    {"zlib", "truncate -s -1 x.exe", "fails", "is cut off"},
    {"zlib", "poke 5000 x", "suspect", "CRC-32 is not"},
    {"zlib",
     "poke $(($(grep -abo NullsoftInst x.exe | head -1 | cut -d: -f1) + 24)) "
     "'\\377'",
     "undecided", "is damaged"},
    {"/SOLID lzma", "poke $(($(stat -c %s x.exe) - 1500)) xxxx", "fails", "is damaged"},
};

START_TEST(trap)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE
		   "poke() { printf $2 | dd of=x.exe bs=1 seek=$1 conv=notrunc; }; "
		   "%s",
		   traps[_i].compressor, traps[_i].trick);
	open_file("x.exe", &bytes, &view);
	int result = record_members(&record, &format_nsis, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);

		ck_assert_ptr_nonnull(strstr(err.message, traps[_i].words));
	} else {
		ck_assert_ok(result, err);
		ck_assert_msg(
		    record_noted(&record, traps[_i].kind, traps[_i].words), "%s",
		    record.notes.count > 0 ? record.notes.items[0] : "no note");
	}
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	test_shell(MAKE, whole[_i]);
	struct buf bytes = test_file("x.exe");
	struct view view = view_of_buf(&bytes);
	uint64_t at = 0;
	ck_assert_int_eq(view_find(&view, 0, "NullsoftInst", 12, &at), 0);
	for (uint64_t i = at - 8; i < at + 64; i++) {
		static const uint8_t values[] = {0, 0x7f, 0x80, 0xff};
		char before = bytes.data[i];
		for (size_t k = 0; k < ARRAY_COUNT(values); k++) {
			bytes.data[i] = (char)values[k];
			format_survives(&format_nsis, bytes.data, bytes.size);
		}
		bytes.data[i] = before;
	}
	for (uint64_t size = at; size < bytes.size; size += 611)
		format_survives(&format_nsis, bytes.data, size);
	buf_free(&bytes);
}
END_TEST

Suite *format_nsis_suite(void);

Suite *
format_nsis_suite(void)
{
	Suite *suite = suite_create("format_nsis");
	TCase *tests = tcase_create("nsis");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, blocks_are_the_files, 0, ARRAY_COUNT(whole));
	tcase_add_loop_test(tests, files_have_names, 0, 2);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_loop_test(tests, damage, 0, ARRAY_COUNT(whole));
	suite_add_tcase(suite, tests);
	return suite;
}
