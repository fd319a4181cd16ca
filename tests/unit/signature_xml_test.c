/* Strict XML and its canonical form; the expected ones are those of `xmllint --c14n`,
 * or what Canonical XML 1.0, 2.3, says of a part of a document. */
#include "signature/signature_private.h"
#include "test.h"

static const struct {
	const char *text, *element, *canonical; /* NULL: refused */
} cases[] = {
    {"<a/>", "a", "<a></a>"},
    {"<?xml version=\"1.0\"?>\n<a  b=\"1\"\n a=\"2\" />\n", "a",
     "<a a=\"2\" b=\"1\"></a>"},
    {"<a xmlns=\"u\"><b c=\"1\" xmlns=\"u\">x<d/> y</b></a>", "a",
     "<a xmlns=\"u\"><b c=\"1\">x<d></d> y</b></a>"},
    {"<a xmlns=\"u\"><b>x</b></a>", "b", "<b xmlns=\"u\">x</b>"},
    {"<a xmlns=\"u\"><b xmlns=\"v\"><c/></b><d/></a>", "a",
     "<a xmlns=\"u\"><b xmlns=\"v\"><c></c></b><d></d></a>"},
    {"<a xmlns=\"u\"><b xmlns=\"\"><c/></b></a>", "a",
     "<a xmlns=\"u\"><b xmlns=\"\"><c></c></b></a>"},
    {"<a> <b></b >\t</a>", "a", "<a> <b></b>\t</a>"},
    {"<a><!-- x --></a>", "a", NULL},
    {"<!DOCTYPE a><a/>", "a", NULL},
    {"<a>&amp;</a>", "a", NULL},
    {"<a b='1'/>", "a", NULL},
    {"<a b=\"&lt;\"/>", "a", NULL},
    {"<a b=\"1\"c=\"2\"/>", "a", NULL},
    {"<a><b></a></b>", "a", NULL},
    {"<a/><a/>", "a", NULL},
    {"<a/>x", "a", NULL},
    {"<x:a/>", "a", NULL},
    {"<a x:b=\"1\"/>", "a", NULL},
    {"<a>\r\n</a>", "a", NULL},
    {"<a><![CDATA[x]]></a>", "a", NULL},
    {"<a", "a", NULL},
    {"", "a", NULL},
    {"<a b=\"1\" b=\"2\"/>", "a", NULL},
};

START_TEST(canonical_form)
{
	struct view text = view_of(cases[_i].text, strlen(cases[_i].text));
	struct xml xml;
	struct buf form = {0};
	bool fine = xml_parse(&text, &xml) == 0;
	size_t node = 0;
	while (fine && node + 1 < xml.count && !xml_is(&xml, node, cases[_i].element))
		node++;
	fine = fine && xml_canonical(&xml, node, &form) == 0;
	ck_assert_int_eq(fine, cases[_i].canonical != NULL);
	if (fine)
		ck_assert_str_eq(form.data, cases[_i].canonical);
	xml_free(&xml);
	buf_free(&form);
}
END_TEST

START_TEST(cut_anywhere)
{
	const char *whole =
	    "<?xml version=\"1.0\"?><a xmlns=\"u\"><b c=\"1\">x</b></a>";
	for (size_t size = 0; size < strlen(whole); size++) {
		struct view text = view_of(whole, size);
		struct xml xml;
		ck_assert_int_eq(xml_parse(&text, &xml), -1);
		xml_free(&xml);
	}
}
END_TEST

Suite *signature_xml_suite(void);

Suite *
signature_xml_suite(void)
{
	Suite *suite = suite_create("signature_xml");
	TCase *tests = tcase_create("xml");
	tcase_add_loop_test(tests, canonical_form, 0, ARRAY_COUNT(cases));
	tcase_add_test(tests, cut_anywhere);
	suite_add_tcase(suite, tests);
	return suite;
}
