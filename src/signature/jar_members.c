/*
 * The members of a signed zip archive: names and the files of the signature in one
 * pass, the digests that the manifest asks for in a second one. The format reads the
 * archive; what it calls suspect is a trick, by which a program may read other members
 * than were checked.
 */
#include <openssl/evp.h>

#include "signature/jar_private.h"

enum {
	GATHERED_MOST = 64 << 20, /* of all files of the signature */
	DIGESTS_MOST = 8,         /* of one member */
	TRICKS_MOST = 8,
};

/* ---- names ----------------------------------------------------------------- */

static bool
ends_in(const char *name, const char *end)
{
	size_t length = strlen(name), size = strlen(end);
	return length > size && strcasecmp(name + length - size, end) == 0;
}

/* JAR File Specification, "The META-INF directory": names there count in any case. */
static enum jar_role
role_of(const struct member *member)
{
	static const char folder[] = "META-INF/";
	const char *path = member->path, *name = path + sizeof(folder) - 1;
	if (member->type == MEMBER_FOLDER)
		return JAR_FOLDER;
	if (strncasecmp(path, folder, sizeof(folder) - 1) != 0 ||
	    strchr(name, '/') != NULL)
		return JAR_CONTENT;
	if (strcasecmp(name, "MANIFEST.MF") == 0)
		return JAR_MANIFEST;
	if (ends_in(name, ".SF"))
		return JAR_FILE;
	if (ends_in(name, ".RSA") || ends_in(name, ".DSA") || ends_in(name, ".EC"))
		return JAR_BLOCK;
	return strncasecmp(name, "SIG-", 4) == 0 ? JAR_UNSIGNED : JAR_CONTENT;
}

/* ---- the first pass --------------------------------------------------------- */

static int
gather_begin(void *context, const struct member *member, struct err *err)
{
	struct jar *jar = context;
	(void)err;
	if (jar->count == jar->room) {
		jar->room = jar->room ? 2 * jar->room : 64;
		jar->members =
		    base_realloc(jar->members, jar->room, sizeof(*jar->members));
	}
	jar->members[jar->count++] = (struct jar_member){
	    .path = base_strdup(member->path), .role = role_of(member)};
	return 0;
}

static int
gather_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct jar *jar = context;
	struct jar_member *member = &jar->members[jar->count - 1];
	if (member->role != JAR_MANIFEST && member->role != JAR_FILE &&
	    member->role != JAR_BLOCK && strcmp(member->path, JAR_STAMP) != 0)
		return 0;
	if (count > GATHERED_MOST - jar->gathered)
		return err_set(err, ERR_LIMIT,
			       "the files of its signature have more than %d bytes",
			       GATHERED_MOST);
	jar->gathered += count;
	buf_append(&member->bytes, bytes, count);
	return 0;
}

static int
gather_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct jar *jar = context;
	struct view part;
	if (view_sub(&jar->file, offset, length, &part) == -1)
		return 0;
	return gather_data(context, part.data, (size_t)part.size, err);
}

static int
gather_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	    struct err *err)
{
	struct jar *jar = context;
	(void)err;
	if (kind == NOTE_SUSPECT && jar->tricks.count < TRICKS_MOST)
		strings_addf(&jar->tricks,
			     "the archive can be read in two ways: %s, at offset %ju",
			     text, (uintmax_t)offset);
	else if (kind == NOTE_UNDECIDED)
		judgement_add(&jar->found, SIGNATURE_NOT_CHECKED, "%s, at offset %ju",
			      text, (uintmax_t)offset);
	return 0;
}

/* ---- the second pass -------------------------------------------------------- */

struct digesting {
	struct jar *jar;
	size_t next; /* member that comes */
	const struct jar_attribute *attributes[DIGESTS_MOST];
	const struct digest_algorithm *algorithms[DIGESTS_MOST];
	EVP_MD_CTX *contexts[DIGESTS_MOST];
	size_t count;
};

/* Close the digests of the member before. */
static void
digest_end(struct digesting *digesting)
{
	struct jar_member *member =
	    digesting->next > 0 ? &digesting->jar->members[digesting->next - 1] : NULL;
	for (size_t i = 0; i < digesting->count; i++) {
		struct digest digest = {.size = 0};
		if (EVP_DigestFinal_ex(digesting->contexts[i], digest.bytes,
				       &digest.size) != 1)
			digest.size = 0;
		if (member != NULL)
			jar_digests_add(&member->digests, digesting->algorithms[i],
					digesting->attributes[i]->value.data, &digest);
	}
	digesting->count = 0;
}

static void
digest_start(struct digesting *digesting, const struct jar_attribute *attribute,
	     const struct digest_algorithm *algorithm)
{
	size_t i = digesting->count++;
	digesting->attributes[i] = attribute;
	digesting->algorithms[i] = algorithm;
	if (digesting->contexts[i] == NULL)
		digesting->contexts[i] = EVP_MD_CTX_new();
	/* one that does not start gives an empty digest, which is equal to none */
	EVP_DigestInit_ex(digesting->contexts[i], EVP_get_digestbyname(algorithm->name),
			  NULL);
}

