/*
 * Installers of NSIS (its Source/exehead/fileform.h): a PE image, and behind it
 *
 *	first header (28 bytes) | header block | data blocks | CRC-32
 *
 * Each block has its length in front. Without "solid" each block is compressed on its
 * own, and the length's highest bit says so; with it, all of them are one compressed
 * stream. Three compressors are known: raw deflate, raw LZMA, and a bzip2 without its
 * headers, which is not read here.
 *
 * Which block is which file only the installer's script says, which is in the header
 * block (nsis_files.c). What it makes no file of (icons, plug-ins, the uninstaller) is
 * numbered.
 */
#include "format/nsis_private.h"

#include <lzma.h>
#include <zlib.h>

enum {
	FIRST_SIZE = 28,
	FLAG_NO_CRC = 4,
	CRC_FROM = 512, /* the CRC leaves the first sector out */
	PROPERTIES = 5, /* of LZMA: one byte and the size of the dictionary */
	PIECE = 64 << 10,
	HEADER_MOST = 64 << 20, /* a larger one has no names for us */
};

#define NSIS_MAGIC   "\xef\xbe\xad\xdeNullsoftInst"
#define LENGTH_FLAG  0x80000000U
#define HEADER_BLOCK "[NSIS header]"

#define NOT_BZIP2 "NSIS's own kind of bzip2 is not read, only its bytes as they are"

enum method { METHOD_DEFLATE, METHOD_LZMA, METHOD_BZIP2 };

/* Offsets in the file. */
struct nsis {
	const struct view *view;
	uint64_t start, blocks; /* the first header, what follows it */
	uint64_t data_end, end; /* of the blocks, of the CRC too */
	uint64_t overlay_end;
	uint32_t flags, header_size;
	bool solid;
	enum method method;
};

/* ---- reading ------------------------------------------------------------- */

static bool
is_lzma(const struct view *view, uint64_t at)
{
	return view_has(view, at, "\x5d\0\0", 3) && view_has(view, at + 5, "\0", 1);
}

static bool
is_bzip2(const struct view *view, uint64_t at)
{
	uint8_t next = 0xff;
	return view_has(view, at, "1", 1) && view_u8(view, at + 1, &next) == 0 &&
	       next < 14;
}

/* How the blocks are compressed: told from the first bytes, as nothing says it. */
static void
read_method(struct nsis *nsis)
{
	const struct view *view = nsis->view;
	uint64_t at = nsis->blocks;
	nsis->solid = is_lzma(view, at) || !view_has(view, at + 3, "\x80", 1);
	if (!nsis->solid)
		at += 4;
	nsis->method = is_lzma(view, at)    ? METHOD_LZMA
		       : is_bzip2(view, at) ? METHOD_BZIP2
					    : METHOD_DEFLATE;
}

static int
nsis_read(struct nsis *nsis, const struct view *view, struct err *err)
{
	uint64_t size = 0;
	uint32_t following = 0;
	*nsis = (struct nsis){.view = view};
	if (!pe_overlay(view, &nsis->start, &size) ||
	    !view_has(view, nsis->start + 4, NSIS_MAGIC, 16))
		return err_set(err, ERR_INPUT, "no NSIS header behind the sections");
	nsis->overlay_end = nsis->start + size;
	view_u32le(view, nsis->start, &nsis->flags);
	view_u32le(view, nsis->start + 20, &nsis->header_size);
	if (view_u32le(view, nsis->start + 24, &following) == -1 || following > size ||
	    following < FIRST_SIZE + 4)
		return err_set(err, ERR_INPUT,
			       "the installer's data of %u bytes at offset %ju is cut "
			       "off",
			       following, (uintmax_t)nsis->start);
	nsis->blocks = nsis->start + FIRST_SIZE;
	nsis->end = nsis->start + following;
	nsis->data_end = nsis->end - ((nsis->flags & FLAG_NO_CRC) != 0 ? 0 : 4);
	read_method(nsis);
	return 0;
}

/* Is the CRC at the end that of the file? */
static bool
crc_fits(const struct nsis *nsis)
{
	struct view part;
	uint32_t stored = 0;
	return nsis->data_end >= CRC_FROM &&
	       view_u32le(nsis->view, nsis->data_end, &stored) == 0 &&
	       view_sub(nsis->view, CRC_FROM, nsis->data_end - CRC_FROM, &part) == 0 &&
	       crc32_z(0, part.data, (z_size_t)part.size) == stored;
}

