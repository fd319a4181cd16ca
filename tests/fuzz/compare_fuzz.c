/* Ranges of two arbitrary files: putting them into the rebuilt one must give the
 * shipped one, whether they are compared as bytes or by lines. */
#include <stdlib.h>

#include "compare/compare_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
replay(const struct side *shipped, const struct side *rebuilt,
       const struct ranges *ranges)
{
	struct buf out = {0};
	uint64_t at = 0;
	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->items[i];
		struct view kept, put;
		if (range->rebuilt < at ||
		    view_sub(&rebuilt->view, at, range->rebuilt - at, &kept) == -1 ||
		    view_sub(&shipped->view, range->shipped, range->shipped_length,
			     &put) == -1)
			abort();
		buf_append(&out, kept.data, kept.size);
		if (out.size != range->shipped)
			abort();
		buf_append(&out, put.data, put.size);
		at = range->rebuilt + range->rebuilt_length;
	}
	struct view rest = view_from(&rebuilt->view, at);
	buf_append(&out, rest.data, rest.size);
	struct view made = view_of_buf(&out);
	if (!view_equal(&made, &shipped->view))
		abort();
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	size_t cut = 1 + data[0] * (size - 1) / 256;
	struct side shipped = {view_of(data + 1, cut - 1), NULL};
	struct side rebuilt = {view_of(data + cut, size - cut), NULL};
	struct ranges ranges = {.most = data[0] % 4 == 0 ? 3 : 0};
	align_all(&shipped, &rebuilt, &ranges);
	replay(&shipped, &rebuilt, &ranges);
	ranges_free(&ranges);
	if (lines_are(&shipped.view) && lines_are(&rebuilt.view)) {
		struct lines one, other;
		lines_split(&shipped.view, &one);
		lines_split(&rebuilt.view, &other);
		ranges = (struct ranges){0};
		if (lines_ranges(&shipped, &one, &rebuilt, &other, &ranges))
			replay(&shipped, &rebuilt, &ranges);
		ranges_free(&ranges);
		lines_free(&one);
		lines_free(&other);
	}
	return 0;
}
