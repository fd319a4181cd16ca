/*
 * Compressed streams through libarchive: one filter, its raw format, one member
 * without a name. Where a stream ends is found by following its framing, since a
 * decoder may read on, or fail, at bytes that follow it.
 */
#include "format/format_private.h"

#include <archive.h>
#include <archive_entry.h>

enum {
	READ_SIZE = 64 << 10,
	/* What a map that needs decompressing may have decompressed. */
	MAP_DECODED_MOST = 1 << 30,
};

int
filter_begin(const struct member_sink *sink, struct err *err)
{
	struct member member = {.path = "", .type = MEMBER_FILE};
	return sink->begin(sink->context, &member, err);
}

int
filter_notes(const char *name, const struct view *view, uint64_t end, uint64_t decoded,
	     const struct member_sink *sink, struct err *err)
{
	if (decoded == 0 &&
	    format_note(sink, NOTE_REMARK, 0, err,
			"the %s stream decompresses to nothing", name) == -1)
		return -1;
	if (end < view->size)
		return format_note(sink, NOTE_SUSPECT, end, err,
				   "%ju trailing bytes after the %s stream",
				   (uintmax_t)(view->size - end), name);
	return 0;
}

int
filter_skippable(const char *name, const struct view *view, uint64_t *offset,
		 struct map *map, struct err *err)
{
	uint32_t magic, size;
	if (view_u32le(view, *offset, &magic) == -1 || (magic & ~0xfU) != 0x184d2a50)
		return 0;
	if (view_u32le(view, *offset + 4, &size) == -1 ||
	    size > view->size - *offset - 8)
		return err_set(err, ERR_INPUT,
			       "%s skippable frame at offset %ju is cut off", name,
			       (uintmax_t)*offset);
	if (map != NULL) {
		char *extent = base_format("%s skippable frame", name);
		map_add(map, *offset, 8 + (uint64_t)size, EXTENT_CONTENT,
			EXTENT_NO_MEMBER, extent, NULL);
		free(extent);
	}
	*offset += 8 + (uint64_t)size;
	return 1;
}

/* One pass over a stream. */
struct decode {
	const struct filter *filter;
	const struct member_sink *sink; /* NULL: only find the end */
	uint64_t decoded, consumed;
};

/* The library's failure in our words: damaged, unless it says that it will not. */
static int
decode_failed(const struct decode *decode, struct archive *archive, struct err *err)
{
	const char *said = archive_error_string(archive);
	char *shown = text_shown(said != NULL ? said : "it is cut off");
	if (strstr(shown, "too much memory") != NULL)
		err_set(err, ERR_LIMIT,
			"the %s stream needs more memory than is given to it, after "
			"%ju decompressed bytes",
			decode->filter->name, (uintmax_t)decode->decoded);
	else
		err_set(err, ERR_INPUT,
			"damaged %s stream after %ju decompressed bytes: %s",
			decode->filter->name, (uintmax_t)decode->decoded, shown);
	free(shown);
	return -1;
}

static int
decode_blocks(struct decode *decode, struct archive *archive, struct err *err)
{
	for (;;) {
		const void *bytes = NULL;
		size_t count = 0;
		la_int64_t offset = 0;
		int answer = archive_read_data_block(archive, &bytes, &count, &offset);
		if (answer == ARCHIVE_EOF)
			return 0;
		if (answer != ARCHIVE_OK)
			return decode_failed(decode, archive, err);
		decode->decoded += count;
		if (decode->sink == NULL) {
			if (decode->decoded > MAP_DECODED_MOST)
				return err_set(err, ERR_LIMIT,
					       "more than %d decompressed bytes",
					       MAP_DECODED_MOST);
		} else if (count > 0 && decode->sink->data(decode->sink->context, bytes,
							   count, err) == -1) {
			return -1;
		}
	}
}

/* The library at the start of the stream: the filter offered, which it takes as often
 * as it fits, or `once`, in which case it does not look whether it fits at all. */
