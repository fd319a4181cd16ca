/* format: PNG images, against pngcheck. */
#include "format_sink.h"

static void
make_image(void)
{
	test_shell("convert -size 20x20 gradient: -set comment hi png:x.png");
}

/* Each chunk that pngcheck lists: its data is where we say. */
START_TEST(chunks_agree_with_pngcheck)
{
	if (!test_have("pngcheck") || !test_have("convert") || !test_have("optipng"))
		TEST_SKIP("needs pngcheck, convert and optipng");
	make_image();
	if (_i == 1)
		test_shell("optipng -quiet -o1 x.png");
	test_shell("pngcheck -v x.png | sed -n 's/^ *chunk \\([A-Za-z]*\\) at offset "
		   "\\(0x[0-9a-f]*\\), length \\([0-9]*\\).*/\\1 \\2 \\3/p' >list");
	struct buf file = test_file("x.png"), list = test_file("list");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_png, &view, &trouble);
	ck_assert_str_eq(probe_name("x.png"), "png");
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	unsigned count = 0;
	for (char *line = list.data; *line != '\0'; count++) {
		char type[8], name[16];
		uintmax_t offset, length;
		int read = 0;
		/* pngcheck counts from the type. */
		ck_assert_int_eq(sscanf(line, "%7s %jx %ju\n%n", type, &offset, &length,
					&read),
				 3);
		line += read;
		snprintf(name, sizeof(name), "%s chunk", type);
		const struct extent *head = map_find(map, offset);
		const struct extent *sum = map_find(map, offset + 4 + length);
		ck_assert_str_eq(head->name, name);
		ck_assert_uint_eq(head->base, offset - 4);
		ck_assert_str_eq(sum->name, "chunk CRC");
		ck_assert_str_eq(sum->detail, type);
		ck_assert_int_eq(sum->tag, EXTENT_DERIVED);
		if (length > 0)
			ck_assert_str_eq(map_find(map, offset + 4)->name, name);
	}
	ck_assert_uint_ge(count, 4);
	map_free(map);
	struct record record = {0};
	ck_assert_int_eq(record_notes(&record, &format_png, &view, &trouble), 0);
	ck_assert_uint_eq(record.notes.count, 0);
	record_free(&record);
	buf_free(&list);
	buf_free(&file);
}
END_TEST

START_TEST(metadata_has_its_name)
{
	if (!test_have("convert"))
		TEST_SKIP("needs convert");
	make_image();
	struct buf file = test_file("x.png");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_png, &view, NULL);
	uint64_t at;
	struct buf place = {0};
	ck_assert_int_eq(view_find(&view, 0, "tIME", 4, &at), 0);
	map_place(map, at + 4 + 2, &place);
	ck_assert_str_eq(place.data, "tIME chunk+0xa (month)");
	ck_assert_int_eq(map_find(map, at + 6)->tag, EXTENT_METADATA);
	ck_assert_int_eq(view_find(&view, 0, "tEXtcomment", 11, &at), 0);
	ck_assert_str_eq(map_find(map, at + 4)->detail, "comment");
	buf_clear(&place);
	map_place(map, 16 + 4, &place);
	ck_assert_str_eq(place.data, "IHDR chunk+0xc (height)");
	map_free(map);
	buf_free(&place);
	buf_free(&file);
}
END_TEST

START_TEST(tricks_are_noted)
{
	if (!test_have("convert"))
		TEST_SKIP("needs convert");
	make_image();
	struct buf file = test_file("x.png");
	struct err err = {0};
	struct record record = {0};
	uint64_t size = file.size;
	buf_append(&file, "PK\3\4hidden", 10);
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_png, &view, NULL);
	ck_assert_uint_eq(map_extent(map, "after IEND")->offset, size);
	ck_assert_uint_eq(map_extent(map, "after IEND")->length, 10);
	map_free(map);
	file.data[16] ^= 1; /* the width, and not its CRC */
	ck_assert_int_eq(record_notes(&record, &format_png, &view, &err), 0);
	ck_assert(record_noted(&record, "suspect", "10 bytes after the image's end"));
	ck_assert(record_noted(&record, "suspect", "the CRC of the IHDR chunk"));
	ck_assert_uint_eq(record.notes.count, 2);
	record_free(&record);
	view.size = size - 12;
	record = (struct record){0};
	ck_assert_int_eq(record_notes(&record, &format_png, &view, &err), 0);
	ck_assert(record_noted(&record, "suspect", "there was no IEND"));
	record_free(&record);
	map = format_map(&format_png, &view, &err);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_images_are_survived)
{
	if (!test_have("convert"))
		TEST_SKIP("needs convert");
	make_image();
	struct buf file = test_file("x.png");
	format_survives_damage(&format_png, &file, 1, file.size);
	buf_free(&file);
}
END_TEST

Suite *format_png_suite(void);

Suite *
format_png_suite(void)
{
	Suite *suite = suite_create("format_png");
	TCase *tcase = tcase_create("png");
	tcase_add_loop_test(tcase, chunks_agree_with_pngcheck, 0, 2);
	tcase_add_test(tcase, metadata_has_its_name);
	tcase_add_test(tcase, tricks_are_noted);
	tcase_add_test(tcase, damaged_images_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
