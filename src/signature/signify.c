/*
 * signify, OpenBSD's signatures (signify(1)): Ed25519 over the whole file, in two
 * lines beside it. The comment is not signed.
 */
#include "signature/signature_private.h"

#define SIGNATURE_SIZE 64

static bool
signify_knows(const struct view *signature)
{
	struct view rest = *signature;
	struct ed_lines lines;
	bool knows = ed_lines_take(&rest, SIGNATURE_SIZE, &lines) == 0 &&
		     view_has(&lines.algorithm, 0, "Ed", 2) && rest.size == 0;
	ed_lines_clear(&lines);
	return knows;
}

static int
signify_check(const struct view *file, const char *path, const struct view *signature,
	      const struct trust *trust, json_t *signatures,
	      enum signature_status *status, struct err *err)
{
	struct judgement found = {0};
	struct view rest = *signature;
	struct ed_lines lines;
	struct ed_answer answer;
	(void)err;
	if (ed_lines_take(&rest, SIGNATURE_SIZE, &lines) == -1)
		return err_set(err, ERR_INPUT, "no signify signature");
	ed_lines_check(trust, &lines, file, &answer);
	ed_lines_judge(&lines, &answer, &found);
	char *comment = text_shown_n(lines.comment.data, (size_t)lines.comment.size);
	json_t *entry =
	    judgement_entry(&found, signatures, path, "signify", "0", status);
	json_object_set_new(entry, "key", ed_lines_json(&lines, &answer));
	signature_note(entry, "says, unsigned: %s", comment);
	free(comment);
	ed_lines_clear(&lines);
	judgement_free(&found);
	return 0;
}

/* ---- embedded ---------------------------------------------------------- */

int
signify_embedded(const struct view *file, struct view *text)
{
	struct view rest = *file;
	struct ed_lines lines;
	bool is = ed_lines_take(&rest, SIGNATURE_SIZE, &lines) == 0 &&
		  view_has(&lines.algorithm, 0, "Ed", 2) && rest.size > 0;
	if (is)
		*text = rest;
	ed_lines_clear(&lines);
	return is ? 0 : -1;
}

int
signify_check_embedded(const struct view *file, const char *path,
		       const struct trust *trust, json_t *signatures,
		       enum signature_status *status, struct err *err)
{
	struct view text;
	if (signify_embedded(file, &text) == -1)
		return err_set(err, ERR_INPUT, "no embedded signify signature");
	struct view lines = view_of(file->data, (size_t)(file->size - text.size));
	return signify_check(&text, path, &lines, trust, signatures, status, err);
}

static const char *const suffixes[] = {".sig", NULL};

const struct detached_scheme detached_signify = {"signify", suffixes, signify_knows,
						 signify_check};
