/* Toolchain descriptions: verify-toolchain(5). */
#include "describe/describe_private.h"

#include <ctype.h>

#define GIBIBYTE ((uint64_t)1 << 30)
#define MEBIBYTE ((uint64_t)1 << 20)

struct reader {
	struct toolchain *toolchain;
	const char *path;
	const struct stanza *stanza;
	struct err *err;
};

#define FAIL(r, line, ...) describe_fail((r)->err, (r)->path, line, __VA_ARGS__)

static const char *const root_kinds[] = {"debian", "tar", "directory", "host"};

const char *
root_kind_name(enum root_kind kind)
{
	return root_kinds[kind];
}

struct toolchain *
toolchain_new(void)
{
	struct toolchain *toolchain = base_alloc(1, sizeof(*toolchain));
	toolchain->build_path = base_strdup("/build");
	toolchain->hostname = base_strdup("verify");
	toolchain->user = base_strdup("builder");
	toolchain->umask = 022;
	toolchain->locale = base_strdup("C.UTF-8");
	toolchain->timezone = base_strdup("UTC");
	toolchain->cpus = 1;
	toolchain->limits = (struct limits){.wall_seconds = 3600,
					    .memory = 8 * GIBIBYTE,
					    .processes = 4096,
					    .disk = 20 * GIBIBYTE,
					    .log = 64 * MEBIBYTE};
	return toolchain;
}

/* ---- words ------------------------------------------------------------ */

/* Only letters, digits and the marks given, the first not one of the marks but
 * `first`, and at most `most` of them. */
static bool
word_ok(const char *word, const char *marks, const char *first, size_t most)
{
	size_t length = strlen(word);
	if (length == 0 || length > most)
		return false;
	if (!isalnum((unsigned char)*word) && strchr(first, *word) == NULL)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)word[i]) && strchr(marks, word[i]) == NULL)
			return false;
	}
	return true;
}

static bool
lower_ok(const char *word)
{
	for (; *word != '\0'; word++) {
		if (isupper((unsigned char)*word))
			return false;
	}
	return true;
}

static bool
hostname_ok(const char *word)
{
	return word_ok(word, ".-", "", 64);
}

static bool
user_ok(const char *word)
{
	return word_ok(word, "_-", "_", 32) && lower_ok(word) &&
	       !isdigit((unsigned char)*word);
}

static bool
locale_ok(const char *word)
{
	return word_ok(word, "_.@-", "", 64);
}

/* The name of a file below the zone information, or a POSIX rule such as UTC0. */
static bool
timezone_ok(const char *word)
{
	return word_ok(word, "_+-/", "", 64);
}

static bool
architecture_ok(const char *word)
{
	return word_ok(word, "-", "", 32) && lower_ok(word);
}

static bool
suite_ok(const char *word)
{
	return word_ok(word, ".-/", "", 64);
}

static bool
any_text_ok(const char *word)
{
	return *word != '\0';
}

static bool
build_path_ok(const char *path)
{
	static const char *const taken[] = {"dev", "proc", "sys"};
	if (*path != '/' || !path_is_plain(path + 1))
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
		size_t length = strlen(taken[i]);
		if (strncmp(path + 1, taken[i], length) == 0 &&
		    (path[1 + length] == '\0' || path[1 + length] == '/'))
			return false;
	}
	return true;
}

/* Take a field of one word, keeping the default when it is not there. */
static int
take_word(struct reader *r, const char *name, bool (*ok)(const char *word),
	  const char *wanted, char **word)
{
	const struct field *field = stanza_find(r->stanza, name);
	if (field == NULL)
		return 0;
	if (!ok(field->value))
		return FAIL(r, field->line, "'%s: %s': not %s", name, field->value,
			    wanted);
	free(*word);
	*word = base_strdup(field->value);
	return 0;
}

static int
take_number(struct reader *r, const char *name, uint64_t least, uint64_t most,
	    uint64_t *number)
{
	const struct field *field = stanza_find(r->stanza, name);
	uint64_t value;
	if (field == NULL)
		return 0;
	if (describe_parse_number(field->value, &value) == -1 || value < least ||
	    value > most)
		return FAIL(r, field->line,
			    "'%s: %s': not a whole number from %ju to %ju", name,
			    field->value, (uintmax_t)least, (uintmax_t)most);
	*number = value;
	return 0;
}

