/*
 * Signatures: each with the chain from the signed bytes over the signer to the anchor
 * as a row of boxes, complete, and its timestamps beside it.
 */
#include "report/html_private.h"

enum {
	SIGNATURES_SHOWN = 200,
	CERTIFICATES_SHOWN = 50,
	TIMESTAMPS_SHOWN = 20,
	FACTS_SHOWN = 50
};

/* All that is known of a certificate, folded away below its name. */
static void
write_certificate_facts(struct html *page, const json_t *certificate)
{
	html_raw(page, "<details><summary>All of it</summary>\n<dl class=\"facts\">\n");
	html_fact(page, "Subject", finding_string(certificate, "subject"));
	html_fact(page, "Issuer", finding_string(certificate, "issuer"));
	html_fact(page, "Country", finding_string(certificate, "country"));
	html_fact(page, "Issuer's country",
		  finding_string(certificate, "issuer_country"));
	html_fact_code(page, "Serial", finding_string(certificate, "serial"));
	html_fact(page, "Key", finding_string(certificate, "key"));
	html_fact(page, "Signature algorithm",
		  finding_string(certificate, "signature_algorithm"));
	html_fact(page, "Not before", finding_string(certificate, "not_before"));
	html_fact(page, "Not after", finding_string(certificate, "not_after"));
	html_fact_code(page, "SHA-256", finding_string(certificate, "sha256"));
	html_fact_code(page, "SHA-256 of its key",
		       finding_string(certificate, "spki_sha256"));
	html_raw(page, "</dl>\n");
	if (finding_length(certificate, "purposes") > 0) {
		html_raw(page, "<p>Purposes:</p>");
		html_list(page, "ul", certificate, "purposes", "purposes");
	}
	html_raw(page, "</details>\n");
}

static void
write_certificate(struct html *page, const json_t *certificate, const char *role,
		  bool last)
{
	const char *anchor = finding_string(certificate, "anchor");
	struct buf name = {0}, line = {0};
	words_common_name(certificate, &name);
	words_certificate(certificate, &line);
	buf_printf(page->out, "<li class=\"box%s\"><p class=\"role\">%s</p>\n",
		   anchor ? " anchor"
		   : last ? " loose"
			  : "",
		   role);
	html_element(page, "p class=\"who\"", name.data);
	html_element(page, "p",
		     line.data + name.size + strspn(line.data + name.size, " "));
	if (anchor != NULL)
		html_format(page, "p class=\"good\"", "Trust anchor: %s", anchor);
	else if (last)
		html_element(page, "p class=\"open\"",
			     "The chain ends here, at no trust anchor");
	write_certificate_facts(page, certificate);
	html_raw(page, "</li>\n");
	buf_free(&name);
	buf_free(&line);
}

/* A chain, or where there is none its signer alone. */
static void
write_certificates(struct html *page, const json_t *holder)
{
	const json_t *signer = json_object_get(holder, "signer");
	size_t count = finding_length(holder, "chain"), shown = 0;
	if (count == 0 && json_is_object(signer))
		write_certificate(page, signer, "Signed by", true);
	for (; shown < count && shown < CERTIFICATES_SHOWN && html_room(page); shown++)
		write_certificate(page, finding_at(holder, "chain", shown),
				  shown == 0 ? "Signed by" : "Issued by",
				  shown + 1 == count);
	html_cut(page, "li class=\"box\"", count, shown, "certificates");
}

/* What was signed: the digest that was computed and the one under the signature. */
static void
write_digest(struct html *page, const json_t *signature)
{
	const json_t *digest = json_object_get(signature, "digest");
	const char *value = finding_string(digest, "value");
	const char *signed_value = finding_string(digest, "signed");
	const char *path = finding_string_or(signature, "path", "?");
	html_raw(page, "<li class=\"box signed\"><p class=\"role\">Signed bytes</p>\n");
	html_element(page, "p class=\"who\"", path_base(path));
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "Where", finding_string(signature, "where"));
	html_fact(page, "Digest", finding_string(digest, "algorithm"));
	if (value != NULL && signed_value != NULL && strcmp(value, signed_value) == 0) {
		html_fact_code(page, "Computed and signed", value);
	} else {
		html_fact_code(page, "Computed from the file", value);
		html_fact_code(page, "Under the signature", signed_value);
	}
	html_raw(page, "</dl></li>\n");
}

