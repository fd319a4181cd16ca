/* A whole product accounted for by its release description. */
#include "compare_case.h"

/* The product: a .deb with a program, a text, a link and a folder with a sticky bit;
 * the build: a folder that holds another .deb with the program. */
static void
make_product(void)
{
	case_make_program();
	test_shell(
	    "ln -s x p/usr/bin/link; mkdir -p p/var/spool; chmod 1777 p/var/spool; "
	    "rm -rf built; mkdir -p built q/DEBIAN q/usr/bin; cp p/DEBIAN/control "
	    "q/DEBIAN/; cp x q/usr/bin/tool; "
	    "dpkg-deb --root-owner-group -Zgzip -b p x.deb; "
	    "dpkg-deb --root-owner-group -Zxz -b q built/y.deb; "
	    "echo log >built/log");
}

/* The description, with `outputs` for its Output stanzas and `unbuilt` for what is
 * listed after the usual ones. */
static struct release *
make_release(const char *outputs, const char *unbuilt, const char *rest)
{
	struct release *release = NULL;
	struct err err = {0};
	test_shell(
	    "{ printf 'Format: verify-release 1\\nName: x\\nVersion: 1\\n\\n"
	    "Product: x.deb\\nSHA256: %%s\\n\\n%%b\\n\\nUnbuilt:\\n' "
	    "\"$(sha256sum x.deb | cut -c1-64)\" '%s'; "
	    "echo \" $(sha256sum p/usr/share/doc/x | cut -c1-64) usr/share/doc/x\"; "
	    "echo \" $(printf '2.0\\n' | sha256sum | cut -c1-64) debian-binary\"; "
	    "echo \" $(printf x | sha256sum | cut -c1-64) usr/bin/link\"; "
	    "for f in control md5sums; do "
	    "echo \" $(sha256sum p/DEBIAN/$f | cut -c1-64) DEBIAN/$f\"; done; "
	    "%s printf 'Reason: packaging\\n%s'; } >x.release",
	    outputs, unbuilt, rest);
	char *path = path_join(test_folder(), "x.release");
	ck_assert_ok(release_read(path, &release, &err), err);
	free(path);
	return release;
}

static void
account(struct compare_case *one, const struct release *release, bool built)
{
	struct err err = {0};
	case_open(one, "x.deb", built ? "built" : NULL);
	ck_assert_ok(compare_release(release, 0, one->shipped, one->rebuilt,
				     built ? NULL : "step 1 'make' failed", one->files,
				     &err),
		     err);
}

static size_t
count_status(const struct compare_case *one, const char *status)
{
	size_t i, count = 0;
	json_t *entry;
	json_array_foreach(one->files, i, entry)
	{
		count += strcmp(object_text(entry, "status"), status) == 0;
	}
	return count;
}

#define OUTPUT "Output: usr/bin/x\\nBuilt: y.deb//usr/bin/tool"