/* ---- what roots are made of ------------------------------------------- */

static int
package_fail(const struct reader *r, unsigned line, const char *word, const char *what)
{
	return FAIL(r, line,
		    "'Packages': '%s' is not %s; each line is '<sha256> <size> <name> "
		    "<version> <architecture>'",
		    word ? word : "", what);
}

/* Names and versions as Policy 5.6.1, 5.6.12 have them: safe on a command line. */
static int
add_package(char *line, unsigned number, void *arg, struct err *err)
{
	const struct reader *r = arg;
	struct toolchain *toolchain = r->toolchain;
	struct toolchain_package package = {.line = number};
	char *rest = line;
	const char *hash = word_next(&rest), *size = word_next(&rest);
	const char *name = word_next(&rest), *version = word_next(&rest);
	const char *architecture = word_next(&rest);
	if (sha256_parse(hash, &package.sha256) == -1)
		return package_fail(r, number, hash, "a SHA-256");
	if (size == NULL || describe_parse_number(size, &package.size) == -1 ||
	    package.size == 0)
		return package_fail(r, number, size, "a size in bytes");
	if (name == NULL || !word_ok(name, "+.-", "", 128) || !lower_ok(name))
		return package_fail(r, number, name, "the name of a package");
	if (version == NULL || !word_ok(version, "+.~:-", "", 128))
		return package_fail(r, number, version, "a version");
	if (architecture == NULL || !architecture_ok(architecture))
		return package_fail(r, number, architecture, "an architecture");
	if (*rest != '\0')
		return package_fail(r, number, rest, "expected at the end");
	package.name = base_strdup(name);
	package.version = base_strdup(version);
	package.architecture = base_strdup(architecture);
	toolchain->packages =
	    base_realloc(toolchain->packages, toolchain->package_count + 1,
			 sizeof(*toolchain->packages));
	toolchain->packages[toolchain->package_count++] = package;
	return 0;
}

static int
package_order(const void *one, const void *two)
{
	const struct toolchain_package *a =
	    *(const struct toolchain_package *const *)one;
	const struct toolchain_package *b =
	    *(const struct toolchain_package *const *)two;
	int order = strcmp(a->name, b->name);
	if (order == 0)
		order = strcmp(a->architecture, b->architecture);
	return order ? order : (a->line > b->line) - (a->line < b->line);
}

/* Two versions of one package cannot be in one root. */
static int
packages_check(const struct reader *r)
{
	const struct toolchain *toolchain = r->toolchain;
	const struct toolchain_package **sorted =
	    base_alloc(toolchain->package_count + 1, sizeof(const void *));
	int result = 0;
	for (size_t i = 0; i < toolchain->package_count; i++)
		sorted[i] = &toolchain->packages[i];
	qsort(sorted, toolchain->package_count, sizeof(const void *), package_order);
	for (size_t i = 1; i < toolchain->package_count && result == 0; i++) {
		const struct toolchain_package *a = sorted[i - 1], *b = sorted[i];
		if (strcmp(a->name, b->name) == 0 &&
		    strcmp(a->architecture, b->architecture) == 0)
			result = FAIL(r, b->line,
				      "'Packages': %s of %s stands on line %u already; "
				      "remove one of the lines",
				      b->name, b->architecture, a->line);
	}
	free(sorted);
	return result;
}

static int
file_fail(const struct reader *r, unsigned line, const char *word, const char *what)
{
	return FAIL(r, line,
		    "'Files': '%s' is not %s; each line is '<sha256> <mode> <path>' or "
		    "'- 0777 <path> -> <target>'",
		    word ? word : "", what);
}

/* Shown text to real bytes without a NUL: the caller frees; NULL when it is not. */
static char *
unshown(const char *shown)
{
	struct buf raw = {0};
	if (text_unshow(shown, &raw) == 0 && strlen(raw.data) == raw.size)
		return buf_take(&raw);
	buf_free(&raw);
	return NULL;
}

