/*
 * Signed Java archives, and Mozilla's extensions, which are signed in the same way: an
 * entry for each signer of a META-INF/NAME.RSA (.DSA, .EC), which is signed data over
 * META-INF/NAME.SF. Each signer covers the members that its file names, and any number
 * of others may have been added since: those are listed.
 */
#include "signature/jar_private.h"

#define OID_DATA "1.2.840.113549.1.7.1"

enum {
	SIGNERS_MOST = 64,
	UNCOVERED_MOST = 1000, /* names in the findings */
	NAMES_MOST = 5,        /* in a note */
};

/* What all signers of one archive share. */
struct signing {
	const struct jar *jar;
	const struct jar_kind *kind;
	const char *path;
	const struct trust *trust;
	void (*extra)(void *context, const char *versions, struct judgement *found);
	void *context;
	json_t *signatures;
	enum signature_status *status;
	size_t count;
};

/* ---- coverage ---------------------------------------------------------------- */

static bool
is_signatures(const struct jar_member *member)
{
	return member->role == JAR_FILE || member->role == JAR_BLOCK;
}

/* Is the member one that a signer should cover, and does not? */
static bool
is_uncovered(const struct jar_coverage *coverage, const struct jar *jar, size_t i)
{
	const struct jar_member *member = &jar->members[i];
	if (member->role == JAR_MANIFEST)
		return !coverage->manifest;
	return member->role != JAR_FOLDER && !is_signatures(member) &&
	       !coverage->covered[i];
}

/* Name those of them: all, or those outside of META-INF. How many. */
static size_t
name_uncovered(const struct jar *jar, const struct jar_coverage *coverage, bool outside,
	       json_t *list, struct buf *names)
{
	size_t count = 0;
	for (size_t i = 0; i < jar->count; i++) {
		const char *path = jar->members[i].path;
		if (!is_uncovered(coverage, jar, i) ||
		    (outside && strncmp(path, "META-INF/", 9) == 0))
			continue;
		char *shown = text_shown(path);
		if (count < NAMES_MOST)
			buf_printf(names, "%s'%s'", count > 0 ? ", " : "", shown);
		if (count++ < UNCOVERED_MOST && list != NULL)
			json_array_append_new(list, json_string(shown));
		free(shown);
	}
	if (count > NAMES_MOST)
		buf_printf(names, " and %zu more", count - NAMES_MOST);
	return count;
}

static void
tell_uncovered(struct cms_entry *entry, const struct signing *signing,
	       const struct jar_coverage *coverage)
{
	json_t *list = json_array();
	struct buf names = {0}, outside = {0};
	size_t count = name_uncovered(signing->jar, coverage, false, list, &names);
	json_object_set_new(entry->json, "covers",
			    json_string(count == 0 ? "all" : "part"));
	if (count > 0) {
		strings_addf(&entry->notes, "it does not cover %zu of the entries: %s",
			     count, names.data);
		json_object_set(json_object_get(entry->json, "coverage"), "uncovered",
				list);
	}
	if (signing->kind->everything &&
	    name_uncovered(signing->jar, coverage, true, NULL, &outside) > 0)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "entries that it does not cover: %s", outside.data);
	json_decref(list);
	buf_free(&names);
	buf_free(&outside);
}

static bool
starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* A range on its way to the byte map: neighbours of one kind become one, for an archive
 * has many of them. */
struct range {
	uint64_t offset, length;
	enum coverage_kind kind;
	const char *what; /* NULL: nobody claims it */
};

/* What is a member's content? Nothing when nobody signed it. */
static void
tell_content(const struct jar *jar, const struct jar_coverage *coverage,
	     const struct extent *extent, struct range *range)
{
	const struct jar_member *member = &jar->members[extent->member];
	if (member->role == JAR_FOLDER) { /* nothing, compressed */
		bool empty = extent->length == 2 &&
			     view_has(&jar->file, extent->offset, "\3\0", 2);
		range->what = empty ? range->what : NULL;
		return;
	}
	range->kind = is_signatures(member) ? COVERAGE_SIGNATURE : COVERAGE_SIGNED;
	range->what = is_signatures(member) ? "signature" : "zip entries";
	if (is_uncovered(coverage, jar, extent->member))
		range->what = NULL;
}

static struct range
range_of(const struct jar *jar, const struct jar_coverage *coverage,
	 const struct extent *extent)
{
	struct range range = {extent->offset, extent->length, COVERAGE_STRUCTURAL,
			      NULL};
	struct view gap;
	if (extent->member < jar->count) {
		if (strcmp(extent->name, "zip central header comment") != 0)
			range.what = "zip headers";
		if (strcmp(extent->name, "content") == 0)
			tell_content(jar, coverage, extent, &range);
	} else if (starts(extent->name, "APK ")) {
		range.kind = COVERAGE_SIGNATURE;
		range.what = "signing block";
	} else if (starts(extent->name, "zip end") || starts(extent->name, "zip64")) {
		range.what = "zip headers";
	} else if (view_sub(&jar->file, extent->offset, extent->length, &gap) == 0 &&
		   view_is_zero(&gap)) {
		range.what = "zeros"; /* what aligns a signing block */
	}
	return range;
}

