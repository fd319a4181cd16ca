/*
 * Mach-O files: programs, libraries and objects of macOS and iOS, of 32 and 64 bits
 * in both byte orders. Figures are those of Apple's <mach-o/loader.h>, <mach-o/nlist.h>
 * and, for signatures, <kern/cs_blobs.h>.
 *
 *     header | load commands | segments' bytes: sections … | __LINKEDIT: symbols,
 *     strings, dyld's tables, the code signature
 */
#include "format/macho_private.h"

enum {
	COMMAND_SIZE = 8, /* struct load_command: cmd, cmdsize */
	SYMTAB_SIZE = 24,
	DYSYMTAB_SIZE = 80,
	DYLD_INFO_SIZE = 48,
	LINKEDIT_SIZE = 16,
	LC_SEGMENT = 0x1,
	LC_SYMTAB = 0x2,
	LC_DYSYMTAB = 0xb,
	LC_SEGMENT_64 = 0x19,
	LC_CODE_SIGNATURE = 0x1d,
	LC_DYLD_INFO = 0x22,
	SECTION_TYPE = 0xff, /* of a section's flags */
	SIGNATURE_BLOBS = 64,
	NAME_FIELD = 16, /* segname, sectname */
};

#define LC_REQUIRED UINT32_C(0x80000000) /* LC_REQ_DYLD */
/* S_ATTR_PURE_INSTRUCTIONS, S_ATTR_SOME_INSTRUCTIONS of a section's flags */
#define SECTION_INSTRUCTIONS UINT32_C(0x80000400)
#define SIGNATURE_MAGIC      UINT32_C(0xfade0cc0) /* CSMAGIC_EMBEDDED_SIGNATURE */

/* A file's class and order, and what its load commands say. */
struct macho {
	const struct view *view;
	bool wide, big;
	uint32_t command_count;
	uint64_t commands, commands_end;
	struct symbol_owner *owners; /* the sections, in the order symbols count them */
	uint64_t *addresses;
	size_t count, room;
	struct strings names;
	uint64_t end;          /* of all that commands name */
	uint64_t unsigned_end; /* the same without the signature and __LINKEDIT */
	uint64_t content;      /* where the first of it is */
	uint64_t linkedit_command, linkedit, linkedit_end;
	uint64_t signature_command, signature, signature_size;
	unsigned signatures;
};

static uint32_t
macho_u32(const struct macho *macho, uint64_t offset)
{
	uint32_t value = 0;
	if (macho->big)
		view_u32be(macho->view, offset, &value);
	else
		view_u32le(macho->view, offset, &value);
	return value;
}

static uint64_t
macho_word(const struct macho *macho, uint64_t offset)
{
	uint64_t value = 0;
	if (!macho->wide)
		return macho_u32(macho, offset);
	if (macho->big)
		view_u64be(macho->view, offset, &value);
	else
		view_u64le(macho->view, offset, &value);
	return value;
}

/* MH_MAGIC, MH_MAGIC_64 in either order, and the header behind it. */
static bool
macho_open(const struct view *view, struct macho *macho)
{
	uint32_t magic = 0;
	view_u32be(view, 0, &magic);
	*macho = (struct macho){.view = view};
	macho->big = magic == 0xfeedface || magic == 0xfeedfacf;
	macho->wide = magic == 0xfeedfacf || magic == 0xcffaedfe;
	macho->commands = macho->wide ? 32 : 28;
	return (macho->big || macho->wide || magic == 0xcefaedfe) &&
	       view->size >= macho->commands;
}

static enum probe_answer
macho_probe(const struct view *view)
{
	struct macho macho;
	return macho_open(view, &macho) ? PROBE_SURE : PROBE_NO;
}

static void
add(struct map *map, uint64_t offset, uint64_t length, enum extent_tag tag,
    const char *name)
{
	map_add(map, offset, length, tag, EXTENT_NO_MEMBER, name, NULL);
}

/* ---- load commands ----------------------------------------------------- */