static int
add_file(char *line, unsigned number, void *arg, struct err *err)
{
	static const char arrow[] = " -> ";
	const struct reader *r = arg;
	struct toolchain *toolchain = r->toolchain;
	char *path = line;
	const char *hash = word_next(&path), *mode = word_next(&path);
	bool link = strcmp(hash, "-") == 0;
	toolchain->files = base_realloc(toolchain->files, toolchain->file_count + 1,
					sizeof(*toolchain->files));
	struct toolchain_file *file = &toolchain->files[toolchain->file_count++];
	*file = (struct toolchain_file){0};
	if (!link && sha256_parse(hash, &file->sha256) == -1)
		return file_fail(r, number, hash, "a SHA-256");
	if (mode == NULL || strlen(mode) != 4 || strspn(mode, "01234567") != 4)
		return file_fail(r, number, mode, "a mode of four octal digits");
	file->mode = (uint32_t)strtoul(mode, NULL, 8);
	if (link) {
		char *target = strstr(path, arrow);
		if (target == NULL)
			return file_fail(r, number, path, "a link with its target");
		*target = '\0';
		file->target = unshown(target + strlen(arrow));
		if (file->target == NULL || *file->target == '\0')
			return file_fail(r, number, target + strlen(arrow), "a target");
	}
	file->path = unshown(path);
	if (file->path == NULL || *file->path != '/' || !path_is_plain(file->path + 1))
		return file_fail(r, number, path, "an absolute path without '..'");
	return 0;
}

static int
file_order(const void *one, const void *two)
{
	return strcmp(*(const char *const *)one, *(const char *const *)two);
}

static int
files_check(const struct reader *r)
{
	const struct toolchain *toolchain = r->toolchain;
	const char **paths = base_alloc(toolchain->file_count + 1, sizeof(*paths));
	int result = 0;
	for (size_t i = 0; i < toolchain->file_count; i++)
		paths[i] = toolchain->files[i].path;
	qsort(paths, toolchain->file_count, sizeof(*paths), file_order);
	for (size_t i = 1; i < toolchain->file_count && result == 0; i++) {
		if (strcmp(paths[i - 1], paths[i]) == 0)
			result = FAIL(r, stanza_find(r->stanza, "Files")->line,
				      "'Files': '%s' stands there twice; remove one of "
				      "the lines",
				      paths[i]);
	}
	free(paths);
	return result;
}

/* Which kinds of root a field belongs to, and which cannot do without it. */
static int
root_fields_check(const struct reader *r)
{
	static const struct {
		const char *name;
		enum root_kind kind;
		bool needed;
	} fields[] = {
	    {"Suite", ROOT_DEBIAN, true},     {"Origin", ROOT_DEBIAN, false},
	    {"Packages", ROOT_DEBIAN, true},  {"Source-Date-Epoch", ROOT_DEBIAN, false},
	    {"Root-File", ROOT_TAR, true},    {"Root-File-SHA256", ROOT_TAR, true},
	    {"Root-Path", ROOT_FOLDER, true}, {"Files", ROOT_HOST, true},
	};
	enum root_kind kind = r->toolchain->kind;
	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		const struct field *field = stanza_find(r->stanza, fields[i].name);
		if (field != NULL && fields[i].kind != kind)
			return FAIL(r, field->line,
				    "'%s': belongs to 'Root: %s', not to 'Root: %s'; "
				    "remove it",
				    field->name, root_kind_name(fields[i].kind),
				    root_kind_name(kind));
		if (field == NULL && fields[i].needed && fields[i].kind == kind)
			return FAIL(r, stanza_find(r->stanza, "Root")->line,
				    "'Root: %s': the field '%s' is missing; add it",
				    root_kind_name(kind), fields[i].name);
	}
	return 0;
}

static int
take_root_kind(struct reader *r)
{
	const struct field *field = stanza_find(r->stanza, "Root");
	for (size_t i = 0; i < ARRAY_COUNT(root_kinds); i++) {
		if (strcmp(field->value, root_kinds[i]) == 0) {
			r->toolchain->kind = (enum root_kind)i;
			return root_fields_check(r);
		}
	}
	char *hint = describe_suggest(field->value, root_kinds, ARRAY_COUNT(root_kinds),
				      2, "give debian, tar, directory or host");
	FAIL(r, field->line, "'Root: %s': unknown%s", field->value, hint);
	free(hint);
	return -1;
}

