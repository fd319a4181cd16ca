/* Toolchains pinned: what a build will see, as exact packages, files or an archive. */
#include "rebuild/rebuild_private.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Root: debian ---------------------------------------------------- */

/* What is asked of the solver, in the syntax of Build-Depends. */
struct wants {
	struct buf depends, conflicts;
	char *first_source; /* names the build path */
};

static void
wants_add(struct buf *list, const char *relations)
{
	if (*relations == '\0')
		return;
	if (list->size > 0)
		buf_puts(list, ", ");
	for (const char *at = relations; *at != '\0'; at++)
		buf_append(list, *at == '\n' ? " " : at, 1);
	/* A list may end with a comma (deb-src-control(5)). */
	while (list->size > 0 && strchr(", ", list->data[list->size - 1]) != NULL)
		list->data[--list->size] = '\0';
}

/* Is version a newer than b (dpkg's order)? */
static bool
version_newer(const char *a, const char *b)
{
	const char *const argv[] = {"dpkg", "--compare-versions", a, "gt", b, NULL};
	struct err no = {0};
	return sandbox_run_tool(argv, NULL, NULL, &no) == 0;
}

static const struct stanza *
source_choose(const struct deb822 *parsed, const char *name, const char *version,
	      struct buf *others)
{
	const struct stanza *chosen = NULL;
	for (size_t i = 0; parsed != NULL && i < parsed->count; i++) {
		const struct stanza *stanza = &parsed->stanzas[i];
		const char *has = apt_field(stanza, "Version");
		if (strcmp(apt_field(stanza, "Package"), name) != 0)
			continue;
		buf_printf(others, "%s%s", others->size > 0 ? ", " : "", has);
		if (version != NULL
			? strcmp(has, version) == 0
			: chosen == NULL ||
			      version_newer(has, apt_field(chosen, "Version")))
			chosen = stanza;
	}
	return chosen;
}

/* NAME[=VERSION] of a source package in the archive. */
static int
wants_source(const struct apt *apt, const char *suite, const char *what,
	     struct wants *wants, struct err *err)
{
	static const char *const depends[] = {"Build-Depends", "Build-Depends-Arch",
					      "Build-Depends-Indep"};
	static const char *const conflicts[] = {
	    "Build-Conflicts", "Build-Conflicts-Arch", "Build-Conflicts-Indep"};
	struct strings arguments = {0};
	struct buf out = {0}, others = {0};
	struct deb822 *parsed = NULL;
	struct err unknown = {0};
	int result = -1;
	char *name = base_strndup(what, strcspn(what, "="));
	const char *version =
	    what[strlen(name)] == '=' ? what + strlen(name) + 1 : NULL;
	strings_add(&arguments, "apt-cache");
	strings_add(&arguments, "showsrc");
	strings_add(&arguments, "--only-source");
	strings_add(&arguments, "--");
	strings_add(&arguments, name);
	if (apt_run(apt, &arguments, &out, &unknown) == -1 &&
	    unknown.kind == ERR_INTERRUPTED) {
		*err = unknown;
		goto out;
	}
	struct view view = view_of_buf(&out);
	if (out.size > 0 &&
	    deb822_parse("apt-cache showsrc", &view, &parsed, err) == -1)
		goto out;
	const struct stanza *source = source_choose(parsed, name, version, &others);
	if (source == NULL) {
		err_set(
		    err, ERR_INPUT,
		    "suite '%s' has no source package '%s' (%s%s): name one that it "
		    "has, or add an archive that has it to apt's sources",
		    suite, what, others.size > 0 ? "it has " : "nothing of that name",
		    others.size > 0 ? others.data : "");
		goto out;
	}
	for (size_t i = 0; i < ARRAY_COUNT(depends); i++) {
		wants_add(&wants->depends, apt_field(source, depends[i]));
		wants_add(&wants->conflicts, apt_field(source, conflicts[i]));
	}
	if (wants->first_source == NULL)
		wants->first_source = base_strdup(name);
	result = 0;
out:
	free(name);
	deb822_free(parsed);
	buf_free(&out);
	buf_free(&others);
	strings_free(&arguments);
	return result;
}