/* The name of a command; the bit "required" left away. */
static const char *
command_name(uint32_t command)
{
	static const char *const names[] = {
	    [0x01] = "LC_SEGMENT",
	    [0x02] = "LC_SYMTAB",
	    [0x04] = "LC_THREAD",
	    [0x05] = "LC_UNIXTHREAD",
	    [0x0b] = "LC_DYSYMTAB",
	    [0x0c] = "LC_LOAD_DYLIB",
	    [0x0d] = "LC_ID_DYLIB",
	    [0x0e] = "LC_LOAD_DYLINKER",
	    [0x0f] = "LC_ID_DYLINKER",
	    [0x18] = "LC_LOAD_WEAK_DYLIB",
	    [0x19] = "LC_SEGMENT_64",
	    [0x1b] = "LC_UUID",
	    [0x1c] = "LC_RPATH",
	    [0x1d] = "LC_CODE_SIGNATURE",
	    [0x1e] = "LC_SEGMENT_SPLIT_INFO",
	    [0x1f] = "LC_REEXPORT_DYLIB",
	    [0x20] = "LC_LAZY_LOAD_DYLIB",
	    [0x21] = "LC_ENCRYPTION_INFO",
	    [0x22] = "LC_DYLD_INFO",
	    [0x24] = "LC_VERSION_MIN_MACOSX",
	    [0x25] = "LC_VERSION_MIN_IPHONEOS",
	    [0x26] = "LC_FUNCTION_STARTS",
	    [0x28] = "LC_MAIN",
	    [0x29] = "LC_DATA_IN_CODE",
	    [0x2a] = "LC_SOURCE_VERSION",
	    [0x2b] = "LC_DYLIB_CODE_SIGN_DRS",
	    [0x2c] = "LC_ENCRYPTION_INFO_64",
	    [0x2d] = "LC_LINKER_OPTION",
	    [0x2e] = "LC_LINKER_OPTIMIZATION_HINT",
	    [0x31] = "LC_NOTE",
	    [0x32] = "LC_BUILD_VERSION",
	    [0x33] = "LC_DYLD_EXPORTS_TRIE",
	    [0x34] = "LC_DYLD_CHAINED_FIXUPS",
	};
	command &= ~LC_REQUIRED;
	return command < ARRAY_COUNT(names) && names[command] != NULL ? names[command]
								      : "load command";
}

/* The text of a segname or sectname field: up to 16 bytes, padded with NULs. */
static void
name_field(const struct macho *macho, uint64_t at, char name[NAME_FIELD + 1])
{
	uint8_t byte;
	size_t i = 0;
	for (; i < NAME_FIELD && view_u8(macho->view, at + i, &byte) == 0 && byte != 0;
	     i++)
		name[i] = (char)byte;
	name[i] = '\0';
}

/* A piece of the file that a command names. */
static void
add_piece(struct macho *macho, struct map *map, uint64_t offset, uint64_t size,
	  enum extent_tag tag, const char *name)
{
	uint64_t end;
	if (size == 0 || sum_u64(offset, size, &end) == -1)
		return;
	add(map, offset, size, tag, name);
	if (end > macho->end)
		macho->end = end;
	if (end > macho->unsigned_end)
		macho->unsigned_end = end;
	if (offset < macho->content)
		macho->content = offset;
}

/* The pieces that two 32-bit fields each name, at `at`: offset, size. */
static void
add_pieces(struct macho *macho, struct map *map, uint64_t at, const char *const *names,
	   size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_piece(macho, map, macho_u32(macho, at + 8 * i),
			  macho_u32(macho, at + 8 * i + 4), EXTENT_CONTENT, names[i]);
}

