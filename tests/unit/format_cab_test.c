/* Cabinets: by gcab, signed by osslsigncode, and by the recipe testdata/cab/make.py;
 * cabextract says what is in them. */
#include "format_sink.h"

#define MAKE "python3 $SOURCE/testdata/cab/make.py "

#define GCAB                                                                           \
	"mkdir -p sub; seq 20000 >a.txt; seq 3 >sub/b.txt; touch -d '2020-09-13 "      \
	"12:26:40' a.txt sub/b.txt; "

#define KEY                                                                            \
	"openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "    \
	"/CN=x -days 30; "
#define SIGN "osslsigncode sign -certs c.pem -key k.pem "

static void
open_file(const char *name, struct buf *bytes, struct view *view)
{
	*bytes = test_file(name);
	*view = view_of_buf(bytes);
}

static const char *const whole[] = {
    MAKE ">x",
    MAKE "lzx >x",
    MAKE "reserve >x",
    MAKE "lzx reserve >x",
    MAKE "no-checksum >x",
    GCAB "gcab -c x a.txt sub/b.txt",
    GCAB "gcab -cz x a.txt sub/b.txt",
};

START_TEST(gives_what_cabextract_gives)
{
	struct buf bytes, ours = {0};
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell("%s; mkdir out; cabextract -q -d out x; cd out; find . -type f "
		   "-printf '%%P %%s ' -exec sh -c 'md5sum <\"$1\" | cut -c1-32' - {} "
		   "';' | LC_ALL=C sort >../theirs",
		   whole[_i]);
	open_file("x", &bytes, &view);
	ck_assert_str_eq(probe_name("x"), "cab");
	ck_assert_ok(record_members(&record, &format_cab, &view, &err), err);
	for (size_t i = 0; i < record.notes.count; i++)
		ck_abort_msg("%s", record.notes.items[i]);
	test_shell("rm -rf ours; mkdir ours");
	for (size_t i = 0; i < record.count; i++) {
		const struct recorded *member = &record.members[i];
		char *name = base_format("ours/%zu", i);
		test_write(name, member->content.data, member->content.size);
		buf_printf(&ours, "%s %zu %zu\n", member->path, member->content.size,
			   i);
		ck_assert_int_eq(member->member.mtime, 1600000000);
		free(name);
	}
	test_write("list", ours.data, ours.size);
	test_shell("while read name size file; do echo \"$name $size $(md5sum "
		   "<ours/$file | cut -c1-32)\"; done <list | LC_ALL=C sort >mine; "
		   "diff theirs mine");
	struct map *map = format_map(&format_cab, &view, &err);
	ck_assert_msg(err.kind == ERR_NONE, "%s", err.message);
	map_check(map, bytes.size);
	ck_assert(!map_has(map, "gap"));
	map_free(map);
	record_free(&record);
	buf_free(&ours);
	buf_free(&bytes);
}
END_TEST

static const struct {
	const char *trick, *kind, *words;
} traps[] = {
    {"checksum", "suspect", "checksum of 2 data blocks is wrong"},
    {"checksum", "undecided", "checksum of a data block is wrong"},
    {"reserve whole-sum", "undecided", "checksum of a data block is wrong"},
    {"twice", "suspect", "more than one file is called"},
    {"set", "undecided", "continues in another cabinet"},
    {"set", "undecided", "one of a set"},
    {"goes-on", "undecided", "its lists or blocks are malformed"},
    {"after", "suspect", "6 trailing bytes"},
    {"longer", "suspect", "100 bytes longer"},
    {"| head -c 1000", "fails", "is cut off"},
    {"| head -c 100", "fails", "cannot be read"},
};

START_TEST(trap)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(MAKE "%s >x", traps[_i].trick);
	open_file("x", &bytes, &view);
	int result = record_members(&record, &format_cab, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_ptr_nonnull(strstr(err.message, traps[_i].words));
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	struct map *map = format_map(&format_cab, &view, NULL);
	map_check(map, bytes.size);
	map_free(map);
	record_free(&record);
	buf_free(&bytes);
}
END_TEST

/* Files in another order than their bytes are decoded again and again: that ends. */
START_TEST(decoding_again_has_a_bound)
{
	struct buf bytes;
	struct view view;
	struct record record = {0};
	struct err err = {0};
	test_shell(
	    "for i in $(seq 2000); do head -c 3000 /dev/urandom >f$i; done; "
	    "gcab -c x $(ls f* | sort -R --random-source=f1); cat >turn.py <<'E'\n"
	    "import struct\nd = bytearray(open('x', 'rb').read())\n"
	    "at, = struct.unpack_from('<I', d, 16)\n"
	    "n, = struct.unpack_from('<H', d, 28)\nfor i in range(n):\n"
	    "  size, = struct.unpack_from('<I', d, at)\n"
	    "  struct.pack_into('<I', d, at + 4, (n - 1 - i) * 3000)\n"
	    "  at = d.index(0, at + 16) + 1\nopen('x', 'wb').write(d)\nE\n"
	    "python3 turn.py");
	open_file("x", &bytes, &view);
	ck_assert_ok(record_members(&record, &format_cab, &view, &err), err);
	ck_assert(record_noted(&record, "undecided", "decoded too often"));
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
	    {"cab header magic", EXTENT_METADATA, 0, 4},
	    {"cab header reserve", EXTENT_METADATA, 36, 10},
	    {"cab folder data offset", EXTENT_METADATA, 46, 4},
	    {"cab folder reserve", EXTENT_METADATA, 54, 3},
	    {"cab file mtime", EXTENT_METADATA, 78, 4},
	    {"cab file name", EXTENT_METADATA, 84, 8},
	    {"cab data checksum", EXTENT_DERIVED, 146, 4},
	    {"cab data reserve", EXTENT_METADATA, 154, 5},
	    {"cab data", EXTENT_CONTENT, 159, 404},
	};
	struct buf bytes;
	struct view view;
	test_shell(MAKE "reserve >x");
	open_file("x", &bytes, &view);
	struct map *map = format_map(&format_cab, &view, NULL);
	for (size_t i = 0; i < ARRAY_COUNT(parts); i++) {
		const struct extent *extent = map_extent(map, parts[i].name);
		ck_assert_uint_eq(extent->offset, parts[i].offset);
		ck_assert_uint_eq(extent->length, parts[i].length);
		ck_assert_int_eq(extent->tag, parts[i].tag);
	}
	/* the first block is of two files, the second of "three.bin" alone */
	ck_assert_uint_eq(map_find(map, 159)->member, EXTENT_NO_MEMBER);
	ck_assert_uint_eq(map_find(map, 159 + 404 + 13)->member, 2);
	map_free(map);
	buf_free(&bytes);
}
END_TEST

