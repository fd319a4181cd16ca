/*
 * Entries of a transparency log (Rekor): the log's signed promise to include one (its
 * "signed entry timestamp"), the proof that it is included (RFC 9162, 2.1.3) up to a
 * root that the log signed in a checkpoint, and the time that the log states.
 */
#include "signature/sigstore_private.h"

#define ENTRIES_MOST 8
#define PATH_MOST    64

/* One entry being checked. */
struct entry {
	struct sigstore *bundle;
	const json_t *json;
	const struct sigstore_root *root; /* that names its log; NULL: none does */
	const struct sigstore_log *log;
	struct buf body;
	int64_t time; /* as stated; 0: none */
};

/* ---- which log -------------------------------------------------------------- */

static void
find_log(struct entry *entry)
{
	const struct trust *trust = entry->bundle->trust;
	struct buf id = {0};
	sigstore_bytes(json_object_get(entry->json, "logId"), "keyId", &id);
	for (size_t i = 0; i < trust->sigstore_count && id.size == SHA256_SIZE; i++) {
		const struct sigstore_root *root = trust->sigstore[i];
		for (size_t j = 0; j < root->log_count && entry->log == NULL; j++) {
			if (memcmp(root->logs[j].id.bytes, id.data, SHA256_SIZE) != 0)
				continue;
			entry->root = root;
			entry->log = &root->logs[j];
		}
	}
	buf_free(&id);
}

/* ---- the promise -------------------------------------------------------------- */

/* What the log signed, as canonical JSON (RFC 8785): these four members in that order,
 * none of whose values needs an escape. */
static int
promise_text(const struct entry *entry, struct buf *text)
{
	struct buf id = {0};
	char hex[2 * SHA256_SIZE + 1];
	int64_t index;
	const char *body =
	    json_string_value(json_object_get(entry->json, "canonicalizedBody"));
	bool fine =
	    body != NULL && sigstore_number(entry->json, "logIndex", &index) == 0 &&
	    sigstore_bytes(json_object_get(entry->json, "logId"), "keyId", &id) == 0 &&
	    id.size == SHA256_SIZE;
	if (fine) {
		hex_encode(id.data, SHA256_SIZE, hex);
		buf_printf(text,
			   "{\"body\":\"%s\",\"integratedTime\":%jd,\"logID\":\"%s\","
			   "\"logIndex\":%jd}",
			   body, (intmax_t)entry->time, hex, (intmax_t)index);
	}
	buf_free(&id);
	return fine ? 0 : -1;
}

/* Is there a promise? True also for one that does not hold, which is judged. */
static bool
check_promise(struct entry *entry)
{
	const json_t *promise = json_object_get(entry->json, "inclusionPromise");
	struct buf signature = {0}, text = {0};
	if (!json_is_object(promise))
		return false;
	int parsed = sigstore_bytes(promise, "signedEntryTimestamp", &signature);
	if (parsed == -1 || promise_text(entry, &text) == -1) {
		judgement_add(entry->bundle->found, SIGNATURE_INVALID,
			      "the log's promise cannot be read");
	} else if (entry->log != NULL) {
		struct view message = view_of_buf(&text);
		struct view value = view_of_buf(&signature);
		if (!raw_verify_any(entry->log->key.key, &message, &value))
			judgement_add(entry->bundle->found, SIGNATURE_INVALID,
				      "the log's promise does not fit the entry");
		else if (entry->time != 0 &&
			 !sigstore_in_window(&entry->log->window, entry->time))
			judgement_add(entry->bundle->found, SIGNATURE_INVALID,
				      "the log's key was not in use at the time that "
				      "it states");
		else if (entry->time != 0)
			sigstore_add_time(entry->bundle, entry->time, "log");
	}
	buf_free(&signature);
	buf_free(&text);
	return true;
}

/* ---- the proof ------------------------------------------------------------------ */

/* The root that the path leads to. */
static int
path_root(const struct entry *entry, const json_t *proof, int64_t size,
	  struct sha256 *root)
{
	const json_t *hashes = json_object_get(proof, "hashes"), *item;
	struct sha256 path[PATH_MOST], leaf;
	size_t index;
	int64_t at;
	struct view body = view_of_buf(&entry->body);
	if (json_array_size(hashes) > PATH_MOST ||
	    sigstore_number(proof, "logIndex", &at) == -1)
		return -1;
	json_array_foreach(hashes, index, item)
	{
		const char *text = json_string_value(item);
		struct view view = view_of(text, text != NULL ? strlen(text) : 0);
		struct buf hash = {0};
		bool fine = text != NULL && raw_base64(&view, false, &hash) == 0 &&
			    hash.size == SHA256_SIZE;
		if (fine)
			memcpy(path[index].bytes, hash.data, SHA256_SIZE);
		buf_free(&hash);
		if (!fine)
			return -1;
	}
	merkle_leaf(&body, &leaf);
	return merkle_root((uint64_t)at, (uint64_t)size, &leaf, path,
			   json_array_size(hashes), root);
}