/* One section header: an owner for symbols, and its relocations. */
static void
read_section(struct macho *macho, struct map *map, uint64_t command, uint64_t at)
{
	char segment[NAME_FIELD + 1], section[NAME_FIELD + 1];
	uint64_t wide = macho->wide ? 8 : 4, rest = at + 32 + 2 * wide;
	name_field(macho, at, section);
	name_field(macho, at + NAME_FIELD, segment);
	if (macho->count == macho->room) {
		macho->room = macho->room ? macho->room * 2 : 16;
		macho->owners =
		    base_realloc(macho->owners, macho->room, sizeof(*macho->owners));
		macho->addresses = base_realloc(macho->addresses, macho->room,
						sizeof(*macho->addresses));
	}
	strings_addf(&macho->names, "%s,%s", segment, section);
	const char *name = macho->names.items[macho->count];
	uint64_t size = macho_word(macho, at + 32 + wide), end;
	uint64_t offset = macho_u32(macho, rest);
	uint32_t type = macho_u32(macho, rest + 16) & SECTION_TYPE;
	/* S_ZEROFILL, S_GB_ZEROFILL, S_THREAD_LOCAL_ZEROFILL: nothing in the file. */
	if (type == 0x1 || type == 0xc || type == 0x12 ||
	    sum_u64(offset, size, &end) == -1)
		end = offset;
	macho->addresses[macho->count] = macho_word(macho, at + 32);
	macho->owners[macho->count++] =
	    (struct symbol_owner){name, offset, end, EXTENT_CONTENT};
	if (end > macho->unsigned_end)
		macho->unsigned_end = end;
	if (end > offset && offset < macho->content)
		macho->content = offset;
	map_add_part(map, command, at, macho->wide ? 80 : 68, EXTENT_METADATA,
		     EXTENT_NO_MEMBER, macho->wide ? "LC_SEGMENT_64" : "LC_SEGMENT",
		     name);
	char *relocations = base_format("relocations of %s", name);
	add_piece(macho, map, macho_u32(macho, rest + 8),
		  8 * (uint64_t)macho_u32(macho, rest + 12), EXTENT_CONTENT,
		  relocations);
	free(relocations);
}

static int
read_segment(struct macho *macho, struct map *map, uint64_t at, uint32_t size,
	     struct err *err)
{
	uint64_t wide = macho->wide ? 8 : 4, fixed = 40 + 4 * wide;
	uint64_t section_size = macho->wide ? 80 : 68;
	uint64_t count = macho_u32(macho, at + 24 + 4 * wide + 8);
	if (size < fixed || count > (size - fixed) / section_size)
		return err_set(err, ERR_INPUT,
			       "segment command at offset %ju has no room for its "
			       "%ju sections",
			       (uintmax_t)at, (uintmax_t)count);
	for (uint64_t i = 0; i < count; i++)
		read_section(macho, map, at, at + fixed + i * section_size);
	char name[NAME_FIELD + 1];
	name_field(macho, at + 8, name);
	uint64_t offset = macho_word(macho, at + 24 + 2 * wide), end;
	if (sum_u64(offset, macho_word(macho, at + 24 + 3 * wide), &end) == -1)
		end = offset;
	if (end > macho->end)
		macho->end = end;
	if (strcmp(name, "__LINKEDIT") == 0 && macho->linkedit_end == 0) {
		macho->linkedit_command = at;
		macho->linkedit = offset;
		macho->linkedit_end = end;
	} else if (end > macho->unsigned_end) {
		macho->unsigned_end = end;
	}
	map_add(map, at, size, EXTENT_METADATA, EXTENT_NO_MEMBER,
		macho->wide ? "LC_SEGMENT_64" : "LC_SEGMENT", name);
	return 0;
}

/* The pieces that the commands about __LINKEDIT name. */
static void
read_linkedit(struct macho *macho, struct map *map, uint32_t command, uint64_t at,
	      uint32_t size)
{
	static const char *const dyld_info[] = {"rebase info", "binding info",
						"weak binding info",
						"lazy binding info", "export info"};
	const char *name = NULL;
	switch (command & ~LC_REQUIRED) {
	case LC_SYMTAB:
		if (size < SYMTAB_SIZE)
			break;
		add_piece(macho, map, macho_u32(macho, at + 8),
			  (uint64_t)macho_u32(macho, at + 12) * (macho->wide ? 16 : 12),
			  EXTENT_CONTENT, "symbol table");
		add_piece(macho, map, macho_u32(macho, at + 16),
			  macho_u32(macho, at + 20), EXTENT_CONTENT, "string table");
		break;
	case LC_DYSYMTAB:
		if (size >= DYSYMTAB_SIZE)
			add_piece(macho, map, macho_u32(macho, at + 56),
				  4 * (uint64_t)macho_u32(macho, at + 60),
				  EXTENT_CONTENT, "indirect symbol table");
		break;
	case LC_DYLD_INFO:
		if (size >= DYLD_INFO_SIZE)
			add_pieces(macho, map, at + 8, dyld_info,
				   ARRAY_COUNT(dyld_info));
		break;
	case 0x1e:
		name = "segment split info";
		break;
	case 0x26:
		name = "function starts";
		break;
	case 0x29:
		name = "data in code";
		break;
	case 0x2b:
		name = "code signing requirements";
		break;
	case 0x2e:
		name = "linker optimization hints";
		break;
	case 0x33:
		name = "exports trie";
		break;
	case 0x34:
		name = "chained fixups";
		break;
	default:
		break;
	}
	if (name != NULL && size >= LINKEDIT_SIZE)
		add_pieces(macho, map, at + 8, &name, 1);
}

