/*
 * Images of file systems whose files nobody here lists: recognised by their super
 * block, its fields named, and sealed: what is in them is compared as bytes and reported
 * as not looked into. Layouts are those of Linux (fs/NAME) and of the programs that make
 * them; the FAT one is that of the Microsoft FAT specification.
 *
 *	[ boot area ]  super block  blocks
 */
#include "format/record_private.h"

struct file_system {
	const char *lead;  /* what stands before the super block */
	const char *super; /* what of the super block has no field below */
	const char *rest;  /* what follows it */
	uint32_t start, size;
	const struct record_field *fields;
	size_t count;
};

static int
map_image(const struct file_system *image, const struct view *view, struct map *map)
{
	uint64_t end = (uint64_t)image->start + image->size;
	record_map_fields(map, image->start, EXTENT_NO_MEMBER, image->fields,
			  image->count);
	map_add(map, image->start, image->size, EXTENT_METADATA, EXTENT_NO_MEMBER,
		image->super, NULL);
	map_add(map, 0, image->start, EXTENT_CONTENT, EXTENT_NO_MEMBER, image->lead,
		NULL);
	if (view->size > end)
		map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
			image->rest, NULL);
	return 0;
}

/* A row: its probe is a function of its own, NAME_probe. */
#define ROW(id, row, row_title, row_start, row_size)                                   \
	static int id##_map(const struct view *view, struct map *map, struct err *err) \
	{                                                                              \
		static const struct file_system image = {row " boot area",             \
							 row " super block",           \
							 row " blocks",                \
							 row_start,                    \
							 row_size,                     \
							 id##_fields,                  \
							 ARRAY_COUNT(id##_fields)};    \
		return map_image(&image, view, map);                                   \
	}                                                                              \
	const struct format format_##id = {.name = row,                                \
					   .title = row_title,                         \
					   .sealed = true,                             \
					   .probe = id##_probe,                        \
					   .map = id##_map}

/* A row that some bytes at one place tell. */
#define MAGIC_ROW(id, row, title, at, magic, start, size)                              \
	static enum probe_answer id##_probe(const struct view *view)                   \
	{                                                                              \
		return view_has(view, at, magic, sizeof(magic) - 1) ? PROBE_SURE       \
								    : PROBE_NO;        \
	}                                                                              \
	ROW(id, row, title, start, size)

/* ---- EROFS (fs/erofs/erofs_fs.h) --------------------------------------- */

static const struct record_field erofs_fields[] = {
    {0, 4, EXTENT_METADATA, "erofs magic"},
    {4, 4, EXTENT_DERIVED, "erofs checksum"},
    {8, 4, EXTENT_METADATA, "erofs compatible features"},
    {12, 1, EXTENT_METADATA, "erofs block size"},
    {14, 2, EXTENT_METADATA, "erofs root inode"},
    {16, 8, EXTENT_METADATA, "erofs inode count"},
    {24, 12, EXTENT_METADATA, "erofs build time"},
    {36, 4, EXTENT_METADATA, "erofs block count"},
    {40, 4, EXTENT_METADATA, "erofs inode area"},
    {44, 4, EXTENT_METADATA, "erofs shared attribute area"},
    {48, 16, EXTENT_METADATA, "erofs UUID"},
    {64, 16, EXTENT_METADATA, "erofs volume name"},
    {80, 4, EXTENT_METADATA, "erofs incompatible features"},
};

MAGIC_ROW(erofs, "erofs", "EROFS image", 1024, "\xe2\xe1\xf5\xe0", 1024, 128);

/* ---- ext2, ext3, ext4 (fs/ext4/ext4.h) ---------------------------------- */

static const struct record_field ext_fields[] = {
    {0, 4, EXTENT_METADATA, "ext4 inode count"},
    {4, 4, EXTENT_METADATA, "ext4 block count"},
    {12, 4, EXTENT_METADATA, "ext4 free block count"},
    {16, 4, EXTENT_METADATA, "ext4 free inode count"},
    {24, 4, EXTENT_METADATA, "ext4 block size"},
    {44, 4, EXTENT_METADATA, "ext4 mount time"},
    {48, 4, EXTENT_METADATA, "ext4 write time"},
    {52, 2, EXTENT_METADATA, "ext4 mount count"},
    {56, 2, EXTENT_METADATA, "ext4 magic"},
    {58, 2, EXTENT_METADATA, "ext4 state"},
    {64, 4, EXTENT_METADATA, "ext4 check time"},
    {76, 4, EXTENT_METADATA, "ext4 revision"},
    {92, 4, EXTENT_METADATA, "ext4 compatible features"},
    {96, 4, EXTENT_METADATA, "ext4 incompatible features"},
    {100, 4, EXTENT_METADATA, "ext4 read-only compatible features"},
    {104, 16, EXTENT_METADATA, "ext4 UUID"},
    {120, 16, EXTENT_METADATA, "ext4 volume name"},
    {136, 64, EXTENT_METADATA, "ext4 last mounted on"},
    {208, 16, EXTENT_METADATA, "ext4 journal UUID"},
    {236, 16, EXTENT_METADATA, "ext4 hash seed"},
    {264, 4, EXTENT_METADATA, "ext4 creation time"},
    {376, 8, EXTENT_METADATA, "ext4 kilobytes written"},
    {1020, 4, EXTENT_DERIVED, "ext4 checksum"},
};

/* Its magic of two bytes needs company. */
static enum probe_answer
ext_probe(const struct view *view)
{
	uint32_t block_size = 0, revision = 0, blocks = 0;
	bool is = view_has(view, 1024 + 56, "\x53\xef", 2) &&
		  view_u32le(view, 1024 + 24, &block_size) == 0 && block_size <= 6 &&
		  view_u32le(view, 1024 + 76, &revision) == 0 && revision <= 1 &&
		  view_u32le(view, 1024 + 4, &blocks) == 0 && blocks > 0;
	return is ? PROBE_SURE : PROBE_NO;
}

ROW(ext, "ext4", "ext2, ext3 or ext4 image", 1024, 1024);

/* ---- FAT and NTFS: a boot sector ---------------------------------------- */

/* It begins with a jump of x86 and ends with a mark that the BIOS wants. */
static bool
is_boot_sector(const struct view *view)
{
	return (view_has(view, 0, "\xeb", 1) || view_has(view, 0, "\xe9", 1)) &&
	       view_has(view, 510, "\x55\xaa", 2);
}

static const struct record_field fat_fields[] = {
    {3, 8, EXTENT_METADATA, "fat OEM name"},
    {11, 2, EXTENT_METADATA, "fat sector size"},
    {13, 1, EXTENT_METADATA, "fat cluster size"},
    {39, 4, EXTENT_METADATA, "fat volume serial number"},
    {43, 11, EXTENT_METADATA, "fat volume label"},
    {54, 8, EXTENT_METADATA, "fat type"},
};

static enum probe_answer
fat_probe(const struct view *view)
{
	return is_boot_sector(view) && view_has(view, 54, "FAT", 3) ? PROBE_SURE
								    : PROBE_NO;
}

ROW(fat, "fat", "FAT12 or FAT16 image", 0, 512);

static const struct record_field fat32_fields[] = {
    {3, 8, EXTENT_METADATA, "fat32 OEM name"},
    {11, 2, EXTENT_METADATA, "fat32 sector size"},
    {13, 1, EXTENT_METADATA, "fat32 cluster size"},
    {67, 4, EXTENT_METADATA, "fat32 volume serial number"},
    {71, 11, EXTENT_METADATA, "fat32 volume label"},
    {82, 8, EXTENT_METADATA, "fat32 type"},
};

static enum probe_answer
fat32_probe(const struct view *view)
{
	return is_boot_sector(view) && view_has(view, 82, "FAT32", 5) ? PROBE_SURE
								      : PROBE_NO;
}

ROW(fat32, "fat32", "FAT32 image", 0, 512);

static const struct record_field ntfs_fields[] = {
    {11, 2, EXTENT_METADATA, "ntfs sector size"},
    {72, 8, EXTENT_METADATA, "ntfs volume serial number"},
};

static enum probe_answer
ntfs_probe(const struct view *view)
{
	return is_boot_sector(view) && view_has(view, 3, "NTFS    ", 8) ? PROBE_SURE
									: PROBE_NO;
}

ROW(ntfs, "ntfs", "NTFS image", 0, 512);

/* ---- btrfs, XFS, F2FS ---------------------------------------------------- */

static const struct record_field btrfs_fields[] = {
    {0, 32, EXTENT_DERIVED, "btrfs checksum"},
    {32, 16, EXTENT_METADATA, "btrfs UUID"},
    {64, 8, EXTENT_METADATA, "btrfs magic"},
    {72, 8, EXTENT_METADATA, "btrfs generation"},
    {299, 256, EXTENT_METADATA, "btrfs label"},
};

MAGIC_ROW(btrfs, "btrfs", "btrfs image", 65536 + 64, "_BHRfS_M", 65536, 4096);

static const struct record_field xfs_fields[] = {
    {0, 4, EXTENT_METADATA, "xfs magic"},     {4, 4, EXTENT_METADATA, "xfs block size"},
    {32, 16, EXTENT_METADATA, "xfs UUID"},    {108, 12, EXTENT_METADATA, "xfs label"},
    {224, 4, EXTENT_DERIVED, "xfs checksum"},
};

MAGIC_ROW(xfs, "xfs", "XFS image", 0, "XFSB", 0, 512);

static const struct record_field f2fs_fields[] = {
    {0, 4, EXTENT_METADATA, "f2fs magic"},
    {36, 8, EXTENT_METADATA, "f2fs block count"},
    {108, 16, EXTENT_METADATA, "f2fs UUID"},
    {124, 1024, EXTENT_METADATA, "f2fs volume name"},
};

MAGIC_ROW(f2fs, "f2fs", "F2FS image", 1024, "\x10\x20\xf5\xf2", 1024, 3072);

/* ---- for flash and ROM --------------------------------------------------- */

static const struct record_field cramfs_fields[] = {
    {0, 4, EXTENT_METADATA, "cramfs magic"},
    {4, 4, EXTENT_METADATA, "cramfs size"},
    {8, 4, EXTENT_METADATA, "cramfs flags"},
    {16, 16, EXTENT_METADATA, "cramfs signature"},
    {32, 4, EXTENT_DERIVED, "cramfs CRC-32"},
    {36, 4, EXTENT_METADATA, "cramfs edition"},
    {48, 16, EXTENT_METADATA, "cramfs name"},
};

static enum probe_answer
cramfs_probe(const struct view *view)
{
	return view_has(view, 0, "\x45\x3d\xcd\x28", 4) ||
		       view_has(view, 0, "\x28\xcd\x3d\x45", 4)
		   ? PROBE_SURE
		   : PROBE_NO;
}

ROW(cramfs, "cramfs", "cramfs image", 0, 64);

static const struct record_field romfs_fields[] = {
    {0, 8, EXTENT_METADATA, "romfs magic"},
    {8, 4, EXTENT_METADATA, "romfs size"},
    {12, 4, EXTENT_DERIVED, "romfs checksum"},
};

MAGIC_ROW(romfs, "romfs", "romfs image", 0, "-rom1fs-", 0, 16);

static const struct record_field ubi_fields[] = {
    {0, 4, EXTENT_METADATA, "ubi magic"},
    {8, 8, EXTENT_METADATA, "ubi erase counter"},
    {16, 4, EXTENT_METADATA, "ubi volume header offset"},
    {20, 4, EXTENT_METADATA, "ubi data offset"},
    {24, 4, EXTENT_METADATA, "ubi image sequence number"},
    {60, 4, EXTENT_DERIVED, "ubi header CRC-32"},
};

MAGIC_ROW(ubi, "ubi", "UBI image", 0, "UBI#", 0, 64);

static const struct record_field ubifs_fields[] = {
    {0, 4, EXTENT_METADATA, "ubifs magic"},
    {4, 4, EXTENT_DERIVED, "ubifs node CRC-32"},
    {8, 8, EXTENT_METADATA, "ubifs sequence number"},
    {108, 16, EXTENT_METADATA, "ubifs UUID"},
};

MAGIC_ROW(ubifs, "ubifs", "UBIFS image", 0, "\x31\x18\x10\x06", 0, 4096);
