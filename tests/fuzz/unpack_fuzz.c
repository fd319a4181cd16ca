/* A tree over arbitrary bytes, entered to its end: each node's content can be mapped
 * and has its digest, and each path can be shown. */
#include <sys/mman.h>
#include <unistd.h>

#include "unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_node(const struct tree *tree, node_id id)
{
	const struct node *node = tree_node(tree, id);
	struct mapping mapping;
	struct sha256 digest;
	struct err err = {0};
	char *path = tree_path(tree, id), *name = tree_short_path(tree, id);
	if (tree_map(tree, id, &mapping, &err) == -1)
		abort();
	sha256_of(mapping.view.data, (size_t)mapping.view.size, &digest);
	if (node->member.type == MEMBER_FILE &&
	    (mapping.view.size != node->size || !sha256_equal(&digest, &node->sha256)))
		abort();
	mapping_close(&mapping);
	free(path);
	free(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct unpack_budget budget = {
	    .depth = 6, .members = 2000, .bytes = 1 << 24, .ratio = 100};
	struct err err = {0};
	struct tree *tree = NULL;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	int scratch = memfd_create("scratch", MFD_CLOEXEC);
	if (fd == -1 || scratch == -1 || file_write_fd(fd, data, size, &err) == -1 ||
	    tree_open_with_scratch(fd, scratch, "fuzz", &budget, &tree, &err) == -1 ||
	    tree_expand_all(tree, NODE_ROOT, &err) == -1)
		abort();
	for (node_id id = 0; id < tree_count(tree); id++)
		check_node(tree, id);
	struct buf lines = {0};
	unpack_list(tree, &lines);
	buf_free(&lines);
	tree_free(tree);
	close(fd);
	close(scratch);
	return 0;
}
