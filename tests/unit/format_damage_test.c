/* format: the smallest file of each kind of container and stream, cut at every byte,
 * and with every byte at extremes. */
#include "format_sink.h"

static const struct {
	const char *make; /* puts it into "x" */
	const char *program;
	const struct format *format;
} kinds[] = {
    {"gzip -9n <a >x", "gzip", &format_gzip},
    {"bzip2 <a >x", "bzip2", &format_bzip2},
    {"xz <a >x", "xz", &format_xz},
    {"zstd -qc a >x", "zstd", &format_zstd},
    {"lz4 -qc a >x", "lz4", &format_lz4},
    {"tar -b1 -H ustar -cf x a", "tar", &format_tar},
    {"tar -b1 -H pax -cf x a", "tar", &format_tar},
    {"tar -b1 -H gnu -cf x a $(printf '%0120d' 0)", "tar", &format_tar},
    {"echo a | cpio -o -H newc --quiet >x", "cpio", &format_cpio},
    {"zip -q y.zip a && mv y.zip x", "zip", &format_zip},
    {"ar rcD x a $(printf '%020d' 0)", "ar", &format_ar},
    {"mkdir -p p/DEBIAN && printf 'Package: p\\nVersion: 1\\nArchitecture: all\\n"
     "Maintainer: n\\nDescription: d\\n' >p/DEBIAN/control && dpkg-deb "
     "--root-owner-group -Zgzip -b p x",
     "dpkg-deb", &format_deb},
    {"printf 'Name: p\\nVersion: 1\\nRelease: 1\\nSummary: s\\nLicense: l\\n"
     "BuildArch: noarch\\n%%%%description\\nd\\n%%%%files\\n' >p.spec && rpmbuild --quiet "
     "-bb --define \"_topdir $PWD\" p.spec && mv RPMS/noarch/*.rpm x",
     "rpmbuild", &format_rpm},
    {"7zr a -bd -y y.7z a >log && mv y.7z x", "7zr", &format_7z},
    {"bsdtar --format xar -cf x a", "bsdtar", &format_xar},
    {"gcab -c x a >log", "gcab", &format_cab},
};

START_TEST(every_cut_and_every_extreme_is_survived)
{
	if (!test_have(kinds[_i].program))
		TEST_SKIP(kinds[_i].program);
	test_shell("seq 1 30 >a; seq 1 9 >$(printf '%%020d' 0); "
		   "seq 1 9 >$(printf '%%0120d' 0)");
	test_shell("%s", kinds[_i].make);
	ck_assert_str_eq(probe_name("x"), kinds[_i].format->name);
	struct buf file = test_file("x");
	ck_assert_uint_gt(file.size, 0);
	format_survives_damage(kinds[_i].format, &file, 1, file.size);
	buf_free(&file);
}
END_TEST

Suite *format_damage_suite(void);

Suite *
format_damage_suite(void)
{
	Suite *suite = suite_create("format_damage");
	TCase *tcase = tcase_create("damage");
	tcase_set_timeout(tcase, 240);
	tcase_add_loop_test(tcase, every_cut_and_every_extreme_is_survived, 0,
			    (int)ARRAY_COUNT(kinds));
	suite_add_tcase(suite, tcase);
	return suite;
}
