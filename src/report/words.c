/* Sentences that all reports share. */
#include "report/report_private.h"

const char *const words_statuses[] = {"identical", "signature-only", "explained",
				      "different", "missing",        "extra",
				      "unbuilt",   "unaccounted",    "undecided"};
const size_t words_status_count = ARRAY_COUNT(words_statuses);

const char *
words_exit(int status)
{
	static const char *const words[] = {
	    [EXIT_REPRODUCED] = "reproduced, and no check failed",
	    [EXIT_DIFFERS] = "the bytes differ",
	    [EXIT_USAGE] = "wrong usage; nothing was verified",
	    [EXIT_UNDECIDED] = "undecided; something could not be checked",
	    [EXIT_POLICY] = "the signatures are not what is demanded",
	};
	return status >= 0 && (size_t)status < ARRAY_COUNT(words)
		   ? words[status]
		   : words[EXIT_UNDECIDED];
}

const char *
words_exit_of(const json_t *findings)
{
	int status = findings_exit(findings);
	if (status != EXIT_REPRODUCED)
		return words_exit(status);
	if (finding_is(findings, "command", "signatures"))
		return "every signature is valid";
	if (finding_is(findings, "command", "rebuild"))
		return "built; nothing was compared";
	if (finding_is(findings, "command", "compare"))
		return "no difference but in signatures, which were not judged";
	return words_exit(status);
}

const char *
words_verdict(const json_t *findings)
{
	bool signatures = finding_is(findings, "command", "signatures");
	return finding_string_or(json_object_get(findings, "verdict"),
				 signatures ? "signatures" : "bytes", "undecided");
}

enum tone
words_tone(const char *word)
{
	static const char *const good[] = {
	    "reproduced", "reproduced-except-signature",
	    "identical",  "signature-only",
	    "valid",      "met",
	    "built",      "ok",
	};
	static const char *const bad[] = {
	    "differs",  "different", "missing",   "extra",    "unaccounted",
	    "invalid",  "revoked",   "untrusted", "expired",  "weak",
	    "unsigned", "not-met",   "failed",    "mismatch",
	};
	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		if (strcmp(word, good[i]) == 0)
			return TONE_GOOD;
	}
	for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
		if (strcmp(word, bad[i]) == 0)
			return TONE_BAD;
	}
	return TONE_OPEN;
}

