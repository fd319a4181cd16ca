/*
 * What the data directories of a PE image name, and how headers and tables lie.
 * Fields are called as PE/COFF ("PE Format") and winnt.h call them.
 */
#include "format/pe_private.h"

enum {
	EXPORT,
	IMPORT,
	RESOURCE,
	EXCEPTION,
	RELOCATION = 5,
	DEBUG,
	TLS = 9,
	LOAD_CONFIG,
	BOUND_IMPORT,
	ADDRESS_TABLE,
	DELAY_IMPORT,
	NET,
	MACHINE_AMD64 = 0x8664,
	IMPORT_SIZE = 20,
	IMPORTS_MOST = 4096,
	DEBUG_SIZE = 28,
	DEBUG_MOST = 64, /* entries looked at */
	DEBUG_CODEVIEW = 2,
};

#define END                                                                            \
	{                                                                              \
		0, NULL                                                                \
	}

static const struct layout_field coff_fields[] = {
    {0, "Machine"},          {2, "NumberOfSections"},
    {4, "TimeDateStamp"},    {8, "PointerToSymbolTable"},
    {12, "NumberOfSymbols"}, {16, "SizeOfOptionalHeader"},
    {18, "Characteristics"}, END};
const struct layout pe_coff_layout = {.fields = coff_fields};

static const struct layout_field section_fields[] = {{0, "Name"},
						     {8, "VirtualSize"},
						     {12, "VirtualAddress"},
						     {16, "SizeOfRawData"},
						     {20, "PointerToRawData"},
						     {24, "PointerToRelocations"},
						     {28, "PointerToLinenumbers"},
						     {32, "NumberOfRelocations"},
						     {34, "NumberOfLinenumbers"},
						     {36, "Characteristics"},
						     END};
const struct layout pe_section_layout = {.record = PE_SECTION_SIZE,
					 .fields = section_fields};

/* Both kinds of optional header begin alike and end in directories. */
#define OPTIONAL_START                                                                 \
	{0, "Magic"}, {2, "MajorLinkerVersion"}, {3, "MinorLinkerVersion"},            \
	    {4, "SizeOfCode"}, {8, "SizeOfInitializedData"},                           \
	    {12, "SizeOfUninitializedData"}, {16, "AddressOfEntryPoint"},              \
	{                                                                              \
		20, "BaseOfCode"                                                       \
	}
#define OPTIONAL_MIDDLE                                                                \
	{32, "SectionAlignment"}, {36, "FileAlignment"},                               \
	    {40, "MajorOperatingSystemVersion"}, {42, "MinorOperatingSystemVersion"},  \
	    {44, "MajorImageVersion"}, {46, "MinorImageVersion"},                      \
	    {48, "MajorSubsystemVersion"}, {50, "MinorSubsystemVersion"},              \
	    {52, "Win32VersionValue"}, {56, "SizeOfImage"}, {60, "SizeOfHeaders"},     \
	    {64, "CheckSum"}, {68, "Subsystem"}, {70, "DllCharacteristics"},           \
	{                                                                              \
		72, "SizeOfStackReserve"                                               \
	}
#define OPTIONAL_DIRECTORIES(at)                                                       \
	{at, "export directory"}, {(at) + 8, "import directory"},                      \
	    {(at) + 16, "resource directory"}, {(at) + 24, "exception directory"},     \
	    {(at) + 32, "certificate table"},                                          \
	    {(at) + 40, "base relocation directory"}, {(at) + 48, "debug directory"},  \
	    {(at) + 56, "architecture"}, {(at) + 64, "global pointer"},                \
	    {(at) + 72, "TLS directory"}, {(at) + 80, "load configuration directory"}, \
	    {(at) + 88, "bound import directory"},                                     \
	    {(at) + 96, "import address table"},                                       \
	    {(at) + 104, "delay import directory"}, {(at) + 112, "CLI header"},        \
	{                                                                              \
		(at) + 120, "reserved directory"                                       \
	}

static const struct layout_field optional_32[] = {OPTIONAL_START,
						  {24, "BaseOfData"},
						  {28, "ImageBase"},
						  OPTIONAL_MIDDLE,
						  {76, "SizeOfStackCommit"},
						  {80, "SizeOfHeapReserve"},
						  {84, "SizeOfHeapCommit"},
						  {88, "LoaderFlags"},
						  {92, "NumberOfRvaAndSizes"},
						  OPTIONAL_DIRECTORIES(96),
						  END};
