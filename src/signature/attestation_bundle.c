/*
 * Sigstore bundles beside files: the signature in one is over a file, which is found by
 * its digest or its name, or over an envelope, whose statement names files.
 */
#include "signature/attestation_private.h"
#include "signature/sigstore_private.h"

/* One bundle on its way to an entry. */
struct subject {
	struct attestations *checking;
	const json_t *object;
	struct judgement found;
	json_t *told; /* what becomes part of the entry */
};

/* ---- over a file -------------------------------------------------------------- */

/* Endings of a bundle's name beside that of the file that is signed. */
static const char *const endings[] = {".sigstore.json", ".sigstore", ".bundle",
				      ".bundle.json"};

static bool
is_named_for(const char *bundle, const char *file)
{
	size_t length = strlen(file);
	if (strncmp(bundle, file, length) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
		if (strcmp(bundle + length, endings[i]) == 0)
			return true;
	}
	return false;
}

/* The file that the bundle is named for, or else one with the digest that it states,
 * which is nothing but a hint. *which is files->count when there is none. */
static int
find_file(const struct attestations *checking, const json_t *signature, size_t *which,
	  struct err *err)
{
	struct sums_files *files = checking->files;
	struct buf hint = {0}, path = {0};
	int answer = 0;
	sigstore_bytes(json_object_get(signature, "messageDigest"), "digest", &hint);
	if (text_unshow(checking->path, &path) == -1)
		buf_puts(&path, checking->path);
	*which = files->asked != NULL ? 0 : files->count;
	for (size_t i = 0; i < files->count && *which == files->count; i++) {
		if (is_named_for(path_base(path.data), path_base(files->items[i].name)))
			*which = i;
	}
	for (size_t i = 0;
	     i < files->count && *which == files->count && hint.size == SHA256_SIZE;
	     i++) {
		uint8_t digest[HASH_MOST] = {0};
		answer = files->digest(files->context, files->items[i].id, "SHA256",
				       digest, err);
		if (answer == -1)
			break;
		if (memcmp(digest, hint.data, SHA256_SIZE) == 0)
			*which = i;
	}
	buf_free(&hint);
	buf_free(&path);
	return answer == -1 ? -1 : 0;
}

static int
digest_file(const struct sums_files *files, size_t which,
	    struct sigstore_message *message, struct err *err)
{
	static const char *const names[] = {"SHA256", "SHA384", "SHA512"};
	uint8_t *const places[] = {message->sha256, message->sha384, message->sha512};
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (files->digest(files->context, files->items[which].id, names[i],
				  places[i], err) == -1)
			return -1;
	}
	return 0;
}

static int
check_file(struct subject *subject, const json_t *signature, struct err *err)
{
	struct attestations *checking = subject->checking;
	struct sums_files *files = checking->files;
	struct sigstore_message message = {0};
	struct buf value = {0};
	size_t which;
	if (find_file(checking, signature, &which, err) == -1)
		return -1;
	if (which == files->count) {
		judgement_add(&subject->found, SIGNATURE_NOT_CHECKED,
			      "the bundle signs a file that is not here");
		return 0;
	}
	if (digest_file(files, which, &message, err) == -1)
		return -1;
	files->items[which].listed = true;
	char *name = text_shown(files->items[which].name);
	signature_fact(subject->told, "signs", name);
	free(name);
	if (sigstore_bytes(signature, "signature", &value) == -1) {
		judgement_add(&subject->found, SIGNATURE_INVALID,
			      "the bundle holds no signature that can be read");
	} else {
		struct view view = view_of_buf(&value);
		sigstore_check(subject->object, &message, NULL, &view, checking->trust,
			       subject->told, &subject->found);
	}
	buf_free(&value);
	return 0;
}

/* ---- over an envelope ------------------------------------------------------------ */

static void
digest_message(struct sigstore_message *message)
{
	raw_digest("SHA256", &message->bytes, message->sha256);
	raw_digest("SHA384", &message->bytes, message->sha384);
	raw_digest("SHA512", &message->bytes, message->sha512);
}

static int
check_envelope(struct subject *subject, const json_t *object, bool *of_others,
	       struct err *err)
{
	struct attestations *checking = subject->checking;
	struct sigstore_message message = {0};
	struct sums_answer answer = {0};
	struct dsse envelope;
	json_t *statement = NULL;
	if (dsse_parse(object, &envelope) == -1 || envelope.count != 1) {
		judgement_add(&subject->found, SIGNATURE_INVALID,
			      "the bundle's envelope cannot be read, or has not just "
			      "one signature");
		return 0;
	}
	struct view value = view_of_buf(&envelope.signatures[0].value);
	message.bytes = view_of_buf(&envelope.message);
	digest_message(&message);
	sigstore_check(subject->object, &message, &envelope, &value, checking->trust,
		       subject->told, &subject->found);
	int result = attestation_payload(checking, &envelope, &answer, &statement, err);
	judgement_merge(&subject->found, &answer.found);
	*of_others = attestation_is_of_others(checking, &answer);
	attestation_tell(subject->told, &envelope, statement);
	if (answer.files != NULL && result == 0)
		sums_answer_tell(&answer, subject->told);
	sums_answer_free(&answer);
	json_decref(statement);
	dsse_free(&envelope);
	return result;
}

/* ---- the bundle --------------------------------------------------------------------
 */

int
attestation_check_bundle(struct attestations *checking, const json_t *object,
			 struct err *err)
{
	struct subject subject = {
	    .checking = checking, .object = object, .told = json_object()};
	const json_t *signature = json_object_get(object, "messageSignature");
	const json_t *envelope = json_object_get(object, "dsseEnvelope");
	bool of_others = false;
	int result = 0;
	if ((signature != NULL) == (envelope != NULL))
		judgement_add(&subject.found, SIGNATURE_INVALID,
			      "a bundle with neither or both kinds of signature");
	else if (signature != NULL)
		result = check_file(&subject, signature, err);
	else
		result = check_envelope(&subject, envelope, &of_others, err);
	if (of_others) {
		checking->others++;
	} else {
		json_t *entry = attestation_entry(checking, "sigstore", &subject.found);
		json_t *notes = json_object_get(subject.told, "notes");
		json_array_extend(json_object_get(entry, "notes"), notes);
		json_object_del(subject.told, "notes");
		json_object_update(entry, subject.told);
	}
	checking->count++;
	judgement_free(&subject.found);
	json_decref(subject.told);
	return result;
}