/* Read one command, and add it. The signature's is added when all are known. */
static int
read_command(struct macho *macho, struct map *map, uint64_t at, uint32_t size,
	     struct err *err)
{
	uint32_t command = macho_u32(macho, at);
	if (command == (macho->wide ? LC_SEGMENT_64 : LC_SEGMENT))
		return read_segment(macho, map, at, size, err);
	if (command == LC_CODE_SIGNATURE && size == LINKEDIT_SIZE) {
		if (macho->signatures++ == 0) {
			macho->signature_command = at;
			macho->signature = macho_u32(macho, at + 8);
			macho->signature_size = macho_u32(macho, at + 12);
			return 0;
		}
	}
	read_linkedit(macho, map, command, at, size);
	add(map, at, size, EXTENT_METADATA, command_name(command));
	return 0;
}

static int
read_commands(struct macho *macho, struct map *map, struct err *err)
{
	uint64_t at = macho->commands;
	macho->command_count = macho_u32(macho, 16);
	macho->commands_end = at + macho_u32(macho, 20);
	if (macho->commands_end > macho->view->size)
		return err_set(err, ERR_INPUT,
			       "load commands at offset %ju are cut off",
			       (uintmax_t)at);
	macho->end = macho->unsigned_end = macho->commands_end;
	macho->content = macho->view->size;
	for (uint32_t i = 0; i < macho->command_count; i++) {
		uint64_t left = macho->commands_end - at;
		uint32_t size = left < COMMAND_SIZE ? 0 : macho_u32(macho, at + 4);
		if (size < COMMAND_SIZE || size > left)
			return err_set(err, ERR_INPUT,
				       "load command %u at offset %ju is malformed", i,
				       (uintmax_t)at);
		if (read_command(macho, map, at, size, err) == -1)
			return -1;
		at += size;
	}
	return 0;
}

/* ---- the code signature ------------------------------------------------ */

/* Is [from, to) of the blob zeros, or nothing? */
static bool
is_zero_between(const struct view *blob, uint64_t from, uint64_t to)
{
	struct view part;
	return from <= to && view_sub(blob, from, to - from, &part) == 0 &&
	       view_is_zero(&part);
}

/* A superblob whose blobs, in order and with only zeros between them, fill it. */
static bool
signature_is_whole(const struct view *blob)
{
	uint32_t magic = 0, length = 0, count = 0;
	view_u32be(blob, 0, &magic);
	view_u32be(blob, 4, &length);
	view_u32be(blob, 8, &count);
	if (magic != SIGNATURE_MAGIC || count == 0 || count > SIGNATURE_BLOBS ||
	    length > blob->size)
		return false;
	uint64_t end = 12 + 8 * (uint64_t)count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t offset = 0, size = 0;
		view_u32be(blob, 12 + 8 * (uint64_t)i + 4, &offset);
		if (view_u32be(blob, (uint64_t)offset + 4, &size) == -1 || size < 8 ||
		    !is_zero_between(blob, end, offset))
			return false;
		end = (uint64_t)offset + size;
		if (end > length)
			return false;
	}
	return is_zero_between(blob, end, blob->size);
}

/* Is the signature the last thing in __LINKEDIT and in the file, behind all that other
 * commands name? */
static bool
signature_is_sound(const struct macho *macho)
{
	struct view blob;
	return macho->signatures == 1 &&
	       view_sub(macho->view, macho->signature, macho->signature_size, &blob) ==
		   0 &&
	       macho->signature + macho->signature_size == macho->view->size &&
	       macho->linkedit_end == macho->view->size &&
	       macho->signature >= macho->linkedit &&
	       macho->signature >= macho->unsigned_end && signature_is_whole(&blob);
}