/* ---- the graft ------------------------------------------------------------- */

static enum graft_answer
graft_files(const struct view *shipped, const struct view *rebuilt, bool *equal)
{
	struct graft graft = {0};
	struct err err = {0};
	enum graft_answer answer = format_cab.graft(shipped, rebuilt, &graft, &err);
	struct view grafted = view_of_buf(&graft.bytes);
	*equal = answer == GRAFT_DONE && view_equal(&grafted, shipped);
	ck_assert_int_eq(err.message[0] != '\0', answer == GRAFT_FAILED);
	graft_free(&graft);
	return answer;
}

static const struct {
	const char *make;
	enum graft_answer answer;
	bool equal;
} grafts[] = {
    {MAKE ">r; " SIGN "-in r -out s", GRAFT_DONE, true},
    {MAKE "lzx >r; " SIGN "-in r -out s", GRAFT_DONE, true},
    {GCAB "gcab -cz r a.txt sub/b.txt; " SIGN "-in r -out s", GRAFT_DONE, true},
    /* signed by another before */
    {MAKE ">x; " SIGN "-in x -out s; " SIGN "-h sha1 -in x -out r", GRAFT_DONE, true},
    {MAKE ">r; cp r s", GRAFT_NONE, false},
    {MAKE "reserve >r; " MAKE ">x; " SIGN "-in x -out s", GRAFT_FAILED, false},
    {MAKE "after >r; " MAKE ">x; " SIGN "-in x -out s", GRAFT_FAILED, false},
    {MAKE ">r; " SIGN "-in r -out s; echo more >>s", GRAFT_FAILED, false},
};

START_TEST(moves_signature)
{
	struct buf shipped, rebuilt;
	struct view left, right;
	bool equal;
	test_shell(KEY "%s", grafts[_i].make);
	open_file("s", &shipped, &left);
	open_file("r", &rebuilt, &right);
	ck_assert_int_eq(graft_files(&left, &right, &equal), grafts[_i].answer);
	ck_assert_int_eq(equal, grafts[_i].equal);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

/* No byte but those of the signature may differ, on either side. */
START_TEST(moves_nothing_but_the_signature)
{
	struct buf shipped, rebuilt;
	struct view left, right;
	bool equal;
	test_shell(KEY MAKE ">r; " SIGN "-in r -out s");
	open_file("s", &shipped, &left);
	open_file("r", &rebuilt, &right);
	for (size_t i = 0; i < rebuilt.size; i++) {
		rebuilt.data[i] ^= 0x10;
		graft_files(&left, &right, &equal);
		ck_assert_msg(!equal, "byte %zu of the rebuilt file", i);
		rebuilt.data[i] ^= 0x10;
	}
	struct map *map = format_map(&format_cab, &left, NULL);
	for (size_t i = 0; i < shipped.size; i++) {
		shipped.data[i] ^= 0x10;
		graft_files(&left, &right, &equal);
		ck_assert_msg(!equal || map_find(map, i)->tag == EXTENT_SIGNATURE,
			      "byte %zu of the shipped file", i);
		shipped.data[i] ^= 0x10;
	}
	/* behind the DER, where signing pads with zeros, nothing may hide */
	uint64_t start = map_extent(map, "cab signature")->offset;
	uint16_t length = 0;
	view_u16be(&left, start + 2, &length);
	for (uint64_t i = start + 4 + length; i < shipped.size; i++) {
		shipped.data[i] ^= 1;
		ck_assert_int_eq(graft_files(&left, &right, &equal), GRAFT_FAILED);
		shipped.data[i] ^= 1;
	}
	map_free(map);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(damage)
{
	test_shell(KEY MAKE "lzx reserve >x; " MAKE "set >y; " MAKE ">r; " SIGN
			    "-in r -out z");
	static const char *const names[] = {"x", "y", "z"};
	struct buf bytes = test_file(names[_i]);
	format_survives_damage(&format_cab, &bytes, 37, 200);
	buf_free(&bytes);
}
END_TEST

Suite *format_cab_suite(void);

Suite *
format_cab_suite(void)
{
	Suite *suite = suite_create("format_cab");
	TCase *tests = tcase_create("cab");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, gives_what_cabextract_gives, 0, ARRAY_COUNT(whole));
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, decoding_again_has_a_bound);
	tcase_add_test(tests, names_every_part);
	tcase_add_loop_test(tests, moves_signature, 0, ARRAY_COUNT(grafts));
	tcase_add_test(tests, moves_nothing_but_the_signature);
	tcase_add_loop_test(tests, damage, 0, 3);
	suite_add_tcase(suite, tests);
	return suite;
}
