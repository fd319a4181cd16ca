/* 7z archives ("7zFormat.txt"): a start header of 32 bytes names the place of the
 * real one, which is the archive's end. */
#include "format/format_private.h"

#include <archive.h>

static int
sevenzip_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	uint64_t offset, size, end;
	if (view_u64le(view, 12, &offset) == -1 || view_u64le(view, 20, &size) == -1 ||
	    sum_u64(offset, size, &end) == -1 || sum_u64(end, 32, &end) == -1)
		return err_set(err, ERR_INPUT, "7z start header is malformed");
	return archive_note_trailing("7z", view, end, sink, err);
}

static const struct container sevenzip = {
    .name = "7z",
    .enable = archive_read_support_format_7zip,
    .notes = sevenzip_notes,
};

static enum probe_answer
sevenzip_probe(const struct view *view)
{
	return view_has(view, 0, "7z\xbc\xaf\x27\x1c", 6) ? PROBE_SURE : PROBE_NO;
}

static int
sevenzip_members(const struct view *view, const struct member_sink *sink,
		 struct err *err)
{
	return archive_members(&sevenzip, view, sink, err);
}

const struct format format_7z = {
    .name = "7z",
    .title = "7z archive",
    .probe = sevenzip_probe,
    .members = sevenzip_members,
};
