/*
 * Debian's own descriptions: .dsc(5) and deb-buildinfo(5). They come from elsewhere:
 * fields that are not known are left alone, those that are used are read strictly.
 */
#include "describe/describe_private.h"

/* One stanza, without comments: only our own descriptions may have them. */
static int
debian_read(const char *path, const char *format, struct deb822 **parsed,
	    struct err *err)
{
	struct deb822 *file = NULL;
	if (deb822_read(path, &file, err) == -1)
		return -1;
	const struct stanza *stanza = &file->stanzas[0];
	const struct field *found = stanza_find(stanza, "Format");
	if (file->comment != 0)
		describe_fail(err, path, file->comment,
			      "'#': a comment, which such a "
			      "file cannot have; remove it");
	else if (file->count > 1)
		describe_fail(err, path, file->stanzas[1].line,
			      "'%s': a second stanza; such a file has one",
			      file->stanzas[1].fields[0].name);
	else if (found == NULL)
		describe_fail(err, path, stanza->line,
			      "'Format': the field is missing; is this %s?", format);
	else {
		*parsed = file;
		return 0;
	}
	deb822_free(file);
	return -1;
}

/* A copy of a field that must be there and have one line. */
static int
take_line(const char *path, const struct stanza *stanza, const char *name, char **value,
	  struct err *err)
{
	const struct field *field = stanza_find(stanza, name);
	if (field == NULL)
		return describe_fail(
		    err, path, stanza->line,
		    "'%s': the field is missing; is the file complete?", name);
	if (*field->value == '\0' || strchr(field->value, '\n') != NULL)
		return describe_fail(err, path, field->line,
				     "'%s': has no value or several lines", name);
	*value = base_strdup(field->value);
	return 0;
}

/* ---- lists of files --------------------------------------------------- */

struct file_list {
	const char *path;
	struct dsc_file *files;
	size_t count;
};

static int
add_file(char *line, unsigned number, void *arg, struct err *err)
{
	struct file_list *list = arg;
	struct dsc_file file = {0};
	char *rest = line;
	const char *hash = word_next(&rest), *size = word_next(&rest);
	const char *name = word_next(&rest);
	if (sha256_parse(hash, &file.sha256) == -1 || size == NULL ||
	    describe_parse_number(size, &file.size) == -1 || name == NULL ||
	    *rest != '\0')
		return describe_fail(
		    err, list->path, number,
		    "'Checksums-Sha256': not '<sha256> <size> <name>'");
	if (!path_is_plain(name) || strchr(name, '/') != NULL)
		return describe_fail(err, list->path, number,
				     "'%s': not the plain name of a file", name);
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->files[i].name, name) == 0)
			return describe_fail(err, list->path, number,
					     "'%s': stands in Checksums-Sha256 twice",
					     name);
	}
	file.name = base_strdup(name);
	list->files = base_realloc(list->files, list->count + 1, sizeof(*list->files));
	list->files[list->count++] = file;
	return 0;
}

static void
files_free(struct dsc_file *files, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(files[i].name);
	free(files);
}

/* `files` and `count` are set on failure too, so that they can be freed. */
static int
take_files(const char *path, const struct stanza *stanza, struct dsc_file **files,
	   size_t *count, struct err *err)
{
	const struct field *field = stanza_find(stanza, "Checksums-Sha256");
	struct file_list list = {.path = path};
	if (field == NULL)
		return describe_fail(
		    err, path, stanza->line,
		    "'Checksums-Sha256': the field is missing, so no "
		    "file is pinned; files with older hashes alone are "
		    "not read");
	int result = field_each_line(field, add_file, &list, err);
	*files = list.files;
	*count = list.count;
	if (result == 0 && list.count == 0)
		result = describe_fail(err, path, field->line,
				       "'Checksums-Sha256': names no file");
	return result;
}

/* ---- .dsc ------------------------------------------------------------- */

/* A folded field as one line, put after ", " when it is not the first. */
static void
join_field(struct buf *out, const struct field *field)
{
	if (field == NULL)
		return;
	if (out->size > 0)
		buf_puts(out, ", ");
	for (const char *at = field->value + strspn(field->value, " \t\n");
	     *at != '\0';) {
		size_t length = strcspn(at, "\n");
		buf_append(out, at, length);
		at += length;
		size_t blanks = strspn(at, " \t\n");
		if (blanks > 0 && at[blanks] != '\0')
			buf_puts(out, " ");
		at += blanks;
	}
	while (out->size > 0 && strchr(", ", out->data[out->size - 1]) != NULL)
		out->data[--out->size] = '\0';
}

