/* format: disk images of macOS by the recipe in testdata/dmg, which 7-Zip reads. */
#include "format_sink.h"

/* r is an image with an ISO in it, s the same signed by the recipe in
 * testdata/codesign. */
static void
make_images(void)
{
	test_shell(
	    "mkdir -p t && seq 20000 >t/a.txt && xorriso -as mkisofs -quiet -R -o "
	    "x.iso t && python3 $SOURCE/testdata/dmg/make.py x.iso r && openssl "
	    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
	    "/CN=x -days 30 -keyout k -out c && python3 "
	    "$SOURCE/testdata/codesign/sign.py r s cert=c key=k && 7z l r | "
	    "grep -q a.txt && 7z l s | grep -q a.txt");
}

/* The trailer says where the other parts are, and they follow one another. */
START_TEST(parts_have_names)
{
	make_images();
	ck_assert_str_eq(probe_name("s"), "dmg");
	struct buf file = test_file("s"), plain = test_file("r");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_dmg, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	const struct extent *data = map_extent(map, "data fork");
	const struct extent *list = map_extent(map, "property list");
	const struct extent *signature = map_extent(map, "code signature");
	const struct extent *trailer = map_extent(map, "trailer");
	ck_assert_uint_eq(data->offset, 0);
	ck_assert_uint_eq(list->offset, data->length);
	ck_assert(view_has(&view, list->offset, "<?xml", 5));
	ck_assert_uint_eq(signature->offset, plain.size - 512);
	ck_assert(view_has(&view, signature->offset, "\xfa\xde\x0c\xc0", 4));
	ck_assert_int_eq(signature->tag, EXTENT_SIGNATURE);
	ck_assert_uint_eq(trailer->offset, file.size - 512);
	struct buf place = {0};
	map_place(map, trailer->offset + 300, &place);
	ck_assert_str_eq(place.data, "trailer+0x12c (code signature offset)");
	buf_free(&place);
	map_free(map);
	buf_free(&plain);
	buf_free(&file);
}
END_TEST

static bool
equal(const struct view *shipped, const struct view *rebuilt)
{
	struct graft graft = {0};
	struct err err = {0};
	enum graft_answer answer = format_dmg.graft(shipped, rebuilt, &graft, &err);
	struct view bytes = view_of_buf(&graft.bytes);
	bool same = answer == GRAFT_DONE && view_equal(shipped, &bytes);
	graft_free(&graft);
	return same;
}

/* No byte of the rebuilt image can change, be added or cut without being seen. */
START_TEST(each_byte_outside_counts)
{
	make_images();
	struct buf signed_file = test_file("s"), file = test_file("r");
	struct view shipped = view_of_buf(&signed_file), rebuilt = view_of_buf(&file);
	ck_assert(equal(&shipped, &rebuilt));
	for (size_t i = 0; i < file.size; i += i + 600 < file.size ? 97 : 1) {
		file.data[i] ^= 1;
		ck_assert_msg(!equal(&shipped, &rebuilt), "byte %zu was changed", i);
		file.data[i] ^= 1;
	}
	for (size_t size = 0; size < file.size; size += 1 + size / 64) {
		rebuilt = view_of(file.data, size);
		ck_assert(!equal(&shipped, &rebuilt));
	}
	buf_append(&file, "x", 1);
	rebuilt = view_of_buf(&file);
	ck_assert(!equal(&shipped, &rebuilt));
	buf_free(&file);
	buf_free(&signed_file);
}
END_TEST

/* A signature that is not where one is. */
START_TEST(unsound_signatures_are_content)
{
	make_images();
	static const size_t back[] = {512 - 303, 512 - 311}; /* offset, length */
	for (size_t i = 0; i < ARRAY_COUNT(back); i++) {
		struct buf file = test_file("s");
		struct view view = view_of_buf(&file);
		struct err trouble;
		file.data[file.size - back[i]] ^= 1;
		struct map *map = format_map(&format_dmg, &view, &trouble);
		ck_assert_int_eq(trouble.kind, ERR_INPUT);
		for (size_t k = 0; k < map->count; k++)
			ck_assert_int_ne(map->extents[k].tag, EXTENT_SIGNATURE);
		ck_assert(!equal(&view, &view));
		map_free(map);
		buf_free(&file);
	}
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	make_images();
	struct buf file = test_file("s");
	format_survives_damage(&format_dmg, &file, 997, 0);
	for (size_t i = 1; i <= 512; i++) {
		file.data[file.size - i] ^= 0x55;
		format_survives(&format_dmg, file.data, file.size);
		file.data[file.size - i] ^= 0x55;
	}
	buf_free(&file);
}
END_TEST

Suite *format_dmg_suite(void);

Suite *
format_dmg_suite(void)
{
	Suite *suite = suite_create("format_dmg");
	TCase *tcase = tcase_create("dmg");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, parts_have_names);
	tcase_add_test(tcase, each_byte_outside_counts);
	tcase_add_test(tcase, unsound_signatures_are_content);
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
