/* Lists of Debian archives: rows, dates, and every cut of a list. */
#include "signature/repository_private.h"
#include "test.h"

/* ---- lists ---------------------------------------------------------------- */

#define MD5    "d41d8cd98f00b204e9800998ecf8427e"
#define SHA1   "da39a3ee5e6b4b0d3255bfef95601890afd80709"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Stanzas, and how many files they list; -1: refused. All of the empty file, whose
 * digests above are the ones that RFC 1321 and FIPS 180-4 programs print. */
static const struct {
	const char *stanza;
	int files;
} listings[] = {
    {"SHA256:\n " SHA256 " 0 a/b\n " SHA256 " 0 c\n", 2},
    {"MD5Sum:\n " MD5 " 0 a\nSHA256:\n " SHA256 " 0 a\n", 1},
    {"Files:\n " MD5 " 0 a\nChecksums-Sha1:\n " SHA1 " 0 b\n", 2},
    {"Files:\n " MD5 " 0 misc optional a.deb\n", 1},
    {"Filename: ./a.deb\nSize: 0\nMD5sum: " MD5 "\nSHA256: " SHA256 "\n", 1},
    {"Suite: x\n", 0},
    {"SHA256:\n " SHA256 " 0 a misc x\n", -1},
    {"SHA256:\n " SHA1 " 0 a\n", -1},
    {"SHA256:\n " SHA256 " -1 a\n", -1},
    {"SHA256:\n " SHA256 " 99999999999999999999 a\n", -1},
    {"SHA256:\n " SHA256 " 0 ../a\n", -1},
    {"SHA256:\n " SHA256 " 0 /a\n", -1},
    {"SHA256:\n " SHA256 "\n", -1},
    {"SHA256:\n " SHA256 " 0 a\n " SHA256 " 1 a\n", -1},
    {"MD5Sum:\n " MD5 " 0 a\nSHA256:\n " SHA256 " 1 a\n", -1},
    {"Filename: a.deb\nSHA256: " SHA256 "\n", -1},
    {"Filename: a.deb\nSize: 0\nSHA256: " SHA1 "\n", -1},
    {"Filename: /a.deb\nSize: 0\nSHA256: " SHA256 "\n", -1},
};

START_TEST(lists_become_rows)
{
	const char *text = listings[_i].stanza;
	struct view bytes = view_of(text, strlen(text));
	struct deb822 *parsed = NULL;
	struct listing listing;
	struct repository_digests digests;
	struct view nothing = {NULL, 0};
	struct err err = {0};
	ck_assert_ok(deb822_parse("x", &bytes, &parsed, &err), err);
	int answer = listing_read("x", &parsed->stanzas[0], &listing, &err);
	ck_assert_int_eq(answer == 0 ? (int)listing.count : -1, listings[_i].files);
	repository_digests_of(&nothing, &digests);
	for (size_t i = 0; answer == 0 && i < listing.count; i++) {
		enum repository_fit fit =
		    repository_fit_of(&listing.files[i], &digests);
		ck_assert_int_eq(fit, listing.files[i].digests[LISTING_SHA256] != NULL
					  ? FIT_STRONG
					  : FIT_WEAK);
		listing.files[i].size++;
		ck_assert_int_eq(repository_fit_of(&listing.files[i], &digests),
				 FIT_DIFFERS);
	}
	listing_free(&listing);
	deb822_free(parsed);
}
END_TEST

/* One digest that is another one's is enough, however many others are right. */
START_TEST(every_digest_counts)
{
	char text[] = "MD5Sum:\n " MD5 " 0 a\nSHA256:\n " SHA256 " 0 a\n";
	struct view bytes = view_of(text, strlen(text));
	struct view nothing = {NULL, 0};
	struct deb822 *parsed = NULL;
	struct listing listing;
	struct repository_digests digests;
	struct err err = {0};
	*strstr(text, "d41d") = 'e';
	ck_assert_ok(deb822_parse("x", &bytes, &parsed, &err), err);
	ck_assert_ok(listing_read("x", &parsed->stanzas[0], &listing, &err), err);
	repository_digests_of(&nothing, &digests);
	ck_assert_int_eq(repository_fit_of(&listing.files[0], &digests), FIT_DIFFERS);
	listing_free(&listing);
	deb822_free(parsed);
}
END_TEST

/* ---- dates ------------------------------------------------------------------ */

