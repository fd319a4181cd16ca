/*
 * The verdict over all combinations. What each fact calls for is typed from the
 * design's table of statuses and exit statuses, not from the code: 1 when bytes differ,
 * or something is missing, extra or unaccounted; 4 when signatures are not what is
 * demanded; 3 when something could not be looked at; the first that applies of 1, 4, 3,
 * 0.
 */
#include "test.h"

#include "report/report.h"

#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

#define SIDE(hash) "{\"size\": 5, \"type\": \"file\", \"sha256\": \"" hash "\"}"
#define IDENTICAL                                                                      \
	"{\"path\": \"p//same\", \"status\": \"identical\", \"shipped\": " SIDE(       \
	    HASH_A) ", \"rebuilt\": " SIDE(HASH_A) "}"
#define FILE_OF(status, more)                                                          \
	"{\"path\": \"p//x\", \"status\": \"" status                                   \
	"\", \"reason\": \"r\", \"shipped\": " SIDE(HASH_A) more "}"
#define REBUILT_B ", \"rebuilt\": " SIDE(HASH_B)

/* One more file beside an identical one. */
static const struct {
	const char *file, *bytes;
	int calls_for;
} file_rows[] = {
    {IDENTICAL, "reproduced", 0},
    {FILE_OF("signature-only", REBUILT_B ", \"graft\": {\"sha256\": \"" HASH_A "\"}"),
     "reproduced-except-signature", 0},
    {FILE_OF("explained",
	     REBUILT_B ", \"exceptions\": [{\"rule\": \"Except: d\", "
		       "\"extent\": \"d\", \"bytes\": 4, \"reason\": \"r\"}]"),
     "explained", 0},
    {FILE_OF("unbuilt", ""), "reproduced", 0},
    {FILE_OF("different", REBUILT_B), "differs", 1},
    {FILE_OF("missing", ""), "differs", 1},
    {FILE_OF("extra", ""), "differs", 1},
    {FILE_OF("unaccounted", ""), "differs", 1},
    {FILE_OF("undecided", ""), "undecided", 3},
    /* words and shapes that nobody knows are never fine */
    {FILE_OF("splendid", REBUILT_B), "undecided", 3},
    {FILE_OF("Identical", REBUILT_B), "undecided", 3},
    {"{\"path\": \"p//x\"}", "undecided", 3},
    {"{\"path\": \"p//x\", \"status\": 0}", "undecided", 3},
    {"{\"status\": \"identical\", \"shipped\": " SIDE(HASH_A) ", \"rebuilt\": " SIDE(
	 HASH_A) "}",
     "undecided", 3},
    {"{}", "undecided", 3},
    {"17", "undecided", 3},
    {"null", "undecided", 3},
    /* claims whose own proof contradicts them differ; those without are undecided */
    {FILE_OF("identical", REBUILT_B), "differs", 1},
    {FILE_OF("identical", ", \"rebuilt\": " SIDE(HASH_A) ", \"difference_count\": 1"),
     "differs", 1},
    {FILE_OF("identical", ", \"rebuilt\": " SIDE(HASH_A) ", \"differences\": [{}]"),
     "differs", 1},
    {FILE_OF("identical", ", \"rebuilt\": {\"size\": 6}"), "differs", 1},
    {FILE_OF("identical", ", \"rebuilt\": {\"size\": 5}"), "undecided", 3},
    {FILE_OF("identical", ", \"rebuilt\": {\"size\": 5, \"sha256\": \"\"}"), "differs",
     1},
    {FILE_OF("identical", ""), "undecided", 3},
    {"{\"path\": \"p//x\", \"status\": \"identical\"}", "undecided", 3},
    {FILE_OF("signature-only", REBUILT_B), "undecided", 3},
    {FILE_OF("signature-only", REBUILT_B ", \"graft\": {\"sha256\": \"" HASH_B "\"}"),
     "differs", 1},
    {FILE_OF("signature-only", REBUILT_B ", \"graft\": {\"sha256\": \"aa\"}"),
     "undecided", 3},
    {FILE_OF("explained", REBUILT_B), "undecided", 3},
    {"{\"path\": \"p//x\", \"status\": \"unbuilt\", \"reason\": \"r\"}", "undecided",
     3},
};

static const struct {
	const char *build;
	int calls_for;
} build_rows[] = {
    {"{\"result\": \"built\"}", 0},
    {"{\"result\": \"supplied\"}", 0},
    {"{\"result\": \"failed\", \"reason\": \"step 1 ended with exit status 2\"}", 3},
    {"{\"result\": \"not-run\", \"reason\": \"no toolchain\"}", 3},
    {"{\"result\": \"fine\"}", 3},
    {"{}", 3},
    {NULL, 3},
};

