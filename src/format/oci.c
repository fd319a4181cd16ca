/*
 * Container images in a tar archive: OCI image layouts (OCI Image Format 1.0,
 * image-layout.md, "oci-archive") and what docker save writes (Docker Image
 * Specification 1.2). They are tar archives and read as such; what is added is whether
 * the names that promise a digest keep the promise, and what the image refers to.
 *
 *	oci-layout, index.json → blobs/sha256/MANIFEST → config and layers
 *	manifest.json → CONFIG.json, LAYER.tar
 */
#include "format/record_private.h"

enum {
	TAR_BLOCK = 512,
	HEADERS_MOST = 4096, /* that a probe looks at */
	JSON_MOST = 1 << 20, /* of a document; manifests are a few kilobytes */
	JSON_ALL = 64 << 20,
	PARTS_MOST = 1 << 20,
	DIGITS = 64,
	NESTED_MOST = 16, /* indexes in indexes */
};

#define BLOBS "blobs/sha256/"

enum image_kind { IMAGE_NONE, IMAGE_OCI, IMAGE_DOCKER };

/* ---- probing --------------------------------------------------------- */

static const char *
plain(const char *path)
{
	return strncmp(path, "./", 2) == 0 ? path + 2 : path;
}

static enum image_kind
kind_of_header(const struct view *view, uint64_t at)
{
	static const char start[] = "[{\"Config\":\"";
	struct view name;
	struct buf text = {0};
	enum image_kind kind = IMAGE_NONE;
	if (view_sub(view, at, 100, &name) == -1)
		return IMAGE_NONE;
	record_text(&text, name.data, (size_t)name.size);
	if (strcmp(plain(text.data), "oci-layout") == 0)
		kind = IMAGE_OCI;
	else if (strcmp(plain(text.data), "manifest.json") == 0 &&
		 view_has(view, at + TAR_BLOCK, start, sizeof(start) - 1))
		kind = IMAGE_DOCKER;
	buf_free(&text);
	return kind;
}

/* An archive may be both: then it is an OCI layout that old programs can load. */
static enum image_kind
kind_of(const struct view *view)
{
	enum image_kind found = IMAGE_NONE;
	uint64_t at = 0, size;
	if (format_tar.probe(view) != PROBE_SURE)
		return IMAGE_NONE;
	for (int i = 0; i < HEADERS_MOST && at < view->size; i++) {
		enum image_kind kind = kind_of_header(view, at);
		if (kind == IMAGE_OCI)
			return kind;
		if (kind != IMAGE_NONE)
			found = kind;
		if (record_number(view, at + 124, 12, 8, &size) == -1 ||
		    size > view->size)
			break;
		at += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
	}
	return found;
}

/* ---- what the archive holds ------------------------------------------ */

struct part {
	char *path; /* without "./" */
	struct sha256 digest;
	struct buf content; /* of what may be JSON */
	uint64_t size;
	bool hashed, referenced;
};

struct image {
	const struct view *view;
	const struct member_sink *sink;
	struct part *parts;
	size_t count, room;
	uint64_t kept;
	struct hasher *hasher;
	bool open;
};

static int
order_parts(const void *a, const void *b)
{
	const struct part *left = a, *right = b;
	return strcmp(left->path, right->path);
}

static struct part *
part_find(const struct image *image, const char *path)
{
	struct part key = {.path = (char *)(uintptr_t)plain(path)};
	if (image->count == 0)
		return NULL;
	return bsearch(&key, image->parts, image->count, sizeof(key), order_parts);
}

/* The digest that a path promises: blobs/sha256/DIGEST, DIGEST.tar, DIGEST.json. */
static bool
promised(const char *path, struct sha256 *digest)
{
	char digits[DIGITS + 1];
	const char *start =
	    strncmp(path, BLOBS, strlen(BLOBS)) == 0 ? path + strlen(BLOBS) : path;
	size_t length = strlen(start);
	const char *end = length > DIGITS ? start + DIGITS : "";
	if (length < DIGITS ||
	    (strcmp(end, "") != 0 && strcmp(end, ".tar") != 0 &&
	     strcmp(end, ".json") != 0) ||
	    (start == path && *end == '\0'))
		return false;
	memcpy(digits, start, DIGITS);
	digits[DIGITS] = '\0';
	return sha256_parse(digits, digest) == 0;
}

