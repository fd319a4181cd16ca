/* format: PE images, and the signature moved from one to another. */
#include "format_sink.h"

/*
 * image.efi: a program compiled here, linked by GNU ld for UEFI. unsigned.efi is the
 * same made `extra` bytes longer.
 */
static void
make_longer(unsigned extra)
{
	test_shell("cp image.efi unsigned.efi && "
		   "head -c %u /dev/zero | tr '\\0' Z >>unsigned.efi",
		   extra);
}

static void
make_image(const char *emulation, const char *compiler_flag, unsigned extra)
{
	static const char source[] =
	    "int table[100] = {1, 2, 3};\n"
	    "const char text[] = \"hello\";\n"
	    "int helper(int a) { return table[a] + text[a]; }\n"
	    "int start(void) { return helper(3); }\n";
	test_write("x.c", source, strlen(source));
	test_shell("gcc %s -c -ffreestanding -fno-stack-protector -fcf-protection=none "
		   "-fno-asynchronous-unwind-tables -fno-pic -o x.o x.c",
		   compiler_flag);
	test_shell("objcopy -R .comment -R .note.gnu.property x.o && "
		   "ld -m %s --subsystem 10 -e start --image-base 0x10000 "
		   "-o image.efi x.o",
		   emulation);
	make_longer(extra);
}

static void
make_key(void)
{
	test_shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem "
		   "-out cert.pem -days 30 -subj /CN=test");
}

static void
sign(const char *program, const char *from, const char *to)
{
	test_shell("rm -f %s", to);
	if (strcmp(program, "sbsign") == 0)
		test_shell("sbsign --key key.pem --cert cert.pem --output %s %s", to,
			   from);
	else
		test_shell(
		    "osslsigncode sign -certs cert.pem -key key.pem -in %s -out %s",
		    from, to);
}

/* graft(shipped, rebuilt): does it give the shipped file? */
static bool
graft_equals(const struct buf *shipped, const struct buf *rebuilt)
{
	struct graft graft = {0};
	struct err err = {0};
	struct view left = view_of_buf(shipped), right = view_of_buf(rebuilt);
	enum graft_answer answer = format_pe.graft(&left, &right, &graft, &err);
	struct view grafted = view_of_buf(&graft.bytes);
	bool equal = answer == GRAFT_DONE && view_equal(&grafted, &left);
	if (answer == GRAFT_FAILED)
		ck_assert_int_eq(err.kind, ERR_INPUT);
	graft_free(&graft);
	return equal;
}

static const char *const signers[] = {"sbsign", "osslsigncode"};

START_TEST(graft_gives_the_signed_file_for_every_length)
{
	make_key();
	make_image("i386pep", "-m64", 0);
	for (unsigned extra = 0; extra < 8; extra++) {
		make_longer(extra);
		struct buf plain = test_file("unsigned.efi");
		sign(signers[_i], "unsigned.efi", "signed.efi");
		struct buf shipped = test_file("signed.efi");
		ck_assert(graft_equals(&shipped, &plain));
		/* A second signature goes into the same table. */
		if (extra % 3 == 0 && _i == 0) {
			struct buf twice;
			sign("sbsign", "signed.efi", "twice.efi");
			twice = test_file("twice.efi");
			ck_assert_uint_gt(twice.size, shipped.size);
			ck_assert(graft_equals(&twice, &plain));
			/* A rebuilt file that is signed loses its own first. */
			ck_assert(graft_equals(&twice, &shipped));
			ck_assert(graft_equals(&shipped, &twice));
			buf_free(&twice);
		}
		buf_free(&plain);
		buf_free(&shipped);
	}
}
END_TEST

