/* rebuild: the machine's apt sources, filtered. */
#include "test.h"

#include "rebuild/rebuild_private.h"

static const struct {
	const char *what;
	bool stanzas, sources;
	const char *file, *expected;
	size_t taken;
} rows[] = {
    {"a stanza with more suites than are wanted", true, true,
     "# a comment\nTypes: deb\nURIs: http://a/debian\nSuites: s s-updates t "
     "s-backports\nComponents: main\nSigned-By: /k.gpg\n",
     "Types: deb deb-src\nSuites: s s-updates\nURIs: http://a/debian\nComponents: "
     "main\nSigned-By: /k.gpg\n\n",
     2},
    {"no source packages wanted", true, false,
     "Types: deb deb-src\nURIs: http://a\nSuites: s-security\nComponents: main\n",
     "Types: deb\nSuites: s-security\nURIs: http://a\nComponents: main\n\n", 1},
    {"continuation lines and other cases of names", true, true,
     "types: deb\nsuites: x\n s\nUris: http://a\nComponents: main\nSigned-By:\n "
     "-----BEGIN\n "
     ".\n abc\n",
     "Types: deb deb-src\nSuites: s\nUris: http://a\nComponents: main\nSigned-By:\n "
     "-----BEGIN\n .\n abc\n\n",
     1},
    {"what is disabled stays so", true, true,
     "Enabled: no\nTypes: deb\nURIs: http://a\nSuites: s\nComponents: main\n", "", 0},
    {"only source packages", true, true,
     "Types: deb-src\nURIs: http://a\nSuites: s\nComponents: main\n", "", 0},
    {"two stanzas, one of another suite", true, false,
     "Types: deb\nURIs: http://a\nSuites: other\nComponents: main\n\n\nTypes: "
     "deb\nURIs: http://b\nSuites: s\nComponents: main",
     "Types: deb\nSuites: s\nURIs: http://b\nComponents: main\n\n", 1},
    {"a suite that only begins alike", true, true,
     "Types: deb\nURIs: http://a\nSuites: ss s-updatesx\nComponents: main\n", "", 0},
    {"one-line form", false, true,
     "deb http://a/debian s main contrib # note\ndeb http://a/debian t main\n"
     "#deb http://a/debian s main\n  deb [arch=amd64 signed-by=/k] http://b s/updates "
     "main\ndeb-src http://a/debian s main\n",
     "deb http://a/debian s main contrib \ndeb-src http://a/debian s main contrib "
     "\ndeb [arch=amd64 signed-by=/k] http://b s/updates main\ndeb-src [arch=amd64 "
     "signed-by=/k] http://b s/updates main\n",
     2},
    {"one-line form, cut short", false, true,
     "deb\ndeb \ndeb [\ndeb [a=b\ndeb http://a", "", 0},
};

START_TEST(sources_are_filtered)
{
	struct buf file = {0}, out = {0};
	buf_puts(&file, rows[_i].file);
	size_t taken =
	    apt_sources_filter(&file, rows[_i].stanzas, "s", rows[_i].sources, &out);
	ck_assert_msg(taken == rows[_i].taken, "%s: %zu", rows[_i].what, taken);
	ck_assert_msg(strcmp(out.size ? out.data : "", rows[_i].expected) == 0,
		      "%s:\n%s", rows[_i].what, out.size ? out.data : "");
	buf_free(&file);
	buf_free(&out);
}
END_TEST

START_TEST(packages_have_the_names_apt_gives)
{
	char xxd[] = "xxd", version[] = "2:9.0.1378-2+deb12u2",
	     architecture[] = "amd64";
	struct toolchain_package package = {
	    .name = xxd, .version = version, .architecture = architecture};
	char *name = package_file(&package);
	ck_assert_str_eq(name, "xxd_2%3a9.0.1378-2+deb12u2_amd64.deb");
	free(name);
}
END_TEST

Suite *rebuild_apt_suite(void);

Suite *
rebuild_apt_suite(void)
{
	Suite *suite = suite_create("rebuild_apt");
	TCase *tcase = tcase_create("apt");
	tcase_add_loop_test(tcase, sources_are_filtered, 0, (int)ARRAY_COUNT(rows));
	tcase_add_test(tcase, packages_have_the_names_apt_gives);
	suite_add_tcase(suite, tcase);
	return suite;
}
