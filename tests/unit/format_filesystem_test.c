/* Images of file systems, made by each one's own maker, with values it was told. */
#include "compare_case.h"
#include "format_sink.h"

#define UUID       "01234567-89ab-cdef-0123-456789abcdef"
#define UUID_BYTES "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"

static const struct {
	const char *program, *make, *name, *field;
	const char *bytes; /* what the field must hold, from its start on */
	size_t size;
} images[] = {
    {"mkfs.erofs", "mkfs.erofs -U " UUID " x d", "erofs", "erofs UUID", UUID_BYTES, 16},
    {"mkfs.erofs", "mkfs.erofs -T 1600000000 x d", "erofs", "erofs build time",
     "\x00\x10\x5e\x5f", 4},
    {"mkfs.ext4", "truncate -s 2M x; mkfs.ext4 -q -U " UUID " x", "ext4", "ext4 UUID",
     UUID_BYTES, 16},
    {"mkfs.ext4", "truncate -s 2M x; mkfs.ext2 -q -L label x", "ext4",
     "ext4 volume name", "label", 6},
    {"mkfs.fat", "truncate -s 2M x; mkfs.fat -F 12 -i 78563412 x", "fat",
     "fat volume serial number", "\x12\x34\x56\x78", 4},
    {"mkfs.fat", "truncate -s 40M x; mkfs.fat -F 32 -n LABEL x", "fat32",
     "fat32 volume label", "LABEL      ", 11},
    {"mkfs.btrfs", "truncate -s 130M x; mkfs.btrfs -q -U " UUID " x", "btrfs",
     "btrfs UUID", UUID_BYTES, 16},
    {"mkfs.xfs", "truncate -s 300M x; mkfs.xfs -q -m uuid=" UUID " x", "xfs",
     "xfs UUID", UUID_BYTES, 16},
    {"mkfs.f2fs", "truncate -s 60M x; mkfs.f2fs -q -l label x", "f2fs",
     "f2fs volume name", "l\0a\0b\0e\0l\0\0", 12},
    {"mkfs.cramfs", "mkfs.cramfs -n label -e 258 d x", "cramfs", "cramfs name", "label",
     6},
    {"mkfs.cramfs", "mkfs.cramfs -N big -n label d x", "cramfs", "cramfs signature",
     "Compressed ROMFS", 16},
    {"genromfs", "genromfs -d d -V label -f x", "romfs", "romfs magic", "-rom1fs-", 8},
    {"ubinize",
     "mkfs.ubifs -r d -m 2048 -e 129024 -c 100 -o y; printf "
     "'[v]\\nmode=ubi\\nimage=y\\nvol_id=0\\nvol_size=2MiB\\nvol_type=dynamic\\n"
     "vol_name=v\\n' >i; ubinize -o x -m 2048 -p 128KiB -Q 305419896 i",
     "ubi", "ubi image sequence number", "\x12\x34\x56\x78", 4},
    {"mkfs.ubifs", "mkfs.ubifs -r d -m 2048 -e 129024 -c 100 -o x", "ubifs",
     "ubifs magic", "\x31\x18\x10\x06", 4},
};

#define MAKE "mkdir -p d; echo hello >d/a; %s"

START_TEST(knows_an_image)
{
	if (!test_have(images[_i].program))
		TEST_SKIP("a program that makes file systems is not installed");
	test_shell(MAKE, images[_i].make);
	ck_assert_str_eq(probe_name("x"), images[_i].name);
	struct buf bytes = test_file("x");
	struct view view = view_of_buf(&bytes);
	struct err err;
	const struct format *format = format_by_name(images[_i].name);
	struct map *map = format_map(format, &view, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, bytes.size);
	const struct extent *extent = map_extent(map, images[_i].field);
	ck_assert(view_has(&view, extent->offset, images[_i].bytes, images[_i].size));
	ck_assert(format->sealed);
	for (size_t size = 0; size < 5000; size += 7)
		format_survives(format, bytes.data, size);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* Bytes that differ are different; what is in equal ones was not looked into either,
 * but nothing in them can differ. */
START_TEST(images_compared)
{
	struct compare_case one;
	if (!test_have("mkfs.ext4"))
		TEST_SKIP("mkfs.ext4 is not installed");
	test_shell("truncate -s 2M a; mkfs.ext4 -q -U " UUID " a; cp a b; cp a c; "
		   "printf x | dd of=b bs=1 seek=1128 conv=notrunc");
	case_compare(&one, "b", "a");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "b");
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	json_t *difference = entry_difference(entry, "ext4 UUID");
	ck_assert_int_eq(object_number(difference, "shipped_offset"), 1128);
	json_t *note = json_array_get(json_object_get(entry, "notes"), 0);
	ck_assert_str_eq(object_text(note, "kind"), "undecided");
	ck_assert_ptr_nonnull(strstr(object_text(note, "text"), "not looked into"));
	case_close(&one);
	case_compare(&one, "c", "a");
	ck_assert_int_eq(one.worst, STATUS_IDENTICAL);
	case_close(&one);
}
END_TEST

Suite *format_filesystem_suite(void);

Suite *
format_filesystem_suite(void)
{
	Suite *suite = suite_create("format_filesystem");
	TCase *tests = tcase_create("filesystem");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, knows_an_image, 0, ARRAY_COUNT(images));
	tcase_add_test(tests, images_compared);
	suite_add_tcase(suite, tests);
	return suite;
}
