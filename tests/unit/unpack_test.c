/* The tree of a product: real files made by dpkg-deb, tar, ar and others. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
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
	tcase_add_test(tree, folder_file_replaced);
	tcase_add_loop_test(tree, opaque_is_undecided, 0, ARRAY_COUNT(opaque));
	suite_add_tcase(suite, tree);
	return suite;
}
