/*
 * Authenticode in Windows packages (.appx, .msix and bundles of them): the last entry
 * of the zip, AppxSignature.p7x, is "PKCX" and a PKCS #7. Its digest is a list of them,
 *
 *	"APPX"  AXPC digest  AXCD digest  AXCT digest  AXBM digest [ AXCI digest ]
 *
 * AXPC   the entries before the signature's, headers and all
 * AXCD   the directory and the end records, as if the signature were not there
 * AXCT   [Content_Types].xml, AXBM AppxBlockMap.xml, AXCI
 * AppxMetadata/CodeIntegrity.cat: what these members hold
 */
#include "signature/authenticode_private.h"

#define OID_SIP_INFO "1.3.6.1.4.1.311.2.1.30"

enum {
	MEMBER_MOST = 64 << 20, /* bytes of the members that are held in memory */
	SIP_SIZE = 16,
	TAG_SIZE = 4,
};

/* The members that the check reads. */
enum part { PART_TYPES, PART_BLOCKS, PART_INTEGRITY, PART_SIGNATURE, PART_COUNT };

static const char *const part_names[PART_COUNT] = {
    [PART_TYPES] = "[Content_Types].xml",
    [PART_BLOCKS] = "AppxBlockMap.xml",
    [PART_INTEGRITY] = "AppxMetadata/CodeIntegrity.cat",
    [PART_SIGNATURE] = "AppxSignature.p7x",
};

struct appx {
	struct zip_signature place;
	struct buf parts[PART_COUNT];
	bool there[PART_COUNT];
	bool cut; /* one is larger than what is held */
	/* while reading */
	const struct view *file;
	enum part part; /* PART_COUNT: another member */
};

/* ---- its members ---------------------------------------------------------- */

static int
on_begin(void *context, const struct member *member, struct err *err)
{
	struct appx *appx = context;
	(void)err;
	for (appx->part = 0; appx->part < PART_COUNT; appx->part++) {
		if (strcmp(member->path, part_names[appx->part]) == 0) {
			appx->there[appx->part] = true;
			break;
		}
	}
	return 0;
}

static int
on_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct appx *appx = context;
	(void)err;
	if (appx->part == PART_COUNT)
		return 0;
	struct buf *part = &appx->parts[appx->part];
	if (count > MEMBER_MOST - part->size)
		appx->cut = true;
	else
		buf_append(part, bytes, count);
	return 0;
}

static int
on_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct appx *appx = context;
	struct view part;
	if (appx->part == PART_COUNT ||
	    view_sub(appx->file, offset, length, &part) == -1)
		return 0;
	return on_data(context, part.data, (size_t)part.size, err);
}

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	(void)context;
	(void)kind;
	(void)offset;
	(void)text;
	(void)err;
	return 0;
}

static void
read_members(struct authenticode *checking, struct appx *appx)
{
	const struct member_sink sink = {appx, on_begin, on_slice, on_data, on_note};
	struct err trouble = {0};
	appx->part = PART_COUNT;
	if (format_by_name("msix")->members(checking->file, &sink, &trouble) == -1)
		judgement_add(&checking->found, SIGNATURE_NOT_CHECKED, "%s",
			      trouble.message);
	if (appx->cut)
		judgement_add(&checking->found, SIGNATURE_NOT_CHECKED,
			      "a member that tells of others is larger than 64 MiB");
}

/* ---- the digests ------------------------------------------------------------ */

/* The digest that the tag names; false for one that is not known here. */
static bool
digest_of_tag(const struct appx *appx, const char *tag,
	      const struct digest_algorithm *algorithm, struct digest *digest)
{
	static const struct {
		char tag[TAG_SIZE + 1];
		enum part part;
	} tags[] = {
	    {"AXCT", PART_TYPES}, {"AXBM", PART_BLOCKS}, {"AXCI", PART_INTEGRITY}};
	struct buf records = {0};
	struct view parts[3];
	for (size_t i = 0; i < ARRAY_COUNT(tags); i++) {
		if (strcmp(tag, tags[i].tag) != 0)
			continue;
		parts[0] = view_of_buf(&appx->parts[tags[i].part]);
		digest_of(algorithm, parts, 1, digest);
		return true;
	}
	zip_signature_without(&appx->place, parts, &records);
	bool known = strcmp(tag, "AXPC") == 0 || strcmp(tag, "AXCD") == 0;
	if (known && tag[3] == 'C')
		digest_of(algorithm, parts, 1, digest);
	else if (known)
		digest_of(algorithm, parts + 1, 2, digest);
	buf_free(&records);
	return known;
}

/* Is every digest there that has to be? */
static void
judge_seen(struct cms_entry *entry, const struct appx *appx, const char *seen)
{
	static const char *const wanted[] = {"AXPC", "AXCD", "AXCT", "AXBM", "AXCI"};
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		bool integrity = strcmp(wanted[i], "AXCI") == 0;
		if (strstr(seen, wanted[i]) == NULL &&
		    (!integrity || appx->there[PART_INTEGRITY]))
			judgement_add(&entry->found, SIGNATURE_INVALID,
				      "the signature lacks the digest %s", wanted[i]);
	}
}

