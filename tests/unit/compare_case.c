/* What the tests of compare share. */
#include "compare_case.h"

#include <fcntl.h>
#include <unistd.h>

static struct tree *
open_tree(const char *name, int *fd)
{
	struct tree *tree = NULL;
	struct err err = {0};
	char *path = path_join(test_folder(), name);
	*fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(*fd != -1, "no '%s'", path);
	ck_assert_ok(tree_open(*fd, name, NULL, &tree, &err), err);
	free(path);
	return tree;
}

void
case_open(struct compare_case *one, const char *shipped, const char *rebuilt)
{
	*one = (struct compare_case){.fds = {-1, -1}, .files = json_array()};
	one->shipped = open_tree(shipped, &one->fds[0]);
	if (rebuilt != NULL)
		one->rebuilt = open_tree(rebuilt, &one->fds[1]);
}

void
case_compare(struct compare_case *one, const char *shipped, const char *rebuilt)
{
	struct err err = {0};
	case_open(one, shipped, rebuilt);
	ck_assert_ok(compare_nodes(one->shipped, NODE_ROOT, one->rebuilt, NODE_ROOT,
				   NULL, one->files, &one->worst, &err),
		     err);
}

void
case_close(struct compare_case *one)
{
	tree_free(one->shipped);
	tree_free(one->rebuilt);
	json_decref(one->files);
	for (size_t i = 0; i < 2; i++) {
		if (one->fds[i] != -1)
			close(one->fds[i]);
	}
}

static json_t *
find_entry(const struct compare_case *one, const char *end)
{
	size_t i;
	json_t *entry;
	json_array_foreach(one->files, i, entry)
	{
		const char *path = object_text(entry, "path");
		size_t length = strlen(path), tail = strlen(end);
		if (length >= tail && strcmp(path + length - tail, end) == 0)
			return entry;
	}
	return NULL;
}

bool
case_has(const struct compare_case *one, const char *end)
{
	return find_entry(one, end) != NULL;
}

json_t *
case_entry(const struct compare_case *one, const char *end)
{
	json_t *entry = find_entry(one, end);
	if (entry == NULL) {
		char *all = json_dumps(one->files, JSON_INDENT(1));
		ck_abort_msg("no entry '%s' in %s", end, all);
	}
	return entry;
}

const char *
case_status(const struct compare_case *one, const char *end)
{
	return object_text(case_entry(one, end), "status");
}

json_t *
entry_difference(const json_t *entry, const char *place)
{
	size_t i;
	json_t *difference;
	json_array_foreach(json_object_get(entry, "differences"), i, difference)
	{
		if (strstr(object_text(difference, "place"), place) != NULL)
			return difference;
	}
	char *all = json_dumps(entry, JSON_INDENT(1));
	ck_abort_msg("no difference at '%s' in %s", place, all);
	return NULL;
}

const char *
object_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

long long
object_number(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);
	return json_is_integer(number) ? json_integer_value(number) : -1;
}

void
case_make_program(void)
{
	static const char source[] =
	    "#include <stdio.h>\n"
	    "int work(int x) { return x * 3 + 7; }\n"
	    "int main(int c, char **v) { printf(\"%d\\n\", work(c)); return !v; }\n";
	test_write("x.c", source, strlen(source));
	test_shell(
	    "gcc -O1 -o x x.c && rm -rf p && mkdir -p p/DEBIAN p/usr/bin "
	    "p/usr/share/doc && cp x p/usr/bin/x && echo text >p/usr/share/doc/x "
	    "&& printf 'Package: x\\nVersion: 1\\nArchitecture: amd64\\n"
	    "Maintainer: a <a@b>\\nDescription: x\\n' >p/DEBIAN/control && "
	    "(cd p && find usr -type f | xargs md5sum >DEBIAN/md5sums)");
}
