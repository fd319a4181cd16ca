/*
 * The HTML page: strictly well formed whatever the findings are, nothing hostile in
 * it, bounded, and with both sides of each difference in line.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "report/report.h"

/* ---- a strict reader of what the writer may write --------------------- */

/* Elements without an end. SVG's are written with "/>". */
static const char *const void_elements[] = {"meta", "input", "br"};

struct reader {
	const char *at;
	const char *open[200]; /* names in the page, each to its first blank */
	size_t depth;
	unsigned heading; /* the last one's level */
	struct strings ids, targets;
};

static size_t
name_length(const char *name)
{
	return strcspn(name, " />\n");
}

static bool
is_void(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(void_elements); i++) {
		if (strncmp(name, void_elements[i], name_length(name)) == 0 &&
		    strlen(void_elements[i]) == name_length(name))
			return true;
	}
	return false;
}

/* One attribute: NAME or NAME="VALUE"; remembers ids and what refers to them. */
static void
read_attribute(struct reader *reader)
{
	size_t name = strcspn(reader->at, "= />");
	const char *start = reader->at;
	ck_assert_uint_gt(name, 0);
	reader->at += name;
	if (*reader->at != '=')
		return;
	ck_assert_msg(reader->at[1] == '"', "no quote: %.60s", start);
	reader->at += 2;
	size_t length = strcspn(reader->at, "\"<");
	ck_assert_msg(reader->at[length] == '"', "broken value: %.60s", start);
	char *value = base_strndup(reader->at, length);
	if (strncmp(start, "id=", 3) == 0) {
		ck_assert_msg(!strings_have(&reader->ids, value), "id %s twice", value);
		strings_add(&reader->ids, value);
	} else if (strncmp(start, "aria-labelledby=", 16) == 0) {
		strings_add(&reader->targets, value);
	} else if (strncmp(start, "href=", 5) == 0) {
		ck_assert_msg(value[0] == '#', "an address: %s", value);
		strings_add(&reader->targets, value + 1);
	} else if (name == 3 && strncmp(start, "src", 3) == 0) {
		ck_abort_msg("something is fetched: %s", value);
	}
	/* a colour or a handler of its own would be stopped by the page's policy */
	ck_assert_msg(strncmp(start, "on", 2) != 0 && strncmp(start, "style", 5) != 0,
		      "%.60s", start);
	free(value);
	reader->at += length + 1;
}

/* Headings go down one level at a time. */
static void
read_heading(struct reader *reader, const char *name)
{
	if (name[0] != 'h' || name[1] < '1' || name[1] > '6' || name_length(name) != 2)
		return;
	unsigned level = (unsigned)(name[1] - '0');
	ck_assert_msg(level <= reader->heading + 1, "h%u after h%u", level,
		      reader->heading);
	reader->heading = level;
}

static void
read_start(struct reader *reader)
{
	const char *name = reader->at;
	bool closed = false;
	ck_assert_msg(name[0] >= 'a' && name[0] <= 'z', "stray '<': %.60s", name);
	reader->at += name_length(name);
	while (*reader->at == ' ') {
		reader->at++;
		read_attribute(reader);
	}
	if (*reader->at == '/') {
		closed = true;
		reader->at++;
	}
	ck_assert_msg(*reader->at == '>', "no end of a tag: %.60s", name);
	reader->at++;
	read_heading(reader, name);
	if (closed || is_void(name))
		return;
	ck_assert_uint_lt(reader->depth, ARRAY_COUNT(reader->open));
	reader->open[reader->depth++] = name;
	if (strncmp(name, "style>", 6) == 0 || strncmp(name, "script>", 7) == 0)
		reader->at = strstr(reader->at, "</"); /* raw text */
}

static void
read_end(struct reader *reader)
{
	const char *name = reader->at + 1;
	size_t length = strcspn(name, ">");
	ck_assert_uint_gt(reader->depth, 0);
	const char *open = reader->open[--reader->depth];
	ck_assert_msg(name_length(open) == length && strncmp(open, name, length) == 0,
		      "</%.*s> closes <%.40s", (int)length, name, open);
	reader->at = name + length + 1;
}