static int
signature_fault(const struct macho *macho, struct err *err)
{
	return err_set(err, ERR_INPUT,
		       "code signature at offset %ju is not the sound end of the file",
		       (uintmax_t)macho->signature);
}

/* The signature and its command: tagged so only when it is sound. */
static int
map_signature(const struct macho *macho, struct map *map, struct err *err)
{
	if (macho->signatures == 0)
		return 0;
	bool sound = signature_is_sound(macho);
	add(map, macho->signature_command, LINKEDIT_SIZE,
	    sound ? EXTENT_SIGNATURE : EXTENT_METADATA, "LC_CODE_SIGNATURE");
	add(map, macho->signature, macho->signature_size,
	    sound ? EXTENT_SIGNATURE : EXTENT_CONTENT, "code signature");
	return sound ? 0 : signature_fault(macho, err);
}

/* ---- sections and symbols ---------------------------------------------- */

/* One nlist as a symbol, when it is defined in a section. */
static bool
macho_symbol(const struct macho *macho, uint64_t at, const struct view *strings,
	     struct symbol *symbol)
{
	uint8_t type = 0, section = 0;
	view_u8(macho->view, at + 4, &type);
	view_u8(macho->view, at + 5, &section);
	/* Not N_STAB (0xe0); N_TYPE (0x0e) is N_SECT. */
	if ((type & 0xe0) != 0 || (type & 0x0e) != 0x0e || section == 0 ||
	    section > macho->count)
		return false;
	const struct symbol_owner *owner = &macho->owners[section - 1];
	uint64_t value = macho_word(macho, at + 8);
	uint64_t address = macho->addresses[section - 1];
	if (value < address || value - address >= owner->end - owner->offset)
		return false;
	*symbol = (struct symbol){.start = owner->offset + (value - address),
				  .owner = section - 1U,
				  .global = (type & 0x01) != 0}; /* N_EXT */
	symbol->name = symbol_name(strings, macho_u32(macho, at), &symbol->length);
	return symbol->name != NULL;
}

static void
map_symbols(const struct macho *macho, struct map *map, uint64_t command)
{
	struct symbols symbols = {0};
	struct view strings, table;
	uint64_t entry = macho->wide ? 16 : 12;
	uint64_t start = macho_u32(macho, command + 8);
	uint64_t size = macho_u32(macho, command + 12) * entry;
	if (view_sub(macho->view, macho_u32(macho, command + 16),
		     macho_u32(macho, command + 20), &strings) == -1 ||
	    view_sub(macho->view, start, size, &table) == -1)
		return;
	for (uint64_t at = start; at < start + size; at += entry) {
		struct symbol symbol;
		/* Without sizes a symbol left out would lend its bytes to the one
		 * before: all of them or none. */
		if (macho_symbol(macho, at, &strings, &symbol) &&
		    !symbols_add(&symbols, &symbol)) {
			symbols_free(&symbols);
			break;
		}
	}
	symbols_put(&symbols, map, macho->owners);
	symbols_free(&symbols);
}

/* Run over the commands again, now that sections are known. */
static void
map_contents(const struct macho *macho, struct map *map)
{
	uint64_t at = macho->commands;
	uint64_t wide = macho->wide ? 8 : 4;
	bool symbols = false;
	for (uint32_t i = 0; i < macho->command_count; i++) {
		uint32_t size = macho_u32(macho, at + 4);
		if (macho_u32(macho, at) == LC_SYMTAB && size >= SYMTAB_SIZE &&
		    !symbols) {
			map_symbols(macho, map, at);
			symbols = true;
		}
		at += size;
	}
	for (size_t i = 0; i < macho->count; i++)
		add(map, macho->owners[i].offset,
		    macho->owners[i].end - macho->owners[i].offset, EXTENT_CONTENT,
		    macho->owners[i].name);
	at = macho->commands;
	for (uint32_t i = 0; i < macho->command_count; i++) {
		char name[NAME_FIELD + 1];
		name_field(macho, at + 8, name);
		if (macho_u32(macho, at) == (macho->wide ? LC_SEGMENT_64 : LC_SEGMENT))
			add(map, macho_word(macho, at + 24 + 2 * wide),
			    macho_word(macho, at + 24 + 3 * wide), EXTENT_CONTENT,
			    name[0] != '\0' ? name : "segment");
		at += macho_u32(macho, at + 4);
	}
	if (macho->end < macho->view->size)
		add(map, macho->end, macho->view->size - macho->end, EXTENT_CONTENT,
		    "after the last segment");
}

