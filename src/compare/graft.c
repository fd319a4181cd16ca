/* A pair of files, one of them signed: the rebuilt one is given the signature. */
#include "compare/compare_private.h"

#include <stdlib.h>
#include <string.h>

static json_t *
strings_json(const struct strings *list)
{
	json_t *array = json_array();
	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, text_json(list->items[i]));
	return array;
}

/* Does the format of the rebuilt file take the signature of the shipped one's? It is
 * the same, or what that one is without its signature: a kernel module is an ELF. */
static bool
is_graftable(const struct format *shipped, const struct format *rebuilt)
{
	return shipped != NULL && shipped->graft != NULL && rebuilt != NULL &&
	       (rebuilt == shipped || (shipped->refines != NULL &&
				       strcmp(shipped->refines, rebuilt->name) == 0));
}

static void
tell_failure(json_t *entry, const struct err *trouble)
{
	char *text =
	    base_format("the signature cannot be moved onto the rebuilt file: %s",
			trouble->message);
	entry_note(entry, NOTE_REMARK, 0, text);
	free(text);
}

bool
graft_pair(const struct comparison *comparison, struct pair pair,
	   const struct side *shipped, struct side *rebuilt, struct graft *graft,
	   json_t *entry)
{
	struct err trouble = {0};
	const struct format *format =
	    tree_node(comparison->shipped, pair.shipped)->format;
	if (!is_graftable(format, tree_node(comparison->rebuilt, pair.rebuilt)->format))
		return false;
	enum graft_answer answer =
	    format->graft(&shipped->view, &rebuilt->view, graft, &trouble);
	if (answer == GRAFT_FAILED)
		tell_failure(entry, &trouble);
	if (answer != GRAFT_DONE)
		return false;
	struct sha256 digest;
	struct view bytes = view_of_buf(&graft->bytes);
	json_t *object = json_object();
	sha256_of(bytes.data, bytes.size, &digest);
	json_object_set_new(object, "sha256", sha256_json(&digest));
	json_object_set_new(object, "steps", strings_json(&graft->steps));
	json_object_set_new(entry, "graft", object);
	*rebuilt = (struct side){bytes, NULL};
	return view_equal(&shipped->view, &bytes);
}
