/* The table of schemes, the statuses, and the walk over a tree. */
#include "signature/signature_private.h"

static const char *const status_names[] = {
    [SIGNATURE_VALID] = "valid",       [SIGNATURE_NOT_CHECKED] = "not-checked",
    [SIGNATURE_UNSIGNED] = "unsigned", [SIGNATURE_WEAK] = "weak",
    [SIGNATURE_EXPIRED] = "expired",   [SIGNATURE_UNTRUSTED] = "untrusted",
    [SIGNATURE_REVOKED] = "revoked",   [SIGNATURE_INVALID] = "invalid",
};

const char *
signature_status_name(enum signature_status status)
{
	return status_names[status];
}

int
signature_status_parse(const char *name, enum signature_status *status)
{
	for (size_t i = 0; i < ARRAY_COUNT(status_names); i++) {
		if (strcmp(name, status_names[i]) == 0) {
			*status = (enum signature_status)i;
			return 0;
		}
	}
	return -1;
}

void
signature_worsen(enum signature_status *status, enum signature_status other)
{
	if (other > *status)
		*status = other;
}

json_t *
signature_entry(json_t *signatures, const char *path, const char *scheme,
		const char *index, enum signature_status status, const char *reason)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "path", json_string(path));
	json_object_set_new(entry, "scheme", json_string(scheme));
	json_object_set_new(entry, "index", json_string(index));
	json_object_set_new(entry, "status",
			    json_string(signature_status_name(status)));
	if (reason != NULL) {
		/* A message that was cut to fit may end inside a character. */
		json_t *text = json_string(reason);
		json_object_set_new(entry, "reason",
				    text != NULL ? text : text_json(reason));
	}
	json_array_append_new(signatures, entry);
	return entry;
}

void
signature_note(json_t *entry, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	json_t *notes = json_object_get(entry, "notes");
	if (notes == NULL) {
		notes = json_array();
		json_object_set_new(entry, "notes", notes);
	}
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	json_array_append_new(notes, json_string(text.data ? text.data : ""));
	buf_free(&text);
}

void
signature_fact(json_t *entry, const char *name, const char *value)
{
	json_t *facts = json_object_get(entry, "facts"), *fact = json_object();
	if (facts == NULL) {
		facts = json_array();
		json_object_set_new(entry, "facts", facts);
	}
	json_object_set_new(fact, "name", json_string(name));
	json_object_set_new(fact, "value", json_string(value));
	json_array_append_new(facts, fact);
}

/* ---- the table ------------------------------------------------------- */

static bool
cleartext_knows(const struct view *file, const struct format *format)
{
	return openpgp_is_cleartext(file);
}

static int
cleartext_check(const struct view *file, const char *path, const struct trust *trust,
		json_t *signatures, enum signature_status *status, struct err *err)
{
	size_t before = json_array_size(signatures);
	int answer =
	    openpgp_check_cleartext(file, path, trust, signatures, status, err);
	for (size_t i = before; i < json_array_size(signatures); i++) {
		json_t *entry = json_array_get(signatures, i);
		if (json_object_get(entry, "openpgp") != NULL)
			openpgp_frame_cover(file, entry);
	}
	return answer;
}

static const struct scheme scheme_cleartext = {"openpgp", true, cleartext_knows,
					       cleartext_check};

static const struct scheme *const schemes[] = {
    &scheme_authenticode, &scheme_authenticode_other,
    &scheme_module,       &scheme_rpm,
    &scheme_debsigs,      &scheme_apk,
    &scheme_uefi,         &scheme_nuget,
    &scheme_clamav,       &scheme_crx,
    &scheme_jar,          &scheme_xpi,
    &scheme_macho,        &scheme_mar,
    &scheme_xar,          &scheme_dmg,
    &scheme_payload,      &scheme_ota,
    &scheme_opc,          &scheme_cleartext};

static void
add_not_checked(json_t *signatures, const char *path, enum signature_status *status,
		const char *reason)
{
	signature_entry(signatures, path, "none", "0", SIGNATURE_NOT_CHECKED, reason);
	signature_worsen(status, SIGNATURE_NOT_CHECKED);
}

bool
signature_usual(const struct view *file, const struct format *format)
{
	for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
		if (schemes[i]->usual && schemes[i]->knows(file, format))
			return true;
	}
	return false;
}

int
signature_check_as(const struct view *file, const struct format_match *match,
		   const char *path, const struct trust *trust, json_t *signatures,
		   enum signature_status *status, bool *known, struct err *err)
{
	size_t before = json_array_size(signatures);
	*known = false;
	*status = SIGNATURE_VALID;
	for (size_t i = 0; i < ARRAY_COUNT(schemes); i++) {
		enum signature_status found;
		if (!schemes[i]->knows(file, match->format))
			continue;
		*known = true;
		if (schemes[i]->check(file, path, trust, signatures, &found, err) == -1)
			return -1;
		signature_worsen(status, found);
	}
	for (size_t i = before; i < json_array_size(signatures); i++)
		coverage_conclude(json_array_get(signatures, i), file->size);
	for (size_t i = 0; i < match->others.count; i++) {
		char *reason =
		    base_format("the file can also be read as %s, and nobody "
				"looked for that format's signatures",
				match->others.items[i]);
		add_not_checked(signatures, path, status, reason);
		free(reason);
	}
	return 0;
}

int
signature_check(const struct view *file, const char *path, const struct trust *trust,
		json_t *signatures, enum signature_status *status, struct err *err)
{
	struct format_match match = {0};
	bool known;
	format_probe(file, &match);
	int answer = signature_check_as(file, &match, path, trust, signatures, status,
					&known, err);
	if (answer == 0 && !known)
		add_not_checked(signatures, path, status,
				"no signing scheme is known for this format");
	strings_free(&match.others);
	return answer;
}