int
dsc_read(const char *path, struct dsc **dsc, struct err *err)
{
	struct deb822 *file = NULL;
	if (debian_read(path, "a .dsc", &file, err) == -1)
		return -1;
	const struct stanza *stanza = &file->stanzas[0];
	struct dsc *out = base_alloc(1, sizeof(*out));
	struct buf depends = {0};
	join_field(&depends, stanza_find(stanza, "Build-Depends"));
	join_field(&depends, stanza_find(stanza, "Build-Depends-Arch"));
	join_field(&depends, stanza_find(stanza, "Build-Depends-Indep"));
	out->build_depends = buf_take(&depends);
	out->clearsigned = file->clearsigned;
	int result = take_line(path, stanza, "Source", &out->source, err);
	if (result == 0)
		result = take_line(path, stanza, "Version", &out->version, err);
	if (result == 0)
		result = take_files(path, stanza, &out->files, &out->file_count, err);
	deb822_free(file);
	if (result == -1) {
		dsc_free(out);
		return -1;
	}
	*dsc = out;
	return 0;
}

void
dsc_free(struct dsc *dsc)
{
	if (dsc == NULL)
		return;
	files_free(dsc->files, dsc->file_count);
	free(dsc->source);
	free(dsc->version);
	free(dsc->build_depends);
	free(dsc);
}

/* ---- .buildinfo ------------------------------------------------------- */

struct buildinfo_arg {
	struct buildinfo *buildinfo;
	const char *path;
};

/* "name (= version)," */
static int
add_installed(char *line, unsigned number, void *arg, struct err *err)
{
	const struct buildinfo_arg *a = arg;
	struct buildinfo *out = a->buildinfo;
	size_t length = strlen(line);
	if (length > 0 && line[length - 1] == ',')
		line[--length] = '\0';
	size_t name = strcspn(line, " ");
	if (name == 0 || strncmp(line + name, " (= ", 4) != 0 || length < name + 6 ||
	    strcspn(line + name + 4, " )") != length - name - 5 ||
	    line[length - 1] != ')')
		return describe_fail(err, a->path, number,
				     "'Installed-Build-Depends': '%s' is not 'name (= "
				     "version)'",
				     line);
	out->installed = base_realloc(out->installed, out->installed_count + 1,
				      sizeof(*out->installed));
	out->installed[out->installed_count++] = base_strdup(line);
	return 0;
}

/* KEY="value" with '\' before '"' and '\'. */
static int
add_variable(char *line, unsigned number, void *arg, struct err *err)
{
	const struct buildinfo_arg *a = arg;
	struct buf variable = {0};
	size_t key = strcspn(line, "=");
	const char *at = line + key;
	int result = 0;
	if (key > 0 && strncmp(at, "=\"", 2) == 0) {
		buf_append(&variable, line, key + 1);
		for (at += 2; *at != '\0' && *at != '"'; at++) {
			if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
				at++;
			buf_append(&variable, at, 1);
		}
	}
	if (variable.size == 0 || strcmp(at, "\"") != 0)
		result =
		    describe_fail(err, a->path, number,
				  "'Environment': '%s' is not KEY=\"value\"", line);
	else
		strings_add(&a->buildinfo->environment, variable.data);
	buf_free(&variable);
	return result;
}

static int
buildinfo_take(const char *path, const struct stanza *stanza, struct buildinfo *out,
	       struct err *err)
{
	struct buildinfo_arg arg = {out, path};
	const struct field *installed = stanza_find(stanza, "Installed-Build-Depends");
	const struct field *environment = stanza_find(stanza, "Environment");
	const char *build_path = stanza_value(stanza, "Build-Path");
	if (take_line(path, stanza, "Source", &out->source, err) == -1 ||
	    take_line(path, stanza, "Version", &out->version, err) == -1 ||
	    take_line(path, stanza, "Architecture", &out->architecture, err) == -1 ||
	    take_files(path, stanza, &out->files, &out->file_count, err) == -1)
		return -1;
	/* "Source: name (version)" when the binary version is another. */
	out->source[strcspn(out->source, " ")] = '\0';
	out->build_path = build_path ? base_strdup(build_path) : NULL;
	if (installed == NULL)
		return describe_fail(
		    err, path, stanza->line,
		    "'Installed-Build-Depends': the field is missing, so "
		    "the build's packages are not known");
	if (field_each_line(installed, add_installed, &arg, err) == -1)
		return -1;
	return environment ? field_each_line(environment, add_variable, &arg, err) : 0;
}

int
buildinfo_read(const char *path, struct buildinfo **buildinfo, struct err *err)
{
	struct deb822 *file = NULL;
	if (debian_read(path, "a .buildinfo", &file, err) == -1)
		return -1;
	struct buildinfo *out = base_alloc(1, sizeof(*out));
	out->clearsigned = file->clearsigned;
	int result = buildinfo_take(path, &file->stanzas[0], out, err);
	deb822_free(file);
	if (result == -1) {
		buildinfo_free(out);
		return -1;
	}
	*buildinfo = out;
	return 0;
}

void
buildinfo_free(struct buildinfo *buildinfo)
{
	if (buildinfo == NULL)
		return;
	files_free(buildinfo->files, buildinfo->file_count);
	for (size_t i = 0; i < buildinfo->installed_count; i++)
		free(buildinfo->installed[i]);
	free(buildinfo->installed);
	strings_free(&buildinfo->environment);
	free(buildinfo->source);
	free(buildinfo->version);
	free(buildinfo->architecture);
	free(buildinfo->build_path);
	free(buildinfo);
}