static void
assert_well_formed(const char *html)
{
	static const char doctype[] = "<!DOCTYPE html>";
	struct reader reader = {.at = html + strlen(doctype)};
	ck_assert_int_eq(strncmp(html, doctype, strlen(doctype)), 0);
	for (;;) {
		size_t text = strcspn(reader.at, "<>&");
		reader.at += text;
		if (*reader.at == '\0')
			break;
		ck_assert_msg(*reader.at != '>', "stray '>': %.60s", reader.at - 20);
		if (*reader.at == '&') {
			size_t entity = strcspn(reader.at, "; <");
			ck_assert_msg(reader.at[entity] == ';', "%.20s", reader.at);
			reader.at += entity;
		} else if (reader.at[1] == '/') {
			reader.at++;
			read_end(&reader);
		} else {
			reader.at++;
			read_start(&reader);
		}
	}
	ck_assert_uint_eq(reader.depth, 0);
	strings_sort(&reader.ids);
	for (size_t i = 0; i < reader.targets.count; i++)
		ck_assert_msg(strings_have(&reader.ids, reader.targets.items[i]),
			      "nothing has id %s", reader.targets.items[i]);
	strings_free(&reader.ids);
	strings_free(&reader.targets);
}

/* ---- documents ---------------------------------------------------------- */

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
page_of(const json_t *findings)
{
	struct buf out = {0};
	report_render(findings, REPORT_HTML, false, 0, &out);
	return out;
}

/* A document of one file that differs, with this one difference. */
static json_t *
one_file(const char *path, json_t *difference)
{
	json_t *findings = findings_new("compare");
	json_t *file = json_pack("{s:s,s:s,s:i,s:{s:i},s:{s:i}}", "path", path,
				 "status", "different", "difference_count", 1,
				 "shipped", "size", 4096, "rebuilt", "size", 4096);
	if (difference != NULL)
		json_object_set_new(file, "differences", json_pack("[o]", difference));
	json_array_append_new(json_object_get(findings, "files"), file);
	findings_conclude(findings);
	return findings;
}

static void
assert_shows(const json_t *findings, const char *const texts[], size_t count)
{
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	for (size_t i = 0; i < count; i++)
		ck_assert_msg(strstr(page.data, texts[i]) != NULL, "no \"%s\"",
			      texts[i]);
	buf_free(&page);
}

/* ---- what a good page has ------------------------------------------------ */

START_TEST(samples_are_well_formed)
{
	static const char *const names[] = {"good.json", "tampered.json",
					    "changed.json"};
	static const char *const always[] = {"<html lang=\"en\">",
					     "<main>",
					     "<nav aria-label=\"Contents\">",
					     "<header>",
					     "<footer>",
					     "class=\"skip\" href=\"#verdict\"",
					     "<th scope=\"col\">",
					     "<h2 id=\"verdict-h\">",
					     "name=\"viewport\"",
					     "content=\"default-src 'none'; "};
	json_t *findings = sample(names[_i]);
	findings_conclude(findings);
	assert_shows(findings, always, ARRAY_COUNT(always));
	json_decref(findings);
}
END_TEST

START_TEST(changes_are_shown_side_by_side)
{
	static const char *const texts[] = {
	    /* bytes: eight in a row, those that differ marked, gaps where one has none
	     */
	    "<th scope=\"row\" class=\"s\">005078</th><td><mark>65 6c 6c 6f</mark> 2c "
	    "20 "
	    "77 6f</td><td class=\"text\"><mark>ello</mark>, wo</td>"
	    "<th scope=\"row\" class=\"r\">005078</th><td><mark>45 4c 4c 4f</mark> 2c "
	    "20",
	    "<td>e8 7b <mark>-- -- -- -- --</mark> fd</td>",
	    "<td>90 90 <mark>90 ff ff e8 86</mark> 01</td>",
	    /* a field: its values in sight, its bytes folded below them */
	    "<dt>Shipped</dt><dd><code>0755</code></dd></div>\n<div><dt>Rebuilt</dt>"
	    "<dd><code>4755</code></dd></div>\n</dl>\n<details class=\"bytes\">",
	    /* instructions: what is equal stays in line */
	    "<td class=\"bytes\"><mark>e8 7b fd ff ff</mark></td><td class=\"text\">"
	    "<mark>call 0x2280</mark></td>",
	    "<th scope=\"row\" class=\"s\"></th><td class=\"bytes\"></td>"
	    "<td class=\"text\"></td><th scope=\"row\" class=\"r\">002501</th>",
	    "002505</th><td class=\"bytes\">48 85 c0</td>"
	    "<td class=\"text\"><span>test rax, rax</span></td>"
	    "<th scope=\"row\" class=\"r\">002505</th>",
	    /* lines: the part that changed */
	    "2002, 2005, 20<mark>0</mark>6,",
	    "2002, 2005, 20<mark>2</mark>6,",
	    /* the picture and its words */
	    "class=\"t-metadata\"",
	    "<title>.text, content, from 0x2320, 11489 bytes</title>",
	    "<span>3 in </span><b>.text</b>",
	    /* causes, with their proof, and what follows below them */
	    "<b class=\"sure likely\">likely</b> <b>embedded date</b>",
	    "<dd><span>recomputed over the rebuilt file with the shipped bytes put in: "
	    "equal</span></dd>",
	    "<p class=\"follows\">What follows from it:</p>",
	    "<dd><span>renamed: the same bytes</span></dd>",
	    "the greeting is chosen by the vendor",
	    "build-id: over the 4 bytes",
	};
	json_t *findings = sample("changed.json");
	findings_conclude(findings);
	assert_shows(findings, texts, ARRAY_COUNT(texts));
	json_decref(findings);
}
END_TEST

