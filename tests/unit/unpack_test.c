/* The tree of a product: real files made by dpkg-deb, tar, ar and others. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "unpack/unpack.h"

static struct tree *
open_tree(const char *name, const struct unpack_budget *budget)
{
	struct tree *tree = NULL;
	struct err err = {0};
	char *path = path_join(test_folder(), name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	ck_assert_ok(tree_open(fd, name, budget, &tree, &err), err);
	free(path);
	return tree;
}

static node_id
find(struct tree *tree, const char *path)
{
	node_id id = NODE_NONE;
	struct err err = {0};
	ck_assert_ok(tree_find(tree, path, &id, &err), err);
	return id;
}

/* The node's content is that of the file `name` in the test folder. */
static void
check_content(struct tree *tree, const char *path, const char *name)
{
	struct mapping mapping;
	struct err err = {0};
	struct sha256 digest;
	node_id id = find(tree, path);
	ck_assert_msg(id != NODE_NONE, "'%s' was not found", path);
	struct buf bytes = test_file(name);
	ck_assert_ok(tree_map(tree, id, &mapping, &err), err);
	ck_assert_uint_eq(mapping.view.size, bytes.size);
	ck_assert_mem_eq(mapping.view.data, bytes.data, bytes.size);
	sha256_of(bytes.data, bytes.size, &digest);
	ck_assert(sha256_equal(&digest, &tree_node(tree, id)->sha256));
	mapping_close(&mapping);
	buf_free(&bytes);
}

static bool
has_note(const struct tree *tree, node_id id, enum note_kind kind, const char *part)
{
	const struct node *node = tree_node(tree, id);
	for (size_t i = 0; i < node->note_count; i++) {
		if (node->notes[i].kind == kind &&
		    strstr(node->notes[i].text, part) != NULL)
			return true;
	}
	return false;
}

static void
expand_all(struct tree *tree)
{
	struct err err = {0};
	ck_assert_ok(tree_expand_all(tree, NODE_ROOT, &err), err);
}

static const char make_deb[] =
    "rm -rf p p.deb; mkdir -p p/DEBIAN p/usr/bin p/usr/share/doc;"
    "printf 'Package: p\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\n"
    "Description: x\\n' >p/DEBIAN/control; head -c 70000 /dev/urandom >p/usr/bin/tool;"
    "chmod 4755 p/usr/bin/tool; echo text >p/usr/share/doc/readme;"
    "ln -s tool p/usr/bin/alias; ln p/usr/bin/tool p/usr/bin/twin;";

START_TEST(deb_by_short_paths)
{
	test_shell("%s dpkg-deb -Znone --root-owner-group -b p p.deb", make_deb);
	struct tree *tree = open_tree("p.deb", NULL);
	ck_assert_str_eq(tree_node(tree, NODE_ROOT)->format->name, "deb");
	check_content(tree, "usr/bin/tool", "p/usr/bin/tool");
	check_content(tree, "./usr/bin/tool", "p/usr/bin/tool");
	check_content(tree, "usr/bin/twin", "p/usr/bin/twin");
	check_content(tree, "DEBIAN/control", "p/DEBIAN/control");
	check_content(tree, "data.tar//./usr/bin/tool", "p/usr/bin/tool");
	ck_assert_uint_eq(find(tree, "usr/bin/none"), NODE_NONE);
	ck_assert_uint_eq(find(tree, "control"), NODE_NONE);
	ck_assert_uint_eq(find(tree, "."), NODE_ROOT);
	node_id tool = find(tree, "usr/bin/tool");
	ck_assert_uint_eq(tree_node(tree, tool)->member.mode, 04755);
	ck_assert_uint_eq(tree_node(tree, tool)->depth, 2);
	char *path = tree_path(tree, tool), *name = tree_short_path(tree, tool);
	ck_assert_str_eq(path, "p.deb//data.tar//./usr/bin/tool");
	ck_assert_str_eq(name, "usr/bin/tool");
	free(path);
	free(name);
	name = tree_short_path(tree, find(tree, "DEBIAN/control"));
	ck_assert_str_eq(name, "DEBIAN/control");
	free(name);
	ck_assert_str_eq(tree_node(tree, find(tree, "usr/bin/alias"))->member.target,
			 "tool");
	ck_assert_uint_eq(tree_node(tree, NODE_ROOT)->note_count, 0);
	tree_free(tree);
}
END_TEST

