/* format: PDF documents, against qpdf. */
#include "format_sink.h"

static void
make_document(void)
{
	static const char page[] = "%!PS\n/Helvetica findfont 12 scalefont setfont\n"
				   "72 700 moveto (hello) show showpage\n";
	test_write("x.ps", page, strlen(page));
	test_shell("gs -q -dNOPAUSE -dBATCH -sDEVICE=pdfwrite -sOutputFile=x.pdf x.ps");
}

static bool
have_tools(void)
{
	return test_have("gs") && test_have("qpdf");
}

/* Every object in qpdf's list begins where we say, and every stream says what qpdf
 * decodes. */
START_TEST(objects_and_streams_agree_with_qpdf)
{
	if (!have_tools())
		TEST_SKIP("needs ghostscript and qpdf");
	make_document();
	if (_i == 1)
		test_shell("qpdf --linearize x.pdf y.pdf && mv y.pdf x.pdf");
	test_shell("qpdf --show-xref x.pdf | sed -n 's,/0: uncompressed; offset = , ,p' "
		   ">list");
	struct buf file = test_file("x.pdf"), list = test_file("list");
	struct view view = view_of_buf(&file);
	struct err err = {0};
	struct map *map = format_map(&format_pdf, &view, &err);
	struct record record = {0};
	ck_assert_int_eq(err.kind, ERR_NONE);
	map_check(map, file.size);
	ck_assert_str_eq(probe_name("x.pdf"), "pdf");
	ck_assert_ok(record_members(&record, &format_pdf, &view, &err), err);
	ck_assert_uint_eq(record.notes.count, 0);
	unsigned streams = 0, objects = 0;
	for (char *line = list.data; *line != '\0'; objects++) {
		unsigned number;
		uintmax_t offset;
		int read = 0;
		char name[32];
		ck_assert_int_eq(sscanf(line, "%u %ju\n%n", &number, &offset, &read), 2);
		line += read;
		snprintf(name, sizeof(name), "object %u", number);
		ck_assert_str_eq(map_find(map, offset)->name, name);
		ck_assert_uint_eq(map_find(map, offset)->offset, offset);
		snprintf(name, sizeof(name), "stream %u", number);
		const struct recorded *stream = record_find(&record, name);
		if (stream == NULL)
			continue;
		streams++;
		test_shell("qpdf --show-object=%u --filtered-stream-data x.pdf >s", number);
		struct buf decoded = test_file("s");
		ck_assert_uint_eq(decoded.size, stream->content.size);
		ck_assert_int_eq(
		    memcmp(decoded.data, stream->content.data, decoded.size), 0);
		buf_free(&decoded);
	}
	ck_assert_uint_ge(objects, 6);
	ck_assert_uint_ge(streams, 1);
	map_free(map);
	record_free(&record);
	buf_free(&list);
	buf_free(&file);
}
END_TEST

START_TEST(values_made_anew_are_named)
{
	if (!have_tools())
		TEST_SKIP("needs ghostscript and qpdf");
	make_document();
	struct buf file = test_file("x.pdf");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_pdf, &view, NULL);
	static const char *const keys[] = {"/CreationDate", "/ModDate", "/Producer",
					   "/ID"};
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		uint64_t at;
		ck_assert_int_eq(view_find(&view, 0, keys[i], strlen(keys[i]), &at), 0);
		while (file.data[at] != '(' && file.data[at] != '[')
			at++;
		const struct extent *extent = map_find(map, at);
		ck_assert_str_eq(extent->detail, keys[i] + 1);
		ck_assert_int_eq(extent->tag, EXTENT_METADATA);
	}
	map_extent(map, "xref");
	map_extent(map, "trailer");
	map_extent(map, "startxref");
	map_extent(map, "%%EOF");
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(object_streams_are_called_so)
{
	if (!have_tools())
		TEST_SKIP("needs ghostscript and qpdf");
	make_document();
	test_shell("qpdf --object-streams=generate x.pdf y.pdf");
	struct buf file = test_file("y.pdf");
	struct view view = view_of_buf(&file);
	struct err err = {0};
	struct record record = {0};
	ck_assert_ok(record_members(&record, &format_pdf, &view, &err), err);
	unsigned objects = 0, references = 0, metadata = 0;
	for (size_t i = 0; i < record.count; i++) {
		const char *path = record.members[i].path;
		objects += strncmp(path, "object stream ", 14) == 0;
		references += strncmp(path, "cross-reference stream ", 23) == 0;
		metadata += strncmp(path, "metadata ", 9) == 0;
	}
	ck_assert_uint_eq(objects, 1);
	ck_assert_uint_eq(references, 1);
	ck_assert_uint_eq(metadata, 1);
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(tricks_are_noted)
{
	if (!have_tools())
		TEST_SKIP("needs ghostscript and qpdf");
	make_document();
	/* An update that replaces an object, as editors append it; and a tail. */
	test_shell("printf '2 0 obj\\n<</Title(x)>>\\nendobj\\nxref\\n0 0\\ntrailer\\n"
		   "<<>>\\nstartxref\\n0\\n%%%%%%%%EOF\\nMZtail' >>x.pdf");
	struct buf file = test_file("x.pdf");
	struct view view = view_of_buf(&file);
	struct err err = {0};
	struct record record = {0};
	ck_assert_ok(record_members(&record, &format_pdf, &view, &err), err);
	ck_assert(record_noted(&record, "remark", "1 incremental updates"));
	ck_assert(record_noted(&record, "suspect", "6 bytes after the document's end"));
	record_free(&record);
	/* A stream cut short does not decompress to its end. */
	record = (struct record){0};
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 0, "endstream", 9, &at), 0);
	file.data[at - 6] ^= 0x55;
	ck_assert_ok(record_members(&record, &format_pdf, &view, &err), err);
	ck_assert(record_noted(&record, "undecided", "does not decompress to its end"));
	record_free(&record);
	/* No end at all. */
	record = (struct record){0};
	view.size = at;
	ck_assert_int_eq(record_members(&record, &format_pdf, &view, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	record_free(&record);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_documents_are_survived)
{
	if (!have_tools())
		TEST_SKIP("needs ghostscript and qpdf");
	make_document();
	struct buf file = test_file("x.pdf");
	format_survives_damage(&format_pdf, &file, 3, 700);
	buf_free(&file);
}
END_TEST

Suite *format_pdf_suite(void);

Suite *
format_pdf_suite(void)
{
	Suite *suite = suite_create("format_pdf");
	TCase *tcase = tcase_create("pdf");
	tcase_add_loop_test(tcase, objects_and_streams_agree_with_qpdf, 0, 2);
	tcase_add_test(tcase, values_made_anew_are_named);
	tcase_add_test(tcase, object_streams_are_called_so);
	tcase_add_test(tcase, tricks_are_noted);
	tcase_add_test(tcase, damaged_documents_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