#define RULE(met) "{\"rule\": \"Signers: any-of a\", \"met\": " met "}"

static const struct {
	const char *policy, *word;
	int calls_for;
} policy_rows[] = {
    {NULL, "none", 0},
    {"{\"met\": true, \"rules\": [" RULE("true") "]}", "met", 0},
    {"{\"met\": false, \"rules\": [" RULE("false") "]}", "not-met", 4},
    {"{\"met\": false, \"rules\": [" RULE("true") "]}", "not-met", 4},
    {"{\"met\": true, \"rules\": [" RULE("true") ", " RULE("false") "]}", "not-met", 4},
    {"{\"met\": true, \"rules\": [" RULE("\"true\"") "]}", "not-met", 4},
    {"{\"rules\": [" RULE("true") "]}", "not-met", 4},
    {"{}", "not-met", 4},
};

static const struct {
	const char *input;
	int calls_for;
} input_rows[] = {
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"ok\"}", 0},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"unpinned\"}", 0},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"mismatch\"}", 3},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"unreadable\"}", 3},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"lovely\"}", 3},
    {"{\"role\": \"source\", \"path\": \"s\"}", 3},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"ok\", \"sha256\": \"" HASH_A
     "\", \"expected_sha256\": \"" HASH_B "\"}",
     3},
    {"{\"role\": \"source\", \"path\": \"s\", \"status\": \"ok\", \"expected_sha256\": "
     "\"" HASH_B "\"}",
     3},
};

/* A declared signature of a source: it must be valid. NULL: nobody looked. */
static const struct {
	const char *status;
	int calls_for;
} source_rows[] = {
    {"valid", 0}, {"invalid", 4},  {"untrusted", 4},   {"expired", 4}, {"revoked", 4},
    {"weak", 4},  {"unsigned", 4}, {"not-checked", 3}, {"superb", 3},  {NULL, 3},
};

static json_t *
parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_DECODE_ANY, &error);
	ck_assert_msg(json != NULL, "%s: %s", text, error.text);
	return json;
}

static void
add(json_t *findings, const char *array, const char *text)
{
	json_array_append_new(json_object_get(findings, array), parse(text));
}

static int
first_that_applies(const int *calls, size_t count)
{
	static const int order[] = {1, 4, 3};
	for (size_t i = 0; i < ARRAY_COUNT(order); i++) {
		for (size_t k = 0; k < count; k++) {
			if (calls[k] == order[i])
				return order[i];
		}
	}
	return 0;
}

static const char *
verdict_word(const json_t *findings, const char *key)
{
	const json_t *verdict = json_object_get(findings, "verdict");
	const char *word = json_string_value(json_object_get(verdict, key));
	ck_assert_ptr_nonnull(word);
	return word;
}

/* A run with the five facts of one combination; concluded. */
static json_t *
combination(size_t file, size_t build, size_t policy, size_t input, size_t source)
{
	json_t *findings = findings_new("run");
	add(findings, "files", IDENTICAL);
	add(findings, "files", file_rows[file].file);
	add(findings, "inputs", input_rows[input].input);
	add(findings, "inputs",
	    "{\"role\": \"source-signature\", \"path\": \"s.asc\", \"status\": "
	    "\"ok\"}");
	if (build_rows[build].build != NULL)
		json_object_set_new(findings, "build", parse(build_rows[build].build));
	if (policy_rows[policy].policy != NULL)
		json_object_set_new(findings, "policy",
				    parse(policy_rows[policy].policy));
	if (source_rows[source].status != NULL) {
		char *text = base_format("{\"path\": \"s\", \"status\": \"%s\"}",
					 source_rows[source].status);
		add(findings, "source_signatures", text);
		free(text);
	}
	findings_conclude(findings);
	return findings;
}

