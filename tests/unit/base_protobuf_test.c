/* Protocol buffers: the examples of protobuf's "Encoding" page, and what is none. */
#include "test.h"

START_TEST(examples)
{
	static const uint8_t message[] = {
	    0x08, 0x96, 0x01, 0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g', 0x1d,
	    1,    2,    3,    4,    0x21, 1,   2,   3,   4,   5,   6,   7,   8};
	struct view rest = view_of(message, sizeof(message));
	struct protobuf_field field;
	ck_assert_int_eq(protobuf_next(&rest, &field), 0);
	ck_assert_uint_eq(field.number, 1);
	ck_assert_int_eq(field.type, PROTOBUF_VARINT);
	ck_assert_uint_eq(field.value, 150);
	ck_assert_int_eq(protobuf_next(&rest, &field), 0);
	ck_assert_uint_eq(field.number, 2);
	ck_assert_int_eq(field.type, PROTOBUF_BYTES);
	ck_assert_uint_eq(field.bytes.size, 7);
	ck_assert_mem_eq(field.bytes.data, "testing", 7);
	ck_assert_int_eq(protobuf_next(&rest, &field), 0);
	ck_assert_int_eq(field.type, PROTOBUF_FIXED32);
	ck_assert_uint_eq(field.bytes.size, 4);
	ck_assert_int_eq(protobuf_next(&rest, &field), 0);
	ck_assert_int_eq(field.type, PROTOBUF_FIXED64);
	ck_assert_uint_eq(rest.size, 0);
	ck_assert_int_eq(protobuf_next(&rest, &field), -1);
}
END_TEST

static const struct {
	const char *bytes;
	size_t size;
	bool fine;
	uint64_t value;
} numbers[] = {
    {"\x08\x00", 2, true, 0},
    {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, true, UINT64_MAX},
    {"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, false, 0},
    {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12, false, 0},
    {"\x08\x80", 2, false, 0},
    {"\x08", 1, false, 0},
    {"\x00\x01", 2, false, 0},                 /* field 0 */
    {"\x0b\x0c", 2, false, 0},                 /* a group */
    {"\x12\x02x", 3, false, 0},                /* longer than the message */
    {"\x80\x80\x80\x80\x10\x01", 6, false, 0}, /* field 2^29 */
    {"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12, false, 0},
};

START_TEST(limits)
{
	struct view rest = view_of(numbers[_i].bytes, numbers[_i].size);
	struct protobuf_field field;
	ck_assert_int_eq(protobuf_next(&rest, &field), numbers[_i].fine ? 0 : -1);
	ck_assert_uint_eq(rest.size, numbers[_i].fine ? 0 : numbers[_i].size);
	if (numbers[_i].fine)
		ck_assert_uint_eq(field.value, numbers[_i].value);
}
END_TEST

Suite *base_protobuf_suite(void);

Suite *
base_protobuf_suite(void)
{
	Suite *suite = suite_create("base_protobuf");
	TCase *tests = tcase_create("protobuf");
	tcase_add_test(tests, examples);
	tcase_add_loop_test(tests, limits, 0, ARRAY_COUNT(numbers));
	suite_add_tcase(suite, tests);
	return suite;
}