static struct archive *
decode_open(const struct decode *decode, const struct view *view, bool once,
	    struct err *err)
{
	struct archive *archive = archive_read_new();
	if (archive == NULL) {
		err_set(err, ERR_SYSTEM, "no memory for libarchive");
		return NULL;
	}
	int enabled = once ? archive_read_append_filter(archive, decode->filter->code)
			   : decode->filter->enable(archive);
	if (enabled != ARCHIVE_OK ||
	    archive_read_support_format_raw(archive) != ARCHIVE_OK ||
	    archive_read_support_format_empty(archive) != ARCHIVE_OK)
		err_set(err, ERR_UNSUPPORTED, "this libarchive does not read %s itself",
			decode->filter->name);
	else if (archive_read_open_memory2(archive, (void *)(uintptr_t)view->data,
					   (size_t)view->size, READ_SIZE) != ARCHIVE_OK)
		decode_failed(decode, archive, err);
	else
		return archive;
	archive_read_free(archive);
	return NULL;
}

/* Decompress the view. An empty output is the format "empty" to the library. */
static int
decode_run(struct decode *decode, const struct view *view, struct err *err)
{
	int answer = -1;
	struct archive_entry *entry;
	struct archive *archive = decode_open(decode, view, false, err);
	if (archive == NULL)
		return -1;
	int header = archive_read_next_header(archive, &entry);
	bool nested = archive_filter_count(archive) > 2;
	if (nested) {
		/* A stream in a stream: its content is what the inner one is. */
		archive_read_free(archive);
		archive = decode_open(decode, view, true, err);
		if (archive == NULL)
			return -1;
		header = archive_read_next_header(archive, &entry);
	}
	/* Two filters: this one and the plain bytes. One alone is not our format. */
	if (archive_filter_count(archive) != 2)
		err_set(err, ERR_INPUT, "not a %s stream", decode->filter->name);
	else if (header == ARCHIVE_EOF && archive_errno(archive) == 0 && !nested)
		answer = 0;
	else if (header == ARCHIVE_OK)
		answer = decode_blocks(decode, archive, err);
	else
		decode_failed(decode, archive, err);
	la_int64_t consumed = archive_filter_bytes(archive, -1);
	decode->consumed = consumed > 0 ? (uint64_t)consumed : 0;
	archive_read_free(archive);
	return answer;
}

int
filter_members(const struct filter *filter, const struct view *view,
	       const struct member_sink *sink, struct err *err)
{
	struct decode decode = {.filter = filter, .sink = sink};
	struct err broken = {0};
	uint64_t end = view->size;
	if (filter_begin(sink, err) == -1)
		return -1;
	int walked = 0;
	if (filter->walk != NULL)
		walked = filter->walk(view, NULL, &end, &broken);
	if (walked == -1) {
		/* A broken frame: decompress what stands before it. */
		if (broken.kind == ERR_UNSUPPORTED) {
			*err = broken;
			return -1;
		}
		end = view->size;
	}
	struct view stream;
	if (view_sub(view, 0, end, &stream) == -1)
		return err_set(err, ERR_INPUT, "%s stream is cut off", filter->name);
	if (decode_run(&decode, &stream, err) == -1)
		return -1;
	if (walked == -1)
		return err_set(err, ERR_INPUT,
			       "damaged %s stream after %ju decompressed bytes: %s",
			       filter->name, (uintmax_t)decode.decoded, broken.message);
	if (filter->walk == NULL)
		end = decode.consumed;
	else if (decode.consumed != end)
		return err_set(err, ERR_INPUT,
			       "damaged %s stream after %ju decompressed bytes: the "
			       "decoder stopped at offset %ju of %ju",
			       filter->name, (uintmax_t)decode.decoded,
			       (uintmax_t)decode.consumed, (uintmax_t)end);
	return filter_notes(filter->name, view, end, decode.decoded, sink, err);
}

int
filter_map(const struct filter *filter, const struct view *view, struct map *map,
	   struct err *err)
{
	uint64_t end = view->size;
	int answer = 0;
	if (filter->walk != NULL) {
		answer = filter->walk(view, map, &end, err);
	} else {
		struct decode decode = {.filter = filter};
		answer = decode_run(&decode, view, err);
		if (answer == 0)
			end = decode.consumed;
	}
	if (answer == -1)
		end = view->size;
	char *name = base_format("%s stream", filter->name);
	map_add(map, 0, end, EXTENT_CONTENT, EXTENT_NO_MEMBER, name, NULL);
	free(name);
	map_add(map, end, view->size - end, EXTENT_CONTENT, EXTENT_NO_MEMBER,
		"trailing bytes", NULL);
	return answer;
}
