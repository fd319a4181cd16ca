/* Compound files: installers by wixl, signed by osslsigncode; and files of both
 * versions by the recipe testdata/compound/make.py, with its tricks. 7z lists and
 * unpacks them. */
#include "format_sink.h"

#define MAKE "python3 $SOURCE/testdata/compound/make.py "

/* Two files and a table of an installer. */
#define MAKE_MSI                                                                       \
	"seq 2000 >a.txt; echo hello >b.txt; cat >x.wxs <<'E'\n"                       \
	"<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>\n"                     \
	"<Product Id='11111111-2222-3333-4444-555555555555' Name='Thing'\n"            \
	" UpgradeCode='11111111-2222-3333-4444-555555555556' Language='1033'\n"        \
	" Version='1.0' Manufacturer='Maker'>\n"                                       \
	"<Package InstallerVersion='200' Compressed='yes'\n"                           \
	" Id='11111111-2222-3333-4444-555555555557'/>\n"                               \
	"<Media Id='1' Cabinet='one.cab' EmbedCab='yes'/>\n"                           \
	"<Directory Id='TARGETDIR' Name='SourceDir'><Directory Id='D' Name='thing'>\n" \
	"<Component Id='C' Guid='11111111-2222-3333-4444-555555555558'>\n"             \
	"<File Id='F' Name='a.txt' Source='a.txt' KeyPath='yes'/>\n"                   \
	"<File Id='G' Name='b.txt' Source='b.txt'/></Component>\n"                     \
	"</Directory></Directory>\n"                                                   \
	"<Feature Id='M' Level='1'><ComponentRef Id='C'/></Feature>\n"                 \
	"<Binary Id='bin' SourceFile='b.txt'/></Product></Wix>\nE\n"                   \
	"wixl -o x.msi x.wxs; "

#define SIGN                                                                           \
	"openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "    \
	"/CN=x -days 30; osslsigncode sign -certs c.pem -key k.pem -add-msi-dse -in "  \
	"x.msi -out s.msi; "

/* "SIZE PATH" of every stream and storage, sorted, as 7z says it of FILE. */
#define LIST_7Z(file)                                                                  \
	"7z l -slt -tCompound " file " | awk '/^----/ { on = 1 } on && /^Path = / "    \
	"{ p = substr($0, 8) } on && /^Size = / { print $3 + 0, p }' | LC_ALL=C sort " \
	">list; "

static void
open_file(const char *name, struct buf *bytes, struct view *view)
{
	*bytes = test_file(name);
	*view = view_of_buf(bytes);
}

/* The same list of what the row sent. */
static void
put_list(const struct record *record, const char *name)
{
	struct strings lines = {0};
	struct buf text = {0};
	for (size_t i = 0; i < record->count; i++) {
		const struct recorded *member = &record->members[i];
		if ((unsigned char)member->path[0] < ' ')
			strings_addf(&lines, "%zu [%d]%s\n", member->content.size,
				     member->path[0], member->path + 1);
		else
			strings_addf(&lines, "%zu %s\n", member->content.size,
				     member->path);
	}
	strings_sort(&lines);
	for (size_t i = 0; i < lines.count; i++)
		buf_puts(&text, lines.items[i]);
	test_write(name, text.data, text.size);
	buf_free(&text);
	strings_free(&lines);
}

static const char *const whole[] = {
    MAKE "3 >x",
    MAKE "4 >x",
    MAKE_MSI "mv x.msi x",
    MAKE_MSI SIGN "mv s.msi x",
};

START_TEST(lists_what_7z_lists)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell("%s; %s", whole[_i], LIST_7Z("x"));
	open_file("x", &bytes, &view);
	ck_assert_str_eq(probe_name("x"), "compound");
	ck_assert_ok(record_members(&record, &format_compound, &view, &err), err);
	put_list(&record, "ours");
	test_shell("diff list ours");
	for (size_t i = 0; i < record.notes.count; i++)
		ck_abort_msg("%s", record.notes.items[i]);
	struct map *map = format_map(&format_compound, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(gives_contents_and_records)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "3 >x; 7z x -y -tCompound x");
	open_file("x", &bytes, &view);
	ck_assert_ok(record_members(&record, &format_compound, &view, &err), err);
	static const char *const names[] = {"folder/large", "small"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		struct buf content = test_file(names[i]);
		const struct recorded *member = record_find(&record, names[i]);
		ck_assert_ptr_nonnull(member);
		ck_assert_uint_eq(member->content.size, content.size);
		ck_assert_mem_eq(member->content.data, content.data, content.size);
		buf_free(&content);
	}
	const struct recorded *folder = record_find(&record, "folder");
	ck_assert_int_eq(folder->member.type, MEMBER_FOLDER);
	ck_assert(folder->member.has_mtime);
	ck_assert_int_eq(folder->member.mtime, 1600000000);
	ck_assert_str_eq(folder->attributes,
			 "clsid=000102030405060708090a0b0c0d0e0f\n");
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* What is wrong with a file, and what must be said. */
static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"3 slack", "suspect", "behind the end of streams"},
    {"4 slack", "suspect", "behind the end of streams"},
    {"3 slack-small", "suspect", "behind the end of streams"},
    {"3 free", "remark", "free sectors of 512 bytes"},
    {"3 lost", "suspect", "1 sectors are in use"},
    {"3 after", "suspect", "past what the allocation table knows"},
    {"3 unreachable", "suspect", "1 entries of the directory are in no storage"},
    {"3 twice", "suspect", "more than one member is called '!x'"},
    {"3 circle-directory", "suspect", "the directory is no tree"},
    {"3 circle", "undecided", "or goes in a circle"},
    {"3 circle-small", "undecided", "or goes in a circle"},
    {"3 shared", "undecided", "shares a sector"},
    {"3 short", "undecided", "shorter than its size"},
    {"3 | head -c 4000", "undecided", "leads out of the file"},
};

