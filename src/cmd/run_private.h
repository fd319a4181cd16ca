/*
 * verify run: what its three files share. run.c leads; run_source.c checks the
 * signatures of sources; run_look.c compares and checks what was shipped.
 */
#ifndef VERIFY_CMD_RUN_PRIVATE_H
#define VERIFY_CMD_RUN_PRIVATE_H

#include "cmd/cmd_private.h"
#include "rebuild/rebuild.h"

/* Everything one run holds; run_end gives it back. */
struct run {
	const char *rebuilt_option, *keep_option;
	struct report_targets targets;
	struct release *release;
	struct toolchain *toolchain;
	struct trust *trust;
	json_t *findings;
	json_t *varying;  /* the findings' "run" object */
	int *products;    /* descriptors, one for each product; -1 where unreadable */
	char *rebuilt;    /* folder of rebuilt files, NULL when there is none */
	char *temporary;  /* folder to remove at the end */
	bool inputs_good; /* every input was readable and had its declared hash */
	double began;
};

/* Check the OpenPGP signature of every source that declares one, each in a confined
 * child, into the findings' "source_signatures". What cannot be checked is an entry
 * too: -1 only when interrupted. */
int run_source_signatures(struct run *run, struct err *err);

/* Compare the products with the rebuilt folder and check the outputs' signatures, in
 * a confined child, into the findings' "files", "signatures" and "confinement". What
 * the child could not do is undecided: -1 only when interrupted or without scratch
 * space. */
int run_look(struct run *run, struct err *err);

#endif
