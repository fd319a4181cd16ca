/* Reports: what they must show, what may never get through, and their bounds. */
#include "test.h"

#include "report/report.h"

static const enum report_kind kinds[] = {REPORT_TEXT, REPORT_JSON, REPORT_HTML,
					 REPORT_MARKDOWN};

/* A sample document of tests/unit/findings, as it stands. */
static json_t *
sample(const char *name)
{
	json_error_t error;
	const char *source = getenv("SOURCE");
	char *path =
	    base_format("%s/tests/unit/findings/%s", source ? source : ".", name);
	json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(json != NULL, "%s: %s", path, error.text);
	free(path);
	return json;
}

static struct buf
rendered(const json_t *findings, enum report_kind kind)
{
	struct buf out = {0};
	report_render(findings, kind, false, kind == REPORT_TEXT ? 10000 : 0, &out);
	return out;
}

static bool
shows(const json_t *findings, enum report_kind kind, const char *text)
{
	struct buf out = rendered(findings, kind);
	bool found = strstr(out.data, text) != NULL;
	buf_free(&out);
	return found;
}

#define ck_assert_shows(findings, kind, text)                                          \
	ck_assert_msg(shows(findings, kind, text), "no \"%s\" in report %d", text, kind)

/* The samples' verdicts were typed by hand: reading them back checks ours. */
START_TEST(samples_read_back)
{
	static const char *const names[] = {"good.json", "tampered.json",
					    "changed.json"};
	static const int exits[] = {0, 1, 1};
	struct err err = {0};
	json_t *findings = NULL, *before = sample(names[_i]);
	char *path = base_format("%s/tests/unit/findings/%s",
				 getenv("SOURCE") ? getenv("SOURCE") : ".", names[_i]);
	ck_assert_ok(findings_read(path, &findings, &err), err);
	ck_assert_int_eq(findings_exit(findings), exits[_i]);
	ck_assert(json_equal(json_object_get(before, "counts"),
			     json_object_get(findings, "counts")));
	const json_t *typed = json_object_get(before, "verdict");
	const json_t *computed = json_object_get(findings, "verdict");
	ck_assert(json_equal(json_object_get(typed, "scope"),
			     json_object_get(computed, "scope")));
	free(path);
	json_decref(before);
	json_decref(findings);
}
END_TEST

START_TEST(a_good_release_is_told_whole)
{
	json_t *findings = sample("good.json");
	findings_conclude(findings);
	static const char *const told[] = {
	    "reproduced-except-signature",
	    "1 file built and compared, 4 declared unbuilt",
	    "f00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeed",
	    "abababababababababababababababababababababababababababababababab",
	    "shimx64.efi.signed",
	    "copyright",
	    "Microsoft Windows UEFI Driver Publisher (US) RSA 2048, "
	    "2025-06-19/2026-06-17",
	    "anchor microsoft-uefi-2011",
	    "anchor microsoft-uefi-2023",
	    "2026-05-13T10:06:13Z",
	    "now expired",
	    "000102030405060708090A0B0C0D0E0F10111213",
	    "Signers: all-of microsoft-uefi-2011 microsoft-uefi-2023",
	    "10 sandbox layers",
	    "bookworm-amd64-shim",
	    "their bytes were pinned by hash, not rebuilt",
	    "\nEXIT 0 ",
	};
	for (size_t i = 0; i < ARRAY_COUNT(told); i++)
		ck_assert_shows(findings, REPORT_TEXT, told[i]);
	struct buf text = {0};
	report_render(findings, REPORT_TEXT, false, 80, &text);
	size_t lines = 0;
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	ck_assert_uint_le(lines, 48);
	ck_assert_ptr_null(strchr(text.data, '\033'));
	buf_clear(&text);
	report_render(findings, REPORT_TEXT, true, 80, &text);
	ck_assert_ptr_nonnull(
	    strstr(text.data, "\033[32mreproduced-except-signature\033[0m"));
	buf_free(&text);
	json_decref(findings);
}
END_TEST

START_TEST(a_difference_is_told_everywhere)
{
	json_t *findings = sample("tampered.json");
	findings_conclude(findings);
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		ck_assert_shows(findings, kinds[i], "differs");
	ck_assert_shows(findings, REPORT_TEXT,
			".text+0x11252 (verify_buffer+0x42): offset 0x12252, 1 byte");
	ck_assert_shows(findings, REPORT_TEXT, "shipped 90");
	ck_assert_shows(findings, REPORT_TEXT, "rebuilt 74");
	ck_assert_shows(findings, REPORT_TEXT, "FAIL Signers");
	ck_assert_shows(findings, REPORT_TEXT, "\nEXIT 1 ");
	ck_assert_shows(findings, REPORT_HTML, ".text+0x11252");
	ck_assert_shows(findings, REPORT_MARKDOWN, ".text+0x11252");
	json_decref(findings);
}
END_TEST

