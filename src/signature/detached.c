/* Signatures that are files of their own, and the names by which they are found. */
#include "signature/signature_private.h"

static bool
openpgp_knows(const struct view *signature)
{
	(void)signature;
	return true; /* the last row: what is malformed is told as such */
}

static const char *const openpgp_suffixes[] = {".asc", ".sig", ".gpg", ".sign", NULL};

static const struct detached_scheme detached_openpgp = {
    "openpgp", openpgp_suffixes, openpgp_knows, openpgp_check_detached};

const struct detached_scheme *const detached_schemes[] = {&detached_minisign,
							  &detached_signify,
							  &detached_sshsig,
							  &detached_clamav,
							  &detached_apk,
    &detached_cms,
							  &detached_attestation,
							  &detached_openpgp,
							  NULL};

bool
detached_names(const char *path, size_t *base_length)
{
	size_t length = strlen(path);
	for (size_t i = 0; detached_schemes[i] != NULL; i++) {
		const char *const *suffix = detached_schemes[i]->suffixes;
		for (; *suffix != NULL; suffix++) {
			size_t tail = strlen(*suffix);
			if (length <= tail ||
			    strcmp(path + length - tail, *suffix) != 0)
				continue;
			*base_length = length - tail;
			return true;
		}
	}
	return false;
}

int
signature_check_detached(const struct view *file, const char *path,
			 const struct view *signature, const struct trust *trust,
			 json_t *signatures, enum signature_status *status,
			 struct err *err)
{
	size_t row = 0, before = json_array_size(signatures);
	while (!detached_schemes[row]->knows(signature))
		row++;
	int answer = detached_schemes[row]->check(file, path, signature, trust,
						  signatures, status, err);
	for (size_t i = before; i < json_array_size(signatures); i++) {
		json_t *entry = json_array_get(signatures, i);
		if (json_object_get(entry, "digest") != NULL ||
		    json_object_get(entry, "key") != NULL)
			coverage_add(entry, 0, file->size, COVERAGE_SIGNED, "the file");
		coverage_conclude(entry, file->size);
	}
	return answer;
}