void
words_escape(struct buf *out, const char *text, size_t limit)
{
	struct buf shown = {0};
	size_t length = strlen(text), kept = length;
	if (length > limit) {
		kept = limit;
		while (kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
			kept--; /* not in the middle of a character */
	}
	text_show(&shown, text, kept);
	for (size_t i = 0; i < shown.size; i++) {
		/* shown text brings its own backslashes: those stay single */
		if (shown.data[i] == '\\' && shown.data[i + 1] == '\\')
			i++;
		buf_append(out, shown.data + i, 1);
	}
	if (kept < length)
		buf_printf(out, "… (%zu bytes more)", length - kept);
	buf_append(out, "", 0);
	buf_free(&shown);
}

void
words_title(const json_t *findings, struct buf *out)
{
	const json_t *release = json_object_get(findings, "release");
	const char *name = finding_string(release, "name");
	if (name != NULL) {
		buf_printf(out, "%s %s", name,
			   finding_string_or(release, "version", ""));
		return;
	}
	buf_printf(out, "%s", finding_string_or(findings, "command", "findings"));
	for (size_t i = 0; i < finding_length(findings, "inputs") && i < 2; i++) {
		const json_t *input = finding_at(findings, "inputs", i);
		buf_printf(out, " %s",
			   path_base(finding_string_or(input, "path", "?")));
	}
}

/* "offset 0x1234, 3 bytes" of one side. */
static void
words_range(const json_t *difference, const char *side, struct buf *out)
{
	char *offset = base_format("%s_offset", side);
	char *length = base_format("%s_length", side);
	if (json_is_integer(json_object_get(difference, offset))) {
		uint64_t count = finding_number(difference, length);
		buf_printf(out, "offset 0x%jx, %ju byte%s",
			   (uintmax_t)finding_number(difference, offset),
			   (uintmax_t)count, count == 1 ? "" : "s");
	} else {
		buf_puts(out, "no range");
	}
	free(offset);
	free(length);
}

void
words_pairing(const json_t *file, struct buf *out)
{
	if (finding_is(file, "paired_by", "content"))
		buf_puts(out, "renamed: the same bytes");
	else if (finding_is(file, "paired_by", "inner"))
		buf_puts(out, "compressed otherwise");
	else if (finding_is(file, "paired_by", "similarity"))
		buf_printf(out, "renamed: %ju %% similar",
			   (uintmax_t)finding_number(file, "similarity"));
}

void
words_place(const json_t *difference, struct buf *out)
{
	const char *field = finding_string(difference, "field");
	const char *place = finding_string(difference, "place");
	struct buf shipped = {0}, rebuilt = {0};
	buf_puts(out,
		 place ? place : finding_string_or(difference, "kind", "difference"));
	if (field != NULL && (place == NULL || strstr(place, field) == NULL))
		buf_printf(out, " (%s)", field);
	words_range(difference, "shipped", &shipped);
	words_range(difference, "rebuilt", &rebuilt);
	if (strcmp(shipped.data, "no range") != 0 ||
	    strcmp(rebuilt.data, "no range") != 0) {
		buf_printf(out, ": %s", shipped.data);
		if (strcmp(shipped.data, rebuilt.data) != 0)
			buf_printf(out, " (rebuilt: %s)", rebuilt.data);
	}
	buf_free(&shipped);
	buf_free(&rebuilt);
}

void
words_value(const json_t *difference, const char *side, struct buf *out)
{
	char *text_key = base_format("%s_text", side);
	const char *text = finding_string(difference, text_key);
	const char *value = finding_string(difference, side);
	free(text_key);
	if (text != NULL)
		buf_printf(out, "\"%s\"", text);
	else if (value == NULL || *value == '\0')
		buf_puts(out, "(nothing)");
	else if (finding_is(difference, "kind", "bytes")) {
		for (size_t i = 0; value[i] != '\0'; i++) {
			if (i > 0 && i % 2 == 0)
				buf_puts(out, " ");
			buf_append(out, value + i, 1);
		}
	} else
		buf_puts(out, value);
}

/* "follows from PLACE", without the instructions, which are told with that place. */
static void
words_source(const char *source, struct buf *out)
{
	const char *code = strstr(source, " | ") ? strstr(source, ": ") : NULL;
	size_t length = code ? (size_t)(code - source) : strlen(source);
	buf_printf(out, "follows from %.*s", (int)length, source);
}

void
words_cause(const json_t *difference, struct buf *out)
{
	const json_t *cause = json_object_get(difference, "cause");
	const char *name = finding_string(cause, "name");
	const char *evidence = finding_string(cause, "evidence");
	if (name == NULL)
		return;
	bool proved = finding_is(cause, "sure", "proved");
	buf_printf(out, "%s: %s%s%s", proved ? "proved" : "likely", name,
		   evidence ? ", " : "", evidence ? evidence : "");
	const char *proof = finding_string(cause, "proof");
	const char *source = finding_string(cause, "follows_from");
	if (proof != NULL && proved)
		buf_printf(out, "; proof: %s", proof);
	if (source != NULL) {
		buf_puts(out, "; ");
		words_source(source, out);
	}
}

bool
finding_follows(const json_t *difference)
{
	return finding_string(json_object_get(difference, "cause"), "follows_from") !=
	       NULL;
}

bool
words_follows(const json_t *difference, struct buf *out)
{
	const json_t *cause = json_object_get(difference, "cause");
	const char *place = finding_string_or(
	    difference, "place", finding_string_or(difference, "field", "?"));
	const char *name = finding_string_or(cause, "name", "?");
	bool proved = finding_is(cause, "sure", "proved");
	if (!finding_follows(difference))
		return false;
	buf_printf(out, "%s: ", place);
	if (strstr(place, name) == NULL)
		buf_printf(out, "%s, ", name);
	words_source(finding_string_or(cause, "follows_from", "?"), out);
	buf_printf(out, " (%s: %s)", proved ? "proved" : "likely",
		   finding_string_or(cause, proved ? "proof" : "evidence", "?"));
	return true;
}

void
words_common_name(const json_t *certificate, struct buf *out)
{
	const char *subject = finding_string_or(certificate, "subject", "(no subject)");
	const char *at = strncmp(subject, "CN=", 3) == 0 ? subject : NULL;
	const char *inner = strstr(subject, ",CN=");
	if (at == NULL && inner != NULL)
		at = inner + 1;
	if (at == NULL) {
		buf_puts(out, subject);
		return;
	}
	at += 3;
	size_t length = 0; /* up to a ',' or '+' that no '\\' escapes (RFC 4514, 2.4) */
	while (at[length] != '\0' && at[length] != ',' && at[length] != '+')
		length += at[length] == '\\' && at[length + 1] != '\0' ? 2 : 1;
	buf_append(out, at, length);
}

void
words_certificate(const json_t *certificate, struct buf *out)
{
	const char *country = finding_string(certificate, "country");
	words_common_name(certificate, out);
	if (country != NULL)
		buf_printf(out, " (%s)", country);
	buf_printf(out, " %s, %.10s/%.10s",
		   finding_string_or(certificate, "key", "key not known"),
		   finding_string_or(certificate, "not_before", "?"),
		   finding_string_or(certificate, "not_after", "?"));
}

void
words_anchor(const json_t *certificate, struct buf *out)
{
	const char *anchor = finding_string(certificate, "anchor");
	const char *sha256 = finding_string(certificate, "sha256");
	if (anchor == NULL)
		return;
	if (sha256 != NULL && strncmp(anchor, "sha256:", 7) == 0 &&
	    strcmp(anchor + 7, sha256) == 0)
		buf_printf(out, "; anchor %.23s…", anchor);
	else
		buf_printf(out, "; anchor %s", anchor);
}

/* A key without a certificate. */
static void
words_bare_key(const json_t *key, struct buf *out)
{
	const char *label = finding_string(key, "label");
	const char *id = finding_string(key, "id");
	const char *digest = finding_string(key, "sha256");
	buf_printf(out, "%s key", finding_string_or(key, "algorithm", "unknown"));
	if (label != NULL)
		buf_printf(out, " of '%s'", label);
	if (id != NULL)
		buf_printf(out, " id %s", id);
	if (digest != NULL)
		buf_printf(out, " sha256:%.16s…", digest);
}

void
words_coverage(const json_t *signature, struct buf *out)
{
	static const char *const kinds[] = {"signed", "signature", "structural",
					    "unexplained"};
	const json_t *coverage = json_object_get(signature, "coverage");
	uint64_t numbers[ARRAY_COUNT(kinds)];
	size_t told = 0;
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		numbers[i] = finding_number(coverage, kinds[i]);
	if (numbers[1] + numbers[2] + numbers[3] == 0)
		return; /* a file that is all signed, or nothing is known */
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (numbers[i] > 0)
			buf_printf(out, "%s%ju %s", told++ > 0 ? ", " : "bytes: ",
				   (uintmax_t)numbers[i], kinds[i]);
	}
}

