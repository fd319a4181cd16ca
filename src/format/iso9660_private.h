/* What the two files of the ISO 9660 row share. */
#ifndef VERIFY_FORMAT_ISO9660_PRIVATE_H
#define VERIFY_FORMAT_ISO9660_PRIVATE_H

#include "format/record_private.h"

enum {
	ISO_SECTOR = 2048,
	ISO_SYSTEM_AREA = 16 * ISO_SECTOR, /* ECMA-119 6.2.1: "system area" */
	ISO_BOOT = 0,                      /* 8.1.1: types of volume descriptors */
	ISO_PRIMARY = 1,
	ISO_SUPPLEMENTARY = 2,
	ISO_END = 255,
	ISO_DESCRIPTORS_MOST = 64,
};

/* Is there a volume descriptor of that index, and of what type? */
bool iso_descriptor(const struct view *view, unsigned index, uint8_t *type);
/* How long the primary descriptor says that the volume is: 8.4.8 times 8.4.12. */
int iso_volume_size(const struct view *view, uint64_t *size);
/* The row's hooks. */
int iso_members(const struct view *view, const struct member_sink *sink,
		struct err *err);
int iso_map(const struct view *view, struct map *map, struct err *err);

#endif
