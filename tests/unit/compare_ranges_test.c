/* Ranges: every differing byte is in one, and replaying them gives the shipped file. */
#include "test.h"

#include <string.h>

#include "compare/compare_private.h"

/* A small generator with a fixed seed, so that a failure can be repeated. */
static uint64_t seed;

static uint64_t
draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? seed % below : seed;
}

static struct buf
noise(size_t size, unsigned alphabet)
{
	struct buf out = {0};
	buf_zeros(&out, size);
	for (size_t i = 0; i < size; i++)
		out.data[i] = (char)draw(alphabet);
	return out;
}

/* Replace `gone` bytes at `at` by `count` new ones. */
static void
splice(struct buf *buf, size_t at, size_t gone, const char *bytes, size_t count)
{
	struct buf out = {0};
	buf_append(&out, buf->data, at);
	buf_append(&out, bytes, count);
	buf_append(&out, buf->data + at + gone, buf->size - at - gone);
	buf_free(buf);
	*buf = out;
}

static void
mutate(struct buf *buf, unsigned alphabet)
{
	size_t at = draw(buf->size + 1), left = buf->size - at;
	size_t gone = draw((left < 40 ? left : 40) + 1);
	struct buf fresh = noise(draw(40), alphabet);
	switch (draw(4)) {
	case 0: /* overwrite one byte */
		if (left > 0)
			buf->data[at] = (char)(buf->data[at] ^ (1 + draw(255)));
		break;
	case 1:
		splice(buf, at, 0, fresh.data ? fresh.data : "", fresh.size);
		break;
	case 2:
		splice(buf, at, gone, "", 0);
		break;
	default:
		splice(buf, at, gone, fresh.data ? fresh.data : "", fresh.size);
	}
	buf_free(&fresh);
}

static struct side
side_of(const struct buf *buf)
{
	return (struct side){view_of_buf(buf), NULL};
}

/* Ordered, not empty, and between two of them both files are equal. */
static void
check_replay(const struct buf *shipped, const struct buf *rebuilt,
	     const struct ranges *ranges)
{
	struct buf out = {0};
	uint64_t r_at = 0;
	for (size_t i = 0; i < ranges->count; i++) {
		const struct range *range = &ranges->items[i];
		ck_assert_uint_ge(range->rebuilt, r_at);
		buf_append(&out, rebuilt->data + r_at, range->rebuilt - r_at);
		ck_assert_uint_eq(out.size, range->shipped);
		ck_assert_uint_gt(range->differing, 0);
		ck_assert_uint_le(range->shipped + range->shipped_length,
				  shipped->size);
		buf_append(&out, shipped->data + range->shipped, range->shipped_length);
		r_at = range->rebuilt + range->rebuilt_length;
	}
	ck_assert_uint_le(r_at, rebuilt->size);
	buf_append(&out, rebuilt->data + r_at, rebuilt->size - r_at);
	ck_assert_uint_eq(out.size, shipped->size);
	ck_assert(out.size == 0 || memcmp(out.data, shipped->data, out.size) == 0);
	buf_free(&out);
}

START_TEST(random_changes_replay)
{
	static const unsigned alphabets[] = {2, 4, 256};
	seed = 0x1234567 + (uint64_t)_i;
	for (unsigned round = 0; round < 60; round++) {
		unsigned alphabet = alphabets[draw(3)];
		struct buf rebuilt = noise(draw(6000), alphabet), shipped = {0};
		struct ranges ranges = {.most = round % 5 == 0 ? 3 : 0};
		buf_append(&shipped, rebuilt.data, rebuilt.size);
		for (uint64_t n = draw(12); n > 0; n--)
			mutate(&shipped, alphabet);
		struct side a = side_of(&shipped), b = side_of(&rebuilt);
		align_all(&a, &b, &ranges);
		check_replay(&shipped, &rebuilt, &ranges);
		ranges_free(&ranges);
		buf_free(&shipped);
		buf_free(&rebuilt);
	}
}
END_TEST

