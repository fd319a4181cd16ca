/*
 * Microsoft cabinets ([MS-CAB]).
 *
 *	header | folder entries | file entries | data blocks of the folders | signature
 *
 * A folder is one compressed stream, cut into blocks; files are parts of what it
 * decodes to. The header, each folder entry and each block may have a reserve. A signed
 * cabinet has one of 20 bytes in the header, which names the place of a PKCS #7 behind
 * the cabinet.
 */
#include "format/cab_private.h"
#include "format/record_private.h"

enum {
	CAB_SIZE = 8,   /* 2.1 CFHEADER: cbCabinet */
	CAB_FILES = 16, /* coffFiles */
	CAB_FLAGS = 30,
	CAB_HEADER = 36,
	CAB_RESERVE = 40, /* abReserve, behind its three sizes */
	CAB_PREVIOUS = 1,
	CAB_NEXT = 2,
	CAB_RESERVED = 4,
	CAB_SIGNED_RESERVE = 20,
	CAB_SIGNED = 24,         /* that with the three sizes before it */
	SIGNATURE_AT = 44,       /* in it: the signature's offset and size */
	FOLDER_SIZE = 8,         /* 2.2 CFFOLDER */
	FILE_SIZE = 16,          /* 2.3 CFFILE, before its name */
	FILE_CONTINUED = 0xfffd, /* iFolder from here on: in other cabinets too */
	FILE_UTF8 = 0x80,
	NAME_MOST = 256,
	BLOCK_SIZE = 8, /* 2.4 CFDATA */
};

struct cab {
	const struct view *view;
	uint32_t end; /* of the cabinet, without a signature */
	uint32_t files;
	uint16_t flags, folder_count, file_count;
	uint16_t header_reserve;
	uint8_t folder_reserve, data_reserve;
	uint64_t folders; /* the first folder entry */
};

/* What a file entry says. */
struct cab_file {
	uint64_t at, end; /* of the entry with its name */
	uint32_t size, offset;
	uint16_t folder, date, time, attributes;
	const char *name;
};

struct cab_folder {
	uint64_t at;
	uint32_t data;
	uint16_t blocks;
};

struct cab_block {
	uint64_t at, data, end;
	uint32_t checksum;
	uint16_t size;
};

/* ---- reading ------------------------------------------------------------- */

/* The signature and the first reserved field, and version 1.3. */
static enum probe_answer
cab_probe(const struct view *view)
{
	return view_has(view, 0, "MSCF\0\0\0\0", 8) && view_has(view, 24, "\3\1", 2)
		   ? PROBE_SURE
		   : PROBE_NO;
}

/* Step over a name and a disk's name. */
static int
skip_names(const struct view *view, uint64_t *at)
{
	const char *string;
	for (unsigned i = 0; i < 2; i++) {
		if (view_string(view, *at, NAME_MOST, &string) == -1)
			return -1;
		*at += strlen(string) + 1;
	}
	return 0;
}

static int
cab_read(struct cab *cab, const struct view *view, struct err *err)
{
	*cab = (struct cab){.view = view, .folders = CAB_HEADER};
	if (view->size < CAB_HEADER)
		return err_set(err, ERR_INPUT, "cab header is cut off");
	view_u32le(view, CAB_SIZE, &cab->end);
	view_u32le(view, CAB_FILES, &cab->files);
	view_u16le(view, 26, &cab->folder_count);
	view_u16le(view, 28, &cab->file_count);
	view_u16le(view, CAB_FLAGS, &cab->flags);
	if ((cab->flags & CAB_RESERVED) != 0) {
		if (view_u16le(view, CAB_HEADER, &cab->header_reserve) == -1 ||
		    view_u8(view, CAB_HEADER + 2, &cab->folder_reserve) == -1 ||
		    view_u8(view, CAB_HEADER + 3, &cab->data_reserve) == -1)
			return err_set(err, ERR_INPUT, "cab header is cut off");
		cab->folders = CAB_RESERVE + (uint64_t)cab->header_reserve;
	}
	if (((cab->flags & CAB_PREVIOUS) != 0 &&
	     skip_names(view, &cab->folders) == -1) ||
	    ((cab->flags & CAB_NEXT) != 0 && skip_names(view, &cab->folders) == -1))
		return err_set(err, ERR_INPUT,
			       "cab header: the name of another cabinet is cut off");
	return 0;
}

