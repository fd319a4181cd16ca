/* Container images, made by umoci and skopeo without any network. */
#include "compare_case.h"
#include "format_sink.h"

/* Two layers, of which the second hides a file of the first; l.tar is the layout. */
#define MAKE                                                                           \
	"export HOME=$PWD; rm -rf l r* *.tar; umoci init --layout l; umoci new "       \
	"--image "                                                                     \
	"l:t; mkdir -p r1/etc r2/etc; echo hi >r1/etc/a; : >r2/etc/.wh.a; echo more "  \
	">r2/etc/b; for i in 1 2; do tar --mtime=@1 --owner=0 --group=0 -cf r$i.tar "  \
	"-C "                                                                          \
	"r$i .; umoci raw add-layer --image l:t r$i.tar; done; umoci gc --layout l; "
#define PACK "tar --mtime=@1 --sort=name -cf l.tar -C l .; "
#define DOCKER                                                                         \
	"skopeo --insecure-policy --tmpdir . copy -q oci:l:t "                         \
	"docker-archive:l.tar:x:y; "

static bool
tools_missing(void)
{
	return !test_have("umoci") || !test_have("skopeo");
}

static const struct {
	const char *pack, *name;
} images[] = {
    {PACK, "oci"},
    {"skopeo --insecure-policy --tmpdir . copy -q oci:l:t oci-archive:l.tar; ", "oci"},
    {DOCKER, "docker-archive"},
};

START_TEST(reads_an_image)
{
	struct record record = {0};
	struct err err = {0};
	if (tools_missing())
		TEST_SKIP("umoci or skopeo is not installed");
	test_shell(MAKE "%s", images[_i].pack);
	ck_assert_str_eq(probe_name("l.tar"), images[_i].name);
	ck_assert_str_eq(probe_name("r1.tar"), "tar");
	struct buf bytes = test_file("l.tar");
	struct view view = view_of_buf(&bytes);
	const struct format *format = format_by_name(images[_i].name);
	ck_assert_ok(record_members(&record, format, &view, &err), err);
	ck_assert_uint_gt(record.count, 5);
	for (size_t i = 0; i < record.notes.count; i++)
		ck_assert_msg(strncmp(record.notes.items[i], "remark", 6) == 0 &&
				  strstr(record.notes.items[i], "refers") == NULL,
			      "%s", record.notes.items[i]);
	struct map *map = format_map(format, &view, NULL);
	map_check(map, bytes.size);
	map_free(map);
	format_survives_damage(format, &bytes, 997, 512);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"for f in l/blobs/sha256/*; do :; done; printf ' ' >>$f; " PACK, "suspect",
     "not the SHA-256 of its content"},
    {"f=$(grep -l '\"layers\":' l/blobs/sha256/*); printf '{}' >$f; " PACK, "remark",
     "no image refers to it"},
    {"echo x >x; cp x l/blobs/sha256/$(sha256sum x | cut -c-64); " PACK, "remark",
     "no image refers to it"},
    {"f=$(grep -L '{' l/blobs/sha256/* | head -n 1); rm $f; " PACK, "suspect",
     "is not there"},
    {"echo '[]' >l/index.json; " PACK, "suspect", "not one JSON object"},
    {"rm l/index.json; " PACK, "suspect", "without index.json"},
    {"sed -i 's/sha256:/sha512:/' l/index.json; " PACK, "undecided",
     "another kind than SHA-256"},
    {"printf secret >>l/oci-layout; " PACK "printf x >>l.tar", "suspect",
     "after the end"},
};

START_TEST(trap)
{
	struct record record = {0};
	struct err err = {0};
	if (tools_missing())
		TEST_SKIP("umoci or skopeo is not installed");
	test_shell(MAKE "%s", traps[_i].trick);
	ck_assert_str_eq(probe_name("l.tar"), "oci");
	struct buf bytes = test_file("l.tar");
	struct view view = view_of_buf(&bytes);
	ck_assert_ok(record_members(&record, &format_oci, &view, &err), err);
	ck_assert_msg(record_noted(&record, traps[_i].kind, traps[_i].words), "%s",
		      record.notes.count > 0 ? record.notes.items[0] : "no note");
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* A layer with other content under its old name: told where, and that the name lies. */
START_TEST(a_tampered_layer)
{
	struct compare_case one;
	if (tools_missing())
		TEST_SKIP("umoci or skopeo is not installed");
	test_shell(MAKE PACK "mv l.tar b; for f in l/blobs/sha256/*; do if gzip -dc $f "
			     ">t 2>/dev/null && grep -q hi t; then sed -i s/hi/ho/ t; "
			     "gzip -c t >$f; fi; done; " PACK "mv l.tar a");
	case_compare(&one, "a", "b");
	ck_assert_int_eq(one.worst, STATUS_DIFFERENT);
	entry_difference(case_entry(&one, "etc/a"), "line 1");
	json_t *notes = json_object_get(case_entry(&one, "a"), "notes");
	ck_assert_ptr_nonnull(
	    strstr(object_text(json_array_get(notes, 0), "text"), "not the SHA-256"));
	case_close(&one);
}
END_TEST

START_TEST(names_whiteouts)
{
	struct compare_case one;
	struct err err = {0};
	bool whiteout = false;
	if (tools_missing())
		TEST_SKIP("umoci or skopeo is not installed");
	test_shell(MAKE DOCKER);
	case_open(&one, "l.tar", NULL);
	ck_assert_ok(tree_expand_all(one.shipped, NODE_ROOT, &err), err);
	for (node_id id = 0; id < tree_count(one.shipped); id++) {
		const struct node *node = tree_node(one.shipped, id);
		ck_assert(!node->undecided);
		for (size_t i = 0; i < node->note_count; i++)
			whiteout |= strstr(node->notes[i].text,
					   "a whiteout: hides 'a'") != NULL;
	}
	ck_assert(whiteout);
	case_close(&one);
}
END_TEST

Suite *format_oci_suite(void);

Suite *
format_oci_suite(void)
{
	Suite *suite = suite_create("format_oci");
	TCase *tests = tcase_create("oci");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, reads_an_image, 0, ARRAY_COUNT(images));
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, a_tampered_layer);
	tcase_add_test(tests, names_whiteouts);
	suite_add_tcase(suite, tests);
	return suite;
}
