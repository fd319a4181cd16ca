/* What grafts of zip archives share: plain archives in, their records out. */
#include "format/zip_private.h"

static int
by_local(const void *a, const void *b)
{
	const struct zip_entry *const *left = a, *const *right = b;
	return ((*left)->local > (*right)->local) - ((*left)->local < (*right)->local);
}

const struct zip_entry **
zip_sorted(const struct zip *zip)
{
	const struct zip_entry **list = base_alloc(zip->count + 1, sizeof(*list));
	for (size_t i = 0; i < zip->count; i++)
		list[i] = &zip->entries[i];
	qsort(list, zip->count, sizeof(*list), by_local);
	return list;
}

int
zip_check_plain(const struct zip *zip, const struct zip_entry *const *sorted,
		uint64_t *end, struct err *err)
{
	uint64_t at = 0;
	for (size_t i = 0; i < zip->count; i++) {
		if (!sorted[i]->local_readable || sorted[i]->local != at)
			return err_set(err, ERR_INPUT,
				       "its entries do not stand one behind the other, "
				       "from offset %ju on",
				       (uintmax_t)at);
		at = sorted[i]->end;
	}
	if (zip->prefix != 0 || zip->locator != 0 || zip->count > 65534 ||
	    zip->directory_end != zip->end ||
	    zip->end + zip->end_size != zip->view->size)
		return err_set(err, ERR_UNSUPPORTED,
			       "its directory is not that of a plain zip archive");
	*end = at;
	return 0;
}

void
zip_copy(struct buf *out, const struct view *view, uint64_t from, uint64_t to)
{
	struct view part;
	if (to > from && view_sub(view, from, to - from, &part) == 0)
		buf_append(out, part.data, (size_t)part.size);
}

void
zip_put(struct buf *out, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		out->data[at + i] = (char)(value >> (8 * i) & 0xff);
}

void
zip_copy_central(struct buf *out, const struct view *view,
		 const struct zip_entry *entry, uint64_t offset)
{
	size_t at = out->size;
	zip_copy(out, view, entry->central, entry->fact.end);
	zip_put(out, at + ZIP_LOCAL_OFFSET, offset, 4);
}

void
zip_copy_end(struct buf *out, const struct zip *zip, size_t start, size_t count)
{
	size_t end = out->size;
	zip_copy(out, zip->view, zip->end, zip->end + zip->end_size);
	zip_put(out, end + 8, count, 2);
	zip_put(out, end + 10, count, 2);
	zip_put(out, end + 12, end - start, 4);
	zip_put(out, end + 16, start, 4);
}