/* What leads from the signed bytes to the file: the step next to the file first, as the
 * key stands last. */
static void
write_links(struct html *page, const json_t *signature)
{
	size_t count = finding_length(signature, "links");
	for (size_t i = count > 0 ? count - 1 : 0; i-- > 0 && html_room(page);) {
		const json_t *link = finding_at(signature, "links", i);
		const json_t *below = finding_at(signature, "links", i + 1);
		bool fits = json_is_true(json_object_get(below, "fits"));
		html_raw(page, "<li class=\"box\"><p class=\"role\">Named by</p>\n");
		html_element(page, "p class=\"who\"",
			     finding_string_or(link, "name", "?"));
		html_format(page, fits ? "p class=\"good\"" : "p class=\"bad\"",
			    "%s by size and %s", fits ? "Fits" : "Does not fit",
			    finding_string_or(below, "by", "?"));
		html_raw(page, "<dl class=\"facts\">\n");
		html_fact_size(page, "Size", link, "size");
		html_fact_code(page, "SHA-256", finding_string(link, "sha256"));
		html_raw(page, "</dl></li>\n");
	}
}

static void
write_key(struct html *page, const json_t *signature)
{
	const json_t *key = json_object_get(signature, "openpgp");
	bool pinned = json_is_true(json_object_get(key, "pinned"));
	if (!json_is_object(key))
		return;
	buf_printf(page->out, "<li class=\"box%s\"><p class=\"role\">Signed by</p>\n",
		   pinned ? " anchor" : "");
	html_element(page, "p class=\"who\"",
		     finding_length(key, "user_ids") > 0
			 ? finding_item(key, "user_ids", 0)
			 : "OpenPGP key without a user id");
	if (pinned)
		html_element(page, "p class=\"good\"", "Pinned by its fingerprint");
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact_code(page, "Primary key", finding_string(key, "primary_fingerprint"));
	html_fact_code(page, "Signing key", finding_string(key, "fingerprint"));
	html_fact(page, "Algorithm", finding_string(key, "algorithm"));
	html_fact(page, "Signature made", finding_string(key, "created"));
	html_fact(page, "Expires", finding_string(key, "expires"));
	html_raw(page, "</dl>\n");
	if (finding_length(key, "user_ids") > 1)
		html_list(page, "ul", key, "user_ids", "user ids");
	html_raw(page, "</li>\n");
}

/* A key that no certificate and no user id stands for. */
static void
write_bare_key(struct html *page, const json_t *signature)
{
	const json_t *key = json_object_get(signature, "key");
	if (!json_is_object(key))
		return;
	html_raw(page, "<li class=\"box\"><p class=\"role\">Signed by</p>\n");
	html_element(page, "p class=\"who\"",
		     finding_string_or(key, "label", "a key without a name"));
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "Algorithm", finding_string(key, "algorithm"));
	html_fact_code(page, "Key id", finding_string(key, "id"));
	html_fact_code(page, "SHA-256 of the key", finding_string(key, "sha256"));
	html_raw(page, "</dl></li>\n");
}

/* What else the scheme says. */
static void
write_scheme_facts(struct html *page, const json_t *signature)
{
	size_t count = finding_length(signature, "facts"), shown = 0;
	for (; shown < count && shown < FACTS_SHOWN && html_room(page); shown++) {
		const json_t *fact = finding_at(signature, "facts", shown);
		html_fact(page, finding_string_or(fact, "name", "?"),
			  finding_string(fact, "value"));
	}
	if (count > shown)
		html_fact(page, "…", "more, all in the JSON findings");
}

/* Which bytes and members the signature covers. */
static void
write_coverage(struct html *page, const json_t *signature)
{
	const json_t *coverage = json_object_get(signature, "coverage");
	const char *covers = finding_string(signature, "covers");
	html_fact(page, "Covers", covers);
	html_fact_code(page, "Covered by", finding_string(signature, "covered_by"));
	html_fact_size(page, "Signed", coverage, "signed");
	html_fact_size(page, "The signature itself", coverage, "signature");
	html_fact_size(page, "Unsigned, known to the format", coverage, "structural");
	html_fact_size(page, "Unsigned, unexplained", coverage, "unexplained");
}