static uint64_t
folder_step(const struct cab *cab)
{
	return FOLDER_SIZE + (uint64_t)cab->folder_reserve;
}

static int
folder_read(const struct cab *cab, unsigned index, struct cab_folder *folder)
{
	folder->at = cab->folders + index * folder_step(cab);
	return view_u32le(cab->view, folder->at, &folder->data) == -1 ||
		       view_u16le(cab->view, folder->at + 4, &folder->blocks) == -1
		   ? -1
		   : 0;
}

/* The file entry at file->end. */
static int
file_next(const struct cab *cab, struct cab_file *file)
{
	const struct view *view = cab->view;
	file->at = file->end;
	if (view_u32le(view, file->at, &file->size) == -1 ||
	    view_u32le(view, file->at + 4, &file->offset) == -1 ||
	    view_u16le(view, file->at + 8, &file->folder) == -1 ||
	    view_u16le(view, file->at + 10, &file->date) == -1 ||
	    view_u16le(view, file->at + 12, &file->time) == -1 ||
	    view_u16le(view, file->at + 14, &file->attributes) == -1 ||
	    view_string(view, file->at + FILE_SIZE, NAME_MOST, &file->name) == -1)
		return -1;
	file->end = file->at + FILE_SIZE + strlen(file->name) + 1;
	return 0;
}

/* The data block at block->end. */
static int
block_next(const struct cab *cab, struct cab_block *block)
{
	block->at = block->end;
	block->data = block->at + BLOCK_SIZE + cab->data_reserve;
	if (view_u32le(cab->view, block->at, &block->checksum) == -1 ||
	    view_u16le(cab->view, block->at + 4, &block->size) == -1 ||
	    block->data + block->size > cab->view->size)
		return -1;
	block->end = block->data + block->size;
	return 0;
}

/* Words of 32 bits, exclusively or-ed; the rest of up to three bytes is one number with
 * its first byte highest (3.1). */
static uint32_t
sum_part(const struct view *view, uint64_t offset, uint64_t length, uint32_t sum)
{
	uint32_t word = 0, rest = 0;
	uint8_t byte = 0;
	uint64_t end = offset + length;
	for (; end - offset >= 4; offset += 4) {
		view_u32le(view, offset, &word);
		sum ^= word;
	}
	for (; offset < end; offset++) {
		view_u8(view, offset, &byte);
		rest = rest << 8 | byte;
	}
	return sum ^ rest;
}

/* Is the block's checksum that of its bytes? Writers disagree whether a block's reserve
 * is among them; libmspack reads those that leave it out. A stored zero says that there
 * is no checksum. */
static bool
checksum_fits(const struct cab *cab, const struct cab_block *block)
{
	uint32_t sum = sum_part(cab->view, block->data, block->size, 0);
	uint64_t sizes = block->at + 4;
	return sum_part(cab->view, sizes, 4, sum) == block->checksum ||
	       sum_part(cab->view, sizes, block->data - sizes, sum) == block->checksum;
}

/* ---- the signature ------------------------------------------------------- */

/* Where the signature stands, when the header names one that is inside the file. */
static bool
cab_signature(const struct cab *cab, struct view *signature, uint32_t *offset)
{
	uint32_t size;
	return cab->header_reserve == CAB_SIGNED_RESERVE &&
	       view_u32le(cab->view, SIGNATURE_AT, offset) == 0 &&
	       view_u32le(cab->view, SIGNATURE_AT + 4, &size) == 0 && size > 0 &&
	       view_sub(cab->view, *offset, size, signature) == 0;
}

/*
 * Is all that signing adds of just the form that signing gives it? Then only may it
 * move: the reserve says nothing but the place of the signature, which is one DER
 * sequence, padded with zeros to 8, from the end of the cabinet to that of the file.
 */
static bool
is_plainly_signed(const struct cab *cab)
{
	struct view signature, rest;
	uint32_t offset;
	uint16_t length = 0;
	if (!cab_signature(cab, &signature, &offset) || offset != cab->end ||
	    (uint64_t)offset + signature.size != cab->view->size ||
	    !view_has(cab->view, CAB_HEADER, "\x14\0\0\0\0\0\x10\0", 8) ||
	    !view_has(cab->view, SIGNATURE_AT + 8, "\0\0\0\0\0\0\0\0", 8) ||
	    !view_has(&signature, 0, "\x30\x82", 2) ||
	    view_u16be(&signature, 2, &length) == -1)
		return false;
	rest = view_from(&signature, (uint64_t)length + 4);
	return signature.size >= (uint64_t)length + 4 && rest.size < 8 &&
	       view_is_zero(&rest);
}