START_TEST(graft_never_hides_a_changed_byte)
{
	make_key();
	make_image("i386pep", "-m64", 3);
	sign("sbsign", "unsigned.efi", "signed.efi");
	struct buf plain = test_file("unsigned.efi"), shipped = test_file("signed.efi");
	struct view view = view_of_buf(&shipped);
	struct err trouble;
	struct map *map = format_map(&format_pe, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	uint64_t table = map_extent(map, "certificate table")->offset;
	uint64_t checksum = map_extent(map, "CheckSum")->offset;
	for (uint64_t i = 0; i < table; i++) {
		char before = shipped.data[i];
		shipped.data[i] = (char)(before ^ 0x10);
		ck_assert_msg(!graft_equals(&shipped, &plain), "byte %ju",
			      (uintmax_t)i);
		shipped.data[i] = before;
	}
	/* A signer that leaves CheckSum alone leaves the rebuilt file's own. */
	memcpy(shipped.data + checksum, plain.data + checksum, 4);
	ck_assert(graft_equals(&shipped, &plain));
	/* Any other wrong one is a difference. */
	memset(shipped.data + checksum, 0, 4);
	ck_assert(!graft_equals(&shipped, &plain));
	map_free(map);
	buf_free(&plain);
	buf_free(&shipped);
}
END_TEST

static void
put_u32le(struct buf *buf, uint64_t offset, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		buf->data[offset + i] = (char)(value >> (8 * i));
}

/* The answer, and the error, of grafting a file onto its unsigned self. */
static void
graft_fails(const struct buf *shipped, const struct buf *plain, const char *why)
{
	struct graft graft = {0};
	struct err err = {0};
	struct view left = view_of_buf(shipped), right = view_of_buf(plain);
	ck_assert_int_eq(format_pe.graft(&left, &right, &graft, &err), GRAFT_FAILED);
	ck_assert_msg(strstr(err.message, why) != NULL, "%s", err.message);
	ck_assert_ptr_null(graft.bytes.data);
	graft_free(&graft);
	/* ... and the map does not call such bytes a signature. */
	struct map *map = format_map(&format_pe, &left, NULL);
	if (map_has(map, "certificate table") && strstr(why, "follow the") == NULL)
		ck_assert_int_eq(map_extent(map, "certificate table")->tag,
				 EXTENT_CONTENT);
	map_free(map);
}

START_TEST(graft_refuses_a_table_that_is_not_sound)
{
	make_key();
	make_image("i386pep", "-m64", 0);
	sign("sbsign", "unsigned.efi", "signed.efi");
	struct buf plain = test_file("unsigned.efi"), shipped = test_file("signed.efi");
	struct view view = view_of_buf(&shipped);
	struct map *map = format_map(&format_pe, &view, NULL);
	uint64_t entry = map_extent(map, "certificate table directory entry")->offset;
	uint64_t text = map_extent(map, ".text")->offset;
	const struct extent *table = map_extent(map, "certificate table");
	uint32_t size = (uint32_t)table->length, offset = (uint32_t)table->offset;
	uint32_t length;
	ck_assert_int_eq(table->tag, EXTENT_SIGNATURE);
	ck_assert_int_eq(view_u32le(&view, offset, &length), 0);

	/* Bytes behind the table. */
	buf_append(&shipped, "evilevil", 8);
	graft_fails(&shipped, &plain, "8 bytes follow the certificate table");
	struct view longer = view_of_buf(&shipped);
	struct map *after = format_map(&format_pe, &longer, NULL);
	ck_assert_uint_eq(map_extent(after, "after certificate table")->length, 8);
	ck_assert_int_eq(map_extent(after, "after certificate table")->tag,
			 EXTENT_CONTENT);
	map_free(after);
	/* The same bytes taken into the directory's range: no entry holds them. */
	put_u32le(&shipped, entry + 4, size + 8);
	graft_fails(&shipped, &plain, "malformed");
	shipped.size -= 8;
	/* A range past the end; over a section; over the headers; not aligned. */
	graft_fails(&shipped, &plain, "outside of the file");
	put_u32le(&shipped, entry + 4, size);
	put_u32le(&shipped, entry, (uint32_t)text);
	graft_fails(&shipped, &plain, "overlaps");
	put_u32le(&shipped, entry, 8);
	graft_fails(&shipped, &plain, "overlaps the headers");
	put_u32le(&shipped, entry, offset - 1);
	graft_fails(&shipped, &plain, "not aligned");
	put_u32le(&shipped, entry, offset);
	/* Entries of no length, and one that runs past the table. */
	put_u32le(&shipped, offset, 0);
	graft_fails(&shipped, &plain, "malformed");
	put_u32le(&shipped, offset, size + 1);
	graft_fails(&shipped, &plain, "malformed");
	put_u32le(&shipped, offset, length);
	ck_assert(graft_equals(&shipped, &plain));

	struct graft none = {0};
	struct err err = {0};
	struct view unsigned_view = view_of_buf(&plain);
	ck_assert_int_eq(format_pe.graft(&unsigned_view, &view, &none, &err),
			 GRAFT_NONE);
	map_free(map);
	buf_free(&plain);
	buf_free(&shipped);
}
END_TEST

/* Each line of `objdump -h`: our section of that name stands at that offset. */
static void
check_sections(const struct map *map)
{
	test_shell(
	    "objdump -h unsigned.efi | awk '$1 ~ /^[0-9]+$/ { print $2, $3, $6 }' "
	    ">sections");
	struct buf listing = test_file("sections");
	unsigned count = 0;
	for (char *line = listing.data; *line != '\0';) {
		char name[64];
		unsigned size, offset;
		int read = 0;
		ck_assert_int_eq(
		    sscanf(line, "%63s %x %x\n%n", name, &size, &offset, &read), 3);
		line += read;
		const struct extent *extent = map_find(map, offset);
		ck_assert_str_eq(extent->name, name);
		ck_assert_uint_eq(extent->offset, offset);
		ck_assert_uint_eq(extent->base, offset);
		count++;
	}
	ck_assert_uint_ge(count, 3);
	buf_free(&listing);
}

/* The start of .text, its virtual address as `nm` shows symbols, and back. */
static void
check_symbol(const struct map *map, const char *symbol)
{
	test_shell("nm unsigned.efi | awk '$3 == \"%s\" || $3 == \"_%s\" { print $1 }' "
		   ">address; objdump -h unsigned.efi | awk '$2 == \".text\" "
		   "{ print $4, $6 }' >text",
		   symbol, symbol);
	struct buf address = test_file("address"), text = test_file("text");
	uintmax_t at, start, offset;
	ck_assert_int_eq(sscanf(address.data, "%jx", &at), 1);
	ck_assert_int_eq(sscanf(text.data, "%jx %jx", &start, &offset), 2);
	const struct extent *extent = map_find(map, at - start + offset);
	ck_assert_ptr_nonnull(extent->detail);
	ck_assert_ptr_nonnull(strstr(extent->detail, symbol));
	ck_assert_uint_eq(extent->offset, at - start + offset);
	ck_assert_str_eq(extent->name, ".text");
	buf_free(&address);
	buf_free(&text);
}

START_TEST(map_agrees_with_objdump_and_nm)
{
	if (_i == 0)
		make_image("i386pep", "-m64", 5);
	else
		make_image("i386pe", "-m32", 5);
	ck_assert_str_eq(probe_name("unsigned.efi"), "pe");
	struct buf file = test_file("unsigned.efi");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_pe, &view, &trouble);
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	check_sections(map);
	check_symbol(map, "helper");
	check_symbol(map, "start");
	ck_assert_int_eq(map_extent(map, "CheckSum")->tag, EXTENT_DERIVED);
	ck_assert_uint_eq(map_extent(map, "CheckSum")->length, 4);
	ck_assert_uint_eq(map_extent(map, "COFF header TimeDateStamp")->length, 4);
	ck_assert_uint_eq(map_extent(map, "DOS header")->offset, 0);
	ck_assert_str_eq(map->extents[map->count - 1].name, "overlay");
	ck_assert_uint_ge(map->extents[map->count - 1].length, 5);
	map_free(map);
	buf_free(&file);
}
END_TEST

