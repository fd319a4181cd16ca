/* Release descriptions: verify-release(5). */
#include "describe/describe_private.h"

#include <ctype.h>
#include <strings.h>

struct reader {
	struct release *release;
	const char *path;
	char *folder;                /* that names of files are relative to */
	const struct field *steps;   /* Build: */
	const struct field *signers; /* Signers: */
	struct err *err;
};

#define FAIL(r, line, ...) describe_fail((r)->err, (r)->path, line, __VA_ARGS__)

/* One more zeroed element at the end of an array of the release. */
#define ADD(array, count)                                                              \
	((array) = base_realloc((array), (count) + 1, sizeof(*(array))),               \
	 memset(&(array)[(count)], 0, sizeof(*(array))), &(array)[(count)++])

/* ---- values ----------------------------------------------------------- */

static char *
copy_value(const struct stanza *stanza, const char *name)
{
	const char *value = stanza_value(stanza, name);
	return value ? base_strdup(value) : NULL;
}

static char *
resolve(const struct reader *r, const char *name)
{
	return path_join(r->folder, name);
}

/* Is `name` a file of that folder or an absolute one, with a last part to call it by?
 */
static int
file_name_check(const struct reader *r, const struct field *field)
{
	const char *base = path_base(field->value);
	if (!path_is_plain(base))
		return FAIL(r, field->line, "'%s: %s': not the name of a file",
			    field->name, field->value);
	return 0;
}

/*
 * A member path as a description may write it: shown text; parts between '/' that
 * are neither empty (but for the "//" that enters a container) nor ".." nor, but
 * at the start of a container, "."
 */
static bool
member_path_ok(const char *path)
{
	struct buf raw = {0}, again = {0};
	bool ok = text_unshow(path, &raw) == 0 && strlen(raw.data) == raw.size;
	if (ok)
		text_show(&again, raw.data, raw.size);
	ok = ok && strcmp(again.data, path) == 0;
	buf_free(&raw);
	buf_free(&again);
	if (!ok)
		return false;
	for (const char *at = path;;) {
		if (at[0] == '.' && at[1] == '/' && at[2] != '/')
			at += 2;
		size_t length = strcspn(at, "/");
		if (length == 0 || (length == 1 && *at == '.') ||
		    (length == 2 && at[0] == '.' && at[1] == '.'))
			return false;
		at += length;
		if (*at == '\0')
			return true;
		bool enters = at[1] == '/';
		at += enters ? 2 : 1;
		if (!enters && at[0] == '.' && at[1] == '/')
			return false;
	}
}

/* The path without "./" at the start of it and of its containers: how equal paths
 * are told. The caller frees. */
static char *
member_path_key(const char *path)
{
	struct buf key = {0};
	for (const char *at = path; *at != '\0';) {
		if (at[0] == '.' && at[1] == '/')
			at += 2;
		const char *enters = strstr(at, "//");
		size_t length = enters ? (size_t)(enters - at) + 2 : strlen(at);
		buf_append(&key, at, length);
		at += length;
	}
	return buf_take(&key);
}

static int
member_path_take(const struct reader *r, const char *name, const char *value,
		 unsigned line, bool whole, char **path)
{
	if (!(whole && strcmp(value, ".") == 0) && !member_path_ok(value))
		return FAIL(r, line,
			    "'%s: %s': not a member path; write it as 'verify list' "
			    "shows it, without a leading '/' and without '..'",
			    name, value);
	*path = base_strdup(value);
	return 0;
}

/* ---- the first stanza ------------------------------------------------- */