/* ---- members ------------------------------------------------------------- */

static int
send_file(const struct cab *cab, const struct cab_file *file,
	  struct cab_unpacker *unpacker, const struct member_sink *sink,
	  struct err *err)
{
	const char *trouble = NULL;
	char attributes[32];
	char *path = base_strdup(file->name);
	for (char *at = path; *at != '\0'; at++) {
		if (*at == '\\')
			*at = '/';
	}
	snprintf(attributes, sizeof(attributes), "attributes=%04x\n",
		 (unsigned)file->attributes & ~(unsigned)FILE_UTF8);
	struct member member = {
	    .path = path,
	    .type = MEMBER_FILE,
	    .has_mtime = true,
	    .mtime = record_dos_time(file->date, file->time),
	    .attributes = attributes,
	};
	int answer = sink->begin(sink->context, &member, err);
	free(path);
	if (answer == 0)
		answer = cab_unpacker_next(unpacker, file->size, sink, &trouble, err);
	if (answer == 0 && file->folder >= FILE_CONTINUED)
		trouble = "it continues in another cabinet of the set";
	if (answer == 0 && trouble != NULL)
		answer = format_note(sink, NOTE_UNDECIDED, file->at, err,
				     "the file cannot be read: %s", trouble);
	return answer;
}

/* Several files of one name: which of them there is depends on the reader. */
static int
note_twice(const struct strings *names, const struct member_sink *sink, struct err *err)
{
	for (size_t i = 1; i < names->count; i++) {
		if (strcasecmp(names->items[i - 1], names->items[i]) != 0)
			continue;
		char *shown = text_shown(names->items[i]);
		int answer = format_note(sink, NOTE_SUSPECT, 0, err,
					 "more than one file is called '%s'", shown);
		free(shown);
		return answer;
	}
	return 0;
}

static int
order_names(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;
	return strcasecmp(*left, *right);
}

static int
send_files(const struct cab *cab, struct cab_unpacker *unpacker,
	   const struct member_sink *sink, struct err *err)
{
	struct cab_file file = {.end = cab->files};
	struct strings names = {0};
	int answer = 0;
	for (unsigned i = 0; answer == 0 && i < cab->file_count; i++) {
		if (file_next(cab, &file) == -1) {
			answer = err_set(err, ERR_INPUT,
					 "cab file entry %u at offset %ju is cut off",
					 i, (uintmax_t)file.at);
			break;
		}
		strings_add(&names, file.name);
		answer = send_file(cab, &file, unpacker, sink, err);
	}
	if (names.count > 1)
		qsort(names.items, names.count, sizeof(*names.items), order_names);
	if (answer == 0)
		answer = note_twice(&names, sink, err);
	strings_free(&names);
	return answer;
}

/* Called for each data block; `folder` counts from 0. */
typedef void block_fn(const struct cab *cab, unsigned folder,
		      const struct cab_block *block, void *context);

/* Go through the blocks of all folders. -1 when one is cut off, or so many folders
 * share their blocks that there are more of them than the file has room for. */
static int
each_block(const struct cab *cab, block_fn *look, void *context, struct err *err)
{
	uint64_t left = cab->view->size / BLOCK_SIZE;
	for (unsigned i = 0; i < cab->folder_count; i++) {
		struct cab_folder folder;
		if (folder_read(cab, i, &folder) == -1)
			return err_set(err, ERR_INPUT, "cab folder entry %u is cut off",
				       i);
		struct cab_block block = {.end = folder.data};
		for (unsigned k = 0; k < folder.blocks; k++) {
			if (block_next(cab, &block) == -1)
				return err_set(err, ERR_INPUT,
					       "cab data block %u of folder %u at "
					       "offset %ju is cut off",
					       k, i, (uintmax_t)block.at);
			if (left-- == 0)
				return err_set(err, ERR_INPUT,
					       "cab folders share their data blocks");
			look(cab, i, &block, context);
		}
	}
	return 0;
}

struct wrong_sums {
	size_t count;
	uint64_t first;
};

