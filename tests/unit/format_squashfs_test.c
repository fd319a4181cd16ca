/* squashfs images and AppImages, made by mksquashfs; figures from sqfs2tar and
 * unsquashfs. */
#include "compare_case.h"
#include "format_sink.h"
#include "members.h"

/* A folder of all that such an image can hold. "noise" does not compress, "long" has
 * whole blocks and a fragment, "sparse" has holes. */
#define FILES                                                                          \
	"rm -rf d *.sqfs; mkdir -p d/sub/empty; seq 60000 >d/sub/long; head -c "       \
	"200000 "                                                                      \
	"/dev/urandom >d/noise; : >d/none; echo hi >d/a; ln d/a d/hard; ln -s a "      \
	"d/link; "                                                                     \
	"truncate -s 700000 d/sparse; chmod 4755 d/a; chmod 1777 d/sub; mkfifo "       \
	"d/fifo; "                                                                     \
	"i=0; while [ $i -lt 600 ]; do echo $i >d/sub/empty/$i; i=$((i + 1)); done; "  \
	"find d -exec touch -h -d @1600000000 {} +; "
#define PSEUDO "-p 'dev c 600 5 6 259 70000' -p 'blk b 640 0 6 8 1' "
#define MAKE   "mksquashfs d x.sqfs -quiet -no-progress -mkfs-time 1500000000 "

static const char *const makers[] = {
    MAKE "-comp gzip " PSEUDO,
    MAKE "-comp xz -Xbcj x86 -b 64K " PSEUDO,
    MAKE "-comp zstd -b 1M " PSEUDO,
    MAKE "-comp lz4 " PSEUDO,
    MAKE "-comp lzma " PSEUDO,
    MAKE "-noI -noD -noF -noX " PSEUDO,
    MAKE "-no-fragments -no-exports -no-duplicates " PSEUDO,
    MAKE "-always-use-fragments -tailends -force-uid 7 -force-gid 70000 " PSEUDO,
    "tar -C d -cf d.tar . && tar2sqfs -q -c zstd x.sqfs <d.tar",
};

/* Names, types, modes, owners, times, targets, sizes and digests, all as sqfs2tar gives
 * them to tar. */