static void
close_part(struct image *image)
{
	if (!image->open)
		return;
	struct part *part = &image->parts[image->count - 1];
	hasher_final(image->hasher, &part->digest);
	part->hashed = true;
	image->open = false;
}

/* ---- the sink between tar and whoever asked --------------------------- */

static int
image_begin(void *context, const struct member *member, struct err *err)
{
	struct image *image = context;
	close_part(image);
	if (member->type == MEMBER_FILE && image->count < PARTS_MOST) {
		if (image->count == image->room) {
			image->room = image->room ? 2 * image->room : 32;
			image->parts = base_realloc(image->parts, image->room,
						    sizeof(*image->parts));
		}
		image->parts[image->count++] =
		    (struct part){.path = base_strdup(plain(member->path))};
		image->open = true;
	}
	return image->sink->begin(image->sink->context, member, err);
}

static void
take(struct image *image, const void *bytes, size_t count)
{
	if (!image->open)
		return;
	struct part *part = &image->parts[image->count - 1];
	hasher_update(image->hasher, bytes, count);
	part->size += count;
	if (part->size <= JSON_MOST && image->kept + count <= JSON_ALL) {
		buf_append(&part->content, bytes, count);
		image->kept += count;
	} else if (part->content.size > 0) {
		image->kept -= part->content.size;
		buf_free(&part->content);
	}
}

static int
image_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct image *image = context;
	struct view part;
	if (view_sub(image->view, offset, length, &part) == 0 && length > 0)
		take(image, part.data, (size_t)part.size);
	return image->sink->slice(image->sink->context, offset, length, err);
}

static int
image_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct image *image = context;
	take(image, bytes, count);
	return image->sink->data(image->sink->context, bytes, count, err);
}

static int
image_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	   struct err *err)
{
	struct image *image = context;
	return image->sink->note(image->sink->context, kind, offset, text, err);
}

/* ---- references ------------------------------------------------------ */

static json_t *
part_json(const struct part *part)
{
	if (part->content.size == 0 || part->content.size != part->size)
		return NULL;
	return json_loadb(part->content.data, part->content.size,
			  JSON_REJECT_DUPLICATES, NULL);
}

static int
note_path(const struct image *image, enum note_kind kind, const char *what,
	  const char *path, struct err *err)
{
	char *shown = text_shown(path);
	int result = format_note(image->sink, kind, 0, err, "%s: '%s'", what, shown);
	free(shown);
	return result;
}

static int follow(struct image *image, struct part *part, int depth, struct err *err);

/* Something refers to `path`. */
static int
refer_to(struct image *image, const char *path, bool enter, int depth, struct err *err)
{
	struct part *part = part_find(image, path);
	if (part == NULL)
		return note_path(image, NOTE_SUSPECT,
				 "the image refers to a file that is not there", path,
				 err);
	if (part->referenced)
		return 0;
	part->referenced = true;
	return enter ? follow(image, part, depth + 1, err) : 0;
}

/* A descriptor (descriptor.md): its digest names a blob. */
static int
follow_descriptor(struct image *image, const json_t *descriptor, bool enter, int depth,
		  struct err *err)
{
	static const char sha256[] = "sha256:";
	const char *digest = json_string_value(json_object_get(descriptor, "digest"));
	if (digest == NULL)
		return 0;
	if (strncmp(digest, sha256, strlen(sha256)) != 0)
		return note_path(image, NOTE_UNDECIDED,
				 "a digest of another kind than SHA-256", digest, err);
	char *path = base_format(BLOBS "%s", digest + strlen(sha256));
	int result = refer_to(image, path, enter, depth, err);
	free(path);
	return result;
}

/* An index leads to manifests (or indexes), a manifest to its config and layers. */
static int
follow_object(struct image *image, const json_t *root, int depth, struct err *err)
{
	size_t i;
	json_t *each;
	const json_t *config = json_object_get(root, "config");
	if (config != NULL && follow_descriptor(image, config, false, depth, err) == -1)
		return -1;
	json_array_foreach(json_object_get(root, "layers"), i, each)
	{
		if (follow_descriptor(image, each, false, depth, err) == -1)
			return -1;
	}
	json_array_foreach(json_object_get(root, "manifests"), i, each)
	{
		if (follow_descriptor(image, each, true, depth, err) == -1)
			return -1;
	}
	return 0;
}

