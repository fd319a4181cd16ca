/* format: Android's update payloads, put together by python as update_metadata.proto
 * says; xz, bzip2 and zstd of python and their own tools pack the data. */
#include "format_sink.h"

/* make.py OUT PARTITION...: a partition is NAME:SIZE:OPERATION,…; an operation is
 * TYPE/START/COUNT/WORD: COUNT blocks of 16 bytes of that word. */
static const char script[] =
    "import bz2, hashlib, lzma, subprocess, sys\n"
    "def varint(n):\n"
    "    out = b''\n"
    "    while n > 127:\n"
    "        out, n = out + bytes([n & 127 | 128]), n >> 7\n"
    "    return out + bytes([n])\n"
    "number = lambda f, n: varint(f << 3) + varint(n)\n"
    "field = lambda f, d: varint(f << 3 | 2) + varint(len(d)) + d\n"
    "zstd = lambda b: subprocess.run(['zstd', '-qc'], input=b, stdout=-1).stdout\n"
    "pack = {0: bytes, 1: bz2.compress, 8: lzma.compress, 14: zstd}\n"
    "data, manifest = b'', number(3, 16)\n"
    "for one in sys.argv[2:]:\n"
    "    name, size, operations = one.split(':')\n"
    "    made, image = b'', {}\n"
    "    for operation in filter(None, operations.split(',')):\n"
    "        kind, start, count, word = operation.split('/')\n"
    "        kind, start, count = int(kind), int(start), int(count)\n"
    "        plain = (word.encode() * 16)[:16] * count\n"
    "        packed = pack[kind](plain) if kind in pack else b''\n"
    "        image[start] = plain if packed else bytes(16 * count)\n"
    "        extent = number(1, start) + number(2, count)\n"
    "        body = number(1, kind) + field(6, extent) * (2 if word == 'twice' else "
    "1)\n"
    "        if packed:\n"
    "            digest = hashlib.sha256(packed if word != 'wrong' else b'').digest()\n"
    "            body += number(2, len(data)) + number(3, len(packed)) + field(8, "
    "digest)\n"
    "        data += packed\n"
    "        made += field(8, body)\n"
    "    whole = b''.join(image[i] for i in sorted(image))\n"
    "    open(name, 'wb').write(whole)\n"
    "    info = number(1, int(size)) + field(2, hashlib.sha256(whole).digest())\n"
    "    manifest += field(13, field(1, name.encode()) + field(7, info) + made)\n"
    "open(sys.argv[1], 'wb').write(b'CrAU' + (2).to_bytes(8, 'big') +\n"
    "    len(manifest).to_bytes(8, 'big') + bytes(4) + manifest + data)\n";

static void
make(const char *partitions)
{
	test_write("make.py", script, sizeof(script) - 1);
	test_shell("python3 make.py x.bin %s", partitions);
}