START_TEST(reads_as_sqfs2tar)
{
	struct members members;
	if (!test_have("mksquashfs") || !test_have("sqfs2tar"))
		TEST_SKIP("squashfs-tools or squashfs-tools-ng is not installed");
	test_shell(FILES "%s", makers[_i]);
	ck_assert_str_eq(probe_name("x.sqfs"), "squashfs");
	struct buf bytes = test_file("x.sqfs");
	struct view view = view_of_buf(&bytes);
	members_read(&format_squashfs, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	ck_assert_uint_eq(members.notes.count, 0);
	test_write("ours", members.listing.data, members.listing.size);
	test_write("sums", members.digests.data, members.digests.size);
	test_shell(
	    "export TZ=UTC LC_ALL=C; grep -v ' \\.$' ours | sort >o; sqfs2tar x.sqfs "
	    ">t.tar; tar --numeric-owner --full-time -tvf t.tar | sed 's|/$||' | tr -s "
	    "' ' | sort >t; diff o t; grep -c . o; rm -rf u; unsquashfs -q -n -d u "
	    "x.sqfs >/dev/null; cd u; sha256sum --quiet --strict -c ../sums; test "
	    "$(find . -type f ! -name hard | wc -l) = $(wc -l <../sums)");
	struct map *map = format_map(&format_squashfs, &view, NULL);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	map_free(map);
	members_torture(&format_squashfs, &view, 40, 60);
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

START_TEST(attributes)
{
	struct members members;
	if (!test_have("tar2sqfs"))
		TEST_SKIP("squashfs-tools-ng is not installed");
	/* a value that two files share stands elsewhere */
	test_shell(
	    "python3 - <<'E'\nimport tarfile\nt=tarfile.open('d.tar','w',"
	    "format=tarfile.PAX_FORMAT)\nfor n in ('a','b'):\n  i=tarfile.TarInfo("
	    "n)\n  i.pax_headers={'SCHILY.xattr.user.z':'%s','SCHILY.xattr."
	    "security.capability':n}\n  t.addfile(i)\nt.close()\nE\n"
	    "tar2sqfs -q x.sqfs <d.tar",
	    "0123456789012345678901234567890123456789");
	struct buf bytes = test_file("x.sqfs");
	struct view view = view_of_buf(&bytes);
	members_read(&format_squashfs, &view, &members);
	ck_assert_msg(members.result == 0, "%s", members.err.message);
	static const char *const lines[] = {
	    "a: security.capability=61\nuser.z=3031323334353637383930313233343536373839"
	    "3031323334353637383930313233343536373839\n",
	    "b: security.capability=62\nuser.z=3031323334353637383930313233343536373839"
	    "3031323334353637383930313233343536373839\n"};
	for (size_t i = 0; i < ARRAY_COUNT(lines); i++)
		ck_assert_msg(strstr(members.attributes.data, lines[i]) != NULL, "%s",
			      members.attributes.data);
	members_free(&members);
	buf_free(&bytes);
}
END_TEST

START_TEST(names_the_super_block)
{
	if (!test_have("mksquashfs"))
		TEST_SKIP("squashfs-tools is not installed");
	test_shell(FILES MAKE);
	struct buf bytes = test_file("x.sqfs");
	struct view view = view_of_buf(&bytes);
	struct map *map = format_map(&format_squashfs, &view, NULL);
	uint32_t time = 0;
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	const struct extent *extent = map_extent(map, "squashfs creation time");
	view_u32le(&view, extent->offset, &time);
	ck_assert_uint_eq(time, 1500000000);
	/* where unsquashfs says that the tables start */
	test_shell("unsquashfs -s x.sqfs >/dev/null; unsquashfs -v >/dev/null || true; "
		   "od -An -tu8 -j64 -N8 x.sqfs >inodes");
	struct buf text = test_file("inodes");
	ck_assert_uint_eq(map_extent(map, "squashfs inode table")->offset,
			  strtoull(text.data, NULL, 10));
	ck_assert_int_eq(map_extent(map, "squashfs padding")->tag, EXTENT_PADDING);
	buf_free(&text);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* Each changes an uncompressed image, and what must be said then. */
static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"printf secret >>x.sqfs", "suspect", "after the end"},
    {"truncate -s +40960 x.sqfs", "remark", "zero bytes after the end"},
    /* a compressor that nobody knows */
    {"printf '\\11' | dd of=x.sqfs bs=1 seek=20 conv=notrunc", "fails",
     "no known compressor"},
    {"mksquashfs d y.sqfs -quiet -no-progress -comp lzo; mv y.sqfs x.sqfs", "fails",
     "lzo"},
    /* the super block counts one inode more */
    {"python3 -c \"\nb=bytearray(open('x.sqfs','rb').read())\nb[4]+=1\n"
     "b[88:96]=b'\\xff'*8\nopen('x.sqfs','wb').write(b)\"",
     "suspect", "inodes"},
    {"truncate -s 4000 x.sqfs", "fails", "are there"},
    /* bytes between the data and the tables: all that follows moves by 64 */
    {"python3 -c \"\nimport struct\nb=bytearray(open('x.sqfs','rb').read())\n"
     "t=struct.unpack_from('<Q',b,64)[0]\nb=b[:t]+b'X'*64+b[t:]\n"
     "fix=lambda o:struct.pack_into('<Q',b,o,struct.unpack_from('<Q',b,o)[0]+64)\n"
     "for o in (40,48,64,72,80,88): fix(o)\n"
     "for o in (48,80,88):\n  p=struct.unpack_from('<Q',b,o)[0]\n  fix(p)\n"
     "open('x.sqfs','wb').write(b)\"",
     "suspect", "64 bytes that nothing"},
    /* the folder "sub" is its own parent's listing: a loop */
    {"python3 -c \"\nimport struct\nb=bytearray(open('x.sqfs','rb').read())\n"
     "root=struct.unpack_from('<Q',b,32)[0]\n"
     "d=struct.unpack_from('<Q',b,72)[0]\nat=b.index(b'sub',d)-8\n"
     "struct.pack_into('<H',b,at,root&0xffff)\nopen('x.sqfs','wb').write(b)\"",
     "fails", "two names"},
    {"python3 -c \"\nimport struct\nb=bytearray(open('x.sqfs','rb').read())\n"
     "d=struct.unpack_from('<Q',b,72)[0]\nat=b.index(b'noise',d)\nb[at+1]=47\n"
     "open('x.sqfs','wb').write(b)\"",
     "fails", "none that a file can have"},
};

START_TEST(trap)
{
	struct record record = {0};
	struct err err = {0};
	if (!test_have("mksquashfs"))
		TEST_SKIP("squashfs-tools is not installed");
	test_shell(FILES "rm -rf d/sub/empty; " MAKE "-noI -noD -noF -no-xattrs; %s",
		   traps[_i].trick);
	struct buf bytes = test_file("x.sqfs");
	struct view view = view_of_buf(&bytes);
	int result = record_members(&record, &format_squashfs, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.message, traps[_i].words) != NULL, "%s",
			      err.message);
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	struct map *map = format_map(&format_squashfs, &view, NULL);
	map_check(map, bytes.size);
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* What is changed in the second image, and where it must be told. */
static const struct {
	const char *change, *end, *place;
} changes[] = {
    {"echo ho >d/a", "//a", "line 1"},
    {"chmod 755 d/a", "b.sqfs", "squashfs mode of a"},
    {"touch -d @1600000001 d/none", "b.sqfs", "squashfs mtime of none"},
    {"ln -sf b d/link; touch -h -d @1600000000 d/link d", "b.sqfs",
     "squashfs link target of link"},
    {"more='-mkfs-time 1500000001'", "b.sqfs", "squashfs creation time"},
    {"more='-comp lz4'", "b.sqfs", "squashfs compressor"},
};

START_TEST(changes_are_told)
{
	struct compare_case one;
	if (!test_have("mksquashfs"))
		TEST_SKIP("squashfs-tools is not installed");
	test_shell(FILES
		   "more='-mkfs-time 1500000000'; make() { mksquashfs d $1 -quiet "
		   "-no-progress $more; }; make a.sqfs; %s; find d -newermt "
		   "@1700000000 -exec touch -h -d @1600000000 {} +; make b.sqfs",
		   changes[_i].change);
	case_compare(&one, "b.sqfs", "a.sqfs");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, changes[_i].end), changes[_i].place);
	case_close(&one);
}
END_TEST

