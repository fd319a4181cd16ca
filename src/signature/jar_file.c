/*
 * Signature files, META-INF/NAME.SF (JAR File Specification, "Signature File"): digests
 * of the manifest, of its main section, and of its other sections. What a signer
 * covers are the members whose section it names, and no more: a manifest may have been
 * made longer after it signed.
 */
#include "signature/jar_private.h"

#define NAMES_MOST 5 /* of members, in one reason */

/* One signature file on its way to a coverage. */
struct checking {
	const struct jar *jar;
	struct jar_manifest file;
	struct jar_coverage *coverage;
	bool whole_holds;
	size_t sections, held; /* sections that are named, and those that are right */
	struct strings absent, changed, altered, unnamed; /* shown names */
	size_t absent_more, changed_more, altered_more, unnamed_more;
};

/* ---- reasons ---------------------------------------------------------------- */

static void
name_one(struct strings *names, size_t *more, const char *name)
{
	if (names->count == NAMES_MOST) {
		(*more)++;
		return;
	}
	char *shown = text_shown(name);
	strings_add(names, shown);
	free(shown);
}

/* "WHAT: 'a', 'b' and 3 more" */
static void
judge_names(struct jar_coverage *coverage, const struct strings *names, size_t more,
	    const char *what)
{
	struct buf text = {0};
	if (names->count == 0)
		return;
	for (size_t i = 0; i < names->count; i++)
		buf_printf(&text, "%s'%s'", i > 0 ? ", " : "", names->items[i]);
	if (more > 0)
		buf_printf(&text, " and %zu more", more);
	judgement_add(&coverage->found, SIGNATURE_INVALID, "%s: %s", what, text.data);
	buf_free(&text);
}

/* ---- the main section --------------------------------------------------------- */

static void
check_head(struct checking *checking)
{
	struct jar_coverage *coverage = checking->coverage;
	const struct jar_section *head = &checking->file.sections[0];
	const char *version = jar_section_value(head, "Signature-Version");
	for (size_t i = 0; i < checking->file.faults.count; i++)
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "the signature file has %s",
			      checking->file.faults.items[i]);
	for (size_t i = 0; i < checking->file.odd.count; i++)
		strings_addf(&coverage->notes, "the signature file has %s",
			     checking->file.odd.items[i]);
	if (version == NULL)
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "the signature file does not say its version");
	else if (strcmp(version, "1.0") != 0)
		strings_add(&coverage->notes,
			    "the signature file is of another version than 1.0");
	version = jar_section_value(head, "X-Android-APK-Signed");
	if (version != NULL)
		coverage->versions = base_strdup(version);
}

/* The digests of the manifest and of its main section. */
static void
check_manifest(struct checking *checking)
{
	struct jar_coverage *coverage = checking->coverage;
	const struct jar *jar = checking->jar;
	const struct jar_section *head = &checking->file.sections[0];
	const struct jar_section *main = &jar->read.sections[0];
	const char *maker = jar_section_value(head, "Created-By");
	/* this old tool of Android's wrote it without the name */
	bool signtool = maker != NULL && strstr(maker, "signtool") != NULL;
	struct view text = view_of_buf(&jar->manifest->bytes);
	struct jar_digests main_digests;
	jar_digests_check(head, signtool ? "-Digest" : "-Digest-Manifest", &text,
			  &(struct view){NULL, 0}, &coverage->digests);
	jar_digests_check(head, "-Digest-Manifest-Main-Attributes", &main->bytes,
			  &main->bare, &main_digests);
	checking->whole_holds =
	    coverage->digests.known > 0 && !coverage->digests.differs;
	if (main_digests.differs)
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "the main section of the manifest is not the one that "
			      "was signed");
	if (coverage->digests.differs)
		strings_add(&coverage->notes,
			    "the manifest is not the one that was signed, but its "
			    "sections may be: another signer may have added to it");
	else if (coverage->digests.known == 0 && main_digests.known == 0)
		strings_add(&coverage->notes,
			    "nobody signed the main section of the manifest");
	coverage->manifest = checking->whole_holds || main_digests.known > 0;
}

/* ---- the other sections ------------------------------------------------------- */

