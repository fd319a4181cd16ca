/*
 * The verdict: a pure function of the findings.
 *
 * What is fine has to be shown to be fine: a word that is not known here, a field that
 * is missing and a claim without its proof are undecided, and a claim that its own
 * proof contradicts is a difference. Nothing here trusts a count or a verdict that
 * is already in the document.
 */
#include "report/report_private.h"

#include <ctype.h>

enum bytes_verdict {
	BYTES_REPRODUCED,
	BYTES_SIGNATURE_ONLY,
	BYTES_EXPLAINED,
	BYTES_UNDECIDED,
	BYTES_DIFFERS,
};

static const char *const bytes_names[] = {
    [BYTES_REPRODUCED] = "reproduced",
    [BYTES_SIGNATURE_ONLY] = "reproduced-except-signature",
    [BYTES_EXPLAINED] = "explained",
    [BYTES_UNDECIDED] = "undecided",
    [BYTES_DIFFERS] = "differs",
};

/* The statuses of files, and what each does to the verdict on bytes. */
static const struct {
	const char *name;
	enum bytes_verdict verdict;
	bool compared; /* both sides were read and compared */
} statuses[] = {
    {"identical", BYTES_REPRODUCED, true},
    {"signature-only", BYTES_SIGNATURE_ONLY, true},
    {"explained", BYTES_EXPLAINED, true},
    {"different", BYTES_DIFFERS, true},
    {"missing", BYTES_DIFFERS, false},
    {"extra", BYTES_DIFFERS, false},
    {"unbuilt", BYTES_REPRODUCED, false}, /* stands beside the verdict */
    {"unaccounted", BYTES_DIFFERS, false},
    {"undecided", BYTES_UNDECIDED, false},
};

enum { STATUS_UNKNOWN = ARRAY_COUNT(statuses) - 1 }; /* read as "undecided" */

/* Signature statuses from best to worst. */
static const char *const signature_names[] = {
    "valid",   "not-checked", "unsigned", "weak",
    "expired", "untrusted",   "revoked",  "invalid",
};

enum { SIGNATURE_ROW_VALID, SIGNATURE_ROW_NOT_CHECKED };

/* What is gathered while reading the document. */
struct judgement {
	const json_t *findings;
	json_t *counts; /* of the files and signatures, counted once */
	uint8_t *each;  /* file by file: what its entry shows (enum bytes_verdict) */
	enum bytes_verdict bytes;
	bool compared;      /* the command compares bytes */
	bool undecided;     /* something could not be looked at */
	bool policy_broken; /* the release's policy, or a source's signature */
	bool signature_bad; /* of those that "signatures" was asked about */
	json_t *reasons, *not_said;
};

static size_t
status_row(const json_t *file)
{
	const char *status = finding_string(file, "status");
	for (size_t i = 0; status != NULL && i < ARRAY_COUNT(statuses); i++) {
		if (strcmp(statuses[i].name, status) == 0)
			return i;
	}
	return STATUS_UNKNOWN;
}

static size_t
signature_row(const json_t *signature)
{
	const char *status = finding_string(signature, "status");
	for (size_t i = 0; status != NULL && i < ARRAY_COUNT(signature_names); i++) {
		if (strcmp(signature_names[i], status) == 0)
			return i;
	}
	return SIGNATURE_ROW_NOT_CHECKED;
}

/* A container that is not identical is compared through its members. */
static bool
file_counts_as_compared(const json_t *file, size_t row)
{
	if (!statuses[row].compared)
		return false;
	return !json_is_true(json_object_get(file, "container")) ||
	       strcmp(statuses[row].name, "identical") == 0;
}