START_TEST(the_tree_has_the_product)
{
	static const char *const texts[] = {
	    "<b class=\"name box\">hello_2.10-3_amd64.deb</b>",
	    "<b class=\"name box\">data.tar.xz</b>",
	    "<b class=\"name\">usr/</b>", /* and not "./usr/" */
	    "<span class=\"bad\">3 different</span>, <span class=\"bad\">1 missing",
	    "<li class=\"leaf s-different\"><p><b class=\"word bad\">different</b> "
	    "<a href=\"#f4\"><code>hello</code></a>",
	    "<li class=\"leaf s-identical\"><details><summary><b class=\"word good\">",
	    "<li class=\"folder h-different h-missing h-extra\">",
	    "id=\"show-different\"",
	};
	json_t *findings = sample("changed.json");
	findings_conclude(findings);
	assert_shows(findings, texts, ARRAY_COUNT(texts));
	struct buf page = page_of(findings);
	/* what is only on the rebuilt side stands at its place in the product */
	ck_assert_ptr_null(strstr(page.data, "<b class=\"name\">built/"));
	buf_free(&page);
	json_decref(findings);
}
END_TEST

START_TEST(chains_are_complete)
{
	static const char *const texts[] = {
	    "<p class=\"role\">Signed bytes</p>",
	    "<p class=\"role\">Signed by</p>",
	    "<p class=\"role\">Issued by</p>",
	    "Computed and signed",
	    "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0",
	    "Trust anchor: microsoft-uefi-2023",
	    "Trust anchor: microsoft-time-stamp-2010",
	    "48e99b991f57fc52f76149599bff0a58c47154229b9f8d603ac40d3500248507",
	    "7171717171717171717171717171717171717171717171717171717171717171",
	    "CN=Microsoft Corporation Third Party Marketplace Root",
	    "6108d3c4000000000004",
	    "<li>code signing</li>",
	    "2026-05-13T10:06:13Z",
	    "Pinned by its fingerprint",
	    "Example Maintainer &lt;maintainer@example.org&gt;",
	    "<li>certificate table: 19376 bytes from the shipped file</li>",
	    ": equal to the shipped file, byte for byte",
	    "aa11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee11ff22aa33bb44cc55dd66",
	    "LC_ALL=C.UTF-8",
	};
	json_t *findings = sample("good.json");
	findings_conclude(findings);
	assert_shows(findings, texts, ARRAY_COUNT(texts));
	json_decref(findings);
}
END_TEST

/* The policy's hashes are those of the style and the script: another program's word. */
START_TEST(the_policy_allows_what_is_there)
{
	json_t *findings = sample("good.json");
	struct buf page = page_of(findings);
	test_write("page.html", page.data, page.size);
	test_shell("for tag in style script; do "
		   "hash=$(sed -n \"/<$tag>/,/<\\/$tag>/p\" page.html | "
		   "sed \"s/^.*<$tag>//; /<\\/$tag>/{ s/<\\/$tag>.*//; }\" | "
		   "{ sed '$!b; /^$/d' ; } >text; "
		   "openssl dgst -sha256 -binary text | base64); "
		   "grep -q -F \"$tag-src 'sha256-$hash'\" page.html || "
		   "{ echo \"$tag: $hash\"; exit 1; }; done");
	ck_assert_ptr_null(strstr(page.data, "unsafe"));
	buf_free(&page);
	json_decref(findings);
}
END_TEST

