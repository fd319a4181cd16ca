/* format: containers that libarchive reads, texts, and what probing answers. */
#include "format_sink.h"

#include <archive.h>
#include <archive_entry.h>

static const char tree[] =
    "rm -rf tree && mkdir -p tree/sub && echo hello >tree/a.txt && "
    "awk 'BEGIN { srand(3); for (i = 0; i < 3000; i++) print rand() }' >tree/sub/b.bin "
    "&& ln -s a.txt tree/link && chmod 4755 tree/sub/b.bin && "
    "touch -d @1600000000 tree/a.txt && printf x >\"$(printf 'tree/\\303\\274.txt')\"";

/* A xar archive of two members, written by libarchive's own writer: nothing in
 * Debian 12 makes one. That writer leaves as many bytes as a SHA-1 has behind the heap
 * that its table of contents describes: they are cut off here. */
static void
make_xar(void)
{
	char *path = path_join(test_folder(), "x.xar");
	struct archive *archive = archive_write_new();
	ck_assert_int_eq(archive_write_set_format_xar(archive), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_filename(archive, path), ARCHIVE_OK);
	struct buf content = test_file("tree/sub/b.bin");
	struct archive_entry *entry = archive_entry_new();
	archive_entry_set_pathname(entry, "tree/sub/b.bin");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0751); /* the writer drops setuid */
	archive_entry_set_uid(entry, 12);
	archive_entry_set_gid(entry, 34);
	archive_entry_set_size(entry, (la_int64_t)content.size);
	archive_entry_set_mtime(entry, 1600000000, 0);
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(archive, content.data, content.size),
			 (la_ssize_t)content.size);
	archive_entry_clear(entry);
	archive_entry_set_pathname(entry, "tree/a.txt");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, 6);
	archive_entry_set_mtime(entry, 1600000000, 0);
	ck_assert_int_eq(archive_write_header(archive, entry), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_data(archive, "hello\n", 6), 6);
	archive_entry_free(entry);
	ck_assert_int_eq(archive_write_free(archive), ARCHIVE_OK);
	test_shell("truncate -s -20 x.xar");
	buf_free(&content);
	free(path);
}

static const struct {
	const struct format *format;
	const char *file, *command, *a, *b; /* b: the large member's path */
	bool unix;                          /* modes, links */
} containers[] = {
    {&format_7z, "x.7z", "7z a x.7z tree", "tree/a.txt", "tree/sub/b.bin", true},
    {&format_cab, "x.cab", "gcab -c x.cab tree/a.txt tree/sub/b.bin", "tree/a.txt",
     "tree/sub/b.bin", false},
    {&format_cab, "x.cab", "gcab -c -z x.cab tree/a.txt tree/sub/b.bin", "tree/a.txt",
     "tree/sub/b.bin", false},
    {&format_iso9660, "x.iso", "xorriso -as mkisofs -quiet -R -J -o x.iso tree",
     "a.txt", "sub/b.bin", true},
    {&format_xar, "x.xar", NULL, "tree/a.txt", "tree/sub/b.bin", false},
};

static void
make_container(int index)
{
	test_shell("%s; rm -f %s", tree, containers[index].file);
	if (containers[index].command != NULL)
		test_shell("%s", containers[index].command);
	else
		make_xar();
}