static void
check_sum(const struct cab *cab, unsigned folder, const struct cab_block *block,
	  void *context)
{
	struct wrong_sums *wrong = context;
	(void)folder;
	if (block->checksum == 0 || checksum_fits(cab, block))
		return;
	if (wrong->count++ == 0)
		wrong->first = block->at;
}

static int
note_end(const struct cab *cab, const struct member_sink *sink, struct err *err)
{
	struct view signature;
	uint32_t offset;
	if (!cab_signature(cab, &signature, &offset) || offset != cab->end)
		return archive_note_trailing("cab", cab->view, cab->end, sink, err);
	if (format_note(sink, NOTE_REMARK, offset, err,
			"a signature of %ju bytes stands behind the cabinet",
			(uintmax_t)signature.size) == -1)
		return -1;
	return archive_note_trailing("cab", cab->view,
				     (uint64_t)offset + signature.size, sink, err);
}

static int
cab_notes(const struct cab *cab, const struct member_sink *sink, struct err *err)
{
	struct wrong_sums wrong = {0};
	if (each_block(cab, check_sum, &wrong, err) == -1)
		return -1;
	if (wrong.count > 0 &&
	    format_note(sink, NOTE_SUSPECT, wrong.first, err,
			"the checksum of %zu data blocks is wrong", wrong.count) == -1)
		return -1;
	if (cab->file_count == 0 &&
	    format_note(sink, NOTE_UNDECIDED, 0, err, "no members found") == -1)
		return -1;
	if ((cab->flags & (CAB_PREVIOUS | CAB_NEXT)) != 0 &&
	    format_note(sink, NOTE_UNDECIDED, CAB_FLAGS, err,
			"the cabinet is one of a set: files may continue in others") ==
		-1)
		return -1;
	return note_end(cab, sink, err);
}

static int
cab_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct cab cab;
	if (cab_read(&cab, view, err) == -1)
		return -1;
	struct cab_unpacker *unpacker = cab_unpacker_new(view, err);
	if (unpacker == NULL)
		return -1;
	int answer = send_files(&cab, unpacker, sink, err);
	cab_unpacker_free(unpacker);
	return answer == 0 ? cab_notes(&cab, sink, err) : -1;
}

/* ---- the map --------------------------------------------------------------- */

static const struct record_field header_fields[] =
    {
	{0, 4, EXTENT_METADATA, "cab header magic"},
	{4, 4, EXTENT_METADATA, "cab header reserved1"},
	{8, 4, EXTENT_METADATA, "cab header size"},
	{12, 4, EXTENT_METADATA, "cab header reserved2"},
	{16, 4, EXTENT_METADATA, "cab header files offset"},
	{20, 4, EXTENT_METADATA, "cab header reserved3"},
	{24, 2, EXTENT_METADATA, "cab header version"},
	{26, 4, EXTENT_METADATA, "cab header counts"},
	{30, 2, EXTENT_METADATA, "cab header flags"},
	{32, 4, EXTENT_METADATA, "cab header set"},
},
				 file_fields[] =
				     {
					 {0, 4, EXTENT_METADATA, "cab file size"},
					 {4, 4, EXTENT_METADATA, "cab file offset"},
					 {8, 2, EXTENT_METADATA, "cab file folder"},
					 {10, 4, EXTENT_METADATA, "cab file mtime"},
					 {14, 2, EXTENT_METADATA,
					  "cab file attributes"},
},
				 folder_fields[] = {
				     {0, 4, EXTENT_METADATA, "cab folder data offset"},
				     {4, 2, EXTENT_METADATA, "cab folder block count"},
				     {6, 2, EXTENT_METADATA, "cab folder compression"},
};

/* The one file of each folder, or EXTENT_NO_MEMBER: blocks of several are nobody's. */
struct folder_owners {
	uint32_t *files;
	struct map *map;
};

static void
own_folder(const struct cab *cab, const struct cab_file *file, uint32_t index,
	   struct folder_owners *owners, bool *seen)
{
	if (file->folder >= cab->folder_count)
		return;
	owners->files[file->folder] = seen[file->folder] ? EXTENT_NO_MEMBER : index;
	seen[file->folder] = true;
}