/* Names become words of a command line, never commands. */
START_TEST(commands_are_quoted)
{
	json_t *findings = findings_new("compare");
	findings_add_input(findings, "shipped", "a'; rm -rf ~; '.deb", 1, NULL, NULL);
	findings_add_input(findings, "rebuilt", "--help", 1, NULL, NULL);
	findings_conclude(findings);
	static const char *const texts[] = {
	    "verify compare --json again.json &#39;a&#39;\\&#39;&#39;; rm -rf ~; "
	    "&#39;\\&#39;&#39;.deb&#39; ./--help<",
	    "verify list &#39;a&#39;\\&#39;&#39;; rm",
	};
	assert_shows(findings, texts, ARRAY_COUNT(texts));
	json_decref(findings);
}
END_TEST

/* ---- what a hostile document cannot do ----------------------------------- */

/* Every string gets the poison at its end, or is replaced by it. */
static json_t *
poisoned(const json_t *json, const char *poison, bool whole)
{
	const char *key;
	json_t *value;
	if (json_is_string(json)) {
		char *text =
		    base_format("%s%s", whole ? "" : json_string_value(json), poison);
		json_t *string = json_string(text);
		free(text);
		return string;
	}
	if (json_is_array(json)) {
		json_t *array = json_array();
		for (size_t i = 0; i < json_array_size(json); i++)
			json_array_append_new(
			    array, poisoned(json_array_get(json, i), poison, whole));
		return array;
	}
	if (!json_is_object(json))
		return json_deep_copy(json);
	json_t *object = json_object();
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		bool kept = strcmp(key, "command") == 0 || strcmp(key, "status") == 0 ||
			    strcmp(key, "sure") == 0;
		json_object_set_new(object, key,
				    kept ? json_deep_copy(value)
					 : poisoned(value, poison, whole));
	}
	return object;
}

static const char *const poisons[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</title></style></script></svg>",
    "--><!--<![CDATA[",
    "&lt;script&gt;&#60;",
    "</mark></td></tr></table>",
    "\033[2J\nx\r\xe2\x80\xae",
    "javascript:alert(1)",
    "<",
    "\\",
};

START_TEST(no_markup_comes_from_the_findings)
{
	static const char *const names[] = {"good.json", "tampered.json",
					    "changed.json"};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		for (int whole = 0; whole < 2; whole++) {
			json_t *clean = sample(names[i]);
			json_t *hostile = poisoned(clean, poisons[_i], whole == 1);
			struct buf page = page_of(hostile);
			assert_well_formed(page.data);
			ck_assert_ptr_null(strstr(page.data, "<script>alert"));
			ck_assert_ptr_null(strstr(page.data, "<img"));
			ck_assert_ptr_null(strchr(page.data, '\033'));
			ck_assert_ptr_null(strstr(page.data, "\xe2\x80\xae"));
			buf_free(&page);
			json_decref(hostile);
			json_decref(clean);
		}
	}
}
END_TEST

/* Numbers at their extremes, in every place that has one. */
static void
extreme(json_t *json, json_int_t number)
{
	const char *key;
	json_t *value;
	size_t index;
	json_array_foreach(json, index, value) extreme(value, number);
	json_object_foreach(json, key, value)
	{
		if (json_is_integer(value))
			json_integer_set(value, number);
		else
			extreme(value, number);
	}
}

START_TEST(numbers_may_be_absurd)
{
	static const json_int_t numbers[] = {0,         -1,        1,
					     INT64_MAX, INT64_MIN, INT64_MAX / 2};
	json_t *findings = sample("changed.json");
	extreme(findings, numbers[_i]);
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	ck_assert_ptr_null(strstr(page.data, "nan"));
	ck_assert_ptr_null(strstr(page.data, "\"-"));
	buf_free(&page);
	json_decref(findings);
}
END_TEST

/* Context that is none: no bytes are shown, the values are. */
static const char *const no_hex[] = {"zz", "abc", "0x12", " 1", "", "é", "<b>"};

START_TEST(hex_that_is_none_is_left_out)
{
	json_t *findings = one_file(
	    "x",
	    json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:{s:{s:i,s:s},s:{s:i,s:s}}}",
		      "kind", "bytes", "place", "p", "shipped", "5e", "rebuilt", "5f",
		      "shipped_offset", 0, "shipped_length", 1, "rebuilt_offset", 0,
		      "rebuilt_length", 1, "context", "shipped", "offset", 0, "hex",
		      no_hex[_i], "rebuilt", "offset", 0, "hex", no_hex[_i]));
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	ck_assert_ptr_null(strstr(page.data, "Bytes around it"));
	ck_assert_ptr_nonnull(strstr(page.data, "<code>5e</code>"));
	buf_free(&page);
	json_decref(findings);
}
END_TEST