static int
read_signers(struct reader *r, const struct field *field)
{
	struct release *release = r->release;
	char *copy = base_strdup(field->value), *rest = copy;
	const char *rule = word_next(&rest);
	int result = -1;
	if (strcmp(rule, "any-of") == 0) {
		release->signers_rule = SIGNERS_ANY;
	} else if (strcmp(rule, "all-of") == 0) {
		release->signers_rule = SIGNERS_ALL;
	} else {
		FAIL(r, field->line,
		     "'Signers: %s': starts with neither 'any-of' nor 'all-of'; write "
		     "'Signers: any-of %s'",
		     field->value, field->value);
		goto out;
	}
	for (const char *name; (name = word_next(&rest)) != NULL;) {
		if (strings_have(&release->signers, name)) {
			FAIL(r, field->line,
			     "'Signers': names '%s' twice; once is enough", name);
			goto out;
		}
		strings_add(&release->signers, name);
	}
	if (release->signers.count == 0) {
		FAIL(r, field->line,
		     "'Signers: %s': names no Trust stanza; add the names after it",
		     field->value);
		goto out;
	}
	release->has_signers = true;
	r->signers = field;
	result = 0;
out:
	free(copy);
	return result;
}

static int
read_first(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Format", true, false},    {"Name", true, false},
	    {"Version", true, false},   {"Toolchain", false, false},
	    {"Signers", false, false},  {"Toolchain-SHA256", false, false},
	    {"Verify-At", false, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	release->name = copy_value(stanza, "Name");
	release->version = copy_value(stanza, "Version");
	const struct field *toolchain = stanza_find(stanza, "Toolchain");
	const struct field *hash = stanza_find(stanza, "Toolchain-SHA256");
	if (toolchain != NULL) {
		if (file_name_check(r, toolchain) == -1)
			return -1;
		release->toolchain = resolve(r, toolchain->value);
	}
	if (hash != NULL) {
		if (toolchain == NULL)
			return FAIL(r, hash->line,
				    "'Toolchain-SHA256': there is no Toolchain that it "
				    "could pin; add the field 'Toolchain'");
		if (stanza_sha256(r->path, stanza, "Toolchain-SHA256",
				  &release->toolchain_sha256, r->err) == -1)
			return -1;
		release->has_toolchain_sha256 = true;
	}
	const struct field *at = stanza_find(stanza, "Verify-At");
	if (at != NULL && judged_at_parse(at->value, &release->at) == -1)
		return FAIL(r, at->line,
			    "'Verify-At: %s': not a time; give 'signing-time', 'now', "
			    "or one such as '2026-06-01T00:00:00Z'",
			    at->value);
	const struct field *signers = stanza_find(stanza, "Signers");
	return signers ? read_signers(r, signers) : 0;
}

/* ---- products and sources --------------------------------------------- */

/* The stanza's first field names a file, its SHA256 field pins it. */
static int
read_file(struct reader *r, const struct stanza *stanza, struct release_file *file)
{
	const struct field *name = &stanza->fields[0];
	if (file_name_check(r, name) == -1 ||
	    stanza_sha256(r->path, stanza, "SHA256", &file->sha256, r->err) == -1)
		return -1;
	file->name = base_strdup(name->value);
	file->path = resolve(r, name->value);
	file->line = name->line;
	return 0;
}

static int
read_product(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Product", true, false},
						  {"SHA256", true, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	for (size_t i = 0; i < release->product_count; i++) {
		const struct release_file *other = &release->products[i];
		if (strcmp(other->name, stanza->fields[0].value) == 0)
			return FAIL(
			    r, stanza->line,
			    "'Product: %s': stands on line %u already; remove one "
			    "of the stanzas",
			    other->name, other->line);
	}
	return read_file(r, stanza, ADD(release->products, release->product_count));
}

/* "pgp:" and a full fingerprint: 20 bytes (RFC 9580, 5.5.4.2) or 32 (5.5.4.3). */
static int
read_signer(struct reader *r, const struct field *field, char **signer)
{
	const char *value = field->value;
	uint8_t bytes[32];
	size_t digits = strlen(value) > 4 ? strlen(value) - 4 : 0;
	if (strncmp(value, "pgp:", 4) != 0)
		return FAIL(r, field->line,
			    "'Signer: %s': not 'pgp:' and a full fingerprint; gpg "
			    "--show-keys prints it",
			    value);
	if ((digits != 40 && digits != 64) ||
	    hex_decode(value + 4, false, bytes, digits / 2) == -1)
		return FAIL(
		    r, field->line,
		    "'Signer: %s': not a full fingerprint of 40 or 64 hexadecimal "
		    "digits; gpg --show-keys prints it",
		    value);
	*signer = base_strdup(value);
	for (char *at = *signer + 4; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	return 0;
}

static int
read_source_signature(struct reader *r, const struct stanza *stanza,
		      struct release_source *source)
{
	const struct field *signature = stanza_find(stanza, "Signature");
	const struct field *keyring = stanza_find(stanza, "Keyring");
	const struct field *signer = stanza_find(stanza, "Signer");
	if (signature == NULL && keyring == NULL && signer == NULL)
		return 0;
	if (keyring == NULL || signer == NULL)
		return FAIL(
		    r, stanza->line,
		    "'Source: %s': Keyring and Signer are both needed to check a "
		    "signature; add '%s'",
		    source->file.name, keyring == NULL ? "Keyring" : "Signer");
	if (signature == NULL)
		return FAIL(
		    r, stanza->line,
		    "'Source: %s': has Keyring and Signer, but no Signature; name "
		    "its file, or the source itself when that is clear-signed",
		    source->file.name);
	if (file_name_check(r, signature) == -1 || file_name_check(r, keyring) == -1)
		return -1;
	source->signature = resolve(r, signature->value);
	source->keyring = resolve(r, keyring->value);
	return read_signer(r, signer, &source->signer);
}

static int
read_source(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Source", true, false},   {"SHA256", true, false},
	    {"Unpack", false, false},  {"Signature", false, false},
	    {"Keyring", false, false}, {"Signer", false, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	for (size_t i = 0; i < release->source_count; i++) {
		const struct release_file *other = &release->sources[i].file;
		if (strcmp(path_base(other->name),
			   path_base(stanza->fields[0].value)) == 0)
			return FAIL(
			    r, stanza->line,
			    "'Source: %s': has the same file name as the source "
			    "on line %u; both would be put in one place",
			    stanza->fields[0].value, other->line);
	}
	struct release_source *source = ADD(release->sources, release->source_count);
	if (read_file(r, stanza, &source->file) == -1)
		return -1;
	const struct field *unpack = stanza_find(stanza, "Unpack");
	if (unpack != NULL && !path_is_plain(unpack->value))
		return FAIL(r, unpack->line,
			    "'Unpack: %s': not a folder below the build path; write it "
			    "without a leading '/', '.' and '..'",
			    unpack->value);
	source->unpack = unpack ? base_strdup(unpack->value) : NULL;
	return read_source_signature(r, stanza, source);
}

/* ---- the build -------------------------------------------------------- */

static int
add_step(char *line, unsigned number, void *arg, struct err *err)
{
	struct release *release = arg;
	release->steps = base_realloc(release->steps, release->step_count + 1,
				      sizeof(*release->steps));
	release->steps[release->step_count++] = base_strdup(line);
	return 0;
}

static int
read_build(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Build", true, true}};
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	if (r->steps != NULL)
		return FAIL(r, stanza->line,
			    "'Build': there is one on line %u already; write all steps "
			    "into one stanza",
			    r->steps->line);
	r->steps = &stanza->fields[0];
	return field_each_line(r->steps, add_step, r->release, r->err);
}

/* ---- outputs, unbuilt files, exceptions ------------------------------- */

static int
read_output(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Output", true, false}, {"Built", true, false}, {"Product", false, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct release_output *output = ADD(release->outputs, release->output_count);
	const struct field *built = stanza_find(stanza, "Built");
	output->line = stanza->line;
	output->product = copy_value(stanza, "Product");
	if (member_path_take(r, "Output", stanza->fields[0].value, stanza->line, true,
			     &output->shipped) == -1)
		return -1;
	return member_path_take(r, "Built", built->value, built->line, false,
				&output->built);
}

struct unbuilt_arg {
	struct reader *reader;
	const struct stanza *stanza;
};

static int
add_unbuilt(char *line, unsigned number, void *arg, struct err *err)
{
	const struct unbuilt_arg *unbuilt = arg;
	struct reader *r = unbuilt->reader;
	struct sha256 digest;
	char *path = line;
	const char *hash = word_next(&path);
	if (sha256_parse(hash, &digest) == -1)
		return FAIL(r, number,
			    "'Unbuilt: %s': not a SHA-256; each line is 64 hexadecimal "
			    "digits and a path",
			    hash);
	if (*path == '\0')
		return FAIL(r, number,
			    "'Unbuilt: %s': no path after the SHA-256; add it", hash);
	struct release_unbuilt *entry =
	    ADD(r->release->unbuilt, r->release->unbuilt_count);
	entry->sha256 = digest;
	entry->line = number;
	entry->reason = copy_value(unbuilt->stanza, "Reason");
	entry->product = copy_value(unbuilt->stanza, "Product");
	return member_path_take(r, "Unbuilt", path, number, false, &entry->path);
}

static int
read_unbuilt(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Unbuilt", true, true},
						  {"Reason", true, false},
						  {"Product", false, false}};
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct unbuilt_arg arg = {r, stanza};
	return field_each_line(&stanza->fields[0], add_unbuilt, &arg, r->err);
}

static int
read_exception(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Except", true, false},
						  {"Extent", true, false},
						  {"At-Most", true, false},
						  {"Reason", true, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct release_exception *exception =
	    ADD(release->exceptions, release->exception_count);
	const struct field *most = stanza_find(stanza, "At-Most");
	exception->line = stanza->line;
	exception->extent = copy_value(stanza, "Extent");
	exception->reason = copy_value(stanza, "Reason");
	if (describe_parse_number(most->value, &exception->most) == -1 ||
	    exception->most == 0)
		return FAIL(r, most->line,
			    "'At-Most: %s': not a number of bytes from 1 up",
			    most->value);
	return member_path_take(r, "Except", stanza->fields[0].value, stanza->line,
				true, &exception->path);
}

/* ---- trust ------------------------------------------------------------ */

static int
read_country(struct reader *r, const struct stanza *stanza, const char *name,
	     char **country)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return 0;
	const char *value = field->value;
	if (strlen(value) != 2 || !isalpha((unsigned char)value[0]) ||
	    !isalpha((unsigned char)value[1]))
		return FAIL(r, field->line,
			    "'%s: %s': not a country code of two letters such as 'CH'",
			    name, value);
	*country = base_format("%c%c", toupper((unsigned char)value[0]),
			       toupper((unsigned char)value[1]));
	return 0;
}

static int
read_fingerprint(struct reader *r, const struct field *field, const char *prefix,
		 struct sha256 *digest)
{
	size_t skip = strlen(prefix);
	if (strncmp(field->value, prefix, skip) != 0 ||
	    hex_decode(field->value + skip, true, digest->bytes, SHA256_SIZE) == -1)
		return FAIL(
		    r, field->line,
		    "'%s: %s': not %s%sthe SHA-256 of a certificate; openssl x509 "
		    "-fingerprint -sha256 prints it",
		    field->name, field->value, prefix, skip ? " and " : "");
	return 0;
}

/* The anchor's Purpose; what pins a signer says nothing of a timestamp. */
static int
read_purpose(struct reader *r, const struct stanza *stanza, struct release_trust *trust)
{
	static const char *const pins[] = {"Country", "Issuer-Country", "Subject",
					   "Signer"};
	const struct field *purpose = stanza_find(stanza, "Purpose");
	if (purpose == NULL)
		return 0;
	if (strcmp(purpose->value, "timestamps") != 0)
		return FAIL(r, purpose->line,
			    "'Purpose: %s': unknown; give 'timestamps', or remove the "
			    "field for an anchor of signatures",
			    purpose->value);
	trust->timestamps = true;
	for (size_t i = 0; i < ARRAY_COUNT(pins); i++) {
		const struct field *pin = stanza_find(stanza, pins[i]);
		if (pin != NULL)
			return FAIL(r, pin->line,
				    "'%s': has no effect on an anchor for timestamps; "
				    "remove it",
				    pin->name);
	}
	return 0;
}

static int
read_anchor(struct reader *r, const struct stanza *stanza, struct release_trust *trust)
{
	const struct field *certificate = stanza_find(stanza, "Certificate");
	const struct field *hash = stanza_find(stanza, "SHA256");
	if ((certificate == NULL) == (hash == NULL))
		return FAIL(r, stanza->line,
			    "'Trust: %s': %s; give one of Certificate and SHA256",
			    trust->name, hash ? "has two anchors" : "has no anchor");
	if (certificate != NULL) {
		if (file_name_check(r, certificate) == -1)
			return -1;
		trust->certificate = resolve(r, certificate->value);
		return 0;
	}
	trust->has_fingerprint = true;
	return read_fingerprint(r, hash, "", &trust->fingerprint);
}

static int
read_trust_name(struct reader *r, const struct field *field)
{
	const struct release *release = r->release;
	const char *name = field->value;
	for (size_t i = 0; name[i] != '\0'; i++) {
		if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL)
			return FAIL(r, field->line,
				    "'Trust: %s': a name has letters, digits, '.', '_' "
				    "and '-' only",
				    name);
	}
	for (size_t i = 0; i + 1 < release->trust_count; i++) {
		if (strcmp(release->trust[i].name, name) == 0)
			return FAIL(r, field->line,
				    "'Trust: %s': the name is taken on line %u; give "
				    "another",
				    name, release->trust[i].line);
	}
	return 0;
}

static int
read_trust(struct reader *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Trust", true, false},    {"Certificate", false, false},
	    {"SHA256", false, false},  {"Purpose", false, false},
	    {"Country", false, false}, {"Issuer-Country", false, false},
	    {"Subject", false, false}, {"Signer", false, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct release_trust *trust = ADD(release->trust, release->trust_count);
	trust->line = stanza->line;
	trust->name = base_strdup(stanza->fields[0].value);
	trust->subject = copy_value(stanza, "Subject");
	const struct field *signer = stanza_find(stanza, "Signer");
	if (read_trust_name(r, &stanza->fields[0]) == -1 ||
	    read_anchor(r, stanza, trust) == -1 ||
	    read_purpose(r, stanza, trust) == -1 ||
	    read_country(r, stanza, "Country", &trust->country) == -1 ||
	    read_country(r, stanza, "Issuer-Country", &trust->issuer_country) == -1)
		return -1;
	trust->has_signer = signer != NULL;
	return signer ? read_fingerprint(r, signer, "sha256:", &trust->signer) : 0;
}

/* ---- what must fit together ------------------------------------------- */

/* "at or inside": a/b is inside a, a//b too, everything is inside ".". */
static bool
key_is_inside(const char *inner, const char *outer)
{
	size_t length = strlen(outer);
	if (strcmp(outer, ".") == 0)
		return true;
	return strncmp(inner, outer, length) == 0 &&
	       (inner[length] == '\0' || inner[length] == '/');
}

/* A declared path, for finding two that are the same or one in the other. */
struct place {
	char *key;
	const char *path, *product;
	unsigned line;
};

static int
place_order(const void *one, const void *two)
{
	const struct place *a = one, *b = two;
	int order = strcmp(a->product, b->product);
	if (order == 0)
		order = strcmp(a->key, b->key);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

static int
place_clash(const struct reader *r, const struct place *a, const struct place *b)
{
	const struct place *later = a->line > b->line ? a : b;
	const struct place *earlier = a->line > b->line ? b : a;
	if (strcmp(a->key, b->key) == 0)
		return FAIL(r, later->line,
			    "'%s': declared on line %u already; remove one of them",
			    later->path, earlier->line);
	return FAIL(r, later->line,
		    "'%s': overlaps '%s' of line %u; declare every file once",
		    later->path, earlier->path, earlier->line);
}

/*
 * In byte order what lies inside a path need not follow it at once ("a", "a-b",
 * "a/c"): each path is looked for by its ancestors, which are few.
 */
static int
place_check(const struct reader *r, const struct place *places, size_t count, size_t i)
{
	struct place wanted = {.product = places[i].product};
	if (i > 0 && place_order(&(struct place){.key = places[i - 1].key,
						 .product = places[i - 1].product},
				 &(struct place){.key = places[i].key,
						 .product = places[i].product}) == 0)
		return place_clash(r, &places[i - 1], &places[i]);
	char *key = base_strdup(places[i].key);
	int result = 0;
	for (size_t length = strlen(key); result == 0 && length > 0; length--) {
		if (key[length] != '/')
			continue;
		key[length] = '\0';
		wanted.key = key;
		size_t low = 0, high = count;
		while (low < high) { /* first place not before the wanted one */
			size_t middle = low + (high - low) / 2;
			if (place_order(&places[middle], &wanted) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < count && strcmp(places[low].key, key) == 0 &&
		    strcmp(places[low].product, wanted.product) == 0)
			result = place_clash(r, &places[low], &places[i]);
	}
	free(key);
	return result;
}

static int
places_check(const struct reader *r)
{
	const struct release *release = r->release;
	size_t count = release->output_count + release->unbuilt_count;
	struct place *places = base_alloc(count + 1, sizeof(*places));
	int result = 0;
	for (size_t i = 0; i < count; i++) {
		struct place *place = &places[i];
		if (i < release->output_count) {
			const struct release_output *output = &release->outputs[i];
			*place = (struct place){NULL, output->shipped, output->product,
						output->line};
		} else {
			const struct release_unbuilt *unbuilt =
			    &release->unbuilt[i - release->output_count];
			*place = (struct place){NULL, unbuilt->path, unbuilt->product,
						unbuilt->line};
		}
		place->key = member_path_key(place->path);
		if (place->product == NULL)
			place->product = "";
	}
	for (size_t i = 0; i < release->output_count && result == 0; i++) {
		if (strcmp(places[i].key, ".") != 0)
			continue;
		for (size_t k = 0; k < count && result == 0; k++) {
			if (k != i && strcmp(places[i].product, places[k].product) == 0)
				result = place_clash(r, &places[i], &places[k]);
		}
	}
	qsort(places, count, sizeof(*places), place_order);
	for (size_t i = 0; i < count && result == 0; i++)
		result = place_check(r, places, count, i);
	for (size_t i = 0; i < count; i++)
		free(places[i].key);
	free(places);
	return result;
}

/* Fill in the only product, or hold the named one against the products. */
static int
product_check(const struct reader *r, char **product, unsigned line)
{
	const struct release *release = r->release;
	if (*product == NULL && release->product_count > 1)
		return FAIL(r, line,
			    "'Product': there are several products; say which one this "
			    "stanza is about");
	if (*product == NULL)
		*product = base_strdup(release->products[0].name);
	const char **names = base_alloc(release->product_count, sizeof(*names));
	bool found = false;
	for (size_t i = 0; i < release->product_count; i++) {
		names[i] = release->products[i].name;
		found = found || strcmp(names[i], *product) == 0;
	}
	if (!found) {
		char *hint = describe_suggest(*product, names, release->product_count,
					      3, "add a stanza for it");
		FAIL(r, line, "'Product: %s': there is no such Product stanza%s",
		     *product, hint);
		free(hint);
	}
	free(names);
	return found ? 0 : -1;
}

static int
products_check(const struct reader *r)
{
	struct release *release = r->release;
	if (release->product_count == 0)
		return FAIL(r, 1,
			    "'Product': no such stanza; add one for the file that "
			    "customers receive");
	if (release->output_count == 0)
		return FAIL(r, 1,
			    "'Output': no such stanza; add one for each shipped file "
			    "that the build makes");
	for (size_t i = 0; i < release->output_count; i++) {
		struct release_output *output = &release->outputs[i];
		if (product_check(r, &output->product, output->line) == -1)
			return -1;
	}
	for (size_t i = 0; i < release->unbuilt_count; i++) {
		struct release_unbuilt *unbuilt = &release->unbuilt[i];
		if (product_check(r, &unbuilt->product, unbuilt->line) == -1)
			return -1;
	}
	return places_check(r);
}

static int
exception_check(const struct reader *r, size_t index)
{
	const struct release *release = r->release;
	const struct release_exception *exception = &release->exceptions[index];
	char *key = member_path_key(exception->path);
	bool covered = false;
	int result = 0;
	for (size_t i = 0; i < release->output_count && !covered; i++) {
		char *output = member_path_key(release->outputs[i].shipped);
		covered = key_is_inside(key, output);
		free(output);
	}
	if (!covered)
		result =
		    FAIL(r, exception->line,
			 "'Except: %s': no Output has this path or holds it, so it "
			 "would never be used; correct the path or remove the stanza",
			 exception->path);
	for (size_t i = 0; i < index && result == 0; i++) {
		const struct release_exception *other = &release->exceptions[i];
		char *other_key = member_path_key(other->path);
		if (strcmp(key, other_key) == 0 &&
		    strcmp(exception->extent, other->extent) == 0)
			result =
			    FAIL(r, exception->line,
				 "'Except: %s': its extent '%s' is excepted on line "
				 "%u already; remove one of the stanzas",
				 exception->path, other->extent, other->line);
		free(other_key);
	}
	free(key);
	return result;
}

static int
signer_check(const struct reader *r, const char *signer)
{
	const struct release *release = r->release;
	const char **names = base_alloc(release->trust_count + 1, sizeof(*names));
	int result = -1;
	for (size_t i = 0; i < release->trust_count; i++) {
		names[i] = release->trust[i].name;
		if (strcmp(names[i], signer) != 0)
			continue;
		result = 0;
		if (release->trust[i].timestamps)
			result =
			    FAIL(r, r->signers->line,
				 "'Signers': '%s' is an anchor for timestamps (line "
				 "%u) and cannot sign; remove it here",
				 signer, release->trust[i].line);
		goto out;
	}
	char *hint = describe_suggest(signer, names, release->trust_count, 3,
				      "add a Trust stanza of this name");
	FAIL(r, r->signers->line, "'Signers': '%s' is the name of no Trust stanza%s",
	     signer, hint);
	free(hint);
out:
	free(names);
	return result;
}

static int
trust_check(const struct reader *r)
{
	const struct release *release = r->release;
	for (size_t i = 0; i < release->signers.count; i++) {
		if (signer_check(r, release->signers.items[i]) == -1)
			return -1;
	}
	for (size_t i = 0; i < release->trust_count; i++) {
		const struct release_trust *trust = &release->trust[i];
		if (!trust->timestamps && !strings_have(&release->signers, trust->name))
			return FAIL(
			    r, trust->line,
			    "'Trust: %s': nothing uses it; name it in Signers, or "
			    "remove the stanza",
			    trust->name);
	}
	return 0;
}

static int
build_check(const struct reader *r)
{
	const struct release *release = r->release;
	if (r->steps != NULL && release->toolchain == NULL)
		return FAIL(
		    r, r->steps->line,
		    "'Build': there is no toolchain to build with; add the field "
		    "'Toolchain' to the first stanza");
	if (r->steps == NULL && release->toolchain != NULL)
		return FAIL(
		    r, 1,
		    "'Build': no such stanza, but a toolchain; add the steps, or "
		    "remove the field 'Toolchain'");
	if (r->steps != NULL && release->source_count == 0)
		return FAIL(
		    r, r->steps->line,
		    "'Build': there is no source to build; add a Source stanza");
	return 0;
}

static int
release_check(const struct reader *r)
{
	if (products_check(r) == -1 || build_check(r) == -1)
		return -1;
	for (size_t i = 0; i < r->release->exception_count; i++) {
		if (exception_check(r, i) == -1)
			return -1;
	}
	return trust_check(r);
}

/* ---- the whole file --------------------------------------------------- */

static int
read_stanza(struct reader *r, const struct stanza *stanza)
{
	static const struct {
		const char *name;
		int (*read)(struct reader *r, const struct stanza *stanza);
	} kinds[] = {
	    {"Product", read_product}, {"Source", read_source},
	    {"Build", read_build},     {"Output", read_output},
	    {"Unbuilt", read_unbuilt}, {"Except", read_exception},
	    {"Trust", read_trust},
	};
	const char *names[ARRAY_COUNT(kinds)];
	const char *first = stanza->fields[0].name;
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		names[i] = kinds[i].name;
		if (strcasecmp(first, names[i]) == 0)
			return kinds[i].read(r, stanza);
	}
	char *hint =
	    describe_suggest(first, names, ARRAY_COUNT(names), 2,
			     "the first field is one of Product, Source, Build, "
			     "Output, Unbuilt, Except, Trust");
	FAIL(r, stanza->line, "'%s': not a kind of stanza%s", first, hint);
	free(hint);
	return -1;
}

int
release_read(const char *path, struct release **release, struct err *err)
{
	struct deb822 *file = NULL;
	if (description_read(path, "verify-release 1", &file, err) == -1)
		return -1;
	struct reader r = {.release = base_alloc(1, sizeof(*r.release)),
			   .path = path,
			   .folder = path_dir(path),
			   .err = err};
	r.release->path = base_strdup(path);
	r.release->identity = file->sha256;
	int result = read_first(&r, &file->stanzas[0]);
	for (size_t i = 1; i < file->count && result == 0; i++)
		result = read_stanza(&r, &file->stanzas[i]);
	if (result == 0)
		result = release_check(&r);
	free(r.folder);
	deb822_free(file);
	if (result == -1) {
		release_free(r.release);
		return -1;
	}
	*release = r.release;
	return 0;
}

static void
release_file_free(struct release_file *file)
{
	free(file->path);
	free(file->name);
}

/* The parts that say what is compared. */
static void
comparison_free(struct release *release)
{
	for (size_t i = 0; i < release->output_count; i++) {
		free(release->outputs[i].shipped);
		free(release->outputs[i].built);
		free(release->outputs[i].product);
	}
	for (size_t i = 0; i < release->unbuilt_count; i++) {
		free(release->unbuilt[i].path);
		free(release->unbuilt[i].reason);
		free(release->unbuilt[i].product);
	}
	for (size_t i = 0; i < release->exception_count; i++) {
		free(release->exceptions[i].path);
		free(release->exceptions[i].extent);
		free(release->exceptions[i].reason);
	}
	free(release->outputs);
	free(release->unbuilt);
	free(release->exceptions);
}

void
release_free(struct release *release)
{
	if (release == NULL)
		return;
	for (size_t i = 0; i < release->product_count; i++)
		release_file_free(&release->products[i]);
	for (size_t i = 0; i < release->source_count; i++) {
		release_file_free(&release->sources[i].file);
		free(release->sources[i].unpack);
		free(release->sources[i].signature);
		free(release->sources[i].keyring);
		free(release->sources[i].signer);
	}
	for (size_t i = 0; i < release->step_count; i++)
		free(release->steps[i]);
	for (size_t i = 0; i < release->trust_count; i++) {
		free(release->trust[i].name);
		free(release->trust[i].certificate);
		free(release->trust[i].country);
		free(release->trust[i].issuer_country);
		free(release->trust[i].subject);
	}
	comparison_free(release);
	free(release->products);
	free(release->sources);
	free(release->steps);
	free(release->trust);
	strings_free(&release->signers);
	free(release->toolchain);
	free(release->path);
	free(release->name);
	free(release->version);
	free(release);
}
