/* Device trees by dtc, FIT and legacy images by mkimage; figures from fdtget, fdtput
 * and dumpimage. */
#include "compare_case.h"
#include "format_sink.h"

#define TREE                                                                           \
	"cat >x.dts <<'E'\n/dts-v1/; /memreserve/ 0x1000 0x2000;\n/ { compatible = "   \
	"\"acme,board\"; cpus { cpu@0 { reg = <7>; }; }; chosen { bootargs = "         \
	"\"quiet\"; }; };\nE\ndtc -q -o x.dtb x.dts; "
#define FIT                                                                            \
	TREE "seq 1000 >k; cat >x.its <<'E'\n/dts-v1/;\n/ { description = \"t\"; "     \
	     "images { kernel-1 { data = /incbin/(\"k\"); type = \"kernel\"; arch = "  \
	     "\"arm64\"; os = \"linux\"; compression = \"none\"; load = <1>; entry = " \
	     "<1>; hash-1 { algo = \"sha256\"; }; }; fdt-1 { data = "                  \
	     "/incbin/(\"x.dtb\"); type = \"flat_dt\"; arch = \"arm64\"; compression " \
	     "= "                                                                      \
	     "\"none\"; hash-1 { algo = \"crc32\"; }; }; }; configurations { default " \
	     "= "                                                                      \
	     "\"c\"; c { kernel = \"kernel-1\"; fdt = \"fdt-1\"; }; }; };\nE\n"        \
	     "export SOURCE_DATE_EPOCH=1500000000; mkimage %s -f x.its x.itb; "

static bool
tools_missing(void)
{
	return !test_have("mkimage") || !test_have("dtc");
}

START_TEST(names_properties)
{
	if (tools_missing())
		TEST_SKIP("mkimage or dtc is not installed");
	test_shell(TREE);
	ck_assert_str_eq(probe_name("x.dtb"), "fdt");
	struct buf bytes = test_file("x.dtb");
	struct view view = view_of_buf(&bytes);
	struct err err;
	struct map *map = format_map(&format_fdt, &view, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	const struct extent *extent = map_extent(map, "/compatible");
	ck_assert(view_has(&view, extent->offset, "acme,board", 11));
	ck_assert_uint_eq(extent->length, 11);
	extent = map_extent(map, "/cpus/cpu@0/reg");
	ck_assert(view_has(&view, extent->offset, "\0\0\0\7", 4));
	ck_assert_uint_eq(map_extent(map, "fdt memory reservations")->length, 32);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

START_TEST(differs_by_property)
{
	struct compare_case one;
	if (tools_missing() || !test_have("fdtput"))
		TEST_SKIP("mkimage, dtc or fdtput is not installed");
	test_shell(TREE "cp x.dtb y.dtb; fdtput -t x y.dtb /cpus/cpu@0 reg 9");
	case_compare(&one, "y.dtb", "x.dtb");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	json_t *entry = case_entry(&one, "y.dtb");
	ck_assert_int_eq(object_number(entry, "difference_count"), 1);
	entry_difference(entry, "/cpus/cpu@0/reg+0x3");
	case_close(&one);
}
END_TEST

static const char *const fits[] = {"", "-E", "-E -p 0x1000"};

START_TEST(lists_a_fit)
{
	struct record record = {0};
	struct err err = {0};
	if (tools_missing())
		TEST_SKIP("mkimage or dtc is not installed");
	test_shell(FIT
		   "dumpimage -T flat_dt -p 0 -o p0 x.itb; dumpimage -T flat_dt -p 1 "
		   "-o p1 x.itb",
		   fits[_i]);
	ck_assert_str_eq(probe_name("x.itb"), "fit");
	struct buf bytes = test_file("x.itb");
	struct view view = view_of_buf(&bytes);
	ck_assert_ok(record_members(&record, &format_fit, &view, &err), err);
	ck_assert_uint_eq(record.count, 2);
	static const char *const paths[] = {"images/kernel-1", "images/fdt-1"};
	for (size_t i = 0; i < 2; i++) {
		struct buf content = test_file(i == 0 ? "p0" : "p1");
		const struct recorded *member = record_find(&record, paths[i]);
		ck_assert_ptr_nonnull(member);
		ck_assert_uint_eq(member->content.size, content.size);
		ck_assert_mem_eq(member->content.data, content.data, content.size);
		buf_free(&content);
	}
	/* "-p" leaves a hole of zeros */
	ck_assert_uint_eq(record.notes.count, _i == 2);
	struct map *map = format_map(&format_fit, &view, NULL);
	map_check(map, bytes.size);
	ck_assert(map_has(map, "/timestamp"));
	ck_assert(map_has(map, "/images/kernel-1/hash-1/value"));
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(fit_differences)
{
	struct compare_case one;
	if (tools_missing())
		TEST_SKIP("mkimage or dtc is not installed");
	test_shell(FIT
		   "mv x.itb a.itb; sed -i 's/^1$/2/' k; SOURCE_DATE_EPOCH=1500000001 "
		   "mkimage %s -f x.its b.itb; cat a.itb k >c.itb",
		   fits[_i], fits[_i]);
	case_compare(&one, "b.itb", "a.itb");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, "//images/kernel-1"), "line 1");
	ck_assert_str_eq(case_status(&one, "//images/fdt-1"), "identical");
	json_t *entry = case_entry(&one, "b.itb");
	entry_difference(entry, "/timestamp");
	entry_difference(entry, "/images/kernel-1/hash-1/value");
	case_close(&one);
	case_compare(&one, "c.itb", "a.itb");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, "c.itb"), "trailing bytes");
	case_close(&one);
}
END_TEST