static int
wants_dsc(const char *path, struct wants *wants, struct err *err)
{
	struct dsc *dsc;
	if (dsc_read(path, &dsc, err) == -1)
		return -1;
	wants_add(&wants->depends, dsc->build_depends ? dsc->build_depends : "");
	if (wants->first_source == NULL)
		wants->first_source = base_strdup(dsc->source);
	dsc_free(dsc);
	return 0;
}

static bool
is_dsc(const char *what)
{
	size_t length = strlen(what);
	return length > 4 && strcmp(what + length - 4, ".dsc") == 0;
}

/* One "Inst NAME (VERSION WHERE [ARCHITECTURE])" of apt-get --simulate. */
static int
inst_parse(const char *line, size_t length, struct toolchain_package *package)
{
	char *copy = base_strndup(line, length);
	int result = -1;
	char *name = copy + strlen("Inst ");
	char *open = strstr(name, " (");
	char *close = open ? strrchr(open, ']') : NULL;
	char *version = open ? open + 2 : NULL;
	/* "… [amd64])", perhaps followed by a list of what is not yet in order. */
	if (open != NULL && (close = strstr(open, "])")) != NULL) {
		*close = *open = '\0';
		char *bracket = strrchr(version, '[');
		char *blank = strchr(version, ' ');
		if (bracket != NULL && blank != NULL) {
			*blank = '\0';
			name[strcspn(name, ": ")] = '\0';
			*package = (struct toolchain_package){
			    .name = base_strdup(name),
			    .version = base_strdup(version),
			    .architecture = base_strdup(bracket + 1)};
			result = 0;
		}
	}
	free(copy);
	return result;
}

/* Every package that a simulation would install, appended. */
static int
inst_collect(const struct buf *out, struct toolchain *toolchain, struct err *err)
{
	for (const char *at = out->size ? out->data : ""; *at != '\0';) {
		size_t length = strcspn(at, "\n");
		if (strncmp(at, "Inst ", 5) == 0) {
			toolchain->packages = base_realloc(
			    toolchain->packages, toolchain->package_count + 1,
			    sizeof(*toolchain->packages));
			if (inst_parse(
				at, length,
				&toolchain->packages[toolchain->package_count]) == -1) {
				char *shown = text_shown_n(at, length);
				err_set(err, ERR_UNSUPPORTED,
					"cannot read what apt-get says: '%s'", shown);
				free(shown);
				return -1;
			}
			toolchain->package_count++;
		}
		at += length;
		at += *at == '\n';
	}
	return 0;
}

static int
simulate(const struct apt *apt, const char *command, const char *const *arguments,
	 struct buf *out, struct err *err)
{
	struct strings line = {0};
	strings_add(&line, "apt-get");
	strings_add(&line, "-q");
	strings_add(&line, "-y");
	strings_add(&line, "--simulate");
	strings_add(&line, command);
	strings_add(&line, "--");
	for (; *arguments != NULL; arguments++)
		strings_add(&line, *arguments);
	int result = apt_run(apt, &line, out, err);
	strings_free(&line);
	return result;
}

/* The essential packages and what they need. `apt-get satisfy` knows names only. */
static int
wants_essential(const struct apt *apt, struct wants *wants, struct err *err)
{
	static const char *const pattern[] = {"?essential", NULL};
	struct toolchain essential = {0};
	struct buf out = {0};
	int result = -1;
	if (simulate(apt, "install", pattern, &out, err) == 0 &&
	    inst_collect(&out, &essential, err) == 0)
		result = 0;
	for (size_t i = 0; i < essential.package_count; i++) {
		wants_add(&wants->depends, essential.packages[i].name);
		free(essential.packages[i].name);
		free(essential.packages[i].version);
		free(essential.packages[i].architecture);
	}
	if (result == 0 && essential.package_count == 0)
		result = err_set(err, ERR_INPUT,
				 "the suite has no essential packages: is it one of "
				 "Debian's?");
	free(essential.packages);
	buf_free(&out);
	return result;
}