static int
take_root(struct reader *r)
{
	struct toolchain *toolchain = r->toolchain;
	const struct stanza *stanza = r->stanza;
	const struct field *packages = stanza_find(stanza, "Packages");
	const struct field *files = stanza_find(stanza, "Files");
	const char *path = stanza_value(stanza, "Root-File");
	uint64_t epoch = 0;
	if (take_root_kind(r) == -1 ||
	    take_word(r, "Suite", suite_ok, "the code name of a release",
		      &toolchain->suite) == -1 ||
	    take_word(r, "Origin", any_text_ok, "a text", &toolchain->mirror_note) ==
		-1 ||
	    take_number(r, "Source-Date-Epoch", 0, INT32_MAX, &epoch) == -1)
		return -1;
	toolchain->source_date_epoch = (int64_t)epoch;
	if (path == NULL)
		path = stanza_value(stanza, "Root-Path");
	if (path != NULL) {
		char *folder = path_dir(r->path);
		toolchain->root_path = path_join(folder, path);
		free(folder);
	}
	toolchain->has_root_file_sha256 =
	    stanza_find(stanza, "Root-File-SHA256") != NULL;
	if (toolchain->has_root_file_sha256 &&
	    stanza_sha256(r->path, stanza, "Root-File-SHA256",
			  &toolchain->root_file_sha256, r->err) == -1)
		return -1;
	toolchain->has_root_sha256 = stanza_find(stanza, "Root-SHA256") != NULL;
	if (toolchain->has_root_sha256 &&
	    stanza_sha256(r->path, stanza, "Root-SHA256", &toolchain->root_sha256,
			  r->err) == -1)
		return -1;
	if (packages != NULL &&
	    (field_each_line(packages, add_package, r, r->err) == -1 ||
	     packages_check(r) == -1))
		return -1;
	if (files != NULL &&
	    (field_each_line(files, add_file, r, r->err) == -1 || files_check(r) == -1))
		return -1;
	return 0;
}

/* ---- the environment -------------------------------------------------- */

static int
take_umask(struct reader *r)
{
	const struct field *field = stanza_find(r->stanza, "Umask");
	if (field == NULL)
		return 0;
	size_t length = strlen(field->value);
	unsigned long mask = strtoul(field->value, NULL, 8);
	if ((length != 3 && length != 4) ||
	    strspn(field->value, "01234567") != length || mask > 0777)
		return FAIL(r, field->line,
			    "'Umask: %s': not three octal digits such as 022",
			    field->value);
	r->toolchain->umask = (uint32_t)mask;
	return 0;
}

static int
take_only(struct reader *r, const char *name, const char *only, const char *why)
{
	const struct field *field = stanza_find(r->stanza, name);
	if (field == NULL || strcmp(field->value, only) == 0)
		return 0;
	return FAIL(r, field->line, "'%s: %s': %s; write '%s: %s' or remove the field",
		    name, field->value, why, name, only);
}

static bool
variable_name_ok(const char *name, size_t length)
{
	if (length == 0 || isdigit((unsigned char)*name))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return false;
	}
	return true;
}

static int
add_variable(char *line, unsigned number, void *arg, struct err *err)
{
	static const struct {
		const char *name, *field;
	} taken[] = {{"USER", "User"},     {"LOGNAME", "User"}, {"HOME", "User"},
		     {"LC_ALL", "Locale"}, {"LANG", "Locale"},  {"TZ", "Timezone"}};
	const struct reader *r = arg;
	struct strings *environment = &r->toolchain->environment;
	size_t length = strcspn(line, "=");
	if (line[length] == '\0' || !variable_name_ok(line, length))
		return FAIL(r, number, "'Environment': '%s' is not KEY=value", line);
	for (size_t i = 0; i < ARRAY_COUNT(taken); i++) {
		if (strlen(taken[i].name) == length &&
		    strncmp(line, taken[i].name, length) == 0)
			return FAIL(
			    r, number,
			    "'Environment': %s follows from the field '%s'; set "
			    "that one and remove this line",
			    taken[i].name, taken[i].field);
	}
	for (size_t i = 0; i < environment->count; i++) {
		if (strncmp(environment->items[i], line, length + 1) == 0)
			return FAIL(r, number,
				    "'Environment': '%.*s' is set twice; remove one of "
				    "the lines",
				    (int)length, line);
	}
	strings_add(environment, line);
	return 0;
}

