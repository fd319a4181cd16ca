/* What the files about attestations share. */
#ifndef VERIFY_ATTESTATION_PRIVATE_H
#define VERIFY_ATTESTATION_PRIVATE_H

#include "signature/signature_private.h"

/* One file of attestations being checked. */
struct attestations {
	struct sums_files *files;
	const char *folder; /* of the file of attestations */
	const char *path;
	const struct trust *trust;
	json_t *signatures;
	enum signature_status *status;
	size_t count;  /* looked at so far */
	bool lines;    /* one of many, which need not all be about one file */
	size_t others; /* that are about other files */
};

/* The entry of the attestation that is being looked at. Borrowed. */
json_t *attestation_entry(struct attestations *checking, const char *scheme,
			  const struct judgement *found);
/* What the payload says of the files: `answer` and *statement (json_decref) are set when
 * it is a statement. What it says is told whether its signature holds or not. */
int attestation_payload(const struct attestations *checking,
			const struct dsse *envelope, struct sums_answer *answer,
			json_t **statement, struct err *err);
/* Is it a statement about other files, where several are together? */
bool attestation_is_of_others(const struct attestations *checking,
			      const struct sums_answer *answer);
/* The payload's type and the predicate's into the entry. */
void attestation_tell(json_t *entry, const struct dsse *envelope,
		      const json_t *statement);

/* Check a sigstore bundle: attestation_bundle.c. */
int attestation_check_bundle(struct attestations *checking, const json_t *object,
			     struct err *err);

/* Is the object link metadata of in-toto's? Check it: intoto_link.c. */
bool link_is(const json_t *object);
int attestation_check_link(struct attestations *checking, const json_t *object,
			   struct err *err);

#endif