static int
follow(struct image *image, struct part *part, int depth, struct err *err)
{
	json_t *root = part_json(part);
	int result = 0;
	part->referenced = true;
	if (!json_is_object(root))
		result = note_path(image, NOTE_SUSPECT,
				   "a manifest or index is not one JSON object",
				   part->path, err);
	else if (depth > NESTED_MOST)
		result = note_path(image, NOTE_UNDECIDED,
				   "too many indexes in indexes: not followed",
				   part->path, err);
	else
		result = follow_object(image, root, depth, err);
	json_decref(root);
	return result;
}

/* What docker load reads: a list of images with the paths of their parts. */
static int
follow_docker(struct image *image, struct part *part, struct err *err)
{
	json_t *root = part_json(part), *each, *layer;
	size_t i, k;
	int result = 0;
	part->referenced = true;
	if (!json_is_array(root))
		result = note_path(image, NOTE_SUSPECT,
				   "a manifest is not one JSON list", part->path, err);
	json_array_foreach(root, i, each)
	{
		const char *config = json_string_value(json_object_get(each, "Config"));
		if (result == 0 && config != NULL)
			result = refer_to(image, config, false, 0, err);
		json_array_foreach(json_object_get(each, "Layers"), k, layer)
		{
			const char *path = json_string_value(layer);
			if (result == 0 && path != NULL)
				result = refer_to(image, path, false, 0, err);
		}
	}
	json_decref(root);
	return result;
}

static int
follow_all(struct image *image, struct err *err)
{
	struct part *index = part_find(image, "index.json");
	struct part *manifest = part_find(image, "manifest.json");
	if (index == NULL && manifest == NULL)
		return format_note(image->sink, NOTE_SUSPECT, 0, err,
				   "an image without index.json and manifest.json");
	if (index != NULL && follow(image, index, 0, err) == -1)
		return -1;
	return manifest != NULL ? follow_docker(image, manifest, err) : 0;
}

/* Names that are digests: of their content, and of something that is used. */
static int
note_parts(const struct image *image, struct err *err)
{
	for (size_t i = 0; i < image->count; i++) {
		const struct part *part = &image->parts[i];
		struct sha256 digest;
		if (!promised(part->path, &digest))
			continue;
		if ((!part->hashed || !sha256_equal(&digest, &part->digest)) &&
		    note_path(image, NOTE_SUSPECT,
			      "its name is not the SHA-256 of its content", part->path,
			      err) == -1)
			return -1;
		if (!part->referenced &&
		    note_path(image, NOTE_REMARK, "no image refers to it", part->path,
			      err) == -1)
			return -1;
	}
	return 0;
}

static void
image_free(struct image *image)
{
	for (size_t i = 0; i < image->count; i++) {
		free(image->parts[i].path);
		buf_free(&image->parts[i].content);
	}
	free(image->parts);
	hasher_free(image->hasher);
}

static int
image_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct image image = {.view = view, .sink = sink, .hasher = hasher_new()};
	const struct member_sink between = {&image, image_begin, image_slice,
					    image_data, image_note};
	int result = format_tar.members(view, &between, err);
	close_part(&image);
	if (image.count > 0)
		qsort(image.parts, image.count, sizeof(*image.parts), order_parts);
	if (result == 0)
		result = follow_all(&image, err);
	if (result == 0)
		result = note_parts(&image, err);
	image_free(&image);
	return result;
}

static int
image_map(const struct view *view, struct map *map, struct err *err)
{
	return format_tar.map(view, map, err);
}

static enum probe_answer
oci_probe(const struct view *view)
{
	return kind_of(view) == IMAGE_OCI ? PROBE_SURE : PROBE_NO;
}

static enum probe_answer
docker_probe(const struct view *view)
{
	return kind_of(view) == IMAGE_DOCKER ? PROBE_SURE : PROBE_NO;
}

const struct format format_oci = {
    .name = "oci",
    .title = "OCI image layout",
    .refines = "tar",
    .probe = oci_probe,
    .members = image_members,
    .map = image_map,
};

const struct format format_docker = {
    .name = "docker-archive",
    .title = "docker save archive",
    .refines = "tar",
    .probe = docker_probe,
    .members = image_members,
    .map = image_map,
};
