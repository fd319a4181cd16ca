/*
 * Debian binary packages, deb(5): an ar with "debian-binary" ("2.0\n"), then the
 * control archive, then the data archive. Whatever else stands in it is noted: dpkg
 * does not show it, so nobody would miss it in a listing.
 */
#include "format/record_private.h"

/* The three members in the order that deb(5) demands. */
enum deb_part { DEB_VERSION, DEB_CONTROL, DEB_DATA, DEB_COMPLETE };

static enum probe_answer
deb_probe(const struct view *view)
{
	/* "debian-binary" is followed by blanks or by the slash of GNU ar */
	return view_has(view, 0, "!<arch>\ndebian-binary", 21) ? PROBE_SURE : PROBE_NO;
}

/* Is `name` "STEM" or "STEM.SUFFIX"? */
static bool
is_archive(const char *name, const char *stem)
{
	size_t length = strlen(stem);
	return strncmp(name, stem, length) == 0 &&
	       (name[length] == '\0' || name[length] == '.');
}

static bool
is_part(const struct ar_entry *entry, enum deb_part part)
{
	const char *name = entry->name.data;
	if (entry->kind != AR_MEMBER)
		return false;
	switch (part) {
	case DEB_VERSION:
		return strcmp(name, "debian-binary") == 0;
	case DEB_CONTROL:
		return is_archive(name, "control.tar");
	case DEB_DATA:
		return is_archive(name, "data.tar");
	default:
		return false;
	}
}

static int
note_version(const struct view *view, const struct ar_entry *entry,
	     const struct member_sink *sink, struct err *err)
{
	if (view_has(view, entry->content, "2.", 2) && entry->size >= 4)
		return 0;
	return format_note(sink, NOTE_SUSPECT, entry->content, err,
			   "debian-binary does not say version 2");
}

/* What deb(5) does not foresee, for one entry out of its place. */
static int
note_stranger(const struct ar_entry *entry, const struct member_sink *sink,
	      struct err *err)
{
	char *shown = text_shown(entry->name.data);
	int result;
	if (strncmp(entry->name.data, "_gpg", 4) == 0)
		result = format_note(sink, NOTE_REMARK, entry->header, err,
				     "member '%s' is a signature that dpkg does not "
				     "check",
				     shown);
	else
		result = format_note(
		    sink, NOTE_SUSPECT, entry->header, err,
		    "member '%s' is not one that a .deb has at this place", shown);
	free(shown);
	return result;
}

static int
deb_entry(const struct view *view, const struct ar_entry *entry, enum deb_part *part,
	  const struct member_sink *sink, struct err *err)
{
	if (entry->kind == AR_MEMBER && ar_send(entry, sink, err) == -1)
		return -1;
	if (entry->naming != AR_SHORT &&
	    format_note(sink, NOTE_SUSPECT, entry->header, err,
			"a long ar name, which dpkg does not read") == -1)
		return -1;
	if (!is_part(entry, *part))
		return note_stranger(entry, sink, err);
	*part = (enum deb_part)(*part + 1);
	return *part == DEB_CONTROL ? note_version(view, entry, sink, err) : 0;
}

static int
deb_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	static const char *const names[] = {"debian-binary", "control.tar", "data.tar"};
	enum deb_part part = DEB_VERSION;
	struct ar_walk walk;
	int more;
	ar_walk_start(&walk, view);
	while ((more = ar_walk_next(&walk, err)) == 1) {
		if (deb_entry(view, &walk.entry, &part, sink, err) == -1)
			break;
	}
	ar_walk_end(&walk);
	if (more != 0)
		return -1;
	if (part != DEB_COMPLETE)
		return err_set(err, ERR_INPUT, "a .deb without its member '%s'",
			       names[part]);
	return 0;
}

/* ---- signatures ------------------------------------------------------------ */

/* A member that debsigs or dpkg-sig added, and nothing else: an OpenPGP signature,
 * binary or in text, under a name of theirs. */
static bool
is_signature(const struct view *view, const struct ar_entry *entry)
{
	struct view content;
	return entry->kind == AR_MEMBER && strncmp(entry->name.data, "_gpg", 4) == 0 &&
	       entry->naming == AR_SHORT && !entry->hidden_name &&
	       view_sub(view, entry->content, entry->size, &content) == 0 &&
	       (format_is_openpgp(&content) || format_is_openpgp_text(&content));
}

/* The whole member, from its header to its padding. */
static void
append_entry(const struct view *view, const struct ar_entry *entry, struct buf *out)
{
	struct view whole;
	uint64_t end = entry->content + entry->size + entry->padded;
	if (view_sub(view, entry->header, end - entry->header, &whole) == 0)
		buf_append(out, whole.data, (size_t)whole.size);
}

/* Append the members of a package that are signatures, or the others; how many. */
static int
append_members(const struct view *view, bool signatures, struct buf *out, size_t *count,
	       struct err *err)
{
	struct ar_walk walk;
	int more;
	*count = 0;
	ar_walk_start(&walk, view);
	while ((more = ar_walk_next(&walk, err)) == 1) {
		if (is_signature(view, &walk.entry) != signatures)
			continue;
		append_entry(view, &walk.entry, out);
		(*count)++;
	}
	ar_walk_end(&walk);
	return more;
}

/* The rebuilt package, signatures of its own left out, with the shipped ones at its end,
 * where both programs put them. */
static enum graft_answer
deb_graft(const struct view *shipped, const struct view *rebuilt, struct graft *graft,
	  struct err *err)
{
	struct buf signatures = {0};
	size_t count, others;
	enum graft_answer answer = GRAFT_FAILED;
	if (append_members(shipped, true, &signatures, &count, err) == -1) {
		err_at(err, "in the shipped file");
	} else if (count == 0) {
		answer = GRAFT_NONE;
	} else {
		struct view magic = {NULL, 0};
		if (view_sub(rebuilt, 0, 8, &magic) == 0)
			buf_append(&graft->bytes, magic.data, 8);
		if (append_members(rebuilt, false, &graft->bytes, &others, err) == -1) {
			err_at(err, "in the rebuilt file");
		} else {
			buf_append(&graft->bytes, signatures.data, signatures.size);
			strings_addf(&graft->steps,
				     "_gpg members: %zu bytes from the shipped file",
				     signatures.size);
			answer = GRAFT_DONE;
		}
	}
	buf_free(&signatures);
	return answer;
}

const struct format format_deb = {
    .name = "deb",
    .title = "Debian binary package",
    .refines = "ar",
    .probe = deb_probe,
    .members = deb_members,
    .map = ar_map,
    .graft = deb_graft,
};
