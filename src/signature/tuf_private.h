/*
 * TUF ("The Update Framework", specification 1.0): who may sign which role's metadata,
 * from a root that the user gives down to the file.
 */
#ifndef VERIFY_TUF_PRIVATE_H
#define VERIFY_TUF_PRIVATE_H

#include "signature/signature_private.h"

/* ---- the files: tuf_files.c -------------------------------------------- */

struct tuf_file {
	char *name; /* without folders */
	struct mapping mapping;
};

struct tuf_repository {
	struct tuf_file *files;
	size_t count;
};

/* The bytes of the file of that name; -1 when it is not there. */
int tuf_file_find(const struct tuf_repository *repository, const char *name,
		  struct view *bytes);

/* ---- one piece of metadata: tuf_metadata.c ----------------------------- */

struct tuf_metadata {
	json_t *json;
	const json_t *content; /* "signed": borrowed */
	struct buf canonical;  /* what is signed */
	int64_t version, expires;
};

/* Read metadata of that type ("root", "timestamp"…). What is wrong with it is judged;
 * -1 then. Clear in every case. `what` names it. */
int tuf_metadata_read(const struct view *bytes, const char *type, const char *what,
		      struct tuf_metadata *metadata, struct judgement *found);
void tuf_metadata_clear(struct tuf_metadata *metadata);

/* Did enough of the role's keys sign it? `holder` has "keys", `role` has "keyids" and
 * "threshold". Judges. */
void tuf_metadata_judge(const struct tuf_metadata *metadata, const json_t *holder,
			const json_t *role, const char *what, struct judgement *found);
/* Is it good at that time? Judges. */
void tuf_metadata_judge_time(const struct tuf_metadata *metadata, int64_t time,
			     const char *what, struct judgement *found);
/* Do the bytes have the length and each hash that `meta` states, as far as it does?
 * Unless `needed`, it need not state any. */
bool tuf_bytes_fit(const struct view *bytes, const json_t *meta, bool needed);

/* ---- delegations: tuf_targets.c ---------------------------------------- */

/* What the search for a target may look at. */
struct tuf_search {
	const struct tuf_repository *repository;
	const json_t *snapshot; /* "meta" of the snapshot */
	bool consistent;	/* metadata files are named by version */
	int64_t time;
	struct judgement *found;
	size_t roles; /* looked at so far */
	char *role;   /* whose target it is */
};

/* Read a role's metadata as the snapshot has it; -1 when it is not there or is not what
 * the snapshot says, which is judged. */
int tuf_snapshot_take(struct tuf_search *search, const char *role, const char *type,
		      struct tuf_metadata *metadata);
/* Names of targets in any role's metadata whose last part is that of the file. */
void tuf_targets_called(struct tuf_search *search, const char *file,
			struct strings *paths);
/* The target of that path, in the order of delegations (specification, 5.6.7); NULL when
 * no role that may speak of it names it. The caller decrefs. */
json_t *tuf_target_find(struct tuf_search *search, const struct tuf_metadata *targets,
			const char *path);

#endif
