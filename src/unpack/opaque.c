/*
 * Files that hold others, but that no row can enter: they are bytes to compare like
 * any other, and nobody may say that what is in them was looked at.
 */
#include "unpack/unpack_private.h"

struct magic {
	uint32_t offset;
	uint8_t length;
	const char *bytes;
	const char *title;
};

/* Images, archives and installers that no row knows, by their tell-tale bytes. */
static const struct magic magics[] = {
    {0, 4, "sqsh", "squashfs image (big-endian)"},
    {512, 8, "EFI PART", "partitioned disk image"},
    {0, 4, "QFI\xfb", "QCOW2 disk image"},
    {0, 4, "KDMV", "VMDK disk image"},
    {0, 8, "conectix", "VHD disk image"},
    {0, 8, "vhdxfile", "VHDX disk image"},
    {0, 4, "\x3a\xff\x26\xed", "Android sparse image"},
    {0, 8, "ANDROID!", "Android boot image"},
    {0, 7, "Rar!\x1a\x07", "RAR archive"},
    {0, 4, "LZIP", "lzip stream"},
    {0, 3, "\x1f\x9d\x90", "compress (.Z) stream"},
    {0, 4, "\x89LZO", "lzop stream"},
    {0, 8, "MSWIM\0\0\0", "WIM image"},
    {0, 4, "ITSF", "compiled HTML help"},
    {0, 4, "ISc(", "InstallShield cabinet"},
    {0, 8, "!<thin>\n", "thin ar archive"},
};

/* Names that promise a container. */
static const char *const suffixes[] = {
    ".7z",   ".a",    ".aab", ".aar",   ".apk",  ".appx", ".bz2", ".cab",
    ".cpio", ".deb",  ".dmg", ".ear",   ".gz",   ".ipa",  ".iso", ".jar",
    ".lz4",  ".msix", ".msi", ".nupkg", ".pkg",  ".rar",  ".rpm", ".snap",
    ".tar",  ".tbz",  ".tgz", ".txz",   ".udeb", ".vsix", ".war", ".whl",
    ".xar",  ".xpi",  ".xz",  ".zip",   ".zst",
};

static const char *
magic_title(const struct view *view)
{
	/* a DMG has its magic in a trailer of 512 bytes */
	if (view->size >= 512 && view_has(view, view->size - 512, "koly", 4))
		return "Apple disk image";
	for (size_t i = 0; i < ARRAY_COUNT(magics); i++) {
		if (view_has(view, magics[i].offset, magics[i].bytes, magics[i].length))
			return magics[i].title;
	}
	return NULL;
}

static bool
has_suffix(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_COUNT(suffixes); i++) {
		size_t size = strlen(suffixes[i]);
		if (length > size &&
		    strncasecmp(name + length - size, suffixes[i], size) == 0)
			return true;
	}
	return false;
}

/* Does the node's name, or for the content of a compressed stream the name of
 * that without its own suffix, promise a container? */
static bool
promises_container(const struct tree *tree, node_id id)
{
	unsigned suffixes_off = 0;
	while (tree_is_anonymous(tree, id)) {
		id = tree_node(tree, id)->parent;
		suffixes_off++;
	}
	const char *name =
	    id == NODE_ROOT ? tree->name : tree_node(tree, id)->member.path;
	name = path_base(name);
	size_t length = strlen(name);
	if (suffixes_off > 0 && length > 4 &&
	    strncasecmp(name + length - 4, ".tgz", 4) == 0)
		return true;
	for (; suffixes_off > 0 && length > 0; suffixes_off--) {
		while (length > 0 && name[length - 1] != '.')
			length--;
		length -= length > 0;
	}
	return has_suffix(name, length);
}

/* What it holds others as; NULL for a program that has such bytes in it. */
static const char *
opaque_title(const struct format *format, const struct view *view)
{
	if (format != NULL && format->sealed)
		return format->title;
	if (format != NULL && strcmp(format->name, "text") != 0)
		return NULL;
	return magic_title(view);
}

struct noting {
	struct tree *tree;
	node_id node;
};

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	const struct noting *noting = context;
	(void)err;
	tree_note(noting->tree, noting->node, kind, offset, "%s", text);
	return 0;
}

/* What the format of a file that is not entered says of it. */
static int
leaf_notes(struct tree *tree, node_id id, const struct view *view, struct err *err)
{
	const struct format *format = tree_node(tree, id)->format;
	struct noting noting = {tree, id};
	const struct member_sink sink = {.context = &noting, .note = on_note};
	if (format == NULL || format->notes == NULL)
		return 0;
	return format->notes(view, &sink, err);
}

/* In a container image's layer such an empty file hides what lower layers have (OCI
 * Image Format, layer.md, "Whiteouts"). True when it is one. */
static bool
whiteout_note(struct tree *tree, node_id id)
{
	static const char prefix[] = ".wh.", opaque[] = ".wh..wh..opq";
	if (id == NODE_ROOT)
		return false;
	const char *name = path_base(tree_node(tree, id)->member.path);
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	if (strcmp(name, opaque) == 0) {
		tree_note(tree, id, NOTE_REMARK, 0,
			  "a whiteout: hides all that lower layers have in its folder");
		return true;
	}
	char *hidden = text_shown(name + strlen(prefix));
	tree_note(tree, id, NOTE_REMARK, 0, "a whiteout: hides '%s' of lower layers",
		  hidden);
	free(hidden);
	return true;
}

int
opaque_note(struct tree *tree, node_id id, struct err *err)
{
	struct mapping mapping;
	const struct node *node = tree_node(tree, id);
	bool promised = promises_container(tree, id);
	if (node->size == 0) {
		if (whiteout_note(tree, id))
			return 0;
		if (promised || id == NODE_ROOT)
			tree_note(tree, id, NOTE_UNDECIDED, 0,
				  "an empty file%s: there is nothing to look into",
				  promised ? " named like an archive" : "");
		return 0;
	}
	if (tree_map(tree, id, &mapping, err) == -1)
		return -1;
	const char *title = opaque_title(node->format, &mapping.view);
	bool zero = (promised || id == NODE_ROOT) && view_is_zero(&mapping.view);
	int answer = leaf_notes(tree, id, &mapping.view, err);
	mapping_close(&mapping);
	if (answer == -1)
		return -1;
	if (title != NULL)
		tree_note(tree, id, NOTE_UNDECIDED, 0, "%s: not looked into", title);
	else if (zero)
		tree_note(tree, id, NOTE_UNDECIDED, 0,
			  "nothing but zero bytes: there is nothing to look into");
	else if (promised && node->format == NULL)
		tree_note(tree, id, NOTE_UNDECIDED, 0,
			  "named like an archive, but of no known format: not looked "
			  "into");
	return 0;
}
