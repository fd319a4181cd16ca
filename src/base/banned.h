/*
 * Calls that this project does not make: each has a bounded or checked
 * counterpart in base.h. Included by base.h, and so by every file.
 */
#ifndef VERIFY_BASE_BANNED_H
#define VERIFY_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets
#pragma GCC poison strtok system popen tmpnam mktemp atoi atol atoll
#pragma GCC poison asctime ctime gmtime localtime

#endif