static enum probe_answer
nsis_probe(const struct view *view)
{
	uint64_t offset, size;
	return view_has(view, 0, "MZ", 2) && pe_overlay(view, &offset, &size) &&
		       view_has(view, offset + 4, NSIS_MAGIC, 16)
		   ? PROBE_SURE
		   : PROBE_NO;
}

/* ---- decompressing ----------------------------------------------------------- */

/* Where decoded bytes go; -1 with err set ends it. */
struct output {
	int (*put)(void *context, const void *bytes, size_t count, struct err *err);
	void *context;
};

/* Both decoders: 0, with *trouble the reason why the stream is not whole, or NULL. */
static int
inflate_all(const struct view *packed, const struct output *output,
	    const char **trouble, struct err *err)
{
	static const char broken[] = "its deflated data is damaged";
	uint8_t piece[PIECE];
	z_stream stream = {0};
	int answer = 0, state = Z_OK;
	*trouble = broken;
	if (packed->size > UINT32_MAX || inflateInit2(&stream, -MAX_WBITS) != Z_OK)
		return 0;
	stream.next_in = (Bytef *)(uintptr_t)packed->data;
	stream.avail_in = (uInt)packed->size;
	while (answer == 0 && state == Z_OK) {
		stream.next_out = piece;
		stream.avail_out = sizeof(piece);
		state = inflate(&stream, Z_NO_FLUSH);
		size_t count = sizeof(piece) - stream.avail_out;
		if (count > 0)
			answer = output->put(output->context, piece, count, err);
	}
	if (state == Z_STREAM_END)
		*trouble =
		    stream.avail_in > 0 ? "bytes follow its deflated data" : NULL;
	inflateEnd(&stream);
	return answer;
}

static int
lzma_all(const struct view *packed, const struct output *output, const char **trouble,
	 struct err *err)
{
	uint8_t piece[PIECE];
	lzma_stream stream = LZMA_STREAM_INIT;
	lzma_filter filters[] = {{LZMA_FILTER_LZMA1, NULL}, {LZMA_VLI_UNKNOWN, NULL}};
	lzma_ret state = LZMA_OK;
	int answer = 0;
	*trouble = "its LZMA data is damaged";
	if (packed->size < PROPERTIES ||
	    lzma_properties_decode(&filters[0], NULL, packed->data, PROPERTIES) !=
		LZMA_OK)
		return 0;
	lzma_options_lzma *options = filters[0].options;
	/* makensis has no larger ones */
	if (options->dict_size <= 1U << 28 &&
	    lzma_raw_decoder(&stream, filters) == LZMA_OK) {
		stream.next_in = packed->data + PROPERTIES;
		stream.avail_in = (size_t)packed->size - PROPERTIES;
		while (answer == 0 && state == LZMA_OK) {
			stream.next_out = piece;
			stream.avail_out = sizeof(piece);
			state = lzma_code(&stream, LZMA_FINISH);
			size_t count = sizeof(piece) - stream.avail_out;
			if (count > 0)
				answer =
				    output->put(output->context, piece, count, err);
		}
		if (state == LZMA_STREAM_END)
			*trouble =
			    stream.avail_in > 0 ? "bytes follow its LZMA data" : NULL;
		lzma_end(&stream);
	}
	free(options);
	return answer;
}

static int
decode(const struct nsis *nsis, const struct view *packed, const struct output *output,
       const char **trouble, struct err *err)
{
	switch (nsis->method) {
	case METHOD_DEFLATE:
		return inflate_all(packed, output, trouble, err);
	case METHOD_LZMA:
		return lzma_all(packed, output, trouble, err);
	case METHOD_BZIP2:
		break;
	}
	*trouble = NOT_BZIP2;
	return 0;
}

/* ---- members ------------------------------------------------------------------- */

/* Members on their way out. */
struct sending {
	const struct member_sink *sink;
	struct nsis_files files;
	struct buf header; /* the decoded header block while it comes */
	uint32_t index;    /* of the next block */
	uint64_t data;     /* where it stands, from the end of the header block on */
};

/* What the member is called; a new string. */
static char *
path_shown(const struct nsis_file *file)
{
	return file->number > 1 ? base_format("%s (%u)", file->path, file->number)
				: base_strdup(file->path);
}

static int
begin_file(struct sending *sending, const struct nsis_file *file,
	   const struct nsis_file *target, struct err *err)
{
	char *path = path_shown(file), *link = target ? path_shown(target) : NULL;
	struct member member = {.path = path,
				.type = target ? MEMBER_HARDLINK : MEMBER_FILE,
				.target = link,
				.has_mtime = file->has_mtime,
				.mtime = file->mtime};
	int answer = sending->sink->begin(sending->sink->context, &member, err);
	free(path);
	free(link);
	return answer;
}

