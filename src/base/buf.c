/* Memory, growing buffers and lists of strings. */
#include "base/base.h"

#include <unistd.h>

static _Noreturn void
out_of_memory(void)
{
	static const char message[] = "verify: out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)ignored;
	_exit(3);
}

void *
base_alloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size ? size : 1);
	if (memory == NULL)
		out_of_memory();
	return memory;
}

void *
base_realloc(void *old, size_t count, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	void *memory = realloc(old, bytes ? bytes : 1);
	if (memory == NULL)
		out_of_memory();
	return memory;
}

char *
base_strdup(const char *string)
{
	return base_strndup(string, strlen(string));
}

char *
base_strndup(const char *string, size_t n)
{
	size_t length = strnlen(string, n);
	char *copy = base_alloc(length + 1, 1);
	memcpy(copy, string, length);
	return copy;
}

char *
base_format(const char *format, ...)
{
	struct buf buf = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&buf, format, args);
	va_end(args);
	return buf_take(&buf);
}

/* Make room for `more` bytes and a NUL. */
static void
buf_grow(struct buf *buf, size_t more)
{
	size_t need;
	if (__builtin_add_overflow(buf->size, more, &need) ||
	    __builtin_add_overflow(need, 1, &need))
		out_of_memory();
	if (need <= buf->room)
		return;
	size_t room = buf->room < 64 ? 64 : buf->room;
	while (room < need) {
		if (__builtin_mul_overflow(room, 2, &room))
			out_of_memory();
	}
	buf->data = base_realloc(buf->data, room, 1);
	buf->room = room;
}

void
buf_append(struct buf *buf, const void *bytes, size_t count)
{
	buf_grow(buf, count);
	if (count > 0)
		memcpy(buf->data + buf->size, bytes, count);
	buf->size += count;
	buf->data[buf->size] = '\0';
}

void
buf_puts(struct buf *buf, const char *string)
{
	buf_append(buf, string, strlen(string));
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void
buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		out_of_memory();
	buf_grow(buf, (size_t)length);
	vsnprintf(buf->data + buf->size, (size_t)length + 1, format, args);
	buf->size += (size_t)length;
}

void
buf_zeros(struct buf *buf, size_t count)
{
	buf_grow(buf, count);
	memset(buf->data + buf->size, 0, count + 1);
	buf->size += count;
}

void
buf_clear(struct buf *buf)
{
	buf->size = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

char *
buf_take(struct buf *buf)
{
	buf_grow(buf, 0);
	char *string = buf->data;
	string[buf->size] = '\0';
	*buf = (struct buf){0};
	return string;
}

/* Put an owned string at the end of the list. */
static void
strings_own(struct strings *list, char *string)
{
	/* Room doubles each time that count + 1 reaches a power of two. */
	size_t filled = list->count + 1;
	if ((filled & (filled - 1)) == 0)
		list->items = base_realloc(list->items, 2 * filled, sizeof(char *));
	list->items[list->count++] = string;
	list->items[list->count] = NULL;
}

void
strings_add(struct strings *list, const char *string)
{
	strings_own(list, base_strdup(string));
}

void
strings_addf(struct strings *list, const char *format, ...)
{
	struct buf buf = {0};
	va_list args;
	va_start(args, format);
	buf_vprintf(&buf, format, args);
	va_end(args);
	strings_own(list, buf_take(&buf));
}

bool
strings_have(const struct strings *list, const char *string)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i], string) == 0)
			return true;
	}
	return false;
}

static int
strings_order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void
strings_sort(struct strings *list)
{
	if (list->count > 1)
		qsort(list->items, list->count, sizeof(char *), strings_order);
}

void
strings_free(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct strings){0};
}