/* Every node can be found by both of its names. */
START_TEST(names_lead_back)
{
	test_shell("%s dpkg-deb -Znone -b p p.deb; mkdir -p f/sub; mv p.deb f/sub/;"
		   "tar -cf f/t.tar -C p usr; cp /bin/true f/a",
		   make_deb);
	struct tree *tree = open_tree("f", NULL);
	expand_all(tree);
	ck_assert_uint_gt(tree_count(tree), 20);
	for (node_id id = 1; id < tree_count(tree); id++) {
		char *path = tree_path(tree, id), *name = tree_short_path(tree, id);
		ck_assert_msg(find(tree, name) == id, "short '%s'", name);
		ck_assert_int_eq(strncmp(path, "f/", 2), 0);
		ck_assert_msg(find(tree, path + 2) == id, "full '%s'", path);
		free(path);
		free(name);
	}
	tree_free(tree);
}
END_TEST

START_TEST(duplicates_are_noted)
{
	test_shell("rm -rf d; mkdir d; echo one >d/x; tar -cf d.tar -C d x;"
		   "echo two >d/x; tar -rf d.tar -C d ./x");
	struct tree *tree = open_tree("d.tar", NULL);
	expand_all(tree);
	ck_assert(has_note(tree, NODE_ROOT, NOTE_SUSPECT, "have the name 'x'"));
	tree_free(tree);
}
END_TEST

START_TEST(depth_is_bounded)
{
	test_shell("echo x >n0; for i in 1 2 3 4 5 6; do "
		   "tar -cf n$i n$((i-1)); done");
	struct unpack_budget budget = unpack_default_budget;
	budget.depth = 4;
	struct tree *tree = open_tree("n6", &budget);
	expand_all(tree);
	ck_assert_uint_eq(tree_count(tree), 5);
	ck_assert(tree_node(tree, 4)->undecided);
	ck_assert(has_note(tree, 4, NOTE_UNDECIDED, "--depth"));
	ck_assert(!tree_node(tree, 3)->undecided);
	tree_free(tree);
}
END_TEST

START_TEST(members_are_bounded)
{
	test_shell(
	    "rm -rf m; mkdir m; cd m; touch a b c d e f; cd ..; tar -cf m.tar m");
	struct unpack_budget budget = unpack_default_budget;
	budget.members = 3;
	struct tree *tree = open_tree("m.tar", &budget);
	expand_all(tree);
	ck_assert_uint_eq(tree_count(tree), 4);
	ck_assert(has_note(tree, NODE_ROOT, NOTE_UNDECIDED, "--members"));
	tree_free(tree);
}
END_TEST

START_TEST(folder_follows_no_link)
{
	test_shell(
	    "rm -rf o secret; mkdir -p o/sub; echo s >secret; ln -s ../secret o/l;"
	    "ln -s .. o/up; mkfifo o/pipe; echo a >o/sub/f; chmod 750 o/sub/f");
	struct tree *tree = open_tree("o", NULL);
	expand_all(tree);
	ck_assert_uint_eq(tree_count(tree), 6);
	const char *names[] = {"", "l", "pipe", "sub", "sub/f", "up"};
	for (node_id id = 0; id < 6; id++)
		ck_assert_str_eq(tree_node(tree, id)->member.path, names[id]);
	ck_assert_int_eq(tree_node(tree, 1)->member.type, MEMBER_SYMLINK);
	ck_assert_int_eq(tree_node(tree, 2)->member.type, MEMBER_FIFO);
	ck_assert_uint_eq(tree_node(tree, 4)->member.mode, 0750);
	check_content(tree, "sub/f", "o/sub/f");
	tree_free(tree);
}
END_TEST

/* Read, mapped or empty, a file is hashed as it is; around what is read at once. */
static const unsigned sizes[] = {0, 1, 63, 64, 65535, 65536, 65537, 3000000};

static void
make_sized(const char *folder)
{
	test_shell("rm -rf %s; mkdir %s", folder, folder);
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++)
		test_shell("head -c %u /dev/urandom >%s/%u", sizes[i], folder,
			   sizes[i]);
}

static void
check_sized(struct tree *tree, const char *folder)
{
	for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
		char *name = base_format("%u", sizes[i]);
		char *path = base_format("%s/%u", folder, sizes[i]);
		check_content(tree, name, path);
		free(name);
		free(path);
	}
}