static void
write_timestamp(struct html *page, const json_t *timestamp)
{
	const char *reason = finding_string(timestamp, "reason");
	html_raw(page, "<section class=\"stamp\"><h4>Timestamp ");
	html_element(page, "span",
		     finding_string_or(timestamp, "time", "without time"));
	html_raw(page, " ");
	html_word(page, finding_string_or(timestamp, "status", "?"));
	html_raw(page, "</h4>\n");
	if (reason != NULL)
		html_element(page, "p class=\"reason\"", reason);
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "Kind", finding_string(timestamp, "kind"));
	html_fact(page, "Digest", finding_string(timestamp, "digest_algorithm"));
	html_raw(page, "</dl>\n<ol class=\"chain\">\n");
	write_certificates(page, timestamp);
	html_raw(page, "</ol></section>\n");
}

static void
write_timestamps(struct html *page, const json_t *signature)
{
	size_t count = finding_length(signature, "timestamps"), shown = 0;
	for (; shown < count && shown < TIMESTAMPS_SHOWN && html_room(page); shown++)
		write_timestamp(page, finding_at(signature, "timestamps", shown));
	html_cut(page, "p class=\"cut\"", count, shown, "timestamps");
}

/* At which time it was judged, and what it would be at others. */
static void
write_judgement(struct html *page, const json_t *signature)
{
	const json_t *judged = json_object_get(signature, "judged_at");
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "Format", finding_string(signature, "format"));
	html_fact(page, "Judged at", finding_string(judged, "time"));
	html_fact(page, "Time taken from",
		  finding_string_or(judged, "by", finding_string(judged, "rule")));
	html_fact(page, "At signing", finding_string(signature, "status_at_signing"));
	html_fact(page, "Now", finding_string(signature, "status_now"));
	html_fact(page, "Revocation", finding_string(signature, "revocation"));
	html_fact(page, "Program named by the signer",
		  finding_string(signature, "program_name"));
	html_fact(page, "Address named by the signer",
		  finding_string(signature, "url"));
	html_fact(page, "Time claimed by the signer, not proved",
		  finding_string(signature, "signed_by_attributes_at"));
	write_coverage(page, signature);
	write_scheme_facts(page, signature);
	html_raw(page, "</dl>\n");
}

static void
write_signature(struct html *page, const json_t *signature)
{
	const char *reason = finding_string(signature, "reason");
	const char *index = finding_string(signature, "index");
	html_raw(page, "<article class=\"signature\"><h3>");
	html_word(page, finding_string_or(signature, "status", "?"));
	html_format(page, "span", " %s%s%s ",
		    finding_string_or(signature, "scheme", "?"), index ? " " : "",
		    index ? index : "");
	html_element(page, "code", finding_string_or(signature, "path", "?"));
	html_raw(page, "</h3>\n");
	if (reason != NULL)
		html_element(page, "p class=\"reason\"", reason);
	html_raw(page, "<ol class=\"chain\">\n");
	write_digest(page, signature);
	write_links(page, signature);
	write_key(page, signature);
	write_bare_key(page, signature);
	write_certificates(page, signature);
	html_raw(page, "</ol>\n");
	write_timestamps(page, signature);
	html_coverage(page, json_object_get(signature, "coverage"));
	write_judgement(page, signature);
	const json_t *coverage = json_object_get(signature, "coverage");
	if (finding_length(coverage, "uncovered") > 0) {
		html_element(page, "h4", "Members that it does not cover");
		html_list(page, "ul", coverage, "uncovered", "members");
	}
	if (finding_length(signature, "notes") > 0) {
		html_element(page, "h4", "Notes");
		html_list(page, "ul", signature, "notes", "notes");
	}
	html_raw(page, "</article>\n");
}

void
html_signatures(struct html *page, const char *key)
{
	size_t count = finding_length(page->findings, key), shown = 0;
	for (; shown < count && shown < SIGNATURES_SHOWN && html_room(page); shown++)
		write_signature(page, finding_at(page->findings, key, shown));
	html_cut(page, "p class=\"cut\"", count, shown, "signatures");
}
