/* Roots fetched into the cache, and found there again before each build. */
#include "rebuild/rebuild_private.h"

#include <sys/stat.h>
#include <unistd.h>

enum { NAMED_MOST = 5 };
#define MANIFEST_LIMIT ((size_t)512 << 20)

/* "PATH: what changed; …" of a root that is not what it was. */
static void
changes_name(const char *manifest_path, const struct buf *now, struct buf *text)
{
	struct buf before = {0};
	struct strings differences = {0};
	struct err ignored = {0};
	if (file_read(manifest_path, MANIFEST_LIMIT, &before, &ignored) == 0) {
		size_t count =
		    manifest_differences(&before, now, NAMED_MOST, &differences);
		for (size_t i = 0; i < differences.count; i++)
			buf_printf(text, "%s%s", i > 0 ? "; " : "",
				   differences.items[i]);
		if (count > differences.count)
			buf_printf(text, "; and %zu more", count - differences.count);
	}
	buf_free(&before);
	strings_free(&differences);
}

/* Both hashes in one message. */
static int
root_differs(const struct toolchain *toolchain, const struct sha256 *is,
	     const char *changes, struct err *err)
{
	char found[SHA256_HEX], declared[SHA256_HEX];
	sha256_hex(is, found);
	sha256_hex(&toolchain->root_sha256, declared);
	return err_set(
	    err, ERR_INPUT,
	    "the root has manifest hash %s, but Root-SHA256 of '%s' is %s%s%s", found,
	    toolchain->path, declared, *changes ? ": " : "", changes);
}

/* Is the root that is in the cache what its manifest says? */
static int
slot_check(const struct slot *slot, struct sha256 *digest, bool *whole, struct err *err)
{
	struct buf before = {0}, now = {0};
	struct err ignored = {0};
	int result = manifest_of_folder(slot->path, digest, &now, err);
	if (result == 0)
		*whole =
		    file_read(slot->manifest, MANIFEST_LIMIT, &before, &ignored) == 0 &&
		    before.size == now.size &&
		    memcmp(before.data, now.data, now.size) == 0;
	buf_free(&before);
	buf_free(&now);
	return result;
}

static int
slot_fill(const struct toolchain *toolchain, const char *pool, struct slot *slot,
	  struct sha256 *digest, struct err *err)
{
	char *cache = NULL, *folder = NULL;
	struct buf manifest = {0};
	int result = -1;
	if (cache_folder(&cache, err) == -1)
		return -1;
	if (toolchain->kind == ROOT_DEBIAN &&
	    packages_bring(toolchain, cache, pool, err) == -1)
		goto out;
	if (slot_begin(slot, err) == -1 ||
	    assemble_root(toolchain, cache, slot, &folder, err) == -1 ||
	    manifest_of_folder(folder, digest, &manifest, err) == -1)
		goto out;
	result = slot_finish(slot, folder, &manifest, err);
out:
	buf_free(&manifest);
	free(folder);
	free(cache);
	return result;
}

static int
fetch_cached(const struct toolchain *toolchain, const char *pool, struct sha256 *digest,
	     struct err *err)
{
	struct slot slot;
	bool whole = false;
	int result = -1;
	if (slot_open(toolchain, &slot, err) == -1)
		return -1;
	if (slot_lock(&slot, err) == -1)
		goto out;
	if (slot_filled(&slot)) {
		if (slot_check(&slot, digest, &whole, err) == -1)
			goto out;
		if (!whole) {
			say("the root in the cache was changed: assembling it again");
			if (slot_empty(&slot, err) == -1)
				goto out;
		}
	}
	result = whole ? 0 : slot_fill(toolchain, pool, &slot, digest, err);
out:
	slot_close(&slot);
	return result;
}

int
toolchain_fetch(const struct toolchain *toolchain, const char *pool,
		struct sha256 *root_sha256, struct err *err)
{
	struct sha256 digest;
	int result = toolchain->kind == ROOT_FOLDER
			 ? manifest_of_folder(toolchain->root_path, &digest, NULL, err)
			 : fetch_cached(toolchain, pool, &digest, err);
	if (result == -1)
		return -1;
	if (toolchain->has_root_sha256 &&
	    !sha256_equal(&digest, &toolchain->root_sha256))
		return root_differs(toolchain, &digest, "", err);
	*root_sha256 = digest;
	return 0;
}

/* ---- before a build -------------------------------------------------- */

static int
root_find(const struct toolchain *toolchain, char **path, char **manifest,
	  struct err *err)
{
	struct slot slot;
	if (toolchain->kind == ROOT_FOLDER) {
		*path = base_strdup(toolchain->root_path);
		*manifest = base_strdup("");
		return 0;
	}
	if (slot_open(toolchain, &slot, err) == -1)
		return -1;
	int result = 0;
	if (slot_filled(&slot)) {
		*path = base_strdup(slot.path);
		*manifest = base_strdup(slot.manifest);
	} else {
		result = err_set(err, ERR_INPUT,
				 "the root of '%s' is not in the cache: run 'verify "
				 "toolchain fetch %s'",
				 toolchain->path, toolchain->path);
	}
	slot_close(&slot);
	return result;
}

int
toolchain_root(const struct toolchain *toolchain, struct root *root, struct err *err)
{
	char *path = NULL, *manifest = NULL;
	struct buf now = {0}, changes = {0};
	struct sha256 digest;
	int result = -1;
	if (!toolchain->has_root_sha256)
		return err_set(
		    err, ERR_INPUT,
		    "'%s' does not pin its root: run 'verify toolchain fetch "
		    "%s', which adds Root-SHA256",
		    toolchain->path, toolchain->path);
	if (root_find(toolchain, &path, &manifest, err) == -1)
		return -1;
	if (manifest_of_folder(path, &digest, &now, err) == -1)
		goto out;
	if (!sha256_equal(&digest, &toolchain->root_sha256)) {
		changes_name(manifest, &now, &changes);
		root_differs(toolchain, &digest, changes.data ? changes.data : "", err);
		goto out;
	}
	*root = (struct root){.path = path,
			      .sha256 = digest,
			      .weak = toolchain->kind == ROOT_HOST ||
				      toolchain->kind == ROOT_FOLDER};
	path = NULL;
	result = 0;
out:
	free(path);
	free(manifest);
	buf_free(&now);
	buf_free(&changes);
	return result;
}

void
root_free(struct root *root)
{
	free(root->path);
	*root = (struct root){0};
}
