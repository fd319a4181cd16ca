/* 7z archives: what 7z itself makes, its headers packed and plain. Members are tested
 * with the other containers that libarchive reads. */
#include "format_sink.h"

#define MAKE "seq 5000 >a; seq 3 >b; rm -f x.7z; 7z a %s x.7z a b; "

static const struct {
	const char *options;
	bool packed;
} kinds[] = {{"-mhc=on", true}, {"-mhc=off", false}, {"-mhc=off -m0=copy", false}};

START_TEST(names_every_part)
{
	test_shell(MAKE "7z l -slt x.7z | sed -n 's/^Headers Size = //p' >size",
		   kinds[_i].options);
	struct buf bytes = test_file("x.7z"), text = test_file("size");
	struct view view = view_of_buf(&bytes);
	struct err err = {0};
	struct map *map = format_map(&format_7z, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	ck_assert_int_eq(map_extent(map, "7z start header CRC")->tag, EXTENT_DERIVED);
	ck_assert_int_eq(map_extent(map, "7z header CRC")->tag, EXTENT_DERIVED);
	ck_assert_int_eq(map_has(map, "7z packed header"), kinds[_i].packed);
	/* 7z counts all three headers */
	uint64_t headers = 32 + map_extent(map, "7z header")->length;
	if (kinds[_i].packed)
		headers += map_extent(map, "7z packed header")->length;
	ck_assert_uint_eq(headers, strtoull(text.data, NULL, 10));
	ck_assert_uint_eq(map_extent(map, "7z packed streams")->offset, 32);
	map_free(map);
	/* a checksum that does not fit is none */
	bytes.data[bytes.size - 1] ^= 1;
	map = format_map(&format_7z, &view, NULL);
	ck_assert_int_eq(map_extent(map, "7z header CRC")->tag, EXTENT_METADATA);
	map_free(map);
	buf_free(&text);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	test_shell(MAKE, "-mhc=on");
	struct buf bytes = test_file("x.7z");
	format_survives_damage(&format_7z, &bytes, 41, 32);
	for (size_t i = 1; i < 40; i++) {
		bytes.data[bytes.size - i] ^= 0x7f;
		format_survives(&format_7z, bytes.data, bytes.size);
		bytes.data[bytes.size - i] ^= 0x7f;
	}
	buf_free(&bytes);
}
END_TEST

Suite *format_7z_suite(void);

Suite *
format_7z_suite(void)
{
	Suite *suite = suite_create("format_7z");
	TCase *tests = tcase_create("7z");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, names_every_part, 0, ARRAY_COUNT(kinds));
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
