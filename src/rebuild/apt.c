/*
 * apt in private folders. The machine's own sources, keys and proxies are read
 * through apt-config, so that $APT_CONFIG and an unusual layout count as they do for
 * apt itself; nothing of the machine is written to.
 */
#include "rebuild/rebuild_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SOURCES_LIMIT = 1024 * 1024 };

/* ---- the machine's sources, filtered --------------------------------- */

static bool
suite_wanted(const char *word, size_t length, const char *suite)
{
	static const char *const tails[] = {"", "-updates", "-security", "/updates"};
	size_t start = strlen(suite);
	if (length < start || memcmp(word, suite, start) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_COUNT(tails); i++) {
		if (length - start == strlen(tails[i]) &&
		    memcmp(word + start, tails[i], length - start) == 0)
			return true;
	}
	return false;
}

/* Append the words of `value` that are wanted suites, each after a blank. */
static size_t
suites_filter(const char *value, const char *suite, struct buf *out)
{
	size_t taken = 0;
	while (*value != '\0') {
		value += strspn(value, " \t\n");
		size_t length = strcspn(value, " \t\n");
		if (length > 0 && suite_wanted(value, length, suite)) {
			buf_puts(out, " ");
			buf_append(out, value, length);
			taken++;
		}
		value += length;
	}
	return taken;
}

static bool
has_word(const char *value, const char *word)
{
	size_t wanted = strlen(word);
	while (*value != '\0') {
		value += strspn(value, " \t\n");
		size_t length = strcspn(value, " \t\n");
		if (length == wanted && memcmp(value, word, length) == 0)
			return true;
		value += length;
	}
	return false;
}

/* A stanza of a .sources file while its lines come in. */
struct source {
	struct buf types, suites, enabled, others;
	struct buf *current; /* the field that a continuation line belongs to */
};

static void
source_clear(struct source *source)
{
	buf_free(&source->types);
	buf_free(&source->suites);
	buf_free(&source->enabled);
	buf_free(&source->others);
	*source = (struct source){0};
}

static size_t
source_end(struct source *source, const char *suite, bool sources, struct buf *out)
{
	struct buf suites = {0};
	size_t taken = 0;
	bool wanted =
	    source->types.size > 0 && source->suites.size > 0 &&
	    has_word(source->types.data, "deb") &&
	    (source->enabled.size == 0 || !(has_word(source->enabled.data, "no") ||
					    has_word(source->enabled.data, "false")));
	if (wanted)
		taken = suites_filter(source->suites.data, suite, &suites);
	if (taken > 0)
		buf_printf(out, "Types: deb%s\nSuites:%s\n%s\n",
			   sources ? " deb-src" : "", suites.data,
			   source->others.size ? source->others.data : "");
	buf_free(&suites);
	source_clear(source);
	return taken;
}

static void
source_line(struct source *source, const char *line, size_t length)
{
	static const char types[] = "Types:", suites[] = "Suites:",
			  enabled[] = "Enabled:";
	if (line[0] == '#')
		return;
	if (line[0] != ' ' && line[0] != '\t') {
		source->current = NULL;
		const struct {
			const char *name;
			struct buf *into;
		} fields[] = {{types, &source->types},
			      {suites, &source->suites},
			      {enabled, &source->enabled}};
		for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
			size_t name = strlen(fields[i].name);
			if (length < name ||
			    strncasecmp(line, fields[i].name, name) != 0)
				continue;
			source->current = fields[i].into;
			line += name;
			length -= name;
			break;
		}
	}
	if (source->current != NULL) {
		buf_append(source->current, line, length);
		buf_puts(source->current, " ");
	} else {
		buf_append(&source->others, line, length);
		buf_puts(&source->others, "\n");
	}
}

/* One line of the one-line form: deb [options] URI suite component... */
static size_t
one_line(const char *line, size_t length, const char *suite, bool sources,
	 struct buf *out)
{
	char *copy = base_strndup(line, length);
	size_t taken = 0;
	copy[strcspn(copy, "#")] = '\0';
	char *at = copy + strspn(copy, " \t");
	if (strncmp(at, "deb", 3) != 0 || (at[3] != ' ' && at[3] != '\t'))
		goto out;
	const char *rest = at + 3;
	at = at + 3 + strspn(at + 3, " \t");
	if (*at == '[') {
		at += strcspn(at, "]");
		if (*at == ']')
			at++;
		at += strspn(at, " \t");
	}
	at += strcspn(at, " \t"); /* the URI */
	at += strspn(at, " \t");
	if (suite_wanted(at, strcspn(at, " \t"), suite)) {
		buf_printf(out, "deb%s\n", rest);
		if (sources)
			buf_printf(out, "deb-src%s\n", rest);
		taken = 1;
	}
out:
	free(copy);
	return taken;
}

