/* The script and the environment of a build. */
#include "rebuild/rebuild_private.h"

#include <errno.h>
#include <sys/random.h>

/* A word in quotes that sh(1) takes as it is. */
static void
quote(struct buf *out, const char *word)
{
	buf_puts(out, "'");
	for (const char *at = word; *at != '\0'; at++) {
		if (*at == '\'')
			buf_puts(out, "'\\''");
		else
			buf_append(out, at, 1);
	}
	buf_puts(out, "'");
}

/* Can a command stand after these lines? Not within "if", "case", a quoted text or a
 * here-document. The host's shell reads them only (-n). */
static bool
lines_complete(const struct buf *lines)
{
	const char *const argv[] = {"sh", "-n", "-c", lines->data, NULL};
	struct err incomplete = {0};
	if (lines->size == 0)
		return true;
	size_t slashes = 0;
	for (size_t at = lines->size - 1; at-- > 0 && lines->data[at] == '\\';)
		slashes++;
	return slashes % 2 == 0 && strstr(lines->data, "<<") == NULL &&
	       sandbox_run_tool(argv, NULL, NULL, &incomplete) == 0;
}

/* "Unpack: DIR": by the root's own tar, within the sandbox. */
static void
unpack_sources(const struct release *release, struct buf *out)
{
	for (size_t i = 0; i < release->source_count; i++) {
		const struct release_source *source = &release->sources[i];
		if (source->unpack == NULL)
			continue;
		const char *name = path_base(source->file.name);
		buf_puts(out, "mkdir -p -- ");
		quote(out, source->unpack);
		buf_puts(out, "\ntar -x -f ./");
		quote(out, name);
		buf_puts(out, " -C ./");
		quote(out, source->unpack);
		buf_puts(out, "\nrm -f -- ");
		quote(out, name);
		buf_puts(out, "\n");
	}
}

int
script_make(const struct release *release, struct script *script, struct err *err)
{
	struct buf text = {0}, lines = {0};
	uint8_t random[16];
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return err_errno(err, "no random bytes");
	hex_encode(random, sizeof(random), script->mark);
	unpack_sources(release, &text);
	for (size_t i = 0; i < release->step_count; i++) {
		if (lines_complete(&lines))
			buf_printf(&text, "printf '%%s\\n' '%s %zu'\n", script->mark,
				   i + 1);
		buf_printf(&text, "%s\n", release->steps[i]);
		buf_printf(&lines, "%s\n", release->steps[i]);
		if (interrupt_check(err) == -1) {
			buf_free(&text);
			buf_free(&lines);
			return -1;
		}
	}
	buf_free(&lines);
	script->text = buf_take(&text);
	return 0;
}

void
script_free(struct script *script)
{
	free(script->text);
	*script = (struct script){0};
}

void
environment_make(const struct toolchain *toolchain, struct strings *environment)
{
	bool path = false;
	strings_addf(environment, "HOME=%s", toolchain->build_path);
	strings_addf(environment, "LANG=%s", toolchain->locale);
	strings_addf(environment, "LC_ALL=%s", toolchain->locale);
	strings_addf(environment, "LOGNAME=%s", toolchain->user);
	for (size_t i = 0; i < toolchain->environment.count; i++)
		path |= strncmp(toolchain->environment.items[i], "PATH=", 5) == 0;
	if (!path)
		strings_add(environment,
			    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
			    "/sbin:/bin");
	strings_add(environment, "SHELL=/bin/sh");
	strings_addf(environment, "TZ=%s", toolchain->timezone);
	strings_addf(environment, "USER=%s", toolchain->user);
	for (size_t i = 0; i < toolchain->environment.count; i++)
		strings_add(environment, toolchain->environment.items[i]);
	strings_sort(environment);
}
