/* squashfs images and AppImages on arbitrary bytes: tables are compressed, so that
 * names may be longer than the file. */
#include "row.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view view = view_of(data, size);
	fuzz_members(&format_squashfs, &view, true);
	fuzz_map(&format_squashfs, &view);
	fuzz_members(&format_appimage, &view, true);
	fuzz_map(&format_appimage, &view);
	return 0;
}
