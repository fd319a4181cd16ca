/* format: SQLite databases, against what sqlite3 says of its own pages. */
#include "format_sink.h"

static const char *const pragmas[] = {
    "", "pragma auto_vacuum = 2;", "pragma page_size = 512;", "pragma page_size = 65536;"};

/* Tables with a tree of several levels, overflow, free pages, and one without rowids. */
static void
make_database(const char *pragma)
{
	test_shell(
	    "rm -f x.db; sqlite3 x.db \"%s create table t(a, b); create index i on t(b); "
	    "with recursive c(x) as (select 1 union all select x + 1 from c "
	    "where x < 400) insert into t select x, hex(randomblob(30)) from c; "
	    "insert into t values(-7, hex(randomblob(9000))); "
	    "create table w(k primary key, v) without rowid; "
	    "insert into w select a, b from t; "
	    "create table gone(x); insert into gone values(zeroblob(300000)); "
	    "drop table gone; create view v as select a from t;\"",
	    pragma);
}

/* Every page that dbstat lists, with the tree it belongs to and what it is in it. */
START_TEST(pages_agree_with_dbstat)
{
	if (!test_have("sqlite3"))
		TEST_SKIP("needs sqlite3");
	make_database(pragmas[_i]);
	test_shell("sqlite3 -separator ' ' x.db \"select d.pageno, pagetype, "
		   "case when d.name = 'sqlite_schema' then 'schema' "
		   "when s.type = 'index' then 'index_' || d.name "
		   "else 'table_' || d.name end, (d.pageno - 1) * p.page_size "
		   "from dbstat d, pragma_page_size p left join "
		   "sqlite_schema s on s.name = d.name order by 1\" >list");
	struct buf file = test_file("x.db"), list = test_file("list");
	struct view view = view_of_buf(&file);
	struct err trouble;
	struct map *map = format_map(&format_sqlite, &view, &trouble);
	ck_assert_str_eq(probe_name("x.db"), "sqlite");
	ck_assert_int_eq(trouble.kind, ERR_NONE);
	map_check(map, file.size);
	unsigned count = 0;
	for (char *line = list.data; *line != '\0'; count++) {
		char type[16], tree[64], name[24];
		unsigned page;
		uintmax_t offset;
		int read = 0;
		ck_assert_int_eq(sscanf(line, "%u %15s %63s %ju\n%n", &page, type, tree,
					&offset, &read),
				 4);
		line += read;
		char *gap = strchr(tree, '_');
		if (gap != NULL)
			*gap = ' ';
		const char *kind = strcmp(type, "internal") == 0 ? "interior" : type;
		char *detail = base_format("%s %s", tree, kind);
		bool found = false;
		snprintf(name, sizeof(name), "page %u", page);
		for (size_t i = 0; i < map->count && !found; i++) {
			const struct extent *extent = &map->extents[i];
			found = extent->detail != NULL && extent->base == offset &&
				strcmp(extent->name, name) == 0 &&
				strcmp(extent->detail, detail) == 0;
		}
		ck_assert_msg(found, "page %u is not '%s'", page, detail);
		free(detail);
	}
	ck_assert_uint_ge(count, 5);
	map_free(map);
	struct record record = {0};
	ck_assert_int_eq(record_notes(&record, &format_sqlite, &view, &trouble), 0);
	ck_assert_msg(record.notes.count == 0, "%s", record.notes.items[0]);
	record_free(&record);
	buf_free(&list);
	buf_free(&file);
}
END_TEST