/* Replace every string in a document by one that attacks; keys and numbers stay. */
static json_t *
poisoned(const json_t *json, const char *poison)
{
	if (json_is_string(json)) {
		const char *kept = json_string_value(json);
		char *text = base_format("%s%s", kept, poison);
		json_t *string = json_string(text);
		free(text);
		return string;
	}
	if (json_is_array(json)) {
		json_t *array = json_array();
		for (size_t i = 0; i < json_array_size(json); i++)
			json_array_append_new(
			    array, poisoned(json_array_get(json, i), poison));
		return array;
	}
	if (json_is_object(json)) {
		json_t *object = json_object();
		const char *key;
		json_t *value;
		json_object_foreach((json_t *)(uintptr_t)json, key, value)
		    json_object_set_new(object, key, poisoned(value, poison));
		return object;
	}
	return json_deep_copy(json);
}

static const struct {
	const char *poison, *never;
	enum report_kind kind;
} attacks[] = {
    {"\033[2J\033]0;x\007", "\033", REPORT_TEXT},
    {"\033[2J", "\033", REPORT_HTML},
    {"\033[2J", "\033", REPORT_MARKDOWN},
    {"\033[2J", "\033", REPORT_JSON},
    {"\nEXIT 7   fine\n", "\nEXIT 7", REPORT_TEXT},
    {"\n## good", "\n## good", REPORT_MARKDOWN},
    {"\xe2\x80\xae"
     "drowssap",
     "\xe2\x80\xae", REPORT_TEXT},
    {"\xe2\x80\xae"
     "drowssap",
     "\xe2\x80\xae", REPORT_HTML},
    {"\xc2\x9b"
     "31m",
     "\xc2\x9b", REPORT_TEXT},
    {"<script>alert(1)</script>", "<script>alert", REPORT_HTML},
    {"<script>alert(1)</script>", "<script", REPORT_MARKDOWN},
    {"\"><img src=x onerror=y>", "<img", REPORT_HTML},
    {"' onmouseover='x", "' onmouseover='", REPORT_HTML},
    {"</title></style>", "</style></", REPORT_HTML},
    {"|x|", "x|", REPORT_MARKDOWN},
    {"[a](javascript:b)", "[a](", REPORT_MARKDOWN},
    {"![a](http://b)", "a](http", REPORT_MARKDOWN},
    {"`code`", " `code`", REPORT_MARKDOWN},
    {"@team", "@team", REPORT_MARKDOWN},
    {"https://evil.example", "https://", REPORT_MARKDOWN},
    {"www.evil.example", "www.evil", REPORT_MARKDOWN},
};

START_TEST(nothing_hostile_gets_through)
{
	static const char *const names[] = {"good.json", "tampered.json",
					    "changed.json"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		json_t *clean = sample(names[i]);
		findings_conclude(clean);
		json_t *hostile = poisoned(clean, attacks[_i].poison);
		struct buf out = rendered(hostile, attacks[_i].kind);
		const char *hit = strstr(out.data, attacks[_i].never);
		ck_assert_msg(hit == NULL, "%s: %.60s", names[i], hit);
		/* a poisoned document has no word that is known: never fine */
		findings_conclude(hostile);
		ck_assert_int_ne(findings_exit(hostile), 0);
		buf_free(&out);
		json_decref(hostile);
		json_decref(clean);
	}
}
END_TEST

/* Documents whose every field has a wrong type, or is gone, neither crash nor please.
 */
static void
break_one(const json_t *whole, json_t *at, size_t *countdown, bool *done)
{
	const char *key;
	json_t *value;
	size_t index;
	if (json_is_object(at)) {
		void *next;
		json_object_foreach_safe(at, next, key, value)
		{
			if (!*done && (*countdown)-- == 0) {
				json_object_set_new(at, key, json_integer(-7));
				*done = true;
				return;
			}
			break_one(whole, value, countdown, done);
			if (*done)
				return;
		}
	}
	json_array_foreach(at, index, value)
	{
		if (!*done)
			break_one(whole, value, countdown, done);
	}
}

START_TEST(no_field_is_trusted_to_be_there)
{
	json_t *whole = sample("tampered.json");
	for (size_t i = 0;; i++) {
		json_t *copy = json_deep_copy(whole);
		size_t countdown = i;
		bool done = false;
		break_one(whole, copy, &countdown, &done);
		for (size_t k = 0; k < ARRAY_COUNT(kinds); k++) {
			struct buf out = rendered(copy, kinds[k]);
			buf_free(&out);
		}
		findings_conclude(copy);
		ck_assert_int_ne(findings_exit(copy), 0);
		json_decref(copy);
		if (!done)
			break;
	}
	json_decref(whole);
}
END_TEST

