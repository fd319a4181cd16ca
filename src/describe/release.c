/* Release descriptions: verify-release(5). */
#include "describe/describe_private.h"

#include <ctype.h>
#include <strings.h>

/* ---- values ----------------------------------------------------------- */

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
member_path_take(const struct reading *r, const char *name, const char *value,
		 unsigned line, bool whole, char **path)
{
	if (!(whole && strcmp(value, ".") == 0) && !member_path_ok(value))
		return READING_FAIL(
		    r, line,
		    "'%s: %s': not a member path; write it as 'verify list' "
		    "shows it, without a leading '/' and without '..'",
		    name, value);
	*path = base_strdup(value);
	return 0;
}

/* ---- the first stanza ------------------------------------------------- */

static int
read_first(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Format", true, false},
						  {"Name", true, false},
						  {"Version", true, false},
						  {"Toolchain", false, false},
						  {"Toolchain-SHA256", false, false},
						  POLICY_FIELDS};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	release->name = reading_copy(stanza, "Name");
	release->version = reading_copy(stanza, "Version");
	const struct field *toolchain = stanza_find(stanza, "Toolchain");
	const struct field *hash = stanza_find(stanza, "Toolchain-SHA256");
	if (toolchain != NULL) {
		if (reading_check_file(r, toolchain) == -1)
			return -1;
		release->toolchain = reading_resolve(r, toolchain->value);
	}
	if (hash != NULL) {
		if (toolchain == NULL)
			return READING_FAIL(
			    r, hash->line,
			    "'Toolchain-SHA256': there is no Toolchain that it "
			    "could pin; add the field 'Toolchain'");
		if (stanza_sha256(r->path, stanza, "Toolchain-SHA256",
				  &release->toolchain_sha256, r->err) == -1)
			return -1;
		release->has_toolchain_sha256 = true;
	}
	return policy_read_first(r, stanza);
}

/* ---- products and sources --------------------------------------------- */

/* The stanza's first field names a file, its SHA256 field pins it. */
static int
read_file(struct reading *r, const struct stanza *stanza, struct release_file *file)
{
	const struct field *name = &stanza->fields[0];
	if (reading_check_file(r, name) == -1 ||
	    stanza_sha256(r->path, stanza, "SHA256", &file->sha256, r->err) == -1)
		return -1;
	file->name = base_strdup(name->value);
	file->path = reading_resolve(r, name->value);
	file->line = name->line;
	return 0;
}