json_t *
verdict_counts(const json_t *findings)
{
	json_int_t count[ARRAY_COUNT(statuses)] = {0};
	json_int_t compared = 0, differences = 0, valid = 0;
	const json_t *files = json_object_get(findings, "files");
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		size_t row = status_row(file);
		json_int_t entries = (json_int_t)finding_entries(file);
		count[row] += entries;
		if (file_counts_as_compared(file, row))
			compared += entries;
		uint64_t more = finding_number(file, "difference_count");
		uint64_t listed = finding_length(file, "differences");
		if (more < listed)
			more = listed;
		if (__builtin_add_overflow(differences, (json_int_t)more, &differences))
			differences = INT64_MAX;
	}
	size_t signatures = finding_length(findings, "signatures");
	for (size_t i = 0; i < signatures; i++)
		valid += signature_row(finding_at(findings, "signatures", i)) ==
			 SIGNATURE_ROW_VALID;
	json_t *counts = json_object();
	for (size_t i = 0; i < ARRAY_COUNT(statuses); i++)
		json_object_set_new(counts, statuses[i].name, json_integer(count[i]));
	json_object_set_new(counts, "compared", json_integer(compared));
	json_object_set_new(counts, "differences", json_integer(differences));
	json_object_set_new(counts, "signatures", json_integer((json_int_t)signatures));
	json_object_set_new(counts, "signatures_valid", json_integer(valid));
	return counts;
}

static void PRINTF_LIKE(2, 3) list_add(json_t *list, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	json_t *string = json_string(text.data);
	json_array_append_new(list, string ? string : text_json(text.data));
	buf_free(&text);
}

/* 64 hexadecimal digits: asked of every file of the findings. */
static bool
is_sha256(const char *hex)
{
	size_t count = 0;
	while (hex != NULL && isxdigit((unsigned char)hex[count]))
		count++;
	return count == 2 * SHA256_SIZE && hex[count] == '\0';
}

static bool
side_is_file(const json_t *side)
{
	const char *type = finding_string(side, "type");
	return type == NULL || strcmp(type, "file") == 0;
}

/*
 * The proof of "identical": the same two hashes, and no difference listed. What is no
 * file (a link, a folder) has no bytes of its own, so only a contradiction counts.
 */
static enum bytes_verdict
proof_identical(const json_t *file, const char **why)
{
	const json_t *shipped = json_object_get(file, "shipped");
	const json_t *rebuilt = json_object_get(file, "rebuilt");
	const char *a = finding_string(shipped, "sha256");
	const char *b = finding_string(rebuilt, "sha256");
	*why = "it is called identical without both sides";
	if (!json_is_object(shipped) || !json_is_object(rebuilt))
		return BYTES_UNDECIDED;
	*why = "it is called identical, but its own details differ";
	if (finding_length(file, "differences") > 0 ||
	    finding_number(file, "difference_count") > 0 ||
	    finding_number(file, "differing_bytes") > 0 ||
	    finding_number(shipped, "size") != finding_number(rebuilt, "size") ||
	    side_is_file(shipped) != side_is_file(rebuilt) ||
	    (a != NULL && b != NULL && strcmp(a, b) != 0))
		return BYTES_DIFFERS;
	*why = "it is called identical without both hashes";
	if (side_is_file(shipped) && (!is_sha256(a) || b == NULL)) /* equal, if there */
		return BYTES_UNDECIDED;
	return BYTES_REPRODUCED;
}

/* The proof of "signature-only": the grafted file has the shipped file's hash. */
static enum bytes_verdict
proof_graft(const json_t *file, const char **why)
{
	const char *shipped =
	    finding_string(json_object_get(file, "shipped"), "sha256");
	const char *graft = finding_string(json_object_get(file, "graft"), "sha256");
	*why = "it is called signature-only without the hash of the grafted file";
	if (json_is_true(json_object_get(file, "container")) && graft == NULL)
		return BYTES_SIGNATURE_ONLY; /* its members carry the proof */
	if (!is_sha256(shipped) || !is_sha256(graft))
		return BYTES_UNDECIDED;
	*why = "it is called signature-only, but its graft is not the shipped file";
	return strcmp(shipped, graft) == 0 ? BYTES_SIGNATURE_ONLY : BYTES_DIFFERS;
}

