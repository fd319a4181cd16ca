/* Interruption, and what is said on standard error. */
#include "base/base.h"

#include <signal.h>
#include <unistd.h>

static volatile sig_atomic_t seen_signal;
static int level;
static bool progress_on_screen;

static void
interrupt_note(int number)
{
	seen_signal = number;
}

void
interrupt_catch(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = interrupt_note};
	for (size_t i = 0; i < ARRAY_COUNT(signals); i++)
		sigaction(signals[i], &action, NULL);
}

bool
interrupt_seen(void)
{
	return seen_signal != 0;
}

int
interrupt_check(struct err *err)
{
	if (seen_signal == 0)
		return 0;
	return err_set(err, ERR_INTERRUPTED, "interrupted");
}

void
interrupt_end(void)
{
	int number = seen_signal ? seen_signal : SIGINT;
	signal(number, SIG_DFL);
	raise(number);
}

void
say_level(int wanted)
{
	level = wanted;
}

static void say_line(const char *format, va_list args) PRINTF_LIKE(1, 0);

static void
say_line(const char *format, va_list args)
{
	struct buf line = {0};
	buf_puts(&line, "verify: ");
	buf_vprintf(&line, format, args);
	buf_puts(&line, "\n");
	progress_clear();
	fputs(line.data, stderr);
	buf_free(&line);
}

#define SAY(name, condition)                                                             \
	void name(const char *format, ...)                                               \
	{                                                                                \
		if (!(condition))                                                        \
			return;                                                          \
		va_list args;                                                            \
		va_start(args, format);                                                  \
		say_line(format, args);                                                  \
		va_end(args);                                                            \
	}

SAY(say, level >= 0)
SAY(say_verbose, level >= 1)
SAY(say_error, true)

void
progress_show(const char *format, ...)
{
	if (level < 0 || !isatty(STDERR_FILENO))
		return;
	char line[80];
	va_list args;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "\r\033[K%s", line);
	fflush(stderr);
	progress_on_screen = true;
}

void
progress_clear(void)
{
	if (!progress_on_screen)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	progress_on_screen = false;
}
