/*
 * Windows programs that carry an archive or an installer's data behind their sections:
 * self-extractors of zip, 7z, cab and RAR, bundles of WiX Burn, Inno Setup,
 * InstallShield. Only what is known makes a program a container; an overlay that
 * nobody knows stays bytes of a leaf.
 */
#include "format/overlay_private.h"
#include "format/pe_private.h"

#include <stdlib.h>

enum {
	CONFIG_MOST = 64 << 10, /* of the text in front of a 7z */
	LOADER_MOST = 1 << 20,  /* searched for Inno's table: resources come last */
	BURN_HEADER = 48,       /* of the section .wixburn, before the sizes */
	CONTAINERS_MOST = 64,
};

#define CONFIG      ";!@Install@!UTF-8!"
#define SEVENZIP    "7z\xbc\xaf\x27\x1c"
#define BURN_MAGIC  0x00f14300U
#define INNO_LOADER "rDlPtS"

bool
pe_overlay(const struct view *view, uint64_t *offset, uint64_t *size)
{
	struct pe pe;
	struct err ignored = {0};
	if (pe_read(view, &pe, &ignored) == -1)
		return false;
	uint64_t start = pe.sections_end, end = view->size;
	uint64_t symbols_end = pe.symbols + (uint64_t)pe.symbol_count * PE_SYMBOL_SIZE;
	if (pe.symbols != 0 && pe.symbols <= start && symbols_end > start)
		start = symbols_end;
	if (pe.strings != 0 && pe.strings <= start && pe.strings_end > start)
		start = pe.strings_end;
	if (pe.table_size > 0 && pe.table >= start &&
	    pe_table_check(view, &pe, &ignored) == 0)
		end = pe.table;
	*offset = start;
	*size = end > start ? end - start : 0;
	return *size > 0;
}

int
pe_overlay_notes(const struct view *view, uint64_t end, const struct member_sink *sink,
		 struct err *err)
{
	struct pe pe;
	if (pe_read(view, &pe, err) == -1)
		return -1;
	uint64_t table_end = pe.table + pe.table_size;
	if (end == view->size || pe.table != end || table_end >= view->size)
		return 0;
	return format_note(sink, NOTE_SUSPECT, table_end, err,
			   "%ju bytes behind the certificate table",
			   (uintmax_t)(view->size - table_end));
}

/* ---- what an overlay is ------------------------------------------------ */

struct overlay {
	uint64_t offset, size;
	struct view bytes;
};

static bool
overlay_read(const struct view *view, struct overlay *overlay)
{
	return pe_overlay(view, &overlay->offset, &overlay->size) &&
	       view_sub(view, overlay->offset, overlay->size, &overlay->bytes) == 0;
}

/* Installers whose data no row reads: named, so that nobody thinks it was read. */
static const char *
sealed_title(const struct view *view, const struct overlay *overlay)
{
	static const struct {
		const char *magic, *title;
		size_t length;
	} known[] = {
	    {"Rar!\x1a\7", "a RAR archive", 6},
	    {"zlb\x1a", "data of Inno Setup", 4},
	    {"idska32\x1a", "data of Inno Setup", 8},
	    {"Inno Setup Setup Data", "data of Inno Setup", 21},
	    {"InstallShield\0", "data of InstallShield", 14},
	    {"ISSetupStream\0", "data of InstallShield", 14},
	};
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		if (view_has(&overlay->bytes, 0, known[i].magic, known[i].length))
			return known[i].title;
	}
	/* Inno's loader has the table of offsets in a resource, or its place here */
	uint64_t from =
	    overlay->offset > LOADER_MOST ? overlay->offset - LOADER_MOST : 0;
	uint64_t at;
	struct view image;
	if (view_has(view, 0x30, "Inno", 4) ||
	    (view_sub(view, from, overlay->offset - from, &image) == 0 &&
	     view_find(&image, 0, INNO_LOADER, strlen(INNO_LOADER), &at) == 0))
		return "data of Inno Setup";
	return NULL;
}