/* Context of another place than the difference is not shown as its bytes. */
START_TEST(context_of_another_place_is_left_out)
{
	static const int offsets[] = {0, 15, 33, 4000};
	json_t *findings = one_file(
	    "x",
	    json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:{s:{s:i,s:s},s:{s:i,s:s}}}",
		      "kind", "bytes", "place", "p", "shipped", "5e", "shipped_offset",
		      offsets[_i], "shipped_length", 1, "rebuilt_offset", offsets[_i],
		      "rebuilt_length", 1, "context", "shipped", "offset", 16, "hex",
		      "00112233445566778899aabbccddeeff", "rebuilt", "offset", 16,
		      "hex", "00112233445566778899aabbccddeeff"));
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	ck_assert_ptr_null(strstr(page.data, "Bytes around it"));
	buf_free(&page);
	json_decref(findings);
}
END_TEST

/* Paths that go as deep as a file of findings allows. */
START_TEST(paths_may_be_absurd)
{
	static const char *const parts[] = {"a/",  "//",     "a//",  "./",
					    "../", "\\x01/", "\x01", "\x02/"};
	struct buf path = {0};
	for (int i = 0; i < 20000; i++)
		buf_puts(&path, parts[_i]);
	json_t *findings = one_file(path.data, NULL);
	json_t *files = json_object_get(findings, "files");
	for (size_t size = 0; size < 64; size++) {
		char *cut = base_strndup(path.data, size);
		json_array_append_new(
		    files, json_pack("{s:s,s:s}", "path", cut, "status", "identical"));
		free(cut);
	}
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	ck_assert_uint_lt(page.size, 2000000);
	buf_free(&page);
	buf_free(&path);
	json_decref(findings);
}
END_TEST

/* Causes that follow from each other in a ring, and from themselves, are all told
 * once. */
START_TEST(causes_may_go_in_rings)
{
	json_t *findings = one_file("x", json_pack("{s:s}", "kind", "order"));
	json_t *file = json_array_get(json_object_get(findings, "files"), 0);
	json_t *list = json_object_get(file, "differences");
	json_array_clear(list);
	for (int i = 0; i < 90; i++) {
		char *place = base_format("<place %d>", i);
		char *from = base_format("<place %d>", i < 80 ? (i + 1) % 80 : i);
		json_array_append_new(
		    list, json_pack("{s:s,s:s,s:{s:s,s:s,s:s}}", "kind", "metadata",
				    "place", place, "cause", "name", "ring", "sure",
				    "proved", "follows_from", from));
		free(place);
		free(from);
	}
	json_object_set_new(file, "difference_count", json_integer(90));
	struct buf page = page_of(findings);
	assert_well_formed(page.data);
	for (int i = 0; i < 90; i++) {
		char *place = base_format("<p class=\"place\">&lt;place %d&gt;</p>", i);
		const char *first = strstr(page.data, place);
		ck_assert_msg(first != NULL, "%s is not told", place);
		ck_assert_ptr_null(strstr(first + 1, place));
		free(place);
	}
	buf_free(&page);
	json_decref(findings);
}
END_TEST

/* ---- bounds ---------------------------------------------------------------- */

/* `count` times the same value: references, so that the document is small. */
static json_t *
times(json_t *value, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append(array, value);
	json_decref(value);
	return array;
}

/* A sample with every array made very long and every string very long too. */
static json_t *
blown(const json_t *json, size_t count, const char *tail)
{
	const char *key;
	json_t *value;
	if (json_is_string(json)) {
		char *text = base_format("%s%s", json_string_value(json), tail);
		json_t *string = json_string(text);
		free(text);
		return string;
	}
	if (json_is_array(json) && json_array_size(json) > 0)
		return times(blown(json_array_get(json, 0), count, tail), count);
	if (!json_is_object(json))
		return json_deep_copy(json);
	json_t *object = json_object();
	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		bool kept = strcmp(key, "command") == 0 || strcmp(key, "status") == 0 ||
			    strcmp(key, "hex") == 0;
		json_object_set_new(object, key,
				    kept ? json_deep_copy(value)
					 : blown(value, count, tail));
	}
	return object;
}

