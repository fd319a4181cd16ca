/* The statuses of files, as verify-findings(5) spells them. */
#include "compare/compare.h"

#include <string.h>

static const char *const names[] = {
    [STATUS_IDENTICAL] = "identical", [STATUS_SIGNATURE_ONLY] = "signature-only",
    [STATUS_EXPLAINED] = "explained", [STATUS_UNBUILT] = "unbuilt",
    [STATUS_UNDECIDED] = "undecided", [STATUS_UNACCOUNTED] = "unaccounted",
    [STATUS_EXTRA] = "extra",         [STATUS_MISSING] = "missing",
    [STATUS_DIFFERENT] = "different",
};

const char *
file_status_name(enum file_status status)
{
	return names[status];
}

int
file_status_parse(const char *name, enum file_status *status)
{
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*status = (enum file_status)i;
			return 0;
		}
	}
	return -1;
}