/* Does a row other than that of programs know it, and can enter it? */
static bool
is_container(const struct view *bytes)
{
	struct format_match match;
	if (view_has(bytes, 0, "MZ", 2))
		return false;
	format_probe(bytes, &match);
	bool is = match.format != NULL && match.format->members != NULL;
	strings_free(&match.others);
	return is;
}

/* The text that configures a 7z self-extractor, in front of the archive: its size. */
static bool
is_configured(const struct view *bytes, uint64_t *size)
{
	struct view head = *bytes;
	if (head.size > CONFIG_MOST)
		head.size = CONFIG_MOST;
	return view_has(bytes, 0, CONFIG, strlen(CONFIG)) &&
	       view_find(&head, 0, SEVENZIP, strlen(SEVENZIP), size) == 0;
}

/* ---- WiX Burn ------------------------------------------------------------ */

/* A bundle's containers: the user interface's behind the stub, then, behind the
 * signature that the bundle's engine had on its own, the others. */
struct burn {
	uint64_t first, others;
	uint32_t sizes[CONTAINERS_MOST];
	uint32_t count;
};

/* The file offset of the section ".wixburn". */
static bool
burn_section(const struct view *view, uint64_t *at, uint64_t *end)
{
	struct pe pe;
	struct err ignored = {0};
	if (pe_read(view, &pe, &ignored) == -1)
		return false;
	for (unsigned i = 0; i < pe.section_count; i++) {
		if (view_has(view, pe.sections + (uint64_t)i * PE_SECTION_SIZE,
			     ".wixburn", 8))
			return pe_section(view, &pe, i, at, end);
	}
	return false;
}

static bool
burn_read(const struct view *view, const struct overlay *overlay, struct burn *burn)
{
	uint64_t at = 0, end = 0;
	uint32_t magic = 0, format = 0, stub = 0, signature = 0, signature_size = 0;
	*burn = (struct burn){0};
	if (!burn_section(view, &at, &end) || view_u32le(view, at, &magic) == -1 ||
	    magic != BURN_MAGIC || view_u32le(view, at + 24, &stub) == -1 ||
	    view_u32le(view, at + 32, &signature) == -1 ||
	    view_u32le(view, at + 36, &signature_size) == -1 ||
	    view_u32le(view, at + 40, &format) == -1 || format != 1 ||
	    view_u32le(view, at + 44, &burn->count) == -1 || burn->count == 0 ||
	    burn->count > CONTAINERS_MOST)
		return false;
	for (uint32_t i = 0; i < burn->count; i++) {
		if (view_u32le(view, at + BURN_HEADER + 4 * (uint64_t)i,
			       &burn->sizes[i]) == -1)
			return false;
	}
	burn->first = stub;
	burn->others = signature != 0 ? (uint64_t)signature + signature_size
				      : (uint64_t)stub + burn->sizes[0];
	return burn->first >= overlay->offset &&
	       burn->others >= burn->first + burn->sizes[0];
}

static uint64_t
burn_offset(const struct burn *burn, uint32_t index)
{
	uint64_t at = index == 0 ? burn->first : burn->others;
	for (uint32_t i = 1; i < index; i++)
		at += burn->sizes[i];
	return at;
}

static void
burn_name(uint32_t index, char name[32])
{
	if (index == 0)
		snprintf(name, 32, "user-interface.cab");
	else
		snprintf(name, 32, "attached-%u.cab", index);
}

static int
burn_members(const struct overlay *overlay, const struct burn *burn,
	     const struct member_sink *sink, struct err *err)
{
	uint64_t overlay_end = overlay->offset + overlay->size, used = overlay->offset;
	for (uint32_t i = 0; i < burn->count; i++) {
		char name[32];
		uint64_t at = burn_offset(burn, i), end = at + burn->sizes[i];
		burn_name(i, name);
		struct member member = {.path = name, .type = MEMBER_FILE};
		if (end > overlay_end)
			return err_set(
			    err, ERR_INPUT,
			    "container %u of the bundle at offset %ju is cut "
			    "off",
			    i, (uintmax_t)at);
		if (sink->begin(sink->context, &member, err) == -1 ||
		    sink->slice(sink->context, at, burn->sizes[i], err) == -1)
			return -1;
		used = end;
	}
	if (used < overlay_end)
		return format_note(sink, NOTE_REMARK, used, err,
				   "%ju bytes behind the last container of the bundle",
				   (uintmax_t)(overlay_end - used));
	return 0;
}