START_TEST(every_combination)
{
	size_t file = (size_t)_i;
	for (size_t build = 0; build < ARRAY_COUNT(build_rows); build++)
		for (size_t policy = 0; policy < ARRAY_COUNT(policy_rows); policy++)
			for (size_t input = 0; input < ARRAY_COUNT(input_rows); input++)
				for (size_t source = 0;
				     source < ARRAY_COUNT(source_rows); source++) {
					if (file > 8 &&
					    input >
						2) /* odd shapes: fewer of the others */
						continue;
					const int calls[] = {
					    file_rows[file].calls_for,
					    build_rows[build].calls_for,
					    policy_rows[policy].calls_for,
					    input_rows[input].calls_for,
					    source_rows[source].calls_for,
					};
					json_t *findings = combination(
					    file, build, policy, input, source);
					int wanted = first_that_applies(
					    calls, ARRAY_COUNT(calls));
					ck_assert_msg(
					    findings_exit(findings) == wanted,
					    "%zu %zu %zu %zu %zu: exit %d, not %d",
					    file, build, policy, input, source,
					    findings_exit(findings), wanted);
					const char *bytes = file_rows[file].bytes;
					if (build_rows[build].calls_for == 3 &&
					    strcmp(bytes, "differs") != 0)
						bytes = "undecided";
					ck_assert_str_eq(
					    verdict_word(findings, "bytes"), bytes);
					bool broken =
					    policy_rows[policy].calls_for == 4 ||
					    source_rows[source].calls_for == 4;
					ck_assert_str_eq(
					    verdict_word(findings, "policy"),
					    broken ? "not-met"
						   : policy_rows[policy].word);
					const json_t *verdict =
					    json_object_get(findings, "verdict");
					ck_assert_uint_gt(
					    json_array_size(
						json_object_get(verdict, "reasons")),
					    0);
					json_decref(findings);
				}
}
END_TEST

/* "verify signatures": 0 all valid, 4 any that is bad, 3 any not checked or none. */
static const struct {
	const char *statuses[3];
	const char *worst;
	int exit;
} signature_rows[] = {
    {{"valid"}, "valid", 0},
    {{"valid", "valid"}, "valid", 0},
    {{NULL}, "not-checked", 3},
    {{"not-checked"}, "not-checked", 3},
    {{"valid", "not-checked"}, "not-checked", 3},
    {{"not-checked", "expired"}, "expired", 4},
    {{"valid", "invalid"}, "invalid", 4},
    {{"valid", "untrusted"}, "untrusted", 4},
    {{"expired", "untrusted"}, "untrusted", 4},
    {{"valid", "revoked", "invalid"}, "invalid", 4},
    {{"weak"}, "weak", 4},
    {{"unsigned"}, "unsigned", 4},
    {{"VALID"}, "not-checked", 3},
    {{""}, "not-checked", 3},
};

START_TEST(signatures_alone)
{
	json_t *findings = findings_new("signatures");
	add(findings, "inputs",
	    "{\"role\": \"file\", \"path\": \"f\", \"status\": \"ok\"}");
	for (size_t i = 0; i < 3 && signature_rows[_i].statuses[i] != NULL; i++) {
		char *text = base_format("{\"path\": \"f\", \"status\": \"%s\"}",
					 signature_rows[_i].statuses[i]);
		add(findings, "signatures", text);
		free(text);
	}
	findings_conclude(findings);
	ck_assert_int_eq(findings_exit(findings), signature_rows[_i].exit);
	ck_assert_str_eq(verdict_word(findings, "signatures"),
			 signature_rows[_i].worst);
	ck_assert_str_eq(verdict_word(findings, "bytes"), "not-compared");
	ck_assert_str_eq(verdict_word(findings, "policy"), "none");
	json_decref(findings);
}
END_TEST

/* Nothing looked at is never fine, whatever the command. */
START_TEST(nothing_is_undecided)
{
	static const char *const commands[] = {"run", "compare", "signatures",
					       "rebuild"};
	json_t *findings = findings_new(commands[_i]);
	findings_conclude(findings);
	ck_assert_int_eq(findings_exit(findings), 3);
	json_object_clear(json_object_get(findings, "verdict"));
	ck_assert_int_eq(findings_exit(findings), 3);
	json_decref(findings);

	findings = findings_new(commands[_i]);
	add(findings, "inputs", input_rows[0].input);
	json_object_set_new(findings, "build", parse(build_rows[0].build));
	add(findings, "files", FILE_OF("unbuilt", ""));
	findings_conclude(findings);
	ck_assert_int_eq(findings_exit(findings),
			 strcmp(commands[_i], "rebuild") ? 3 : 0);
	json_decref(findings);
}
END_TEST

/* compare does not judge signatures, and needs no build. */
START_TEST(compare_leaves_signatures_alone)
{
	json_t *findings = findings_new("compare");
	add(findings, "inputs",
	    "{\"role\": \"shipped\", \"path\": \"a\", \"status\": \"ok\"}");
	add(findings, "files", file_rows[1].file);
	add(findings, "signatures", "{\"path\": \"a\", \"status\": \"invalid\"}");
	findings_conclude(findings);
	ck_assert_int_eq(findings_exit(findings), 0);
	struct buf text = {0};
	report_render(findings, REPORT_TEXT, false, 1000, &text);
	ck_assert_ptr_nonnull(strstr(text.data, "does not judge signatures"));
	buf_free(&text);
	json_decref(findings);
}
END_TEST