static int
digest_begin(void *context, const struct member *found, struct err *err)
{
	struct digesting *digesting = context;
	struct jar *jar = digesting->jar;
	(void)found;
	(void)err;
	digest_end(digesting);
	if (digesting->next == jar->count)
		return 0;
	struct jar_member *member = &jar->members[digesting->next++];
	const struct jar_section *section = jar_manifest_find(&jar->read, member->path);
	for (size_t i = 0; section != NULL && i < section->count; i++) {
		bool is_digest;
		const struct digest_algorithm *algorithm = jar_digest_named(
		    section->attributes[i].name, "-Digest", &is_digest);
		if (algorithm != NULL && digesting->count < DIGESTS_MOST)
			digest_start(digesting, &section->attributes[i], algorithm);
		else if (is_digest)
			member->digests.unknown++;
	}
	return 0;
}

static int
digest_data(void *context, const void *bytes, size_t count, struct err *err)
{
	struct digesting *digesting = context;
	(void)err;
	for (size_t i = 0; i < digesting->count; i++)
		EVP_DigestUpdate(digesting->contexts[i], bytes, count);
	return 0;
}

static int
digest_slice(void *context, uint64_t offset, uint64_t length, struct err *err)
{
	struct digesting *digesting = context;
	struct view part;
	if (view_sub(&digesting->jar->file, offset, length, &part) == -1)
		return 0;
	return digest_data(context, part.data, (size_t)part.size, err);
}

static int
digest_note(void *context, enum note_kind kind, uint64_t offset, const char *text,
	    struct err *err)
{
	(void)context;
	(void)kind;
	(void)offset;
	(void)text;
	(void)err;
	return 0;
}

static void
digest_members(struct jar *jar)
{
	struct digesting digesting = {.jar = jar};
	const struct member_sink sink = {&digesting, digest_begin, digest_slice,
					 digest_data, digest_note};
	struct err told_already;
	(void)jar->format->members(&jar->file, &sink, &told_already);
	digest_end(&digesting);
	for (size_t i = 0; i < DIGESTS_MOST; i++)
		EVP_MD_CTX_free(digesting.contexts[i]);
}

/* ---- the archive ------------------------------------------------------------- */

static int
compare_paths(const void *a, const void *b, void *context)
{
	const struct jar_member *members = context;
	return strcmp(members[*(const size_t *)a].path,
		      members[*(const size_t *)b].path);
}

static void
sort_members(struct jar *jar)
{
	jar->order = base_alloc(jar->count + 1, sizeof(*jar->order));
	for (size_t i = 0; i < jar->count; i++)
		jar->order[i] = i;
	qsort_r(jar->order, jar->count, sizeof(*jar->order), compare_paths,
		jar->members);
	for (size_t i = 1; i < jar->count; i++) {
		const char *path = jar->members[jar->order[i]].path;
		if (strcmp(jar->members[jar->order[i - 1]].path, path) != 0)
			continue;
		char *shown = text_shown(path);
		judgement_add(&jar->found, SIGNATURE_INVALID,
			      "two entries have the name '%s'", shown);
		free(shown);
	}
}

const struct jar_member *
jar_find(const struct jar *jar, const char *path)
{
	size_t from = 0, to = jar->count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		const struct jar_member *member = &jar->members[jar->order[middle]];
		int order = strcmp(path, member->path);
		if (order == 0)
			return member;
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static void
read_manifest(struct jar *jar)
{
	for (size_t i = 0; i < jar->count; i++) {
		if (jar->members[i].role != JAR_MANIFEST)
			continue;
		if (jar->manifest != NULL)
			judgement_add(&jar->found, SIGNATURE_INVALID,
				      "there are two manifests");
		jar->manifest = &jar->members[i];
	}
	if (jar->manifest == NULL)
		return;
	struct view text = view_of_buf(&jar->manifest->bytes);
	jar_manifest_read(&text, &jar->read);
	for (size_t i = 0; i < jar->read.faults.count; i++)
		judgement_add(&jar->found, SIGNATURE_INVALID, "the manifest has %s",
			      jar->read.faults.items[i]);
}

void
jar_open(struct jar *jar, const struct view *file, const struct format *format)
{
	const struct member_sink sink = {jar, gather_begin, gather_slice, gather_data,
					 gather_note};
	struct err trouble = {0};
	*jar = (struct jar){.file = *file, .format = format};
	if (format->members(file, &sink, &trouble) == -1)
		judgement_add(&jar->found, SIGNATURE_NOT_CHECKED, "%s",
			      trouble.message);
	sort_members(jar);
	read_manifest(jar);
	if (jar->manifest != NULL)
		digest_members(jar);
}

void
jar_close(struct jar *jar)
{
	for (size_t i = 0; i < jar->count; i++) {
		free(jar->members[i].path);
		buf_free(&jar->members[i].bytes);
	}
	free(jar->members);
	free(jar->order);
	jar_manifest_free(&jar->read);
	judgement_free(&jar->found);
	strings_free(&jar->tricks);
	*jar = (struct jar){0};
}
