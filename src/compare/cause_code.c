/* A year as the operand of an instruction: what `date +%Y` at build time leaves. */
#include "compare/cause_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The number at the end of an instruction's text; -1 when there is none. Its text
 * before it has *length bytes. */
static long
last_number(const char *text, size_t *length)
{
	size_t at = strlen(text);
	while (at > 0 && strchr(" ,#$", text[at - 1]) == NULL)
		at--;
	char *end;
	long number = strtol(text + at, &end, 0);
	*length = at;
	return *end == '\0' && end != text + at ? number : -1;
}

static long
this_year(void)
{
	time_t latest = (time_t)cause_latest();
	struct tm parts;
	return gmtime_r(&latest, &parts) != NULL ? parts.tm_year + 1900L : 1990;
}

bool
cause_operand(struct scene *scene, struct difference *one)
{
	const struct instructions *shipped = &one->instructions[0];
	const struct instructions *rebuilt = &one->instructions[1];
	size_t length, other;
	(void)scene;
	if (shipped->text == NULL || rebuilt->text == NULL || shipped->count != 1 ||
	    rebuilt->count != 1)
		return false;
	long a = last_number(shipped->text, &length);
	long b = last_number(rebuilt->text, &other);
	if (length != other || strncmp(shipped->text, rebuilt->text, length) != 0 ||
	    a == b || a < 1990 || b < 1990 || a > this_year() || b > this_year())
		return false;
	return cause_say(one, CAUSE_GUESS, "build year",
			 "one operand in one instruction is a year: %ld, rebuilt %ld",
			 a, b);
}
