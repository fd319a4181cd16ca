/*
 * The entries of "files" on their way out of the confined child: pieces, each a kind
 * (a pack, or a JSON array of entries), its size, and its bytes.
 */
#include "cmd/cmd_private.h"

#include "compare/compare.h"

enum {
	PIECE_PACK = 'p',
	PIECE_ENTRIES = 'e',
	PIECE_HEADER = 9, /* kind, u64le size */
	ENTRIES_MOST = 256,
};

/* ---- in the child ---------------------------------------------------- */

static void
write_piece(struct buf *out, char kind, const char *bytes, size_t size)
{
	char header[PIECE_HEADER] = {kind};
	for (size_t i = 0; i < 8; i++)
		header[1 + i] = (char)((uint64_t)size >> 8 * i);
	buf_append(out, header, sizeof(header));
	buf_append(out, bytes, size);
}

/* The entries from `at` to the next pack, a few at a time; how many they are. */
static size_t
write_entries(struct buf *out, const json_t *files, size_t at)
{
	json_t *array = json_array();
	struct buf text = {0};
	size_t count = 0;
	for (; count < ENTRIES_MOST; count++) {
		json_t *entry = json_array_get(files, at + count);
		if (!json_is_object(entry))
			break;
		json_array_append(array, entry);
	}
	buf_json(&text, array, 0);
	write_piece(out, PIECE_ENTRIES, text.data, text.size);
	buf_free(&text);
	json_decref(array);
	return count;
}

void
cmd_write_entries(const json_t *files, struct buf *out)
{
	for (size_t at = 0; at < json_array_size(files);) {
		const json_t *entry = json_array_get(files, at);
		if (is_pack(entry)) {
			write_piece(out, PIECE_PACK, json_string_value(entry),
				    json_string_length(entry));
			at++;
		} else {
			at += write_entries(out, files, at);
		}
	}
}

/* ---- in the parent --------------------------------------------------- */

static bool
are_entries(const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (!json_is_object(json_array_get(array, i)))
			return false;
	}
	return json_array_size(array) > 0;
}

/* One piece; -1 when it is none. */
static int
take_piece(char kind, const struct view *bytes, json_t *files)
{
	if (kind == PIECE_PACK) {
		json_t *pack = pack_take_over(bytes);
		return pack != NULL ? json_array_append_new(files, pack) : -1;
	}
	json_t *array = kind == PIECE_ENTRIES ? json_loadb((const char *)bytes->data,
							   (size_t)bytes->size, 0, NULL)
					      : NULL;
	int result = are_entries(array) ? json_array_extend(files, array) : -1;
	json_decref(array);
	return result;
}

int
cmd_parse_entries(const struct view *text, json_t *files)
{
	json_t *taken = json_array();
	uint64_t at = 0, size;
	int result = 0;
	while (result == 0 && at < text->size) {
		uint8_t kind = 0;
		struct view bytes;
		if (view_u8(text, at, &kind) == -1 ||
		    view_u64le(text, at + 1, &size) == -1 ||
		    view_sub(text, at + PIECE_HEADER, size, &bytes) == -1)
			result = -1;
		else
			result = take_piece((char)kind, &bytes, taken);
		at += PIECE_HEADER + (result == 0 ? size : 0);
	}
	if (result == 0)
		result = json_array_extend(files, taken);
	json_decref(taken);
	return result;
}