size_t
apt_sources_filter(const struct buf *file, bool stanzas, const char *suite,
		   bool sources, struct buf *out)
{
	struct source source = {0};
	size_t taken = 0;
	for (size_t at = 0; at < file->size;) {
		const char *line = file->data + at;
		const char *end = memchr(line, '\n', file->size - at);
		size_t length = end ? (size_t)(end - line) : file->size - at;
		at += length + 1;
		while (length > 0 &&
		       (line[length - 1] == '\r' || line[length - 1] == ' ' ||
			line[length - 1] == '\t'))
			length--;
		if (!stanzas)
			taken += one_line(line, length, suite, sources, out);
		else if (length == 0)
			taken += source_end(&source, suite, sources, out);
		else
			source_line(&source, line, length);
	}
	if (stanzas)
		taken += source_end(&source, suite, sources, out);
	return taken;
}

static bool
ends_with(const char *name, const char *tail)
{
	size_t length = strlen(name), wanted = strlen(tail);
	return length > wanted && strcmp(name + length - wanted, tail) == 0;
}

static int
sources_file(const char *path, const char *suite, bool sources, struct buf *lines,
	     struct buf *stanzas, size_t *taken, struct err *err)
{
	struct buf file = {0};
	bool deb822 = ends_with(path, ".sources");
	int result = file_read(path, SOURCES_LIMIT, &file, err);
	if (result == 0)
		*taken += apt_sources_filter(&file, deb822, suite, sources,
					     deb822 ? stanzas : lines);
	buf_free(&file);
	return result;
}

/* Files of sourceparts in the order of their names. */
static void
sources_list(const char *parts, struct strings *files)
{
	DIR *dir = opendir(parts);
	struct dirent *entry;
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.' && (ends_with(entry->d_name, ".list") ||
						ends_with(entry->d_name, ".sources"))) {
			char *path = path_join(parts, entry->d_name);
			strings_add(files, path);
			free(path);
		}
	}
	if (dir != NULL)
		closedir(dir);
	strings_sort(files);
}

static int
folder_write(const char *folder, const char *name, const struct buf *bytes,
	     struct err *err)
{
	char *path = path_join(folder, name);
	int result =
	    file_replace(path, bytes->data ? bytes->data : "", bytes->size, err);
	free(path);
	return result;
}

static int
sources_write(const char *folder, const char *list, const char *parts,
	      const char *suite, bool sources, struct err *err)
{
	struct strings files = {0};
	struct buf lines = {0}, stanzas = {0};
	size_t taken = 0;
	int result = -1;
	if (*list != '\0' && access(list, F_OK) == 0)
		strings_add(&files, list);
	if (*parts != '\0')
		sources_list(parts, &files);
	for (size_t i = 0; i < files.count; i++) {
		if (sources_file(files.items[i], suite, sources, &lines, &stanzas,
				 &taken, err) == -1)
			goto out;
	}
	if (taken == 0) {
		char *shown = text_shown(suite);
		err_set(
		    err, ERR_INPUT,
		    "apt on this machine has no source for suite '%s' (looked in '%s' "
		    "and '%s'): add one there, or set APT_CONFIG to a configuration "
		    "that has it",
		    shown, list, parts);
		free(shown);
		goto out;
	}
	if (folder_write(folder, "etc/sources.list", &lines, err) == 0 &&
	    folder_write(folder, "etc/sources.list.d/all.sources", &stanzas, err) == 0)
		result = 0;
out:
	strings_free(&files);
	buf_free(&lines);
	buf_free(&stanzas);
	return result;
}

/* ---- configuration --------------------------------------------------- */

/* What apt-config says of the machine. */
struct machine {
	char *list, *parts, *trusted, *trusted_parts, *netrc, *netrc_parts;
	struct buf transport; /* Acquire:: lines about proxies and certificates */
};

/* The value of NAME='value' in what `apt-config shell` printed. */
static char *
shell_value(const struct buf *text, const char *name)
{
	char *start = base_format("%s='", name);
	const char *at = text->size ? strstr(text->data, start) : NULL;
	char *value = base_strdup("");
	if (at != NULL) {
		at += strlen(start);
		free(value);
		value = base_strndup(at, strcspn(at, "'\n"));
	}
	free(start);
	return value;
}

/* Keep the lines of `apt-config dump` that say how to reach archives. */
static void
transport_filter(const struct buf *dump, struct buf *out)
{
	static const char *const kept[] = {"Acquire::http", "Acquire::https",
					   "Acquire::Retries", "Acquire::ForceIPv",
					   "Acquire::Check-Valid-Until"};
	for (const char *at = dump->size ? dump->data : ""; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		for (size_t i = 0; i < ARRAY_COUNT(kept); i++) {
			if (strncmp(at, kept[i], strlen(kept[i])) == 0) {
				buf_append(out, at, length);
				buf_puts(out, "\n");
				break;
			}
		}
		at += length;
		at += *at == '\n';
	}
}

