/*
 * Values that follow from other bytes: checksums, sizes and offsets of containers, and
 * digests of packages. A row is used only when it recomputes right on both sides; one
 * that is wrong on either side is a difference like any other.
 */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	TAR_BLOCK = 512,
	TAR_CHECKSUM = 148, /* POSIX.1-2017, pax, "ustar Interchange Format" */
	TAR_CHECKSUM_END = 156,
	GZIP_HEADER = 10, /* RFC 1952, 2.3 */
};

/* A value of one side that is to be recomputed. */
struct value {
	struct scene *scene;
	size_t side;
	const struct view *file;
	const struct map *map;
	const struct extent *extent;
};

/* ---- facts about members --------------------------------------------- */

static void
facts_nodes(struct scene_side *side)
{
	const struct node *node = tree_node(side->tree, side->node);
	for (node_id id = node->first_child; id != NODE_NONE;
	     id = tree_node(side->tree, id)->next_sibling) {
		uint32_t ordinal = tree_node(side->tree, id)->ordinal;
		if (ordinal < side->member_count)
			side->members[ordinal].node = id;
	}
}

static void
facts_extents(struct scene_side *side)
{
	for (size_t i = 0; i < side->map->count; i++) {
		const struct extent *extent = &side->map->extents[i];
		if (extent->member >= side->member_count)
			continue;
		struct member_facts *facts = &side->members[extent->member];
		if (strcmp(extent->name, "content") == 0)
			facts->packed += extent->length;
		else if (strcmp(extent->name, "zip local header magic") == 0)
			facts->header = extent->offset;
		else if (strcmp(extent->name, "zip central header magic") == 0)
			facts->central = extent->offset;
	}
}

struct member_facts *
scene_member(struct scene *scene, size_t which, const struct extent *extent)
{
	struct scene_side *side = &scene->sides[which];
	if (extent == NULL || side->tree == NULL || side->map == NULL)
		return NULL;
	if (side->members == NULL) {
		const struct node *node = tree_node(side->tree, side->node);
		for (node_id id = node->first_child; id != NODE_NONE;
		     id = tree_node(side->tree, id)->next_sibling)
			side->member_count++;
		side->members =
		    base_alloc(side->member_count + 1, sizeof(*side->members));
		for (size_t i = 0; i < side->member_count; i++)
			side->members[i] = (struct member_facts){
			    NODE_NONE, 0, UINT64_MAX, UINT64_MAX, false, 0, 0};
		facts_nodes(side);
		facts_extents(side);
	}
	if (extent->member >= side->member_count ||
	    side->members[extent->member].node == NODE_NONE)
		return NULL;
	return &side->members[extent->member];
}

bool
scene_check_member(struct scene *scene, size_t which, struct member_facts *facts)
{
	struct scene_side *side = &scene->sides[which];
	struct mapping mapping;
	struct err ignored = {0};
	if (facts->checked)
		return true;
	if (!node_is_whole(side->tree, facts->node) ||
	    tree_map(side->tree, facts->node, &mapping, &ignored) == -1)
		return false;
	facts->crc = (uint32_t)crc32_z(0, mapping.view.data, (size_t)mapping.view.size);
	facts->sum = 0;
	for (uint64_t i = 0; i < mapping.view.size; i++)
		facts->sum += mapping.view.data[i];
	facts->checked = true;
	mapping_close(&mapping);
	return true;
}

static struct member_facts *
value_member(const struct value *value)
{
	return scene_member(value->scene, value->side, value->extent);
}

static uint64_t
member_size(const struct value *value, const struct member_facts *facts)
{
	return tree_node(value->scene->sides[value->side].tree, facts->node)->size;
}

/* Is the number at `offset` of the file this one? */
static bool
is_u32le(const struct value *value, uint64_t offset, uint64_t expected)
{
	uint32_t stored;
	return view_u32le(value->file, offset, &stored) == 0 && stored == expected;
}

static bool
is_u64le(const struct value *value, uint64_t offset, uint64_t expected)
{
	uint64_t stored;
	return view_u64le(value->file, offset, &stored) == 0 && stored == expected;
}

static bool
is_crc(const struct value *value, uint64_t from, uint64_t to, uint64_t at)
{
	struct view part;
	return from <= to && view_sub(value->file, from, to - from, &part) == 0 &&
	       is_u32le(value, at, crc32_z(0, part.data, (size_t)part.size));
}