START_TEST(cells_and_fields_are_named)
{
	if (!test_have("sqlite3"))
		TEST_SKIP("needs sqlite3");
	test_shell("rm -f x.db; sqlite3 x.db \"create table people(name); insert into "
		   "people(rowid, name) values(5, 'first'), (-3, 'needle');\"");
	struct buf file = test_file("x.db");
	struct view view = view_of_buf(&file);
	struct map *map = format_map(&format_sqlite, &view, NULL);
	uint64_t at;
	ck_assert_int_eq(view_find(&view, 4096, "needle", 6, &at), 0);
	ck_assert_str_eq(map_find(map, at)->name, "page 2");
	ck_assert_str_eq(map_find(map, at)->detail, "table people cell 0 rowid -3");
	struct buf place = {0};
	map_place(map, 25, &place);
	ck_assert_str_eq(place.data, "SQLite header+0x19 (file change counter)");
	buf_clear(&place);
	map_place(map, 4096 + 3, &place);
	ck_assert_str_eq(place.data, "page 2+0x3 (page header number of cells)");
	map_free(map);
	buf_free(&place);
	buf_free(&file);
}
END_TEST

START_TEST(hidden_pages_are_noted)
{
	if (!test_have("sqlite3"))
		TEST_SKIP("needs sqlite3");
	make_database("");
	struct buf file = test_file("x.db");
	struct err err = {0};
	struct record record = {0};
	static const char hidden[4096] = "nobody names this page";
	buf_append(&file, hidden, sizeof(hidden));
	buf_append(&file, "tail", 4);
	struct view view = view_of_buf(&file);
	ck_assert_int_eq(record_notes(&record, &format_sqlite, &view, &err), 0);
	ck_assert(record_noted(&record, "suspect", "1 pages that no table"));
	ck_assert(record_noted(&record, "suspect", "4 bytes after the last whole page"));
	record_free(&record);
	buf_free(&file);
}
END_TEST

/* Trees and lists that name themselves end, and so do pages full of overlapping cells. */
START_TEST(loops_end)
{
	if (!test_have("sqlite3"))
		TEST_SKIP("needs sqlite3");
	make_database("pragma page_size = 512;");
	struct buf file = test_file("x.db");
	struct view view = view_of_buf(&file);
	double start = time_elapsed();
	for (size_t page = 1; page * 512 < file.size; page++) {
		char kept[512];
		memcpy(kept, file.data + page * 512, 512);
		/* an interior page, all of whose children are one page */
		memset(file.data + page * 512, 0, 512);
		file.data[page * 512] = 5;
		memset(file.data + page * 512 + 3, 0xff, 2);
		file.data[page * 512 + 11] = (char)(page + 1);
		format_survives(&format_sqlite, file.data, file.size);
		memcpy(file.data + page * 512, kept, 512);
		if (page == 40)
			break;
	}
	file.data[35] = 3; /* the freelist begins at a page of a table */
	format_survives(&format_sqlite, file.data, file.size);
	ck_assert_double_lt(time_elapsed() - start, 5.0);
	struct map *map = format_map(&format_sqlite, &view, NULL);
	map_check(map, file.size);
	map_free(map);
	buf_free(&file);
}
END_TEST

START_TEST(damaged_databases_are_survived)
{
	if (!test_have("sqlite3"))
		TEST_SKIP("needs sqlite3");
	test_shell("rm -f x.db; sqlite3 x.db \"pragma page_size = 512; create table "
		   "t(a, b); create index i on t(b); insert into t values(1, 'x'), "
		   "(2, hex(zeroblob(600)));\"");
	struct buf file = test_file("x.db");
	format_survives_damage(&format_sqlite, &file, 7, 560);
	buf_free(&file);
}
END_TEST

Suite *format_sqlite_suite(void);

Suite *
format_sqlite_suite(void)
{
	Suite *suite = suite_create("format_sqlite");
	TCase *tcase = tcase_create("sqlite");
	tcase_add_loop_test(tcase, pages_agree_with_dbstat, 0,
			    (int)ARRAY_COUNT(pragmas));
	tcase_add_test(tcase, cells_and_fields_are_named);
	tcase_add_test(tcase, hidden_pages_are_noted);
	tcase_add_test(tcase, loops_end);
	tcase_add_test(tcase, damaged_databases_are_survived);
	suite_add_tcase(suite, tcase);
	return suite;
}