/* What our map says at an offset. */
static void
check_place(const struct map *map, uint64_t offset, const char *expected)
{
	struct buf place = {0};
	map_place(map, offset, &place);
	ck_assert_str_eq(place.data, expected);
	buf_free(&place);
}

/* A program by the cross compiler, with resources, an export and thread data. */
static void
make_windows_program(const char *flags)
{
	static const char source[] =
	    "__declspec(dllexport) int f(int x) { return x * 2; }\n"
	    "const char *path = \"made in /build/here\";\n"
	    "__thread int t = 4;\n"
	    "int main(void) { t++; return f(t) + path[t]; }\n";
	static const char resources[] =
	    "1 VERSIONINFO\nFILEVERSION 1,2,3,4\nBEGIN\n BLOCK \"StringFileInfo\"\n"
	    " BEGIN\n  BLOCK \"040904b0\"\n  BEGIN\n   VALUE \"FileVersion\", "
	    "\"1.2.3.4\"\n  END\n END\nEND\n"
	    "MYNAME RCDATA { \"hello resource\" }\n"
	    "7 300 { \"of a type of its own\" }\n";
	test_write("x.c", source, strlen(source));
	test_write("r.rc", resources, strlen(resources));
	test_shell("x86_64-w64-mingw32-windres r.rc r.o && "
		   "x86_64-w64-mingw32-gcc %s -o x.exe x.c r.o",
		   flags);
}