START_TEST(members_come_out_whole)
{
	make_container(_i);
	struct buf file = test_file(containers[_i].file);
	struct buf large = test_file("tree/sub/b.bin");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_str_eq(probe_name(containers[_i].file), containers[_i].format->name);
	ck_assert_ok(record_members(&record, containers[_i].format, &view, &err), err);
	ck_assert_msg(record.notes.count == 0, "%s", record.notes.items[0]);
	const struct recorded *a = record_find(&record, containers[_i].a);
	const struct recorded *b = record_find(&record, containers[_i].b);
	ck_assert(a != NULL && b != NULL);
	ck_assert_str_eq(a->content.data, "hello\n");
	struct view want = view_of_buf(&large), got = view_of_buf(&b->content);
	ck_assert(view_equal(&want, &got));
	ck_assert(a->member.has_mtime);
	/* A cabinet's time is local, to two seconds; the others' is exact. */
	if (containers[_i].format != &format_cab)
		ck_assert_int_eq(a->member.mtime, 1600000000);
	if (containers[_i].unix) {
		ck_assert_uint_eq(b->member.mode, 04755);
		bool link = false, umlaut = false;
		for (size_t i = 0; i < record.count; i++) {
			const struct recorded *member = &record.members[i];
			link |= member->member.type == MEMBER_SYMLINK &&
				strcmp(member->target, "a.txt") == 0;
			umlaut |= strstr(member->path, "\303\274.txt") != NULL;
		}
		ck_assert(link && umlaut);
	}
	if (containers[_i].format == &format_xar) {
		ck_assert_uint_eq(b->member.uid, 12);
		ck_assert_uint_eq(b->member.mode, 0751);
	}
	struct map *map = format_map(containers[_i].format, &view, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, file.size);
	map_free(map);
	record_free(&record);
	buf_free(&large);
	buf_free(&file);
}
END_TEST