static int
take_limit(struct reader *r, const struct field *field, const char *part,
	   unsigned *seen)
{
	struct limits *limits = &r->toolchain->limits;
	static const char *const names[] = {"wall", "memory", "processes", "disk",
					    "log"};
	uint64_t *const values[] = {&limits->wall_seconds, &limits->memory,
				    &limits->processes, &limits->disk, &limits->log};
	char *copy = base_strdup(part), *rest = copy;
	const char *name = word_next(&rest), *value = word_next(&rest);
	int result = -1;
	size_t i = 0;
	while (i < ARRAY_COUNT(names) && (name == NULL || strcmp(name, names[i]) != 0))
		i++;
	if (i == ARRAY_COUNT(names)) {
		char *hint =
		    describe_suggest(name ? name : "", names, ARRAY_COUNT(names), 2,
				     "known: wall, memory, processes, disk, log");
		FAIL(r, field->line, "'Limits': '%s' is not a limit%s",
		     name ? name : "", hint);
		free(hint);
	} else if (*seen & 1U << i) {
		FAIL(r, field->line, "'Limits': '%s' is given twice; remove one", name);
	} else if (value == NULL || *rest != '\0' ||
		   (i == 0 ? describe_parse_duration(value, values[i])
			   : describe_parse_size(value, values[i])) == -1) {
		FAIL(r, field->line, "'Limits: %s': not a %s such as '%s %s'", part,
		     i == 0 ? "time" : "number", name, i == 0 ? "90m" : "4G");
	} else {
		*seen |= 1U << i;
		result = 0;
	}
	free(copy);
	return result;
}

static int
take_limits(struct reader *r)
{
	const struct field *field = stanza_find(r->stanza, "Limits");
	unsigned seen = 0;
	if (field == NULL)
		return 0;
	for (const char *at = field->value;;) {
		size_t length = strcspn(at, ",");
		char *part = base_strndup(
		    at + strspn(at, " \t"),
		    length - (strspn(at, " \t") < length ? strspn(at, " \t") : length));
		int result = take_limit(r, field, part, &seen);
		free(part);
		if (result == -1)
			return -1;
		if (at[length] == '\0')
			return 0;
		at += length + 1;
	}
}

static int
take_environment(struct reader *r)
{
	struct toolchain *toolchain = r->toolchain;
	const struct field *environment = stanza_find(r->stanza, "Environment");
	uint64_t cpus = toolchain->cpus;
	if (take_word(
		r, "Build-Path", build_path_ok,
		"an absolute path such as /build/name, outside of /dev, /proc and "
		"/sys",
		&toolchain->build_path) == -1 ||
	    take_word(r, "Hostname", hostname_ok,
		      "a host name of letters, digits, '.' and '-'",
		      &toolchain->hostname) == -1 ||
	    take_word(
		r, "User", user_ok,
		"a user name: a lower-case letter or '_', then also digits and '-'",
		&toolchain->user) == -1 ||
	    take_word(r, "Locale", locale_ok, "a locale such as C.UTF-8",
		      &toolchain->locale) == -1 ||
	    take_word(r, "Timezone", timezone_ok, "a time zone such as UTC",
		      &toolchain->timezone) == -1 ||
	    take_number(r, "Cpus", 1, 1024, &cpus) == -1 || take_umask(r) == -1 ||
	    take_only(r, "Clock", "real",
		      "the build's clock can only be real in this version") == -1 ||
	    take_only(r, "Network", "none", "a build has no network") == -1)
		return -1;
	toolchain->cpus = (unsigned)cpus;
	if (environment != NULL &&
	    field_each_line(environment, add_variable, r, r->err) == -1)
		return -1;
	return take_limits(r);
}

/* ---- the whole file --------------------------------------------------- */

