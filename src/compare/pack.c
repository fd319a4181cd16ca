/*
 * Packs of identical pairs. Each string is told by what it shares with the one before
 * it, as in a dictionary: neighbours in a tree have most of their paths in common.
 *
 *	0xff		which no string has that was read from JSON
 *	count		u32le, of the entries
 *	each entry:	path, built, format: shared, rest (varints), the rest's bytes
 *			mode + 1 or 0, size (varints), SHA-256
 */
#include "compare/compare_private.h"

#define PACK_BYTE   0xff
#define PACK_HEADER 5
#define VARINT_MOST 10 /* bytes of 64 bits, seven in each */
#define PATH_MOST   ((uint64_t)1 << 20)

/* ---- in the child ---------------------------------------------------- */

static void
put_number(struct buf *out, uint64_t value)
{
	uint8_t bytes[VARINT_MOST];
	size_t count = 0;
	for (; value >= 0x80; value >>= 7)
		bytes[count++] = (uint8_t)(value | 0x80);
	bytes[count++] = (uint8_t)value;
	buf_append(out, bytes, count);
}

static void
put_string(struct buf *out, struct buf *before, const char *string)
{
	size_t shared = 0, length = strlen(string);
	while (shared < before->size && string[shared] == before->data[shared])
		shared++;
	put_number(out, shared);
	put_number(out, length - shared);
	buf_append(out, string + shared, length - shared);
	buf_clear(before);
	buf_append(before, string, length);
}

static void
put_path(struct buf *out, struct buf *before, const struct tree *tree, node_id id)
{
	char *path = tree_path(tree, id);
	put_string(out, before, path);
	free(path);
}

static void
packing_begin(struct packing *packing)
{
	static const uint8_t header[PACK_HEADER] = {PACK_BYTE};
	buf_clear(&packing->bytes);
	buf_append(&packing->bytes, header, sizeof(header));
	buf_clear(&packing->path);
	buf_clear(&packing->built);
	buf_clear(&packing->format);
}

void
packing_add(struct packing *packing, const struct comparison *comparison,
	    struct pair pair)
{
	const struct node *node = tree_node(comparison->shipped, pair.shipped);
	struct buf *out = &packing->bytes;
	if (packing->count == 0)
		packing_begin(packing);
	put_path(out, &packing->path, comparison->shipped, pair.shipped);
	put_path(out, &packing->built, comparison->rebuilt, pair.rebuilt);
	put_string(out, &packing->format, node->format ? node->format->name : "");
	put_number(out, node->member.has_mode ? (node->member.mode & 07777) + 1U : 0);
	put_number(out, node->size);
	buf_append(out, node->sha256.bytes, SHA256_SIZE);
	packing->count++;
}

void
packing_end(struct packing *packing, json_t *files)
{
	if (packing->count == 0)
		return;
	for (size_t i = 0; i < 4; i++)
		packing->bytes.data[1 + i] = (char)(packing->count >> 8 * i);
	json_array_append_new(
	    files, json_stringn_nocheck(packing->bytes.data, packing->bytes.size));
	packing->count = 0;
}

void
packing_free(struct packing *packing)
{
	buf_free(&packing->bytes);
	buf_free(&packing->path);
	buf_free(&packing->built);
	buf_free(&packing->format);
}

/* ---- outside --------------------------------------------------------- */

static int
take_number(struct view *rest, uint64_t *value)
{
	*value = 0;
	for (unsigned i = 0; i < VARINT_MOST; i++) {
		uint8_t byte;
		if (view_u8(rest, 0, &byte) == -1 || (i == VARINT_MOST - 1 && byte > 1))
			return -1;
		*rest = view_from(rest, 1);
		*value |= (uint64_t)(byte & 0x7f) << 7 * i;
		if (byte < 0x80)
			return 0;
	}
	return -1;
}

static int
take_string(struct view *rest, struct buf *string)
{
	uint64_t shared, length;
	struct view bytes;
	if (take_number(rest, &shared) == -1 || take_number(rest, &length) == -1 ||
	    shared > string->size || length > PATH_MOST ||
	    view_sub(rest, 0, length, &bytes) == -1)
		return -1;
	string->size = (size_t)shared;
	buf_append(string, bytes.data, (size_t)length);
	*rest = view_from(rest, length);
	return 0;
}

bool
is_pack(const json_t *value)
{
	return json_string_length(value) >= PACK_HEADER &&
	       (uint8_t)json_string_value(value)[0] == PACK_BYTE;
}

void
pack_open(struct pack_walk *walk, const json_t *pack)
{
	*walk = (struct pack_walk){0};
	walk->rest = view_of(json_string_value(pack), json_string_length(pack));
	uint32_t count;
	if (is_pack(pack) && view_u32le(&walk->rest, 1, &count) == 0)
		walk->left = count;
	walk->rest = view_from(&walk->rest, PACK_HEADER);
}

