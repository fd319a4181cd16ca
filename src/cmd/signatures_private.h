/* What the files of `verify signatures` share. */
#ifndef VERIFY_SIGNATURES_PRIVATE_H
#define VERIFY_SIGNATURES_PRIVATE_H

#include "cmd/cmd_private.h"
#include "signature/signature.h"

#define BESIDE_MOST 256

/* Open files beside one that lists them; {0} is none. */
struct beside {
	struct strings names;
	int files[BESIDE_MOST];
};

/* Open what the file lists and what is there; nothing when it lists none. ERR_… when the
 * names could not be read. Close in every case. */
int beside_open(struct beside *beside, int file, const char *path, struct err *err);
/* The `open` of a signature_beside whose context is a struct beside. */
int beside_find(void *context, const char *name, struct mapping *mapping,
		struct err *err);
void beside_close(struct beside *beside);

#endif