START_TEST(bytes_behind_a_container_are_noted)
{
	make_container(_i);
	struct buf file = test_file(containers[_i].file);
	struct record record = {0};
	struct err err = {0};
	char *note = base_format("suspect %zu: 7 trailing bytes", file.size);
	buf_append(&file, "trailer", 7);
	struct view view = view_of_buf(&file);
	ck_assert_ok(record_members(&record, containers[_i].format, &view, &err), err);
	ck_assert_msg(record_noted(&record, note, "archive"), "%s",
		      record.notes.count ? record.notes.items[0] : "no note");
	free(note);
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(containers_that_are_cut_off_are_not_fine)
{
	make_container(_i);
	struct buf file = test_file(containers[_i].file);
	struct record whole = {0};
	struct err err = {0};
	struct view view = view_of_buf(&file);
	ck_assert_ok(record_members(&whole, containers[_i].format, &view, &err), err);
	for (size_t size = 64; size < file.size; size += file.size / 60) {
		struct record record = {0};
		err = (struct err){0};
		view.size = size;
		int answer =
		    record_members(&record, containers[_i].format, &view, &err);
		/* Either it fails, or a note says that something is wrong. */
		ck_assert_msg(answer == -1 || record.notes.count > 0, "cut at %zu",
			      size);
		record_free(&record);
	}
	record_free(&whole);
	buf_free(&file);
}
END_TEST

START_TEST(encrypted_archives_are_unsupported)
{
	static const char *const options[] = {"-psecret", "-psecret -mhe=on"};
	test_shell("%s; rm -f x.7z; 7z a %s x.7z tree", tree, options[_i]);
	struct buf file = test_file("x.7z");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_int_eq(record_members(&record, &format_7z, &view, &err), -1);
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.message, "encrypted"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(archives_of_nothing_are_undecided)
{
	test_shell("rm -rf x.7z none; mkdir none; 7z a x.7z './none/*'");
	struct buf file = test_file("x.7z");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_members(&record, &format_7z, &view, &err), err);
	ck_assert_uint_eq(record.count, 0);
	ck_assert(record_noted(&record, "undecided", "no members found"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(content_that_the_library_cannot_vouch_for_fails)
{
	/* One bit of a 7z's packed data: its CRC32 tells. */
	make_container(0);
	struct buf file = test_file("x.7z");
	struct view view = view_of_buf(&file);
	for (size_t i = 40; i < 4000; i += 97) {
		struct record record = {0};
		struct err err = {0};
		file.data[i] = (char)(file.data[i] ^ 4);
		ck_assert_int_eq(record_members(&record, &format_7z, &view, &err), -1);
		ck_assert_int_eq(err.kind, ERR_INPUT);
		record_free(&record);
		file.data[i] = (char)(file.data[i] ^ 4);
	}
	buf_free(&file);
}
END_TEST

START_TEST(sets_of_cabinets_are_undecided)
{
	make_container(1);
	struct buf file = test_file("x.cab");
	/* flags: cfhdrNEXT_CABINET would name the next one behind the header; the
	 * library must not be believed to have read all. */
	file.data[30] = 2;
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	int answer = record_members(&record, &format_cab, &view, &err);
	ck_assert(answer == -1 || record_noted(&record, "undecided", "set"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(signed_cabinets_are_mapped)
{
	make_container(1);
	test_shell(
	    "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem "
	    "-days 30 -subj /CN=test; rm -f signed.cab; "
	    "osslsigncode sign -certs cert.pem -key key.pem -in x.cab "
	    "-out signed.cab");
	struct buf file = test_file("signed.cab");
	struct view view = view_of_buf(&file);
	struct err err = {0};
	struct map *map = format_map(&format_cab, &view, &err);
	const struct extent *extent = map_extent(map, "cab signature");
	ck_assert_int_eq(extent->tag, EXTENT_SIGNATURE);
	ck_assert_uint_eq(extent->offset + extent->length, file.size);
	/* PKCS #7 is a DER sequence with a two-byte length. */
	ck_assert(view_has(&view, extent->offset, "\x30\x82", 2));
	map_check(map, file.size);
	map_free(map);
	struct record record = {0};
	ck_assert_ok(record_members(&record, &format_cab, &view, &err), err);
	ck_assert(record_noted(&record, "remark", "signature"));
	ck_assert(!record_noted(&record, "suspect", ""));
	record_free(&record);
	buf_free(&file);
}
END_TEST

/* The extent of that name that belongs to a member; NULL when there is none. */
static const struct extent *
member_extent(const struct map *map, uint32_t member, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (map->extents[i].member == member &&
		    strcmp(map->extents[i].name, name) == 0)
			return &map->extents[i];
	}
	return NULL;
}

/* Records and contents of an image belong to the members that are listed, whether their
 * names are those of Rock Ridge, of Joliet or of the standard alone. */
START_TEST(images_are_mapped)
{
	static const struct {
		const char *options, *path;
		bool unix;
	} images[] = {{"-R -J", "sub/b.bin", true},
		      {"--norock -J", "sub/b.bin", false},
		      {"--norock", "SUB/B.BIN", false}};
	make_container(3);
	test_shell("xorriso -as mkisofs -quiet %s -o y.iso tree", images[_i].options);
	struct buf file = test_file("y.iso"), content = test_file("tree/sub/b.bin");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	uint32_t member = 0;
	ck_assert_ok(record_members(&record, &format_iso9660, &view, &err), err);
	while (member < record.count &&
	       strcmp(record.members[member].path, images[_i].path) != 0)
		member++;
	ck_assert_uint_lt(member, record.count);
	struct map *map = format_map(&format_iso9660, &view, &err);
	map_check(map, file.size);
	const struct extent *bytes = member_extent(map, member, "content");
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(bytes->length, content.size);
	ck_assert(view_has(&view, bytes->offset, content.data, content.size));
	const struct extent *size = member_extent(map, member, "iso record size");
	uint32_t number = 0;
	view_u32le(&view, size->offset, &number);
	ck_assert_uint_eq(number, content.size);
	ck_assert_ptr_nonnull(member_extent(map, member, "iso record mtime"));
	ck_assert((member_extent(map, member, "iso record mode") != NULL) ==
		  images[_i].unix);
	map_extent(map, "iso path table, big-endian");
	map_extent(map, "volume descriptor 0 (type 1) creation time");
	map_free(map);
	record_free(&record);
	buf_free(&file);
	buf_free(&content);
}
END_TEST

START_TEST(damaged_containers_are_survived)
{
	make_container(_i);
	struct buf file = test_file(containers[_i].file);
	format_survives_damage(containers[_i].format, &file, file.size / 150 + 1,
			       containers[_i].format == &format_iso9660 ? 0 : 64);
	buf_free(&file);
}
END_TEST

/* ---- texts and probing -------------------------------------------------- */

static const struct {
	const char *bytes;
	size_t count;
	const char *name;
} probes[] = {
    {"", 0, "unknown"},
    {"#!/bin/sh\nexit 0\n", 17, "text"},
    {"Gr\303\274\303\237e\n", 8, "text"},
    {"text with a NUL\0", 16, "unknown"},
    {"\xff\xfeh\0i\0\n\0", 8, "text"},
    {"\xfe\xff\0h\0i\0\n", 8, "text"},
    {"\xff\xfeh\0i", 5, "unknown"},
    {"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89", 10, "unknown"},
    {"MZ is how this text starts, and it is long enough to hold a DOS header's last "
     "field\n",
     83, "text"},
    {"\x7f"
     "ELF",
     4, "unknown"},
    {"BZh9 is not bzip2\n", 18, "text"},
    {"7z\xbc\xaf\x27\x1c\0\4", 8, "7z"},
};

START_TEST(probing_answers)
{
	struct view view = view_of(probes[_i].bytes, probes[_i].count);
	struct format_match match;
	format_probe(&view, &match);
	const char *name = match.format != NULL ? match.format->name : "unknown";
	ck_assert_msg(strcmp(name, probes[_i].name) == 0, "case %d: %s", _i, name);
	ck_assert_uint_eq(match.others.count, 0);
	strings_free(&match.others);
}
END_TEST

/* libarchive refuses such a table; 7-Zip reads it. */
START_TEST(xars_of_other_checksums_are_read)
{
	test_shell("seq 100000 >one; seq 9 >two; python3 "
		   "$SOURCE/testdata/xar/make.py x.xar one two && 7z x -oout x.xar && "
		   "cmp one out/one && cmp two out/two");
	struct buf file = test_file("x.xar");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_members(&record, &format_xar, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	ck_assert_uint_eq(record.count, 2);
	static const char *const names[] = {"one", "two"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct buf want = test_file(names[i]);
		const struct recorded *member = record_find(&record, names[i]);
		ck_assert_ptr_nonnull(member);
		struct view a = view_of_buf(&want), b = view_of_buf(&member->content);
		ck_assert(view_equal(&a, &b));
		buf_free(&want);
	}
	record_free(&record);
	format_survives_damage(&format_xar, &file, 997, 64);
	buf_free(&file);
}
END_TEST

START_TEST(two_sure_answers_are_a_polyglot)
{
	/* A program in the system area of an image, as hybrid images have one. */
	make_container(3);
	test_shell(
	    "echo 'int start(void) { return 0; }' >x.c && "
	    "gcc -ffreestanding -fno-asynchronous-unwind-tables -c -o x.o x.c && "
	    "objcopy -R .comment -R .note.gnu.property x.o && "
	    "ld -m i386pep --subsystem 10 -e start -o x.efi x.o && "
	    "dd if=x.efi of=x.iso conv=notrunc bs=32768 count=1");
	struct buf file = test_file("x.iso");
	struct view view = view_of_buf(&file);
	struct format_match match;
	format_probe(&view, &match);
	ck_assert_str_eq(match.format->name, "pe");
	ck_assert_uint_eq(match.others.count, 1);
	ck_assert_str_eq(match.others.items[0], "iso9660");
	strings_free(&match.others);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_members(&record, &format_iso9660, &view, &err), err);
	ck_assert(record_noted(&record, "remark", "system area"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

Suite *format_archive_suite(void);

Suite *
format_archive_suite(void)
{
	static const int count = (int)ARRAY_COUNT(containers);
	Suite *suite = suite_create("format_archive");
	TCase *tcase = tcase_create("archive");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, members_come_out_whole, 0, count);
	tcase_add_loop_test(tcase, bytes_behind_a_container_are_noted, 0, count);
	tcase_add_loop_test(tcase, containers_that_are_cut_off_are_not_fine, 0, count);
	tcase_add_loop_test(tcase, encrypted_archives_are_unsupported, 0, 2);
	tcase_add_test(tcase, archives_of_nothing_are_undecided);
	tcase_add_test(tcase, content_that_the_library_cannot_vouch_for_fails);
	tcase_add_test(tcase, sets_of_cabinets_are_undecided);
	tcase_add_test(tcase, signed_cabinets_are_mapped);
	tcase_add_loop_test(tcase, images_are_mapped, 0, 3);
	tcase_add_loop_test(tcase, damaged_containers_are_survived, 0, count);
	tcase_add_loop_test(tcase, probing_answers, 0, (int)ARRAY_COUNT(probes));
	tcase_add_test(tcase, xars_of_other_checksums_are_read);
	tcase_add_test(tcase, two_sure_answers_are_a_polyglot);
	suite_add_tcase(suite, tcase);
	return suite;
}
