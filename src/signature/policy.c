/*
 * Do the signatures meet the policy? A pure function of the description and the
 * entries. Each rule says what was expected and what was found, so that a reader can
 * judge it again.
 */
#include <fnmatch.h>

#include "signature/policy_private.h"

const char *
policing_string(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));
	return string != NULL ? string : "";
}

bool
policing_status(const json_t *entry, enum signature_status status)
{
	return strcmp(policing_string(entry, "status"),
		      signature_status_name(status)) == 0;
}

void
policing_add(struct policing *policing, const char *rule, bool met,
	     const char *expected, const char *found)
{
	json_t *object = json_object();
	json_object_set_new(object, "rule", json_string(rule));
	json_object_set_new(object, "met", json_boolean(met));
	json_object_set_new(object, "expected", json_string(expected));
	json_object_set_new(object, "found", json_string(found));
	json_object_set_new(object, "path", json_string(policing->path));
	json_array_append_new(policing->rules, object);
	policing->met = policing->met && met;
}

/* ---- which entries are an output's ----------------------------------- */

/* Is the entry's path that of the output, or of something inside it? Member paths
 * are long ("a.deb//data.tar.xz//./usr/x"), descriptions are short ("usr/x"). */
static bool
path_is_of(const char *path, const char *product, const char *shipped)
{
	char *name = text_shown(shipped);
	char *of = product != NULL ? text_shown(path_base(product)) : NULL;
	size_t length = strlen(name), of_length = of != NULL ? strlen(of) : 0;
	bool is = of == NULL || (strncmp(path, of, of_length) == 0 &&
				 (path[of_length] == '\0' || path[of_length] == '/'));
	if (is && strcmp(name, ".") != 0) {
		const char *from = strncmp(name, "./", 2) == 0 ? name + 2 : name;
		length = strlen(from);
		is = false;
		for (const char *at = strstr(path, from); at != NULL && !is;
		     at = strstr(at + 1, from)) {
			bool starts =
			    at == path ||
			    (at >= path + 2 && strncmp(at - 2, "//", 2) == 0) ||
			    (at >= path + 4 && strncmp(at - 4, "//./", 4) == 0);
			bool ends =
			    at[length] == '\0' || strncmp(at + length, "//", 2) == 0;
			is = starts && ends;
		}
	}
	free(name);
	free(of);
	return is;
}

/* The entries of just that path, when it is the output's. */
static void
gather(struct policing *policing, const char *path, const json_t *signatures)
{
	size_t count = json_array_size(signatures);
	policing->found = base_alloc(count + 1, sizeof(*policing->found));
	policing->found_count = 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *entry = json_array_get(signatures, i);
		if (strcmp(policing_string(entry, "path"), path) == 0)
			policing->found[policing->found_count++] = entry;
	}
}

/* ---- what may stay unsigned ------------------------------------------- */

/* Is there nothing but entries that say so? */
static bool
is_unsigned(const struct policing *policing)
{
	for (size_t i = 0; i < policing->found_count; i++) {
		if (!policing_status(policing->found[i], SIGNATURE_UNSIGNED))
			return false;
	}
	return policing->found_count > 0;
}

static bool
is_covered(const struct policing *policing)
{
	return json_object_get(policing->found[0], "covered_by") != NULL;
}

/* Does a pattern take the path, or what of it follows a container? */
static const char *
allowed_by(const struct policy *policy, const char *path)
{
	for (size_t i = 0; i < policy->unsigned_paths.count; i++) {
		const char *pattern = policy->unsigned_paths.items[i];
		for (const char *at = path; at != NULL;
		     at = (at = strstr(at, "//")) != NULL ? at + 2 : NULL) {
			const char *plain = strncmp(at, "./", 2) == 0 ? at + 2 : at;
			if (fnmatch(pattern, plain, 0) == 0)
				return pattern;
		}
	}
	return NULL;
}

/* An unsigned file: fine when it is covered or allowed. */
static void
judge_unsigned(struct policing *policing)
{
	const char *pattern = allowed_by(policing->policy, policing->path);
	if (pattern != NULL) {
		char *shown = text_shown(pattern);
		char *rule = base_format("Unsigned: %s", shown);
		policing_add(policing, rule, true, "unsigned files of that name",
			     "unsigned");
		free(rule);
		free(shown);
	} else if (!is_covered(policing)) {
		policing_add(policing, "Signed", false, "a signature", "unsigned");
	}
}

/* ---- one file ---------------------------------------------------------- */

static void
judge_file(struct policing *policing)
{
	if (is_unsigned(policing) &&
	    (policing->policy->unsigned_paths.count > 0 || is_covered(policing))) {
		judge_unsigned(policing);
		return;
	}
	policing_judge_signers(policing);
	policing_judge_rules(policing);
}

/* Is there anything to hold the signatures to? */
static bool
has_policy(const struct policy *policy)
{
	if (policy->has_signers || policy->country != NULL ||
	    policy->issuer_country != NULL || policy->schemes.count > 0 ||
	    policy->digests.count > 0 || policy->rsa_bits != 0 || policy->timestamp)
		return true;
	for (size_t i = 0; i < policy->trust_count; i++) {
		const struct policy_trust *trust = &policy->trust[i];
		if (!trust->timestamps &&
		    (trust->country != NULL || trust->issuer_country != NULL ||
		     trust->subject != NULL || trust->has_signer || trust->has_spki))
			return true;
	}
	return false;
}