/* What a file's entry really shows, whatever its status word claims. */
static enum bytes_verdict
file_verdict(const json_t *file, const char **why)
{
	size_t row = status_row(file);
	*why = NULL;
	if (is_pack(file)) /* one digest for both sides, or it would be none */
		return BYTES_REPRODUCED;
	if (finding_string(file, "path") == NULL) {
		*why = "it has no path";
		return statuses[row].verdict > BYTES_UNDECIDED ? BYTES_DIFFERS
							       : BYTES_UNDECIDED;
	}
	const char *name = statuses[row].name;
	if (strcmp(name, "identical") == 0)
		return proof_identical(file, why);
	if (strcmp(name, "signature-only") == 0)
		return proof_graft(file, why);
	if (strcmp(name, "explained") == 0) {
		*why = "it is called explained, but no declared exception is named";
		return finding_length(file, "exceptions") > 0 ||
			       json_is_true(json_object_get(file, "container"))
			   ? BYTES_EXPLAINED
			   : BYTES_UNDECIDED;
	}
	if (strcmp(name, "unbuilt") == 0) {
		const json_t *shipped = json_object_get(file, "shipped");
		*why = "it is called unbuilt, but its hash was not recorded";
		return !side_is_file(shipped) ||
			       is_sha256(finding_string(shipped, "sha256"))
			   ? BYTES_REPRODUCED
			   : BYTES_UNDECIDED;
	}
	if (row == STATUS_UNKNOWN && !finding_is(file, "status", "undecided"))
		*why = "its status is not known";
	return statuses[row].verdict;
}

/* Does a file, or the first of a pack, stand in the container of that path? */
static bool
file_is_in(const json_t *file, const char *container)
{
	struct pack_walk walk;
	size_t length = strlen(container);
	pack_open(&walk, file);
	const char *path =
	    pack_next(&walk) ? walk.one.path.data : finding_string(file, "path");
	bool inside = path != NULL && strncmp(container, path, length) == 0 &&
		      strncmp(path + length, "//", 2) == 0;
	pack_close(&walk);
	return inside;
}

/* A container whose members have entries of their own: those say it better. */
static bool
file_is_told_by_its_members(const json_t *files, size_t index)
{
	const json_t *file = json_array_get(files, index);
	const char *path = finding_string(file, "path");
	return json_is_true(json_object_get(file, "container")) &&
	       !finding_is(file, "status", "missing") &&
	       !finding_is(file, "status", "extra") &&
	       finding_length(file, "differences") == 0 && path != NULL &&
	       file_is_in(json_array_get(files, index + 1), path);
}

/* Name the first few files of one verdict and count the others. */
static void
reason_files(struct judgement *judgement, enum bytes_verdict wanted)
{
	static const size_t shown = 3;
	size_t count = 0;
	const json_t *files = json_object_get(judgement->findings, "files");
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		const char *why;
		if (judgement->each[i] != wanted ||
		    file_is_told_by_its_members(files, i) || ++count > shown)
			continue;
		(void)file_verdict(file, &why);
		if (why == NULL || finding_is(file, "status", "different"))
			why = finding_string(file, "reason");
		const char *status = finding_string_or(file, "status", "no status");
		list_add(judgement->reasons, "%s: %s%s%s",
			 finding_string_or(file, "path", "(no path)"), status,
			 why ? ": " : "", why ? why : "");
	}
	if (count > shown)
		list_add(judgement->reasons, "… and %zu more files like these",
			 count - shown);
}

static void
judge_files(struct judgement *judgement)
{
	const json_t *files = json_object_get(judgement->findings, "files");
	enum bytes_verdict worst = BYTES_REPRODUCED;
	judgement->each = base_alloc(json_array_size(files), 1);
	for (size_t i = 0; i < json_array_size(files); i++) {
		const char *why;
		enum bytes_verdict one = file_verdict(json_array_get(files, i), &why);
		judgement->each[i] = (uint8_t)one;
		worst = one > worst ? one : worst;
	}
	bool none = finding_number(judgement->counts, "compared") == 0;
	if (worst >= BYTES_UNDECIDED)
		reason_files(judgement, worst);
	if (none && worst <= BYTES_UNDECIDED) {
		list_add(judgement->reasons, "nothing was compared");
		worst = BYTES_UNDECIDED;
	}
	judgement->bytes = worst;
}

