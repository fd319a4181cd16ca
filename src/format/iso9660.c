/* ISO 9660 images (ECMA-119), with Rock Ridge, Joliet and zisofs as libarchive reads
 * them. Volume descriptors stand from sector 16 on. */
#include "format/iso9660_private.h"

#include <archive.h>

bool
iso_descriptor(const struct view *view, unsigned index, uint8_t *type)
{
	uint64_t at = ISO_SYSTEM_AREA + (uint64_t)index * ISO_SECTOR;
	return view_has(view, at + 1, "CD001", 5) && view_u8(view, at, type) == 0;
}

int
iso_volume_size(const struct view *view, uint64_t *size)
{
	uint8_t type;
	for (unsigned i = 0; i < ISO_DESCRIPTORS_MOST &&
			     iso_descriptor(view, i, &type) && type != ISO_END;
	     i++) {
		uint64_t at = ISO_SYSTEM_AREA + (uint64_t)i * ISO_SECTOR;
		uint32_t blocks;
		uint16_t block;
		if (type == ISO_PRIMARY && view_u32le(view, at + 80, &blocks) == 0 &&
		    view_u16le(view, at + 128, &block) == 0) {
			*size = (uint64_t)blocks * block;
			return 0;
		}
	}
	return -1;
}

/* What the library does not list: the system area of hybrid images, boot records,
 * and what follows the volume. */
static int
iso_notes(const struct view *view, const struct member_sink *sink, struct err *err)
{
	struct view area;
	uint64_t size;
	uint8_t type;
	if (view_sub(view, 0, ISO_SYSTEM_AREA, &area) == 0 && !view_is_zero(&area) &&
	    format_note(sink, NOTE_REMARK, 0, err,
			"the system area is in use: boot code or partition tables that "
			"no member holds") == -1)
		return -1;
	for (unsigned i = 0; i < ISO_DESCRIPTORS_MOST &&
			     iso_descriptor(view, i, &type) && type != ISO_END;
	     i++) {
		if (type == ISO_BOOT &&
		    format_note(sink, NOTE_REMARK,
				ISO_SYSTEM_AREA + (uint64_t)i * ISO_SECTOR, err,
				"a boot record: its boot images need not be members") ==
			-1)
			return -1;
	}
	if (iso_volume_size(view, &size) == -1)
		return err_set(err, ERR_INPUT, "no primary volume descriptor");
	return archive_note_trailing("iso9660", view, size, sink, err);
}

static const struct container iso = {
    .name = "iso9660",
    .enable = archive_read_support_format_iso9660,
    .owners = true,
    .notes = iso_notes,
};

static enum probe_answer
iso_probe(const struct view *view)
{
	uint8_t type;
	return iso_descriptor(view, 0, &type) ? PROBE_SURE : PROBE_NO;
}

int
iso_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return archive_members(&iso, view, sink, err);
}

const struct format format_iso9660 = {
    .name = "iso9660",
    .title = "ISO 9660 image",
    .probe = iso_probe,
    .members = iso_members,
    .map = iso_map,
};
