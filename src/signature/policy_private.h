/* What the files of the policy share: one file's signatures on their way to rules. */
#ifndef VERIFY_SIGNATURE_POLICY_PRIVATE_H
#define VERIFY_SIGNATURE_POLICY_PRIVATE_H

#include "signature/signature_private.h"

/* One file's rules on their way into the policy's report. */
struct policing {
	const struct policy *policy;
	json_t *rules;
	bool met;
	const char *path;     /* the file as the rules name it */
	const json_t **found; /* its entries */
	size_t found_count;
};

/* The string of a key, "" when there is none. */
const char *policing_string(const json_t *object, const char *key);
/* Has the entry that "status"? */
bool policing_status(const json_t *entry, enum signature_status status);
/* Report a rule: what it expected, what was found (shown text). */
void policing_add(struct policing *policing, const char *rule, bool met,
		  const char *expected, const char *found);
/* What stands in the file, entry by entry; the caller frees. */
char *policing_found(const struct policing *policing);
/* Is one of its signatures invalid? */
bool policing_invalid(const struct policing *policing);

/* Who must have signed, and what is pinned of them: policy_signers.c. */
void policing_judge_signers(struct policing *policing);
/* What every valid signature must be like: policy_rules.c. */
void policing_judge_rules(struct policing *policing);

#endif
