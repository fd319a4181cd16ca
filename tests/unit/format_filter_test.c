/* format: compressed streams, made by the programs of their names. */
#include "format_sink.h"

static const struct {
	const struct format *format;
	const char *command;  /* from standard input to standard output */
	const char *checksum; /* an extent that is DERIVED, or NULL */
} streams[] = {
    {&format_gzip, "gzip -n", "gzip CRC32"},
    {&format_bzip2, "bzip2", NULL},
    {&format_xz, "xz", "xz index"},
    {&format_zstd, "zstd -q", "zstd content checksum"},
    {&format_lz4, "lz4 -q", "lz4 content checksum"},
    {&format_xz, "xz --block-size=1000 -C sha256", "xz stream footer"},
    {&format_zstd, "zstd -q --no-check -B1K -T1", NULL},
    {&format_lz4, "lz4 -q -BX -B4 --content-size", "lz4 content checksum"},
    {&format_lz4, "lz4 -q -l", NULL},
};

/* A text that compresses somewhat, in `text`; its streams in `stream` and `empty`. */
static void
make_streams(int index, unsigned lines)
{
	test_shell("awk 'BEGIN { srand(7); for (i = 0; i < %u; i++) "
		   "print \"line\", i, rand() }' >text",
		   lines);
	test_shell("%s <text >stream", streams[index].command);
	test_shell("%s </dev/null >empty", streams[index].command);
}

/* Decompress: the row's answer, and the bytes when it is 0. */
static int
decode(int index, const struct buf *stream, struct record *record, struct err *err)
{
	struct view view = view_of_buf(stream);
	*err = (struct err){0};
	int answer = record_members(record, streams[index].format, &view, err);
	/* It is begun before anything fails, and is the one without a name. */
	ck_assert_uint_eq(record->count, 1);
	ck_assert_str_eq(record->members[0].path, "");
	ck_assert_int_eq(record->members[0].member.type, MEMBER_FILE);
	return answer;
}

static bool
content_is(const struct record *record, const struct buf *expected, unsigned times)
{
	const struct buf *content = &record->members[0].content;
	if (content->size != expected->size * times)
		return false;
	for (unsigned i = 0; i < times; i++) {
		if (memcmp(content->data + i * expected->size, expected->data,
			   expected->size) != 0)
			return false;
	}
	return true;
}

START_TEST(streams_decompress_to_what_they_were_made_of)
{
	make_streams(_i, 20000);
	struct buf text = test_file("text"), stream = test_file("stream");
	struct record record = {0};
	struct err err;
	ck_assert_str_eq(probe_name("stream"), streams[_i].format->name);
	ck_assert(streams[_i].format->compressor);
	ck_assert_ok(decode(_i, &stream, &record, &err), err);
	ck_assert(content_is(&record, &text, 1));
	ck_assert_uint_eq(record.notes.count, 0);
	record_free(&record);

	struct view view = view_of_buf(&stream);
	struct map *map = format_map(streams[_i].format, &view, &err);
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, stream.size);
	ck_assert(!map_has(map, "trailing bytes") && !map_has(map, "gap"));
	if (streams[_i].checksum != NULL)
		ck_assert_int_eq(map_extent(map, streams[_i].checksum)->tag,
				 EXTENT_DERIVED);
	map_free(map);

	/* Streams may follow one another. */
	struct buf twice = {0};
	buf_append(&twice, stream.data, stream.size);
	buf_append(&twice, stream.data, stream.size);
	ck_assert_ok(decode(_i, &twice, &record, &err), err);
	ck_assert(content_is(&record, &text, 2));
	ck_assert_uint_eq(record.notes.count, 0);
	record_free(&record);
	buf_free(&twice);
	buf_free(&text);
	buf_free(&stream);
}
END_TEST

/* What is inside is a member, also when the same program made it again. */
START_TEST(a_stream_in_a_stream_is_its_content)
{
	make_streams(_i, 500);
	test_shell("%s <stream >outer", streams[_i].command);
	struct buf inner = test_file("stream"), outer = test_file("outer");
	struct record record = {0};
	struct err err;
	ck_assert_ok(decode(_i, &outer, &record, &err), err);
	ck_assert(content_is(&record, &inner, 1));
	record_free(&record);
	buf_free(&inner);
	buf_free(&outer);
}
END_TEST