/* A build that did not come about decides nothing. */
static void
judge_build(struct judgement *judgement)
{
	const json_t *findings = judgement->findings;
	const json_t *build = json_object_get(findings, "build");
	bool run = finding_is(findings, "command", "run");
	if (!run && !finding_is(findings, "command", "rebuild"))
		return;
	if (finding_is(build, "result", "built") ||
	    (run && finding_is(build, "result", "supplied")))
		return;
	const char *reason = finding_string(build, "reason");
	list_add(judgement->reasons, "the build: %s%s%s",
		 finding_string_or(build, "result", "nothing is known of it"),
		 reason ? ": " : "", reason ? reason : "");
	judgement->undecided = true;
	if (judgement->bytes < BYTES_UNDECIDED)
		judgement->bytes = BYTES_UNDECIDED;
}

/* Is this input what it was declared to be, as far as the document shows? */
static bool
input_is_fine(const json_t *input)
{
	const char *expected = finding_string(input, "expected_sha256");
	const char *sha256 = finding_string(input, "sha256");
	if (expected != NULL &&
	    (sha256 == NULL || !is_sha256(sha256) || strcmp(sha256, expected) != 0))
		return false;
	return finding_is(input, "status", "ok") ||
	       finding_is(input, "status", "unpinned");
}

static void
judge_inputs(struct judgement *judgement)
{
	size_t count = finding_length(judgement->findings, "inputs");
	for (size_t i = 0; i < count; i++) {
		const json_t *input = finding_at(judgement->findings, "inputs", i);
		if (input_is_fine(input))
			continue;
		const char *reason = finding_string(input, "reason");
		list_add(judgement->reasons, "%s '%s': %s%s%s",
			 finding_string_or(input, "role", "input"),
			 finding_string_or(input, "path", "?"),
			 finding_string_or(input, "status", "status not known"),
			 reason ? ": " : "", reason ? reason : "");
		judgement->undecided = true;
	}
	if (count == 0) {
		list_add(judgement->reasons, "no input was read");
		judgement->undecided = true;
	}
}

static void
reason_signature(struct judgement *judgement, const char *whose,
		 const json_t *signature)
{
	const char *reason = finding_string(signature, "reason");
	list_add(judgement->reasons, "%s of %s: %s%s%s", whose,
		 finding_string_or(signature, "path", "?"),
		 finding_string_or(signature, "status", "status not known"),
		 reason ? ": " : "", reason ? reason : "");
}

/* An unsigned member of a container that is signed as a whole lacks nothing, nor does
 * one that a signed list of digests or statement names. */
static bool
is_covered(const json_t *findings, const json_t *signature)
{
	const char *covering = finding_string(signature, "covered_by");
	if (covering == NULL || !finding_is(signature, "status", "unsigned"))
		return false;
	for (size_t i = 0; i < finding_length(findings, "signatures"); i++) {
		const json_t *other = finding_at(findings, "signatures", i);
		if (finding_is(other, "path", covering) &&
		    (finding_is(other, "covers", "all") ||
		     finding_is(other, "scheme", "checksums") ||
		     finding_is(other, "scheme", "dsse") ||
		     finding_is(other, "scheme", "in-toto") ||
		     finding_is(other, "scheme", "sigstore")))
			return true;
	}
	return false;
}