START_TEST(json_is_sorted_with_run_last)
{
	json_t *a = sample("good.json");
	findings_conclude(a);
	/* the same with its keys set in another order */
	json_t *b = json_object();
	json_object_set(b, "run", json_object_get(a, "run"));
	const char *key;
	json_t *value;
	json_object_foreach(a, key, value) json_object_set(b, key, value);
	struct buf one = rendered(a, REPORT_JSON), two = rendered(b, REPORT_JSON);
	ck_assert_str_eq(one.data, two.data);
	ck_assert_int_eq(one.data[one.size - 1], '\n');
	ck_assert_int_eq(strncmp(one.data, "{\n  \"build\": {\n    \"build_path\"", 29),
			 0);
	const char *run =
	    strstr(one.data, "\n  \"run\": {\n    \"build\": {\n      \"log\"");
	ck_assert_ptr_nonnull(run);
	for (const char *at = strstr(run + 1, "\n  \""); at != NULL;
	     at = strstr(at + 1, "\n  \""))
		ck_abort_msg("something follows run: %s", at);
	/* what was written is what was there */
	json_error_t error;
	json_t *again = json_loadb(one.data, one.size, 0, &error);
	ck_assert(json_equal(a, again));
	/* only "run" varies */
	json_object_del(a, "run");
	struct buf three = rendered(a, REPORT_JSON);
	ck_assert_uint_gt(three.size, 100);
	ck_assert_int_eq(strncmp(one.data, three.data, three.size - 3), 0);
	json_decref(again);
	json_decref(a);
	json_decref(b);
	buf_free(&one);
	buf_free(&two);
	buf_free(&three);
}
END_TEST

/* Edits of a sample that make its stored verdict a lie, or no findings at all. */
static const char *const edits[] = {
    "s/\"differs\"/\"reproduced\"/",
    "s/\"exit\": 1/\"exit\": 0/",
    "s/\"exit\": 1/\"exit\": 1.0/",
    "s/\"policy\": \"not-met\"/\"policy\": \"met\"/",
    "s/\"status\": \"different\"/\"status\": \"undecided\"/",
    "s/\"signatures\": \"invalid\"/\"signatures\": \"valid\"/",
    "s/\"status\": \"invalid\"/\"status\": \"valid\"/",
    "s,verify-findings/1,verify-findings/2,",
    "s/\"command\": \"run\"/\"command\": \"walk\"/",
    "s/\"command\": \"run\"/\"command\": \"signatures\"/",
    "s/\"verdict\"/\"Verdict\"/",
    "1d",
    "$d",
    "s/\"hostname\"/\"user\"/",
    "s/\"hostname\": \"/\"hostname\": \"\\xff/",
};

START_TEST(edited_findings_are_refused)
{
	struct err err = {0};
	json_t *findings = NULL;
	test_shell(
	    "sed '%s' \"$SOURCE/tests/unit/findings/tampered.json\" >edited.json; "
	    "! cmp -s edited.json \"$SOURCE/tests/unit/findings/tampered.json\"",
	    edits[_i]);
	char *path = path_join(test_folder(), "edited.json");
	ck_assert_int_eq(findings_read(path, &findings, &err), -1);
	ck_assert_int_eq(err.kind, ERR_INPUT);
	ck_assert_ptr_nonnull(strstr(err.message, "edited.json"));
	free(path);
}
END_TEST

START_TEST(cut_findings_are_refused)
{
	struct err err = {0};
	json_t *findings = NULL;
	json_t *whole = sample("tampered.json");
	findings_conclude(whole);
	struct buf bytes = rendered(whole, REPORT_JSON);
	char *path = path_join(test_folder(), "cut.json");
	for (size_t size = 0; size + 2 <= bytes.size; size += 1 + size / 40) {
		test_write("cut.json", bytes.data, size);
		ck_assert_int_eq(findings_read(path, &findings, &err), -1);
	}
	test_write("cut.json", bytes.data, bytes.size);
	ck_assert_ok(findings_read(path, &findings, &err), err);
	json_decref(findings);
	json_decref(whole);
	buf_free(&bytes);
	free(path);
}
END_TEST