static int
read_product(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Product", true, false},
						  {"SHA256", true, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	for (size_t i = 0; i < release->product_count; i++) {
		const struct release_file *other = &release->products[i];
		if (strcmp(other->name, stanza->fields[0].value) == 0)
			return READING_FAIL(
			    r, stanza->line,
			    "'Product: %s': stands on line %u already; remove one "
			    "of the stanzas",
			    other->name, other->line);
	}
	return read_file(r, stanza,
			 ARRAY_ADD(release->products, release->product_count));
}

static int
read_source_signature(struct reading *r, const struct stanza *stanza,
		      struct release_source *source)
{
	const struct field *signature = stanza_find(stanza, "Signature");
	const struct field *keyring = stanza_find(stanza, "Keyring");
	const struct field *signer = stanza_find(stanza, "Signer");
	if (signature == NULL && keyring == NULL && signer == NULL)
		return 0;
	if (keyring == NULL || signer == NULL)
		return READING_FAIL(
		    r, stanza->line,
		    "'Source: %s': Keyring and Signer are both needed to check a "
		    "signature; add '%s'",
		    source->file.name, keyring == NULL ? "Keyring" : "Signer");
	if (signature == NULL)
		return READING_FAIL(
		    r, stanza->line,
		    "'Source: %s': has Keyring and Signer, but no Signature; name "
		    "its file, or the source itself when that is clear-signed",
		    source->file.name);
	if (reading_check_file(r, signature) == -1 ||
	    reading_check_file(r, keyring) == -1)
		return -1;
	source->signature = reading_resolve(r, signature->value);
	source->keyring = reading_resolve(r, keyring->value);
	return reading_openpgp(r, signer, &source->signer);
}

static int
read_source(struct reading *r, const struct stanza *stanza)
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
			return READING_FAIL(
			    r, stanza->line,
			    "'Source: %s': has the same file name as the source "
			    "on line %u; both would be put in one place",
			    stanza->fields[0].value, other->line);
	}
	struct release_source *source =
	    ARRAY_ADD(release->sources, release->source_count);
	if (read_file(r, stanza, &source->file) == -1)
		return -1;
	const struct field *unpack = stanza_find(stanza, "Unpack");
	if (unpack != NULL && !path_is_plain(unpack->value))
		return READING_FAIL(
		    r, unpack->line,
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
read_build(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Build", true, true}};
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	if (r->steps != NULL)
		return READING_FAIL(
		    r, stanza->line,
		    "'Build': there is one on line %u already; write all steps "
		    "into one stanza",
		    r->steps->line);
	r->steps = &stanza->fields[0];
	return field_each_line(r->steps, add_step, r->release, r->err);
}

/* ---- outputs, unbuilt files, exceptions ------------------------------- */

static int
read_output(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {
	    {"Output", true, false}, {"Built", true, false}, {"Product", false, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct release_output *output =
	    ARRAY_ADD(release->outputs, release->output_count);
	const struct field *built = stanza_find(stanza, "Built");
	output->line = stanza->line;
	output->product = reading_copy(stanza, "Product");
	if (member_path_take(r, "Output", stanza->fields[0].value, stanza->line, true,
			     &output->shipped) == -1)
		return -1;
	return member_path_take(r, "Built", built->value, built->line, false,
				&output->built);
}

struct unbuilt_arg {
	struct reading *reader;
	const struct stanza *stanza;
};

static int
add_unbuilt(char *line, unsigned number, void *arg, struct err *err)
{
	const struct unbuilt_arg *unbuilt = arg;
	struct reading *r = unbuilt->reader;
	struct sha256 digest;
	char *path = line;
	const char *hash = word_next(&path);
	if (sha256_parse(hash, &digest) == -1)
		return READING_FAIL(
		    r, number,
		    "'Unbuilt: %s': not a SHA-256; each line is 64 hexadecimal "
		    "digits and a path",
		    hash);
	if (*path == '\0')
		return READING_FAIL(r, number,
				    "'Unbuilt: %s': no path after the SHA-256; add it",
				    hash);
	struct release_unbuilt *entry =
	    ARRAY_ADD(r->release->unbuilt, r->release->unbuilt_count);
	entry->sha256 = digest;
	entry->line = number;
	entry->reason = reading_copy(unbuilt->stanza, "Reason");
	entry->product = reading_copy(unbuilt->stanza, "Product");
	return member_path_take(r, "Unbuilt", path, number, false, &entry->path);
}

static int
read_unbuilt(struct reading *r, const struct stanza *stanza)
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
read_exception(struct reading *r, const struct stanza *stanza)
{
	static const struct field_rule rules[] = {{"Except", true, false},
						  {"Extent", true, false},
						  {"At-Most", true, false},
						  {"Reason", true, false}};
	struct release *release = r->release;
	if (stanza_check(r->path, stanza, rules, ARRAY_COUNT(rules), r->err) == -1)
		return -1;
	struct release_exception *exception =
	    ARRAY_ADD(release->exceptions, release->exception_count);
	const struct field *most = stanza_find(stanza, "At-Most");
	exception->line = stanza->line;
	exception->extent = reading_copy(stanza, "Extent");
	exception->reason = reading_copy(stanza, "Reason");
	if (describe_parse_number(most->value, &exception->most) == -1 ||
	    exception->most == 0)
		return READING_FAIL(r, most->line,
				    "'At-Most: %s': not a number of bytes from 1 up",
				    most->value);
	return member_path_take(r, "Except", stanza->fields[0].value, stanza->line,
				true, &exception->path);
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
place_clash(const struct reading *r, const struct place *a, const struct place *b)
{
	const struct place *later = a->line > b->line ? a : b;
	const struct place *earlier = a->line > b->line ? b : a;
	if (strcmp(a->key, b->key) == 0)
		return READING_FAIL(
		    r, later->line,
		    "'%s': declared on line %u already; remove one of them",
		    later->path, earlier->line);
	return READING_FAIL(r, later->line,
			    "'%s': overlaps '%s' of line %u; declare every file once",
			    later->path, earlier->path, earlier->line);
}

/*
 * In byte order what lies inside a path need not follow it at once ("a", "a-b",
 * "a/c"): each path is looked for by its ancestors, which are few.
 */
static int
place_check(const struct reading *r, const struct place *places, size_t count, size_t i)
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
places_check(const struct reading *r)
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
product_check(const struct reading *r, char **product, unsigned line)
{
	const struct release *release = r->release;
	if (*product == NULL && release->product_count > 1)
		return READING_FAIL(
		    r, line,
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
		READING_FAIL(r, line,
			     "'Product: %s': there is no such Product stanza%s",
			     *product, hint);
		free(hint);
	}
	free(names);
	return found ? 0 : -1;
}

static int
products_check(const struct reading *r)
{
	struct release *release = r->release;
	if (release->product_count == 0)
		return READING_FAIL(
		    r, 1,
		    "'Product': no such stanza; add one for the file that "
		    "customers receive");
	if (release->output_count == 0)
		return READING_FAIL(
		    r, 1,
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
exception_check(const struct reading *r, size_t index)
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
		result = READING_FAIL(
		    r, exception->line,
		    "'Except: %s': no Output has this path or holds it, so it "
		    "would never be used; correct the path or remove the stanza",
		    exception->path);
	for (size_t i = 0; i < index && result == 0; i++) {
		const struct release_exception *other = &release->exceptions[i];
		char *other_key = member_path_key(other->path);
		if (strcmp(key, other_key) == 0 &&
		    strcmp(exception->extent, other->extent) == 0)
			result = READING_FAIL(
			    r, exception->line,
			    "'Except: %s': its extent '%s' is excepted on line "
			    "%u already; remove one of the stanzas",
			    exception->path, other->extent, other->line);
		free(other_key);
	}
	free(key);
	return result;
}

static int
build_check(const struct reading *r)
{
	const struct release *release = r->release;
	if (r->steps != NULL && release->toolchain == NULL)
		return READING_FAIL(
		    r, r->steps->line,
		    "'Build': there is no toolchain to build with; add the field "
		    "'Toolchain' to the first stanza");
	if (r->steps == NULL && release->toolchain != NULL)
		return READING_FAIL(
		    r, 1,
		    "'Build': no such stanza, but a toolchain; add the steps, or "
		    "remove the field 'Toolchain'");
	if (r->steps != NULL && release->source_count == 0)
		return READING_FAIL(
		    r, r->steps->line,
		    "'Build': there is no source to build; add a Source stanza");
	return 0;
}

static int
release_check(const struct reading *r)
{
	if (products_check(r) == -1 || build_check(r) == -1)
		return -1;
	for (size_t i = 0; i < r->release->exception_count; i++) {
		if (exception_check(r, i) == -1)
			return -1;
	}
	return policy_check(r);
}

/* ---- the whole file --------------------------------------------------- */

static int
read_stanza(struct reading *r, const struct stanza *stanza)
{
	static const struct {
		const char *name;
		int (*read)(struct reading *r, const struct stanza *stanza);
	} kinds[] = {
	    {"Product", read_product},    {"Source", read_source},
	    {"Build", read_build},        {"Output", read_output},
	    {"Unbuilt", read_unbuilt},    {"Except", read_exception},
	    {"Trust", policy_read_trust},
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
	READING_FAIL(r, stanza->line, "'%s': not a kind of stanza%s", first, hint);
	free(hint);
	return -1;
}

int
release_read(const char *path, struct release **release, struct err *err)
{
	struct deb822 *file = NULL;
	if (description_read(path, "verify-release 1", &file, err) == -1)
		return -1;
	struct reading r = {.release = base_alloc(1, sizeof(*r.release)),
			    .path = path,
			    .folder = path_dir(path),
			    .err = err};
	r.policy = &r.release->policy;
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
	comparison_free(release);
	free(release->products);
	free(release->sources);
	free(release->steps);
	policy_clear(&release->policy);
	free(release->toolchain);
	free(release->path);
	free(release->name);
	free(release->version);
	free(release);
}
