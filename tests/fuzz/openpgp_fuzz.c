/* The framing of OpenPGP signatures on arbitrary bytes. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every other file is there, and empty. */
static int
open_beside(void *context, const char *name, struct mapping *mapping, struct err *err)
{
	unsigned *asked = context;
	(void)err;
	if (!path_is_plain(name))
		abort();
	memset(mapping, 0, sizeof(*mapping));
	return (*asked)++ % 2 != 0;
}

static void
check_listed(const struct view *view)
{
	unsigned asked = 0;
	const struct signature_beside beside = {open_beside, &asked};
	struct strings names = {0};
	struct err err = {0};
	enum signature_status status = SIGNATURE_VALID;
	json_t *entries = json_array();
	signature_entry(entries, "x", "openpgp", "0", SIGNATURE_VALID, NULL);
	signature_listed_names(view, &names);
	signature_check_listed(view, &beside, entries, 0, &status, &err);
	if (asked != names.count)
		abort();
	strings_free(&names);
	json_decref(entries);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	check_listed(&view);
	struct buf text = {0}, packets = {0};
	struct err err = {0};
	size_t count = 0;
	if (openpgp_frame_detached(&view, &packets, &count, &err) == 0 &&
	    (count == 0 || count > OPENPGP_SIGNATURES_MOST))
		abort();
	buf_clear(&packets);
	if (openpgp_frame_cleartext(&view, &text, &packets, &count, &err) == 0 &&
	    text.size > 2 * size)
		abort();
	buf_free(&text);
	buf_free(&packets);
	return 0;
}