static const struct layout_field optional_64[] = {OPTIONAL_START,
						  {24, "ImageBase"},
						  OPTIONAL_MIDDLE,
						  {80, "SizeOfStackCommit"},
						  {88, "SizeOfHeapReserve"},
						  {96, "SizeOfHeapCommit"},
						  {104, "LoaderFlags"},
						  {108, "NumberOfRvaAndSizes"},
						  OPTIONAL_DIRECTORIES(112),
						  END};

const struct layout *
pe_optional_layout(const struct pe *pe)
{
	static const struct layout narrow = {.fields = optional_32},
				   wide = {.fields = optional_64};
	return pe->wide ? &wide : &narrow;
}

static const struct layout_field export_fields[] = {{0, "Characteristics"},
						    {4, "TimeDateStamp"},
						    {8, "MajorVersion"},
						    {10, "MinorVersion"},
						    {12, "Name"},
						    {16, "Base"},
						    {20, "NumberOfFunctions"},
						    {24, "NumberOfNames"},
						    {28, "AddressOfFunctions"},
						    {32, "AddressOfNames"},
						    {36, "AddressOfNameOrdinals"},
						    END};
static const struct layout_field import_fields[] = {
    {0, "OriginalFirstThunk"}, {4, "TimeDateStamp"},
    {8, "ForwarderChain"},     {12, "Name"},
    {16, "FirstThunk"},        END};
static const struct layout_field function_fields[] = {
    {0, "BeginAddress"}, {4, "EndAddress"}, {8, "UnwindInfoAddress"}, END};
static const struct layout_field tls_32[] = {{0, "StartAddressOfRawData"},
					     {4, "EndAddressOfRawData"},
					     {8, "AddressOfIndex"},
					     {12, "AddressOfCallBacks"},
					     {16, "SizeOfZeroFill"},
					     {20, "Characteristics"},
					     END};
static const struct layout_field tls_64[] = {{0, "StartAddressOfRawData"},
					     {8, "EndAddressOfRawData"},
					     {16, "AddressOfIndex"},
					     {24, "AddressOfCallBacks"},
					     {32, "SizeOfZeroFill"},
					     {36, "Characteristics"},
					     END};
static const struct layout_field config_fields[] = {{0, "Size"},
						    {4, "TimeDateStamp"},
						    {8, "MajorVersion"},
						    {10, "MinorVersion"},
						    {12, "GlobalFlagsClear"},
						    {16, "GlobalFlagsSet"},
						    {20, "other fields"},
						    END};

static const struct layout export_layout = {.fields = export_fields},
			   import_layout = {.record = IMPORT_SIZE,
					    .numbered = true,
					    .fields = import_fields},
			   function_layout = {.record = 12,
					      .numbered = true,
					      .fields = function_fields},
			   config_layout = {.fields = config_fields};
/* What differs between PE32 and PE32+. */
static const struct layout tls_layouts[] = {{.fields = tls_32}, {.fields = tls_64}},
			   address_layouts[] = {{.record = 4, .numbered = true},
						{.record = 8, .numbered = true}};

/* ---- addresses --------------------------------------------------------- */

int
pe_offset(const struct pe_image *image, uint32_t address, uint64_t *offset,
	  const struct symbol_owner **owner)
{
	unsigned section;
	if (pe_address(image->view, image->pe, address, &section, offset) == -1)
		return -1;
	*owner = &image->owners[section];
	return 0;
}

int
pe_name(const struct pe_image *image, uint32_t address, uint64_t size,
	enum extent_tag tag, const char *detail, const struct layout *layout,
	uint64_t *offset)
{
	const struct symbol_owner *owner;
	if (pe_offset(image, address, offset, &owner) == -1)
		return -1;
	if (size > owner->end - *offset)
		size = owner->end - *offset;
	map_add_layout(image->map, owner->offset, *offset, size, tag, owner->name,
		       detail, layout);
	return 0;
}

/* ---- debug directory --------------------------------------------------- */

/* What an entry of the debug directory names: it holds stamps, paths and digests. */
static void
map_debug_data(const struct pe_image *image, uint32_t type, uint32_t at, uint32_t size)
{
	static const struct layout_field rsds[] = {{0, "CvSignature"},
						   {4, "Signature"},
						   {20, "Age"},
						   {24, "PdbFileName"},
						   END};
	static const struct layout_field nb10[] = {{0, "CvSignature"},  {4, "Offset"},
						   {8, "Signature"},    {12, "Age"},
						   {16, "PdbFileName"}, END};
	static const struct layout rsds_layout = {.fields = rsds},
				   nb10_layout = {.fields = nb10};
	static const struct {
		uint32_t type;
		const char *name;
	} names[] = {
	    {12, "compiler features"},    {13, "profile-guided optimisation data"},
	    {16, "reproducibility hash"}, {17, "embedded portable PDB"},
	    {19, "PDB checksum"},         {20, "extended DLL characteristics"},
	};
	if (type == DEBUG_CODEVIEW) {
		bool old = view_has(image->view, at, "NB10", 4);
		if (old || view_has(image->view, at, "RSDS", 4))
			map_add_layout(image->map, at, at, size, EXTENT_METADATA,
				       "CodeView record", NULL,
				       old ? &nb10_layout : &rsds_layout);
		return;
	}
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].type == type)
			map_add(image->map, at, size, EXTENT_METADATA, EXTENT_NO_MEMBER,
				names[i].name, NULL);
	}
}