/* A document with very many of everything gives bounded reports that say so. */
START_TEST(reports_are_bounded)
{
	json_t *findings = findings_new("compare");
	findings_add_input(findings, "shipped", "a", 1, NULL, NULL);
	json_t *files = json_object_get(findings, "files");
	json_t *differences = json_array();
	for (int i = 0; i < 1000; i++)
		json_array_append_new(differences,
				      json_pack("{s:s,s:i,s:i,s:i,s:i,s:s,s:s,s:s}",
						"kind", "bytes", "shipped_offset", i,
						"shipped_length", 1, "rebuilt_offset",
						i, "rebuilt_length", 1, "place", "p",
						"shipped", "00", "rebuilt", "01"));
	for (int i = 0; i < 5000; i++) {
		char *path = base_format("a//%d", i);
		json_t *file = json_pack("{s:s,s:s,s:i}", "path", path, "status",
					 "different", "difference_count", 123456);
		json_object_set(file, "differences", differences);
		json_array_append_new(files, file);
		free(path);
	}
	json_decref(differences);
	findings_conclude(findings);
	static const size_t most[] = {[REPORT_TEXT] = 2000000,
				      [REPORT_HTML] = 8000000,
				      [REPORT_MARKDOWN] = 125000};
	static const char *const cut[] = {[REPORT_TEXT] = "4800 more files",
					  [REPORT_HTML] = "more files, all in",
					  [REPORT_MARKDOWN] = "more files, all in"};
	static const char *const fewer[] = {
	    [REPORT_TEXT] = "123436 more differences, 980 of them in",
	    [REPORT_HTML] = "123356 more differences, 900 of them in",
	    [REPORT_MARKDOWN] = "123446 more differences, 990 of them in"};
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		if (kinds[i] == REPORT_JSON)
			continue;
		struct buf out = rendered(findings, kinds[i]);
		ck_assert_uint_le(out.size, most[kinds[i]]);
		ck_assert_ptr_nonnull(strstr(out.data, cut[kinds[i]]));
		ck_assert_ptr_nonnull(strstr(out.data, fewer[kinds[i]]));
		buf_free(&out);
	}
	json_decref(findings);
}
END_TEST

/* A long text is cut between characters, with the exact number of bytes left out. */
START_TEST(long_texts_are_cut)
{
	struct buf name = {0};
	for (int i = 0; i < 400; i++)
		buf_puts(&name, "\xe2\x82\xac"); /* EURO SIGN, three bytes */
	json_t *findings = findings_new("signatures");
	findings_add_missing_input(findings, "file", name.data, "gone");
	findings_conclude(findings);
	struct buf out = rendered(findings, REPORT_MARKDOWN);
	ck_assert_ptr_nonnull(strstr(out.data, "\xe2\x82\xac… (702 bytes more)"));
	buf_free(&out);
	buf_free(&name);
	json_decref(findings);
}
END_TEST

/* No line of a good report is wider than asked for, but for words that are. */
START_TEST(text_keeps_its_width)
{
	json_t *findings = sample("tampered.json");
	findings_conclude(findings);
	for (unsigned columns = 40; columns <= 120; columns += 20) {
		struct buf out = {0};
		report_render(findings, REPORT_TEXT, false, columns, &out);
		for (char *line = out.data; *line != '\0';) {
			size_t length = strcspn(line, "\n"), width = 0, longest = 0,
			       word = 0;
			for (size_t i = 0; i < length; i++) {
				bool starts = ((unsigned char)line[i] & 0xc0) != 0x80;
				width += starts;
				word = line[i] == ' ' ? 0 : word + starts;
				longest = word > longest ? word : longest;
			}
			ck_assert_msg(width <= columns || longest + 24 > columns,
				      "%u: %.*s", columns, (int)length, line);
			line += length + 1;
		}
		buf_free(&out);
	}
	json_decref(findings);
}
END_TEST

Suite *report_render_suite(void);

Suite *
report_render_suite(void)
{
	Suite *suite = suite_create("report_render");
	TCase *tcase = tcase_create("render");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, samples_read_back, 0, 3);
	tcase_add_test(tcase, a_good_release_is_told_whole);
	tcase_add_test(tcase, a_difference_is_told_everywhere);
	tcase_add_loop_test(tcase, nothing_hostile_gets_through, 0,
			    (int)ARRAY_COUNT(attacks));
	tcase_add_test(tcase, no_field_is_trusted_to_be_there);
	tcase_add_test(tcase, json_is_sorted_with_run_last);
	tcase_add_loop_test(tcase, edited_findings_are_refused, 0,
			    (int)ARRAY_COUNT(edits));
	tcase_add_test(tcase, cut_findings_are_refused);
	tcase_add_test(tcase, reports_are_bounded);
	tcase_add_test(tcase, long_texts_are_cut);
	tcase_add_test(tcase, text_keeps_its_width);
	suite_add_tcase(suite, tcase);
	return suite;
}
