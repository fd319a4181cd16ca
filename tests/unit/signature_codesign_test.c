/* Apple's code signatures: BER, and files cut or changed at every byte. */
#include "signature/codesign_private.h"
#include "test.h"

/* X.690, 8.1.3.6: what indefinite lengths become; NULL: refused. */
static const struct {
	const char *ber;
	size_t size;
	const char *der;
	size_t der_size;
} encodings[] = {
    {"\x04\x01x", 3, "\x04\x01x", 3},
    {"\x30\x80\x04\x01x\0\0", 7, "\x30\x03\x04\x01x", 5},
    {"\x30\x80\0\0", 4, "\x30\x00", 2},
    {"\x30\x80\x31\x80\x05\0\0\0\0\0", 10, "\x30\x04\x31\x02\x05\0", 6},
    {"\x30\x06\xa0\x80\x05\0\0\0", 8, "\x30\x04\xa0\x02\x05\0", 6},
    {"\x30\x80\x04\x01x\0", 6, NULL, 0},       /* no end */
    {"\x30\x80\x04\x01x\0\0\0\0", 9, NULL, 0}, /* one too many */
    {"\x04\x80x\0\0", 5, NULL, 0},             /* primitive */
    {"\x30\x81\x03\x04\x01x", 6, NULL, 0},     /* not the shortest form */
    {"\x1f\x81\x01\x01x", 5, NULL, 0},         /* a tag of several bytes */
    {"", 0, NULL, 0},
};

START_TEST(indefinite_lengths)
{
	struct view ber = view_of(encodings[_i].ber, encodings[_i].size);
	struct buf der = {0};
	int answer = der_from_ber(&ber, &der);
	ck_assert_int_eq(answer, encodings[_i].der != NULL ? 0 : -1);
	if (answer == 0) {
		ck_assert_uint_eq(der.size, encodings[_i].der_size);
		ck_assert_mem_eq(der.data, encodings[_i].der, der.size);
	}
	buf_free(&der);
}
END_TEST

/* A value of more than 65535 bytes, and one nested without end. */
START_TEST(long_and_deep)
{
	struct buf ber = {0}, der = {0};
	buf_append(&ber, "\x30\x80\x04\x83\x01\x00\x00", 7);
	buf_zeros(&ber, 65536 + 2);
	struct view view = view_of_buf(&ber), whole = {0};
	ck_assert_int_eq(der_from_ber(&view, &der), 0);
	whole = view_of_buf(&der);
	ck_assert(view_has(&whole, 0, "\x30\x83\x01\x00\x05\x04\x83\x01\x00\x00", 10));
	ck_assert_uint_eq(der.size, 5 + 5 + 65536);
	buf_clear(&ber);
	for (int i = 0; i < 100000; i++)
		buf_append(&ber, "\x30\x80", 2);
	view = view_of_buf(&ber);
	ck_assert_int_eq(der_from_ber(&view, &der), -1);
	buf_free(&ber);
	buf_free(&der);
}
END_TEST

/* Expressions as Apple's "Code Signing Requirement Language" writes them. */
#define CODE(n)  "\0\0\0" n
#define AND      CODE("\6")
#define OR       CODE("\7")
#define APPLE    CODE("\3")
#define GENERIC  CODE("\17")
#define IDENT(x) CODE("\2") x
#define BUN      CODE("\3") "bun\0"
#define EXISTS   CODE("\0")
#define LEAF     CODE("\0")
static const struct {
	const char *expression;
	size_t size;
	const char *text; /* NULL: not known, or malformed */
} requirements[] = {
#define CASE(expression, text)                                                         \
	{                                                                              \
		expression, sizeof(expression) - 1, text                               \
	}
    CASE(IDENT(BUN), "identifier \"bun\""),
    CASE(AND IDENT(BUN) AND GENERIC APPLE,
	 "identifier \"bun\" and anchor apple generic and anchor apple"),
    CASE(AND OR APPLE GENERIC IDENT(BUN),
	 "(anchor apple or anchor apple generic) and identifier \"bun\""),
    CASE(CODE("\11") AND APPLE GENERIC, "! (anchor apple and anchor apple generic)"),
    CASE(CODE("\16") CODE("\1")
	     CODE("\12") "\x2a\x86\x48\x86\xf7\x63\x64\6\2\6\0\0" EXISTS,
	 "certificate 1[field.1.2.840.113635.100.6.2.6] exists"),
    CASE(CODE("\13") LEAF CODE("\12") "subject.OU\0\0" CODE("\1") CODE("\4") "TEAM",
	 "certificate leaf[subject.OU] = \"TEAM\""),
    CASE(CODE("\20") CODE("\1") "a\0\0\0" CODE("\3") CODE("\1") "b\0\0\0",
	 "entitlement[a] = \"b\"*"),
    CASE(CODE("\4") "\377\377\377\377" CODE("\2") "\xab\xcd\0\0",
	 "certificate root = H\"abcd\""),
    CASE(CODE("\10") CODE("\2") "\xab\xcd\0\0", "cdhash H\"abcd\""),
    CASE(IDENT(CODE("\4") "a\"\n\1"), "identifier \"a\\x22\\n\\x01\""),
    CASE(IDENT(CODE("\5") "bun\0"), NULL), /* cut off */
    CASE(CODE("\177"), NULL),
    CASE(AND APPLE, NULL),
};