static int
machine_read(struct machine *machine, struct err *err)
{
	static const char *const shell[] = {"apt-config",
					    "shell",
					    "V_LIST",
					    "Dir::Etc::sourcelist/f",
					    "V_PARTS",
					    "Dir::Etc::sourceparts/d",
					    "V_TRUSTED",
					    "Dir::Etc::trusted/f",
					    "V_TRUSTEDPARTS",
					    "Dir::Etc::trustedparts/d",
					    "V_NETRC",
					    "Dir::Etc::netrc/f",
					    "V_NETRCPARTS",
					    "Dir::Etc::netrcparts/d",
					    NULL};
	static const char *const dump[] = {"apt-config", "dump", NULL};
	struct buf text = {0}, all = {0};
	struct strings own = {0};
	const char *path = getenv("PATH"), *config = getenv("APT_CONFIG");
	strings_addf(&own, "PATH=%s", path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	strings_add(&own, "LC_ALL=C.UTF-8");
	if (config != NULL && *config != '\0')
		strings_addf(&own, "APT_CONFIG=%s", config);
	const char *const *environment = (const char *const *)own.items;
	int result = -1;
	if (sandbox_run_tool(shell, environment, &text, err) == 0 &&
	    sandbox_run_tool(dump, environment, &all, err) == 0) {
		*machine = (struct machine){
		    .list = shell_value(&text, "V_LIST"),
		    .parts = shell_value(&text, "V_PARTS"),
		    .trusted = shell_value(&text, "V_TRUSTED"),
		    .trusted_parts = shell_value(&text, "V_TRUSTEDPARTS"),
		    .netrc = shell_value(&text, "V_NETRC"),
		    .netrc_parts = shell_value(&text, "V_NETRCPARTS"),
		};
		transport_filter(&all, &machine->transport);
		result = 0;
	} else {
		err_at(err, "apt is needed for Debian packages (install apt)");
	}
	buf_free(&text);
	buf_free(&all);
	strings_free(&own);
	return result;
}

static void
machine_free(struct machine *machine)
{
	free(machine->list);
	free(machine->parts);
	free(machine->trusted);
	free(machine->trusted_parts);
	free(machine->netrc);
	free(machine->netrc_parts);
	buf_free(&machine->transport);
}

static int
config_write(const struct apt *apt, const struct machine *machine, struct err *err)
{
	struct buf config = {0};
	const char *folder = apt->folder;
	buf_printf(
	    &config,
	    "Dir::State \"%s/state/\";\nDir::Cache \"%s/cache/\";\n"
	    "Dir::Etc \"%s/etc/\";\nDir::State::status \"%s/status\";\n"
	    "Dir::State::extended_states \"%s/extended\";\nDir::Log \"%s/log\";\n",
	    folder, folder, folder, folder, folder, folder);
	buf_printf(&config,
		   "Dir::Etc::trusted \"%s\";\nDir::Etc::trustedparts \"%s\";\n"
		   "Dir::Etc::netrc \"%s\";\nDir::Etc::netrcparts \"%s\";\n",
		   machine->trusted, machine->trusted_parts, machine->netrc,
		   machine->netrc_parts);
	buf_printf(&config,
		   "APT::Sandbox::User \"\";\nAPT::Install-Recommends \"0\";\n"
		   "APT::Architecture \"%s\";\nAPT::Architectures { \"%s\"; };\n"
		   "Acquire::Languages \"none\";\nAPT::Update::Error-Mode \"any\";\n",
		   apt->architecture, apt->architecture);
	buf_append(&config, machine->transport.data ? machine->transport.data : "",
		   machine->transport.size);
	int result = folder_write(folder, "apt.conf", &config, err);
	buf_free(&config);
	return result;
}

static int
native_architecture(char **architecture, struct err *err)
{
	static const char *const argv[] = {"dpkg", "--print-architecture", NULL};
	struct buf out = {0};
	if (sandbox_run_tool(argv, NULL, &out, err) == -1) {
		buf_free(&out);
		return err_at(err, "dpkg is needed for Debian packages (install dpkg)");
	}
	*architecture = base_strndup(out.data, strcspn(out.data, "\n"));
	buf_free(&out);
	return 0;
}

static int
folders_make(const char *folder, struct err *err)
{
	static const char *const below[] = {
	    "state/lists/partial", "cache/archives/partial", "etc/apt.conf.d",
	    "etc/preferences.d",   "etc/sources.list.d",     "log"};
	for (size_t i = 0; i < ARRAY_COUNT(below); i++) {
		char *path = path_join(folder, below[i]);
		int result = folder_make(path, err);
		free(path);
		if (result == -1)
			return -1;
	}
	return 0;
}

int
apt_open(const char *suite, bool sources, struct apt *apt, struct err *err)
{
	struct machine machine = {0};
	struct buf nothing = {0};
	struct strings update = {0};
	const char *path = getenv("PATH");
	int result = -1;
	*apt = (struct apt){0};
	if (native_architecture(&apt->architecture, err) == -1 ||
	    machine_read(&machine, err) == -1 ||
	    folder_make_temporary(&apt->folder, err) == -1)
		goto out;
	if (folders_make(apt->folder, err) == -1 ||
	    folder_write(apt->folder, "status", &nothing, err) == -1 ||
	    sources_write(apt->folder, machine.list, machine.parts, suite, sources,
			  err) == -1 ||
	    config_write(apt, &machine, err) == -1)
		goto out;
	strings_addf(&apt->names, "APT_CONFIG=%s/apt.conf", apt->folder);
	strings_addf(&apt->names, "PATH=%s",
		     path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
	strings_addf(&apt->names, "HOME=%s", apt->folder);
	strings_add(&apt->names, "LC_ALL=C.UTF-8");
	progress_show("updating package lists of %s", suite);
	strings_add(&update, "apt-get");
	strings_add(&update, "-q");
	strings_add(&update, "update");
	result = apt_run(apt, &update, NULL, err);
	progress_clear();
out:
	strings_free(&update);
	machine_free(&machine);
	if (result == -1)
		apt_close(apt);
	return result;
}

int
apt_prefer(const struct apt *apt, const struct strings *packages, struct err *err)
{
	struct buf preferences = {0};
	for (size_t i = 0; i < packages->count; i++) {
		const char *what = packages->items[i];
		size_t name = strcspn(what, "=");
		if (what[name] == '=') /* over any other version (apt_preferences(5)) */
			buf_printf(
			    &preferences,
			    "Package: %.*s\nPin: version %s\nPin-Priority: 1001\n\n",
			    (int)name, what, what + name + 1);
	}
	int result = folder_write(apt->folder, "etc/preferences", &preferences, err);
	buf_free(&preferences);
	return result;
}

int
apt_run(const struct apt *apt, const struct strings *arguments, struct buf *out,
	struct err *err)
{
	return sandbox_run_tool((const char *const *)arguments->items,
				(const char *const *)apt->names.items, out, err);
}

void
apt_close(struct apt *apt)
{
	struct err ignored = {0};
	if (apt->folder != NULL)
		(void)folder_remove(AT_FDCWD, apt->folder, &ignored);
	free(apt->folder);
	free(apt->architecture);
	strings_free(&apt->names);
	*apt = (struct apt){0};
}

/* ---- what apt knows of packages -------------------------------------- */

const char *
apt_field(const struct stanza *stanza, const char *name)
{
	const struct field *field = stanza_find(stanza, name);
	return field ? field->value : "";
}

/* Does the stanza describe the package? Then take over its size and hash. */
static bool
stanza_take(const struct stanza *stanza, struct toolchain_package *package)
{
	if (strcmp(apt_field(stanza, "Package"), package->name) != 0 ||
	    strcmp(apt_field(stanza, "Version"), package->version) != 0 ||
	    strcmp(apt_field(stanza, "Architecture"), package->architecture) != 0 ||
	    sha256_parse(apt_field(stanza, "SHA256"), &package->sha256) == -1)
		return false;
	char *end;
	const char *size = apt_field(stanza, "Size");
	errno = 0;
	package->size = strtoull(size, &end, 10);
	return errno == 0 && end != size && *end == '\0';
}

int
apt_look_up(const struct apt *apt, struct toolchain_package *packages, size_t count,
	    bool *has, struct err *err)
{
	struct strings arguments = {0};
	struct buf out = {0};
	struct deb822 *parsed = NULL;
	int result = -1;
	strings_add(&arguments, "apt-cache");
	strings_add(&arguments, "show");
	for (size_t i = 0; i < count; i++)
		strings_addf(&arguments, "%s=%s", packages[i].name,
			     packages[i].version);
	/* apt-cache fails when one is unknown, and prints the others all the same. */
	struct err unknown = {0};
	if (apt_run(apt, &arguments, &out, &unknown) == -1 &&
	    unknown.kind == ERR_INTERRUPTED) {
		*err = unknown;
		goto out;
	}
	if (out.size > 0) {
		struct view view = view_of_buf(&out);
		if (deb822_parse("apt-cache show", &view, &parsed, err) == -1)
			goto out;
	}
	for (size_t i = 0; i < count; i++) {
		has[i] = false;
		for (size_t j = 0; parsed != NULL && j < parsed->count && !has[i]; j++)
			has[i] = stanza_take(&parsed->stanzas[j], &packages[i]);
	}
	result = 0;
out:
	deb822_free(parsed);
	buf_free(&out);
	strings_free(&arguments);
	return result;
}