static int
map_files(const struct cab *cab, struct folder_owners *owners, struct err *err)
{
	struct cab_file file = {.end = cab->files};
	bool *seen = base_alloc(cab->folder_count + 1U, sizeof(*seen));
	int answer = 0;
	for (unsigned i = 0; i < cab->folder_count; i++)
		owners->files[i] = EXTENT_NO_MEMBER;
	for (uint32_t i = 0; answer == 0 && i < cab->file_count; i++) {
		if (file_next(cab, &file) == -1) {
			answer = err_set(err, ERR_INPUT,
					 "cab file entry %u at offset %ju is cut off",
					 i, (uintmax_t)file.at);
			break;
		}
		record_map_fields(owners->map, file.at, i, file_fields,
				  ARRAY_COUNT(file_fields));
		map_add(owners->map, file.at + FILE_SIZE,
			file.end - file.at - FILE_SIZE, EXTENT_METADATA, i,
			"cab file name", NULL);
		own_folder(cab, &file, i, owners, seen);
	}
	free(seen);
	return answer;
}

static void
map_block(const struct cab *cab, unsigned folder, const struct cab_block *block,
	  void *context)
{
	struct folder_owners *owners = context;
	uint32_t owner = owners->files[folder];
	bool derived = block->checksum != 0 && checksum_fits(cab, block);
	map_add(owners->map, block->at, 4, derived ? EXTENT_DERIVED : EXTENT_METADATA,
		owner, "cab data checksum", NULL);
	map_add(owners->map, block->at + 4, 4, EXTENT_METADATA, owner, "cab data sizes",
		NULL);
	map_add(owners->map, block->at + BLOCK_SIZE, cab->data_reserve, EXTENT_METADATA,
		owner, "cab data reserve", NULL);
	map_add(owners->map, block->data, block->size, EXTENT_CONTENT, owner,
		"cab data", NULL);
}

static void
map_header(const struct cab *cab, struct map *map)
{
	struct view signature;
	uint32_t offset;
	enum extent_tag tag =
	    is_plainly_signed(cab) ? EXTENT_SIGNATURE : EXTENT_METADATA;
	record_map_fields(map, 0, EXTENT_NO_MEMBER, header_fields,
			  ARRAY_COUNT(header_fields));
	if (cab_signature(cab, &signature, &offset)) {
		map_add(map, CAB_HEADER, CAB_SIGNED, tag, EXTENT_NO_MEMBER,
			"cab signature reserve", NULL);
		map_add(map, offset, signature.size,
			tag == EXTENT_SIGNATURE ? tag : EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "cab signature", NULL);
	} else if ((cab->flags & CAB_RESERVED) != 0) {
		map_add(map, CAB_HEADER, 4 + (uint64_t)cab->header_reserve,
			EXTENT_METADATA, EXTENT_NO_MEMBER, "cab header reserve", NULL);
	}
	map_add(map, CAB_HEADER, cab->folders - CAB_HEADER, EXTENT_METADATA,
		EXTENT_NO_MEMBER, "cab names of other cabinets", NULL);
}

static int
cab_map(const struct view *view, struct map *map, struct err *err)
{
	struct cab cab;
	if (cab_read(&cab, view, err) == -1)
		return -1;
	struct folder_owners owners = {
	    base_alloc(cab.folder_count + 1U, sizeof(*owners.files)), map};
	map_header(&cab, map);
	for (unsigned i = 0; i < cab.folder_count; i++) {
		uint64_t at = cab.folders + i * folder_step(&cab);
		if (at >= view->size)
			break; /* a count that the file has no room for */
		record_map_fields(map, at, EXTENT_NO_MEMBER, folder_fields,
				  ARRAY_COUNT(folder_fields));
		map_add(map, at + FOLDER_SIZE, cab.folder_reserve, EXTENT_METADATA,
			EXTENT_NO_MEMBER, "cab folder reserve", NULL);
	}
	int answer = map_files(&cab, &owners, err);
	if (answer == 0)
		answer = each_block(&cab, map_block, &owners, err);
	if (cab.end < view->size)
		map_add(map, cab.end, view->size - cab.end, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, "trailing bytes", NULL);
	free(owners.files);
	return answer;
}

/* ---- moving a signature ------------------------------------------------------ */

static void
put_number(struct buf *buf, uint64_t at, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes && at + i < buf->size; i++)
		buf->data[at + i] = (char)(value >> (8 * i) & 0xff);
}