static int
begin_block(struct sending *sending, struct err *err)
{
	char name[32] = HEADER_BLOCK;
	uint32_t index = sending->index++;
	struct member member = {.path = name, .type = MEMBER_FILE};
	struct nsis_file *file = NULL;
	if (index == 1) { /* the header block is complete */
		const struct view header = view_of_buf(&sending->header);
		nsis_files_read(&header, &sending->files);
	}
	if (index > 0) {
		snprintf(name, sizeof(name), "block %04u", index);
		file = nsis_file_at(&sending->files, sending->data);
	}
	if (file == NULL)
		return sending->sink->begin(sending->sink->context, &member, err);
	file->sent = true;
	return begin_file(sending, file, NULL, err);
}

/* The further names of a block: links to the first one. */
static int
send_links(struct sending *sending, struct err *err)
{
	const struct nsis_file *first = NULL;
	int answer = 0;
	for (size_t i = 0; answer == 0 && i < sending->files.count; i++) {
		const struct nsis_file *file = &sending->files.items[i];
		if (first == NULL || first->offset != file->offset)
			first = file;
		else if (first->sent && strcmp(file[-1].path, file->path) != 0 &&
			 strcmp(first->path, file->path) != 0)
			answer = begin_file(sending, file, first, err);
	}
	return answer;
}

/* Content of the block that was begun last. */
static int
put_content(void *context, const void *bytes, size_t count, struct err *err)
{
	struct sending *sending = context;
	if (sending->index == 1 && sending->header.size + count <= HEADER_MOST)
		buf_append(&sending->header, bytes, count);
	return sending->sink->data(sending->sink->context, bytes, count, err);
}

/* A block with its length at `at`; false when it is not inside. */
static bool
read_block(const struct nsis *nsis, uint64_t at, struct view *block, bool *packed)
{
	uint32_t length = 0;
	if (at + 4 > nsis->data_end || view_u32le(nsis->view, at, &length) == -1)
		return false;
	*packed = (length & LENGTH_FLAG) != 0;
	length &= ~LENGTH_FLAG;
	return length <= nsis->data_end - at - 4 &&
	       view_sub(nsis->view, at + 4, length, block) == 0;
}

static int
send_blocks(const struct nsis *nsis, struct sending *sending, struct err *err)
{
	const struct output output = {put_content, sending};
	const struct member_sink *sink = sending->sink;
	uint64_t at = nsis->blocks;
	while (at < nsis->data_end) {
		struct view block;
		bool packed;
		const char *trouble = NULL;
		if (!read_block(nsis, at, &block, &packed))
			return err_set(err, ERR_INPUT,
				       "block %u of the installer at offset %ju is cut "
				       "off",
				       sending->index, (uintmax_t)at);
		if (begin_block(sending, err) == -1)
			return -1;
		if ((packed
			 ? decode(nsis, &block, &output, &trouble, err)
			 : sink->slice(sink->context, at + 4, block.size, err)) == -1)
			return -1;
		if (!packed && sending->index == 1)
			buf_append(&sending->header, block.data, (size_t)block.size);
		if (trouble != NULL &&
		    format_note(sink, NOTE_UNDECIDED, at, err,
				"the block cannot be read: %s", trouble) == -1)
			return -1;
		if (sending->index > 1)
			sending->data += 4 + block.size;
		at += 4 + block.size;
	}
	return 0;
}

/* Cuts a solid stream into its blocks. */
struct cutter {
	struct sending *sending;
	uint32_t left;
	unsigned digits; /* bytes of the next length so far */
	uint32_t length;
};

static int
cut(void *context, const void *bytes, size_t count, struct err *err)
{
	struct cutter *cutter = context;
	struct sending *sending = cutter->sending;
	const uint8_t *at = bytes;
	while (count > 0) {
		if (cutter->left == 0) {
			cutter->length |= (uint32_t)*at++ << (8 * cutter->digits++);
			count--;
			if (cutter->digits < 4)
				continue;
			if (begin_block(sending, err) == -1)
				return -1;
			cutter->left = cutter->length & ~LENGTH_FLAG;
			if (sending->index > 1)
				sending->data += 4 + (uint64_t)cutter->left;
			cutter->length = cutter->digits = 0;
			continue;
		}
		size_t take = count < cutter->left ? count : cutter->left;
		if (put_content(sending, at, take, err) == -1)
			return -1;
		at += take;
		count -= take;
		cutter->left -= (uint32_t)take;
	}
	return 0;
}