static void
map_debug(const struct pe_image *image, uint32_t address, uint32_t size)
{
	static const struct layout_field fields[] = {{0, "Characteristics"},
						     {4, "TimeDateStamp"},
						     {8, "MajorVersion"},
						     {10, "MinorVersion"},
						     {12, "Type"},
						     {16, "SizeOfData"},
						     {20, "AddressOfRawData"},
						     {24, "PointerToRawData"},
						     END};
	static const struct layout layout = {
	    .record = DEBUG_SIZE, .numbered = true, .fields = fields};
	const struct symbol_owner *owner;
	uint64_t offset;
	if (size / DEBUG_SIZE > DEBUG_MOST ||
	    pe_offset(image, address, &offset, &owner) == -1)
		return;
	map_add_layout(image->map, offset, offset, size, EXTENT_METADATA,
		       "debug directory", "entry", &layout);
	for (uint32_t i = 0; i < size / DEBUG_SIZE; i++) {
		uint64_t entry = offset + (uint64_t)i * DEBUG_SIZE;
		uint32_t type = 0, bytes = 0, at = 0;
		view_u32le(image->view, entry + 12, &type);
		view_u32le(image->view, entry + 16, &bytes);
		view_u32le(image->view, entry + 24, &at);
		map_debug_data(image, type, at, bytes);
	}
}

/* ---- the other directories --------------------------------------------- */

/* The import descriptors up to the empty one; the directory may say that it holds
 * all that they name too. */
static void
map_imports(const struct pe_image *image, uint32_t address, uint32_t size)
{
	const struct symbol_owner *owner;
	uint64_t offset, count = 0;
	uint32_t name = 1;
	if (pe_offset(image, address, &offset, &owner) == -1)
		return;
	while (count < IMPORTS_MOST && (count + 1) * IMPORT_SIZE <= size && name != 0 &&
	       view_u32le(image->view, offset + count * IMPORT_SIZE + 12, &name) == 0)
		count++;
	pe_name(image, address, count * IMPORT_SIZE, EXTENT_METADATA,
		"import descriptor", &import_layout, &offset);
}

void
pe_map_directories(const struct pe_image *image)
{
	const struct pe *pe = image->pe;
	uint16_t machine = 0;
	view_u16le(image->view, pe->coff, &machine);
	const struct {
		unsigned index;
		enum extent_tag tag;
		const char *name;
		const struct layout *layout;
	} tables[] = {
	    {EXPORT, EXTENT_METADATA, "export directory", &export_layout},
	    {EXCEPTION, EXTENT_CONTENT, "function entry",
	     machine == MACHINE_AMD64 ? &function_layout : NULL},
	    {RELOCATION, EXTENT_CONTENT, "base relocations", NULL},
	    {TLS, EXTENT_CONTENT, "TLS directory", &tls_layouts[pe->wide]},
	    {LOAD_CONFIG, EXTENT_CONTENT, "load configuration", &config_layout},
	    {ADDRESS_TABLE, EXTENT_CONTENT, "import address",
	     &address_layouts[pe->wide]},
	    {DELAY_IMPORT, EXTENT_METADATA, "delay import descriptors", NULL},
	};
	uint32_t address, size;
	uint64_t offset;
	if (pe_directory(image->view, pe, DEBUG, &address, &size) == 0 && address != 0)
		map_debug(image, address, size);
	if (pe_directory(image->view, pe, NET, &address, &size) == 0 && address != 0)
		pe_map_net(image, address, size);
	if (pe_directory(image->view, pe, RESOURCE, &address, &size) == 0 &&
	    address != 0)
		pe_map_resources(image, address, size);
	if (pe_directory(image->view, pe, IMPORT, &address, &size) == 0 && address != 0)
		map_imports(image, address, size);
	for (size_t i = 0; i < ARRAY_COUNT(tables); i++) {
		if (pe_directory(image->view, pe, tables[i].index, &address, &size) ==
			0 &&
		    address != 0)
			pe_name(image, address, tables[i].index == EXPORT ? 40 : size,
				tables[i].tag, tables[i].name, tables[i].layout,
				&offset);
	}
}
