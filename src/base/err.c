/* Errors by value. */
#include "base/base.h"

#include <errno.h>

static void err_format(struct err *err, enum err_kind kind, const char *format,
		       va_list args) PRINTF_LIKE(3, 0);

static void
err_format(struct err *err, enum err_kind kind, const char *format, va_list args)
{
	err->kind = kind;
	vsnprintf(err->message, sizeof(err->message), format, args);
}

int
err_set(struct err *err, enum err_kind kind, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	err_format(err, kind, format, args);
	va_end(args);
	return -1;
}

int
err_errno(struct err *err, const char *format, ...)
{
	int number = errno;
	va_list args;
	va_start(args, format);
	err_format(err, ERR_SYSTEM, format, args);
	va_end(args);
	size_t used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s",
		 strerror(number));
	return -1;
}

int
err_at(struct err *err, const char *format, ...)
{
	char message[sizeof(err->message)];
	memcpy(message, err->message, sizeof(message));
	va_list args;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	size_t used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", message);
	return -1;
}