void
words_openpgp(const json_t *signature, struct buf *out)
{
	const json_t *key = json_object_get(signature, "openpgp");
	const char *user = json_string_value(finding_at(key, "user_ids", 0));
	const char *primary = finding_string(key, "primary_fingerprint");
	if (json_is_object(json_object_get(signature, "key")))
		words_bare_key(json_object_get(signature, "key"), out);
	if (!json_is_object(key))
		return;
	buf_printf(out, "%s%spgp:%s%s", user ? user : "", user ? ", " : "",
		   primary ? primary : finding_string_or(key, "fingerprint", "?"),
		   json_is_true(json_object_get(key, "pinned")) ? " (pinned)" : "");
}

void
words_judged(const json_t *signature, struct buf *out)
{
	const json_t *judged = json_object_get(signature, "judged_at");
	const char *time = finding_string(judged, "time");
	if (time != NULL)
		buf_printf(out, "judged at %s by %s", time,
			   finding_string_or(judged, "by",
					     finding_string_or(judged, "rule", "?")));
	const char *now = finding_string(signature, "status_now");
	if (now != NULL && !finding_is(signature, "status", now))
		buf_printf(out, "%snow: %s", out->size ? "; " : "", now);
}

void
words_input_signer(const json_t *findings, const json_t *input, struct buf *out)
{
	const char *path = finding_string_or(input, "path", "");
	for (size_t i = 0; i < finding_length(findings, "source_signatures"); i++) {
		const json_t *signature = finding_at(findings, "source_signatures", i);
		const char *signed_path = finding_string_or(signature, "path", "");
		if (*path == '\0' ||
		    strcmp(path_base(signed_path), path_base(path)) != 0)
			continue;
		const char *reason = finding_string(signature, "reason");
		buf_printf(out, "%ssignature %s ", out->size ? "; " : "",
			   finding_string_or(signature, "status", "status not known"));
		words_openpgp(signature, out);
		if (reason != NULL)
			buf_printf(out, " (%s)", reason);
	}
}