START_TEST(folder_files_of_all_sizes)
{
	make_sized("z");
	char *path = path_join(test_folder(), "z/64");
	bool set = setxattr(path, "user.note", "abc", 3, 0) == 0;
	struct tree *tree = open_tree("z", NULL);
	check_sized(tree, "z");
	const char *none = tree_node(tree, find(tree, "63"))->member.attributes;
	const char *some = tree_node(tree, find(tree, "64"))->member.attributes;
	ck_assert_ptr_null(none);
	if (set)
		ck_assert_str_eq(some, "user.note=616263\n");
	tree_free(tree);
	free(path);
}
END_TEST

/* Members are hashed two at a time, where they lie, once all are known. */
START_TEST(tar_members_of_all_sizes)
{
	make_sized("z");
	test_shell("cd z && tar -cf ../z.tar 3000000 0 65537 1 63 64 65536 65535;"
		   "cd .. && gzip -k -f z.tar");
	struct tree *tree = open_tree("z.tar", NULL);
	expand_all(tree);
	check_sized(tree, "z");
	node_id one = find(tree, "3000000");
	ck_assert(tree_is_slice(tree, one, 512, 3000000));
	ck_assert(!tree_is_slice(tree, one, 513, 3000000));
	ck_assert(!tree_is_slice(tree, one, 512, 2999999));
	ck_assert(!tree_is_slice(tree, NODE_ROOT, 0, tree_node(tree, 0)->size));
	tree_free(tree);
	tree = open_tree("z.tar.gz", NULL);
	expand_all(tree);
	node_id content = tree_node(tree, NODE_ROOT)->first_child;
	check_content(tree, "65537", "z/65537");
	check_content(tree, "0", "z/0");
	ck_assert(!tree_is_slice(tree, content, 0, tree_node(tree, content)->size));
	ck_assert(tree_is_slice(tree, find(tree, "3000000"), 512, 3000000));
	tree_free(tree);
}
END_TEST

START_TEST(root_is_left_unhashed_when_asked)
{
	struct err err = {0};
	struct tree *tree = NULL;
	int scratch = -1;
	make_sized("z");
	test_shell("tar -cf z.tar -C z 65537 1");
	char *path = path_join(test_folder(), "z.tar");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_ok(file_scratch(&scratch, &err), err);
	ck_assert_ok(tree_open_unhashed(fd, scratch, "z.tar", NULL, &tree, &err), err);
	ck_assert(tree_node(tree, NODE_ROOT)->unhashed);
	ck_assert_str_eq(tree_node(tree, NODE_ROOT)->format->name, "tar");
	expand_all(tree);
	check_content(tree, "65537", "z/65537");
	ck_assert(!tree_node(tree, find(tree, "1"))->unhashed);
	tree_free(tree);
	free(path);
	close(fd);
	close(scratch);
}
END_TEST

START_TEST(folder_file_replaced)
{
	struct mapping mapping;
	struct err err = {0};
	test_shell("rm -rf r; mkdir r; echo first >r/f");
	struct tree *tree = open_tree("r", NULL);
	test_shell("rm r/f; echo other >r/f");
	ck_assert_int_eq(tree_map(tree, find(tree, "f"), &mapping, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "changed"));
	tree_free(tree);
}
END_TEST

/* However a package is cut, something in it is undecided: never a shorter package. */
START_TEST(cut_is_undecided)
{
	test_shell("%s dpkg-deb -Z%s --root-owner-group -b p p.deb", make_deb,
		   _i == 0 ? "xz" : "gzip");
	struct buf bytes = test_file("p.deb");
	for (size_t cut = 0; cut < bytes.size; cut += bytes.size / 50 + 1) {
		test_write("cut", bytes.data, cut);
		struct tree *tree = open_tree("cut", NULL);
		bool undecided = false;
		expand_all(tree);
		for (node_id id = 0; id < tree_count(tree); id++)
			undecided |= tree_node(tree, id)->undecided;
		/* the magic alone is an unknown file of few bytes */
		ck_assert_msg(undecided || tree_node(tree, NODE_ROOT)->format == NULL ||
				  cut < 21,
			      "cut at %zu", cut);
		tree_free(tree);
	}
	buf_free(&bytes);
}
END_TEST