START_TEST(everything_accounted_for)
{
	struct compare_case one;
	make_product();
	struct release *release = make_release(OUTPUT, "", "");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "/usr/bin/x"), "identical");
	ck_assert_uint_eq(count_status(&one, "unbuilt"), 5);
	ck_assert_uint_eq(json_array_size(one.files), 6);
	/* the odd folder is said somewhere */
	char *all = json_dumps(one.files, 0);
	ck_assert_ptr_nonnull(strstr(all, "has mode 1777"));
	free(all);
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(build_failed)
{
	struct compare_case one;
	make_product();
	struct release *release = make_release(OUTPUT, "", "");
	account(&one, release, false);
	ck_assert_str_eq(case_status(&one, "/usr/bin/x"), "undecided");
	ck_assert_str_eq(object_text(case_entry(&one, "/usr/bin/x"), "reason"),
			 "step 1 'make' failed");
	ck_assert_uint_eq(count_status(&one, "unbuilt"), 5);
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(something_missing)
{
	struct compare_case one;
	make_product();
	struct release *release =
	    make_release("Output: usr/bin/gone\\nBuilt: y.deb//usr/bin/tool\\n\\n"
			 "Output: usr/bin/x\\nBuilt: y.deb//usr/bin/other",
			 "", "");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/gone"), "missing");
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "missing");
	ck_assert_ptr_nonnull(
	    strstr(object_text(case_entry(&one, "usr/bin/x"), "reason"),
		   "y.deb//usr/bin/other"));
	/* it was built, under a name that the description does not say */
	const char *found = object_text(case_entry(&one, "usr/bin/x"), "moved_to");
	ck_assert_str_eq(found, "built/y.deb//data.tar.xz//./usr/bin/tool");
	ck_assert_ptr_nonnull(
	    strstr(object_text(case_entry(&one, "usr/bin/x"), "reason"), found));
	case_close(&one);
	release_free(release);
	release = make_release(
	    OUTPUT, "echo \" $(sha256sum x | cut -c1-64) usr/bin/absent\";", "");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/absent"), "missing");
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(something_more_in_the_product)
{
	struct compare_case one;
	make_product();
	struct release *release = make_release(OUTPUT, "", "");
	test_shell("echo evil >p/usr/bin/evil; ln -s /etc/shadow p/usr/bin/shadow; "
		   "dpkg-deb --root-owner-group -Zgzip -b p x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/evil"), "unaccounted");
	ck_assert_str_eq(case_status(&one, "usr/bin/shadow"), "unaccounted");
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "identical");
	ck_assert_str_eq(object_text(case_entry(&one, "bin/evil"), "moved_to"), "");
	case_close(&one);
	/* the build left it in another place: said, and still unaccounted */
	test_shell("echo evil >built/twin");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/evil"), "unaccounted");
	ck_assert_str_eq(object_text(case_entry(&one, "bin/evil"), "moved_to"),
			 "built/twin");
	ck_assert_str_eq(object_text(case_entry(&one, "bin/shadow"), "moved_to"), "");
	case_close(&one);
	/* a second member of the same name, and one beside the archives */
	test_shell(
	    "rm p/usr/bin/evil p/usr/bin/shadow; rm -rf w; mkdir w; cd w; "
	    "dpkg-deb --root-owner-group -Znone -b ../p ../x.deb; ar x ../x.deb; "
	    "mkdir -p usr/bin; echo evil >usr/bin/x; "
	    "tar --owner=0 --group=0 --format=gnu -rf data.tar ./usr/bin/x; "
	    "echo stray >stray; rm ../x.deb; "
	    "ar rc ../x.deb debian-binary control.tar data.tar stray");
	account(&one, release, true);
	ck_assert_uint_eq(count_status(&one, "unaccounted"), 2);
	ck_assert_str_eq(case_status(&one, "x.deb//stray"), "unaccounted");
	/* duplicate names and a stranger in a .deb are tricks: findings of their own */
	ck_assert_uint_ge(count_status(&one, "undecided"), 1);
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(unbuilt_files_are_held_to_their_hash)
{
	struct compare_case one;
	make_product();
	struct release *release = make_release(OUTPUT, "", "");
	test_shell("echo other >p/usr/share/doc/x; ln -sf /bin/sh p/usr/bin/link; "
		   "chmod 4755 p/DEBIAN/md5sums; "
		   "dpkg-deb --root-owner-group -Zgzip -b p x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/share/doc/x"), "different");
	ck_assert_ptr_nonnull(
	    strstr(object_text(case_entry(&one, "usr/share/doc/x"), "reason"),
		   "declared SHA-256"));
	ck_assert_str_eq(case_status(&one, "usr/bin/link"), "different");
	ck_assert_uint_eq(count_status(&one, "unbuilt"), 3);
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(record_of_an_output_counts)
{
	static const char *const changes[] = {"chmod 4755 p/usr/bin/x",
					      "chmod 700 p/usr/bin/x", NULL};
	struct compare_case one;
	make_product();
	struct release *release = make_release(OUTPUT, "", "");
	for (size_t i = 0; changes[i] != NULL; i++) {
		test_shell("%s; dpkg-deb --root-owner-group -Zgzip -b p x.deb",
			   changes[i]);
		account(&one, release, true);
		json_t *entry = case_entry(&one, "usr/bin/x");
		ck_assert_str_eq(object_text(entry, "status"), "different");
		json_t *mode = entry_difference(entry, "mode of");
		ck_assert_str_eq(object_text(mode, "rebuilt"), "0755");
		case_close(&one);
	}
	/* time is the package's own business */
	test_shell("chmod 755 p/usr/bin/x; touch -d @86400 p/usr/bin/x; "
		   "dpkg-deb --root-owner-group -Zgzip -b p x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "identical");
	case_close(&one);
	test_shell("rm -rf w; mkdir w; cd w; dpkg-deb -R ../x.deb r; chown 0:7 "
		   "r/usr/bin/x; dpkg-deb -Zgzip -b r ../x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "different");
	entry_difference(case_entry(&one, "usr/bin/x"), "gid of");
	case_close(&one);
	release_free(release);
}
END_TEST

/* Overwrite one byte of x's text "%d\n" and of its code. */
static void
overwrite(const char *name, const char *find, const char *put)
{
	struct buf bytes = test_file(name);
	struct view view = view_of_buf(&bytes);
	uint64_t offset;
	ck_assert_int_eq(view_find(&view, 0, find, strlen(find), &offset), 0);
	memcpy(bytes.data + offset, put, strlen(put));
	test_write(name, bytes.data, bytes.size);
	test_shell("chmod 755 %s", name);
	buf_free(&bytes);
}

START_TEST(declared_exceptions_are_bounded)
{
	struct compare_case one;
	make_product();
	overwrite("p/usr/bin/x", "%d\n", "%x\n");
	test_shell("dpkg-deb --root-owner-group -Zgzip -b p x.deb; "
		   "(cd p && md5sum usr/bin/x) >/dev/null");
	struct release *release = make_release(
	    OUTPUT, "",
	    "\\nExcept: usr/bin/x\\nExtent: .rodata\\nAt-Most: 1\\nReason: format\\n");
	account(&one, release, true);
	json_t *entry = case_entry(&one, "usr/bin/x");
	ck_assert_str_eq(object_text(entry, "status"), "explained");
	ck_assert_uint_gt(strlen(object_text(entry, "reason")), 0);
	const json_t *used = json_array_get(json_object_get(entry, "exceptions"), 0);
	ck_assert_str_eq(object_text(used, "extent"), ".rodata");
	ck_assert_int_eq(object_number(used, "bytes"), 1);
	case_close(&one);
	/* one byte more than allowed */
	overwrite("p/usr/bin/x", "%x\n", "%X ");
	test_shell("dpkg-deb --root-owner-group -Zgzip -b p x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "different");
	case_close(&one);
	/* the one byte, and another one elsewhere */
	overwrite("p/usr/bin/x", "%X ", "%x\n");
	overwrite("p/usr/bin/x", "GLIBC_2.", "GLIBC_3.");
	test_shell("dpkg-deb --root-owner-group -Zgzip -b p x.deb");
	account(&one, release, true);
	ck_assert_str_eq(case_status(&one, "usr/bin/x"), "different");
	case_close(&one);
	release_free(release);
}
END_TEST

START_TEST(the_product_is_the_output)
{
	struct compare_case one;
	struct err err = {0};
	struct release *release = NULL;
	case_make_program();
	test_shell(
	    "mkdir -p built; cp x built/x; { printf 'Format: verify-release 1\\n"
	    "Name: x\\nVersion: 1\\n\\nProduct: x\\nSHA256: %%s\\n\\nOutput: .\\n"
	    "Built: x\\n' \"$(sha256sum x | cut -c1-64)\"; } >x.release");
	char *path = path_join(test_folder(), "x.release");
	ck_assert_ok(release_read(path, &release, &err), err);
	case_open(&one, "x", "built");
	ck_assert_ok(compare_release(release, 0, one.shipped, one.rebuilt, NULL,
				     one.files, &err),
		     err);
	ck_assert_uint_eq(json_array_size(one.files), 1);
	ck_assert_str_eq(case_status(&one, "x"), "identical");
	case_close(&one);
	test_shell("strip built/x");
	case_open(&one, "x", "built");
	ck_assert_ok(compare_release(release, 0, one.shipped, one.rebuilt, NULL,
				     one.files, &err),
		     err);
	ck_assert_str_eq(case_status(&one, "x"), "different");
	case_close(&one);
	release_free(release);
	free(path);
}
END_TEST

Suite *compare_release_suite(void);

Suite *
compare_release_suite(void)
{
	Suite *suite = suite_create("compare_release");
	TCase *tcase = tcase_create("release");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, everything_accounted_for);
	tcase_add_test(tcase, build_failed);
	tcase_add_test(tcase, something_missing);
	tcase_add_test(tcase, something_more_in_the_product);
	tcase_add_test(tcase, unbuilt_files_are_held_to_their_hash);
	tcase_add_test(tcase, record_of_an_output_counts);
	tcase_add_test(tcase, declared_exceptions_are_bounded);
	tcase_add_test(tcase, the_product_is_the_output);
	suite_add_tcase(suite, tcase);
	return suite;
}