static int
pack_take(struct pack_walk *walk)
{
	struct packed *one = &walk->one;
	struct view *rest = &walk->rest, digest;
	uint64_t mode;
	if (take_string(rest, &one->path) == -1 ||
	    take_string(rest, &one->built) == -1 ||
	    take_string(rest, &one->format) == -1 || take_number(rest, &mode) == -1 ||
	    mode > 07777 + 1 || take_number(rest, &one->size) == -1 ||
	    one->size > INT64_MAX || view_sub(rest, 0, SHA256_SIZE, &digest) == -1)
		return -1;
	one->has_mode = mode > 0;
	one->mode = mode > 0 ? (unsigned)mode - 1 : 0;
	memcpy(one->sha256.bytes, digest.data, SHA256_SIZE);
	*rest = view_from(rest, SHA256_SIZE);
	return 0;
}

bool
pack_next(struct pack_walk *walk)
{
	if (walk->left == 0 || pack_take(walk) == -1)
		return false;
	walk->left--;
	return true;
}

void
pack_close(struct pack_walk *walk)
{
	buf_free(&walk->one.path);
	buf_free(&walk->one.built);
	buf_free(&walk->one.format);
}

size_t
pack_count(const json_t *pack)
{
	struct pack_walk walk;
	pack_open(&walk, pack);
	return walk.left;
}

static bool
is_shown(const struct buf *text, struct buf *raw)
{
	buf_clear(raw);
	return strlen(text->data) == text->size && text_unshow(text->data, raw) == 0;
}

json_t *
pack_take_over(const struct view *bytes)
{
	struct pack_walk walk;
	struct buf raw = {0};
	json_t *pack =
	    json_stringn_nocheck((const char *)bytes->data, (size_t)bytes->size);
	pack_open(&walk, pack);
	bool fine = walk.left > 0 && walk.left <= PACK_MOST;
	while (fine && walk.left > 0)
		fine = pack_next(&walk) && walk.one.path.size > 0 &&
		       is_shown(&walk.one.path, &raw) &&
		       is_shown(&walk.one.built, &raw) &&
		       is_shown(&walk.one.format, &raw);
	fine = fine && walk.rest.size == 0;
	pack_close(&walk);
	buf_free(&raw);
	if (fine)
		return pack;
	json_decref(pack);
	return NULL;
}

/* ---- as JSON --------------------------------------------------------- */

static void
write_text(struct buf *out, unsigned indent, unsigned depth, const char *key,
	   const char *text)
{
	buf_json_line(out, indent, depth);
	buf_puts(out, "\"");
	buf_puts(out, key);
	buf_puts(out, indent > 0 ? "\": " : "\":");
	buf_json_string(out, text);
}

/* Both sides are the same object, byte for byte. */
static void
write_side(struct buf *out, unsigned indent, unsigned depth, const struct packed *one)
{
	char digits[SHA256_HEX];
	if (one->has_mode) {
		snprintf(digits, sizeof(digits), "%04o", one->mode);
		write_text(out, indent, depth + 1, "mode", digits);
		buf_puts(out, ",");
	}
	sha256_hex(&one->sha256, digits);
	write_text(out, indent, depth + 1, "sha256", digits);
	buf_puts(out, ",");
	buf_json_line(out, indent, depth + 1);
	snprintf(digits, sizeof(digits), "%ju", (uintmax_t)one->size);
	buf_puts(out, indent > 0 ? "\"size\": " : "\"size\":");
	buf_puts(out, digits);
	buf_puts(out, ",");
	write_text(out, indent, depth + 1, "type", "file");
	buf_json_line(out, indent, depth);
	buf_puts(out, "}");
}

static void
write_packed(struct buf *out, unsigned indent, unsigned depth, const struct packed *one)
{
	static const char *const sides[] = {"rebuilt", "shipped"};
	buf_puts(out, "{");
	write_text(out, indent, depth + 1, "built", one->built.data);
	buf_puts(out, ",");
	if (one->format.size > 0) {
		write_text(out, indent, depth + 1, "format", one->format.data);
		buf_puts(out, ",");
	}
	write_text(out, indent, depth + 1, "path", one->path.data);
	for (size_t i = 0; i < ARRAY_COUNT(sides); i++) {
		buf_puts(out, ",");
		buf_json_line(out, indent, depth + 1);
		buf_puts(out, "\"");
		buf_puts(out, sides[i]);
		buf_puts(out, indent > 0 ? "\": {" : "\":{");
		write_side(out, indent, depth + 1, one);
	}
	buf_puts(out, ",");
	write_text(out, indent, depth + 1, "status",
		   file_status_name(STATUS_IDENTICAL));
	buf_json_line(out, indent, depth);
	buf_puts(out, "}");
}

bool
pack_write(void *none, struct buf *out, const json_t *value, unsigned indent,
	   unsigned depth)
{
	struct pack_walk walk;
	const char *comma = "";
	if (!is_pack(value))
		return false;
	pack_open(&walk, value);
	while (pack_next(&walk)) {
		buf_puts(out, comma);
		if (*comma != '\0')
			buf_json_line(out, indent, depth);
		write_packed(out, indent, depth, &walk.one);
		comma = ",";
	}
	pack_close(&walk);
	return true;
}