/* Signatures that were demanded: only valid ones will do. */
static void
judge_demanded(struct judgement *judgement, const char *key, const char *whose,
	       bool *bad)
{
	for (size_t i = 0; i < finding_length(judgement->findings, key); i++) {
		const json_t *signature = finding_at(judgement->findings, key, i);
		size_t row = signature_row(signature);
		if (row == SIGNATURE_ROW_VALID ||
		    is_covered(judgement->findings, signature))
			continue;
		reason_signature(judgement, whose, signature);
		if (row == SIGNATURE_ROW_NOT_CHECKED)
			judgement->undecided = true;
		else
			*bad = true;
	}
}

/* The signatures that "signatures" was asked about: held to the policy if there is one,
 * else each must be valid. What nobody could check is undecided in either case. */
static void
judge_asked(struct judgement *judgement)
{
	const json_t *findings = judgement->findings;
	bool held = json_object_get(findings, "policy") != NULL;
	size_t count = finding_length(findings, "signatures");
	if (!held)
		judge_demanded(judgement, "signatures", "signature",
			       &judgement->signature_bad);
	for (size_t i = 0; held && i < count; i++) {
		const json_t *signature = finding_at(findings, "signatures", i);
		size_t row = signature_row(signature);
		if (row != SIGNATURE_ROW_NOT_CHECKED)
			continue;
		reason_signature(judgement, "signature", signature);
		judgement->undecided = true;
	}
	if (count == 0) {
		list_add(judgement->reasons, "no signature was checked");
		judgement->undecided = true;
	}
}

/* Every declared signature of a source must have been looked at. */
static void
judge_sources(struct judgement *judgement)
{
	const json_t *findings = judgement->findings;
	size_t declared = 0;
	for (size_t i = 0; i < finding_length(findings, "inputs"); i++)
		declared += finding_is(finding_at(findings, "inputs", i), "role",
				       "source-signature");
	judge_demanded(judgement, "source_signatures", "source signature",
		       &judgement->policy_broken);
	if (declared > finding_length(findings, "source_signatures")) {
		list_add(judgement->reasons,
			 "a declared signature of a source was not checked");
		judgement->undecided = true;
	}
}

/* The release's policy: "met", "not-met" or "none". */
static const char *
judge_policy(struct judgement *judgement)
{
	const json_t *policy = json_object_get(judgement->findings, "policy");
	bool broken = judgement->policy_broken;
	size_t rules = finding_length(policy, "rules");
	for (size_t i = 0; i < rules; i++) {
		const json_t *rule = finding_at(policy, "rules", i);
		if (json_is_true(json_object_get(rule, "met")))
			continue;
		list_add(judgement->reasons,
			 "policy not met: %s: expected %s, found %s",
			 finding_string_or(rule, "rule", "a rule"),
			 finding_string_or(rule, "expected", "?"),
			 finding_string_or(rule, "found", "nothing"));
		broken = true;
	}
	if (policy != NULL && !json_is_true(json_object_get(policy, "met"))) {
		if (!broken)
			list_add(judgement->reasons, "the signature policy is not met");
		broken = true;
	}
	judgement->policy_broken = broken;
	return broken ? "not-met" : rules > 0 ? "met" : "none";
}

static const char *
signatures_verdict(const json_t *findings)
{
	size_t worst = SIGNATURE_ROW_VALID;
	size_t count = finding_length(findings, "signatures");
	for (size_t i = 0; i < count; i++) {
		const json_t *signature = finding_at(findings, "signatures", i);
		size_t row = signature_row(signature);
		if (row > worst && !is_covered(findings, signature))
			worst = row;
	}
	return signature_names[count == 0 ? SIGNATURE_ROW_NOT_CHECKED : worst];
}

/* The first that applies of 2, 1, 4, 3, 0 (2 is for what never became findings). */
static int
exit_of(const struct judgement *judgement)
{
	if (judgement->compared && judgement->bytes == BYTES_DIFFERS)
		return EXIT_DIFFERS;
	if (judgement->policy_broken || judgement->signature_bad)
		return EXIT_POLICY;
	if (judgement->undecided ||
	    (judgement->compared && judgement->bytes == BYTES_UNDECIDED))
		return EXIT_UNDECIDED;
	return EXIT_REPRODUCED;
}