static int
toolchain_take(struct reader *r)
{
	static const struct field_rule rules[] = {
	    {"Format", true, false},       {"Name", true, false},
	    {"Architecture", true, false}, {"Root", true, false},
	    {"Suite", false, false},       {"Origin", false, false},
	    {"Packages", false, true},     {"Root-File", false, false},
	    {"Root-Path", false, false},   {"Root-File-SHA256", false, false},
	    {"Root-SHA256", false, false}, {"Files", false, true},
	    {"Build-Path", false, false},  {"Source-Date-Epoch", false, false},
	    {"Hostname", false, false},    {"User", false, false},
	    {"Umask", false, false},       {"Locale", false, false},
	    {"Timezone", false, false},    {"Cpus", false, false},
	    {"Clock", false, false},       {"Environment", false, true},
	    {"Network", false, false},     {"Limits", false, false},
	};
	if (stanza_check(r->path, r->stanza, rules, ARRAY_COUNT(rules), r->err) == -1 ||
	    take_word(r, "Name", any_text_ok, "a name", &r->toolchain->name) == -1 ||
	    take_word(r, "Architecture", architecture_ok,
		      "an architecture such as amd64",
		      &r->toolchain->architecture) == -1)
		return -1;
	return take_root(r) == -1 || take_environment(r) == -1 ? -1 : 0;
}

int
toolchain_read(const char *path, struct toolchain **toolchain, struct err *err)
{
	struct deb822 *file = NULL;
	if (description_read(path, "verify-toolchain 1", &file, err) == -1)
		return -1;
	struct reader r = {toolchain_new(), path, &file->stanzas[0], err};
	int result;
	r.toolchain->path = base_strdup(path);
	r.toolchain->identity = file->sha256;
	if (file->count > 1)
		result =
		    FAIL(&r, file->stanzas[1].line,
			 "'%s': a second stanza, but a toolchain is one; remove the "
			 "empty line above",
			 file->stanzas[1].fields[0].name);
	else
		result = toolchain_take(&r);
	deb822_free(file);
	if (result == -1) {
		toolchain_free(r.toolchain);
		return -1;
	}
	*toolchain = r.toolchain;
	return 0;
}

void
toolchain_free(struct toolchain *toolchain)
{
	if (toolchain == NULL)
		return;
	for (size_t i = 0; i < toolchain->package_count; i++) {
		free(toolchain->packages[i].name);
		free(toolchain->packages[i].version);
		free(toolchain->packages[i].architecture);
	}
	for (size_t i = 0; i < toolchain->file_count; i++) {
		free(toolchain->files[i].path);
		free(toolchain->files[i].target);
	}
	free(toolchain->packages);
	free(toolchain->files);
	free(toolchain->path);
	free(toolchain->name);
	free(toolchain->architecture);
	free(toolchain->suite);
	free(toolchain->mirror_note);
	free(toolchain->root_path);
	free(toolchain->build_path);
	free(toolchain->hostname);
	free(toolchain->user);
	free(toolchain->locale);
	free(toolchain->timezone);
	strings_free(&toolchain->environment);
	free(toolchain);
}

/* ---- writing ---------------------------------------------------------- */

/* A text of one line: what is no plain character becomes a blank, so that reading
 * it back gives the same field and no other. */
static void
write_text(struct buf *out, const char *name, const char *text)
{
	if (text == NULL)
		return;
	buf_printf(out, "%s: ", name);
	for (const char *at = text + strspn(text, " \t\r\n"); *at != '\0'; at++)
		buf_puts(out, (unsigned char)*at < 0x20 || *at == 0x7f
				  ? " "
				  : (char[2]){*at, '\0'});
	while (out->data[out->size - 1] == ' ')
		out->data[--out->size] = '\0';
	buf_puts(out, "\n");
}

static void
write_sha256(struct buf *out, const char *name, const struct sha256 *digest)
{
	char hex[SHA256_HEX];
	sha256_hex(digest, hex);
	buf_printf(out, "%s: %s\n", name, hex);
}

/* A number with the largest unit that divides it. */
static void
write_size(struct buf *out, uint64_t value)
{
	static const char units[] = "KMGT";
	size_t unit = 0;
	while (unit < 4 && value > 0 && value % 1024 == 0) {
		value /= 1024;
		unit++;
	}
	buf_printf(out, "%ju", (uintmax_t)value);
	if (unit > 0)
		buf_append(out, &units[unit - 1], 1);
}

