/* tar: against GNU tar's own listing, in all of its formats, and the known traps. */
#include "members.h"

#include <unistd.h>

extern const struct format format_tar;

/* A folder with what a tar can hold; names longer than a header's fields. */
static const char make_tree[] =
    "rm -rf t t.tar; mkdir -p t/sub; echo one >t/one; head -c 70000 /dev/urandom "
    ">t/two; ln -s one t/link; ln t/one t/hard; mkfifo t/pipe; chmod 4711 t/two; chmod "
    "1777 t/sub; touch -d '2001-02-03 04:05:06.789 UTC' t/one; touch -d '1966-01-01 "
    "UTC' t/two; long=$(printf 'x%.0s' $(seq 90)); mkdir t/$long; echo l "
    ">t/$long/$long$long; ";

static const char *const tar_formats[] = {"gnu", "oldgnu", "pax", "ustar", "v7"};

static void
read_tar(struct buf *bytes, struct view *view, struct members *members)
{
	struct format_match match;
	*bytes = test_file("t.tar");
	*view = view_of_buf(bytes);
	format_probe(view, &match);
	ck_assert_ptr_eq(match.format, &format_tar);
	members_read(&format_tar, view, members);
}

START_TEST(lists_as_gnu_tar)
{
	struct buf bytes;
	struct view view;
	struct members members;
	const char *format = tar_formats[_i];
	/* ustar and v7 cannot hold every name or time: tar leaves those out */
	test_shell(
	    "%s tar --format=%s --numeric-owner --owner=%s --group=7 -cf t.tar t || "
	    "true; TZ=UTC tar --numeric-owner --full-time -tvf t.tar | tr -s ' ' | "
	    "sed 's/\\(:[0-9][0-9]\\)\\.[0-9]* /\\1 /' >expected; mkdir -p x; tar "
	    "-xf t.tar --same-permissions -C x; cd x; find . -type f | wc -l",
	    make_tree, format, _i < 3 ? "3000000" : "300");
	read_tar(&bytes, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	struct buf expected = test_file("expected");
	ck_assert_str_eq(members.listing.data, expected.data);
	ck_assert_uint_eq(members.notes.count, 0);
	/* contents: check what we read with sha256sum's own check */
	test_write("sums", members.digests.data, members.digests.size);
	test_shell("cd x; sha256sum --strict --quiet -c ../sums; rm -rf ../x");
	members_check_map(&format_tar, &view);
	members_torture(&format_tar, &view, 150, 150);
	members_free(&members);
	buf_free(&expected);
	buf_free(&bytes);
}
END_TEST

START_TEST(attributes_of_pax)
{
	struct buf bytes;
	struct view view;
	struct members members;
	if (geteuid() != 0 || !test_have("setcap"))
		TEST_SKIP("needs root and setcap");
	test_shell(
	    "rm -rf t; mkdir t; cp /bin/true t/ping; setcap cap_net_raw+ep t/ping; "
	    "tar --format=pax --xattrs --xattrs-include='*' "
	    "--pax-option=delete=atime,delete=ctime -cf t.tar t");
	read_tar(&bytes, &view, &members);
	/* VFS_CAP_REVISION_2 with the effective bit; CAP_NET_RAW is bit 13 */
	ck_assert_str_eq(members.attributes.data,
			 "t/ping: SCHILY.xattr.security.capability="
			 "0100000200200000000000000000000000000000\n");
	members_check_map(&format_tar, &view);
	struct map *map = format_map(&format_tar, &view, NULL);
	bool found = false;
	for (size_t i = 0; i < map->count; i++)
		found |= strcmp(map->extents[i].name,
				"pax SCHILY.xattr.security.capability") == 0 &&
			 map->extents[i].member == 1;
	ck_assert(found);
	map_free(map);
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *make; /* t.tar from the folder t with the files a and b */
	const char *kind, *words;
	uint32_t count; /* members */
} traps[] = {
    {"tar -cf t.tar a; tar -cf 2.tar b; cat 2.tar >>t.tar", "suspect", "behind the end",
     2},
    {"tar -cf t.tar a; printf 'junk behind' >>t.tar", "suspect", "11 bytes after", 1},
    {"tar -cf t.tar a; head -c 5000 /dev/zero >>t.tar", "remark", "", 1},
    {"tar -b1 -cf t.tar a; truncate -s 1024 t.tar", "remark", "no end-of-archive", 1},
    {"tar -b1 -cf t.tar a; truncate -s 1536 t.tar", "remark", "one end-of-archive", 1},
    {"tar -b1 -cf t.tar a b; truncate -s 1200 t.tar", "fails", "cut tar header", 1},
    {"tar -cf t.tar a; printf 'X' | dd of=t.tar bs=1 seek=5 conv=notrunc", "fails",
     "offset 0 has a wrong checksum", 0},
    {"tar -cf t.tar a b; printf 'X' | dd of=t.tar bs=1 seek=1030 conv=notrunc", "fails",
     "offset 1024 has a wrong checksum", 1},
    {"truncate -s 1M s; echo x >>s; tar -S -cf t.tar s", "undecided", "sparse", 1},
    {"truncate -s 1M s; echo x >>s; tar -S --format=pax -cf t.tar s", "undecided",
     "sparse", 1},
    {"tar -V label -cf t.tar a", "remark", "volume label", 2},
};

START_TEST(trap)
{
	struct members members;
	test_shell("rm -rf t; mkdir t; cd t; echo a >a; echo b >b; %s; mv t.tar ..",
		   traps[_i].make);
	struct buf bytes = test_file("t.tar");
	struct view view = view_of_buf(&bytes);
	members_read(&format_tar, &view, &members);
	ck_assert_uint_eq(members.count, traps[_i].count);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(members.result, -1);
		ck_assert_int_eq(members.err.kind, ERR_INPUT);
		ck_assert_msg(strstr(members.err.message, traps[_i].words) != NULL,
			      "%s", members.err.message);
	} else {
		ck_assert_msg(members.result == 0, "%s", members.err.message);
		ck_assert(traps[_i].words[0] == '\0' ||
			  members_noted(&members, traps[_i].kind, traps[_i].words));
	}
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

/* Every byte of a changed header has the name that says what changed. */
START_TEST(places)
{
	test_shell(
	    "rm -rf t; mkdir t; echo a >t/a; echo b >t/b; tar --format=gnu -cf t.tar "
	    "-C t a b");
	struct buf bytes = test_file("t.tar");
	struct view view = view_of_buf(&bytes);
	struct map *map = format_map(&format_tar, &view, NULL);
	static const struct {
		uint64_t offset;
		const char *name;
		uint32_t member;
		enum extent_tag tag;
	} want[] = {
	    {0, "tar header name", 0, EXTENT_METADATA},
	    {103, "tar header mode", 0, EXTENT_METADATA},
	    {150, "tar header checksum", 0, EXTENT_DERIVED},
	    {512, "content", 0, EXTENT_CONTENT},
	    {514, "tar padding", 0, EXTENT_PADDING},
	    {1024 + 140, "tar header mtime", 1, EXTENT_METADATA},
	    {1536, "content", 1, EXTENT_CONTENT},
	    {2048, "tar end blocks", EXTENT_NO_MEMBER, EXTENT_PADDING},
	};
	for (size_t i = 0; i < ARRAY_COUNT(want); i++) {
		const struct extent *extent = map_find(map, want[i].offset);
		ck_assert_str_eq(extent->name, want[i].name);
		ck_assert_uint_eq(extent->member, want[i].member);
		ck_assert_int_eq(extent->tag, want[i].tag);
	}
	map_free(map);
	buf_free(&bytes);
}
END_TEST

Suite *format_tar_suite(void);

Suite *
format_tar_suite(void)
{
	Suite *suite = suite_create("format_tar");
	TCase *tcase = tcase_create("tar");
	tcase_set_timeout(tcase, 20);
	tcase_add_loop_test(tcase, lists_as_gnu_tar, 0, ARRAY_COUNT(tar_formats));
	tcase_add_test(tcase, attributes_of_pax);
	tcase_add_loop_test(tcase, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tcase, places);
	suite_add_tcase(suite, tcase);
	return suite;
}