START_TEST(trailing_bytes_are_suspect_and_placed)
{
	static const char *const tails[] = {
	    "garbage that nobody reads", "x", "\x1f\x8b", "BZh9", "YZ\0\0YZYZ",
	    "\xff\xff\xff\xff"};
	make_streams(_i, 300);
	struct buf text = test_file("text"), stream = test_file("stream");
	size_t size = stream.size;
	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		struct record record = {0};
		struct err err;
		stream.size = size;
		buf_append(&stream, tails[i], strlen(tails[i]));
		ck_assert_ok(decode(_i, &stream, &record, &err), err);
		ck_assert(content_is(&record, &text, 1));
		char *note = base_format("suspect %zu: %zu trailing bytes", size,
					 strlen(tails[i]));
		ck_assert_msg(record_noted(&record, note, "after the"), "%s: %s", note,
			      record.notes.count ? record.notes.items[0] : "none");
		free(note);
		record_free(&record);
		struct view view = view_of_buf(&stream);
		struct map *map = format_map(streams[_i].format, &view, NULL);
		const struct extent *extent = map_extent(map, "trailing bytes");
		ck_assert_uint_eq(extent->offset, size);
		ck_assert_uint_eq(extent->length, strlen(tails[i]));
		ck_assert_int_eq(extent->tag, EXTENT_CONTENT);
		map_free(map);
	}
	buf_free(&text);
	buf_free(&stream);
}
END_TEST

START_TEST(streams_of_nothing_say_so)
{
	make_streams(_i, 1);
	struct buf empty = test_file("empty");
	struct record record = {0};
	struct err err;
	ck_assert_ok(decode(_i, &empty, &record, &err), err);
	ck_assert_uint_eq(record.members[0].content.size, 0);
	ck_assert(record_noted(&record, "remark", "decompresses to nothing"));
	record_free(&record);
	buf_free(&empty);
}
END_TEST

START_TEST(streams_that_are_cut_off_fail)
{
	make_streams(_i, 40);
	struct buf text = test_file("text"), stream = test_file("stream");
	size_t whole = stream.size;
	for (size_t size = 0; size < whole;
	     size += size + 24 < whole && size > 24 ? 7 : 1) {
		struct record record = {0};
		struct err err;
		struct buf part = {0};
		buf_append(&part, stream.data, size);
		ck_assert_msg(decode(_i, &part, &record, &err) == -1, "cut at %zu",
			      size);
		ck_assert_int_eq(err.kind, ERR_INPUT);
		record_free(&record);
		buf_free(&part);
	}
	buf_free(&text);
	buf_free(&stream);
}
END_TEST

START_TEST(damage_never_passes_as_other_content)
{
	make_streams(_i, 40);
	struct buf text = test_file("text"), stream = test_file("stream");
	unsigned failed = 0;
	for (size_t i = 0; i<stream.size; i += i> 40 && i + 40 < stream.size ? 11 : 1) {
		struct record record = {0};
		struct err err;
		stream.data[i] = (char)(stream.data[i] ^ (1 << i % 8));
		int answer = decode(_i, &stream, &record, &err);
		if (answer == -1)
			failed++;
		else
			ck_assert_msg(content_is(&record, &text, 1), "byte %zu", i);
		record_free(&record);
		stream.data[i] = (char)(stream.data[i] ^ (1 << i % 8));
	}
	ck_assert_uint_gt(failed, 50);
	buf_free(&text);
	buf_free(&stream);
}
END_TEST

