/*
 * Lists of digests as sha256sum(1), cksum(1) and the BSDs' programs write them: which
 * files are such lists, and what their lines say. What they say is proof of nothing:
 * sums_check.c holds them against files and asks who signed the list.
 */
#include <ctype.h>

#include "signature/signature_private.h"

/* More lines than this are not read. */
#define LINES_MOST ((size_t)1 << 20)

/* The names that a line in the BSD form gives them; sizes in bytes. */
static const struct sums_algorithm algorithms[] = {
    {"MD5", "MD5", 16, true},
    {"SHA1", "SHA1", 20, true},
    {"SHA224", "SHA224", 28, false},
    {"SHA256", "SHA256", 32, false},
    {"SHA384", "SHA384", 48, false},
    {"SHA512", "SHA512", 64, false},
    {"SHA2-224", "SHA224", 28, false},
    {"SHA2-256", "SHA256", 32, false},
    {"SHA2-384", "SHA384", 48, false},
    {"SHA2-512", "SHA512", 64, false},
    {"SHA512/256", "SHA512-256", 32, false},
    {"SHA3-256", "SHA3-256", 32, false},
    {"SHA3-384", "SHA3-384", 48, false},
    {"SHA3-512", "SHA3-512", 64, false},
    {"BLAKE2b", "BLAKE2B-512", 64, false},
    {"BLAKE2b-512", "BLAKE2B-512", 64, false},
    {"BLAKE2s", "BLAKE2S-256", 32, false},
};

/* ---- names ------------------------------------------------------------- */

/* Endings of the names of lists, in small letters. */
static const char *const endings[] = {
    "sha1sums",  "sha224sums", "sha256sums", "sha384sums", "sha512sums", "sha1sum",
    "sha224sum", "sha256sum",  "sha384sum",  "sha512sum",  "md5sum",     "b2sums",
    "b2sum",     "checksums",  "checksum",   ".sha1",      ".sha224",    ".sha256",
    ".sha384",   ".sha512",    ".md5",       ".b2",
};

static const char *const whole_names[] = {"sha1",   "sha224", "sha256", "sha384",
					  "sha512", "md5",    "cksum"};

static bool
ends_in(const char *name, const char *ending)
{
	size_t length = strlen(name), tail = strlen(ending);
	return length >= tail && strcmp(name + length - tail, ending) == 0;
}

/* The last part of the path without the ending of a signature and ".txt". */
static char *
bare_name(const char *path)
{
	size_t length;
	char *name = base_strdup(path_base(path));
	if (detached_names(name, &length))
		name[length] = '\0';
	if (ends_in(name, ".txt"))
		name[strlen(name) - 4] = '\0';
	return name;
}

