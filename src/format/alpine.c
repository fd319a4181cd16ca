/*
 * Alpine packages, .apk of apk-tools version 2 ("Apk spec" of the Alpine wiki): gzip
 * streams one behind the other, each with a part of a tar archive in it. As one gzip
 * they look like one archive, most of whose readers stop where the first part ends.
 *
 *	[ signature: .SIGN.* ]  control: .PKGINFO, scripts  data
 */
#include "format/record_private.h"

#include <zlib.h>

enum {
	PEEK = 512, /* a tar header */
	NAME = 100,
	STEP = 64 << 10,
	STREAMS_MOST = 16,
	TAIL = 8,              /* RFC 1952, 2.3.1: CRC-32, size */
	SIGNATURE_MOST = 8192, /* of the signature's part, decompressed */
	KEY_MOST = 1024,       /* of a signature: RSA of 8192 bits */
};

/* One gzip stream, decompressed as far as it goes. */
struct stream {
	uint64_t start, end;
	uint64_t size; /* decompressed */
	bool whole;    /* it ended, with the CRC-32 that it says */
};

/* Where decompressed bytes go: the first `most` into `peek`, or all to the sink. */
struct target {
	struct buf *peek;
	size_t most;
	const struct member_sink *sink;
};

static int
deliver(const struct target *target, const uint8_t *bytes, size_t count,
	struct err *err)
{
	if (target->sink != NULL)
		return target->sink->data(target->sink->context, bytes, count, err);
	if (target->peek != NULL) {
		size_t room = target->most - target->peek->size;
		buf_append(target->peek, bytes, count < room ? count : room);
	}
	return 0;
}

static bool
is_full(const struct target *target)
{
	return target->peek != NULL && target->peek->size == target->most;
}

/* Decompress the stream at stream->start. -1 only when the sink says so. */
static int
stream_read(const struct view *view, struct stream *stream, const struct target *target,
	    struct err *err)
{
	z_stream zip = {0};
	uint8_t *out = base_alloc(STEP, 1);
	struct view rest = view_from(view, stream->start), part;
	uint64_t at = 0;
	int status = inflateInit2(&zip, 15 + 16), result = 0;
	while (status == Z_OK && result == 0 && !is_full(target)) {
		if (zip.avail_in == 0) {
			uint64_t left = rest.size - at;
			if (left == 0)
				break;
			view_sub(&rest, at, left < 1 << 20 ? left : 1 << 20, &part);
			zip.next_in = (Bytef *)(uintptr_t)part.data;
			zip.avail_in = (uInt)part.size;
			at += part.size;
		}
		zip.next_out = out;
		zip.avail_out = STEP;
		status = inflate(&zip, Z_NO_FLUSH);
		size_t count = STEP - zip.avail_out;
		stream->size += count;
		if (count > 0)
			result = deliver(target, out, count, err);
	}
	stream->end = stream->start + at - zip.avail_in;
	stream->whole = status == Z_STREAM_END;
	inflateEnd(&zip);
	free(out);
	return result;
}

/* The first bytes of a stream. */
static void
stream_peek(const struct view *view, uint64_t start, size_t most, struct buf *peek)
{
	struct stream stream = {.start = start};
	struct err unused;
	stream_read(view, &stream, &(struct target){.peek = peek, .most = most},
		    &unused);
}

static bool
is_gzip(const struct view *view, uint64_t offset)
{
	return view_has(view, offset, "\x1f\x8b\x08", 3);
}

/* What part a stream is, by the first name in it. */
static const char *
part_name(const struct view *view, uint64_t start)
{
	struct buf peek = {0};
	stream_peek(view, start, PEEK, &peek);
	struct view header = view_of_buf(&peek);
	const char *name = "data.tar";
	if (view_has(&header, 0, ".SIGN.", 6))
		name = "signature.tar";
	else if (view_has(&header, 0, ".PKGINFO", 9))
		name = "control.tar";
	buf_free(&peek);
	return name;
}

static enum probe_answer
alpine_probe(const struct view *view)
{
	return is_gzip(view, 0) && strcmp(part_name(view, 0), "data.tar") != 0
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
alpine_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct stream stream = {0};
	for (int i = 0; i < STREAMS_MOST && is_gzip(view, stream.start); i++) {
		const struct member member = {.path = part_name(view, stream.start),
					      .type = MEMBER_FILE};
		stream.size = 0;
		if (sink->begin(sink->context, &member, err) == -1 ||
		    stream_read(view, &stream, &(struct target){.sink = sink}, err) ==
			-1)
			return -1;
		if (!stream.whole)
			return err_set(err, ERR_INPUT,
				       "the gzip stream at offset %ju is damaged after "
				       "%ju bytes",
				       (uintmax_t)stream.start, (uintmax_t)stream.size);
		stream.start = stream.end;
	}
	return record_trailing(view, stream.start, sink, err);
}