/* Each file that bears the output's name is judged alone: a well-signed file of that
 * name somewhere else in the product does not vouch for this one. */
static void
judge_paths(struct policing *policing, const struct release_output *output,
	    const json_t *signatures)
{
	struct strings paths = {0};
	for (size_t i = 0; i < json_array_size(signatures); i++) {
		const char *path =
		    policing_string(json_array_get(signatures, i), "path");
		if (path_is_of(path, output->product, output->shipped) &&
		    !strings_have(&paths, path))
			strings_add(&paths, path);
	}
	policing->path = output->shipped;
	if (paths.count == 0)
		strings_add(&paths, "");
	for (size_t i = 0; i < paths.count; i++) {
		gather(policing, paths.items[i], signatures);
		judge_file(policing);
		free(policing->found);
	}
	strings_free(&paths);
}

static json_t *
policy_json(const struct policing *policing)
{
	json_t *object = json_object();
	json_object_set_new(object, "met", json_boolean(policing->met));
	json_object_set_new(object, "rules", policing->rules);
	return object;
}

json_t *
signature_policy(const struct release *release, const json_t *signatures)
{
	if (!has_policy(&release->policy))
		return NULL;
	struct policing policing = {
	    .policy = &release->policy, .met = true, .path = "."};
	policing.rules = json_array();
	for (size_t i = 0; i < release->output_count; i++)
		judge_paths(&policing, &release->outputs[i], signatures);
	if (release->output_count == 0)
		policing_add(&policing, "Signers", false, "an output that is signed",
			     "the release has no outputs");
	return policy_json(&policing);
}

/* ---- files ------------------------------------------------------------- */

/* Is the path that of a member of the file? */
static bool
is_member_of(const char *path, const char *file)
{
	size_t length = strlen(file);
	return strncmp(path, file, length) == 0 && path[length] == '/';
}

/* Has the file a signature of its own, or is it of a kind that would? */
static bool
is_judged_itself(const char *file, const json_t *signatures)
{
	for (size_t i = 0; i < json_array_size(signatures); i++) {
		const json_t *entry = json_array_get(signatures, i);
		if (strcmp(policing_string(entry, "path"), file) == 0 &&
		    strcmp(policing_string(entry, "scheme"), "none") != 0)
			return true;
	}
	return false;
}

/* A member that is not judged may still not hold a signature that is false. */
static void
judge_bystander(struct policing *policing)
{
	if (policing_invalid(policing)) {
		char *found = policing_found(policing);
		policing_add(policing, "No invalid signature", false,
			     "no signature that is false", found);
		free(found);
	}
}

/* An entry by its path. */
struct named {
	const char *path;
	const json_t *entry;
	size_t index;
};

static int
order_named(const void *a, const void *b)
{
	const struct named *left = a, *right = b;
	int order = strcmp(left->path, right->path);
	return order != 0 ? order
			  : (left->index > right->index) - (left->index < right->index);
}

/* The entries of a file and its members, those of one path together. */
static size_t
named_of(const char *file, const json_t *signatures, struct named **named)
{
	size_t all = json_array_size(signatures), count = 0;
	*named = base_alloc(all + 1, sizeof(**named));
	for (size_t i = 0; i < all; i++) {
		const json_t *entry = json_array_get(signatures, i);
		const char *path = policing_string(entry, "path");
		if (strcmp(path, file) == 0 || is_member_of(path, file))
			(*named)[count++] = (struct named){path, entry, i};
	}
	qsort(*named, count, sizeof(**named), order_named);
	return count;
}

static void
judge_named(struct policing *policing, const char *file, const json_t *signatures)
{
	struct named *named;
	size_t count = named_of(file, signatures, &named);
	bool itself = is_judged_itself(file, signatures);
	policing->found = base_alloc(count + 1, sizeof(*policing->found));
	for (size_t i = 0, end; i < count; i = end) {
		policing->path = named[i].path;
		policing->found_count = 0;
		for (end = i;
		     end < count && strcmp(named[end].path, named[i].path) == 0; end++)
			policing->found[policing->found_count++] = named[end].entry;
		if (!itself || policing->policy->members ||
		    strcmp(policing->path, file) == 0)
			judge_file(policing);
		else
			judge_bystander(policing);
	}
	free(policing->found);
	free(named);
}

json_t *
signature_policy_of_files(const struct policy *policy, const struct strings *files,
			  const json_t *signatures)
{
	struct policing policing = {.policy = policy, .met = true, .path = "."};
	policing.rules = json_array();
	for (size_t i = 0; i < files->count; i++)
		judge_named(&policing, files->items[i], signatures);
	if (json_array_size(policing.rules) == 0)
		policing_add(&policing, "Signed", false, "a signature to judge",
			     "there is none");
	return policy_json(&policing);
}