/* Add `by` to a 32-bit number of the header or of a folder entry. */
static int
shift_number(struct buf *buf, uint64_t at, uint32_t by, struct err *err)
{
	struct view view = view_of_buf(buf);
	uint32_t number;
	if (view_u32le(&view, at, &number) == -1 || number > UINT32_MAX - by)
		return err_set(err, ERR_INPUT,
			       "the offset at %ju of the rebuilt cabinet is malformed",
			       (uintmax_t)at);
	put_number(buf, at, number + by, 4);
	return 0;
}

/*
 * The rebuilt cabinet with a signature's reserve, empty or its own, and without what
 * stands behind its end. Only a cabinet whose header has no other reserve takes one.
 */
static int
graft_start(const struct cab *plain, const struct view *reserve, struct graft *graft,
	    struct err *err)
{
	struct buf *out = &graft->bytes;
	struct view body;
	bool own = is_plainly_signed(plain);
	uint32_t by = own ? 0 : CAB_SIGNED;
	if (!own && (plain->flags & CAB_RESERVED) != 0)
		return err_set(err, ERR_INPUT, "its header has a reserve already");
	if (!own && plain->end != plain->view->size)
		return err_set(err, ERR_INPUT, "its header does not name its end");
	buf_append(out, plain->view->data, CAB_HEADER);
	buf_append(out, reserve->data, (size_t)reserve->size);
	uint64_t from = own ? CAB_HEADER + CAB_SIGNED : CAB_HEADER;
	if (plain->end < from ||
	    view_sub(plain->view, from, plain->end - from, &body) == -1)
		return err_set(err, ERR_INPUT, "it is shorter than its header says");
	buf_append(out, body.data, (size_t)body.size);
	put_number(out, CAB_FLAGS, plain->flags | CAB_RESERVED, 2);
	if (shift_number(out, CAB_SIZE, by, err) == -1 ||
	    shift_number(out, CAB_FILES, by, err) == -1)
		return -1;
	for (unsigned i = 0; i < plain->folder_count; i++) {
		if (shift_number(out, plain->folders + by + i * folder_step(plain), by,
				 err) == -1)
			return -1;
	}
	if (own)
		strings_addf(&graft->steps,
			     "signature: %ju bytes of the rebuilt file's own taken off",
			     (uintmax_t)(plain->view->size - plain->end));
	else
		strings_addf(
		    &graft->steps,
		    "header reserve of %d bytes: size, offsets and flags follow",
		    CAB_SIGNED);
	return 0;
}

/* Both behind one another, and the reserve names the place. */
static int
graft_join(const struct cab *signed_cab, const struct cab *plain, struct graft *graft,
	   struct err *err)
{
	struct view signature, reserve;
	uint32_t offset;
	if (!cab_signature(signed_cab, &signature, &offset) ||
	    view_sub(signed_cab->view, CAB_HEADER, CAB_SIGNED, &reserve) == -1)
		return err_set(err, ERR_INPUT, "the signature is not there");
	if (graft_start(plain, &reserve, graft, err) == -1)
		return err_at(err, "in the rebuilt file");
	put_number(&graft->bytes, SIGNATURE_AT, graft->bytes.size, 4);
	buf_append(&graft->bytes, signature.data, (size_t)signature.size);
	strings_addf(&graft->steps, "signature: %ju bytes from the shipped file",
		     (uintmax_t)signature.size);
	return 0;
}

static enum graft_answer
cab_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct cab signed_cab, plain;
	struct view signature;
	uint32_t offset;
	*graft = (struct graft){0};
	if (cab_read(&signed_cab, shipped, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (!cab_signature(&signed_cab, &signature, &offset))
		return GRAFT_NONE;
	if (!is_plainly_signed(&signed_cab)) {
		err_set(err, ERR_INPUT,
			"the shipped cabinet's reserve and what it names have not the "
			"form of a signature");
		return GRAFT_FAILED;
	}
	if (cab_read(&plain, rebuilt, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	if (graft_join(&signed_cab, &plain, graft, err) == -1) {
		graft_free(graft);
		return GRAFT_FAILED;
	}
	return GRAFT_DONE;
}

const struct format format_cab = {
    .name = "cab",
    .title = "Microsoft cabinet",
    .probe = cab_probe,
    .members = cab_members,
    .map = cab_map,
    .graft = cab_graft,
};