/* Compressed 1,000 times: stopped by the budget, or followed to the end. */
START_TEST(deep_nesting)
{
	struct unpack_budget budget = unpack_default_budget;
	test_shell("printf x >n; i=0; while [ $i -lt 40 ]; do gzip -nc n >m; mv m n; "
		   "i=$((i+1)); done; python3 -c \"\nimport gzip\n"
		   "d=open('n','rb').read()\nfor i in range(960):\n"
		   "  d=gzip.compress(d,1,mtime=0)\nopen('n','wb').write(d)\n\"");
	struct tree *tree = open_tree("n", &budget);
	expand_all(tree);
	ck_assert_uint_eq(tree_count(tree), budget.depth + 1);
	ck_assert(tree_node(tree, budget.depth)->undecided);
	tree_free(tree);
	budget.depth = 10000;
	tree = open_tree("n", &budget);
	expand_all(tree);
	ck_assert_uint_eq(tree_count(tree), 1001);
	ck_assert_uint_eq(tree_node(tree, 1000)->size, 1);
	ck_assert(!tree_node(tree, 1000)->undecided);
	struct buf lines = {0};
	unpack_list(tree, &lines);
	size_t count = 0;
	for (const char *at = lines.data; (at = strchr(at, '\n')) != NULL; at++)
		count++;
	ck_assert_uint_eq(count, 1001);
	buf_free(&lines);
	tree_free(tree);
}
END_TEST

/* A tar of hard links: to what came before, never to what is not there. */
START_TEST(hard_links)
{
	test_shell(
	    "rm -rf h h.tar; mkdir h; cd h; echo first >a; ln a b; ln a c; "
	    "tar -cf ../h.tar a b c; rm a b c; echo second >a; tar -rf ../h.tar a; "
	    "ln a d; tar -rf ../h.tar a d; echo lost >e; ln e f; tar -rf ../h.tar e f; "
	    "tar --delete -f ../h.tar e; printf 'first\n' >../1; "
	    "printf 'second\n' >../2");
	struct tree *tree = open_tree("h.tar", NULL);
	expand_all(tree);
	check_content(tree, "b", "1");
	check_content(tree, "c", "1");
	check_content(tree, "d", "2");
	node_id lost = find(tree, "f");
	ck_assert_int_eq(tree_node(tree, lost)->member.type, MEMBER_HARDLINK);
	ck_assert(tree_node(tree, lost)->undecided);
	ck_assert(has_note(tree, NODE_ROOT, NOTE_SUSPECT, "have the name 'a'"));
	tree_free(tree);
}
END_TEST

static const struct {
	const char *make, *name, *note;
} opaque[] = {
    {"truncate -s 0 e.tar", "e.tar", "empty file"},
    {"truncate -s 5000 z.bin", "z.bin", "zero bytes"},
    {"truncate -s 4M x.img; mkfs.ext4 -q x.img", "x.img", "ext4"},
    {"head -c 3000 /dev/urandom >r.zip", "r.zip", "named like an archive"},
    {"{ head -c 1024 /dev/zero; printf '\\342\\341\\365\\340'; head -c 4096 /dev/zero; "
     "} >x.erofs",
     "x.erofs", "EROFS"},
};

START_TEST(opaque_is_undecided)
{
	test_shell("%s", opaque[_i].make);
	struct tree *tree = open_tree(opaque[_i].name, NULL);
	expand_all(tree);
	ck_assert(tree_node(tree, NODE_ROOT)->undecided);
	ck_assert(has_note(tree, NODE_ROOT, NOTE_UNDECIDED, opaque[_i].note));
	tree_free(tree);
}
END_TEST

Suite *unpack_suite(void);

Suite *
unpack_suite(void)
{
	Suite *suite = suite_create("unpack");
	TCase *tree = tcase_create("tree");
	tcase_add_test(tree, deb_by_short_paths);
	tcase_add_test(tree, names_lead_back);
	tcase_add_test(tree, duplicates_are_noted);
	tcase_add_test(tree, depth_is_bounded);
	tcase_add_test(tree, members_are_bounded);
	tcase_add_test(tree, folder_follows_no_link);
	tcase_add_test(tree, folder_files_of_all_sizes);
	tcase_add_test(tree, tar_members_of_all_sizes);
	tcase_add_test(tree, root_is_left_unhashed_when_asked);
	tcase_add_test(tree, folder_file_replaced);
	tcase_set_timeout(tree, 30);
	tcase_add_loop_test(tree, cut_is_undecided, 0, 2);
	tcase_add_test(tree, deep_nesting);
	tcase_add_test(tree, hard_links);
	tcase_add_loop_test(tree, opaque_is_undecided, 0, ARRAY_COUNT(opaque));
	suite_add_tcase(suite, tree);
	return suite;
}
