/* format: code signatures moved onto Mach-O files that a linker made, from ones that
 * the recipe in testdata/codesign or the linker itself signed. */
#include "format_sink.h"

#define LINK(arch, out)                                                                \
	"clang -target " arch "-apple-macos11 -O1 -c -o x.o x.c && ld64.lld-14 "       \
	"-arch " arch                                                                  \
	" -platform_version macos 11 11 -dylib -install_name x x.o -o " out " && "
#define SIGN(in, out)                                                                  \
	"python3 $SOURCE/testdata/codesign/sign.py " in " " out                        \
	" cert=c key=k hash=sha1,sha256 && "
#define KEY                                                                            \
	"echo 'int table[50] = {1}; int f(int x) { return table[x]; }' >x.c && "       \
	"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "  \
	"/CN=x -days 30 -keyout k -out c && "

/* `s` is signed, `r` is what it was made from. */
static const struct pair {
	const struct format *format;
	const char *make;
} pairs[] = {
    /* signed for the first time: a load command more */
    {&format_macho, KEY LINK("x86_64", "r") SIGN("r", "s") "true"},
    /* the linker's own signature is replaced */
    {&format_macho, KEY LINK("arm64", "r") SIGN("r", "s") "true"},
    {&format_macho_fat, KEY LINK("x86_64", "1") LINK("arm64", "2") SIGN("1", "3")
			    SIGN("2", "4") "llvm-lipo-14 -create 1 2 -output r && "
					   "llvm-lipo-14 -create 3 4 -output s"},
    /* only one slice was signed anew */
    {&format_macho_fat, KEY LINK("x86_64", "1") LINK("arm64", "2")
			    SIGN("1", "3") "llvm-lipo-14 -create 1 2 -output r && "
					   "llvm-lipo-14 -create 3 2 -output s"},
};

static bool
make(const struct pair *pair)
{
	if (!test_have("ld64.lld-14") || !test_have("llvm-lipo-14")) {
		test_skip("grafts of Mach-O", "needs clang, lld and llvm");
		return false;
	}
	test_shell("%s", pair->make);
	return true;
}

/* Is the shipped signature on the rebuilt file the shipped file? */
static bool
equal(const struct format *format, const struct view *shipped,
      const struct view *rebuilt, enum graft_answer *answer)
{
	struct graft graft = {0};
	struct err err = {0};
	*answer = format->graft(shipped, rebuilt, &graft, &err);
	struct view bytes = view_of_buf(&graft.bytes);
	bool same = *answer == GRAFT_DONE && view_equal(shipped, &bytes);
	ck_assert(*answer != GRAFT_FAILED || err.kind != ERR_NONE);
	graft_free(&graft);
	return same;
}

/* No byte of the rebuilt file can change without being seen, but in a signature of its
 * own, which is cut away. */
START_TEST(each_byte_outside_counts)
{
	const struct format *format = pairs[_i].format;
	enum graft_answer answer;
	if (!make(&pairs[_i]))
		return;
	struct buf signed_file = test_file("s"), file = test_file("r");
	struct view shipped = view_of_buf(&signed_file), rebuilt = view_of_buf(&file);
	ck_assert(equal(format, &shipped, &rebuilt, &answer));
	uint64_t own = file.size;
	view_find(&rebuilt, 0, "\xfa\xde\x0c\xc0", 4, &own);
	for (size_t i = 0; i < own; i += i % 32768 < 1200 ? 1 : 37) {
		file.data[i] ^= 1;
		ck_assert_msg(!equal(format, &shipped, &rebuilt, &answer),
			      "byte %zu was changed", i);
		file.data[i] ^= 1;
	}
	buf_free(&file);
	buf_free(&signed_file);
}
END_TEST

/* Neither is a byte that is added, or one that is cut. */
START_TEST(other_lengths_are_seen)
{
	const struct format *format = pairs[_i].format;
	enum graft_answer answer;
	if (!make(&pairs[_i]))
		return;
	struct buf signed_file = test_file("s"), file = test_file("r");
	struct view shipped = view_of_buf(&signed_file), rebuilt;
	for (size_t size = 0; size < file.size; size += 1 + size / 64) {
		rebuilt = view_of(file.data, size);
		ck_assert(!equal(format, &shipped, &rebuilt, &answer));
	}
	buf_append(&file, "x", 1);
	rebuilt = view_of_buf(&file);
	ck_assert(!equal(format, &shipped, &rebuilt, &answer));
	/* a shipped file with bytes behind its signature */
	file.size--;
	rebuilt = view_of_buf(&file);
	buf_append(&signed_file, "x", 1);
	shipped = view_of_buf(&signed_file);
	ck_assert(!equal(format, &shipped, &rebuilt, &answer));
	buf_free(&file);
	buf_free(&signed_file);
}
END_TEST

START_TEST(what_is_not_signed_gives_nothing)
{
	enum graft_answer answer;
	if (!make(&pairs[0]))
		return;
	struct buf file = test_file("r");
	struct view view = view_of_buf(&file);
	ck_assert(!equal(&format_macho, &view, &view, &answer));
	ck_assert_int_eq(answer, GRAFT_NONE);
	buf_free(&file);
}
END_TEST

Suite *format_macho_graft_suite(void);

Suite *
format_macho_graft_suite(void)
{
	static const int count = (int)ARRAY_COUNT(pairs);
	Suite *suite = suite_create("format_macho_graft");
	TCase *tcase = tcase_create("graft");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, each_byte_outside_counts, 0, count);
	tcase_add_loop_test(tcase, other_lengths_are_seen, 0, count);
	tcase_add_test(tcase, what_is_not_signed_gives_nothing);
	suite_add_tcase(suite, tcase);
	return suite;
}