START_TEST(gzip_headers_are_named)
{
	test_shell("echo text >file.txt && touch -d @1000000000 file.txt && "
		   "gzip -k file.txt");
	struct buf file = test_file("file.txt.gz");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_gzip, &view, NULL);
	const struct extent *time = map_extent(map, "gzip MTIME");
	uint32_t seconds;
	ck_assert_uint_eq(time->offset, 4);
	ck_assert_int_eq(view_u32le(&view, 4, &seconds), 0);
	ck_assert_uint_eq(seconds, 1000000000);
	ck_assert_int_eq(time->tag, EXTENT_METADATA);
	ck_assert_uint_eq(map_extent(map, "gzip file name")->offset, 10);
	ck_assert_uint_eq(map_extent(map, "gzip file name")->length, 9);
	ck_assert_uint_eq(map_extent(map, "gzip CRC32")->offset, file.size - 8);
	ck_assert_uint_eq(map_extent(map, "gzip ISIZE")->offset, file.size - 4);
	ck_assert_int_eq(map_extent(map, "compressed data")->tag, EXTENT_CONTENT);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(frames_that_need_a_dictionary_are_unsupported)
{
	test_shell(
	    "awk 'BEGIN { for (i = 0; i < 300; i++) print \"some words\", i }' "
	    ">dictionary && echo some words 17 >text && "
	    "lz4 -q -D dictionary --favor-decSpeed text lz4.out; "
	    "for i in $(seq 200); do echo \"sample $i some words $i\" >s$i; done; "
	    "zstd -q --train s* -o trained && zstd -q -D trained text -o zstd.out");
	struct buf zstd = test_file("zstd.out");
	struct record record = {0};
	struct err err = {0};
	struct view view = view_of_buf(&zstd);
	ck_assert_int_eq(record_members(&record, &format_zstd, &view, &err), -1);
	ck_assert_int_eq(err.kind, ERR_UNSUPPORTED);
	record_free(&record);
	buf_free(&zstd);
}
END_TEST

START_TEST(skippable_frames_are_named)
{
	static const char skippable[] = "\x5a\x2a\x4d\x18\x05\0\0\0hello";
	make_streams(3, 10);
	struct buf text = test_file("text"), stream = test_file("stream");
	size_t size = stream.size;
	buf_append(&stream, skippable, 13);
	struct record record = {0};
	struct err err;
	ck_assert_ok(decode(3, &stream, &record, &err), err);
	ck_assert(content_is(&record, &text, 1));
	struct view view = view_of_buf(&stream);
	struct map *map = format_map(&format_zstd, &view, NULL);
	ck_assert_uint_eq(map_extent(map, "zstd skippable frame")->offset, size);
	ck_assert_uint_eq(map_extent(map, "zstd skippable frame")->length, 13);
	map_free(map);
	record_free(&record);
	buf_free(&text);
	buf_free(&stream);
}
END_TEST

START_TEST(damaged_streams_are_survived)
{
	make_streams(_i, 30);
	struct buf stream = test_file("stream");
	format_survives_damage(streams[_i].format, &stream, 41, 24);
	buf_free(&stream);
}
END_TEST

Suite *format_filter_suite(void);

Suite *
format_filter_suite(void)
{
	static const int count = (int)ARRAY_COUNT(streams);
	Suite *suite = suite_create("format_filter");
	TCase *tcase = tcase_create("filter");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, streams_decompress_to_what_they_were_made_of, 0,
			    count);
	tcase_add_loop_test(tcase, a_stream_in_a_stream_is_its_content, 0, count - 1);
	tcase_add_loop_test(tcase, trailing_bytes_are_suspect_and_placed, 0, count - 1);
	tcase_add_loop_test(tcase, streams_of_nothing_say_so, 0, count - 1);
	tcase_add_loop_test(tcase, streams_that_are_cut_off_fail, 0, count - 1);
	/* The last kinds have no checksum: they cannot tell. */
	tcase_add_loop_test(tcase, damage_never_passes_as_other_content, 0, 6);
	tcase_add_test(tcase, gzip_headers_are_named);
	tcase_add_test(tcase, frames_that_need_a_dictionary_are_unsupported);
	tcase_add_test(tcase, skippable_frames_are_named);
	tcase_add_loop_test(tcase, damaged_streams_are_survived, 0, count);
	suite_add_tcase(suite, tcase);
	return suite;
}