START_TEST(requirements_as_text)
{
	struct buf set = {0};
	size_t size = requirements[_i].size;
	buf_append(&set, "\xfa\xde\x0c\x01\0\0\0\0\0\0\0\1\0\0\0\3\0\0\0\x14", 20);
	buf_append(&set, "\xfa\xde\x0c\x00\0\0\0\0\0\0\0\1", 12);
	buf_append(&set, requirements[_i].expression, size);
	struct view view = view_of_buf(&set);
	char *text = code_requirement_text(&view);
	if (requirements[_i].text == NULL)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, requirements[_i].text);
	free(text);
	buf_free(&set);
}
END_TEST

/* How x is signed, and trust in its signer. */
static struct trust *
make_signed(const char *arguments)
{
	struct err err = {0};
	test_shell("echo '<plist><dict><key>a</key><true/></dict></plist>' >p && "
		   "echo 'int table[50] = {1};' >x.c && clang -target "
		   "x86_64-apple-macos11 -c -o x.o x.c && ld64.lld-14 -arch x86_64 "
		   "-platform_version macos 11 11 -dylib x.o -o plain && new='openssl "
		   "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes' && $new "
		   "-x509 -addext keyUsage=critical,keyCertSign -subj /CN=root -keyout "
		   "r -out root && $new -subj /CN=x "
		   "-keyout k -out q && printf 'keyUsage=critical,digitalSignature\\n"
		   "extendedKeyUsage=codeSigning\\n' >e && openssl x509 -req -in q -CA "
		   "root -CAkey r -CAcreateserial -extfile e -out c && python3 "
		   "$SOURCE/testdata/codesign/sign.py plain x cert=c key=k %s",
		   arguments);
	struct trust *trust = trust_new();
	char *path = path_join(test_folder(), "root");
	ck_assert_ok(trust_add(trust, path, false, NULL, &err), err);
	free(path);
	return trust;
}

static enum signature_status
check(const void *bytes, size_t size, const struct trust *trust)
{
	struct view view = view_of(bytes, size);
	enum signature_status status;
	struct err err = {0};
	json_t *entries = json_array();
	ck_assert_ok(scheme_macho.check(&view, "x", trust, entries, &status, &err),
		     err);
	ck_assert_uint_eq(json_array_size(entries), 1);
	json_decref(entries);
	return status;
}

/* Where the blobs of the signature end: what is behind them is nobody's. */
static size_t
signature_end(const struct buf *file)
{
	struct view view = view_of_buf(file);
	uint64_t at = 0;
	uint32_t length = 0;
	ck_assert_int_eq(view_find(&view, 0, "\xfa\xde\x0c\xc0", 4, &at), 0);
	view_u32be(&view, at + 4, &length);
	return (size_t)at + length;
}

static const char *const signings[] = {"hash=sha1,sha256 entitlements=p", "ber"};

START_TEST(every_byte_counts)
{
	if (!test_have("ld64.lld-14"))
		TEST_SKIP("needs clang and lld");
	struct trust *trust = make_signed(signings[_i]);
	struct buf file = test_file("x");
	size_t end = signature_end(&file);
	ck_assert_int_eq(check(file.data, file.size, trust), SIGNATURE_VALID);
	for (size_t i = 0; i < end; i += 1 + i / 4096 % 7 * (i < end - 3000)) {
		file.data[i] ^= 1;
		ck_assert_msg(check(file.data, file.size, trust) != SIGNATURE_VALID,
			      "byte %zu of %zu was changed", i, end);
		file.data[i] ^= 1;
	}
	for (size_t size = 0; size < file.size; size += 1 + size / 256 % 31) {
		char *exact = base_alloc(size + 1, 1);
		memcpy(exact, file.data, size);
		ck_assert_int_ne(check(exact, size, trust), SIGNATURE_VALID);
		free(exact);
	}
	buf_free(&file);
	trust_free(trust);
}
END_TEST

Suite *signature_codesign_suite(void);

Suite *
signature_codesign_suite(void)
{
	Suite *suite = suite_create("signature_codesign");
	TCase *tests = tcase_create("codesign");
	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, indefinite_lengths, 0, ARRAY_COUNT(encodings));
	tcase_add_test(tests, long_and_deep);
	tcase_add_loop_test(tests, requirements_as_text, 0, ARRAY_COUNT(requirements));
	tcase_add_loop_test(tests, every_byte_counts, 0, ARRAY_COUNT(signings));
	suite_add_tcase(suite, tests);
	return suite;
}
