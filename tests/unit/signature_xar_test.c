/* Signatures of xar archives: tables of contents, and files cut or changed at every
 * byte. */
#include "signature/xar_private.h"
#include "test.h"

#define PIECE(inside) "<xar><toc><file><data>" inside "</data></file></toc></xar>"

/* How many pieces and signatures a table has; -1: malformed. */
static const struct {
	const char *text;
	int pieces, signatures;
} tables[] = {
    {"<xar></xar>", 0, 0},
    {"<?xml version=\"1.0\"?>\n<xar>\n<toc/>\n</xar>\n", 0, 0},
    {PIECE("<offset>1</offset><length>2</length>"), 1, 0},
    {PIECE("<offset>1</offset><ea><offset>3</offset></ea>"), 1, 0},
    {PIECE("<length>2</length>"), 0, 0}, /* an empty file has no place */
    {"<xar><toc><signature style=\"RSA\"><offset>0</offset></signature>"
     "<x-signature style=\"CMS\"/></toc></xar>",
     0, 2},
    {"<xar><file><signature/></file></xar>", 0, 0}, /* not the table's */
    /* what two readers may see in two ways */
    {PIECE("<offset>1</offset><offset>2</offset>"), -1, 0},
    {PIECE("<offset>0x1</offset>"), -1, 0},
    {PIECE("<offset>-1</offset>"), -1, 0},
    {PIECE("<offset> 1</offset>"), -1, 0},
    {PIECE("<offset>9999999999999999999</offset>"), -1, 0},
    {"<xar><toc><checksum/><checksum/></toc></xar>", -1, 0},
    {"<xar><!-- <toc> --></xar>", -1, 0},
    {"<xar><![CDATA[<toc/>]]></xar>", -1, 0},
    {"<!DOCTYPE x><xar></xar>", -1, 0},
    {"<xar><toc></xar></toc>", -1, 0},
    {"<xar><toc>", -1, 0},
    {"<xar></xar><xar></xar>", -1, 0},
    {"<xar></xar>x", -1, 0},
    {"<xar a=\"<\"></xar>", -1, 0},
    {"", -1, 0},
};

START_TEST(tables_of_contents)
{
	struct view text = view_of(tables[_i].text, strlen(tables[_i].text));
	struct xar_toc toc;
	struct err err = {0};
	int answer = xar_toc_read(&text, &toc, &err);
	ck_assert_int_eq(answer, tables[_i].pieces == -1 ? -1 : 0);
	if (answer == 0) {
		ck_assert_int_eq((int)toc.count, tables[_i].pieces);
		ck_assert_int_eq((int)toc.signature_count, tables[_i].signatures);
	}
	xar_toc_clear(&toc);
}
END_TEST

START_TEST(deep_tables_are_refused)
{
	struct buf text = {0};
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "<a>");
	struct view view = view_of_buf(&text);
	struct xar_toc toc;
	struct err err = {0};
	ck_assert_int_eq(xar_toc_read(&view, &toc, &err), -1);
	xar_toc_clear(&toc);
	buf_free(&text);
}
END_TEST

static enum signature_status
check(const void *bytes, size_t size, const struct trust *trust)
{
	struct view view = view_of(bytes, size);
	enum signature_status status;
	struct err err = {0};
	json_t *entries = json_array();
	ck_assert_ok(scheme_xar.check(&view, "x", trust, entries, &status, &err), err);
	ck_assert_uint_ge(json_array_size(entries), 1);
	json_decref(entries);
	return status;
}

START_TEST(every_byte_counts)
{
	struct err err = {0};
	test_shell(
	    "seq 100 >a; seq 9 >b; new='openssl req -newkey rsa:2048 -nodes'; $new "
	    "-x509 -addext keyUsage=critical,keyCertSign -subj /CN=root -keyout r "
	    "-out root && $new -subj /CN=x -keyout k -out q && echo "
	    "keyUsage=critical,digitalSignature >e && openssl x509 -req -in q -CA "
	    "root -CAkey r -CAcreateserial -extfile e -out c && python3 "
	    "$SOURCE/testdata/xar/make.py x a b cert=c key=k style=rsa,cms");
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "root");
	ck_assert_ok(trust_add(trust, path, false, NULL, &err), err);
	struct buf file = test_file("x");
	ck_assert_int_eq(check(file.data, file.size, trust), SIGNATURE_VALID);
	for (size_t i = 4; i < file.size; i += 1 + i / 512 % 5) {
		file.data[i] ^= 1;
		ck_assert_msg(check(file.data, file.size, trust) != SIGNATURE_VALID,
			      "byte %zu of %zu was changed", i, file.size);
		file.data[i] ^= 1;
	}
	for (size_t size = 0; size < file.size; size += 1 + size / 256) {
		char *exact = base_alloc(size + 1, 1);
		memcpy(exact, file.data, size);
		ck_assert_int_ne(check(exact, size, trust), SIGNATURE_VALID);
		free(exact);
	}
	buf_free(&file);
	free(path);
	trust_free(trust);
}
END_TEST

Suite *signature_xar_suite(void);

Suite *
signature_xar_suite(void)
{
	Suite *suite = suite_create("signature_xar");
	TCase *tests = tcase_create("xar");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, tables_of_contents, 0, ARRAY_COUNT(tables));
	tcase_add_test(tests, deep_tables_are_refused);
	tcase_add_test(tests, every_byte_counts);
	suite_add_tcase(suite, tests);
	return suite;
}
