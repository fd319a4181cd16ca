/*
 * Signed notes and the checkpoints in them (C2SP signed-note and tlog-checkpoint):
 *
 *	origin LF size LF base64(root) LF [more LF...] LF
 *	"— " name " " base64(4 bytes of key id, signature) LF ...
 *
 * The text up to and with the line end before the empty line is signed.
 */
#include "signature/signature_private.h"

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a blank */

#define ID_SIZE 4

/* Where the signatures begin: behind the last empty line (signed-note, "Format"). */
static int
note_split(const struct view *note, struct view *text, struct view *lines)
{
	uint64_t at = 0, last = 0;
	bool found = false;
	while (view_find(note, at, "\n\n", 2, &at) == 0) {
		last = at++;
		found = true;
	}
	if (!found || note->size == 0 || note->data[note->size - 1] != '\n')
		return -1;
	view_sub(note, 0, last + 1, text);
	*lines = view_from(note, last + 2);
	return 0;
}

/* One signature line; the bytes of both id and signature. */
static int
line_parse(const struct view *line, struct buf *bytes)
{
	struct view rest, value;
	uint64_t blank;
	if (!raw_after(line, dash, &rest) ||
	    view_find(&rest, 0, " ", 1, &blank) == -1 || blank == 0)
		return -1;
	value = view_from(&rest, blank + 1);
	return raw_base64(&value, false, bytes) == 0 && bytes->size > ID_SIZE ? 0 : -1;
}

/* "12345", without a leading zero or sign. */
static int
size_parse(const struct view *line, uint64_t *size)
{
	*size = 0;
	if (line->size == 0 || (line->size > 1 && line->data[0] == '0'))
		return -1;
	for (uint64_t i = 0; i < line->size; i++) {
		uint8_t digit = line->data[i];
		if (digit < '0' || digit > '9' || *size > (UINT64_MAX - 9) / 10)
			return -1;
		*size = *size * 10 + (digit - '0');
	}
	return 0;
}

int
checkpoint_parse(const struct view *note, struct checkpoint *checkpoint)
{
	struct view rest, line, size, root;
	struct buf hash = {0};
	memset(checkpoint, 0, sizeof(*checkpoint));
	if (note_split(note, &checkpoint->text, &checkpoint->lines) == -1)
		return -1;
	rest = checkpoint->text;
	if (raw_line(&rest, &checkpoint->origin) == -1 ||
	    checkpoint->origin.size == 0 || raw_line(&rest, &size) == -1 ||
	    size_parse(&size, &checkpoint->size) == -1 ||
	    raw_line(&rest, &root) == -1 || raw_base64(&root, false, &hash) == -1 ||
	    hash.size != SHA256_SIZE) {
		buf_free(&hash);
		return -1;
	}
	memcpy(checkpoint->root.bytes, hash.data, SHA256_SIZE);
	buf_free(&hash);
	for (rest = checkpoint->lines; raw_line(&rest, &line) == 0;) {
		struct buf bytes = {0};
		int answer = line_parse(&line, &bytes);
		buf_free(&bytes);
		if (answer == -1)
			return -1;
	}
	return rest.size == 0 ? 0 : -1;
}

enum note_answer
checkpoint_check(const struct checkpoint *checkpoint, EVP_PKEY *key,
		 const struct view *id)
{
	struct view rest = checkpoint->lines, line;
	enum note_answer answer = NOTE_UNSIGNED;
	while (raw_line(&rest, &line) == 0) {
		struct buf bytes = {0};
		if (line_parse(&line, &bytes) == 0) {
			struct view whole = view_of_buf(&bytes);
			struct view value = view_from(&whole, ID_SIZE);
			if (view_has(&whole, 0, id->data, ID_SIZE)) {
				bool holds =
				    raw_verify_any(key, &checkpoint->text, &value);
				if (holds)
					answer = NOTE_HOLDS;
				else if (answer == NOTE_UNSIGNED)
					answer = NOTE_FALSE;
			}
		}
		buf_free(&bytes);
	}
	return answer;
}