static int
macho_map(const struct view *view, struct map *map, struct err *err)
{
	struct macho macho;
	if (!macho_open(view, &macho))
		return err_set(err, ERR_INPUT, "Mach-O header is malformed");
	add(map, 0, macho.commands, EXTENT_METADATA, "Mach-O header");
	int answer = read_commands(&macho, map, err);
	if (answer == 0) {
		answer = map_signature(&macho, map, err);
		map_contents(&macho, map);
	}
	strings_free(&macho.names);
	free(macho.addresses);
	free(macho.owners);
	return answer;
}

int
macho_layout_read(const struct view *view, struct macho_layout *layout, struct err *err)
{
	struct macho macho;
	if (!macho_open(view, &macho))
		return err_set(err, ERR_INPUT, "Mach-O header is malformed");
	struct map *map = map_new();
	int answer = read_commands(&macho, map, err);
	if (answer == 0 && macho.signatures != 0 && !signature_is_sound(&macho))
		answer = signature_fault(&macho, err);
	*layout =
	    (struct macho_layout){macho.wide,
				  macho.big,
				  macho.command_count,
				  macho.commands,
				  macho.commands_end,
				  macho.content,
				  macho.linkedit_command,
				  macho.linkedit,
				  macho.linkedit_end,
				  macho.signatures != 0 ? macho.signature_command : 0,
				  macho.signature,
				  macho.signature_size};
	map_free(map);
	strings_free(&macho.names);
	free(macho.addresses);
	free(macho.owners);
	return answer;
}

/* ---- machine code ------------------------------------------------------ */

/* <mach/machine.h>: CPU_TYPE_… */
static enum code_machine
macho_machine(uint32_t type)
{
	switch (type) {
	case 7:
		return MACHINE_X86;
	case 0x01000007:
		return MACHINE_X86_64;
	case 12:
		return MACHINE_ARM;
	case 0x0100000c:
		return MACHINE_AARCH64;
	case 18:
		return MACHINE_PPC32;
	case 0x01000012:
		return MACHINE_PPC64;
	default:
		return MACHINE_UNKNOWN;
	}
}

/* The sections of a segment that the linker marked as instructions. */
static void
add_code(const struct macho *macho, struct code *code, uint64_t at, uint32_t size)
{
	uint64_t wide = macho->wide ? 8 : 4, fixed = 40 + 4 * wide;
	uint64_t section_size = macho->wide ? 80 : 68;
	uint32_t count = macho_u32(macho, at + 24 + 4 * wide + 8);
	for (uint32_t i = 0; i < count && fixed + section_size <= size; i++) {
		uint64_t section = at + fixed, rest = section + 32 + 2 * wide;
		if ((macho_u32(macho, rest + 16) & SECTION_INSTRUCTIONS) != 0)
			code_add_range(code, macho->view, macho_u32(macho, rest),
				       macho_word(macho, section + 32 + wide),
				       macho_word(macho, section + 32));
		fixed += section_size;
	}
}

static void
macho_code(const struct view *view, struct code *code)
{
	struct macho macho;
	if (!macho_open(view, &macho))
		return;
	code->machine = macho_machine(macho_u32(&macho, 4));
	code->big = macho.big;
	uint32_t count = macho_u32(&macho, 16);
	uint64_t at = macho.commands, end = at + macho_u32(&macho, 20);
	if (end > view->size)
		end = view->size;
	for (uint32_t i = 0; i < count && end - at >= COMMAND_SIZE; i++) {
		uint32_t size = macho_u32(&macho, at + 4);
		if (size < COMMAND_SIZE || size > end - at)
			break;
		if (macho_u32(&macho, at) == (macho.wide ? LC_SEGMENT_64 : LC_SEGMENT))
			add_code(&macho, code, at, size);
		at += size;
	}
}

const struct format format_macho = {
    .name = "macho",
    .title = "Mach-O program, library or object",
    .probe = macho_probe,
    .map = macho_map,
    .code = macho_code,
    .graft = macho_graft,
};
