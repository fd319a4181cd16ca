/*
 * minisign: Ed25519 over the file ("Ed") or over its BLAKE2b-512 ("ED"), and a second
 * signature over the first one and a comment, in four lines beside the file.
 */
#include "signature/signature_private.h"

enum { SIGNATURE_SIZE = 64, HASH_SIZE = 64 };

static const char trusted[] = "trusted comment: ";

/* The four lines. */
struct minisign {
	struct ed_lines lines;
	struct view comment;
	struct buf global; /* the signature over signature and comment */
};

static void
minisign_clear(struct minisign *parts)
{
	ed_lines_clear(&parts->lines);
	buf_free(&parts->global);
}

static int
minisign_parse(const struct view *signature, struct minisign *parts)
{
	struct view rest = *signature, line, last;
	memset(parts, 0, sizeof(*parts));
	if (ed_lines_take(&rest, SIGNATURE_SIZE, &parts->lines) == -1 ||
	    raw_line(&rest, &line) == -1 ||
	    !raw_after(&line, trusted, &parts->comment) ||
	    raw_line(&rest, &last) == -1 ||
	    raw_base64(&last, false, &parts->global) == -1 ||
	    parts->global.size != SIGNATURE_SIZE || rest.size != 0) {
		minisign_clear(parts);
		return -1;
	}
	return 0;
}

/* Told by the third line: a malformed one is still minisign's to refuse. */
static bool
minisign_knows(const struct view *signature)
{
	struct view rest = *signature, line;
	if (!ed_lines_are(signature) || raw_line(&rest, &line) == -1 ||
	    raw_line(&rest, &line) == -1 || raw_line(&rest, &line) == -1)
		return false;
	return view_has(&line, 0, trusted, sizeof(trusted) - 1);
}

/* Does the same key vouch for the comment? */
static bool
comment_holds(const struct minisign *parts, const struct ed_answer *answer)
{
	struct buf message = {0};
	struct view key = view_of(answer->key, sizeof(answer->key));
	struct view global = view_of_buf(&parts->global);
	buf_append(&message, parts->lines.value.data, SIGNATURE_SIZE);
	buf_append(&message, parts->comment.data, (size_t)parts->comment.size);
	struct view bytes = view_of_buf(&message);
	bool holds = raw_verify_ed25519(&key, &bytes, &global);
	buf_free(&message);
	return holds;
}

static void
judge(const struct minisign *parts, const struct view *file, const struct trust *trust,
      struct ed_answer *answer, struct judgement *found)
{
	uint8_t hash[HASH_SIZE];
	struct view message = *file;
	memset(answer, 0, sizeof(*answer));
	if (view_has(&parts->lines.algorithm, 0, "ED", 2)) {
		if (raw_digest("BLAKE2B-512", file, hash) != HASH_SIZE) {
			judgement_add(found, SIGNATURE_NOT_CHECKED,
				      "BLAKE2b-512 cannot be computed here");
			return;
		}
		message = view_of(hash, sizeof(hash));
	} else if (!view_has(&parts->lines.algorithm, 0, "Ed", 2)) {
		judgement_add(found, SIGNATURE_NOT_CHECKED,
			      "an algorithm that is not known here");
		return;
	}
	ed_lines_check(trust, &parts->lines, &message, answer);
	ed_lines_judge(&parts->lines, answer, found);
	if (answer->holds && !comment_holds(parts, answer))
		judgement_add(found, SIGNATURE_INVALID,
			      "the signature over the trusted comment does not fit");
}

static int
minisign_check(const struct view *file, const char *path, const struct view *signature,
	       const struct trust *trust, json_t *signatures,
	       enum signature_status *status, struct err *err)
{
	struct judgement found = {0};
	struct minisign parts;
	struct ed_answer answer;
	json_t *entry;
	(void)err;
	if (minisign_parse(signature, &parts) == -1) {
		judgement_add(&found, SIGNATURE_INVALID,
			      "malformed: not the four lines of a minisign signature");
		judgement_entry(&found, signatures, path, "minisign", "0", status);
		judgement_free(&found);
		return 0;
	}
	judge(&parts, file, trust, &answer, &found);
	entry = judgement_entry(&found, signatures, path, "minisign", "0", status);
	json_object_set_new(entry, "key", ed_lines_json(&parts.lines, &answer));
	char *comment = text_shown_n(parts.comment.data, (size_t)parts.comment.size);
	signature_note(entry, "%s: %s",
		       found.status == SIGNATURE_VALID ? "says, signed" : "says",
		       comment);
	free(comment);
	minisign_clear(&parts);
	judgement_free(&found);
	return 0;
}

static const char *const suffixes[] = {".minisig", NULL};

const struct detached_scheme detached_minisign = {"minisign", suffixes, minisign_knows,
						  minisign_check};
