/*
 * What lies beside a file that lists others (a .dsc): a confined child reads their names,
 * and only plain names are opened, in the file's own folder.
 */
#include <unistd.h>

#include "cmd/signatures_private.h"
#include "sandbox/sandbox.h"

static const char armour[] = "-----BEGIN PGP SIGNED MESSAGE-----";

static int
names_confined(void *context, struct buf *out, struct err *err)
{
	const int *file = context;
	struct mapping mapping;
	struct strings names = {0};
	json_t *array = json_array();
	off_t size = lseek(*file, 0, SEEK_END);
	if (size == -1 || mapping_open(*file, 0, (uint64_t)size, &mapping, err) == -1)
		return -1;
	signature_listed_names(&mapping.view, &names);
	for (size_t i = 0; i < names.count; i++)
		json_array_append_new(array, json_string(names.items[i]));
	char *text = json_dumps(array, JSON_COMPACT);
	buf_puts(out, text != NULL ? text : "");
	free(text);
	json_decref(array);
	strings_free(&names);
	mapping_close(&mapping);
	return 0;
}

static void
open_one(struct beside *beside, const char *folder, const char *name)
{
	struct err ignored = {0}; /* what cannot be opened is told as not there */
	int fd;
	if (beside->names.count == BESIDE_MOST || !path_is_plain(name) ||
	    strchr(name, '/') != NULL)
		return;
	char *path = path_join(folder, name);
	if (file_open(path, &fd, &ignored) == 0) {
		beside->files[beside->names.count] = fd;
		strings_add(&beside->names, name);
	}
	free(path);
}

int
beside_open(struct beside *beside, int file, const char *path, struct err *err)
{
	char head[sizeof(armour) - 1];
	if (pread(file, head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
	    memcmp(head, armour, sizeof(head)) != 0)
		return 0;
	struct confinement confinement = {.keep = &file, .keep_count = 1};
	struct buf out = {0};
	struct strings layers = {0};
	int answer =
	    sandbox_confine(&confinement, names_confined, &file, &out, &layers, err);
	json_t *names = answer == 0 ? json_loadb(out.data, out.size, 0, NULL) : NULL;
	char *folder = path_dir(path);
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		if (name != NULL)
			open_one(beside, folder, name);
	}
	free(folder);
	json_decref(names);
	strings_free(&layers);
	buf_free(&out);
	return answer;
}

int
beside_find(void *context, const char *name, struct mapping *mapping, struct err *err)
{
	const struct beside *beside = context;
	for (size_t i = 0; i < beside->names.count; i++) {
		if (strcmp(beside->names.items[i], name) != 0)
			continue;
		off_t size = lseek(beside->files[i], 0, SEEK_END);
		if (size == -1)
			return err_errno(err, "cannot read a file");
		return mapping_open(beside->files[i], 0, (uint64_t)size, mapping,
				    err) == -1
			   ? -1
			   : 1;
	}
	return 0;
}

void
beside_close(struct beside *beside)
{
	for (size_t i = 0; i < beside->names.count; i++)
		close(beside->files[i]);
	strings_free(&beside->names);
}
