/* rebuild: archives unpacked as roots; made by GNU tar and by hand. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebuild/rebuild_private.h"

/* Unpack `name` into the fresh folder `to` of the test's own. */
static int
unpack(const char *name, const char *to, struct err *err)
{
	int fd;
	char *archive = path_join(test_folder(), name);
	char *folder = path_join(test_folder(), to);
	*err = (struct err){0};
	test_shell("mkdir %s", to);
	ck_assert_ok(file_open(archive, &fd, err), *err);
	int result = extract_tar(fd, folder, err);
	close(fd);
	free(archive);
	free(folder);
	return result;
}

static void
manifest(const char *name, struct sha256 *digest)
{
	struct err err = {0};
	char *folder = path_join(test_folder(), name);
	ck_assert_ok(manifest_of_folder(folder, digest, NULL, &err), err);
	free(folder);
}

static void
tree_make(void)
{
	test_shell("mkdir -p in/usr/bin in/closed in/tmp && cd in && "
		   "printf '#!/bin/sh\\n' >usr/bin/tool && chmod 4755 usr/bin/tool && "
		   "ln usr/bin/tool usr/bin/twin && ln -s usr/bin bin && "
		   "seq 100000 >usr/numbers && chmod 600 usr/numbers && "
		   ": >'odd name' && truncate -s 3M sparse && echo x >>sparse && "
		   "touch -d @1000000000 usr/numbers usr/bin closed && "
		   "chmod 1777 tmp && chmod 555 closed && chmod 755 .");
}

START_TEST(extract_is_what_tar_packed)
{
	static const char *const flags[] = {
	    "", "-z", "-j", "-J", "-S", "--format=pax", "--format=ustar"};
	struct err err;
	struct sha256 expected, digest;
	tree_make();
	manifest("in", &expected);
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		char *to = base_format("out%zu", i);
		test_shell("tar %s -cf root.tar -C in .", flags[i]);
		ck_assert_ok(unpack("root.tar", to, &err), err);
		manifest(to, &digest);
		ck_assert_msg(sha256_equal(&expected, &digest), "tar %s", flags[i]);
		free(to);
	}
	/* Times are kept, hard links are. */
	struct stat st;
	char *path = path_join(test_folder(), "out0/usr/numbers");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mtime, 1000000000);
	free(path);
	path = path_join(test_folder(), "out0/usr/bin");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mtime, 1000000000);
	free(path);
	path = path_join(test_folder(), "out0/usr/bin/twin");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_nlink, 2);
	free(path);
}
END_TEST

START_TEST(extract_leaves_devices_out)
{
	struct err err;
	struct stat st;
	if (geteuid() != 0)
		TEST_SKIP("needs root"); /* only root can make one to pack */
	test_shell("mkdir in && mknod in/null c 1 3 && mkfifo in/pipe && : >in/file && "
		   "tar -cf root.tar -C in .");
	ck_assert_ok(unpack("root.tar", "out", &err), err);
	char *path = path_join(test_folder(), "out/null");
	ck_assert_int_eq(lstat(path, &st), -1);
	free(path);
	path = path_join(test_folder(), "out/file");
	ck_assert_int_eq(lstat(path, &st), 0);
	free(path);
}
END_TEST

START_TEST(extract_never_leaves_the_folder)
{
	static const struct {
		const char *make, *message;
	} rows[] = {
	    {"echo x >file && tar -P --transform 's,file,../escaped,' -cf a.tar file",
	     "leaves the folder"},
	    {"echo x >file && tar -P --transform 's,file,/tmp/../escaped,' -cf a.tar "
	     "file",
	     "leaves the folder"},
	    {"echo x >file && tar -P --transform \"s,file,$PWD/escaped,\" -cf a.tar "
	     "file",
	     "leaves the folder"},
	    {"ln -s .. up && echo x >file && tar -cf a.tar up && "
	     "tar --transform 's,file,up/escaped,' -rf a.tar file",
	     "no folder"},
	    {"ln -s .. up && mkdir d && tar -cf a.tar up && "
	     "tar --transform 's,d,up/escaped,' -rf a.tar d",
	     "no folder"},
	    {"echo secret >file && ln file hard && tar -P --transform "
	     "'s,^file$,../outside,' -cf a.tar --exclude=none file hard && "
	     "tar -P --delete -f a.tar ../outside",
	     "hard link"},
	    {"echo x >file && ln -s ../outside soft && tar -cf a.tar soft file && "
	     "tar --transform 's,file,soft,' -rf a.tar file",
	     "twice"},
	    {"echo x >file && tar -cf a.tar file && tar -rf a.tar file", "twice"},
	    {"mkdir d && echo x >file && tar --transform 's,file,d,' -cf a.tar file && "
	     "tar -rf a.tar d",
	     "twice"},
	    {": >a.tar", "archive"},
	    {"head -c 10240 /dev/zero >a.tar", "no members"},
	    {"seq 5000 >a.tar", "archive"},
	    {"mkdir e && tar -cf a.tar -T /dev/null", "no members"},
	};
	struct err err;
	struct stat st;
	char *escaped = path_join(test_folder(), "box/escaped");
	test_shell("echo secret >outside");
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		test_shell("rm -rf box && mkdir box && cd box && cp ../outside . && %s",
			   rows[i].make);
		ck_assert_msg(unpack("box/a.tar", "box/out", &err) == -1, "row %zu", i);
		ck_assert_msg(err.kind == ERR_INPUT, "row %zu: %s", i, err.message);
		ck_assert_msg(strstr(err.message, rows[i].message) != NULL,
			      "row %zu: %s", i, err.message);
		ck_assert_msg(lstat(escaped, &st) == -1, "row %zu escaped", i);
	}
	free(escaped);
}
END_TEST

/* A damaged archive is an error or unpacks to something else; never a crash, and
 * never the same root. */
START_TEST(extract_of_damaged_archives)
{
	struct err err;
	struct sha256 whole, digest;
	test_shell("mkdir in && seq 300 >in/a && seq 500 >in/b && ln -s a in/l && "
		   "chmod 755 in && tar -cf whole.tar -C in .");
	ck_assert_ok(unpack("whole.tar", "whole", &err), err);
	manifest("whole", &whole);
	struct buf bytes = test_file("whole.tar");
	for (size_t at = 0; at < 5600; at += 97) {
		test_shell("rm -rf part");
		test_write("part.tar", bytes.data, at);
		if (unpack("part.tar", "part", &err) == 0) {
			manifest("part", &digest);
			ck_assert_msg(!sha256_equal(&whole, &digest), "cut at %zu", at);
		}
	}
	/* Size, checksum, type and name fields of the first header (POSIX ustar). */
	static const size_t places[] = {0, 100, 124, 130, 148, 156, 157, 257, 345};
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		test_shell("rm -rf part");
		bytes.data[places[i]] ^= 0x55;
		test_write("part.tar", bytes.data, bytes.size);
		bytes.data[places[i]] ^= 0x55;
		ck_assert_int_eq(unpack("part.tar", "part", &err), -1);
	}
	buf_free(&bytes);
}
END_TEST

Suite *rebuild_extract_suite(void);

Suite *
rebuild_extract_suite(void)
{
	Suite *suite = suite_create("rebuild_extract");
	TCase *tcase = tcase_create("extract");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, extract_is_what_tar_packed);
	tcase_add_test(tcase, extract_leaves_devices_out);
	tcase_add_test(tcase, extract_never_leaves_the_folder);
	tcase_add_test(tcase, extract_of_damaged_archives);
	suite_add_tcase(suite, tcase);
	return suite;
}