START_TEST(enters_an_appimage)
{
	struct compare_case one;
	struct buf bytes;
	if (!test_have("mksquashfs"))
		TEST_SKIP("squashfs-tools is not installed");
	test_shell(
	    FILES MAKE
	    "; echo 'int main(void) { return 0; }' >t.c; gcc -o t t.c; printf "
	    "'AI\\2' | dd of=t bs=1 seek=8 conv=notrunc; cat t x.sqfs >a.AppImage; "
	    "cp a.AppImage b.AppImage; wc -c <t >size");
	ck_assert_str_eq(probe_name("a.AppImage"), "appimage");
	bytes = test_file("size");
	size_t size = strtoul(bytes.data, NULL, 10);
	buf_free(&bytes);
	bytes = test_file("a.AppImage");
	struct view view = view_of_buf(&bytes);
	struct map *map = format_map(&format_appimage, &view, NULL);
	map_check(map, bytes.size);
	ck_assert_uint_eq(map_extent(map, "content")->offset, size);
	ck_assert(map_has(map, ".text"));
	map_free(map);
	buf_free(&bytes);
	/* one byte of the program, one of what it mounts */
	test_shell("printf '\\1' | dd of=b.AppImage bs=1 seek=%zu conv=notrunc; printf "
		   "'\\377' | dd of=b.AppImage bs=1 seek=15 conv=notrunc",
		   size + 8);
	case_compare(&one, "b.AppImage", "a.AppImage");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	ck_assert_int_eq(
	    object_number(case_entry(&one, "b.AppImage"), "difference_count"), 1);
	entry_difference(case_entry(&one, "//payload.squashfs"),
			 "squashfs creation time");
	case_close(&one);
}
END_TEST

START_TEST(damage)
{
	if (!test_have("mksquashfs"))
		TEST_SKIP("squashfs-tools is not installed");
	test_shell("mkdir -p d/e; echo a >d/a; ln d/a d/b; ln -s a d/l; seq 9000 >d/s; "
		   "mksquashfs d x.sqfs -quiet -no-progress -noI -noF -b 4K");
	struct buf bytes = test_file("x.sqfs");
	format_survives_damage(&format_squashfs, &bytes, 61, 96);
	/* every byte of the tables */
	struct view view = view_of_buf(&bytes);
	uint64_t inodes = 0, used = 0;
	view_u64le(&view, 64, &inodes);
	view_u64le(&view, 40, &used);
	for (uint64_t i = inodes; i < used; i++) {
		char before = bytes.data[i];
		bytes.data[i] = (char)~before;
		format_survives(&format_squashfs, bytes.data, bytes.size);
		bytes.data[i] = before;
	}
	buf_free(&bytes);
}
END_TEST

Suite *format_squashfs_suite(void);

Suite *
format_squashfs_suite(void)
{
	Suite *suite = suite_create("format_squashfs");
	TCase *tests = tcase_create("squashfs");
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, reads_as_sqfs2tar, 0, ARRAY_COUNT(makers));
	tcase_add_test(tests, attributes);
	tcase_add_test(tests, names_the_super_block);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_loop_test(tests, changes_are_told, 0, ARRAY_COUNT(changes));
	tcase_add_test(tests, enters_an_appimage);
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