static void
scope_add(struct buf *scope, uint64_t count, const char *one, const char *many)
{
	if (count == 0)
		return;
	buf_printf(scope, "%s%ju %s", scope->size ? ", " : "", (uintmax_t)count,
		   count == 1 ? one : many);
}

static json_t *
scope_of(const struct judgement *judgement)
{
	const json_t *findings = judgement->findings;
	const json_t *counts = judgement->counts;
	struct buf scope = {0};
	if (judgement->compared) {
		bool built =
		    finding_is(json_object_get(findings, "build"), "result", "built");
		scope_add(&scope, finding_number(counts, "compared"),
			  built ? "file built and compared" : "file compared",
			  built ? "files built and compared" : "files compared");
		if (scope.size == 0)
			buf_puts(&scope, "no file compared");
		scope_add(&scope, finding_number(counts, "unbuilt"), "declared unbuilt",
			  "declared unbuilt");
		scope_add(&scope, finding_number(counts, "missing"), "missing",
			  "missing");
		scope_add(&scope, finding_number(counts, "extra"), "extra", "extra");
		scope_add(&scope, finding_number(counts, "unaccounted"), "unaccounted",
			  "unaccounted");
		scope_add(&scope, finding_number(counts, "undecided"), "undecided",
			  "undecided");
	} else if (finding_is(findings, "command", "signatures")) {
		uint64_t all = finding_number(counts, "signatures");
		buf_printf(&scope, "%ju of %ju signature%s valid",
			   (uintmax_t)finding_number(counts, "signatures_valid"),
			   (uintmax_t)all, all == 1 ? "" : "s");
	} else {
		buf_puts(&scope, "built, nothing compared");
	}
	json_t *text = json_string(scope.data);
	buf_free(&scope);
	return text;
}

/* What a reader might take for said, and is not: about the bytes. */
static void
not_said_bytes(const struct judgement *judgement)
{
	const json_t *findings = judgement->findings;
	json_t *list = judgement->not_said;
	const json_t *counts = judgement->counts;
	uint64_t unbuilt = finding_number(counts, "unbuilt");
	uint64_t explained = finding_number(counts, "explained");
	if (unbuilt == 1)
		list_add(list, "1 file is declared unbuilt: its bytes were pinned by "
			       "hash, not rebuilt");
	if (unbuilt > 1)
		list_add(list,
			 "%ju files are declared unbuilt: their bytes were pinned by "
			 "hash, not rebuilt",
			 (uintmax_t)unbuilt);
	if (explained > 0)
		list_add(
		    list,
		    "%ju %s by exceptions that the release description "
		    "declares: whether these are acceptable is its reader's to judge",
		    (uintmax_t)explained,
		    explained == 1 ? "file is explained" : "files are explained");
	/* two equal files were hashed, not parsed */
	bool parsed = finding_is(findings, "command", "run") ||
		      judgement->bytes != BYTES_REPRODUCED;
	if (finding_length(findings, "confinement") == 0 && judgement->compared &&
	    parsed)
		list_add(list, "the files were read without confinement");
}

/* The same about the build. */
static void
not_said_build(const struct judgement *judgement)
{
	const json_t *build = json_object_get(judgement->findings, "build");
	const json_t *toolchain = json_object_get(build, "toolchain");
	json_t *list = judgement->not_said;
	if (finding_is(build, "result", "supplied"))
		list_add(list,
			 "whether this machine can rebuild it: the rebuilt side was "
			 "supplied");
	if (!finding_is(build, "result", "built"))
		return;
	list_add(
	    list,
	    "whether source and toolchain are harmless: both are pinned, not audited");
	if (json_is_true(json_object_get(toolchain, "weak")) ||
	    finding_is(toolchain, "root", "host"))
		list_add(list,
			 "whether others get the same: the root is weak, made of this "
			 "machine's own files");
	if (finding_is(build, "clock", "real"))
		list_add(
		    list,
		    "whether a later build gives the same bytes: its clock was real");
}