/* ---- tar, ar, cpio --------------------------------------------------- */

/* The sum of all bytes of a tar header, its own field taken as blanks, against the
 * octal number in that field. */
static bool
tar_checksum(const struct value *value)
{
	struct view header;
	uint64_t sum = 0, stored = 0;
	if (value->extent->offset < TAR_CHECKSUM || value->extent->length != 8 ||
	    view_sub(value->file, value->extent->offset - TAR_CHECKSUM, TAR_BLOCK,
		     &header) == -1)
		return false;
	for (uint64_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= TAR_CHECKSUM && i < TAR_CHECKSUM_END ? ' ' : header.data[i];
	for (uint64_t i = TAR_CHECKSUM; i < TAR_CHECKSUM_END; i++) {
		uint8_t byte = header.data[i];
		if (byte >= '0' && byte <= '7')
			stored = stored * 8 + (uint64_t)(byte - '0');
		else if (byte != ' ' && byte != '\0')
			return false;
	}
	return sum == stored;
}

/* A size in digits with blanks around them, as ar (decimal) and tar (octal) write it.
 */
static bool
is_text_size(const struct value *value, unsigned base)
{
	struct member_facts *facts = value_member(value);
	struct view part;
	uint64_t sum = 0;
	if (facts == NULL || value->extent->length > 20 ||
	    view_sub(value->file, value->extent->offset, value->extent->length,
		     &part) == -1)
		return false;
	for (uint64_t i = 0; i < part.size; i++) {
		uint8_t byte = part.data[i];
		if (byte == ' ' || byte == '\0')
			continue;
		if (byte < '0' || byte >= '0' + base)
			return false;
		sum = sum * base + (uint64_t)(byte - '0');
	}
	return sum == member_size(value, facts);
}

static bool
tar_size(const struct value *value)
{
	return is_text_size(value, 8);
}

static bool
ar_size(const struct value *value)
{
	return is_text_size(value, 10);
}

/* ECMA-119 7.3.3: a number in both byte orders. */
static bool
iso_size(const struct value *value)
{
	struct member_facts *facts =
	    scene_member(value->scene, value->side, value->extent);
	uint64_t at = value->extent->offset, size;
	uint32_t little, big;
	if (facts == NULL || view_u32le(value->file, at, &little) == -1 ||
	    view_u32be(value->file, at + 4, &big) == -1)
		return false;
	size = tree_node(value->scene->sides[value->side].tree, facts->node)->size;
	return little == size && big == size;
}

/* A number of hexadecimal digits that fills the extent, as newc writes it. */
static bool
hex_number(const struct value *value, uint64_t *number)
{
	uint8_t bytes[4];
	char text[9] = {0};
	struct view part;
	if (value->extent->length != 8 ||
	    view_sub(value->file, value->extent->offset, 8, &part) == -1)
		return false;
	memcpy(text, part.data, 8);
	if (hex_decode(text, false, bytes, 4) == -1)
		return false;
	*number = (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 |
		  (uint64_t)bytes[2] << 8 | bytes[3];
	return true;
}

/* cpio(5), "New CRC Format": the sum of the content's bytes. */
static bool
cpio_checksum(const struct value *value)
{
	uint64_t stored;
	struct member_facts *facts = value_member(value);
	return facts != NULL && hex_number(value, &stored) &&
	       scene_check_member(value->scene, value->side, facts) &&
	       facts->sum == stored;
}

static bool
cpio_size(const struct value *value)
{
	uint64_t stored;
	struct member_facts *facts = value_member(value);
	return facts != NULL && hex_number(value, &stored) &&
	       member_size(value, facts) == stored;
}

/* ---- zip (APPNOTE 4.3) ----------------------------------------------- */

static bool
zip_crc(const struct value *value)
{
	struct member_facts *facts = value_member(value);
	return facts != NULL && scene_check_member(value->scene, value->side, facts) &&
	       is_u32le(value, value->extent->offset, facts->crc);
}

static bool
zip_size(const struct value *value)
{
	struct member_facts *facts = value_member(value);
	return facts != NULL &&
	       is_u32le(value, value->extent->offset, member_size(value, facts));
}

static bool
zip_packed(const struct value *value)
{
	struct member_facts *facts = value_member(value);
	return facts != NULL && is_u32le(value, value->extent->offset, facts->packed);
}

/* CRC-32 and both sizes, with or without a signature, in 4 or 8 bytes (4.3.9). */
static bool
zip_descriptor(const struct value *value)
{
	struct member_facts *facts = value_member(value);
	uint64_t at = value->extent->offset, length = value->extent->length;
	if (facts == NULL || !scene_check_member(value->scene, value->side, facts))
		return false;
	if ((length == 16 || length == 24) && view_has(value->file, at, "PK\7\10", 4)) {
		at += 4;
		length -= 4;
	}
	uint64_t size = member_size(value, facts);
	if (!is_u32le(value, at, facts->crc))
		return false;
	if (length == 12)
		return is_u32le(value, at + 4, facts->packed) &&
		       is_u32le(value, at + 8, size);
	return length == 20 && is_u64le(value, at + 4, facts->packed) &&
	       is_u64le(value, at + 12, size);
}

static bool
zip_offset(const struct value *value)
{
	struct member_facts *facts = value_member(value);
	return facts != NULL && facts->header != UINT64_MAX &&
	       is_u32le(value, value->extent->offset, facts->header);
}

/* The first central header, and the end record behind the last one. */
static bool
zip_directory(const struct value *value, uint64_t *start, uint64_t *end)
{
	*start = *end = UINT64_MAX;
	for (size_t i = 0; i < value->map->count; i++) {
		const struct extent *extent = &value->map->extents[i];
		if (*start == UINT64_MAX &&
		    strcmp(extent->name, "zip central header magic") == 0)
			*start = extent->offset;
		if (*end == UINT64_MAX &&
		    strcmp(extent->name, "zip end record magic") == 0)
			*end = extent->offset;
	}
	return *start != UINT64_MAX && *end != UINT64_MAX && *start < *end;
}

static bool
zip_directory_offset(const struct value *value)
{
	uint64_t start, end;
	return zip_directory(value, &start, &end) &&
	       is_u32le(value, value->extent->offset, start);
}

static bool
zip_directory_size(const struct value *value)
{
	uint64_t start, end;
	return zip_directory(value, &start, &end) &&
	       is_u32le(value, value->extent->offset, end - start);
}

/* ---- streams --------------------------------------------------------- */

/* Does the map have exactly one extent of that name? */
static bool
is_single(const struct value *value)
{
	size_t count = 0;
	for (size_t i = 0; i < value->map->count && count < 2; i++)
		count += strcmp(value->map->extents[i].name, value->extent->name) == 0;
	return count == 1;
}

/* The one content of a stream of one member. */
static struct member_facts *
stream_content(const struct value *value)
{
	const struct extent first = {.member = 0};
	if (!is_single(value))
		return NULL;
	return scene_member(value->scene, value->side, &first);
}

static bool
gzip_crc(const struct value *value)
{
	struct member_facts *facts = stream_content(value);
	return facts != NULL && scene_check_member(value->scene, value->side, facts) &&
	       is_u32le(value, value->extent->offset, facts->crc);
}

static bool
gzip_size(const struct value *value)
{
	struct member_facts *facts = stream_content(value);
	return facts != NULL && is_u32le(value, value->extent->offset,
					 member_size(value, facts) & UINT32_MAX);
}

static bool
gzip_header_crc(const struct value *value)
{
	struct view header;
	uint16_t stored;
	uint64_t at = value->extent->offset;
	return is_single(value) && at >= GZIP_HEADER &&
	       view_sub(value->file, 0, at, &header) == 0 &&
	       view_u16le(value->file, at, &stored) == 0 &&
	       stored == (crc32_z(0, header.data, (size_t)header.size) & 0xffff);
}

/* The .xz file format, 4.4: CRC32 of the index stands at its end. */
static bool
xz_index(const struct value *value)
{
	const struct extent *extent = value->extent;
	uint64_t end = extent->offset + extent->length;
	return extent->length >= 8 && is_crc(value, extent->offset, end - 4, end - 4);
}

/* 2.1.2: CRC32 of backward size and stream flags stands before them. */
static bool
xz_footer(const struct value *value)
{
	uint64_t at = value->extent->offset;
	return value->extent->length == 12 && is_crc(value, at + 4, at + 10, at);
}

/* ---- PE -------------------------------------------------------------- */

/* The 16-bit words of the image but for CheckSum, added with the carry brought
 * round, plus the size: what CheckSumMappedFile of imagehlp computes. */
static bool
pe_checksum(const struct value *value)
{
	const struct extent *extent = value->extent;
	uint64_t sum = 0;
	for (uint64_t i = 0; i < value->file->size; i++) {
		if (i < extent->offset || i >= extent->offset + 4)
			sum += (uint64_t)value->file->data[i] << (i % 2 ? 8 : 0);
	}
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return extent->length == 4 &&
	       is_u32le(value, extent->offset, (sum + value->file->size) & UINT32_MAX);
}

/* ---- rpm ------------------------------------------------------------- */

/* The main header, and all that follows the signature header. */
static bool
rpm_parts(const struct value *value, struct view *header, struct view *both)
{
	static const char prefix[] = "rpm header ";
	uint64_t start = UINT64_MAX, end = 0;
	for (size_t i = 0; i < value->map->count; i++) {
		const struct extent *extent = &value->map->extents[i];
		if (strncmp(extent->name, prefix, sizeof(prefix) - 1) != 0)
			continue;
		if (start == UINT64_MAX)
			start = extent->offset;
		end = extent->offset + extent->length;
	}
	if (start == UINT64_MAX ||
	    view_sub(value->file, start, end - start, header) == -1)
		return false;
	*both = view_from(value->file, start);
	return true;
}

/* Is the extent the digest of these bytes, as digits and a NUL or as bytes? */
static bool
is_digest(const struct value *value, const char *algorithm, const struct view *bytes)
{
	uint8_t digest[HASH_MOST];
	char hex[2 * HASH_MOST + 1];
	size_t size = hash_of(algorithm, bytes->data, (size_t)bytes->size, digest);
	uint64_t at = value->extent->offset;
	hex_encode(digest, size, hex);
	if (size == 0)
		return false;
	if (value->extent->length == size)
		return view_has(value->file, at, digest, size);
	return value->extent->length == 2 * size + 1 &&
	       view_has(value->file, at, hex, 2 * size + 1);
}

static bool
rpm_header_sha256(const struct value *value)
{
	struct view header, both;
	return rpm_parts(value, &header, &both) && is_digest(value, "SHA256", &header);
}

static bool
rpm_header_sha1(const struct value *value)
{
	struct view header, both;
	return rpm_parts(value, &header, &both) && is_digest(value, "SHA1", &header);
}

static bool
rpm_md5(const struct value *value)
{
	struct view header, both;
	return rpm_parts(value, &header, &both) && is_digest(value, "MD5", &both);
}

static bool
rpm_size(const struct value *value)
{
	struct view header, both;
	uint32_t stored;
	return rpm_parts(value, &header, &both) &&
	       view_u32be(value->file, value->extent->offset, &stored) == 0 &&
	       stored == both.size;
}

static bool
rpm_payload(const struct value *value)
{
	struct view header, both;
	if (!rpm_parts(value, &header, &both))
		return false;
	struct view payload = view_from(&both, header.size);
	return is_digest(value, "SHA256", &payload);
}

/* ---- pictures -------------------------------------------------------- */

/* The CRC at the end of a chunk, over its type and data (PNG 5.3). */
static bool
png_crc(const struct value *value)
{
	uint64_t at = 8, end = value->extent->offset;
	uint32_t length = 0, stored;
	struct view bytes;
	while (at < end && view_u32be(value->file, at, &length) == 0 &&
	       at + 8 + length < end)
		at += 12 + (uint64_t)length;
	return at + 8 + length == end &&
	       view_u32be(value->file, end, &stored) == 0 &&
	       view_sub(value->file, at + 4, 4 + (uint64_t)length, &bytes) == 0 &&
	       crc32_z(0, bytes.data, (z_size_t)bytes.size) == stored;
}

/* ---- the table ------------------------------------------------------- */

static const struct derived {
	const char *extent; /* the name in the map */
	const char *name;   /* of the cause */
	const char *source; /* what it was recomputed over */
	bool (*fits)(const struct value *value);
	bool content; /* a member's content is what it follows from */
} table[] = {
    {"CheckSum", "PE CheckSum", "the image", pe_checksum, false},
    {"tar header checksum", "tar header checksum", "the header", tar_checksum, false},
    {"tar header size", "member size", "the content", tar_size, true},
    {"ar header size", "member size", "the content", ar_size, true},
    {"cpio header checksum", "cpio checksum", "the content", cpio_checksum, true},
    {"iso record size", "member size", "the content", iso_size, true},
    {"cpio header size", "member size", "the content", cpio_size, true},
    {"zip local header CRC-32", "zip CRC-32", "the content", zip_crc, true},
    {"zip central header CRC-32", "zip CRC-32", "the content", zip_crc, true},
    {"zip local header size", "member size", "the content", zip_size, true},
    {"zip central header size", "member size", "the content", zip_size, true},
    {"zip local header compressed size", "compressed size", "the bytes as stored",
     zip_packed, true},
    {"zip central header compressed size", "compressed size", "the bytes as stored",
     zip_packed, true},
    {"zip data descriptor", "zip data descriptor",
     "the content and its bytes as stored", zip_descriptor, true},
    {"zip central header offset", "zip offset", "the place of the local header",
     zip_offset, false},
    {"zip end record directory offset", "zip offset",
     "the place of the central directory", zip_directory_offset, false},
    {"zip end record directory size", "zip directory size",
     "the central directory's bytes", zip_directory_size, false},
    {"chunk CRC", "PNG chunk CRC", "the chunk's type and data", png_crc, false},
    {"gzip CRC32", "gzip CRC32", "the decompressed content", gzip_crc, true},
    {"gzip ISIZE", "gzip ISIZE", "the decompressed content", gzip_size, true},
    {"gzip header CRC16", "gzip header CRC16", "the header", gzip_header_crc, false},
    {"xz index", "xz index", "the index, with its CRC32", xz_index, false},
    {"xz stream footer", "xz stream footer", "the footer, with its CRC32", xz_footer,
     false},
    {"rpm signature SHA-256 of the header", "rpm header SHA-256", "the main header",
     rpm_header_sha256, false},
    {"rpm signature SHA-1 of the header", "rpm header SHA-1", "the main header",
     rpm_header_sha1, false},
    {"rpm signature MD5", "rpm MD5", "main header and payload", rpm_md5, false},
    {"rpm signature size", "rpm size", "main header and payload", rpm_size, false},
    {"rpm header payload digest", "rpm payload digest", "the payload", rpm_payload,
     true},
};

static const struct derived *
find_derived(const char *extent)
{
	for (size_t i = 0; i < ARRAY_COUNT(table); i++) {
		if (strcmp(table[i].extent, extent) == 0)
			return &table[i];
	}
	return NULL;
}

/* Is the value of that side right? */
static bool
fits(struct scene *scene, size_t side, const struct extent *extent,
     const struct derived *row)
{
	const struct value value = {scene, side, &scene->sides[side].view,
				    scene->sides[side].map, extent};
	return row->fits(&value);
}

/* A compressed stream whose content differs: all that it says follows from that. */
static bool
is_stream_of_other_content(const struct scene *scene)
{
	if (!scene->container || scene->contents_equal)
		return false;
	const struct node *node = tree_node(scene->sides[0].tree, scene->sides[0].node);
	return node->format != NULL && node->format->compressor;
}

bool
cause_derived(struct scene *scene, struct difference *one)
{
	const struct extent *shipped = scene_extent(scene, 0, one);
	const struct extent *rebuilt = scene_extent(scene, 1, one);
	if (shipped == NULL || rebuilt == NULL ||
	    strcmp(shipped->name, rebuilt->name) != 0)
		return false;
	const struct derived *row = find_derived(shipped->name);
	if (row == NULL || !fits(scene, 0, shipped, row) ||
	    !fits(scene, 1, rebuilt, row) ||
	    !cause_say(one, CAUSE_DERIVED, row->name, "it follows from %s",
		       row->source))
		return false;
	if (row->content || is_stream_of_other_content(scene))
		one->cause.follows_from =
		    base_format("the content%s", place_member(one->place));
	one->cause.proved = true;
	one->cause.proof = base_format(
	    "recomputed over %s on each side: both values are right", row->source);
	return true;
}

bool
cause_content(struct scene *scene, struct difference *one)
{
	const struct extent *shipped = scene_extent(scene, 0, one);
	const struct extent *rebuilt = scene_extent(scene, 1, one);
	const struct node *node = tree_node(scene->sides[0].tree, scene->sides[0].node);
	if (shipped == NULL || rebuilt == NULL || scene->contents_equal ||
	    shipped->tag != EXTENT_DERIVED || rebuilt->tag != EXTENT_DERIVED ||
	    node->format == NULL || !node->format->compressor ||
	    !cause_say(one, CAUSE_FOLLOWS, "content",
		       "the compressor makes it of the decompressed content"))
		return false;
	one->cause.follows_from = base_strdup("the content");
	return true;
}