/* Every resource that pefile lists: "TYPE NAME LANGUAGE OFFSET SIZE". */
START_TEST(resources_agree_with_pefile)
{
	static const char script[] =
	    "import pefile\n"
	    "p = pefile.PE('x.exe')\n"
	    "for t in p.DIRECTORY_ENTRY_RESOURCE.entries:\n"
	    " for n in t.directory.entries:\n"
	    "  for l in n.directory.entries:\n"
	    "   d = l.data.struct\n"
	    "   print(pefile.RESOURCE_TYPE.get(t.id, str(t.id)).replace('RT_', ''),\n"
	    "         n.id or n.name, '0x%04x' % l.id,\n"
	    "         p.get_offset_from_rva(d.OffsetToData), d.Size)\n";
	if (!test_have("x86_64-w64-mingw32-windres"))
		TEST_SKIP("needs mingw-w64");
	make_windows_program("");
	test_write("list.py", script, strlen(script));
	test_shell("/usr/bin/python3 list.py >list");
	struct buf file = test_file("x.exe"), list = test_file("list");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pe, &view, NULL);
	unsigned count = 0;
	for (char *line = list.data; *line != '\0'; count++) {
		char type[32], name[32], language[16];
		uintmax_t offset, size;
		int read = 0;
		ck_assert_int_eq(sscanf(line, "%31s %31s %15s %ju %ju\n%n", type, name,
					language, &offset, &size, &read),
				 5);
		line += read;
		char *detail = base_format("resource %s %s %s", type, name, language);
		const struct extent *extent = map_find(map, offset);
		ck_assert_str_eq(extent->name, ".rsrc");
		ck_assert_str_eq(extent->detail, detail);
		ck_assert_uint_eq(extent->offset, offset);
		ck_assert_uint_eq(extent->length, size);
		free(detail);
	}
	ck_assert_uint_eq(count, 3);
	uint64_t start = map_extent(map, ".rsrc")->base;
	check_place(map, start + 4, ".rsrc+0x4 (resource directory TimeDateStamp)");
	map_free(map);
	buf_free(&list);
	buf_free(&file);
}
END_TEST

/* The file offset of a data directory of x.exe by pefile. */
static uintmax_t
directory_offset(const char *name)
{
	uintmax_t offset;
	test_shell("/usr/bin/python3 -c \"import pefile; p = pefile.PE('x.exe'); "
		   "print([p.get_offset_from_rva(d.VirtualAddress) for d in "
		   "p.OPTIONAL_HEADER.DATA_DIRECTORY "
		   "if d.name == 'IMAGE_DIRECTORY_ENTRY_%s'][0])\" >offset",
		   name);
	struct buf text = test_file("offset");
	ck_assert_int_eq(sscanf(text.data, "%ju", &offset), 1);
	buf_free(&text);
	return offset;
}

