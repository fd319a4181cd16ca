/*
 * ClamAV virus databases, .cvd and .cld ("CVD format" of the ClamAV manual).
 *
 *	header (512 bytes, fields between colons, blanks up to its end):
 *	    ClamAV-VDB : build time : version : signatures : functionality level :
 *	    MD5 : digital signature : builder : build time in seconds
 *	content: a tar archive, compressed with gzip in a .cvd
 *
 * The digital signature is over the MD5 alone: no other field of the header is vouched
 * for, so only the signature moves in a graft.
 */
#include "format/format_private.h"

#include <openssl/evp.h>

#define CVD_MAGIC  "ClamAV-VDB:"
#define CVD_HEADER 512
#define MD5_SIZE   16
#define MD5_DIGITS 32
/* RSA of 1024 bits, six bits a letter. */
#define SIGNATURE_MOST 171

enum cvd_field {
	CVD_NAME,
	CVD_TIME,
	CVD_VERSION,
	CVD_SIGNATURES,
	CVD_LEVEL,
	CVD_MD5,
	CVD_SIGNATURE,
	CVD_BUILDER,
	CVD_SECONDS, /* not in databases before 2004 */
	CVD_FIELDS
};

static const char *const field_names[CVD_FIELDS] = {
    "cvd header magic",
    "cvd header build time",
    "cvd header version",
    "cvd header signature count",
    "cvd header functionality level",
    "cvd header MD5",
    "cvd header digital signature",
    "cvd header builder",
    "cvd header build time in seconds",
};

struct cvd {
	struct {
		uint64_t offset, size;
	} fields[CVD_FIELDS];
	size_t count;
	uint64_t text; /* bytes of header before the blanks at its end */
	struct view content;
	bool packed;    /* the content is compressed: a .cvd */
	bool md5_fits;  /* the header's MD5 is that of the content */
	bool has_rsa;   /* the signature field holds something */
	bool plain_rsa; /* … that has the form of a signature */
};

static bool
is_alphabet(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '+' || byte == '/';
}

/* Where nobody signed, sigtool --unsigned writes "X". */
static void
read_signature(struct cvd *cvd, const struct view *view)
{
	uint64_t at = cvd->fields[CVD_SIGNATURE].offset;
	uint64_t size = cvd->fields[CVD_SIGNATURE].size;
	uint8_t byte = 0;
	cvd->has_rsa = size > 0 && !(size == 1 && view_has(view, at, "X", 1));
	cvd->plain_rsa = cvd->has_rsa && size <= SIGNATURE_MOST;
	for (uint64_t i = 0; i < size; i++) {
		if (view_u8(view, at + i, &byte) == -1 || !is_alphabet(byte))
			cvd->plain_rsa = false;
	}
}

static int
md5_fits(const struct view *header, uint64_t offset, uint64_t size,
	 const struct view *content, bool *fits, struct err *err)
{
	uint8_t digest[MD5_SIZE];
	char digits[MD5_DIGITS + 1];
	if (EVP_Digest(content->data, (size_t)content->size, digest, NULL, EVP_md5(),
		       NULL) != 1)
		return err_set(err, ERR_SYSTEM, "libcrypto has no MD5");
	hex_encode(digest, sizeof(digest), digits);
	*fits = size == MD5_DIGITS && view_has(header, offset, digits, MD5_DIGITS);
	return 0;
}

/* Cut the header into its fields. */
static int
read_fields(struct cvd *cvd, const struct view *view, struct err *err)
{
	uint64_t at = 0;
	uint8_t byte;
	cvd->text = CVD_HEADER;
	while (cvd->text > 0 && view_has(view, cvd->text - 1, " ", 1))
		cvd->text--;
	for (uint64_t i = 0; i < cvd->text; i++) {
		if (view_u8(view, i, &byte) == -1 || byte < ' ' || byte > '~')
			return err_set(err, ERR_INPUT,
				       "a byte at offset %ju of the ClamAV database "
				       "header is not text",
				       (uintmax_t)i);
	}
	for (;;) {
		uint64_t end = cvd->text;
		if (view_find(view, at, ":", 1, &end) == -1 || end > cvd->text)
			end = cvd->text;
		if (cvd->count == CVD_FIELDS)
			return err_set(err, ERR_INPUT,
				       "more than %d fields in the ClamAV database "
				       "header, from offset %ju on",
				       CVD_FIELDS, (uintmax_t)at);
		cvd->fields[cvd->count].offset = at;
		cvd->fields[cvd->count++].size = end - at;
		if (end == cvd->text)
			break;
		at = end + 1;
	}
	if (cvd->count <= CVD_BUILDER)
		return err_set(err, ERR_INPUT,
			       "only %zu fields in the ClamAV database header: %d are "
			       "expected",
			       cvd->count, CVD_FIELDS);
	return 0;
}

static int
cvd_read(struct cvd *cvd, const struct view *view, struct err *err)
{
	*cvd = (struct cvd){0};
	if (view->size < CVD_HEADER || !view_has(view, 0, CVD_MAGIC, strlen(CVD_MAGIC)))
		return err_set(err, ERR_INPUT, "no ClamAV database header of %d bytes",
			       CVD_HEADER);
	if (read_fields(cvd, view, err) == -1)
		return -1;
	cvd->content = view_from(view, CVD_HEADER);
	cvd->packed = view_has(&cvd->content, 0, "\x1f\x8b", 2);
	read_signature(cvd, view);
	return md5_fits(view, cvd->fields[CVD_MD5].offset, cvd->fields[CVD_MD5].size,
			&cvd->content, &cvd->md5_fits, err);
}

/* The list of members inside of a database begins with the same words, but in lines; a
 * database whose header has lines is one nevertheless, to ClamAV. */