bool
sums_named(const char *path)
{
	char *name = bare_name(path);
	/* dpkg's own lists, which are part of every package, are not meant: md5sums */
	bool is = strcmp(name, "MD5SUMS") == 0;
	for (char *at = name; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	for (size_t i = 0; i < ARRAY_COUNT(endings) && !is; i++)
		is = ends_in(name, endings[i]);
	for (size_t i = 0; i < ARRAY_COUNT(whole_names) && !is; i++)
		is = strcmp(name, whole_names[i]) == 0;
	free(name);
	return is;
}

/* Of "x.iso.sha256" the list of "x.iso": a digest may stand there alone. */
static char *
name_of_lone(const char *path)
{
	char *name = bare_name(path);
	char *dot = strrchr(name, '.');
	if (dot == NULL || dot == name) {
		free(name);
		return NULL;
	}
	*dot = '\0';
	return name;
}

const char *
sums_plain(const char *name)
{
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return name;
}

/* ---- lines ------------------------------------------------------------- */

static bool
is_hex(uint8_t byte)
{
	return isxdigit(byte) != 0;
}

static size_t
hex_length(const struct view *line)
{
	size_t length = 0;
	while (length < line->size && is_hex(line->data[length]))
		length++;
	return length;
}

/* The algorithm of a digest of that size in a list of that name. */
static const struct sums_algorithm *
algorithm_of_size(size_t size, const char *path)
{
	char *list = bare_name(path);
	bool blake = strcasestr(list, "b2sum") != NULL || ends_in(list, ".b2") ||
		     strcasestr(list, "blake2") != NULL;
	free(list);
	const char *name = blake && size == 64 ? "BLAKE2b" : NULL;
	for (size_t i = 0; i < ARRAY_COUNT(algorithms); i++) {
		if (name != NULL ? strcmp(algorithms[i].written, name) == 0
				 : algorithms[i].size == size)
			return &algorithms[i];
	}
	return NULL;
}

/* A name as bytes; GNU's programs write '\', newline and carriage return as "\\", "\n"
 * and "\r", and a '\' before the line. */
static char *
name_taken(const struct view *bytes, bool escaped)
{
	struct buf name = {0};
	bool fine = bytes->size > 0;
	for (uint64_t i = 0; i < bytes->size && fine; i++) {
		uint8_t byte = bytes->data[i];
		if (byte == '\0') {
			fine = false;
		} else if (escaped && byte == '\\') {
			uint8_t next = ++i < bytes->size ? bytes->data[i] : 0;
			byte = next == 'n' ? '\n' : next == 'r' ? '\r' : '\\';
			fine = next == 'n' || next == 'r' || next == '\\';
		}
		buf_append(&name, &byte, 1);
	}
	if (fine)
		return buf_take(&name);
	buf_free(&name);
	return NULL;
}

static bool
digest_taken(const struct view *hex, struct sums_line *line)
{
	if (hex->size != 2 * line->algorithm->size)
		return false;
	char *text = base_strndup((const char *)hex->data, (size_t)hex->size);
	bool fine = hex_decode(text, false, line->digest, line->algorithm->size) == 0;
	free(text);
	return fine;
}

/* "0123… *name", "0123…  name", or "0123…" alone. */
static bool
take_gnu(const struct view *text, bool escaped, const char *path,
	 struct sums_line *line)
{
	struct view hex, rest;
	size_t length = hex_length(text);
	line->algorithm = algorithm_of_size(length / 2, path);
	if (length == 0 || length % 2 != 0 || line->algorithm == NULL)
		return false;
	view_sub(text, 0, length, &hex);
	rest = view_from(text, length);
	if (rest.size == 0) {
		line->name = name_of_lone(path);
	} else if (rest.data[0] == ' ' || rest.data[0] == '\t') {
		rest = view_from(&rest, 1);
		if (view_has(&rest, 0, " ", 1) || view_has(&rest, 0, "*", 1))
			rest = view_from(&rest, 1);
		line->name = name_taken(&rest, escaped);
	}
	return line->name != NULL && digest_taken(&hex, line);
}

/* "SHA256 (name) = 0123…"; OpenSSL leaves the blank before the parenthesis out. */
static bool
take_bsd(const struct view *text, bool escaped, struct sums_line *line)
{
	uint64_t open, close = text->size, end;
	struct view name, hex;
	if (view_find(text, 0, "(", 1, &open) == -1)
		return false;
	while (close > open && text->data[close - 1] != ')')
		close--;
	if (close <= open + 1)
		return false;
	end = open > 0 && text->data[open - 1] == ' ' ? open - 1 : open;
	for (size_t i = 0; i < ARRAY_COUNT(algorithms) && line->algorithm == NULL;
	     i++) {
		if (strlen(algorithms[i].written) == end &&
		    view_has(text, 0, algorithms[i].written, (size_t)end))
			line->algorithm = &algorithms[i];
	}
	view_sub(text, open + 1, close - open - 2, &name);
	hex = view_from(text, close);
	if (view_has(&hex, 0, " ", 1))
		hex = view_from(&hex, 1);
	if (line->algorithm == NULL || !view_has(&hex, 0, "= ", 2))
		return false;
	hex = view_from(&hex, 2);
	line->name = name_taken(&name, escaped);
	return line->name != NULL && digest_taken(&hex, line);
}

/* Comments, empty lines, and the sizes that the BSDs write beside digests. */
static bool
is_idle(const struct view *line)
{
	for (uint64_t i = 0; i < line->size; i++) {
		if (line->data[i] != ' ' && line->data[i] != '\t')
			return line->data[i] == '#' || view_has(line, i, "SIZE (", 6);
	}
	return true;
}

static void
take_line(const struct view *text, const char *path, struct sums *sums)
{
	struct sums_line line = {0};
	struct view rest = *text;
	bool escaped = view_has(text, 0, "\\", 1);
	if (is_idle(text))
		return;
	if (escaped)
		rest = view_from(text, 1);
	if (!take_gnu(&rest, escaped, path, &line)) {
		free(line.name);
		line = (struct sums_line){0};
		if (!take_bsd(&rest, escaped, &line)) {
			free(line.name);
			sums->unread++;
			return;
		}
	}
	sums->lines = base_realloc(sums->lines, sums->count + 1, sizeof(*sums->lines));
	sums->lines[sums->count++] = line;
}

void
sums_parse(const struct view *text, const char *path, struct sums *sums)
{
	struct view rest = *text, line;
	memset(sums, 0, sizeof(*sums));
	while (sums->count + sums->unread < LINES_MOST && raw_line(&rest, &line) == 0)
		take_line(&line, path, sums);
	if (rest.size > 0) /* a line without an end, or too many */
		sums->unread++;
}

void
sums_free(struct sums *sums)
{
	for (size_t i = 0; i < sums->count; i++)
		free(sums->lines[i].name);
	free(sums->lines);
	*sums = (struct sums){0};
}
