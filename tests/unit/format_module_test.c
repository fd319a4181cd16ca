/* format: signed kernel modules, signed by openssl in the kernel's layout. */
#include "format_sink.h"

/* An ELF object x.elf with, in x.ko, a signature as scripts/sign-file of Linux
 * appends it: PKCS #7, struct module_signature, marker. `key` names the signer. */
static void
make_module(const char *key)
{
	test_shell("echo 'int table[50] = {1}; int work(int x) { return table[x]; } "
		   "__attribute__((section(\".modinfo\"))) const char info[] = "
		   "\"license=GPL\";' >x.c && gcc -c -o x.elf x.c && "
		   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
		   "-nodes -subj /CN=%s -keyout %s.key -out %s.pem && "
		   "openssl cms -sign -binary -noattr -nocerts -md sha256 -outform DER "
		   "-signer %s.pem -inkey %s.key -in x.elf -out x.der",
		   key, key, key, key, key);
	test_shell("(cat x.elf x.der; perl -e 'print pack(\"C5x3N\", 0, 0, 2, 0, 0, "
		   "-s \"x.der\"), \"~Module signature appended~\\n\"') >x.ko");
}

START_TEST(signature_has_a_name)
{
	make_module("one");
	ck_assert_str_eq(probe_name("x.elf"), "elf");
	ck_assert_str_eq(probe_name("x.ko"), "kernel-module");
	if (test_have("modinfo")) /* kmod reads the same signature */
		test_shell("modinfo ./x.ko | grep -q '^sig_id: *PKCS#7'");
	struct buf file = test_file("x.ko"), program = test_file("x.elf");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_module, &view, &trouble);
	ck_assert_msg(trouble.kind == ERR_NONE, "%s", trouble.message);
	map_check(map, file.size);
	uint64_t behind = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		bool signature = extent->offset >= program.size;
		ck_assert_int_eq(extent->tag == EXTENT_SIGNATURE, signature);
		ck_assert_int_eq(strcmp(extent->name, "module signature") == 0,
				 signature);
		behind += signature ? extent->length : 0;
	}
	ck_assert_uint_eq(behind, file.size - program.size);
	map_extent(map, ".text");
	ck_assert(!map_has(map, "after the last section"));
	map_free(map);
	buf_free(&program);
	buf_free(&file);
}
END_TEST

/* The graft of x.ko's signature onto `rebuilt`: the shipped bytes or not. */
static void
check_graft(const struct view *shipped, const char *name, bool equal)
{
	struct buf rebuilt = test_file(name);
	struct view view = view_of_buf(&rebuilt);
	struct graft graft = {0};
	struct err err = {0};
	ck_assert_int_eq(format_module.graft(shipped, &view, &graft, &err), GRAFT_DONE);
	struct view bytes = view_of_buf(&graft.bytes);
	ck_assert_int_eq(view_equal(shipped, &bytes), equal);
	ck_assert_uint_gt(graft.steps.count, 0);
	graft_free(&graft);
	buf_free(&rebuilt);
}

START_TEST(signature_is_grafted)
{
	make_module("other");
	test_shell("mv x.ko other.ko");
	make_module("one");
	struct buf file = test_file("x.ko");
	struct view shipped = view_of_buf(&file);
	check_graft(&shipped, "x.elf", true);
	check_graft(&shipped, "other.ko", true); /* its own signature is cut */
	test_shell("(cat x.elf; echo) >long.elf; sed 's/^.ELF/XELF/' x.elf >not.elf");
	check_graft(&shipped, "long.elf", false);
	check_graft(&shipped, "not.elf", false);
	struct buf plain = test_file("x.elf");
	struct view view = view_of_buf(&plain);
	struct graft graft = {0};
	struct err err = {0};
	ck_assert_int_eq(format_module.graft(&view, &view, &graft, &err), GRAFT_NONE);
	graft_free(&graft);
	buf_free(&plain);
	buf_free(&file);
}
END_TEST

/* One change of the signature's frame, counted from the end, and what is said. */
static const struct {
	size_t back;
	char value;
	const char *message;
} changes[] = {
    {28 + 12, 1, "not a PKCS #7"},     /* algo */
    {28 + 10, 1, "not a PKCS #7"},     /* id_type */
    {28 + 9, 9, "not a PKCS #7"},      /* signer_len: a name would be hidden there */
    {28 + 5, 1, "not a PKCS #7"},      /* __pad */
    {28 + 4, 0x7f, "more than there"}, /* sig_len */
    {28 + 1, 0x00, "not one PKCS #7"},
};

START_TEST(unsound_signatures_are_content)
{
	make_module("one");
	struct buf file = test_file("x.ko");
	file.data[file.size - changes[_i].back] = changes[_i].value;
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_module, &view, &trouble);
	ck_assert_int_ne(trouble.kind, ERR_NONE);
	ck_assert_ptr_nonnull(strstr(trouble.message, changes[_i].message));
	for (size_t i = 0; i < map->count; i++)
		ck_assert_int_ne(map->extents[i].tag, EXTENT_SIGNATURE);
	map_extent(map, ".text");
	map_free(map);
	struct graft graft = {0};
	struct err err = {0};
	ck_assert_int_eq(format_module.graft(&view, &view, &graft, &err), GRAFT_FAILED);
	ck_assert_ptr_nonnull(strstr(err.message, "in the shipped file"));
	graft_free(&graft);
	buf_free(&file);
}
END_TEST

START_TEST(bytes_before_the_message_are_no_signature)
{
	make_module("one");
	/* a byte more than the message: sig_len covers it, DER does not */
	test_shell("(cat x.elf; echo; cat x.der; perl -e 'print pack(\"C5x3N\", 0, 0, "
		   "2, 0, 0, 1 + -s \"x.der\"), \"~Module signature "
		   "appended~\\n\"') >x.ko");
	struct buf file = test_file("x.ko");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_module, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_INPUT);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_files_are_survived)
{
	make_module("one");
	struct buf file = test_file("x.ko");
	format_survives_damage(&format_module, &file, 29, 64);
	/* every byte of the signature cut or damaged: the end is the header here */
	for (size_t i = 0; i < 400; i++)
		format_survives(&format_module, file.data, file.size - i);
	for (size_t i = 1; i <= 400; i++) {
		file.data[file.size - i] ^= 0x55;
		format_survives(&format_module, file.data, file.size);
		file.data[file.size - i] ^= 0x55;
	}
	buf_free(&file);
}
END_TEST

Suite *format_module_suite(void);

Suite *
format_module_suite(void)
{
	Suite *suite = suite_create("format_module");
	TCase *tcase = tcase_create("module");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, signature_has_a_name);
	tcase_add_test(tcase, signature_is_grafted);
	tcase_add_loop_test(tcase, unsound_signatures_are_content, 0,
			    (int)ARRAY_COUNT(changes));
	tcase_add_test(tcase, bytes_before_the_message_are_no_signature);
	tcase_add_test(tcase, damaged_files_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
