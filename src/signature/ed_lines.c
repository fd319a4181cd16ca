/*
 * The line format that signify and minisign share: a comment nobody signed, then one
 * base64 line of two letters for the algorithm, eight bytes to tell keys apart, and
 * the key or the signature (signify(1); the minisign format's own description).
 */
#include "signature/signature_private.h"

static const char untrusted[] = "untrusted comment: ";

enum {
	ALGORITHM_SIZE = 2,
	HEADER_SIZE = ALGORITHM_SIZE + ED_ID_SIZE,
	KEY_SIZE = 32,
	SIGNATURE_SIZE = 64,
};

bool
ed_lines_are(const struct view *bytes)
{
	return view_has(bytes, 0, untrusted, sizeof(untrusted) - 1);
}

int
ed_lines_take(struct view *rest, size_t size, struct ed_lines *lines)
{
	struct view comment, line;
	struct buf bytes = {0};
	memset(lines, 0, sizeof(*lines));
	if (raw_line(rest, &comment) == -1 ||
	    !raw_after(&comment, untrusted, &lines->comment) ||
	    raw_line(rest, &line) == -1 || raw_base64(&line, false, &bytes) == -1 ||
	    bytes.size != HEADER_SIZE + size) {
		buf_free(&bytes);
		return -1;
	}
	lines->bytes = bytes;
	struct view whole = view_of_buf(&lines->bytes);
	view_sub(&whole, 0, ALGORITHM_SIZE, &lines->algorithm);
	view_sub(&whole, ALGORITHM_SIZE, ED_ID_SIZE, &lines->id);
	view_sub(&whole, HEADER_SIZE, size, &lines->value);
	return 0;
}

void
ed_lines_clear(struct ed_lines *lines)
{
	buf_free(&lines->bytes);
}

char *
ed_lines_id(const struct ed_lines *lines)
{
	/* little-endian, as minisign prints it */
	char hex[2 * ED_ID_SIZE + 1];
	uint8_t turned[ED_ID_SIZE];
	for (size_t i = 0; i < ED_ID_SIZE; i++)
		turned[i] = lines->id.data[ED_ID_SIZE - 1 - i];
	hex_encode(turned, sizeof(turned), hex);
	return base_strdup(hex);
}

/* One key that the user gave, if it is of this form and has this id. */
static bool
try_key(const struct trust_key *key, const struct ed_lines *signature,
	const struct view *message, struct ed_answer *answer)
{
	struct ed_lines lines;
	struct view rest = view_of_buf(&key->bytes);
	bool holds = false;
	if (ed_lines_take(&rest, KEY_SIZE, &lines) == -1)
		return false;
	if (view_has(&lines.algorithm, 0, "Ed", ALGORITHM_SIZE) &&
	    view_equal(&lines.id, &signature->id)) {
		answer->known = true;
		holds = raw_verify_ed25519(&lines.value, message, &signature->value);
		if (holds) {
			answer->label = key->label;
			memcpy(answer->key, lines.value.data, KEY_SIZE);
		}
	}
	ed_lines_clear(&lines);
	return holds;
}

void
ed_lines_check(const struct trust *trust, const struct ed_lines *signature,
	       const struct view *message, struct ed_answer *answer)
{
	memset(answer, 0, sizeof(*answer));
	/* ids are not unique: every key that has it is tried */
	for (size_t i = 0; i < trust->key_count && !answer->holds; i++)
		answer->holds = try_key(&trust->keys[i], signature, message, answer);
}

void
ed_lines_judge(const struct ed_lines *signature, const struct ed_answer *answer,
	       struct judgement *judgement)
{
	char *id = ed_lines_id(signature);
	if (!answer->known)
		judgement_add(judgement, SIGNATURE_UNTRUSTED,
			      "no key that was given has the id %s", id);
	else if (!answer->holds)
		judgement_add(judgement, SIGNATURE_INVALID,
			      "the signature does not fit: the file, the signature or "
			      "the key %s is another one",
			      id);
	free(id);
}

json_t *
ed_lines_json(const struct ed_lines *signature, const struct ed_answer *answer)
{
	struct view key = view_of(answer->key, sizeof(answer->key));
	char *id = ed_lines_id(signature);
	json_t *object =
	    raw_key_json(answer->label, "Ed25519", id, answer->holds ? &key : NULL);
	free(id);
	return object;
}
