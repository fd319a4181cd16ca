/*
 * Grafts of packages: what the schemes' own tools signed, against the unsigned package.
 * No byte outside of the signature may change, on either side, and leave them equal.
 */
#include "format/format_private.h"
#include "test.h"

#define KEY                                                                            \
	"export GNUPGHOME=$PWD/gnupg; mkdir -m 700 gnupg; "                            \
	"gpg() { command gpg --batch --quiet --yes --pinentry-mode loopback "          \
	"--passphrase '' \"$@\" 2>/dev/null; }; "                                      \
	"gpg --quick-gen-key 'P <p@example.org>' rsa2048 sign never; "
#define DONE "; gpgconf --kill all"
/* ar(1) writes the other headers anew when it adds a member; signers do not. */
#define DEB                                                                            \
	"mkdir -p d/DEBIAN d/usr/share/x m; printf 'Package: x\\nVersion: "            \
	"1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\nDescription: x\\n' "  \
	">d/DEBIAN/control; seq 1 100 >d/usr/share/x/n; dpkg-deb "                     \
	"--root-owner-group -b d r >/dev/null; cp r s; (cd m && ar x ../r); "       \
	"member() { printf '%-16s%-12s%-6s%-6s%-8s%-10s`\\n' $1 1 0 0 100644 "       \
	"$(wc -c <m/$1) >>s; cat m/$1 >>s; [ $(($(wc -c <s) % 2)) = 0 ] || echo >>s; }; "
#define RPM                                                                            \
	"printf '%s\\n' 'Name: x' 'Version: 1' 'Release: 1' 'Summary: x' 'License: "  \
	"GPL' 'BuildArch: noarch' '%description' x '%install' 'mkdir -p "            \
	"%{buildroot}/usr/share/x' 'seq 1 100 >%{buildroot}/usr/share/x/n' "         \
	"'%files' /usr/share/x/n >x.spec; rpmbuild -bb --define \"_topdir $PWD/top\" " \
	"--define '_build_id_links none' x.spec >log 2>&1; "                           \
	"cp top/RPMS/noarch/x-1-1.noarch.rpm r; cp r s; "
#define RPMSIGN                                                                        \
	"rpmsign --addsign --define '_gpg_name p@example.org' --define "               \
	"\"_gpg_path $GNUPGHOME\" --define '__gpg /usr/bin/gpg' "

static const struct {
	const char *format, *program, *make;
} packages[] = {
    {"deb", "debsigs",
     KEY DEB "debsigs --sign=origin --default-key=p@example.org s >/dev/null" DONE},
    {"deb", "ar",
     KEY DEB "cat m/* | gpg -a --detach-sign -o m/_gpgmaint; member _gpgmaint" DONE},
    {"deb", "ar",
     KEY DEB "md5sum m/* >list; gpg --clearsign -o m/_gpgbuilder list; member "
	     "_gpgbuilder" DONE},
    {"rpm", "rpmsign", KEY RPM RPMSIGN "s >log 2>&1" DONE},
    {"rpm", "rpmsign", KEY RPM RPMSIGN "--rpmv3 s >log 2>&1" DONE},
};

struct signed_pair {
	const struct format *format;
	struct buf shipped, rebuilt;
	struct map *map; /* of the shipped file as it was made */
};

static void
pair_make(struct signed_pair *pair, int row)
{
	test_shell("%s", packages[row].make);
	pair->format = format_by_name(packages[row].format);
	pair->shipped = test_file("s");
	pair->rebuilt = test_file("r");
	struct view view = view_of_buf(&pair->shipped);
	pair->map = format_map(pair->format, &view, NULL);
}

static void
pair_free(struct signed_pair *pair)
{
	buf_free(&pair->shipped);
	buf_free(&pair->rebuilt);
	map_free(pair->map);
}

/* Does the rebuilt file become the shipped one by its signature? */
static bool
is_grafted(const struct signed_pair *pair)
{
	struct view shipped = view_of_buf(&pair->shipped);
	struct view rebuilt = view_of_buf(&pair->rebuilt);
	struct graft graft = {0};
	struct err err = {0};
	bool is = pair->format->graft(&shipped, &rebuilt, &graft, &err) == GRAFT_DONE;
	struct view bytes = view_of_buf(&graft.bytes);
	is = is && view_equal(&bytes, &shipped);
	graft_free(&graft);
	return is;
}

/* Does the byte of the shipped file exist only because that was signed? */
static bool
is_signature(const struct signed_pair *pair, size_t at)
{
	if (strcmp(pair->format->name, "deb") == 0)
		return at >= pair->rebuilt.size;
	return map_find(pair->map, at)->tag == EXTENT_SIGNATURE;
}

/* The rpm signature header of the rebuilt file, which is cut away. */
static bool
is_cut(const struct signed_pair *pair, size_t at)
{
	struct view rebuilt = view_of_buf(&pair->rebuilt);
	uint64_t main;
	if (strcmp(pair->format->name, "rpm") != 0 ||
	    view_find(&rebuilt, 100, "\x8e\xad\xe8\x01", 4, &main) == -1)
		return false;
	return at >= 96 && at < main;
}

