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
	tcase_add_test(tcase, map_names_the_padding_that_signing_added);
	tcase_add_loop_test(tcase, damaged_images_are_survived, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