/* The seconds are what `date -d TEXT +%s` prints; -1: refused. */
static const struct {
	const char *text;
	int64_t seconds;
} dates[] = {
    {"Sat, 11 Jul 2026 10:16:37 UTC", 1783764997},
    {"Wed, 25 Nov 2026 00:33:48 +0000", 1795566828},
    {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
    {"Sat, 11 Jul 2026 10:16:37 CEST", -1},
    {"Sat, 11 Jul 2026 10:16:37 +0200", -1},
    {"Sat, 11 anJ 2026 10:16:37 UTC", -1},
    {"Sat, 11 ulA 2026 10:16:37 UTC", -1},
    {"Sat, 31 Jun 2026 10:16:37 UTC", -1},
    {"Sat, 11 Jul 2026 25:16:37 UTC", -1},
    {"Sat, 11 Jul 2026 10:16:37 UTC x", -1},
    {"Sat, 11 Jul 2026", -1},
    {"2026-07-11T10:16:37Z", -1},
    {"", -1},
};

START_TEST(dates_are_read)
{
	int64_t seconds = -1;
	int answer = repository_date(dates[_i].text, &seconds);
	ck_assert_int_eq(answer, dates[_i].seconds == -1 ? -1 : 0);
	if (answer == 0)
		ck_assert_int_eq(seconds, dates[_i].seconds);
}
END_TEST

/* ---- cut and hostile lists ------------------------------------------------------ */

static const char packages[] = "Package: zero\nVersion: 1\nFilename: pool/zero.deb\n"
			       "Size: 3\nSHA256: " SHA256 "\n\n"
			       "Package: one\nVersion: 2\nArchitecture: all\n"
			       "Filename: pool/one.deb\nSize: 0\nMD5sum: " MD5 "\n"
			       "SHA256: " SHA256 "\n\n"
			       "Package: two\nFilename: pool/two.deb\nSize: 1\n";

/* No cut of the list names the file before its last digest is there. */
START_TEST(cut_at_every_byte)
{
	struct view nothing = {NULL, 0};
	struct repository_digests digests;
	const char *end = strstr(packages, "\n\nPackage: two");
	repository_digests_of(&nothing, &digests);
	for (size_t size = 0; size < sizeof(packages); size++) {
		char *copy = base_strndup(packages, size); /* its end is the block's */
		struct view list = view_of(copy, size);
		struct repository_claim claim;
		repository_claim_find(&list, &digests, "one.deb", &claim);
		bool whole = size >= (size_t)(end - packages);
		ck_assert_msg((claim.fit == FIT_STRONG) == whole, "cut at %zu: %d",
			      size, claim.fit);
		if (whole) {
			ck_assert_str_eq(claim.package, "one 2 all");
			ck_assert_str_eq(claim.name, "pool/one.deb");
			ck_assert_str_eq(claim.digests, "MD5, SHA256");
		}
		repository_claim_clear(&claim);
		free(copy);
	}
}
END_TEST

/* A digest without a stanza around it that fits, a thousand times and more. */
START_TEST(many_stanzas)
{
	struct view nothing = {NULL, 0};
	struct buf text = {0};
	struct repository_digests digests;
	struct repository_claim claim;
	repository_digests_of(&nothing, &digests);
	for (int i = 0; i < 20000; i++)
		buf_puts(&text, "Description: " SHA256 "\n\n");
	buf_zeros(&text, 3 << 20);
	buf_puts(&text, SHA256);
	struct view list = view_of_buf(&text);
	repository_claim_find(&list, &digests, "one.deb", &claim);
	ck_assert_int_le(claim.fit, FIT_DIFFERS);
	repository_claim_clear(&claim);
	buf_free(&text);
}
END_TEST

/* ---- names ----------------------------------------------------------------------- */

START_TEST(names_of_lists)
{
	static const char *const lists[] = {"Packages", "a/Packages.xz",
					    "h_dists_x_main_source_Sources.lz4",
					    "main/binary-amd64/Packages.gz"};
	static const char *const others[] = {"Contents-amd64", "Packages.diff/Index",
					     "MyPackages", "a/Sources.txt", "Packages/x",
					     ".xz", ""};
	for (size_t i = 0; i < ARRAY_COUNT(lists); i++)
		ck_assert_msg(repository_is_list(lists[i]), "%s", lists[i]);
	for (size_t i = 0; i < ARRAY_COUNT(others); i++)
		ck_assert_msg(!repository_is_list(others[i]), "%s", others[i]);
}
END_TEST

Suite *signature_archive_suite(void);

Suite *
signature_archive_suite(void)
{
	Suite *suite = suite_create("signature_archive");
	TCase *tcase = tcase_create("archive");
	tcase_add_loop_test(tcase, lists_become_rows, 0, (int)ARRAY_COUNT(listings));
	tcase_add_test(tcase, every_digest_counts);
	tcase_add_loop_test(tcase, dates_are_read, 0, (int)ARRAY_COUNT(dates));
	tcase_add_test(tcase, cut_at_every_byte);
	tcase_add_test(tcase, many_stanzas);
	tcase_add_test(tcase, names_of_lists);
	suite_add_tcase(suite, tcase);
	return suite;
}