#define LEGACY                                                                         \
	"seq 500 >k; seq 7 >r; export SOURCE_DATE_EPOCH=1500000000; mkimage -A arm "   \
	"-O "                                                                          \
	"linux -T %s -C none -a 0x8000 -e 0x8000 -n label -d %s x.uimg; "

START_TEST(lists_a_legacy_image)
{
	struct record record = {0};
	struct err err = {0};
	if (tools_missing())
		TEST_SKIP("mkimage is not installed");
	if (_i == 0)
		test_shell(LEGACY, "kernel", "k");
	else
		test_shell(LEGACY, "multi", "k:r");
	ck_assert_str_eq(probe_name("x.uimg"), "uimage");
	struct buf bytes = test_file("x.uimg"), k = test_file("k"), r = test_file("r");
	struct view view = view_of_buf(&bytes);
	ck_assert_ok(record_members(&record, &format_uimage, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	ck_assert_uint_eq(record.count, _i + 1);
	ck_assert_str_eq(record.members[0].path, _i == 0 ? "image" : "image-0");
	ck_assert_int_eq(record.members[0].member.mtime, 1500000000);
	ck_assert_uint_eq(record.members[0].content.size, k.size);
	ck_assert_mem_eq(record.members[0].content.data, k.data, k.size);
	if (_i == 1)
		ck_assert_mem_eq(record.members[1].content.data, r.data, r.size);
	struct map *map = format_map(&format_uimage, &view, NULL);
	map_check(map, bytes.size);
	ck_assert_int_eq(map_extent(map, "uimage header CRC-32")->tag, EXTENT_DERIVED);
	ck_assert_int_eq(map_extent(map, "uimage header content CRC-32")->tag,
			 EXTENT_DERIVED);
	map_free(map);
	format_survives_damage(&format_uimage, &bytes, 7, 80);
	record_free(&record);
	buf_free(&bytes);
	buf_free(&k);
	buf_free(&r);
}
END_TEST

static const struct {
	const struct format *format;
	const char *make, *kind, *words;
} traps[] = {
    {&format_uimage, "printf x | dd of=x.uimg bs=1 seek=70 conv=notrunc", "suspect",
     "not that of the content"},
    {&format_uimage, "printf x | dd of=x.uimg bs=1 seek=40 conv=notrunc", "suspect",
     "not its own"},
    {&format_uimage, "printf x >>x.uimg", "suspect", "after the end"},
    {&format_uimage, "truncate -s 200 x.uimg", "fails", "fewer are there"},
    {&format_fit, "cat k >>x.itb", "suspect", "behind the tree"},
    {&format_fit, "truncate -s 2000 x.itb", "fails", "leads out of"},
    {&format_fit, "truncate -s +4096 x.itb", "remark", "behind the tree"},
    /* external data that is not there, of a size that it has not */
    {&format_fit,
     "mkimage -E -f x.its x.itb; fdtput -t x x.itb /images/fdt-1 data-size fffffff",
     "undecided", "not in the file"},
    /* the first token of the structure is none */
    {&format_fit, "printf '\\0\\0\\0\\7' | dd of=x.itb bs=1 seek=56 conv=notrunc",
     "fails", "malformed at offset 56"},
};

START_TEST(trap)
{
	struct record record = {0};
	struct err err = {0};
	bool legacy = traps[_i].format == &format_uimage;
	if (tools_missing() || !test_have("fdtput"))
		TEST_SKIP("mkimage, dtc or fdtput is not installed");
	if (legacy)
		test_shell(LEGACY "%s", "kernel", "k", traps[_i].make);
	else
		test_shell(FIT "%s", "", traps[_i].make);
	struct buf bytes = test_file(legacy ? "x.uimg" : "x.itb");
	struct view view = view_of_buf(&bytes);
	int result = record_members(&record, traps[_i].format, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.message, traps[_i].words) != NULL, "%s",
			      err.message);
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	if (tools_missing())
		TEST_SKIP("mkimage or dtc is not installed");
	test_shell(FIT, "-E");
	struct buf bytes = test_file("x.itb");
	format_survives_damage(&format_fit, &bytes, 13, 800);
	format_survives_damage(&format_fdt, &bytes, 101, 120);
	buf_free(&bytes);
}
END_TEST

Suite *format_fdt_suite(void);

Suite *
format_fdt_suite(void)
{
	Suite *suite = suite_create("format_fdt");
	TCase *tests = tcase_create("fdt");
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, names_properties);
	tcase_add_test(tests, differs_by_property);
	tcase_add_loop_test(tests, lists_a_fit, 0, ARRAY_COUNT(fits));
	tcase_add_loop_test(tests, fit_differences, 0, ARRAY_COUNT(fits));
	tcase_add_loop_test(tests, lists_a_legacy_image, 0, 2);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
