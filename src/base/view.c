/* Bounded views of bytes, and files mapped as such. */
#include "base/base.h"

#include <sys/mman.h>
#include <unistd.h>

struct view
view_of(const void *data, size_t size)
{
	return (struct view){data, size};
}

struct view
view_of_buf(const struct buf *buf)
{
	return (struct view){(const uint8_t *)buf->data, buf->size};
}

int
view_sub(const struct view *view, uint64_t offset, uint64_t length, struct view *part)
{
	if (offset > view->size || length > view->size - offset)
		return -1;
	*part = (struct view){view->data ? view->data + offset : NULL, length};
	return 0;
}

struct view
view_from(const struct view *view, uint64_t offset)
{
	struct view part = {NULL, 0};
	if (offset < view->size)
		view_sub(view, offset, view->size - offset, &part);
	return part;
}

/* Gather `count` bytes at `offset`, the first one most significant or least. */
static int
view_integer(const struct view *view, uint64_t offset, unsigned count, bool big,
	     uint64_t *value)
{
	struct view part;
	if (view_sub(view, offset, count, &part) == -1)
		return -1;
	uint64_t sum = 0;
	for (unsigned i = 0; i < count; i++)
		sum = sum << 8 | part.data[big ? i : count - 1 - i];
	*value = sum;
	return 0;
}

#define VIEW_INTEGER(name, type, big)                                                    \
	int name(const struct view *view, uint64_t offset, type *value)                  \
	{                                                                                \
		uint64_t wide;                                                           \
		if (view_integer(view, offset, sizeof(type), big, &wide) == -1)          \
			return -1;                                                       \
		*value = (type)wide;                                                     \
		return 0;                                                                \
	}

VIEW_INTEGER(view_u8, uint8_t, false)
VIEW_INTEGER(view_u16le, uint16_t, false)
VIEW_INTEGER(view_u32le, uint32_t, false)
VIEW_INTEGER(view_u64le, uint64_t, false)
VIEW_INTEGER(view_u16be, uint16_t, true)
VIEW_INTEGER(view_u32be, uint32_t, true)
VIEW_INTEGER(view_u64be, uint64_t, true)

bool
view_has(const struct view *view, uint64_t offset, const void *bytes, size_t count)
{
	struct view part;
	return view_sub(view, offset, count, &part) == 0 &&
	       (count == 0 || memcmp(part.data, bytes, count) == 0);
}

bool
view_equal(const struct view *a, const struct view *b)
{
	return a->size == b->size &&
	       (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

int
view_find(const struct view *view, uint64_t from, const void *bytes, size_t count,
	  uint64_t *offset)
{
	if (from > view->size || view->data == NULL)
		return -1;
	const uint8_t *hit = memmem(view->data + from, view->size - from, bytes, count);
	if (hit == NULL)
		return -1;
	*offset = (uint64_t)(hit - view->data);
	return 0;
}

bool
view_is_zero(const struct view *view)
{
	if (view->size == 0)
		return true;
	return view->data[0] == 0 &&
	       memcmp(view->data, view->data + 1, view->size - 1) == 0;
}

int
view_string(const struct view *view, uint64_t offset, size_t limit, const char **string)
{
	if (offset >= view->size)
		return -1;
	uint64_t left = view->size - offset;
	size_t most = left < limit + 1 ? (size_t)left : limit + 1;
	if (memchr(view->data + offset, '\0', most) == NULL)
		return -1;
	*string = (const char *)view->data + offset;
	return 0;
}

int
sum_u64(uint64_t a, uint64_t b, uint64_t *sum)
{
	return __builtin_add_overflow(a, b, sum) ? -1 : 0;
}

int
mapping_open(int fd, uint64_t offset, uint64_t length, struct mapping *mapping,
	     struct err *err)
{
	if (length == 0) {
		*mapping = (struct mapping){{NULL, 0}, NULL, 0};
		return 0;
	}
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t lead = offset % page;
	uint64_t mapped;
	if (sum_u64(length, lead, &mapped) == -1 || mapped > SIZE_MAX)
		return err_set(err, ERR_LIMIT, "cannot map %ju bytes", (uintmax_t)length);
	void *base = mmap(NULL, (size_t)mapped, PROT_READ, MAP_PRIVATE, fd,
			  (off_t)(offset - lead));
	if (base == MAP_FAILED)
		return err_errno(err, "cannot map %ju bytes", (uintmax_t)length);
	mapping->base = base;
	mapping->mapped = (size_t)mapped;
	mapping->view = (struct view){(const uint8_t *)base + lead, length};
	return 0;
}

void
mapping_release(const struct mapping *mapping, uint64_t upto)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	if (mapping->base == NULL)
		return;
	uint64_t lead = (uint64_t)(mapping->view.data - (const uint8_t *)mapping->base);
	uint64_t end = (lead + upto) / page * page;
	if (end > mapping->mapped)
		end = mapping->mapped;
	if (end > 0)
		madvise(mapping->base, (size_t)end, MADV_DONTNEED);
}

void
mapping_close(struct mapping *mapping)
{
	if (mapping->base != NULL)
		munmap(mapping->base, mapping->mapped);
	*mapping = (struct mapping){{NULL, 0}, NULL, 0};
}