START_TEST(counts_and_scope)
{
	json_t *findings = findings_new("run");
	add(findings, "inputs", input_rows[0].input);
	json_object_set_new(findings, "build", parse(build_rows[0].build));
	for (size_t i = 0; i < 9; i++)
		add(findings, "files", file_rows[i].file);
	add(findings, "files", file_rows[3].file);
	/* a container that differs is compared through its members */
	add(findings, "files",
	    "{\"path\": \"p\", \"container\": true, \"status\": \"different\", "
	    "\"difference_count\": 7, \"shipped\": {}, \"rebuilt\": {}}");
	findings_conclude(findings);
	json_t *wanted = parse(
	    "{\"identical\": 1, \"signature-only\": 1, \"explained\": 1, "
	    "\"different\": 2, "
	    "\"missing\": 1, \"extra\": 1, \"unbuilt\": 2, \"unaccounted\": 1, "
	    "\"undecided\": 1, \"compared\": 4, \"differences\": 7, \"signatures\": 0, "
	    "\"signatures_valid\": 0}");
	ck_assert(json_equal(json_object_get(findings, "counts"), wanted));
	ck_assert_str_eq(
	    verdict_word(findings, "scope"),
	    "4 files built and compared, 2 declared unbuilt, 1 missing, 1 extra, "
	    "1 unaccounted, 1 undecided");
	json_decref(wanted);
	json_decref(findings);
}
END_TEST

/* The exit status does not depend on the order of files. */
START_TEST(order_does_not_matter)
{
	for (size_t a = 0; a < ARRAY_COUNT(file_rows); a++)
		for (size_t b = 0; b < ARRAY_COUNT(file_rows); b++) {
			int exits[2];
			for (size_t turn = 0; turn < 2; turn++) {
				json_t *findings = findings_new("compare");
				add(findings, "inputs", input_rows[0].input);
				add(findings, "files", file_rows[turn ? b : a].file);
				add(findings, "files", file_rows[turn ? a : b].file);
				findings_conclude(findings);
				exits[turn] = findings_exit(findings);
				json_decref(findings);
			}
			ck_assert_int_eq(exits[0], exits[1]);
		}
}
END_TEST

START_TEST(inputs_know_their_hashes)
{
	struct sha256 a, b;
	sha256_parse(HASH_A, &a);
	sha256_parse(HASH_B, &b);
	json_t *findings = findings_new("run");
	findings_add_input(findings, "product", "p\033", 5, &a, &a);
	findings_add_input(findings, "source", "s", 5, &a, &b);
	findings_add_input(findings, "keyring", "k", 5, &a, NULL);
	findings_add_missing_input(findings, "toolchain", "t", "no such file");
	const json_t *inputs = json_object_get(findings, "inputs");
	static const char *const wanted[] = {"ok", "mismatch", "unpinned",
					     "unreadable"};
	for (size_t i = 0; i < ARRAY_COUNT(wanted); i++) {
		const json_t *input = json_array_get(inputs, i);
		ck_assert_str_eq(json_string_value(json_object_get(input, "status")),
				 wanted[i]);
	}
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_array_get(inputs, 0), "path")),
	    "p\\x1b");
	json_decref(findings);
	findings = findings_new("compare");
	findings_add_input(findings, "shipped", "a", 5, &a, NULL);
	findings_add_input(findings, "rebuilt", "b", 0, NULL, NULL);
	inputs = json_object_get(findings, "inputs");
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_array_get(inputs, 0), "status")),
	    "ok");
	ck_assert_ptr_null(json_object_get(json_array_get(inputs, 1), "sha256"));
	json_decref(findings);
}
END_TEST

Suite *report_verdict_suite(void);

Suite *
report_verdict_suite(void)
{
	Suite *suite = suite_create("report_verdict");
	TCase *tcase = tcase_create("verdict");
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, every_combination, 0, (int)ARRAY_COUNT(file_rows));
	tcase_add_loop_test(tcase, signatures_alone, 0,
			    (int)ARRAY_COUNT(signature_rows));
	tcase_add_loop_test(tcase, nothing_is_undecided, 0, 4);
	tcase_add_test(tcase, compare_leaves_signatures_alone);
	tcase_add_test(tcase, counts_and_scope);
	tcase_add_test(tcase, order_does_not_matter);
	tcase_add_test(tcase, inputs_know_their_hashes);
	suite_add_tcase(suite, tcase);
	return suite;
}
