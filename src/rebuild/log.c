/* The log of a build: kept whole and compressed, its steps named, its end shown. */
#include "rebuild/rebuild_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { TAIL_LINES = 20, TAIL_WIDTH = 400 };

struct writer {
	const struct release *release;
	const char *mark;
	gzFile gz;
	struct hasher *hasher;
	struct log *log;
	struct strings lines; /* the last ones, as a ring */
	size_t seen;
};

static int
text_write(struct writer *writer, const char *bytes, size_t count, struct err *err)
{
	if (count == 0)
		return 0;
	hasher_update(writer->hasher, bytes, count);
	writer->log->size += count;
	if (gzwrite(writer->gz, bytes, (unsigned)count) != (int)count)
		return err_set(err, ERR_SYSTEM,
			       "cannot write the build's log (is the disk full?)");
	return 0;
}

/* A mark within `line`: the step's number and the mark's place and length. */
static bool
mark_find(const struct writer *writer, const struct view *line, size_t *step,
	  uint64_t *start, uint64_t *length)
{
	size_t mark = strlen(writer->mark);
	uint64_t at;
	if (view_find(line, 0, writer->mark, mark, &at) == -1)
		return false;
	uint8_t digit;
	size_t number = 0;
	uint64_t end = at + mark + 1;
	while (view_u8(line, end, &digit) == 0 && digit >= '0' && digit <= '9' &&
	       number <= writer->release->step_count) {
		number = number * 10 + (digit - '0');
		end++;
	}
	if (number < 1 || number > writer->release->step_count)
		return false;
	*step = number;
	*start = at;
	*length = end - at;
	return true;
}

static void
tail_add(struct writer *writer, const char *bytes, size_t count)
{
	char *shown = text_shown_n(bytes, count < TAIL_WIDTH ? count : TAIL_WIDTH);
	if (writer->lines.count < TAIL_LINES) {
		strings_add(&writer->lines, shown);
		free(shown);
	} else {
		char **slot = &writer->lines.items[writer->seen % TAIL_LINES];
		free(*slot);
		*slot = shown;
	}
	writer->seen++;
}

/* One line with its newline, if it has one. */
static int
line_write(struct writer *writer, const char *bytes, size_t count, struct err *err)
{
	struct view line = view_of(bytes, count);
	size_t step, shown = count;
	uint64_t start, length;
	if (mark_find(writer, &line, &step, &start, &length)) {
		char *title = base_format(
		    "%s==> step %zu of %zu: %s\n", start > 0 ? "\n" : "", step,
		    writer->release->step_count, writer->release->steps[step - 1]);
		int result = text_write(writer, bytes, (size_t)start, err);
		if (result == 0)
			result = text_write(writer, title, strlen(title), err);
		free(title);
		writer->log->step = step;
		return result;
	}
	while (shown > 0 && (bytes[shown - 1] == '\n' || bytes[shown - 1] == '\r'))
		shown--;
	tail_add(writer, bytes, shown);
	return text_write(writer, bytes, count, err);
}

/* Line by line; a line without end is cut where a block ends. */
static int
lines_write(struct writer *writer, const struct view *text, struct err *err)
{
	static const uint64_t longest = 64 * 1024;
	for (uint64_t at = 0; at < text->size;) {
		struct view rest = view_from(text, at);
		uint64_t end;
		uint64_t length = rest.size < longest ? rest.size : longest;
		if (view_find(&rest, 0, "\n", 1, &end) == 0 && end < length)
			length = end + 1;
		if (line_write(writer, (const char *)rest.data, (size_t)length, err) ==
		    -1)
			return -1;
		at += length;
	}
	return 0;
}

static void
tail_take(struct writer *writer)
{
	size_t count = writer->lines.count;
	size_t first = count < TAIL_LINES ? 0 : writer->seen % TAIL_LINES;
	for (size_t i = 0; i < count; i++)
		strings_add(&writer->log->tail,
			    writer->lines.items[(first + i) % count]);
}

static int
log_compress(int fd, int to, struct writer *writer, struct err *err)
{
	struct mapping mapping;
	off_t size = lseek(fd, 0, SEEK_END);
	int copy = dup(to);
	writer->gz = copy == -1 ? NULL : gzdopen(copy, "wb6");
	if (writer->gz == NULL) {
		if (copy != -1)
			close(copy);
		return err_set(err, ERR_SYSTEM, "cannot write the build's log");
	}
	int result = -1;
	if (size == -1)
		err_errno(err, "cannot read the build's log");
	else
		result = mapping_open(fd, 0, (uint64_t)size, &mapping, err);
	if (result == 0) {
		result = lines_write(writer, &mapping.view, err);
		mapping_close(&mapping);
	}
	if (gzclose(writer->gz) != Z_OK && result == 0)
		result = err_set(err, ERR_SYSTEM, "cannot write the build's log");
	return result;
}

int
log_keep(int fd, const char *path, const struct release *release, const char *mark,
	 struct log *log, struct err *err)
{
	char *draft = base_format("%s.XXXXXX", path);
	struct writer writer = {
	    .release = release, .mark = mark, .hasher = hasher_new(), .log = log};
	mode_t mask = umask(0);
	umask(mask);
	*log = (struct log){0};
	int result = -1, to = mkostemp(draft, O_CLOEXEC);
	if (to == -1) {
		err_errno(err, "cannot write the build's log '%s'", path);
	} else {
		result = log_compress(fd, to, &writer, err);
		if (result == 0 &&
		    (fchmod(to, 0666 & ~mask) == -1 || rename(draft, path) == -1))
			result =
			    err_errno(err, "cannot write the build's log '%s'", path);
		if (result == -1)
			unlink(draft);
		close(to);
	}
	hasher_final(writer.hasher, &log->sha256);
	tail_take(&writer);
	hasher_free(writer.hasher);
	strings_free(&writer.lines);
	free(draft);
	return result;
}

void
log_free(struct log *log)
{
	strings_free(&log->tail);
}
