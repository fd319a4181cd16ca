/*
 * Programs for .NET: the CLI header and the metadata that it names, as ECMA-335,
 * II.24 ("Metadata physical layout") and II.25.3.3 ("CLI header") lay them out.
 *
 *     metadata root: "BSJB", version | stream headers | #~ #Strings #US #GUID #Blob
 *
 * The first row of the first table names the module and, in #GUID, its version: the
 * MVID, which compilers make anew for each build unless they are told not to.
 */
#include "format/pe_private.h"

enum {
	ROOT_VERSION = 16, /* bytes before the version's text */
	STREAMS_MOST = 16,
	STREAM_NAME_MOST = 32,
	GUID_SIZE = 16,
	TABLES_HEADER = 24,    /* II.24.2.6 */
	HEAP_WIDE_STRINGS = 1, /* HeapSizes: indexes of 4 bytes */
	HEAP_WIDE_GUIDS = 2,
};

struct net {
	const struct pe_image *image;
	const struct symbol_owner *owner;
	uint64_t root, size; /* the metadata, in the file */
	struct view view;
	uint64_t tables, guids; /* streams, from the root; 0: none */
};

static void
put(const struct net *net, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *detail, const struct layout *layout)
{
	map_add_layout(net->image->map, net->owner->offset, net->root + offset, length,
		       tag, net->owner->name, detail, layout);
}

/* The module's identity: table 0, Generation, Name, Mvid (II.22.30). */
static void
map_module(const struct net *net)
{
	uint8_t wide = 0;
	uint64_t valid = 0, row = net->tables + TABLES_HEADER;
	uint32_t index = 0;
	uint16_t narrow = 0;
	view_u8(&net->view, net->tables + 6, &wide);
	view_u64le(&net->view, net->tables + 8, &valid);
	if (net->tables == 0 || net->guids == 0 || (valid & 1) == 0)
		return;
	for (uint64_t bits = valid; bits != 0; bits &= bits - 1)
		row += 4; /* the number of rows of each table there is */
	row += wide & HEAP_WIDE_STRINGS ? 6 : 4;
	if (wide & HEAP_WIDE_GUIDS) {
		view_u32le(&net->view, row, &index);
	} else {
		view_u16le(&net->view, row, &narrow);
		index = narrow;
	}
	if (index > 0) /* counted from 1 */
		put(net, net->guids + ((uint64_t)index - 1) * GUID_SIZE, GUID_SIZE,
		    EXTENT_METADATA, "MVID", NULL);
}

/* One stream header at *at: where it is kept in mind, or its bytes named. */
static bool
map_stream(struct net *net, uint64_t *at, struct strings *names, uint64_t *ranges)
{
	uint32_t offset = 0, size = 0;
	const char *name;
	if (view_u32le(&net->view, *at, &offset) == -1 ||
	    view_u32le(&net->view, *at + 4, &size) == -1 ||
	    view_string(&net->view, *at + 8, STREAM_NAME_MOST, &name) == -1)
		return false;
	if (strcmp(name, "#~") == 0)
		net->tables = offset;
	else if (strcmp(name, "#GUID") == 0)
		net->guids = offset;
	ranges[2 * names->count] = offset;
	ranges[2 * names->count + 1] = size;
	strings_add(names, name);
	*at += 8 + (strlen(name) / 4 + 1) * 4;
	return true;
}

static void
map_metadata(struct net *net)
{
	static const struct layout strings = {.strings = 1};
	struct strings names = {0};
	uint64_t ranges[2 * STREAMS_MOST];
	uint32_t length = 0;
	uint16_t count = 0;
	view_u32le(&net->view, ROOT_VERSION - 4, &length);
	uint64_t at = ROOT_VERSION + (uint64_t)length;
	view_u16le(&net->view, at + 2, &count);
	uint64_t headers = at + 4;
	at = headers;
	while (names.count < count && names.count < STREAMS_MOST &&
	       map_stream(net, &at, &names, ranges))
		;
	map_module(net);
	for (size_t i = 0; i < names.count; i++)
		put(net, ranges[2 * i], ranges[2 * i + 1], EXTENT_CONTENT,
		    names.items[i],
		    strcmp(names.items[i], "#Strings") == 0 ? &strings : NULL);
	put(net, headers, at - headers, EXTENT_METADATA, "stream headers", NULL);
	put(net, 0, headers, EXTENT_METADATA, "metadata root", NULL);
	strings_free(&names);
}

void
pe_map_net(const struct pe_image *image, uint32_t address, uint32_t size)
{
	static const struct layout_field fields[] = {{0, "cb"},
						     {4, "MajorRuntimeVersion"},
						     {6, "MinorRuntimeVersion"},
						     {8, "MetaData"},
						     {16, "Flags"},
						     {20, "EntryPointToken"},
						     {24, "Resources"},
						     {32, "StrongNameSignature"},
						     {40, "CodeManagerTable"},
						     {48, "VTableFixups"},
						     {56, "ExportAddressTableJumps"},
						     {64, "ManagedNativeHeader"},
						     {0, NULL}};
	static const struct layout layout = {.fields = fields};
	/* Directories inside the header. */
	static const struct {
		uint8_t offset;
		const char *name;
	} parts[] = {{24, "managed resources"}, {32, "strong name signature"}};
	struct net net = {.image = image};
	uint32_t where = 0, bytes = 0;
	uint64_t header;
	if (pe_name(image, address, size, EXTENT_METADATA, "CLI header", &layout,
		    &header) == -1)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		uint64_t offset;
		view_u32le(image->view, header + parts[i].offset, &where);
		view_u32le(image->view, header + parts[i].offset + 4, &bytes);
		if (where != 0)
			pe_name(image, where, bytes, EXTENT_CONTENT, parts[i].name,
				NULL, &offset);
	}
	view_u32le(image->view, header + 8, &where);
	view_u32le(image->view, header + 12, &bytes);
	if (pe_offset(image, where, &net.root, &net.owner) == 0 &&
	    view_sub(image->view, net.root, bytes, &net.view) == 0 &&
	    view_has(&net.view, 0, "BSJB", 4))
		map_metadata(&net);
}