static void
write_limits(struct buf *out, const struct limits *limits)
{
	uint64_t wall = limits->wall_seconds;
	if (wall % 3600 == 0)
		buf_printf(out, "Limits: wall %juh, memory ", (uintmax_t)(wall / 3600));
	else if (wall % 60 == 0)
		buf_printf(out, "Limits: wall %jum, memory ", (uintmax_t)(wall / 60));
	else
		buf_printf(out, "Limits: wall %jus, memory ", (uintmax_t)wall);
	write_size(out, limits->memory);
	buf_printf(out, ", processes %ju, disk ", (uintmax_t)limits->processes);
	write_size(out, limits->disk);
	buf_puts(out, ", log ");
	write_size(out, limits->log);
	buf_puts(out, "\n");
}

static void
write_packages(const struct toolchain *toolchain, struct buf *out)
{
	buf_puts(out, "Packages:\n");
	for (size_t i = 0; i < toolchain->package_count; i++) {
		const struct toolchain_package *package = &toolchain->packages[i];
		char hex[SHA256_HEX];
		sha256_hex(&package->sha256, hex);
		buf_printf(out, " %s %ju %s %s %s\n", hex, (uintmax_t)package->size,
			   package->name, package->version, package->architecture);
	}
}

static void
write_files(const struct toolchain *toolchain, struct buf *out)
{
	buf_puts(out, "Files:\n");
	for (size_t i = 0; i < toolchain->file_count; i++) {
		const struct toolchain_file *file = &toolchain->files[i];
		char hex[SHA256_HEX] = "-";
		char *path = text_shown(file->path);
		if (file->target == NULL)
			sha256_hex(&file->sha256, hex);
		buf_printf(out, " %s %04o %s", hex, file->mode, path);
		if (file->target != NULL) {
			char *target = text_shown(file->target);
			buf_printf(out, " -> %s", target);
			free(target);
		}
		buf_puts(out, "\n");
		free(path);
	}
}

static void
write_root(const struct toolchain *toolchain, struct buf *out)
{
	const char *path = toolchain->root_path;
	if (path != NULL && toolchain->path != NULL) {
		/* As it was written: relative to the description's folder. */
		char *folder = path_dir(toolchain->path);
		size_t length = strlen(folder);
		if (strncmp(path, folder, length) == 0 && path[length] == '/' &&
		    path[length + 1] != '\0')
			path += length + 1;
		free(folder);
	}
	switch (toolchain->kind) {
	case ROOT_DEBIAN:
		write_text(out, "Suite", toolchain->suite);
		write_text(out, "Origin", toolchain->mirror_note);
		write_packages(toolchain, out);
		break;
	case ROOT_TAR:
		write_text(out, "Root-File", path);
		if (toolchain->has_root_file_sha256)
			write_sha256(out, "Root-File-SHA256",
				     &toolchain->root_file_sha256);
		break;
	case ROOT_FOLDER:
		write_text(out, "Root-Path", path);
		break;
	case ROOT_HOST:
		write_files(toolchain, out);
		break;
	}
	if (toolchain->has_root_sha256)
		write_sha256(out, "Root-SHA256", &toolchain->root_sha256);
	if (toolchain->kind == ROOT_DEBIAN)
		buf_printf(out, "Source-Date-Epoch: %jd\n",
			   (intmax_t)toolchain->source_date_epoch);
}

void
toolchain_write(const struct toolchain *toolchain, struct buf *out)
{
	buf_puts(out, "Format: verify-toolchain 1\n");
	write_text(out, "Name", toolchain->name);
	write_text(out, "Architecture", toolchain->architecture);
	buf_printf(out, "Root: %s\n", root_kind_name(toolchain->kind));
	write_root(toolchain, out);
	write_text(out, "Build-Path", toolchain->build_path);
	write_text(out, "Hostname", toolchain->hostname);
	write_text(out, "User", toolchain->user);
	buf_printf(out, "Umask: %03o\n", toolchain->umask);
	write_text(out, "Locale", toolchain->locale);
	write_text(out, "Timezone", toolchain->timezone);
	buf_printf(out, "Cpus: %u\nClock: real\n", toolchain->cpus);
	if (toolchain->environment.count > 0)
		buf_puts(out, "Environment:\n");
	for (size_t i = 0; i < toolchain->environment.count; i++)
		buf_printf(out, " %s\n", toolchain->environment.items[i]);
	buf_puts(out, "Network: none\n");
	write_limits(out, &toolchain->limits);
}