/* One of the list; the list's first is shown as the signature's. */
static void
check_one(struct cms_entry *entry, const struct appx *appx, const char *tag,
	  const struct digest_algorithm *algorithm, const struct view *has, bool first)
{
	struct digest digest;
	if (!digest_of_tag(appx, tag, algorithm, &digest)) {
		char *shown = text_shown(tag);
		judgement_add(&entry->found, SIGNATURE_NOT_CHECKED,
			      "the signature has a digest '%s', which is not known "
			      "here",
			      shown);
		free(shown);
		return;
	}
	if (first)
		cms_entry_digest(entry, algorithm, has, &digest);
	if (!digest_is(&digest, has))
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the package is not the one that was signed: its %s, %s, "
			      "differs",
			      tag, algorithm->name);
}

static void
appx_digests(const struct authenticode *checking,
	     const struct digest_algorithm *algorithm, const struct view *has,
	     struct cms_entry *entry)
{
	const struct appx *appx = checking->subject;
	struct view rest = view_from(has, TAG_SIZE), none = {NULL, 0}, value;
	struct digest size;
	char seen[128] = "";
	digest_of(algorithm, &none, 1, &size);
	bool fine = view_has(has, 0, "APPX", TAG_SIZE);
	while (fine && rest.size > 0) {
		char tag[TAG_SIZE + 1] = {0};
		fine = view_sub(&rest, TAG_SIZE, size.size, &value) == 0 &&
		       strlen(seen) + TAG_SIZE + 2 < sizeof(seen);
		if (!fine)
			break;
		memcpy(tag, rest.data, TAG_SIZE);
		fine = strlen(tag) == TAG_SIZE && strstr(seen, tag) == NULL;
		if (fine)
			check_one(entry, appx, tag, algorithm, &value, *seen == '\0');
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s%s",
			 *seen != '\0' ? " " : "", tag);
		rest = view_from(&rest, TAG_SIZE + (uint64_t)size.size);
	}
	if (!fine)
		judgement_add(&entry->found, SIGNATURE_INVALID,
			      "the signature's list of digests is malformed");
	judge_seen(entry, appx, seen);
	char *shown = text_shown(seen);
	signature_fact(entry->json, "digests", shown);
	free(shown);
	struct view map = view_of_buf(&appx->parts[PART_BLOCKS]);
	appx_blocks_check(checking->file, &map, entry);
}

/* ---- the check -------------------------------------------------------------- */

static void
check_signed(struct authenticode *checking, struct appx *appx)
{
	struct judgement found = {0};
	read_members(checking, appx);
	struct view whole = view_of_buf(&appx->parts[PART_SIGNATURE]), der;
	struct view room = view_from(&whole, TAG_SIZE);
	if (!view_has(&whole, 0, "PKCX", TAG_SIZE))
		judgement_add(&found, SIGNATURE_INVALID,
			      "AppxSignature.p7x does not begin with PKCX");
	authenticode_take(&room, "AppxSignature.p7x", &der, &found);
	if (der.size < room.size && found.status == SIGNATURE_VALID)
		judgement_add(&found, SIGNATURE_INVALID,
			      "zeros follow the signature inside AppxSignature.p7x");
	checking->tops[checking->top_count++] = der;
	authenticode_signature(checking, &der, "0", "entry AppxSignature.p7x", &found);
	judgement_free(&found);
}

static void
appx_check(struct authenticode *checking)
{
	struct appx appx = {.file = checking->file};
	checking->subject = &appx;
	checking->covers = "all";
	zip_signature_open(&appx.place, checking->file, "msix", "APPX signature");
	if (appx.place.sound) {
		check_signed(checking, &appx);
	} else if (appx.place.fault != NULL) {
		char *reason = base_format("the package has an %s", appx.place.fault);
		authenticode_only(checking, "0", NULL, SIGNATURE_INVALID, reason);
		free(reason);
	} else {
		authenticode_only(checking, "0", NULL, SIGNATURE_UNSIGNED,
				  "the package has no entry AppxSignature.p7x");
	}
	zip_signature_close(&appx.place);
	for (size_t i = 0; i < PART_COUNT; i++)
		buf_free(&appx.parts[i]);
}

static void
appx_coverage(const struct authenticode *checking, json_t *entry)
{
	const struct appx *appx = checking->subject;
	zip_signature_cover(&appx->place, entry);
}

static bool
appx_knows(const struct view *file, const struct format *format)
{
	(void)file;
	return format_is(format, "msix");
}

/* SpcSipInfo: {0AC5DF4B-CE07-4DE2-B76E-23C839A09FD1}, and of bundles
 * {0F5F58B3-AADE-4B9A-A434-95742D92ECEB}. */
static const uint8_t package_sip[SIP_SIZE] = {0x4b, 0xdf, 0xc5, 0x0a, 0x07, 0xce,
					      0xe2, 0x4d, 0xb7, 0x6e, 0x23, 0xc8,
					      0x39, 0xa0, 0x9f, 0xd1};
static const uint8_t bundle_sip[SIP_SIZE] = {0xb3, 0x58, 0x5f, 0x0f, 0xde, 0xaa,
					     0x9a, 0x4b, 0xa4, 0x34, 0x95, 0x74,
					     0x2d, 0x92, 0xec, 0xeb};

const struct authenticode_kind authenticode_appx = {.format = "msix",
						    .title = "Windows package",
						    .noun = "package",
						    .type = OID_SIP_INFO,
						    .usual = true,
						    .sip = package_sip,
						    .other_sip = bundle_sip,
						    .knows = appx_knows,
						    .check = appx_check,
						    .digests = appx_digests,
						    .coverage = appx_coverage};
