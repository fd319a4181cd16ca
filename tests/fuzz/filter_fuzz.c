/* Compressed streams on arbitrary bytes. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct format *const rows[] = {
	    &format_gzip, &format_bzip2, &format_xz, &format_zstd, &format_lz4,
	};
	struct view view = view_of(data, size);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		/* The library is slow on what it does not know: ask the probe first. */
		if (rows[i]->probe(&view) == PROBE_NO)
			continue;
		fuzz_members(rows[i], &view, true);
		fuzz_map(rows[i], &view);
	}
	return 0;
}