/* The root and size must be those of a checkpoint that the log signed. */
static void
check_checkpoint(struct entry *entry, const json_t *proof, int64_t size,
		 const struct sha256 *root)
{
	struct judgement *found = entry->bundle->found;
	const char *text = json_string_value(
	    json_object_get(json_object_get(proof, "checkpoint"), "envelope"));
	struct checkpoint checkpoint;
	struct view note = view_of(text, text != NULL ? strlen(text) : 0);
	if (text == NULL || checkpoint_parse(&note, &checkpoint) == -1) {
		judgement_add(found, SIGNATURE_INVALID,
			      "the proof has no well-formed checkpoint of the log");
		return;
	}
	if (checkpoint.size != (uint64_t)size || !sha256_equal(&checkpoint.root, root))
		judgement_add(found, SIGNATURE_INVALID,
			      "the proof does not lead to the checkpoint");
	if (entry->log == NULL)
		return;
	struct view id = view_of(entry->log->id.bytes, SHA256_SIZE);
	enum note_answer answer =
	    checkpoint_check(&checkpoint, entry->log->key.key, &id);
	if (answer != NOTE_HOLDS)
		judgement_add(found, SIGNATURE_INVALID,
			      answer == NOTE_FALSE
				  ? "the log's signature does not fit the checkpoint"
				  : "the log did not sign the checkpoint");
}

static bool
check_proof(struct entry *entry)
{
	const json_t *proof = json_object_get(entry->json, "inclusionProof");
	struct judgement *found = entry->bundle->found;
	struct buf stated = {0};
	struct sha256 root;
	int64_t size;
	if (!json_is_object(proof))
		return false;
	if (sigstore_number(proof, "treeSize", &size) == -1 ||
	    path_root(entry, proof, size, &root) == -1) {
		judgement_add(found, SIGNATURE_INVALID,
			      "the proof that the log has the entry cannot be read");
		return true;
	}
	if (sigstore_bytes(proof, "rootHash", &stated) == -1 ||
	    stated.size != SHA256_SIZE ||
	    memcmp(stated.data, root.bytes, SHA256_SIZE) != 0)
		judgement_add(found, SIGNATURE_INVALID,
			      "the proof that the log has the entry does not lead to "
			      "its root");
	else if (json_object_get(proof, "checkpoint") != NULL ||
		 entry->bundle->version > 1)
		check_checkpoint(entry, proof, size, &root);
	buf_free(&stated);
	return true;
}

/* ---- the entry --------------------------------------------------------------------
 */

static void
tell(const struct entry *entry)
{
	int64_t index;
	char text[TIME_TEXT];
	json_t *json = entry->bundle->entry;
	if (entry->log != NULL)
		signature_fact(json, "log", entry->log->name);
	if (sigstore_number(entry->json, "logIndex", &index) == 0) {
		char *number = base_format("%jd", (intmax_t)index);
		signature_fact(json, "log index", number);
		free(number);
	}
	if (entry->time != 0) {
		time_text(entry->time, text);
		signature_fact(json, "logged at", text);
	}
}

/* An entry needs what its version of the bundle demands: the promise was enough at
 * first, the proof is since 0.2. */
static void
check_included(struct entry *entry)
{
	struct judgement *found = entry->bundle->found;
	bool proof = check_proof(entry), promise = check_promise(entry);
	if (!proof && (entry->bundle->version > 1 || !promise))
		judgement_add(found, SIGNATURE_INVALID,
			      "nothing proves that the log has the entry");
	if (entry->log != NULL)
		entry->bundle->logged++;
	else if (entry->bundle->trust->sigstore_count > 0)
		judgement_add(found, SIGNATURE_UNTRUSTED,
			      "the entry is of no log that the trusted root names");
}

static void
check_entry(struct sigstore *bundle, const json_t *json)
{
	struct entry entry = {.bundle = bundle, .json = json};
	if (sigstore_number(json, "integratedTime", &entry.time) == -1)
		entry.time = 0;
	json_t *body = NULL;
	if (sigstore_bytes(json, "canonicalizedBody", &entry.body) == 0)
		body = json_loadb(entry.body.data, entry.body.size,
				  JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(body)) {
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "the log's entry cannot be read");
	} else {
		find_log(&entry);
		check_included(&entry);
		sigstore_check_body(bundle, body);
		tell(&entry);
	}
	json_decref(body);
	buf_free(&entry.body);
}

void
sigstore_check_log(struct sigstore *bundle)
{
	const json_t *entries = json_object_get(bundle->material, "tlogEntries"), *item;
	size_t index;
	if (json_array_size(entries) > ENTRIES_MOST) {
		judgement_add(bundle->found, SIGNATURE_NOT_CHECKED,
			      "more entries of logs than are looked at");
		return;
	}
	json_array_foreach(entries, index, item) check_entry(bundle, item);
	if (json_array_size(entries) == 0)
		judgement_add(bundle->found, SIGNATURE_INVALID,
			      "it is in no transparency log");
}