START_TEST(random_text_replays)
{
	seed = 0x7654321 + (uint64_t)_i;
	for (unsigned round = 0; round < 60; round++) {
		struct buf rebuilt = {0}, shipped = {0};
		for (uint64_t n = draw(80); n > 0; n--)
			buf_printf(&rebuilt, "word %u%s", (unsigned)draw(9),
				   draw(5) ? "\n" : "");
		buf_puts(&rebuilt, "");
		buf_append(&shipped, rebuilt.data, rebuilt.size);
		for (uint64_t n = draw(6); n > 0; n--) {
			size_t at = draw(shipped.size + 1);
			size_t gone = draw(shipped.size - at < 9 ? 1 : 9);
			splice(&shipped, at, gone, "new\nline", draw(9));
		}
		struct side a = side_of(&shipped), b = side_of(&rebuilt);
		struct lines one, other;
		struct ranges ranges = {0};
		lines_split(&a.view, &one);
		lines_split(&b.view, &other);
		ck_assert(lines_ranges(&a, &one, &b, &other, &ranges));
		check_replay(&shipped, &rebuilt, &ranges);
		lines_free(&one);
		lines_free(&other);
		ranges_free(&ranges);
		buf_free(&shipped);
		buf_free(&rebuilt);
	}
}
END_TEST

static struct ranges
ranges_of(const struct buf *shipped, const struct buf *rebuilt)
{
	struct side a = side_of(shipped), b = side_of(rebuilt);
	struct ranges ranges = {0};
	align_all(&a, &b, &ranges);
	check_replay(shipped, rebuilt, &ranges);
	return ranges;
}

static void
check_range(const struct ranges *ranges, size_t i, uint64_t shipped, uint64_t s_length,
	    uint64_t rebuilt, uint64_t r_length, uint64_t differing)
{
	ck_assert_uint_lt(i, ranges->count);
	const struct range *range = &ranges->items[i];
	ck_assert_uint_eq(range->shipped, shipped);
	ck_assert_uint_eq(range->shipped_length, s_length);
	ck_assert_uint_eq(range->rebuilt, rebuilt);
	ck_assert_uint_eq(range->rebuilt_length, r_length);
	ck_assert_uint_eq(range->differing, differing);
}

