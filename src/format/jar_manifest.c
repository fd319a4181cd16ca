/*
 * Manifests of Java archives as they were before they were signed (JAR File
 * Specification, "Signed JAR File"): who signs adds to the section of each member an
 * attribute "SHA-256-Digest: BASE64", and a section where the member had none. Lines
 * are folded after 72 bytes.
 */
#include "format/zip_private.h"

/* One section, its lines as they stand. */
struct section {
	struct view whole; /* with the empty line behind it */
	struct buf kept;   /* without digests */
	struct buf name;   /* of the member; empty: the main section */
	size_t lines;      /* that are kept, without the name */
	size_t digests;
};

struct stripping {
	jar_digest_holds *holds;
	void *context;
	struct buf *out;
};

/* Take a line with those that are folded below it: `raw` as it stands, `text` whole. */
static int
take_attribute(struct view *rest, struct view *raw, struct buf *text)
{
	uint64_t at = 0, end;
	buf_clear(text);
	do {
		if (view_find(rest, at, "\n", 1, &end) == -1)
			return -1;
		uint64_t stop = end > at && rest->data[end - 1] == '\r' ? end - 1 : end;
		uint64_t start = at > 0 ? at + 1 : at; /* without the blank */
		if (stop > start)
			buf_append(text, rest->data + start, (size_t)(stop - start));
		at = end + 1;
	} while (view_has(rest, at, " ", 1));
	view_sub(rest, 0, at, raw);
	*rest = view_from(rest, at);
	return 0;
}

/* "SHA-256-Digest: BASE64": NUL-ended parts in `text`; false when it is no digest. */
static bool
split_digest(struct buf *text, const char **algorithm, const char **base64)
{
	static const char middle[] = "-Digest: ";
	char *at = text->size > 0 ? strstr(text->data, middle) : NULL;
	if (at == NULL)
		return false;
	*at = '\0';
	*algorithm = text->data;
	*base64 = at + sizeof(middle) - 1;
	return strchr(*algorithm, ':') == NULL;
}

static int
add_attribute(struct section *section, const struct stripping *stripping,
	      const struct view *raw, struct buf *text, struct err *err)
{
	static const char name[] = "Name: ";
	const char *algorithm, *base64;
	bool first = section->kept.size == 0;
	if (first && text->size > sizeof(name) - 1 &&
	    memcmp(text->data, name, sizeof(name) - 1) == 0) {
		buf_puts(&section->name, text->data + sizeof(name) - 1);
	} else if (section->name.size > 0 && split_digest(text, &algorithm, &base64)) {
		if (!stripping->holds(stripping->context, section->name.data, algorithm,
				      base64)) {
			char *shown = text_shown(section->name.data);
			err_set(err, ERR_INPUT,
				"a digest of '%s' in the manifest does not hold",
				shown);
			free(shown);
			return -1;
		}
		section->digests++;
		return 0;
	} else {
		section->lines++;
	}
	buf_append(&section->kept, raw->data, (size_t)raw->size);
	return 0;
}

/* A section that held digests alone was added by the signer. */
static void
section_end(struct section *section, const struct stripping *stripping,
	    const struct view *empty)
{
	if (section->digests == 0 || section->lines > 0) {
		buf_append(stripping->out, section->kept.data ? section->kept.data : "",
			   section->kept.size);
		buf_append(stripping->out, empty->data, (size_t)empty->size);
	}
	buf_free(&section->kept);
	buf_free(&section->name);
	*section = (struct section){0};
}

int
jar_manifest_strip(const struct view *text, jar_digest_holds *holds, void *context,
		   struct buf *stripped, struct err *err)
{
	const struct stripping stripping = {holds, context, stripped};
	struct view rest = *text, raw;
	uint64_t nul;
	struct section section = {0};
	struct buf line = {0};
	int result = 0;
	if (view_find(text, 0, "\0", 1, &nul) == 0)
		return err_set(err, ERR_INPUT, "a NUL in the manifest");
	while (result == 0 && rest.size > 0) {
		if (take_attribute(&rest, &raw, &line) == -1)
			result = err_set(err, ERR_INPUT,
					 "a last line of the manifest without its end");
		else if (line.size == 0)
			section_end(&section, &stripping, &raw);
		else
			result = add_attribute(&section, &stripping, &raw, &line, err);
	}
	if (result == 0)
		section_end(&section, &stripping, &(struct view){text->data, 0});
	buf_free(&section.kept);
	buf_free(&section.name);
	buf_free(&line);
	return result;
}
