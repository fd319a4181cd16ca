/* Where a file's machine code is, and where its functions start. */
#include "format/format_private.h"

enum {
	RANGES_MOST = 100000,
	STARTS_MOST = 4000000,
};

void
code_free(struct code *code)
{
	free(code->ranges);
	free(code->starts);
	*code = (struct code){0};
}

void
code_add_range(struct code *code, const struct view *view, uint64_t offset,
	       uint64_t length, uint64_t address)
{
	uint64_t end;
	if (offset >= view->size || length == 0 || code->range_count == RANGES_MOST)
		return;
	if (sum_u64(offset, length, &end) == -1 || end > view->size)
		end = view->size;
	if (code->range_count == code->range_room) {
		code->range_room = code->range_room ? 2 * code->range_room : 8;
		code->ranges =
		    base_realloc(code->ranges, code->range_room, sizeof(*code->ranges));
	}
	code->ranges[code->range_count++] = (struct code_range){offset, end, address};
}

int
code_offset(const struct code *code, uint64_t address, uint64_t *offset)
{
	/* few files have more than a few ranges */
	for (size_t i = 0; i < code->range_count && i < 64; i++) {
		const struct code_range *range = &code->ranges[i];
		if (address >= range->address &&
		    address - range->address < range->end - range->offset) {
			*offset = range->offset + (address - range->address);
			return 0;
		}
	}
	return -1;
}

void
code_add_start(struct code *code, uint64_t address, bool thumb)
{
	uint64_t offset;
	if (code->start_count == STARTS_MOST ||
	    code_offset(code, address, &offset) == -1)
		return;
	if (code->start_count == code->start_room) {
		code->start_room = code->start_room ? 2 * code->start_room : 64;
		code->starts =
		    base_realloc(code->starts, code->start_room, sizeof(*code->starts));
	}
	code->starts[code->start_count++] = (struct code_start){offset, thumb};
}

static int
order_ranges(const void *a, const void *b)
{
	const struct code_range *left = a, *right = b;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

static int
order_starts(const void *a, const void *b)
{
	const struct code_start *left = a, *right = b;
	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	return left->thumb - right->thumb;
}

void
format_code(const struct format *format, const struct view *view, struct code *code)
{
	*code = (struct code){0};
	if (format == NULL || format->code == NULL)
		return;
	format->code(view, code);
	if (code->machine == MACHINE_UNKNOWN)
		code_free(code);
	if (code->range_count > 1)
		qsort(code->ranges, code->range_count, sizeof(*code->ranges),
		      order_ranges);
	if (code->start_count > 1)
		qsort(code->starts, code->start_count, sizeof(*code->starts),
		      order_starts);
}

const struct code_range *
code_find(const struct code *code, uint64_t offset)
{
	size_t low = 0, high = code->range_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (code->ranges[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || offset >= code->ranges[low - 1].end)
		return NULL;
	return &code->ranges[low - 1];
}

const struct code_start *
code_start_before(const struct code *code, const struct code_range *range,
		  uint64_t offset)
{
	size_t low = 0, high = code->start_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (code->starts[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || code->starts[low - 1].offset < range->offset)
		return NULL;
	return &code->starts[low - 1];
}