START_TEST(insertion_at_the_start_is_one_range)
{
	seed = 99;
	struct buf rebuilt = noise(4 << 20, 256), shipped = {0};
	buf_append(&shipped, "!", 1);
	rebuilt.data[0] = '?';
	buf_append(&shipped, rebuilt.data, rebuilt.size);
	struct ranges ranges = ranges_of(&shipped, &rebuilt);
	ck_assert_uint_eq(ranges.count, 1);
	check_range(&ranges, 0, 0, 1, 0, 0, 1);
	ranges_free(&ranges);
	/* two insertions and a deletion far apart, sizes equal again */
	splice(&shipped, 1000000, 1, "", 0);
	splice(&shipped, 3000000, 5, "inserted here", 13);
	ranges = ranges_of(&shipped, &rebuilt);
	ck_assert_uint_le(ranges.count, 6);
	ck_assert_uint_le(ranges_differing(&ranges), 40);
	ranges_free(&ranges);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(near_ranges_are_joined_and_counted)
{
	struct buf shipped = {0}, rebuilt = {0};
	buf_puts(&rebuilt, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	buf_puts(&shipped, "aaXaaaXaaaaXaaaaaaaaaaaaaaaaaaaaaaaaaaXY");
	struct ranges ranges = ranges_of(&shipped, &rebuilt);
	ck_assert_uint_eq(ranges.count, 3);
	check_range(&ranges, 0, 2, 5, 2, 5, 2); /* three equal bytes between */
	check_range(&ranges, 1, 11, 1, 11, 1, 1);
	check_range(&ranges, 2, 38, 2, 38, 2, 2);
	ranges_free(&ranges);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(nothing_in_common_is_one_range)
{
	struct buf shipped = {0}, rebuilt = {0};
	for (unsigned i = 0; i < 5000; i++)
		buf_append(&shipped, "A", 1);
	for (unsigned i = 0; i < 7000; i++)
		buf_append(&rebuilt, "B", 1);
	struct ranges ranges = ranges_of(&shipped, &rebuilt);
	ck_assert_uint_eq(ranges.count, 1);
	check_range(&ranges, 0, 0, 5000, 0, 7000, 7000);
	ranges_free(&ranges);
	buf_free(&shipped);
	ranges = ranges_of(&shipped, &rebuilt);
	check_range(&ranges, 0, 0, 0, 0, 7000, 7000);
	ranges_free(&ranges);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(pathological_counts_are_limited_and_covered)
{
	struct buf shipped = {0}, rebuilt = {0};
	size_t size = (size_t)RANGES_MOST * 5 * 3;
	buf_zeros(&shipped, size);
	buf_zeros(&rebuilt, size);
	for (size_t i = 0; i < size; i += 5)
		shipped.data[i] = 1;
	struct side a = side_of(&shipped), b = side_of(&rebuilt);
	struct ranges ranges = {0};
	ranges_scan(&a, 0, &b, 0, size, &ranges);
	ranges_limit(&ranges, RANGES_MOST);
	ck_assert_uint_eq(ranges.count, RANGES_MOST);
	ck_assert(ranges.merged);
	ck_assert_uint_eq(ranges_differing(&ranges), (size_t)RANGES_MOST * 3);
	check_replay(&shipped, &rebuilt, &ranges);
	ranges_free(&ranges);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(lines_differ_one_by_one)
{
	struct buf shipped = {0}, rebuilt = {0};
	buf_puts(&rebuilt, "one\ntwo\nthree\nfour\nfive\n");
	buf_puts(&shipped, "one\ntwo!\nTHREE\nfour\nfive\nsix\n");
	struct side a = side_of(&shipped), b = side_of(&rebuilt);
	struct lines one, other;
	struct ranges ranges = {0};
	lines_split(&a.view, &one);
	lines_split(&b.view, &other);
	ck_assert_uint_eq(one.count, 6);
	ck_assert(lines_ranges(&a, &one, &b, &other, &ranges));
	ck_assert_uint_eq(ranges.count, 3);
	check_range(&ranges, 0, 7, 1, 7, 0, 1);
	check_range(&ranges, 1, 9, 5, 8, 5, 5);
	check_range(&ranges, 2, 25, 4, 24, 0, 4);
	ck_assert_uint_eq(lines_find(&one, 7), 1);
	ck_assert_uint_eq(lines_find(&one, 9), 2);
	ck_assert_uint_eq(lines_find(&one, 28), 5);
	ranges_free(&ranges);
	lines_free(&one);
	lines_free(&other);
	buf_free(&shipped);
	buf_free(&rebuilt);
}
END_TEST

START_TEST(increasing_runs)
{
	static const uint64_t values[] = {5, 1, 2, 9, 3, 4, 4};
	bool keep[ARRAY_COUNT(values)];
	ck_assert_uint_eq(edit_increasing(values, ARRAY_COUNT(values), keep), 4);
	ck_assert(!keep[0] && keep[1] && keep[2] && !keep[3] && keep[4]);
	ck_assert(keep[5] != keep[6]);
}
END_TEST

Suite *compare_ranges_suite(void);

Suite *
compare_ranges_suite(void)
{
	Suite *suite = suite_create("compare_ranges");
	TCase *tcase = tcase_create("ranges");
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, random_changes_replay, 0, 4);
	tcase_add_loop_test(tcase, random_text_replays, 0, 4);
	tcase_add_test(tcase, insertion_at_the_start_is_one_range);
	tcase_add_test(tcase, near_ranges_are_joined_and_counted);
	tcase_add_test(tcase, nothing_in_common_is_one_range);
	tcase_add_test(tcase, pathological_counts_are_limited_and_covered);
	tcase_add_test(tcase, lines_differ_one_by_one);
	tcase_add_test(tcase, increasing_runs);
	suite_add_tcase(suite, tcase);
	return suite;
}