START_TEST(directories_and_fields_have_names)
{
	if (!test_have("x86_64-w64-mingw32-windres"))
		TEST_SKIP("needs mingw-w64");
	make_windows_program("-Wl,--build-id");
	struct buf file = test_file("x.exe");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pe, &view, NULL);
	static const struct {
		const char *directory;
		unsigned distance;
		const char *section, *detail;
	} rows[] = {
	    {"EXPORT", 4, ".edata", "export directory TimeDateStamp"},
	    {"IMPORT", 20 + 12, ".idata", "import descriptor 1 Name"},
	    {"EXCEPTION", 12 + 4, ".pdata", "function entry 1 EndAddress"},
	    {"IAT", 8, ".idata", "import address 1"},
	    {"TLS", 24, ".rdata", "TLS directory AddressOfCallBacks"},
	};
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		uint64_t at = directory_offset(rows[i].directory) + rows[i].distance;
		const struct extent *extent = map_find(map, at);
		struct buf place = {0};
		ck_assert_str_eq(extent->name, rows[i].section);
		char *expected =
		    base_format("%s+0x%jx (%s)", rows[i].section,
				(uintmax_t)(at - extent->base), rows[i].detail);
		map_place(map, at, &place);
		ck_assert_str_eq(place.data, expected);
		free(expected);
		buf_free(&place);
	}
	check_place(map, directory_offset("DEBUG") + 12,
		    "debug directory+0xc (entry 0 Type)");
	/* The build id is the record's GUID. */
	uint64_t record = map_extent(map, "CodeView record")->offset;
	ck_assert_int_eq(memcmp(file.data + record, "RSDS", 4), 0);
	check_place(map, record + 5, "CodeView record+0x5 (Signature)");
	check_place(map, record + 20, "CodeView record+0x14 (Age)");
	uint64_t header = map_extent(map, "optional header")->offset;
	check_place(map, header + 16, "optional header+0x10 (AddressOfEntryPoint)");
	check_place(map, header + 112 + 48, "optional header+0xa0 (debug directory)");
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, "made in /build", 14, &at), 0);
	struct buf place = {0};
	map_place(map, at, &place);
	ck_assert_ptr_nonnull(strstr(place.data, "(\"made in /build/here\")"));
	map_free(map);
	buf_free(&place);
	buf_free(&file);
}
END_TEST

/* .NET metadata, against monodis: the module's version stands where we say. */
START_TEST(net_metadata_agrees_with_monodis)
{
	static const char source[] =
	    "class A { static void Main() { System.Console.WriteLine(\"x\"); } }\n";
	if (!test_have("mcs") || !test_have("monodis"))
		TEST_SKIP("needs mono");
	test_write("a.cs", source, strlen(source));
	test_shell("mcs -out:x.exe a.cs && monodis --module x.exe | "
		   "sed -n 's/.*{\\(.*\\)}.*/\\1/p' | tr -d - | tr A-F a-f >mvid");
	struct buf file = test_file("x.exe"), mvid = test_file("mvid");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pe, &view, NULL);
	const struct extent *found = NULL;
	for (size_t i = 0; i < map->count; i++) {
		const struct extent *extent = &map->extents[i];
		if (extent->detail != NULL && strcmp(extent->detail, "MVID") == 0)
			found = extent;
	}
	ck_assert_ptr_nonnull(found);
	ck_assert_uint_eq(found->length, 16);
	/* The first three parts of a GUID are numbers, little-endian. */
	static const uint8_t order[] = {3, 2, 1, 0,  5,	 4,  7,	 6,
					8, 9, 10, 11, 12, 13, 14, 15};
	char raw[33];
	for (size_t i = 0; i < 16; i++)
		hex_encode(file.data + found->offset + order[i], 1, raw + 2 * i);
	ck_assert_int_eq(strncmp(raw, mvid.data, 32), 0);
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, "WriteLine", 9, &at), 0);
	struct buf place = {0};
	map_place(map, at + 1, &place);
	ck_assert_ptr_nonnull(strstr(place.data, "(#Strings \"WriteLine\")"));
	at = directory_offset("COM_DESCRIPTOR");
	check_place(map, at + 20, ".text+0x1c (CLI header EntryPointToken)");
	format_survives_damage(&format_pe, &file, 23, 64);
	/* Each byte of the metadata at extremes. */
	for (uint64_t i = found->base; i < found->base + 0x290; i++) {
		char before = file.data[i];
		file.data[i] = (char)0xff;
		format_survives(&format_pe, file.data, file.size);
		file.data[i] = before;
	}
	map_free(map);
	buf_free(&place);
	buf_free(&mvid);
	buf_free(&file);
}
END_TEST