static int
package_order(const void *a, const void *b)
{
	const struct toolchain_package *left = a, *right = b;
	return strcmp(left->name, right->name);
}

/* What apt-get printed of unmet dependencies, on one line. */
static void
unmet_name(const struct buf *out, struct buf *text)
{
	const char *at = out->size ? strstr(out->data, "unmet dependencies:") : NULL;
	at = at ? strchr(at, '\n') : NULL;
	while (at != NULL && at[1] == ' ' && text->size < 600) {
		size_t blanks = strspn(at + 1, " ");
		const char *line = at + 1 + blanks;
		buf_puts(text, text->size ? "; " : "");
		text_show(text, line, strcspn(line, "\n"));
		at = strchr(line, '\n');
	}
}

/* One solve of everything wanted; then the hash of each package that it chose. */
static int
solve(const struct apt *apt, struct wants *wants, struct toolchain *toolchain,
      struct err *err)
{
	struct buf out = {0};
	char *conflicts = NULL;
	bool *has = NULL;
	int result = -1;
	if (wants->conflicts.size > 0)
		conflicts = base_format("Conflicts: %s", wants->conflicts.data);
	const char *const relations[] = {wants->depends.data, conflicts, NULL};
	progress_show("resolving build dependencies");
	if (simulate(apt, "satisfy", relations, &out, err) == -1) {
		struct buf unmet = {0};
		unmet_name(&out, &unmet);
		if (unmet.size > 0)
			err_set(err, ERR_INPUT, "%s", unmet.data);
		buf_free(&unmet);
		err_at(err, "the build dependencies cannot be satisfied");
		goto out;
	}
	if (inst_collect(&out, toolchain, err) == -1)
		goto out;
	has = base_alloc(toolchain->package_count + 1, sizeof(*has));
	if (apt_look_up(apt, toolchain->packages, toolchain->package_count, has, err) ==
	    -1)
		goto out;
	for (size_t i = 0; i < toolchain->package_count; i++) {
		const struct toolchain_package *package = &toolchain->packages[i];
		if (!has[i]) {
			err_set(
			    err, ERR_INPUT,
			    "apt knows no size and SHA-256 for package '%s' %s (%s)",
			    package->name, package->version, package->architecture);
			goto out;
		}
	}
	qsort(toolchain->packages, toolchain->package_count,
	      sizeof(*toolchain->packages), package_order);
	result = 0;
out:
	progress_clear();
	free(has);
	free(conflicts);
	buf_free(&out);
	return result;
}

/* Midnight before now: later than the files in the packages, so that assembling
 * clamps only what it makes itself. */
static int64_t
epoch_today(void)
{
	int64_t now = (int64_t)time(NULL);
	return now - now % 86400;
}

static int
wants_all(const struct pin_request *request, const struct apt *apt, struct wants *wants,
	  struct err *err)
{
	if (wants_essential(apt, wants, err) == -1)
		return -1;
	/* fakeroot: dpkg-buildpackage's default where a package asks for root. */
	if (request->build_deps.count > 0)
		wants_add(&wants->depends, "build-essential, fakeroot");
	for (size_t i = 0; i < request->build_deps.count; i++) {
		const char *what = request->build_deps.items[i];
		int result = is_dsc(what)
				 ? wants_dsc(what, wants, err)
				 : wants_source(apt, request->suite, what, wants, err);
		if (result == -1)
			return -1;
	}
	for (size_t i = 0; i < request->packages.count; i++) {
		const char *what = request->packages.items[i];
		size_t name = strcspn(what, "=");
		char *relation =
		    what[name] == '='
			? base_format("%.*s (= %s)", (int)name, what, what + name + 1)
			: base_strdup(what);
		wants_add(&wants->depends, relation);
		free(relation);
	}
	return 0;
}