static bool
goes_on(const struct range *run, const struct range *next)
{
	return run->what != NULL && next->what != NULL &&
	       strcmp(run->what, next->what) == 0 && run->kind == next->kind &&
	       next->offset == run->offset + run->length;
}

static void
cover(json_t *json, const struct jar *jar, const struct jar_coverage *coverage)
{
	struct map *map = format_map(jar->format, &jar->file, NULL);
	struct range run = {0};
	coverage_add(json, 0, 0, COVERAGE_STRUCTURAL, "");
	for (size_t i = 0; i <= map->count; i++) {
		struct range next = {0};
		if (i < map->count)
			next = range_of(jar, coverage, &map->extents[i]);
		if (goes_on(&run, &next)) {
			run.length += next.length;
			continue;
		}
		if (run.what != NULL)
			coverage_add(json, run.offset, run.length, run.kind, run.what);
		run = next;
	}
	map_free(map);
}

/* ---- one signer --------------------------------------------------------------- */

static void
start_entry(struct signing *signing, struct cms_entry *entry,
	    const struct jar_member *where)
{
	char index[24];
	snprintf(index, sizeof(index), "%zu", signing->count++);
	char *shown = text_shown(where->path);
	*entry = (struct cms_entry){.trust = signing->trust,
				    .purpose = signing->kind->purpose};
	entry->json =
	    signature_entry(signing->signatures, signing->path, signing->kind->scheme,
			    index, SIGNATURE_NOT_CHECKED, NULL);
	json_object_set_new(entry->json, "format",
			    json_string(signing->jar->format->name));
	char *text = base_format("entry %s", shown);
	json_object_set_new(entry->json, "where", json_string(text));
	judgement_merge(&entry->found, &signing->jar->found);
	const struct strings *tricks = &signing->jar->tricks;
	for (size_t i = 0; i < tricks->count && !signing->jar->sealed; i++)
		judgement_add(&entry->found, SIGNATURE_INVALID, "%s", tricks->items[i]);
	free(text);
	free(shown);
}

/* A file of a signature that lacks the other ones. */
static void
add_fault(struct signing *signing, const struct jar_member *where, const char *fault)
{
	struct cms_entry entry;
	start_entry(signing, &entry, where);
	judgement_add(&entry.found, SIGNATURE_INVALID, "%s", fault);
	cms_entry_conclude(&entry, signing->status);
}

static void
check_signer(struct signing *signing, const struct jar_member *block,
	     const struct view *file, const struct jar_coverage *coverage,
	     const struct cms *cms, size_t number)
{
	const struct cms_signer *signer = cms_signer_at(cms, number);
	struct cms_expected expected = {
	    .content_type = OID_DATA, .content = *file, .bare = true};
	struct cms_entry entry;
	start_entry(signing, &entry, block);
	cover(entry.json, signing->jar, coverage);
	judgement_merge(&entry.found, &coverage->found);
	for (size_t i = 0; i < coverage->notes.count; i++)
		strings_add(&entry.notes, coverage->notes.items[i]);
	for (size_t i = 0; i < signing->jar->read.odd.count; i++)
		strings_addf(&entry.notes, "the manifest has %s",
			     signing->jar->read.odd.items[i]);
	if (strcmp(cms->content_type, OID_DATA) != 0 ||
	    (cms->content.whole.size != 0 && !view_equal(&cms->content.value, file)))
		judgement_add(&entry.found, SIGNATURE_INVALID,
			      "the signature holds another content than the "
			      "signature file");
	if (signing->extra != NULL)
		signing->extra(signing->context, coverage->versions, &entry.found);
	tell_uncovered(&entry, signing, coverage);
	cms_entry_signer(&entry, cms, signer, &expected);
	cms_entry_conclude(&entry, signing->status);
}

static void
check_block(struct signing *signing, const struct jar_member *block,
	    const struct jar_member *file)
{
	struct view der = view_of_buf(&block->bytes), text = view_of_buf(&file->bytes);
	struct jar_coverage coverage;
	struct cms *cms = NULL;
	struct err err = {0};
	if (cms_parse_loose(&der, &cms, &err) == -1) {
		char *fault = base_format("malformed signature: %s", err.message);
		add_fault(signing, block, fault);
		free(fault);
		return;
	}
	jar_file_check(signing->jar, file, signing->kind->whole, &coverage);
	for (size_t i = 0; cms_signer_at(cms, i) != NULL; i++)
		check_signer(signing, block, &text, &coverage, cms, i);
	jar_coverage_free(&coverage);
	cms_free(cms);
}