/* ---- the row --------------------------------------------------------------- */

static enum probe_answer
pe_overlay_probe(const struct view *view)
{
	struct overlay overlay;
	struct burn burn;
	uint64_t config;
	if (!view_has(view, 0, "MZ", 2) || !overlay_read(view, &overlay))
		return PROBE_NO;
	return is_configured(&overlay.bytes, &config) || is_container(&overlay.bytes) ||
		       burn_read(view, &overlay, &burn) ||
		       sealed_title(view, &overlay) != NULL
		   ? PROBE_SURE
		   : PROBE_NO;
}

static int
send_part(const char *name, uint64_t offset, uint64_t size,
	  const struct member_sink *sink, struct err *err)
{
	struct member member = {.path = name, .type = MEMBER_FILE};
	return sink->begin(sink->context, &member, err) == -1 ||
		       sink->slice(sink->context, offset, size, err) == -1
		   ? -1
		   : 0;
}

static int
send_overlay(const struct view *view, const struct overlay *overlay,
	     const struct member_sink *sink, struct err *err)
{
	uint64_t config = 0;
	const char *title = NULL;
	if (is_configured(&overlay->bytes, &config) &&
	    send_part("configuration", overlay->offset, config, sink, err) == -1)
		return -1;
	if (send_part("overlay", overlay->offset + config, overlay->size - config, sink,
		      err) == -1)
		return -1;
	if (config == 0 && !is_container(&overlay->bytes))
		title = sealed_title(view, overlay);
	if (title == NULL)
		return 0;
	return format_note(sink, NOTE_UNDECIDED, overlay->offset, err,
			   "%s: no reader for it, it was not looked into", title);
}

static int
pe_overlay_members(const struct view *view, const struct member_sink *sink,
		   struct err *err)
{
	struct overlay overlay;
	struct burn burn;
	if (!overlay_read(view, &overlay))
		return err_set(err, ERR_INPUT, "nothing stands behind the sections");
	if ((burn_read(view, &overlay, &burn)
		 ? burn_members(&overlay, &burn, sink, err)
		 : send_overlay(view, &overlay, sink, err)) == -1)
		return -1;
	return pe_overlay_notes(view, overlay.offset + overlay.size, sink, err);
}

static void
map_burn(const struct burn *burn, struct map *map)
{
	for (uint32_t i = 0; i < burn->count; i++)
		map_add(map, burn_offset(burn, i), burn->sizes[i], EXTENT_CONTENT, i,
			"content", NULL);
}

/* The image's own map, in which the members keep their bytes. */
static int
pe_overlay_map(const struct view *view, struct map *map, struct err *err)
{
	struct overlay overlay;
	struct burn burn;
	uint64_t config = 0;
	if (overlay_read(view, &overlay) && burn_read(view, &overlay, &burn)) {
		map_burn(&burn, map);
	} else if (overlay_read(view, &overlay)) {
		bool has = is_configured(&overlay.bytes, &config);
		map_add(map, overlay.offset, config, EXTENT_CONTENT, 0, "content",
			NULL);
		map_add(map, overlay.offset + config, overlay.size - config,
			EXTENT_CONTENT, has ? 1 : 0, "content", NULL);
	}
	return pe_map(view, map, err);
}

static enum graft_answer
pe_overlay_graft(const struct view *shipped, const struct view *rebuilt,
		 struct graft *graft, struct err *err)
{
	return format_pe.graft(shipped, rebuilt, graft, err);
}

const struct format format_pe_overlay = {
    .name = "pe-overlay",
    .title = "PE/COFF image with an archive or installer behind it",
    .refines = "pe",
    .probe = pe_overlay_probe,
    .members = pe_overlay_members,
    .map = pe_overlay_map,
    .graft = pe_overlay_graft,
    .code = pe_code,
};
