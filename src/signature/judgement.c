/* A status together with what decided it. */
#include "signature/signature_private.h"

void
judgement_add(struct judgement *judgement, enum signature_status status,
	      const char *format, ...)
{
	if (status == SIGNATURE_VALID || status < judgement->status)
		return;
	if (status > judgement->status)
		strings_free(&judgement->reasons);
	judgement->status = status;
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!strings_have(&judgement->reasons, text.data))
		strings_add(&judgement->reasons, text.data);
	buf_free(&text);
}

void
judgement_merge(struct judgement *judgement, const struct judgement *other)
{
	for (size_t i = 0; i < other->reasons.count; i++)
		judgement_add(judgement, other->status, "%s", other->reasons.items[i]);
}

char *
judgement_reason(const struct judgement *judgement)
{
	if (judgement->reasons.count == 0)
		return NULL;
	struct buf text = {0};
	for (size_t i = 0; i < judgement->reasons.count; i++) {
		if (i > 0)
			buf_puts(&text, "; ");
		buf_puts(&text, judgement->reasons.items[i]);
	}
	return buf_take(&text);
}

void
judgement_free(struct judgement *judgement)
{
	strings_free(&judgement->reasons);
	judgement->status = SIGNATURE_VALID;
}

json_t *
judgement_entry(const struct judgement *judgement, json_t *signatures, const char *path,
		const char *scheme, const char *index, enum signature_status *status)
{
	char *reason = judgement_reason(judgement);
	json_t *entry = signature_entry(signatures, path, scheme, index,
					judgement->status, reason);
	json_object_set_new(entry, "notes", json_array());
	*status = judgement->status;
	free(reason);
	return entry;
}

void
judgement_settle(const struct judgement *more, json_t *entry,
		 enum signature_status *status)
{
	struct judgement found = {0};
	enum signature_status own = SIGNATURE_INVALID;
	const char *said = json_string_value(json_object_get(entry, "reason"));
	signature_status_parse(json_string_value(json_object_get(entry, "status")),
			       &own);
	judgement_add(&found, own, "%s", said != NULL ? said : "");
	judgement_merge(&found, more);
	char *reason = judgement_reason(&found);
	json_object_set_new(entry, "status",
			    json_string(signature_status_name(found.status)));
	if (reason != NULL)
		json_object_set_new(entry, "reason", json_string(reason));
	signature_worsen(status, found.status);
	free(reason);
	judgement_free(&found);
}