void
words_build(const json_t *findings, struct buf *out)
{
	const json_t *build = json_object_get(findings, "build");
	const json_t *run = json_object_get(json_object_get(findings, "run"), "build");
	const char *reason = finding_string(build, "reason");
	buf_puts(out, finding_string_or(build, "result", "nothing is known of it"));
	if (reason != NULL)
		buf_printf(out, ": %s", reason);
	uint64_t steps = finding_number(build, "steps");
	if (steps > 0)
		buf_printf(out, ", %ju step%s", (uintmax_t)steps,
			   steps == 1 ? "" : "s");
	const json_t *seconds = json_object_get(run, "seconds");
	if (json_is_number(seconds) && !finding_is(build, "result", "not-run"))
		buf_printf(out, ", %.0f s", json_number_value(seconds));
	size_t layers = finding_length(build, "layers");
	if (layers > 0)
		buf_printf(out, ", %zu sandbox layers", layers);
	if (finding_string(build, "clock") != NULL)
		buf_printf(out, ", clock %s", finding_string(build, "clock"));
}

void
words_toolchain(const json_t *toolchain, struct buf *out)
{
	buf_printf(out, "%s (%s", finding_string_or(toolchain, "name", "without name"),
		   finding_string_or(toolchain, "root", "root not known"));
	if (finding_number(toolchain, "packages") > 0)
		buf_printf(out, ", %ju packages",
			   (uintmax_t)finding_number(toolchain, "packages"));
	if (json_is_true(json_object_get(toolchain, "weak")))
		buf_puts(out, ", weak: not pinned as a whole");
	const char *root = finding_string(toolchain, "root_sha256");
	buf_puts(out, ")");
	if (root != NULL)
		buf_printf(out, ", root %.16s…", root);
}

void
words_counts(const json_t *findings, struct buf *out)
{
	json_t *counts = verdict_counts(findings);
	for (size_t i = 0; i < words_status_count; i++) {
		uint64_t count = finding_number(counts, words_statuses[i]);
		if (count > 0)
			buf_printf(out, "%s%ju %s", out->size ? ", " : "",
				   (uintmax_t)count, words_statuses[i]);
	}
	if (out->size == 0)
		buf_puts(out, "none");
	json_decref(counts);
}