/* The same about inputs and signatures. */
static void
not_said_signatures(const struct judgement *judgement, const char *policy)
{
	const json_t *findings = judgement->findings;
	json_t *list = judgement->not_said;
	size_t unpinned = 0, unrevoked = 0;
	for (size_t i = 0; i < finding_length(findings, "inputs"); i++)
		unpinned +=
		    finding_is(finding_at(findings, "inputs", i), "status", "unpinned");
	if (unpinned > 0)
		list_add(list, "%zu input%s not pinned by a hash", unpinned,
			 unpinned == 1 ? " is" : "s are");
	if (finding_is(findings, "command", "compare"))
		list_add(list, "who signed: compare does not judge signatures (verify "
			       "signatures does)");
	if (finding_is(findings, "command", "run") && strcmp(policy, "none") == 0)
		list_add(list,
			 "whether the right party signed: the release description has "
			 "no signature policy");
	for (size_t i = 0; i < finding_length(findings, "signatures"); i++) {
		const json_t *signature = finding_at(findings, "signatures", i);
		const char *revocation = finding_string(signature, "revocation");
		if (json_object_get(signature, "key") != NULL)
			continue; /* without a certificate: nothing could revoke it */
		unrevoked +=
		    revocation == NULL || strncmp(revocation, "not checked", 11) == 0;
	}
	if (unrevoked > 0)
		list_add(list,
			 "whether a certificate was revoked: no data for "
			 "%zu signature%s",
			 unrevoked, unrevoked == 1 ? "" : "s");
}

/* Exit 0 has its reasons too. */
static void
reasons_when_fine(struct judgement *judgement, const char *policy)
{
	static const char *const words[] = {
	    [BYTES_REPRODUCED] = "every compared file is identical",
	    [BYTES_SIGNATURE_ONLY] = "every compared file is identical, or differs in "
				     "nothing but its signature",
	    [BYTES_EXPLAINED] = "every difference is explained by a declared exception",
	};
	if (judgement->compared)
		list_add(judgement->reasons, "%s", words[judgement->bytes]);
	else if (finding_is(judgement->findings, "command", "signatures"))
		list_add(judgement->reasons, "every signature is valid");
	else
		list_add(judgement->reasons, "the build ended well");
	if (strcmp(policy, "met") == 0)
		list_add(judgement->reasons, "the signature policy is met");
}

json_t *
verdict_of(const json_t *findings)
{
	struct judgement judgement = {
	    .findings = findings,
	    .counts = verdict_counts(findings),
	    .compared = !finding_is(findings, "command", "signatures") &&
			!finding_is(findings, "command", "rebuild"),
	    .reasons = json_array(),
	    .not_said = json_array(),
	};
	if (judgement.compared)
		judge_files(&judgement);
	judge_build(&judgement);
	judge_inputs(&judgement);
	judge_sources(&judgement);
	if (finding_is(findings, "command", "signatures"))
		judge_asked(&judgement);
	const char *policy = judge_policy(&judgement);
	int status = exit_of(&judgement);
	if (status == EXIT_REPRODUCED)
		reasons_when_fine(&judgement, policy);
	not_said_bytes(&judgement);
	not_said_build(&judgement);
	not_said_signatures(&judgement, policy);

	json_t *verdict = json_object();
	json_object_set_new(verdict, "bytes",
			    json_string(judgement.compared
					    ? bytes_names[judgement.bytes]
					    : "not-compared"));
	json_object_set_new(verdict, "signatures",
			    json_string(signatures_verdict(findings)));
	json_object_set_new(verdict, "policy", json_string(policy));
	json_object_set_new(verdict, "exit", json_integer(status));
	json_object_set_new(verdict, "reasons", judgement.reasons);
	json_object_set_new(verdict, "scope", scope_of(&judgement));
	json_object_set_new(verdict, "not_said", judgement.not_said);
	json_decref(judgement.counts);
	free(judgement.each);
	return verdict;
}