/* ---- the map and the graft ------------------------------------------- */

/* Is the first stream a signature and nothing else: one member of that name, in zeros?
 */
static bool
is_signature(const struct view *view, struct stream *stream)
{
	struct buf bytes = {0};
	struct err unused;
	uint64_t size = 0;
	*stream = (struct stream){0};
	stream_read(view, stream,
		    &(struct target){.peek = &bytes, .most = SIGNATURE_MOST}, &unused);
	struct view tar = view_of_buf(&bytes), rest;
	bool plain = stream->whole && bytes.size < SIGNATURE_MOST &&
		     view_has(&tar, 0, ".SIGN.", 6) && tar.size >= PEEK &&
		     record_number(&tar, 124, 12, 8, &size) == 0 && size > 0 &&
		     size <= KEY_MOST;
	if (plain) {
		rest = view_from(&tar, PEEK + size);
		plain = tar.size >= PEEK + size && view_is_zero(&rest);
	}
	buf_free(&bytes);
	return plain;
}

static void
map_stream(struct map *map, const struct stream *stream, uint32_t member,
	   bool signature)
{
	uint64_t length = stream->end - stream->start;
	if (signature) {
		map_add(map, stream->start, length, EXTENT_SIGNATURE, member,
			"apk signature", NULL);
		return;
	}
	map_add(map, stream->start, 4, EXTENT_METADATA, member, "gzip header", NULL);
	map_add(map, stream->start + 4, 4, EXTENT_METADATA, member, "gzip header mtime",
		NULL);
	if (length > 18)
		map_add(map, stream->end - TAIL, TAIL, EXTENT_DERIVED, member,
			"gzip CRC-32 and size", NULL);
	map_add(map, stream->start, length, EXTENT_CONTENT, member, "content", NULL);
}

static int
alpine_map(const struct view *view, struct map *map, struct err *err)
{
	struct stream stream;
	bool signature = is_signature(view, &stream);
	const struct target nowhere = {0};
	stream = (struct stream){0};
	for (uint32_t i = 0; i < STREAMS_MOST && is_gzip(view, stream.start); i++) {
		if (stream_read(view, &stream, &nowhere, err) == -1)
			return -1;
		map_stream(map, &stream, i, signature && i == 0);
		if (!stream.whole)
			return err_set(err, ERR_INPUT,
				       "the gzip stream at offset %ju is damaged",
				       (uintmax_t)stream.start);
		stream.start = stream.end;
	}
	map_add(map, stream.start, view->size - stream.start, EXTENT_CONTENT,
		EXTENT_NO_MEMBER, "trailing bytes", NULL);
	return 0;
}

static bool
is_signed(const struct view *view)
{
	return is_gzip(view, 0) && strcmp(part_name(view, 0), "signature.tar") == 0;
}

/* The shipped signature, then the rebuilt package without its own. */
static enum graft_answer
alpine_graft(const struct view *shipped, const struct view *rebuilt,
	     struct graft *graft, struct err *err)
{
	struct stream theirs, ours = {0};
	struct view rest;
	*graft = (struct graft){0};
	if (!is_signed(shipped))
		return GRAFT_NONE;
	if (!is_signature(shipped, &theirs) ||
	    (is_signed(rebuilt) && !is_signature(rebuilt, &ours))) {
		err_set(err, ERR_INPUT, "the first stream holds more than a signature");
		return GRAFT_FAILED;
	}
	rest = view_from(rebuilt, is_signed(rebuilt) ? ours.end : 0);
	if (is_signed(rebuilt))
		strings_addf(&graft->steps,
			     "signature: %ju bytes cut from the rebuilt file",
			     (uintmax_t)ours.end);
	buf_append(&graft->bytes, shipped->data, (size_t)theirs.end);
	buf_append(&graft->bytes, rest.data, (size_t)rest.size);
	strings_addf(&graft->steps, "signature: %ju bytes from the shipped file",
		     (uintmax_t)theirs.end);
	return GRAFT_DONE;
}

const struct format format_alpine = {
    .name = "alpine-package",
    .title = "Alpine package",
    .refines = "gzip",
    .probe = alpine_probe,
    .members = alpine_members,
    .map = alpine_map,
    .graft = alpine_graft,
};