static int
send_solid(const struct nsis *nsis, struct sending *sending, struct err *err)
{
	struct cutter cutter = {.sending = sending};
	const struct output output = {cut, &cutter};
	const char *trouble = NULL;
	struct view packed;
	if (view_sub(nsis->view, nsis->blocks, nsis->data_end - nsis->blocks,
		     &packed) == -1 ||
	    decode(nsis, &packed, &output, &trouble, err) == -1)
		return -1;
	if (trouble == NULL && (cutter.left > 0 || cutter.digits > 0))
		trouble = "it ends within a block";
	if (trouble == NULL)
		return 0;
	return err_set(err, ERR_UNSUPPORTED,
		       "the installer's data at offset %ju cannot be read: %s",
		       (uintmax_t)nsis->blocks, trouble);
}

static int
nsis_notes(const struct nsis *nsis, const struct member_sink *sink, struct err *err)
{
	struct view rest;
	uint64_t more = nsis->overlay_end - nsis->end;
	if (nsis->end != nsis->data_end && !crc_fits(nsis) &&
	    format_note(sink, NOTE_SUSPECT, nsis->data_end, err,
			"the installer's CRC-32 is not that of its bytes") == -1)
		return -1;
	/* signing pads with up to seven zeros */
	if (more > 0 && view_sub(nsis->view, nsis->end, more, &rest) == 0 &&
	    !(more < 8 && nsis->overlay_end < nsis->view->size &&
	      view_is_zero(&rest)) &&
	    format_note(sink, NOTE_SUSPECT, nsis->end, err,
			"%ju bytes behind the installer's data", (uintmax_t)more) == -1)
		return -1;
	return pe_overlay_notes(nsis->view, nsis->overlay_end, sink, err);
}

static int
nsis_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct nsis nsis;
	struct sending sending = {.sink = sink};
	if (nsis_read(&nsis, view, err) == -1)
		return -1;
	int answer = nsis.solid ? send_solid(&nsis, &sending, err)
				: send_blocks(&nsis, &sending, err);
	if (answer == 0)
		answer = send_links(&sending, err);
	nsis_files_free(&sending.files);
	buf_free(&sending.header);
	return answer == 0 ? nsis_notes(&nsis, sink, err) : -1;
}

/* ---- the map --------------------------------------------------------------------- */

static void
map_blocks(const struct nsis *nsis, struct map *map)
{
	struct view block;
	bool packed;
	uint64_t at = nsis->blocks;
	for (uint32_t i = 0;
	     at < nsis->data_end && read_block(nsis, at, &block, &packed); i++) {
		map_add(map, at, 4, EXTENT_METADATA, i, "nsis block length", NULL);
		map_add(map, at + 4, block.size, EXTENT_CONTENT, i, "content", NULL);
		at += 4 + block.size;
	}
}

static int
nsis_map(const struct view *view, struct map *map, struct err *err)
{
	struct nsis nsis;
	struct err trouble = {0};
	if (nsis_read(&nsis, view, &trouble) == 0) {
		map_add(map, nsis.start, FIRST_SIZE, EXTENT_METADATA, EXTENT_NO_MEMBER,
			"nsis first header", NULL);
		if (!nsis.solid)
			map_blocks(&nsis, map);
		map_add(map, nsis.blocks, nsis.data_end - nsis.blocks, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "nsis data", NULL);
		map_add(map, nsis.data_end, nsis.end - nsis.data_end,
			crc_fits(&nsis) ? EXTENT_DERIVED : EXTENT_METADATA,
			EXTENT_NO_MEMBER, "nsis CRC", NULL);
		map_add(map, nsis.end, nsis.overlay_end - nsis.end, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "behind the installer's data", NULL);
	}
	int answer = format_pe.map(view, map, err);
	if (answer == 0 && trouble.kind != ERR_NONE) {
		*err = trouble;
		return -1;
	}
	return answer;
}

static enum graft_answer
nsis_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	   struct err *err)
{
	return format_pe.graft(shipped, rebuilt, graft, err);
}

const struct format format_nsis = {
    .name = "nsis",
    .title = "NSIS installer",
    .refines = "pe",
    .probe = nsis_probe,
    .members = nsis_members,
    .map = nsis_map,
    .graft = nsis_graft,
};