/* Do both have one name before their ends? */
static bool
belong_together(const struct jar_member *file, const struct jar_member *block)
{
	const char *one = strrchr(file->path, '.'), *other = strrchr(block->path, '.');
	return one - file->path == other - block->path &&
	       strncasecmp(file->path, block->path, (size_t)(one - file->path)) == 0;
}

static const struct jar_member *
find_other(const struct jar *jar, const struct jar_member *member, enum jar_role role)
{
	for (size_t i = 0; i < jar->count; i++) {
		const struct jar_member *file = &jar->members[i], *block = member;
		if (file->role == role && belong_together(file, block))
			return file;
	}
	return NULL;
}

size_t
jar_check_signers(const struct jar *jar, const struct jar_kind *kind, const char *path,
		  const struct trust *trust,
		  void (*extra)(void *context, const char *versions,
				struct judgement *found),
		  void *context, json_t *signatures, enum signature_status *status)
{
	struct signing signing = {jar,     kind,       path,   trust, extra,
				  context, signatures, status, 0};
	for (size_t i = 0; i < jar->count; i++) {
		const struct jar_member *member = &jar->members[i], *file;
		if (!is_signatures(member))
			continue;
		if (signing.count == kind->signers_most) {
			add_fault(&signing, member, "there are too many signatures");
			break;
		}
		bool block = member->role == JAR_BLOCK;
		file = find_other(jar, member, block ? JAR_FILE : JAR_BLOCK);
		if (file == NULL)
			add_fault(&signing, member,
				  block ? "the signature file that it signs is not "
					  "there"
					: "the signature of this signature file is "
					  "not there");
		else if (block)
			check_block(&signing, member, file);
	}
	return signing.count;
}

/* ---- the rows ------------------------------------------------------------------ */

static const struct jar_kind kind_jar = {"jar", CHAIN_CODE_SIGNING, false, false,
					 SIGNERS_MOST};
static const struct jar_kind kind_xpi = {"xpi", CHAIN_CODE_SIGNING, true, false,
					 SIGNERS_MOST};

static bool
jar_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "jar");
}

static bool
xpi_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "xpi");
}

/* An archive without a signature, unless it could not be read: it may have one then. */
static void
add_none(const struct jar *jar, const struct jar_kind *kind, const char *path,
	 json_t *signatures, enum signature_status *status)
{
	struct judgement found = {0};
	if (jar->found.status == SIGNATURE_NOT_CHECKED)
		judgement_merge(&found, &jar->found);
	else
		judgement_add(&found, SIGNATURE_UNSIGNED,
			      "the archive has no signature in META-INF");
	json_t *entry =
	    judgement_entry(&found, signatures, path, kind->scheme, "0", status);
	json_object_set_new(entry, "format", json_string(kind->scheme));
	judgement_free(&found);
}

/* Mozilla's second signature, in COSE (RFC 8152), of a manifest of its own. */
static void
add_cose(const struct jar_kind *kind, const char *path, size_t number,
	 json_t *signatures, enum signature_status *status)
{
	char index[24];
	snprintf(index, sizeof(index), "%zu", number);
	json_t *entry = signature_entry(
	    signatures, path, kind->scheme, index, SIGNATURE_NOT_CHECKED,
	    "a COSE signature of another manifest, which was not checked");
	json_object_set_new(entry, "format", json_string(kind->scheme));
	json_object_set_new(entry, "where", json_string("entry META-INF/cose.sig"));
	signature_worsen(status, SIGNATURE_NOT_CHECKED);
}

static int
check(const struct view *file, const struct jar_kind *kind, const char *path,
      const struct trust *trust, json_t *signatures, enum signature_status *status)
{
	struct jar jar;
	*status = SIGNATURE_VALID;
	jar_open(&jar, file, format_by_name(kind->scheme));
	size_t count =
	    jar_check_signers(&jar, kind, path, trust, NULL, NULL, signatures, status);
	if (jar_find(&jar, "META-INF/cose.sig") != NULL)
		add_cose(kind, path, count++, signatures, status);
	if (count == 0)
		add_none(&jar, kind, path, signatures, status);
	jar_close(&jar);
	return 0;
}

static int
jar_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	(void)err;
	return check(file, &kind_jar, path, trust, signatures, status);
}

static int
xpi_check(const struct view *file, const char *path, const struct trust *trust,
	  json_t *signatures, enum signature_status *status, struct err *err)
{
	(void)err;
	return check(file, &kind_xpi, path, trust, signatures, status);
}

const struct scheme scheme_jar = {"jar", false, jar_knows, jar_check};
const struct scheme scheme_xpi = {"xpi", true, xpi_knows, xpi_check};
