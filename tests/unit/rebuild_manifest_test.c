/* rebuild: manifests of folders. */
#include "test.h"

#include <unistd.h>

#include "rebuild/rebuild_private.h"

/* The manifest as find(1), stat(1), sha256sum(1) and sort(1) make it. */
static const char oracle[] =
    "cd tree && find . -printf '%%P\\n' | LC_ALL=C sort | sed 's/^$/./' | "
    "while IFS= read -r path; do "
    "mode=$(printf %%04o 0$(stat -c %%a \"../tree/$path\")); "
    "if [ -L \"$path\" ]; then echo \"l 0777 $(readlink \"$path\") $path\"; "
    "elif [ -d \"$path\" ]; then echo \"d $mode - $path\"; "
    "elif [ -p \"$path\" ]; then echo \"p $mode - $path\"; "
    "else echo \"f $mode $(sha256sum <\"$path\" | cut -c1-64) $path\"; fi; done "
    ">../expected";

static void
tree_make(void)
{
	test_shell(
	    "mkdir -p tree/usr/bin tree/etc tree/empty tree/-odd && cd tree && "
	    "printf hello >usr/bin/hello && chmod 4755 usr/bin/hello && "
	    "printf '' >etc/nothing && chmod 600 etc/nothing && "
	    "ln -s ../usr/bin/hello etc/link && ln -s /nowhere dangling && "
	    "mkfifo pipe && chmod 640 pipe && chmod 1777 empty && "
	    "ln usr/bin/hello usr/bin/again && printf x >etc.conf && "
	    "seq 200000 >usr/big && for i in $(seq 50); do echo $i >etc/n$i; done");
}

START_TEST(manifest_is_what_other_tools_say)
{
	struct err err = {0};
	struct sha256 digest, expected_digest;
	struct buf text = {0};
	tree_make();
	test_shell(oracle);
	char *path = path_join(test_folder(), "tree");
	ck_assert_ok(manifest_of_folder(path, &digest, &text, &err), err);
	struct buf expected = test_file("expected");
	ck_assert(strcmp(text.data, expected.data) == 0);
	sha256_of(expected.data, expected.size, &expected_digest);
	ck_assert(sha256_equal(&digest, &expected_digest));
	buf_free(&text);
	buf_free(&expected);
	free(path);
}
END_TEST

START_TEST(manifest_lines_have_one_reading)
{
	struct err err = {0};
	struct sha256 first, second;
	struct buf text = {0};
	test_shell("mkdir one two && ln -s 'a b' one/c && ln -s a 'two/b c' && "
		   "chmod 755 one two");
	char *path = path_join(test_folder(), "one");
	ck_assert_ok(manifest_of_folder(path, &first, &text, &err), err);
	ck_assert_str_eq(text.data, "d 0755 - .\nl 0777 a\\x20b c\n");
	free(path);
	path = path_join(test_folder(), "two");
	buf_clear(&text);
	ck_assert_ok(manifest_of_folder(path, &second, &text, &err), err);
	ck_assert_str_eq(text.data, "d 0755 - .\nl 0777 a b c\n");
	ck_assert(!sha256_equal(&first, &second));
	free(path);
	buf_clear(&text);
	/* A newline in a name cannot forge a line. */
	test_shell("mkdir three && chmod 755 three && cd three && "
		   ": >'a\nf 0644 00 b' && chmod 644 *");
	path = path_join(test_folder(), "three");
	ck_assert_ok(manifest_of_folder(path, &second, &text, &err), err);
	ck_assert_str_eq(
	    text.data, "d 0755 - .\nf 0644 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649"
		       "b934ca495991b7852b855 a\\nf 0644 00 b\n");
	free(path);
	buf_free(&text);
}
END_TEST

/* Does a change made by `command` change the manifest, and is it named so? */
static void
assert_named(const char *path, const struct buf *before, const char *command,
	     const char *named)
{
	struct err err = {0};
	struct sha256 digest;
	struct buf now = {0};
	struct strings differences = {0};
	test_shell("cd tree && %s", command);
	ck_assert_ok(manifest_of_folder(path, &digest, &now, &err), err);
	ck_assert_uint_eq(manifest_differences(before, &now, 10, &differences), 1);
	ck_assert_str_eq(differences.items[0], named);
	strings_free(&differences);
	buf_free(&now);
}

START_TEST(manifest_shows_every_change)
{
	static const struct {
		const char *change, *back, *named;
	} rows[] = {
	    {"chmod 755 usr/bin/hello", "chmod 4755 usr/bin/hello",
	     "usr/bin/hello: has another mode"},
	    {"ln -sfn ../usr/bin/again etc/link", "ln -sfn ../usr/bin/hello etc/link",
	     "etc/link: points elsewhere"},
	    {"printf y >etc.conf", "printf x >etc.conf", "etc.conf: has other content"},
	    {"rm dangling && mkdir -m 777 dangling",
	     "rmdir dangling && ln -s /nowhere dangling",
	     "dangling: is of another type"},
	    {"rm pipe", "mkfifo pipe && chmod 640 pipe", "pipe: is missing"},
	    {"mkdir etc/added", "rmdir etc/added", "etc/added: is new"},
	};
	struct err err = {0};
	struct sha256 digest;
	struct buf before = {0}, again = {0};
	tree_make();
	test_shell("rm tree/usr/bin/again"); /* a hard link would change as well */
	char *path = path_join(test_folder(), "tree");
	ck_assert_ok(manifest_of_folder(path, &digest, &before, &err), err);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		assert_named(path, &before, rows[i].change, rows[i].named);
		test_shell("cd tree && %s", rows[i].back);
		buf_clear(&again);
		ck_assert_ok(manifest_of_folder(path, &digest, &again, &err), err);
		ck_assert(strcmp(again.data, before.data) == 0);
	}
	buf_free(&before);
	buf_free(&again);
	free(path);
}
END_TEST

START_TEST(manifest_of_what_cannot_be_read_is_an_error)
{
	struct err err = {0};
	struct sha256 digest;
	char *path = path_join(test_folder(), "absent");
	ck_assert_int_eq(manifest_of_folder(path, &digest, NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	free(path);
	test_shell("mkdir -p closed/in && echo x >closed/in/file");
	path = path_join(test_folder(), "closed/in/file");
	ck_assert_int_eq(manifest_of_folder(path, &digest, NULL, &err), -1);
	free(path);
	if (geteuid() == 0)
		return; /* root reads everything */
	test_shell("chmod 0 closed/in/file");
	path = path_join(test_folder(), "closed");
	ck_assert_int_eq(manifest_of_folder(path, &digest, NULL, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "in/file"));
	free(path);
}
END_TEST

Suite *rebuild_manifest_suite(void);

Suite *
rebuild_manifest_suite(void)
{
	Suite *suite = suite_create("rebuild_manifest");
	TCase *tcase = tcase_create("manifest");
	tcase_add_test(tcase, manifest_is_what_other_tools_say);
	tcase_add_test(tcase, manifest_lines_have_one_reading);
	tcase_add_test(tcase, manifest_shows_every_change);
	tcase_add_test(tcase, manifest_of_what_cannot_be_read_is_an_error);
	suite_add_tcase(suite, tcase);
	return suite;
}