/* A tree of resources that names itself, and names as long as they can be. */
START_TEST(resources_that_loop_end)
{
	if (!test_have("x86_64-w64-mingw32-windres"))
		TEST_SKIP("needs mingw-w64");
	make_windows_program("-s");
	struct buf file = test_file("x.exe");
	struct view view = view_of_buf(&file);
	uint64_t root = directory_offset("RESOURCE");
	/* 65535 entries, the first of which is the root again. */
	memset(file.data + root + 12, 0xff, 4);
	put_u32le(&file, root + 20, 0x80000000U);
	double start = time_elapsed();
	struct map *map = format_map(&format_pe, &view, NULL);
	ck_assert_double_lt(time_elapsed() - start, 2.0);
	map_check(map, file.size);
	map_free(map);
	for (uint64_t i = root; i < root + 0x100; i++) {
		char before = file.data[i];
		file.data[i] = (char)0xff;
		format_survives(&format_pe, file.data, file.size);
		file.data[i] = before;
	}
	buf_free(&file);
}
END_TEST

/* No tool here writes a Rich header: this is one by hand, key 0x11223344. */
START_TEST(rich_headers_are_found)
{
	make_image("i386pep", "-m64", 0);
	struct buf file = test_file("image.efi");
	struct view view = view_of_buf(&file);
	uint32_t signature;
	ck_assert_int_eq(view_u32le(&view, 0x3c, &signature), 0);
	ck_assert_uint_ge(signature, 0x68);
	for (unsigned i = 0; i < 6; i++)
		put_u32le(&file, 0x44 + 4 * i, 0x11223344);
	put_u32le(&file, 0x44, 0x11223344 ^ 0x536e6144);
	put_u32le(&file, 0x5c, 0x68636952);
	put_u32le(&file, 0x60, 0x11223344);
	struct map *map = format_map(&format_pe, &view, NULL);
	ck_assert_uint_eq(map_extent(map, "Rich header")->offset, 0x44);
	ck_assert_uint_eq(map_extent(map, "Rich header")->length, 0x20);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(map_names_the_padding_that_signing_added)
{
	make_key();
	make_image("i386pep", "-m64", 0);
	sign("osslsigncode", "unsigned.efi", "signed.efi");
	struct buf plain = test_file("unsigned.efi"), file = test_file("signed.efi");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pe, &view, NULL);
	uint64_t table = map_extent(map, "certificate table")->offset;
	ck_assert_uint_eq(table, (plain.size + 7) / 8 * 8);
	if (plain.size % 8 != 0) {
		const struct extent *padding =
		    map_extent(map, "padding before certificate table");
		ck_assert_uint_eq(padding->offset, plain.size);
		ck_assert_int_eq(padding->tag, EXTENT_PADDING);
	}
	ck_assert_int_eq(map_extent(map, "certificate table directory entry")->tag,
			 EXTENT_SIGNATURE);
	map_free(map);
	buf_free(&plain);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_images_are_survived)
{
	make_key();
	make_image(_i == 0 ? "i386pep" : "i386pe", _i == 0 ? "-m64" : "-m32", 1);
	sign("sbsign", "unsigned.efi", "signed.efi");
	struct buf file = test_file("signed.efi");
	format_survives_damage(&format_pe, &file, 37, 1024);
	buf_free(&file);
}
END_TEST

START_TEST(a_cut_image_says_so)
{
	make_image("i386pep", "-m64", 0);
	struct buf file = test_file("unsigned.efi");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_ok(record_notes(&record, &format_pe, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	view.size /= 2;
	ck_assert_ok(record_notes(&record, &format_pe, &view, &err), err);
	ck_assert(record_noted(&record, "suspect", "the file ends before section"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

Suite *format_pe_suite(void);

Suite *
format_pe_suite(void)
{
	Suite *suite = suite_create("format_pe");
	TCase *tcase = tcase_create("pe");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, graft_gives_the_signed_file_for_every_length, 0,
			    (int)ARRAY_COUNT(signers));
	tcase_add_test(tcase, graft_never_hides_a_changed_byte);
	tcase_add_test(tcase, graft_refuses_a_table_that_is_not_sound);
	tcase_add_loop_test(tcase, map_agrees_with_objdump_and_nm, 0, 2);
	tcase_add_test(tcase, a_cut_image_says_so);
	tcase_add_test(tcase, resources_agree_with_pefile);
	tcase_add_test(tcase, directories_and_fields_have_names);
	tcase_add_test(tcase, net_metadata_agrees_with_monodis);
	tcase_add_test(tcase, resources_that_loop_end);
	tcase_add_test(tcase, rich_headers_are_found);
	tcase_add_test(tcase, map_names_the_padding_that_signing_added);
	tcase_add_loop_test(tcase, damaged_images_are_survived, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
