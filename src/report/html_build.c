/* How the rebuilt side came about, and what stood around the reading of files. */
#include "report/html_private.h"

enum { OUTPUTS_SHOWN = 200, LOG_SHOWN = 100 };

static void
write_number(struct html *page, const char *term, const json_t *object, const char *key,
	     const char *unit)
{
	char text[64];
	if (!json_is_integer(json_object_get(object, key)))
		return;
	snprintf(text, sizeof(text), "%ju%s", (uintmax_t)finding_number(object, key),
		 unit);
	html_fact(page, term, text);
}

static void
write_toolchain(struct html *page, const json_t *toolchain)
{
	if (!json_is_object(toolchain))
		return;
	html_element(page, "h3", "Toolchain");
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "Name", finding_string(toolchain, "name"));
	html_fact(page, "Root", finding_string(toolchain, "root"));
	html_fact(page, "Architecture", finding_string(toolchain, "architecture"));
	write_number(page, "Packages", toolchain, "packages", "");
	html_fact_code(page, "SHA-256 of its description",
		       finding_string(toolchain, "sha256"));
	html_fact_code(page, "SHA-256 of its root",
		       finding_string(toolchain, "root_sha256"));
	if (json_is_true(json_object_get(toolchain, "weak")))
		html_fact(page, "Weak",
			  "not pinned as a whole: others may get another");
	html_raw(page, "</dl>\n");
}

/* What the build saw, and what it was allowed. */
static void
write_surroundings(struct html *page, const json_t *build)
{
	const json_t *limits = json_object_get(build, "limits");
	html_raw(page, "<details><summary>What the build saw</summary>\n"
		       "<dl class=\"facts\">\n");
	html_fact_code(page, "Build path", finding_string(build, "build_path"));
	html_fact(page, "Host name", finding_string(build, "hostname"));
	html_fact(page, "User", finding_string(build, "user"));
	html_fact(page, "Umask", finding_string(build, "umask"));
	write_number(page, "Processors", build, "cpus", "");
	html_fact(page, "Clock", finding_string(build, "clock"));
	html_fact(page, "Locale", finding_string(build, "locale"));
	html_fact(page, "Time zone", finding_string(build, "timezone"));
	write_number(page, "Time limit", limits, "wall_seconds", " s");
	html_fact_size(page, "Memory limit", limits, "memory");
	html_fact_size(page, "Disk limit", limits, "disk");
	html_fact_size(page, "Log limit", limits, "log");
	write_number(page, "Process limit", limits, "processes", "");
	html_raw(page, "</dl>\n");
	if (finding_length(build, "environment") > 0) {
		html_element(page, "p", "Environment:");
		html_list(page, "ul", build, "environment", "variables");
	}
	html_raw(page, "</details>\n");
}

static void
write_layers(struct html *page, const json_t *object, const char *key,
	     const char *summary)
{
	size_t count = finding_length(object, key);
	if (count == 0)
		return;
	html_raw(page, "<details><summary>");
	html_format(page, "span", "%s: %zu layers", summary, count);
	html_raw(page, "</summary>\n");
	html_list(page, "ul", object, key, "layers");
	html_raw(page, "</details>\n");
}

static void
write_log(struct html *page, const json_t *build)
{
	size_t count = finding_length(build, "log_tail"), shown = 0;
	const json_t *run =
	    json_object_get(json_object_get(page->findings, "run"), "build");
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact_code(page, "Log", finding_string(run, "log"));
	html_fact_code(page, "SHA-256 of the log", finding_string(run, "log_sha256"));
	html_fact_size(page, "Size of the log", run, "log_bytes");
	html_fact_size(page, "Most memory used", run, "peak_memory");
	html_raw(page, "</dl>\n");
	if (count == 0)
		return;
	html_raw(page, "<p>The log ends:</p>\n<pre><code>");
	for (; shown < count && shown < LOG_SHOWN && html_room(page); shown++) {
		html_text(page, finding_item(build, "log_tail", shown));
		html_raw(page, "\n");
	}
	html_raw(page, "</code></pre>\n");
	html_cut(page, "p class=\"cut\"", count, shown, "lines");
}

static void
write_run(struct html *page)
{
	const json_t *run = json_object_get(page->findings, "run");
	const json_t *host = json_object_get(run, "host");
	if (!json_is_object(run))
		return;
	html_raw(page, "<dl class=\"facts\">\n");
	html_fact(page, "This run began", finding_string(run, "started"));
	html_fact(page, "It ended", finding_string(run, "finished"));
	html_fact(page, "Taken as the present", finding_string(run, "now"));
	html_fact(page, "Kernel", finding_string(host, "kernel"));
	html_raw(page, "</dl>\n");
}

void
html_build(struct html *page)
{
	const json_t *build = json_object_get(page->findings, "build");
	struct table outputs = {0};
	struct buf line = {0};
	if (json_is_object(build)) {
		words_build(page->findings, &line);
		html_raw(page, "<p>");
		html_word(page, finding_string_or(build, "result", "?"));
		html_format(page, "span", " %s", line.data);
		html_raw(page, "</p>\n");
		write_toolchain(page, json_object_get(build, "toolchain"));
		write_surroundings(page, build);
		write_layers(page, build, "layers", "Sandbox of the build");
		table_outputs(page->findings, OUTPUTS_SHOWN, &outputs);
		html_table(page, &outputs);
		table_free(&outputs);
		write_log(page, build);
	}
	write_layers(page, page->findings, "confinement",
		     "Confinement of the process that read the files");
	write_run(page);
	buf_free(&line);
}
