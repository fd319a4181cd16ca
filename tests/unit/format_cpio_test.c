/* cpio and rpm: against GNU cpio, rpm and rpm2cpio. */
#include "members.h"

#include <unistd.h>

extern const struct format format_cpio, format_rpm;

static const char *const cpio_formats[] = {"newc", "crc", "odc"};

START_TEST(lists_as_cpio)
{
	struct members members;
	struct format_match match;
	test_shell(
	    "rm -rf c; mkdir -p c/sub; cd c; echo one >one; head -c 5001 /dev/urandom "
	    ">sub/two; ln -s one link; mkfifo pipe; chmod 4755 sub/two; touch -d "
	    "'2001-02-03 04:05:06 UTC' one; find . | sort | cpio --quiet -o -H %s "
	    ">../c.cpio; cpio --quiet -it <../c.cpio >../expected; find . -type f | "
	    "sort | xargs sha256sum >../sums",
	    cpio_formats[_i]);
	struct buf bytes = test_file("c.cpio"), names = test_file("expected"),
		   sums = test_file("sums"), ours = {0};
	struct view view = view_of_buf(&bytes);
	format_probe(&view, &match);
	ck_assert_ptr_eq(match.format, &format_cpio);
	members_read(&format_cpio, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	for (const char *line = members.listing.data; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		const char *name = line;
		for (int i = 0; i < 5; i++)
			name += strcspn(name, " ") + 1;
		size_t size = strcspn(name, " \n");
		buf_printf(&ours, "%.*s\n", (int)size, name);
		line += length + 1;
	}
	ck_assert_str_eq(ours.data, names.data);
	ck_assert_uint_eq(members.notes.count, 0);
	ck_assert_ptr_nonnull(
	    strstr(members.listing.data, " 4 2001-02-03 04:05:06 one\n"));
	ck_assert_ptr_nonnull(strstr(members.listing.data, "link -> one\n"));
	ck_assert_ptr_nonnull(strstr(members.listing.data, "-rwsr-xr-x "));
	/* find writes "./one" and cpio -o drops the "./" */
	for (char *at = sums.data; (at = strstr(at, "  ./")) != NULL; at += 2)
		memmove(at + 2, at + 4, strlen(at + 4) + 1);
	ck_assert_str_eq(members.digests.data, sums.data);
	members_check_map(&format_cpio, &view);
	members_torture(&format_cpio, &view, 200, 200);
	members_free(&members);
	buf_free(&bytes);
	buf_free(&names);
	buf_free(&sums);
	buf_free(&ours);
}
END_TEST

/* The content stands with the last of the names. */
START_TEST(hard_links)
{
	struct members members;
	test_shell(
	    "rm -rf c; mkdir c; cd c; echo shared >a; ln a b; ln a c; : >e; ln e f; "
	    "printf 'a\\nb\\nc\\ne\\nf\\n' | cpio --quiet -o -H newc >../c.cpio");
	struct buf bytes = test_file("c.cpio");
	struct view view = view_of_buf(&bytes);
	members_read(&format_cpio, &view, &members);
	ck_assert_uint_eq(members.count, 5);
	ck_assert_ptr_nonnull(strstr(members.listing.data, "a link to c\n"));
	ck_assert_ptr_nonnull(strstr(members.listing.data, "b link to c\n"));
	ck_assert_ptr_null(strstr(members.listing.data, "e link to"));
	ck_assert_uint_eq(members.notes.count, 0);
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *make, *kind, *words;
} traps[] = {
    {"cat c.cpio c.cpio >2; mv 2 c.cpio", "suspect", "behind the trailer"},
    {"echo junk >>c.cpio", "suspect", "5 bytes after the end"},
    {"truncate -s 124 c.cpio", "fails", "without its trailer"},
    {"printf x | dd of=c.cpio bs=1 seek=117 conv=notrunc", "suspect", "checksum"},
    {"printf x | dd of=c.cpio bs=1 seek=20 conv=notrunc", "fails", "not a number"},
};

START_TEST(trap)
{
	struct members members;
	/* header 110, "abc\0" to 114 and 116, content "12345678" to 124 */
	test_shell("rm -rf c; mkdir c; cd c; printf 12345678 >abc; "
		   "echo abc | cpio --quiet -o -H crc >c.cpio; %s; mv c.cpio ..",
		   traps[_i].make);
	struct buf bytes = test_file("c.cpio");
	struct view view = view_of_buf(&bytes);
	members_read(&format_cpio, &view, &members);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(members.result, -1);
		ck_assert_msg(strstr(members.err.message, traps[_i].words) != NULL,
			      "%s", members.err.message);
	} else {
		ck_assert(members_noted(&members, traps[_i].kind, traps[_i].words));
	}
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

#define MAKE_RPM                                                                       \
	"rm -rf r; mkdir r; cd r; cat >p.spec <<'E'\n"                                 \
	"Name: p\nVersion: 1\nRelease: 1\nSummary: s\nLicense: none\nBuildArch: "      \
	"noarch\n"                                                                     \
	"%%description\nd\n%%install\nmkdir -p %%{buildroot}/usr/share/p\n"            \
	"echo one >%%{buildroot}/usr/share/p/one\nseq 9999 "                           \
	">%%{buildroot}/usr/share/p/two\n"                                             \
	"%%post\necho hello\n%%files\n/usr/share/p\nE\n"                               \
	"rpmbuild -bb --quiet --define \"_topdir $PWD\" --define '_binary_payload "    \
	"w9.gzdio' p.spec; cp RPMS/*/*.rpm ../p.rpm; cd ..; "

START_TEST(rpm_of_rpmbuild)
{
	struct members members;
	struct format_match match;
	if (!test_have("rpmbuild"))
		TEST_SKIP("needs rpmbuild");
	test_shell(MAKE_RPM "rpm2cpio p.rpm | sha256sum | cut -c1-64 >expected; "
			    "rpm -qp --qf '%%{PAYLOADDIGEST}' p.rpm >digest");
	struct buf bytes = test_file("p.rpm"), digest = test_file("digest");
	struct view view = view_of_buf(&bytes);
	format_probe(&view, &match);
	ck_assert_ptr_eq(match.format, &format_rpm);
	members_read(&format_rpm, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	ck_assert_uint_eq(members.count, 1);
	ck_assert_uint_eq(members.notes.count, 0);
	/* rpm's own digest of the payload is that of our slice */
	ck_assert_uint_eq(digest.size, 64);
	ck_assert_int_eq(strncmp(members.digests.data, digest.data, 64), 0);
	members_check_map(&format_rpm, &view);
	members_torture(&format_rpm, &view, 200, 400);
	struct map *map = format_map(&format_rpm, &view, NULL);
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, "echo hello", 10, &at), 0);
	ck_assert_str_eq(map_find(map, at)->name, "rpm header post-install script");
	map_free(map);
	members_free(&members);
	buf_free(&bytes);
	buf_free(&digest);
}
END_TEST

Suite *format_cpio_suite(void);

Suite *
format_cpio_suite(void)
{
	Suite *suite = suite_create("format_cpio");
	TCase *tcase = tcase_create("cpio and rpm");
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, lists_as_cpio, 0, ARRAY_COUNT(cpio_formats));
	tcase_add_test(tcase, hard_links);
	tcase_add_loop_test(tcase, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tcase, rpm_of_rpmbuild);
	suite_add_tcase(suite, tcase);
	return suite;
}