static int
pin_debian(const struct pin_request *request, struct toolchain *toolchain,
	   struct err *err)
{
	struct apt apt = {0};
	struct wants wants = {0};
	char stamp[TIME_TEXT];
	int result = -1;
	if (apt_open(request->suite, true, &apt, err) == -1)
		return -1;
	if (apt_prefer(&apt, &request->packages, err) == -1 ||
	    wants_all(request, &apt, &wants, err) == -1 ||
	    solve(&apt, &wants, toolchain, err) == -1)
		goto out;
	toolchain->architecture = base_strdup(apt.architecture);
	toolchain->suite = base_strdup(request->suite);
	toolchain->source_date_epoch = epoch_today();
	time_text(toolchain->source_date_epoch, stamp);
	toolchain->mirror_note =
	    base_format("suite %s as it was on %.10s", request->suite, stamp);
	if (wants.first_source != NULL) {
		free(toolchain->build_path);
		toolchain->build_path = base_format("/build/%s", wants.first_source);
	}
	result = 0;
out:
	apt_close(&apt);
	buf_free(&wants.depends);
	buf_free(&wants.conflicts);
	free(wants.first_source);
	return result;
}

/* ---- Root: tar and Root: directory ----------------------------------- */

static int
native(struct toolchain *toolchain, struct err *err)
{
	static const char *const argv[] = {"dpkg", "--print-architecture", NULL};
	struct buf out = {0};
	if (sandbox_run_tool(argv, NULL, &out, err) == -1) {
		buf_free(&out);
		return -1;
	}
	toolchain->architecture = base_strndup(out.data, strcspn(out.data, "\n"));
	buf_free(&out);
	return 0;
}

static int
pin_tar(const char *path, struct toolchain *toolchain, struct err *err)
{
	int fd;
	uint64_t size;
	if (file_open(path, &fd, err) == -1)
		return -1;
	int result = sha256_of_fd(fd, &toolchain->root_file_sha256, &size, err);
	close(fd);
	if (result == -1)
		return err_at(err, "'%s'", path);
	toolchain->has_root_file_sha256 = true;
	return 0;
}

static int
pin_folder(const char *path, struct toolchain *toolchain, struct err *err)
{
	if (manifest_of_folder(path, &toolchain->root_sha256, NULL, err) == -1)
		return -1;
	toolchain->has_root_sha256 = true;
	return 0;
}

static int
root_path_set(const char *path, struct toolchain *toolchain, struct err *err)
{
	char *full = realpath(path, NULL);
	if (full == NULL) {
		err_errno(err, "cannot open '%s'", path);
		err->kind = ERR_INPUT;
		return -1;
	}
	toolchain->root_path = full;
	return 0;
}

/* ---- all kinds ------------------------------------------------------- */

static enum root_kind
request_kind(const struct pin_request *request)
{
	if (request->tar != NULL)
		return ROOT_TAR;
	if (request->folder != NULL)
		return ROOT_FOLDER;
	return request->suite != NULL ? ROOT_DEBIAN : ROOT_HOST;
}

int
toolchain_pin(const struct pin_request *request, struct toolchain **toolchain,
	      struct err *err)
{
	enum root_kind kind = request_kind(request);
	const char *name = request->name    ? request->name
			   : request->suite ? request->suite
					    : root_kind_name(kind);
	struct toolchain *pinned = toolchain_new();
	const char *path = kind == ROOT_TAR ? request->tar : request->folder;
	int result;
	pinned->name = base_strdup(name);
	pinned->kind = kind;
	pinned->cpus = 2;
	if (kind == ROOT_DEBIAN) {
		result = pin_debian(request, pinned, err);
	} else {
		result = native(pinned, err);
		if (result == 0 && path != NULL)
			result = root_path_set(path, pinned, err);
		if (result == 0 && kind == ROOT_TAR)
			result = pin_tar(path, pinned, err);
		else if (result == 0 && kind == ROOT_FOLDER)
			result = pin_folder(path, pinned, err);
		else if (result == 0)
			result = pin_host(&request->host, pinned, err);
	}
	if (result == -1) {
		toolchain_free(pinned);
		return -1;
	}
	*toolchain = pinned;
	return 0;
}