/* A member whose section in the manifest is signed. */
static void
check_member(struct checking *checking, const struct jar_section *section, bool strong)
{
	struct jar_coverage *coverage = checking->coverage;
	const struct jar_member *member = jar_find(checking->jar, section->name);
	bool has_digest = false, is_digest;
	for (size_t i = 0; i < section->count; i++) {
		jar_digest_named(section->attributes[i].name, "-Digest", &is_digest);
		has_digest = has_digest || is_digest;
	}
	if (!has_digest)
		return; /* attributes alone, of a package for example */
	if (jar_section_value(section, "Magic") != NULL)
		judgement_add(&coverage->found, SIGNATURE_NOT_CHECKED,
			      "the manifest asks for a kind of digest that is not "
			      "known here");
	if (member == NULL)
		name_one(&checking->absent, &checking->absent_more, section->name);
	else if (member->digests.differs)
		name_one(&checking->changed, &checking->changed_more, section->name);
	else if (member->digests.known == 0)
		judgement_add(&coverage->found, SIGNATURE_NOT_CHECKED,
			      "digests of algorithms that are not known here");
	else {
		coverage->covered[member - checking->jar->members] = true;
		coverage->members++;
		coverage->weak += !strong || !member->digests.strong;
	}
}

static void
check_section(struct checking *checking, const struct jar_section *says)
{
	const struct jar_section *section =
	    jar_manifest_find(&checking->jar->read, says->name);
	struct jar_digests digests;
	checking->sections++;
	if (section == NULL) {
		name_one(&checking->unnamed, &checking->unnamed_more, says->name);
		return;
	}
	jar_digests_check(says, "-Digest", &section->bytes, &section->bare, &digests);
	if (!checking->whole_holds && digests.differs) {
		name_one(&checking->altered, &checking->altered_more, says->name);
		return;
	}
	if (!checking->whole_holds && digests.known == 0)
		return;
	checking->held++;
	bool whole = checking->whole_holds && checking->coverage->digests.strong;
	check_member(checking, section, whole || (digests.strong && !digests.differs));
}

/* Is there anything to sign but the manifest? */
static bool
has_content(const struct jar *jar)
{
	for (size_t i = 0; i < jar->count; i++) {
		if (jar->members[i].role == JAR_CONTENT)
			return true;
	}
	return false;
}

static void
check_sections(struct checking *checking, bool whole)
{
	const struct jar_manifest *manifest = &checking->jar->read;
	struct jar_coverage *coverage = checking->coverage;
	for (size_t i = 1; i < checking->file.count; i++)
		check_section(checking, &checking->file.sections[i]);
	for (size_t i = 1; whole && checking->whole_holds && i < manifest->count; i++)
		check_member(checking, &manifest->sections[i],
			     coverage->digests.strong);
	coverage->manifest =
	    checking->whole_holds ||
	    (coverage->manifest && checking->held + 1 == manifest->count);
	judge_names(coverage, &checking->absent, checking->absent_more,
		    "entries that were signed are not there");
	judge_names(coverage, &checking->changed, checking->changed_more,
		    "entries whose bytes are not those that were signed");
	judge_names(coverage, &checking->altered, checking->altered_more,
		    "sections of the manifest that are not those that were signed");
	judge_names(coverage, &checking->unnamed, checking->unnamed_more,
		    "sections that were signed are not in the manifest");
	if (coverage->members == 0 && has_content(checking->jar))
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "it covers no entry of the archive");
	if (coverage->weak > 0)
		judgement_add(&coverage->found, SIGNATURE_WEAK,
			      "the digests of %zu entries are by broken algorithms "
			      "alone",
			      coverage->weak);
	if (coverage->digests.unknown > 0)
		strings_add(&coverage->notes, "a digest of the manifest is by an "
					      "algorithm that is not known here");
}

void
jar_file_check(const struct jar *jar, const struct jar_member *file, bool whole,
	       struct jar_coverage *coverage)
{
	struct checking checking = {.jar = jar, .coverage = coverage};
	struct view text = view_of_buf(&file->bytes);
	*coverage =
	    (struct jar_coverage){.covered = base_alloc(jar->count + 1, sizeof(bool))};
	jar_manifest_read(&text, &checking.file);
	if (jar->manifest == NULL || jar->read.count == 0) {
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "the archive has no manifest");
	} else if (checking.file.count == 0) {
		judgement_add(&coverage->found, SIGNATURE_INVALID,
			      "the signature file is empty");
	} else {
		check_head(&checking);
		check_manifest(&checking);
		check_sections(&checking, whole);
	}
	strings_free(&checking.absent);
	strings_free(&checking.changed);
	strings_free(&checking.altered);
	strings_free(&checking.unnamed);
	jar_manifest_free(&checking.file);
}

void
jar_coverage_free(struct jar_coverage *coverage)
{
	free(coverage->covered);
	free(coverage->versions);
	judgement_free(&coverage->found);
	strings_free(&coverage->notes);
	*coverage = (struct jar_coverage){0};
}
