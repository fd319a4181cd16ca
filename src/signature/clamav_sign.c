/*
 * Signatures beside ClamAV's databases and updates, NAME.cvd.sign and NAME.cdiff.sign
 * (libclamav_rust/src/codesign.rs):
 *
 *	#clamsign-1.0
 *	LEAST-LEVEL:MOST-LEVEL:pkcs7-pem:base64 of a PKCS #7 message
 *
 * one line for each signature; empty lines and those that begin with # are passed over.
 * A database's has its version in the name, which nobody signed: main-62.cvd.sign.
 */
#include "signature/signature_private.h"

#define SIGNATURES_MOST 16

static const char first_line[] = "#clamsign-1.0";

/* What is common to the lines of one file. */
struct clamsign {
	const struct view *content;
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count; /* of entries */
};

static bool
is_number(const struct view *field)
{
	for (uint64_t i = 0; i < field->size; i++) {
		if (field->data[i] < '0' || field->data[i] > '9')
			return false;
	}
	return field->size > 0 && field->size < 10;
}

/* Take a field off `rest` up to the colon after it; -1 when there is none. */
static int
take_field(struct view *rest, struct view *field)
{
	uint64_t colon;
	if (view_find(rest, 0, ":", 1, &colon) == -1 ||
	    view_sub(rest, 0, colon, field) == -1)
		return -1;
	*rest = view_from(rest, colon + 1);
	return 0;
}

static void
add_entry(struct clamsign *clamsign, enum signature_status status, const char *reason)
{
	struct judgement found = {0};
	enum signature_status one;
	char *index = base_format("%zu", clamsign->count++);
	judgement_add(&found, status, "%s", reason);
	judgement_entry(&found, clamsign->signatures, clamsign->path, "clamav-sign",
			index, &one);
	signature_worsen(clamsign->status, one);
	judgement_free(&found);
	free(index);
}

/* The entries of one message, which begin at `before`: number them on, and say for
 * which versions of ClamAV they are. */
static void
settle(struct clamsign *clamsign, size_t before, const struct view *least,
       const struct view *most)
{
	char *from = text_shown_n(least->data, (size_t)least->size);
	char *to = text_shown_n(most->data, (size_t)most->size);
	char *levels = base_format("%s to %s", from, most->size > 0 ? to : "any");
	for (size_t i = before; i < json_array_size(clamsign->signatures); i++) {
		json_t *entry = json_array_get(clamsign->signatures, i);
		char *index = base_format("%zu", clamsign->count++);
		json_object_set_new(entry, "index", json_string(index));
		signature_fact(entry, "functionality levels", levels);
		free(index);
	}
	free(from);
	free(to);
	free(levels);
}

static void
check_line(struct clamsign *clamsign, const struct view *line)
{
	struct view rest = *line, least, most, form;
	struct buf bytes = {0};
	if (take_field(&rest, &least) == -1 || take_field(&rest, &most) == -1 ||
	    take_field(&rest, &form) == -1 || !is_number(&least) ||
	    (most.size > 0 && !is_number(&most))) {
		add_entry(clamsign, SIGNATURE_INVALID,
			  "malformed: not the four fields of a ClamAV signature");
		return;
	}
	if (form.size != 9 || !view_has(&form, 0, "pkcs7-pem", 9)) {
		add_entry(clamsign, SIGNATURE_NOT_CHECKED,
			  "a form of signature that is not known here");
		return;
	}
	/* what cannot be decoded is an empty message, and told as malformed */
	if (raw_base64(&rest, false, &bytes) == -1)
		buf_clear(&bytes);
	enum signature_status one;
	size_t before = json_array_size(clamsign->signatures);
	struct view der = view_of_buf(&bytes);
	const struct cms_message message = {.content = clamsign->content,
					    .path = clamsign->path,
					    .scheme = "clamav-sign",
					    .trust = clamsign->trust,
					    .signatures = clamsign->signatures,
					    .status = &one};
	cms_message_check(&message, &der);
	signature_worsen(clamsign->status, one);
	settle(clamsign, before, &least, &most);
	buf_free(&bytes);
}

char *
clamav_sign_database(const char *name)
{
	static const char *const kinds[] = {".cvd", ".cld", ".cud"};
	size_t length = strlen(name);
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		size_t tail = strlen(kinds[i]);
		if (length <= tail || strcmp(name + length - tail, kinds[i]) != 0)
			continue;
		size_t at = length - tail;
		while (at > 0 && name[at - 1] >= '0' && name[at - 1] <= '9')
			at--;
		if (at < 2 || at == length - tail || name[at - 1] != '-')
			return NULL;
		char *stem = base_strndup(name, at - 1);
		char *made = base_format("%s%s", stem, kinds[i]);
		free(stem);
		return made;
	}
	return NULL;
}

static bool
clamsign_knows(const struct view *signature)
{
	return view_has(signature, 0, "#clamsign", 9);
}

static int
clamsign_check(const struct view *file, const char *path, const struct view *signature,
	       const struct trust *trust, json_t *signatures,
	       enum signature_status *status, struct err *err)
{
	struct clamsign clamsign = {file, path, trust, signatures, status, 0};
	struct view rest = *signature, line;
	(void)err;
	*status = SIGNATURE_VALID;
	if (raw_line(&rest, &line) == -1 || line.size != sizeof(first_line) - 1 ||
	    !view_has(&line, 0, first_line, sizeof(first_line) - 1)) {
		add_entry(&clamsign, SIGNATURE_NOT_CHECKED,
			  "a version of the file that is not known here");
		return 0;
	}
	while (clamsign.count < SIGNATURES_MOST && raw_line(&rest, &line) == 0) {
		if (line.size > 0 && line.data[0] != '#')
			check_line(&clamsign, &line);
	}
	if (rest.size > 0)
		add_entry(&clamsign, SIGNATURE_NOT_CHECKED,
			  "not read to its end: too many lines, or too long ones");
	else if (clamsign.count == 0)
		add_entry(&clamsign, SIGNATURE_INVALID, "there is no signature in it");
	return 0;
}

/* Their names end in .sign, by which OpenPGP's row finds them. */
static const char *const suffixes[] = {NULL};

const struct detached_scheme detached_clamav = {"clamav-sign", suffixes, clamsign_knows,
						clamsign_check};
