/* What two files that differ are, beside their bytes: encodings, bytes behind an end.
 */
#include "compare/compare_private.h"

#include <stdlib.h>

/* The notes of one side, as they come. */
struct gathered {
	json_t *entry;
	struct strings texts;
	const struct strings *told; /* of the other side: not said twice */
};

static int
on_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	struct err *err)
{
	struct gathered *gathered = context;
	(void)err;
	strings_add(&gathered->texts, text);
	if (gathered->told == NULL) {
		entry_note(gathered->entry, kind, offset, text);
	} else if (!strings_have(gathered->told, text)) {
		char *rebuilt = base_format("rebuilt: %s", text);
		entry_note(gathered->entry, kind, offset, rebuilt);
		free(rebuilt);
	}
	return 0;
}

static void
gather(struct gathered *gathered, const struct format *format, const struct view *view)
{
	const struct member_sink sink = {.context = gathered, .note = on_note};
	struct err err = {0};
	if (format == NULL || format->notes == NULL)
		return;
	if (format->notes(view, &sink, &err) == -1)
		on_note(gathered, NOTE_UNDECIDED, 0, err.message, &err);
}

void
notes_of_leaf(json_t *entry, const struct format *shipped_format,
	      const struct view *shipped, const struct format *rebuilt_format,
	      const struct view *rebuilt)
{
	struct gathered one = {.entry = entry};
	struct gathered other = {.entry = entry, .told = &one.texts};
	gather(&one, shipped_format, shipped);
	gather(&other, rebuilt_format, rebuilt);
	strings_free(&one.texts);
	strings_free(&other.texts);
}
