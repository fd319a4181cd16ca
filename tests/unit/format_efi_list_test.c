/* format: EFI signature lists and signed updates of variables, made by efitools. */
#include "format_sink.h"

/* x.esl: a list with the certificate x.der, and one with the digests of two images; and
 * x.auth, its update of db signed. False without the programs. */
static bool
make_lists(void)
{
	if (!test_have("sign-efi-sig-list") || !test_have("hash-to-efi-sig-list")) {
		test_skip("EFI signature lists", "needs efitools");
		return false;
	}
	test_shell(
	    "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout x.key -out "
	    "x.pem && openssl x509 -in x.pem -outform DER -out x.der && "
	    "cert-to-efi-sig-list -g 77fa9abd-0359-4d32-bd60-28f4e78f784b x.pem c.esl "
	    "&& for n in 1 2; do echo \"int a = $n; int main(void) { return a; }\" "
	    ">$n.c "
	    "&& x86_64-w64-mingw32-gcc -o $n.exe $n.c; done && "
	    "hash-to-efi-sig-list 1.exe 2.exe h.esl && cat c.esl h.esl >x.esl && "
	    "sign-efi-sig-list -k x.key -c x.pem db x.esl x.auth");
	return true;
}

static void
check_place(const struct map *map, uint64_t offset, const char *expected)
{
	struct buf place = {0};
	map_place(map, offset, &place);
	ck_assert_str_eq(place.data, expected);
	buf_free(&place);
}

/* Sizes by the specification: 28 and 16 bytes in front of the certificate; 48 for each
 * digest. */
START_TEST(lists_have_names)
{
	if (!make_lists())
		return;
	ck_assert_str_eq(probe_name("x.esl"), "efi-signature-list");
	struct buf file = test_file("x.esl"), certificate = test_file("x.der");
	struct buf hashes = test_file("h.esl");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_efi_list, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	uint64_t second = 28 + 16 + certificate.size;
	ck_assert_uint_eq(hashes.size, 28 + 2 * 48);
	ck_assert_uint_eq(file.size, second + hashes.size);
	ck_assert(view_has(&view, 44, certificate.data, (size_t)certificate.size));
	check_place(map, 16,
		    "signature list 0+0x10 (EFI_CERT_X509, 1 signature "
		    "SignatureListSize)");
	check_place(map, 44, "signature list 0+0x2c (signature SignatureData)");
	check_place(map, second + 28,
		    "signature list 1+0x1c (signature 0 "
		    "SignatureOwner)");
	check_place(map, second + 28 + 48 + 20,
		    "signature list 1+0x60 (signature 1 SignatureData)");
	map_free(map);
	buf_free(&hashes);
	buf_free(&certificate);
	buf_free(&file);
}
END_TEST

START_TEST(an_update_has_names)
{
	if (!make_lists())
		return;
	ck_assert_str_eq(probe_name("x.auth"), "efi-variable");
	struct buf file = test_file("x.auth"), lists = test_file("x.esl");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_efi_variable, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	uint64_t data = file.size - lists.size;
	for (size_t i = 0; i < map->count; i++)
		ck_assert_int_eq(map->extents[i].tag == EXTENT_SIGNATURE,
				 map->extents[i].offset < data);
	check_place(map, 2, "EFI_TIME+0x2 (Month)");
	check_place(map, data + 44, "signature list 0+0x2c (signature SignatureData)");
	map_free(map);
	buf_free(&lists);
	buf_free(&file);
}
END_TEST

/* Does the shipped signature on `name` give the shipped file? */
static void
check_graft(const struct view *shipped, const char *name, bool equal)
{
	struct buf rebuilt = test_file(name);
	struct view view = view_of_buf(&rebuilt);
	struct graft graft = {0};
	struct err err = {0};
	ck_assert_int_eq(format_efi_variable.graft(shipped, &view, &graft, &err),
			 GRAFT_DONE);
	struct view bytes = view_of_buf(&graft.bytes);
	ck_assert_int_eq(view_equal(shipped, &bytes), equal);
	ck_assert_uint_gt(graft.steps.count, 0);
	graft_free(&graft);
	buf_free(&rebuilt);
}

START_TEST(a_signature_is_grafted)
{
	if (!make_lists())
		return;
	struct buf file = test_file("x.auth");
	struct view shipped = view_of_buf(&file);
	test_shell("sign-efi-sig-list -a -k x.key -c x.pem dbx x.esl other.auth; "
		   "cp c.esl short.esl");
	check_graft(&shipped, "x.esl", true);
	check_graft(&shipped, "other.auth", true);
	check_graft(&shipped, "short.esl", false);
	struct buf changed = test_file("x.esl");
	changed.data[50] ^= 1;
	test_write("changed.esl", changed.data, changed.size);
	check_graft(&shipped, "changed.esl", false);
	buf_free(&changed);
	buf_free(&file);
}
END_TEST

/* One byte of x.esl, its new value, and what is said. */
static const struct {
	size_t offset;
	int value;
	const char *message;
} changes[] = {
    {16, 0x10, "of another size"}, /* SignatureListSize: one that its entries miss */
    {19, 0x7f, "cut off"},
    {20, 0x01, "of another size"}, /* SignatureHeaderSize */
    {23, 0x7f, "of another size"},
    {24, 0x03, "of another size"}, /* SignatureSize */
};

START_TEST(malformed_lists_are_told)
{
	if (!make_lists())
		return;
	struct buf file = test_file("x.esl");
	file.data[changes[_i].offset] = (char)changes[_i].value;
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_notes(&record, &format_efi_list, &view, &err), err);
	ck_assert(record_noted(&record, "suspect", changes[_i].message));
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(bytes_after_the_lists_are_told)
{
	if (!make_lists())
		return;
	static const char *const names[] = {"x.esl", "x.auth"};
	static const struct format *const rows[] = {&format_efi_list,
						    &format_efi_variable};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct buf file = test_file(names[i]);
		buf_puts(&file, "tail");
		struct view view = view_of_buf(&file);
		struct record record = {0};
		struct err err = {0};
		ck_assert_ok(record_notes(&record, rows[i], &view, &err), err);
		ck_assert(record_noted(&record, "suspect", "cut off"));
		record_free(&record);
		buf_free(&file);
	}
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	if (!make_lists())
		return;
	struct buf lists = test_file("x.esl"), update = test_file("x.auth");
	format_survives_damage(&format_efi_list, &lists, 1, 64);
	format_survives_damage(&format_efi_variable, &update, 1, 64);
	buf_free(&update);
	buf_free(&lists);
}
END_TEST

Suite *format_efi_list_suite(void);

Suite *
format_efi_list_suite(void)
{
	Suite *suite = suite_create("format_efi_list");
	TCase *tcase = tcase_create("lists");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, lists_have_names);
	tcase_add_test(tcase, an_update_has_names);
	tcase_add_test(tcase, a_signature_is_grafted);
	tcase_add_loop_test(tcase, malformed_lists_are_told, 0,
			    (int)ARRAY_COUNT(changes));
	tcase_add_test(tcase, bytes_after_the_lists_are_told);
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