START_TEST(partitions_are_put_together)
{
	if (!test_have("python3") || !test_have("zstd"))
		TEST_SKIP("no python3 or zstd");
	make("boot:96:0/0/1/a,8/1/2/b,1/3/1/c,6/4/1/,14/5/1/d "
	     "late:64:8/2/2/z,0/0/1/x,7/1/1/ 'none:0:'");
	struct buf file = test_file("x.bin");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	ck_assert_str_eq(probe_name("x.bin"), "android-payload");
	ck_assert_ok(record_members(&record, &format_payload, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	ck_assert_uint_eq(record.count, 3);
	static const char *const names[] = {"boot", "late", "none"};
	for (size_t i = 0; i < 3; i++) {
		struct buf image = test_file(names[i]);
		const struct recorded *member = &record.members[i];
		ck_assert_int_eq(strncmp(member->path, names[i], 4), 0);
		ck_assert_str_eq(member->path + 4, ".img");
		ck_assert_uint_eq(member->content.size, image.size);
		ck_assert(image.size == 0 ||
			  memcmp(member->content.data, image.data, image.size) == 0);
		buf_free(&image);
	}
	struct map *map = format_map(&format_payload, &view, NULL);
	map_check(map, file.size);
	ck_assert_uint_eq(map_extent(map, "payload manifest")->offset, 24);
	map_free(map);
	record_free(&record);
	buf_free(&file);
}
END_TEST

static const struct {
	const char *partitions, *then, *kind, *words;
} traps[] = {
    {"p:32:0/0/1/a,0/1/1/wrong", "", "suspect", "data of 16 bytes has not the SHA-256"},
    {"p:32:0/0/2/a", "printf more >>x.bin", "suspect",
     "4 bytes that no operation holds"},
    {"p:32:0/0/1/a,4/1/1/", "", "undecided", "operation 1 patches the partition"},
    {"p:32:0/0/1/a,0/1/1/twice", "", "undecided", "operation 1 writes to 2 places"},
    {"p:32:0/0/1/a,0/2/1/b", "", "undecided", "do not write each block once"},
    {"p:32:0/0/1/a,0/0/1/b", "", "undecided", "do not write each block once"},
    {"p:33:0/0/1/a,0/1/1/b", "", "undecided", "as many bytes as the partition"},
    {"", "", "undecided", "no members found"},
    {"p:32:0/0/2/a", "truncate -s -1 x.bin", "fails", "not inside the file"},
    {"p:32:8/0/2/a", "truncate -s -1 x.bin", "fails", "not inside the file"},
    {"p:32:0/0/2/a", "printf '\\3' | dd of=x.bin bs=1 seek=11 conv=notrunc", "fails",
     "version 3"},
    {"p:32:0/0/2/a", "printf '\\377' | dd of=x.bin bs=1 seek=12 conv=notrunc", "fails",
     "manifest is cut off"},
};

START_TEST(trap)
{
	if (!test_have("python3"))
		TEST_SKIP("no python3");
	make(traps[_i].partitions);
	test_shell("true; %s", traps[_i].then);
	struct buf file = test_file("x.bin");
	struct view view = view_of_buf(&file);
	struct record record = {0};
	struct err err = {0};
	int result = record_members(&record, &format_payload, &view, &err);
	if (strcmp(traps[_i].kind, "fails") == 0) {
		ck_assert_int_eq(result, -1);
		ck_assert_msg(strstr(err.message, traps[_i].words) != NULL, "%s",
			      err.message);
	} else {
		ck_assert_ok(result, err);
		ck_assert(record_noted(&record, traps[_i].kind, traps[_i].words));
	}
	record_free(&record);
	buf_free(&file);
}
END_TEST

/* Fields of the manifest that call data a signature which is none. */
START_TEST(data_is_no_signature)
{
	if (!test_have("python3"))
		TEST_SKIP("no python3");
	make("p:32:0/0/2/a");
	test_shell("python3 -c \"b = open('x.bin', 'rb').read(); n = b[19] + 4; "
		   "open('x.bin', 'wb').write(b[:19] + bytes([n]) + b[20:20 + n] + "
		   "b'\\x20\\x00\\x28\\x20' + b[20 + n:])\"");
	struct buf file = test_file("x.bin");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_payload, &view, NULL);
	map_check(map, file.size);
	ck_assert_int_eq(map_extent(map, "payload signatures")->tag, EXTENT_METADATA);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(damage)
{
	if (!test_have("python3"))
		TEST_SKIP("no python3");
	make("boot:96:0/0/1/a,8/1/2/b,1/3/1/c,6/4/2/ p:16:4/0/1/");
	struct buf bytes = test_file("x.bin");
	format_survives_damage(&format_payload, &bytes, 1, bytes.size);
	buf_free(&bytes);
}
END_TEST

Suite *format_payload_suite(void);

Suite *
format_payload_suite(void)
{
	Suite *suite = suite_create("format_payload");
	TCase *tests = tcase_create("payload");
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, partitions_are_put_together);
	tcase_add_loop_test(tests, trap, 0, ARRAY_COUNT(traps));
	tcase_add_test(tests, data_is_no_signature);
	tcase_add_test(tests, damage);
	suite_add_tcase(suite, tests);
	return suite;
}