START_TEST(signed_by_the_tool)
{
	struct signed_pair pair;
	if (!test_have(packages[_i].program) || !test_have("gpg"))
		TEST_SKIP("no gpg, rpm or debsigs");
	pair_make(&pair, _i);
	ck_assert_msg(is_grafted(&pair), "%s", packages[_i].make);
	ck_assert(pair.shipped.size != pair.rebuilt.size ||
		  memcmp(pair.shipped.data, pair.rebuilt.data, pair.rebuilt.size) != 0);
	pair_free(&pair);
}
END_TEST

START_TEST(no_byte_may_change)
{
	struct signed_pair pair;
	size_t guarded = 0;
	if (!test_have(packages[_i].program) || !test_have("gpg"))
		TEST_SKIP("no gpg, rpm or debsigs");
	pair_make(&pair, _i);
	for (size_t i = 0; i < pair.rebuilt.size; i++) {
		pair.rebuilt.data[i] ^= 1;
		ck_assert_msg(is_cut(&pair, i) || !is_grafted(&pair),
			      "byte %zu of the rebuilt file", i);
		pair.rebuilt.data[i] ^= 1;
	}
	for (size_t i = 0; i < pair.shipped.size; i++) {
		pair.shipped.data[i] ^= 1;
		ck_assert_msg(is_signature(&pair, i) || !is_grafted(&pair),
			      "byte %zu of the shipped file", i);
		pair.shipped.data[i] ^= 1;
		guarded += !is_signature(&pair, i);
	}
	ck_assert_uint_gt(guarded, 500);
	pair_free(&pair);
}
END_TEST

/* Cut anywhere but before the padding of a last member: refused or not equal, and
 * nothing past the end is read. */
START_TEST(cut_anywhere)
{
	struct signed_pair pair;
	if (!test_have(packages[_i].program) || !test_have("gpg"))
		TEST_SKIP("no gpg, rpm or debsigs");
	pair_make(&pair, _i);
	struct buf whole = pair.shipped;
	for (size_t size = 0; size + 1 < whole.size; size += 3) {
		pair.shipped.data = base_alloc(size + 1, 1);
		memcpy(pair.shipped.data, whole.data, size);
		pair.shipped.size = size;
		bool deb = strcmp(pair.format->name, "deb") == 0;
		ck_assert_msg(!is_grafted(&pair), "%s cut at %zu",
			      deb ? "deb" : "rpm", size);
		free(pair.shipped.data);
	}
	pair.shipped = whole;
	pair_free(&pair);
}
END_TEST

/* ---- what is no signature ----------------------------------------------- */

static const struct {
	const char *bytes;
	size_t size;
	bool packets;
} framings[] = {
    {"\x88\x01x", 3, true},	     {"\x88\x01x\x88\x01y", 6, true},
    {"\x89\x00\x02xy", 5, true},     {"\xc2\x02xy", 4, true},
    {"\xc2\xc0\x00" "x", 4, false},  {"\x88\x01xy", 4, false},
    {"\x88\x02x", 3, false},	     {"\x8a\x00\x00\x00\x01x", 6, false},
    {"\x99\x00\x01x", 4, false},     {"\xc6\x01x", 3, false},
    {"\x88\x00", 2, false},	     {"", 0, false},
    {"\x88", 1, false},		     {"text", 4, false},
};

START_TEST(packets_alone)
{
	struct view view = view_of(framings[_i].bytes, framings[_i].size);
	ck_assert_int_eq(format_is_openpgp(&view), framings[_i].packets);
}
END_TEST

START_TEST(armour_alone)
{
	static const struct {
		const char *text;
		bool is;
	} texts[] = {
	    {"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n",
	     true},
	    {"-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\nx\n",
	     false},
	    {"x\n-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n",
	     false},
	    {"-----BEGIN PGP SIGNATURE-----\n\1\n-----END PGP SIGNATURE-----\n", false},
	    {"-----BEGIN PGP SIGNATURE-----\n", false},
	    {"", false},
	};
	for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
		struct view view = view_of(texts[i].text, strlen(texts[i].text));
		ck_assert_msg(format_is_openpgp_text(&view) == texts[i].is, "%zu", i);
	}
}
END_TEST

Suite *format_graft_suite(void);

Suite *
format_graft_suite(void)
{
	Suite *suite = suite_create("format_graft");
	TCase *tcase = tcase_create("graft");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, signed_by_the_tool, 0, (int)ARRAY_COUNT(packages));
	tcase_add_loop_test(tcase, no_byte_may_change, 0, (int)ARRAY_COUNT(packages));
	tcase_add_loop_test(tcase, cut_anywhere, 0, (int)ARRAY_COUNT(packages));
	tcase_add_loop_test(tcase, packets_alone, 0, (int)ARRAY_COUNT(framings));
	tcase_add_test(tcase, armour_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
