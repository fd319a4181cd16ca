/* The table of formats, and what is asked of all its rows. */
#include "format/format_private.h"

#include <sys/stat.h>

/*
 * One row a line. Order only decides which of two equally sure rows is "the"
 * format of a polyglot, and which others are named beside it.
 */
const struct format *const format_table[] = {
    /* programs */
    &format_pe,
    &format_pe_overlay,
    &format_nsis,
    &format_elf,
    &format_module,
    &format_macho,
    &format_macho_fat,
    &format_gettext,
    &format_pyc,
    &format_java,
    &format_yara,
    &format_wasm,

    /* documents */
    &format_png,
    &format_pdf,
    &format_sqlite,

    /* packages and archives */
    &format_ar,
    &format_deb,
    &format_tar,
    &format_oci,
    &format_docker,
    &format_cpio,
    &format_zip,
    &format_apk,
    &format_msix,
    &format_nupkg,
    &format_vsix,
    &format_wheel,
    &format_xpi,
    &format_epub,
    &format_opc,
    &format_jar,
    &format_jmod,
    &format_alpine,
    &format_rpm,
    &format_7z,
    &format_cab,
    &format_compound,
    &format_makeself,
    &format_iso9660,
    &format_xar,
    &format_dmg,
    &format_cvd,
    &format_cdiff,
    &format_crx,
    &format_mar,
    &format_payload,

    /* images of file systems and for boot loaders */
    &format_fdt,
    &format_fit,
    &format_uimage,
    &format_efi_list,
    &format_efi_variable,
    &format_squashfs,
    &format_appimage,
    &format_erofs,
    &format_ext,
    &format_fat,
    &format_fat32,
    &format_ntfs,
    &format_btrfs,
    &format_xfs,
    &format_f2fs,
    &format_cramfs,
    &format_romfs,
    &format_ubi,
    &format_ubifs,

    /* compressed streams */
    &format_gzip,
    &format_bzip2,
    &format_xz,
    &format_zstd,
    &format_lz4,

    /* fallbacks */
    &format_text,

    NULL,
};

const char *
extent_tag_name(enum extent_tag tag)
{
	static const char *const names[] = {
	    [EXTENT_CONTENT] = "content", [EXTENT_SIGNATURE] = "signature",
	    [EXTENT_DERIVED] = "derived", [EXTENT_METADATA] = "metadata",
	    [EXTENT_PADDING] = "padding",
	};
	return names[tag];
}

const char *
member_type_name(enum member_type type)
{
	static const char *const names[] = {
	    [MEMBER_FILE] = "file",
	    [MEMBER_FOLDER] = "folder",
	    [MEMBER_SYMLINK] = "symlink",
	    [MEMBER_HARDLINK] = "hardlink",
	    [MEMBER_CHARACTER_DEVICE] = "character device",
	    [MEMBER_BLOCK_DEVICE] = "block device",
	    [MEMBER_FIFO] = "fifo",
	    [MEMBER_SOCKET] = "socket",
	};
	return names[type];
}

enum member_type
member_type_of_mode(uint64_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return MEMBER_FOLDER;
	case S_IFLNK:
		return MEMBER_SYMLINK;
	case S_IFCHR:
		return MEMBER_CHARACTER_DEVICE;
	case S_IFBLK:
		return MEMBER_BLOCK_DEVICE;
	case S_IFIFO:
		return MEMBER_FIFO;
	case S_IFSOCK:
		return MEMBER_SOCKET;
	default:
		return MEMBER_FILE;
	}
}

const char *
note_kind_name(enum note_kind kind)
{
	static const char *const names[] = {
	    [NOTE_REMARK] = "remark",
	    [NOTE_SUSPECT] = "suspect",
	    [NOTE_UNDECIDED] = "undecided",
	};
	return names[kind];
}

int
format_note(const struct member_sink *sink, enum note_kind kind, uint64_t offset,
	    struct err *err, const char *format, ...)
{
	struct buf text = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	int answer = sink->note(sink->context, kind, offset, text.data, err);
	buf_free(&text);
	return answer;
}

#define ROWS_MOST (ARRAY_COUNT(format_table))

/* Is row `index` refined by another row that is sure too? */
static bool
row_is_refined(const enum probe_answer *answers, size_t index)
{
	for (size_t i = 0; format_table[i] != NULL; i++) {
		if (answers[i] == PROBE_SURE && format_table[i]->refines != NULL &&
		    strcmp(format_table[i]->refines, format_table[index]->name) == 0)
			return true;
	}
	return false;
}

void
format_probe(const struct view *view, struct format_match *match)
{
	enum probe_answer answers[ROWS_MOST];
	*match = (struct format_match){0};
	for (size_t i = 0; format_table[i] != NULL; i++)
		answers[i] = format_table[i]->probe(view);
	for (size_t i = 0; format_table[i] != NULL; i++) {
		if (answers[i] != PROBE_SURE || row_is_refined(answers, i))
			continue;
		if (match->format == NULL)
			match->format = format_table[i];
		else
			strings_add(&match->others, format_table[i]->name);
	}
	for (size_t i = 0; match->format == NULL && format_table[i] != NULL; i++) {
		if (answers[i] == PROBE_MAYBE)
			match->format = format_table[i];
	}
}

const struct format *
format_by_name(const char *name)
{
	for (size_t i = 0; format_table[i] != NULL; i++) {
		if (strcmp(format_table[i]->name, name) == 0)
			return format_table[i];
	}
	return NULL;
}

bool
format_is(const struct format *format, const char *name)
{
	while (format != NULL && strcmp(format->name, name) != 0)
		format = format->refines ? format_by_name(format->refines) : NULL;
	return format != NULL;
}

struct map *
format_map(const struct format *format, const struct view *view, struct err *trouble)
{
	return format_map_filtered(format, view, NULL, trouble);
}

struct map *
format_map_filtered(const struct format *format, const struct view *view,
		    const struct map_filter *filter, struct err *trouble)
{
	struct map *map = map_new();
	struct err err = {0};
	map->view = *view;
	map->filter = filter;
	if (format != NULL && format->map != NULL) {
		if (format->map(view, map, &err) == 0)
			err = (struct err){0};
	}
	/* What no extent names, all of it where the row failed, is "data" when the
	 * row has no map at all, and a "gap" beside named extents otherwise. */
	if (map->count == 0)
		map_add(map, 0, view->size, EXTENT_CONTENT, EXTENT_NO_MEMBER, "data",
			NULL);
	map_finish(map, view->size);
	map->filter = NULL;
	if (trouble != NULL)
		*trouble = err;
	return map;
}

void
graft_free(struct graft *graft)
{
	buf_free(&graft->bytes);
	strings_free(&graft->steps);
}
