/*
 * The signature over a whole zip archive that Android's updates have (build/make's
 * SignApk -w; bootable/recovery, install/verifier.cpp). It is in the archive's comment:
 *
 *	text | PKCS #7 message | bytes from the message to the end (2, little-endian),
 *	ff ff, size of the comment (2)
 *
 * and over all of the file before the size of the comment.
 */
#include "signature/signature_private.h"

enum {
	FOOTER_SIZE = 6,
	END_SIZE = 22,   /* of the zip's end record (APPNOTE, 4.3.16) */
	LENGTH_SIZE = 2, /* of the comment's size in it */
};

static const char end_magic[] = "PK\5\6";
/* What SignApk writes before the message, with a NUL behind it. */
static const char text[] = "signed by SignApk";

struct ota {
	struct view file, content, message, comment;
	uint64_t start; /* of the message, in the comment */
};

/* Are the last bytes a footer? */
static bool
has_footer(const struct view *file)
{
	uint16_t size;
	return file->size > END_SIZE + FOOTER_SIZE &&
	       view_has(file, file->size - 4, "\xff\xff", 2) &&
	       view_u16le(file, file->size - 2, &size) == 0 && size > FOOTER_SIZE &&
	       (uint64_t)size + END_SIZE <= file->size;
}

/* What is wrong with where the message is; NULL when nothing is. */
static const char *
ota_read(struct ota *ota)
{
	const struct view *file = &ota->file;
	uint16_t from_end = 0, size = 0, said = 0;
	uint64_t again;
	view_u16le(file, file->size - FOOTER_SIZE, &from_end);
	view_u16le(file, file->size - 2, &size);
	uint64_t end = file->size - size - END_SIZE;
	view_sub(file, 0, file->size - size - LENGTH_SIZE, &ota->content);
	view_sub(file, file->size - size, size, &ota->comment);
	if (!view_has(file, end, end_magic, sizeof(end_magic) - 1) ||
	    view_u16le(file, end + END_SIZE - LENGTH_SIZE, &said) == -1 || said != size)
		return "the comment is not as long as the signature's footer says";
	/* a reader that looks for the last end record would see another archive */
	if (view_find(file, end + 1, end_magic, sizeof(end_magic) - 1, &again) == 0)
		return "a second end of the archive is in the comment, which nobody "
		       "signed";
	if (from_end <= FOOTER_SIZE || from_end > size)
		return "the message is not inside the comment";
	ota->start = size - from_end;
	view_sub(&ota->comment, ota->start, from_end - FOOTER_SIZE, &ota->message);
	return NULL;
}

static void
add_invalid(const char *path, json_t *signatures, enum signature_status *status,
	    const char *why)
{
	struct judgement found = {0};
	judgement_add(&found, SIGNATURE_INVALID, "%s", why);
	judgement_entry(&found, signatures, path, "android-ota", "0", status);
	judgement_free(&found);
}

static void
tell(const struct ota *ota, json_t *entry)
{
	uint64_t comment = ota->file.size - ota->comment.size;
	bool known = ota->start == sizeof(text) &&
		     view_has(&ota->comment, 0, text, sizeof(text));
	json_object_set_new(entry, "covers", json_string("all"));
	coverage_add(entry, 0, ota->content.size, COVERAGE_SIGNED, "archive");
	coverage_add(entry, ota->content.size, LENGTH_SIZE, COVERAGE_STRUCTURAL,
		     "size of the comment");
	if (known)
		coverage_add(entry, comment, ota->start, COVERAGE_STRUCTURAL,
			     "SignApk's words");
	else if (ota->start > 0)
		signature_note(entry,
			       "%ju bytes before the message in the comment: nobody "
			       "signed them",
			       (uintmax_t)ota->start);
	coverage_add(entry, comment + ota->start, ota->message.size, COVERAGE_SIGNATURE,
		     "PKCS #7 message");
	coverage_add(entry, ota->file.size - FOOTER_SIZE, FOOTER_SIZE,
		     COVERAGE_STRUCTURAL, "footer");
}

static bool
ota_knows(const struct view *file, const struct format *format)
{
	return format != NULL && view_has(file, 0, "PK", 2) && has_footer(file);
}

static int
ota_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	struct ota ota = {.file = *file};
	size_t before = json_array_size(signatures);
	(void)err;
	*status = SIGNATURE_VALID;
	const char *wrong = has_footer(file) ? ota_read(&ota) : "there is no footer";
	if (wrong != NULL) {
		add_invalid(path, signatures, status, wrong);
		return 0;
	}
	char *where =
	    base_format("comment of the archive, at offset %ju",
			(uintmax_t)(file->size - ota.comment.size + ota.start));
	const struct cms_message message = {.content = &ota.content,
					    .path = path,
					    .scheme = "android-ota",
					    .format = "zip",
					    .where = where,
					    .trust = trust,
					    .signatures = signatures,
					    .status = status};
	cms_message_check(&message, &ota.message);
	for (size_t i = before; i < json_array_size(signatures); i++)
		tell(&ota, json_array_get(signatures, i));
	free(where);
	return 0;
}

/* Most zip archives have none. */
const struct scheme scheme_ota = {"android-ota", false, ota_knows, ota_check};
