/* Strict XML on arbitrary bytes: the canonical form of a canonical form is itself. */
#include "signature/signature_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct xml *xml, size_t node)
{
	struct buf once = {0}, twice = {0};
	struct xml again;
	if (xml_canonical(xml, node, &once) == 0) {
		struct view text = view_of_buf(&once);
		if (xml_parse(&text, &again) == -1 ||
		    xml_canonical(&again, 0, &twice) == -1 || once.size != twice.size ||
		    memcmp(once.data, twice.data, once.size) != 0)
			abort();
		xml_free(&again);
	}
	buf_free(&once);
	buf_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view text = view_of(data, size);
	struct xml xml;
	if (xml_parse(&text, &xml) == 0) {
		for (size_t i = 0; i < xml.count && i < 16; i++)
			check(&xml, i);
	}
	xml_free(&xml);
	return 0;
}
