/*
 * Packages that are zip archives with certain members in them: each kind is told by
 * names in the central directory, and is read and mapped as a zip. The first kind of
 * the table that fits counts: an APK with a manifest of jarsigner's is an APK.
 */
#include "format/zip_private.h"

/* Names that a probe looks at. */
#define LOOK_MOST 4096

enum zip_kind {
	KIND_APK,
	KIND_MSIX,
	KIND_NUPKG,
	KIND_VSIX,
	KIND_WHEEL,
	KIND_XPI,
	KIND_EPUB,
	KIND_OPC,
	KIND_JAR,
	KIND_NONE
};

struct tell {
	enum zip_kind kind;
	const char *start, *end; /* of the name; both together are all of it when */
	bool whole;              /* this is set */
};

static const struct tell tells[] = {
    {KIND_APK, "AndroidManifest.xml", "", true},
    {KIND_MSIX, "AppxManifest.xml", "", true},
    {KIND_MSIX, "AppxMetadata/AppxBundleManifest.xml", "", true},
    {KIND_NUPKG, "", ".nuspec", false},
    {KIND_VSIX, "extension.vsixmanifest", "", true},
    {KIND_WHEEL, "", ".dist-info/RECORD", false},
    {KIND_XPI, "META-INF/mozilla.rsa", "", true},
    {KIND_XPI, "META-INF/cose.sig", "", true},
    {KIND_XPI, "install.rdf", "", true},
    {KIND_EPUB, "META-INF/container.xml", "", true},
    {KIND_OPC, "[Content_Types].xml", "", true},
    {KIND_JAR, "META-INF/MANIFEST.MF", "", true},
};

static bool
tell_fits(const struct tell *tell, const struct view *name)
{
	size_t start = strlen(tell->start), end = strlen(tell->end);
	if (tell->whole)
		return name->size == start && view_has(name, 0, tell->start, start);
	/* in the first folder only: a .nuspec, or a .dist-info with its RECORD */
	uint64_t slash = 0;
	bool nested = view_find(name, 0, "/", 1, &slash) == 0;
	return name->size > end && view_has(name, name->size - end, tell->end, end) &&
	       (!nested || (strchr(tell->end, '/') != NULL &&
			    slash == name->size - strlen("/RECORD")));
}

/* Every kind that a name tells, as a set of bits. */
static unsigned
kinds_of_name(const struct view *name)
{
	unsigned kinds = 0;
	for (size_t i = 0; i < ARRAY_COUNT(tells); i++) {
		if (tell_fits(&tells[i], name))
			kinds |= 1U << tells[i].kind;
	}
	return kinds;
}

/* Where the directory starts, as zip_open finds it; false when there is none. */
static bool
find_directory(const struct view *view, uint64_t *directory)
{
	uint64_t end = 0, end64, stated;
	uint32_t size = 0, offset = 0;
	if (zip_find_end(view, &end) == -1 || view_u32le(view, end + 12, &size) == -1 ||
	    view_u32le(view, end + 16, &offset) == -1)
		return false;
	*directory = offset;
	/* 4.3.15: the locator says where the record with the large numbers is */
	if (offset == UINT32_MAX && end >= 20 &&
	    view_has(view, end - 20, "PK\6\7", 4) &&
	    view_u64le(view, end - 12, &end64) == 0 &&
	    view_has(view, end64, "PK\6\6", 4) &&
	    view_u64le(view, end64 + 48, &stated) == 0)
		*directory = stated;
	/* with bytes before it, or as a zip64, it stands before its end record */
	if (!view_has(view, *directory, "PK\1\2", 4) && size <= end)
		*directory = end - size;
	return true;
}

/* Behind other bytes it is the same to whoever reads it from its end. Each kind asks
 * this of every file, so that it must be cheap: an archive with a comment as well is
 * just a zip. */
static bool
may_be_zip(const struct view *view)
{
	return view_has(view, 0, "PK\3\4", 4) ||
	       (view->size > ZIP_END_SIZE &&
		view_has(view, view->size - ZIP_END_SIZE, "PK\5\6", 4));
}

static enum zip_kind
kind_of(const struct view *view)
{
	uint64_t at;
	uint16_t name_size = 0, extra = 0, comment = 0;
	unsigned kinds = 0;
	struct view name;
	if (!may_be_zip(view) || !find_directory(view, &at))
		return KIND_NONE;
	for (size_t i = 0; i < LOOK_MOST && view_has(view, at, "PK\1\2", 4); i++) {
		if (view_u16le(view, at + 28, &name_size) == -1 ||
		    view_u16le(view, at + 30, &extra) == -1 ||
		    view_u16le(view, at + 32, &comment) == -1 ||
		    view_sub(view, at + ZIP_CENTRAL_SIZE, name_size, &name) == -1)
			break;
		kinds |= kinds_of_name(&name);
		at += ZIP_CENTRAL_SIZE + (uint64_t)name_size + extra + comment;
	}
	return kinds == 0 ? KIND_NONE : (enum zip_kind)__builtin_ctz(kinds);
}

static int
kind_members(const struct view *view, const struct member_sink *sink, struct err *err)
{
	return format_zip.members(view, sink, err);
}

static int
kind_map(const struct view *view, struct map *map, struct err *err)
{
	return format_zip.map(view, map, err);
}

#define KIND(id, kind, row, row_title, kind_mapped, kind_graft)                        \
	static enum probe_answer id##_probe(const struct view *view)                   \
	{                                                                              \
		return kind_of(view) == (kind) ? PROBE_SURE : PROBE_NO;                \
	}                                                                              \
	const struct format format_##id = {.name = row,                                \
					   .title = row_title,                         \
					   .refines = "zip",                           \
					   .probe = id##_probe,                        \
					   .members = kind_members,                    \
					   .map = kind_mapped,                         \
					   .graft = kind_graft}

KIND(apk, KIND_APK, "apk", "Android package", apk_map, apk_graft);
KIND(msix, KIND_MSIX, "msix", "MSIX or APPX package", msix_map, NULL);
KIND(nupkg, KIND_NUPKG, "nupkg", "NuGet package", nupkg_map, nupkg_graft);
KIND(vsix, KIND_VSIX, "vsix", "Visual Studio extension", kind_map, NULL);
KIND(wheel, KIND_WHEEL, "wheel", "Python wheel", kind_map, NULL);
KIND(xpi, KIND_XPI, "xpi", "Mozilla extension", kind_map, NULL);
KIND(epub, KIND_EPUB, "epub", "EPUB publication", kind_map, NULL);
KIND(opc, KIND_OPC, "opc", "Open Packaging (Office) file", kind_map, NULL);
KIND(jar, KIND_JAR, "jar", "Java archive", kind_map, jar_graft);