static enum probe_answer
cvd_probe(const struct view *view)
{
	uint64_t newline;
	if (view->size < CVD_HEADER || !view_has(view, 0, CVD_MAGIC, strlen(CVD_MAGIC)))
		return PROBE_NO;
	bool lines = view_find(view, 0, "\n", 1, &newline) == 0 && newline < CVD_HEADER;
	return !lines || view_has(view, CVD_HEADER, "\x1f\x8b", 2) ||
		       view_has(view, CVD_HEADER, "COPYING", 7)
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
cvd_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct cvd cvd;
	if (cvd_read(&cvd, view, err) == -1)
		return -1;
	if (cvd.content.size == 0)
		return format_note(sink, NOTE_UNDECIDED, CVD_HEADER, err,
				   "no members found");
	struct member member = {
	    .path = cvd.packed ? "database.tar.gz" : "database.tar",
	    .type = MEMBER_FILE,
	};
	if (sink->begin(sink->context, &member, err) == -1 ||
	    sink->slice(sink->context, CVD_HEADER, cvd.content.size, err) == -1)
		return -1;
	/* freshclam writes a .cld with the MD5 of something else, and reads it so */
	if (!cvd.md5_fits &&
	    format_note(sink, cvd.packed ? NOTE_SUSPECT : NOTE_REMARK,
			cvd.fields[CVD_MD5].offset, err,
			"the MD5 in the header is not that of the content") == -1)
		return -1;
	if (cvd.has_rsa && !cvd.plain_rsa)
		return format_note(sink, NOTE_SUSPECT, cvd.fields[CVD_SIGNATURE].offset,
				   err,
				   "the digital signature has not the form of one");
	return 0;
}

static int
cvd_map(const struct view *view, struct map *map, struct err *err)
{
	struct cvd cvd;
	int result = cvd_read(&cvd, view, err);
	if (result == 0) {
		for (size_t i = 0; i < cvd.count; i++) {
			enum extent_tag tag = EXTENT_METADATA;
			if (i == CVD_MD5 && cvd.md5_fits)
				tag = EXTENT_DERIVED;
			/* without the MD5 that it signs it is no signature */
			if (i == CVD_SIGNATURE && cvd.plain_rsa && cvd.md5_fits)
				tag = EXTENT_SIGNATURE;
			map_add(map, cvd.fields[i].offset, cvd.fields[i].size, tag,
				EXTENT_NO_MEMBER, field_names[i], NULL);
		}
		map_add(map, cvd.text, CVD_HEADER - cvd.text, EXTENT_PADDING,
			EXTENT_NO_MEMBER, "cvd header padding", NULL);
	}
	map_add(map, 0, CVD_HEADER, EXTENT_METADATA, EXTENT_NO_MEMBER, "cvd header",
		NULL);
	if (view->size > CVD_HEADER)
		map_add(map, CVD_HEADER, view->size - CVD_HEADER, EXTENT_CONTENT, 0,
			"content", NULL);
	return result;
}

/* The rebuilt header's own fields, with the shipped signature among them. */
static int
graft_header(const struct view *shipped, const struct cvd *signed_cvd,
	     const struct view *rebuilt, const struct cvd *plain, struct buf *out,
	     struct err *err)
{
	for (size_t i = 0; i < plain->count; i++) {
		const struct view *view = i == CVD_SIGNATURE ? shipped : rebuilt;
		const struct cvd *cvd = i == CVD_SIGNATURE ? signed_cvd : plain;
		struct view field = {NULL, 0};
		if (view_sub(view, cvd->fields[i].offset, cvd->fields[i].size,
			     &field) == -1)
			return err_set(err, ERR_INPUT, "a header field is cut off");
		if (i > 0)
			buf_puts(out, ":");
		buf_append(out, field.data, (size_t)field.size);
	}
	if (out->size > CVD_HEADER)
		return err_set(err, ERR_INPUT,
			       "the rebuilt header has no room for the signature");
	while (out->size < CVD_HEADER)
		buf_puts(out, " ");
	return 0;
}

static enum graft_answer
cvd_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct cvd ours, theirs;
	bool fits;
	*graft = (struct graft){0};
	if (cvd_read(&theirs, shipped, err) == -1) {
		err_at(err, "in the shipped file");
		return GRAFT_FAILED;
	}
	if (!theirs.has_rsa)
		return GRAFT_NONE;
	if (!theirs.plain_rsa) {
		err_set(err, ERR_INPUT,
			"the digital signature of the shipped file has not the form "
			"of one");
		return GRAFT_FAILED;
	}
	if (cvd_read(&ours, rebuilt, err) == -1) {
		err_at(err, "in the rebuilt file");
		return GRAFT_FAILED;
	}
	if (md5_fits(shipped, theirs.fields[CVD_MD5].offset,
		     theirs.fields[CVD_MD5].size, &ours.content, &fits, err) == -1)
		return GRAFT_FAILED;
	if (!fits) {
		err_set(err, ERR_INPUT,
			"the digital signature is over an MD5 that is not that of the "
			"rebuilt content");
		return GRAFT_FAILED;
	}
	if (graft_header(shipped, &theirs, rebuilt, &ours, &graft->bytes, err) == -1) {
		graft_free(graft);
		return GRAFT_FAILED;
	}
	buf_append(&graft->bytes, ours.content.data, (size_t)ours.content.size);
	strings_addf(&graft->steps,
		     "digital signature in the header: %ju bytes from the shipped file",
		     (uintmax_t)theirs.fields[CVD_SIGNATURE].size);
	return GRAFT_DONE;
}

const struct format format_cvd = {
    .name = "cvd",
    .title = "ClamAV virus database",
    .probe = cvd_probe,
    .members = cvd_members,
    .map = cvd_map,
    .graft = cvd_graft,
};