START_TEST(the_worst_page_is_bounded)
{
	static const char *const names[] = {"good.json", "tampered.json",
					    "changed.json"};
	char quotes[20001];
	memset(quotes, '"', sizeof(quotes) - 1);
	quotes[sizeof(quotes) - 1] = '\0';
	const char *tails[] = {"", quotes};
	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		json_t *small = sample(names[_i]);
		/* the file with most to tell is the one that is repeated */
		json_t *files = json_object_get(small, "files");
		json_array_set(files, 0, json_array_get(files, 4));
		json_t *findings = blown(small, 4000, tails[i]);
		struct buf page = page_of(findings);
		assert_well_formed(page.data);
		ck_assert_msg(page.size <= 8000000, "%s: %zu bytes", names[_i],
			      page.size);
		ck_assert_ptr_nonnull(strstr(page.data, "all in the JSON findings"));
		buf_clear(&page);
		/* what a release page takes */
		report_render(findings, REPORT_MARKDOWN, false, 0, &page);
		ck_assert_msg(page.size <= 125000, "%s: %zu bytes of Markdown",
			      names[_i], page.size);
		buf_free(&page);
		json_decref(findings);
		json_decref(small);
	}
}
END_TEST

/* What is left out is counted: files in the tree, files in detail, differences. */
START_TEST(cuts_are_counted)
{
	json_t *findings = one_file("d/x", json_pack("{s:s}", "kind", "order"));
	json_t *files = json_object_get(findings, "files");
	json_t *file = json_array_get(files, 0);
	json_object_set_new(
	    file, "differences",
	    times(json_pack("{s:s,s:s}", "kind", "order", "place", "p"), 300));
	json_object_set_new(file, "difference_count", json_integer(1234));
	for (int i = 0; i < 5000; i++) {
		char *path = base_format("e/%d", i);
		json_array_append_new(
		    files, json_pack("{s:s,s:s}", "path", path, "status", "identical"));
		free(path);
	}
	for (int i = 0; i < 2500; i++) {
		char *path = base_format("f/%d", i);
		json_array_append_new(files,
				      json_pack("{s:s,s:s,s:s}", "path", path, "status",
						"missing", "reason", "gone"));
		free(path);
	}
	static const char *const texts[] = {
	    "1134 more differences, 200 of them in the JSON findings",
	    "501 more files, all in the JSON findings",
	    "<span class=\"good\">5000 identical</span>",
	};
	assert_shows(findings, texts, ARRAY_COUNT(texts));
	struct buf page = page_of(findings);
	size_t hidden = 0, leaves = 0;
	for (const char *at = page.data; (at = strstr(at, "more files here")); at++) {
		const char *number = at - 2;
		while (number[-1] >= '0' && number[-1] <= '9')
			number--;
		hidden += strtoul(number, NULL, 10);
	}
	for (const char *at = page.data; (at = strstr(at, "<li class=\"leaf")); at++)
		leaves++;
	ck_assert_uint_eq(hidden + leaves, 7501);
	ck_assert_uint_ge(leaves, 4000);
	buf_free(&page);
	json_decref(findings);
}
END_TEST

Suite *report_html_suite(void);

Suite *
report_html_suite(void)
{
	Suite *suite = suite_create("report_html");
	TCase *tcase = tcase_create("page");
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, samples_are_well_formed, 0, 3);
	tcase_add_test(tcase, changes_are_shown_side_by_side);
	tcase_add_test(tcase, the_tree_has_the_product);
	tcase_add_test(tcase, chains_are_complete);
	tcase_add_test(tcase, the_policy_allows_what_is_there);
	tcase_add_test(tcase, commands_are_quoted);
	tcase_add_loop_test(tcase, no_markup_comes_from_the_findings, 0,
			    (int)ARRAY_COUNT(poisons));
	tcase_add_loop_test(tcase, numbers_may_be_absurd, 0, 6);
	tcase_add_loop_test(tcase, hex_that_is_none_is_left_out, 0,
			    (int)ARRAY_COUNT(no_hex));
	tcase_add_loop_test(tcase, context_of_another_place_is_left_out, 0, 4);
	tcase_add_loop_test(tcase, paths_may_be_absurd, 0, 8);
	tcase_add_test(tcase, causes_may_go_in_rings);
	tcase_add_loop_test(tcase, the_worst_page_is_bounded, 0, 3);
	tcase_add_test(tcase, cuts_are_counted);
	suite_add_tcase(suite, tcase);
	return suite;
}