START_TEST(trap)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "%s >x", traps[_i].trick);
	open_file("x", &bytes, &view);
	ck_assert_ok(record_members(&record, &format_compound, &view, &err), err);
	ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	/* the others are there all the same */
	ck_assert_ptr_nonnull(record_find(&record, "folder"));
	struct map *map = format_map(&format_compound, &view, NULL);
	map_check(map, bytes.size);
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

START_TEST(names_every_part)
{
	static const struct {
		const char *name;
		enum extent_tag tag;
		uint64_t offset, length;
	} parts[] = {
	    {"compound header magic", EXTENT_METADATA, 0, 8},
	    {"FAT", EXTENT_METADATA, 512, 512},
	    {"miniFAT", EXTENT_METADATA, 2048, 512},
	    {"free piece of the stream of small streams", EXTENT_PADDING, 2688, 64},
	    {"free sector", EXTENT_CONTENT, 8192, 512},
	};
	struct buf bytes;
	struct view view;
	test_shell(MAKE "3 free >x");
	open_file("x", &bytes, &view);
	struct map *map = format_map(&format_compound, &view, NULL);
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		const struct extent *extent = map_extent(map, parts[i].name);
		ck_assert_uint_eq(extent->offset, parts[i].offset);
		ck_assert_uint_eq(extent->length, parts[i].length);
		ck_assert_int_eq(extent->tag, parts[i].tag);
	}
	/* 2560: the root's stream; its first 100 bytes are "small", member 1 */
	const struct extent *small = map_find(map, 2560);
	ck_assert_str_eq(small->name, "content");
	ck_assert_uint_eq(small->length, 100);
	ck_assert_uint_eq(small->member, 1);
	ck_assert_str_eq(map_find(map, 2660)->name, "slack");
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* Only what has the form of a signature is one. */
START_TEST(tags_signatures)
{
	struct buf bytes;
	struct view view;
	size_t tagged = 0;
	test_shell(MAKE_MSI SIGN "7z x -y -tCompound s.msi");
	open_file("s.msi", &bytes, &view);
	struct buf signature = test_file("[5]DigitalSignature");
	struct map *map = format_map(&format_compound, &view, NULL);
	for (size_t i = 0; i < map->count; i++) {
		if (map->extents[i].tag == EXTENT_SIGNATURE)
			tagged += map->extents[i].length;
	}
	/* the other one is a SHA-256 */
	ck_assert_uint_eq(tagged, signature.size + 32);
	map_free(map);
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, signature.data, 64, &at), 0);
	bytes.data[at + 3]++;
	map = format_map(&format_compound, &view, NULL);
	ck_assert_int_eq(map_find(map, at)->tag, EXTENT_CONTENT);
	map_free(map);
	buf_free(&signature);
	buf_free(&bytes);
}
END_TEST

START_TEST(damage)
{
	test_shell(MAKE "%d >x", _i);
	struct buf bytes = test_file("x");
	format_survives_damage(&format_compound, &bytes, _i == 3 ? 31 : 509, 80);
	/* the tables, entry by entry */
	uint64_t sector = _i == 3 ? 512 : 4096;
	for (uint64_t at = sector; at < 2 * sector + 640; at++) {
		char before = bytes.data[at];
		if (at == sector + 64)
			at = 2 * sector;
		bytes.data[at] = (char)(before ^ 0x0d);
		format_survives(&format_compound, bytes.data, bytes.size);
		bytes.data[at] = (char)0xff;
		format_survives(&format_compound, bytes.data, bytes.size);
		bytes.data[at] = before;
	}
	buf_free(&bytes);
}
END_TEST

Suite *format_compound_suite(void);

Suite *
format_compound_suite(void)
{
	Suite *suite = suite_create("format_compound");
	TCase *tests = tcase_create("compound");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, lists_what_7z_lists, 0, ARRAY_COUNT(whole));
	tcase_add_test(tests, gives_contents_and_records);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, names_every_part);
	tcase_add_test(tests, tags_signatures);
	tcase_add_loop_test(tests, damage, 3, 5);
	suite_add_tcase(suite, tests);
	return suite;
}
