/*
 * The two inputs of verify compare, opened and hashed by the parent, which reads
 * nothing but bytes: what the findings say of an input does not come from a child
 * that parsed it.
 */
#include "cmd/compare_private.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP       ((uint64_t)256 << 10)
#define FORGET     ((uint64_t)16 << 20) /* bytes after which pages leave memory */
#define EQUAL_MOST ((uint64_t)64 << 20) /* equal bytes before work begins anyway */

/* ---- opening --------------------------------------------------------- */

static int
open_input(struct compared *side, struct err *err)
{
	struct stat st;
	side->folder = stat(side->path, &st) == 0 && S_ISDIR(st.st_mode);
	if (side->folder)
		return file_open_folder(side->path, &side->fd, err);
	if (file_open(side->path, &side->fd, err) == -1)
		return -1;
	if (fstat(side->fd, &st) == -1)
		return err_errno(err, "cannot examine the input");
	side->size = (uint64_t)st.st_size;
	return 0;
}

void
side_open(struct compared *side, const char *role, const char *path)
{
	*side = (struct compared){.role = role, .path = path, .fd = -1, .scratch = -1};
	side->name = cmd_root_name(path);
	side->result = open_input(side, &side->err);
}

void
side_close(struct compared *side)
{
	if (side->fd != -1)
		close(side->fd);
	if (side->scratch != -1)
		close(side->scratch);
	free(side->name);
}

/* ---- hashing --------------------------------------------------------- */

/* The inputs are mapped, which spares copying them. One that is cut short meanwhile
 * cannot be read: nothing was verified, and that is said. */
static void
input_shrank(int number)
{
	static const char message[] =
	    "verify: an input was cut short while it was read\n";
	ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);
	(void)ignored, (void)number;
	_exit(EXIT_UNDECIDED);
}

/* The next bytes of a file; none at its end. What was read leaves memory. */
static struct view
next_step(const struct mapping *mapping, uint64_t at)
{
	struct view part = {NULL, 0};
	uint64_t left = mapping->view.size - at;
	view_sub(&mapping->view, at, left < STEP ? left : STEP, &part);
	if (at > 0 && at % FORGET == 0)
		mapping_release(mapping, at);
	return part;
}

/* One pass over both, step by step. */
static int
hash_lanes(struct comparing *comparing, const struct mapping *mappings,
	   struct hash_two *two, sides_start *start, struct err *err)
{
	bool same_size = mappings[0].view.size == mappings[1].view.size;
	struct view parts[2];
	uint64_t at = 0;
	do {
		for (size_t i = 0; i < 2; i++) {
			uint64_t size = mappings[i].view.size;
			parts[i] = next_step(&mappings[i], at < size ? at : size);
		}
		if (start != NULL && (!same_size || at >= EQUAL_MOST ||
				      !view_equal(&parts[0], &parts[1]))) {
			if (start(comparing, err) == -1)
				return -1;
			start = NULL;
		}
		hash_two_update(two, &parts[0], &parts[1]);
		at += STEP;
		if (interrupt_check(err) == -1)
			return -1;
	} while (parts[0].size > 0 || parts[1].size > 0);
	return 0;
}

static int
map_file(struct compared *side, struct mapping *mapping)
{
	if (side->folder || side->fd == -1)
		return 0;
	side->result = mapping_open(side->fd, 0, side->size, mapping, &side->err);
	return side->result;
}

int
sides_hash(struct comparing *comparing, sides_start *start, struct err *err)
{
	struct compared *sides[2] = {&comparing->shipped, &comparing->rebuilt};
	struct mapping mappings[2] = {{{NULL, 0}, NULL, 0}, {{NULL, 0}, NULL, 0}};
	struct hash_two *two = hash_two_new();
	int result = -1;
	signal(SIGBUS, input_shrank);
	if (map_file(sides[0], &mappings[0]) == 0 &&
	    map_file(sides[1], &mappings[1]) == 0)
		result = hash_lanes(comparing, mappings, two, start, err);
	for (size_t i = 0; i < 2; i++) {
		if (result == 0 && !sides[i]->folder && sides[i]->fd != -1) {
			hash_two_final(two, i, &sides[i]->sha256);
			sides[i]->hashed = true;
		}
		mapping_close(&mappings[i]);
	}
	signal(SIGBUS, SIG_DFL);
	hash_two_free(two);
	return result;
}

void
sides_tell(struct comparing *comparing, json_t *findings)
{
	const struct compared *sides[2] = {&comparing->shipped, &comparing->rebuilt};
	for (size_t i = 0; i < 2; i++) {
		const struct compared *side = sides[i];
		if (side->result == -1)
			findings_add_missing_input(findings, side->role, side->path,
						   side->err.message);
		else if (side->hashed)
			findings_add_input(findings, side->role, side->path, side->size,
					   &side->sha256, NULL);
		else
			findings_add_input(findings, side->role, side->path, 0, NULL,
					   NULL);
	}
}
